//! One realm with its wires, on a running clock: a task per feed, per platform's outbox, for MQTT and for pictures, and the
//! timers. Stopping aborts them wherever they are, which is what a crash does, so both are safe the same way.

use crate::{
    actor::Numberer,
    callouts,
    clock::{HubClock, wall_now},
    connectors::{
        city_platform::CityPlatform, dji::DjiLink, gateway::Gateway, http, inventory::InventorySource, mqtt, names,
        refuse,
    },
    core::{Core, CoreParts},
    feeds::{Cursors, Feed, all_feeds},
    flights::{self, Links},
    health::HealthBook,
    log::{Log, LogError, LogOptions},
    outbox,
    parquet::{Recorder, record_into},
    readings::Lane,
    realm::{Endpoints, RealmKind},
    sim_host::RunningSim,
    things::ThingsFeed,
};
use gulang_city::{City, Command, PlatformId, Refusal, Source};
use gulang_platforms::dji::DrcBroker;
use gulang_wire::{Body, ClockKind, Picture};
use rumqttc::{AsyncClient, Event as MqttEvent, EventLoop, Packet};
use std::{
    collections::BTreeSet,
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
/// Screens are told of changed things at every third flush of the columns: less than twice a second.
const THINGS_EVERY: u64 = 3;

/// A realm at work. Drop it only through [`RealmHub::stop`], or as a crash would.
pub struct RealmHub {
    pub core: Arc<Core>,
    tasks: Vec<JoinHandle<()>>,
    recorder: Option<Recorder>,
    sim: Option<Box<dyn RunningSim>>,
    control: Option<Control>,
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
        let heard = [names::SENSORS, names::TEAMS, names::DRONES].map(str::to_owned);
        let pushing: &[String] = if addresses.mqtt.is_some() { &heard } else { &[] };
        let health = HealthBook::new(&polled, pushing, endpoints.simulated, SILENT_AFTER_MS, wall_now().0);
        let simulated = endpoints.simulated;
        let core = Core::start(CoreParts { dir, clock, simulated, city, lane, health, numberer: Numberer::new(log) })?;
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
        if let Some(feeds) = addresses.feeds.clone() {
            tasks.push(tokio::spawn(pictures(core.clone(), http.clone(), feeds)));
        }
        let control = addresses.control.clone().map(|base| Control { http, base });
        tasks.push(tokio::spawn(timers(core.clone(), control.clone())));
        Ok(Self { core, tasks, recorder: Some(recorder), sim, control })
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
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
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
        match events.poll().await {
            Ok(MqttEvent::Incoming(Packet::ConnAck(_))) => {
                n_failures = 0;
                is_up.store(true, Relaxed);
                let client = client.clone();
                tokio::spawn(async move { mqtt::subscribe(&client, false).await });
            }
            Ok(MqttEvent::Incoming(Packet::Publish(publish))) => {
                let topic = String::from_utf8_lossy(publish.topic.as_ref()).into_owned();
                let mut commands = Vec::new();
                let mut platform = names::SENSORS;
                match mqtt::decode_in(core.realm, &topic, &publish.payload) {
                    Ok(decoded) => {
                        if decoded.platform == names::DRONES {
                            platform = names::DRONES;
                        }
                        commands.extend(decoded.commands);
                        commands.extend(decoded.drc.and_then(|it| flights::report_of_drc(&core, &it)));
                        for (topic, payload) in decoded.replies {
                            let _ = client.try_publish(topic, rumqttc::QoS::AtMostOnce, false, payload);
                        }
                        let (now, latest) = (core.clock.now(), latest(&core));
                        core.health().heard(decoded.platform, wall_now().0);
                        let mut lane = core.lane();
                        if !decoded.platform.is_empty() {
                            lane.heard(&decoded.platform.into(), now);
                        }
                        for news in decoded.news {
                            lane.take(news, latest, &mut commands);
                        }
                    }
                    Err(error) => {
                        core.lane().readings.n_dropped += 1;
                        if wall_now().0 - refused_at > 60_000 {
                            refused_at = wall_now().0;
                            commands.push(refuse(names::SENSORS, &topic, error));
                        }
                    }
                }
                let source = Source::Platform(PlatformId::from(platform));
                let batch = commands.into_iter().map(|it| (source.clone(), it)).collect();
                if let Err(error) = core.submit_all(batch).await {
                    tracing::error!(%error, "alarms could not be recorded");
                }
            }
            Ok(_) => {}
            Err(error) => {
                n_failures += 1;
                is_up.store(false, Relaxed);
                for name in [names::SENSORS, names::TEAMS, names::DRONES] {
                    core.health().failed(name, &mqtt::MqttError::Connection(error.to_string()).to_string());
                }
                tokio::time::sleep(outbox::backoff(n_failures)).await;
            }
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

/// Stills of the drones in flight, once a second.
async fn pictures(core: Arc<Core>, http: reqwest::Client, base: String) {
    let base = base.trim_end_matches('/').to_owned();
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let flying: Vec<gulang_city::DroneId> = {
            let city = core.city();
            let lane = core.lane();
            let drones = city.drones.keys().enumerate();
            drones
                .filter(|(i, _)| lane.readings.drones.get(*i).is_some_and(|fix| fix.mode != 0))
                .map(|(_, id)| id.clone())
                .collect()
        };
        for drone in flying {
            let url = format!("{base}/{drone}.jpg");
            let at = core.clock.now();
            if let Ok(jpeg) = http::exchange(http.get(&url), &url, Duration::from_secs(1)).await {
                let feed = gulang_city::Feed::Drone(drone);
                let simulated = core.simulated;
                core.publish(Body::Picture(Picture {
                    feed,
                    n: 0,
                    at,
                    delay_ms: 0,
                    simulated,
                    width: 0,
                    height: 0,
                    jpeg,
                }));
            }
        }
    }
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
