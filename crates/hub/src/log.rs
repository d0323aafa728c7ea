//! The log: every record of one realm, in one SQLite file, numbered without gaps and chained with SM3.
//!
//! `records(seq, body, chain)`: `body` is the record as JSON, `chain = SM3(previous chain ‖ body)`. The genesis of the chain
//! is the SM3 of the founding city, which is kept as the snapshot at 0, so a log can be folded again without the pack it
//! was founded from. Later snapshots only make opening fast; [`replay`] folds from the founding one and compares them.
//!
//! Beside `log.sqlite` lie `lock` (one hub per directory), `head` (the last number and chain, so that a lost tail is seen)
//! and, after a clean close, `seal`: the SM3 of every page, so that a byte flipped where SQLite keeps nothing is seen too.
//!
//! **Invariant:** only [`crate::actor`] appends. A failed append leaves the log as it was.

use crate::evidence::Signer;
use gulang_city::{Applied, City, Record};
use rusqlite::{Connection, OpenFlags, config::DbConfig, params};
use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

pub const LOG_FILE: &str = "log.sqlite";
const PAGE_BYTES: usize = 4096;

/// One SM3 value.
pub type Chain = [u8; 32];

pub fn sm3(parts: &[&[u8]]) -> Chain {
    let mut hasher = Sm3::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("{dir}: another hub is using this data directory; stop it, or choose another --data")]
    InUse { dir: PathBuf },
    #[error("{path}: the log is locked by another program; close it and try again ({source})")]
    Locked { path: PathBuf, source: rusqlite::Error },
    #[error("{path}: the disk is full; nothing was recorded, free some space and try again")]
    DiskFull { path: PathBuf },
    #[error(
        "{path}: the log is damaged: {why}. Run `gulang-hub replay` on its directory to see where, then restore a copy"
    )]
    Corrupt { path: PathBuf, why: String },
    #[error(
        "{path}: the log ends at record {found}, but record {expected} was already written; its tail is lost. Restore a copy"
    )]
    TailLost { path: PathBuf, found: u64, expected: u64 },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Sqlite { path: PathBuf, source: rusqlite::Error },
}

impl LogError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| match source.kind() {
            std::io::ErrorKind::StorageFull => Self::DiskFull { path: path.to_owned() },
            _ => Self::Io { path: path.to_owned(), source },
        }
    }

    fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        |source| {
            let path = path.to_owned();
            match source.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull { path },
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                    Self::Locked { path, source }
                }
                Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                    Self::Corrupt { path, why: source.to_string() }
                }
                _ => Self::Sqlite { path, source },
            }
        }
    }

    fn corrupt(path: &Path, why: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_owned(), why: why.into() }
    }
}

/// How a log is kept.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Records between snapshots.
    pub snapshot_every: u64,
    /// Refuses to grow beyond so many pages; a test's full disk.
    pub max_pages: Option<u32>,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { snapshot_every: 20_000, max_pages: None }
    }
}

/// An open log. Dropping it without [`Log::close`] is what a crash does: nothing committed is lost, no seal is left.
#[derive(Debug)]
pub struct Log {
    db: Connection,
    dir: PathBuf,
    path: PathBuf,
    _lock: File,
    options: LogOptions,
    seq: u64,
    chain: Chain,
    snapshot_seq: u64,
    signer: Option<Signer>,
}

/// The side file `head`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    seq: u64,
    chain: String,
    /// A seal was left at a clean close.
    sealed: bool,
}

/// The lock of a log's folder. A program that is just being started holds a copy of every open file for an instant, and so of
/// a lock let go: it is waited for.
fn take_lock(lock: &File, dir: &Path, path: &Path) -> Result<(), LogError> {
    for _ in 0..10 {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(std::time::Duration::from_millis(50)),
            Err(fs::TryLockError::Error(source)) => return Err(LogError::Io { path: path.to_owned(), source }),
        }
    }
    Err(LogError::InUse { dir: dir.to_owned() })
}

