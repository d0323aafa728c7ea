//! 到达圈: what is reached by road within 5, 10, 15 and 30 minutes from the places marked, and by helicopter from a pad
//! among them.
//!
//! By road as the city's network has it: class speeds, closures kept, no traffic; 估算. By air, from pads where a
//! helicopter waits, circles of the promised times at the speed and turn-out of the city's rules: 岛内 30 分, 岛外 1 小时.

use super::{Overlay, Pace, hash_of};
use crate::stage::{
    detail::Detail,
    fields::{Band, Grid, band_alpha},
    geometry::{local, path, true_circle},
    gpu::map::shape,
    scene::Scene,
    sketch::{Anchor, At, Look, Pen, Sign, Sketch, Texts},
};
use gulang_city::{LonLat, MarkingKind};

pub static OVERLAY: ReachOverlay = ReachOverlay;

pub struct ReachOverlay;

/// Bounds of the bands, minutes.
const MINUTES: [f64; 4] = [5.0, 10.0, 15.0, 30.0];
/// Between samples, m.
const CELL_M: f64 = 200.0;
/// A place this near to a pad is the pad, m.
const PAD_WITHIN_M: f64 = 200.0;

impl Overlay for ReachOverlay {
    fn id(&self) -> &'static str {
        "reach"
    }
    fn name(&self) -> &'static str {
        "到达圈"
    }
    fn pace(&self) -> Pace {
        Pace::Readings
    }
    fn basis(&self, scene: &Scene) -> Option<u64> {
        let places = places_marked(scene).into_iter().map(|it| (it.0.to_bits(), it.1.to_bits()));
        let closed = scene.roads.map(|it| it.closures().iter().collect::<Vec<_>>());
        let stations = scene.city.air_stations(scene.readings, scene.now).into_iter();
        let ready: Vec<_> = stations.filter(|it| it.bar.is_none()).map(|it| it.pad.to_string()).collect();
        Some(hash_of((places.collect::<Vec<_>>(), closed, ready)))
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let places = places_marked(scene);
        if places.is_empty() {
            return;
        }
        draw_by_road(&places, scene, sketch);
        draw_by_air(&places, scene, sketch);
        for place in &places {
            let color = scene.palette.ink;
            let look = Look { shape: shape::CIRCLE, size: 12, color, flags: 0, glyph: "" };
            sketch.mark(local(&scene.frame, *place), look);
        }
    }
}

fn places_marked(scene: &Scene) -> Vec<LonLat> {
    let kinds = scene.city.markings.values().map(|it| &it.kind);
    let marked = kinds.filter_map(|kind| match kind {
        MarkingKind::ReachFrom { places } => Some(places),
        _ => None,
    });
    marked.flatten().copied().filter(|it| it.is_sane()).collect()
}

fn draw_by_road(places: &[LonLat], scene: &Scene, sketch: &mut Sketch) {
    let palette = scene.palette;
    let Some(roads) = scene.roads.filter(|_| scene.detail > Detail::Region) else { return };
    let reach = roads.reach(places);
    let bands = bands(&reach.grid(CELL_M));
    for band in &bands {
        for polygon in &band.polygons {
            let rings: Vec<Vec<At>> = polygon.iter().map(|ring| path(&scene.frame, on_earth(ring))).collect();
            // What is reached soonest is shaded most.
            sketch.area(&rings, palette.field, strength(band));
            rings.iter().for_each(|it| sketch.ring(it, Pen::dashed(palette.field, 1.0, [6.0, 5.0])));
        }
        // On the outermost corner of the largest piece.
        let largest = band.polygons.iter().filter_map(|it| it.first()).max_by_key(|it| it.len());
        let corners = largest.map(|ring| path(&scene.frame, on_earth(ring))).unwrap_or_default();
        if let Some(&at) = corners.iter().max_by(|a, b| a.1.total_cmp(&b.1)) {
            sketch.text(Texts {
                at,
                text: format!("{:.0} 分", band.to / 60.0),
                size: 12.0,
                color: palette.ink,
                anchor: Anchor::Center,
                boxed: true,
                priority: 28,
            });
        }
        let color = palette.field.gamma_multiply(strength(band));
        sketch.legend(Sign::Area, color, format!("{:.0} 分内到达（道路，估算）", band.to / 60.0));
    }
    if reach.n_off_road > 0 {
        let text = format!("{} 处附近无可通行道路", reach.n_off_road);
        sketch.legend(Sign::Cross, palette.ink_second, text);
    }
}

fn draw_by_air(places: &[LonLat], scene: &Scene, sketch: &mut Sketch) {
    let (palette, rules) = (scene.palette, &scene.city.force_rules);
    let stations = scene.city.air_stations(scene.readings, scene.now);
    let pads = || scene.city.helipads.values();
    let (mut n_ready, mut n_empty) = (0, 0);
    for &place in places {
        let near = pads().find(|it| it.at.distance_m(place) <= PAD_WITHIN_M);
        let Some(pad) = near else { continue };
        let is_ready = stations.iter().any(|it| it.pad == pad.id && it.bar.is_none());
        if !is_ready {
            n_empty += 1;
            continue;
        }
        n_ready += 1;
        for (name, minutes) in [("岛内", rules.air.island_mins), ("岛外", rules.air.mainland_mins)] {
            let ring = true_circle(&scene.frame, place, rules.moves.helicopter.reach_m(minutes));
            let north = ring[0];
            sketch.ring(&ring, Pen::dashed(palette.mobile, 1.4, [6.0, 5.0]));
            let (text, color) = (format!("{name} {minutes:.0} 分"), palette.mobile);
            sketch.text(Texts { at: north, text, size: 12.0, color, anchor: Anchor::Above, boxed: true, priority: 27 });
        }
    }
    if n_ready > 0 {
        let it = &rules.moves.helicopter;
        let text = format!("直升机到达（估算：出动 {:.0} 分，{:.0} km/h，{}）", it.ready_mins, it.speed_kmh, it.basis);
        sketch.legend(Sign::Dashed, palette.mobile, text);
    }
    if n_empty > 0 {
        sketch.legend(Sign::Cross, palette.ink_second, format!("{n_empty} 个起降点现无可起飞的直升机"));
    }
}

