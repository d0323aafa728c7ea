//! What goes to screens: a figure with everything that must be said beside it.
//!
//! Must not know: how it was counted.

use super::{definition::Compare, definition::Definition, definition::Good, table::Field};
use crate::{City, PaperLang, Text, Timestamp, WarningColor, ids::*};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Of what part of the city a figure is. A row that names a district or department the city does not have counts in the
/// whole city only, so groups need not sum to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    City,
    Of { by: Field, id: Text },
}

impl Group {
    /// As the city calls it; none of the whole city, and where the city has no name for it.
    pub fn name<'a>(&self, city: &'a City) -> Option<&'a Text> {
        let Self::Of { by, id } = self else { return None };
        match by {
            Field::District => city.districts.get(&**id).map(|it| &it.name),
            Field::Township => city.townships.get(&**id).map(|it| &it.name),
            Field::Agency => city.agencies.get(&**id).map(|it| &it.short),
            Field::Platform => city.connectors.get(&**id).map(|it| &it.name),
            _ => None,
        }
    }

    /// The same, else 全市 or its id.
    pub fn zh(&self, city: &City) -> Text {
        match (self, self.name(city)) {
            (_, Some(name)) => name.clone(),
            (Self::City, None) => "全市".into(),
            (Self::Of { id, .. }, None) => id.clone(),
        }
    }
}

/// Names one figure.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FigureKey {
    pub indicator: IndicatorId,
    pub group: Group,
}

/// `case_open@city`, `case_open@district:350203`.
impl fmt::Display for FigureKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group {
            Group::City => write!(to, "{}@city", self.indicator),
            Group::Of { by, id } => write!(to, "{}@{}:{id}", self.indicator, by.name()),
        }
    }
}

/// Not a figure's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a figure is named INDICATOR@city or INDICATOR@FIELD:ID")]
pub struct NotAKey;

impl std::str::FromStr for FigureKey {
    type Err = NotAKey;

    fn from_str(words: &str) -> Result<Self, NotAKey> {
        let (indicator, group) = words.split_once('@').filter(|it| !it.0.is_empty()).ok_or(NotAKey)?;
        let group = match group.split_once(':') {
            None if group == "city" => Group::City,
            None => return Err(NotAKey),
            Some((by, id)) => Group::Of { by: by.parse().map_err(|_| NotAKey)?, id: id.into() },
        };
        Ok(Self { indicator: indicator.into(), group })
    }
}

/// One figure as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub key: FigureKey,
    /// Never a number made of nothing: where there is none, `why_none` says why.
    pub value: Option<f64>,
    pub why_none: Option<WhyNone>,
    /// What it is made of was last heard then; 0 if never.
    pub as_of: Timestamp,
    pub is_stale: bool,
    /// Since when, if it is.
    pub stale_since: Option<Timestamp>,
    /// Something beneath is reckoned, or a part was missing and the others weigh more.
    pub is_estimate: bool,
    /// Rows beneath.
    pub n: u64,
    /// Of a ratio, before it was scaled.
    pub numerator: Option<f64>,
    pub denominator: Option<f64>,
    pub comparisons: Vec<Comparison>,
    /// How bad it is; none: as it should be, or nobody said what is bad.
    pub band: Option<WarningColor>,
    pub meets_target: Option<bool>,
    pub anomaly: Option<Anomaly>,
    /// It is of a day that is over, and a late or corrected record changed it today.
    pub corrected_at: Option<Timestamp>,
}

/// What it was at another time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub with: Compare,
    pub value: Option<f64>,
    /// The figure now less the figure then.
    pub change: Option<f64>,
    /// When it was kept, of figures whose past cannot be counted from rows: at the full hour before the moment asked for.
    pub kept_at: Option<Timestamp>,
    /// A late or corrected record changed it today.
    pub corrected_at: Option<Timestamp>,
}

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNone {
    /// There is nothing of the kind here.
    NothingThere,
    /// What it is made of has not been heard, or not lately enough.
    NothingHeard,
    /// No row in its window.
    NoRows,
    /// A share of nothing.
    NothingToDivideBy,
    /// A part of a weighted sum has no figure: which, from 1.
    PartMissing(u32),
    /// The arithmetic left the numbers.
    NoNumber,
}

impl WhyNone {
    pub fn words(&self, lang: PaperLang) -> String {
        let (zh, en) = match self {
            Self::NothingThere => ("此处没有这类对象", "nothing of the kind here"),
            Self::NothingHeard => ("没有收到近期数据", "no recent data"),
            Self::NoRows => ("时段内没有记录", "no records in its window"),
            Self::NothingToDivideBy => ("分母为零", "the denominator is zero"),
            Self::PartMissing(n) => {
                return match lang {
                    PaperLang::Zh => format!("第 {n} 个分项没有数"),
                    PaperLang::En => format!("part {n} has no figure"),
                };
            }
            Self::NoNumber => ("算不出数", "not a number"),
        };
        lang.of(zh, en).to_owned()
    }
}

/// A figure unlike the same hour of the days before. See `history` for the rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// The full hour it was judged at.
    pub at: Timestamp,
    pub value: f64,
    pub median: f64,
    /// Median of the absolute deviations.
    pub mad: f64,
    /// How many days it was held against.
    pub n_days: u32,
    /// The modified z-score.
    pub score: f64,
}

impl Anomaly {
    /// For screens: `14:00 为 312，前 9 天同一时刻中位数 150（偏差中位数 12），偏高`.
    pub fn words(&self, lang: PaperLang) -> String {
        let (at, value, median, mad) =
            (self.at.hm(), number_text(self.value), number_text(self.median), number_text(self.mad));
        let is_high = self.score > 0.0;
        match lang {
            PaperLang::Zh => {
                let way = if is_high { "偏高" } else { "偏低" };
                format!("{at} 为 {value}，前 {} 天同一时刻中位数 {median}（偏差中位数 {mad}），{way}", self.n_days)
            }
            PaperLang::En => {
                let way = if is_high { "high" } else { "low" };
                format!(
                    "{value} at {at}; median of that hour in the {} days before {median} (deviation {mad}): {way}",
                    self.n_days
                )
            }
        }
    }
}

/// A figure as it is read: whole ones whole, small ones with two places, others with one; `—` for no number.
pub fn number_text(value: f64) -> String {
    match value {
        it if !it.is_finite() => "—".to_owned(),
        it if it.fract().abs() < 1e-9 => format!("{it:.0}"),
        it if it.abs() < 10.0 => format!("{it:.2}"),
        it => format!("{it:.1}"),
    }
}

impl Definition {
    /// The gravest band a value is in.
    pub fn band_of(&self, value: f64) -> Option<WarningColor> {
        let is_in = |edge: f64| match self.good {
            Some(Good::High) => value <= edge,
            _ => value >= edge,
        };
        self.bands.iter().rev().find(|(_, edge)| is_in(*edge)).map(|(color, _)| *color)
    }

    pub fn meets_target(&self, value: f64) -> Option<bool> {
        let target = self.target?;
        Some(match self.good {
            Some(Good::Low) => value <= target,
            _ => value >= target,
        })
    }
}
