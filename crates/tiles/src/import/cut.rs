//! Features cut into tiles: thinned for each zoom as a whole, so that neighbours agree, then divided by four down to the
//! zoom and encoded.

use super::{ImportError, Place, Spec};
use crate::{Detail, TileId, mesh::clipped};
use fast_mvt::{MvtCoord, MvtGeomType, MvtLayerBuilder, MvtResult, MvtValueRef};
use geo::{Area, BooleanOps, BoundingRect, Coord, LineString, MultiLineString, MultiPolygon, Polygon, Rect, Simplify};
use serde_json::Value;
use std::collections::BTreeMap;

/// Steps in a tile's side, the format's usual.
const EXTENT: f64 = 4096.0;
/// How far areas and lines reach beyond their tile: an eighth of the usual line's reach at 512 px would do; 8 px.
const BUFFER: f64 = 64.0;
/// What a tile's side is shown at, px.
const TILE_PX: f64 = 512.0;

/// One feature, placed in 0–1 of the square world.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub layer: String,
    pub attributes: BTreeMap<String, Value>,
    /// Attributes that begin at a later zoom.
    pub keep_from: BTreeMap<String, u8>,
    pub zooms: [u8; 2],
    pub shape: Shape,
    pub smallest_px: f64,
    pub merge: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    Points(Vec<Coord<f64>>),
    Lines(MultiLineString<f64>),
    Areas(MultiPolygon<f64>),
}

impl Piece {
    pub fn with_no_shape(&self) -> Self {
        Self {
            layer: self.layer.clone(),
            attributes: self.attributes.clone(),
            keep_from: self.keep_from.clone(),
            zooms: self.zooms,
            shape: Shape::Points(Vec::new()),
            smallest_px: self.smallest_px,
            merge: self.merge,
        }
    }

    /// West, north, east, south; turned inside out where there is nothing.
    pub fn bounds(&self) -> [f64; 4] {
        match self.shape.bounds() {
            Some(it) => [it.min().x, it.min().y, it.max().x, it.max().y],
            None => [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
        }
    }
}

impl Shape {
    fn bounds(&self) -> Option<Rect<f64>> {
        match self {
            Self::Points(points) => geo::MultiPoint::from(points.clone()).bounding_rect(),
            Self::Lines(lines) => lines.bounding_rect(),
            Self::Areas(areas) => areas.bounding_rect(),
        }
    }

    fn thinned(&self, tolerance: f64) -> Self {
        match self {
            Self::Points(points) => Self::Points(points.clone()),
            Self::Lines(lines) => Self::Lines(lines.simplify(tolerance)),
            Self::Areas(areas) => Self::Areas(areas.simplify(tolerance)),
        }
    }

    /// Without the parts that are smaller than `side` both ways.
    fn without_smaller(self, side: f64) -> Option<Self> {
        let is_seen = |it: Option<Rect<f64>>| it.is_some_and(|it| it.width().max(it.height()) >= side);
        match self {
            Self::Points(points) => (!points.is_empty()).then_some(Self::Points(points)),
            Self::Lines(mut lines) => {
                lines.0.retain(|it| is_seen(it.bounding_rect()));
                (!lines.0.is_empty()).then_some(Self::Lines(lines))
            }
            Self::Areas(mut areas) => {
                areas.0.retain(|it| is_seen(it.bounding_rect()));
                (!areas.0.is_empty()).then_some(Self::Areas(areas))
            }
        }
    }

