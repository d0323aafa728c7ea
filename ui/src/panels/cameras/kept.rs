//! The wall as a record: what is changed here is told, what was changed elsewhere is taken over.
//!
//! A role that may not put up a wall arranges one of its own, on this screen alone, and is told so.

use super::Wall;
use crate::i18n::tr;
use crate::panels::kit::Kit;
use crate::panels::{ConnectionState, UiCommand, press};
use gulang_city::*;

/// A change whose record did not come back within so long was not taken, s on egui's clock.
const HEARD_WITHIN_SECS: f64 = 3.0;

/// What of the record is known here.
#[derive(Default)]
pub(super) struct Kept {
    /// As last taken over.
    known: Option<CameraWall>,
    /// Told and not heard back yet, and since when.
    told: Option<(CameraWall, f64)>,
    /// What the hub did not take; it is told no second time.
    untaken: Option<CameraWall>,
    /// Why this wall is this screen's alone.
    pub why_own: Option<String>,
}

/// With all its places, so that two walls compare.
pub(super) fn whole(wall: &CameraWall) -> CameraWall {
    let mut wall = wall.clone();
    wall.places.resize(MAX_WALL_FEEDS, WallPlace::default());
    wall
}

/// Alike but for the instant a tour began, which the hub may set back to its own now.
fn is_same(a: &CameraWall, b: &CameraWall) -> bool {
    let timeless = |wall: &CameraWall| {
        let mut wall = wall.clone();
        if let Some(run) = &mut wall.tour.run {
            run.since = Timestamp::default();
        }
        wall
    };
    timeless(a) == timeless(b)
}

/// Takes over what the city has of this seat's wall, unless something told of it is still on its way.
pub(super) fn follow(k: &Kit<'_>, wall: &mut Wall) {
    let recorded = k.m.city.camera_walls.get(k.m.seat).map(|it| whole(&it.wall));
    if let Some((told, since)) = &wall.kept.told {
        let is_heard = recorded.as_ref().is_some_and(|it| is_same(it, told));
        if !is_heard && k.ui.input(|input| input.time) < since + HEARD_WITHIN_SECS {
            return;
        }
        let told = wall.kept.told.take();
        wall.kept.untaken = told.filter(|_| !is_heard).map(|it| it.0);
    }
    if recorded == wall.kept.known {
        return;
    }
    if let Some(recorded) = &recorded {
        wall.layout.clone_from(recorded);
        wall.choose(wall.chosen.min(usize::from(wall.layout.n.max(1)) - 1));
    }
    wall.kept.known = recorded;
}

/// Tells the city of a wall that is another than it has.
pub(super) fn tell(k: &mut Kit<'_>, wall: &mut Wall) {
    let is_news = match &wall.kept.known {
        Some(known) => *known != wall.layout,
        None => wall.layout != whole(&CameraWall::default()),
    };
    let is_told = wall.kept.told.as_ref().is_some_and(|it| it.0 == wall.layout);
    if !is_news || is_told || wall.kept.untaken.as_ref() == Some(&wall.layout) {
        return;
    }
    if k.m.connected != ConnectionState::Live || k.m.is_replay() {
        return;
    }
    let command = Command::PutCameraWall { wall: wall.layout.clone() };
    wall.kept.why_own = press::refused(k, &command).map(|why| k.m.lang.fill(tr::WALL_OWN, &[&why]));
    if wall.kept.why_own.is_none() {
        wall.kept.told = Some((wall.layout.clone(), k.ui.input(|input| input.time)));
        k.out.push(UiCommand::Submit(command));
    }
}
