//! A city's layers made into one PMTiles file of vector tiles.
//!
//! [`build`] takes a [`Spec`] (which file becomes which layer, from which zoom) and the files' bytes, and returns the
//! whole file's bytes: same input, same bytes. It reads no files itself and knows no clock.
//!
//! Encoding (`fast-mvt`), container (`pmtiles`), area clipping and merging (`geo`) and reading (`geojson`, `flatgeobuf`)
//! are kept crates' work; here is what goes into which tile, and how coarse.

mod cut;
mod source;
mod spec;

pub use spec::*;

use crate::TileId;
use cut::{Piece, Tiler};
use pmtiles::{PmTilesWriter, TileCoord, TileType};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
};

/// What [`build`] made.
#[derive(Debug)]
pub struct Built {
    /// A PMTiles v3 archive.
    pub bytes: Vec<u8>,
    pub summary: Summary,
}

/// What the file holds, for whoever asked for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    pub bytes: usize,
    pub n_features: usize,
    pub n_tiles: usize,
    /// West, south, east, north of all features, degrees.
    pub bounds: [f64; 4],
    pub zooms: [u8; 2],
    /// Tiles, their bytes before compression, and the largest of them, zoom by zoom.
    pub by_zoom: Vec<(u8, usize, usize, usize)>,
    pub layers: Vec<String>,
}

/// Why no file was made: which file, which line or feature of it (from 1), and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{file}{place}: {what}, {why}, {todo}")]
pub struct ImportError {
    pub file: String,
    pub place: Place,
    pub what: &'static str,
    pub why: String,
    pub todo: &'static str,
}

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Whole,
    /// From 1.
    Line(usize),
    /// From 1, in the file's order.
    Feature(usize),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(n) => write!(f, ":{n}"),
            Self::Feature(n) => write!(f, ":第 {n} 个要素"),
        }
    }
}

impl ImportError {
    pub(crate) fn new(file: &str, place: Place, what: &'static str, why: impl ToString, todo: &'static str) -> Self {
        Self { file: file.to_owned(), place, what, why: why.to_string(), todo }
    }
}

/// Reads what `spec` names (by its names, through `read`) and makes the file.
pub fn build(spec: &Spec, read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Built, ImportError> {
    spec.check()?;
    let features = source::features(spec, read)?;
    let bounds = source::bounds(&features);
    let tiles = Tiler::new(spec, &features).tiles()?;

    let mut by_zoom: BTreeMap<u8, (usize, usize, usize)> = BTreeMap::new();
    for (tile, bytes) in &tiles {
        let row = by_zoom.entry(tile.z).or_default();
        *row = (row.0 + 1, row.1 + bytes.len(), row.2.max(bytes.len()));
    }
    let zooms = [spec.zooms[0], tiles.iter().map(|it| it.0.z).max().unwrap_or(spec.zooms[0])];
    let metadata = metadata(spec, &features).to_string();
    let bytes = container(spec, zooms, bounds, metadata, &tiles).map_err(|why| {
        ImportError::new(&spec.name, Place::Whole, "写不成 PMTiles", why, "检查 import.toml 的 zooms 与 bounds")
    })?;
    let summary = Summary {
        bytes: bytes.len(),
        n_features: features.len(),
        n_tiles: tiles.len(),
        bounds,
        zooms,
        by_zoom: by_zoom.into_iter().map(|(z, (n, bytes, largest))| (z, n, bytes, largest)).collect(),
        layers: layer_names(&features).into_iter().map(str::to_owned).collect(),
    };
    Ok(Built { bytes, summary })
}

/// The tiles alone, uncompressed, zoom by zoom: what [`build`] puts into its file.
pub fn tiles(
    spec: &Spec,
    read: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<(TileId, Vec<u8>)>, ImportError> {
    spec.check()?;
    Tiler::new(spec, &source::features(spec, read)?).tiles()
}

/// The archive, its tiles in the order the format asks for.
fn container(
    spec: &Spec,
    zooms: [u8; 2],
    [west, south, east, north]: [f64; 4],
    metadata: String,
    tiles: &[(TileId, Vec<u8>)],
) -> pmtiles::PmtResult<Vec<u8>> {
    let [lon, lat] = spec.center.unwrap_or([(west + east) / 2.0, (south + north) / 2.0]);
    let mut out = Cursor::new(Vec::new());
    let mut writer = PmTilesWriter::new(TileType::Mvt)
        .min_zoom(zooms[0])
        .max_zoom(zooms[1])
        .bounds(west, south, east, north)
        .center(lon, lat)
        .center_zoom(spec.center_zoom.unwrap_or(zooms[0]))
        .metadata(metadata)
        .create(&mut out)?;
    let mut by_id = Vec::with_capacity(tiles.len());
    for (tile, bytes) in tiles {
        let coord = TileCoord::new(tile.z, tile.x, tile.y)?;
        by_id.push((pmtiles::TileId::from(coord), coord, bytes));
    }
    by_id.sort_by_key(|it| it.0.value());
    for (_, coord, bytes) in by_id {
        writer.add_tile(coord, bytes)?;
    }
    writer.finalize()?;
    Ok(out.into_inner())
}

/// The archive's own words: the layers as TileJSON wants them, and of every source its file, licence line and the
/// coordinate system it came in.
fn metadata(spec: &Spec, features: &[Piece]) -> Value {
    let mut layers: BTreeMap<&str, (u8, u8, Map<String, Value>)> = BTreeMap::new();
    for piece in features {
        let row = layers.entry(&piece.layer).or_insert((u8::MAX, 0, Map::new()));
        (row.0, row.1) = (row.0.min(piece.zooms[0]), row.1.max(piece.zooms[1]));
        for (key, value) in &piece.attributes {
            let kind = match value {
                Value::String(_) => "String",
                Value::Bool(_) => "Boolean",
                _ => "Number",
            };
            row.2.insert(key.clone(), kind.into());
        }
    }
    let vector_layers: Vec<Value> = layers
        .into_iter()
        .map(|(id, (min, max, fields))| json!({ "id": id, "minzoom": min, "maxzoom": max, "fields": fields }))
        .collect();
    let sources: Vec<Value> = spec
        .rules
        .iter()
        .map(|rule| {
            json!({ "file": rule.file, "layer": rule.layer, "crs": rule.crs.name(), "attribution": rule.attribution })
        })
        .collect();
    json!({
        "name": spec.name,
        "type": "baselayer",
        "format": "pbf",
        "crs": "EPSG:3857",
        "detail": spec.detail,
        "attribution": spec.attribution().join(" · "),
        "vector_layers": vector_layers,
        "sources": sources,
    })
}

fn layer_names(features: &[Piece]) -> BTreeSet<&str> {
    features.iter().map(|it| it.layer.as_str()).collect()
}
