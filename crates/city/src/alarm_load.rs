//! 告警负荷: how many alarms come, against what people can handle.
//!
//! It counts and rates; it changes no alarm and keeps nothing. Every alarm that was raised counts in the rates, a shelved or
//! suppressed one too: what is put out of sight must not make the figures look better than the sensors are.
//!
//! The limits are those of ANSI/ISA-18.2-2016 (clause 16, its table of recommended metrics; IEC 62682 has the same) and of
//! EEMUA Publication 191, which are for one operator's position and for a month's data. Here they stand against the whole
//! hall and against a day, so they are strict for many seats and jumpy on a short day. Where a limit is ours, it says so.

use crate::{
    City, Text, Timestamp,
    ids::{AlarmId, SensorId},
    model::*,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The window of a rate, ms.
const TEN_MINS_MS: i64 = 600_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const TENS_PER_DAY: i64 = DAY_MS / TEN_MINS_MS;
/// Before the day, so that a flood under way when it began is known.
const LEAD_MS: i64 = HOUR_MS;
/// Alarms are kept as they arrived, and a delayed reading raises an old one: after so many in a row from before the day
/// nothing of the day is expected any more. A registry of a hundred thousand is then walked for the day's part only.
const MAX_OLD_RUN: usize = 1000;

/// Alarms in ten minutes on average, very likely to be acceptable (ISA-18.2: about 150 a day).
pub const ACCEPTABLE_PER_10MIN: f64 = 1.0;
/// On average, the most that is manageable (ISA-18.2: about 300 a day).
pub const MANAGEABLE_PER_10MIN: f64 = 2.0;
/// More than these in ten minutes, and a flood has begun (EEMUA 191, ISA-18.2).
pub const FLOOD_ABOVE: u32 = 10;
/// Fewer than these in ten minutes, and it is over (ISA-18.2).
pub const FLOOD_ENDS_BELOW: u32 = 5;
/// Share of the time in flood (ISA-18.2: under about 1 %); the second is ours.
pub const FLOOD_SHARES: [f64; 2] = [0.01, 0.05];
/// Open for longer than this is standing: ISA-18.2 calls it stale, as of 24 hours.
pub const STANDING_MS: i64 = DAY_MS;
/// Standing alarms (ISA-18.2: fewer than five on any day); the second is ours.
pub const STANDING_LIMITS: [u32; 2] = [4, 9];
/// A subject that raised so many within [`CHATTER_MS`] chatters. ISA-18.2 asks for none and leaves the figure to the site;
/// three in a minute is what its technical reports and EEMUA 191 are commonly read as.
pub const CHATTER_TIMES: usize = 3;
pub const CHATTER_MS: i64 = 60_000;
/// Chattering subjects (ISA-18.2: none); the second is ours.
pub const CHATTER_LIMITS: [u32; 2] = [0, 5];
/// What the ten worst subjects may make of all alarms (ISA-18.2: 1 to 5 %); the second is ours.
pub const WORST_SHARES: [f64; 2] = [0.05, 0.2];
/// Blue, yellow, orange, red: ISA-18.2's shares for four priorities, about 80, 15, 5 and under 1 %.
pub const RECOMMENDED_SHARES: [f64; 4] = [0.80, 0.15, 0.05, 0.01];
/// Of orange and red together: the sum of their shares, and twice that, which is ours.
pub const GRAVE_SHARES: [f64; 2] = [0.06, 0.12];
/// Of fewer alarms than this a day (the acceptable rate) shares say nothing, and are not held against anybody.
pub const FEW_A_DAY: u32 = 144;
/// Subjects listed in [`AlarmLoad::worst`].
pub const N_WORST: usize = 10;

/// Whether people can handle a figure. `Ord`: excessive is greatest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmRating {
    #[default]
    Acceptable,
    Manageable,
    Excessive,
}

impl AlarmRating {
    /// Acceptable up to the first limit, manageable up to the second.
    pub fn of(value: f64, limits: [f64; 2]) -> Self {
        let [acceptable, manageable] = limits;
        if value <= acceptable {
            Self::Acceptable
        } else if value <= manageable {
            Self::Manageable
        } else {
            Self::Excessive
        }
    }

