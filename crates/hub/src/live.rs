//! One realm with its wires, on a running clock: a task per feed, per platform's outbox, for MQTT and for pictures, and the
//! timers. Stopping aborts them wherever they are, which is what a crash does, so both are safe the same way.

use crate::{
    actor::Numberer,
    attend::{Attendants, Attending},
    callouts,
    clock::{HubClock, wall_now},
    connectors::{
        News, city_platform::CityPlatform, contract::ConnectorConfig, dji::DjiLink, gateway::Gateway, http,
        inventory::InventorySource, mqtt, names, refuse, wvp::Wvp,
    },
    core::{Core, CoreParts},
    eyes::{DroneStills, Registered},
    feeds::{Cursors, Feed, all_feeds},
    flights::{self, Links},
    health::HealthBook,
    log::{Log, LogError, LogOptions},
    outbox,
    parquet::{Recorder, record_into},
    readings::Lane,
    realm::{Endpoints, RealmKind},
    sim_host::RunningSim,
    terminals,
    things::ThingsFeed,
};
use futures_util::FutureExt;
use gulang_city::{City, Command, Pack, PlatformId, Refusal, Source};
use gulang_platforms::dji::DrcBroker;
use gulang_wire::{Body, ClockKind};
use rumqttc::{AsyncClient, Event as MqttEvent, EventLoop, Packet};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::task::JoinHandle;

/// A connector that pushes is silent when unheard so long.
const SILENT_AFTER_MS: i64 = 180_000;
const ASK_LIMIT: Duration = Duration::from_secs(8);
/// MQTT messages of one wake-up, at most.
const MESSAGES_AT_ONCE: usize = 2000;
/// How often the simulated video platform is asked for its cameras.
const CATALOGUE_EVERY: Duration = Duration::from_secs(60);
/// Screens are told of changed things at every third flush of the columns: less than twice a second.
const THINGS_EVERY: u64 = 3;
/// Who fell silent is looked for at every so many ticks: five seconds.
const SWEEP_EVERY: u64 = 25;

/// A realm at work. Drop it only through [`RealmHub::stop`], or as a crash would.
pub struct RealmHub {
    pub core: Arc<Core>,
    tasks: Vec<JoinHandle<()>>,
    recorder: Option<Recorder>,
    sim: Option<Box<dyn RunningSim>>,
    control: Option<Control>,
    /// Those of `[[connector]]`.
    attendants: Box<dyn Attending>,
    /// Who gives pictures beside the connectors.
    _openers: Vec<Registered>,
}

#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// A log opened, before its wires: an exercise must know its clock before its simulated city starts.
pub struct Opened {
    log: Log,
    pub city: City,
}

pub fn open_log(dir: &Path, found: impl FnOnce() -> City) -> Result<Opened, LogError> {
    let (log, city) = Log::open(dir, LogOptions::default(), found)?;
    Ok(Opened { log, city })
}

impl Opened {
    /// Signs the log with this key, if there is one.
    pub fn signed_with(mut self, key: Option<&Path>) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        if let Some(key) = key {
            self.log.sign_with(key, self.city.realm, crate::evidence::SEGMENT_RECORDS)?;
        }
        Ok(self)
    }
}

