//! Arranging the metrics walls on the desk: a layout drawn small with the cards' own drawing, cards dragged, resized,
//! removed, added and drawn otherwise, by hand or by keyboard; layouts chosen, saved under another name, taken back,
//! sent to the walls.
//!
//! A layout is the city's: every change is a command, and what was told is shown until its record comes. What the rules
//! refuse is not told; the reason is shown.

use super::{Drawings, GAP, Grid, card, cards_ui, layout_of};
use crate::i18n::tr;
use crate::panels::indicators::Known;
use crate::panels::kit::{Kit, RealmMark, realm_mark};
use crate::panels::{PanelState, UiCommand, press};
use crate::theme::*;
use egui::{Align2, EventFilter, Key, Modifiers, Pos2, Rect, Sense, Vec2, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::{
    CardChart, CardShows, Command, MAX_METRIC_WALLS, MetricWall, MetricWallId, Posture, indicators::FigureKey,
    metrics_scene,
};

/// A change whose record did not come back within so long was not taken, s on egui's clock.
const HEARD_WITHIN_SECS: f64 = 3.0;
/// Drawn no smaller than this, screen px per native px: words of a card are then still to be read.
const LEAST_SCALE: f32 = 0.25;
/// The reference wall's width without its gutters, native px; the picture is so many times as wide as high, at least.
const WALL_W: f32 = 7632.0;
const ASPECT: f32 = 2.9;
const PAD: f32 = 12.0;
const ROW_H: f32 = 28.0;
const STEP: f32 = 32.0;
/// Layouts listed before the others are counted.
const MOST_LISTED: usize = 9;
const CORNER: f32 = 18.0;
/// The cards that show no indicator of their own, and how many cells each takes at first.
const SPECIAL: [(CardShows, (u8, u8)); 5] = [
    (CardShows::StageFunnel, (2, 1)),
    (CardShows::CaseFlow, (2, 2)),
    (CardShows::AlarmTimeline, (2, 1)),
    (CardShows::AlarmLoad, (1, 1)),
    (CardShows::Grave, (1, 2)),
];

/// What the desk remembers of the layouts.
#[derive(Default)]
pub(in crate::panels) struct Layouts {
    /// The layout in hand; none: what the walls would show in this posture.
    wall: Option<MetricWallId>,
    card: Option<usize>,
    drag: Option<Drag>,
    /// The name of a new layout, while it is typed.
    name: Option<String>,
    wants_focus: bool,
    told: Option<Told>,
    /// Why the last change was not told, or that it was.
    note: Option<String>,
    drawings: Drawings,
}

/// A card in hand.
#[derive(Clone, Copy)]
struct Drag {
    card: usize,
    is_resize: bool,
    /// From the corner that moves to the pointer.
    grip: Vec2,
}

/// What the city was told and has not answered yet.
struct Told {
    id: MetricWallId,
    wall: MetricWall,
    /// On egui's clock, s.
    at: f64,
}

/// What the officer wants with the layout in hand.
enum Act {
    Put(MetricWall),
    /// There is nowhere to put it.
    NoRoom,
    Choose(MetricWallId),
    Undo,
    Show,
    AskName,
    SaveAs(String),
}

impl Layouts {
    /// One step back; `false` if the page itself is to be closed.
    pub fn back(&mut self) -> bool {
        self.drag.take().is_some() || self.name.take().is_some() || self.card.take().is_some()
    }

    /// The layout in hand as it is, or as it will be once the record of the last change is here.
    fn in_hand(&self, k: &Kit<'_>, known: &Known) -> (MetricWallId, MetricWall) {
        let walls = &k.m.city.metric_walls;
        let of_posture = if k.m.city.footing.posture == Posture::War { "war" } else { "peace" };
        let usual_id = || MetricWallId::from(of_posture);
        let id = self.wall.clone().unwrap_or_else(|| match walls.contains_key(of_posture) {
            true => usual_id(),
            false => walls.keys().next().cloned().unwrap_or_else(usual_id),
        });
        if let Some(told) = self.told.as_ref().filter(|it| it.id == id) {
            return (id, told.wall.clone());
        }
        let wall = layout_of(k.m.city, &id, known).into_owned();
        (id, wall)
    }

    /// What was told is on its way for a few seconds, until its record comes.
    fn follow(&mut self, k: &Kit<'_>) {
        let time = k.ui.input(|input| input.time);
        let walls = &k.m.city.metric_walls;
        let is_over =
            |it: &Told| walls.get(&it.id).is_some_and(|kept| kept.wall == it.wall) || time > it.at + HEARD_WITHIN_SECS;
        if self.told.as_ref().is_some_and(is_over) {
            self.told = None;
        }
    }

    fn tell(&mut self, k: &mut Kit<'_>, id: &MetricWallId, wall: MetricWall) -> bool {
        let command = Command::PutMetricWall { id: id.clone(), wall: wall.clone() };
        self.note = press::refused(k, &command);
        if self.note.is_some() {
            return false;
        }
        self.told = Some(Told { id: id.clone(), wall, at: k.ui.input(|input| input.time) });
        k.out.push(UiCommand::Submit(command));
        true
    }

    /// The button beside an indicator in full: a card of it in the first free cell of the layout in hand.
    pub fn put_ui(&mut self, k: &mut Kit<'_>, known: &Known, rect: Rect, key: &FigureKey) -> Option<String> {
        let is_barred = press::barred(k, "put_metric_wall").is_some();
        if !press::guarded_ui(k, rect, "indicator-put", 12.0, k.t(tr::METRIC_PUT), is_barred) {
            return None;
        }
        self.follow(k);
        let (id, wall) = self.in_hand(k, known);
        let name = k.m.lang.pick(&wall.zh, &wall.en).to_owned();
        let shows = CardShows::Figure { key: key.clone(), chart: CardChart::Own };
        let Some(with) = wall.with(shows, 1, 1) else { return Some(k.m.lang.fill(tr::METRIC_NO_ROOM, &[&name])) };
        self.card = Some(with.cards.len().saturating_sub(1));
        match self.tell(k, &id, with) {
            true => Some(k.m.lang.fill(tr::METRIC_PUT_DONE, &[&name])),
            false => self.note.clone(),
        }
    }

    fn obey(&mut self, k: &mut Kit<'_>, id: &MetricWallId, wall: &MetricWall, act: Act) {
        match act {
            Act::Put(next) if next == *wall => {}
            Act::Put(next) => {
                // A card that was removed is not chosen any more; one that is new is.
                self.card = match next.cards.len().cmp(&wall.cards.len()) {
                    std::cmp::Ordering::Less => None,
                    std::cmp::Ordering::Equal => self.card,
                    std::cmp::Ordering::Greater => Some(next.cards.len() - 1),
                };
                self.tell(k, id, next);
            }
            Act::NoRoom => {
                let name = k.m.lang.pick(&wall.zh, &wall.en);
                self.note = Some(k.m.lang.fill(tr::METRIC_NO_ROOM, &[name]));
            }
            Act::Choose(other) => {
                *self = Self { wall: Some(other), told: self.told.take(), ..Self::default() };
            }
            Act::Undo => {
                let command = Command::UndoMetricWall { id: id.clone() };
                self.note = press::refused(k, &command);
                if self.note.is_none() {
                    (self.told, self.card) = (None, None);
                    k.out.push(UiCommand::Submit(command));
                }
            }
            Act::Show => {
                let command = Command::ShowScene { scene: metrics_scene(id) };
                self.note = press::refused(k, &command);
                if self.note.is_none() {
                    k.out.push(UiCommand::Submit(command));
                }
            }
            Act::AskName => (self.name, self.wants_focus) = (Some(String::new()), true),
            Act::SaveAs(name) => self.save_as(k, wall, name.trim()),
        }
    }

    /// The name is the id too: what officers call a layout is what a scene says.
    fn save_as(&mut self, k: &mut Kit<'_>, wall: &MetricWall, name: &str) {
        let id = MetricWallId::from(name);
        if k.m.city.metric_walls.contains_key(&id) {
            self.note = Some(k.t(tr::METRIC_NAME_TAKEN).to_owned());
            return;
        }
        let wall = MetricWall { zh: name.into(), en: "".into(), ..wall.clone() };
        if self.tell(k, &id, wall) {
            (self.wall, self.name) = (Some(id), None);
        }
    }
}

/// The layouts at the left, the one in hand on the stage.
pub(in crate::panels) fn layouts_ui(
    k: &mut Kit<'_>,
    state: &PanelState,
    it: &mut Layouts,
    known: &mut Known,
    left: Rect,
    stage: Rect,
) {
    it.follow(k);
    let (id, wall) = it.in_hand(k, known);
    it.card = it.card.filter(|i| *i < wall.cards.len());
    card::wants(known, &wall);
    let mut act = left_ui(k, it, known, &id, &wall, left);
    act = stage_ui(k, state, it, known, &wall, stage).or(act);
    act = keys(k, it, known, &wall).or(act);
    if let Some(act) = act {
        it.obey(k, &id, &wall, act);
    }
}

// ---------------------------------------------------------------- the left column

fn left_ui(
    k: &Kit<'_>,
    it: &mut Layouts,
    known: &Known,
    id: &MetricWallId,
    wall: &MetricWall,
    rect: Rect,
) -> Option<Act> {
    k.fill(rect, 0.0, RAISED);
    let mut y = rect.top() + 4.0;
    let row = |y: f32| Rect::from_min_size(pos2(rect.left() + 8.0, y), vec2(rect.width() - 16.0, ROW_H));
    let caption = |y: &mut f32, text: &str| {
        let at = pos2(rect.left() + 12.0, *y + 12.0);
        k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, text, rect.width() - 24.0);
        *y += 26.0;
    };
    let mut act = None;
    let is_barred = press::barred(k, "put_metric_wall").is_some();
    caption(&mut y, k.t(tr::METRIC_LAYOUTS));
    let city = k.m.city;
    for (other, kept) in city.metric_walls.iter().take(MOST_LISTED) {
        let name = k.m.lang.pick(&kept.wall.zh, &kept.wall.en);
        let is_shown = super::on_wall(city, None).is_some_and(|it| it == *other);
        let name = if is_shown { k.m.lang.fill(tr::METRIC_LAYOUT_SHOWN, &[name]) } else { name.to_owned() };
        if press::choice_ui(k, row(y), ("layout", other.as_str()), &name, other == id) {
            act = Some(Act::Choose(other.clone()));
        }
        y += STEP;
    }
    if city.metric_walls.len() > MOST_LISTED {
        let n_more = city.metric_walls.len() - MOST_LISTED;
        caption(&mut y, &k.m.lang.fill(tr::METRIC_MORE, &[&n_more.to_string()]));
    }
    y += 4.0;
    let is_kept = city.metric_walls.contains_key(id);
    let show_barred = press::barred(k, "show_scene").is_some() || !is_kept;
    if press::guarded_ui(k, row(y), "layout-show", 13.0, k.t(tr::METRIC_SEND), show_barred) {
        act = Some(Act::Show);
    }
    y += STEP;
    let (half, gap) = ((rect.width() - 16.0 - 6.0) * 0.5, 6.0);
    let halves = |y: f32| {
        let first = Rect::from_min_size(row(y).min, vec2(half, ROW_H));
        [first, first.translate(vec2(half + gap, 0.0))]
    };
    let [undo, save] = halves(y);
    let has_before = city.metric_walls.get(id).is_some_and(|it| !it.before.is_empty());
    let undo_barred = !has_before || press::barred(k, "undo_metric_wall").is_some();
    if press::guarded_ui(k, undo, "layout-undo", 13.0, k.t(tr::METRIC_UNDO), undo_barred) {
        act = Some(Act::Undo);
    }
    let is_full = is_barred || city.metric_walls.len() >= MAX_METRIC_WALLS;
    if press::guarded_ui(k, save, "layout-save-as", 13.0, k.t(tr::METRIC_SAVE_AS), is_full) {
        act = Some(Act::AskName);
    }
    y += STEP;
    if let Some(name) = &mut it.name {
        press::line_ui(k, row(y), "layout-name", name, tr::METRIC_NAME, tr::METRIC_NAME_HINT, &mut it.wants_focus);
        y += STEP;
        let is_empty = name.trim().is_empty();
        let is_entered = !is_empty && k.ui.input(|input| input.key_pressed(Key::Enter));
        if press::guarded_ui(k, row(y), "layout-name-ok", 13.0, k.t(tr::METRIC_NAME_OK), is_empty) || is_entered {
            act = Some(Act::SaveAs(name.clone()));
        }
        y += STEP;
    }
    y += 8.0;
    caption(&mut y, k.t(tr::METRIC_ADD));
    for (i, (shows, (w, h))) in SPECIAL.iter().enumerate() {
        let name = card::title(k, known, shows);
        if press::guarded_ui(k, row(y), ("layout-add", i), 13.0, &format!("＋ {name}"), is_barred) {
            let with = wall.with(shows.clone(), *w, *h).or_else(|| wall.with(shows.clone(), 1, 1));
            act = Some(with.map_or(Act::NoRoom, Act::Put));
        }
        y += STEP;
    }
    let note = Rect::from_min_size(pos2(rect.left() + 12.0, y), vec2(rect.width() - 24.0, 40.0));
    y += k.wrap(note, 12.0, TERTIARY, k.t(tr::METRIC_ADD_NOTE)) + 10.0;
    caption(&mut y, k.t(tr::METRIC_CARD));
    let Some((i, chosen)) = it.card.and_then(|i| Some((i, wall.cards.get(i)?))) else {
        let at = Rect::from_min_size(pos2(rect.left() + 12.0, y), vec2(rect.width() - 24.0, 40.0));
        k.wrap(at, 12.0, QUIET, k.t(tr::METRIC_NO_CARD));
        return act;
    };
    let at = pos2(rect.left() + 12.0, y + 12.0);
    k.bold_fit(at, Align2::LEFT_CENTER, 14.0, PRIMARY, &card::title(k, known, &chosen.shows), rect.width() - 24.0);
    let size = [chosen.place.w.to_string(), chosen.place.h.to_string()];
    let size = k.m.lang.fill(tr::METRIC_CARD_SIZE, &[&size[0], &size[1]]);
    k.fit(pos2(at.x, y + 34.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &size, rect.width() - 24.0);
    y += 50.0;
    if let CardShows::Figure { chart, .. } = &chosen.shows {
        let label = k.m.lang.fill(tr::METRIC_CHART, &[k.t(card::chart_word(*chart))]);
        if press::guarded_ui(k, row(y), "card-chart", 13.0, &label, is_barred) {
            act = other_chart(known, wall, i).map(Act::Put).or(act);
        }
        y += STEP;
    }
    if press::guarded_ui(k, row(y), "card-remove", 13.0, k.t(tr::METRIC_REMOVE), is_barred) {
        act = wall.without(i).map(Act::Put).or(act);
    }
    act
}

/// The card drawn in the next way its figure can be.
fn other_chart(known: &Known, wall: &MetricWall, i: usize) -> Option<MetricWall> {
    let mut wall = wall.clone();
    let CardShows::Figure { key, chart } = &mut wall.cards.get_mut(i)?.shows else { return None };
    let all = card::possible(known.definition(&key.indicator)?, key);
    let at = all.iter().position(|it| it == chart).map_or(0, |i| i + 1);
    *chart = all.get(at % all.len().max(1)).copied()?;
    Some(wall)
}

// ---------------------------------------------------------------- the stage

fn stage_ui(
    k: &Kit<'_>,
    state: &PanelState,
    it: &mut Layouts,
    known: &Known,
    wall: &MetricWall,
    stage: Rect,
) -> Option<Act> {
    let inner = stage.shrink(PAD);
    let foot = 2.0 * 24.0;
    if inner.width() < 240.0 || inner.height() < foot + 120.0 {
        return None;
    }
    let high = (inner.height() - foot).min(inner.width() / ASPECT);
    let rect = Rect::from_min_size(inner.min, vec2(inner.width(), high));
    k.fill(rect.expand(4.0), 4.0, APP);
    k.outline(rect.expand(4.0), 4.0, 1.0, HAIR);
    let s = (rect.width() / WALL_W).max(LEAST_SCALE);
    let grid = Grid::new(wall, rect, GAP * s);
    free_ui(k, wall, &grid);
    let small = Kit::new(k.ui, k.m, s);
    cards_ui(&small, state, known, wall, &grid, &mut it.drawings);
    realm_mark(k, RealmMark::Watermark(rect));
    let is_barred = press::barred(k, "put_metric_wall");
    let act = hands_ui(k, it, known, wall, &grid, is_barred.is_some());
    let y = rect.bottom() + 22.0;
    let keys = k.t(tr::METRIC_KEYS);
    k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 13.0, TERTIARY, keys, rect.width());
    if let Some(note) = is_barred.as_ref().or(it.note.as_ref()) {
        k.fit(pos2(rect.left(), y + 24.0), Align2::LEFT_CENTER, 13.0, STALE, note, rect.width());
    }
    act
}

