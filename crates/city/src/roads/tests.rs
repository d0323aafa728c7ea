//! The hierarchy against plain Dijkstra on the whole shipped graph; one-ways, closures, places, nonsense.

use super::{
    hierarchy::{Direction, Skeleton},
    *,
};
use crate::LonLat;
use proptest::prelude::*;
use std::{cmp::Reverse, collections::BinaryHeap, sync::LazyLock};

static XIAMEN: LazyLock<RoadNet> = LazyLock::new(|| {
    let path = "../../assets/cities/xiamen/roads.json";
    RoadNet::from_json(&std::fs::read_to_string(path).expect(path)).expect("the shipped roads are sound")
});

/// A square of two-way streets about 1 km to a side, with a one-way diagonal from south-west to north-east.
///
/// ```text
/// 3 ──2── 2
/// │3   ⟋4 │1
/// 0 ──0── 1
/// ```
const SQUARE: &str = r#"{"names": ["南路", "斜路"],
"nodes": [
[118.10, 24.50],
[118.11, 24.50],
[118.11, 24.51],
[118.10, 24.51]
],
"links": [
{"from": 0, "to": 1, "class": "primary", "name": 0},
{"from": 1, "to": 2, "class": "primary"},
{"from": 2, "to": 3, "class": "primary"},
{"from": 3, "to": 0, "class": "primary"},
{"from": 0, "to": 2, "class": "primary", "oneway": true, "name": 1, "between": [[118.105, 24.505]]}
]}"#;

fn square() -> RoadNet {
    RoadNet::from_json(SQUARE).expect("sound")
}

fn closing(links: &[u32]) -> Closures {
    links.iter().map(|it| LinkId(*it)).collect()
}

/// Seconds by node from seeds (or to them), without any hierarchy.
fn dijkstra(net: &RoadNet, closures: &Closures, direction: Direction, seeds: &[(u32, f64)]) -> Vec<f64> {
    let mut next: Vec<Vec<(u32, f64)>> = vec![Vec::new(); net.n_nodes()];
    for link in net.links().filter(|it| !closures.contains(it.id)) {
        let (a, b) = if direction == Direction::From { (link.from, link.to) } else { (link.to, link.from) };
        next[a as usize].push((b, link.secs()));
        if !link.oneway {
            next[b as usize].push((a, link.secs()));
        }
    }
    let mut secs = vec![f64::INFINITY; net.n_nodes()];
    // Seconds are not negative, so their bits are in their order.
    let mut queue = BinaryHeap::new();
    for &(node, at) in seeds {
        secs[node as usize] = secs[node as usize].min(at);
        queue.push(Reverse((at.to_bits(), node)));
    }
    while let Some(Reverse((bits, node))) = queue.pop() {
        let here = f64::from_bits(bits);
        if here > secs[node as usize] {
            continue;
        }
        for &(head, cost) in &next[node as usize] {
            if here + cost < secs[head as usize] {
                secs[head as usize] = here + cost;
                queue.push(Reverse(((here + cost).to_bits(), head)));
            }
        }
    }
    secs
}

/// The nearest link by looking at all of them, and the seconds to it: link, share of its length, seconds.
fn nearest(net: &RoadNet, closures: &Closures, place: LonLat) -> Option<(LinkId, f64, f64)> {
    let frame = crate::LocalFrame::new(place);
    let local = |it: LonLat| frame.local_from_geo(it);
    let mut best: Option<(f64, LinkId, f64)> = None;
    for link in net.links().filter(|it| !closures.contains(it.id)) {
        let mut done = 0.0;
        for pair in link.line.windows(2) {
            let (a, b) = (local(pair[0]), local(pair[1]));
            let (dx, dy) = (b.0 - a.0, b.1 - a.1);
            let size = pair[0].distance_m(pair[1]);
            let t = (-(a.0 * dx + a.1 * dy) / (dx * dx + dy * dy).max(1e-12)).clamp(0.0, 1.0);
            let away = (a.0 + t * dx).hypot(a.1 + t * dy);
            let limit = if link.structure.is_some() { MAX_STRUCTURE_SNAP_M } else { MAX_SNAP_M };
            if away <= limit && best.is_none_or(|it| away < it.0) {
                best = Some((away, link.id, (done + t * size) / link.length_m));
            }
            done += size;
        }
    }
    best.map(|(away, link, along)| (link, along, away / ACCESS_SPEED_MPS))
}

