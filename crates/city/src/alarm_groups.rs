//! Alarms by cause, place and time: a storm of ten thousand as a few dozen rows, none lost.
//!
//! Grouping is a way of looking: it changes no alarm and keeps nothing. Rows are merged only as far as the limit asks, from
//! the finest (one kind of sensor in one district in one quarter of an hour) to the coarsest (one kind).

use crate::{AlarmSubject, Breach, City, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows an operator can still read.
pub const MAX_ALARM_ROWS: usize = 50;
/// Breaches are numbered from here, so that kinds of sensors may be added before them.
const FIRST_BREACH: u8 = 128;
/// Width of the finest row, minutes.
const WINDOW_MINS: i64 = 15;

/// What a row is about; names the row in [`crate::Command::AcknowledgeGroup`] and [`crate::Command::ShelveGroup`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AlarmGroupKey {
    pub kind: AlarmCause,
    /// `None`: the whole city.
    pub district: Option<DistrictId>,
    /// Raised from here on, and before `until`.
    pub from: Timestamp,
    pub until: Timestamp,
}

/// The cause, as far as can be told: what a sensor measures, or what a thing did. Orders as the sensor kinds are listed,
/// then as the breaches are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmCause(u8);

impl AlarmCause {
    pub fn of(kind: SensorKind) -> Self {
        Self(SensorKind::ALL.iter().position(|it| *it == kind).unwrap_or_default() as u8)
    }
    pub fn of_breach(breach: Breach) -> Self {
        Self(FIRST_BREACH + breach as u8)
    }

    /// What the sensors measure; `None` where it is no sensor's.
    pub fn kind(self) -> Option<SensorKind> {
        SensorKind::ALL.get(usize::from(self.0)).copied()
    }

    /// What the things did; `None` where it is a sensor's.
    pub fn breach(self) -> Option<Breach> {
        self.0.checked_sub(FIRST_BREACH).and_then(|i| Breach::ALL.get(usize::from(i)).copied())
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmGroup {
    pub key: AlarmGroupKey,
    pub worst: WarningColor,
    /// Open alarms in it; the others of them.
    pub n: u32,
    pub n_unacknowledged: u32,
    pub n_shelved: u32,
    /// Kept back by the state of the city, and not shelved ([`City::suppression_of`]).
    pub n_suppressed: u32,
    /// Unacknowledged, and neither shelved nor suppressed: what waits for a person.
    pub n_waiting: u32,
    /// 首发: the one that was raised first, the likely cause of the others. Of several raised at once, the one heard of
    /// first.
    pub first: AlarmId,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// By number.
    pub alarms: Vec<AlarmId>,
}

impl City {
    /// Every open alarm in one of at most [`MAX_ALARM_ROWS`] rows; what is unacknowledged and worst first.
    ///
    /// Cleared alarms are in none, so nothing of last month haunts the list; a shelved one is counted, and counts as
    /// shelved only until its time. So is one suppressed by state, while the state lasts.
    pub fn alarm_groups(&self, now: Timestamp) -> Vec<AlarmGroup> {
        let open: Vec<(&Alarm, AlarmSubject<'_>)> = self.open_with_subjects().collect();
        // Between the alarms themselves: a reader's clock may be behind theirs.
        let raised = || open.iter().map(|(alarm, _)| alarm.raised_at);
        let span_ms = raised().max().zip(raised().min()).map_or(0, |(last, first)| last.since_ms(first));
        // Windows widen until the rows fit; then districts go, and at last a row is one kind of sensor.
        let mut mins = WINDOW_MINS;
        let mut by_district = true;
        loop {
            let is_widest = mins * 60_000 > span_ms;
            let most = if is_widest && !by_district { usize::MAX } else { MAX_ALARM_ROWS };
            if let Some(groups) = self.grouped(&open, mins, by_district, now, most) {
                return sorted(groups);
            }
            if is_widest {
                (mins, by_district) = (WINDOW_MINS, false);
            } else {
                mins *= 4;
            }
        }
    }

    /// The open alarms a key names now, by number; also those raised since the row was drawn.
    pub(crate) fn alarms_in(&self, key: &AlarmGroupKey) -> Vec<&Alarm> {
        let is_in = |alarm: &Alarm, subject: &AlarmSubject<'_>| {
            subject.cause() == key.kind
                && key.district.as_ref().is_none_or(|it| it == subject.district())
                && (key.from..key.until).contains(&alarm.raised_at)
        };
        let open = self.open_with_subjects();
        let mut found: Vec<&Alarm> =
            open.filter(|(alarm, subject)| is_in(alarm, subject)).map(|(alarm, _)| alarm).collect();
        found.sort_by_key(|it| it.id);
        found
    }

    /// The rows of one width; `None` as soon as they are more than `most`, so that a width that does not do costs little.
    fn grouped(
        &self,
        open: &[(&Alarm, AlarmSubject<'_>)],
        mins: i64,
        by_district: bool,
        now: Timestamp,
        most: usize,
    ) -> Option<Vec<AlarmGroup>> {
        let mut groups: BTreeMap<(AlarmCause, Option<&DistrictId>, i64), AlarmGroup> = BTreeMap::new();
        let width = mins * 60_000;
        for (alarm, subject) in open {
            let kind = subject.cause();
            let district = by_district.then(|| subject.district());
            let window = alarm.raised_at.0.div_euclid(width);
            let group = groups.entry((kind, district, window)).or_insert_with(|| {
                let from = Timestamp(window * width);
                AlarmGroup {
                    key: AlarmGroupKey { kind, district: district.cloned(), from, until: from + width },
                    worst: alarm.color,
                    n: 0,
                    n_unacknowledged: 0,
                    n_shelved: 0,
                    n_suppressed: 0,
                    n_waiting: 0,
                    first: alarm.id,
                    first_at: alarm.raised_at,
                    last_at: alarm.raised_at,
                    alarms: Vec::new(),
                }
            });
            let is_new = alarm.acknowledged.is_none();
            let is_shelved = alarm.shelved_until.is_some_and(|until| until > now);
            let is_suppressed = !is_shelved && self.suppression_by_subject(alarm, subject, now).is_some();
            group.worst = group.worst.max(alarm.color);
            group.n += 1;
            group.n_unacknowledged += u32::from(is_new);
            group.n_shelved += u32::from(is_shelved);
            group.n_suppressed += u32::from(is_suppressed);
            group.n_waiting += u32::from(is_new && !is_shelved && !is_suppressed);
            (group.first_at, group.first) = (group.first_at, group.first).min((alarm.raised_at, alarm.id));
            group.last_at = group.last_at.max(alarm.raised_at);
            group.alarms.push(alarm.id);
            if groups.len() > most {
                return None;
            }
        }
        for group in groups.values_mut() {
            group.alarms.sort_unstable();
        }
        Some(groups.into_values().collect())
    }

    fn open_with_subjects(&self) -> impl Iterator<Item = (&Alarm, AlarmSubject<'_>)> {
        let alarms = self.open_alarms.values().filter_map(|id| self.alarms.get(id));
        alarms.filter_map(|alarm| Some((alarm, self.subject_of(alarm)?)))
    }
}

fn sorted(mut groups: Vec<AlarmGroup>) -> Vec<AlarmGroup> {
    groups.sort_by(|a, b| {
        let urgency = |it: &AlarmGroup| (it.n_waiting > 0, it.worst, it.last_at);
        urgency(b).cmp(&urgency(a)).then_with(|| a.key.cmp(&b.key))
    });
    groups
}
