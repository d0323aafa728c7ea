//! People in the street: who is on duty in the grid and where, and whether they answer when the hall calls.
//!
//! On duty are those of the pack's shifts, but for one in twelve who did not come. They walk about in their cell. Called, most
//! answer within seconds, some refuse and some do not hear it: drawn from the seed and the call's key.

use crate::{
    app::App,
    journal::Entry,
    platform::{Denied, denied, unwritable},
    server,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use gulang_city::{Cell, Duty, GridPerson, LonLat, Realm, Roster, Text, Timestamp};
use gulang_platforms::grid;
use serde_json::{Value, json};
use std::sync::Arc;

const ABSENT_SHARE: f64 = 1.0 / 12.0;
const REFUSED_SHARE: f64 = 0.1;
const UNHEARD_SHARE: f64 = 0.1;
/// Until it is answered or refused: soonest, usual, latest, s.
const ANSWER_SECS: [f64; 3] = [2.0, 5.0, 14.0];
const RING_SECS: i64 = 45;
/// Somebody walks from one side of a cell to the other in about so long.
const WALK_MS: i64 = 20 * 60_000;

/// `GET /grid/status`.
pub(crate) async fn status(State(app): State<Arc<App>>) -> Response {
    if let Some(instead) = server::misbehave(&app, "grid").await {
        return instead;
    }
    let now = app.clock.now();
    let on = on_duty(&app, now);
    let duties = on.iter().map(|(cell, person, until)| Duty {
        cell: cell.id.clone(),
        person: person.id.clone(),
        from: now.start_of_day(),
        until: *until,
    });
    let roster = Roster { as_of: now, duties: duties.collect() };
    let mut positions: Vec<(Text, LonLat, Timestamp)> = Vec::new();
    for (cell, person, _) in &on {
        if positions.last().is_none_or(|it| it.0 != person.id.0) {
            positions.push((person.id.0.clone(), place(&app, cell, person, now), now));
        }
    }
    Json(grid::write(&roster, &positions)).into_response()
}

/// Everybody who came, person by person.
fn on_duty(app: &App, now: Timestamp) -> Vec<(&Cell, &GridPerson, Timestamp)> {
    let city_grid = &app.world.pack.grid;
    let mut on = Vec::new();
    for person in &city_grid.people {
        let day = now.start_of_day().0 as u64;
        let is_absent = app.world.units_dice().of_text(person.id.as_str()).of(day).unit() < ABSENT_SHARE;
        let cells = person.cells.iter().filter_map(|it| city_grid.cell(it));
        for cell in cells.filter(|_| !is_absent) {
            let here = city_grid.on_duty(&cell.id, None, now).into_iter().find(|it| it.person.id == person.id);
            on.extend(here.map(|it| (cell, person, it.until)));
        }
    }
    on
}

/// Somewhere in the cell, near where they were a moment ago.
fn place(app: &App, cell: &Cell, person: &GridPerson, now: Timestamp) -> LonLat {
    let dice = app.world.units_dice().of_text(person.id.as_str());
    let bounds = cell.ring.iter().fold([f64::MAX, f64::MAX, f64::MIN, f64::MIN], |[w, s, e, n], it| {
        [w.min(it.lon()), s.min(it.lat()), e.max(it.lon()), n.max(it.lat())]
    });
    let along = |part: u64, low: f64, high: f64| low + (high - low) * (0.5 + 0.45 * dice.of(part).wave(now.0, WALK_MS));
    LonLat(along(1, bounds[0], bounds[2]), along(2, bounds[1], bounds[3])).rounded()
}

/// VIDEO_CALL and VIDEO_CALL_END. The same key again tells how the call stands.
pub(crate) fn call(app: &App, action: &str, data: &Value) -> Result<Value, Denied> {
    let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
    let (call_id, now) = (text("callId"), app.clock.now());
    if call_id.is_empty() {
        return Err(denied(400, "callId 不能为空"));
    }
    let is_end = action == "VIDEO_CALL_END";
    let mut desk = app.desk();
    let exercise = data["exercise"].as_bool().unwrap_or(false);
    if exercise != (app.world.realm == Realm::Exercise) {
        let why = "通话不属于本平台的实战或演练";
        let notice_id = format!("{action} {call_id}");
        let entry = Entry::Refused { at: now, platform: "yunguanfu".into(), notice_id, exercise, why: why.into() };
        desk.journal.append(entry).map_err(unwritable)?;
        return Err(denied(403, why));
    }
    let known = desk.journal.videos.get(&call_id).cloned();
    let is_news = known.as_ref().is_none_or(|it| is_end && it.ended_at.is_none());
    let person = known.as_ref().map_or_else(|| text("personId"), |it| it.person.clone());
    if app.world.pack.grid.person(&person.as_str().into()).is_none() && !is_end {
        return Err(denied(404, format!("没有网格人员 {person}")));
    }
    if is_news {
        let entry = Entry::Video { at: now, call_id: call_id.clone(), person: person.clone(), is_end };
        desk.journal.append(entry).map_err(unwritable)?;
    }
    let Some(video) = desk.journal.videos.get(&call_id).cloned() else { return Err(denied(404, "没有这个通话")) };
    drop(desk);
    let dice = app.world.units_dice().of_text(&call_id);
    let secs = now.since_ms(video.at) / 1000;
    let lot = dice.of(0).unit();
    let answered = secs >= dice.of(1).spread(ANSWER_SECS) as i64;
    let is_unheard = lot < UNHEARD_SHARE;
    let (state, note) = if video.ended_at.is_some() {
        ("ended", "已挂断")
    } else if is_unheard && secs >= RING_SECS {
        ("no_answer", "振铃无人接听")
    } else if is_unheard || !answered {
        ("ringing", "")
    } else if lot < UNHEARD_SHARE + REFUSED_SHARE {
        ("refused", "对方拒接")
    } else {
        ("answered", "")
    };
    let video = app.video.as_ref().filter(|_| state == "answered");
    let url = video.map(|it| it.invite(&format!("call-{person}"), &person));
    let note = if state == "answered" && url.is_none() { "仿真城市没有实时画面" } else { note };
    Ok(json!({ "callId": call_id, "state": state, "note": note, "stream": { "url": url } }))
}
