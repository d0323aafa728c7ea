//! 桑基图: what goes from where to where, column after column, each node as high as what flows through it.
//!
//! Where the nodes lie is reckoned first ([`layout`]) and drawn afterwards, so that it can be tested.

use super::{Area, Drawn, Look, named_with_number, width_of};
use plotters::{prelude::*, style::text_anchor::HPos};
use std::{cmp::Ordering, collections::BTreeMap};

/// What small nodes of a column are gathered under.
pub const OTHERS: &str = "其他";
/// More nodes of a column are not told apart.
const MAX_NODES: usize = 10;
/// Passes of the ordering; each node goes to the mean height of those it hangs together with.
const PASSES: usize = 4;
/// Pieces of a ribbon. A screen fills convex shapes only, and each piece is one.
const PIECES: usize = 20;
const LABEL: f64 = 10.0;

/// What goes from a node of `column` to a node of the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub column: usize,
    pub from: String,
    pub to: String,
    /// How much; what is not more than nothing is not drawn.
    pub n: f64,
}

/// A node, in shares of the height.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    name: String,
    n: f64,
    top: f64,
    high: f64,
}

/// A ribbon from one side to the other, in shares of the height.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ribbon {
    column: usize,
    from: f64,
    to: f64,
    high: f64,
}

struct Layout {
    columns: Vec<Vec<Node>>,
    ribbons: Vec<Ribbon>,
}

/// Where everything lies; `gap` is what is left between two nodes of a column, a share of the height.
fn layout(links: &[Link], gap: f64) -> Layout {
    let links = gathered(links);
    let n_columns = links.iter().map(|it| it.column + 2).max().unwrap_or(0);
    let mut columns: Vec<Vec<Node>> = vec![Vec::new(); n_columns];
    for (i, nodes) in columns.iter_mut().enumerate() {
        let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for it in &links {
            if it.column == i {
                sums.entry(&it.from).or_default().0 += it.n;
            }
            if it.column + 1 == i {
                sums.entry(&it.to).or_default().1 += it.n;
            }
        }
        // What comes in and goes out again is one stream.
        let node =
            |(name, (out, into)): (&str, (f64, f64))| Node { name: name.into(), n: out.max(into), top: 0.0, high: 0.0 };
        nodes.extend(sums.into_iter().map(node));
        nodes.sort_by(|a, b| rest_last(a, b).then(b.n.total_cmp(&a.n)));
    }
    let fullest = |nodes: &Vec<Node>| {
        let left = 1.0 - gap * nodes.len().saturating_sub(1) as f64;
        left.max(0.1) / nodes.iter().map(|it| it.n).sum::<f64>().max(1e-12)
    };
    let scale = columns.iter().map(fullest).fold(f64::INFINITY, f64::min);
    let scale = if scale.is_finite() { scale } else { 0.0 };
    columns.iter_mut().for_each(|it| stack(it, scale, gap));
    for pass in 0..PASSES {
        let order: Vec<usize> = if pass % 2 == 0 { (1..n_columns).collect() } else { (0..n_columns).rev().collect() };
        for i in order {
            let weights = means(&columns, &links, i, pass % 2 == 0);
            if let Some(nodes) = columns.get_mut(i) {
                nodes.sort_by(|a, b| {
                    let of = |it: &Node| weights.get(it.name.as_str()).copied().unwrap_or(it.top);
                    rest_last(a, b).then(of(a).total_cmp(&of(b)))
                });
                stack(nodes, scale, gap);
            }
        }
    }
    let ribbons = ribbons(&columns, &links, scale);
    Layout { columns, ribbons }
}

/// Sound links, small nodes gathered: every column keeps its largest.
fn gathered(links: &[Link]) -> Vec<Link> {
    let mut sums: BTreeMap<(usize, &str), f64> = BTreeMap::new();
    let sound = || links.iter().filter(|it| it.n.is_finite() && it.n > 0.0);
    for it in sound() {
        *sums.entry((it.column, &it.from)).or_default() += it.n;
        *sums.entry((it.column + 1, &it.to)).or_default() += it.n;
    }
    let mut by_column: BTreeMap<usize, Vec<(&str, f64)>> = BTreeMap::new();
    for ((column, name), n) in sums {
        by_column.entry(column).or_default().push((name, n));
    }
    for nodes in by_column.values_mut() {
        nodes.sort_by(|a, b| b.1.total_cmp(&a.1));
        if nodes.len() > MAX_NODES {
            nodes.truncate(MAX_NODES - 1);
        }
    }
    let name = |column: usize, name: &str| {
        let is_kept = by_column.get(&column).is_some_and(|it| it.iter().any(|node| node.0 == name));
        if is_kept { name.to_owned() } else { OTHERS.to_owned() }
    };
    let mut all: BTreeMap<(usize, String, String), f64> = BTreeMap::new();
    for it in sound() {
        *all.entry((it.column, name(it.column, &it.from), name(it.column + 1, &it.to))).or_default() += it.n;
    }
    all.into_iter().map(|((column, from, to), n)| Link { column, from, to, n }).collect()
}

