//! Charts of reviews and of indicators, defined once over any plotters backend: a screen's painter (egui, wasm or native) or a report's SVG.
//!
//! A chart takes a drawing area and plain data, or a [`Review`], and draws itself whole. It must not know where it is drawn: no pixels of its
//! own but [`Look`], no fonts but a family's name, no colours but the tokens'. One y axis from zero, the reference always
//! drawn, direct labels (DESIGN.md §10).

mod calendar;
mod deviations;
mod figures;
mod flow;
mod gauge;
mod multiples;
mod responses;
mod stages;
mod timeline;

pub use calendar::calendar;
pub use deviations::{Deviations, deviations};
pub use figures::{Bar, bars, ranking, thinned, trend};
pub use flow::{Link, OTHERS, sankey};
pub use gauge::{Scale, gauge};
pub use multiples::{Small, multiples};
pub use responses::{Responses, responses};
pub use stages::{Stage, funnel};
pub use timeline::{Span, timeline};

use gulang_city::{
    Rung, Timestamp,
    review::{Mark, OrderStory, Review},
    score::duration_zh,
};
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

/// A point in the backend's pixels.
type BackendCoord = (i32, i32);

/// How large things are where it is drawn, and which font family it has.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// Backend pixels per nominal pixel.
    pub px: f64,
    pub font: &'a str,
    pub ink: RGBColor,
    pub faint: RGBColor,
    pub series: [RGBColor; 4],
    /// Beyond a first limit, and beyond a second.
    pub warn: RGBColor,
    pub alert: RGBColor,
}

impl Look<'static> {
    /// On white paper.
    pub const PAPER: Self = Self {
        px: 1.0,
        font: "Noto Sans SC",
        ink: RGBColor(0x22, 0x2b, 0x36),
        faint: RGBColor(0xb8, 0xc0, 0xca),
        series: [
            RGBColor(0x9a, 0xa6, 0xb4),
            RGBColor(0x3c, 0x7d, 0xd9),
            RGBColor(0x1f, 0xa3, 0x8f),
            RGBColor(0x2f, 0x6b, 0x35),
        ],
        warn: RGBColor(0xd8, 0x7a, 0x16),
        alert: RGBColor(0xc8, 0x3a, 0x2b),
    };
}

impl Look<'_> {
    fn size(&self, nominal: f64) -> u32 {
        (nominal * self.px).round().max(1.0) as u32
    }

    fn text(&self, nominal: f64, color: RGBColor) -> TextStyle<'_> {
        (self.font, nominal * self.px).into_font().color(&color)
    }

    /// One line, centred on its height at `at`.
    fn words(&self, text: String, at: BackendCoord, nominal: f64, color: RGBColor, h: HPos) -> Words<'_> {
        Text::new(text, at, self.text(nominal, color).pos(Pos::new(h, VPos::Center)))
    }
}

/// As many letters as so many ems hold: Chinese ones are an em wide, others about half.
pub(crate) fn fitting(name: &str, ems: f64) -> &str {
    let mut width = 0.0;
    let past = name.char_indices().find(|(_, it)| {
        width += if it.is_ascii() { 0.54 } else { 1.0 };
        width > ems
    });
    // One letter stands where there is no room at all.
    let first = name.chars().next().map_or(0, char::len_utf8);
    &name[..past.map_or(name.len(), |it| it.0.max(first))]
}

type Words<'a> = Text<'a, BackendCoord, String>;

