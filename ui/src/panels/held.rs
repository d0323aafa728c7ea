//! Orders that wait for a group or a condition (待发指令), and the hold that sends them without waiting.

use super::UiCommand;
use super::kit::{Kit, row_id};
use super::press::{self, Hold};
use super::signing::{self, REASON_H};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, Shape, Stroke, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeSet;

/// The list as the officer left it.
#[derive(Default)]
pub(super) struct Held {
    chosen: BTreeSet<u64>,
    reason: String,
    hold_since: Option<f64>,
    scroll: f32,
}

const ROW_H: f32 = 42.0;
const HOLD_H: f32 = 46.0;
const REASONS: [Tr; 3] = [tr::RELEASE_URGENT, tr::RELEASE_BY_PHONE, tr::RELEASE_ORDERED];

/// In place of the orders; below the list the reason and the hold.
pub(super) fn held_ui(k: &mut Kit<'_>, held: &mut Held, rect: Rect) {
    let city = k.m.city;
    let waiting = &city.held;
    held.chosen.retain(|number| waiting.iter().any(|it| it.number == *number));
    let pad = 12.0;
    let hold = Rect::from_min_max(
        pos2(rect.left() + pad, rect.bottom() - HOLD_H - 6.0),
        pos2(rect.right() - pad, rect.bottom() - 6.0),
    );
    let reason =
        Rect::from_min_max(pos2(hold.left(), hold.top() - REASON_H - 6.0), pos2(hold.right(), hold.top() - 6.0));
    let list = Rect::from_min_max(rect.min, pos2(rect.right(), (reason.top() - 4.0).max(rect.top())));
    let n_fit = (list.height() / ROW_H) as usize;
    if k.ui.rect_contains_pointer(list) {
        held.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y) / ROW_H;
    }
    held.scroll = held.scroll.clamp(0.0, waiting.len().saturating_sub(n_fit) as f32);
    for (i, it) in waiting.iter().skip(held.scroll.round() as usize).take(n_fit).enumerate() {
        let at = pos2(list.left(), list.top() + ROW_H * i as f32);
        row_ui(k, Rect::from_min_size(at, vec2(list.width(), ROW_H)), held, it);
    }
    signing::reason_ui(k, reason, "release-reason", &REASONS, &mut held.reason);
    let command =
        Command::ReleaseHeld { held: held.chosen.iter().copied().collect(), reason: held.reason.trim().into() };
    let why_not = match (press::barred(k, "release_held"), held.chosen.is_empty()) {
        (None, true) => Some(k.t(tr::RELEASE_NONE_CHOSEN).to_owned()),
        (None, false) => press::refused(k, &command),
        (why, _) => why,
    };
    let label = k.m.lang.fill(tr::RELEASE_N, &[&held.chosen.len().to_string()]);
    let button = Hold {
        id: "hold-release",
        label: &label,
        why_not: why_not.as_deref(),
        ms: press::HOLD_SEND_MS,
        is_default: false,
    };
    if press::hold_ui(k, hold, &button, &mut held.hold_since) {
        k.out.push(UiCommand::Submit(command));
        held.reason.clear();
    }
}

/// One that waits: what, for whom, and for what it waits. A press chooses it or not.
fn row_ui(k: &Kit<'_>, row: Rect, held: &mut Held, it: &HeldOrder) {
    let is_chosen = held.chosen.contains(&it.number);
    let tick = Rect::from_center_size(pos2(row.left() + 22.0, row.center().y), vec2(16.0, 16.0));
    k.outline(tick, 2.0, 1.5, if is_chosen { ACCENT } else { TERTIARY });
    if is_chosen {
        let mark = [tick.min + vec2(3.5, 8.5), tick.min + vec2(7.0, 12.0), tick.min + vec2(12.8, 4.6)];
        k.painter().add(Shape::line(mark.to_vec(), Stroke::new(1.8, ACCENT)));
    }
    let x = row.left() + 44.0;
    let room = row.right() - x - 12.0;
    let c = row.center().y;
    k.bold_fit(pos2(x, c - 9.0), Align2::LEFT_CENTER, 14.0, PRIMARY, &it.title, room);
    let agency = k.m.city.agencies.get(&it.agency).map_or(it.agency.as_str(), |it| &it.name);
    let group = k.m.lang.fill(tr::GROUP_N, &[&(u32::from(it.group) + 1).to_string()]);
    let waits = k.t(if it.has_precondition { tr::WAITS_FOR_CONDITION } else { tr::WAITS_FOR_GROUP });
    let sub = format!("{agency}・{group}・{waits}");
    k.fit(pos2(x, c + 10.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &sub, room);
    k.hline(row.left(), row.right(), row.bottom(), ROW);
    let label = k.m.lang.fill(tr::RELEASE_CHOOSE, &[&it.title]);
    if k.hit(row, row_id("held", it.number), &label).clicked() && !held.chosen.remove(&it.number) {
        held.chosen.insert(it.number);
    }
}
