//! What is drawn over the city beside its things: typhoon, floods, fields, areas. Each is one file of this folder with a
//! `pub static OVERLAY`; the list is made when the crate is built, so adding one touches no other.
//!
//! An overlay borrows a [`Scene`] and draws into a [`Sketch`] in local metres. It keeps nothing, uploads nothing, and knows
//! neither GPU nor egui's windows.

use super::{scene::Scene, sketch::Sketch};
use std::hash::{DefaultHasher, Hash, Hasher};

include!(concat!(env!("OUT_DIR"), "/overlays.rs"));

/// One thing drawn over the city.
pub trait Overlay: Sync {
    /// Stable name, for settings and the layer panel; `typhoon`.
    fn id(&self) -> &'static str;
    /// As the layer panel calls it; `台风`.
    fn name(&self) -> &'static str;
    /// The layer chip (1–8, DESIGN.md §11) that hides it with others.
    fn chip(&self) -> Option<u8> {
        None
    }
    /// Shown before anybody asked.
    fn starts_on(&self) -> bool {
        true
    }
    /// What makes it worth drawing anew.
    fn pace(&self) -> Pace;
    /// What a dear drawing follows from, besides the theme, the detail, the selection and the clicked place: the same number
    /// draws the same, and need not be drawn again. `None`: nobody counted.
    fn basis(&self, _scene: &Scene) -> Option<u64> {
        None
    }
    /// Holds lengths in px of the camera it was drawn for, so it is drawn anew when the camera zoomed, turned or tilted.
    fn follows_camera(&self) -> bool {
        false
    }
    fn draw(&self, scene: &Scene, sketch: &mut Sketch);
}

/// When an overlay is drawn anew; always also when the city, the theme, the detail, the selection or the clicked place
/// changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// After records.
    Records,
    /// After records or readings, at most four times a second.
    Readings,
    /// Every second: something counts down or moves by the clock.
    Clock,
}

/// Every overlay there is, by name.
pub fn all() -> &'static [&'static dyn Overlay] {
    ALL
}

