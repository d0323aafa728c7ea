//! The small REST API, described at `/api/openapi.json`, and the figures for Prometheus.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{core::Core, hall::Hall, log::Log, review::Reviewed, server::App};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gulang_city::{CalloutId, CaseStage, Command, Inventory, Realm, Refusal, SeatId, Source, ThingState, Timestamp};
use gulang_wire::{Drill, Watch};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    fmt::Write,
    sync::{Arc, atomic::Ordering::Relaxed},
};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gulang hub",
        description = "鼓浪枢纽：城市概况、指令、记录，提交命令与演练。令牌在 ?token= 或 Bearer。"
    ),
    paths(
        city,
        orders,
        records,
        review,
        report,
        command,
        drill,
        crate::scenarios::scenarios,
        calls,
        evacuation,
        rain,
        quakes,
        callback,
        inventories,
        inventory,
        crate::duties::search,
        crate::registers::api::preview,
        crate::registers::api::commit,
        crate::playback_api::logs,
        crate::playback_api::playback,
        crate::sources_api::sources,
        crate::sources_api::retry,
        crate::sources_api::hook,
        crate::indicators::api::definitions,
        crate::indicators::api::figures,
        crate::indicators::api::trends,
        crate::indicators::api::hours,
        crate::indicators::api::beneath,
        crate::indicators::api::beneath_csv,
        crate::indicators::api::beneath_parquet,
        crate::bulletins::list,
        crate::bulletins::one,
        crate::briefings::list,
        crate::briefings::one,
        crate::briefings::since,
        crate::assistant::api::standing,
        crate::assistant::api::ask,
        crate::assistant::api::sort,
        crate::assistant::api::draft,
        healthz,
        metrics
    )
)]
struct ApiDoc;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/city", get(city))
        .route("/api/orders", get(orders))
        .route("/api/records", get(records))
        .route("/api/review", get(review))
        .route("/api/report", get(report))
        .route("/api/command", post(command))
        .route("/api/drill", post(drill))
        .route("/api/scenarios", get(crate::scenarios::scenarios))
        .route("/api/calls", get(calls))
        .route("/api/evacuation", get(evacuation))
        .route("/api/rain", get(rain))
        .route("/api/quakes", get(quakes))
        .route("/inventory", get(inventories))
        .route("/inventory/{id}", get(inventory))
        .route("/api/openapi.json", get(async || Json(ApiDoc::openapi())))
}

/// The realm that is asked, by default the one screens follow; 404 in words where there is none.
pub(crate) fn core_of(hall: &Hall, realm: Option<Realm>) -> Result<Arc<Core>, Response> {
    let watch = realm.map_or(Watch::Follow, Watch::Only);
    hall.core_for(watch).ok_or_else(|| (StatusCode::NOT_FOUND, "没有进行中的演练").into_response())
}

/// Which realm is asked; by default the one screens follow.
#[derive(Deserialize)]
struct Which {
    realm: Option<Realm>,
}

impl Which {
    fn core(&self, hall: &Hall) -> Result<Arc<Core>, Response> {
        core_of(hall, self.realm)
    }
}

/// 城市概况
#[utoipa::path(get, path = "/api/city", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "概况", content_type = "application/json")))]
async fn city(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app.hall)?;
    let clock = core.clock.frame();
    let city = core.city();
    let stages =
        CaseStage::ALL.iter().zip(city.n_cases_by_stage).map(|(stage, n)| (stage.name_zh().to_owned(), json!(n)));
    Ok(Json(json!({
        "name": &*city.name,
        "realm": city.realm,
        "simulated": core.simulated,
        "seq": city.seq,
        "now": clock.now.to_beijing_text(),
        "now_ms": clock.now.0,
        "clock": clock.kind,
        "footing": city.footing,
        "recommendation": city.recommendation,
        "exercise": city.exercise,
        "warnings": city.warnings.values().filter(|it| !it.cancelled).collect::<Vec<_>>(),
        "cases_by_stage": stages.collect::<serde_json::Map<_, _>>(),
        "n_cases": city.cases.len(),
        "n_open_alarms": city.open_alarms.len(),
        "n_orders": city.orders.len(),
        "connectors": city.connectors.values().collect::<Vec<_>>(),
    })))
}

