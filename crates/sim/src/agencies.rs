//! How people answer an order: when it is signed, accepted, worked on and done; now and then it is refused, or no one
//! answers. And how people move once an evacuation has begun.

use crate::{dice::Dice, figures::OrderFigures, journal::Received};
use gulang_city::{
    DistrictId, EvacuationNeed, EvacueeClass, MeasureId, Pack, Timestamp,
    inject::{Inject, InjectKind},
};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap};

/// A step an order takes on its platform.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) at: Timestamp,
    pub(crate) status: &'static str,
    pub(crate) note: Cow<'static, str>,
}

/// A count of people moved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moved {
    pub(crate) at: Timestamp,
    /// The order's number and the count's within it; with `at` the feed's order.
    pub(crate) order: usize,
    pub(crate) i: usize,
    pub(crate) class: EvacueeClass,
    pub(crate) district: DistrictId,
    pub(crate) moved: u32,
    /// The same by measure.
    pub(crate) parts: Vec<u32>,
}

const REFUSALS: [&str; 4] =
    ["职责不符，建议改派", "现场力量不足，请求增援后再接", "同类任务已由区里执行", "条件不具备，暂无法执行"];
/// People are counted this often.
const COUNT_EVERY_MS: i64 = 10 * 60_000;

/// The order's way, from delivery to its end; a cancelled one stops where it was.
///
/// An agency that `injects` make refuse signs and turns down whatever reaches it in that time.
pub(crate) fn steps(order: &Received, f: &OrderFigures, dice: Dice, injects: &[Inject]) -> Vec<Step> {
    let dice = dice.of_text(&order.notice.notice_id);
    let step = |at, status| Step { at, status, note: "".into() };
    let mut steps = vec![step(order.at, "delivered")];
    let refusal = injects.iter().find_map(|it| match &it.what {
        InjectKind::Refuses { agency, reason } if agency.as_str() == order.notice.unit_id && it.is_on(order.at) => {
            Some(reason.to_string())
        }
        _ => None,
    });
    if let Some(reason) = refusal {
        steps.push(step(order.at.plus_mins(2), "signed"));
        steps.push(Step { at: order.at.plus_mins(4), status: "rejected", note: reason.into() });
        steps.retain(|s| order.cancelled_at.is_none_or(|at| s.at < at));
        return steps;
    }
    let temper = dice.of(1).unit();
    let (silent, late, rejected) = (f.silent_share.value, f.late_share.value, f.rejected_share.value);
    if temper >= silent {
        let signed_secs = if temper < silent + late { f.late_secs.value } else { f.signed_secs.value };
        let after = |from: Timestamp, n, spread: &[f64; 3]| from.plus_secs(dice.of(n).spread(*spread) as i64);
        let signed = after(order.at, 2, &signed_secs);
        let accepted = after(signed, 3, &f.accepted_secs.value);
        steps.push(step(signed, "signed"));
        if (silent + late..silent + late + rejected).contains(&temper) {
            let note = REFUSALS[dice.of(7).below(REFUSALS.len())];
            steps.push(Step { at: accepted, status: "rejected", note: note.into() });
        } else {
            let executing = after(accepted, 4, &f.executing_secs.value);
            let done = match time(&order.notice.deadline) {
                Some(due) if due > order.at => {
                    order.at + ((due - order.at) as f64 * dice.of(5).spread(f.done_share.value)) as i64
                }
                _ => executing.plus_secs((dice.of(5).spread(f.done_mins.value) * 60.0) as i64),
            };
            steps.push(step(accepted, "accepted"));
            steps.push(step(executing, "executing"));
            steps.push(step(done.max(executing.plus_mins(5)), "done"));
        }
    }
    steps.retain(|s| order.cancelled_at.is_none_or(|at| s.at < at));
    steps
}

/// Counts of people moved from `from` up to `until`, oldest first.
///
/// An order that repeats a measure (at a higher level, say) does not begin its people anew; different measures for the
/// same people add up.
pub(crate) fn moved(
    orders: &[Received],
    pack: &Pack,
    f: &OrderFigures,
    dice: Dice,
    injects: &[Inject],
    [from, until]: [Timestamp; 2],
) -> Vec<Moved> {
    let evacuations: Vec<Evacuation> =
        orders.iter().enumerate().filter_map(|(n, order)| Evacuation::of(n, order, pack, (f, dice, injects))).collect();
    let mut counts = Vec::new();
    for evacuation in &evacuations {
        if evacuation.stops < from {
            continue;
        }
        let n_past = ((from - evacuation.starts) / COUNT_EVERY_MS - 1).max(0);
        let mut at = evacuation.starts + n_past * COUNT_EVERY_MS;
        for tick in n_past as usize.. {
            at = (at + COUNT_EVERY_MS).min(evacuation.stops);
            if at > until {
                break;
            }
            for (i, need) in evacuation.needs.iter().enumerate() {
                let (class, district) = (need.class, need.district.clone());
                let parts = parts_of(&evacuations, class, &district, at);
                let (order, i, moved) = (evacuation.order, tick * 100 + i, parts.iter().sum());
                counts.push(Moved { at, order, i, class, district, moved, parts });
            }
            if at == evacuation.stops {
                break;
            }
        }
    }
    counts.sort_by_key(|c| (c.at, c.order, c.i));
    counts
}

