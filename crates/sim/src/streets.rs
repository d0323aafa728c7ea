//! The streets things stand along, and the land they stand on: read from the pack's map layers, in local metres.
//!
//! A pack may come without a map, and a map's streets may end before its city does: about every district's centre and
//! every town without a street near, a small square grid of streets is laid, so that nothing is left bare.
//!
//! It knows nothing of what stands along a street.

use crate::dice::Dice;
use geojson::{FeatureCollection, GeometryValue, Position};
use gulang_city::{LocalFrame, LonLat, Pack};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// East and north of the pack's centre, m.
pub(crate) type Spot = [f32; 2];

/// What a street is, from the widest to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Motorway,
    Trunk,
    Primary,
    Secondary,
    Minor,
}

/// A stretch between two junctions or bends of the source.
#[derive(Clone, Debug)]
pub(crate) struct Street {
    pub(crate) class: Class,
    /// A bridge or a tunnel: nothing stands along it.
    is_structure: bool,
    pub(crate) line: Vec<Spot>,
}

/// A straight bit of a street on land, no longer than [`PIECE_M`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) class: Class,
    pub(crate) from: Spot,
    pub(crate) to: Spot,
}

/// Streets one after another, far enough to ride along.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    line: Vec<Spot>,
    /// Metres from the beginning to each point.
    at_m: Vec<f32>,
}

/// Streets and land.
pub(crate) struct Streets {
    pub(crate) frame: LocalFrame,
    pub(crate) streets: Vec<Street>,
    land: Option<Area>,
}

/// A layer of the pack's map that is there and cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the map layer {path} is refused: {why}; correct it or take it away")]
pub struct MapError {
    path: PathBuf,
    why: String,
}

const PIECE_M: f32 = 40.0;
/// A town with a street this near needs no grid.
const TOWN_REACH_M: f32 = 1500.0;
/// Half a grid's side, and the distance between its streets.
const GRID_HALF_M: i32 = 750;
const GRID_STEP_M: usize = 250;
/// A grid's streets are cut so long, as if there were a junction.
const GRID_CUT_M: i32 = 250;
/// How far a route is followed either way.
const ROUTE_HALF_M: f32 = 2600.0;

impl Class {
    /// From the middle to the kerb.
    pub(crate) fn half_width_m(self) -> f32 {
        match self {
            Self::Motorway => 14.0,
            Self::Trunk => 12.0,
            Self::Primary => 10.0,
            Self::Secondary => 8.0,
            Self::Minor => 4.5,
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "motorway" => Self::Motorway,
            "trunk" => Self::Trunk,
            "primary" => Self::Primary,
            "secondary" | "tertiary" => Self::Secondary,
            _ => Self::Minor,
        }
    }
}

impl Streets {
    /// Reads what the folder has of `map/roads`, `land`, `districts` and `places`; what it has not, it has not.
    pub(crate) fn read(folder: &Path, pack: &Pack) -> Result<Self, MapError> {
        let frame = LocalFrame::new(pack.center);
        let layer = |name: &str| read_layer(&folder.join("map").join(name));
        let mut streets = Vec::new();
        for feature in layer("roads.geojson")?.into_iter().flatten() {
            let text = |key: &str| feature.property(key).and_then(|it| it.as_str());
            let (class, is_structure) = (Class::from_name(text("class").unwrap_or("")), text("structure").is_some());
            let lines = match feature.geometry.as_ref().map(|it| &it.value) {
                Some(GeometryValue::LineString { coordinates }) => std::slice::from_ref(coordinates),
                Some(GeometryValue::MultiLineString { coordinates }) => coordinates.as_slice(),
                _ => &[],
            };
            let lines = lines.iter().map(|line| line_of(&frame, line)).filter(|line| line.len() > 1);
            streets.extend(lines.map(|line| Street { class, is_structure, line }));
        }
        let land = layer("land.geojson")?.map(|it| Area::of(&frame, &it));
        let city = layer("districts.geojson")?.map(|it| Area::of(&frame, &it));
        let mut it = Self { frame, streets, land };
        let mut towns: Vec<LonLat> = pack.districts.iter().map(|it| it.center).collect();
        for place in layer("places.geojson")?.into_iter().flatten() {
            let is_town = place.property("kind").and_then(|it| it.as_str()) == Some("town");
            if let (true, Some(GeometryValue::Point { coordinates })) =
                (is_town, place.geometry.as_ref().map(|it| &it.value))
            {
                towns.extend(place_of(coordinates));
            }
        }
        for town in towns {
            let spot = spot_of(&frame, town);
            if it.is_land(spot) && city.as_ref().is_none_or(|city| city.contains(spot)) && !it.has_street_near(spot) {
                it.lay_grid(spot);
            }
        }
        Ok(it)
    }

