//! Which log to look back at: one line each, the newest first. A press or Enter opens it; nothing can be lost by it.

use super::super::kit::{Kit, exact, row_id};
use super::super::{PanelState, UiCommand};
use super::span;
use crate::i18n::tr;
use crate::playback::{LogRow, LogsAnswer};
use crate::theme::*;
use egui::{Align2, Key, Rect, Sense, pos2, vec2};
use gulang_city::{Realm, Timestamp};
use gulang_wire::Playback;

const ROW: f32 = 56.0;

#[derive(Default)]
pub(in super::super) struct Picker {
    /// `None` until the hub has answered.
    logs: Option<LogsAnswer>,
    chosen: usize,
    scroll: usize,
    /// Why the last one was not opened.
    refusal: Option<String>,
    /// Asked to be opened; the list goes when the hub plays it.
    is_asked: bool,
}

impl Picker {
    pub fn take(&mut self, answer: LogsAnswer) {
        let newest_first = |mut logs: Vec<LogRow>| {
            logs.sort_by_key(|it| std::cmp::Reverse((it.to_ms, it.from_ms)));
            logs
        };
        self.logs = Some(answer.map(newest_first));
    }

    pub fn refused(&mut self, why: String) {
        (self.refusal, self.is_asked) = (Some(why), false);
    }
}

pub(in super::super) fn picker_ui(k: &mut Kit<'_>, state: &mut PanelState, window: Rect) {
    let Some(mut picker) = state.replay.picker.take() else { return };
    // The scrim swallows presses meant for what lies under it.
    k.ui.interact(window, k.ui.id().with("scrim"), Sense::click_and_drag());
    k.fill(window, 0.0, SCRIM.gamma_multiply(SCRIM_ALPHA));
    let size = vec2(760.0f32.min(window.width() - 24.0), 560.0f32.min(window.height() - 24.0)).max(vec2(1.0, 1.0));
    let rect = Rect::from_center_size(window.center(), size);
    k.fill(rect, 6.0, PANEL);
    k.outline(rect, 6.0, 1.0, REPLAY_LINE);
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), 56.0));
    let (left, right) = (rect.left() + 20.0, rect.right() - 20.0);
    let title = k.bold(pos2(left, head.center().y), Align2::LEFT_CENTER, 22.0, PRIMARY, k.t(tr::REPLAY_OPEN));
    let note_w = right - title.right() - 20.0;
    let note = pos2(title.right() + 16.0, head.center().y);
    k.fit(note, Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::REPLAY_OPEN_NOTE), note_w);
    k.hline(rect.left(), rect.right(), head.bottom(), HAIR);

    let foot = rect.bottom() - 64.0;
    let mut list = Rect::from_min_max(pos2(left, head.bottom() + 8.0), pos2(right, foot - 8.0));
    if let Some(why) = &picker.refusal {
        let banner = Rect::from_min_size(list.min, vec2(list.width(), 44.0));
        k.fill(banner, 4.0, SELECTED);
        k.outline(banner, 4.0, 1.5, RED_STROKE);
        k.fit_center(banner, 15.0, PRIMARY, &k.m.lang.fill(tr::REPLAY_REFUSED, &[why]), true);
        list.min.y += 52.0;
    }
    let asked = match &picker.logs {
        None => {
            k.fit_center(list, 15.0, TERTIARY, k.t(tr::LOGS_COMING), false);
            None
        }
        Some(Err(why)) => {
            k.fit_center(list, 15.0, STALE, &k.m.lang.fill(tr::LOGS_FAILED, &[why]), false);
            None
        }
        Some(Ok(logs)) if logs.is_empty() => {
            k.fit_center(list, 15.0, TERTIARY, k.t(tr::NO_LOGS), false);
            None
        }
        Some(Ok(logs)) => {
            let logs = logs.clone();
            list_ui(k, &mut picker, &logs, list)
        }
    };
    if let Some(log) = asked.filter(|_| !picker.is_asked) {
        (picker.is_asked, picker.refusal) = (true, None);
        k.out.push(UiCommand::Playback(Playback::Open { log, from: None, to: None }));
    }
    let cancel = Rect::from_min_size(pos2(left, foot), vec2(120.0, 48.0));
    if k.button(cancel, "replay-cancel", 15.0, k.t(tr::CANCEL_ESC), false) {
        return;
    }
    if picker.is_asked {
        let at = pos2(cancel.right() + 20.0, cancel.center().y);
        k.fit(at, Align2::LEFT_CENTER, 14.0, REPLAY_LINE, k.t(tr::REPLAY_OPENING), right - at.x);
    }
    state.replay.picker = Some(picker);
}

