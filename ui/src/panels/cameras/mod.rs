//! 视频墙: one, four, nine or sixteen pictures chosen by hand, by what can see a place, or by a tour that changes one of them.
//!
//! The layout is a record of this seat ([`kept`]), so that every desk of the seat has it and the hall's wall can follow it
//! ([`hall`]). A camera is turned only with its wheel in hand ([`steer`]), which everybody sees.

mod grid;
mod hall;
mod kept;
mod list;
mod steer;
mod tour;

pub(super) use hall::{scene_ui, seat_ui, send_one};

use super::kit::Kit;
use super::{Model, PanelState, Selection, UiCommand, press};
use crate::i18n::{Lang, Tr, tr};
use crate::theme::*;
use egui::{Align2, Key, Rect, pos2, vec2};
use grid::{cell, grid_ui};
use gulang_city::*;
use gulang_wire::FeedState;
use kept::{Kept, whole};
use list::List;
use std::collections::BTreeMap;
use steer::Steering;

/// How many pictures a layout has.
const LAYOUTS: [u8; 4] = WALL_SIZES;
const MOST: usize = MAX_WALL_FEEDS;
const BAR_H: f32 = 44.0;
const LIST_W: f32 = 300.0;
const GAP: f32 = 6.0;

/// This seat's wall.
pub(super) struct Wall {
    of: Option<SeatId>,
    /// With all its places.
    layout: CameraWall,
    /// Of other seats that sat at this screen.
    others: BTreeMap<SeatId, CameraWall>,
    kept: Kept,
    /// Put up from elsewhere, before it is known what the wall has.
    brought: Vec<Feed>,
    /// The place keys and buttons mean.
    chosen: usize,
    /// The place being dragged.
    dragged: Option<usize>,
    list: List,
    steering: Steering,
    /// Why the last wish of the toolbar came to nothing.
    note: String,
}

impl Default for Wall {
    fn default() -> Self {
        Self {
            of: None,
            layout: whole(&CameraWall::default()),
            others: BTreeMap::new(),
            kept: Kept::default(),
            brought: Vec::new(),
            chosen: 0,
            dragged: None,
            list: List::default(),
            steering: Steering::default(),
            note: String::new(),
        }
    }
}

impl Wall {
    /// The picture in the chosen place now, the tour's stop where one runs.
    pub fn chosen_feed(&self, model: &Model<'_>) -> Option<Feed> {
        let now = tour::Now { at: model.clock.now, speed: super::feed_tile::speed(model) };
        self.place(self.chosen, now).feed
    }

    /// Puts a picture on the wall once the wall is drawn.
    pub fn bring(&mut self, feed: Feed) {
        self.brought.push(feed);
    }

    /// One step back; `false` if there is none.
    pub fn back(&mut self) -> bool {
        self.steering.let_go() || self.dragged.take().is_some() || self.layout.alone.take().is_some()
    }

    /// The page is left: no hand stays on a camera.
    pub fn leave(&mut self) {
        self.steering.let_go();
        self.dragged = None;
    }

    fn n(&self) -> usize {
        usize::from(self.layout.n).clamp(1, MOST)
    }

    /// What a place shows now.
    fn place(&self, i: usize, now: tour::Now) -> WallPlace {
        match self.layout.tour.at(now.at, now.speed) {
            Some(it) if it.place == i => WallPlace { feed: Some(it.feed.clone()), note: Text::default() },
            _ => self.layout.places.get(i).cloned().unwrap_or_default(),
        }
    }

    /// The pictures of the layout, in their order.
    fn feeds(&self, now: tour::Now) -> Vec<Feed> {
        let mut feeds: Vec<Feed> = Vec::new();
        for feed in (0..self.n()).filter_map(|i| self.place(i, now).feed) {
            if !feeds.contains(&feed) {
                feeds.push(feed);
            }
        }
        feeds
    }

