//! One tile's bytes made into what a GPU draws: triangles, line pieces, walls and roofs, names.
//!
//! Reads OpenMapTiles and Shortbread-like layers by their names and leaves out what it does not know. Anything odd in a
//! feature costs that feature alone; bytes that are no tile, and tiles past the limits below, are a [`TileError`].

use crate::{
    Paint, RoadClass, TileId,
    tile::{ToFixed, World},
};
use bytemuck::{Pod, Zeroable};
use earcut::int::EarcutI32;
use fast_mvt::{MvtFeatureRef, MvtLayerRef, MvtReaderRef, MvtValueRef};
use gulang_city::LocalFrame;
use std::{collections::BTreeMap, ops::Range};

/// A tile larger than this is refused before it is read; the largest of common world tiles have under 1 MiB.
pub const MAX_TILE_BYTES: usize = 8 << 20;
/// Most corners, line pieces and wall corners together that one tile may become; about 24 bytes each.
pub const MAX_VERTICES: usize = 1 << 20;
/// A polygon with more corners than this is left out: cutting a hostile one into triangles may take time by the square.
pub const MAX_POLYGON_CORNERS: usize = 1 << 15;

/// A corner of a flat area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct FillVertex {
    /// East and north of the frame's centre, 1/64 m.
    pub at: [i32; 2],
    /// [`Paint::index`].
    pub paint: u32,
}

/// A straight piece of a line.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct LineSegment {
    /// East and north of the frame's centre, 1/64 m.
    pub a: [i32; 2],
    pub b: [i32; 2],
    /// [`Paint::index`].
    pub paint: u32,
    /// Local metres from the line's beginning to `a`, so that dashes run through.
    pub start_m: f32,
}

/// A corner of a wall or roof; to be drawn with a depth buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct SolidVertex {
    /// East and north of the frame's centre, 1/64 m.
    pub at: [i32; 2],
    /// Over the ground.
    pub height_cm: u32,
    /// [`Paint::index`] in the low 8 bits, the light it gets (0 dark – 255 bright) in the next 8.
    pub paint_shade: u32,
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelKind {
    District,
    Town,
    Village,
    Island,
    /// Seas, bays, channels, lakes.
    Sea,
    /// Hills, ports, airports, sights.
    Landmark,
    Station,
    Road {
        class: RoadClass,
    },
    /// Cities and places beyond the city.
    Neighbour,
}

/// A name and where it may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileLabel {
    pub text: String,
    pub kind: LabelKind,
    /// 1 first … 9 last; who gives way when there is no room.
    pub rank: u8,
    /// East and north of the frame's centre, 1/64 m; of a road, halfway along.
    pub at: [i32; 2],
    /// The line a road's name follows, all pieces of that name in this tile joined end to end and the longest taken; empty
    /// for every other kind.
    pub line: Vec<[i32; 2]>,
}

/// Line pieces of one paint, one after another in [`TileMesh::lines`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRun {
    pub paint: Paint,
    pub segments: Range<u32>,
}

/// One tile ready for the GPU. Everything is in painting order.
#[derive(Clone, Debug, PartialEq)]
pub struct TileMesh {
    pub tile: TileId,
    pub fills: Vec<FillVertex>,
    pub fill_indices: Vec<u32>,
    pub lines: Vec<LineSegment>,
    /// `lines` by paint, so that a screen can draw a paint of all its tiles together, or leave one out. A road class comes
    /// twice where it has bridges.
    pub line_runs: Vec<LineRun>,
    pub solids: Vec<SolidVertex>,
    pub solid_indices: Vec<u32>,
    pub labels: Vec<TileLabel>,
}

/// Why a tile cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    #[error("tile {tile} is no readable vector tile: {source}; fetch it again, or build the map file again")]
    Decode { tile: TileId, source: fast_mvt::MvtError },
    #[error("tile {tile}, layer {layer}: extent {extent} is not between 1 and 131072; build the map file again")]
    Extent { tile: TileId, layer: String, extent: u32 },
    #[error("tile {tile} has {n} {what}, more than {limit}; build the map file with less detail at this zoom")]
    TooLarge { tile: TileId, what: &'static str, n: usize, limit: usize },
}

