//! 指令响应: every order is a dot at the time it took to be acknowledged, one line an agency, the median a tick, the limits
//! named.

use super::{Area, Drawn, Look};
use gulang_city::{
    compare::{AgencyAnswers, Answer, AnswerLimits},
    score::duration_zh,
};
use plotters::{prelude::*, style::text_anchor::HPos};

/// Seconds between the ticks of the scale are one of these.
const TICKS: [i64; 8] = [60, 120, 300, 600, 900, 1800, 3600, 7200];
/// Nominal pixels: the head with the scale, a line at most and at least, the names, the medians.
const HEAD: f64 = 28.0;
const ROW: (f64, f64) = (18.0, 36.0);
const NAME: f64 = 92.0;
const MEDIAN: f64 = 78.0;
const DOT: f64 = 4.5;

/// Where things lie, in backend pixels from the area's corner: the screen asks which dot is under the pointer.
pub struct Responses<'a> {
    limits: AnswerLimits,
    look: Look<'a>,
    left: f64,
    right: f64,
    head: f64,
    row: f64,
    most_secs: i64,
}

impl<'a> Responses<'a> {
    pub fn new(size: (u32, u32), rows: &[AgencyAnswers], limits: AnswerLimits, look: Look<'a>) -> Self {
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        let head = HEAD * look.px;
        let room = (height - head).max(0.0) / rows.len().max(1) as f64;
        let longest = rows.iter().flat_map(|it| &it.answers).map(|it| it.secs).max().unwrap_or(0);
        Self {
            limits,
            look,
            left: (NAME * look.px).min(width * 0.3),
            right: (width - MEDIAN * look.px).max(width * 0.4),
            head,
            row: room.clamp(ROW.0 * look.px, ROW.1 * look.px),
            // One that never came must not press all the others together: it stands at the edge.
            most_secs: longest.min(limits.escalate_secs * 3).max(limits.escalate_secs * 3 / 2).max(60),
        }
    }

    /// How many lines there is room for.
    pub fn n_rows_in(height: f64, px: f64) -> usize {
        ((height / px - HEAD) / ROW.0).max(0.0) as usize
    }

    /// The middle of a dot.
    pub fn dot(&self, i_row: usize, answer: &Answer) -> (i32, i32) {
        (self.x(answer.secs), self.middle(i_row))
    }

    fn x(&self, secs: i64) -> i32 {
        let part = secs.clamp(0, self.most_secs) as f64 / self.most_secs as f64;
        (self.left + (self.right - self.left) * part).round() as i32
    }

    fn middle(&self, i_row: usize) -> i32 {
        (self.head + self.row * (i_row as f64 + 0.5)).round() as i32
    }

    fn color(&self, secs: i64, is_acknowledged: bool) -> RGBColor {
        if !is_acknowledged || secs > self.limits.escalate_secs {
            self.look.alert
        } else if secs > self.limits.call_secs {
            self.look.warn
        } else {
            self.look.series[1]
        }
    }
}

/// Draws the strip plot. An order that was never acknowledged is an open dot at the time it waited.
pub fn responses<DB: DrawingBackend>(
    area: &Area<DB>,
    rows: &[AgencyAnswers],
    limits: AnswerLimits,
    look: Look<'_>,
) -> Drawn<DB> {
    let plot = Responses::new(area.dim_in_pixel(), rows, limits, look);
    let width = area.dim_in_pixel().0 as i32;
    let px = |nominal: f64| look.size(nominal) as i32;
    let (top, bottom) = (plot.head as i32, plot.middle(rows.len()) - (plot.row * 0.5) as i32);
    let scale = px(HEAD * 0.5);
    area.draw(&look.words("签收用时".into(), (0, scale), 11.0, look.series[0], HPos::Left))?;
    area.draw(&look.words("中位".into(), (width, scale), 11.0, look.series[0], HPos::Right))?;
    let step = TICKS.into_iter().find(|it| plot.most_secs / it <= 4).unwrap_or(plot.most_secs.max(1));
    let near = |secs: i64| {
        let apart = |limit: i64| (plot.x(secs) - plot.x(limit)).abs() < px(44.0);
        apart(limits.call_secs) || apart(limits.escalate_secs)
    };
    let ticks = (0..).map(|i| i * step).take_while(|it| *it <= plot.most_secs);
    for secs in ticks.filter(|it| *it == 0 || !near(*it)) {
        area.draw(&look.words(minutes(secs), (plot.x(secs), scale), 11.0, look.series[0], HPos::Center))?;
        let line = vec![(plot.x(secs), top), (plot.x(secs), bottom)];
        area.draw(&PathElement::new(line, ShapeStyle::from(look.faint).stroke_width(look.size(1.0))))?;
    }
    for (secs, name) in [(limits.call_secs, "转叫应"), (limits.escalate_secs, "升级")] {
        let x = plot.x(secs);
        area.draw(&look.words(format!("{} {name}", minutes(secs)), (x, scale), 11.0, look.ink, HPos::Center))?;
        for y in (top..bottom).step_by(px(6.0).max(1) as usize) {
            let dash = vec![(x, y), (x, (y + px(3.0)).min(bottom))];
            area.draw(&PathElement::new(dash, ShapeStyle::from(look.series[0]).stroke_width(look.size(1.0))))?;
        }
    }
    for (i, row) in rows.iter().enumerate() {
        let y = plot.middle(i);
        let line = vec![(plot.left as i32, y + (plot.row * 0.5) as i32), (width, y + (plot.row * 0.5) as i32)];
        area.draw(&PathElement::new(line, ShapeStyle::from(look.faint.mix(0.4)).stroke_width(1)))?;
        let size = (plot.row / look.px * 0.66).clamp(11.0, 13.0);
        let n_chars = ((plot.left / look.px - 4.0) / size).max(1.0) as usize;
        area.draw(&look.words(cut(&row.name, n_chars), (0, y), size, look.ink, HPos::Left))?;
        let radius = look.size(DOT.min(plot.row / look.px * 0.34));
        for answer in &row.answers {
            let color = plot.color(answer.secs, answer.is_acknowledged);
            let style = match answer.is_acknowledged {
                true => color.mix(0.85).filled(),
                false => ShapeStyle::from(color).stroke_width(look.size(1.4)),
            };
            area.draw(&Circle::new(plot.dot(i, answer), radius, style))?;
        }
        if let Some(median) = row.median_secs {
            let half = (plot.row * 0.3) as i32;
            let tick = vec![(plot.x(median), y - half), (plot.x(median), y + half)];
            area.draw(&PathElement::new(tick, ShapeStyle::from(look.ink).stroke_width(look.size(2.0))))?;
        }
        let n_silent = row.answers.iter().filter(|it| !it.is_acknowledged).count();
        let (note, ink) = match (n_silent, row.median_secs) {
            (0, Some(median)) => (duration_zh(median), look.ink),
            (0, None) => ("—".into(), look.ink),
            (n, _) => (format!("{n} 条未签收"), look.alert),
        };
        area.draw(&look.words(note, (width, y), size, ink, HPos::Right))?;
    }
    area.present()
}

fn minutes(secs: i64) -> String {
    match secs {
        0 => "0".into(),
        secs if secs % 60 == 0 => format!("{}分", secs / 60),
        secs => format!("{secs}秒"),
    }
}

/// At most so many characters, the last of them … where some are missing.
pub(super) fn cut(text: &str, n_chars: usize) -> String {
    if text.chars().count() <= n_chars {
        return text.to_owned();
    }
    text.chars().take(n_chars.saturating_sub(1)).chain(['…']).collect()
}
