//! What each Datastream is to us, found once, so that an Observation costs one look-up.

use super::{
    MAX_STREAMS,
    scalar::{EntityId, IdRef, Scalar},
    streams::Stream,
    units::{Conversion, conversion},
};
use crate::{News, value::small};
use gulang_city::{Text, Timestamp};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// How an integrator says which Datastream is which sensor.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamRules {
    pub by: StreamNaming,
    /// The key in `Thing.properties`, for [`StreamNaming::Property`].
    pub property: Text,
    /// From the platform's names to ours; without an entry a name is ours as it is.
    pub table: BTreeMap<Text, Text>,
    /// The first that fits a Datastream counts; what none fits is left out.
    pub streams: Vec<StreamRule>,
}

/// Where a Datastream's name stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamNaming {
    #[default]
    ThingName,
    ThingId,
    StreamName,
    Property,
}

/// One figure of a Thing: which Datastreams it is, and what of ours.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamRule {
    /// Part of the observed property's or the Datastream's name; empty fits all.
    #[serde(default)]
    pub observed: Text,
    /// `sensor` for the sensors of the pack, else the id of a register of things.
    pub to: Text,
    /// What we keep it in.
    pub unit: Text,
    /// What the server means by its symbol, where it has none or a wrong one.
    #[serde(default)]
    pub symbol: Option<Text>,
    /// Results that are words, as figures in `unit`.
    #[serde(default)]
    pub words: BTreeMap<Text, f64>,
}

/// What one Datastream is to us.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub to: To,
    conversion: Conversion,
    words: Arc<BTreeMap<Text, f64>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    Sensor(Text),
    Thing { register: Text, thing: Text },
}

/// Datastreams by id.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    rules: StreamRules,
    /// The words of each rule, shared by its targets.
    words: Vec<Arc<BTreeMap<Text, f64>>>,
    by_number: HashMap<i64, Target>,
    by_words: HashMap<Text, Target>,
}

impl StreamRules {
    /// Why these rules could never take anything, if so.
    pub fn fault(&self) -> Option<(&'static str, String)> {
        if self.streams.is_empty() {
            return Some(("options.streams", "没有一条，什么读数都不会收".to_owned()));
        }
        if self.by == StreamNaming::Property && self.property.is_empty() {
            return Some(("options.property", "by = \"property\" 却没有写是哪个属性".to_owned()));
        }
        let nameless = self.streams.iter().position(|it| it.to.trim().is_empty());
        nameless.map(|i| ("options.streams", format!("第 {} 条没有写 to：sensor 或部件类别", i + 1)))
    }
}

impl Catalog {
    pub fn new(rules: StreamRules) -> Self {
        let words = rules.streams.iter().map(|it| Arc::new(it.words.clone())).collect();
        Self { rules, words, ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.by_number.len() + self.by_words.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every Datastream taken, for subscribing to each.
    pub fn ids(&self) -> impl Iterator<Item = EntityId> {
        let words = self.by_words.keys().map(|it| EntityId::Words(it.clone()));
        self.by_number.keys().map(|it| EntityId::Number(*it)).chain(words)
    }

    /// Takes a Datastream; `Ok(None)` if no rule wants it, `Err` with the reason if one does and it cannot be used.
    pub fn add(&mut self, stream: &Stream) -> Result<Option<&Target>, String> {
        let fits =
            |rule: &StreamRule| stream.observed.contains(&*rule.observed) || stream.name.contains(&*rule.observed);
        let Some(i) = self.rules.streams.iter().position(fits) else { return Ok(None) };
        let rule = &self.rules.streams[i];
        if self.len() >= MAX_STREAMS {
            return Err(format!("数据流超过 {MAX_STREAMS} 个，其余不收"));
        }
        let symbol = rule.symbol.as_ref().unwrap_or(&stream.symbol);
        let Some(conversion) = conversion(symbol, &rule.unit) else {
            return Err(format!("单位 {symbol:?} 换算不到 {:?}；在 options.streams 里写明 symbol", rule.unit));
        };
        let name = self.name_of(stream).ok_or("名称是空的，不知道是哪个设备")?;
        let name = self.rules.table.get(&name).cloned().unwrap_or(name);
        let to = match &*rule.to {
            "sensor" => To::Sensor(name),
            _ => To::Thing { register: rule.to.clone(), thing: name },
        };
        let target = Target { to, conversion, words: self.words[i].clone() };
        let kept = match &stream.id {
            EntityId::Number(number) => self.by_number.entry(*number).insert_entry(target).into_mut(),
            EntityId::Words(words) => self.by_words.entry(words.clone()).insert_entry(target).into_mut(),
        };
        Ok(Some(kept))
    }

    pub(super) fn get(&self, id: IdRef<'_>) -> Option<&Target> {
        match id {
            IdRef::Number(number) => self.by_number.get(&number),
            IdRef::Words(words) => self.by_words.get(words),
        }
    }

    fn name_of(&self, stream: &Stream) -> Option<Text> {
        let name = match self.rules.by {
            StreamNaming::ThingName => stream.thing.clone(),
            StreamNaming::StreamName => stream.name.clone(),
            StreamNaming::Property => stream.properties.get(&self.rules.property).cloned().unwrap_or_default(),
            StreamNaming::ThingId => match stream.thing_id.as_ref()? {
                EntityId::Number(number) => number.to_string().into(),
                EntityId::Words(words) => words.clone(),
            },
        };
        (!name.trim().is_empty()).then_some(name)
    }
}

impl Target {
    /// A result as news; `None` if it is no figure.
    pub(super) fn news(&self, result: &Scalar<'_>, at: Timestamp) -> Option<News> {
        let said = result.words().and_then(|it| self.words.get(it.trim()).copied());
        let value = match said {
            Some(value) => value,
            None => self.conversion.apply(result.figure()?),
        };
        let value = small(value)?;
        Some(match &self.to {
            To::Sensor(sensor) => News::Gauge { sensor: sensor.clone(), value, at },
            To::Thing { register, thing } => {
                News::Measured { register: register.clone(), thing: thing.clone(), value, at }
            }
        })
    }
}
