//! Presses with conditions: a button greyed with its reason, a button to be held, and the one-line field of a form.

use super::kit::Kit;
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{FontId, Id, Key, Rect, Sense, TextEdit, Ui, UiBuilder, WidgetInfo, WidgetType, vec2};
use gulang_city::{Command, Source};

/// What can be taken back is sent after so long a hold, ms; a footing after [`HOLD_CONFIRM_MS`].
pub(super) const HOLD_SEND_MS: f64 = 1000.0;

/// Why this seat may not give a kind of command at all; `None` if it may.
pub(super) fn barred(k: &Kit<'_>, kind: &str) -> Option<String> {
    if k.m.is_replay() {
        return Some(k.t(tr::REPLAY_NO_ORDERS).to_owned());
    }
    k.m.city.may(&Source::Seat(k.m.seat.clone()), kind).err().map(|why| why.to_string())
}

/// Why the rules would refuse this very command from this seat now; `None` if they admit it.
pub(super) fn refused(k: &Kit<'_>, command: &Command) -> Option<String> {
    if k.m.is_replay() {
        return Some(k.t(tr::REPLAY_NO_ORDERS).to_owned());
    }
    k.m.city.decide_from(&Source::Seat(k.m.seat.clone()), command, k.now()).err().map(|why| why.to_string())
}

/// A button; grey where there is a reason against it, and then never pressed. The reason is the caller's to write down.
pub(super) fn guarded_ui(
    k: &Kit<'_>,
    rect: Rect,
    id: impl std::hash::Hash + std::fmt::Debug,
    size: f32,
    label: &str,
    is_barred: bool,
) -> bool {
    if !is_barred {
        return k.button(rect, id, size, label, false);
    }
    let response = k.ui.interact(rect.intersect(k.ui.clip_rect()), k.ui.id().with(id), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, false, label));
    k.fill(rect, 4.0, PANEL);
    let (width, line) = if response.has_focus() { (1.5, ACCENT) } else { (1.0, HAIR) };
    k.outline(rect, 4.0, width, line);
    k.fit_center(rect, size, QUIET, label, false);
    false
}

/// What a held button says, and how long it is to be held.
pub(super) struct Hold<'a> {
    pub id: &'a str,
    pub label: &'a str,
    /// Why it may not be held.
    pub why_not: Option<&'a str>,
    pub ms: f64,
    /// The one thing Enter does here: it holds the button wherever the focus is, while nobody types.
    pub is_default: bool,
}

/// A button to be held, by the pointer or, focused, by Enter or Space: `true` in the frame its time is full, once per hold.
/// `since` is when it was taken hold of, on egui's clock (s); infinite once it was sent.
pub(super) fn hold_ui(k: &Kit<'_>, rect: Rect, hold: &Hold<'_>, since: &mut Option<f64>) -> bool {
    let ready = hold.why_not.is_none();
    let response = k.ui.interact(rect.intersect(k.ui.clip_rect()), k.ui.id().with(hold.id), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, ready, hold.label));
    let (time, enter, space) = k.ui.input(|input| (input.time, input.key_down(Key::Enter), input.key_down(Key::Space)));
    let is_default = hold.is_default && enter && !k.ui.ctx().text_edit_focused();
    let keyed = is_default || (enter || space) && response.has_focus();
    let held = ready && (response.is_pointer_button_down_on() || keyed);
    *since = if held { since.or(Some(time)) } else { None };
    let is_sent = since.is_some_and(f64::is_infinite);
    let ms = since.filter(|_| !is_sent).map_or(0.0, |since| (time - since) * 1000.0);
    k.fill(rect, 4.0, APP);
    let part = (ms / hold.ms).clamp(0.0, 1.0) as f32;
    k.fill(Rect::from_min_size(rect.min, vec2(rect.width() * part, rect.height())), 4.0, HOLD_FILL);
    let line = if !ready {
        HAIR
    } else if response.has_focus() {
        ACCENT
    } else if k.is_exercise() {
        EXERCISE_LINE
    } else {
        INVERSE_BG
    };
    k.outline(rect, 4.0, 2.0, line);
    let size = if rect.height() >= 60.0 { 20.0 } else { 15.0 };
    let note = match hold.why_not {
        Some(why) => why.to_owned(),
        None if held && !is_sent => {
            k.m.lang.fill(tr::STILL_SECS, &[&format!("{:.1}", ((hold.ms - ms) / 1000.0).max(0.0))])
        }
        None => k.m.lang.fill(tr::HOLD_N_SECS, &[&format!("{:.0}", hold.ms / 1000.0)]),
    };
    let ink = if ready { PRIMARY } else { QUIET };
    k.fit_center(rect.translate(vec2(0.0, rect.height() * -0.14)), size, ink, hold.label, true);
    let ink = if held { PRIMARY } else { TERTIARY };
    k.fit_center(rect.translate(vec2(0.0, rect.height() * 0.26)), 12.0, ink, &note, false);
    if held {
        k.ui.ctx().request_repaint();
    }
    if ms < hold.ms {
        return false;
    }
    *since = Some(f64::INFINITY);
    true
}

/// A line to type into. `focus` asks for the keyboard once.
pub(super) fn line_ui(
    k: &Kit<'_>,
    rect: Rect,
    id: &'static str,
    text: &mut String,
    name: Tr,
    hint: Tr,
    focus: &mut bool,
) {
    k.fill(rect, 3.0, APP);
    let builder = UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 4.0))).layer_id(k.ui.layer_id());
    let mut ui = Ui::new(k.ui.ctx().clone(), k.ui.id().with(id), builder);
    let edit = TextEdit::singleline(text)
        .id(Id::new(id))
        .frame(egui::Frame::NONE)
        .font(FontId::proportional(14.0))
        .hint_text(k.t(hint))
        .char_limit(200)
        .desired_width((rect.width() - 16.0).max(1.0));
    let response = ui.add(edit);
    response.widget_info(|| WidgetInfo::labeled(WidgetType::TextEdit, true, k.t(name)));
    if std::mem::take(focus) {
        response.request_focus();
    }
    k.outline(rect, 3.0, 1.0, if response.has_focus() { ACCENT } else { STRONG });
}

/// One of several: a press chooses it.
pub(super) fn choice_ui(
    k: &Kit<'_>,
    rect: Rect,
    id: impl std::hash::Hash + std::fmt::Debug,
    label: &str,
    is_chosen: bool,
) -> bool {
    k.fill(rect, 3.0, if is_chosen { SELECTED } else { PANEL });
    k.outline(rect, 3.0, 1.0, if is_chosen { ACCENT } else { STRONG });
    k.fit_center(rect, 13.0, if is_chosen { PRIMARY } else { SECONDARY }, label, false);
    k.hit(rect, id, label).clicked()
}
