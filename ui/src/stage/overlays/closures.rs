//! 交通管制: closed areas, every road that is closed now, and a bold × on it (DESIGN.md §9).
//!
//! Without colour: a closed road is a fact, not an alarm. Roads under water are closed as the city's own rule says, and look
//! the same; the legend tells both.

use super::{Overlay, Pace};
use crate::stage::{
    detail::Detail,
    geometry::{local, path, true_circle},
    gpu::map::shape,
    scene::Scene,
    sketch::{Anchor, At, Look, Pen, Sign, Sketch, Texts},
};
use gulang_city::*;

pub static OVERLAY: ClosuresOverlay = ClosuresOverlay;

pub struct ClosuresOverlay;

impl Overlay for ClosuresOverlay {
    fn id(&self) -> &'static str {
        "closures"
    }
    fn name(&self) -> &'static str {
        "交通管制"
    }
    fn pace(&self) -> Pace {
        // Water closes roads too, and that is a reading.
        Pace::Readings
    }

    fn draw(&self, scene: &Scene, sketch: &mut Sketch) {
        if scene.detail == Detail::Region {
            return;
        }
        let palette = scene.palette;
        let mut n_shown = 0;
        for marking in scene.city.markings.values() {
            let MarkingKind::Closure { area, reason } = &marking.kind else { continue };
            let Some((ring, middle)) = outline(area, scene) else { continue };
            n_shown += 1;
            sketch.ring(&ring, Pen::dashed(palette.ink_second, 1.4, [4.0, 4.0]));
            sketch.area(&[ring], palette.ink_second, 0.08);
            if scene.roads.is_none() {
                sketch.mark(middle, cross(scene));
            }
            let text = format!("交通管制 {reason}").trim_end().to_owned();
            let color = palette.ink;
            sketch.text(Texts {
                at: middle,
                text,
                size: 13.0,
                color,
                anchor: Anchor::Below,
                boxed: false,
                priority: 42,
            });
        }
        let links = closed_lines(scene);
        for line in &links {
            sketch.line(line, Pen::solid(palette.label_halo, 4.0));
            sketch.line(line, Pen::dashed(palette.ink, 2.0, [5.0, 4.0]));
        }
        for at in crossings(&links, spacing_m(scene.detail)) {
            sketch.mark(at, cross(scene));
        }
        if n_shown + links.len() > 0 {
            let text = format!("封闭（管制或积水 {FLOODED_CM:.0} cm 以上），{} 段", links.len());
            sketch.legend(Sign::Cross, palette.ink, text);
        }
    }
}

fn cross(scene: &Scene) -> Look {
    Look { shape: shape::CLOSED, size: 16, color: scene.palette.ink, flags: 0, glyph: "" }
}

/// A closed area's edge and its middle.
fn outline(area: &Area, scene: &Scene) -> Option<(Vec<At>, At)> {
    match area {
        Area::Ring(ring) => {
            let ring = path(&scene.frame, ring.iter().copied());
            let sum = ring.iter().fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
            let n = ring.len() as f64;
            (ring.len() >= 3).then_some((ring, (sum.0 / n, sum.1 / n)))
        }
        Area::Circle { center, radius_m } => {
            let is_sane = center.is_sane() && *radius_m > 0.0 && *radius_m < 1e6;
            is_sane.then(|| (true_circle(&scene.frame, *center, f64::from(*radius_m)), local(&scene.frame, *center)))
        }
    }
}

/// The closed links, each from end to end.
fn closed_lines(scene: &Scene) -> Vec<Vec<At>> {
    let Some(roads) = scene.roads else { return Vec::new() };
    let links = roads.closures().iter().filter_map(|it| roads.net().link(it));
    links.map(|it| path(&scene.frame, it.line.iter().copied())).filter(|it| it.len() > 1).collect()
}

/// Crosses nearer than this to each other would be one blot, m.
fn spacing_m(detail: Detail) -> f64 {
    match detail {
        Detail::Region | Detail::City => 800.0,
        Detail::District => 250.0,
        Detail::Street => 60.0,
    }
}

/// The middle of every line that is not too near to one before it.
fn crossings(lines: &[Vec<At>], spacing_m: f64) -> Vec<At> {
    let mut kept: Vec<At> = Vec::new();
    for line in lines {
        let at = middle_of(line);
        if kept.iter().all(|it| (it.0 - at.0).hypot(it.1 - at.1) >= spacing_m) {
            kept.push(at);
        }
    }
    kept
}

/// Half-way along a line of two places or more.
fn middle_of(line: &[At]) -> At {
    let length = |pair: &[At]| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1);
    let mut left = line.windows(2).map(length).sum::<f64>() / 2.0;
    for pair in line.windows(2) {
        let piece = length(pair);
        if piece >= left && piece > 0.0 {
            let t = left / piece;
            return (pair[0].0 + (pair[1].0 - pair[0].0) * t, pair[0].1 + (pair[1].1 - pair[0].1) * t);
        }
        left -= piece;
    }
    line[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::testing::{Stand, draw_of, marked, words};

    /// The southern of the square's streets closed.
    fn closed() -> Stand {
        let mut stand = Stand::quiet();
        let center = LonLat(stand.city.center.0, stand.city.center.1 - 0.005);
        let area = Area::Circle { center, radius_m: 200.0 };
        stand.marking(MarkingKind::Closure { area, reason: "路面塌陷".into() });
        stand
    }

    #[test]
    fn a_closed_street_is_dashed_and_crossed_in_its_middle() {
        let stand = closed().with_roads();
        let sketch = draw_of(&OVERLAY, &stand);
        assert_eq!(words(&sketch), ["交通管制 路面塌陷"]);
        assert_eq!(sketch.lines.len(), 96 + 2);
        let crosses = marked(&sketch);
        assert_eq!(crosses.len(), 1);
        assert!(crosses[0].0.abs() < 1.0 && (crosses[0].1 + 556.0).abs() < 5.0, "{crosses:?}");
        assert!(sketch.legend[0].text.contains("1 段"));
    }

    #[test]
    fn water_closes_a_street_without_a_marking() {
        let mut stand = Stand::quiet();
        // The flood point stands on the eastern street.
        stand.gauge("flood-1", 30.0, 0);
        let sketch = draw_of(&OVERLAY, &stand.with_roads());
        assert_eq!((sketch.lines.len(), sketch.marks.len()), (2, 1));
    }

    #[test]
    fn without_roads_the_area_itself_is_crossed() {
        let sketch = draw_of(&OVERLAY, &closed());
        assert_eq!((sketch.marks.len(), sketch.lines.len()), (1, 96));
    }

    #[test]
    fn nothing_closed_draws_nothing() {
        let sketch = draw_of(&OVERLAY, &Stand::quiet().with_roads());
        assert!(sketch.lines.is_empty() && sketch.legend.is_empty());
    }

    #[test]
    fn crosses_keep_their_distance() {
        let street = |east: f64| vec![(east, 0.0), (east, 100.0)];
        let streets = [street(0.0), street(10.0), street(100.0)];
        assert_eq!(crossings(&streets, 60.0), [(0.0, 50.0), (100.0, 50.0)]);
        assert_eq!(middle_of(&[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]), (0.0, 0.0));
    }
}
