//! What an indicator is: values read from a city's `indicators.toml`, the same in the hub and on screens.
//!
//! Must not know: how the file is written (`parse`), or any figure (`engine`).

use super::table::{Field, Table};
use crate::{PaperLang, Text, WarningColor, ids::*};
use serde::{Deserialize, Serialize};

/// A city's indicators, as its file has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Definitions {
    /// Where the figures in the file come from, as screens show it; what is invented begins with `示例`.
    pub basis: Text,
    /// As `basis` where the file has no English.
    pub basis_en: Text,
    pub themes: Vec<Theme>,
    pub areas: Vec<Area>,
    /// In the order of the file.
    pub all: Vec<Definition>,
}

impl Definitions {
    pub fn basis_in(&self, lang: PaperLang) -> &str {
        lang.of(&self.basis, &self.basis_en)
    }

    pub fn get(&self, id: &str) -> Option<&Definition> {
        self.all.iter().find(|it| it.id.as_str() == id)
    }
}

/// 专题: under which heading screens list an indicator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Theme {
    pub id: Text,
    pub zh: Text,
    pub en: Text,
}

/// A part of the city's business that cases fall into: the first whose words are in a case's title.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Area {
    pub id: Text,
    pub zh: Text,
    pub en: Text,
    pub words: Vec<Text>,
}

/// 指标: what is counted, of what, how fresh it must be, and what is too much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    pub id: IndicatorId,
    pub zh: Text,
    pub en: Text,
    pub unit: Text,
    /// Empty where English counts without a word: `12 件` is `12`.
    pub unit_en: Text,
    /// 口径, in words.
    pub means_zh: Text,
    pub means_en: Text,
    /// Of [`Definitions::themes`].
    pub theme: Text,
    pub source: FigureSource,
    /// Who answers for it.
    pub owner: AgencyId,
    /// Past so many minutes unheard a figure is stale.
    pub fresh_mins: u32,
    pub formula: Formula,
    /// Beside the whole city.
    pub group_by: Vec<Field>,
    pub compare: Vec<Compare>,
    /// None: neither is better.
    pub good: Option<Good>,
    pub target: Option<f64>,
    /// From the mildest to the gravest, each beyond the one before; a band begins at its edge.
    pub bands: Vec<(WarningColor, f64)>,
    /// Deviations below this are never called unusual; none: nobody asks whether the figure is.
    pub anomaly_floor: Option<f64>,
    pub draw: Draw,
    /// Where its line is in the file, from 1.
    pub line: u32,
}

impl Definition {
    pub fn name_in(&self, lang: PaperLang) -> &str {
        lang.of(&self.zh, &self.en)
    }

    pub fn unit_in(&self, lang: PaperLang) -> &str {
        lang.of(&self.unit, &self.unit_en)
    }
}

/// Whose silence makes a figure stale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureSource {
    /// The hub's own records: always as of now.
    Hub,
    /// Devices, each heard for itself.
    Devices,
    Platform(PlatformId),
}

/// Which way a figure should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Good {
    High,
    Low,
}

/// What a figure is held against.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Compare {
    /// The same time yesterday.
    Yesterday,
    /// The same time of the same weekday a week ago.
    LastWeek,
    /// The same date and time a year ago (同比).
    LastYear,
}

/// How a screen draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Draw {
    Number,
    /// Between its bands.
    Gauge,
    /// A share of a whole.
    Ring,
    /// Its groups side by side.
    Bars,
    /// Its groups, best first.
    Ranking,
    /// Its groups coloured on the map.
    Map,
    /// Over time.
    Line,
}

/// How a figure is made. Closed: what is not here cannot be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// Rows of one table.
    Over(Aggregate),
    /// One figure for each of another, times `scale`: 100 makes percent.
    Ratio { of: Box<Formula>, to: Box<Formula>, scale: f64 },
    /// A count or sum over its window, for so many minutes.
    Rate { of: Aggregate, per_mins: u32 },
    /// Parts times their weights, added up.
    Weighted { parts: Vec<Part>, missing: MissingPart },
    /// Another indicator, of the same group where it has that.
    Figure(IndicatorId),
}

/// One part of a weighted sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub of: Formula,
    pub weight: f64,
    /// What counts as 0 and what as 100; beyond them nothing is gained. None: the figure itself.
    pub score: Option<(f64, f64)>,
}

/// What becomes of a weighted sum when a part has no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MissingPart {
    /// It has none either.
    None,
    /// The others weigh accordingly more, and the sum is an estimate.
    Spread,
}

/// Rows of one table made into one figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    pub function: Function,
    pub table: Table,
    /// What is added up or compared; none when counting.
    pub field: Option<Field>,
    /// All must hold.
    pub filters: Vec<(Field, Condition)>,
    pub window: Window,
    /// What a sum or count of no rows is.
    pub empty: Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    /// The value so great a share of the rows does not exceed.
    Quantile(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Empty {
    Zero,
    Missing,
}

/// What one field of a row must be. A field that was not said fulfils only what asks for its absence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    OneOf(Vec<Text>),
    NoneOf(Vec<Text>),
    /// Both ends included; none is endless.
    Range {
        from: Option<f64>,
        to: Option<f64>,
    },
    Is(bool),
    /// The time has come, or has not (which a time never said has not either).
    Passed(bool),
    Known(bool),
}

/// Which rows count by one of their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    Always,
    /// Since midnight in Beijing.
    Today(Field),
    Yesterday(Field),
    LastMins(u32, Field),
}

impl Formula {
    /// Every aggregate in it, not following other indicators.
    pub fn aggregates(&self) -> Vec<&Aggregate> {
        match self {
            Self::Over(it) | Self::Rate { of: it, .. } => vec![it],
            Self::Ratio { of, to, .. } => of.aggregates().into_iter().chain(to.aggregates()).collect(),
            Self::Weighted { parts, .. } => parts.iter().flat_map(|it| it.of.aggregates()).collect(),
            Self::Figure(_) => Vec::new(),
        }
    }

    /// The indicators it names.
    pub fn references(&self) -> Vec<&IndicatorId> {
        match self {
            Self::Over(_) | Self::Rate { .. } => Vec::new(),
            Self::Ratio { of, to, .. } => of.references().into_iter().chain(to.references()).collect(),
            Self::Weighted { parts, .. } => parts.iter().flat_map(|it| it.of.references()).collect(),
            Self::Figure(id) => vec![id],
        }
    }
}

impl Aggregate {
    /// Its past can be counted from the rows as they are now.
    pub fn is_countable_for_the_past(&self) -> bool {
        let is_fixed =
            |field: Field, condition: &Condition| field.is_fixed() || matches!(condition, Condition::Passed(_));
        self.table.birth().is_some()
            && self.field.is_none_or(Field::is_fixed)
            && self.filters.iter().all(|(field, condition)| is_fixed(*field, condition))
    }
}
