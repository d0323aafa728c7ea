//! The base map: the pack's GeoJSON layers made into fills and lines once, when they arrive.

use super::gpu::map::{FillVertex, LayerKey, LineSegment, Upload};
use crate::theme;
use egui::Color32;
use gulang_city::{LocalFrame, LonLat};
use serde_json::Value;

/// Files under the pack's `map/`, in the order they are asked for.
pub const LAYER_FILES: [&str; 9] = [
    "land.geojson",
    "districts.geojson",
    "region_land.geojson",
    "roads.geojson",
    "green.geojson",
    "water.geojson",
    "rail.geojson",
    "buildings.geojson",
    "places.geojson",
];

const GREEN: Color32 = Color32::from_rgb(0x1C, 0x2B, 0x2A);
const BUILDING: Color32 = Color32::from_rgb(0x2A, 0x35, 0x40);
const ROAD_MOTORWAY: Color32 = Color32::from_rgb(0x56, 0x66, 0x75);
const ROAD_TRUNK: Color32 = Color32::from_rgb(0x41, 0x4E, 0x5B);
const ROAD_MINOR: Color32 = Color32::from_rgb(0x32, 0x3D, 0x48);
/// Drawn where a building's height is not known: three floors.
const USUAL_HEIGHT_M: f32 = 10.0;

/// A place's name on the map.
#[derive(Clone, Debug)]
pub struct Place {
    pub name: String,
    pub at: (f64, f64),
    /// 1 districts and the sea's names … 5 villages.
    pub rank: u8,
    pub is_sea: bool,
}

/// What one file becomes; an unreadable file becomes nothing and the map shows what is left.
pub fn uploads_from_layer(file: &str, text: &str, frame: &LocalFrame) -> Vec<Upload> {
    let Ok(root) = serde_json::from_str::<Value>(text) else {
        tracing::warn!("{file}: not JSON; the layer is left out");
        return Vec::new();
    };
    let features = features(&root, frame);
    match file {
        "region_land.geojson" => vec![fill(LayerKey::RegionLand, &features, theme::LAND_OUTSIDE)],
        "land.geojson" => {
            let mut coast = Lines::default();
            for ring in features.iter().flat_map(|it| &it.polygons).flatten() {
                coast.add(ring, theme::COAST, 0.9, [0.0, 0.0]);
            }
            vec![fill(LayerKey::Land, &features, theme::LAND_CITY), Upload::Lines(LayerKey::Coast, coast.segments)]
        }
        "green.geojson" => vec![fill(LayerKey::Green, &features, GREEN)],
        "water.geojson" => vec![fill(LayerKey::Water, &features, theme::SEA)],
        "districts.geojson" => {
            let mut edges = Lines::default();
            for ring in features.iter().flat_map(|it| &it.polygons).flatten() {
                edges.add(ring, theme::BOUNDARY_DISTRICT, 1.0, [5.0, 4.0]);
            }
            vec![Upload::Lines(LayerKey::DistrictEdges, edges.segments)]
        }
        "roads.geojson" => roads(&features),
        "rail.geojson" => {
            let mut lines = Lines::default();
            for feature in &features {
                let dash = if feature.text("state") == "construction" { [3.0, 4.0] } else { [8.0, 3.0] };
                feature.lines.iter().for_each(|line| lines.add(line, ROAD_TRUNK, 1.0, dash));
            }
            vec![Upload::Lines(LayerKey::Rail, lines.segments)]
        }
        "buildings.geojson" => vec![buildings(&features)],
        _ => Vec::new(),
    }
}

pub fn places_from_layer(text: &str, frame: &LocalFrame) -> Vec<Place> {
    let Ok(root) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let mut places: Vec<Place> = features(&root, frame)
        .iter()
        .filter_map(|feature| {
            let &at = feature.points.first()?;
            let kind = feature.text("kind");
            let is_sea = ["sea", "bay", "strait", "water", "channel"].iter().any(|word| kind.contains(word));
            let rank = feature.properties.get("rank").and_then(Value::as_u64).unwrap_or(5).min(9) as u8;
            let name = feature.text("name").to_owned();
            (!name.is_empty()).then_some(Place { name, at, rank, is_sea })
        })
        .collect();
    places.sort_by_key(|place| place.rank);
    places
}

