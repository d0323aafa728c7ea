//! Every exchange with a model, kept beside the log of its realm: what was asked by whom, what was sent, which queries ran,
//! what came back, what of it was shown and why the rest was not. One JSON a line, appended and synced; read by people.

use serde_json::Value;
use std::{
    io::Write,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// In the realm's folder.
pub const AUDIT_FILE: &str = "assistant.jsonl";

#[derive(Clone, Default)]
pub struct Audit {
    /// One line at a time.
    turn: Arc<Mutex<()>>,
}

impl Audit {
    pub async fn append(&self, dir: &Path, entry: &Value) -> std::io::Result<()> {
        let (turn, path, line) = (self.turn.clone(), dir.join(AUDIT_FILE), format!("{entry}\n"));
        let written = tokio::task::spawn_blocking(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        });
        written.await.map_err(std::io::Error::other)?
    }
}
