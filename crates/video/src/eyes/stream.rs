//! One stream: source, one decoder, a branch for each size, the last half minute as it came.

use super::{
    clip::{Ring, is_key},
    outlet::Outlet,
    tile::Tile,
    timing::Timing,
};
use crate::{lock, wall_ms};
use gstreamer::{self as gst, glib, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks};
use gulang_video_link::{Failure, FromEyes, Looking, Secret, Size, Transport};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Nothing for longer than this is a stall.
const STALLED_AFTER: Duration = Duration::from_secs(3);
/// A source that never brings a picture is given up.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(15);
/// Packets are put in order within so long, ms.
const JITTER_MS: u32 = 150;

/// Where a stream comes from.
#[derive(Debug)]
pub struct Source {
    pub url: String,
    pub user: String,
    pub password: Secret,
    pub transport: Transport,
}

/// Pictures that others are made of come first: after the start, and after packets were passed over because decoding fell
/// behind, nothing is decoded until the next of them. Otherwise a decoder paints changes over grey.
fn begin_with_key(bin: &gst::Bin) {
    let (Some(queue), Some(decoder)) = (bin.by_name("behind"), bin.by_name("decoder")) else { return };
    let Some(entry) = decoder.static_pad("sink") else { return };
    let waits = Arc::new(AtomicBool::new(true));
    let fell_behind = waits.clone();
    queue.connect("overrun", false, move |_| {
        fell_behind.store(true, Relaxed);
        None
    });
    entry.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let Some(gst::PadProbeData::Buffer(buffer)) = &info.data else { return gst::PadProbeReturn::Ok };
        if is_key(buffer) {
            waits.store(false, Relaxed);
        }
        if waits.load(Relaxed) { gst::PadProbeReturn::Drop } else { gst::PadProbeReturn::Ok }
    });
}

/// An open stream. It closes itself when it fails, and says so.
pub struct Stream {
    eye: Arc<Eye>,
    pipeline: gst::Pipeline,
}

/// What a stream's threads share.
struct Eye {
    id: u64,
    /// Only the name of the scheme is ever told.
    scheme: String,
    outlet: Arc<Outlet>,
    timing: Arc<Mutex<Timing>>,
    /// The source's; other streams of it came before, and may after.
    ring: Arc<Mutex<Ring>>,
    seen: Mutex<Seen>,
    sizes: Mutex<Sizes>,
    jitterbuffer: Mutex<Option<gst::Element>>,
}

#[derive(Debug)]
struct Seen {
    codec: &'static str,
    opened: Instant,
    packet: Option<Instant>,
    picture: Option<Instant>,
    /// Of the decoded picture, px.
    shape: Option<(u16, u16)>,
    stalled: bool,
    ended: bool,
    n_decoded: u64,
    counted: (Instant, u64),
}

#[derive(Default)]
struct Sizes {
    wanted: Vec<Size>,
    /// The bin pictures are decoded in, and its tee.
    decoded: Option<(gst::Bin, gst::Element)>,
    made: BTreeMap<Size, Tile>,
}

impl Stream {
    /// `None`: it cannot even begin; that was said.
    pub fn open(
        id: u64,
        source: &Source,
        sizes: Vec<Size>,
        ring: Arc<Mutex<Ring>>,
        outlet: &Arc<Outlet>,
    ) -> Option<Self> {
        let now = Instant::now();
        lock(&ring).begin(id);
        let scheme = source.url.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let eye = Arc::new(Eye {
            id,
            scheme,
            outlet: outlet.clone(),
            timing: Arc::default(),
            ring,
            seen: Mutex::new(Seen {
                codec: "",
                opened: now,
                packet: None,
                picture: None,
                shape: None,
                stalled: false,
                ended: false,
                n_decoded: 0,
                counted: (now, 0),
            }),
            sizes: Mutex::new(Sizes { wanted: sizes, ..Sizes::default() }),
            jitterbuffer: Mutex::default(),
        });
        eye.say(Looking::Inviting);
        match start(&eye, source) {
            Ok(pipeline) => Some(Self { eye, pipeline }),
            Err(why) => {
                lock(&eye.ring).leave(id);
                eye.say(Looking::Failed { kind: Failure::Unsupported, why });
                None
            }
        }
    }

