//! `kind = "sensorthings"`: OGC SensorThings API 1.1, its pages or its MQTT topics.
//!
//! ```toml
//! [[connector]]
//! name = "sta"
//! title = "积水监测（SensorThings）"
//! kind = "sensorthings"
//! url = "http://127.0.0.1:8080/FROST-Server/v1.1"
//! every_s = 10
//! secrets = { token = "env:STA_TOKEN" }     # sent as a bearer token; or password, with options.username
//!
//! [connector.options]
//! by = "property"                           # thing_name, thing_id, stream_name, property
//! property = "externalId"
//! mqtt = "mqtt://127.0.0.1:1883"            # with it readings are heard, not asked for
//! [[connector.options.streams]]
//! observed = "water depth"
//! to = "sensor"                             # or the id of a register of things
//! unit = "cm"
//! ```
//!
//! The Datastreams are read first and again every hour: they say whose each Observation is, and in which unit. Pages of
//! Observations are asked for from the newest `resultTime` recorded, itself included, so that nothing between two pages is
//! missed; what comes twice is known. Without a cursor it begins one freshness budget ago, not with the server's history.
//!
//! It listens in both shapes, since a [`Feed`](crate::feeds::Feed) brings commands alone; between pages it waits as the
//! configuration says.

use super::{
    contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Secrets, Wire},
    http::{HttpError, exchange_up_to},
};
use crate::{
    feeds::{Cursors, FeedError},
    realm::RealmKind,
};
use async_trait::async_trait;
use futures_util::FutureExt;
use gulang_city::{LonLat, Text, ThingState, Timestamp};
use gulang_platforms::{
    Heard, News,
    sensorthings::{
        Catalog, EntityId, MAX_PAGE_BYTES, SensorThingsError, StreamNaming, StreamRule, StreamRules, To,
        decode_message, decode_observations, decode_streams, write,
    },
};
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS, SubscribeFilter};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// A page of a busy server takes a while.
const ASK_LIMIT: Duration = Duration::from_secs(30);
/// The Datastreams are read again so often.
const CATALOG_AGE: Duration = Duration::from_secs(3600);
/// Pages in one go, at most; then it waits its turn again.
const MAX_PAGES: usize = 500;
/// Topics in one subscription.
const TOPICS_AT_ONCE: usize = 500;
/// Messages of one wake-up, at most.
const MESSAGES_AT_ONCE: usize = 1000;
/// A result from farther ahead is no cursor: it would hide everything until then.
const AHEAD_MS: i64 = 60_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default)]
    by: StreamNaming,
    #[serde(default)]
    property: Text,
    #[serde(default)]
    table: BTreeMap<Text, Text>,
    streams: Vec<StreamRule>,
    /// Entities in one page.
    #[serde(default = "thousand")]
    top: u32,
    #[serde(default)]
    username: Text,
    #[serde(default)]
    mqtt: Option<Text>,
    /// Instead of one topic for each Datastream, where the broker allows wildcards.
    #[serde(default)]
    topics: Vec<Text>,
}

fn thousand() -> u32 {
    1000
}

#[derive(Debug, thiserror::Error)]
enum StaError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Codec(#[from] SensorThingsError),
    #[error("下一页的地址 {0} 不在 {1} 上")]
    Elsewhere(String, String),
    #[error("没有一个数据流合 options.streams")]
    NoStream,
    #[error("MQTT 连接中断：{0}")]
    Mqtt(String),
    #[error("读数没有记下：{0}")]
    NotRecorded(String),
}

impl StaError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Codec(error) => error.remedy(),
            Self::Elsewhere(..) => "请平台把 serviceRootUrl 配成对外的地址",
            Self::NoStream => "用 --try 看平台有哪些数据流，改 options.streams 的 observed",
            Self::Mqtt(_) => "检查 MQTT 服务是否在运行；系统会自己重连",
            Self::NotRecorded(_) => "系统会再要一次",
        }
    }
}

impl From<StaError> for FeedError {
    fn from(error: StaError) -> Self {
        Self { remedy: error.remedy(), what: error.to_string() }
    }
}

struct SensorThings {
    name: Text,
    http: reqwest::Client,
    base: reqwest::Url,
    every: Duration,
    /// How far back it begins without a cursor, ms.
    back_ms: i64,
    options: Options,
    broker: Option<(String, u16)>,
    secrets: Secrets,
    cursors: Arc<Cursors>,
    catalog: Catalog,
    learned: Option<Instant>,
}

pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let example = "写成 http://主机:端口/…/v1.1";
    let base = reqwest::Url::parse(config.url.trim_end_matches('/'))
        .map_err(|why| fault("url", format!("{:?} 不是地址：{why}", config.url), example))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(fault("url", format!("{:?} 不是 http 或 https", config.url), example));
    }
    let options: Options = config.options_as()?;
    if !(1..=50_000).contains(&options.top) {
        return Err(fault("options.top", format!("{} 不在 1 到 50000 之间", options.top), "不写就是 1000"));
    }
    let rules = StreamRules {
        by: options.by,
        property: options.property.clone(),
        table: options.table.clone(),
        streams: options.streams.clone(),
    };
    if let Some((what, why)) = rules.fault() {
        return Err(fault(what, why, "对照 connectors/sensorthings.rs 的例子"));
    }
    let broker = options
        .mqtt
        .as_deref()
        .map(broker_of)
        .transpose()
        .map_err(|why| fault("options.mqtt", why, "写成 mqtt://主机:端口；本程序不带 TLS，加密请经本机的代理"))?;
    Ok(Wire::Speaks(Box::new(SensorThings {
        name: config.name.clone(),
        http: parts.http.clone(),
        base,
        every: Duration::from_secs_f64(config.every_s.clamp(0.2, 86_400.0)),
        back_ms: (config.freshness_s.clamp(1.0, 864_000.0) * 1000.0) as i64,
        options,
        broker,
        secrets: parts.secrets.clone(),
        cursors: parts.cursors.clone(),
        catalog: Catalog::new(rules),
        learned: None,
    })))
}

fn broker_of(address: &str) -> Result<(String, u16), String> {
    let bad = || format!("{address:?} 不是 MQTT 地址");
    let plain = address.strip_prefix("mqtt://").unwrap_or(address);
    let (host, port) = plain.trim_end_matches('/').rsplit_once(':').ok_or_else(bad)?;
    if host.is_empty() || host.contains("//") {
        return Err(bad());
    }
    Ok((host.to_owned(), port.parse().map_err(|_| bad())?))
}

#[async_trait]
impl Listener for SensorThings {
    fn platform(&self) -> &str {
        &self.name
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        self.learn(ear).await?;
        match self.broker.clone() {
            Some(broker) => self.hear(broker, ear).await?,
            None => loop {
                self.ask(ear).await?;
                tokio::time::sleep(self.every).await;
                self.learn(ear).await?;
            },
        }
        Ok(())
    }
}

impl SensorThings {
    /// Reads the Datastreams, unless it did of late; a thing's place is news of it.
    async fn learn(&mut self, ear: &Ear) -> Result<(), StaError> {
        if self.learned.is_some_and(|it| it.elapsed() < CATALOG_AGE) {
            return Ok(());
        }
        let query = [
            ("$expand", "Thing($expand=Locations),ObservedProperty".to_owned()),
            ("$top", self.options.top.to_string()),
        ];
        let mut request = self.get(self.below("Datastreams")).query(&query);
        let mut url = self.below("Datastreams").to_string();
        for _ in 0..MAX_PAGES {
            let bytes = exchange_up_to(MAX_PAGE_BYTES, request, &url, ASK_LIMIT).await?;
            let page = decode_streams(&bytes)?;
            let mut heard = Heard::default();
            for stream in &page.streams {
                match self.catalog.add(stream) {
                    Ok(Some(target)) => heard.news.extend(place_of(&target.to, stream.place, ear.now())),
                    Ok(None) => {}
                    Err(why) => heard.refuse(&format!("{} {}", stream.id, stream.name), why),
                }
            }
            self.take(ear, &bytes, heard).await?;
            let Some(next) = page.next.filter(|_| !page.streams.is_empty()) else { break };
            let next = self.on_server(&next)?;
            url = next.to_string();
            request = self.get(next);
        }
        if self.catalog.is_empty() {
            return Err(StaError::NoStream);
        }
        self.learned = Some(Instant::now());
        Ok(())
    }

    /// Every page there is since the cursor.
    async fn ask(&mut self, ear: &Ear) -> Result<(), StaError> {
        let name = format!("{}/observations", self.name);
        let known = self.cursors.get(&name).parse().ok().map(Timestamp);
        let from = known.unwrap_or(Timestamp(ear.now().0 - self.back_ms));
        let query = [
            ("$expand", "Datastream($select=id)".to_owned()),
            ("$select", "phenomenonTime,resultTime,result".to_owned()),
            ("$orderby", "resultTime asc".to_owned()),
            ("$filter", format!("resultTime ge {}", write::instant(from))),
            ("$top", self.options.top.to_string()),
        ];
        let mut url = self.below("Observations").to_string();
        let mut request = self.get(self.below("Observations")).query(&query);
        let mut newest = from;
        for _ in 0..MAX_PAGES {
            let bytes = exchange_up_to(MAX_PAGE_BYTES, request, &url, ASK_LIMIT).await?;
            let (heard, end) = decode_observations(&bytes, None, &self.catalog)?;
            self.take(ear, &bytes, heard).await?;
            newest = newest.max(end.newest.filter(|it| it.0 <= ear.now().0 + AHEAD_MS).unwrap_or(newest));
            self.cursors.set(&name, &newest.0.to_string());
            let Some(next) = end.next.filter(|_| end.n_rows > 0) else { break };
            let next = self.on_server(&next)?;
            url = next.to_string();
            request = self.get(next);
        }
        ear.alive();
        Ok(())
    }

