//! Clips: the last half minute of a stream as it came, and files written of it and of what comes after.

use super::outlet::Outlet;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSrc;
use gulang_video_link::FromEyes;
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What is kept of the past, if it is not too much.
const KEPT: gst::ClockTime = gst::ClockTime::from_seconds(32);
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// A file's end is waited for so long.
const CLOSING: gst::ClockTime = gst::ClockTime::from_seconds(10);

/// The encoded pictures of the last half minute, from a key picture on.
#[derive(Default)]
pub struct Ring {
    caps: Option<gst::Caps>,
    pictures: VecDeque<gst::Buffer>,
    n_bytes: usize,
    writers: Vec<Writer>,
}

struct Writer {
    source: AppSrc,
    until: gst::ClockTime,
}

impl Ring {
    pub fn push(&mut self, sample: &gst::Sample) {
        let (Some(buffer), Some(caps)) = (sample.buffer_owned(), sample.caps_owned()) else { return };
        let Some(pts) = buffer.pts() else { return };
        if self.caps.as_ref() != Some(&caps) {
            // Another size or codec: what was before cannot be in one file with it.
            self.finish();
            self.pictures.clear();
            self.n_bytes = 0;
            self.caps = Some(caps);
        }
        self.writers.retain(|it| {
            let goes_on = pts <= it.until && it.source.push_buffer(buffer.clone()).is_ok();
            if !goes_on {
                let _ = it.source.end_of_stream();
            }
            goes_on
        });
        self.n_bytes += buffer.size();
        self.pictures.push_back(buffer);
        self.forget(pts);
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
        (id, clip): (u64, u64),
        back_s: u32,
        ahead_s: u32,
        file: &Path,
        outlet: &Arc<Outlet>,
    ) -> Result<(), String> {
        let caps = self.caps.clone().ok_or("no picture came yet, or of a codec that is not kept")?;
        let now = self.pictures.back().and_then(|it| it.pts()).ok_or("no picture came yet")?;
        let from = now.saturating_sub(gst::ClockTime::from_seconds(back_s.into()));
        // The last key picture before it, so that the clip begins early rather than late.
        let keys = self.pictures.iter().enumerate().filter(|(_, it)| is_key(it));
        let before = keys.clone().take_while(|(_, it)| it.pts().is_some_and(|pts| pts <= from)).last();
        let first = before.or(keys.clone().next()).map(|(i, _)| i).ok_or("no key picture came yet")?;
        let source = write_file((id, clip), &caps, file, outlet)?;
        for buffer in self.pictures.iter().skip(first) {
            source.push_buffer(buffer.clone()).map_err(|why| why.to_string())?;
        }
        self.writers.push(Writer { source, until: now + gst::ClockTime::from_seconds(ahead_s.into()) });
        Ok(())
    }

    /// Ends every file where it is.
    pub fn finish(&mut self) {
        for writer in self.writers.drain(..) {
            let _ = writer.source.end_of_stream();
        }
    }
}

fn is_key(buffer: &gst::Buffer) -> bool {
    !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT)
}

/// Starts a writer beside `file`; the file has its name only when it is whole.
fn write_file((id, clip): (u64, u64), caps: &gst::Caps, file: &Path, outlet: &Arc<Outlet>) -> Result<AppSrc, String> {
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
    let (file, outlet) = (file.to_owned(), outlet.clone());
    let running = pipeline.clone();
    let waiting = std::thread::Builder::new().name("clip".into()).spawn(move || {
        let ended = until_whole(&running);
        let secs = running.query_position::<gst::ClockTime>().map_or(0.0, |it| it.mseconds() as f32 / 1000.0);
        let _ = running.set_state(gst::State::Null);
        let named = ended.and_then(|()| std::fs::rename(&part, &file).map_err(|why| why.to_string()));
        match named {
            Ok(()) => outlet.say(&FromEyes::Kept { id, clip, file, secs }),
            Err(why) => {
                let _ = std::fs::remove_file(&part);
                outlet.say(&FromEyes::NotKept { id, clip, why });
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
