//! What the hub tells of drills beside the socket: which scenarios there are, and the score sheet of the last drill.

use crate::{net::Address, platform};
use gulang_city::{Timestamp, inject::ScenarioCard, score::ScoreSheet};
use serde::{Deserialize, de::DeserializeOwned};
use std::sync::{Mutex, mpsc};

/// The last drill counted, as `GET /api/review?realm=exercise` answers it; of the review only what the sheet's head says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct DrillScore {
    pub review: Reviewed,
    pub score: ScoreSheet,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Reviewed {
    /// Its title and seed.
    pub exercise: Option<(String, u64)>,
    pub from: Timestamp,
    pub to: Timestamp,
}

/// An answer of the hub, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum DrillNews {
    Scenarios(Result<Vec<ScenarioCard>, String>),
    Score(Result<Box<DrillScore>, String>),
}

/// What was asked of the hub and has not been looked at yet.
pub struct DrillMail {
    sender: mpsc::Sender<DrillNews>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<DrillNews>>,
}

impl Default for DrillMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl DrillMail {
    pub fn ask_scenarios(&self, address: &Address) {
        self.ask(address.scenarios_url(), DrillNews::Scenarios);
    }

    pub fn ask_score(&self, address: &Address) {
        self.ask(address.drill_review_url(), DrillNews::Score);
    }

    fn ask<T: DeserializeOwned>(
        &self,
        url: String,
        news: impl FnOnce(Result<T, String>) -> DrillNews + Send + 'static,
    ) {
        let sender = self.sender.clone();
        platform::fetch(url, move |got| {
            let read = got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
            // The app is gone if nobody listens.
            let _ = sender.send(news(read));
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<DrillNews> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_of_the_hub_is_read_and_the_rest_of_the_review_passed_over() {
        let json = r#"{"review":{"realm":"exercise","city":"厦门","exercise":["杜苏芮 2023 · 导调",7],"from":1,"to":9,
            "first_record":1,"last_record":90},"score":{"levels":[],"totals":[{"id":"orders","name":"指令","value":3.0,
            "unit":"条","records":[4,5,9]}],"agencies":[],"missed":[],"unnecessary":[],"reference":[]}}"#;
        let told: DrillScore = serde_json::from_str(json).expect("the hub's own form");
        assert_eq!(told.review.exercise, Some(("杜苏芮 2023 · 导调".to_owned(), 7)));
        assert_eq!(told.score.totals[0].records, [4, 5, 9]);
    }
}
