//! Peace, left and right: today's cases, twelve figures of safety, what is heard, how cases flow.

use super::PanelState;
use super::digest::budget_of;
use super::kit::{Kit, below, count, exact, fresh, fresh_value, freshness_mark, percent};
use super::pages::Page;
use crate::charts;
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

/// Share of a day's cases by hour: an illustrative rhythm for the typical day, night low, two working peaks.
const RHYTHM: [f32; 24] = [
    0.9, 0.7, 0.6, 0.5, 0.6, 1.0, 2.0, 4.0, 6.6, 8.2, 8.6, 7.6, 4.8, 5.4, 6.8, 7.4, 7.2, 6.2, 4.8, 4.4, 4.0, 3.4, 2.6,
    1.7,
];
/// Cases on a typical day (2025, public material).
const TYPICAL_DAY: f32 = 5500.0;

/// The typical day's cases by hour.
pub(super) fn typical_hours() -> [f32; 24] {
    let total: f32 = RHYTHM.iter().sum();
    RHYTHM.map(|share| share / total * TYPICAL_DAY)
}

pub(super) fn cases_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let body = k.panel(rect, k.t(tr::TODAY), k.t(tr::TODAY_SUB));
    let digest = &state.digest;
    let as_of = heard(k);
    k.header_fresh(rect, 32.0, 12.0, Budget::Default, as_of);
    let freshness = fresh(k.m, Budget::Default, as_of);
    let (value, ink) = fresh_value(freshness, exact(digest.n_today.into()), PRIMARY);
    let hero = k.bold(pos2(body.left() + 12.0, body.top() + 38.0), Align2::LEFT_CENTER, 42.0, ink, &value);
    k.text(pos2(hero.right() + 6.0, body.top() + 46.0), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::UNIT_CASES));
    let typical: f32 = typical_hours().iter().take(digest.hour_now + 1).sum();
    let rows = [
        (tr::TYPICAL_BY_NOW, exact(typical as i64)),
        (tr::CLOSE_RATE, percent(digest.n_closed_today.into(), digest.n_today.into())),
        (tr::OVERDUE_OPEN, exact(digest.n_overdue.into())),
    ];
    for (i, (label, value)) in rows.into_iter().enumerate() {
        let y = body.top() + 22.0 + 19.0 * i as f32;
        k.bold(pos2(body.right() - 12.0, y), Align2::RIGHT_CENTER, 13.0, PRIMARY, &value);
        k.text(pos2(body.right() - 62.0, y), Align2::RIGHT_CENTER, 13.0, TERTIARY, k.t(label));
    }
    let chart = Rect::from_min_max(
        pos2(body.left() + 12.0, body.top() + 80.0),
        pos2(body.right() - 12.0, body.bottom() - 44.0),
    );
    if chart.height() > 12.0 {
        charts::hours_ui(k.painter(), chart, &digest.hours, &typical_hours(), digest.hour_now, 1.0);
        for hour in [0, 6, 12, 18] {
            let at = pos2(chart.left() + chart.width() * hour as f32 / 24.0, chart.bottom() + 9.0);
            k.text(at, Align2::LEFT_CENTER, 12.0, TERTIARY, &k.m.lang.fill(tr::HOUR, &[&format!("{hour:02}")]));
        }
    }
    let y = body.bottom() - 14.0;
    k.fill(Rect::from_center_size(pos2(body.left() + 17.0, y), vec2(9.0, 9.0)), 0.0, SERIES[0]);
    let at = k.text(pos2(body.left() + 27.0, y), Align2::LEFT_CENTER, 12.0, SECONDARY, k.t(tr::TODAY_SHORT));
    k.hline(at.right() + 12.0, at.right() + 22.0, y, SERIES_REFERENCE);
    k.text(pos2(at.right() + 28.0, y), Align2::LEFT_CENTER, 12.0, SECONDARY, k.t(tr::TYPICAL_DAY));
    k.text(pos2(body.right() - 12.0, y), Align2::RIGHT_CENTER, 12.0, SECONDARY, k.t(tr::PER_DAY));
}

/// When any connector was last heard; what counts of cases are as old as.
fn heard(k: &Kit<'_>) -> Timestamp {
    k.m.readings.heard.values().copied().max().unwrap_or(k.m.city.at)
}

