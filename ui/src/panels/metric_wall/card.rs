//! One card of any kind and size: its title and what else must be known of it, the figure with its unit and what it is held
//! against, a chart in the room that is left, and at the foot whose it is and how old.
//!
//! Sizes are native px of a wall; [`Kit::s`] is what one of them is here, more in large cells. Must not know: where
//! cards lie.

use super::Counted;
use crate::charts::{FINE, Kept, screen_look};
use crate::i18n::{Tr, tr};
use crate::panels::digest::Digest;
use crate::panels::indicators::words::{
    anomaly_line, as_of, beside, freshness, group_name, indicator_name, ink_of, level_ink, limits, source_name,
    value_text,
};
use crate::panels::indicators::{Known, grave};
use crate::panels::kit::{Kit, RealmMark, exact, freshness_mark, realm_mark};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_charts::{
    Bar, Look, Scale, Small, Stage, bars, calendar, funnel, gauge, multiples, ranking, sankey, timeline, trend,
};
use gulang_city::{
    Budget, CardChart, CardShows, CaseStage, MetricWall, WarningColor,
    indicators::{Definition, Draw, Field, Figure, FigureKey, Good, Group},
};
use std::hash::{DefaultHasher, Hash, Hasher};

const PAD: f32 = 24.0;
const TITLE: f32 = 40.0;
const UNIT: f32 = 36.0;
const SMALL: f32 = 32.0;
/// The least text of a wall.
const FOOT: f32 = 30.0;
/// Native px per nominal px of a chart, whose smallest words are of 8.5.
const CHART: f32 = 3.6;
/// The middle of the title below a card's upper edge, and of the foot above its lower.
const TITLE_Y: f32 = 42.0;
const FOOT_Y: f32 = 30.0;
/// A card lower than this shows one line.
const LOW: f32 = 230.0;
/// One higher than this shows its figure larger.
const HIGH: f32 = 700.0;
/// A chart lower than this says nothing.
const LEAST_CHART: f32 = 70.0;
/// A gauge needs no more; a trend goes below it where there is room for one.
const GAUGE_H: f32 = 150.0;
const LEAST_TREND: f32 = 130.0;
/// More groups than these stand below each other.
const MAX_BARS: usize = 8;
const ROW: f32 = 52.0;
/// A level's shape; it is read by shape and colour, the character in it from nearer.
const MARK: f32 = 60.0;

/// What cards are drawn from.
pub(super) struct From<'a> {
    pub known: &'a Known,
    pub digest: &'a Digest,
    pub counted: &'a Counted,
}

/// How a figure is drawn, once it is settled what can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Drawing {
    Nothing,
    Trend,
    Bars,
    Ranking,
    Multiples,
    Calendar,
    Gauge,
}

/// As the card asks, else as the definition does, as far as there is anything to draw; a trend there always is.
fn drawing_of(definition: &Definition, group: &Group, chart: CardChart) -> Drawing {
    let asked = match chart {
        CardChart::Own => match definition.draw {
            Draw::Gauge | Draw::Ring => Drawing::Gauge,
            Draw::Ranking => Drawing::Ranking,
            Draw::Bars | Draw::Map => Drawing::Bars,
            Draw::Line | Draw::Number => Drawing::Trend,
        },
        CardChart::Number => Drawing::Nothing,
        CardChart::Trend => Drawing::Trend,
        CardChart::Bars => Drawing::Bars,
        CardChart::Ranking => Drawing::Ranking,
        CardChart::Multiples => Drawing::Multiples,
        CardChart::Calendar => Drawing::Calendar,
        CardChart::Gauge => Drawing::Gauge,
    };
    let is_possible = match asked {
        Drawing::Bars | Drawing::Ranking => *group == Group::City && !definition.group_by.is_empty(),
        Drawing::Multiples => *group == Group::City && definition.group_by.contains(&Field::District),
        Drawing::Gauge => scale_of(definition, None).is_some(),
        Drawing::Nothing | Drawing::Trend | Drawing::Calendar => true,
    };
    if is_possible { asked } else { Drawing::Trend }
}

