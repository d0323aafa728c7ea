//! Live pictures from lens to screen: `gulang-video sim` → RTSP → eyes → hub → screens, on one machine. Delay and loss are
//! read from the strip in the pictures as the screens got them.

use super::{BenchError, Scratch, profile, quiet_hub};
use crate::{connectors::rtsp::RtspTable, eyes, screen::Screen};
use gulang_city::{CameraId, Feed};
use gulang_video_link::{SimCamera, SimCodec, Transport, strip::Stamp};
use gulang_wire::{Body, ToHub, Wanted, Watch};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

const WIDTH: u16 = 1280;
const HEIGHT: u16 = 720;
const FPS: u8 = 25;
/// As one tile of sixteen on a 1080p wall.
const TILE_PX: u16 = 480;
const WARM_UP: Duration = Duration::from_secs(8);
/// Reading a strip decodes a JPEG: of so many pictures one is read.
const READ_EVERY: u64 = 5;

/// What one screen got.
#[derive(Default)]
struct Got {
    pictures: BTreeMap<Feed, u64>,
    delays_ms: Vec<f64>,
    /// By the hub's own count and by the strips'.
    told_delays_ms: Vec<f64>,
    bytes: u64,
    unread: u64,
    /// By the frame counters in the strips.
    spans: BTreeMap<Feed, Span>,
}

/// The frame counter and the count of pictures got, at the first strip read of a feed and at the last.
#[derive(Clone, Copy)]
struct Span {
    first: (u32, u64),
    last: (u32, u64),
}

impl Span {
    /// Pictures the camera made between the two, and how many of them were not shown.
    fn missed(self) -> (u64, u64) {
        let made = u64::from(self.last.0.saturating_sub(self.first.0));
        (made, made.saturating_sub(self.last.1 - self.first.1))
    }
}

