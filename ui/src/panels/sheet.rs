//! The sheets: 平转战 review ([`review`]), 战转平, the second signature ([`cosign`]), [`drill`]. Nothing leaves the building
//! without one that shows exactly what will be sent to whom; a hold of three seconds sends it, or signs it first of two.
//!
//! [`review`]: super::review
//! [`cosign`]: super::cosign

use super::cosign::{CoSign, co_sign_ui};
use super::drill::{self, DrillSheet, drill_ui};
use super::kit::{EDGE, Kit, RealmMark, exact, realm_mark, row_id};
use super::press::{self, Hold};
use super::review::{Keep, Review, review_ui};
use super::signing::{self, REASON_H, Signing};
use super::{Model, PanelState, UiCommand, topbar};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, Sense, Shape, Stroke, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeSet;

/// The one sheet that may be open.
pub(super) enum Sheet {
    Review(Box<Review>),
    StandDown(StandDown),
    CoSign(Box<CoSign>),
    Drill(DrillSheet),
}

/// The stand-down sheet as the officer left it.
#[derive(Default)]
pub(super) struct StandDown {
    signing: Signing,
    /// What stays open and was accepted.
    accepted: BTreeSet<OpenItem>,
    scroll: f32,
}

/// The height of the seats' boxes on the stand-down sheet, with the override below them.
const SEATS_H: f32 = 98.0;
/// A row of what is still open.
const OPEN_H: f32 = 30.0;
const PEACE_REASONS: [Tr; 3] = [tr::REASON_PASSED, tr::REASON_CANCELLED, tr::REASON_ORDERED];

/// The highest level in force anywhere.
pub(super) fn level_in_force(city: &City) -> Option<ResponseLevel> {
    level_in(city, &BTreeSet::new())
}

/// The highest level in force in some districts; in none of them is anywhere.
pub(super) fn level_in(city: &City, districts: &BTreeSet<DistrictId>) -> Option<ResponseLevel> {
    let of_city = if districts.is_empty() { city.footing.level } else { None };
    let asked = city.footings.iter().filter(|(id, _)| districts.is_empty() || districts.contains(*id));
    asked.map(|(_, it)| it.level).chain([of_city]).max().flatten()
}

impl Sheet {
    /// The switch that waits for its second signature, if one does; else a new sheet.
    pub fn review(model: &Model<'_>) -> Self {
        let waiting = model.city.proposal.as_ref();
        waiting.map_or_else(|| Self::drawn_up(model), |it| Self::CoSign(Box::new(CoSign::new(it))))
    }

    /// Filled in: the recommended plan and level, every measure ticked.
    fn drawn_up(model: &Model<'_>) -> Self {
        Self::Review(Box::new(Review::new(model)))
    }

    pub fn stand_down() -> Self {
        Self::StandDown(StandDown::default())
    }

    /// One step back, a form put away; `false` where there is none.
    pub fn back(&mut self) -> bool {
        match self {
            Self::Review(review) => review.adding.take().is_some(),
            Self::StandDown(_) | Self::CoSign(_) | Self::Drill(_) => false,
        }
    }

    pub fn drill() -> Self {
        Self::Drill(DrillSheet::new())
    }
}

pub(super) fn sheet_ui(k: &mut Kit<'_>, state: &mut PanelState, window: Rect) {
    let Some(mut sheet) = state.sheet.take() else { return };
    // The scrim swallows presses meant for what lies under it.
    k.ui.interact(window, k.ui.id().with("scrim"), Sense::click_and_drag());
    k.fill(window, 0.0, SCRIM.gamma_multiply(SCRIM_ALPHA));
    let size = match sheet {
        Sheet::Review(_) => vec2(1560.0, 956.0),
        Sheet::StandDown(_) => vec2(760.0, 820.0),
        Sheet::CoSign(_) => vec2(1280.0, 900.0),
        Sheet::Drill(_) => drill::SIZE,
    };
    let room = window.shrink(if k.is_exercise() { EDGE * 2.0 + 4.0 } else { 12.0 });
    let size = vec2(size.x.min(room.width()), size.y.min(room.height()));
    let rect = Rect::from_center_size(room.center() + vec2(0.0, 20.0f32.min((room.height() - size.y) * 0.5)), size);
    realm_mark(k, RealmMark::Window(rect.expand(EDGE)));
    k.fill(rect, 6.0, PANEL);
    k.outline(rect, 6.0, 1.0, if k.is_exercise() { EXERCISE_LINE } else { STRONG });
    let keep = match &mut sheet {
        Sheet::Review(review) => review_ui(k, review, rect),
        Sheet::StandDown(stand_down) => stand_down_ui(k, stand_down, rect),
        Sheet::CoSign(it) => co_sign_ui(k, it, rect),
        Sheet::Drill(sheet) => drill_ui(k, sheet, state, rect),
    };
    match (keep, sheet) {
        (Keep::Open, sheet) => state.sheet = Some(sheet),
        (Keep::Sent, Sheet::Review(review)) => state.sent = Some(review),
        (Keep::Closed, Sheet::CoSign(it)) if it.wants_another => state.sheet = Some(Sheet::drawn_up(k.m)),
        _ => {}
    }
}

