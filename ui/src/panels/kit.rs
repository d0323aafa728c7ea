//! What every panel is drawn with: text, lines, symbols, the panel frame, one function for freshness, one for the realm.
//!
//! Panels are painted at exact places, after the mockups, and hit areas are laid over them: the same code then serves a
//! desk and a wall, which differ only in the length of a pixel ([`Kit::s`]).

use super::{Model, UiCommand};
use crate::i18n::{Lang, Tr, tr};
use crate::theme::*;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align2, Color32, FontId, Id, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
    WidgetType, pos2, vec2,
};
use gulang_city::{Budget, Feed, Freshness, Realm, Timestamp, WarningColor};
use gulang_wire::ClockKind;

pub(super) struct Kit<'a> {
    pub ui: &'a Ui,
    pub m: &'a Model<'a>,
    /// Screen pixels per design pixel.
    pub s: f32,
    pub out: Vec<UiCommand>,
    /// The pictures drawn, each with its width in px of the screen: what is wanted of the hub.
    pub wanted: Vec<(Feed, f32)>,
}

impl<'a> Kit<'a> {
    pub fn new(ui: &'a Ui, m: &'a Model<'a>, s: f32) -> Self {
        Self { ui, m, s, out: Vec::new(), wanted: Vec::new() }
    }

