//! 小多图: the same figure of several places, each a small line, all on one scale.

use super::{Area, Drawn, Look, fitting, thinned};
use gulang_city::Timestamp;
use plotters::{prelude::*, style::text_anchor::HPos};

const LABEL: f64 = 9.5;

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Small {
    pub name: String,
    /// What it is now, as it is to be read.
    pub words: String,
    pub points: Vec<(Timestamp, f32)>,
}

/// A grid of small lines, with the limits that are near in each.
pub fn multiples<DB: DrawingBackend>(
    area: &Area<DB>,
    all: &[Small],
    limits: &[(f64, RGBColor)],
    look: Look<'_>,
) -> Drawn<DB> {
    let (width, height) = area.dim_in_pixel();
    let seen = || all.iter().flat_map(|it| &it.points).filter(|it| it.1.is_finite());
    let (from, to) = seen().fold((i64::MAX, i64::MIN), |(a, b), it| (a.min(it.0.0), b.max(it.0.0)));
    let (low, high) = seen().fold((0f64, 0f64), |(a, b), it| (a.min(it.1.into()), b.max(it.1.into())));
    let reach = (high - low).max(1e-9);
    let near: Vec<&(f64, RGBColor)> = limits.iter().filter(|it| it.0 >= low - reach && it.0 <= high + reach).collect();
    let top = near.iter().fold(high, |top, it| top.max(it.0)) + reach * 0.05;
    let px = |nominal: f64| look.size(nominal) as i32;
    let (n_columns, n_rows) = grid(all.len(), width, height);
    let (wide, tall) = (f64::from(width) / n_columns as f64, f64::from(height) / n_rows as f64);
    let (head, gap) = (px(13.0), px(6.0));
    if all.is_empty() || tall < f64::from(head) + 4.0 || wide < f64::from(gap) + 8.0 {
        return area.present();
    }
    let span = to.saturating_sub(from).max(60_000) as f64;
    for (i, it) in all.iter().enumerate() {
        let (left, above) = ((wide * (i % n_columns) as f64) as i32, (tall * (i / n_columns) as f64) as i32);
        let (room, floor) = (wide as i32 - gap, above + tall as i32 - px(3.0));
        let y = |value: f64| floor - (f64::from(floor - above - head) * ((value - low) / (top - low))) as i32;
        let x = |at: Timestamp| left + (f64::from(room) * at.0.saturating_sub(from) as f64 / span) as i32;
        let middle = above + head / 2;
        let words_w = (it.words.chars().count() as f64 * LABEL * 0.62 * look.px) as i32;
        let name = fitting(&it.name, f64::from(room - words_w) / (LABEL * look.px));
        area.draw(&look.words(name.to_owned(), (left, middle), LABEL, look.ink, HPos::Left))?;
        area.draw(&look.words(it.words.clone(), (left + room, middle), LABEL, look.ink, HPos::Right))?;
        let line = |at: i32, color: RGBColor, wide: f64| {
            let style = ShapeStyle::from(color).stroke_width(look.size(wide));
            PathElement::new(vec![(left, at), (left + room, at)], style)
        };
        area.draw(&line(y(0f64.max(low)), look.faint, 0.8))?;
        for (value, color) in &near {
            area.draw(&line(y(*value), *color, 0.7))?;
        }
        for run in thinned(&it.points, room.max(1) as usize) {
            let style = ShapeStyle::from(look.series[1]).stroke_width(look.size(1.3));
            let path: Vec<_> = run.iter().map(|it| (x(it.0), y(it.1.into()))).collect();
            area.draw(&PathElement::new(path, style))?;
        }
    }
    area.present()
}

/// Columns and rows so that a cell is about twice as wide as tall.
fn grid(n: usize, width: u32, height: u32) -> (usize, usize) {
    let n = n.max(1);
    let shape = f64::from(width.max(1)) / f64::from(height.max(1)) / 2.0;
    let columns = ((n as f64 * shape).sqrt().round() as usize).clamp(1, n);
    (columns, n.div_ceil(columns))
}

#[cfg(all(test, feature = "svg"))]
mod tests {
    use super::*;
    use crate::to_svg;

    fn small(name: &str, values: &[f32]) -> Small {
        let at = |i: usize| Timestamp(1_790_000_000_000 + i as i64 * 300_000);
        let points = values.iter().enumerate().map(|(i, it)| (at(i), *it)).collect();
        Small { name: name.into(), words: format!("{:?}", values.last()), points }
    }

    /// Where the lines of each end, from the top.
    fn ends(svg: &str) -> Vec<i32> {
        let lines = svg.split("<polyline").skip(1).filter_map(|it| it.split("points=\"").nth(1)?.split('"').next());
        lines
            .filter(|it| it.trim().split(' ').count() > 2)
            .filter_map(|it| it.trim().rsplit(',').next()?.parse().ok())
            .collect()
    }

    #[test]
    fn all_stand_on_one_scale() {
        let all = [small("思明区", &[1.0, 2.0, 10.0]), small("海沧区", &[1.0, 2.0, 5.0])];
        let svg = to_svg((400, 60), |area| multiples(area, &all, &[], Look::PAPER)).expect("an svg");
        let ends = ends(&svg);
        assert_eq!(ends.len(), 2, "{svg}");
        let floor = 60 - 3;
        let (tall, half) = (floor - ends[0], floor - ends[1]);
        assert!((tall - 2 * half).abs() <= 2, "10 is twice as high as 5: {tall} and {half}");
    }

    #[test]
    fn any_are_drawn_at_any_size() {
        let all = [small("a", &[]), small("b", &[f32::NAN, f32::INFINITY]), small("c", &[-1e30, 1e30])];
        for size in [(1, 1), (9, 900), (900, 9), (260, 60)] {
            for n in 0..=all.len() {
                assert!(
                    to_svg(size, |area| multiples(area, &all[..n], &[(0.0, Look::PAPER.warn)], Look::PAPER)).is_ok()
                );
            }
        }
    }
}
