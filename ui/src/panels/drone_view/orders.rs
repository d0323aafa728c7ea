//! What a drone may be told: a button for each, a form with the place, the height and every gate that stands against it, and
//! a hold that sends. What only makes things safer goes at a press; the stop that takes two takes two seats.

use super::DroneView;
use crate::i18n::{Tr, tr};
use crate::panels::kit::{Kit, mmss};
use crate::panels::press::{self, HOLD_SEND_MS, Hold};
use crate::panels::{PanelState, Selection, UiCommand, tools};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

/// What is about to be told, and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    asked: Asked,
    reason: String,
    hold_since: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Takeoff,
    RunRoute,
    FlyTo,
    ReturnHome,
    Resume,
    Land,
    TakeControl,
    GiveControl,
    Stop,
    CoSignStop(u64),
    Cancel(FlightId),
    /// At a press.
    Pause,
    Hover,
}

impl Form {
    fn new(asked: Asked) -> Self {
        Self { asked, reason: String::new(), hold_since: None }
    }

    pub fn cancel(flight: FlightId) -> Self {
        Self::new(Asked::Cancel(flight))
    }
}

impl Asked {
    fn name(self) -> Tr {
        match self {
            Self::Takeoff => tr::FLY_TAKEOFF,
            Self::RunRoute => tr::FLY_ROUTE,
            Self::FlyTo => tr::FLY_TO,
            Self::ReturnHome => tr::FLY_HOME,
            Self::Resume => tr::FLY_RESUME,
            Self::Land => tr::FLY_LAND,
            Self::TakeControl => tr::FLY_TAKE,
            Self::GiveControl => tr::FLY_GIVE,
            Self::Stop => tr::FLY_STOP,
            Self::CoSignStop(_) => tr::FLY_CO_SIGN,
            Self::Cancel(_) => tr::FLY_CANCEL,
            Self::Pause => tr::FLY_PAUSE,
            Self::Hover => tr::FLY_HOVER,
        }
    }

    /// The command's name, as roles have it.
    fn kind(self) -> &'static str {
        match self {
            Self::TakeControl => "take_control",
            Self::GiveControl => "give_control",
            Self::Stop => "propose_emergency_stop",
            Self::CoSignStop(_) => "co_sign_emergency_stop",
            Self::Cancel(_) => "cancel_flight",
            _ => "order_flight",
        }
    }

    fn has_target(self) -> bool {
        matches!(self, Self::Takeoff | Self::FlyTo)
    }
}

const BUTTON_H: f32 = 30.0;

/// What fits the drone as it is, in two columns; grey with the reason what this seat may not.
pub(super) fn buttons_ui(k: &mut Kit<'_>, view: &mut DroneView, id: &DroneId, i: usize, rect: Rect) {
    let city = k.m.city;
    let seen = Seen::of(k.m.readings, i);
    let mut wanted = match seen.is_flying {
        true => vec![Asked::FlyTo, Asked::ReturnHome, Asked::Hover, Asked::Pause, Asked::Resume, Asked::Land],
        false if city.routes_of(id).is_empty() => vec![Asked::Takeoff],
        false => vec![Asked::Takeoff, Asked::RunRoute],
    };
    let is_own = city.control_of(id).is_some_and(|it| it.seat == *k.m.seat);
    wanted.push(if is_own { Asked::GiveControl } else { Asked::TakeControl });
    let proposal = city.stop_proposal_of(id, k.now());
    wanted.push(proposal.map_or(Asked::Stop, |it| Asked::CoSignStop(it.number)));
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let half = (rect.width() - 8.0) / 2.0;
    let mut told = None;
    for (n, asked) in wanted.into_iter().enumerate() {
        let step = vec2((half + 8.0) * (n % 2) as f32, (BUTTON_H + 6.0) * (n / 2) as f32 + 8.0);
        let at = Rect::from_min_size(rect.min + step, vec2(half, BUTTON_H));
        if at.bottom() > rect.bottom() {
            break;
        }
        let why = barred(k, id, asked);
        if press::guarded_ui(k, at, ("fly", asked.kind(), k.t(asked.name())), 13.0, k.t(asked.name()), why.is_some()) {
            match asked {
                Asked::Pause | Asked::Hover => at_once(k, id, asked, seen.clone()),
                asked => view.form = Some(Form::new(asked)),
            }
        }
        told = told.or(why);
    }
    if let Some(why) = told {
        let at = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 36.0), rect.max);
        k.wrap(at, 12.0, STALE, &why);
    }
}

/// Why this seat may not tell it so at all: by its role, or as another holds the drone.
fn barred(k: &Kit<'_>, id: &DroneId, asked: Asked) -> Option<String> {
    if let Some(why) = press::barred(k, asked.kind()) {
        return Some(why);
    }
    // Taking it from another's hand and stopping it are judged with their words.
    if matches!(asked, Asked::TakeControl | Asked::Stop | Asked::CoSignStop(_)) {
        return None;
    }
    k.m.city.may_command(&Source::Seat(k.m.seat.clone()), id).err().map(|why| why.to_string())
}

