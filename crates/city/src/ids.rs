//! Names of things. Registries (agencies, teams, sensors …) are named by the city pack or the platform, so their ids are
//! text; cases and orders are numbered by the fold, so theirs are numbers.

use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, fmt, sync::Arc};

/// Shared immutable text: cheap to clone in the fold.
pub type Text = Arc<str>;

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Text);

        impl $name {
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl From<&str> for $name { fn from(s: &str) -> Self { Self(s.into()) } }
        impl From<String> for $name { fn from(s: String) -> Self { Self(s.into()) } }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", &self.0) }
        }
        impl Borrow<str> for $name { fn borrow(&self) -> &str { &self.0 } }
    )*};
}

text_ids! {
    /// A district by its six-digit division code (GB/T 2260), such as `350203` 思明区.
    DistrictId,
    AgencyId, TeamId, DepotId, ShelterId, HelipadId, HospitalId, CameraId, DockId,
    /// A drone by its serial number.
    DroneId,
    SensorId, FloodPointId, WarningId,
    /// A typhoon by the feed's `tfid`, such as `202305`.
    TyphoonId,
    PlanId, MeasureId, IndicatorId,
    /// An outside platform, and the connector that speaks to it.
    PlatformId,
    /// A person's place in the hall; what signs commands.
    SeatId,
    /// 镇街, by its nine-digit division code where the pack has one.
    TownshipId,
    VillageId, ContactId, LadderId,
    /// A layout of cards for walls.
    MetricWallId,
    /// 会商简报.
    BriefingId,
    /// 单元网格.
    CellId,
    /// Somebody who works in the street, by the grid platform's own id.
    PersonId,
}

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
    )*};
}

number_ids! {
    /// A case, numbered from 1 in the order this city learned of them.
    CaseId,
    /// An order, numbered from 1 in the order they were drafted. With the realm it makes the idempotency key.
    OrderId,
    /// An alarm, numbered from 1.
    AlarmId,
    /// A marking, numbered from 1; a removed one's number is not used again.
    MarkingId,
    /// A need for teams, numbered from 1.
    NeedId,
    /// A call-out, numbered from 1. With the realm it makes the idempotency keys of its calls.
    CalloutId,
    /// A flight, numbered from 1. With the realm it makes the idempotency key.
    FlightId,
    /// A quake, numbered from 1 in the order this city learned of them.
    QuakeId,
    /// A thing video recognition saw, numbered from 1.
    DetectionId,
    /// A case found here, numbered from 1 in the order they were opened.
    OwnCaseId,
    /// A one-to-one video call, numbered from 1. With the realm it makes the idempotency key.
    StreetCallId,
}
