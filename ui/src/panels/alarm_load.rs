//! 告警负荷 in the drawer: how many alarms the hall gets against what people can handle, day by ten minutes, who raises
//! most, and what lies out of sight (standing, shelved, suppressed), each with why and until when.
//!
//! It shows and rates; limits are the city's own ([`gulang_city::alarm_load`]). Counted once a second while it is open.

use super::event_list::alarm_row;
use super::kit::{Kit, exact, percent, row_id};
use super::{Model, PanelState, Selection, drawer, events};
use crate::i18n::{Lang, Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, Stroke, pos2, vec2};
use gulang_city::alarm_load::{
    ACCEPTABLE_PER_10MIN, CHATTER_LIMITS, FLOOD_ABOVE, FLOOD_SHARES, GRAVE_SHARES, MANAGEABLE_PER_10MIN,
    RECOMMENDED_SHARES, STANDING_LIMITS, WORST_SHARES, series,
};
use gulang_city::*;

/// What was counted last.
#[derive(Default)]
pub(super) struct LoadView {
    key: Option<(Realm, u64, i64)>,
    load: AlarmLoad,
    tens: Vec<(Timestamp, u32)>,
    /// Each the most pressing first.
    standing: Vec<AlarmId>,
    shelved: Vec<AlarmId>,
    suppressed: Vec<AlarmId>,
}

enum Row<'a> {
    Head(String),
    Figure { name: Tr, value: String, limit: String, rating: Option<AlarmRating> },
    Actor { name: &'a str, n: u32, share: f64 },
    Alarm(AlarmId, String),
    Words(String),
}

const NOW_H: f32 = 40.0;
const STRIP_H: f32 = 118.0;
/// Of one list; the rest is counted.
const MAX_LISTED: usize = 40;

impl Row<'_> {
    fn height(&self) -> f32 {
        match self {
            Self::Head(_) => 32.0,
            Self::Alarm(..) => 44.0,
            Self::Figure { .. } | Self::Actor { .. } | Self::Words(_) => 25.0,
        }
    }
}

impl LoadView {
    fn refresh(&mut self, model: &Model<'_>) {
        let (city, now) = (model.city, model.clock.now);
        let key = Some((model.realm, city.seq, now.0.div_euclid(1000)));
        if self.key == key {
            return;
        }
        *self = Self { key, load: AlarmLoad::of(city, now), tens: series(city, now), ..Self::default() };
        for alarm in city.open_alarms.values().filter_map(|id| city.alarms.get(id)) {
            if now.since_ms(alarm.raised_at) > alarm_load::STANDING_MS {
                self.standing.push(alarm.id);
            }
            if alarm.shelved_until.is_some_and(|until| until > now) {
                self.shelved.push(alarm.id);
            } else if city.suppression_of(alarm, now).is_some() {
                self.suppressed.push(alarm.id);
            }
        }
        let raised = |id: &AlarmId| city.alarms.get(id).map(|it| (it.raised_at, it.id));
        let ends = |id: &AlarmId| city.alarms.get(id).map(|it| (it.shelved_until, it.id));
        self.standing.sort_by_key(raised);
        self.shelved.sort_by_key(ends);
        self.suppressed.sort_by_key(|id| std::cmp::Reverse(raised(id)));
    }
}

pub(super) fn load_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::ALARM_LOAD), k.t(tr::ALARM_LOAD_SUB)) else { return };
    let mut view = std::mem::take(&mut state.load);
    view.refresh(k.m);
    let now = Rect::from_min_size(body.min, vec2(body.width(), NOW_H));
    let mut chosen = now_ui(k, &view.load, now);
    let strip = Rect::from_min_size(now.left_bottom(), vec2(body.width(), STRIP_H));
    strip_ui(k, &view.tens, strip.shrink2(vec2(12.0, 0.0)));
    let list = Rect::from_min_max(strip.left_bottom(), body.max);
    let rows = rows_of(k, &view);
    let first = drawer::scroll(k, state, list, rows.iter().map(Row::height));
    let mut y = list.top();
    for row in rows.iter().skip(first) {
        if y + row.height() > list.bottom() + 0.5 {
            break;
        }
        let at = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), row.height()));
        chosen = row_ui(k, row, at).or(chosen);
        k.hline(at.left(), at.right(), at.bottom(), ROW);
        y += row.height();
    }
    state.load = view;
    if let Some(alarm) = chosen {
        let key = super::event_list::EventKey::One(Selection::Alarm(alarm));
        let place = k.m.place_of(&Selection::Alarm(alarm));
        events::choose(state, &mut k.out, &key, place);
    }
}

