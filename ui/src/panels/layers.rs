//! The layer panel: every layer and overlay of the map with its switch, how much of it is seen, how old it is, what its
//! signs mean. The chips 1–8 switch groups; here one can be switched by itself.

use super::kit::{Kit, exact, freshness_mark, row_id};
use super::{Chosen, PanelState, UiCommand, drawer};
use crate::i18n::tr;
use crate::stage::{
    palette::Theme,
    sketch::{Legend, Sign},
};
use crate::theme::*;
use egui::{Align2, Rect, Stroke, pos2, vec2};
use gulang_city::*;

/// One layer or overlay as the stage tells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerRow {
    /// Stable, for [`UiCommand::ToggleLayerId`].
    pub id: Text,
    pub name: Text,
    /// The chip (1–8) that switches it with others.
    pub chip: Option<u8>,
    /// Drawn over the city rather than of it.
    pub is_overlay: bool,
    pub on: bool,
    pub n_total: usize,
    pub n_in_view: usize,
    /// Of those in view: drawn one by one, drawn as part of a group, not drawn at this scale.
    pub n_shown_single: usize,
    pub n_in_clusters: usize,
    pub n_hidden: usize,
    /// When its source was last heard; 0 is never.
    pub as_of: Timestamp,
    /// `None`: it does not age (a building).
    pub budget: Option<Budget>,
    pub simulated: bool,
    pub legend: Vec<Legend>,
}

const ROW_H: f32 = 46.0;
const LEGEND_H: f32 = 18.0;
const FOOT_H: f32 = 104.0;
/// So many markings are listed; the title counts all.
const MOST_MARKINGS: usize = 4;
const MARKING_H: f32 = 28.0;

pub(super) fn layers_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::LAYERS_PANEL), k.t(tr::LAYERS_SUB)) else { return };
    let n_markings = k.m.city.markings.len().min(MOST_MARKINGS);
    let markings_h = if n_markings == 0 { 0.0 } else { 26.0 + MARKING_H * n_markings as f32 };
    let list_bottom = (body.bottom() - FOOT_H - markings_h).max(body.top());
    let list = Rect::from_min_max(body.min, pos2(body.right(), list_bottom));
    let rows: Vec<&LayerRow> = {
        let of = |is_overlay| k.m.layers.iter().filter(move |it| it.is_overlay == is_overlay);
        of(false).chain(of(true)).collect()
    };
    if rows.is_empty() {
        k.fit_center(list, 13.0, TERTIARY, k.t(tr::NO_LAYERS), false);
    }
    let heights: Vec<f32> = rows.iter().map(|it| ROW_H + if it.legend.is_empty() { 0.0 } else { LEGEND_H }).collect();
    let first = drawer::scroll(k, state, list, heights.iter().copied());
    let mut y = list.top();
    for (row, height) in rows.into_iter().zip(heights).skip(first) {
        let at = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), height));
        if at.bottom() > list.bottom() + 0.5 {
            break;
        }
        row_ui(k, at, row);
        y += height;
    }
    let foot_top = (list.bottom() + markings_h).min(body.bottom());
    markings_ui(k, Rect::from_min_max(pos2(body.left(), list.bottom()), pos2(body.right(), foot_top)));
    foot_ui(k, state, Rect::from_min_max(pos2(body.left(), foot_top), body.max));
}

