//! Files into features: attributes by the rule, places as 0–1 of the square world (east and south of its corner).

use super::{
    Crs, ImportError, Place, Rule, Spec,
    cut::{Piece, Shape},
};
use flatgeobuf::{FallibleStreamingIterator, FeatureProperties, FgbReader};
use geo::{
    BooleanOps, Coord, Geometry, LineString, MapCoords, MultiLineString, MultiPolygon, Polygon, Rect, unary_union,
};
use geozero::{ColumnValue, PropertyProcessor, ToGeo};
use gulang_city::{LonLat, wgs84_from_bd09, wgs84_from_gcj02};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};

type Read<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;
/// A feature as it lies in its file, in degrees.
type Raw = (Map<String, Value>, Geometry<f64>);

/// Every feature of every rule, in the rules' order.
pub(super) fn features(spec: &Spec, read: Read) -> Result<Vec<Piece>, ImportError> {
    let mut files: BTreeMap<&str, Vec<Raw>> = BTreeMap::new();
    for file in spec.files() {
        let bytes = read(file)
            .map_err(|why| ImportError::new(file, Place::Whole, "读不到文件", why, "检查路径，或从导入说明里去掉它"))?;
        files.insert(file, parse(file, bytes)?);
    }
    let mut pieces = Vec::new();
    for rule in &spec.rules {
        pieces.extend(pieces_of(spec, rule, &files)?);
    }
    Ok(merged(pieces))
}

/// West, south, east, north in degrees; the whole world where there is nothing.
pub(super) fn bounds(pieces: &[Piece]) -> [f64; 4] {
    let mut b = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for piece in pieces {
        let [west, north, east, south] = piece.bounds();
        b = [b[0].min(west), b[1].min(north), b[2].max(east), b[3].max(south)];
    }
    if b[0] > b[2] {
        return [-180.0, -85.0, 180.0, 85.0];
    }
    let lat = |v: f64| (std::f64::consts::PI * (1.0 - 2.0 * v)).sinh().atan().to_degrees();
    [b[0] * 360.0 - 180.0, lat(b[3]), b[2] * 360.0 - 180.0, lat(b[1])]
}

// ---------------------------------------------------------------- reading

fn parse(file: &str, bytes: Vec<u8>) -> Result<Vec<Raw>, ImportError> {
    if file.to_ascii_lowercase().ends_with(".fgb") {
        parse_flatgeobuf(file, &bytes)
    } else {
        parse_geojson(file, &bytes)
    }
}

fn parse_geojson(file: &str, bytes: &[u8]) -> Result<Vec<Raw>, ImportError> {
    #[derive(serde::Deserialize)]
    struct Collection {
        features: Vec<Value>,
    }
    let collection: Collection = serde_json::from_slice(bytes).map_err(|why| {
        let todo = "改正该行；需要一个 GeoJSON FeatureCollection";
        ImportError::new(file, Place::Line(why.line().max(1)), "不是可读的 GeoJSON", why, todo)
    })?;
    let mut raws = Vec::with_capacity(collection.features.len());
    for (i, value) in collection.features.into_iter().enumerate() {
        let fault = |why: String| ImportError::new(file, Place::Feature(i + 1), "要素读不了", why, "改正或删去该要素");
        let feature = serde_json::from_value::<geojson::Feature>(value).map_err(|why| fault(why.to_string()))?;
        // A feature without a place is allowed by the format and has nowhere to go.
        let Some(geometry) = feature.geometry else { continue };
        let geometry = Geometry::<f64>::try_from(&geometry).map_err(|why| fault(why.to_string()))?;
        raws.push((feature.properties.unwrap_or_default(), geometry));
    }
    Ok(raws)
}

