//! A drill at full speed: hub and simulated city in lockstep on the exercise clock, over the real sockets.
//!
//! Each step moves the city one minute, waits for its barrier on the MQTT connection, asks every feed in a fixed order,
//! numbers what came, lets time pass ([`Command::Tick`]), plays the officer, and sends the outbox in order of number.
//! Nothing here reads the machine's clock or a random source, so the same seed and scenario give the same state hash.

use crate::{
    actor::Numberer,
    assets::{Officer, Scenario},
    callouts,
    connectors::{city_platform::CityPlatform, gateway::Gateway, http, mqtt, names},
    feeds::{Cursors, Feed, all_feeds},
    health::HealthBook,
    log::{Log, LogError, LogOptions},
    outbox::Letter,
    parquet::record_into,
    readings::Lane,
    realm::{Endpoints, Exercise, RealmKind, unsent_calls},
    sim_host::{SimHost, SimRequest, SimScale, SimSpeed},
};
use gulang_city::{score::ScoreSheet, *};
use rumqttc::{Event as MqttEvent, Packet};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Exercise time per step.
const STEP_SECS: i64 = 60;
const STEP_LIMIT: Duration = Duration::from_secs(60);
/// Typhoon pages are long and change every few hours.
const TYPHOON_EVERY_STEPS: u64 = 10;

#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("{0}")]
    Sim(String),
    #[error("日志签名用不了：{0}")]
    Signing(String),
    #[error("模拟城市在第 {step} 步（{at}）没有跟上：{why}")]
    Step { step: u64, at: String, why: String },
    #[error("{path}：{source}")]
    Io { path: PathBuf, source: std::io::Error },
}

/// What [`run`] prints.
#[derive(Clone, Debug, Serialize)]
pub struct DrillReport {
    pub records: u64,
    pub orders: OrderCounts,
    pub evacuees: Evacuees,
    pub levels: Vec<LevelChange>,
    pub state_hash: String,
    pub wall_secs: f64,
    pub exercise_secs: i64,
    pub times_real_time: f64,
    pub readings: u64,
    pub scenario: String,
    pub seed: u64,
    /// How it went, each figure with its record numbers.
    pub score: ScoreSheet,
}

/// How many orders ever reached each rung.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OrderCounts {
    pub issued: usize,
    pub delivered: usize,
    pub acknowledged: usize,
    pub accepted: usize,
    pub done: usize,
    pub rejected: usize,
    pub overdue: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Evacuees {
    pub expected: u64,
    pub moved: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelChange {
    pub at: String,
    pub district: String,
    pub from: Option<ResponseLevel>,
    pub to: Option<ResponseLevel>,
}

/// Everything a drill without people needs.
pub struct DrillPlan<'a> {
    pub scenario: Scenario,
    pub seed: u64,
    pub data: &'a Path,
    pub pack: &'a Pack,
    pub pack_dir: &'a Path,
    pub sim: &'a dyn SimHost,
    /// Signs the log; none leaves it unsigned.
    pub sign_key: Option<&'a Path>,
}

/// Moves an earlier exercise's folder aside, so that each drill has its own log.
pub fn set_aside(dir: &Path) -> Result<(), DrillError> {
    if !dir.join(crate::log::LOG_FILE).exists() {
        return Ok(());
    }
    let io = |source| DrillError::Io { path: dir.to_owned(), source };
    let lock = std::fs::File::options().create(true).append(true).open(dir.join("lock")).map_err(io)?;
    if lock.try_lock().is_err() {
        return Err(LogError::InUse { dir: dir.to_owned() }.into());
    }
    let name = dir.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let free = (1..).map(|n| dir.with_file_name(format!("{name}-{n}"))).find(|it| !it.exists());
    std::fs::rename(dir, free.unwrap_or_else(|| dir.with_extension("old"))).map_err(io)
}

