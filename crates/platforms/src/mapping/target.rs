//! What an entry may become. Each kind names its fields; what is not named cannot be mapped.

use super::{
    Crs, MappingError,
    field::{Field, Place},
};
use crate::{Heard, News, value::small};
use gulang_city::{
    CaseKind, CaseReport, CaseStage, Command, Fix, LonLat, PlatformId, Text, ThingState, Timestamp, WarningColor,
};
use std::collections::BTreeMap;

/// What the entries of a rule are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A sensor's reading.
    Gauge,
    /// One of very many in a register: a bike, a muck truck, a tilt sensor.
    Thing,
    /// What one thing of a register measures; the register is the kind of `sensor_kinds.toml`.
    Measured,
    /// A team's place.
    Team,
    /// A case of another platform.
    Case,
}

type Fields = BTreeMap<String, Field>;

impl To {
    pub const ALL: [Self; 5] = [Self::Gauge, Self::Thing, Self::Measured, Self::Team, Self::Case];

    pub fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Thing => "thing",
            Self::Measured => "measured",
            Self::Team => "team",
            Self::Case => "case",
        }
    }

    /// Without these an entry says nothing.
    pub fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Gauge => &["sensor", "value"],
            Self::Thing => &["register", "thing"],
            Self::Measured => &["register", "thing", "value"],
            Self::Team => &["team", "lon", "lat"],
            Self::Case => &["external", "title", "lon", "lat", "district", "agency", "reported_at", "due_at"],
        }
    }

    pub fn optional(self) -> &'static [&'static str] {
        match self {
            Self::Gauge | Self::Measured => &["at"],
            Self::Thing => &["lon", "lat", "heading", "state", "at"],
            Self::Team => &["height", "heading", "speed", "battery", "at"],
            Self::Case => &["kind", "address", "color", "stage", "stage_at"],
        }
    }

    pub(super) fn check_fields(self, table: &toml::Table, key: &str) -> Result<Fields, MappingError> {
        let known = || self.needed().iter().chain(self.optional());
        if let Some(other) = table.keys().find(|name| !known().any(|it| it == name)) {
            let names: Vec<&str> = known().copied().collect();
            let todo = format!("{} 的字段是 {}", self.name(), names.join("、"));
            return Err(MappingError::new(format!("{key}.{other}"), "没有这个字段", todo));
        }
        if let Some(missing) = self.needed().iter().find(|it| !table.contains_key(**it)) {
            return Err(MappingError::new(key, format!("没有 {missing}"), format!("{} 必须有它", self.name())));
        }
        let field =
            |(name, value): (&String, &toml::Value)| Ok((name.clone(), Field::parse(value, &format!("{key}.{name}"))?));
        table.iter().map(field).collect()
    }

    /// Adds what an entry meant, or says why it means nothing.
    pub(super) fn build(self, fields: &Fields, place: &Place<'_>, crs: Crs, heard: &mut Heard) -> Result<(), String> {
        let entry = Entry { fields, place, crs };
        match self {
            Self::Gauge => heard.news.push(News::Gauge {
                sensor: entry.needed_text("sensor")?,
                value: entry.needed_small("value")?,
                at: entry.at()?,
            }),
            Self::Thing => {
                let place = match (entry.number("lon")?, entry.number("lat")?) {
                    (Some(lon), Some(lat)) => Some(entry.wgs84(lon, lat)?),
                    (None, None) => None,
                    _ => return Err("经纬度只有一半".into()),
                };
                heard.news.push(News::Thing {
                    register: entry.needed_text("register")?,
                    thing: entry.needed_text("thing")?,
                    place,
                    heading: entry.number("heading")?.map_or(f32::NAN, |it| it.rem_euclid(360.0) as f32),
                    state: entry.state()?,
                    at: entry.at()?,
                });
            }
            Self::Measured => heard.news.push(News::Measured {
                register: entry.needed_text("register")?,
                thing: entry.needed_text("thing")?,
                value: entry.needed_small("value")?,
                at: entry.at()?,
            }),
            Self::Team => {
                let LonLat(lon, lat) = entry.wgs84(entry.needed_number("lon")?, entry.needed_number("lat")?)?;
                let number = |name: &str, otherwise: f32| Ok::<f32, String>(entry.small(name)?.unwrap_or(otherwise));
                let fix = Fix {
                    lon,
                    lat,
                    height: number("height", 0.0)?,
                    heading: number("heading", f32::NAN)?,
                    speed: number("speed", 0.0)?,
                    battery: number("battery", f32::NAN)?,
                    mode: 0,
                    at: entry.at()?,
                };
                heard.news.push(News::Team { team: entry.needed_text("team")?, fix });
            }
            Self::Case => heard.commands.push(entry.case()?),
        }
        Ok(())
    }
}