/// What officers drew, the newest first, each with what takes it away from everybody's map.
fn markings_ui(k: &mut Kit<'_>, rect: Rect) {
    let city = k.m.city;
    if city.markings.is_empty() {
        return;
    }
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let title = k.m.lang.fill(tr::MARKINGS_N, &[&city.markings.len().to_string()]);
    k.text(pos2(rect.left() + 12.0, rect.top() + 14.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &title);
    for (i, marking) in city.markings.values().rev().take(MOST_MARKINGS).enumerate() {
        let y = rect.top() + 26.0 + MARKING_H * (i as f32 + 0.5);
        let remove = Rect::from_center_size(pos2(rect.right() - 22.0, y), vec2(28.0, MARKING_H));
        let label = k.m.lang.fill(tr::REMOVE_MARKING, &[&marking.id.to_string()]);
        if k.hit(remove, ("marking-remove", marking.id), &label).clicked() {
            k.out.push(UiCommand::Submit(Command::RemoveMarking { marking: marking.id }));
        }
        k.text(remove.center(), Align2::CENTER_CENTER, 15.0, SECONDARY, "×");
        let words = format!("{}・{}・{}", marking.kind.name_zh(), marking.by, marking.at.hm());
        let room = remove.left() - rect.left() - 16.0;
        k.fit(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 13.0, SECONDARY, &words, room);
    }
}

fn row_ui(k: &mut Kit<'_>, rect: Rect, row: &LayerRow) {
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    let y = rect.top() + 15.0;
    let label = k.m.lang.fill(tr::LAYER_SWITCH, &[&row.name]);
    let hit = Rect::from_min_size(rect.min, vec2(rect.width(), ROW_H));
    if k.hit(hit, row_id("layer-row", &row.id), &label).clicked() {
        k.out.push(UiCommand::ToggleLayerId(row.id.clone(), !row.on));
    }
    check_ui(k, Rect::from_center_size(pos2(left + 7.0, y), vec2(14.0, 14.0)), row.on);
    // An overlay is one drawing: there is nothing to count.
    let seen = match row.is_overlay {
        true => String::new(),
        false => format!("{} / {}", exact(row.n_in_view as i64), exact(row.n_total as i64)),
    };
    let ink = if row.on { PRIMARY } else { TERTIARY };
    let seen = k.text(pos2(right, y), Align2::RIGHT_CENTER, 13.0, if row.on { SECONDARY } else { TERTIARY }, &seen);
    let chip = row.chip.map_or(seen.left(), |chip| {
        let key = k.text(pos2(seen.left() - 10.0, y), Align2::RIGHT_CENTER, 12.0, QUIET, &chip.to_string());
        key.left()
    });
    k.fit(pos2(left + 24.0, y), Align2::LEFT_CENTER, 14.0, ink, &row.name, chip - left - 34.0);
    let y = rect.top() + 33.0;
    let mut end = right;
    if let Some(budget) = row.budget.filter(|_| row.on) {
        end = freshness_mark(k, pos2(end, y), 12.0, budget, row.as_of) - 8.0;
    }
    if row.simulated && !k.is_exercise() {
        end = k.text(pos2(end, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, k.t(tr::SIMULATED)).left() - 8.0;
    }
    if row.on && row.n_in_view > 0 && !row.is_overlay {
        let counts = [row.n_shown_single, row.n_in_clusters, row.n_hidden].map(|n| exact(n as i64));
        let counts = k.m.lang.fill(tr::LAYER_COUNTS, &[&counts[0], &counts[1], &counts[2]]);
        k.fit(pos2(left + 24.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &counts, end - left - 28.0);
    }
    if &*row.id == "rain" && row.on {
        rain_times_ui(k, left + 24.0, end, y);
    }
    if !row.legend.is_empty() {
        legend_ui(k, pos2(left + 24.0, rect.top() + ROW_H + 3.0), right, &row.legend);
    }
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
}

/// The times rain fields are for, as chips; as many as fit.
fn rain_times_ui(k: &mut Kit<'_>, left: f32, right: f32, y: f32) {
    let chosen = k.m.view.chosen;
    let times: Vec<Timestamp> = k.m.readings.rain.iter().map(|it| it.valid_at).collect();
    if times.is_empty() {
        return;
    }
    let mut x = left;
    for time in std::iter::once(None).chain(times.into_iter().rev().map(Some)) {
        let text = time.map_or_else(|| k.t(tr::RAIN_LATEST).to_owned(), |at| at.hm());
        if x + k.width(12.0, &text) + 12.0 * k.s > right {
            break;
        }
        let is_on = time == chosen.rain_at;
        let ink = if is_on { PRIMARY } else { TERTIARY };
        let rect = k.chip(pos2(x, y), 12.0, &text, None, if is_on { ACCENT } else { STRONG }, ink);
        let label = k.m.lang.fill(tr::RAIN_SHOW, &[&text]);
        if k.hit(rect, ("rain-time", time.map_or(0, |at| at.0)), &label).clicked() {
            k.out.push(UiCommand::Choose(Chosen { rain_at: time, ..chosen }));
        }
        x = rect.right() + 6.0;
    }
}

/// As many signs with their words as fit into one line.
fn legend_ui(k: &Kit<'_>, from: egui::Pos2, right: f32, legend: &[Legend]) {
    let mut x = from.x;
    for it in legend {
        let width = k.width(12.0, &it.text);
        if x + 18.0 + width > right {
            break;
        }
        let c = pos2(x + 6.0, from.y);
        let p = k.painter();
        let stroke = Stroke::new(1.5, it.color);
        match it.sign {
            Sign::Area => k.fill(Rect::from_center_size(c, vec2(12.0, 9.0)), 1.0, it.color),
            Sign::Line => {
                p.hline((c.x - 6.0)..=(c.x + 6.0), c.y, stroke);
            }
            Sign::Dashed => {
                for x in [c.x - 6.0, c.x + 1.5] {
                    p.hline(x..=(x + 4.5), c.y, stroke);
                }
            }
            Sign::Dot => {
                p.circle_filled(c, 4.0, it.color);
            }
            Sign::Cross => {
                p.line_segment([c - vec2(4.0, 4.0), c + vec2(4.0, 4.0)], stroke);
                p.line_segment([c + vec2(-4.0, 4.0), c + vec2(4.0, -4.0)], stroke);
            }
        }
        k.text(pos2(x + 16.0, from.y), Align2::LEFT_CENTER, 12.0, TERTIARY, &it.text);
        x += 16.0 + width + 12.0;
    }
}

/// Theme, motion, the locator, and whose map it is.
fn foot_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let half = (rect.width() - 24.0) / 2.0;
    let cell = |i: usize| {
        let at = pos2(rect.left() + 12.0 + half * (i % 2) as f32, rect.top() + 4.0 + 30.0 * (i / 2) as f32);
        Rect::from_min_size(at, vec2(half, 30.0))
    };
    for (i, theme, name) in [(0, Theme::Dark, tr::THEME_DARK), (1, Theme::Light, tr::THEME_LIGHT)] {
        if switch_ui(k, cell(i), k.t(name), k.m.view.theme == theme) && k.m.view.theme != theme {
            k.out.push(UiCommand::SetTheme(theme));
        }
    }
    if switch_ui(k, cell(2), k.t(tr::REDUCED_MOTION), state.is_reduced) {
        state.is_reduced = !state.is_reduced;
    }
    if switch_ui(k, cell(3), k.t(tr::LOCATOR), !state.locator_hidden) {
        state.locator_hidden = !state.locator_hidden;
    }
    let words = Rect::from_min_max(rect.left_top() + vec2(12.0, 66.0), rect.max - vec2(12.0, 2.0));
    k.wrap(words, 11.0, QUIET, k.t(tr::ATTRIBUTION));
}

fn switch_ui(k: &Kit<'_>, rect: Rect, label: &str, is_on: bool) -> bool {
    let is_clicked = k.hit(rect, ("map-switch", label), label).clicked();
    check_ui(k, Rect::from_center_size(pos2(rect.left() + 7.0, rect.center().y), vec2(14.0, 14.0)), is_on);
    let ink = if is_on { PRIMARY } else { SECONDARY };
    k.fit(pos2(rect.left() + 24.0, rect.center().y), Align2::LEFT_CENTER, 13.0, ink, label, rect.width() - 28.0);
    is_clicked
}

fn check_ui(k: &Kit<'_>, at: Rect, is_on: bool) {
    k.outline(at, 2.0, 1.2, if is_on { ACCENT } else { STRONG });
    if is_on {
        let c = at.center();
        let tick = vec![c + vec2(-4.0, 0.0), c + vec2(-1.0, 3.5), c + vec2(4.5, -3.5)];
        k.painter().add(egui::Shape::line(tick, Stroke::new(1.8, ACCENT)));
    }
}
