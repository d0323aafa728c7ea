//! 指标大屏: a layout's cards over the whole wall, and small on the desk, where they are arranged ([`layout`]).
//!
//! A layout is the city's ([`MetricWall`]); figures are asked of the hub by whoever shows them ([`Known`]). Charts are
//! kept drawings: a frame in which nothing changed draws none anew. Text is read from afar: nothing below 30 px of a
//! 7680 × 2160 wall.

mod card;
mod counted;
pub(super) mod layout;

use super::indicators::{self, Known};
use super::kit::{Kit, RealmMark, realm_mark};
use super::{PanelState, UiCommand};
use crate::charts::Kept;
use crate::i18n::tr;
use crate::theme::*;
use counted::Counted;
use egui::{Align2, Pos2, Rect, Vec2, pos2, vec2};
use gulang_city::*;
use std::borrow::Cow;

/// Native px of the line over the cards.
const HEAD: f32 = 84.0;
const GAP: f32 = 16.0;
/// A cell in native px for which the sizes of a card are meant: ten by four on a 7680 × 2160 wall.
const CELL: (f32, f32) = (730.0, 430.0);
/// Type grows in larger cells so much, and never shrinks.
const MOST_LARGE: f32 = 1.6;

/// What is kept of a layout's cards between frames.
#[derive(Default)]
pub(super) struct Drawings {
    /// Two charts of each card: the second is below the first where there is room.
    kept: Vec<[Kept; 2]>,
    counted: Counted,
}

/// What a wall remembers of its cards.
#[derive(Default)]
pub(super) struct Shown {
    drawings: Drawings,
    /// A layout was drawn in the last frame.
    is_on: bool,
}

impl Shown {
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Another scene took the wall.
    pub fn leave(&mut self) {
        self.is_on = false;
    }
}

/// The cells of a layout on the screen.
#[derive(Clone, Copy)]
struct Grid {
    rect: Rect,
    columns: u8,
    rows: u8,
    gap: f32,
}

impl Grid {
    fn new(wall: &MetricWall, rect: Rect, gap: f32) -> Self {
        Self { rect, columns: wall.columns.max(1), rows: wall.rows.max(1), gap }
    }

    /// From one cell to the next.
    fn step(&self) -> Vec2 {
        (self.rect.size() + Vec2::splat(self.gap)) / vec2(f32::from(self.columns), f32::from(self.rows))
    }

    fn cell(&self) -> Vec2 {
        (self.step() - Vec2::splat(self.gap)).max(Vec2::ZERO)
    }

    fn rect_of(&self, place: Cells) -> Rect {
        let step = self.step();
        let corner = self.rect.min + step * vec2(f32::from(place.x), f32::from(place.y));
        let size = step * vec2(f32::from(place.w), f32::from(place.h)) - Vec2::splat(self.gap);
        Rect::from_min_size(corner, size.max(Vec2::ZERO))
    }

    /// The cell whose corner is nearest to a place, so that a card of that size stays inside.
    fn nearest(&self, corner: Pos2, size: Cells) -> (u8, u8) {
        let at = (corner - self.rect.min) / self.step();
        let most = |all: u8, own: u8| f32::from(all.saturating_sub(own));
        (
            at.x.round().clamp(0.0, most(self.columns, size.w)) as u8,
            at.y.round().clamp(0.0, most(self.rows, size.h)) as u8,
        )
    }

    /// How many cells a card of so many px takes; at least one, and not out of the wall.
    fn cells_of(&self, size: Vec2, place: Cells) -> (u8, u8) {
        let n = (size + Vec2::splat(self.gap)) / self.step();
        let most = |all: u8, at: u8| f32::from(all.saturating_sub(at).max(1));
        (
            n.x.round().clamp(1.0, most(self.columns, place.x)) as u8,
            n.y.round().clamp(1.0, most(self.rows, place.y)) as u8,
        )
    }
}

/// The layout this wall is to show, if its scene is one.
pub(super) fn on_wall(city: &City, own: Option<&str>) -> Option<MetricWallId> {
    scene_metrics(own.unwrap_or(&city.scene), city.footing.posture)
}

/// Everything under the wall's top bar.
pub(super) fn wall_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect, id: &MetricWallId) {
    // No map: the stage has nothing to draw.
    state.map_rect = Rect::NOTHING;
    let mut shown = std::mem::take(&mut state.metric_wall);
    let mut known = std::mem::take(&mut state.known);
    let wall = layout_of(k.m.city, id, &known);
    let name = k.m.lang.pick(&wall.zh, &wall.en).to_owned();
    let head = Rect::from_min_size(body.min, vec2(body.width(), HEAD * k.s));
    let below = Rect::from_min_max(pos2(body.left(), head.bottom() + GAP * k.s), body.max);
    head_ui(k, &known, head, &name);
    if k.m.is_replay() {
        k.fit_center(below, 60.0, TERTIARY, k.t(tr::INDICATORS_NOT_PAST), false);
        (state.metric_wall, state.known) = (shown, known);
        return;
    }
    card::wants(&mut known, &wall);
    let grid = Grid::new(&wall, below, GAP * k.s);
    cards_ui(k, state, &known, &wall, &grid, &mut shown.drawings);
    realm_mark(k, RealmMark::Watermark(below));
    let time = k.ui.input(|input| input.time);
    k.out.extend(known.asks(time).into_iter().map(UiCommand::AskIndicators));
    shown.is_on = true;
    (state.metric_wall, state.known) = (shown, known);
}

