//! What becomes what: the import's own file, `import.toml` in a city's `map/`.

use super::{ImportError, Place};
use crate::Detail;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A whole import. In TOML: these fields, then one `[[layer]]` per [`Rule`], painted in their order.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    pub name: String,
    /// First and last zoom of the file.
    #[serde(default = "usual_zooms")]
    pub zooms: [u8; 2],
    /// How far lines may stray when thinned, px of a tile shown at 512 px. At the last zoom a fourth of it.
    #[serde(default = "usual_thinning")]
    pub simplify_px: f64,
    /// Deeper tiles only there.
    #[serde(default)]
    pub detail: Option<Detail>,
    /// Longitude and latitude where a viewer begins.
    #[serde(default)]
    pub center: Option<[f64; 2]>,
    #[serde(default)]
    pub center_zoom: Option<u8>,
    #[serde(default, rename = "layer")]
    pub rules: Vec<Rule>,
}

/// One file into one layer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `.geojson`, `.json` or `.fgb`, as `read` knows it.
    pub file: String,
    /// The layer's name in the tiles.
    pub layer: String,
    #[serde(default)]
    pub crs: Crs,
    /// Who is to be named where the map is shown.
    #[serde(default)]
    pub attribution: String,
    #[serde(default = "usual_zooms")]
    pub zooms: [u8; 2],
    /// Attributes kept: name in the tiles = name in the file. None keeps all as they are.
    #[serde(default)]
    pub keep: Option<BTreeMap<String, String>>,
    /// Attributes (by their name in the tiles) that begin at a later zoom.
    #[serde(default)]
    pub keep_from: BTreeMap<String, u8>,
    /// The same for every feature.
    #[serde(default)]
    pub set: BTreeMap<String, toml::Value>,
    /// Only features whose attribute has one of these values (as text).
    #[serde(default)]
    pub only: BTreeMap<String, Vec<String>>,
    /// First zoom by an attribute's value (as text): `min_zoom_by.class = { trunk = 6 }`.
    #[serde(default)]
    pub min_zoom_by: BTreeMap<String, BTreeMap<String, u8>>,
    /// Areas and lines without any part outside this box are left out, others cut: west, south, east, north.
    #[serde(default)]
    pub outside: Option<[f64; 4]>,
    /// All areas of this layer and the same attributes become one, also those of other files that say so.
    #[serde(default)]
    pub merge: bool,
    /// Areas become their edges.
    #[serde(default)]
    pub edges: Option<Edges>,
    /// Areas and lines smaller than this at a zoom are left out there, px of a tile shown at 512 px.
    #[serde(default = "usual_smallest")]
    pub smallest_px: f64,
}

/// Areas made into lines: an edge two areas share comes once.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edges {
    /// Attributes of an edge that two areas share.
    #[serde(default)]
    pub inner: BTreeMap<String, toml::Value>,
    /// Attributes of an edge that belongs to one area.
    #[serde(default)]
    pub outer: BTreeMap<String, toml::Value>,
    /// Files whose areas' edges are left out, such as the coast.
    #[serde(default)]
    pub not_along: Vec<String>,
}

/// What a file's coordinates are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Crs {
    #[default]
    Wgs84,
    /// Turned into WGS-84 on the way in, as the two below.
    Gcj02,
    Bd09,
}

impl Crs {
    pub fn name(self) -> &'static str {
        match self {
            Self::Wgs84 => "EPSG:4326",
            Self::Gcj02 => "GCJ-02",
            Self::Bd09 => "BD-09",
        }
    }
}

/// The deepest zoom an import makes.
pub const MOST_ZOOM: u8 = 16;

fn usual_zooms() -> [u8; 2] {
    [0, 14]
}
fn usual_thinning() -> f64 {
    0.5
}
fn usual_smallest() -> f64 {
    1.0
}

impl Spec {
    /// `file` is only for the error.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, ImportError> {
        let spec: Self = toml::from_str(text).map_err(|why| {
            let line = why.span().map_or(1, |it| text[..it.start.min(text.len())].matches('\n').count() + 1);
            ImportError::new(
                file,
                Place::Line(line),
                "导入说明读不了",
                why.message(),
                "改正该行（gulang-hub import --help 有样例）",
            )
        })?;
        spec.check().map(|()| spec)
    }

    /// Each file a layer of its own name, with all its attributes at all zooms.
    pub fn of_files(name: &str, files: &[String]) -> Self {
        let stem = |file: &str| {
            let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
            name.split('.').next().unwrap_or(name).to_owned()
        };
        let rules = files.iter().map(|file| Rule::new(file.clone(), stem(file))).collect();
        Self {
            name: name.to_owned(),
            zooms: usual_zooms(),
            simplify_px: usual_thinning(),
            detail: None,
            center: None,
            center_zoom: None,
            rules,
        }
    }

    /// Every file named, each once, in order.
    pub fn files(&self) -> Vec<&str> {
        let mut files: Vec<&str> = Vec::new();
        for rule in &self.rules {
            let others = rule.edges.iter().flat_map(|it| &it.not_along);
            for file in std::iter::once(&rule.file).chain(others) {
                if !files.contains(&file.as_str()) {
                    files.push(file);
                }
            }
        }
        files
    }

    /// Every attribution, each once, in order.
    pub fn attribution(&self) -> Vec<&str> {
        let mut lines: Vec<&str> = Vec::new();
        for rule in &self.rules {
            if !rule.attribution.is_empty() && !lines.contains(&rule.attribution.as_str()) {
                lines.push(&rule.attribution);
            }
        }
        lines
    }

    pub(crate) fn check(&self) -> Result<(), ImportError> {
        let fault = |why: String, todo| Err(ImportError::new(&self.name, Place::Whole, "导入说明不成立", why, todo));
        let is_span = |it: [u8; 2]| it[0] <= it[1] && it[1] <= MOST_ZOOM;
        let is_box = |[w, s, e, n]: [f64; 4]| w < e && s < n && [w, e].iter().all(|it| it.abs() <= 180.0);
        if self.rules.is_empty() {
            return fault("没有任何 [[layer]]".into(), "写上至少一个图层");
        }
        if !is_span(self.zooms) || self.detail.is_some_and(|it| !is_box(it.bounds)) {
            return fault(
                format!("zooms {:?} 或 detail.bounds 不成立", self.zooms),
                "级别在 0–16 之间，范围为西、南、东、北",
            );
        }
        if !(0.0..=16.0).contains(&self.simplify_px) {
            return fault(format!("simplify_px {} 不在 0–16 之间", self.simplify_px), "改为 0.5 左右");
        }
        for rule in &self.rules {
            if rule.layer.is_empty() || !is_span(rule.zooms) || rule.outside.is_some_and(|it| !is_box(it)) {
                return fault(format!("{} 的 layer、zooms 或 outside 不成立", rule.file), "改正该图层");
            }
            if !(0.0..=512.0).contains(&rule.smallest_px) {
                return fault(format!("{} 的 smallest_px 不在 0–512 之间", rule.file), "改为 1 左右");
            }
        }
        Ok(())
    }
}

impl Rule {
    pub fn new(file: String, layer: String) -> Self {
        Self {
            file,
            layer,
            crs: Crs::Wgs84,
            attribution: String::new(),
            zooms: usual_zooms(),
            keep: None,
            keep_from: BTreeMap::new(),
            set: BTreeMap::new(),
            only: BTreeMap::new(),
            min_zoom_by: BTreeMap::new(),
            outside: None,
            merge: false,
            edges: None,
            smallest_px: usual_smallest(),
        }
    }
}
