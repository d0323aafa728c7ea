//! Where everything stands on a page of a briefing: 16:9, headline, map left, figures and a chart right, the decision below.
//!
//! Once for PDF and slides: a page is a list of [`Item`]s in points, 960 × 540, as the design's 1920 × 1080. Colours and sizes
//! are the design tokens'. Must not know: what a figure means, or in what form a page is written.

use crate::{
    deck::{Deck, DeckChart, DeckFigure, DeckMap, DeckPage, DeckTheme},
    figures::is_joined,
};
use gulang_city::{Decision, PaperLang, WarningColor};
use serde::Serialize;

/// A page, points.
pub(crate) const PAGE: (f32, f32) = (960.0, 540.0);
/// How wide a picture is in a text, in its nominal pixels.
pub(crate) const TEXT_WIDTH: u32 = 520;
const LEFT: f32 = 32.0;
const WIDTH: f32 = 896.0;
const TOP: f32 = 118.0;
const MAP_WIDTH: f32 = 530.0;
const SIDE: Area = Area { x: 580.0, y: TOP, width: 348.0, height: 0.0 };
/// Of what lies above a decision, and of a page without one.
const FLOORS: (f32, f32) = (438.0, 508.0);
/// A figure beside a map, and one on a page without.
const ROW: f32 = 62.0;
const WIDE_ROW: f32 = 118.0;
/// A line's height against its words'.
pub(crate) const LINE: f32 = 1.35;

const HEADLINE: f32 = 23.5;
const FIGURE: f32 = 34.0;
const DECISION: f32 = 16.0;
const LABEL: f32 = 12.0;
const BODY: f32 = 10.0;
const FOOT: f32 = 7.5;
const SOURCE: f32 = 6.5;

/// `演练`, as `tokens.toml` has it.
const EXERCISE_LINE: &str = "#BFA2FF";
const EXERCISE_GROUND: &str = "#2C2147";
const EXERCISE_TEXT: &str = "#F1EAFF";
const EXERCISE_CHIP: &str = "#1A1030";

/// A rectangle of a page, points from its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

