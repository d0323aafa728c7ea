//! The hub's clock: live, a scaled exercise, a replay, or stepped by hand in a drill at full speed.
//!
//! An exercise's anchor is kept in its folder, so that a hub started again goes on from the instant it had reached and does
//! not jump over the time it was down.

use crate::log::write_whole;
use gulang_city::Timestamp;
use gulang_wire::{Clock, ClockKind};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

#[derive(Debug)]
pub struct HubClock {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
enum Inner {
    Live(Onward),
    /// `ends`: a replay's, where it stands still.
    Scaled {
        anchor: Anchor,
        since: Instant,
        file: Option<PathBuf>,
        ends: Option<Timestamp>,
    },
}

/// At some instant it was `now`, and ran at `speed`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anchor {
    pub now: Timestamp,
    pub speed: f32,
    pub paused: bool,
}

/// The machine's clock, never backwards: while it is behind what was told, time goes on at half its pace until the machine
/// has caught up. So no record is older than the one before, and deadlines still pass.
#[derive(Debug)]
struct Onward {
    told: Timestamp,
    since: Instant,
}

impl Onward {
    fn at(&mut self, wall: Timestamp, now: Instant) -> Timestamp {
        let slowed = self.told + now.saturating_duration_since(self.since).as_millis() as i64 / 2;
        if wall < slowed {
            return slowed;
        }
        (self.told, self.since) = (wall, now);
        wall
    }

    fn now(&mut self) -> Timestamp {
        self.at(wall_now(), Instant::now())
    }
}

/// What the machine's clock says.
pub fn wall_now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_millis() as i64))
}

impl HubClock {
    pub fn live() -> Self {
        Self::live_after(Timestamp(0))
    }

    /// Live, and not before `told`, the last time in a log: the machine's clock may have gone back since.
    pub fn live_after(told: Timestamp) -> Self {
        Self { inner: Mutex::new(Inner::Live(Onward { told, since: Instant::now() })) }
    }

    /// An exercise's clock, kept in `file`. One already there is gone on with, but never before `not_before`.
    pub fn exercise(anchor: Anchor, file: Option<PathBuf>, not_before: Timestamp) -> Self {
        let mut anchor = file.as_deref().and_then(read_anchor).unwrap_or(anchor);
        anchor.now = anchor.now.max(not_before);
        let clock = Self { inner: Mutex::new(Inner::Scaled { anchor, since: Instant::now(), file, ends: None }) };
        clock.keep();
        clock
    }

    /// A replay's clock; it stands still at `ends`.
    pub fn replay(anchor: Anchor, ends: Timestamp) -> Self {
        Self { inner: Mutex::new(Inner::Scaled { anchor, since: Instant::now(), file: None, ends: Some(ends) }) }
    }

    pub fn now(&self) -> Timestamp {
        match &mut *self.lock() {
            Inner::Live(onward) => onward.now(),
            Inner::Scaled { anchor, since, ends, .. } => run_on(anchor, since, *ends),
        }
    }

    /// What every frame to a screen carries.
    pub fn frame(&self) -> Clock {
        let wall = wall_now();
        match &mut *self.lock() {
            Inner::Live(onward) => Clock { now: onward.now(), wall, kind: ClockKind::Live },
            Inner::Scaled { anchor, since, ends, .. } => {
                let (speed, paused) = (anchor.speed, anchor.paused);
                let kind = if ends.is_some() {
                    ClockKind::Replay { speed, paused }
                } else {
                    ClockKind::Exercise { speed, paused }
                };
                Clock { now: run_on(anchor, since, *ends), wall, kind }
            }
        }
    }

    /// Changes an exercise's or a replay's speed from now on; nothing for a live clock.
    pub fn set_speed(&self, speed: f32, paused: bool) {
        if let Inner::Scaled { anchor, since, ends, .. } = &mut *self.lock() {
            let speed = if speed.is_finite() { speed.clamp(0.1, 3600.0) } else { 1.0 };
            *anchor = Anchor { now: run_on(anchor, since, *ends), speed, paused };
            *since = Instant::now();
        }
        self.keep();
    }