    pub fn resize(&self, sizes: Vec<Size>) {
        lock(&self.eye.sizes).wanted = sizes;
        self.eye.make_sizes();
    }

    pub fn close(&self) {
        post_end(&self.pipeline);
    }

    /// Says what changed since it last looked; `false`: it has ended.
    pub fn look(&self) -> bool {
        let eye = &self.eye;
        let mut seen = lock(&eye.seen);
        if seen.ended {
            return false;
        }
        let silent_for = seen.picture.map(|it| it.elapsed());
        match silent_for {
            Some(silent) if silent > STALLED_AFTER && !seen.stalled => {
                seen.stalled = true;
                eye.say(Looking::Stalled { secs: u32::try_from(silent.as_secs()).unwrap_or(u32::MAX) });
            }
            None if seen.opened.elapsed() > GIVEN_UP_AFTER => {
                seen.ended = true;
                let (kind, why) = if seen.packet.is_some() {
                    (Failure::Garbled, "packets came, and no picture could be made of them")
                } else {
                    (Failure::Unreachable, "nothing came")
                };
                eye.say(Looking::Failed { kind, why: why.into() });
                post_end(&self.pipeline);
                return false;
            }
            _ => {}
        }
        let (since, n_before) = seen.counted;
        let secs = since.elapsed().as_secs_f32();
        if silent_for.is_some() && secs >= 1.0 {
            let fps = (seen.n_decoded - n_before) as f32 / secs;
            seen.counted = (Instant::now(), seen.n_decoded);
            let (n_lost, jitter_ms) = eye.loss();
            eye.outlet.say(&FromEyes::Stats { id: eye.id, fps, n_lost, jitter_ms, n_decoded: seen.n_decoded });
        }
        true
    }
}

fn post_end(pipeline: &gst::Pipeline) {
    let end = gst::message::Application::builder(gst::Structure::new_empty("close")).src(pipeline).build();
    let _ = pipeline.post_message(end);
}

/// Builds and starts; the rest happens in the pipeline's threads and one that hears of its end.
fn start(eye: &Arc<Eye>, source: &Source) -> Result<gst::Pipeline, String> {
    let pipeline = gst::Pipeline::new();
    let element = if eye.scheme.starts_with("rtsp") { rtsp(eye, source)? } else { other(eye, source)? };
    pipeline.add(&element).map_err(|why| why.to_string())?;
    let (own, home) = (eye.clone(), pipeline.downgrade());
    element.connect_pad_added(move |_, pad| {
        let Some(home) = home.upgrade() else { return };
        if let Err(why) = own.decode(&home, pad) {
            gst::element_error!(home, gst::StreamError::Failed, ("{why}"));
        }
    });
    let bus = pipeline.bus().ok_or("no bus")?;
    pipeline.set_state(gst::State::Playing).map_err(|why| why.to_string())?;
    let (own, running) = (eye.clone(), pipeline.clone());
    let heard = std::thread::Builder::new().name(format!("stream {}", eye.id)).spawn(move || {
        for message in bus.iter_timed(gst::ClockTime::NONE) {
            match message.view() {
                gst::MessageView::Application(_) => break,
                gst::MessageView::Eos(_) => {
                    own.end(Looking::Ended);
                    break;
                }
                gst::MessageView::Error(error) => {
                    let (kind, why) = own.why(error);
                    own.end(Looking::Failed { kind, why });
                    break;
                }
                _ => {}
            }
        }
        lock(&own.ring).leave(own.id);
        lock(&own.seen).ended = true;
        let _ = running.set_state(gst::State::Null);
        // The last handles between eye and elements, which would hold each other.
        *lock(&own.sizes) = Sizes::default();
        *lock(&own.jitterbuffer) = None;
    });
    heard.map(|_| ()).map_err(|why| why.to_string())?;
    Ok(pipeline)
}