/// Indicators that watch the city rather than count its paperwork, one per sensor kind first.
pub(super) fn watched(city: &City) -> Vec<usize> {
    let rank = |formula: &IndicatorFormula| match formula {
        IndicatorFormula::SensorsOverThreshold(_) | IndicatorFormula::SensorMax(_) => 0,
        IndicatorFormula::SensorMean(_) => 1,
        _ => 9,
    };
    let mut found: Vec<usize> = (0..city.indicators.len()).filter(|i| rank(&city.indicators[*i].formula) < 9).collect();
    found.sort_by_key(|i| (rank(&city.indicators[*i].formula), *i));
    found.truncate(12);
    found.sort_unstable();
    found
}

pub(super) fn kind_of(formula: &IndicatorFormula) -> Option<SensorKind> {
    match formula {
        IndicatorFormula::SensorsFresh(kind)
        | IndicatorFormula::SensorsOverThreshold(kind)
        | IndicatorFormula::SensorMax(kind)
        | IndicatorFormula::SensorMean(kind) => Some(*kind),
        _ => None,
    }
}

/// An indicator's figure as text: rates as percent, counts in threes.
pub(super) fn indicator_text(k: &Kit<'_>, indicator: &Indicator, value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return "—".into() };
    match indicator.formula {
        IndicatorFormula::CaseCloseRate => format!("{:.1}", value * 100.0),
        IndicatorFormula::SensorsFresh(_) if &*indicator.unit == "%" && value <= 1.0 => {
            format!("{:.0}", (value * 100.0).floor())
        }
        IndicatorFormula::SensorMax(_) | IndicatorFormula::SensorMean(_) if value < 1000.0 => format!("{value:.1}"),
        _ => count(k.m.lang, value),
    }
}

pub(super) fn running_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let body = k.panel(rect, k.t(tr::RUNNING), k.t(tr::RUNNING_SUB));
    let rows = watched(k.m.city);
    let digest = &state.digest;
    let n_alarmed = digest.sensors.values().filter(|it| it.2.is_some()).count();
    let link = Rect::from_min_max(pos2(rect.right() - 150.0, rect.top()), pos2(rect.right(), body.top()));
    let label = k.m.lang.fill(tr::WATCH_AND_MORE, &[&n_alarmed.to_string()]);
    k.header_right(rect, 32.0, 12.0, TERTIARY, &label);
    if k.hit(link, "metrics", k.t(tr::METRICS)).clicked() {
        state.pages.toggle(Page::Indicators);
    }
    let height = (body.height() / rows.len().max(1) as f32).min(25.3);
    let digest = &state.digest;
    for (n, i) in rows.into_iter().enumerate() {
        let (Some((_, indicator)), Some(value)) = (k.m.city.indicators.get_index(i), digest.indicators.get(i)) else {
            continue;
        };
        let row = Rect::from_min_size(pos2(body.left(), body.top() + height * n as f32), vec2(body.width(), height));
        let y = row.center().y;
        if n > 0 {
            k.hline(row.left() + 12.0, row.right() - 12.0, row.top(), ROW);
        }
        let kind = kind_of(&indicator.formula);
        let worst = kind.and_then(|kind| digest.sensors.get(&kind)).and_then(|it| it.2);
        if let Some(color) = worst {
            k.level(pos2(row.left() + 21.0, y), 16.0, color, true);
        }
        let freshness = fresh(k.m, kind.map_or(Budget::Default, budget_of), value.as_of);
        let (text, ink) = fresh_value(freshness, indicator_text(k, indicator, value.value), PRIMARY);
        k.bold_fit(
            pos2(row.left() + 36.0, y),
            Align2::LEFT_CENTER,
            14.0,
            if ink == PRIMARY { PRIMARY } else { TERTIARY },
            &indicator.name,
            104.0,
        );
        let spark = Rect::from_center_size(pos2(row.left() + 176.0, y), vec2(58.0, height * 0.62));
        charts::spark_ui(k.painter(), spark, &digest.history(indicator.id.as_str()), None, SERIES_NEUTRAL, 1.0);
        let right = row.right() - 12.0;
        k.text(pos2(right - 38.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &indicator.unit);
        k.bold(pos2(right - 44.0, y), Align2::RIGHT_CENTER, 15.0, ink, &text);
        if !matches!(freshness, Freshness::Fresh) {
            freshness_mark(k, pos2(right - 104.0, y), 12.0, kind.map_or(Budget::Default, budget_of), value.as_of);
        }
    }
}

