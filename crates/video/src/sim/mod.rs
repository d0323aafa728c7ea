//! Simulated cameras: an RTSP server whose pictures carry their clock, number and name, so that delay and loss can be
//! measured wherever they are shown.

mod font;
mod picture;
mod server;

use crate::lock;
use gulang_video_link::{Look, SimCamera, ToSim};
use std::{
    collections::BTreeMap,
    io::{BufRead, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error("the cameras {path} cannot be read: {why}; write a JSON list of {{\"mount\", \"name\"}}")]
    Cameras { path: PathBuf, why: String },
    #[error("GStreamer does not start: {0}")]
    Gstreamer(#[from] gstreamer::glib::Error),
    #[error("{0}; is the port free?")]
    Server(#[from] gstreamer::glib::BoolError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Where each camera looks, by mount.
type Looks = Arc<Mutex<BTreeMap<String, Look>>>;

/// Until standard input closes.
pub fn run(listen: SocketAddr, cameras: &Path) -> Result<(), Box<dyn std::error::Error>> {
    Ok(serve(listen, cameras)?)
}

fn serve(listen: SocketAddr, path: &Path) -> Result<(), SimError> {
    let refused = |why: String| SimError::Cameras { path: path.to_owned(), why };
    let text = std::fs::read(path).map_err(|why| refused(why.to_string()))?;
    let cameras: Vec<SimCamera> = serde_json::from_slice(&text).map_err(|why| refused(why.to_string()))?;
    gstreamer::init()?;
    let looks = Looks::default();
    let (mut mounts, port) = server::open(listen, &looks)?;
    for camera in &cameras {
        mounts.add(camera);
    }
    let said = serde_json::json!({
        "rtsp": format!("rtsp://{}", SocketAddr::new(listen.ip(), port)), "cameras": cameras.len(), "simulated": true,
    });
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{said}")?;
    stdout.flush()?;
    let main = gstreamer::glib::MainLoop::new(None, false);
    let (quit, turned) = (main.clone(), looks);
    std::thread::Builder::new().name("looks".into()).spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            match serde_json::from_str::<ToSim>(&line) {
                Ok(ToSim::Turn(look)) => drop(lock(&turned).insert(look.mount.clone(), look)),
                Ok(ToSim::Add(camera)) => mounts.add(&camera),
                Err(why) => tracing::warn!(%why, "this is about no camera"),
            }
        }
        quit.quit();
    })?;
    main.run();
    Ok(())
}