/// `n_feeds` on one screen, then on `n_screens` of them; last one feed alone on one screen and on all.
pub fn video(pack_dir: &Path, n_feeds: u64, n_screens: usize, secs: f64) -> Result<Value, BenchError> {
    let n_screens = n_screens.max(1);
    let load = BenchError::Load;
    let scratch = Scratch::new("video")?;
    let hub = quiet_hub(pack_dir, &scratch)?;
    let core = hub.hall().actual().clone();
    let cameras: Vec<CameraId> = core.city().cameras.keys().take(n_feeds as usize).cloned().collect();
    let served = Served::start(&scratch.0, &cameras)?;
    let urls = cameras.iter().map(|it| (it.clone(), format!("{}/{it}", served.rtsp)));
    let registered = core.eyes.openers.put(Arc::new(RtspTable::new("bench", urls, Transport::Tcp)));
    let feeds: Vec<Feed> = cameras.iter().cloned().map(Feed::Camera).collect();
    let wanted = |feeds: &[Feed]| -> Vec<Wanted> {
        feeds.iter().map(|it| Wanted { feed: it.clone(), width: TILE_PX, fps: FPS }).collect()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (url, token) = (hub.url.clone(), hub.token.clone());
    let watch = |feeds: Vec<Wanted>, n_screens: usize, secs: f64, warm_up: Duration| {
        runtime.block_on(async {
            let screens = (0..n_screens).map(|i| one_screen(&url, &token, i, feeds.clone(), secs, warm_up));
            futures_util::future::join_all(screens).await.into_iter().collect::<Result<Vec<_>, BenchError>>()
        })
    };
    // Once to warm up, so that what is counted is steady.
    watch(wanted(&feeds), 1, 0.1, WARM_UP)?;
    let eyes_pid = core.eyes.pid().ok_or_else(|| load("the eyes did not start; build gulang-video first".into()))?;
    let own_pid = std::process::id();
    let mut halls = Vec::new();
    let mut counts = vec![1, n_screens];
    counts.dedup();
    for n_screens in counts {
        let before = [eyes_pid, own_pid, served.child.id()].map(cpu_s);
        let started = Instant::now();
        let got = watch(wanted(&feeds), n_screens, secs, Duration::from_secs(1))?;
        let took = started.elapsed().as_secs_f64();
        let after = [eyes_pid, own_pid, served.child.id()].map(cpu_s);
        let cpu: Vec<Option<f64>> =
            after.into_iter().zip(before).map(|(after, before)| Some(after? - before?)).collect();
        halls.push(shown_in(&feeds, got, secs, (took, &cpu)));
    }
    let lost: u64 = core.eyes.statuses().iter().map(|it| it.n_lost).sum();
    // Sixteen feeds are sixteen decoders, however many screens came and went.
    let n_opened = core.eyes.n_opened();

    // One feed, one screen and all of them: as many pictures decoded.
    let Some(first) = feeds.first() else { return Err(load("no feed".into())) };
    let decoded = || core.eyes.n_decoded(first).unwrap_or(0);
    let mut rates = Vec::new();
    for n_screens in [1, n_screens.max(2)] {
        let (n_before, began) = (decoded(), Instant::now());
        let got = watch(wanted(std::slice::from_ref(first)), n_screens, secs.min(5.0), Duration::from_secs(1))?;
        let rate = (decoded() - n_before) as f64 / began.elapsed().as_secs_f64();
        let shown: u64 = got.iter().flat_map(|it| it.pictures.values()).sum();
        rates.push(json!({ "screens": n_screens, "decoded_per_s": rate, "pictures_to_screens": shown }));
    }
    let figures = json!({
        "bench": "video",
        "load": format!("{n_feeds} feeds {WIDTH}×{HEIGHT} at {FPS} fps, H.264 over RTSP/TCP, made, decoded, shown and read on this machine; tiles {TILE_PX} px wide, JPEG over WebSocket"),
        "secs": secs,
        "halls": halls,
        "streams_opened": n_opened,
        "packets_lost": lost,
        "one_feed": rates,
        "one_feed_streams_opened": core.eyes.n_opened() - n_opened,
        "cpus": std::thread::available_parallelism().map_or(0, usize::from),
        "profile": profile(),
    });
    drop(registered);
    hub.stop()?;
    Ok(figures)
}

/// What the screens of one hall got together. `took`: seconds of the day, and of processor of eyes, hub with screens, cameras.
fn shown_in(feeds: &[Feed], got: Vec<Got>, secs: f64, (took, cpu): (f64, &[Option<f64>])) -> Value {
    let n_screens = got.len();
    let per_tile: Vec<f64> = got
        .iter()
        .flat_map(|it| feeds.iter().map(|feed| it.pictures.get(feed).copied().unwrap_or(0) as f64 / secs))
        .collect();
    let per_screen: Vec<f64> = got.iter().map(|it| it.pictures.values().sum::<u64>() as f64 / secs).collect();
    let n_pictures: u64 = got.iter().flat_map(|it| it.pictures.values()).sum();
    let spans = got.iter().flat_map(|it| it.spans.values()).map(|it| it.missed());
    let (made, missed) = spans.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let (bytes, unread) = got.iter().fold((0, 0), |sum, it| (sum.0 + it.bytes, sum.1 + it.unread));
    let least_and_mean = |all: &[f64]| {
        let least = all.iter().copied().fold(f64::INFINITY, f64::min);
        json!({ "least": least, "mean": all.iter().sum::<f64>() / all.len().max(1) as f64 })
    };
    let (mut delays_ms, mut told_ms) = (Vec::new(), Vec::new());
    for it in got {
        delays_ms.extend(it.delays_ms);
        told_ms.extend(it.told_delays_ms);
    }
    let of = |i: usize| cpu.get(i).copied().flatten();
    let busy = |i: usize| of(i).map(|it| it / took);
    json!({
        "screens": n_screens,
        "tiles_shown_per_s_and_screen": least_and_mean(&per_screen),
        "per_tile_fps": least_and_mean(&per_tile),
        "delay_ms": spread(delays_ms),
        "delay_as_told_ms": spread(told_ms),
        "pictures_made_between_strips": made,
        "of_these_not_shown": missed,
        "strips_unreadable": unread,
        "kilobytes_per_picture": bytes as f64 / n_pictures.max(1) as f64 / 1000.0,
        "cpu_s": { "eyes": of(0), "hub_and_screens": of(1), "cameras": of(2) },
        "cores_busy": { "eyes": busy(0), "hub_and_screens": busy(1), "cameras": busy(2) },
    })
}

async fn one_screen(
    url: &str,
    token: &str,
    i: usize,
    wanted: Vec<Wanted>,
    secs: f64,
    warm_up: Duration,
) -> Result<Got, BenchError> {
    let mut screen = Screen::connect(url, token, &format!("bench {i}"), Watch::Follow).await?;
    screen.tell(&ToHub::WatchFeeds(wanted)).await?;
    let begin = tokio::time::Instant::now() + warm_up;
    let end = begin + Duration::from_secs_f64(secs);
    let mut got = Got::default();
    loop {
        let frame = match tokio::time::timeout_at(end, screen.next()).await {
            Ok(frame) => frame?,
            Err(_) => return Ok(got),
        };
        let Body::Picture(picture) = frame.body else { continue };
        if tokio::time::Instant::now() < begin {
            continue;
        }
        let now_ms = crate::clock::wall_now().0;
        let feed = picture.feed.clone();
        let n = got.pictures.entry(picture.feed).or_default();
        *n += 1;
        got.bytes += picture.jpeg.len() as u64;
        got.told_delays_ms.push(picture.delay_ms.into());
        if n.is_multiple_of(READ_EVERY) {
            match read_strip(&picture.jpeg) {
                Some(stamp) => {
                    got.delays_ms.push((now_ms - stamp.at_ms.cast_signed()) as f64);
                    let here = (stamp.n, *n);
                    got.spans.entry(feed).or_insert(Span { first: here, last: here }).last = here;
                }
                None => got.unread += 1,
            }
        }
    }
}

fn read_strip(jpeg: &[u8]) -> Option<Stamp> {
    let luma = image::load_from_memory(jpeg).ok()?.to_luma8();
    let (width, height) = (luma.width() as usize, luma.height() as usize);
    Stamp::read(luma.as_raw(), width, height, width)
}

fn spread(mut all: Vec<f64>) -> Value {
    all.sort_by(f64::total_cmp);
    let part = |hundredths: usize| all.get(all.len() * hundredths / 100).copied();
    json!({ "median": part(50), "p95": part(95), "worst": all.last(), "n": all.len() })
}

/// Seconds of processor a process has used, where Linux tells (clock ticks are a hundredth of a second everywhere it runs).
fn cpu_s(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let ticks = |i: usize| after_name.split_whitespace().nth(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// The cameras; they end with this.
struct Served {
    child: Child,
    rtsp: String,
}

impl Served {
    fn start(scratch: &Path, cameras: &[CameraId]) -> Result<Self, BenchError> {
        let served: Vec<SimCamera> = cameras
            .iter()
            .map(|it| SimCamera {
                mount: it.to_string(),
                name: it.to_string(),
                codec: SimCodec::H264,
                width: WIDTH,
                height: HEIGHT,
                fps: FPS,
                login: None,
            })
            .collect();
        let file = scratch.join("cameras.json");
        std::fs::write(&file, serde_json::to_vec(&served).unwrap_or_default())?;
        let program = eyes::program();
        let mut child = Command::new(&program)
            .args(["sim", "--cameras"])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| BenchError::Load(format!("{}: {why}; build gulang-video first", program.display())))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let rtsp = said["rtsp"].as_str().unwrap_or_default().to_owned();
        let served = Self { child, rtsp };
        if served.rtsp.is_empty() {
            return Err(BenchError::Load("the simulated cameras did not start".into()));
        }
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
