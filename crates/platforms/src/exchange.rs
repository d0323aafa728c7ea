//! What goes to an upper platform: cases, geography, the directory of cameras, in batches of pages.
//!
//! A neighbouring province's exchange has three formats, for case data, geography and trade video (CITY.md, document 003);
//! their field tables were not had. These are our own, and documented here; no conformity is claimed.
//!
//! ```json
//! {"batch": "gulang-cases-1690423200000-1690426800000", "kind": "cases", "city": "xiamen", "page": 1, "last": false,
//!  "items": [...], "sum": "sha-like digest of items as text"}
//! ```
//! answered by `{"code": 0, "batch": …, "page": 1}`. A batch's name follows from what it holds and until when, so the same
//! page sent twice is the same page; whoever receives keeps the first. Places are WGS-84, times milliseconds since 1970.

use gulang_city::{Camera, Case, City, LonLat, Text, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Entries of one page.
pub const PAGE: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    #[error("上级平台没有收下：{code} {msg}")]
    Refused { code: i64, msg: String },
    #[error("上级平台的应答读不懂：{why}")]
    Garbage { why: String },
    #[error("上级平台应答的是 {batch} 第 {page} 页，不是所发的那一页")]
    Another { batch: String, page: u32 },
}

impl ExchangeError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "按错误码联系上级平台值守",
            Self::Garbage { .. } => "接口版本可能不符：联系上级平台",
            Self::Another { .. } => "上级平台串了应答：联系上级平台；本页会重发",
        }
    }
}

/// What is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What changed of cases since a moment.
    Cases,
    /// Districts and townships as GeoJSON.
    Geography,
    /// The directory of cameras: no address of a stream.
    Cameras,
}

impl What {
    pub const ALL: [Self; 3] = [Self::Cases, Self::Geography, Self::Cameras];

    pub fn id(self) -> &'static str {
        match self {
            Self::Cases => "cases",
            Self::Geography => "geography",
            Self::Cameras => "cameras",
        }
    }

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Cases => "案件",
            Self::Geography => "地理",
            Self::Cameras => "摄像头目录",
        }
    }
}

/// One page of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExchangePage {
    pub batch: String,
    pub kind: What,
    pub city: Text,
    /// From 1.
    pub page: u32,
    pub last: bool,
    pub items: Vec<Value>,
}

/// How far a batch has come; kept as one line of text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What came before is with the upper platform.
    pub since: i64,
    /// The batch under way holds what changed up to here; 0 if none is.
    pub until: i64,
    /// Pages acknowledged of it.
    pub n_acked: u32,
}

impl Progress {
    /// An empty or unreadable text begins anew.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn is_under_way(&self) -> bool {
        self.until > 0
    }

    /// Begins a batch of what changed up to a moment.
    pub fn begin(&mut self, until: Timestamp) {
        (self.until, self.n_acked) = (until.0, 0);
    }

    /// The page was acknowledged; after the last one the batch is over.
    pub fn acked(&mut self, page: &ExchangePage) {
        self.n_acked = self.n_acked.max(page.page);
        if page.last {
            *self = Self { since: self.until, until: 0, n_acked: 0 };
        }
    }

    pub fn batch(&self, what: What) -> String {
        format!("gulang-{}-{}-{}", what.id(), self.since, self.until)
    }
}

/// How a batch stands, in words: what is with the upper platform, and which page waits.
pub fn standing(what: What, progress: &Progress) -> String {
    let before = match progress.since {
        0 => "还没有推完过一批".to_owned(),
        since => format!("{} 以前的已送达", Timestamp(since).to_beijing_text()),
    };
    let now = match progress.is_under_way() {
        true => format!("本批 {} 的第 {} 页待应答", progress.batch(what), progress.n_acked + 1),
        false => "没有待发的".to_owned(),
    };
    format!("{}：{before}，{now}", what.name_zh())
}

