//! The log as evidence: its chain signed segment by segment with SM2, and verified by an outsider with the public key alone.
//!
//! Beside `log.sqlite` lies `segments.jsonl`, one [`Segment`] per line: from which record to which, the chain before and
//! at its end, and a signature (SM2 with SM3, GB/T 32918, DER, signer's identity `1234567812345678` of GM/T 0009) over
//! [`Segment::signed_text`]. Each segment also carries the SM3 of the line before it, so none can be left out.
//!
//! What it proves: whoever held the key vouched for exactly these records, in this order. What it cannot: that the newest
//! segments were not cut off together with their records. For that a copy of the newest line is kept elsewhere (the *receipt*)
//! and given to [`verify`].
//!
//! It must not know what a record means: an outsider needs neither the pack nor a rule, only bytes.
//!
//! **Invariant:** the secret key is never printed, logged, or part of an error.

use crate::log::{Chain, LOG_FILE, LogError, hex, sm3};
use gulang_city::Realm;
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sm2::{
    PublicKey, SecretKey,
    dsa::{
        DerSignature, Signature, SigningKey, VerifyingKey,
        signature::{Signer as _, Verifier as _},
    },
    elliptic_curve::Generate,
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding},
};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

pub const SEGMENTS_FILE: &str = "segments.jsonl";
/// Records per segment; the rest is signed when the log is closed.
pub const SEGMENT_RECORDS: u64 = 1_000;
/// The signer's identity where no other was agreed on (GM/T 0009-2012).
const SIGNER_ID: &str = "1234567812345678";

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{path}：读不了密钥（{source}）；用 gulang-hub key new --out 文件 新建一把，或给对路径")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}：写不了密钥（{source}）；已有的密钥不会被覆盖，换一个文件名")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{path}：不是 SM2 私钥（PKCS#8 PEM，-----BEGIN PRIVATE KEY-----）；用 gulang-hub key new 新建")]
    NotSecret { path: PathBuf },
    #[error("{path}：不是 SM2 公钥（SPKI PEM，-----BEGIN PUBLIC KEY-----）；用 gulang-hub key public 从私钥导出")]
    NotPublic { path: PathBuf },
    #[error("密钥无法使用：{0}")]
    Unusable(&'static str),
}

// ---------------------------------------------------------------- keys

/// Makes a key pair: the secret in `path` (only its owner may read it), the public one beside it as `….pub.pem`.
/// Returns where the public key lies, and its fingerprint.
pub fn new_key(path: &Path) -> Result<(PathBuf, String), KeyError> {
    let secret = SecretKey::try_generate().map_err(|_| KeyError::Unusable("系统给不出随机数"))?;
    let pem = secret.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::Unusable("私钥写不成 PEM"))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(pem.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|source| KeyError::Write { path: path.to_owned(), source })?;
    let public = path.with_extension("pub.pem");
    write_public(&secret.public_key(), &public)?;
    Ok((public, fingerprint(&secret.public_key())))
}

/// Writes the public key of the secret one in `secret`; returns its fingerprint.
pub fn export_public(secret: &Path, out: &Path) -> Result<String, KeyError> {
    let key = read_secret(secret)?.public_key();
    write_public(&key, out)?;
    Ok(fingerprint(&key))
}

fn write_public(key: &PublicKey, path: &Path) -> Result<(), KeyError> {
    let pem = key.to_public_key_pem(LineEnding::LF).map_err(|_| KeyError::Unusable("公钥写不成 PEM"))?;
    fs::write(path, pem).map_err(|source| KeyError::Write { path: path.to_owned(), source })
}

fn read_secret(path: &Path) -> Result<SecretKey, KeyError> {
    let pem = fs::read_to_string(path).map_err(|source| KeyError::Read { path: path.to_owned(), source })?;
    SecretKey::from_pkcs8_pem(&pem).map_err(|_| KeyError::NotSecret { path: path.to_owned() })
}

/// The first 16 hexadecimal digits of the SM3 of the key's uncompressed point: for people to compare.
fn fingerprint(key: &PublicKey) -> String {
    hex(&sm3(&[&key.to_sec1_bytes()])[..8])
}

/// A public key to verify with.
#[derive(Clone, Debug)]
pub struct Verifier {
    key: VerifyingKey,
    pub fingerprint: String,
}

