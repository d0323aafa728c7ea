//! Clips: the last half minute of a source as it came, and files written of it and of what comes after.
//!
//! A source outlives its streams. One that breaks off and is opened again goes on in the same ring and the same file, on one
//! timeline that runs as the day does; what is missing between is a gap, and told with the clip. A file that ends because
//! nothing came any more tells the gap at its end.

use super::outlet::Outlet;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSrc;
use gulang_video_link::{FromEyes, Gap};
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// What is kept of the past, if it is not too much.
const KEPT: gst::ClockTime = gst::ClockTime::from_seconds(32);
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Longer without a picture is told as a gap; a slow camera brings two a second.
const GAP: gst::ClockTime = gst::ClockTime::from_seconds(1);
/// The least two pictures of different streams lie apart: no muxer takes two of one instant.
const LEAST_APART: gst::ClockTime = gst::ClockTime::from_mseconds(40);
/// A clip's end is waited for by its pictures so much longer than by the day.
const LATE: Duration = Duration::from_secs(2);
/// A file's end is waited for so long.
const CLOSING: gst::ClockTime = gst::ClockTime::from_seconds(10);

/// The encoded pictures of the last half minute, from a key picture on.
#[derive(Default)]
pub struct Ring {
    /// The stream that fills it now.
    stream: Option<u64>,
    /// Where the stream's times lie on the ring's, ns; none before its first key picture.
    shift: Option<i64>,
    last_came: Option<Instant>,
    caps: Option<gst::Caps>,
    pictures: VecDeque<gst::Buffer>,
    n_bytes: usize,
    writers: Vec<Writer>,
}

struct Writer {
    source: AppSrc,
    until: gst::ClockTime,
    /// By the day, where nothing comes any more.
    ends_at: Instant,
    written: Arc<Mutex<Written>>,
}

/// What a file holds, on the ring's time.
#[derive(Clone, Debug, Default)]
struct Written {
    first: gst::ClockTime,
    last: gst::ClockTime,
    gaps: Vec<Gap>,
}

impl Written {
    fn take(&mut self, pts: gst::ClockTime) {
        if pts > self.last + GAP {
            self.miss(pts);
        }
        self.last = self.last.max(pts);
    }

    /// Nothing came between the last picture and this instant.
    fn miss(&mut self, until: gst::ClockTime) {
        let secs = |from: gst::ClockTime, to: gst::ClockTime| to.saturating_sub(from).mseconds() as f32 / 1000.0;
        self.gaps.push(Gap { at_s: secs(self.first, self.last), secs: secs(self.last, until) });
    }

    fn secs(&self) -> f32 {
        self.last.saturating_sub(self.first).mseconds() as f32 / 1000.0
    }
}

impl Ring {
    /// A stream begins to fill it; what an earlier one still brings is passed over.
    pub fn begin(&mut self, stream: u64) {
        (self.stream, self.shift) = (Some(stream), None);
    }

    /// The stream is over. Files wait for the next one until their end.
    pub fn leave(&mut self, stream: u64) {
        if self.stream == Some(stream) {
            (self.stream, self.shift) = (None, None);
        }
    }

    /// Nobody fills it, nobody writes of it, and what it holds is too old to be wanted.
    pub fn is_over(&self) -> bool {
        let is_old = self.last_came.is_none_or(|it| it.elapsed() > Duration::from_secs(KEPT.seconds()));
        self.stream.is_none() && self.writers.is_empty() && is_old
    }

    /// Ends files whose time is over though nothing came.
    pub fn look(&mut self) {
        let now = Instant::now();
        self.writers.retain(|it| {
            let goes_on = now < it.ends_at;
            if !goes_on {
                it.end(it.until);
            }
            goes_on
        });
    }

