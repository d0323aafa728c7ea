//! Plans (预案) as data: triggers, levels and measures. Templates know `{agency}`, `{level}`, `{typhoon}`, `{due}`.

use crate::{ids::*, model::*};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub id: PlanId,
    pub title: Text,
    pub hazard: Hazard,
    /// Where it was written from; shipped plans say that they are illustrative.
    pub basis: Text,
    /// Minutes to acknowledge before an order is overdue, and to escalate after that (defaults, not law).
    pub ack_within_mins: u32,
    pub escalate_after_mins: u32,
    /// Who is called when an order stays silent, in turn.
    pub ladder: Vec<Text>,
    pub triggers: Vec<Trigger>,
    pub measures: Vec<Measure>,
}

/// Recommends `level` when any of its conditions holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    pub level: ResponseLevel,
    pub any: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// A warning of the plan's hazard, at least this colour, is in force.
    Warning(WarningColor),
    /// A forecast wind circle of this grade (7, 10, 12) reaches the city's centre within so many hours.
    CircleWithin { grade: u8, hours: u32 },
    /// At least so many flood points are at or above this many cm.
    FloodPoints { at_least: u32, cm: u32 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    pub id: MeasureId,
    pub title: Text,
    /// The clause of the plan it comes from.
    pub clause: Text,
    /// From this level up.
    pub from_level: ResponseLevel,
    pub agency: AgencyId,
    pub channel: Channel,
    /// Finish within, minutes.
    pub within_mins: u32,
    pub template: Text,
    /// People it must move, by class and district.
    #[serde(default)]
    pub evacuees: Vec<EvacuationNeed>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvacuationNeed {
    pub class: EvacueeClass,
    pub district: DistrictId,
    pub n_people: u32,
}