    pub(crate) fn is_land(&self, spot: Spot) -> bool {
        self.land.as_ref().is_none_or(|land| land.contains(spot))
    }

    pub(crate) fn place(&self, spot: Spot) -> LonLat {
        self.frame.geo_from_local((spot[0].into(), spot[1].into()))
    }

    /// Everything something can stand along, street by street.
    pub(crate) fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for street in self.streets.iter().filter(|it| !it.is_structure) {
            for ends in street.line.windows(2) {
                let n = (distance(ends[0], ends[1]) / PIECE_M).ceil().max(1.0) as usize;
                for k in 0..n {
                    let [from, to] = [k, k + 1].map(|k| between(ends[0], ends[1], k as f32 / n as f32));
                    if [from, between(from, to, 0.5), to].into_iter().all(|spot| self.is_land(spot)) {
                        pieces.push(Piece { class: street.class, from, to });
                    }
                }
            }
        }
        pieces
    }

    /// About `n` ways to ride, spread over all streets a bicycle may use.
    pub(crate) fn routes(&self, n: usize, dice: Dice) -> Vec<Route> {
        let may_ride = |street: &&Street| {
            !street.is_structure
                && !matches!(street.class, Class::Motorway | Class::Trunk)
                && street.line.iter().all(|spot| self.is_land(*spot))
        };
        let streets: Vec<&Street> = self.streets.iter().filter(may_ride).collect();
        let mut ends: HashMap<[i32; 2], Vec<usize>> = HashMap::new();
        for (i, street) in streets.iter().enumerate() {
            for end in [street.line.first(), street.line.last()].into_iter().flatten() {
                ends.entry(junction(*end)).or_default().push(i);
            }
        }
        let lengths: Vec<f64> = streets.iter().map(|it| length(&it.line).into()).collect();
        let whole: f64 = lengths.iter().sum();
        let (mut routes, mut so_far, mut k) = (Vec::new(), 0.0, 0);
        for (i, length) in lengths.iter().enumerate() {
            so_far += length;
            while k < n && (k as f64 + 0.5) / n as f64 * whole <= so_far {
                let mut used = vec![i];
                let mut line = follow(&streets, &ends, streets[i].line.clone(), &mut used, dice.of(k as u64).of(0));
                line.reverse();
                let line = follow(&streets, &ends, line, &mut used, dice.of(k as u64).of(1));
                routes.extend(Route::of(line));
                k += 1;
            }
        }
        routes
    }

    fn has_street_near(&self, spot: Spot) -> bool {
        self.streets.iter().any(|street| street.line.iter().any(|it| distance(*it, spot) < TOWN_REACH_M))
    }

    fn lay_grid(&mut self, [east, north]: Spot) {
        for across in (-GRID_HALF_M..=GRID_HALF_M).step_by(GRID_STEP_M) {
            for from in (-GRID_HALF_M..GRID_HALF_M).step_by(GRID_CUT_M as usize) {
                let [across, from, to] = [across, from, from + GRID_CUT_M].map(|it| it as f32);
                for line in [[[from, across], [to, across]], [[across, from], [across, to]]] {
                    let line = line.map(|it| [it[0] + east, it[1] + north]).to_vec();
                    self.streets.push(Street { class: Class::Minor, is_structure: false, line });
                }
            }
        }
    }
}

impl Route {
    fn of(line: Vec<Spot>) -> Option<Self> {
        let mut at_m = vec![0.0];
        for ends in line.windows(2) {
            at_m.push(at_m[at_m.len() - 1] + distance(ends[0], ends[1]));
        }
        (at_m[at_m.len() - 1] > 1.0).then_some(Self { line, at_m })
    }

    pub(crate) fn length_m(&self) -> f32 {
        self.at_m[self.at_m.len() - 1]
    }

