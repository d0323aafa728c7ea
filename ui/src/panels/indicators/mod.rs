//! 指标墙: the city's indicators by theme as cards, the gravest first of all; the chosen one in full beside them, down to the
//! records it is made of. Behind a switch the layouts of the metrics walls, to be arranged ([`layout`]).
//!
//! The hub is asked every second while the page is open, for what changed only. What is missing says why, what is stale is
//! grey, what is reckoned is marked; figures of another moment than now (a review) are not shown at all.

mod card;
mod detail;
mod known;
pub(super) mod words;

pub(super) use known::{Known, city_key};

use super::kit::Kit;
use super::metric_wall::layout;
use super::{PanelState, UiCommand, briefing, press};
use crate::charts::Kept;
use crate::i18n::{Lang, tr};
use crate::indicators::{BeneathTold, BulletinRow, IndicatorAsk, IndicatorNews};
use crate::theme::*;
use egui::{Align2, Key, Rect, pos2, vec2};
use gulang_city::{
    Text, WarningColor,
    indicators::{Definition, Definitions, Field, FigureKey},
};
use std::collections::HashMap;

/// The list of bulletins is asked for again after so long, until it comes, s.
const BULLETINS_SECS: f64 = 5.0;
/// Not heard of the hub's engine for so long, figures are called old, s.
const OLD_SECS: i64 = 10;
const THEMES_W: f32 = 196.0;
const SWITCH_H: f32 = 40.0;
const THEME_H: f32 = 32.0;
const DETAIL_W: f32 = 430.0;
const CARD: (f32, f32) = (286.0, 152.0);
const GAP: f32 = 8.0;
/// A bulletin's title, and its buttons below.
const BULLETIN_H: f32 = 50.0;
const BULLETIN_BUTTON_H: f32 = 24.0;
/// More templates than these are had over REST.
const MOST_BULLETINS: usize = 4;

#[derive(Default)]
pub(super) struct IndicatorsPage {
    /// 大屏 instead of the cards.
    shows_wall: bool,
    layouts: layout::Layouts,
    /// None: what is grave, of every theme.
    theme: Option<Text>,
    chosen: Option<FigureKey>,
    /// By what the chosen one's groups are listed.
    by: Option<Field>,
    beneath: Option<BeneathTold>,
    /// The figure that `beneath` was asked for, and of how many rows it then was.
    beneath_of: Option<(FigureKey, Option<u64>)>,
    scroll: f32,
    rows_scroll: f32,
    /// Of the cards, by figure, and of the one in full.
    drawings: HashMap<FigureKey, Kept>,
    drawing: Kept,
    /// What bulletins there are; none before the hub told.
    bulletins: Option<Vec<BulletinRow>>,
    bulletins_at: Option<f64>,
    /// A line for the officer, of this frame.
    said: Option<String>,
    /// To be put into the briefing in hand, of this frame.
    put: Option<FigureKey>,
}

impl IndicatorsPage {
    /// 大屏 is shown: the letters are its own.
    pub fn arranges(&self) -> bool {
        self.shows_wall
    }

    /// One step back; `false` if the page itself is to be closed.
    pub fn back(&mut self) -> bool {
        if self.shows_wall { self.layouts.back() } else { self.chosen.take().is_some() }
    }

    /// Takes an answer in; a line for the officer, if it is one to somebody's press. Figures are [`Known::take`]'s.
    pub fn take(&mut self, news: IndicatorNews, lang: Lang) -> Option<String> {
        match news {
            IndicatorNews::Beneath(Ok(told)) => self.beneath = Some(told),
            IndicatorNews::Bulletins(Ok(told)) => self.bulletins = Some(told),
            IndicatorNews::Saved(Ok(path)) => return Some(lang.fill(tr::INDICATOR_SAVED, &[&path])),
            IndicatorNews::Saved(Err(why)) => return Some(lang.fill(tr::INDICATOR_NOT_SAVED, &[&why])),
            _ => {}
        }
        None
    }

    /// What the cards show: a theme's in the order of the file, or the grave ones of all, the gravest first.
    fn shown<'a>(&self, known: &Known, definitions: &'a Definitions) -> Vec<&'a Definition> {
        match &self.theme {
            Some(theme) => definitions.all.iter().filter(|it| it.theme == *theme).collect(),
            None => grave(known, definitions),
        }
    }

    /// What the page must ask the hub now, beside figures.
    fn asks(&mut self, time: f64, known: &Known) -> Vec<IndicatorAsk> {
        let mut asks = Vec::new();
        if self.bulletins.is_none() && self.bulletins_at.is_none_or(|at| time - at >= BULLETINS_SECS) {
            self.bulletins_at = Some(time);
            asks.push(IndicatorAsk::Bulletins);
        }
        let of = self.chosen.clone().map(|key| {
            let n = known.figure(&key).map(|it| it.n);
            (key, n)
        });
        if let Some((key, _)) = of.as_ref().filter(|_| of != self.beneath_of) {
            asks.push(IndicatorAsk::Beneath(key.clone()));
        }
        self.beneath_of = of;
        asks
    }
}

