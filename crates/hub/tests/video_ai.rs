//! The video recognition connector against a platform that pages, lies about its pictures, points elsewhere and floods.

use async_trait::async_trait;
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::stream;
use gulang_city::{Command, Pack, Timestamp, tiny_pack};
use gulang_hub::{
    connectors::{
        contract::{ConnectorConfig, Door, Ear, KindError, Knock, KnockRefusal, Listener, Parts, Secrets, Sink, Wire},
        video_ai::open,
    },
    feeds::Cursors,
    realm::Actual,
};
use gulang_platforms::Heard;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

type Error = Box<dyn std::error::Error>;

const NOW: Timestamp = Timestamp(1_795_138_200_000); // 2026-11-20T01:30:00Z

#[derive(Default)]
struct Server {
    asked: Mutex<Vec<String>>,
}

fn note(server: &Server, what: String) {
    server.asked.lock().unwrap_or_else(PoisonError::into_inner).push(what);
}

fn jpeg() -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 48, 0, 64, 1, 1, 0x11, 0, 0xff, 0xda, 0, 2];
    bytes.extend([7, 0xff, 0xd9]);
    bytes
}

fn event(id: &str, picture: &str) -> Value {
    json!({ "id": id, "type": "0103", "cameraId": "35020001", "time": NOW.0 - 60_000, "confidence": 0.9,
        "boxes": [[0.1, 0.1, 0.2, 0.2]], "pictureUrl": picture })
}

async fn events(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let token = headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or_default();
    let cursor = query.get("cursor").cloned().unwrap_or_default();
    note(&server, format!("events {cursor} {token}"));
    Json(match cursor.as_str() {
        "" => json!({ "events": [event("1", "pictures/whole.jpg"), event("2", "pictures/cut.jpg"), { "id": "3" }],
            "cursor": "a", "more": true }),
        "a" => json!({ "events": [event("4", "pictures/endless.jpg"), event("5", "http://127.0.0.1:9/x.jpg")],
            "cursor": "b", "more": false }),
        _ => json!({ "events": [], "cursor": cursor, "more": false }),
    })
}

async fn picture(State(server): State<Arc<Server>>, Path(name): Path<String>) -> Response {
    note(&server, format!("picture {name}"));
    match name.as_str() {
        "whole.jpg" => jpeg().into_response(),
        "cut.jpg" => jpeg()[..20].to_vec().into_response(),
        // A hundred megabytes, a piece at a time.
        _ => {
            let piece = Bytes::from(vec![0xff_u8; 1024 * 1024]);
            Body::from_stream(stream::iter((0..100).map(move |_| Ok::<_, std::io::Error>(piece.clone()))))
                .into_response()
        }
    }
}

struct Notes {
    heard: Mutex<Heard>,
    door: Option<Door>,
}

#[async_trait]
impl Sink for Notes {
    async fn take(&self, _: &[u8], heard: Heard) -> Result<(), String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).append(heard);
        Ok(())
    }
    fn alive(&self) {}
    fn now(&self) -> Timestamp {
        NOW
    }
    fn door(&self) -> Option<Door> {
        self.door.clone()
    }
}

fn opened(url: &str, options: &str, token: &str, cursors: Arc<Cursors>) -> Result<Box<dyn Listener>, KindError> {
    let text = format!(
        "name = \"ai\"\ntitle = \"视频识别\"\nkind = \"video-ai\"\nurl = \"{url}\"\nevery_s = 3600\n[options]\n{options}\n"
    );
    let config: ConnectorConfig = toml::from_str(&text).map_err(|why| KindError {
        what: "test".into(),
        why: why.to_string(),
        todo: String::new(),
    })?;
    let pack: Arc<Pack> = Arc::new(tiny_pack());
    let mut secrets = BTreeMap::new();
    if !token.is_empty() {
        secrets.insert("token".into(), token.to_owned());
    }
    let parts = Parts::<Actual> { cursors, secrets: Secrets(secrets), ..Parts::apart(pack) };
    match open(&config, &parts)? {
        Wire::Speaks(listener) => Ok(listener),
        Wire::Asked(_) => Err(KindError { what: "test".into(), why: "it should speak".into(), todo: String::new() }),
    }
}

const CODES: &str = "kinds = { \"0103\" = \"stall\" }\ncameras = { \"35020001\" = \"cam-1\" }";

async fn serve(server: Arc<Server>) -> Result<String, Error> {
    let router = Router::new()
        .route("/ai/events", get(events))
        .route("/ai/pictures/{name}", get(picture))
        .route("/ai/feedback", post(|| async { "{}" }))
        .with_state(server);
    let socket = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/ai/events", socket.local_addr()?);
    tokio::spawn(async move { axum::serve(socket, router).await });
    Ok(url)
}