/// One feature in local metres.
struct Feature<'a> {
    properties: &'a Value,
    polygons: Vec<Vec<Ring>>,
    lines: Vec<Ring>,
    points: Vec<(f64, f64)>,
}

type Ring = Vec<(f64, f64)>;

impl Feature<'_> {
    fn text(&self, key: &str) -> &str {
        self.properties.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

fn features<'a>(root: &'a Value, frame: &LocalFrame) -> Vec<Feature<'a>> {
    let point = |value: &Value| {
        let at = LonLat(value.get(0)?.as_f64()?, value.get(1)?.as_f64()?);
        at.is_sane().then(|| frame.local_from_geo(at))
    };
    let ring = |value: &Value| value.as_array().into_iter().flatten().filter_map(point).collect::<Ring>();
    let rings = |value: &Value| value.as_array().into_iter().flatten().map(ring).collect::<Vec<_>>();
    let list = root.get("features").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|feature| {
            let geometry = feature.get("geometry")?;
            let coordinates = geometry.get("coordinates")?;
            let mut made =
                Feature { properties: &feature["properties"], polygons: vec![], lines: vec![], points: vec![] };
            match geometry.get("type")?.as_str()? {
                "Polygon" => made.polygons.push(rings(coordinates)),
                "MultiPolygon" => made.polygons.extend(coordinates.as_array()?.iter().map(rings)),
                "LineString" => made.lines.push(ring(coordinates)),
                "MultiLineString" => made.lines = rings(coordinates),
                "Point" => made.points.extend(point(coordinates)),
                _ => return None,
            }
            Some(made)
        })
        .collect()
}

fn fill(key: LayerKey, features: &[Feature], color: Color32) -> Upload {
    let mut fills = Fills::default();
    features.iter().flat_map(|it| &it.polygons).for_each(|polygon| fills.add(polygon, color.to_array(), 0.0));
    Upload::Fills(key, fills.vertices, fills.indices)
}

fn roads(features: &[Feature]) -> Vec<Upload> {
    let mut by_rank = [Lines::default(), Lines::default(), Lines::default()];
    for feature in features {
        let (rank, color, width) = match feature.text("class") {
            "motorway" => (2, ROAD_MOTORWAY, 2.2),
            "trunk" => (2, ROAD_TRUNK, 1.8),
            "primary" => (2, ROAD_TRUNK, 1.4),
            "secondary" => (1, ROAD_TRUNK, 1.0),
            _ => (0, ROAD_MINOR, 0.8),
        };
        let dash = if feature.text("structure") == "tunnel" { [5.0, 4.0] } else { [0.0, 0.0] };
        feature.lines.iter().for_each(|line| by_rank[rank].add(line, color, width, dash));
    }
    let keys = [LayerKey::RoadMinor, LayerKey::RoadMiddle, LayerKey::RoadMain];
    keys.into_iter().zip(by_rank).map(|(key, lines)| Upload::Lines(key, lines.segments)).collect()
}

/// Walls with one flat light from the north-west, then the roof; southern buildings later, so that they stand in front.
fn buildings(features: &[Feature]) -> Upload {
    let mut polygons: Vec<(f64, f32, &Vec<Ring>)> = Vec::new();
    for feature in features {
        let height = feature.properties.get("height").and_then(Value::as_f64).map_or(USUAL_HEIGHT_M, |it| it as f32);
        for polygon in &feature.polygons {
            let Some(outline) = polygon.first().filter(|it| it.len() >= 3) else { continue };
            let south = outline.iter().map(|at| at.1).fold(f64::INFINITY, f64::min);
            polygons.push((south, height.clamp(3.0, 600.0), polygon));
        }
    }
    polygons.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut fills = Fills::default();
    for (_, height, polygon) in polygons {
        for (&a, &b) in polygon[0].iter().zip(polygon[0].iter().cycle().skip(1)) {
            let (dx, dy) = (b.0 - a.0, b.1 - a.1);
            let length = dx.hypot(dy);
            if length < 0.1 {
                continue;
            }
            // How much the wall faces the light, either side.
            let light = ((dy * 0.6 + dx * 0.8) / length).abs() as f32;
            fills.wall(a, b, shade(BUILDING, 0.62 + 0.22 * light), height);
        }
        fills.add(polygon, shade(BUILDING, 1.16), height);
    }
    Upload::Fills(LayerKey::Buildings, fills.vertices, fills.indices)
}

