//! 视频墙: one, four, nine or sixteen pictures chosen by hand, by what can see a place, or by a tour that changes one of them.
//!
//! The layout is this seat's own and no record; what goes to the hall's wall is one. A camera is turned only with its wheel
//! in hand ([`steer`]), which everybody sees.

mod list;
mod steer;
mod tour;

use super::feed_tile::{Tile, name_of, tile_ui};
use super::kit::{Kit, row_id};
use super::{Model, PanelState, Selection, UiCommand, press};
use crate::i18n::{Lang, Tr, tr};
use crate::theme::*;
use egui::{Align2, Key, Rect, pos2, vec2};
use gulang_city::*;
use gulang_wire::FeedState;
use list::List;
use std::collections::BTreeMap;
use steer::Steering;
use tour::Tour;

/// How many pictures a layout has.
const LAYOUTS: [usize; 4] = [1, 4, 9, 16];
const MOST: usize = 16;
const BAR_H: f32 = 44.0;
const LIST_W: f32 = 300.0;
const GAP: f32 = 6.0;

/// One place of the wall.
#[derive(Clone, Debug, Default, PartialEq)]
struct Slot {
    feed: Option<Feed>,
    /// Why it is here: how far it stands from what is looked at.
    note: String,
}

/// This seat's wall.
#[derive(Default)]
pub(super) struct Wall {
    of: Option<SeatId>,
    layout: Layout,
    /// Of other seats that sat at this screen.
    others: BTreeMap<SeatId, Layout>,
    /// The slot keys and buttons mean.
    chosen: usize,
    /// The slot being dragged.
    dragged: Option<usize>,
    list: List,
    tour: Tour,
    steering: Steering,
    /// Why the last wish of the toolbar came to nothing.
    note: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Layout {
    n: usize,
    slots: Vec<Slot>,
}

impl Default for Layout {
    fn default() -> Self {
        Self { n: 4, slots: vec![Slot::default(); MOST] }
    }
}

impl Wall {
    pub fn chosen_feed(&self) -> Option<Feed> {
        self.layout.slots.get(self.chosen)?.feed.clone()
    }

    /// Puts a picture on the wall and chooses it: where it is already, else the first free place, else the chosen one.
    pub fn add(&mut self, feed: Feed) {
        let shown = &self.layout.slots[..self.layout.n];
        let at = (shown.iter().position(|it| it.feed.as_ref() == Some(&feed)))
            .or_else(|| shown.iter().position(|it| it.feed.is_none()))
            .unwrap_or(self.chosen.min(self.layout.n - 1));
        self.choose(at);
        self.layout.slots[at] = Slot { feed: Some(feed), note: String::new() };
    }

    /// One step back; `false` if there is none.
    pub fn back(&mut self) -> bool {
        self.steering.let_go() || self.dragged.take().is_some()
    }

    /// The page is left: no hand stays on a camera.
    pub fn leave(&mut self) {
        self.back();
    }

    /// The pictures of the layout, in their order.
    fn feeds(&self) -> Vec<Feed> {
        let mut feeds: Vec<Feed> = Vec::new();
        for feed in self.layout.slots[..self.layout.n].iter().filter_map(|it| it.feed.clone()) {
            if !feeds.contains(&feed) {
                feeds.push(feed);
            }
        }
        feeds
    }

    fn choose(&mut self, at: usize) {
        if self.chosen != at {
            self.steering.let_go();
        }
        self.chosen = at;
    }

    fn set_layout(&mut self, n: usize) {
        self.layout.n = n;
        self.choose(self.chosen.min(n - 1));
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.layout.slots.swap(a, b);
        self.choose(b);
    }

    /// Another seat's wall is another wall.
    fn sit(&mut self, seat: &SeatId) {
        if self.of.as_ref() == Some(seat) {
            return;
        }
        let theirs = self.others.remove(seat);
        let was = match (&self.of, theirs) {
            // What was put here before anybody was told whose seat it is stays.
            (None, None) => None,
            (_, theirs) => Some(std::mem::replace(&mut self.layout, theirs.unwrap_or_default())),
        };
        if let (Some(of), Some(was)) = (self.of.take(), was) {
            self.others.insert(of, was);
        }
        self.of = Some(seat.clone());
        self.chosen = self.chosen.min(self.layout.n - 1);
    }

