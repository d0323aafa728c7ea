//! 视频识别: what cameras' video recognition reports, queued for an officer's eye.
//!
//! A report becomes a [`Detection`], or joins one: the same kind, near where it was seen first, soon before or after it was
//! seen ([`crate::ViolationKind`]). Place is always the first sighting's, so that a chain of reports cannot creep along a
//! road; time is the whole stretch, since a heap that lies there is seen again and again. What was confirmed takes in its
//! repeats while its case is open; a false alarm only for one merging time after it was judged, so that a real thing at the
//! same place is seen again.
//!
//! A confirmed one becomes a case found here ([`crate::OwnCase`]) after a few seconds' grace, by the hub's tick; from then on
//! its platform is owed it.
//!
//! The queue has an end ([`DetectionRules::max_waiting`]): what is over is let go in one record that names it, the least
//! confident and oldest first. The fold keeps those judged of late; rates by camera and kind are kept for good.
//!
//! The rules of the commands are in `decide/detections`, what records do in `detections/fold`.

mod fold;

pub(crate) use fold::message_key;

use crate::{City, FoundCase, LonLat, Timestamp, ViolationKind, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Boxes of one report; more nobody can look at.
pub const MAX_BOXES: usize = 32;
/// The hours of [`Detections::hours`] kept.
pub(crate) const KEPT_HOURS: usize = 48;

/// A box in the picture, in shares of its width and height from the top left, 0–1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DetectionBox {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

impl DetectionBox {
    /// Inside the picture, and not empty; a rounding error over the edge is let pass.
    pub fn is_sane(&self) -> bool {
        const SLACK: f32 = 0.001;
        let is_share = |it: f32| it.is_finite() && (0.0..=1.0).contains(&it);
        [self.x, self.y, self.w, self.h].into_iter().all(is_share)
            && self.w > 0.0
            && self.h > 0.0
            && self.x + self.w <= 1.0 + SLACK
            && self.y + self.h <= 1.0 + SLACK
    }
}

/// What video recognition says it saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectionReport {
    /// The platform's own number; with the platform it is the report's identity.
    pub event: Text,
    /// Of [`ViolationKind::id`].
    pub kind: Text,
    pub camera: CameraId,
    pub at: Timestamp,
    /// Where the thing is, WGS-84, if the platform knows; else where the camera stands.
    #[serde(default)]
    pub place: Option<LonLat>,
    #[serde(default)]
    pub boxes: Vec<DetectionBox>,
    /// 0–1, as the model says.
    pub confidence: f32,
    /// The kept picture, by the SM3 of its bytes in hex; none if there was none or it could not be used.
    #[serde(default)]
    pub picture: Option<Text>,
    /// Name and version of what recognised it.
    #[serde(default)]
    pub model: Text,
}

/// One thing seen, however often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    pub id: DetectionId,
    /// Who reported it first.
    pub platform: PlatformId,
    pub kind: Text,
    pub camera: CameraId,
    pub at: LonLat,
    pub district: DistrictId,
    pub color: WarningColor,
    /// When it was seen, by the platform's clock.
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// Since when it waits, by ours.
    pub since: Timestamp,
    /// Reports of it, the first included.
    pub n: u32,
    /// The report with the best picture: the most confident of those that have one.
    pub best: DetectionReport,
    pub state: DetectionState,
    pub state_at: Timestamp,
    pub by: Option<SeatId>,
    /// Counts verdicts and their withdrawals over all detections; what is fed back goes by it. 0: never judged.
    pub verdict_no: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetectionState {
    Waiting,
    /// Filed as a case found here once its grace is over, so that a slip of the finger can be taken back unsent.
    Confirmed {
        found: Box<FoundCase>,
        file_at: Timestamp,
        /// None until it is filed.
        own: Option<OwnCaseId>,
    },
    FalseAlarm {
        /// Of [`FalseReason::id`].
        reason: Text,
        note: Text,
    },
    /// There is a case of it already.
    Duplicate {
        case: CaseId,
    },
    Ignored {
        why: ExpiryWhy,
    },
}

/// Why nobody will look at it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryWhy {
    /// It waited too long.
    Age,
    /// Too many waited.
    Flood,
}

impl ExpiryWhy {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Age => "久候无人看",
            Self::Flood => "来得太多",
        }
    }
}

/// Why it is no violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FalseReason {
    pub id: Text,
    pub zh: Text,
    pub en: Text,
}

/// What one camera's reports of one kind came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectionRate {
    /// Things put before an officer; repeats are not counted.
    pub n_shown: u32,
    pub n_confirmed: u32,
    pub n_false: u32,
    pub n_duplicate: u32,
    pub n_ignored: u32,
    /// Reports that came while it was muted.
    pub n_muted: u32,
}

impl DetectionRate {
    pub fn n_judged(&self) -> u32 {
        self.n_confirmed.saturating_add(self.n_false).saturating_add(self.n_duplicate)
    }

    /// The share of false alarms among those judged, 0–1; none before the first.
    pub fn false_rate(&self) -> Option<f32> {
        (self.n_judged() > 0).then(|| self.n_false as f32 / self.n_judged() as f32)
    }
}