/// What is beyond its limits or unusual in the whole city, the gravest first.
pub(in crate::panels) fn grave<'a>(known: &Known, definitions: &'a Definitions) -> Vec<&'a Definition> {
    let band = |it: &&Definition| known.of_city(it).and_then(|it| it.band);
    let is_grave =
        |it: &&Definition| known.of_city(it).is_some_and(|figure| figure.band.is_some() || figure.anomaly.is_some());
    let mut grave: Vec<&Definition> = definitions.all.iter().filter(is_grave).collect();
    grave.sort_by_key(|it| std::cmp::Reverse(band(it)));
    grave
}

/// `L` goes from the cards to the walls' layouts and back, which have the arrows to themselves; among the cards ↑ and ↓
/// go from theme to theme.
pub(super) fn keys(pressed: &dyn Fn(Key) -> bool, known: &Known, page: &mut IndicatorsPage) {
    if pressed(Key::L) {
        page.shows_wall = !page.shows_wall;
    }
    let Some(definitions) = known.definitions().filter(|_| !page.shows_wall) else { return };
    let at = page.theme.as_ref().and_then(|it| definitions.themes.iter().position(|theme| theme.id == *it));
    let n = definitions.themes.len();
    let to = match at {
        _ if pressed(Key::ArrowDown) => at.map_or(Some(0), |i| if i + 1 < n { Some(i + 1) } else { None }),
        _ if pressed(Key::ArrowUp) => at.map_or(n.checked_sub(1), |i| i.checked_sub(1)),
        _ => return,
    };
    page.theme = to.and_then(|i| Some(definitions.themes.get(i)?.id.clone()));
    page.scroll = 0.0;
}

/// What must be known of the figures as a whole: how many, whose, how old, and what is wrong with them.
pub(in crate::panels) fn sub(k: &Kit<'_>, known: &Known) -> String {
    let lang = k.m.lang;
    if let Some(why) = known.failed() {
        return lang.fill(tr::INDICATORS_FAILED, &[why]);
    }
    let Some(definitions) = known.definitions() else { return k.t(tr::INDICATORS_COUNTING).to_owned() };
    let mut text = lang.fill(
        tr::INDICATORS_SUB,
        &[&definitions.all.len().to_string(), &known.n_figures().to_string(), definitions.basis_in(k.m.lang.paper())],
    );
    if known.is_simulated() {
        text = format!("{}・{text}", k.t(tr::SIMULATED));
    }
    let age = known.now().map(|it| k.now().since_ms(it) / 1000);
    if let Some(secs) = age.filter(|it| *it > OLD_SECS && !k.is_exercise()) {
        text = format!("{}・{text}", lang.fill(tr::INDICATORS_OLD, &[&lang.elapsed(secs)]));
    }
    if let Some(fault) = known.faults().first() {
        text = format!("{}・{text}", lang.fill(tr::INDICATORS_FAULT, &[&known.faults().len().to_string(), fault]));
    }
    text
}

pub(super) fn indicators_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    if k.m.is_replay() {
        k.fit_center(body, 16.0, TERTIARY, k.t(tr::INDICATORS_NOT_PAST), false);
        return;
    }
    let mut page = std::mem::take(&mut state.pages.indicators);
    let mut known = std::mem::take(&mut state.known);
    let definitions = known.definitions().cloned().unwrap_or_default();
    let switch = Rect::from_min_size(body.min, vec2(THEMES_W, SWITCH_H));
    switch_ui(k, &mut page, switch);
    let below = Rect::from_min_max(pos2(body.left(), switch.bottom()), body.max);
    if page.shows_wall {
        let left = Rect::from_min_max(below.min, pos2(switch.right(), body.bottom()));
        let stage = Rect::from_min_max(switch.right_top(), body.max);
        layout::layouts_ui(k, state, &mut page.layouts, &mut known, left, stage);
    } else {
        page_ui(k, &mut page, &mut known, &definitions, below, switch);
    }
    let time = k.ui.input(|input| input.time);
    let asks = known.asks(time).into_iter().chain(page.asks(time, &known));
    let asks: Vec<UiCommand> = asks.map(UiCommand::AskIndicators).collect();
    k.out.extend(asks);
    let (said, put) = (page.said.take(), page.put.take());
    (state.pages.indicators, state.known) = (page, known);
    if let Some(said) = said {
        state.notify(said);
    }
    if let Some(key) = put {
        briefing::add_figure(state, k.m, key, &mut k.out);
    }
    // What was chosen is on the map, under this page.
    if k.out.iter().any(|it| matches!(it, UiCommand::Select(Some(_)))) {
        state.pages.close();
    }
}