/// A line over time: its name, colour and points.
type Series = (String, RGBColor, Vec<(Timestamp, f64)>);
/// Where a chart draws itself.
pub type Area<DB> = DrawingArea<DB, Shift>;
/// Whether the backend took it.
pub type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Orders on each rung over time: how the whole fan-out climbed.
pub fn climb<DB: DrawingBackend>(area: &Area<DB>, review: &Review, look: Look<'_>) -> Drawn<DB> {
    let marks = |of: &dyn Fn(&OrderStory) -> Option<Mark>| -> Vec<Timestamp> {
        let mut marks: Vec<Timestamp> = review.orders.iter().filter_map(|it| Some(of(it)?.at)).collect();
        marks.sort_unstable();
        marks
    };
    let lines = [
        ("下达", marks(&|it| Some(it.drafted))),
        ("送达", marks(&|it| it.reached(Rung::Delivered))),
        ("签收", marks(&|it| it.reached(Rung::Acknowledged))),
        ("完成", marks(&|it| it.ended_as(Rung::Done))),
    ];
    let top = lines.iter().map(|(_, it)| it.len()).max().unwrap_or(0).max(1) as f64 * 1.12;
    let steps = |marks: &[Timestamp]| {
        let mut points = vec![(review.from, 0.0)];
        for (i, at) in marks.iter().enumerate() {
            points.push((*at, i as f64));
            points.push((*at, i as f64 + 1.0));
        }
        points.push((review.to, marks.len() as f64));
        points
    };
    let series: Vec<Series> = lines
        .iter()
        .zip(look.series)
        .map(|((name, marks), color)| (format!("{name} {}", marks.len()), color, steps(marks)))
        .collect();
    over_time(area, review, look, top, &series)
}

/// People moved against people expected.
pub fn people<DB: DrawingBackend>(area: &Area<DB>, review: &Review, look: Look<'_>) -> Drawn<DB> {
    let line = |of: &dyn Fn(&gulang_city::review::MovedPoint) -> u64| {
        let mut points = vec![(review.from, 0.0)];
        for it in &review.moved {
            points.push((it.mark.at, points.last().map_or(0.0, |it: &(Timestamp, f64)| it.1)));
            points.push((it.mark.at, of(it) as f64));
        }
        points.push((review.to, points.last().map_or(0.0, |it| it.1)));
        points
    };
    let last = review.moved.last().copied();
    let top = review.moved.iter().map(|it| it.expected).max().unwrap_or(1).max(1) as f64 * 1.12;
    let series = [
        (format!("应转移 {}", last.map_or(0, |it| it.expected)), look.series[0], line(&|it| it.expected)),
        (format!("已转移 {}", last.map_or(0, |it| it.moved)), look.series[2], line(&|it| it.moved)),
    ];
    over_time(area, review, look, top, &series)
}

/// Each order's climb against its deadline, the latest first: draft to acknowledgement, on to the end, the deadline as a tick.
pub fn deadlines<DB: DrawingBackend>(area: &Area<DB>, review: &Review, look: Look<'_>, n_rows: usize) -> Drawn<DB> {
    // Seconds past the time to finish; what never came counts to the end of the review.
    let end =
        |it: &OrderStory| it.climbs.iter().find(|(rung, ..)| rung.is_end()).map_or(review.to, |(_, mark, _)| mark.at);
    let mut orders: Vec<&OrderStory> = review.orders.iter().collect();
    orders.sort_by_key(|it| (-end(it).since_ms(it.text.due_at), it.order));
    orders.truncate(n_rows);
    let longest =
        orders.iter().map(|it| end(it).max(it.text.due_at).since_ms(it.drafted.at)).max().unwrap_or(1).max(60_000);
    let (width, height) = area.dim_in_pixel();
    let label_width = i32::try_from(look.size(230.0)).unwrap_or(230);
    let note_width = i32::try_from(look.size(96.0)).unwrap_or(96);
    let row = (f64::from(height) / (orders.len().max(1) as f64)).min(20.0 * look.px);
    let x = |ms: i64| {
        label_width + (f64::from(width as i32 - label_width - note_width) * ms as f64 / longest as f64) as i32
    };
    for (i, order) in orders.iter().enumerate() {
        let middle = (row * (i as f64 + 0.5)) as i32;
        let half = (row * 0.28).max(1.0) as i32;
        let bar = |from: i64, to: i64, color: RGBColor| {
            Rectangle::new([(x(from), middle - half), (x(to).max(x(from) + 1), middle + half)], color.filled())
        };
        let since = |at: Timestamp| at.since_ms(order.drafted.at).max(0);
        let acked = order.reached(Rung::Acknowledged).map(|it| since(it.at));
        let ended = since(end(order));
        let is_late = order.is_late(review.to) || acked.is_none();
        area.draw(&bar(0, acked.unwrap_or(ended), look.series[0]))?;
        if let Some(acked) = acked {
            area.draw(&bar(acked, ended, if is_late { look.alert } else { look.series[2] }))?;
        }
        let due = x(since(order.text.due_at));
        let tick = vec![(due, middle - half - 2), (due, middle + half + 2)];
        area.draw(&PathElement::new(tick, ShapeStyle::from(look.ink).stroke_width(look.size(1.5))))?;
        let words = format!("#{} {} · {}", order.order, order.agency, order.text.title);
        let n_chars = 24;
        let words = if words.chars().count() > n_chars {
            words.chars().take(n_chars - 1).chain(['…']).collect()
        } else {
            words
        };
        let size = (row / look.px * 0.62).clamp(6.0, 10.0);
        area.draw(&Text::new(words, (0, middle - (size * look.px * 0.6) as i32), look.text(size, look.ink)))?;
        let note = match (acked, order.rung()) {
            (None, _) => "未签收".to_owned(),
            (Some(_), rung) if rung != Rung::Done => rung.name_zh().to_owned(),
            _ => duration_zh(ended / 1000),
        };
        let at = (width as i32 - note_width + 6, middle - (size * look.px * 0.6) as i32);
        area.draw(&Text::new(note, at, look.text(size, if is_late { look.alert } else { look.ink })))?;
    }
    area.present()
}

