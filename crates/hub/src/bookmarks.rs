//! Remarks at moments of a log, kept in `bookmarks.json` beside it. They are no part of the evidence: nothing signs them, and
//! anybody in the hall may take one away.

use crate::log::{LogError, write_whole};
use gulang_city::{SeatId, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

const FILE: &str = "bookmarks.json";
/// Longer remarks are cut.
const MAX_CHARS: usize = 200;
const MAX_BOOKMARKS: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    pub at_ms: i64,
    pub text: String,
    pub by: SeatId,
}

#[derive(Debug)]
pub struct Bookmarks {
    path: PathBuf,
    kept: Mutex<Vec<Bookmark>>,
}

#[derive(Debug, thiserror::Error)]
pub enum BookmarkError {
    #[error("一份日志最多 {MAX_BOOKMARKS} 个书签")]
    TooMany,
    #[error(transparent)]
    NotKept(#[from] LogError),
}

impl Bookmarks {
    /// Those of the log in `dir`; a file that cannot be read counts as none until the next one is put.
    pub fn beside(dir: &Path) -> Self {
        let path = dir.join(FILE);
        let kept = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, path = %path.display(), "the bookmarks cannot be read");
                Vec::new()
            }),
            Err(_) => Vec::new(),
        };
        Self { path, kept: Mutex::new(kept) }
    }

    /// By time.
    pub fn all(&self) -> Vec<Bookmark> {
        self.lock().clone()
    }

    /// Puts a remark at a moment, in place of one there; empty text only takes that away. Writes the file.
    pub fn put(&self, at: Timestamp, text: &str, by: &SeatId) -> Result<(), BookmarkError> {
        let text: String = text.trim().chars().take(MAX_CHARS).collect();
        let mut kept = self.lock();
        let mut changed: Vec<Bookmark> = kept.iter().filter(|it| it.at_ms != at.0).cloned().collect();
        if !text.is_empty() {
            if changed.len() >= MAX_BOOKMARKS {
                return Err(BookmarkError::TooMany);
            }
            changed.push(Bookmark { at_ms: at.0, text, by: by.clone() });
        }
        changed.sort_by_key(|it| it.at_ms);
        write_whole(&self.path, &serde_json::to_string(&changed).unwrap_or_default())?;
        *kept = changed;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Bookmark>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_remark_a_moment_by_time_and_kept() -> Result<(), BookmarkError> {
        let dir = tempfile::tempdir().map_err(|source| LogError::Io { path: PathBuf::new(), source })?;
        let bookmarks = Bookmarks::beside(dir.path());
        let by = SeatId::from("值班长 01");
        for (at, text) in [(300, "晚"), (100, "早"), (300, "  更晚 "), (200, "没有了"), (200, " ")] {
            bookmarks.put(Timestamp(at), text, &by)?;
        }
        let again = Bookmarks::beside(dir.path()).all();
        assert_eq!(again, bookmarks.all());
        let told: Vec<_> = again.iter().map(|it| (it.at_ms, it.text.as_str())).collect();
        assert_eq!(told, [(100, "早"), (300, "更晚")]);
        Ok(())
    }
}