/// 指标 or 大屏.
fn switch_ui(k: &Kit<'_>, page: &mut IndicatorsPage, rect: Rect) {
    k.fill(rect, 0.0, RAISED);
    let half = vec2(rect.width() * 0.5 - 10.0, rect.height() - 12.0);
    for (i, (word, shows_wall)) in [(tr::INDICATORS_CARDS, false), (tr::METRIC_WALLS, true)].into_iter().enumerate() {
        let at = Rect::from_min_size(rect.min + vec2(8.0 + (half.x + 4.0) * i as f32, 6.0), half);
        if press::choice_ui(k, at, ("indicators-switch", i), k.t(word), page.shows_wall == shows_wall) {
            page.shows_wall = shows_wall;
        }
    }
}

/// Themes at the left, cards, and the chosen one in full at the right. `switch` lies above the themes.
fn page_ui(
    k: &mut Kit<'_>,
    page: &mut IndicatorsPage,
    known: &mut Known,
    definitions: &Definitions,
    body: Rect,
    switch: Rect,
) {
    let shown = page.shown(known, definitions);
    known.wants_trends(shown.iter().map(|it| city_key(it)).chain(page.chosen.clone()));
    let themes = Rect::from_min_max(body.min, pos2(body.left() + THEMES_W, body.bottom()));
    // One with a fault is told in any language.
    let is_spoken = |it: &&BulletinRow| it.lang == k.m.lang.paper() || !it.fault.is_empty();
    let all = page.bulletins.iter().flatten();
    let bulletins: Vec<BulletinRow> = all.filter(is_spoken).take(MOST_BULLETINS).cloned().collect();
    let foot = bulletins.len() as f32 * (BULLETIN_H + 6.0) + 14.0;
    bulletins_ui(k, &bulletins, Rect::from_min_max(pos2(themes.left(), themes.bottom() - foot), themes.max));
    let list = Rect::from_min_max(themes.min, pos2(themes.right(), themes.bottom() - foot));
    themes_ui(k, page, known, definitions, list);
    let mut cards = Rect::from_min_max(pos2(themes.right(), switch.top()), body.max);
    if page.chosen.is_some() {
        // Where there is no room for both, the one in full lies over the cards.
        let has_room = cards.width() > DETAIL_W + CARD.0 + 2.0 * GAP;
        let left = if has_room { cards.right() - DETAIL_W } else { cards.left() };
        detail::detail_ui(k, page, known, definitions, Rect::from_min_max(pos2(left, cards.top()), cards.max));
        cards.max.x = left;
    }
    if cards.width() > CARD.0 {
        cards_ui(k, page, known, &shown, cards.shrink(GAP));
    }
}

/// What can be taken away as a file, as of now.
fn bulletins_ui(k: &mut Kit<'_>, bulletins: &[BulletinRow], rect: Rect) {
    k.fill(rect, 0.0, RAISED);
    k.hline(rect.left() + 12.0, rect.right() - 12.0, rect.top(), HAIR);
    for (i, it) in bulletins.iter().enumerate() {
        let top = rect.top() + 10.0 + (BULLETIN_H + 6.0) * i as f32;
        let ink = if it.fault.is_empty() { SECONDARY } else { STALE };
        let at = pos2(rect.left() + 14.0, top + 10.0);
        k.fit(at, Align2::LEFT_CENTER, 13.0, ink, &it.title, rect.width() - 28.0);
        let mut left = rect.left() + 14.0;
        for (form, word) in [("pdf", "PDF"), ("docx", "DOCX")] {
            let width = k.width(11.0, word) + 18.0;
            let at = Rect::from_min_size(pos2(left, top + 23.0), vec2(width, BULLETIN_BUTTON_H));
            left = at.right() + 6.0;
            // Named for what it saves; the word on it is the form alone.
            let response = k.hit(at, ("bulletin", i, form), &format!("{} {word}", it.title));
            k.fill(at, 4.0, if response.hovered() { SELECTED } else { PANEL });
            k.outline(at, 4.0, 1.0, STRONG);
            k.fit_center(at, 11.0, PRIMARY, word, false);
            if response.clicked() {
                k.out.push(UiCommand::AskIndicators(IndicatorAsk::Bulletin(format!("{}.{form}", it.id))));
            }
        }
    }
}