impl TileMesh {
    fn new(tile: TileId) -> Self {
        Self {
            tile,
            fills: Vec::new(),
            fill_indices: Vec::new(),
            lines: Vec::new(),
            line_runs: Vec::new(),
            solids: Vec::new(),
            solid_indices: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// A tile of nothing but sea, such as one the map file has not.
    pub fn open_sea(tile: TileId, frame: &LocalFrame) -> Self {
        let to = ToFixed::new(tile, 1, &World::of(frame));
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        let fills = corners.map(|(x, y)| FillVertex { at: to.at(x, y), paint: Paint::Sea.index() }).to_vec();
        Self { fills, fill_indices: vec![0, 1, 2, 0, 2, 3], ..Self::new(tile) }
    }

    /// Nothing but sea.
    pub fn is_empty(&self) -> bool {
        let is_sea = self.fills.iter().all(|it| it.paint == Paint::Sea.index());
        is_sea && self.lines.is_empty() && self.solids.is_empty() && self.labels.is_empty()
    }

    /// Corners, line pieces and wall corners together.
    pub fn n_vertices(&self) -> usize {
        self.fills.len() + self.lines.len() + self.solids.len()
    }
}

/// Makes a tile (decompressed bytes) ready to draw about `frame`'s centre. No bytes make [`TileMesh::open_sea`].
///
/// The first fill is a square of [`Paint::Sea`] as large as the tile: a finer tile drawn after a coarser one hides it wholly.
/// Other fills reach as far beyond the tile's edge as the tile's buffer does; lines and names end at the edge.
pub fn mesh_from_mvt(tile: TileId, bytes: &[u8], frame: &LocalFrame) -> Result<TileMesh, TileError> {
    Mesher::default().mesh(tile, bytes, frame)
}

/// As [`mesh_from_mvt`] again and again, keeping its working memory between tiles.
#[derive(Default)]
pub struct Mesher {
    earcut: EarcutI32,
    corners: Vec<[i32; 2]>,
    holes: Vec<u32>,
    triangles: Vec<u32>,
    path: Path,
    made: Made,
}

impl Mesher {
    pub fn mesh(&mut self, tile: TileId, bytes: &[u8], frame: &LocalFrame) -> Result<TileMesh, TileError> {
        let too_large = |what, n, limit| TileError::TooLarge { tile, what, n, limit };
        if bytes.len() > MAX_TILE_BYTES {
            return Err(too_large("bytes", bytes.len(), MAX_TILE_BYTES));
        }
        let reader = MvtReaderRef::new(bytes).map_err(|source| TileError::Decode { tile, source })?;
        let world = World::of(frame);
        let mut made = std::mem::take(&mut self.made);
        made.begin(TileMesh::open_sea(tile, frame));
        for layer in reader.layers() {
            let Some(kind) = Kind::from_name(layer.name()) else { continue };
            let extent = layer.extent();
            if !(1..=1 << 17).contains(&extent) {
                return Err(TileError::Extent { tile, layer: layer.name().to_owned(), extent });
            }
            let to = ToFixed::new(tile, extent, &world);
            let mut layer = Layer { kind, extent: extent as i32, to, tags: Tags::of(layer), layer };
            for feature in layer.layer.features() {
                self.feature(&mut layer, feature, &mut made);
                let n = made.n_vertices();
                if n > MAX_VERTICES {
                    return Err(too_large("vertices", n, MAX_VERTICES));
                }
            }
        }
        let mesh = made.finish(tile);
        self.made = made;
        Ok(mesh)
    }

    fn feature(&mut self, layer: &mut Layer, feature: MvtFeatureRef, made: &mut Made) {
        layer.tags.read(feature);
        let mut path = std::mem::take(&mut self.path);
        path.decode(feature);
        let tags = &layer.tags;
        match (layer.kind, path.shape) {
            (Kind::OceanDepth, Shape::Area) => {
                let depth = tags.depth.unwrap_or(0.0);
                let paint = match depth {
                    3000.0.. => Some(Paint::Depth3000),
                    1000.0.. => Some(Paint::Depth1000),
                    200.0.. => Some(Paint::Depth200),
                    _ => None,
                };
                if let Some(paint) = paint {
                    self.fill(layer, &path, paint, made);
                }
            }
            (Kind::Land, Shape::Area) => {
                let paint = if tags.class == "outside" { Paint::LandOutside } else { Paint::Land };
                self.fill(layer, &path, paint, made);
                if tags.coast {
                    layer.edges(&path, Paint::Coast, made);
                }
            }
            (Kind::LandCover, Shape::Area) if is_green(tags.class) => self.fill(layer, &path, Paint::Green, made),
            (Kind::Water, Shape::Area) => {
                let paint = if tags.class == "ocean" { Paint::Sea } else { Paint::Water };
                self.fill(layer, &path, paint, made);
            }
            (Kind::Water | Kind::Waterway, Shape::Line) => layer.lines(&path, Slot::of(Paint::Waterway), made),
            (Kind::Aeroway, Shape::Area) => self.fill(layer, &path, Paint::AirportGround, made),
            (Kind::Aeroway, Shape::Line) => {
                let paint = if tags.class == "runway" { Paint::Runway } else { Paint::Taxiway };
                layer.lines(&path, Slot::of(paint), made);
            }
            (Kind::Boundary, Shape::Line | Shape::Area) => {
                let level = tags.admin_level.unwrap_or(2.0);
                let paint = if level >= 6.0 { Paint::BoundaryDistrict } else { Paint::BoundaryCity };
                match path.shape {
                    Shape::Line => layer.lines(&path, Slot::of(paint), made),
                    _ => layer.edges(&path, paint, made),
                }
            }
            (Kind::Rail, Shape::Line) => layer.lines(&path, Slot::of(tags.rail()), made),
            (Kind::Transportation, Shape::Line) => match tags.class {
                "rail" | "subway" | "transit" | "light_rail" | "tram" => {
                    layer.lines(&path, Slot::of(tags.rail()), made);
                }
                class => {
                    let class = RoadClass::from_name(class);
                    layer.lines(&path, Slot::road(class, tags.brunnel), made);
                    if !tags.name.is_empty() && tags.brunnel != "tunnel" {
                        layer.road_name(&path, class, made);
                    }
                }
            },
            (Kind::RoadName, Shape::Line) => layer.road_name(&path, RoadClass::from_name(tags.class), made),
            (Kind::Building, Shape::Area) => self.building(layer, &path, made),
            (Kind::Place | Kind::Poi | Kind::WaterName, Shape::Point) => layer.name(&path, made),
            _ => {}
        }
        self.path = path;
    }

    /// Triangles of an area in `paint`.
    fn fill(&mut self, layer: &Layer, path: &Path, paint: Paint, made: &mut Made) {
        path.polygons(|rings| {
            if !self.triangulate(path, rings) {
                return;
            }
            let base = made.fills.len() as u32;
            let to = |at: &[i32; 2]| layer.to.at(f64::from(at[0]), f64::from(at[1]));
            made.fills.extend(self.corners.iter().map(|at| FillVertex { at: to(at), paint: paint.index() }));
            made.fill_indices[paint as usize].extend(self.triangles.iter().map(|i| base + i));
        });
    }

    /// Walls lit from the north-west by how they face, then the roof, which is lighter than any of them.
    fn building(&mut self, layer: &Layer, path: &Path, made: &mut Made) {
        const ROOF: u32 = 236;
        /// Three floors, where nothing is said.
        const USUAL_M: f64 = 10.0;
        let height = layer.tags.height.filter(|it| it.is_finite() && *it > 0.0).unwrap_or(USUAL_M);
        let height_cm = (height.clamp(2.0, 1000.0) * 100.0).round() as u32;
        let paint_shade = |shade: u32| Paint::Building.index() | shade << 8;
        let extent = layer.extent;
        path.polygons(|rings| {
            if !self.triangulate(path, rings.clone()) {
                return;
            }
            let to = |at: [i32; 2]| layer.to.at(f64::from(at[0]), f64::from(at[1]));
            for ring in rings {
                let ring = path.ring(ring);
                for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                    if a == b || is_beyond(a, b, extent) {
                        continue;
                    }
                    // An outline runs clockwise as seen on a map, its holes the other way: outside is always on the left.
                    let (dx, dy) = (f64::from(b[0]) - f64::from(a[0]), f64::from(b[1]) - f64::from(a[1]));
                    let (out_east, out_north) = (dy, dx);
                    let facing = (out_north - out_east) / ((dx * dx + dy * dy).sqrt() * std::f64::consts::SQRT_2);
                    let shade = (128.0 + 64.0 * facing).round() as u32;
                    let base = made.solids.len() as u32;
                    for (at, height_cm) in [(a, 0), (b, 0), (b, height_cm), (a, height_cm)] {
                        made.solids.push(SolidVertex { at: to(at), height_cm, paint_shade: paint_shade(shade) });
                    }
                    made.solid_indices.extend([0, 1, 2, 0, 2, 3].map(|i| base + i));
                }
            }
            let base = made.solids.len() as u32;
            let roof = paint_shade(ROOF);
            made.solids.extend(self.corners.iter().map(|at| SolidVertex { at: to(*at), height_cm, paint_shade: roof }));
            made.solid_indices.extend(self.triangles.iter().map(|i| base + i));
        });
    }

    /// Leaves a polygon's corners and triangles in `self`; false where nothing is left of it.
    fn triangulate(&mut self, path: &Path, rings: Range<usize>) -> bool {
        /// The widest numbers the triangulation is exact for.
        const WIDEST: i32 = 1 << 19;
        self.corners.clear();
        self.holes.clear();
        for ring in rings {
            if !self.corners.is_empty() {
                self.holes.push(self.corners.len() as u32);
            }
            self.corners.extend(path.ring(ring).iter().map(|at| at.map(|it| it.clamp(-WIDEST, WIDEST))));
        }
        if self.corners.len() > MAX_POLYGON_CORNERS {
            return false;
        }
        self.earcut.earcut_slice(&self.corners, &self.holes, &mut self.triangles);
        !self.triangles.is_empty()
    }
}

// ---------------------------------------------------------------- what a layer is

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    OceanDepth,
    Land,
    LandCover,
    Water,
    Waterway,
    WaterName,
    Aeroway,
    Boundary,
    Rail,
    Transportation,
    RoadName,
    Building,
    Place,
    Poi,
}