fn rtsp(eye: &Arc<Eye>, source: &Source) -> Result<gst::Element, String> {
    let element = made("rtspsrc", "gstreamer1.0-plugins-good")?;
    element.set_property("location", &source.url);
    element.set_property("latency", JITTER_MS);
    element.set_property("drop-on-latency", true);
    element.set_property_from_str(
        "protocols",
        match source.transport {
            Transport::Auto => "tcp+udp",
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        },
    );
    element.set_property("timeout", if source.transport == Transport::Auto { 2_000_000u64 } else { 8_000_000 });
    element.set_property("tcp-timeout", 8_000_000u64);
    element.set_property("udp-reconnect", false);
    element.set_property_from_str("user-agent", "Gulang");
    if !source.user.is_empty() {
        element.set_property("user-id", &source.user);
        element.set_property("user-pw", &source.password.0);
    }
    // Sound and metadata are not asked for.
    element.connect("select-stream", false, |values| {
        let caps = values.get(2).and_then(|it| it.get::<gst::Caps>().ok());
        let media = caps.and_then(|it| it.structure(0)?.get::<String>("media").ok());
        Some(media.is_none_or(|it| it == "video").to_value())
    });
    let own = eye.clone();
    element.connect("new-manager", false, move |values| {
        let manager = values.get(1).and_then(|it| it.get::<gst::Element>().ok())?;
        let own = own.clone();
        manager.connect("new-jitterbuffer", false, move |values| {
            let buffer = values.get(1).and_then(|it| it.get::<gst::Element>().ok())?;
            let timing = own.timing.clone();
            buffer.connect("handle-sync", false, move |values| {
                let said = values.get(1).and_then(|it| it.get::<gst::Structure>().ok())?;
                let report = said.get::<gst::Buffer>("sr-buffer").ok()?;
                lock(&timing).sender_report(&report.map_readable().ok()?);
                None
            });
            *lock(&own.jitterbuffer) = Some(buffer);
            None
        });
        None
    });
    Ok(element)
}

/// FLV, MPEG-TS and HLS over HTTP, RTMP: taken apart, and decoded by us where we keep clips of it.
fn other(eye: &Arc<Eye>, source: &Source) -> Result<gst::Element, String> {
    if !matches!(eye.scheme.as_str(), "http" | "https" | "rtmp" | "rtmps") {
        return Err(format!("{:?} is no protocol the eyes speak", eye.scheme));
    }
    let element = made("uridecodebin", "gstreamer1.0-plugins-base")?;
    element.set_property("uri", &source.url);
    let caps = gst::Caps::builder_full()
        .structure(gst::Structure::new_empty("video/x-h264"))
        .structure(gst::Structure::new_empty("video/x-h265"))
        .structure(gst::Structure::new_empty("video/x-raw"))
        .structure(gst::Structure::new_empty("audio/mpeg"))
        .structure(gst::Structure::new_empty("audio/x-raw"))
        .build();
    element.set_property("caps", &caps);
    let (user, password) = (source.user.clone(), source.password.clone());
    element.connect("source-setup", false, move |values| {
        let from = values.get(1).and_then(|it| it.get::<gst::Element>().ok())?;
        if !user.is_empty() && from.has_property("user-id") && from.has_property("user-pw") {
            from.set_property("user-id", &user);
            from.set_property("user-pw", &password.0);
        }
        None
    });
    Ok(element)
}

fn made(factory: &str, package: &str) -> Result<gst::Element, String> {
    gst::ElementFactory::make(factory).build().map_err(|_| format!("{factory} is missing; install {package}"))
}

impl Eye {
    fn say(&self, looking: Looking) {
        self.outlet.say(&FromEyes::State { id: self.id, looking });
    }

    /// Told once.
    fn end(&self, looking: Looking) {
        if !std::mem::replace(&mut lock(&self.seen).ended, true) {
            self.say(looking);
        }
    }

