//! A log open before the hall: its city as of one clock, which runs, stands and goes back.
//!
//! A thread of its own follows the clock: it applies the records the clock has passed, reads back what was read then, and
//! tells the screens. A seek ends the channel screens listen to, so that each joins again and gets the city as it was then:
//! many seeks cost a slow screen one snapshot, and none is ever held in memory.
//!
//! **Invariant:** it only reads. It holds no [`crate::core::Core`], no log that can be written, no outbox and no connector; the
//! one file it writes is `bookmarks.json`, which is no evidence.

use crate::{
    bookmarks::Bookmarks,
    clock::{Anchor, HubClock},
    core::framed,
    log::LogError,
    logs::LogEntry,
    past_readings::PastReadings,
    review::{Telling, reference_of},
    tape::{Cursor, Tape, TapeError, stretch_of},
};
use bytes::Bytes;
use gulang_city::{Applied, City, Readings, Timestamp, review::Review, score::ScoreSheet};
use gulang_wire::{Body, encode};
use std::{
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::broadcast;

/// How often it looks at its clock.
const TURN: Duration = Duration::from_millis(200);
/// Turns between two beats.
const TURNS_PER_BEAT: u64 = 4;
const RECORDS_PER_FRAME: usize = 2000;
/// Frames a screen may fall behind before it gets a fresh snapshot instead.
const FRAMES_BEHIND: usize = 64;
/// What was read longer before a moment is not shown as known at it.
const READINGS_BACK_MS: i64 = 15 * 60_000;
/// A playback opens standing, to run at this speed.
const FIRST_SPEED: f32 = 60.0;

/// A stretch of a log, shown to the hall.
pub struct Past {
    pub about: LogEntry,
    /// All it shows came from the simulated city.
    pub simulated: bool,
    pub review: Review,
    pub score: ScoreSheet,
    pub bookmarks: Bookmarks,
    tape: Tape,
    clock: HubClock,
    state: RwLock<State>,
    wishes: Arc<Wishes>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct State {
    city: City,
    readings: Readings,
    frames: broadcast::Sender<Bytes>,
}

/// What its thread works with.
struct Player {
    cursor: Cursor,
    recorded: PastReadings,
    readings: Readings,
    /// Readings are taken up to here.
    read_to: Timestamp,
    n_turns: u64,
}

impl Past {
    /// Opens the log in `dir` from `from` to `to`, standing at its beginning. Reads all of the log up to there: for threads that
    /// may wait.
    pub fn open(
        about: LogEntry,
        dir: &Path,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
        scenarios: Option<&Path>,
        simulated: bool,
    ) -> Result<Arc<Self>, TapeError> {
        let (from, to) = stretch_of(dir, from, to)?;
        let mut telling = Telling::new(Some(from), Some(to));
        let (tape, last) = Tape::wind(dir, (from, to), &mut |record, city| {
            telling.note(record, city);
        })?;
        let (mut review, score) = telling.end(&last, &reference_of(&last, scenarios));
        review.to = tape.to;
        let (city, cursor) = tape.seek(tape.from)?;
        let mut player = Player {
            cursor,
            recorded: PastReadings::of_log(dir),
            readings: Readings::default(),
            read_to: tape.from,
            n_turns: 0,
        };
        player.read_back(&city, tape.from);
        let anchor = Anchor { now: tape.from, speed: FIRST_SPEED, paused: true };
        let readings = player.readings.clone();
        let past = Arc::new(Self {
            about,
            simulated,
            review,
            score,
            bookmarks: Bookmarks::beside(dir),
            clock: HubClock::replay(anchor, tape.to),
            tape,
            state: RwLock::new(State { city, readings, frames: broadcast::channel(FRAMES_BEHIND).0 }),
            wishes: Arc::default(),
            thread: Mutex::default(),
        });
        let (wishes, weak) = (past.wishes.clone(), Arc::downgrade(&past));
        let thread = std::thread::Builder::new().name("playback".into()).spawn(move || follow(&wishes, &weak, player));
        let thread = thread.map_err(|source| LogError::Io { path: dir.to_owned(), source })?;
        *past.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(past)
    }

    /// The stretch, on the log's clock.
    pub fn stretch(&self) -> (Timestamp, Timestamp) {
        (self.tape.from, self.tape.to)
    }

    pub fn n_records(&self) -> u64 {
        self.tape.n_records
    }

    /// Why it ends before the log does; none if every record fits the chain.
    pub fn problem(&self) -> Option<&str> {
        self.tape.problem.as_deref()
    }

    /// The city at a moment, held within the stretch; the last one asked for wins.
    pub fn seek(&self, to: Timestamp) {
        self.wishes.add(|it| it.seek = Some(to));
    }

    pub fn set_speed(&self, speed: f32, paused: bool) {
        self.wishes.add(|it| it.speed = Some((speed, paused)));
    }

    /// Ends its thread; blocks until it has.
    pub fn close(&self) {
        self.wishes.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|it| it.join().is_err()) {
            tracing::error!("the playback fell");
        }
    }

    /// A frame with this realm and clock on it.
    pub fn frame(&self, body: Body) -> Bytes {
        framed(self.about.realm, &self.clock, body)
    }

    /// The frames from now on, and everything as of now; nothing falls between.
    pub fn join(&self) -> (broadcast::Receiver<Bytes>, Bytes) {
        let state = self.read();
        let frames = state.frames.subscribe();
        let (city, readings) = (state.city.to_bytes().unwrap_or_default(), encode(&state.readings).unwrap_or_default());
        (frames, self.frame(Body::Snapshot { city, readings }))
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// One look at the clock, and at what is wished.
    fn turn(&self, wish: Wish, player: &mut Player) -> Result<(), LogError> {
        player.n_turns += 1;
        let is_told = wish != Wish::default() || player.n_turns.is_multiple_of(TURNS_PER_BEAT);
        if let Some(to) = wish.seek {
            self.go_to(to, player)?;
        }
        if let Some((speed, paused)) = wish.speed {
            self.clock.set_speed(speed, paused);
        }
        self.play(player)?;
        if is_told {
            self.publish(&self.read(), Body::Beat);
        }
        Ok(())
    }

    fn go_to(&self, to: Timestamp, player: &mut Player) -> Result<(), LogError> {
        let to = to.clamp(self.tape.from, self.tape.to);
        let (city, cursor) = self.tape.seek(to)?;
        player.cursor = cursor;
        player.read_back(&city, to);
        let mut state = self.write();
        self.clock.seek(to);
        // Whoever listened to the old channel takes what is left in it, and joins again.
        *state = State { city, readings: player.readings.clone(), frames: broadcast::channel(FRAMES_BEHIND).0 };
        Ok(())
    }

    fn play(&self, player: &mut Player) -> Result<(), LogError> {
        let now = self.clock.now();
        loop {
            let records = self.tape.next(&mut player.cursor, now, RECORDS_PER_FRAME)?;
            if records.is_empty() {
                break;
            }
            let mut state = self.write();
            for record in &records {
                let applied = state.city.apply(record);
                debug_assert_eq!(applied, Applied::Advanced);
            }
            player.readings.grow_to(&state.city);
            let room = &mut *state;
            room.readings.grow_to(&room.city);
            self.publish(&state, Body::Records(records));
        }
        if now > player.read_to {
            let columns = player.recorded.take(player.read_to, now, &mut player.readings);
            player.read_to = now;
            if let Some(columns) = columns {
                let mut state = self.write();
                state.readings.clone_from(&player.readings);
                self.publish(&state, Body::Columns(columns));
            }
        }
        if now >= self.tape.to
            && let Some(Anchor { speed, paused: false, .. }) = self.clock.anchor()
        {
            self.clock.set_speed(speed, true);
            self.publish(&self.read(), Body::Beat);
        }
        Ok(())
    }

    /// With the state held, so that whoever joins has either seen a frame's news or gets the frame.
    fn publish(&self, state: &State, body: Body) {
        if state.frames.receiver_count() > 0 {
            let _ = state.frames.send(self.frame(body));
        }
    }

    /// Stands still where the city is, when the log cannot be read on.
    fn stand_still(&self) {
        let at = self.read().city.at;
        self.clock.seek(at.clamp(self.tape.from, self.tape.to));
        if let Some(Anchor { speed, .. }) = self.clock.anchor() {
            self.clock.set_speed(speed, true);
        }
    }
}

impl Player {
    /// What had last been read by a moment.
    fn read_back(&mut self, city: &City, to: Timestamp) {
        self.readings = Readings::for_city(city);
        let _ = self.recorded.take(Timestamp(to.0.saturating_sub(READINGS_BACK_MS)), to, &mut self.readings);
        self.read_to = to;
    }
}

/// The thread. It ends when it is told to, or when nobody has the playback any more.
fn follow(wishes: &Wishes, past: &Weak<Past>, mut player: Player) {
    let mut is_stuck = false;
    while let Some(wish) = wishes.next() {
        let Some(past) = past.upgrade() else { return };
        // It is tried again when somebody wishes something.
        if is_stuck && wish == Wish::default() {
            past.publish(&past.read(), Body::Beat);
            continue;
        }
        let turned = past.turn(wish, &mut player);
        is_stuck = turned.is_err();
        if let Err(error) = turned {
            tracing::error!(%error, log = %past.about.id, "the playback stands still: its log cannot be read");
            past.stand_still();
        }
    }
}

/// What the hall wishes of the thread. Only the newest of a kind counts, so a dragged slider queues nothing.
#[derive(Default)]
struct Wishes {
    wish: Mutex<Wish>,
    wake: Condvar,
    is_closed: AtomicBool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Wish {
    seek: Option<Timestamp>,
    speed: Option<(f32, bool)>,
}

impl Wishes {
    fn add(&self, wish: impl FnOnce(&mut Wish)) {
        wish(&mut self.lock());
        self.wake.notify_one();
    }

    fn close(&self) {
        // Under the lock, so that it does not fall between the thread's look and its sleep.
        let held = self.lock();
        self.is_closed.store(true, Relaxed);
        drop(held);
        self.wake.notify_one();
    }

    /// What is wished, or nothing after a while; none when it is over.
    fn next(&self) -> Option<Wish> {
        let is_quiet = |wish: &mut Wish| *wish == Wish::default() && !self.is_closed.load(Relaxed);
        let waited = self.wake.wait_timeout_while(self.lock(), TURN, is_quiet);
        let (mut wish, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (!self.is_closed.load(Relaxed)).then(|| std::mem::take(&mut *wish))
    }

    fn lock(&self) -> MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
