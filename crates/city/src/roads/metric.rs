//! A network with its closures: how long, and which way.

use super::{
    Closures, LinkId, Reach, RoadNet,
    hierarchy::{Costs, Direction},
    net::{Data, Snap},
};
use crate::{LonLat, query::straight_eta_s};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How an arrival time was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EtaBy {
    /// Along open roads at the class speeds.
    Road,
    /// Straight line × 1.4 at 30 km/h: there is no road near an end, or no open way.
    StraightLine,
    /// A boat's straight way, at its speed.
    Water,
    /// A straight flight, at its speed.
    Air,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eta {
    pub secs: f64,
    pub by: EtaBy,
}

/// A way along open roads.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// Getting to the road and from it included.
    pub secs: f64,
    pub length_m: f64,
    /// From place to place, the straight pieces to and from the road included; WGS-84.
    pub line: Vec<LonLat>,
    /// In the order they are driven.
    pub links: Vec<LinkId>,
}

/// A [`RoadNet`] with some links closed. Cloning shares it.
#[derive(Clone)]
pub struct Metric {
    net: RoadNet,
    closures: Arc<Closures>,
    pub(super) costs: Arc<Costs>,
}

impl Metric {
    pub(super) fn new(net: RoadNet, closures: Closures) -> Self {
        let data = &net.0;
        let costs = data.skeleton.customize(|link| {
            let row = &data.links[link.0 as usize];
            let secs = if closures.contains(link) { f64::INFINITY } else { data.secs(link) };
            (secs, if row.oneway { f64::INFINITY } else { secs })
        });
        Self { closures: Arc::new(closures), costs: Arc::new(costs), net }
    }

    pub fn net(&self) -> &RoadNet {
        &self.net
    }

    pub fn closures(&self) -> &Closures {
        &self.closures
    }

    /// How long from each of `origins` to `place`, in their order.
    pub fn etas_to(&self, place: LonLat, origins: &[LonLat]) -> Vec<Eta> {
        let starts: Vec<Option<Snap>> = origins.iter().map(|it| self.snap(*it)).collect();
        self.etas(place, origins, &starts, Direction::To)
    }

    /// How long from each of `origins` to each of `places`: one row per place, in the origins' order. The same as
    /// [`Metric::etas_to`] for each place, with the origins found on the network once.
    pub fn etas_between(&self, origins: &[LonLat], places: &[LonLat]) -> Vec<Vec<Eta>> {
        let starts: Vec<Option<Snap>> = origins.iter().map(|it| self.snap(*it)).collect();
        places.iter().map(|place| self.etas(*place, origins, &starts, Direction::To)).collect()
    }

    /// How long from `place` to each of `targets`, in their order.
    pub fn etas_from(&self, place: LonLat, targets: &[LonLat]) -> Vec<Eta> {
        let ends: Vec<Option<Snap>> = targets.iter().map(|it| self.snap(*it)).collect();
        self.etas(place, targets, &ends, Direction::From)
    }

    /// The quickest way along open roads; `None` if an end has no road near or no way is open.
    pub fn route(&self, from: LonLat, to: LonLat) -> Option<Route> {
        let data = self.data();
        let (start, end) = (self.snap(from)?, self.snap(to)?);
        let skeleton = &data.skeleton;
        let path = skeleton.path(&self.costs, &self.exits(&start), &self.entries(&end));
        let straight = self.along_one_link(&start, &end);
        let (secs, pieces) = match (path, straight) {
            (Some(path), straight) if straight.is_none_or(|it| path.secs < it) => {
                let mut pieces =
                    vec![(start.link, start.along, self.share_at(&start, skeleton.node(path.start), true))];
                pieces.extend(path.links.iter().map(
                    |&(link, is_ahead)| {
                        if is_ahead { (link, 0.0, 1.0) } else { (link, 1.0, 0.0) }
                    },
                ));
                pieces.push((end.link, self.share_at(&end, skeleton.node(path.end), false), end.along));
                (path.secs, pieces)
            }
            (_, Some(secs)) => (secs, vec![(start.link, start.along, end.along)]),
            (_, None) => return None,
        };
        let mut line = vec![from];
        let mut links: Vec<LinkId> = Vec::new();
        let mut length_m = start.access_m + end.access_m;
        for (link, a, b) in pieces {
            length_m += (b - a).abs() * data.length_m(link);
            line.extend(data.cut(link, a, b));
            if a != b && links.last() != Some(&link) {
                links.push(link);
            }
        }
        line.push(to);
        line.dedup();
        Some(Route { secs, length_m, line, links })
    }

