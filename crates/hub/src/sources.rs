//! What is known of every source of a realm beside its lamp: how much it says, how late, what of it was dropped or refused,
//! its last good message. Counted where messages come in; read by `GET /api/sources`.

use crate::connectors::{
    contract::{Knock, Secrets},
    names,
};
use gulang_city::{Text, Timestamp};
use gulang_platforms::{Heard, News};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, Semaphore, mpsc};

/// Rates are means over so many whole seconds.
const RATE_SECS: i64 = 10;
/// Records of refused entries a minute and source; more are only counted.
pub const REFUSED_RECORDS_A_MINUTE: u32 = 6;
/// Requests to one door read at once; more are sent away, so that those who send slowly hold little.
const READING_AT_ONCE: usize = 32;
/// Of a sample, shown at most.
const SAMPLE_CHARS: usize = 500;

/// One realm's sources by name, and what is wrong with the configuration they came from.
#[derive(Debug, Default)]
pub struct SourceBook {
    entries: Mutex<BTreeMap<Text, Arc<SourceEntry>>>,
    fault: Mutex<Option<String>>,
}

/// What a source is.
#[derive(Clone, Debug)]
pub struct About {
    pub name: Text,
    pub title: Text,
    /// As in `[[connector]]`; `built_in` for those of `[actual]` and the simulated city.
    pub kind: Text,
    /// Where it is asked, or where it calls; said with every failure. Empty where that is nobody's business.
    pub address: Text,
    pub simulated: bool,
    /// Past this, what it says is stale, s.
    pub freshness_s: f64,
}

#[derive(Debug)]
pub struct SourceEntry {
    pub about: About,
    /// Asked to try at once.
    pub retry: Notify,
    tally: Mutex<Tally>,
    /// Known only while it is connected; what is kept or shown is struck of them.
    secrets: Mutex<Secrets>,
    knocks: Mutex<Option<mpsc::Sender<Knock>>>,
    /// Places for requests to its door that are still being read.
    pub reading: Semaphore,
}

#[derive(Debug, Default)]
struct Tally {
    /// The last seconds, the oldest first: second, messages, bytes.
    seconds: std::collections::VecDeque<(i64, u64, u64)>,
    n_messages: u64,
    n_bytes: u64,
    n_dropped: u64,
    n_refused: u64,
    n_losses: u64,
    lag_ms: Option<i64>,
    last_heard_ms: i64,
    last_error: String,
    remedy: String,
    standing: Vec<String>,
    sample: Option<Sample>,
    sampled_second: i64,
    /// Which minute, and how many of it became records.
    refused: (i64, u32),
}

/// A message and what it meant, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sample {
    pub raw: String,
    pub mapped: String,
    pub refused: String,
}

/// A source's figures as of now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Messages a second, mean of ten.
    pub per_s: f64,
    pub bytes_per_s: f64,
    pub n_messages: u64,
    /// Over the rate limit, and not looked at.
    pub n_dropped: u64,
    pub n_refused: u64,
    /// How often the connection was lost or a question failed.
    pub n_losses: u64,
    /// The hub's now less the newest reading's time, when it came.
    pub lag_ms: Option<i64>,
    pub last_heard_ms: Option<i64>,
    pub last_error: String,
    pub remedy: String,
    /// How it stands, in its own lines: of one that pushes what was pushed, how far, what was answered last.
    pub standing: Vec<String>,
    pub sample: Option<Sample>,
}

impl SourceBook {
    pub fn get(&self, name: &str) -> Option<Arc<SourceEntry>> {
        lock(&self.entries).get(name).cloned()
    }

    pub fn all(&self) -> Vec<Arc<SourceEntry>> {
        lock(&self.entries).values().cloned().collect()
    }

    /// A new source, or the same name anew.
    pub fn enter(&self, about: About) -> Arc<SourceEntry> {
        let name = about.name.clone();
        let entry = Arc::new(SourceEntry {
            about,
            retry: Notify::new(),
            tally: Mutex::default(),
            secrets: Mutex::default(),
            knocks: Mutex::default(),
            reading: Semaphore::new(READING_AT_ONCE),
        });
        lock(&self.entries).insert(name, entry.clone());
        entry
    }

    /// One of `[actual]` or the simulated city.
    pub fn enter_built_in(&self, name: &str, simulated: bool, freshness_s: f64) -> Arc<SourceEntry> {
        let title = names::title_zh(name).into();
        let (kind, address) = ("built_in".into(), Text::default());
        self.enter(About { name: name.into(), title, kind, address, simulated, freshness_s })
    }

    pub fn remove(&self, name: &str) {
        lock(&self.entries).remove(name);
    }

    /// Counts an answer without news of its own, if the source is known.
    pub fn heard(&self, name: &str, n_bytes: usize, now_ms: i64) {
        if let Some(entry) = self.get(name) {
            entry.count(1, n_bytes, now_ms);
        }
    }