    /// Nine places, filled by what can see a place; how many were found.
    fn look_at(&mut self, lang: Lang, city: &City, place: LonLat) -> usize {
        let found = city.cameras_that_see(place, 9);
        if found.is_empty() {
            return 0;
        }
        self.layout.slots[..9].fill(Slot::default());
        for (slot, sight) in self.layout.slots.iter_mut().zip(&found) {
            *slot = Slot { feed: Some(Feed::Camera(sight.camera.id.clone())), note: sight_words(lang, sight) };
        }
        self.set_layout(9);
        self.choose(0);
        found.len()
    }
}

/// `318 m・朝向未登记`.
fn sight_words(lang: Lang, sight: &Sight<'_>) -> String {
    let looks = lang.t(match sight.looks {
        Looks::There => tr::SIGHT_THERE,
        Looks::CanTurn => tr::SIGHT_CAN_TURN,
        Looks::Unknown => tr::SIGHT_UNKNOWN,
    });
    format!("{:.0} m・{looks}", sight.distance_m)
}

/// How many pictures live, and how many are wanted and do not come.
pub(super) fn sub(k: &Kit<'_>, state: &PanelState) -> String {
    let feeds = state.pages.cameras.feeds();
    let is_in =
        |feed: &Feed, states: &[FeedState]| k.m.pictures.status.get(feed).is_some_and(|it| states.contains(&it.state));
    let n_live = feeds.iter().filter(|it| is_in(it, &[FeedState::Playing])).count();
    let n_bad = feeds.iter().filter(|it| is_in(it, &[FeedState::Stalled, FeedState::Failed])).count();
    let n = |it: usize| it.to_string();
    k.m.lang.fill(tr::WALL_SUB, &[&n(n_live), &n(feeds.len()), &n(n_bad)])
}

pub(super) fn cameras_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let mut wall = std::mem::take(&mut state.pages.cameras);
    wall.sit(k.m.seat);
    tour::step(k, &mut wall);
    let bar = Rect::from_min_size(body.min, vec2(body.width(), BAR_H));
    let place = state.place.or_else(|| k.m.selection.and_then(|it| k.m.place_of(it)));
    bar_ui(k, &mut wall, bar, place);
    let mut grid = Rect::from_min_max(pos2(body.left(), bar.bottom()), body.max).shrink(GAP);
    if body.width() >= 860.0 {
        let list = Rect::from_min_max(pos2(body.right() - LIST_W, bar.bottom()), body.max);
        grid.max.x = list.left() - GAP;
        k.fill(Rect::from_min_size(list.min, vec2(1.0, list.height())), 0.0, HAIR);
        list::list_ui(k, &mut wall, list);
    }
    grid_ui(k, &mut wall, grid, &mut state.pages.wish);
    state.pages.cameras = wall;
}

/// The keys of the wall beside those that open it: the arrows choose while no wheel is in hand, `T` takes the wheel.
pub(super) fn keys(pressed: &dyn Fn(Key) -> bool, state: &mut PanelState) {
    let wall = &mut state.pages.cameras;
    if pressed(Key::T) {
        wall.steering.toggle();
    }
    if wall.steering.is_on() {
        return;
    }
    let side = side(wall.layout.n) as i64;
    let step = |key: Key, by: i64| if pressed(key) { by } else { 0 };
    let by = step(Key::ArrowRight, 1) - step(Key::ArrowLeft, 1) + step(Key::ArrowDown, side) - step(Key::ArrowUp, side);
    if by != 0 {
        let to = (wall.chosen as i64 + by).clamp(0, wall.layout.n as i64 - 1);
        wall.choose(to as usize);
    }
}

fn side(n: usize) -> usize {
    match n {
        1 => 1,
        4 => 2,
        9 => 3,
        _ => 4,
    }
}

// ---------------------------------------------------------------- to the hall's wall

/// Puts one picture first on the hall's wall, before what it shows; or says why not.
pub(super) fn send_one(model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>, feed: Feed) {
    let shown: Vec<Feed> = match model.city.footing.posture {
        Posture::War => model.city.feeds.iter().map(|it| it.feed.clone()).collect(),
        Posture::Peace => scene_feeds(&model.city.scene).unwrap_or_default(),
    };
    let rest = shown.into_iter().filter(|it| *it != feed);
    let feeds: Vec<Feed> = std::iter::once(feed.clone()).chain(rest).collect();
    let source = Source::Seat(model.seat.clone());
    let command = to_wall(model, feeds);
    let why = match &command {
        None => Some(model.lang.t(tr::WALL_NOT_THIS).to_owned()),
        Some(command) => match model.city.decide_from(&source, command, model.clock.now) {
            Ok(_) => None,
            Err(Refusal::NoChange) => Some(model.lang.t(tr::WALL_ALREADY).to_owned()),
            Err(why) => Some(why.to_string()),
        },
    };
    match (command, why) {
        (Some(command), None) => {
            out.push(UiCommand::Submit(command));
            let name = name_of(model.city, &feed);
            state.notify(model.lang.fill(tr::WALL_SENT, &[name]));
        }
        (_, why) => state.notify(why.unwrap_or_default()),
    }
}

