//! A customizable contraction hierarchy (Dibbelt, Strasser, Wagner: "Customizable Contraction Hierarchies", JEA 2016).
//!
//! [`Skeleton`] is found once and knows only which nodes meet: nodes are eliminated by least degree, and whoever a node
//! still meets then is tied together by a shortcut. [`Skeleton::customize`] puts seconds on it, one pass over the lower
//! triangles. Then a one-to-all sweep (PHAST: Delling, Goldberg, Nowatzyk, Werneck, 2011) is one pass up and one down.
//!
//! Works on ranks: `0` was eliminated first. Least degree is a plain order, good for a city's few thousand junctions; a
//! country would want nested dissection.

use super::LinkId;
use std::collections::BTreeSet;

const NONE: u32 = u32::MAX;

pub(super) struct Skeleton {
    pub rank_of: Vec<u32>,
    node_of: Vec<u32>,
    /// Rank → its arcs to higher ranks; one longer than there are ranks.
    first: Vec<u32>,
    /// Of each arc; ascending within a tail.
    head: Vec<u32>,
    tail: Vec<u32>,
    /// Arcs `(low, middle)`, `(low, high)`, `(middle, high)`, ascending by `low`.
    triangles: Vec<[u32; 3]>,
    /// Of each link: its arc, and whether the link's `from` is the arc's tail. [`NONE`] for a link back to its own node.
    arc_of: Vec<(u32, bool)>,
}

/// What an arc costs in one direction, and over what.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub secs: f64,
    via: Via,
}

#[derive(Clone, Copy)]
enum Via {
    Nothing,
    Link(LinkId),
    /// Over this lower rank.
    Rank(u32),
}

/// One metric on a skeleton: each arc from tail to head (`up`) and back (`down`).
pub(super) struct Costs {
    up: Vec<Cost>,
    down: Vec<Cost>,
}

/// Which way a sweep asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// How long from the seeds.
    From,
    /// How long to the seeds.
    To,
}

