//! One page of a briefing, at any size: on a wall, before whoever speaks, small beside the next one. After the picture in the
//! design: one sentence, the map at the left, up to three figures and a chart at the right, the decision below.
//!
//! The map is the stage's, which draws where the page leaves room for it. Figures are those of now, or those the briefing was
//! frozen with; what is missing says why, what is stale is grey. Must not know: whence figures come, or who turns the page.

use crate::charts::{FINE, Kept};
use crate::i18n::{Lang, tr};
use crate::panels::indicators::Known;
use crate::panels::indicators::words::{group_name, indicator_name, source_name, value_text};
use crate::panels::kit::{Kit, RealmMark, level_outline, realm_mark, replay_chip};
use crate::panels::topbar;
use crate::stage::palette::Theme;
use crate::theme::*;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, FontId, Rect, Shape, Stroke, pos2, vec2};
use gulang_charts::{Bar, Look as ChartLook, bars, ranking, trend};
use gulang_city::{
    Briefing, BriefingPage, Decision, Frozen, PageChart, PageChartKind, PageFigure, Timestamp, WarningColor, filled,
    indicators::{Definition, Field, Figure, FigureKey, FigureSource, Group},
};
use plotters::style::RGBColor;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Of the design, 1920 × 1080 px.
const HIGH: f32 = 1080.0;
/// Narrower than this for its height, a page shrinks.
const WIDE: f32 = 1760.0;
const MARGIN: f32 = 64.0;
const TOP_Y: f32 = 53.0;
const HEADLINE_TOP: f32 = 86.0;
const HEADLINE_SIZES: [f32; 6] = [47.0, 42.0, 38.0, 34.0, 30.0, 26.0];
const GAP: f32 = 25.0;
const COLUMN_GAP: f32 = 36.0;
/// The map's part of the width, 1060 of 1792.
const MAP_PART: f32 = 1060.0 / 1792.0;
const FIGURE_H: f32 = 124.0;
const MOST_FIGURE_H: f32 = 220.0;
/// Where a figure's words begin, of its width.
const WORDS_AT: f32 = 0.47;
const BAR_H: f32 = 132.0;
const FOOT_H: f32 = 48.0;
/// Charts count in nominal px of a card; a page's axis is 17 px where a card's is 9.5.
const CHART_SCALE: f32 = 17.0 / 9.5;
/// More bars than these are ranked one below the other.
const MOST_BARS: usize = 8;

// ---------------------------------------------------------------- colours

/// A page's colours.
#[derive(Clone, Copy)]
struct Ink {
    theme: Theme,
    ground: Color32,
    line: Color32,
    primary: Color32,
    secondary: Color32,
    tertiary: Color32,
    accent: Color32,
    /// What is old or missing.
    warn: Color32,
    bar: Color32,
    bar_text: Color32,
    bar_second: Color32,
}

impl Ink {
    const fn of(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self {
                theme,
                ground: LIGHT_BACKGROUND,
                line: LIGHT_LINE,
                primary: LIGHT_PRIMARY,
                secondary: LIGHT_SECONDARY,
                tertiary: LIGHT_TERTIARY,
                accent: LIGHT_ACCENT,
                warn: LIGHT_YELLOW_TEXT,
                bar: LIGHT_DECISION_BAR,
                bar_text: LIGHT_DECISION_TEXT,
                bar_second: SECONDARY,
            },
            Theme::Dark => Self {
                theme,
                ground: APP,
                line: HAIR,
                primary: PRIMARY,
                secondary: SECONDARY,
                tertiary: TERTIARY,
                accent: SERIES[0],
                warn: STALE,
                bar: SELECTED,
                bar_text: PRIMARY,
                bar_second: SECONDARY,
            },
        }
    }

    fn level(&self, color: WarningColor) -> Color32 {
        self.theme.palette().level_line(color)
    }

    /// As charts take it, `px` backend pixels to a nominal one.
    fn chart_look(&self, px: f64) -> ChartLook<'static> {
        ChartLook {
            px,
            font: "sans-serif",
            ink: rgb(self.secondary),
            faint: rgb(self.line),
            series: [rgb(self.tertiary), rgb(self.accent), rgb(self.secondary), rgb(self.tertiary)],
            warn: rgb(self.level(WarningColor::Orange)),
            alert: rgb(self.level(WarningColor::Red)),
        }
    }
}

