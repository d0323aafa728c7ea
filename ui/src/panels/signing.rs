//! How a sheet is signed: the seats, one person's override, the reason.
//!
//! It greys what the rules would refuse and says why; the rules themselves are the city's.

use super::kit::{Kit, mmss, row_id};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, FontId, Id, Rect, Stroke, TextEdit, Ui, UiBuilder, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::*;

/// The second seat that Ⅰ and Ⅱ need, and whose is asked for at that seat itself.
const SECOND_SEAT: &str = "带班领导 02";
const FIRST_SEAT: &str = "值班长 01";

/// What a reason line takes up: a row of words to press, a line to type into.
pub(super) const REASON_H: f32 = 62.0;

/// Reasons to change a level otherwise than step by step upwards.
pub(super) const LEVEL_REASONS: [Tr; 4] =
    [tr::REASON_FORECAST, tr::REASON_SITUATION, tr::REASON_ORDERED, tr::REASON_EASED];

/// Why a sheet is signed, and by whom.
#[derive(Default)]
pub(super) struct Signing {
    pub seats: Seats,
    /// One person does what takes two.
    pub overridden: bool,
    pub reason: String,
    pub hold_since: Option<f64>,
}

/// Who has confirmed: when each of the two seats did, on egui's clock (s). A confirmation holds for
/// [`TWO_PERSON_WINDOW_S`].
#[derive(Default)]
pub(super) struct Seats([Option<f64>; 2]);

impl Seats {
    /// One seat's own hold is its confirmation; two seats both press first.
    fn are_enough(&self, n_needed: u8) -> bool {
        n_needed <= 1 || self.0.iter().all(Option::is_some)
    }
}

impl Signing {
    /// Those who sign; one alone where two are overridden.
    pub fn confirmed_by(&self, n_needed: u8, own: &SeatId) -> Vec<SeatId> {
        let second = (n_needed > 1 && !self.overridden).then(|| second_seat(own));
        std::iter::once(own.clone()).chain(second).collect()
    }

    /// The reason given, or that the sheet was confirmed.
    pub fn reason(&self, k: &Kit<'_>) -> Text {
        match self.reason.trim() {
            "" => k.t(tr::CONFIRMED_ON_SHEET).into(),
            reason => reason.into(),
        }
    }

    pub fn has_reason(&self) -> bool {
        !self.reason.trim().is_empty()
    }

    /// Why it may not be held yet, as far as signatures go.
    pub fn blocked(&self, k: &Kit<'_>, n_needed: u8) -> Option<String> {
        if n_needed > 1 && self.overridden {
            return (!self.has_reason()).then(|| k.t(tr::OVERRIDE_NEEDS_REASON).to_owned());
        }
        (!self.seats.are_enough(n_needed)).then(|| k.t(tr::NEEDS_TWO).to_owned())
    }
}

/// Who signs beside `own`.
fn second_seat(own: &SeatId) -> SeatId {
    if own.as_str() == SECOND_SEAT { FIRST_SEAT.into() } else { SECOND_SEAT.into() }
}

/// Why a seat's role may not sign a level.
fn cannot_sign(k: &Kit<'_>, seat: &SeatId, level: Option<ResponseLevel>) -> Option<String> {
    let role = k.m.city.roles.role_of(seat);
    (role.signs_up_to.is_none() || role.signs_up_to < level).then(|| k.m.lang.fill(tr::ROLE_CANNOT_SIGN, &[&role.name]))
}

/// The seats that confirm, side by side; below them, where two are needed, one person's override.
pub(super) fn seats_ui(k: &Kit<'_>, signing: &mut Signing, rect: Rect, level: Option<ResponseLevel>, n_needed: u8) {
    let time = k.ui.input(|input| input.time);
    let has_override = n_needed > 1 && rect.height() >= 76.0;
    let height = rect.height() - if has_override { 34.0 } else { 0.0 };
    let size = vec2((rect.width() - 10.0) * 0.5, height);
    let needed = if signing.overridden { 1 } else { usize::from(n_needed) };
    for slot in 0..2 {
        let at = Rect::from_min_size(pos2(rect.left() + (size.x + 10.0) * slot as f32, rect.top()), size);
        seat_ui(k, &mut signing.seats.0[slot], at, slot, slot >= needed, time, level);
    }
    if n_needed <= 1 {
        signing.overridden = false;
    }
    if has_override {
        override_ui(k, signing, Rect::from_min_max(pos2(rect.left(), rect.bottom() - 28.0), rect.max));
    }
}

/// One person for two: loud, and grey with the reason where the role may not.
fn override_ui(k: &Kit<'_>, signing: &mut Signing, rect: Rect) {
    let role = k.m.city.roles.role_of(k.m.seat);
    if !role.overrides {
        signing.overridden = false;
        let why = k.m.lang.fill(tr::ROLE_CANNOT_OVERRIDE, &[&role.name]);
        k.outline(rect, 3.0, 1.0, HAIR);
        k.fit_center(rect, 12.0, QUIET, &why, false);
        return;
    }
    let on = signing.overridden;
    k.fill(rect, 3.0, if on { INVERSE_BG } else { PANEL });
    k.outline(rect, 3.0, 1.0, STRONG);
    let label = k.t(tr::OVERRIDE);
    let words = if on { k.t(tr::OVERRIDE_ON) } else { label };
    k.fit_center(rect, 13.0, if on { INVERSE_TEXT } else { SECONDARY }, words, on);
    if k.hit(rect, "override", label).clicked() {
        signing.overridden = !on;
    }
}

