//! The network as read: links, names, geometry, and where each lies.

use super::{Metric, hierarchy::Skeleton};
use crate::{LocalFrame, LonLat, Text};
use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Line},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

/// A place farther than this from any open road is not on the network.
pub const MAX_SNAP_M: f64 = 400.0;
/// Only what stands this near to a bridge or a tunnel is on it: one does not climb into a tunnel from the street above.
pub const MAX_STRUCTURE_SNAP_M: f64 = 30.0;
/// From a place to its road and back, m/s: 10 km/h in the straight line, for yards, lanes and loading. Our assumption.
pub const ACCESS_SPEED_MPS: f64 = 10.0 / 3.6;

/// A link, by its place in `roads.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkId(pub u32);

/// What a road is, largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoadClass {
    Motorway,
    Trunk,
    Primary,
    Secondary,
    Minor,
}

impl RoadClass {
    /// m/s. The lowest design speed that CJJ 37-2012 (城市道路工程设计规范) gives the class: 快速路 60, 主干路 40, 次干路
    /// 30, 支路 20 km/h, so that lights and traffic are somewhat in it; 80 on motorways. Which class is which, and taking
    /// the lowest, is our assumption.
    pub const fn speed_mps(self) -> f64 {
        match self {
            Self::Motorway => 80.0 / 3.6,
            Self::Trunk => 60.0 / 3.6,
            Self::Primary => 40.0 / 3.6,
            Self::Secondary => 30.0 / 3.6,
            Self::Minor => 20.0 / 3.6,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Structure {
    Bridge,
    Tunnel,
}

/// One piece of road between two nodes. Cheap to look at, not to keep: it borrows the net.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub id: LinkId,
    pub from: u32,
    pub to: u32,
    pub class: RoadClass,
    /// Only from `from` to `to`.
    pub oneway: bool,
    pub name: Option<&'a Text>,
    pub structure: Option<Structure>,
    /// From node to node, both included; WGS-84.
    pub line: &'a [LonLat],
    pub length_m: f64,
}

impl Link<'_> {
    /// From end to end, s.
    pub fn secs(&self) -> f64 {
        self.length_m / self.class.speed_mps()
    }
}

/// The links that may not be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Closures(BTreeSet<LinkId>);

impl Closures {
    pub fn contains(&self, link: LinkId) -> bool {
        self.0.contains(&link)
    }
    /// `false` if it was closed already.
    pub fn insert(&mut self, link: LinkId) -> bool {
        self.0.insert(link)
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Ascending.
    pub fn iter(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<LinkId> for Closures {
    fn from_iter<I: IntoIterator<Item = LinkId>>(links: I) -> Self {
        Self(links.into_iter().collect())
    }
}

impl Extend<LinkId> for Closures {
    fn extend<I: IntoIterator<Item = LinkId>>(&mut self, links: I) {
        self.0.extend(links);
    }
}

/// Why a `roads.json` cannot be used; the line is where there is one, from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {what}, {why}, {todo}")]
pub struct RoadsError {
    pub line: usize,
    pub what: String,
    pub why: String,
    pub todo: &'static str,
}

/// A city's drivable network. Cloning shares it.
#[derive(Clone)]
pub struct RoadNet(pub(super) Arc<Data>);

pub(super) struct Data {
    pub nodes: Vec<LonLat>,
    pub links: Vec<Row>,
    names: Vec<Text>,
    points: Vec<LonLat>,
    /// Along the link from its start, m; parallel to `points`.
    pub along: Vec<f64>,
    /// Metres east and north of the middle; parallel to `points`.
    pub local: Vec<[f64; 2]>,
    frame: LocalFrame,
    segments: RTree<Segment>,
    pub skeleton: Skeleton,
}

pub(super) struct Row {
    pub from: u32,
    pub to: u32,
    pub class: RoadClass,
    pub oneway: bool,
    name: Option<u32>,
    pub structure: Option<Structure>,
    /// Into `points`.
    pub first: u32,
    pub last: u32,
}

impl Row {
    pub(super) fn range(&self) -> std::ops::RangeInclusive<usize> {
        self.first as usize..=self.last as usize
    }
}

/// One straight piece in local metres: which link, and its first point's place in `points`.
type Segment = GeomWithData<Line<[f64; 2]>, (u32, u32)>;

/// Where a place meets the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snap {
    pub link: LinkId,
    /// Along the link, 0–1 of its length.
    pub along: f64,
    /// Between the place and the road, s.
    pub access_s: f64,
    pub access_m: f64,
}

impl RoadNet {
    /// Reads `{"names": […], "nodes": [[lon, lat] …], "links": [{from, to, class, oneway?, name?, structure?, between?} …]}`:
    /// `from` and `to` are places in `nodes`, `name` one in `names`, `between` the points on the way.
    ///
    /// # Errors
    /// Text that is not that, a place off the earth, a number that names nothing, a network too tangled to be roads.
    pub fn from_json(text: &str) -> Result<Self, RoadsError> {
        let file: File = serde_json::from_str(text).map_err(|error| {
            let full = error.to_string();
            RoadsError {
                line: error.line().max(1),
                what: "unreadable roads".to_owned(),
                why: full.split(" at line ").next().unwrap_or(&full).to_owned(),
                todo: "correct the line, or write the file anew with roads.py",
            }
        })?;
        let fault =
            |what: String, why: String| RoadsError { line: line_of(text, &what), what, why, todo: "correct it" };
        for (i, node) in file.nodes.iter().enumerate() {
            if !node.is_sane() {
                return Err(fault(format!("node {i}"), format!("{}, {} is not a place on Earth", node.0, node.1)));
            }
        }
        let n_nodes = file.nodes.len();
        let mut points = Vec::new();
        let mut links = Vec::with_capacity(file.links.len());
        for (i, link) in file.links.iter().enumerate() {
            let what = || format!("link {i}");
            for end in [link.from, link.to] {
                if end as usize >= n_nodes {
                    return Err(fault(what(), format!("there is no node {end}, only {n_nodes}")));
                }
            }
            if let Some(name) = link.name.filter(|it| *it as usize >= file.names.len()) {
                return Err(fault(what(), format!("there is no name {name}, only {}", file.names.len())));
            }
            if let Some(bad) = link.between.iter().find(|it| !it.is_sane()) {
                return Err(fault(what(), format!("{}, {} is not a place on Earth", bad.0, bad.1)));
            }
            let first = points.len();
            points.push(file.nodes[link.from as usize]);
            points.extend(&link.between);
            points.push(file.nodes[link.to as usize]);
            let (Ok(first), Ok(last)) = (u32::try_from(first), u32::try_from(points.len() - 1)) else {
                return Err(fault(what(), "there are too many points before it".to_owned()));
            };
            links.push(Row {
                from: link.from,
                to: link.to,
                class: link.class,
                oneway: link.oneway,
                name: link.name,
                structure: link.structure,
                first,
                last,
            });
        }
        let ends: Vec<(u32, u32)> = links.iter().map(|it| (it.from, it.to)).collect();
        let skeleton = Skeleton::build(n_nodes, &ends).ok_or_else(|| {
            let why = "its junctions are tied to each other too densely to be streets".to_owned();
            fault("unusable roads".to_owned(), why)
        })?;
        Ok(Self(Arc::new(Data::new(file.nodes, file.names, links, points, skeleton))))
    }

    pub fn n_nodes(&self) -> usize {
        self.0.nodes.len()
    }

    pub fn n_links(&self) -> usize {
        self.0.links.len()
    }

    /// Arcs of the hierarchy, those of the links included: what a closure or a full sweep passes over.
    pub fn n_arcs(&self) -> usize {
        self.0.skeleton.n_arcs()
    }

    pub fn link(&self, id: LinkId) -> Option<Link<'_>> {
        let row = self.0.links.get(id.0 as usize)?;
        Some(Link {
            id,
            from: row.from,
            to: row.to,
            class: row.class,
            oneway: row.oneway,
            name: row.name.and_then(|it| self.0.names.get(it as usize)),
            structure: row.structure,
            line: &self.0.points[row.range()],
            length_m: self.0.length_m(id),
        })
    }

    pub fn links(&self) -> impl Iterator<Item = Link<'_>> {
        (0..self.0.links.len() as u32).filter_map(|i| self.link(LinkId(i)))
    }