    fn of_count(n: u32, [acceptable, manageable]: [u32; 2]) -> Self {
        Self::of(f64::from(n), [f64::from(acceptable), f64::from(manageable)])
    }

    pub fn zh(self) -> &'static str {
        match self {
            Self::Acceptable => "可接受",
            Self::Manageable => "尚可应付",
            Self::Excessive => "过量",
        }
    }

    pub fn en(self) -> &'static str {
        match self {
            Self::Acceptable => "acceptable",
            Self::Manageable => "manageable",
            Self::Excessive => "excessive",
        }
    }
}

/// How many alarms the hall gets. “The day” is the last 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmLoad {
    /// Raised in the last ten minutes.
    pub n_10min: u32,
    pub n_hour: u32,
    pub n_day: u32,
    /// Mean over the last hour.
    pub per_10min_hour: f64,
    /// Mean over the day, or over the time since the first alarm if that is shorter.
    pub per_10min_day: f64,
    /// The most that came in any ten minutes of the hour, and of the day.
    pub worst_10min_hour: u32,
    pub worst_10min: u32,
    pub in_flood: bool,
    /// 首发: the first alarm of the ten minutes in which the flood now on began; the likely cause of the others.
    pub flood_first: Option<AlarmId>,
    /// Of the day, or of the time since the first alarm if that is shorter; 0–1.
    pub flood_share: f64,
    pub open: u32,
    /// Open, acknowledged by nobody, and neither shelved nor suppressed: what waits for a person.
    pub unacknowledged: u32,
    /// Open for longer than [`STANDING_MS`].
    pub standing: u32,
    /// Open and shelved now.
    pub shelved: u32,
    /// Open, not shelved, and suppressed by state now ([`City::suppression_of`]).
    pub suppressed: u32,
    /// Subjects that chattered within the day.
    pub chattering: u32,
    /// The subjects that raised most in the day, with how many; the most first, [`N_WORST`] at most.
    pub worst: Vec<(Text, u32)>,
    /// Raised in the day by colour as it is now, in the order of [`WarningColor::ALL`].
    pub by_color: [u32; 4],
    /// Half of those acknowledged in the day were so within this; of alarms raised in the day or open still.
    pub median_ack_secs: Option<i64>,
    /// Of the present: the worse of the last ten minutes and the last hour, and excessive in a flood. A storm that is over
    /// stays in the day's figures and not here.
    pub rating: AlarmRating,
    pub rated: LoadRatings,
}

/// What each figure is rated as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadRatings {
    /// A single ten minutes may hold the manageable average, and anything up to a flood is still manageable.
    pub n_10min: AlarmRating,
    pub per_10min_hour: AlarmRating,
    pub per_10min_day: AlarmRating,
    pub worst_10min: AlarmRating,
    pub flood_share: AlarmRating,
    pub standing: AlarmRating,
    pub chattering: AlarmRating,
    pub worst_share: AlarmRating,
    /// Of orange and red among all.
    pub grave_share: AlarmRating,
}

impl AlarmLoad {
    /// Counts `city.alarms` anew: once through the day's alarms and once through the open ones.
    pub fn of(city: &City, now: Timestamp) -> Self {
        let mut raised = raised_back(city, now, DAY_MS + LEAD_MS);
        raised.sort_by_key(|it| (it.raised_at, it.id));
        let day_start = raised.partition_point(|it| age_ms(it, now) >= DAY_MS);
        let day = raised.get(day_start..).unwrap_or_default();
        let times: Vec<i64> = raised.iter().map(|it| it.raised_at.0.min(now.0)).collect();
        let of_last = |span_ms: i64| {
            let from = times.partition_point(|at| now.0.saturating_sub(*at) >= span_ms);
            times.get(from..).unwrap_or_default()
        };
        let watched_ms = watched_ms(city, now);
        let floods = flood(&times, now.0, watched_ms);
        let n = |times: &[i64]| u32::try_from(times.len()).unwrap_or(u32::MAX);
        let n_day = n(of_last(DAY_MS));
        // A city ten minutes old has one ten minutes.
        let n_tens = (watched_ms as f64 / TEN_MINS_MS as f64).clamp(1.0, TENS_PER_DAY as f64);
        let mut load = Self {
            n_10min: n(of_last(TEN_MINS_MS)),
            n_hour: n(of_last(HOUR_MS)),
            n_day,
            per_10min_hour: f64::from(n(of_last(HOUR_MS))) / 6.0,
            per_10min_day: f64::from(n_day) / n_tens,
            worst_10min_hour: most_in_ten(of_last(HOUR_MS)),
            worst_10min: most_in_ten(of_last(DAY_MS)),
            in_flood: floods.is_on,
            flood_first: floods.first.filter(|_| floods.is_on).and_then(|i| raised.get(i)).map(|it| it.id),
            flood_share: if watched_ms > 0 { floods.ms as f64 / watched_ms as f64 } else { 0.0 },
            ..Self::default()
        };
        load.count_subjects(city, day);
        load.count_open(city, now);
        load.median_ack_secs = median_ack_secs(city, day, now);
        for alarm in day {
            if let Some(n) = load.by_color.get_mut(alarm.color as usize) {
                *n += 1;
            }
        }
        load.rate();
        load
    }