fn parse_flatgeobuf(file: &str, bytes: &[u8]) -> Result<Vec<Raw>, ImportError> {
    let fault = |place, why: String| {
        ImportError::new(file, place, "不是可读的 FlatGeobuf", why, "重新导出该文件，或改用 GeoJSON")
    };
    let reader = FgbReader::open(std::io::Cursor::new(bytes)).map_err(|why| fault(Place::Whole, why.to_string()))?;
    let mut features = reader.select_all().map_err(|why| fault(Place::Whole, why.to_string()))?;
    let mut raws = Vec::new();
    loop {
        let place = Place::Feature(raws.len() + 1);
        let Some(feature) = features.next().map_err(|why| fault(place, why.to_string()))? else { return Ok(raws) };
        let geometry = feature.to_geo().map_err(|why| fault(place, why.to_string()))?;
        let mut properties = Properties(Map::new());
        feature.process_properties(&mut properties).map_err(|why| fault(place, why.to_string()))?;
        raws.push((properties.0, geometry));
    }
}

struct Properties(Map<String, Value>);

impl PropertyProcessor for Properties {
    fn property(&mut self, _: usize, name: &str, value: &ColumnValue) -> geozero::error::Result<bool> {
        let value = match *value {
            ColumnValue::Byte(it) => it.into(),
            ColumnValue::UByte(it) => it.into(),
            ColumnValue::Bool(it) => it.into(),
            ColumnValue::Short(it) => it.into(),
            ColumnValue::UShort(it) => it.into(),
            ColumnValue::Int(it) => it.into(),
            ColumnValue::UInt(it) => it.into(),
            ColumnValue::Long(it) => it.into(),
            ColumnValue::ULong(it) => it.into(),
            ColumnValue::Float(it) => f64::from(it).into(),
            ColumnValue::Double(it) => it.into(),
            ColumnValue::String(it) | ColumnValue::Json(it) | ColumnValue::DateTime(it) => it.into(),
            ColumnValue::Binary(_) => Value::Null,
        };
        self.0.insert(name.to_owned(), value);
        Ok(false)
    }
}

// ---------------------------------------------------------------- by the rule

fn pieces_of(spec: &Spec, rule: &Rule, files: &BTreeMap<&str, Vec<Raw>>) -> Result<Vec<Piece>, ImportError> {
    let mut pieces = Vec::new();
    for (i, (properties, geometry)) in files[rule.file.as_str()].iter().enumerate() {
        let is_wanted = |(key, values): (&String, &Vec<String>)| {
            properties.get(key).is_some_and(|it| values.contains(&as_text(it)))
        };
        if !rule.only.iter().all(is_wanted) {
            continue;
        }
        let attributes = attributes(rule, properties);
        let first = rule
            .min_zoom_by
            .iter()
            .filter_map(|(key, zooms)| zooms.get(&as_text(properties.get(key)?)))
            .max()
            .copied()
            .unwrap_or(0);
        let zooms = [rule.zooms[0].max(first).max(spec.zooms[0]), rule.zooms[1].min(spec.zooms[1])];
        if zooms[0] > zooms[1] {
            continue;
        }
        let geometry = to_unit(geometry, rule.crs).map_err(|at| {
            let why = format!("坐标 {at:?} 不在地球上");
            ImportError::new(&rule.file, Place::Feature(i + 1), "坐标不成立", why, "改正它；次序应为经度、纬度")
        })?;
        for shape in shapes(geometry) {
            let shape = match rule.outside {
                Some(outside) => shape.outside(unit_box(outside)),
                None => shape,
            };
            let (layer, keep_from) = (rule.layer.clone(), rule.keep_from.clone());
            pieces.push(Piece {
                layer,
                attributes: attributes.clone(),
                keep_from,
                zooms,
                shape,
                smallest_px: rule.smallest_px,
                merge: rule.merge,
            });
        }
    }
    match &rule.edges {
        None => Ok(pieces),
        Some(edges) => {
            let mut without = HashSet::new();
            for file in &edges.not_along {
                for (_, geometry) in &files[file.as_str()] {
                    let Ok(geometry) = to_unit(geometry, Crs::Wgs84) else { continue };
                    shapes(geometry).iter().for_each(|it| without.extend(it.edges().map(edge_key)));
                }
            }
            Ok(edges_of(&pieces, edges, &without))
        }
    }
}