/// What was gathered stands below what was not, however much it is.
fn rest_last(a: &Node, b: &Node) -> Ordering {
    (a.name == OTHERS).cmp(&(b.name == OTHERS))
}

/// Puts nodes below each other, the whole in the middle.
fn stack(nodes: &mut [Node], scale: f64, gap: f64) {
    let all: f64 = nodes.iter().map(|it| it.n * scale).sum::<f64>() + gap * nodes.len().saturating_sub(1) as f64;
    let mut top = ((1.0 - all) * 0.5).max(0.0);
    for node in nodes {
        (node.top, node.high) = (top, node.n * scale);
        top += node.high + gap;
    }
}

/// For each node of a column the mean middle of those it hangs together with on the left, or on the right.
fn means<'a>(columns: &[Vec<Node>], links: &'a [Link], column: usize, to_left: bool) -> BTreeMap<&'a str, f64> {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for it in links {
        let (own, other) = match to_left {
            true if it.column + 1 == column => (&it.to, columns.get(it.column).map(|nodes| (nodes, &it.from))),
            false if it.column == column => (&it.from, columns.get(it.column + 1).map(|nodes| (nodes, &it.to))),
            _ => continue,
        };
        let node = other.and_then(|(nodes, name)| nodes.iter().find(|node| node.name == **name));
        if let Some(node) = node {
            let sum = sums.entry(own).or_default();
            *sum = (sum.0 + it.n * (node.top + node.high * 0.5), sum.1 + it.n);
        }
    }
    sums.into_iter().map(|(name, (sum, n))| (name, sum / n)).collect()
}

fn ribbons(columns: &[Vec<Node>], links: &[Link], scale: f64) -> Vec<Ribbon> {
    let top = |column: usize, name: &str| columns.get(column)?.iter().find(|it| it.name == name).map(|it| it.top);
    let placed = |it: &'_ Link| Some((top(it.column, &it.from)?, top(it.column + 1, &it.to)?));
    let mut placed: Vec<(&Link, (f64, f64))> = links.iter().filter_map(|it| Some((it, placed(it)?))).collect();
    placed.sort_by(|(a, at), (b, bt)| a.column.cmp(&b.column).then(at.0.total_cmp(&bt.0)).then(at.1.total_cmp(&bt.1)));
    // How much of each node's two sides is taken.
    let mut taken: BTreeMap<(usize, bool, &str), f64> = BTreeMap::new();
    let mut ribbons = Vec::new();
    for (link, (a, b)) in placed {
        let high = link.n * scale;
        let mut take = |column: usize, is_out: bool, name| {
            let taken = taken.entry((column, is_out, name)).or_default();
            *taken += high;
            *taken - high
        };
        let (out, into) = (take(link.column, true, &*link.from), take(link.column + 1, false, &*link.to));
        ribbons.push(Ribbon { column: link.column, from: a + out, to: b + into, high });
    }
    ribbons
}

