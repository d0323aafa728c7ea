//! 评分表: a drill or a real night in figures, each with the numbers of the records it comes from.
//!
//! It counts and compares; it gives no marks, because nobody has said what a mark is worth. The public timeline of a real
//! event, where the scenario carries one, stands beside the drill's own times and is not a norm either.

use crate::{
    Timestamp,
    ids::*,
    model::*,
    review::{OrderStory, Review},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What publicly happened, to compare with; from a scenario's `[[reference]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub at: Timestamp,
    pub text: String,
    pub source: String,
    /// The level it raised or lowered the response to.
    #[serde(default)]
    pub level: Option<ResponseLevel>,
    /// Words in the title of the measure it is.
    #[serde(default)]
    pub measure: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoreSheet {
    pub levels: Vec<LevelScore>,
    pub totals: Vec<Figure>,
    pub agencies: Vec<AgencyScore>,
    /// What should have been done and was not.
    pub missed: Vec<Finding>,
    /// What was done and need not have been.
    pub unnecessary: Vec<Finding>,
    pub reference: Vec<ReferenceScore>,
}

/// One number. `value` is `None` where nothing was there to count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub id: String,
    pub name: String,
    pub value: Option<f64>,
    pub unit: String,
    pub records: Vec<u64>,
}

/// From advice to signature to the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelScore {
    pub from: Option<ResponseLevel>,
    pub to: Option<ResponseLevel>,
    pub at: Timestamp,
    /// Seconds from the first advice of this level or a higher one; `None` if it was signed without.
    pub secs_to_level: Option<i64>,
    pub n_orders: usize,
    /// Seconds from the signature.
    pub secs_to_first_order: Option<i64>,
    pub secs_to_all_delivered: Option<i64>,
    /// Advice, signature, first order on the wire, last receipt.
    pub records: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgencyScore {
    pub agency: AgencyId,
    pub name: String,
    pub n_orders: usize,
    pub n_acknowledged: usize,
    pub n_acknowledged_in_time: usize,
    pub n_done: usize,
    pub n_rejected: usize,
    pub n_overdue: usize,
    pub n_escalations: usize,
    /// Seconds from draft to acknowledgement.
    pub ack_median_secs: Option<i64>,
    pub ack_worst_secs: Option<i64>,
    /// Drafts, acknowledgements and overdue notices.
    pub records: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    LevelNotSigned,
    MeasureNotOrdered,
    NotAcknowledged,
    NotDone,
    RejectedAndLeft,
    AlarmNotAcknowledged,
    LevelWithoutAdvice,
    OrderedTwice,
    CancelledUnanswered,
}

impl FindingKind {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::LevelNotSigned => "建议未采纳",
            Self::MeasureNotOrdered => "措施未下达",
            Self::NotAcknowledged => "始终未签收",
            Self::NotDone => "到期未完成",
            Self::RejectedAndLeft => "退回后未改派",
            Self::AlarmNotAcknowledged => "告警未确认",
            Self::LevelWithoutAdvice => "无建议而升级",
            Self::OrderedTwice => "重复下达",
            Self::CancelledUnanswered => "未签收即撤销",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub kind: FindingKind,
    pub text: String,
    pub records: Vec<u64>,
}

/// The drill beside what publicly happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferenceScore {
    pub reference: Reference,
    /// When the drill did the same, if it did.
    pub at: Option<Timestamp>,
    /// Seconds the drill was later (negative: earlier).
    pub secs_later: Option<i64>,
    pub records: Vec<u64>,
}

impl ScoreSheet {
    /// Counts a finished review ([`Review::end`] called).
    pub fn of(review: &Review, reference: &[Reference]) -> Self {
        let agencies = agencies(review);
        Self {
            levels: levels(review),
            totals: totals(review, &agencies),
            agencies,
            missed: missed(review),
            unnecessary: unnecessary(review),
            reference: reference.iter().map(|it| compared(review, it)).collect(),
        }
    }
}

