//! The rows beneath one figure, summed so that any of them can be taken back.
//!
//! Sums are whole millionths in 128 bits: adding and taking away in any order gives the same figure to the last bit, which
//! floating point would not.

use super::definition::Function;
use crate::Timestamp;
use std::{collections::BTreeMap, ops::Bound};

const PER_UNIT: f64 = 1e6;
/// Beyond this a figure is a mistake; it counts as this.
const MAX_UNITS: f64 = 1e12;

/// What is known of the rows that count, in one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) n: u64,
    pub(crate) n_estimates: u64,
    sum_millionths: i128,
    /// Each value, how often; kept only where an order is asked for.
    ranked: BTreeMap<i64, u32>,
    /// When each row was heard, how many then; kept only of rows that are heard one by one.
    heard: BTreeMap<Timestamp, u32>,
    /// When a row of a past that was already told was added, taken away or changed.
    pub(crate) corrected_at: Option<Timestamp>,
}

/// One row's part in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Share {
    pub(crate) millionths: i64,
    pub(crate) is_estimate: bool,
    /// When it was heard, of rows that are heard one by one.
    pub(crate) heard: Option<Timestamp>,
    pub(crate) is_ranked: bool,
}

impl Share {
    /// None if the value is no number.
    pub(crate) fn millionths(value: f64) -> Option<i64> {
        value.is_finite().then(|| (value.clamp(-MAX_UNITS, MAX_UNITS) * PER_UNIT).round() as i64)
    }
}

impl Tally {
    pub(crate) fn add(&mut self, share: Share) {
        self.n += 1;
        self.n_estimates += u64::from(share.is_estimate);
        self.sum_millionths += i128::from(share.millionths);
        if share.is_ranked {
            *self.ranked.entry(share.millionths).or_default() += 1;
        }
        if let Some(heard) = share.heard {
            *self.heard.entry(heard).or_default() += 1;
        }
    }

    pub(crate) fn take(&mut self, share: Share) {
        self.n = self.n.saturating_sub(1);
        self.n_estimates = self.n_estimates.saturating_sub(u64::from(share.is_estimate));
        self.sum_millionths -= i128::from(share.millionths);
        if share.is_ranked {
            one_less(&mut self.ranked, share.millionths);
        }
        if let Some(heard) = share.heard {
            one_less(&mut self.heard, heard);
        }
    }

    /// The same rows, counted in parts.
    pub(crate) fn merge(&mut self, part: Self) {
        self.n += part.n;
        self.n_estimates += part.n_estimates;
        self.sum_millionths += part.sum_millionths;
        for (value, n) in part.ranked {
            *self.ranked.entry(value).or_default() += n;
        }
        for (at, n) in part.heard {
            *self.heard.entry(at).or_default() += n;
        }
        self.corrected_at = self.corrected_at.max(part.corrected_at);
    }

    /// The newest heard of, not counting clocks that run ahead of `latest`.
    pub(crate) fn last_heard(&self, latest: Timestamp) -> Option<Timestamp> {
        self.heard.range(..=latest).next_back().map(|it| *it.0)
    }

    /// The first of those that run ahead.
    pub(crate) fn next_heard(&self, latest: Timestamp) -> Option<Timestamp> {
        self.heard.range((Bound::Excluded(latest), Bound::Unbounded)).next().map(|it| *it.0)
    }

    /// None of no rows, unless they are counted or added up.
    pub(crate) fn value(&self, function: Function) -> Option<f64> {
        let units = |millionths: &i64| *millionths as f64 / PER_UNIT;
        match function {
            Function::Count => Some(self.n as f64),
            Function::Sum => Some(self.sum_millionths as f64 / PER_UNIT),
            Function::Mean => (self.n > 0).then(|| self.sum_millionths as f64 / PER_UNIT / self.n as f64),
            Function::Min => self.ranked.keys().next().map(units),
            Function::Max => self.ranked.keys().next_back().map(units),
            Function::Quantile(share) => self.at_rank(nearest_rank(share, self.n)).map(|it| units(&it)),
        }
    }

    fn at_rank(&self, rank: u64) -> Option<i64> {
        let mut n = 0;
        let reached = |(_, times): &(&i64, &u32)| {
            n += u64::from(**times);
            n >= rank
        };
        self.ranked.iter().find(reached).map(|it| *it.0)
    }
}

/// The nearest-rank rule, from 1: a quantile is always a value that was read.
fn nearest_rank(share: f64, n: u64) -> u64 {
    ((share * n as f64).ceil() as u64).clamp(1, n.max(1))
}

fn one_less<K: Ord>(of: &mut BTreeMap<K, u32>, key: K) {
    if let std::collections::btree_map::Entry::Occupied(mut it) = of.entry(key) {
        *it.get_mut() -= 1;
        if *it.get() == 0 {
            it.remove();
        }
    }
}