/// Every way this figure can be drawn, each once; the definition's own first.
pub(super) fn possible(definition: &Definition, key: &FigureKey) -> Vec<CardChart> {
    let own = |it: CardChart| drawing_of(definition, &key.group, it);
    let mut all = vec![CardChart::Own, CardChart::Number, CardChart::Trend, CardChart::Calendar];
    let others = [
        (CardChart::Bars, Drawing::Bars),
        (CardChart::Ranking, Drawing::Ranking),
        (CardChart::Multiples, Drawing::Multiples),
        (CardChart::Gauge, Drawing::Gauge),
    ];
    all.extend(others.into_iter().filter(|(chart, drawing)| own(*chart) == *drawing).map(|it| it.0));
    all
}

pub(super) fn chart_word(chart: CardChart) -> Tr {
    match chart {
        CardChart::Own => tr::CHART_OWN,
        CardChart::Number => tr::CHART_NUMBER,
        CardChart::Trend => tr::CHART_TREND,
        CardChart::Bars => tr::CHART_BARS,
        CardChart::Ranking => tr::CHART_RANKING,
        CardChart::Multiples => tr::CHART_MULTIPLES,
        CardChart::Calendar => tr::CHART_CALENDAR,
        CardChart::Gauge => tr::CHART_GAUGE,
    }
}

/// Whose past the cards of a layout draw.
pub(super) fn wants(known: &mut Known, wall: &MetricWall) {
    let (mut trends, mut both) = (Vec::new(), Vec::new());
    for it in &wall.cards {
        let CardShows::Figure { key, chart } = &it.shows else { continue };
        let Some(definition) = known.definition(&key.indicator) else { continue };
        match drawing_of(definition, &key.group, *chart) {
            Drawing::Trend | Drawing::Gauge => trends.push(key.clone()),
            Drawing::Multiples => {
                trends.extend(known.groups(definition, Field::District).into_iter().map(|it| it.key.clone()));
            }
            Drawing::Calendar => both.push(key.clone()),
            Drawing::Nothing | Drawing::Bars | Drawing::Ranking => {}
        }
    }
    known.wants_trends(trends);
    known.wants(both);
}

/// What a card is called.
pub(super) fn title(k: &Kit<'_>, known: &Known, shows: &CardShows) -> String {
    let word = match shows {
        CardShows::Figure { key, .. } => {
            let Some(definition) = known.definition(&key.indicator) else { return key.indicator.to_string() };
            let name = indicator_name(k.m.lang, definition);
            return match key.group {
                Group::City => name.to_owned(),
                Group::Of { .. } => {
                    format!("{}・{name}", group_name(k, known.definitions().map(|it| &**it), &key.group))
                }
            };
        }
        CardShows::StageFunnel => tr::METRIC_FUNNEL,
        CardShows::CaseFlow => tr::METRIC_FLOW,
        CardShows::AlarmTimeline => tr::METRIC_ALARMS,
        CardShows::AlarmLoad => tr::METRIC_LOAD,
        CardShows::Grave => tr::METRIC_GRAVE,
    };
    k.t(word).to_owned()
}

pub(super) fn card_ui(k: &Kit<'_>, from: &From<'_>, shows: &CardShows, kept: &mut [Kept; 2], rect: Rect) {
    if rect.width() < 2.0 * PAD * k.s || rect.height() < TITLE_Y * k.s {
        return;
    }
    let name = title(k, from.known, shows);
    match shows {
        CardShows::Figure { key, chart } => figure_ui(k, from, (key, *chart), &name, kept, rect),
        CardShows::StageFunnel => funnel_ui(k, from, &name, kept, rect),
        CardShows::CaseFlow => flow_ui(k, from, &name, kept, rect),
        CardShows::AlarmTimeline => alarms_ui(k, from, &name, kept, rect),
        CardShows::AlarmLoad => load_ui(k, from, &name, rect),
        CardShows::Grave => grave_ui(k, from, &name, rect),
    }
}

/// The ground of a card; one that is beyond a limit stands out a little, its colour is the mark's.
fn ground_ui(k: &Kit<'_>, rect: Rect, is_marked: bool) {
    k.fill(rect, 6.0, if is_marked { RAISED } else { PANEL });
    realm_mark(k, RealmMark::PanelLine(rect));
    if is_marked {
        k.outline(rect, 6.0, 3.0, STRONG);
    }
}