#[track_caller]
fn same(a: f64, b: f64, within: f64, what: &str) {
    assert!(a == b || (a - b).abs() <= within, "{what}: {a} is not {b}");
}

/// Numbers without order, always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }

    fn share(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1 << 20)
    }

    fn closures(&mut self, net: &RoadNet, n: usize) -> Closures {
        (0..n).map(|_| LinkId(self.below(net.n_links()) as u32)).collect()
    }

    fn place(&mut self, net: &RoadNet) -> LonLat {
        let (sw, ne) = net.bounds().expect("has links");
        LonLat(sw.0 + (ne.0 - sw.0) * self.share(), sw.1 + (ne.1 - sw.1) * self.share())
    }
}

#[test]
fn the_shipped_graph_is_one_piece() {
    let net = &*XIAMEN;
    assert!(net.n_links() > 4000 && net.n_arcs() < 10 * net.n_links(), "{net:?}, {} arcs", net.n_arcs());
    for direction in [Direction::From, Direction::To] {
        let secs = dijkstra(net, &Closures::default(), direction, &[(0, 0.0)]);
        assert!(secs.iter().all(|it| it.is_finite()), "every junction can be reached and left");
    }
}

#[test]
fn sweeps_say_what_dijkstra_says() {
    let (net, mut dice) = (&*XIAMEN, Dice(7));
    let skeleton = &net.0.skeleton;
    for n_closed in [0, 0, 1, 10, 100, 500, 1000, 2500] {
        let closures = dice.closures(net, n_closed);
        let metric = net.with_closures(&closures);
        for direction in [Direction::From, Direction::To] {
            let seeds: Vec<(u32, f64)> =
                (0..=dice.below(3)).map(|_| (dice.below(net.n_nodes()) as u32, 100.0 * dice.share())).collect();
            let by_rank: Vec<(u32, f64)> = seeds.iter().map(|it| (skeleton.rank_of[it.0 as usize], it.1)).collect();
            let swept = skeleton.sweep(&metric.costs, direction, &by_rank);
            for (node, expected) in dijkstra(net, &closures, direction, &seeds).into_iter().enumerate() {
                let got = swept[skeleton.rank_of[node] as usize];
                same(got, expected, 1e-6, &format!("node {node} with {n_closed} closed"));
            }
        }
    }
}

#[test]
fn ways_are_as_quick_as_dijkstra_says_and_can_be_driven() {
    let (net, mut dice) = (&*XIAMEN, Dice(8));
    let skeleton = &net.0.skeleton;
    for n_closed in [0, 5, 300, 1500] {
        let closures = dice.closures(net, n_closed);
        let metric = net.with_closures(&closures);
        for _ in 0..8 {
            let [a, b] = [dice.below(net.n_nodes()) as u32, dice.below(net.n_nodes()) as u32];
            let expected = dijkstra(net, &closures, Direction::From, &[(a, 0.0)])[b as usize];
            let [from, to] = [a, b].map(|it| [(skeleton.rank_of[it as usize], 0.0)]);
            let Some(path) = skeleton.path(&metric.costs, &from, &to) else {
                assert!(expected.is_infinite(), "{a} to {b}: Dijkstra finds a way");
                continue;
            };
            same(path.secs, expected, 1e-6, "seconds");
            let mut at = a;
            let mut secs = 0.0;
            for &(id, is_ahead) in &path.links {
                let link = net.link(id).expect("exists");
                assert!(!closures.contains(id), "{id:?} is closed");
                assert!(is_ahead || !link.oneway, "{id:?} is driven against its direction");
                let (start, end) = if is_ahead { (link.from, link.to) } else { (link.to, link.from) };
                assert_eq!(start, at, "{id:?} does not begin where the one before ended");
                at = end;
                secs += link.secs();
            }
            assert_eq!(at, b);
            same(secs, expected, 1e-6, "sum of the links");
        }
    }
}

