//! 指标墙: the city's indicators by theme as cards, the gravest first of all; the chosen one in full beside them, down to the
//! records it is made of.
//!
//! The hub is asked every second while the page is open, for what changed only. What is missing says why, what is stale is
//! grey, what is reckoned is marked; figures of another moment than now (a review) are not shown at all.

mod card;
mod detail;

use super::kit::Kit;
use super::{PanelState, UiCommand};
use crate::charts::Kept;
use crate::i18n::tr;
use crate::indicators::{BeneathTold, BulletinRow, IndicatorAsk, IndicatorNews};
use crate::theme::*;
use egui::{Align2, Key, Rect, pos2, vec2};
use gulang_city::{
    Text, Timestamp, WarningColor,
    indicators::{Definition, Definitions, Field, Figure, FigureKey, Group, number_text},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Asked again after so long, s.
const AGAIN_SECS: f64 = 1.0;
const TRENDS_SECS: f64 = 60.0;
/// Not heard of the hub's engine for so long, figures are called old, s.
const OLD_SECS: i64 = 10;
const THEMES_W: f32 = 196.0;
const THEME_H: f32 = 32.0;
const DETAIL_W: f32 = 430.0;
const CARD: (f32, f32) = (286.0, 152.0);
const GAP: f32 = 8.0;
const BULLETIN_H: f32 = 28.0;
/// More templates than these are had over REST.
const MOST_BULLETINS: usize = 4;

#[derive(Default)]
pub(super) struct IndicatorsPage {
    definitions: Option<Arc<Definitions>>,
    is_simulated: bool,
    epoch: u64,
    revision: u64,
    /// The clock the figures are at.
    now: Option<Timestamp>,
    n_figures: usize,
    faults: Vec<String>,
    figures: BTreeMap<FigureKey, Figure>,
    trends: BTreeMap<FigureKey, Vec<(Timestamp, f32)>>,
    /// Why the hub did not answer, the last time it was asked.
    failed: Option<String>,
    /// On egui's clock, s; none asks at once.
    asked_at: Option<f64>,
    trends_at: Option<f64>,
    /// None: what is grave, of every theme.
    theme: Option<Text>,
    chosen: Option<FigureKey>,
    /// By what the chosen one's groups are listed.
    by: Option<Field>,
    beneath: Option<BeneathTold>,
    /// The revision of the figure that `beneath` was asked for.
    beneath_of: Option<(FigureKey, Option<u64>)>,
    scroll: f32,
    rows_scroll: f32,
    /// Of the cards, by figure, and of the one in full.
    drawings: HashMap<FigureKey, Kept>,
    drawing: Kept,
    /// What bulletins there are; none before the hub told.
    bulletins: Option<Vec<BulletinRow>>,
}

impl IndicatorsPage {
    pub fn begin(&mut self) {
        (self.asked_at, self.trends_at) = (None, None);
    }

    /// One step back; `false` if the page itself is to be closed.
    pub fn back(&mut self) -> bool {
        self.chosen.take().is_some()
    }

    /// Takes an answer in; a line for the officer, if it is one to somebody's press.
    pub fn take(&mut self, news: IndicatorNews) -> Option<String> {
        match news {
            IndicatorNews::Definitions(Ok(told)) => {
                self.is_simulated = told.simulated;
                self.definitions = told.definitions.map(Arc::new);
                self.asked_at = None;
            }
            IndicatorNews::Figures(Ok(told)) => {
                if told.epoch != self.epoch {
                    self.figures.clear();
                    self.definitions = None;
                }
                (self.epoch, self.revision, self.n_figures) = (told.epoch, told.revision, told.n_figures);
                (self.now, self.faults, self.failed) = (told.now_ms.map(Timestamp), told.faults, None);
                self.figures.extend(told.figures.into_iter().map(|it| (it.key.clone(), it)));
            }
            IndicatorNews::Trends(Ok(told)) => {
                let points = |all: Vec<(i64, f32)>| all.into_iter().map(|(ms, it)| (Timestamp(ms), it)).collect();
                self.trends.extend(told.into_iter().filter_map(|(key, all)| Some((key.parse().ok()?, points(all)))));
            }
            IndicatorNews::Beneath(Ok(told)) => self.beneath = Some(told),
            IndicatorNews::Bulletins(Ok(told)) => self.bulletins = Some(told),
            IndicatorNews::Saved(Ok(path)) => return Some(crate::i18n::Lang::Zh.fill(tr::INDICATOR_SAVED, &[&path])),
            IndicatorNews::Saved(Err(why)) => {
                return Some(crate::i18n::Lang::Zh.fill(tr::INDICATOR_NOT_SAVED, &[&why]));
            }
            IndicatorNews::Definitions(Err(why))
            | IndicatorNews::Figures(Err(why))
            | IndicatorNews::Trends(Err(why))
            | IndicatorNews::Bulletins(Err(why))
            | IndicatorNews::Beneath(Err(why)) => self.failed = Some(why),
        }
        None
    }

    fn of_city(&self, definition: &Definition) -> Option<&Figure> {
        self.figures.get(&FigureKey { indicator: definition.id.clone(), group: Group::City })
    }

    /// The groups of an indicator by one field, in the order of their ids.
    fn groups(&self, definition: &Definition, field: Field) -> Vec<&Figure> {
        let first = FigureKey { indicator: definition.id.clone(), group: Group::City };
        let own = self.figures.range(first..).take_while(|(key, _)| key.indicator == definition.id);
        own.map(|it| it.1).filter(|it| matches!(&it.key.group, Group::Of { by, .. } if *by == field)).collect()
    }

    /// What the cards show: a theme's in the order of the file, or the grave ones of all, the gravest first.
    fn shown<'a>(&self, definitions: &'a Definitions) -> Vec<&'a Definition> {
        if let Some(theme) = &self.theme {
            return definitions.all.iter().filter(|it| it.theme == *theme).collect();
        }
        let band = |it: &&Definition| self.of_city(it).and_then(|it| it.band);
        let is_grave =
            |it: &&Definition| self.of_city(it).is_some_and(|figure| figure.band.is_some() || figure.anomaly.is_some());
        let mut grave: Vec<&Definition> = definitions.all.iter().filter(is_grave).collect();
        grave.sort_by_key(|it| std::cmp::Reverse(band(it)));
        grave
    }

    /// What the page must ask the hub now.
    fn asks(&mut self, time: f64, shown: &[&Definition]) -> Vec<IndicatorAsk> {
        let mut asks = Vec::new();
        let is_due = |at: Option<f64>, secs: f64| at.is_none_or(|at| time - at >= secs);
        if is_due(self.asked_at, AGAIN_SECS) {
            self.asked_at = Some(time);
            if self.definitions.is_none() {
                asks.push(IndicatorAsk::Definitions);
            }
            if self.bulletins.is_none() {
                asks.push(IndicatorAsk::Bulletins);
            }
            asks.push(IndicatorAsk::Figures { epoch: self.epoch, since: self.revision });
        }
        if is_due(self.trends_at, TRENDS_SECS) && !shown.is_empty() {
            self.trends_at = Some(time);
            let key = |it: &&Definition| FigureKey { indicator: it.id.clone(), group: Group::City };
            asks.push(IndicatorAsk::Trends(shown.iter().map(key).chain(self.chosen.clone()).collect()));
        }
        let of = self.chosen.clone().map(|key| {
            let n = self.figures.get(&key).map(|it| it.n);
            (key, n)
        });
        if let Some((key, _)) = of.as_ref().filter(|_| of != self.beneath_of) {
            asks.push(IndicatorAsk::Beneath(key.clone()));
        }
        self.beneath_of = of;
        asks
    }
}