    pub fn push(&mut self, stream: u64, sample: &gst::Sample) {
        let (Some(mut buffer), Some(caps)) = (sample.buffer_owned(), sample.caps_owned()) else { return };
        let Some(pts) = buffer.pts().filter(|_| self.stream == Some(stream)) else { return };
        if self.caps.as_ref() != Some(&caps) {
            // Another size or codec: what was before cannot be in one file with it.
            self.finish();
            self.pictures.clear();
            self.n_bytes = 0;
            self.caps = Some(caps);
        }
        let Some(shift) = self.shift.or_else(|| self.join(pts, is_key(&buffer))) else { return };
        self.shift = Some(shift);
        let moved = |it: gst::ClockTime| {
            let ns = i64::try_from(it.nseconds()).unwrap_or(i64::MAX).saturating_add(shift);
            gst::ClockTime::from_nseconds(u64::try_from(ns).unwrap_or(0))
        };
        if shift != 0 {
            let dts = buffer.dts();
            let own = buffer.make_mut();
            own.set_pts(moved(pts));
            own.set_dts(dts.map(moved));
        }
        let pts = moved(pts);
        self.last_came = Some(Instant::now());
        self.writers.retain(|it| {
            let goes_on = pts <= it.until && it.source.push_buffer(buffer.clone()).is_ok();
            match goes_on {
                true => crate::lock(&it.written).take(pts),
                false => it.end(it.until.min(pts)),
            }
            goes_on
        });
        self.n_bytes += buffer.size();
        self.pictures.push_back(buffer);
        self.forget(pts);
    }

    /// How far a stream's times are to be moved so that they go on where the one before broke off, by the time that passed;
    /// none before a key picture, where nothing can be joined.
    fn join(&self, pts: gst::ClockTime, is_key: bool) -> Option<i64> {
        let Some(last) = self.pictures.back().and_then(|it| it.pts()) else { return Some(0) };
        let away = self.last_came.map_or(Duration::ZERO, |it| it.elapsed());
        let away = gst::ClockTime::from_nseconds(u64::try_from(away.as_nanos()).unwrap_or(0)).max(LEAST_APART);
        let ns = |it: gst::ClockTime| i64::try_from(it.nseconds()).ok();
        is_key.then(|| Some(ns(last + away)? - ns(pts)?)).flatten()
    }

    /// Whole groups of pictures only: nothing can be shown before a key picture.
    fn forget(&mut self, now: gst::ClockTime) {
        loop {
            let next_key = self.pictures.iter().skip(1).position(is_key).map(|it| it + 1);
            let old = next_key.and_then(|it| self.pictures.get(it)?.pts());
            let is_old = old.is_some_and(|it| it + KEPT < now);
            let Some(n) = next_key.filter(|_| is_old || self.n_bytes > MAX_BYTES) else { return };
            self.n_bytes -= self.pictures.drain(..n).map(|it| it.size()).sum::<usize>();
        }
    }

    /// Begins a file; `Err`: why there is none.
    pub fn keep(
        &mut self,
        clip: u64,
        (back_s, ahead_s): (u32, u32),
        file: &Path,
        outlet: &Arc<Outlet>,
    ) -> Result<(), String> {
        let caps = self.caps.clone().ok_or("no picture came yet, or of a codec that is not kept")?;
        let last = self.pictures.back().and_then(|it| it.pts()).ok_or("no picture came yet")?;
        // Where nothing comes now, the clip's middle is now all the same.
        let away = self.last_came.map_or(Duration::ZERO, |it| it.elapsed());
        let now = last + gst::ClockTime::from_nseconds(u64::try_from(away.as_nanos()).unwrap_or(0));
        let from = now.saturating_sub(gst::ClockTime::from_seconds(back_s.into()));
        if last < from {
            return Err(format!("nothing came for {} s", away.as_secs()));
        }
        // The last key picture before it, so that the clip begins early rather than late.
        let keys = self.pictures.iter().enumerate().filter(|(_, it)| is_key(it));
        let before = keys.clone().take_while(|(_, it)| it.pts().is_some_and(|pts| pts <= from)).last();
        let first = before.or(keys.clone().next()).map(|(i, _)| i).ok_or("no key picture came yet")?;
        let first_pts = self.pictures.get(first).and_then(|it| it.pts()).ok_or("no key picture came yet")?;
        let written = Arc::new(Mutex::new(Written { first: first_pts, last: first_pts, gaps: Vec::new() }));
        let source = write_file(clip, &caps, file, &written, outlet)?;
        for buffer in self.pictures.iter().skip(first) {
            source.push_buffer(buffer.clone()).map_err(|why| why.to_string())?;
            crate::lock(&written).take(buffer.pts().unwrap_or(first_pts));
        }
        let ahead = Duration::from_secs(ahead_s.into());
        let until = now + gst::ClockTime::from_seconds(ahead_s.into());
        self.writers.push(Writer { source, until, ends_at: Instant::now() + ahead + LATE, written });
        Ok(())
    }

