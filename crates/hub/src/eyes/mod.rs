//! The pictures of a realm: every feed opened once however many screens watch it, by a process of its own.
//!
//! [`openers`] ask the platforms where a stream is, [`process`] is the eyes that open it, [`house`] decides who gets what and
//! when it is tried again, [`inbox`] is what waits for one screen, [`wheel`] whose hand turns a camera, [`clips`] what is kept
//! around alarms and orders.
//!
//! **Invariant:** each realm has its own; an opener is made from its realm's connectors, so an exercise turns no actual
//! camera. A playback has none.

pub mod api;
mod clips;
mod house;
mod inbox;
mod openers;
mod process;
mod wheel;

pub use openers::{
    DroneStills, Has, MediaServer, Opener, Openers, Registered, StreamAddress, WhyNot, feed_key, feed_of,
};
pub use process::program;

use crate::{clock::wall_now, core::Core};
use gulang_city::{Feed, Refusal, SeatId};
use gulang_wire::{Adjustment, Body, ClockKind, FeedStatus, Motion, Wanted};
use house::{Act, House, Now};
use inbox::Inbox;
use process::{Heard, Process};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::{broadcast::error::RecvError, watch};

/// A platform that has not given an address after so long is asked again later; GB/T 28181 invites take seconds.
const OPEN_LIMIT: Duration = Duration::from_secs(20);
const STILL_LIMIT: Duration = Duration::from_secs(4);
const TICK: Duration = Duration::from_millis(250);
/// No tile shows more at once; a screen that asks for more gets the first.
const MAX_WANTED: usize = 64;

pub struct Eyes {
    pub openers: Arc<Openers>,
    house: Mutex<House>,
    /// Counted, so that what an earlier one says last does not end a later one.
    process: Mutex<(u64, Option<Process>)>,
    /// A hand per camera, whose newest motion is told, in order.
    hands: Mutex<BTreeMap<Feed, watch::Sender<Motion>>>,
    clips: clips::Clips,
    core: OnceLock<Weak<Core>>,
    started: Instant,
}

impl std::fmt::Debug for Eyes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Eyes").field("openers", &self.openers).finish_non_exhaustive()
    }
}