impl Kind {
    fn from_name(layer: &str) -> Option<Self> {
        Some(match layer {
            "ocean_depth" | "bathymetry" => Self::OceanDepth,
            "land" => Self::Land,
            "landcover" | "landuse" | "park" => Self::LandCover,
            "water" | "ocean" | "water_polygons" => Self::Water,
            "waterway" => Self::Waterway,
            "water_name" => Self::WaterName,
            "aeroway" => Self::Aeroway,
            "boundary" | "boundaries" => Self::Boundary,
            "rail" => Self::Rail,
            "transportation" | "streets" => Self::Transportation,
            "transportation_name" => Self::RoadName,
            "building" | "buildings" => Self::Building,
            "place" | "place_labels" => Self::Place,
            "poi" => Self::Poi,
            _ => return None,
        })
    }
}

/// Built-up land is not green; everything else these layers usually hold is.
fn is_green(class: &str) -> bool {
    !matches!(
        class,
        "residential" | "commercial" | "industrial" | "retail" | "railway" | "ice" | "sand" | "rock" | "construction"
    )
}

/// A layer while its features are read.
struct Layer<'a> {
    kind: Kind,
    extent: i32,
    to: ToFixed,
    tags: Tags<'a>,
    layer: MvtLayerRef<'a>,
}

impl Layer<'_> {
    fn at(&self, [x, y]: [f64; 2]) -> [i32; 2] {
        self.to.at(x, y)
    }

    /// The path's lines, ended at the tile's edge.
    fn lines(&self, path: &Path, slot: Slot, made: &mut Made) {
        for i in 0..path.n_parts() {
            self.line(path.part(i).iter().copied(), slot, made);
        }
    }

    /// The edges of areas as lines. On tiles wider than [`WIDE_STEP_M`] steps, those along which a source was cut are left out:
    /// exactly along a meridian or a parallel for an eighth of a tile, as no shore of that size is.
    fn edges(&self, path: &Path, paint: Paint, made: &mut Made) {
        let is_wide = self.to.step_m() > WIDE_STEP_M;
        path.polygons(|rings| {
            for ring in rings {
                let ring = path.ring(ring);
                let closed: Vec<[i32; 2]> = ring.iter().copied().chain(ring.first().copied()).collect();
                for piece in closed.chunk_by(|a, b| !(is_wide && is_cut(*a, *b, self.extent))) {
                    self.line(piece.iter().copied(), Slot::of(paint), made);
                }
            }
        });
    }

    fn line(&self, points: impl Iterator<Item = [i32; 2]>, slot: Slot, made: &mut Made) {
        let mut start = 0.0;
        let mut last: Option<[i32; 2]> = None;
        let step_m = self.to.step_m();
        let segments = &mut made.lines[slot.0];
        for b in points {
            let Some(a) = last.replace(b).filter(|a| *a != b) else { continue };
            let [af, bf] = [a, b].map(|at| at.map(f64::from));
            // Not `hypot`, whose care for huge numbers costs more than the rest of the line.
            let [dx, dy] = [bf[0] - af[0], bf[1] - af[1]];
            let length = (dx * dx + dy * dy).sqrt();
            if !is_beyond(a, b, self.extent)
                && let Some((from, to)) = clipped(af, bf, [f64::from(self.extent); 2])
            {
                let [p, q] = [from, to].map(|t| self.at([af[0] + (bf[0] - af[0]) * t, af[1] + (bf[1] - af[1]) * t]));
                if p != q {
                    let start_m = ((start + length * from) * step_m) as f32;
                    segments.push(LineSegment { a: p, b: q, paint: 0, start_m });
                    made.n_lines += 1;
                }
            }
            start += length;
        }
    }

    /// Keeps the pieces of a road in this tile for its name.
    fn road_name(&self, path: &Path, class: RoadClass, made: &mut Made) {
        if self.tags.name.is_empty() {
            return;
        }
        let extent = f64::from(self.extent);
        let mut pieces: Vec<Vec<[i32; 2]>> = Vec::new();
        for i in 0..path.n_parts() {
            let mut is_open = false;
            for pair in path.part(i).windows(2) {
                let [a, b] = [pair[0], pair[1]].map(|at| at.map(f64::from));
                let Some((from, to)) = clipped(a, b, [extent; 2]) else {
                    is_open = false;
                    continue;
                };
                let at = |t: f64| self.at([a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]);
                match pieces.last_mut() {
                    Some(piece) if is_open => piece.push(at(to)),
                    _ => pieces.push(vec![at(from), at(to)]),
                }
                is_open = to >= 1.0;
            }
        }
        if pieces.is_empty() {
            return;
        }
        let named = made.road_names.entry(self.tags.name.to_owned()).or_insert((class, Vec::new()));
        named.0 = named.0.max(class);
        named.1.append(&mut pieces);
    }

    fn name(&self, path: &Path, made: &mut Made) {
        let tags = &self.tags;
        let inside = |at: &&[i32; 2]| at.iter().all(|it| (0..self.extent).contains(it));
        let Some(at) = path.points.iter().find(inside).filter(|_| !tags.name.is_empty()) else { return };
        let kind = match (self.kind, tags.class) {
            (Kind::WaterName, _) => LabelKind::Sea,
            (_, "district" | "borough" | "county") => LabelKind::District,
            (_, "town" | "suburb" | "quarter" | "street") => LabelKind::Town,
            (_, "village" | "hamlet" | "neighbourhood" | "isolated_dwelling") => LabelKind::Village,
            (_, "island" | "islet") => LabelKind::Island,
            (_, "sea" | "ocean" | "bay" | "strait" | "channel" | "water" | "lake") => LabelKind::Sea,
            (_, "station" | "railway" | "subway" | "halt") => LabelKind::Station,
            (_, "neighbour" | "city" | "state" | "province") => LabelKind::Neighbour,
            _ => LabelKind::Landmark,
        };
        let rank = tags.rank.map_or(5, |it| it.clamp(1.0, 9.0) as u8);
        let at = self.at(at.map(f64::from));
        made.labels.push(TileLabel { text: tags.name.to_owned(), kind, rank, at, line: Vec::new() });
    }
}