fn at_once(k: &mut Kit<'_>, id: &DroneId, asked: Asked, seen: Seen) {
    let task = if asked == Asked::Pause { FlightTask::Pause } else { FlightTask::Hover };
    let ask = FlightAsk { drone: id.clone(), task, seen, reason: "".into(), overrides: false };
    k.out.push(UiCommand::Submit(Command::OrderFlight { ask }));
}

// ---------------------------------------------------------------- the form

pub(super) fn form_ui(k: &mut Kit<'_>, state: &PanelState, view: &mut DroneView, id: &DroneId, i: usize, rect: Rect) {
    let Some(mut form) = view.form.take() else { return };
    if !rect.is_positive() {
        view.form = Some(form);
        return;
    }
    k.fill(rect, 3.0, RAISED);
    k.outline(rect, 3.0, 1.0, if k.is_exercise() { EXERCISE_LINE } else { STRONG });
    let inner = rect.shrink2(vec2(14.0, 8.0));
    let seen = Seen::of(k.m.readings, i);
    let place = target(k, state, view, id);
    let mut y = inner.top() + 12.0;
    let drone = k.m.city.drones.get(id).map_or(id.as_str(), |it| &it.name);
    let title = format!("{}・{drone}", k.t(form.asked.name()));
    let at = k.bold_fit(pos2(inner.left(), y), Align2::LEFT_CENTER, 16.0, PRIMARY, &title, inner.width());
    let note = note_of(k, id, form.asked);
    let x = at.right() + 12.0;
    k.fit(pos2(x, y), Align2::LEFT_CENTER, 12.0, SECONDARY, &note, inner.right() - x);
    y += 20.0;
    if form.asked.has_target() {
        let words = match place {
            Some(place) => {
                let away = (seen.at.0 != 0).then(|| seen.place.distance_m(place));
                let away = away.map_or("—".to_owned(), |it| format!("{it:.0} m"));
                k.m.lang.fill(tr::FLY_TARGET, &[&format!("{:.5}, {:.5}", place.0, place.1), &away])
            }
            None => k.t(tr::FLY_NO_TARGET).to_owned(),
        };
        let ink = if place.is_some() { SECONDARY } else { STALE };
        let half = inner.width() * 0.5;
        k.fit(pos2(inner.left(), y + 14.0), Align2::LEFT_CENTER, 13.0, ink, &words, half - 8.0);
        let figure = format!("{:.0} m", view.height_m);
        let by = tools::stepper_ui(k, pos2(inner.left() + half, y), half, tr::FLY_HEIGHT, &figure);
        let rules = &k.m.city.flight_rules;
        view.height_m =
            (view.height_m + by * 10.0).clamp(rules.min_height_m, rules.max_height_m.max(rules.min_height_m));
        y += 32.0;
    }
    let route = match form.asked {
        Asked::RunRoute => {
            let route = chosen_route(k, view, id, pos2(inner.left(), y), inner.width());
            y += 32.0;
            route
        }
        _ => None,
    };
    let task = match route {
        Some(route) => Some(FlightTask::RunRoute { route }),
        None => task_of(form.asked, place, view.height_m),
    };
    let gates = match &task {
        Some(task) => k.m.city.may_fly(id, task, &seen, k.now()).err().unwrap_or_default(),
        None => Vec::new(),
    };
    let foot = inner.bottom() - 76.0;
    for gate in &gates {
        if y + 18.0 > foot {
            break;
        }
        let word = k.t(if gate.is_physical { tr::GATE_PHYSICAL } else { tr::GATE_UNWISE });
        let text = format!("{word}  {}", gate.why);
        let ink = if gate.is_physical { STALE } else { LATE };
        k.fit(pos2(inner.left(), y + 9.0), Align2::LEFT_CENTER, 13.0, ink, &text, inner.width());
        y += 19.0;
    }
    let command = command_of(&form, id, task, seen);
    let why = match &command {
        None if form.asked == Asked::RunRoute => Some(k.t(tr::FLY_NO_ROUTE).to_owned()),
        None => Some(k.t(tr::FLY_NO_TARGET).to_owned()),
        Some(command) => press::refused(k, command),
    };
    let line = Rect::from_min_size(pos2(inner.left(), foot.max(y)), vec2(inner.width(), 28.0));
    press::line_ui(k, line, "fly-reason", &mut form.reason, tr::REASON, tr::FLY_REASON_HINT, &mut false);
    let bottom =
        Rect::from_min_max(pos2(inner.left(), line.bottom() + 6.0), inner.max.max(pos2(0.0, line.bottom() + 46.0)));
    let hold = Rect::from_min_max(pos2(bottom.right() - 220.0, bottom.top()), bottom.max);
    let cancel = Rect::from_min_max(pos2(hold.left() - 84.0, bottom.top()), pos2(hold.left() - 8.0, bottom.bottom()));
    let said = why.clone().unwrap_or_else(|| {
        let realm = k.t(if k.is_exercise() { tr::EXERCISE } else { tr::REALM_ACTUAL });
        k.m.lang.fill(tr::FLY_RECORDED, &[realm])
    });
    let ink = if why.is_some() { STALE } else { TERTIARY };
    let room = Rect::from_min_max(bottom.min, pos2(cancel.left() - 10.0, bottom.bottom() + 4.0));
    k.wrap(room, 12.0, ink, &said);
    if k.button(cancel, "fly-form-cancel", 13.0, k.t(tr::CANCEL_ESC), false) {
        return;
    }
    let ms = match form.asked {
        Asked::Stop | Asked::CoSignStop(_) => HOLD_CONFIRM_MS,
        _ => HOLD_SEND_MS,
    };
    let label = k.m.lang.fill(tr::FLY_HOLD, &[k.t(form.asked.name())]);
    let held = Hold { id: "fly-hold", label: &label, why_not: why.as_deref(), ms, is_default: true };
    if press::hold_ui(k, hold, &held, &mut form.hold_since) {
        k.out.extend(command.map(UiCommand::Submit));
        return;
    }
    view.form = Some(form);
}