fn seat_ui(
    k: &Kit<'_>,
    confirmed_at: &mut Option<f64>,
    rect: Rect,
    slot: usize,
    idle: bool,
    time: f64,
    level: Option<ResponseLevel>,
) {
    let seat = if slot == 0 { k.m.seat.clone() } else { second_seat(k.m.seat) };
    let why_not = cannot_sign(k, &seat, level).filter(|_| !idle);
    let left = confirmed_at.map(|at| TWO_PERSON_WINDOW_S - (time - at));
    if idle || why_not.is_some() || left.is_some_and(|left| left <= 0.0) {
        *confirmed_at = None;
    }
    let grey = idle || why_not.is_some();
    let confirmed = confirmed_at.is_some();
    let line = if confirmed {
        OK
    } else if grey {
        HAIR
    } else {
        INVERSE_BG
    };
    k.fill(rect, 4.0, if confirmed || grey { PANEL } else { RAISED });
    k.outline(rect, 4.0, if confirmed || grey { 1.0 } else { 2.0 }, line);
    let c = pos2(rect.left() + 16.0, rect.top() + 18.0);
    if confirmed {
        k.painter().circle_filled(c, 4.5, OK);
    } else {
        k.painter().circle_stroke(c, 4.5, Stroke::new(1.5, if grey { QUIET } else { PRIMARY }));
    }
    let width = rect.width() - 36.0;
    let ink = if grey { QUIET } else { PRIMARY };
    k.bold_fit(pos2(rect.left() + 28.0, c.y), Align2::LEFT_CENTER, 14.0, ink, seat.as_str(), width);
    let word = match (confirmed, idle, &why_not) {
        (_, true, _) => k.t(tr::NOT_NEEDED).to_owned(),
        (_, _, Some(why)) => why.clone(),
        (true, ..) => k.m.lang.fill(tr::CONFIRMED_FOR, &[&mmss((left.unwrap_or(0.0) * 1000.0) as i64)]),
        _ => k.t(tr::PRESS_TO_CONFIRM).to_owned(),
    };
    let ink = if grey { QUIET } else { SECONDARY };
    k.fit(pos2(rect.left() + 12.0, c.y + 22.0), Align2::LEFT_CENTER, 13.0, ink, &word, rect.width() - 20.0);
    let label = k.m.lang.fill(tr::CONFIRM_AS, &[seat.as_str()]);
    if !grey && k.hit(rect, row_id("seat", slot), &label).clicked() {
        *confirmed_at = if confirmed { None } else { Some(time) };
    }
}

/// A reason: words to press, and a line for others. `name` tells the lines of one sheet apart.
pub(super) fn reason_ui(k: &Kit<'_>, rect: Rect, name: &'static str, words: &[Tr], reason: &mut String) {
    let mut x = rect.left();
    for (n, word) in words.iter().enumerate() {
        let label = k.t(*word);
        let chip = Rect::from_min_size(pos2(x, rect.top()), vec2(k.width(12.0, label) + 8.0, 28.0));
        if chip.right() > rect.right() + 0.5 {
            break;
        }
        x = chip.right() + 4.0;
        let chosen = reason.trim() == label;
        k.fill(chip, 3.0, if chosen { SELECTED } else { PANEL });
        k.outline(chip, 3.0, 1.0, if chosen { PRIMARY } else { HAIR });
        k.fit_center(chip.expand2(vec2(4.0, 0.0)), 12.0, if chosen { PRIMARY } else { SECONDARY }, label, false);
        if k.hit(chip, row_id(name, n), label).clicked() {
            *reason = if chosen { String::new() } else { label.to_owned() };
        }
    }
    let line = Rect::from_min_size(pos2(rect.left(), rect.top() + 32.0), vec2(rect.width(), 28.0));
    line_ui(k, line, name, k.t(tr::REASON_HINT), reason);
}

/// A line to type into; its label is its hint.
fn line_ui(k: &Kit<'_>, rect: Rect, name: &'static str, hint: &'static str, text: &mut String) {
    k.fill(rect, 3.0, APP);
    let builder = UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 4.0))).layer_id(k.ui.layer_id());
    let mut ui = Ui::new(k.ui.ctx().clone(), k.ui.id().with(("line", name)), builder);
    let edit = TextEdit::singleline(text)
        .id(Id::new("sheet-line").with(name))
        .frame(egui::Frame::NONE)
        .font(FontId::proportional(13.0))
        .hint_text(hint)
        .char_limit(200)
        .desired_width(rect.width() - 16.0);
    let response = ui.add(edit);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::TextEdit, true, hint));
    k.outline(rect, 3.0, 1.0, if response.has_focus() { ACCENT } else { STRONG });
}