/// Title, plan and level, and that nothing was sent yet.
pub(super) fn header_ui(k: &Kit<'_>, rect: Rect, title: &str, plan: Option<&Plan>, level: ResponseLevel) {
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), 56.0));
    k.fill(head.shrink(1.0), 6.0, RAISED);
    k.hline(head.left(), head.right(), head.bottom(), HAIR);
    let y = head.center().y;
    let x = rect.left() + 20.0 + realm_mark(k, RealmMark::Chip(pos2(rect.left() + 20.0, y), 14.0));
    let at = k.bold(pos2(x, y), Align2::LEFT_CENTER, 22.0, PRIMARY, title);
    let note = k.text(pos2(rect.right() - 20.0, y), Align2::RIGHT_CENTER, 13.0, SECONDARY, k.t(tr::NOTHING_SENT_YET));
    if let Some(plan) = plan {
        let text =
            format!("{}・{}", k.m.lang.hazard(Some(plan.hazard)), k.m.lang.fill(tr::LEVEL_EMERGENCY, &[level.roman()]));
        k.fit(pos2(at.right() + 18.0, y), Align2::LEFT_CENTER, 15.0, SECONDARY, &text, note.left() - at.right() - 30.0);
    }
}

/// 战转平, symmetrical: how it stands, what is still open and must be accepted by name, who signs, then the hold.
fn stand_down_ui(k: &mut Kit<'_>, sheet: &mut StandDown, rect: Rect) -> Keep {
    let city = k.m.city;
    header_ui(k, rect, k.t(tr::STAND_DOWN), None, ResponseLevel::IV);
    let (left, right) = (rect.left() + 24.0, rect.right() - 24.0);
    let level = level_in_force(city);
    let n_seats = if level >= Some(ResponseLevel::II) { 2 } else { 1 };
    let open = city.still_open(&[]);
    sheet.accepted.retain(|it| open.contains(it));
    let totals = city.evacuation_totals().all;
    let level_text = level.map_or("—".to_owned(), |it| k.m.lang.fill(tr::LEVEL_N, &[it.roman()]));
    let since = k.m.lang.elapsed(k.now().since_ms(city.footing.since) / 1000);
    let lines = [
        (tr::PRESENT_RESPONSE, format!("{level_text}・{since}")),
        (tr::PEOPLE_STILL, exact(i64::from(totals.expected.saturating_sub(totals.moved)))),
        (tr::WARNINGS_IN_FORCE, topbar::warnings_in_force(city, k.now()).len().to_string()),
    ];
    let mut y = rect.top() + 76.0;
    for (label, value) in lines {
        k.text(pos2(left, y), Align2::LEFT_CENTER, 15.0, SECONDARY, k.t(label));
        k.bold(pos2(right, y), Align2::RIGHT_CENTER, 17.0, PRIMARY, &value);
        k.hline(left, right, y + 16.0, ROW);
        y += 34.0;
    }

    // From the bottom up: the hold, the seats, the reason; the list has what is left.
    let c = rect.bottom() - 52.0;
    let confirm = Rect::from_min_max(pos2(left, c - 44.0 - SEATS_H), pos2(right, c - 44.0));
    let reason = Rect::from_min_size(pos2(left, confirm.top() - 10.0 - REASON_H), vec2(right - left, REASON_H));
    let list = Rect::from_min_max(pos2(left, y - 8.0), pos2(right, reason.top() - 10.0));
    open_ui(k, sheet, list, &open);
    signing::reason_ui(k, reason, "stand-down-reason", &PEACE_REASONS, &mut sheet.signing.reason);
    signing::seats_ui(k, &mut sheet.signing, confirm, level, n_seats);

    let cancel = Rect::from_min_size(pos2(left, c - 32.0), vec2(120.0, 64.0));
    if k.button(cancel, "cancel", 16.0, k.t(tr::CANCEL_ESC), false) {
        return Keep::Closed;
    }
    let realm = k.t(if k.is_exercise() { tr::EXERCISE } else { tr::REALM_ACTUAL });
    let proposes = n_seats > 1 && !sheet.signing.overridden;
    let label = k.m.lang.fill(if proposes { tr::HOLD_TO_PROPOSE_PEACE } else { tr::HOLD_TO_STAND_DOWN }, &[realm]);
    let hold = Rect::from_min_max(pos2(cancel.right() + 16.0, c - 32.0), pos2(right, c + 32.0));
    let blocked = stand_down_blocked(k, sheet, &open, level, n_seats);
    let held =
        Hold { id: "hold-peace", label: &label, why_not: blocked.as_deref(), ms: HOLD_CONFIRM_MS, is_default: true };
    if !press::hold_ui(k, hold, &held, &mut sheet.signing.hold_since) {
        return Keep::Open;
    }
    let switch = Switch::ToPeace { districts: Vec::new(), reason: sheet.signing.reason(k), accepted: open };
    k.out.push(UiCommand::Submit(sheet.signing.command(k, switch, n_seats)));
    Keep::Closed
}