pub async fn run(plan: DrillPlan<'_>) -> Result<DrillReport, DrillError> {
    let started = Instant::now();
    let DrillPlan { scenario, seed, data, pack, pack_dir, sim, sign_key } = plan;
    let dir = data.join(Exercise::FOLDER);
    set_aside(&dir)?;
    let (mut log, city) = Log::open(&dir, LogOptions::default(), || City::found(pack, Realm::Exercise))?;
    if let Some(key) = sign_key {
        let signing = log.sign_with(key, Realm::Exercise, crate::evidence::SEGMENT_RECORDS);
        signing.map_err(|why| DrillError::Signing(why.to_string()))?;
    }
    let request = SimRequest {
        pack_dir: pack_dir.to_owned(),
        scenario: Some(scenario.file.clone()),
        seed,
        realm: Realm::Exercise,
        speed: SimSpeed::Lockstep,
        state_dir: dir.join("sim"),
        start: Some(scenario.starts_at),
        // Nobody looks, and no rule asks how a cover is.
        scale: SimScale::None,
    };
    let running = tokio::task::block_in_place(|| sim.start(&request)).map_err(DrillError::Sim)?;
    let endpoints = Endpoints::<Exercise>::new(running.addresses(), true);
    let recorder = record_into(&dir, &city).map_err(|source| DrillError::Io { path: dir.clone(), source })?;
    let lane = Lane::for_city(&city, Some(recorder.sender.clone()));
    let http = http::client();
    let feeds = all_feeds(&http, &endpoints, &Arc::new(Cursors::default()), &city, STEP_LIMIT);
    let platforms = [names::CASES, names::EMERGENCY]
        .into_iter()
        .filter_map(|name| {
            let mut platform = CityPlatform::new(http.clone(), &endpoints, name)?;
            platform.timeout = STEP_LIMIT;
            Some(platform)
        })
        .collect();
    let mut gateways = Gateway::all(&http, &endpoints);
    for gateway in &mut gateways {
        gateway.timeout = STEP_LIMIT;
    }
    let (messages, mqtt) =
        listen(endpoints.addresses.mqtt.as_deref().unwrap_or_default()).await.map_err(DrillError::Sim)?;
    let mut polled = [names::CASES, names::EMERGENCY, names::CAP, names::TYPHOON].map(str::to_owned).to_vec();
    polled.extend(gateways.iter().map(|it: &Gateway<Exercise>| it.name.to_owned()));
    let health = HealthBook::new(
        &polled,
        &[names::SENSORS, names::TEAMS].map(str::to_owned),
        true,
        15 * 60_000,
        scenario.starts_at.0,
    );
    let mut drill = Lockstep {
        now: scenario.starts_at,
        step: 0,
        numberer: Numberer::new(log),
        city,
        lane,
        feeds,
        platforms,
        gateways,
        messages,
        http,
        control: endpoints.addresses.control.clone().unwrap_or_default(),
        health,
        officer: OfficerPart::new(scenario.officer.clone()),
        tally: Tallies::default(),
        retry_at: BTreeMap::new(),
    };
    let start = Command::StartExercise {
        scenario: scenario.id.as_str().into(),
        title: scenario.title.as_str().into(),
        seed,
        starts_at: scenario.starts_at,
    };
    drill.number(vec![(Source::Hub, start)])?;
    while drill.now < scenario.ends_at {
        drill.step().await?;
        if drill.step.is_multiple_of(60) {
            tracing::info!(at = %drill.now.to_beijing_text(), records = drill.city.seq, "drill");
        }
    }
    drill.number(vec![(Source::Hub, Command::EndExercise)])?;
    mqtt.abort();
    tokio::task::block_in_place(|| drop(running));
    let Lockstep { numberer, city, lane, tally, .. } = drill;
    let readings = lane.n_taken;
    drop((lane, recorder.sender));
    if recorder.thread.join().is_err() {
        tracing::warn!("the readings recorder died");
    }
    numberer.close(&city)?;
    let score = crate::review::review_beside(&dir, None, None, |_| scenario.reference.clone())?.score;
    let wall_secs = started.elapsed().as_secs_f64();
    let exercise_secs = scenario.ends_at.since_ms(scenario.starts_at) / 1000;
    let people = |it: fn(&gulang_city::Tally) -> u32| city.evacuation.values().map(|tally| u64::from(it(tally))).sum();
    Ok(DrillReport {
        records: city.seq,
        orders: tally.orders(),
        evacuees: Evacuees { expected: people(|it| it.expected), moved: people(|it| it.moved) },
        levels: tally.levels,
        state_hash: city.state_hash(),
        wall_secs,
        exercise_secs,
        times_real_time: exercise_secs as f64 / wall_secs,
        readings,
        scenario: scenario.id,
        seed,
        score,
    })
}

