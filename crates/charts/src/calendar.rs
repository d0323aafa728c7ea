//! 日历热图: hours as cells, days as rows, the darker the more.

use super::{Area, Drawn, Look};
use gulang_city::Timestamp;
use plotters::{prelude::*, style::text_anchor::HPos};
use std::collections::BTreeMap;

const LABEL: f64 = 9.5;
const HOUR_MS: i64 = 3_600_000;
/// Beijing is so far ahead of UTC.
const BEIJING_MS: i64 = 8 * HOUR_MS;
const HOURS: i64 = 24;

/// Rows are days of Beijing, the last one below; columns are the hours 0–23. An hour nobody counted is hollow.
pub fn calendar<DB: DrawingBackend>(area: &Area<DB>, hours: &[(Timestamp, f64)], look: Look<'_>) -> Drawn<DB> {
    let (width, height) = area.dim_in_pixel();
    let mut days: BTreeMap<i64, [Option<f64>; HOURS as usize]> = BTreeMap::new();
    for (at, value) in hours.iter().filter(|it| it.1.is_finite()) {
        let hour = (at.0 + BEIJING_MS).div_euclid(HOUR_MS);
        let row = days.entry(hour.div_euclid(HOURS)).or_default();
        if let Some(cell) = row.get_mut(hour.rem_euclid(HOURS) as usize) {
            *cell = Some(*value);
        }
    }
    let (Some(first), Some(last)) = (days.keys().next().copied(), days.keys().next_back().copied()) else {
        return area.present();
    };
    let all = || days.values().flatten().flatten().copied();
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), it| (a.min(it), b.max(it)));
    let px = |nominal: f64| look.size(nominal) as i32;
    let (side, foot) = (px(LABEL * 3.6), px(13.0));
    // A day nobody counted is a row all the same, up to what fits.
    let n_fitting = ((height as i32 - foot) / px(5.0)).max(1) as i64;
    let first = first.max(last - n_fitting + 1);
    let n_days = last - first + 1;
    let (wide, tall) = (f64::from(width as i32 - side) / HOURS as f64, f64::from(height as i32 - foot) / n_days as f64);
    if wide < 2.0 || tall < 2.0 {
        return area.present();
    }
    let ramp = |value: f64| if high > low { 0.15 + 0.85 * (value - low) / (high - low) } else { 0.6 };
    for day in first..=last {
        let (top, row) = (((day - first) as f64 * tall) as i32, days.get(&day));
        for hour in 0..HOURS {
            let left = side + (hour as f64 * wide) as i32;
            let cell = [(left, top), (left + (wide as i32 - 1).max(1), top + (tall as i32 - 1).max(1))];
            match row.and_then(|it| it.get(hour as usize).copied().flatten()) {
                Some(value) => area.draw(&Rectangle::new(cell, look.series[1].mix(ramp(value)).filled()))?,
                None => area.draw(&Rectangle::new(cell, look.faint.mix(0.5)))?,
            }
        }
        let is_said = tall >= f64::from(px(LABEL)) || (last - day) % 7 == 0;
        if is_said {
            let name = Timestamp(day * HOURS * HOUR_MS - BEIJING_MS).beijing().strftime("%m-%d").to_string();
            let at = (side - px(4.0), top + (tall * 0.5) as i32);
            area.draw(&look.words(name, at, LABEL, look.ink, HPos::Right))?;
        }
    }
    let middle = height as i32 - foot / 2 + px(1.0);
    for hour in [0, 6, 12, 18] {
        let at = (side + (hour as f64 * wide) as i32, middle);
        area.draw(&look.words(format!("{hour}时"), at, LABEL, look.ink, HPos::Left))?;
    }
    let reach = format!("{}–{}", gulang_city::indicators::number_text(low), gulang_city::indicators::number_text(high));
    area.draw(&look.words(reach, (width as i32 - px(2.0), middle), LABEL, look.ink, HPos::Right))?;
    area.present()
}

#[cfg(all(test, feature = "svg"))]
mod tests {
    use super::*;
    use crate::to_svg;

    #[test]
    fn an_hour_nobody_counted_is_hollow_and_days_are_beijing_s() {
        // 2026-09-21 00:00 and 02:00 in Beijing.
        let midnight = Timestamp(1_789_920_000_000);
        let hours = [(midnight, 3.0), (midnight.plus_mins(120), 9.0), (midnight.plus_mins(60), f64::NAN)];
        let svg = to_svg((300, 60), |area| calendar(area, &hours, Look::PAPER)).expect("an svg");
        assert!(svg.contains("09-21") && svg.contains("3–9"), "{svg}");
        let n_hollow = svg.matches("fill=\"none\"").count();
        assert_eq!((svg.matches("<rect").count(), n_hollow), (24, 22), "{svg}");
    }

    #[test]
    fn any_hours_are_drawn_at_any_size() {
        let far = [(Timestamp(0), 1.0), (Timestamp(1_790_000_000_000), f64::MAX), (Timestamp(1), -f64::MAX)];
        for size in [(1, 1), (40, 900), (900, 20), (300, 100)] {
            for hours in [&[][..], &far[..1], &far] {
                assert!(to_svg(size, |area| calendar(area, hours, Look::PAPER)).is_ok());
            }
        }
    }
}
