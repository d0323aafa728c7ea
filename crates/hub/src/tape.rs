//! A stretch of a log wound for looking back: folded once, with the city kept at places along the way, so that any moment of
//! it is a short fold away.
//!
//! Records stay in the log and are read in pages; only cities are kept, and these are few and weighed. Every record is checked
//! against the chain, when the tape is wound and again when it is read. Where the chain breaks the tape ends, and says so.

use crate::log::{LogEnd, LogError, Place, Reader};
use gulang_city::{Applied, City, Record, Timestamp};
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

/// Cities kept along the way, at most, and what they may weigh together.
const MAX_KEPT: usize = 32;
const MAX_KEPT_BYTES: usize = 64 * 1024 * 1024;
/// Records between kept cities at first; doubled whenever they are too many or too heavy.
const FIRST_SPACING: u64 = 256;
/// Records read ahead.
const PAGE: usize = 512;
/// Damaged records skipped in search of a log's last moment.
const LOOKED_THROUGH: usize = 100;

#[derive(Debug)]
pub struct Tape {
    dir: PathBuf,
    /// The stretch, on the log's own clock; within what the log holds.
    pub from: Timestamp,
    pub to: Timestamp,
    /// Records in the stretch.
    pub n_records: u64,
    /// Why it ends before the log does.
    pub problem: Option<String>,
    /// Its last record.
    last: u64,
    /// The city before the stretch's first record.
    base: Kept,
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    at: Timestamp,
    place: Place,
    city: Vec<u8>,
}

/// Where a reader of the tape is: the records read ahead, and the place after them.
#[derive(Debug)]
pub struct Cursor {
    ahead: VecDeque<Record>,
    place: Place,
}

#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("这份日志还没有记录")]
    Empty,
    #[error("起 {from} 晚于止 {to}")]
    Backwards { from: String, to: String },
    #[error("这份日志从 {first} 到 {last}，没有这段时间")]
    Outside { first: String, last: String },
    #[error("日志在这段时间之前就断了：{0}")]
    Broken(String),
}

impl Tape {
    /// Winds the log in `dir` over a stretch from [`stretch_of`]. Every record up to its end is handed to `each` with the city
    /// after it. Returns also the city at the end.
    pub fn wind(
        dir: &Path,
        (from, mut to): (Timestamp, Timestamp),
        each: &mut dyn FnMut(&Record, &City),
    ) -> Result<(Self, City), TapeError> {
        let reader = Reader::open(dir)?;
        let (mut city, mut reached) = reader.founding()?;
        let mut base = None;
        let mut keeper = Keeper::default();
        let mut n_records = 0;
        let mut stray = None;
        let folded = reader.each_after(reached, &mut |record, place| {
            if record.at > to {
                return false;
            }
            if record.at >= from && base.is_none() {
                base = Some(Kept::of(&city, reached));
            }
            if city.apply(&record) != Applied::Advanced {
                stray = Some(format!("record {} does not follow the city before it", place.seq));
                return false;
            }
            reached = place;
            if base.is_some() {
                n_records += 1;
                keeper.note(&city, place);
            }
            each(&record, &city);
            true
        });
        let problem = match folded {
            Ok(()) => stray,
            Err(error) if reached.seq == 0 => return Err(error.into()),
            Err(LogError::Corrupt { why, .. }) => Some(why),
            Err(error) => Some(error.to_string()),
        };
        let problem = problem.map(|why| format!("第 {} 条记录起不可信：{why}", reached.seq + 1));
        if let Some(why) = &problem {
            if city.at < from {
                return Err(TapeError::Broken(why.clone()));
            }
            to = to.min(city.at);
        }
        let base = base.unwrap_or_else(|| Kept::of(&city, reached));
        let kept = keeper.kept;
        Ok((Self { dir: dir.to_owned(), from, to, n_records, problem, last: reached.seq, base, kept }, city))
    }