    pub fn failed(&self, name: &str, error: &str, remedy: &str) {
        if let Some(entry) = self.get(name) {
            entry.failed(error, remedy);
        }
    }

    /// It answered: the last failure is over.
    pub fn recovered(&self, name: &str) {
        if let Some(entry) = self.get(name) {
            entry.recovered();
        }
    }

    /// What is wrong with the configuration file now; the sources are those of the last good one.
    pub fn set_fault(&self, fault: Option<String>) {
        *lock(&self.fault) = fault;
    }

    pub fn fault(&self) -> Option<String> {
        lock(&self.fault).clone()
    }
}

impl SourceEntry {
    /// Counts a message; `false` if it is over `max_per_s` and is dropped.
    pub fn admit(&self, n_bytes: usize, now_ms: i64, max_per_s: Option<u32>) -> bool {
        self.admit_many(1, n_bytes, now_ms, max_per_s)
    }

    /// As [`Self::admit`], for `n` messages that came at once: all of them or none, as there was room before them.
    pub fn admit_many(&self, n: u64, n_bytes: usize, now_ms: i64, max_per_s: Option<u32>) -> bool {
        let n_before = self.count(n, n_bytes, now_ms).saturating_sub(n);
        let is_over = max_per_s.is_some_and(|it| n_before >= u64::from(it));
        if is_over {
            lock(&self.tally).n_dropped += n;
        }
        !is_over
    }

    /// Whether this second has had its `max_per_s`; the message is counted and dropped then, else not yet counted.
    pub fn turns_away(&self, n_bytes: usize, now_ms: i64, max_per_s: Option<u32>) -> bool {
        let second = now_ms.div_euclid(1000);
        let is_full = max_per_s.is_some_and(|max| {
            let tally = lock(&self.tally);
            tally.seconds.back().is_some_and(|(last, n, _)| *last == second && *n >= u64::from(max))
        });
        is_full && !self.admit(n_bytes, now_ms, max_per_s)
    }

    /// How many this second has had, these `n_messages` among them.
    fn count(&self, n_messages: u64, n_bytes: usize, now_ms: i64) -> u64 {
        let mut tally = lock(&self.tally);
        let second = now_ms.div_euclid(1000);
        tally.n_messages += n_messages;
        tally.n_bytes += n_bytes as u64;
        tally.last_heard_ms = now_ms;
        // A clock that was set back begins anew.
        if tally.seconds.back().is_some_and(|(last, ..)| *last > second) {
            tally.seconds.clear();
        }
        if tally.seconds.back().is_none_or(|(last, ..)| *last != second) {
            tally.seconds.push_back((second, 0, 0));
        }
        while tally.seconds.front().is_some_and(|(first, ..)| second - first > RATE_SECS) {
            tally.seconds.pop_front();
        }
        let Some((_, n, bytes)) = tally.seconds.back_mut() else { return n_messages };
        *n += n_messages;
        *bytes += n_bytes as u64;
        *n
    }

    /// Takes note of what a message meant: its lag, and now and then the message itself. How many of its refused entries
    /// may still become records.
    pub fn learn(&self, raw: &[u8], heard: &Heard, now_ms: i64, realm_now: Timestamp) -> usize {
        let newest = heard.news.iter().map(News::at).max();
        let is_good = !heard.news.is_empty() || !heard.commands.is_empty();
        let mut tally = lock(&self.tally);
        if let Some(newest) = newest {
            tally.lag_ms = Some(realm_now.since_ms(newest));
        }
        tally.n_refused += heard.refused.len() as u64;
        if is_good {
            tally.last_error.clear();
            tally.remedy.clear();
        }
        let second = now_ms.div_euclid(1000);
        let says_nothing = raw.is_empty() && heard.is_empty();
        // Made into text at most once a second; a good one stays until a better comes.
        if !says_nothing && tally.sampled_second != second && (is_good || tally.sample.is_none()) {
            tally.sampled_second = second;
            tally.sample = Some(Sample::of(raw, heard, &lock(&self.secrets)));
        }
        let minute = now_ms.div_euclid(60_000);
        if tally.refused.0 != minute {
            tally.refused = (minute, 0);
        }
        let allowed = REFUSED_RECORDS_A_MINUTE.saturating_sub(tally.refused.1).min(heard.refused.len() as u32);
        tally.refused.1 += allowed;
        allowed as usize
    }

    /// What happened, struck of secrets, and where.
    pub fn named(&self, what: &str) -> String {
        let (what, address) = (self.redact(what), &*self.about.address);
        let host = address.split_once("://").map_or(address, |it| it.1);
        let host = host.split(['/', '?']).next().unwrap_or(host);
        if address.is_empty() || (!host.is_empty() && what.contains(host)) {
            what
        } else {
            format!("{what}（{}）", self.redact(address))
        }
    }

