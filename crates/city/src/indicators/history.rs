//! Figures kept at every full hour: what cannot be counted again is compared with these, and what is unusual is unusual
//! against these.
//!
//! **The rule for unusual.** The value at a full hour is held against the values at the same hour of up to
//! [`MAX_DAYS`] days before, at least [`MIN_DAYS`]. With their median `m` and the median absolute deviation `d` (not below
//! the indicator's floor, as the deviation of a quiet figure is nothing), the modified z-score is `0.6745 (x − m) / d`, and
//! beyond 3.5 either way the figure is unusual. Source: B. Iglewicz and D. C. Hoaglin, *How to Detect and Handle
//! Outliers*, ASQC 1993, where both numbers are given. It is judged at full hours only: in between a day's running count is
//! not comparable.
//!
//! **Known limit:** weekdays and holidays are not told apart.

use super::figure::{Anomaly, FigureKey};
use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

pub(crate) const HOUR_MS: i64 = 3_600_000;
/// Fewer days say nothing of what is usual.
pub const MIN_DAYS: usize = 5;
pub const MAX_DAYS: usize = 14;
/// Above this a modified z-score is unusual.
pub const MAX_SCORE: f64 = 3.5;
const SCORE_FACTOR: f64 = 0.6745;

/// Values at full hours, the last two weeks and a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Kept>", into = "Vec<Kept>")]
pub struct History {
    kept: BTreeMap<FigureKey, Hours>,
}

/// Hours since 1970, ascending, and what was kept of each.
type Hours = VecDeque<(i64, f64)>;
/// As it is written: JSON has no keys but words.
type Kept = (FigureKey, Hours);

impl From<Vec<Kept>> for History {
    fn from(kept: Vec<Kept>) -> Self {
        Self { kept: kept.into_iter().collect() }
    }
}

impl From<History> for Vec<Kept> {
    fn from(history: History) -> Self {
        history.kept.into_iter().collect()
    }
}

/// Hours since 1970, rounded down.
pub(crate) fn hour_of(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR_MS)
}

pub(crate) fn time_of_hour(hour: i64) -> Timestamp {
    Timestamp(hour.saturating_mul(HOUR_MS))
}

impl History {
    /// Later hours come later; an hour told twice keeps what it was told first.
    pub(crate) fn keep(&mut self, key: &FigureKey, hour: i64, value: f64) {
        if !self.kept.contains_key(key) {
            self.kept.insert(key.clone(), VecDeque::new());
        }
        let Some(kept) = self.kept.get_mut(key) else { return };
        if kept.back().is_none_or(|it| it.0 < hour) {
            kept.push_back((hour, value));
        }
        let oldest = hour - (MAX_DAYS as i64 + 1) * 24;
        while kept.front().is_some_and(|it| it.0 < oldest) {
            kept.pop_front();
        }
    }

    pub fn at_hour(&self, key: &FigureKey, hour: i64) -> Option<f64> {
        let kept = self.kept.get(key)?;
        let i = kept.binary_search_by_key(&hour, |it| it.0).ok()?;
        kept.get(i).map(|it| it.1)
    }

    /// Everything kept of a figure, each at its full hour, ascending.
    pub fn of(&self, key: &FigureKey) -> Vec<(Timestamp, f64)> {
        self.kept.get(key).into_iter().flatten().map(|it| (time_of_hour(it.0), it.1)).collect()
    }

    /// Whether the value kept at that hour is unlike the same hour before.
    pub(crate) fn anomaly(&self, key: &FigureKey, hour: i64, floor: f64) -> Option<Anomaly> {
        let value = self.at_hour(key, hour)?;
        let before = (1..=MAX_DAYS as i64).filter_map(|days| self.at_hour(key, hour - days * 24));
        let judged = judge(value, before.collect(), floor)?;
        Some(Anomaly { at: time_of_hour(hour), value, ..judged })
    }
}

/// The rule itself. `at` is the caller's to say.
fn judge(value: f64, mut before: Vec<f64>, floor: f64) -> Option<Anomaly> {
    if before.len() < MIN_DAYS {
        return None;
    }
    let median = median_of(&mut before)?;
    let mut deviations: Vec<f64> = before.iter().map(|it| (it - median).abs()).collect();
    let mad = median_of(&mut deviations)?;
    let score = SCORE_FACTOR * (value - median) / mad.max(floor);
    let n_days = before.len() as u32;
    (score.abs() > MAX_SCORE).then_some(Anomaly { at: Timestamp(0), value, median, mad, n_days, score })
}

fn median_of(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { (upper + *values.get(middle.checked_sub(1)?)?) / 2.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, before: &[f64], floor: f64, expected: Option<f64>) {
        let score = judge(value, before.to_vec(), floor).map(|it| (it.score * 100.0).round() / 100.0);
        assert_eq!(score, expected, "{value} after {before:?}");
    }

    #[test]
    fn what_is_kept_of_a_figure_comes_back_with_its_hours() {
        let key: FigureKey = "a@city".parse().expect("a key");
        let mut history = History::default();
        for (hour, value) in [(100, 1.0), (101, 2.0), (101, 9.0), (105, 3.0)] {
            history.keep(&key, hour, value);
        }
        let hours: Vec<(i64, f64)> = history.of(&key).into_iter().map(|it| (it.0.0 / HOUR_MS, it.1)).collect();
        assert_eq!(hours, [(100, 1.0), (101, 2.0), (105, 3.0)]);
        assert!(history.of(&"b@city".parse().expect("a key")).is_empty());
    }

    #[test]
    fn unusual_is_far_from_the_median_in_deviations() {
        check(160.0, &[100.0, 110.0, 90.0, 105.0, 95.0], 1.0, Some(8.09));
        check(40.0, &[100.0, 110.0, 90.0, 105.0, 95.0], 1.0, Some(-8.09));
        check(115.0, &[100.0, 110.0, 90.0, 105.0, 95.0], 1.0, None);
        // Four days say nothing.
        check(1e6, &[100.0, 110.0, 90.0, 105.0], 1.0, None);
        // A figure that never moved: the floor decides.
        check(3.0, &[0.0; 6], 1.0, None);
        check(6.0, &[0.0; 6], 1.0, Some(4.05));
        // One wild day moves neither median nor deviation.
        check(112.0, &[100.0, 110.0, 90.0, 105.0, 95.0, 9000.0], 1.0, None);
    }
}
