//! 飞行: what drones are told to do, who holds them, and how far each flight has come. One vocabulary for every platform
//! that flies: DJI's docks and MAVLink's autopilots both speak it at the hub's edge.
//!
//! A flight is owed to its platform until it answers, like an order. What the gates judge by (battery, wind, place) is not in
//! the fold, so it travels in the command as [`Seen`], filled in by the hub from its own readings, and is recorded. The rules
//! are in `decide/flights`, the gates and their figures in `flight_rules`.

use crate::{City, Gate, LonLat, Readings, Role, SeatId, Signature, Telemetry, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};

/// What a drone may be told. Heights are metres above the ground at the place it took off from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlightTask {
    /// 起飞并飞到: out of the dock and to a place.
    TakeoffTo { place: LonLat, height_m: f32 },
    /// 飞往: in the air already, to another place.
    FlyTo { place: LonLat, height_m: f32 },
    /// 返航.
    ReturnHome,
    /// 暂停 whatever it flies.
    Pause,
    /// 继续.
    Resume,
    /// 航线.
    RunRoute { route: FlightRoute },
    /// 就地降落.
    Land,
    /// 急停: the motors stop. Only two people together give it.
    EmergencyStop,
    /// 悬停: leave what it flies and stand still.
    Hover,
    /// 控制权: flight and payload authority, from whoever has it at the platform.
    GrabControl,
}

/// A way through the air, flown once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlightRoute {
    pub name: Text,
    /// m/s between the points.
    pub speed_mps: f32,
    pub points: Vec<RoutePoint>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutePoint {
    pub place: LonLat,
    pub height_m: f32,
}

/// A flight as an officer asks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlightAsk {
    pub drone: DroneId,
    pub task: FlightTask,
    /// Filled in by the hub, whatever the seat says.
    #[serde(default)]
    pub seen: Seen,
    #[serde(default)]
    pub reason: Text,
    /// With a reason: fly although a gate that can be overridden stands against it.
    #[serde(default)]
    pub overrides: bool,
}

/// How far a flight has come. `Done`, `Failed`, `Cancelled` end it; from `TimedOut` its platform may still bring it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlightState {
    Ordered,
    /// On the wire, or tried.
    Sent,
    /// The platform took it.
    Accepted,
    InProgress {
        /// 0–100.
        percent: u8,
        /// In the platform's words, such as `飞行中`.
        step: Text,
        /// On a route: the point of it that was last reached, from 0.
        #[serde(default)]
        waypoint: Option<u16>,
    },
    Done,
    Failed {
        why: Text,
    },
    Cancelled {
        why: Text,
    },
    /// Nobody knows: the platform did not answer, or fell silent under way.
    TimedOut {
        why: Text,
    },
}

/// One thing a drone was told, numbered by the fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flight {
    pub id: FlightId,
    pub realm: Realm,
    pub drone: DroneId,
    /// Whose wire it goes by.
    pub platform: PlatformId,
    pub task: FlightTask,
    pub by: SeatId,
    /// The second signature of an emergency stop.
    pub co_signed_by: Option<SeatId>,
    pub reason: Text,
    /// What stood against it and was overridden with `reason`.
    pub overridden: Vec<Gate>,
    pub ordered_at: Timestamp,
    pub state: FlightState,
    pub state_at: Timestamp,
    /// Times it was put on the wire.
    pub n_attempts: u32,
    /// 撤销 was asked for and is owed to the platform, with why.
    pub cancel: Option<Text>,
    /// What was last said beside the state.
    pub note: Text,
}

/// What the hub saw of a drone when it was told something; none of it is in the fold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// When it was last heard; 0 is never.
    pub at: Timestamp,
    pub place: LonLat,
    /// m above the place it took off from.
    pub height_m: f32,
    pub battery_percent: Option<f32>,
    /// By the aircraft or its dock, whichever is more.
    pub wind_mps: Option<f32>,
    /// The dock's: 0 none, 1 light, 2 moderate, 3 heavy.
    pub dock_rain: Option<u8>,
    /// The dock's emergency button is pressed.
    pub is_dock_stopped: bool,
    pub is_flying: bool,
    /// The worst that its platform warns of now, in its words.
    pub warning: Option<Text>,
}

