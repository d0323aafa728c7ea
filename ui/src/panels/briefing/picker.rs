//! Choosing a figure: every indicator by name or number, the whole city's or one of its groups.

use super::slide::name_of;
use crate::i18n::tr;
use crate::panels::indicators::Known;
use crate::panels::indicators::words::{indicator_name, ink_of, value_text};
use crate::panels::kit::{Kit, row_id};
use crate::panels::press;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::{
    IndicatorId,
    indicators::{FigureKey, Group},
};

const ROW_H: f32 = 32.0;
const HEAD_H: f32 = 78.0;

/// What the figure is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Beside the map: another one, or in place of the one there, from 0.
    NewFigure,
    Figure(usize),
    Chart,
    /// In braces, in the field typed into last.
    Words,
}

pub(super) struct Picker {
    pub what: For,
    query: String,
    /// The indicator whose groups are listed too.
    open: Option<IndicatorId>,
    scroll: f32,
    wants_focus: bool,
}

/// What was done with it.
pub(super) enum Picked {
    Figure(FigureKey),
    Closed,
}

impl Picker {
    pub fn new(what: For) -> Self {
        Self { what, query: String::new(), open: None, scroll: 0.0, wants_focus: true }
    }

    /// Figures that answer to what was typed: an indicator, and whether it is one of its groups.
    fn found(&self, known: &Known) -> Vec<(FigureKey, bool)> {
        let query = self.query.trim().to_lowercase();
        let mut rows = Vec::new();
        for it in known.definitions().into_iter().flat_map(|it| &it.all) {
            let words = [&*it.zh, &*it.en, it.id.as_str()];
            if !query.is_empty() && !words.iter().any(|word| word.to_lowercase().contains(&query)) {
                continue;
            }
            rows.push((FigureKey { indicator: it.id.clone(), group: Group::City }, false));
            if self.open.as_ref() == Some(&it.id) {
                let groups = it.group_by.iter().flat_map(|field| known.groups(it, *field));
                rows.extend(groups.map(|figure| (figure.key.clone(), true)));
            }
        }
        rows
    }
}

pub(super) fn picker_ui(k: &Kit<'_>, it: &mut Picker, known: &Known, rect: Rect) -> Option<Picked> {
    k.fill(rect, 4.0, RAISED);
    k.outline(rect, 4.0, 1.0, ACCENT);
    let mut picked = None;
    let y = rect.top() + 19.0;
    let title = match it.what {
        For::Words => tr::BRIEF_PICK_WORD,
        For::Chart => tr::BRIEF_PICK_CHART,
        For::NewFigure | For::Figure(_) => tr::BRIEF_PICK_FIGURE,
    };
    let close = Rect::from_center_size(pos2(rect.right() - 18.0, y), vec2(28.0, 28.0));
    k.bold_fit(
        pos2(rect.left() + 12.0, y),
        Align2::LEFT_CENTER,
        14.0,
        PRIMARY,
        k.t(title),
        close.left() - rect.left() - 18.0,
    );
    if k.hit(close, "picker-close", k.t(tr::BRIEF_PICK_CLOSE)).clicked() {
        picked = Some(Picked::Closed);
    }
    k.text(close.center(), Align2::CENTER_CENTER, 17.0, TERTIARY, "×");
    let line = Rect::from_min_size(pos2(rect.left() + 10.0, rect.top() + 38.0), vec2(rect.width() - 20.0, 30.0));
    press::line_ui(k, line, "picker-line", &mut it.query, tr::BRIEF_PICK, tr::BRIEF_PICK_HINT, &mut it.wants_focus);
    let list = Rect::from_min_max(pos2(rect.left(), rect.top() + HEAD_H), rect.max - vec2(0.0, 8.0));
    let rows = it.found(known);
    if rows.is_empty() {
        let text = if known.definitions().is_some() { tr::FIND_NONE } else { tr::INDICATORS_COUNTING };
        k.fit_center(list, 13.0, TERTIARY, k.t(text), false);
    }
    if k.ui.rect_contains_pointer(list) {
        it.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    it.scroll = it.scroll.clamp(0.0, (rows.len() as f32 * ROW_H - list.height()).max(0.0));
    let first = (it.scroll / ROW_H).round() as usize;
    for (slot, (key, is_group)) in rows.into_iter().skip(first).enumerate() {
        let row = Rect::from_min_size(pos2(list.left(), list.top() + ROW_H * slot as f32), vec2(list.width(), ROW_H));
        if row.bottom() > list.bottom() + 0.5 {
            break;
        }
        if row_ui(k, it, known, row, &key, is_group) {
            picked = Some(Picked::Figure(key));
        }
    }
    picked
}

/// `true` once it was chosen.
fn row_ui(k: &Kit<'_>, it: &mut Picker, known: &Known, row: Rect, key: &FigureKey, is_group: bool) -> bool {
    let definition = known.definition(&key.indicator);
    let mut right = row.right() - 10.0;
    let has_groups = !is_group && definition.is_some_and(|it| !it.group_by.is_empty());
    if has_groups {
        let is_open = it.open.as_ref() == Some(&key.indicator);
        let at = Rect::from_min_max(pos2(right - 52.0, row.top() + 3.0), pos2(right, row.bottom() - 3.0));
        let name = definition.map_or(key.indicator.as_str(), |it| indicator_name(k.m.lang, it));
        let response =
            k.hit(at, row_id("picker-groups", key.to_string()), &k.m.lang.fill(tr::BRIEF_GROUPS_OF, &[name]));
        k.outline(at, 3.0, 1.0, if is_open { ACCENT } else { HAIR });
        k.fit_center(at, 12.0, TERTIARY, k.t(tr::BRIEF_GROUPS), false);
        if response.clicked() {
            it.open = (!is_open).then(|| key.indicator.clone());
        }
        right = at.left() - 8.0;
    }
    let name = name_of(k, known, key);
    let at = Rect::from_min_max(row.min, pos2(right, row.bottom()));
    let response = k.hit(at, row_id("picker-row", key.to_string()), &name);
    if response.hovered() || response.has_focus() {
        k.fill(at, 3.0, SELECTED);
    }
    let y = row.center().y;
    let left = row.left() + if is_group { 28.0 } else { 12.0 };
    let mut end = right;
    if let Some(figure) = known.figure(key) {
        let unit = definition.map_or("", |it| k.m.lang.unit(it));
        let text = format!("{} {unit}", value_text(k, figure));
        end = k.fit(pos2(right - 4.0, y), Align2::RIGHT_CENTER, 13.0, ink_of(figure), text.trim_end(), 110.0).left();
    }
    k.fit(
        pos2(left, y),
        Align2::LEFT_CENTER,
        13.0,
        if is_group { SECONDARY } else { PRIMARY },
        &name,
        end - left - 8.0,
    );
    k.hline(row.left() + 10.0, row.right() - 10.0, row.bottom(), ROW);
    response.clicked()
}