/// The bands of a lattice, in degrees.
fn bands(lattice: &gulang_city::Grid) -> Vec<Band> {
    if lattice.nx < 2 || lattice.ny < 2 || lattice.secs.len() != lattice.nx * lattice.ny {
        return Vec::new();
    }
    // Samples are counted first and placed after, for their steps east and north differ.
    let values = lattice.secs.iter().map(|it| f64::from(*it)).collect();
    let grid = Grid { origin: (0.0, 0.0), step: 1.0, n: (lattice.nx, lattice.ny), values };
    let from: Vec<f64> = [0.0].into_iter().chain(MINUTES).map(|it| it * 60.0).collect();
    let mut bands = grid.bands(&from);
    bands.retain(|it| it.to.is_finite());
    let placed = |at: &mut At| {
        at.0 = lattice.origin.0 + at.0 * lattice.step.0;
        at.1 = lattice.origin.1 + at.1 * lattice.step.1;
    };
    bands.iter_mut().flat_map(|it| &mut it.polygons).flatten().flatten().for_each(placed);
    bands
}

fn on_earth(ring: &[At]) -> impl Iterator<Item = LonLat> + '_ {
    ring.iter().map(|at| LonLat(at.0, at.1))
}

fn strength(band: &Band) -> f32 {
    let from = MINUTES.map(|it| -it * 60.0);
    let descending: Vec<f64> = from.into_iter().rev().collect();
    band_alpha(&descending, -band.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{
        geometry::is_inside,
        testing::{Stand, draw_of, words},
    };
    use gulang_city::UnitKind;

    fn stand(east: f64) -> Stand {
        let mut stand = Stand::quiet();
        let place = LonLat(stand.city.center.0 + east, stand.city.center.1);
        stand.marking(MarkingKind::ReachFrom { places: vec![place] });
        stand
    }

    #[test]
    fn minutes_by_road_become_shaded_bands_with_their_names() {
        // From the eastern street: every street within five minutes, the yards off them within ten.
        let sketch = draw_of(&OVERLAY, &stand(0.005).with_roads());
        assert!(!sketch.areas.is_empty());
        assert!(words(&sketch).contains(&"5 分"), "{:?}", words(&sketch));
        assert!(sketch.legend.iter().all(|it| it.text.contains("估算")));
    }

    #[test]
    fn a_lattice_is_cut_where_nothing_is_reached() {
        let secs = (0..400).map(|i| if i % 20 < 10 { 60.0 * (i % 20) as f32 } else { f32::INFINITY }).collect();
        let step = LonLat(0.001, 0.002);
        let lattice = gulang_city::Grid { origin: LonLat(118.0, 24.0), step, nx: 20, ny: 20, secs };
        let bands = bands(&lattice);
        assert_eq!(bands.iter().map(|it| it.to).collect::<Vec<_>>(), [300.0, 600.0]);
        assert!(
            is_inside((118.002, 24.02), &bands[0].polygons[0]) && !is_inside((118.007, 24.02), &bands[0].polygons[0])
        );
        assert!(bands.iter().flat_map(|it| &it.polygons).flatten().flatten().all(|at| at.0 < 118.0101), "{bands:?}");
        assert!(strength(&bands[0]) > strength(&bands[1]));
    }

    #[test]
    fn a_pad_has_its_circles_in_the_air_while_a_helicopter_waits_on_it() {
        let mut stand = stand(0.0);
        let pad = stand.city.helipads[0].clone();
        stand.marking(MarkingKind::ReachFrom { places: vec![pad.at] });
        let empty = draw_of(&OVERLAY, &stand);
        assert!(words(&empty).is_empty() && empty.legend.iter().any(|it| it.text.contains("现无可起飞")));
        let mut helicopter = stand.city.teams[0].clone();
        (helicopter.id, helicopter.kind, helicopter.home) = ("he-1".into(), UnitKind::Helicopter, pad.at);
        stand.city.teams.insert("he-1".into(), helicopter);
        stand.readings.teams.resize(stand.city.teams.len());
        assert_eq!(words(&draw_of(&OVERLAY, &stand)), ["岛内 30 分", "岛外 60 分"]);
    }

    #[test]
    fn without_a_place_or_roads_there_are_no_bands() {
        assert!(draw_of(&OVERLAY, &Stand::quiet().with_roads()).legend.is_empty());
        let sketch = draw_of(&OVERLAY, &stand(0.0));
        assert!(sketch.areas.is_empty() && sketch.marks.len() == 1);
    }
}