    /// Where one is after so many metres, and the unit vector ahead.
    pub(crate) fn at(&self, metres: f32) -> (Spot, Spot) {
        let i = self.at_m.partition_point(|it| *it <= metres).clamp(1, self.line.len() - 1);
        let (a, b) = (self.line[i - 1], self.line[i]);
        let span = (self.at_m[i] - self.at_m[i - 1]).max(0.01);
        (between(a, b, ((metres - self.at_m[i - 1]) / span).clamp(0.0, 1.0)), unit(a, b))
    }
}

impl Piece {
    pub(crate) fn length_m(&self) -> f32 {
        distance(self.from, self.to)
    }

    /// At a share of its length, so many metres to the right (less than 0: left).
    pub(crate) fn beside(&self, share: f32, right_m: f32) -> Spot {
        aside(between(self.from, self.to, share), self.ahead(), right_m)
    }

    /// The unit vector along it.
    pub(crate) fn ahead(&self) -> Spot {
        unit(self.from, self.to)
    }
}

/// So many metres to the right of one who looks `ahead`.
pub(crate) fn aside(spot: Spot, ahead: Spot, right_m: f32) -> Spot {
    [spot[0] + ahead[1] * right_m, spot[1] - ahead[0] * right_m]
}

/// Goes on from the end of `line`, straight on where it can, until it is long enough or there is no way on.
fn follow(
    streets: &[&Street],
    ends: &HashMap<[i32; 2], Vec<usize>>,
    mut line: Vec<Spot>,
    used: &mut Vec<usize>,
    dice: Dice,
) -> Vec<Spot> {
    let (mut gone, mut step) = (0.0, 0);
    while gone < ROUTE_HALF_M {
        let (last, before) = (line[line.len() - 1], line[line.len() - 2]);
        let ahead = unit(before, last);
        let ways = ends.get(&junction(last)).into_iter().flatten().filter(|it| !used.contains(it));
        let best = ways
            .map(|&i| {
                let mut on = streets[i].line.clone();
                if junction(on[0]) != junction(last) {
                    on.reverse();
                }
                let towards = unit(on[0], on[1]);
                let straight = ahead[0] * towards[0] + ahead[1] * towards[1];
                (f64::from(straight) + dice.of(step).of(i as u64).unit(), i, on)
            })
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, i, on)) = best else { break };
        used.push(i);
        gone += length(&on);
        line.extend_from_slice(&on[1..]);
        step += 1;
    }
    line
}

/// Two ends closer than about half a metre are one junction.
fn junction(spot: Spot) -> [i32; 2] {
    spot.map(|it| (it * 2.0).round() as i32)
}

fn between(a: Spot, b: Spot, share: f32) -> Spot {
    [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]
}

fn distance(a: Spot, b: Spot) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn unit(a: Spot, b: Spot) -> Spot {
    let d = distance(a, b).max(1e-3);
    [(b[0] - a[0]) / d, (b[1] - a[1]) / d]
}

fn length(line: &[Spot]) -> f32 {
    line.windows(2).map(|it| distance(it[0], it[1])).sum()
}

// ---------------------------------------------------------------- layers

fn read_layer(path: &Path) -> Result<Option<FeatureCollection>, MapError> {
    let refused = |why: String| MapError { path: path.to_owned(), why };
    match std::fs::read_to_string(path) {
        Ok(text) => text.parse().map(Some).map_err(|why: geojson::Error| refused(why.to_string())),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(refused(why.to_string())),
    }
}

fn place_of(position: &Position) -> Option<LonLat> {
    let [lon, lat, ..] = position.as_slice() else { return None };
    Some(LonLat(*lon, *lat)).filter(|it| it.is_sane())
}

fn spot_of(frame: &LocalFrame, place: LonLat) -> Spot {
    let (east, north) = frame.local_from_geo(place);
    [east as f32, north as f32]
}

fn line_of(frame: &LocalFrame, positions: &[Position]) -> Vec<Spot> {
    let mut line: Vec<Spot> = positions.iter().filter_map(place_of).map(|it| spot_of(frame, it)).collect();
    line.dedup();
    line
}

/// Polygons as rows of crossings: whether a spot is inside is one search in its row, exact in the row's middle.
struct Area {
    south: f32,
    rows: Vec<Vec<f32>>,
}

const ROW_M: f32 = 10.0;
/// 300 km of rows; a wider layer is cut off.
const MAX_ROWS: usize = 30_000;

