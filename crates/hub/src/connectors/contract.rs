//! The one contract every connector of `[[connector]]` obeys, whatever it speaks.
//!
//! A connector decodes. It never retries, numbers, keeps time or decides when it is asked: the hub does (`attend`). What it
//! hears goes through its [`Ear`], which counts, limits and attributes it; so a connector looks the same at work and under
//! `gulang-hub connect NAME --try`, where the ear only keeps samples.

use crate::connectors::outlook::Outlook;
use crate::core::Core;
use crate::feeds::{Cursors, Feed, FeedError};
use crate::flights::Links;
use crate::realm::RealmKind;
use async_trait::async_trait;
use bytes::Bytes;
use gulang_city::{Pack, PlatformId, Text, Timestamp};
use gulang_platforms::{
    Heard,
    mapping::{Crs, Mapping, MappingError, To},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};
use tokio::sync::{Mutex, mpsc, oneshot};

/// One `[[connector]]` of `gulang.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorConfig {
    /// Its lamp's id: lower-case letters, digits, `-`.
    pub name: Text,
    /// On screens.
    pub title: Text,
    /// One of [`kinds`].
    pub kind: Text,
    /// `actual` or `exercise`; an exercise never hears an actual connector.
    #[serde(default = "actual")]
    pub realm: gulang_city::Realm,
    /// `http://…`, `mqtt://host:port`, `tcp://0.0.0.0:port` for one that is called, as the kind says.
    #[serde(default)]
    pub url: Text,
    /// How often a polled one is asked, s.
    #[serde(default = "ten")]
    pub every_s: f64,
    /// Past this, what it says is stale, s.
    #[serde(default = "two_minutes")]
    pub freshness_s: f64,
    /// Messages taken a second at most; what is over is dropped and counted. None: no limit.
    #[serde(default)]
    pub max_per_s: Option<u32>,
    /// What its coordinates are in.
    #[serde(default)]
    pub crs: SourceCrs,
    /// Secrets by name, never the secret itself: `env:NAME` or `keyring:SERVICE/USER`.
    #[serde(default)]
    pub secrets: BTreeMap<Text, Text>,
    /// What else the kind wants to know; each kind reads its own type from it.
    #[serde(default)]
    pub options: toml::Table,
    /// From the platform's fields to ours, where it speaks no standard (`gulang_platforms::mapping`).
    #[serde(default)]
    pub mapping: toml::Table,
    /// The simulated city's; no file says so.
    #[serde(skip)]
    pub simulated: bool,
}

/// What a source's coordinates are in; converted at the edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceCrs {
    #[default]
    Wgs84,
    Gcj02,
    Bd09,
}

impl From<SourceCrs> for Crs {
    fn from(crs: SourceCrs) -> Self {
        match crs {
            SourceCrs::Wgs84 => Self::Wgs84,
            SourceCrs::Gcj02 => Self::Gcj02,
            SourceCrs::Bd09 => Self::Bd09,
        }
    }
}

impl ConnectorConfig {
    /// The kind's own options.
    pub fn options_as<T: DeserializeOwned>(&self) -> Result<T, KindError> {
        toml::Value::Table(self.options.clone()).try_into().map_err(|why: toml::de::Error| {
            let why = why.message().replace('\n', " ");
            // The reader names the field in backticks, if it is about one.
            let field = why.split('`').nth(1).filter(|it| self.options.contains_key(*it));
            let what = field.map_or("options".to_owned(), |it| format!("options.{it}"));
            KindError { what, why, todo: "改正 [connector.options]；样子见该种类的说明".into() }
        })
    }

