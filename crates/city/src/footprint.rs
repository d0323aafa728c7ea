//! What a camera in the air sees of the ground, and where a place of its picture lies.
//!
//! A pinhole over flat ground: height is over the ground it looks at, so over hills both are wrong by as much as the ground
//! is. No maker's figures are known here; [`Doubt`] is ours, and every answer says how far it may be off.

use crate::Readings;

/// How a camera in the air looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AirView {
    /// Over the ground, m.
    pub height_m: f64,
    /// The lens's axis, degrees clockwise from north.
    pub yaw_deg: f64,
    /// The axis from the horizon, degrees; −90 looks straight down.
    pub pitch_deg: f64,
    /// Field of view from side to side, degrees.
    pub across_deg: f64,
    /// Field of view from bottom to top, degrees.
    pub upright_deg: f64,
}

/// How well the figures of an [`AirView`] are known, one standard deviation each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    pub height_m: f64,
    pub pitch_deg: f64,
    pub yaw_deg: f64,
    /// Of the drone's own place, m.
    pub place_m: f64,
}

impl Default for Doubt {
    /// Our assumptions, no maker's figures: a barometer over uneven ground, a gimbal and a compass in the wind, plain GNSS.
    fn default() -> Self {
        Self { height_m: 5.0, pitch_deg: 1.5, yaw_deg: 3.0, place_m: 2.0 }
    }
}

/// What is seen of the ground: metres east and north of the camera.
#[derive(Clone, Debug, PartialEq)]
pub struct Footprint {
    /// Far left, far right, near right, near left; more corners along the far edge where it is cut.
    pub ring: Vec<(f64, f64)>,
    /// It goes on farther than [`FARTHEST_SEEN_M`], and is cut there.
    pub is_cut: bool,
}

/// A place of a picture on the ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AirSpot {
    /// East and north of the camera, m.
    pub east_m: f64,
    pub north_m: f64,
    /// From the camera's foot, m.
    pub away_m: f64,
    /// One standard deviation, m.
    pub error_m: f64,
}

/// Farther from its foot a camera is not said to see the ground, m: our bound, where a degree is tens of metres.
pub const FARTHEST_SEEN_M: f64 = 2_000.0;
/// Lower than this the ground is no plane any more, and higher no drone of a city flies, m.
const HEIGHTS_M: std::ops::RangeInclusive<f64> = 5.0..=1_500.0;
/// What a drone's lens sees without zoom, across and upright, degrees: about that of the wide cameras of drones that live in
/// docks. An assumption, as no platform tells it.
pub const AIR_LENS_DEG: (f64, f64) = (70.0, 45.0);
/// Corners along a far edge that is cut.
const N_FAR: usize = 9;

impl AirView {
    /// How the drone with this registry index looks, by its newest fix and what it told of its gimbal and zoom; `None` where
    /// it told neither where it is nor where it looks. The lens is [`AIR_LENS_DEG`].
    pub fn of(readings: &Readings, drone: usize) -> Option<Self> {
        let fix = readings.drones.get(drone)?;
        let gimbal = readings.telemetry.get(drone)?.gimbal?;
        let zoom = gimbal.zoom.map(f64::from).filter(|it| it.is_finite() && *it >= 1.0).unwrap_or(1.0);
        let narrowed = |degrees: f64| 2.0 * ((degrees / 2.0).to_radians().tan() / zoom).atan().to_degrees();
        Some(Self {
            height_m: f64::from(fix.height),
            yaw_deg: f64::from(gimbal.yaw_deg),
            pitch_deg: f64::from(gimbal.pitch_deg),
            across_deg: narrowed(AIR_LENS_DEG.0),
            upright_deg: narrowed(AIR_LENS_DEG.1),
        })
    }

    /// `None` where nothing of the ground is seen, or a figure is missing or absurd.
    pub fn footprint(&self) -> Option<Footprint> {
        let corners = [(-1.0, 1.0), (1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)];
        let seen = corners.map(|(u, v)| self.ground(u, v).filter(is_near));
        if let [Some(a), Some(b), Some(c), Some(d)] = seen {
            return Some(Footprint { ring: vec![a, b, c, d], is_cut: false });
        }
        let [_, _, Some(near_right), Some(near_left)] = seen else { return None };
        let far = (0..N_FAR).filter_map(|i| self.farthest(i as f64 / (N_FAR - 1) as f64 * 2.0 - 1.0));
        let ring = far.chain([near_right, near_left]).collect();
        Some(Footprint { ring, is_cut: true })
    }

