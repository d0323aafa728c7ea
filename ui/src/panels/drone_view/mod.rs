//! 无人机画面: one drone's picture large, others small beside it; what it says of itself; what it may be told ([`orders`]);
//! and a press on the picture marks the place on the ground, with how far it may be off ([`pointing`]).

mod orders;
mod pointing;

use super::drones::telemetry_words;
use super::feed_tile::{Tile, tile_ui};
use super::kit::{Kit, fresh, fresh_value, freshness_mark, row_id};
use super::{PanelState, Selection, UiCommand, press};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::*;
use gulang_wire::Adjustment;
use orders::Form;
use pointing::Spot;

const SIDE_W: f32 = 320.0;
const GAP: f32 = 8.0;
const LINE_H: f32 = 24.0;
/// A lens or quality, over the picture.
const ADJUST_W: f32 = 52.0;
const ADJUST_H: f32 = 24.0;
/// Small pictures beside the large one.
const N_SMALL: usize = 4;

#[derive(Default)]
pub(super) struct DroneView {
    drone: Option<DroneId>,
    /// What is about to be told.
    form: Option<Form>,
    /// The place pressed on the picture.
    spot: Option<Spot>,
    /// The next target's height over the ground, m.
    height_m: f32,
    /// The route about to be flown, by its place among the drone's.
    route: usize,
}

impl DroneView {
    pub fn look_at(&mut self, drone: DroneId) {
        if self.drone.as_ref() != Some(&drone) {
            *self = Self { drone: Some(drone), height_m: self.height_m, ..Self::default() };
        }
    }

    /// One step back; `false` if there is none.
    pub fn back(&mut self) -> bool {
        self.form.take().is_some() || self.spot.take().is_some()
    }
}

/// The drone looked at: the one chosen, else the first that flies, else the first there is.
fn looked_at(k: &Kit<'_>, view: &DroneView) -> Option<usize> {
    let drones = &k.m.city.drones;
    let chosen = view.drone.as_ref().and_then(|it| drones.get_index_of(it));
    let flying = || (0..drones.len()).find(|i| super::drones::is_flying(k, *i));
    chosen.or_else(flying).or_else(|| (!drones.is_empty()).then_some(0))
}

pub(super) fn sub(k: &Kit<'_>, state: &PanelState) -> String {
    let Some(i) = looked_at(k, &state.pages.drone) else { return String::new() };
    let Some((id, drone)) = k.m.city.drones.get_index(i) else { return String::new() };
    let dock = k.m.city.docks.get(&drone.dock).map_or("", |it| &*it.name);
    let held = match k.m.city.control_of(id) {
        Some(control) => k.m.lang.fill(tr::DRONE_HELD, &[control.seat.as_str()]),
        None => k.t(tr::DRONE_FREE).to_owned(),
    };
    format!("{}・{dock}・{held}", drone.name)
}

pub(super) fn drone_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let mut view = std::mem::take(&mut state.pages.drone);
    let city = k.m.city;
    let Some((i, (id, drone))) = looked_at(k, &view).and_then(|i| Some((i, city.drones.get_index(i)?))) else {
        k.fit_center(body, 14.0, TERTIARY, k.t(tr::NO_DRONES), false);
        state.pages.drone = view;
        return;
    };
    view.look_at(id.clone());
    if view.height_m <= 0.0 {
        view.height_m = city.flight_rules.return_height_m;
    }
    let inner = body.shrink(GAP);
    let side_w = SIDE_W.min(inner.width() * 0.42);
    let side = Rect::from_min_max(pos2(inner.right() - side_w, inner.top()), inner.max);
    let left = Rect::from_min_max(inner.min, pos2(side.left() - GAP, inner.bottom()));
    let big_h = (left.width() * 9.0 / 16.0 + 48.0).min(left.height() * 0.68);
    let big = Rect::from_min_size(left.min, vec2(left.width(), big_h));
    let below = Rect::from_min_max(pos2(left.left(), big.bottom() + GAP), left.max);
    let feed = Feed::Drone(id.clone());
    let (words, freshness) = telemetry_words(k, i);
    let tile = Tile {
        feed: &feed,
        name: &drone.name,
        of: "",
        words: Some((&words, freshness)),
        is_chosen: false,
        id: k.ui.id().with("drone-big"),
        u: 1.0,
    };
    let drawn = tile_ui(k, big, &tile);
    if drawn.is_live {
        adjust_ui(k, &feed, i, drawn.picture);
    }
    if drawn.response.clicked() {
        let at = drawn.response.interact_pointer_pos();
        view.spot = pointing::point(k, i, &feed, drawn.picture, drawn.is_live, at);
    }
    pointing::cross_ui(k, view.spot.as_ref(), drawn.picture);
    let spot_h = pointing::spot_ui(k, &mut view.spot, below);
    let below = Rect::from_min_max(pos2(below.left(), below.top() + spot_h), below.max);
    match view.form.is_some() {
        true => orders::form_ui(k, state, &mut view, id, i, below),
        false => small_ui(k, &mut view, id, below),
    }
    side_ui(k, &mut view, id, i, side);
    state.pages.drone = view;
}

