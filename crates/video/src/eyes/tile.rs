//! One size of a stream's pictures: a branch behind the decoder, in a thread of its own, that drops what it cannot keep up
//! with.

use super::{outlet::Outlet, timing::Timing};
use crate::{lock, wall_ms};
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSink, AppSinkCallbacks};
use gulang_video_link::{Picture, Size};
use std::sync::{Arc, Mutex};

/// JPEG's, of 100: at tile size the eye finds no difference to more.
const QUALITY: u8 = 75;

pub struct Tile {
    bin: gst::Bin,
    pad: gst::Pad,
}

impl Tile {
    /// Behind `raw`, a tee of decoded pictures `source_width` wide, all in `home`.
    pub fn add(
        home: &gst::Bin,
        raw: &gst::Element,
        (id, size): (u64, Size),
        source_width: u16,
        outlet: &Arc<Outlet>,
        timing: &Arc<Mutex<Timing>>,
    ) -> Result<Self, gst::glib::Error> {
        let failed = |why: &str| gst::glib::Error::new(gst::CoreError::Pad, why);
        let width = size.width.min(source_width).max(16) & !1;
        let bin = gst::parse::bin_from_description(
            &format!(
                "queue leaky=downstream max-size-buffers=2 max-size-bytes=0 max-size-time=0 ! videoscale n-threads=1 ! \
                 video/x-raw,width={width},pixel-aspect-ratio=1/1 ! videoconvert ! jpegenc quality={QUALITY} ! \
                 appsink name=shown sync=false async=false drop=true max-buffers=1 enable-last-sample=false"
            ),
            true,
        )?;
        let sink = bin.by_name("shown").and_then(|it| it.downcast::<AppSink>().ok());
        let (Some(sink), Some(entry)) = (sink, bin.static_pad("sink")) else {
            return Err(failed("a branch without ends"));
        };
        let (outlet, timing, mut n) = (outlet.clone(), timing.clone(), 0);
        let shown = move |sink: &AppSink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            n += 1;
            if let Some(picture) = picture(&sample, (id, size.width), n, &timing) {
                outlet.show(picture);
            }
            Ok(gst::FlowSuccess::Ok)
        };
        sink.set_callbacks(AppSinkCallbacks::builder().new_sample(shown).build());
        let pace = Mutex::new(Pace::new(size.fps));
        entry.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let pts = info.buffer().and_then(|it| it.pts());
            match pts {
                // Not `Drop`: the bindings have taken the picture out of the probe, and GStreamer 1.22 would let go of the
                // nothing that is left ("gst_mini_object_unref: assertion failed"). A picture handled is the bindings' to drop.
                Some(pts) if !lock(&pace).takes(pts.nseconds()) => gst::PadProbeReturn::Handled,
                _ => gst::PadProbeReturn::Ok,
            }
        });
        home.add(&bin).map_err(|why| failed(&why.to_string()))?;
        let pad = raw.request_pad_simple("src_%u").ok_or_else(|| failed("the decoder has no branch left"))?;
        let joined = bin
            .sync_state_with_parent()
            .map_err(|why| failed(&why.to_string()))
            .and_then(|()| pad.link(&entry).map_err(|why| failed(&why.to_string())));
        if let Err(why) = joined {
            raw.release_request_pad(&pad);
            let _ = bin.set_state(gst::State::Null);
            let _ = home.remove(&bin);
            return Err(why);
        }
        Ok(Self { bin, pad })
    }

    /// Takes the branch away while pictures flow past it.
    pub fn remove(self, home: &gst::Bin, raw: &gst::Element) {
        let Self { bin, pad } = self;
        let (home, raw) = (home.clone(), raw.clone());
        let entry = bin.static_pad("sink");
        pad.add_probe(gst::PadProbeType::IDLE, move |pad, _| {
            if let Some(entry) = &entry {
                let _ = pad.unlink(entry);
            }
            let (bin, home, raw, pad) = (bin.clone(), home.clone(), raw.clone(), pad.clone());
            // Not here: a thread cannot wait for its own end.
            raw.clone().call_async(move |_| {
                raw.release_request_pad(&pad);
                let _ = bin.set_state(gst::State::Null);
                let _ = home.remove(&bin);
            });
            gst::PadProbeReturn::Remove
        });
    }
}

fn picture(sample: &gst::Sample, (id, wanted): (u64, u16), n: u64, timing: &Mutex<Timing>) -> Option<Picture> {
    let structure = sample.caps()?.structure(0)?;
    let px = |name: &str| structure.get::<i32>(name).ok().and_then(|it| u16::try_from(it).ok());
    let (width, height) = (px("width")?, px("height")?);
    let buffer = sample.buffer()?;
    let jpeg = buffer.map_readable().ok()?.to_vec();
    let dated = buffer.pts().and_then(|pts| lock(timing).of(pts.nseconds()));
    let (captured_ms, received_ms) = dated.unwrap_or((None, wall_ms()));
    Some(Picture { id, wanted, width, height, n, captured_ms, received_ms, jpeg })
}

/// Lets so many pictures a second pass, evenly.
#[derive(Debug)]
struct Pace {
    every_ns: u64,
    due_ns: u64,
}

impl Pace {
    fn new(fps: u8) -> Self {
        Self { every_ns: 1_000_000_000 / u64::from(fps.max(1)), due_ns: 0 }
    }

    fn takes(&mut self, pts_ns: u64) -> bool {
        // Cameras are uneven by a few ms; one that is a little early is on time. After a jump back it begins anew.
        let early = pts_ns + self.every_ns / 4 < self.due_ns;
        if early && self.due_ns - pts_ns <= 2 * self.every_ns {
            return false;
        }
        let is_behind = early || pts_ns > self.due_ns + self.every_ns;
        self.due_ns = if is_behind { pts_ns } else { self.due_ns } + self.every_ns;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source_fps: u64, wanted: u8, expect: usize) {
        let mut pace = Pace::new(wanted);
        let uneven = |n: u64| n * 1_000_000_000 / source_fps + n % 3 * 2_000_000;
        let n = (0..source_fps * 10).filter(|n| pace.takes(uneven(*n))).count();
        assert!(n.abs_diff(expect * 10) <= expect / 5 + 2, "{source_fps} to {wanted}: {n} in ten seconds");
    }

    #[test]
    fn as_many_pass_as_are_wanted_and_there_are() {
        check(25, 25, 25);
        check(25, 10, 10);
        check(25, 1, 1);
        check(15, 25, 15);
        check(60, 25, 25);
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_end_the_pictures() {
        let mut pace = Pace::new(10);
        assert!(pace.takes(900_000_000_000));
        assert!(pace.takes(1_000_000));
        assert!(!pace.takes(2_000_000));
    }
}