/// 静音: a camera's reports of one kind are only counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectionMute {
    pub until: Timestamp,
    pub since: Timestamp,
    pub reason: Text,
    pub by: SeatId,
}

/// One hour's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectionHour {
    /// Reports, repeats included.
    pub n_reports: u32,
    pub n_shown: u32,
    pub n_judged: u32,
    pub n_ignored: u32,
}

/// The queue and what it came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detections {
    /// Those waiting and those judged of late.
    pub known: BTreeMap<DetectionId, Detection>,
    pub waiting: BTreeSet<DetectionId>,
    /// Confirmed, and not filed yet.
    pub unfiled: BTreeSet<DetectionId>,
    /// How many were ever made: the last one's number.
    pub n_made: u64,
    /// Verdicts and withdrawals so far.
    pub n_verdicts: u64,
    pub rates: BTreeMap<(CameraId, Text), DetectionRate>,
    pub mutes: BTreeMap<(CameraId, Text), DetectionMute>,
    /// By the hour since 1970.
    pub hours: BTreeMap<i64, DetectionHour>,
    /// How long the last ones judged had waited, s.
    pub(crate) waits: VecDeque<u32>,
    /// Those a report may join, by kind, in the order they were made.
    pub(crate) joinable: BTreeMap<Text, Vec<DetectionId>>,
    /// `platform/event` of late, so that a repeat of the message itself is known; `told` in the order they came.
    pub(crate) seen: BTreeSet<Text>,
    pub(crate) told: VecDeque<Text>,
    /// Judged ones still in `known`, oldest first.
    pub(crate) judged: VecDeque<DetectionId>,
}

/// What a city decides for itself about its queue (`rules/detections.toml`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectionRules {
    /// Where these figures come from, as screens show it.
    pub basis: Text,
    /// Nobody here has confirmed them.
    pub is_default: bool,
    /// More may not wait; then those below `low_confidence` go first, after them the oldest.
    pub max_waiting: usize,
    pub low_confidence: f32,
    /// What waited so long goes.
    pub ignore_after_mins: u32,
    /// An older report is refused, hours.
    pub oldest_hours: u32,
    /// A confirmed one is filed after so many seconds.
    pub grace_secs: u32,
    /// A verdict may be withdrawn within so many minutes.
    pub undo_mins: u32,
    /// Judged ones kept at hand.
    pub keep_judged: usize,
    /// Pictures are kept so many days.
    pub keep_days: u32,
    /// Muting is suggested from so many judged, and from this share of false alarms (0–1), for so many hours.
    pub mute_min_judged: u32,
    pub mute_rate: f32,
    pub mute_hours: u32,
    pub max_mute_hours: u32,
    /// In the order of their keys; at most nine.
    pub false_reasons: Vec<FalseReason>,
}

impl Default for DetectionRules {
    fn default() -> Self {
        let reason = |id: &str, zh: &str, en: &str| FalseReason { id: id.into(), zh: zh.into(), en: en.into() };
        Self {
            basis: "默认值，非规定".into(),
            is_default: true,
            max_waiting: 500,
            low_confidence: 0.5,
            ignore_after_mins: 12 * 60,
            oldest_hours: 24,
            grace_secs: 5,
            undo_mins: 10,
            keep_judged: 2000,
            keep_days: 30,
            mute_min_judged: 8,
            mute_rate: 0.8,
            mute_hours: 24,
            max_mute_hours: 168,
            false_reasons: vec![
                reason("light", "光影反射", "light or reflection"),
                reason("wrong_kind", "认错种类", "another thing"),
                reason("permitted", "已获许可", "permitted"),
                reason("gone", "已处置完", "gone already"),
                reason("unclear", "画面不清", "picture unclear"),
                reason("other", "其他", "other"),
            ],
        }
    }
}

impl DetectionRules {
    /// What is absurd in it, if anything.
    pub fn fault(&self) -> Option<String> {
        let is_share = |it: f32| it.is_finite() && (0.0..=1.0).contains(&it);
        if !(1..=10_000).contains(&self.max_waiting) || self.keep_judged > 100_000 {
            return Some("max_waiting is not 1 to 10000, or keep_judged over 100000".into());
        }
        if !is_share(self.low_confidence) || !is_share(self.mute_rate) {
            return Some("low_confidence or mute_rate is not 0 to 1".into());
        }
        if self.ignore_after_mins == 0 || self.oldest_hours == 0 || self.keep_days == 0 {
            return Some("ignore_after_mins, oldest_hours or keep_days is 0: nothing could be looked at".into());
        }
        if self.grace_secs > 600 {
            return Some("grace_secs is over ten minutes: nothing would be filed in time".into());
        }
        if self.mute_min_judged == 0 || self.mute_hours == 0 || self.mute_hours > self.max_mute_hours {
            return Some("mute_min_judged is 0, or mute_hours not 1 to max_mute_hours".into());
        }
        let mut seen = BTreeSet::new();
        if !(1..=9).contains(&self.false_reasons.len()) || !self.false_reasons.iter().all(|it| seen.insert(&it.id)) {
            return Some("false_reasons are not 1 to 9, each with an id of its own".into());
        }
        None
    }
}

