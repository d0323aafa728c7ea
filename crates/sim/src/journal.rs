//! What the outside did to the city: orders and news received, repeated, cancelled or refused, kept for ever.
//!
//! A line is written and synced before its answer goes out, so a platform that said `ok` never forgets it, whatever
//! happens to the process. With the world's pure function it is all the state there is.

use crate::{docks::DockOrder, errands::Errand};
use gulang_city::{DistrictId, LonLat, TeamId, Timestamp, TownshipId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// One line of `journal.jsonl`: what happened, and the key of the news that made it, if it came with one.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    news_id: String,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Entry {
    Order {
        at: Timestamp,
        platform: String,
        notice: Box<Notice>,
    },
    /// The same notice or news again: answered as before, changes nothing.
    Repeat {
        at: Timestamp,
        notice_id: String,
    },
    Cancel {
        at: Timestamp,
        notice_id: String,
        reason: String,
        /// The notice that takes its place.
        #[serde(default)]
        superseded_by: Option<String>,
    },
    /// An order of the wrong realm: kept apart, never acted on.
    Refused {
        at: Timestamp,
        platform: String,
        notice_id: String,
        exercise: bool,
        why: String,
    },
    /// 退回, 延期 or 作废 of a case.
    Case {
        at: Timestamp,
        action: String,
        rec_id: String,
        /// Another agency is to handle it.
        unit_id: Option<String>,
        /// The new deadline.
        deadline: Option<Timestamp>,
        reason: String,
        /// Why it is not allowed; empty if it is.
        #[serde(default)]
        denied: String,
    },
    /// A case reported to us: by the hub, or over Open311.
    Report {
        at: Timestamp,
        rec_id: String,
        report: Box<ReportRequest>,
    },
    /// 签收, 处置反馈, 核查 or 评价 of a case.
    Step {
        at: Timestamp,
        action: String,
        rec_id: String,
        note: String,
    },
    /// Somebody in the street is rung, or hung up on.
    Video {
        at: Timestamp,
        call_id: String,
        person: String,
        is_end: bool,
    },
    /// A page of an exchange came to the upper platform.
    Pushed {
        at: Timestamp,
        batch: String,
        page: u32,
        n_items: usize,
        last: bool,
    },
    /// A message or call taken by a gateway.
    Call {
        at: Timestamp,
        channel: String,
        call: Box<CallRequest>,
    },
    /// The same call again: answered as before, nobody's telephone rings twice.
    CallRepeat {
        at: Timestamp,
        key: String,
    },
    /// 放行返回: people of a district, or of one township of it, may go home.
    Return {
        at: Timestamp,
        district: DistrictId,
        township: Option<TownshipId>,
        reason: String,
    },
    /// A unit is sent to a place, or to stand by where it is.
    Dispatch {
        at: Timestamp,
        unit: TeamId,
        to: Option<LonLat>,
        purpose: String,
    },
    /// It is called home.
    Recall {
        at: Timestamp,
        unit: TeamId,
    },
    /// A dock was told something, taken or refused.
    Dock {
        at: Timestamp,
        order: Box<DockOrder>,
    },
    /// What officers said of a thing video recognition saw, and whether they were right; none: they take it back.
    Verdict {
        at: Timestamp,
        event: String,
        is_right: Option<bool>,
    },
    /// 督办 or 催办 of a case.
    Urge {
        at: Timestamp,
        action: String,
        rec_id: String,
    },
}

/// `NOTIFY` as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notice {
    pub(crate) notice_id: String,
    #[serde(default)]
    pub(crate) order_id: serde_json::Value,
    #[serde(default)]
    pub(crate) definition_version: u64,
    pub(crate) unit_id: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) content: String,
    #[serde(default)]
    pub(crate) ack_by: serde_json::Value,
    #[serde(default)]
    pub(crate) deadline: serde_json::Value,
    #[serde(default)]
    pub(crate) channel: serde_json::Value,
    #[serde(default)]
    pub(crate) exercise: bool,
}

/// What a gateway is asked to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallRequest {
    pub(crate) key: String,
    /// The number.
    pub(crate) to: String,
    #[serde(default)]
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) exercise: bool,
}

/// A case as it was reported to us.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ReportRequest {
    pub(crate) title: String,
    pub(crate) address: String,
    pub(crate) district_id: String,
    pub(crate) unit_id: String,
    pub(crate) level: u8,
    pub(crate) rec_type: String,
    pub(crate) coordinatex: f64,
    pub(crate) coordinatey: f64,
    pub(crate) exercise: bool,
    /// How many pictures came with it; they are looked at and thrown away.
    pub(crate) n_medias: usize,
    /// The service of Open311; empty for the case platform's.
    pub(crate) service: String,
    /// With it, over Open311.
    pub(crate) description: String,
}