fn shade(color: Color32, factor: f32) -> [u8; 4] {
    let [r, g, b, a] = color.to_array();
    let scale = |value: u8| (f32::from(value) * factor).round().min(255.0) as u8;
    [scale(r), scale(g), scale(b), a]
}

/// Triangles as they are collected.
#[derive(Default)]
pub struct Fills {
    pub vertices: Vec<FillVertex>,
    pub indices: Vec<u32>,
}

impl Fills {
    /// A polygon's outline and holes; one that cannot be cut into triangles is left out.
    pub fn add(&mut self, rings: &[Ring], color: [u8; 4], height: f32) {
        let mut flat = Vec::new();
        let mut holes = Vec::new();
        for (i, ring) in rings.iter().enumerate() {
            let ring = if ring.len() > 1 && ring.first() == ring.last() { &ring[..ring.len() - 1] } else { ring };
            if ring.len() < 3 {
                if i == 0 {
                    return;
                }
                continue;
            }
            if i > 0 {
                holes.push(flat.len() / 2);
            }
            flat.extend(ring.iter().flat_map(|at| [at.0, at.1]));
        }
        let Ok(triangles) = earcutr::earcut(&flat, &holes, 2) else { return };
        let base = self.vertices.len() as u32;
        let corners = flat.chunks_exact(2);
        self.vertices.extend(corners.map(|at| FillVertex { at: [at[0] as f32, at[1] as f32], color, height }));
        self.indices.extend(triangles.into_iter().map(|i| base + i as u32));
    }

    fn wall(&mut self, a: (f64, f64), b: (f64, f64), color: [u8; 4], height: f32) {
        let base = self.vertices.len() as u32;
        for (at, height) in [(a, 0.0), (b, 0.0), (b, height), (a, height)] {
            self.vertices.push(FillVertex { at: [at.0 as f32, at.1 as f32], color, height });
        }
        self.indices.extend([0, 1, 2, 0, 2, 3].map(|i| base + i));
    }
}

/// Line pieces as they are collected.
#[derive(Default)]
pub struct Lines {
    pub segments: Vec<LineSegment>,
}

impl Lines {
    pub fn add(&mut self, points: &[(f64, f64)], color: Color32, width_px: f32, dash_px: [f32; 2]) {
        let mut start = 0.0;
        for pair in points.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            let [from, to] = [a, b].map(|at| [at.0 as f32, at.1 as f32]);
            let color = color.to_srgba_unmultiplied();
            self.segments.push(LineSegment { a: from, b: to, color, width_px, start_m: start as f32, dash_px });
            start += (b.0 - a.0).hypot(b.1 - a.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> LocalFrame {
        LocalFrame::new(LonLat(118.11, 24.50))
    }

    fn layer(geometry: &str) -> String {
        format!(r#"{{"features":[{{"properties":{{"height":20,"class":"trunk"}},"geometry":{geometry}}}]}}"#)
    }

    const SQUARE: &str =
        r#"{"type":"Polygon","coordinates":[[[118.1,24.5],[118.2,24.5],[118.2,24.6],[118.1,24.6],[118.1,24.5]]]}"#;

    #[test]
    fn a_polygon_becomes_triangles_and_a_coast() {
        let uploads = uploads_from_layer("land.geojson", &layer(SQUARE), &frame());
        let [Upload::Fills(LayerKey::Land, vertices, indices), Upload::Lines(LayerKey::Coast, coast)] = &uploads[..]
        else {
            panic!("land is a fill and a coast");
        };
        assert_eq!((vertices.len(), indices.len(), coast.len()), (4, 6, 4));
    }

    #[test]
    fn a_building_gets_walls_and_a_roof() {
        let uploads = uploads_from_layer("buildings.geojson", &layer(SQUARE), &frame());
        let [Upload::Fills(LayerKey::Buildings, vertices, _)] = &uploads[..] else { panic!("one fill") };
        assert_eq!(vertices.iter().filter(|it| it.height == 20.0).count(), 4 + 2 * 4);
    }

    #[test]
    fn nonsense_leaves_the_layer_out() {
        for text in ["", "{", "[]", r#"{"features":7}"#, &layer(r#"{"type":"Polygon","coordinates":[[["x"]]]}"#)] {
            for upload in uploads_from_layer("green.geojson", text, &frame()) {
                assert!(matches!(upload, Upload::Fills(_, vertices, _) if vertices.is_empty()));
            }
        }
    }
}
