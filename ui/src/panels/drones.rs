//! The drone strip: telemetry and a picture. The last frame of a dead camera is never shown as a picture.

use super::kit::{Kit, fresh, row_id};
use super::{Selection, UiCommand};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Color32, Rect, Stroke, pos2, vec2};
use gulang_city::*;

pub(super) fn strip_ui(k: &mut Kit<'_>, rect: Rect) {
    let flying = (0..k.m.city.drones.len()).filter(|i| is_flying(k, *i)).count();
    let sub = k.m.lang.fill(tr::FLYING_OF, &[&flying.to_string(), &k.m.city.drones.len().to_string()]);
    let n_named = k.m.city.feeds.iter().filter(|it| matches!(it.feed, Feed::Camera(_))).count();
    let sub = match n_named {
        0 => sub,
        n => k.m.lang.fill(tr::FEEDS_NAMED, &[&sub, &n.to_string()]),
    };
    let body = k.panel(rect, k.t(tr::FEEDS), &sub);
    let inner = body.shrink(8.0);
    let n = ((inner.width() / 360.0).round() as usize).clamp(1, k.m.city.drones.len().max(1));
    tiles_ui(k, inner, n, 1.0);
}

/// `n` feeds side by side: flying ones first, and of them those the war opened; a drone in its dock has nothing to show.
pub(super) fn tiles_ui(k: &mut Kit<'_>, rect: Rect, n: usize, u: f32) {
    let mut order: Vec<usize> = (0..k.m.city.drones.len()).collect();
    order.sort_by_key(|i| (!is_flying(k, *i), opened(k, *i).map_or(usize::MAX, |it| it.0), *i));
    if order.is_empty() {
        k.fit_center(rect, 14.0 * u, TERTIARY, k.t(tr::NO_DRONES), false);
        return;
    }
    let gap = 8.0 * u * k.s;
    let width = (rect.width() - gap * (n as f32 - 1.0)) / n as f32;
    for (slot, i) in order.into_iter().take(n).enumerate() {
        let at = Rect::from_min_size(
            pos2(rect.left() + (width + gap) * slot as f32, rect.top()),
            vec2(width, rect.height()),
        );
        feed_ui(k, at, i, u);
    }
}

fn is_flying(k: &Kit<'_>, i: usize) -> bool {
    k.m.readings.drones.get(i).is_some_and(|fix| fix.mode != 0 && fix.height > 1.0)
}

/// Its place among the feeds the war opened, and what of.
fn opened<'a>(k: &Kit<'a>, i: usize) -> Option<(usize, &'a OpenFeed)> {
    let (id, _) = k.m.city.drones.get_index(i)?;
    k.m.city.feeds.iter().enumerate().find(|(_, it)| matches!(&it.feed, Feed::Drone(drone) if drone == id))
}