    /// How long until each part of the network is reached from the nearest of `origins`.
    pub fn reach(&self, origins: &[LonLat]) -> Reach {
        let snaps: Vec<Snap> = origins.iter().filter_map(|it| self.snap(*it)).collect();
        let seeds: Vec<(u32, f64)> = snaps.iter().flat_map(|it| self.exits(it)).collect();
        let by_rank = self.data().skeleton.sweep(&self.costs, Direction::From, &seeds);
        let secs = self.data().skeleton.rank_of.iter().map(|rank| by_rank[*rank as usize]).collect();
        Reach::new(self.clone(), secs, &snaps, origins.len() - snaps.len())
    }

    pub(super) fn data(&self) -> &Data {
        &self.net.0
    }

    pub(super) fn snap(&self, place: LonLat) -> Option<Snap> {
        self.data().snap(place, &|link| self.closures.contains(link))
    }

    /// `snaps` are where the `others` are on the network.
    fn etas(&self, place: LonLat, others: &[LonLat], snaps: &[Option<Snap>], direction: Direction) -> Vec<Eta> {
        let by_road = self.snap(place).map(|here| {
            let seeds = if direction == Direction::To { self.entries(&here) } else { self.exits(&here) };
            (here, self.data().skeleton.sweep(&self.costs, direction, &seeds))
        });
        let eta = |(other, there): (&LonLat, &Option<Snap>)| {
            let road_secs = by_road.as_ref().zip(there.as_ref()).and_then(|((here, secs), there)| {
                let (ends, straight) = match direction {
                    Direction::To => (self.exits(there), self.along_one_link(there, here)),
                    Direction::From => (self.entries(there), self.along_one_link(here, there)),
                };
                let best = ends.iter().map(|&(rank, at)| secs[rank as usize] + at).fold(f64::INFINITY, f64::min);
                let best = best.min(straight.unwrap_or(f64::INFINITY));
                best.is_finite().then_some(best)
            });
            match road_secs {
                Some(secs) => Eta { secs, by: EtaBy::Road },
                None => Eta { secs: straight_eta_s(other.distance_m(place)), by: EtaBy::StraightLine },
            }
        };
        others.iter().zip(snaps).map(eta).collect()
    }

    /// From a snapped place to the ends of its link: ranks and seconds, access included. Who stands at an end is at the
    /// junction, whichever way the link runs.
    fn exits(&self, it: &Snap) -> Vec<(u32, f64)> {
        let (row, secs) = (&self.data().links[it.link.0 as usize], self.data().secs(it.link));
        let mut exits = vec![(self.rank(row.to), it.access_s + (1.0 - it.along) * secs)];
        if !row.oneway || it.along == 0.0 {
            exits.push((self.rank(row.from), it.access_s + it.along * secs));
        }
        exits
    }

    /// From the ends of its link to a snapped place.
    fn entries(&self, it: &Snap) -> Vec<(u32, f64)> {
        let (row, secs) = (&self.data().links[it.link.0 as usize], self.data().secs(it.link));
        let mut entries = vec![(self.rank(row.from), it.access_s + it.along * secs)];
        if !row.oneway || it.along == 1.0 {
            entries.push((self.rank(row.to), it.access_s + (1.0 - it.along) * secs));
        }
        entries
    }

    /// Both places on one link, and one may drive from the first to the second on it.
    fn along_one_link(&self, from: &Snap, to: &Snap) -> Option<f64> {
        let may = from.link == to.link && (from.along <= to.along || !self.data().links[from.link.0 as usize].oneway);
        may.then(|| from.access_s + to.access_s + (to.along - from.along).abs() * self.data().secs(from.link))
    }

    /// Which end of the snapped place's link a node is: 0 or 1. A link from a node to itself is left the quicker way.
    fn share_at(&self, it: &Snap, node: u32, is_exit: bool) -> f64 {
        let row = &self.data().links[it.link.0 as usize];
        if row.from != row.to {
            return if node == row.to { 1.0 } else { 0.0 };
        }
        if it.along == 0.0 || it.along == 1.0 {
            return it.along;
        }
        let is_far = it.along > 0.5;
        match (row.oneway, is_exit) {
            (true, true) => 1.0,
            (true, false) => 0.0,
            (false, _) => f64::from(u8::from(is_far)),
        }
    }

    fn rank(&self, node: u32) -> u32 {
        self.data().skeleton.rank_of[node as usize]
    }
}

impl std::fmt::Debug for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Metric({:?}, {} closed)", self.net, self.closures.len())
    }
}
