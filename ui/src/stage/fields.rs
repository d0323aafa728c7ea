//! Fields over the ground: a grid of values, its bands and lines, and how readings at a few places become one.
//!
//! A field never tells of places nobody measured near: it is cut off [`REACH_M`] beyond the outermost gauges.

use super::{
    geometry::{Polygon, area, difference, hull, intersection, local},
    scene::Scene,
    sketch::{At, Sketch, circle},
};
use contour::ContourBuilder;
use gulang_city::{Budget, City, Freshness, LonLat, SensorKind, Timestamp, freshness};
use spade::{DelaunayTriangulation, HasPosition, Point2, Triangulation};

/// So far beyond the outermost gauges their field is still drawn, m.
pub const REACH_M: f64 = 3_000.0;
/// So many gauges make a field.
pub const FEWEST_GAUGES: usize = 4;

/// Values at the corners of squares, row by row from the south-west.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Of the first value.
    pub origin: At,
    /// m.
    pub step: f64,
    /// Values to the east, rows to the north.
    pub n: (usize, usize),
    /// `f64::INFINITY` where there is none to be had (a place never reached).
    pub values: Vec<f64>,
}

/// What lies between two values.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub from: f64,
    /// `f64::INFINITY` for the last.
    pub to: f64,
    pub polygons: Vec<Polygon>,
}

impl Grid {
    /// Fills `west, south, east, north` with at most `most` values along its longer side; `None` if it spans nothing.
    pub fn over([west, south, east, north]: [f64; 4], most: usize, mut value: impl FnMut(At) -> f64) -> Option<Self> {
        let (width, height) = (east - west, north - south);
        if !(width > 0.0 && height > 0.0 && width.is_finite() && height.is_finite() && most >= 2) {
            return None;
        }
        let step = width.max(height) / (most - 1) as f64;
        let n = ((width / step).ceil() as usize + 1, (height / step).ceil() as usize + 1);
        let at = |i: usize| (west + (i % n.0) as f64 * step, south + (i / n.0) as f64 * step);
        let values = (0..n.0 * n.1).map(|i| value(at(i))).collect();
        Some(Self { origin: (west, south), step, n, values })
    }

    /// The bands between each of `from` (ascending) and the next, the last without an end.
    pub fn bands(&self, from: &[f64]) -> Vec<Band> {
        let highest = self.finite_max().max(from.last().copied().unwrap_or(0.0));
        // So far above that every band ends at the last value known, not on the way to one that is not.
        let above = 1e9 * (1.0 + highest.abs());
        let values = self.finite_values(above);
        let rings = |level: f64| {
            let lines = self.builder().lines(&values, &[level]).unwrap_or_default();
            let rings = lines.into_iter().flat_map(|it| it.into_inner().0.0);
            rings.map(|ring| ring.0.iter().map(|at| (at.x, at.y)).collect()).collect::<Vec<Vec<At>>>()
        };
        let unknown = rings(highest + 1.0);
        let above_each: Vec<Vec<Vec<At>>> = from.iter().map(|it| rings(*it)).collect();
        let bands = from.iter().enumerate().map(|(i, &from_value)| {
            let next = above_each.get(i + 1);
            let polygons = difference(&above_each[i], next.unwrap_or(&unknown));
            // Where nothing is known begins, all bands above meet in one line; a line is no band.
            let polygons = polygons.into_iter().filter(|it| width(it) > self.step * 1e-3).collect();
            Band { from: from_value, to: from.get(i + 1).copied().unwrap_or(f64::INFINITY), polygons }
        });
        bands.filter(|it| !it.polygons.is_empty()).collect()
    }

    /// The lines of one value, open where they meet the grid's edge or a place without a value.
    pub fn lines(&self, level: f64) -> Vec<Vec<At>> {
        let values = self.finite_values(self.finite_max().max(level) + 1.0);
        let Ok(lines) = self.builder().lines(&values, &[level]) else { return Vec::new() };
        let mut open = Vec::new();
        for ring in lines.into_iter().flat_map(|it| it.into_inner().0.0) {
            let ring: Vec<At> = ring.0.iter().map(|at| (at.x, at.y)).collect();
            let mut line: Vec<At> = Vec::new();
            for at in ring {
                if self.is_known_about(at) {
                    line.push(at);
                } else if line.len() > 1 {
                    open.push(std::mem::take(&mut line));
                } else {
                    line.clear();
                }
            }
            if line.len() > 1 {
                open.push(line);
            }
        }
        open
    }