pub(super) fn sensing_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let body = k.panel(rect, k.t(tr::SENSING), "");
    let digest = &state.digest;
    k.header_fresh(rect, 32.0, 12.0, Budget::Default, digest.newest_reading);
    let of = |kinds: &[SensorKind]| {
        kinds.iter().filter_map(|kind| digest.sensors.get(kind)).fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1))
    };
    let movers = |fixes: &Fixes, n: usize| {
        let heard = (0..n).filter_map(|i| fixes.get(i));
        let live = heard.filter(|fix| !matches!(fresh(k.m, Budget::Position, fix.at), Freshness::Lost { .. }));
        (live.count(), n)
    };
    use SensorKind::*;
    let rows = [
        (tr::SENSING_ALL, of(&SensorKind::ALL)),
        (tr::SENSING_FLOOD, of(&[FloodDepth, Tide])),
        (tr::SENSING_WEATHER, of(&[Rain, Wind])),
        (tr::SENSING_AIR, of(&[Air, WaterQuality, Sound, Exhaust])),
        (tr::SENSING_TEAMS, movers(&k.m.readings.teams, k.m.city.teams.len())),
        (tr::SENSING_DRONES, movers(&k.m.readings.drones, k.m.city.drones.len())),
    ];
    let n = rows.len().min((body.height() / 22.0) as usize).max(1);
    let height = body.height() / n as f32;
    for (i, (label, (live, all))) in rows.into_iter().take(n).enumerate() {
        let y = body.top() + height * (i as f32 + 0.5);
        k.fit(pos2(body.left() + 12.0, y), Align2::LEFT_CENTER, 13.0, SECONDARY, k.t(label), 92.0);
        let bar = Rect::from_center_size(pos2(body.left() + 150.0, y), vec2(80.0, 5.0));
        k.bar(bar, live as f32 / all.max(1) as f32, SERIES_NEUTRAL);
        let value = if all == 0 { "—".to_owned() } else { exact(live as i64) };
        k.bold(pos2(body.left() + 248.0, y), Align2::RIGHT_CENTER, 15.0, PRIMARY, &value);
        k.text(pos2(body.left() + 254.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &format!("/ {}", exact(all as i64)));
        k.text(pos2(body.right() - 12.0, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &percent(live as f64, all as f64));
    }
}

pub(super) fn flow_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let body = k.panel(rect, k.t(tr::FLOW), k.t(tr::TODAY_SHORT));
    let y = rect.top() + 16.0;
    k.text(pos2(rect.right() - 12.0, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, k.t(tr::OVERDUE));
    k.text(pos2(rect.right() - 66.0, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, k.t(tr::HERE_NOW));
    let body = below(body, body.top() + 4.0);
    let height = body.height() / 7.0;
    let most = state.digest.flow[0].n_reached.max(1) as f32;
    let names = CaseStage::ALL.map(|it| k.width(14.0, k.m.lang.stage(it))).into_iter().fold(28.0, f32::max);
    let (from, to) = (body.left() + names + 24.0, body.left() + 180.0);
    for (i, (stage, row)) in CaseStage::ALL.into_iter().zip(state.digest.flow).enumerate() {
        let y = body.top() + height * (i as f32 + 0.5);
        k.text(pos2(body.left() + 12.0, y), Align2::LEFT_CENTER, 14.0, SECONDARY, k.m.lang.stage(stage));
        k.bar(Rect::from_min_max(pos2(from, y - 6.0), pos2(to, y + 6.0)), row.n_reached as f32 / most, SERIES[0]);
        k.bold(pos2(body.left() + 240.0, y), Align2::RIGHT_CENTER, 14.0, PRIMARY, &exact(row.n_reached.into()));
        let here = if row.n_here == 0 { "—".into() } else { exact(row.n_here.into()) };
        k.text(pos2(body.right() - 66.0, y), Align2::RIGHT_CENTER, 13.0, TERTIARY, &here);
        let (late, ink) =
            if row.n_overdue == 0 { ("—".into(), TERTIARY) } else { (exact(row.n_overdue.into()), PRIMARY) };
        k.text(pos2(body.right() - 12.0, y), Align2::RIGHT_CENTER, 13.0, ink, &late);
    }
}
