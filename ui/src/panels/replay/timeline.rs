//! 时间线: the whole time at a glance, what was played solid and the rest pale, and the cursor that is dragged over it.
//!
//! Dragging asks the hub for the city again and again; it is asked at most every [`ASK_SECS`], and once more at the end.

use super::super::PanelState;
use super::super::kit::Kit;
use super::{lanes, seek, transport};
use crate::i18n::tr;
use crate::playback::Story;
use crate::theme::*;
use egui::{Align2, Rect, Sense, Shape, Stroke, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::Timestamp;

const ASK_SECS: f64 = 0.25;
/// What was asked for is shown so long before the hub's own clock is again, s.
const PATIENCE_SECS: f64 = 1.5;
pub(super) const LABELS_W: f32 = 108.0;
/// Minutes between two ticks of the scale.
const TICK_MINS: [i64; 9] = [5, 10, 30, 60, 120, 240, 360, 720, 1440];

/// Where the officer holds the clock, and where it was sent to.
#[derive(Default)]
pub(super) struct Cursor {
    held: Option<Timestamp>,
    /// Last asked for, and when on egui's clock, s; `NaN` until the next frame tells.
    asked: Option<(Timestamp, f64)>,
}

impl Cursor {
    pub fn go(&mut self, to: Timestamp) {
        self.asked = Some((to, f64::NAN));
    }

    /// Where the cursor stands when the hub's clock says `now`.
    pub fn at(&self, now: Timestamp) -> Timestamp {
        self.held.or(self.asked.map(|it| it.0)).unwrap_or(now)
    }

    fn settle(&mut self, time: f64) {
        if let Some((_, since)) = &mut self.asked
            && since.is_nan()
        {
            *since = time;
        }
        self.asked = self.asked.filter(|it| time - it.1 < PATIENCE_SECS);
    }
}

/// From moments to pixels and back.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub left: f32,
    pub right: f32,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Played up to here.
    pub now: Timestamp,
}

impl Scale {
    pub fn span_ms(&self) -> i64 {
        self.to.since_ms(self.from).max(1)
    }

    pub fn x(&self, at: Timestamp) -> f32 {
        let part = at.since_ms(self.from) as f64 / self.span_ms() as f64;
        self.left + (self.right - self.left) * part.clamp(0.0, 1.0) as f32
    }

    fn at(&self, x: f32) -> Timestamp {
        let part = f64::from((x - self.left) / (self.right - self.left).max(1.0)).clamp(0.0, 1.0);
        self.from + (part * self.span_ms() as f64).round() as i64
    }
}

/// Where the rows lie, from the top.
struct Rows {
    axis: Rect,
    density: Rect,
    warnings: Rect,
    levels: Rect,
    closures: Option<Rect>,
    people: Rect,
    marks: Rect,
}

impl Rows {
    fn of(rect: Rect, has_closures: bool) -> Self {
        let mut y = rect.top();
        let mut row = |height: f32| {
            let at = Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), y + height));
            y += height + 4.0;
            at
        };
        let fixed = 24.0 + 26.0 * if has_closures { 3.0 } else { 2.0 } + 36.0 + 30.0 + 4.0 * 6.0;
        Self {
            axis: row(24.0),
            density: row((rect.height() - fixed).max(20.0)),
            warnings: row(22.0),
            levels: row(22.0),
            closures: has_closures.then(|| row(22.0)),
            people: row(36.0),
            marks: row(30.0),
        }
    }
}

