//! One realm with its wires, on a running clock: a task per feed, per platform's outbox, for MQTT and for pictures, and the
//! timers. Stopping aborts them wherever they are, which is what a crash does, so both are safe the same way.

use crate::{
    actor::Numberer,
    attend::{self, AttendSink, Attendants, Attending},
    bulletins, callouts,
    clock::{HubClock, wall_now},
    connectors::{
        News,
        city_platform::CityPlatform,
        contract::ConnectorConfig,
        dji::{DjiLink, DjiLive, Media},
        gateway::Gateway,
        grid::GridFeed,
        http,
        inventory::InventorySource,
        mqtt, names,
        rain_grid::RainFeed,
        video_ai::VideoAi,
        wvp::Wvp,
    },
    core::{Core, CoreParts},
    eyes::{DroneStills, Registered},
    feeds::{Cursors, Feed, all_feeds},
    flights::{self, Links},
    health::HealthBook,
    indicators,
    log::{Log, LogError, LogOptions},
    outbox,
    parquet::{Recorder, record_into},
    readings::Lane,
    realm::{Addresses, Endpoints, RealmKind},
    sim_host::RunningSim,
    simulated,
    sources::SourceEntry,
    street_calls, terminals,
    things::ThingsFeed,
    waylines::RouteFiles,
};
use futures_util::FutureExt;
use gulang_city::{City, Command, Pack, PlatformId, Refusal, Source};
use gulang_platforms::{Heard, dji::DrcBroker};
use gulang_wire::{Body, ClockKind};
use rumqttc::{AsyncClient, Event as MqttEvent, EventLoop, Packet};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::task::JoinHandle;

