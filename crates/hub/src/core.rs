//! One realm at work, without its wires: the city, its clock, its readings, and the only door to its log.
//!
//! Whoever wants something to happen calls [`Core::submit`] and waits; the numbering thread takes what is waiting as one
//! batch, so that many commands cost one commit. Records are published only when they are durable.

use crate::{
    actor::{Numbered, Numberer, Outcome},
    clock::HubClock,
    health::HealthBook,
    readings::Lane,
    things::Things,
};
use bytes::Bytes;
use gulang_city::{City, Command, Event, Realm, Record, Refusal, Seen, Source, Timestamp};
use gulang_platforms::News;
use gulang_wire::{Body, Columns, ToScreen, encode};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Commands taken into one commit at most.
const BATCH: usize = 1024;
/// Frames a screen may fall behind before it gets a fresh snapshot instead.
const FRAMES_BEHIND: usize = 256;

/// Figures for `/metrics`; only ever grow.
#[derive(Debug, Default)]
pub struct Counters {
    pub n_commands: AtomicU64,
    pub n_refused: AtomicU64,
    pub n_repeats: AtomicU64,
    pub n_commits: AtomicU64,
    pub n_log_failures: AtomicU64,
    pub n_delivered: AtomicU64,
    pub n_delivery_failures: AtomicU64,
    pub n_coalesced: AtomicU64,
    pub n_screens: AtomicU64,
}

#[derive(Debug)]
pub struct Core {
    pub realm: Realm,
    pub dir: PathBuf,
    pub clock: HubClock,
    /// All it shows comes from the simulated city.
    pub simulated: bool,
    pub counters: Counters,
    /// Where gateways may call back.
    pub doors: crate::callouts::Doors,
    /// What each source says and how much.
    pub sources: crate::sources::SourceBook,
    /// The pictures of this realm.
    pub eyes: Arc<crate::eyes::Eyes>,
    /// The route files that wait for docks.
    pub waylines: Arc<crate::waylines::Shelf>,
    /// Platforms that tell one case on demand.
    pub desks: crate::case_desks::CaseDesks,
    /// The figures of this realm.
    pub indicators: crate::indicators::Indicators,
    city: RwLock<City>,
    lane: Mutex<Lane>,
    things: Mutex<Things>,
    health: Mutex<HealthBook>,
    requests: mpsc::Sender<Request>,
    records: broadcast::Sender<Arc<Vec<Record>>>,
    frames: broadcast::Sender<Bytes>,
}

/// Where a batch's outcomes go, or why none of it was recorded.
type Reply = oneshot::Sender<Result<Vec<Outcome>, String>>;

enum Request {
    Number { batch: Vec<(Source, Command)>, reply: Reply },
    Close(oneshot::Sender<Result<(), String>>),
}

#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The log could not take it; nothing happened.
    #[error("没有记录：{0}")]
    NotRecorded(String),
    #[error("枢纽正在关闭")]
    Closing,
}

impl SubmitError {
    /// For screens, whose answers carry refusals.
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            other => Refusal::Forbidden { why: other.to_string().into() },
        }
    }
}

/// What a realm's core is made of.
pub struct CoreParts {
    pub dir: PathBuf,
    pub clock: HubClock,
    pub simulated: bool,
    pub city: City,
    pub lane: Lane,
    pub health: HealthBook,
    pub numberer: Numberer,
}

impl Core {
    /// Starts the numbering thread.
    pub fn start(parts: CoreParts) -> std::io::Result<Arc<Self>> {
        let CoreParts { dir, clock, simulated, city, lane, health, numberer } = parts;
        let (requests, waiting) = mpsc::channel(4096);
        let things = Things::for_city(&city, simulated);
        let core = Arc::new(Self {
            realm: city.realm,
            dir,
            clock,
            simulated,
            counters: Counters::default(),
            doors: crate::callouts::Doors::default(),
            sources: crate::sources::SourceBook::default(),
            eyes: Arc::default(),
            waylines: Arc::default(),
            desks: crate::case_desks::CaseDesks::default(),
            indicators: crate::indicators::Indicators::default(),
            city: RwLock::new(city),
            lane: Mutex::new(lane),
            things: Mutex::new(things),
            health: Mutex::new(health),
            requests,
            records: broadcast::channel(1024).0,
            frames: broadcast::channel(FRAMES_BEHIND).0,
        });
        let own = core.clone();
        std::thread::Builder::new().name("numbering".into()).spawn(move || own.run(numberer, waiting))?;
        Ok(core)
    }