fn rgb(color: Color32) -> RGBColor {
    RGBColor(color.r(), color.g(), color.b())
}

// ---------------------------------------------------------------- figures

/// The figures of a briefing: those of now, or those it was frozen with.
pub(super) struct Numbers<'a> {
    known: &'a Known,
    frozen: Option<&'a Frozen>,
    /// In a review there are no figures of then.
    is_past: bool,
}

impl<'a> Numbers<'a> {
    pub fn new(k: &Kit<'_>, known: &'a Known, briefing: &'a Briefing) -> Self {
        Self { known, frozen: briefing.frozen.as_ref(), is_past: k.m.is_replay() }
    }

    pub fn figure(&self, key: &FigureKey) -> Option<&'a Figure> {
        match self.frozen {
            Some(frozen) => frozen.figures.iter().find(|it| it.key == *key),
            None if self.is_past => None,
            None => self.known.figure(key),
        }
    }

    fn trend(&self, key: &FigureKey) -> &'a [(Timestamp, f32)] {
        match self.frozen {
            Some(frozen) => frozen.trends.iter().find(|it| it.0 == *key).map_or(&[], |it| &it.1),
            None if self.is_past => &[],
            None => self.known.trend(key),
        }
    }

    /// An indicator by one field, the largest first.
    fn groups(&self, definition: &Definition, field: Field) -> Vec<&'a Figure> {
        let is_of = |it: &&Figure| {
            it.key.indicator == definition.id && matches!(&it.key.group, Group::Of { by, .. } if *by == field)
        };
        let mut groups = match self.frozen {
            Some(frozen) => frozen.figures.iter().filter(is_of).collect(),
            None if self.is_past => Vec::new(),
            None => self.known.groups(definition, field),
        };
        groups.sort_by(|a, b| b.value.partial_cmp(&a.value).unwrap_or(std::cmp::Ordering::Equal));
        groups
    }

    /// All a briefing shows as it is now: its figures, the groups under its charts, how its charts went.
    pub fn frozen(&self, k: &Kit<'_>, briefing: &Briefing) -> Frozen {
        let mut figures: BTreeMap<&FigureKey, &Figure> =
            briefing.keys().iter().filter_map(|key| self.figure(key)).map(|it| (&it.key, it)).collect();
        let mut trends = BTreeMap::new();
        for chart in briefing.pages.iter().filter_map(|it| it.chart.as_ref()) {
            let definition = self.known.definition(&chart.key.indicator);
            match (chart.kind, definition.and_then(|it| Some((it, *it.group_by.first()?)))) {
                (PageChartKind::Groups, Some((definition, field))) => {
                    figures.extend(self.groups(definition, field).into_iter().map(|it| (&it.key, it)));
                }
                (PageChartKind::Groups, None) => {}
                (PageChartKind::Trend, _) => drop(trends.insert(chart.key.clone(), self.trend(&chart.key).to_vec())),
            }
        }
        Frozen {
            at: self.at(k.now()),
            seq: k.m.city.seq,
            figures: figures.into_values().cloned().collect(),
            trends: trends.into_iter().collect(),
        }
    }

    /// The moment they are of.
    pub fn at(&self, now: Timestamp) -> Timestamp {
        self.frozen.map(|it| it.at).or_else(|| self.known.now()).unwrap_or(now)
    }

    /// Why there is no such figure at all.
    fn why_none(&self, k: &Kit<'_>, key: &FigureKey) -> String {
        let is_known = self.known.definition(&key.indicator).is_some();
        match (self.frozen.is_some(), self.known.definitions().is_some()) {
            (true, _) => k.t(tr::BRIEF_NOT_FROZEN).to_owned(),
            (false, _) if self.is_past => k.t(tr::INDICATORS_NOT_PAST).to_owned(),
            (false, true) if !is_known => k.m.lang.fill(tr::METRIC_UNKNOWN, &[key.indicator.as_str()]),
            (false, true) => k.t(tr::METRIC_NO_FIGURE).to_owned(),
            (false, false) => k.t(tr::INDICATORS_COUNTING).to_owned(),
        }
    }

    /// A figure within words: `12 件`, `93%`, `≈4 处（过时）`, `—（没有收到近期数据）`.
    fn said(&self, k: &Kit<'_>, key: &FigureKey) -> String {
        let Some(figure) = self.figure(key) else {
            return k.m.lang.fill(tr::BRIEF_NONE_WHY, &[&self.why_none(k, key)]);
        };
        if let Some(why) = &figure.why_none {
            return k.m.lang.fill(tr::BRIEF_NONE_WHY, &[&why.words(k.m.lang.paper())]);
        }
        let unit = self.known.definition(&key.indicator).map_or("", |it| k.m.lang.unit(it));
        let gap = if unit.is_empty() || is_joined(unit) { "" } else { " " };
        let stale = if figure.is_stale { k.t(tr::BRIEF_STALE_WORD) } else { "" };
        format!("{}{gap}{unit}{stale}", value_text(k, figure))
    }

    /// Words with their figures filled in.
    pub fn fill(&self, k: &Kit<'_>, words: &str) -> String {
        filled(words, &moment(k.m.lang, self.at(k.now())), |key| self.said(k, key))
    }
}

