//! Tiles by number, and where a tile's own coordinates lie in local metres.

use gulang_city::{LocalFrame, LonLat};
use serde::{Deserialize, Serialize};

/// One tile of the web's square pyramid (XYZ, `y` counted from the north).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TileId {
    pub z: u8,
    pub x: u32,
    pub y: u32,
}

/// The deepest zoom a tile number may have here.
pub const MAX_ZOOM: u8 = 24;
/// Fixed-point steps in a local metre.
pub const FIXED_PER_M: f64 = 64.0;

/// Local metres ([`LocalFrame::local_from_geo`]) in steps of 1/64 m; what does not fit is held at the largest value (about
/// 33,554 km, farther than any place on Earth), and NaN becomes 0.
pub fn fixed_from_metres((east, north): (f64, f64)) -> [i32; 2] {
    [(east * FIXED_PER_M).round() as i32, (north * FIXED_PER_M).round() as i32]
}

pub fn metres_from_fixed([east, north]: [i32; 2]) -> (f64, f64) {
    (f64::from(east) / FIXED_PER_M, f64::from(north) / FIXED_PER_M)
}

impl TileId {
    /// None where there is no such tile.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        (z <= MAX_ZOOM && x < 1 << z && y < 1 << z).then_some(Self { z, x, y })
    }

    pub fn parent(self) -> Option<Self> {
        (self.z > 0).then(|| Self { z: self.z - 1, x: self.x / 2, y: self.y / 2 })
    }

    /// The four tiles this one is cut into: north-west, north-east, south-west, south-east; none at [`MAX_ZOOM`].
    pub fn children(self) -> Option<[Self; 4]> {
        let Self { z, x, y } = self;
        let child = |dx, dy| Self { z: z + 1, x: x * 2 + dx, y: y * 2 + dy };
        (z < MAX_ZOOM).then(|| [child(0, 0), child(1, 0), child(0, 1), child(1, 1)])
    }

    /// The tile at `zoom` this one lies in; itself at its own zoom, none below it.
    pub fn ancestor(self, zoom: u8) -> Option<Self> {
        let up = self.z.checked_sub(zoom)?;
        Some(Self { z: zoom, x: self.x >> up, y: self.y >> up })
    }

    pub fn contains(self, other: Self) -> bool {
        other.ancestor(self.z) == Some(self)
    }

    /// West, south, east, north in degrees.
    pub fn bounds(self) -> [f64; 4] {
        let n = f64::from(1u32 << self.z);
        let lon = |x: u32| f64::from(x) / n * 360.0 - 180.0;
        let lat = |y: u32| (std::f64::consts::PI * (1.0 - 2.0 * f64::from(y) / n)).sinh().atan().to_degrees();
        [lon(self.x), lat(self.y + 1), lon(self.x + 1), lat(self.y)]
    }

    /// South-west and north-east corner in local metres.
    pub fn local_bounds(self, frame: &LocalFrame) -> [(f64, f64); 2] {
        let world = World::of(frame);
        let n = f64::from(1u32 << self.z);
        let at = |x: u32, y: u32| world.local_from_unit((f64::from(x) / n, f64::from(y) / n));
        [at(self.x, self.y + 1), at(self.x + 1, self.y)]
    }
}

impl std::fmt::Display for TileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.z, self.x, self.y)
    }
}

/// The whole square world in local metres. A local frame is Web Mercator moved and scaled, so this is all there is to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    /// Local metres of the world's north-west corner.
    pub west: f64,
    pub north: f64,
    /// The world's side.
    pub side_m: f64,
}

impl World {
    pub fn of(frame: &LocalFrame) -> Self {
        let (west, equator) = frame.local_from_geo(LonLat(-180.0, 0.0));
        let (east, _) = frame.local_from_geo(LonLat(180.0, 0.0));
        Self { west, north: equator + (east - west) / 2.0, side_m: east - west }
    }

    /// From 0–1 east and south of the north-west corner.
    pub fn local_from_unit(&self, (u, v): (f64, f64)) -> (f64, f64) {
        (self.west + u * self.side_m, self.north - v * self.side_m)
    }

