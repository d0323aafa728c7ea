//! What screens reach: the WebSocket, the REST API, the base map's tiles, online maps, the pack's files, the page, health and metrics. Loopback only, with
//! a token made at each launch, in `?token=` or as a bearer.

use crate::{
    api,
    duties::{self, DutyDesk},
    eyes::Watching,
    hall::Hall,
    raster::{self, Rasters},
    shown::Shown,
    tiles::{self, BaseMap},
};
use axum::{
    Router,
    body::Body as HttpBody,
    extract::{
        DefaultBodyLimit, Path as UrlPath, Query, Request, State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use gulang_city::{Refusal, SeatId, Source};
use gulang_wire::{Body, ToHub, VERSION, Wanted, Watch, decode};
use serde::Deserialize;
use std::{
    path::{Component, Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::sync::broadcast::error::RecvError;

/// Larger requests and messages from screens are refused.
const MAX_REQUEST_BYTES: usize = 1024 * 1024;
/// A screen that takes nothing for so long is let go.
const SEND_LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct App {
    pub hall: Arc<Hall>,
    pub token: Arc<str>,
    pub page_dir: Option<Arc<Path>>,
    pub base_map: Arc<BaseMap>,
    pub rasters: Arc<Rasters>,
    pub duties: Arc<DutyDesk>,
    pub imports: Arc<crate::registers::ImportDesk>,
    pub maps: Arc<crate::briefings::Maps>,
}

pub fn router(app: App) -> Router {
    let guarded = Router::new()
        .route("/ws", get(upgrade))
        .route("/metrics", get(api::metrics))
        .route("/pack/{*path}", get(pack_file))
        .route("/tiles.json", get(tile_json))
        .route("/tiles/{z}/{x}/{y}", get(tile))
        .route("/raster.json", get(raster_json))
        .route("/raster/{id}/{z}/{x}/{y}", get(raster_tile))
        .route("/duties", get(duties::search))
        .merge(api::routes())
        .merge(crate::plans_api::routes())
        .merge(crate::registers::api::routes())
        .merge(crate::playback_api::routes())
        .merge(crate::sources_api::routes())
        .merge(crate::indicators::api::routes())
        .merge(crate::bulletins::routes())
        .merge(crate::briefings::routes())
        .merge(crate::eyes::api::routes())
        .merge(crate::detections::routes())
        .merge(crate::case_desks::routes())
        .merge(crate::media::routes())
        .merge(crate::assistant::api::routes())
        .layer(middleware::from_fn_with_state(app.clone(), need_token));
    Router::new()
        .route("/healthz", get(api::healthz))
        // Gateways have secrets of their own: the launch's token is no use to them.
        .route("/callback/{channel}/{secret}", post(api::callback))
        .merge(guarded)
        .fallback(page_file)
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        // Nearer to its route than the common limit, its own is the one that holds.
        .merge(crate::sources_api::door())
        .merge(crate::waylines::door())
        .with_state(app)
}

/// 256 bits from the system.
pub fn new_token() -> String {
    use rand::TryRngCore;
    let mut bytes = [0u8; 32];
    if let Err(error) = rand::rngs::OsRng.try_fill_bytes(&mut bytes) {
        // Without randomness there is no token to give, and none that would be accepted.
        tracing::error!(%error, "no randomness");
        std::process::abort();
    }
    crate::log::hex(&bytes)
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
}

async fn need_token(State(app): State<App>, Query(query): Query<Token>, request: Request, next: Next) -> Response {
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|it| it.to_str().ok())
        .and_then(|it| it.strip_prefix("Bearer "));
    if !query.token.as_deref().or(bearer).is_some_and(|it| is_same(it.as_bytes(), app.token.as_bytes())) {
        return (StatusCode::UNAUTHORIZED, "需要令牌：?token=… 或 Authorization: Bearer …").into_response();
    }
    let mut response = next.run(request).await;
    // The desk's page has another origin than its hub; the token is the guard.
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// Takes as long wherever the two differ.
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

// ---------------------------------------------------------------- files

async fn pack_file(State(app): State<App>, UrlPath(path): UrlPath<String>) -> Response {
    file_in(&app.hall.pack_dir, &path).await
}

async fn tile(State(app): State<App>, UrlPath((z, x, y)): UrlPath<(u8, u32, String)>, headers: HeaderMap) -> Response {
    tiles::serve_tile(&app.base_map, (z, x, &y), &headers).await
}

async fn tile_json(State(app): State<App>) -> Response {
    tiles::serve_tile_json(&app.base_map).await
}

async fn raster_json(State(app): State<App>) -> Response {
    raster::serve_sources(&app.rasters)
}

async fn raster_tile(State(app): State<App>, UrlPath((id, z, x, y)): UrlPath<(String, u8, u32, u32)>) -> Response {
    raster::serve_tile(&app.rasters, &id, (z, x, y)).await
}

async fn page_file(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match &app.page_dir {
        Some(dir) => file_in(dir, path).await,
        None => (StatusCode::NOT_FOUND, "没有网页；先运行 cargo xtask ui").into_response(),
    }
}

/// A file below `dir`, never above it.
async fn file_in(dir: &Path, path: &str) -> Response {
    let relative = PathBuf::from(path);
    if !relative.components().all(|it| matches!(it, Component::Normal(_))) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(bytes) = tokio::fs::read(dir.join(&relative)).await else { return StatusCode::NOT_FOUND.into_response() };
    let kind = match relative.extension().and_then(|it| it.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "geojson" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "otf" => "font/otf",
        "ttf" => "font/ttf",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    };
    ([(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], HttpBody::from(bytes)).into_response()
}

// ---------------------------------------------------------------- screens

async fn upgrade(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(MAX_REQUEST_BYTES).on_upgrade(|socket| async move {
        let n_screens = &app.hall.actual().counters.n_screens;
        n_screens.fetch_add(1, Relaxed);
        let why = serve_screen(&app.hall, socket).await;
        app.hall.actual().counters.n_screens.fetch_sub(1, Relaxed);
        if let Err(why) = why {
            tracing::debug!(why, "a screen left");
        }
    })
}

/// One screen from its greeting to its end.
async fn serve_screen(hall: &Arc<Hall>, mut socket: WebSocket) -> Result<(), &'static str> {
    let (seat, watch) = greet(hall, &mut socket).await?;
    let (mut changes, mut past_changes) = (hall.changes(), hall.past_changes());
    let mut was_past = false;
    // Outlives a change of realm: the tiles stay, their pictures are the other realm's.
    let mut wanted = Vec::new();
    loop {
        changes.mark_unchanged();
        past_changes.mark_unchanged();
        let Some(shown) = hall.shown(watch) else {
            changes.changed().await.map_err(|_| "the hub is closing")?;
            continue;
        };
        let (mut frames, snapshot) = shown.join();
        send(&mut socket, snapshot).await?;
        let is_past = matches!(shown, Shown::Past(_));
        if was_past && !is_past {
            // What happened to the registers meanwhile was told to nobody who looked back.
            send_stale(&shown, &mut socket).await?;
        }
        was_past = is_past;
        // Nothing is looked at through a playback.
        let watching = match &shown {
            Shown::Live(core) => Some(core.eyes.join()),
            Shown::Past(_) => None,
        };
        if let Some(watching) = watching.as_ref().filter(|_| !wanted.is_empty()) {
            watching.want(&wanted);
        }
        loop {
            tokio::select! {
                frame = frames.recv() => match frame {
                    Ok(frame) => send(&mut socket, frame).await?,
                    Err(RecvError::Lagged(_)) => {
                        // Too slow for every frame: it gets the present instead of the past.
                        let counters = if let Shown::Live(core) = &shown { &core.counters } else { &hall.actual().counters };
                        counters.n_coalesced.fetch_add(1, Relaxed);
                        let (again, snapshot) = shown.join();
                        frames = again;
                        send(&mut socket, snapshot).await?;
                        send_stale(&shown, &mut socket).await?;
                    }
                    // A playback ends its frames where it is sought, and begins others there.
                    Err(RecvError::Closed) if is_past => break,
                    Err(RecvError::Closed) => return Err("the hub is closing"),
                },
                body = next_picture(watching.as_ref()) => send(&mut socket, shown.frame(body)).await?,
                message = socket.recv() => {
                    let message = message.ok_or("closed")?.map_err(|_| "the connection broke")?;
                    match message {
                        Message::Binary(bytes) => match answer(hall, &shown, &seat, watching.as_ref(), &bytes).await? {
                            Answer::Frame(frame) => send(&mut socket, frame).await?,
                            Answer::Nothing => {}
                            Answer::Wants(now) => wanted = now,
                            Answer::Again => break,
                        },
                        Message::Close(_) => return Ok(()),
                        _ => {}
                    }
                }
                changed = changes.changed() => {
                    changed.map_err(|_| "the hub is closing")?;
                    if hall.shown(watch).is_none_or(|now| !now.is(&shown)) {
                        break;
                    }
                }
                changed = past_changes.changed() => {
                    changed.map_err(|_| "the hub is closing")?;
                    if hall.shown(watch).is_none_or(|now| !now.is(&shown)) {
                        break;
                    }
                }
            }
        }
    }
}

/// Waits for ever where nothing is watched.
async fn next_picture(watching: Option<&Watching>) -> Body {
    match watching {
        Some(watching) => watching.next().await,
        None => std::future::pending().await,
    }
}

async fn send_stale(shown: &Shown, socket: &mut WebSocket) -> Result<(), &'static str> {
    for body in shown.stale() {
        send(socket, shown.frame(body)).await?;
    }
    Ok(())
}

async fn greet(hall: &Hall, socket: &mut WebSocket) -> Result<(SeatId, Watch), &'static str> {
    let first = tokio::time::timeout(Duration::from_secs(10), socket.recv()).await.map_err(|_| "no greeting")?;
    let Some(Ok(Message::Binary(bytes))) = first else { return Err("no greeting") };
    let shown = hall.shown(Watch::Follow).unwrap_or_else(|| Shown::Live(hall.actual().clone()));
    let welcome = Body::Welcome { version: VERSION, simulated: shown.simulated(), city_id: hall.pack.id.to_string() };
    let hello = decode::<ToHub>(&bytes);
    send(socket, shown.frame(welcome)).await?;
    match hello {
        // A screen that was told no seat reads the same one from the city it gets.
        Ok(ToHub::Hello { version: VERSION, seat, watch }) if seat.as_str().is_empty() => {
            Ok((hall.pack.roles.desk_seat(), watch))
        }
        Ok(ToHub::Hello { version: VERSION, seat, watch }) => Ok((seat, watch)),
        Ok(ToHub::Hello { .. }) => Err("another version"),
        _ => Err("unreadable greeting"),
    }
}

/// What a screen gets for what it said.
enum Answer {
    Frame(Bytes),
    Nothing,
    /// It is to be remembered what it watches.
    Wants(Vec<Wanted>),
    /// Everything anew, with new frames after it.
    Again,
}

async fn answer(
    hall: &Arc<Hall>,
    shown: &Shown,
    seat: &SeatId,
    watching: Option<&Watching>,
    bytes: &[u8],
) -> Result<Answer, &'static str> {
    let (ticket, result) = match decode::<ToHub>(bytes) {
        Ok(ToHub::Submit { ticket, command }) => {
            let result = match shown {
                Shown::Live(core) => api::submit_as(core, Source::Seat(seat.clone()), command).await,
                Shown::Past(_) => Err(no_orders()),
            };
            (ticket, result)
        }
        Ok(ToHub::Drill(drill)) => match hall.drill(drill).await {
            Ok(()) => return Ok(Answer::Nothing),
            Err(why) => (0, Err(Refusal::Forbidden { why: why.to_string().into() })),
        },
        Ok(ToHub::Playback(asked)) => match hall.playback(seat, asked).await {
            Ok(()) => return Ok(Answer::Nothing),
            Err(why) => (0, Err(Refusal::Forbidden { why: why.to_string().into() })),
        },
        Ok(ToHub::Resync) => {
            return Ok(match shown {
                Shown::Live(core) => Answer::Frame(core.snapshot()),
                Shown::Past(_) => Answer::Again,
            });
        }
        Ok(ToHub::WatchFeeds(wanted)) => {
            if let Some(watching) = watching {
                watching.want(&wanted);
            }
            return Ok(Answer::Wants(wanted));
        }
        Ok(ToHub::Steer { feed, motion }) => {
            let turned = watching.map_or_else(|| Err(no_orders()), |it| it.steer(seat, &feed, motion));
            match turned {
                Ok(()) => return Ok(Answer::Nothing),
                Err(refusal) => (0, Err(refusal)),
            }
        }
        Ok(ToHub::Adjust { feed, to }) => {
            let asked = watching.map_or_else(|| Err(no_orders()), |it| it.adjust(seat, feed, to));
            match asked {
                Ok(()) => return Ok(Answer::Nothing),
                Err(refusal) => (0, Err(refusal)),
            }
        }
        Ok(ToHub::LetGo { feed }) => {
            if let Some(watching) = watching {
                watching.let_go(seat, &feed);
            }
            return Ok(Answer::Nothing);
        }
        Ok(ToHub::Hello { .. }) => return Ok(Answer::Nothing),
        Err(_) => return Err("an unreadable frame"),
    };
    Ok(Answer::Frame(shown.frame(Body::Answer { ticket, result })))
}

/// The past takes no orders.
pub(crate) fn no_orders() -> Refusal {
    Refusal::Forbidden { why: "复盘中不能下令".into() }
}

async fn send(socket: &mut WebSocket, frame: Bytes) -> Result<(), &'static str> {
    match tokio::time::timeout(SEND_LIMIT, socket.send(Message::Binary(frame))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err("the connection broke"),
        Err(_) => Err("it took nothing for too long"),
    }
}