struct Message {
    topic: String,
    payload: Vec<u8>,
}

/// Subscribes to everything and waits for the broker's word that it is so. The task ends with the connection.
async fn listen(address: &str) -> Result<(mpsc::Receiver<Message>, tokio::task::JoinHandle<()>), String> {
    let (client, mut events) = mqtt::open(address, "gulang-hub-drill").map_err(|why| why.to_string())?;
    mqtt::subscribe(&client, true).await.map_err(|why| why.to_string())?;
    let (sender, receiver) = mpsc::channel(65_536);
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let mut ready = Some(ready);
        loop {
            match events.poll().await {
                Ok(MqttEvent::Incoming(Packet::SubAck(_))) => {
                    ready.take().map(|it| it.send(()));
                }
                Ok(MqttEvent::Incoming(Packet::Publish(publish))) => {
                    let topic = String::from_utf8_lossy(publish.topic.as_ref()).into_owned();
                    if topic.ends_with("_reply") {
                        continue;
                    }
                    if let Ok(decoded) = mqtt::decode(&topic, &publish.payload) {
                        for (topic, payload) in decoded.replies {
                            let _ = client.try_publish(topic, rumqttc::QoS::AtMostOnce, false, payload);
                        }
                    }
                    if sender.send(Message { topic, payload: publish.payload.to_vec() }).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "MQTT");
                    return;
                }
            }
        }
    });
    match tokio::time::timeout(STEP_LIMIT, is_ready).await {
        Ok(Ok(())) => Ok((receiver, task)),
        _ => Err(format!("MQTT {address} 没有接受订阅")),
    }
}

struct Lockstep {
    now: Timestamp,
    step: u64,
    numberer: Numberer,
    city: City,
    lane: Lane,
    feeds: Vec<Box<dyn Feed>>,
    platforms: Vec<CityPlatform<Exercise>>,
    gateways: Vec<Gateway<Exercise>>,
    messages: mpsc::Receiver<Message>,
    http: reqwest::Client,
    control: String,
    health: HealthBook,
    officer: OfficerPart,
    tally: Tallies,
    /// Exercise time before which it is not sent again, by key.
    retry_at: BTreeMap<String, Timestamp>,
}

impl Lockstep {
    fn number(&mut self, batch: Vec<(Source, Command)>) -> Result<Vec<crate::actor::Outcome>, LogError> {
        let numbered = self.numberer.number(&mut self.city, &batch, self.now)?;
        for record in &numbered.records {
            self.tally.note(record, &self.city);
        }
        Ok(numbered.outcomes)
    }

    async fn step(&mut self) -> Result<(), DrillError> {
        self.step += 1;
        self.now = self.now.plus_secs(STEP_SECS);
        let mut batch = self.hear_sensors().await?;
        for i in 0..self.feeds.len() {
            self.ask(i, &mut batch).await?;
        }
        batch.extend(
            self.health
                .changes(self.now.0, self.now)
                .into_iter()
                .map(|(platform, it)| (Source::Platform(platform), it)),
        );
        if self.city.is_observation_due(self.now) {
            let observations = self.city.observe(&self.lane.readings, self.now);
            if !observations.is_empty() {
                batch.push((Source::Hub, Command::NoteObservations { observations }));
            }
        }
        batch.push((Source::Hub, Command::Tick));
        self.number(batch)?;
        for feed in &mut self.feeds {
            feed.recorded();
        }
        let asked = self.officer.act(&self.city, self.now);
        if !asked.is_empty() {
            self.number(asked)?;
        }
        self.send_outbox().await?;
        self.send_calls().await
    }