impl Log {
    /// Opens the log in `dir`, or founds one with the city `found` makes. Returns the city as of the last record.
    pub fn open(dir: &Path, options: LogOptions, found: impl FnOnce() -> City) -> Result<(Self, City), LogError> {
        fs::create_dir_all(dir).map_err(LogError::io(dir))?;
        let lock_path = dir.join("lock");
        let lock = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(LogError::io(&lock_path))?;
        take_lock(&lock, dir, &lock_path)?;
        let path = dir.join(LOG_FILE);
        let is_new = !path.exists();
        if is_new && dir.join("head").exists() {
            let head = read_head(dir)?.unwrap_or(Head { seq: 0, chain: String::new(), sealed: false });
            return Err(LogError::TailLost { path, found: 0, expected: head.seq });
        }
        let err = LogError::sqlite(&path);
        let db = Connection::open(&path).map_err(&err)?;
        db.busy_timeout(std::time::Duration::from_secs(2)).map_err(&err)?;
        db.execute_batch(
            "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA auto_vacuum=NONE;",
        )
        .map_err(&err)?;
        if let Some(max) = options.max_pages {
            let _: i64 = db.query_row(&format!("PRAGMA max_page_count={max}"), [], |row| row.get(0)).map_err(&err)?;
        }
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS records(seq INTEGER PRIMARY KEY, body BLOB NOT NULL, chain BLOB NOT NULL);
             CREATE TABLE IF NOT EXISTS snapshots(seq INTEGER PRIMARY KEY, city BLOB NOT NULL, sm3 BLOB NOT NULL, chain BLOB NOT NULL);",
        )
        .map_err(&err)?;
        let n_snapshots: i64 = db.query_row("SELECT count(*) FROM snapshots", [], |row| row.get(0)).map_err(&err)?;
        drop(err);
        let mut log = Self {
            db,
            dir: dir.to_owned(),
            path,
            _lock: lock,
            options,
            seq: 0,
            chain: [0; 32],
            snapshot_seq: 0,
            signer: None,
        };
        if n_snapshots == 0 {
            let city = found();
            let bytes = city.to_bytes().map_err(|why| LogError::corrupt(&log.path, why.to_string()))?;
            log.chain = sm3(&[&bytes]);
            log.insert_snapshot(0, &bytes)?;
            log.write_head(false)?;
            return Ok((log, city));
        }
        let city = log.load()?;
        if let Some(head) = read_head(dir)? {
            if head.seq > log.seq {
                return Err(LogError::TailLost { path: log.path, found: log.seq, expected: head.seq });
            }
            if head.seq == log.seq && head.chain != hex(&log.chain) {
                return Err(LogError::corrupt(
                    &log.path,
                    format!("the chain at record {} is not the one it was closed with", log.seq),
                ));
            }
        }
        // From here on the file changes, so the seal no longer speaks for it.
        log.write_head(false)?;
        remove_if_there(&dir.join("seal"))?;
        Ok((log, city))
    }

    pub fn seq(&self) -> u64 {
        self.seq
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Signs this log from here on with the key in the file `key`, a segment every `every` records and the rest at the
    /// close. Refuses to go on signing a log that is not the one signed so far.
    pub fn sign_with(
        &mut self,
        key: &Path,
        realm: gulang_city::Realm,
        every: u64,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let founding: Vec<u8> = self.db.query_row("SELECT city FROM snapshots WHERE seq = 0", [], |row| row.get(0))?;
        let mut signer = Signer::open(key, &self.dir, realm, &sm3(&[&founding]), every)?;
        if signer.signed_to() > self.seq {
            let (path, found, expected) = (self.path.clone(), self.seq, signer.signed_to());
            return Err(LogError::TailLost { path, found, expected }.into());
        }
        if signer.is_due(self.seq) {
            signer.sign(self.seq, &self.chain)?;
        }
        self.signer = Some(signer);
        Ok(())
    }

    /// The city as of the last record: the newest snapshot and every record after it, each checked against the chain.
    pub fn load(&mut self) -> Result<City, LogError> {
        let err = LogError::sqlite(&self.path);
        let (seq, bytes, hash, chain): (i64, Vec<u8>, Vec<u8>, Vec<u8>) = self
            .db
            .query_row("SELECT seq, city, sm3, chain FROM snapshots ORDER BY seq DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .map_err(&err)?;
        let corrupt = |why: String| LogError::corrupt(&self.path, why);
        if sm3(&[&bytes]).as_slice() != hash {
            return Err(corrupt(format!("the snapshot at record {seq} does not match its hash")));
        }
        let mut city = City::from_bytes(&bytes)
            .map_err(|why| corrupt(format!("the snapshot at record {seq} is unreadable: {why}")))?;
        let mut link: Chain = chain
            .try_into()
            .map_err(|_| corrupt(format!("the snapshot at record {seq} has a chain of the wrong length")))?;
        let mut last = seq as u64;
        {
            let mut rows =
                self.db.prepare("SELECT seq, body, chain FROM records WHERE seq > ?1 ORDER BY seq").map_err(&err)?;
            let mut rows = rows.query([seq]).map_err(&err)?;
            while let Some(row) = rows.next().map_err(&err)? {
                let (at, body, chain): (i64, Vec<u8>, Vec<u8>) =
                    (row.get(0).map_err(&err)?, row.get(1).map_err(&err)?, row.get(2).map_err(&err)?);
                let (record, next) = check_record(at as u64, last, &link, &body, &chain).map_err(corrupt)?;
                if city.apply(&record) != Applied::Advanced {
                    return Err(corrupt(format!("record {at} does not follow the city before it")));
                }
                last = at as u64;
                link = next;
            }
        }
        (self.seq, self.chain, self.snapshot_seq) = (last, link, seq as u64);
        Ok(city)
    }

    /// Appends a batch in one transaction; `bodies` are the records as JSON, numbered on from [`Log::seq`].
    pub fn append(&mut self, bodies: &[Vec<u8>]) -> Result<(), LogError> {
        if bodies.is_empty() {
            return Ok(());
        }
        let err = LogError::sqlite(&self.path);
        let mut chain = self.chain;
        let mut seq = self.seq;
        let tx = self.db.transaction().map_err(&err)?;
        {
            let mut insert =
                tx.prepare_cached("INSERT INTO records(seq, body, chain) VALUES(?1, ?2, ?3)").map_err(&err)?;
            for body in bodies {
                seq += 1;
                chain = sm3(&[&chain, body]);
                insert.execute(params![seq as i64, body, chain.as_slice()]).map_err(&err)?;
            }
        }
        tx.commit().map_err(&err)?;
        (self.seq, self.chain) = (seq, chain);
        // The records are durable; a head that lags is harmless, one that leads is not.
        if let Err(error) = self.write_head(false) {
            tracing::warn!(%error, "the head file could not be written");
        }
        // Unsigned records are signed with the next segment; the records themselves are safe.
        if let Some(signer) = self.signer.as_mut().filter(|it| it.is_due(seq))
            && let Err(error) = signer.sign(seq, &chain)
        {
            tracing::warn!(%error, "the segment could not be signed");
        }
        Ok(())
    }

    /// Takes a snapshot if enough records were appended since the last.
    pub fn snapshot_if_due(&mut self, city: &City) -> Result<(), LogError> {
        if self.seq - self.snapshot_seq < self.options.snapshot_every {
            return Ok(());
        }
        self.snapshot(city)
    }

    fn snapshot(&mut self, city: &City) -> Result<(), LogError> {
        let bytes = city.to_bytes().map_err(|why| LogError::corrupt(&self.path, why.to_string()))?;
        self.insert_snapshot(self.seq, &bytes)
    }

    fn insert_snapshot(&mut self, seq: u64, bytes: &[u8]) -> Result<(), LogError> {
        self.db
            .execute(
                "INSERT OR REPLACE INTO snapshots(seq, city, sm3, chain) VALUES(?1, ?2, ?3, ?4)",
                params![seq as i64, bytes, sm3(&[bytes]).as_slice(), self.chain.as_slice()],
            )
            .map_err(LogError::sqlite(&self.path))?;
        self.snapshot_seq = seq;
        Ok(())
    }

    /// Records after `from`, at most `limit`, for the API and for late readers.
    pub fn read(dir: &Path, from: u64, limit: usize) -> Result<Vec<Record>, LogError> {
        let path = dir.join(LOG_FILE);
        let err = LogError::sqlite(&path);
        let db = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(&err)?;
        let mut rows = db.prepare("SELECT body FROM records WHERE seq >= ?1 ORDER BY seq LIMIT ?2").map_err(&err)?;
        let mut rows = rows.query(params![from as i64, limit as i64]).map_err(&err)?;
        let mut records = Vec::new();
        while let Some(row) = rows.next().map_err(&err)? {
            let body: Vec<u8> = row.get(0).map_err(&err)?;
            records.push(serde_json::from_slice(&body).map_err(|why| LogError::corrupt(&path, why.to_string()))?);
        }
        Ok(records)
    }

    /// A last snapshot, the write-ahead log folded in, and the seal.
    pub fn close(mut self, city: &City) -> Result<(), LogError> {
        if self.seq > self.snapshot_seq {
            self.snapshot(city)?;
        }
        let Self { db, dir, path, _lock, seq, chain, signer, .. } = self;
        if let Some(mut signer) = signer {
            signer.sign(seq, &chain).map_err(LogError::io(&path))?;
        }
        let checkpoint = db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;");
        checkpoint.map_err(LogError::sqlite(&path))?;
        db.close().map_err(|(_, source)| LogError::Sqlite { path: path.clone(), source })?;
        let bytes = fs::read(&path).map_err(LogError::io(&path))?;
        write_whole(&dir.join("seal"), &Seal::of(&bytes).to_text())?;
        write_head(&dir, &Head { seq, chain: hex(&chain), sealed: true })?;
        drop(_lock);
        Ok(())
    }

    fn write_head(&self, sealed: bool) -> Result<(), LogError> {
        write_head(&self.dir, &Head { seq: self.seq, chain: hex(&self.chain), sealed })
    }
}

/// What [`replay`] found.
#[derive(Clone, Debug, Serialize)]
pub struct Replay {
    pub records: u64,
    pub state_hash: String,
    pub chain_ok: bool,
    pub secs: f64,
    /// The first record that cannot be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_record: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(skip)]
    pub city: Option<City>,
}

/// Folds the log in `dir` again from its founding, checking everything that can be checked.
pub fn replay(dir: &Path) -> Result<Replay, LogError> {
    let started = std::time::Instant::now();
    let path = dir.join(LOG_FILE);
    if !path.exists() {
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no log here");
        return Err(LogError::Io { path, source });
    }
    let mut found = Fold::default();
    let seal = check_seal(dir, &path);
    let folded = fold_all(&path, &mut found);
    let mut problem = folded.err().map(|why| (found.next(), why));
    // Where SQLite cannot even read, or reads on without noticing, the seal knows the page, and the page its record.
    let fold_names_it = problem.as_ref().is_some_and(|(_, why)| !why.starts_with(UNREADABLE));
    if !fold_names_it && let Err((page, why)) = seal {
        let bytes = fs::read(&path).unwrap_or_default();
        let record = page.and_then(|page| record_on_page(&bytes, page)).unwrap_or_else(|| found.last.min(found.next()));
        let detail = problem.map(|(_, why)| format!("; {why}")).unwrap_or_default();
        problem = Some((record, format!("{why}{detail}")));
    }
    if problem.is_none() {
        problem = match read_head(dir) {
            Ok(Some(head)) if head.seq > found.last => {
                Some((found.last + 1, format!("the log ends at record {}, but {} was written", found.last, head.seq)))
            }
            Ok(Some(head)) if head.seq == found.last && head.chain != hex(&found.chain) => {
                Some((found.last, "the chain does not end as it was closed".to_owned()))
            }
            Ok(Some(_)) => None,
            Ok(None) => Some((found.last, "the file `head` is missing".to_owned())),
            Err(error) => Some((found.last, error.to_string())),
        };
    }
    Ok(Replay {
        records: found.last,
        state_hash: found.city.as_ref().map(City::state_hash).unwrap_or_default(),
        chain_ok: problem.is_none(),
        secs: started.elapsed().as_secs_f64(),
        bad_record: problem.as_ref().map(|(record, _)| *record),
        problem: problem.map(|(record, why)| format!("{}: record {record}: {why}", path.display())),
        city: found.city,
    })
}

/// Finds the log directory meant by `dir`: itself, its `exercise`, or its `actual`.
pub fn find_log_dir(dir: &Path) -> Option<PathBuf> {
    if dir.is_file() {
        return dir.parent().map(Path::to_owned);
    }
    [dir.to_owned(), dir.join("exercise"), dir.join("actual")].into_iter().find(|it| it.join(LOG_FILE).exists())
}

/// Folds the log in `dir` from its founding, each record checked against the chain, and hands every record with the city
/// after it to `each`, until that says `false`. Returns the city then. The log may be in use.
pub fn fold(dir: &Path, each: &mut dyn FnMut(&Record, &City) -> bool) -> Result<City, LogError> {
    let reader = Reader::open(dir)?;
    let (mut city, place) = reader.founding()?;
    let mut stray = None;
    reader.each_after(place, &mut |record, _| {
        if city.apply(&record) != Applied::Advanced {
            stray = Some(record.seq);
            return false;
        }
        each(&record, &city)
    })?;
    match stray {
        Some(seq) => Err(LogError::corrupt(&reader.path, format!("record {seq} does not follow the city before it"))),
        None => Ok(city),
    }
}

/// A log opened only to be read, while another may be writing it. Nothing done through it changes the file.
#[derive(Debug)]
pub struct Reader {
    db: Connection,
    path: PathBuf,
}

/// Where in a log a reader stands: the last record read, and the chain there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub seq: u64,
    pub chain: Chain,
}

