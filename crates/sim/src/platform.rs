//! The city's platforms over REST, in the shape of the eGova open interface: one endpoint, an action inside.
//!
//! `code` 0 is success; anything else is failure, though HTTP says 200. `NOTIFY` is durable before it is answered and is
//! idempotent by `noticeId`. A platform serves one realm and answers the other with code 403.

use crate::{
    agencies,
    app::{App, Desk, Fault},
    case_desk,
    cases::ChangeKey,
    errands::Errand,
    evacuation::{self, Told},
    journal::{CaseTold, Entry, Notice},
    street,
};
use axum::{
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gulang_city::{DistrictId, LonLat, Realm, TeamId, Timestamp, TownshipId};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};

const MAX_PAGE: usize = 2000;
const CITY_PLATFORM: &str = "yunguanfu";
const EMERGENCY_PLATFORM: &str = "yingji";

/// Why an action was not done, as the platform words it.
pub(crate) struct Denied {
    pub(crate) code: i64,
    pub(crate) msg: String,
}

#[derive(Deserialize)]
struct Request {
    action: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
pub(crate) struct PageRequest {
    #[serde(default)]
    pub(crate) cursor: String,
    #[serde(default = "default_limit")]
    pub(crate) limit: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReturnRequest {
    district_id: String,
    #[serde(default)]
    township_id: Option<String>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    exercise: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancelRequest {
    notice_id: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    superseded_by: Option<String>,
}

/// `DISPATCH`, or `RECALL` without a place. Places are WGS-84.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrandRequest {
    unit_id: String,
    #[serde(default)]
    coordinatex: Option<f64>,
    #[serde(default)]
    coordinatey: Option<f64>,
    #[serde(default)]
    crs: Option<String>,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    exercise: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UrgeRequest {
    rec_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CaseRequest {
    rec_id: String,
    #[serde(default)]
    unit_id: Option<String>,
    #[serde(default)]
    deadline: Option<String>,
    #[serde(default)]
    reason: String,
}

pub(crate) async fn openapi(
    State(app): State<Arc<App>>,
    Path(platform): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let known = [CITY_PLATFORM, EMERGENCY_PLATFORM].contains(&platform.as_str())
        || app.world.pack.agencies.iter().any(|a| a.platform.as_str() == platform);
    if !known {
        return StatusCode::NOT_FOUND.into_response();
    }
    let fault = app.fault(&platform);
    match fault {
        Some(Fault::Down) => return (StatusCode::SERVICE_UNAVAILABLE, "service unavailable").into_response(),
        Some(Fault::ErrorCode) => return denied(500, "系统繁忙，请稍后再试").into_response(),
        Some(Fault::Http500) => return (StatusCode::INTERNAL_SERVER_ERROR, "internal error").into_response(),
        Some(Fault::Garbage) => return "<html><body>网关超时</body>".into_response(),
        Some(Fault::Hang) => loop {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        },
        Some(Fault::Slow(_) | Fault::Twice | Fault::Confused) | None => {}
    }
    let has_token = query.get("egova_openapi_token").is_some_and(|t| !t.is_empty());
    // The journal syncs its file; keep that off the async threads.
    let answer = tokio::task::spawn_blocking(move || {
        if !has_token {
            return Err(denied(401, "缺少 egova_openapi_token"));
        }
        let request: Request = read(serde_json::from_slice(&body), "request")?;
        act(&app, &platform, &request.action, request.data)
    })
    .await;
    if let Some(Fault::Slow(delay)) = fault {
        tokio::time::sleep(delay).await;
    }
    match answer {
        Ok(Ok(data)) => axum::Json(json!({ "code": 0, "msg": "ok", "data": data, "simulated": true })).into_response(),
        Ok(Err(denied)) => denied.into_response(),
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}

/// `GET /journal`: what arrived, how often, and what was turned away. Tests judge by it.
pub(crate) async fn journal(State(app): State<Arc<App>>) -> axum::Json<Value> {
    let desk = app.desk();
    let orders: Vec<Value> = desk
        .journal
        .orders
        .iter()
        .map(|o| {
            json!({
                "noticeId": o.notice.notice_id, "platform": o.platform, "exercise": o.notice.exercise,
                "received_at": o.at.0, "times": o.times, "cancelled": o.cancelled_at.is_some(),
                "supersededBy": o.superseded_by,
                "orderId": o.notice.order_id, "unitId": o.notice.unit_id, "title": o.notice.title,
            })
        })
        .collect();
    let calls: Vec<Value> = desk
        .journal
        .calls
        .iter()
        .map(|it| {
            json!({
                "key": it.call.key, "channel": it.channel, "to": it.call.to, "exercise": it.call.exercise,
                "received_at": it.at.0, "times": it.times, "text": it.call.text,
            })
        })
        .collect();
    axum::Json(json!({
        "realm": app.world.realm, "orders": orders, "calls": calls, "refused": desk.journal.refused,
        "news": desk.journal.news, "simulated": true,
        "reports": desk.journal.reports.iter().map(|it| json!({
            "recId": it.rec_id, "title": it.report.title, "exercise": it.report.exercise, "at": it.at.0,
            "medias": it.report.n_medias, "service": it.report.service,
        })).collect::<Vec<_>>(),
        "steps": desk.journal.steps.iter().map(|(at, action, rec_id, note)| json!({
            "action": action, "recId": rec_id, "note": note, "at": at.0,
        })).collect::<Vec<_>>(),
        "videoCalls": desk.journal.videos.iter().map(|(key, it)| json!({
            "callId": key, "personId": it.person, "at": it.at.0, "ended": it.ended_at.is_some(),
        })).collect::<Vec<_>>(),
        "pushed": desk.journal.pushed.iter().map(|it| json!({
            "batch": it.batch, "page": it.page, "items": it.n_items, "last": it.last, "times": it.times,
        })).collect::<Vec<_>>(),
    }))
}

fn act(app: &App, platform: &str, action: &str, data: Value) -> Result<Value, Denied> {
    let news_id = data["newsId"].as_str().unwrap_or_default().to_owned();
    match action {
        "ITEM_INST_SYNC" if platform == CITY_PLATFORM => sync_cases(app, parse(data, action)?),
        "REPORT" if platform == CITY_PLATFORM => case_desk::report(app, news_id, &data),
        "SIGN" | "DISPOSE_FEEDBACK" | "CHECK_FEEDBACK" | "EVALUATE" if platform == CITY_PLATFORM => {
            case_desk::step(app, action, news_id, &data)
        }
        "UPLOAD_MEDIA" if platform == CITY_PLATFORM => case_desk::upload(&data),
        "GET_REC_INFO" if platform == CITY_PLATFORM => case_desk::info(app, &data),
        "GET_REC_PROCESS_INFO" if platform == CITY_PLATFORM => case_desk::process(app, &data),
        "VIDEO_CALL" | "VIDEO_CALL_END" if *platform == *app.world.pack.grid.platform => {
            street::call(app, action, &data)
        }
        "NOTIFY" => notify(app, platform, parse(data, action)?),
        "APPLY_CANCEL" | "APPLY_ROLLBACK" | "APPLY_POSTPONE" if data.get("recId").is_some() => {
            change_case(app, platform, action, news_id, parse(data, action)?)
        }
        "APPLY_CANCEL" => cancel(app, news_id, parse(data, action)?),
        "SUPERVISE" | "PRESS" => urge(app, action, news_id, parse(data, action)?),
        "GET_NOTICE_INFO" => notices(app, platform, parse(data, action)?),
        "GET_EVACUATION_INFO" if platform == EMERGENCY_PLATFORM => people_moved(app, parse(data, action)?),
        "ALLOW_RETURN" if platform == EMERGENCY_PLATFORM => allow_return(app, platform, news_id, parse(data, action)?),
        "DISPATCH" | "RECALL" if platform == EMERGENCY_PLATFORM => {
            send_unit(app, platform, action, news_id, parse(data, action)?)
        }
        "GET_UNIT_INFO" if platform == EMERGENCY_PLATFORM => units_said(app, parse(data, action)?),
        _ => Err(denied(404, format!("本平台不支持 {action}"))),
    }
}

fn sync_cases(app: &App, page: PageRequest) -> Result<Value, Denied> {
    let after = match page.cursor.as_str() {
        "" => ChangeKey::before(app.feed_from),
        text => {
            let [at, number, stage] = cursor(text)?;
            ChangeKey { at: Timestamp(at), number: number as u64, stage: stage.clamp(0, 7) as u8 }
        }
    };
    let now = app.clock.now();
    let mut desk = app.desk();
    // What is reported or applied for from now on is no older than what was told.
    desk.told_until = desk.told_until.max(now);
    let (mut items, mut next, more) = app.world.case_items(after, now, page.limit.clamp(1, MAX_PAGE));
    if !desk.journal.cases.is_empty() {
        items.retain_mut(|item| as_told(item, &desk.journal.cases));
    }
    for (key, item) in case_desk::changes(app, &desk.journal, after, if more { next.at + -1 } else { now }) {
        next = next.max(key);
        items.push(item);
    }
    drop(desk);
    let cursor = format!("{}-{}-{}", next.at.0, next.number, next.stage);
    Ok(json!({ "items": items, "cursor": cursor, "more": more }))
}

/// Bends a case's news to what was asked of it; `false` once it is cancelled.
fn as_told(item: &mut Value, told: &HashMap<String, CaseTold>) -> bool {
    let Some(told) = item["recId"].as_str().and_then(|it| told.get(it)) else { return true };
    let at = item["actTime"].as_str().and_then(Timestamp::parse);
    if told.cancelled_at.is_some_and(|cancelled| at.is_none_or(|at| at > cancelled)) {
        return false;
    }
    if let Some(unit) = &told.unit_id {
        item["unitId"] = unit.as_str().into();
    }
    if let Some(deadline) = told.deadline {
        item["deadline"] = deadline.to_beijing_text().into();
    }
    true
}

/// 退回 (to another unit if one is named), 延期, 作废. A returned case goes on at its own pace: redoing takes no extra time.
fn change_case(
    app: &App,
    platform: &str,
    action: &str,
    news_id: String,
    request: CaseRequest,
) -> Result<Value, Denied> {
    if platform != CITY_PLATFORM {
        return Err(denied(404, format!("本平台没有案件，不支持 {action}")));
    }
    let deadline = match request.deadline.as_deref() {
        None => None,
        Some(text) => Some(Timestamp::parse(text).ok_or_else(|| denied(400, format!("deadline 无法识别：{text}")))?),
    };
    if action == "APPLY_POSTPONE" && deadline.is_none() {
        return Err(denied(400, "延期要有 deadline"));
    }
    if let Some(unit) = &request.unit_id
        && !app.world.pack.agencies.iter().any(|it| it.id.as_str() == unit)
    {
        return Err(denied(400, format!("没有部门 {unit}")));
    }
    let mut desk = app.desk();
    let at = app.clock.now().max(desk.told_until);
    let rec_id = request.rec_id.clone();
    let CaseRequest { unit_id, reason, .. } = request;
    let is_long = deadline.is_some_and(|it| it.since_ms(at) > case_desk::LONGEST_POSTPONEMENT_MS);
    let denied = if is_long { "延期超过七天，不予批准".to_owned() } else { String::new() };
    let entry = Entry::Case { at, action: action.into(), rec_id: rec_id.clone(), unit_id, deadline, reason, denied };
    let duplicate = !take(&mut desk, news_id, at, entry)?;
    Ok(json!({ "recId": rec_id, "accepted": true, "duplicate": duplicate }))
}

fn notify(app: &App, platform: &str, notice: Notice) -> Result<Value, Denied> {
    if notice.notice_id.is_empty() || notice.unit_id.is_empty() {
        return Err(denied(400, "noticeId 与 unitId 不能为空"));
    }
    let mut desk = app.desk();
    let at = app.clock.now().max(desk.told_until);
    let ours = app.world.realm == Realm::Exercise;
    if notice.exercise != ours {
        let why = if ours { "演练平台不接收实战指令" } else { "实战平台不接收演练指令" };
        let (notice_id, exercise) = (notice.notice_id, notice.exercise);
        let entry = Entry::Refused { at, platform: platform.into(), notice_id, exercise, why: why.into() };
        desk.journal.append(entry).map_err(unwritable)?;
        return Err(denied(403, why));
    }
    let notice_id = notice.notice_id.clone();
    if let Some(number) = desk.journal.number_of(&notice_id) {
        desk.journal.append(Entry::Repeat { at, notice_id }).map_err(unwritable)?;
        return Ok(json!({ "receiptId": receipt(number), "duplicate": true }));
    }
    desk.journal
        .append(Entry::Order { at, platform: platform.into(), notice: Box::new(notice) })
        .map_err(unwritable)?;
    Ok(json!({ "receiptId": receipt(desk.journal.orders.len() - 1), "duplicate": false }))
}

/// What came with a key is done once; `false` if it was done before. Without one it is done as often as it comes.
pub(crate) fn take(desk: &mut Desk, news_id: String, at: Timestamp, entry: Entry) -> Result<bool, Denied> {
    let taken = match news_id.is_empty() {
        true => desk.journal.append(entry).map(|()| true),
        false => desk.journal.append_news(news_id, at, entry),
    };
    taken.map_err(unwritable)
}

/// An order not here yet is withdrawn all the same: it may come after its withdrawal.
fn cancel(app: &App, news_id: String, request: CancelRequest) -> Result<Value, Denied> {
    let mut desk = app.desk();
    let at = app.clock.now().max(desk.told_until) + 1; // What was told up to now stands.
    let CancelRequest { notice_id, reason, superseded_by } = request;
    let number = desk.journal.number_of(&notice_id);
    let entry = Entry::Cancel { at, notice_id, reason, superseded_by };
    let duplicate = !take(&mut desk, news_id, at, entry)?;
    Ok(json!({ "receiptId": number.map(receipt), "duplicate": duplicate }))
}

/// 派出 and 收回 of a unit: it goes there by its own way, or home.
fn send_unit(
    app: &App,
    platform: &str,
    action: &str,
    news_id: String,
    request: ErrandRequest,
) -> Result<Value, Denied> {
    let mut desk = app.desk();
    // What was told up to now stands.
    let at = app.clock.now().max(desk.told_until) + 1;
    let ErrandRequest { unit_id, coordinatex, coordinatey, crs, purpose, exercise } = request;
    if exercise != (app.world.realm == Realm::Exercise) {
        let why = "派出与收回不属于本平台的实战或演练";
        let notice_id = format!("{action} {unit_id}");
        let entry = Entry::Refused { at, platform: platform.into(), notice_id, exercise, why: why.into() };
        desk.journal.append(entry).map_err(unwritable)?;
        return Err(denied(403, why));
    }
    let unit = TeamId::from(unit_id.as_str());
    if !app.world.pack.forces().any(|it| it.id == unit) {
        return Err(denied(400, format!("没有队伍 {unit_id}")));
    }
    if let Some(other) = crs.filter(|it| it != "WGS84") {
        return Err(denied(400, format!("坐标系要 WGS84，不是 {other}")));
    }
    let to = coordinatex.zip(coordinatey).map(|(lon, lat)| LonLat(lon, lat));
    if to.is_some_and(|it| !it.is_sane()) {
        return Err(denied(400, "坐标不在地球上"));
    }
    let is_home = action == "RECALL";
    let errand = Errand { at, unit: unit.clone(), to: to.filter(|_| !is_home), is_home };
    let entry = match is_home {
        true => Entry::Recall { at, unit },
        false => Entry::Dispatch { at, unit, to, purpose },
    };
    let is_new = take(&mut desk, news_id, at, entry)?;
    if is_new {
        desk.errands.add(&errand, &app.world);
    }
    Ok(json!({ "unitId": unit_id, "accepted": true, "duplicate": !is_new }))
}

/// 报到: what units that are out said.
fn units_said(app: &App, page: PageRequest) -> Result<Value, Denied> {
    let after = position(&page.cursor)?;
    let mut desk = app.desk();
    let now = app.clock.now();
    desk.told_until = desk.told_until.max(now);
    let mut found = desk.errands.said(&app.world, now);
    found.retain(|it| it.key > after);
    let (more, cursor) = cut(&mut found, page.limit, after, |it| it.key);
    let units: Vec<&TeamId> = app.world.pack.forces().map(|it| &it.id).collect();
    let items: Vec<Value> = found
        .iter()
        .map(|it| {
            let at = Timestamp(it.key[0]).to_beijing_text();
            json!({ "unitId": units[it.unit], "note": it.note, "at": at, "simulated": true })
        })
        .collect();
    Ok(json!({ "items": items, "cursor": cursor, "more": more }))
}

/// 放行返回. From now on people of the place go home, and are counted as they do.
fn allow_return(app: &App, platform: &str, news_id: String, request: ReturnRequest) -> Result<Value, Denied> {
    let ReturnRequest { district_id, township_id, reason, exercise } = request;
    let mut desk = app.desk();
    // What was told up to now stands.
    let at = app.clock.now().max(desk.told_until) + 1;
    if exercise != (app.world.realm == Realm::Exercise) {
        let why = "放行返回不属于本平台的实战或演练";
        let notice_id = format!("ALLOW_RETURN {district_id}");
        let entry = Entry::Refused { at, platform: platform.into(), notice_id, exercise, why: why.into() };
        desk.journal.append(entry).map_err(unwritable)?;
        return Err(denied(403, why));
    }
    let pack = &app.world.pack;
    if !pack.districts.iter().any(|it| it.id.as_str() == district_id) {
        return Err(denied(400, format!("没有区 {district_id}")));
    }
    if let Some(id) = &township_id
        && !pack.townships.iter().any(|it| it.id.as_str() == id)
    {
        return Err(denied(400, format!("没有镇街 {id}")));
    }
    let township = township_id.as_deref().map(TownshipId::from);
    let entry = Entry::Return { at, district: DistrictId::from(district_id.as_str()), township, reason };
    let duplicate = !take(&mut desk, news_id, at, entry)?;
    Ok(json!({ "districtId": district_id, "accepted": true, "duplicate": duplicate }))
}

fn urge(app: &App, action: &str, news_id: String, request: UrgeRequest) -> Result<Value, Denied> {
    let mut desk = app.desk();
    let at = app.clock.now().max(desk.told_until);
    let entry = Entry::Urge { at, action: action.into(), rec_id: request.rec_id.clone() };
    let duplicate = !take(&mut desk, news_id, at, entry)?;
    Ok(json!({ "recId": request.rec_id, "duplicate": duplicate }))
}

fn notices(app: &App, platform: &str, page: PageRequest) -> Result<Value, Denied> {
    let after = position(&page.cursor)?;
    let mut desk = app.desk();
    let now = app.clock.now();
    desk.told_until = desk.told_until.max(now);
    let (f, dice) = (&app.world.figures.orders, app.world.orders_dice());
    let mut found = Vec::new();
    for (number, order) in desk.journal.orders.iter().enumerate().filter(|(_, o)| o.platform == platform) {
        for (i, step) in agencies::steps(order, f, dice, app.world.injects()).into_iter().enumerate() {
            let key = [step.at.0, number as i64, i as i64];
            if step.at <= now && key > after {
                found.push((key, order, step));
            }
        }
    }
    found.sort_by_key(|(key, ..)| *key);
    let (more, cursor) = cut(&mut found, page.limit, after, |(key, ..)| *key);
    let mut items: Vec<Value> = found
        .iter()
        .map(|(_, order, step)| {
            json!({
                "noticeId": order.notice.notice_id, "orderId": order.notice.order_id,
                "definitionVersion": order.notice.definition_version, "status": step.status, "note": step.note,
                "at": step.at.to_beijing_text(), "simulated": true,
            })
        })
        .collect();
    match app.fault(platform) {
        Some(Fault::Twice) => items = items.into_iter().flat_map(|it| [it.clone(), it]).collect(),
        Some(Fault::Confused) => items = items.into_iter().flat_map(confused).collect(),
        _ => {}
    }
    Ok(json!({ "items": items, "cursor": cursor, "more": more }))
}

/// The answer, after one about an order nobody gave and two about versions that are not this order's.
fn confused(item: Value) -> [Value; 4] {
    let with = |key: &str, value: Value| {
        let mut item = item.clone();
        item[key] = value;
        item
    };
    let stranger = with("orderId", json!(900_000_000 + item["orderId"].as_u64().unwrap_or_default()));
    [stranger, with("definitionVersion", json!(0)), with("definitionVersion", json!(99)), item]
}

fn people_moved(app: &App, page: PageRequest) -> Result<Value, Denied> {
    let after = position(&page.cursor)?;
    let mut desk = app.desk();
    let now = app.clock.now();
    desk.told_until = desk.told_until.max(now);
    let (f, dice) = (&app.world.figures.orders, app.world.orders_dice());
    let window = [Timestamp(after[0].max(0)), now];
    let told = Told { orders: &desk.journal.orders, returns: &desk.journal.returns, injects: app.world.injects() };
    let mut found = evacuation::said(told, &app.world.pack, f, dice, window);
    found.retain(|it| it.key > after);
    let (more, cursor) = cut(&mut found, page.limit, after, |it| it.key);
    let items: Vec<Value> = found.into_iter().map(|it| it.item).collect();
    Ok(json!({ "items": items, "cursor": cursor, "more": more }))
}

/// Cuts a page; whether there is more, and where the next begins.
pub(crate) fn cut<T>(
    found: &mut Vec<T>,
    limit: usize,
    after: [i64; 3],
    key: impl Fn(&T) -> [i64; 3],
) -> (bool, String) {
    let limit = limit.clamp(1, MAX_PAGE);
    let more = found.len() > limit;
    found.truncate(limit);
    let [at, a, b] = found.last().map_or(after, key);
    (more, if at == i64::MIN { String::new() } else { format!("{at}-{a}-{b}") })
}

pub(crate) fn position(text: &str) -> Result<[i64; 3], Denied> {
    if text.is_empty() { Ok([i64::MIN; 3]) } else { cursor(text) }
}

fn cursor(text: &str) -> Result<[i64; 3], Denied> {
    let parts: Option<Vec<i64>> = text.split('-').map(|part| part.parse().ok()).collect();
    parts.and_then(|p| p.try_into().ok()).ok_or_else(|| denied(400, format!("cursor 无法识别：{text}")))
}

pub(crate) fn parse<T: DeserializeOwned>(data: Value, action: &str) -> Result<T, Denied> {
    read(serde_json::from_value(data), action)
}

pub(crate) fn read<T>(parsed: serde_json::Result<T>, what: &str) -> Result<T, Denied> {
    parsed.map_err(|e| denied(400, format!("{what} 参数错误：{e}")))
}

fn receipt(number: usize) -> String {
    format!("R{:08}", number + 1)
}

fn default_limit() -> usize {
    200
}

pub(crate) fn unwritable(e: std::io::Error) -> Denied {
    denied(507, format!("日志无法写入：{e}"))
}

pub(crate) fn denied(code: i64, msg: impl Into<String>) -> Denied {
    Denied { code, msg: msg.into() }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        axum::Json(json!({ "code": self.code, "msg": self.msg, "data": null, "simulated": true })).into_response()
    }
}
