//! The HTTP side: platforms, warnings, typhoon, pictures, registers of things and the controls of the simulation, on one loopback port.
//!
//! | control | what |
//! | --- | --- |
//! | `POST /sim/advance {"to_ms"}` | lockstep: moves the clock, publishes, then `sim/barrier {"n","t","messages"}`; 409 if it would go back |
//! | `GET, POST /sim/clock {"now_ms","speed","paused"}` | reads; sets a scaled clock, 409 otherwise |
//! | `POST /sim/fault {"platform","mode"}` | `ok`, `error_code`, `http500`, `hang`, `slow_ms:N` (acts, then answers late), `garbage`, `down`, `twice`, `confused` |
//! | `POST /sim/terminals {"jt808","n"}` | lets the vehicles' terminals (up to `n`) call that platform, on loopback; answers `{"n"}`, 0 if there are none |
//! | `GET /sim/peers`, `POST /sim/peers/{peer}/{deed}` | stops, starts, floods one peer where each has a door of its own ([`crate::peers`]) |
//! | `GET /sim/stats` | orders, refusals, what docks asked and had answered, how many verdicts on video recognition were right |

use crate::{
    app::{AdvanceError, App, Fault, FaultRequest},
    cap, gateway, layers, platform, sensorthings, weather_feeds,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gulang_city::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError, atomic::Ordering};

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/{platform}/openapi", post(platform::openapi))
        .route("/journal", get(platform::journal))
        .route("/gateway/{channel}/send", post(gateway::send))
        .route("/gateway/{channel}/status", post(gateway::status))
        .route("/gateway/{channel}/mt", post(crate::gateway_form::submit))
        .route("/gateway/{channel}/report", get(crate::gateway_form::report))
        .route("/cap/index.json", get(cap_index))
        .route("/cap/atom.xml", get(weather_feeds::cap_atom))
        .route("/cap/{file}", get(cap_alert))
        .route("/quake/quakes.json", get(weather_feeds::quakes))
        .route("/rain/{file}", get(weather_feeds::rain))
        .route("/nmc/{file}", get(weather_feeds::nmc))
        .route("/jma/targetTc.json", get(weather_feeds::jma_targets))
        .route("/jma/{name}/specifications.json", get(weather_feeds::jma_page))
        .route("/typhoon/Api/TyhoonActivity", get(typhoon_activity))
        .route("/typhoon/Api/TyphoonInfo/{tfid}", get(typhoon_info))
        .route("/feeds/{file}", get(feed))
        .nest("/wvp", crate::video::wvp_routes())
        .nest("/zlm", crate::video::zlm_routes())
        .nest("/videoai", crate::videoai::routes())
        .route("/inventory", get(inventories))
        .route("/inventory/{id}", get(inventory))
        .route("/inventory/{id}/changes", get(inventory_changes))
        .route("/layers", get(layers::list))
        .route("/layers/{name}", get(layers::layer))
        .route("/sensorthings/v1.1/{entity}", get(sensorthings::page))
        .route("/oauth/token", post(crate::case_desk::token))
        .route("/media/{file}", get(crate::case_desk::picture))
        .route("/grid/status", get(crate::street::status))
        .route("/open311/services.json", get(crate::open311::services))
        .route("/open311/requests.json", get(crate::open311::requests).post(crate::open311::report))
        .route("/open311/tokens/{file}", get(crate::open311::token))
        .route("/upper", post(crate::upper::push))
        .route("/assistant/chat/completions", post(crate::assistant::complete))
        .route("/sim/advance", post(advance))
        .route("/sim/clock", get(clock).post(set_clock))
        .route("/sim/fault", post(set_fault))
        .route("/sim/terminals", post(call))
        .route("/sim/peers", get(peers))
        .route("/sim/peers/{peer}/{deed}", post(tell_peer))
        .route("/sim/stats", get(stats))
        .with_state(app)
}

/// Addresses in the index are relative: the same seed says the same bytes, whatever the port.
async fn cap_index(State(app): State<Arc<App>>) -> Response {
    if let Some(instead) = misbehave(&app, "cap").await {
        return instead;
    }
    let alerts: Vec<Value> = app
        .world
        .alerts(app.clock.now())
        .iter()
        .map(|a| json!({ "identifier": a.identifier, "sent": cap::rfc3339(a.sent), "url": format!("/cap/{}.xml", a.identifier) }))
        .collect();
    Json(json!({ "alerts": alerts, "simulated": true })).into_response()
}

