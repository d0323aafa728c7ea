//! 电子围栏: where vehicles and other things of the large registers may not go, must stay, or must go slowly; and what is
//! said of them that fall silent while they should be working.
//!
//! Fences are data (`rules/fences.toml`). The [`FenceJudge`] turns fixes into [`crate::Command::ReportFence`], as
//! [`crate::Judge`] does readings; a fence broken is an [`Alarm`] like any other, acknowledged, shelved and grouped with
//! them. Its key among the open alarms is [`key_of`]: no sensor's id begins with [`THING_PREFIX`].

use crate::{City, LonLat, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};

mod judge;

pub use judge::FenceJudge;

/// What the ids of things' alarms begin with, where a sensor's would stand.
pub const THING_PREFIX: &str = "thing:";

/// What a thing did that it should not, or what befell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breach {
    /// Where it may not be.
    Entered,
    /// From where it must stay.
    Left,
    Speeding,
    /// Unheard while it should be working.
    Silent,
    /// Its driver pressed the button.
    Emergency,
    Collision,
    Rollover,
    Stolen,
    /// No thing at all: an earthquake the city may feel ([`crate::Quake`]). Its value is the estimated intensity.
    Quake,
}

impl Breach {
    pub const ALL: [Self; 9] = [
        Self::Entered,
        Self::Left,
        Self::Speeding,
        Self::Silent,
        Self::Emergency,
        Self::Collision,
        Self::Rollover,
        Self::Stolen,
        Self::Quake,
    ];

    /// As rules name it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Speeding => "speeding",
            Self::Silent => "silent",
            Self::Emergency => "emergency",
            Self::Collision => "collision",
            Self::Rollover => "rollover",
            Self::Stolen => "stolen",
            Self::Quake => "quake",
        }
    }

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Entered => "闯入禁区",
            Self::Left => "驶离区域",
            Self::Speeding => "超速",
            Self::Silent => "离线",
            Self::Emergency => "紧急报警",
            Self::Collision => "碰撞",
            Self::Rollover => "侧翻",
            Self::Stolen => "车辆被盗",
            Self::Quake => "地震",
        }
    }

    pub fn name_en(self) -> &'static str {
        match self {
            Self::Entered => "no-go area",
            Self::Left => "left its area",
            Self::Speeding => "speeding",
            Self::Silent => "offline",
            Self::Emergency => "emergency",
            Self::Collision => "collision",
            Self::Rollover => "rollover",
            Self::Stolen => "stolen",
            Self::Quake => "earthquake",
        }
    }

    /// Of an alarm's value; empty where it has none.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Speeding => "km/h",
            Self::Silent => "min",
            Self::Quake => "度",
            _ => "",
        }
    }

    /// What the thing itself tells; the others follow from where it is and when it was heard, and from a rule.
    pub fn is_told(self) -> bool {
        matches!(self, Self::Emergency | Self::Collision | Self::Rollover | Self::Stolen)
    }

    /// The colour of what the thing itself tells.
    pub fn color(self) -> WarningColor {
        if self == Self::Emergency { WarningColor::Red } else { WarningColor::Orange }
    }
}

/// `rules/fences.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FenceRules {
    /// What they rest on, or that they are examples.
    #[serde(default)]
    pub basis: Text,
    /// Not the city's own.
    #[serde(default)]
    pub is_default: bool,
    #[serde(default, rename = "fence")]
    pub fences: Vec<Fence>,
    #[serde(default, rename = "offline")]
    pub offlines: Vec<Offline>,
}

/// An area with a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    pub id: Text,
    pub name: Text,
    pub rule: FenceRule,
    /// Whose things it binds, such as `muck_truck`.
    pub registers: Vec<Text>,
    pub color: WarningColor,
    /// km/h; only for [`FenceRule::Speed`].
    #[serde(default)]
    pub limit_kmh: f32,
    /// When it holds; empty is always.
    #[serde(default)]
    pub hours: Vec<Hours>,
    /// WGS-84 corners, open or closed.
    pub ring: Vec<LonLat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FenceRule {
    /// 禁入.
    Forbid,
    /// 限定: not to be left.
    KeepIn,
    /// 限速 inside.
    Speed,
}