/// At war the pictures every wall shows first; in peace a scene of its own. `None` for what no wall can show.
fn to_wall(model: &Model<'_>, feeds: Vec<Feed>) -> Option<Command> {
    match model.city.footing.posture {
        Posture::War => {
            let known = |feed: &Feed| model.city.feeds.iter().find(|it| it.feed == *feed).cloned();
            let by_hand = |feed: Feed| OpenFeed {
                place: name_of(model.city, &feed).into(),
                why: model.lang.t(tr::WALL_BY_HAND).into(),
                feed,
            };
            let most = MAX_OPEN_CAMERAS + MAX_OPEN_DRONES;
            let feeds = feeds.into_iter().take(most).map(|it| known(&it).unwrap_or_else(|| by_hand(it))).collect();
            Some(Command::OpenFeeds { feeds })
        }
        Posture::Peace => {
            let feeds: Vec<Feed> = feeds.into_iter().take(MAX_WALL_FEEDS).collect();
            cameras_scene(&feeds).map(|scene| Command::ShowScene { scene })
        }
    }
}

/// The hall's wall while its scene is pictures: as many as it names, as large as they go.
pub(super) fn scene_ui(k: &mut Kit<'_>, rect: Rect, feeds: &[Feed], u: f32) {
    let n = LAYOUTS.into_iter().find(|it| feeds.len() <= *it).unwrap_or(MOST);
    for (i, feed) in feeds.iter().take(n).enumerate() {
        let tile = Tile {
            feed,
            name: name_of(k.m.city, feed),
            of: "",
            words: None,
            is_chosen: false,
            id: k.ui.id().with(row_id("scene", i)),
            u,
        };
        let at = cell(rect, n, i, GAP * u * k.s);
        tile_ui(k, at, &tile);
    }
}

// ---------------------------------------------------------------- the bar