/// `%` stands at its figure, other units a little off.
fn is_joined(unit: &str) -> bool {
    matches!(unit, "%" | "‰" | "％" | "°")
}

/// `8月19日 16:42`.
pub(super) fn moment(lang: Lang, at: Timestamp) -> String {
    let day = at.beijing();
    match lang {
        Lang::Zh => format!("{}月{}日 {}", day.month(), day.day(), at.hm()),
        Lang::En => format!("{:02}-{:02} {}", day.month(), day.day(), at.hm()),
    }
}

// ---------------------------------------------------------------- the page

/// Which page, and how it is drawn.
pub(super) struct Slide<'a> {
    pub briefing: &'a Briefing,
    /// From 0.
    pub at: usize,
    pub theme: Theme,
    /// The stage draws its map; otherwise the place of it is marked.
    pub has_map: bool,
}

/// Draws a page into `rect`; where its map shows through is returned, if it has one.
pub(super) fn slide_ui(
    k: &Kit<'_>,
    numbers: &Numbers<'_>,
    slide: &Slide<'_>,
    chart: &mut Kept,
    rect: Rect,
) -> Option<Rect> {
    let page = slide.briefing.pages.get(slide.at)?;
    let s = (rect.height() / HIGH).min(rect.width() / WIDE).max(0.02);
    let k = &Kit::new(k.ui, k.m, s);
    let ink = Ink::of(slide.theme);
    let headline = headline_of(k, &numbers.fill(k, &page.headline), ink.primary, rect.width() - 2.0 * MARGIN * s);
    let places = places(k, page, rect, headline.size().y);
    ground_ui(k, rect, places.map.filter(|_| slide.has_map), ink.ground);
    top_ui(k, numbers, slide, page, rect, &ink);
    let at = pos2(rect.left() + MARGIN * s, rect.top() + HEADLINE_TOP * s);
    // The font has one weight: the second is struck twice.
    k.painter().galley(at + vec2(0.8 * s, 0.0), headline.clone(), ink.primary);
    k.painter().galley(at, headline, ink.primary);
    if let Some(map) = places.map {
        map_ui(k, map, slide, &ink);
    }
    if let Some(at) = places.figures {
        figures_ui(k, numbers, &page.figures, at, &ink);
    }
    if let (Some(at), Some(it)) = (places.chart, &page.chart) {
        chart_ui(k, numbers, it, chart, at, &ink);
    }
    if let (Some(at), Some(it)) = (places.decision, &page.decision) {
        decision_ui(k, numbers, it, at, &ink);
    }
    foot_ui(k, numbers, places.map.is_some(), rect, &ink);
    places.map.filter(|_| slide.has_map)
}

/// Where everything of a page stands. What it has not got leaves its room to the rest.
struct Places {
    map: Option<Rect>,
    figures: Option<Rect>,
    chart: Option<Rect>,
    decision: Option<Rect>,
}

