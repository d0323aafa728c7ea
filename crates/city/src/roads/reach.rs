//! What is reached when: the network coloured by time, for isochrones.

use super::{ACCESS_SPEED_MPS, LinkId, MAX_SNAP_M, MAX_STRUCTURE_SNAP_M, Metric, RoadNet, net::Snap};
use crate::LonLat;
use std::collections::BTreeMap;

/// Seconds from the nearest of several origins to everywhere.
#[derive(Clone, Debug)]
pub struct Reach {
    metric: Metric,
    /// Of each node; infinite if not reached.
    secs: Vec<f64>,
    /// Where on a link origins stand: share of its length and seconds to get there.
    origins: BTreeMap<LinkId, Vec<(f64, f64)>>,
    /// Origins with no open road near; nothing is reached from these.
    pub n_off_road: usize,
}

/// A piece of a link over which time runs evenly.
#[derive(Clone, Debug, PartialEq)]
pub struct ReachedLink {
    pub link: LinkId,
    /// In the direction of the link, not of travel.
    pub line: Vec<LonLat>,
    pub start_secs: f64,
    pub end_secs: f64,
}

/// Seconds sampled on a lattice, for isobands. Row by row from the south, each from the west.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The first sample.
    pub origin: LonLat,
    /// Degrees of longitude and latitude between samples.
    pub step: LonLat,
    pub nx: usize,
    pub ny: usize,
    /// Infinite where nothing was reached or no road is near.
    pub secs: Vec<f32>,
}

/// Finer or coarser lattices than this are not made.
const CELL_M: std::ops::RangeInclusive<f64> = 20.0..=5000.0;
/// A lattice larger than this is made coarser.
const MAX_SAMPLES: f64 = 1_000_000.0;

impl Reach {
    pub(super) fn new(metric: Metric, secs: Vec<f64>, snaps: &[Snap], n_off_road: usize) -> Self {
        let mut origins: BTreeMap<LinkId, Vec<(f64, f64)>> = BTreeMap::new();
        for it in snaps {
            origins.entry(it.link).or_default().push((it.along, it.access_s));
        }
        Self { metric, secs, origins, n_off_road }
    }

    pub fn net(&self) -> &RoadNet {
        self.metric.net()
    }

    /// Seconds to a node of the network; infinite if it is not reached.
    pub fn secs_at_node(&self, node: u32) -> f64 {
        self.secs.get(node as usize).copied().unwrap_or(f64::INFINITY)
    }

    /// Seconds to a place, getting there from its road included; `None` if it has none near or that is not reached.
    pub fn secs_at(&self, place: LonLat) -> Option<f64> {
        let snap = self.metric.snap(place)?;
        let secs = self.secs_on(snap.link, snap.along) + snap.access_s;
        secs.is_finite().then_some(secs)
    }

