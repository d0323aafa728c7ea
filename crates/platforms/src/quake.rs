//! Earthquakes, early warnings and quick reports, from JSON by a mapping ([`QuakeShape`]) with presets for common shapes.
//!
//! All presets are [G]: `eew` and `cenc_list` after the public field lists of relays of 福建、四川、中国地震台网 (api.wolfx.jp),
//! `usgs` after the GeoJSON summary feed's documentation (earthquake.usgs.gov). No agency's own interface was had.

use crate::{
    Heard,
    value::{number_of, small, text_of},
};
use gulang_city::{Command, LonLat, QuakeReport, QuakeStage, Text, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use serde_json_path::JsonPath;
use std::collections::BTreeMap;

/// Entries of one answer, at most.
const MAX_ENTRIES: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuakeError {
    #[error("没有预设 {0:?}；有 eew、cenc_list、usgs、gulang")]
    Preset(String),
    #[error("{key} 不是 JSONPath：{why}")]
    Path { key: String, why: String },
    #[error("不是 JSON：{0}")]
    Garbage(String),
}

impl QuakeError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Preset(_) => "改用列出的预设之一",
            Self::Path { .. } => "写成 $.properties.mag 的样子",
            Self::Garbage(_) => "用 gulang-hub connect 名字 --try 看应答；核对接口地址",
        }
    }
}

/// The mapping as configured; paths are RFC 9535, several are tried in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuakeFields {
    /// The entries; `$` for a document that is one.
    pub entries: Option<String>,
    pub id: Vec<String>,
    pub revision: Vec<String>,
    pub origin: Vec<String>,
    pub reported: Vec<String>,
    pub place: Vec<String>,
    pub lon: Vec<String>,
    pub lat: Vec<String>,
    pub depth_km: Vec<String>,
    pub magnitude: Vec<String>,
    /// Its words are looked up in `stages`.
    pub stage: Vec<String>,
    pub drill: Vec<String>,
    pub cancelled: Vec<String>,
    /// What the platform's words for a stage mean: `early_warning`, `automatic`, `reviewed`, `cancelled`.
    pub stages: BTreeMap<String, String>,
    /// Where no word says it.
    pub stage_default: Option<String>,
    /// Whose network it is, as screens name it.
    pub source: Option<String>,
}

/// A mapping ready for use.
#[derive(Clone, Debug)]
pub struct QuakeShape {
    entries: JsonPath,
    paths: BTreeMap<&'static str, Vec<JsonPath>>,
    stages: BTreeMap<String, Word>,
    stage_default: Word,
    pub source: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Stage(QuakeStage),
    Cancelled,
}

/// The fields of a preset.
pub fn preset(name: &str) -> Result<QuakeFields, QuakeError> {
    let list = |paths: &[&str]| paths.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let words = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Ok(match name {
        "eew" => QuakeFields {
            entries: Some("$".into()),
            id: list(&["$.EventID", "$.ID"]),
            revision: list(&["$.ReportNum"]),
            origin: list(&["$.OriginTime"]),
            reported: list(&["$.ReportTime"]),
            place: list(&["$.HypoCenter"]),
            lon: list(&["$.Longitude"]),
            lat: list(&["$.Latitude"]),
            depth_km: list(&["$.Depth"]),
            // One of them writes it so.
            magnitude: list(&["$.Magnitude", "$.Magunitude"]),
            drill: list(&["$.isTraining"]),
            cancelled: list(&["$.isCancel"]),
            stage_default: Some("early_warning".into()),
            source: Some("地震预警".into()),
            ..QuakeFields::default()
        },
        "cenc_list" => QuakeFields {
            entries: Some("$.*".into()),
            id: list(&["$.EventID", "$.id"]),
            revision: Vec::new(),
            origin: list(&["$.time"]),
            reported: list(&["$.ReportTime", "$.time"]),
            place: list(&["$.location", "$.placeName"]),
            lon: list(&["$.longitude"]),
            lat: list(&["$.latitude"]),
            depth_km: list(&["$.depth"]),
            magnitude: list(&["$.magnitude"]),
            stage: list(&["$.type"]),
            stages: words(&[("automatic", "automatic"), ("reviewed", "reviewed")]),
            stage_default: Some("automatic".into()),
            source: Some("中国地震台网".into()),
            ..QuakeFields::default()
        },
        "usgs" => QuakeFields {
            entries: Some("$.features[*]".into()),
            id: list(&["$.id"]),
            origin: list(&["$.properties.time"]),
            reported: list(&["$.properties.updated"]),
            place: list(&["$.properties.place"]),
            lon: list(&["$.geometry.coordinates[0]"]),
            lat: list(&["$.geometry.coordinates[1]"]),
            depth_km: list(&["$.geometry.coordinates[2]"]),
            magnitude: list(&["$.properties.mag"]),
            stage: list(&["$.properties.status"]),
            stages: words(&[("automatic", "automatic"), ("reviewed", "reviewed"), ("deleted", "cancelled")]),
            stage_default: Some("automatic".into()),
            source: Some("USGS".into()),
            ..QuakeFields::default()
        },
        // Our own names; the simulated city speaks so.
        "gulang" => QuakeFields {
            entries: Some("$.quakes[*]".into()),
            id: list(&["$.id"]),
            revision: list(&["$.revision"]),
            origin: list(&["$.origin"]),
            reported: list(&["$.reported"]),
            place: list(&["$.place"]),
            lon: list(&["$.lon"]),
            lat: list(&["$.lat"]),
            depth_km: list(&["$.depth_km"]),
            magnitude: list(&["$.magnitude"]),
            stage: list(&["$.stage"]),
            drill: list(&["$.drill"]),
            cancelled: list(&["$.cancelled"]),
            stages: words(&[
                ("early_warning", "early_warning"),
                ("automatic", "automatic"),
                ("reviewed", "reviewed"),
                ("cancelled", "cancelled"),
            ]),
            stage_default: Some("automatic".into()),
            source: Some("地震台网".into()),
        },
        other => return Err(QuakeError::Preset(other.to_owned())),
    })
}

