//! A platform's JSON into ours, as data: where its fields stand, what its codes mean, in which unit, zone and frame they
//! are. For platforms that speak no standard; nobody programs to connect one.
//!
//! ```toml
//! [connector.mapping]
//! items = "$.data.rows[*]"                # RFC 9535; without it the whole document is one entry
//! to = "gauge"                            # gauge | thing | measured | team | case
//! where = { "$.type" = ["rain", "R"] }    # entries that are meant; the others are passed over, not refused
//!
//! [connector.mapping.fields]
//! sensor = { at = "$.deviceId", prefix = "yl-" }
//! value = { at = "$.val", factor = 0.1 }                       # value × factor + offset
//! at = { at = "$.ts", time = "%Y/%m/%d %H:%M", zone = "+08:00" }
//! ```
//!
//! A field is a path from its entry (`"$.a"`), a constant (`"rain"`, `3`), or a table with one of `at` (a path; with
//! `root = true` from the document), `topic` (the n-th level of an MQTT topic, from 0) or `is` (a constant), and beside it:
//! `table` (the platform's codes → our words) with `otherwise`, `factor` and `offset`, `prefix`, `time` (`beijing`,
//! `unix_s`, `unix_ms`, or a strftime format) with `zone` (an offset such as `+08:00`; China has one zone, and platforms name offsets, so no
//! zone data is carried). Without an `at` the entry is as old as its receipt.
//!
//! Several rules go into one mapping as `[[connector.mapping.rule]]`, each with its own `topic = "a/+/b"` where the platform
//! has topics; then each document goes to every rule it fits.

mod field;
mod target;
mod time;

pub use target::To;

use crate::Heard;
use field::{Field, Place};
use gulang_city::{LonLat, Timestamp, wgs84_from_bd09, wgs84_from_gcj02};
use serde_json::Value;
use serde_json_path::JsonPath;
use std::collections::BTreeMap;

/// Entries of one document at most; what is over is refused in one piece.
pub const MAX_ENTRIES: usize = 100_000;

/// What a platform's coordinates are in. They leave a mapping as WGS-84.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crs {
    #[default]
    Wgs84,
    Gcj02,
    Bd09,
}

impl Crs {
    pub fn to_wgs84(self, p: LonLat) -> LonLat {
        match self {
            Self::Wgs84 => p,
            Self::Gcj02 => wgs84_from_gcj02(p),
            Self::Bd09 => wgs84_from_bd09(p),
        }
    }
}

/// What is wrong in a mapping, with the key below `mapping` that is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mapping.{key}：{why}；{todo}")]
pub struct MappingError {
    pub key: String,
    pub why: String,
    pub todo: String,
}

impl MappingError {
    fn new(key: impl Into<String>, why: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { key: key.into(), why: why.into(), todo: todo.into() }
    }

    /// What whoever writes the configuration should do.
    pub fn remedy(&self) -> &str {
        &self.todo
    }
}

/// What is known of a document beside the document.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The connector's name, for cases.
    pub platform: &'a str,
    /// The MQTT topic; empty where there is none.
    pub topic: &'a str,
    /// When it came, by the realm's clock: the time of entries that say none.
    pub received: Timestamp,
}

/// All rules of one connector.
#[derive(Clone, Debug)]
pub struct Mapping {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    topic: Option<String>,
    items: Option<JsonPath>,
    to: To,
    conditions: Vec<(JsonPath, Vec<String>)>,
    fields: BTreeMap<String, Field>,
    crs: Crs,
}

impl Mapping {
    /// Reads `[connector.mapping]`; the first fault of each rule.
    pub fn parse(table: &toml::Table, crs: Crs) -> Result<Self, MappingError> {
        let Some(rules) = table.get("rule") else {
            return Ok(Self { rules: vec![Rule::parse(table, "", crs)?] });
        };
        if let Some(other) = table.keys().find(|it| *it != "rule") {
            return Err(MappingError::new(
                other,
                "与 rule 并列",
                "有 [[connector.mapping.rule]] 时，各键写进各自的 rule",
            ));
        }
        let rules = rules.as_array().filter(|it| !it.is_empty());
        let rules =
            rules.ok_or_else(|| MappingError::new("rule", "不是表的数组", "写成 [[connector.mapping.rule]]"))?;
        let rule = |(i, it): (usize, &toml::Value)| {
            let at = format!("rule.{i}");
            match it.as_table() {
                Some(table) => Rule::parse(table, &format!("{at}."), crs),
                None => Err(MappingError::new(at, "不是表", "写成 [[connector.mapping.rule]]")),
            }
        };
        Ok(Self { rules: rules.iter().enumerate().map(rule).collect::<Result<_, _>>()? })
    }

