//! 复盘: the city at a moment of a log, how orders were answered, plan against actual, and the whole time under them.
//!
//! It only looks: every press here moves the hall's clock or opens a list, and what a control might ask of the city is
//! withheld where the panels' commands are gathered.
//!
//! ```text
//! bar        dashed chip, title and span, where it comes from, the moment's clock
//! figures    the strip plot of answers, plan against actual; in place of the latter: story, who knew what when
//! timeline   the cursor, and under it the lanes: density, warnings, levels, closures, people moved, moments
//! transport  event by event, speed, bookmarks, the report
//! open       the list of logs
//! ```

mod figures;
mod lanes;
mod open;
mod story;
mod timeline;
mod transport;

pub(super) use open::picker_ui;

use super::kit::{Kit, RealmMark, exact, realm_mark, replay_chip};
use super::{Model, PanelState, UiCommand, card, desk, drawer, topbar};
use crate::charts::Kept;
use crate::i18n::{Lang, tr};
use crate::playback::{LogsAnswer, Story};
use crate::theme::*;
use egui::{Align2, Key, Modifiers, Pos2, Rect, Stroke, pos2, vec2};
use gulang_city::{OrderId, Refusal, Timestamp, score::duration_zh};
use gulang_wire::{ClockKind, Playback};

const GUTTER: f32 = 8.0;
const TIMELINE_H: f32 = 408.0;
/// Map, strip plot and plan of the reference desk; other widths share in the same proportion.
const COLUMNS: [f32; 3] = [862.0, 558.0, 468.0];
/// With Shift an arrow passes over so many events.
const FAST: i32 = 10;

/// What the review screen remembers between frames.
#[derive(Default)]
pub(super) struct Replay {
    /// The hub plays a log back; set by every frame.
    pub is_on: bool,
    picker: Option<open::Picker>,
    /// What is told in place of plan against actual.
    told: Option<Told>,
    story_scroll: f32,
    plan_scroll: f32,
    /// A bookmark not yet put.
    remark: Option<transport::Remark>,
    cursor: timeline::Cursor,
    strip: Kept,
    plan: Kept,
    /// Said beside the pointer, above everything.
    tip: Option<(Pos2, Vec<String>)>,
}

/// Who knew what when: all of it, or with one order's climb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Moments,
    Order(OrderId),
}

impl Replay {
    pub fn is_picking(&self) -> bool {
        self.picker.is_some()
    }

    /// Opens the list of logs.
    pub fn pick(&mut self, out: &mut Vec<UiCommand>) {
        self.picker = Some(open::Picker::default());
        out.push(UiCommand::AskLogs);
    }

    pub fn take_logs(&mut self, answer: LogsAnswer) {
        if let Some(picker) = &mut self.picker {
            picker.take(answer);
        }
    }

    /// The hub would not: the list says so.
    pub fn refused(&mut self, refusal: &Refusal) {
        if let Some(picker) = &mut self.picker {
            picker.refused(refusal.to_string());
        }
    }

    /// Another review, or none any more: nothing of the last one stays.
    pub fn begin(&mut self, model: &Model<'_>) {
        if self.is_on != model.is_replay() {
            *self = Self { is_on: model.is_replay(), ..Self::default() };
        }
        self.tip = None;
    }

    fn tell(&mut self, told: Told) {
        (self.told, self.story_scroll) = (Some(told), 0.0);
    }
}

pub(super) fn replay_ui(k: &mut Kit<'_>, state: &mut PanelState, window: Rect) {
    let edge = realm_mark(k, RealmMark::Window(window));
    let mut rect = window.shrink(edge);
    if edge > 0.0 {
        let banner = Rect::from_min_size(rect.min, vec2(rect.width(), 34.0));
        topbar::banner_ui(k, banner, 15.0);
        rect.min.y += 34.0;
    }
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), 48.0));
    bar_ui(k, bar);
    let body = Rect::from_min_max(pos2(rect.left(), bar.bottom()), rect.max).shrink(GUTTER);
    let timeline_h = TIMELINE_H.min(body.height() * 0.46).max(1.0);
    let timeline = Rect::from_min_max(pos2(body.left(), body.bottom() - timeline_h), body.max);
    let upper = Rect::from_min_max(body.min, pos2(body.right(), timeline.top() - GUTTER));
    let [map, strip, plan] = columns(upper);
    map_ui(k, state, map);
    match k.m.story {
        Some(story) => {
            figures::responses_ui(k, state, story, strip);
            match state.replay.told {
                Some(told) => story::story_ui(k, state, story, told, plan),
                None => figures::plan_ui(k, state, story, plan),
            }
            timeline::timeline_ui(k, state, story, timeline);
        }
        None => {
            let why =
                k.m.story_failure
                    .map_or(k.t(tr::STORY_COMING).to_owned(), |why| k.m.lang.fill(tr::STORY_FAILED, &[why]));
            for (rect, title) in [(strip, tr::RESPONSES), (plan, tr::PLAN_ACTUAL), (timeline, tr::TIMELINE)] {
                let inner = k.panel(rect, k.t(title), "");
                k.fit_center(inner, 14.0, TERTIARY, &why, false);
            }
        }
    }
    desk::notices_ui(k, state, body);
    tip_ui(k, state, window);
}

