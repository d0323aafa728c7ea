//! To the hall's wall: one picture before the others, or this seat's whole wall as it is and as it will be changed (投到大屏).

use super::{GAP, LAYOUTS, MOST, cell, tour};
use crate::i18n::tr;
use crate::panels::feed_tile::{Tile, name_of, speed, tile_ui};
use crate::panels::kit::{Kit, row_id};
use crate::panels::{Model, PanelState, UiCommand};
use crate::theme::*;
use egui::Rect;
use gulang_city::*;

/// Puts one picture first on the hall's wall, before what it shows; or says why not.
pub(in crate::panels) fn send_one(model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>, feed: Feed) {
    let shown: Vec<Feed> = match model.city.footing.posture {
        Posture::War => model.city.feeds.iter().map(|it| it.feed.clone()).collect(),
        Posture::Peace => scene_feeds(&model.city.scene).unwrap_or_default(),
    };
    let rest = shown.into_iter().filter(|it| *it != feed);
    let feeds: Vec<Feed> = std::iter::once(feed.clone()).chain(rest).collect();
    let command = to_wall(model, feeds).ok_or_else(|| model.lang.t(tr::WALL_NOT_THIS).to_owned());
    let said = match command.and_then(|it| admitted(model, it)) {
        Ok(command) => {
            out.push(UiCommand::Submit(command));
            model.lang.fill(tr::WALL_SENT, &[name_of(model.city, &feed)])
        }
        Err(why) => why,
    };
    state.notify(said);
}

/// 投到大屏: the hall's wall shows this seat's from now on; or takes it down again.
pub(super) fn cast(model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>) {
    let said = match cast_command(model).and_then(|it| admitted(model, it)) {
        Ok(command) => {
            out.push(UiCommand::Submit(command));
            model.lang.t(if is_cast(model) { tr::WALL_TAKEN_DOWN } else { tr::WALL_CAST_DONE }).to_owned()
        }
        Err(why) => why,
    };
    state.notify(said);
}

/// The hall's wall shows this seat's.
pub(super) fn is_cast(model: &Model<'_>) -> bool {
    scene_seat(&model.city.scene).as_ref() == Some(model.seat)
}

/// What shows this seat's wall in the hall, or takes down what pictures are there; `Err`: why it cannot be asked.
pub(super) fn cast_command(model: &Model<'_>) -> Result<Command, String> {
    if is_cast(model) {
        return Ok(take_down(model));
    }
    if !model.city.camera_walls.contains_key(model.seat) {
        return Err(model.lang.t(tr::WALL_EMPTY).to_owned());
    }
    let scene = seat_scene(model.seat).ok_or_else(|| model.lang.t(tr::WALL_NOT_THIS).to_owned())?;
    Ok(Command::ShowScene { scene })
}

/// The map again.
pub(super) fn take_down(model: &Model<'_>) -> Command {
    let scene = if model.city.footing.posture == Posture::War { "war" } else { "peace" };
    Command::ShowScene { scene: scene.into() }
}

fn admitted(model: &Model<'_>, command: Command) -> Result<Command, String> {
    match model.city.decide_from(&Source::Seat(model.seat.clone()), &command, model.clock.now) {
        Ok(_) => Ok(command),
        Err(Refusal::NoChange) => Err(model.lang.t(tr::WALL_ALREADY).to_owned()),
        Err(why) => Err(why.to_string()),
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
pub(in crate::panels) fn scene_ui(k: &mut Kit<'_>, rect: Rect, feeds: &[Feed], u: f32) {
    let places: Vec<WallPlace> =
        feeds.iter().map(|it| WallPlace { feed: Some(it.clone()), note: Text::default() }).collect();
    places_ui(k, rect, &places, u, None);
}

/// The hall's wall while its scene is a seat's wall: the same places, the same stop of the tour.
pub(in crate::panels) fn seat_ui(k: &mut Kit<'_>, rect: Rect, wall: &CameraWall, u: f32) {
    let places = wall.shown(k.now(), speed(k.m));
    let toured = tour::words(k, &wall.tour).filter(|it| wall.alone.is_none_or(|alone| usize::from(alone) == it.0));
    let toured = toured.map(|(place, words)| (if wall.alone.is_some() { 0 } else { place }, words));
    places_ui(k, rect, &places, u, toured);
}

/// `toured`: the place a tour runs in, and its words.
fn places_ui(k: &mut Kit<'_>, rect: Rect, places: &[WallPlace], u: f32, toured: Option<(usize, String)>) {
    let n = LAYOUTS.into_iter().map(usize::from).find(|it| places.len() <= *it).unwrap_or(MOST);
    for (i, place) in places.iter().take(n).enumerate() {
        let at = cell(rect, n, i, GAP * u * k.s);
        let Some(feed) = &place.feed else {
            k.fill(at, 2.0 * u, APP);
            k.outline(at, 2.0 * u, 1.0, HAIR);
            continue;
        };
        let words = toured.as_ref().filter(|it| it.0 == i).map(|it| &*it.1);
        let tile = Tile {
            feed,
            name: name_of(k.m.city, feed),
            of: words.unwrap_or(&place.note),
            words: None,
            is_chosen: false,
            id: k.ui.id().with(row_id("scene", i)),
            u,
        };
        tile_ui(k, at, &tile);
    }
}