/// Both ends outside past the same edge, or on the same edge: nothing of this tile, or an edge it was cut along.
/// Metres in a step of a tile from which on it shows a sea region rather than a city: zoom 7 and below.
const WIDE_STEP_M: f64 = 60.0;

fn is_cut(a: [i32; 2], b: [i32; 2], extent: i32) -> bool {
    let along = [(a[0] - b[0]).unsigned_abs(), (a[1] - b[1]).unsigned_abs()];
    along.contains(&0) && along.iter().any(|it| *it >= extent.unsigned_abs() / 8)
}

fn is_beyond(a: [i32; 2], b: [i32; 2], extent: i32) -> bool {
    (0..2).any(|i| (a[i] <= 0 && b[i] <= 0) || (a[i] >= extent && b[i] >= extent))
}

/// From where to where (0–1) the piece lies within a window from 0 to `extent` (Liang and Barsky).
pub(crate) fn clipped(a: [f64; 2], b: [f64; 2], extent: [f64; 2]) -> Option<(f64, f64)> {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for i in 0..2 {
        let d = b[i] - a[i];
        for (p, q) in [(-d, a[i]), (d, extent[i] - a[i])] {
            if p == 0.0 {
                if q < 0.0 {
                    return None;
                }
            } else if p < 0.0 {
                from = from.max(q / p);
            } else {
                to = to.min(q / p);
            }
        }
    }
    (from < to).then_some((from, to))
}

// ---------------------------------------------------------------- attributes

/// The attributes a feature is drawn by. Others are not looked at.
struct Tags<'a> {
    keys: Vec<Key>,
    values: Vec<MvtValueRef<'a>>,
    class: &'a str,
    brunnel: &'a str,
    name: &'a str,
    state: &'a str,
    depth: Option<f64>,
    height: Option<f64>,
    admin_level: Option<f64>,
    rank: Option<f64>,
    coast: bool,
}

#[derive(Clone, Copy)]
enum Key {
    Class,
    Brunnel,
    Name,
    State,
    Depth,
    Height,
    AdminLevel,
    Rank,
    Coast,
    Tunnel,
    Bridge,
    Other,
}

impl<'a> Tags<'a> {
    fn of(layer: MvtLayerRef<'a>) -> Self {
        let key = |name: &&str| match *name {
            "class" | "kind" | "subclass" => Key::Class,
            "brunnel" => Key::Brunnel,
            "name" => Key::Name,
            "state" => Key::State,
            "depth" | "min_depth" => Key::Depth,
            "render_height" | "height" => Key::Height,
            "admin_level" => Key::AdminLevel,
            "rank" => Key::Rank,
            "coast" => Key::Coast,
            "tunnel" => Key::Tunnel,
            "bridge" => Key::Bridge,
            _ => Key::Other,
        };
        let keys = layer.keys().iter().map(key).collect();
        let values = layer.values().collect();
        Self {
            keys,
            values,
            class: "",
            brunnel: "",
            name: "",
            state: "",
            depth: None,
            height: None,
            admin_level: None,
            rank: None,
            coast: true,
        }
    }

    fn read(&mut self, feature: MvtFeatureRef) {
        (self.class, self.brunnel, self.name, self.state) = ("", "", "", "");
        (self.depth, self.height, self.admin_level, self.rank, self.coast) = (None, None, None, None, true);
        for pair in feature.tags().chunks_exact(2) {
            let (Some(key), Some(value)) = (self.keys.get(pair[0] as usize), self.values.get(pair[1] as usize)) else {
                continue;
            };
            match key {
                // `kind` and `subclass` only where no `class` came before.
                Key::Class if self.class.is_empty() => self.class = text(value),
                Key::Class | Key::Other => {}
                Key::Brunnel => self.brunnel = text(value),
                Key::Name => self.name = text(value),
                Key::State => self.state = text(value),
                Key::Depth => self.depth = number(value),
                Key::Height => self.height = number(value),
                Key::AdminLevel => self.admin_level = number(value),
                Key::Rank => self.rank = number(value),
                Key::Coast => self.coast = !matches!(value, MvtValueRef::Bool(false)),
                Key::Tunnel if matches!(value, MvtValueRef::Bool(true)) => self.brunnel = "tunnel",
                Key::Bridge if matches!(value, MvtValueRef::Bool(true)) => self.brunnel = "bridge",
                Key::Tunnel | Key::Bridge => {}
            }
        }
    }

    fn rail(&self) -> Paint {
        let is_metro = matches!(self.class, "subway" | "metro" | "transit" | "light_rail" | "tram");
        match (is_metro, self.state == "construction") {
            (false, false) => Paint::Rail,
            (false, true) => Paint::RailConstruction,
            (true, false) => Paint::Metro,
            (true, true) => Paint::MetroConstruction,
        }
    }
}

fn text<'a>(value: &MvtValueRef<'a>) -> &'a str {
    match value {
        MvtValueRef::String(text) => text,
        _ => "",
    }
}