fn places(k: &Kit<'_>, page: &BriefingPage, rect: Rect, headline_h: f32) -> Places {
    let s = k.s;
    let inner = Rect::from_min_max(
        pos2(rect.left() + MARGIN * s, rect.top() + HEADLINE_TOP * s + headline_h + GAP * s),
        pos2(rect.right() - MARGIN * s, rect.bottom() - FOOT_H * s),
    );
    let decision =
        page.decision.as_ref().map(|_| Rect::from_min_max(pos2(inner.left(), inner.bottom() - BAR_H * s), inner.max));
    let bottom = decision.map_or(inner.bottom(), |it| it.top() - GAP * s);
    let body = Rect::from_min_max(inner.min, pos2(inner.right(), bottom.max(inner.top())));
    let (n, has_chart) = (page.figures.len(), page.chart.is_some());
    let split = body.left() + body.width() * MAP_PART;
    let (map, side) = match (page.look.is_some(), n > 0 || has_chart) {
        (true, true) => {
            let map = Rect::from_min_max(body.min, pos2(split, body.bottom()));
            (Some(map), Some(Rect::from_min_max(pos2(split + COLUMN_GAP * s, body.top()), body.max)))
        }
        (true, false) => (Some(body), None),
        (false, true) => (None, Some(body)),
        (false, false) => (None, None),
    };
    let (figures, chart) = match side {
        None => (None, None),
        Some(side) if n == 0 => (None, Some(side)),
        Some(side) if !has_chart => {
            let high = (MOST_FIGURE_H * s * n as f32).min(side.height());
            (Some(Rect::from_min_size(side.min, vec2(side.width(), high))), None)
        }
        // Without a map there is room for both side by side.
        Some(side) if map.is_none() => {
            let middle = side.left() + side.width() * (1.0 - MAP_PART);
            let high = (MOST_FIGURE_H * s * n as f32).min(side.height());
            let figures = Rect::from_min_max(side.min, pos2(middle, side.top() + high));
            (Some(figures), Some(Rect::from_min_max(pos2(middle + COLUMN_GAP * s, side.top()), side.max)))
        }
        Some(side) => {
            let high = (FIGURE_H * s * n as f32).min(side.height() * 0.62);
            let figures = Rect::from_min_size(side.min, vec2(side.width(), high));
            (Some(figures), Some(Rect::from_min_max(pos2(side.left(), figures.bottom()), side.max)))
        }
    };
    let real = |it: Option<Rect>| it.filter(Rect::is_positive);
    Places { map: real(map), figures: real(figures), chart: real(chart), decision: real(decision) }
}

/// The page's ground, but for where the stage shows through.
fn ground_ui(k: &Kit<'_>, rect: Rect, hole: Option<Rect>, color: Color32) {
    let Some(hole) = hole else { return k.fill(rect, 0.0, color) };
    let sides = [
        Rect::from_min_max(rect.min, pos2(rect.right(), hole.top())),
        Rect::from_min_max(pos2(rect.left(), hole.bottom()), rect.max),
        Rect::from_min_max(pos2(rect.left(), hole.top()), hole.left_bottom()),
        Rect::from_min_max(hole.right_top(), pos2(rect.right(), hole.bottom())),
    ];
    sides.into_iter().for_each(|it| k.fill(it, 0.0, color));
}

/// The sentence in two lines at most, in the largest size that lets it.
fn headline_of(k: &Kit<'_>, text: &str, color: Color32, width: f32) -> std::sync::Arc<egui::Galley> {
    let lay = |size: f32| {
        let format = TextFormat {
            font_id: FontId::proportional(size * k.s),
            color,
            line_height: Some(size * k.s * 1.32),
            ..TextFormat::default()
        };
        let mut job = LayoutJob::single_section(text.to_owned(), format);
        job.wrap = TextWrapping {
            max_width: width.max(1.0),
            max_rows: 2,
            break_anywhere: false,
            overflow_character: Some('…'),
        };
        k.painter().layout_job(job)
    };
    let sizes = HEADLINE_SIZES.into_iter().map(lay);
    let mut last = None;
    for galley in sizes {
        if !galley.elided {
            return galley;
        }
        last = Some(galley);
    }
    last.unwrap_or_else(|| lay(HEADLINE_SIZES[0]))
}

