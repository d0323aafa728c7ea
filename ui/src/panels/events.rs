//! The event list: what a person must act on now. Unacknowledged first, then level, then age (DESIGN.md §3).

use super::kit::{Kit, mmss, row_id};
use super::{PanelState, Selection, UiCommand, desk};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Color32, Pos2, Rect, Stroke, pos2, vec2};
use gulang_city::*;

pub(super) fn events_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let body = k.panel(rect, k.t(tr::EVENTS), k.t(tr::EVENTS_SUB));
    header_ui(k, state, rect, 32.0, 12.0, true);
    let footer = Rect::from_min_max(pos2(body.left(), body.bottom() - 36.0), body.max);
    let list = Rect::from_min_max(body.min, pos2(body.right(), footer.top()));
    rows_ui(k, state, list, 47.0);
    state.digest.hold_events = k.ui.rect_contains_pointer(list);
    footer_ui(k, state, footer);
}

/// Counts at the right of the header: unacknowledged, in hand, shelved.
pub(super) fn header_ui(k: &Kit<'_>, state: &PanelState, rect: Rect, header: f32, size: f32, shelved: bool) {
    let digest = &state.digest;
    let mut text = k.m.lang.fill(tr::IN_HAND, &[&digest.n_acknowledged.to_string()]);
    if shelved {
        text = format!("{text}・{}", k.m.lang.fill(tr::SHELVED_N, &[&digest.n_shelved.to_string()]));
    }
    let at = k.header_right(rect, header, size, TERTIARY, &format!("・{text}"));
    let text = k.m.lang.fill(tr::UNACKNOWLEDGED_N, &[&digest.n_unacknowledged.to_string()]);
    k.bold(pos2(at.left(), at.center().y), Align2::RIGHT_CENTER, size, PRIMARY, &text);
}

/// Rows from the top while they fit; `design_h` is a row's height in design pixels.
pub(super) fn rows_ui(k: &mut Kit<'_>, state: &mut PanelState, list: Rect, design_h: f32) {
    let height = design_h * k.s;
    let n_fit = (list.height() / height + 0.02) as usize;
    if state.digest.events.is_empty() {
        k.fit_center(list, design_h * 0.3, TERTIARY, k.t(tr::NO_EVENTS), false);
        return;
    }
    if k.ui.rect_contains_pointer(list) {
        state.events_scroll -= k.ui.input(|input| input.smooth_scroll_delta.y) / height;
    }
    state.events_scroll = state.events_scroll.clamp(0.0, state.digest.events.len().saturating_sub(n_fit) as f32);
    let first = state.events_scroll.round() as usize;
    let mut pressed = None;
    for (i, row) in state.digest.events.iter().skip(first).take(n_fit).enumerate() {
        let at = Rect::from_min_size(pos2(list.left(), list.top() + height * i as f32), vec2(list.width(), height));
        let selected = k.m.selection == Some(&row.selection);
        if selected {
            k.fill(at, 0.0, SELECTED);
            k.fill(Rect::from_min_size(at.min, vec2(3.0 * k.s * design_h / 47.0, height)), 0.0, ACCENT);
        } else if !row.acknowledged {
            k.fill(at, 0.0, RAISED);
        }
        let u = design_h / 47.0;
        let symbol = pos2(at.left() + 25.0 * u * k.s, at.center().y);
        if !row.acknowledged {
            pulse(k, symbol, 14.0 * u, row.color, row.since);
        }
        k.level(symbol, 21.0 * u, row.color, row.acknowledged);
        row_text_ui(k, at, u, row);
        k.hline(at.left(), at.right(), at.bottom(), ROW);
        if k.hit(at, row_id("event", &row.selection), &row.title).clicked() {
            pressed = Some((row.selection.clone(), row.at));
        }
    }
    if let Some((selection, at)) = pressed {
        k.out.push(UiCommand::Select(Some(selection)));
        if let Some(at) = at {
            k.out.push(UiCommand::FlyTo(at, 6000.0));
        }
    }
}

