//! How the sources do (数据源), asked of the hub beside the socket: every connector with its rates, its last error and what
//! the hall does not see without it. And one wish: to have one tried again at once.

use crate::{net::Address, platform};
use gulang_city::{HealthState, Realm, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::sync::{Mutex, mpsc};

/// One source, as `GET /api/sources` answers it; what an answer leaves out is empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SourceRow {
    pub name: String,
    /// As people call it.
    pub title: String,
    pub kind: String,
    pub realm: String,
    pub simulated: bool,
    #[serde(deserialize_with = "state")]
    pub state: SourceState,
    /// When it came into this state, the hub's clock, ms.
    #[serde(deserialize_with = "time")]
    pub since: Timestamp,
    /// Messages and bytes a second.
    #[serde(deserialize_with = "figure")]
    pub per_s: f64,
    #[serde(deserialize_with = "figure")]
    pub bytes_per_s: f64,
    /// How far the newest reading is behind the hub's clock, ms.
    pub lag_ms: Option<f64>,
    pub n_dropped: u64,
    pub n_refused: u64,
    #[serde(deserialize_with = "words")]
    pub last_error: String,
    #[serde(deserialize_with = "words")]
    pub remedy: String,
    #[serde(deserialize_with = "time")]
    pub last_heard: Timestamp,
    /// After so long without a word it is silent, s.
    pub freshness_s: Option<f64>,
    /// 看不见什么.
    #[serde(deserialize_with = "words")]
    pub blind: String,
    /// The decision that is weaker for it.
    #[serde(deserialize_with = "words")]
    pub weakens: String,
    /// How it stands, in its own lines: of one that pushes what was pushed, how far, what was answered last.
    #[serde(deserialize_with = "words")]
    pub standing: String,
    pub sample: Option<Sample>,
}

/// The last good thing heard, as it came and as it was read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Sample {
    #[serde(deserialize_with = "words")]
    pub raw: String,
    #[serde(deserialize_with = "words")]
    pub mapped: String,
    /// What of it was refused, and why.
    #[serde(deserialize_with = "words")]
    pub refused: String,
}

/// The worst first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceState {
    Silent,
    Degraded,
    #[default]
    Unknown,
    Healthy,
}

/// All of them, and what is wrong with the configuration they came from; empty for nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SourceTable {
    pub sources: Vec<SourceRow>,
    #[serde(deserialize_with = "words")]
    pub fault: String,
}

/// An answer of the hub, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceNews {
    All(Result<SourceTable, String>),
    /// Whether a source is tried again, by its name.
    Retried(String, Result<(), String>),
}

impl SourceState {
    fn read(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "healthy" | "ok" => Self::Healthy,
            "degraded" => Self::Degraded,
            "silent" | "failed" => Self::Silent,
            _ => Self::Unknown,
        }
    }
}

impl From<HealthState> for SourceState {
    fn from(state: HealthState) -> Self {
        match state {
            HealthState::Silent => Self::Silent,
            HealthState::Degraded => Self::Degraded,
            HealthState::Unknown => Self::Unknown,
            HealthState::Healthy => Self::Healthy,
        }
    }
}

fn state<'de, D: Deserializer<'de>>(from: D) -> Result<SourceState, D::Error> {
    Ok(SourceState::read(Value::deserialize(from)?.as_str().unwrap_or_default()))
}

/// Milliseconds, or a time as the city writes it; anything else is never.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(it) => Timestamp(it.as_i64().unwrap_or_default()),
        Value::String(it) => Timestamp::parse(&it).unwrap_or_default(),
        _ => Timestamp(0),
    })
}

fn figure<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Value::deserialize(from)?.as_f64().unwrap_or(f64::NAN))
}

/// Words as they are; a list of them in lines; nothing for nothing; other JSON as it is written.
fn words<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    fn told(value: Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::String(it) => it,
            Value::Array(all) => all.into_iter().map(told).collect::<Vec<_>>().join("\n"),
            other => other.to_string(),
        }
    }
    Ok(told(Value::deserialize(from)?))
}

fn read(bytes: &[u8]) -> Result<SourceTable, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// What was asked of the hub and has not been looked at yet.
pub struct SourceMail {
    sender: mpsc::Sender<SourceNews>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<SourceNews>>,
}

impl Default for SourceMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl SourceMail {
    pub fn ask(&self, address: &Address, realm: Realm) {
        let sender = self.sender.clone();
        platform::fetch(address.sources_url(realm), move |got| {
            // The app is gone if nobody listens.
            let _ = sender.send(SourceNews::All(got.and_then(|bytes| read(&bytes))));
        });
    }

    pub fn retry(&self, address: &Address, realm: Realm, name: &str) {
        let (sender, name) = (self.sender.clone(), name.to_owned());
        platform::post(address.source_retry_url(realm, &name), Vec::new(), move |got| {
            let _ = sender.send(SourceNews::Retried(name, got.map(|_| ())));
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<SourceNews> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_hub_is_read_and_what_it_leaves_out_is_empty() {
        let json = r#"{"realm":"actual","now_ms":7,"fault":null,"sources":[{"name":"typhoon","title":"台风","kind":"typhoon-zj","realm":"actual","simulated":true,
            "state":"silent","since":1690430000000,"per_s":0.5,"bytes_per_s":120,"lag_ms":null,"n_dropped":3,"n_refused":1,
            "last_error":"连接被拒绝","remedy":"查网络","last_heard":1690429000000,"freshness_s":900,"blind":"台风路径",
            "weakens":"转移时限","sample":{"raw":"{}","mapped":["a","b"]},"new_field":7},{"name":"mqtt","since":null}]}"#;
        let SourceTable { sources, fault } = read(json.as_bytes()).expect("the hub's own form");
        assert_eq!(fault, "");
        assert_eq!((sources[0].state, sources[0].since), (SourceState::Silent, Timestamp(1_690_430_000_000)));
        assert_eq!(sources[0].sample.as_ref().map(|it| it.mapped.as_str()), Some("a\nb"));
        assert_eq!((sources[1].state, sources[1].last_heard), (SourceState::Unknown, Timestamp(0)));
        assert!(read(b"nonsense").is_err() && read(br#"{"sources":7}"#).is_err());
    }
}
