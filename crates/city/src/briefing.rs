//! 会商简报: a storyboard of scenes a duty officer tells leaders by, page after page.
//!
//! A scene is one sentence, one look at the map, at most three figures, one chart and one decision. Words are what people
//! wrote; a figure in them is `{indicator}` and filled in when the page is shown: with what holds then, or, in a briefing
//! frozen at an instant, with what held at that instant. Turning a page is a record, so every wall shows the same page and
//! the log says who was shown what. Must not know: how figures come about, or how a page is drawn.

use crate::{
    LineFault, LonLat, PaperLang, Timestamp,
    ids::*,
    indicators::{Figure, FigureKey, Group},
    line_at,
};
use serde::{Deserialize, Serialize};

/// Pages of a briefing.
pub const MAX_PAGES: usize = 24;
/// Briefings of one city.
pub const MAX_BRIEFINGS: usize = 128;
/// Figures beside the map: more than three nobody keeps in mind.
pub const MAX_PAGE_FIGURES: usize = 3;
/// Figures a frozen briefing holds, with the groups under its charts.
pub const MAX_FROZEN_FIGURES: usize = 4000;
/// Points a frozen trend holds: a day of one every minute.
pub const MAX_FROZEN_POINTS: usize = 1440;
/// How often it was shown that is remembered, over all briefings.
pub const MAX_SHOWINGS: usize = 64;
const SCENE: &str = "brief";

/// 一份会商简报.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Briefing {
    /// `台风“银鹭”会商`.
    pub title: Text,
    /// Who holds it: `厦门市防指`.
    pub host: Text,
    pub pages: Vec<BriefingPage>,
    /// None: figures are as they are when a page is shown.
    pub frozen: Option<Frozen>,
}

/// One page. What is empty is not drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BriefingPage {
    /// One sentence; `{case_open}` in it is a figure with its unit, `{time}` the time of the figures.
    pub headline: Text,
    pub look: Option<Look>,
    pub figures: Vec<PageFigure>,
    pub chart: Option<PageChart>,
    pub decision: Option<Decision>,
    /// For whoever speaks; never shown to the hall or printed.
    pub notes: Text,
}

/// What the map shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub at: LonLat,
    /// How much is seen across, m.
    pub metres: f64,
    /// Degrees clockwise from north; 0 is north up.
    pub bearing: f64,
    /// Degrees from straight down.
    pub tilt: f64,
    /// Layers and overlays beside the usual, by id.
    pub layers: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFigure {
    pub key: FigureKey,
    /// In place of the indicator's name; with `{figures}` as in a headline.
    pub label: Text,
    /// A line below.
    pub note: Text,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageChart {
    pub key: FigureKey,
    pub kind: PageChartKind,
    /// One sentence over it.
    pub title: Text,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PageChartKind {
    /// The last day.
    #[default]
    Trend,
    /// Its groups by its first field.
    Groups,
}

/// 提请决定.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// `是否对翔安沿海 3 个村组实施强制转移`.
    pub question: Text,
    /// What follows if it is taken, and if not.
    pub consequence: Text,
    /// Until when: `17:30`.
    pub until: Text,
    /// Who answers for it.
    pub owner: Text,
}

/// Figures as they were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frozen {
    pub at: Timestamp,
    /// The last record they know of.
    pub seq: u64,
    pub figures: Vec<Figure>,
    /// What trends looked like.
    pub trends: Vec<(FigureKey, Vec<(Timestamp, f32)>)>,
}

/// A briefing and what was done with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeptBriefing {
    pub briefing: Briefing,
    /// What can be taken back to, the last one last; at most [`crate::MAX_WALL_UNDO`].
    pub before: Vec<Briefing>,
    /// The record that put it as it is, and when.
    pub seq: u64,
    pub at: Timestamp,
}

/// A briefing was begun on the walls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Showing {
    pub briefing: BriefingId,
    pub title: Text,
    pub at: Timestamp,
    /// The record that began it: what came after is news to who was there.
    pub seq: u64,
}

