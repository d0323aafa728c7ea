//! Under the timeline: event by event, how fast, a bookmark with a word, the report.

use super::super::kit::Kit;
use super::super::press::{choice_ui, guarded_ui, line_ui};
use super::super::{PanelState, UiCommand};
use super::{paused, seek, step};
use crate::i18n::{Tr, tr};
use crate::playback::{Bookmark, Story};
use crate::theme::*;
use egui::{Align2, Color32, Key, Pos2, Rect, Shape, Stroke, pos2, vec2};
use gulang_city::{Timestamp, WarningColor};
use gulang_wire::{ClockKind, Playback};

pub(super) const HEIGHT: f32 = 50.0;
const SPEEDS: [f32; 4] = [1.0, 10.0, 60.0, 300.0];
const BUTTON_H: f32 = 34.0;

/// A bookmark being written.
pub(super) struct Remark {
    at: Timestamp,
    text: String,
    /// It stands already: without words it is taken away.
    is_kept: bool,
    wants_focus: bool,
}

impl Remark {
    fn at(at: Timestamp) -> Self {
        Self { at, text: String::new(), is_kept: false, wants_focus: true }
    }

    /// One that stands, to be changed.
    pub fn of(bookmark: &Bookmark) -> Self {
        Self { text: bookmark.text.clone(), is_kept: true, ..Self::at(Timestamp(bookmark.at_ms)) }
    }
}

/// What a button of the transport shows: the font has no such signs.
#[derive(Clone, Copy)]
enum Sign {
    Start,
    Before,
    Pause,
    Play,
    After,
    End,
}

pub(super) fn transport_ui(k: &mut Kit<'_>, state: &mut PanelState, story: &Story, rect: Rect) {
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let (speed, is_paused) = match k.m.clock.kind {
        ClockKind::Replay { speed, paused } => (speed, paused),
        _ => (1.0, true),
    };
    let y = rect.center().y;
    let box_at = |x: f32, width: f32| Rect::from_min_size(pos2(x, y - BUTTON_H * 0.5), vec2(width, BUTTON_H));
    let hold = if is_paused { (Sign::Play, tr::RESUME, 64.0) } else { (Sign::Pause, tr::PAUSE, 64.0) };
    let buttons = [
        (Sign::Start, tr::TO_START, 46.0),
        (Sign::Before, tr::EVENT_BEFORE, 84.0),
        hold,
        (Sign::After, tr::EVENT_AFTER, 84.0),
        (Sign::End, tr::TO_END, 46.0),
    ];
    let mut x = rect.left() + 12.0;
    for (sign, name, width) in buttons {
        let at = box_at(x, width);
        x = at.right() + 8.0;
        if !sign_ui(k, at, sign, name) {
            continue;
        }
        match sign {
            Sign::Start => seek(state, story.from(), &mut k.out),
            Sign::End => seek(state, story.to(), &mut k.out),
            Sign::Before => step(k.m, state, story, -1, &mut k.out),
            Sign::After => step(k.m, state, story, 1, &mut k.out),
            Sign::Pause | Sign::Play => k.out.push(paused(k.m)),
        }
    }
    x = k.text(pos2(x + 8.0, y), Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::SPEED)).right() + 10.0;
    for option in SPEEDS {
        let at = box_at(x, 54.0);
        x = at.right() + 6.0;
        if choice_ui(k, at, ("replay-speed", option as u32), &format!("×{option:.0}"), option == speed) {
            let paused = is_paused;
            k.out.push(UiCommand::Playback(Playback::SetSpeed { speed: option, paused }));
        }
    }
    // The report and the legend from the right, the bookmark in what is left.
    let mut right = rect.right() - 12.0;
    for (form, label) in [("docx", tr::EXPORT_DOCX), ("pdf", tr::EXPORT_REPORT)] {
        let width = k.width(14.0, k.t(label)) + 24.0;
        let at = box_at(right - width, width);
        if at.left() < x + 8.0 {
            break;
        }
        right = at.left() - 8.0;
        if k.button(at, ("replay-export", form), 14.0, k.t(label), false) {
            k.out.push(UiCommand::SaveReport(form));
        }
    }
    if right - x > 620.0 {
        right = legend_ui(k, pos2(right - 8.0, y));
    }
    let room = Rect::from_min_max(pos2(x + 10.0, y - BUTTON_H * 0.5), pos2(right - 12.0, y + BUTTON_H * 0.5));
    remark_ui(k, state, room);
}

