//! The log under everything that goes wrong with disks, files and people.

use gulang_city::{City, Command, Realm, Source, Timestamp, tiny_pack};
use gulang_hub::{
    actor::Numberer,
    log::{LOG_FILE, Log, LogError, LogOptions, replay},
};
use std::{fs, path::Path};

type Check = Result<(), Box<dyn std::error::Error>>;

fn open(dir: &Path, options: LogOptions) -> Result<(Numberer, City), LogError> {
    let (log, city) = Log::open(dir, options, || City::found(&tiny_pack(), Realm::Exercise))?;
    Ok((Numberer::new(log), city))
}

fn scenes(from: u64, n: u64) -> Vec<(Source, Command)> {
    (from..from + n)
        .map(|i| (Source::Seat("值班长 01".into()), Command::ShowScene { scene: format!("scene-{i}").into() }))
        .collect()
}

/// A log of `n` records, closed cleanly.
fn written(dir: &Path, n: u64) -> Result<City, Box<dyn std::error::Error>> {
    let (mut numberer, mut city) = open(dir, LogOptions { snapshot_every: 10, max_pages: None })?;
    for i in 0..n {
        numberer.number(&mut city, &scenes(i, 1), Timestamp(1_000 + i as i64))?;
    }
    assert_eq!(city.seq, n);
    numberer.close(&city)?;
    Ok(city)
}

#[test]
fn a_closed_log_replays_to_the_same_city() -> Check {
    let dir = tempfile::tempdir()?;
    let city = written(dir.path(), 25)?;
    let again = replay(dir.path())?;
    assert!(again.chain_ok, "{:?}", again.problem);
    assert_eq!((again.records, again.state_hash), (25, city.state_hash()));
    let (_, reopened) = open(dir.path(), LogOptions::default())?;
    assert_eq!(reopened, city);
    Ok(())
}

#[test]
fn a_crash_loses_nothing_that_was_numbered() -> Check {
    let dir = tempfile::tempdir()?;
    let (mut numberer, mut city) = open(dir.path(), LogOptions::default())?;
    numberer.number(&mut city, &scenes(0, 30), Timestamp(5))?;
    drop(numberer);
    let again = replay(dir.path())?;
    assert!(again.chain_ok, "{:?}", again.problem);
    let (mut numberer, mut reopened) = open(dir.path(), LogOptions::default())?;
    assert_eq!(reopened, city);
    numberer.number(&mut reopened, &scenes(100, 1), Timestamp(6))?;
    assert_eq!(reopened.seq, 31);
    Ok(())
}

#[test]
fn a_clock_that_steps_back_turns_no_records_around() -> Check {
    let dir = tempfile::tempdir()?;
    let (mut numberer, mut city) = open(dir.path(), LogOptions::default())?;
    for (i, at) in [5_000, 1_000, 6_000].into_iter().enumerate() {
        numberer.number(&mut city, &scenes(i as u64, 1), Timestamp(at))?;
    }
    let records = Log::read(dir.path(), 1, 10)?;
    assert_eq!(records.iter().map(|it| it.at.0).collect::<Vec<_>>(), [5_000, 5_000, 6_000]);
    Ok(())
}

#[test]
fn a_second_hub_is_refused() -> Check {
    let dir = tempfile::tempdir()?;
    let _first = open(dir.path(), LogOptions::default())?;
    let second = open(dir.path(), LogOptions::default());
    assert!(matches!(second, Err(LogError::InUse { .. })));
    Ok(())
}