/// Over the lower edge of a picture that lives: the lenses its camera has, the one it sends marked, and how fine it is
/// pushed, which nobody tells us back.
fn adjust_ui(k: &mut Kit<'_>, feed: &Feed, i: usize, picture: Rect) {
    let Some(camera) = k.m.readings.telemetry.get(i).and_then(|it| it.cameras.first()) else { return };
    let lenses = camera.lenses.iter().filter(|_| camera.lenses.len() > 1);
    let lenses = lenses.map(|it| (lens_name_zh(it), *it == camera.lens, Adjustment::Lens(it.clone())));
    let qualities = LiveQuality::ALL.map(|it| (it.name_zh(), false, Adjustment::Quality(it)));
    let barred = press::barred(k, "acknowledge_alarm").is_some();
    let mut at = pos2(picture.left() + GAP, picture.bottom() - GAP - ADJUST_H);
    let mut asked = None;
    for group in [lenses.collect::<Vec<_>>(), qualities.into()] {
        for (name, is_now, to) in group {
            let button = Rect::from_min_size(at, vec2(ADJUST_W, ADJUST_H));
            if button.right() > picture.right() - GAP {
                break;
            }
            if press::guarded_ui(k, button, ("adjust", name), 12.0, name, barred) {
                asked = Some(to);
            }
            if is_now {
                k.outline(button, 4.0, 1.5, ACCENT);
            }
            at.x = button.right() + 4.0;
        }
        at.x += GAP;
    }
    // What came of the last of them, where it came to nothing.
    if let Some(status) = k.m.pictures.status.get(feed).filter(|it| !it.why.is_empty()) {
        let line =
            Rect::from_min_size(pos2(picture.left() + GAP, at.y - LINE_H), vec2(picture.width() - 2.0 * GAP, 20.0));
        k.fill(line, 2.0, APP);
        k.fit(line.left_center() + vec2(6.0, 0.0), Align2::LEFT_CENTER, 12.0, LATE, &status.why, line.width() - 12.0);
    }
    if let Some(to) = asked {
        k.out.push(UiCommand::Adjust(feed.clone(), to));
    }
}

/// Up to four others, those in the air first: two by two where there is height, else in a row.
fn small_ui(k: &mut Kit<'_>, view: &mut DroneView, big: &DroneId, rect: Rect) {
    let city = k.m.city;
    let is_other = |i: &usize| city.drones.get_index(*i).is_some_and(|it| it.0 != big);
    let mut others: Vec<usize> = (0..city.drones.len()).filter(is_other).collect();
    others.sort_by_key(|i| (!super::drones::is_flying(k, *i), *i));
    others.truncate(N_SMALL);
    if rect.height() < 80.0 || others.is_empty() {
        return;
    }
    let columns = if rect.height() > 260.0 { 2 } else { N_SMALL };
    let rows = others.len().div_ceil(columns);
    let size = vec2(
        (rect.width() - GAP * (columns as f32 - 1.0)) / columns as f32,
        (rect.height() - GAP * (rows as f32 - 1.0)) / rows as f32,
    );
    for (slot, i) in others.into_iter().enumerate() {
        let Some((id, drone)) = city.drones.get_index(i) else { continue };
        let step = vec2((size.x + GAP) * (slot % columns) as f32, (size.y + GAP) * (slot / columns) as f32);
        let feed = Feed::Drone(id.clone());
        let (words, freshness) = telemetry_words(k, i);
        let tile = Tile {
            feed: &feed,
            name: &drone.name,
            of: "",
            words: Some((&words, freshness)),
            is_chosen: false,
            id: k.ui.id().with(row_id("drone-small", id)),
            u: 0.9,
        };
        if tile_ui(k, Rect::from_min_size(rect.min + step, size), &tile).response.clicked() {
            view.look_at(id.clone());
            k.out.push(UiCommand::Select(Some(Selection::Drone(id.clone()))));
        }
    }
}