    pub fn t(&self, text: Tr) -> &'static str {
        self.m.lang.t(text)
    }

    pub fn now(&self) -> Timestamp {
        self.m.clock.now
    }

    pub fn painter(&self) -> &Painter {
        self.ui.painter()
    }

    pub fn is_exercise(&self) -> bool {
        self.m.realm == Realm::Exercise
    }

    // ---- text

    /// One line, cut with … at `max_w`; `align` places the box it fills at `at`. The box is returned.
    pub fn fit(&self, at: Pos2, align: Align2, size: f32, color: Color32, text: &str, max_w: f32) -> Rect {
        self.line(at, align, size, color, text, max_w, false)
    }

    /// One line, never cut.
    pub fn text(&self, at: Pos2, align: Align2, size: f32, color: Color32, text: &str) -> Rect {
        self.line(at, align, size, color, text, f32::INFINITY, false)
    }

    /// One line in medium weight. The font has one weight: the second is struck twice, a third of a pixel apart.
    pub fn bold(&self, at: Pos2, align: Align2, size: f32, color: Color32, text: &str) -> Rect {
        self.line(at, align, size, color, text, f32::INFINITY, true)
    }

    pub fn bold_fit(&self, at: Pos2, align: Align2, size: f32, color: Color32, text: &str, max_w: f32) -> Rect {
        self.line(at, align, size, color, text, max_w, true)
    }

    #[expect(clippy::too_many_arguments, reason = "the four short forms above are what panels call")]
    fn line(&self, at: Pos2, align: Align2, size: f32, color: Color32, text: &str, max_w: f32, bold: bool) -> Rect {
        if max_w <= 0.0 {
            return Rect::from_min_size(at, Vec2::ZERO);
        }
        let mut job = LayoutJob::single_section(
            text.to_owned(),
            TextFormat { font_id: FontId::proportional(size * self.s), color, ..Default::default() },
        );
        job.wrap =
            TextWrapping { max_width: max_w, max_rows: 1, break_anywhere: true, overflow_character: Some('…') };
        let galley = self.painter().layout_job(job);
        let rect = align.anchor_size(at, galley.size());
        if bold {
            self.painter().galley(rect.min + vec2(0.35 * self.s, 0.0), galley.clone(), color);
        }
        self.painter().galley(rect.min, galley, color);
        rect
    }

    /// Wrapped lines from the top left; the height used is returned.
    pub fn wrap(&self, rect: Rect, size: f32, color: Color32, text: &str) -> f32 {
        let mut job = LayoutJob::single_section(
            text.to_owned(),
            TextFormat {
                font_id: FontId::proportional(size * self.s),
                color,
                line_height: Some(size * self.s * 1.5),
                ..Default::default()
            },
        );
        let max_rows = ((rect.height() / (size * self.s * 1.5)).floor() as usize).max(1);
        job.wrap =
            // Chinese breaks anywhere; a word of another language does not.
            TextWrapping {
                max_width: rect.width(),
                max_rows,
                break_anywhere: self.m.lang == Lang::Zh,
                overflow_character: Some('…'),
            };
        let galley = self.painter().layout_job(job);
        let height = galley.size().y;
        self.painter().galley(rect.min, galley, color);
        height
    }

    pub fn width(&self, size: f32, text: &str) -> f32 {
        let font = FontId::proportional(size * self.s);
        self.painter().layout_no_wrap(text.to_owned(), font, Color32::WHITE).size().x
    }

    // ---- boxes and lines

    pub fn fill(&self, rect: Rect, radius: f32, color: Color32) {
        self.painter().rect_filled(rect, radius * self.s, color);
    }

    pub fn outline(&self, rect: Rect, radius: f32, width: f32, color: Color32) {
        self.painter().rect_stroke(
            rect,
            radius * self.s,
            Stroke::new((width * self.s).max(1.0), color),
            StrokeKind::Inside,
        );
    }

    pub fn hline(&self, left: f32, right: f32, y: f32, color: Color32) {
        self.painter().hline(left..=right, y, Stroke::new(self.s.max(1.0), color));
    }

    /// A small outlined or filled word; its box is returned. `at` is its left centre.
    pub fn chip(&self, at: Pos2, size: f32, text: &str, fill: Option<Color32>, line: Color32, ink: Color32) -> Rect {
        let width = self.width(size, text) + 12.0 * self.s;
        let rect = Rect::from_min_size(at - vec2(0.0, size * 0.75 * self.s), vec2(width, size * 1.5 * self.s));
        if let Some(fill) = fill {
            self.fill(rect, 3.0, fill);
        }
        self.outline(rect, 3.0, 1.0, line);
        self.text(rect.center(), Align2::CENTER_CENTER, size, ink, text);
        rect
    }

    /// A keyboard hint in a box; `at` is its left centre.
    pub fn key(&self, at: Pos2, text: &str) -> Rect {
        self.chip(at, 12.0, text, None, STRONG, TERTIARY)
    }

    /// A bar of `part` (0–1) of its trough.
    pub fn bar(&self, rect: Rect, part: f32, color: Color32) {
        self.fill(rect, 0.0, SELECTED);
        let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 };
        self.fill(Rect::from_min_size(rect.min, vec2(rect.width() * part, rect.height())), 0.0, color);
    }

    // ---- hit areas

    /// A hit area that screen readers and tests can name. Focus is an ice outline.
    pub fn hit(&self, rect: Rect, id: impl std::hash::Hash + std::fmt::Debug, label: &str) -> Response {
        let clipped = rect.intersect(self.ui.clip_rect());
        let response = self.ui.interact(clipped, self.ui.id().with(id), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, label));
        if response.has_focus() {
            self.outline(rect, 3.0, 1.5, ACCENT);
        }
        response
    }

    /// A labelled button; `strong` is the one the eye should find.
    pub fn button(
        &self,
        rect: Rect,
        id: impl std::hash::Hash + std::fmt::Debug,
        size: f32,
        label: &str,
        strong: bool,
    ) -> bool {
        let response = self.hit(rect, id, label);
        let fill = if response.hovered() { SELECTED } else { RAISED };
        self.fill(rect, 4.0, if strong { APP } else { fill });
        self.outline(rect, 4.0, if strong { 2.0 } else { 1.0 }, if strong { PRIMARY } else { STRONG });
        self.fit_center(rect, size, PRIMARY, label, strong);
        response.clicked()
    }

    pub fn fit_center(&self, rect: Rect, size: f32, color: Color32, text: &str, bold: bool) {
        let width = rect.width() - 8.0 * self.s;
        self.line(rect.center(), Align2::CENTER_CENTER, size, color, text, width, bold);
    }

    // ---- the panel

    /// The frame and header of a panel; the body is returned. In an exercise every header carries the violet chip.
    pub fn panel(&self, rect: Rect, title: &str, sub: &str) -> Rect {
        self.panel_sized(rect, title, sub, 32.0, 14.0, 12.0)
    }

    /// [`Kit::panel`] with a header of another height and type sizes.
    pub fn panel_sized(&self, rect: Rect, title: &str, sub: &str, header: f32, size: f32, sub_size: f32) -> Rect {
        let s = self.s;
        self.fill(rect, 4.0, PANEL);
        realm_mark(self, RealmMark::PanelLine(rect));
        let y = rect.top() + header * 0.5 * s;
        let pad = (size * 0.8).max(12.0) * s;
        let mut x = rect.left() + pad;
        x += realm_mark(self, RealmMark::Chip(pos2(x, y), sub_size));
        let right = rect.right() - 110.0 * s * size / 14.0;
        let at = self.bold_fit(pos2(x, y), Align2::LEFT_CENTER, size, PRIMARY, title, right - x);
        let x = at.right() + pad * 0.8;
        self.fit(pos2(x, y + s), Align2::LEFT_CENTER, sub_size, TERTIARY, sub, right - x);
        let line = rect.top() + header * s;
        self.hline(rect.left(), rect.right(), line, HAIR);
        Rect::from_min_max(pos2(rect.left(), line), rect.max)
    }

    /// Text at the right end of a panel's header.
    pub fn header_right(&self, rect: Rect, header: f32, size: f32, color: Color32, text: &str) -> Rect {
        let at = pos2(rect.right() - size.max(12.0) * self.s, rect.top() + header * 0.5 * self.s);
        self.text(at, Align2::RIGHT_CENTER, size, color, text)
    }

    /// Source freshness at the right end of a panel's header.
    pub fn header_fresh(&self, rect: Rect, header: f32, size: f32, budget: Budget, as_of: Timestamp) {
        let at = pos2(rect.right() - size.max(12.0) * self.s, rect.top() + header * 0.5 * self.s);
        freshness_mark(self, at, size, budget, as_of);
    }

    // ---- symbols

    /// The mark of a level: colour, shape and character together. Filled with a halo: nobody has acknowledged it.
    pub fn level(&self, center: Pos2, diameter: f32, color: WarningColor, acknowledged: bool) {
        let r = diameter * self.s * 0.5;
        let points = level_outline(center, r, color);
        let line = level_line(color);
        let (fill, ink) = if acknowledged { (PANEL, line) } else { (level_fill(color), level_on_fill(color)) };
        self.painter().add(Shape::convex_polygon(points, fill, Stroke::new(1.4 * self.s, line)));
        let drop = if color == WarningColor::Yellow { r * 0.28 } else { 0.0 };
        let size = diameter * if color == WarningColor::Yellow { 0.42 } else { 0.52 };
        self.text(center + vec2(0.0, drop), Align2::CENTER_CENTER, size, ink, color.glyph());
    }

    /// A team: a square with what it can do.
    pub fn team(&self, center: Pos2, side: f32, glyph: &str, color: Color32) {
        let rect = Rect::from_center_size(center, Vec2::splat(side * self.s));
        self.fill(rect, 2.0, SYMBOL_FILL);
        self.outline(rect, 2.0, 1.5, color);
        self.text(center, Align2::CENTER_CENTER, side * 0.62, color, glyph);
    }

    /// The source lamp: filled dot, half ring, cross.
    pub fn lamp(&self, center: Pos2, r: f32, freshness: Freshness) {
        let r = r * self.s;
        let p = self.painter();
        match freshness {
            Freshness::Fresh => {
                p.circle_filled(center, r, OK);
            }
            Freshness::Stale { .. } => {
                p.circle_stroke(center, r, Stroke::new(1.2 * self.s, STALE));
                let half = (0..=12).map(|i| {
                    let angle = std::f32::consts::FRAC_PI_2 + std::f32::consts::PI * i as f32 / 12.0;
                    center + vec2(angle.cos(), angle.sin()) * r
                });
                p.add(Shape::convex_polygon(half.collect(), STALE, Stroke::NONE));
            }
            Freshness::Lost { .. } | Freshness::NeverHeard => {
                let stroke = Stroke::new(1.4 * self.s, OFFLINE);
                p.line_segment([center + vec2(-r, -r), center + vec2(r, r)], stroke);
                p.line_segment([center + vec2(-r, r), center + vec2(r, -r)], stroke);
            }
        }
    }
}