impl FenceRule {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Forbid => "禁入",
            Self::KeepIn => "限定区域",
            Self::Speed => "限速",
        }
    }

    pub fn breach(self) -> Breach {
        match self {
            Self::Forbid => Breach::Entered,
            Self::KeepIn => Breach::Left,
            Self::Speed => Breach::Speeding,
        }
    }
}

/// Who must be heard, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offline {
    pub id: Text,
    pub name: Text,
    pub registers: Vec<Text>,
    pub color: WarningColor,
    /// Minutes without a fix, counted only while `hours` hold.
    pub after_mins: u32,
    /// When it should be working; empty is always.
    #[serde(default)]
    pub hours: Vec<Hours>,
}

/// A span of the Beijing day, such as `07:00` to `19:00`; one whose end is not after its beginning runs over midnight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    pub from: Minute,
    pub to: Minute,
    /// 1 Monday to 7 Sunday, of the day it begins; empty is every day.
    #[serde(default)]
    pub days: Vec<u8>,
}

/// A minute of the day, written `HH:MM`; `24:00` is the day's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Minute(u16);

impl Minute {
    /// `None` after 24:00.
    pub fn of(hour: u16, minute: u16) -> Option<Self> {
        let is_time = minute < 60 && (hour < 24 || (hour == 24 && minute == 0));
        is_time.then_some(Self(hour * 60 + minute))
    }
}

impl TryFrom<String> for Minute {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let read = text.split_once(':').and_then(|(h, m)| Self::of(h.parse().ok()?, m.parse().ok()?));
        read.ok_or_else(|| format!("{text} is no time such as 07:00"))
    }
}

impl From<Minute> for String {
    fn from(it: Minute) -> Self {
        format!("{:02}:{:02}", it.0 / 60, it.0 % 60)
    }
}

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

impl Hours {
    /// When the span `at` lies in began.
    fn since(&self, at: Timestamp) -> Option<Timestamp> {
        let midnight = at.start_of_day();
        let (from, to) = (i64::from(self.from.0) * MINUTE_MS, i64::from(self.to.0) * MINUTE_MS);
        let length = if to > from { to - from } else { to + DAY_MS - from };
        // Today's, or yesterday's over midnight.
        [midnight, midnight + -DAY_MS].into_iter().find_map(|day| {
            let (begin, weekday) = (day + from, day.beijing().weekday().to_monday_one_offset() as u8);
            let is_day = self.days.is_empty() || self.days.contains(&weekday);
            (is_day && at >= begin && at < begin + length).then_some(begin)
        })
    }
}

/// Since when one of these spans holds; the beginning of time where there are none.
fn held_since(hours: &[Hours], at: Timestamp) -> Option<Timestamp> {
    if hours.is_empty() {
        return Some(Timestamp(0));
    }
    hours.iter().filter_map(|it| it.since(at)).min()
}

impl FenceRules {
    /// What is wrong with them, if anything.
    pub fn fault(&self) -> Option<String> {
        let mut ids = std::collections::BTreeSet::new();
        for it in &self.fences {
            let id = &it.id;
            if it.id.is_empty() || !ids.insert(id.clone()) {
                return Some(format!("fence {id}: every id must be there, once"));
            }
            if it.ring.len() < 3 || it.ring.len() > 2000 || !it.ring.iter().all(|at| at.is_sane()) {
                return Some(format!("fence {id}: a ring has 3 to 2000 corners on Earth"));
            }
            if it.rule == FenceRule::Speed && !(5.0..=200.0).contains(&it.limit_kmh) {
                return Some(format!("fence {id}: limit_kmh must be 5 to 200"));
            }
            if it.registers.is_empty() {
                return Some(format!("fence {id}: it binds no register"));
            }
        }
        for it in &self.offlines {
            let id = &it.id;
            if it.id.is_empty() || !ids.insert(id.clone()) {
                return Some(format!("offline {id}: every id must be there, once"));
            }
            if it.registers.is_empty() || !(1..=24 * 60).contains(&it.after_mins) {
                return Some(format!("offline {id}: it needs a register and after_mins of 1 to 1440"));
            }
        }
        let mut hours =
            self.fences.iter().flat_map(|it| &it.hours).chain(self.offlines.iter().flat_map(|it| &it.hours));
        let is_wrong = |it: &Hours| it.days.iter().any(|day| !(1..=7).contains(day));
        hours.any(is_wrong).then(|| "days are 1 (Monday) to 7".to_owned())
    }

