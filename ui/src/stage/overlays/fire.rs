//! 火情: a fire's seat, and how far it could have spread downwind by now and in an hour: 推演.
//!
//! The head goes at a tenth of the wind's speed: Cruz and Alexander, The 10% wind speed rule of thumb for estimating a
//! wildfire's forward rate of spread in forests and shrublands, Annals of Forest Science 76 (2019) 44. It holds for dry fuel
//! and strong wind, not for grass, and not for houses; mean errors are near one half. The opening of the sector is our
//! assumption.

use super::{Overlay, Pace};
use crate::stage::{
    fields::{fresh_gauges, wind_towards_deg},
    geometry::{local, time_text},
    gpu::map::{flag, shape},
    scene::Scene,
    sketch::{Anchor, At, Look, Pen, Sign, Sketch, Texts, circle, sector},
};
use gulang_city::*;

pub static OVERLAY: FireOverlay = FireOverlay;

pub struct FireOverlay;

const SHARE_OF_WIND: f64 = 0.1;
const HALF_ANGLE_DEG: f64 = 30.0;
/// The gauge that speaks for a fire stands no farther than this, m.
const GAUGE_WITHIN_M: f64 = 20_000.0;
/// A rule of thumb is not carried further, hours.
const FARTHEST_AHEAD_H: f64 = 6.0;

impl Overlay for FireOverlay {
    fn id(&self) -> &'static str {
        "fire"
    }
    fn name(&self) -> &'static str {
        "火情"
    }
    fn pace(&self) -> Pace {
        Pace::Clock
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let mut n_spreads = 0;
        for marking in scene.city.markings.values() {
            let MarkingKind::Fire { at, started } = marking.kind else { continue };
            if at.is_sane() {
                n_spreads += usize::from(draw_fire(at, started, scene, sketch));
            }
        }
        if n_spreads > 0 {
            let text = "火情蔓延（推演：风速的 10%，干燥林地）：内至今，外 1 小时后";
            sketch.legend(Sign::Dashed, scene.palette.ink_second, text);
        }
    }
}

/// Whether its spread could be told.
fn draw_fire(place: LonLat, started: Timestamp, scene: &Scene, sketch: &mut Sketch) -> bool {
    let palette = scene.palette;
    let at = local(&scene.frame, place);
    let burning_h = scene.now.0.saturating_sub(started.0).max(0) as f64 / 3_600_000.0;
    let wind = wind_at(at, place, scene);
    if let Some(wind) = &wind {
        for (hours, alpha) in [(burning_h + 1.0, 0.06), (burning_h, 0.12)] {
            let outline = spread(at, wind, hours);
            if hours > 0.0 {
                sketch.ring(&outline, Pen::dashed(palette.ink_second, 1.2, [6.0, 5.0]));
                sketch.area(&[outline], palette.ink_second, alpha);
            }
        }
    }
    // No colour: what level an incident has is said by alarms and cases, not by who drew it.
    sketch.mark(at, Look { shape: shape::CIRCLE, size: 22, color: palette.ink, flags: flag::DOUBLE_RING, glyph: "消" });
    let text = fire_text(started, wind.as_ref(), burning_h, scene.now);
    sketch.text(Texts { at, text, size: 13.0, color: palette.ink, anchor: Anchor::Right, boxed: false, priority: 50 });
    wind.is_some()
}

/// Wind at a fire.
struct Wind {
    speed_mps: f64,
    /// Where it blows to; `None` if nothing tells.
    towards_deg: Option<f64>,
}

/// By the nearest gauge that is fresh, if one is near.
fn wind_at(at: At, place: LonLat, scene: &Scene) -> Option<Wind> {
    let away = |it: At| (it.0 - at.0).hypot(it.1 - at.1);
    let gauges = fresh_gauges(scene, SensorKind::Wind);
    let nearest = gauges.iter().min_by(|a, b| away(a.at).total_cmp(&away(b.at)))?;
    let speed_mps = nearest.value.clamp(0.0, 80.0);
    let towards_deg = wind_towards_deg(scene.city, place, scene.now);
    (away(nearest.at) <= GAUGE_WITHIN_M).then_some(Wind { speed_mps, towards_deg })
}