impl QuakeFields {
    /// `self` where it says something, else the preset.
    pub fn over(self, preset: Self) -> Self {
        let list = |own: Vec<String>, preset: Vec<String>| if own.is_empty() { preset } else { own };
        Self {
            entries: self.entries.or(preset.entries),
            id: list(self.id, preset.id),
            revision: list(self.revision, preset.revision),
            origin: list(self.origin, preset.origin),
            reported: list(self.reported, preset.reported),
            place: list(self.place, preset.place),
            lon: list(self.lon, preset.lon),
            lat: list(self.lat, preset.lat),
            depth_km: list(self.depth_km, preset.depth_km),
            magnitude: list(self.magnitude, preset.magnitude),
            stage: list(self.stage, preset.stage),
            drill: list(self.drill, preset.drill),
            cancelled: list(self.cancelled, preset.cancelled),
            stages: if self.stages.is_empty() { preset.stages } else { self.stages },
            stage_default: self.stage_default.or(preset.stage_default),
            source: self.source.or(preset.source),
        }
    }

    pub fn shape(&self) -> Result<QuakeShape, QuakeError> {
        let parse = |key: &str, text: &str| {
            JsonPath::parse(text).map_err(|why| QuakeError::Path { key: key.to_owned(), why: why.message().to_owned() })
        };
        let fields: [(&'static str, &Vec<String>); 12] = [
            ("id", &self.id),
            ("revision", &self.revision),
            ("origin", &self.origin),
            ("reported", &self.reported),
            ("place", &self.place),
            ("lon", &self.lon),
            ("lat", &self.lat),
            ("depth_km", &self.depth_km),
            ("magnitude", &self.magnitude),
            ("stage", &self.stage),
            ("drill", &self.drill),
            ("cancelled", &self.cancelled),
        ];
        let mut paths = BTreeMap::new();
        for (key, texts) in fields {
            let parsed: Vec<JsonPath> = texts.iter().map(|it| parse(key, it)).collect::<Result<_, _>>()?;
            paths.insert(key, parsed);
        }
        for key in ["id", "origin", "lon", "lat", "magnitude"] {
            if paths.get(key).is_none_or(Vec::is_empty) {
                return Err(QuakeError::Path { key: key.to_owned(), why: "没有写".to_owned() });
            }
        }
        let word = |key: &str, it: &String| {
            word_of(it).ok_or_else(|| QuakeError::Path {
                key: key.to_owned(),
                why: format!("{it:?} 应为 early_warning、automatic、reviewed 或 cancelled"),
            })
        };
        let mut stages = BTreeMap::new();
        for (theirs, ours) in &self.stages {
            stages.insert(theirs.clone(), word("stages", ours)?);
        }
        let stage_default = match &self.stage_default {
            Some(it) => word("stage_default", it)?,
            None => Word::Stage(QuakeStage::Automatic),
        };
        let entries = parse("entries", self.entries.as_deref().unwrap_or("$"))?;
        let source = self.source.as_deref().unwrap_or("地震台网").into();
        Ok(QuakeShape { entries, paths, stages, stage_default, source })
    }
}

fn word_of(text: &str) -> Option<Word> {
    Some(match text {
        "early_warning" => Word::Stage(QuakeStage::EarlyWarning),
        "automatic" => Word::Stage(QuakeStage::Automatic),
        "reviewed" => Word::Stage(QuakeStage::Reviewed),
        "cancelled" => Word::Cancelled,
        _ => return None,
    })
}

impl QuakeShape {
    /// Every entry as a command; `received` stands where none says when it was reported. An entry that cannot be used is
    /// refused alone; texts and other things beside entries (a list's own hash) are passed over.
    pub fn read(&self, bytes: &[u8], received: Timestamp) -> Result<Heard, QuakeError> {
        let document: Value = serde_json::from_slice(bytes).map_err(|why| QuakeError::Garbage(why.to_string()))?;
        let mut heard = Heard::default();
        let entries = self.entries.query(&document);
        let n_over = entries.len().saturating_sub(MAX_ENTRIES);
        if n_over > 0 {
            heard.refuse(&format!("{n_over} 条"), format!("一次最多 {MAX_ENTRIES} 条"));
        }
        for entry in entries.iter().take(MAX_ENTRIES).filter(|it| it.is_object()) {
            match self.command(entry, received) {
                Ok(command) => heard.commands.push(command),
                Err(why) => heard.refuse(&entry.to_string(), why),
            }
        }
        // The oldest first: a later report of the same quake must come later.
        heard.commands.sort_by_key(|it| match it {
            Command::ReportQuake { report } => (report.origin, report.revision),
            _ => (Timestamp(i64::MAX), 0),
        });
        Ok(heard)
    }