/// ↑ and ↓ go from theme to theme.
pub(super) fn keys(pressed: &dyn Fn(Key) -> bool, page: &mut IndicatorsPage) {
    let Some(definitions) = page.definitions.clone() else { return };
    let at = page.theme.as_ref().and_then(|it| definitions.themes.iter().position(|theme| theme.id == *it));
    let n = definitions.themes.len();
    let to = match at {
        _ if pressed(Key::ArrowDown) => at.map_or(Some(0), |i| if i + 1 < n { Some(i + 1) } else { None }),
        _ if pressed(Key::ArrowUp) => at.map_or(n.checked_sub(1), |i| i.checked_sub(1)),
        _ => return,
    };
    page.theme = to.and_then(|i| Some(definitions.themes.get(i)?.id.clone()));
    (page.scroll, page.trends_at) = (0.0, None);
}

pub(super) fn sub(k: &Kit<'_>, page: &IndicatorsPage) -> String {
    let lang = k.m.lang;
    if let Some(why) = &page.failed {
        return lang.fill(tr::INDICATORS_FAILED, &[why]);
    }
    let Some(definitions) = &page.definitions else { return k.t(tr::INDICATORS_COUNTING).to_owned() };
    let mut text = lang.fill(
        tr::INDICATORS_SUB,
        &[&definitions.all.len().to_string(), &page.n_figures.to_string(), &definitions.basis],
    );
    if page.is_simulated {
        text = format!("{}・{text}", k.t(tr::SIMULATED));
    }
    if let Some(secs) = page.now.map(|it| k.now().since_ms(it) / 1000).filter(|it| *it > OLD_SECS && !k.is_exercise()) {
        text = format!("{}・{text}", lang.fill(tr::INDICATORS_OLD, &[&lang.elapsed(secs)]));
    }
    if let Some(fault) = page.faults.first() {
        text = format!("{}・{text}", lang.fill(tr::INDICATORS_FAULT, &[&page.faults.len().to_string(), fault]));
    }
    text
}