impl Default for Eyes {
    fn default() -> Self {
        Self {
            openers: Arc::default(),
            house: Mutex::default(),
            process: Mutex::new((0, None)),
            hands: Mutex::default(),
            clips: clips::Clips::default(),
            core: OnceLock::new(),
            started: Instant::now(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Eyes {
    /// Keeps time for the feeds and clips around what happens, for ever.
    pub async fn run(self: Arc<Self>, core: Arc<Core>) {
        let _ = self.core.set(Arc::downgrade(&core));
        lock(&self.house).simulated = core.simulated;
        let mut records = core.records();
        drop(core);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut n = 0u64;
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    n += 1;
                    let flying = if n.is_multiple_of(4) { self.flying() } else { Vec::new() };
                    let openers = self.openers.clone();
                    self.with(|house, now| {
                        if n.is_multiple_of(4) {
                            house.refresh(&|feed| openers.has(feed), now);
                        }
                        house.tick(now, &flying);
                        house.tell_changes();
                    });
                }
                some = records.recv() => match some {
                    Ok(some) => self.keep_around(&some),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }

    /// Ends the process; feeds asked for after begin another.
    pub fn stop(&self) {
        lock(&self.process).1 = None;
    }

    /// The process that looks, while there is one.
    pub fn pid(&self) -> Option<u32> {
        lock(&self.process).1.as_ref().and_then(|it| it.pid)
    }

    pub fn statuses(&self) -> Vec<FeedStatus> {
        lock(&self.house).statuses()
    }

    /// Pictures decoded since a feed's stream was opened.
    pub fn n_decoded(&self, feed: &Feed) -> Option<u64> {
        lock(&self.house).n_decoded(feed)
    }

    /// Streams opened since the hub started, each decoded once.
    pub fn n_opened(&self) -> u64 {
        lock(&self.house).n_opened
    }

    /// A screen's place; it leaves when this is dropped.
    pub fn join(self: &Arc<Self>) -> Watching {
        let inbox = Arc::new(Inbox::default());
        let id = self.with(|house, _| house.join(inbox.clone()));
        Watching { eyes: self.clone(), id, inbox }
    }

    fn core(&self) -> Option<Arc<Core>> {
        self.core.get()?.upgrade()
    }

    fn now(&self) -> Now {
        let frame = self.core().map(|it| it.clock.frame());
        let speed = match frame.map(|it| it.kind) {
            Some(ClockKind::Exercise { speed, .. } | ClockKind::Replay { speed, .. }) => speed,
            _ => 1.0,
        };
        let wall = wall_now();
        Now {
            ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            wall_ms: wall.0,
            at: frame.map_or(wall, |it| it.now),
            speed,
        }
    }

    /// Asks the house, then does what comes of it.
    fn with<T>(self: &Arc<Self>, ask: impl FnOnce(&mut House, Now) -> T) -> T {
        let now = self.now();
        let (answer, acts) = {
            let mut house = lock(&self.house);
            let answer = ask(&mut house, now);
            (answer, house.take_acts())
        };
        for act in acts {
            self.act(act);
        }
        answer
    }

    fn act(self: &Arc<Self>, act: Act) {
        match act {
            Act::Open { feed, ask, n_failures } => {
                let Some(opener) = self.openers.with(&feed, n_failures, |it| it.stream) else {
                    let why = WhyNot::passing("提供这路画面的连接器不在了", "检查连接器配置");
                    self.with(|house, now| house.opened(&feed, ask, Err(why), now));
                    return;
                };
                let eyes = self.clone();
                tokio::spawn(async move {
                    let answer = tokio::time::timeout(OPEN_LIMIT, opener.open(&feed)).await;
                    let answer = answer.unwrap_or_else(|_| {
                        let what = format!("{} 在 {} 秒内没有给出流地址", opener.name(), OPEN_LIMIT.as_secs());
                        Err(WhyNot::passing(what, "检查该视频平台和摄像机是否在线"))
                    });
                    eyes.with(|house, now| house.opened(&feed, ask, answer, now));
                });
            }
            Act::Release { feed } => {
                lock(&self.hands).remove(&feed);
                for opener in self.openers.all().into_iter().filter(|it| it.has(&feed).stream) {
                    let feed = feed.clone();
                    tokio::spawn(async move { opener.close(&feed).await });
                }
            }
            Act::AskStill { feed } => {
                let Some(opener) = self.openers.with(&feed, 0, |it| it.still) else { return };
                let eyes = self.clone();
                tokio::spawn(async move {
                    match tokio::time::timeout(STILL_LIMIT, opener.still(&feed)).await {
                        Ok(Ok(jpeg)) => eyes.with(|house, now| house.still(&feed, jpeg, now)),
                        Ok(Err(why)) => tracing::debug!(%why, ?feed, "no still"),
                        Err(_) => tracing::debug!(?feed, "no still in time"),
                    }
                });
            }
            Act::Tell(message) => {
                let told = self.tell(&message);
                if let Err(why) = told {
                    self.with(|house, now| house.eyes_gone(&why, now));
                }
            }
            Act::Turn { feed, motion } => self.turn(feed, motion),
            Act::Kept { clip, feed, secs, gaps } => self.clips.kept(clip, &feed, secs, gaps),
            Act::NotKept { clip, feed, why } => self.clips.not_kept(clip, &feed, &why),
        }
    }

    /// Starts the process where there is none.
    fn tell(self: &Arc<Self>, message: &gulang_video_link::ToEyes) -> Result<(), String> {
        let mut place = lock(&self.process);
        if place.1.is_none() {
            if !matches!(message, gulang_video_link::ToEyes::Open { .. }) {
                return Ok(());
            }
            place.0 += 1;
            let (eyes, n) = (Arc::downgrade(self), place.0);
            place.1 = Some(Process::start(move |heard| {
                if let Some(eyes) = eyes.upgrade() {
                    eyes.hear(n, heard);
                }
            })?);
        }
        if let Some(process) = &place.1 {
            process.tell(message);
        }
        Ok(())
    }

    fn hear(self: &Arc<Self>, process: u64, heard: Heard) {
        match heard {
            Heard::Picture(picture) => self.with(|house, now| house.picture(picture, now)),
            Heard::Said(said) => self.with(|house, now| house.heard(said, now)),
            Heard::Gone(why) => {
                {
                    let mut place = lock(&self.process);
                    if place.0 != process {
                        return;
                    }
                    place.1 = None;
                }
                self.with(|house, now| house.eyes_gone(&why, now));
            }
        }
    }

    /// One task per camera tells its platform the newest motion, each after the one before: a stop is never overtaken.
    fn turn(self: &Arc<Self>, feed: Feed, motion: Motion) {
        let mut hands = lock(&self.hands);
        if let Some(hand) = hands.get(&feed) {
            hand.send_replace(motion);
            return;
        }
        let (hand, mut moved) = watch::channel(motion);
        moved.mark_changed();
        hands.insert(feed.clone(), hand);
        let eyes = self.clone();
        tokio::spawn(async move {
            while moved.changed().await.is_ok() {
                let motion = *moved.borrow_and_update();
                let Some(opener) = eyes.openers.with(&feed, 0, |it| it.wheel) else { continue };
                let told = tokio::time::timeout(STILL_LIMIT, opener.steer(&feed, motion)).await;
                let why = match told {
                    Ok(Ok(())) => continue,
                    Ok(Err(why)) => why.to_string(),
                    Err(_) => format!("{} 没有按时应答云台指令", opener.name()),
                };
                eyes.with(|house, _| house.note(&feed, &format!("云台没有动：{why}")));
            }
        });
    }

    /// Asks those who give this picture for another quality or lens, until one does.
    async fn adjust(&self, feed: &Feed, to: &Adjustment) -> Result<(), WhyNot> {
        let mut refused = WhyNot::lasting("没有谁给这路画面", "先打开画面");
        for opener in self.openers.all().into_iter().filter(|it| it.has(feed).stream) {
            match tokio::time::timeout(OPEN_LIMIT, opener.adjust(feed, to)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(why)) => refused = why,
                Err(_) => refused = WhyNot::passing(format!("{} 没有按时应答", opener.name()), "稍后再试"),
            }
        }
        Err(refused)
    }

    /// Drones in the air.
    fn flying(&self) -> Vec<Feed> {
        let Some(core) = self.core() else { return Vec::new() };
        let city = core.city();
        let lane = core.lane();
        let is_up = |i: usize| lane.readings.drones.get(i).is_some_and(|fix| fix.mode != 0);
        city.drones.keys().enumerate().filter(|(i, _)| is_up(*i)).map(|(_, id)| Feed::Drone(id.clone())).collect()
    }
}

fn forbidden(why: String) -> Refusal {
    Refusal::Forbidden { why: why.into() }
}

/// One screen's place among the pictures.
pub struct Watching {
    eyes: Arc<Eyes>,
    id: u64,
    inbox: Arc<Inbox>,
}

impl Watching {
    /// What it shows from now on.
    pub fn want(&self, wanted: &[Wanted]) {
        let mut wanted: Vec<Wanted> = wanted.iter().take(MAX_WANTED).cloned().collect();
        let mut seen = std::collections::BTreeSet::new();
        wanted.retain(|it| seen.insert(it.feed.clone()));
        let openers = self.eyes.openers.clone();
        self.eyes.with(|house, now| {
            house.want(self.id, wanted, &|feed| openers.has(feed), now);
            house.tell_changes();
        });
    }

    /// The next picture or list of statuses.
    pub async fn next(&self) -> Body {
        self.inbox.next().await
    }

    pub fn steer(&self, seat: &SeatId, feed: &Feed, motion: Motion) -> Result<(), Refusal> {
        self.may_handle(seat, "转动摄像机")?;
        self.eyes.with(|house, now| house.steer(seat, feed, motion, now)).map_err(forbidden)
    }

    /// Asks for another quality or lens; the answer comes later, as words beside the picture.
    pub fn adjust(&self, seat: &SeatId, feed: Feed, to: Adjustment) -> Result<(), Refusal> {
        self.may_handle(seat, "调整画面")?;
        let eyes = self.eyes.clone();
        tokio::spawn(async move {
            let said = match eyes.adjust(&feed, &to).await {
                Ok(()) => String::new(),
                Err(why) => why.to_string(),
            };
            eyes.with(|house, _| house.note(&feed, &said));
        });
        Ok(())
    }

    /// Whoever may acknowledge an alarm works at a seat, and may turn a camera; who only looks may not.
    fn may_handle(&self, seat: &SeatId, what: &str) -> Result<(), Refusal> {
        let Some(core) = self.eyes.core() else { return Ok(()) };
        let city = core.city();
        let role = city.roles.role_of(seat);
        match role.may("acknowledge_alarm") {
            true => Ok(()),
            false => Err(forbidden(format!("席位「{seat}」的角色是「{}」，不能{what}", role.name))),
        }
    }

    pub fn let_go(&self, seat: &SeatId, feed: &Feed) {
        self.eyes.with(|house, _| house.let_go(seat, feed));
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.eyes.with(|house, now| house.leave(self.id, now));
    }
}
