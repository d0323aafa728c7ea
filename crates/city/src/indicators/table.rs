//! What may be counted: the tables, their fields, and what is known of each field. Two closed lists.
//!
//! Must not know: how a row is made of the city (`row`), or what is counted (`definition`).

use serde::{Deserialize, Serialize};

/// A table of rows that figures are made of.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Table {
    /// 事部件.
    Cases,
    /// 指令.
    Orders,
    /// The pack's sensors, each with its latest reading.
    Sensors,
    /// Teams and the other units in force.
    Teams,
    /// Shelters, depots, hospitals, cameras, helipads, docks and drones in force.
    Resources,
    /// People moved, by class and place.
    Evacuations,
    /// 告警.
    Alarms,
    /// What video recognition saw and nobody judged yet.
    Detections,
    /// Outside platforms and how they are.
    Platforms,
    /// The large registers, counted by the state of their things.
    Registers,
}

/// A column of a table.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Field {
    District,
    Township,
    Agency,
    Platform,
    /// What kind of thing: event or part, kind of sensor, of unit, of resource.
    Kind,
    Title,
    /// One of the definitions' own areas, by the title of a case.
    Area,
    /// Of a case: the class whose limits it has. Of people moved: one of the five.
    Class,
    Stage,
    Color,
    Rung,
    Tier,
    Capability,
    /// Health of a platform, state of a register's things.
    State,
    Register,
    /// Of a sensor: its latest reading.
    Value,
    People,
    Expected,
    Moved,
    Refused,
    Returned,
    /// Of things in a register, places and beds of a resource, reports of one detection.
    Amount,
    Occupied,
    NTransfers,
    NReturns,
    NPostponed,
    NSupervised,
    NPressed,
    NEscalations,
    NMissed,
    NOutings,
    /// From reported to closed.
    ClosingMins,
    /// Closed no later than it was due.
    ClosedInTime,
    /// At or above the sensor's lowest threshold.
    IsOver,
    IsAssigned,
    IsAcknowledged,
    IsBouncing,
    IsSimulated,
    IsDone,
    ReportedAt,
    DueAt,
    /// Closed; of an order: done.
    ClosedAt,
    CancelledAt,
    /// Closed or cancelled; of an order, any end; of an alarm, cleared.
    EndedAt,
    StageAt,
    /// When its stage should be over.
    StageDueAt,
    DraftedAt,
    /// Until when the present step of an order may take.
    DeadlineAt,
    ReadAt,
    RaisedAt,
    CountedAt,
    CheckInBy,
}

/// What stands in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    Text,
    Number,
    Bool,
    Time,
}

impl FieldType {
    pub fn name_en(self) -> &'static str {
        match self {
            Self::Text => "words",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Time => "a time",
        }
    }
}

impl Table {
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn fields(self) -> &'static [Field] {
        use Field::*;
        match self {
            Self::Cases => &[
                District,
                Township,
                Agency,
                Platform,
                Kind,
                Title,
                Area,
                Class,
                Stage,
                Color,
                NTransfers,
                NReturns,
                NPostponed,
                NSupervised,
                NPressed,
                ClosingMins,
                ClosedInTime,
                IsBouncing,
                ReportedAt,
                DueAt,
                ClosedAt,
                CancelledAt,
                EndedAt,
                StageAt,
                StageDueAt,
            ],
            Self::Orders => &[
                District,
                Agency,
                Platform,
                Rung,
                NEscalations,
                IsAcknowledged,
                IsDone,
                ClosedInTime,
                ClosingMins,
                DraftedAt,
                DueAt,
                ClosedAt,
                EndedAt,
                DeadlineAt,
            ],
            Self::Sensors => &[District, Township, Kind, Color, Value, IsOver, ReadAt],
            Self::Teams => {
                &[District, Township, Kind, Tier, Capability, People, IsAssigned, NMissed, NOutings, CheckInBy]
            }
            Self::Resources => &[District, Township, Kind, Amount, Occupied],
            Self::Evacuations => &[District, Township, Class, Expected, Moved, Refused, Returned, CountedAt],
            Self::Alarms => &[District, Kind, Color, IsAcknowledged, RaisedAt, EndedAt, Value],
            Self::Detections => &[District, Township, Kind, Platform, Color, Amount, RaisedAt],
            Self::Platforms => &[Platform, State, IsSimulated],
            Self::Registers => &[Register, State, Amount, CountedAt],
        }
    }

    /// When a row came to be; a row without such a time was always there.
    pub(crate) fn birth(self) -> Option<Field> {
        match self {
            Self::Cases => Some(Field::ReportedAt),
            Self::Orders => Some(Field::DraftedAt),
            Self::Alarms => Some(Field::RaisedAt),
            _ => None,
        }
    }

    /// Its rows say themselves as of when they are: sensors are heard one by one, platforms as a whole.
    pub(crate) fn is_heard_by_row(self) -> bool {
        matches!(self, Self::Sensors | Self::Registers)
    }
}

impl Field {
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn field_type(self) -> FieldType {
        use Field::*;
        match self {
            District | Township | Agency | Platform | Kind | Title | Area | Class | Stage | Color | Rung | Tier
            | Capability | State | Register => FieldType::Text,
            Value | People | Expected | Moved | Refused | Returned | Amount | Occupied | NTransfers | NReturns
            | NPostponed | NSupervised | NPressed | NEscalations | NMissed | NOutings | ClosingMins => {
                FieldType::Number
            }
            ClosedInTime | IsOver | IsAssigned | IsAcknowledged | IsBouncing | IsSimulated | IsDone => FieldType::Bool,
            ReportedAt | DueAt | ClosedAt | CancelledAt | EndedAt | StageAt | StageDueAt | DraftedAt | DeadlineAt
            | ReadAt | RaisedAt | CountedAt | CheckInBy => FieldType::Time,
        }
    }

    /// Said once and for all, or settled together with a time of the row. A figure made of such fields alone can be counted
    /// for a past moment from the rows as they are now; any other past figure must have been kept. Whose a case is can change:
    /// one handed on takes its past along.
    pub(crate) fn is_fixed(self) -> bool {
        use Field::*;
        matches!(
            self,
            District
                | Township
                | Agency
                | Platform
                | Kind
                | Title
                | Area
                | Class
                | Register
                | Tier
                | Capability
                | ClosingMins
                | ClosedInTime
        )
    }
}