    /// The south-west and north-east corner of all links; `None` if there are none.
    pub fn bounds(&self) -> Option<(LonLat, LonLat)> {
        let first = *self.0.points.first()?;
        Some(self.0.points.iter().fold((first, first), |(sw, ne), it| {
            (LonLat(sw.0.min(it.0), sw.1.min(it.1)), LonLat(ne.0.max(it.0), ne.1.max(it.1)))
        }))
    }

    /// Links that come within `radius_m` of a place, ascending.
    pub fn links_near(&self, place: LonLat, radius_m: f64) -> Vec<LinkId> {
        if !place.is_sane() || radius_m.is_nan() || radius_m < 0.0 {
            return Vec::new();
        }
        let near = self.0.segments.locate_within_distance(self.0.local(place), radius_m * radius_m);
        near.map(|it| LinkId(it.data.0)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Links that lie in a ring (even-odd; open or closed) or cross its edge, ascending.
    pub fn links_in(&self, ring: &[LonLat]) -> Vec<LinkId> {
        if ring.len() < 3 || !ring.iter().all(|it| it.is_sane()) {
            return Vec::new();
        }
        let corners: Vec<[f64; 2]> = ring.iter().map(|it| self.0.local(*it)).collect();
        let edges: Vec<Line<[f64; 2]>> =
            corners.iter().zip(corners.iter().cycle().skip(1)).map(|(a, b)| Line::new(*a, *b)).collect();
        let around = self.0.segments.locate_in_envelope_intersecting(&AABB::from_points(&corners));
        let met = around.filter(|it| {
            let line = it.geom();
            crate::query::is_in_ring(self.0.points[it.data.1 as usize], ring)
                || edges.iter().any(|edge| cross(line, edge))
        });
        met.map(|it| LinkId(it.data.0)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The network with some links closed: what every question of time is put to.
    pub fn with_closures(&self, closures: &Closures) -> Metric {
        Metric::new(self.clone(), closures.clone())
    }
}

impl std::fmt::Debug for RoadNet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RoadNet({} nodes, {} links)", self.n_nodes(), self.n_links())
    }
}

impl Data {
    fn new(nodes: Vec<LonLat>, names: Vec<Text>, links: Vec<Row>, points: Vec<LonLat>, skeleton: Skeleton) -> Self {
        let frame = LocalFrame::new(middle(&nodes));
        let mut along = vec![0.0; points.len()];
        let mut segments = Vec::with_capacity(points.len());
        let local: Vec<[f64; 2]> = points.iter().map(|it| frame.local_from_geo(*it).into()).collect();
        for (id, row) in (0u32..).zip(&links) {
            for i in row.first as usize..row.last as usize {
                along[i + 1] = along[i] + points[i].distance_m(points[i + 1]);
                segments.push(GeomWithData::new(Line::new(local[i], local[i + 1]), (id, i as u32)));
            }
        }
        Self { nodes, links, names, points, along, local, frame, segments: RTree::bulk_load(segments), skeleton }
    }

    pub(super) fn length_m(&self, link: LinkId) -> f64 {
        self.along[self.links[link.0 as usize].last as usize]
    }

    pub(super) fn secs(&self, link: LinkId) -> f64 {
        self.length_m(link) / self.links[link.0 as usize].class.speed_mps()
    }

    pub(super) fn local(&self, place: LonLat) -> [f64; 2] {
        self.frame.local_from_geo(place).into()
    }

    /// The nearest link that is open and may be stepped onto from here.
    pub(super) fn snap(&self, place: LonLat, is_closed: &dyn Fn(LinkId) -> bool) -> Option<Snap> {
        if !place.is_sane() {
            return None;
        }
        let at = self.local(place);
        for (segment, distance_2) in self.segments.nearest_neighbor_iter_with_distance_2(&at) {
            let distance_m = distance_2.sqrt();
            if distance_m > MAX_SNAP_M {
                return None;
            }
            let (link, first) = (LinkId(segment.data.0), segment.data.1 as usize);
            let is_apart = self.links[link.0 as usize].structure.is_some() && distance_m > MAX_STRUCTURE_SNAP_M;
            if is_apart || is_closed(link) {
                continue;
            }
            let along = self.foot(link, first, at).1;
            return Some(Snap { link, along, access_s: distance_m / ACCESS_SPEED_MPS, access_m: distance_m });
        }
        None
    }

    /// From a local place to the piece of a link that begins at a point: squared metres, and where on the link the nearest
    /// spot is, as a share of its length; exactly 0 or 1 at its ends.
    pub(super) fn foot(&self, link: LinkId, first: usize, at: [f64; 2]) -> (f64, f64) {
        let (a, b) = (self.local[first], self.local[first + 1]);
        let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        let size_2 = dx * dx + dy * dy;
        let share = if size_2 > 0.0 { ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / size_2 } else { 0.0 };
        let (share, along_m) = if share <= 0.0 {
            (0.0, self.along[first])
        } else if share >= 1.0 {
            (1.0, self.along[first + 1])
        } else {
            (share, self.along[first] + share * (self.along[first + 1] - self.along[first]))
        };
        let [x, y] = [at[0] - a[0] - share * dx, at[1] - a[1] - share * dy];
        let length_m = self.length_m(link);
        (x * x + y * y, if length_m > 0.0 { along_m / length_m } else { 0.0 })
    }

    /// The part of a link between two shares of its length, in that direction.
    pub(super) fn cut(&self, link: LinkId, start: f64, end: f64) -> Vec<LonLat> {
        if start > end {
            let mut line = self.cut(link, end, start);
            line.reverse();
            return line;
        }
        let row = &self.links[link.0 as usize];
        let length_m = self.length_m(link);
        let (start_m, end_m) = (start * length_m, end * length_m);
        let mut line = vec![self.point_at(row, start_m)];
        let inner = row.range().filter(|i| self.along[*i] > start_m && self.along[*i] < end_m);
        line.extend(inner.map(|i| self.points[i]));
        line.push(self.point_at(row, end_m));
        line
    }

    fn point_at(&self, row: &Row, along_m: f64) -> LonLat {
        let (first, last) = (row.first as usize, row.last as usize);
        let i = first + self.along[first..=last].partition_point(|it| *it <= along_m);
        if i > last {
            return self.points[last];
        }
        let i = i.max(first + 1);
        let size = self.along[i] - self.along[i - 1];
        let share = if size > 0.0 { ((along_m - self.along[i - 1]) / size).clamp(0.0, 1.0) } else { 0.0 };
        let (a, b) = (self.points[i - 1], self.points[i]);
        LonLat(a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    names: Vec<Text>,
    nodes: Vec<LonLat>,
    links: Vec<FileLink>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLink {
    from: u32,
    to: u32,
    class: RoadClass,
    #[serde(default)]
    oneway: bool,
    #[serde(default)]
    name: Option<u32>,
    #[serde(default)]
    structure: Option<Structure>,
    #[serde(default)]
    between: Vec<LonLat>,
}

/// The line a node or link is on, if the file keeps one to a line as `roads.py` writes it; else 1.
fn line_of(text: &str, what: &str) -> usize {
    let Some((kind, number)) = what.split_once(' ') else { return 1 };
    let (key, Ok(number)) = (format!("\"{kind}s\""), number.parse::<usize>()) else { return 1 };
    let head = text.lines().position(|it| it.contains(&key)).unwrap_or(0);
    let line = head + 2 + number;
    if line <= text.lines().count() { line } else { 1 }
}

fn middle(nodes: &[LonLat]) -> LonLat {
    let n = nodes.len().max(1) as f64;
    let sum = nodes.iter().fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    LonLat(sum.0 / n, sum.1 / n)
}

/// Whether two segments meet.
fn cross(a: &Line<[f64; 2]>, b: &Line<[f64; 2]>) -> bool {
    let side = |line: &Line<[f64; 2]>, p: [f64; 2]| {
        (line.to[0] - line.from[0]) * (p[1] - line.from[1]) - (line.to[1] - line.from[1]) * (p[0] - line.from[0])
    };
    let apart = |x: f64, y: f64| x * y > 0.0;
    let boxes_meet = (0..2)
        .all(|k| a.from[k].min(a.to[k]) <= b.from[k].max(b.to[k]) && b.from[k].min(b.to[k]) <= a.from[k].max(a.to[k]));
    boxes_meet && !apart(side(a, b.from), side(a, b.to)) && !apart(side(b, a.from), side(b, a.to))
}