/// Cells without a card, so that one sees where there is room.
fn free_ui(k: &Kit<'_>, wall: &MetricWall, grid: &Grid) {
    for y in 0..wall.rows {
        for x in (0..wall.columns).filter(|x| wall.card_at(*x, y).is_none()) {
            k.outline(grid.rect_of(gulang_city::Cells::new(x, y, 1, 1)), 3.0, 1.0, ROW);
        }
    }
}

/// The hands on the cards: each is a place to press, drag and focus; the chosen one has a corner and a ×.
fn hands_ui(
    k: &Kit<'_>,
    it: &mut Layouts,
    known: &Known,
    wall: &MetricWall,
    grid: &Grid,
    is_barred: bool,
) -> Option<Act> {
    let mut act = None;
    for (i, card) in wall.cards.iter().enumerate() {
        let rect = grid.rect_of(card.place);
        let name = card::title(k, known, &card.shows);
        let response = k.ui.interact(rect, k.ui.id().with(("wall-card", i)), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &name));
        if response.has_focus() {
            // The arrows move the card, not the focus.
            let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            k.ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        }
        if response.clicked() || response.gained_focus() || response.drag_started() {
            it.card = Some(i);
        }
        if response.drag_started() && !is_barred {
            it.drag = Some(Drag { card: i, is_resize: false, grip: grip(k, rect.min) });
        }
        if it.card == Some(i) {
            k.outline(rect, 4.0, 2.0, ACCENT);
        } else if response.hovered() || response.has_focus() {
            k.outline(rect, 4.0, 1.5, STRONG);
        }
    }
    let chosen = it.card.and_then(|i| Some((i, wall.cards.get(i)?)));
    if let Some((i, card)) = chosen.filter(|_| !is_barred) {
        let rect = grid.rect_of(card.place);
        let name = card::title(k, known, &card.shows);
        let corner = Rect::from_min_max(rect.max - Vec2::splat(CORNER), rect.max);
        let response = k.ui.interact(corner, k.ui.id().with("wall-corner"), Sense::drag());
        response.widget_info(|| {
            WidgetInfo::labeled(WidgetType::Button, true, k.m.lang.fill(tr::METRIC_RESIZE_OF, &[&name]))
        });
        let points = vec![corner.right_top(), corner.right_bottom(), corner.left_bottom()];
        k.painter().add(egui::Shape::convex_polygon(points, ACCENT, egui::Stroke::NONE));
        if response.drag_started() {
            it.drag = Some(Drag { card: i, is_resize: true, grip: grip(k, rect.max) });
        }
        let close = Rect::from_min_size(rect.right_top() + vec2(-22.0, 0.0), Vec2::splat(22.0));
        k.fill(close, 3.0, SELECTED);
        k.text(close.center(), Align2::CENTER_CENTER, 15.0, PRIMARY, "×");
        if k.hit(close, "wall-card-remove", &k.m.lang.fill(tr::METRIC_REMOVE_OF, &[&name])).clicked() {
            act = wall.without(i).map(Act::Put);
        }
    }
    drag_ui(k, it, wall, grid).or(act)
}

