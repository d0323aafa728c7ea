//! 问城, asked of the hub beside the socket: a question answered in cited sentences, a report sorted to a duty, a draft. What
//! may be shown is the hub's to judge; here it is only shown.

use crate::{duties::Duty, net::Address, platform};
use gulang_city::{
    AssistantSwitch, Realm, SeatId, Timestamp,
    ask::{DraftKind, Fact, verify::Sentence},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::sync::{Mutex, mpsc};

/// How the language model stands, as `GET /api/assistant` answers it; what an answer leaves out is empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Standing {
    pub is_configured: bool,
    pub is_on: bool,
    pub model: Option<String>,
    pub host: Option<String>,
    /// Why it is not asked.
    pub why: String,
    pub switch: Option<AssistantSwitch>,
    pub in_war: bool,
}

/// Who worded it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Model,
    #[default]
    Template,
}

/// An answer, as `POST /api/ask` gives it, or a draft as `POST /api/draft` does; only a draft has a text.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Worded {
    pub question: String,
    pub by: By,
    pub model: Option<String>,
    pub note: String,
    pub text: String,
    pub sentences: Vec<Sentence>,
    /// Sentences that nothing bore out.
    pub n_dropped: usize,
    pub facts: Vec<Fact>,
    pub seq: u64,
    pub now: Timestamp,
}

/// Whose duty a report may be, as `POST /api/sort` answers it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Sorted {
    /// By the list's own search.
    pub hits: Vec<Duty>,
    pub suggestion: Option<Suggestion>,
    pub note: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Suggestion {
    pub id: String,
    pub model: String,
    /// The report's own words.
    pub quote: String,
}

/// An answer of the hub under the number it was asked with, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum AskNews {
    Standing(Result<Box<Standing>, String>),
    Answered(u64, Result<Box<Worded>, String>),
    Drafted(u64, Result<Box<Worded>, String>),
    Sorted(u64, Result<Box<Sorted>, String>),
}

/// What was asked of the hub and has not been looked at yet.
pub struct AskMail {
    sender: mpsc::Sender<AskNews>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<AskNews>>,
}

impl Default for AskMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl AskMail {
    pub fn standing(&self, address: &Address, realm: Realm) {
        let sender = self.sender.clone();
        platform::fetch(address.assistant_url(realm), move |got| {
            // The app is gone if nobody listens.
            let _ = sender.send(AskNews::Standing(read(got)));
        });
    }

    pub fn ask(&self, address: &Address, realm: Realm, seat: &SeatId, n: u64, question: &str) {
        let body = serde_json::json!({ "seat": seat, "realm": realm, "question": question });
        self.send(address.asking_url("ask"), &body, move |answer| AskNews::Answered(n, answer));
    }

    pub fn draft(&self, address: &Address, realm: Realm, seat: &SeatId, n: u64, kind: DraftKind) {
        let body = serde_json::json!({ "seat": seat, "realm": realm, "kind": kind });
        self.send(address.asking_url("draft"), &body, move |answer| AskNews::Drafted(n, answer));
    }

    pub fn sort(&self, address: &Address, realm: Realm, seat: &SeatId, asked: &SortAsk) {
        let n = asked.n;
        let body = serde_json::json!({ "seat": seat, "realm": realm, "text": asked.text, "model": asked.model });
        self.send(address.asking_url("sort"), &body, move |answer| AskNews::Sorted(n, answer));
    }

    fn send<T: DeserializeOwned>(
        &self,
        url: String,
        body: &serde_json::Value,
        news: impl FnOnce(Result<Box<T>, String>) -> AskNews + Send + 'static,
    ) {
        let sender = self.sender.clone();
        platform::post(url, body.to_string().into_bytes(), move |got| {
            let _ = sender.send(news(read(got)));
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<AskNews> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

/// A report whose duty is looked for; `model` asks a model too, after the list's own answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortAsk {
    pub n: u64,
    pub text: String,
    pub model: bool,
}

fn read<T: DeserializeOwned>(got: platform::Fetched) -> Result<Box<T>, String> {
    got.and_then(|bytes| serde_json::from_slice(&bytes).map(Box::new).map_err(|error| error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::ask::Link;

    #[test]
    fn answers_of_the_hub_are_read_and_their_other_fields_are_passed_over() {
        let json = r#"{"question":"哪里涨水","by":"model","model":"m","note":"","sentences":[{"text":"甲涨 3 cm。","cites":["F2"]}],
            "n_dropped":1,"facts":[{"id":"F2","text":"甲涨 3 cm","names":["甲"],"link":{"flood_point":"fp-1"},"figures":[3.0],
            "as_of":1690423200000}],"realm":"actual","simulated":true,"seq":7,"now":1690423200000}"#;
        let answer: Worded = serde_json::from_str(json).expect("the hub's own form");
        assert_eq!((answer.by, answer.n_dropped, answer.seq), (By::Model, 1, 7));
        assert_eq!(answer.facts[0].link, Some(Link::FloodPoint("fp-1".into())));
        let json = r#"{"is_configured":true,"is_on":false,"model":"m","host":"h","why":"战时停用","switch":{"on":false,
            "until":null,"by":"甲席","at":1,"reason":"核查"},"in_war":true}"#;
        let standing: Standing = serde_json::from_str(json).expect("the hub's own form");
        assert!(standing.switch.is_some_and(|it| !it.on));
        let sorted: Sorted = serde_json::from_str(r#"{"hits":[{"id":"A"}],"suggestion":null,"note":""}"#).expect("it");
        assert_eq!(sorted.hits[0].id, "A");
    }
}