/// A case reported to us, once.
#[derive(Clone, Debug)]
pub(crate) struct ReportedCase {
    pub(crate) at: Timestamp,
    pub(crate) rec_id: String,
    pub(crate) report: ReportRequest,
}

/// What is answered to an application, and when it was made.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    pub(crate) at: Timestamp,
    pub(crate) rec_id: String,
    pub(crate) action: String,
    pub(crate) denied: String,
}

/// A call to somebody in the street.
#[derive(Clone, Debug)]
pub(crate) struct VideoCall {
    pub(crate) at: Timestamp,
    pub(crate) person: String,
    pub(crate) ended_at: Option<Timestamp>,
}

/// A page the upper platform has, and how often it came.
#[derive(Clone, Debug)]
pub(crate) struct PushedPage {
    pub(crate) batch: String,
    pub(crate) page: u32,
    pub(crate) n_items: usize,
    pub(crate) last: bool,
    pub(crate) times: u32,
}

/// A call a gateway has, once.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedCall {
    pub(crate) at: Timestamp,
    pub(crate) channel: String,
    pub(crate) call: CallRequest,
    pub(crate) times: u32,
    /// How often this number was rung before through this channel.
    pub(crate) n_before: usize,
}

/// An order this city has, once.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) at: Timestamp,
    pub(crate) platform: String,
    pub(crate) notice: Notice,
    /// How often it was sent to us, the first time included.
    pub(crate) times: u32,
    pub(crate) cancelled_at: Option<Timestamp>,
    /// The notice that took its place.
    pub(crate) superseded_by: Option<String>,
}

/// Since when people may go home to a place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Allowed {
    pub(crate) at: Timestamp,
    pub(crate) district: DistrictId,
    /// `None` is the whole district.
    pub(crate) township: Option<TownshipId>,
}

/// What we were told about a case, beside its own life.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CaseTold {
    pub(crate) unit_id: Option<String>,
    pub(crate) deadline: Option<Timestamp>,
    /// Nothing of it is news any more.
    pub(crate) cancelled_at: Option<Timestamp>,
}

pub(crate) struct Journal {
    file: File,
    /// In order of receipt; an order's index is its number.
    pub(crate) orders: Vec<Received>,
    pub(crate) refused: Vec<Entry>,
    /// In order of receipt.
    pub(crate) returns: Vec<Allowed>,
    /// By `recId`.
    pub(crate) cases: HashMap<String, CaseTold>,
    /// In order of receipt: who was sent out and called home.
    pub(crate) errands: Vec<Errand>,
    /// In order of receipt: what docks were told.
    pub(crate) docks: Vec<DockOrder>,
    /// In order of receipt.
    pub(crate) reports: Vec<ReportedCase>,
    pub(crate) applications: Vec<Application>,
    /// Actions and cases, in order of receipt.
    pub(crate) steps: Vec<(Timestamp, String, String, String)>,
    /// By the caller's key.
    pub(crate) videos: BTreeMap<String, VideoCall>,
    /// In order of receipt.
    pub(crate) pushed: Vec<PushedPage>,
    report_by_news: HashMap<String, usize>,
    /// How often news came, by its key.
    pub(crate) news: BTreeMap<String, u32>,
    /// By the thing's first event: whether officers were right about it.
    pub(crate) verdicts: BTreeMap<String, bool>,
    by_notice: HashMap<String, usize>,
    /// Withdrawn before they came, and by what they are replaced: such an order is born withdrawn.
    withdrawn: HashMap<String, (Timestamp, Option<String>)>,
    /// In order of receipt.
    pub(crate) calls: Vec<ReceivedCall>,
    by_key: HashMap<String, usize>,
    pub(crate) last_at: Option<Timestamp>,
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot open the journal {path}: {source}; give a --state folder this program may write")]
    Open { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: not a journal line: {source}; move the file away to begin anew")]
    Line { path: PathBuf, line: usize, source: serde_json::Error },
}

impl Journal {
    /// Opens or begins the journal in `dir`. A last line without its end, torn by a crash, was never answered and is cut.
    pub(crate) fn open(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join("journal.jsonl");
        let failed = |source| JournalError::Open { path: path.clone(), source };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut journal = Self {
            file,
            orders: Vec::new(),
            refused: Vec::new(),
            returns: Vec::new(),
            cases: HashMap::new(),
            errands: Vec::new(),
            docks: Vec::new(),
            reports: Vec::new(),
            applications: Vec::new(),
            steps: Vec::new(),
            videos: BTreeMap::new(),
            pushed: Vec::new(),
            report_by_news: HashMap::new(),
            news: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            withdrawn: HashMap::new(),
            calls: Vec::new(),
            by_key: HashMap::new(),
            by_notice: HashMap::new(),
            last_at: None,
        };
        for (i, line) in bytes[..whole].split(|&b| b == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let line: Line = serde_json::from_slice(line).map_err(|source| JournalError::Line {
                path: path.clone(),
                line: i + 1,
                source,
            })?;
            journal.fold(line);
        }
        Ok(journal)
    }

