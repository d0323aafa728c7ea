//! MAVLink vehicles: their telemetry in, flights out.
//!
//! One connector speaks to any number of vehicles by their system ids; which drone each is stands in `options.vehicles`.
//! Flights are handed to its [`MavlinkLink`] by [`crate::flights`], which takes them from the log, and answered into the log;
//! one that was accepted before the hub was killed is not followed again, and the city says when it fell silent. Once a
//! second we say a ground station's heartbeat.
//!
//! MAVLink does not say who may give orders: whoever reaches the port can. Keep it inside the city's own network, or give
//! both ends a key: then every packet is signed, and one that is not, or was heard before, is refused.
//!
//! ```toml
//! [[connector]]
//! name = "mavlink"
//! title = "MAVLink 无人机"
//! kind = "mavlink"
//! url = "udp://0.0.0.0:14550"
//! secrets = { signing_key = "env:MAVLINK_KEY" }   # 64 hexadecimal digits
//! [connector.options.vehicles]
//! 1 = "GLUAV0001"
//! ```

mod flights;
mod pictures;
mod wire;

pub use flights::{MavlinkLink, barred, order_of, state_of, telemetry_of};
pub use pictures::Pictures;
pub use wire::Door;

use super::{
    contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Wire},
    outlook::Outlook,
};
use crate::{
    clock::wall_now,
    eyes::Registered,
    feeds::FeedError,
    realm::{FlightDispatch, RealmKind},
};
use async_trait::async_trait;
use flights::{LinkState, WAITING};
use gulang_city::{Command, Fix, FlightId, FlightState, PlatformId, Text, Timestamp};
use gulang_platforms::{
    Heard, News,
    mavlink::{
        Dialogue, Framed, MavlinkError, OUR_COMPONENT, OUR_SYSTEM, Order, Packet, Signer, SigningKey, Turn, Vehicle,
        Word, encode, heartbeat, messages::MavMessage, request_message,
    },
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use wire::{Arrived, Link};

pub const KIND: &str = "mavlink";

const BEAT: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(200);
/// A vehicle unheard for so long is not spoken to, ms.
const LOST_MS: i64 = 10_000;
/// VIDEO_STREAM_INFORMATION and CAMERA_INFORMATION, asked for once.
const ASKED_FOR: [u32; 2] = [269, 259];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Drone ids by MAVLink system id, which TOML writes as text.
    vehicles: BTreeMap<Text, Text>,
}

/// For [`super::contract::kinds`].
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let (mut mavlink, link) = Mavlink::<R>::new(config, parts)?;
    parts.flights.put(Arc::new(link));
    mavlink.registered = Some(parts.openers.put(mavlink.pictures.clone()));
    Ok(Wire::Speaks(Box::new(mavlink)))
}

/// A link to the vehicles of one realm.
pub struct Mavlink<R: RealmKind> {
    platform: PlatformId,
    door: Door,
    /// Drone ids by system id.
    drones: BTreeMap<u8, Text>,
    known: BTreeMap<u8, Known>,
    /// Words not yet in the log.
    said: Vec<Command>,
    /// Whose strangeness was told once.
    strangers: BTreeSet<u8>,
    is_noise_told: bool,
    sequence: u8,
    orders: mpsc::Receiver<FlightDispatch<R>>,
    state: Arc<LinkState>,
    /// Where both ends have a key.
    signer: Option<Signer>,
    pictures: Arc<Pictures>,
    words: mpsc::Receiver<pictures::Word>,
    registered: Option<Registered>,
}

/// One vehicle and what is talked about with it.
struct Known {
    vehicle: Vehicle,
    from: Option<SocketAddr>,
    /// By flight, and whether it is about breaking it off.
    talks: BTreeMap<(FlightId, bool), Dialogue>,
    /// What its camera and gimbal are told, by what it is: the newest of each is talked about.
    asides: BTreeMap<&'static str, Dialogue>,
}

impl Known {
    fn is_heard(&self, wall: Timestamp) -> bool {
        wall.since_ms(self.vehicle.heard_at) < LOST_MS
    }
}

