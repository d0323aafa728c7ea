//! 指标大屏: cards in cells, as a city's `metric_walls.toml` lays them out and officers change them.
//!
//! A layout is a record, so that every wall shows the same and a change can be taken back. Must not know: any figure, or
//! how a card is drawn. Whether an indicator exists is for whoever has the definitions (the pack's check, a screen).

use crate::{
    LineFault, Posture, Text,
    ids::*,
    indicators::{FigureKey, Group},
    line_at,
};
use serde::{Deserialize, Serialize};

/// Cells across and down, at most.
pub const MAX_WALL_CELLS: (u8, u8) = (24, 12);
/// Cards on one wall; more nobody reads.
pub const MAX_CARDS: usize = 96;
/// Layouts of one city.
pub const MAX_METRIC_WALLS: usize = 64;
const SCENE: &str = "metrics";

/// A wall of cards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricWall {
    pub zh: Text,
    pub en: Text,
    /// Cells across and down, within [`MAX_WALL_CELLS`].
    pub columns: u8,
    pub rows: u8,
    /// None covers another.
    pub cards: Vec<MetricCard>,
}

/// One card: where it lies, and what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricCard {
    pub place: Cells,
    pub shows: CardShows,
}

/// A box of cells, from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    pub x: u8,
    pub y: u8,
    pub w: u8,
    pub h: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardShows {
    /// One indicator, of the city or of one group.
    Figure { key: FigureKey, chart: CardChart },
    /// Cases of today by the stage they reached.
    StageFunnel,
    /// Open cases from where they were reported to whom they lie with.
    CaseFlow,
    /// The alarms of the last hours, as they began and ended.
    AlarmTimeline,
    /// How many alarms the hall gets, against what people can handle.
    AlarmLoad,
    /// What is beyond its limits or unusual, the gravest first.
    Grave,
}

/// How a figure's card is drawn.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CardChart {
    /// As the indicator's definition says.
    #[default]
    Own,
    Number,
    /// The last day.
    Trend,
    /// Its groups in the order of the city.
    Bars,
    /// Its groups, best first.
    Ranking,
    /// The last day of each district, on one scale.
    Multiples,
    /// Two weeks by hours.
    Calendar,
    /// Between its limits.
    Gauge,
}

/// A wall's layout, and what it was before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptMetricWall {
    pub wall: MetricWall,
    /// What can be taken back to, the last one last; at most [`crate::MAX_WALL_UNDO`].
    pub before: Vec<MetricWall>,
}

/// What is wrong with a layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WallFault {
    #[error("大屏要有 1–{} 列、1–{} 行", MAX_WALL_CELLS.0, MAX_WALL_CELLS.1)]
    Size,
    #[error("一面大屏最多 {MAX_CARDS} 张卡")]
    TooMany,
    #[error("第 {0} 张卡出了大屏")]
    Outside(usize),
    #[error("第 {0} 张卡压住了第 {1} 张")]
    Covered(usize, usize),
    #[error("大屏要有名称，最多 40 字")]
    NoName,
}

impl Cells {
    pub fn new(x: u8, y: u8, w: u8, h: u8) -> Self {
        Self { x, y, w, h }
    }

    pub fn covers(&self, other: &Self) -> bool {
        let apart = |a: u8, wide: u8, b: u8| u16::from(a) + u16::from(wide) <= u16::from(b);
        !(apart(self.x, self.w, other.x)
            || apart(other.x, other.w, self.x)
            || apart(self.y, self.h, other.y)
            || apart(other.y, other.h, self.y))
    }

    fn is_within(&self, columns: u8, rows: u8) -> bool {
        let fits = |at: u8, wide: u8, all: u8| wide > 0 && u16::from(at) + u16::from(wide) <= u16::from(all);
        fits(self.x, self.w, columns) && fits(self.y, self.h, rows)
    }
}

impl CardShows {
    /// The city's own figure of an indicator, drawn as its definition says.
    pub fn figure(indicator: &IndicatorId) -> Self {
        Self::Figure { key: FigureKey { indicator: indicator.clone(), group: Group::City }, chart: CardChart::Own }
    }