/// What is wrong with a briefing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BriefingFault {
    #[error("简报要有标题，最多 60 字")]
    NoTitle,
    #[error("简报要有 1–{MAX_PAGES} 页")]
    Pages,
    #[error("第 {0} 页的标题句要有 1–120 字")]
    Headline(usize),
    #[error("第 {0} 页最多 {MAX_PAGE_FIGURES} 个数")]
    Figures(usize),
    #[error("第 {0} 页的地图位置不对")]
    Look(usize),
    #[error("第 {0} 页的花括号不成对；写作 {{指标号}}")]
    Braces(usize),
    #[error("冻结的数太多（最多 {MAX_FROZEN_FIGURES} 个，每条走势最多 {MAX_FROZEN_POINTS} 点）")]
    Frozen,
    #[error("第 {0} 页有一段话太长（最多 {1} 字）")]
    TooLong(usize, usize),
}

impl BriefingFault {
    /// Which page it is on, from 1.
    fn page(&self) -> Option<usize> {
        match self {
            Self::NoTitle | Self::Pages | Self::Frozen => None,
            Self::Headline(i) | Self::Figures(i) | Self::Look(i) | Self::Braces(i) | Self::TooLong(i, _) => Some(*i),
        }
    }
}

impl Briefing {
    /// The first fault, if it has one; pages are counted from 1.
    pub fn check(&self) -> Result<(), BriefingFault> {
        let is_name = |it: &str, most: usize| !it.trim().is_empty() && it.chars().count() <= most;
        if !is_name(&self.title, 60) || self.host.chars().count() > 60 {
            return Err(BriefingFault::NoTitle);
        }
        if !(1..=MAX_PAGES).contains(&self.pages.len()) {
            return Err(BriefingFault::Pages);
        }
        for (page, i) in self.pages.iter().zip(1..) {
            page.check(i)?;
        }
        let fits = |it: &Frozen| {
            it.figures.len() <= MAX_FROZEN_FIGURES
                && it.trends.len() <= MAX_PAGES
                && it.trends.iter().all(|it| it.1.len() <= MAX_FROZEN_POINTS)
        };
        if self.frozen.as_ref().is_none_or(fits) { Ok(()) } else { Err(BriefingFault::Frozen) }
    }

    /// Every figure its pages need: beside the map, in words, under charts.
    pub fn keys(&self) -> Vec<FigureKey> {
        let mut keys: Vec<FigureKey> = self.pages.iter().flat_map(BriefingPage::keys).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

impl BriefingPage {
    fn check(&self, i: usize) -> Result<(), BriefingFault> {
        let n = self.headline.chars().count();
        if self.headline.trim().is_empty() || n > 120 {
            return Err(BriefingFault::Headline(i));
        }
        if self.figures.len() > MAX_PAGE_FIGURES {
            return Err(BriefingFault::Figures(i));
        }
        let is_look = |it: &Look| {
            it.at.is_sane()
                && (50.0..=20_000_000.0).contains(&it.metres)
                && it.bearing.is_finite()
                && it.tilt.is_finite()
        };
        if !self.look.as_ref().is_none_or(|it| is_look(it) && it.layers.len() <= 32) {
            return Err(BriefingFault::Look(i));
        }
        for (words, most) in self.words() {
            if words.chars().count() > most {
                return Err(BriefingFault::TooLong(i, most));
            }
            figures_in(words).map_err(|_| BriefingFault::Braces(i))?;
        }
        Ok(())
    }

    /// Everything people wrote on it, and how long it may be.
    fn words(&self) -> Vec<(&Text, usize)> {
        let mut words = vec![(&self.headline, 120), (&self.notes, 2000)];
        words.extend(self.figures.iter().flat_map(|it| [(&it.label, 40), (&it.note, 80)]));
        words.extend(self.chart.iter().map(|it| (&it.title, 80)));
        let decision = self.decision.iter();
        words.extend(
            decision.flat_map(|it| [(&it.question, 80), (&it.consequence, 160), (&it.until, 40), (&it.owner, 60)]),
        );
        words
    }

    /// Every figure it needs, some more than once.
    pub fn keys(&self) -> Vec<FigureKey> {
        let named = self.words().into_iter().filter_map(|it| figures_in(it.0).ok()).flatten().filter_map(figure_named);
        let beside = self.figures.iter().map(|it| it.key.clone());
        beside.chain(self.chart.iter().map(|it| it.key.clone())).chain(named).collect()
    }
}

// ---------------------------------------------------------------- figures in words

/// The clock, in words with figures.
pub const TIME_WORD: &str = "time";

/// Braces that do not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("花括号不成对")]
pub struct UnevenBraces;

/// What stands in braces: `{case_open}`, `{case_open@district:350203}`, `{time}`.
pub fn figures_in(words: &str) -> Result<Vec<&str>, UnevenBraces> {
    let (mut all, mut rest) = (Vec::new(), words);
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, next) = after.split_once('}').ok_or(UnevenBraces)?;
        if before.contains('}') || inside.contains('{') {
            return Err(UnevenBraces);
        }
        all.push(inside);
        rest = next;
    }
    if rest.contains('}') { Err(UnevenBraces) } else { Ok(all) }
}

