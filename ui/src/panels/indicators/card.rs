//! One indicator as a card: the figure, what it is held against, how it went or how its groups stand, whose it is and
//! how old.

use super::words::{
    as_of, beside, freshness, group_name, indicator_name, ink_of, level_ink, limits, source_name, value_text,
};
use super::{IndicatorsPage, Known, city_key};
use crate::charts::{FINE, Kept, screen_look};
use crate::i18n::tr;
use crate::panels::kit::{Kit, row_id};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_charts::{Bar, Look, bars, trend};
use gulang_city::{
    Timestamp,
    indicators::{Definition, Draw, Figure},
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// More groups than these are not told apart on a card.
const MAX_BARS: usize = 8;
const CHART_H: f32 = 56.0;

pub(super) fn card_ui(k: &Kit<'_>, page: &mut IndicatorsPage, known: &Known, definition: &Definition, rect: Rect) {
    let key = city_key(definition);
    let name = indicator_name(k.m.lang, definition);
    let is_chosen = page.chosen.as_ref().is_some_and(|it| it.indicator == definition.id);
    let response = k.hit(rect, row_id("indicator", definition.id.as_str()), name);
    k.fill(rect, 4.0, if is_chosen { SELECTED } else { RAISED });
    if is_chosen || response.hovered() {
        k.outline(rect, 4.0, 1.0, if is_chosen { ACCENT } else { STRONG });
    }
    if response.clicked() {
        (page.chosen, page.by, page.rows_scroll) = (Some(key.clone()), None, 0.0);
    }
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    let figure = known.figure(&key);
    let y = rect.top() + 17.0;
    let end = figure.map_or(right, |it| marks_ui(k, it, pos2(right, y)));
    k.fit(pos2(left, y), Align2::LEFT_CENTER, 14.0, SECONDARY, name, end - left - 6.0);
    let Some(figure) = figure else { return };

    let y = rect.top() + 46.0;
    let value = k.bold(pos2(left, y), Align2::LEFT_CENTER, 28.0, ink_of(figure), &value_text(k, figure));
    let unit =
        k.text(pos2(value.right() + 5.0, y + 6.0), Align2::LEFT_CENTER, 13.0, TERTIARY, k.m.lang.unit(definition));
    let room = right - unit.right() - 10.0;
    match &figure.why_none {
        Some(why) => {
            k.fit(pos2(right, y + 2.0), Align2::RIGHT_CENTER, 13.0, STALE, &why.words(k.m.lang.paper()), room);
        }
        None => {
            let lines = beside(k, definition, figure);
            for (i, (text, ink)) in lines.iter().take(2).enumerate() {
                let at = pos2(right, y - 8.0 + 17.0 * i as f32);
                k.fit(at, Align2::RIGHT_CENTER, 12.0, *ink, text, room);
            }
        }
    }
    let chart = Rect::from_min_size(pos2(left, rect.top() + 68.0), vec2(right - left, CHART_H));
    chart_ui(k, page, known, definition, figure, chart);
    let foot = format!("{}・{}", source_name(k, definition), as_of(k, definition, figure));
    let ink = if figure.is_stale { STALE } else { TERTIARY };
    let foot_at = pos2(left + 12.0, rect.bottom() - 13.0);
    k.lamp(pos2(left + 3.0, foot_at.y), 3.2, freshness(figure));
    k.fit(foot_at, Align2::LEFT_CENTER, 11.0, ink, &foot, right - foot_at.x);
}

/// The band, and what else must be known of the figure, from the right; the left edge is returned.
fn marks_ui(k: &Kit<'_>, figure: &Figure, at: egui::Pos2) -> f32 {
    let mut x = at.x;
    if let Some(color) = figure.band {
        k.level(pos2(x - 9.0, at.y), 18.0, color, true);
        x -= 24.0;
    }
    let words = [
        (figure.anomaly.is_some(), tr::INDICATOR_UNUSUAL, STALE),
        (figure.corrected_at.is_some(), tr::INDICATOR_CORRECTED, ACCENT),
    ];
    for (_, word, ink) in words.into_iter().filter(|it| it.0) {
        let width = k.width(11.0, k.t(word)) + 12.0;
        k.chip(pos2(x - width, at.y), 11.0, k.t(word), None, ink, ink);
        x -= width + 6.0;
    }
    x
}

/// Its groups where they are few and the indicator asks for them, else how it went.
fn chart_ui(
    k: &Kit<'_>,
    page: &mut IndicatorsPage,
    known: &Known,
    definition: &Definition,
    figure: &Figure,
    rect: Rect,
) {
    let first = definition.group_by.first().copied();
    let groups = first.map(|by| known.groups(definition, by)).unwrap_or_default();
    let has_bars = matches!(definition.draw, Draw::Bars | Draw::Ranking | Draw::Map | Draw::Number | Draw::Ring)
        && (2..=MAX_BARS).contains(&groups.len())
        && groups.iter().any(|it| it.value.is_some());
    if has_bars {
        let mut serial = DefaultHasher::new();
        k.s.to_bits().hash(&mut serial);
        let bar = |it: &&Figure| Bar {
            name: group_name(k, known.definitions().map(|it| &**it), &it.key.group),
            value: it.value,
            words: value_text(k, it),
            color: it.band.map(level_ink),
        };
        let all: Vec<Bar> = groups.iter().map(bar).collect();
        for it in &all {
            (&it.name, &it.words, it.value.map(f64::to_bits)).hash(&mut serial);
            it.color.map(|it| (it.0, it.1, it.2)).hash(&mut serial);
        }
        let kept = page.drawings.entry(figure.key.clone()).or_default();
        kept.paint(k.painter(), rect, serial.finish(), |area| drop(bars(area, &all, look_at(k.s))));
        return;
    }
    let points = known.trend(&figure.key);
    if points.len() < 2 {
        k.fit_center(rect, 11.0, QUIET, k.t(tr::INDICATOR_NO_TREND), false);
        return;
    }
    trend_ui(k, page.drawings.entry(figure.key.clone()).or_default(), definition, points, rect);
}

/// How a figure went, drawn anew when there is another point of it.
pub(super) fn trend_ui(k: &Kit<'_>, kept: &mut Kept, definition: &Definition, points: &[(Timestamp, f32)], rect: Rect) {
    let mut serial = DefaultHasher::new();
    (k.s.to_bits(), definition.id.as_str()).hash(&mut serial);
    points.iter().for_each(|it| (it.0.0, it.1.to_bits()).hash(&mut serial));
    let limits = limits(definition);
    kept.paint(k.painter(), rect, serial.finish(), |area| drop(trend(area, points, &limits, look_at(k.s))));
}

/// As charts look at this scale.
fn look_at(s: f32) -> Look<'static> {
    Look { px: f64::from(FINE * s), ..screen_look() }
}