    fn command(&self, entry: &Value, received: Timestamp) -> Result<Command, String> {
        let number = |key: &'static str| self.find(entry, key).and_then(number_of);
        let needed = |key: &'static str| number(key).ok_or_else(|| format!("没有 {key}"));
        let text = |key: &'static str| self.find(entry, key).and_then(text_of).map(|it| it.trim().to_owned());
        let origin = self.find(entry, "origin").and_then(time_of).ok_or("没有可读的发震时刻 origin")?;
        let at = LonLat(needed("lon")?, needed("lat")?);
        if !at.is_sane() {
            return Err(format!("震中 {}, {} 不在地球上", at.0, at.1));
        }
        let id = text("id").filter(|it| !it.is_empty());
        // A list without numbers: its own time and place tell entries apart.
        let id = id.unwrap_or_else(|| format!("{}_{:.2}_{:.2}", origin.0 / 1000, at.0, at.1));
        let is_on = |key: &'static str| self.find(entry, key).is_some_and(is_true);
        let stage = text("stage").and_then(|it| self.stages.get(&it).copied()).unwrap_or(self.stage_default);
        let stage = match stage {
            Word::Stage(stage) if !is_on("cancelled") => stage,
            _ => return Ok(Command::CancelQuake { source: self.source.clone(), id: id.into() }),
        };
        let reported_at = self.find(entry, "reported").and_then(time_of).unwrap_or(received);
        let revision = number("revision").filter(|it| (1.0..1e6).contains(it)).map_or(1, |it| it as u32);
        Ok(Command::ReportQuake {
            report: QuakeReport {
                id: id.into(),
                revision,
                source: self.source.clone(),
                stage,
                origin,
                reported_at,
                place: text("place").unwrap_or_default().into(),
                at,
                depth_km: number("depth_km").filter(|it| *it >= 0.0).and_then(small),
                magnitude: small(needed("magnitude")?).ok_or("震级不是震级")?,
                drill: is_on("drill"),
            },
        })
    }

    fn find<'a>(&self, entry: &'a Value, key: &'static str) -> Option<&'a Value> {
        let paths = self.paths.get(key)?;
        paths.iter().find_map(|it| it.query(entry).first().filter(|it| !it.is_null()))
    }
}

/// Beijing wording or ISO 8601, also with slashes; seconds or milliseconds since 1970.
fn time_of(value: &Value) -> Option<Timestamp> {
    if let Some(text) = value.as_str()
        && let Some(at) = Timestamp::parse(&text.trim().replace('/', "-"))
    {
        return Some(at);
    }
    let number = number_of(value)?;
    match number {
        it if (1e9..1e11).contains(&it) => Some(Timestamp((it * 1000.0) as i64)),
        it if (1e11..1e14).contains(&it) => Some(Timestamp(it as i64)),
        _ => None,
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64().is_some_and(|it| it > 0.0),
        Value::String(text) => matches!(text.as_str(), "1" | "true" | "True" | "Y"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    /// Made for this test with the fields https://api.wolfx.jp lists for 福建省地震局; no figures of a real quake.
    const EEW: &str = r#"{"ID":7,"EventID":"202609201200.0001","ReportTime":"2026-09-20 12:00:16","ReportNum":2,
        "OriginTime":"2026-09-20 12:00:05","HypoCenter":"福建漳浦海域","Latitude":23.9,"Longitude":118.2,"Magunitude":5.6,"isFinal":false}"#;
    /// Made for this test with the members of https://earthquake.usgs.gov/earthquakes/feed/v1.0/geojson.php.
    const USGS: &str = r#"{"type":"FeatureCollection","features":[
        {"id":"us7000a","properties":{"mag":5.5,"place":"Taiwan Strait","time":1789876805000,"updated":1789877000000,"status":"reviewed"},
         "geometry":{"coordinates":[118.25,23.92,12.3]}},
        {"id":"us7000b","properties":{"mag":4.1,"time":1789876805000,"status":"deleted"},"geometry":{"coordinates":[118.0,24.0,null]}},
        {"id":"us7000c","properties":{"time":1789876805000},"geometry":{"coordinates":[118.0,24.0]}}]}"#;

