//! Geography: WGS-84 in, local Web-Mercator metres out; GCJ-02 and BD-09 enter only through their converters here.

use serde::{Deserialize, Serialize};

/// WGS-84 longitude and latitude in degrees; `[lon, lat]` in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LonLat(pub f64, pub f64);

/// Metres east and north in Web Mercator about a centre, divided by the scale at the centre's latitude, so that
/// distances near the centre are true.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LocalFrame {
    center: LonLat,
    scale: f64,
}

/// Mean Earth radius of Web Mercator, m (EPSG:3857).
pub const EARTH_RADIUS_M: f64 = 6_378_137.0;

impl LonLat {
    pub fn lon(self) -> f64 {
        self.0
    }
    pub fn lat(self) -> f64 {
        self.1
    }
    /// On Earth, and finite.
    pub fn is_sane(self) -> bool {
        (-180.0..=180.0).contains(&self.0) && (-85.0..=85.0).contains(&self.1)
    }

    /// To 1e-7 degrees, about a centimetre: as records keep places. So few digits read back from JSON as exactly the same
    /// number, so that a log replays to the same hash.
    pub fn rounded(self) -> Self {
        let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Self(round(self.0), round(self.1))
    }

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
    pub fn new(center: LonLat) -> Self {
        Self { center, scale: center.1.to_radians().cos() }
    }
    pub fn center(&self) -> LonLat {
        self.center
    }

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

// ---------------------------------------------------------------- GCJ-02 and BD-09

/// GCJ-02 shifts only what lies in (about) China.
fn is_outside_china(p: LonLat) -> bool {
    !((72.004..=137.8347).contains(&p.0) && (0.8293..=55.8271).contains(&p.1))
}

/// What Gaode and Tencent use, from true coordinates. The published approximation (Krasovsky 1940), good to centimetres.
pub fn gcj02_from_wgs84(p: LonLat) -> LonLat {
    if is_outside_china(p) {
        return p;
    }
    const A: f64 = 6_378_245.0;
    const EE: f64 = 0.006_693_421_622_965_943;
    let (x, y) = (p.0 - 105.0, p.1 - 35.0);
    let pi = std::f64::consts::PI;
    let wave = (20.0 * (6.0 * x * pi).sin() + 20.0 * (2.0 * x * pi).sin()) * 2.0 / 3.0;
    let mut dlat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * x.abs().sqrt() + wave;
    dlat += (20.0 * (y * pi).sin() + 40.0 * (y / 3.0 * pi).sin()) * 2.0 / 3.0;
    dlat += (160.0 * (y / 12.0 * pi).sin() + 320.0 * (y * pi / 30.0).sin()) * 2.0 / 3.0;
    let mut dlon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * x.abs().sqrt() + wave;
    dlon += (20.0 * (x * pi).sin() + 40.0 * (x / 3.0 * pi).sin()) * 2.0 / 3.0;
    dlon += (150.0 * (x / 12.0 * pi).sin() + 300.0 * (x / 30.0 * pi).sin()) * 2.0 / 3.0;
    let rad = p.1.to_radians();
    let magic = 1.0 - EE * rad.sin().powi(2);
    let dlat = dlat * 180.0 / ((A * (1.0 - EE)) / (magic * magic.sqrt()) * pi);
    let dlon = dlon * 180.0 / (A / magic.sqrt() * rad.cos() * pi);
    LonLat(p.0 + dlon, p.1 + dlat)
}

/// The inverse, by iteration: the shift has none in closed form. Exact to far below a millimetre after a few rounds.
pub fn wgs84_from_gcj02(p: LonLat) -> LonLat {
    let mut guess = p;
    for _ in 0..10 {
        let shifted = gcj02_from_wgs84(guess);
        let (dlon, dlat) = (shifted.0 - p.0, shifted.1 - p.1);
        guess = LonLat(guess.0 - dlon, guess.1 - dlat);
        if dlon.abs() < 1e-12 && dlat.abs() < 1e-12 {
            break;
        }
    }
    guess
}

/// BD-09's own period, as published.
const BD_PI: f64 = std::f64::consts::PI * 3000.0 / 180.0;

/// What Baidu uses, from GCJ-02.
pub fn bd09_from_gcj02(p: LonLat) -> LonLat {
    let r = p.0.hypot(p.1) + 0.000_02 * (p.1 * BD_PI).sin();
    let theta = p.1.atan2(p.0) + 0.000_003 * (p.0 * BD_PI).cos();
    LonLat(r * theta.cos() + 0.0065, r * theta.sin() + 0.006)
}

/// The published inverse, good to about a metre.
pub fn gcj02_from_bd09(p: LonLat) -> LonLat {
    let (x, y) = (p.0 - 0.0065, p.1 - 0.006);
    let r = x.hypot(y) - 0.000_02 * (y * BD_PI).sin();
    let theta = y.atan2(x) - 0.000_003 * (x * BD_PI).cos();
    LonLat(r * theta.cos(), r * theta.sin())
}

pub fn bd09_from_wgs84(p: LonLat) -> LonLat {
    bd09_from_gcj02(gcj02_from_wgs84(p))
}

pub fn wgs84_from_bd09(p: LonLat) -> LonLat {
    wgs84_from_gcj02(gcj02_from_bd09(p))
}
