//! A GeoReport v2 server: a fiftieth of the city's cases as requests, and what is reported to it. Every second report has only
//! a token at first; its number is there when the token is asked for.

use crate::{
    app::App,
    cases::ChangeKey,
    journal::{Entry, ReportRequest, ReportedCase},
    server,
};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gulang_city::{CaseKind, CaseReport, CaseStage, LonLat, Timestamp, WarningColor};
use gulang_platforms::{
    open311::{Service, write_request},
    value::{number_of, text_of, time_of},
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};

/// Of so many cases one is a request here.
const ONE_OF: u64 = 50;
/// No older ones are told, hours.
const HOURS: i64 = 6;
const PAGE: usize = 2000;
const SERVICES: [(&str, &str); 4] =
    [("001", "道路积水"), ("002", "占道经营"), ("003", "路灯不亮"), ("004", "其他诉求")];

pub(crate) async fn services(State(app): State<Arc<App>>) -> Response {
    if let Some(instead) = server::misbehave(&app, "open311").await {
        return instead;
    }
    let list = SERVICES.map(|(code, name)| {
        json!({ "service_code": code, "service_name": name, "description": name, "metadata": false, "type": "realtime", "simulated": true })
    });
    Json(list.to_vec()).into_response()
}

fn service_of(code: &str) -> Service {
    let (code, name) = SERVICES.iter().find(|it| it.0 == code).unwrap_or(&SERVICES[3]);
    Service { code: (*code).into(), name: (*name).into() }
}