#[test]
fn a_full_disk_refuses_whole_batches_and_recovers_nothing_wrong() -> Check {
    let dir = tempfile::tempdir()?;
    let (mut numberer, mut city) = open(dir.path(), LogOptions { snapshot_every: 1_000_000, max_pages: Some(40) })?;
    let mut n_before = 0;
    let error = loop {
        let before = city.clone();
        match numberer.number(&mut city, &scenes(n_before, 50), Timestamp(9)) {
            Ok(_) => n_before = city.seq,
            Err(error) => {
                assert_eq!(city, before, "a refused batch left something behind");
                break error;
            }
        }
        assert!(n_before < 100_000, "the disk never filled");
    };
    assert!(matches!(error, LogError::DiskFull { .. }), "{error}");
    drop(numberer);
    let (mut numberer, mut city) = open(dir.path(), LogOptions::default())?;
    assert_eq!(city.seq, n_before);
    numberer.number(&mut city, &scenes(1_000_000, 50), Timestamp(10))?;
    assert_eq!(city.seq, n_before + 50);
    Ok(())
}

#[test]
fn a_file_locked_by_another_program_says_so() -> Check {
    let dir = tempfile::tempdir()?;
    written(dir.path(), 3)?;
    let other = rusqlite::Connection::open(dir.path().join(LOG_FILE))?;
    other.execute_batch("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;")?;
    let error = open(dir.path(), LogOptions::default()).map(drop);
    assert!(matches!(error, Err(LogError::Locked { .. })), "{error:?}");
    Ok(())
}

#[test]
fn a_flipped_byte_anywhere_is_seen() -> Check {
    let dir = tempfile::tempdir()?;
    written(dir.path(), 40)?;
    let path = dir.path().join(LOG_FILE);
    let whole = fs::read(&path)?;
    let step = whole.len() / 97;
    for at in (0..whole.len()).step_by(step.max(1)).chain([0, 24, 99, whole.len() - 1]) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x40;
        fs::write(&path, &flipped)?;
        let found = replay(dir.path())?;
        assert!(!found.chain_ok, "a flip at byte {at} was not seen");
        assert!(found.bad_record.is_some() && found.problem.is_some_and(|it| it.contains("record")));
    }
    fs::write(&path, &whole)?;
    assert!(replay(dir.path())?.chain_ok);
    Ok(())
}

#[test]
fn a_flipped_byte_of_a_record_is_named_even_after_a_crash() -> Check {
    let dir = tempfile::tempdir()?;
    written(dir.path(), 40)?;
    let path = dir.path().join(LOG_FILE);
    fs::remove_file(dir.path().join("seal"))?;
    let head = fs::read_to_string(dir.path().join("head"))?;
    fs::write(dir.path().join("head"), head.replace("\"sealed\":true", "\"sealed\":false"))?;
    let mut bytes = fs::read(&path)?;
    // Pages that were split keep old copies where SQLite no longer looks; all of them are flipped.
    let places: Vec<usize> = (0..bytes.len() - 8).filter(|at| &bytes[*at..*at + 8] == b"scene-16").collect();
    for at in places {
        bytes[at + 7] = b'9';
    }
    fs::write(&path, &bytes)?;
    let found = replay(dir.path())?;
    assert_eq!((found.chain_ok, found.bad_record), (false, Some(17)), "{:?}", found.problem);
    Ok(())
}

#[test]
fn a_lost_tail_is_seen() -> Check {
    let dir = tempfile::tempdir()?;
    written(dir.path(), 5)?;
    let old = fs::read(dir.path().join(LOG_FILE))?;
    written_more(dir.path())?;
    fs::write(dir.path().join(LOG_FILE), old)?;
    assert!(!replay(dir.path())?.chain_ok);
    assert!(matches!(open(dir.path(), LogOptions::default()), Err(LogError::TailLost { expected: 15, .. })));
    Ok(())
}

fn written_more(dir: &Path) -> Check {
    let (mut numberer, mut city) = open(dir, LogOptions::default())?;
    numberer.number(&mut city, &scenes(500, 10), Timestamp(77))?;
    Ok(numberer.close(&city)?)
}

#[test]
fn garbage_for_a_log_is_refused_clearly() -> Check {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join(LOG_FILE), vec![7u8; 9000])?;
    let error = open(dir.path(), LogOptions::default()).map(drop);
    assert!(matches!(error, Err(LogError::Corrupt { .. })), "{error:?}");
    Ok(())
}
