//! The closed words that stand in fields, as definitions write them: the same as in records.
//!
//! Must not know: what the words are called on screens.

use super::{
    definition::Area,
    table::{Field, Table},
};
use crate::{CaseKind, CaseStage, City, HealthState, Rung, SensorKind, TeamTier, Text, ThingState, UnitKind, model::*};

macro_rules! words {
    ($($name:ident, $all:ident: $type:ty { $($variant:path => $word:literal),* $(,)? })*) => {$(
        pub(super) fn $name(it: $type) -> &'static str {
            match it { $($variant => $word),* }
        }
        const $all: &[&str] = &[$($word),*];
    )*};
}

words! {
    case_kind_word, CASE_KINDS: CaseKind { CaseKind::Event => "event", CaseKind::Part => "part" }
    stage_word, STAGES: CaseStage {
        CaseStage::Collected => "collected", CaseStage::Filed => "filed", CaseStage::Dispatched => "dispatched",
        CaseStage::Handled => "handled", CaseStage::Fedback => "fedback", CaseStage::Closed => "closed",
        CaseStage::Evaluated => "evaluated",
    }
    color_word, COLORS: WarningColor {
        WarningColor::Blue => "blue", WarningColor::Yellow => "yellow", WarningColor::Orange => "orange",
        WarningColor::Red => "red",
    }
    rung_word, RUNGS: Rung {
        Rung::Drafted => "drafted", Rung::Sent => "sent", Rung::Delivered => "delivered",
        Rung::Acknowledged => "acknowledged", Rung::Accepted => "accepted", Rung::Executing => "executing",
        Rung::Done => "done", Rung::Rejected => "rejected", Rung::Failed => "failed", Rung::Cancelled => "cancelled",
        Rung::Superseded => "superseded",
    }
    unit_word, UNITS: UnitKind {
        UnitKind::Team => "team", UnitKind::Vehicle => "vehicle", UnitKind::Pump => "pump", UnitKind::Boat => "boat",
        UnitKind::Helicopter => "helicopter", UnitKind::Drone => "drone",
    }
    tier_word, TIERS: TeamTier {
        TeamTier::National => "national", TeamTier::Trade => "trade", TeamTier::Social => "social",
        TeamTier::Local => "local",
    }
    capability_word, CAPABILITIES: Capability {
        Capability::Rescue => "rescue", Capability::Fire => "fire", Capability::Water => "water",
        Capability::Drainage => "drainage", Capability::Power => "power", Capability::Medical => "medical",
        Capability::City => "city", Capability::Look => "look",
    }
    evacuee_word, EVACUEES: EvacueeClass {
        EvacueeClass::UrbanVillage => "urban_village", EvacueeClass::Visitors => "visitors",
        EvacueeClass::SeaAndSites => "sea_and_sites", EvacueeClass::SpecialTrades => "special_trades",
        EvacueeClass::Responders => "responders",
    }
    health_word, HEALTH: HealthState {
        HealthState::Unknown => "unknown", HealthState::Healthy => "healthy", HealthState::Degraded => "degraded",
        HealthState::Silent => "silent",
    }
    thing_word, THINGS: ThingState {
        ThingState::Normal => "normal", ThingState::Attention => "attention", ThingState::Alarm => "alarm",
        ThingState::Offline => "offline", ThingState::Unknown => "unknown",
    }
}

const RESOURCES: &[&str] = &["shelter", "depot", "hospital", "camera", "helipad", "dock", "drone"];

/// Every word a field can hold, where that is a closed list known without a city; `None` where it is not.
pub(super) fn closed_words(table: Table, field: Field) -> Option<Vec<&'static str>> {
    Some(match (table, field) {
        (Table::Cases, Field::Kind) => CASE_KINDS.to_vec(),
        (Table::Sensors | Table::Alarms, Field::Kind) => SensorKind::ALL.iter().map(|it| it.id()).collect(),
        (Table::Teams, Field::Kind) => UNITS.to_vec(),
        (Table::Resources, Field::Kind) => RESOURCES.to_vec(),
        (Table::Evacuations, Field::Class) => EVACUEES.to_vec(),
        (Table::Platforms, Field::State) => HEALTH.to_vec(),
        (Table::Registers, Field::State) => THINGS.to_vec(),
        (_, Field::Stage) => STAGES.to_vec(),
        (_, Field::Color) => COLORS.to_vec(),
        (_, Field::Rung) => RUNGS.to_vec(),
        (_, Field::Tier) => TIERS.to_vec(),
        (_, Field::Capability) => CAPABILITIES.to_vec(),
        _ => return None,
    })
}

/// The groups a field divides a table into, in the city's own order.
pub(super) fn groups(table: Table, field: Field, city: &City, areas: &[Area]) -> Vec<Text> {
    match (table, field) {
        (_, Field::District) => city.districts.keys().map(|it| it.0.clone()).collect(),
        (_, Field::Township) => city.townships.keys().map(|it| it.0.clone()).collect(),
        (_, Field::Agency) => city.agencies.keys().map(|it| it.0.clone()).collect(),
        (_, Field::Area) => areas.iter().map(|it| it.id.clone()).collect(),
        (Table::Detections, Field::Kind) => city.violations.iter().map(|it| it.id.clone()).collect(),
        (Table::Cases, Field::Class) => {
            let mut classes: Vec<Text> = Vec::new();
            for limit in &city.case_rules.limits {
                if !classes.contains(&limit.class) {
                    classes.push(limit.class.clone());
                }
            }
            classes
        }
        _ => closed_words(table, field).unwrap_or_default().into_iter().map(Text::from).collect(),
    }
}

/// What a table can be grouped by: fields whose groups are known beforehand.
pub(super) fn can_group(table: Table, field: Field) -> bool {
    let is_registry = matches!(field, Field::District | Field::Township | Field::Agency | Field::Area);
    let is_of_pack = matches!((table, field), (Table::Cases, Field::Class) | (Table::Detections, Field::Kind));
    table.fields().contains(&field) && (is_registry || is_of_pack || closed_words(table, field).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;

    /// A record would say it with the same word.
    #[track_caller]
    fn check<T: DeserializeOwned>(words: &[&str]) {
        for word in words {
            let read: Result<T, _> = serde_json::from_value(serde_json::Value::from(*word));
            assert!(read.is_ok(), "{word}: {:?}", read.err());
        }
    }

    #[test]
    fn words_are_those_of_records() {
        check::<CaseKind>(CASE_KINDS);
        check::<CaseStage>(STAGES);
        check::<WarningColor>(COLORS);
        check::<Rung>(RUNGS);
        check::<UnitKind>(UNITS);
        check::<TeamTier>(TIERS);
        check::<Capability>(CAPABILITIES);
        check::<EvacueeClass>(EVACUEES);
        check::<HealthState>(HEALTH);
    }
}
