//! When a row counts: from what its times say, an interval of the clock for each aggregate. Knowing both ends beforehand is
//! what lets windows move without anything being counted again.
//!
//! **Known limit:** a row told ahead of its time counts once its time is less than [`AHEAD_MS`] away; platforms' clocks
//! differ by that much without harm.

use super::{
    definition::{Aggregate, Compare, Condition, Window},
    row::{Cell, Row},
    table::Field,
};
use crate::{Text, Timestamp};

/// So far ahead of ours may another's clock be.
pub(crate) const AHEAD_MS: i64 = 600_000;
const DAY_MS: i64 = 86_400_000;

/// From `from` on, until before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl Interval {
    pub(crate) const ALWAYS: Self = Self { from: Timestamp(i64::MIN), until: Timestamp(i64::MAX) };

    fn and(self, other: Self) -> Option<Self> {
        let both = Self { from: self.from.max(other.from), until: self.until.min(other.until) };
        (both.from < both.until).then_some(both)
    }

    pub(crate) fn holds(self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }

    /// The next end of it after `now`.
    pub(crate) fn next_edge(self, now: Timestamp) -> Option<Timestamp> {
        [self.from, self.until].into_iter().find(|it| *it > now && it.0 != i64::MAX)
    }

    /// When `now` lies so far after it that it is then that is compared.
    pub(crate) fn seen_from(self, compare: Compare) -> Self {
        Self { from: later(self.from, compare), until: later(self.until, compare) }
    }
}

/// The moment whose `compare` is `at`. The ends of time stay where they are.
pub(crate) fn later(at: Timestamp, compare: Compare) -> Timestamp {
    if at.0 == i64::MIN || at.0 == i64::MAX {
        return at;
    }
    match compare {
        Compare::Yesterday => at + DAY_MS,
        Compare::LastWeek => at + 7 * DAY_MS,
        // Monotone: the 29th of February is seen again with the 28th.
        Compare::LastYear => at + days_to_next_year(at) * DAY_MS,
    }
}

/// To the same date a year on. Asked for every row and every window, so without a calendar's general arithmetic.
fn days_to_next_year(at: Timestamp) -> i64 {
    let date = at.beijing().date();
    let is_long = match (date.month(), date.day()) {
        (2, 29) => false,
        (1 | 2, _) => date.in_leap_year(),
        _ => date.last_of_year().tomorrow().is_ok_and(|it| it.in_leap_year()),
    };
    if is_long { 366 } else { 365 }
}

/// The moment a figure of `now` is compared with.
pub(crate) fn moment_of(now: Timestamp, compare: Compare) -> Timestamp {
    match compare {
        Compare::Yesterday => now + -DAY_MS,
        Compare::LastWeek => now + -7 * DAY_MS,
        Compare::LastYear => now + -365 * DAY_MS,
    }
}

/// When a row counts in an aggregate, if ever.
pub(crate) fn interval_of(row: &Row, aggregate: &Aggregate) -> Option<Interval> {
    if row.table != aggregate.table {
        return None;
    }
    let mut interval = Interval::ALWAYS;
    for (field, condition) in &aggregate.filters {
        interval = interval.and(fulfilled(row.get(*field), condition)?)?;
    }
    if let Some(born) = row.table.birth().and_then(|it| time_of(row, it)) {
        interval = interval.and(Interval { from: born + -AHEAD_MS, ..Interval::ALWAYS })?;
    }
    interval.and(within(row, aggregate.window)?)
}

fn fulfilled(cell: Option<&Cell>, condition: &Condition) -> Option<Interval> {
    let is_among =
        |words: &[Text]| cell.and_then(Cell::as_text).is_some_and(|it| words.iter().any(|word| **word == *it));
    let holds = match condition {
        Condition::OneOf(words) => is_among(words),
        Condition::NoneOf(words) => !is_among(words),
        Condition::Range { from, to } => cell
            .and_then(Cell::as_number)
            .is_some_and(|it| from.is_none_or(|from| from <= it) && to.is_none_or(|to| it <= to)),
        Condition::Is(wanted) => matches!(cell, Some(Cell::Bool(it)) if it == wanted),
        Condition::Known(wanted) => cell.is_some() == *wanted,
        Condition::Passed(has_passed) => {
            return match (cell.and_then(Cell::as_time), has_passed) {
                (Some(at), true) => Some(Interval { from: at, ..Interval::ALWAYS }),
                (Some(at), false) => Some(Interval { until: at, ..Interval::ALWAYS }),
                (None, true) => None,
                (None, false) => Some(Interval::ALWAYS),
            };
        }
    };
    holds.then_some(Interval::ALWAYS)
}

fn within(row: &Row, window: Window) -> Option<Interval> {
    Some(match window {
        Window::Always => Interval::ALWAYS,
        Window::Today(field) => {
            let at = time_of(row, field)?;
            let midnight = at.start_of_day();
            Interval { from: midnight.max(at + -AHEAD_MS), until: midnight + DAY_MS }
        }
        Window::Yesterday(field) => {
            let next = time_of(row, field)?.start_of_day() + DAY_MS;
            Interval { from: next, until: next + DAY_MS }
        }
        Window::LastMins(mins, field) => {
            let at = time_of(row, field)?;
            Interval { from: at + -AHEAD_MS, until: at.plus_mins(i64::from(mins)) }
        }
    })
}

fn time_of(row: &Row, field: Field) -> Option<Timestamp> {
    row.get(field).and_then(Cell::as_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_year_on_is_the_same_date(days in 0..60_000i64, minutes in 0..1440i64) {
            let at = Timestamp(days * DAY_MS).plus_mins(minutes);
            let civil = at.beijing();
            let next = civil.checked_add(jiff::Span::new().years(1)).expect("a date");
            prop_assert_eq!(later(at, Compare::LastYear).beijing(), next);
        }
    }
}