impl Detection {
    pub fn is_waiting(&self) -> bool {
        self.state == DetectionState::Waiting
    }

    /// How far a moment is from the stretch in which it was seen, ms.
    pub(crate) fn gap_ms(&self, at: Timestamp) -> i64 {
        if at < self.first_at {
            self.first_at - at
        } else if at > self.last_at {
            at - self.last_at
        } else {
            0
        }
    }
}

impl Detections {
    /// The median of what the last ones judged had waited, s.
    pub fn median_wait_s(&self) -> Option<u32> {
        let mut waits: Vec<u32> = self.waits.iter().copied().collect();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied()
    }

    /// This hour's counts.
    pub fn hour(&self, now: Timestamp) -> DetectionHour {
        self.hours.get(&hour_of(now)).copied().unwrap_or_default()
    }
}

pub(crate) fn hour_of(at: Timestamp) -> i64 {
    at.0.div_euclid(3_600_000)
}

impl City {
    pub fn violation(&self, kind: &str) -> Option<&ViolationKind> {
        self.violations.iter().find(|it| &*it.id == kind)
    }

    /// What waits, in the order it should be looked at: the worst first, then the oldest.
    pub fn detection_queue(&self) -> Vec<&Detection> {
        let waiting = self.detections.waiting.iter().filter_map(|id| self.detections.known.get(id));
        let mut queue: Vec<&Detection> = waiting.collect();
        queue.sort_by_key(|it| (std::cmp::Reverse(it.color), it.id));
        queue
    }

    /// The case a detection would become: its kind's words, the camera's place, the agency of the kind in that district.
    pub fn draft_of(&self, detection: &Detection) -> Option<FoundCase> {
        let kind = self.violation(&detection.kind)?;
        let camera = self.cameras.get(&detection.camera);
        Some(FoundCase {
            detection: Some(detection.id.0),
            kind: CaseKind::Event,
            title: kind.zh.clone(),
            address: camera.map_or_else(|| detection.camera.0.clone(), |it| it.name.clone()),
            at: detection.at,
            district: detection.district.clone(),
            agency: kind.agency_in(&detection.district).clone(),
            color: detection.color,
            media: detection.best.picture.iter().cloned().collect(),
        })
    }

    /// Open cases that may be of the same thing: of the same words within four merging distances first, then others near;
    /// nearest first, with how far, m.
    pub fn cases_like(&self, detection: &Detection, most: usize) -> Vec<(&Case, f64)> {
        const NEAR_M: f64 = 200.0;
        let Some(kind) = self.violation(&detection.kind) else { return Vec::new() };
        let reach = (kind.merge_m * 4.0).max(NEAR_M);
        let near = self.cases.values().rev().filter(|it| it.is_open()).filter_map(|case| {
            let away = case.report.at.distance_m(detection.at);
            (away <= reach).then_some((case, away))
        });
        let mut near: Vec<(&Case, f64)> = near.take(200).collect();
        near.sort_by(|a, b| {
            let differs = |case: &Case| case.report.title != kind.zh;
            differs(a.0).cmp(&differs(b.0)).then(a.1.total_cmp(&b.1))
        });
        near.truncate(most);
        near
    }

    /// The case a detection was put to, once its platform has told of it.
    pub fn case_of_detection(&self, detection: &Detection) -> Option<&Case> {
        match &detection.state {
            DetectionState::Confirmed { own: Some(own), .. } => self.case_of_own(self.own_cases.get(own)?),
            DetectionState::Duplicate { case } => self.cases.get(case),
            _ => None,
        }
    }

    pub fn detection_rate(&self, camera: &CameraId, kind: &Text) -> DetectionRate {
        self.detections.rates.get(&(camera.clone(), kind.clone())).copied().unwrap_or_default()
    }

    /// Muted now?
    pub fn mute_of(&self, camera: &CameraId, kind: &Text, now: Timestamp) -> Option<&DetectionMute> {
        self.detections.mutes.get(&(camera.clone(), kind.clone())).filter(|it| it.until > now)
    }

    /// So many false alarms of one camera and kind that muting is suggested.
    pub fn should_mute(&self, camera: &CameraId, kind: &Text) -> bool {
        let (rate, rules) = (self.detection_rate(camera, kind), &self.detection_rules);
        rate.n_judged() >= rules.mute_min_judged && rate.false_rate().is_some_and(|it| it >= rules.mute_rate)
    }

    /// What a platform is still to be told of its detections: verdicts and withdrawals numbered after `after`, in order. Those
    /// that left [`Detections::known`] meanwhile are not among them.
    pub fn verdicts_after(&self, platform: &PlatformId, after: u64, most: usize) -> Vec<&Detection> {
        let theirs = |it: &&Detection| it.platform == *platform && it.verdict_no > after;
        let mut verdicts: Vec<&Detection> = self.detections.known.values().filter(theirs).collect();
        verdicts.sort_by_key(|it| it.verdict_no);
        verdicts.truncate(most);
        verdicts
    }
}