// ---------------------------------------------------------------- what it says of itself

/// Telemetry, warnings, its flight, and what it may be told.
fn side_ui(k: &mut Kit<'_>, view: &mut DroneView, id: &DroneId, i: usize, rect: Rect) {
    k.fill(rect, 3.0, RAISED);
    let fix = k.m.readings.drones.get(i);
    let told = k.m.readings.telemetry.get(i).filter(|it| it.at.0 != 0);
    let as_of = fix.map_or(Timestamp(0), |it| it.at);
    let inner = rect.shrink2(vec2(12.0, 6.0));
    let mut y = inner.top() + LINE_H * 0.5;
    k.text(pos2(inner.left(), y), Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::DRONE_TELEMETRY));
    freshness_mark(k, pos2(inner.right(), y), 12.0, Budget::Position, as_of);
    y += LINE_H;
    let rows = telemetry_rows(k, fix.as_ref(), told);
    for pair in rows.chunks(2) {
        for (column, (name, value, at)) in pair.iter().enumerate() {
            let half = inner.width() / 2.0;
            let left = inner.left() + half * column as f32;
            let (value, ink) = fresh_value(fresh(k.m, Budget::Position, *at), value.clone(), PRIMARY);
            let name = k.text(pos2(left, y), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(*name));
            let x = left + 56.0f32.max(name.width() + 6.0);
            k.fit(pos2(x, y), Align2::LEFT_CENTER, 14.0, ink, &value, left + half - x - 4.0);
        }
        y += LINE_H;
    }
    y = alarms_ui(k, told, Rect::from_min_max(pos2(inner.left(), y), inner.max));
    y = flight_ui(k, view, id, Rect::from_min_max(pos2(inner.left(), y), inner.max));
    orders::buttons_ui(k, view, id, i, Rect::from_min_max(pos2(inner.left(), y), inner.max));
}

/// Name, value and when it was told; “—” for what was not.
fn telemetry_rows(k: &Kit<'_>, fix: Option<&Fix>, told: Option<&Telemetry>) -> Vec<(Tr, String, Timestamp)> {
    let lang = k.m.lang;
    let dash = || "—".to_owned();
    let fixed = fix.map_or(Timestamp(0), |it| it.at);
    let said = told.map_or(Timestamp(0), |it| it.at);
    let figure = |value: Option<f32>, unit: &str, digits: usize| match value.filter(|it| it.is_finite()) {
        Some(value) => format!("{value:.digits$} {unit}"),
        None => dash(),
    };
    let wind = match told.and_then(|it| it.wind_mps) {
        Some(speed) => {
            let from = told.and_then(|it| it.wind_from_deg).map_or("", |it| lang.bearing(f64::from(it)));
            format!("{speed:.1} m/s {from}")
        }
        None => dash(),
    };
    let battery = told.and_then(|it| it.battery_percent).or(fix.map(|it| it.battery));
    let gimbal = match told.and_then(|it| it.gimbal) {
        Some(it) => format!("{:.0}° / {:03.0}°", it.pitch_deg, it.yaw_deg.rem_euclid(360.0)),
        None => dash(),
    };
    let rtk = match told.and_then(|it| it.rtk) {
        Some(it) => format!("{}{}", if it.is_fixed { "RTK " } else { "" }, it.n_satellites),
        None => dash(),
    };
    let words = |it: Option<&Text>| it.map_or_else(dash, |it| it.to_string());
    let dock = told.and_then(|it| it.dock.as_ref());
    let cover = dock.and_then(|it| it.cover).map_or("", DockCover::name_zh);
    let dock_words = match dock.and_then(|it| it.mode.as_ref()) {
        Some(mode) => format!("{mode} {cover}"),
        None if !cover.is_empty() => cover.to_owned(),
        None => dash(),
    };
    let remaining = told.and_then(|it| it.remaining_s).map_or_else(dash, |it| lang.elapsed(i64::from(it)));
    vec![
        (tr::DRONE_HEIGHT, figure(fix.map(|it| it.height), "m", 0), fixed),
        (tr::DRONE_AMSL, figure(told.and_then(|it| it.height_amsl_m), "m", 0), said),
        (tr::DRONE_SPEED, figure(fix.map(|it| it.speed), "m/s", 1), fixed),
        (tr::DRONE_CLIMB, figure(told.and_then(|it| it.climb_mps), "m/s", 1), said),
        (tr::DRONE_BATTERY, figure(battery, "%", 0), said.max(fixed)),
        (tr::DRONE_REMAINING, remaining, said),
        (tr::DRONE_WIND, wind, said),
        (tr::DRONE_HOME, figure(told.and_then(|it| it.home_m), "m", 0), said),
        (tr::DRONE_MODE, words(told.and_then(|it| it.mode.as_ref())), said),
        (tr::DRONE_STICKS, words(told.and_then(|it| it.control_source.as_ref())), said),
        (tr::DRONE_GIMBAL, gimbal, said),
        (tr::DRONE_SATELLITES, rtk, said),
        (tr::DRONE_DOCK, dock_words, dock.map_or(Timestamp(0), |it| it.at)),
    ]
}