/// The route that the stepper stands on: its name, how many points it has and how far it is out and home.
fn chosen_route(k: &Kit<'_>, view: &mut DroneView, id: &DroneId, at: egui::Pos2, width: f32) -> Option<FlightRoute> {
    let mut routes = k.m.city.routes_of(id);
    let last = routes.len().checked_sub(1)?;
    view.route = view.route.min(last);
    let home = k.m.city.home_of(id).unwrap_or_default();
    let words = routes.get(view.route).map_or_else(String::new, |it| {
        let km = format!("{:.1} km", it.way_m(home) / 1000.0);
        k.m.lang.fill(tr::FLY_ROUTE_WORDS, &[&it.name, &it.points.len().to_string(), &km])
    });
    let half = width * 0.5;
    k.fit(at + vec2(0.0, 14.0), Align2::LEFT_CENTER, 13.0, SECONDARY, &words, half - 8.0);
    let figure = format!("{}/{}", view.route + 1, last + 1);
    let by = tools::stepper_ui(k, at + vec2(half, 0.0), half, tr::FLY_ROUTE, &figure);
    // Around at either end.
    let n = last as i64 + 1;
    view.route = usize::try_from((view.route as i64 + by as i64).rem_euclid(n)).unwrap_or(0);
    (view.route <= last).then(|| routes.swap_remove(view.route))
}

/// The place pressed on the picture, else the one pressed on the map, else what is selected.
fn target(k: &Kit<'_>, state: &PanelState, view: &DroneView, id: &DroneId) -> Option<LonLat> {
    let is_itself = matches!(k.m.selection, Some(Selection::Drone(it)) if it == id);
    let selected = || k.m.selection.filter(|_| !is_itself).and_then(|it| k.m.place_of(it));
    view.spot.as_ref().and_then(|it| it.place()).or(state.place).or_else(selected)
}

/// What the title does not say.
fn note_of(k: &Kit<'_>, id: &DroneId, asked: Asked) -> String {
    match asked {
        Asked::Stop => k.t(tr::FLY_STOP_NOTE).to_owned(),
        Asked::CoSignStop(_) => match k.m.city.stop_proposal_of(id, k.now()) {
            Some(it) => {
                let left = mmss(it.expires_at.since_ms(k.now()));
                k.m.lang.fill(tr::FLY_CO_SIGN_NOTE, &[it.signed.seat.as_str(), &it.reason, &left])
            }
            None => k.t(tr::FLY_STOP_EXPIRED).to_owned(),
        },
        _ => String::new(),
    }
}

fn task_of(asked: Asked, place: Option<LonLat>, height_m: f32) -> Option<FlightTask> {
    Some(match asked {
        Asked::Takeoff => FlightTask::TakeoffTo { place: place?, height_m },
        Asked::FlyTo => FlightTask::FlyTo { place: place?, height_m },
        Asked::ReturnHome => FlightTask::ReturnHome,
        Asked::Resume => FlightTask::Resume,
        Asked::Land => FlightTask::Land,
        Asked::Pause => FlightTask::Pause,
        Asked::Hover => FlightTask::Hover,
        _ => return None,
    })
}

/// `None` for a task that has no place to go to.
fn command_of(form: &Form, id: &DroneId, task: Option<FlightTask>, seen: Seen) -> Option<Command> {
    let (drone, reason): (DroneId, Text) = (id.clone(), form.reason.trim().into());
    Some(match form.asked {
        Asked::TakeControl => Command::TakeControl { drone, reason },
        Asked::GiveControl => Command::GiveControl { drone },
        Asked::Stop => Command::ProposeEmergencyStop { drone, reason },
        Asked::CoSignStop(number) => Command::CoSignEmergencyStop { number },
        Asked::Cancel(flight) => Command::CancelFlight { flight, reason },
        _ => {
            let overrides = !reason.is_empty();
            Command::OrderFlight { ask: FlightAsk { drone, task: task?, seen, reason, overrides } }
        }
    })
}