/// Places, not junctions: ETAs one by one against a scan over all links and Dijkstra.
#[test]
fn etas_between_places_are_right() {
    let (net, mut dice) = (&*XIAMEN, Dice(9));
    let (mut n_by_road, mut n_straight) = (0, 0);
    for n_closed in [0, 400] {
        let closures = dice.closures(net, n_closed);
        let metric = net.with_closures(&closures);
        for _ in 0..3 {
            let place = dice.place(net);
            let others: Vec<LonLat> = (0..8).map(|_| dice.place(net)).chain([place]).collect();
            let (to, from) = (metric.etas_to(place, &others), metric.etas_from(place, &others));
            let here = nearest(net, &closures, place);
            for (i, other) in others.iter().enumerate() {
                let there = nearest(net, &closures, *other);
                for (eta, start, end) in [(to[i], there, here), (from[i], here, there)] {
                    let road = start.zip(end).map(|(start, end)| by_dijkstra(net, &closures, start, end));
                    match road.filter(|it| it.is_finite()) {
                        Some(secs) => {
                            // The two measure distance to the road in frames of their own.
                            assert_eq!(eta.by, EtaBy::Road);
                            same(eta.secs, secs, 0.3, "by road");
                            n_by_road += 1;
                        }
                        None => {
                            assert_eq!(eta.by, EtaBy::StraightLine);
                            same(eta.secs, other.distance_m(place) * 1.4 / (30.0 / 3.6), 1e-6, "straight");
                            n_straight += 1;
                        }
                    }
                }
                let route = metric.route(*other, place);
                assert_eq!(route.is_some(), to[i].by == EtaBy::Road);
                if let Some(route) = route {
                    same(route.secs, to[i].secs, 1e-6, "the way takes as long as said");
                    let drawn: f64 = route.line.windows(2).map(|it| it[0].distance_m(it[1])).sum();
                    same(route.length_m, drawn, 1.0 + 1e-3 * drawn, "length");
                    assert!(route.links.iter().all(|it| !closures.contains(*it)));
                }
            }
        }
    }
    assert!(n_by_road > 20 && n_straight > 20, "{n_by_road} by road, {n_straight} straight: both were tried");
}

fn by_dijkstra(net: &RoadNet, closures: &Closures, start: (LinkId, f64, f64), end: (LinkId, f64, f64)) -> f64 {
    let link = net.link(start.0).expect("exists");
    let mut seeds = vec![(link.to, start.2 + (1.0 - start.1) * link.secs())];
    if !link.oneway || start.1 == 0.0 {
        seeds.push((link.from, start.2 + start.1 * link.secs()));
    }
    let secs = dijkstra(net, closures, Direction::From, &seeds);
    let last = net.link(end.0).expect("exists");
    let mut best = secs[last.from as usize] + end.1 * last.secs() + end.2;
    if !last.oneway || end.1 == 1.0 {
        best = best.min(secs[last.to as usize] + (1.0 - end.1) * last.secs() + end.2);
    }
    if start.0 == end.0 && (start.1 <= end.1 || !link.oneway) {
        best = best.min(start.2 + end.2 + (end.1 - start.1).abs() * link.secs());
    }
    best
}

#[test]
fn a_closure_is_never_quicker() {
    let (net, mut dice) = (&*XIAMEN, Dice(10));
    let open = net.with_closures(&Closures::default());
    for _ in 0..6 {
        let seed = [(dice.below(net.n_nodes()) as u32, 0.0)];
        let before = net.0.skeleton.sweep(&open.costs, Direction::From, &seed);
        let n_closed = 1 + dice.below(800);
        let closed = net.with_closures(&dice.closures(net, n_closed));
        let after = net.0.skeleton.sweep(&closed.costs, Direction::From, &seed);
        assert!(before.iter().zip(&after).all(|(a, b)| *b >= a - 1e-6));
    }
}

/// The middle of a link's first piece.
fn beside(net: &RoadNet, link: u32) -> LonLat {
    on(net, (link, 0.5))
}

/// On a link's first piece, so far along it.
fn on(net: &RoadNet, (link, share): (u32, f64)) -> LonLat {
    let line = net.link(LinkId(link)).expect("exists").line;
    LonLat(line[0].0 + (line[1].0 - line[0].0) * share, line[0].1 + (line[1].1 - line[0].1) * share)
}

