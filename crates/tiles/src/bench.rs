//! How fast tiles become meshes, beside how fast they can be read at all. Tests never time; `gulang-hub bench tiles` does.

use crate::{Mesher, TileError, TileId};
use fast_mvt::{MvtReaderRef, MvtResult};
use gulang_city::LocalFrame;
use serde::Serialize;
use std::time::Instant;

/// What [`bench`] measured, all in one run on one thread.
#[derive(Clone, Debug, Serialize)]
pub struct TilesReport {
    pub n_tiles: usize,
    /// Of all tiles, decompressed; 10^6 bytes.
    pub mb: f64,
    /// Every attribute and geometry read by the fastest kept decoder (fast-mvt) and thrown away: the floor.
    pub decode_mb_per_s: f64,
    /// From bytes to a mesh ready for the GPU.
    pub mesh_mb_per_s: f64,
    /// `mesh_mb_per_s / decode_mb_per_s`.
    pub ratio: f64,
    /// Corners, line pieces and wall corners of all meshes.
    pub n_vertices: usize,
    /// How often the tiles were gone through; the best round counts.
    pub n_rounds: usize,
}

/// Reads and meshes all `tiles` (decompressed) by turns, `ROUNDS` times; the best round of each counts. Native only: a
/// browser's wasm has no clock here.
pub fn bench(tiles: &[(TileId, Vec<u8>)], frame: &LocalFrame) -> Result<TilesReport, TileError> {
    const ROUNDS: usize = 7;
    let mb = tiles.iter().map(|it| it.1.len()).sum::<usize>() as f64 / 1e6;
    let (mut decode_secs, mut mesh_secs, mut n_vertices) = (f64::INFINITY, f64::INFINITY, 0);
    let mut mesher = Mesher::default();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for (tile, bytes) in tiles {
            let n = decode(bytes).map_err(|source| TileError::Decode { tile: *tile, source })?;
            std::hint::black_box(n);
        }
        decode_secs = decode_secs.min(started.elapsed().as_secs_f64());
        let started = Instant::now();
        n_vertices = 0;
        for (tile, bytes) in tiles {
            n_vertices += std::hint::black_box(mesher.mesh(*tile, bytes, frame)?).n_vertices();
        }
        mesh_secs = mesh_secs.min(started.elapsed().as_secs_f64());
    }
    let per_sec = |secs: f64| mb / secs.max(f64::MIN_POSITIVE);
    let (decode_mb_per_s, mesh_mb_per_s) = (per_sec(decode_secs), per_sec(mesh_secs));
    Ok(TilesReport {
        n_tiles: tiles.len(),
        mb,
        decode_mb_per_s,
        mesh_mb_per_s,
        ratio: mesh_mb_per_s / decode_mb_per_s,
        n_vertices,
        n_rounds: ROUNDS,
    })
}

fn decode(bytes: &[u8]) -> MvtResult<usize> {
    let reader = MvtReaderRef::new(bytes)?;
    let mut n = 0;
    for feature in reader.layers().flat_map(|layer| layer.features()) {
        std::hint::black_box(feature.geometry()?);
        for property in feature.properties() {
            std::hint::black_box(property?);
            n += 1;
        }
    }
    Ok(n)
}