fn themes_ui(k: &Kit<'_>, page: &mut IndicatorsPage, known: &Known, definitions: &Definitions, rect: Rect) {
    k.fill(rect, 0.0, RAISED);
    let mut rows: Vec<(Option<Text>, String, Option<WarningColor>, usize)> = Vec::new();
    let bands = |theme: &Text| {
        let own = definitions.all.iter().filter(|it| it.theme == *theme).filter_map(|it| known.of_city(it)?.band);
        own.fold((None, 0), |(worst, n): (Option<WarningColor>, usize), band| (worst.max(Some(band)), n + 1))
    };
    let mut all = (None, 0);
    for theme in &definitions.themes {
        let (worst, n) = bands(&theme.id);
        all = (all.0.max(worst), all.1 + n);
        rows.push((Some(theme.id.clone()), k.m.lang.pick(&theme.zh, &theme.en).to_owned(), worst, n));
    }
    rows.insert(0, (None, k.t(tr::INDICATORS_GRAVE).to_owned(), all.0, all.1));
    let step = (rect.height() / rows.len() as f32).min(THEME_H);
    for (i, (theme, name, worst, n)) in rows.into_iter().enumerate() {
        let at = Rect::from_min_size(pos2(rect.left(), rect.top() + step * i as f32), vec2(rect.width(), step));
        let is_chosen = page.theme == theme;
        if is_chosen {
            k.fill(at, 0.0, SELECTED);
        }
        if k.hit(at, ("theme", i), &name).clicked() {
            (page.theme, page.scroll) = (theme, 0.0);
        }
        let y = at.center().y;
        let right = at.right() - 12.0;
        if let Some(color) = worst {
            k.level(pos2(right - 8.0, y), 18.0, color, true);
            k.text(pos2(right - 22.0, y), Align2::RIGHT_CENTER, 12.0, SECONDARY, &n.to_string());
        }
        let ink = if is_chosen { PRIMARY } else { SECONDARY };
        k.fit(pos2(at.left() + 14.0, y), Align2::LEFT_CENTER, 14.0, ink, &name, right - 44.0 - at.left());
    }
}

fn cards_ui(k: &Kit<'_>, page: &mut IndicatorsPage, known: &Known, shown: &[&Definition], rect: Rect) {
    if shown.is_empty() {
        let text = match (known.definitions(), known.faults().first()) {
            (Some(_), _) => k.t(tr::INDICATORS_NONE_GRAVE).to_owned(),
            (None, Some(fault)) => fault.clone(),
            (None, None) => k.t(tr::INDICATORS_COUNTING).to_owned(),
        };
        k.fit_center(rect, 15.0, TERTIARY, &text, false);
        return;
    }
    let n_columns = ((rect.width() + GAP) / (CARD.0 + GAP)).floor().max(1.0);
    let width = (rect.width() - GAP * (n_columns - 1.0)) / n_columns;
    let n_rows = (shown.len() as f32 / n_columns).ceil();
    let step = CARD.1 + GAP;
    if k.ui.rect_contains_pointer(rect) {
        page.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    // Whole rows, so that no card is cut.
    let n_fitting = ((rect.height() + GAP) / step).floor().max(1.0);
    page.scroll = page.scroll.clamp(0.0, ((n_rows - n_fitting) * step).max(0.0));
    let first = (page.scroll / step).round() * n_columns;
    for (slot, definition) in shown.iter().skip(first as usize).take((n_fitting * n_columns) as usize).enumerate() {
        let (column, row) = (slot as f32 % n_columns, (slot as f32 / n_columns).floor());
        let at = rect.min + vec2(column * (width + GAP), row * step);
        card::card_ui(k, page, known, definition, Rect::from_min_size(at, vec2(width, CARD.1)));
    }
    if n_rows > n_fitting {
        let part = n_fitting / n_rows;
        let from = first / n_columns / n_rows;
        let track = Rect::from_min_size(pos2(rect.right() + 2.0, rect.top()), vec2(3.0, rect.height()));
        let thumb = pos2(track.left(), track.top() + track.height() * from);
        k.fill(Rect::from_min_size(thumb, vec2(3.0, track.height() * part)), 1.5, STRONG);
    }
}