    /// Of all alarms of the day, 0–1.
    pub fn share(&self, n: u32) -> f64 {
        if self.n_day == 0 { 0.0 } else { f64::from(n) / f64::from(self.n_day) }
    }

    /// What the listed subjects raised among all, 0–1.
    pub fn worst_share(&self) -> f64 {
        self.share(self.worst.iter().map(|it| it.1).sum())
    }

    fn count_subjects(&mut self, city: &City, day: &[&Alarm]) {
        let mut subjects: HashMap<&SensorId, Raiser<'_>> = HashMap::new();
        for alarm in day {
            subjects.entry(&alarm.sensor).or_insert_with(|| Raiser::new(alarm)).note(alarm.raised_at);
        }
        self.chattering = subjects.values().filter(|it| it.is_chattering).count() as u32;
        let mut worst: Vec<(&SensorId, Raiser<'_>)> = subjects.into_iter().collect();
        worst.sort_unstable_by(|a, b| b.1.n.cmp(&a.1.n).then_with(|| a.0.cmp(b.0)));
        worst.truncate(N_WORST);
        let name = |id: &SensorId, it: &Raiser<'_>| -> Text {
            city.subject_of(it.alarm).map_or_else(|| id.as_str().into(), |it| it.name().into())
        };
        self.worst = worst.iter().map(|(id, it)| (name(id, it), it.n)).collect();
    }

    fn count_open(&mut self, city: &City, now: Timestamp) {
        for alarm in city.open_alarms.values().filter_map(|id| city.alarms.get(id)) {
            self.open += 1;
            self.standing += u32::from(now.since_ms(alarm.raised_at) > STANDING_MS);
            if alarm.shelved_until.is_some_and(|until| until > now) {
                self.shelved += 1;
            } else if city.suppression_of(alarm, now).is_some() {
                self.suppressed += 1;
            } else {
                self.unacknowledged += u32::from(alarm.acknowledged.is_none());
            }
        }
    }

    fn rate(&mut self) {
        let average = |it: f64| AlarmRating::of(it, [ACCEPTABLE_PER_10MIN, MANAGEABLE_PER_10MIN]);
        let single = |n: u32| AlarmRating::of(f64::from(n), [MANAGEABLE_PER_10MIN, f64::from(FLOOD_ABOVE)]);
        let of_many = |share: f64, limits: [f64; 2]| match self.n_day {
            ..FEW_A_DAY => AlarmRating::Acceptable,
            _ => AlarmRating::of(share, limits),
        };
        let [_, _, orange, red] = self.by_color;
        self.rated = LoadRatings {
            n_10min: single(self.n_10min),
            per_10min_hour: average(self.per_10min_hour),
            per_10min_day: average(self.per_10min_day),
            worst_10min: single(self.worst_10min),
            flood_share: AlarmRating::of(self.flood_share, FLOOD_SHARES),
            standing: AlarmRating::of_count(self.standing, STANDING_LIMITS),
            chattering: AlarmRating::of_count(self.chattering, CHATTER_LIMITS),
            worst_share: of_many(self.worst_share(), WORST_SHARES),
            grave_share: of_many(self.share(orange + red), GRAVE_SHARES),
        };
        let flood = if self.in_flood { AlarmRating::Excessive } else { AlarmRating::Acceptable };
        self.rating = flood.max(self.rated.n_10min).max(self.rated.per_10min_hour);
    }
}