fn levels(review: &Review) -> Vec<LevelScore> {
    let mut scores = Vec::new();
    for (i, level) in review.levels.iter().enumerate() {
        let until = review.levels.get(i + 1).map_or(u64::MAX, |next| next.mark.record);
        let orders: Vec<_> =
            review.orders.iter().filter(|it| (level.mark.record..until).contains(&it.drafted.record)).collect();
        // The advice that led here: the earliest after the last change that asked for this much.
        let since = i.checked_sub(1).map_or(0, |i| review.levels[i].mark.record);
        let advice = review.recommendations.iter().find(|it| {
            level.to.is_some() && it.level >= level.to && (since..level.mark.record).contains(&it.mark.record)
        });
        // Advice given before the last change still stands if that change did not go as far.
        let advice = advice.or_else(|| {
            let before = review.recommendations.iter().rev().find(|it| it.mark.record < level.mark.record);
            before.filter(|it| level.to.is_some() && it.level >= level.to)
        });
        let first = orders.iter().filter_map(|it| it.sent).min_by_key(|it| it.record);
        let delivered: Vec<_> = orders.iter().filter_map(|it| it.reached(Rung::Delivered)).collect();
        let last = delivered.iter().max_by_key(|it| it.record).filter(|_| delivered.len() == orders.len());
        let marks = [advice.map(|it| it.mark), Some(level.mark), first, last.copied()];
        let secs = |it: Timestamp| it.since_ms(level.mark.at) / 1000;
        scores.push(LevelScore {
            from: level.from,
            to: level.to,
            at: level.mark.at,
            secs_to_level: advice.map(|it| -secs(it.mark.at)),
            n_orders: orders.len(),
            secs_to_first_order: first.map(|it| secs(it.at)),
            secs_to_all_delivered: last.map(|it| secs(it.at)),
            records: marks.into_iter().flatten().map(|it| it.record).collect(),
        });
    }
    scores
}

fn agencies(review: &Review) -> Vec<AgencyScore> {
    let mut by_agency: BTreeMap<&AgencyId, Vec<&OrderStory>> = BTreeMap::new();
    for order in &review.orders {
        by_agency.entry(&order.text.agency).or_default().push(order);
    }
    let mut scores: Vec<AgencyScore> = by_agency
        .into_iter()
        .map(|(agency, orders)| {
            let acks: Vec<_> = orders.iter().filter_map(|it| Some((*it, it.reached(Rung::Acknowledged)?))).collect();
            let mut secs: Vec<i64> =
                acks.iter().map(|(order, mark)| mark.at.since_ms(order.drafted.at) / 1000).collect();
            secs.sort_unstable();
            let mut records: Vec<u64> = orders.iter().map(|it| it.drafted.record).collect();
            records.extend(acks.iter().map(|(_, mark)| mark.record));
            records.extend(orders.iter().flat_map(|it| it.overdue.iter().map(|(_, mark)| mark.record)));
            records.sort_unstable();
            let n = |is: &dyn Fn(&&&OrderStory) -> bool| orders.iter().filter(is).count();
            AgencyScore {
                agency: agency.clone(),
                name: orders.first().map(|it| it.agency.clone()).unwrap_or_default(),
                n_orders: orders.len(),
                n_acknowledged: acks.len(),
                n_acknowledged_in_time: acks.iter().filter(|(it, mark)| mark.at <= it.text.ack_by).count(),
                n_done: n(&|it| it.ended_as(Rung::Done).is_some()),
                n_rejected: n(&|it| it.ended_as(Rung::Rejected).is_some()),
                n_overdue: n(&|it| !it.overdue.is_empty()),
                n_escalations: orders.iter().map(|it| it.escalated.len()).sum(),
                ack_median_secs: secs.get(secs.len() / 2).copied(),
                ack_worst_secs: secs.last().copied(),
                records,
            }
        })
        .collect();
    // Who kept others waiting comes first.
    scores.sort_by(|a, b| {
        let unanswered = |it: &AgencyScore| it.n_orders - it.n_acknowledged;
        (unanswered(b), b.ack_worst_secs).cmp(&(unanswered(a), a.ack_worst_secs)).then(a.agency.cmp(&b.agency))
    });
    scores
}

