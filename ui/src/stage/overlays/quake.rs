//! 地震: where the first and the strong waves of a quake are now, and when the strong ones reach the city's centre.
//!
//! What networks report ([`Quake`]) and what officers marked. Straight rays from the focus at the speeds of the city's
//! [`QuakeRules`], as early-warning timelines draw them; beyond some 150 km waves through the mantle come sooner. Of a
//! reported quake each district has its own countdown and estimated intensity, by the relation the rules name. All of it is
//! 推演.
//!
//! No rings of intensity: the relation is not of this coast, and a ring would look like a measurement.

use super::{Overlay, Pace};
use crate::stage::{
    geometry::{day_text, local, time_text, true_circle},
    gpu::map::{flag, shape},
    scene::Scene,
    sketch::{Anchor, Look, Pen, Sign, Sketch, Texts},
};
use gulang_city::*;

pub static OVERLAY: QuakeOverlay = QuakeOverlay;

pub struct QuakeOverlay;

/// A reported quake is drawn for so long after it broke.
const SHOWN_MS: i64 = 72 * 3_600_000;
/// Districts show their intensity for so long after the strong waves came.
const DISTRICTS_SHOWN_MS: i64 = 10 * 60_000;
/// Farther out no front is drawn, km: the straight rays tell little there.
const FARTHEST_KM: f64 = 600.0;

impl Overlay for QuakeOverlay {
    fn id(&self) -> &'static str {
        "quake"
    }
    fn name(&self) -> &'static str {
        "地震"
    }
    fn pace(&self) -> Pace {
        Pace::Clock
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let mut n_fronts = 0;
        for marking in scene.city.markings.values() {
            let MarkingKind::Quake { at, magnitude, depth_km, origin } = marking.kind else { continue };
            if !at.is_sane() {
                continue;
            }
            n_fronts += draw_quake(&Shown { at, magnitude, depth_km, origin, note: String::new() }, scene, sketch);
        }
        let is_shown = |it: &&Quake| !it.cancelled && scene.now.since_ms(it.lead.origin) <= SHOWN_MS;
        for quake in scene.city.quakes.values().filter(is_shown) {
            n_fronts += draw_quake(&Shown::of(quake), scene, sketch);
            draw_districts(quake, scene, sketch);
        }
        if n_fronts > 0 {
            let QuakeRules { p_km_per_s, s_km_per_s, .. } = scene.city.quake_rules;
            sketch.legend(Sign::Dashed, scene.palette.ink_second, format!("P 波前（推演，{p_km_per_s} km/s）"));
            sketch.legend(Sign::Dashed, scene.palette.ink, format!("S 波前（推演，{s_km_per_s} km/s）"));
        }
    }
}

struct Shown {
    at: LonLat,
    magnitude: f32,
    depth_km: f32,
    origin: Timestamp,
    /// Who says so and how surely; empty for a marking.
    note: String,
}

impl Shown {
    fn of(quake: &Quake) -> Self {
        let it = &quake.lead;
        let drill = if it.drill { "演练，" } else { "" };
        let note = format!("（{drill}{}{} 第 {} 报）", it.source, it.stage.name_zh(), it.revision);
        Self { at: it.at, magnitude: it.magnitude, depth_km: it.depth_km.unwrap_or(f32::NAN), origin: it.origin, note }
    }
}

/// Each district's countdown and estimated intensity, while it counts down and a while after.
fn draw_districts(quake: &Quake, scene: &Scene, sketch: &mut Sketch) {
    for arrival in scene.city.quake_arrivals(&quake.lead) {
        let left_ms = arrival.s_at.since_ms(scene.now);
        let Some(district) = scene.city.districts.get(&arrival.district) else { continue };
        if arrival.epicentral_km > FARTHEST_KM || left_ms < -DISTRICTS_SHOWN_MS || scene.now < quake.lead.origin {
            continue;
        }
        let when = if left_ms > 0 { format!("余 {:.0} 秒", left_ms as f64 / 1000.0) } else { "已到".to_owned() };
        sketch.text(Texts {
            at: local(&scene.frame, district.center),
            text: format!("{} {when} 烈度约 {:.0}（推演）", district.name, arrival.intensity),
            size: 13.0,
            color: scene.palette.ink,
            anchor: Anchor::Below,
            boxed: true,
            priority: 61,
        });
    }
}

