//! Beside the wall: every camera and drone by name, number or district; and the tour.

use super::{Wall, district_of, select, tour};
use crate::i18n::tr;
use crate::panels::feed_tile::name_of;
use crate::panels::kit::{Kit, row_id};
use crate::panels::press;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;
use gulang_wire::FeedState;

#[derive(Default)]
pub(super) struct List {
    is_tour: bool,
    query: String,
    district: Option<DistrictId>,
    /// What was last asked, and what answers it.
    asked: Option<(String, Option<DistrictId>, usize)>,
    found: Vec<Feed>,
    /// How many more answer than are listed.
    n_more: usize,
    scroll: f32,
}

const ROW_H: f32 = 38.0;
const TAB_H: f32 = 40.0;
/// Nobody reads on; the next letter narrows it.
const MOST: usize = 300;

pub(super) fn list_ui(k: &mut Kit<'_>, wall: &mut Wall, rect: Rect) {
    let half = (rect.width() - 30.0) / 2.0;
    let tour = k.m.lang.fill(tr::TOUR_N, &[&wall.layout.tour.stops.len().to_string()]);
    for (i, (label, is_tour)) in [(k.t(tr::WALL_PICK), false), (&*tour, true)].into_iter().enumerate() {
        let at = Rect::from_min_size(rect.min + vec2(12.0 + (half + 6.0) * i as f32, 6.0), vec2(half, 28.0));
        if press::choice_ui(k, at, ("wall-tab", i), label, wall.list.is_tour == is_tour) {
            (wall.list.is_tour, wall.list.scroll) = (is_tour, 0.0);
        }
    }
    let body = Rect::from_min_max(pos2(rect.left(), rect.top() + TAB_H), rect.max);
    match wall.list.is_tour {
        true => tour_ui(k, wall, body),
        false => pick_ui(k, wall, body),
    }
}

// ---------------------------------------------------------------- picking

fn pick_ui(k: &mut Kit<'_>, wall: &mut Wall, body: Rect) {
    let line = Rect::from_min_size(body.min + vec2(12.0, 2.0), vec2(body.width() - 24.0, 30.0));
    press::line_ui(k, line, "wall-query", &mut wall.list.query, tr::WALL_FIND, tr::WALL_FIND_HINT, &mut false);
    let top = districts_ui(k, &mut wall.list, Rect::from_min_max(pos2(line.left(), line.bottom() + 6.0), body.max));
    ask(k, &mut wall.list);
    let rows = Rect::from_min_max(pos2(body.left(), top + 4.0), pos2(body.right(), body.bottom() - 24.0));
    let (first, n) = scrolled(k, &mut wall.list.scroll, rows, wall.list.found.len());
    let now = tour::Now::of(k);
    let shown = wall.feeds(now);
    let mut picked = None;
    let mut toured = None;
    for (slot, feed) in wall.list.found.iter().skip(first).take(n).enumerate() {
        let row = row_at(rows, slot);
        let name = name_of(k.m.city, feed);
        let add = Rect::from_center_size(pos2(row.right() - 34.0, row.center().y), vec2(48.0, 28.0));
        let go = Rect::from_min_max(row.min, pos2(add.left() - 4.0, row.bottom()));
        if shown.contains(feed) {
            k.fill(row, 0.0, SELECTED);
        }
        lamp(k, pos2(row.left() + 16.0, row.center().y), feed);
        let (x, room) = (row.left() + 28.0, go.width() - 34.0);
        k.fit(pos2(x, row.top() + 12.0), Align2::LEFT_CENTER, 14.0, PRIMARY, name, room);
        let sub = format!("{} {}", district_of(k.m.city, feed), feed.id());
        k.fit(pos2(x, row.top() + 28.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &sub, room);
        k.hline(row.left(), row.right(), row.bottom(), ROW);
        if k.hit(go, row_id("wall-pick", feed), &k.m.lang.fill(tr::WALL_PUT, &[name])).clicked() {
            picked = Some(feed.clone());
        }
        if k.button(add, row_id("wall-tour-add", feed), 12.0, k.t(tr::TOUR_ADD), false) {
            toured = Some(feed.clone());
        }
    }
    if wall.list.found.is_empty() {
        k.fit_center(rows, 13.0, TERTIARY, k.t(tr::WALL_FOUND_NONE), false);
    }
    let foot = k.m.lang.fill(tr::WALL_FOUND, &[&(wall.list.found.len() + wall.list.n_more).to_string()]);
    let at = pos2(body.left() + 12.0, body.bottom() - 12.0);
    k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, &foot, body.width() - 24.0);
    if let Some(feed) = picked {
        select(k, &feed);
        wall.add(feed);
    }
    if let Some(feed) = toured {
        tour::add(&mut wall.layout.tour, feed, now);
    }
}

