//! What an officer says of the one shown, by a key or a button, and what is sent for it.

use super::{MOST_UNDO, Mode, Review};
use crate::i18n::{Lang, tr};
use crate::panels::kit::{Kit, row_id};
use crate::panels::pick::{AgencyPick, agency_ui};
use crate::panels::{UiCommand, press};
use crate::theme::*;
use egui::{Align2, Key, Rect, pos2, vec2};
use gulang_city::*;

/// What is wished of the queue.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    Step(isize),
    Choose(DetectionId),
    Confirm,
    /// To this agency.
    ConfirmTo(AgencyId),
    AskReason,
    /// Of the rules' reasons, from 0.
    Reject(usize),
    /// Of the case most like it.
    Duplicate,
    /// Of this one.
    DuplicateOf(CaseId),
    Undo,
    PickAgency,
    /// Out of a form, back to the queue.
    Back,
    Mute(CameraId, Text),
    Unmute(CameraId, Text),
}

const DIGITS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
const BUTTON_H: f32 = 40.0;

/// What the keys wish. While somebody types they are letters; Enter on a focused button is that button's.
pub(super) fn keyed(k: &Kit<'_>, review: &Review) -> Option<Act> {
    let ctx = k.ui.ctx();
    if k.m.is_replay() || ctx.text_edit_focused() {
        return None;
    }
    let pressed = |key: Key| k.ui.input(|input| input.key_pressed(key) && !input.modifiers.any());
    match review.mode {
        Mode::Reasons => return DIGITS.into_iter().position(pressed).map(Act::Reject),
        // A name is being typed, or was: Enter ended that, and means no case.
        Mode::Agency(_) => return None,
        Mode::Queue => {}
    }
    let is_free = ctx.memory(|memory| memory.focused().is_none());
    let keys = [
        (Key::J, Act::Step(1)),
        (Key::ArrowDown, Act::Step(1)),
        (Key::K, Act::Step(-1)),
        (Key::ArrowUp, Act::Step(-1)),
        (Key::Num1, Act::Confirm),
        (Key::Num2, Act::AskReason),
        (Key::Num3, Act::Duplicate),
        (Key::U, Act::Undo),
    ];
    if is_free && pressed(Key::Enter) {
        return Some(Act::Confirm);
    }
    keys.into_iter().find(|(key, _)| pressed(*key)).map(|(_, act)| act)
}

/// The buttons under the picture, each with its key; or the form that is open.
pub(super) fn actions_ui(k: &Kit<'_>, review: &mut Review, detection: &Detection, rect: Rect) -> Option<Act> {
    k.fill(rect, 3.0, RAISED);
    let inner = rect.shrink(8.0);
    let note = pos2(inner.left(), inner.bottom() - 12.0);
    let buttons = Rect::from_min_size(inner.min, vec2(inner.width(), BUTTON_H));
    match &mut review.mode {
        Mode::Reasons => {
            k.fit(note, Align2::LEFT_CENTER, 13.0, SECONDARY, k.t(tr::DETECTION_WHY_FALSE), inner.width());
            reasons_ui(k, buttons)
        }
        Mode::Agency(pick) => {
            let line = Rect::from_min_size(inner.min, vec2(inner.width() * 0.5, 32.0));
            let names = Rect::from_min_max(pos2(inner.left(), inner.top() + 38.0), inner.max);
            agency_ui(k, line, names, "detection-agency", pick);
            let send = Rect::from_min_size(pos2(line.right() + 8.0, inner.top()), vec2(120.0, 32.0));
            let back = send.translate(vec2(128.0, 0.0));
            let chosen = pick.chosen.clone();
            if press::guarded_ui(k, send, "detection-to", 14.0, k.t(tr::DETECTION_CONFIRM), chosen.is_none()) {
                return chosen.map(Act::ConfirmTo);
            }
            k.button(back, "detection-back", 14.0, k.t(tr::CANCEL), false).then_some(Act::Back)
        }
        Mode::Queue => {
            let confirm = Command::ConfirmDetection { detection: detection.id, agency: None };
            let why_not = press::refused(k, &confirm);
            let (text, ink) = match (&why_not, review.note.is_empty()) {
                (_, false) => (review.note.clone(), STALE),
                (Some(why), true) => (why.clone(), STALE),
                (None, true) => (k.t(tr::DETECTION_KEYS).to_owned(), TERTIARY),
            };
            k.fit(note, Align2::LEFT_CENTER, 13.0, ink, &text, inner.width());
            let all = [
                (tr::DETECTION_CONFIRM, "1", Act::Confirm),
                (tr::DETECTION_FALSE, "2", Act::AskReason),
                (tr::DETECTION_DUPLICATE, "3", Act::Duplicate),
                (tr::DETECTION_ELSEWHERE, "", Act::PickAgency),
                (tr::DETECTION_UNDO, "U", Act::Undo),
            ];
            let width = (buttons.width() - 8.0 * (all.len() as f32 - 1.0)) / all.len() as f32;
            let mut wish = None;
            for (i, (name, key, act)) in all.into_iter().enumerate() {
                let at = buttons.min + vec2((width + 8.0) * i as f32, 0.0);
                let button = Rect::from_min_size(at, vec2(width, BUTTON_H));
                // What cannot be made a case is judged by nobody here.
                let is_barred = why_not.is_some() && act != Act::Undo;
                let label = k.t(name);
                let id = row_id("detection-act", i);
                let is_pressed = match i == 0 && !is_barred {
                    true => k.button(button, id, 15.0, label, true),
                    false => press::guarded_ui(k, button, id, 15.0, label, is_barred),
                };
                if !key.is_empty() && width > 90.0 {
                    k.key(pos2(button.left() + 6.0, button.center().y), key);
                }
                if is_pressed {
                    wish = Some(act);
                }
            }
            wish
        }
    }
}

