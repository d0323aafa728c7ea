//! How the camera gets from one view to another: eased flights, the way back through earlier views, places to return to,
//! and keeping a mover in the middle.
//!
//! A flight follows van Wijk & Nuij, *Smooth and Efficient Zooming and Panning* (IEEE InfoVis 2003): of all ways to zoom out,
//! across and in, the shortest one in what the eye sees move. It is a value: it knows its two ends and what time it is, and
//! draws nothing. The hand always wins: whoever moves the camera by hand drops the flight.
//!
//! Not here: what the hand does ([`super::hands`]), which mover is followed (the app says where it is).

use super::camera::StageCamera;
use gulang_city::{LocalFrame, LonLat};

/// `motion.camera`: how long a flight within reach takes, s.
pub const CAMERA_SECS: f64 = 0.8;
/// However far it goes, a flight is over after this, s.
const LONGEST_SECS: f64 = 2.4;
/// Up to this path length (van Wijk's S, about a screen and a half across) a flight takes [`CAMERA_SECS`].
const NEAR_PATH: f64 = 2.0;
/// Each unit of path beyond takes this much longer, s.
const SECS_PER_PATH: f64 = 0.25;
/// van Wijk & Nuij's ρ, from their user study: how much zooming out is worth against moving sideways.
const RHO: f64 = 1.42;
/// Views kept to go back to.
const N_VIEWS: usize = 40;
/// How fast the camera closes in on what it follows: the gap falls to 1/e in this time, s.
const FOLLOW_SECS: f64 = 0.3;

/// On the way from one view to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    from: StageCamera,
    to: StageCamera,
    path: Path,
    began: f64,
    secs: f64,
}

impl Flight {
    /// Takes off at `now` (s). `width_px` is the map's narrower side: how much is seen decides how far to zoom out.
    pub fn new(from: StageCamera, to: StageCamera, width_px: f64, now: f64) -> Self {
        let (from, to) = (from.clamped(), to.clamped());
        let width_px = width_px.max(64.0);
        let distance = (to.center.0 - from.center.0).hypot(to.center.1 - from.center.1);
        let path = Path::new(distance, width_px / from.px_per_m, width_px / to.px_per_m);
        let secs = (CAMERA_SECS + SECS_PER_PATH * (path.length - NEAR_PATH).max(0.0)).min(LONGEST_SECS);
        Self { from, to, path, began: now, secs }
    }

    pub fn target(&self) -> StageCamera {
        self.to
    }

    /// Where the camera is at `now`, and whether it has arrived.
    pub fn at(&self, now: f64) -> (StageCamera, bool) {
        let t = ((now - self.began) / self.secs).clamp(0.0, 1.0);
        if t >= 1.0 || !t.is_finite() {
            return (self.to, true);
        }
        let t = ease(t);
        let (share, zoomed) = self.path.at(t);
        let between = |a: f64, b: f64, share: f64| a + (b - a) * share;
        let camera = StageCamera {
            center: (
                between(self.from.center.0, self.to.center.0, share),
                between(self.from.center.1, self.to.center.1, share),
            ),
            px_per_m: self.from.px_per_m / zoomed,
            bearing: self.from.bearing + shortest_turn(self.from.bearing, self.to.bearing) * t,
            tilt: between(self.from.tilt, self.to.tilt, t),
        };
        (camera.clamped(), false)
    }
}

/// Degrees from one bearing to another the short way round, -180–180.
pub fn shortest_turn(from: f64, to: f64) -> f64 {
    (to - from + 180.0).rem_euclid(360.0) - 180.0
}

/// Starts and stops at rest.
fn ease(t: f64) -> f64 {
    t * t * (3.0 - 2.0 * t)
}

/// van Wijk & Nuij's path, section 5: `u` along the ground and `w` the width of the view, both in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Path {
    /// u1, m.
    distance: f64,
    /// w0, m.
    width: f64,
    r0: f64,
    /// ln(w1 / w0).
    zoom: f64,
    /// S.
    length: f64,
}

impl Path {
    fn new(distance: f64, w0: f64, w1: f64) -> Self {
        let zoom = (w1 / w0).ln();
        // Nearer than a ten-thousandth of the view there is nothing to cross: the formulas would divide by it.
        if distance < 1e-4 * w0.min(w1) {
            return Self { distance: 0.0, width: w0, r0: 0.0, zoom, length: zoom.abs() / RHO };
        }
        let b = |w: f64, sign: f64| {
            (w1 * w1 - w0 * w0 + sign * RHO.powi(4) * distance * distance) / (2.0 * w * RHO * RHO * distance)
        };
        let r0 = -b(w0, 1.0).asinh();
        let r1 = -b(w1, -1.0).asinh();
        Self { distance, width: w0, r0, zoom, length: (r1 - r0) / RHO }
    }