    /// What of it lies within `window`; points only up to the window without its buffer, so that each is in one tile.
    fn within(&self, window: Rect<f64>, buffer: f64) -> Option<Self> {
        let bounds = self.bounds()?;
        let wide = Rect::new(
            Coord { x: window.min().x - buffer, y: window.min().y - buffer },
            Coord { x: window.max().x + buffer, y: window.max().y + buffer },
        );
        let (low, high) = (wide.min(), wide.max());
        if bounds.max().x < low.x || bounds.min().x > high.x || bounds.max().y < low.y || bounds.min().y > high.y {
            return None;
        }
        let is_inside =
            bounds.min().x >= low.x && bounds.max().x <= high.x && bounds.min().y >= low.y && bounds.max().y <= high.y;
        match self {
            Self::Points(points) => {
                let holds = |at: &&Coord<f64>| {
                    (window.min().x..window.max().x).contains(&at.x) && (window.min().y..window.max().y).contains(&at.y)
                };
                let points: Vec<Coord<f64>> = points.iter().filter(holds).copied().collect();
                (!points.is_empty()).then_some(Self::Points(points))
            }
            _ if is_inside => Some(self.clone()),
            Self::Lines(lines) => {
                let cut: Vec<LineString<f64>> = lines.iter().flat_map(|it| cut_line(it, wide)).collect();
                (!cut.is_empty()).then_some(Self::Lines(MultiLineString(cut)))
            }
            Self::Areas(areas) => {
                let cut = areas.intersection(&wide.to_polygon());
                (!cut.0.is_empty()).then_some(Self::Areas(cut))
            }
        }
    }
}

/// A line's pieces within a window, in its own direction: a general clip of lines would take loops apart and join
/// crossings, and names and dashes follow the line.
fn cut_line(line: &LineString<f64>, window: Rect<f64>) -> Vec<LineString<f64>> {
    let mut pieces: Vec<Vec<Coord<f64>>> = Vec::new();
    let mut is_open = false;
    for piece in line.lines() {
        let [a, b] = [piece.start, piece.end].map(|at| [at.x - window.min().x, at.y - window.min().y]);
        let Some((from, to)) = clipped(a, b, [window.width(), window.height()]) else {
            is_open = false;
            continue;
        };
        // The ends as they are: only what is cut is computed.
        let at = |t: f64| match t {
            0.0 => piece.start,
            1.0 => piece.end,
            _ => piece.start + (piece.end - piece.start) * t,
        };
        match pieces.last_mut() {
            Some(last) if is_open => last.push(at(to)),
            _ => pieces.push(vec![at(from), at(to)]),
        }
        is_open = to >= 1.0;
    }
    pieces.into_iter().map(LineString).collect()
}

/// Cuts and encodes.
pub(super) struct Tiler<'a> {
    spec: &'a Spec,
    pieces: &'a [Piece],
    /// Layers' names in the order they first come.
    layers: Vec<&'a str>,
}

/// A piece's number and what of it lies in a tile.
type Cut = (usize, Shape);

impl<'a> Tiler<'a> {
    pub fn new(spec: &'a Spec, pieces: &'a [Piece]) -> Self {
        let mut layers: Vec<&str> = Vec::new();
        for piece in pieces {
            if !layers.contains(&piece.layer.as_str()) {
                layers.push(&piece.layer);
            }
        }
        Self { spec, pieces, layers }
    }

    /// Every tile that holds anything, zoom by zoom.
    pub fn tiles(&self) -> Result<Vec<(TileId, Vec<u8>)>, ImportError> {
        let mut made = Vec::new();
        let [first, last] = self.spec.zooms;
        for zoom in first..=last {
            let px = 1.0 / (TILE_PX * f64::from(1u32 << zoom));
            let tolerance = self.spec.simplify_px * px * if zoom == last { 0.25 } else { 1.0 };
            let mut cuts: Vec<Cut> = Vec::new();
            for (i, piece) in self.pieces.iter().enumerate() {
                if !(piece.zooms[0]..=piece.zooms[1]).contains(&zoom) {
                    continue;
                }
                if let Some(shape) = piece.shape.thinned(tolerance).without_smaller(piece.smallest_px * px) {
                    cuts.push((i, shape));
                }
            }
            self.divide(TileId { z: 0, x: 0, y: 0 }, zoom, &cuts, &mut made).map_err(|why| {
                ImportError::new(&self.spec.name, Place::Whole, "瓦片编码失败", why, "减少要素或降低 zooms")
            })?;
        }
        Ok(made)
    }

    fn divide(&self, tile: TileId, zoom: u8, cuts: &[Cut], made: &mut Vec<(TileId, Vec<u8>)>) -> MvtResult<()> {
        if cuts.is_empty() || !self.is_wanted(tile, zoom) {
            return Ok(());
        }
        if tile.z == zoom {
            let bytes = self.encode(tile, cuts)?;
            if !bytes.is_empty() {
                made.push((tile, bytes));
            }
            return Ok(());
        }
        let buffer = BUFFER / (EXTENT * f64::from(1u32 << zoom));
        for child in tile.children().into_iter().flatten() {
            let window = window(child);
            let inside: Vec<Cut> =
                cuts.iter().filter_map(|(i, shape)| Some((*i, shape.within(window, buffer)?))).collect();
            self.divide(child, zoom, &inside, made)?;
        }
        Ok(())
    }

    /// Whether tiles of `zoom` are made anywhere in this one.
    fn is_wanted(&self, tile: TileId, zoom: u8) -> bool {
        self.spec.detail.filter(|it| zoom >= it.from_zoom).is_none_or(|it| Detail { from_zoom: 0, ..it }.holds(tile))
    }

    fn encode(&self, tile: TileId, cuts: &[Cut]) -> MvtResult<Vec<u8>> {
        let mut bytes = Vec::new();
        for name in &self.layers {
            let mut features = Vec::new();
            for (i, shape) in cuts {
                let piece = &self.pieces[*i];
                if piece.layer == *name
                    && let Some(geometry) = Geometry::of(shape, tile)
                {
                    join(&mut features, attributes_at(piece, tile.z), geometry);
                }
            }
            if features.is_empty() {
                continue;
            }
            let mut layer = MvtLayerBuilder::new(*name)?;
            for (attributes, geometry) in features {
                layer = geometry.encode(layer, &attributes)?;
            }
            bytes.extend(layer.encode());
        }
        Ok(bytes)
    }
}