fn reasons_ui(k: &Kit<'_>, rect: Rect) -> Option<Act> {
    let reasons = &k.m.city.detection_rules.false_reasons;
    let n = reasons.len().max(1) as f32;
    let width = (rect.width() - 6.0 * (n - 1.0)) / n;
    let mut wish = None;
    for (i, reason) in reasons.iter().enumerate() {
        let button = Rect::from_min_size(rect.min + vec2((width + 6.0) * i as f32, 0.0), vec2(width, BUTTON_H));
        let words = if k.m.lang == Lang::Zh { &reason.zh } else { &reason.en };
        if k.button(button, row_id("detection-reason", i), 13.0, &format!("{} {words}", i + 1), false) {
            wish = Some(Act::Reject(i));
        }
    }
    wish
}

/// Does what is wished: what goes to the city was asked of the rules before, and the reason against it is written down.
pub(super) fn act(k: &mut Kit<'_>, review: &mut Review, queue: &[&Detection], at: Option<usize>, wish: Act) {
    review.note.clear();
    let shown = at.and_then(|at| queue.get(at).copied());
    match wish {
        Act::Step(by) => {
            let to = at.unwrap_or(0).saturating_add_signed(by).min(queue.len().saturating_sub(1));
            review.chosen = queue.get(to).map(|it| it.id);
            review.mode = Mode::Queue;
        }
        Act::Choose(id) => {
            review.chosen = Some(id);
            review.mode = Mode::Queue;
        }
        Act::Back => review.mode = Mode::Queue,
        Act::AskReason if shown.is_some() => review.mode = Mode::Reasons,
        Act::PickAgency if shown.is_some() => review.mode = Mode::Agency(AgencyPick::focused()),
        Act::AskReason | Act::PickAgency => {}
        Act::Confirm => {
            if let Some(it) = shown {
                say(k, review, queue, it, Command::ConfirmDetection { detection: it.id, agency: None });
            }
        }
        Act::ConfirmTo(agency) => {
            if let Some(it) = shown {
                say(k, review, queue, it, Command::ConfirmDetection { detection: it.id, agency: Some(agency) });
            }
        }
        Act::Reject(i) => {
            let reason = k.m.city.detection_rules.false_reasons.get(i).map(|it| it.id.clone());
            if let (Some(it), Some(reason)) = (shown, reason) {
                let command = Command::RejectDetection { detection: it.id, reason, note: "".into() };
                say(k, review, queue, it, command);
            }
        }
        Act::Duplicate => {
            let Some(it) = shown else { return };
            match review.cases_like(k.m.city, it).first().copied() {
                Some((case, _)) => {
                    say(k, review, queue, it, Command::DuplicateDetection { detection: it.id, case });
                }
                None => review.note = k.t(tr::DETECTION_NO_CASE_NEAR).to_owned(),
            }
        }
        Act::DuplicateOf(case) => {
            if let Some(it) = shown {
                say(k, review, queue, it, Command::DuplicateDetection { detection: it.id, case });
            }
        }
        Act::Undo => undo(k, review),
        Act::Mute(camera, kind) => {
            let rate = k.m.city.detection_rate(&camera, &kind);
            let share = format!("{:.0}%", rate.false_rate().unwrap_or(0.0) * 100.0);
            let counts = [share, rate.n_false.to_string(), rate.n_judged().to_string()];
            let reason = k.m.lang.fill(tr::DETECTION_MUTE_REASON, &counts.each_ref().map(String::as_str)).into();
            let until = k.now().plus_mins(i64::from(k.m.city.detection_rules.mute_hours) * 60);
            send(k, review, Command::MuteDetections { camera, kind, until, reason });
        }
        Act::Unmute(camera, kind) => {
            send(k, review, Command::UnmuteDetections { camera, kind });
        }
    }
}

/// Says it of the one shown and goes on to the next.
fn say(k: &mut Kit<'_>, review: &mut Review, queue: &[&Detection], it: &Detection, command: Command) {
    if !send(k, review, command) {
        return;
    }
    review.mode = Mode::Queue;
    review.sent.insert(it.id, k.ui.input(|input| input.time));
    review.judged.push(it.id);
    let n_over = review.judged.len().saturating_sub(MOST_UNDO);
    review.judged.drain(..n_over);
    let at = queue.iter().position(|other| other.id == it.id).unwrap_or(0);
    let next = queue.get(at + 1).or_else(|| queue.get(at.checked_sub(1)?));
    review.chosen = next.map(|it| it.id);
}

/// The last thing said here is taken back, and shown again.
fn undo(k: &mut Kit<'_>, review: &mut Review) {
    let Some(detection) = review.judged.last().copied() else {
        review.note = k.t(tr::DETECTION_NOTHING_TO_UNDO).to_owned();
        return;
    };
    if send(k, review, Command::ReopenDetection { detection }) {
        review.judged.pop();
        review.awaited = Some(detection);
    }
}

/// `false` where the rules are against it; the reason is shown.
fn send(k: &mut Kit<'_>, review: &mut Review, command: Command) -> bool {
    if let Some(why) = press::refused(k, &command) {
        review.note = why;
        return false;
    }
    k.out.push(UiCommand::Submit(command));
    true
}