    /// Every reached piece of open road. A link reached from both ends comes as two, that meet where it is reached last.
    pub fn links(&self) -> impl Iterator<Item = ReachedLink> + '_ {
        let n_links = self.net().n_links() as u32;
        let open = (0..n_links).map(LinkId).filter(|it| !self.metric.closures().contains(*it));
        open.flat_map(|link| self.pieces(link))
    }

    /// Samples every `cell_m` metres (20–5000) over the network and [`MAX_SNAP_M`] around it. Empty if there is no network.
    pub fn grid(&self, cell_m: f64) -> Grid {
        let none = Grid { origin: LonLat::default(), step: LonLat::default(), nx: 0, ny: 0, secs: Vec::new() };
        let Some((sw, ne)) = self.net().bounds() else { return none };
        let cell_m = if cell_m.is_finite() { cell_m.clamp(*CELL_M.start(), *CELL_M.end()) } else { *CELL_M.end() };
        let lat_m = 111_195.0;
        let lon_m = lat_m * ((sw.1 + ne.1) / 2.0).to_radians().cos().max(0.05);
        let origin = LonLat(sw.0 - MAX_SNAP_M / lon_m, sw.1 - MAX_SNAP_M / lat_m);
        let (wide, high) = ((ne.0 - sw.0) * lon_m + 2.0 * MAX_SNAP_M, (ne.1 - sw.1) * lat_m + 2.0 * MAX_SNAP_M);
        let cell_m = cell_m.max((wide * high / MAX_SAMPLES).sqrt()).max(wide.max(high) / MAX_SAMPLES);
        let (nx, ny) = ((wide / cell_m) as usize + 1, (high / cell_m) as usize + 1);
        let step = LonLat(cell_m / lon_m, cell_m / lat_m);
        let secs = self.sample(origin, step, nx, ny);
        Grid { origin, step, nx, ny, secs }
    }

    /// What [`Reach::secs_at`] says at each sample, found the other way round: every piece of road looks for the samples
    /// that it is nearest to.
    fn sample(&self, origin: LonLat, step: LonLat, nx: usize, ny: usize) -> Vec<f32> {
        let data = self.metric.data();
        // Local metres are those of a Mercator map: a column has one easting, a row one northing.
        let east: Vec<f64> = (0..nx).map(|x| data.local(LonLat(origin.0 + step.0 * x as f64, origin.1))[0]).collect();
        let north: Vec<f64> = (0..ny).map(|y| data.local(LonLat(origin.0, origin.1 + step.1 * y as f64))[1]).collect();
        let mut nearest = vec![(f64::INFINITY, LinkId(0), 0); nx * ny];
        let open = (0u32..).map(LinkId).zip(&data.links).filter(|it| !self.metric.closures().contains(it.0));
        for (link, row) in open {
            let limit_m = if row.structure.is_some() { MAX_STRUCTURE_SNAP_M } else { MAX_SNAP_M };
            for first in row.first as usize..row.last as usize {
                let (a, b) = (data.local[first], data.local[first + 1]);
                let within = |axis: &[f64], k: usize| {
                    let (low, high) = (a[k].min(b[k]) - limit_m, a[k].max(b[k]) + limit_m);
                    axis.partition_point(|it| *it < low)..axis.partition_point(|it| *it <= high)
                };
                // This is the innermost loop of a reach surface: a million times for a city.
                let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
                let size_2 = dx * dx + dy * dy;
                let per_size_2 = if size_2 > 0.0 { 1.0 / size_2 } else { 0.0 };
                let columns = within(&east, 0);
                for y in within(&north, 1) {
                    let to_y = north[y] - a[1];
                    let samples = &mut nearest[y * nx..][columns.clone()];
                    for (best, x) in samples.iter_mut().zip(&east[columns.clone()]) {
                        let to_x = x - a[0];
                        let share = ((to_x * dx + to_y * dy) * per_size_2).clamp(0.0, 1.0);
                        let (off_x, off_y) = (to_x - share * dx, to_y - share * dy);
                        let away_2 = off_x * off_x + off_y * off_y;
                        if away_2 < best.0 && away_2 <= limit_m * limit_m {
                            *best = (away_2, link, first);
                        }
                    }
                }
            }
        }
        let secs = nearest.iter().enumerate().map(|(i, &(away_2, link, first))| {
            if away_2 == f64::INFINITY {
                return f32::INFINITY;
            }
            let (_, along) = data.foot(link, first, [east[i % nx], north[i / nx]]);
            (self.secs_on(link, along) + away_2.sqrt() / ACCESS_SPEED_MPS) as f32
        });
        secs.collect()
    }

    /// Seconds to a point on a link; infinite if it is not reached.
    fn secs_on(&self, link: LinkId, along: f64) -> f64 {
        let data = self.metric.data();
        let (row, secs) = (&data.links[link.0 as usize], data.secs(link));
        let mut best = self.secs[row.from as usize] + along * secs;
        if !row.oneway || along == 1.0 {
            best = best.min(self.secs[row.to as usize] + (1.0 - along) * secs);
        }
        for &(at, start) in self.origins.get(&link).into_iter().flatten() {
            if at <= along || !row.oneway {
                best = best.min(start + (along - at).abs() * secs);
            }
        }
        best
    }

    fn pieces(&self, link: LinkId) -> Vec<ReachedLink> {
        let data = self.metric.data();
        let (row, secs) = (&data.links[link.0 as usize], data.secs(link));
        // Where time starts to run: the ends, and the origins between.
        let mut stops = vec![0.0, 1.0];
        stops.extend(self.origins.get(&link).into_iter().flatten().map(|it| it.0));
        stops.sort_by(f64::total_cmp);
        stops.dedup();
        let mut pieces = Vec::new();
        let mut add = |start: f64, end: f64, start_secs: f64, end_secs: f64| {
            if end > start && start_secs.is_finite() && end_secs.is_finite() {
                pieces.push(ReachedLink { link, line: data.cut(link, start, end), start_secs, end_secs });
            }
        };
        for pair in stops.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let gap = (b - a) * secs;
            let at_a = self.secs_on(link, a);
            if row.oneway {
                add(a, b, at_a, at_a + gap);
                continue;
            }
            let at_b = self.secs_on(link, b);
            // The waves from both sides meet here.
            let meet = if gap > 0.0 { ((at_b - at_a + gap) / 2.0 / gap).clamp(0.0, 1.0) } else { 0.0 };
            let (middle, at_middle) = (a + (b - a) * meet, at_a + meet * gap);
            add(a, middle, at_a, at_middle);
            add(middle, b, at_b + (1.0 - meet) * gap, at_b);
        }
        pieces
    }
}