    /// Where a place of the picture lies: `u` from −1 (left) to 1 (right), `v` from −1 (bottom) to 1 (top). `None` above the
    /// horizon, and where it is farther than [`FARTHEST_SEEN_M`].
    pub fn spot(&self, u: f64, v: f64, doubt: &Doubt) -> Option<AirSpot> {
        let in_picture = -1.0..=1.0;
        if !in_picture.contains(&u) || !in_picture.contains(&v) {
            return None;
        }
        let (east_m, north_m) = self.ground(u, v).filter(is_near)?;
        let away_m = east_m.hypot(north_m);
        let slant_m = away_m.hypot(self.height_m);
        // Of the ray's angle under the horizon.
        let sin = self.height_m / slant_m;
        let pitch = doubt.pitch_deg.to_radians();
        let by_height = doubt.height_m * away_m / self.height_m;
        let by_pitch = slant_m * pitch / sin;
        // A gimbal leans to the side as it leans ahead.
        let across = (away_m * doubt.yaw_deg.to_radians()).hypot(slant_m * pitch);
        let error_m = by_height.hypot(by_pitch).hypot(across).hypot(doubt.place_m);
        error_m.is_finite().then_some(AirSpot { east_m, north_m, away_m, error_m })
    }

    /// East and north of the camera's foot, m; `None` at or above the horizon.
    fn ground(&self, u: f64, v: f64) -> Option<(f64, f64)> {
        let is_lens = |degrees: f64| (1.0..=170.0).contains(&degrees);
        let is_sane = HEIGHTS_M.contains(&self.height_m)
            && self.yaw_deg.is_finite()
            && (-90.0..=90.0).contains(&self.pitch_deg)
            && is_lens(self.across_deg)
            && is_lens(self.upright_deg);
        if !is_sane {
            return None;
        }
        let right = u * (self.across_deg / 2.0).to_radians().tan();
        let above = v * (self.upright_deg / 2.0).to_radians().tan();
        let (sin, cos) = self.pitch_deg.to_radians().sin_cos();
        let ahead = cos - above * sin;
        let down = -(sin + above * cos);
        if down <= 1e-6 {
            return None;
        }
        let (ahead, right) = (ahead / down * self.height_m, right / down * self.height_m);
        let (sin, cos) = self.yaw_deg.to_radians().sin_cos();
        Some((ahead * sin + right * cos, ahead * cos - right * sin))
    }

    /// The farthest ground seen in a column of the picture.
    fn farthest(&self, u: f64) -> Option<(f64, f64)> {
        let near_at = |v: f64| self.ground(u, v).filter(is_near);
        let (mut low, mut high) = (-1.0, 1.0);
        let mut found = near_at(low)?;
        for _ in 0..40 {
            let middle = (low + high) / 2.0;
            match near_at(middle) {
                Some(at) => (found, low) = (at, middle),
                None => high = middle,
            }
        }
        Some(found)
    }
}

