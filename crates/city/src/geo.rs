//! Geography: WGS-84 in, local Web-Mercator metres out; GCJ-02 and BD-09 enter only through their converters here.

use serde::{Deserialize, Serialize};

/// WGS-84 longitude and latitude in degrees; `[lon, lat]` in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LonLat(pub f64, pub f64);

/// Metres east and north in Web Mercator about a centre, divided by the scale at the centre's latitude, so that
/// distances near the centre are true.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LocalFrame { center: LonLat, scale: f64 }

/// Mean Earth radius of Web Mercator, m (EPSG:3857).
pub const EARTH_RADIUS_M: f64 = 6_378_137.0;

impl LonLat {
    pub fn lon(self) -> f64 { self.0 }
    pub fn lat(self) -> f64 { self.1 }
    /// On Earth, and finite.
    pub fn is_sane(self) -> bool { (-180.0..=180.0).contains(&self.0) && (-85.0..=85.0).contains(&self.1) }

    /// Great-circle distance, m (haversine on the mean sphere, 6 371 008.8 m).
    pub fn distance_m(self, other: Self) -> f64 {
        let (a, b) = (self.1.to_radians(), other.1.to_radians());
        let (dlat, dlon) = (b - a, (other.0 - self.0).to_radians());
        let h = (dlat / 2.0).sin().powi(2) + a.cos() * b.cos() * (dlon / 2.0).sin().powi(2);
        2.0 * 6_371_008.8 * h.sqrt().min(1.0).asin()
    }

    /// Initial bearing to `other`, degrees clockwise from north, 0–360.
    pub fn bearing_to(self, other: Self) -> f64 {
        let (a, b, dlon) = (self.1.to_radians(), other.1.to_radians(), (other.0 - self.0).to_radians());
        let y = dlon.sin() * b.cos();
        let x = a.cos() * b.sin() - a.sin() * b.cos() * dlon.cos();
        (y.atan2(x).to_degrees() + 360.0) % 360.0
    }
}

impl LocalFrame {
    pub fn new(center: LonLat) -> Self { Self { center, scale: center.1.to_radians().cos() } }
    pub fn center(&self) -> LonLat { self.center }

    /// `(east, north)` in metres.
    pub fn local_from_geo(&self, p: LonLat) -> (f64, f64) {
        let merc = |lat: f64| (std::f64::consts::FRAC_PI_4 + lat.clamp(-85.0, 85.0).to_radians() / 2.0).tan().ln();
        let k = EARTH_RADIUS_M * self.scale;
        ((p.0 - self.center.0).to_radians() * k, (merc(p.1) - merc(self.center.1)) * k)
    }

    pub fn geo_from_local(&self, (east, north): (f64, f64)) -> LonLat {
        let k = EARTH_RADIUS_M * self.scale;
        let merc0 = (std::f64::consts::FRAC_PI_4 + self.center.1.to_radians() / 2.0).tan().ln();
        let lat = 2.0 * ((merc0 + north / k).exp().atan() - std::f64::consts::FRAC_PI_4);
        LonLat(self.center.0 + (east / k).to_degrees(), lat.to_degrees())
    }
}
