//! Kind `wvp`: GB/T 28181 cameras behind WVP-GB28181-pro's REST interface: streams, snapshots, pan, tilt and zoom.
//!
//! ```toml
//! [[connector]]
//! name = "gb28181"
//! title = "视频专网"
//! kind = "wvp"
//! url = "http://10.0.0.6:18080"
//! every_s = 60                              # how often its catalogue is read
//! secrets = { token = "env:WVP_TOKEN" }
//! [connector.options]
//! cameras = { c00001 = "34020000001110000001/34020000001320000001" }   # device/channel
//! ```
//!
//! What `cameras` does not name is found in its catalogue: a channel whose id is a camera's or drone's, or whose name only
//! one camera has.

use crate::{
    connectors::{
        contract::{ConnectorConfig, KindError, Parts, Wire},
        http::{self, HttpError},
    },
    eyes::{Has, Opener, Registered, StreamAddress, WhyNot},
    feeds::{Feed as Polled, FeedError},
    realm::RealmKind,
    sources::Sample,
};
use async_trait::async_trait;
use gulang_city::{CameraId, City, Command, DroneId, Feed, Text};
use gulang_platforms::wvp::{self, Ptz, WvpError};
use gulang_video_link::Transport;
use gulang_wire::Motion;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// An invitation to a camera takes seconds, and WVP waits for it itself.
const PLAY_LIMIT: Duration = Duration::from_secs(18);
const ASK_LIMIT: Duration = Duration::from_secs(8);
const PAGE: u32 = 1000;
/// A catalogue that never ends would keep us for ever.
const MAX_PAGES: u32 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default)]
    cameras: BTreeMap<String, String>,
    #[serde(default)]
    transport: Transport,
}

pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let options: Options = config.options_as()?;
    if reqwest::Url::parse(&config.url).map_or(true, |it| !matches!(it.scheme(), "http" | "https")) {
        return Err(fault("url", format!("{:?} 不是 http 地址", config.url), "写成 http://主机:18080 的样子"));
    }
    let mut named = BTreeMap::new();
    for (camera, channel) in &options.cameras {
        let channel = channel.split_once('/').filter(|(device, channel)| wvp::is_id(device) && wvp::is_id(channel));
        let (device, channel) = channel.ok_or_else(|| {
            fault("options.cameras", format!("{camera} 的通道读不懂"), "写成 设备国标编号/通道国标编号")
        })?;
        let held = Held { device: device.into(), channel: channel.into(), can_turn: true, online: true };
        named.insert(Feed::Camera(camera.as_str().into()), held);
    }
    let source = Wvp {
        name: config.name.clone(),
        http: parts.http.clone(),
        base: config.url.trim_end_matches('/').to_owned(),
        token: parts.secrets.get("token").map(str::to_owned),
        transport: options.transport,
        catalogue: RwLock::new(named.clone()),
        named,
        known: Known {
            cameras: parts.pack.cameras.iter().map(|it| (it.id.clone(), it.name.clone())).collect(),
            drones: parts.pack.drones.iter().map(|it| it.id.clone()).collect(),
        },
    };
    let every = Duration::from_secs_f64(config.every_s.clamp(5.0, 3600.0));
    Ok(Wire::Asked(Box::new(source.registered(&parts.openers, every))))
}

/// One channel of WVP's, for a feed of ours.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    device: String,
    channel: String,
    can_turn: bool,
    online: bool,
}

/// A WVP server.
pub struct Wvp {
    name: Text,
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    transport: Transport,
    /// As configured; they go before what the catalogue says.
    named: BTreeMap<Feed, Held>,
    catalogue: RwLock<BTreeMap<Feed, Held>>,
    known: Known,
}

/// The cameras and drones of the city, by id; cameras also by name.
struct Known {
    cameras: BTreeMap<CameraId, Text>,
    drones: BTreeSet<DroneId>,
}

