//! Where the stage looks. North is up; the camera is kept in f64, and only differences reach the GPU.

use gulang_city::{LocalFrame, LonLat};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageCamera {
    /// Local metres east and north of the city's centre.
    pub center: (f64, f64),
    /// Logical pixels per metre.
    pub px_per_m: f64,
}

/// From the whole typhoon sea to one roof.
const MIN_PX_PER_M: f64 = 1.0 / 8000.0;
const MAX_PX_PER_M: f64 = 8.0;

impl StageCamera {
    /// `metres` fill the narrower side of `size` (logical px).
    pub fn looking_at(center: (f64, f64), metres: f64, size: (f64, f64)) -> Self {
        let px_per_m = size.0.min(size.1).max(64.0) / metres.max(20.0);
        Self { center, px_per_m: px_per_m.clamp(MIN_PX_PER_M, MAX_PX_PER_M) }
    }

    pub fn pan(&mut self, (dx_px, dy_px): (f64, f64)) {
        self.center.0 -= dx_px / self.px_per_m;
        self.center.1 += dy_px / self.px_per_m;
    }

    /// Zooms by `factor` and keeps what lies under `from_center_px` (x right, y down, from the view's centre) there.
    pub fn zoom_at(&mut self, from_center_px: (f64, f64), factor: f64) {
        let before = self.local_from_view(from_center_px);
        self.px_per_m = (self.px_per_m * factor).clamp(MIN_PX_PER_M, MAX_PX_PER_M);
        let after = self.local_from_view(from_center_px);
        self.center.0 += before.0 - after.0;
        self.center.1 += before.1 - after.1;
    }

    pub fn local_from_view(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.center.0 + x / self.px_per_m, self.center.1 - y / self.px_per_m)
    }

    /// Pixels from the view's centre, x right, y down.
    pub fn view_from_local(&self, (east, north): (f64, f64)) -> (f64, f64) {
        ((east - self.center.0) * self.px_per_m, (self.center.1 - north) * self.px_per_m)
    }

    pub fn view_from_geo(&self, frame: &LocalFrame, at: LonLat) -> (f64, f64) {
        self.view_from_local(frame.local_from_geo(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zoom_keeps_what_is_under_the_cursor() {
        let mut camera = StageCamera::looking_at((100.0, -50.0), 30_000.0, (1000.0, 600.0));
        let before = camera.local_from_view((220.0, -130.0));
        camera.zoom_at((220.0, -130.0), 3.0);
        let after = camera.local_from_view((220.0, -130.0));
        assert!((before.0 - after.0).abs() < 1e-6 && (before.1 - after.1).abs() < 1e-6);
    }

    #[test]
    fn panning_moves_the_ground_with_the_hand() {
        let mut camera = StageCamera { center: (0.0, 0.0), px_per_m: 0.5 };
        camera.pan((10.0, 20.0));
        assert_eq!(camera.center, (-20.0, 40.0));
    }
}