/// Which layout, whose figures, and once for all cards that they are simulated or of an example.
fn head_ui(k: &Kit<'_>, known: &Known, rect: Rect, name: &str) {
    let y = rect.center().y;
    let x = rect.left() + 12.0 * k.s;
    let x = x + realm_mark(k, RealmMark::Chip(pos2(x, y), 40.0));
    let title = k.m.lang.fill(tr::METRIC_WALL_OF, &[name]);
    let title = k.bold_fit(pos2(x, y), Align2::LEFT_CENTER, 56.0, PRIMARY, &title, rect.width() * 0.4);
    if k.m.is_replay() {
        return;
    }
    let x = title.right() + 36.0 * k.s;
    let sub = indicators::sub(k, known);
    k.fit(pos2(x, y + 4.0 * k.s), Align2::LEFT_CENTER, 36.0, TERTIARY, &sub, rect.right() - x - 12.0 * k.s);
}

/// A layout's cards in their cells.
fn cards_ui(k: &Kit<'_>, state: &PanelState, known: &Known, wall: &MetricWall, grid: &Grid, drawings: &mut Drawings) {
    let time = k.ui.input(|input| input.time);
    drawings.counted.refresh(k.m, known.definitions().map(|it| &**it), wall, time);
    drawings.kept.resize_with(wall.cards.len(), Default::default);
    let cell = grid.cell() / k.s.max(1e-6);
    let large = (cell.x / CELL.0).min(cell.y / CELL.1).clamp(1.0, MOST_LARGE);
    // Within a card a design px is a native px, more in large cells.
    let inner = Kit::new(k.ui, k.m, k.s * large);
    let from = card::From { known, digest: &state.digest, counted: &drawings.counted };
    for (it, kept) in wall.cards.iter().zip(&mut drawings.kept) {
        card::card_ui(&inner, &from, &it.shows, kept, grid.rect_of(it.place));
    }
}

/// The layout of a name; where the city has none of it the peace one, and in a city without any layout all its indicators.
fn layout_of<'a>(city: &'a City, id: &MetricWallId, known: &Known) -> Cow<'a, MetricWall> {
    let kept = city.metric_walls.get(id).or_else(|| city.metric_walls.get("peace"));
    match kept {
        Some(kept) => Cow::Borrowed(&kept.wall),
        None => Cow::Owned(usual(known)),
    }
}

/// What a city shows that has laid out nothing: what is grave, and its indicators in their order.
fn usual(known: &Known) -> MetricWall {
    let empty = MetricWall {
        zh: tr::METRIC_WALL_USUAL.zh.into(),
        en: tr::METRIC_WALL_USUAL.en.into(),
        columns: 10,
        rows: 4,
        cards: Vec::new(),
    };
    let mut wall = empty.with(CardShows::Grave, 1, 2).unwrap_or(empty);
    for it in known.definitions().into_iter().flat_map(|it| &it.all) {
        let Some(with) = wall.with(CardShows::figure(&it.id), 1, 1) else { break };
        wall = with;
    }
    wall
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_cells_are_each_other_s_inverse() {
        let wall = MetricWall { columns: 10, rows: 4, ..MetricWall::default() };
        let grid = Grid::new(&wall, Rect::from_min_size(pos2(7.0, 90.0), vec2(1590.0, 600.0)), 10.0);
        for place in [Cells::new(0, 0, 1, 1), Cells::new(9, 3, 1, 1), Cells::new(3, 1, 4, 2), Cells::new(0, 0, 10, 4)] {
            let rect = grid.rect_of(place);
            assert!(grid.rect.expand(0.01).contains_rect(rect), "{place:?}");
            assert_eq!(grid.nearest(rect.min + vec2(12.0, -9.0), place), (place.x, place.y));
            assert_eq!(grid.cells_of(rect.size() + vec2(-20.0, 15.0), place), (place.w, place.h));
        }
        assert_eq!(grid.nearest(pos2(9e9, -9e9), Cells::new(0, 0, 3, 2)), (7, 0));
        assert_eq!(grid.cells_of(vec2(9e9, 0.0), Cells::new(4, 2, 1, 1)), (6, 1));
    }
}
