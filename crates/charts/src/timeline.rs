//! 时间线: what began and ended when, a lane for each kind.

use super::{Area, Drawn, Look, fitting};
use gulang_city::Timestamp;
use plotters::{prelude::*, style::text_anchor::HPos};

const LABEL: f64 = 10.0;
const HOUR_MS: i64 = 3_600_000;
/// A lane is no thinner, nominal px.
const LANE: f64 = 13.0;

/// One that began, and ended if it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub lane: String,
    pub from: Timestamp,
    pub to: Option<Timestamp>,
    pub color: RGBColor,
}

/// Bars in lanes, in the order the lanes first come; what is open runs to the right edge and ends in a notch. Lanes for which
/// there is no room are counted below.
pub fn timeline<DB: DrawingBackend>(
    area: &Area<DB>,
    spans: &[Span],
    from: Timestamp,
    to: Timestamp,
    look: Look<'_>,
) -> Drawn<DB> {
    let (width, height) = area.dim_in_pixel();
    let px = |nominal: f64| look.size(nominal) as i32;
    let (side, foot) = (px(LABEL * 6.4).min(width as i32 / 3), px(13.0));
    let room = width as i32 - side - px(6.0);
    let length = to.since_ms(from).max(1) as f64;
    if room < 8 || (height as i32) < foot + px(LANE) {
        return area.present();
    }
    let is_seen = |it: &&Span| it.from <= to && it.to.is_none_or(|it| it >= from);
    let mut lanes: Vec<&str> = Vec::new();
    for it in spans.iter().filter(is_seen) {
        if !lanes.contains(&it.lane.as_str()) {
            lanes.push(&it.lane);
        }
    }
    let n_fitting = ((height as i32 - foot) / px(LANE)).max(1) as usize;
    let n_left = lanes.len().saturating_sub(n_fitting);
    lanes.truncate(n_fitting);
    let tall = (f64::from(height as i32 - foot) / lanes.len().max(1) as f64).min(f64::from(px(LANE * 2.0)));
    let floor = (tall * lanes.len() as f64) as i32;
    let x = |at: Timestamp| side + (f64::from(room) * (at.since_ms(from) as f64 / length).clamp(0.0, 1.0)) as i32;
    let step_ms = [1, 2, 3, 6, 12, 24].map(|it| it * HOUR_MS).into_iter().find(|it| length / *it as f64 <= 6.0);
    let step_ms = step_ms.unwrap_or((length / 6.0) as i64);
    let mut at = Timestamp((from.0.div_euclid(step_ms) + 1) * step_ms);
    let middle = height as i32 - foot / 2 + px(1.0);
    while at <= to {
        let style = ShapeStyle::from(look.faint.mix(0.6)).stroke_width(look.size(0.8));
        area.draw(&PathElement::new(vec![(x(at), 0), (x(at), floor)], style))?;
        area.draw(&look.words(at.hm(), (x(at), middle), LABEL * 0.95, look.ink, HPos::Center))?;
        at = at + step_ms;
    }
    for (i, lane) in lanes.iter().enumerate() {
        let (top, middle) = ((tall * i as f64) as i32, (tall * (i as f64 + 0.5)) as i32);
        let name = fitting(lane, f64::from(side - px(4.0)) / (LABEL * look.px));
        area.draw(&look.words(name.to_owned(), (0, middle), LABEL, look.ink, HPos::Left))?;
        let half = (tall * 0.3).max(1.0) as i32;
        for it in spans.iter().filter(is_seen).filter(|it| it.lane == **lane) {
            let (left, right) = (x(it.from), x(it.to.unwrap_or(to)).max(x(it.from) + px(1.5)));
            area.draw(&Rectangle::new([(left, middle - half), (right, middle + half)], it.color.filled()))?;
            if it.to.is_none() {
                let notch = vec![(right, middle - half), (right + px(5.0), middle), (right, middle + half)];
                area.draw(&Polygon::new(notch, it.color))?;
            }
        }
        let style = ShapeStyle::from(look.faint.mix(0.5)).stroke_width(look.size(0.6));
        area.draw(&PathElement::new(vec![(side, top), (side + room, top)], style))?;
    }
    if n_left > 0 {
        area.draw(&look.words(format!("+{n_left}"), (0, middle), LABEL * 0.95, look.ink, HPos::Left))?;
    }
    area.present()
}

#[cfg(all(test, feature = "svg"))]
mod tests {
    use super::*;
    use crate::to_svg;

    fn at(mins: i64) -> Timestamp {
        Timestamp(1_790_000_000_000).plus_mins(mins)
    }

    fn span(lane: &str, from: i64, to: Option<i64>) -> Span {
        Span { lane: lane.into(), from: at(from), to: to.map(at), color: Look::PAPER.warn }
    }

    #[test]
    fn what_is_over_or_not_yet_is_left_out_and_what_is_open_has_a_notch() {
        let spans =
            [span("积水", 10, Some(40)), span("积水", 100, None), span("噪声", -90, Some(-30)), span("风", 900, None)];
        let svg = to_svg((500, 120), |area| timeline(area, &spans, at(0), at(240), Look::PAPER)).expect("an svg");
        assert!(svg.contains("积水") && !svg.contains("噪声") && !svg.contains("风"), "{svg}");
        assert_eq!((svg.matches("<rect").count(), svg.matches("<polygon").count()), (2, 1), "{svg}");
    }

    #[test]
    fn english_names_have_twice_the_letters() {
        assert_eq!(
            (fitting("紧急报警", 3.0), fitting("emergency", 3.0), fitting("emergency", 9.0)),
            ("紧急报", "emerg", "emergency")
        );
        assert_eq!((fitting("报", 0.1), fitting("", 1.0)), ("报", ""));
    }

    #[test]
    fn lanes_without_room_are_counted_and_any_size_is_drawn() {
        let spans: Vec<Span> = (0..40).map(|i| span(&format!("类{i}"), i, None)).collect();
        let svg = to_svg((500, 80), |area| timeline(area, &spans, at(0), at(240), Look::PAPER)).expect("an svg");
        assert!(svg.contains("+35"), "{svg}");
        for size in [(1, 1), (9, 900), (900, 9)] {
            assert!(to_svg(size, |area| timeline(area, &spans, at(0), at(0), Look::PAPER)).is_ok());
            assert!(to_svg(size, |area| timeline(area, &spans, at(9), at(0), Look::PAPER)).is_ok());
        }
    }
}