/// The platform's warnings, those that hold first; the lower edge is returned.
fn alarms_ui(k: &Kit<'_>, told: Option<&Telemetry>, rect: Rect) -> f32 {
    let Some(told) = told.filter(|it| !it.alarms.is_empty()) else { return rect.top() };
    let mut alarms: Vec<&DroneAlarm> = told.alarms.iter().collect();
    alarms.sort_by_key(|it| (it.over_at.is_some(), std::cmp::Reverse(it.level), std::cmp::Reverse(it.since)));
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let mut y = rect.top() + 4.0;
    for it in alarms.iter().take(3) {
        let (ink, when): (Color32, String) = match it.over_at {
            Some(at) => (QUIET, k.m.lang.fill(tr::DRONE_ALARM_OVER, &[&at.hms()])),
            None => (if it.level >= 2 { LATE } else { SECONDARY }, it.since.hms()),
        };
        let right = k.text(pos2(rect.right(), y + 10.0), Align2::RIGHT_CENTER, 12.0, TERTIARY, &when);
        let text = format!("{} {}", it.words, it.code);
        k.fit(pos2(rect.left(), y + 10.0), Align2::LEFT_CENTER, 13.0, ink, &text, right.left() - rect.left() - 8.0);
        y += 21.0;
    }
    if alarms.len() > 3 {
        let text = k.m.lang.fill(tr::DRONE_ALARMS_MORE, &[&(alarms.len() - 3).to_string()]);
        k.text(pos2(rect.left(), y + 8.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &text);
        y += 18.0;
    }
    y + 4.0
}

/// What it is doing of what it was told; the lower edge is returned.
fn flight_ui(k: &Kit<'_>, view: &mut DroneView, id: &DroneId, rect: Rect) -> f32 {
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let y = rect.top() + 14.0;
    let Some(flight) = k.m.city.flight_of(id) else {
        k.text(pos2(rect.left(), y), Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::DRONE_NO_FLIGHT));
        return rect.top() + 28.0;
    };
    let mut head = k.m.lang.fill(tr::DRONE_FLIGHT, &[&flight.id.to_string(), flight.task.name_zh()]);
    if let FlightTask::RunRoute { route } = &flight.task {
        head += &format!("「{}」", route.name);
    }
    let state = match &flight.state {
        FlightState::InProgress { percent, step, waypoint } => {
            let n = flight.task.targets().len();
            let at = waypoint.filter(|_| n > 1).map_or_else(String::new, |it| format!(" {}/{n}", usize::from(it) + 1));
            format!("{} {percent}% {step}{at}", flight.state.name_zh())
        }
        state => state.name_zh().to_owned(),
    };
    let mut right = rect.right();
    if !flight.state.is_end() && flight.task.is_movement() && flight.cancel.is_none() {
        let button = Rect::from_min_size(pos2(rect.right() - 60.0, y - 13.0), vec2(60.0, 26.0));
        if k.button(button, "flight-cancel", 12.0, k.t(tr::DRONE_CANCEL), false) {
            view.form = Some(Form::cancel(flight.id));
        }
        right = button.left() - 8.0;
    }
    let ink = if flight.state.is_end() { TERTIARY } else { PRIMARY };
    k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 14.0, ink, &head, right - rect.left());
    let secs = k.now().since_ms(flight.state_at) / 1000;
    let mut line = format!("{state}  {}  {}", k.m.lang.elapsed(secs), flight.by);
    for more in [flight.state.why(), &flight.note, flight.cancel.as_deref().unwrap_or_default()] {
        if !more.is_empty() {
            line += &format!("・{more}");
        }
    }
    k.fit(pos2(rect.left(), y + 20.0), Align2::LEFT_CENTER, 12.0, SECONDARY, &line, rect.width());
    rect.top() + 46.0
}
