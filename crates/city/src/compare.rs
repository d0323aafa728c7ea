//! Plan against actual and answer against limit: the rows that a review's charts draw, each with its record numbers.
//!
//! The same rows go to the screen and to the report. They compare times and judge nobody.

use crate::{
    City, OrderId, Rung, Timestamp,
    ids::AgencyId,
    review::{OrderStory, Review},
    score::ReferenceScore,
};
use std::collections::{BTreeMap, BTreeSet};

/// Later than planned by more than this is a deviation, seconds.
pub const DEVIATION_SECS: i64 = 15 * 60;

/// How long one agency took to acknowledge each of its orders.
#[derive(Clone, Debug, PartialEq)]
pub struct AgencyAnswers {
    pub name: String,
    /// In the order of drafting.
    pub answers: Vec<Answer>,
    /// Of those that were acknowledged, seconds.
    pub median_secs: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub order: OrderId,
    pub title: String,
    /// From draft to acknowledgement; without one, to its end or the review's, seconds.
    pub secs: i64,
    pub is_acknowledged: bool,
    pub n_overdue: usize,
    pub n_escalations: usize,
    /// Draft, acknowledgement, overdue notices and escalations.
    pub records: Vec<u64>,
}

/// When silence is called about, and when the next one up is, seconds from the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimits {
    pub call_secs: i64,
    pub escalate_secs: i64,
}

impl AnswerLimits {
    /// As the plan last in force has them; without one, the first order's own time and twice that.
    pub fn of(review: &Review, city: &City) -> Self {
        let plan = review.levels.iter().rev().find_map(|it| city.plans.get(it.plan.as_ref()?));
        if let Some(plan) = plan {
            let call_secs = i64::from(plan.ack_within_mins) * 60;
            return Self { call_secs, escalate_secs: call_secs + i64::from(plan.escalate_after_mins) * 60 };
        }
        let call_secs = review.orders.first().map_or(300, |it| it.text.ack_by.since_ms(it.drafted.at) / 1000).max(1);
        Self { call_secs, escalate_secs: call_secs * 2 }
    }
}

