//! What a message meant, whatever the protocol.

use gulang_city::{
    Command, DockState, DroneAlarm, Fix, LonLat, PlatformId, RainField, Telemetry, Text, ThingState, Timestamp,
};

/// One reading, named as its source names things.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    Gauge {
        sensor: Text,
        value: f32,
        at: Timestamp,
    },
    Team {
        team: Text,
        fix: Fix,
    },
    Drone {
        drone: Text,
        fix: Fix,
    },
    /// What a drone says beside where it is.
    DroneSays {
        drone: Text,
        telemetry: Box<Telemetry>,
    },
    /// A dock speaks, by its gateway's own id.
    Dock {
        gateway: Text,
        state: DockState,
    },
    /// All that a gateway's drones are warned of now.
    DroneWarns {
        gateway: Text,
        alarms: Vec<DroneAlarm>,
        at: Timestamp,
    },
    /// Which drones hang on a gateway now; none: all are offline.
    Docked {
        gateway: Text,
        drones: Vec<Text>,
        at: Timestamp,
    },
    /// One thing of a register of many: a vehicle, a bike, a tilt sensor.
    Thing {
        /// The register's id, such as `muck_truck`.
        register: Text,
        /// The thing's own id on its platform.
        thing: Text,
        /// WGS-84; where it is, if it said so.
        place: Option<LonLat>,
        /// Degrees clockwise from north; NaN means none.
        heading: f32,
        state: ThingState,
        at: Timestamp,
    },
    /// What one thing of a register measures, in the unit its register's kind is told in (`sensor_kinds.toml`).
    Measured {
        /// The register's id, which is the kind's: `gas_pressure`.
        register: Text,
        thing: Text,
        value: f32,
        at: Timestamp,
    },
    /// Rain over a grid.
    Rain(RainField),
}

impl News {
    /// When it was so, by whoever said it.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Gauge { at, .. } | Self::Thing { at, .. } | Self::Measured { at, .. } => *at,
            Self::Team { fix, .. } | Self::Drone { fix, .. } => fix.at,
            Self::DroneSays { telemetry, .. } => telemetry.at,
            Self::Dock { state, .. } => state.at,
            // When it was made: what it is for may lie ahead.
            Self::Rain(field) => field.issued_at,
            Self::DroneWarns { at, .. } | Self::Docked { at, .. } => *at,
        }
    }
}

/// All that one message, or one page of answers, meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// For the record lane.
    pub commands: Vec<Command>,
    /// For the readings lane.
    pub news: Vec<News>,
    /// Entries that could be read and made no sense, each with why; they become [`Command::RefuseMessage`].
    pub refused: Vec<Refused>,
}

/// What of a message could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The entry itself, cut to a readable length.
    pub what: String,
    pub why: String,
}

impl Heard {
    /// Keeps what cannot be used, cut to a readable length and without control characters.
    pub fn refuse(&mut self, what: &str, why: impl std::fmt::Display) {
        self.refused.push(Refused { what: cut(what), why: why.to_string() });
    }

    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.news.is_empty() && self.refused.is_empty()
    }

    pub fn append(&mut self, mut other: Self) {
        self.commands.append(&mut other.commands);
        self.news.append(&mut other.news);
        self.refused.append(&mut other.refused);
    }
}

/// A readable length, and no control characters.
pub(crate) fn cut(what: &str) -> String {
    what.chars().filter(|it| !it.is_control()).take(200).collect()
}

impl Refused {
    pub fn into_command(self, platform: &PlatformId) -> Command {
        Command::RefuseMessage { platform: platform.clone(), what: self.what.into(), why: self.why.into() }
    }
}
