//! What a case's platform tells of it when somebody looks, beside the socket: `GET /api/cases/{id}/process`.

use crate::{net::Address, platform};
use gulang_city::{CaseId, Realm};
use serde::Deserialize;
use std::sync::{Mutex, mpsc};

/// A case's process as the hub passes it on; what else is in the answer is not shown.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Process {
    pub steps: Vec<ProcessStep>,
    pub n_pictures: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct ProcessStep {
    /// As the platform wrote it.
    pub at: String,
    pub what: String,
    pub by: String,
    pub note: String,
}

/// Of which case, and what was told or why nothing was.
pub type ProcessNews = (CaseId, Result<Process, String>);

/// What was asked of the hub and has not been looked at yet.
pub struct ProcessMail {
    sender: mpsc::Sender<ProcessNews>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<ProcessNews>>,
}

impl Default for ProcessMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl ProcessMail {
    pub fn ask(&self, address: &Address, realm: Realm, case: CaseId) {
        let sender = self.sender.clone();
        platform::fetch(address.process_url(realm, case), move |got| {
            let read = got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
            // The app is gone if nobody listens.
            let _ = sender.send((case, read));
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<ProcessNews> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hubs_answer_is_read_and_the_rest_passed_over() {
        let json = r#"{"case":3,"platform":"yunguanfu","external":"88","simulated":true,"age_ms":0,"n_pictures":2,
            "steps":[{"at":"2023-07-27 10:00:00","what":"派遣","by":"市执法局","note":""}]}"#;
        let told: Process = serde_json::from_str(json).expect("the hub's own form");
        assert_eq!((told.n_pictures, told.steps[0].what.as_str()), (2, "派遣"));
    }
}