    /// The city as of a moment, which is held within the stretch, and where its records go on.
    pub fn seek(&self, to: Timestamp) -> Result<(City, Cursor), LogError> {
        let to = to.clamp(self.from, self.to);
        let kept = self.kept.iter().rev().find(|it| it.at <= to).unwrap_or(&self.base);
        let mut city = City::from_bytes(&kept.city).map_err(|why| LogError::Corrupt {
            path: self.dir.clone(),
            why: format!("the city kept at record {} is unreadable: {why}", kept.place.seq),
        })?;
        let mut cursor = Cursor { ahead: VecDeque::new(), place: kept.place };
        loop {
            let records = self.next(&mut cursor, to, PAGE)?;
            if records.is_empty() {
                return Ok((city, cursor));
            }
            for record in &records {
                let applied = city.apply(record);
                debug_assert_eq!(applied, Applied::Advanced);
            }
        }
    }

    /// The next records up to a moment, at most `limit`; none when there are none.
    pub fn next(&self, cursor: &mut Cursor, to: Timestamp, limit: usize) -> Result<Vec<Record>, LogError> {
        let mut records = Vec::new();
        while records.len() < limit {
            if cursor.ahead.is_empty() {
                self.read_ahead(cursor)?;
            }
            if cursor.ahead.front().is_none_or(|it| it.at > to) {
                break;
            }
            records.extend(cursor.ahead.pop_front());
        }
        Ok(records)
    }

    /// The log is opened for each page: nothing holds it while the hall looks at one moment.
    fn read_ahead(&self, cursor: &mut Cursor) -> Result<(), LogError> {
        if cursor.place.seq >= self.last {
            return Ok(());
        }
        let from = cursor.place;
        Reader::open(&self.dir)?.each_after(from, &mut |record, place| {
            cursor.ahead.push_back(record);
            cursor.place = place;
            place.seq < self.last && cursor.ahead.len() < PAGE
        })
    }
}

/// The stretch asked of the log in `dir`, held within what it has; without `from` and `to`, all of it.
pub fn stretch_of(
    dir: &Path,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<(Timestamp, Timestamp), TapeError> {
    let reader = Reader::open(dir)?;
    let one = |end| Ok::<_, LogError>(reader.at_end(end, LOOKED_THROUGH)?.into_iter().next());
    let (Some(first), Some(last)) = (one(LogEnd::First)?, one(LogEnd::Last)?) else { return Err(TapeError::Empty) };
    let (from, to) = (from.unwrap_or(first.at), to.unwrap_or(last.at));
    if from > last.at || to < first.at {
        return Err(TapeError::Outside { first: first.at.to_beijing_text(), last: last.at.to_beijing_text() });
    }
    if from > to {
        return Err(TapeError::Backwards { from: from.to_beijing_text(), to: to.to_beijing_text() });
    }
    Ok((from.max(first.at), to.min(last.at)))
}

impl Kept {
    fn of(city: &City, place: Place) -> Self {
        Self { at: city.at, place, city: city.to_bytes().unwrap_or_default() }
    }
}

/// Thins out what it keeps as the log turns out to be long.
struct Keeper {
    kept: Vec<Kept>,
    spacing: u64,
}

impl Default for Keeper {
    fn default() -> Self {
        Self { kept: Vec::new(), spacing: FIRST_SPACING }
    }
}

impl Keeper {
    fn note(&mut self, city: &City, place: Place) {
        if !place.seq.is_multiple_of(self.spacing) {
            return;
        }
        self.kept.push(Kept::of(city, place));
        while self.is_too_much() {
            self.spacing *= 2;
            self.kept.retain(|it| it.place.seq.is_multiple_of(self.spacing));
        }
    }

    fn is_too_much(&self) -> bool {
        let n_bytes: usize = self.kept.iter().map(|it| it.city.len()).sum();
        self.kept.len() > MAX_KEPT || (self.kept.len() > 1 && n_bytes > MAX_KEPT_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Realm, tiny_pack};

    #[test]
    fn a_long_log_keeps_few_cities_evenly() {
        let city = City::found(&tiny_pack(), Realm::Exercise);
        let mut keeper = Keeper::default();
        for seq in 1..=100_000 {
            keeper.note(&city, Place { seq, chain: [0; 32] });
        }
        let kept: Vec<u64> = keeper.kept.iter().map(|it| it.place.seq).collect();
        assert!((MAX_KEPT / 2..=MAX_KEPT).contains(&kept.len()), "{kept:?}");
        assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == keeper.spacing), "{kept:?}");
    }
}