/// 雨量格点：每个时次的来源、时效和各区的雨强（区中心处，mm/h）
#[utoipa::path(get, path = "/api/rain", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "雨量格点", content_type = "application/json")))]
async fn rain(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app.hall)?;
    let now = core.clock.now();
    // No two locks at once.
    let fields = core.lane().readings.rain.clone();
    let city = core.city();
    let one = |it: &gulang_city::RainField| {
        let districts =
            city.districts.values().map(|district| (district.id.to_string(), json!(it.at(district.center))));
        json!({
            "source": &*it.source, "kind": it.kind, "valid": it.valid_at.to_beijing_text(),
            "issued": it.issued_at.to_beijing_text(), "age_s": now.since_ms(it.issued_at) / 1000, "n": it.n,
            "bounds": it.bounds(), "max_mm_per_h": it.values.iter().copied().fold(0.0f32, f32::max),
            "districts": districts.collect::<serde_json::Map<_, _>>(), "simulated": it.simulated,
        })
    };
    Ok(Json(json!({ "fields": fields.iter().map(one).collect::<Vec<_>>() })))
}

/// 地震：各报、S 波到各区的时刻与推演烈度
#[utoipa::path(get, path = "/api/quakes", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "地震", content_type = "application/json")))]
async fn quakes(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app.hall)?;
    let city = core.city();
    let arrival = |it: gulang_city::QuakeArrival| {
        json!({
            "district": it.district, "km": it.epicentral_km, "s_at": it.s_at.to_beijing_text(), "s_at_ms": it.s_at.0,
            "intensity_estimated": it.intensity,
        })
    };
    let one = |it: &gulang_city::Quake| {
        json!({
            "id": it.id, "lead": it.lead, "n_reports": it.reports.len(), "cancelled": it.cancelled,
            "arrivals_estimated": city.quake_arrivals(&it.lead).into_iter().map(arrival).collect::<Vec<_>>(),
        })
    };
    let all: Vec<Value> = city.quakes.values().rev().take(200).map(one).collect();
    Ok(Json(json!({ "quakes": all, "basis": &*city.quake_rules.basis, "is_default": city.quake_rules.is_default })))
}

/// 全部指令与所在阶梯
#[utoipa::path(get, path = "/api/orders", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "指令", content_type = "application/json")))]
async fn orders(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app.hall)?;
    let city = core.city();
    let (orders, untold): (Vec<_>, Vec<_>) = (city.orders.values().collect(), city.untold.values().collect());
    Ok(Json(json!({ "realm": city.realm, "orders": orders, "untold": untold })))
}

#[derive(Deserialize)]
struct From {
    realm: Option<Realm>,
    #[serde(default)]
    from: u64,
    limit: Option<usize>,
}

