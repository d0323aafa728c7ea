//! The simulated city's clock: the wall's, a scaled one the hub can set, or one that moves only when told.

use gulang_city::Timestamp;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// With the wall clock.
    Live,
    /// So many times as fast.
    Scaled(f64),
    /// Only by `POST /sim/advance`.
    Lockstep,
}

pub(crate) struct Clock {
    pub(crate) kind: Speed,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    /// The simulated instant at `since`.
    base: Timestamp,
    since: Instant,
    speed: f64,
    paused: bool,
}

/// What `GET /sim/clock` tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) now: Timestamp,
    pub(crate) speed: f64,
    pub(crate) paused: bool,
}

impl Clock {
    pub(crate) fn new(kind: Speed, start: Timestamp) -> Self {
        let speed = match kind {
            Speed::Live => 1.0,
            Speed::Scaled(speed) => speed,
            Speed::Lockstep => 0.0,
        };
        Self { kind, state: Mutex::new(State { base: start, since: Instant::now(), speed, paused: false }) }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.read().now
    }

    pub(crate) fn read(&self) -> Reading {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match self.kind {
            Speed::Live => wall(),
            Speed::Lockstep => state.base,
            Speed::Scaled(_) if state.paused => state.base,
            Speed::Scaled(_) => state.base + (state.since.elapsed().as_secs_f64() * state.speed * 1000.0) as i64,
        };
        Reading { now, speed: state.speed, paused: state.paused }
    }

    /// Sets a scaled clock; whatever is not given stays as it is. `false`: this clock cannot be set.
    pub(crate) fn set(&self, now: Option<Timestamp>, speed: Option<f64>, paused: Option<bool>) -> bool {
        if !matches!(self.kind, Speed::Scaled(_)) {
            return false;
        }
        let present = self.read();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State {
            base: now.unwrap_or(present.now),
            since: Instant::now(),
            speed: speed.filter(|s| s.is_finite() && *s > 0.0).unwrap_or(present.speed),
            paused: paused.unwrap_or(present.paused),
        };
        true
    }

    /// Moves a lockstep clock; time never goes back.
    pub(crate) fn advance(&self, to: Timestamp) -> Timestamp {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.base = state.base.max(to);
        state.base
    }
}

/// The computer's own time; before 1970 it reads as 1970.
pub(crate) fn wall() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