    /// The topic filters of the rules that have one.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(|it| it.topic.as_deref())
    }

    /// One document as bytes. What is not JSON is refused whole.
    pub fn apply_bytes(&self, bytes: &[u8], about: About<'_>) -> Heard {
        match serde_json::from_slice(bytes) {
            Ok(document) => self.apply(&document, about),
            Err(why) => {
                let mut heard = Heard::default();
                let start = bytes.get(..bytes.len().min(200)).unwrap_or_default();
                heard.refuse(&String::from_utf8_lossy(start), format!("不是 JSON：{why}"));
                heard
            }
        }
    }

    /// Every entry becomes news, a command, or a refusal with its reason; one bad entry costs only itself.
    pub fn apply(&self, document: &Value, about: About<'_>) -> Heard {
        let mut heard = Heard::default();
        let fits = |rule: &&Rule| rule.topic.as_deref().is_none_or(|it| topic_fits(it, about.topic));
        for rule in self.rules.iter().filter(fits) {
            rule.apply(document, about, &mut heard);
        }
        heard
    }
}

impl Rule {
    fn parse(table: &toml::Table, at: &str, crs: Crs) -> Result<Self, MappingError> {
        const KEYS: [&str; 5] = ["topic", "items", "to", "where", "fields"];
        if let Some(other) = table.keys().find(|it| !KEYS.contains(&it.as_str())) {
            return Err(MappingError::new(
                format!("{at}{other}"),
                "没有这个键",
                format!("用 {} 或 rule", KEYS.join("、")),
            ));
        }
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(MappingError::new(format!("{at}{key}"), "不是文字", "用引号写成文字")),
        };
        let items = text("items")?.map(|it| path_of(&it, &format!("{at}items"))).transpose()?;
        let known = To::ALL.map(To::name).join("、");
        let to = text("to")?
            .ok_or_else(|| MappingError::new(format!("{at}to"), "没有写", format!("写明映射成什么：{known}")))?;
        let to = To::ALL
            .into_iter()
            .find(|it| it.name() == to)
            .ok_or_else(|| MappingError::new(format!("{at}to"), format!("不认得 {to:?}"), format!("用 {known}")))?;
        let conditions = conditions_of(table.get("where"), &format!("{at}where"))?;
        let empty = toml::Table::new();
        let fields = match table.get("fields") {
            None => &empty,
            Some(toml::Value::Table(fields)) => fields,
            Some(_) => {
                return Err(MappingError::new(format!("{at}fields"), "不是表", "写成 [connector.mapping.fields]"));
            }
        };
        let fields = to.check_fields(fields, &format!("{at}fields"))?;
        Ok(Self { topic: text("topic")?, items, to, conditions, fields, crs })
    }

    fn apply(&self, document: &Value, about: About<'_>, heard: &mut Heard) {
        let items = match &self.items {
            Some(path) => path.query(document).all(),
            None => vec![document],
        };
        if items.len() > MAX_ENTRIES {
            let why = format!("一次 {} 条，超过 {MAX_ENTRIES} 条；请分页或分批", items.len());
            return heard.refuse("整份数据", why);
        }
        for item in items {
            if !self.conditions.iter().all(|(path, words)| is_one_of(path, words, item)) {
                continue;
            }
            let place = Place { item, root: document, about };
            if let Err(why) = self.to.build(&self.fields, &place, self.crs, heard) {
                heard.refuse(&item.to_string(), why);
            }
        }
    }
}

fn path_of(text: &str, key: &str) -> Result<JsonPath, MappingError> {
    JsonPath::parse(text).map_err(|why| {
        MappingError::new(
            key,
            format!("{text:?} 不是 JSONPath：{}", why.message()),
            "写成 $.a.b 或 $.rows[*]（RFC 9535）",
        )
    })
}

fn conditions_of(table: Option<&toml::Value>, key: &str) -> Result<Vec<(JsonPath, Vec<String>)>, MappingError> {
    let Some(table) = table else { return Ok(Vec::new()) };
    let bad = |key: &str| MappingError::new(key, "读不懂", r#"写成 where = { "$.type" = "rain" } 或 = ["a", "b"]"#);
    let table = table.as_table().ok_or_else(|| bad(key))?;
    let condition = |(path, words): (&String, &toml::Value)| {
        let key = format!("{key}.{path}");
        let words: Option<Vec<String>> = match words {
            toml::Value::Array(words) => words.iter().map(word_of).collect(),
            one => word_of(one).map(|it| vec![it]),
        };
        Ok((path_of(path, &key)?, words.ok_or_else(|| bad(&key))?))
    };
    table.iter().map(condition).collect()
}

fn word_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(is) => Some(is.to_string()),
        _ => None,
    }
}

fn is_one_of(path: &JsonPath, words: &[String], item: &Value) -> bool {
    let found = path.query(item).first().and_then(field::word_of);
    found.is_some_and(|it| words.contains(&it))
}

/// MQTT's rule for filters: `+` is one level, `#` all that follow.
pub fn topic_fits(filter: &str, topic: &str) -> bool {
    let (mut filter, mut topic) = (filter.split('/'), topic.split('/'));
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests;