/// What the keys mean while a log is played back or chosen. Letters stay the map's; none sends anything.
pub(super) fn keys(ctx: &egui::Context, model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>) {
    let pressed = |key: Key| ctx.input(|input| input.key_pressed(key) && !input.modifiers.any());
    let with = |key: Key, wanted: Modifiers| {
        ctx.input(|input| input.key_pressed(key) && input.modifiers.matches_exact(wanted))
    };
    let is_typing = ctx.text_edit_focused();
    if pressed(Key::Escape) {
        let replay = &mut state.replay;
        if replay.picker.take().is_some() || replay.remark.take().is_some() || replay.told.take().is_some() {
        } else if state.drawer.is_some() {
            state.close_drawer();
        } else if model.selection.is_some() {
            out.push(UiCommand::Select(None));
        } else {
            out.push(UiCommand::Playback(Playback::Close));
        }
    }
    if !model.is_replay() || state.replay.is_picking() || is_typing {
        return;
    }
    desk::view_keys(&pressed, &with, model, state, out);
    let Some(story) = model.story else { return };
    let steps = [
        (Key::ArrowLeft, Modifiers::NONE, -1),
        (Key::ArrowRight, Modifiers::NONE, 1),
        (Key::OpenBracket, Modifiers::NONE, -1),
        (Key::CloseBracket, Modifiers::NONE, 1),
        (Key::ArrowLeft, Modifiers::SHIFT, -FAST),
        (Key::ArrowRight, Modifiers::SHIFT, FAST),
    ];
    for (key, modifiers, by) in steps {
        if with(key, modifiers) {
            step(model, state, story, by, out);
        }
    }
    for (key, to) in [(Key::Home, story.from()), (Key::End, story.to())] {
        if pressed(key) {
            seek(state, to, out);
        }
    }
    if ctx.memory(|memory| memory.focused().is_none()) && pressed(Key::Space) {
        out.push(paused(model));
    }
}

/// The hall goes to a moment.
fn seek(state: &mut PanelState, to: Timestamp, out: &mut Vec<UiCommand>) {
    state.replay.cursor.go(to);
    out.push(UiCommand::Playback(Playback::Seek { to }));
}

/// To the next event or the one before, or so many on.
fn step(model: &Model<'_>, state: &mut PanelState, story: &Story, by: i32, out: &mut Vec<UiCommand>) {
    let slack_ms = match model.clock.kind {
        ClockKind::Replay { speed, paused: false } => (f64::from(speed) * 1000.0) as i64,
        _ => 0,
    };
    let here = state.replay.cursor.at(model.clock.now);
    seek(state, story.step(here, by, slack_ms), out);
}

/// Stops the clock, or lets it run on as fast as it ran.
fn paused(model: &Model<'_>) -> UiCommand {
    let (speed, paused) = match model.clock.kind {
        ClockKind::Replay { speed, paused } => (speed, paused),
        _ => (1.0, true),
    };
    UiCommand::Playback(Playback::SetSpeed { speed, paused: !paused })
}

fn columns(rect: Rect) -> [Rect; 3] {
    let room = (rect.width() - GUTTER * 2.0).max(3.0);
    let total: f32 = COLUMNS.iter().sum();
    let mut x = rect.left();
    COLUMNS.map(|width| {
        let width = width / total * room;
        let column = Rect::from_min_size(pos2(x, rect.top()), vec2(width, rect.height().max(1.0)));
        x += width + GUTTER;
        column
    })
}