/// How many fronts were drawn.
fn draw_quake(quake: &Shown, scene: &Scene, sketch: &mut Sketch) -> usize {
    let (palette, rules) = (scene.palette, &scene.city.quake_rules);
    let elapsed_s = (scene.now.0.saturating_sub(quake.origin.0)) as f64 / 1000.0;
    let mut n_fronts = 0;
    for (speed, color, width) in [(rules.p_km_per_s, palette.ink_second, 1.2), (rules.s_km_per_s, palette.ink, 2.4)] {
        let Some(radius_km) = front_km(elapsed_s, speed, quake.depth_km).filter(|it| *it < FARTHEST_KM) else {
            continue;
        };
        n_fronts += 1;
        sketch.ring(&true_circle(&scene.frame, quake.at, radius_km * 1000.0), Pen::dashed(color, width, [6.0, 5.0]));
    }
    let place = local(&scene.frame, quake.at);
    let look = Look { shape: shape::CROSS, size: 22, color: palette.ink, flags: flag::DOUBLE_RING, glyph: "" };
    sketch.mark(place, look);
    sketch.text(Texts {
        at: place,
        text: quake_text(quake, scene.now),
        size: 13.0,
        color: palette.ink,
        anchor: Anchor::Right,
        boxed: false,
        priority: 52,
    });
    let center = scene.city.center;
    if let Some(text) = countdown_text(quake, center, scene.now, rules.s_km_per_s) {
        sketch.text(Texts {
            at: local(&scene.frame, center),
            text,
            size: 15.0,
            color: palette.ink,
            anchor: Anchor::Above,
            boxed: true,
            priority: 62,
        });
    }
    n_fronts
}

/// How far from the epicentre a front is on the surface, km; `None` before it comes up.
fn front_km(elapsed_s: f64, speed_km_per_s: f64, depth_km: f32) -> Option<f64> {
    let (ray, depth) = (elapsed_s * speed_km_per_s, depth_of(depth_km));
    (elapsed_s >= 0.0 && ray > depth).then(|| (ray * ray - depth * depth).sqrt())
}

/// Seconds from the break until a front reaches a place.
fn travel_s(from: LonLat, depth_km: f32, place: LonLat, speed_km_per_s: f64) -> f64 {
    (from.distance_m(place) / 1000.0).hypot(depth_of(depth_km)) / speed_km_per_s
}

/// A depth not told is taken as 10 km, as catalogues do.
fn depth_of(depth_km: f32) -> f64 {
    if depth_km.is_finite() && (0.0..=700.0).contains(&depth_km) { f64::from(depth_km) } else { 10.0 }
}

/// `地震 M5.6 深 10 km 16:41`.
fn quake_text(quake: &Shown, now: Timestamp) -> String {
    let magnitude = if quake.magnitude.is_finite() { format!(" M{:.1}", quake.magnitude) } else { String::new() };
    let depth = if quake.depth_km.is_finite() { format!(" 深 {:.0} km", quake.depth_km) } else { String::new() };
    let origin = if quake.origin.0 > 0 { time_text(quake.origin, now) } else { day_text(quake.origin) };
    format!("地震{magnitude}{depth} {origin}{}", quake.note)
}