/// Words of one size and colour; a line ends at `\n`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Run {
    pub text: String,
    pub size: f32,
    pub color: &'static str,
    pub bold: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Item {
    /// A filled rectangle; rules are thin ones.
    Block { at: Area, fill: &'static str, radius: f32 },
    /// Wrapped at its width, but for what is one line; in the middle of its height.
    Words { at: Area, runs: Vec<Run>, align: Align, is_line: bool, is_title: bool },
    /// As large as its area holds it, uncut, in its middle; `alt` says what it is.
    Picture { at: Area, name: String, alt: String },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sheet {
    pub ground: &'static str,
    pub items: Vec<Item>,
}

/// What stands where on a page, by what it has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    pub map: Area,
    /// One for each figure.
    figures: Vec<Area>,
    /// Figures under each other, with rules between.
    is_column: bool,
    chart_words: Area,
    pub chart: Area,
}

impl Frame {
    pub fn of(has_map: bool, n_figures: usize, has_chart: bool, has_decision: bool) -> Self {
        let floor = if has_decision { FLOORS.0 } else { FLOORS.1 };
        let has_side = n_figures > 0 || has_chart;
        let map_width = if has_side { MAP_WIDTH } else { WIDTH };
        let map = Area { x: LEFT, y: TOP, width: map_width, height: floor - TOP };
        let side = if has_map { SIDE } else { Area { x: LEFT, width: WIDTH, ..SIDE } };
        let n = n_figures.max(1) as f32;
        let (figures, under): (Vec<Area>, f32) = if has_map {
            // A page without a chart gives its figures the room.
            let row = if has_chart { ROW } else { ((floor - TOP) / n).min(ROW * 1.6) };
            let area = |i: usize| Area { y: TOP + row * i as f32, height: row, ..side };
            ((0..n_figures).map(area).collect(), TOP + row * n_figures as f32)
        } else {
            let gap = 28.0;
            let width = (WIDTH - gap * (n - 1.0)) / n;
            let area = |i: usize| Area { x: LEFT + (width + gap) * i as f32, y: TOP, width, height: WIDE_ROW };
            ((0..n_figures).map(area).collect(), if n_figures > 0 { TOP + WIDE_ROW + 8.0 } else { TOP })
        };
        let chart_words = Area { y: under + 5.0, height: 26.0, ..side };
        let chart = Area { y: under + 33.0, height: floor - under - 33.0, ..side };
        Self { map, figures, is_column: has_map, chart_words, chart }
    }
}

/// The colours of a theme.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub background: &'static str,
    pub card: &'static str,
    pub line: &'static str,
    pub primary: &'static str,
    pub secondary: &'static str,
    pub tertiary: &'static str,
    pub accent: &'static str,
    pub bar: &'static str,
    pub bar_text: &'static str,
    pub bar_quiet: &'static str,
    /// From blue to red.
    levels: [&'static str; 4],
}

const LIGHT: Palette = Palette {
    background: "#F6F5F0",
    card: "#FFFFFF",
    line: "#D5D6D1",
    primary: "#16202A",
    secondary: "#46535F",
    tertiary: "#66727D",
    accent: "#1D5C86",
    bar: "#16202A",
    bar_text: "#FFFFFF",
    bar_quiet: "#B9C5D0",
    levels: ["#1F5FBF", "#7A5B12", "#A85200", "#B3261E"],
};
const DARK: Palette = Palette {
    background: "#0B1117",
    card: "#121A22",
    line: "#293744",
    primary: "#EAF0F5",
    secondary: "#B9C5D0",
    tertiary: "#8D9BA9",
    accent: "#9CC9E6",
    bar: "#22303C",
    bar_text: "#EAF0F5",
    bar_quiet: "#B9C5D0",
    levels: ["#5B9BFF", "#F3D03E", "#F58A1F", "#FF5247"],
};

impl Palette {
    pub fn of(theme: DeckTheme) -> Self {
        match theme {
            DeckTheme::Light => LIGHT,
            DeckTheme::Dark => DARK,
        }
    }

    /// As words and lines.
    pub fn level(&self, color: WarningColor) -> &'static str {
        let [blue, yellow, orange, red] = self.levels;
        match color {
            WarningColor::Blue => blue,
            WarningColor::Yellow => yellow,
            WarningColor::Orange => orange,
            WarningColor::Red => red,
        }
    }
}

pub(crate) fn simulated_words(lang: PaperLang) -> &'static str {
    lang.of("仿真数据，非实况", "Simulated data, not the real city")
}

pub(crate) fn decision_words(lang: PaperLang) -> &'static str {
    lang.of("提请决定", "For decision")
}

/// `请在 17:30 前决定`; empty without a time.
pub(crate) fn until_words(decision: &Decision, lang: PaperLang) -> String {
    match (decision.until.trim(), lang) {
        ("", _) => String::new(),
        (until, PaperLang::Zh) => format!("请在 {until} 前决定"),
        (until, PaperLang::En) => format!("Decide by {until}"),
    }
}

pub(crate) fn owner_words(decision: &Decision, lang: PaperLang) -> String {
    match decision.owner.trim() {
        "" => String::new(),
        owner => format!("{} {owner}", lang.of("责任单位", "Responsible:")),
    }
}

/// What a page's pictures are called.
pub(crate) fn map_name(i: usize) -> String {
    format!("map-{i}.png")
}

/// The same, of its chart.
pub(crate) fn chart_name(i: usize) -> String {
    format!("chart-{i}.svg")
}

/// Every page, in order.
pub(crate) fn sheets(deck: &Deck) -> Vec<Sheet> {
    deck.pages.iter().zip(1..).map(|(page, i)| sheet(deck, page, i)).collect()
}

/// Page `i`, from 1.
fn sheet(deck: &Deck, page: &DeckPage, i: usize) -> Sheet {
    let palette = Palette::of(deck.theme);
    let mut to = Paint { items: Vec::new(), palette };
    let frame = Frame::of(page.map.is_some(), page.figures.len(), page.chart.is_some(), page.decision.is_some());
    around(&mut to, deck, i);
    let at = Area { x: LEFT, y: 42.0, width: WIDTH, height: 70.0 };
    let size = fitting(&page.headline, at.width, at.height, HEADLINE, 8.0);
    let text = in_two(&page.headline, at.width, size);
    let run = Run { text, size, color: palette.primary, bold: true };
    to.items.push(Item::Words { at, runs: vec![run], align: Align::Left, is_line: false, is_title: true });
    if let Some(map) = &page.map {
        map_on(&mut to, deck, map, frame.map, i);
    }
    figures_on(&mut to, page, &frame);
    if let Some(chart) = &page.chart {
        chart_on(&mut to, chart, &frame, i);
    }
    if let Some(decision) = &page.decision {
        decision_on(&mut to, decision, deck.lang);
    }
    Sheet { ground: palette.background, items: to.items }
}