fn bar_ui(k: &mut Kit<'_>, wall: &mut Wall, bar: Rect, place: Option<LonLat>) {
    k.hline(bar.left(), bar.right(), bar.bottom(), HAIR);
    let mut x = bar.left() + 12.0;
    let y = bar.center().y;
    let mut next = |width: f32| {
        let at = Rect::from_min_size(pos2(x, y - 15.0), vec2(width, 30.0));
        x = at.right() + 6.0;
        at
    };
    for n in LAYOUTS {
        let label = k.m.lang.fill(tr::WALL_N, &[&n.to_string()]);
        if press::choice_ui(k, next(40.0), ("wall-n", n), &label, wall.layout.n == n) {
            wall.set_layout(n);
        }
    }
    let fit = |k: &Kit<'_>, text: Tr| k.width(13.0, k.t(text)) + 22.0;
    if press::guarded_ui(k, next(fit(k, tr::WALL_NEAREST)), "wall-near", 13.0, k.t(tr::WALL_NEAREST), place.is_none())
        && let Some(place) = place
    {
        let n = wall.look_at(k.m.lang, k.m.city, place);
        wall.note = match n {
            0 => k.t(tr::WALL_NOBODY_SEES).to_owned(),
            n => k.m.lang.fill(tr::WALL_N_SEE, &[&n.to_string()]),
        };
    }
    let command = to_wall(k.m, wall.feeds());
    let barred = match &command {
        Some(command) => press::refused(k, command),
        None => Some(k.t(tr::WALL_EMPTY).to_owned()),
    };
    let at = next(fit(k, tr::WALL_SEND));
    if press::guarded_ui(k, at, "wall-send", 13.0, k.t(tr::WALL_SEND), barred.is_some())
        && let Some(command) = command
    {
        k.out.push(UiCommand::Submit(command));
    }
    if scene_feeds(&k.m.city.scene).is_some() && press::barred(k, "show_scene").is_none() {
        let scene = if k.m.city.footing.posture == Posture::War { "war" } else { "peace" };
        if k.button(next(fit(k, tr::WALL_TAKE_DOWN)), "wall-down", 13.0, k.t(tr::WALL_TAKE_DOWN), false) {
            k.out.push(UiCommand::Submit(Command::ShowScene { scene: scene.into() }));
        }
    }
    if k.button(next(fit(k, tr::WALL_CLEAR)), "wall-clear", 13.0, k.t(tr::WALL_CLEAR), false) {
        wall.layout.slots.fill(Slot::default());
        wall.choose(0);
    }
    let note = match (place, &barred) {
        _ if !wall.note.is_empty() => wall.note.clone(),
        (None, _) => k.t(tr::WALL_NO_PLACE).to_owned(),
        (_, Some(why)) => why.clone(),
        _ => k.t(tr::WALL_KEYS).to_owned(),
    };
    k.fit(pos2(x + 6.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &note, bar.right() - x - 18.0);
}

// ---------------------------------------------------------------- the pictures

fn cell(rect: Rect, n: usize, i: usize, gap: f32) -> Rect {
    let side = side(n) as f32;
    let size = (rect.size() - vec2(gap, gap) * (side - 1.0)) / side;
    let (column, row) = (i as f32 % side, (i as f32 / side).floor());
    Rect::from_min_size(rect.min + vec2((size.x + gap) * column, (size.y + gap) * row), size)
}

fn grid_ui(k: &mut Kit<'_>, wall: &mut Wall, grid: Rect, wish: &mut Option<(Feed, gulang_wire::Motion)>) {
    if !grid.is_positive() {
        return;
    }
    let n = wall.layout.n;
    let u = if n >= 16 { 0.9 } else { 1.0 };
    for i in 0..n {
        let at = cell(grid, n, i, GAP);
        let Slot { feed, note } = wall.layout.slots[i].clone();
        let Some(feed) = feed else {
            empty_ui(k, wall, at, i);
            continue;
        };
        let toured = wall.tour.words(k, i);
        let tile = Tile {
            feed: &feed,
            name: name_of(k.m.city, &feed),
            of: toured.as_deref().unwrap_or(&note),
            words: None,
            is_chosen: wall.chosen == i,
            id: k.ui.id().with(row_id("wall-tile", i)),
            u,
        };
        let drawn = tile_ui(k, at, &tile);
        let is_steered = wall.chosen == i && wall.steering.is_on();
        if drawn.response.double_clicked() {
            // Alone and large, or back among the others.
            let n = if n == 1 { 4 } else { 1 };
            wall.layout.slots.swap(0, i);
            wall.choose(0);
            wall.set_layout(n);
        } else if drawn.response.clicked() {
            wall.choose(i);
        } else if drawn.response.drag_started() && !is_steered {
            wall.dragged = Some(i);
        }
        if wall.chosen == i {
            steer::steer_ui(k, wall, &feed, drawn.picture, wish);
        }
    }
    drop_ui(k, wall, grid);
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
    let (at, is_down) = k.ui.input(|input| (input.pointer.latest_pos(), input.pointer.primary_down()));
    let over = at.and_then(|at| (0..wall.layout.n).find(|i| cell(grid, wall.layout.n, *i, GAP).contains(at)));
    if let Some(over) = over.filter(|it| *it != from) {
        k.outline(cell(grid, wall.layout.n, over, GAP), 2.0, 2.5, ACCENT);
    }
    if !is_down {
        wall.dragged = None;
        if let Some(over) = over.filter(|it| *it != from) {
            wall.swap(from, over);
        }
    }
}

/// The district a picture comes from; empty where nobody knows.
fn district_of<'a>(city: &'a City, feed: &Feed) -> &'a str {
    let district = match feed {
        Feed::Camera(id) => city.cameras.get(id).map(|it| &it.district),
        Feed::Drone(id) => {
            let dock = city.drones.get(id).and_then(|it| city.docks.get(&it.dock));
            dock.map(|it| &it.district)
        }
        Feed::Call(_) => None,
    };
    district.and_then(|it| city.districts.get(it)).map_or("", |it| &*it.name)
}

/// Selects what a picture comes from, on the map.
fn select(k: &mut Kit<'_>, feed: &Feed) {
    let selection = match feed {
        Feed::Camera(id) => Some(Selection::Camera(id.clone())),
        Feed::Drone(id) => Some(Selection::Drone(id.clone())),
        Feed::Call(_) => None,
    };
    if selection.is_some() {
        k.out.push(UiCommand::Select(selection));
    }
}