/// Flows between columns of nodes; the largest at the top where that crosses least.
pub fn sankey<DB: DrawingBackend>(area: &Area<DB>, links: &[Link], look: Look<'_>) -> Drawn<DB> {
    let (width, height) = area.dim_in_pixel();
    let (w, h) = (f64::from(width), f64::from(height));
    let bar = f64::from(look.size(7.0));
    let gap = (f64::from(look.size(5.0)) / h.max(1.0)).min(0.04);
    let Layout { columns, ribbons } = layout(links, gap);
    let steps = columns.len().saturating_sub(1).max(1) as f64;
    // The words of the outer columns stand outside of them; what has no room there is cut.
    let outer = columns.first().into_iter().chain(columns.last()).flatten().map(|it| width_of(&words_of(it)));
    let em = f64::from(look.size(LABEL));
    let side = ((outer.fold(0.0, f64::max) + 0.8) * em).min(w * 0.24);
    if columns.is_empty() || w < 40.0 || h < 20.0 {
        return area.present();
    }
    let x = |column: usize| side + (w - 2.0 * side - bar) * column as f64 / steps;
    let y = |share: f64| (share * (h - 2.0) + 1.0) as i32;
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    for it in &ribbons {
        let (left, right) = (x(it.column) + bar, x(it.column + 1));
        let edge = |i: usize| {
            let t = i as f64 / PIECES as f64;
            ((left + (right - left) * t) as i32, it.from + (it.to - it.from) * ease(t))
        };
        for i in 0..PIECES {
            let ((xa, a), (xb, b)) = (edge(i), edge(i + 1));
            // At least a pixel, so that what is little is still seen.
            let low = |top: f64| y(top + it.high).max(y(top) + 1);
            let piece = vec![(xa, y(a)), (xb, y(b)), (xb, low(b)), (xa, low(a))];
            area.draw(&Polygon::new(piece, look.series[1].mix(0.28)))?;
        }
    }
    for (i, nodes) in columns.iter().enumerate() {
        for node in nodes {
            let (left, top) = (x(i) as i32, y(node.top));
            let low = y(node.top + node.high).max(top + 1);
            area.draw(&Rectangle::new([(left, top), (left + bar as i32, low)], look.series[0].filled()))?;
            let middle = (top + low) / 2;
            // Words of a node too thin for them would lie over its neighbour's.
            if low - top + (gap * h) as i32 + 2 < look.size(LABEL * 0.9) as i32 {
                continue;
            }
            let words = named_with_number(&words_of(node), side / em - 0.5);
            let after = (left + bar as i32 + look.size(4.0) as i32, HPos::Left);
            let (at, anchor) = if i == 0 { (left - look.size(4.0) as i32, HPos::Right) } else { after };
            area.draw(&look.words(words, (at, middle), LABEL, look.ink, anchor))?;
        }
    }
    area.present()
}

fn words_of(node: &Node) -> String {
    format!("{} {:.0}", node.name, node.n)
}

#[cfg(all(test, feature = "svg"))]
mod tests {
    use super::*;
    use crate::to_svg;
    use proptest::prelude::*;

    fn link(column: usize, from: &str, to: &str, n: f64) -> Link {
        Link { column, from: from.into(), to: to.into(), n }
    }

    #[test]
    fn what_goes_in_comes_out_and_every_node_is_named() {
        let links =
            [link(0, "热线", "窨井盖", 30.0), link(0, "网格", "窨井盖", 10.0), link(1, "窨井盖", "市政局", 40.0)];
        let svg = to_svg((600, 200), |area| sankey(area, &links, Look::PAPER)).expect("an svg");
        assert!(["热线 30", "网格 10", "窨井盖 40", "市政局 40"].iter().all(|it| svg.contains(it)), "{svg}");
    }

    #[test]
    fn a_long_name_is_cut_and_keeps_its_number() {
        assert_eq!(named_with_number("城管热线 30", 9.0), "城管热线 30");
        assert_eq!(named_with_number("12345 政务服务便民热线 148", 9.0), "12345 政务… 148");
        assert_eq!(named_with_number("很长的名字 7", 0.0), "… 7");
    }

    #[test]
    fn many_small_ones_are_one() {
        let links: Vec<Link> = (0..40).map(|i| link(0, &format!("源{i:02}"), "局", f64::from(i + 1))).collect();
        let layout = layout(&links, 0.01);
        let names: Vec<&str> = layout.columns[0].iter().map(|it| it.name.as_str()).collect();
        assert_eq!((names.len(), names.contains(&OTHERS)), (MAX_NODES, true), "{names:?}");
        let sum: f64 = layout.columns[0].iter().map(|it| it.n).sum();
        assert!((sum - 820.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn ribbons_fill_their_nodes_and_stay_inside(
            all in prop::collection::vec((0usize..2, 0u8..14, 0u8..14, -1.0f64..50.0), 0..60)
        ) {
            let links: Vec<Link> =
                all.iter().map(|it| link(it.0, &format!("a{}", it.1), &format!("b{}", it.2), it.3)).collect();
            let layout = layout(&links, 0.01);
            for (i, nodes) in layout.columns.iter().enumerate() {
                for node in nodes {
                    prop_assert!(node.top >= -1e-9 && node.top + node.high <= 1.0 + 1e-6, "{node:?}");
                }
                for pair in nodes.windows(2) {
                    prop_assert!(pair[0].top + pair[0].high <= pair[1].top + 1e-9, "column {i}");
                }
            }
            let out: f64 = layout.ribbons.iter().filter(|it| it.column == 0).map(|it| it.high).sum();
            let into: f64 = gathered(&links).iter().filter(|it| it.column == 0).map(|it| it.n).sum();
            let scale = layout.columns.iter().flatten().find(|it| it.n > 0.0).map_or(0.0, |it| it.high / it.n);
            prop_assert!((out - into * scale).abs() < 1e-6);
            for size in [(1, 1), (300, 120)] {
                prop_assert!(to_svg(size, |area| sankey(area, &links, Look::PAPER)).is_ok());
            }
        }
    }
}
