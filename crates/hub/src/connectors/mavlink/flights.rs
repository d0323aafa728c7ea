//! Flights as MAVLink orders, in their realm, and what vehicles say as the city's own words.

use crate::{
    flights::{Aircraft, FlightError, FlightLink},
    realm::{FlightDispatch, RealmKind},
};
use async_trait::async_trait;
use gulang_city::{FlightState, FlightTask, LonLat, PlatformId, Realm, Telemetry, Text, Timestamp};
use gulang_platforms::mavlink::{Order, Vehicle, Waypoint, Word};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use tokio::sync::mpsc;

/// Orders handed over and not yet begun; more are said again later.
pub(super) const WAITING: usize = 64;

/// The end of a MAVLink connector that flights are handed to.
pub struct MavlinkLink<R: RealmKind> {
    pub(super) platform: PlatformId,
    pub(super) drones: BTreeSet<Text>,
    pub(super) state: Arc<LinkState>,
    pub(super) orders: mpsc::Sender<FlightDispatch<R>>,
}

/// What the connector last knew of its vehicles.
#[derive(Debug, Default)]
pub(super) struct LinkState {
    pub(super) is_up: AtomicBool,
    /// Every vehicle heard says that its motors are blocked.
    pub(super) is_simulated: AtomicBool,
}

#[async_trait]
impl<R: RealmKind> FlightLink<R> for MavlinkLink<R> {
    fn platform(&self) -> &PlatformId {
        &self.platform
    }

    fn is_up(&self) -> bool {
        self.state.is_up.load(Relaxed)
    }

    fn is_simulated(&self) -> bool {
        self.state.is_simulated.load(Relaxed)
    }

    async fn send(&self, flight: &FlightDispatch<R>, _: &Aircraft) -> Result<(), FlightError> {
        if !self.drones.contains(&flight.drone.0) {
            let why = format!("无人机 {} 不在连接「{}」的 options.vehicles 里", flight.drone, self.platform);
            return Err(FlightError::Never(why));
        }
        let busy = |_| FlightError::Later("MAVLink 连接正忙".into());
        self.orders.try_send(flight.clone()).map_err(busy)
    }
}

/// Why this vehicle may not have an order of this realm: MAVLink has no flight that is only played, so an exercise speaks
/// only to a vehicle that says of itself that its motors are blocked and its surroundings computed.
pub fn barred<R: RealmKind>(vehicle: &Vehicle) -> Option<Text> {
    let is_drill = R::REALM == Realm::Exercise;
    (is_drill && !vehicle.is_simulated).then(|| "演练不向真实飞控下令：这架飞控的心跳没有仿真标志（HIL）".into())
}

/// The order for the wire; `None` for what MAVLink has no word for and needs none: whoever reaches a vehicle commands it.
pub fn order_of<R: RealmKind>(flight: &FlightDispatch<R>) -> Option<Order> {
    // What is broken off is held where it is.
    if flight.is_cancel {
        return Some(Order::Pause);
    }
    Some(match &flight.task {
        FlightTask::TakeoffTo { place, height_m } => Order::TakeoffTo { place: *place, height_m: *height_m },
        FlightTask::FlyTo { place, height_m } => Order::FlyTo { place: *place, height_m: *height_m },
        FlightTask::ReturnHome => Order::ReturnHome,
        FlightTask::Pause | FlightTask::Hover => Order::Pause,
        FlightTask::Resume => Order::Resume,
        FlightTask::RunRoute { route } => Order::Mission {
            points: route.points.iter().map(|it| Waypoint { place: it.place, height_m: it.height_m }).collect(),
            speed_mps: route.speed_mps,
        },
        FlightTask::Land => Order::Land,
        FlightTask::EmergencyStop => Order::StopMotors,
        FlightTask::GrabControl => return None,
    })
}

/// A vehicle's word as the city's ladder has it.
pub fn state_of(word: Word) -> FlightState {
    match word {
        Word::Accepted => FlightState::Accepted,
        Word::UnderWay { percent, step, waypoint } => FlightState::InProgress { percent, step: step.into(), waypoint },
        Word::Done => FlightState::Done,
        Word::Failed { why } => FlightState::Failed { why: why.into() },
        Word::TimedOut { why } => FlightState::TimedOut { why: why.into() },
    }
}

/// What a vehicle says beside where it is, at `now` by the realm's clock.
pub fn telemetry_of(vehicle: &Vehicle, now: Timestamp) -> Telemetry {
    let mode = match vehicle.mode() {
        0 => "在地面",
        4 => "起飞",
        5 => "航线飞行",
        9 => "返航",
        10 => "降落",
        17 => "指令飞行",
        _ => "手动飞行",
    };
    let place = vehicle.fix.map(|it| LonLat(it.lon, it.lat));
    Telemetry {
        at: now,
        is_online: Some(true),
        mode: Some(mode.into()),
        is_flying: vehicle.is_flying(),
        height_amsl_m: vehicle.home_amsl_m.zip(vehicle.fix).map(|(home_m, fix)| home_m + fix.height),
        home_m: vehicle.home.zip(place).map(|(home, here)| home.distance_m(here) as f32),
        battery_percent: vehicle.battery,
        is_simulated: vehicle.is_simulated,
        ..Telemetry::default()
    }
}