struct Entry<'a> {
    fields: &'a Fields,
    place: &'a Place<'a>,
    crs: Crs,
}

impl Entry<'_> {
    fn text(&self, name: &str) -> Result<Option<Text>, String> {
        let text = self.fields.get(name).map(|it| it.text(self.place)).transpose();
        text.map(|it| it.flatten().map(Text::from)).map_err(|why| format!("{name}：{why}"))
    }

    fn number(&self, name: &str) -> Result<Option<f64>, String> {
        let number = self.fields.get(name).map(|it| it.number(self.place)).transpose();
        number.map(Option::flatten).map_err(|why| format!("{name}：{why}"))
    }

    fn small(&self, name: &str) -> Result<Option<f32>, String> {
        let Some(number) = self.number(name)? else { return Ok(None) };
        small(number).map(Some).ok_or_else(|| format!("{name}：{number:e} 太大"))
    }

    fn needed_small(&self, name: &str) -> Result<f32, String> {
        self.small(name)?.ok_or_else(|| format!("没有 {name}"))
    }

    fn time(&self, name: &str) -> Result<Option<Timestamp>, String> {
        let time = self.fields.get(name).map(|it| it.time(self.place)).transpose();
        time.map(Option::flatten).map_err(|why| format!("{name}：{why}"))
    }

    fn needed_text(&self, name: &str) -> Result<Text, String> {
        self.text(name)?.ok_or_else(|| format!("没有 {name}"))
    }

    fn needed_number(&self, name: &str) -> Result<f64, String> {
        self.number(name)?.ok_or_else(|| format!("没有 {name}"))
    }

    /// A mapped time that an entry leaves out is a fault of the entry; one that is not mapped is its receipt.
    fn at(&self) -> Result<Timestamp, String> {
        if !self.fields.contains_key("at") {
            return Ok(self.place.about.received);
        }
        self.time("at")?.ok_or_else(|| "没有 at".to_owned())
    }

    fn wgs84(&self, lon: f64, lat: f64) -> Result<LonLat, String> {
        let given = LonLat(lon, lat);
        if !given.is_sane() || (lon, lat) == (0.0, 0.0) {
            return Err(format!("坐标 {lon}, {lat} 不在地上"));
        }
        Ok(self.crs.to_wgs84(given))
    }

    fn state(&self) -> Result<ThingState, String> {
        let Some(word) = self.text("state")? else { return Ok(ThingState::Unknown) };
        match &*word {
            "normal" => Ok(ThingState::Normal),
            "attention" => Ok(ThingState::Attention),
            "alarm" => Ok(ThingState::Alarm),
            "offline" => Ok(ThingState::Offline),
            "unknown" => Ok(ThingState::Unknown),
            other => Err(format!("state：{other:?} 不是 normal、attention、alarm、offline、unknown；用 table 换算")),
        }
    }

    fn case(&self) -> Result<Command, String> {
        let word = |name: &str| self.text(name).map(|it| it.unwrap_or_default());
        let kind = match &*word("kind")? {
            "" | "event" => CaseKind::Event,
            "part" => CaseKind::Part,
            other => return Err(format!("kind：{other:?} 不是 event、part；用 table 换算")),
        };
        let color = match &*word("color")? {
            "" | "blue" => WarningColor::Blue,
            "yellow" => WarningColor::Yellow,
            "orange" => WarningColor::Orange,
            "red" => WarningColor::Red,
            other => return Err(format!("color：{other:?} 不是 blue、yellow、orange、red；用 table 换算")),
        };
        let stage = match &*word("stage")? {
            "" | "collected" => CaseStage::Collected,
            "filed" => CaseStage::Filed,
            "dispatched" => CaseStage::Dispatched,
            "handled" => CaseStage::Handled,
            "fedback" => CaseStage::Fedback,
            "closed" => CaseStage::Closed,
            "evaluated" => CaseStage::Evaluated,
            other => return Err(format!("stage：{other:?} 不是我们的阶段；用 table 换算成 collected … evaluated")),
        };
        let reported_at = self.time("reported_at")?.ok_or("没有 reported_at")?;
        let report = CaseReport {
            external: self.needed_text("external")?,
            platform: PlatformId::from(self.place.about.platform),
            kind,
            title: self.needed_text("title")?,
            address: word("address")?,
            at: self.wgs84(self.needed_number("lon")?, self.needed_number("lat")?)?,
            district: (&*self.needed_text("district")?).into(),
            agency: (&*self.needed_text("agency")?).into(),
            color,
            reported_at,
            due_at: self.time("due_at")?.ok_or("没有 due_at")?,
        };
        Ok(Command::ReportCase { report, stage, stage_at: self.time("stage_at")?.unwrap_or(reported_at) })
    }
}