    /// It answered, though it had nothing to say: the last failure is over.
    pub fn recovered(&self) {
        let mut tally = lock(&self.tally);
        tally.last_error.clear();
        tally.remedy.clear();
    }

    /// How it stands, in lines of its own, for kinds that have more to say than figures.
    pub fn stands(&self, lines: Vec<String>) {
        let lines = lines.iter().map(|it| self.redact(it)).collect();
        lock(&self.tally).standing = lines;
    }

    pub fn failed(&self, error: &str, remedy: &str) {
        let error = self.redact(error).chars().take(300).collect();
        let mut tally = lock(&self.tally);
        tally.n_losses += 1;
        tally.last_error = error;
        tally.remedy = remedy.to_owned();
    }

    /// Asked to try at once: whoever waits now, or else waits next.
    pub fn try_again(&self) {
        // Several feeds may share one name.
        self.retry.notify_waiters();
        self.retry.notify_one();
    }

    /// What may be opened there, as its sample.
    pub fn list(&self, catalogue: &[Sample]) {
        let sample = Sample::of_catalogue(catalogue, &lock(&self.secrets));
        if sample.is_some() {
            lock(&self.tally).sample = sample;
        }
    }

    pub fn redact(&self, text: &str) -> String {
        lock(&self.secrets).redact(text)
    }

    pub fn know(&self, secrets: Secrets) {
        *lock(&self.secrets) = secrets;
    }

    pub fn n_messages(&self) -> u64 {
        lock(&self.tally).n_messages
    }

    /// Opens its door at `POST /hook/{name}`.
    pub fn open_door(&self, knocks: mpsc::Sender<Knock>) {
        *lock(&self.knocks) = Some(knocks);
    }

    pub fn door(&self) -> Option<mpsc::Sender<Knock>> {
        lock(&self.knocks).clone()
    }

    pub fn figures(&self, now_ms: i64) -> Figures {
        let tally = lock(&self.tally);
        let now = now_ms.div_euclid(1000);
        let whole = tally.seconds.iter().filter(|(second, ..)| (now - RATE_SECS..now).contains(second));
        let (n, bytes) = whole.fold((0, 0), |(n, bytes), it| (n + it.1, bytes + it.2));
        Figures {
            per_s: n as f64 / RATE_SECS as f64,
            bytes_per_s: bytes as f64 / RATE_SECS as f64,
            n_messages: tally.n_messages,
            n_dropped: tally.n_dropped,
            n_refused: tally.n_refused,
            n_losses: tally.n_losses,
            lag_ms: tally.lag_ms,
            last_heard_ms: (tally.last_heard_ms > 0).then_some(tally.last_heard_ms),
            last_error: tally.last_error.clone(),
            remedy: tally.remedy.clone(),
            standing: tally.standing.clone(),
            sample: tally.sample.clone(),
        }
    }
}

impl Sample {
    /// Struck of secrets before anything is cut, so that no cut leaves half of one.
    pub fn of(raw: &[u8], heard: &Heard, secrets: &Secrets) -> Self {
        let start = raw.get(..raw.len().min(16 * SAMPLE_CHARS)).unwrap_or_default();
        let refused = heard.refused.iter().take(3);
        let refused: Vec<String> =
            refused.map(|it| format!("{}：{}", secrets.redact(&it.why), secrets.redact(&it.what))).collect();
        let cut = |text: String, n: usize| text.chars().take(n).collect();
        Self {
            raw: cut(raw_text(start, secrets), SAMPLE_CHARS),
            mapped: cut(secrets.redact(&mapped_text(heard)), 2 * SAMPLE_CHARS),
            refused: cut(refused.join("\n"), 2 * SAMPLE_CHARS),
        }
    }

    /// A list of what may be opened as one sample: its first entries, and of the refused ones the first.
    pub fn of_catalogue(list: &[Self], secrets: &Secrets) -> Option<Self> {
        const LINES: usize = 8;
        let text = |part: fn(&Self) -> &str| -> String {
            let lines = list.iter().map(part).filter(|it| !it.is_empty()).take(LINES);
            let lines: Vec<String> = lines.map(|it| secrets.redact(it)).collect();
            lines.join("\n").chars().take(2 * SAMPLE_CHARS).collect()
        };
        let it = Self { raw: text(|it| &it.raw), mapped: text(|it| &it.mapped), refused: text(|it| &it.refused) };
        (!list.is_empty()).then_some(it)
    }
}