fn attributes(rule: &Rule, properties: &Map<String, Value>) -> BTreeMap<String, Value> {
    let mut made: BTreeMap<String, Value> = match &rule.keep {
        Some(keep) => keep.iter().filter_map(|(to, from)| Some((to.clone(), properties.get(from)?.clone()))).collect(),
        None => properties.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
    };
    made.extend(rule.set.iter().map(|(key, value)| (key.clone(), json_from_toml(value))));
    // Tiles know texts, numbers and yes or no.
    made.retain(|_, value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)));
    made
}

fn json_from_toml(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(it) => it.as_str().into(),
        toml::Value::Integer(it) => (*it).into(),
        toml::Value::Float(it) => (*it).into(),
        toml::Value::Boolean(it) => (*it).into(),
        other => other.to_string().into(),
    }
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// 0–1 from degrees; poles are held at the square's edge. The error is the first place that is none.
fn to_unit(geometry: &Geometry<f64>, crs: Crs) -> Result<Geometry<f64>, [f64; 2]> {
    geometry.try_map_coords(|at| {
        let lonlat = LonLat(at.x, at.y);
        let lonlat = match crs {
            Crs::Wgs84 => lonlat,
            Crs::Gcj02 => wgs84_from_gcj02(lonlat),
            Crs::Bd09 => wgs84_from_bd09(lonlat),
        };
        if !lonlat.0.is_finite() || lonlat.0.abs() > 180.0 || !lonlat.1.is_finite() || lonlat.1.abs() > 90.0 {
            return Err([at.x, at.y]);
        }
        Ok(unit_from_geo(lonlat))
    })
}

fn unit_from_geo(LonLat(lon, lat): LonLat) -> Coord<f64> {
    let merc = (std::f64::consts::FRAC_PI_4 + lat.clamp(-85.051_128, 85.051_128).to_radians() / 2.0).tan().ln();
    Coord { x: lon / 360.0 + 0.5, y: 0.5 - merc / std::f64::consts::TAU }
}

fn unit_box([west, south, east, north]: [f64; 4]) -> Rect<f64> {
    Rect::new(unit_from_geo(LonLat(west, south)), unit_from_geo(LonLat(east, north)))
}

fn shapes(geometry: Geometry<f64>) -> Vec<Shape> {
    match geometry {
        Geometry::Point(it) => vec![Shape::Points(vec![it.0])],
        Geometry::MultiPoint(it) => vec![Shape::Points(it.0.into_iter().map(|it| it.0).collect())],
        Geometry::Line(it) => vec![Shape::Lines(MultiLineString(vec![it.into()]))],
        Geometry::LineString(it) => vec![Shape::Lines(MultiLineString(vec![it]))],
        Geometry::MultiLineString(it) => vec![Shape::Lines(it)],
        Geometry::Polygon(it) => vec![Shape::Areas(MultiPolygon(vec![it]))],
        Geometry::MultiPolygon(it) => vec![Shape::Areas(it)],
        Geometry::Rect(it) => vec![Shape::Areas(MultiPolygon(vec![it.to_polygon()]))],
        Geometry::Triangle(it) => vec![Shape::Areas(MultiPolygon(vec![it.to_polygon()]))],
        Geometry::GeometryCollection(it) => it.0.into_iter().flat_map(shapes).collect(),
    }
}

impl Shape {
    fn outside(self, window: Rect<f64>) -> Self {
        match self {
            Self::Areas(areas) => Self::Areas(areas.difference(&window.to_polygon())),
            Self::Points(points) => {
                let inside = |at: &Coord<f64>| {
                    (window.min().x..=window.max().x).contains(&at.x)
                        && (window.min().y..=window.max().y).contains(&at.y)
                };
                Self::Points(points.into_iter().filter(|it| !inside(it)).collect())
            }
            Self::Lines(lines) => Self::Lines(window.to_polygon().clip(&lines, true)),
        }
    }

