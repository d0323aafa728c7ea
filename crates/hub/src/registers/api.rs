//! REST for files: a preview with a ticket, then the import by a seat.
//!
//! The body is the file itself: a page of another origin may send plain bytes without asking first.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use super::{Held, KEPT_FOR, commands, doubt, look, look_again, take_over};
use crate::{api::core_of, assets, server::App};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use gulang_city::{ImportMode, Realm, RegisterKind, SeatId};
use gulang_intake::{Ask, Crs, Field, LEFT_OUT, MAX_FILE_BYTES};
use serde::Deserialize;
use serde_json::{Value, json};

/// Refused rows told to a screen; the command line has them all.
const MAX_REFUSED_TOLD: usize = 2_000;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/import/preview", post(preview).layer(DefaultBodyLimit::max(MAX_FILE_BYTES)))
        .route("/api/import/commit", post(commit))
}

#[derive(Deserialize)]
pub struct Asked {
    realm: Option<Realm>,
    /// A register by its id.
    r#as: String,
    /// The file's name.
    #[serde(default)]
    name: String,
    /// Of an earlier preview, instead of a body: the same file under other wishes.
    ticket: Option<String>,
    #[serde(default)]
    layer: String,
    sheet: Option<String>,
    crs: Option<String>,
    /// `field=header` or `field=#number`, `none=…` where a column is left out; one a line.
    #[serde(default)]
    map: String,
}

/// 看一份登记文件：列、收的行、拒的行、差异
#[utoipa::path(post, path = "/api/import/preview", params(("as" = String, Query, description = "teams | depots | shelters | cameras | contacts | points"), ("name" = String, Query, description = "文件名"), ("ticket" = Option<String>, Query, description = "上一次的 ticket，代替文件"), ("layer" = Option<String>, Query, description = "点位图层名"), ("sheet" = Option<String>, Query, description = "工作表名或序号"), ("crs" = Option<String>, Query, description = "wgs84 | cgcs2000 | gcj02 | bd09"), ("map" = Option<String>, Query, description = "字段=表头 或 字段=#列号，不用的列写 none=…，一行一条")), request_body(content_type = "application/octet-stream", content = String, description = "文件内容，至多 64 MB"), responses((status = 200, description = "{ticket, secs, sm3, preview}", content_type = "application/json"), (status = 422, description = "为什么读不了")))]
pub async fn preview(State(app): State<App>, Query(asked): Query<Asked>, body: Bytes) -> Result<Json<Value>, Response> {
    let unfit = |why: String| (StatusCode::UNPROCESSABLE_ENTITY, why).into_response();
    let core = core_of(&app.hall, asked.realm)?;
    let ask = asked.ask().map_err(unfit)?;
    let earlier = match &asked.ticket {
        None => None,
        Some(ticket) => Some(app.imports.get(ticket).ok_or_else(gone)?),
    };
    // A copy: judging takes seconds, and the city must not wait for it.
    let city = core.city().clone();
    let pack_dir = app.hall.pack_dir.clone();
    let judged = tokio::task::spawn_blocking(move || {
        let land = assets::read_land(&pack_dir).map_err(|why| why.to_string())?;
        let held = match earlier {
            Some(held) => look_again(&city, land.as_ref(), &held, &ask),
            None => look(&city, land.as_ref(), &asked.name, &body, &ask),
        };
        held.map_err(|why| why.to_string())
    });
    let held = judged.await.map_err(|why| why.to_string()).flatten().map_err(unfit)?;
    let mut told = held.intake.preview.clone();
    told.refused.truncate(MAX_REFUSED_TOLD);
    let sm3 = held.sm3.clone();
    let ticket = app.imports.keep(held);
    Ok(Json(json!({ "ticket": ticket, "secs": KEPT_FOR.as_secs(), "sm3": sm3, "preview": told })))
}

impl Asked {
    fn ask(&self) -> Result<Ask, String> {
        Ok(Ask {
            register: register(&self.r#as)?,
            layer: self.layer.clone(),
            sheet: self.sheet.clone().filter(|it| !it.is_empty()),
            map: self.map.lines().filter(|it| !it.trim().is_empty()).map(mapping).collect::<Result<_, _>>()?,
            crs: self.crs.as_deref().filter(|it| !it.is_empty()).map(crs).transpose()?,
        })
    }
}

pub(super) fn register(id: &str) -> Result<RegisterKind, String> {
    RegisterKind::from_id(id).ok_or_else(|| {
        let known: Vec<&str> = RegisterKind::ALL.iter().map(|it| it.id()).collect();
        format!("没有这种登记：{id}；要 {}", known.join("、"))
    })
}

pub(super) fn crs(id: &str) -> Result<Crs, String> {
    Crs::from_id(id).ok_or_else(|| format!("不认识的坐标系：{id}；要 wgs84、cgcs2000、gcj02 或 bd09"))
}

/// `lon=东经`, `lon=#3`, `none=备注`.
pub(super) fn mapping(text: &str) -> Result<(Option<Field>, String), String> {
    let (field, header) = text.split_once('=').ok_or_else(|| format!("「{text}」要写成 字段=表头"))?;
    let field = match field.trim() {
        LEFT_OUT => None,
        field => Some(Field::from_id(field).ok_or_else(|| format!("没有这个字段：{field}"))?),
    };
    Ok((field, header.trim().to_owned()))
}

#[derive(Deserialize)]
struct Wish {
    ticket: String,
    seat: SeatId,
    #[serde(default)]
    mode: ImportMode,
    reason: String,
}

/// 导入看过的那份文件
#[utoipa::path(post, path = "/api/import/commit", request_body(content_type = "application/json", content = String, description = "{ticket, seat, mode: merge | replace, reason}"), responses((status = 200, description = "{seq, n_rows}"), (status = 404, description = "预览已过期"), (status = 409, description = "为什么不行")))]
pub async fn commit(State(app): State<App>, body: Bytes) -> Result<Json<Value>, Response> {
    let unfit = |why: String| (StatusCode::UNPROCESSABLE_ENTITY, why).into_response();
    let Wish { ticket, seat, mode, reason } = serde_json::from_slice(&body).map_err(|why| unfit(why.to_string()))?;
    let conflict = |why: String| (StatusCode::CONFLICT, why).into_response();
    let held: Held = app.imports.get(&ticket).ok_or_else(gone)?;
    if app.hall.past().is_some() {
        return Err(conflict(crate::server::no_orders().to_string()));
    }
    if let Some(why) = doubt(&held) {
        return Err(conflict(why));
    }
    let core = core_of(&app.hall, Some(held.realm))?;
    let n_rows = held.intake.rows.len();
    match take_over(&core, &seat, commands(held, &ticket, mode, &reason)).await {
        Ok(seq) => {
            app.imports.take(&ticket);
            Ok(Json(json!({ "seq": seq, "n_rows": n_rows })))
        }
        Err(why) => Err(conflict(why.to_string())),
    }
}

fn gone() -> Response {
    (StatusCode::NOT_FOUND, "预览已过期，请重新选择文件").into_response()
}