fn number(value: &MvtValueRef) -> Option<f64> {
    match *value {
        MvtValueRef::Float(it) => Some(f64::from(it)),
        MvtValueRef::Double(it) => Some(it),
        MvtValueRef::Int(it) | MvtValueRef::SInt(it) => Some(it as f64),
        MvtValueRef::UInt(it) => Some(it as f64),
        MvtValueRef::String(it) => it.parse().ok(),
        MvtValueRef::Bool(_) | MvtValueRef::Null => None,
    }
}

// ---------------------------------------------------------------- geometry

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Shape {
    #[default]
    None,
    Point,
    Line,
    Area,
}

/// A feature's geometry in the tile's own steps, decoded into memory used again for the next.
#[derive(Default)]
struct Path {
    shape: Shape,
    points: Vec<[i32; 2]>,
    /// Where each line or ring begins in `points`; one more at the end.
    starts: Vec<usize>,
}

impl Path {
    /// Walks the commands of the vector tile format (MVT 2.1, 4.3). What is out of order ends the walk: what was read until
    /// then stays.
    fn decode(&mut self, feature: MvtFeatureRef) {
        self.points.clear();
        self.starts.clear();
        self.starts.push(0);
        self.shape = match feature.geom_type_value() {
            Some(1) => Shape::Point,
            Some(2) => Shape::Line,
            Some(3) => Shape::Area,
            _ => Shape::None,
        };
        let mut commands = feature.geometry_commands();
        let mut at = [0i32; 2];
        while let Some((&command, rest)) = commands.split_first() {
            commands = rest;
            let n = (command >> 3) as usize;
            match command & 7 {
                kind @ (1 | 2) => {
                    let Some((deltas, rest)) = n.checked_mul(2).and_then(|it| commands.split_at_checked(it)) else {
                        break;
                    };
                    commands = rest;
                    for delta in deltas.as_chunks::<2>().0 {
                        if kind == 1 && self.shape != Shape::Point {
                            self.end_part();
                        }
                        at = [0, 1].map(|i| at[i].saturating_add(unzigzag(delta[i])));
                        self.points.push(at);
                    }
                }
                7 => {}
                _ => break,
            }
        }
        self.end_part();
    }

    fn end_part(&mut self) {
        if self.starts.last() != Some(&self.points.len()) {
            self.starts.push(self.points.len());
        }
    }

    fn n_parts(&self) -> usize {
        self.starts.len() - 1
    }

    fn part(&self, i: usize) -> &[[i32; 2]] {
        &self.points[self.starts[i]..self.starts[i + 1]]
    }

    /// A ring without its first corner again at the end.
    fn ring(&self, i: usize) -> &[[i32; 2]] {
        match self.part(i) {
            [first, middle @ .., last] if first == last && !middle.is_empty() => {
                let part = self.part(i);
                &part[..part.len() - 1]
            }
            part => part,
        }
    }

    /// Each polygon as its outline and the holes after it. By the format an outline's area is positive, a hole's negative;
    /// rings without area are left out by ending a polygon.
    fn polygons(&self, mut take: impl FnMut(Range<usize>)) {
        let mut begins = None;
        for i in 0..self.n_parts() {
            let area = doubled_area(self.ring(i));
            if area < 0.0 && begins.is_some() {
                continue;
            }
            if let Some(begins) = begins.take() {
                take(begins..i);
            }
            if area > 0.0 {
                begins = Some(i);
            }
        }
        if let Some(begins) = begins {
            take(begins..self.n_parts());
        }
    }
}

fn unzigzag(value: u32) -> i32 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Exact for whatever a tile can hold within 2^26 steps; beyond that only the sign matters, and hardly that.
fn doubled_area(ring: &[[i32; 2]]) -> f64 {
    let Some(last) = ring.last() else { return 0.0 };
    let mut a = last.map(f64::from);
    let mut sum = 0.0;
    for b in ring {
        let b = b.map(f64::from);
        sum += a[0] * b[1] - a[1] * b[0];
        a = b;
    }
    sum
}

// ---------------------------------------------------------------- in painting order

/// Where in the order of lines a piece is drawn.
#[derive(Clone, Copy)]
struct Slot(usize);

/// Ordinary paints, then a core for each class of bridge, then rails.
const N_SLOTS: usize = Paint::COUNT + RoadClass::ALL.len();

impl Slot {
    fn of(paint: Paint) -> Self {
        let n_bridges = RoadClass::ALL.len();
        let first_bridge = Paint::BridgePathCasing as usize;
        // The core of a bridge has the class's own paint and a slot behind its casing.
        let slot = match paint as usize {
            ordinary if ordinary < first_bridge => ordinary,
            bridge if bridge < first_bridge + n_bridges => first_bridge + 2 * (bridge - first_bridge),
            later => later + n_bridges,
        };
        Self(slot)
    }

    /// Where a road's core is kept; its casing is made from it at the end.
    fn road(class: RoadClass, brunnel: &str) -> Self {
        match brunnel {
            "tunnel" => Self::of(class.tunnel()),
            "bridge" => Self(Self::of(class.bridge_casing()).0 + 1),
            _ => Self::of(class.core()),
        }
    }
}

/// Every slot's paint, and the slot its pieces are kept in.
fn slots() -> impl Iterator<Item = (Paint, usize)> {
    Paint::ALL.into_iter().flat_map(|paint| {
        let slot = Slot::of(paint).0;
        let bridge = RoadClass::ALL.into_iter().find(|it| it.bridge_casing() == paint);
        let ground = RoadClass::ALL.into_iter().find(|it| it.casing() == paint);
        let own = match (bridge, ground) {
            (Some(_), _) => (paint, slot + 1),
            (_, Some(class)) => (paint, Slot::of(class.core()).0),
            _ => (paint, slot),
        };
        std::iter::once(own).chain(bridge.map(|class| (class.core(), slot + 1)))
    })
}

/// A road's highest class in the tile, and its pieces.
type NamedRoad = (RoadClass, Vec<Vec<[i32; 2]>>);

/// A mesh while it is made: by paint, since a tile's layers come in any order.
struct Made {
    fills: Vec<FillVertex>,
    fill_indices: [Vec<u32>; Paint::COUNT],
    lines: [Vec<LineSegment>; N_SLOTS],
    n_lines: usize,
    solids: Vec<SolidVertex>,
    solid_indices: Vec<u32>,
    labels: Vec<TileLabel>,
    road_names: BTreeMap<String, NamedRoad>,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            fills: Vec::new(),
            fill_indices: std::array::from_fn(|_| Vec::new()),
            lines: std::array::from_fn(|_| Vec::new()),
            n_lines: 0,
            solids: Vec::new(),
            solid_indices: Vec::new(),
            labels: Vec::new(),
            road_names: BTreeMap::new(),
        }
    }
}

