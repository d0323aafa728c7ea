//! War, left: people not yet moved, and the water.

use super::PanelState;
use super::kit::{Kit, below, count, exact, fresh, fresh_value, freshness_mark, percent, row_id};
use super::{Selection, UiCommand};
use crate::charts;
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

/// When the evacuation must be finished: the latest deadline of its orders.
pub(super) fn evacuation_due(city: &City) -> Option<Timestamp> {
    city.orders.values().filter(|order| !order.rung.is_end()).map(|order| order.text.due_at).max()
}

pub(super) fn evacuation_ui(k: &mut Kit<'_>, rect: Rect) {
    let due = evacuation_due(k.m.city)
        .map_or(String::new(), |due| k.m.lang.fill(tr::BY_TIME, &[&k.m.lang.day_time(due, k.now())]));
    let body = k.panel(rect, k.t(tr::EVACUATION), &due);
    let totals = k.m.city.evacuation_totals();
    let heard = k.m.readings.heard.values().copied().max().unwrap_or(k.m.city.at);
    k.header_fresh(rect, 32.0, 12.0, Budget::Default, heard);
    let (moved, expected) = (totals.all.moved, totals.all.expected);
    let y = body.top() + 28.0;
    let hero = k.bold(pos2(body.left() + 12.0, y), Align2::LEFT_CENTER, 36.0, PRIMARY, &count(k.m.lang, moved.into()));
    let left = k.m.lang.fill(tr::STILL, &[&exact(i64::from(expected.saturating_sub(moved)))]);
    let left = k.text(pos2(body.right() - 12.0, y + 7.0), Align2::RIGHT_CENTER, 13.0, SECONDARY, &left);
    let share = percent(moved.into(), expected.into());
    let share = k.bold(pos2(left.left() - 10.0, y + 3.0), Align2::RIGHT_CENTER, 20.0, PRIMARY, &share);
    let of = format!("/ {} {}", count(k.m.lang, expected.into()), k.t(tr::UNIT_PEOPLE));
    let room = share.left() - hero.right() - 16.0;
    k.fit(pos2(hero.right() + 8.0, y + 7.0), Align2::LEFT_CENTER, 13.0, TERTIARY, &of, room);
    let rows =
        Rect::from_min_max(pos2(body.left() + 12.0, body.top() + 54.0), pos2(body.right() - 12.0, body.bottom() - 4.0));
    class_rows_ui(k, rows, &totals, 13.0, rows.height() > 120.0);
}

/// Five classes: name, moved of expected, share, a bar with a tick where the plan would be now.
pub(super) fn class_rows_ui(k: &Kit<'_>, rows: Rect, totals: &EvacuationTotals, size: f32, figures: bool) {
    let height = rows.height() / totals.by_class.len().max(1) as f32;
    for (i, (class, tally)) in totals.by_class.iter().enumerate() {
        let row = Rect::from_min_size(pos2(rows.left(), rows.top() + height * i as f32), vec2(rows.width(), height));
        let part = if tally.expected == 0 { 0.0 } else { tally.moved as f32 / tally.expected as f32 };
        let late = tally.expected > 0 && part < 0.95;
        let color = if late { LATE } else { SERIES_NEUTRAL };
        let share = percent(tally.moved.into(), tally.expected.into());
        if figures {
            let y = row.top() + height * 0.36;
            k.text(
                pos2(row.left(), y),
                Align2::LEFT_CENTER,
                size,
                if late { PRIMARY } else { SECONDARY },
                k.m.lang.class(*class),
            );
            k.bold(pos2(row.right(), y), Align2::RIGHT_CENTER, size, PRIMARY, &share);
            let text = format!("{} / {}", count(k.m.lang, tally.moved.into()), count(k.m.lang, tally.expected.into()));
            k.text(pos2(row.right() - 46.0 * k.s, y), Align2::RIGHT_CENTER, size, TERTIARY, &text);
            k.bar(
                Rect::from_min_size(pos2(row.left(), row.top() + height * 0.72), vec2(row.width(), 4.0 * k.s)),
                part,
                color,
            );
        } else {
            let y = row.center().y;
            let bar = Rect::from_min_max(
                pos2(row.left() + row.width() * 0.40, y - size * 0.15 * k.s),
                pos2(row.right() - size * 3.0 * k.s, y + size * 0.15 * k.s),
            );
            k.fit(
                pos2(row.left(), y),
                Align2::LEFT_CENTER,
                size,
                if late { PRIMARY } else { SECONDARY },
                k.m.lang.class(*class),
                row.width() * 0.385,
            );
            k.bar(bar, part, color);
            k.bold(pos2(row.right(), y), Align2::RIGHT_CENTER, size * 1.2, PRIMARY, &share);
        }
    }
}