/// Alarms raised per ten minutes of the clock, for a chart: each with its beginning, oldest first, a day of them. The last
/// is the present one and not complete.
pub fn series(city: &City, now: Timestamp) -> Vec<(Timestamp, u32)> {
    let last = now.0.div_euclid(TEN_MINS_MS);
    let first = last.saturating_sub(TENS_PER_DAY - 1);
    let mut tens: Vec<(Timestamp, u32)> =
        (first..=last).map(|ten| (Timestamp(ten.saturating_mul(TEN_MINS_MS)), 0)).collect();
    for alarm in raised_back(city, now, DAY_MS) {
        let ten = alarm.raised_at.0.min(now.0).div_euclid(TEN_MINS_MS);
        let slot = usize::try_from(ten.saturating_sub(first)).ok().and_then(|i| tens.get_mut(i));
        if let Some((_, n)) = slot {
            *n += 1;
        }
    }
    tens
}

/// How long ago; a platform's clock that runs ahead says now.
fn age_ms(alarm: &Alarm, now: Timestamp) -> i64 {
    now.since_ms(alarm.raised_at).max(0)
}

/// The alarms of the last `span_ms`, newest arrival first.
fn raised_back(city: &City, now: Timestamp, span_ms: i64) -> Vec<&Alarm> {
    let mut found = Vec::new();
    let mut n_old = 0;
    for alarm in city.alarms.values().rev() {
        if age_ms(alarm, now) < span_ms {
            n_old = 0;
            found.push(alarm);
        } else {
            n_old += 1;
            if n_old >= MAX_OLD_RUN {
                break;
            }
        }
    }
    found
}

/// Of the day, how much has been watched: since the first alarm there ever was.
fn watched_ms(city: &City, now: Timestamp) -> i64 {
    city.alarms.first().map_or(0, |(_, first)| age_ms(first, now)).min(DAY_MS)
}

/// The most of these in any ten minutes; ascending.
fn most_in_ten(times: &[i64]) -> u32 {
    let mut oldest = times.iter().peekable();
    let (mut n, mut most) = (0u32, 0);
    for at in times {
        n += 1;
        while oldest.next_if(|it| at.saturating_sub(**it) >= TEN_MINS_MS).is_some() {
            n -= 1;
        }
        most = most.max(n);
    }
    most
}

struct Flood {
    is_on: bool,
    ms: i64,
    /// Of the last one, which of the times was its first.
    first: Option<usize>,
}

/// Floods among ascending times, and how long they lasted of the last `watched_ms`: on when the last ten minutes hold more
/// than [`FLOOD_ABOVE`], off when they hold fewer than [`FLOOD_ENDS_BELOW`]. The standard looks at regular ten minutes; we
/// look at every moment's last ten, so that a flood across two of them is not missed.
fn flood(times: &[i64], now: i64, watched_ms: i64) -> Flood {
    let from = now.saturating_sub(watched_ms);
    let (mut comes, mut goes) = (times.iter().peekable(), times.iter().peekable());
    let mut flood = Flood { is_on: false, ms: 0, first: None };
    let (mut n, mut n_gone, mut since) = (0u32, 0, from);
    loop {
        let next_go = goes.peek().map(|it| it.saturating_add(TEN_MINS_MS));
        let Some(at) = comes.peek().map(|it| **it).into_iter().chain(next_go).min().filter(|it| *it <= now) else {
            break;
        };
        if flood.is_on {
            flood.ms += (at - since).max(0);
        }
        since = at.max(from);
        while comes.next_if(|it| **it <= at).is_some() {
            n += 1;
        }
        while goes.next_if(|it| it.saturating_add(TEN_MINS_MS) <= at).is_some() {
            n = n.saturating_sub(1);
            n_gone += 1;
        }
        if n > FLOOD_ABOVE && !flood.is_on {
            flood.first = Some(n_gone);
        }
        flood.is_on = n > FLOOD_ABOVE || flood.is_on && n >= FLOOD_ENDS_BELOW;
    }
    if flood.is_on {
        flood.ms += (now - since).max(0);
    }
    flood
}