/// Write a word to this moment, or have it written; else what solid and pale mean.
fn remark_ui(k: &mut Kit<'_>, state: &mut PanelState, room: Rect) {
    let label = k.t(tr::ADD_BOOKMARK);
    let width = k.width(14.0, label) + 24.0;
    if room.width() < width {
        return;
    }
    let Some(mut remark) = state.replay.remark.take() else {
        let button = Rect::from_min_size(room.min, vec2(width, room.height()));
        if k.button(button, "replay-bookmark", 14.0, label, false) {
            let at = state.replay.cursor.at(k.now());
            state.replay.remark = Some(Remark::at(at));
        }
        let at = pos2(button.right() + 14.0, room.center().y);
        k.fit(at, Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::PLAYED_IS_SOLID), room.right() - at.x);
        return;
    };
    let stamp = remark.at.hms();
    let at = pos2(room.left(), room.center().y);
    let stamp = k.text(at, Align2::LEFT_CENTER, 14.0, REPLAY_LINE, &stamp);
    let has_words = !remark.text.trim().is_empty();
    let label = k.t(if remark.is_kept && !has_words { tr::DROP_BOOKMARK } else { tr::KEEP_BOOKMARK });
    let save_w = k.width(14.0, label) + 24.0;
    let save = Rect::from_min_max(pos2(room.right() - save_w, room.top()), room.max);
    let line = Rect::from_min_max(pos2(stamp.right() + 10.0, room.top() + 2.0), save.left_bottom() - vec2(8.0, 2.0));
    if line.width() < 60.0 {
        state.replay.remark = Some(remark);
        return;
    }
    // Enter takes the line's focus away in the frame it is pressed.
    let was_typing = k.ui.ctx().text_edit_focused();
    let (name, hint) = (tr::BOOKMARK_WORD, tr::BOOKMARK_HINT);
    line_ui(k, line, "replay-remark", &mut remark.text, name, hint, &mut remark.wants_focus);
    let may_save = has_words || remark.is_kept;
    let entered = was_typing && k.ui.input(|input| input.key_pressed(Key::Enter));
    let pressed = guarded_ui(k, save, "replay-keep", 14.0, label, !may_save);
    if may_save && (entered || pressed) {
        let text = remark.text.trim().to_owned();
        k.out.push(UiCommand::Playback(Playback::Bookmark { at: remark.at, text }));
    } else {
        state.replay.remark = Some(remark);
    }
}

/// The four colours of the density; its left edge is returned.
fn legend_ui(k: &Kit<'_>, mut at: Pos2) -> f32 {
    for color in WarningColor::ALL.into_iter().rev() {
        let word = k.text(at, Align2::RIGHT_CENTER, 12.0, SECONDARY, color.glyph());
        let square = Rect::from_center_size(pos2(word.left() - 11.0, at.y), vec2(9.0, 9.0));
        k.fill(square, 0.0, level_line(color));
        at.x = square.left() - 14.0;
    }
    at.x
}

/// A button with a painted sign, beside it 事件 where it goes by events.
fn sign_ui(k: &Kit<'_>, rect: Rect, sign: Sign, name: Tr) -> bool {
    let response = k.hit(rect, ("replay-sign", name.en), k.t(name));
    let is_hold = matches!(sign, Sign::Pause | Sign::Play);
    k.fill(rect, 4.0, if response.hovered() { SELECTED } else { RAISED });
    k.outline(rect, 4.0, 1.0, if is_hold { REPLAY_LINE } else { STRONG });
    let (c, ink) = (rect.center(), if is_hold { REPLAY_LINE } else { PRIMARY });
    match sign {
        Sign::Start => {
            bar(k, c - vec2(7.0, 0.0), 2.0, ink);
            triangle(k, c + vec2(2.0, 0.0), -1.0, ink);
        }
        Sign::End => {
            triangle(k, c - vec2(2.0, 0.0), 1.0, ink);
            bar(k, c + vec2(7.0, 0.0), 2.0, ink);
        }
        Sign::Play => triangle(k, c, 1.0, ink),
        Sign::Pause => {
            bar(k, c - vec2(4.0, 0.0), 4.0, ink);
            bar(k, c + vec2(4.0, 0.0), 4.0, ink);
        }
        Sign::Before => {
            triangle(k, pos2(rect.left() + 18.0, c.y), -1.0, ink);
            k.text(pos2(rect.left() + 32.0, c.y), Align2::LEFT_CENTER, 14.0, ink, k.t(tr::EVENT));
        }
        Sign::After => {
            triangle(k, pos2(rect.right() - 18.0, c.y), 1.0, ink);
            k.text(pos2(rect.right() - 32.0, c.y), Align2::RIGHT_CENTER, 14.0, ink, k.t(tr::EVENT));
        }
    }
    response.clicked()
}

fn bar(k: &Kit<'_>, c: Pos2, width: f32, ink: Color32) {
    k.fill(Rect::from_center_size(c, vec2(width, 13.0)), 0.0, ink);
}

/// Points to the right with `way` 1, to the left with −1.
fn triangle(k: &Kit<'_>, c: Pos2, way: f32, ink: Color32) {
    let points = vec![c + vec2(-5.0 * way, -6.5), c + vec2(6.0 * way, 0.0), c + vec2(-5.0 * way, 6.5)];
    k.painter().add(Shape::convex_polygon(points, ink, Stroke::NONE));
}
