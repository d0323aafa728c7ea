//! The same gateways in another shape: forms in, delivery reports out in carriers' words. The shape is our own, no product's;
//! it proves that a city adds a gateway by its configuration alone.
//!
//! `POST /gateway/{channel}/mt` `account=&secret=&mobile=&content=&extno=&drill=0|1` → `{"result":0,"taskid":…}`;
//! `GET /gateway/{channel}/report?account=&secret=&since=` → `{"result":0,"reports":[{"extno","stat","err"}],"since","more"}`.
//! Results: 0 taken, 2 no account, 11 the other realm's, 99 else.

use crate::{
    app::App,
    gateway::{is_channel, outcomes, take},
    journal::CallRequest,
    platform::{Denied, PageRequest},
    server::misbehave,
};
use axum::{
    Form, Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const REPORTS: usize = 500;

#[derive(Deserialize)]
pub(crate) struct Submitted {
    #[serde(default)]
    account: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    mobile: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    extno: String,
    #[serde(default)]
    drill: u8,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    account: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    since: String,
}

pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    Path(channel): Path<String>,
    Form(submitted): Form<Submitted>,
) -> Response {
    let Submitted { account, secret, mobile, content, extno, drill } = submitted;
    let call = CallRequest { key: extno, to: mobile, text: content, exercise: drill == 1 };
    let is_known = !account.is_empty() && !secret.is_empty();
    said(app, channel, is_known, move |app, channel| {
        let taken = take(app, channel, call)?;
        Ok(json!({ "result": 0, "taskid": taken["messageId"], "simulated": true }))
    })
    .await
}

pub(crate) async fn report(
    State(app): State<Arc<App>>,
    Path(channel): Path<String>,
    Query(Asked { account, secret, since }): Query<Asked>,
) -> Response {
    let is_known = !account.is_empty() && !secret.is_empty();
    said(app, channel, is_known, move |app, channel| {
        let page = outcomes(app, channel, &PageRequest { cursor: since, limit: REPORTS })?;
        let reports: Vec<Value> = page["items"].as_array().into_iter().flatten().map(in_their_words).collect();
        Ok(json!({ "result": 0, "reports": reports, "since": page["cursor"], "more": page["more"], "simulated": true }))
    })
    .await
}

fn in_their_words(item: &Value) -> Value {
    let stat = match item["status"].as_str() {
        Some("delivered") => "DELIVRD",
        Some("answered") => "REPLIED",
        Some("no_answer") => "NOANSW",
        _ => "UNDELIV",
    };
    json!({ "extno": item["key"], "stat": stat, "err": item["note"] })
}

/// Off the async threads: the journal syncs its file.
async fn said(
    app: Arc<App>,
    channel: String,
    is_known: bool,
    act: impl FnOnce(&App, &str) -> Result<Value, Denied> + Send + 'static,
) -> Response {
    if !is_channel(&channel) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if let Some(instead) = misbehave(&app, &channel).await {
        return instead;
    }
    if !is_known {
        return Json(json!({ "result": 2, "description": "账号或口令为空", "simulated": true })).into_response();
    }
    match tokio::task::spawn_blocking(move || act(&app, &channel)).await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(Denied { code, msg })) => {
            let result = if code == 403 { 11 } else { 99 };
            Json(json!({ "result": result, "description": msg, "simulated": true })).into_response()
        }
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}
