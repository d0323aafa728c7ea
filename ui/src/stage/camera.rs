//! Where the stage looks: one continuous camera from the typhoon sea to a street corner.
//!
//! A parallel projection: turned by `bearing`, then laid back by `tilt`, so that the scale along the screen's width is the
//! same everywhere and the scale bar stays true. Kept in f64; what reaches the GPU is an exact difference ([`super::fixed`]).

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageCamera {
    /// Local metres east and north of the city's centre.
    pub center: (f64, f64),
    /// Logical pixels per metre, along the screen's width.
    pub px_per_m: f64,
    /// What is up on the screen, degrees clockwise from north, 0–360.
    pub bearing: f64,
    /// Degrees laid back from straight down, 0–[`MAX_TILT`].
    pub tilt: f64,
}

/// From the whole western Pacific to one roof.
const MIN_PX_PER_M: f64 = 1.0 / 12_000.0;
const MAX_PX_PER_M: f64 = 8.0;
/// DESIGN.md §9.
pub const MAX_TILT: f64 = 45.0;
/// The camera stays where there is a map: the western Pacific about the city.
const MAX_CENTER_M: f64 = 6.0e6;

impl Default for StageCamera {
    fn default() -> Self {
        Self { center: (0.0, 0.0), px_per_m: 0.02, bearing: 0.0, tilt: 0.0 }
    }
}

impl StageCamera {
    /// North up and straight down; `metres` fill the narrower side of `size` (logical px).
    pub fn looking_at(center: (f64, f64), metres: f64, size: (f64, f64)) -> Self {
        let px_per_m = size.0.min(size.1).max(64.0) / metres.max(20.0);
        Self { center, px_per_m, ..Self::default() }.clamped()
    }

    /// Moves the ground with a drag of so many px.
    pub fn pan(&mut self, (dx_px, dy_px): (f64, f64)) {
        let from = self.local_from_view((0.0, 0.0));
        let to = self.local_from_view((dx_px, dy_px));
        self.center.0 -= to.0 - from.0;
        self.center.1 -= to.1 - from.1;
        *self = self.clamped();
    }

    /// Zooms by `factor` and keeps what lies under `from_center_px` (x right, y down, from the view's centre) there.
    pub fn zoom_at(&mut self, from_center_px: (f64, f64), factor: f64) {
        self.keeping(from_center_px, |it| it.px_per_m *= factor);
    }

    /// Turns and lays back, and keeps what lies under `from_center_px` there.
    pub fn turn_at(&mut self, from_center_px: (f64, f64), bearing: f64, tilt: f64) {
        self.keeping(from_center_px, |it| {
            it.bearing += bearing;
            it.tilt += tilt;
        });
    }

    fn keeping(&mut self, from_center_px: (f64, f64), change: impl FnOnce(&mut Self)) {
        let before = self.local_from_view(from_center_px);
        change(self);
        *self = self.clamped();
        let after = self.local_from_view(from_center_px);
        self.center.0 += before.0 - after.0;
        self.center.1 += before.1 - after.1;
        *self = self.clamped();
    }

    /// Within what can be drawn; what is not a number becomes the middle of it.
    pub fn clamped(self) -> Self {
        let finite = |value: f64, or: f64| if value.is_finite() { value } else { or };
        let place = |value: f64| finite(value, 0.0).clamp(-MAX_CENTER_M, MAX_CENTER_M);
        Self {
            center: (place(self.center.0), place(self.center.1)),
            px_per_m: finite(self.px_per_m, 0.02).clamp(MIN_PX_PER_M, MAX_PX_PER_M),
            bearing: finite(self.bearing, 0.0).rem_euclid(360.0),
            tilt: finite(self.tilt, 0.0).clamp(0.0, MAX_TILT),
        }
    }

    /// What one metre east and one metre north are on the screen, px right and down.
    pub fn axes(&self) -> ((f64, f64), (f64, f64)) {
        let (sin, cos) = self.bearing.to_radians().sin_cos();
        let lay = self.tilt.to_radians().cos();
        let s = self.px_per_m;
        // East turned left by the bearing: right by cos, up by sin; up is negative y.
        ((s * cos, -s * sin * lay), (-s * sin, -s * cos * lay))
    }

    /// Px up the screen for one metre of height.
    pub fn rise_px_per_m(&self) -> f64 {
        self.px_per_m * self.tilt.to_radians().sin()
    }

