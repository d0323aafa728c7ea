//! Source health for screens and integrators, and the door webhooks knock at.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{
    api::core_of,
    blind::blind_of,
    clock::wall_now,
    connectors::{
        contract::{Knock, KnockRefusal, Taken},
        names,
    },
    core::Core,
    server::App,
    sources::{Sample, SourceEntry},
};
use axum::{
    Json, Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gulang_city::{HealthState, Realm};
use gulang_platforms::mapping::To;
use gulang_wire::Watch;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::{mpsc::error::TrySendError, oneshot};

/// Larger requests to a webhook are refused unread.
const MAX_KNOCK_BYTES: usize = 4 * 1024 * 1024;
/// What to do about one that fell silent without any failure of ours.
const UNHEARD: &str = "没有出错，只是没有消息：查对方的电源和网络，核对它发往的地址；来了消息会自动恢复";
/// Until a webhook's whole request is here.
const READ_LIMIT: Duration = Duration::from_secs(20);
/// Until what a webhook brought is in the log.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Rates are counted by the second: the next one has room.
const RETRY_AFTER_S: &str = "1";

pub fn routes() -> Router<App> {
    Router::new().route("/api/sources", get(sources)).route("/api/sources/{name}/retry", post(retry))
}

/// Outside the launch's token: webhooks have secrets of their own.
pub fn door() -> Router<App> {
    Router::new().route("/hook/{name}", post(hook))
}

#[derive(Deserialize)]
pub struct Asked {
    realm: Option<Realm>,
}

/// One source, as it is now. Times are the realm's clock, milliseconds since 1970.
#[derive(Serialize)]
struct Told {
    name: String,
    title: String,
    kind: String,
    /// Where it is asked, or where it calls.
    address: String,
    realm: Realm,
    simulated: bool,
    state: HealthState,
    since: Option<i64>,
    per_s: f64,
    bytes_per_s: f64,
    lag_ms: Option<i64>,
    n_messages: u64,
    n_dropped: u64,
    n_refused: u64,
    n_losses: u64,
    last_error: String,
    remedy: String,
    last_heard: Option<i64>,
    freshness_s: f64,
    /// What cannot be seen without it, and which decision that weakens.
    blind: &'static str,
    weakens: &'static str,
    /// Its own lines: of one that pushes what was pushed, how far, what was answered last.
    standing: Vec<String>,
    sample: Option<Sample>,
}

/// 数据源：每个连接器的灯、速率、滞后、丢弃与拒收、最近的样例，没有它看不见什么
#[utoipa::path(get, path = "/api/sources", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "{realm, now_ms, fault, sources: [{name, title, kind, address, realm, simulated, state, since, per_s, bytes_per_s, lag_ms, n_messages, n_dropped, n_refused, n_losses, last_error, remedy, last_heard, freshness_s, blind, weakens, standing, sample}]}", content_type = "application/json")))]
pub async fn sources(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Value>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let mapped: BTreeMap<String, To> =
        app.hall.connectors().iter().filter_map(|it| Some((it.name.to_string(), it.mapped_to()?))).collect();
    let told: Vec<Told> =
        core.sources.all().iter().map(|it| told(&core, it, mapped.get(&*it.about.name).copied())).collect();
    Ok(Json(json!({
        "realm": core.realm, "now_ms": core.clock.now().0, "fault": core.sources.fault(), "sources": told,
    })))
}

fn told(core: &Core, entry: &SourceEntry, mapped_to: Option<To>) -> Told {
    let about = &entry.about;
    let figures = entry.figures(wall_now().0);
    let (mut state, since, lamp_error) = {
        let city = core.city();
        let lamp = city.connectors.get(&*about.name);
        let state = lamp.map_or(HealthState::Unknown, |it| it.state);
        (state, lamp.map(|it| it.since.0), lamp.map(|it| it.last_error.to_string()).unwrap_or_default())
    };
    // Asked only when somebody asks: its silence says nothing, and it is no record.
    if &*about.kind == names::ASSISTANT && figures.n_messages + figures.n_losses > 0 {
        state = if figures.last_error.is_empty() { HealthState::Healthy } else { HealthState::Degraded };
    }
    let last_heard = core.lane().readings.heard.get(&*about.name).map(|it| it.0).filter(|it| *it > 0);
    let (blind, weakens) = blind_of(&about.name, &about.kind, mapped_to);
    let remedy = match (state, figures.remedy) {
        (HealthState::Silent, it) if it.is_empty() && !about.address.is_empty() => UNHEARD.to_owned(),
        (_, it) => it,
    };
    Told {
        name: about.name.to_string(),
        title: about.title.to_string(),
        kind: about.kind.to_string(),
        address: entry.redact(&about.address),
        realm: core.realm,
        simulated: about.simulated,
        state,
        since,
        per_s: figures.per_s,
        bytes_per_s: figures.bytes_per_s,
        lag_ms: figures.lag_ms,
        n_messages: figures.n_messages,
        n_dropped: figures.n_dropped,
        n_refused: figures.n_refused,
        n_losses: figures.n_losses,
        last_error: if figures.last_error.is_empty() { lamp_error } else { figures.last_error },
        remedy,
        last_heard,
        freshness_s: about.freshness_s,
        blind,
        weakens,
        standing: figures.standing,
        sample: figures.sample,
    }
}

/// 马上再试一次
#[utoipa::path(post, path = "/api/sources/{name}/retry", params(("name" = String, Path, description = "连接器的名字"), ("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "{ok}"), (status = 404, description = "没有这个来源")))]
pub async fn retry(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let entry = core.sources.get(&name).ok_or_else(|| (StatusCode::NOT_FOUND, "没有这个来源").into_response())?;
    if &*entry.about.kind == names::ASSISTANT {
        app.hall.assistant.try_again();
    }
    entry.try_again();
    Ok(Json(json!({ "ok": true })))
}

/// 平台推送；令牌或签名见配置
#[utoipa::path(post, path = "/hook/{name}", params(("name" = String, Path, description = "webhook 连接器的名字")), request_body(content_type = "application/json", content = String, description = "按配置的映射读取"), responses((status = 200, description = "{read, refused}：读懂几条、拒收几条"), (status = 401, description = "签名或令牌不对"), (status = 404, description = "没有这个入口"), (status = 408, description = "20 秒内没有收完"), (status = 413, description = "超过 4 MiB"), (status = 429, description = "来得太快：按 Retry-After（秒）重发，已计入丢弃"), (status = 503, description = "没有记录，请重发")))]
pub async fn hook(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Response> {
    let mut cores = [Realm::Actual, Realm::Exercise].into_iter().filter_map(|it| app.hall.core_for(Watch::Only(it)));
    let found = cores.find_map(|core| {
        let entry = core.sources.get(&name)?;
        Some((entry.door()?, entry))
    });
    let (door, entry) = found.ok_or_else(|| (StatusCode::NOT_FOUND, "没有这个入口").into_response())?;
    let body = read_whole(&entry, body).await?;
    // With a queue that is full there is room for none.
    let n_bytes = body.len();
    let crowded = || {
        entry.admit(n_bytes, wall_now().0, Some(0));
    };
    let Taken { n_read, n_refused } = knock(&door, &headers, body, crowded).await?;
    Ok(Json(json!({ "code": 0, "read": n_read, "refused": n_refused })))
}

/// To be sent again, and when.
fn too_fast() -> Response {
    let after = [(header::RETRY_AFTER, RETRY_AFTER_S)];
    (StatusCode::TOO_MANY_REQUESTS, after, KnockRefusal::TooFast.to_string()).into_response()
}

/// A request's body, which anybody may send: of bounded length, in bounded time, few of one door at once.
async fn read_whole(entry: &SourceEntry, body: Body) -> Result<Bytes, Response> {
    let _place = entry.reading.try_acquire().map_err(|_| too_fast())?;
    let late = |_| (StatusCode::REQUEST_TIMEOUT, "没有收完，请重发").into_response();
    let read = tokio::time::timeout(READ_LIMIT, to_bytes(body, MAX_KNOCK_BYTES)).await.map_err(late)?;
    read.map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, "超过 4 MiB，或没有发完").into_response())
}