/// The districts to choose from, three in a row; where they end is returned.
fn districts_ui(k: &Kit<'_>, list: &mut List, rect: Rect) -> f32 {
    let width = (rect.width() - 12.0) / 3.0 - 4.0;
    let all = std::iter::once((None, k.t(tr::WALL_ALL_DISTRICTS)));
    let named = k.m.city.districts.iter().map(|(id, it)| (Some(id), &*it.name));
    let mut bottom = rect.top();
    for (i, (id, name)) in all.chain(named).take(12).enumerate() {
        let at = rect.min + vec2((width + 6.0) * (i % 3) as f32, 34.0 * (i / 3) as f32);
        let chip = Rect::from_min_size(at, vec2(width, 28.0));
        if press::choice_ui(k, chip, ("wall-district", i), name, list.district.as_ref() == id) {
            list.district = id.cloned();
            list.scroll = 0.0;
        }
        bottom = chip.bottom();
    }
    bottom
}

/// Asks anew where another question is asked, or the city has other cameras.
fn ask(k: &Kit<'_>, list: &mut List) {
    let city = k.m.city;
    let query = list.query.trim().to_lowercase();
    let key = (query, list.district.clone(), city.cameras.len() + city.drones.len());
    if list.asked.as_ref() == Some(&key) {
        return;
    }
    let answers = |feed: &Feed, name: &str, district: &DistrictId| {
        let is_there = key.1.as_ref().is_none_or(|it| it == district);
        let in_words = |text: &str| text.to_lowercase().contains(&*key.0);
        let district = || city.districts.get(district).is_some_and(|it| in_words(&it.name));
        is_there && (key.0.is_empty() || in_words(name) || in_words(feed.id()) || district())
    };
    let drones = city.drones.values().filter_map(|it| {
        let feed = Feed::Drone(it.id.clone());
        let dock = city.docks.get(&it.dock)?;
        answers(&feed, &it.name, &dock.district).then_some(feed)
    });
    let cameras = city.cameras.values().filter_map(|it| {
        let feed = Feed::Camera(it.id.clone());
        answers(&feed, &it.name, &it.district).then_some(feed)
    });
    let mut found: Vec<Feed> = drones.chain(cameras).collect();
    list.n_more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    list.found = found;
    list.scroll = 0.0;
    list.asked = Some(key);
}

// ---------------------------------------------------------------- the tour

