//! One indicator: how it went over time, and its groups side by side. Small enough for a card, the same in a report.

use super::{Area, Drawn, Look, fitting};
use gulang_city::Timestamp;
use plotters::{prelude::*, style::text_anchor::HPos};

/// A longer silence between two points is a gap, and stays one.
const GAP_MS: i64 = 2 * 300_000 + 60_000;
/// Nominal pixels of the line of words below.
const FOOT: f64 = 13.0;
const LABEL: f64 = 9.5;

/// A line over time, from zero, with limits as thin lines; limits far beyond what was seen are left out.
pub fn trend<DB: DrawingBackend>(
    area: &Area<DB>,
    points: &[(Timestamp, f32)],
    limits: &[(f64, RGBColor)],
    look: Look<'_>,
) -> Drawn<DB> {
    let finite: Vec<(Timestamp, f64)> =
        points.iter().filter(|it| it.1.is_finite()).map(|it| (it.0, f64::from(it.1))).collect();
    let (Some(first), Some(last)) = (finite.first(), finite.last()) else { return area.present() };
    let low = finite.iter().fold(0f64, |low, it| low.min(it.1));
    let high = finite.iter().fold(0f64, |high, it| high.max(it.1));
    let reach = (high - low).max(1e-9);
    let near: Vec<&(f64, RGBColor)> = limits.iter().filter(|it| it.0 >= low - reach && it.0 <= high + reach).collect();
    let top = near.iter().fold(high, |top, it| top.max(it.0)) + reach * 0.12;
    let bottom = near.iter().fold(low, |bottom, it| bottom.min(it.0));
    let (width, height) = area.dim_in_pixel();
    let foot = look.size(FOOT) as i32;
    let (right, floor) = (width as i32 - look.size(4.0) as i32, height as i32 - foot);
    if right < 8 || floor < 8 {
        return area.present();
    }
    let span = last.0.since_ms(first.0).max(60_000) as f64;
    let x = |at: Timestamp| (f64::from(right) * at.since_ms(first.0) as f64 / span) as i32;
    let y = |value: f64| (f64::from(floor) * (1.0 - (value - bottom) / (top - bottom))) as i32;
    let line = |from: (i32, i32), to: (i32, i32), color: RGBColor, wide: f64| {
        PathElement::new(vec![from, to], ShapeStyle::from(color).stroke_width(look.size(wide)))
    };
    area.draw(&line((0, y(0f64.max(bottom))), (right, y(0f64.max(bottom))), look.faint, 1.0))?;
    for (value, color) in near {
        area.draw(&line((0, y(*value)), (right, y(*value)), *color, 0.8))?;
    }
    for run in thinned(points, right as usize) {
        let style = ShapeStyle::from(look.series[1]).stroke_width(look.size(1.5));
        let path: Vec<_> = run.iter().map(|it| (x(it.0), y(it.1.into()))).collect();
        match path.as_slice() {
            // One alone is no line.
            [alone] => area.draw(&Circle::new(*alone, look.size(1.2) as i32, look.series[1].filled()))?,
            _ => area.draw(&PathElement::new(path, style))?,
        }
    }
    area.draw(&Circle::new((x(last.0), y(last.1)), look.size(2.2) as i32, look.series[1].filled()))?;
    let middle = floor + foot / 2 + look.size(1.0) as i32;
    area.draw(&look.words(first.0.hm(), (0, middle), LABEL, look.ink, HPos::Left))?;
    area.draw(&look.words(last.0.hm(), (right, middle), LABEL, look.ink, HPos::Right))?;
    area.present()
}

/// As much of a line as so many columns of pixels can show, cut where it fell silent: of each column the first, the least, the most
/// and the last point of each run, so that no peak is lost.
pub fn thinned(points: &[(Timestamp, f32)], columns: usize) -> Vec<Vec<(Timestamp, f32)>> {
    let finite: Vec<(Timestamp, f32)> = points.iter().filter(|it| it.1.is_finite()).copied().collect();
    let (Some(first), Some(last)) = (finite.first(), finite.last()) else { return Vec::new() };
    let columns = columns.max(1);
    let span = i128::from(last.0.since_ms(first.0).max(0)) + 1;
    let column = |at: Timestamp| i128::from(at.since_ms(first.0)) * columns as i128 / span;
    let runs = finite.chunk_by(|a, b| b.0.since_ms(a.0) <= GAP_MS);
    if finite.len() / 4 <= columns {
        return runs.map(<[_]>::to_vec).collect();
    }
    runs.map(|run| run.chunk_by(|a, b| column(a.0) == column(b.0)).flat_map(corners).collect()).collect()
}

