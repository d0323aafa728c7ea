//! Pictures that go with reports: kept under their hash beside the log, so that what a record names is what was sent.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{
    api::core_of,
    log::{hex, sm3},
    server::App,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path as UrlPath, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gulang_city::Realm;
use gulang_platforms::egova::MAX_MEDIA_BYTES;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where pictures are kept in a realm's folder, newest ways first.
const FOLDERS: [&str; 2] = ["media", "detections"];

#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("不是 JPEG 或 PNG 图片")]
    NoPicture,
    #[error("图片存不下来：{0}")]
    Io(#[from] std::io::Error),
}

/// Keeps a picture; the name it has from now on. The same picture has one name.
pub async fn keep(dir: &Path, bytes: &[u8]) -> Result<String, MediaError> {
    let kind = kind_of(bytes).ok_or(MediaError::NoPicture)?;
    let name = format!("{}.{kind}", hex(&sm3(&[bytes])));
    let folder = dir.join("media");
    tokio::fs::create_dir_all(&folder).await?;
    // Whoever reads meanwhile finds the whole file or none.
    let (part, whole) = (folder.join(format!("{name}.part")), folder.join(&name));
    tokio::fs::write(&part, bytes).await?;
    tokio::fs::rename(part, whole).await?;
    Ok(name)
}

/// A picture by its name, if it is kept and no larger than any that is sent.
pub async fn read(dir: &Path, name: &str) -> Option<Vec<u8>> {
    let is_plain = !name.starts_with('.') && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it));
    if !is_plain {
        return None;
    }
    for file in FOLDERS.iter().map(|it| dir.join(it).join(name)) {
        if let Some(bytes) = read_bounded(file).await {
            return Some(bytes);
        }
    }
    None
}

async fn read_bounded(file: PathBuf) -> Option<Vec<u8>> {
    let n = tokio::fs::metadata(&file).await.ok()?.len();
    let bytes = if n <= MAX_MEDIA_BYTES as u64 { tokio::fs::read(file).await.ok()? } else { return None };
    kind_of(&bytes).is_some().then_some(bytes)
}

/// By its first bytes.
pub fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("jpg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("png")
    } else {
        None
    }
}

/// A picture as an answer to a screen.
pub(crate) fn answer(bytes: Vec<u8>) -> Response {
    let kind = if kind_of(&bytes) == Some("png") { "image/png" } else { "image/jpeg" };
    ([(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], bytes).into_response()
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/media", post(put).layer(DefaultBodyLimit::max(MAX_MEDIA_BYTES)))
        .route("/api/media/snapshot", post(put_snapshot))
        .route("/api/media/{name}", get(picture))
}

#[derive(Deserialize)]
struct Which {
    realm: Option<Realm>,
}

impl Which {
    fn dir(&self, app: &App) -> Result<PathBuf, Response> {
        Ok(core_of(&app.hall, self.realm)?.dir.clone())
    }
}

#[derive(Deserialize)]
struct OfFeed {
    /// `camera:ID` or `drone:ID`.
    feed: String,
    realm: Option<Realm>,
}

/// 存一张随案件上报的图片（JPEG、PNG，至多 8 MB）；应答里的 name 写进命令的 media
async fn put(State(app): State<App>, Query(which): Query<Which>, body: Bytes) -> Result<Json<Value>, Response> {
    kept(&which.dir(&app)?, &body).await
}

/// 把一路画面此刻的样子存下来，随案件上报；应答同上
async fn put_snapshot(State(app): State<App>, Query(asked): Query<OfFeed>) -> Result<Json<Value>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let (jpeg, _) = crate::eyes::api::last_picture(&core, &asked.feed).await?;
    kept(&core.dir, &jpeg).await
}

async fn kept(dir: &Path, bytes: &[u8]) -> Result<Json<Value>, Response> {
    let name = keep(dir, bytes).await.map_err(|why| {
        let status = match why {
            MediaError::NoPicture => StatusCode::UNPROCESSABLE_ENTITY,
            MediaError::Io(_) => StatusCode::INSUFFICIENT_STORAGE,
        };
        (status, why.to_string()).into_response()
    })?;
    Ok(Json(json!({ "name": name })))
}

async fn picture(
    State(app): State<App>,
    UrlPath(name): UrlPath<String>,
    Query(which): Query<Which>,
) -> Result<Response, Response> {
    let dir = which.dir(&app)?;
    let bytes = read(&dir, &name).await.ok_or_else(|| (StatusCode::NOT_FOUND, "没有这张图片").into_response())?;
    Ok(answer(bytes))
}
