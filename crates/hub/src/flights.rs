//! Flights on their way to drones: one task per realm for whatever links its drones hang on. Like the outbox it keeps
//! nothing: what is to be said is what the log has without an answer, with the same key however often, so a hub killed at
//! any instant says it again and the drone flies once.
//!
//! A link that is down is said nothing: a take-off that waited in a queue for an hour would be a surprise to everybody. The
//! log gives a flight up when its time to be answered is over ([`Command::Tick`]).

use crate::{
    core::Core,
    realm::{FlightDispatch, RealmKind, unsent_flights},
};
use async_trait::async_trait;
use gulang_city::{
    Command, DroneId, Flight, FlightState, FlightTask, LonLat, PlatformId, Source, Telemetry, Text, Timestamp,
};
use gulang_platforms::dji::DrcAnswer;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::broadcast::error::RecvError;

/// How long an answer is waited for before the same is said again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Why a flight could not be handed to its link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlightError {
    /// Asked again a while later.
    #[error("{0}")]
    Later(String),
    /// This link can never say it.
    #[error("{0}")]
    Never(String),
}

/// A wire drones hang on, in one realm: a flight of the other realm does not fit it.
#[async_trait]
pub trait FlightLink<R: RealmKind>: Send + Sync {
    /// Whose flights it takes ([`gulang_city::FlightRules::platforms`]).
    fn platform(&self) -> &PlatformId;
    /// Connected now.
    fn is_up(&self) -> bool;
    /// Everything behind it is the simulated city.
    fn is_simulated(&self) -> bool;
    /// In an exercise over a wire that is not simulated: whether its platform plays this task in a simulator when asked to.
    fn can_simulate(&self, task: &FlightTask) -> bool {
        matches!(task, FlightTask::TakeoffTo { .. })
    }
    /// Says it. The answer comes by the link's own ear, as [`Command::ReportFlight`].
    async fn send(&self, flight: &FlightDispatch<R>, aircraft: &Aircraft) -> Result<(), FlightError>;
}

/// The links of a realm, by platform; a link opened again takes its older self's place.
#[derive(Clone)]
pub struct Links<R: RealmKind>(Arc<Mutex<ByPlatform<R>>>);

type ByPlatform<R> = BTreeMap<PlatformId, Arc<dyn FlightLink<R>>>;

impl<R: RealmKind> Default for Links<R> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<R: RealmKind> Links<R> {
    pub fn put(&self, link: Arc<dyn FlightLink<R>>) {
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.insert(link.platform().clone(), link);
    }

    pub fn all(&self) -> Vec<Arc<dyn FlightLink<R>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// What a link must know of the drone beside the task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aircraft {
    /// The gateway it hangs on now, else its dock in the pack.
    pub gateway: Text,
    pub home: LonLat,
    /// Above the ellipsoid at the place it took off from, m; none before it was heard.
    pub ground_ellipsoid_m: Option<f64>,
    /// Above the sea there, m.
    pub ground_amsl_m: Option<f64>,
    pub speed_mps: f32,
    pub return_height_m: f32,
    pub now: Timestamp,
}

/// Says what drones are owed until dropped.
pub async fn run<R: RealmKind>(core: Arc<Core>, links: Links<R>) {
    let mut records = core.records();
    let mut tried: HashMap<String, Instant> = HashMap::new();
    loop {
        let mut n_said = 0;
        for link in links.all() {
            n_said += say_due(&core, &*link, &mut tried).await;
        }
        report_homecomings(&core).await;
        let now = Instant::now();
        tried.retain(|_, again| *again > now);
        if n_said == 0
            && let Ok(Err(RecvError::Closed)) = tokio::time::timeout(LOOK_EVERY, records.recv()).await
        {
            return;
        }
    }
}

async fn say_due<R: RealmKind>(core: &Core, link: &dyn FlightLink<R>, tried: &mut HashMap<String, Instant>) -> usize {
    if !link.is_up() {
        return 0;
    }
    let mut due = unsent_flights::<R>(&core.city(), link.platform());
    due.retain(|it| tried.get(it.wire_key()).is_none_or(|again| *again <= Instant::now()));
    let n_due = due.len();
    let source = Source::Platform(link.platform().clone());
    for flight in due {
        // First the log, then the wire.
        if !flight.is_cancel {
            let attempt = Command::NoteFlightAttempt { flight: flight.flight };
            if let Err(error) = core.submit(Source::Hub, attempt).await {
                tracing::debug!(%error, flight = flight.key, "not said");
                continue;
            }
        }
        tried.insert(flight.wire_key().to_owned(), Instant::now() + AGAIN_AFTER);
        let aircraft = aircraft(core, &flight.drone);
        let sent = match may_leave(core, link, &flight) {
            Ok(()) => link.send(&flight, &aircraft).await,
            Err(error) => Err(error),
        };
        let report = match sent {
            Ok(()) => continue,
            Err(FlightError::Later(why)) => {
                tracing::warn!(platform = %link.platform(), flight = flight.key, why, "said again later");
                continue;
            }
            Err(FlightError::Never(why)) if flight.is_cancel => {
                Command::ReportFlightCancel { flight: flight.flight, error: Some(why.into()) }
            }
            Err(FlightError::Never(why)) => {
                let state = FlightState::Failed { why: why.into() };
                Command::ReportFlight { flight: flight.flight, state, note: "".into() }
            }
        };
        if let Err(error) = core.submit(source.clone(), report).await {
            tracing::warn!(%error, flight = flight.key, "what became of it could not be recorded");
        }
    }
    n_due
}

