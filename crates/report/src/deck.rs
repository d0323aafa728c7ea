//! 会商简报 as a file: pages to print (PDF), slides to edit (PPTX), a text (DOCX), and the figures beneath (XLSX).
//!
//! The words are the briefing's, the figures the indicator engine's, or those the briefing was frozen with. Each figure says
//! its source, its time and its records, on the page and in the annex; one that is missing says why. An exercise and a
//! simulated city say so on every page. Where things stand on a page is [`layout`]'s, for PDF and slides alike. Must not know:
//! whence figures come, or how a map is drawn.

use crate::{
    Block, Document, ReportError, annex,
    figures::{
        as_of_words, bars_of, figure_in_words, is_joined, level_words, number, source_words, value_text,
        with_unit_behind,
    },
    layout::{self, Frame, Palette},
    pdf, slides, word,
};
use gulang_charts::{self as charts, Look};
use gulang_city::{
    Briefing, BriefingPage, City, Decision, PageChart, PageChartKind, PageFigure, PaperLang, Realm, Timestamp,
    WarningColor, filled,
    indicators::{Definition, Definitions, Figure, FigureKey, Group},
};
use plotters::style::RGBColor;
use resvg::tiny_skia::Pixmap;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fmt::Display};

/// Pixels of a map's picture to the point.
const MAP_PX: f32 = 4.0;
/// A table's cell holds no more characters.
const MAX_CHARS: usize = 32_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeckTheme {
    #[default]
    Light,
    Dark,
}

/// What a briefing can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeckForm {
    Pdf,
    Pptx,
    Docx,
    Xlsx,
}

impl DeckForm {
    /// By the end of a file's name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "pdf" => Self::Pdf,
            "pptx" => Self::Pptx,
            "docx" => Self::Docx,
            "xlsx" => Self::Xlsx,
            _ => return None,
        })
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// A briefing with its figures filled in, before it has a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Deck {
    /// Begins with 【演练】 in an exercise.
    pub title: String,
    pub host: String,
    pub city: String,
    /// `数据截至 8月19日 16:42`.
    pub as_of: String,
    /// The moment of the figures.
    pub at: Timestamp,
    pub exercise: bool,
    pub simulated: bool,
    pub footer: String,
    pub pages: Vec<DeckPage>,
    /// Every figure the pages speak of.
    pub annex: Vec<AnnexRow>,
    /// What its lines are drawn of.
    pub trends: Vec<AnnexTrend>,
    pub lang: PaperLang,
    pub theme: DeckTheme,
}

/// One page. What is none is not drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeckPage {
    pub headline: String,
    pub map: Option<DeckMap>,
    /// At most three.
    pub figures: Vec<DeckFigure>,
    pub chart: Option<DeckChart>,
    pub decision: Option<Decision>,
    /// For whoever speaks: beside a slide, never on it.
    pub notes: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeckMap {
    /// Or why there is none.
    pub drawn: Result<DeckPicture, String>,
    /// A line in its corner, if something must be said of it.
    pub caption: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeckPicture {
    pub png: Vec<u8>,
    /// px.
    pub width: u32,
    pub height: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeckFigure {
    /// `≈6,440`; `—` for none.
    pub value: String,
    pub unit: String,
    pub label: String,
    /// What the page says of it, its level, and why it is missing or grey.
    pub note: String,
    /// Missing or out of date.
    pub is_grey: bool,
    pub band: Option<WarningColor>,
    /// `来源 各设备・截至 16:42・记录 1–812 中 12 行`.
    pub source: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeckChart {
    pub title: String,
    /// A line below the title: how far it went.
    pub note: String,
    /// An SVG, or why there is none.
    pub drawn: Result<String, String>,
    /// Points.
    pub width: u32,
    pub height: u32,
}

/// One figure of the annex.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnexRow {
    pub name: String,
    pub value: Option<f64>,
    /// The value as the pages say it.
    pub words: String,
    pub unit: String,
    /// 口径.
    pub means: String,
    pub source: String,
    pub as_of: String,
    /// Rows beneath.
    pub n: u64,
    /// Of the log: what the figures know of.
    pub records: String,
    /// `正常`, `过时`, or why it is missing.
    pub state: String,
}

/// How one figure went.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnexTrend {
    /// With its unit.
    pub name: String,
    pub points: Vec<(Timestamp, f32)>,
}

/// What a deck is made of, beside the briefing.
pub struct DeckTold<'a> {
    pub city: &'a City,
    pub definitions: &'a Definitions,
    pub figures: &'a HashMap<FigureKey, Figure>,
    pub trends: &'a HashMap<FigureKey, Vec<(Timestamp, f32)>>,
    pub now: Timestamp,
    /// The figures come from the simulated city.
    pub simulated: bool,
    /// Of each page: none if no map was asked for, else a PNG or why there is none.
    pub maps: &'a [Option<Result<Vec<u8>, String>>],
}