    /// Its indicator, if it shows one.
    pub fn key(&self) -> Option<&FigureKey> {
        match self {
            Self::Figure { key, .. } => Some(key),
            _ => None,
        }
    }
}

impl MetricWall {
    /// The first fault, if it has one; cards are counted from 1.
    pub fn check(&self) -> Result<(), WallFault> {
        if self.zh.trim().is_empty() || self.zh.chars().count() > 40 || self.en.chars().count() > 80 {
            return Err(WallFault::NoName);
        }
        if !(1..=MAX_WALL_CELLS.0).contains(&self.columns) || !(1..=MAX_WALL_CELLS.1).contains(&self.rows) {
            return Err(WallFault::Size);
        }
        if self.cards.len() > MAX_CARDS {
            return Err(WallFault::TooMany);
        }
        for (i, card) in self.cards.iter().enumerate() {
            if !card.place.is_within(self.columns, self.rows) {
                return Err(WallFault::Outside(i + 1));
            }
            if let Some(under) = self.cards.iter().take(i).position(|it| it.place.covers(&card.place)) {
                return Err(WallFault::Covered(i + 1, under + 1));
            }
        }
        Ok(())
    }

    /// The card over a cell.
    pub fn card_at(&self, x: u8, y: u8) -> Option<usize> {
        self.cards.iter().position(|it| it.place.covers(&Cells::new(x, y, 1, 1)))
    }

    /// The card taken elsewhere: onto free cells, or in exchange with one of its size. `None` where there is no room.
    pub fn moved(&self, card: usize, x: u8, y: u8) -> Option<Self> {
        let mut wall = self.clone();
        let from = self.cards.get(card)?.place;
        let to = Cells { x, y, ..from };
        let under: Vec<usize> = (0..self.cards.len())
            .filter(|i| *i != card && self.cards.get(*i).is_some_and(|it| it.place.covers(&to)))
            .collect();
        if let Some(other) = under.first().and_then(|i| wall.cards.get_mut(*i)) {
            let is_exchange = under.len() == 1 && (other.place.w, other.place.h) == (from.w, from.h);
            if !is_exchange {
                return None;
            }
            // Whole places change hands: one that only overlaps goes where this one was.
            let place = other.place;
            other.place = from;
            wall.cards.get_mut(card)?.place = place;
        } else {
            wall.cards.get_mut(card)?.place = to;
        }
        wall.check().ok().map(|()| wall)
    }

    /// The card of another size, if that covers nothing.
    pub fn resized(&self, card: usize, w: u8, h: u8) -> Option<Self> {
        let mut wall = self.clone();
        let place = &mut wall.cards.get_mut(card)?.place;
        (place.w, place.h) = (w, h);
        wall.check().ok().map(|()| wall)
    }

    /// Another card in the first free cells, row by row.
    pub fn with(&self, shows: CardShows, w: u8, h: u8) -> Option<Self> {
        let places = (0..self.rows).flat_map(|y| (0..self.columns).map(move |x| Cells::new(x, y, w, h)));
        let is_free = |place: &Cells| {
            place.is_within(self.columns, self.rows) && !self.cards.iter().any(|it| it.place.covers(place))
        };
        let place = places.into_iter().find(is_free)?;
        let mut wall = self.clone();
        wall.cards.push(MetricCard { place, shows });
        wall.check().ok().map(|()| wall)
    }

    /// Without one card.
    pub fn without(&self, card: usize) -> Option<Self> {
        let mut wall = self.clone();
        (card < wall.cards.len()).then(|| wall.cards.remove(card))?;
        Some(wall)
    }
}

/// The scene that shows a layout on every wall.
pub fn metrics_scene(wall: &MetricWallId) -> Text {
    format!("{SCENE}:{wall}").into()
}

/// Which layout a scene shows: `metrics` is the one of the posture's name; `None` for every other scene.
pub fn scene_metrics(scene: &str, posture: Posture) -> Option<MetricWallId> {
    match scene.strip_prefix(SCENE)? {
        "" => Some(if posture == Posture::War { "war" } else { "peace" }.into()),
        rest => rest.strip_prefix(':').filter(|it| !it.is_empty()).map(Into::into),
    }
}

