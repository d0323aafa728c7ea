//! A figure between its ends, as a bullet graph: a bar for the figure, areas for its bands, a tick for its target. Read at a
//! glance and many below each other, which round gauges are not (S. Few, *Bullet Graph Design Specification*, 2013).

use super::{Area, Drawn, Look};
use gulang_city::indicators::number_text;
use plotters::{prelude::*, style::text_anchor::HPos};

const LABEL: f64 = 9.5;

/// A figure and what it is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// None is missing, and drawn as such.
    pub value: Option<f64>,
    pub low: f64,
    pub high: f64,
    pub target: Option<f64>,
    /// Each from its edge on, away from `low` where `worse_high`, else towards it.
    pub bands: Vec<(f64, RGBColor)>,
    pub worse_high: bool,
}

/// The bar; a figure beyond an end stands at the end, with a notch.
pub fn gauge<DB: DrawingBackend>(area: &Area<DB>, scale: &Scale, look: Look<'_>) -> Drawn<DB> {
    let (width, height) = area.dim_in_pixel();
    let px = |nominal: f64| look.size(nominal) as i32;
    let foot = px(13.0);
    let room = height as i32 - foot;
    let span = scale.high - scale.low;
    if (width as i32) < 16 || room < 4 || !span.is_finite() || span <= 0.0 {
        return area.present();
    }
    let right = width as i32 - px(6.0);
    let x = |value: f64| (f64::from(right) * ((value - scale.low) / span).clamp(0.0, 1.0)) as i32;
    let (half, middle) = ((f64::from(room) * 0.5).min(f64::from(px(14.0))) as i32, room / 2);
    let ground = |from: i32, to: i32, color: RGBAColor| {
        Rectangle::new([(from, middle - half), (to.max(from + 1), middle + half)], color.filled())
    };
    area.draw(&ground(0, right, look.faint.mix(0.5)))?;
    let finite = |it: &f64| it.is_finite();
    for (edge, color) in scale.bands.iter().filter(|it| finite(&it.0)) {
        let (from, to) = if scale.worse_high { (x(*edge), right) } else { (0, x(*edge)) };
        area.draw(&ground(from, to, color.mix(0.3)))?;
    }
    match scale.value.filter(finite) {
        Some(value) => {
            let thin = (half / 2).max(1);
            area.draw(&Rectangle::new(
                [(0, middle - thin), (x(value).max(1), middle + thin)],
                look.series[1].filled(),
            ))?;
            if value > scale.high {
                let notch = vec![(right, middle - thin), (right + px(5.0), middle), (right, middle + thin)];
                area.draw(&Polygon::new(notch, look.series[1]))?;
            }
        }
        None => area.draw(&look.words("—".to_owned(), (right / 2, middle), LABEL, look.ink, HPos::Center))?,
    }
    if let Some(target) = scale.target.filter(finite) {
        let tick = vec![(x(target), middle - half - px(2.0)), (x(target), middle + half + px(2.0))];
        area.draw(&PathElement::new(tick, ShapeStyle::from(look.ink).stroke_width(look.size(2.0))))?;
    }
    let below = height as i32 - foot / 2 + px(1.0);
    area.draw(&look.words(number_text(scale.low), (0, below), LABEL, look.ink, HPos::Left))?;
    area.draw(&look.words(number_text(scale.high), (right, below), LABEL, look.ink, HPos::Right))?;
    area.present()
}

#[cfg(all(test, feature = "svg"))]
mod tests {
    use super::*;
    use crate::to_svg;

    #[test]
    fn bands_lie_on_the_bad_side_and_what_is_missing_says_so() {
        let scale = |value, worse_high| Scale {
            value,
            low: 0.0,
            high: 100.0,
            target: Some(90.0),
            bands: vec![(60.0, Look::PAPER.alert)],
            worse_high,
        };
        let draw = |it: &Scale| to_svg((206, 40), |area| gauge(area, it, Look::PAPER)).expect("an svg");
        assert!(draw(&scale(Some(50.0), true)).contains("x=\"120\" y="), "from 60 to the end");
        assert!(draw(&scale(Some(50.0), false)).contains("width=\"120\""), "from the start to 60");
        assert!(draw(&scale(None, true)).contains('—'));
        assert_eq!(draw(&scale(Some(400.0), true)).matches("<polygon").count(), 1);
    }

    #[test]
    fn any_scale_is_drawn_at_any_size() {
        for (low, high) in [(0.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-1e300, 1e300), (5.0, 1.0)] {
            let bands = vec![(f64::NAN, Look::PAPER.warn), (2.0, Look::PAPER.warn)];
            let scale = Scale { value: Some(f64::MAX), low, high, target: Some(f64::NAN), bands, worse_high: true };
            for size in [(1, 1), (9, 900), (900, 9), (200, 40)] {
                assert!(to_svg(size, |area| gauge(area, &scale, Look::PAPER)).is_ok());
            }
        }
    }
}