/// A briefing as it is told now, or as it was frozen.
pub fn deck(briefing: &Briefing, told: &DeckTold<'_>, lang: PaperLang, theme: DeckTheme) -> Result<Deck, ReportError> {
    let frozen = briefing.frozen.as_ref();
    let (now, seq) = frozen.map_or((told.now, told.city.seq), |it| (it.at, it.seq));
    let figures = match frozen {
        Some(it) => it.figures.iter().map(|it| (&it.key, it)).collect(),
        None => told.figures.iter().collect(),
    };
    let trends = match frozen {
        Some(it) => it.trends.iter().map(|(key, points)| (key, points.as_slice())).collect(),
        None => told.trends.iter().map(|(key, points)| (key, points.as_slice())).collect(),
    };
    let teller = Teller { told, figures, trends, now, seq, is_frozen: frozen.is_some(), lang, theme };
    let maps = told.maps.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    let pages = briefing.pages.iter().zip(maps).map(|(page, map)| teller.page(page, map));
    let exercise = told.city.realm == Realm::Exercise;
    let when = teller.when(now);
    let as_of = match (lang, frozen) {
        (PaperLang::Zh, None) => format!("数据截至 {when}"),
        (PaperLang::Zh, Some(_)) => format!("数据定格于 {when}"),
        (PaperLang::En, None) => format!("Data as of {when}"),
        (PaperLang::En, Some(_)) => format!("Data frozen at {when}"),
    };
    let (basis, seq) = (plain(told.definitions.basis_in(lang)), number(seq as f64));
    Ok(Deck {
        title: format!("{}{}", if exercise { "【演练】" } else { "" }, plain(&briefing.title)),
        host: plain(&briefing.host),
        city: plain(&told.city.name),
        as_of,
        at: now,
        exercise,
        simulated: told.simulated,
        footer: match lang {
            PaperLang::Zh => format!("{basis}・依据记录 1–{seq}・每个数的来源、口径和记录数见附表（XLSX）"),
            PaperLang::En => format!("{basis} · records 1–{seq} · sources and definitions: see the annex (XLSX)"),
        },
        pages: pages.collect::<Result<_, _>>()?,
        annex: teller.annex(briefing),
        trends: teller.annex_trends(briefing),
        lang,
        theme,
    })
}

/// As a file. `font` is TrueType with the Chinese it needs; slides and texts name the readers' own.
pub fn written_deck(deck: &Deck, form: DeckForm, font: &[u8]) -> Result<Vec<u8>, ReportError> {
    match form {
        DeckForm::Pdf => pdf::write_deck(deck, font),
        DeckForm::Pptx => slides::write(deck, font),
        DeckForm::Docx => word::write(&as_text(deck), font),
        DeckForm::Xlsx => annex::write(deck),
    }
}

/// How large a map's picture a page has room for, px: fine enough to be thrown on a wall.
pub fn map_size(page: &BriefingPage) -> (u32, u32) {
    let map = Frame::of(true, page.figures.len(), page.chart.is_some(), page.decision.is_some()).map;
    ((map.width * MAP_PX) as u32, (map.height * MAP_PX) as u32)
}

/// What XML and a reader can take: no control characters; a line's end is a space.
pub(crate) fn plain(words: &str) -> String {
    let is_fit = |it: &char| !it.is_control() && !matches!(it, '\u{fffe}' | '\u{ffff}');
    let spaced = words.chars().map(|it| if it.is_whitespace() { ' ' } else { it });
    spaced.filter(is_fit).take(MAX_CHARS).collect()
}

/// The same, line by line.
pub(crate) fn plain_lines(words: &str) -> String {
    words.lines().map(plain).collect::<Vec<_>>().join("\n")
}

