//! The list of duties (事项清单): who is to act when something happens, read, imported from the city's spreadsheets, and
//! searched as people speak.
//!
//! [`DutyList::from_json`] reads `duties.json`, [`import`] makes one of a spreadsheet, [`DutyIndex`] finds. Knows neither the
//! city's records nor the hub; agencies come in by id and name. Too large for the page's wasm: only the hub uses it.

mod import;
mod search;
mod sounds;

pub use import::*;
pub use search::*;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// One duty: what is to be done, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duty {
    pub id: String,
    /// Which of the areas it belongs to; the city has nine (municipal congress, 2025).
    pub area: String,
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// What people call it.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// 牵头部门, an agency's id.
    pub lead: String,
    /// 配合部门, agencies' ids.
    #[serde(default)]
    pub supporting: Vec<String>,
    /// Where it is written.
    #[serde(default)]
    pub clause: String,
    /// On duty.
    #[serde(default)]
    pub contact: String,
    #[serde(default)]
    pub phone: String,
    /// Respond within, minutes; none if the list does not say.
    #[serde(default)]
    pub respond_mins: Option<u32>,
}

/// A city's duties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DutyList {
    /// Where they come from, as screens show it.
    pub basis: String,
    /// 示例: made up, not the city's own.
    #[serde(default)]
    pub is_example: bool,
    pub duties: Vec<Duty>,
}

/// An agency as duties name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyName {
    pub id: String,
    pub name: String,
    pub short: String,
}

/// What is wrong with a list: `line: what`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {what}")]
pub struct ListError {
    /// From 1.
    pub line: usize,
    pub what: String,
}

impl DutyList {
    /// Reads and checks `duties.json`; all that is wrong comes at once.
    pub fn from_json(text: &str, agencies: &[AgencyName]) -> Result<Self, Vec<ListError>> {
        let list: Self = serde_json::from_str(text).map_err(|why| {
            vec![ListError { line: why.line().max(1), what: format!("读不懂 duties.json，{why}，改正该行") }]
        })?;
        let known: HashSet<&str> = agencies.iter().map(|it| it.id.as_str()).collect();
        let mut seen = HashSet::new();
        let mut errors = Vec::new();
        for duty in &list.duties {
            let mut fault = |what: String| errors.push(ListError { line: line_of(text, &duty.id), what });
            if duty.id.is_empty() || duty.title.is_empty() {
                fault(format!("事项「{}」没有编号或名称，补上", duty.title));
            }
            if !seen.insert(duty.id.as_str()) {
                fault(format!("编号 {} 用了两次，改掉一个", duty.id));
            }
            for agency in std::iter::once(&duty.lead).chain(&duty.supporting) {
                if !known.contains(agency.as_str()) {
                    fault(format!("{} 的部门 {agency} 不在 agencies.json，改用其中的 id", duty.id));
                }
            }
        }
        if errors.is_empty() { Ok(list) } else { Err(errors) }
    }

    /// One duty per line, so that a change is one line in a diff.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let basis = serde_json::to_string(&self.basis)?;
        let rows: Vec<String> = self.duties.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let is_example = self.is_example;
        Ok(format!(
            "{{\n\"basis\": {basis},\n\"is_example\": {is_example},\n\"duties\": [\n{}\n]}}\n",
            rows.join(",\n")
        ))
    }
}

fn line_of(text: &str, id: &str) -> usize {
    let quoted = format!("\"id\": \"{id}\"");
    let tight = format!("\"id\":\"{id}\"");
    text.lines().position(|it| it.contains(&quoted) || it.contains(&tight)).map_or(1, |i| i + 1)
}
