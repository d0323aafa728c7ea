//! The rows of the event list: open alarms in groups ([`City::alarm_groups`]) and urgent cases; apart from them what is
//! shelved, what the state suppresses, and what cleared before anybody saw it.
//!
//! The alarms' part is made anew only when the city changed or a shelving ended: a storm costs no frame.

use super::digest::{Digest, district_name};
use super::{Model, Selection};
use crate::i18n::{Lang, tr};
use gulang_city::*;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a row stands for; the same while it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventKey {
    One(Selection),
    /// Two alarms or more.
    Group(AlarmGroupKey),
}

/// One row of the event list.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    pub key: EventKey,
    /// Of a group, the worst.
    pub color: WarningColor,
    pub title: String,
    pub sub: String,
    /// Of a group, the first and the last alarm's.
    pub since: Timestamp,
    pub last: Timestamp,
    pub state: String,
    pub acknowledged: bool,
    /// Of a group, how many nobody has acknowledged.
    pub n_new: usize,
    pub at: Option<LonLat>,
    /// The alarms of a group, by number.
    pub members: Arc<[AlarmId]>,
    pub shelved_until: Option<Timestamp>,
    /// Kept back by the state of the city, and why.
    pub suppressed: Option<Text>,
    /// 首发: of a group, its first alarm and what that is of; of an opened group's alarm, itself where it was the first.
    pub first: Option<(AlarmId, String)>,
}

impl EventRow {
    /// Asks for nobody: somebody has it in hand, or it was put or is kept out of sight.
    pub fn is_quiet(&self) -> bool {
        self.acknowledged || self.shelved_until.is_some() || self.suppressed.is_some()
    }
}

/// Everything the list says of alarms.
#[derive(Default)]
pub struct AlarmRows {
    made_for: Option<(u64, Timestamp, Lang)>,
    /// When the next shelving ends or the hours of a suppression do.
    next_end: Option<Timestamp>,
    pub rows: Vec<EventRow>,
    /// By when they end.
    pub shelved: Vec<EventRow>,
    /// Cleared within the last watch and never acknowledged, newest first.
    pub unseen: Arc<[AlarmId]>,
    /// Open and kept back by the state of the city, newest first.
    pub suppressed: Arc<[AlarmId]>,
    /// Alarms, not rows.
    pub n_new: usize,
    pub n_in_hand: usize,
    pub n_shelved: usize,
}

/// Rows of the event list, at most (DESIGN.md §3); alarms keep theirs, cases have a panel of their own.
const MAX_ROWS: usize = 50;
/// What is over is listed as unseen for a watch of eight hours, then it is history.
const UNSEEN_MS: i64 = 8 * 3_600_000;
/// As far back as unseen alarms are looked for.
const MAX_UNSEEN: usize = 2000;

impl AlarmRows {
    /// Counts anew if anything but time has passed, or a shelving has ended.
    fn refresh(&mut self, model: &Model<'_>) {
        let now = model.clock.now;
        let made_for = Some((model.city.seq, now.start_of_day(), model.lang));
        if self.made_for != made_for || self.next_end.is_some_and(|end| end <= now) {
            *self = Self::of(model);
            self.made_for = made_for;
        }
    }

    fn of(model: &Model<'_>) -> Self {
        let (city, now) = (model.city, model.clock.now);
        let mut made = Self { next_end: city.next_suppression_change(now), ..Self::default() };
        let mut suppressed = Vec::new();
        for group in city.alarm_groups(now) {
            let mut open = Vec::new();
            let mut by_end: BTreeMap<Timestamp, Vec<AlarmId>> = BTreeMap::new();
            for alarm in group.alarms.iter().filter_map(|id| city.alarms.get(id)) {
                match alarm.shelved_until.filter(|until| *until > now) {
                    Some(until) => by_end.entry(until).or_default().push(alarm.id),
                    None if city.suppression_of(alarm, now).is_some() => suppressed.push(alarm.id),
                    None => {
                        open.push(alarm.id);
                        let is_new = alarm.acknowledged.is_none();
                        made.n_new += usize::from(is_new);
                        made.n_in_hand += usize::from(!is_new);
                    }
                }
            }
            made.rows.extend(row_of(model, &group, open));
            for (until, alarms) in by_end {
                made.n_shelved += alarms.len();
                made.next_end = Some(made.next_end.map_or(until, |end| end.min(until)));
                let row = row_of(model, &group, alarms);
                made.shelved.extend(row.map(|row| EventRow {
                    state: model.lang.fill(tr::SHELVED_TILL, &[&model.lang.day_time(until, now)]),
                    shelved_until: Some(until),
                    ..row
                }));
            }
        }
        made.shelved.sort_by_key(|row| (row.shelved_until, Reverse(row.color), row.since));
        suppressed.sort_by_key(|id| Reverse(*id));
        made.suppressed = suppressed.into();
        let is_unseen = |alarm: &&Alarm| {
            let is_recent = alarm.cleared_at.is_some_and(|at| now.since_ms(at) < UNSEEN_MS);
            is_recent && alarm.acknowledged.is_none() && city.suppression_of(alarm, now).is_none()
        };
        made.unseen = city.alarms.values().rev().take(MAX_UNSEEN).filter(is_unseen).map(|it| it.id).collect();
        made.n_new += made.unseen.len();
        made
    }
}

