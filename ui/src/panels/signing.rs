//! How a sheet is signed: this seat's own hold, one person's override, the reason. Where two people sign, the hold proposes
//! and the second signs at another seat ([`cosign`]).
//!
//! It greys what the rules would refuse and says why; the rules themselves are the city's.
//!
//! [`cosign`]: super::cosign

use super::kit::{Kit, row_id};
use super::press;
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, FontId, Id, Rect, Stroke, TextEdit, Ui, UiBuilder, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::*;

/// What a reason line takes up: a row of words to press, a line to type into.
pub(super) const REASON_H: f32 = 62.0;

/// Reasons to change a level otherwise than step by step upwards.
pub(super) const LEVEL_REASONS: [Tr; 4] =
    [tr::REASON_FORECAST, tr::REASON_SITUATION, tr::REASON_ORDERED, tr::REASON_EASED];

/// Why a sheet is signed, and by whom.
#[derive(Default)]
pub(super) struct Signing {
    /// One person does what takes two.
    pub overridden: bool,
    pub reason: String,
    pub hold_since: Option<f64>,
}

impl Signing {
    /// What the hold gives: the switch by this seat, or, where two people sign, its proposal.
    pub fn command(&self, k: &Kit<'_>, switch: Switch, n_needed: u8) -> Command {
        match n_needed {
            0 | 1 => switch.by_one(k.m.seat, false),
            _ if self.overridden => switch.by_one(k.m.seat, true),
            _ => Command::ProposeSwitch { switch },
        }
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

    /// Why it may not be held yet, as far as the signature goes. `level` is the highest that is left or entered.
    pub fn blocked(&self, k: &Kit<'_>, n_needed: u8, level: Option<ResponseLevel>) -> Option<String> {
        if let Some(why) = cannot_sign(k, k.m.seat, level) {
            return Some(why);
        }
        if n_needed > 1 && self.overridden {
            return (!self.has_reason()).then(|| k.t(tr::OVERRIDE_NEEDS_REASON).to_owned());
        }
        if n_needed > 1 { press::barred(k, "propose_switch") } else { None }
    }
}

/// Why a seat's role may not sign a level.
fn cannot_sign(k: &Kit<'_>, seat: &SeatId, level: Option<ResponseLevel>) -> Option<String> {
    let role = k.m.city.roles.role_of(seat);
    (role.signs_up_to.is_none() || role.signs_up_to < level).then(|| k.m.lang.fill(tr::ROLE_CANNOT_SIGN, &[&role.name]))
}

/// This seat, and the second that signs elsewhere; below them, where two are needed, one person's override.
pub(super) fn seats_ui(k: &Kit<'_>, signing: &mut Signing, rect: Rect, level: Option<ResponseLevel>, n_needed: u8) {
    let has_override = n_needed > 1 && rect.height() >= 76.0;
    let height = rect.height() - if has_override { 34.0 } else { 0.0 };
    let size = vec2((rect.width() - 10.0) * 0.5, height);
    if n_needed <= 1 {
        signing.overridden = false;
    }
    let own = Rect::from_min_size(rect.min, size);
    match cannot_sign(k, k.m.seat, level) {
        Some(why) => seat_ui(k, own, k.m.seat.as_str(), &why, Standing::Barred),
        None => seat_ui(k, own, k.m.seat.as_str(), k.t(tr::OWN_SIGNS), Standing::Signs),
    }
    let second = own.translate(vec2(size.x + 10.0, 0.0));
    if n_needed > 1 && !signing.overridden {
        let mins = k.m.city.signing_rules.mins_in(k.m.realm).to_string();
        seat_ui(k, second, k.t(tr::SECOND_SEAT), &k.m.lang.fill(tr::SECOND_ELSEWHERE, &[&mins]), Standing::Waits);
    } else {
        seat_ui(k, second, k.t(tr::SECOND_SEAT), k.t(tr::NOT_NEEDED), Standing::Barred);
    }
    if has_override {
        override_ui(k, signing, Rect::from_min_max(pos2(rect.left(), rect.bottom() - 28.0), rect.max));
    }
}

/// How a seat stands to a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Signed,
    /// It signs here and now.
    Signs,
    /// It signs elsewhere, later.
    Waits,
    Barred,
}

/// A seat's box: who, and what is so.
pub(super) fn seat_ui(k: &Kit<'_>, rect: Rect, who: &str, word: &str, standing: Standing) {
    let (line, width, ink) = match standing {
        Standing::Signed => (OK, 1.0, PRIMARY),
        Standing::Signs => (INVERSE_BG, 2.0, PRIMARY),
        Standing::Waits => (LATE, 1.0, PRIMARY),
        Standing::Barred => (HAIR, 1.0, QUIET),
    };
    k.fill(rect, 4.0, if standing == Standing::Signs { RAISED } else { PANEL });
    k.outline(rect, 4.0, width, line);
    let c = pos2(rect.left() + 16.0, rect.top() + 18.0);
    if standing == Standing::Signed {
        k.painter().circle_filled(c, 4.5, OK);
    } else {
        k.painter().circle_stroke(c, 4.5, Stroke::new(1.5, ink));
    }
    k.bold_fit(pos2(rect.left() + 28.0, c.y), Align2::LEFT_CENTER, 14.0, ink, who, rect.width() - 36.0);
    let below = if standing == Standing::Barred { QUIET } else { SECONDARY };
    k.fit(pos2(rect.left() + 12.0, c.y + 22.0), Align2::LEFT_CENTER, 13.0, below, word, rect.width() - 20.0);
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