    pub fn city(&self) -> RwLockReadGuard<'_, City> {
        self.city.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn lane(&self) -> MutexGuard<'_, Lane> {
        self.lane.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Held for moments only: what is sent from it is taken out first.
    pub fn things(&self) -> MutexGuard<'_, Things> {
        self.things.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn health(&self) -> MutexGuard<'_, HealthBook> {
        self.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The records as they become durable.
    pub fn records(&self) -> broadcast::Receiver<Arc<Vec<Record>>> {
        self.records.subscribe()
    }

    /// The same for screens, encoded once, with columns, pictures and beats.
    pub fn frames(&self) -> broadcast::Receiver<Bytes> {
        self.frames.subscribe()
    }

    /// One command; the number of its last record.
    pub async fn submit(&self, source: Source, command: Command) -> Result<u64, SubmitError> {
        let mut outcomes = self.submit_all(vec![(source, command)]).await?;
        Ok(outcomes.pop().unwrap_or(Err(Refusal::NoChange))?)
    }

    /// Many at once, each decided on its own.
    pub async fn submit_all(&self, mut batch: Vec<(Source, Command)>) -> Result<Vec<Outcome>, SubmitError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        for (_, command) in &mut batch {
            self.witness(command);
        }
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request::Number { batch, reply }).await.map_err(|_| SubmitError::Closing)?;
        answer.await.map_err(|_| SubmitError::Closing)?.map_err(SubmitError::NotRecorded)
    }

    /// What a flight's gates are judged by is what this hub sees, whatever the asker says.
    fn witness(&self, command: &mut Command) {
        let Command::OrderFlight { ask } = command else { return };
        let handle = self.city().drones.get_index_of(&ask.drone);
        ask.seen = handle.map(|it| Seen::of(&self.lane().readings, it)).unwrap_or_default();
    }

    /// Ends the numbering thread with a snapshot and a seal.
    pub async fn close(&self) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        if self.requests.send(Request::Close(reply)).await.is_err() {
            return Ok(());
        }
        answer.await.unwrap_or(Ok(()))
    }

    /// A frame with this realm and clock on it.
    pub fn frame(&self, body: Body) -> Bytes {
        framed(self.realm, &self.clock, body)
    }

    /// Everything, as of now. Subscribe to [`Core::frames`] first, so that nothing falls between.
    pub fn snapshot(&self) -> Bytes {
        let readings = postcard_of(&self.lane().readings);
        let city = self.city().to_bytes().unwrap_or_default();
        self.frame(Body::Snapshot { city, readings })
    }

    pub fn publish(&self, body: Body) {
        if self.frames.receiver_count() > 0 {
            let _ = self.frames.send(self.frame(body));
        }
    }

    /// Takes readings and words of things; what they mean for the record lane is added to `commands`. What is stamped after
    /// `latest` is dropped and counted.
    pub fn take_news(&self, news: Vec<News>, latest: Timestamp, commands: &mut Vec<Command>) {
        let news = self.take_rain(news, latest);
        let (of_things, mut rest): (Vec<News>, Vec<News>) = news.into_iter().partition(|it| match it {
            News::Thing { at, .. } | News::Measured { at, .. } => *at <= latest,
            _ => false,
        });
        if !of_things.is_empty() {
            // No two locks at once.
            let mut things = self.things();
            for it in of_things {
                // A place that comes late tells a fence nothing either: the judge goes by the latest.
                let is_taken = match it {
                    News::Measured { .. } => things.take(&it, latest),
                    _ => things.note(&it),
                };
                if is_taken {
                    commands.extend(things.judge(&it));
                } else {
                    rest.push(it);
                }
            }
        }
        if !rest.is_empty() {
            let mut lane = self.lane();
            for it in rest {
                lane.take(it, latest, commands);
            }
        }
    }

    /// Keeps the rain fields among the news and tells the screens; the rest is handed back. One made after `latest` is not
    /// believed, and counted with the rest.
    fn take_rain(&self, news: Vec<News>, latest: Timestamp) -> Vec<News> {
        let (fields, mut rest): (Vec<News>, Vec<News>) =
            news.into_iter().partition(|it| matches!(it, News::Rain(field) if field.issued_at <= latest));
        for it in fields {
            match it {
                News::Rain(field) => {
                    let is_new = self.lane().readings.put_rain(field.clone());
                    if is_new {
                        self.publish(Body::Rain(field));
                    }
                }
                other => rest.push(other),
            }
        }
        rest
    }

    /// Sends out what changed in the readings.
    pub fn flush_columns(&self) -> Option<Columns> {
        let columns = self.lane().flush()?;
        self.publish(Body::Columns(columns.clone()));
        Some(columns)
    }

    /// Sends out the telemetry that changed.
    pub fn flush_telemetry(&self) {
        let changed = self.lane().flush_telemetry();
        if !changed.is_empty() {
            self.publish(Body::Telemetry(changed));
        }
    }

    /// Sends out what changed in the registers of many things.
    pub fn flush_things(&self) {
        let bodies = self.things().flush();
        for body in bodies {
            self.publish(body);
        }
    }

    fn run(&self, mut numberer: Numberer, mut waiting: mpsc::Receiver<Request>) {
        while let Some(first) = waiting.blocking_recv() {
            let mut batch = Vec::new();
            let mut replies = Vec::new();
            let mut close = None;
            let mut next = Some(first);
            while let Some(request) = next {
                match request {
                    Request::Number { batch: more, reply } => {
                        replies.push((more.len(), reply));
                        batch.extend(more);
                    }
                    Request::Close(reply) => {
                        close = Some(reply);
                        break;
                    }
                }
                next = if batch.len() < BATCH { waiting.try_recv().ok() } else { None };
            }
            self.number(&mut numberer, &batch, replies);
            if let Some(reply) = close {
                let closed = numberer.close(&self.city()).map_err(|why| why.to_string());
                let _ = reply.send(closed);
                return;
            }
        }
    }

    /// A register grew: its columns grow with it, before anybody is told of the new handles.
    fn make_room(&self) {
        let city = self.city();
        self.lane().grow_to(&city);
        if let Err(error) = crate::parquet::write_handles(&self.dir, &city) {
            tracing::warn!(%error, "the recording does not say which team the new handles are");
        }
    }

    fn number(&self, numberer: &mut Numberer, batch: &[(Source, Command)], replies: Vec<(usize, Reply)>) {
        if batch.is_empty() {
            return;
        }
        self.counters.n_commands.fetch_add(batch.len() as u64, Relaxed);
        let numbered = {
            let mut city = self.city.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            numberer.number(&mut city, batch, self.clock.now())
        };
        match numbered {
            Ok(Numbered { outcomes, records, n_repeats }) => {
                self.counters.n_commits.fetch_add(u64::from(!records.is_empty()), Relaxed);
                self.counters.n_repeats.fetch_add(n_repeats, Relaxed);
                self.counters
                    .n_refused
                    .fetch_add(outcomes.iter().filter(|it| it.is_err()).count() as u64 - n_repeats, Relaxed);
                if !records.is_empty() {
                    if records.iter().any(|it| matches!(it.event, Event::RegisterImported { .. })) {
                        self.make_room();
                    }
                    for some in records.chunk_by(|_, next| !matches!(next.event, Event::ImportStaged { .. })) {
                        for some in some.chunks(2000) {
                            self.publish(Body::Records(some.to_vec()));
                        }
                    }
                    let _ = self.records.send(Arc::new(records));
                }
                let mut outcomes = outcomes.into_iter();
                for (n, reply) in replies {
                    let _ = reply.send(Ok(outcomes.by_ref().take(n).collect()));
                }
            }
            Err(error) => {
                self.counters.n_log_failures.fetch_add(1, Relaxed);
                tracing::error!(%error, "nothing was recorded");
                for (_, reply) in replies {
                    let _ = reply.send(Err(error.to_string()));
                }
            }
        }
    }
}

/// A body with realm and clock on it, ready for the socket.
pub(crate) fn framed(realm: Realm, clock: &HubClock, body: Body) -> Bytes {
    let frame = ToScreen { realm, clock: clock.frame(), body };
    encode(&frame).map(Bytes::from).unwrap_or_default()
}

fn postcard_of<T: serde::Serialize>(value: &T) -> Vec<u8> {
    encode(value).unwrap_or_default()
}
