//! Live pictures: `gulang-video sim` as a child, and before it WVP's and ZLMediaKit's REST, whose addresses lead to it.
//!
//! A camera is mounted when it is first invited, as a real one is called by GB/T 28181. What a hand has turned is remembered
//! while the city runs; it is no part of what the seed says.

use crate::{
    app::{App, Fault},
    server,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use gulang_platforms::{
    wvp::{self, Channel, Device, Ptz, StreamInfo},
    zlm,
};
use gulang_video_link::{Look, SimCamera, SimCodec, ToSim};
use serde::Deserialize;
use std::{
    collections::HashMap,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

/// The one platform all channels hang under; digits as GB/T 28181 orders them, of no real one.
const DEVICE: &str = "35020000002000000001";
/// So many cameras of the pack, its first, answer at their own address without being invited, as some of a city's do.
pub(crate) const REACHED_DIRECTLY: usize = 16;
const STARTED_WITHIN: Duration = Duration::from_secs(20);
const TURNED_EVERY: Duration = Duration::from_millis(100);
/// At full stick, degrees and times a second.
const DEGREES_PER_S: f32 = 30.0;
const ZOOM_PER_S: f32 = 1.6;

/// Words to the cameras that may wait to be read.
const WORDS_WAITING: usize = 1024;

/// The child, and where its cameras look. Ends with it.
pub(crate) struct Video {
    rtsp: String,
    say: mpsc::Sender<String>,
    hands: Mutex<HashMap<String, Hand>>,
    _child: Child,
}

/// A camera, and how it is being turned.
struct Hand {
    look: Look,
    motion: (f32, f32, f32),
}

impl Video {
    /// `None`: without the program or what it needs the city has stills only; that is logged, not fatal.
    pub(crate) async fn start() -> Option<Self> {
        let program = program();
        match tokio::time::timeout(STARTED_WITHIN, Self::start_program(&program)).await {
            Ok(Ok(video)) => Some(video),
            Ok(Err(why)) => {
                tracing::warn!("no live pictures: {}: {why}", program.display());
                None
            }
            Err(_) => {
                tracing::warn!("no live pictures: {} does not get ready", program.display());
                None
            }
        }
    }

    async fn start_program(program: &std::path::Path) -> std::io::Result<Self> {
        let nothing = tempfile_with(b"[]")?;
        let mut child = Command::new(program)
            .args(["sim", "--cameras"])
            .arg(&nothing)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("it has no input or output");
        let (mut stdin, stdout) = (child.stdin.take().ok_or_else(missing)?, child.stdout.take().ok_or_else(missing)?);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let _ = std::fs::remove_file(&nothing);
        let said: serde_json::Value = serde_json::from_str(&line).map_err(std::io::Error::other)?;
        let rtsp = said["rtsp"].as_str().ok_or_else(|| std::io::Error::other("it says no address"))?.to_owned();
        let (say, mut said) = mpsc::channel::<String>(WORDS_WAITING);
        tokio::spawn(async move {
            while let Some(line) = said.recv().await {
                if stdin.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { rtsp, say, hands: Mutex::default(), _child: child })
    }

    /// Where its cameras are reached, as `host:port`.
    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        self.rtsp.strip_prefix("rtsp://")?.trim_end_matches('/').parse().ok()
    }

    /// From now on its cameras are said to be there.
    pub(crate) fn reached_at(&mut self, address: std::net::SocketAddr) {
        self.rtsp = format!("rtsp://{address}");
    }

    /// Where its streams are, as `rtsp://host:port`.
    pub(crate) fn rtsp(&self) -> &str {
        &self.rtsp
    }

    fn tell(&self, message: &ToSim) {
        let line = serde_json::to_string(message).unwrap_or_default();
        // One that does not read goes without: a camera is mounted again when it is next invited.
        let _ = self.say.try_send(format!("{line}\n"));
    }

    /// Its address, after it was mounted.
    pub(crate) fn invite(&self, channel: &str, name: &str) -> String {
        let camera = SimCamera {
            mount: channel.to_owned(),
            name: name.to_owned(),
            // Every eighth is of the newer kind.
            codec: if channel.ends_with(['3', '7']) { SimCodec::H265 } else { SimCodec::H264 },
            width: 960,
            height: 540,
            fps: 12,
            login: None,
        };
        self.tell(&ToSim::Add(camera));
        format!("{}/{channel}", self.rtsp)
    }

    fn turn(&self, channel: &str, motion: (f32, f32, f32)) {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = || Hand { look: Look { mount: channel.to_owned(), zoom: 1.0, ..Look::default() }, motion };
        hands.entry(channel.to_owned()).or_insert_with(ahead).motion = motion;
    }

    /// Moves every camera that is being turned.
    fn step(&self) {
        let secs = TURNED_EVERY.as_secs_f32();
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        for Hand { look, motion: (pan, tilt, zoom) } in hands.values_mut().filter(|it| it.motion != (0.0, 0.0, 0.0)) {
            look.pan = (look.pan + *pan * DEGREES_PER_S * secs / look.zoom).clamp(-170.0, 170.0);
            look.tilt = (look.tilt + *tilt * DEGREES_PER_S * secs / look.zoom).clamp(-45.0, 45.0);
            look.zoom = (look.zoom * ZOOM_PER_S.powf(*zoom * secs)).clamp(1.0, 20.0);
            self.tell(&ToSim::Turn(look.clone()));
        }
    }
}

pub(crate) async fn turn_for_ever(app: Arc<App>) {
    let mut every = tokio::time::interval(TURNED_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        every.tick().await;
        if let Some(video) = &app.video {
            video.step();
        }
    }
}

/// Beside this program, where the build puts tests' programs above, or in the path.
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("GULANG_VIDEO") {
        return named.into();
    }
    let name = format!("gulang-video{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|it| it.parent().map(|dir| dir.join(&name)));
    let above = beside.as_ref().and_then(|it| it.parent()?.parent().map(|dir| dir.join(&name)));
    beside.into_iter().chain(above).find(|it| it.is_file()).unwrap_or_else(|| name.into())
}

/// A file of this process' own, which no other writes.
fn tempfile_with(bytes: &[u8]) -> std::io::Result<PathBuf> {
    static N: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let n = N.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("gulang-sim-cameras-{}-{n}.json", std::process::id()));
    std::fs::write(&file, bytes)?;
    Ok(file)
}

// ---------------------------------------------------------------- WVP

/// Its faults are set under this name; `error_code` is 486, no answer from the camera.
const WVP: &str = "wvp";

pub(crate) fn wvp_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/play/start/{device}/{channel}", get(play))
        .route("/api/play/stop/{device}/{channel}", get(stop))
        .route("/api/device/query/devices", get(devices))
        .route("/api/device/query/devices/{device}/channels", get(channels))
        .route("/api/device/query/snap/{device}/{channel}", get(snap))
        .route("/api/front-end/ptz/{device}/{channel}", get(ptz))
}

/// What a channel shows: a camera of the pack, or a drone.
fn name_of(app: &App, channel: &str) -> Option<String> {
    let pack = &app.world.pack;
    let camera = pack.cameras.iter().find(|it| it.id.as_str() == channel).map(|it| it.name.to_string());
    camera.or_else(|| pack.drones.iter().find(|it| it.id.as_str() == channel).map(|it| it.name.to_string()))
}

fn is_flying(app: &App, drone: &str) -> bool {
    let i = app.world.pack.drones.iter().position(|it| it.id.as_str() == drone);
    i.is_some_and(|i| app.world.drone(&app.desk().errands, i, app.clock.now()).mode != 0)
}

fn said(code: i64, msg: &str) -> Response {
    Json(wvp::write_code(code, msg)).into_response()
}

async fn misbehave(app: &App) -> Option<Response> {
    if app.fault(WVP) == Some(Fault::ErrorCode) {
        return Some(said(486, "设备无应答"));
    }
    server::misbehave(app, WVP).await
}

async fn play(State(app): State<Arc<App>>, Path((device, channel)): Path<(String, String)>) -> Response {
    if let Some(instead) = misbehave(&app).await {
        return instead;
    }
    let (Some(video), Some(name)) = (&app.video, name_of(&app, &channel).filter(|_| device == DEVICE)) else {
        return said(404, "通道不存在");
    };
    let is_drone = app.world.pack.drones.iter().any(|it| it.id.as_str() == channel);
    if is_drone && !is_flying(&app, &channel) {
        return said(486, "无人机不在空中");
    }
    let rtsp = Some(video.invite(&channel, &name));
    Json(wvp::write_stream(&StreamInfo { app: "rtp".into(), stream: channel, rtsp, ..StreamInfo::default() }))
        .into_response()
}

async fn stop(State(app): State<Arc<App>>) -> Response {
    match misbehave(&app).await {
        Some(instead) => instead,
        None => said(0, "成功"),
    }
}

#[derive(Deserialize)]
struct PageRequest {
    #[serde(default = "first")]
    page: usize,
    #[serde(default = "usual")]
    count: usize,
}

fn first() -> usize {
    1
}
fn usual() -> usize {
    15
}

async fn devices(State(app): State<Arc<App>>) -> Response {
    match misbehave(&app).await {
        Some(instead) => instead,
        None => {
            let device = Device { id: DEVICE.into(), name: "仿真视频平台".into(), online: true };
            Json(wvp::write_devices(1, &[device])).into_response()
        }
    }
}

async fn channels(
    State(app): State<Arc<App>>,
    Path(device): Path<String>,
    Query(PageRequest { page, count }): Query<PageRequest>,
) -> Response {
    if let Some(instead) = misbehave(&app).await {
        return instead;
    }
    if device != DEVICE {
        return said(404, "设备不存在");
    }
    let pack = &app.world.pack;
    let channel = |id: &str, name: &str, at, can_turn| Channel {
        device: DEVICE.into(),
        id: id.to_owned(),
        name: name.to_owned(),
        online: true,
        can_turn,
        at,
    };
    let drones = pack.drones.iter().map(|it| channel(it.id.as_str(), &it.name, None, false));
    let cameras = pack.cameras.iter().map(|it| channel(it.id.as_str(), &it.name, Some(it.at), true));
    let count = count.clamp(1, 2000);
    let list: Vec<Channel> = drones.chain(cameras).skip(page.saturating_sub(1) * count).take(count).collect();
    Json(wvp::write_channels(pack.drones.len() + pack.cameras.len(), &list)).into_response()
}

async fn snap(State(app): State<Arc<App>>, Path((_, channel)): Path<(String, String)>) -> Response {
    if let Some(instead) = misbehave(&app).await {
        return instead;
    }
    still(app, channel).await
}

/// The drone's still of this second; a camera's is drawn like one's that stands on its dock.
async fn still(app: Arc<App>, channel: String) -> Response {
    if app.world.pack.drones.iter().any(|it| it.id.as_str() == channel) {
        return server::feed(State(app), Path(format!("{channel}.jpg"))).await;
    }
    let Some(name) = name_of(&app, &channel).filter(|_| !app.world.pack.drones.is_empty()) else {
        return said(404, "通道不存在");
    };
    let drawn = tokio::task::spawn_blocking(move || {
        let (now, world) = (app.clock.now(), &app.world);
        let dice = world.orders_dice().of_text(&channel);
        let fix = world.drone(&app.desk().errands, 0, now);
        app.painter.still(&name, &fix, &world.weather(now), now, dice)
    });
    match drawn.await {
        Ok(jpeg) => ([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        Err(why) => said(500, &why.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PtzRequest {
    command: String,
    #[serde(default)]
    horizon_speed: u8,
    #[serde(default)]
    vertical_speed: u8,
    #[serde(default)]
    zoom_speed: u8,
}

async fn ptz(
    State(app): State<Arc<App>>,
    Path((_, channel)): Path<(String, String)>,
    Query(PtzRequest { command, horizon_speed, vertical_speed, zoom_speed }): Query<PtzRequest>,
) -> Response {
    if let Some(instead) = misbehave(&app).await {
        return instead;
    }
    let is_camera = app.world.pack.cameras.iter().any(|it| it.id.as_str() == channel);
    let motion = Ptz::motion(&command, horizon_speed, vertical_speed, zoom_speed);
    match (&app.video, motion) {
        (Some(video), Some(motion)) if is_camera => {
            video.turn(&channel, motion);
            said(0, "成功")
        }
        (_, None) => said(400, "未知的云台指令"),
        _ => said(404, "通道不存在"),
    }
}

// ---------------------------------------------------------------- ZLMediaKit

pub(crate) fn zlm_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/index/api/isMediaOnline", get(is_online))
        .route("/index/api/getMediaList", get(get_media_list))
        .route("/index/api/getSnap", get(get_snap))
}

#[derive(Deserialize)]
struct OnlineRequest {
    stream: String,
}

async fn is_online(State(app): State<Arc<App>>, Query(asked): Query<OnlineRequest>) -> Response {
    let is_drone = app.world.pack.drones.iter().any(|it| it.id.as_str() == asked.stream);
    let online = if is_drone { is_flying(&app, &asked.stream) } else { name_of(&app, &asked.stream).is_some() };
    Json(zlm::write_online(online)).into_response()
}

/// Every camera's stream; drones' while they fly are asked for by name.
async fn get_media_list(State(app): State<Arc<App>>) -> Response {
    let cameras = app.world.pack.cameras.iter();
    let list: Vec<zlm::Named> =
        cameras.map(|it| zlm::Named { app: "live".into(), stream: it.id.to_string() }).collect();
    Json(zlm::write_list(&list)).into_response()
}

#[derive(Deserialize)]
struct SnapRequest {
    url: String,
}

/// The stream is the last part of its address.
async fn get_snap(State(app): State<Arc<App>>, Query(asked): Query<SnapRequest>) -> Response {
    let stream = asked.url.rsplit('/').next().unwrap_or_default().to_owned();
    if name_of(&app, &stream).is_none() {
        return Json(zlm::write_code(-300, "no such stream")).into_response();
    }
    still(app, stream).await
}