    /// A new pad of the source: video is decoded, the rest goes nowhere.
    fn decode(self: &Arc<Self>, home: &gst::Pipeline, pad: &gst::Pad) -> Result<(), String> {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let structure = caps.structure(0).ok_or("a stream of no kind")?;
        let name = structure.name().to_string();
        let encoding = structure.get::<String>("encoding-name").unwrap_or_default();
        let is_second = lock(&self.sizes).decoded.is_some();
        let (codec, front) = match (name.as_str(), encoding.as_str()) {
            _ if is_second => ("", ""),
            ("application/x-rtp", "H264") => ("H.264", "rtph264depay ! h264parse config-interval=-1"),
            ("application/x-rtp", "H265") => ("H.265", "rtph265depay ! h265parse config-interval=-1"),
            ("video/x-h264", _) => ("H.264", "h264parse config-interval=-1"),
            ("video/x-h265", _) => ("H.265", "h265parse config-interval=-1"),
            ("application/x-rtp", "JPEG") => ("MJPEG", "rtpjpegdepay ! jpegdec"),
            ("application/x-rtp", "MP4V-ES") => ("MPEG-4", "rtpmp4vdepay ! mpeg4videoparse ! avdec_mpeg4"),
            ("application/x-rtp", other) => return Err(format!("{other} cannot be decoded here")),
            ("video/x-raw", _) => ("raw", "identity"),
            _ => ("", ""),
        };
        let described = match codec {
            "" => "fakesink sync=false async=false".to_owned(),
            "H.264" | "H.265" => {
                let (kind, decoder) =
                    if codec == "H.264" { ("video/x-h264", "avdec_h264") } else { ("video/x-h265", "avdec_h265") };
                format!(
                    "{front} ! {kind},stream-format=byte-stream,alignment=au ! tee name=encoded \
                     encoded. ! queue name=behind leaky=downstream max-size-buffers=0 max-size-bytes=0 max-size-time=1000000000 ! \
                     {decoder} name=decoder max-threads=1 output-corrupt=false ! tee name=raw allow-not-linked=true \
                     encoded. ! queue max-size-buffers=200 max-size-bytes=0 max-size-time=0 leaky=downstream ! \
                     appsink name=ring sync=false async=false max-buffers=200 drop=true enable-last-sample=false"
                )
            }
            _ => format!("{front} ! tee name=raw allow-not-linked=true"),
        };
        let bin = gst::parse::bin_from_description(&described, true).map_err(|why| why.to_string())?;
        let entry = bin.static_pad("sink").ok_or("no way in")?;
        if let Some(raw) = bin.by_name("raw") {
            if let Ok(ticks) = structure.get::<i32>("clock-rate") {
                lock(&self.timing).set_clock_rate(ticks.unsigned_abs());
            }
            lock(&self.seen).codec = codec;
            self.watch_packets(&entry);
            begin_with_key(&bin);
            self.watch_pictures(home, &raw);
            if let Some(ring) = bin.by_name("ring").and_then(|it| it.downcast::<AppSink>().ok()) {
                self.fill_ring(&ring);
            }
            lock(&self.sizes).decoded = Some((bin.clone(), raw));
        }
        home.add(&bin).map_err(|why| why.to_string())?;
        bin.sync_state_with_parent().map_err(|why| why.to_string())?;
        pad.link(&entry).map(|_| ()).map_err(|why| why.to_string())
    }