impl Made {
    /// Empties it and begins with the open sea.
    fn begin(&mut self, sea: TileMesh) {
        self.fill_indices.iter_mut().for_each(Vec::clear);
        self.lines.iter_mut().for_each(Vec::clear);
        self.fill_indices[Paint::Sea as usize].extend(sea.fill_indices);
        self.fills = sea.fills;
        self.n_lines = 0;
    }

    /// Roads count twice: each has a casing.
    fn n_vertices(&self) -> usize {
        self.fills.len() + 2 * self.n_lines + self.solids.len()
    }

    fn finish(&mut self, tile: TileId) -> TileMesh {
        let mut lines = Vec::with_capacity(2 * self.n_lines);
        let mut line_runs = Vec::new();
        for (paint, slot) in slots() {
            let first = lines.len() as u32;
            lines.extend(self.lines[slot].iter().map(|it| LineSegment { paint: paint.index(), ..*it }));
            let segments = first..lines.len() as u32;
            if !segments.is_empty() {
                line_runs.push(LineRun { paint, segments });
            }
        }
        for (name, (class, pieces)) in std::mem::take(&mut self.road_names) {
            let line = longest_chain(pieces);
            let Some(at) = halfway(&line) else { continue };
            let rank = 9 - class as u8;
            self.labels.push(TileLabel { text: name, kind: LabelKind::Road { class }, rank, at, line });
        }
        TileMesh {
            tile,
            fills: std::mem::take(&mut self.fills),
            fill_indices: self.fill_indices.concat(),
            lines,
            line_runs,
            solids: std::mem::take(&mut self.solids),
            solid_indices: std::mem::take(&mut self.solid_indices),
            labels: std::mem::take(&mut self.labels),
        }
    }
}

/// The longest line that pieces make when joined where they meet, straight on where there is a choice.
fn longest_chain(pieces: Vec<Vec<[i32; 2]>>) -> Vec<[i32; 2]> {
    /// Looking for what follows takes time by the square of this.
    const MOST_PIECES: usize = 256;
    let mut pieces: Vec<(f64, Vec<[i32; 2]>)> = pieces.into_iter().map(|it| (length(&it), it)).collect();
    pieces.sort_by(|a, b| b.0.total_cmp(&a.0));
    pieces.truncate(MOST_PIECES);
    let mut left: f64 = pieces.iter().map(|it| it.0).sum();
    let mut best = (0.0, Vec::new());
    // What is left over cannot make a longer one than all of it together.
    while left > best.0 && !pieces.is_empty() {
        let (mut long, mut chain) = pieces.remove(0);
        for _end in 0..2 {
            while let Some((i, from_its_end)) = follower(&chain, &pieces) {
                let (more, mut piece) = pieces.remove(i);
                if from_its_end {
                    piece.reverse();
                }
                chain.extend_from_slice(&piece[1..]);
                long += more;
            }
            chain.reverse();
        }
        left -= long;
        if long > best.0 {
            best = (long, chain);
        }
    }
    best.1
}

/// The piece that goes on from the chain's end with the least turn, no sharper than a right angle.
fn follower(chain: &[[i32; 2]], pieces: &[(f64, Vec<[i32; 2]>)]) -> Option<(usize, bool)> {
    let [.., before, end] = chain else { return None };
    let heading = |a: [i32; 2], b: [i32; 2]| {
        let d = [0, 1].map(|i| f64::from(b[i]) - f64::from(a[i]));
        let length = d[0].hypot(d[1]).max(f64::MIN_POSITIVE);
        d.map(|it| it / length)
    };
    let on = heading(*before, *end);
    let mut best: Option<(f64, usize, bool)> = None;
    for (i, (_, piece)) in pieces.iter().enumerate() {
        let [first, second, ..] = piece[..] else { continue };
        let [.., last_but_one, last] = piece[..] else { continue };
        for (meets, next, from_its_end) in [(first, second, false), (last, last_but_one, true)] {
            if meets != *end {
                continue;
            }
            let then = heading(meets, next);
            let cosine = on[0] * then[0] + on[1] * then[1];
            if cosine > 0.0 && best.is_none_or(|it| cosine > it.0) {
                best = Some((cosine, i, from_its_end));
            }
        }
    }
    best.map(|(_, i, from_its_end)| (i, from_its_end))
}

fn length(line: &[[i32; 2]]) -> f64 {
    line.windows(2).map(|it| distance(it[0], it[1])).sum()
}

fn distance(a: [i32; 2], b: [i32; 2]) -> f64 {
    let [dx, dy] = [0, 1].map(|i| f64::from(b[i]) - f64::from(a[i]));
    (dx * dx + dy * dy).sqrt()
}