impl Reader {
    pub fn open(dir: &Path) -> Result<Self, LogError> {
        let path = dir.join(LOG_FILE);
        let err = LogError::sqlite(&path);
        // A log that was not closed has a write-ahead log beside it, which only a connection that may write can read.
        let is_open = path.with_extension("sqlite-wal").exists();
        let flags = if is_open { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
        let db = Connection::open_with_flags(&path, flags).map_err(&err)?;
        db.execute_batch("PRAGMA query_only=ON").map_err(&err)?;
        // Whoever is the last to close would otherwise fold the write-ahead log in.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(&err)?;
        drop(err);
        Ok(Self { db, path })
    }

    /// The city the log was founded with.
    pub fn founding(&self) -> Result<(City, Place), LogError> {
        let founding = self.db.query_row("SELECT city FROM snapshots WHERE seq = 0", [], |row| row.get(0));
        let founding: Vec<u8> = founding.map_err(LogError::sqlite(&self.path))?;
        let city = City::from_bytes(&founding)
            .map_err(|why| LogError::corrupt(&self.path, format!("the founding snapshot is unreadable: {why}")))?;
        Ok((city, Place { seq: 0, chain: sm3(&[&founding]) }))
    }

    /// Hands over the records after `place`, each checked against the chain, until `each` says `false`. What was handed over
    /// before an error is good.
    pub fn each_after(&self, mut place: Place, each: &mut dyn FnMut(Record, Place) -> bool) -> Result<(), LogError> {
        let err = LogError::sqlite(&self.path);
        let mut rows =
            self.db.prepare("SELECT seq, body, chain FROM records WHERE seq > ?1 ORDER BY seq").map_err(&err)?;
        let mut rows = rows.query([place.seq as i64]).map_err(&err)?;
        while let Some(row) = rows.next().map_err(&err)? {
            let (seq, body, chain): (i64, Vec<u8>, Vec<u8>) =
                (row.get(0).map_err(&err)?, row.get(1).map_err(&err)?, row.get(2).map_err(&err)?);
            let checked = check_record(seq as u64, place.seq, &place.chain, &body, &chain);
            let (record, chain) = checked.map_err(|why| LogError::corrupt(&self.path, why))?;
            place = Place { seq: seq as u64, chain };
            if !each(record, place) {
                break;
            }
        }
        Ok(())
    }

    /// The number of the last record; 0 in an empty log.
    pub fn last_seq(&self) -> Result<u64, LogError> {
        let last = self.db.query_row("SELECT coalesce(max(seq), 0) FROM records", [], |row| row.get::<_, i64>(0));
        Ok(last.map_err(LogError::sqlite(&self.path))? as u64)
    }

    /// The first `limit` records, or the last ones, newest first: those that can be read, unchecked.
    pub fn at_end(&self, end: LogEnd, limit: usize) -> Result<Vec<Record>, LogError> {
        let err = LogError::sqlite(&self.path);
        let query = match end {
            LogEnd::First => "SELECT body FROM records ORDER BY seq LIMIT ?1",
            LogEnd::Last => "SELECT body FROM records ORDER BY seq DESC LIMIT ?1",
        };
        let mut rows = self.db.prepare(query).map_err(&err)?;
        let mut rows = rows.query([limit as i64]).map_err(&err)?;
        let mut records = Vec::new();
        while let Some(row) = rows.next().map_err(&err)? {
            let body: Vec<u8> = row.get(0).map_err(&err)?;
            records.extend(serde_json::from_slice::<Record>(&body));
        }
        Ok(records)
    }
}

/// Which end of a log [`Reader::at_end`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogEnd {
    First,
    Last,
}