/// A connector that pushes is silent when unheard so long.
const SILENT_AFTER_MS: i64 = 180_000;
const ASK_LIMIT: Duration = Duration::from_secs(8);
/// Who speaks over the one broker.
const VOICES: [&str; 3] = [names::SENSORS, names::TEAMS, names::DRONES];
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
    /// Those of `[[connector]]` and of the simulated city.
    attendants: Box<dyn Attending>,
    /// Where that city is.
    simulated_at: Option<Addresses>,
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
        let mut feeds = all_feeds(&http, &endpoints, &cursors, &city, ASK_LIMIT);
        if let Some(url) = addresses.rain.clone() {
            feeds.push(Box::new(RainFeed::built_in(http.clone(), url, city.center)));
        }
        let mut polled: Vec<String> = feeds.iter().map(|it| it.platform().to_owned()).collect();
        polled.dedup();
        polled.extend(addresses.inventory.as_ref().map(|_| names::THINGS.to_owned()));
        polled.extend(addresses.wvp.as_ref().map(|_| names::VIDEO.to_owned()));
        polled.extend(addresses.video_ai.as_ref().map(|_| names::VIDEO_AI.to_owned()));
        polled.extend(addresses.grid.as_ref().map(|_| names::GRID.to_owned()));
        let heard = VOICES.map(str::to_owned);
        let pushing: &[String] = if addresses.mqtt.is_some() { &heard } else { &[] };
        let health = HealthBook::new(&polled, pushing, endpoints.simulated, SILENT_AFTER_MS, wall_now().0);
        let simulated = endpoints.simulated;
        let core = Core::start(CoreParts { dir, clock, simulated, city, lane, health, numberer: Numberer::new(log) })?;
        let enter = |name: &str| core.sources.enter_built_in(name, simulated, SILENT_AFTER_MS as f64 / 1000.0);
        for name in &polled {
            enter(name);
        }
        let voices = addresses.mqtt.as_ref().map(|_| VOICES.map(enter));
        let mut tasks = Vec::new();
        for feed in feeds {
            tasks.push(tokio::spawn(ask(core.clone(), feed)));
        }
        if let Some(base) = addresses.inventory.clone() {
            let source = InventorySource { http: http.clone(), base, timeout: ASK_LIMIT };
            tasks.push(tokio::spawn(ask(core.clone(), Box::new(ThingsFeed::new(source, core.clone())))));
        }
        if let Some(url) = addresses.grid.clone() {
            tasks.push(tokio::spawn(ask(core.clone(), Box::new(GridFeed::simulated(http.clone(), url)))));
        }
        // An agency on a platform nobody delivers to would never have its orders, nor would the teams be told.
        let platforms: BTreeSet<PlatformId> = {
            let city = core.city();
            let of_agencies = city.agencies.values().map(|it| it.platform.clone());
            let others = [
                city.telling_rules.emergency.clone(),
                city.case_rules.report_to.clone(),
                PlatformId(city.grid.platform.clone()),
            ];
            of_agencies.chain(others).filter(|it| !it.as_str().is_empty()).collect()
        };
        for name in platforms {
            if let Some(mut platform) = CityPlatform::<R>::new(http.clone(), &endpoints, name.as_str()) {
                platform.dir = Some(core.dir.clone());
                core.desks.put(name, Arc::new(platform.clone()));
                tasks.push(tokio::spawn(street_calls::run(core.clone(), platform.clone())));
                tasks.push(tokio::spawn(outbox::run(core.clone(), platform)));
            }
        }
        for gateway in Gateway::<R>::all(&http, &endpoints) {
            core.doors.open(&gateway);
            tasks.push(tokio::spawn(callouts::run(core.clone(), gateway)));
        }
        let links = Links::<R>::default();
        let mut openers = Vec::new();
        if let (Some(address), Some(voices)) = (addresses.mqtt.clone(), voices) {
            match mqtt::open(&address, &format!("gulang-hub-{}-{}", R::FOLDER, std::process::id())) {
                Ok((client, events)) => {
                    // The simulated city's docks reach its broker where we do; a real city's are told in `[[connector]]`.
                    let drc = simulated.then(|| DrcBroker { address, ..DrcBroker::default() });
                    let files =
                        RouteFiles { shelf: core.waylines.clone(), can_simulate: simulated, ..RouteFiles::default() };
                    let link = Arc::new(DjiLink::<R>::new(names::DRONES.into(), client.clone(), simulated, drc, files));
                    links.put(link.clone());
                    if let Some(server) = addresses.rtsp.as_deref() {
                        let live = Arc::new(DjiLive::new("drone-live", client.clone(), Media::at(server)));
                        link.show(live.clone());
                        openers.push(core.eyes.openers.put(live));
                    }
                    tasks.push(tokio::spawn(hear(core.clone(), voices, client, events, link)));
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
        if let Some(base) = addresses.video_ai.clone() {
            let source = VideoAi::<R>::simulated(http.clone(), &base, cursors.clone());
            tasks.push(tokio::spawn(ask(core.clone(), Box::new(source.asked(core.clone())))));
        }
        let stills = addresses.feeds.clone().map(|base| Arc::new(DroneStills { http: http.clone(), base }));
        openers.extend(stills.map(|it| core.eyes.openers.put(it)));
        tasks.push(tokio::spawn(core.eyes.clone().run(core.clone())));
        if let (true, Some(control)) = (simulated, addresses.control.clone()) {
            tasks.push(tokio::spawn(terminals::run(core.clone(), http.clone(), control)));
        }
        let control = addresses.control.clone().map(|base| Control { http: http.clone(), base });
        tasks.push(tokio::spawn(timers(core.clone(), control.clone())));
        let recorder = Some(recorder);
        let attendants = Box::new(Attendants::new(core.clone(), http, cursors, links));
        let simulated_at = simulated.then_some(addresses);
        Ok(Self { core, tasks, recorder, sim, control, attendants, simulated_at, _openers: openers })
    }

    /// From now on hears these connectors, of its own realm, and its simulated city's; what did not change is not touched.
    pub async fn attend_to(&self, pack: &Arc<Pack>, all: &[ConnectorConfig]) {
        let mut all = all.to_vec();
        let own = self.simulated_at.as_ref().map(|it| simulated::connectors(it, pack, self.core.realm));
        for it in own.into_iter().flatten() {
            if all.iter().all(|other| other.name != it.name) {
                all.push(it);
            }
        }
        self.attendants.follow(pack, &all).await;
    }

    /// From now on counts the figures that the pack's definitions ask for, and writes its bulletins when they are due.
    pub fn count(&mut self, pack_dir: &Path) {
        self.tasks.push(tokio::spawn(indicators::run(self.core.clone(), pack_dir.to_owned())));
        self.tasks.push(tokio::spawn(bulletins::run(self.core.clone(), pack_dir.to_owned())));
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
        if let Err(error) = self.core.indicators.keep(&self.core.dir) {
            tracing::warn!(%error, "the past of the figures could not be kept");
        }
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

/// A source of the hub's own, asked for ever as a connector is.
async fn ask(core: Arc<Core>, feed: Box<dyn Feed>) {
    if let Some(entry) = core.sources.get(feed.platform()) {
        attend::ask(feed, &Arc::new(AttendSink::new(core, entry, None, None))).await;
    }
}

/// Listens to MQTT for ever; reconnects with backoff.
async fn hear<R: RealmKind>(
    core: Arc<Core>,
    voices: [Arc<SourceEntry>; 3],
    client: AsyncClient,
    mut events: EventLoop,
    link: Arc<DjiLink<R>>,
) {
    let is_up = link.is_up.clone();
    let mut n_failures = 0;
    let [sensors, ..] = &voices;
    loop {
        // What came with one wake-up goes into the lane at once: a lock for each message would not keep up with a flood.
        let mut happened = vec![events.poll().await];
        while happened.len() < MESSAGES_AT_ONCE
            && happened.last().is_some_and(Result::is_ok)
            && let Some(next) = events.poll().now_or_never()
        {
            happened.push(next);
        }
        let (wall_ms, now) = (wall_now().0, core.clock.now());
        let (mut heard, mut commands, mut failure) = (BTreeMap::new(), Vec::new(), None);
        // What docks say of our flights, apart from what sensors mean.
        let mut of_drones = Vec::new();
        for event in happened {
            match event {
                Ok(MqttEvent::Incoming(Packet::ConnAck(_))) => {
                    n_failures = 0;
                    is_up.store(true, Relaxed);
                    voices.iter().for_each(|it| it.recovered());
                    let client = client.clone();
                    tokio::spawn(async move { mqtt::subscribe(&client, false).await });
                }
                Ok(MqttEvent::Incoming(Packet::Publish(publish))) => {
                    match mqtt::decode_in(core.realm, &publish.topic, &publish.payload) {
                        Ok(decoded) => {
                            let meant = Heard { commands: decoded.commands, news: decoded.news, ..Heard::default() };
                            if let Some(voice) = voices.iter().find(|it| *it.about.name == *decoded.platform) {
                                voice.admit(publish.payload.len(), wall_ms, None);
                                voice.learn(&publish.payload, &meant, wall_ms, now);
                            }
                            link.heard(&meant.news, decoded.live.as_ref());
                            of_drones.extend(meant.commands);
                            of_drones.extend(decoded.drc.and_then(|it| flights::report_of_drc(&core, &it)));
                            if let Some(wants) = &decoded.wants {
                                link.grant(&core, wants);
                            }
                            for (topic, payload) in decoded.replies {
                                let _ = client.try_publish(topic, rumqttc::QoS::AtMostOnce, false, payload);
                            }
                            heard.entry(decoded.platform).or_insert_with(Vec::new).extend(meant.news);
                        }
                        Err(error) => {
                            core.lane().readings.n_dropped += 1;
                            let mut refused = Heard::default();
                            refused.refuse(&publish.topic, error);
                            let n_records = sensors.learn(&publish.payload, &refused, wall_ms, now);
                            let told = refused.refused.into_iter().take(n_records);
                            commands.extend(told.map(|it| it.into_command(&names::SENSORS.into())));
                        }
                    }
                }
                Ok(_) => {}
                Err(error) => failure = Some(error),
            }
        }
        take_heard(&core, heard, &mut commands);
        let from = |name: &str| Source::Platform(PlatformId::from(name));
        let of_sensors = commands.into_iter().map(|it| (from(names::SENSORS), it));
        let of_drones = of_drones.into_iter().map(|it| (from(names::DRONES), it));
        if let Err(error) = core.submit_all(of_sensors.chain(of_drones).collect()).await {
            tracing::error!(%error, "news over MQTT could not be recorded");
        }
        if let Some(error) = failure {
            n_failures += 1;
            is_up.store(false, Relaxed);
            let error = mqtt::MqttError::Connection(error.to_string());
            for it in &voices {
                core.health().failed(&it.about.name, &error.to_string());
                it.failed(&error.to_string(), error.remedy());
            }
            let [a, b, c] = voices.each_ref().map(|it| it.retry.notified());
            tokio::select! {
                () = tokio::time::sleep(outbox::backoff(n_failures)) => {}
                () = a => {}
                () = b => {}
                () = c => {}
            }
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