fn row_text_ui(k: &Kit<'_>, at: Rect, u: f32, row: &super::digest::EventRow) {
    let px = u * k.s;
    let ink = if row.acknowledged { SECONDARY } else { PRIMARY };
    let (left, right) = (at.left() + 46.0 * px, at.right() - 12.0 * px);
    let waited = k.now().since_ms(row.since);
    let age =
        if row.acknowledged || waited >= 3_600_000 { k.m.lang.elapsed(waited / 1000) } else { mmss(waited.max(0)) };
    let (top, bottom) = (at.center().y - 9.0 * px, at.center().y + 10.0 * px);
    let age = k.bold(pos2(right, top), Align2::RIGHT_CENTER, 14.0 * u, ink, &age);
    let state_ink = if row.acknowledged { TERTIARY } else { PRIMARY };
    let state = k.text(pos2(right, bottom), Align2::RIGHT_CENTER, 12.0 * u, state_ink, &row.state);
    let room = age.left() - left - 8.0 * px;
    if row.acknowledged {
        k.fit(pos2(left, top), Align2::LEFT_CENTER, 15.0 * u, ink, &row.title, room);
    } else {
        k.bold_fit(pos2(left, top), Align2::LEFT_CENTER, 15.0 * u, ink, &row.title, room);
    }
    k.fit(pos2(left, bottom), Align2::LEFT_CENTER, 12.0 * u, TERTIARY, &row.sub, state.left() - left - 8.0 * px);
}

/// The halo: it breathes for half a minute, then stands still until somebody acknowledges.
fn pulse(k: &Kit<'_>, center: Pos2, r: f32, color: WarningColor, since: Timestamp) {
    let young = k.m.clock.wall.since_ms(since).min(k.now().since_ms(since)) < PULSE_STOP_MS;
    let phase = k.ui.input(|input| input.time) * 1000.0 / PULSE_MS;
    let alpha = if young { 0.675 + 0.325 * (phase * std::f64::consts::TAU).cos() as f32 } else { 1.0 };
    let line: Color32 = level_line(color).gamma_multiply(alpha);
    k.painter().circle_stroke(center, r * k.s, Stroke::new(1.4 * k.s, line));
    if young {
        k.ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
    }
}

fn footer_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    k.fill(Rect::from_min_max(rect.min + vec2(1.0, 0.0), rect.max - vec2(1.0, 1.0)), 0.0, PANEL);
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let y = rect.center().y;
    let digest = &state.digest;
    let rate = k.m.lang.fill(tr::RATE_10MIN, &[&digest.alarms_in_10min.to_string()]);
    let ink = if digest.alarms_in_10min > MAX_ALARMS_PER_10MIN { LATE } else { SECONDARY };
    let at = k.text(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 12.0, ink, &rate);
    let limit = k.m.lang.fill(tr::RATE_LIMIT, &[&MAX_ALARMS_PER_10MIN.to_string()]);
    let at = k.text(pos2(at.right() + 10.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &limit);
    if digest.n_waiting > 0 {
        let text = k.m.lang.fill(tr::WAITING_N, &[&digest.n_waiting.to_string()]);
        let chip = k.chip(pos2(at.right() + 10.0, y), 12.0, &text, Some(SELECTED), STRONG, PRIMARY);
        if k.hit(chip, "waiting", &text).clicked() {
            state.digest.hold_events = false;
            state.digest.events.clear();
        }
    }
    let alarm = match k.m.selection {
        Some(Selection::Alarm(alarm)) => Some(*alarm),
        _ => None,
    };
    let mut x = rect.right() - 118.0;
    for (key, label) in [("A", tr::ACKNOWLEDGE), ("S", tr::SHELVE)] {
        let chip = k.key(pos2(x, y), key);
        let text = k.text(
            pos2(chip.right() + 5.0, y),
            Align2::LEFT_CENTER,
            12.0,
            if alarm.is_some() { PRIMARY } else { TERTIARY },
            k.t(label),
        );
        let hit = chip.union(text).expand2(vec2(2.0, 6.0));
        if k.hit(hit, key, k.t(label)).clicked()
            && let Some(alarm) = alarm
        {
            let command = if key == "A" { Command::AcknowledgeAlarm { alarm } } else { desk::shelve(k.m, alarm) };
            k.out.push(UiCommand::Submit(command));
        }
        x = hit.right() + 8.0;
    }
}
