//! What a screen or another program asks of the plans: the review sheet, the argued level, what is open, what waits for a
//! second signature, who may what.
//!
//! Nothing here changes the city; `POST /api/sheet` is a question with a body.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{api::core_of, server::App};
use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gulang_city::{Command, DistrictId, Realm, SeatId, SheetAsk, Source};
use serde::Deserialize;
use serde_json::{Value, json};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/advice", get(advice))
        .route("/api/sheet", post(sheet))
        .route("/api/open", get(open))
        .route("/api/proposal", get(proposal))
        .route("/api/may", get(may))
}

#[derive(Deserialize)]
struct Asked {
    realm: Option<Realm>,
    seat: Option<SeatId>,
    district: Option<DistrictId>,
}

/// Every plan's advice for the city and its districts, with what speaks for and against and what is missing.
async fn advice(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Value>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let now = core.clock.now();
    let city = core.city();
    let advices = city.advices(now);
    Ok(Json(json!({ "realm": city.realm, "now_ms": now.0, "advices": advices, "recommendation": city.recommendation })))
}

#[derive(Deserialize)]
struct SheetAsked {
    realm: Option<Realm>,
    #[serde(flatten)]
    ask: SheetAsk,
}

/// The sheet, with the pictures the switch would open under `feeds`.
async fn sheet(State(app): State<App>, Json(asked): Json<SheetAsked>) -> Result<Json<Value>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let now = core.clock.now();
    let readings = core.lane().readings.clone();
    let city = core.city();
    match city.sheet(&asked.ask, now) {
        Ok(sheet) => {
            let mut answer = json!(sheet);
            answer["feeds"] = json!(city.feeds_for(&asked.ask, &readings, now));
            Ok(Json(answer))
        }
        Err(refusal) => {
            let message = refusal.to_string();
            Err((StatusCode::CONFLICT, Json(json!({ "refusal": refusal, "message": message }))).into_response())
        }
    }
}

/// What a return to peace leaves open; `items` goes back in the command as `accepted`.
async fn open(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Value>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let city = core.city();
    let districts: Vec<DistrictId> = asked.district.into_iter().collect();
    let items = city.still_open(&districts);
    let words: Vec<String> = items.iter().map(|it| city.open_item_text(it)).collect();
    Ok(Json(json!({ "realm": city.realm, "items": items, "words": words })))
}

/// The switch that waits for its second signature, if one does, and what became of the one before.
async fn proposal(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Value>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let now = core.clock.now();
    let city = core.city();
    // For a seat that asks: why it may not be the second.
    let why =
        asked.seat.as_ref().zip(city.proposal.as_ref()).and_then(|(seat, it)| city.why_not_second(seat, it).err());
    Ok(Json(json!({
        "realm": city.realm, "now_ms": now.0, "proposal": city.proposal, "last": city.last_proposal,
        "refused_because": why.map(|it| it.to_string()),
    })))
}

/// What a seat may do: each command's name, and why not where it may not.
async fn may(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Value>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let city = core.city();
    let seat = asked.seat.unwrap_or_else(|| "".into());
    let source = Source::Seat(seat.clone());
    let kinds = Command::kinds().iter().map(|kind| {
        let why = city.may(&source, kind).err().map(|it| it.to_string());
        ((*kind).to_owned(), json!(why))
    });
    let kinds: serde_json::Map<String, Value> = kinds.collect();
    let role = city.roles.role_of(&seat);
    Ok(Json(json!({
        "seat": seat, "role": role.id, "name": role.name, "officer": city.roles.officer_at(&seat),
        "signs_up_to": role.signs_up_to, "overrides": role.overrides, "refused_because": kinds,
    })))
}