/// Whose briefing, which page; at the right the moment of the figures and how old their sources are.
fn top_ui(k: &Kit<'_>, numbers: &Numbers<'_>, slide: &Slide<'_>, page: &BriefingPage, rect: Rect, ink: &Ink) {
    let (s, y) = (k.s, rect.top() + TOP_Y * k.s);
    topbar::waves(k, pos2(rect.left() + (MARGIN + 15.0) * s, y), 1.2 * s, ink.primary);
    let mut x = rect.left() + (MARGIN + 48.0) * s;
    if k.m.is_replay() {
        x = replay_chip(k, pos2(x, y), 17.0).right() + 14.0 * s;
    }
    x += realm_mark(k, RealmMark::Chip(pos2(x, y), 17.0));
    if k.m.simulated {
        x = k.chip(pos2(x, y), 15.0, k.t(tr::SIMULATED_DATA), None, ink.tertiary, ink.secondary).right() + 14.0 * s;
    }
    let (right, edge) = (rect.right() - MARGIN * s, rect.center().x + rect.width() * 0.08);
    let briefing = slide.briefing;
    let title = match briefing.host.is_empty() {
        true => briefing.title.to_string(),
        false => format!("{}・{}", briefing.host, briefing.title),
    };
    let n = k.m.lang.fill(tr::BRIEF_PAGE_OF, &[&(slide.at + 1).to_string(), &briefing.pages.len().to_string()]);
    let room = edge - x - k.width(19.0, &n) - 40.0 * s;
    let title = k.fit(pos2(x, y), Align2::LEFT_CENTER, 20.0, ink.primary, &title, room);
    let n = k.text(pos2(title.right() + 20.0 * s, y), Align2::LEFT_CENTER, 19.0, ink.secondary, &n);
    let mut x = right;
    for (text, is_old) in ages(k, numbers, page).into_iter().rev() {
        let ink = if is_old { ink.warn } else { ink.secondary };
        let at = k.fit(pos2(x, y), Align2::RIGHT_CENTER, 19.0, ink, &text, x - n.right() - 30.0 * s);
        x = at.left() - 18.0 * s;
    }
}

/// From left to right: the moment of the figures, then each source with its age, and whether it is old.
fn ages(k: &Kit<'_>, numbers: &Numbers<'_>, page: &BriefingPage) -> Vec<(String, bool)> {
    let lang = k.m.lang;
    let at = moment(lang, numbers.at(k.now()));
    if numbers.frozen.is_some() {
        return vec![(lang.fill(tr::BRIEF_FROZEN_AT, &[&at]), false)];
    }
    let mut words = vec![(lang.fill(tr::BRIEF_AS_OF, &[&at]), false)];
    if k.is_exercise() || k.m.is_replay() {
        return words;
    }
    let mut sources: BTreeMap<String, (Timestamp, bool)> = BTreeMap::new();
    for key in page.keys() {
        let Some((definition, figure)) = numbers.known.definition(&key.indicator).zip(numbers.figure(&key)) else {
            continue;
        };
        // The hub's own records are never older than now.
        if definition.source == FigureSource::Hub || figure.as_of.0 == 0 {
            continue;
        }
        let told = sources.entry(source_name(k, definition)).or_insert((figure.as_of, false));
        *told = (told.0.min(figure.as_of), told.1 || figure.is_stale);
    }
    for (name, (as_of, is_old)) in sources.into_iter().take(3) {
        let age = lang.elapsed(k.now().since_ms(as_of) / 1000);
        let text = if is_old { lang.fill(tr::BRIEF_SOURCE_OLD, &[&name, &age]) } else { format!("{name} {age}") };
        words.push((text, is_old));
    }
    words
}