/// What a word in braces names; none of [`TIME_WORD`], and of what names nothing.
pub fn figure_named(word: &str) -> Option<FigureKey> {
    match word {
        TIME_WORD | "" => None,
        word if word.contains('@') => word.parse().ok(),
        word => Some(FigureKey { indicator: word.into(), group: Group::City }),
    }
}

/// Words with their figures filled in; what a screen or a file says of one is the caller's. Uneven braces stay as they are.
pub fn filled(words: &str, time: &str, figure: impl Fn(&FigureKey) -> String) -> String {
    let mut text = words.to_owned();
    for word in figures_in(words).unwrap_or_default() {
        let with = match figure_named(word) {
            Some(key) => figure(&key),
            None if word == TIME_WORD => time.to_owned(),
            None => "—".to_owned(),
        };
        text = text.replacen(&format!("{{{word}}}"), &with, 1);
    }
    text
}

// ---------------------------------------------------------------- on the walls

/// The scene that shows a page on every wall, from 1; 0 is black. `None` if the scene would have no room for the name.
pub fn briefing_scene(briefing: &BriefingId, page: usize) -> Option<Text> {
    let scene = format!("{SCENE}:{page}:{briefing}");
    (!briefing.as_str().is_empty() && scene.chars().count() <= 64).then(|| scene.into())
}

/// Which briefing a scene shows, and which of its pages.
pub fn scene_briefing(scene: &str) -> Option<(BriefingId, usize)> {
    let (page, briefing) = scene.strip_prefix(SCENE)?.strip_prefix(':')?.split_once(':')?;
    (!briefing.is_empty()).then_some((briefing.into(), page.parse().ok()?))
}

// ---------------------------------------------------------------- templates of a pack