/// Of what every page has: who, what, which page, of when; and what it is not.
fn around(to: &mut Paint, deck: &Deck, i: usize) {
    let (lang, palette) = (deck.lang, to.palette);
    if deck.exercise {
        let (w, h) = PAGE;
        for (x, y, width, height) in
            [(0.0, 14.0, 5.0, h - 19.0), (w - 5.0, 14.0, 5.0, h - 19.0), (0.0, h - 5.0, w, 5.0)]
        {
            to.block(Area { x, y, width, height }, EXERCISE_LINE, 0.0);
        }
        let banner = Area { width: w, height: 14.0, ..Area::default() };
        to.block(banner, EXERCISE_GROUND, 0.0);
        let words = lang.of("演练　·　演练　·　演练", "EXERCISE 演练  ·  EXERCISE 演练  ·  EXERCISE 演练");
        to.line(banner, words, 8.5, EXERCISE_TEXT, Align::Center);
    }
    let n = deck.pages.len();
    let page = match lang {
        PaperLang::Zh => format!("第 {i} / {n} 页"),
        PaperLang::En => format!("Page {i} of {n}"),
    };
    let held = [deck.host.as_str(), deck.title.as_str()].into_iter().filter(|it| !it.is_empty());
    let held = held.collect::<Vec<_>>().join(lang.of("・", " · "));
    let head = |x, width| Area { x, y: 18.0, width, height: 17.0 };
    let size = fitting(&format!("{held}　{page}"), 560.0, 17.0, BODY, 5.0);
    let run = |text, color| Run { text, size, color, bold: false };
    let runs = vec![run(held, palette.primary), run(format!("　{page}"), palette.secondary)];
    to.words(head(LEFT, 560.0), runs, Align::Left);
    let simulated = deck.simulated.then(|| simulated_words(lang));
    let said: Vec<&str> = std::iter::once(deck.as_of.as_str()).chain(simulated).collect();
    to.line(head(600.0, 328.0), &said.join(lang.of("・", " · ")), BODY, palette.secondary, Align::Right);
    let foot = Area { x: LEFT, y: 519.0, width: WIDTH, height: 12.0 };
    to.line(foot, &deck.footer, FOOT, palette.tertiary, Align::Left);
}

fn map_on(to: &mut Paint, deck: &Deck, map: &DeckMap, at: Area, i: usize) {
    let palette = to.palette;
    let edge = Area { x: at.x - 0.5, y: at.y - 0.5, width: at.width + 1.0, height: at.height + 1.0 };
    to.block(edge, palette.line, 0.0);
    match &map.drawn {
        Ok(_) => {
            let alt = deck.lang.of("地图", "Map").to_owned();
            to.items.push(Item::Picture { at, name: map_name(i), alt });
        }
        Err(why) => {
            to.block(at, palette.card, 0.0);
            let said = format!("{}{why}", deck.lang.of("地图没有画出：", "No map: "));
            let room = Area { x: at.x + 40.0, width: at.width - 80.0, ..at };
            to.fitted(room, &said, LABEL, palette.tertiary, Align::Center);
        }
    }
    // Recognisable when somebody cuts the map out.
    let mark = match (deck.exercise, deck.simulated) {
        (true, _) => Some((deck.lang.of("演练", "EXERCISE"), EXERCISE_LINE, EXERCISE_CHIP)),
        (false, true) => Some((deck.lang.of("仿真", "SIMULATED"), palette.card, palette.secondary)),
        (false, false) => None,
    };
    if let Some((words, fill, ink)) = mark {
        let width = ems(words) * 9.0 + 12.0;
        let chip = Area { x: at.x + 8.0, y: at.y + 8.0, width, height: 16.0 };
        to.block(chip, fill, 1.5);
        to.line(chip, words, 9.0, ink, Align::Center);
    }
    if !map.caption.is_empty() && map.drawn.is_ok() {
        let width = ems(&map.caption) * FOOT * 1.1 + 10.0;
        let chip = Area { x: at.x + at.width - width - 6.0, y: at.y + at.height - 19.0, width, height: 13.0 };
        to.block(chip, palette.card, 1.5);
        to.line(chip, &map.caption, FOOT, palette.secondary, Align::Center);
    }
}

