//! REST for pictures: which feeds are open and how they do, the last picture of one, the clips.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use super::{clips, feed_key, feed_of, lock};
use crate::{core::Core, server::App};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use gulang_city::{Realm, Timestamp};
use gulang_wire::Watch;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/feeds", get(feeds))
        .route("/api/feeds/{id}/snapshot.jpg", get(snapshot))
        .route("/api/clips", get(list_clips))
        .route("/api/clips/{name}", get(clip))
}

#[derive(Deserialize)]
struct Which {
    realm: Option<Realm>,
}

impl Which {
    fn core(&self, app: &App) -> Result<Arc<Core>, Response> {
        let watch = self.realm.map_or(Watch::Follow, Watch::Only);
        app.hall.core_for(watch).ok_or_else(|| not_found("没有进行中的演练"))
    }
}

fn not_found(why: &str) -> Response {
    (StatusCode::NOT_FOUND, why.to_owned()).into_response()
}

/// 打开着的画面：状态、缘由、帧率、时延、观看数
async fn feeds(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app)?;
    let listed = core.eyes.statuses().into_iter().map(|it| json!({ "id": feed_key(&it.feed), "status": it }));
    let openers: Vec<String> = core.eyes.openers.all().iter().map(|it| it.name().to_owned()).collect();
    Ok(Json(json!({
        "realm": core.realm, "simulated": core.simulated, "now_ms": core.clock.now().0,
        "feeds": listed.collect::<Vec<_>>(), "openers": openers,
    })))
}

/// 最近一帧（或向平台要一张快照），`X-Gulang-At` 是拍摄时刻，毫秒
async fn snapshot(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Response> {
    let core = which.core(&app)?;
    let (jpeg, at) = last_picture(&core, &id).await?;
    let headers = [
        ("content-type", "image/jpeg".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("x-gulang-at", at.0.to_string()),
        ("x-gulang-simulated", core.simulated.to_string()),
    ];
    Ok((headers, jpeg).into_response())
}

/// The last picture of a feed named `camera:ID` or `drone:ID`, or a still of it, and when it was taken.
pub(crate) async fn last_picture(core: &Core, id: &str) -> Result<(Vec<u8>, Timestamp), Response> {
    let feed = feed_of(id).ok_or_else(|| not_found("写成 camera:编号 或 drone:编号"))?;
    let last = lock(&core.eyes.house).last(&feed).map(|it| (it.jpeg.to_vec(), it.picture.at));
    if let Some(last) = last {
        return Ok(last);
    }
    let opener = core.eyes.openers.with(&feed, 0, |it| it.still);
    let opener = opener.ok_or_else(|| not_found("这路画面没有打开，也没有快照来源"))?;
    match tokio::time::timeout(super::STILL_LIMIT, opener.still(&feed)).await {
        Ok(Ok(jpeg)) => Ok((jpeg, core.clock.now())),
        Ok(Err(why)) => Err((StatusCode::BAD_GATEWAY, why.to_string()).into_response()),
        Err(_) => Err((StatusCode::GATEWAY_TIMEOUT, "视频平台没有按时给出快照").into_response()),
    }
}

/// 告警与指令前后留存的录像，新的在前
async fn list_clips(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app)?;
    let dir = core.dir.clone();
    let clips = tokio::task::spawn_blocking(move || clips::listed(&dir)).await.unwrap_or_default();
    Ok(Json(json!({ "realm": core.realm, "simulated": core.simulated, "clips": clips })))
}

async fn clip(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Response> {
    let core = which.core(&app)?;
    let file = clips::file_of(&core.dir, &name).ok_or_else(|| not_found("没有这段录像"))?;
    let bytes = tokio::fs::read(file).await.map_err(|why| not_found(&why.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "video/mp4")], bytes).into_response())
}
