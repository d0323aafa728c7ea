//! Sensors and teams over MQTT, alone or in batches. DJI's topics are read by [`gulang_platforms::dji`].

use super::{News, names};
use gulang_city::{Command, Fix, Realm, Timestamp};
use gulang_platforms::dji::{self, DrcAnswer, LiveAnswer, Wants};
use rumqttc::{AsyncClient, EventLoop, MqttOptions, QoS};
use serde::Deserialize;
use std::time::Duration;

/// Larger messages are refused before decoding.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// What a city's broker is asked for.
pub const TOPICS: [&str; 11] = [
    "sensors/batch/+",
    "sensors/+/reading",
    "teams/batch",
    "thing/product/+/osd",
    "thing/product/+/state",
    "thing/product/+/services_reply",
    "thing/product/+/drc/up",
    "thing/product/+/requests",
    "thing/product/+/events",
    "sys/product/+/status",
    "sim/barrier",
];

#[derive(Debug, thiserror::Error)]
pub enum MqttError {
    #[error("MQTT 地址 {0:?} 应为 主机:端口")]
    Address(String),
    #[error("MQTT 连接中断：{0}")]
    Connection(String),
    #[error("主题 {topic} 的消息读不懂：{why}")]
    Garbage { topic: String, why: String },
}

impl MqttError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Address(_) => "在配置里写成 127.0.0.1:1883 的样子",
            Self::Connection(_) => "检查 MQTT 服务是否在运行；系统会自己重连",
            Self::Garbage { .. } => "该设备的固件或网关有误：联系厂商",
        }
    }
}

/// What one message meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// Which connector was heard.
    pub platform: &'static str,
    pub news: Vec<News>,
    /// What docks say of our flights.
    pub commands: Vec<Command>,
    /// A dock's answer on the direct channel.
    pub drc: Option<DrcAnswer>,
    /// What a dock waits for.
    pub wants: Option<Wants>,
    pub live: Option<LiveAnswer>,
    /// Topic and payload to publish back.
    pub replies: Vec<(String, String)>,
    /// The simulated city's lockstep mark.
    pub barrier: Option<u64>,
    /// Entries of a batch that made no sense.
    pub n_bad: u64,
}

/// A client and its loop. `whole` subscribes to everything, which keeps the broker's order across topics (lockstep needs
/// it); a city's broker is only asked for [`TOPICS`], after each connect.
pub fn open(address: &str, client_id: &str) -> Result<(AsyncClient, EventLoop), MqttError> {
    let bad = || MqttError::Address(address.to_owned());
    let (host, port) = address.rsplit_once(':').ok_or_else(bad)?;
    let mut options = MqttOptions::new(client_id, host, port.parse().map_err(|_| bad())?);
    options.set_keep_alive(Duration::from_secs(20));
    options.set_clean_session(true);
    options.set_max_packet_size(MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES);
    Ok(AsyncClient::new(options, 256))
}

pub async fn subscribe(client: &AsyncClient, whole: bool) -> Result<(), MqttError> {
    let topics: &[&str] = if whole { &["#"] } else { &TOPICS };
    for topic in topics {
        client.subscribe(*topic, QoS::AtMostOnce).await.map_err(|why| MqttError::Connection(why.to_string()))?;
    }
    Ok(())
}

/// Bytes of one topic → news, and what docks say of an exercise's flights. Unknown topics mean nothing and are no error.
pub fn decode(topic: &str, payload: &[u8]) -> Result<Decoded, MqttError> {
    decode_in(Realm::Exercise, topic, payload)
}

