//! 电子围栏: named areas to watch, and how many teams and drones are inside; and of the pack's fences, which vehicles are judged
//! by, those that somebody looks for: all while a layer of their vehicles is on, else those broken now and those of the
//! vehicle or alarm selected.

use super::{Overlay, Pace};
use crate::{
    panels::Selection,
    stage::{
        geometry::{area, is_inside, local, path},
        scene::Scene,
        sketch::{Anchor, At, Pen, Sign, Sketch, Texts},
    },
};
use gulang_city::*;
use std::collections::BTreeSet;

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

/// What of `rules/fences.toml` is asked for: no-go areas in the colour of a breach, the others thin, a broken one heavy; how
/// many were drawn.
fn rules(scene: &Scene, sketch: &mut Sketch) -> usize {
    let mut n = 0;
    let broken = broken(scene.city);
    for fence in &scene.city.fence_rules.fences {
        let is_broken = broken.contains(&&fence.id);
        let is_looked_for = fence.registers.iter().any(|it| scene.shown_registers.contains(&**it));
        if !is_broken && !is_looked_for && !is_selected(scene, fence) {
            continue;
        }
        let ring = path(&scene.frame, fence.ring.iter().copied());
        if ring.len() < 3 {
            continue;
        }
        n += 1;
        let is_closed = fence.rule == FenceRule::Forbid;
        let color = if is_closed || is_broken { scene.palette.level_line(fence.color) } else { scene.palette.mobile };
        if is_closed || is_broken {
            sketch.area(std::slice::from_ref(&ring), color, if is_broken { 0.12 } else { 0.05 });
        }
        sketch.ring(&ring, Pen::dashed(color, if is_broken { 2.4 } else { 1.2 }, [6.0, 4.0]));
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

/// The rules with an open alarm.
fn broken(city: &City) -> BTreeSet<&Text> {
    let open = city.open_alarms.values().filter_map(|id| city.alarms.get(id));
    open.filter_map(|it| Some(&it.thing.as_ref()?.rule)).collect()
}

/// Whether the selection is of a vehicle it binds, or of an alarm that it was broken.
fn is_selected(scene: &Scene, fence: &Fence) -> bool {
    match scene.selection {
        Some(Selection::Thing { inventory, .. }) => fence.registers.contains(inventory),
        Some(Selection::Alarm(id)) => {
            let thing = scene.city.alarms.get(id).and_then(|it| it.thing.as_ref());
            thing.is_some_and(|it| it.rule == fence.id)
        }
        _ => false,
    }
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
        assert!(sketch.lines.is_empty() && sketch.legend.is_empty(), "nobody looks for it");
        stand.shown_registers.insert("muck_truck".into());
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!(words(&sketch), ["学校周边 禁入"]);
        assert!(!sketch.areas.is_empty() && !sketch.legend.is_empty());
        stand.shown_registers.clear();
        let truck = |inventory: &str| Some(Selection::Thing { inventory: inventory.into(), handle: 0 });
        stand.selection = truck("emergency_vehicle");
        assert!(draw_of(&OVERLAY, &stand).lines.is_empty(), "it binds others");
        stand.selection = truck("muck_truck");
        assert!(!draw_of(&OVERLAY, &stand).lines.is_empty());
    }

    #[test]
    fn a_broken_fence_is_drawn_whatever_is_on() {
        let mut stand = Stand::quiet();
        let center = stand.city.center;
        let corner = |east: f64, north: f64| LonLat(center.0 + east, center.1 + north);
        for (id, name) in [("f", "学校周边"), ("g", "核心区")] {
            stand.city.fence_rules.fences.push(Fence {
                id: id.into(),
                name: name.into(),
                rule: FenceRule::Speed,
                registers: vec!["muck_truck".into()],
                color: WarningColor::Orange,
                limit_kmh: 40.0,
                hours: Vec::new(),
                ring: vec![corner(-0.01, -0.01), corner(0.01, -0.01), corner(0.0, 0.01)],
            });
        }
        let thing = AlarmThing {
            register: "muck_truck".into(),
            thing: "闽D10000".into(),
            rule: "f".into(),
            rule_name: "学校周边".into(),
            breach: Breach::Speeding,
            place: center,
            district: stand.city.districts[0].id.clone(),
        };
        let key = key_of(&thing.register, &thing.rule, thing.breach, &thing.thing);
        let id = AlarmId(1);
        let alarm = Alarm {
            id,
            sensor: key.clone(),
            color: WarningColor::Orange,
            value: 61.0,
            raised_at: stand.now,
            acknowledged: None,
            cleared_at: None,
            shelved_until: None,
            thing: Some(thing),
            rule: "".into(),
            why: "".into(),
        };
        stand.city.alarms.insert(id, alarm);
        stand.city.open_alarms.insert(key, id);
        assert_eq!(words(&draw_of(&OVERLAY, &stand)), ["学校周边 限速"]);
    }

    #[test]
    fn a_line_is_no_fence() {
        let sketch = draw_of(&OVERLAY, &fenced(&[(0.0, 0.0), (0.01, 0.0)]));
        assert!(sketch.lines.is_empty() && sketch.legend.is_empty());
    }
}