/// How it is now, in a word; in a flood also the alarm it began with, which a press goes to.
fn now_ui(k: &Kit<'_>, load: &AlarmLoad, at: Rect) -> Option<AlarmId> {
    let y = at.center().y;
    let ink = rating_ink(load.rating);
    let word = k.bold(pos2(at.left() + 12.0, y), Align2::LEFT_CENTER, 20.0, ink, rating_word(k.m.lang, load.rating));
    let rate = k.m.lang.fill(tr::RATE_10MIN, &[&load.n_10min.to_string()]);
    let rate = k.text(pos2(word.right() + 12.0, y + 1.0), Align2::LEFT_CENTER, 13.0, SECONDARY, &rate);
    if !load.in_flood {
        return None;
    }
    let flood = k.chip(pos2(rate.right() + 12.0, y), 12.0, k.t(tr::IN_FLOOD), None, LATE, LATE);
    let alarm = load.flood_first?;
    let row = alarm_row(k.m, alarm)?;
    let chip = k.chip(pos2(flood.right() + 8.0, y), 12.0, k.t(tr::FIRST_OUT), None, STRONG, PRIMARY);
    let words = format!("{} {}", row.title, k.m.lang.day_time(row.since, k.now()));
    let room = at.right() - chip.right() - 20.0;
    let words = k.fit(pos2(chip.right() + 8.0, y), Align2::LEFT_CENTER, 13.0, PRIMARY, &words, room);
    let label = k.m.lang.fill(tr::FIRST_OUT_OF_FLOOD, &[&row.title]);
    k.hit(chip.union(words).expand(4.0), "flood-first", &label).clicked().then_some(alarm)
}

