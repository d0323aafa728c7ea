//! The base map as vector tiles, in the formats everyone uses: Mapbox Vector Tiles inside one PMTiles v3 file.
//!
//! Two halves, either usable without the other. [`mesh_from_mvt`] makes one tile's bytes into what a GPU draws
//! ([`TileMesh`]), in local fixed-point metres; [`cover`] and [`zoom_for`] say which tiles a view needs. With the feature
//! `import`, `import` cuts a city's layers (GeoJSON, FlatGeobuf) into such a file.
//!
//! **Must not know:** colours, widths and dashes (a [`Paint`] is only an index; themes belong to whoever draws), where bytes
//! come from, any GPU or window. The mesh half has no threads, files or clock and builds for wasm.
//!
//! Coordinates are WGS-84 degrees outside, local fixed-point ([`fixed_from_metres`]) inside a mesh.

mod bench;
#[cfg(feature = "import")]
pub mod import;
mod lod;
mod mesh;
mod paint;
mod tile;

pub use bench::*;
pub use lod::*;
pub use mesh::*;
pub use paint::*;
pub use tile::*;
