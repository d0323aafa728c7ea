//! 时间线: the whole time at a glance, what was played solid and the rest pale, and the cursor that is dragged over it.
//!
//! Dragging asks the hub for the city again and again; it is asked at most every [`ASK_SECS`], and once more at the end.

use super::super::PanelState;
use super::super::kit::{Kit, count};
use super::{Told, records, seek, transport};
use crate::i18n::tr;
use crate::playback::{Bookmark, Story};
use crate::theme::*;
use egui::{Align2, Color32, Pos2, Rect, Sense, Shape, Stroke, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::{
    ResponseLevel, Timestamp, WarningColor,
    review::{DENSITY_MS, MomentKind},
};

const ASK_SECS: f64 = 0.25;
/// What was asked for is shown so long before the hub's own clock is again, s.
const PATIENCE_SECS: f64 = 1.5;
const LABELS_W: f32 = 108.0;
/// Minutes between two ticks of the scale.
const TICK_MINS: [i64; 9] = [5, 10, 30, 60, 120, 240, 360, 720, 1440];
/// Minutes of one bar of the density.
const BAR_MINS: [i64; 6] = [5, 10, 30, 60, 120, 360];
const MAX_BARS: i64 = 100;
const PALE: f32 = 0.4;

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
struct Scale {
    left: f32,
    right: f32,
    from: Timestamp,
    to: Timestamp,
    /// Played up to here.
    now: Timestamp,
}

impl Scale {
    fn span_ms(&self) -> i64 {
        self.to.since_ms(self.from).max(1)
    }

    fn x(&self, at: Timestamp) -> f32 {
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
    let lanes = Rect::from_min_max(body.min + vec2(12.0, 4.0), pos2(body.right() - 16.0, controls.top() - 4.0));
    if lanes.width() < LABELS_W + 120.0 || lanes.height() < 120.0 {
        return;
    }
    let time = k.ui.input(|input| input.time);
    state.replay.cursor.settle(time);
    let scale = Scale {
        left: lanes.left() + LABELS_W,
        right: lanes.right(),
        from: story.from(),
        to: story.to(),
        now: state.replay.cursor.at(k.now()),
    };
    // Under the marks, which can be pressed one by one.
    drag_ui(k, state, &scale, lanes, time);
    let scale = Scale { now: state.replay.cursor.at(k.now()), ..scale };
    let rows = Rows::of(lanes, !story.review.closures.is_empty());
    axis_ui(k, &scale, rows.axis, lanes);
    density_ui(k, state, story, &scale, rows.density);
    warnings_ui(k, state, story, &scale, rows.warnings);
    levels_ui(k, state, story, &scale, rows.levels);
    if let Some(lane) = rows.closures {
        closures_ui(k, state, story, &scale, lane);
    }
    people_ui(k, state, story, &scale, rows.people);
    marks_ui(k, state, story, &scale, rows.marks);
    cursor_ui(k, &scale, rows.axis, lanes);
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

fn lane_name(k: &Kit<'_>, lane: Rect, name: &str, sub: &str) {
    let y = if sub.is_empty() { lane.center().y } else { lane.center().y - 8.0 };
    k.fit(pos2(lane.left(), y), Align2::LEFT_CENTER, 13.0, SECONDARY, name, LABELS_W - 8.0);
    if !sub.is_empty() {
        k.fit(pos2(lane.left(), y + 17.0), Align2::LEFT_CENTER, 11.0, TERTIARY, sub, LABELS_W - 8.0);
    }
}

/// Played is solid, the rest pale.
fn ink(color: Color32, is_played: bool) -> Color32 {
    if is_played { color } else { color.gamma_multiply(PALE) }
}

fn density_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    let span_mins = scale.span_ms() / 60_000;
    let mins = BAR_MINS.into_iter().find(|it| span_mins / it <= MAX_BARS).unwrap_or(span_mins / MAX_BARS + 1);
    lane_name(k, lane, k.t(tr::DENSITY), &k.m.lang.fill(tr::DENSITY_SUB, &[&mins.to_string()]));
    let bar_ms = (mins * 60_000).max(DENSITY_MS);
    let mut bars: Vec<(Timestamp, [u32; 4])> = Vec::new();
    for step in &story.review.density {
        let at = Timestamp(step.at.0 - step.at.0.rem_euclid(bar_ms));
        if bars.last().is_none_or(|it| it.0 < at) {
            bars.push((at, [0; 4]));
        }
        if let Some((_, n)) = bars.last_mut() {
            n.iter_mut().zip(step.n).for_each(|(sum, n)| *sum += n);
        }
    }
    let most = bars.iter().map(|it| it.1.iter().sum::<u32>()).max().unwrap_or(0).max(1) as f32;
    let pointer = k.ui.input(|input| input.pointer.hover_pos()).filter(|it| lane.contains(*it));
    for (at, n) in bars {
        let (left, right) = (scale.x(at), scale.x(at + bar_ms));
        let mut y = lane.bottom();
        for (n, color) in n.into_iter().zip(WarningColor::ALL) {
            let height = lane.height() * n as f32 / most;
            let bar = Rect::from_min_max(pos2(left, y - height), pos2((right - 1.0).max(left + 1.0), y));
            k.fill(bar, 0.0, ink(level_line(color), at <= scale.now));
            y -= height;
        }
        if let Some(pointer) = pointer.filter(|it| (left..right).contains(&it.x)) {
            let of = |i: usize| n[i].to_string();
            let text = k.m.lang.fill(tr::DENSITY_OF, &[&of(0), &of(1), &of(2), &of(3)]);
            state.replay.tip = Some((pointer, vec![k.m.lang.day_time(at, scale.now), text]));
        }
    }
    k.hline(scale.left, scale.right, lane.bottom(), HAIR);
}

/// A stretch with its words; the part not yet played is pale.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    from: Timestamp,
    to: Timestamp,
    color: Color32,
    ink: Color32,
    text: &'a str,
    records: &'a [u64],
}

fn stretch_ui(k: &Kit<'_>, state: &mut PanelState, scale: &Scale, lane: Rect, it: Stretch<'_>) {
    let (left, right) = (scale.x(it.from), scale.x(it.to));
    if right - left < 1.0 {
        return;
    }
    let rect = Rect::from_min_max(pos2(left, lane.top()), pos2(right - 1.0, lane.bottom()));
    let played = scale.x(scale.now).clamp(rect.left(), rect.right());
    let opaque = |color: Color32| color.lerp_to_gamma(PANEL, 1.0 - PALE);
    k.fill(Rect::from_min_max(rect.min, pos2(played, rect.bottom())), 0.0, it.color);
    k.fill(Rect::from_min_max(pos2(played, rect.top()), rect.max), 0.0, opaque(it.color));
    if rect.width() > 24.0 {
        let at = pos2(rect.left() + 7.0, rect.center().y);
        k.fit(at, Align2::LEFT_CENTER, 12.0, it.ink, it.text, rect.width() - 10.0);
    }
    if let Some(pointer) = k.ui.input(|input| input.pointer.hover_pos()).filter(|at| rect.contains(*at)) {
        state.replay.tip = Some((pointer, vec![it.text.to_owned(), records(k.m.lang, it.records)]));
    }
}

/// One line of bars for each hazard that was warned of.
fn warnings_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::WARNINGS), "");
    let warnings = &story.review.warnings;
    let mut hazards: Vec<_> = warnings.iter().map(|it| it.hazard).collect();
    hazards.sort_unstable();
    hazards.dedup();
    let height = lane.height() / hazards.len().max(1) as f32;
    for (i, hazard) in hazards.iter().enumerate() {
        let top = lane.top() + height * i as f32;
        let line = Rect::from_min_max(pos2(lane.left(), top), pos2(lane.right(), top + (height - 1.0).max(1.0)));
        let of_hazard: Vec<_> = warnings.iter().filter(|it| it.hazard == *hazard).collect();
        for (n, it) in of_hazard.iter().enumerate() {
            // The next of its kind takes its place.
            let next = of_hazard.get(n + 1).map_or(it.until, |next| next.mark.at.min(it.until));
            let what = k.m.lang.hazard(Some(it.hazard));
            let text = if hazards.len() > 2 { String::new() } else { format!("{what} {}", it.mark.at.hm()) };
            stretch_ui(
                k,
                state,
                scale,
                line,
                Stretch {
                    from: it.mark.at,
                    to: next,
                    color: level_fill(it.color),
                    ink: level_on_fill(it.color),
                    text: if height > 10.0 { &text } else { "" },
                    records: &[it.mark.record],
                },
            );
        }
    }
}

