//! A drill's script as the simulated city reads it: when it starts, which typhoon comes, which warnings are sent.
//!
//! The hub reads the same file for the officer's part, so fields this side has no use for are passed over.

use gulang_city::{
    Hazard, LonLat, Pack, QuakeStage, Timestamp, TyphoonFix, WarningColor,
    inject::{Inject, parse_injects},
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub struct Scenario {
    pub id: String,
    pub title: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub seed: Option<u64>,
    pub storm: Option<Storm>,
    pub warnings: Vec<ScriptedWarning>,
    /// Reports of quakes, by when they go out.
    pub quakes: Vec<ScriptedQuake>,
    /// Without it the rain follows the storm's distance.
    pub rain: Option<RainCurve>,
    /// What the director throws in; only [`Scenario::load_for`] reads them.
    pub injects: Vec<Inject>,
}

/// A typhoon with its whole real track, past and to come.
#[derive(Clone, Debug)]
pub struct Storm {
    pub id: String,
    pub name: String,
    pub name_en: String,
    /// Ascending in time, at least two fixes.
    pub track: Vec<TyphoonFix>,
}

#[derive(Clone, Debug)]
pub struct ScriptedWarning {
    pub at: Timestamp,
    pub expires_at: Timestamp,
    pub color: WarningColor,
    pub hazard: Hazard,
    pub headline: String,
    pub identifier: String,
}

/// One report of a quake; a later one of the same id takes its place.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptedQuake {
    /// When it goes out.
    pub at: Timestamp,
    pub id: String,
    /// From 1.
    pub revision: u32,
    pub stage: QuakeStage,
    pub origin: Timestamp,
    pub place: String,
    pub epicentre: LonLat,
    pub depth_km: f32,
    pub magnitude: f32,
    pub cancelled: bool,
}

/// How the storm's rain falls on the city: nothing, a rise, a peak, a fall; bands and gusts are the weather's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RainCurve {
    pub starts_at: Timestamp,
    pub peak_at: Timestamp,
    pub ends_at: Timestamp,
    /// City mean of the worst hour.
    pub peak_mm_per_hour: f64,
}

