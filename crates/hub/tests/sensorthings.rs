//! The SensorThings connector against a server that pages, misleads and falls.

use async_trait::async_trait;
use axum::{
    Json, Router,
    extract::{Query, State},
    http::HeaderMap,
    routing::get,
};
use gulang_city::{Timestamp, tiny_pack};
use gulang_hub::{
    connectors::{
        contract::{ConnectorConfig, Ear, Listener, Parts, Secrets, Sink, Wire},
        sensorthings::open,
    },
    feeds::Cursors,
    realm::Actual,
};
use gulang_platforms::{Heard, News};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

type Error = Box<dyn std::error::Error>;

const NOW: Timestamp = Timestamp(1_795_138_200_000); // 2026-11-20T01:30:00Z

#[derive(Default)]
struct Server {
    /// Where the second page of Observations is said to be; none: on this server.
    next: Option<String>,
    asked: Mutex<Vec<String>>,
}

async fn datastreams(State(server): State<Arc<Server>>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    note(&server, format!("streams {}", query.get("$skip").map_or("", String::as_str)));
    let stream = |id: i64, thing: &str, symbol: &str| {
        json!({ "@iot.id": id, "name": "depth", "unitOfMeasurement": { "symbol": symbol },
            "ObservedProperty": { "name": "water depth" }, "Thing": { "@iot.id": id, "name": thing } })
    };
    Json(match query.get("$skip") {
        None => json!({ "value": [stream(1, "flood-1", "m")], "@iot.nextLink": "Datastreams?$skip=1" }),
        Some(_) => json!({ "value": [stream(2, "flood-2", "mm"), stream(3, "odd", "chi")] }),
    })
}

async fn observations(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let token = headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default();
    note(&server, format!("{} {token}", query.get("$filter").map_or("next", String::as_str)));
    let row = |id: i64, at: &str, result: Value| json!({ "phenomenonTime": at, "resultTime": at, "result": result, "Datastream": { "@iot.id": id } });
    Json(match query.get("$skip") {
        None => {
            json!({ "value": [row(1, "2026-11-20T01:29:00Z", json!(0.42)), row(2, "2026-11-20T01:29:10Z", json!("wet"))],
            "@iot.nextLink": server.next.clone().unwrap_or_else(|| "Observations?$skip=2".to_owned()) })
        }
        Some(_) => json!({ "value": [row(2, "2026-11-20T01:29:30Z", json!(120))] }),
    })
}

fn note(server: &Server, what: String) {
    server.asked.lock().unwrap_or_else(PoisonError::into_inner).push(what);
}

#[derive(Default)]
struct Notes(Mutex<Heard>);

#[async_trait]
impl Sink for Notes {
    async fn take(&self, _: &[u8], heard: Heard) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(heard);
        Ok(())
    }
    fn alive(&self) {}
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// The server, what it was asked, and a connector that asks it.
async fn connect(next: Option<String>, cursors: Arc<Cursors>) -> Result<(Arc<Server>, Box<dyn Listener>), Error> {
    let server = Arc::new(Server { next, ..Server::default() });
    let router = Router::new()
        .route("/v1.1/Datastreams", get(datastreams))
        .route("/v1.1/Observations", get(observations))
        .with_state(server.clone());
    let socket = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/v1.1/", socket.local_addr()?);
    tokio::spawn(async move { axum::serve(socket, router).await });
    let config: ConnectorConfig = toml::from_str(&format!(
        r#"
name = "sta"
title = "积水监测"
kind = "sensorthings"
url = "{url}"
every_s = 3600
freshness_s = 60
[options]
streams = [{{ observed = "water depth", to = "sensor", unit = "cm" }}]
"#
    ))?;
    let secrets = Secrets([("token".into(), "t0ken".to_owned())].into());
    let parts = Parts::<Actual> { cursors, secrets, ..Parts::apart(Arc::new(tiny_pack())) };
    match open(&config, &parts) {
        Ok(Wire::Speaks(listener)) => Ok((server, listener)),
        Ok(Wire::Asked(_)) => Err("it should speak".into()),
        Err(why) => Err(why.into()),
    }
}

/// Listens until it waits for its next turn, or fails.
async fn listen(listener: &mut dyn Listener) -> (Heard, Option<String>) {
    let notes = Arc::new(Notes::default());
    let ear = Ear { platform: "sta".into(), sink: notes.clone() };
    let ended = tokio::time::timeout(Duration::from_secs(3), listener.listen(&ear)).await;
    let heard = std::mem::take(&mut *notes.0.lock().unwrap_or_else(PoisonError::into_inner));
    (heard, ended.ok().and_then(Result::err).map(|why| why.to_string()))
}

#[tokio::test]
async fn pages_are_turned_and_gone_on_from_where_they_ended() -> Result<(), Error> {
    let cursors = Arc::new(Cursors::default());
    let (server, mut listener) = connect(None, cursors.clone()).await?;
    let (heard, failure) = listen(&mut *listener).await;
    assert_eq!(failure, None);
    let gauge = |sensor: &str, value, secs| News::Gauge { sensor: sensor.into(), value, at: NOW.plus_secs(secs) };
    assert_eq!(heard.news, [gauge("flood-1", 42.0, -60), gauge("flood-2", 12.0, -30)]);
    // The unit nobody knows, and the result that is no figure.
    assert_eq!(heard.refused.len(), 2, "{:?}", heard.refused);
    let asked = server.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let expected =
        ["streams ", "streams 1", "resultTime ge 2026-11-20T01:29:00.000Z Bearer t0ken", "next Bearer t0ken"];
    assert_eq!(asked, expected);

    // After a restart it begins at the newest it has.
    let (server, mut listener) = connect(None, cursors).await?;
    listen(&mut *listener).await;
    let asked = server.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(asked[2], "resultTime ge 2026-11-20T01:29:30.000Z Bearer t0ken");
    Ok(())
}

#[tokio::test]
async fn the_token_goes_nowhere_else() -> Result<(), Error> {
    let (server, mut listener) =
        connect(Some("http://127.0.0.1:9/v1.1/Observations?$skip=2".into()), Arc::default()).await?;
    let (heard, failure) = listen(&mut *listener).await;
    assert!(failure.is_some_and(|it| it.contains("127.0.0.1:9") && it.contains("serviceRootUrl")));
    assert_eq!(heard.news.len(), 1, "the first page counts");
    assert_eq!(server.asked.lock().unwrap_or_else(PoisonError::into_inner).len(), 3);
    Ok(())
}