fn levels_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::LEVELS), "");
    let levels: Vec<_> = story.review.levels.iter().filter(|it| it.districts.is_empty()).collect();
    for (i, it) in levels.iter().enumerate() {
        let to = levels.get(i + 1).map_or(scale.to, |next| next.mark.at);
        let (color, ink) = match it.to {
            Some(ResponseLevel::I) => (INVERSE_BG, INVERSE_TEXT),
            Some(ResponseLevel::II) => (SECONDARY, INVERSE_TEXT),
            Some(ResponseLevel::III) => (STRONG, PRIMARY),
            Some(ResponseLevel::IV) => (SELECTED, PRIMARY),
            None => (ROW, TERTIARY),
        };
        let level = it.to.map_or(k.t(tr::PEACETIME).to_owned(), |it| k.m.lang.fill(tr::LEVEL_N, &[it.roman()]));
        let text = format!("{level} {}", it.mark.at.hm());
        let stretch = Stretch { from: it.mark.at, to, color, ink, text: &text, records: &[it.mark.record] };
        stretch_ui(k, state, scale, lane, stretch);
    }
}

fn closures_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::CLOSURES), "");
    for it in &story.review.closures {
        let mut numbers = vec![it.mark.record];
        numbers.extend(it.lifted.map(|mark| mark.record));
        let until = it.lifted.map_or(String::new(), |mark| mark.at.hm());
        let text = format!("{} {} – {until}", it.reason, it.mark.at.hm());
        stretch_ui(
            k,
            state,
            scale,
            lane,
            Stretch {
                from: it.mark.at,
                to: it.lifted.map_or(scale.to, |mark| mark.at),
                color: HOLD_FILL,
                ink: PRIMARY,
                text: &text,
                records: &numbers,
            },
        );
    }
}