/// In an exercise over a wire that is not simulated nothing leaves but a take-off in the dock's simulator, and what steers
/// an aircraft that took off so.
fn may_leave<R: RealmKind>(
    core: &Core,
    link: &dyn FlightLink<R>,
    flight: &FlightDispatch<R>,
) -> Result<(), FlightError> {
    if R::REALM == gulang_city::Realm::Actual || link.is_simulated() {
        return Ok(());
    }
    if flight.task.is_launch() {
        let why = "演练不向真实机场下航线：机场支持航线模拟（simulate_mission）的，在连接器 options 里写 simulates_routes = true";
        return if link.can_simulate(&flight.task) { Ok(()) } else { Err(FlightError::Never(why.into())) };
    }
    let city = core.city();
    let simulated = city.flights.values().rev().find(|it| it.drone == flight.drone && it.task.is_launch());
    match simulated {
        Some(it) if it.state.rung() >= 2 && it.state.why().is_empty() => Ok(()),
        _ => Err(FlightError::Never("演练里只指挥在模拟器里起飞的飞机，它没有这样起飞过".into())),
    }
}

/// What the readings and the pack say of a drone.
pub fn aircraft(core: &Core, drone: &DroneId) -> Aircraft {
    let (handle, home, dock, rules) = {
        let city = core.city();
        let dock = city.drones.get(drone).map(|it| it.dock.0.clone()).unwrap_or_default();
        let home = city.home_of(drone).unwrap_or(city.center);
        (city.drones.get_index_of(drone), home, dock, city.flight_rules.clone())
    };
    let (gateway, fix, telemetry) = {
        let lane = core.lane();
        let handle = handle.unwrap_or(usize::MAX);
        let telemetry = lane.readings.telemetry.get(handle).cloned().unwrap_or_default();
        (lane.gateway_of(handle), lane.readings.drones.get(handle), telemetry)
    };
    let above_ground = fix.map(|it| f64::from(it.height));
    let ground = |height: Option<f32>| Some(f64::from(height?) - above_ground?);
    Aircraft {
        gateway: gateway.unwrap_or(dock),
        home,
        ground_ellipsoid_m: ground(telemetry.height_ellipsoid_m),
        ground_amsl_m: ground(telemetry.height_amsl_m),
        speed_mps: rules.speed_mps,
        return_height_m: rules.return_height_m,
        now: core.clock.now(),
    }
}

/// No platform says that a way home is over: the aircraft does, by being on the ground.
async fn report_homecomings(core: &Core) {
    let homing: Vec<_> = {
        let city = core.city();
        let open = city.open_flights.iter().filter_map(|it| city.flights.get(it));
        let homing = open.filter(|it| matches!(it.task, FlightTask::ReturnHome | FlightTask::Land) && !it.is_owed());
        homing
            .filter_map(|it| Some((it.id, city.drones.get_index_of(&it.drone)?, it.state_at, it.platform.clone())))
            .collect()
    };
    for (flight, handle, since, platform) in homing {
        let telemetry = core.lane().readings.telemetry.get(handle).cloned();
        let is_down = |it: &Telemetry| it.is_flying == Some(false) && it.at > since;
        if telemetry.as_ref().is_some_and(is_down) {
            let report = Command::ReportFlight { flight, state: FlightState::Done, note: "飞机已落地".into() };
            if let Err(error) = core.submit(Source::Platform(platform), report).await {
                tracing::debug!(%error, "a homecoming was not recorded");
            }
        }
    }
}

/// The flight an answer on the direct channel is about: the open stop or landing of the gateway's drone.
pub fn report_of_drc(core: &Core, answer: &DrcAnswer) -> Option<Command> {
    let handles = core.lane().drones_at(&answer.gateway);
    let city = core.city();
    let is_stop = &*answer.method == "drone_emergency_stop";
    let open = city.open_flights.iter().filter_map(|it| city.flights.get(it));
    let is_told =
        |it: &&Flight| matches!((&it.task, is_stop), (FlightTask::EmergencyStop, true) | (FlightTask::Land, false));
    let is_here = |it: &&Flight| city.drones.get_index_of(&it.drone).is_some_and(|it| handles.contains(&(it as u32)));
    let flight = open.filter(is_told).rfind(is_here)?;
    let state = match (answer.result, is_stop) {
        (0, true) => FlightState::Done,
        (0, false) => FlightState::InProgress { percent: 0, step: "正在降落".into(), waypoint: None },
        (code, _) => FlightState::Failed { why: format!("平台拒绝执行，代码 {code}").into() },
    };
    Some(Command::ReportFlight { flight: flight.id, state, note: "".into() })
}