impl Verifier {
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let pem = fs::read_to_string(path).map_err(|source| KeyError::Read { path: path.to_owned(), source })?;
        let public = PublicKey::from_public_key_pem(&pem).map_err(|_| KeyError::NotPublic { path: path.to_owned() })?;
        let fingerprint = fingerprint(&public);
        let key = VerifyingKey::new(SIGNER_ID, public).map_err(|_| KeyError::NotPublic { path: path.to_owned() })?;
        Ok(Self { key, fingerprint })
    }

    fn vouches_for(&self, segment: &Segment) -> bool {
        let signature = unhex(&segment.signature)
            .and_then(|der| DerSignature::from_bytes(&der).ok())
            .and_then(|der| Signature::try_from(der).ok());
        signature.is_some_and(|it| self.key.verify(segment.signed_text().as_bytes(), &it).is_ok())
    }
}

// ---------------------------------------------------------------- segments

/// One signed stretch of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    pub realm: Realm,
    /// From 1, without gaps.
    pub number: u64,
    pub first: u64,
    pub last: u64,
    /// The chain before `first` and at `last`, hexadecimal.
    pub chain_before: String,
    pub chain: String,
    /// SM3 of the line before; empty for the first.
    pub previous: String,
    /// The signing machine's own clock; milliseconds since 1970.
    pub signed_at_ms: i64,
    /// Whose signature: the key's fingerprint.
    pub key: String,
    /// DER, hexadecimal.
    pub signature: String,
}

impl Segment {
    /// What the signature is over: these lines, each ended by a line feed.
    pub fn signed_text(&self) -> String {
        let realm = if self.realm == Realm::Actual { "actual" } else { "exercise" };
        format!(
            "gulang-segment-1\n{realm}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.number,
            self.first,
            self.last,
            self.chain_before,
            self.chain,
            self.previous,
            self.signed_at_ms,
            self.key
        )
    }

    fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the next segment names as its `previous`.
    fn link(&self) -> String {
        hex(&sm3(&[self.line().as_bytes()]))
    }
}

/// Signs one log as it grows.
pub struct Signer {
    key: SigningKey,
    fingerprint: String,
    path: PathBuf,
    realm: Realm,
    last: Option<Segment>,
    genesis: String,
    every: u64,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.fingerprint)
    }
}

impl Signer {
    /// Takes up the segments in `dir`, or begins them. `genesis` is the chain before record 1.
    pub fn open(
        key: &Path,
        dir: &Path,
        realm: Realm,
        genesis: &Chain,
        every: u64,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let secret = read_secret(key)?;
        let signing = SigningKey::new(SIGNER_ID, &secret).map_err(|_| KeyError::NotSecret { path: key.to_owned() })?;
        let path = dir.join(SEGMENTS_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{}：{error}", path.display()).into()),
        };
        // A line without its end was torn by a crash; what it signed is signed again.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            fs::OpenOptions::new().write(true).open(&path)?.set_len(whole as u64)?;
        }
        let last = text[..whole].lines().next_back().map(serde_json::from_str).transpose();
        let last = last.map_err(|why| format!("{}：最后一段读不了（{why}），移开该文件再启动", path.display()))?;
        let fingerprint = fingerprint(&secret.public_key());
        Ok(Self { key: signing, fingerprint, path, realm, last, genesis: hex(genesis), every: every.max(1) })
    }

    pub fn signed_to(&self) -> u64 {
        self.last.as_ref().map_or(0, |it| it.last)
    }

    pub fn is_due(&self, seq: u64) -> bool {
        seq >= self.signed_to() + self.every
    }

    /// Signs everything from the last segment up to `seq`, whose chain is given. The line is on the disk when it returns.
    pub fn sign(&mut self, seq: u64, chain: &Chain) -> std::io::Result<()> {
        let first = self.signed_to() + 1;
        if seq < first {
            return Ok(());
        }
        let mut segment = Segment {
            realm: self.realm,
            number: self.last.as_ref().map_or(1, |it| it.number + 1),
            first,
            last: seq,
            chain_before: self.last.as_ref().map_or_else(|| self.genesis.clone(), |it| it.chain.clone()),
            chain: hex(chain),
            previous: self.last.as_ref().map(Segment::link).unwrap_or_default(),
            signed_at_ms: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_millis() as i64),
            key: self.fingerprint.clone(),
            signature: String::new(),
        };
        let signature: Signature =
            self.key.try_sign(segment.signed_text().as_bytes()).map_err(std::io::Error::other)?;
        segment.signature = hex(signature.to_der().as_bytes());
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(format!("{}\n", segment.line()).as_bytes())?;
        file.sync_data()?;
        self.last = Some(segment);
        Ok(())
    }
}