/// Hands one request to whoever listens, and waits for its answer. `crowded` is told where too many wait already.
pub async fn knock(
    door: &tokio::sync::mpsc::Sender<Knock>,
    headers: &HeaderMap,
    body: Bytes,
    crowded: impl FnOnce() + Send,
) -> Result<Taken, Response> {
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers: BTreeMap<String, String> = headers.iter().filter_map(text).collect();
    let (answer, answered) = oneshot::channel();
    door.try_send(Knock { headers, body, answer }).map_err(|why| match why {
        TrySendError::Full(_) => {
            crowded();
            too_fast()
        }
        TrySendError::Closed(_) => (StatusCode::NOT_FOUND, "没有这个入口").into_response(),
    })?;
    let late = || (StatusCode::SERVICE_UNAVAILABLE, "没有记录，请重发").into_response();
    let answered = tokio::time::timeout(ANSWER_LIMIT, answered).await.map_err(|_| late())?.map_err(|_| late())?;
    answered.map_err(|why| {
        let status = match why {
            KnockRefusal::TooFast => return too_fast(),
            KnockRefusal::Unauthorized => StatusCode::UNAUTHORIZED,
            KnockRefusal::NotRecorded(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, why.to_string()).into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_too_fast_is_told_when_to_come_again() {
        let answer = too_fast();
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        let after = answer.headers().get(header::RETRY_AFTER).and_then(|it| it.to_str().ok());
        assert_eq!(after.and_then(|it| it.parse().ok()), Some(1u32));
    }
}