impl<R: RealmKind> Mavlink<R> {
    pub fn new(config: &ConnectorConfig, parts: &Parts<R>) -> Result<(Self, MavlinkLink<R>), KindError> {
        let bad = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
        let options: Options = config.options_as().map_err(|fault| KindError {
            todo: "写成 [connector.options.vehicles]，每行 系统号 = \"无人机编号\"".into(),
            ..fault
        })?;
        let mut drones = BTreeMap::new();
        for (system, drone) in options.vehicles {
            let number = system.parse::<u8>().ok().filter(|it| (1..OUR_SYSTEM).contains(it));
            let number = number.ok_or_else(|| {
                bad(
                    "options.vehicles",
                    format!("{system:?} 不是 1–254 的系统号"),
                    "与飞控的 SYSID_THISMAV 或 MAV_SYS_ID 一致",
                )
            })?;
            if !parts.pack.drones.iter().any(|it| it.id.as_str() == &*drone) {
                return Err(bad("options.vehicles", format!("没有无人机 {drone}"), "用 drones.json 里的编号"));
            }
            drones.insert(number, drone);
        }
        let key = parts.secrets.get("signing_key").map(SigningKey::parse).transpose();
        let key = key.map_err(|why| {
            bad(
                "secrets.signing_key",
                why.to_string(),
                "与飞控上设置的签名密钥一致（Mission Planner、MAVProxy 可以设置）",
            )
        })?;
        let (pictures, words) = Pictures::new(&config.name);
        let (handed, orders) = mpsc::channel(WAITING);
        let (platform, state) = (PlatformId(config.name.clone()), Arc::new(LinkState::default()));
        let link = MavlinkLink {
            platform: platform.clone(),
            drones: drones.values().cloned().collect(),
            state: state.clone(),
            orders: handed,
        };
        let mavlink = Self {
            platform,
            door: Door::parse(&config.url)?,
            drones,
            known: BTreeMap::new(),
            said: Vec::new(),
            strangers: BTreeSet::new(),
            is_noise_told: false,
            sequence: 0,
            orders,
            state,
            signer: key.map(|it| Signer::new(it, 0)),
            pictures: Arc::new(pictures),
            words,
            registered: None,
        };
        Ok((mavlink, link))
    }

    async fn take(&mut self, link: &mut Link, arrived: Arrived, ear: &Ear) -> Result<(), FeedError> {
        let (now, mut heard, mut answers) = (ear.now(), Heard::default(), Vec::new());
        // Noise does not light the lamp.
        let is_spoken = arrived.found.iter().any(|it| matches!(it, Framed::Packet(_)));
        for framed in arrived.found {
            match framed {
                Framed::Packet(packet) => {
                    if let Some(signer) = &mut self.signer
                        && let Err(why) = signer.check(&packet, wall_now())
                    {
                        self.refuse(&why, &mut heard);
                        continue;
                    }
                    if let Some(turn) = self.hear(&packet, arrived.from, now, &mut heard) {
                        answers.push((turn, arrived.from));
                    }
                }
                Framed::Refused(why) => self.refuse(&why, &mut heard),
            }
        }
        if heard.is_empty() {
            if is_spoken {
                ear.alive();
            }
        } else if let Err(why) = ear.take(&arrived.raw, heard).await {
            // Positions come again.
            tracing::warn!(%why, platform = %self.platform, "vehicles' news could not be taken");
        }
        for (send, to) in answers {
            self.say(link, send, to).await?;
        }
        Ok(())
    }

    /// What is to be answered. `now` is the realm's; conversations go by the wall's, since vehicles do.
    fn hear(
        &mut self,
        packet: &Packet,
        from: Option<SocketAddr>,
        now: Timestamp,
        heard: &mut Heard,
    ) -> Option<Vec<MavMessage>> {
        // Other ground stations on the same wire.
        if packet.system == OUR_SYSTEM {
            return None;
        }
        let Some(drone) = self.drones.get(&packet.system) else {
            if self.strangers.insert(packet.system) {
                let what = format!("MAVLink 系统 {}", packet.system);
                heard.refuse(&what, "不在 options.vehicles 里：登记它是哪一架无人机");
            }
            return None;
        };
        let wall = wall_now();
        let is_new = !self.known.contains_key(&packet.system);
        let known = self.known.entry(packet.system).or_insert_with(|| Known {
            vehicle: Vehicle::new(packet.system),
            from,
            talks: BTreeMap::new(),
            asides: BTreeMap::new(),
        });
        known.from = from;
        if let Some(fix) = known.vehicle.hear(packet, wall) {
            heard.news.push(News::Drone { drone: drone.clone(), fix: Fix { at: now, ..fix } });
        }
        if matches!(packet.message, MavMessage::HEARTBEAT(_)) {
            let telemetry = Box::new(telemetry_of(&known.vehicle, now));
            heard.news.push(News::DroneSays { drone: drone.clone(), telemetry });
            self.pictures.note::<R>(drone, &known.vehicle);
        }
        let mut send = Vec::new();
        if is_new {
            send.extend(ASKED_FOR.map(|id| request_message(packet.system, id)));
        }
        let Known { vehicle, talks, asides, .. } = known;
        for talk in asides.values_mut() {
            let Turn { send: answers, words } = talk.hear(packet, vehicle, wall);
            send.extend(answers);
            log_asides(drone, &words);
        }
        asides.retain(|_, it| !it.is_over());
        for (key, talk) in talks.iter_mut() {
            let Turn { send: answers, words } = talk.hear(packet, vehicle, wall);
            send.extend(answers);
            self.said.extend(words.into_iter().filter_map(|it| report(*key, it)));
        }
        talks.retain(|_, it| !it.is_over());
        Some(send).filter(|it| !it.is_empty())
    }

