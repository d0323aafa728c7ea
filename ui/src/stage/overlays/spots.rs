//! 标点: places somebody marked, as from a drone's picture, each with the circle it lies in.

use super::{Overlay, Pace};
use crate::stage::{
    geometry::{local, true_circle},
    gpu::map::shape,
    scene::Scene,
    sketch::{Anchor, Look, Pen, Sign, Sketch, Texts},
};
use gulang_city::*;

pub static OVERLAY: SpotsOverlay = SpotsOverlay;

pub struct SpotsOverlay;

impl Overlay for SpotsOverlay {
    fn id(&self) -> &'static str {
        "spots"
    }
    fn name(&self) -> &'static str {
        "标点"
    }
    fn pace(&self) -> Pace {
        Pace::Records
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let color = scene.palette.ink;
        let mut n_shown = 0;
        for marking in scene.city.markings.values() {
            let MarkingKind::Spot { at: place, error_m } = marking.kind else { continue };
            if !place.is_sane() {
                continue;
            }
            n_shown += 1;
            let at = local(&scene.frame, place);
            if error_m.is_finite() && error_m > 0.0 {
                let circle = true_circle(&scene.frame, place, f64::from(error_m));
                sketch.ring(&circle, Pen::dashed(color, 1.2, [5.0, 4.0]));
            }
            sketch.mark(at, Look { shape: shape::CIRCLE, size: 10, color, flags: 0, glyph: "" });
            let what = if marking.note.is_empty() { "标点" } else { &*marking.note };
            let what: String = what.chars().take(20).collect();
            let text = match error_m.is_finite() {
                true => format!("{what} ±{error_m:.0} m"),
                false => what,
            };
            sketch.text(Texts { at, text, size: 13.0, color, anchor: Anchor::Right, boxed: false, priority: 40 });
        }
        if n_shown > 0 {
            sketch.legend(Sign::Dashed, color, "标点及其误差圈");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, marked, words};

    #[test]
    fn a_spot_stands_in_the_circle_of_its_error() {
        let mut stand = Stand::quiet();
        let at = stand.city.center;
        stand.marking(MarkingKind::Spot { at, error_m: 12.0 });
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!(words(&sketch), ["标点 ±12 m"]);
        assert_eq!((marked(&sketch).len(), sketch.lines.len()), (1, 96));
        stand.marking(MarkingKind::Spot { at: LonLat(f64::NAN, 0.0), error_m: 1.0 });
        stand.marking(MarkingKind::Spot { at, error_m: f32::NAN });
        assert_eq!(words(&draw_of(&OVERLAY, &stand)), ["标点 ±12 m", "标点"]);
    }
}