#[tokio::test]
async fn events_come_with_or_without_their_pictures_and_every_lack_is_said() -> Result<(), Error> {
    let server = Arc::new(Server::default());
    let url = serve(server.clone()).await?;
    let cursors = Arc::new(Cursors::default());
    let mut listener = opened(&url, CODES, "t0ken", cursors.clone())?;
    let notes = Arc::new(Notes { heard: Mutex::default(), door: None });
    let ear = Ear { platform: "ai".into(), sink: notes.clone() };
    let ended = tokio::time::timeout(Duration::from_secs(10), listener.listen(&ear)).await;
    assert!(ended.is_err(), "it waits for its next turn: {ended:?}");
    let heard = std::mem::take(&mut *notes.heard.lock().unwrap_or_else(PoisonError::into_inner));
    let mut ids = Vec::new();
    for command in &heard.commands {
        let Command::ReportDetection { report } = command else { return Err("no report".into()) };
        assert_eq!((&*report.kind, report.camera.as_str()), ("stall", "cam-1"));
        ids.push(report.event.to_string());
    }
    assert_eq!(ids, ["1", "2", "4", "5"]);
    let whys: Vec<&str> = heard.refused.iter().map(|it| it.why.as_str()).collect();
    for wanted in ["time 缺失", "图片不完整", "超过", "options.pictures"] {
        assert!(whys.iter().any(|it| it.contains(wanted)), "{wanted} in {whys:?}");
    }
    assert_eq!(whys.len(), 4, "{whys:?}");
    let asked = server.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(asked.first().map(String::as_str), Some("events  Bearer t0ken"));
    assert!(asked.contains(&"events a Bearer t0ken".to_owned()));

    // After a restart it goes on where it ended.
    let server = Arc::new(Server::default());
    let mut listener = opened(&serve(server.clone()).await?, CODES, "", cursors)?;
    let _ = tokio::time::timeout(Duration::from_secs(2), listener.listen(&ear)).await;
    let asked = server.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert_eq!(asked, ["events b "]);
    Ok(())
}

#[tokio::test]
async fn what_is_pushed_shows_its_token_and_is_answered() -> Result<(), Error> {
    let mut listener = opened("", &format!("header = \"X-Token\"\n{CODES}"), "t0ken", Arc::default())?;
    let (sender, receiver) = mpsc::channel(4);
    let door: Door = Arc::new(tokio::sync::Mutex::new(receiver));
    let notes = Arc::new(Notes { heard: Mutex::default(), door: Some(door) });
    let ear = Ear { platform: "ai".into(), sink: notes.clone() };
    let listening = tokio::spawn(async move { listener.listen(&ear).await.map_err(|why| why.to_string()) });
    let knock = |token: &str, body: Vec<u8>| {
        let (answer, answered) = oneshot::channel();
        let headers = BTreeMap::from([("x-token".to_owned(), token.to_owned())]);
        (Knock { headers, body: body.into(), answer }, answered)
    };
    let good = json!([event("1", "")]).to_string().into_bytes();
    let (it, answered) = knock("wrong", good.clone());
    sender.send(it).await?;
    assert_eq!(answered.await?, Err(KnockRefusal::Unauthorized));
    let (it, answered) = knock("t0ken", good);
    sender.send(it).await?;
    assert_eq!(answered.await?.map(|it| (it.n_read, it.n_refused)), Ok((1, 0)));
    // GBK where UTF-8 is meant.
    let (it, answered) = knock("t0ken", vec![b'"', 0xd5, 0xbc, 0xb5, 0xc0, b'"']);
    sender.send(it).await?;
    assert_eq!(answered.await?.map(|it| (it.n_read, it.n_refused)), Ok((0, 1)));
    drop(sender);
    assert_eq!(listening.await?, Ok(()));
    let heard = std::mem::take(&mut *notes.heard.lock().unwrap_or_else(PoisonError::into_inner));
    assert_eq!((heard.commands.len(), heard.refused.len()), (1, 1));
    assert!(heard.refused.iter().all(|it| it.why.contains("UTF-8")));
    Ok(())
}

#[test]
fn what_is_missing_in_the_configuration_is_named() {
    let fault = |url: &str, options: &str, token: &str| {
        opened(url, options, token, Arc::default()).err().map(|it| it.what).unwrap_or_default()
    };
    assert_eq!(fault("", "", ""), "secrets");
    assert_eq!(fault("", "", "t"), "options");
    assert_eq!(fault("ftp://x/", "", ""), "url");
    assert_eq!(fault("http://x/", "kinds = { a = \"tea\" }", ""), "options.kinds");
    assert_eq!(fault("http://x/", "cameras = { a = \"c\" }", ""), "options.cameras");
    assert_eq!(fault("http://x/", "pictures = [\"here\"]", ""), "options.pictures");
    assert_eq!(fault("http://x/", "feedback = \"there\"", ""), "options.feedback");
}
