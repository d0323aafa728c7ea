//! One field of an entry: where it stands, and what is done to it on the way.

use super::{About, MappingError, path_of, time::TimeForm, word_of as toml_word};
use crate::value::number_of;
use gulang_city::Timestamp;
use serde_json::Value;
use serde_json_path::JsonPath;
use std::collections::BTreeMap;

/// Longer names and words are refused: no platform's are, and columns of them are kept in memory.
const MAX_WORD_CHARS: usize = 1000;

/// Where fields are read from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub item: &'a Value,
    pub root: &'a Value,
    pub about: About<'a>,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    stands: Stands,
    table: Option<Codes>,
    factor: f64,
    offset: f64,
    prefix: String,
    time: TimeForm,
}

#[derive(Clone, Debug)]
enum Stands {
    Is(Value),
    At { path: JsonPath, root: bool },
    Topic(usize),
}

/// The platform's codes → our words.
#[derive(Clone, Debug)]
struct Codes {
    words: BTreeMap<String, Value>,
    otherwise: Option<Value>,
}

impl Field {
    pub(super) fn parse(value: &toml::Value, key: &str) -> Result<Self, MappingError> {
        let plain = |stands| Self {
            stands,
            table: None,
            factor: 1.0,
            offset: 0.0,
            prefix: String::new(),
            time: TimeForm::default(),
        };
        match value {
            toml::Value::String(text) if text.starts_with('$') => {
                Ok(plain(Stands::At { path: path_of(text, key)?, root: false }))
            }
            toml::Value::Table(table) => Self::parse_table(table, key, plain),
            constant => Ok(plain(Stands::Is(constant_of(constant, key)?))),
        }
    }