/// For [`Overlay::basis`]. The same only within one run of the program.
fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// An overlay's drawing, and the words it wants on the map.
pub fn draw(overlay: &dyn Overlay, scene: &Scene) -> Sketch {
    let mut sketch = Sketch::default();
    overlay.draw(scene, &mut sketch);
    sketch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        panels::Selection,
        stage::{
            camera::StageCamera,
            palette::Theme,
            testing::{Stand, draw_of},
        },
    };
    use gulang_city::*;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn every_overlay_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = all().iter().map(|it| (it.id(), it.name())).collect();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn over_a_quiet_city_nothing_is_drawn_but_legends() {
        for overlay in all() {
            let sketch = draw_of(*overlay, &Stand::quiet());
            let n_drawn = sketch.areas.len() + sketch.lines.len() + sketch.marks.len() + sketch.texts.len();
            assert_eq!(n_drawn, 0, "{}", overlay.id());
        }
    }

    /// Mostly near the city, sometimes nothing one can draw.
    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![8 => -2.0..2.0f64, 2 => -1e4..1e4f64, 1 => any::<f64>()]
    }

    fn place() -> impl Strategy<Value = LonLat> {
        prop_oneof![
            8 => (117.5..119.0f64, 24.0..25.0f64),
            4 => (-180.0..=180.0f64, -85.0..=85.0f64),
            1 => (any::<f64>(), any::<f64>()),
            1 => Just((180.0, 20.0)),
            1 => Just((118.11, 24.5)),
        ]
        .prop_map(|(lon, lat)| LonLat(lon, lat))
    }

    /// Minutes from the scene's own time: mostly hours, sometimes years.
    fn minutes() -> impl Strategy<Value = i64> {
        prop_oneof![8 => -3000..6000i64, 1 => -5_000_000..5_000_000i64, 1 => Just(0)]
    }

    fn radii() -> impl Strategy<Value = WindRadii> {
        let km = || prop_oneof![6 => 0.0..500.0f32, 1 => any::<f32>()];
        prop_oneof![4 => [km(), km(), km(), km()].prop_map(WindRadii), 1 => Just(WindRadii::default())]
    }

    type RandomTyphoon = (Vec<(i64, LonLat, f64, [WindRadii; 3])>, Vec<(usize, i64, Vec<(i64, LonLat, f64)>)>, usize);

    fn typhoon() -> impl Strategy<Value = RandomTyphoon> {
        let fix = (minutes(), place(), number(), [radii(), radii(), radii()]);
        let point = (minutes(), place(), number());
        // Now and then the track is thousands of fixes long.
        let repeated = prop_oneof![9 => Just(1usize), 1 => Just(400)];
        (vec(fix, 0..7), vec((0..4usize, minutes(), vec(point, 0..9)), 0..8), repeated)
    }

    fn put_typhoon(stand: &mut Stand, (fixes, issues, repeated): RandomTyphoon) {
        let now = stand.now;
        let mut track: Vec<TyphoonFix> = fixes
            .iter()
            .cycle()
            .take(fixes.len() * repeated)
            .map(|(at, center, wind, [radius7, radius10, radius12])| TyphoonFix {
                at: now.plus_mins(*at),
                center: *center,
                wind: *wind as f32 * 30.0,
                pressure: 0.0,
                move_speed: 0.0,
                move_towards: 0.0,
                radius7: *radius7,
                radius10: *radius10,
                radius12: *radius12,
            })
            .collect();
        track.sort_by_key(|it| it.at);
        let forecasts = issues
            .into_iter()
            .map(|(agency, issued, points)| Forecast {
                agency: ["中国", "日本", "美国", ""][agency].into(),
                issued_at: now.plus_mins(issued),
                points: points
                    .into_iter()
                    .map(|(at, center, wind)| ForecastPoint {
                        at: now.plus_mins(at),
                        center,
                        wind: wind as f32,
                        pressure: 0.0,
                    })
                    .collect(),
            })
            .collect();
        let id = TyphoonId::from("202699");
        let typhoon = Typhoon { id: id.clone(), name: "".into(), name_en: "".into(), active: true, track, forecasts };
        stand.city.typhoons.insert(id, typhoon);
    }

    fn marking() -> impl Strategy<Value = (usize, Vec<LonLat>, f64, i64)> {
        (0..6usize, vec(place(), 1..7), number(), minutes())
    }

    fn put_marking(stand: &mut Stand, (kind, places, number, minutes): (usize, Vec<LonLat>, f64, i64)) {
        let (at, time, number) = (places[0], stand.now.plus_mins(minutes), number as f32 * 100.0);
        stand.marking(match kind {
            0 => MarkingKind::Closure { area: Area::Ring(places), reason: "".into() },
            1 => MarkingKind::Closure { area: Area::Circle { center: at, radius_m: number }, reason: "积水".into() },
            2 => MarkingKind::Fence { name: "".into(), ring: places },
            3 => MarkingKind::Quake { at, magnitude: number, depth_km: number, origin: time },
            4 => MarkingKind::Fire { at, started: time },
            _ => MarkingKind::ReachFrom { places },
        });
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn whatever_is_heard_every_overlay_draws_something_sane(
            typhoons in vec(typhoon(), 0..2),
            markings in vec(marking(), 0..5),
            gauges in vec((0..3usize, (number(), number()), number(), 0..40i64), 0..12),
            fixes in vec((place(), number(), number(), 0..20i64), 0..6),
            rings in vec(vec(place(), 0..6), 0..4),
            (clicked, center, tilt) in (proptest::option::of(place()), (number(), number()), 0.0..60.0f64),
            zoom in prop_oneof![Just(0.0005), Just(0.03), Just(0.1), Just(1.0)],
            (at_war, is_light, selects, has_roads) in any::<(bool, bool, bool, bool)>(),
        ) {
            let mut stand = Stand::quiet();
            for it in typhoons {
                put_typhoon(&mut stand, it);
            }
            for it in markings {
                put_marking(&mut stand, it);
            }
            for (i, (kind, place, value, age_mins)) in gauges.into_iter().enumerate() {
                let kind = [SensorKind::Rain, SensorKind::Wind, SensorKind::FloodDepth][kind];
                stand.sensor(&format!("random-{i}"), kind, place, value as f32);
                stand.gauge("flood-1", value as f32 * 100.0, age_mins * 60);
            }
            for (place, height, heading, age_mins) in fixes {
                let (height, heading) = (height as f32 * 100.0, heading as f32);
                let at = stand.now.plus_mins(-age_mins);
                let fix =
                    Fix { lon: place.0, lat: place.1, height, heading, speed: 0.0, battery: 0.0, mode: 3, at };
                stand.readings.drones.put(0, fix);
                stand.readings.teams.put(0, fix);
                stand.history.take(&stand.city, &stand.readings);
            }
            let district = stand.city.districts[0].id.clone();
            stand.areas.districts.push((district.clone(), vec![rings]));
            stand.city.evacuation.insert((EvacueeClass::Visitors, district), Tally { expected: 9, moved: 12, ..Tally::default() });
            stand.city.footing.posture = if at_war { Posture::War } else { Posture::Peace };
            stand.theme = if is_light { Theme::Light } else { Theme::Dark };
            stand.selection = selects.then(|| Selection::Drone("drone-1".into()));
            stand.place = clicked;
            stand.camera = StageCamera { center, px_per_m: zoom, bearing: 30.0, tilt }.clamped();
            if has_roads {
                stand = stand.with_roads();
            }
            for overlay in all() {
                let sketch = draw_of(*overlay, &stand);
                prop_assert_eq!(overlay.basis(&stand.scene()), overlay.basis(&stand.scene()));
                let id = overlay.id();
                let n_corners = sketch.areas.len();
                prop_assert!(sketch.area_indices.iter().all(|it| (*it as usize) < n_corners), "{id}");
                prop_assert!(sketch.area_indices.len().is_multiple_of(3), "{id}");
                prop_assert!(n_corners + sketch.lines.len() + sketch.marks.len() < 200_000, "{id}: {n_corners} corners");
                prop_assert!(sketch.lines.iter().all(|it| it.start_m.is_finite() && it.width_px > 0.0), "{id}");
                for text in &sketch.texts {
                    prop_assert!(text.at.0.is_finite() && text.at.1.is_finite(), "{id}: {}", text.text);
                    prop_assert!(!text.text.contains("NaN") && !text.text.contains("inf"), "{id}: {}", text.text);
                    prop_assert!(text.text.chars().count() < 400, "{id}: {}", text.text);
                }
                prop_assert!(sketch.legend.iter().all(|it| !it.text.is_empty()), "{id}");
            }
        }
    }
}
