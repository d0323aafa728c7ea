//! Files on their way into registers: sent to the hub to be looked at, taken over when the officer says so. What a file says
//! is the hub's to judge; here it is only shown.

use crate::{net::Address, platform};
use gulang_city::{Realm, RegisterDiff, RegisterKind, SeatId};
use serde::{Deserialize, de::DeserializeOwned};
use std::sync::{Arc, Mutex, mpsc};

/// A file to be looked at: by its bytes, or again by an earlier look's ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportAsk {
    /// Comes back with the answer.
    pub n: u64,
    pub register: RegisterKind,
    pub name: String,
    pub bytes: Arc<Vec<u8>>,
    pub ticket: Option<String>,
    /// What somebody said the coordinates are.
    pub crs: Option<&'static str>,
    /// What somebody said of the columns: `field=#number`, or `none=#number` where one is left out; one a line.
    pub map: String,
}

/// What was looked at is to be taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportWish {
    pub n: u64,
    pub ticket: String,
    /// Withdraw what the file does not name.
    pub is_replace: bool,
    pub reason: String,
}

/// A look, as `POST /api/import/preview` answers it; what an answer leaves out is empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Looked {
    pub ticket: String,
    pub preview: ImportPreview,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ImportPreview {
    pub sheet: Option<String>,
    pub columns: Vec<ImportColumn>,
    /// What a column may be said to be, by id.
    pub fields: Vec<String>,
    pub n_rows: usize,
    pub n_accepted: usize,
    pub n_refused: usize,
    /// `wgs84`, `cgcs2000`, `gcj02`, `bd09`.
    pub crs: String,
    /// Why they may be something else.
    pub crs_suspect: Option<String>,
    /// What the columns taken over are called here, in their order.
    pub shown_fields: Vec<String>,
    pub shown: Vec<Vec<String>>,
    pub refused: Vec<ImportRefusal>,
    pub warnings: Vec<String>,
    pub diff: RegisterDiff,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ImportColumn {
    /// From 0.
    pub column: usize,
    pub header: String,
    /// None: not taken over.
    pub field: Option<String>,
    /// 0–1.
    pub confidence: f32,
    /// Somebody said so.
    pub is_said: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ImportRefusal {
    pub row: usize,
    pub cell: String,
    pub why: String,
    pub todo: String,
}

/// Taken over: the record that did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ImportDone {
    pub seq: u64,
    pub n_rows: usize,
}

/// An answer of the hub under the number it was asked with, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportNews {
    Looked(u64, Result<Box<Looked>, String>),
    Done(u64, Result<ImportDone, String>),
}

/// What was asked of the hub and has not been looked at yet.
pub struct ImportMail {
    sender: mpsc::Sender<ImportNews>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<ImportNews>>,
}

impl Default for ImportMail {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }
}

impl ImportMail {
    pub fn preview(&self, address: &Address, realm: Realm, ask: ImportAsk) {
        let ImportAsk { n, register, name, bytes, ticket, crs, map } = ask;
        let url = address.import_preview_url(register.id(), &name, ticket.as_deref(), crs, &map, realm);
        // The hub has the file of an earlier look.
        let body = if ticket.is_some() { Vec::new() } else { bytes.to_vec() };
        self.send(url, body, move |answer| ImportNews::Looked(n, answer));
    }

    pub fn commit(&self, address: &Address, seat: &SeatId, wish: &ImportWish) {
        let n = wish.n;
        let mode = if wish.is_replace { "replace" } else { "merge" };
        let body = serde_json::json!({ "ticket": wish.ticket, "seat": seat, "mode": mode, "reason": wish.reason });
        self.send(address.import_commit_url(), body.to_string().into_bytes(), move |answer| {
            ImportNews::Done(n, answer)
        });
    }

    fn send<T: DeserializeOwned>(
        &self,
        url: String,
        body: Vec<u8>,
        news: impl FnOnce(Result<T, String>) -> ImportNews + Send + 'static,
    ) {
        let sender = self.sender.clone();
        platform::post(url, body, move |got| {
            let read = got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
            // The app is gone if nobody listens.
            let _ = sender.send(news(read));
        });
    }

    /// What came since the last look.
    pub fn poll(&self) -> Vec<ImportNews> {
        self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_of_the_hub_is_read_and_its_other_fields_are_passed_over() {
        let json = r#"{"ticket":"t1","secs":600,"sm3":"00","preview":{"register":"teams","layer":"","file":"队.csv",
            "sheet":null,"header_row":1,"columns":[{"column":0,"header":"队伍名称","field":"name","confidence":0.998,
            "is_said":false}],"fields":["id","name"],"n_rows":3,"n_accepted":2,"n_refused":1,"crs":"wgs84","crs_suspect":null,
            "shown_fields":["名称"],"shown":[["甲队"]],"refused":[{"row":4,"cell":"","why":"没有坐标","todo":"填写"}],
            "warnings":[],"diff":{"change":{"n_new":2,"n_changed":0,"n_same":0,"n_missing":3},"new":["甲队"],"changed":[],
            "missing":["一队"]}}}"#;
        let looked: Looked = serde_json::from_str(json).expect("the hub's own form");
        assert_eq!((looked.preview.refused[0].row, looked.preview.diff.change.n_missing), (4, 3));
        assert_eq!((looked.preview.fields.len(), looked.preview.columns[0].is_said), (2, false));
        let done: ImportDone = serde_json::from_str(r#"{"seq":9,"n_rows":2}"#).expect("the hub's own form");
        assert_eq!(done, ImportDone { seq: 9, n_rows: 2 });
    }
}