    /// What its mapping's entries become, if it has a mapping of one kind.
    pub fn mapped_to(&self) -> Option<To> {
        let name = self.mapping.get("to").and_then(toml::Value::as_str)?;
        To::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Its mapping, for kinds that need one.
    pub fn mapping_rules(&self) -> Result<Mapping, KindError> {
        Ok(Mapping::parse(&self.mapping, self.crs.into())?)
    }
}

fn actual() -> gulang_city::Realm {
    gulang_city::Realm::Actual
}
fn ten() -> f64 {
    10.0
}
fn two_minutes() -> f64 {
    120.0
}

/// Why a connector cannot be opened; found by `gulang-hub check` too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}：{why}；{todo}")]
pub struct KindError {
    /// The key at fault, such as `options.topics`, for the line number.
    pub what: String,
    pub why: String,
    pub todo: String,
}

impl From<MappingError> for KindError {
    fn from(error: MappingError) -> Self {
        Self { what: format!("mapping.{}", error.key), why: error.why, todo: error.todo }
    }
}

/// What a kind gets to open a connector with. Nothing is sent while opening.
#[derive(Clone)]
pub struct Parts<R: RealmKind> {
    pub http: reqwest::Client,
    pub cursors: Arc<Cursors>,
    pub pack: Arc<Pack>,
    /// The resolved secrets; never printed.
    pub secrets: Secrets,
    /// Where a kind that flies drones leaves its link.
    pub flights: Links<R>,
    /// Where a connector that gives pictures says so, and keeps what it gets back as long as it is open.
    pub openers: Arc<crate::eyes::Openers>,
    /// Where route files are laid out for docks.
    pub waylines: Arc<crate::waylines::Shelf>,
    pub realm: PhantomData<R>,
}

impl<R: RealmKind> Parts<R> {
    /// For a connector that is only tried or checked: nothing of it reaches a hub at work.
    pub fn apart(pack: Arc<Pack>) -> Self {
        Self {
            http: crate::connectors::http::client(),
            cursors: Arc::default(),
            pack,
            secrets: Secrets::default(),
            flights: Links::default(),
            openers: Arc::default(),
            waylines: Arc::default(),
            realm: PhantomData,
        }
    }
}

/// Resolved secrets by name. `Debug` shows the names only.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<Text, String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// An opened connector, by who begins to speak.
pub enum Wire {
    /// We ask.
    Asked(Box<dyn Feed>),
    /// It speaks: a subscription, a port that is called, a stream.
    Speaks(Box<dyn Listener>),
}

/// A source that speaks when it likes.
#[async_trait]
pub trait Listener: Send {
    /// The connector's name, whose lamp it moves.
    fn platform(&self) -> &str;
    /// Hears until the connection ends; the hub calls again, with backoff. Cancelled at any await.
    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError>;
}

/// Where what is heard goes.
#[derive(Clone)]
pub struct Ear {
    pub platform: PlatformId,
    pub sink: Arc<dyn Sink>,
}

/// The hub's side of an [`Ear`].
#[async_trait]
pub trait Sink: Send + Sync {
    /// Takes what one message meant; `raw` is the message, for counts and samples. Returns when commands are in the log
    /// (at once if there are none), `Err` if they could not be recorded and should be offered again.
    async fn take(&self, raw: &[u8], heard: Heard) -> Result<(), String>;
    /// Whether the rate limit has no room for a message of so many bytes; it is counted as dropped then. For those who can
    /// tell whoever sent it: [`Sink::take`] drops in silence.
    fn turns_away(&self, _n_bytes: usize) -> bool {
        false
    }
    /// As [`Self::take`], of `n_messages` that came at once; `raw` is one of them.
    async fn take_many(&self, n_messages: u64, raw: &[u8], heard: Heard) -> Result<(), String> {
        let _ = n_messages;
        self.take(raw, heard).await
    }
    /// Connected, or heard without news: the lamp stays lit.
    fn alive(&self);
    /// How it stands, in lines for the page of sources: of one that pushes how far it is, and what it would send if tried.
    fn stands(&self, _lines: Vec<String>) {}
    /// The realm's clock.
    fn now(&self) -> Timestamp;
    /// The hub it belongs to, for connectors that also send. None where a connector is only tried: then it sends nothing.
    fn core(&self) -> Option<Arc<Core>> {
        None
    }
    /// What comes to the hub's own door for this connector, `POST /hook/{name}`. Only webhooks listen there.
    fn door(&self) -> Option<Door> {
        None
    }
}

/// Where [`Knock`]s wait. One listener holds it at a time.
pub type Door = Arc<Mutex<mpsc::Receiver<Knock>>>;

/// One request to `POST /hook/{name}`.
#[derive(Debug)]
pub struct Knock {
    /// Names in lower case; values that are no text are left out.
    pub headers: BTreeMap<String, String>,
    pub body: Bytes,
    pub answer: oneshot::Sender<Result<Taken, KnockRefusal>>,
}

/// What a request was worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Entries that could be read.
    pub n_read: usize,
    pub n_refused: usize,
}

/// Why a request is sent away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnockRefusal {
    #[error("签名或令牌不对")]
    Unauthorized,
    /// Over the rate limit, and counted as dropped.
    #[error("来得太快，请稍后重发")]
    TooFast,
    /// Worth sending again.
    #[error("没有记录，请重发：{0}")]
    NotRecorded(String),
}

impl Ear {
    pub async fn take(&self, raw: &[u8], heard: Heard) -> Result<(), String> {
        self.sink.take(raw, heard).await
    }

    /// Takes what was brought to the door; over the rate limit it is sent away, to be brought again.
    pub async fn take_knock(&self, body: &[u8], heard: Heard) -> Result<Taken, KnockRefusal> {
        if self.sink.turns_away(body.len()) {
            return Err(KnockRefusal::TooFast);
        }
        let taken = Taken { n_read: heard.news.len() + heard.commands.len(), n_refused: heard.refused.len() };
        self.take(body, heard).await.map(|()| taken).map_err(KnockRefusal::NotRecorded)
    }

    pub async fn take_many(&self, n_messages: u64, raw: &[u8], heard: Heard) -> Result<(), String> {
        self.sink.take_many(n_messages, raw, heard).await
    }

    pub fn alive(&self) {
        self.sink.alive();
    }

    pub fn stands(&self, lines: Vec<String>) {
        self.sink.stands(lines);
    }