/// Every agency that was ordered anything, the slowest last.
pub fn answers(review: &Review) -> Vec<AgencyAnswers> {
    let mut by_agency: BTreeMap<&AgencyId, Vec<&OrderStory>> = BTreeMap::new();
    for order in &review.orders {
        by_agency.entry(&order.text.agency).or_default().push(order);
    }
    let mut rows: Vec<AgencyAnswers> = by_agency
        .into_values()
        .map(|orders| {
            let answers: Vec<Answer> = orders.iter().map(|it| answer(it, review.to)).collect();
            let median_secs = quantile(answers.iter(), 0.5);
            AgencyAnswers { name: orders[0].agency.clone(), answers, median_secs }
        })
        .collect();
    let worst = |it: &AgencyAnswers| it.answers.iter().map(|it| it.secs).max();
    rows.sort_by(|a, b| worst(a).cmp(&worst(b)).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// The `q`-th part (0–1) of the acknowledged answers took no longer than this; `None` if nobody answered.
pub fn quantile<'a>(answers: impl Iterator<Item = &'a Answer>, q: f64) -> Option<i64> {
    let mut secs: Vec<i64> = answers.filter(|it| it.is_acknowledged).map(|it| it.secs).collect();
    secs.sort_unstable();
    let last = secs.len().checked_sub(1)?;
    secs.get((last as f64 * q.clamp(0.0, 1.0)).round() as usize).copied()
}

fn answer(order: &OrderStory, to: Timestamp) -> Answer {
    let acknowledged = order.reached(Rung::Acknowledged);
    let ended = order.climbs.iter().find(|(rung, ..)| rung.is_end()).map_or(to, |(_, mark, _)| mark.at);
    let mut records = vec![order.drafted.record];
    records.extend(acknowledged.map(|it| it.record));
    records.extend(order.overdue.iter().map(|(_, mark)| mark.record));
    records.extend(order.escalated.iter().map(|(_, mark)| mark.record));
    Answer {
        order: order.order,
        title: order.text.title.to_string(),
        secs: (acknowledged.map_or(ended, |it| it.at).since_ms(order.drafted.at) / 1000).max(0),
        is_acknowledged: acknowledged.is_some(),
        n_overdue: order.overdue.len(),
        n_escalations: order.escalated.len(),
        records,
    }
}

/// One measure, or one public moment, and when it happened here.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanRow {
    pub title: String,
    pub kind: PlanRowKind,
    /// `None` for a measure that nobody ordered.
    pub planned: Option<Timestamp>,
    pub actual: Option<Timestamp>,
    /// Seconds later than planned, earlier is negative; what is still open counts to the end of the review.
    pub late_secs: i64,
    pub orders: Vec<OrderId>,
    pub records: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanRowKind {
    Done,
    /// Ordered; not every one of its orders was done.
    Open,
    NeverOrdered,
    /// From the public timeline: to compare with, not a norm.
    Reference,
}

impl PlanRow {
    /// Late enough to be asked about; what was never ordered is.
    pub fn is_deviation(&self) -> bool {
        match self.kind {
            PlanRowKind::Done | PlanRowKind::Open => self.late_secs > DEVIATION_SECS,
            PlanRowKind::NeverOrdered => true,
            PlanRowKind::Reference => false,
        }
    }
}

/// Every measure that was ordered, by its time; then what was never ordered, then the public timeline.
pub fn plan_rows(review: &Review, reference: &[ReferenceScore]) -> Vec<PlanRow> {
    // Orders of one measure to several agencies are one row; orders by hand are rows by their titles. What was withdrawn or
    // replaced is nobody's delay.
    let mut by_measure: BTreeMap<&str, Vec<&OrderStory>> = BTreeMap::new();
    for order in &review.orders {
        if !matches!(order.rung(), Rung::Cancelled | Rung::Superseded) {
            let key = order.text.measure.as_ref().map_or(&*order.text.title, |it| it.as_str());
            by_measure.entry(key).or_default().push(order);
        }
    }
    let mut rows: Vec<PlanRow> = by_measure.values().map(|orders| measure_row(orders, review.to)).collect();
    rows.sort_by(|a, b| a.planned.cmp(&b.planned).then_with(|| a.title.cmp(&b.title)));
    rows.extend(review.never_ordered.iter().map(|(_, title, from)| PlanRow {
        title: title.clone(),
        kind: PlanRowKind::NeverOrdered,
        planned: None,
        actual: None,
        late_secs: 0,
        orders: Vec::new(),
        records: review.levels.iter().filter(|it| it.to >= Some(*from)).map(|it| it.mark.record).take(1).collect(),
    }));
    rows.extend(reference.iter().map(|it| PlanRow {
        title: it.reference.text.clone(),
        kind: PlanRowKind::Reference,
        planned: Some(it.reference.at),
        actual: it.at,
        late_secs: it.secs_later.unwrap_or(0),
        orders: Vec::new(),
        records: it.records.clone(),
    }));
    rows
}

fn measure_row(orders: &[&OrderStory], to: Timestamp) -> PlanRow {
    let planned = orders.iter().map(|it| it.text.due_at).max();
    let done: Vec<_> = orders.iter().filter_map(|it| it.ended_as(Rung::Done)).collect();
    let is_done = done.len() == orders.len();
    let actual = done.iter().map(|it| it.at).max().filter(|_| is_done);
    let late_ms = match (is_done, planned) {
        (_, None) => 0,
        (true, Some(planned)) => actual.unwrap_or(to).since_ms(planned),
        // Not yet due is not early.
        (false, Some(planned)) => to.since_ms(planned).max(0),
    };
    let records: BTreeSet<u64> =
        orders.iter().map(|it| it.drafted.record).chain(done.iter().map(|it| it.record)).collect();
    PlanRow {
        title: orders.first().map(|it| it.text.title.to_string()).unwrap_or_default(),
        kind: if is_done { PlanRowKind::Done } else { PlanRowKind::Open },
        planned,
        actual,
        late_secs: late_ms / 1000,
        orders: orders.iter().map(|it| it.order).collect(),
        records: records.into_iter().collect(),
    }
}