pub(crate) async fn requests(State(app): State<Arc<App>>, Query(asked): Query<HashMap<String, String>>) -> Response {
    if let Some(instead) = server::misbehave(&app, "open311").await {
        return instead;
    }
    let time = |key: &str| asked.get(key).and_then(|it| Timestamp::parse(it));
    let now = app.clock.now();
    let until = time("end_date").unwrap_or(now).min(now);
    let from = time("start_date").unwrap_or(Timestamp(0)).max(until + -(HOURS * 3_600_000));
    let found = tokio::task::spawn_blocking(move || list(&app, from, until)).await;
    match found {
        Ok(found) => Json(found).into_response(),
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}

/// The latest of every request that changed within a span.
fn list(app: &App, from: Timestamp, until: Timestamp) -> Vec<Value> {
    let mut latest: HashMap<String, Value> = HashMap::new();
    let mut after = ChangeKey::before(from);
    loop {
        let (items, next, more) = app.world.case_items(after, until, PAGE);
        for item in items {
            let number = text_of(&item["recId"]).and_then(|it| it.parse::<u64>().ok()).unwrap_or(1);
            if number.is_multiple_of(ONE_OF)
                && let Some(request) = request_of(&item)
            {
                latest.insert(number.to_string(), request);
            }
        }
        if !more || next <= after {
            break;
        }
        after = next;
    }
    let desk = app.desk();
    let reported = desk.journal.reports.iter().filter(|it| !it.report.service.is_empty() && it.at >= from);
    let mut found: Vec<Value> = latest.into_values().chain(reported.map(reported_request)).collect();
    found.sort_by_key(|it| it["service_request_id"].to_string());
    found
}

fn request_of(item: &Value) -> Option<Value> {
    let stage = CaseStage::ALL.get((item["stage"].as_u64()? as usize).checked_sub(1)?)?;
    let updated = time_of(&item["actTime"])?;
    let report = CaseReport {
        external: text_of(&item["recId"])?.into(),
        platform: "open311".into(),
        kind: CaseKind::Event,
        title: item["title"].as_str()?.into(),
        address: item["address"].as_str()?.into(),
        at: LonLat(number_of(&item["coordinatex"])?, number_of(&item["coordinatey"])?),
        district: item["districtId"].as_str()?.into(),
        agency: item["unitId"].as_str()?.into(),
        color: WarningColor::Blue,
        reported_at: time_of(&item["createTime"])?,
        due_at: time_of(&item["deadline"])?,
    };
    let mut request = write_request(&report.external, &service_of("004"), &report, *stage, "");
    request["service_name"] = item["title"].clone();
    request["updated_datetime"] = gulang_platforms::open311::w3c(updated).into();
    request["simulated"] = true.into();
    Some(request)
}

fn reported_request(case: &ReportedCase) -> Value {
    let it = &case.report;
    json!({
        "service_request_id": case.rec_id, "status": "open", "status_notes": "", "service_code": it.service,
        "service_name": service_of(&it.service).name, "description": it.description, "address": it.address,
        "requested_datetime": gulang_platforms::open311::w3c(case.at),
        "updated_datetime": gulang_platforms::open311::w3c(case.at),
        "lat": it.coordinatey, "long": it.coordinatex, "simulated": true,
    })
}

/// `POST requests.json`, a form. The standard has no key: what comes twice is there twice.
pub(crate) async fn report(State(app): State<Arc<App>>, body: Bytes) -> Response {
    if let Some(instead) = server::misbehave(&app, "open311").await {
        return instead;
    }
    let form = form_of(&String::from_utf8_lossy(&body));
    let text = |key: &str| form.get(key).cloned().unwrap_or_default();
    let number = |key: &str| text(key).parse::<f64>().ok().filter(|it| it.is_finite());
    let (Some(lat), Some(long)) = (number("lat"), number("long")) else {
        return refused(400, "lat and long are needed");
    };
    if text("service_code").is_empty() {
        return refused(400, "service_code was not provided");
    }
    let report = ReportRequest {
        title: text("description"),
        address: text("address_string"),
        coordinatex: long,
        coordinatey: lat,
        service: text("service_code"),
        description: text("description"),
        ..ReportRequest::default()
    };
    let taken = tokio::task::spawn_blocking(move || {
        let mut desk = app.desk();
        let at = app.clock.now().max(desk.told_until);
        let n = desk.journal.reports.len() + 1;
        let rec_id = format!("SR{n:06}");
        desk.journal
            .append(Entry::Report { at, rec_id: rec_id.clone(), report: Box::new(report) })
            .map(|()| (n, rec_id))
    });
    match taken.await {
        Ok(Ok((n, rec_id))) if n.is_multiple_of(2) => {
            let token = format!("T{rec_id}");
            Json(json!([{ "token": token, "service_notice": "受理中", "account_id": null, "simulated": true }]))
                .into_response()
        }
        Ok(Ok((_, rec_id))) => {
            Json(json!([{ "service_request_id": rec_id, "service_notice": "", "account_id": null, "simulated": true }]))
                .into_response()
        }
        Ok(Err(e)) => refused(507, &e.to_string()),
        Err(e) => refused(500, &e.to_string()),
    }
}

/// `GET tokens/{token}.json`.
pub(crate) async fn token(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let token = file.trim_end_matches(".json").to_owned();
    let desk = app.desk();
    let known = desk.journal.reports.iter().find(|it| token.strip_prefix('T') == Some(it.rec_id.as_str()));
    match known {
        Some(it) => {
            Json(json!([{ "service_request_id": it.rec_id, "token": token, "simulated": true }])).into_response()
        }
        None => refused(404, "token not found"),
    }
}

fn refused(code: u16, description: &str) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(json!([{ "code": code, "description": description }]))).into_response()
}

/// Pairs of `application/x-www-form-urlencoded`.
fn form_of(body: &str) -> HashMap<String, String> {
    let pair = |it: &str| {
        let (key, value) = it.split_once('=')?;
        Some((decoded(key), decoded(value)))
    };
    body.split('&').filter_map(pair).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits: Option<[u8; 2]> = rest.next().zip(rest.next()).map(|(a, b)| [a, b]);
                let hex = digits.and_then(|it| u8::from_str_radix(std::str::from_utf8(&it).ok()?, 16).ok());
                hex.unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_whatever_is_in_it() {
        let form = form_of("description=%E7%A7%AF%E6%B0%B4+a%26b&lat=24.5&broken&x=%zz%");
        assert_eq!(form.get("description").map(String::as_str), Some("积水 a&b"));
        assert_eq!(form.get("lat").map(String::as_str), Some("24.5"));
        assert_eq!(form.get("x").map(String::as_str), Some("??"));
    }
}