    fn edges(&self) -> impl Iterator<Item = (Coord<f64>, Coord<f64>)> {
        let areas = match self {
            Self::Areas(areas) => &areas.0[..],
            _ => &[],
        };
        areas.iter().flat_map(rings).flat_map(|ring| ring.lines().map(|it| (it.start, it.end)))
    }
}

fn rings(area: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(area.exterior()).chain(area.interiors())
}

/// All areas that say so and agree in layer, zooms and attributes, made one. They stand where the first of them stood.
fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut made: Vec<Piece> = Vec::new();
    let mut waiting: Vec<(usize, Vec<MultiPolygon<f64>>)> = Vec::new();
    for piece in pieces {
        if let (true, Shape::Areas(areas)) = (piece.merge, &piece.shape) {
            let same = |it: &&mut (usize, Vec<_>)| {
                let first = &made[it.0];
                (&first.layer, first.zooms, &first.attributes) == (&piece.layer, piece.zooms, &piece.attributes)
            };
            match waiting.iter_mut().find(same) {
                Some(group) => group.1.push(areas.clone()),
                None => {
                    waiting.push((made.len(), vec![areas.clone()]));
                    made.push(piece);
                }
            }
        } else {
            made.push(piece);
        }
    }
    for (at, areas) in waiting {
        // One piece for each separate area, so that a tile meets only those near it.
        made[at].shape = Shape::Areas(unary_union(&areas));
    }
    let mut split = Vec::new();
    for piece in made {
        match &piece.shape {
            Shape::Areas(areas) if piece.merge => {
                for area in areas {
                    let shape = Shape::Areas(MultiPolygon(vec![area.clone()]));
                    split.push(Piece { shape, ..piece.with_no_shape() });
                }
            }
            _ => split.push(piece),
        }
    }
    split
}

// ---------------------------------------------------------------- edges

/// A place to about a centimetre, so that the same corner of two files is the same.
type Corner = (i64, i64);

fn corner(at: Coord<f64>) -> Corner {
    ((at.x * 4e9).round() as i64, (at.y * 4e9).round() as i64)
}

fn edge_key((a, b): (Coord<f64>, Coord<f64>)) -> (Corner, Corner) {
    let (a, b) = (corner(a), corner(b));
    (a.min(b), a.max(b))
}

/// The areas' edges as lines, by how many areas have them, joined end to end along each ring.
fn edges_of(pieces: &[Piece], edges: &super::Edges, without: &HashSet<(Corner, Corner)>) -> Vec<Piece> {
    let mut n_owners: HashMap<(Corner, Corner), usize> = HashMap::new();
    for edge in pieces.iter().flat_map(|it| it.shape.edges()) {
        *n_owners.entry(edge_key(edge)).or_default() += 1;
    }
    let mut drawn: HashSet<(Corner, Corner)> = without.clone();
    let mut made = Vec::new();
    for piece in pieces {
        let Shape::Areas(areas) = &piece.shape else { continue };
        let mut lines: [Vec<LineString<f64>>; 2] = [Vec::new(), Vec::new()];
        for ring in areas.0.iter().flat_map(rings) {
            let mut open: Option<usize> = None;
            for line in ring.lines() {
                let key = edge_key((line.start, line.end));
                if !drawn.insert(key) {
                    open = None;
                    continue;
                }
                let kind = usize::from(n_owners.get(&key).is_some_and(|n| *n < 2));
                match lines[kind].last_mut() {
                    Some(last) if open == Some(kind) => last.0.push(line.end),
                    _ => lines[kind].push(LineString(vec![line.start, line.end])),
                }
                open = Some(kind);
            }
        }
        for (lines, set) in lines.into_iter().zip([&edges.inner, &edges.outer]) {
            if lines.is_empty() {
                continue;
            }
            let mut piece = Piece { shape: Shape::Lines(MultiLineString(lines)), ..piece.with_no_shape() };
            piece.attributes.extend(set.iter().map(|(key, value)| (key.clone(), json_from_toml(value))));
            made.push(piece);
        }
    }
    made
}