fn totals(review: &Review, agencies: &[AgencyScore]) -> Vec<Figure> {
    let figure = |id: &str, name: &str, value: Option<f64>, unit: &str, records: Vec<u64>| Figure {
        id: id.into(),
        name: name.into(),
        value,
        unit: unit.into(),
        records,
    };
    let orders = &review.orders;
    let drafted: Vec<u64> = orders.iter().map(|it| it.drafted.record).collect();
    let at = |rung: Rung| -> Vec<u64> { orders.iter().filter_map(|it| it.reached(rung)).map(|it| it.record).collect() };
    let in_time = |is: &dyn Fn(&OrderStory) -> Option<u64>| -> Vec<u64> { orders.iter().filter_map(is).collect() };
    let share = |part: usize, of: usize| (of > 0).then(|| (part as f64 / of as f64 * 1000.0).round() / 10.0);
    let acked_in_time =
        in_time(&|it| it.reached(Rung::Acknowledged).filter(|mark| mark.at <= it.text.ack_by).map(|mark| mark.record));
    let done_in_time =
        in_time(&|it| it.ended_as(Rung::Done).filter(|mark| mark.at <= it.text.due_at).map(|mark| mark.record));
    let mut acks: Vec<i64> = orders
        .iter()
        .filter_map(|it| Some(it.reached(Rung::Acknowledged)?.at.since_ms(it.drafted.at) / 1000))
        .collect();
    acks.sort_unstable();
    let overdue: Vec<u64> = orders.iter().flat_map(|it| it.overdue.iter().map(|(_, mark)| mark.record)).collect();
    let escalated: Vec<u64> = orders.iter().flat_map(|it| it.escalated.iter().map(|(_, mark)| mark.record)).collect();
    let (n_acked, n_done) = (at(Rung::Acknowledged), at(Rung::Done));
    let quantile = |q: f64| (!acks.is_empty()).then(|| acks[((acks.len() - 1) as f64 * q).round() as usize] as f64);
    let mut figures = vec![
        figure("orders", "指令", Some(orders.len() as f64), "条", drafted.clone()),
        figure("agencies", "涉及部门", Some(agencies.len() as f64), "个", drafted),
        figure("delivered", "系统送达", Some(at(Rung::Delivered).len() as f64), "条", at(Rung::Delivered)),
        figure("acknowledged", "已签收", Some(n_acked.len() as f64), "条", n_acked.clone()),
        figure("ack_in_time", "按时签收率", share(acked_in_time.len(), orders.len()), "%", acked_in_time),
        figure("ack_median", "签收用时（中位）", quantile(0.5), "秒", n_acked.clone()),
        figure("ack_p90", "签收用时（九成）", quantile(0.9), "秒", n_acked),
        figure("done", "完成", Some(n_done.len() as f64), "条", n_done),
        figure("done_in_time", "按时完成率", share(done_in_time.len(), orders.len()), "%", done_in_time),
        figure("overdue", "逾期（次）", Some(overdue.len() as f64), "次", overdue),
        figure("escalated", "升级叫应", Some(escalated.len() as f64), "次", escalated),
        figure("alarms", "感知告警", Some(review.alarms.raised.len() as f64), "起", review.alarms.raised.clone()),
    ];
    if let Some(last) = review.moved.last() {
        let records = vec![review.moved[0].mark.record, last.mark.record];
        figures.push(figure("moved", "人员转移", Some(last.moved as f64), "人", records.clone()));
        let moved = share(last.moved as usize, last.expected as usize);
        figures.push(figure("moved_share", "转移率", moved, "%", records));
    }
    figures
}

fn missed(review: &Review) -> Vec<Finding> {
    let mut found = Vec::new();
    let highest = review.levels.iter().filter_map(|it| it.to).max();
    if let Some(advice) = review.recommendations.iter().find(|it| it.level > highest) {
        let level = advice.level.map_or("", ResponseLevel::roman);
        let signed = highest.map_or("未启动".to_owned(), |it| format!("最高到{}级", it.roman()));
        found.push(Finding {
            kind: FindingKind::LevelNotSigned,
            text: format!("曾建议{level}级，{signed}"),
            records: vec![advice.mark.record],
        });
    }
    for (measure, title, from) in &review.never_ordered {
        let records = review.levels.iter().filter(|it| it.to >= Some(*from)).map(|it| it.mark.record).take(1).collect();
        let text = format!("{title}（{measure}，{}级起）", from.roman());
        found.push(Finding { kind: FindingKind::MeasureNotOrdered, text, records });
    }
    for order in &review.orders {
        let text = |words: &str| format!("#{} {} · {}{words}", order.order, order.agency, order.text.title);
        let rung = order.rung();
        let mut records = vec![order.drafted.record];
        records.extend(order.overdue.iter().map(|(_, mark)| mark.record));
        records.extend(order.climbs.last().map(|(_, mark, _)| mark.record));
        let kind = if rung == Rung::Rejected || rung == Rung::Failed {
            let again = review.orders.iter().any(|it| {
                it.drafted.record > order.drafted.record
                    && it.text.measure == order.text.measure
                    && it.text.measure.is_some()
            });
            (!again).then_some(FindingKind::RejectedAndLeft)
        } else if order.reached(Rung::Acknowledged).is_none() {
            // A cancelled one is told of under what need not have been done, unless its time had passed.
            let waited = order.climbs.last().filter(|(it, ..)| it.is_end()).map_or(review.to, |(_, mark, _)| mark.at);
            (waited > order.text.ack_by).then_some(FindingKind::NotAcknowledged)
        } else if order.is_late(review.to) {
            Some(FindingKind::NotDone)
        } else {
            None
        };
        if let Some(kind) = kind {
            let note = order.climbs.last().map(|(_, _, note)| note.as_str()).unwrap_or_default();
            let words = if note.is_empty() { String::new() } else { format!("（{note}）") };
            found.push(Finding { kind, text: text(&words), records });
        }
    }
    if !review.alarms.unacknowledged.is_empty() {
        let records: Vec<u64> = review.alarms.unacknowledged.values().copied().collect();
        let text = format!("{} 起感知告警始终无人确认", records.len());
        found.push(Finding { kind: FindingKind::AlarmNotAcknowledged, text, records });
    }
    found.sort_by_key(|it| it.kind);
    found
}