    /// Puts a picture on the wall and chooses it: where it is already, else the first free place, else the chosen one.
    fn add(&mut self, feed: Feed) {
        let n = self.n();
        let shown = self.layout.places.get(..n).unwrap_or_default();
        let toured = self.layout.tour.run.map(|it| usize::from(it.place));
        let is_free = |(i, it): (usize, &WallPlace)| it.feed.is_none() && toured != Some(i);
        let at = (shown.iter().position(|it| it.feed.as_ref() == Some(&feed)))
            .or_else(|| shown.iter().enumerate().position(is_free))
            .unwrap_or(self.chosen.min(n - 1));
        self.choose(at);
        // Another picture in a tour's place ends the tour.
        if toured == Some(at) {
            self.layout.tour.run = None;
        }
        if let Some(place) = self.layout.places.get_mut(at).filter(|it| it.feed.as_ref() != Some(&feed)) {
            *place = WallPlace { feed: Some(feed), note: Text::default() };
        }
        if self.layout.alone.is_some() {
            self.layout.alone = u8::try_from(at).ok();
        }
    }

    fn choose(&mut self, at: usize) {
        if self.chosen != at {
            self.steering.let_go();
        }
        self.chosen = at;
    }

    fn set_layout(&mut self, n: u8) {
        self.layout.n = n;
        self.layout.alone = None;
        self.layout.tour.run = self.layout.tour.run.filter(|it| it.place < n);
        self.choose(self.chosen.min(self.n() - 1));
    }

    /// The chosen place alone and large, or back among the others.
    fn toggle_alone(&mut self) {
        let is_alone = self.layout.alone.take().is_some();
        self.layout.alone = u8::try_from(self.chosen).ok().filter(|_| !is_alone && self.layout.n > 1);
    }

    fn swap(&mut self, a: usize, b: usize) {
        if a.max(b) >= self.layout.places.len() {
            return;
        }
        self.layout.places.swap(a, b);
        if let Some(run) = &mut self.layout.tour.run {
            let moved = if usize::from(run.place) == a {
                b
            } else if usize::from(run.place) == b {
                a
            } else {
                return self.choose(b);
            };
            run.place = u8::try_from(moved).unwrap_or(run.place);
        }
        self.choose(b);
    }

    /// Another seat's wall is another wall.
    fn sit(&mut self, seat: &SeatId) {
        if self.of.as_ref() == Some(seat) {
            return;
        }
        let theirs = self.others.remove(seat).unwrap_or_else(|| whole(&CameraWall::default()));
        if let Some(of) = self.of.replace(seat.clone()) {
            self.others.insert(of, std::mem::replace(&mut self.layout, theirs));
        }
        self.kept = Kept::default();
        self.chosen = self.chosen.min(self.n() - 1);
    }

    /// Nine places, filled by what can see a place; how many were found.
    fn look_at(&mut self, lang: Lang, city: &City, place: LonLat) -> usize {
        let found = city.cameras_that_see(place, 9);
        if found.is_empty() {
            return 0;
        }
        self.layout.tour.run = None;
        for (i, place) in self.layout.places.iter_mut().take(9).enumerate() {
            *place = found.get(i).map_or_else(WallPlace::default, |sight| WallPlace {
                feed: Some(Feed::Camera(sight.camera.id.clone())),
                note: sight_words(lang, sight).into(),
            });
        }
        self.set_layout(9);
        self.choose(0);
        found.len()
    }
}

/// `318 m・朝向此处・视场角、高度未登记`: what is known of why it sees, and what its register does not say.
fn sight_words(lang: Lang, sight: &Sight<'_>) -> String {
    let looks = lang.t(match sight.looks {
        Looks::There => tr::SIGHT_THERE,
        Looks::CanTurn => tr::SIGHT_CAN_TURN,
        Looks::Unknown => tr::SIGHT_UNKNOWN,
    });
    let unknown: Vec<&str> = [
        // Without a direction the field of view was not weighed.
        (sight.is_fov_known || sight.looks == Looks::Unknown, tr::SIGHT_FOV),
        (sight.is_height_known, tr::SIGHT_HEIGHT),
        (sight.is_range_known, tr::SIGHT_RANGE),
    ]
    .into_iter()
    .filter(|(is_known, _)| !is_known)
    .map(|(_, what)| lang.t(what))
    .collect();
    let mut words = format!("{:.0} m・{looks}", sight.distance_m);
    if !unknown.is_empty() {
        words += &format!("・{}", lang.fill(tr::SIGHT_MISSING, &[&unknown.join(lang.t(tr::SIGHT_AND))]));
    }
    words
}

