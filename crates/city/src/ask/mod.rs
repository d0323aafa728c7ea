//! 问城: what the city may be asked, and its answers as facts that can be cited.
//!
//! A [`Query`] is one of a closed list and reads only; [`City::find_out`] answers it with [`Fact`]s. [`intent`] finds the
//! queries in an officer's question without any model, [`verify`] lets through only what the facts bear out, [`redact`] keeps
//! people out of what leaves the house, [`schema`] tells a model what it may call.
//!
//! **Invariant:** nothing here changes the city, and nothing here is given to [`City::decide`].
//! **Invariant:** words of outsiders (a case's title, a warning's headline) stand in 「」 in a fact's text, and nowhere else.

mod draft;
pub mod intent;
pub mod numbers;
mod past;
pub mod redact;
pub mod schema;
mod tools;
pub mod verify;

pub use draft::*;
pub use past::*;

use crate::{Capability, Ground, Readings, SensorKind, Timestamp, WarningColor, ids::*};
use serde::{Deserialize, Serialize};

/// Facts of one query, beside its sum, at most.
pub const MAX_ROWS: usize = 20;
/// Where nothing is said.
const DEFAULT_ROWS: usize = 5;

/// One question of the closed list, with what it is limited to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "tool", content = "args", rename_all = "snake_case")]
pub enum Query {
    /// 积水上涨.
    FloodRising(FloodAsked),
    /// 未解除的告警.
    Alarms(AlarmsAsked),
    /// 未签收、超期或未完成的指令.
    Orders(OrdersAsked),
    /// 案件.
    Cases(CasesAsked),
    /// 就近的队伍.
    TeamsNear(TeamsAsked),
    /// 人员转移.
    Evacuation(PlaceAsked),
    /// 生效的预警.
    Warnings,
    /// 失联的数据源.
    Sources,
    /// 读数与其历史.
    Readings(ReadingsAsked),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FloodAsked {
    /// 10–120; an hour if none.
    pub window_mins: Option<u32>,
    pub district: Option<DistrictId>,
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmsAsked {
    pub kind: Option<SensorKind>,
    pub at_least: Option<WarningColor>,
    pub district: Option<DistrictId>,
    pub only_unacknowledged: bool,
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrdersAsked {
    pub which: WhichOrders,
    pub agency: Option<AgencyId>,
    pub limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichOrders {
    /// Sent or to be sent, and nobody acknowledged it.
    Unsigned,
    #[default]
    Overdue,
    /// Neither done nor otherwise at its end.
    Open,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CasesAsked {
    pub which: WhichCases,
    pub district: Option<DistrictId>,
    /// In the title.
    pub word: Option<String>,
    pub limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichCases {
    #[default]
    Open,
    Overdue,
    /// Reported since midnight, open or not.
    Today,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TeamsAsked {
    /// A place of the city by id or name.
    pub near: String,
    pub capability: Option<Capability>,
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlaceAsked {
    pub district: Option<DistrictId>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadingsAsked {
    /// One sensor by id or name; else the highest of a kind.
    pub sensor: Option<String>,
    pub kind: Option<SensorKind>,
    pub district: Option<DistrictId>,
    pub window_mins: Option<u32>,
    pub limit: Option<usize>,
}

/// One statement of the city's own, with what it is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// `F1`, `F2` … within one [`Findings`]; empty before.
    pub id: String,
    /// In Chinese, with units; times are Beijing's.
    pub text: String,
    /// What it names: a clause that names one of them takes its figures from here.
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default)]
    pub link: Option<Link>,
    /// Figures before they were rounded for the text.
    #[serde(default)]
    pub figures: Vec<f64>,
    /// 0: as of the question.
    pub as_of: Timestamp,
}

/// The record or thing a fact is about, for a screen to open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    Case(CaseId),
    Alarm(AlarmId),
    Order(OrderId),
    Team(TeamId),
    Sensor(SensorId),
    FloodPoint(FloodPointId),
    District(DistrictId),
    Warning(WarningId),
    Source(PlatformId),
}

/// What the queries read beside the city.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub readings: &'a Readings,
    pub past: &'a GaugePast,
    pub ground: Ground<'a>,
    pub now: Timestamp,
}

/// Why a query is none, or has no answer; told to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    #[error("没有这个查询：{0}")]
    NoSuchTool(String),
    #[error("{tool} 的参数读不懂：{why}")]
    Arguments { tool: String, why: String },
    #[error("城市里没有这个{what}：{name}")]
    Unknown { what: &'static str, name: String },
}

/// Facts gathered for one answer, numbered in the order they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    pub facts: Vec<Fact>,
}

impl Findings {
    /// Numbers these and keeps them; a fact known already keeps its number. The numbers come back in the order given.
    pub fn take(&mut self, facts: Vec<Fact>) -> Vec<String> {
        let mut ids = Vec::new();
        for mut fact in facts {
            if let Some(known) = self.facts.iter().find(|it| it.text == fact.text) {
                ids.push(known.id.clone());
                continue;
            }
            fact.id = format!("F{}", self.facts.len() + 1);
            ids.push(fact.id.clone());
            self.facts.push(fact);
        }
        ids
    }

    pub fn get(&self, id: &str) -> Option<&Fact> {
        self.facts.iter().find(|it| it.id == id)
    }
}

impl Query {
    /// Every query's name.
    pub const TOOLS: [&str; 9] =
        ["flood_rising", "alarms", "orders", "cases", "teams_near", "evacuation", "warnings", "sources", "readings"];

    /// From a name and JSON arguments, as a model or a caller writes them; an empty text is no arguments.
    pub fn read(tool: &str, args: &str) -> Result<Self, AskError> {
        fn of<T: serde::de::DeserializeOwned>(tool: &str, args: &str) -> Result<T, AskError> {
            let args = if args.trim().is_empty() { "{}" } else { args };
            let bad = |why: serde_json::Error| AskError::Arguments { tool: tool.into(), why: why.to_string() };
            serde_json::from_str(args).map_err(bad)
        }
        Ok(match tool {
            "flood_rising" => Self::FloodRising(of(tool, args)?),
            "alarms" => Self::Alarms(of(tool, args)?),
            "orders" => Self::Orders(of(tool, args)?),
            "cases" => Self::Cases(of(tool, args)?),
            "teams_near" => Self::TeamsNear(of(tool, args)?),
            "evacuation" => Self::Evacuation(of(tool, args)?),
            "warnings" => Self::Warnings,
            "sources" => Self::Sources,
            "readings" => Self::Readings(of(tool, args)?),
            other => return Err(AskError::NoSuchTool(other.chars().take(60).collect())),
        })
    }

    pub fn tool(&self) -> &'static str {
        match self {
            Self::FloodRising(_) => "flood_rising",
            Self::Alarms(_) => "alarms",
            Self::Orders(_) => "orders",
            Self::Cases(_) => "cases",
            Self::TeamsNear(_) => "teams_near",
            Self::Evacuation(_) => "evacuation",
            Self::Warnings => "warnings",
            Self::Sources => "sources",
            Self::Readings(_) => "readings",
        }
    }
}

impl Fact {
    fn new(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    fn about(mut self, link: Link, names: &[&str]) -> Self {
        self.link = Some(link);
        self.names = names.iter().map(|it| (*it).to_owned()).filter(|it| !it.is_empty()).collect();
        self
    }

    fn with(mut self, figures: &[f64], as_of: Timestamp) -> Self {
        self.figures = figures.to_vec();
        self.as_of = as_of;
        self
    }
}

/// An outsider's words as a fact holds them.
pub fn quoted(text: &str) -> String {
    let inside: String = text.chars().filter(|it| !matches!(it, '「' | '」') && !it.is_control()).take(60).collect();
    format!("「{}」", inside.trim())
}

/// `42`, `42.5`: one decimal where it says something.
fn figure(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