    /// At a share of the path: the share of the distance, and how many times wider than at first the view is.
    fn at(&self, t: f64) -> (f64, f64) {
        if self.distance == 0.0 {
            return (t, (self.zoom * t).exp());
        }
        let r = RHO * self.length * t + self.r0;
        let u = self.width / (RHO * RHO) * (self.r0.cosh() * r.tanh() - self.r0.sinh());
        ((u / self.distance).clamp(0.0, 1.0), self.r0.cosh() / r.cosh())
    }
}

// ---------------------------------------------------------------- the views before this one

/// The views come by: one step per gesture or flight, not one per frame.
#[derive(Clone, Debug, Default)]
pub struct Views {
    past: Vec<StageCamera>,
    /// The view the last step left us at.
    here: Option<StageCamera>,
    future: Vec<StageCamera>,
}

impl Views {
    /// A gesture or a flight has ended here. What hardly moved is no step.
    pub fn note(&mut self, camera: StageCamera) {
        let Some(here) = self.here else {
            self.here = Some(camera);
            return;
        };
        if is_same_view(&here, &camera) {
            return;
        }
        self.past.push(here);
        let excess = self.past.len().saturating_sub(N_VIEWS);
        self.past.drain(..excess);
        self.future.clear();
        self.here = Some(camera);
    }

    /// The view before, if there is one.
    pub fn back(&mut self) -> Option<StageCamera> {
        let view = self.past.pop()?;
        self.future.extend(self.here.replace(view));
        Some(view)
    }

    /// The view gone back from, until something else is looked at.
    pub fn forth(&mut self) -> Option<StageCamera> {
        let view = self.future.pop()?;
        self.past.extend(self.here.replace(view));
        Some(view)
    }
}

/// Less than twenty px moved and a twentieth zoomed, and hardly turned.
fn is_same_view(a: &StageCamera, b: &StageCamera) -> bool {
    let moved_px = (a.center.0 - b.center.0).hypot(a.center.1 - b.center.1) * a.px_per_m.max(b.px_per_m);
    let turned = shortest_turn(a.bearing, b.bearing).abs().max((a.tilt - b.tilt).abs());
    moved_px < 20.0 && (a.px_per_m / b.px_per_m).ln().abs() < 0.05 && turned < 1.0
}

// ---------------------------------------------------------------- places to return to

/// A view by name, whatever the size of the map it is shown in.
#[derive(Clone, Debug, PartialEq)]
pub struct Bookmark {
    pub name: String,
    pub center: LonLat,
    /// Across the map's narrower side.
    pub metres: f64,
    pub bearing: f64,
    pub tilt: f64,
}

/// Bookmarks 1–9.
#[derive(Clone, Debug, PartialEq)]
pub struct Bookmarks(pub [Option<Bookmark>; 9]);

impl Bookmark {
    pub fn new(name: &str, center: LonLat, metres: f64) -> Self {
        Self { name: name.into(), center, metres, bearing: 0.0, tilt: 0.0 }
    }

    /// What `camera` shows in a map of `size` px.
    pub fn of(name: String, camera: &StageCamera, frame: &LocalFrame, size: (f64, f64)) -> Self {
        let metres = size.0.min(size.1).max(64.0) / camera.px_per_m;
        let center = frame.geo_from_local(camera.center);
        Self { name, center, metres, bearing: camera.bearing, tilt: camera.tilt }
    }

    /// The camera that shows it in a map of `size` px.
    pub fn camera(&self, frame: &LocalFrame, size: (f64, f64)) -> StageCamera {
        let straight = StageCamera::looking_at(frame.local_from_geo(self.center), self.metres, size);
        StageCamera { bearing: self.bearing, tilt: self.tilt, ..straight }.clamped()
    }
}

/// The reference city's own: 全市, 本岛, 鼓浪屿, 西北太平洋; five are free.
impl Default for Bookmarks {
    fn default() -> Self {
        let mut all = [const { None }; 9];
        all[0] = Some(Bookmark::new("全市", LonLat(118.09, 24.62), 62_000.0));
        all[1] = Some(Bookmark::new("本岛", LonLat(118.125, 24.488), 17_000.0));
        all[2] = Some(Bookmark::new("鼓浪屿", LonLat(118.064, 24.447), 3_200.0));
        all[3] = Some(Bookmark::new("西北太平洋", LonLat(126.0, 21.0), 3_600_000.0));
        Self(all)
    }
}