    /// The ground under a point of the view (px from its centre, x right, y down).
    pub fn local_from_view(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (sin, cos) = self.bearing.to_radians().sin_cos();
        let right = x / self.px_per_m;
        let up = -y / (self.px_per_m * self.tilt.to_radians().cos());
        (self.center.0 + right * cos + up * sin, self.center.1 - right * sin + up * cos)
    }

    /// Pixels from the view's centre, x right, y down.
    pub fn view_from_local(&self, (east, north): (f64, f64)) -> (f64, f64) {
        let (east, north) = (east - self.center.0, north - self.center.1);
        let (a, b) = self.axes();
        (east * a.0 + north * b.0, east * a.1 + north * b.1)
    }

    /// The corners of the ground seen in a view of `size` px, local metres, clockwise from the upper left.
    pub fn ground(&self, size: (f64, f64)) -> [(f64, f64); 4] {
        let (w, h) = (size.0 / 2.0, size.1 / 2.0);
        [(-w, -h), (w, -h), (w, h), (-w, h)].map(|at| self.local_from_view(at))
    }

    /// The upright box about [`Self::ground`]: west, south, east, north.
    pub fn ground_box(&self, size: (f64, f64)) -> [f64; 4] {
        let corners = self.ground(size);
        let fold =
            |pick: fn(&(f64, f64)) -> f64, of: fn(f64, f64) -> f64| corners.iter().map(pick).reduce(of).unwrap_or(0.0);
        [fold(|it| it.0, f64::min), fold(|it| it.1, f64::min), fold(|it| it.0, f64::max), fold(|it| it.1, f64::max)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_near(a: (f64, f64), b: (f64, f64)) {
        assert!((a.0 - b.0).abs() < 1e-6 && (a.1 - b.1).abs() < 1e-6, "{a:?} is not {b:?}");
    }

    fn turned() -> StageCamera {
        StageCamera { center: (100.0, -50.0), px_per_m: 0.03, bearing: 37.0, tilt: 40.0 }
    }

    #[test]
    fn view_and_ground_are_inverse_turned_and_tilted() {
        let camera = turned();
        check_near(camera.view_from_local(camera.local_from_view((220.0, -130.0))), (220.0, -130.0));
        check_near(camera.local_from_view((0.0, 0.0)), camera.center);
    }

    #[test]
    fn bearing_is_what_is_up() {
        let camera = StageCamera { bearing: 90.0, px_per_m: 1.0, ..StageCamera::default() };
        check_near(camera.view_from_local((10.0, 0.0)), (0.0, -10.0));
        check_near(camera.view_from_local((0.0, 10.0)), (-10.0, 0.0));
    }

    #[test]
    fn zoom_and_turn_keep_what_is_under_the_cursor() {
        for change in
            [|it: &mut StageCamera, at| it.zoom_at(at, 3.0), |it: &mut StageCamera, at| it.turn_at(at, 20.0, -15.0)]
        {
            let mut camera = turned();
            let before = camera.local_from_view((220.0, -130.0));
            change(&mut camera, (220.0, -130.0));
            check_near(camera.local_from_view((220.0, -130.0)), before);
        }
    }

    #[test]
    fn panning_moves_the_ground_with_the_hand() {
        let mut camera = StageCamera { px_per_m: 0.5, ..StageCamera::default() };
        camera.pan((10.0, 20.0));
        check_near(camera.center, (-20.0, 40.0));
        let mut camera = turned();
        let held = camera.local_from_view((30.0, 40.0));
        camera.pan((10.0, -5.0));
        check_near(camera.local_from_view((40.0, 35.0)), held);
    }

    #[test]
    fn nonsense_is_clamped() {
        let camera =
            StageCamera { center: (f64::NAN, 1e12), px_per_m: f64::INFINITY, bearing: -90.0, tilt: 80.0 }.clamped();
        assert_eq!(camera, StageCamera { center: (0.0, MAX_CENTER_M), px_per_m: 0.02, bearing: 270.0, tilt: MAX_TILT });
    }

    #[test]
    fn the_ground_box_holds_the_corners_seen() {
        let [west, south, east, north] = turned().ground_box((800.0, 600.0));
        for (x, y) in turned().ground((800.0, 600.0)) {
            assert!((west..=east).contains(&x) && (south..=north).contains(&y));
        }
    }
}