// ---------------------------------------------------------------- as a pack's file has it

/// `metric_walls.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    wall: Vec<WallInFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WallInFile {
    id: Text,
    zh: Text,
    en: Text,
    columns: u8,
    rows: u8,
    #[serde(default)]
    card: Vec<toml::Spanned<CardInFile>>,
}

/// Either `figure` or `shows`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardInFile {
    x: u8,
    y: u8,
    #[serde(default = "one")]
    w: u8,
    #[serde(default = "one")]
    h: u8,
    /// `case_open`, `case_open@district:350203`.
    figure: Option<String>,
    chart: Option<String>,
    /// `stage_funnel` and its like.
    shows: Option<String>,
}

fn one() -> u8 {
    1
}

/// The layouts in `metric_walls.toml`. Every fault at once, each with its line.
pub fn parse_metric_walls(text: &str) -> Result<Vec<(MetricWallId, MetricWall)>, Vec<LineFault>> {
    let read: File = toml::from_str(text).map_err(|why| vec![LineFault::of_toml(text, &why)])?;
    let mut faults = Vec::new();
    let mut walls: Vec<(MetricWallId, MetricWall)> = Vec::new();
    for wall in read.wall {
        let id = MetricWallId(wall.id);
        let lines: Vec<usize> = wall.card.iter().map(|it| line_at(text, it.span().start)).collect();
        let mut cards = Vec::new();
        for (card, line) in wall.card.into_iter().map(toml::Spanned::into_inner).zip(&lines) {
            let place = Cells::new(card.x, card.y, card.w, card.h);
            match shows_of(&card) {
                Ok(shows) => cards.push(MetricCard { place, shows }),
                Err(why) => faults.push(LineFault::new(*line, format!("大屏「{id}」{why}"))),
            }
        }
        let wall = MetricWall { zh: wall.zh, en: wall.en, columns: wall.columns, rows: wall.rows, cards };
        // Cards that could not be read are not counted, so a line is told only where all could.
        if let Err(why) = wall.check() {
            let at = match &why {
                WallFault::Outside(i) | WallFault::Covered(i, _) if wall.cards.len() == lines.len() => lines.get(i - 1),
                _ => None,
            };
            faults.push(LineFault::new(at.copied().unwrap_or(1), format!("大屏「{id}」{why}")));
        }
        if walls.iter().any(|it| it.0 == id) {
            faults.push(LineFault::new(1, format!("大屏「{id}」写了两次；改一个编号")));
        }
        walls.push((id, wall));
    }
    if walls.len() > MAX_METRIC_WALLS {
        faults.push(LineFault::new(1, format!("最多 {MAX_METRIC_WALLS} 面大屏")));
    }
    if faults.is_empty() { Ok(walls) } else { Err(faults) }
}

