//! 点位图层: what the city's own files brought in beside its registers: a dot and, where they are few, a name.

use super::{Overlay, Pace};
use crate::stage::{
    geometry::local,
    gpu::map::shape,
    scene::Scene,
    sketch::{Anchor, Look, Sign, Sketch, Texts},
};

pub static OVERLAY: PointsOverlay = PointsOverlay;

pub struct PointsOverlay;

/// Dots of one layer: a larger one is a register's business, and says so.
const MAX_DOTS: usize = 5_000;
/// More names than this nobody reads.
const MAX_NAMED: usize = 300;

impl Overlay for PointsOverlay {
    fn id(&self) -> &'static str {
        "points"
    }
    fn name(&self) -> &'static str {
        "点位图层"
    }
    fn pace(&self) -> Pace {
        Pace::Records
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        let color = scene.palette.ink_second;
        for (layer, points) in &scene.city.registers.points {
            let look = Look { shape: shape::CIRCLE, size: 8, color, flags: 0, glyph: "" };
            let is_named = points.len() <= MAX_NAMED;
            for point in points.values().take(MAX_DOTS).filter(|it| it.at.is_sane()) {
                let at = local(&scene.frame, point.at);
                sketch.mark(at, look);
                if is_named {
                    let text = point.name.to_string();
                    sketch.text(Texts {
                        at,
                        text,
                        size: 12.0,
                        color,
                        anchor: Anchor::Right,
                        boxed: false,
                        priority: 5,
                    });
                }
            }
            let text = match points.len() {
                n if n > MAX_DOTS => format!("{layer}（{n} 处，只画 {MAX_DOTS}）"),
                n => format!("{layer}（{n} 处）"),
            };
            sketch.legend(Sign::Dot, color, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of};
    use gulang_city::*;

    #[test]
    fn an_imported_point_is_a_dot_with_its_name() {
        let mut stand = Stand::quiet();
        let (id, name) = (Text::from("p1"), Text::from("一号公厕"));
        let at = stand.city.center;
        let point = MapPoint { id: id.clone(), name, at, district: "350203".into(), kind: "".into(), note: "".into() };
        stand.city.registers.points.entry("公厕".into()).or_default().insert(id, point);
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!((sketch.marks.len(), sketch.texts.len()), (1, 1));
        assert_eq!(sketch.texts[0].text, "一号公厕");
    }
}
