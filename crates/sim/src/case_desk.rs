//! What the case platform does beside telling its cases: takes reports and steps, answers applications, tells one case's
//! process with its pictures, gives tokens.
//!
//! A case reported to us lives like any other from then on; how fast is drawn from the seed and its number.

use crate::{
    app::App,
    cases::ChangeKey,
    journal::{Entry, Journal, ReportRequest, ReportedCase},
    platform::{Denied, denied, take, unwritable},
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use gulang_city::{CaseStage, Realm, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

/// A longer postponement is denied.
pub(crate) const LONGEST_POSTPONEMENT_MS: i64 = 7 * 24 * 3_600_000;
/// Above the numbers of all other cases.
const FIRST_NUMBER: u64 = 1 << 50;
/// From one stage to the next, minutes: soonest, usual, latest.
const STAGE_MINS: [[f64; 3]; 6] =
    [[0.5, 2.0, 6.0], [1.0, 4.0, 15.0], [5.0, 20.0, 60.0], [10.0, 40.0, 150.0], [2.0, 10.0, 40.0], [5.0, 30.0, 120.0]];
/// An application is answered after, minutes.
const REPLY_MINS: [f64; 3] = [1.0, 4.0, 15.0];
const TOKEN_SECS: u64 = 7200;
/// Of all pictures of a report together, as base64.
const MAX_MEDIA_CHARS: usize = 12 * 1024 * 1024;

/// When a reported case enters each stage.
fn stages(app: &App, case: &ReportedCase) -> [Timestamp; 7] {
    let dice = app.world.orders_dice().of_text(&case.rec_id);
    let mut at = case.at;
    let mut stages = [at; 7];
    for (i, spread) in STAGE_MINS.into_iter().enumerate() {
        at = at.plus_secs((dice.of(i as u64).spread(spread) * 60.0) as i64);
        stages[i + 1] = at;
    }
    stages
}

/// What became of reported cases and of applications, after a cursor and up to `until`.
pub(crate) fn changes(app: &App, journal: &Journal, after: ChangeKey, until: Timestamp) -> Vec<(ChangeKey, Value)> {
    let mut found = Vec::new();
    let is_new = |key: &ChangeKey| *key > after && key.at <= until;
    for (i, case) in journal.reports.iter().enumerate().filter(|(_, it)| it.report.service.is_empty()) {
        for (stage, at) in stages(app, case).into_iter().enumerate() {
            let key = ChangeKey { at, number: FIRST_NUMBER + i as u64, stage: stage as u8 + 1 };
            if is_new(&key) {
                found.push((key, item(case, stage, at)));
            }
        }
    }
    for (i, it) in journal.applications.iter().enumerate() {
        let dice = app.world.orders_dice().of_text(&it.rec_id).of(i as u64);
        let at = it.at.plus_secs((dice.spread(REPLY_MINS) * 60.0) as i64);
        let key = ChangeKey { at, number: 2 * FIRST_NUMBER + i as u64, stage: 0 };
        if is_new(&key) {
            let action = it.action.replacen("APPLY_", "REPLY_", 1);
            let item = json!({
                "action": action, "recId": it.rec_id, "allowed": it.denied.is_empty(), "reason": it.denied,
                "actTime": at.to_beijing_text(), "simulated": true,
            });
            found.push((key, item));
        }
    }
    found.sort_by_key(|(key, _)| *key);
    found
}

fn item(case: &ReportedCase, stage: usize, at: Timestamp) -> Value {
    let it = &case.report;
    json!({
        "recId": case.rec_id, "taskNum": format!("RW{}", case.rec_id), "recType": it.rec_type, "title": it.title,
        "address": it.address, "districtId": it.district_id, "coordinatex": it.coordinatex,
        "coordinatey": it.coordinatey, "unitId": it.unit_id, "level": it.level.clamp(1, 4), "stage": stage + 1,
        "createTime": case.at.to_beijing_text(), "actTime": at.to_beijing_text(),
        "deadline": case.at.plus_mins(24 * 60).to_beijing_text(), "simulated": true,
    })
}

/// REPORT. The same key again is the same case.
pub(crate) fn report(app: &App, news_id: String, data: &Value) -> Result<Value, Denied> {
    let mut report: ReportRequest =
        serde_json::from_value(data.clone()).map_err(|e| denied(400, format!("REPORT 参数错误：{e}")))?;
    let medias = data["medias"].as_array().map_or(&[][..], Vec::as_slice);
    let n_chars: usize = medias.iter().filter_map(|it| it["content"].as_str()).map(str::len).sum();
    if n_chars > MAX_MEDIA_CHARS {
        return Err(denied(413, "图片太大，先用 UPLOAD_MEDIA 上传"));
    }
    report.n_medias = medias.len();
    if report.title.is_empty() || report.district_id.is_empty() {
        return Err(denied(400, "title 与 districtId 不能为空"));
    }
    if !app.world.pack.agencies.iter().any(|it| it.id.as_str() == report.unit_id) {
        return Err(denied(400, format!("没有部门 {}", report.unit_id)));
    }
    let mut desk = app.desk();
    let at = app.clock.now().max(desk.told_until) + 1;
    if report.exercise != (app.world.realm == Realm::Exercise) {
        let why = "上报的案件不属于本平台的实战或演练";
        let entry = Entry::Refused {
            at,
            platform: "yunguanfu".into(),
            notice_id: format!("REPORT {}", report.title),
            exercise: report.exercise,
            why: why.into(),
        };
        desk.journal.append(entry).map_err(unwritable)?;
        return Err(denied(403, why));
    }
    let rec_id = format!("ZB{:06}", desk.journal.reports.len() + 1);
    let entry = Entry::Report { at, rec_id: rec_id.clone(), report: Box::new(report) };
    let is_new = take(&mut desk, news_id.clone(), at, entry)?;
    let rec_id = match (is_new, desk.journal.report_of(&news_id)) {
        (false, Some(known)) => known.rec_id.clone(),
        _ => rec_id,
    };
    Ok(json!({ "recId": rec_id, "taskNum": format!("RW{rec_id}"), "duplicate": !is_new }))
}

/// SIGN, DISPOSE_FEEDBACK, CHECK_FEEDBACK, EVALUATE.
pub(crate) fn step(app: &App, action: &str, news_id: String, data: &Value) -> Result<Value, Denied> {
    let rec_id = rec_id_of(data)?;
    let note = data["note"].as_str().unwrap_or_default().to_owned();
    let mut desk = app.desk();
    let at = app.clock.now().max(desk.told_until);
    let entry = Entry::Step { at, action: action.into(), rec_id: rec_id.clone(), note };
    let is_new = take(&mut desk, news_id, at, entry)?;
    Ok(json!({ "recId": rec_id, "accepted": true, "duplicate": !is_new }))
}

/// UPLOAD_MEDIA. The picture is looked at and thrown away; its path leads to one that is drawn.
pub(crate) fn upload(data: &Value) -> Result<Value, Denied> {
    let content = data["content"].as_str().filter(|it| !it.is_empty() && it.len() <= MAX_MEDIA_CHARS);
    let content = content.ok_or_else(|| denied(400, "没有 content，或图片太大"))?;
    let sum = content.bytes().fold(0_u64, |sum, it| sum.wrapping_mul(31).wrapping_add(it.into()));
    Ok(json!({ "mediaPath": format!("/media/{sum:016x}.jpg") }))
}

/// GET_REC_INFO: the pictures of a case. Every third case has none.
pub(crate) fn info(app: &App, data: &Value) -> Result<Value, Denied> {
    let rec_id = rec_id_of(data)?;
    let n = app.world.orders_dice().of_text(&rec_id).below(3);
    let medias: Vec<Value> = (0..n)
        .map(|i| json!({ "mediaName": format!("{i}.jpg"), "mediaUsage": "上报", "mediaPath": format!("/media/{rec_id}-{i}.jpg") }))
        .collect();
    Ok(json!({ "recId": rec_id, "medias": medias }))
}

/// GET_REC_PROCESS_INFO: what happened so far, our own doings among it.
pub(crate) fn process(app: &App, data: &Value) -> Result<Value, Denied> {
    let rec_id = rec_id_of(data)?;
    let now = app.clock.now();
    let desk = app.desk();
    let reported = desk.journal.reports.iter().find(|it| it.rec_id == rec_id);
    let (entered, unit) = match reported {
        Some(case) => (stages(app, case), case.report.unit_id.clone()),
        None => {
            let number = rec_id.parse().ok().filter(|it| *it < 10_000_000_000);
            let life = number.and_then(|it| app.world.case_life(it));
            let life = life.ok_or_else(|| denied(404, format!("没有案件 {rec_id}")))?;
            (life.stages, life.agency.to_string())
        }
    };
    let unit_name = app.world.pack.agencies.iter().find(|it| it.id.as_str() == unit).map(|it| it.name.to_string());
    let unit_name = unit_name.unwrap_or(unit);
    let passed = entered.into_iter().zip(CaseStage::ALL).filter(|(at, _)| *at <= now);
    let mut steps: Vec<(Timestamp, Value)> = passed
        .map(|(at, stage)| {
            let by = if stage < CaseStage::Handled { "受理中心" } else { unit_name.as_str() };
            (at, json!({ "actTime": at.to_beijing_text(), "actName": stage.name_zh(), "unitName": by, "note": "" }))
        })
        .collect();
    for (at, action, _, note) in desk.journal.steps.iter().filter(|it| it.2 == rec_id) {
        let name = match action.as_str() {
            "SIGN" => "签收",
            "DISPOSE_FEEDBACK" => "处置反馈",
            "CHECK_FEEDBACK" => "核查",
            _ => "评价",
        };
        let step = json!({ "actTime": at.to_beijing_text(), "actName": name, "unitName": "指挥中心", "note": note });
        steps.push((*at, step));
    }
    steps.sort_by_key(|(at, _)| *at);
    Ok(json!({ "recId": rec_id, "steps": steps.into_iter().map(|it| it.1).collect::<Vec<_>>() }))
}

fn rec_id_of(data: &Value) -> Result<String, Denied> {
    let rec_id = data["recId"].as_str().filter(|it| !it.is_empty());
    rec_id.map(str::to_owned).ok_or_else(|| denied(400, "recId 不能为空"))
}

/// `POST /oauth/token` with an id and a secret, any: nothing here is worth guarding.
pub(crate) async fn token(State(app): State<Arc<App>>, Json(asked): Json<Value>) -> Response {
    let has = |key: &str| asked[key].as_str().is_some_and(|it| !it.is_empty());
    if !has("client_id") || !has("client_secret") {
        return (StatusCode::UNAUTHORIZED, "client_id and client_secret are needed").into_response();
    }
    let token = format!("sim-{:x}", app.clock.now().0);
    Json(json!({ "access_token": token, "expires_in": TOKEN_SECS, "simulated": true })).into_response()
}

/// `GET /media/{file}`: a drawn picture.
pub(crate) async fn picture(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let drawn = tokio::task::spawn_blocking(move || {
        let (now, world) = (app.clock.now(), &app.world);
        if world.pack.drones.is_empty() {
            return None;
        }
        let fix = world.drone(&app.desk().errands, 0, now);
        Some(app.painter.still(&file, &fix, &world.weather(now), now, world.orders_dice().of_text(&file)))
    });
    match drawn.await {
        Ok(Some(jpeg)) => ([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}