fn halfway(line: &[[i32; 2]]) -> Option<[i32; 2]> {
    let mut left = length(line) / 2.0;
    for pair in line.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let piece = distance(a, b);
        if left <= piece && piece > 0.0 {
            let t = left / piece;
            return Some([0, 1].map(|i| (f64::from(a[i]) + (f64::from(b[i]) - f64::from(a[i])) * t).round() as i32));
        }
        left -= piece;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use fast_mvt::{MvtCoord, MvtGeomType, MvtLayerBuilder};
    use gulang_city::LonLat;
    use proptest::prelude::*;

    const TILE: TileId = TileId { z: 14, x: 13_567, y: 7_026 };

    fn frame() -> LocalFrame {
        LocalFrame::new(LonLat(118.11, 24.50))
    }

    fn coords(points: &[(i32, i32)]) -> Vec<MvtCoord> {
        points.iter().map(|&(x, y)| MvtCoord { x, y }).collect()
    }

    /// One feature of one layer; tags are texts, numbers where they look so.
    fn layer(name: &str, kind: MvtGeomType, parts: &[&[(i32, i32)]], tags: &[(&str, &str)]) -> Vec<u8> {
        let mut feature = MvtLayerBuilder::new(name).unwrap().feature_of(kind);
        for (i, part) in parts.iter().enumerate() {
            match kind {
                MvtGeomType::Polygon => feature.ring(coords(part), i == 0).unwrap(),
                MvtGeomType::LineString => feature.line(coords(part)).unwrap(),
                _ => feature.points(coords(part)).unwrap(),
            };
        }
        for (key, value) in tags {
            let value = match value.parse() {
                Ok(number) => MvtValueRef::Double(number),
                Err(_) if *value == "false" => MvtValueRef::Bool(false),
                Err(_) => MvtValueRef::String(value),
            };
            feature.tag_ref(key, value).unwrap();
        }
        feature.end().encode()
    }

    fn mesh(bytes: &[u8]) -> TileMesh {
        mesh_from_mvt(TILE, bytes, &frame()).unwrap()
    }

    fn paints(mesh: &TileMesh) -> Vec<Paint> {
        mesh.line_runs.iter().map(|it| it.paint).collect()
    }

    const SQUARE: &[(i32, i32)] = &[(1000, 1000), (2000, 1000), (2000, 2000), (1000, 2000)];
    const AREA: MvtGeomType = MvtGeomType::Polygon;
    const LINE: MvtGeomType = MvtGeomType::LineString;

    #[test]
    fn land_becomes_triangles_and_a_coast() {
        let made = mesh(&layer("land", AREA, &[SQUARE], &[("class", "outside")]));
        assert_eq!((made.fills.len(), made.fill_indices.len(), made.lines.len()), (4 + 4, 6 + 6, 4));
        assert!(made.fills[4..].iter().all(|it| it.paint == Paint::LandOutside.index()));
        assert_eq!(paints(&made), [Paint::Coast]);
        let no_coast = mesh(&layer("land", AREA, &[SQUARE], &[("class", "city"), ("coast", "false")]));
        assert!(no_coast.lines.is_empty() && no_coast.fills[4].paint == Paint::Land.index());
    }

    #[test]
    fn a_corner_lies_where_its_degrees_say() {
        let made = mesh(&layer("poi", MvtGeomType::Point, &[&[(2048, 1024)]], &[("name", "站"), ("class", "station")]));
        let [west, south, east, north] = TILE.bounds();
        let (e, n) = frame().local_from_geo(LonLat((west + east) / 2.0, north + (south - north) / 4.0));
        let at = crate::metres_from_fixed(made.labels[0].at);
        // A quarter of a tile in degrees and in Mercator differ by a few centimetres.
        assert!((at.0 - e).abs() < 0.02 && (at.1 - n).abs() < 0.2, "{at:?} is not {:?}", (e, n));
        assert_eq!(made.labels[0].kind, LabelKind::Station);
    }

    #[test]
    fn edges_a_tile_was_cut_along_are_no_coast() {
        // Land that fills the tile and its buffer to the west, with its shore at x = 2000.
        let land = &[(-64, -64), (2000, -64), (2090, 4160), (-64, 4160)];
        let made = mesh(&layer("land", AREA, &[land], &[]));
        assert_eq!(made.lines.len(), 1);
        let [low, high] = TILE.local_bounds(&frame()).map(crate::fixed_from_metres);
        let ends = [made.lines[0].a[1], made.lines[0].b[1]];
        assert!(ends.iter().all(|it| (it - low[1]).abs() <= 1 || (it - high[1]).abs() <= 1), "{ends:?} leave the tile");
        // Cut without a buffer, the edges lie on the tile's own.
        let land = &[(0, 0), (2000, 0), (2090, 4096), (0, 4096)];
        assert_eq!(mesh(&layer("land", AREA, &[land], &[])).lines.len(), 1);
    }

    #[test]
    fn lines_come_in_painting_order_with_casings_below() {
        let road = |class, brunnel| {
            layer("transportation", LINE, &[&[(0, 0), (500, 500)]], &[("class", class), ("brunnel", brunnel)])
        };
        let one = |name, class| layer(name, LINE, &[&[(0, 0), (500, 500)]], &[("class", class), ("state", "open")]);
        // Each in a tile of its own, since a tile holds no layer twice; then all classes in one.
        for (bytes, expected) in [
            (road("motorway", "bridge"), vec![Paint::BridgeMotorwayCasing, Paint::Motorway]),
            (road("trunk_link", ""), vec![Paint::TrunkCasing, Paint::Trunk]),
            (road("primary", "tunnel"), vec![Paint::TunnelPrimary]),
            (road("residential", ""), vec![Paint::MinorCasing, Paint::Minor]),
            (one("rail", "subway"), vec![Paint::Metro]),
            (one("aeroway", "runway"), vec![Paint::Runway]),
        ] {
            assert_eq!(paints(&mesh(&bytes)), expected);
        }
        let mut roads = MvtLayerBuilder::new("transportation").unwrap();
        for class in ["motorway", "minor", "primary", "minor"] {
            let mut feature = roads.feature_of(LINE);
            feature.line(coords(&[(0, 0), (500, 500)])).unwrap();
            feature.tag_ref("class", MvtValueRef::String(class)).unwrap();
            roads = feature.end();
        }
        let mut bytes = roads.encode();
        bytes.extend(layer("boundary", LINE, &[&[(0, 9), (9, 9)]], &[("admin_level", "6")]));
        bytes.extend(one("rail", "rail"));
        let made = mesh(&bytes);
        let order = [
            Paint::BoundaryDistrict,
            Paint::MinorCasing,
            Paint::Minor,
            Paint::PrimaryCasing,
            Paint::Primary,
            Paint::MotorwayCasing,
            Paint::Motorway,
            Paint::Rail,
        ];
        assert_eq!(paints(&made), order);
        assert_eq!(made.line_runs[2].segments, 3..5);
        for run in &made.line_runs {
            let some = &made.lines[run.segments.start as usize..run.segments.end as usize];
            assert!(some.iter().all(|it| it.paint == run.paint.index()));
        }
    }

    #[test]
    fn dashes_run_through_a_line() {
        let made = mesh(&layer("rail", LINE, &[&[(-100, 50), (100, 50), (100, 450)]], &[]));
        let step_m = ToFixed::new(TILE, 4096, &World::of(&frame())).step_m();
        let starts: Vec<f64> = made.lines.iter().map(|it| f64::from(it.start_m) / step_m).collect();
        // The first 100 steps lie outside the tile and count all the same.
        assert!((starts[0] - 100.0).abs() < 0.01 && (starts[1] - 200.0).abs() < 0.01, "{starts:?}");
    }

    #[test]
    fn a_building_has_lit_walls_and_a_lighter_roof() {
        let yard: &[(i32, i32)] = &[(1200, 1200), (1200, 1400), (1400, 1400), (1400, 1200)];
        let made = mesh(&layer("building", AREA, &[SQUARE, yard], &[("render_height", "30")]));
        assert_eq!(made.solids.len(), 8 * 4 + 8);
        assert!(made.solids.iter().all(|it| it.paint_shade & 0xFF == Paint::Building.index()));
        assert!(made.solids.iter().all(|it| it.height_cm == 0 || it.height_cm == 3000));
        let roof = made.solids[8 * 4].paint_shade >> 8;
        let shade_where = |is_wall: &dyn Fn([i32; 2], [i32; 2]) -> bool| {
            let wall = made.solids[..4 * 4].chunks(4).find(|it| is_wall(it[0].at, it[1].at)).unwrap();
            wall[0].paint_shade >> 8
        };
        let north = made.solids[..16].iter().map(|it| it.at[1]).max().unwrap();
        let south = made.solids[..16].iter().map(|it| it.at[1]).min().unwrap();
        let lit = shade_where(&|a, b| a[1] == north && b[1] == north);
        let dark = shade_where(&|a, b| a[1] == south && b[1] == south);
        assert!(dark < lit && lit < roof && roof <= 255, "{dark} {lit} {roof}");
        let unknown = mesh(&layer("building", AREA, &[SQUARE], &[("render_height", "NaN")]));
        assert_eq!(unknown.solids.iter().map(|it| it.height_cm).max(), Some(1000));
    }

    #[test]
    fn a_roads_name_follows_all_its_pieces() {
        let pieces: &[&[(i32, i32)]] = &[&[(500, 0), (900, 10)], &[(100, 0), (500, 0)], &[(900, 10), (1500, 0)]];
        let made = mesh(&layer("transportation", LINE, pieces, &[("name", "环岛路"), ("class", "primary")]));
        let [label] = &made.labels[..] else { panic!("one name") };
        assert_eq!((&*label.text, label.line.len()), ("环岛路", 4));
        assert_eq!(label.kind, LabelKind::Road { class: RoadClass::Primary });
        let (west, east) = (label.line[0][0].min(label.line[3][0]), label.line[0][0].max(label.line[3][0]));
        assert!(west < label.at[0] && label.at[0] < east);
    }

    #[test]
    fn names_beyond_the_edge_are_the_neighbours() {
        let at = |x, y| layer("place", MvtGeomType::Point, &[&[(x, y)]], &[("name", "村"), ("kind", "village")]);
        assert_eq!(mesh(&at(0, 0)).labels.len(), 1);
        for (x, y) in [(-1, 5), (4096, 5), (5, 4096), (5, -9)] {
            assert!(mesh(&at(x, y)).labels.is_empty());
        }
    }

    #[test]
    fn odd_areas_leave_no_mark_or_a_sane_one() {
        let bow_tie: &[(i32, i32)] = &[(0, 0), (100, 100), (100, 0), (0, 90)];
        let flat: &[(i32, i32)] = &[(0, 0), (100, 0), (200, 0)];
        let far: &[(i32, i32)] = &[(-(1 << 30), -(1 << 30)), (1 << 30, -(1 << 30)), (1 << 30, 1 << 30)];
        for ring in [bow_tie, flat, far] {
            let made = mesh(&layer("land", AREA, &[ring], &[]));
            assert!(made.fill_indices.iter().all(|it| (*it as usize) < made.fills.len()));
        }
        assert!(mesh(&[]).is_empty() && mesh(&[]) == TileMesh::open_sea(TILE, &frame()));
        assert!(mesh(&layer("housenumber", AREA, &[SQUARE], &[])).is_empty());
    }

    #[test]
    fn what_cannot_be_drawn_says_so() {
        let mut layer_of_no_extent = MvtLayerBuilder::new("land").unwrap();
        layer_of_no_extent.extent(fast_mvt::MvtExtent::new(1 << 20).unwrap());
        let mut feature = layer_of_no_extent.feature_of(AREA);
        feature.ring(coords(SQUARE), true).unwrap();
        let bytes = feature.end().encode();
        let error = mesh_from_mvt(TILE, &bytes, &frame()).unwrap_err();
        assert!(matches!(error, TileError::Extent { extent: 1_048_576, .. }), "{error}");
        let huge = vec![0; MAX_TILE_BYTES + 1];
        assert!(matches!(mesh_from_mvt(TILE, &huge, &frame()), Err(TileError::TooLarge { .. })));
        assert!(matches!(mesh_from_mvt(TILE, b"\xFF\xFF", &frame()), Err(TileError::Decode { .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_error_or_a_mesh(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = mesh_from_mvt(TILE, &bytes, &frame());
        }

        #[test]
        fn any_rings_make_a_mesh_that_holds_together(
            rings in proptest::collection::vec(
                proptest::collection::vec((-5000i32..9000, -5000i32..9000), 3..40), 1..6),
            name in prop_oneof![Just("land"), Just("building"), Just("water")],
        ) {
            let rings: Vec<&[(i32, i32)]> = rings.iter().map(Vec::as_slice).collect();
            let made = mesh(&layer(name, AREA, &rings, &[]));
            prop_assert!(made.fill_indices.iter().all(|it| (*it as usize) < made.fills.len()));
            prop_assert!(made.solid_indices.iter().all(|it| (*it as usize) < made.solids.len()));
            prop_assert_eq!((made.fill_indices.len() % 3, made.solid_indices.len() % 3), (0, 0));
        }

        #[test]
        fn a_star_is_filled_exactly(radii in proptest::collection::vec(200.0f64..1800.0, 5..60)) {
            // Round its middle, so without crossings: its triangles have its area.
            let n = radii.len() as f64;
            let at = |(i, r): (usize, &f64)| {
                let angle = std::f64::consts::TAU * i as f64 / n;
                (2048 + (r * angle.cos()).round() as i32, 2048 + (r * angle.sin()).round() as i32)
            };
            let ring: Vec<(i32, i32)> = radii.iter().enumerate().map(at).collect();
            let made = mesh(&layer("land", AREA, &[&ring], &[]));
            let area = |corners: &[[i32; 2]]| doubled_area(corners).abs();
            let whole = area(&made.fills[4..].iter().map(|it| it.at).collect::<Vec<_>>());
            let triangles: f64 = made.fill_indices[6..].chunks(3)
                .map(|it| area(&[0, 1, 2].map(|i| made.fills[it[i] as usize].at))).sum();
            prop_assert!((whole - triangles).abs() <= whole * 1e-3, "{} of {}", triangles, whole);
        }
    }
}