/// The log asked for, if one was.
fn list_ui(k: &Kit<'_>, picker: &mut Picker, logs: &[LogRow], list: Rect) -> Option<String> {
    let n_fit = ((list.height() / ROW) as usize).max(1);
    let last = logs.len() - 1;
    let (down, up, enter) = k.ui.input(|input| {
        let key = |key| input.key_pressed(key);
        (key(Key::ArrowDown), key(Key::ArrowUp), key(Key::Enter))
    });
    picker.chosen = (picker.chosen + usize::from(down)).saturating_sub(usize::from(up)).min(last);
    if k.ui.rect_contains_pointer(list) {
        let by = k.ui.input(|input| input.smooth_scroll_delta().y);
        picker.chosen = match by {
            by if by < -4.0 => (picker.chosen + 1).min(last),
            by if by > 4.0 => picker.chosen.saturating_sub(1),
            _ => picker.chosen,
        };
    }
    picker.scroll = picker.scroll.clamp((picker.chosen + 1).saturating_sub(n_fit), picker.chosen);
    let mut asked = enter.then_some(picker.chosen);
    for (i, log) in logs.iter().enumerate().skip(picker.scroll).take(n_fit) {
        let top = list.top() + ROW * (i - picker.scroll) as f32;
        let row = Rect::from_min_size(pos2(list.left(), top), vec2(list.width(), ROW - 4.0));
        let is_chosen = i == picker.chosen;
        k.fill(row, 4.0, if is_chosen { SELECTED } else { RAISED });
        k.outline(row, 4.0, 1.0, if is_chosen { REPLAY_LINE } else { HAIR });
        let (word, line) = match log.realm {
            Realm::Actual => (tr::REALM_ACTUAL, STRONG),
            Realm::Exercise => (tr::EXERCISE, EXERCISE_LINE),
        };
        let chip = k.chip(pos2(row.left() + 12.0, row.top() + 17.0), 12.0, k.t(word), None, line, line);
        let n = exact(i64::try_from(log.n_records).unwrap_or(i64::MAX));
        let n = k.m.lang.fill(tr::N_RECORDS, &[&n]);
        let n = k.text(pos2(row.right() - 12.0, row.top() + 17.0), Align2::RIGHT_CENTER, 13.0, SECONDARY, &n);
        let title = if log.title.is_empty() { &log.id } else { &log.title };
        let at = pos2(chip.right() + 10.0, row.top() + 17.0);
        k.bold_fit(at, Align2::LEFT_CENTER, 15.0, PRIMARY, title, n.left() - at.x - 12.0);
        let mut text = span(k, Timestamp(log.from_ms), Timestamp(log.to_ms));
        if log.is_open {
            text = format!("{text}・{}", k.t(tr::LOG_IS_OPEN));
        }
        let at = pos2(row.left() + 12.0, row.bottom() - 14.0);
        k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, &text, row.width() - 24.0);
        if k.hit(row, row_id("log", i), &k.m.lang.fill(tr::REPLAY_THIS, &[title])).clicked() {
            picker.chosen = i;
            asked = Some(i);
        }
    }
    asked.and_then(|i| logs.get(i)).map(|it| it.id.clone())
}