/// 记录，从编号 from 起
#[utoipa::path(get, path = "/api/records", params(("from" = Option<u64>, Query, description = "首个编号"), ("limit" = Option<usize>, Query, description = "至多 10000")), responses((status = 200, description = "记录", content_type = "application/json")))]
async fn records(
    State(app): State<App>,
    Query(From { realm, from, limit }): Query<From>,
) -> Result<Json<Value>, Response> {
    let core = Which { realm }.core(&app.hall)?;
    let dir = core.dir.clone();
    let limit = limit.unwrap_or(1000).min(10_000);
    let read = tokio::task::spawn_blocking(move || Log::read(&dir, from, limit)).await;
    match read {
        Ok(Ok(records)) => Ok(Json(json!({ "realm": core.realm, "records": records }))),
        Ok(Err(error)) => Err((StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()),
        Err(error) => Err((StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()),
    }
}

#[derive(Deserialize)]
struct Stretch {
    realm: Option<Realm>,
    /// A log by its id in `/api/logs`, instead of a realm's present one. Of the one being looked back at, by default the
    /// stretch that is open.
    log: Option<String>,
    /// Milliseconds since 1970, the realm's clock; without them the whole log.
    from_ms: Option<i64>,
    to_ms: Option<i64>,
    /// `pdf` or `docx`; only asked of a report.
    form: Option<String>,
}

impl Stretch {
    /// Off the async threads: the whole log is folded.
    async fn told(&self, hall: &Hall) -> Result<Reviewed, Response> {
        let (mut from, mut to) = (self.from_ms.map(Timestamp), self.to_ms.map(Timestamp));
        let dir = match &self.log {
            None => match (Which { realm: self.realm }).core(hall) {
                Ok(core) => core.dir.clone(),
                // A drill is looked back at once it has ended, until the next one begins.
                Err(nobody) if self.realm == Some(Realm::Exercise) => hall.last_exercise_dir().ok_or(nobody)?,
                Err(nobody) => return Err(nobody),
            },
            Some(id) => {
                let open = hall.past().filter(|it| it.about.id == *id);
                if let Some((first, last)) = open.map(|it| it.stretch()) {
                    (from, to) = (from.or(Some(first)), to.or(Some(last)));
                }
                let dir = hall.logs.dir_of(id);
                dir.ok_or_else(|| (StatusCode::NOT_FOUND, format!("没有这份日志：{id}")).into_response())?
            }
        };
        let scenarios = hall.scenarios_dir().map(std::path::Path::to_owned);
        let told =
            tokio::task::spawn_blocking(move || crate::review::review(&dir, from, to, scenarios.as_deref())).await;
        let failed = |why: String| (StatusCode::INTERNAL_SERVER_ERROR, why).into_response();
        told.map_err(|why| failed(why.to_string()))?.map_err(|why| failed(why.to_string()))
    }
}

/// 复盘：谁在何时知道、指令攀升、部门、评分表，每个数带记录号
#[utoipa::path(get, path = "/api/review", params(("from_ms" = Option<i64>, Query, description = "起，毫秒"), ("to_ms" = Option<i64>, Query, description = "止，毫秒"), ("realm" = Option<String>, Query, description = "actual | exercise"), ("log" = Option<String>, Query, description = "/api/logs 里的 id，代替 realm")), responses((status = 200, description = "{review, score}", content_type = "application/json")))]
async fn review(State(app): State<App>, Query(stretch): Query<Stretch>) -> Result<Json<Reviewed>, Response> {
    stretch.told(&app.hall).await.map(Json)
}

/// 复盘报告文件
#[utoipa::path(get, path = "/api/report", params(("form" = String, Query, description = "pdf | docx"), ("from_ms" = Option<i64>, Query, description = "起，毫秒"), ("to_ms" = Option<i64>, Query, description = "止，毫秒"), ("realm" = Option<String>, Query, description = "actual | exercise"), ("log" = Option<String>, Query, description = "/api/logs 里的 id，代替 realm")), responses((status = 200, description = "文件"), (status = 422, description = "为什么写不了")))]
async fn report(State(app): State<App>, Query(stretch): Query<Stretch>) -> Result<Response, Response> {
    let form = stretch.form.clone().unwrap_or_else(|| "pdf".into());
    let kind = match form.as_str() {
        "pdf" => "application/pdf",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ => return Err((StatusCode::UNPROCESSABLE_ENTITY, "form 只能是 pdf 或 docx").into_response()),
    };
    let told = stretch.told(&app.hall).await?;
    let made = tokio::task::spawn_blocking(move || {
        crate::review::document(&told, &form, crate::assets::assets_dir().ok().as_deref())
    });
    match made.await.map_err(|why| why.to_string()).flatten() {
        Ok(bytes) => Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response()),
        Err(why) => Err((StatusCode::UNPROCESSABLE_ENTITY, why).into_response()),
    }
}

#[derive(Deserialize)]
struct Submitted {
    seat: SeatId,
    command: Command,
    realm: Option<Realm>,
}

/// 提交一条命令
#[utoipa::path(post, path = "/api/command", request_body(content_type = "application/json", content = String, description = "{seat, command, realm?}"), responses((status = 200, description = "{seq}"), (status = 409, description = "{refusal, message}"), (status = 422, description = "读不懂")))]
async fn command(State(app): State<App>, Json(submitted): Json<Submitted>) -> Result<Json<Value>, Response> {
    let core = Which { realm: submitted.realm }.core(&app.hall)?;
    let submitted = match submitted.realm {
        // Without a realm it is meant for the city the hall looks at.
        None if app.hall.past().is_some() => Err(crate::server::no_orders()),
        _ => submit_as(&core, Source::Seat(submitted.seat), submitted.command).await,
    };
    match submitted {
        Ok(seq) => Ok(Json(json!({ "seq": seq }))),
        Err(refusal) => {
            let message = refusal.to_string();
            Err((StatusCode::CONFLICT, Json(json!({ "refusal": refusal, "message": message }))).into_response())
        }
    }
}

/// 开始、调速、结束演练
#[utoipa::path(post, path = "/api/drill", request_body(content_type = "application/json", content = String, description = r#"{"Start":{"scenario":"doksuri-2023","seed":1,"speed":60.0}} | {"SetSpeed":{"speed":60.0,"paused":false}} | {"Jump":{"to":1690440000000}} | "End""#), responses((status = 200, description = "好"), (status = 409, description = "为什么不行")))]
async fn drill(State(app): State<App>, Json(drill): Json<Drill>) -> Result<Json<Value>, Response> {
    match app.hall.drill(drill).await {
        Ok(()) => Ok(Json(json!({ "ok": true }))),
        Err(why) => Err((StatusCode::CONFLICT, Json(json!({ "message": why.to_string() }))).into_response()),
    }
}

#[derive(Deserialize)]
struct Called {
    realm: Option<Realm>,
    callout: Option<u64>,
}

/// 叫应：全部或一次叫应的板、历次叫应、通联测试结果
#[utoipa::path(get, path = "/api/calls", params(("realm" = Option<String>, Query, description = "actual | exercise"), ("callout" = Option<u64>, Query, description = "只看这一次")), responses((status = 200, description = "{realm, now_ms, board, callouts, tests}", content_type = "application/json"), (status = 404, description = "没有这次叫应")))]
async fn calls(
    State(app): State<App>,
    Query(Called { realm, callout }): Query<Called>,
) -> Result<Json<Value>, Response> {
    let core = Which { realm }.core(&app.hall)?;
    let now = core.clock.now();
    let city = core.city();
    let board = match callout {
        None => Some(city.call_board(now)),
        Some(id) => city.callout_board(CalloutId(id), now),
    };
    let board = board.ok_or_else(|| (StatusCode::NOT_FOUND, "没有这次叫应").into_response())?;
    let callouts = city.calls.callouts.values().rev().take(100).map(|it| {
        json!({
            "id": it.id, "ladder": it.ladder, "cause": it.cause, "text": it.text, "by": it.by,
            "started_at": it.started_at, "ended_at": it.ended_at, "is_test": it.is_test(), "n_places": it.calls.len(),
        })
    });
    Ok(Json(json!({
        "realm": city.realm, "now_ms": now.0, "board": board, "callouts": callouts.collect::<Vec<_>>(),
        "tests": city.call_test_results(now),
    })))
}

/// 人员转移：按区、镇街，对照风圈到达
#[utoipa::path(get, path = "/api/evacuation", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "{realm, now_ms, board}", content_type = "application/json")))]
async fn evacuation(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app.hall)?;
    let now = core.clock.now();
    let city = core.city();
    Ok(Json(json!({ "realm": city.realm, "now_ms": now.0, "board": city.evacuation_board(now) })))
}