/// How many pictures live, and how many are wanted and do not come.
pub(super) fn sub(k: &Kit<'_>, state: &PanelState) -> String {
    let feeds = state.pages.cameras.feeds(tour::Now::of(k));
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
    kept::follow(k, &mut wall);
    for feed in std::mem::take(&mut wall.brought) {
        wall.add(feed);
    }
    if wall.layout.tour.run.is_some() {
        k.ui.ctx().request_repaint_after(std::time::Duration::from_millis(250));
    }
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
    kept::tell(k, &mut wall);
    state.pages.cameras = wall;
}

/// The keys of the wall beside those that open it: the arrows choose while no wheel is in hand, `T` takes the wheel, `X` makes
/// one large, `W` shows the wall in the hall, `Z` takes its last change back.
pub(super) fn keys(pressed: &dyn Fn(Key) -> bool, model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>) {
    if pressed(Key::W) {
        hall::cast(model, state, out);
    }
    if pressed(Key::Z)
        && model.city.decide_from(&Source::Seat(model.seat.clone()), &Command::UndoCameraWall, model.clock.now).is_ok()
    {
        out.push(UiCommand::Submit(Command::UndoCameraWall));
    }
    let wall = &mut state.pages.cameras;
    if pressed(Key::X) {
        wall.toggle_alone();
    }
    if pressed(Key::T) {
        wall.steering.toggle();
    }
    if wall.steering.is_on() {
        return;
    }
    let side = side(wall.n()) as i64;
    let step = |key: Key, by: i64| if pressed(key) { by } else { 0 };
    let by = step(Key::ArrowRight, 1) - step(Key::ArrowLeft, 1) + step(Key::ArrowDown, side) - step(Key::ArrowUp, side);
    if by != 0 {
        let to = (wall.chosen as i64 + by).clamp(0, wall.n() as i64 - 1);
        wall.choose(to as usize);
        if wall.layout.alone.is_some() {
            wall.layout.alone = u8::try_from(to).ok();
        }
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
    let command = hall::cast_command(k.m);
    let barred = match &command {
        Ok(command) => press::refused(k, command),
        Err(why) => Some(why.clone()),
    };
    let label = if hall::is_cast(k.m) { tr::WALL_CAST_END } else { tr::WALL_CAST };
    if press::guarded_ui(k, next(fit(k, label)), "wall-cast", 13.0, k.t(label), barred.is_some())
        && let Ok(command) = command
    {
        k.out.push(UiCommand::Submit(command));
    }
    let shows_pictures = scene_feeds(&k.m.city.scene).is_some() || scene_seat(&k.m.city.scene).is_some();
    if shows_pictures && !hall::is_cast(k.m) && press::barred(k, "show_scene").is_none() {
        let down = hall::take_down(k.m);
        if k.button(next(fit(k, tr::WALL_TAKE_DOWN)), "wall-down", 13.0, k.t(tr::WALL_TAKE_DOWN), false) {
            k.out.push(UiCommand::Submit(down));
        }
    }
    if k.button(next(fit(k, tr::WALL_CLEAR)), "wall-clear", 13.0, k.t(tr::WALL_CLEAR), false) {
        wall.layout.places.fill(WallPlace::default());
        (wall.layout.alone, wall.layout.tour.run) = (None, None);
        wall.choose(0);
    }
    let undo = press::refused(k, &Command::UndoCameraWall);
    if press::guarded_ui(k, next(fit(k, tr::WALL_UNDO)), "wall-undo", 13.0, k.t(tr::WALL_UNDO), undo.is_some()) {
        k.out.push(UiCommand::Submit(Command::UndoCameraWall));
    }
    let note = match (place, &wall.kept.why_own) {
        _ if !wall.note.is_empty() => wall.note.clone(),
        (_, Some(why)) => why.clone(),
        (None, _) => k.t(tr::WALL_NO_PLACE).to_owned(),
        _ => k.t(tr::WALL_KEYS).to_owned(),
    };
    k.fit(pos2(x + 6.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &note, bar.right() - x - 18.0);
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