    fn parse_table(table: &toml::Table, key: &str, plain: impl Fn(Stands) -> Self) -> Result<Self, MappingError> {
        const KEYS: [&str; 11] =
            ["at", "root", "topic", "is", "table", "otherwise", "factor", "offset", "prefix", "time", "zone"];
        if let Some(other) = table.keys().find(|it| !KEYS.contains(&it.as_str())) {
            return Err(MappingError::new(format!("{key}.{other}"), "没有这个键", format!("用 {}", KEYS.join("、"))));
        }
        let fault = |name: &str, why: &str, todo: &str| MappingError::new(format!("{key}.{name}"), why, todo);
        let text = |name: &str| match table.get(name) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(fault(name, "不是文字", "用引号写成文字")),
        };
        let number = |name: &str, otherwise: f64| match table.get(name) {
            None => Ok(otherwise),
            Some(toml::Value::Integer(it)) => Ok(*it as f64),
            Some(toml::Value::Float(it)) if it.is_finite() => Ok(*it),
            Some(_) => Err(fault(name, "不是数", "写一个数")),
        };
        let root = match table.get("root") {
            None => false,
            Some(toml::Value::Boolean(it)) => *it,
            Some(_) => return Err(fault("root", "不是 true 或 false", "写 true：从整份数据取，而不是从条目取")),
        };
        let stands = match (text("at")?, table.get("topic"), table.get("is")) {
            (Some(path), None, None) => Stands::At { path: path_of(path, &format!("{key}.at"))?, root },
            (None, Some(level), None) => {
                let level = level.as_integer().and_then(|it| usize::try_from(it).ok());
                Stands::Topic(level.ok_or_else(|| fault("topic", "不是序号", "写主题的第几级，从 0 数起"))?)
            }
            (None, None, Some(constant)) => Stands::Is(constant_of(constant, &format!("{key}.is"))?),
            _ => return Err(MappingError::new(key, "at、topic、is 要写一个且只写一个", "写明这个字段从哪里取")),
        };
        let otherwise = table.get("otherwise").map(|it| constant_of(it, &format!("{key}.otherwise"))).transpose()?;
        let codes = match table.get("table") {
            None if otherwise.is_some() => return Err(fault("otherwise", "没有 table", "otherwise 与 table 一起用")),
            None => None,
            Some(toml::Value::Table(codes)) => {
                let word = |(code, it): (&String, &toml::Value)| {
                    Ok((code.clone(), constant_of(it, &format!("{key}.table.{code}"))?))
                };
                Some(Codes { words: codes.iter().map(word).collect::<Result<_, MappingError>>()?, otherwise })
            }
            Some(_) => return Err(fault("table", "不是表", r#"写成 table = { "0" = "normal", "1" = "alarm" }"#)),
        };
        let time = TimeForm::parse(text("time")?, text("zone")?, key)?;
        Ok(Self {
            table: codes,
            factor: number("factor", 1.0)?,
            offset: number("offset", 0.0)?,
            prefix: text("prefix")?.unwrap_or_default().to_owned(),
            time,
            ..plain(stands)
        })
    }

    /// The value after the table of codes; `None` where the entry says nothing.
    fn value(&self, place: &Place<'_>) -> Result<Option<Value>, String> {
        let found = match &self.stands {
            Stands::Is(constant) => Some(constant.clone()),
            Stands::At { path, root } => {
                let from = if *root { place.root } else { place.item };
                path.query(from).first().filter(|it| !it.is_null()).cloned()
            }
            Stands::Topic(level) => place.about.topic.split('/').nth(*level).map(Value::from),
        };
        let (Some(codes), Some(found)) = (&self.table, &found) else { return Ok(found) };
        let code = word_of(found).ok_or_else(|| format!("{found} 不是代码"))?;
        let word = codes.words.get(code.trim()).or(codes.otherwise.as_ref());
        word.cloned().map(Some).ok_or_else(|| format!("代码 {code:?} 不在 table 里，也没有 otherwise"))
    }

    pub(super) fn text(&self, place: &Place<'_>) -> Result<Option<String>, String> {
        let Some(value) = self.value(place)? else { return Ok(None) };
        let word = word_of(&value).ok_or_else(|| "不是文字".to_owned())?;
        let word = word.trim();
        if word.chars().count() > MAX_WORD_CHARS {
            return Err(format!("长过 {MAX_WORD_CHARS} 字"));
        }
        Ok((!word.is_empty()).then(|| format!("{}{word}", self.prefix)))
    }

    /// In our unit.
    pub(super) fn number(&self, place: &Place<'_>) -> Result<Option<f64>, String> {
        let Some(value) = self.value(place)? else { return Ok(None) };
        // Platforms leave the field empty where they have no figure.
        if value.as_str().is_some_and(|it| it.trim().is_empty()) {
            return Ok(None);
        }
        let number = number_of(&value).map(|it| it * self.factor + self.offset).filter(|it| it.is_finite());
        number.map(Some).ok_or_else(|| format!("{} 不是数", short(&value)))
    }

    pub(super) fn time(&self, place: &Place<'_>) -> Result<Option<Timestamp>, String> {
        let Some(value) = self.value(place)? else { return Ok(None) };
        let time = self.time.read(&value).filter(|it| it.0 > 0);
        time.map(Some).ok_or_else(|| format!("{} 不是{}", short(&value), self.time.words()))
    }
}

/// Text, a number or a truth as a word.
pub(super) fn word_of(value: &Value) -> Option<String> {
    match value {
        Value::Bool(is) => Some(is.to_string()),
        other => crate::value::text_of(other),
    }
}

fn constant_of(value: &toml::Value, key: &str) -> Result<Value, MappingError> {
    let bad = || MappingError::new(key, "不是文字、数或真假", "写一个常数，或 $ 开头的路径");
    match value {
        toml::Value::Integer(number) => Ok((*number).into()),
        toml::Value::Float(number) => serde_json::Number::from_f64(*number).map(Value::Number).ok_or_else(bad),
        toml::Value::Boolean(is) => Ok((*is).into()),
        other => toml_word(other).map(Value::String).ok_or_else(bad),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
