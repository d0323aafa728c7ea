//! Tallies into figures: the arithmetic, and everything that can keep a figure from being one.
//!
//! Must not know: rows, or how tallies came to be.

use super::{
    definition::{Compare, Definition, Empty, MissingPart},
    figure::{Comparison, Figure, FigureKey, WhyNone},
    history::{History, hour_of, time_of_hour},
    plan::{FigurePlan, KnownBy, Node, OriginOf, WeightedNode},
    table::Table,
    tally::Tally,
    window::{AHEAD_MS, later, moment_of},
};
use crate::{PlatformId, Timestamp};
use std::collections::BTreeMap;

/// All a figure depends on.
pub(crate) struct Ground<'a> {
    pub(crate) tallies: &'a [Tally],
    /// When each platform was last heard.
    pub(crate) heard: &'a BTreeMap<PlatformId, Timestamp>,
    pub(crate) history: &'a History,
    /// The day of the first row of each table.
    pub(crate) began: &'a BTreeMap<Table, Timestamp>,
    pub(crate) now: Timestamp,
}

/// A figure, and when it will look otherwise though nothing happens.
pub(crate) struct Evaluated {
    pub(crate) figure: Figure,
    pub(crate) wake: Option<Timestamp>,
}

/// What a formula gave.
#[derive(Default)]
struct Outcome {
    value: Option<f64>,
    why_none: Option<WhyNone>,
    n: u64,
    is_estimate: bool,
    corrected_at: Option<Timestamp>,
    numerator: Option<f64>,
    denominator: Option<f64>,
    wake: Option<Timestamp>,
}

impl Outcome {
    fn none(why: WhyNone) -> Self {
        Self { why_none: Some(why), ..Self::default() }
    }

    /// Takes over what is said beside the value.
    fn beside(mut self, part: &Self) -> Self {
        self.is_estimate |= part.is_estimate;
        self.corrected_at = self.corrected_at.max(part.corrected_at);
        self.wake = sooner(self.wake, part.wake);
        self
    }

    /// No infinity and no NaN ever leaves.
    fn checked(mut self) -> Self {
        if self.value.is_some_and(|it| !it.is_finite()) {
            self.value = None;
            self.why_none = Some(WhyNone::NoNumber);
        }
        self
    }
}

