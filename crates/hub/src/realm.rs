//! Two realms that cannot touch: an exercise's order does not fit an actual connector.
//!
//! [`Dispatch`] is an order ready for the wire and [`Endpoints`] are where wires lead; both carry their realm as a type.
//! Nothing converts one into the other, and a [`Dispatch`] can only be made from an order of its own realm:
//!
//! ```
//! use gulang_hub::realm::{Actual, Dispatch, Exercise};
//! # fn order() -> Option<gulang_city::Order> { None }
//! # fn city() -> gulang_city::City { gulang_city::City::found(&gulang_city::tiny_pack(), gulang_city::Realm::Actual) }
//! if let Some(order) = order() {
//!     let drill = Dispatch::<Exercise>::from_order(&city(), &order);
//!     let real = Dispatch::<Actual>::from_order(&city(), &order);
//!     assert!(drill.is_none() || real.is_none());
//! }
//! ```
//!
//! Handing an exercise order to an actual platform does not compile:
//!
//! ```compile_fail,E0308
//! use gulang_hub::connectors::city_platform::CityPlatform;
//! use gulang_hub::realm::{Actual, Dispatch, Exercise};
//! async fn leak(platform: CityPlatform<Actual>, order: Dispatch<Exercise>) {
//!     let _ = platform.deliver(&order).await;
//! }
//! ```
//!
//! Nor does opening an actual platform at an exercise's address, or making an order of one realm by hand:
//!
//! ```compile_fail,E0308
//! use gulang_hub::connectors::city_platform::CityPlatform;
//! use gulang_hub::realm::{Actual, Endpoints, Exercise};
//! fn leak(http: reqwest::Client, endpoints: Endpoints<Exercise>) -> Option<CityPlatform<Actual>> {
//!     CityPlatform::<Actual>::new(http, &endpoints, "yunguanfu")
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use gulang_hub::realm::{Actual, Dispatch, Exercise};
//! fn leak(order: Dispatch<Exercise>) -> Dispatch<Actual> {
//!     Dispatch { key: order.key.clone(), ..order }
//! }
//! ```
//!
//! Nor is somebody in a real street rung by a drill:
//!
//! ```compile_fail,E0308
//! use gulang_hub::connectors::city_platform::CityPlatform;
//! use gulang_hub::realm::{Actual, CallVideo, Exercise};
//! async fn leak(platform: CityPlatform<Actual>, call: CallVideo<Exercise>) {
//!     let _ = platform.call(&call).await;
//! }
//! ```
//!
//! Nor does a drill's flight fit a link to real drones:
//!
//! ```compile_fail,E0308
//! use gulang_hub::flights::{Aircraft, FlightLink};
//! use gulang_hub::realm::{Actual, Exercise, FlightDispatch};
//! async fn leak(link: &dyn FlightLink<Actual>, flight: FlightDispatch<Exercise>) {
//!     let _ = link.send(&flight, &Aircraft::default()).await;
//! }
//! ```

use crate::connectors::gateway::GatewayConfig;
use gulang_city::{
    AttemptState, CallAttempt, CallCause, CallChannel, Callout, CalloutId, Channel, City, DroneId, Flight, FlightId,
    FlightTask, Order, OrderId, PersonId, PlatformId, Realm, Rung, StreetCall, StreetCallId, Telling, Text, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    marker::PhantomData,
};

/// A realm as a type. Sealed: there are two.
pub trait RealmKind: Copy + Debug + Send + Sync + 'static + sealed::Sealed {
    const REALM: Realm;
    /// The folder of its log, and how its idempotency keys begin.
    const FOLDER: &'static str;
    const KEY_PREFIX: &'static str;
}

/// 实战.
#[derive(Clone, Copy, Debug)]
pub struct Actual;
/// 演练.
#[derive(Clone, Copy, Debug)]
pub struct Exercise;

impl RealmKind for Actual {
    const REALM: Realm = Realm::Actual;
    const FOLDER: &'static str = "actual";
    const KEY_PREFIX: &'static str = "gulang-a-";
}

impl RealmKind for Exercise {
    const REALM: Realm = Realm::Exercise;
    const FOLDER: &'static str = "exercise";
    const KEY_PREFIX: &'static str = "gulang-x-";
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Actual {}
    impl Sealed for super::Exercise {}
}