/// The title, up to where something else begins.
fn title_ui(k: &Kit<'_>, rect: Rect, name: &str, end: f32) {
    let (x, y) = (rect.left() + PAD * k.s, rect.top() + TITLE_Y * k.s);
    let x = x + realm_mark(k, RealmMark::Chip(pos2(x, y), FOOT));
    k.fit(pos2(x, y), Align2::LEFT_CENTER, TITLE, SECONDARY, name, end - x - 12.0 * k.s);
}

/// Ground, title, and a word at its right.
fn frame_ui(k: &Kit<'_>, rect: Rect, name: &str, right: &str) {
    ground_ui(k, rect, false);
    let at = pos2(rect.right() - PAD * k.s, rect.top() + TITLE_Y * k.s);
    let end = k.text(at, Align2::RIGHT_CENTER, SMALL, TERTIARY, right).left();
    title_ui(k, rect, name, end);
}

/// What is left of a card for its chart, from `top` native px down to the foot.
fn room(k: &Kit<'_>, rect: Rect, top: f32) -> Rect {
    let pad = PAD * k.s;
    let min = pos2(rect.left() + pad, rect.top() + top * k.s);
    Rect::from_min_max(min, pos2(rect.right() - pad, (rect.bottom() - 56.0 * k.s).max(min.y)))
}

fn foot_ui(k: &Kit<'_>, rect: Rect, ink: Color32, text: &str, end: f32) {
    let at = pos2(rect.left() + PAD * k.s, rect.bottom() - FOOT_Y * k.s);
    k.fit(at, Align2::LEFT_CENTER, FOOT, ink, text, end - at.x - 8.0 * k.s);
}

fn has_room(k: &Kit<'_>, rect: Rect) -> bool {
    rect.height() >= LEAST_CHART * k.s && rect.width() >= LEAST_CHART * k.s
}