#[derive(Default)]
struct Fold {
    city: Option<City>,
    last: u64,
    chain: Chain,
}

impl Fold {
    fn next(&self) -> u64 {
        if self.city.is_some() { self.last + 1 } else { 0 }
    }
}

/// How faults of the file, not of a record, begin.
const UNREADABLE: &str = "the file is unreadable";

fn fold_all(path: &Path, fold: &mut Fold) -> Result<(), String> {
    let text = |error: rusqlite::Error| format!("{UNREADABLE}: {error}");
    // A log that was not closed has a write-ahead log beside it, which only a writing connection may fold in.
    let is_open = path.with_extension("sqlite-wal").exists();
    let flags = if is_open { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let db = Connection::open_with_flags(path, flags).map_err(text)?;
    let snapshots: Vec<(i64, Vec<u8>, Vec<u8>)> = db
        .prepare("SELECT seq, sm3, chain FROM snapshots ORDER BY seq")
        .map_err(text)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(text)?
        .collect::<Result<_, _>>()
        .map_err(text)?;
    let snapshot_bytes = |seq: i64| -> Result<Vec<u8>, String> {
        db.query_row("SELECT city FROM snapshots WHERE seq = ?1", [seq], |row| row.get(0)).map_err(text)
    };
    let mut snapshots = snapshots.into_iter().peekable();
    let Some((0, hash, chain)) = snapshots.next() else { return Err("the founding snapshot is missing".into()) };
    let bytes = snapshot_bytes(0)?;
    let genesis = sm3(&[&bytes]);
    if genesis.as_slice() != hash || genesis.as_slice() != chain {
        return Err("the founding snapshot does not match its hash".into());
    }
    let city = City::from_bytes(&bytes).map_err(|why| format!("the founding snapshot is unreadable: {why}"))?;
    fold.city = Some(city);
    fold.chain = genesis;

    let mut rows = db.prepare("SELECT seq, body, chain FROM records ORDER BY seq").map_err(text)?;
    let mut rows = rows.query([]).map_err(text)?;
    while let Some(row) = rows.next().map_err(text)? {
        let (seq, body, chain): (i64, Vec<u8>, Vec<u8>) =
            (row.get(0).map_err(text)?, row.get(1).map_err(text)?, row.get(2).map_err(text)?);
        let (record, next) = check_record(seq as u64, fold.last, &fold.chain, &body, &chain)?;
        let Some(city) = fold.city.as_mut() else { return Err("no city".into()) };
        if city.apply(&record) != Applied::Advanced {
            return Err("it does not follow the city before it".into());
        }
        (fold.last, fold.chain) = (seq as u64, next);
        while let Some((at, hash, chain)) = snapshots.next_if(|(at, ..)| *at <= seq) {
            let folded = city.to_bytes().map_err(|why| why.to_string())?;
            let stored = snapshot_bytes(at)?;
            let is_good =
                at == seq && stored == folded && sm3(&[&folded]).as_slice() == hash && fold.chain.as_slice() == chain;
            if !is_good {
                fold.last = seq as u64 - 1;
                return Err(format!("the snapshot at {at} is not the city the records make"));
            }
        }
    }
    if let Some((at, ..)) = snapshots.next() {
        return Err(format!("there is a snapshot at {at}, but the records end before it"));
    }
    let report: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(text)?;
    if report != "ok" {
        return Err(format!("{UNREADABLE} in part: {}", report.lines().next().unwrap_or_default()));
    }
    Ok(())
}

/// One row against its predecessor; the record and its link of the chain.
fn check_record(seq: u64, last: u64, link: &Chain, body: &[u8], chain: &[u8]) -> Result<(Record, Chain), String> {
    if seq != last + 1 {
        return Err(format!("record {} is missing; the next one there is {seq}", last + 1));
    }
    let next = sm3(&[link, body]);
    if next.as_slice() != chain {
        return Err(format!("record {seq} does not match the chain"));
    }
    let record: Record = serde_json::from_slice(body).map_err(|why| format!("record {seq} is unreadable: {why}"))?;
    if record.seq != seq {
        return Err(format!("record {seq} says it is {}", record.seq));
    }
    Ok((record, next))
}

fn read_head(dir: &Path) -> Result<Option<Head>, LogError> {
    let path = dir.join("head");
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|why| LogError::corrupt(&path, why.to_string())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LogError::Io { path, source }),
    }
}

