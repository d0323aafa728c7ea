//! Route files as docks take them: told of one (`flighttask_prepare`), a dock asks where it is now
//! (`flighttask_resource_get`), fetches it, compares its fingerprint and reads its waypoints. What came of it is in the
//! journal with the order, so that a restart flies on without fetching again.

use crate::{app::App, docks::DockOrder};
use gulang_platforms::wpml;
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};

/// How long an answer and a file are waited for.
const LIMIT: Duration = Duration::from_secs(8);

/// Files that docks wait for.
#[derive(Default)]
pub(crate) struct RouteDesk {
    /// By the request's `tid`.
    asked: Mutex<HashMap<String, oneshot::Sender<Value>>>,
    /// Orders whose file is on its way: said again, they wait for the same answer.
    fetching: Mutex<HashSet<String>>,
}

fn is_about(payload: &[u8], method: &str) -> bool {
    payload.windows(method.len()).any(|it| it == method.as_bytes())
}

pub(crate) fn is_file_answer(payload: &[u8]) -> bool {
    is_about(payload, "flighttask_resource_get")
}

pub(crate) fn is_prepare(payload: &[u8]) -> bool {
    is_about(payload, "\"flighttask_prepare\"")
}

impl RouteDesk {
    /// An answer to `flighttask_resource_get`.
    pub(crate) fn hear(&self, payload: &[u8]) {
        let Ok(body) = serde_json::from_slice::<Value>(payload) else { return };
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waits) = body["tid"].as_str().and_then(|it| asked.remove(it)) {
            let _ = waits.send(body["data"].clone());
        }
    }

    fn expect(&self, tid: &str) -> oneshot::Receiver<Value> {
        let (sender, receiver) = oneshot::channel();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(tid.to_owned(), sender);
        receiver
    }

    fn forget(&self, tid: &str) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(tid);
    }

    /// `false` if it is on its way already.
    fn begin(&self, id: &str) -> bool {
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned())
    }

    fn end(&self, id: &str) {
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Takes a route and answers, as soon as its file is here or cannot be had.
pub(crate) async fn prepare(app: Arc<App>, topic: String, payload: Vec<u8>) {
    let words: Vec<&str> = topic.split('/').collect();
    let ["thing", "product", gateway, "services"] = words.as_slice() else { return };
    let Ok(body) = serde_json::from_slice::<Value>(&payload) else { return };
    if app.is_dock_deaf() {
        return;
    }
    let mut order = DockOrder::read(gateway, &body, app.clock.now());
    let id = order.id();
    let is_known = app.desk().errands.flights.answered(&order).is_some();
    if !is_known {
        if !app.routes.begin(&id) {
            return;
        }
        match file_of(&app, gateway, &body).await {
            Ok(it) => (order.route, order.speed) = (it.points, Some(f64::from(it.speed_mps))),
            Err((code, why)) => (order.result, order.reason) = (code, why),
        }
        order.at = app.clock.now();
    }
    let own = app.clone();
    let settled = tokio::task::spawn_blocking(move || own.settle(order, &body, true)).await;
    app.routes.end(&id);
    if !matches!(settled, Ok(Ok(()))) {
        tracing::error!("a dock could not answer a route");
    }
}

/// The route's file, or a code and why not.
async fn file_of(app: &App, gateway: &str, body: &Value) -> Result<wpml::Wayline, (i64, String)> {
    let told = &body["data"]["file"];
    // What was told may have been fetched or gone stale; the dock asks for the newest.
    let newest = ask(app, gateway, &body["data"]["flight_id"]).await;
    let file = newest.as_ref().unwrap_or(told);
    let text = |key: &str| file[key].as_str().unwrap_or_default();
    let no = |code: i64, why: String| (code, why);
    let got = tokio::time::timeout(LIMIT, get(text("url"))).await;
    let bytes = match got {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(why)) => return Err(no(900_012, format!("航线文件取不到：{why}"))),
        Err(_) => return Err(no(900_012, "航线文件取不到：超时".into())),
    };
    let fingerprint = wpml::fingerprint(&bytes);
    if !fingerprint.eq_ignore_ascii_case(text("fingerprint")) {
        return Err(no(900_015, format!("航线文件的 MD5 是 {fingerprint}，与下达的不符")));
    }
    let ground_m = app.world.ground_ellipsoid_m();
    wpml::read_kmz(&bytes, Some(ground_m)).map_err(|why| no(900_016, why.to_string()))
}

/// Where the file of a flight is now; none if nobody says.
async fn ask(app: &App, gateway: &str, flight: &Value) -> Option<Value> {
    let now = app.clock.now();
    let tid = format!("{}-route-{}", flight.as_str()?, now.0);
    let answer = app.routes.expect(&tid);
    let request = json!({
        "tid": tid, "bid": tid, "timestamp": now.0, "gateway": gateway, "method": "flighttask_resource_get",
        "data": { "flight_id": flight }, "simulated": true,
    });
    let answered = match app.broker.publish(&format!("thing/product/{gateway}/requests"), request.to_string()) {
        Ok(()) => tokio::time::timeout(LIMIT, answer).await.ok().and_then(Result::ok),
        Err(_) => None,
    };
    app.routes.forget(&tid);
    let data = answered.filter(|it| it["result"] == 0)?;
    Some(data["output"]["file"].clone()).filter(|it| it["url"].is_string())
}

/// A file by plain HTTP from this machine alone: whoever tells a simulated dock of a file must not send it elsewhere.
async fn get(url: &str) -> Result<Vec<u8>, String> {
    let rest = url.strip_prefix("http://").ok_or("不是 http:// 地址")?;
    let (host, path) = rest.split_once('/').ok_or("地址没有路径")?;
    let address: SocketAddr = host.parse().map_err(|_| "仿真机场只取本机的文件")?;
    if !address.ip().is_loopback() || path.bytes().any(|it| !it.is_ascii_graphic()) {
        return Err("仿真机场只取本机的文件".into());
    }
    let mut stream = TcpStream::connect(address).await.map_err(|why| why.to_string())?;
    // 1.0: the answer ends with the connection, in one piece.
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|why| why.to_string())?;
    let mut answer = Vec::new();
    let most = wpml::MAX_BYTES as u64 + 16_384;
    stream.take(most).read_to_end(&mut answer).await.map_err(|why| why.to_string())?;
    body_of(&answer)
}

fn body_of(answer: &[u8]) -> Result<Vec<u8>, String> {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").ok_or("应答不完整")?;
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default());
    let status = head.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => Ok(answer.get(end + 4..).unwrap_or_default().to_vec()),
        status => Err(format!("HTTP {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_body_is_what_follows_its_head() {
        assert_eq!(body_of(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nPK\r\n\r\n"), Ok(b"PK\r\n\r\n".to_vec()));
        assert_eq!(body_of(b"HTTP/1.0 404 Not Found\r\n\r\n"), Err("HTTP 404".into()));
        assert!(body_of(b"").is_err());
    }

    #[tokio::test]
    async fn files_of_other_machines_are_not_fetched() {
        for url in ["https://127.0.0.1/x", "http://10.0.0.5:80/x", "http://example.com/x", "http://127.0.0.1:1/a b"] {
            assert!(get(url).await.is_err(), "{url}");
        }
    }
}