    /// Moves the city to `now` and takes all it said over MQTT up to its barrier, by topic.
    async fn hear_sensors(&mut self) -> Result<Vec<(Source, Command)>, DrillError> {
        let failed = |step, now: Timestamp, why: String| DrillError::Step { step, at: now.to_beijing_text(), why };
        let (step, now) = (self.step, self.now);
        let url = format!("{}/advance", self.control);
        let request = self.http.post(&url).json(&serde_json::json!({ "to_ms": now.0 }));
        let bytes =
            http::exchange(request, &url, STEP_LIMIT).await.map_err(|why| failed(step, now, why.to_string()))?;
        let answer: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|why| failed(step, now, why.to_string()))?;
        let barrier = answer["barrier"].as_u64().ok_or_else(|| failed(step, now, "没有 barrier".into()))?;
        let mut messages = Vec::new();
        loop {
            let message = tokio::time::timeout(STEP_LIMIT, self.messages.recv()).await;
            let Ok(Some(message)) = message else {
                return Err(failed(step, now, format!("没有等到 MQTT 的第 {barrier} 道栅栏")));
            };
            if message.topic == "sim/barrier" {
                let n = mqtt::decode(&message.topic, &message.payload).ok().and_then(|it| it.barrier);
                if n.is_some_and(|n| n >= barrier) {
                    break;
                }
                continue;
            }
            messages.push(message);
        }
        messages.sort_by(|a, b| a.topic.cmp(&b.topic));
        let mut commands = Vec::new();
        for message in messages {
            match mqtt::decode(&message.topic, &message.payload) {
                Ok(decoded) => {
                    self.health.heard(decoded.platform, now.0);
                    for news in decoded.news {
                        self.lane.take(news, now + 60_000, &mut commands);
                    }
                }
                Err(why) => commands.push(crate::connectors::refuse(names::SENSORS, &message.topic, why)),
            }
        }
        let _ = self.lane.flush();
        Ok(commands.into_iter().map(|it| (Source::Platform(names::SENSORS.into()), it)).collect())
    }

    async fn ask(&mut self, i: usize, batch: &mut Vec<(Source, Command)>) -> Result<(), DrillError> {
        let platform = self.feeds[i].platform().to_owned();
        let platform = platform.as_str();
        if platform == names::TYPHOON && !(self.step - 1).is_multiple_of(TYPHOON_EVERY_STEPS) {
            return Ok(());
        }
        loop {
            match self.feeds[i].poll().await {
                Ok((commands, more)) => {
                    self.health.heard(platform, self.now.0);
                    let source = Source::Platform(platform.into());
                    batch.extend(commands.into_iter().map(|it| (source.clone(), it)));
                    if !more {
                        return Ok(());
                    }
                    // The next page is asked for with the new cursor, so this one must be in the log first.
                    self.number(std::mem::take(batch))?;
                    self.feeds[i].recorded();
                }
                Err(error) => {
                    self.health.failed(platform, &error.to_string());
                    return Ok(());
                }
            }
        }
    }

    /// What call-outs recorded; a failure waits for the next step.
    async fn send_calls(&mut self) -> Result<(), DrillError> {
        let mut receipts = Vec::new();
        for gateway in &self.gateways {
            for call in unsent_calls::<Exercise>(&self.city, gateway.channel) {
                let result = gateway.send(&call).await;
                if let Err(error) = &result {
                    tracing::debug!(%error, key = call.key, "not called");
                }
                let report = callouts::receipt_of(&call, &result);
                receipts.extend(report.map(|it| (Source::Platform(gateway.name.into()), it)));
            }
        }
        self.number(receipts)?;
        Ok(())
    }

    /// Every attempt is in the log before it is on the wire; every receipt after.
    async fn send_outbox(&mut self) -> Result<(), DrillError> {
        let mut waiting = Vec::new();
        for (i, platform) in self.platforms.iter().enumerate() {
            let letters = Letter::<Exercise>::waiting(&self.city, &platform.platform);
            waiting.extend(letters.into_iter().map(|it| (i, it)));
        }
        waiting.retain(|(_, it)| self.retry_at.get(it.key()).is_none_or(|at| *at <= self.now));
        waiting.sort_by_key(|(_, it)| match it {
            Letter::Order(it) => (0, it.order.0),
            Letter::News(it) => (1, it.telling.number),
        });
        let attempts = waiting.iter().filter_map(|(_, it)| it.attempt()).map(|it| (Source::Hub, it)).collect();
        let mut noted = self.number(attempts)?.into_iter();
        let mut reports = Vec::new();
        for (i, letter) in waiting {
            if letter.attempt().is_some() && noted.next().is_none_or(|it| it.is_err()) {
                continue;
            }
            let platform = &self.platforms[i];
            let result = letter.send(platform).await;
            match &result {
                Err(error) if !error.is_final() => {
                    tracing::debug!(%error, key = letter.key(), "not delivered");
                    let wait_mins = 1 << letter.n_attempts().min(4);
                    self.retry_at.insert(letter.key().to_owned(), self.now.plus_mins(wait_mins));
                }
                Ok(_) | Err(_) => drop(self.retry_at.remove(letter.key())),
            }
            let source = Source::Platform(platform.platform.clone());
            reports.extend(letter.report(&result).map(|it| (source, it)));
        }
        self.number(reports)?;
        Ok(())
    }
}