// ---------------------------------------------------------------- all of it together

/// The camera, and whatever moves it but the hand.
#[derive(Clone, Debug, Default)]
pub struct Pilot {
    pub camera: StageCamera,
    flight: Option<Flight>,
    views: Views,
    is_following: bool,
    advanced_at: Option<f64>,
}

impl Pilot {
    /// Looks there at once: the first view.
    pub fn look(&mut self, camera: StageCamera) {
        self.flight = None;
        self.camera = camera.clamped();
        self.views.note(self.camera);
    }

    /// Flies there; with reduced motion it is there.
    pub fn fly_to(&mut self, to: StageCamera, width_px: f64, now: f64, is_reduced: bool) {
        self.is_following = false;
        self.set_off(to, width_px, now, is_reduced);
        if is_reduced {
            self.views.note(self.camera);
        }
    }

    /// To the view before.
    pub fn back(&mut self, width_px: f64, now: f64, is_reduced: bool) {
        let left = self.flight.and(self.views.here);
        self.note();
        // In mid-flight the view before is the one it took off from.
        if let Some(view) = left.or_else(|| self.views.back()) {
            self.is_following = false;
            self.set_off(view, width_px, now, is_reduced);
        }
    }

    /// To the view gone back from.
    pub fn forth(&mut self, width_px: f64, now: f64, is_reduced: bool) {
        if let Some(view) = self.views.forth() {
            self.is_following = false;
            self.set_off(view, width_px, now, is_reduced);
        }
    }

    /// North up, seen from straight above, about the same middle.
    pub fn north_up(&mut self, width_px: f64, now: f64, is_reduced: bool) {
        let following = self.is_following;
        self.fly_to(StageCamera { bearing: 0.0, tilt: 0.0, ..self.target() }, width_px, now, is_reduced);
        self.is_following = following;
    }

    fn set_off(&mut self, to: StageCamera, width_px: f64, now: f64, is_reduced: bool) {
        if is_reduced {
            self.flight = None;
            self.camera = to.clamped();
        } else {
            self.flight = Some(Flight::new(self.camera, to, width_px, now));
        }
    }

    /// Where the camera is or will be.
    pub fn target(&self) -> StageCamera {
        self.flight.map_or(self.camera, |it| it.target())
    }

    pub fn is_flying(&self) -> bool {
        self.flight.is_some()
    }

    /// The hand takes the camera: the flight ends where it is.
    pub fn taken(&mut self) {
        self.flight = None;
    }

    /// The hand moved the ground: what was followed is let go.
    pub fn let_go(&mut self) {
        self.is_following = false;
    }

    /// Keeps in the middle what [`Pilot::advance`] is told of, until the hand pans or somebody flies elsewhere.
    pub fn follow(&mut self, is_following: bool) {
        self.is_following = is_following;
        if is_following {
            self.flight = None;
        }
    }

    pub fn is_following(&self) -> bool {
        self.is_following
    }

    /// A gesture has ended here: a step to go back to.
    pub fn note(&mut self) {
        if self.flight.is_none() {
            self.views.note(self.camera);
        }
    }

