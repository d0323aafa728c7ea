//! REST for the three jobs. The body is JSON as plain bytes: a page of another origin may send those without asking first.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use super::{
    Answer, Drafted, Sorted, Standing,
    sort::{CANDIDATES, MAX_REPORT_CHARS},
};
use crate::{api::core_of, core::Core, server::App};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gulang_city::{Realm, SeatId, ask::DraftKind};
use serde::{Deserialize, de::DeserializeOwned};
use std::sync::Arc;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/assistant", get(standing))
        .route("/api/ask", post(ask))
        .route("/api/sort", post(sort))
        .route("/api/draft", post(draft))
}

#[derive(Deserialize)]
pub struct Which {
    realm: Option<Realm>,
}

#[derive(Deserialize)]
struct Question {
    seat: SeatId,
    question: String,
    realm: Option<Realm>,
}

#[derive(Deserialize)]
struct Report {
    seat: SeatId,
    text: String,
    realm: Option<Realm>,
    /// Whether a model is asked too; the list's own answer never waits for it.
    #[serde(default)]
    model: bool,
}

#[derive(Deserialize)]
struct Wanted {
    seat: SeatId,
    #[serde(default)]
    kind: DraftKind,
    realm: Option<Realm>,
}

/// 大模型的状态：配置、启停、为何不用
#[utoipa::path(get, path = "/api/assistant", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "{is_configured, is_on, model, host, why, switch, in_war}", content_type = "application/json")))]
pub async fn standing(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Standing>, Response> {
    let core = core_of(&app.hall, which.realm)?;
    Ok(Json(app.hall.assistant.standing(&core)))
}

/// 问城：每句话引自城市自己的查询
#[utoipa::path(post, path = "/api/ask", request_body(content_type = "application/json", content = String, description = "{seat, question, realm?}"), responses((status = 200, description = "{question, by: model | template, model, note, sentences: [{text, cites}], n_dropped, facts: [{id, text, link, as_of}], realm, simulated, seq, now}", content_type = "application/json"), (status = 403, description = "席位没有角色"), (status = 422, description = "读不懂"), (status = 429, description = "问得太快")))]
pub async fn ask(State(app): State<App>, body: Bytes) -> Result<Json<Answer>, Response> {
    let Question { seat, question, realm } = read(&body)?;
    let core = admitted(&app, &seat, realm)?;
    if question.trim().is_empty() {
        return Err(unfit("没有问题".into()));
    }
    Ok(Json(app.hall.assistant.answer(&core, &seat, &question).await))
}

/// 分派：一条反映是谁的事项
#[utoipa::path(post, path = "/api/sort", request_body(content_type = "application/json", content = String, description = "{seat, text, realm?, model?: 也问大模型}"), responses((status = 200, description = "{hits, suggestion: {id, model, quote} | null, note}", content_type = "application/json"), (status = 403, description = "席位没有角色"), (status = 422, description = "读不懂"), (status = 429, description = "问得太快"), (status = 503, description = "索引还在建立")))]
pub async fn sort(State(app): State<App>, body: Bytes) -> Result<Json<Sorted>, Response> {
    let Report { seat, text, realm, model } = read(&body)?;
    let core = admitted(&app, &seat, realm)?;
    let text: String = text.trim().chars().take(MAX_REPORT_CHARS).collect();
    if text.is_empty() {
        return Err(unfit("没有反映的内容".into()));
    }
    let hits = app.duties.find(&text, CANDIDATES).map_err(IntoResponse::into_response)?;
    if !model {
        return Ok(Json(Sorted { hits, suggestion: None, note: String::new() }));
    }
    Ok(Json(app.hall.assistant.sort(&core, &seat, &text, hits).await))
}

/// 草拟：情况报告、汛情简报、督办清单
#[utoipa::path(post, path = "/api/draft", request_body(content_type = "application/json", content = String, description = "{seat, kind: situation | flood | overdue, realm?}"), responses((status = 200, description = "{kind, by, model, note, text, sentences, n_dropped, facts, realm, simulated, seq, now}", content_type = "application/json"), (status = 403, description = "席位没有角色"), (status = 422, description = "读不懂"), (status = 429, description = "问得太快")))]
pub async fn draft(State(app): State<App>, body: Bytes) -> Result<Json<Drafted>, Response> {
    let Wanted { seat, kind, realm } = read(&body)?;
    let core = admitted(&app, &seat, realm)?;
    Ok(Json(app.hall.assistant.draft(&core, &seat, kind).await))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Response> {
    serde_json::from_slice(body).map_err(|why| unfit(why.to_string()))
}

/// Every role may ask, since asking only reads; a seat without one may not, nor any too often.
fn admitted(app: &App, seat: &SeatId, realm: Option<Realm>) -> Result<Arc<Core>, Response> {
    let core = core_of(&app.hall, realm)?;
    let has_role = {
        let city = core.city();
        let role = city.roles.role_of(seat).id.clone();
        !seat.as_str().trim().is_empty() && city.roles.roles.iter().any(|it| it.id == role)
    };
    if !has_role {
        return Err((StatusCode::FORBIDDEN, format!("席位「{seat}」没有角色，不能问")).into_response());
    }
    if !app.hall.assistant.admits(seat) {
        return Err((StatusCode::TOO_MANY_REQUESTS, "问得太快，请过一分钟再问").into_response());
    }
    Ok(core)
}

fn unfit(why: String) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, why).into_response()
}