impl Area {
    fn of(frame: &LocalFrame, layer: &FeatureCollection) -> Self {
        let mut rings = Vec::new();
        for geometry in layer.features.iter().filter_map(|it| it.geometry.as_ref()) {
            let polygons = match &geometry.value {
                GeometryValue::Polygon { coordinates } => std::slice::from_ref(coordinates),
                GeometryValue::MultiPolygon { coordinates } => coordinates.as_slice(),
                _ => &[],
            };
            rings.extend(polygons.iter().flatten().map(|ring| line_of(frame, ring)));
        }
        let norths = || rings.iter().flatten().map(|spot| spot[1]);
        let (south, north) = (norths().fold(f32::MAX, f32::min), norths().fold(f32::MIN, f32::max));
        let n_rows = if south < north { (((north - south) / ROW_M).ceil() as usize).min(MAX_ROWS) } else { 0 };
        let mut rows = vec![Vec::new(); n_rows];
        for ends in rings.iter().flat_map(|ring| ring.windows(2)) {
            let (a, b) = if ends[0][1] <= ends[1][1] { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
            // Rows whose middle lies in [a, b).
            let first = ((a[1] - south) / ROW_M - 0.5).ceil().max(0.0) as usize;
            for (i, row) in rows.iter_mut().enumerate().skip(first) {
                let middle = south + (i as f32 + 0.5) * ROW_M;
                if middle >= b[1] {
                    break;
                }
                row.push(a[0] + (b[0] - a[0]) * (middle - a[1]) / (b[1] - a[1]));
            }
        }
        for row in &mut rows {
            row.sort_by(f32::total_cmp);
        }
        Self { south, rows }
    }

    fn contains(&self, [east, north]: Spot) -> bool {
        let row = ((north - self.south) / ROW_M).floor();
        row >= 0.0 && self.rows.get(row as usize).is_some_and(|row| row.partition_point(|it| *it < east) % 2 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny_pack;

    fn shipped() -> Streets {
        let folder = Path::new("../../assets/cities/xiamen");
        Streets::read(folder, &crate::load_pack(folder).unwrap()).unwrap()
    }

    #[test]
    fn the_shipped_map_has_streets_land_and_grids_where_it_has_none() {
        let streets = shipped();
        let spot = |lon, lat| spot_of(&streets.frame, LonLat(lon, lat));
        for (lon, lat, is_land) in [(118.10, 24.47, true), (118.12, 24.775, true), (118.05, 24.47, false)] {
            assert_eq!(streets.is_land(spot(lon, lat)), is_land, "{lon}, {lat}");
        }
        assert!(streets.has_street_near(spot(118.12, 24.775)), "同安 has streets though the map's end before it");
        let pieces = streets.pieces();
        assert!(pieces.iter().all(|it| it.length_m() <= PIECE_M + 0.1));
        let km = pieces.iter().map(|it| f64::from(it.length_m())).sum::<f64>() / 1000.0;
        assert!((1200.0..2500.0).contains(&km), "{km}");
        let routes = streets.routes(200, Dice::new(1));
        assert_eq!(routes.len(), 200);
        let n_long = routes.iter().filter(|it| it.length_m() > 2000.0).count();
        assert!(n_long > 120, "{n_long}");
    }

    #[test]
    fn a_pack_without_a_map_has_grids_about_its_districts() {
        let dir = tempfile::tempdir().unwrap();
        let streets = Streets::read(dir.path(), &tiny_pack()).unwrap();
        assert!(!streets.pieces().is_empty() && !streets.routes(5, Dice::new(1)).is_empty());
    }

    #[test]
    fn a_broken_layer_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("map")).unwrap();
        std::fs::write(dir.path().join("map/roads.geojson"), "{").unwrap();
        let error = Streets::read(dir.path(), &tiny_pack()).err().unwrap().to_string();
        assert!(error.contains("roads.geojson"), "{error}");
    }

    #[test]
    fn a_route_is_walked_from_end_to_end() {
        let route = Route::of(vec![[0.0, 0.0], [10.0, 0.0], [10.0, 30.0]]).unwrap();
        assert_eq!(route.length_m(), 40.0);
        assert_eq!(route.at(5.0), ([5.0, 0.0], [1.0, 0.0]));
        assert_eq!(route.at(25.0), ([10.0, 15.0], [0.0, 1.0]));
        assert_eq!(route.at(99.0).0, [10.0, 30.0]);
        assert_eq!(aside([0.0, 0.0], [0.0, 1.0], 3.0), [3.0, 0.0]);
    }
}