/// The entries of a batch, in an order that does not change while it is under way; none is nothing to send.
///
/// A batch of cases holds those whose stage changed within its span. One that changed again while the batch is under way
/// leaves it for the next, and so a page may be empty.
pub fn entries(city: &City, what: What, progress: &Progress) -> Vec<Value> {
    match what {
        What::Cases => changed(city, progress).map(case_entry).collect(),
        What::Geography => geography(city),
        What::Cameras => city.cameras.values().map(camera_entry).collect(),
    }
}

/// The next page to send of a batch under way. Pages are cut by the entries' own numbers, so that one that left takes no
/// other's place.
pub fn next_page(city: &City, city_id: &Text, what: What, progress: &Progress) -> ExchangePage {
    let batch = progress.batch(what);
    let page = |page, last, items| ExchangePage { batch, kind: what, city: city_id.clone(), page, last, items };
    let n_acked = progress.n_acked as usize;
    match what {
        What::Cases => {
            // A page is a stretch of case numbers; one nothing changed in is passed over.
            let stretch_of = |case: &Case| case.id.0.saturating_sub(1) as usize / PAGE + 1;
            let left = || changed(city, progress).filter(|it| stretch_of(it) > n_acked);
            let number = left().map(stretch_of).min().unwrap_or(n_acked + 1);
            let items = left().filter(|it| stretch_of(it) == number).map(case_entry).collect();
            page(number as u32, !left().any(|it| stretch_of(it) > number), items)
        }
        What::Geography | What::Cameras => {
            let all = entries(city, what, progress);
            let last = all.len() <= (n_acked + 1) * PAGE;
            page(progress.n_acked + 1, last, all.into_iter().skip(n_acked * PAGE).take(PAGE).collect())
        }
    }
}

/// The cases of a batch.
fn changed<'a>(city: &'a City, progress: &Progress) -> impl Iterator<Item = &'a Case> {
    let (since, until) = (progress.since, progress.until);
    city.cases.values().filter(move |case| {
        let at = changed_at(case).0;
        since < at && at <= until
    })
}

/// When anything of a case last changed.
fn changed_at(case: &Case) -> Timestamp {
    let history = &case.history;
    let later = [
        history.cancelled.as_ref().map(|it| it.0),
        history.transfers.last().map(|it| it.at),
        history.replies.last().map(|it| it.at),
    ];
    later.into_iter().flatten().fold(case.stage_at, Timestamp::max)
}

fn case_entry(case: &Case) -> Value {
    let report = &case.report;
    json!({
        "caseId": format!("{}/{}", report.platform, report.external),
        "recType": report.kind, "title": &*report.title, "address": &*report.address, "districtId": report.district,
        "unitId": report.agency, "lon": report.at.lon(), "lat": report.at.lat(), "level": report.color,
        "stage": case.stage, "reportedAt": report.reported_at.0, "stageAt": case.stage_at.0, "dueAt": report.due_at.0,
        "cancelled": case.is_cancelled(), "nSupervised": case.n_supervised, "nPressed": case.n_pressed,
    })
}

/// Districts and townships as points of GeoJSON (RFC 7946).
fn geography(city: &City) -> Vec<Value> {
    let point = |id: &str, name: &str, level: &str, within: &str, at: LonLat| {
        json!({
            "type": "Feature", "geometry": { "type": "Point", "coordinates": [at.lon(), at.lat()] },
            "properties": { "id": id, "name": name, "level": level, "within": within },
        })
    };
    let districts = city.districts.values().map(|it| point(it.id.as_str(), &it.name, "district", "", it.center));
    let townships =
        city.townships.values().map(|it| point(it.id.as_str(), &it.name, "township", it.district.as_str(), it.center));
    let cells = city.grid.cells.iter().map(|it| {
        let ring: Vec<[f64; 2]> = it.ring.iter().chain(it.ring.first()).map(|at| [at.lon(), at.lat()]).collect();
        json!({
            "type": "Feature", "geometry": { "type": "Polygon", "coordinates": [ring] },
            "properties": { "id": it.id, "name": &*it.name, "level": "cell", "within": it.township },
        })
    });
    districts.chain(townships).chain(cells).collect()
}