// ---------------------------------------------------------------- what a page says

struct Teller<'a> {
    told: &'a DeckTold<'a>,
    figures: HashMap<&'a FigureKey, &'a Figure>,
    trends: HashMap<&'a FigureKey, &'a [(Timestamp, f32)]>,
    now: Timestamp,
    seq: u64,
    is_frozen: bool,
    lang: PaperLang,
    theme: DeckTheme,
}

impl Teller<'_> {
    fn page(&self, page: &BriefingPage, map: Option<&Result<Vec<u8>, String>>) -> Result<DeckPage, ReportError> {
        let map = page.look.as_ref().and(map).map(|it| self.map(it));
        let figures: Vec<DeckFigure> = page.figures.iter().map(|it| self.figure(it)).collect();
        let frame = Frame::of(map.is_some(), figures.len(), page.chart.is_some(), page.decision.is_some());
        let said = |words: &str| self.filled(words).into();
        let decision = page.decision.as_ref().map(|it| Decision {
            question: said(&it.question),
            consequence: said(&it.consequence),
            until: said(&it.until),
            owner: said(&it.owner),
        });
        Ok(DeckPage {
            headline: self.filled(&page.headline),
            map,
            figures,
            chart: page.chart.as_ref().map(|it| self.chart(it, &frame)).transpose()?,
            decision,
            notes: plain_lines(&self.with_figures(&page.notes)),
        })
    }

    fn map(&self, drawn: &Result<Vec<u8>, String>) -> DeckMap {
        let unreadable = || self.lang.of("地图画好了，但图片读不了", "the map's picture cannot be read").to_owned();
        let drawn = match drawn {
            Ok(png) => {
                let read = Pixmap::decode_png(png).map_err(|_| unreadable());
                read.map(|it| DeckPicture { png: png.clone(), width: it.width(), height: it.height() })
            }
            Err(why) => Err(plain(why)),
        };
        let when = self.when(self.told.now);
        let caption = match (self.is_frozen, self.lang) {
            (false, _) => String::new(),
            (true, PaperLang::Zh) => format!("地图为 {when} 的，数为定格时的"),
            (true, PaperLang::En) => format!("Map as of {when}; figures as frozen"),
        };
        DeckMap { drawn, caption }
    }

    fn figure(&self, it: &PageFigure) -> DeckFigure {
        let (definition, figure) = (self.definition(&it.key), self.figures.get(&it.key).copied());
        let label = if it.label.trim().is_empty() { self.name(&it.key) } else { self.filled(&it.label) };
        let (Some(definition), Some(figure)) = (definition, figure) else {
            let note = self.lang.of("没有这个数", "no such figure").to_owned();
            return DeckFigure { value: "—".into(), label, note, is_grey: true, ..DeckFigure::default() };
        };
        let own = Some(self.filled(&it.note)).filter(|it| !it.trim().is_empty());
        let why = figure.why_none.as_ref().map(|why| why.words(self.lang));
        let stale = figure.is_stale.then(|| self.lang.of("（过时）", "(out of date)").to_owned());
        let level = figure.band.map(|it| self.level(it));
        let note: Vec<String> = why.into_iter().chain(stale).chain(level).chain(own).collect();
        DeckFigure {
            value: value_text(figure),
            unit: if figure.value.is_some() { plain(definition.unit_in(self.lang)) } else { String::new() },
            label,
            note: note.join(self.dot()),
            is_grey: figure.is_stale || figure.value.is_none(),
            band: figure.band,
            source: self.source_line(definition, figure),
        }
    }

    fn source_line(&self, definition: &Definition, figure: &Figure) -> String {
        let source = plain(&source_words(definition, self.told.city, self.lang));
        let as_of = as_of_words(definition, figure, self.now);
        let (seq, n) = (number(self.seq as f64), number(figure.n as f64));
        match self.lang {
            PaperLang::Zh => format!("来源 {source}・截至 {as_of}・记录 1–{seq} 中 {n} 行"),
            PaperLang::En => format!("Source {source} · as of {as_of} · {n} rows of records 1–{seq}"),
        }
    }

    fn chart(&self, chart: &PageChart, frame: &Frame) -> Result<DeckChart, ReportError> {
        let definition = self.definition(&chart.key);
        let title = match chart.title.trim() {
            "" => self.name_with_unit(&chart.key),
            words => self.filled(words),
        };
        let (width, height) = (frame.chart.width as u32, frame.chart.height as u32);
        let failed = |why: String| ReportError::Chart { name: chart.key.to_string(), why };
        let look = look_of(self.theme);
        let points = self.trends.get(&chart.key).copied().unwrap_or_default();
        let (note, drawn) = match (chart.kind, definition) {
            (_, None) => (String::new(), Err(self.lang.of("没有这个指标", "no such indicator").to_owned())),
            (PageChartKind::Trend, Some(_)) if points.iter().filter(|it| it.1.is_finite()).count() < 2 => {
                (String::new(), Err(self.lang.of("还没有走势", "no trend yet").to_owned()))
            }
            (PageChartKind::Trend, Some(definition)) => {
                let limits: Vec<(f64, RGBColor)> =
                    definition.bands.iter().map(|(color, edge)| (*edge, self.ink_of(*color))).collect();
                let svg = charts::to_svg((width, height), |area| charts::trend(area, points, &limits, look));
                (self.reach(points, definition), Ok(svg.map_err(failed)?))
            }
            (PageChartKind::Groups, Some(definition)) => {
                let figures = self.figures.values().copied();
                let bars = bars_of(definition, figures, self.told.city, |it| self.ink_of(it));
                let none = || self.lang.of("各组都没有数", "no group has a figure").to_owned();
                let svg = charts::to_svg((width, height), |area| charts::bars(area, &bars, look)).map_err(failed)?;
                (String::new(), if bars.is_empty() { Err(none()) } else { Ok(svg) })
            }
        };
        Ok(DeckChart { title, note, drawn, width, height })
    }

    /// `最低 3・最高 12・最后 9 件・红色线 10`: what the line has no axis for.
    fn reach(&self, points: &[(Timestamp, f32)], definition: &Definition) -> String {
        let seen = || points.iter().map(|it| f64::from(it.1)).filter(|it| it.is_finite());
        let (low, high) = seen().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), it| (a.min(it), b.max(it)));
        let said = |it: f64| number((it * 100.0).round() / 100.0);
        let last = seen().next_back().map(said).unwrap_or_default();
        let (low, high, unit) = (said(low), said(high), plain(definition.unit_in(self.lang)));
        let last = with_unit(&last, &unit);
        let seen = match self.lang {
            PaperLang::Zh => format!("最低 {low}・最高 {high}・最后 {last}"),
            PaperLang::En => format!("lowest {low} · highest {high} · last {last}"),
        };
        let limits = definition.bands.iter().map(|(color, edge)| format!("{} {}", self.level(*color), number(*edge)));
        std::iter::once(seen).chain(limits).collect::<Vec<_>>().join(self.dot())
    }

    fn annex(&self, briefing: &Briefing) -> Vec<AnnexRow> {
        let mut keys = briefing.keys();
        // A chart of groups stands on figures no page names.
        let charts = briefing.pages.iter().filter_map(|it| it.chart.as_ref());
        for chart in charts.filter(|it| it.kind == PageChartKind::Groups) {
            let Some(field) = self.definition(&chart.key).and_then(|it| it.group_by.first()) else { continue };
            let of = |it: &&&FigureKey| {
                it.indicator == chart.key.indicator && matches!(&it.group, Group::Of { by, .. } if by == field)
            };
            keys.extend(self.figures.keys().filter(of).map(|it| (*it).clone()));
        }
        keys.sort();
        keys.dedup();
        keys.iter().map(|it| self.annex_row(it)).collect()
    }

    fn annex_row(&self, key: &FigureKey) -> AnnexRow {
        let records = format!("1–{}", self.seq);
        let (Some(definition), Some(figure)) = (self.definition(key), self.figures.get(key).copied()) else {
            let none = String::new;
            let state = self.lang.of("没有这个数", "no such figure").to_owned();
            let (unit, means, source, as_of) = (none(), none(), none(), none());
            let name = self.name(key);
            return AnnexRow {
                name, value: None, words: "—".into(), unit, means, source, as_of, n: 0, records, state
            };
        };
        let why = figure.why_none.as_ref().map(|why| why.words(self.lang));
        let stale = figure.is_stale.then(|| self.lang.of("过时", "out of date").to_owned());
        let estimate = figure.is_estimate.then(|| self.lang.of("含估算", "estimated in part").to_owned());
        let level = figure.band.map(|it| self.level(it));
        let state: Vec<String> = why.into_iter().chain(stale).chain(estimate).chain(level).collect();
        let means = self.lang.of(&definition.means_zh, &definition.means_en);
        AnnexRow {
            name: self.name(key),
            value: figure.value,
            words: value_text(figure),
            unit: plain(definition.unit_in(self.lang)),
            means: plain(means),
            source: plain(&source_words(definition, self.told.city, self.lang)),
            as_of: as_of_words(definition, figure, self.now),
            n: figure.n,
            records,
            state: if state.is_empty() { self.lang.of("正常", "good").to_owned() } else { state.join(self.dot()) },
        }
    }

    fn annex_trends(&self, briefing: &Briefing) -> Vec<AnnexTrend> {
        let charts = briefing.pages.iter().filter_map(|it| it.chart.as_ref());
        let mut keys: Vec<&FigureKey> = charts.filter(|it| it.kind == PageChartKind::Trend).map(|it| &it.key).collect();
        keys.sort();
        keys.dedup();
        let trend = |key: &FigureKey| {
            let points = self.trends.get(key).copied().filter(|it| !it.is_empty())?;
            Some(AnnexTrend { name: self.name_with_unit(key), points: points.to_vec() })
        };
        keys.into_iter().filter_map(trend).collect()
    }

    fn definition(&self, key: &FigureKey) -> Option<&Definition> {
        self.told.definitions.get(key.indicator.as_str())
    }

    /// `在办案件`, `在办案件・思明区`.
    fn name(&self, key: &FigureKey) -> String {
        let Some(definition) = self.definition(key) else { return plain(&key.to_string()) };
        let name = plain(definition.name_in(self.lang));
        match &key.group {
            Group::City => name,
            group => format!("{name}{}{}", self.dot(), plain(&group.zh(self.told.city))),
        }
    }

    fn name_with_unit(&self, key: &FigureKey) -> String {
        let unit = self.definition(key).map_or("", |it| it.unit_in(self.lang));
        with_unit_behind(&self.name(key), &plain(unit), self.lang)
    }

    fn filled(&self, words: &str) -> String {
        plain(&self.with_figures(words))
    }

    fn with_figures(&self, words: &str) -> String {
        let said = |key: &FigureKey| figure_in_words(self.definition(key), self.figures.get(key).copied(), self.lang);
        filled(words, &self.when(self.now), said)
    }

    fn when(&self, at: Timestamp) -> String {
        at.beijing().strftime(self.lang.of("%-m月%-d日 %H:%M", "%-d %b %H:%M")).to_string()
    }

    fn level(&self, color: WarningColor) -> String {
        level_words(color, self.lang)
    }

    fn dot(&self) -> &'static str {
        self.lang.of("・", " · ")
    }

    fn ink_of(&self, color: WarningColor) -> RGBColor {
        rgb(Palette::of(self.theme).level(color))
    }
}

