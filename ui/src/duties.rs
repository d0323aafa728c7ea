//! The hub's list of duties (事项清单): asked for beside the loop. An answer carries the ticket it was asked under, so that
//! whoever asked can tell the latest from the others.

use crate::{net::Address, platform};
use serde::Deserialize;
use std::sync::{Mutex, mpsc};

/// A duty found, as `GET /duties` answers it; what a list leaves out is empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Duty {
    pub id: String,
    pub area: String,
    pub title: String,
    pub lead_name: String,
    pub supporting_names: Vec<String>,
    pub clause: String,
    pub contact: String,
    pub phone: String,
    pub respond_mins: Option<u32>,
    pub snippet: String,
    /// 示例: the list is made up.
    pub is_example: bool,
}

/// What a query brought, or why it brought nothing.
pub type DutyAnswer = Result<Vec<Duty>, String>;

/// What was asked of the hub and has not been looked at yet.
pub struct DutyMail {
    sender: mpsc::Sender<(u64, DutyAnswer)>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<(u64, DutyAnswer)>>,
}

impl Default for DutyMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl DutyMail {
    pub fn ask(&self, address: &Address, ticket: u64, query: &str) {
        let sender = self.sender.clone();
        platform::fetch(address.duties_url(query), move |got| {
            let answer: DutyAnswer =
                got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
            // The app is gone if nobody listens.
            let _ = sender.send((ticket, answer));
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<(u64, DutyAnswer)> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_hub_is_read_and_its_other_fields_are_passed_over() {
        let json = r#"[{"id":"SZ-01","area":"市政公用","title":"窨井盖缺失","lead":"sz","lead_name":"市政园林局",
            "supporting":["ws"],"supporting_names":["水务"],"clause":"第 1 项","contact":"值班室","phone":"0592",
            "respond_mins":60,"score":3.5,"snippet":"先围挡","is_example":true}]"#;
        let duties: Vec<Duty> = serde_json::from_str(json).expect("the hub's own form");
        assert_eq!((duties[0].respond_mins, duties[0].is_example), (Some(60), true));
        assert_eq!(duties[0].supporting_names, ["水务"]);
    }
}