/// Lines over the review's time, each named at its right end; changes of level as marks along the bottom.
fn over_time<DB: DrawingBackend>(
    area: &Area<DB>,
    review: &Review,
    look: Look<'_>,
    top: f64,
    series: &[Series],
) -> Drawn<DB> {
    let hours = |at: Timestamp| at.since_ms(review.from) as f64 / 3_600_000.0;
    let last = hours(review.to).max(0.1);
    let mut chart = ChartBuilder::on(area)
        .margin(look.size(4.0))
        .margin_right(look.size(96.0))
        .margin_top(look.size(16.0))
        .x_label_area_size(look.size(22.0))
        .y_label_area_size(look.size(44.0))
        .build_cartesian_2d(0.0..last, 0.0..top)?;
    let from = review.from;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(look.faint.mix(0.0))
        .bold_line_style(look.faint.mix(0.6))
        .axis_style(look.faint)
        .x_labels(7)
        .y_labels(5)
        .x_label_formatter(&|it| (from + (it * 3_600_000.0) as i64).beijing().strftime("%m-%d %H:%M").to_string())
        .y_label_formatter(&|it| format!("{it:.0}"))
        .label_style(look.text(9.0, look.ink))
        .draw()?;
    for level in &review.levels {
        let at = hours(level.mark.at);
        let style = ShapeStyle::from(look.alert.mix(0.5)).stroke_width(look.size(1.0));
        chart.draw_series([PathElement::new(vec![(at, 0.0), (at, top)], style)])?;
        let words = level.to.map_or("平时", |it| it.roman());
        let (x, y) = chart.backend_coord(&(at, top));
        area.draw(&Text::new(words, (x + 2, y - look.size(13.0) as i32), look.text(9.0, look.alert)))?;
    }
    // Names at the right end, pushed apart where lines end together.
    let mut names: Vec<(i32, &str, RGBColor)> = Vec::new();
    for (name, color, points) in series {
        let style = ShapeStyle::from(*color).stroke_width(look.size(1.8));
        chart.draw_series(LineSeries::new(points.iter().map(|(at, y)| (hours(*at), *y)), style))?;
        if let Some((at, y)) = points.last() {
            names.push((chart.backend_coord(&(hours(*at), *y)).1, name, *color));
        }
    }
    names.sort_by_key(|it| it.0);
    let (right, apart) = (chart.backend_coord(&(last, 0.0)).0, look.size(12.0) as i32);
    let mut lowest = i32::MIN;
    for (y, name, color) in names {
        let y = (y - look.size(6.0) as i32).max(lowest.saturating_add(apart));
        lowest = y;
        area.draw(&Text::new(name.to_owned(), (right + 5, y), look.text(9.5, color)))?;
    }
    area.present()
}

