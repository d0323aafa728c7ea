//! 转动: a hand on a camera. Taken with `T` or its button; then the arrows, the round pad and the wheel turn it, `Esc` lets
//! it go. The hub says whose wheel it is; here another's is grey with its owner's name.

use super::Wall;
use crate::feeds::STILL;
use crate::i18n::tr;
use crate::panels::{kit::Kit, press};
use crate::theme::*;
use egui::{Key, Rect, Sense, Stroke, Vec2, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::Feed;
use gulang_wire::{FeedStatus, Motion};

/// A turn of the mouse's wheel zooms for so long, s.
const ZOOM_SECS: f64 = 0.3;
/// With Shift held it turns so much slower.
const SLOW: f32 = 0.4;
/// The round pad's radius, px.
const PAD_R: f32 = 40.0;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Steering {
    is_on: bool,
    /// Which way the mouse's wheel zooms, and until when on egui's clock, s.
    zoom: (f32, f64),
}

impl Steering {
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    pub fn toggle(&mut self) {
        self.is_on = !self.is_on;
    }

    /// `true` if a wheel was in hand.
    pub fn let_go(&mut self) -> bool {
        self.zoom = (0.0, 0.0);
        std::mem::take(&mut self.is_on)
    }
}

/// The wheel of the chosen picture: its button, and while it is in hand its pad.
pub(super) fn steer_ui(k: &Kit<'_>, wall: &mut Wall, feed: &Feed, picture: Rect, wish: &mut Option<(Feed, Motion)>) {
    let status = k.m.pictures.status.get(feed);
    let why = why_not(k, status);
    if wall.steering.is_on()
        && let Some(why) = &why
    {
        wall.steering.let_go();
        wall.note = why.clone();
    }
    if status.is_none_or(|it| !it.can_steer) || picture.width() < 160.0 || picture.height() < 70.0 {
        return;
    }
    let corner = picture.right_bottom() - vec2(8.0, 8.0);
    let label = k.t(if wall.steering.is_on() { tr::STEER_LET_GO } else { tr::STEER });
    let button = Rect::from_min_max(corner - vec2(k.width(12.0, label) + 20.0, 26.0), corner);
    if press::guarded_ui(k, button, "steer", 12.0, label, why.is_some()) {
        wall.steering.toggle();
    }
    if let Some(why) = &why {
        let width = (k.width(12.0, why) + 12.0).min(picture.width() - 16.0);
        let at = Rect::from_min_max(pos2(corner.x - width, button.top() - 22.0), pos2(corner.x, button.top() - 4.0));
        k.fill(at, 3.0, PANEL);
        k.fit_center(at, 12.0, STALE, why, false);
        return;
    }
    if !wall.steering.is_on() {
        return;
    }
    let pad = pad_ui(k, pos2(corner.x - PAD_R, button.top() - PAD_R - 8.0));
    let zoom = wheel(k, picture, &mut wall.steering);
    let keys = if k.ui.ctx().text_edit_focused() { STILL } else { keyed(k) };
    let motion = Motion {
        pan: (pad.x + keys.pan).clamp(-1.0, 1.0),
        tilt: (-pad.y + keys.tilt).clamp(-1.0, 1.0),
        zoom: (zoom + keys.zoom).clamp(-1.0, 1.0),
    };
    *wish = Some((feed.clone(), motion));
}

/// Why this picture is not turned from here now.
fn why_not(k: &Kit<'_>, status: Option<&FeedStatus>) -> Option<String> {
    if k.m.is_replay() {
        return Some(k.t(tr::REPLAY_NO_ORDERS).to_owned());
    }
    // As the hub has it: whoever may acknowledge an alarm works at a seat and may turn a camera.
    let role = k.m.city.roles.role_of(k.m.seat);
    if !role.may("acknowledge_alarm") {
        return Some(k.m.lang.fill(tr::STEER_NO_ROLE, &[&role.name]));
    }
    let Some(status) = status.filter(|it| it.can_steer) else { return Some(k.t(tr::STEER_CANNOT).to_owned()) };
    let (seat, until) = status.wheel.as_ref().filter(|it| it.0 != *k.m.seat && k.now() < it.1)?;
    Some(k.m.lang.fill(tr::STEER_HELD, &[seat.as_str(), &until.hms()]))
}

/// The round pad: right and down are positive, −1 … 1.
fn pad_ui(k: &Kit<'_>, center: egui::Pos2) -> Vec2 {
    let rect = Rect::from_center_size(center, Vec2::splat(2.0 * PAD_R));
    let response = k.ui.interact(rect, k.ui.id().with("steer-pad"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, k.t(tr::STEER_PAD)));
    let p = k.painter();
    p.circle_filled(center, PAD_R, PANEL.gamma_multiply(0.85));
    p.circle_stroke(center, PAD_R, Stroke::new(1.0, STRONG));
    let held = response.is_pointer_button_down_on().then(|| response.interact_pointer_pos()).flatten();
    let off = held.map_or(Vec2::ZERO, |at| (at - center) / PAD_R);
    let off = if off.length() > 1.0 { off.normalized() } else { off };
    p.circle_filled(center + off * (PAD_R - 12.0), 9.0, if off == Vec2::ZERO { SECONDARY } else { ACCENT });
    // A hand that rests turns nothing.
    if off.length() < 0.1 { Vec2::ZERO } else { off }
}

/// The mouse's wheel over the picture, a little longer than it turns.
fn wheel(k: &Kit<'_>, picture: Rect, steering: &mut Steering) -> f32 {
    let (time, by) = k.ui.input(|input| (input.time, input.smooth_scroll_delta().y));
    if by.abs() > 0.5 && k.ui.rect_contains_pointer(picture) {
        steering.zoom = (by.signum(), time + ZOOM_SECS);
    }
    if time < steering.zoom.1 { steering.zoom.0 } else { 0.0 }
}

fn keyed(k: &Kit<'_>) -> Motion {
    k.ui.input(|input| {
        let down = |key: Key| if input.key_down(key) { 1.0 } else { 0.0 };
        let part = if input.modifiers.shift { SLOW } else { 1.0 };
        Motion {
            pan: part * (down(Key::ArrowRight) - down(Key::ArrowLeft)),
            tilt: part * (down(Key::ArrowUp) - down(Key::ArrowDown)),
            zoom: part * (down(Key::Plus).max(down(Key::Equals)) - down(Key::Minus)),
        }
    })
}
