//! Where the city pack and the scenarios lie, and reading them.

use gulang_city::{Land, Pack, Plan, ResponseLevel, RoadNet, Timestamp, load_pack};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    #[error("找不到 assets 目录；用 --pack 指明城市数据，或设置 GULANG_ASSETS")]
    NoAssets,
    /// One line per fault: `file:line: what, why, what to do`.
    #[error("{0}")]
    Pack(String),
    #[error("{path}:{line}: {what}, {why}, {todo}")]
    File { path: PathBuf, line: usize, what: &'static str, why: String, todo: &'static str },
}

/// `GULANG_ASSETS`, else `assets` here or above the program, else the one it was built beside.
pub fn assets_dir() -> Result<PathBuf, AssetError> {
    let named = std::env::var_os("GULANG_ASSETS").map(PathBuf::from);
    let here = std::env::current_dir().ok().map(|it| it.join("assets"));
    let exe = std::env::current_exe().ok();
    let above = exe
        .iter()
        .flat_map(|it| it.ancestors().skip(1))
        .flat_map(|it| [it.join("assets"), it.join("lib/gulang/assets")]);
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
    let all = named.into_iter().chain(here).chain(above).chain([built]);
    all.into_iter().find(|it| it.join("cities").is_dir()).ok_or(AssetError::NoAssets)
}

/// The pack in `dir`, or every fault in it.
pub fn read_pack(dir: &Path) -> Result<Pack, AssetError> {
    let read = |name: &str| {
        let path = dir.join(name);
        std::fs::read_to_string(&path).map_err(|why| why.to_string())
    };
    let list = |folder: &str| {
        let entries = std::fs::read_dir(dir.join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|it| it.file_name().into_string().ok()).collect();
        names.sort();
        names
    };
    load_pack(&read, &list).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|it| format!("{}/{it}", dir.display())).collect();
        AssetError::Pack(lines.join("\n"))
    })
}

/// One plan's file, or the plans of a pack's folder; read, not checked.
pub fn read_plans(path: &Path) -> Result<Vec<Plan>, AssetError> {
    let fault = |path: &Path, line, why: String| AssetError::File {
        path: path.to_owned(),
        line,
        what: "预案读不了",
        why,
        todo: "给出一个预案文件，或城市数据的目录",
    };
    let folder = if path.join("plans").is_dir() { path.join("plans") } else { path.to_owned() };
    let mut files = vec![folder.clone()];
    if folder.is_dir() {
        let entries = std::fs::read_dir(&folder).map_err(|why| fault(&folder, 0, why.to_string()))?;
        files =
            entries.flatten().map(|it| it.path()).filter(|it| it.extension().is_some_and(|it| it == "json")).collect();
        files.sort();
    }
    let read = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).map_err(|why| fault(file, 0, why.to_string()))?;
        serde_json::from_str(&text).map_err(|why| fault(file, why.line(), why.to_string()))
    };
    files.iter().map(read).collect()
}

/// The pack's routable roads; `None` if it has none, and arrival times are straight lines.
pub fn read_roads(dir: &Path) -> Result<Option<RoadNet>, AssetError> {
    let path = dir.join("roads.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => {
            let todo = "make it readable, or take it away for straight lines";
            return Err(AssetError::Pack(format!("{}:1: cannot read the file, {why}, {todo}", path.display())));
        }
    };
    let net = RoadNet::from_json(&text).map_err(|why| AssetError::Pack(format!("{}:{why}", path.display())))?;
    Ok(Some(net))
}

/// The pack's land and coast; `None` if it has no map of its districts, and no boat is sent.
pub fn read_land(dir: &Path) -> Result<Option<Land>, AssetError> {
    let read = |name: &str| match std::fs::read_to_string(dir.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(fault_of(dir, name, &why.to_string())),
    };
    let (districts, coast) = ("map/districts.geojson", "map/land.geojson");
    let Some(text) = read(districts)? else { return Ok(None) };
    let land = Land::from_geojson(&text).map_err(|why| fault_of(dir, districts, &why))?;
    match read(coast)? {
        None => Ok(Some(land)),
        Some(text) => land.with_coast(&text).map(Some).map_err(|why| fault_of(dir, coast, &why)),
    }
}