fn write_head(dir: &Path, head: &Head) -> Result<(), LogError> {
    let text = serde_json::to_string(head).unwrap_or_default();
    write_whole(&dir.join("head"), &text)
}

/// Readers see the old file or the new one, never half of one.
pub fn write_whole(path: &Path, text: &str) -> Result<(), LogError> {
    let new = path.with_extension("new");
    fs::write(&new, text).map_err(LogError::io(&new))?;
    fs::rename(&new, path).map_err(LogError::io(path))
}

fn remove_if_there(path: &Path) -> Result<(), LogError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LogError::Io { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

// ---------------------------------------------------------------- the seal

/// SM3 per page, then one over them all: which page changed, and whether the seal itself did.
struct Seal {
    n_bytes: usize,
    pages: Vec<Chain>,
}

impl Seal {
    fn of(bytes: &[u8]) -> Self {
        Self { n_bytes: bytes.len(), pages: bytes.chunks(PAGE_BYTES).map(|page| sm3(&[page])).collect() }
    }

    fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.n_bytes);
        for page in &self.pages {
            text += &hex(page);
            text.push('\n');
        }
        text += &format!("seal {}\n", hex(&sm3(&[text.as_bytes()])));
        text
    }
}

/// `Err` names the page, if it is known, and what is wrong.
fn check_seal(dir: &Path, path: &Path) -> Result<(), (Option<usize>, String)> {
    let sealed = matches!(read_head(dir), Ok(Some(Head { sealed: true, .. })));
    if !sealed {
        return Ok(());
    }
    let wanted =
        fs::read_to_string(dir.join("seal")).map_err(|why| (None, format!("the seal is unreadable: {why}")))?;
    let bytes = fs::read(path).map_err(|why| (None, why.to_string()))?;
    let found = Seal::of(&bytes).to_text();
    if wanted == found {
        return Ok(());
    }
    let body = wanted.rfind("seal ").map(|at| wanted.split_at(at));
    let is_whole =
        body.is_some_and(|(body, last)| last.trim_end() == format!("seal {}", hex(&sm3(&[body.as_bytes()]))));
    if !is_whole {
        return Err((None, "the seal itself was changed".into()));
    }
    let page = wanted.lines().skip(1).zip(found.lines().skip(1)).position(|(a, b)| a != b);
    Err((page, format!("page {} of the file is not as it was closed", page.map_or(0, |page| page + 1))))
}

