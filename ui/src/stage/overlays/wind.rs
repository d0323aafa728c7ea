//! 风场: what the wind gauges read, as bands between them, and an arrow at each gauge. Off at first.
//!
//! The gauges tell no direction. Near a typhoon the arrows point as its turning would have it, marked 估算; otherwise there
//! are none.

use super::{Overlay, Pace};
use crate::stage::{
    detail::Detail,
    fields::{FEWEST_GAUGES, Gauged, band_alpha, bands_of_gauges, fresh_gauges, shade, wind_towards_deg},
    gpu::map::shape,
    scene::Scene,
    sketch::{Anchor, At, Look, Pen, Sign, Sketch, Texts},
};
use gulang_city::SensorKind;

pub static OVERLAY: WindOverlay = WindOverlay;

pub struct WindOverlay;

/// Lower bounds of every second grade from the fourth, m/s (GB/T 28591-2012).
const GRADES: [(f64, u8); 5] = [(5.5, 4), (10.8, 6), (17.2, 8), (24.5, 10), (32.7, 12)];
const ARROW_PX: f64 = 24.0;

impl Overlay for WindOverlay {
    fn id(&self) -> &'static str {
        "wind"
    }
    fn name(&self) -> &'static str {
        "风场"
    }
    fn starts_on(&self) -> bool {
        false
    }
    fn pace(&self) -> Pace {
        Pace::Readings
    }
    fn follows_camera(&self) -> bool {
        true
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let gauges = fresh_gauges(scene, SensorKind::Wind);
        let from = GRADES.map(|it| it.0);
        let color = scene.palette.field;
        let Some(bands) = bands_of_gauges(&gauges, &from) else {
            let text = format!("风场：读数不足（{} 站有效，至少 {FEWEST_GAUGES} 站）", gauges.len());
            sketch.legend(Sign::Area, scene.palette.stale, text);
            return;
        };
        shade(sketch, scene, &bands, &from);
        sketch.legend(Sign::Area, color, format!("平均风速，{} 站间插值（估算）", gauges.len()));
        for (i, (from_mps, grade)) in
            GRADES.iter().enumerate().filter(|(_, it)| bands.iter().any(|band| band.from == it.0))
        {
            let until = GRADES.get(i + 1).map_or("以上".to_owned(), |it| format!("–{} 级", it.1 - 1));
            sketch.legend(Sign::Area, color.gamma_multiply(band_alpha(&from, *from_mps)), format!("{grade}{until}"));
        }
        if scene.detail > Detail::Region && gauges.iter().filter(|it| draw_arrow(it, scene, sketch)).count() > 0 {
            sketch.legend(Sign::Line, scene.palette.ink_second, "风向按台风位置估算");
        }
    }
}

/// `false` if no direction is known, and then only the speed is told.
fn draw_arrow(gauge: &Gauged, scene: &Scene, sketch: &mut Sketch) -> bool {
    let color = scene.palette.ink_second;
    let text = format!("{:.0}", gauge.value);
    sketch.text(Texts { at: gauge.at, text, size: 12.0, color, anchor: Anchor::Below, boxed: false, priority: 8 });
    let place = scene.frame.geo_from_local(gauge.at);
    let Some(towards) = wind_towards_deg(scene.city, place, scene.now) else {
        sketch.mark(gauge.at, Look { shape: shape::DOT, size: 5, color, flags: 0, glyph: "" });
        return false;
    };
    for line in arrow(gauge.at, towards, ARROW_PX / scene.camera.px_per_m) {
        sketch.line(&line, Pen::solid(color, 1.4));
    }
    true
}

/// A shaft about `at` and the two sides of its head, `length_m` long.
fn arrow(at: At, towards_deg: f64, length_m: f64) -> [[At; 2]; 3] {
    let step = |from: At, bearing: f64, metres: f64| {
        let (sin, cos) = bearing.to_radians().sin_cos();
        (from.0 + metres * sin, from.1 + metres * cos)
    };
    let (tail, tip) = (step(at, towards_deg + 180.0, length_m / 2.0), step(at, towards_deg, length_m / 2.0));
    let barb = |turn: f64| step(tip, towards_deg + turn, length_m * 0.3);
    [[tail, tip], [tip, barb(150.0)], [tip, barb(-150.0)]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, words};

    fn stand() -> Stand {
        let mut stand = Stand::quiet();
        for (i, value) in [12.0, 18.0, 9.0, 26.0].into_iter().enumerate() {
            let place = (0.1 * (i % 2) as f64, 0.1 * (i / 2) as f64);
            stand.sensor(&format!("wind-of-{i}"), SensorKind::Wind, place, value);
        }
        stand
    }

    #[test]
    fn without_a_typhoon_speeds_are_told_but_no_direction() {
        let sketch = draw_of(&OVERLAY, &stand());
        assert_eq!((sketch.lines.len(), sketch.marks.len()), (0, 4));
        assert_eq!(words(&sketch), ["12", "18", "9", "26"]);
        assert!(sketch.legend.iter().any(|it| it.text == "10–11 级"), "{:?}", sketch.legend);
    }

    #[test]
    fn near_a_typhoon_the_arrows_are_marked_as_estimates() {
        let mut stand = stand();
        stand.typhoon();
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!((sketch.lines.len(), sketch.marks.len()), (12, 0));
        assert!(sketch.legend.iter().any(|it| it.text.contains("估算") && it.text.contains("风向")));
    }

    #[test]
    fn too_few_gauges_draw_nothing() {
        let mut stand = Stand::quiet();
        stand.gauge("wind-1", 20.0, 0);
        let sketch = draw_of(&OVERLAY, &stand);
        assert!(sketch.areas.is_empty() && sketch.texts.is_empty() && sketch.legend[0].text.contains("读数不足"));
    }

    #[test]
    fn an_arrow_points_where_the_wind_blows() {
        let [[tail, tip], [_, left], _] = arrow((0.0, 0.0), 90.0, 10.0);
        assert!((tip.0 - 5.0).abs() < 1e-9 && (tail.0 + 5.0).abs() < 1e-9 && left.0 < tip.0);
    }
}