async fn cap_alert(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let world = &app.world;
    let alerts = world.alerts(app.clock.now());
    let Some(alert) = file.strip_suffix(".xml").and_then(|id| alerts.iter().find(|a| a.identifier == id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let xml = alert.xml(world.realm, &world.pack.name, world.pack.center);
    ([(header::CONTENT_TYPE, "application/cap+xml; charset=utf-8")], xml).into_response()
}

async fn typhoon_activity(State(app): State<Arc<App>>) -> Response {
    match misbehave(&app, "typhoon").await {
        Some(instead) => instead,
        None => Json(app.world.typhoon_activity(app.clock.now())).into_response(),
    }
}

async fn typhoon_info(State(app): State<Arc<App>>, Path(tfid): Path<String>, headers: HeaderMap) -> Response {
    let now = app.clock.now();
    let Some(storm) = app.world.scenario.as_ref().and_then(|s| s.storm.as_ref()).filter(|s| s.id == tfid) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // The answer changes only when a fix comes in or grows a day old.
    let n_fixes = |until: Timestamp| storm.track.partition_point(|fix| fix.at <= until);
    let (n_now, n_old) = (n_fixes(now), n_fixes(now + -(86_400_000 + 1)));
    let etag = format!("\"{tfid}-{n_now}-{n_old}-{}\"", storm.fix_at(now).is_some());
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut kept = app.typhoon.lock().unwrap_or_else(PoisonError::into_inner);
    if !kept.contains_key(&etag) {
        let info = app.world.typhoon_info(&tfid, now).unwrap_or_default();
        kept.clear();
        kept.insert(etag.clone(), info.to_string().into());
    }
    let body = kept.get(&etag).map(|text| text.to_string()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned()), (header::ETAG, etag)], body).into_response()
}