/// `briefings/*.toml`: a briefing to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BriefingTemplate {
    /// The file's name without `.toml`.
    pub id: Text,
    /// Of its words.
    pub lang: PaperLang,
    pub briefing: Briefing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BriefingInFile {
    #[serde(default)]
    lang: PaperLang,
    title: Text,
    #[serde(default = "no_text")]
    host: Text,
    page: Vec<PageInFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageInFile {
    headline: Text,
    look: Option<LookInFile>,
    #[serde(default)]
    figure: Vec<FigureInFile>,
    chart: Option<ChartInFile>,
    decision: Option<DecisionInFile>,
    #[serde(default = "no_text")]
    notes: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookInFile {
    at: LonLat,
    metres: f64,
    #[serde(default)]
    bearing: f64,
    #[serde(default)]
    tilt: f64,
    #[serde(default)]
    layers: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FigureInFile {
    figure: String,
    #[serde(default = "no_text")]
    label: Text,
    #[serde(default = "no_text")]
    note: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChartInFile {
    figure: String,
    #[serde(default)]
    kind: PageChartKind,
    #[serde(default = "no_text")]
    title: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionInFile {
    question: Text,
    #[serde(default = "no_text")]
    consequence: Text,
    #[serde(default = "no_text")]
    until: Text,
    #[serde(default = "no_text")]
    owner: Text,
}

fn no_text() -> Text {
    "".into()
}

/// A template of this id. A file with a fault gives nothing.
pub fn parse_briefing(id: &str, text: &str) -> Result<BriefingTemplate, LineFault> {
    let read: BriefingInFile = toml::from_str(text).map_err(|why| LineFault::of_toml(text, &why))?;
    let key = |words: &str| {
        let line = || line_at(text, text.find(&format!("\"{words}\"")).unwrap_or(0));
        let why = || format!("figure = \"{words}\" 写不对；写作 指标号 或 指标号@分组:编号");
        figure_named(words).ok_or_else(|| LineFault::new(line(), why()))
    };
    let page = |it: PageInFile| -> Result<BriefingPage, LineFault> {
        let figure = |it: FigureInFile| Ok(PageFigure { key: key(&it.figure)?, label: it.label, note: it.note });
        let look = |it: LookInFile| Look {
            at: it.at,
            metres: it.metres,
            bearing: it.bearing,
            tilt: it.tilt,
            layers: it.layers,
        };
        let chart =
            |it: ChartInFile| Ok::<_, LineFault>(PageChart { key: key(&it.figure)?, kind: it.kind, title: it.title });
        let decision = |it: DecisionInFile| Decision {
            question: it.question,
            consequence: it.consequence,
            until: it.until,
            owner: it.owner,
        };
        Ok(BriefingPage {
            headline: it.headline,
            look: it.look.map(look),
            figures: it.figure.into_iter().map(figure).collect::<Result<_, LineFault>>()?,
            chart: it.chart.map(chart).transpose()?,
            decision: it.decision.map(decision),
            notes: it.notes,
        })
    };
    let pages = read.page.into_iter().map(page).collect::<Result<_, LineFault>>()?;
    let briefing = Briefing { title: read.title, host: read.host, pages, frozen: None };
    // Pages are counted from 1, and so are their heads.
    let page_line = |n: usize| text.match_indices("[[page]]").nth(n - 1).map_or(1, |it| line_at(text, it.0));
    briefing.check().map_err(|why| LineFault::new(why.page().map_or(1, page_line), why.to_string()))?;
    Ok(BriefingTemplate { id: id.into(), lang: read.lang, briefing })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TYPHOON: &str = r#"
title = "台风会商"
host = "市防指"
[[page]]
headline = "五类人员已转移 {evac_rate}，{time} 前后登陆"
look = { at = [118.1, 24.5], metres = 40000, layers = ["rain"] }
chart = { figure = "evac_moved", title = "转移进度" }
decision = { question = "是否强制转移", until = "17:30" }
notes = "先说缺口 {evac_remaining}"
[[page.figure]]
figure = "evac_rate@district:350213"
label = "翔安已转移"
"#;

    #[test]
    fn a_template_is_read_and_knows_its_figures() {
        let briefing = parse_briefing("typhoon", TYPHOON).expect("good").briefing;
        let keys: Vec<String> = briefing.keys().iter().map(ToString::to_string).collect();
        assert_eq!(keys, ["evac_moved@city", "evac_rate@city", "evac_rate@district:350213", "evac_remaining@city"]);
        let page = &briefing.pages[0];
        assert_eq!(page.look.as_ref().map(|it| it.metres), Some(40_000.0));
        let said = filled(&page.headline, "8月19日 16:42", |it| format!("<{it}>"));
        assert_eq!(said, "五类人员已转移 <evac_rate@city>，8月19日 16:42 前后登陆");
    }

    #[track_caller]
    fn refused(from: &str, to: &str, expected: &str) {
        let why = parse_briefing("typhoon", &TYPHOON.replace(from, to)).expect_err("a fault").why;
        assert!(why.contains(expected), "{why}");
    }

    #[test]
    fn a_fault_says_which_page_and_what_to_write() {
        refused("{evac_rate}", "{evac_rate", "第 1 页的花括号不成对");
        refused("\"台风会商\"", "\"\"", "标题");
        refused("metres = 40000", "metres = 1", "地图位置");
        refused("evac_rate@district:350213", "evac_rate@nothing", "写不对");
        refused("label =", "lable =", "lable");
        let four = "[[page.figure]]\nfigure = \"a\"\n".repeat(3) + "[[page.figure]]\nfigure";
        refused("[[page.figure]]\nfigure", &four, "最多 3 个数");
    }

    #[test]
    fn a_page_goes_into_a_scene_and_comes_out() {
        let id = BriefingId::from("台风:会商-1");
        let scene = briefing_scene(&id, 3).expect("a scene");
        assert_eq!(scene_briefing(&scene), Some((id.clone(), 3)));
        assert_eq!(briefing_scene(&"长".repeat(60).as_str().into(), 1), None);
        for other in ["brief", "brief:", "brief:1", "brief:1:", "brief:x:a", "war"] {
            assert_eq!(scene_briefing(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn words_without_figures_stay_as_they_are(words in "[^{}]{0,80}") {
            prop_assert_eq!(filled(&words, "t", |_| "x".into()), words);
        }

        #[test]
        fn no_words_break_the_filling(words in ".{0,120}", text in ".{0,300}") {
            let _ = filled(&words, "t", |_| "{".into());
            let _ = parse_briefing("any", &text);
        }
    }
}
