//! How often a seat may ask, and when a failing endpoint is left alone.

use gulang_city::SeatId;
use std::collections::{BTreeMap, VecDeque};

/// Questions of one seat a minute.
const A_MINUTE: usize = 20;
const MINUTE_MS: i64 = 60_000;
/// Seats remembered; more than any hall has.
const MAX_SEATS: usize = 1000;
/// So many failures one after another open the breaker.
const FAILURES: u32 = 3;
/// How long it stays open, ms: doubles up to the last.
const OPEN_MS: (i64, i64) = (30_000, 600_000);

/// Who asked when, in the last minute.
#[derive(Debug, Default)]
pub(super) struct Pace {
    asked: BTreeMap<SeatId, VecDeque<i64>>,
}

impl Pace {
    /// Counts a question; `false` if it is one too many.
    pub fn admits(&mut self, seat: &SeatId, now_ms: i64) -> bool {
        self.asked.retain(|_, times| {
            // A clock that was set back forgets.
            times.retain(|it| (0..MINUTE_MS).contains(&(now_ms - it)));
            !times.is_empty()
        });
        if self.asked.len() >= MAX_SEATS && !self.asked.contains_key(seat) {
            return false;
        }
        let times = self.asked.entry(seat.clone()).or_default();
        let is_admitted = times.len() < A_MINUTE;
        if is_admitted {
            times.push_back(now_ms);
        }
        is_admitted
    }
}

#[derive(Debug, Default)]
pub(super) struct Breaker {
    n_failures: u32,
    open_until_ms: i64,
}

impl Breaker {
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub fn failed(&mut self, now_ms: i64) {
        self.n_failures = self.n_failures.saturating_add(1);
        if self.n_failures >= FAILURES {
            let doubled = OPEN_MS.0.saturating_mul(1 << (self.n_failures - FAILURES).min(10));
            self.open_until_ms = now_ms + doubled.min(OPEN_MS.1);
        }
    }

    /// Why it is left alone, while it is.
    pub fn why_not(&self, now_ms: i64) -> Option<String> {
        let left_ms = self.open_until_ms - now_ms;
        // A clock that was set back does not keep it shut for ever.
        ((1..=OPEN_MS.1).contains(&left_ms))
            .then(|| format!("大模型连续 {} 次没有答成，{} 秒后再试", self.n_failures, left_ms / 1000 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_held_back_and_the_others_are_not() {
        let mut pace = Pace::default();
        let n = (0..50).filter(|i| pace.admits(&"甲".into(), 1000 + i)).count();
        assert_eq!(n, A_MINUTE);
        assert!(pace.admits(&"乙".into(), 1100));
        assert!(pace.admits(&"甲".into(), 1000 + MINUTE_MS + 50));
        assert!(pace.admits(&"甲".into(), 5), "the clock was set back");
    }

    #[test]
    fn a_failing_endpoint_is_left_alone_ever_longer_and_tried_again() {
        let mut breaker = Breaker::default();
        (0..2).for_each(|_| breaker.failed(0));
        assert_eq!(breaker.why_not(1), None);
        breaker.failed(0);
        assert!(breaker.why_not(29_999).is_some() && breaker.why_not(30_000).is_none());
        breaker.failed(30_000);
        assert!(breaker.why_not(80_000).is_some());
        (0..50).for_each(|_| breaker.failed(100_000));
        assert!(breaker.why_not(699_999).is_some() && breaker.why_not(700_000).is_none());
        breaker.succeeded();
        assert_eq!(breaker.why_not(100_001), None);
    }
}
