//! The tiles of the wall: every indicator of the pack's `indicators.json` with its age, source and yardstick. The desk's page is
//! [`super::indicators`].

use super::digest::budget_of;
use super::kit::{Kit, fresh, fresh_value, freshness_mark};
use super::{PanelState, today};
use crate::charts;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

/// Tiles in rows, as many as there is room for. `u` scales the type.
pub(super) fn grid_ui(k: &Kit<'_>, state: &PanelState, rect: Rect, u: f32) {
    let px = u * k.s;
    let gap = 6.0 * px;
    let n = k.m.city.indicators.len().max(1);
    let n_columns = ((rect.width() + gap) / (176.0 * px + gap)).floor().max(1.0);
    let width = (rect.width() - gap * (n_columns - 1.0)) / n_columns;
    let n_rows = (n as f32 / n_columns).ceil();
    let height = ((rect.height() - gap * (n_rows - 1.0)) / n_rows).clamp(86.0 * px, 112.0 * px);
    for (i, indicator) in k.m.city.indicators.values().enumerate() {
        let (column, row) = (i as f32 % n_columns, (i as f32 / n_columns).floor());
        let at = pos2(rect.left() + column * (width + gap), rect.top() + row * (height + gap));
        let tile = Rect::from_min_size(at, vec2(width, height));
        if rect.expand(1.0).contains_rect(tile) {
            tile_ui(k, state, tile, u, i, indicator);
        }
    }
}

fn tile_ui(k: &Kit<'_>, state: &PanelState, rect: Rect, u: f32, i: usize, indicator: &Indicator) {
    let px = u * k.s;
    k.fill(rect, 3.0 * u, RAISED);
    let value = state.digest.indicators.get(i).copied().unwrap_or(IndicatorValue { value: None, as_of: Timestamp(0) });
    let kind = today::kind_of(&indicator.formula);
    let budget = kind.map_or(Budget::Default, budget_of);
    let freshness = fresh(k.m, budget, value.as_of);
    let (left, right) = (rect.left() + 10.0 * px, rect.right() - 8.0 * px);
    let y = rect.top() + 15.0 * px;
    let mark = freshness_mark(k, pos2(right, y), 11.0 * u, budget, value.as_of);
    k.fit(pos2(left, y), Align2::LEFT_CENTER, 13.0 * u, SECONDARY, &indicator.name, mark - left - 4.0 * px);
    let (text, ink) = fresh_value(freshness, today::indicator_text(k, indicator, value.value), PRIMARY);
    let y = rect.top() + 40.0 * px;
    let figure = k.bold(pos2(left, y), Align2::LEFT_CENTER, 22.0 * u, ink, &text);
    k.text(pos2(figure.right() + 5.0 * px, y + 4.0 * px), Align2::LEFT_CENTER, 12.0 * u, TERTIARY, &indicator.unit);
    let spark = Rect::from_min_max(pos2(right - 56.0 * px, y - 9.0 * px), pos2(right, y + 9.0 * px));
    if figure.right() + 34.0 * px < spark.left() {
        charts::spark_ui(k.painter(), spark, &state.digest.history(indicator.id.as_str()), None, SERIES_NEUTRAL, px);
    }
    let source = format!("{}・{}", indicator.group, indicator.source);
    k.fit(pos2(left, rect.top() + 62.0 * px), Align2::LEFT_CENTER, 11.0 * u, QUIET, &source, rect.width() - 18.0 * px);
    if let Some(reference) = &indicator.reference {
        k.fit(
            pos2(left, rect.top() + 77.0 * px),
            Align2::LEFT_CENTER,
            11.0 * u,
            QUIET,
            reference,
            rect.width() - 18.0 * px,
        );
    }
}