    fn shape(name: &str) -> QuakeShape {
        preset(name).and_then(|it| it.shape()).expect("a preset")
    }

    #[test]
    fn an_early_warning_is_read_with_its_revision() -> Result<(), QuakeError> {
        let heard = shape("eew").read(EEW.as_bytes(), NOW)?;
        let [Command::ReportQuake { report }] = &heard.commands[..] else { panic!("{heard:?}") };
        assert_eq!((report.revision, report.stage, report.magnitude), (2, QuakeStage::EarlyWarning, 5.6));
        assert_eq!(report.origin.to_beijing_text(), "2026-09-20 12:00:05");
        assert_eq!((report.at, report.depth_km, report.drill), (LonLat(118.2, 23.9), None, false));
        Ok(())
    }

    #[test]
    fn a_quick_report_may_be_taken_back_and_a_poor_entry_is_refused_alone() -> Result<(), QuakeError> {
        let heard = shape("usgs").read(USGS.as_bytes(), NOW)?;
        assert!(
            matches!(&heard.commands[0], Command::ReportQuake { report } if report.depth_km == Some(12.3) && report.stage == QuakeStage::Reviewed)
        );
        assert!(matches!(&heard.commands[1], Command::CancelQuake { id, .. } if &**id == "us7000b"));
        assert_eq!(heard.refused.len(), 1);
        Ok(())
    }

    #[test]
    fn a_list_without_numbers_tells_its_entries_apart() -> Result<(), QuakeError> {
        let list = r#"{"No1":{"type":"reviewed","time":"2026/09/20 12:00:05","location":"x","magnitude":"5.6","depth":"10","latitude":"23.9","longitude":"118.2"},
            "No2":{"type":"automatic","time":"2026-09-20 11:00:00","location":"y","magnitude":"3.1","depth":"","latitude":"24.9","longitude":"118.2"},"md5":"abc"}"#;
        let heard = shape("cenc_list").read(list.as_bytes(), NOW)?;
        let ids: Vec<_> = heard
            .commands
            .iter()
            .map(|it| match it {
                Command::ReportQuake { report } => (&*report.place, report.stage, report.id.to_string()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(ids[0].0 == "y" && ids[1].1 == QuakeStage::Reviewed && ids[0].2 != ids[1].2, "{ids:?}");
        assert!(heard.refused.is_empty());
        Ok(())
    }

    #[test]
    fn a_mapping_of_ones_own_goes_over_the_preset_and_its_faults_are_named() {
        let own = QuakeFields { magnitude: vec!["$.ml".into()], ..QuakeFields::default() };
        let shape = own.over(preset("eew").expect("a preset")).shape().expect("a shape");
        let heard = shape.read(EEW.replace("Magunitude", "ml").as_bytes(), NOW).expect("JSON");
        assert_eq!(heard.commands.len(), 1);
        let fault = |fields: QuakeFields| fields.shape().expect_err("a fault").to_string();
        assert!(fault(QuakeFields::default()).contains("id"));
        let bad = QuakeFields { lat: vec!["lat[".into()], ..preset("eew").expect("a preset") };
        assert!(fault(bad).starts_with("lat 不是 JSONPath"));
        assert!(preset("nope").is_err());
    }

    proptest! {
        #[test]
        fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for name in ["eew", "cenc_list", "usgs", "gulang"] {
                let _ = shape(name).read(&bytes, NOW);
            }
        }

        /// Cut, flipped, doubled, in another encoding: never a place that is none.
        #[test]
        fn damage_is_survived(at in 0..USGS.len(), byte in any::<u8>(), cut in 0..USGS.len()) {
            let mut bytes = USGS.as_bytes().to_vec();
            bytes[at] = byte;
            let twice = [USGS.as_bytes(), USGS.as_bytes()].concat();
            let (gbk, _, _) = encoding_rs::GBK.encode(EEW);
            for bytes in [&bytes[..], &bytes[..cut], &twice[..], &gbk[..]] {
                for command in shape("usgs").read(bytes, NOW).map(|it| it.commands).unwrap_or_default() {
                    let is_sane = !matches!(&command, Command::ReportQuake { report } if !report.at.is_sane());
                    prop_assert!(is_sane, "{command:?}");
                }
            }
        }
    }
}