/// The first few things a message meant, one a line.
fn mapped_text(heard: &Heard) -> String {
    const NEWS: usize = 4;
    const COMMANDS: usize = 3;
    let mut text = String::new();
    for news in heard.news.iter().take(NEWS) {
        let _ = writeln!(text, "{news:?}");
    }
    for command in heard.commands.iter().take(COMMANDS) {
        let _ = writeln!(text, "{}", serde_json::to_string(command).unwrap_or_default());
    }
    let n_more = heard.news.len().saturating_sub(NEWS) + heard.commands.len().saturating_sub(COMMANDS);
    if n_more > 0 {
        let _ = writeln!(text, "… 另有 {n_more} 条");
    }
    text
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came, as text; in hexadecimal where it is none, as a terminal would obey what it cannot show.
fn raw_text(raw: &[u8], secrets: &Secrets) -> String {
    let text = String::from_utf8_lossy(raw);
    let redacted = secrets.redact(&text);
    let is_text = !text.chars().any(|it| it.is_control() && !matches!(it, '\n' | '\r' | '\t'));
    if is_text || redacted != text {
        return redacted.chars().filter(|it| !it.is_control() || matches!(it, '\n' | '\t')).collect();
    }
    raw.iter().map(|it| format!("{it:02x} ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Arc<SourceEntry> {
        let about = About {
            name: "rain".into(),
            title: "雨量".into(),
            kind: "mqtt".into(),
            address: "mqtt://10.0.0.8:1883".into(),
            simulated: false,
            freshness_s: 60.0,
        };
        SourceBook::default().enter(about)
    }

    #[test]
    fn a_failure_says_where() {
        let entry = entry();
        assert_eq!(entry.named("连接中断"), "连接中断（mqtt://10.0.0.8:1883）");
        assert_eq!(entry.named("连不上 10.0.0.8:1883"), "连不上 10.0.0.8:1883");
    }

    #[test]
    fn a_flood_is_counted_and_limited() {
        let entry = entry();
        let n_taken = (0..5000).filter(|_| entry.admit(10, 20_500, Some(100))).count();
        assert_eq!(n_taken, 100);
        assert!(entry.admit(10, 21_000, Some(100)), "the next second begins anew");
        let figures = entry.figures(25_000);
        assert_eq!((figures.n_messages, figures.n_dropped), (5001, 4900));
        assert!((figures.per_s - 500.1).abs() < 1e-9 && (figures.bytes_per_s - 5001.0).abs() < 1e-9);
        assert!(entry.figures(60_000).per_s < 1e-9);
        assert!(entry.admit(10, 1000, Some(1)), "the clock was set back");
        assert!((entry.figures(1500).per_s).abs() < 1e-9);
    }

    #[test]
    fn who_can_be_told_is_turned_away_and_counted_once() {
        let entry = entry();
        assert!(!entry.turns_away(10, 20_500, Some(1)), "there is room");
        assert_eq!(entry.figures(20_500).n_messages, 0, "whoever is let in is counted where it is taken");
        assert!(entry.admit(10, 20_500, Some(1)));
        assert!(entry.turns_away(10, 20_900, Some(1)) && !entry.turns_away(10, 20_900, None));
        assert!(!entry.turns_away(10, 21_000, Some(1)), "the next second begins anew");
        let figures = entry.figures(21_000);
        assert_eq!((figures.n_messages, figures.n_dropped), (2, 1));
    }

    #[test]
    fn messages_that_came_at_once_are_each_counted() {
        let entry = entry();
        let taken = [1000, 1000, 500].map(|n| entry.admit_many(n, 10, 20_500, Some(1500)));
        assert_eq!(taken, [true, true, false]);
        let figures = entry.figures(25_000);
        assert_eq!((figures.n_messages, figures.n_dropped), (2500, 500));
    }

    #[test]
    fn refused_entries_become_few_records_and_all_are_counted() {
        let entry = entry();
        let mut heard = Heard::default();
        (0..10).for_each(|i| heard.refuse(&i.to_string(), "不是数"));
        assert_eq!(entry.learn(b"x", &heard, 60_000, Timestamp(0)), 6);
        assert_eq!(entry.learn(b"x", &heard, 60_001, Timestamp(0)), 0);
        assert_eq!(entry.learn(b"x", &heard, 120_000, Timestamp(0)), 6);
        assert_eq!(entry.figures(0).n_refused, 30);
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let entry = entry();
        entry.know(Secrets([("token".into(), "hunter2".to_owned())].into()));
        let mut heard = Heard::default();
        heard.news.push(News::Gauge { sensor: "hunter2".into(), value: 1.0, at: Timestamp(900) });
        entry.learn(br#"{"token":"hunter2"}"#, &heard, 5000, Timestamp(1000));
        entry.failed("401 for Bearer hunter2", "检查令牌");
        let figures = entry.figures(5000);
        assert_eq!(figures.lag_ms, Some(100));
        assert!(!format!("{figures:?} {entry:?}").contains("hunter2"));
        assert!(figures.sample.is_some_and(|it| it.raw.contains("***") && it.mapped.contains("***")));
    }
}