/// `#B3261E` as charts take it; black if it is no colour.
fn rgb(hex: &str) -> RGBColor {
    let at = |i: usize| hex.get(i..i + 2).and_then(|it| u8::from_str_radix(it, 16).ok()).unwrap_or(0);
    RGBColor(at(1), at(3), at(5))
}

/// Calm lines: what is saturated is a level.
fn look_of(theme: DeckTheme) -> Look<'static> {
    let palette = Palette::of(theme);
    let mut look = Look { ink: rgb(palette.secondary), faint: rgb(palette.line), ..Look::PAPER };
    let [neutral, main, ..] = &mut look.series;
    (*neutral, *main) = (rgb(palette.tertiary), rgb(palette.accent));
    (look.warn, look.alert) = (rgb(palette.level(WarningColor::Orange)), rgb(palette.level(WarningColor::Red)));
    look
}

// ---------------------------------------------------------------- as a text

/// Page after page as headings, pictures and tables; at its end the annex. Nothing of what is only for the speaker.
fn as_text(deck: &Deck) -> Document {
    let lang = deck.lang;
    let of = |zh: &str, en: &str| lang.of(zh, en).to_owned();
    let mut blocks = Vec::new();
    for (page, i) in deck.pages.iter().zip(1..) {
        page_as_text(deck, page, i, &mut blocks);
    }
    blocks.push(Block::Heading { text: of("附　数据来源与口径", "Annex: sources and definitions") });
    let row = |it: &AnnexRow| {
        let value = with_unit(&it.words, &it.unit);
        let made = |parts: [&dyn Display; 7]| parts.map(|it| it.to_string()).to_vec();
        made([&it.name, &value, &it.means, &it.source, &it.as_of, &it.n, &it.state])
    };
    blocks.push(Block::Table {
        widths: vec![18, 12, 28, 13, 11, 7, 11],
        header: match lang {
            PaperLang::Zh => ["指标", "数", "口径", "来源", "截至", "记录数", "状态"],
            PaperLang::En => ["Indicator", "Value", "Means", "Source", "As of", "Rows", "State"],
        }
        .map(str::to_owned)
        .to_vec(),
        rows: deck.annex.iter().map(row).collect(),
    });
    let simulated = deck.simulated.then(|| layout::simulated_words(lang).to_owned());
    let said = [deck.city.clone(), deck.host.clone(), deck.as_of.clone()].into_iter().chain(simulated);
    Document {
        lang,
        title: deck.title.clone(),
        subtitle: said.filter(|it| !it.is_empty()).collect::<Vec<_>>().join("・"),
        exercise: deck.exercise,
        footer: deck.footer.clone(),
        blocks,
    }
}

