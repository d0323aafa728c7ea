//! The eyes: every stream opened once, decoded once, made into pictures of the sizes somebody wants.
//!
//! **Invariant:** a stream's failure is its own: it is told and closed, and nothing is tried again here. When to try again is
//! the hub's to say.

mod clip;
mod outlet;
mod stream;
mod tile;
mod timing;

use crate::lock;
use clip::Ring;
use gulang_video_link::{Deframer, Frame, FrameError, FromEyes, ToEyes, VERSION};
use outlet::Outlet;
use std::{
    collections::BTreeMap,
    io::Read,
    sync::{Arc, Mutex},
    time::Duration,
};
use stream::Stream;

/// How often silent streams are looked for, and how often streams are counted.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum EyesError {
    #[error("GStreamer does not start: {0}; install gstreamer1.0-plugins-good and gstreamer1.0-libav")]
    Gstreamer(#[from] gstreamer::glib::Error),
    #[error("standard input: {0}")]
    Io(#[from] std::io::Error),
    #[error("the hub does not speak our language: {0}; hub and eyes must be of one release")]
    Frame(#[from] FrameError),
    #[error("a thread does not start: {0}")]
    Thread(std::io::Error),
}

type Streams = Arc<Mutex<BTreeMap<u64, Stream>>>;

/// What came of each source lately; it outlives the source's streams.
type Rings = Arc<Mutex<BTreeMap<u64, Arc<Mutex<Ring>>>>>;

/// Until standard input closes.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    Ok(look()?)
}

fn look() -> Result<(), EyesError> {
    gstreamer::init()?;
    let outlet = Outlet::to_stdout().map_err(EyesError::Thread)?;
    outlet.say(&FromEyes::Ready { version: VERSION, gstreamer: gstreamer::version_string().to_string() });
    let (streams, rings) = (Streams::default(), Rings::default());
    let watched = (streams.clone(), rings.clone());
    std::thread::Builder::new()
        .name("watch".into())
        .spawn(move || watch(&watched.0, &watched.1))
        .map_err(EyesError::Thread)?;
    let mut stdin = std::io::stdin().lock();
    let (mut deframer, mut bytes) = (Deframer::default(), [0; 4096]);
    loop {
        let n = stdin.read(&mut bytes)?;
        if n == 0 {
            break;
        }
        deframer.push(bytes.get(..n).unwrap_or_default());
        while let Some(frame) = deframer.next() {
            if let Frame::Line(line) = frame? {
                obey(&streams, &rings, &outlet, Frame::value(&line)?);
            }
        }
    }
    for stream in std::mem::take(&mut *lock(&streams)).into_values() {
        stream.close();
    }
    Ok(())
}

fn obey(streams: &Streams, rings: &Rings, outlet: &Arc<Outlet>, asked: ToEyes) {
    match asked {
        ToEyes::Open { id, feed, url, user, password, transport, sizes } => {
            let source = stream::Source { url, user, password, transport };
            let ring = lock(rings).entry(feed).or_default().clone();
            if let Some(stream) = Stream::open(id, &source, sizes, ring, outlet) {
                lock(streams).insert(id, stream);
            }
        }
        ToEyes::Resize { id, sizes } => {
            if let Some(stream) = lock(streams).get(&id) {
                stream.resize(sizes);
            }
        }
        ToEyes::Close { id } => {
            if let Some(stream) = lock(streams).remove(&id) {
                stream.close();
            }
        }
        ToEyes::Keep { feed, clip, back_s, ahead_s, file } => {
            let ring = lock(rings).get(&feed).cloned();
            let kept = match ring {
                Some(ring) => lock(&ring).keep(clip, (back_s, ahead_s), &file, outlet),
                None => Err("nothing was opened of it".into()),
            };
            if let Err(why) = kept {
                outlet.say(&FromEyes::NotKept { clip, why });
            }
        }
    }
}

/// Notices silence and counts; ends clips whose time is over.
fn watch(streams: &Streams, rings: &Rings) {
    loop {
        std::thread::sleep(LOOK_EVERY);
        lock(streams).retain(|_, stream| stream.look());
        lock(rings).retain(|_, ring| {
            let mut ring = lock(ring);
            ring.look();
            !ring.is_over()
        });
    }
}