fn fault_of(dir: &Path, name: &str, why: &str) -> AssetError {
    AssetError::Pack(format!("{}:1: unusable map layer, {why}, correct it", dir.join(name).display()))
}

/// What the hub needs to know of a scenario; the rest is the simulated city's.
#[derive(Clone, Debug, Deserialize)]
pub struct Scenario {
    pub id: String,
    pub title: String,
    /// What of it is real.
    #[serde(default)]
    pub basis: String,
    #[serde(deserialize_with = "beijing")]
    pub starts_at: Timestamp,
    #[serde(deserialize_with = "beijing")]
    pub ends_at: Timestamp,
    #[serde(default)]
    pub seed: u64,
    #[serde(default)]
    pub officer: Officer,
    /// What publicly happened, to compare a drill with.
    #[serde(default)]
    pub reference: Vec<Reference>,
    #[serde(skip)]
    pub file: PathBuf,
}

/// One line of the public timeline; `level` or `measure` (words in its title) say what of a drill it is compared with.
#[derive(Clone, Debug, Deserialize)]
pub struct Reference {
    #[serde(deserialize_with = "beijing")]
    pub at: Timestamp,
    pub text: String,
    #[serde(default)]
    pub source: String,
    #[serde(default)]
    pub level: Option<ResponseLevel>,
    #[serde(default)]
    pub measure: Option<String>,
}

impl Reference {
    pub fn to_score(&self) -> gulang_city::score::Reference {
        let Self { at, text, source, level, measure } = self.clone();
        gulang_city::score::Reference { at, text, source, level, measure }
    }
}

/// The officer's part in a drill run without people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Officer {
    pub seats: Vec<String>,
    /// How long a recommendation is read before it is confirmed.
    pub confirm_after_mins: i64,
    pub follow: bool,
    pub acknowledge_alarms: bool,
    pub stand_down_at: Option<String>,
}

impl Default for Officer {
    fn default() -> Self {
        let seats = vec!["值班长 01".to_owned(), "带班领导 02".to_owned()];
        Self { seats, confirm_after_mins: 5, follow: true, acknowledge_alarms: true, stand_down_at: None }
    }
}

fn beijing<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    Timestamp::parse(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is not a time like \"2023-07-26 08:00:00\"")))
}

/// A scenario by path, or by name in `scenarios_dir`.
pub fn read_scenario(named: &str, scenarios_dir: Option<&Path>) -> Result<Scenario, AssetError> {
    let direct = PathBuf::from(named);
    let in_dir = scenarios_dir.map(|dir| dir.join(format!("{named}.toml")));
    let file = if direct.is_file() { direct } else { in_dir.filter(|it| it.is_file()).unwrap_or(direct) };
    let fault = |line, why: String| AssetError::File {
        path: file.clone(),
        line,
        what: "剧本读不了",
        why,
        todo: "改正该行，或给出 assets/scenarios 里的剧本",
    };
    let text = std::fs::read_to_string(&file).map_err(|why| fault(0, why.to_string()))?;
    let mut scenario: Scenario =
        toml::from_str(&text).map_err(|why| fault(line_of(&text, &why), why.message().to_owned()))?;
    if scenario.ends_at <= scenario.starts_at {
        return Err(fault(0, "ends_at 不晚于 starts_at".into()));
    }
    scenario.file = std::path::absolute(&file).unwrap_or(file);
    Ok(scenario)
}

/// The line a TOML fault is on, from 1.
pub fn line_of(text: &str, error: &toml::de::Error) -> usize {
    error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1)
}