impl Ground<'_> {
    pub(crate) fn figure(&self, plan: &FigurePlan, definition: &Definition) -> Evaluated {
        let outcome = self.node(&plan.node);
        let mut wake = outcome.wake;
        let age = self.age(plan, &mut wake);
        let comparisons = plan.pasts.iter().map(|(with, node)| {
            let (value, kept_at, corrected_at) = match node {
                Some(node) => {
                    let then = self.node(node);
                    wake = sooner(wake, then.wake);
                    match self.known_from(plan, *with) {
                        Some(from) if from <= self.now => (then.value, None, then.corrected_at),
                        from => {
                            wake = sooner(wake, from);
                            (None, None, None)
                        }
                    }
                }
                None => {
                    let hour = hour_of(moment_of(self.now, *with));
                    let kept = self.history.at_hour(&plan.key, hour);
                    (kept, kept.map(|_| time_of_hour(hour)), None)
                }
            };
            let change = outcome.value.zip(value).map(|(now, then)| now - then);
            Comparison { with: *with, value, change, kept_at, corrected_at }
        });
        let figure = Figure {
            key: plan.key.clone(),
            value: outcome.value,
            why_none: outcome.why_none,
            as_of: age.as_of,
            is_stale: age.is_stale,
            stale_since: age.stale_since,
            is_estimate: outcome.is_estimate,
            n: outcome.n,
            numerator: outcome.numerator,
            denominator: outcome.denominator,
            comparisons: comparisons.collect(),
            band: outcome.value.and_then(|it| definition.band_of(it)),
            meets_target: outcome.value.and_then(|it| definition.meets_target(it)),
            anomaly: self.anomaly(&plan.key, definition),
            corrected_at: outcome.corrected_at,
        };
        Evaluated { figure, wake }
    }

    /// From when on that past lies no earlier than what is known; none while nothing is. Nothing counted before the first row
    /// would be a nought that nobody saw.
    fn known_from(&self, plan: &FigurePlan, with: Compare) -> Option<Timestamp> {
        let from = plan.dated.iter().map(|table| Some(later(*self.began.get(table)?, with)));
        from.collect::<Option<Vec<_>>>().map(|it| it.into_iter().max().unwrap_or(Timestamp(i64::MIN)))
    }

    fn anomaly(&self, key: &FigureKey, definition: &Definition) -> Option<super::figure::Anomaly> {
        self.history.anomaly(key, hour_of(self.now), definition.anomaly_floor?)
    }

    fn node(&self, node: &Node) -> Outcome {
        match node {
            Node::Over { function, empty, tally, known_by } => {
                let Some(tally) = self.tallies.get(*tally) else { return Outcome::none(WhyNone::NoNumber) };
                let mut outcome = Outcome {
                    n: tally.n,
                    is_estimate: tally.n_estimates > 0,
                    corrected_at: tally.corrected_at,
                    ..Outcome::default()
                };
                let unknown = self.unknown(known_by, tally, &mut outcome.wake);
                let is_unsaid = tally.n == 0 && *empty == Empty::Missing;
                match (unknown, tally.value(*function)) {
                    (Some(why), _) => outcome.why_none = Some(why),
                    (None, Some(value)) if !is_unsaid => outcome.value = Some(value),
                    _ => outcome.why_none = Some(WhyNone::NoRows),
                }
                outcome
            }
            Node::Ratio { of, to, scale } => {
                let (above, below) = (self.node(of), self.node(to));
                let mut outcome = Outcome { n: below.n, ..Outcome::default() }.beside(&above).beside(&below);
                (outcome.numerator, outcome.denominator) = (above.value, below.value);
                match (above.value, below.value) {
                    (_, Some(0.0)) => outcome.why_none = Some(WhyNone::NothingToDivideBy),
                    (Some(above), Some(below)) => outcome.value = Some(above / below * scale),
                    _ => outcome.why_none = below.why_none.or(above.why_none),
                }
                outcome.checked()
            }
            Node::Scaled { of, factor } => {
                let mut outcome = self.node(of);
                outcome.value = outcome.value.map(|it| it * factor);
                outcome.checked()
            }
            Node::Weighted { parts, missing } => self.weighted(parts, *missing),
            Node::Broken => Outcome::none(WhyNone::NoNumber),
        }
    }

    fn weighted(&self, parts: &[WeightedNode], missing: MissingPart) -> Outcome {
        let mut outcome = Outcome::default();
        let (mut sum, mut weight, mut all) = (0.0, 0.0, 0.0);
        for (WeightedNode { of, weight: its_weight, score }, n) in parts.iter().zip(1..) {
            let part = self.node(of);
            outcome = outcome.beside(&part);
            outcome.n = outcome.n.saturating_add(part.n);
            all += its_weight;
            match part.value {
                Some(value) => {
                    sum += its_weight * score.map_or(value, |(zero, full)| scored(value, zero, full));
                    weight += its_weight;
                }
                None => {
                    outcome.why_none.get_or_insert(WhyNone::PartMissing(n));
                }
            }
        }
        if outcome.why_none.is_none() {
            outcome.value = Some(sum);
        } else if missing == MissingPart::Spread && weight != 0.0 {
            outcome.value = Some(sum / weight * all);
            outcome.why_none = None;
            outcome.is_estimate = true;
        }
        outcome.checked()
    }

    /// Why a tally says nothing, if it does not.
    fn unknown(&self, known_by: &KnownBy, tally: &Tally, wake: &mut Option<Timestamp>) -> Option<WhyNone> {
        match known_by {
            KnownBy::Always => None,
            KnownBy::Platform(id) => (tally.n == 0 && !self.heard.contains_key(id)).then_some(WhyNone::NothingHeard),
            KnownBy::Devices { all, within_mins } => {
                let all = self.tallies.get(*all)?;
                if all.n == 0 {
                    return Some(WhyNone::NothingThere);
                }
                *wake = sooner(*wake, self.next_heard(all));
                let Some(heard) = all.last_heard(self.now + AHEAD_MS) else { return Some(WhyNone::NothingHeard) };
                let until = heard.plus_mins(i64::from((*within_mins)?));
                if until <= self.now {
                    return Some(WhyNone::NothingHeard);
                }
                *wake = sooner(*wake, Some(until));
                None
            }
        }
    }

    /// When a clock that runs ahead will be believed.
    fn next_heard(&self, all: &Tally) -> Option<Timestamp> {
        all.next_heard(self.now + AHEAD_MS).map(|it| it + -AHEAD_MS)
    }

    /// How old the oldest of its sources is.
    pub(crate) fn age(&self, plan: &FigurePlan, wake: &mut Option<Timestamp>) -> Age {
        let mut age = Age { as_of: self.now, is_stale: false, stale_since: None };
        for origin in &plan.origins {
            let heard = match &origin.of {
                OriginOf::Hub => continue,
                OriginOf::Platform(id) => self.heard.get(id).copied(),
                OriginOf::Devices(all) => match self.tallies.get(*all) {
                    Some(all) if all.n > 0 => {
                        *wake = sooner(*wake, self.next_heard(all));
                        all.last_heard(self.now + AHEAD_MS)
                    }
                    _ => continue,
                },
            };
            let Some(heard) = heard else {
                age = Age { as_of: Timestamp(0), is_stale: true, stale_since: age.stale_since };
                continue;
            };
            age.as_of = age.as_of.min(heard);
            let until = heard.plus_mins(i64::from(origin.fresh_mins));
            if until <= self.now {
                age.is_stale = true;
                age.stale_since = Some(age.stale_since.map_or(until, |it| it.min(until)));
            } else {
                *wake = sooner(*wake, Some(until));
            }
        }
        age
    }
}

pub(crate) struct Age {
    pub(crate) as_of: Timestamp,
    pub(crate) is_stale: bool,
    pub(crate) stale_since: Option<Timestamp>,
}

/// 0 at `zero`, 100 at `full`, whichever is greater, and never beyond.
fn scored(value: f64, zero: f64, full: f64) -> f64 {
    ((value - zero) / (full - zero)).clamp(0.0, 1.0) * 100.0
}

fn sooner(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
