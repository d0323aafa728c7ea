//! Shapes several overlays need, as pure functions of local metres: paths that cross the 180° meridian, wind circles, hulls,
//! unions, and how a time reads beside them. Knows no camera, no sketch and no colour.
//!
//! Whatever is not a number, or farther than anything that is drawn, is left out here.

use super::sketch::At;
use gulang_city::{LocalFrame, LonLat, Timestamp, WindRadii};
use i_overlay::{
    core::{fill_rule::FillRule, overlay_rule::OverlayRule},
    float::{simplify::SimplifyShape, single::SingleFloatOverlay},
};

/// An outline and its holes.
pub type Polygon = Vec<Vec<At>>;

/// As `gulang_city`'s distances: the mean sphere, m.
const MEAN_RADIUS_M: f64 = 6_371_008.8;
/// Farther from the city's centre nothing is drawn; as in [`super::sketch`].
const FARTHEST_M: f64 = 1.5e7;

/// A place in local metres, on the side of the 180° meridian that is nearer to the city.
pub fn local(frame: &LocalFrame, place: LonLat) -> At {
    frame.local_from_geo(LonLat(nearest_turn(place.0, frame.center().0), place.1))
}

/// A path in local metres that never jumps round the Earth: each place lies within 180° of the one before it, the first of
/// the city. Places that are not on Earth are left out.
pub fn path(frame: &LocalFrame, places: impl IntoIterator<Item = LonLat>) -> Vec<At> {
    let mut near = frame.center().0;
    let sane = places.into_iter().filter(|it| it.is_sane());
    sane.map(|it| {
        near = nearest_turn(it.0, near);
        frame.local_from_geo(LonLat(near, it.1))
    })
    .collect()
}

/// `lon` plus as many whole turns as bring it within 180° of `near`.
pub fn nearest_turn(lon: f64, near: f64) -> f64 {
    near + (lon - near + 180.0).rem_euclid(360.0) - 180.0
}

/// The place `distance_m` from `from` along a great circle that starts towards `bearing` (degrees from north). Its longitude
/// is not brought back into ±180°, so that outlines stay whole.
pub fn destination(from: LonLat, bearing: f64, distance_m: f64) -> LonLat {
    let (lat, bearing, angle) = (from.1.to_radians(), bearing.to_radians(), distance_m / MEAN_RADIUS_M);
    let sin_lat = lat.sin() * angle.cos() + lat.cos() * angle.sin() * bearing.cos();
    let east = bearing.sin() * angle.sin() * lat.cos();
    let lon = from.0 + east.atan2(angle.cos() - lat.sin() * sin_lat).to_degrees();
    LonLat(lon, sin_lat.clamp(-1.0, 1.0).asin().to_degrees())
}

/// A circle true to distances on the ground, which local metres are only near the city.
pub fn true_circle(frame: &LocalFrame, center: LonLat, radius_m: f64) -> Vec<At> {
    let center = LonLat(nearest_turn(center.0, frame.center().0), center.1);
    (0..96).map(|i| frame.local_from_geo(destination(center, f64::from(i) * 3.75, radius_m))).collect()
}

/// A wind circle as it is reported: four quarter arcs (NE, SE, SW, NW) with steps between them; `None` if no radius is.
pub fn stepped_circle(frame: &LocalFrame, center: LonLat, radii: WindRadii) -> Option<Vec<At>> {
    const STEPS: u32 = 24;
    let radii_m = radii.0.map(|km| if km.is_finite() { f64::from(km.clamp(0.0, 3000.0)) * 1000.0 } else { 0.0 });
    if !center.is_sane() || radii_m.iter().all(|it| *it <= 0.0) {
        return None;
    }
    let center = LonLat(nearest_turn(center.0, frame.center().0), center.1);
    let mut outline = Vec::new();
    for (quadrant, radius_m) in radii_m.into_iter().enumerate() {
        for step in 0..=STEPS {
            let bearing = quadrant as f64 * 90.0 + f64::from(step) * 90.0 / f64::from(STEPS);
            outline.push(frame.local_from_geo(destination(center, bearing, radius_m)));
        }
    }
    Some(outline)
}

/// The convex hull, counter-clockwise (Andrew's monotone chain); empty below three places that span an area.
pub fn hull(places: &[At]) -> Vec<At> {
    let mut places: Vec<At> = places.iter().filter(|it| is_near(it)).copied().collect();
    places.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    places.dedup();
    let mut hull: Vec<At> = Vec::new();
    for back in [false, true] {
        let start = hull.len();
        let ordered: &mut dyn Iterator<Item = &At> = if back { &mut places.iter().rev() } else { &mut places.iter() };
        for &at in ordered {
            while hull.len() >= start + 2 && turn(hull[hull.len() - 2], hull[hull.len() - 1], at) <= 0.0 {
                hull.pop();
            }
            hull.push(at);
        }
        // The next side begins there.
        hull.pop();
    }
    if hull.len() < 3 { Vec::new() } else { hull }
}

