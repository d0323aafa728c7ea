//! The strip of pictures: what the war opened and whatever flies, side by side, drones with their telemetry. A second press
//! shows one large.

use super::feed_tile::{Tile, name_of, tile_ui};
use super::kit::{Kit, fresh, row_id};
use super::{Selection, UiCommand};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Rect, pos2, vec2};
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
    let n = ((inner.width() / 360.0).round() as usize).clamp(1, in_order(k).len().max(1));
    tiles_ui(k, inner, n, 1.0);
}

/// `n` feeds side by side: those the war opened first, as they were chosen, then whatever else flies. A drone in its dock
/// has nothing to show and comes last.
pub(super) fn tiles_ui(k: &mut Kit<'_>, rect: Rect, n: usize, u: f32) {
    let order = in_order(k);
    if order.is_empty() {
        k.fit_center(rect, 14.0 * u, TERTIARY, k.t(tr::NO_DRONES), false);
        return;
    }
    let gap = 8.0 * u * k.s;
    let width = (rect.width() - gap * (n as f32 - 1.0)) / n as f32;
    for (slot, feed) in order.iter().take(n).enumerate() {
        let at = Rect::from_min_size(
            pos2(rect.left() + (width + gap) * slot as f32, rect.top()),
            vec2(width, rect.height()),
        );
        feed_ui(k, at, feed, u);
    }
}

/// Every drone and every opened camera, each once.
fn in_order(k: &Kit<'_>) -> Vec<Feed> {
    let drones = || k.m.city.drones.keys().enumerate();
    let is_up = |feed: &Feed| match feed {
        Feed::Drone(id) => k.m.city.drones.get_index_of(id).is_some_and(|i| is_flying(k, i)),
        _ => true,
    };
    let opened = k.m.city.feeds.iter().map(|it| it.feed.clone()).filter(is_up);
    let up = drones().filter(|(i, _)| is_flying(k, *i));
    let down = drones().filter(|(i, _)| !is_flying(k, *i));
    let mut order: Vec<Feed> = Vec::new();
    for feed in opened.chain(up.chain(down).map(|(_, id)| Feed::Drone(id.clone()))) {
        if !order.contains(&feed) {
            order.push(feed);
        }
    }
    order
}

pub(super) fn is_flying(k: &Kit<'_>, i: usize) -> bool {
    k.m.readings.drones.get(i).is_some_and(|fix| fix.mode != 0 && fix.height > 1.0)
}

/// One feed of the strip: a drone with its telemetry, a camera with how it does.
fn feed_ui(k: &mut Kit<'_>, rect: Rect, feed: &Feed, u: f32) {
    let city = k.m.city;
    let told = match feed {
        Feed::Drone(id) => city.drones.get_index_of(id).map(|i| telemetry_words(k, i)),
        _ => None,
    };
    let selection = match feed {
        Feed::Drone(id) => Some(Selection::Drone(id.clone())),
        Feed::Camera(id) => Some(Selection::Camera(id.clone())),
        Feed::Call(_) => None,
    };
    let tile = Tile {
        feed,
        name: name_of(city, feed),
        of: city.feeds.iter().find(|it| it.feed == *feed).map_or("", |it| &*it.place),
        words: told.as_ref().map(|(words, freshness)| (words.as_str(), *freshness)),
        is_chosen: selection.is_some() && k.m.selection == selection.as_ref(),
        id: k.ui.id().with(row_id("drone", feed)),
        u,
    };
    let drawn = tile_ui(k, rect, &tile);
    if drawn.response.double_clicked() {
        k.out.push(UiCommand::OpenFeed(feed.clone()));
    } else if drawn.response.clicked() && selection.is_some() {
        k.out.push(UiCommand::Select(selection));
    }
}

/// Height, heading, speed and battery with how fresh they are; “—” once they are lost.
pub(super) fn telemetry_words(k: &Kit<'_>, i: usize) -> (String, Freshness) {
    let fix = k.m.readings.drones.get(i);
    let freshness = fix.map_or(Freshness::NeverHeard, |fix| fresh(k.m, Budget::Position, fix.at));
    match fix {
        Some(fix) if !matches!(freshness, Freshness::Lost { .. }) => (telemetry_text(k, &fix), freshness),
        _ => ("—".to_owned(), freshness),
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