#[track_caller]
fn check_links(from: (u32, f64), to: (u32, f64), closed: &[u32], expected: &[u32]) {
    let net = square();
    let route = net.with_closures(&closing(closed)).route(on(&net, from), on(&net, to)).expect("a way");
    assert_eq!(route.links.iter().map(|it| it.0).collect::<Vec<_>>(), expected, "{route:?}");
}

#[test]
fn ways_keep_to_one_way_and_around_closures() {
    check_links((0, 0.1), (0, 0.9), &[], &[0]);
    // From near the south-west corner to near the north-east one: the diagonal, unless it is closed, and never back.
    check_links((0, 0.1), (2, 0.1), &[], &[0, 4, 2]);
    check_links((0, 0.1), (2, 0.1), &[4, 3], &[0, 1, 2]);
    check_links((0, 0.1), (2, 0.1), &[4, 1], &[0, 3, 2]);
    check_links((2, 0.1), (0, 0.1), &[3], &[2, 1, 0]);
    check_links((2, 0.1), (0, 0.1), &[1], &[2, 3, 0]);
    check_links((3, 0.5), (1, 0.4), &[], &[3, 0, 1]);
    check_links((3, 0.9), (1, 0.9), &[0], &[3, 4, 1]);
    // Along the diagonal, and from its end back to its start the long way round.
    check_links((4, 0.2), (4, 0.8), &[], &[4]);
    check_links((4, 0.8), (4, 0.2), &[1], &[4, 2, 3, 4]);
}

#[test]
fn no_open_way_is_said() {
    let net = square();
    // The diagonal still leads out of the south-west corner, but nothing leads back.
    let metric = net.with_closures(&closing(&[1, 3]));
    let (south, north) = (beside(&net, 0), beside(&net, 2));
    assert_eq!(metric.etas_to(north, &[south])[0].by, EtaBy::Road);
    assert_eq!(metric.etas_to(south, &[north])[0].by, EtaBy::StraightLine);
    assert_eq!(metric.etas_from(north, &[south])[0].by, EtaBy::StraightLine);
    assert_eq!(metric.route(north, south), None);
    // Far from any road, and nowhere.
    for place in [LonLat(118.2, 24.6), LonLat(f64::NAN, 24.5), LonLat(f64::INFINITY, 0.0)] {
        assert_eq!(metric.etas_to(south, &[place])[0].by, EtaBy::StraightLine);
        assert_eq!(metric.etas_from(place, &[south])[0].by, EtaBy::StraightLine);
        assert_eq!(metric.reach(&[place]).n_off_road, 1);
    }
    // With the nearest road closed the next one counts, or none.
    let route = net.with_closures(&closing(&[2])).route(north, south).expect("the diagonal is 373 m away");
    assert_eq!(route.links, [LinkId(4), LinkId(1), LinkId(0)]);
    assert!(net.with_closures(&closing(&[2, 4])).route(south, north).is_none(), "500 m from any other");
}

#[test]
fn reach_is_drawn_as_it_is_driven() {
    let net = square();
    let reach = net.with_closures(&closing(&[1])).reach(&[beside(&net, 0)]);
    let half_s = net.link(LinkId(0)).expect("exists").secs() / 2.0;
    same(reach.secs_at_node(0), half_s, 1e-6, "west end");
    same(reach.secs_at_node(1), half_s, 1e-6, "east end");
    let pieces: Vec<ReachedLink> = reach.links().collect();
    assert!(pieces.iter().all(|it| it.link != LinkId(1) && it.line.len() >= 2));
    let own: Vec<_> = pieces.iter().filter(|it| it.link == LinkId(0)).collect();
    assert_eq!(own.len(), 2, "away from the origin on both sides");
    same(own[0].end_secs, 0.0, 1e-6, "it stands there");
    for it in &pieces {
        let (a, b) = (it.line[0], it.line[it.line.len() - 1]);
        let drawn: f64 = it.line.windows(2).map(|it| it[0].distance_m(it[1])).sum();
        same((it.end_secs - it.start_secs).abs(), drawn / RoadClass::Primary.speed_mps(), 1e-3, "time runs evenly");
        // A place on the closed street is nearest to another: ends of pieces are asked a little inside.
        for (at, secs) in [(0.25, 0.75), (0.5, 0.5)]
            .map(|(t, u)| (LonLat(a.0 * u + b.0 * t, a.1 * u + b.1 * t), it.start_secs * u + it.end_secs * t))
        {
            same(reach.secs_at(at).expect("reached"), secs, 0.2, &format!("{:?}", it.link));
        }
    }
    check_grid(&reach, 100.0);
}