/// Positive if the way from `a` over `b` to `c` turns left.
fn turn(a: At, b: At, c: At) -> f64 {
    (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)
}

/// What any of the rings covers.
pub fn union(rings: &[Vec<At>]) -> Vec<Polygon> {
    let rings: Vec<Vec<[f64; 2]>> = rings.iter().filter(|it| is_area(it)).map(|it| oriented(it)).collect();
    if rings.is_empty() {
        return Vec::new();
    }
    polygons(rings.simplify_shape(FillRule::NonZero))
}

/// What of a polygon lies in any of `clip`.
pub fn intersection(polygon: &Polygon, clip: &[Polygon]) -> Vec<Polygon> {
    let subject: Vec<Vec<[f64; 2]>> = polygon.iter().filter(|it| is_area(it)).map(|it| pairs(it)).collect();
    let clip: Vec<Vec<[f64; 2]>> = clip.iter().flatten().filter(|it| is_area(it)).map(|it| pairs(it)).collect();
    if subject.is_empty() || clip.is_empty() {
        return Vec::new();
    }
    polygons(subject.overlay(&clip, OverlayRule::Intersect, FillRule::EvenOdd))
}

/// What of some rings (even-odd) is in none of others.
pub fn difference(rings: &[Vec<At>], others: &[Vec<At>]) -> Vec<Polygon> {
    let of = |rings: &[Vec<At>]| rings.iter().filter(|it| is_area(it)).map(|it| pairs(it)).collect::<Vec<_>>();
    let (subject, clip) = (of(rings), of(others));
    if subject.is_empty() {
        return Vec::new();
    }
    polygons(subject.overlay(&clip, OverlayRule::Difference, FillRule::EvenOdd))
}

/// Even-odd.
pub fn is_inside(at: At, polygon: &[Vec<At>]) -> bool {
    let mut inside = false;
    for ring in polygon {
        let Some(mut a) = ring.last().copied() else { continue };
        for &b in ring {
            if (a.1 > at.1) != (b.1 > at.1) && at.0 < (b.0 - a.0) * (at.1 - a.1) / (b.1 - a.1) + a.0 {
                inside = !inside;
            }
            a = b;
        }
    }
    inside
}

/// The signed area, positive if counter-clockwise, m².
pub fn area(ring: &[At]) -> f64 {
    let Some(mut a) = ring.last().copied() else { return 0.0 };
    let mut sum = 0.0;
    for &b in ring {
        sum += a.0 * b.1 - b.0 * a.1;
        a = b;
    }
    sum / 2.0
}

/// Where between `a` and `b`, `t` from 0 to 1, over the shorter way round the Earth.
pub fn between(a: LonLat, b: LonLat, t: f64) -> LonLat {
    let lon = nearest_turn(b.0, a.0);
    LonLat(a.0 + (lon - a.0) * t, a.1 + (b.1 - a.1) * t)
}

/// A time beside something on the map: `21:00`, on another day than `now` as [`day_text`].
pub fn time_text(at: Timestamp, now: Timestamp) -> String {
    if at.start_of_day() == now.start_of_day() { at.hm() } else { day_text(at) }
}

/// `20日 02时` (DESIGN.md §8), with its minutes where there are some.
pub fn day_text(at: Timestamp) -> String {
    let format = if at.0.rem_euclid(3_600_000) < 60_000 { "%-d日 %H时" } else { "%-d日 %H:%M" };
    at.beijing().strftime(format).to_string()
}

/// Finite and no farther than anything that is drawn.
pub fn is_near(at: &At) -> bool {
    at.0.abs() < FARTHEST_M && at.1.abs() < FARTHEST_M
}

fn is_area(ring: &[At]) -> bool {
    ring.len() >= 3 && ring.iter().all(is_near)
}

fn pairs(ring: &[At]) -> Vec<[f64; 2]> {
    ring.iter().map(|it| [it.0, it.1]).collect()
}

/// Counter-clockwise, so that where two overlap neither takes the other away.
fn oriented(ring: &[At]) -> Vec<[f64; 2]> {
    let mut pairs = pairs(ring);
    if area(ring) < 0.0 {
        pairs.reverse();
    }
    pairs
}