fn map_ui(k: &Kit<'_>, map: Rect, slide: &Slide<'_>, ink: &Ink) {
    if !slide.has_map {
        let palette = ink.theme.palette();
        k.fill(map, 4.0, palette.sea);
        k.fit_center(map, 34.0, palette.label_sea, k.t(tr::BRIEF_MAP), false);
    }
    k.outline(map, 5.0, 1.0, ink.line);
    realm_mark(k, RealmMark::Watermark(map));
}

// ---------------------------------------------------------------- figures, chart, decision

fn figures_ui(k: &Kit<'_>, numbers: &Numbers<'_>, figures: &[PageFigure], rect: Rect, ink: &Ink) {
    let step = rect.height() / figures.len().max(1) as f32;
    k.painter().hline(rect.x_range(), rect.top(), Stroke::new(2.0 * k.s, ink.primary));
    for (i, it) in figures.iter().enumerate() {
        let row = Rect::from_min_size(pos2(rect.left(), rect.top() + step * i as f32), vec2(rect.width(), step));
        figure_ui(k, numbers, it, row, ink);
        k.hline(rect.left(), rect.right(), row.bottom(), ink.line);
    }
}

fn figure_ui(k: &Kit<'_>, numbers: &Numbers<'_>, it: &PageFigure, row: Rect, ink: &Ink) {
    let s = k.s;
    let definition = numbers.known.definition(&it.key.indicator);
    let figure = numbers.figure(&it.key);
    let value = figure.map_or_else(|| "—".to_owned(), |it| value_text(k, it));
    let unit = definition.filter(|_| figure.is_some_and(|it| it.value.is_some())).map_or("", |it| k.m.lang.unit(it));
    let color = match figure {
        Some(it) if it.value.is_none() || it.is_stale => ink.tertiary,
        Some(Figure { band: Some(color), .. }) => ink.level(*color),
        Some(_) => ink.primary,
        None => ink.tertiary,
    };
    let words_x = row.left() + row.width() * WORDS_AT;
    let (large, small, gap) =
        (68.0, if is_joined(unit) { 62.0 } else { 34.0 }, if is_joined(unit) { 0.0 } else { 10.0 });
    let wanted = k.width(large, &value) + k.width(small, unit) + (gap + 20.0) * s;
    // All of a row shrinks with it where rows are low.
    let part = ((words_x - row.left()) / wanted.max(1.0)).min(row.height() / (FIGURE_H * 0.84 * s)).min(1.0);
    let y = row.center().y;
    let at = k.bold(pos2(row.left(), y), Align2::LEFT_CENTER, large * part, color, &value);
    let drop = if is_joined(unit) { 0.0 } else { 14.0 * part * s };
    k.text(pos2(at.right() + gap * s, y + drop), Align2::LEFT_CENTER, small * part, color, unit);

    let label = match it.label.is_empty() {
        true => name_of(k, numbers.known, &it.key),
        false => numbers.fill(k, &it.label),
    };
    let status = status_of(k, numbers, &it.key, figure);
    let note = numbers.fill(k, &it.note);
    let mut lines = vec![(24.0, label, ink.primary)];
    lines.extend((!note.is_empty()).then_some((20.0, note, ink.secondary)));
    lines.extend(status.map(|text| (18.0, text, ink.warn)));
    let fits = (row.height() / (FIGURE_H * s)).min(1.0);
    let high: f32 = lines.iter().map(|it| it.0 * 1.45).sum::<f32>() * fits * s;
    let mut y = y - high * 0.5;
    let mut right = row.right();
    if let Some(color) = figure.and_then(|it| it.band) {
        let center = pos2(right - 20.0 * s, row.center().y);
        level_ui(k, center, 19.0 * s * fits, color);
        right -= 52.0 * s;
    }
    for (size, text, color) in lines {
        let step = size * 1.45 * fits * s;
        k.fit(pos2(words_x, y + step * 0.5), Align2::LEFT_CENTER, size * fits, color, &text, right - words_x);
        y += step;
    }
}

/// A level's mark: colour, shape and character together.
fn level_ui(k: &Kit<'_>, center: egui::Pos2, r: f32, color: WarningColor) {
    let stroke = Stroke::new(k.s.max(1.0), level_line(color));
    k.painter().add(Shape::convex_polygon(level_outline(center, r, color), level_fill(color), stroke));
    let drop = if color == WarningColor::Yellow { r * 0.28 } else { 0.0 };
    k.text(center + vec2(0.0, drop), Align2::CENTER_CENTER, r / k.s, level_on_fill(color), color.glyph());
}