/// What is looked at, that it is not now, where it comes from, and the moment.
fn bar_ui(k: &mut Kit<'_>, bar: Rect) {
    let y = bar.center().y;
    k.fill(bar, 0.0, PANEL);
    k.hline(bar.left(), bar.right(), bar.bottom(), HAIR);
    let now = k.now();
    // From the right: the clock, which moment it is, the way back, the evidence.
    let clock = k.bold(pos2(bar.right() - 16.0, y), Align2::RIGHT_CENTER, 26.0, REPLAY_LINE, &now.hms());
    let x = clock.left() - 12.0;
    let word = k.text(pos2(x, y - 8.0), Align2::RIGHT_CENTER, 12.0, REPLAY_LINE, k.t(tr::REPLAY_MOMENT));
    let date = k.text(pos2(x, y + 9.0), Align2::RIGHT_CENTER, 12.0, REPLAY_LINE, &k.m.lang.date(now));
    let mut x = word.left().min(date.left()) - 12.0;
    k.painter().vline(x, (y - 12.0)..=(y + 12.0), Stroke::new(1.0, HAIR));
    let back = k.text(pos2(x - 14.0, y), Align2::RIGHT_CENTER, 13.0, PRIMARY, k.t(tr::REPLAY_BACK));
    let key = k.key(pos2(back.left() - 40.0, y), "Esc");
    if k.hit(key.union(back).expand(4.0), "replay-close", k.t(tr::REPLAY_BACK)).clicked() {
        k.out.push(UiCommand::Playback(Playback::Close));
    }
    x = key.left() - 14.0;

    topbar::logo(k, pos2(bar.left() + 26.0, y), 1.0);
    let product = k.bold(pos2(bar.left() + 54.0, y), Align2::LEFT_CENTER, 18.0, PRIMARY, k.t(tr::PRODUCT));
    let city = k.m.lang.fill(tr::CITY_TITLE, &[&k.m.city.name]);
    let city = k.text(pos2(product.right() + 12.0, y), Align2::LEFT_CENTER, 14.0, TERTIARY, &city);
    let chip = replay_chip(k, pos2(city.right() + 20.0, y), 16.0);
    let Some(story) = k.m.story else {
        history_chip(k, pos2(chip.right() + 14.0, y), x);
        return;
    };
    let n_records = exact(i64::try_from(story.n_records).unwrap_or(i64::MAX));
    let (text, ink) = match story.chain_ok {
        true => (tr::EVIDENCE_HOLDS, TERTIARY),
        false => (tr::EVIDENCE_BROKEN, RED_STROKE),
    };
    let text = k.m.lang.fill(text, &[&n_records]);
    let title = format!("{}・{}", story.title, span(k, story.from(), story.to()));
    let history_w = k.width(12.0, k.t(tr::REPLAY_CLOCK)) + 30.0;
    let (evidence_w, title_w) = (k.width(13.0, &text), k.width(14.0, &title));
    let room = x - chip.right() - history_w - 30.0;
    // A broken chain is said before a title is; a whole one gives way.
    let shows_evidence = !story.chain_ok || room > evidence_w + title_w.min(260.0) + 14.0;
    if shows_evidence {
        x = k.text(pos2(x, y), Align2::RIGHT_CENTER, 13.0, ink, &text).left() - 14.0;
    }
    let title_w = x - chip.right() - history_w - 30.0;
    let at = k.fit(pos2(chip.right() + 14.0, y), Align2::LEFT_CENTER, 14.0, PRIMARY, &title, title_w);
    history_chip(k, pos2(at.right() + 12.0, y), x);
}

fn history_chip(k: &Kit<'_>, at: Pos2, right: f32) {
    if at.x + k.width(12.0, k.t(tr::REPLAY_CLOCK)) + 12.0 < right {
        k.chip(at, 12.0, k.t(tr::REPLAY_CLOCK), None, REPLAY_LINE, REPLAY_LINE);
    }
}

/// The stage shows the city of the moment through this panel.
fn map_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), 32.0));
    let sub = format!("{} {}", k.m.lang.date(k.now()), k.now().hm());
    k.panel(head, k.t(tr::MOMENT_STATE), &sub);
    let note = k.t(tr::SOLID_AND_DASHED);
    if k.width(12.0, note) < rect.width() * 0.4 {
        k.header_right(head, 32.0, 12.0, TERTIARY, note);
    }
    let map = Rect::from_min_max(pos2(rect.left(), head.bottom()), rect.max);
    state.map_rect = map;
    k.outline(rect, 4.0, 1.0, HAIR);
    realm_mark(k, RealmMark::Watermark(map));
    if let Some(selection) = k.m.selection {
        card::card_ui(k, state, map, selection);
    }
    drawer::drawer_ui(k, state, map);
}

/// The few lines said beside the pointer.
fn tip_ui(k: &Kit<'_>, state: &PanelState, window: Rect) {
    let Some((at, lines)) = &state.replay.tip else { return };
    let width = lines.iter().map(|it| k.width(12.0, it)).fold(0.0, f32::max).min(460.0) + 20.0;
    let size = vec2(width, 20.0 * lines.len() as f32 + 10.0);
    let min = pos2(
        (at.x + 14.0).min(window.right() - size.x).max(window.left()),
        (at.y + 14.0).min(window.bottom() - size.y).max(window.top()),
    );
    let rect = Rect::from_min_size(min, size);
    k.fill(rect, 4.0, RAISED);
    k.outline(rect, 4.0, 1.0, STRONG);
    for (i, line) in lines.iter().enumerate() {
        let ink = if i == 0 { PRIMARY } else { SECONDARY };
        let at = rect.min + vec2(10.0, 15.0 + 20.0 * i as f32);
        k.fit(at, Align2::LEFT_CENTER, 12.0, ink, line, width - 20.0);
    }
}

/// `2026-08-18 20:00 至 20日 20:00`.
fn span(k: &Kit<'_>, from: Timestamp, to: Timestamp) -> String {
    let first = from.beijing().strftime("%Y-%m-%d %H:%M").to_string();
    k.m.lang.fill(tr::FROM_TO, &[&first, &k.m.lang.day_time(to, from)])
}

/// `3 分 20 秒`; `3 min`.
fn took(lang: Lang, secs: i64) -> String {
    match lang {
        Lang::Zh => duration_zh(secs),
        Lang::En => lang.elapsed(secs),
    }
}

/// The record numbers a figure comes from.
fn records(lang: Lang, numbers: &[u64]) -> String {
    lang.fill(tr::RECORDS, &[&gulang_city::review::spans(numbers)])
}