/// Why a scenario could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: {source}", source = source.message())]
    Toml { path: PathBuf, line: usize, source: Box<toml::de::Error> },
    #[error("{path}:{}: {source}", source.line())]
    Track { path: PathBuf, source: serde_json::Error },
    #[error("{path}:{line}: {field} is not a time such as 2023-07-26 08:00:00: {text:?}")]
    Time { path: PathBuf, line: usize, field: &'static str, text: String },
    /// One line per fault: `file:line: what, what to do`.
    #[error("{0}")]
    Injects(String),
    #[error("{path}: {what}; {remedy}")]
    Sense { path: PathBuf, what: String, remedy: &'static str },
}

impl Scenario {
    /// [`Scenario::load`] with its injects, which name things of this pack.
    pub fn load_for(path: &Path, pack: &Pack) -> Result<Self, ScenarioError> {
        let mut scenario = Self::load(path)?;
        scenario.injects = parse_injects(&read(path)?, pack).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(|it| format!("{}:{it}", path.display())).collect();
            ScenarioError::Injects(lines.join("\n"))
        })?;
        Ok(scenario)
    }

    /// Reads the scenario and, beside it, the track it names.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let whole = read(path)?;
        let file: ScenarioFile = toml::from_str(&whole).map_err(|e| {
            let line = e.span().map_or(1, |span| whole[..span.start.min(whole.len())].matches('\n').count() + 1);
            ScenarioError::Toml { path: path.into(), line, source: Box::new(e) }
        })?;
        let time = |field, text: &str| {
            // A text that is no time is rare enough to be found again by itself.
            let line = || whole.lines().position(|it| it.contains(&format!("{text:?}"))).map_or(1, |at| at + 1);
            Timestamp::parse(text).ok_or_else(|| ScenarioError::Time {
                path: path.into(),
                line: line(),
                field,
                text: text.into(),
            })
        };
        let storm = match (&file.track, &file.typhoon_id) {
            (Some(track), Some(id)) => Some(Storm {
                id: id.clone(),
                name: file.name.clone().unwrap_or_default(),
                name_en: file.name_en.clone().unwrap_or_default(),
                track: load_track(&path.with_file_name(track))?,
            }),
            _ => None,
        };
        let mut warnings = Vec::with_capacity(file.warning.len());
        for w in &file.warning {
            warnings.push(ScriptedWarning {
                at: time("warning.at", &w.at)?,
                expires_at: time("warning.expires_at", &w.expires_at)?,
                color: w.color,
                hazard: w.hazard,
                headline: w.headline.clone(),
                identifier: w.identifier.clone(),
            });
        }
        warnings.sort_by_key(|w| w.at);
        let mut quakes = Vec::with_capacity(file.quake.len());
        for it in &file.quake {
            quakes.push(ScriptedQuake {
                at: time("quake.at", &it.at)?,
                id: it.id.clone(),
                revision: it.revision,
                stage: it.stage,
                origin: time("quake.origin", &it.origin)?,
                place: it.place.clone(),
                epicentre: it.epicentre,
                depth_km: it.depth_km,
                magnitude: it.magnitude,
                cancelled: it.cancelled,
            });
        }
        quakes.sort_by_key(|it| (it.at, it.revision));
        let rain = match &file.rain {
            Some(rain) => Some(RainCurve {
                starts_at: time("rain.starts_at", &rain.starts_at)?,
                peak_at: time("rain.peak_at", &rain.peak_at)?,
                ends_at: time("rain.ends_at", &rain.ends_at)?,
                peak_mm_per_hour: rain.peak_mm_per_hour,
            }),
            None => None,
        };
        let scenario = Self {
            starts_at: time("starts_at", &file.starts_at)?,
            ends_at: time("ends_at", &file.ends_at)?,
            id: file.id,
            title: file.title,
            seed: file.seed,
            storm,
            warnings,
            quakes,
            rain,
            injects: Vec::new(),
        };
        if scenario.ends_at <= scenario.starts_at {
            let what = format!("ends_at {} is not after starts_at", scenario.ends_at.to_beijing_text());
            return Err(ScenarioError::Sense { path: path.into(), what, remedy: "give a later ends_at" });
        }
        Ok(scenario)
    }
}

#[derive(Deserialize)]
struct ScenarioFile {
    id: String,
    title: String,
    starts_at: String,
    ends_at: String,
    seed: Option<u64>,
    typhoon_id: Option<String>,
    name: Option<String>,
    name_en: Option<String>,
    track: Option<String>,
    #[serde(default)]
    warning: Vec<WarningFile>,
    #[serde(default)]
    quake: Vec<QuakeFile>,
    rain: Option<RainFile>,
}

#[derive(Deserialize)]
struct RainFile {
    starts_at: String,
    peak_at: String,
    ends_at: String,
    peak_mm_per_hour: f64,
}

#[derive(Deserialize)]
struct WarningFile {
    at: String,
    expires_at: String,
    color: WarningColor,
    hazard: Hazard,
    headline: String,
    identifier: String,
}

#[derive(Deserialize)]
struct QuakeFile {
    at: String,
    id: String,
    revision: u32,
    stage: QuakeStage,
    origin: String,
    place: String,
    /// Longitude, latitude.
    epicentre: LonLat,
    depth_km: f32,
    magnitude: f32,
    #[serde(default)]
    cancelled: bool,
}

fn load_track(path: &Path) -> Result<Vec<TyphoonFix>, ScenarioError> {
    let mut track: Vec<TyphoonFix> =
        serde_json::from_str(&read(path)?).map_err(|source| ScenarioError::Track { path: path.into(), source })?;
    track.sort_by_key(|fix| fix.at);
    track.dedup_by_key(|fix| fix.at);
    if track.len() < 2 || track.iter().any(|fix| !fix.center.is_sane() || !fix.wind.is_finite()) {
        let what = "a track needs two fixes or more, on Earth, with a wind".to_owned();
        return Err(ScenarioError::Sense { path: path.into(), what, remedy: "make it again from the best track" });
    }
    Ok(track)
}

fn read(path: &Path) -> Result<String, ScenarioError> {
    std::fs::read_to_string(path).map_err(|source| ScenarioError::Read { path: path.into(), source })
}