/// People moved of those to be moved: a step at every count, against the most that were ever expected.
fn people_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::EVACUATION), "");
    let moved = &story.review.moved;
    let most = moved.iter().map(|it| it.expected.max(it.moved)).max().unwrap_or(0).max(1) as f32;
    let y = |n: u64| lane.bottom() - (lane.height() - 4.0) * n as f32 / most;
    let pointer = k.ui.input(|input| input.pointer.hover_pos()).filter(|at| lane.contains(*at));
    for (i, it) in moved.iter().enumerate() {
        let until = moved.get(i + 1).map_or(scale.to, |next| next.mark.at);
        let (left, right) = (scale.x(it.mark.at), scale.x(until));
        let color = ink(OK, it.mark.at <= scale.now);
        let top = y(it.moved);
        let under = Rect::from_min_max(pos2(left, top), pos2(right, lane.bottom()));
        k.fill(under, 0.0, color.gamma_multiply(0.25));
        k.painter().hline(left..=right, top, Stroke::new(1.5, color));
        let before = i.checked_sub(1).map_or(lane.bottom(), |i| y(moved[i].moved));
        k.painter().vline(left, top.min(before)..=top.max(before), Stroke::new(1.5, color));
        if let Some(pointer) = pointer.filter(|at| (left..right).contains(&at.x)) {
            let counts = [it.moved, it.expected].map(|n| count(k.m.lang, n as f64));
            let text = k.m.lang.fill(tr::MOVED_OF, &[&counts[0], &counts[1]]);
            let lines = vec![text, records(k.m.lang, &[it.mark.record])];
            state.replay.tip = Some((pointer, lines));
        }
    }
    k.hline(scale.left, scale.right, lane.bottom(), ROW);
    // When the most that were ever moved had been moved.
    let peak = moved.iter().map(|it| it.moved).max().unwrap_or(0);
    if let Some(it) = moved.iter().find(|it| it.moved == peak && peak > 0) {
        let text = k.m.lang.fill(tr::MOVED_BY, &[&it.mark.at.hm(), &count(k.m.lang, peak as f64)]);
        let x = scale.x(it.mark.at).min(scale.right - k.width(12.0, &text) - 4.0);
        k.text(pos2(x + 4.0, lane.bottom() - 10.0), Align2::LEFT_CENTER, 12.0, PRIMARY, &text);
    }
}

