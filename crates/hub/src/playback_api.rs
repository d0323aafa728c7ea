//! What may be looked back at, and the story of what is open, for screens and other programs.

use crate::{bookmarks::Bookmark, logs::LogEntry, past::Past, server::App};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use gulang_city::{Realm, review::Review, score::ScoreSheet};
use serde::Serialize;

pub fn routes() -> Router<App> {
    Router::new().route("/api/logs", get(logs)).route("/api/playback", get(playback))
}

/// 可以复盘的日志，新的在前
#[utoipa::path(get, path = "/api/logs", responses((status = 200, description = "[{id, realm, title, from_ms, to_ms, n_records, is_open}]", content_type = "application/json")))]
pub async fn logs(State(app): State<App>) -> Json<Vec<LogEntry>> {
    Json(app.hall.list_logs().await)
}

/// An open playback: the stretch, whether its chain holds, what was remarked, and its story.
#[derive(Serialize)]
struct Told<'a> {
    log: &'a str,
    realm: Realm,
    title: &'a str,
    from_ms: i64,
    to_ms: i64,
    /// Records in the stretch.
    n_records: u64,
    chain_ok: bool,
    /// Why it ends before the log does.
    problem: Option<&'a str>,
    bookmarks: Vec<Bookmark>,
    review: &'a Review,
    score: &'a ScoreSheet,
}

impl<'a> Told<'a> {
    fn of(past: &'a Past) -> Self {
        let (from, to) = past.stretch();
        Self {
            log: &past.about.id,
            realm: past.about.realm,
            title: &past.about.title,
            from_ms: from.0,
            to_ms: to.0,
            n_records: past.n_records(),
            chain_ok: past.problem().is_none(),
            problem: past.problem(),
            bookmarks: past.bookmarks.all(),
            review: &past.review,
            score: &past.score,
        }
    }
}

/// 打开的复盘：区间、链是否完好、书签、复盘与评分
#[utoipa::path(get, path = "/api/playback", responses((status = 200, description = "{log, realm, title, from_ms, to_ms, n_records, chain_ok, problem, bookmarks, review, score}", content_type = "application/json"), (status = 404, description = "没有打开的复盘")))]
pub async fn playback(State(app): State<App>) -> Response {
    match app.hall.past() {
        Some(past) => Json(Told::of(&past)).into_response(),
        None => (StatusCode::NOT_FOUND, "没有打开的复盘").into_response(),
    }
}
