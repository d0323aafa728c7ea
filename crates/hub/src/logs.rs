//! The logs a hall has: the actual city's, the present or last exercise's, and those set aside before it.
//!
//! What is told of a log is read from its two ends and remembered until the file changes.

use crate::{
    log::{LOG_FILE, LogEnd, LogError, Reader},
    realm::{Actual, Exercise, RealmKind},
};
use gulang_city::{Event, Realm};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Mutex,
    time::SystemTime,
};

/// Records from the start among which an exercise says what it is.
const TOLD_WITHIN: usize = 200;

/// One log, in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// The name of its folder.
    pub id: String,
    pub realm: Realm,
    pub title: String,
    pub from_ms: i64,
    pub to_ms: i64,
    pub n_records: u64,
    /// It is still being written.
    pub is_open: bool,
}

#[derive(Debug)]
pub struct Logs {
    data: PathBuf,
    city: String,
    known: Mutex<BTreeMap<String, (Stamp, LogEntry)>>,
}

/// Length and time of the log and of what is not yet folded into it.
type Stamp = [Option<(u64, SystemTime)>; 2];

impl Logs {
    /// `data` as in [`crate::HubConfig`]; `city` is its name.
    pub fn new(data: &Path, city: &str) -> Self {
        Self { data: data.to_owned(), city: city.to_owned(), known: Mutex::default() }
    }

    /// Where a log lies; none if there is none of this id.
    pub fn dir_of(&self, id: &str) -> Option<PathBuf> {
        number_of(id)?;
        Some(self.data.join(id)).filter(|it| it.join(LOG_FILE).is_file())
    }

    /// Every log there is: the actual city's, then exercises, newest first. One that cannot be read at all is left out. Reads files.
    pub fn list(&self) -> Vec<LogEntry> {
        let entries = std::fs::read_dir(&self.data).into_iter().flatten().flatten();
        let mut ids: Vec<(u64, String)> = entries
            .filter_map(|entry| {
                let id = entry.file_name().to_str()?.to_owned();
                Some((number_of(&id)?, id))
            })
            .collect();
        ids.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        ids.into_iter().filter_map(|(_, id)| self.entry(&id)).collect()
    }

    /// One log; none if there is none, if it cannot be read, or has no record yet. Reads files.
    pub fn entry(&self, id: &str) -> Option<LogEntry> {
        let dir = self.dir_of(id)?;
        let file = dir.join(LOG_FILE);
        let stamp = [stamp_of(&file), stamp_of(&file.with_extension("sqlite-wal"))];
        let known = || self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((as_of, entry)) = known().get(id)
            && *as_of == stamp
        {
            return Some(entry.clone());
        }
        let entry = match self.look_into(id, &dir) {
            Ok(entry) => entry?,
            Err(error) => {
                tracing::warn!(%error, id, "a log cannot be read");
                return None;
            }
        };
        known().insert(id.to_owned(), (stamp, entry.clone()));
        Some(entry)
    }

    fn look_into(&self, id: &str, dir: &Path) -> Result<Option<LogEntry>, LogError> {
        let reader = Reader::open(dir)?;
        let first = reader.at_end(LogEnd::First, TOLD_WITHIN)?;
        let last = reader.at_end(LogEnd::Last, TOLD_WITHIN)?;
        let (Some(begun), Some(ended)) = (first.first(), last.first()) else { return Ok(None) };
        let realm = if id == Actual::FOLDER { Realm::Actual } else { Realm::Exercise };
        let told = first.iter().find_map(|record| match &record.event {
            Event::ExerciseStarted { title, .. } => Some(title.to_string()),
            _ => None,
        });
        let title = match realm {
            Realm::Actual => format!("{} 实战", self.city),
            Realm::Exercise => told.unwrap_or_else(|| "演练".to_owned()),
        };
        let (from_ms, to_ms, n_records) = (begun.at.0, ended.at.0, reader.last_seq()?);
        Ok(Some(LogEntry { id: id.to_owned(), realm, title, from_ms, to_ms, n_records, is_open: false }))
    }
}

/// How new a folder's log is, of those that hold one: the actual city's, the present exercise's, then those set aside by
/// their numbers. None for every other name, so that no id leads out of the data directory.
fn number_of(id: &str) -> Option<u64> {
    if id == Actual::FOLDER {
        return Some(u64::MAX);
    }
    match id.strip_prefix(Exercise::FOLDER)? {
        "" => Some(u64::MAX - 1),
        rest => {
            let digits = rest.strip_prefix('-')?;
            digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse().ok())?
        }
    }
}

fn stamp_of(file: &Path) -> Option<(u64, SystemTime)> {
    let about = std::fs::metadata(file).ok()?;
    Some((about.len(), about.modified().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_a_log_and_leads_nowhere_else() {
        let newer = ["exercise-1", "exercise-2", "exercise-10", "exercise", "actual"].map(number_of);
        assert!(newer.windows(2).all(|pair| pair[0].is_some() && pair[0] < pair[1]), "{newer:?}");
        for id in ["", "..", "exercise-", "exercise-1/..", "exercise-+1", "exercise-x", "actual/../actual", "sim"] {
            assert_eq!(number_of(id), None, "{id:?}");
        }
    }
}
