//! 更正: the words and the time that take the place of an order's, and why. Drawn under the order's card.

use super::UiCommand;
use super::kit::Kit;
use super::press;
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

/// The form as far as it is filled in; it begins with what the order says.
pub(super) struct AmendForm {
    pub order: OrderId,
    title: String,
    body: String,
    /// Minutes from now, as typed.
    within: String,
    reason: String,
    focus: bool,
}

/// How high the form is, the rules' words under its buttons included.
pub(super) const HEIGHT: f32 = ROW * 5.0 + WHY_H;
const ROW: f32 = 36.0;
const LINE_H: f32 = 30.0;
const WHY_H: f32 = 38.0;
const MINS_W: f32 = 90.0;

impl AmendForm {
    pub fn of(order: &Order, now: Timestamp) -> Self {
        let left_mins = (order.text.due_at.since_ms(now) / 60_000).max(1);
        Self {
            order: order.id,
            title: order.text.title.to_string(),
            body: order.text.body.to_string(),
            within: left_mins.to_string(),
            reason: String::new(),
            focus: true,
        }
    }

    /// None while the minutes are no number.
    fn command(&self) -> Option<Command> {
        Some(Command::AmendOrder {
            order: self.order,
            title: self.title.trim().into(),
            body: self.body.trim().into(),
            within_mins: self.within.trim().parse().ok()?,
            reason: self.reason.trim().into(),
        })
    }
}

/// `None` once it was sent or put away.
pub(super) fn form_ui(k: &mut Kit<'_>, mut form: AmendForm, rect: Rect) -> Option<AmendForm> {
    // A form just opened has its room from the next frame on.
    if rect.height() + 0.5 < HEIGHT {
        return Some(form);
    }
    let row = |n: usize| {
        let at = rect.min + vec2(0.0, ROW * n as f32);
        Rect::from_min_size(at, vec2(rect.width(), LINE_H))
    };
    press::line_ui(k, row(0), "amend-title", &mut form.title, tr::ADDED_TITLE, tr::ADDED_TITLE, &mut false);
    press::line_ui(k, row(1), "amend-body", &mut form.body, tr::ADDED_BODY, tr::ADDED_BODY, &mut false);
    let within = Rect::from_min_size(row(2).min, vec2(MINS_W, LINE_H));
    press::line_ui(k, within, "amend-within", &mut form.within, tr::ADDED_WITHIN, tr::ADDED_WITHIN, &mut false);
    let unit = pos2(within.right() + 6.0, within.center().y);
    k.text(unit, Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::ADDED_MINS));
    press::line_ui(k, row(3), "amend-reason", &mut form.reason, tr::AMEND_REASON, tr::AMEND_REASON, &mut form.focus);
    let command = form.command();
    let refused = match &command {
        Some(command) => press::refused(k, command),
        None => Some(k.t(tr::ADDED_NEEDS_TIME).to_owned()),
    };
    let foot = row(4);
    let not = Rect::from_min_max(pos2(foot.right() - 88.0, foot.top()), foot.max);
    let confirm = Rect::from_min_max(foot.min, pos2(not.left() - 8.0, foot.bottom()));
    if let Some(why) = &refused {
        let at = Rect::from_min_size(pos2(rect.left(), foot.bottom() + 1.0), vec2(rect.width(), WHY_H));
        k.wrap(at, 12.0, TERTIARY, why);
    }
    if press::guarded_ui(k, confirm, "amend-confirm", 13.0, k.t(tr::AMEND_CONFIRM), refused.is_some()) {
        k.out.extend(command.map(UiCommand::Submit));
        return None;
    }
    (!k.button(not, "amend-not", 13.0, k.t(tr::CANCEL), false)).then_some(form)
}