fn window(tile: TileId) -> Rect<f64> {
    let n = f64::from(1u32 << tile.z);
    let (x, y) = (f64::from(tile.x), f64::from(tile.y));
    Rect::new(Coord { x: x / n, y: y / n }, Coord { x: (x + 1.0) / n, y: (y + 1.0) / n })
}

fn attributes_at(piece: &Piece, zoom: u8) -> BTreeMap<&str, &Value> {
    let begins = |key: &str| piece.keep_from.get(key).is_none_or(|from| zoom >= *from);
    piece.attributes.iter().filter(|(key, _)| begins(key)).map(|(key, value)| (key.as_str(), value)).collect()
}

/// Lines and areas that agree in every attribute become one feature: a tile spends more on attributes than on places.
fn join<'a>(
    features: &mut Vec<(BTreeMap<&'a str, &'a Value>, Geometry)>,
    key: BTreeMap<&'a str, &'a Value>,
    add: Geometry,
) {
    let same = features.iter_mut().find(|it| it.0 == key && it.1.kind == add.kind && add.kind != MvtGeomType::Point);
    match same {
        Some(found) => found.1.parts.extend(add.parts),
        None => features.push((key, add)),
    }
}

/// A feature's geometry in a tile's own steps. Of areas, each part says whether it is an outline.
struct Geometry {
    kind: MvtGeomType,
    parts: Vec<(Vec<MvtCoord>, bool)>,
}

impl Geometry {
    /// None where nothing is left at the tile's own steps.
    fn of(shape: &Shape, tile: TileId) -> Option<Self> {
        let n = f64::from(1u32 << tile.z);
        let step = |at: &Coord<f64>| MvtCoord {
            x: ((at.x * n - f64::from(tile.x)) * EXTENT).round() as i32,
            y: ((at.y * n - f64::from(tile.y)) * EXTENT).round() as i32,
        };
        let steps = |line: &LineString<f64>| {
            let mut made: Vec<MvtCoord> = line.0.iter().map(step).collect();
            made.dedup();
            made
        };
        let (kind, parts): (_, Vec<(Vec<MvtCoord>, bool)>) = match shape {
            Shape::Points(points) => (MvtGeomType::Point, vec![(points.iter().map(step).collect(), false)]),
            Shape::Lines(lines) => {
                let lines = lines.iter().map(steps).filter(|it| it.len() > 1);
                (MvtGeomType::LineString, lines.map(|it| (it, false)).collect())
            }
            Shape::Areas(areas) => (MvtGeomType::Polygon, areas.iter().flat_map(|it| rings(it, &steps)).collect()),
        };
        (!parts.is_empty()).then_some(Self { kind, parts })
    }

    fn encode(&self, layer: MvtLayerBuilder, attributes: &BTreeMap<&str, &Value>) -> MvtResult<MvtLayerBuilder> {
        let mut feature = layer.feature_of(self.kind);
        for (part, is_outline) in &self.parts {
            let part = part.iter().copied();
            match self.kind {
                MvtGeomType::Polygon => feature.ring(part, *is_outline)?,
                MvtGeomType::LineString => feature.line(part)?,
                _ => feature.points(part)?,
            };
        }
        for (key, value) in attributes {
            let value = match value {
                Value::String(text) => MvtValueRef::String(text),
                Value::Bool(it) => MvtValueRef::Bool(*it),
                Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                    (Some(it), ..) => MvtValueRef::UInt(it),
                    (_, Some(it), _) => MvtValueRef::SInt(it),
                    (_, _, Some(it)) => MvtValueRef::Double(it),
                    _ => continue,
                },
                _ => continue,
            };
            feature.tag_ref(key, value)?;
        }
        Ok(feature.end())
    }
}

/// A polygon's outline and holes, without those that fall together.
fn rings(area: &Polygon<f64>, steps: &dyn Fn(&LineString<f64>) -> Vec<MvtCoord>) -> Vec<(Vec<MvtCoord>, bool)> {
    let ring = |line: &LineString<f64>| {
        let mut ring = steps(line);
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        let outline: LineString<f64> = ring.iter().map(|it| (f64::from(it.x), f64::from(it.y))).collect();
        (ring.len() > 2 && Polygon::new(outline, Vec::new()).unsigned_area() > 0.0).then_some(ring)
    };
    let Some(outline) = ring(area.exterior()) else { return Vec::new() };
    let holes = area.interiors().iter().filter_map(ring).map(|it| (it, false));
    std::iter::once((outline, true)).chain(holes).collect()
}
