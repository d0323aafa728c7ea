//! Land and districts as plain shapes, for the small maps: read once from GeoJSON, cut into triangles once.

use gulang_city::LonLat;
use serde_json::Value;

/// Shapes of the city and of the sea region around it.
#[derive(Clone, Debug, Default)]
pub struct LocatorLand {
    pub(super) land: Vec<Shape>,
    pub(super) districts: Vec<Shape>,
    pub(super) region: Vec<Shape>,
}

/// One polygon: its rings for outlines, its triangles for the fill.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub points: Vec<LonLat>,
    /// Where each ring ends in `points`.
    pub ring_ends: Vec<usize>,
    pub triangles: Vec<u32>,
    /// Degrees; longer edges are where the data was cut, not a coast, and are not outlined.
    pub longest_edge: f64,
}

impl LocatorLand {
    /// From the pack's `map/land.geojson`, `map/districts.geojson` and `map/region_land.geojson`; a text that cannot be
    /// read leaves its shapes out, and the map then shows what is left.
    pub fn from_geojson(land: &str, districts: &str, region: &str) -> Self {
        Self { land: shapes(land, 0.0006), districts: shapes(districts, 0.0006), region: shapes(region, 0.02) }
    }
}

/// Every polygon, points nearer than `tolerance` degrees to the last kept one left out.
fn shapes(text: &str, tolerance: f64) -> Vec<Shape> {
    let Ok(root) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let mut out = Vec::new();
    let features = root.get("features").and_then(Value::as_array);
    for feature in features.into_iter().flatten() {
        let Some(geometry) = feature.get("geometry") else { continue };
        let Some(coordinates) = geometry.get("coordinates").and_then(Value::as_array) else { continue };
        match geometry.get("type").and_then(Value::as_str) {
            Some("Polygon") => out.extend(shape(coordinates, tolerance)),
            Some("MultiPolygon") => {
                out.extend(coordinates.iter().filter_map(Value::as_array).filter_map(|it| shape(it, tolerance)));
            }
            _ => {}
        }
    }
    out
}

fn shape(rings: &[Value], tolerance: f64) -> Option<Shape> {
    let (mut points, mut ring_ends) = (Vec::new(), Vec::new());
    for ring in rings {
        let from = points.len();
        for point in ring.as_array()? {
            let at = LonLat(point.get(0)?.as_f64()?, point.get(1)?.as_f64()?);
            let far = |last: &LonLat| (last.0 - at.0).abs().max((last.1 - at.1).abs()) >= tolerance;
            if points.len() == from || points.last().is_none_or(far) {
                points.push(at);
            }
        }
        if points.len() - from < 3 {
            points.truncate(from);
            if ring_ends.is_empty() {
                return None;
            }
            continue;
        }
        ring_ends.push(points.len());
    }
    let flat: Vec<f64> = points.iter().flat_map(|p: &LonLat| [p.0, p.1]).collect();
    let holes: Vec<usize> = ring_ends[..ring_ends.len().saturating_sub(1)].to_vec();
    let triangles = earcutr::earcut(&flat, &holes, 2).unwrap_or_default();
    let triangles = triangles.into_iter().map(|i| i as u32).collect();
    Some(Shape { points, ring_ends, triangles, longest_edge: tolerance * 60.0 })
}

impl Shape {
    /// Fills and outlines it through a projection.
    pub fn paint(
        &self,
        painter: &egui::Painter,
        project: &dyn Fn(LonLat) -> egui::Pos2,
        fill: egui::Color32,
        line: egui::Stroke,
    ) {
        let at: Vec<egui::Pos2> = self.points.iter().map(|p| project(*p)).collect();
        if fill != egui::Color32::TRANSPARENT {
            let mut mesh = egui::Mesh::default();
            at.iter().for_each(|at| mesh.colored_vertex(*at, fill));
            mesh.indices = self.triangles.clone();
            painter.add(mesh);
        }
        if line.width > 0.0 {
            let mut from = 0;
            for end in &self.ring_ends {
                let mut run = Vec::new();
                for i in (from..*end).chain([from]) {
                    let last = if i == from { *end - 1 } else { i - 1 };
                    let (a, b) = (self.points[last], self.points[i]);
                    if (a.0 - b.0).abs().max((a.1 - b.1).abs()) > self.longest_edge && !run.is_empty() {
                        painter.add(egui::Shape::line(std::mem::take(&mut run), line));
                    }
                    run.push(at[i]);
                }
                painter.add(egui::Shape::line(run, line));
                from = *end;
            }
        }
    }
}
