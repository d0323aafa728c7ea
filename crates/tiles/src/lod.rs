//! Which tiles a view needs.

use crate::{MAX_ZOOM, TileId, tile::World};
use gulang_city::{EARTH_RADIUS_M, LocalFrame};
use serde::{Deserialize, Serialize};

/// How large a tile is meant to be shown, logical pixels a side.
pub const TILE_PX: f64 = 512.0;
/// No view asks for more tiles than this.
pub const MAX_COVER: usize = 1024;

/// The zoom whose tiles come closest to [`TILE_PX`] logical pixels a side, where a local metre at latitude `lat` takes
/// `px_per_m`. The nearest in size, so that a tile is never shown more than √2 times larger or smaller than meant.
///
/// Not limited to the zooms a file has; 0 for what is no number.
pub fn zoom_for(px_per_m: f64, lat: f64) -> u8 {
    // The world's side in local metres (Web Mercator scaled by the latitude's cosine).
    let world_px = std::f64::consts::TAU * EARTH_RADIUS_M * lat.to_radians().cos() * px_per_m;
    let zoom = (world_px / TILE_PX).log2().round();
    zoom.clamp(0.0, f64::from(MAX_ZOOM)) as u8
}

/// Which tiles a map file was made with; read it from the hub's `/tiles.json` (other fields there do not matter).
///
/// A tile within it that the file has not is open sea.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pyramid {
    pub minzoom: u8,
    pub maxzoom: u8,
    /// From a zoom on, tiles only where they touch a box.
    #[serde(default)]
    pub detail: Option<Detail>,
}

/// From `from_zoom` on there are only tiles that touch `bounds` (west, south, east, north in degrees).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    pub from_zoom: u8,
    pub bounds: [f64; 4],
}

impl Detail {
    /// Whether there are tiles of this one's zoom at its place.
    pub fn holds(&self, tile: TileId) -> bool {
        let ([west, south, east, north], [w, s, e, n]) = (tile.bounds(), self.bounds);
        tile.z < self.from_zoom || (west < e && east > w && south < n && north > s)
    }
}

impl Pyramid {
    /// The tile to draw where `tile` is wanted: itself, or the finest one above it that the file was made with.
    pub fn tile_for(&self, tile: TileId) -> TileId {
        let tile = tile.ancestor(self.maxzoom).unwrap_or(tile);
        match self.detail.filter(|it| !it.holds(tile)) {
            Some(detail) => tile.ancestor(detail.from_zoom.saturating_sub(1)).unwrap_or(tile),
            None => tile,
        }
    }

    /// As [`cover`], with the tiles the file was made with, each once, coarser ones first: drawn in this order, each finer
    /// tile hides what is under it.
    pub fn cover(&self, view: [(f64, f64); 4], zoom: u8, frame: &LocalFrame) -> Vec<TileId> {
        let zoom = zoom.max(self.minzoom).min(self.maxzoom);
        let mut tiles: Vec<TileId> = Vec::new();
        for tile in cover(view, zoom, frame) {
            let tile = self.tile_for(tile);
            if !tiles.contains(&tile) {
                tiles.push(tile);
            }
        }
        tiles.sort_by_key(|it| it.z);
        tiles
    }
}

