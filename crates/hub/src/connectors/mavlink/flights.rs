//! Flights as MAVLink orders, in their realm.

use crate::realm::RealmKind;
use gulang_city::{City, Flight, FlightId, FlightState, FlightTask, PlatformId, Text};
use gulang_platforms::mavlink::{Order, Vehicle, Waypoint, Word};
use std::marker::PhantomData;

/// What a vehicle is owed: a flight to begin, or one to break off.
///
/// **Invariant:** only ever of its own realm; and in an exercise only [`FlightOrder::barred`] decides whether a vehicle may
/// have it, since MAVLink has no mission that is only played.
#[derive(Clone, Debug)]
pub struct FlightOrder<R: RealmKind> {
    pub flight: Flight,
    /// It is to be broken off.
    pub is_cancel: bool,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> FlightOrder<R> {
    /// `None` if the flight belongs to the other realm, or nothing of it is owed.
    pub fn from_flight(flight: &Flight) -> Option<Self> {
        let is_cancel = flight.cancel.is_some() && !flight.state.is_end();
        let is_ours = flight.realm == R::REALM && (flight.is_owed() || is_cancel);
        is_ours.then(|| Self { flight: flight.clone(), is_cancel, _realm: PhantomData })
    }

    /// Which conversation it is: breaking off is one of its own.
    pub fn key(&self) -> (FlightId, bool) {
        (self.flight.id, self.is_cancel)
    }

    /// Why this vehicle may not have it: an exercise speaks only to one that says of itself that its motors are blocked and
    /// its surroundings computed.
    pub fn barred(&self, vehicle: &Vehicle) -> Option<Text> {
        let is_drill = R::REALM == gulang_city::Realm::Exercise;
        (is_drill && !vehicle.is_simulated).then(|| "演练不向真实飞控下令：这架飞控的心跳没有仿真标志（HIL）".into())
    }

    /// The order for the wire; `None` for what MAVLink has no word for, or needs none.
    pub fn order(&self) -> Option<Order> {
        if self.is_cancel {
            return Some(Order::Pause);
        }
        Some(match &self.flight.task {
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
}

/// What one platform's vehicles are owed, lowest number first.
pub fn owed<R: RealmKind>(city: &City, platform: &PlatformId) -> Vec<FlightOrder<R>> {
    let open = city.open_flights.iter().filter_map(|it| city.flights.get(it));
    open.filter(|it| it.platform == *platform).filter_map(FlightOrder::from_flight).collect()
}

/// A vehicle's word as the city's ladder has it.
pub fn state_of(word: Word) -> FlightState {
    match word {
        Word::Accepted => FlightState::Accepted,
        Word::UnderWay { percent, step } => FlightState::InProgress { percent, step: step.into() },
        Word::Done => FlightState::Done,
        Word::Failed { why } => FlightState::Failed { why: why.into() },
        Word::TimedOut { why } => FlightState::TimedOut { why: why.into() },
    }
}