/// One of 重要时刻.
struct KeyMoment<'a> {
    at: Timestamp,
    text: String,
    color: Color32,
    records: Vec<u64>,
    bookmark: Option<&'a Bookmark>,
}

/// Changes of level, red warnings, who was called about silence, and what somebody remarked.
fn key_moments(story: &Story) -> Vec<KeyMoment<'_>> {
    let mut found: Vec<KeyMoment<'_>> = Vec::new();
    for it in &story.review.moments {
        let color = match it.kind {
            MomentKind::Level | MomentKind::Exercise => PRIMARY,
            MomentKind::Escalated => ORANGE_FILL,
            _ => continue,
        };
        let (text, records) = (it.text.clone(), it.records.clone());
        found.push(KeyMoment { at: it.at, text, color, records, bookmark: None });
    }
    for it in story.review.warnings.iter().filter(|it| it.color == WarningColor::Red) {
        let (text, records) = (it.headline.clone(), vec![it.mark.record]);
        found.push(KeyMoment { at: it.mark.at, text, color: RED_STROKE, records, bookmark: None });
    }
    for it in &story.bookmarks {
        let text = if it.by.is_empty() { it.text.clone() } else { format!("{}（{}）", it.text, it.by) };
        let (at, records) = (Timestamp(it.at_ms), Vec::new());
        found.push(KeyMoment { at, text, color: REPLAY_LINE, records, bookmark: Some(it) });
    }
    found.sort_by_key(|it| it.at);
    found
}

fn marks_ui(k: &mut Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::KEY_MOMENTS), "");
    let moments = key_moments(story);
    let mut free_from = scale.left;
    for (i, it) in moments.iter().enumerate() {
        let center = pos2(scale.x(it.at), lane.center().y);
        let color = ink(it.color, it.at <= scale.now);
        diamond(k, center, 6.0, color);
        // Words where they fit before the next mark; all have them under the pointer.
        let next = moments.get(i + 1).map_or(scale.right, |next| scale.x(next.at));
        let room = next - center.x - 20.0;
        if room > 44.0 && center.x >= free_from {
            let at = pos2(center.x + 11.0, center.y);
            free_from = k.fit(at, Align2::LEFT_CENTER, 12.0, color, &it.text, room.min(190.0)).right() + 6.0;
        }
        let response = k.hit(Rect::from_center_size(center, vec2(16.0, 20.0)), ("key-moment", i), &it.text);
        if response.clicked() {
            seek(state, it.at, &mut k.out);
            match it.bookmark {
                Some(bookmark) => state.replay.remark = Some(transport::Remark::of(bookmark)),
                None => state.replay.tell(Told::Moments),
            }
        }
        if response.hovered() {
            let mut lines = vec![format!("{} {}", k.m.lang.day_time(it.at, scale.now), it.text)];
            if !it.records.is_empty() {
                lines.push(records(k.m.lang, &it.records));
            }
            state.replay.tip = Some((center, lines));
        }
    }
}

fn diamond(k: &Kit<'_>, c: Pos2, r: f32, color: Color32) {
    let points = vec![c + vec2(0.0, -r), c + vec2(r, 0.0), c + vec2(0.0, r), c + vec2(-r, 0.0)];
    k.painter().add(Shape::convex_polygon(points, color, Stroke::NONE));
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
