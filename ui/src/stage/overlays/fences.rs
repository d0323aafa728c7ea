//! 电子围栏: named areas to watch, and how many teams and drones are inside; and the pack's fences, which vehicles are judged
//! by.

use super::{Overlay, Pace};
use crate::stage::{
    geometry::{area, is_inside, local, path},
    scene::Scene,
    sketch::{Anchor, At, Pen, Sign, Sketch, Texts},
};
use gulang_city::*;

pub static OVERLAY: FencesOverlay = FencesOverlay;

pub struct FencesOverlay;

impl Overlay for FencesOverlay {
    fn id(&self) -> &'static str {
        "fences"
    }
    fn name(&self) -> &'static str {
        "电子围栏"
    }
    fn pace(&self) -> Pace {
        Pace::Readings
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let color = scene.palette.team;
        let mut n_shown = 0;
        for marking in scene.city.markings.values() {
            let MarkingKind::Fence { name, ring } = &marking.kind else { continue };
            let ring = path(&scene.frame, ring.iter().copied());
            if ring.len() < 3 {
                continue;
            }
            n_shown += 1;
            let text = fence_text(name, &ring, scene);
            sketch.area(std::slice::from_ref(&ring), color, 0.06);
            sketch.ring(&ring, Pen::dashed(color, 1.6, [10.0, 3.0]));
            sketch.text(Texts {
                at: top_of(&ring),
                text,
                size: 13.0,
                color,
                anchor: Anchor::Above,
                boxed: false,
                priority: 36,
            });
        }
        n_shown += rules(scene, sketch);
        if n_shown > 0 {
            sketch.legend(Sign::Dashed, color, "电子围栏");
        }
    }
}

/// The fences of `rules/fences.toml`: no-go areas in the colour of a breach, the others thin; how many were drawn.
fn rules(scene: &Scene, sketch: &mut Sketch) -> usize {
    let mut n = 0;
    for fence in &scene.city.fence_rules.fences {
        let ring = path(&scene.frame, fence.ring.iter().copied());
        if ring.len() < 3 {
            continue;
        }
        n += 1;
        let is_closed = fence.rule == FenceRule::Forbid;
        let color = if is_closed { scene.palette.level_line(fence.color) } else { scene.palette.mobile };
        if is_closed {
            sketch.area(std::slice::from_ref(&ring), color, 0.05);
        }
        sketch.ring(&ring, Pen::dashed(color, 1.2, [6.0, 4.0]));
        sketch.text(Texts {
            at: top_of(&ring),
            text: format!("{} {}", fence.name, fence.rule.name_zh()),
            size: 12.0,
            color,
            anchor: Anchor::Above,
            boxed: false,
            priority: 34,
        });
    }
    n
}

/// `东渡作业区 队伍 3 无人机 1`; whoever was lost is counted nowhere.
fn fence_text(name: &str, ring: &[At], scene: &Scene) -> String {
    let n_inside = |fixes: &Fixes, n: usize| {
        let fresh = (0..n).filter_map(|i| fixes.get(i)).filter(|it| {
            let place = LonLat(it.lon, it.lat);
            let is_known =
                matches!(freshness(Budget::Position, it.at, scene.now), Freshness::Fresh | Freshness::Stale { .. });
            is_known && place.is_sane() && is_inside(local(&scene.frame, place), &[ring.to_vec()])
        });
        fresh.count()
    };
    let mut text = if name.is_empty() { "电子围栏".to_owned() } else { name.to_owned() };
    for (what, n) in [
        ("队伍", n_inside(&scene.readings.teams, scene.city.teams.len())),
        ("无人机", n_inside(&scene.readings.drones, scene.city.drones.len())),
    ] {
        if n > 0 {
            text += &format!(" {what} {n}");
        }
    }
    text
}

/// Where its name stands: its northernmost corner, or its first if it is too thin to tell.
fn top_of(ring: &[At]) -> At {
    if area(ring).abs() < 1.0 {
        return ring[0];
    }
    ring.iter().copied().fold(ring[0], |top, at| if at.1 > top.1 { at } else { top })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, words};

    fn fenced(corners: &[(f64, f64)]) -> Stand {
        let mut stand = Stand::quiet();
        let center = stand.city.center;
        let ring = corners.iter().map(|it| LonLat(center.0 + it.0, center.1 + it.1)).collect();
        stand.marking(MarkingKind::Fence { name: "东渡作业区".into(), ring });
        stand
    }

    #[test]
    fn a_fence_tells_who_is_inside() {
        let mut stand = fenced(&[(-0.01, -0.01), (0.01, -0.01), (0.01, 0.01), (-0.01, 0.01)]);
        assert_eq!(words(&draw_of(&OVERLAY, &stand)), ["东渡作业区"]);
        let (lon, lat) = (stand.city.center.0, stand.city.center.1);
        let fix = Fix { lon, lat, height: 0.0, heading: 0.0, speed: 0.0, battery: 90.0, mode: 1, at: stand.now };
        stand.readings.teams.put(0, fix);
        stand.readings.teams.put(1, Fix { lon: lon + 0.5, ..fix });
        stand.readings.drones.put(0, fix);
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!(words(&sketch), ["东渡作业区 队伍 1 无人机 1"]);
        assert_eq!((sketch.lines.len(), sketch.areas.len()), (4, 4));
        stand.now = stand.now.plus_mins(11);
        assert_eq!(words(&draw_of(&OVERLAY, &stand)), ["东渡作业区"]);
    }

    #[test]
    fn the_rules_fences_are_drawn_with_what_they_ask() {
        let mut stand = Stand::quiet();
        let center = stand.city.center;
        let corner = |east: f64, north: f64| LonLat(center.0 + east, center.1 + north);
        stand.city.fence_rules.fences.push(Fence {
            id: "f".into(),
            name: "学校周边".into(),
            rule: FenceRule::Forbid,
            registers: vec!["muck_truck".into()],
            color: WarningColor::Orange,
            limit_kmh: 0.0,
            hours: Vec::new(),
            ring: vec![corner(-0.01, -0.01), corner(0.01, -0.01), corner(0.0, 0.01)],
        });
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!(words(&sketch), ["学校周边 禁入"]);
        assert!(!sketch.areas.is_empty() && !sketch.legend.is_empty());
    }

    #[test]
    fn a_line_is_no_fence() {
        let sketch = draw_of(&OVERLAY, &fenced(&[(0.0, 0.0), (0.01, 0.0)]));
        assert!(sketch.lines.is_empty() && sketch.legend.is_empty());
    }
}