fn polygons(shapes: Vec<Vec<Vec<[f64; 2]>>>) -> Vec<Polygon> {
    let ring = |it: Vec<[f64; 2]>| it.into_iter().map(|[x, y]| (x, y)).collect();
    shapes.into_iter().map(|shape| shape.into_iter().map(ring).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> LocalFrame {
        LocalFrame::new(LonLat(118.1, 24.5))
    }

    fn square(west: f64, south: f64, side: f64) -> Vec<At> {
        vec![(west, south), (west + side, south), (west + side, south + side), (west, south + side)]
    }

    fn total(polygons: &[Polygon]) -> f64 {
        polygons.iter().flatten().map(|ring| area(ring)).sum::<f64>().abs()
    }

    #[test]
    fn a_path_over_the_date_line_does_not_jump() {
        let path =
            path(&frame(), [LonLat(178.0, 20.0), LonLat(-179.0, 21.0), LonLat(f64::NAN, 0.0), LonLat(-175.0, 22.0)]);
        assert_eq!(path.len(), 3);
        assert!(path.windows(2).all(|pair| (0.0..6e5).contains(&(pair[1].0 - pair[0].0))), "{path:?}");
        let (east, _) = local(&frame(), LonLat(-179.0, 21.0));
        assert!((east - path[1].0).abs() < 1e-6);
    }

    #[test]
    fn a_destination_is_as_far_and_in_the_direction_asked() {
        let from = LonLat(118.1, 24.5);
        for bearing in [0.0, 80.0, 200.0, 315.0] {
            let to = destination(from, bearing, 250_000.0);
            assert!((from.distance_m(to) - 250_000.0).abs() < 1.0);
            assert!((from.bearing_to(to) - bearing).abs() < 1e-6);
        }
    }

    #[test]
    fn quadrants_are_stepped_and_start_in_the_north_east() {
        let outline =
            stepped_circle(&frame(), LonLat(118.1, 24.5), WindRadii([100.0, 200.0, 0.0, 50.0])).expect("radii");
        let (east, north) = outline[12];
        assert!(east > 0.0 && north > 0.0 && (east.hypot(north) - 100_000.0).abs() < 2000.0);
        let (east, north) = outline[25 + 12];
        assert!(east > 0.0 && north < 0.0 && (east.hypot(north) - 200_000.0).abs() < 4000.0);
        assert_eq!(stepped_circle(&frame(), LonLat(118.1, 24.5), WindRadii::default()), None);
        assert_eq!(stepped_circle(&frame(), LonLat(f64::NAN, 24.5), WindRadii([1.0; 4])), None);
    }

    #[test]
    fn a_hull_leaves_out_what_lies_inside() {
        let mut places = square(0.0, 0.0, 10.0);
        places.extend([(5.0, 5.0), (f64::NAN, 1.0)]);
        assert_eq!((hull(&places).len(), area(&hull(&places))), (4, 100.0));
        assert!(hull(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]).is_empty());
        assert!(hull(&[(1.0, 1.0); 4]).is_empty() && hull(&[]).is_empty());
    }

    #[test]
    fn a_union_counts_the_overlap_once_whichever_way_the_rings_run() {
        let mut backwards = square(5.0, 0.0, 10.0);
        backwards.reverse();
        let union = union(&[square(0.0, 0.0, 10.0), backwards, vec![(f64::NAN, 0.0); 3]]);
        assert_eq!(union.len(), 1);
        assert!((total(&union) - 150.0).abs() < 1e-3);
    }

    #[test]
    fn an_intersection_keeps_the_hole() {
        let ring = vec![square(0.0, 0.0, 10.0), square(4.0, 4.0, 2.0)];
        let cut = intersection(&ring, &[vec![square(0.0, 0.0, 5.0)]]);
        assert!((total(&cut) - 24.0).abs() < 1e-3, "{cut:?}");
        assert!(is_inside((1.0, 1.0), &ring) && !is_inside((5.0, 5.0), &ring));
        assert!((total(&difference(&ring, &[square(0.0, 0.0, 5.0)])) - 72.0).abs() < 1e-3);
        assert!((total(&difference(&ring, &[])) - 96.0).abs() < 1e-3);
    }

    #[test]
    fn another_day_says_so() {
        let at = |text| Timestamp::parse(text).expect("a time");
        let now = at("2026-08-19 16:42:00");
        assert_eq!(time_text(at("2026-08-19 21:00:00"), now), "21:00");
        assert_eq!(time_text(at("2026-08-20 02:00:00"), now), "20日 02时");
        assert_eq!(time_text(at("2026-08-20 02:20:00"), now), "20日 02:20");
    }
}