/// From a corner to where the pointer was pressed.
fn grip(k: &Kit<'_>, corner: Pos2) -> Vec2 {
    k.ui.input(|input| input.pointer.press_origin()).map_or(Vec2::ZERO, |at| at - corner)
}

/// Where the card in hand would lie, and once it is let go, that it is to lie there.
fn drag_ui(k: &Kit<'_>, it: &mut Layouts, wall: &MetricWall, grid: &Grid) -> Option<Act> {
    let drag = it.drag?;
    let place = wall.cards.get(drag.card)?.place;
    let (pointer, is_down) = k.ui.input(|input| (input.pointer.latest_pos(), input.pointer.primary_down()));
    let at = pointer? - drag.grip;
    let (to, next) = if drag.is_resize {
        let (w, h) = grid.cells_of(at - grid.rect_of(place).min, place);
        (gulang_city::Cells { w, h, ..place }, wall.resized(drag.card, w, h))
    } else {
        let (x, y) = grid.nearest(at, place);
        (gulang_city::Cells { x, y, ..place }, wall.moved(drag.card, x, y))
    };
    let shadow = grid.rect_of(to);
    let ink = if next.is_some() { ACCENT } else { STALE };
    k.fill(shadow, 4.0, ink.gamma_multiply(0.18));
    k.outline(shadow, 4.0, 2.5, ink);
    if next.is_none() {
        k.fit_center(shadow, 14.0, STALE, k.t(tr::METRIC_NO_ROOM_HERE), true);
    }
    if is_down {
        k.ui.ctx().request_repaint();
        return None;
    }
    it.drag = None;
    next.map(Act::Put)
}