fn with_unit(value: &str, unit: &str) -> String {
    if is_joined(unit) { format!("{value}{unit}") } else { format!("{value} {unit}").trim_end().to_owned() }
}

fn page_as_text(deck: &Deck, page: &DeckPage, i: usize, blocks: &mut Vec<Block>) {
    let lang = deck.lang;
    let none = |what: &str, why: &str| Block::Text { text: format!("{what}：{why}") };
    blocks.push(Block::Heading { text: format!("{i}　{}", page.headline) });
    match page.map.as_ref().map(|it| (&it.drawn, &it.caption)) {
        Some((Ok(it), caption)) => blocks.push(Block::Picture {
            caption: caption.clone(),
            name: format!("map-{i}.png"),
            png: it.png.clone(),
            width: layout::TEXT_WIDTH,
            height: layout::TEXT_WIDTH * it.height / it.width.max(1),
        }),
        Some((Err(why), _)) => blocks.push(none(lang.of("地图", "Map"), why)),
        None => {}
    }
    if !page.figures.is_empty() {
        let row = |it: &DeckFigure| {
            vec![it.label.clone(), with_unit(&it.value, &it.unit), it.note.clone(), it.source.clone()]
        };
        blocks.push(Block::Table {
            widths: vec![26, 18, 26, 30],
            header: match lang {
                PaperLang::Zh => ["指标", "数", "说明", "来源"],
                PaperLang::En => ["Indicator", "Value", "Note", "Source"],
            }
            .map(str::to_owned)
            .to_vec(),
            rows: page.figures.iter().map(row).collect(),
        });
    }
    if let Some(chart) = &page.chart {
        let caption = [&chart.title, &chart.note].map(String::as_str).join("　");
        blocks.push(match &chart.drawn {
            // On white paper, whatever the pages' ground is.
            Ok(svg) => Block::Chart {
                caption: caption.trim().to_owned(),
                name: format!("chart-{i}.svg"),
                svg: grounded(svg, Palette::of(deck.theme).background),
                width: layout::TEXT_WIDTH,
                height: layout::TEXT_WIDTH * chart.height / chart.width.max(1),
            },
            Err(why) => none(&chart.title, why),
        });
    }
    if let Some(it) = &page.decision {
        let until = layout::until_words(it, lang);
        let lines = [until, it.question.to_string(), it.consequence.to_string(), layout::owner_words(it, lang)];
        let said: Vec<String> = lines.into_iter().filter(|it| !it.is_empty()).collect();
        blocks.push(none(layout::decision_words(lang), &said.join("；")));
    }
}

/// A drawing on a ground of its own.
fn grounded(svg: &str, color: &str) -> String {
    let Some((head, rest)) = svg.split_once('>') else { return svg.to_owned() };
    format!("{head}><rect width=\"100%\" height=\"100%\" fill=\"{color}\"/>{rest}")
}

#[cfg(test)]
mod tests;
