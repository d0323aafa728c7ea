//! 指标 for screens and other programs: definitions, figures as they change, how they went, what lies beneath one.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use super::{
    Changes,
    beneath::{Beneath, describe},
    export::{self, Form},
};
use crate::{api::core_of, core::Core, server::App};
use axum::{
    Json, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use gulang_city::{
    Realm,
    indicators::{Definitions, FigureKey},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows told of one figure where the asker names no limit.
const ROWS: usize = 200;
/// Trends and hours asked for at once.
const MAX_KEYS: usize = 400;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/indicators", get(definitions))
        .route("/api/indicators/figures", get(figures))
        .route("/api/indicators/trends", get(trends))
        .route("/api/indicators/hours", get(hours))
        .route("/api/indicators/beneath", get(beneath))
        .route("/api/indicators/beneath.csv", get(beneath_csv))
        .route("/api/indicators/beneath.parquet", get(beneath_parquet))
}

#[derive(Deserialize)]
pub struct Asked {
    realm: Option<Realm>,
    /// What the asker has: of another engine, or of none, it gets every figure.
    #[serde(default)]
    epoch: u64,
    #[serde(default)]
    since: u64,
    #[serde(default)]
    keys: String,
    #[serde(default)]
    key: String,
    limit: Option<usize>,
}

impl Asked {
    /// Those that are written as keys are, up to [`MAX_KEYS`].
    fn keys(&self) -> impl Iterator<Item = FigureKey> {
        self.keys.split(',').filter_map(|it| it.parse().ok()).take(MAX_KEYS)
    }

    fn key(&self) -> Result<FigureKey, Response> {
        let why = || format!("没有这样的指标「{}」；写作 指标号@city 或 指标号@分组:编号", self.key);
        self.key.parse().map_err(|_| (StatusCode::BAD_REQUEST, why()).into_response())
    }
}

/// The engine is held while it counts: nobody waits for it on a thread that serves others.
async fn asked_of<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Result<T, Response> {
    let failed = |why: tokio::task::JoinError| (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response();
    tokio::task::spawn_blocking(look).await.map_err(failed)
}

#[derive(Serialize)]
pub struct Told {
    realm: Realm,
    simulated: bool,
    epoch: u64,
    faults: Vec<String>,
    /// None before the first count.
    definitions: Option<Definitions>,
}

/// 指标口径：名称、单位、口径、来源、责任部门、时效、目标、预警线、公式
#[utoipa::path(get, path = "/api/indicators", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "{realm, simulated, epoch, faults, definitions: {basis, themes, areas, all}}", content_type = "application/json")))]
pub async fn definitions(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Told>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let (realm, simulated) = (core.realm, core.simulated);
    let (epoch, definitions, faults) = asked_of(move || core.indicators.definitions()).await?;
    Ok(Json(Told { realm, simulated, epoch, faults, definitions }))
}

/// 指标的数：自某个修订号以来变了的；没有数的说明为什么
#[utoipa::path(get, path = "/api/indicators/figures", params(("realm" = Option<String>, Query, description = "actual | exercise"), ("epoch" = Option<u64>, Query, description = "上次应答的 epoch"), ("since" = Option<u64>, Query, description = "上次应答的 revision")), responses((status = 200, description = "{epoch, revision, now_ms, n_figures, faults, figures}", content_type = "application/json")))]
pub async fn figures(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<Changes>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    asked_of(move || core.indicators.changes(asked.epoch, asked.since)).await.map(Json)
}

/// 指标的走势：一天之内每 5 分钟一个数
#[utoipa::path(get, path = "/api/indicators/trends", params(("realm" = Option<String>, Query, description = "actual | exercise"), ("keys" = String, Query, description = "指标号@分组，逗号分开")), responses((status = 200, description = "{指标: [[毫秒, 数], …]}", content_type = "application/json")))]
pub async fn trends(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<BTreeMap<String, Vec<(i64, f32)>>>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    let look = move || {
        let inner = core.indicators.lock();
        let points = |key: &FigureKey| inner.trends.of(key).into_iter().map(|(at, value)| (at.0, value)).collect();
        asked.keys().map(|key| (key.to_string(), points(&key))).collect()
    };
    asked_of(look).await.map(Json)
}

/// 指标的整点数：两周之内每个整点留存的数，日历热图用
#[utoipa::path(get, path = "/api/indicators/hours", params(("realm" = Option<String>, Query, description = "actual | exercise"), ("keys" = String, Query, description = "指标号@分组，逗号分开")), responses((status = 200, description = "{指标: [[毫秒, 数], …]}", content_type = "application/json")))]
pub async fn hours(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Json<BTreeMap<String, Vec<(i64, f64)>>>, Response> {
    let core = core_of(&app.hall, asked.realm)?;
    asked_of(move || core.indicators.hours(asked.keys())).await.map(Json)
}

#[derive(Serialize)]
pub struct RowsTold {
    key: FigureKey,
    /// All of them, told or not.
    n: usize,
    rows: Vec<Beneath>,
}

/// 一个数由哪些记录而来
#[utoipa::path(get, path = "/api/indicators/beneath", params(("realm" = Option<String>, Query, description = "actual | exercise"), ("key" = String, Query, description = "指标号@分组"), ("limit" = Option<usize>, Query, description = "最多几行，不写是 200")), responses((status = 200, description = "{key, n, rows: [{id, kind, number, name, words, at_ms}]}", content_type = "application/json"), (status = 400, description = "没有这样的指标")))]
pub async fn beneath(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Json<RowsTold>, Response> {
    let (core, key) = (core_of(&app.hall, asked.realm)?, asked.key()?);
    let look = move || {
        let (n, rows) = rows_of(&core, &key, asked.limit.unwrap_or(ROWS));
        RowsTold { key, n, rows }
    };
    asked_of(look).await.map(Json)
}

/// 同上，全部行，表格软件打得开的 CSV
#[utoipa::path(get, path = "/api/indicators/beneath.csv", params(("realm" = Option<String>, Query, description = "actual | exercise"), ("key" = String, Query, description = "指标号@分组"), ("limit" = Option<usize>, Query, description = "最多几行，不写是全部")), responses((status = 200, description = "CSV，UTF-8 带 BOM", content_type = "text/csv"), (status = 400, description = "没有这样的指标")))]
pub async fn beneath_csv(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Response, Response> {
    beneath_file(&app, &asked, Form::Csv)
}

/// 同上，Parquet：kind、number、name、words、at（毫秒，UTC）；title 在文件的键值里
#[utoipa::path(get, path = "/api/indicators/beneath.parquet", params(("realm" = Option<String>, Query, description = "actual | exercise"), ("key" = String, Query, description = "指标号@分组"), ("limit" = Option<usize>, Query, description = "最多几行，不写是全部")), responses((status = 200, description = "Parquet", content_type = "application/vnd.apache.parquet"), (status = 400, description = "没有这样的指标")))]
pub async fn beneath_parquet(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Response, Response> {
    beneath_file(&app, &asked, Form::Parquet)
}

fn beneath_file(app: &App, asked: &Asked, form: Form) -> Result<Response, Response> {
    let (core, key) = (core_of(&app.hall, asked.realm)?, asked.key()?);
    let title = title_of(&core, &key);
    let body = export::body(core, key, title, form, asked.limit.unwrap_or(usize::MAX));
    Ok(([(header::CONTENT_TYPE, form.content_type())], body).into_response())
}

fn rows_of(core: &Core, key: &FigureKey, limit: usize) -> (usize, Vec<Beneath>) {
    // Out of the engine first: no two locks at once.
    let ids = core.indicators.beneath(key);
    let readings = core.lane().readings.clone();
    let n = ids.len();
    let city = core.city();
    (n, ids.into_iter().take(limit).map(|id| describe(&city, &readings, id)).collect())
}

/// `在办案件（件）・思明区・示例指标`, for whoever opens the file later.
fn title_of(core: &Core, key: &FigureKey) -> String {
    let definitions = core.indicators.definitions().1.unwrap_or_default();
    let Some(one) = definitions.get(key.indicator.as_str()) else { return key.to_string() };
    let group = key.group.zh(&core.city());
    let simulated = if core.simulated { "・仿真数据" } else { "" };
    let at = core.clock.now().to_beijing_text();
    format!("{}（{}）・{group}・{}{simulated}・截至 {at}", one.zh, one.unit, definitions.basis)
}