fn tour_ui(k: &mut Kit<'_>, wall: &mut Wall, body: Rect) {
    let now = tour::Now::of(k);
    let third = (body.width() - 36.0) / 3.0;
    let at = |i: usize| Rect::from_min_size(body.min + vec2(12.0 + (third + 6.0) * i as f32, 2.0), vec2(third, 30.0));
    let is_running = wall.layout.tour.run.is_some();
    let start = k.t(if is_running { tr::TOUR_STOP } else { tr::TOUR_START });
    if press::guarded_ui(k, at(0), "tour-start", 13.0, start, wall.layout.tour.stops.is_empty()) {
        match is_running {
            true => wall.layout.tour.run = None,
            false => tour::start(wall, now),
        }
    }
    if press::guarded_ui(k, at(1), "tour-next", 13.0, k.t(tr::TOUR_NEXT), !is_running) {
        tour::next(wall, now);
    }
    if k.button(at(2), "tour-take", 13.0, k.t(tr::TOUR_TAKE), false) {
        for feed in wall.feeds(now) {
            tour::add(&mut wall.layout.tour, feed, now);
        }
    }
    let rows = Rect::from_min_max(pos2(body.left(), body.top() + 40.0), pos2(body.right(), body.bottom() - 24.0));
    let (first, n) = scrolled(k, &mut wall.list.scroll, rows, wall.layout.tour.stops.len());
    let stands_at = tour::stop_at(&wall.layout.tour, now);
    let mut act = None;
    for (slot, (i, stop)) in wall.layout.tour.stops.iter().enumerate().skip(first).take(n).enumerate() {
        let row = row_at(rows, slot);
        let c = row.center().y;
        if stands_at == Some(i) {
            k.fill(row, 0.0, SELECTED);
            k.fill(Rect::from_min_size(row.min, vec2(3.0, row.height())), 0.0, ACCENT);
        }
        let name = name_of(k.m.city, &stop.feed);
        let button = |x: f32| Rect::from_center_size(pos2(row.right() - x, c), vec2(28.0, 28.0));
        k.fit(pos2(row.left() + 12.0, c), Align2::LEFT_CENTER, 13.0, PRIMARY, name, row.width() - 160.0);
        for (at, sign, label, wanted) in [
            (button(122.0), "－", tr::TOUR_SHORTER, Act::Lengthen(i, -5)),
            (button(52.0), "＋", tr::TOUR_LONGER, Act::Lengthen(i, 5)),
            (button(20.0), "×", tr::TOUR_REMOVE, Act::Remove(i)),
        ] {
            if k.hit(at, row_id(sign, i), &k.m.lang.fill(label, &[name])).clicked() {
                act = Some(wanted);
            }
            k.fit_center(at, 14.0, SECONDARY, sign, false);
        }
        let secs = k.m.lang.elapsed(i64::from(stop.dwell_secs));
        k.text(pos2(row.right() - 87.0, c), Align2::CENTER_CENTER, 13.0, SECONDARY, &secs);
        k.hline(row.left(), row.right(), row.bottom(), ROW);
    }
    if wall.layout.tour.stops.is_empty() {
        k.fit_center(rows, 13.0, TERTIARY, k.t(tr::TOUR_EMPTY), false);
    }
    let at = pos2(body.left() + 12.0, body.bottom() - 12.0);
    k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::TOUR_NOTE), body.width() - 24.0);
    match act {
        Some(Act::Lengthen(i, by)) => tour::lengthen(&mut wall.layout.tour, i, by, now),
        Some(Act::Remove(i)) => tour::remove(&mut wall.layout.tour, i, now),
        None => {}
    }
}

enum Act {
    Lengthen(usize, i32),
    Remove(usize),
}

// ---------------------------------------------------------------- rows

/// Moves rows by the wheel, whole ones; the first to draw, and how many find room.
fn scrolled(k: &Kit<'_>, scroll: &mut f32, rows: Rect, n: usize) -> (usize, usize) {
    if k.ui.rect_contains_pointer(rows) {
        *scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    *scroll = scroll.clamp(0.0, (n as f32 * ROW_H - rows.height()).max(0.0));
    ((*scroll / ROW_H).round() as usize, (rows.height() / ROW_H).floor().max(0.0) as usize)
}

fn row_at(rows: Rect, slot: usize) -> Rect {
    Rect::from_min_size(pos2(rows.left(), rows.top() + ROW_H * slot as f32), vec2(rows.width(), ROW_H))
}

/// How the hub says a picture does; quiet where it was not asked.
fn lamp(k: &Kit<'_>, at: egui::Pos2, feed: &Feed) {
    match k.m.pictures.status.get(feed).map(|it| it.state) {
        Some(FeedState::Playing) => k.lamp(at, 3.6, Freshness::Fresh),
        Some(FeedState::Stalled | FeedState::Failed) => k.lamp(at, 3.6, Freshness::NeverHeard),
        Some(FeedState::Closed) | None => {
            k.painter().circle_stroke(at, 3.0, egui::Stroke::new(1.0, QUIET));
        }
        Some(_) => k.lamp(at, 3.6, Freshness::Stale { age_secs: 0 }),
    }
}