/// The day by ten minutes, zero-based, with the limits drawn. The ten minutes not yet over are lighter.
fn strip_ui(k: &Kit<'_>, tens: &[(Timestamp, u32)], at: Rect) {
    let plot = Rect::from_min_max(at.min + vec2(0.0, 8.0), at.max - vec2(58.0, 20.0));
    let most = tens.iter().map(|it| it.1).max().unwrap_or(0);
    let top = most.max(FLOOD_ABOVE + 2) as f32;
    let y_of = |n: f32| plot.bottom() - plot.height() * n / top;
    let width = plot.width() / tens.len().max(1) as f32;
    for (i, (from, n)) in tens.iter().enumerate() {
        let x = plot.left() + width * i as f32;
        let is_whole = i + 1 < tens.len();
        let ink = if *n > FLOOD_ABOVE { LATE } else { SERIES_NEUTRAL };
        let bar = Rect::from_min_max(pos2(x, y_of(*n as f32)), pos2(x + (width - 0.6).max(0.6), plot.bottom()));
        if *n > 0 {
            k.fill(bar, 0.0, if is_whole { ink } else { ink.gamma_multiply(0.5) });
        }
        let minute = from.since_ms(from.start_of_day()) / 60_000;
        if minute % 360 == 0 {
            k.painter().vline(x, plot.bottom()..=plot.bottom() + 4.0, Stroke::new(1.0, STRONG));
            k.text(pos2(x, plot.bottom() + 12.0), Align2::CENTER_CENTER, 12.0, TERTIARY, &from.hm());
        }
    }
    k.hline(plot.left(), plot.right(), plot.bottom(), STRONG);
    let mut last_y = plot.bottom();
    for (n, word) in [(MANAGEABLE_PER_10MIN as u32, tr::LOAD_MANAGEABLE_AT), (FLOOD_ABOVE, tr::LOAD_FLOOD_AT)] {
        let y = y_of(n as f32);
        k.hline(plot.left(), plot.right(), y, SERIES_REFERENCE.gamma_multiply(0.7));
        if last_y - y >= 12.0 {
            let label = k.m.lang.fill(word, &[&n.to_string()]);
            k.fit(pos2(plot.right() + 5.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &label, 53.0);
            last_y = y;
        }
    }
    if most > FLOOD_ABOVE + 2 && last_y - plot.top() >= 12.0 {
        k.text(pos2(plot.right() + 5.0, plot.top()), Align2::LEFT_CENTER, 12.0, TERTIARY, &most.to_string());
    }
}

fn rows_of<'a>(k: &Kit<'_>, view: &'a LoadView) -> Vec<Row<'a>> {
    let (load, lang) = (&view.load, k.m.lang);
    let mut rows = figures(lang, load);
    let shares: Vec<String> = (WarningColor::ALL.iter().zip(load.by_color).zip(RECOMMENDED_SHARES))
        .map(|((color, n), share)| {
            let got = percent(f64::from(n), f64::from(load.n_day));
            format!("{} {got} / {:.0}%", color.glyph(), share * 100.0)
        })
        .collect();
    rows.push(Row::Words(lang.fill(tr::LOAD_BY_COLOR, &[&shares.join("・")])));
    rows.push(Row::Head(lang.fill(tr::LOAD_WORST, &[&percent(load.worst_share(), 1.0)])));
    rows.extend(load.worst.iter().map(|(name, n)| Row::Actor { name, n: *n, share: load.share(*n) }));
    let mut list = |head: Tr, alarms: &[AlarmId], note: &dyn Fn(&Alarm) -> String| {
        rows.push(Row::Head(lang.fill(head, &[&alarms.len().to_string()])));
        let listed = alarms.iter().take(MAX_LISTED).filter_map(|id| k.m.city.alarms.get(id));
        rows.extend(listed.map(|alarm| Row::Alarm(alarm.id, note(alarm))));
        if let Some(more) = alarms.len().checked_sub(MAX_LISTED).filter(|it| *it > 0) {
            rows.push(Row::Words(lang.fill(tr::LOAD_MORE, &[&more.to_string()])));
        }
    };
    let now = k.now();
    list(tr::LOAD_STANDING_N, &view.standing, &|it| {
        lang.fill(tr::LOAD_OPEN_FOR, &[&lang.elapsed(now.since_ms(it.raised_at) / 1000)])
    });
    list(tr::SHELVED_N, &view.shelved, &|it| {
        it.shelved_until.map_or(String::new(), |until| lang.fill(tr::SHELVED_TILL, &[&lang.day_time(until, now)]))
    });
    list(tr::SUPPRESSED_N, &view.suppressed, &|it| {
        k.m.city.suppression_of(it, now).map_or(String::new(), |it| it.why.to_string())
    });
    rows
}

fn figures(lang: Lang, load: &AlarmLoad) -> Vec<Row<'static>> {
    let count = |limits: [f64; 2]| format!("≤{}・≤{}", limits[0], limits[1]);
    let average = count([ACCEPTABLE_PER_10MIN, MANAGEABLE_PER_10MIN]);
    let single = count([MANAGEABLE_PER_10MIN, f64::from(FLOOD_ABOVE)]);
    let whole = |[a, b]: [u32; 2]| format!("≤{a}・≤{b}");
    let share = |limits: [f64; 2]| format!("≤{:.0}%・≤{:.0}%", limits[0] * 100.0, limits[1] * 100.0);
    let part = |n: f64| percent(n, 1.0);
    let n = |it: u32| exact(it.into());
    let [_, _, orange, red] = load.by_color;
    let of = |name: Tr, value: String, limit: &str, rating: Option<AlarmRating>| Row::Figure {
        name,
        value,
        limit: limit.to_owned(),
        rating,
    };
    let rated = &load.rated;
    vec![
        of(tr::LOAD_HOUR, format!("{:.1}", load.per_10min_hour), &average, Some(rated.per_10min_hour)),
        of(tr::LOAD_DAY, format!("{:.1}", load.per_10min_day), &average, Some(rated.per_10min_day)),
        of(tr::LOAD_WORST_TEN, n(load.worst_10min), &single, Some(rated.worst_10min)),
        of(tr::LOAD_FLOOD_SHARE, part(load.flood_share), &share(FLOOD_SHARES), Some(rated.flood_share)),
        of(tr::LOAD_OPEN, n(load.open), "", None),
        of(tr::LOAD_UNACKNOWLEDGED, n(load.unacknowledged), "", None),
        of(tr::LOAD_STANDING, n(load.standing), &whole(STANDING_LIMITS), Some(rated.standing)),
        of(tr::LOAD_CHATTERING, n(load.chattering), &whole(CHATTER_LIMITS), Some(rated.chattering)),
        of(tr::LOAD_WORST_SHARE, part(load.worst_share()), &share(WORST_SHARES), Some(rated.worst_share)),
        of(tr::LOAD_GRAVE, part(load.share(orange + red)), &share(GRAVE_SHARES), Some(rated.grave_share)),
        of(
            tr::LOAD_ACK_MEDIAN,
            load.median_ack_secs.map_or_else(|| "—".to_owned(), |secs| lang.elapsed(secs)),
            "",
            None,
        ),
    ]
}