/// Who holds a drone (控制权).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Control {
    pub seat: SeatId,
    pub officer: Text,
    pub since: Timestamp,
    pub reason: Text,
    /// The flight that asked the platform for it.
    pub flight: FlightId,
}

/// An emergency stop that one seat signed and that waits for another's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StopProposal {
    /// Counted from 1 in this city's log.
    pub number: u64,
    pub drone: DroneId,
    pub signed: Signature,
    pub reason: Text,
    /// From then on it cannot be co-signed any more.
    pub expires_at: Timestamp,
}

impl FlightTask {
    pub fn name_zh(&self) -> &'static str {
        match self {
            Self::TakeoffTo { .. } => "起飞并飞到",
            Self::FlyTo { .. } => "飞往",
            Self::ReturnHome => "返航",
            Self::Pause => "暂停",
            Self::Resume => "继续",
            Self::RunRoute { .. } => "航线飞行",
            Self::Land => "就地降落",
            Self::EmergencyStop => "急停",
            Self::Hover => "悬停",
            Self::GrabControl => "取得控制权",
        }
    }

    /// It goes on for a while; the others are over when the platform has taken them.
    pub fn is_movement(&self) -> bool {
        matches!(
            self,
            Self::TakeoffTo { .. } | Self::FlyTo { .. } | Self::ReturnHome | Self::RunRoute { .. } | Self::Land
        )
    }

    /// From the ground into the air.
    pub fn is_launch(&self) -> bool {
        matches!(self, Self::TakeoffTo { .. } | Self::RunRoute { .. })
    }

    /// Where it leads, with the heights; nothing for what has no target.
    pub fn targets(&self) -> Vec<RoutePoint> {
        match self {
            Self::TakeoffTo { place, height_m } | Self::FlyTo { place, height_m } => {
                vec![RoutePoint { place: *place, height_m: *height_m }]
            }
            Self::RunRoute { route } => route.points.clone(),
            _ => Vec::new(),
        }
    }

    /// With places as records keep them.
    pub(crate) fn rounded(&self) -> Self {
        let mut task = self.clone();
        match &mut task {
            Self::TakeoffTo { place, .. } | Self::FlyTo { place, .. } => *place = place.rounded(),
            Self::RunRoute { route } => route.points.iter_mut().for_each(|it| it.place = it.place.rounded()),
            _ => {}
        }
        task
    }
}

impl FlightState {
    /// Nothing is expected of it any more.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Done | Self::Failed { .. } | Self::Cancelled { .. } | Self::TimedOut { .. })
    }

    /// The rung of the ladder; ends are all on the last.
    pub fn rung(&self) -> u8 {
        match self {
            Self::Ordered => 0,
            Self::Sent => 1,
            Self::Accepted => 2,
            Self::InProgress { .. } => 3,
            Self::Done | Self::Failed { .. } | Self::Cancelled { .. } | Self::TimedOut { .. } => 4,
        }
    }

    pub fn name_zh(&self) -> &'static str {
        match self {
            Self::Ordered => "已下令",
            Self::Sent => "已发出",
            Self::Accepted => "已接受",
            Self::InProgress { .. } => "执行中",
            Self::Done => "已完成",
            Self::Failed { .. } => "失败",
            Self::Cancelled { .. } => "已撤销",
            Self::TimedOut { .. } => "无回音",
        }
    }

    /// Why it ended badly; empty for the others.
    pub fn why(&self) -> &str {
        match self {
            Self::Failed { why } | Self::Cancelled { why } | Self::TimedOut { why } => why,
            _ => "",
        }
    }
}