fn shows_of(card: &CardInFile) -> Result<CardShows, String> {
    match (&card.figure, &card.shows) {
        (Some(figure), None) => {
            let words = if figure.contains('@') { figure.clone() } else { format!("{figure}@city") };
            let key =
                words.parse().map_err(|_| format!("figure = \"{figure}\" 写不对；写作 指标号 或 指标号@分组:编号"))?;
            let chart = match &card.chart {
                None => CardChart::Own,
                Some(word) => word.parse().map_err(|_| {
                    use strum::VariantNames;
                    format!("chart = \"{word}\" 没有；有 {}", CardChart::VARIANTS.join("、"))
                })?,
            };
            Ok(CardShows::Figure { key, chart })
        }
        (None, Some(word)) => match word.as_str() {
            "stage_funnel" => Ok(CardShows::StageFunnel),
            "case_flow" => Ok(CardShows::CaseFlow),
            "alarm_timeline" => Ok(CardShows::AlarmTimeline),
            "alarm_load" => Ok(CardShows::AlarmLoad),
            "grave" => Ok(CardShows::Grave),
            _ => Err(format!("shows = \"{word}\" 没有；有 stage_funnel、case_flow、alarm_timeline、alarm_load、grave")),
        },
        _ => Err("一张卡写 figure 或 shows，二者之一".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wall(places: &[(u8, u8, u8, u8)]) -> MetricWall {
        let card =
            |it: &(u8, u8, u8, u8)| MetricCard { place: Cells::new(it.0, it.1, it.2, it.3), shows: CardShows::Grave };
        let cards = places.iter().map(card).collect();
        MetricWall { zh: "试".into(), en: "Test".into(), columns: 4, rows: 3, cards }
    }

    fn places(wall: &MetricWall) -> Vec<(u8, u8)> {
        wall.cards.iter().map(|it| (it.place.x, it.place.y)).collect()
    }

    #[test]
    fn a_card_goes_to_free_cells_or_changes_places_with_its_like() {
        let wall = wall(&[(0, 0, 1, 1), (1, 0, 1, 1), (2, 0, 2, 2)]);
        assert_eq!(wall.moved(0, 0, 2).map(|it| places(&it)), Some(vec![(0, 2), (1, 0), (2, 0)]));
        assert_eq!(wall.moved(0, 1, 0).map(|it| places(&it)), Some(vec![(1, 0), (0, 0), (2, 0)]));
        assert_eq!(wall.moved(0, 3, 1), None, "onto a larger one");
        assert_eq!(wall.moved(2, 3, 0), None, "out of the wall");
        assert_eq!(wall.moved(9, 0, 0), None);
        assert_eq!(wall.resized(0, 1, 3).map(|it| it.cards[0].place.h), Some(3));
        assert_eq!(wall.resized(0, 2, 1), None, "over its neighbour");
        assert_eq!(wall.with(CardShows::CaseFlow, 2, 1).map(|it| it.cards[3].place), Some(Cells::new(0, 1, 2, 1)));
        assert_eq!(wall.with(CardShows::CaseFlow, 4, 2), None);
    }

    #[test]
    fn a_scene_names_a_layout_and_alone_means_the_posture_s() {
        assert_eq!(scene_metrics("metrics", Posture::Peace), Some("peace".into()));
        assert_eq!(scene_metrics("metrics", Posture::War), Some("war".into()));
        assert_eq!(scene_metrics(&metrics_scene(&"环境".into()), Posture::War), Some("环境".into()));
        for other in ["metrics:", "metricsx", "war", ""] {
            assert_eq!(scene_metrics(other, Posture::Peace), None, "{other}");
        }
    }

    #[test]
    fn a_file_s_faults_name_their_lines() {
        let text = "[[wall]]\nid = \"a\"\nzh = \"甲\"\nen = \"A\"\ncolumns = 2\nrows = 1\n[[wall.card]]\nx = 0\ny = 0\nfigure = \"case_open\"\n[[wall.card]]\nx = 1\ny = 0\nshows = \"nothing\"\n";
        let faults = parse_metric_walls(text).expect_err("a fault");
        assert!(faults.len() == 1 && faults[0].line == 11 && faults[0].why.contains("nothing"), "{faults:?}");
        let good = text.replace("nothing", "case_flow");
        assert_eq!(parse_metric_walls(&good).expect("good")[0].1.cards.len(), 2);
        let covered = good.replace("x = 1", "x = 0");
        let faults = parse_metric_walls(&covered).expect_err("a fault");
        assert!(faults[0].line == 11 && faults[0].why.contains("压住"), "{faults:?}");
    }

    proptest! {
        #[test]
        fn whatever_is_done_by_hand_leaves_a_sound_wall(
            steps in prop::collection::vec((0u8..4, 0usize..8, 0u8..6, 0u8..6), 0..40)
        ) {
            let mut wall = wall(&[(0, 0, 1, 1), (2, 1, 2, 1)]);
            for (what, card, a, b) in steps {
                let next = match what {
                    0 => wall.moved(card, a, b),
                    1 => wall.resized(card, a, b),
                    2 => wall.with(CardShows::Grave, a, b),
                    _ => wall.without(card),
                };
                if let Some(next) = next {
                    prop_assert!(next.check().is_ok());
                    wall = next;
                }
            }
        }

        #[test]
        fn no_text_breaks_the_reader(text in ".{0,400}") {
            let _ = parse_metric_walls(&text);
        }
    }
}