/// One row; the alarm that was pressed.
fn row_ui(k: &Kit<'_>, row: &Row<'_>, at: Rect) -> Option<AlarmId> {
    let (left, right, y) = (at.left() + 12.0, at.right() - 12.0, at.center().y);
    match row {
        Row::Head(words) => {
            k.bold_fit(pos2(left, y + 3.0), Align2::LEFT_CENTER, 13.0, PRIMARY, words, right - left);
        }
        Row::Words(words) => {
            k.fit(pos2(left, y), Align2::LEFT_CENTER, 12.0, TERTIARY, words, right - left);
        }
        Row::Figure { name, value, limit, rating } => {
            let column = at.left() + at.width() * 0.58;
            k.bold(pos2(column, y), Align2::RIGHT_CENTER, 14.0, PRIMARY, value);
            let room = column - left - k.width(14.0, value) - 8.0;
            k.fit(pos2(left, y), Align2::LEFT_CENTER, 13.0, SECONDARY, k.t(*name), room);
            let mut edge = right;
            if let Some(rating) = rating {
                let word = rating_word(k.m.lang, *rating);
                edge = k.text(pos2(right, y), Align2::RIGHT_CENTER, 13.0, rating_ink(*rating), word).left() - 8.0;
            }
            let at = pos2(column + 16.0, y);
            k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, limit, edge - at.x);
        }
        Row::Actor { name, n, share } => {
            let bar =
                Rect::from_min_max(pos2(at.left() + at.width() * 0.58 + 16.0, y - 4.0), pos2(right - 46.0, y + 4.0));
            let figure = k.bold(pos2(bar.left() - 16.0, y), Align2::RIGHT_CENTER, 14.0, PRIMARY, &exact((*n).into()));
            k.fit(pos2(left, y), Align2::LEFT_CENTER, 13.0, SECONDARY, name, figure.left() - left - 8.0);
            k.bar(bar, *share as f32, SERIES_NEUTRAL);
            k.text(pos2(right, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &percent(*share, 1.0));
        }
        Row::Alarm(alarm, note) => {
            let row = alarm_row(k.m, *alarm)?;
            k.level(pos2(left + 10.0, y), 19.0, row.color, true);
            let note = k.fit(pos2(right, y), Align2::RIGHT_CENTER, 12.0, SECONDARY, note, at.width() * 0.42);
            let x = left + 28.0;
            let room = note.left() - x - 8.0;
            k.fit(pos2(x, y - 8.0), Align2::LEFT_CENTER, 14.0, PRIMARY, &row.title, room);
            k.fit(pos2(x, y + 10.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &row.sub, room);
            let label = k.m.lang.fill(tr::LOAD_LOOK_AT, &[&row.title]);
            return k.hit(at, row_id("load-alarm", (alarm, note.right() as i32)), &label).clicked().then_some(*alarm);
        }
    }
    None
}

pub(super) fn rating_word(lang: Lang, rating: AlarmRating) -> &'static str {
    match lang {
        Lang::Zh => rating.zh(),
        Lang::En => rating.en(),
    }
}

/// Saturated colour is for the levels of alarms: a rate is never red.
fn rating_ink(rating: AlarmRating) -> egui::Color32 {
    match rating {
        AlarmRating::Acceptable => TERTIARY,
        AlarmRating::Manageable => PRIMARY,
        AlarmRating::Excessive => LATE,
    }
}