pub(super) fn indicators_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    if k.m.is_replay() {
        k.fit_center(body, 16.0, TERTIARY, k.t(tr::INDICATORS_NOT_PAST), false);
        return;
    }
    let mut page = std::mem::take(&mut state.pages.indicators);
    let definitions = page.definitions.clone().unwrap_or_default();
    let shown = page.shown(&definitions);
    let time = k.ui.input(|input| input.time);
    let asks = page.asks(time, &shown);
    k.out.extend(asks.into_iter().map(UiCommand::AskIndicators));

    let themes = Rect::from_min_max(body.min, pos2(body.left() + THEMES_W, body.bottom()));
    let bulletins = page.bulletins.as_deref().unwrap_or_default();
    let bulletins = &bulletins[..bulletins.len().min(MOST_BULLETINS)];
    let foot = bulletins.len() as f32 * (BULLETIN_H + 6.0) + 12.0;
    bulletins_ui(k, bulletins, Rect::from_min_max(pos2(themes.left(), themes.bottom() - foot), themes.max));
    let list = Rect::from_min_max(themes.min, pos2(themes.right(), themes.bottom() - foot));
    themes_ui(k, &mut page, &definitions, list);
    let mut cards = Rect::from_min_max(pos2(themes.right(), body.top()), body.max);
    if page.chosen.is_some() {
        // Where there is no room for both, the one in full lies over the cards.
        let has_room = cards.width() > DETAIL_W + CARD.0 + 2.0 * GAP;
        let left = if has_room { cards.right() - DETAIL_W } else { cards.left() };
        detail::detail_ui(k, &mut page, &definitions, Rect::from_min_max(pos2(left, cards.top()), cards.max));
        cards.max.x = left;
    }
    if cards.width() > CARD.0 {
        cards_ui(k, &mut page, &shown, cards.shrink(GAP));
    }
    state.pages.indicators = page;
    // What was chosen is on the map, under this page.
    if k.out.iter().any(|it| matches!(it, UiCommand::Select(Some(_)))) {
        state.pages.close();
    }
}