    fn refuse(&mut self, why: &MavlinkError, heard: &mut Heard) {
        let is_new = match why {
            MavlinkError::Version1 { system }
            | MavlinkError::Unreadable { system, .. }
            | MavlinkError::Unsigned { system }
            | MavlinkError::Forged { system }
            | MavlinkError::Replayed { system } => self.strangers.insert(*system),
            _ => !std::mem::replace(&mut self.is_noise_told, true),
        };
        if is_new {
            heard.refuse("MAVLink", format!("{why}；{}", why.remedy()));
        }
    }

    /// Repeats what was not answered.
    async fn look(&mut self, link: &mut Link) -> Result<(), FeedError> {
        let now = wall_now();
        let mut send = Vec::new();
        for known in self.known.values_mut() {
            let Known { vehicle, talks, from, asides } = known;
            for talk in asides.values_mut() {
                let turn = talk.tick(vehicle, now);
                send.push((turn.send, *from));
            }
            asides.retain(|_, it| !it.is_over());
            for (key, talk) in talks.iter_mut() {
                let turn = talk.tick(vehicle, now);
                send.push((turn.send, *from));
                self.said.extend(turn.words.into_iter().filter_map(|it| report(*key, it)));
            }
            talks.retain(|_, it| !it.is_over());
        }
        let heard = self.known.values().filter(|it| it.is_heard(now));
        let (n_heard, n_simulated) =
            heard.fold((0, 0), |(all, simulated), it| (all + 1, simulated + u32::from(it.vehicle.is_simulated)));
        self.state.is_up.store(n_heard > 0, Relaxed);
        self.state.is_simulated.store(n_heard == n_simulated, Relaxed);
        for (messages, to) in send {
            self.say(link, messages, to).await?;
        }
        Ok(())
    }

    /// Begins an order; one that is talked about already is only handed over again.
    async fn begin(&mut self, link: &mut Link, flight: FlightDispatch<R>) -> Result<(), FeedError> {
        let now = wall_now();
        let key = (flight.flight, flight.is_cancel);
        let of_drone = self.drones.iter().find(|(_, drone)| **drone == flight.drone.0);
        let Some(system) = of_drone.map(|(system, _)| *system) else { return Ok(()) };
        let known = self.known.get_mut(&system).filter(|it| it.is_heard(now));
        // Unheard: it is handed over again until its time is over.
        let Some(known) = known else { return Ok(()) };
        if known.talks.contains_key(&key) || self.said.iter().any(|it| is_about(it, flight.flight)) {
            return Ok(());
        }
        if let Some(why) = barred::<R>(&known.vehicle) {
            self.said.extend(report(key, Word::Failed { why: why.to_string() }));
            return Ok(());
        }
        let Some(order) = order_of(&flight) else {
            self.said.extend(report(key, Word::Done));
            return Ok(());
        };
        match Dialogue::begin(&order, &known.vehicle, now) {
            Ok((talk, turn)) => {
                if flight.task.is_movement() && !flight.is_cancel {
                    // What it flew before is over; the city ends it with the acceptance of this one.
                    known.talks.clear();
                }
                known.talks.insert(key, talk);
                let to = known.from;
                self.say(link, turn.send, to).await
            }
            Err(why) => {
                self.said.extend(report(key, Word::Failed { why: format!("{why}；{}", why.remedy()) }));
                Ok(())
            }
        }
    }