/// As charts look at this scale.
fn look(k: &Kit<'_>) -> Look<'static> {
    Look { px: f64::from(FINE * k.s * CHART), ..screen_look() }
}

/// What every drawing is made of beside its figures.
fn serial_of(k: &Kit<'_>, of: impl Hash) -> u64 {
    let mut serial = DefaultHasher::new();
    (k.s.to_bits(), k.m.lang == crate::i18n::Lang::Zh, of).hash(&mut serial);
    serial.finish()
}

// ---------------------------------------------------------------- a figure

fn figure_ui(
    k: &Kit<'_>,
    from: &From<'_>,
    (key, chart): (&FigureKey, CardChart),
    name: &str,
    kept: &mut [Kept; 2],
    rect: Rect,
) {
    let s = k.s;
    let (left, right) = (rect.left() + PAD * s, rect.right() - PAD * s);
    let Some(definition) = from.known.definition(&key.indicator) else {
        ground_ui(k, rect, false);
        title_ui(k, rect, name, right);
        let (text, ink) = match from.known.definitions() {
            Some(_) => (k.m.lang.fill(tr::METRIC_UNKNOWN, &[key.indicator.as_str()]), STALE),
            None => (k.t(tr::INDICATORS_COUNTING).to_owned(), QUIET),
        };
        k.fit_center(room(k, rect, TITLE_Y * 2.0), SMALL, ink, &text, false);
        return;
    };
    let figure = from.known.figure(key);
    ground_ui(k, rect, figure.is_some_and(|it| it.band.is_some()));
    let is_low = rect.height() < LOW * s;
    let y = rect.top() + TITLE_Y * s;
    let mut end = figure.map_or(right, |it| marks_ui(k, it, pos2(right, y)));
    if let Some(figure) = figure.filter(|_| is_low) {
        let text = format!("{} {}", value_text(k, figure), k.m.lang.unit(definition));
        end = k.bold_fit(pos2(end, y), Align2::RIGHT_CENTER, 48.0, ink_of(figure), &text, (end - left) * 0.6).left();
    }
    title_ui(k, rect, name, end);
    let Some(figure) = figure else {
        k.fit_center(room(k, rect, TITLE_Y * 2.0), SMALL, QUIET, k.t(tr::METRIC_NO_FIGURE), false);
        return;
    };
    if is_low {
        return;
    }
    let is_high = rect.height() > HIGH * s;
    let (size, mut top) = if is_high { (124.0, 226.0) } else { (88.0, 180.0) };
    let y = rect.top() + (TITLE_Y + top) * 0.5 * s + 4.0 * s;
    let value =
        k.bold_fit(pos2(left, y), Align2::LEFT_CENTER, size, ink_of(figure), &value_text(k, figure), right - left);
    let at = pos2(value.right() + 10.0 * s, y + size * 0.2 * s);
    let unit = k.fit(at, Align2::LEFT_CENTER, UNIT, TERTIARY, k.m.lang.unit(definition), right - at.x);
    beside_ui(k, definition, figure, pos2(right, y), right - unit.right() - 20.0 * s);
    if let Some(anomaly) = &figure.anomaly {
        let at = pos2(left, rect.top() + (top + 18.0) * s);
        k.fit(at, Align2::LEFT_CENTER, FOOT, STALE, &anomaly_line(k, anomaly), right - left);
        top += 44.0;
    }
    let chart_at = room(k, rect, top + 8.0);
    if has_room(k, chart_at) {
        chart_ui(k, from, definition, figure, chart, kept, chart_at);
    }
    let foot = format!("{}・{}", source_name(k, definition), as_of(k, definition, figure));
    let at = pos2(left, rect.bottom() - FOOT_Y * s);
    k.lamp(pos2(at.x + 9.0 * s, at.y), 9.0, freshness(figure));
    let ink = if figure.is_stale { STALE } else { TERTIARY };
    k.fit(pos2(at.x + 30.0 * s, at.y), Align2::LEFT_CENTER, FOOT, ink, &foot, right - at.x - 30.0 * s);
}

/// The band, and what else must be known of the figure, from the right; the left edge is returned.
fn marks_ui(k: &Kit<'_>, figure: &Figure, at: egui::Pos2) -> f32 {
    let mut x = at.x;
    if let Some(color) = figure.band {
        k.level(pos2(x - MARK * 0.5 * k.s, at.y), MARK, color, true);
        x -= (MARK + 14.0) * k.s;
    }
    let words = [
        (figure.anomaly.is_some(), tr::INDICATOR_UNUSUAL, STALE),
        (figure.corrected_at.is_some(), tr::INDICATOR_CORRECTED, ACCENT),
    ];
    for (_, word, ink) in words.into_iter().filter(|it| it.0) {
        let width = k.width(FOOT, k.t(word)) + 12.0 * k.s;
        k.chip(pos2(x - width, at.y), FOOT, k.t(word), None, ink, ink);
        x -= width + 12.0 * k.s;
    }
    x
}

/// Beside the figure: why there is none, or what it is held against, two lines of it. `at` is their right middle.
fn beside_ui(k: &Kit<'_>, definition: &Definition, figure: &Figure, at: egui::Pos2, room: f32) {
    // Less says nothing.
    if room < 90.0 * k.s {
        return;
    }
    if let Some(why) = &figure.why_none {
        k.fit(at, Align2::RIGHT_CENTER, SMALL, STALE, &why.words(k.m.lang.paper()), room);
        return;
    }
    let lines = beside(k, definition, figure);
    let n = lines.len().min(2);
    for (i, (text, ink)) in lines.iter().take(n).enumerate() {
        let y = at.y + 42.0 * k.s * (i as f32 - (n as f32 - 1.0) * 0.5);
        k.fit(pos2(at.x, y), Align2::RIGHT_CENTER, SMALL, *ink, text, room);
    }
}

fn chart_ui(
    k: &Kit<'_>,
    from: &From<'_>,
    definition: &Definition,
    figure: &Figure,
    chart: CardChart,
    kept: &mut [Kept; 2],
    rect: Rect,
) {
    let key = &figure.key;
    let [first, second] = kept;
    match drawing_of(definition, &key.group, chart) {
        Drawing::Nothing => {}
        Drawing::Trend => trend_ui(k, from, definition, key, first, rect),
        Drawing::Bars => groups_ui(k, from, definition, false, first, rect),
        Drawing::Ranking => groups_ui(k, from, definition, true, first, rect),
        Drawing::Multiples => multiples_ui(k, from, definition, first, rect),
        Drawing::Calendar => calendar_ui(k, from, key, first, rect),
        Drawing::Gauge => {
            let is_both = rect.height() >= (GAUGE_H + LEAST_TREND) * k.s && from.known.trend(key).len() > 1;
            let high = if is_both { GAUGE_H * k.s } else { rect.height().min(GAUGE_H * 1.4 * k.s) };
            let above = Rect::from_min_size(rect.min, vec2(rect.width(), high));
            gauge_ui(k, definition, figure, first, above);
            if is_both {
                let below = Rect::from_min_max(pos2(rect.left(), above.bottom() + 16.0 * k.s), rect.max);
                trend_ui(k, from, definition, key, second, below);
            }
        }
    }
}

fn not_yet_ui(k: &Kit<'_>, rect: Rect) {
    k.fit_center(rect, FOOT, QUIET, k.t(tr::INDICATOR_NO_TREND), false);
}

fn trend_ui(k: &Kit<'_>, from: &From<'_>, definition: &Definition, key: &FigureKey, kept: &mut Kept, rect: Rect) {
    let points = from.known.trend(key);
    if points.len() < 2 {
        return not_yet_ui(k, rect);
    }
    let serial = serial_of(k, (Drawing::Trend, key, from.known.serial_of(key).0, definition.line));
    kept.paint(k.painter(), rect, serial, |area| drop(trend(area, points, &limits(definition), look(k))));
}

fn calendar_ui(k: &Kit<'_>, from: &From<'_>, key: &FigureKey, kept: &mut Kept, rect: Rect) {
    let hours = from.known.hours(key);
    if hours.is_empty() {
        return not_yet_ui(k, rect);
    }
    let serial = serial_of(k, (Drawing::Calendar, key, from.known.serial_of(key).1));
    kept.paint(k.painter(), rect, serial, |area| drop(calendar(area, hours, look(k))));
}

fn multiples_ui(k: &Kit<'_>, from: &From<'_>, definition: &Definition, kept: &mut Kept, rect: Rect) {
    let groups = from.known.groups(definition, Field::District);
    if groups.iter().all(|it| from.known.trend(&it.key).len() < 2) {
        return not_yet_ui(k, rect);
    }
    let of: Vec<_> = groups.iter().map(|it| (said_of(it), from.known.serial_of(&it.key).0)).collect();
    let serial = serial_of(k, (Drawing::Multiples, &of, definition.line));
    kept.paint(k.painter(), rect, serial, |area| {
        let small = |it: &&Figure| Small {
            name: group_name(k, None, &it.key.group),
            words: value_text(k, it),
            points: from.known.trend(&it.key).to_vec(),
        };
        let all: Vec<Small> = groups.iter().map(small).collect();
        drop(multiples(area, &all, &limits(definition), look(k)));
    });
}

/// Its groups by the first field it has groups of, side by side while they are few; ranked, the best first.
fn groups_ui(k: &Kit<'_>, from: &From<'_>, definition: &Definition, is_ranked: bool, kept: &mut Kept, rect: Rect) {
    let Some(by) = definition.group_by.first().copied() else { return };
    let mut groups = from.known.groups(definition, by);
    let is_ranked = is_ranked || groups.len() > MAX_BARS;
    if is_ranked {
        // What is missing comes last either way.
        let sign = if definition.good == Some(Good::Low) { 1.0 } else { -1.0 };
        let place = |it: &&Figure| it.value.map_or(f64::INFINITY, |value| value * sign);
        groups.sort_by(|a, b| place(a).total_cmp(&place(b)));
    }
    let drawing = if is_ranked { Drawing::Ranking } else { Drawing::Bars };
    let of: Vec<_> = groups.iter().map(|it| (&it.key.group, said_of(it))).collect();
    let serial = serial_of(k, (drawing, definition.line, &of));
    kept.paint(k.painter(), rect, serial, |area| {
        let bar = |it: &&Figure| Bar {
            name: group_name(k, from.known.definitions().map(|it| &**it), &it.key.group),
            value: it.value,
            words: value_text(k, it),
            color: it.band.map(level_ink),
        };
        let all: Vec<Bar> = groups.iter().map(bar).collect();
        match is_ranked {
            true => drop(ranking(area, &all, look(k))),
            false => drop(bars(area, &all, look(k))),
        }
    });
}

fn gauge_ui(k: &Kit<'_>, definition: &Definition, figure: &Figure, kept: &mut Kept, rect: Rect) {
    let Some(scale) = scale_of(definition, figure.value) else { return };
    let serial = serial_of(k, (Drawing::Gauge, definition.line, said_of(figure)));
    kept.paint(k.painter(), rect, serial, |area| drop(gauge(area, &scale, look(k))));
}

/// From nothing to beyond everything it is held against; none if it is held against nothing. A share ends at its hundred.
fn scale_of(definition: &Definition, value: Option<f64>) -> Option<Scale> {
    let edges = definition.bands.iter().map(|it| it.1).chain(definition.target);
    let most = edges.chain(value).filter(|it| it.is_finite()).fold(0f64, f64::max);
    let is_share = &*definition.unit == "%";
    if !is_share && definition.bands.is_empty() && definition.target.is_none() {
        return None;
    }
    Some(Scale {
        value,
        low: 0.0,
        high: if is_share { 100.0 } else { (most * 1.15).max(1.0) },
        target: definition.target,
        bands: definition.bands.iter().map(|(color, edge)| (*edge, level_ink(*color))).collect(),
        worse_high: definition.good != Some(Good::High),
    })
}

/// What of a figure its drawing shows.
fn said_of(figure: &Figure) -> (Option<u64>, bool, Option<WarningColor>) {
    (figure.value.map(f64::to_bits), figure.is_estimate, figure.band)
}

// ---------------------------------------------------------------- cases

/// When a platform was last heard, at the foot of what is counted of its cases.
fn heard_ui(k: &Kit<'_>, rect: Rect, text: &str) {
    let heard = k.m.readings.heard.values().copied().max().unwrap_or(k.m.city.at);
    let at = pos2(rect.right() - PAD * k.s, rect.bottom() - FOOT_Y * k.s);
    let end = freshness_mark(k, at, FOOT, Budget::Default, heard);
    foot_ui(k, rect, TERTIARY, text, end);
}

fn funnel_ui(k: &Kit<'_>, from: &From<'_>, name: &str, kept: &mut [Kept; 2], rect: Rect) {
    let flow = &from.digest.flow;
    let n_late: u32 = flow.iter().map(|it| it.n_overdue).sum();
    frame_ui(k, rect, name, &format!("{} {}", k.t(tr::OVERDUE), exact(n_late.into())));
    let chart = room(k, rect, TITLE_Y * 2.0);
    if from.digest.n_today == 0 {
        k.fit_center(chart, SMALL, TERTIARY, k.t(tr::METRIC_FUNNEL_NONE), false);
    } else if has_room(k, chart) {
        let n: Vec<u32> = flow.iter().map(|it| it.n_reached).collect();
        let [kept, _] = kept;
        kept.paint(k.painter(), chart, serial_of(k, ("funnel", &n)), |area| {
            let stage = |(stage, n): (CaseStage, &u32)| Stage {
                name: k.m.lang.stage(stage).to_owned(),
                n: f64::from(*n),
                words: exact(i64::from(*n)),
            };
            let all: Vec<Stage> = CaseStage::ALL.into_iter().zip(&n).map(stage).collect();
            drop(funnel(area, &all, look(k)));
        });
    }
    heard_ui(k, rect, k.t(tr::TODAY_SUB));
}

fn flow_ui(k: &Kit<'_>, from: &From<'_>, name: &str, kept: &mut [Kept; 2], rect: Rect) {
    let counted = from.counted;
    frame_ui(k, rect, name, &k.m.lang.fill(tr::METRIC_OPEN_N, &[&exact(counted.n_open as i64)]));
    let chart = room(k, rect, TITLE_Y * 2.0);
    if counted.flow.is_empty() {
        k.fit_center(chart, SMALL, TERTIARY, k.t(tr::METRIC_FLOW_NONE), false);
    } else if has_room(k, chart) {
        let [kept, _] = kept;
        kept.paint(k.painter(), chart, serial_of(k, ("flow", counted.serial)), |area| {
            drop(sankey(area, &counted.flow, look(k)));
        });
    }
    heard_ui(k, rect, k.t(tr::METRIC_FLOW_COLUMNS));
}

// ---------------------------------------------------------------- alarms

fn alarms_ui(k: &Kit<'_>, from: &From<'_>, name: &str, kept: &mut [Kept; 2], rect: Rect) {
    let counted = from.counted;
    frame_ui(k, rect, name, &k.m.lang.fill(tr::METRIC_N_ALARMS, &[&exact(counted.n_alarms as i64)]));
    let chart = room(k, rect, TITLE_Y * 2.0);
    if counted.spans.is_empty() {
        k.fit_center(chart, SMALL, TERTIARY, k.t(tr::METRIC_ALARMS_NONE), false);
    } else if has_room(k, chart) {
        let [kept, _] = kept;
        kept.paint(k.painter(), chart, serial_of(k, ("alarms", counted.serial)), |area| {
            drop(timeline(area, &counted.spans, counted.from, counted.to, look(k)));
        });
    }
    foot_ui(k, rect, TERTIARY, k.t(tr::INDICATOR_OF_HUB), rect.right() - PAD * k.s);
}

/// The figure of the moment, then what it is held against, as many rows as there is room for.
fn load_ui(k: &Kit<'_>, from: &From<'_>, name: &str, rect: Rect) {
    let Some(load) = &from.counted.load else { return frame_ui(k, rect, name, "") };
    let s = k.s;
    let word = k.m.lang.pick(load.rating.zh(), load.rating.en());
    let word = if load.in_flood { k.t(tr::METRIC_LOAD_IN_FLOOD) } else { word };
    frame_ui(k, rect, name, word);
    let (left, right) = (rect.left() + PAD * s, rect.right() - PAD * s);
    let y = rect.top() + 124.0 * s;
    let value = k.bold(pos2(left, y), Align2::LEFT_CENTER, 88.0, PRIMARY, &exact(load.n_10min.into()));
    let at = pos2(value.right() + 16.0 * s, y + 14.0 * s);
    k.fit(at, Align2::LEFT_CENTER, SMALL, TERTIARY, k.t(tr::METRIC_LOAD_10MIN), right - at.x);
    let rows = [
        (tr::METRIC_LOAD_HOUR, format!("{:.1}", load.per_10min_hour)),
        (tr::METRIC_LOAD_DAY, format!("{:.1}", load.per_10min_day)),
        (tr::METRIC_LOAD_UNACKED, format!("{} / {}", load.unacknowledged, load.open)),
        (tr::METRIC_LOAD_WORST, exact(load.worst_10min.into())),
        (tr::METRIC_LOAD_FLOOD, format!("{:.1}%", load.flood_share * 100.0)),
        (tr::METRIC_LOAD_STANDING, exact(load.standing.into())),
        (tr::METRIC_LOAD_HIDDEN, format!("{} / {}", load.shelved, load.suppressed)),
        (tr::METRIC_LOAD_CHATTERING, exact(load.chattering.into())),
    ];
    let area = room(k, rect, 184.0);
    // Two columns in a wide card.
    let n_columns = if area.width() > 900.0 * s { 2 } else { 1 };
    let n_rows = (area.height() / (ROW * s)).floor().max(0.0) as usize;
    let width = (area.width() - 48.0 * s * (n_columns - 1) as f32) / n_columns as f32;
    for (i, (label, value)) in rows.iter().take(n_rows * n_columns).enumerate() {
        let x = area.left() + (width + 48.0 * s) * (i / n_rows.max(1)) as f32;
        let y = area.top() + ROW * s * ((i % n_rows.max(1)) as f32 + 0.5);
        let at = k.bold(pos2(x + width, y), Align2::RIGHT_CENTER, UNIT, SECONDARY, value);
        k.fit(pos2(x, y), Align2::LEFT_CENTER, SMALL, TERTIARY, k.t(*label), at.left() - x - 8.0 * s);
    }
    let worst = load.worst.first().map(|(name, n)| format!("{name} {n}"));
    let foot = worst
        .map_or_else(|| k.t(tr::INDICATOR_OF_HUB).to_owned(), |worst| k.m.lang.fill(tr::METRIC_LOAD_TOP, &[&worst]));
    foot_ui(k, rect, TERTIARY, &foot, right);
}

// ---------------------------------------------------------------- what is grave

fn grave_ui(k: &Kit<'_>, from: &From<'_>, name: &str, rect: Rect) {
    let s = k.s;
    let definitions = from.known.definitions();
    let all = definitions.map(|it| grave(from.known, it)).unwrap_or_default();
    frame_ui(k, rect, name, &exact(all.len() as i64));
    let area = room(k, rect, TITLE_Y * 2.0);
    if all.is_empty() {
        let text = if definitions.is_some() { tr::INDICATORS_NONE_GRAVE } else { tr::INDICATORS_COUNTING };
        k.fit_center(area, SMALL, TERTIARY, k.t(text), false);
    }
    let row = (MARK + 4.0) * s;
    let n_rows = (area.height() / row).floor().max(0.0) as usize;
    for (i, it) in all.iter().take(n_rows).enumerate() {
        let Some(figure) = from.known.of_city(it) else { continue };
        let y = area.top() + row * (i as f32 + 0.5);
        let x = area.left() + (MARK + 12.0) * s;
        let mark = pos2(area.left() + MARK * 0.5 * s, y);
        match figure.band {
            Some(color) => k.level(mark, MARK, color, true),
            None => {
                k.text(mark, Align2::CENTER_CENTER, SMALL, STALE, "≠");
            }
        }
        let unit = k.text(pos2(area.right(), y), Align2::RIGHT_CENTER, FOOT, TERTIARY, k.m.lang.unit(it));
        let at = pos2(unit.left() - 8.0 * s, y);
        let value = k.bold(at, Align2::RIGHT_CENTER, UNIT, ink_of(figure), &value_text(k, figure));
        let room = value.left() - x - 10.0 * s;
        k.fit(pos2(x, y), Align2::LEFT_CENTER, SMALL, SECONDARY, indicator_name(k.m.lang, it), room);
    }
    let foot = match all.len().saturating_sub(n_rows) {
        0 => String::new(),
        n_more => k.m.lang.fill(tr::METRIC_MORE, &[&n_more.to_string()]),
    };
    foot_ui(k, rect, TERTIARY, &foot, area.right());
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::indicators::Definitions;

    const TOML: &str = include_str!("../../../../assets/cities/xiamen/indicators.toml");

    #[test]
    fn every_chart_that_is_offered_is_one_that_is_drawn() {
        let all = Definitions::parse("indicators.toml", TOML).expect("the shipped definitions");
        for it in &all.all {
            let city = FigureKey { indicator: it.id.clone(), group: Group::City };
            let offered = possible(it, &city);
            assert!(offered.len() >= 4, "{}", it.id);
            for chart in offered.into_iter().filter(|it| !matches!(it, CardChart::Own | CardChart::Trend)) {
                assert_ne!(drawing_of(it, &Group::City, chart), Drawing::Trend, "{} {chart:?}", it.id);
            }
            let district = Group::Of { by: Field::District, id: "350203".into() };
            let of = possible(it, &FigureKey { group: district.clone(), ..city });
            assert!(!of.contains(&CardChart::Bars) && !of.contains(&CardChart::Multiples), "{}", it.id);
            assert_ne!(drawing_of(it, &district, CardChart::Own), Drawing::Bars);
        }
        let rate = all.get("case_overdue_rate").expect("it is shipped");
        let scale = scale_of(rate, Some(42.5)).expect("a scale");
        assert_eq!((scale.low, scale.high, scale.worse_high, scale.bands.len()), (0.0, 100.0, true, 4));
    }
}