    /// Hears until the connection ends, or the Datastreams are to be read again.
    async fn hear(&mut self, (host, port): (String, u16), ear: &Ear) -> Result<(), StaError> {
        let mut options = MqttOptions::new(format!("gulang-{}-{}", self.name, std::process::id()), host, port);
        options.set_keep_alive(Duration::from_secs(20));
        options.set_max_packet_size(1 << 20, 1 << 20);
        if let Some(password) = self.secrets.get("password") {
            options.set_credentials(&*self.options.username, password);
        }
        let (client, mut events) = AsyncClient::new(options, 64);
        let until = tokio::time::Instant::now() + CATALOG_AGE;
        loop {
            let Ok(first) = tokio::time::timeout_at(until, events.poll()).await else {
                self.learned = None;
                return Ok(());
            };
            let mut happened = vec![first];
            while happened.len() < MESSAGES_AT_ONCE && happened.last().is_some_and(Result::is_ok) {
                match next_of(&mut events) {
                    Some(next) => happened.push(next),
                    None => break,
                }
            }
            let (mut whole, mut sample, mut n_messages) = (Heard::default(), Vec::new(), 0);
            for event in happened {
                match event.map_err(|why| StaError::Mqtt(why.to_string()))? {
                    Event::Incoming(Packet::ConnAck(_)) => {
                        ear.alive();
                        tokio::spawn(subscribe(client.clone(), self.topics()));
                    }
                    Event::Incoming(Packet::Publish(message)) => {
                        n_messages += 1;
                        match decode_message(&message.topic, &message.payload, &self.catalog, ear.now()) {
                            Ok(heard) => whole.append(heard),
                            Err(why) => whole.refuse(&message.topic, why),
                        }
                        if sample.is_empty() {
                            sample = message.payload.to_vec();
                        }
                    }
                    _ => {}
                }
            }
            if !whole.is_empty() {
                ear.take_many(n_messages, &sample, whole).await.map_err(StaError::NotRecorded)?;
            }
        }
    }

    fn topics(&self) -> Vec<String> {
        if self.options.topics.is_empty() {
            return self.catalog.ids().map(|it: EntityId| write::topic(&it)).collect();
        }
        self.options.topics.iter().map(|it| it.to_string()).collect()
    }

    async fn take(&self, ear: &Ear, raw: &[u8], heard: Heard) -> Result<(), StaError> {
        ear.take(raw, heard).await.map_err(StaError::NotRecorded)
    }

    fn below(&self, entity: &str) -> reqwest::Url {
        let mut url = self.base.clone();
        let path = format!("{}/{entity}", self.base.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }

    /// A server says where its next page is; it may not send us, and our token, elsewhere.
    fn on_server(&self, next: &str) -> Result<reqwest::Url, StaError> {
        let elsewhere = || StaError::Elsewhere(next.chars().take(200).collect(), self.base.to_string());
        let url = self.below("Observations").join(next).map_err(|_| elsewhere())?;
        if url.origin() != self.base.origin() {
            return Err(elsewhere());
        }
        Ok(url)
    }

    fn get(&self, url: reqwest::Url) -> reqwest::RequestBuilder {
        let request = self.http.get(url);
        match (self.secrets.get("token"), self.secrets.get("password")) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Some(password)) => request.basic_auth(&*self.options.username, Some(password)),
            (None, None) => request,
        }
    }
}

/// What is there already, without waiting.
fn next_of(events: &mut EventLoop) -> Option<Result<Event, rumqttc::ConnectionError>> {
    events.poll().now_or_never()
}

async fn subscribe(client: AsyncClient, topics: Vec<String>) {
    for some in topics.chunks(TOPICS_AT_ONCE) {
        let filters = some.iter().map(|it| SubscribeFilter::new(it.clone(), QoS::AtMostOnce));
        if client.subscribe_many(filters.collect::<Vec<_>>()).await.is_err() {
            return; // The connection is gone; whoever polls it says so.
        }
    }
}

/// A thing of a register is made known with its place before it measures.
fn place_of(to: &To, place: Option<LonLat>, at: Timestamp) -> Option<News> {
    let To::Thing { register, thing } = to else { return None };
    let (register, thing) = (register.clone(), thing.clone());
    Some(News::Thing { register, thing, place, heading: f32::NAN, state: ThingState::Normal, at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brokers_address_is_read_and_others_are_not() {
        for text in ["mqtt://127.0.0.1:1883", "127.0.0.1:1883", "mqtt://127.0.0.1:1883/"] {
            assert_eq!(broker_of(text), Ok(("127.0.0.1".to_owned(), 1883)), "{text}");
        }
        for text in ["", "mqtts://a:8883", "a", "a:b", ":1883", "mqtt://a:99999"] {
            assert!(broker_of(text).is_err(), "{text}");
        }
    }
}