    /// A word to a vehicle's camera or gimbal; an older one of its kind is forgotten.
    async fn turn(&mut self, link: &mut Link, drone: &Text, order: Order) -> Result<(), FeedError> {
        let now = wall_now();
        let system = self.drones.iter().find(|(_, it)| *it == drone).map(|(system, _)| *system);
        let known = system.and_then(|it| self.known.get_mut(&it)).filter(|it| it.is_heard(now));
        let Some(known) = known.filter(|it| barred::<R>(&it.vehicle).is_none()) else { return Ok(()) };
        match Dialogue::begin(&order, &known.vehicle, now) {
            Ok((talk, turn)) => {
                known.asides.insert(order.name_zh(), talk);
                let to = known.from;
                self.say(link, turn.send, to).await
            }
            Err(why) => {
                tracing::debug!(%why, %drone, "a camera could not be told");
                Ok(())
            }
        }
    }

    /// Offers what was said until it is in the log; past the ear where that can be, whose limit may drop what is only news.
    async fn tell(&mut self, ear: &Ear, outlook: Option<&Outlook<R>>) {
        if self.said.is_empty() {
            return;
        }
        let commands = self.said.clone();
        let told = match outlook {
            Some(outlook) => outlook.report(&self.platform, commands).await.map_err(|why| why.to_string()),
            None => ear.take(&[], Heard { commands, ..Heard::default() }).await,
        };
        match told {
            Ok(()) => self.said.clear(),
            Err(why) => tracing::warn!(%why, platform = %self.platform, "flights' states are offered again"),
        }
    }

    async fn say(
        &mut self,
        link: &mut Link,
        messages: Vec<MavMessage>,
        to: Option<SocketAddr>,
    ) -> Result<(), FeedError> {
        for message in messages {
            let bytes = match &mut self.signer {
                Some(signer) => signer.encode((OUR_SYSTEM, OUR_COMPONENT), self.sequence, &message, wall_now()),
                None => encode(OUR_SYSTEM, OUR_COMPONENT, self.sequence, &message),
            };
            self.sequence = self.sequence.wrapping_add(1);
            link.say(&bytes, to).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<R: RealmKind> Listener for Mavlink<R> {
    fn platform(&self) -> &str {
        self.platform.as_str()
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let outlook = ear.outlook::<R>();
        // Handed over before the connection broke: a take-off must not have waited for it to come back.
        while self.orders.try_recv().is_ok() {}
        let mut link = Link::open(&self.door).await?;
        let _down = DownAtEnd(self.state.clone());
        self.strangers.clear();
        self.is_noise_told = false;
        let (mut beats, mut looks) = (interval(BEAT), interval(LOOK));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                arrived = link.receive() => self.take(&mut link, arrived?, ear).await?,
                Some(flight) = self.orders.recv() => self.begin(&mut link, flight).await?,
                Some((drone, order)) = self.words.recv() => self.turn(&mut link, &drone, order).await?,
                _ = looks.tick() => self.look(&mut link).await?,
                _ = beats.tick() => self.say(&mut link, vec![heartbeat()], None).await?,
            }
            self.tell(ear, outlook.as_ref()).await;
        }
    }
}

/// However listening ends, nothing is handed to a link that does not listen.
struct DownAtEnd(Arc<LinkState>);

impl Drop for DownAtEnd {
    fn drop(&mut self) {
        self.0.is_up.store(false, Relaxed);
    }
}

fn told(flight: FlightId, state: FlightState) -> Command {
    Command::ReportFlight { flight, state, note: "".into() }
}

/// A word about a flight, or about breaking it off, which has only an end.
fn report((flight, is_cancel): (FlightId, bool), word: Word) -> Option<Command> {
    if !is_cancel {
        return Some(told(flight, state_of(word)));
    }
    match word {
        Word::Done => Some(Command::ReportFlightCancel { flight, error: None }),
        Word::Failed { why } | Word::TimedOut { why } => {
            Some(Command::ReportFlightCancel { flight, error: Some(why.into()) })
        }
        Word::Accepted | Word::UnderWay { .. } => None,
    }
}

/// A camera's refusal belongs to no record.
fn log_asides(drone: &Text, words: &[Word]) {
    for word in words {
        if let Word::Failed { why } | Word::TimedOut { why } = word {
            tracing::info!(%drone, why, "a camera did not do it");
        }
    }
}

fn is_about(command: &Command, id: FlightId) -> bool {
    matches!(
        command,
        Command::ReportFlight { flight, .. } | Command::ReportFlightCancel { flight, .. } if *flight == id
    )
}
