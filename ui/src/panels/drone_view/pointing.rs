//! A press on a drone's picture, as a place on the ground: by its height and where its gimbal looks, over flat ground, with
//! how far that may be off. Put on everybody's map only by its button.

use crate::i18n::tr;
use crate::panels::feed_tile::cover;
use crate::panels::kit::{Kit, fresh};
use crate::panels::{UiCommand, press};
use crate::theme::*;
use egui::{Align2, Pos2, Rect, Stroke, pos2, vec2};
use gulang_city::*;

/// Of the whole picture from its centre, −1 … 1, right and up.
type InPicture = (f64, f64);

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spot {
    /// On the tile, as shares of its width and height: a picture may be cut to fill it.
    pressed: (f32, f32),
    /// The place and how far it may be off, m; or why there is none.
    found: Result<(LonLat, AirSpot), &'static str>,
    /// How it was found, for the marking's note.
    how: String,
    note: String,
}

impl Spot {
    pub fn place(&self) -> Option<LonLat> {
        self.found.ok().map(|it| it.0)
    }
}

const HEIGHT: f32 = 70.0;

/// What was pressed; `None` where nothing was shown to press on.
pub(super) fn point(
    k: &Kit<'_>,
    drone: usize,
    feed: &Feed,
    picture: Rect,
    is_live: bool,
    at: Option<Pos2>,
) -> Option<Spot> {
    let at = at.filter(|at| is_live && picture.contains(*at))?;
    let shown = k.m.pictures.shown.get(feed)?;
    let part = cover(shown.texture.size_vec2(), picture);
    let (x, y) = ((at.x - picture.left()) / picture.width(), (at.y - picture.top()) / picture.height());
    let pressed = (x, y);
    let (x, y) = (part.left() + x * part.width(), part.top() + y * part.height());
    let (found, how) = ground(k, drone, (f64::from(x) * 2.0 - 1.0, 1.0 - f64::from(y) * 2.0));
    Some(Spot { pressed, found, how, note: String::new() })
}

fn ground(k: &Kit<'_>, drone: usize, at: InPicture) -> (Result<(LonLat, AirSpot), &'static str>, String) {
    let fix = k.m.readings.drones.get(drone);
    let Some(fix) = fix.filter(|it| fresh(k.m, Budget::Position, it.at) == Freshness::Fresh) else {
        return (Err(k.t(tr::SPOT_NO_FIX)), String::new());
    };
    let Some(view) = AirView::of(k.m.readings, drone) else { return (Err(k.t(tr::SPOT_NO_GIMBAL)), String::new()) };
    let words = [view.height_m, view.pitch_deg, view.yaw_deg.rem_euclid(360.0)].map(|it| format!("{it:.0}"));
    let how = k.m.lang.fill(tr::SPOT_HOW, &words.each_ref().map(String::as_str));
    let Some(spot) = view.spot(at.0, at.1, &Doubt::default()) else { return (Err(k.t(tr::SPOT_NO_GROUND)), how) };
    let around = LocalFrame::new(LonLat(fix.lon, fix.lat));
    (Ok((around.geo_from_local((spot.east_m, spot.north_m)), spot)), how)
}

/// Where it was pressed, on the picture.
pub(super) fn cross_ui(k: &Kit<'_>, spot: Option<&Spot>, picture: Rect) {
    let Some(spot) = spot else { return };
    let at = picture.lerp_inside(vec2(spot.pressed.0, spot.pressed.1));
    let stroke = Stroke::new(1.5, if spot.found.is_ok() { PRIMARY } else { STALE });
    for (dx, dy) in [(1.0f32, 0.0f32), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
        k.painter().line_segment([at + vec2(dx, dy) * 4.0, at + vec2(dx, dy) * 12.0], stroke);
    }
}

/// The place pressed, its error and the button that puts it on the map; the height used is returned.
pub(super) fn spot_ui(k: &mut Kit<'_>, spot: &mut Option<Spot>, rect: Rect) -> f32 {
    let Some(it) = spot else {
        if rect.height() < 24.0 {
            return 0.0;
        }
        let at = pos2(rect.left() + 4.0, rect.top() + 9.0);
        k.fit(at, Align2::LEFT_CENTER, 12.0, QUIET, k.t(tr::SPOT_HINT), rect.width() - 8.0);
        return 22.0;
    };
    let rect = Rect::from_min_size(rect.min, vec2(rect.width(), HEIGHT));
    k.fill(rect, 3.0, RAISED);
    let drop = Rect::from_center_size(pos2(rect.right() - 18.0, rect.top() + 18.0), vec2(28.0, 28.0));
    let (left, right) = (rect.left() + 10.0, drop.left() - 8.0);
    let y = rect.top() + 18.0;
    match &it.found {
        Err(why) => {
            k.fit(pos2(left, y), Align2::LEFT_CENTER, 14.0, STALE, why, right - left);
            k.fit(pos2(left, y + 28.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &it.how, right - left);
        }
        Ok((place, found)) => {
            let words = [
                format!("{:.5}, {:.5}", place.0, place.1),
                format!("{:.0}", found.error_m.ceil()),
                format!("{:.0}", found.away_m),
            ];
            let text = k.m.lang.fill(tr::SPOT_AT, &words.each_ref().map(String::as_str));
            let at = k.bold_fit(pos2(left, y), Align2::LEFT_CENTER, 14.0, PRIMARY, &text, right - left);
            k.fit(pos2(at.right() + 10.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &it.how, right - at.right() - 10.0);
            let (place, error_m) = (*place, found.error_m.ceil() as f32);
            if put_ui(k, it, place, error_m, rect) {
                *spot = None;
                return HEIGHT + 6.0;
            }
        }
    }
    if k.hit(drop, "spot-drop", k.t(tr::SPOT_DROP)).clicked() {
        *spot = None;
    }
    k.text(drop.center(), Align2::CENTER_CENTER, 16.0, TERTIARY, "×");
    HEIGHT + 6.0
}

/// What is seen there, and the button; `true` once it was put.
fn put_ui(k: &mut Kit<'_>, it: &mut Spot, place: LonLat, error_m: f32, rect: Rect) -> bool {
    let line_y = rect.top() + 36.0;
    let label = k.t(tr::SPOT_PUT);
    let width = k.width(13.0, label) + 24.0;
    let button = Rect::from_min_size(pos2(rect.right() - width - 8.0, line_y), vec2(width, 28.0));
    let line = Rect::from_min_max(pos2(rect.left() + 10.0, line_y), pos2(button.left() - 8.0, line_y + 28.0));
    press::line_ui(k, line, "spot-note", &mut it.note, tr::SPOT_NOTE, tr::SPOT_NOTE_HINT, &mut false);
    let what = if it.note.trim().is_empty() { k.t(tr::SPOT_SEEN) } else { it.note.trim() };
    let note = format!("{what}（{}）", it.how);
    let command = Command::PutMarking { kind: MarkingKind::Spot { at: place, error_m }, note: note.into() };
    let barred = press::refused(k, &command).is_some();
    let is_put = press::guarded_ui(k, button, "spot-put", 13.0, label, barred);
    if is_put {
        k.out.push(UiCommand::Submit(command));
    }
    is_put
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_without_ground_has_no_place() {
        let spot = Spot { pressed: (0.5, 0.1), found: Err("天上"), how: String::new(), note: String::new() };
        assert_eq!(spot.place(), None);
    }
}