// ---------------------------------------------------------------- the keyboard

/// Arrows move the chosen card, with Shift they resize it, `C` draws it otherwise, Delete removes it.
fn keys(k: &Kit<'_>, it: &mut Layouts, known: &Known, wall: &MetricWall) -> Option<Act> {
    let ctx = k.ui.ctx();
    if ctx.text_edit_focused() || it.drag.is_some() || press::barred(k, "put_metric_wall").is_some() {
        return None;
    }
    let with = |key: Key, wanted: Modifiers| {
        k.ui.input(|input| input.key_pressed(key) && input.modifiers.matches_exact(wanted))
    };
    let way = |wanted: Modifiers| {
        let all =
            [(Key::ArrowLeft, (-1, 0)), (Key::ArrowRight, (1, 0)), (Key::ArrowUp, (0, -1)), (Key::ArrowDown, (0, 1))];
        all.into_iter().find(|(key, _)| with(*key, wanted)).map(|it| it.1)
    };
    let chosen = it.card;
    if let Some(by) = way(Modifiers::NONE) {
        let Some(i) = chosen else {
            it.card = (!wall.cards.is_empty()).then_some(0);
            return None;
        };
        return Some(pushed(wall, i, by).map_or(Act::NoRoom, Act::Put));
    }
    let i = chosen?;
    let place = wall.cards.get(i)?.place;
    if let Some((dx, dy)) = way(Modifiers::SHIFT) {
        let grown = place.w.checked_add_signed(dx).zip(place.h.checked_add_signed(dy));
        let next = grown.and_then(|(w, h)| wall.resized(i, w, h));
        return Some(next.map_or(Act::NoRoom, Act::Put));
    }
    if with(Key::C, Modifiers::NONE) {
        return other_chart(known, wall, i).map(Act::Put);
    }
    if with(Key::Delete, Modifiers::NONE) || with(Key::Backspace, Modifiers::NONE) {
        return wall.without(i).map(Act::Put);
    }
    None
}

/// The card in the next cells of that direction where there is room for it.
fn pushed(wall: &MetricWall, i: usize, (dx, dy): (i8, i8)) -> Option<MetricWall> {
    let place = wall.cards.get(i)?.place;
    let mut at = (place.x, place.y);
    loop {
        at = (at.0.checked_add_signed(dx)?, at.1.checked_add_signed(dy)?);
        if at.0 >= wall.columns || at.1 >= wall.rows {
            return None;
        }
        if let Some(next) = wall.moved(i, at.0, at.1) {
            return Some(next);
        }
    }
}