fn median_ack_secs(city: &City, day: &[&Alarm], now: Timestamp) -> Option<i64> {
    let open = city.open_alarms.values().filter_map(|id| city.alarms.get(id));
    let older = open.filter(|it| age_ms(it, now) >= DAY_MS);
    let mut secs: Vec<i64> = (day.iter().copied().chain(older))
        .filter_map(|it| {
            let (_, at) = it.acknowledged.as_ref()?;
            (now.since_ms(*at) < DAY_MS).then(|| at.since_ms(it.raised_at).max(0) / 1000)
        })
        .collect();
    let middle = secs.len() / 2;
    (middle < secs.len()).then(|| *secs.select_nth_unstable(middle).1)
}

/// What one subject raised, met in the order of time.
struct Raiser<'a> {
    /// Its first of the day: for its name.
    alarm: &'a Alarm,
    n: u32,
    /// The last ones, newest last.
    last: [Timestamp; CHATTER_TIMES - 1],
    is_chattering: bool,
}

impl<'a> Raiser<'a> {
    fn new(alarm: &'a Alarm) -> Self {
        Self { alarm, n: 0, last: [Timestamp(i64::MIN); CHATTER_TIMES - 1], is_chattering: false }
    }

    fn note(&mut self, at: Timestamp) {
        self.n += 1;
        self.is_chattering |= self.last.first().is_some_and(|first| at.since_ms(*first) <= CHATTER_MS);
        self.last.rotate_left(1);
        if let Some(last) = self.last.last_mut() {
            *last = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Realm, ids::AlarmId, tiny_pack};
    use proptest::prelude::*;

    /// Alarms in the order they came: whose, how long before now (ms), and what became of them.
    #[derive(Clone, Debug, Default)]
    struct Told {
        subject: &'static str,
        ago_ms: i64,
        color: Option<WarningColor>,
        is_over: bool,
        /// So long before now.
        acknowledged_ms: Option<i64>,
        /// So long after now.
        shelved_ms: Option<i64>,
    }

    const NOW: Timestamp = Timestamp(1_700_000_123_456);
    const MIN: i64 = 60_000;

    fn came(subject: &'static str, ago_ms: i64) -> Told {
        Told { subject, ago_ms, ..Told::default() }
    }

    fn over(it: Told) -> Told {
        Told { is_over: true, ..it }
    }

    fn city(told: &[Told]) -> City {
        let mut city = City::found(&tiny_pack(), Realm::Actual);
        for (i, it) in told.iter().enumerate() {
            let id = AlarmId(i as u64 + 1);
            let raised_at = NOW + -it.ago_ms;
            let alarm = Alarm {
                id,
                sensor: it.subject.into(),
                color: it.color.unwrap_or(WarningColor::Yellow),
                value: 1.0,
                raised_at,
                acknowledged: it.acknowledged_ms.map(|ms| ("01".into(), NOW + -ms)),
                cleared_at: it.is_over.then_some(raised_at),
                shelved_until: it.shelved_ms.map(|ms| NOW + ms),
                thing: None,
                rule: Text::default(),
                why: Text::default(),
            };
            city.alarms.insert(id, alarm);
            if !it.is_over {
                // Each its own, as the fold keeps at most one open of a subject.
                city.open_alarms.insert(format!("{}/{i}", it.subject).as_str().into(), id);
            }
        }
        city
    }

    fn check(told: &[Told], is_as_wanted: impl Fn(&AlarmLoad) -> bool) {
        let load = AlarmLoad::of(&city(told), NOW);
        assert!(is_as_wanted(&load), "{load:#?}");
    }

    #[test]
    fn a_city_without_alarms_is_calm() {
        check(&[], |it| *it == AlarmLoad::default());
    }

    #[test]
    fn windows_end_at_their_edge_and_a_clock_ahead_is_now() {
        let told = [came("a", 24 * 60 * MIN), came("a", 60 * MIN), came("b", 10 * MIN), came("c", 10 * MIN - 1)];
        check(&told, |it| (it.n_10min, it.n_hour, it.n_day) == (1, 2, 3));
        check(&[came("a", -5000)], |it| (it.n_10min, it.worst_10min) == (1, 1));
    }

    #[test]
    fn the_worst_ten_minutes_lie_across_two_of_the_clock() {
        let told: Vec<Told> = (0..8).map(|i| over(came("a", 300 * MIN - i * MIN))).collect();
        check(&told, |it| it.worst_10min == 8 && it.n_10min == 0 && it.worst_10min_hour == 0);
    }

    #[test]
    fn a_flood_begins_above_ten_and_lasts_until_below_five() {
        // Eleven at once two hours ago; nothing since: it lasts until they are ten minutes old.
        let mut told = vec![over(came("z", 10 * 60 * MIN))];
        told.extend((0..11).map(|_| over(came("a", 120 * MIN))));
        let is_tenth = |it: &AlarmLoad| (it.flood_share - 10.0 / 600.0).abs() < 1e-9 && !it.in_flood;
        check(&told, is_tenth);
        told.pop();
        check(&told, |it| it.flood_share == 0.0);
        // Kept alive by five in the next ten minutes, though ten more would be needed to begin it.
        told.push(over(came("a", 120 * MIN)));
        told.extend((0..5).map(|_| over(came("b", 111 * MIN))));
        check(&told, |it| (it.flood_share - 19.0 / 600.0).abs() < 1e-9);
    }

    #[test]
    fn a_flood_now_is_excessive_whatever_the_hour_says() {
        let told: Vec<Told> = (0..11).map(|_| came("a", MIN)).collect();
        check(&told, |it| it.in_flood && it.rating == AlarmRating::Excessive && it.flood_first == Some(AlarmId(1)));
        check(&told[..2], |it| it.rating == AlarmRating::Acceptable && it.rated.n_10min == AlarmRating::Acceptable);
        check(&told[..10], |it| it.rating == AlarmRating::Manageable && !it.in_flood);
    }

    #[test]
    fn the_first_of_a_flood_is_not_the_first_alarm_there_was() {
        let mut told = vec![came("calm", 30 * MIN)];
        told.extend((0..11).map(|i| came("a", 12 * MIN - i * MIN)));
        // Of the eleven the first is over ten minutes old when the last comes: still ten in ten minutes.
        check(&told, |it| !it.in_flood && it.flood_first.is_none());
        told.extend((0..2).map(|_| came("b", MIN)));
        check(&told, |it| it.in_flood && it.flood_first == Some(AlarmId(4)));
    }

    #[test]
    fn a_storm_of_this_morning_is_in_the_day_and_not_in_the_present() {
        let told: Vec<Told> = (0..400).map(|i| over(came("a", 600 * MIN + i * 1000))).collect();
        check(&told, |it| {
            it.rating == AlarmRating::Acceptable
                && it.rated.worst_10min == AlarmRating::Excessive
                && it.rated.flood_share == AlarmRating::Manageable
                // 400 in ten hours and a bit, not in a whole day.
                && it.rated.per_10min_day == AlarmRating::Excessive
        });
    }

    #[test]
    fn what_is_open_is_told_apart() {
        let told = [
            came("a", 25 * 60 * MIN),
            Told { acknowledged_ms: Some(MIN), ..came("b", 3 * MIN) },
            Told { shelved_ms: Some(MIN), ..came("c", 3 * MIN) },
            Told { shelved_ms: Some(-MIN), ..came("d", 3 * MIN) },
            over(came("e", 3 * MIN)),
        ];
        check(&told, |it| (it.open, it.unacknowledged, it.standing, it.shelved) == (4, 2, 1, 1));
        check(&told, |it| it.median_ack_secs == Some(120));
    }

    #[test]
    fn three_in_a_minute_chatter_and_two_do_not() {
        let thrice = |gap: i64| [came("a", 2 * gap), came("a", gap), came("a", 0), came("b", 0), came("c", 0)];
        check(&thrice(30_000), |it| it.chattering == 1 && it.rated.chattering == AlarmRating::Manageable);
        check(&thrice(30_001), |it| it.chattering == 0);
    }

    #[test]
    fn bad_actors_are_named_with_their_share() {
        let mut told: Vec<Told> = (0..3).map(|i| over(came("flood-1", i * MIN))).collect();
        told.push(over(came("nobody", MIN)));
        let city = city(&told);
        let load = AlarmLoad::of(&city, NOW);
        let name = city.sensors["flood-1"].name.clone();
        assert_eq!(load.worst, [(name, 3), ("nobody".into(), 1)]);
        assert!((load.share(3) - 0.75).abs() < 1e-9);
        assert_eq!(load.rated.worst_share, AlarmRating::Acceptable, "four alarms are too few to blame anybody");
    }

    #[test]
    fn a_delayed_alarm_hides_nothing_that_came_before_it() {
        let mut told: Vec<Told> = (0..50).map(|_| came("a", 5 * MIN)).collect();
        told.extend((0..MAX_OLD_RUN - 1).map(|_| over(came("late", 9 * 24 * 60 * MIN))));
        check(&told, |it| it.n_10min == 50);
    }

    proptest! {
        #[test]
        fn counts_are_those_of_a_naive_recount(
            told in proptest::collection::vec(
                (0..4usize, prop_oneof![0..90i64, 0..26 * 60i64], 0..4usize, any::<bool>()), 0..200
            )
        ) {
            const SUBJECTS: [&str; 4] = ["flood-1", "flood-2", "wind-1", "x"];
            let told: Vec<Told> = told
                .into_iter()
                .map(|(i, mins, color, is_over)| Told {
                    color: Some(WarningColor::ALL[color]),
                    is_over,
                    ..came(SUBJECTS[i], mins * MIN)
                })
                .collect();
            let (city, n) = (city(&told), |it: usize| it as u32);
            let load = AlarmLoad::of(&city, NOW);
            let within = |ms: i64| told.iter().filter(move |it| it.ago_ms < ms);
            prop_assert_eq!(load.n_10min, n(within(TEN_MINS_MS).count()));
            prop_assert_eq!(load.n_hour, n(within(HOUR_MS).count()));
            prop_assert_eq!(load.n_day, n(within(DAY_MS).count()));
            prop_assert_eq!(load.open, n(told.iter().filter(|it| !it.is_over).count()));
            let most = within(DAY_MS).map(|a| {
                within(DAY_MS).filter(|b| (0..TEN_MINS_MS).contains(&(b.ago_ms - a.ago_ms))).count()
            });
            prop_assert_eq!(load.worst_10min, n(most.max().unwrap_or(0)));
            for (color, got) in WarningColor::ALL.iter().zip(load.by_color) {
                prop_assert_eq!(got, n(within(DAY_MS).filter(|it| it.color == Some(*color)).count()));
            }
            prop_assert_eq!(load.worst.iter().map(|it| it.1).sum::<u32>(), load.n_day, "four subjects are all listed");
            prop_assert!((0.0..=1.0).contains(&load.flood_share));
            // Minute by minute: alarms come on whole ones, so what holds at one holds until the next.
            if let Some(first) = told.first().filter(|it| it.ago_ms < DAY_MS && it.ago_ms > 0) {
                let (mut is_on, mut mins_on) = (false, 0u32);
                for ago_ms in (0..26 * 60i64).rev().map(|it| it * MIN) {
                    let n = told.iter().filter(|it| (0..TEN_MINS_MS).contains(&(it.ago_ms - ago_ms))).count();
                    is_on = n > FLOOD_ABOVE as usize || is_on && n >= FLOOD_ENDS_BELOW as usize;
                    mins_on += u32::from(is_on && ago_ms > 0 && ago_ms <= first.ago_ms);
                }
                prop_assert_eq!(load.in_flood, is_on);
                let share = f64::from(mins_on) * MIN as f64 / first.ago_ms as f64;
                prop_assert!((load.flood_share - share).abs() < 1e-9);
            }
            let series = series(&city, NOW);
            prop_assert_eq!(series.len(), 144);
            let drawn: u32 = series.iter().map(|it| it.1).sum();
            let from = series[0].0;
            prop_assert_eq!(drawn, n(told.iter().filter(|it| NOW + -it.ago_ms >= from).count()));
        }
    }
}