/// The officer of the scenario: follows the recommendation, confirms, acknowledges, stands down.
struct OfficerPart {
    script: Officer,
    stand_down_at: Option<Timestamp>,
    /// The level being read, since when.
    reading: Option<(PlanId, ResponseLevel, Timestamp)>,
    stood_down: bool,
}

impl OfficerPart {
    fn new(script: Officer) -> Self {
        let stand_down_at = script.stand_down_at.as_deref().and_then(Timestamp::parse);
        Self { script, stand_down_at, reading: None, stood_down: false }
    }

    fn act(&mut self, city: &City, now: Timestamp) -> Vec<(Source, Command)> {
        let seats: Vec<SeatId> = self.script.seats.iter().map(|it| it.as_str().into()).collect();
        let Some(first) = seats.first() else { return Vec::new() };
        let source = Source::Seat(first.clone());
        let mut commands = Vec::new();
        if self.script.acknowledge_alarms {
            let open =
                city.open_alarms.values().filter_map(|id| city.alarms.get(id)).filter(|it| it.acknowledged.is_none());
            commands.extend(open.map(|it| (source.clone(), Command::AcknowledgeAlarm { alarm: it.id })));
        }
        if !self.stood_down && self.stand_down_at.is_some_and(|at| now >= at) {
            self.stood_down = true;
            if city.footing.posture == Posture::War {
                let accepted = city.still_open(&[]);
                let switch = Switch::ToPeace { districts: Vec::new(), reason: "战转平".into(), accepted };
                commands.extend(signed(city, &seats, switch));
            }
            return commands;
        }
        commands.extend(release_what_waits(city, now).map(|it| (source, it)));
        if self.script.follow
            && !self.stood_down
            && let Some(switch) = self.follow(city, now)
        {
            commands.extend(signed(city, &seats, switch));
        }
        commands
    }

    /// A higher level than the present is read for a while, then confirmed.
    fn follow(&mut self, city: &City, now: Timestamp) -> Option<Switch> {
        let advised = city.recommendation.as_ref().filter(|it| city.footing.level.is_none_or(|level| it.level > level));
        let Some(advised) = advised else {
            self.reading = None;
            return None;
        };
        let since = match &self.reading {
            Some((plan, level, since)) if *plan == advised.plan && *level == advised.level => *since,
            _ => {
                self.reading = Some((advised.plan.clone(), advised.level, now));
                now
            }
        };
        if now < since.plus_mins(self.script.confirm_after_mins) {
            return None;
        }
        self.reading = None;
        let ask = SheetAsk {
            plan: advised.plan.clone(),
            level: advised.level,
            districts: Vec::new(),
            struck: Vec::new(),
            added: Vec::new(),
        };
        Some(Switch::ToWar { ask, reason: "按建议等级".into(), reasons: BTreeMap::new(), sheet_version: None })
    }
}

