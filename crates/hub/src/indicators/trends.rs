//! How figures went: a value of each every five minutes of the realm's clock, for a day.
//!
//! **Invariant:** a moment nobody counted is missing, never bridged: [`Trends::of`] gives only what was seen.

use gulang_city::{
    Timestamp,
    indicators::{Engine, FigureKey},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

pub const STEP_MS: i64 = 300_000;
/// A day of them.
pub const MAX_POINTS: usize = 288;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Trends {
    /// Ascending.
    at: VecDeque<Timestamp>,
    /// As many as `at`; none where there was no figure.
    values: BTreeMap<FigureKey, VecDeque<Option<f32>>>,
}

/// As it is written: JSON has no keys but words.
#[derive(Serialize, Deserialize)]
struct Written {
    at: VecDeque<Timestamp>,
    values: Vec<(FigureKey, VecDeque<Option<f32>>)>,
}

impl From<Written> for Trends {
    fn from(written: Written) -> Self {
        let n = written.at.len();
        let values = written.values.into_iter().filter(|(_, it)| it.len() == n).collect();
        Self { at: written.at, values }
    }
}

impl From<Trends> for Written {
    fn from(trends: Trends) -> Self {
        Self { at: trends.at, values: trends.values.into_iter().collect() }
    }
}

impl Trends {
    /// Takes every figure's value, if it is time to. A clock that was set back begins anew.
    pub fn sample(&mut self, engine: &Engine) {
        let now = engine.now();
        if self.at.back().is_some_and(|it| now < *it) {
            *self = Self::default();
        }
        if self.at.back().is_some_and(|it| now.since_ms(*it) < STEP_MS) {
            return;
        }
        let n = self.at.len();
        self.at.push_back(now);
        for values in self.values.values_mut() {
            values.push_back(None);
        }
        for figure in engine.figures() {
            let Some(value) = figure.value.filter(|_| !figure.is_stale) else { continue };
            let values = self.values.entry(figure.key).or_insert_with(|| vec![None; n + 1].into());
            if let Some(last) = values.back_mut() {
                *last = Some(value as f32);
            }
        }
        if self.at.len() > MAX_POINTS {
            self.at.pop_front();
            for values in self.values.values_mut() {
                values.pop_front();
            }
            self.values.retain(|_, it| it.iter().any(Option::is_some));
        }
    }

    /// What was seen of one figure, ascending.
    pub fn of(&self, key: &FigureKey) -> Vec<(Timestamp, f32)> {
        let values = self.values.get(key).into_iter().flatten();
        self.at.iter().zip(values).filter_map(|(at, value)| Some((*at, (*value)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{City, Readings, Realm, TINY_INDICATORS, indicators::Definitions, tiny_pack};

    fn engine(now: Timestamp) -> Engine {
        let city = City::found(&tiny_pack(), Realm::Actual);
        let definitions = Definitions::parse("test.toml", TINY_INDICATORS).expect("good definitions");
        Engine::new(definitions, &city, &Readings::for_city(&city), now)
    }

    #[test]
    fn a_day_is_kept_at_every_step_and_no_more() {
        let start = Timestamp(1_790_000_000_000);
        let mut engine = engine(start);
        let key = engine.figures().next().expect("a figure").key;
        let mut trends = Trends::default();
        for minute in 0..1500 {
            engine.advance(start.plus_mins(minute));
            trends.sample(&engine);
        }
        let points = trends.of(&key);
        assert_eq!(points.len(), MAX_POINTS);
        assert!(points.windows(2).all(|it| it[1].0.since_ms(it[0].0) == STEP_MS));
        let written = serde_json::to_string(&trends).expect("it is JSON");
        let read: Trends = serde_json::from_str(&written).expect("and comes back");
        assert_eq!(read.of(&key), points);
    }
}
