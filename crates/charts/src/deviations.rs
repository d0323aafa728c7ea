//! 计划与实际: each measure a bar from the middle, to the left where it was early, to the right where it was late.

use super::{Area, Drawn, Look, responses::cut};
use gulang_city::{
    Timestamp,
    compare::{PlanRow, PlanRowKind},
    score::duration_zh,
};
use plotters::{prelude::*, style::text_anchor::HPos};

/// Nominal pixels: the head, a row, the note at the right.
const HEAD: f64 = 26.0;
const ROW: f64 = 38.0;
const NOTE: f64 = 92.0;
/// The bars' scale ends here however late something was, seconds; what is beyond is drawn to the edge.
const MOST_SECS: i64 = 6 * 3600;

/// Where the rows lie.
pub struct Deviations;

impl Deviations {
    /// How many rows there is room for.
    pub fn n_rows_in(height: f64, px: f64) -> usize {
        ((height / px - HEAD) / ROW).max(0.0) as usize
    }

    /// Backend pixels from the top that `n` rows need.
    pub fn height_of(n: usize, px: f64) -> f64 {
        (HEAD + ROW * n as f64) * px
    }
}

/// Draws the rows given from the top down.
pub fn deviations<DB: DrawingBackend>(area: &Area<DB>, rows: &[PlanRow], look: Look<'_>) -> Drawn<DB> {
    let width = area.dim_in_pixel().0 as i32;
    let px = |nominal: f64| look.size(nominal) as i32;
    let label_w = (f64::from(width) * 0.36) as i32;
    let (left, right) = (label_w, (width - px(NOTE)).max(label_w + 2));
    let middle = (left + right) / 2;
    let longest = rows.iter().map(|it| it.late_secs.abs()).max().unwrap_or(0).clamp(60, MOST_SECS);
    let x = |secs: i64| {
        let part = secs.clamp(-longest, longest) as f64 / longest as f64;
        middle + (f64::from(right - left) * 0.46 * part).round() as i32
    };
    let head = px(HEAD * 0.5);
    area.draw(&look.words("← 早".into(), (middle - px(24.0), head), 11.0, look.series[0], HPos::Right))?;
    area.draw(&look.words("计划".into(), (middle, head), 11.0, look.series[0], HPos::Center))?;
    area.draw(&look.words("晚 →".into(), (middle + px(24.0), head), 11.0, look.series[0], HPos::Left))?;
    let bottom = Deviations::height_of(rows.len(), look.px) as i32;
    let line = vec![(middle, px(HEAD)), (middle, bottom.max(px(HEAD) + 1))];
    area.draw(&PathElement::new(line, ShapeStyle::from(look.series[0]).stroke_width(look.size(1.0))))?;
    for (i, row) in rows.iter().enumerate() {
        let y = (Deviations::height_of(i, look.px) + ROW * 0.5 * look.px) as i32;
        let is_late = row.is_deviation();
        let n_chars = (f64::from(label_w) / look.px / 13.5).max(2.0) as usize;
        let title = match row.kind {
            PlanRowKind::Reference => format!("公开 {}", row.title),
            _ => row.title.clone(),
        };
        area.draw(&look.words(cut(&title, n_chars), (0, y - px(8.0)), 13.0, look.ink, HPos::Left))?;
        let times = format!("计划 {}  实际 {}", stamp(row.planned), stamp(row.actual));
        area.draw(&look.words(times, (0, y + px(9.0)), 11.0, look.series[0], HPos::Left))?;
        let color = match (is_late, row.kind) {
            (true, _) => look.warn,
            (false, PlanRowKind::Reference) => look.faint,
            (false, _) => look.series[0],
        };
        if row.actual.is_some() || row.kind == PlanRowKind::Open {
            let (a, b) = (x(row.late_secs.min(0)), x(row.late_secs.max(0)));
            let bar = [(a, y - px(7.0)), (b.max(a + 1), y + px(7.0))];
            // What is still open has no end yet: an outline.
            let style = match row.kind {
                PlanRowKind::Open => ShapeStyle::from(color).stroke_width(look.size(1.4)),
                _ => color.filled(),
            };
            area.draw(&Rectangle::new(bar, style))?;
        }
        area.draw(&look.words(note(row), (width, y), 13.0, if is_late { look.warn } else { look.ink }, HPos::Right))?;
    }
    area.present()
}

fn note(row: &PlanRow) -> String {
    match (row.kind, row.late_secs) {
        (PlanRowKind::NeverOrdered, _) => "未下达".into(),
        (PlanRowKind::Reference, _) if row.actual.is_none() => "没有对应".into(),
        (PlanRowKind::Open, late) if late > 0 => format!("未完 晚 {}", whole_minutes(late)),
        (PlanRowKind::Open, _) => "未到时限".into(),
        (_, late) if late.abs() < 60 => "准时".into(),
        (_, late) if late > 0 => format!("晚 {}", whole_minutes(late)),
        (_, late) => format!("早 {}", whole_minutes(-late)),
    }
}

fn whole_minutes(secs: i64) -> String {
    duration_zh(secs / 60 * 60)
}

fn stamp(at: Option<Timestamp>) -> String {
    at.map_or("—".into(), |it| it.beijing().strftime("%d日 %H:%M").to_string())
}