/// The corners of a level's shape: circle, triangle, diamond, octagon.
pub fn level_outline(center: Pos2, r: f32, color: WarningColor) -> Vec<Pos2> {
    let ring = |n: usize, from: f32, r: f32| -> Vec<Pos2> {
        (0..n)
            .map(|i| from + std::f32::consts::TAU * i as f32 / n as f32)
            .map(|angle| center + vec2(angle.cos(), angle.sin()) * r)
            .collect()
    };
    match color {
        WarningColor::Blue => ring(28, 0.0, r * 0.92),
        WarningColor::Yellow => {
            vec![center + vec2(0.0, -r), center + vec2(r * 1.02, r * 0.8), center + vec2(-r * 1.02, r * 0.8)]
        }
        WarningColor::Orange => ring(4, 0.0, r * 1.05),
        WarningColor::Red => ring(8, std::f32::consts::PI / 8.0, r),
    }
}

// ---------------------------------------------------------------- freshness

/// How fresh a value is on this screen: the one place that asks. A scaled clock runs its budgets as fast as itself, since
/// pictures and polls keep their real pace.
pub fn fresh(model: &Model<'_>, budget: Budget, as_of: Timestamp) -> Freshness {
    let speed = match model.clock.kind {
        ClockKind::Live => 1.0,
        ClockKind::Exercise { speed, .. } | ClockKind::Replay { speed, .. } => f64::from(speed).max(1.0),
    };
    let now = model.clock.now;
    if as_of.0 == 0 {
        return Freshness::NeverHeard;
    }
    let age = now.since_ms(as_of).max(0) as f64 / speed;
    gulang_city::freshness(budget, Timestamp(now.0 - age as i64), now)
}