fn figures_on(to: &mut Paint, page: &DeckPage, frame: &Frame) {
    let palette = to.palette;
    for (i, (figure, at)) in page.figures.iter().zip(&frame.figures).enumerate() {
        let is_first = i == 0 || !frame.is_column;
        let rule = Area { height: if is_first { 1.0 } else { 0.6 }, ..*at };
        to.block(rule, if is_first { palette.primary } else { palette.line }, 0.0);
        figure_on(to, figure, *at, frame.is_column);
    }
    if let Some(last) = frame.figures.last().filter(|_| frame.is_column && page.chart.is_some()) {
        to.block(Area { y: last.y + last.height, height: 0.6, ..*last }, palette.line, 0.0);
    }
}

/// In a column the words stand right of the value, otherwise below it.
fn figure_on(to: &mut Paint, figure: &DeckFigure, at: Area, is_column: bool) {
    let palette = to.palette;
    let color = match (figure.is_grey, figure.band) {
        (true, _) => palette.tertiary,
        (false, Some(band)) => palette.level(band),
        (false, None) => palette.primary,
    };
    let value = if is_column { Area { width: 156.0, ..at } } else { Area { height: 54.0, ..at } };
    // The unit is half as large and stands a little off.
    let (share, unit) = match figure.unit.as_str() {
        "" => (0.0, String::new()),
        unit if is_joined(unit) => (1.0, unit.to_owned()),
        unit => (0.5, format!(" {unit}")),
    };
    let size = FIGURE.min((value.width - 6.0) / (ems(&figure.value) + ems(&unit) * share).max(0.1));
    let run = |text: &str, size: f32| Run { text: text.to_owned(), size, color, bold: false };
    let mut runs = vec![run(&figure.value, size)];
    if !unit.is_empty() {
        runs.push(run(&unit, size * share));
    }
    to.words(value, runs, Align::Left);
    let (x, width) = if is_column { (at.x + 164.0, at.width - 164.0) } else { (at.x, at.width) };
    let has_note = !figure.note.is_empty();
    let height = if has_note { 57.0 } else { 38.0 };
    let y = if is_column { at.y + (at.height - height) / 2.0 } else { at.y + 56.0 };
    let line = |y, height| Area { x, y, width, height };
    to.fitted(line(y, 21.0), &figure.label, LABEL, palette.primary, Align::Left);
    if has_note {
        to.fitted(line(y + 21.0, 20.0), &figure.note, BODY, palette.secondary, Align::Left);
    }
    to.fitted(line(y + height - 16.0, 16.0), &figure.source, SOURCE, palette.tertiary, Align::Left);
}

fn chart_on(to: &mut Paint, chart: &DeckChart, frame: &Frame, i: usize) {
    let palette = to.palette;
    let title = Area { height: 16.0, ..frame.chart_words };
    to.fitted(title, &chart.title, LABEL - 1.0, palette.primary, Align::Left);
    let note = Area { y: title.y + 16.0, height: 11.0, ..title };
    if !chart.note.is_empty() {
        to.fitted(note, &chart.note, FOOT, palette.tertiary, Align::Left);
    }
    match &chart.drawn {
        Ok(_) => {
            to.items.push(Item::Picture { at: frame.chart, name: chart_name(i), alt: chart.title.clone() });
        }
        Err(why) => to.fitted(frame.chart, why, LABEL, palette.tertiary, Align::Left),
    }
}