impl RealmHub {
    /// Connects an opened realm to its endpoints. Must be called on a tokio runtime.
    pub fn connect<R: RealmKind>(
        opened: Opened,
        clock: HubClock,
        endpoints: Endpoints<R>,
        sim: Option<Box<dyn RunningSim>>,
    ) -> Result<Self, LiveError> {
        let Opened { log, city } = opened;
        let dir = log.dir().to_owned();
        let recorder = record_into(&dir, &city)?;
        let lane = Lane::for_city(&city, Some(recorder.sender.clone()));
        let addresses = endpoints.addresses.clone();
        let http = http::client();
        let cursors = Arc::new(Cursors::in_file(dir.join("cursors.json")));
        let districts = city.districts.keys().cloned().collect();
        let feeds = all_feeds(&http, &endpoints, &cursors, districts, ASK_LIMIT);
        let mut polled: Vec<String> = feeds.iter().map(|it| it.platform().to_owned()).collect();
        polled.dedup();
        polled.extend(addresses.inventory.as_ref().map(|_| names::THINGS.to_owned()));
        polled.extend(addresses.wvp.as_ref().map(|_| names::VIDEO.to_owned()));
        let heard = [names::SENSORS, names::TEAMS, names::DRONES].map(str::to_owned);
        let pushing: &[String] = if addresses.mqtt.is_some() { &heard } else { &[] };
        let health = HealthBook::new(&polled, pushing, endpoints.simulated, SILENT_AFTER_MS, wall_now().0);
        let simulated = endpoints.simulated;
        let core = Core::start(CoreParts { dir, clock, simulated, city, lane, health, numberer: Numberer::new(log) })?;
        for name in polled.iter().chain(pushing) {
            core.sources.enter_built_in(name, simulated, SILENT_AFTER_MS as f64 / 1000.0);
        }
        let mut tasks = Vec::new();
        for feed in feeds {
            tasks.push(tokio::spawn(ask(core.clone(), feed)));
        }
        if let Some(base) = addresses.inventory.clone() {
            let source = InventorySource { http: http.clone(), base, timeout: ASK_LIMIT };
            tasks.push(tokio::spawn(ask(core.clone(), Box::new(ThingsFeed::new(source, core.clone())))));
        }
        // An agency on a platform nobody delivers to would never have its orders, nor would the teams be told.
        let platforms: BTreeSet<PlatformId> = {
            let city = core.city();
            let of_agencies = city.agencies.values().map(|it| it.platform.clone());
            of_agencies.chain([city.telling_rules.emergency.clone()]).collect()
        };
        for name in platforms {
            if let Some(platform) = CityPlatform::<R>::new(http.clone(), &endpoints, name.as_str()) {
                tasks.push(tokio::spawn(outbox::run(core.clone(), platform)));
            }
        }
        for gateway in Gateway::<R>::all(&http, &endpoints) {
            core.doors.open(&gateway);
            tasks.push(tokio::spawn(callouts::run(core.clone(), gateway)));
        }
        let links = Links::<R>::default();
        if let Some(address) = addresses.mqtt.clone() {
            match mqtt::open(&address, &format!("gulang-hub-{}-{}", R::FOLDER, std::process::id())) {
                Ok((client, events)) => {
                    // The simulated city's docks reach its broker where we do; a real city's are told in `[[connector]]`.
                    let drc = simulated.then(|| DrcBroker { address, ..DrcBroker::default() });
                    let link = DjiLink::<R>::new(names::DRONES.into(), client.clone(), simulated, drc);
                    let is_up = link.is_up.clone();
                    links.put(Arc::new(link));
                    tasks.push(tokio::spawn(hear(core.clone(), client, events, is_up)));
                }
                Err(error) => tracing::error!(%error, "{}", error.remedy()),
            }
        }
        tasks.push(tokio::spawn(flights::run(core.clone(), links.clone())));
        if let Some(base) = addresses.wvp.clone() {
            let source = Wvp::simulated(http.clone(), &base, &core.city());
            tasks.push(tokio::spawn(ask(
                core.clone(),
                Box::new(source.registered(&core.eyes.openers, CATALOGUE_EVERY)),
            )));
        }
        let stills = addresses.feeds.clone().map(|base| Arc::new(DroneStills { http: http.clone(), base }));
        let openers = stills.map(|it| core.eyes.openers.put(it)).into_iter().collect();
        tasks.push(tokio::spawn(core.eyes.clone().run(core.clone())));
        if let (true, Some(control)) = (simulated, addresses.control.clone()) {
            tasks.push(tokio::spawn(terminals::run(core.clone(), http.clone(), control)));
        }
        let control = addresses.control.clone().map(|base| Control { http: http.clone(), base });
        tasks.push(tokio::spawn(timers(core.clone(), control.clone())));
        let recorder = Some(recorder);
        let attendants = Box::new(Attendants::new(core.clone(), http, cursors, links));
        Ok(Self { core, tasks, recorder, sim, control, attendants, _openers: openers })
    }

    /// From now on hears these connectors, of its own realm; what did not change is not touched.
    pub async fn attend_to(&self, pack: &Arc<Pack>, all: &[ConnectorConfig]) {
        self.attendants.follow(pack, all).await;
    }

    /// Tells the simulated city a change of the exercise clock.
    pub async fn set_speed(&self, speed: f32, paused: bool) {
        self.core.clock.set_speed(speed, paused);
        if let Some(control) = &self.control {
            control.set(&self.core.clock).await;
        }
    }

    /// Takes the exercise ahead to `to`, and its simulated city with it.
    pub async fn jump(&self, to: gulang_city::Timestamp) {
        self.core.clock.jump(to);
        if let Some(control) = &self.control {
            control.set(&self.core.clock).await;
        }
    }