// ---------------------------------------------------------------- verifying

/// What [`verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Everything the key vouched for is there, unchanged and in order, and nothing contradicts it.
    pub intact: bool,
    pub records: u64,
    pub segments: u64,
    /// The last record a good signature covers.
    pub signed_to: u64,
    /// Records after it, which nobody vouched for.
    pub unsigned_tail: u64,
    /// The first record that cannot be trusted: exactly, or the first of the segment it lies in (`bad_until` is its last).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_record: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_until: Option<u64>,
    /// Stretches that were numbered and are not there: first and last of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<(u64, u64)>,
    /// In words, most telling first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Fingerprint of the key asked about.
    pub key: String,
}

impl Verdict {
    fn problem(&mut self, words: impl Into<String>) {
        self.problems.push(words.into());
    }

    fn bad(&mut self, first: u64, until: Option<u64>) {
        if self.bad_record.is_none_or(|it| first < it) {
            (self.bad_record, self.bad_until) = (Some(first), until);
        }
    }
}

/// Checks the log in `dir` against its signed segments. `receipt` is the line of a segment kept elsewhere.
///
/// Only files that cannot be opened at all are errors; everything wrong with what they say is in the [`Verdict`].
pub fn verify(dir: &Path, with: &Verifier, receipt: Option<&str>) -> Result<Verdict, LogError> {
    let mut verdict = Verdict { key: with.fingerprint.clone(), ..Verdict::default() };
    let path = dir.join(SEGMENTS_FILE);
    let segments = match fs::read_to_string(&path) {
        Ok(text) => good_segments(&text, with, &mut verdict),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            verdict.problem(format!("没有 {SEGMENTS_FILE}：这份日志没有签名"));
            Vec::new()
        }
        Err(source) => return Err(LogError::Io { path, source }),
    };
    verdict.segments = segments.len() as u64;
    verdict.signed_to = segments.last().map_or(0, |it| it.last);
    if let Some(receipt) = receipt {
        check_receipt(receipt, &segments, &mut verdict);
    }
    if let Err(why) = walk(&dir.join(LOG_FILE), &segments, &mut verdict) {
        let next = verdict.records + 1;
        verdict.bad(next, None);
        verdict.problem(format!("从第 {next} 条记录起，日志文件读不下去：{why}"));
    }
    verdict.unsigned_tail = verdict.records.saturating_sub(verdict.signed_to);
    verdict.intact = verdict.problems.is_empty();
    Ok(verdict)
}

/// The segments up to the first that is not vouched for.
fn good_segments(text: &str, with: &Verifier, verdict: &mut Verdict) -> Vec<Segment> {
    let mut good: Vec<Segment> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let at = i + 1;
        let why = match serde_json::from_str::<Segment>(line) {
            Err(why) => format!("读不了（{why}）"),
            Ok(it) if it.key != with.fingerprint => {
                format!("是另一把密钥（{}）签的，给出的公钥是 {}", it.key, with.fingerprint)
            }
            Ok(it) if !with.vouches_for(&it) => "签名不对：内容被改过，或不是这把密钥签的".to_owned(),
            Ok(it) => {
                let (number, first, before, previous) =
                    good.last().map_or((1, 1, it.chain_before.clone(), String::new()), |last| {
                        (last.number + 1, last.last + 1, last.chain.clone(), last.link())
                    });
                let follows = it.number == number
                    && it.first == first
                    && it.last >= it.first
                    && it.chain_before == before
                    && it.previous == previous;
                if follows {
                    good.push(it);
                    continue;
                }
                format!(
                    "接不上前一段：应为第 {number} 段、从第 {first} 条起，是第 {} 段、第 {} 条",
                    it.number, it.first
                )
            }
        };
        verdict.problem(format!("{SEGMENTS_FILE}:{at}：{why}"));
        break;
    }
    good
}