impl Flight {
    /// Stable across restarts and retries: realm and number. DJI's `flight_id` and `bid` are made of it.
    pub fn idempotency_key(&self) -> String {
        let realm = match self.realm {
            Realm::Actual => "a",
            Realm::Exercise => "x",
        };
        format!("gulang-{realm}-f{}", self.id)
    }

    /// Its platform has not answered yet.
    pub fn is_owed(&self) -> bool {
        matches!(self.state, FlightState::Ordered | FlightState::Sent)
    }
}

impl Seen {
    /// What the readings say of the drone with this registry index, rounded as records keep figures.
    pub fn of(readings: &Readings, handle: usize) -> Self {
        let telemetry = readings.telemetry.get(handle);
        let mut seen = Self { battery_percent: None, ..Self::default() };
        if let Some(fix) = readings.drones.get(handle) {
            seen.at = fix.at;
            seen.place = LonLat(fix.lon, fix.lat).rounded();
            seen.height_m = tenths(fix.height);
            seen.battery_percent = fix.battery.is_finite().then(|| tenths(fix.battery));
            seen.is_flying = fix.mode != 0;
        }
        if let Some(it) = telemetry {
            let dock = it.dock.as_ref();
            let winds = [it.wind_mps, dock.and_then(|it| it.wind_mps)];
            seen.wind_mps = winds.into_iter().flatten().filter(|it| it.is_finite()).reduce(f32::max).map(tenths);
            seen.dock_rain = dock.and_then(|it| it.rain);
            seen.is_dock_stopped = dock.is_some_and(|it| it.is_emergency_stopped);
            seen.is_flying = it.is_flying.unwrap_or(seen.is_flying);
            seen.warning = it.worst_warning().map(|it| it.words.clone());
        }
        seen
    }
}

fn tenths(value: f32) -> f32 {
    if value.is_finite() { (value * 10.0).round() / 10.0 } else { 0.0 }
}

impl City {
    /// What a drone is doing now: its open movement, else the last flight it was told of.
    pub fn flight_of(&self, drone: &DroneId) -> Option<&Flight> {
        let open = self.open_flights_of(drone);
        let moving = open.filter(|it| it.task.is_movement()).last();
        moving.or_else(|| self.flights.values().rev().find(|it| it.drone == *drone))
    }

    /// What a drone was told and has not finished, oldest first.
    pub fn open_flights_of(&self, drone: &DroneId) -> impl Iterator<Item = &Flight> {
        let open = self.open_flights.iter().filter_map(|it| self.flights.get(it));
        open.filter(move |it| it.drone == *drone)
    }

    /// Who holds a drone.
    pub fn control_of(&self, drone: &DroneId) -> Option<&Control> {
        self.controls.get(drone)
    }

    /// The emergency stop that waits for its second signature.
    pub fn stop_proposal_of(&self, drone: &DroneId, now: Timestamp) -> Option<&StopProposal> {
        self.stop_proposals.get(drone).filter(|it| now < it.expires_at)
    }

    /// Whose wire a drone hangs on.
    pub fn platform_of_drone(&self, drone: &DroneId) -> PlatformId {
        self.flight_rules.platforms.get(drone).cloned().unwrap_or_else(|| self.flight_rules.platform.clone())
    }

    /// Where a drone comes home to.
    pub fn home_of(&self, drone: &DroneId) -> Option<LonLat> {
        Some(self.docks.get(&self.drones.get(drone)?.dock)?.at)
    }

    /// Whether one role outranks another where both may order drones: by what it may sign, then by whether it overrides.
    pub fn outranks(&self, seat: &SeatId, other: &SeatId) -> bool {
        let rank = |role: &Role| (role.signs_up_to, role.overrides);
        rank(self.roles.role_of(seat)) > rank(self.roles.role_of(other))
    }
}

impl Telemetry {
    /// The worst of what is warned of now.
    pub fn worst_warning(&self) -> Option<&crate::DroneAlarm> {
        self.alarms.iter().filter(|it| it.over_at.is_none() && it.level >= 2).max_by_key(|it| it.level)
    }
}
