//! 情况报告: what a situation report is made of, and how it reads where nobody words it better.

use super::{
    AlarmsAsked, Around, CasesAsked, Fact, Findings, FloodAsked, OrdersAsked, PlaceAsked, Query, WhichCases,
    WhichOrders, verify::Sentence,
};
use crate::City;
use serde::{Deserialize, Serialize};

/// Rows told of each thing.
const ROWS: Option<usize> = Some(3);

/// What is to be drafted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftKind {
    /// 情况报告: the whole city.
    #[default]
    Situation,
    /// 汛情简报: warnings, water, people.
    Flood,
    /// 督办清单: what is late, and whose it is.
    Overdue,
}

/// A part of a report and its facts, by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    pub title: &'static str,
    pub facts: Vec<String>,
}

impl DraftKind {
    pub fn title_zh(self) -> &'static str {
        match self {
            Self::Situation => "情况报告",
            Self::Flood => "汛情简报",
            Self::Overdue => "督办清单",
        }
    }

    /// Its parts: what each is called and what it asks.
    pub fn parts(self) -> Vec<(&'static str, Query)> {
        let orders = |which| Query::Orders(OrdersAsked { which, limit: ROWS, ..OrdersAsked::default() });
        let cases = |which| Query::Cases(CasesAsked { which, limit: ROWS, ..CasesAsked::default() });
        let warnings = || ("预警", Query::Warnings);
        let water = || ("积水", Query::FloodRising(FloodAsked { limit: ROWS, ..FloodAsked::default() }));
        let people = || ("人员转移", Query::Evacuation(PlaceAsked::default()));
        let alarms = || ("告警", Query::Alarms(AlarmsAsked { limit: ROWS, ..AlarmsAsked::default() }));
        let sources = || ("看不见的", Query::Sources);
        match self {
            Self::Situation => vec![
                warnings(),
                water(),
                people(),
                ("指令签收", orders(WhichOrders::Unsigned)),
                ("指令超期", orders(WhichOrders::Overdue)),
                ("案件", cases(WhichCases::Open)),
                alarms(),
                sources(),
            ],
            Self::Flood => vec![warnings(), water(), people(), alarms(), sources()],
            Self::Overdue => vec![
                ("指令签收", orders(WhichOrders::Unsigned)),
                ("指令超期", orders(WhichOrders::Overdue)),
                ("案件", cases(WhichCases::Overdue)),
            ],
        }
    }
}

/// The facts of a report; a part that cannot be asked is left out.
pub fn facts_for(city: &City, kind: DraftKind, around: &Around<'_>) -> (Findings, Vec<Section>) {
    let mut findings = Findings::default();
    let mut sections = Vec::new();
    for (title, query) in kind.parts() {
        if let Ok(facts) = city.find_out(&query, around) {
            sections.push(Section { title, facts: findings.take(facts) });
        }
    }
    (findings, sections)
}

/// Facts in their own words, each its own citation.
pub fn by_template(facts: &[Fact]) -> Vec<Sentence> {
    facts.iter().map(|it| Sentence { text: format!("{}。", it.text), cites: vec![it.id.clone()] }).collect()
}