/// One row of these alarms; `None` without any.
fn row_of(model: &Model<'_>, group: &AlarmGroup, alarms: Vec<AlarmId>) -> Option<EventRow> {
    let (city, now, lang, key) = (model.city, model.clock.now, model.lang, &group.key);
    if let [alarm] = alarms[..] {
        return alarm_row(model, alarm);
    }
    let all = || alarms.iter().filter_map(|id| city.alarms.get(id));
    let worst = all().max_by_key(|it| (it.color, Reverse(it.raised_at)))?;
    let (since, last) = all().fold((worst.raised_at, worst.raised_at), |(first, last), it| {
        (first.min(it.raised_at), last.max(it.raised_at))
    });
    let n_new = all().filter(|it| it.acknowledged.is_none()).count();
    let place = match &key.district {
        Some(district) => district_name(city, district),
        None => lang.t(tr::CALLS_WHOLE_CITY),
    };
    let state = match n_new {
        0 => lang.t(tr::ACKNOWLEDGED).to_owned(),
        n => lang.fill(tr::UNACKNOWLEDGED_N, &[&n.to_string()]),
    };
    // Also where it is itself shelved, suppressed or acknowledged: it is the cause all the same.
    let first = city.alarms.get(&group.first).and_then(|it| Some((it.id, city.subject_of(it)?.name())));
    Some(EventRow {
        key: EventKey::Group(key.clone()),
        color: worst.color,
        title: format!("{place} {} {}", lang.cause(key.kind), alarms.len()),
        sub: lang.fill(tr::GROUP_SPAN, &[&lang.day_time(since, now), &lang.day_time(last, now)]),
        since,
        last,
        state,
        acknowledged: n_new == 0,
        n_new,
        at: city.subject_of(worst).map(|it| it.place()),
        members: alarms.into(),
        shelved_until: None,
        suppressed: None,
        first,
    })
}

/// One alarm's own row.
pub fn alarm_row(model: &Model<'_>, alarm: AlarmId) -> Option<EventRow> {
    let (city, lang) = (model.city, model.lang);
    let alarm = city.alarms.get(&alarm)?;
    let subject = city.subject_of(alarm)?;
    let is_shelved = alarm.shelved_until.is_some_and(|until| until > model.clock.now);
    let suppressed = match alarm.cleared_at.is_none() && !is_shelved {
        true => city.suppression_of(alarm, model.clock.now).map(|it| it.why.clone()),
        false => None,
    };
    let state = match (&alarm.acknowledged, alarm.cleared_at) {
        _ if suppressed.is_some() => tr::SUPPRESSED,
        (None, None) => tr::UNACKNOWLEDGED,
        (None, Some(_)) => tr::CLEARED_UNSEEN,
        (Some(_), _) => tr::ACKNOWLEDGED,
    };
    let district = district_name(city, subject.district());
    let sub = match alarm_value(lang, alarm, &subject) {
        Some(value) => format!("{district}・{value}"),
        None => district.to_owned(),
    };
    Some(EventRow {
        key: EventKey::One(Selection::Alarm(alarm.id)),
        color: alarm.color,
        title: format!("{} {}", subject.name(), lang.cause(subject.cause())),
        sub,
        since: alarm.raised_at,
        last: alarm.raised_at,
        state: lang.t(state).to_owned(),
        acknowledged: alarm.acknowledged.is_some(),
        n_new: 0,
        at: Some(subject.place()),
        members: Arc::default(),
        shelved_until: None,
        suppressed,
        first: None,
    })
}

/// The figure that raised it; a fence entered has none.
pub fn alarm_value(lang: Lang, alarm: &Alarm, subject: &AlarmSubject<'_>) -> Option<String> {
    let has_figure = matches!(subject, AlarmSubject::Sensor(_)) || !subject.unit().is_empty();
    has_figure.then(|| lang.value(f64::from(alarm.value), subject.unit()))
}

fn case_row(model: &Model<'_>, case: &Case) -> EventRow {
    let (city, now, lang) = (model.city, model.clock.now, model.lang);
    let overdue = case.report.due_at < now;
    let agency = city.agencies.get(&case.report.agency).map_or("", |agency| &agency.short);
    EventRow {
        key: EventKey::One(Selection::Case(case.id)),
        color: case.report.color,
        title: format!("{} {}", case.report.address, case.report.title),
        sub: format!("{}・{agency}", district_name(city, &case.report.district)),
        since: case.report.reported_at,
        last: case.report.reported_at,
        state: if overdue { lang.t(tr::OVERDUE) } else { lang.stage(case.stage) }.to_owned(),
        acknowledged: case.stage >= CaseStage::Dispatched,
        n_new: 0,
        at: Some(case.report.at),
        members: Arc::default(),
        shelved_until: None,
        suppressed: None,
        first: None,
    }
}

impl Digest {
    pub(super) fn list_events(&mut self, model: &Model<'_>) {
        let (city, now) = (model.city, model.clock.now);
        self.alarms.refresh(model);
        let recent = |alarm: &&Alarm| now.since_ms(alarm.raised_at) < 600_000;
        self.alarms_in_10min = city.alarms.values().rev().take(2000).filter(recent).count();
        let urgent = |case: &&&Case| case.report.color >= WarningColor::Orange || case.report.due_at < now;
        let cases = city.open_cases_by_urgency(now);
        let mut rows = self.alarms.rows.clone();
        rows.extend(cases.iter().filter(urgent).take(MAX_ROWS).map(|case| case_row(model, case)));
        rows.sort_by_key(|row| (row.acknowledged, Reverse(row.color), row.since));
        let mut n_before = 0;
        rows.retain(|row| {
            n_before += 1;
            n_before <= MAX_ROWS || !matches!(row.key, EventKey::One(Selection::Case(_)))
        });
        self.n_waiting = 0;
        if self.hold_events && !self.events.is_empty() {
            // The list is in use: what is shown keeps its place, what is new waits.
            let kept: Vec<EventRow> =
                self.events.iter().filter_map(|old| rows.iter().find(|row| row.key == old.key).cloned()).collect();
            self.n_waiting = rows.len() - kept.len().min(rows.len());
            rows = kept;
        }
        self.events = rows;
    }
}
