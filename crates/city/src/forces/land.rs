//! Where the city's land is: what a helicopter is to reach, and what a boat cannot cross.

use crate::{ids::*, *};

/// A place this near to the water is at the shore, m.
const SHORE_M: f64 = 300.0;
/// Between the samples of a boat's way, m.
const STEP_M: f64 = 150.0;
/// Samples in one district at most; a larger one is sampled more coarsely.
const MAX_SAMPLES: f64 = 400_000.0;

/// The land of a city, by district, and the coast.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Land {
    /// A district's rings, outer and holes alike (even-odd).
    districts: Vec<(DistrictId, Vec<Outline>)>,
    /// All land here, whoever's it is; without it, what lies in no district is taken for water.
    coast: Vec<Outline>,
}

/// A ring and the box it lies in: west, south, east, north.
#[derive(Clone, Debug, PartialEq)]
struct Outline {
    ring: Vec<LonLat>,
    bounds: [f64; 4],
}

impl Outline {
    fn new(ring: Vec<LonLat>) -> Self {
        let bounds = ring.iter().fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |[w, s, e, n], it| {
            [w.min(it.0), s.min(it.1), e.max(it.0), n.max(it.1)]
        });
        Self { ring, bounds }
    }

    fn contains(&self, at: LonLat) -> bool {
        let [w, s, e, n] = self.bounds;
        (w..=e).contains(&at.0) && (s..=n).contains(&at.1) && is_in_ring(at, &self.ring)
    }
}

fn is_in(rings: &[Outline], at: LonLat) -> bool {
    rings.iter().filter(|it| it.contains(at)).count() % 2 == 1
}

impl Land {
    /// From the pack's `map/districts.geojson`: polygons whose `id` is a district.
    pub fn from_geojson(text: &str) -> Result<Self, String> {
        let mut districts = Vec::new();
        for (i, feature) in features(text)?.iter().enumerate() {
            let id = feature["properties"]["id"].as_str().ok_or(format!("第 {} 个要素没有 properties.id", i + 1))?;
            districts.push((DistrictId::from(id), outlines(feature).map_err(|why| format!("{id} {why}"))?));
        }
        Ok(Self { districts, coast: Vec::new() })
    }

    /// With the coast from the pack's `map/land.geojson`: polygons of all land here.
    pub fn with_coast(mut self, text: &str) -> Result<Self, String> {
        self.coast.clear();
        for feature in &features(text)? {
            self.coast.extend(outlines(feature)?);
        }
        Ok(self)
    }

    /// The district a place is in, or is off the shore of by less than `within_m`; none where neither is so.
    pub fn district_of(&self, at: LonLat, within_m: f64) -> Option<&DistrictId> {
        let holds = |at: LonLat| self.districts.iter().find(|(_, rings)| is_in(rings, at)).map(|(id, _)| id);
        if let Some(id) = holds(at) {
            return Some(id);
        }
        let frame = LocalFrame::new(at);
        // Eight winds at four distances, the nearest first.
        (1..=4).flat_map(|ring| (0..8).map(move |wind| (ring, wind))).find_map(|(ring, wind)| {
            let (sin, cos) = (f64::from(wind) * std::f64::consts::FRAC_PI_4).sin_cos();
            let m = within_m * f64::from(ring) / 4.0;
            holds(frame.geo_from_local((m * sin, m * cos)))
        })
    }

    /// Whether it is on land.
    pub fn is_land(&self, at: LonLat) -> bool {
        match self.coast.is_empty() {
            true => self.districts.iter().any(|(_, rings)| is_in(rings, at)),
            false => is_in(&self.coast, at),
        }
    }