pub(super) fn timeline_ui(k: &mut Kit<'_>, state: &mut PanelState, story: &Story, rect: Rect) {
    let body = k.panel(rect, k.t(tr::TIMELINE), k.t(tr::TIMELINE_SUB));
    let hours = story.to().since_ms(story.from()) / 3_600_000;
    k.header_right(rect, 32.0, 12.0, SECONDARY, &k.m.lang.fill(tr::N_HOURS, &[&hours.to_string()]));
    let controls = Rect::from_min_max(pos2(body.left(), body.bottom() - transport::HEIGHT), body.max);
    transport::transport_ui(k, state, story, controls);
    let area = Rect::from_min_max(body.min + vec2(12.0, 4.0), pos2(body.right() - 16.0, controls.top() - 4.0));
    if area.width() < LABELS_W + 120.0 || area.height() < 120.0 {
        return;
    }
    let time = k.ui.input(|input| input.time);
    state.replay.cursor.settle(time);
    let scale = Scale {
        left: area.left() + LABELS_W,
        right: area.right(),
        from: story.from(),
        to: story.to(),
        now: state.replay.cursor.at(k.now()),
    };
    // Under the marks, which can be pressed one by one.
    drag_ui(k, state, &scale, area, time);
    let scale = Scale { now: state.replay.cursor.at(k.now()), ..scale };
    let rows = Rows::of(area, !story.review.closures.is_empty());
    axis_ui(k, &scale, rows.axis, area);
    lanes::density_ui(k, state, story, &scale, rows.density);
    lanes::warnings_ui(k, state, story, &scale, rows.warnings);
    lanes::levels_ui(k, state, story, &scale, rows.levels);
    if let Some(lane) = rows.closures {
        lanes::closures_ui(k, state, story, &scale, lane);
    }
    lanes::people_ui(k, state, story, &scale, rows.people);
    lanes::marks_ui(k, state, story, &scale, rows.marks);
    cursor_ui(k, &scale, rows.axis, area);
}

/// The clock under the hand: every moment of it is asked for, but not too often.
fn drag_ui(k: &mut Kit<'_>, state: &mut PanelState, scale: &Scale, lanes: Rect, time: f64) {
    let area = Rect::from_min_max(pos2(scale.left - 6.0, lanes.top()), pos2(scale.right + 6.0, lanes.bottom()));
    let response = k.ui.interact(area, k.ui.id().with("timeline"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, k.t(tr::TIMELINE)));
    let pointer = response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on());
    let cursor = &mut state.replay.cursor;
    match (pointer, cursor.held) {
        (Some(at), _) => {
            let to = scale.at(at.x);
            let is_new = cursor.held != Some(to);
            cursor.held = Some(to);
            if is_new && cursor.asked.is_none_or(|it| time - it.1 >= ASK_SECS) {
                seek(state, to, &mut k.out);
                state.replay.cursor.settle(time);
            }
        }
        (None, Some(to)) => {
            cursor.held = None;
            if cursor.asked.map(|it| it.0) != Some(to) {
                seek(state, to, &mut k.out);
            }
        }
        (None, None) => {}
    }
}

fn axis_ui(k: &Kit<'_>, scale: &Scale, axis: Rect, lanes: Rect) {
    let room = ((scale.right - scale.left) / 84.0).max(1.0) as i64;
    let span_mins = scale.span_ms() / 60_000;
    let step = TICK_MINS.into_iter().find(|it| span_mins / it <= room).unwrap_or(1440 * (span_mins / 1440 / room + 1));
    let midnight = scale.from.start_of_day();
    let first = (scale.from.since_ms(midnight) / 60_000 + step - 1) / step;
    for i in first..first + room + 2 {
        let at = midnight.plus_mins(i * step);
        if at > scale.to {
            break;
        }
        let x = scale.x(at);
        let is_midnight = at == at.start_of_day();
        let line = if is_midnight { STRONG } else { HAIR };
        k.painter().vline(x, axis.bottom()..=lanes.bottom(), Stroke::new(1.0, line));
        // Another day says so.
        let text = if is_midnight { k.m.lang.day_time(at, at + -1) } else { at.hm() };
        let align = if x > scale.right - 40.0 { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
        k.text(pos2(x, axis.center().y), align, 12.0, if is_midnight { PRIMARY } else { TERTIARY }, &text);
    }
}

fn cursor_ui(k: &Kit<'_>, scale: &Scale, axis: Rect, lanes: Rect) {
    let x = scale.x(scale.now);
    k.painter().vline(x, axis.top() + 8.0..=lanes.bottom(), Stroke::new(2.0, REPLAY_LINE));
    let top = axis.top() + 4.0;
    let handle = vec![
        pos2(x - 8.0, top),
        pos2(x + 8.0, top),
        pos2(x + 8.0, top + 9.0),
        pos2(x, top + 16.0),
        pos2(x - 8.0, top + 9.0),
    ];
    k.painter().add(Shape::convex_polygon(handle, REPLAY_LINE, Stroke::NONE));
}