fn decision_on(to: &mut Paint, decision: &Decision, lang: PaperLang) {
    let palette = to.palette;
    let bar = Area { x: LEFT, y: 450.0, width: WIDTH, height: 66.0 };
    to.block(bar, palette.bar, 3.0);
    let line = |x, y, width, height| Area { x, y, width, height };
    let until = until_words(decision, lang);
    let top = if until.is_empty() { 469.0 } else { 479.0 };
    to.fitted(line(50.0, 461.0, 112.0, 18.0), &until, BODY, palette.bar_quiet, Align::Left);
    to.fitted(line(50.0, top, 112.0, 28.0), decision_words(lang), DECISION, palette.bar_text, Align::Left);
    to.block(line(165.0, 462.0, 0.6, 42.0), palette.bar_quiet, 0.0);
    let owner = owner_words(decision, lang);
    let width = if owner.is_empty() { 726.0 } else { 556.0 };
    let (y, height) = if decision.consequence.is_empty() { (459.0, 48.0) } else { (454.0, 30.0) };
    to.fitted(line(185.0, y, width, height), &decision.question, DECISION, palette.bar_text, Align::Left);
    to.fitted(line(185.0, 484.0, width, 28.0), &decision.consequence, BODY, palette.bar_quiet, Align::Left);
    to.fitted(line(755.0, 456.0, 156.0, 54.0), &owner, BODY, palette.bar_quiet, Align::Right);
}

struct Paint {
    items: Vec<Item>,
    palette: Palette,
}

impl Paint {
    fn block(&mut self, at: Area, fill: &'static str, radius: f32) {
        self.items.push(Item::Block { at, fill, radius });
    }

    fn words(&mut self, at: Area, runs: Vec<Run>, align: Align) {
        self.items.push(Item::Words { at, runs, align, is_line: false, is_title: false });
    }

    /// One line, made smaller until it is one.
    fn line(&mut self, at: Area, text: &str, size: f32, color: &'static str, align: Align) {
        let size = size.min(at.width * 0.98 / ems(text).max(0.1));
        let runs = vec![Run { text: text.to_owned(), size, color, bold: false }];
        self.items.push(Item::Words { at, runs, align, is_line: true, is_title: false });
    }

    /// As many lines as there is room for, made smaller until it is all there; nothing of no words.
    fn fitted(&mut self, at: Area, text: &str, size: f32, color: &'static str, align: Align) {
        if !text.trim().is_empty() {
            let size = fitting(text, at.width, at.height, size, 4.0);
            self.words(at, vec![Run { text: text.to_owned(), size, color, bold: false }], align);
        }
    }
}

/// How wide words are, in ems: Chinese characters one, others a little over a half, as in the font they are written in.
pub(crate) fn ems(words: &str) -> f32 {
    let width = |it: char| match it {
        ' ' => 0.25,
        'A'..='Z' | 'm' | 'w' | '%' | '@' => 0.75,
        it if it.is_ascii() => 0.56,
        _ => 1.0,
    };
    words.chars().map(width).sum()
}

/// A sentence of two lines, broken after a mark of its own so that they are about as long; as it is, if it is shorter or
/// longer, or has no such mark.
fn in_two(words: &str, width: f32, size: f32) -> String {
    let is_fit = |part: &str| ems(part) * size <= width * 0.98;
    if is_fit(words) {
        return words.to_owned();
    }
    let ends = words.char_indices().filter(|it| "，。；：、！？,;".contains(it.1)).map(|(at, it)| at + it.len_utf8());
    let parts = ends.filter_map(|at| words.split_at_checked(at)).map(|(a, b)| (a, b.trim_start()));
    let fit = parts.filter(|(a, b)| is_fit(a) && is_fit(b));
    let best = fit.min_by(|a, b| {
        let uneven = |(a, b): &(&str, &str)| (ems(a) - ems(b)).abs();
        uneven(a).total_cmp(&uneven(b))
    });
    best.map_or_else(|| words.to_owned(), |(a, b)| format!("{a}\n{b}"))
}

/// The largest size, at most `most`, at which words stand in a room; `least`, where there is none.
fn fitting(words: &str, width: f32, height: f32, most: f32, least: f32) -> f32 {
    let ems = ems(words);
    let is_fit = |size: f32| {
        let lines = if ems * size <= width * 0.98 { 1.0 } else { (ems * size / (width * 0.94)).ceil() };
        lines * size * LINE <= height + 0.5
    };
    let mut size = most;
    while size > least && !is_fit(size) {
        size -= 0.25;
    }
    size.max(least)
}