/// What can be taken away as a file, as of now.
fn bulletins_ui(k: &mut Kit<'_>, bulletins: &[BulletinRow], rect: Rect) {
    k.fill(rect, 0.0, RAISED);
    k.hline(rect.left() + 12.0, rect.right() - 12.0, rect.top(), HAIR);
    for (i, it) in bulletins.iter().enumerate() {
        let y = rect.top() + 10.0 + BULLETIN_H * 0.5 + (BULLETIN_H + 6.0) * i as f32;
        let mut right = rect.right() - 12.0;
        for (form, word) in [("docx", "DOCX"), ("pdf", "PDF")] {
            let width = k.width(11.0, word) + 14.0;
            let at = Rect::from_center_size(pos2(right - width * 0.5, y), vec2(width, BULLETIN_H));
            right = at.left() - 4.0;
            // Named for what it saves; the word on it is the form alone.
            let response = k.hit(at, ("bulletin", i, form), &format!("{} {word}", it.title));
            k.fill(at, 4.0, if response.hovered() { SELECTED } else { PANEL });
            k.outline(at, 4.0, 1.0, STRONG);
            k.fit_center(at, 11.0, PRIMARY, word, false);
            if response.clicked() {
                k.out.push(UiCommand::AskIndicators(IndicatorAsk::Bulletin(format!("{}.{form}", it.id))));
            }
        }
        let ink = if it.fault.is_empty() { SECONDARY } else { STALE };
        k.fit(pos2(rect.left() + 14.0, y), Align2::LEFT_CENTER, 13.0, ink, &it.title, right - rect.left() - 18.0);
    }
}

fn themes_ui(k: &Kit<'_>, page: &mut IndicatorsPage, definitions: &Definitions, rect: Rect) {
    k.fill(rect, 0.0, RAISED);
    let mut rows: Vec<(Option<Text>, String, Option<WarningColor>, usize)> = Vec::new();
    let bands = |theme: &Text| {
        let own = definitions.all.iter().filter(|it| it.theme == *theme).filter_map(|it| page.of_city(it)?.band);
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
            (page.theme, page.scroll, page.trends_at) = (theme, 0.0, None);
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

fn cards_ui(k: &Kit<'_>, page: &mut IndicatorsPage, shown: &[&Definition], rect: Rect) {
    if shown.is_empty() {
        let text = match (&page.definitions, page.faults.first()) {
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
        card::card_ui(k, page, definition, Rect::from_min_size(at, vec2(width, CARD.1)));
    }
    if n_rows > n_fitting {
        let part = n_fitting / n_rows;
        let from = first / n_columns / n_rows;
        let track = Rect::from_min_size(pos2(rect.right() + 2.0, rect.top()), vec2(3.0, rect.height()));
        let thumb = pos2(track.left(), track.top() + track.height() * from);
        k.fill(Rect::from_min_size(thumb, vec2(3.0, track.height() * part)), 1.5, STRONG);
    }
}

/// What a figure says, as it is read: `1,204`, `96.4`; `—` for none.
fn value_text(k: &Kit<'_>, figure: &Figure) -> String {
    match figure.value {
        Some(value) if figure.is_estimate => format!("≈{}", number(k, value)),
        Some(value) => number(k, value),
        None => "—".to_owned(),
    }
}

fn number(k: &Kit<'_>, value: f64) -> String {
    match value {
        it if it.abs() >= 10_000.0 && it.is_finite() => super::kit::count(k.m.lang, it),
        it if it.abs() >= 1000.0 && it.fract() == 0.0 => super::kit::exact(it as i64),
        it => number_text(it),
    }
}

/// `+12`, `-3.5`, `±0`.
fn signed(k: &Kit<'_>, change: f64) -> String {
    match change {
        it if it > 0.0 => format!("+{}", number(k, it)),
        it if it < 0.0 => format!("-{}", number(k, -it)),
        _ => "±0".to_owned(),
    }
}

/// As people call the group: a district's name, an agency's short one.
fn group_name(k: &Kit<'_>, group: &Group) -> String {
    match (group, group.name(k.m.city)) {
        (_, Some(name)) => name.to_string(),
        (Group::City, None) => k.t(tr::WHOLE_CITY).to_owned(),
        (Group::Of { id, .. }, None) => id.to_string(),
    }
}

/// A level's colour, as charts take it.
fn level_ink(color: WarningColor) -> plotters::style::RGBColor {
    let it = level_fill(color);
    plotters::style::RGBColor(it.r(), it.g(), it.b())
}