    /// Makes the entry durable, then counts it.
    pub(crate) fn append(&mut self, entry: Entry) -> std::io::Result<()> {
        self.write(Line { news_id: String::new(), entry })
    }

    /// The same of what came with a key: once. `false` if it came before, which only counts.
    pub(crate) fn append_news(&mut self, news_id: String, at: Timestamp, entry: Entry) -> std::io::Result<bool> {
        if self.news.contains_key(&news_id) {
            self.append(Entry::Repeat { at, notice_id: news_id })?;
            return Ok(false);
        }
        self.write(Line { news_id, entry })?;
        Ok(true)
    }

    fn write(&mut self, line: Line) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        let end = self.file.stream_position()?;
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        if let Err(e) = written {
            // Leave no half line for the next entry to be glued to.
            let _ = self.file.set_len(end);
            let _ = self.file.seek(SeekFrom::Start(end));
            return Err(e);
        }
        self.fold(line);
        Ok(())
    }

    /// The number of the order this notice made, if it came before.
    pub(crate) fn number_of(&self, notice_id: &str) -> Option<usize> {
        self.by_notice.get(notice_id).copied()
    }

    /// The same for a call.
    pub(crate) fn call_number_of(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// The report this news made, if it came before.
    pub(crate) fn report_of(&self, news_id: &str) -> Option<&ReportedCase> {
        self.reports.get(*self.report_by_news.get(news_id)?)
    }

    fn fold(&mut self, Line { news_id, entry }: Line) {
        if let Entry::Report { .. } = &entry
            && !news_id.is_empty()
        {
            self.report_by_news.insert(news_id.clone(), self.reports.len());
        }
        if !news_id.is_empty() {
            self.news.insert(news_id, 1);
        }
        let at = match &entry {
            Entry::Order { at, .. }
            | Entry::Repeat { at, .. }
            | Entry::Cancel { at, .. }
            | Entry::Refused { at, .. }
            | Entry::Case { at, .. }
            | Entry::Call { at, .. }
            | Entry::CallRepeat { at, .. }
            | Entry::Return { at, .. }
            | Entry::Dispatch { at, .. }
            | Entry::Recall { at, .. }
            | Entry::Dock { at, .. }
            | Entry::Verdict { at, .. }
            | Entry::Report { at, .. }
            | Entry::Step { at, .. }
            | Entry::Video { at, .. }
            | Entry::Pushed { at, .. }
            | Entry::Urge { at, .. } => *at,
        };
        self.last_at = self.last_at.max(Some(at));
        match entry {
            Entry::Order { at, platform, notice } => {
                self.by_notice.insert(notice.notice_id.clone(), self.orders.len());
                let (cancelled_at, superseded_by) = match self.withdrawn.remove(&notice.notice_id) {
                    Some((at, by)) => (Some(at), by),
                    None => (None, None),
                };
                self.orders.push(Received { at, platform, notice: *notice, times: 1, cancelled_at, superseded_by });
            }
            Entry::Repeat { notice_id, .. } => {
                if let Some(&i) = self.by_notice.get(&notice_id) {
                    self.orders[i].times += 1;
                }
                if let Some(times) = self.news.get_mut(&notice_id) {
                    *times += 1;
                }
            }
            Entry::Cancel { at, notice_id, superseded_by, .. } => match self.by_notice.get(&notice_id) {
                Some(&i) => {
                    let order = &mut self.orders[i];
                    order.cancelled_at.get_or_insert(at);
                    order.superseded_by = order.superseded_by.take().or(superseded_by);
                }
                None => drop(self.withdrawn.insert(notice_id, (at, superseded_by))),
            },
            Entry::Dispatch { at, unit, to, .. } => self.errands.push(Errand { at, unit, to, is_home: false }),
            Entry::Recall { at, unit } => self.errands.push(Errand { at, unit, to: None, is_home: true }),
            Entry::Call { at, channel, call } => {
                self.by_key.insert(call.key.clone(), self.calls.len());
                let rung = self.calls.iter().filter(|it| it.channel == channel && it.call.to == call.to);
                let n_before = rung.count();
                self.calls.push(ReceivedCall { at, channel, call: *call, times: 1, n_before });
            }
            Entry::CallRepeat { key, .. } => {
                if let Some(&i) = self.by_key.get(&key) {
                    self.calls[i].times += 1;
                }
            }
            Entry::Return { at, district, township, .. } => self.returns.push(Allowed { at, district, township }),
            refused @ Entry::Refused { .. } => self.refused.push(refused),
            Entry::Report { at, rec_id, report } => self.reports.push(ReportedCase { at, rec_id, report: *report }),
            Entry::Step { at, action, rec_id, note } => self.steps.push((at, action, rec_id, note)),
            Entry::Video { at, call_id, person, is_end } => {
                let call = self.videos.entry(call_id).or_insert(VideoCall { at, person, ended_at: None });
                if is_end {
                    call.ended_at.get_or_insert(at);
                }
            }
            Entry::Pushed { batch, page, n_items, last, .. } => {
                match self.pushed.iter_mut().find(|it| it.batch == batch && it.page == page) {
                    Some(known) => known.times += 1,
                    None => self.pushed.push(PushedPage { batch, page, n_items, last, times: 1 }),
                }
            }
            Entry::Case { at, action, rec_id, denied, .. } if !denied.is_empty() => {
                self.applications.push(Application { at, rec_id, action, denied });
            }
            Entry::Case { at, action, rec_id, unit_id, deadline, .. } => {
                let application =
                    Application { at, rec_id: rec_id.clone(), action: action.clone(), denied: String::new() };
                self.applications.push(application);
                let told = self.cases.entry(rec_id).or_default();
                told.unit_id = unit_id.or(told.unit_id.take());
                told.deadline = deadline.or(told.deadline);
                if action == "APPLY_CANCEL" {
                    told.cancelled_at.get_or_insert(at);
                }
            }
            Entry::Dock { order, .. } => self.docks.push(*order),
            Entry::Verdict { event, is_right, .. } => match is_right {
                Some(is_right) => drop(self.verdicts.insert(event, is_right)),
                None => drop(self.verdicts.remove(&event)),
            },
            Entry::Urge { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, at: i64) -> Entry {
        let notice = Notice {
            notice_id: id.into(),
            order_id: 1.into(),
            definition_version: 1,
            unit_id: "wenlv".into(),
            title: "转移".into(),
            content: String::new(),
            ack_by: serde_json::Value::Null,
            deadline: serde_json::Value::Null,
            channel: serde_json::Value::Null,
            exercise: true,
        };
        Entry::Order { at: Timestamp(at), platform: "yunguanfu".into(), notice: Box::new(notice) }
    }

    #[test]
    fn a_torn_last_line_is_cut_and_the_rest_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        journal.append(order("a", 1)).unwrap();
        journal.append(order("b", 2)).unwrap();
        journal.append(Entry::Repeat { at: Timestamp(3), notice_id: "a".into() }).unwrap();
        drop(journal);
        let path = dir.path().join("journal.jsonl");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], br#"{"kind":"order","at":4,"pla"#].concat()).unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.orders.iter().map(|o| o.times).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(journal.last_at, Some(Timestamp(3)));
        journal.append(order("c", 5)).unwrap();
        drop(journal);
        assert_eq!(Journal::open(dir.path()).unwrap().orders.len(), 3);
    }

    #[test]
    fn news_is_taken_once_by_its_key_before_and_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        let urge = || Entry::Urge { at: Timestamp(1), action: "PRESS".into(), rec_id: "7".into() };
        let recall = || Entry::Recall { at: Timestamp(2), unit: "t1".into() };
        assert!(journal.append_news("gulang-x-case-7-r3".into(), Timestamp(1), urge()).unwrap());
        assert!(journal.append_news("gulang-x-team-t1-r4".into(), Timestamp(2), recall()).unwrap());
        assert!(!journal.append_news("gulang-x-team-t1-r4".into(), Timestamp(3), recall()).unwrap());
        drop(journal);
        let mut journal = Journal::open(dir.path()).unwrap();
        assert!(!journal.append_news("gulang-x-team-t1-r4".into(), Timestamp(4), recall()).unwrap());
        assert_eq!(journal.errands.len(), 1);
        assert_eq!(journal.news.values().copied().collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn an_order_withdrawn_before_it_came_is_born_withdrawn() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(dir.path()).unwrap();
        let (notice_id, superseded_by) = ("a".to_owned(), Some("b".to_owned()));
        let cancel = Entry::Cancel { at: Timestamp(1), notice_id, reason: "更正".into(), superseded_by };
        journal.append(cancel).unwrap();
        journal.append(order("a", 2)).unwrap();
        assert_eq!(journal.orders[0].cancelled_at, Some(Timestamp(1)));
        assert_eq!(journal.orders[0].superseded_by.as_deref(), Some("b"));
    }
}