/// While the strong waves are on their way to the city's centre; half a minute longer it says that they are there.
fn countdown_text(quake: &Shown, center: LonLat, now: Timestamp, s_km_per_s: f64) -> Option<String> {
    if quake.at.distance_m(center) > FARTHEST_KM * 1000.0 {
        return None;
    }
    let elapsed_s = now.0.saturating_sub(quake.origin.0) as f64 / 1000.0;
    let left_s = travel_s(quake.at, quake.depth_km, center, s_km_per_s) - elapsed_s;
    match left_s {
        _ if elapsed_s < 0.0 => None,
        left if left > 0.0 => Some(format!("S 波到市中心 余 {left:.0} 秒（推演）")),
        left if left > -30.0 => Some("S 波已到市中心（推演）".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, n_lines, words};

    fn stand(age_secs: i64) -> Stand {
        let mut stand = Stand::quiet();
        let at = LonLat(stand.city.center.0 + 0.6, stand.city.center.1 - 0.3);
        let origin = stand.now.plus_secs(-age_secs);
        stand.marking(MarkingKind::Quake { at, magnitude: 5.6, depth_km: 10.0, origin });
        stand
    }

    #[test]
    fn the_fronts_grow_and_the_countdown_runs() {
        let early = draw_of(&OVERLAY, &stand(5));
        let late = draw_of(&OVERLAY, &stand(15));
        let palette = Stand::quiet().theme.palette();
        for sketch in [&early, &late] {
            assert_eq!(n_lines(sketch, Pen::dashed(palette.ink, 2.4, [6.0, 5.0])), 96);
            assert_eq!(n_lines(sketch, Pen::dashed(palette.ink_second, 1.2, [6.0, 5.0])), 96);
        }
        let reach = |it: &Sketch| it.lines.iter().map(|line| line.a[0].abs()).max();
        assert!(reach(&late) > reach(&early));
        // 69 km and 10 deep: 20.0 s.
        assert_eq!(words(&early), ["地震 M5.6 深 10 km 16:41", "S 波到市中心 余 15 秒（推演）"]);
        assert_eq!(words(&draw_of(&OVERLAY, &stand(40)))[1], "S 波已到市中心（推演）");
        assert_eq!(words(&draw_of(&OVERLAY, &stand(120))).len(), 1);
    }

    #[test]
    fn before_it_comes_up_there_is_no_front_and_long_after_none_either() {
        assert_eq!(front_km(1.0, 3.5, 10.0), None);
        assert_eq!(front_km(-5.0, 5.8, 0.0), None);
        assert!(draw_of(&OVERLAY, &stand(3600)).lines.is_empty());
        assert!(draw_of(&OVERLAY, &stand(-60)).lines.is_empty());
    }

    #[test]
    fn a_front_is_where_the_travel_time_says() {
        let (at, place) = (LonLat(118.0, 24.0), LonLat(118.6, 24.4));
        for speed in [5.8, 3.5] {
            let radius = front_km(travel_s(at, 12.0, place, speed), speed, 12.0).expect("it is out");
            assert!((radius - at.distance_m(place) / 1000.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_reported_quake_counts_down_in_every_district_and_says_who_reports() {
        let mut stand = Stand::quiet();
        let lead = QuakeReport {
            id: "q1".into(),
            revision: 2,
            source: "福建省地震局".into(),
            stage: QuakeStage::EarlyWarning,
            origin: stand.now.plus_secs(-5),
            reported_at: stand.now,
            place: "近海".into(),
            at: LonLat(stand.city.center.0 + 0.6, stand.city.center.1 - 0.3),
            depth_km: Some(10.0),
            magnitude: 6.0,
            drill: false,
        };
        let id = QuakeId(1);
        let quake = Quake { id, reports: vec![lead.clone()], lead, heard_at: stand.now, cancelled: false };
        stand.city.quakes.insert(id, quake);
        let sketch = draw_of(&OVERLAY, &stand);
        let told = words(&sketch);
        assert!(told[0].ends_with("（福建省地震局预警 第 2 报）"), "{told:?}");
        let n_districts = told.iter().filter(|it| it.contains("烈度约")).count();
        assert_eq!(n_districts, stand.city.districts.len(), "{told:?}");
        stand.city.quakes[0].cancelled = true;
        assert!(draw_of(&OVERLAY, &stand).lines.is_empty());
    }

    #[test]
    fn what_a_quake_does_not_tell_is_left_out() {
        let mut stand = Stand::quiet();
        let (at, origin) = (stand.city.center, stand.now);
        stand.marking(MarkingKind::Quake { at, magnitude: f32::NAN, depth_km: f32::NAN, origin });
        assert_eq!(words(&draw_of(&OVERLAY, &stand))[0], "地震 16:42");
    }
}
