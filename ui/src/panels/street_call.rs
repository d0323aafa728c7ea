//! 一对一视频: every open call as a tile over the map, with how it stands and the button that hangs up. One that ended stays
//! a moment, so that a refusal is seen.

use super::feed_tile::{Tile, tile_ui};
use super::kit::{Kit, mmss, row_id};
use super::{PanelState, UiCommand, press, tools};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;
use gulang_wire::ClockKind;

/// At once over the map; more are counted.
const MAX_SHOWN: usize = 3;
/// How long an ended one stays, s of the hall's own day.
const STAYS_SECS: f64 = 15.0;
const WIDTH: f32 = 300.0;
const HEAD_H: f32 = 54.0;
const PICTURE_H: f32 = 190.0;
const FOOT_H: f32 = 42.0;

pub(super) fn calls_ui(k: &mut Kit<'_>, state: &mut PanelState, map: Rect) {
    let city = k.m.city;
    let speed = match k.m.clock.kind {
        ClockKind::Live => 1.0,
        ClockKind::Exercise { speed, .. } | ClockKind::Replay { speed, .. } => f64::from(speed).max(1.0),
    };
    let stays_ms = (STAYS_SECS * speed * 1000.0) as i64;
    let now = k.now();
    let is_shown = |it: &&StreetCall| !it.state.is_end() || now.since_ms(it.state_at) < stays_ms;
    let calls: Vec<&StreetCall> = city.street_calls.values().rev().filter(is_shown).collect();
    let mut bottom = map.bottom() - 12.0;
    for call in calls.iter().take(MAX_SHOWN) {
        let has_picture = call.state == StreetCallState::Answered && !call.is_ending;
        let height = HEAD_H + FOOT_H + if has_picture { PICTURE_H } else { 0.0 };
        let left = map.left() + tools::TOOLBAR_W + 14.0;
        let rect = Rect::from_min_size(pos2(left, bottom - height), vec2(WIDTH.min(map.right() - left), height));
        if rect.top() < map.top() + 48.0 || rect.width() < 160.0 {
            break;
        }
        call_ui(k, rect, call, speed, has_picture);
        state.over_map.push(rect);
        bottom = rect.top() - 8.0;
    }
}

fn call_ui(k: &mut Kit<'_>, rect: Rect, call: &StreetCall, speed: f64, has_picture: bool) {
    k.fill(rect, 4.0, PANEL);
    k.outline(rect, 4.0, 1.0, STRONG);
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    let elapsed = mmss((k.now().since_ms(call.state_at).max(0) as f64 / speed) as i64);
    let word = if call.is_ending && !call.state.is_end() { tr::CALL_ENDING } else { state_word(call.state) };
    let word = format!("{} {elapsed}", k.t(word));
    let ink = if matches!(call.state, StreetCallState::Refused | StreetCallState::NoAnswer | StreetCallState::Failed) {
        LATE
    } else {
        SECONDARY
    };
    let at = pos2(right, rect.top() + 18.0);
    let drawn = k.fit(at, Align2::RIGHT_CENTER, 13.0, ink, &word, 0.5 * rect.width());
    let room = drawn.left() - left - 8.0;
    k.bold_fit(pos2(left, rect.top() + 18.0), Align2::LEFT_CENTER, 14.0, PRIMARY, &call.name, room);
    let why = if call.note.is_empty() { &call.why } else { &call.note };
    k.fit(pos2(left, rect.top() + 40.0), Align2::LEFT_CENTER, 12.0, TERTIARY, why, right - left);
    if has_picture {
        let at = Rect::from_min_size(rect.min + vec2(8.0, HEAD_H), vec2(rect.width() - 16.0, PICTURE_H - 4.0));
        let feed = call.feed();
        let id = row_id("street-call", call.id.0);
        let tile = Tile { feed: &feed, name: &call.name, of: "", words: None, is_chosen: false, id, u: 1.0 };
        tile_ui(k, at, &tile);
    }
    if call.state.is_end() {
        return;
    }
    let button = Rect::from_min_max(pos2(left, rect.bottom() - 36.0), pos2(left + 84.0, rect.bottom() - 6.0));
    let command = Command::EndStreetCall { call: call.id };
    let barred = press::refused(k, &command);
    if press::guarded_ui(k, button, row_id("hang-up", call.id.0), 13.0, k.t(tr::CALL_HANG_UP), barred.is_some()) {
        k.out.push(UiCommand::Submit(command));
    }
    let beside = barred.unwrap_or_else(|| k.m.lang.fill(tr::CALL_BY, &[call.by.as_str()]));
    let at = pos2(button.right() + 10.0, button.center().y);
    k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, &beside, right - button.right() - 10.0);
}

fn state_word(state: StreetCallState) -> Tr {
    match state {
        StreetCallState::Asked => tr::CALL_ASKED,
        StreetCallState::Ringing => tr::CALL_RINGING,
        StreetCallState::Answered => tr::CALL_ANSWERED,
        StreetCallState::Ended => tr::CALL_ENDED,
        StreetCallState::Refused => tr::CALL_REFUSED,
        StreetCallState::NoAnswer => tr::CALL_NO_ANSWER,
        StreetCallState::Failed => tr::CALL_FAILED,
    }
}
