//! 人员转移: districts shaded by the share of people not yet moved, and how many they are. In war only.

use super::{Overlay, Pace};
use crate::stage::{
    geometry::{local, path},
    scene::Scene,
    sketch::{Anchor, Sign, Sketch, Texts},
};
use gulang_city::*;

pub static OVERLAY: EvacuationOverlay = EvacuationOverlay;

pub struct EvacuationOverlay;

impl Overlay for EvacuationOverlay {
    fn id(&self) -> &'static str {
        "evacuation"
    }
    fn name(&self) -> &'static str {
        "人员转移"
    }
    fn chip(&self) -> Option<u8> {
        Some(7)
    }
    fn pace(&self) -> Pace {
        Pace::Records
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let palette = scene.palette;
        let mut n_shown = 0;
        for (id, tally) in scene.city.evacuation_totals().by_district {
            if !is_at_war(scene.city, &id) || tally.expected == 0 {
                continue;
            }
            n_shown += 1;
            let polygons = scene.areas.districts.iter().filter(|it| it.0 == id).flat_map(|it| &it.1);
            for polygon in polygons {
                let rings: Vec<_> = polygon.iter().map(|ring| path(&scene.frame, ring.iter().copied())).collect();
                sketch.area(&rings, palette.field, shade_of(tally));
            }
            let Some(district) = scene.city.districts.get(&id).filter(|it| it.center.is_sane()) else { continue };
            let remaining = remaining(tally);
            sketch.text(Texts {
                at: local(&scene.frame, district.center),
                text: remaining_text(tally),
                size: 14.0,
                color: if remaining > 0 { palette.ink } else { palette.ink_second },
                anchor: Anchor::Below,
                boxed: false,
                priority: if remaining > 0 { 40 } else { 12 },
            });
        }
        if n_shown > 0 {
            sketch.legend(Sign::Area, palette.field, "人员转移：色深为尚余比例");
        }
    }
}

fn is_at_war(city: &City, district: &DistrictId) -> bool {
    let own = city.footings.get(district).map(|it| it.posture);
    city.footing.posture == Posture::War || own == Some(Posture::War)
}

fn remaining(tally: Tally) -> u32 {
    tally.expected.saturating_sub(tally.moved)
}

/// From all moved to none.
fn shade_of(tally: Tally) -> f32 {
    let share = f64::from(remaining(tally)) / f64::from(tally.expected.max(1));
    0.03 + 0.13 * share as f32
}

/// People still at risk are never rounded (DESIGN.md §8).
fn remaining_text(tally: Tally) -> String {
    match remaining(tally) {
        0 => "已全部转移".to_owned(),
        n => format!("尚余 {} 人", grouped(n)),
    }
}

/// `4,900`.
fn grouped(n: u32) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, words};

    fn stand() -> Stand {
        let mut stand = Stand::quiet();
        let ids: Vec<DistrictId> = stand.city.districts.keys().cloned().collect();
        for (id, moved) in ids.iter().zip([2100, 1000]) {
            let expected = if moved == 1000 { 1000 } else { 7000 };
            stand
                .city
                .evacuation
                .insert((EvacueeClass::UrbanVillage, id.clone()), Tally { expected, moved, ..Tally::default() });
            let c = stand.city.districts[id].center;
            let ring = vec![c, LonLat(c.0 + 0.05, c.1), LonLat(c.0, c.1 + 0.05)];
            stand.areas.districts.push((id.clone(), vec![vec![ring]]));
        }
        stand.city.footing.posture = Posture::War;
        stand
    }

    #[test]
    fn in_war_every_district_says_how_many_are_left() {
        let sketch = draw_of(&OVERLAY, &stand());
        assert_eq!(words(&sketch), ["尚余 4,900 人", "已全部转移"]);
        assert_eq!(sketch.areas.len(), 6);
        assert!(sketch.areas[0].color[3] > sketch.areas[3].color[3], "more people left, more colour");
    }

    #[test]
    fn in_peace_nothing_is_drawn_and_in_a_districts_own_war_that_one() {
        let mut stand = stand();
        stand.city.footing.posture = Posture::Peace;
        assert!(draw_of(&OVERLAY, &stand).texts.is_empty());
        let second = stand.city.districts[1].id.clone();
        stand.city.footings.entry(second).or_default().posture = Posture::War;
        assert_eq!(words(&draw_of(&OVERLAY, &stand)), ["已全部转移"]);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