impl Wvp {
    /// The simulated city's: everything by its catalogue.
    pub fn simulated(http: reqwest::Client, base: &str, city: &City) -> Self {
        Self {
            name: super::names::VIDEO.into(),
            http,
            base: base.trim_end_matches('/').to_owned(),
            token: None,
            transport: Transport::Tcp,
            named: BTreeMap::new(),
            catalogue: RwLock::default(),
            known: Known {
                cameras: city.cameras.values().map(|it| (it.id.clone(), it.name.clone())).collect(),
                drones: city.drones.keys().cloned().collect(),
            },
        }
    }

    /// Its catalogue, to be read every so often; the cameras are there as long as this is kept.
    pub fn registered(self, openers: &Arc<crate::eyes::Openers>, every: Duration) -> Catalogue {
        let source = Arc::new(self);
        Catalogue { _registered: openers.put(source.clone()), source, every, listed: Vec::new() }
    }

    fn held(&self, feed: &Feed) -> Option<Held> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner).get(feed).cloned()
    }

    async fn ask(&self, path: &str, limit: Duration) -> Result<Vec<u8>, HttpError> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.get(&url);
        if let Some(token) = &self.token {
            request = request.header("access-token", token);
        }
        http::exchange_up_to(wvp::MAX_BYTES, request, &url, limit).await
    }

    /// What it lists, and what of the city each entry is.
    async fn read_catalogue(&self) -> Result<Vec<Sample>, FeedError> {
        let (mut found, mut listed) = (BTreeMap::new(), Vec::new());
        let mut list = |raw: String, meant: Result<String, &str>| {
            let (mapped, refused) = meant.map_or_else(|why| (String::new(), why.to_owned()), |it| (it, String::new()));
            listed.push(Sample { raw, mapped, refused });
        };
        let devices = self.pages(|page| wvp::devices_path(page, PAGE), wvp::read_devices).await?;
        for device in &devices {
            if !wvp::is_id(&device.id) {
                list(format!("设备 {} {}", device.id, device.name), Err("设备编号不能用在地址里"));
                continue;
            }
            let read = |bytes: &[u8]| wvp::read_channels(bytes, &device.id);
            for channel in self.pages(|page| wvp::channels_path(&device.id, page, PAGE), read).await? {
                let online = channel.online && device.online;
                let state = if online { "在线" } else { "离线" };
                let raw = format!("{}/{} {} {state}", device.id, channel.id, channel.name);
                let feed = self.named_as(&device.id, &channel.id).or_else(|| self.feed_for(&channel));
                match &feed {
                    _ if !wvp::is_id(&channel.id) => list(raw, Err("通道编号不能用在地址里")),
                    Some(feed) => list(raw, Ok(title_of(feed))),
                    None => list(raw, Err("城市里没有这个编号的摄像头，也没有唯一同名的；在 options.cameras 中写明")),
                }
                if let Some(feed) = feed.filter(|_| wvp::is_id(&channel.id)) {
                    let held =
                        Held { device: device.id.clone(), channel: channel.id, can_turn: channel.can_turn, online };
                    found.insert(feed, held);
                }
            }
        }
        found.extend(self.named.clone());
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(listed)
    }

    /// What `options.cameras` calls a channel.
    fn named_as(&self, device: &str, channel: &str) -> Option<Feed> {
        let named = self.named.iter().find(|(_, it)| it.device == device && it.channel == channel);
        named.map(|(feed, _)| feed.clone())
    }

    async fn pages<T>(
        &self,
        path: impl Fn(u32) -> String,
        read: impl Fn(&[u8]) -> Result<wvp::Page<T>, WvpError>,
    ) -> Result<Vec<T>, FeedError> {
        let mut all = Vec::new();
        for page in 1..=MAX_PAGES {
            let bytes = self.ask(&path(page), ASK_LIMIT).await;
            let bytes = bytes.map_err(|why| FeedError { what: why.to_string(), remedy: why.remedy() })?;
            let page = read(&bytes).map_err(|why| FeedError { what: why.to_string(), remedy: why.remedy() })?;
            let n = page.list.len();
            all.extend(page.list);
            if n == 0 || all.len() as u64 >= page.total {
                break;
            }
        }
        Ok(all)
    }

    fn feed_for(&self, channel: &wvp::Channel) -> Option<Feed> {
        let known = &self.known;
        if known.cameras.contains_key(channel.id.as_str()) {
            return Some(Feed::Camera(channel.id.as_str().into()));
        }
        if known.drones.contains(channel.id.as_str()) {
            return Some(Feed::Drone(channel.id.as_str().into()));
        }
        let mut called = known.cameras.iter().filter(|(_, name)| ***name == *channel.name);
        match (called.next(), called.next()) {
            (Some((only, _)), None) => Some(Feed::Camera(only.clone())),
            _ => None,
        }
    }
}