/// What a value shows at its freshness: itself, itself in grey, or “—”.
pub fn fresh_value(freshness: Freshness, value: String, color: Color32) -> (String, Color32) {
    match freshness {
        Freshness::Fresh => (value, color),
        Freshness::Stale { .. } => (value, TERTIARY),
        Freshness::Lost { .. } | Freshness::NeverHeard => ("—".into(), QUIET),
    }
}

/// Lamp and age, right-aligned at `at`: the only way a panel says how old it is. In an exercise the word 仿真 stands in
/// place of the age of what is fresh; in a review the time does, whatever the age. The left edge is returned.
pub fn freshness_mark(k: &Kit<'_>, at: Pos2, size: f32, budget: Budget, as_of: Timestamp) -> f32 {
    let freshness = fresh(k.m, budget, as_of);
    let elapsed = |secs: i64| match k.m.is_replay() {
        true => k.m.lang.day_time(as_of, k.now()),
        false => k.m.lang.elapsed(secs),
    };
    let (text, color) = match freshness {
        Freshness::Fresh if k.m.is_replay() => (elapsed(0), TERTIARY),
        Freshness::Fresh if k.is_exercise() => (k.t(tr::SIMULATED).to_owned(), TERTIARY),
        Freshness::Fresh => (elapsed(k.now().since_ms(as_of) / 1000), TERTIARY),
        Freshness::Stale { age_secs } => (elapsed(age_secs), STALE),
        Freshness::Lost { age_secs } => (elapsed(age_secs), OFFLINE),
        Freshness::NeverHeard => ("—".to_owned(), OFFLINE),
    };
    let text = k.text(at, Align2::RIGHT_CENTER, size, color, &text);
    let lamp = pos2(text.left() - size * 0.65 * k.s, at.y);
    k.lamp(lamp, size * 0.28, freshness);
    lamp.x - size * 0.4 * k.s
}

// ---------------------------------------------------------------- realm

/// Where a realm is marked.
pub enum RealmMark {
    /// The window's edge and banner; nothing in the actual realm.
    Window(Rect),
    /// The line around a panel.
    PanelLine(Rect),
    /// The violet chip in a header, at its left centre and type size.
    Chip(Pos2, f32),
    /// Over a map.
    Watermark(Rect),
}