/// A sample is what the place itself says.
#[track_caller]
fn check_grid(reach: &Reach, cell_m: f64) {
    let grid = reach.grid(cell_m);
    assert_eq!(grid.secs.len(), grid.nx * grid.ny);
    assert!(grid.secs.iter().any(|it| it.is_finite()) && grid.secs.iter().any(|it| it.is_infinite()));
    for (i, secs) in grid.secs.iter().enumerate() {
        let (x, y) = (i % grid.nx, i / grid.nx);
        let place = LonLat(grid.origin.0 + grid.step.0 * x as f64, grid.origin.1 + grid.step.1 * y as f64);
        let expected = reach.secs_at(place).unwrap_or(f64::INFINITY);
        same(f64::from(*secs), expected, 0.01, &format!("{place:?}"));
    }
}

#[test]
fn the_whole_island_is_reached_from_two_stations() {
    let net = &*XIAMEN;
    let metric = net.with_closures(&Closures::default());
    let (a, b) = (LonLat(118.09, 24.47), LonLat(118.17, 24.50));
    let (one, two) = (metric.reach(&[a]), metric.reach(&[a, b, LonLat(0.0, 0.0)]));
    assert_eq!((one.n_off_road, two.n_off_road), (0, 1));
    for node in 0..net.n_nodes() as u32 {
        assert!(two.secs_at_node(node) <= one.secs_at_node(node));
        assert!(two.secs_at_node(node) < 3600.0, "node {node}");
    }
    let km: f64 =
        one.links().flat_map(|it| it.line.windows(2).map(|it| it[0].distance_m(it[1])).collect::<Vec<_>>()).sum();
    let all_km: f64 = net.links().map(|it| it.length_m).sum();
    same(km, all_km, 1.0, "every link is drawn once");
}

#[test]
fn links_are_found_by_place() {
    let net = square();
    let near =
        |lon, lat, radius_m| net.links_near(LonLat(lon, lat), radius_m).iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(near(118.105, 24.4998, 30.0), [0]);
    assert_eq!(near(118.10, 24.50, 1.0), [0, 3, 4]);
    assert_eq!(near(118.105, 24.4990, 30.0), [0; 0]);
    assert_eq!(near(118.105, 24.505, 10_000.0), [0, 1, 2, 3, 4]);
    assert_eq!(near(f64::NAN, 24.5, 30.0), [0; 0]);
    assert_eq!(near(118.10, 24.50, f64::NAN), [0; 0]);
    let inside = |ring: &[(f64, f64)]| {
        let ring: Vec<LonLat> = ring.iter().map(|it| LonLat(it.0, it.1)).collect();
        net.links_in(&ring).iter().map(|it| it.0).collect::<Vec<_>>()
    };
    assert_eq!(inside(&[(118.104, 24.499), (118.106, 24.499), (118.106, 24.501), (118.104, 24.501)]), [0], "crossed");
    assert_eq!(inside(&[(118.0, 24.0), (119.0, 24.0), (119.0, 25.0), (118.0, 25.0)]), [0, 1, 2, 3, 4], "all inside");
    assert_eq!(inside(&[(118.101, 24.507), (118.102, 24.507), (118.102, 24.508)]), [0; 0], "between the streets");
    assert_eq!(inside(&[(118.0, 24.0), (119.0, 25.0)]), [0; 0], "no ring");
    assert_eq!(inside(&[(118.0, f64::NAN), (119.0, 24.0), (119.0, 25.0)]), [0; 0]);
}