    pub fn unit_from_local(&self, (east, north): (f64, f64)) -> (f64, f64) {
        ((east - self.west) / self.side_m, (self.north - north) / self.side_m)
    }
}

/// From a tile's own coordinates to fixed-point: a shift and a scale. A point on the edge of two tiles comes out the same
/// from both, since both compute it from the same whole number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToFixed {
    /// The tile's corner counted in the tile's own steps from the world's corner.
    corner: (f64, f64),
    west: f64,
    north: f64,
    step: f64,
}

impl ToFixed {
    pub fn new(tile: TileId, extent: u32, world: &World) -> Self {
        let extent = f64::from(extent);
        Self {
            corner: (f64::from(tile.x) * extent, f64::from(tile.y) * extent),
            west: world.west * FIXED_PER_M,
            north: world.north * FIXED_PER_M,
            step: world.side_m * FIXED_PER_M / (f64::from(1u32 << tile.z) * extent),
        }
    }

    pub fn at(&self, x: f64, y: f64) -> [i32; 2] {
        let east = self.west + (self.corner.0 + x) * self.step;
        let north = self.north - (self.corner.1 + y) * self.step;
        [rounded(east), rounded(north)]
    }

    /// Metres in one step of the tile.
    pub fn step_m(&self) -> f64 {
        self.step / FIXED_PER_M
    }
}

/// As `round() as i32`, without the call that rounding is where the processor is not known to have it.
fn rounded(value: f64) -> i32 {
    (value + 0.5f64.copysign(value)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> LocalFrame {
        LocalFrame::new(LonLat(118.11, 24.50))
    }

    #[test]
    fn parents_and_children_agree() {
        let tile = TileId::new(10, 848, 439).unwrap();
        for child in tile.children().unwrap() {
            assert_eq!(child.parent(), Some(tile));
            assert!(tile.contains(child) && !child.contains(tile));
        }
        assert_eq!(tile.ancestor(0), TileId::new(0, 0, 0));
        assert_eq!((TileId { z: 0, x: 0, y: 0 }.parent(), tile.ancestor(11)), (None, None));
        assert_eq!((TileId::new(3, 8, 0), TileId::new(25, 0, 0)), (None, None));
    }

    #[test]
    fn a_tile_lies_where_its_degrees_say() {
        let tile = TileId::new(14, 13_567, 7_026).unwrap();
        let [west, south, east, north] = tile.bounds();
        let [low, high] = tile.local_bounds(&frame());
        let to = ToFixed::new(tile, 4096, &World::of(&frame()));
        for (degrees, local, (x, y)) in [((west, south), low, (0.0, 4096.0)), ((east, north), high, (4096.0, 0.0))] {
            let expected = frame().local_from_geo(LonLat(degrees.0, degrees.1));
            assert!((local.0 - expected.0).abs() < 1e-3 && (local.1 - expected.1).abs() < 1e-3);
            let [e, n] = to.at(x, y);
            assert!((f64::from(e) / 64.0 - expected.0).abs() < 0.01 && (f64::from(n) / 64.0 - expected.1).abs() < 0.01);
        }
    }

    #[test]
    fn neighbours_share_their_edge_exactly() {
        let tile = TileId::new(14, 13_567, 7_026).unwrap();
        let east = TileId { x: tile.x + 1, ..tile };
        let child = TileId { z: 15, x: tile.x * 2 + 1, y: tile.y * 2 };
        let [a, b, c] = [tile, east, child].map(|it| ToFixed::new(it, 4096, &World::of(&frame())));
        for y in 0..2048 {
            assert_eq!(a.at(4096.0, f64::from(y)), b.at(0.0, f64::from(y)));
            assert_eq!(a.at(4096.0, f64::from(y)), c.at(4096.0, f64::from(2 * y)));
        }
    }

    #[test]
    fn far_and_mad_numbers_are_held() {
        assert_eq!(fixed_from_metres((f64::INFINITY, f64::NAN)), [i32::MAX, 0]);
        assert_eq!(fixed_from_metres((-1e300, 1.0)), [i32::MIN, 64]);
        assert_eq!(metres_from_fixed([64, -32]), (1.0, -0.5));
    }
}