    pub fn now(&self) -> Timestamp {
        self.sink.now()
    }

    pub fn door(&self) -> Option<Door> {
        self.sink.door()
    }

    /// What a connector of realm `R` may look at to know what to send; nothing of the other realm.
    pub fn outlook<R: RealmKind>(&self) -> Option<Outlook<R>> {
        Outlook::of(self.sink.core()?)
    }
}

/// Whether a connector is called at the hub's own door, `POST /hook/{name}`.
pub fn has_door(config: &ConnectorConfig) -> bool {
    match &*config.kind {
        "webhook" => true,
        "video-ai" | "quake" => config.url.is_empty(),
        _ => false,
    }
}

/// A kind of connector: what `kind = "…"` may name.
pub struct Kind<R: RealmKind> {
    pub name: &'static str,
    /// For `gulang-hub connect --kinds`, one line.
    pub about: &'static str,
    pub open: fn(&ConnectorConfig, &Parts<R>) -> Result<Wire, KindError>,
}

/// Every kind there is, by name.
pub fn kinds<R: RealmKind>() -> Vec<Kind<R>> {
    use super::{
        cap, cot, dji, egova, grid, jt808, mavlink, mqtt_json, open311, province, quake, rain_grid, rest, rtsp,
        sensorthings, typhoon, video_ai, webhook, wvp, zlm,
    };
    vec![
        Kind {
            name: "rest", about: "按时询问的 JSON 接口：请求头模板、翻页、ETag，经字段映射", open: rest::open::<R>
        },
        Kind {
            name: "webhook",
            about: "平台推到本枢纽 POST /hook/{name} 的 JSON：令牌或签名，经字段映射",
            open: webhook::open::<R>,
        },
        Kind {
            name: "mqtt", about: "MQTT 上的 JSON：按主题订阅，经字段映射", open: mqtt_json::open::<R>
        },
        Kind { name: "dji", about: "大疆机场和无人机（上云 API，MQTT）", open: dji::open::<R> },
        Kind {
            name: "jt808",
            about: "车载终端（JT/T 808-2013、2019），监听 TCP：tcp://0.0.0.0:8808",
            open: jt808::open::<R>,
        },
        Kind {
            name: mavlink::KIND,
            about: "MAVLink 2 无人机：udp://地址:端口 等来电，udp-call:// 或 tcp:// 去连",
            open: mavlink::open::<R>,
        },
        Kind {
            name: cot::KIND,
            about: "Cursor-on-Target 外勤终端：tcp://TAK 服务器:端口，或 udp://地址:端口",
            open: cot::open::<R>,
        },
        Kind {
            name: "sensorthings",
            about: "OGC SensorThings 1.1：分页读取，或订阅 MQTT 主题",
            open: sensorthings::open::<R>,
        },
        Kind {
            name: "rtsp", about: "摄像机直连（RTSP、RTMP、HTTP-FLV），按表给出流地址", open: rtsp::open::<R>
        },
        Kind {
            name: "wvp", about: "GB/T 28181 摄像机，经 WVP-GB28181-pro：点播、快照、云台", open: wvp::open::<R>
        },
        Kind {
            name: "video-ai",
            about: "视频智能识别：按时询问，或推到 POST /hook/{name}；图片另取，判定回送",
            open: video_ai::open::<R>,
        },
        Kind { name: "cap", about: "CAP 1.2 预警：Atom、RSS、JSON 目录或文件列表", open: cap::open::<R> },
        Kind {
            name: "typhoon-zj", about: "台风路径（浙江水利厅的样子）", open: typhoon::open_zhejiang::<R>
        },
        Kind {
            name: "typhoon-nmc", about: "台风路径（中央气象台台风网的样子）", open: typhoon::open_nmc::<R>
        },
        Kind {
            name: "typhoon-jma", about: "台风路径（日本气象厅 bosai 的样子）", open: typhoon::open_jma::<R>
        },
        Kind {
            name: "quake", about: "地震预警与速报（JSON，预设或字段映射），询问或推送", open: quake::open::<R>
        },
        Kind {
            name: "rain-grid", about: "雨量格点（GRIB2 或 JSON）：实况、临近、预报", open: rain_grid::open::<R>
        },
        Kind { name: "zlm", about: "ZLMediaKit 流媒体服务：播放与快照", open: zlm::open::<R> },
        Kind {
            name: egova::KIND,
            about: "案件平台（eGova 式开放接口）：同步、上报、办理、督办，令牌自动换新",
            open: egova::open::<R>,
        },
        Kind {
            name: open311::KIND, about: "Open311 GeoReport v2：受理的请求，上报案件", open: open311::open::<R>
        },
        Kind { name: grid::KIND, about: "网格平台：单元网格的当班与人员位置", open: grid::open::<R> },
        Kind {
            name: province::KIND,
            about: "上级平台：按时推送案件、地理、视频目录，分页续传；只有实战",
            open: province::open::<R>,
        },
    ]
}