impl Skeleton {
    /// `ends` are the links' nodes. `None` if so many shortcuts arise that these are no streets.
    pub fn build(n_nodes: usize, ends: &[(u32, u32)]) -> Option<Self> {
        // The shipped streets have 4 arcs and 30 triangles a link; this refuses what would not fit in memory or patience.
        let max_arcs = 2_000 + 12 * ends.len();
        let max_triangles = 20_000 + 120 * ends.len();
        let mut met: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); n_nodes];
        for &(a, b) in ends.iter().filter(|(a, b)| a != b) {
            met[a as usize].insert(b);
            met[b as usize].insert(a);
        }
        let mut queue: BTreeSet<(usize, u32)> = (0u32..).zip(&met).map(|(node, it)| (it.len(), node)).collect();
        let mut rank_of = vec![NONE; n_nodes];
        let mut node_of = Vec::with_capacity(n_nodes);
        let mut above: Vec<Vec<u32>> = Vec::with_capacity(n_nodes);
        let mut n_arcs = 0;
        while let Some((_, node)) = queue.pop_first() {
            rank_of[node as usize] = node_of.len() as u32;
            node_of.push(node);
            let others: Vec<u32> = std::mem::take(&mut met[node as usize]).into_iter().collect();
            n_arcs += others.len();
            if n_arcs > max_arcs {
                return None;
            }
            for &other in &others {
                let theirs = &mut met[other as usize];
                queue.remove(&(theirs.len(), other));
                theirs.remove(&node);
                theirs.extend(others.iter().filter(|it| **it != other));
                queue.insert((theirs.len(), other));
            }
            above.push(others);
        }

        let (mut first, mut head, mut tail) = (vec![0], Vec::with_capacity(n_arcs), Vec::with_capacity(n_arcs));
        for (rank, others) in (0u32..).zip(&above) {
            let mut heads: Vec<u32> = others.iter().map(|it| rank_of[*it as usize]).collect();
            heads.sort_unstable();
            tail.extend(std::iter::repeat_n(rank, heads.len()));
            head.extend(heads);
            first.push(head.len() as u32);
        }
        let mut skeleton =
            Self { rank_of, node_of, first, head, tail, triangles: Vec::new(), arc_of: Vec::with_capacity(ends.len()) };
        for rank in 0..n_nodes as u32 {
            let arcs = skeleton.arcs(rank);
            for i in arcs.clone() {
                for j in i + 1..arcs.end {
                    let high = skeleton.arc(skeleton.head[i], skeleton.head[j])?;
                    skeleton.triangles.push([i as u32, j as u32, high]);
                }
            }
            if skeleton.triangles.len() > max_triangles {
                return None;
            }
        }
        for &(from, to) in ends {
            let (a, b) = (skeleton.rank_of[from as usize], skeleton.rank_of[to as usize]);
            let arc = if a == b { NONE } else { skeleton.arc(a.min(b), a.max(b))? };
            skeleton.arc_of.push((arc, a < b));
        }
        Some(skeleton)
    }

    pub fn n_arcs(&self) -> usize {
        self.head.len()
    }

    pub fn node(&self, rank: u32) -> u32 {
        self.node_of[rank as usize]
    }

    /// Puts seconds on every arc. `secs` gives each link's, from `from` to `to` and back, infinite where one may not go.
    pub fn customize(&self, secs: impl Fn(LinkId) -> (f64, f64)) -> Costs {
        let nothing = Cost { secs: f64::INFINITY, via: Via::Nothing };
        let mut costs = Costs { up: vec![nothing; self.n_arcs()], down: vec![nothing; self.n_arcs()] };
        for (link, &(arc, is_up)) in (0u32..).zip(&self.arc_of) {
            if arc == NONE {
                continue;
            }
            let (there, back) = secs(LinkId(link));
            let (up, down) = if is_up { (there, back) } else { (back, there) };
            costs.up[arc as usize].improve(up, Via::Link(LinkId(link)));
            costs.down[arc as usize].improve(down, Via::Link(LinkId(link)));
        }
        for triangle in &self.triangles {
            let [to_middle, to_high, across] = triangle.map(|it| it as usize);
            let via = Via::Rank(self.tail[to_middle]);
            let up = costs.down[to_middle].secs + costs.up[to_high].secs;
            let down = costs.down[to_high].secs + costs.up[to_middle].secs;
            costs.up[across].improve(up, via);
            costs.down[across].improve(down, via);
        }
        costs
    }

    /// Seconds between the nearest seed and every node, by rank. A seed is a rank with the seconds already on it.
    pub fn sweep(&self, costs: &Costs, direction: Direction, seeds: &[(u32, f64)]) -> Vec<f64> {
        let (up, down) = match direction {
            Direction::From => (&costs.up, &costs.down),
            Direction::To => (&costs.down, &costs.up),
        };
        let mut secs = self.climb(up, seeds).0;
        for rank in (0..self.node_of.len()).rev() {
            let mut best = secs[rank];
            for arc in self.arcs(rank as u32) {
                best = best.min(secs[self.head[arc] as usize] + down[arc].secs);
            }
            secs[rank] = best;
        }
        secs
    }

    /// The quickest way between two sets of seeds: its seconds, which ranks it joins, and its links with the direction each
    /// is driven (`true`: from `from` to `to`).
    pub fn path(&self, costs: &Costs, from: &[(u32, f64)], to: &[(u32, f64)]) -> Option<Path> {
        let (ahead, ahead_by) = self.climb(&costs.up, from);
        let (back, back_by) = self.climb(&costs.down, to);
        let total = |rank: usize| ahead[rank] + back[rank];
        let top = (0..ahead.len()).min_by(|a, b| total(*a).total_cmp(&total(*b)))?;
        if !total(top).is_finite() {
            return None;
        }
        // Steps are arcs and whether they go up; the way ahead is found from its top downwards.
        let mut steps = Vec::new();
        let mut start = top as u32;
        while ahead_by[start as usize] != NONE {
            let arc = ahead_by[start as usize];
            steps.push((arc, true));
            start = self.tail[arc as usize];
        }
        steps.reverse();
        let mut end = top as u32;
        while back_by[end as usize] != NONE {
            let arc = back_by[end as usize];
            steps.push((arc, false));
            end = self.tail[arc as usize];
        }
        let mut links = Vec::new();
        steps.reverse();
        while let Some((arc, is_up)) = steps.pop() {
            let cost = if is_up { costs.up[arc as usize] } else { costs.down[arc as usize] };
            match cost.via {
                Via::Nothing => return None,
                Via::Link(link) => links.push((link, self.arc_of[link.0 as usize].1 == is_up)),
                Via::Rank(low) => {
                    let (tail, head) = (self.tail[arc as usize], self.head[arc as usize]);
                    let (a, b) = if is_up { (tail, head) } else { (head, tail) };
                    steps.push((self.arc(low, b)?, true));
                    steps.push((self.arc(low, a)?, false));
                }
            }
        }
        Some(Path { secs: total(top), start, end, links })
    }

    /// Upwards only: seconds by rank, and the arc each was reached by.
    fn climb(&self, up: &[Cost], seeds: &[(u32, f64)]) -> (Vec<f64>, Vec<u32>) {
        let mut secs = vec![f64::INFINITY; self.node_of.len()];
        let mut by = vec![NONE; self.node_of.len()];
        let mut lowest = self.node_of.len();
        for &(rank, at) in seeds {
            let it = &mut secs[rank as usize];
            *it = it.min(at);
            lowest = lowest.min(rank as usize);
        }
        for rank in lowest..secs.len() {
            let here = secs[rank];
            if here == f64::INFINITY {
                continue;
            }
            for arc in self.arcs(rank as u32) {
                let (head, there) = (self.head[arc] as usize, here + up[arc].secs);
                if there < secs[head] {
                    secs[head] = there;
                    by[head] = arc as u32;
                }
            }
        }
        (secs, by)
    }

    fn arcs(&self, rank: u32) -> std::ops::Range<usize> {
        self.first[rank as usize] as usize..self.first[rank as usize + 1] as usize
    }

    fn arc(&self, tail: u32, head: u32) -> Option<u32> {
        let arcs = self.arcs(tail);
        let i = self.head[arcs.clone()].binary_search(&head).ok()?;
        Some((arcs.start + i) as u32)
    }
}

pub(super) struct Path {
    pub secs: f64,
    /// Ranks.
    pub start: u32,
    pub end: u32,
    pub links: Vec<(LinkId, bool)>,
}

impl Cost {
    fn improve(&mut self, secs: f64, via: Via) {
        if secs < self.secs {
            *self = Self { secs, via };
        }
    }
}