/// Of what falls into one column the first, the least, the most and the last, in their order.
fn corners(points: &[(Timestamp, f32)]) -> impl Iterator<Item = (Timestamp, f32)> {
    let by = |a: &(usize, &(Timestamp, f32)), b: &(usize, &(Timestamp, f32))| a.1.1.total_cmp(&b.1.1);
    let extreme = [points.iter().enumerate().min_by(by), points.iter().enumerate().max_by(by)];
    let mut at: Vec<usize> = extreme.into_iter().flatten().map(|it| it.0).collect();
    at.extend([0, points.len().saturating_sub(1)]);
    at.sort_unstable();
    at.dedup();
    at.into_iter().filter_map(|i| points.get(i).copied())
}

/// One group of an indicator.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub name: String,
    /// None is missing, and drawn as such.
    pub value: Option<f64>,
    /// As it is to be read.
    pub words: String,
    /// Another than the usual colour.
    pub color: Option<RGBColor>,
}

/// Bars from zero side by side, each with its figure above and its name below, where there is room for them.
pub fn bars<DB: DrawingBackend>(area: &Area<DB>, bars: &[Bar], look: Look<'_>) -> Drawn<DB> {
    let (width, height) = area.dim_in_pixel();
    let px = |nominal: f64| look.size(nominal) as i32;
    let (foot, head) = (px(FOOT), px(12.0));
    let (floor, step) = (height as i32 - foot, f64::from(width) / bars.len().max(1) as f64);
    if floor - head < 4 || step < 4.0 {
        return area.present();
    }
    let top = bars.iter().filter_map(|it| it.value).filter(|it| it.is_finite()).fold(0f64, f64::max).max(1e-9);
    let n_chars = |room: f64, size: f64| (room / (size * look.px)) as usize;
    area.draw(&Rectangle::new([(0, floor), (width as i32, floor + px(1.0))], look.faint.filled()))?;
    for (i, bar) in bars.iter().enumerate() {
        let middle = (step * (i as f64 + 0.5)) as i32;
        let half = (step * 0.28).min(14.0 * look.px) as i32;
        if let Some(value) = bar.value.filter(|it| it.is_finite()) {
            let high = (f64::from(floor - head) * (value / top).clamp(0.0, 1.0)) as i32;
            let color = bar.color.unwrap_or(look.series[1]);
            if high > 0 {
                area.draw(&Rectangle::new([(middle - half, floor - high), (middle + half, floor)], color.filled()))?;
            }
            if bar.words.chars().count() <= n_chars(step * 1.8, LABEL) {
                let at = (middle, floor - high - px(6.0));
                area.draw(&look.words(bar.words.clone(), at, LABEL, look.ink, HPos::Center))?;
            }
        } else {
            area.draw(&look.words("—".to_owned(), (middle, floor - px(6.0)), LABEL, look.ink, HPos::Center))?;
        }
        let name = fitting(&bar.name, step / (LABEL * look.px));
        area.draw(&look.words(name.to_owned(), (middle, floor + foot / 2 + px(1.0)), LABEL, look.ink, HPos::Center))?;
    }
    area.present()
}

/// Bars below each other in the order given, names at the left, figures at the right; those without room are counted.
pub fn ranking<DB: DrawingBackend>(area: &Area<DB>, bars: &[Bar], look: Look<'_>) -> Drawn<DB> {
    let (width, height) = area.dim_in_pixel();
    let px = |nominal: f64| look.size(nominal) as i32;
    let (row, side, end) = (px(14.0), px(LABEL * 5.4).min(width as i32 / 3), px(LABEL * 4.6).min(width as i32 / 4));
    let n_fitting = (height as i32 / row).max(0) as usize;
    let room = width as i32 - side - end - px(8.0);
    if n_fitting == 0 || room < 8 || bars.is_empty() {
        return area.present();
    }
    let n_shown = if bars.len() > n_fitting { n_fitting - 1 } else { bars.len() };
    let n_rows = n_shown + usize::from(bars.len() > n_shown);
    let step = (f64::from(height) / n_rows as f64).min(f64::from(row) * 1.8);
    let top = bars.iter().filter_map(|it| it.value).filter(|it| it.is_finite()).fold(0f64, f64::max).max(1e-9);
    for (i, bar) in bars.iter().take(n_shown).enumerate() {
        let middle = (step * (i as f64 + 0.5)) as i32;
        let half = (step * 0.28).min(f64::from(px(6.0))) as i32;
        let name = fitting(&bar.name, f64::from(side) / (LABEL * look.px));
        area.draw(&look.words(name.to_owned(), (0, middle), LABEL, look.ink, HPos::Left))?;
        let from = side + px(4.0);
        area.draw(&Rectangle::new(
            [(from, middle - half), (from + room, middle + half)],
            look.faint.mix(0.35).filled(),
        ))?;
        let words = match bar.value.filter(|it| it.is_finite()) {
            Some(value) => {
                let long = (f64::from(room) * (value / top).clamp(0.0, 1.0)) as i32;
                let color = bar.color.unwrap_or(look.series[1]);
                if long > 0 {
                    area.draw(&Rectangle::new([(from, middle - half), (from + long, middle + half)], color.filled()))?;
                }
                bar.words.clone()
            }
            None => "—".to_owned(),
        };
        area.draw(&look.words(words, (width as i32 - 1, middle), LABEL, look.ink, HPos::Right))?;
    }
    if bars.len() > n_shown {
        let at = (0, (step * (n_shown as f64 + 0.5)) as i32);
        area.draw(&look.words(format!("+{}", bars.len() - n_shown), at, LABEL, look.ink, HPos::Left))?;
    }
    area.present()
}