/// In heights of the type: a Chinese character is as wide as high, others about half.
pub(crate) fn width_of(words: &str) -> f64 {
    words.chars().map(|it| if it.is_ascii() { 0.56 } else { 1.0 }).sum()
}

/// As much of a name as fits into so many heights of the type.
pub(crate) fn named(name: &str, most: f64) -> String {
    if width_of(name) <= most {
        return name.to_owned();
    }
    let mut kept = String::new();
    for char in name.chars() {
        kept.push(char);
        if width_of(&kept) + 1.0 > most {
            kept.pop();
            return kept + "…";
        }
    }
    kept
}

/// The same of a name with a number after its last space; the number always stays.
pub(crate) fn named_with_number(words: &str, most: f64) -> String {
    if width_of(words) <= most {
        return words.to_owned();
    }
    let (name, n) = words.rsplit_once(' ').unwrap_or((words, ""));
    format!("{} {n}", named(name, most - width_of(n) - 0.6))
}

/// A drawing as SVG text.
#[cfg(feature = "svg")]
pub fn to_svg(
    size: (u32, u32),
    draw: impl FnOnce(&Area<SVGBackend<'_>>) -> Result<(), DrawingAreaErrorKind<std::io::Error>>,
) -> Result<String, String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        draw(&area).map_err(|why| why.to_string())?;
        area.present().map_err(|why| why.to_string())?;
    }
    Ok(svg)
}

#[cfg(all(test, feature = "svg"))]
mod tests {
    use super::*;
    use gulang_city::{
        OrderId,
        compare::{AgencyAnswers, Answer, AnswerLimits, PlanRow, PlanRowKind},
    };

    const LIMITS: AnswerLimits = AnswerLimits { call_secs: 300, escalate_secs: 600 };

    fn answer(order: u64, secs: i64, is_acknowledged: bool) -> Answer {
        let title = "停课".to_owned();
        Answer { order: OrderId(order), title, secs, is_acknowledged, n_overdue: 0, n_escalations: 0, records: vec![1] }
    }

    #[test]
    fn nothing_to_draw_is_drawn_at_any_size() {
        for size in [(1, 1), (40, 900), (2000, 30)] {
            let drawn = to_svg(size, |area| responses(area, &[], LIMITS, Look::PAPER));
            assert!(drawn.is_ok(), "{drawn:?}");
            let drawn = to_svg(size, |area| deviations(area, &[], Look::PAPER));
            assert!(drawn.is_ok(), "{drawn:?}");
        }
    }

    #[test]
    fn every_order_is_a_dot_where_the_screen_looks_for_it() {
        let answers = vec![answer(1, 60, true), answer(2, 400, true), answer(3, 900, false)];
        let rows = [AgencyAnswers { name: "教育局".into(), answers, median_secs: Some(60) }];
        let size = (600, 120);
        let svg = to_svg(size, |area| responses(area, &rows, LIMITS, Look::PAPER)).expect("an svg");
        assert_eq!(svg.matches("<circle").count(), 3);
        for words in ["5分 转叫应", "10分 升级", "1 条未签收"] {
            assert!(svg.contains(words), "{words}");
        }
        let geometry = Responses::new(size, &rows, LIMITS, Look::PAPER);
        for answer in &rows[0].answers {
            let (x, y) = geometry.dot(0, answer);
            assert!(svg.contains(&format!("cx=\"{x}\" cy=\"{y}\"")), "{x}, {y}");
        }
    }

    #[test]
    fn late_and_early_are_said_beside_their_bars() {
        let planned = Some(Timestamp::from_secs(1_690_430_400));
        let row = |title: &str, late_secs: i64| PlanRow {
            title: title.into(),
            kind: PlanRowKind::Done,
            planned,
            actual: planned.map(|it| it.plus_secs(late_secs)),
            late_secs,
            orders: vec![OrderId(1)],
            records: vec![1],
        };
        let rows = [row("停工", 26 * 60), row("停课", -8 * 60), row("停运", 10)];
        let svg = to_svg((480, 160), |area| deviations(area, &rows, Look::PAPER)).expect("an svg");
        for words in ["晚 26 分", "早 8 分", "准时"] {
            assert!(svg.contains(words), "{words}");
        }
    }
}