/// Marks the realm: the only function that does. The width used is returned (for [`RealmMark::Window`], the edge's).
pub fn realm_mark(k: &Kit<'_>, mark: RealmMark) -> f32 {
    let exercise = k.is_exercise();
    match mark {
        RealmMark::PanelLine(rect) => {
            k.outline(rect, 4.0, 1.0, if exercise { EXERCISE_PANEL_LINE } else { HAIR });
            0.0
        }
        RealmMark::Chip(at, size) if exercise => {
            let text = k.t(tr::EXERCISE);
            let rect = k.chip(at, size, text, Some(EXERCISE_LINE), EXERCISE_LINE, EXERCISE_CHIP_TEXT);
            rect.width() + size * 0.7 * k.s
        }
        RealmMark::Window(rect) if exercise => {
            let edge = EDGE * k.s;
            hatch(k.painter(), Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + edge)), k.s);
            hatch(k.painter(), Rect::from_min_max(pos2(rect.left(), rect.bottom() - edge), rect.max), k.s);
            hatch(k.painter(), Rect::from_min_max(rect.min, pos2(rect.left() + edge, rect.bottom())), k.s);
            hatch(k.painter(), Rect::from_min_max(pos2(rect.right() - edge, rect.top()), rect.max), k.s);
            edge
        }
        RealmMark::Watermark(rect) if exercise && rect.is_positive() => {
            let painter = k.painter().with_clip_rect(rect);
            let size = (rect.height() * 0.24).min(rect.width() * 0.18);
            let color = EXERCISE_LINE.gamma_multiply(WATERMARK_ALPHA * 0.6);
            for at in [vec2(0.28, 0.36), vec2(0.72, 0.72)] {
                let at = rect.min + rect.size() * at;
                painter.text(at, Align2::CENTER_CENTER, k.t(tr::EXERCISE), FontId::proportional(size), color);
            }
            0.0
        }
        _ => 0.0,
    }
}

/// The dashed 复盘 chip: not now. `at` is its left centre; its box is returned.
pub fn replay_chip(k: &Kit<'_>, at: Pos2, size: f32) -> Rect {
    let text = k.t(tr::REPLAY);
    let [w, h] = [k.width(size, text) + 1.8 * size * k.s, 1.9 * size * k.s];
    let rect = Rect::from_min_size(at - vec2(0.0, h * 0.5), vec2(w, h));
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    let stroke = Stroke::new((0.09 * size * k.s).max(1.0), REPLAY_LINE);
    let (dash, gap) = (0.3 * size * k.s, 0.2 * size * k.s);
    k.painter().extend(Shape::dashed_line(&corners, stroke, dash.max(2.0), gap.max(1.5)));
    k.fit_center(rect, size, REPLAY_LINE, text, true);
    rect
}

/// The exercise edge at the desk, px; the wall's scale doubles it. Narrower than the banner it frames.
pub const EDGE: f32 = 14.0;

/// 45° stripes, violet on dark violet.
fn hatch(painter: &Painter, rect: Rect, s: f32) {
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    painter.rect_filled(rect, 0.0, EXERCISE_BG);
    let (step, bar) = (24.0 * s, 12.0 * s);
    // Stripes are aligned to the window, so that the four sides meet at the corners.
    let low = ((rect.left() - rect.bottom()) / step).floor() as i32;
    let high = ((rect.right() - rect.top()) / step).ceil() as i32;
    for i in low..=high {
        let x = i as f32 * step;
        let at = |y: f32, dx: f32| pos2(x + y + dx, y);
        let (top, bottom) = (rect.top(), rect.bottom());
        let corners = vec![at(top, 0.0), at(top, bar), at(bottom, bar), at(bottom, 0.0)];
        painter.add(Shape::convex_polygon(corners, EXERCISE_LINE, Stroke::NONE));
    }
}

// ---------------------------------------------------------------- figures

/// `2,126`; from ten thousand `6.93万` in Chinese, all digits in English.
pub fn count(lang: Lang, n: f64) -> String {
    if n >= 10_000.0 && lang == Lang::Zh {
        return format!("{:.2}万", n / 10_000.0);
    }
    exact(n.round() as i64)
}

/// Every digit, in threes: people still at risk are never rounded.
pub fn exact(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if n < 0 { format!("-{text}") } else { text }
}

/// `03:25`, or `1:02:05` from an hour.
pub fn mmss(ms: i64) -> String {
    let secs = ms.abs() / 1000;
    if secs >= 3600 {
        return format!("{}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60);
    }
    format!("{:02}:{:02}", secs / 60, secs % 60)
}

/// A percentage; never 100 unless it is.
pub fn percent(part: f64, whole: f64) -> String {
    if whole <= 0.0 {
        return "—".into();
    }
    let share = part / whole * 100.0;
    if share >= 99.5 && part < whole { "99%".into() } else { format!("{share:.0}%") }
}

/// Cuts `rect` at `y` px of design from the top.
pub fn below(rect: Rect, top: f32) -> Rect {
    Rect::from_min_max(pos2(rect.left(), top.min(rect.bottom())), rect.max)
}

/// An id for a thing of a list.
pub fn row_id(list: &'static str, i: impl std::hash::Hash + std::fmt::Debug) -> Id {
    Id::new(list).with(i)
}