/// Where a realm's wires lead, as read from a configuration or printed by the simulated city.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Base of the city platforms: `{platform}/{platform_id}/openapi`.
    #[serde(default)]
    pub platform: Option<String>,
    /// `{cap}/index.json`.
    #[serde(default)]
    pub cap: Option<String>,
    /// `{typhoon}/Api/TyphoonInfo/{tfid}`.
    #[serde(default)]
    pub typhoon: Option<String>,
    /// `GET {quake}`: quakes in our own JSON.
    #[serde(default)]
    pub quake: Option<String>,
    /// `GET {rain}`: rain fields, GRIB2 or JSON.
    #[serde(default)]
    pub rain: Option<String>,
    /// `host:port` of the MQTT broker.
    #[serde(default)]
    pub mqtt: Option<String>,
    /// `{feeds}/{drone_sn}.jpg`.
    #[serde(default)]
    pub feeds: Option<String>,
    /// WVP-GB28181-pro's REST interface, whose channels are called like the pack's cameras and drones.
    #[serde(default)]
    pub wvp: Option<String>,
    /// ZLMediaKit's HTTP interface.
    #[serde(default)]
    pub zlm: Option<String>,
    /// The simulated city's media server, which drones push to: `rtsp://host:port`, streams are called like the drones.
    #[serde(default)]
    pub rtsp: Option<String>,
    /// Video recognition: `{video_ai}/events`, `{video_ai}/feedback`.
    #[serde(default)]
    pub video_ai: Option<String>,
    /// `{inventory}` lists the registers of many things, `{inventory}/{id}` is one.
    #[serde(default)]
    pub inventory: Option<String>,
    /// `{gateway}/{message|sms|voice}/send`, in the simulated city's shape.
    #[serde(default)]
    pub gateway: Option<String>,
    /// Real gateways by name: `message`, `sms`, `voice`.
    #[serde(default)]
    pub gateways: BTreeMap<String, GatewayConfig>,
    /// A MAVLink vehicle, as the `url` of a connector: `udp-call://host:port`.
    #[serde(default)]
    pub mavlink: Option<String>,
    /// A Cursor-on-Target server, as the `url` of a connector: `tcp://host:port`.
    #[serde(default)]
    pub cot: Option<String>,
    /// GeoReport v2, as the `url` of a connector: up to `services.json`.
    #[serde(default)]
    pub open311: Option<String>,
    /// The grid platform's duties and positions.
    #[serde(default)]
    pub grid: Option<String>,
    /// Only the simulated city has one.
    #[serde(default)]
    pub control: Option<String>,
    /// Token of the platforms' open interface.
    #[serde(default)]
    pub token: Option<String>,
}

