//! The RTSP server: one encoder per camera, running only while somebody watches, whoever and however many they are.

use super::{Looks, picture::Painter};
use crate::{lock, wall_ms};
use gstreamer::{self as gst, glib, prelude::*};
use gstreamer_app::AppSrc;
use gstreamer_rtsp_server::{
    RTSP_PERM_MEDIA_FACTORY_ACCESS, RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, RTSP_TOKEN_MEDIA_FACTORY_ROLE, RTSPAuth,
    RTSPMediaFactory, RTSPMountPoints, RTSPServer, RTSPToken, gst_rtsp::RTSPAuthMethod, prelude::*,
};
use gulang_video_link::{Look, SimCamera, SimCodec};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Who said no name.
const ANYBODY: &str = "anybody";

/// The cameras there are.
pub struct Mounts {
    points: RTSPMountPoints,
    auth: RTSPAuth,
    logins: BTreeSet<String>,
    mounted: BTreeSet<String>,
    looks: Looks,
    /// Kept, so that it goes on listening.
    _server: RTSPServer,
}

/// A server without cameras, and the port it has.
pub fn open(listen: SocketAddr, looks: &Looks) -> Result<(Mounts, u16), glib::BoolError> {
    let server = RTSPServer::new();
    server.set_address(&listen.ip().to_string());
    server.set_service(&listen.port().to_string());
    let auth = RTSPAuth::new();
    auth.set_supported_methods(RTSPAuthMethod::Digest);
    let mut anybody = token(ANYBODY);
    auth.set_default_token(Some(&mut anybody));
    server.set_auth(Some(&auth));
    let points = server.mount_points().ok_or_else(|| glib::bool_error!("the server has no mount points"))?;
    server.attach(None)?;
    let pool = server.session_pool();
    glib::timeout_add_seconds(5, move || {
        if let Some(pool) = &pool {
            pool.cleanup();
        }
        glib::ControlFlow::Continue
    });
    let port = u16::try_from(server.bound_port()).map_err(|_| glib::bool_error!("cannot listen on {}", listen))?;
    let (logins, mounted) = (BTreeSet::new(), BTreeSet::new());
    Ok((Mounts { points, auth, logins, mounted, looks: looks.clone(), _server: server }, port))
}

impl Mounts {
    pub fn add(&mut self, camera: &SimCamera) {
        if !self.mounted.insert(camera.mount.clone()) {
            return;
        }
        let factory = RTSPMediaFactory::new();
        factory.set_launch(&launch(camera));
        factory.set_shared(true);
        factory.set_latency(0);
        // Whoever is nobody may ask for a locked camera, and is then asked who he is.
        factory.add_role_from_structure(&role(ANYBODY, camera.login.is_none()));
        if let Some((user, password)) = camera.login.as_deref().and_then(|it| it.split_once(':')) {
            factory.add_role_from_structure(&role(user, true));
            if self.logins.insert(user.to_owned()) {
                self.auth.add_digest(user, password, &token(user));
            }
        }
        let (camera_of, looks) = (camera.clone(), self.looks.clone());
        factory.connect_media_configure(move |_, media| {
            let bin = media.element().downcast::<gst::Bin>().ok();
            let source = bin.and_then(|it| it.by_name("lens")).and_then(|it| it.downcast::<AppSrc>().ok());
            if let Some(source) = source {
                film(&source, camera_of.clone(), looks.clone());
            }
        });
        self.points.add_factory(&format!("/{}", camera.mount), factory);
    }
}

fn token(role: &str) -> RTSPToken {
    RTSPToken::builder().field(RTSP_TOKEN_MEDIA_FACTORY_ROLE, role).build()
}

fn role(name: &str, may_watch: bool) -> gst::Structure {
    let may = gst::Structure::builder(name).field(RTSP_PERM_MEDIA_FACTORY_ACCESS, true);
    may.field(RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, may_watch).build()
}

fn launch(camera: &SimCamera) -> String {
    let (width, height) = Painter::new(camera).size();
    let fps = camera.fps.clamp(1, 60);
    let pictures = format!(
        "appsrc name=lens is-live=true format=time do-timestamp=true block=false max-buffers=2 leaky-type=downstream \
         caps=video/x-raw,format=I420,width={width},height={height},framerate={fps}/1"
    );
    let key_every = u32::from(fps) * 2;
    let kbits = u32::from(fps) * (width * height / 12_000) as u32;
    let encoder = match camera.codec {
        SimCodec::H264 => format!(
            "x264enc tune=zerolatency speed-preset=ultrafast threads=1 key-int-max={key_every} bitrate={kbits} ! \
             video/x-h264,profile=baseline ! rtph264pay name=pay0 pt=96 config-interval=-1"
        ),
        SimCodec::H265 => format!(
            "x265enc tune=zerolatency speed-preset=ultrafast key-int-max={key_every} bitrate={kbits} \
             option-string=pools=none:frame-threads=1:log-level=0 ! rtph265pay name=pay0 pt=96 config-interval=-1"
        ),
    };
    format!("( {pictures} ! {encoder} )")
}

/// Refusals in a row before a camera gives up, s: a pipeline that starts, or starts over, refuses for an instant.
const REFUSED_S: u32 = 20;

/// Pictures at the camera's pace, for as long as there is somebody who may take them.
fn film(source: &AppSrc, camera: SimCamera, looks: Looks) {
    // Not held: whoever watched last lets go of it, and then there is nobody to film for.
    let source = source.downgrade();
    let filming = std::thread::Builder::new().name(format!("film {}", camera.mount)).spawn(move || {
        let mut painter = Painter::new(&camera);
        let fps = u32::from(camera.fps.clamp(1, 60));
        let every = Duration::from_secs(1) / fps;
        let mut due = Instant::now();
        let ahead = Look { mount: camera.mount.clone(), zoom: 1.0, ..Look::default() };
        let mut n_refused = 0;
        for n in 1.. {
            let look = lock(&looks).get(&camera.mount).unwrap_or(&ahead).clone();
            let picture = painter.paint(n, wall_ms(), &look);
            let Some(source) = source.upgrade() else { return };
            // Before it plays, the source may have the pipeline's clock and not yet its base time: a picture pushed then is stamped
            // with the machine's uptime, and the sink waits as long for it.
            let is_playing = source.current_state() == gst::State::Playing;
            let pushed = if is_playing {
                source.push_buffer(gst::Buffer::from_mut_slice(picture)).map(drop)
            } else {
                Err(gst::FlowError::Flushing)
            };
            match pushed {
                Ok(()) => n_refused = 0,
                Err(gst::FlowError::Flushing) if n_refused < REFUSED_S * fps => n_refused += 1,
                Err(_) => return,
            }
            drop(source);
            due += every;
            let now = Instant::now();
            if due > now {
                std::thread::sleep(due - now);
            } else {
                due = now;
            }
        }
    });
    if let Err(why) = filming {
        tracing::error!(%why, "a camera does not film");
    }
}