#[cfg(all(test, feature = "svg"))]
mod tests {
    use super::*;
    use crate::to_svg;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn thinning_loses_no_peak_and_bridges_no_silence(
            steps in prop::collection::vec((1i64..1_200_000, -50f32..50.0), 1..2000),
            columns in 1usize..60,
        ) {
            let mut now = at(0);
            let mut points: Vec<(Timestamp, f32)> = Vec::new();
            for (step, value) in steps {
                now = now + step;
                points.push((now, value));
            }
            let runs = thinned(&points, columns);
            let n_runs = points.chunk_by(|a, b| b.0.since_ms(a.0) <= GAP_MS).count();
            prop_assert_eq!(runs.len(), n_runs, "each silence is still one, and there is no other");
            let kept: Vec<_> = runs.concat();
            let extreme = |all: &[(Timestamp, f32)]| all.iter().fold((f32::MAX, f32::MIN), |(a, b), it| (a.min(it.1), b.max(it.1)));
            prop_assert_eq!(extreme(&kept), extreme(&points));
            prop_assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
            prop_assert!(kept.windows(2).all(|it| it[0].0 < it[1].0));
            prop_assert!(kept.len() <= (4 * (columns + n_runs)).max(points.len().min(4 * columns + 4)));
        }
    }

    #[test]
    fn the_rest_of_a_long_ranking_is_counted() {
        let bar =
            |i: usize| Bar { name: format!("局{i}"), value: Some(i as f64), words: format!("{i} 件"), color: None };
        let bars: Vec<Bar> = (0..30).map(bar).collect();
        let svg = to_svg((300, 140), |area| ranking(area, &bars, Look::PAPER)).expect("an svg");
        assert!(svg.contains("局8") && !svg.contains("局9") && svg.contains("+21"), "{svg}");
        for size in [(1, 1), (9, 900), (900, 9)] {
            assert!(to_svg(size, |area| ranking(area, &bars, Look::PAPER)).is_ok());
        }
    }

    fn at(mins: i64) -> Timestamp {
        Timestamp(1_790_000_000_000).plus_mins(mins)
    }

    #[test]
    fn a_silence_is_a_gap_in_the_line() {
        let points: Vec<(Timestamp, f32)> = [0, 5, 10, 60, 65].iter().map(|it| (at(*it), 3.0 + *it as f32)).collect();
        let svg = to_svg((260, 60), |area| trend(area, &points, &[], Look::PAPER)).expect("an svg");
        // The zero line and one for each run.
        assert_eq!(svg.matches("<polyline").count(), 3, "{svg}");
        assert!(svg.contains(&at(0).hm()) && svg.contains(&at(65).hm()));
    }

    #[test]
    fn a_limit_far_beyond_does_not_press_the_line_flat() {
        let points = [(at(0), 3.0), (at(5), 4.0)];
        let lines = |limit: f64| {
            let svg = to_svg((260, 60), |area| trend(area, &points, &[(limit, Look::PAPER.warn)], Look::PAPER));
            svg.expect("an svg").matches("<polyline").count()
        };
        assert_eq!((lines(5.0), lines(500.0)), (3, 2));
    }

    #[test]
    fn nothing_and_what_is_missing_are_drawn_at_any_size() {
        let missing = Bar { name: "思明区".into(), value: None, words: String::new(), color: None };
        let some = Bar { value: Some(4.0), words: "4".into(), ..missing.clone() };
        for size in [(1, 1), (9, 900), (260, 60), (2000, 20)] {
            for all in [&[][..], &[missing.clone(), some.clone()]] {
                assert!(to_svg(size, |area| bars(area, all, Look::PAPER)).is_ok());
            }
            for all in [&[][..], &[(at(0), 1.0)], &[(at(0), f32::NAN), (at(5), -2.0)]] {
                assert!(to_svg(size, |area| trend(area, all, &[(0.0, Look::PAPER.alert)], Look::PAPER)).is_ok());
            }
        }
        let svg = to_svg((260, 60), |area| bars(area, &[missing, some], Look::PAPER)).expect("an svg");
        assert!(svg.contains('—') && svg.contains("思明区"));
    }
}