    /// Both values a line runs between are in the grid and known.
    fn is_known_about(&self, at: At) -> bool {
        let (x, y) = ((at.0 - self.origin.0) / self.step, (at.1 - self.origin.1) / self.step);
        let (east, north) = ((self.n.0 - 1) as f64, (self.n.1 - 1) as f64);
        if !(x >= 0.0 && y >= 0.0 && x <= east && y <= north) {
            return false;
        }
        let is_known = |x: f64, y: f64| self.values[y as usize * self.n.0 + x as usize].is_finite();
        is_known(x.floor(), y.floor()) && is_known(x.ceil(), y.ceil())
    }

    fn finite_max(&self) -> f64 {
        self.values.iter().copied().filter(|it| it.is_finite()).fold(f64::MIN, f64::max).max(-1e12)
    }

    /// What `contour` can work with: no value becomes `above`, what is not a number lies below all.
    fn finite_values(&self, above: f64) -> Vec<f64> {
        let finite = |it: &f64| {
            if it.is_finite() {
                *it
            } else if *it == f64::INFINITY {
                above
            } else {
                -1e12
            }
        };
        self.values.iter().map(finite).collect()
    }

    /// `contour` puts the first value half a step into the grid.
    fn builder(&self) -> ContourBuilder {
        let half = self.step / 2.0;
        let builder = ContourBuilder::new(self.n.0, self.n.1, true).x_step(self.step).y_step(self.step);
        builder.x_origin(self.origin.0 - half).y_origin(self.origin.1 - half)
    }
}

/// How wide a polygon is, about: its area over half its edge.
fn width(polygon: &Polygon) -> f64 {
    let edge = |ring: &Vec<At>| ring.windows(2).map(|it| (it[1].0 - it[0].0).hypot(it[1].1 - it[0].1)).sum::<f64>();
    let holes: f64 = polygon.iter().skip(1).map(|it| area(it).abs()).sum();
    let whole = polygon.first().map_or(0.0, |it| area(it).abs());
    2.0 * (whole - holes) / polygon.iter().map(edge).sum::<f64>().max(f64::MIN_POSITIVE)
}

/// A value measured at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauged {
    pub at: At,
    pub value: f64,
}

impl HasPosition for Gauged {
    type Scalar = f64;
    fn position(&self) -> Point2<f64> {
        Point2::new(self.at.0, self.at.1)
    }
}

/// Bands of what gauges measured, `from` ascending; `None` if there are too few. Between gauges by natural neighbours
/// (Sibson), beyond the outermost as on the line between them, cut off at [`REACH_M`].
pub fn bands_of_gauges(gauges: &[Gauged], from: &[f64]) -> Option<Vec<Band>> {
    const MOST_VALUES: usize = 72;
    let sane = gauges.iter().filter(|it| it.value.is_finite() && super::geometry::is_near(&it.at)).copied();
    let mesh = DelaunayTriangulation::<Gauged>::bulk_load(sane.collect()).ok()?;
    if mesh.num_vertices() < FEWEST_GAUGES {
        return None;
    }
    let around: Vec<At> = mesh.vertices().flat_map(|it| circle(it.data().at, REACH_M).into_iter().step_by(6)).collect();
    let bounds = hull(&around);
    let hull_edges: Vec<[Gauged; 2]> =
        mesh.convex_hull().map(|edge| [*edge.from().data(), *edge.to().data()]).collect();
    let grid = Grid::over(box_of(&bounds)?, MOST_VALUES, |at| {
        let at = Point2::new(at.0, at.1);
        let within = mesh.natural_neighbor().interpolate(|it| it.data().value, at);
        within.unwrap_or_else(|| value_on_hull(&hull_edges, (at.x, at.y)))
    })?;
    let clip = [vec![bounds]];
    let cut = grid.bands(from).into_iter().map(|band| {
        let polygons = band.polygons.iter().flat_map(|it| intersection(it, &clip)).collect();
        Band { polygons, ..band }
    });
    Some(cut.filter(|it| !it.polygons.is_empty()).collect())
}