pub(crate) async fn feed(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let drones = &app.world.pack.drones;
    let sn = file.strip_suffix(".jpg");
    let Some(i) = sn.and_then(|sn| drones.iter().position(|d| d.id.as_str() == sn)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let drawn = tokio::task::spawn_blocking(move || still(&app, i)).await;
    match drawn {
        Ok(jpeg) => {
            ([(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")], jpeg.to_vec()).into_response()
        }
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}

/// The drone's picture of this second.
fn still(app: &App, i: usize) -> Arc<[u8]> {
    let now = app.clock.now();
    let second = now.0.div_euclid(1000);
    let kept = app.stills.lock().unwrap_or_else(PoisonError::into_inner).get(&i).cloned();
    if let Some((_, jpeg)) = kept.filter(|(at, _)| *at == second) {
        return jpeg;
    }
    let world = &app.world;
    let drone = &world.pack.drones[i];
    let dice = world.orders_dice().of_text(drone.id.as_str());
    let fix = world.drone(&app.desk().errands, i, now);
    let jpeg = app.painter.still(&drone.name, &fix, &world.weather(now), now, dice);
    let jpeg: Arc<[u8]> = jpeg.into();
    app.stills.lock().unwrap_or_else(PoisonError::into_inner).insert(i, (second, jpeg.clone()));
    jpeg
}

// ---------------------------------------------------------------- registers of many things

/// The faults of the platform that keeps the registers are set under this name.
const INVENTORY: &str = "inventory";

async fn inventories(State(app): State<Arc<App>>) -> Response {
    if let Some(instead) = misbehave(&app, INVENTORY).await {
        return instead;
    }
    Json(json!({ "inventories": app.things.list(), "simulated": true })).into_response()
}

async fn inventory(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    columns(app, move |app, now| Ok(app.things.inventory(&id, now).map(|it| it.to_bytes()).transpose()?)).await
}

#[derive(Deserialize)]
struct ChangesRequest {
    /// Milliseconds since 1970, on this city's clock.
    since: i64,
}

/// Never more than the register itself: what changed twice comes once.
async fn inventory_changes(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(ChangesRequest { since }): Query<ChangesRequest>,
) -> Response {
    columns(app, move |app, now| {
        Ok(app.things.changes(&id, Timestamp(since), now).map(|it| it.to_bytes()).transpose()?)
    })
    .await
}

type Columns = Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>>;

/// Makes postcard bytes off the async threads; 404 if there is no such register.
async fn columns(app: Arc<App>, make: impl FnOnce(&App, Timestamp) -> Columns + Send + 'static) -> Response {
    if let Some(instead) = misbehave(&app, INVENTORY).await {
        return instead;
    }
    let made = tokio::task::spawn_blocking(move || make(&app, app.clock.now())).await;
    match made {
        Ok(Ok(Some(bytes))) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(e)) => refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
        Err(e) => refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
    }
}

/// What is answered instead while a fault is set; a slow platform is only waited for.
pub(crate) async fn misbehave(app: &App, platform: &str) -> Option<Response> {
    match app.fault(platform)? {
        Fault::Down => Some((StatusCode::SERVICE_UNAVAILABLE, "service unavailable").into_response()),
        Fault::Twice | Fault::Confused => None,
        Fault::ErrorCode => Some(refusal(StatusCode::SERVICE_UNAVAILABLE, "系统繁忙，请稍后再试".into())),
        Fault::Http500 => Some(refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal error".into())),
        Fault::Garbage => Some("<html><body>网关超时</body>".into_response()),
        Fault::Hang => std::future::pending().await,
        Fault::Slow(delay) => {
            tokio::time::sleep(delay).await;
            None
        }
    }
}

#[derive(Deserialize)]
struct AdvanceRequest {
    to_ms: i64,
}

async fn advance(State(app): State<Arc<App>>, Json(request): Json<AdvanceRequest>) -> Response {
    let advanced = tokio::task::spawn_blocking(move || app.advance(Timestamp(request.to_ms))).await;
    match advanced {
        Ok(Ok(done)) => {
            let body = json!({ "at_ms": done.at.0, "barrier": done.barrier, "mqtt_messages": done.n_messages });
            Json(body).into_response()
        }
        Ok(Err(e @ (AdvanceError::NotLockstep | AdvanceError::Back(_)))) => {
            refusal(StatusCode::CONFLICT, e.to_string())
        }
        Ok(Err(e)) => refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
        Err(e) => refusal(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()),
    }
}

async fn clock(State(app): State<Arc<App>>) -> Json<Value> {
    let reading = app.clock.read();
    Json(json!({ "now_ms": reading.now.0, "speed": reading.speed, "paused": reading.paused }))
}

#[derive(Deserialize)]
struct ClockRequest {
    now_ms: Option<i64>,
    speed: Option<f64>,
    paused: Option<bool>,
}

async fn set_clock(State(app): State<Arc<App>>, Json(request): Json<ClockRequest>) -> Response {
    if !app.clock.set(request.now_ms.map(Timestamp), request.speed, request.paused) {
        return refusal(StatusCode::CONFLICT, "only a scaled clock can be set; start with --speed N".into());
    }
    clock(State(app)).await.into_response()
}

async fn set_fault(State(app): State<Arc<App>>, Json(request): Json<FaultRequest>) -> Response {
    let mut faults = app.faults.lock().unwrap_or_else(PoisonError::into_inner);
    match Fault::parse(&request.mode) {
        Ok(Some(fault)) => drop(faults.insert(request.platform, fault)),
        Ok(None) => drop(faults.remove(&request.platform)),
        Err(words) => return refusal(StatusCode::BAD_REQUEST, words),
    }
    Json(json!({ "ok": true })).into_response()
}

#[derive(Deserialize)]
struct CallRequest {
    /// `host:port`.
    jt808: String,
    n: Option<usize>,
}

/// Only to this machine: whoever reaches the control must not send a fleet to somebody else's platform.
async fn call(State(app): State<Arc<App>>, Json(request): Json<CallRequest>) -> Response {
    let is_here = request.jt808.parse::<std::net::SocketAddr>().is_ok_and(|it| it.ip().is_loopback());
    if !is_here {
        return refusal(StatusCode::BAD_REQUEST, format!("{} is no loopback address with a port", request.jt808));
    }
    let n = app.calls.call(&app, request.jt808, request.n).await;
    Json(json!({ "n": n, "simulated": true })).into_response()
}

async fn peers(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.peers.list())
}

async fn tell_peer(State(app): State<Arc<App>>, Path((peer, deed)): Path<(String, String)>) -> Response {
    match app.peers.tell(&peer, &deed).await {
        Ok(()) => Json(json!({ "ok": true, "simulated": true })).into_response(),
        Err(words) => refusal(StatusCode::CONFLICT, words),
    }
}

/// What the docks asked and who answered, and how much is in the journal.
async fn stats(State(app): State<Arc<App>>) -> Json<Value> {
    let replies = &app.broker.replies;
    let n = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let (n_orders, n_refused, n_flights, verdicts) = {
        let desk = app.desk();
        let verdicts = &desk.journal.verdicts;
        let n_right = verdicts.values().filter(|it| **it).count();
        let verdicts = json!({ "judged": verdicts.len(), "right": n_right });
        (desk.journal.orders.len(), desk.journal.refused.len(), desk.errands.flights.n_begun(), verdicts)
    };
    Json(json!({
        "requests": n(&replies.n_requests), "requests_answered": n(&replies.n_requests_answered),
        "events": n(&replies.n_events), "events_answered": n(&replies.n_events_answered),
        "orders": n_orders, "refused": n_refused, "flights": n_flights, "verdicts": verdicts, "simulated": true,
    }))
}

fn refusal(status: StatusCode, words: String) -> Response {
    (status, Json(json!({ "error": words }))).into_response()
}