/// `转移完成率・翔安区`; of the whole city the indicator's name alone.
pub(super) fn name_of(k: &Kit<'_>, known: &Known, key: &FigureKey) -> String {
    let name = known.definition(&key.indicator).map_or(key.indicator.as_str(), |it| indicator_name(k.m.lang, it));
    match key.group {
        Group::City => name.to_owned(),
        Group::Of { .. } => format!("{name}・{}", group_name(k, known.definitions().map(|it| &**it), &key.group)),
    }
}

/// Why it is missing or grey.
fn status_of(k: &Kit<'_>, numbers: &Numbers<'_>, key: &FigureKey, figure: Option<&Figure>) -> Option<String> {
    let Some(figure) = figure else { return Some(numbers.why_none(k, key)) };
    if let Some(why) = &figure.why_none {
        return Some(why.words(k.m.lang.paper()));
    }
    if !figure.is_stale {
        return None;
    }
    let since = figure.stale_since.unwrap_or(figure.as_of);
    Some(k.m.lang.fill(tr::INDICATOR_STALE, &[&k.m.lang.day_time(since, k.now())]))
}

fn chart_ui(k: &Kit<'_>, numbers: &Numbers<'_>, it: &PageChart, kept: &mut Kept, rect: Rect, ink: &Ink) {
    let s = k.s;
    let title = match it.title.is_empty() {
        true => name_of(k, numbers.known, &it.key),
        false => numbers.fill(k, &it.title),
    };
    k.fit(pos2(rect.left(), rect.top() + 27.0 * s), Align2::LEFT_CENTER, 24.0, ink.primary, &title, rect.width());
    let plot = Rect::from_min_max(pos2(rect.left(), rect.top() + 54.0 * s), rect.max);
    if plot.height() < 20.0 * s {
        return;
    }
    let none = |text: &str| k.fit_center(plot, 20.0, ink.tertiary, text, false);
    let Some(definition) = numbers.known.definition(&it.key.indicator) else {
        return none(&numbers.why_none(k, &it.key));
    };
    let look = ink.chart_look(f64::from(FINE * s * CHART_SCALE));
    let mut serial = DefaultHasher::new();
    (s.to_bits(), ink.theme, definition.id.as_str()).hash(&mut serial);
    match it.kind {
        PageChartKind::Trend => {
            let points = numbers.trend(&it.key);
            if points.len() < 2 {
                return none(k.t(tr::INDICATOR_NO_TREND));
            }
            points.iter().for_each(|it| (it.0.0, it.1.to_bits()).hash(&mut serial));
            let target = definition.target.map(|it| (it, rgb(ink.secondary)));
            let edges = definition.bands.iter().map(|(color, edge)| (*edge, rgb(ink.level(*color))));
            let limits: Vec<(f64, RGBColor)> = target.into_iter().chain(edges).collect();
            kept.paint(k.painter(), plot, serial.finish(), |area| drop(trend(area, points, &limits, look)));
            // The line ends up to five minutes ago; what holds is said.
            if let Some(figure) = numbers.figure(&it.key) {
                let words = format!("{} {}", value_text(k, figure), k.m.lang.unit(definition));
                let at = pos2(plot.right(), rect.top() + 27.0 * s);
                let room = rect.width() - k.width(24.0, &title) - 24.0 * s;
                k.fit(at, Align2::RIGHT_CENTER, 20.0, ink.accent, words.trim_end(), room);
            }
        }
        PageChartKind::Groups => {
            let Some(field) = definition.group_by.first().copied() else { return none(k.t(tr::BRIEF_NO_GROUPS)) };
            let groups = numbers.groups(definition, field);
            if groups.iter().all(|it| it.value.is_none()) {
                return none(k.t(tr::METRIC_NO_FIGURE));
            }
            let bar = |it: &&Figure| Bar {
                name: group_name(k, numbers.known.definitions().map(|it| &**it), &it.key.group),
                value: it.value,
                words: value_text(k, it),
                color: it.band.map(|it| rgb(ink.level(it))),
            };
            let all: Vec<Bar> = groups.iter().map(bar).collect();
            for it in &all {
                (&it.name, &it.words, it.value.map(f64::to_bits)).hash(&mut serial);
                it.color.map(|it| (it.0, it.1, it.2)).hash(&mut serial);
            }
            kept.paint(k.painter(), plot, serial.finish(), |area| match all.len() {
                0..=MOST_BARS => drop(bars(area, &all, look)),
                _ => drop(ranking(area, &all, look)),
            });
        }
    }
}