/// The tiles of `zoom` that a view touches: those a quadrilateral (corners in local metres, in order around it) overlaps,
/// nearest to its middle first. A tilted camera's far corners may lie anywhere; the view ends at the world's edge, and at
/// [`MAX_COVER`] tiles, of which the nearest are kept.
pub fn cover(view: [(f64, f64); 4], zoom: u8, frame: &LocalFrame) -> Vec<TileId> {
    let zoom = zoom.min(MAX_ZOOM);
    let world = World::of(frame);
    let n = f64::from(1u32 << zoom);
    let corners = view.map(|at| {
        let (u, v) = world.unit_from_local(at);
        (u * n, v * n)
    });
    if corners.iter().any(|at| !at.0.is_finite() || !at.1.is_finite()) {
        return Vec::new();
    }
    let middle = corners.iter().fold((0.0, 0.0), |sum, at| (sum.0 + at.0 / 4.0, sum.1 + at.1 / 4.0));
    let span = |of: fn(&(f64, f64)) -> f64, middle: f64| {
        let low = corners.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        // Far beyond what could be kept there is nothing to look at.
        let reach = MAX_COVER as f64;
        let low = low.max(middle - reach).clamp(0.0, n);
        let high = high.min(middle + reach).clamp(0.0, n);
        (low.floor() as u32, high.ceil() as u32)
    };
    let (west, east) = span(|at| at.0, middle.0);
    let (north, south) = span(|at| at.1, middle.1);
    let mut found = Vec::new();
    for y in north..south {
        for x in west..east {
            if overlaps(&corners, (f64::from(x), f64::from(y))) {
                let away = (f64::from(x) + 0.5 - middle.0).powi(2) + (f64::from(y) + 0.5 - middle.1).powi(2);
                found.push((away, TileId { z: zoom, x, y }));
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found.truncate(MAX_COVER);
    found.into_iter().map(|it| it.1).collect()
}

/// Whether a convex quadrilateral and the unit square at `at` overlap: no edge of either has the other wholly outside.
fn overlaps(quad: &[(f64, f64); 4], at: (f64, f64)) -> bool {
    let square = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|it| (at.0 + it.0, at.1 + it.1));
    let outside_square = quad.iter().all(|p| p.0 <= at.0)
        || quad.iter().all(|p| p.0 >= at.0 + 1.0)
        || quad.iter().all(|p| p.1 <= at.1)
        || quad.iter().all(|p| p.1 >= at.1 + 1.0);
    if outside_square {
        return false;
    }
    let turns = |a: (f64, f64), b: (f64, f64), p: (f64, f64)| (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0);
    let area: f64 = (0..4).map(|i| turns((0.0, 0.0), quad[i], quad[(i + 1) % 4])).sum();
    !(0..4).any(|i| {
        let (a, b) = (quad[i], quad[(i + 1) % 4]);
        a != b && square.iter().all(|p| turns(a, b, *p) * area.signum() < 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::LonLat;

    fn frame() -> LocalFrame {
        LocalFrame::new(LonLat(118.11, 24.50))
    }

    fn square(center: (f64, f64), half: f64) -> [(f64, f64); 4] {
        [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| (center.0 + x * half, center.1 + y * half))
    }

    #[test]
    fn a_zoom_shows_its_tiles_at_about_512_px() {
        for zoom in 0..=18u8 {
            let [low, high] = TileId { z: zoom, x: 0, y: 0 }.local_bounds(&frame());
            let side_m = high.0 - low.0;
            assert_eq!(zoom_for(512.0 / side_m, 24.50), zoom);
            assert_eq!(zoom_for(512.0 * 1.4 / side_m, 24.50), zoom);
            assert_eq!(zoom_for(512.0 / 1.4 / side_m, 24.50), zoom);
        }
        assert_eq!((zoom_for(0.0, 24.5), zoom_for(f64::NAN, 24.5), zoom_for(f64::INFINITY, 24.5)), (0, 0, MAX_ZOOM));
    }

    #[test]
    fn a_view_is_covered_and_nothing_else() {
        let view = square((1000.0, -2000.0), 5000.0);
        let tiles = cover(view, 13, &frame());
        for &at in &view {
            let holds = |tile: &&TileId| {
                let [low, high] = tile.local_bounds(&frame());
                (low.0..=high.0).contains(&at.0) && (low.1..=high.1).contains(&at.1)
            };
            assert!(tiles.iter().any(|it| holds(&it)), "{at:?} is not covered");
        }
        for tile in &tiles {
            let [low, high] = tile.local_bounds(&frame());
            assert!(low.0 < 6000.0 && high.0 > -4000.0 && low.1 < 3000.0 && high.1 > -7000.0, "{tile} is not needed");
        }
        let [low, high] = tiles[0].local_bounds(&frame());
        assert!((low.0..=high.0).contains(&1000.0) && (low.1..=high.1).contains(&-2000.0), "the middle comes first");
    }

    #[test]
    fn a_turned_view_leaves_the_corners_out() {
        let diamond = [(0.0, -8000.0), (8000.0, 0.0), (0.0, 8000.0), (-8000.0, 0.0)];
        let (turned, straight) = (cover(diamond, 14, &frame()), cover(square((0.0, 0.0), 8000.0), 14, &frame()));
        assert!(turned.len() < straight.len() * 3 / 4, "{} of {}", turned.len(), straight.len());
        assert!(turned.iter().all(|it| straight.contains(it)));
    }

    #[test]
    fn beyond_the_detail_the_coarser_tiles_stand_in() {
        let detail = Detail { from_zoom: 9, bounds: [117.75, 24.20, 118.80, 25.00] };
        let pyramid = Pyramid { minzoom: 0, maxzoom: 14, detail: Some(detail) };
        let at = |lon: f64, lat: f64, zoom: u8| {
            let (x, y) = frame().local_from_geo(LonLat(lon, lat));
            pyramid.cover(square((x, y), 10.0), zoom, &frame())[0].z
        };
        assert_eq!((at(118.11, 24.50, 12), at(118.11, 24.50, 17), at(118.11, 24.50, 4)), (12, 14, 4));
        assert_eq!((at(121.50, 25.05, 12), at(121.50, 25.05, 8), at(121.50, 25.05, 3)), (8, 8, 3));
        let border = frame().local_from_geo(LonLat(118.80, 24.50));
        let tiles = pyramid.cover(square(border, 20_000.0), 12, &frame());
        assert_eq!((tiles[0].z, tiles[tiles.len() - 1].z), (8, 12), "both, the coarse first");
    }

    #[test]
    fn mad_views_are_harmless() {
        assert!(cover([(f64::NAN, 0.0); 4], 5, &frame()).is_empty());
        assert!(cover(square((0.0, 0.0), f64::INFINITY), 5, &frame()).is_empty());
        assert!(cover(square((0.0, 0.0), 1e12), 24, &frame()).len() <= MAX_COVER);
        assert!(cover(square((1e9, 0.0), 100.0), 10, &frame()).is_empty());
        assert_eq!(cover(square((0.0, 0.0), 1e12), 0, &frame()), [TileId { z: 0, x: 0, y: 0 }]);
    }
}