/// How many were moved at an instant, by measure.
pub(crate) fn moved_by(
    orders: &[Received],
    pack: &Pack,
    (f, dice, injects): (&OrderFigures, Dice, &[Inject]),
    class: EvacueeClass,
    district: &DistrictId,
    at: Timestamp,
) -> Vec<u32> {
    let evacuations: Vec<Evacuation> =
        orders.iter().enumerate().filter_map(|(n, order)| Evacuation::of(n, order, pack, (f, dice, injects))).collect();
    parts_of(&evacuations, class, district, at)
}

fn parts_of(evacuations: &[Evacuation], class: EvacueeClass, district: &DistrictId, at: Timestamp) -> Vec<u32> {
    let mut by_measure = BTreeMap::<&MeasureId, u32>::new();
    for evacuation in evacuations.iter().filter(|it| it.starts <= at) {
        for need in evacuation.needs.iter().filter(|n| n.class == class && n.district == *district) {
            let best = by_measure.entry(evacuation.measure).or_default();
            *best = (*best).max(evacuation.moved(need, at));
        }
    }
    by_measure.into_values().collect()
}

/// An order that moves people, from the moment it is worked on.
struct Evacuation<'a> {
    order: usize,
    measure: &'a MeasureId,
    needs: &'a [EvacuationNeed],
    starts: Timestamp,
    /// When all are moved, and when counting stops: then, or when it was cancelled.
    done: Timestamp,
    stops: Timestamp,
    found: f64,
}

impl<'a> Evacuation<'a> {
    fn of(
        number: usize,
        order: &Received,
        pack: &'a Pack,
        (f, dice, injects): (&OrderFigures, Dice, &[Inject]),
    ) -> Option<Self> {
        let notice = &order.notice;
        let measure = pack.plans.iter().flat_map(|p| &p.measures).find(|m| {
            !m.evacuees.is_empty() && m.agency.as_str() == notice.unit_id && notice.title.contains(&*m.title)
        })?;
        let whole = Received { cancelled_at: None, ..order.clone() };
        let steps = steps(&whole, f, dice, injects);
        let at = |status| steps.iter().find(|s| s.status == status).map(|s| s.at);
        let (starts, done) = (at("executing")?, at("done")?);
        let stops = order.cancelled_at.map_or(done, |cancelled| cancelled.min(done));
        let found = dice.of_text(&notice.notice_id).of(6).spread(f.evacuees_found.value);
        (starts < stops).then_some(Self {
            order: number,
            measure: &measure.id,
            needs: &measure.evacuees,
            starts,
            done,
            stops,
            found,
        })
    }

    /// Slow to begin, slow to end.
    fn moved(&self, need: &EvacuationNeed, at: Timestamp) -> u32 {
        let at = at.min(self.stops);
        let f = ((at - self.starts) as f64 / (self.done - self.starts).max(1) as f64).clamp(0.0, 1.0);
        (f64::from(need.n_people) * self.found * f * f * (3.0 - 2.0 * f)).floor() as u32
    }
}

/// `yyyy-MM-dd HH:mm:ss`, RFC 3339, or milliseconds.
fn time(value: &Value) -> Option<Timestamp> {
    value.as_i64().map(Timestamp).or_else(|| Timestamp::parse(value.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{figures::Figures, journal::Notice, testing::tiny_pack};
    use serde_json::json;

    fn order(i: usize) -> Received {
        let notice = Notice {
            notice_id: format!("gulang-x-{i}-1"),
            order_id: i.into(),
            definition_version: 1,
            unit_id: "wenlv".into(),
            title: "转移外来游客".into(),
            content: String::new(),
            ack_by: json!(null),
            deadline: json!("2023-07-27 14:00:00"),
            channel: json!("platform"),
            exercise: true,
        };
        let at = Timestamp::parse("2023-07-27 10:00:00").unwrap();
        Received { at, platform: "yunguanfu".into(), notice, times: 1, cancelled_at: None, superseded_by: None }
    }

    #[test]
    fn most_are_done_some_are_refused_some_stay_silent() {
        let f = Figures::shipped().orders;
        let last: Vec<&str> =
            (0..2000).map(|i| steps(&order(i), &f, Dice::new(1), &[]).last().unwrap().status).collect();
        let n = |status| last.iter().filter(|&&s| s == status).count();
        assert!(n("done") > 1800, "{}", n("done"));
        assert!((30..100).contains(&n("rejected")) && (20..90).contains(&n("delivered")));
        assert!((0..200).all(|i| steps(&order(i), &f, Dice::new(1), &[]).windows(2).all(|w| w[0].at < w[1].at)));
    }

    #[test]
    fn people_move_up_to_what_was_expected_and_a_repeated_measure_does_not_start_over() {
        let f = Figures::shipped().orders;
        let orders: Vec<Received> = (1..4).map(order).collect();
        let (begin, end) = (Timestamp(0), Timestamp::parse("2023-07-28 10:00:00").unwrap());
        let counts = moved(&orders, &tiny_pack(), &f, Dice::new(1), &[], [begin, end]);
        assert!(counts.windows(2).all(|w| w[0].moved <= w[1].moved && w[0].at <= w[1].at));
        assert!((1140..=1200).contains(&counts.last().unwrap().moved), "{counts:?}");
        let half = moved(&orders, &tiny_pack(), &f, Dice::new(1), &[], [begin, orders[0].at.plus_mins(90)]);
        assert_eq!(half[..], counts[..half.len()]);
        let from = counts[counts.len() / 2].at;
        let late: Vec<Moved> = moved(&orders, &tiny_pack(), &f, Dice::new(1), &[], [from, end]);
        let late: Vec<&Moved> = late.iter().filter(|m| m.at >= from).collect();
        assert_eq!(late, counts.iter().filter(|m| m.at >= from).collect::<Vec<_>>());
    }
}