    /// Ends the tasks, seals the log.
    pub async fn stop(mut self) -> Result<(), String> {
        self.attendants.stop().await;
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
        self.core.eyes.stop();
        self.core.clock.keep();
        let closed = self.core.close().await;
        self.core.lane().end_recording();
        let (recorder, sim) = (self.recorder.take(), self.sim.take());
        let ended = tokio::task::spawn_blocking(move || {
            if let Some(Recorder { sender, thread }) = recorder {
                drop(sender);
                let _ = thread.join();
            }
            drop(sim);
        });
        let _ = ended.await;
        closed
    }
}

/// Asks one feed at its cadence; a failing one is asked ever more seldom.
async fn ask(core: Arc<Core>, mut feed: Box<dyn Feed>) {
    let platform = feed.platform().to_owned();
    let platform = platform.as_str();
    let source = Source::Platform(platform.into());
    let mut n_failures = 0;
    loop {
        let wait = match feed.poll().await {
            Ok((commands, more)) => {
                n_failures = 0;
                core.health().heard(platform, wall_now().0);
                core.sources.heard(platform, 0, wall_now().0);
                core.lane().heard(&platform.into(), core.clock.now());
                let batch = commands.into_iter().map(|it| (source.clone(), it)).collect();
                match core.submit_all(batch).await {
                    Ok(_) => {
                        feed.recorded();
                        if more { Duration::ZERO } else { feed.every() }
                    }
                    Err(error) => {
                        tracing::error!(%error, platform, "news could not be recorded; it is asked for again");
                        Duration::from_secs(2)
                    }
                }
            }
            Err(error) => {
                core.health().failed(platform, &error.to_string());
                core.sources.failed(platform, &error.what, error.remedy);
                n_failures += 1;
                outbox::backoff(n_failures).max(feed.every())
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// Listens to MQTT for ever; reconnects with backoff.
async fn hear(core: Arc<Core>, client: AsyncClient, mut events: EventLoop, is_up: Arc<AtomicBool>) {
    let mut n_failures = 0;
    // At most one refusal a minute and topic family enters the log.
    let mut refused_at = 0;
    loop {
        // What came with one wake-up goes into the lane at once: a lock for each message would not keep up with a flood.
        let mut happened = vec![events.poll().await];
        while happened.len() < MESSAGES_AT_ONCE
            && happened.last().is_some_and(Result::is_ok)
            && let Some(next) = events.poll().now_or_never()
        {
            happened.push(next);
        }
        let (mut heard, mut commands, mut failure) = (BTreeMap::new(), Vec::new(), None);
        // What docks say of our flights, apart from what sensors mean.
        let mut of_drones = Vec::new();
        for event in happened {
            match event {
                Ok(MqttEvent::Incoming(Packet::ConnAck(_))) => {
                    n_failures = 0;
                    is_up.store(true, Relaxed);
                    let client = client.clone();
                    tokio::spawn(async move { mqtt::subscribe(&client, false).await });
                }
                Ok(MqttEvent::Incoming(Packet::Publish(publish))) => {
                    match mqtt::decode_in(core.realm, &publish.topic, &publish.payload) {
                        Ok(decoded) => {
                            of_drones.extend(decoded.commands);
                            of_drones.extend(decoded.drc.and_then(|it| flights::report_of_drc(&core, &it)));
                            for (topic, payload) in decoded.replies {
                                let _ = client.try_publish(topic, rumqttc::QoS::AtMostOnce, false, payload);
                            }
                            core.sources.heard(decoded.platform, publish.payload.len(), wall_now().0);
                            heard.entry(decoded.platform).or_insert_with(Vec::new).extend(decoded.news);
                        }
                        Err(error) => {
                            core.lane().readings.n_dropped += 1;
                            if wall_now().0 - refused_at > 60_000 {
                                refused_at = wall_now().0;
                                commands.push(refuse(names::SENSORS, &publish.topic, error));
                            }
                        }
                    }
                }
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
        }
        take_heard(&core, heard, &mut commands);
        let from = |name: &str| Source::Platform(PlatformId::from(name));
        let sensors = commands.into_iter().map(|it| (from(names::SENSORS), it));
        let drones = of_drones.into_iter().map(|it| (from(names::DRONES), it));
        if let Err(error) = core.submit_all(sensors.chain(drones).collect()).await {
            tracing::error!(%error, "news over MQTT could not be recorded");
        }
        if let Some(error) = failure {
            n_failures += 1;
            is_up.store(false, Relaxed);
            let error = mqtt::MqttError::Connection(error.to_string());
            for name in [names::SENSORS, names::TEAMS, names::DRONES] {
                core.health().failed(name, &error.to_string());
                core.sources.failed(name, &error.to_string(), error.remedy());
            }
            tokio::time::sleep(outbox::backoff(n_failures)).await;
        }
    }
}

/// News by who was heard, into the lane with one look at clock and locks.
fn take_heard(core: &Core, heard: BTreeMap<&'static str, Vec<News>>, commands: &mut Vec<Command>) {
    let (now, latest, wall) = (core.clock.now(), latest(core), wall_now().0);
    {
        let mut health = core.health();
        heard.keys().for_each(|platform| health.heard(platform, wall));
    }
    let mut lane = core.lane();
    for (platform, news) in heard {
        if !platform.is_empty() {
            lane.heard(&platform.into(), now);
        }
        for it in news {
            lane.take(it, latest, commands);
        }
    }
}

/// A minute ahead on the machine's clock is still believed, however fast the realm's runs.
pub(crate) fn latest(core: &Core) -> gulang_city::Timestamp {
    let clock = core.clock.frame();
    let speed = match clock.kind {
        ClockKind::Live => 1.0,
        ClockKind::Exercise { speed, .. } | ClockKind::Replay { speed, .. } => speed.max(1.0),
    };
    clock.now + (60_000.0 * speed) as i64
}

/// Columns five times a second, changed things less than twice; clock, rules, lamps and beats once.
async fn timers(core: Arc<Core>, control: Option<Control>) {
    let mut every = tokio::time::interval(Duration::from_millis(200));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut n = 0u64;
    loop {
        every.tick().await;
        n += 1;
        core.flush_columns();
        if n.is_multiple_of(THINGS_EVERY) {
            core.flush_telemetry();
            core.flush_things();
        }
        if !n.is_multiple_of(5) {
            continue;
        }
        core.clock.keep();
        let mut batch: Vec<_> = {
            let changes = core.health().changes(wall_now().0, core.clock.now());
            changes.into_iter().map(|(platform, it)| (Source::Platform(platform), it)).collect()
        };
        let unheard = core.lane().unheard(core.clock.now());
        batch.extend(unheard.into_iter().map(|it| (Source::Hub, it)));
        if n.is_multiple_of(SWEEP_EVERY) {
            let now = core.clock.now();
            let silent = core.things().sweep(now);
            batch.extend(silent.into_iter().map(|it| (Source::Hub, it)));
        }
        batch.extend(observations(&core).map(|it| (Source::Hub, it)));
        batch.push((Source::Hub, Command::Tick));
        match core.submit_all(batch).await {
            Ok(outcomes) => {
                for refusal in outcomes.into_iter().filter_map(Result::err).filter(|it| *it != Refusal::NoChange) {
                    tracing::debug!(%refusal, "timer");
                }
            }
            Err(error) => tracing::error!(%error, "time passes unrecorded"),
        }
        core.publish(Body::Beat);
        if n.is_multiple_of(25)
            && let Some(control) = &control
        {
            control.follow(&core.clock).await;
        }
    }
}

/// The sensors summed up, when it is time to. The readings are copied, so that no two locks are held at once.
fn observations(core: &Core) -> Option<Command> {
    let now = core.clock.now();
    if !core.city().is_observation_due(now) {
        return None;
    }
    let readings = core.lane().readings.clone();
    let observations = core.city().observe(&readings, now);
    (!observations.is_empty()).then_some(Command::NoteObservations { observations })
}

/// The simulated city's clock, which follows the hub's.
#[derive(Clone, Debug)]
struct Control {
    http: reqwest::Client,
    base: String,
}

impl Control {
    async fn set(&self, clock: &HubClock) {
        let Some(anchor) = clock.anchor() else { return };
        let url = format!("{}/clock", self.base);
        let body = serde_json::json!({ "now_ms": anchor.now.0, "speed": anchor.speed, "paused": anchor.paused });
        if let Err(error) = http::exchange(self.http.post(&url).json(&body), &url, Duration::from_secs(2)).await {
            tracing::warn!(%error, "the simulated city was not told the time");
        }
    }

    /// Sets it only when it has drifted by more than two seconds of real time.
    async fn follow(&self, clock: &HubClock) {
        let Some(anchor) = clock.anchor() else { return };
        let url = format!("{}/clock", self.base);
        let Ok(bytes) = http::exchange(self.http.get(&url), &url, Duration::from_secs(2)).await else { return };
        let theirs = serde_json::from_slice::<serde_json::Value>(&bytes).ok().and_then(|it| it["now_ms"].as_i64());
        let allowed_ms = 2000.0 * f64::from(anchor.speed.max(1.0));
        if theirs.is_none_or(|theirs| (theirs - clock.now().0).abs() as f64 > allowed_ms) {
            self.set(clock).await;
        }
    }
}