    /// Ends every file where it is.
    fn finish(&mut self) {
        for writer in self.writers.drain(..) {
            writer.end(writer.until);
        }
    }
}

impl Writer {
    /// Closes the file, which was to hold pictures until here.
    fn end(&self, until: gst::ClockTime) {
        {
            let mut written = crate::lock(&self.written);
            if written.last + GAP < until {
                written.miss(until);
            }
        }
        let _ = self.source.end_of_stream();
    }
}

/// A picture that needs no other to be decoded.
pub fn is_key(buffer: &gst::Buffer) -> bool {
    !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT)
}

/// Starts a writer beside `file`; the file has its name only when it is whole.
fn write_file(
    clip: u64,
    caps: &gst::Caps,
    file: &Path,
    written: &Arc<Mutex<Written>>,
    outlet: &Arc<Outlet>,
) -> Result<AppSrc, String> {
    let codec = caps.structure(0).map(|it| it.name().to_string()).unwrap_or_default();
    // No h264timestamper: that of GStreamer 1.22 loses the times of pictures it cannot order. Cameras send no B pictures.
    let parser = match codec.as_str() {
        "video/x-h264" => "h264parse",
        "video/x-h265" => "h265parse",
        other => return Err(format!("{other} is not kept")),
    };
    let described = format!("appsrc name=in format=time ! {parser} ! mp4mux ! filesink name=out");
    let pipeline = gst::parse::launch(&described).map_err(|why| why.to_string())?;
    let pipeline = pipeline.downcast::<gst::Pipeline>().map_err(|_| "no pipeline".to_owned())?;
    let source = pipeline.by_name("in").and_then(|it| it.downcast::<AppSrc>().ok()).ok_or("no source")?;
    let part = part_of(file);
    let out = pipeline.by_name("out").ok_or("no file")?;
    out.set_property("location", part.to_string_lossy().into_owned());
    source.set_caps(Some(caps));
    source.set_max_bytes(0);
    pipeline.set_state(gst::State::Playing).map_err(|why| why.to_string())?;
    let (file, written, outlet) = (file.to_owned(), written.clone(), outlet.clone());
    let running = pipeline.clone();
    let waiting = std::thread::Builder::new().name("clip".into()).spawn(move || {
        let ended = until_whole(&running);
        let _ = running.set_state(gst::State::Null);
        let named = ended.and_then(|()| std::fs::rename(&part, &file).map_err(|why| why.to_string()));
        match named {
            Ok(()) => {
                let written = crate::lock(&written).clone();
                outlet.say(&FromEyes::Kept { clip, file, secs: written.secs(), gaps: written.gaps });
            }
            Err(why) => {
                let _ = std::fs::remove_file(&part);
                outlet.say(&FromEyes::NotKept { clip, why });
            }
        }
    });
    if let Err(why) = waiting {
        let _ = pipeline.set_state(gst::State::Null);
        return Err(why.to_string());
    }
    Ok(source)
}

fn part_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}

/// The muxer writes a file's table last: until its end came, there is no file.
fn until_whole(pipeline: &gst::Pipeline) -> Result<(), String> {
    let bus = pipeline.bus().ok_or("no bus")?;
    let ends = [gst::MessageType::Eos, gst::MessageType::Error];
    // Longer than any clip runs.
    let whole = gst::ClockTime::from_seconds(3600) + CLOSING;
    let ended = bus.timed_pop_filtered(whole, &ends).ok_or("the file did not end")?;
    match ended.view() {
        gst::MessageView::Error(error) => Err(error.error().to_string()),
        _ => Ok(()),
    }
}