fn unnecessary(review: &Review) -> Vec<Finding> {
    let mut found = Vec::new();
    for level in review.levels.iter().filter(|it| it.to > it.from) {
        let advised = review.recommendations.iter().rev().find(|it| it.mark.record < level.mark.record);
        if advised.and_then(|it| it.level) < level.to {
            let to = level.to.map_or("", ResponseLevel::roman);
            let had = advised
                .and_then(|it| it.level)
                .map_or("没有建议".to_owned(), |it| format!("当时建议{}级", it.roman()));
            let mut records = vec![level.mark.record];
            records.extend(advised.map(|it| it.mark.record));
            found.push(Finding {
                kind: FindingKind::LevelWithoutAdvice, text: format!("升至{to}级，{had}"), records
            });
        }
    }
    for (i, order) in review.orders.iter().enumerate() {
        let last = review.orders[..i].iter().rev().find(|it| {
            order.text.measure.is_some() && it.text.measure == order.text.measure && it.text.agency == order.text.agency
        });
        // A refused or failed order is rightly given again; and so is one of an earlier war.
        let stands = |it: &&OrderStory| {
            !it.climbs.iter().any(|(rung, mark, _)| {
                matches!(rung, Rung::Rejected | Rung::Failed | Rung::Cancelled | Rung::Superseded)
                    && mark.record <= order.drafted.record
            })
        };
        if let Some(last) = last.filter(stands) {
            let text = format!("#{} 与 #{}：{} · {}", order.order, last.order, order.agency, order.text.title);
            let records = vec![last.drafted.record, order.drafted.record];
            found.push(Finding { kind: FindingKind::OrderedTwice, text, records });
        }
        if let Some(cancelled) = order.ended_as(Rung::Cancelled)
            && order.reached(Rung::Acknowledged).is_none()
            && cancelled.at <= order.text.ack_by
        {
            let text = format!("#{} {} · {}", order.order, order.agency, order.text.title);
            let records = vec![order.drafted.record, cancelled.record];
            found.push(Finding { kind: FindingKind::CancelledUnanswered, text, records });
        }
    }
    found.sort_by_key(|it| it.kind);
    found
}

fn compared(review: &Review, reference: &Reference) -> ReferenceScore {
    let by_level = reference.level.and_then(|level| {
        let reached = review.levels.iter().filter(|it| it.to == Some(level));
        reached.min_by_key(|it| it.mark.at.since_ms(reference.at).abs()).map(|it| it.mark)
    });
    let by_measure = reference
        .measure
        .as_ref()
        .and_then(|words| review.orders.iter().find(|it| it.text.title.contains(words.as_str())).map(|it| it.drafted));
    let mark = by_level.or(by_measure);
    ReferenceScore {
        reference: reference.clone(),
        at: mark.map(|it| it.at),
        secs_later: mark.map(|it| it.at.since_ms(reference.at) / 1000),
        records: mark.map(|it| it.record).into_iter().collect(),
    }
}

/// `3 分 20 秒`, for people.
pub fn duration_zh(secs: i64) -> String {
    let (sign, secs) = if secs < 0 { ("早 ", -secs) } else { ("", secs) };
    let (days, hours, mins) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
    let words = match (days, hours, mins) {
        (0, 0, 0) => format!("{secs} 秒"),
        (0, 0, mins) if secs % 60 == 0 => format!("{mins} 分"),
        (0, 0, mins) => format!("{mins} 分 {} 秒", secs % 60),
        (0, hours, mins) => format!("{hours} 小时 {mins} 分"),
        (days, hours, _) => format!("{days} 天 {hours} 小时"),
    };
    format!("{sign}{words}")
}
