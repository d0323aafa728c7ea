//! The places of the wall: their pictures, those that are free, what is dragged.

use super::{GAP, Wall, side, steer, tour};
use crate::i18n::tr;
use crate::panels::feed_tile::{Tile, name_of, tile_ui};
use crate::panels::kit::{Kit, row_id};
use crate::theme::*;
use egui::{Rect, vec2};
use gulang_city::{Feed, WallPlace};

/// Sixteen tiles on a desk have little room for words.
const SMALL: f32 = 0.9;

pub(super) fn cell(rect: Rect, n: usize, i: usize, gap: f32) -> Rect {
    let side = side(n) as f32;
    let size = (rect.size() - vec2(gap, gap) * (side - 1.0)) / side;
    let (column, row) = (i as f32 % side, (i as f32 / side).floor());
    Rect::from_min_size(rect.min + vec2((size.x + gap) * column, (size.y + gap) * row), size)
}

pub(super) fn grid_ui(k: &mut Kit<'_>, wall: &mut Wall, grid: Rect, wish: &mut Option<(Feed, gulang_wire::Motion)>) {
    if !grid.is_positive() {
        return;
    }
    let n = wall.n();
    let toured = tour::words(k, &wall.layout.tour);
    let u = if n >= 16 { SMALL } else { 1.0 };
    match wall.layout.alone.map(usize::from) {
        Some(i) => place_ui(k, wall, (i, grid, 1.0), toured.as_ref(), wish),
        None => {
            for i in 0..n {
                place_ui(k, wall, (i, cell(grid, n, i, GAP), u), toured.as_ref(), wish);
            }
            drop_ui(k, wall, grid);
        }
    }
}

/// One place, where it lies, and how large its words are.
fn place_ui(
    k: &mut Kit<'_>,
    wall: &mut Wall,
    (i, at, u): (usize, Rect, f32),
    toured: Option<&(usize, String)>,
    wish: &mut Option<(Feed, gulang_wire::Motion)>,
) {
    let WallPlace { feed, note } = wall.place(i, tour::Now::of(k));
    let Some(feed) = feed else { return empty_ui(k, wall, at, i) };
    let toured = toured.filter(|it| it.0 == i).map(|it| &*it.1);
    let tile = Tile {
        feed: &feed,
        name: name_of(k.m.city, &feed),
        of: toured.unwrap_or(&note),
        words: None,
        is_chosen: wall.chosen == i,
        id: k.ui.id().with(row_id("wall-tile", i)),
        u,
    };
    let drawn = tile_ui(k, at, &tile);
    let is_steered = wall.chosen == i && wall.steering.is_on();
    if drawn.response.double_clicked() {
        wall.choose(i);
        wall.toggle_alone();
    } else if drawn.response.clicked() {
        wall.choose(i);
    } else if drawn.response.drag_started() && !is_steered {
        wall.dragged = Some(i);
    }
    if wall.chosen == i {
        steer::steer_ui(k, wall, &feed, drawn.picture, wish);
    }
}

/// A place with nothing in it: a press chooses it, the list fills it.
fn empty_ui(k: &Kit<'_>, wall: &mut Wall, rect: Rect, i: usize) {
    k.fill(rect, 2.0, APP);
    let (width, line) = if wall.chosen == i { (1.5, ACCENT) } else { (1.0, HAIR) };
    k.outline(rect, 2.0, width, line);
    let label = k.m.lang.fill(tr::WALL_FREE, &[&(i + 1).to_string()]);
    k.fit_center(rect, 13.0, QUIET, &label, false);
    if k.hit(rect, row_id("wall-free", i), &label).clicked() {
        wall.choose(i);
    }
}

/// A tile let go over another changes places with it.
fn drop_ui(k: &Kit<'_>, wall: &mut Wall, grid: Rect) {
    let Some(from) = wall.dragged else { return };
    let n = wall.n();
    let (at, is_down) = k.ui.input(|input| (input.pointer.latest_pos(), input.pointer.primary_down()));
    let over = at.and_then(|at| (0..n).find(|i| cell(grid, n, *i, GAP).contains(at)));
    if let Some(over) = over.filter(|it| *it != from) {
        k.outline(cell(grid, n, over, GAP), 2.0, 2.5, ACCENT);
    }
    if !is_down {
        wall.dragged = None;
        if let Some(over) = over.filter(|it| *it != from) {
            wall.swap(from, over);
        }
    }
}