    /// The name, colour and breach a rule id stands for.
    pub fn rule(&self, id: &str) -> Option<(&Text, WarningColor, Breach)> {
        let fence = self.fences.iter().find(|it| *it.id == *id).map(|it| (&it.name, it.color, it.rule.breach()));
        fence.or_else(|| self.offlines.iter().find(|it| *it.id == *id).map(|it| (&it.name, it.color, Breach::Silent)))
    }
}

/// What [`crate::Command::ReportFence`] reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FenceReport {
    pub register: Text,
    /// The thing's own id, such as a plate.
    pub thing: Text,
    /// Of [`FenceRules`]; empty where the thing itself tells ([`Breach::is_told`]).
    pub rule: Text,
    pub breach: Breach,
    /// It holds, or it is over.
    pub is_on: bool,
    /// In [`Breach::unit`].
    pub value: f32,
    /// WGS-84; where it was.
    pub place: LonLat,
    pub at: Timestamp,
}

/// The thing an alarm is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmThing {
    pub register: Text,
    pub thing: Text,
    pub rule: Text,
    /// The rule's name when it was broken; empty for what the thing itself tells.
    pub rule_name: Text,
    pub breach: Breach,
    /// WGS-84; where it was when it was raised.
    pub place: LonLat,
    pub district: DistrictId,
}

impl AlarmThing {
    /// `闽D12345`, and where a rule says why, that.
    pub fn title(&self) -> String {
        if self.breach == Breach::Quake {
            return self.rule_name.to_string();
        }
        if self.rule_name.is_empty() { self.thing.to_string() } else { format!("{} {}", self.thing, self.rule_name) }
    }
}

/// Where such an alarm stands among the open ones. `|` ends no register's or rule's id, and a thing's comes last.
pub fn key_of(register: &str, rule: &str, breach: Breach, thing: &str) -> SensorId {
    format!("{THING_PREFIX}{register}|{rule}|{}|{thing}", breach as u8).into()
}

/// What an alarm is about, whichever it is.
#[derive(Clone, Copy, Debug)]
pub enum AlarmSubject<'a> {
    Sensor(&'a Sensor),
    Thing(&'a AlarmThing),
}

impl AlarmSubject<'_> {
    /// WGS-84.
    pub fn place(&self) -> LonLat {
        match self {
            Self::Sensor(it) => it.at,
            Self::Thing(it) => it.place,
        }
    }

    pub fn district(&self) -> &DistrictId {
        match self {
            Self::Sensor(it) => &it.district,
            Self::Thing(it) => &it.district,
        }
    }

    pub fn cause(&self) -> crate::AlarmCause {
        match self {
            Self::Sensor(it) => crate::AlarmCause::of(it.kind),
            Self::Thing(it) => crate::AlarmCause::of_breach(it.breach),
        }
    }

    /// Of the alarm's value.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Sensor(it) => it.kind.unit(),
            Self::Thing(it) => it.breach.unit(),
        }
    }

    /// The sensor's name, or the thing and the rule it broke.
    pub fn name(&self) -> String {
        match self {
            Self::Sensor(it) => it.name.to_string(),
            Self::Thing(it) => it.title(),
        }
    }
}

impl City {
    /// What an alarm is about; `None` for a sensor the city does not know.
    pub fn subject_of<'a>(&'a self, alarm: &'a Alarm) -> Option<AlarmSubject<'a>> {
        match &alarm.thing {
            Some(thing) => Some(AlarmSubject::Thing(thing)),
            None => self.sensors.get(&alarm.sensor).map(AlarmSubject::Sensor),
        }
    }

    /// The district whose centre is nearest: places of things come without one, and boundaries are map layers.
    pub(crate) fn district_near(&self, place: LonLat) -> Option<DistrictId> {
        let metres = |it: &District| it.center.distance_m(place);
        self.districts.values().min_by(|a, b| metres(a).total_cmp(&metres(b))).map(|it| it.id.clone())
    }
}