fn decision_ui(k: &Kit<'_>, numbers: &Numbers<'_>, it: &Decision, rect: Rect, ink: &Ink) {
    let (s, y) = (k.s, rect.center().y);
    k.fill(rect, 6.0, ink.bar);
    let x = rect.left() + 36.0 * s;
    let mut right = x + k.width(32.0, k.t(tr::BRIEF_NEXT_DECISION));
    if it.until.is_empty() {
        k.bold(pos2(x, y), Align2::LEFT_CENTER, 32.0, ink.bar_text, k.t(tr::BRIEF_NEXT_DECISION));
    } else {
        let until = k.m.lang.fill(tr::BRIEF_DECIDE_BY, &[&numbers.fill(k, &it.until)]);
        let until = k.fit(pos2(x, y - 22.0 * s), Align2::LEFT_CENTER, 20.0, ink.bar_second, &until, rect.width() * 0.2);
        right = right.max(until.right());
        k.bold(pos2(x, y + 18.0 * s), Align2::LEFT_CENTER, 32.0, ink.bar_text, k.t(tr::BRIEF_NEXT_DECISION));
    }
    let line = right + 44.0 * s;
    let half = rect.height() * 0.32;
    k.painter().vline(line, (y - half)..=(y + half), Stroke::new(s.max(1.0), ink.bar_second.gamma_multiply(0.5)));
    let x = line + 42.0 * s;
    let mut end = rect.right() - 36.0 * s;
    if !it.owner.is_empty() {
        let owner = k.m.lang.fill(tr::BRIEF_OWNER_IS, &[&it.owner]);
        let at = k.fit(pos2(end, y), Align2::RIGHT_CENTER, 20.0, ink.bar_second, &owner, rect.width() * 0.22);
        end = at.left() - 30.0 * s;
    }
    let question = numbers.fill(k, &it.question);
    let consequence = numbers.fill(k, &it.consequence);
    let up = if consequence.is_empty() { 0.0 } else { 16.0 * s };
    k.bold_fit(pos2(x, y - up), Align2::LEFT_CENTER, 32.0, ink.bar_text, &question, end - x);
    let at = pos2(x, y + 26.0 * s);
    k.fit(at, Align2::LEFT_CENTER, 20.0, ink.bar_second, &consequence, end - x);
}

/// The keys, and of what moment map and figures are.
fn foot_ui(k: &Kit<'_>, numbers: &Numbers<'_>, has_map: bool, rect: Rect, ink: &Ink) {
    let s = k.s;
    let of = match (numbers.frozen.is_some(), has_map) {
        (true, true) => tr::BRIEF_FOOT_FROZEN_MAP,
        (true, false) => tr::BRIEF_FOOT_FROZEN,
        (false, true) => tr::BRIEF_FOOT_LIVE_MAP,
        (false, false) => tr::BRIEF_FOOT_LIVE,
    };
    let text = format!("{}　{}", k.t(tr::BRIEF_FOOT), k.t(of));
    let at = pos2(rect.left() + MARGIN * s, rect.bottom() - FOOT_H * 0.5 * s);
    k.fit(at, Align2::LEFT_CENTER, 15.0, ink.tertiary, &text, rect.width() * 0.5);
    let basis = numbers.known.definitions().map_or("", |it| it.basis_in(k.m.lang.paper()));
    let at = pos2(rect.right() - MARGIN * s, at.y);
    k.fit(at, Align2::RIGHT_CENTER, 15.0, ink.tertiary, basis, rect.width() * 0.42);
}