    /// Whether a boat gets there: it is water, or water is within 300 m.
    pub fn is_afloat(&self, at: LonLat) -> bool {
        if !self.is_land(at) {
            return true;
        }
        let frame = LocalFrame::new(at);
        // Eight winds, near and at the limit.
        let mut around = (0..16).map(|i| {
            let (sin, cos) = (f64::from(i / 2) * std::f64::consts::FRAC_PI_4).sin_cos();
            let m = if i % 2 == 0 { SHORE_M / 2.0 } else { SHORE_M };
            frame.geo_from_local((m * sin, m * cos))
        });
        around.any(|it| !self.is_land(it))
    }

    /// Whether the straight line between two places by the water leads over land, but for the shores it begins and ends at.
    pub fn is_between(&self, a: LonLat, b: LonLat) -> bool {
        let way_m = a.distance_m(b);
        let n = (way_m / STEP_M).ceil().clamp(1.0, 1000.0) as usize;
        (1..n).any(|i| {
            let t = i as f64 / n as f64;
            let is_underway = t * way_m > SHORE_M && (1.0 - t) * way_m > SHORE_M;
            is_underway && self.is_land(LonLat(a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t))
        })
    }

    /// Places in a grid about each district's south-west, those on land only.
    pub(super) fn samples(&self, cell_m: f64) -> impl Iterator<Item = (&DistrictId, LonLat)> {
        self.districts.iter().flat_map(move |(id, rings)| {
            let all = rings.iter().fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |a, it| {
                let b = it.bounds;
                [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
            });
            let mut dlat = cell_m / 111_195.0;
            let cos = all[1].clamp(-80.0, 80.0).to_radians().cos();
            let n = (all[2] - all[0]) * cos / dlat * ((all[3] - all[1]) / dlat);
            if n > MAX_SAMPLES {
                dlat *= (n / MAX_SAMPLES).sqrt();
            }
            let dlon = dlat / cos;
            let count =
                |from: f64, to: f64, step: f64| if to > from { ((to - from) / step).ceil() as usize } else { 0 };
            let (nx, ny) = (count(all[0], all[2], dlon), count(all[1], all[3], dlat));
            (0..nx * ny)
                .map(move |i| {
                    let (x, y) = ((i % nx) as f64, (i / nx) as f64);
                    LonLat(all[0] + (x + 0.5) * dlon, all[1] + (y + 0.5) * dlat)
                })
                .filter(move |at| is_in(rings, *at))
                .map(move |at| (id, at))
        })
    }
}

fn features(text: &str) -> Result<Vec<serde_json::Value>, String> {
    let mut value: serde_json::Value = serde_json::from_str(text).map_err(|why| format!("不是 GeoJSON：{why}"))?;
    match value["features"].take() {
        serde_json::Value::Array(features) => Ok(features),
        _ => Err("不是 FeatureCollection".into()),
    }
}

fn outlines(feature: &serde_json::Value) -> Result<Vec<Outline>, String> {
    let geometry = &feature["geometry"];
    let polygons: Vec<Vec<Vec<LonLat>>> = match geometry["type"].as_str() {
        Some("Polygon") => vec![rings(&geometry["coordinates"])?],
        Some("MultiPolygon") => {
            let parts = geometry["coordinates"].as_array().map_or(&[][..], Vec::as_slice);
            parts.iter().map(rings).collect::<Result<_, _>>()?
        }
        _ => return Err("不是面".into()),
    };
    Ok(polygons.into_iter().flatten().map(Outline::new).collect())
}

fn rings(value: &serde_json::Value) -> Result<Vec<Vec<LonLat>>, String> {
    // Some files carry heights; only the first two numbers are places.
    let rings: Vec<Vec<Vec<f64>>> =
        serde_json::from_value(value.clone()).map_err(|why| format!("坐标读不懂：{why}"))?;
    let place = |it: Vec<f64>| match it[..] {
        [lon, lat, ..] if LonLat(lon, lat).is_sane() => Ok(LonLat(lon, lat)),
        _ => Err(format!("坐标不在地球上：{it:?}")),
    };
    rings.into_iter().map(|ring| ring.into_iter().map(place).collect()).collect()
}