/// [`Addresses`] that belong to one realm. There is no way from one realm's to the other's.
#[derive(Clone, Debug)]
pub struct Endpoints<R: RealmKind> {
    pub addresses: Addresses,
    /// Everything behind them is the simulated city.
    pub simulated: bool,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> Endpoints<R> {
    pub fn new(addresses: Addresses, simulated: bool) -> Self {
        Self { addresses, simulated, _realm: PhantomData }
    }
}

/// An order ready for the wire, in its realm.
#[derive(Clone, Debug)]
pub struct Dispatch<R: RealmKind> {
    pub order: OrderId,
    pub key: String,
    pub definition_version: u32,
    pub unit: Text,
    pub title: Text,
    pub body: Text,
    /// What it rests on: the clause, and the edition of the plan.
    pub clause: Text,
    pub plan_version: Text,
    pub supporting: Vec<Text>,
    pub ack_by: Timestamp,
    pub due_at: Timestamp,
    pub channel: Channel,
    /// The key of the order whose place it takes.
    pub supersedes: Option<String>,
    pub n_attempts: u32,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> Dispatch<R> {
    /// `None` if the order belongs to the other realm.
    pub fn from_order(city: &City, order: &Order) -> Option<Self> {
        if order.realm != R::REALM {
            return None;
        }
        let old = order.text.supersedes.and_then(|it| city.orders.get(&it));
        Some(Self {
            order: order.id,
            key: order.idempotency_key(),
            definition_version: order.definition_version,
            unit: order.text.agency.0.clone(),
            title: order.text.title.clone(),
            body: order.text.body.clone(),
            clause: order.text.clause.clone(),
            plan_version: order.text.plan_version.clone(),
            supporting: order.text.supporting.iter().map(|it| it.0.clone()).collect(),
            ack_by: order.text.ack_by,
            due_at: order.text.due_at,
            channel: order.text.channel,
            supersedes: old.map(Order::idempotency_key),
            n_attempts: order.n_attempts,
            _realm: PhantomData,
        })
    }
}

/// The outbox as the log has it: what is recorded for a platform and has no receipt, lowest number first.
pub fn undelivered<R: RealmKind>(city: &City, platform: &PlatformId) -> Vec<Dispatch<R>> {
    let waiting = |order: &&Order| order.text.platform == *platform && matches!(order.rung, Rung::Drafted | Rung::Sent);
    city.orders.values().filter(waiting).filter_map(|it| Dispatch::from_order(city, it)).collect()
}

/// News ready for the wire, in its realm.
#[derive(Clone, Debug)]
pub struct NewsDispatch<R: RealmKind> {
    pub telling: Telling,
    pub key: String,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> NewsDispatch<R> {
    /// `None` if the telling belongs to the other realm.
    pub fn from_telling(telling: &Telling) -> Option<Self> {
        let ours = telling.realm == R::REALM;
        ours.then(|| Self { telling: telling.clone(), key: telling.idempotency_key(), _realm: PhantomData })
    }
}

/// What a platform is to be told now, lowest number first: of one subject only the oldest, so that none overtakes another.
pub fn untold<R: RealmKind>(city: &City, platform: &PlatformId) -> Vec<NewsDispatch<R>> {
    let mut subjects = BTreeSet::new();
    let waiting = |telling: &&Telling| {
        telling.platform == *platform && !telling.given_up && subjects.insert(telling.news.subject())
    };
    city.untold.values().filter(waiting).filter_map(NewsDispatch::from_telling).collect()
}

/// A message or call ready for its gateway, in its realm.
#[derive(Clone, Debug)]
pub struct CallDispatch<R: RealmKind> {
    pub callout: CalloutId,
    pub call: u32,
    pub attempt: u32,
    pub key: String,
    /// The number.
    pub to: Text,
    pub name: Text,
    pub text: Text,
    /// Why they are called: `by_hand`, `warning`, `orders` or `test`.
    pub purpose: &'static str,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> CallDispatch<R> {
    /// `None` if the call-out belongs to the other realm, or the person is no longer in the register.
    pub fn from_attempt(city: &City, callout: &Callout, call: u32, attempt: &CallAttempt) -> Option<Self> {
        if callout.realm != R::REALM {
            return None;
        }
        let contact = city.contacts.get(&attempt.contact)?;
        Some(Self {
            callout: callout.id,
            call,
            attempt: attempt.n,
            key: callout.idempotency_key(call, attempt.n),
            to: contact.phone.clone(),
            name: contact.name.clone(),
            text: callout.text.clone(),
            purpose: match callout.cause {
                CallCause::ByHand => "by_hand",
                CallCause::RedWarning(_) => "warning",
                CallCause::Orders(_) => "orders",
                CallCause::Test { .. } => "test",
            },
            _realm: PhantomData,
        })
    }
}

/// What is recorded for a channel and has no receipt, oldest first. Nobody is called any more who was reached.
pub fn unsent_calls<R: RealmKind>(city: &City, channel: CallChannel) -> Vec<CallDispatch<R>> {
    let mut unsent = Vec::new();
    if channel.gateway().is_none() {
        return unsent;
    }
    for callout in city.calls.open.iter().filter_map(|it| city.calls.callouts.get(it)) {
        for (n, call) in (0..).zip(&callout.calls).filter(|(_, it)| it.end.is_none()) {
            let waiting = call.attempts.iter().filter(|it| it.channel == channel && it.state == AttemptState::Recorded);
            unsent.extend(waiting.filter_map(|it| CallDispatch::from_attempt(city, callout, n, it)));
        }
    }
    unsent
}

/// A flight ready for its link, in its realm.
#[derive(Clone, Debug)]
pub struct FlightDispatch<R: RealmKind> {
    pub flight: FlightId,
    pub key: String,
    pub drone: DroneId,
    pub task: FlightTask,
    pub ordered_at: Timestamp,
    /// Its platform took it and may be flying it.
    pub is_begun: bool,
    /// What is owed is its end.
    pub is_cancel: bool,
    wire_key: String,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> FlightDispatch<R> {
    /// `None` if the flight belongs to the other realm.
    pub fn from_flight(flight: &Flight, is_cancel: bool) -> Option<Self> {
        if flight.realm != R::REALM {
            return None;
        }
        let key = flight.idempotency_key();
        Some(Self {
            flight: flight.id,
            wire_key: if is_cancel { format!("{key}-c") } else { key.clone() },
            key,
            drone: flight.drone.clone(),
            task: flight.task.clone(),
            ordered_at: flight.ordered_at,
            is_begun: !flight.is_owed(),
            is_cancel,
            _realm: PhantomData,
        })
    }

    /// Another one for its cancellation.
    pub fn wire_key(&self) -> &str {
        &self.wire_key
    }
}

/// What is recorded for a platform's drones and has no answer, lowest number first; then the cancellations.
pub fn unsent_flights<R: RealmKind>(city: &City, platform: &PlatformId) -> Vec<FlightDispatch<R>> {
    let open = || {
        let open = city.open_flights.iter().filter_map(|it| city.flights.get(it));
        open.filter(|it| it.platform == *platform)
    };
    let owed = open().filter(|it| it.is_owed() && it.cancel.is_none());
    let cancelled = open().filter(|it| it.cancel.is_some());
    let owed = owed.filter_map(|it| FlightDispatch::from_flight(it, false));
    owed.chain(cancelled.filter_map(|it| FlightDispatch::from_flight(it, true))).collect()
}

/// A one-to-one call on its way to its platform, in its realm.
#[derive(Clone, Debug)]
pub struct CallVideo<R: RealmKind> {
    pub call: StreetCallId,
    pub key: String,
    pub person: PersonId,
    pub why: Text,
    /// What is owed is its end.
    pub is_ending: bool,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> CallVideo<R> {
    /// `None` if the call belongs to the other realm.
    pub fn from_call(call: &StreetCall) -> Option<Self> {
        (call.realm == R::REALM).then(|| Self {
            call: call.id,
            key: call.idempotency_key(),
            person: call.person.clone(),
            why: call.why.clone(),
            is_ending: call.is_ending,
            _realm: PhantomData,
        })
    }
}

/// The calls of a platform that are not over.
pub fn open_calls<R: RealmKind>(city: &City, platform: &PlatformId) -> Vec<CallVideo<R>> {
    city.calls_open().filter(|it| it.platform == *platform).filter_map(CallVideo::from_call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Applied, Command, Event, Record, ResponseLevel, Source, tiny_pack};

    #[test]
    fn an_exercise_order_finds_no_actual_outbox() {
        let pack = tiny_pack();
        let mut city = City::found(&pack, Realm::Exercise);
        let command = Command::SwitchToWar {
            plan: pack.plans[0].id.clone(),
            level: ResponseLevel::IV,
            districts: Vec::new(),
            struck: Vec::new(),
            added: Vec::new(),
            confirmed_by: vec!["值班长 01".into()],
            reason: "".into(),
            reasons: Default::default(),
            sheet_version: None,
            overridden: false,
        };
        let at = Timestamp(1_690_000_000_000);
        let source = Source::Seat("值班长 01".into());
        for event in city.decide_from(&source, &command, at).unwrap_or_default() {
            let record = Record { seq: city.seq + 1, at, source: source.clone(), event };
            assert_eq!(city.apply(&record), Applied::Advanced);
        }
        assert!(!city.orders.is_empty());
        let platforms: Vec<_> = city.agencies.values().map(|it| it.platform.clone()).collect();
        let waiting =
            |count: fn(&City, &PlatformId) -> usize| platforms.iter().map(|it| count(&city, it)).sum::<usize>();
        assert_eq!(waiting(|city, it| undelivered::<Actual>(city, it).len()), 0);
        assert!(waiting(|city, it| undelivered::<Exercise>(city, it).len()) > 0);
    }

    #[test]
    fn an_exercise_telling_finds_no_actual_platform_and_one_subject_is_told_in_order() {
        let mut city = City::found(&tiny_pack(), Realm::Exercise);
        let team = |id: &str| gulang_city::TeamId::from(id);
        let assign = |id| Command::AssignTeam { team: team(id), order: None, purpose: "待命".into() };
        let commands = [assign("team-1"), assign("team-2"), Command::ReleaseTeam { team: team("team-1") }];
        let at = Timestamp(1_690_000_000_000);
        for command in commands {
            for event in city.decide(&command, at).unwrap_or_default() {
                let record = Record { seq: city.seq + 1, at, source: Source::Hub, event };
                assert_eq!(city.apply(&record), Applied::Advanced);
            }
        }
        let emergency = city.telling_rules.emergency.clone();
        assert!(untold::<Actual>(&city, &emergency).is_empty());
        let keys = |city: &City| untold::<Exercise>(city, &emergency).into_iter().map(|it| it.key).collect::<Vec<_>>();
        assert_eq!(keys(&city), ["gulang-x-team-team-1-r1", "gulang-x-team-team-2-r2"]);
        let told = Event::PlatformTold { telling: 1 };
        let record = Record { seq: city.seq + 1, at, source: Source::Platform(emergency.clone()), event: told };
        assert_eq!(city.apply(&record), Applied::Advanced);
        assert_eq!(keys(&city), ["gulang-x-team-team-2-r2", "gulang-x-team-team-1-r3"]);
    }

    #[test]
    fn an_exercise_flight_finds_no_actual_link() {
        let mut city = City::found(&tiny_pack(), Realm::Exercise);
        let (at, drone) = (Timestamp(1_690_000_000_000), DroneId::from("drone-1"));
        let ask = gulang_city::FlightAsk {
            drone: drone.clone(),
            task: FlightTask::ReturnHome,
            seen: Default::default(),
            reason: "".into(),
            overrides: false,
        };
        for event in city.decide(&Command::OrderFlight { ask }, at).unwrap_or_default() {
            let record = Record { seq: city.seq + 1, at, source: Source::Hub, event };
            assert_eq!(city.apply(&record), Applied::Advanced);
        }
        let platform = city.platform_of_drone(&drone);
        assert!(unsent_flights::<Actual>(&city, &platform).is_empty());
        let keys: Vec<_> = unsent_flights::<Exercise>(&city, &platform).into_iter().map(|it| it.key).collect();
        assert_eq!(keys, ["gulang-x-f1"]);
        assert!(unsent_flights::<Exercise>(&city, &"mavlink".into()).is_empty());
    }

    #[test]
    fn an_exercise_video_call_and_case_find_no_actual_platform() {
        let mut city = City::found(&tiny_pack(), Realm::Exercise);
        let found = Command::OpenOwnCase {
            detection: None,
            kind: gulang_city::CaseKind::Event,
            title: "积水".into(),
            address: "".into(),
            at: city.center,
            district: "350203".into(),
            agency: "ag-city".into(),
            color: gulang_city::WarningColor::Blue,
            media: None,
        };
        let at = Timestamp(1_690_000_000_000);
        for command in [Command::AskCall { person: "gw-1".into(), why: "演练".into() }, found] {
            for event in city.decide(&command, at).unwrap_or_default() {
                let record = Record { seq: city.seq + 1, at, source: Source::Hub, event };
                assert_eq!(city.apply(&record), Applied::Advanced);
            }
        }
        let platform = PlatformId::from("yunguanfu");
        assert!(open_calls::<Actual>(&city, &platform).is_empty());
        assert_eq!(open_calls::<Exercise>(&city, &platform).len(), 1);
        assert!(untold::<Actual>(&city, &platform).is_empty());
        assert_eq!(untold::<Exercise>(&city, &platform).len(), 1);
    }

    #[test]
    fn an_exercise_call_finds_no_actual_gateway() {
        let mut city = City::found(&tiny_pack(), Realm::Exercise);
        let command = Command::StartCallOut {
            scope: gulang_city::CallScope::default(),
            text: "演练".into(),
            ladder: "by-hand".into(),
            is_test: false,
        };
        let at = Timestamp(1_690_000_000_000);
        let source = Source::Seat("值班长 01".into());
        for event in city.decide_from(&source, &command, at).unwrap_or_default() {
            let record = Record { seq: city.seq + 1, at, source: source.clone(), event };
            assert_eq!(city.apply(&record), Applied::Advanced);
        }
        assert!(unsent_calls::<Actual>(&city, CallChannel::Sms).is_empty());
        let drill = unsent_calls::<Exercise>(&city, CallChannel::Sms);
        assert!(!drill.is_empty() && drill.iter().all(|it| it.key.starts_with("gulang-x-c1-")));
        assert!(unsent_calls::<Exercise>(&city, CallChannel::Radio).is_empty(), "the radio desk is people");
    }
}
