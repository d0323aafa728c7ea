//! An upper platform that is pushed to: it keeps the first of every page, durable before it is acknowledged, and forgets
//! nothing. What it has is told by `GET /journal`. Its faults are set under the name `upper`; `slow_ms:N` takes the page and
//! then answers late, which is how a line that breaks mid-way looks from the other side.

use crate::{
    app::{App, Fault},
    journal::Entry,
    server,
};
use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gulang_platforms::exchange::{ExchangePage, write_ack};
use serde_json::json;
use std::sync::Arc;

const NAME: &str = "upper";

/// `POST /upper`.
pub(crate) async fn push(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let fault = app.fault(NAME);
    // One that is slow has the page before it is slow.
    if !matches!(fault, Some(Fault::Slow(_)))
        && let Some(instead) = server::misbehave(&app, NAME).await
    {
        return instead;
    }
    let page: ExchangePage = match serde_json::from_slice(&body) {
        Ok(page) => page,
        Err(e) => {
            return Json(json!({ "code": 400, "msg": format!("读不懂：{e}"), "simulated": true })).into_response();
        }
    };
    let (batch, number) = (page.batch.clone(), page.page);
    let kept = tokio::task::spawn_blocking({
        let app = app.clone();
        move || {
            let entry = Entry::Pushed {
                at: app.clock.now(),
                batch: page.batch,
                page: page.page,
                n_items: page.items.len(),
                last: page.last,
            };
            app.desk().journal.append(entry)
        }
    });
    match kept.await {
        Ok(Ok(())) => {}
        Ok(Err(e)) => return (StatusCode::INSUFFICIENT_STORAGE, e.to_string()).into_response(),
        Err(e) => return (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
    if let Some(Fault::Slow(delay)) = fault {
        tokio::time::sleep(delay).await;
    }
    let mut answer = write_ack(&batch, number);
    answer["simulated"] = true.into();
    Json(answer).into_response()
}
