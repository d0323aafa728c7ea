//! What gauges read a while ago: the last two hours, one reading to five minutes. Latest wins in [`crate::Readings`]; this
//! remembers enough to say what rose.

use crate::Timestamp;
use std::collections::VecDeque;

/// Remembered so long, ms.
pub const PAST_MS: i64 = 2 * 3_600_000;
/// One reading of each slot is kept, the first, ms.
pub const SLOT_MS: i64 = 5 * 60_000;
/// A reading this much older than asked for still stands for it, ms.
const SLACK_MS: i64 = 2 * SLOT_MS;

/// By handle, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GaugePast {
    gauges: Vec<VecDeque<(Timestamp, f32)>>,
}

impl GaugePast {
    /// Takes a reading that was newer than the one before.
    pub fn note(&mut self, handle: u32, value: f32, at: Timestamp) {
        let i = handle as usize;
        if i >= self.gauges.len() {
            self.gauges.resize_with(i + 1, VecDeque::new);
        }
        let Some(past) = self.gauges.get_mut(i) else { return };
        let slot = |at: Timestamp| at.0.div_euclid(SLOT_MS);
        if past.back().is_some_and(|(last, _)| slot(*last) >= slot(at)) {
            return;
        }
        past.push_back((at, value));
        while past.front().is_some_and(|(first, _)| at.since_ms(*first) > PAST_MS + SLOT_MS) {
            past.pop_front();
        }
    }

    /// What a gauge read about `mins` before `at`; where that is not known, its oldest reading since then, if that is ten
    /// minutes old at least. Say how long ago it was.
    pub fn before(&self, handle: usize, at: Timestamp, mins: u32) -> Option<(f32, Timestamp)> {
        let past = self.gauges.get(handle)?;
        let wanted = at.plus_mins(-i64::from(mins));
        let is_long_ago = |it: &&(Timestamp, f32)| it.0 <= wanted && wanted.since_ms(it.0) <= SLACK_MS;
        let oldest_since = |it: &&(Timestamp, f32)| it.0 > wanted && at.since_ms(it.0) >= SLACK_MS;
        let found = past.iter().rev().find(is_long_ago).or_else(|| past.iter().find(oldest_since));
        found.map(|(at, value)| (*value, *at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_ago_is_found_and_a_young_hub_says_how_far_it_remembers() {
        let mut past = GaugePast::default();
        let t = |mins: i64| Timestamp(1_690_423_200_000).plus_mins(mins);
        for mins in 0..=180 {
            past.note(3, mins as f32, t(mins));
        }
        assert_eq!(past.before(3, t(180), 60), Some((120.0, t(120))));
        assert!(past.gauges[3].len() <= 27, "{}", past.gauges[3].len());
        assert_eq!(past.before(0, t(180), 60), None);
        let mut young = GaugePast::default();
        young.note(0, 1.0, t(0));
        young.note(0, 2.0, t(1));
        assert_eq!(young.before(0, t(9), 60), None, "nine minutes tell nothing");
        assert_eq!(young.before(0, t(25), 60), Some((1.0, t(0))), "the first of its slot");
        young.note(0, 5.0, t(-20));
        assert_eq!(young.before(0, t(25), 60), Some((1.0, t(0))), "what came late is not put before");
    }
}