/// A receipt says what must still be there.
fn check_receipt(receipt: &str, segments: &[Segment], verdict: &mut Verdict) {
    match serde_json::from_str::<Segment>(receipt.trim()) {
        Err(why) => verdict.problem(format!("收据读不了（{why}）；收据是 {SEGMENTS_FILE} 的一行")),
        Ok(kept) if segments.contains(&kept) => {}
        Ok(kept) => {
            let last = segments.last().map_or(0, |it| it.last);
            if kept.last > last {
                verdict.missing.push((last + 1, kept.last));
            }
            verdict.problem(format!("收据所说的第 {} 段（第 {}–{} 条）不在日志里", kept.number, kept.first, kept.last));
        }
    }
}

/// Every record against its neighbour's chain and the signed ends of segments.
fn walk(path: &Path, segments: &[Segment], verdict: &mut Verdict) -> Result<(), String> {
    let text = |error: rusqlite::Error| error.to_string();
    if !path.is_file() {
        return Err(format!("没有 {}", path.display()));
    }
    // A log that was not closed has a write-ahead log beside it, which only a writing connection may fold in.
    let is_open = path.with_extension("sqlite-wal").exists();
    let flags = if is_open { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let db = Connection::open_with_flags(path, flags).map_err(text)?;
    let founding: Vec<u8> =
        db.query_row("SELECT city FROM snapshots WHERE seq = 0", [], |row| row.get(0)).map_err(text)?;
    let mut chain = sm3(&[&founding]);
    let mut segments = segments.iter();
    let mut segment = segments.next();
    if let Some(first) = segment
        && first.chain_before != hex(&chain)
    {
        verdict.bad(1, None);
        verdict.problem("城市的初始状态（第 0 条快照）不是签名时的那一份");
    }
    let mut rows = db.prepare("SELECT seq, body, chain FROM records ORDER BY seq").map_err(text)?;
    let mut rows = rows.query([]).map_err(text)?;
    let mut last = 0u64;
    // After the first break every later link differs; only the signed ends speak again.
    let mut broken = false;
    let mut forged = false;
    while let Some(row) = rows.next().map_err(text)? {
        let (seq, body, stored): (i64, Vec<u8>, Vec<u8>) =
            (row.get(0).map_err(text)?, row.get(1).map_err(text)?, row.get(2).map_err(text)?);
        let seq = seq as u64;
        if seq != last + 1 {
            verdict.missing.push((last + 1, seq - 1));
            verdict.bad(last + 1, Some(seq - 1));
            verdict.problem(format!("第 {}–{} 条记录不见了", last + 1, seq - 1));
            broken = true;
        }
        last = seq;
        verdict.records = seq;
        let next = sm3(&[&chain, &body]);
        let says = numbered(&body);
        if !broken && (next.as_slice() != stored || says != Some(seq)) {
            broken = true;
            verdict.bad(seq, Some(seq));
            verdict.problem(match says {
                Some(other) if other != seq => format!("第 {seq} 条记录自称是第 {other} 条：次序被改过"),
                _ => format!("第 {seq} 条记录和链不符：内容或次序被改过"),
            });
        }
        // From the stored link on, so that one bad record does not hide what comes after.
        chain = if broken { stored.try_into().unwrap_or(next) } else { next };
        while let Some(signed) = segment.filter(|it| it.last <= seq) {
            // Later segments differ because this one does.
            if signed.last == seq && signed.chain != hex(&chain) && !forged {
                forged = true;
                verdict.bad(signed.first, Some(signed.last));
                verdict.problem(format!("第 {}–{} 条记录不是签名时的那些", signed.first, signed.last));
            }
            segment = segments.next();
        }
    }
    if verdict.signed_to > last {
        verdict.missing.push((last + 1, verdict.signed_to));
        verdict.bad(last + 1, Some(verdict.signed_to));
        verdict.problem(format!("末尾被截断：签名到第 {} 条，日志只到第 {last} 条", verdict.signed_to));
    }
    Ok(())
}

/// The number a record gives itself; all an outsider needs to read of it.
fn numbered(body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Numbered {
        seq: u64,
    }
    serde_json::from_slice::<Numbered>(body).ok().map(|it| it.seq)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|it| it.to_digit(16).map(|it| it as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect())
}