    fn watch_packets(self: &Arc<Self>, entry: &gst::Pad) {
        let own = self.clone();
        let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
        entry.add_probe(kinds, move |_, info| {
            let first = match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => Some(buffer.as_ref()),
                Some(gst::PadProbeData::BufferList(list)) => list.get(0),
                _ => None,
            };
            if let Some(buffer) = first
                && let (Some(pts), Ok(bytes)) = (buffer.pts(), buffer.map_readable())
            {
                lock(&own.timing).packet(pts.nseconds(), bytes.get(..12).unwrap_or_default(), wall_ms());
            }
            let is_first = lock(&own.seen).packet.replace(Instant::now()).is_none();
            if is_first {
                own.say(Looking::FirstPacket);
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn watch_pictures(self: &Arc<Self>, home: &gst::Pipeline, raw: &gst::Element) {
        let Some(entry) = raw.static_pad("sink") else { return };
        let (own, home) = (self.clone(), home.downgrade());
        entry.add_probe(gst::PadProbeType::BUFFER, move |pad, _| {
            let shape = pad.current_caps().and_then(|caps| {
                let structure = caps.structure(0)?;
                let px = |name| structure.get::<i32>(name).ok().and_then(|it| u16::try_from(it).ok());
                Some((px("width")?, px("height")?))
            });
            let is_news = {
                let mut seen = lock(&own.seen);
                let is_news = seen.picture.is_none() || seen.stalled || seen.shape != shape;
                seen.picture = Some(Instant::now());
                seen.n_decoded += 1;
                (seen.stalled, seen.shape) = (false, shape);
                is_news
            };
            if is_news
                && let Some((width, height)) = shape
                && let Some(home) = home.upgrade()
            {
                let codec = lock(&own.seen).codec.to_owned();
                own.say(Looking::Playing { codec, width, height, transport: own.transport(&home) });
                let own = own.clone();
                // Not in the thread that brings pictures: it must not wait for itself.
                home.call_async(move |_| own.make_sizes());
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn fill_ring(self: &Arc<Self>, sink: &AppSink) {
        let own = self.clone();
        let came = move |sink: &AppSink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            lock(&own.ring).push(own.id, &sample);
            Ok(gst::FlowSuccess::Ok)
        };
        sink.set_callbacks(AppSinkCallbacks::builder().new_sample(came).build());
    }

    /// Makes the branches that are wanted and not there, takes away those that are there and not wanted.
    fn make_sizes(&self) {
        let Some((width, _)) = lock(&self.seen).shape else { return };
        let mut sizes = lock(&self.sizes);
        let Some((home, raw)) = sizes.decoded.clone() else { return };
        let wanted = sizes.wanted.clone();
        let gone: Vec<Size> = sizes.made.keys().filter(|it| !wanted.contains(it)).copied().collect();
        for tile in gone.iter().filter_map(|it| sizes.made.remove(it)).collect::<Vec<_>>() {
            tile.remove(&home, &raw);
        }
        for size in wanted {
            if sizes.made.contains_key(&size) {
                continue;
            }
            match Tile::add(&home, &raw, (self.id, size), width, &self.outlet, &self.timing) {
                Ok(tile) => drop(sizes.made.insert(size, tile)),
                Err(why) => tracing::error!(id = self.id, %why, "a size could not be made"),
            }
        }
    }

    /// Packets lost, and their unevenness in ms.
    fn loss(&self) -> (u64, f32) {
        let Some(buffer) = lock(&self.jitterbuffer).clone() else { return (0, 0.0) };
        let stats = buffer.property::<gst::Structure>("stats");
        let number = |name| stats.get::<u64>(name).unwrap_or(0);
        (number("num-lost"), number("avg-jitter") as f32 / 1e6)
    }

    fn transport(&self, home: &gst::Pipeline) -> String {
        if !self.scheme.starts_with("rtsp") {
            return self.scheme.to_ascii_uppercase();
        }
        let is_udp = home
            .iterate_recurse()
            .into_iter()
            .flatten()
            .any(|it| it.factory().is_some_and(|factory| factory.name() == "udpsrc"));
        format!("{}/{}", self.scheme.to_ascii_uppercase(), if is_udp { "UDP" } else { "TCP" })
    }

    fn why(&self, error: &gst::message::Error) -> (Failure, String) {
        let why = error.error();
        let details = error.debug().unwrap_or_default();
        let said = |number: &str| details.contains(number);
        let kind = if why.matches(gst::ResourceError::NotAuthorized) || said("(401)") || said("Unauthorized") {
            Failure::Unauthorized
        } else if why.matches(gst::ResourceError::NotFound) || said("(404)") || said("Not Found") {
            Failure::NotFound
        } else if why.is::<gst::ResourceError>() {
            Failure::Unreachable
        } else if why.matches(gst::CoreError::MissingPlugin) || why.matches(gst::StreamError::CodecNotFound) {
            Failure::Unsupported
        } else if lock(&self.seen).packet.is_some() {
            Failure::Garbled
        } else {
            Failure::Unreachable
        };
        (kind, plain(&why))
    }
}

/// GStreamer's words, without the address and whatever secret a camera's maker hides in it.
fn plain(why: &glib::Error) -> String {
    why.message().split_whitespace().filter(|it| !it.contains("://")).collect::<Vec<_>>().join(" ")
}