fn feed_ui(k: &mut Kit<'_>, rect: Rect, i: usize, u: f32) {
    let Some((id, drone)) = k.m.city.drones.get_index(i) else { return };
    let px = u * k.s;
    let label = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 30.0 * px), rect.max);
    let picture = Rect::from_min_max(rect.min, pos2(rect.right(), label.top()));
    k.fill(rect, 2.0 * u, APP);
    let shown = k.m.pictures.shown.get(&Feed::Drone(id.clone()));
    let as_of = shown.map_or(Timestamp(0), |(at, _)| *at);
    let freshness = fresh(k.m, Budget::Video, as_of);
    match (freshness, shown) {
        (Freshness::Fresh | Freshness::Stale { .. }, Some((_, texture))) => {
            let tint = if freshness == Freshness::Fresh { Color32::WHITE } else { Color32::from_gray(130) };
            k.painter().image(texture.id(), picture, cover(texture.size_vec2(), picture), tint);
            if let Freshness::Stale { age_secs } = freshness {
                let text = k.m.lang.elapsed(age_secs);
                k.chip(picture.left_top() + vec2(8.0, 16.0) * px, 13.0 * u, &text, Some(PANEL), STALE, STALE);
            }
            if k.m.simulated {
                let text = k.t(tr::SIMULATED_PICTURE);
                let width = k.width(12.0 * u, text) + 12.0 * px;
                k.chip(
                    picture.right_top() + vec2(-width - 8.0 * px, 16.0 * px),
                    12.0 * u,
                    text,
                    Some(PANEL),
                    STRONG,
                    SECONDARY,
                );
            }
        }
        _ => lost_ui(k, picture, u, freshness, as_of),
    }
    if let Some((_, open)) = opened(k, i) {
        let at = picture.left_bottom() + vec2(8.0, -16.0) * px;
        k.chip(at, 12.0 * u, &open.place, Some(PANEL), STRONG, PRIMARY);
    }
    k.outline(rect, 2.0 * u, 1.0, HAIR);
    k.hline(label.left(), label.right(), label.top(), HAIR);
    let y = label.center().y;
    let fix = k.m.readings.drones.get(i);
    let telemetry = fix.map_or(Freshness::NeverHeard, |fix| fresh(k.m, Budget::Position, fix.at));
    k.lamp(pos2(label.left() + 14.0 * px, y), 3.6 * u, telemetry);
    let words = match fix {
        Some(fix) if !matches!(telemetry, Freshness::Lost { .. }) => telemetry_text(k, &fix),
        _ => "—".to_owned(),
    };
    let right = k.fit(
        pos2(label.right() - 10.0 * px, y),
        Align2::RIGHT_CENTER,
        12.0 * u,
        TERTIARY,
        &words,
        label.width() * 0.62,
    );
    let room = right.left() - label.left() - 34.0 * px;
    k.bold_fit(pos2(label.left() + 26.0 * px, y), Align2::LEFT_CENTER, 13.0 * u, PRIMARY, &drone.name, room);
    if k.hit(rect, row_id("drone", id), &drone.name).clicked() {
        k.out.push(UiCommand::Select(Some(Selection::Drone(id.clone()))));
    }
}

fn telemetry_text(k: &Kit<'_>, fix: &Fix) -> String {
    if fix.mode == 0 {
        return k.t(tr::IN_DOCK).to_owned();
    }
    let mut parts = vec![format!("{:.0} m", fix.height)];
    if fix.heading.is_finite() {
        parts.push(format!("{:03.0}°", fix.heading.rem_euclid(360.0)));
    }
    parts.push(format!("{:.1} m/s", fix.speed));
    if fix.battery.is_finite() {
        parts.push(k.m.lang.fill(tr::BATTERY, &[&format!("{:.0}", fix.battery)]));
    }
    parts.join("  ")
}

/// No picture: a cross, since when, and that no old frame is shown.
fn lost_ui(k: &Kit<'_>, rect: Rect, u: f32, freshness: Freshness, as_of: Timestamp) {
    let c = rect.center() - vec2(0.0, 18.0 * u * k.s);
    let r = 14.0 * u * k.s;
    let stroke = Stroke::new(2.0 * u * k.s, OFFLINE);
    k.painter().line_segment([c + vec2(-r, -r), c + vec2(r, r)], stroke);
    k.painter().line_segment([c + vec2(-r, r), c + vec2(r, -r)], stroke);
    let (head, sub) = match freshness {
        Freshness::Lost { age_secs } => {
            let head = k.m.lang.fill(tr::PICTURE_LOST, &[&k.m.lang.elapsed(age_secs)]);
            (head, k.m.lang.fill(tr::LAST_FRAME, &[&as_of.hms()]))
        }
        _ => (k.t(tr::NO_PICTURE).to_owned(), String::new()),
    };
    let width = rect.width() - 16.0 * k.s;
    k.fit(pos2(rect.center().x, c.y + 34.0 * u * k.s), Align2::CENTER_CENTER, 14.0 * u, SECONDARY, &head, width);
    k.fit(pos2(rect.center().x, c.y + 55.0 * u * k.s), Align2::CENTER_CENTER, 12.0 * u, TERTIARY, &sub, width);
}

/// The part of an image that fills `rect` without stretching.
fn cover(image: egui::Vec2, rect: Rect) -> Rect {
    let (a, b) = (image.x / image.y.max(1.0), rect.width() / rect.height().max(1.0));
    let keep = if a > b { vec2(b / a, 1.0) } else { vec2(1.0, a / b) };
    Rect::from_center_size(pos2(0.5, 0.5), keep)
}