fn camera_entry(it: &Camera) -> Value {
    json!({ "id": it.id, "name": &*it.name, "districtId": it.district, "lon": it.at.lon(), "lat": it.at.lat() })
}

/// What the upper platform answers.
pub fn write_ack(batch: &str, page: u32) -> Value {
    json!({ "code": 0, "msg": "ok", "batch": batch, "page": page })
}

/// Whether it has the page that was sent.
pub fn read_ack(bytes: &[u8], sent: &ExchangePage) -> Result<(), ExchangeError> {
    #[derive(Deserialize)]
    struct Ack {
        code: i64,
        #[serde(default)]
        msg: String,
        #[serde(default)]
        batch: String,
        #[serde(default)]
        page: u32,
    }
    let ack: Ack = serde_json::from_slice(bytes).map_err(|why| ExchangeError::Garbage { why: why.to_string() })?;
    if ack.code != 0 {
        return Err(ExchangeError::Refused { code: ack.code, msg: ack.msg.chars().take(200).collect() });
    }
    if ack.batch != sent.batch || ack.page != sent.page {
        return Err(ExchangeError::Another { batch: ack.batch.chars().take(80).collect(), page: ack.page });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{
        Applied, CaseKind, CaseReport, CaseStage, Command, Realm, Record, Source, WarningColor, tiny_pack,
    };
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const T0: Timestamp = Timestamp(1_690_423_200_000);

    #[test]
    fn how_a_batch_stands_is_said() {
        let mut progress = Progress::default();
        assert_eq!(standing(What::Cases, &progress), "案件：还没有推完过一批，没有待发的");
        progress.begin(T0);
        progress.n_acked = 2;
        assert!(standing(What::Cameras, &progress).ends_with(&format!("gulang-cameras-0-{} 的第 3 页待应答", T0.0)));
        let page = ExchangePage {
            batch: progress.batch(What::Cameras),
            kind: What::Cameras,
            city: "x".into(),
            page: 3,
            last: true,
            items: vec![],
        };
        progress.acked(&page);
        assert!(standing(What::Cameras, &progress).contains("2023-07-27 10:00:00 以前的已送达"));
    }

    fn report(city: &mut City, external: usize, stage: CaseStage, mins: i64) {
        let report = CaseReport {
            external: external.to_string().into(),
            platform: "yunguanfu".into(),
            kind: CaseKind::Event,
            title: "占道经营".into(),
            address: "湖滨南路".into(),
            at: LonLat(118.11, 24.50),
            district: "350203".into(),
            agency: "ag-city".into(),
            color: WarningColor::Yellow,
            reported_at: T0,
            due_at: T0.plus_mins(900),
        };
        let now = T0.plus_mins(mins);
        let command = Command::ReportCase { report, stage, stage_at: now };
        for event in city.decide(&command, now).unwrap_or_default() {
            let record = Record { seq: city.seq + 1, at: now, source: Source::Hub, event };
            assert_eq!(city.apply(&record), Applied::Advanced);
        }
    }

    fn city(n: usize) -> City {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        (0..n).for_each(|i| report(&mut city, i, CaseStage::Filed, 1));
        city
    }

    /// Sends all pages of what is due, some of them lost on the way there or back as `losses` says, as the connector does:
    /// from its line of text each time. What the other end has, by case.
    fn send_all(
        city: &City,
        text: &mut String,
        until: Timestamp,
        losses: &[bool],
        got: &mut Vec<(String, u32, String)>,
    ) {
        let mut losses = losses.iter().copied();
        for _ in 0..200 {
            let mut progress = Progress::parse(text);
            if !progress.is_under_way() {
                progress.begin(until);
                *text = progress.to_text();
            }
            let page = next_page(city, &"tiny".into(), What::Cases, &progress);
            // The other end keeps the first of a page.
            if !got.iter().any(|it| it.0 == page.batch && it.1 == page.page) {
                let ids = page.items.iter().map(|it| (page.batch.clone(), page.page, it["caseId"].to_string()));
                got.extend(ids);
            }
            if losses.next().unwrap_or(false) {
                continue;
            }
            progress.acked(&page);
            *text = progress.to_text();
            if !progress.is_under_way() {
                return;
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn a_batch_goes_page_by_page_and_ends() {
        let city = city(450);
        let (mut text, mut got) = (String::new(), Vec::new());
        send_all(&city, &mut text, T0.plus_mins(2), &[], &mut got);
        assert_eq!(got.len(), 450);
        assert_eq!(got.iter().map(|it| it.1).collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3]));
        assert_eq!(Progress::parse(&text).since, T0.plus_mins(2).0);
        got.clear();
        send_all(&city, &mut text, T0.plus_mins(3), &[], &mut got);
        assert!(got.is_empty(), "nothing changed since");
    }

    #[test]
    fn a_case_that_changes_under_way_comes_with_the_next_batch_and_moves_no_other() {
        let mut city = city(450);
        let mut progress = Progress::default();
        progress.begin(T0.plus_mins(2));
        let first = next_page(&city, &"tiny".into(), What::Cases, &progress);
        progress.acked(&first);
        report(&mut city, 250, CaseStage::Dispatched, 3);
        report(&mut city, 10, CaseStage::Dispatched, 3);
        let second = next_page(&city, &"tiny".into(), What::Cases, &progress);
        assert_eq!((first.items.len(), second.items.len()), (200, 199));
        progress.acked(&second);
        let third = next_page(&city, &"tiny".into(), What::Cases, &progress);
        assert!(third.last && third.items.len() == 50);
        progress.acked(&third);
        progress.begin(T0.plus_mins(4));
        let ids: Vec<String> =
            entries(&city, What::Cases, &progress).iter().map(|it| it["caseId"].to_string()).collect();
        assert_eq!(ids, ["\"yunguanfu/10\"", "\"yunguanfu/250\""]);
    }

    #[test]
    fn geography_and_cameras_go_whole() {
        let city = city(0);
        let mut progress = Progress::default();
        progress.begin(T0);
        let page = next_page(&city, &"tiny".into(), What::Geography, &progress);
        assert!(page.last && page.items.len() == 2 + 3 + 1);
        assert_eq!(page.items[5]["geometry"]["coordinates"][0].as_array().map(Vec::len), Some(5), "a closed ring");
        let cameras = next_page(&city, &"tiny".into(), What::Cameras, &progress);
        assert_eq!(cameras.items.len(), 2);
        assert!(!cameras.items[0].to_string().contains("rtsp"));
    }

    #[test]
    fn an_acknowledgement_is_of_the_very_page() {
        let mut progress = Progress::default();
        progress.begin(T0);
        let page = next_page(&city(1), &"tiny".into(), What::Cases, &progress);
        let ack = |batch: &str, page| write_ack(batch, page).to_string();
        assert_eq!(read_ack(ack(&page.batch, 1).as_bytes(), &page), Ok(()));
        assert!(matches!(read_ack(ack(&page.batch, 2).as_bytes(), &page), Err(ExchangeError::Another { .. })));
        assert!(matches!(read_ack(ack("x", 1).as_bytes(), &page), Err(ExchangeError::Another { .. })));
        assert!(matches!(read_ack(br#"{"code":7,"msg":"full"}"#, &page), Err(ExchangeError::Refused { code: 7, .. })));
        assert!(read_ack(b"<html>", &page).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_lost_every_case_arrives_once(losses in proptest::collection::vec(any::<bool>(), 0..40)) {
            let city = city(450);
            let (mut text, mut got) = (String::new(), Vec::new());
            send_all(&city, &mut text, T0.plus_mins(2), &losses, &mut got);
            let ids: BTreeSet<&str> = got.iter().map(|it| it.2.as_str()).collect();
            prop_assert_eq!((got.len(), ids.len()), (450, 450));
        }

        #[test]
        fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let page = next_page(&city(0), &"tiny".into(), What::Cases, &Progress::default());
            let _ = read_ack(&bytes, &page);
            let _ = Progress::parse(&String::from_utf8_lossy(&bytes));
        }
    }
}