/// The value at the place nearest to `at` on the outermost gauges' edges, which run straight from gauge to gauge.
fn value_on_hull(edges: &[[Gauged; 2]], at: At) -> f64 {
    let nearest = edges.iter().map(|[a, b]| {
        let (east, north) = (b.at.0 - a.at.0, b.at.1 - a.at.1);
        let along = (at.0 - a.at.0) * east + (at.1 - a.at.1) * north;
        let t = (along / (east * east + north * north).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        let away = (a.at.0 + east * t - at.0).hypot(a.at.1 + north * t - at.1);
        (away, a.value + (b.value - a.value) * t)
    });
    nearest.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(0.0, |it| it.1)
}

/// Points per km² about each place of a grid: a Gaussian of `width_m` standard deviation about every point.
pub fn density(points: &[At], width_m: f64, most: usize) -> Option<Grid> {
    let near: Vec<At> = points.iter().filter(|it| super::geometry::is_near(it)).copied().collect();
    let [west, south, east, north] = box_of(&near)?;
    let margin = 3.0 * width_m;
    let bounds = [west - margin, south - margin, east + margin, north + margin];
    let mut grid = Grid::over(bounds, most, |_| 0.0)?;
    let peak = 1e6 / (std::f64::consts::TAU * width_m * width_m);
    let reach = (margin / grid.step).ceil() as i64;
    for at in near {
        let cell = |value: f64, origin: f64| ((value - origin) / grid.step).round() as i64;
        let (x, y) = (cell(at.0, grid.origin.0), cell(at.1, grid.origin.1));
        for row in (y - reach).max(0)..=(y + reach).min(grid.n.1 as i64 - 1) {
            for column in (x - reach).max(0)..=(x + reach).min(grid.n.0 as i64 - 1) {
                let east = grid.origin.0 + column as f64 * grid.step - at.0;
                let north = grid.origin.1 + row as f64 * grid.step - at.1;
                let fall = (-(east * east + north * north) / (2.0 * width_m * width_m)).exp();
                grid.values[row as usize * grid.n.0 + column as usize] += peak * fall;
            }
        }
    }
    Some(grid)
}

/// The gauges of a kind whose readings are fresh.
pub fn fresh_gauges(scene: &Scene, kind: SensorKind) -> Vec<Gauged> {
    let of_kind = scene.city.sensors.values().enumerate().filter(|(_, it)| it.kind == kind && it.at.is_sane());
    let gauged = of_kind.filter_map(|(i, sensor)| {
        let (value, at) = scene.readings.gauges.get(i)?;
        let is_fresh = freshness(Budget::Weather, at, scene.now) == Freshness::Fresh && value.is_finite();
        is_fresh.then(|| Gauged { at: local(&scene.frame, sensor.at), value: f64::from(value) })
    });
    gauged.collect()
}

/// Shades bands in one quiet colour, the higher the more of it.
pub fn shade(sketch: &mut Sketch, scene: &Scene, bands: &[Band], from: &[f64]) {
    for band in bands {
        let alpha = band_alpha(from, band.from);
        band.polygons.iter().for_each(|it| sketch.area(it, scene.palette.field, alpha));
    }
}

/// How strongly the band that begins at `value` is shaded; the legend shows the same.
pub fn band_alpha(from: &[f64], value: f64) -> f32 {
    let rank = from.iter().filter(|it| **it <= value).count().max(1);
    0.10 + 0.45 * (rank - 1) as f32 / (from.len().max(2) - 1) as f32
}

/// Where the wind blows to at a place, degrees from north, by where the nearest typhoon's eye is: an estimate (估算), for no
/// gauge tells its direction. `None` farther than 600 km from any, where other weather rules.
///
/// Counter-clockwise about the eye and 22.6° inwards: the mean inflow over the sea of Zhang and Uhlhorn, Hurricane Sea
/// Surface Inflow Angle and an Observation-Based Parametric Model, Monthly Weather Review 140 (2012) 3587–3605. Over land
/// it is larger. South of the equator none is given.
pub fn wind_towards_deg(city: &City, place: LonLat, now: Timestamp) -> Option<f64> {
    const INFLOW_DEG: f64 = 22.6;
    const WITHIN_M: f64 = 600_000.0;
    let eyes = city.typhoons.values().filter(|it| it.active).filter_map(|typhoon| {
        let fix = typhoon.track.iter().rev().find(|it| it.at <= now)?;
        (fix.center.is_sane() && fix.center.1 > 0.0).then_some(fix.center)
    });
    let eye = eyes.min_by(|a, b| a.distance_m(place).total_cmp(&b.distance_m(place)))?;
    let distance_m = eye.distance_m(place);
    let outwards = eye.bearing_to(place);
    (distance_m > 1_000.0 && distance_m < WITHIN_M).then(|| (outwards - 90.0 - INFLOW_DEG).rem_euclid(360.0))
}

/// West, south, east, north of some places; `None` for none.
pub fn box_of(places: &[At]) -> Option<[f64; 4]> {
    let first = places.first()?;
    Some(places.iter().fold([first.0, first.1, first.0, first.1], |[w, s, e, n], at| {
        [w.min(at.0), s.min(at.1), e.max(at.0), n.max(at.1)]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::geometry::is_inside;

    fn sloping() -> Grid {
        Grid::over([0.0, 0.0, 1000.0, 1000.0], 21, |at| at.0 / 100.0).expect("a grid")
    }

    #[test]
    fn a_slope_has_bands_as_wide_as_asked() {
        let bands = sloping().bands(&[2.0, 5.0]);
        assert_eq!((bands.len(), bands[0].from, bands[0].to, bands[1].to), (2, 2.0, 5.0, f64::INFINITY));
        assert!(is_inside((350.0, 500.0), &bands[0].polygons[0]) && !is_inside((150.0, 500.0), &bands[0].polygons[0]));
        assert!(is_inside((750.0, 500.0), &bands[1].polygons[0]));
    }

    #[test]
    fn a_line_lies_at_its_value_and_does_not_follow_the_edge() {
        let lines = sloping().lines(3.2);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].iter().all(|at| (at.0 - 320.0).abs() < 1.0), "{lines:?}");
    }

    #[test]
    fn a_line_stops_where_nothing_is_known() {
        let grid =
            Grid::over([0.0, 0.0, 1000.0, 1000.0], 21, |at| if at.1 > 500.0 { f64::INFINITY } else { at.0 / 100.0 });
        let lines = grid.expect("a grid").lines(3.2);
        assert!(lines.iter().flatten().all(|at| at.1 <= 550.0 && (at.0 - 320.0).abs() < 1.0), "{lines:?}");
        assert!(!lines.is_empty());
    }

    #[test]
    fn what_is_unknown_is_in_no_band() {
        let grid =
            Grid::over([0.0, 0.0, 1000.0, 1000.0], 21, |at| if at.1 > 500.0 { f64::INFINITY } else { at.0 / 100.0 });
        let bands = grid.expect("a grid").bands(&[0.0, 5.0, 60.0]);
        let last = bands.last().expect("a band");
        assert_eq!((bands.len(), last.from, last.to), (2, 5.0, 60.0));
        // One step more at the grid's own edge, where `contour` does not interpolate.
        assert!(bands.iter().flat_map(|it| &it.polygons).flatten().flatten().all(|at| at.1 <= 550.1), "{bands:?}");
    }

    #[test]
    fn a_field_of_gauges_ends_near_them_and_needs_four() {
        let gauges: Vec<Gauged> =
            [(0.0, 0.0), (20e3, 0.0), (0.0, 20e3), (20e3, 20e3)].map(|at| Gauged { at, value: at.0 / 1000.0 }).to_vec();
        let bands = bands_of_gauges(&gauges, &[-1.0, 10.0]).expect("four gauges");
        let covered: f64 = bands.iter().flat_map(|it| &it.polygons).flatten().map(|ring| area(ring)).sum();
        // The square of the gauges and REACH_M about it, with round corners.
        assert!((covered.abs() / 1e6 - 668.0).abs() < 12.0, "{covered}");
        assert!(bands[1].polygons.iter().flatten().flatten().all(|at| at.0 > 9_000.0));
        assert_eq!(bands_of_gauges(&gauges[..3], &[0.0]), None);
        let twice = [gauges[0], gauges[0], gauges[0], gauges[1]];
        assert_eq!(bands_of_gauges(&twice, &[0.0]), None);
    }

    #[test]
    fn beyond_the_outermost_gauges_the_value_is_that_of_the_nearest_place_between_them() {
        let edge = [((0.0, 0.0), 2.0), ((10.0, 0.0), 4.0)].map(|(at, value)| Gauged { at, value });
        assert_eq!([(5.0, -3.0), (20.0, -1.0), (-5.0, 0.0)].map(|at| value_on_hull(&[edge], at)), [3.0, 4.0, 2.0]);
    }

    #[test]
    fn the_wind_turns_about_the_eye_against_the_clock() {
        let mut stand = crate::stage::testing::Stand::quiet();
        assert_eq!(wind_towards_deg(&stand.city, stand.city.center, stand.now), None);
        let eye = stand.typhoon().track.last().expect("a fix").center;
        let towards =
            |dlon: f64, dlat: f64| wind_towards_deg(&stand.city, LonLat(eye.0 + dlon, eye.1 + dlat), stand.now);
        // East of the eye it blows north and a little inwards, north of it west.
        let east = towards(1.0, 0.0).expect("near");
        assert!((east - 337.4).abs() < 1.0, "{east}");
        let north = towards(0.0, 1.0).expect("near");
        assert!((north - 247.4).abs() < 1.0, "{north}");
        assert_eq!(towards(20.0, 0.0), None);
    }

    #[test]
    fn density_counts_every_point_once() {
        let grid = density(&[(0.0, 0.0), (4000.0, 1000.0), (f64::NAN, 0.0)], 800.0, 80).expect("points");
        let total: f64 = grid.values.iter().sum::<f64>() * grid.step * grid.step / 1e6;
        assert!((total - 2.0).abs() < 0.05, "{total}");
        assert_eq!(density(&[], 800.0, 80), None);
    }
}