fn title_of(feed: &Feed) -> String {
    match feed {
        Feed::Camera(id) => format!("摄像头 {id}"),
        Feed::Drone(id) => format!("无人机 {id}"),
        other => format!("{other:?}"),
    }
}

fn why_not(why: &WvpError) -> WhyNot {
    WhyNot { what: why.to_string(), remedy: why.remedy().into(), may_pass: why.may_pass() }
}

fn unreachable(why: &HttpError) -> WhyNot {
    WhyNot::passing(why, why.remedy())
}

fn unlisted() -> WhyNot {
    WhyNot::passing("WVP 的目录里没有这个摄像头", "在 WVP 中同步通道，或在 options.cameras 中写明国标编号")
}

#[async_trait]
impl Opener for Wvp {
    fn name(&self) -> &str {
        &self.name
    }

    fn has(&self, feed: &Feed) -> Has {
        self.held(feed).map_or(Has::default(), |it| Has { stream: true, still: true, wheel: it.can_turn })
    }

    async fn open(&self, feed: &Feed) -> Result<StreamAddress, WhyNot> {
        let held = self.held(feed).ok_or_else(unlisted)?;
        if !held.online {
            return Err(WhyNot::passing("摄像机离线（WVP 目录所示）", "检查摄像机电源与网络"));
        }
        let bytes = self.ask(&wvp::play_path(&held.device, &held.channel), PLAY_LIMIT).await;
        let info = wvp::read_stream(&bytes.map_err(|why| unreachable(&why))?).map_err(|why| why_not(&why))?;
        let url = info.best().ok_or_else(|| why_not(&WvpError::NoAddress))?;
        Ok(StreamAddress::of(url, self.transport))
    }

    async fn close(&self, feed: &Feed) {
        if let Some(held) = self.held(feed) {
            // WVP ends a stream nobody watches by itself; this only spares the camera the wait.
            let _ = self.ask(&wvp::stop_path(&held.device, &held.channel), ASK_LIMIT).await;
        }
    }

    async fn still(&self, feed: &Feed) -> Result<Vec<u8>, WhyNot> {
        let held = self.held(feed).ok_or_else(unlisted)?;
        let bytes = self.ask(&wvp::snap_path(&held.device, &held.channel), ASK_LIMIT).await;
        let bytes = bytes.map_err(|why| unreachable(&why))?;
        if bytes.starts_with(&[0xff, 0xd8]) {
            return Ok(bytes);
        }
        let why = wvp::read_done(&bytes).err().unwrap_or(WvpError::Unreadable("不是 JPEG 图片".into()));
        Err(why_not(&why))
    }

    async fn steer(&self, feed: &Feed, motion: Motion) -> Result<(), WhyNot> {
        let held = self.held(feed).ok_or_else(unlisted)?;
        let asked = Ptz::of(motion.pan, motion.tilt, motion.zoom).path(&held.device, &held.channel);
        let bytes = self.ask(&asked, ASK_LIMIT).await.map_err(|why| unreachable(&why))?;
        wvp::read_done(&bytes).map_err(|why| why_not(&why))
    }
}

/// Reads the catalogue now and then; whether that goes well is the connector's health.
pub struct Catalogue {
    source: Arc<Wvp>,
    /// Dropping it takes the cameras away.
    _registered: Registered,
    every: Duration,
    listed: Vec<Sample>,
}

#[async_trait]
impl Polled for Catalogue {
    fn platform(&self) -> &str {
        &self.source.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        self.listed = self.source.read_catalogue().await?;
        Ok((Vec::new(), false))
    }

    fn catalogue(&mut self) -> Vec<Sample> {
        std::mem::take(&mut self.listed)
    }

    fn recorded(&mut self) {}
}