/// The same, with the flights of this realm.
pub fn decode_in(realm: Realm, topic: &str, payload: &[u8]) -> Result<Decoded, MqttError> {
    let garbage = |why: serde_json::Error| MqttError::Garbage { topic: topic.to_owned(), why: why.to_string() };
    let mut words = topic.split('/');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("sensors"), Some("batch"), Some(_), None) => decode_gauges(payload).map_err(garbage),
        (Some("sensors"), Some(sensor), Some("reading"), None) => {
            let one: One = serde_json::from_slice(payload).map_err(garbage)?;
            let news = vec![News::Gauge { sensor: sensor.into(), value: one.v as f32, at: Timestamp(one.t) }];
            Ok(Decoded { platform: names::SENSORS, news, ..Decoded::default() })
        }
        (Some("teams"), Some("batch"), None, None) => decode_teams(payload).map_err(garbage),
        (Some("sim"), Some("barrier"), None, None) => {
            let barrier: Barrier = serde_json::from_slice(payload).map_err(garbage)?;
            Ok(Decoded { barrier: Some(barrier.n), ..Decoded::default() })
        }
        (Some("thing" | "sys"), Some("product"), Some(_), Some(kind)) => {
            let spoken = dji::hear(realm, topic, payload)
                .map_err(|why| MqttError::Garbage { topic: topic.to_owned(), why: why.to_string() })?;
            // What we say ourselves comes back to who hears everything.
            let is_theirs = !matches!(kind, "services" | "events_reply" | "requests_reply" | "status_reply");
            let heard = spoken.heard;
            Ok(Decoded {
                platform: if is_theirs { names::DRONES } else { "" },
                news: heard.news,
                commands: heard.commands,
                drc: spoken.drc,
                wants: spoken.wants,
                live: spoken.live,
                replies: spoken.replies,
                ..Decoded::default()
            })
        }
        _ => Ok(Decoded::default()),
    }
}

#[derive(Deserialize)]
struct One {
    v: f64,
    t: i64,
}

#[derive(Deserialize)]
struct Barrier {
    n: u64,
}

/// Rows stay loose, so that one bad row costs only itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<T> {
    Good(T),
    Bad(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Batch<T> {
    t: i64,
    r: Vec<T>,
}

fn decode_gauges(payload: &[u8]) -> Result<Decoded, serde_json::Error> {
    type Row = (gulang_city::Text, f64);
    let mut decoded = Decoded { platform: names::SENSORS, ..Decoded::default() };
    let gauge = |t: i64, (sensor, value): Row| News::Gauge { sensor, value: value as f32, at: Timestamp(t) };
    if let Ok(batch) = serde_json::from_slice::<Batch<Row>>(payload) {
        decoded.news = batch.r.into_iter().map(|row| gauge(batch.t, row)).collect();
        return Ok(decoded);
    }
    let batch: Batch<Loose<Row>> = serde_json::from_slice(payload)?;
    for row in batch.r {
        match row {
            Loose::Good(row) => decoded.news.push(gauge(batch.t, row)),
            Loose::Bad(_) => decoded.n_bad += 1,
        }
    }
    Ok(decoded)
}

fn decode_teams(payload: &[u8]) -> Result<Decoded, serde_json::Error> {
    type Row = (gulang_city::Text, f64, f64, f32, f32);
    let batch: Batch<Loose<Row>> = serde_json::from_slice(payload)?;
    let mut decoded = Decoded { platform: names::TEAMS, ..Decoded::default() };
    for row in batch.r {
        match row {
            Loose::Good((team, lon, lat, heading, speed)) => {
                let fix =
                    Fix { lon, lat, height: 0.0, heading, speed, battery: f32::NAN, mode: 0, at: Timestamp(batch.t) };
                decoded.news.push(News::Team { team, fix });
            }
            Loose::Bad(_) => decoded.n_bad += 1,
        }
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_batch_and_a_single_reading_mean_the_same() -> Result<(), MqttError> {
        let batch = decode("sensors/batch/rain", br#"{"t":5,"r":[["r1",2.5]]}"#)?;
        let single = decode("sensors/r1/reading", br#"{"v":2.5,"t":5}"#)?;
        assert_eq!(batch, single);
        let loose = decode("sensors/batch/rain", br#"{"t":5,"r":[["r1",2.5],["r2","x"],7]}"#)?;
        assert_eq!((loose.news.len(), loose.n_bad), (1, 2));
        assert_eq!(decode("sim/barrier", br#"{"n":9}"#)?.barrier, Some(9));
        assert!(decode("teams/batch", b"{").is_err());
        assert_eq!(decode("elsewhere", b"\xff")?, Decoded::default());
        Ok(())
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(topic in 0..TOPICS.len(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&TOPICS[topic].replace('+', "x"), &bytes);
        }
    }
}