#[track_caller]
fn check_fault(from: &str, to: &str, expected: &str) {
    assert!(SQUARE.contains(from), "{from}");
    let error = RoadNet::from_json(&SQUARE.replacen(from, to, 1)).expect_err("refused");
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn faults_are_named_with_their_line() {
    check_fault("\"to\": 3,", "\"to\": 9,", "11: link 2, there is no node 9, only 4");
    check_fault("\"name\": 1", "\"name\": 7", "13: link 4, there is no name 7");
    check_fault("[118.11, 24.51]", "[118.11, 124.51]", "5: node 2, 118.11, 124.51 is not a place");
    check_fault("118.105, 24.505", "118.105, 1e308", "13: link 4");
    check_fault("\"primary\"", "\"lane\"", "9: unreadable roads, unknown variant `lane`");
    check_fault("\"names\"", "\"nams\"", "1: unreadable roads, unknown field `nams`");
    check_fault("]}", "", "unreadable roads");
}

#[test]
fn what_is_no_street_network_is_refused() {
    // Everybody tied to four others anywhere: there are no quarters, and the shortcuts would be as many as pairs.
    let mut dice = Dice(11);
    let ends: Vec<(u32, u32)> = (0..2400u32).map(|i| (i % 600, dice.below(600) as u32)).collect();
    assert!(Skeleton::build(600, &ends).is_none());
    assert!(Skeleton::build(0, &[]).is_some());
}

fn node() -> impl Strategy<Value = LonLat> {
    prop_oneof![
        4 => (118.0..118.02f64, 24.5..24.52f64).prop_map(|it| LonLat(it.0, it.1)),
        1 => Just(LonLat(118.01, 24.51)),
        1 => (any::<f64>(), any::<f64>()).prop_map(|it| LonLat(it.0, it.1)),
        1 => (-180.0..=180.0f64, -85.0..=85.0f64).prop_map(|it| LonLat(it.0, it.1)),
    ]
}

fn class() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["motorway", "trunk", "primary", "secondary", "minor"])
}

proptest! {
    /// Any text is a network or an error; any network answers anything.
    #[test]
    fn nonsense_is_an_error_or_a_network(
        nodes in prop::collection::vec(node(), 0..9),
        links in prop::collection::vec((0..10u32, 0..10u32, class(), any::<bool>(), prop::collection::vec(node(), 0..3)), 0..20),
        closed in prop::collection::vec(0..25u32, 0..6),
        places in prop::collection::vec(node(), 0..4),
        radius_m in any::<f64>(),
    ) {
        let rows: Vec<_> = links.iter().map(|(from, to, class, oneway, between)| serde_json::json!({
            "from": from, "to": to, "class": class, "oneway": oneway, "between": between,
        })).collect();
        let text = serde_json::json!({ "names": [], "nodes": nodes, "links": rows }).to_string();
        let Ok(net) = RoadNet::from_json(&text) else { return Ok(()) };
        let closures = closing(&closed);
        let metric = net.with_closures(&closures);
        for place in &places {
            prop_assert_eq!(metric.etas_to(*place, &places).len(), places.len());
            prop_assert_eq!(metric.etas_from(*place, &places).len(), places.len());
            let _ = (net.links_near(*place, radius_m), net.links_in(&places));
            for other in &places {
                if let Some(route) = metric.route(*place, *other) {
                    let eta = metric.etas_from(*place, &[*other])[0];
                    prop_assert!((route.secs - eta.secs).abs() <= 1e-6 * (1.0 + eta.secs), "{route:?} {eta:?}");
                    prop_assert!(route.links.iter().all(|it| !closures.contains(*it)));
                }
            }
        }
        let reach = metric.reach(&places);
        for it in reach.links() {
            prop_assert!(it.start_secs.is_finite() && it.end_secs.is_finite() && it.line.len() >= 2);
        }
        if net.bounds().is_none_or(|(sw, ne)| sw.distance_m(ne) < 10_000.0) {
            let grid = reach.grid(radius_m.max(300.0));
            prop_assert_eq!(grid.secs.len(), grid.nx * grid.ny);
        }
    }

    #[test]
    fn text_is_an_error_or_a_network(text in "\\PC{0,200}", at in any::<prop::sample::Index>(), xor in 1u8..128) {
        let _ = RoadNet::from_json(&text);
        let mut bytes = SQUARE.as_bytes().to_vec();
        let i = at.index(bytes.len());
        bytes[i] ^= xor;
        if let Ok(text) = String::from_utf8(bytes) {
            let _ = RoadNet::from_json(&text);
        }
    }
}