    /// Takes an exercise's clock ahead to `to`; never back, because what happened has happened. Nothing for a live clock.
    pub fn jump(&self, to: Timestamp) {
        if let Inner::Scaled { anchor, since, ends, .. } = &mut *self.lock() {
            anchor.now = run_on(anchor, since, *ends).max(to);
            *since = Instant::now();
        }
        self.keep();
    }

    /// Takes a replay's clock to `to`, ahead or back. Nothing for the others: what happens there happens once.
    pub fn seek(&self, to: Timestamp) {
        if let Inner::Scaled { anchor, since, ends: Some(ends), .. } = &mut *self.lock() {
            anchor.now = to.min(*ends);
            *since = Instant::now();
        }
    }

    /// The anchor as of now; `None` for a live clock.
    pub fn anchor(&self) -> Option<Anchor> {
        match &*self.lock() {
            Inner::Live(_) => None,
            Inner::Scaled { anchor, since, ends, .. } => Some(Anchor { now: run_on(anchor, since, *ends), ..*anchor }),
        }
    }

    /// Writes the anchor down; called on every change and about once a second.
    pub fn keep(&self) {
        let Some(anchor) = self.anchor() else { return };
        let file = match &*self.lock() {
            Inner::Scaled { file: Some(file), .. } => file.clone(),
            _ => return,
        };
        if let Ok(text) = serde_json::to_string(&anchor)
            && let Err(error) = write_whole(&file, &text)
        {
            tracing::warn!(%error, "the exercise clock could not be kept");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn run_on(anchor: &Anchor, since: &Instant, ends: Option<Timestamp>) -> Timestamp {
    if anchor.paused {
        return anchor.now;
    }
    let now = Timestamp(anchor.now.0 + (since.elapsed().as_secs_f64() * 1000.0 * f64::from(anchor.speed)) as i64);
    ends.map_or(now, |ends| now.min(ends))
}

fn read_anchor(file: &Path) -> Option<Anchor> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_machine_clock_that_steps_back_neither_turns_time_around_nor_stops_it() {
        let start = Instant::now();
        let mut onward = Onward { told: Timestamp(1_000_000), since: start };
        let mut at =
            |wall: i64, elapsed_ms: u64| onward.at(Timestamp(wall), start + Duration::from_millis(elapsed_ms)).0;
        assert_eq!(at(1_000_500, 500), 1_000_500);
        // A minute back: on at half pace, whoever asks how often.
        assert_eq!([at(941_500, 1_500), at(942_500, 2_500), at(942_501, 2_501)], [1_001_000, 1_001_500, 1_001_500]);
        assert_eq!(at(1_060_500, 120_500), 1_060_500, "caught up after two");
        assert_eq!(at(1_061_500, 121_500), 1_061_500);
    }

    #[test]
    fn an_exercise_clock_goes_on_where_it_stopped() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("clock.json");
        let start = Anchor { now: Timestamp(1_000), speed: 60.0, paused: true };
        let clock = HubClock::exercise(start, Some(file.clone()), Timestamp(5_000));
        assert_eq!(clock.now(), Timestamp(5_000));
        clock.set_speed(10.0, true);
        clock.jump(Timestamp(4_000));
        assert_eq!(clock.now(), Timestamp(5_000), "never back");
        clock.jump(Timestamp(9_000));
        drop(clock);
        let again = HubClock::exercise(start, Some(file), Timestamp(0));
        assert_eq!(again.anchor(), Some(Anchor { now: Timestamp(9_000), speed: 10.0, paused: true }));
        again.seek(Timestamp(2_000));
        assert_eq!(again.now(), Timestamp(9_000), "what happens in an exercise happens once");
        Ok(())
    }

    #[test]
    fn a_replay_clock_goes_back_and_stands_still_at_its_end() {
        let clock = HubClock::replay(Anchor { now: Timestamp(1_000), speed: 60.0, paused: true }, Timestamp(5_000));
        clock.seek(Timestamp(4_000));
        clock.seek(Timestamp(2_000));
        assert_eq!(clock.now(), Timestamp(2_000));
        clock.seek(Timestamp(9_000));
        clock.set_speed(3600.0, false);
        assert_eq!(clock.now(), Timestamp(5_000));
        assert!(matches!(clock.frame().kind, ClockKind::Replay { paused: false, .. }));
    }
}