/// 网关回执；地址里的密钥见配置
#[utoipa::path(post, path = "/callback/{channel}/{secret}", params(("channel" = String, Path, description = "message | sms | voice"), ("secret" = String, Path, description = "该网关的回执密钥")), request_body(content_type = "application/json", content = String, description = "按配置 items 读取"), responses((status = 200, description = "{taken}"), (status = 404, description = "没有这个入口"), (status = 503, description = "没有记录，请重发")))]
pub async fn callback(
    State(app): State<App>,
    Path((channel, secret)): Path<(String, String)>,
    body: axum::body::Bytes,
) -> Result<Json<Value>, Response> {
    let cores = [Realm::Actual, Realm::Exercise].into_iter().filter_map(|it| app.hall.core_for(Watch::Only(it)));
    for core in cores {
        let Some(commands) = core.doors.take(&channel, &secret, &body) else { continue };
        let source = Source::Platform(channel.as_str().into());
        let batch: Vec<_> = commands.into_iter().map(|it| (source.clone(), it)).collect();
        let taken = batch.len();
        core.lane().heard(&channel.as_str().into(), core.clock.now());
        return match core.submit_all(batch).await {
            Ok(_) => Ok(Json(json!({ "code": 0, "taken": taken }))),
            Err(error) => Err((StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response()),
        };
    }
    Err((StatusCode::NOT_FOUND, "没有这个回执入口").into_response())
}

/// 城市部件名录：每类多少、各态多少、截至何时
#[utoipa::path(get, path = "/inventory", params(("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "{realm, simulated, inventories}", content_type = "application/json")))]
async fn inventories(State(app): State<App>, Query(which): Query<Which>) -> Result<Json<Value>, Response> {
    let core = which.core(&app.hall)?;
    let registers: Vec<_> = core.things().registers().map(|(it, version)| (it.clone(), version)).collect();
    let listed: Vec<Value> = registers.iter().map(|(it, version)| listed(it, *version)).collect();
    Ok(Json(json!({ "realm": core.realm, "simulated": core.simulated, "inventories": listed })))
}

fn listed(it: &Inventory, version: u64) -> Value {
    let states = ThingState::ALL.iter().zip(it.n_by_state()).map(|(state, n)| (state.name_zh().to_owned(), json!(n)));
    json!({
        "id": &*it.id,
        "name": &*it.name,
        "platform": it.platform,
        "n": it.len(),
        "moving": it.moving,
        "simulated": it.simulated,
        "version": version,
        "as_of_ms": it.as_of.0,
        "states": states.collect::<serde_json::Map<_, _>>(),
    })
}

/// 一类城市部件，按列（postcard）
#[utoipa::path(get, path = "/inventory/{id}", params(("id" = String, Path, description = "名录中的 id"), ("realm" = Option<String>, Query, description = "actual | exercise")), responses((status = 200, description = "gulang_city::Inventory", content_type = "application/octet-stream"), (status = 404, description = "没有这一类")))]
async fn inventory(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, Response> {
    let core = which.core(&app.hall)?;
    let register = core.things().get(&id);
    let register = register.ok_or_else(|| (StatusCode::NOT_FOUND, "没有这一类部件").into_response())?;
    let written = tokio::task::spawn_blocking(move || register.to_bytes().map_err(|why| why.to_string())).await;
    match written.map_err(|why| why.to_string()).flatten() {
        Ok(bytes) => Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()),
        Err(why) => Err((StatusCode::INTERNAL_SERVER_ERROR, why).into_response()),
    }
}

/// 存活检查，不需要令牌
#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "活着")))]
pub async fn healthz(State(app): State<App>) -> Json<Value> {
    Json(json!({ "ok": true, "seq": app.hall.actual().city().seq }))
}

/// Prometheus 指标
#[utoipa::path(get, path = "/metrics", responses((status = 200, description = "文本", content_type = "text/plain")))]
pub async fn metrics(State(app): State<App>) -> String {
    let mut text = String::new();
    let cores =
        [Watch::Only(Realm::Actual), Watch::Only(Realm::Exercise)].into_iter().filter_map(|it| app.hall.core_for(it));
    for core in cores {
        let realm = if core.realm == Realm::Actual { "actual" } else { "exercise" };
        let (seq, n_alarms, n_orders) = {
            let city = core.city();
            (city.seq, city.open_alarms.len(), city.orders.len())
        };
        let (n_taken, n_dropped) = {
            let lane = core.lane();
            (lane.n_taken, lane.readings.n_dropped)
        };
        let (n_things, n_changes) = {
            let things = core.things();
            (things.registers().map(|(it, _)| it.len() as u64).sum(), things.n_taken)
        };
        let it = &core.counters;
        let figures = [
            ("records", seq),
            ("alarms_open", n_alarms as u64),
            ("orders", n_orders as u64),
            ("readings_total", n_taken),
            ("readings_dropped_total", n_dropped),
            ("things", n_things),
            ("things_changes_total", n_changes),
            ("commands_total", it.n_commands.load(Relaxed)),
            ("refused_total", it.n_refused.load(Relaxed)),
            ("repeats_total", it.n_repeats.load(Relaxed)),
            ("commits_total", it.n_commits.load(Relaxed)),
            ("log_failures_total", it.n_log_failures.load(Relaxed)),
            ("orders_delivered_total", it.n_delivered.load(Relaxed)),
            ("delivery_failures_total", it.n_delivery_failures.load(Relaxed)),
            ("screens_coalesced_total", it.n_coalesced.load(Relaxed)),
            ("screens", it.n_screens.load(Relaxed)),
        ];
        for (name, value) in figures {
            let _ = writeln!(text, "gulang_{name}{{realm=\"{realm}\"}} {value}");
        }
    }
    text
}

/// A command from a person. What only platforms and the hub may say is refused here.
pub async fn submit_as(core: &Core, source: Source, command: Command) -> Result<u64, Refusal> {
    let is_seats = !matches!(
        command,
        Command::ReportCase { .. }
            | Command::JudgeReading { .. }
            | Command::JudgeByRule { .. }
            | Command::ReportOrder { .. }
            | Command::ReportMoved { .. }
            | Command::ReportEvacuation { .. }
            | Command::ReportShelter { .. }
            | Command::ReportCall { .. }
            | Command::RefuseMessage { .. }
            | Command::ReportHealth { .. }
            | Command::UpdateTyphoon { .. }
            | Command::IssueWarning { .. }
            | Command::CancelWarning { .. }
            | Command::ReportQuake { .. }
            | Command::CancelQuake { .. }
            | Command::Tick
            | Command::NoteAttempt { .. }
            | Command::NoteObservations { .. }
            | Command::AdoptPlans { .. }
            | Command::StartExercise { .. }
            | Command::EndExercise
    );
    if !is_seats {
        return Err(Refusal::Forbidden { why: "席位不能代替平台或枢纽说话".into() });
    }
    core.submit(source, command).await.map_err(|it| it.into_refusal())
}