/// Signed at as many seats as it takes: the first proposes and the second co-signs within the minute. A script with one
/// seat proposes once, and waits.
fn signed(city: &City, seats: &[SeatId], switch: Switch) -> Vec<(Source, Command)> {
    let Some(first) = seats.first() else { return Vec::new() };
    let at = |seat: &SeatId| Source::Seat(seat.clone());
    if city.signatures_needed(&switch) < 2 {
        return vec![(at(first), switch.by_one(first, false))];
    }
    let Some(second) = seats.get(1) else {
        let asks = city.proposal.is_none().then_some((at(first), Command::ProposeSwitch { switch }));
        return asks.into_iter().collect();
    };
    let number = city.n_proposals + 1;
    vec![(at(first), Command::ProposeSwitch { switch }), (at(second), Command::CoSign { number })]
}

/// An officer does not let the city wait for ever on somebody who does not answer.
fn release_what_waits(city: &City, now: Timestamp) -> Option<Command> {
    const PATIENCE_MINS: i64 = 30;
    if now < city.footing.since.plus_mins(PATIENCE_MINS) {
        return None;
    }
    let first = city.held.iter().filter(|it| !it.has_precondition).map(|it| it.group).min()?;
    let held = city.held.iter().filter(|it| !it.has_precondition && it.group == first).map(|it| it.number).collect();
    let reason = format!("等待前一组签收已过 {PATIENCE_MINS} 分钟，先行发出");
    Some(Command::ReleaseHeld { held, reason: reason.into() })
}

/// Counted from the records as they are made.
#[derive(Default)]
struct Tallies {
    issued: usize,
    reached: BTreeMap<Rung, BTreeSet<OrderId>>,
    overdue: BTreeSet<OrderId>,
    levels: Vec<LevelChange>,
    known: BTreeMap<String, Option<ResponseLevel>>,
}

impl Tallies {
    fn note(&mut self, record: &Record, city: &City) {
        match &record.event {
            Event::OrderDrafted { .. } => self.issued += 1,
            Event::OrderClimbed { order, rung, .. } => {
                self.reached.entry(*rung).or_default().insert(*order);
            }
            Event::OrderOverdue { order, .. } => {
                self.overdue.insert(*order);
            }
            Event::FootingChanged { level, districts, .. } => {
                let name = |id: &DistrictId| city.districts.get(id).map_or(id.to_string(), |it| it.name.to_string());
                let places =
                    if districts.is_empty() { vec!["全市".to_owned()] } else { districts.iter().map(name).collect() };
                for district in places {
                    let from = self.known.insert(district.clone(), *level).flatten();
                    self.levels.push(LevelChange { at: record.at.to_beijing_text(), district, from, to: *level });
                }
            }
            _ => {}
        }
    }

    /// An order that climbed past a rung passed it.
    fn orders(&self) -> OrderCounts {
        let at_least = |from: Rung| {
            let on_the_way = self.reached.iter().filter(|(rung, _)| (from..=Rung::Done).contains(*rung));
            on_the_way.flat_map(|(_, orders)| orders).collect::<BTreeSet<_>>().len()
        };
        OrderCounts {
            issued: self.issued,
            delivered: at_least(Rung::Delivered),
            acknowledged: at_least(Rung::Acknowledged),
            accepted: at_least(Rung::Accepted),
            done: at_least(Rung::Done),
            rejected: self.reached.get(&Rung::Rejected).map_or(0, BTreeSet::len),
            overdue: self.overdue.len(),
        }
    }
}