pub(super) fn water_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let water =
        state.digest.sensors.iter().filter(|(kind, _)| matches!(kind, SensorKind::FloodDepth | SensorKind::Tide));
    let n: usize = water.map(|(_, it)| it.1).sum();
    let mut rows = ranked(k);
    let n_over = rows.iter().filter(|row| row.over.is_some()).count();
    let sub = k.m.lang.fill(tr::OVER_OF, &[&n_over.to_string(), &n.to_string()]);
    let body = k.panel(rect, k.t(tr::WATER), &sub);
    let newest = rows.iter().map(|row| row.as_of).max().unwrap_or_default();
    k.header_fresh(rect, 32.0, 12.0, Budget::Water, newest);
    let height = 36.0;
    let footer = 32.0;
    rows.truncate(((body.height() - footer) / height) as usize);
    let mut clicked = None;
    for (i, row) in rows.iter().enumerate() {
        let at = Rect::from_min_size(pos2(body.left(), body.top() + height * i as f32), vec2(body.width(), height));
        let y = at.center().y;
        if let Some(color) = row.over {
            k.level(pos2(at.left() + 24.0, y), 20.0, color, true);
        }
        let history = state.digest.history(row.sensor.id.as_str());
        let name_w = if history.len() < 2 { 176.0 } else { 108.0 };
        k.fit(pos2(at.left() + 42.0, y), Align2::LEFT_CENTER, 14.0, PRIMARY, &row.sensor.name, name_w);
        let freshness = fresh(k.m, Budget::Water, row.as_of);
        let line = row.over.map_or(SERIES_NEUTRAL, level_line);
        let limit = row.sensor.thresholds.first().map(|it| it.on);
        charts::spark_ui(
            k.painter(),
            Rect::from_center_size(pos2(at.left() + 186.0, y), vec2(64.0, 20.0)),
            &history,
            limit,
            line,
            1.0,
        );
        let digits =
            if row.sensor.kind == SensorKind::Tide { format!("{:.2}", row.value) } else { format!("{:.0}", row.value) };
        let (text, ink) = fresh_value(freshness, digits, PRIMARY);
        k.bold(pos2(at.left() + 276.0, y), Align2::RIGHT_CENTER, 17.0, ink, &text);
        k.text(pos2(at.left() + 282.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, row.sensor.kind.unit());
        if matches!(freshness, Freshness::Fresh) {
            let rate = match (history.len() >= 2, history.first(), history.last()) {
                (true, Some(first), Some(last)) => {
                    let per_hour = (last - first) / (history.len() - 1) as f32 * 60.0;
                    if row.sensor.kind == SensorKind::Tide {
                        format!("{per_hour:+.2}/h")
                    } else {
                        format!("{per_hour:+.0}/h")
                    }
                }
                _ => String::new(),
            };
            k.text(pos2(at.right() - 12.0, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &rate);
        } else {
            freshness_mark(k, pos2(at.right() - 12.0, y), 12.0, Budget::Water, row.as_of);
        }
        k.hline(at.left(), at.right(), at.bottom(), ROW);
        if k.hit(at, row_id("water", &row.sensor.id), &row.sensor.name).clicked() {
            clicked = Some((row.sensor.id.clone(), row.sensor.at));
        }
    }
    let at = pos2(body.left() + 12.0, below(body, body.bottom() - footer * 0.5).top());
    k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::WATER_NOTE), body.width() - 24.0);
    if let Some((sensor, at)) = clicked {
        k.out.push(UiCommand::Select(Some(Selection::Sensor(sensor))));
        k.out.push(UiCommand::FlyTo(at, 4000.0));
    }
}

struct WaterRow<'a> {
    sensor: &'a Sensor,
    value: f32,
    as_of: Timestamp,
    over: Option<WarningColor>,
}

/// Tide gauges and flood points, nearest to or farthest over their limits first; two tide gauges always in sight.
fn ranked<'a>(k: &Kit<'a>) -> Vec<WaterRow<'a>> {
    let mut rows: Vec<(f32, WaterRow<'a>)> = Vec::new();
    for (i, sensor) in k.m.city.sensors.values().enumerate() {
        if !matches!(sensor.kind, SensorKind::FloodDepth | SensorKind::Tide) {
            continue;
        }
        let Some((value, as_of)) = k.m.readings.gauges.get(i) else { continue };
        let over = sensor.thresholds.iter().rev().find(|it| value >= it.on).map(|it| it.color);
        let limit = sensor.thresholds.first().map_or(f32::INFINITY, |it| it.on).max(0.01);
        let level = over.map_or(0.0, |color| 1.0 + color as u8 as f32) * 10.0;
        rows.push((level + (value / limit).clamp(0.0, 9.0), WaterRow { sensor, value, as_of, over }));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (tide, flood): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|(_, row)| row).partition(|row| row.sensor.kind == SensorKind::Tide);
    let mut tide = tide.into_iter();
    let mut out: Vec<WaterRow<'a>> = tide.by_ref().take(2).collect();
    out.extend(flood);
    out.extend(tide);
    out
}