/// Why peace cannot be held yet.
fn stand_down_blocked(
    k: &Kit<'_>,
    sheet: &StandDown,
    open: &[OpenItem],
    level: Option<ResponseLevel>,
    n_seats: u8,
) -> Option<String> {
    if let Some(why) = press::barred(k, "stand_down") {
        return Some(why);
    }
    if !k.m.city.is_any_war() {
        return Some(k.t(tr::ALREADY_PEACE).to_owned());
    }
    let n_left = open.iter().filter(|it| !sheet.accepted.contains(*it)).count();
    if n_left > 0 {
        return Some(k.m.lang.fill(tr::OPEN_NOT_ACCEPTED, &[&n_left.to_string()]));
    }
    if level > Some(ResponseLevel::IV) && !sheet.signing.has_reason() {
        return Some(k.t(tr::LEVEL_NEEDS_REASON).to_owned());
    }
    sheet.signing.blocked(k, n_seats, level)
}

/// What is still open, each with a tick: an order, a team out, people not back, a closure, a missing signature.
fn open_ui(k: &Kit<'_>, sheet: &mut StandDown, rect: Rect, open: &[OpenItem]) {
    let y = rect.top() + 14.0;
    let n = [open.len().to_string(), sheet.accepted.len().to_string()];
    let title = k.m.lang.fill(tr::STILL_OPEN, &[&n[0], &n[1]]);
    let at = k.bold(pos2(rect.left(), y), Align2::LEFT_CENTER, 15.0, PRIMARY, &title);
    let all = Rect::from_min_max(pos2(rect.right() - 112.0, rect.top()), pos2(rect.right(), rect.top() + 28.0));
    let note_w = all.left() - at.right() - 24.0;
    k.fit(pos2(at.right() + 12.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::STAND_DOWN_NOTE), note_w);
    if !open.is_empty() && k.button(all, "accept-all", 13.0, k.t(tr::ACCEPT_ALL), false) {
        sheet.accepted = open.iter().cloned().collect();
    }
    k.hline(rect.left(), rect.right(), rect.top() + 32.0, HAIR);
    let list = Rect::from_min_max(pos2(rect.left(), rect.top() + 34.0), rect.max);
    let n_fit = (list.height() / OPEN_H).max(0.0) as usize;
    if k.ui.rect_contains_pointer(list) {
        sheet.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y) / OPEN_H;
    }
    if !k.ui.ctx().text_edit_focused() {
        use egui::Key;
        let steps = k.ui.input(|input| {
            let key = |key, by: f32| if input.key_pressed(key) { by } else { 0.0 };
            let page = n_fit as f32;
            key(Key::ArrowDown, 1.0) - key(Key::ArrowUp, 1.0) + key(Key::PageDown, page) - key(Key::PageUp, page)
        });
        sheet.scroll += steps;
    }
    sheet.scroll = sheet.scroll.clamp(0.0, open.len().saturating_sub(n_fit) as f32);
    let first = sheet.scroll.round() as usize;
    for (i, (n, item)) in open.iter().enumerate().skip(first).take(n_fit).enumerate() {
        let at = pos2(list.left(), list.top() + OPEN_H * i as f32);
        let row = Rect::from_min_size(at, vec2(list.width(), OPEN_H));
        let c = row.center().y;
        let on = sheet.accepted.contains(item);
        let tick = Rect::from_center_size(pos2(row.left() + 12.0, c), vec2(16.0, 16.0));
        k.outline(tick, 2.0, 1.5, if on { ACCENT } else { TERTIARY });
        if on {
            let mark = [tick.min + vec2(3.5, 8.5), tick.min + vec2(7.0, 12.0), tick.min + vec2(12.8, 4.6)];
            k.painter().add(Shape::line(mark.to_vec(), Stroke::new(1.8, ACCENT)));
        }
        let text = k.m.city.open_item_text(item);
        let ink = if on { SECONDARY } else { PRIMARY };
        k.fit(pos2(row.left() + 32.0, c), Align2::LEFT_CENTER, 14.0, ink, &text, row.width() - 36.0);
        k.hline(row.left(), row.right(), row.bottom(), ROW);
        let label = k.m.lang.fill(tr::ACCEPT_OPEN, &[&text]);
        if k.hit(row, row_id("open", n), &label).clicked() && !sheet.accepted.remove(item) {
            sheet.accepted.insert(item.clone());
        }
    }
    if open.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::NOTHING_OPEN), false);
    }
}