/// The record whose row lies on a page of the file: by the row numbers of table leaves, and the overflow chains they start.
fn record_on_page(bytes: &[u8], page: usize) -> Option<u64> {
    let page_of = |n: usize| bytes.get(n * PAGE_BYTES..(n + 1) * PAGE_BYTES);
    let n_pages = bytes.len() / PAGE_BYTES;
    for leaf in 0..n_pages {
        let content = page_of(leaf)?;
        let base = if leaf == 0 { 100 } else { 0 };
        if content[base] != 0x0d {
            continue;
        }
        let n_cells = usize::from(u16::from_be_bytes([content[base + 3], content[base + 4]]));
        let mut last = None;
        for cell in 0..n_cells {
            let Some(&[hi, lo]) =
                content.get(base + 8 + cell * 2..base + 10 + cell * 2).and_then(|it| it.first_chunk::<2>())
            else {
                break;
            };
            let at = usize::from(u16::from_be_bytes([hi, lo]));
            let Some((n_payload, n1)) = varint(content.get(at..)?) else { continue };
            let Some((rowid, n2)) = varint(content.get(at + n1..)?) else { continue };
            last = Some(rowid);
            let (usable, n_payload) = (PAGE_BYTES, n_payload as usize);
            if n_payload <= usable - 35 {
                continue;
            }
            let min = (usable - 12) * 32 / 255 - 23;
            let k = min + (n_payload - min) % (usable - 4);
            let local = if k <= usable - 35 { k } else { min };
            let mut next = read_u32(content, at + n1 + n2 + local)?;
            let mut n_hops = 0;
            while next != 0 && n_hops < n_pages {
                if next - 1 == page {
                    return Some(rowid);
                }
                next = page_of(next - 1).and_then(|it| read_u32(it, 0)).unwrap_or(0);
                n_hops += 1;
            }
        }
        if leaf == page {
            return last;
        }
    }
    None
}

fn read_u32(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..at + 4).and_then(|it| it.first_chunk::<4>()).map(|it| u32::from_be_bytes(*it) as usize)
}

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (i, &byte) in bytes.iter().take(9).enumerate() {
        if i == 8 {
            return Some(((value << 8) | u64::from(byte), 9));
        }
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    None
}
