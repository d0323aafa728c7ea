//! A signed log under everything somebody may do to it, judged with the public key alone.

use gulang_city::{City, Command, Realm, Source, Timestamp, tiny_pack};
use gulang_hub::{
    actor::Numberer,
    evidence::{SEGMENTS_FILE, Verdict, Verifier, export_public, new_key, verify},
    log::{LOG_FILE, Log, LogOptions},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Check = Result<(), Error>;

const EVERY: u64 = 10;

struct Signed {
    dir: tempfile::TempDir,
    key: PathBuf,
    public: PathBuf,
}

impl Signed {
    /// A closed log of 35 records: segments 1–10, 11–20, 21–30, and 31–35 signed at the close.
    fn new() -> Result<Self, Error> {
        let dir = tempfile::tempdir()?;
        let key = dir.path().join("sign.pem");
        let (public, _) = new_key(&key)?;
        let signed = Self { key, public, dir };
        signed.write(35, true)?;
        Ok(signed)
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("actual")
    }

    /// Appends one record at a time, and closes or crashes.
    fn write(&self, n: u64, close: bool) -> Check {
        let (mut log, mut city) =
            Log::open(&self.log(), LogOptions::default(), || City::found(&tiny_pack(), Realm::Actual))?;
        log.sign_with(&self.key, Realm::Actual, EVERY)?;
        let mut numberer = Numberer::new(log);
        for _ in 0..n {
            let scene = Command::ShowScene { scene: format!("scene-{}", city.seq).into() };
            let at = Timestamp(1_000 + city.seq as i64);
            numberer.number(&mut city, &[(Source::Seat("值班长 01".into()), scene)], at)?;
        }
        if close {
            numberer.close(&city)?;
        }
        Ok(())
    }

    fn verdict(&self, receipt: Option<&str>) -> Result<Verdict, Error> {
        Ok(verify(&self.log(), &Verifier::read(&self.public)?, receipt)?)
    }

    fn sql(&self, statements: &str) -> Check {
        Ok(rusqlite::Connection::open(self.log().join(LOG_FILE))?.execute_batch(statements)?)
    }

    fn segments(&self) -> Result<String, Error> {
        Ok(fs::read_to_string(self.log().join(SEGMENTS_FILE))?)
    }
}

/// What must be found: intact, signed to, unsigned at the end, the first bad record, what is missing.
type Expected = (bool, u64, u64, Option<u64>, &'static [(u64, u64)]);

fn check(what: &str, harm: impl FnOnce(&Signed) -> Check, expected: Expected) -> Check {
    let signed = Signed::new()?;
    harm(&signed)?;
    let it = signed.verdict(None)?;
    let found = (it.intact, it.signed_to, it.unsigned_tail, it.bad_record, &it.missing[..]);
    assert_eq!(found, expected, "{what}: {:?}", it.problems);
    assert_eq!(it.intact, it.problems.is_empty());
    Ok(())
}

#[test]
fn an_untouched_log_is_proved_and_every_harm_is_named() -> Check {
    check("nothing", |_| Ok(()), (true, 35, 0, None, &[]))?;
    let flip = |it: &Signed| {
        it.sql("UPDATE records SET body = CAST(replace(body, 'scene-16', 'scene-19') AS BLOB) WHERE seq = 17")
    };
    check("a flipped byte", flip, (false, 35, 0, Some(17), &[]))?;
    check(
        "a dropped record",
        |it| it.sql("DELETE FROM records WHERE seq = 23"),
        (false, 35, 0, Some(23), &[(23, 23)]),
    )?;
    let swap = |it: &Signed| {
        it.sql("UPDATE records SET seq = -1 WHERE seq = 12; UPDATE records SET seq = 12 WHERE seq = 13; UPDATE records SET seq = 13 WHERE seq = -1;")
    };
    check("two in the other order", swap, (false, 35, 0, Some(12), &[]))?;
    check("a cut tail", |it| it.sql("DELETE FROM records WHERE seq > 32"), (false, 35, 0, Some(33), &[(33, 35)]))?;
    check(
        "another founding",
        |it| it.sql("UPDATE snapshots SET city = x'00' WHERE seq = 0"),
        (false, 35, 0, Some(1), &[]),
    )?;
    // A segment left out: what follows it hangs in the air.
    let leave_out = |it: &Signed| {
        let text = it.segments()?;
        let kept: String =
            text.lines().enumerate().filter(|(i, _)| *i != 1).map(|(_, line)| format!("{line}\n")).collect();
        Ok(fs::write(it.log().join(SEGMENTS_FILE), kept)?)
    };
    check("a left-out segment", leave_out, (false, 10, 25, None, &[]))?;
    let no_signatures = |it: &Signed| Ok(fs::remove_file(it.log().join(SEGMENTS_FILE))?);
    check("no signatures", no_signatures, (false, 0, 35, None, &[]))
}

/// Whoever can compute SM3 can make the chain fit again; only the signature says otherwise, and only to the segment.
#[test]
fn a_record_forged_together_with_its_chain_is_found_in_its_segment() -> Check {
    let signed = Signed::new()?;
    let db = rusqlite::Connection::open(signed.log().join(LOG_FILE))?;
    db.execute("UPDATE records SET body = CAST(replace(body, 'scene-16', 'scene-19') AS BLOB) WHERE seq = 17", [])?;
    let rows: Vec<(i64, Vec<u8>)> = db
        .prepare("SELECT seq, body FROM records ORDER BY seq")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let founding: Vec<u8> = db.query_row("SELECT city FROM snapshots WHERE seq = 0", [], |row| row.get(0))?;
    let mut chain = gulang_hub::log::sm3(&[&founding]);
    for (seq, body) in rows {
        chain = gulang_hub::log::sm3(&[&chain, &body]);
        db.execute("UPDATE records SET chain = ?1 WHERE seq = ?2", rusqlite::params![chain.as_slice(), seq])?;
    }
    drop(db);
    let it = signed.verdict(None)?;
    assert_eq!((it.intact, it.bad_record, it.bad_until), (false, Some(11), Some(20)), "{:?}", it.problems);
    Ok(())
}

#[test]
fn another_key_proves_nothing_and_a_key_is_never_overwritten() -> Check {
    let signed = Signed::new()?;
    let other = signed.dir.path().join("other.pem");
    let (other_public, _) = new_key(&other)?;
    let it = verify(&signed.log(), &Verifier::read(&other_public)?, None)?;
    assert_eq!((it.intact, it.segments, it.unsigned_tail), (false, 0, 35), "{:?}", it.problems);
    // Another's signature under this key's name.
    let text = signed.segments()?;
    let forged = text.replacen("\"last\":10,", "\"last\":11,", 1);
    assert_ne!(text, forged);
    fs::write(signed.log().join(SEGMENTS_FILE), forged)?;
    assert_eq!(signed.verdict(None)?.segments, 0);
    fs::write(signed.log().join(SEGMENTS_FILE), text)?;

    assert!(new_key(&other).is_err());
    let again = signed.dir.path().join("again.pem");
    assert_eq!(export_public(&signed.key, &again)?, Verifier::read(&signed.public)?.fingerprint);
    assert!(Verifier::read(&signed.key).is_err(), "a secret key is no public one");
    let mode = |path: &Path| -> Result<u32, Error> {
        use std::os::unix::fs::PermissionsExt;
        Ok(fs::metadata(path)?.permissions().mode() & 0o777)
    };
    assert_eq!(mode(&signed.key)?, 0o600);
    Ok(())
}

#[test]
fn a_crash_leaves_an_unsigned_tail_that_the_next_start_signs() -> Check {
    let signed = Signed::new()?;
    signed.write(12, false)?;
    let it = signed.verdict(None)?;
    assert_eq!((it.intact, it.records, it.signed_to, it.unsigned_tail), (true, 47, 45, 2), "{:?}", it.problems);
    // A line torn in the middle of its writing.
    let path = signed.log().join(SEGMENTS_FILE);
    let whole = fs::read(&path)?;
    fs::write(&path, &whole[..whole.len() - 20])?;
    assert!(!signed.verdict(None)?.intact);
    signed.write(1, true)?;
    let it = signed.verdict(None)?;
    assert_eq!((it.intact, it.records, it.signed_to), (true, 48, 48), "{:?}", it.problems);
    Ok(())
}

/// The one harm a log cannot show by itself: its newest segments gone together with their records.
#[test]
fn a_receipt_kept_elsewhere_shows_a_tail_cut_with_its_signatures() -> Check {
    let signed = Signed::new()?;
    let text = signed.segments()?;
    let receipt = text.lines().last().unwrap_or_default().to_owned();
    assert!(signed.verdict(Some(&receipt))?.intact);
    signed.sql("DELETE FROM records WHERE seq > 30")?;
    let kept: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    fs::write(signed.log().join(SEGMENTS_FILE), kept)?;
    assert!(signed.verdict(None)?.intact, "which is why the receipt exists");
    let it = signed.verdict(Some(&receipt))?;
    assert_eq!((it.intact, &it.missing[..]), (false, &[(31, 35)][..]), "{:?}", it.problems);
    Ok(())
}