    /// Goes on to `now` (s); `followed` is where the followed thing is, local metres. `true` while something moves.
    pub fn advance(&mut self, now: f64, followed: Option<(f64, f64)>, is_reduced: bool) -> bool {
        let secs = (now - self.advanced_at.replace(now).unwrap_or(now)).clamp(0.0, 0.5);
        if let Some(flight) = self.flight {
            let (camera, has_arrived) = flight.at(now);
            self.camera = camera;
            if has_arrived {
                self.flight = None;
                // After going back, the view is the history's own and no new step.
                self.views.note(camera);
            }
            return true;
        }
        let Some(at) = followed.filter(|it| self.is_following && it.0.is_finite() && it.1.is_finite()) else {
            return false;
        };
        let gap = (at.0 - self.camera.center.0, at.1 - self.camera.center.1);
        let share = if is_reduced { 1.0 } else { 1.0 - (-secs / FOLLOW_SECS).exp() };
        self.camera.center.0 += gap.0 * share;
        self.camera.center.1 += gap.1 * share;
        self.camera = self.camera.clamped();
        gap.0.hypot(gap.1) * self.camera.px_per_m > 0.25
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(east: f64, north: f64, metres: f64) -> StageCamera {
        StageCamera::looking_at((east, north), metres, (800.0, 800.0))
    }

    /// Flies, and checks that the way there is one smooth way: no step of the picture is more than a share of the view.
    #[track_caller]
    fn check_flight(from: StageCamera, to: StageCamera) {
        let flight = Flight::new(from, to, 800.0, 10.0);
        assert!((CAMERA_SECS..=LONGEST_SECS).contains(&flight.secs), "{} s", flight.secs);
        let (first, _) = flight.at(10.0);
        assert!(is_same_view(&first, &from.clamped()), "{first:?} is not {from:?}");
        assert_eq!(flight.at(10.0 + flight.secs + 1e-9), (to.clamped(), true));
        let (last, arrived) = flight.at(10.0 + flight.secs - 1e-6);
        assert!(!arrived && is_same_view(&last, &to.clamped()), "{last:?} is not {to:?}");
        let mut before = first;
        for step in 1..=200 {
            let (here, _) = flight.at(10.0 + flight.secs * f64::from(step) / 200.0);
            let moved_px = (here.center.0 - before.center.0).hypot(here.center.1 - before.center.1)
                * before.px_per_m.min(here.px_per_m);
            assert!(moved_px < 200.0, "{moved_px} px in one of 200 steps");
            assert!((here.px_per_m / before.px_per_m).ln().abs() < 0.2, "zooms by jumps");
            before = here;
        }
    }

    #[test]
    fn flights_are_smooth_near_far_in_and_out() {
        let corner = camera(3_000.0, -2_000.0, 800.0);
        let pacific = camera(900_000.0, -600_000.0, 3_600_000.0);
        check_flight(corner, pacific);
        check_flight(pacific, corner);
        check_flight(corner, camera(3_400.0, -2_000.0, 800.0));
        check_flight(corner, camera(30_000.0, 20_000.0, 800.0));
        check_flight(corner, camera(3_000.0, -2_000.0, 60_000.0));
        check_flight(corner, camera(3_000.0, -2_000.000_1, 800.0));
        check_flight(corner, corner);
    }

    #[test]
    fn far_flights_look_up_on_the_way_and_near_ones_do_not() {
        let a = camera(0.0, 0.0, 1_000.0);
        let highest = |to: StageCamera| {
            let flight = Flight::new(a, to, 800.0, 0.0);
            (0..100).map(|i| flight.at(flight.secs * f64::from(i) / 100.0).0.px_per_m).fold(f64::INFINITY, f64::min)
        };
        assert!(highest(camera(40_000.0, 0.0, 1_000.0)) < a.px_per_m / 8.0);
        assert!(highest(camera(200.0, 0.0, 1_000.0)) > a.px_per_m / 1.2);
    }

    #[test]
    fn bearings_turn_the_short_way() {
        for (from, to, turn) in [(350.0, 10.0, 20.0), (10.0, 350.0, -20.0), (0.0, 90.0, 90.0), (90.0, 90.0, 0.0)] {
            assert!((shortest_turn(from, to) - turn).abs() < 1e-9);
        }
        let (from, to) = (StageCamera { bearing: 350.0, ..camera(0.0, 0.0, 900.0) }, camera(0.0, 0.0, 900.0));
        let flight = Flight::new(from, to, 800.0, 0.0);
        let (half, _) = flight.at(flight.secs / 2.0);
        assert!((half.bearing - 355.0).abs() < 1e-6, "{}", half.bearing);
    }

    #[test]
    fn nonsense_flies_somewhere_sane() {
        let nowhere =
            StageCamera { center: (f64::NAN, f64::INFINITY), px_per_m: f64::NAN, bearing: f64::NAN, tilt: 99.0 };
        let flight = Flight::new(nowhere, camera(1.0, 1.0, 100.0), f64::NAN, 0.0);
        for t in [0.0, 0.3, f64::NAN, 99.0] {
            let (here, _) = flight.at(t);
            assert_eq!(here, here.clamped());
        }
    }

    #[test]
    fn views_go_back_and_forth_and_keep_forty() {
        let mut views = Views::default();
        for i in 0..60 {
            views.note(camera(f64::from(i) * 5_000.0, 0.0, 1_000.0));
            // What hardly moved is no step.
            views.note(camera(f64::from(i) * 5_000.0 + 1.0, 0.0, 1_000.0));
        }
        let mut n_back = 0;
        let mut last = None;
        while let Some(view) = views.back() {
            n_back += 1;
            last = Some(view);
        }
        assert_eq!(n_back, N_VIEWS);
        assert_eq!(last, Some(camera(19.0 * 5_000.0, 0.0, 1_000.0)));
        assert_eq!(views.forth(), Some(camera(20.0 * 5_000.0, 0.0, 1_000.0)));
        // Looking elsewhere drops what was gone back from.
        views.note(camera(-9_000.0, 0.0, 1_000.0));
        assert_eq!(views.forth(), None);
        assert_eq!(views.back(), Some(camera(20.0 * 5_000.0, 0.0, 1_000.0)));
    }

    #[test]
    fn going_back_in_a_flight_returns_to_where_it_took_off() {
        let mut pilot = Pilot::default();
        let (home, there) = (camera(0.0, 0.0, 1_000.0), camera(20_000.0, 0.0, 1_000.0));
        pilot.look(home);
        pilot.fly_to(there, 800.0, 0.0, false);
        pilot.advance(60.0, None, false);
        assert_eq!(pilot.camera, there);
        pilot.back(800.0, 60.0, false);
        pilot.advance(120.0, None, false);
        assert_eq!(pilot.camera, home);
        pilot.forth(800.0, 120.0, false);
        pilot.advance(180.0, None, false);
        assert_eq!(pilot.camera, there);
    }

    #[test]
    fn going_back_in_mid_flight_turns_round() {
        let mut pilot = Pilot::default();
        let home = camera(0.0, 0.0, 1_000.0);
        pilot.look(home);
        pilot.fly_to(camera(20_000.0, 0.0, 1_000.0), 800.0, 0.0, false);
        pilot.advance(0.4, None, false);
        pilot.back(800.0, 0.4, false);
        assert_eq!(pilot.target(), home);
    }

    #[test]
    fn reduced_motion_jumps_and_can_be_undone() {
        let mut pilot = Pilot::default();
        let (home, there) = (camera(0.0, 0.0, 1_000.0), camera(20_000.0, 0.0, 1_000.0));
        pilot.look(home);
        pilot.fly_to(there, 800.0, 0.0, true);
        assert!(pilot.camera == there && !pilot.is_flying());
        pilot.back(800.0, 0.0, true);
        assert_eq!(pilot.camera, home);
    }

    #[test]
    fn the_hand_stops_a_flight_where_it_is() {
        let mut pilot = Pilot::default();
        pilot.look(camera(0.0, 0.0, 1_000.0));
        pilot.fly_to(camera(20_000.0, 0.0, 1_000.0), 800.0, 0.0, false);
        pilot.advance(0.5, None, false);
        let here = pilot.camera;
        pilot.taken();
        pilot.advance(60.0, None, false);
        assert_eq!(pilot.camera, here);
    }

    #[test]
    fn what_is_followed_comes_to_the_middle_until_the_hand_lets_go() {
        let mut pilot = Pilot::default();
        pilot.look(camera(0.0, 0.0, 1_000.0));
        pilot.follow(true);
        for step in 0..100 {
            pilot.advance(f64::from(step) * 0.05, Some((500.0, 100.0)), false);
        }
        assert!((pilot.camera.center.0 - 500.0).abs() < 0.1 && (pilot.camera.center.1 - 100.0).abs() < 0.1);
        pilot.let_go();
        pilot.advance(6.0, Some((900.0, 100.0)), false);
        assert!((pilot.camera.center.0 - 500.0).abs() < 0.1);
    }

    #[test]
    fn a_bookmark_shows_the_same_ground_at_any_size() {
        let frame = LocalFrame::new(LonLat(118.09, 24.48));
        let seen = StageCamera { bearing: 30.0, tilt: 20.0, ..camera(4_000.0, 900.0, 2_500.0) };
        let bookmark = Bookmark::of("东渡".into(), &seen, &frame, (800.0, 600.0));
        let again = bookmark.camera(&frame, (800.0, 600.0));
        assert!(is_same_view(&seen, &again));
        let large = bookmark.camera(&frame, (1600.0, 1200.0));
        assert!((large.px_per_m / seen.px_per_m - 2.0).abs() < 1e-9);
        for shipped in Bookmarks::default().0.into_iter().flatten() {
            let camera = shipped.camera(&frame, (1136.0, 780.0));
            assert_eq!(camera, camera.clamped(), "{}", shipped.name);
        }
    }
}