/// A sector downwind; the whole circle when nobody knows where downwind is.
fn spread(at: At, wind: &Wind, hours: f64) -> Vec<At> {
    let length_m = spread_m(wind.speed_mps, hours);
    match wind.towards_deg {
        Some(towards) => sector(at, towards, HALF_ANGLE_DEG, length_m),
        None => circle(at, length_m),
    }
}

fn spread_m(wind_mps: f64, hours: f64) -> f64 {
    SHARE_OF_WIND * wind_mps * hours.clamp(0.0, FARTHEST_AHEAD_H) * 3600.0
}

fn fire_text(started: Timestamp, wind: Option<&Wind>, burning_h: f64, now: Timestamp) -> String {
    let mut text = format!("火情 {} 起", time_text(started, now));
    let Some(wind) = wind else { return text + "\n无有效风速，不推演" };
    let km = spread_m(wind.speed_mps, burning_h + 1.0) / 1000.0;
    let towards = match wind.towards_deg {
        Some(towards) => format!("向{}（风向估算）", direction_name(towards)),
        None => "，风向未知".to_owned(),
    };
    text += &format!("\n推演 1 小时后 {km:.1} km{towards} 风 {:.0} m/s", wind.speed_mps);
    text
}

fn direction_name(towards_deg: f64) -> &'static str {
    const NAMES: [&str; 8] = ["北", "东北", "东", "东南", "南", "西南", "西", "西北"];
    NAMES[(towards_deg.rem_euclid(360.0) / 45.0).round() as usize % 8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, words};

    fn stand() -> Stand {
        let mut stand = Stand::quiet();
        let (at, started) = (stand.city.center, stand.now.plus_mins(-60));
        stand.marking(MarkingKind::Fire { at, started });
        stand
    }

    #[test]
    fn without_wind_there_is_a_seat_and_no_spread() {
        let sketch = draw_of(&OVERLAY, &stand());
        assert_eq!((sketch.marks.len(), sketch.areas.len()), (1, 0));
        assert_eq!(words(&sketch), ["火情 15:42 起\n无有效风速，不推演"]);
    }

    #[test]
    fn without_a_direction_the_spread_is_a_circle() {
        let mut stand = stand();
        stand.gauge("wind-1", 10.0, 0);
        let sketch = draw_of(&OVERLAY, &stand);
        // A tenth of 10 m/s for two hours.
        assert_eq!(words(&sketch), ["火情 15:42 起\n推演 1 小时后 7.2 km，风向未知 风 10 m/s"]);
        let north = sketch.lines.iter().map(|it| it.a[1]).max().expect("rings");
        let south = sketch.lines.iter().map(|it| it.a[1]).min().expect("rings");
        assert_eq!((north, south), (7200 * 64, -7200 * 64));
        assert!(sketch.legend[0].text.contains("推演"));
    }

    #[test]
    fn near_a_typhoon_it_goes_downwind() {
        let mut stand = stand();
        stand.gauge("wind-1", 10.0, 0);
        stand.typhoon();
        // The eye lies south-east of the city: the wind blows south, a little west of it.
        let sketch = draw_of(&OVERLAY, &stand);
        assert!(words(&sketch)[0].contains("向南（风向估算）"), "{:?}", words(&sketch));
        assert!(sketch.lines.iter().all(|it| it.a[1] <= 1));
    }

    #[test]
    fn the_rule_is_a_tenth_of_the_wind_and_not_carried_on_for_days() {
        assert_eq!(spread_m(10.0, 1.0), 3600.0);
        assert_eq!(spread_m(10.0, 1000.0), spread_m(10.0, FARTHEST_AHEAD_H));
    }
}