fn is_near(at: &(f64, f64)) -> bool {
    at.0.hypot(at.1) <= FARTHEST_SEEN_M
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DOWN: AirView =
        AirView { height_m: 100.0, yaw_deg: 90.0, pitch_deg: -90.0, across_deg: 70.0, upright_deg: 45.0 };

    #[test]
    fn straight_down_it_is_a_rectangle_under_the_drone_its_top_towards_the_heading() {
        let seen = DOWN.footprint().expect("the ground");
        // Flying east, the wide side lies north and south.
        let [a, b, c, d] = seen.ring[..] else { panic!("{seen:?}") };
        assert!((a.0 - 41.42).abs() < 0.01 && (a.1 - 70.02).abs() < 0.01, "{a:?}");
        assert!((b.0 - 41.42).abs() < 0.01 && (b.1 + 70.02).abs() < 0.01, "{b:?}");
        assert!((c.0 + 41.42).abs() < 0.01 && (d.1 - 70.02).abs() < 0.01);
        assert!(!seen.is_cut);
    }

    #[test]
    fn tilted_up_it_sees_farther_ahead_and_is_cut_at_the_horizon() {
        let ahead = AirView { pitch_deg: -45.0, yaw_deg: 0.0, ..DOWN };
        let middle = ahead.spot(0.0, 0.0, &Doubt::default()).expect("the ground");
        assert!((middle.north_m - 100.0).abs() < 1e-6 && middle.east_m.abs() < 1e-6);
        let seen = AirView { pitch_deg: -10.0, yaw_deg: 0.0, ..DOWN }.footprint().expect("the ground");
        assert!(seen.is_cut && seen.ring.len() == N_FAR + 2);
        let farthest = seen.ring.iter().map(|it| it.0.hypot(it.1)).fold(0.0, f64::max);
        assert!((farthest - FARTHEST_SEEN_M).abs() < 1.0, "{farthest}");
        assert_eq!(AirView { pitch_deg: 30.0, ..DOWN }.footprint(), None);
        assert_eq!(AirView { pitch_deg: 30.0, ..DOWN }.spot(0.0, 0.0, &Doubt::default()), None);
    }

    #[test]
    fn the_error_grows_with_height_with_distance_and_with_doubt() {
        let error = |view: AirView, v: f64, doubt: Doubt| view.spot(0.0, v, &doubt).expect("the ground").error_m;
        let doubt = Doubt::default();
        let below = error(DOWN, 0.0, doubt);
        // 100 m under a gimbal known to 1.5°: 2.6 m ahead, as much to the side, 2 m of the drone's own.
        assert!((below - (2.0 * 2.618f64.powi(2) + 4.0).sqrt()).abs() < 0.01, "{below}");
        assert!(error(AirView { height_m: 200.0, ..DOWN }, 0.0, doubt) > below);
        let ahead = AirView { pitch_deg: -20.0, ..DOWN };
        assert!(error(ahead, 0.0, doubt) > 4.0 * below);
        assert!(error(ahead, -1.0, doubt) < error(ahead, 0.0, doubt));
        assert!(error(DOWN, 0.0, Doubt { pitch_deg: 5.0, ..doubt }) > below);
    }

    #[test]
    fn a_drone_looks_as_its_gimbal_says_and_zoom_narrows_it() {
        let city = crate::City::found(&crate::tiny_pack(), crate::Realm::Actual);
        let mut readings = Readings::for_city(&city);
        let fix = crate::Fix {
            lon: 118.11,
            lat: 24.5,
            height: 100.0,
            heading: 10.0,
            speed: 0.0,
            battery: 80.0,
            mode: 3,
            at: crate::Timestamp(1_000),
        };
        readings.drones.put(0, fix);
        assert_eq!(AirView::of(&readings, 0), None, "it never said where it looks");
        let gimbal = |zoom| Some(crate::Gimbal { pitch_deg: -45.0, yaw_deg: 90.0, zoom });
        readings.telemetry[0].gimbal = gimbal(None);
        let wide = AirView::of(&readings, 0).expect("a view");
        assert_eq!((wide.height_m, wide.pitch_deg, wide.yaw_deg), (100.0, -45.0, 90.0));
        assert!((wide.across_deg - 70.0).abs() < 1e-9);
        readings.telemetry[0].gimbal = gimbal(Some(7.0));
        let near = AirView::of(&readings, 0).expect("a view");
        assert!((near.across_deg - 11.42).abs() < 0.01, "{near:?}");
        assert_eq!(AirView::of(&readings, 9), None);
    }

    #[test]
    fn a_place_outside_the_picture_and_missing_figures_have_no_spot() {
        for (u, v) in [(1.1, 0.0), (0.0, -1.1), (f64::NAN, 0.0)] {
            assert_eq!(DOWN.spot(u, v, &Doubt::default()), None);
        }
        for view in [
            AirView { height_m: f64::NAN, ..DOWN },
            AirView { height_m: 1.0, ..DOWN },
            AirView { yaw_deg: f64::NAN, ..DOWN },
            AirView { pitch_deg: f64::INFINITY, ..DOWN },
            AirView { across_deg: 0.0, ..DOWN },
            AirView { upright_deg: 180.0, ..DOWN },
        ] {
            assert_eq!((view.footprint(), view.spot(0.0, 0.0, &Doubt::default())), (None, None), "{view:?}");
        }
    }

    proptest! {
        /// What is seen is near, finite, and holds the picture's lower middle.
        #[test]
        fn whatever_it_looks_at_is_finite_and_near(
            height_m in 5.0..1500.0f64, yaw_deg in -720.0..720.0f64, pitch_deg in -90.0..90.0f64,
            (across_deg, upright_deg) in (5.0..120.0f64, 5.0..90.0f64), (u, v) in (-1.0..1.0f64, -1.0..1.0f64),
        ) {
            let view = AirView { height_m, yaw_deg, pitch_deg, across_deg, upright_deg };
            if let Some(seen) = view.footprint() {
                prop_assert!(seen.ring.len() >= 4);
                prop_assert!(seen.ring.iter().all(|it| it.0.hypot(it.1) <= FARTHEST_SEEN_M + 1e-6));
            }
            if let Some(spot) = view.spot(u, v, &Doubt::default()) {
                prop_assert!(spot.away_m <= FARTHEST_SEEN_M && spot.error_m >= Doubt::default().place_m);
            }
        }
    }
}
