//! The real `gulang-hub serve` against platforms that misbehave. Every server is on 127.0.0.1:0.

use axum::{
    Json, Router,
    extract::{Path as UrlPath, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use gulang_city::{
    Budget, City, Command, Event, Inventory, LonLat, NO_HEADING, Refusal, ResponseLevel, SheetAsk, Switch,
    TINY_INDICATORS, ThingState, ThingsChange, Timestamp,
};
use gulang_hub::screen::{Screen, ScreenError};
use gulang_wire::{Body, Watch};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command as Process, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

// ---------------------------------------------------------------- a platform that does what the test says

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Ok,
    ErrorCode,
    Hang,
    Garbage,
    /// A hundred megabytes.
    Flood,
    /// Takes the order, and answers after the hub has given up.
    Late,
}

#[derive(Default)]
struct Fake {
    modes: BTreeMap<String, Mode>,
    /// How often each key was taken.
    taken: BTreeMap<String, u32>,
    items: Vec<Value>,
    exercise: u32,
    /// What was asked of cases: action and data.
    asked: Vec<(String, Value)>,
}

type Shared = Arc<Mutex<Fake>>;

async fn open_platform(shared: Shared) -> Result<String, Error> {
    let app = Router::new().route("/{platform}/openapi", post(answer)).with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

async fn answer(State(shared): State<Shared>, UrlPath(platform): UrlPath<String>, Json(body): Json<Value>) -> Response {
    let mode = lock(&shared).modes.get(&platform).copied().unwrap_or(Mode::Ok);
    let is_order = body["action"] == "NOTIFY";
    match mode {
        Mode::ErrorCode => return Json(json!({ "code": 500, "msg": "忙", "data": {} })).into_response(),
        Mode::Garbage => return "{\"code\":0,\"data\":{\"items\":[1,{\"recId\":".into_response(),
        Mode::Flood => return vec![b' '; 100 * 1024 * 1024].into_response(),
        Mode::Hang => tokio::time::sleep(Duration::from_secs(600)).await,
        Mode::Ok | Mode::Late => {}
    }
    let data = match body["action"].as_str() {
        Some("NOTIFY") => {
            let mut fake = lock(&shared);
            fake.exercise += u32::from(body["data"]["exercise"] == true);
            let times = fake.taken.entry(body["data"]["noticeId"].as_str().unwrap_or_default().to_owned()).or_default();
            *times += 1;
            json!({ "receiptId": "r", "duplicate": *times > 1 })
        }
        Some("ITEM_INST_SYNC") => {
            let fake = lock(&shared);
            let from: usize = body["data"]["cursor"].as_str().and_then(|it| it.parse().ok()).unwrap_or(0);
            let items: Vec<_> = fake.items.iter().skip(from).cloned().collect();
            json!({ "cursor": (from + items.len()).to_string(), "items": items, "more": false })
        }
        Some(action @ ("APPLY_ROLLBACK" | "APPLY_POSTPONE" | "APPLY_CANCEL" | "SUPERVISE")) => {
            lock(&shared).asked.push((action.to_owned(), body["data"].clone()));
            json!({})
        }
        _ => json!({ "items": [], "cursor": "", "more": false }),
    };
    if mode == Mode::Late && is_order {
        tokio::time::sleep(Duration::from_secs(7)).await;
    }
    Json(json!({ "code": 0, "msg": "ok", "data": data })).into_response()
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

// ---------------------------------------------------------------- a platform of many things

/// One register of bikes. Each poll moves the first of them a step east.
struct FakeThings {
    version: u64,
    n: usize,
    n_polls: i32,
    mode: Mode,
}

type SharedThings = Arc<Mutex<FakeThings>>;

impl FakeThings {
    fn bikes(&self) -> Inventory {
        let (n, now) = (self.n, now());
        Inventory {
            id: "bike".into(),
            name: "共享单车".into(),
            platform: "whoever".into(),
            simulated: false,
            moving: true,
            budget: Budget::Default,
            prefix: "DC-".into(),
            names: Vec::new(),
            as_of: now,
            origin: LonLat(118.11, 24.5),
            at: vec![[self.n_polls, 0]; n],
            heading: vec![NO_HEADING; n],
            state: vec![ThingState::Normal as u8; n],
            value: Vec::new(),
            unit: "".into(),
            seen_from: now.plus_secs(-3600),
            seen: vec![3600; n],
        }
    }
}

fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(0))
}

async fn open_things(shared: SharedThings) -> Result<String, Error> {
    let app = Router::new()
        .route("/inventory", get(things_list))
        .route("/inventory/{id}", get(things_register))
        .route("/inventory/{id}/changes", get(things_changes))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/inventory", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

async fn things_list(State(shared): State<SharedThings>) -> Json<Value> {
    let version = lock(&shared).version;
    Json(json!({ "inventories": [{ "id": "bike", "moving": true, "version": version }, { "id": "gone" }] }))
}

async fn things_register(State(shared): State<SharedThings>, UrlPath(id): UrlPath<String>) -> Response {
    let fake = lock(&shared);
    match (id.as_str(), fake.mode) {
        ("bike", Mode::Garbage) => vec![0xff; 1000].into_response(),
        ("bike", _) => fake.bikes().to_bytes().unwrap_or_default().into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn things_changes(State(shared): State<SharedThings>, Query(query): Query<BTreeMap<String, i64>>) -> Response {
    let mut fake = lock(&shared);
    if fake.mode == Mode::Garbage {
        return vec![0xff; 1000].into_response();
    }
    fake.n_polls += 1;
    let change = ThingsChange {
        inventory: "bike".into(),
        as_of: now(),
        handles: vec![0, 4_000_000],
        at: vec![[fake.n_polls, 0]; 2],
        heading: vec![60; 2],
        state: vec![ThingState::Attention as u8; 2],
        value: Vec::new(),
        age: vec![2; 2],
    };
    assert!(query.contains_key("since"));
    change.to_bytes().unwrap_or_default().into_response()
}

// ---------------------------------------------------------------- the hub as a process

struct Hub {
    child: Child,
    url: String,
    token: String,
    http: reqwest::Client,
}

impl Hub {
    fn spawn(data: &Path, platform: &str) -> Result<Self, Error> {
        Self::spawn_with(data, &format!("[actual]\nplatform = \"{platform}\"\n"))
    }

    fn spawn_with(data: &Path, configuration: &str) -> Result<Self, Error> {
        Self::spawn_of(data, configuration, &assets())
    }

    fn spawn_of(data: &Path, configuration: &str, pack: &Path) -> Result<Self, Error> {
        let config = data.with_extension("toml");
        std::fs::write(&config, configuration)?;
        // Through a shell that ignores SIGXFSZ, so that a file size limit reads as a failed write, as a full disk does.
        let mut child = Process::new("sh")
            .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#, env!("CARGO_BIN_EXE_gulang-hub")])
            .args(["serve", "--stdin-guard", "--data"])
            .arg(data)
            .arg("--config")
            .arg(&config)
            .arg("--pack")
            .arg(pack)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        if line.is_empty() {
            let output = child.wait_with_output()?;
            return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
        }
        let ready: Value = serde_json::from_str(&line)?;
        let text = |key: &str| ready[key].as_str().unwrap_or_default().to_owned();
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { url: text("url"), token: text("token"), child, http })
    }

    async fn get(&self, path: &str) -> Result<Value, Error> {
        let response = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await?;
        Ok(response.error_for_status()?.json().await?)
    }

    async fn register(&self, id: &str) -> Result<Inventory, Error> {
        let response = self.http.get(format!("{}/inventory/{id}", self.url)).bearer_auth(&self.token).send().await?;
        Ok(Inventory::from_bytes(&response.error_for_status()?.bytes().await?)?.0)
    }

    async fn command(&self, command: Value) -> Result<(u16, Value), Error> {
        let body = json!({ "seat": "值班长 01", "command": command });
        let response =
            self.http.post(format!("{}/api/command", self.url)).bearer_auth(&self.token).json(&body).send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    async fn switch_to_war(&self) -> Check {
        let plan = std::fs::read_dir(assets().join("plans"))?
            .flatten()
            .map(|it| it.path())
            .find(|it| it.ends_with("typhoon.json"));
        let plan: Value = serde_json::from_slice(&std::fs::read(plan.ok_or("no typhoon plan")?)?)?;
        let command = json!({ "switch_to_war": { "plan": plan["id"], "level": "IV", "struck": [], "confirmed_by": ["值班长 01"], "reason": "测试" } });
        let (status, answer) = self.command(command).await?;
        assert_eq!(status, 200, "{answer}");
        Ok(())
    }

    /// Orders by platform and rung.
    async fn orders(&self) -> Result<Vec<(String, String)>, Error> {
        let orders = self.get("/api/orders").await?;
        let orders = orders["orders"].as_array().cloned().unwrap_or_default();
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        Ok(orders.iter().map(|it| (text(&it["text"]["platform"]), text(&it["rung"]))).collect())
    }

    /// Waits until every order of these platforms is delivered.
    async fn delivered(&self, platforms: &[&str]) -> Result<usize, Error> {
        for _ in 0..300 {
            let orders = self.orders().await?;
            let mut ours = orders.iter().filter(|(platform, _)| platforms.contains(&platform.as_str())).peekable();
            if ours.peek().is_some() && ours.all(|(_, rung)| rung == "delivered") {
                return Ok(orders.len());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("not delivered: {:?}", self.orders().await?).into())
    }

    /// How large a file this hub may write, in bytes; `prlimit` is util-linux's.
    #[cfg(target_os = "linux")]
    fn limit_files(&self, bytes: &str) -> Check {
        let pid = self.child.id().to_string();
        let status = Process::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status()?;
        assert!(status.success(), "prlimit: {status}");
        Ok(())
    }

    fn kill(mut self) -> Check {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn assets() -> std::path::PathBuf {
    std::path::PathBuf::from("../../assets/cities/xiamen")
}

fn case(n: u32) -> Value {
    let pack: Value =
        serde_json::from_slice(&std::fs::read(assets().join("agencies.json")).unwrap_or_default()).unwrap_or_default();
    json!({ "recId": format!("c{n}"), "taskNum": "t", "recType": "event", "title": "积水", "address": "湖滨南路", "districtId": "350203",
        "coordinatex": 118.1, "coordinatey": 24.48, "unitId": pack[0]["id"], "level": 2, "stage": 1,
        "createTime": "2026-01-01 08:00:00", "actTime": "2026-01-01 08:00:00", "deadline": "2026-01-01 12:00:00", "simulated": true })
}

// ---------------------------------------------------------------- a broker as cities run it

/// Debian's mosquitto on a port of its own.
struct Mosquitto {
    child: Child,
    address: String,
    config: std::path::PathBuf,
}

impl Mosquitto {
    fn spawn(dir: &Path) -> Result<Self, Error> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let config = dir.join("mosquitto.conf");
        std::fs::write(&config, format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))?;
        Ok(Self { child: Self::start(&config)?, address: format!("127.0.0.1:{port}"), config })
    }

    fn start(config: &Path) -> Result<Child, Error> {
        // Debian keeps it where only root's PATH leads.
        let program = if Path::new("/usr/sbin/mosquitto").is_file() { "/usr/sbin/mosquitto" } else { "mosquitto" };
        let mut command = Process::new(program);
        let started = command.arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        started.map_err(|e| format!("{program}: {e}; `cargo xtask setup` installs it").into())
    }

    /// Falls and comes back on the same port.
    fn restart(&mut self) -> Check {
        self.child.kill()?;
        self.child.wait()?;
        self.child = Self::start(&self.config)?;
        Ok(())
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A gateway of the city's: publishes, and keeps what it is told.
struct Gateway {
    client: rumqttc::AsyncClient,
    heard: Arc<Mutex<Vec<(String, String)>>>,
}

impl Gateway {
    async fn connect(address: &str, listens_to: &str) -> Result<Self, Error> {
        let (host, port) = address.rsplit_once(':').ok_or("no port")?;
        let (client, mut events) =
            rumqttc::AsyncClient::new(rumqttc::MqttOptions::new("gateway", host, port.parse()?), 64);
        let heard: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let (keep, again, topic) = (heard.clone(), client.clone(), listens_to.to_owned());
        tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(rumqttc::Event::Incoming(rumqttc::Packet::ConnAck(_))) => {
                        let _ = again.try_subscribe(topic.clone(), rumqttc::QoS::AtLeastOnce);
                    }
                    Ok(rumqttc::Event::Incoming(rumqttc::Packet::Publish(told))) => {
                        let text = String::from_utf8_lossy(&told.payload).into_owned();
                        keep.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((told.topic, text));
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                }
            }
        });
        Ok(Self { client, heard })
    }

    async fn say(&self, topic: &str, payload: Value) -> Check {
        Ok(self.client.publish(topic, rumqttc::QoS::AtLeastOnce, false, payload.to_string()).await?)
    }

    fn has_heard(&self, topic: &str) -> bool {
        let heard = self.heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        heard.iter().any(|(it, _)| it == topic)
    }
}

// ---------------------------------------------------------------- tests

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_it_delivers_the_rest_and_nothing_twice() -> Check {
    let shared = Shared::default();
    lock(&shared).modes.insert("yingji".into(), Mode::Hang);
    let platform = open_platform(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data");
    let hub = Hub::spawn(&data, &platform)?;
    hub.switch_to_war().await?;
    // One platform hangs; the other's orders do not wait for it.
    let n_orders = hub.delivered(&["yunguanfu"]).await?;
    hub.kill()?;
    lock(&shared).modes.insert("yingji".into(), Mode::Ok);
    let hub = Hub::spawn(&data, &platform)?;
    assert_eq!(hub.delivered(&["yunguanfu", "yingji"]).await?, n_orders);
    let fake = lock(&shared);
    assert_eq!(fake.taken.len(), n_orders);
    assert!(fake.taken.values().all(|times| *times == 1), "{:?}", fake.taken);
    assert!(fake.taken.keys().all(|key| key.starts_with("gulang-a-")));
    assert_eq!(fake.exercise, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_code_and_an_answer_too_late_are_tried_again_with_the_same_key() -> Check {
    let shared = Shared::default();
    lock(&shared).modes.extend([("yunguanfu".to_owned(), Mode::ErrorCode), ("yingji".to_owned(), Mode::Late)]);
    let platform = open_platform(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let hub = Hub::spawn(&dir.path().join("data"), &platform)?;
    hub.switch_to_war().await?;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(hub.orders().await?.iter().all(|(_, rung)| rung != "delivered"), "HTTP 200 with a code is not success");
    lock(&shared).modes.clear();
    let n_orders = hub.delivered(&["yunguanfu", "yingji"]).await?;
    assert_eq!(lock(&shared).taken.len(), n_orders);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_news_is_kept_and_good_news_still_comes() -> Check {
    let shared = Shared::default();
    lock(&shared).modes.insert("yunguanfu".into(), Mode::Garbage);
    let platform = open_platform(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let hub = Hub::spawn(&dir.path().join("data"), &platform)?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    lock(&shared).modes.insert("yunguanfu".into(), Mode::Flood);
    tokio::time::sleep(Duration::from_secs(3)).await;
    {
        let mut fake = lock(&shared);
        fake.modes.clear();
        let mut absurd = case(1);
        absurd["coordinatey"] = json!("north");
        let mut future = case(2);
        future["createTime"] = json!("2099-01-01 00:00:00");
        // Absurd, from the future, twice, and out of order.
        let mut closed = case(3);
        closed["stage"] = json!(6);
        closed["actTime"] = json!("2026-01-01 10:00:00");
        fake.items = vec![absurd, json!({}), future, closed, case(3), case(3), case(4)];
    }
    let mut city = Value::Null;
    for _ in 0..150 {
        city = hub.get("/api/city").await?;
        if city["n_cases"].as_u64() >= Some(2) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(city["n_cases"].as_u64() >= Some(2), "{city}");
    let records = hub.get("/api/records?from=1").await?;
    assert!(records.to_string().contains("message_refused"), "what was refused is in the log");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_officers_do_to_a_case_reaches_its_platform() -> Check {
    let shared = Shared::default();
    let mut dispatched = case(1);
    dispatched["stage"] = json!(3);
    lock(&shared).items = vec![dispatched];
    let platform = open_platform(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let hub = Hub::spawn(&dir.path().join("data"), &platform)?;
    for _ in 0..150 {
        if hub.get("/api/city").await?["n_cases"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let due_at = now().plus_mins(60).0;
    for command in [
        json!({ "return_case": { "case": 1, "to": "ga", "reason": "归公安" } }),
        json!({ "postpone_case": { "case": 1, "due_at": due_at, "reason": "等水退" } }),
        json!({ "cancel_case": { "case": 1, "reason": "误报" } }),
    ] {
        let (status, answer) = hub.command(command).await?;
        assert_eq!(status, 200, "{answer}");
    }
    let mut actions = Vec::new();
    for _ in 0..150 {
        actions = lock(&shared).asked.clone();
        if actions.len() == 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    actions.sort_by_key(|(action, data)| (action.clone(), data["unitId"].to_string()));
    let told: Vec<(&str, &str)> =
        actions.iter().map(|(action, data)| (action.as_str(), data["unitId"].as_str().unwrap_or(""))).collect();
    let expected = [("APPLY_CANCEL", ""), ("APPLY_POSTPONE", ""), ("APPLY_ROLLBACK", "ga"), ("APPLY_ROLLBACK", "")];
    assert_eq!(told, expected);
    assert!(actions.iter().all(|(_, data)| data["recId"] == "c1" && data["exercise"] == false), "{actions:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duty_is_found_by_what_is_said() -> Check {
    let platform = open_platform(Shared::default()).await?;
    let dir = tempfile::tempdir()?;
    let hub = Hub::spawn(&dir.path().join("data"), &platform)?;
    let stranger = hub.http.get(format!("{}/duties?q=x", hub.url)).send().await?;
    assert_eq!(stranger.status().as_u16(), 401);
    let mut found = Err("not asked".into());
    for _ in 0..150 {
        // 井盖不见了; 503 until the index is built.
        found = hub.get("/duties?q=%E4%BA%95%E7%9B%96%E4%B8%8D%E8%A7%81%E4%BA%86&limit=3").await;
        if found.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let found = found?;
    assert_eq!(found[0]["lead"].as_str(), Some("sz"), "{found}");
    assert!(found.as_array().is_some_and(|it| it.len() <= 3), "no more than asked for: {found}");
    assert_eq!(found[0]["lead_name"], "市市政园林局");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_may_fall_and_come_back() -> Check {
    let dir = tempfile::tempdir()?;
    let mut broker = Mosquitto::spawn(dir.path())?;
    let hub = Hub::spawn_with(&dir.path().join("data"), &format!("[actual]\nmqtt = \"{}\"\n", broker.address))?;
    let gateway = Gateway::connect(&broker.address, "thing/product/+/requests_reply").await?;
    let sensors: Vec<Value> = serde_json::from_slice(&std::fs::read(assets().join("sensors.json"))?)?;
    let flood = |n: usize| sensors.iter().filter(|it| it["kind"] == "flood_depth").nth(n).map(|it| it["id"].clone());

    for n_alarms in 1..=2 {
        let sensor = flood(n_alarms).ok_or("no flood sensor")?;
        let mut is_so = false;
        for _ in 0..150 {
            // Said again until it is heard: a reading sent while the hub is not connected is nobody's, by design.
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis() as u64;
            let topic = format!("sensors/{}/reading", sensor.as_str().unwrap_or_default());
            gateway.say(&topic, json!({ "v": 60.0, "t": now })).await?;
            let asks =
                json!({ "bid": "b", "tid": "t", "method": "config", "need_reply": 1, "timestamp": now, "data": {} });
            gateway.say(&format!("thing/product/dock{n_alarms}/requests"), asks).await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
            is_so = hub.get("/api/city").await?["n_open_alarms"] == n_alarms
                && gateway.has_heard(&format!("thing/product/dock{n_alarms}/requests_reply"));
            if is_so {
                break;
            }
        }
        assert!(is_so, "alarm {n_alarms} did not open, or the dock was not answered");
        broker.restart()?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_floods_are_turned_away() -> Check {
    let platform = open_platform(Shared::default()).await?;
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data");
    let hub = Hub::spawn(&data, &platform)?;
    for path in ["/api/city", "/ws", "/pack/city.toml", "/metrics", "/inventory", "/inventory/bike"] {
        assert_eq!(hub.http.get(format!("{}{path}", hub.url)).send().await?.status(), 401, "{path}");
    }
    let outside = format!("{}/pack/..%2f..%2fLICENSES.md?token={}", hub.url, hub.token);
    assert_eq!(hub.http.get(outside).send().await?.status(), 404);
    let callback = hub.http.post(format!("{}/callback/sms/guess", hub.url)).body("{}").send().await?;
    assert_eq!(callback.status(), 404, "no gateway calls back where none is configured");
    let flood = hub
        .http
        .post(format!("{}/api/command", hub.url))
        .bearer_auth(&hub.token)
        .header("content-type", "application/json");
    match flood.body(vec![b' '; 100 * 1024 * 1024]).send().await {
        Ok(response) => assert_eq!(response.status(), 413),
        // It may hang up before all of it is sent.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error:?}"),
    }
    let (status, _) = hub.command(json!({ "tick": {} })).await.unwrap_or((422, Value::Null));
    assert!(status >= 400);
    let second = Hub::spawn(&data, &platform).err().map(|it| it.to_string()).unwrap_or_default();
    assert!(second.contains("another hub is using this data directory"), "{second}");
    assert_eq!(hub.http.get(format!("{}/healthz", hub.url)).send().await?.status(), 200);
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_more_refuses_and_is_taken_up_again() -> Check {
    let platform = open_platform(Shared::default()).await?;
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data");
    let hub = Hub::spawn(&data, &platform)?;
    let scene = |name: &str| json!({ "show_scene": { "scene": name } });
    assert_eq!(hub.command(scene("war")).await?.0, 200);

    // Every write beyond a file's first byte fails from here on.
    hub.limit_files("1")?;
    let (status, answer) = hub.command(scene("metrics")).await?;
    assert_eq!(status, 409, "{answer}");
    assert!(answer["message"].as_str().is_some_and(|why| why.contains("log.sqlite")), "{answer}");
    assert_eq!(hub.http.get(format!("{}/healthz", hub.url)).send().await?.status(), 200);
    let full = hub.get("/api/records?limit=10000").await?;
    assert!(!full.to_string().contains("metrics"), "what was refused is in no record");

    hub.limit_files("unlimited")?;
    let (status, answer) = hub.command(scene("metrics")).await?;
    assert_eq!(status, 200, "{answer}");
    let seq = answer["seq"].as_u64().unwrap_or(0);
    hub.kill()?;
    let replay = Process::new(env!("CARGO_BIN_EXE_gulang-hub")).arg("replay").arg(&data).arg("--json").output()?;
    let replay: Value = serde_json::from_slice(&replay.stdout)?;
    assert_eq!(replay["chain_ok"], true, "{replay}");
    assert!(replay["records"].as_u64() >= Some(seq), "{replay}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_sees_the_city_and_its_own_command_come_back() -> Check {
    let platform = open_platform(Shared::default()).await?;
    let dir = tempfile::tempdir()?;
    let hub = Hub::spawn(&dir.path().join("data"), &platform)?;
    let mut rude = Screen::connect(&hub.url, &hub.token, "rude", Watch::Follow).await?;
    rude.tell_bytes(&[0xff; 100]).await?;
    while !matches!(rude.next().await, Err(ScreenError::Closed | ScreenError::Io(_))) {}
    let mut screen = Screen::connect(&hub.url, &hub.token, "席位", Watch::Follow).await?;
    assert!(matches!(screen.next().await?.body, Body::Welcome { simulated: false, .. }));
    assert!(matches!(screen.next().await?.body, Body::Snapshot { .. }));
    screen.submit(7, Command::ShowScene { scene: "war".into() }).await?;
    let (mut answered, mut seen) = (false, false);
    while !(answered && seen) {
        match tokio::time::timeout(Duration::from_secs(10), screen.next()).await??.body {
            Body::Answer { ticket, result } => answered = ticket == 7 && result.is_ok(),
            Body::Records(records) => seen |= records.iter().any(|it| matches!(it.event, Event::SceneChanged { .. })),
            _ => {}
        }
    }
    assert_eq!(screen.city.as_ref().map(|it| &*it.scene), Some("war"));
    Ok(())
}

/// The answer to one's own command, with the frames before it taken in.
async fn answer_to(screen: &mut Screen, ticket: u64, command: Command) -> Result<Result<u64, Refusal>, Error> {
    screen.submit(ticket, command).await?;
    loop {
        let frame = tokio::time::timeout(Duration::from_secs(20), screen.next()).await??;
        if let Body::Answer { ticket: answered, result } = frame.body
            && answered == ticket
        {
            return Ok(result);
        }
    }
}

/// Takes frames in until the city is so.
async fn sees(screen: &mut Screen, is_so: impl Fn(&City) -> bool) -> Check {
    while !screen.city.as_ref().is_some_and(&is_so) {
        tokio::time::timeout(Duration::from_secs(20), screen.next()).await??;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn level_one_is_signed_at_two_seats_and_sent_only_then() -> Check {
    let shared = Shared::default();
    let platform = open_platform(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let hub = Hub::spawn(&dir.path().join("data"), &platform)?;
    let mut first = Screen::connect(&hub.url, &hub.token, "值班长 01", Watch::Follow).await?;
    let mut second = Screen::connect(&hub.url, &hub.token, "带班领导 02", Watch::Follow).await?;
    sees(&mut first, |_| true).await?;
    sees(&mut second, |_| true).await?;

    let ask = SheetAsk {
        plan: "typhoon".into(),
        level: ResponseLevel::I,
        districts: Vec::new(),
        struck: Vec::new(),
        added: Vec::new(),
    };
    let switch = Switch::ToWar { ask, reason: "测试".into(), reasons: BTreeMap::new(), sheet_version: None };
    let both = switch.clone().by_one(&"值班长 01".into(), false);
    let refusal = answer_to(&mut first, 1, both).await?.err();
    assert!(matches!(refusal, Some(Refusal::NeedsTwoSeats { .. })), "{refusal:?}");
    assert!(answer_to(&mut first, 2, Command::ProposeSwitch { switch }).await?.is_ok());
    sees(&mut second, |city| city.proposal.is_some()).await?;
    let waiting = hub.get("/api/proposal?seat=%E5%80%BC%E7%8F%AD%E9%95%BF%2001").await?;
    let number = waiting["proposal"]["number"].as_u64().ok_or("no number")?;
    assert!(waiting["refused_because"].as_str().is_some_and(|why| why.contains("另一个席位")), "{waiting}");
    assert!(answer_to(&mut first, 3, Command::CoSign { number }).await?.is_err(), "the same seat again");
    assert_eq!(hub.get("/api/city").await?["footing"]["posture"], "peace");
    assert!(lock(&shared).taken.is_empty(), "nothing is sent on one signature");

    assert!(answer_to(&mut second, 1, Command::CoSign { number }).await?.is_ok());
    for screen in [&mut first, &mut second] {
        sees(screen, |city| city.footing.level == Some(ResponseLevel::I) && city.proposal.is_none()).await?;
    }
    let log = hub.get("/api/records?limit=10000").await?;
    let records = log["records"].as_array().cloned().unwrap_or_default();
    let signed: Vec<&Value> = records.iter().filter_map(|it| it["event"].get("footing_changed")).collect();
    assert_eq!(signed.len(), 1);
    assert_eq!(signed[0]["confirmed_by"], json!(["值班长 01", "带班领导 02"]));
    for _ in 0..300 {
        if !lock(&shared).taken.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("no order reached the platform".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn many_things_are_listed_fetched_and_followed_and_their_platform_may_fail() -> Check {
    let shared = Arc::new(Mutex::new(FakeThings { version: 1, n: 500, n_polls: 0, mode: Mode::Ok }));
    let things = open_things(shared.clone()).await?;
    let platform = open_platform(Shared::default()).await?;
    let dir = tempfile::tempdir()?;
    let config = format!("[actual]\nplatform = \"{platform}\"\ninventory = \"{things}\"\n");
    let hub = Hub::spawn_with(&dir.path().join("data"), &config)?;
    let mut screen = Screen::connect(&hub.url, &hub.token, "席位", Watch::Follow).await?;

    // What the screen has, fetched when told to and brought on by frames.
    let mut bikes = None;
    let mut n_moves = 0;
    while n_moves < 3 {
        match tokio::time::timeout(Duration::from_secs(20), screen.next()).await??.body {
            Body::ThingsStale { inventory } => bikes = Some(hub.register(&inventory).await?),
            Body::Things(change) => {
                let bikes = bikes.as_mut().ok_or("a change before the register")?;
                n_moves += usize::from(bikes.apply(&change) == [0]);
            }
            _ => {}
        }
    }
    let bikes = bikes.ok_or("no register")?;
    assert_eq!((bikes.len(), bikes.platform.as_str(), bikes.state_of(0)), (500, "things", ThingState::Attention));
    assert!(bikes.at[0][0] >= 3 && bikes.at[1][0] < bikes.at[0][0], "{:?}", &bikes.at[..2]);
    assert!((1000..4000).contains(&(bikes.as_of - bikes.seen_at(0))), "{}", bikes.as_of - bikes.seen_at(0));
    let list = hub.get("/inventory").await?;
    let listed = &list["inventories"][0];
    assert_eq!((&listed["id"], &listed["n"], &listed["states"]["关注"]), (&json!("bike"), &json!(500), &json!(1)));
    assert_eq!(list["inventories"].as_array().map(Vec::len), Some(1), "a register that cannot be had is not listed");
    assert!(hub.register("gone").await.is_err());

    // Other handles: the screen is told to fetch again.
    {
        let mut fake = lock(&shared);
        (fake.version, fake.n) = (2, 20);
    }
    loop {
        let frame = tokio::time::timeout(Duration::from_secs(90), screen.next()).await??;
        if matches!(frame.body, Body::ThingsStale { .. }) {
            break;
        }
    }
    assert_eq!(hub.register("bike").await?.len(), 20);

    // Nonsense costs the lamp and nothing else: what was known is still told, and other platforms' cases come.
    lock(&shared).mode = Mode::Garbage;
    let mut lamp = Value::Null;
    for _ in 0..200 {
        let city = hub.get("/api/city").await?;
        let connectors = city["connectors"].as_array().cloned().unwrap_or_default();
        let of = |id: &str| connectors.iter().find(|it| it["platform"] == id).map(|it| it["state"].clone());
        lamp = of("things").unwrap_or_default();
        if lamp == "silent" {
            assert_eq!(of("yunguanfu"), Some(json!("healthy")));
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(lamp, "silent");
    assert_eq!(hub.register("bike").await?.len(), 20);
    Ok(())
}

// ---------------------------------------------------------------- indicators

impl Hub {
    async fn figures(&self, epoch: u64, since: u64) -> Result<Value, Error> {
        self.get(&format!("/api/indicators/figures?epoch={epoch}&since={since}")).await
    }

    /// The figures, once one of them has this value.
    async fn figures_with(&self, key: &str, value: f64) -> Result<Value, Error> {
        let mut told = Value::Null;
        for _ in 0..300 {
            told = self.figures(0, 0).await?;
            if figure(&told, key)["value"] == json!(value) {
                return Ok(told);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("{key} is not {value}: {}", figure(&told, key)).into())
    }
}

/// `case_open@city` or `case_open@district:350203` among what was told.
fn figure(told: &Value, key: &str) -> Value {
    let (indicator, group) = key.split_once('@').unwrap_or((key, "city"));
    let group = match group.split_once(':') {
        Some((by, id)) => json!({ "of": { "by": by, "id": id } }),
        None => json!("city"),
    };
    let all = told["figures"].as_array().cloned().unwrap_or_default();
    all.into_iter().find(|it| it["key"] == json!({ "indicator": indicator, "group": group })).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_figure_follows_the_records_and_tells_what_it_is_made_of() -> Check {
    let shared = Shared::default();
    lock(&shared).items = vec![case(1), case(2)];
    let platform = open_platform(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let hub = Hub::spawn(&dir.path().join("data"), &platform)?;
    let told = hub.figures_with("case_open@city", 2.0).await?;
    assert_eq!(figure(&told, "case_open@district:350203")["value"], json!(2.0));
    assert_eq!(told["faults"], json!([]));
    let definitions = hub.get("/api/indicators").await?;
    let all = definitions["definitions"]["all"].as_array().map_or(0, Vec::len);
    assert!(all >= 80 && told["n_figures"].as_u64() >= Some(600), "{all} definitions, {}", told["n_figures"]);

    // What changed since, and nothing else.
    let (epoch, revision) = (told["epoch"].as_u64().unwrap_or(0), told["revision"].as_u64().unwrap_or(0));
    lock(&shared).items.push(case(3));
    hub.figures_with("case_open@city", 3.0).await?;
    let changed = hub.figures(epoch, revision).await?;
    let n_changed = changed["figures"].as_array().map_or(0, Vec::len);
    assert_eq!(figure(&changed, "case_open@city")["value"], json!(3.0));
    assert!(n_changed < 400 && n_changed > 0, "{n_changed} figures changed by one case");

    let beneath = hub.get("/api/indicators/beneath?key=case_open@district:350203&limit=2").await?;
    assert_eq!((&beneath["n"], beneath["rows"].as_array().map(Vec::len)), (&json!(3), Some(2)), "{beneath}");
    assert!(beneath["rows"][0]["name"].as_str().is_some_and(|it| it.contains("积水")), "{beneath}");
    let url = format!("{}/api/indicators/beneath.csv?key=case_open@city", hub.url);
    let csv = hub.http.get(url).bearer_auth(&hub.token).send().await?.error_for_status()?.text().await?;
    assert!(csv.starts_with('\u{feff}') && csv.lines().count() == 5 && csv.contains("示例"), "{csv}");
    let url = format!("{}/api/indicators/beneath.parquet?key=case_open@city", hub.url);
    let parquet = hub.http.get(url).bearer_auth(&hub.token).send().await?.error_for_status()?.bytes().await?;
    let read = SerializedFileReader::new(parquet)?;
    let of = read.metadata().file_metadata();
    assert_eq!((of.num_rows(), of.schema_descr().num_columns()), (3, 5));
    let bulletin = async |file: &str| {
        hub.http.get(format!("{}/api/bulletins/{file}", hub.url)).bearer_auth(&hub.token).send().await
    };
    let pdf = bulletin("duty.pdf").await?.error_for_status()?.bytes().await?;
    assert!(pdf.starts_with(b"%PDF") && pdf.len() > 20_000, "{} bytes", pdf.len());
    assert!(bulletin("typhoon.docx").await?.error_for_status()?.bytes().await?.starts_with(b"PK"));
    assert_eq!(bulletin("..%2Fduty.pdf").await?.status().as_u16(), 404);
    let listed = hub.get("/api/bulletins").await?;
    assert_eq!((&listed[0]["id"], &listed[0]["fault"]), (&json!("duty"), &json!("")), "{listed}");
    // Of a figure that is there nothing was kept before its first full hour; a figure nobody knows has nothing either, and what is no
    // key is passed over.
    let hours = hub.get("/api/indicators/hours?keys=case_open@city,nothing@district:1,what").await?;
    assert!(hours["case_open@city"].is_array() && hours["nothing@district:1"] == json!([]), "{hours}");
    assert!(hours.get("what").is_none(), "{hours}");
    let refused =
        hub.http.get(format!("{}/api/indicators/beneath?key=what", hub.url)).bearer_auth(&hub.token).send().await?;
    assert_eq!(refused.status().as_u16(), 400);
    Ok(())
}

/// A pack like the reference city's, with definitions of its own.
#[cfg(unix)]
fn pack_with(dir: &Path, definitions: &str) -> Result<std::path::PathBuf, Error> {
    let pack = dir.join("pack");
    std::fs::create_dir_all(pack.join("bulletins"))?;
    let is_own = |name: &std::ffi::OsStr| name == "indicators.toml" || name == "bulletins";
    for entry in std::fs::read_dir(assets())?.flatten().filter(|it| !is_own(&it.file_name())) {
        std::os::unix::fs::symlink(std::fs::canonicalize(entry.path())?, pack.join(entry.file_name()))?;
    }
    std::fs::write(pack.join("indicators.toml"), definitions)?;
    Ok(pack)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn definitions_that_change_are_counted_anew_and_faulty_ones_change_nothing() -> Check {
    let shared = Shared::default();
    lock(&shared).items = vec![case(1), case(2)];
    let platform = open_platform(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let pack = pack_with(dir.path(), TINY_INDICATORS)?;
    let configuration = format!("[actual]\nplatform = \"{platform}\"\n");
    let hub = Hub::spawn_of(&dir.path().join("data"), &configuration, &pack)?;
    let told = hub.figures_with("case_n@city", 2.0).await?;
    assert_eq!(told["n_figures"], json!(1));

    std::fs::write(pack.join("indicators.toml"), TINY_INDICATORS.replace("count = \"cases\"", "count = \"casks\""))?;
    let mut faults = Value::Null;
    for _ in 0..100 {
        faults = hub.figures(0, 0).await?["faults"].clone();
        if faults != json!([]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(faults[0].as_str().is_some_and(|it| it.contains(":18") && it.contains("casks")), "its line: {faults}");
    assert_eq!(figure(&hub.figures(0, 0).await?, "case_n@city")["value"], json!(2.0), "what was good is still counted");

    let grouped = TINY_INDICATORS.replace("draw =", "group_by = [\"district\"]\ndraw =");
    std::fs::write(pack.join("indicators.toml"), grouped)?;
    let told = hub.figures_with("case_n@district:350203", 2.0).await?;
    assert_eq!(told["faults"], json!([]));
    Ok(())
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_bulletin_missed_while_the_hub_was_down_is_written_once_at_the_start_beside_a_faulty_one() -> Check {
    let platform = open_platform(Shared::default()).await?;
    let dir = tempfile::tempdir()?;
    let pack = pack_with(dir.path(), TINY_INDICATORS)?;
    let due = now().plus_mins(-2).hm();
    let template = |words: &str| {
        format!(
            "id = \"duty\"\ntitle = \"快报\"\nat = [\"{due}\"]\n[[section]]\ntitle = \"一\"\ntext = [\"案件 {words}\"]\n"
        )
    };
    // Read first, and it costs the other nothing.
    std::fs::write(pack.join("bulletins/broken.toml"), template("{no_such}"))?;
    std::fs::write(pack.join("bulletins/duty.toml"), template("{case_n}"))?;
    let data = dir.path().join("data");
    let folder = data.join("actual/bulletins");
    std::fs::create_dir_all(&folder)?;
    let last = json!({ "at": now().plus_mins(-60), "seq": 0, "values": [] });
    std::fs::write(folder.join("duty-last.json"), last.to_string())?;
    let hub = Hub::spawn_of(&data, &format!("[actual]\nplatform = \"{platform}\"\n"), &pack)?;
    let mut listed = Value::Null;
    for _ in 0..300 {
        listed = hub.get("/api/bulletins").await.unwrap_or_default();
        if listed[1]["issues"].as_array().is_some_and(|it| !it.is_empty()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let issues = listed[1]["issues"].as_array().cloned().unwrap_or_default();
    assert_eq!(issues.len(), 1, "{listed}");
    assert!(listed[0]["fault"].as_str().is_some_and(|it| it.contains("no_such")), "{listed}");
    let name = issues[0].as_str().unwrap_or_default();
    assert!(std::fs::read(folder.join(name))?.starts_with(b"%PDF"));
    assert!(std::fs::read(folder.join(name.replace(".pdf", ".docx")))?.starts_with(b"PK"));
    // Not due again: the next is held against this one.
    let kept: Value = serde_json::from_slice(&std::fs::read(folder.join("duty-last.json"))?)?;
    assert!(kept["at"].as_i64() > last["at"].as_i64().map(|it| it + 50 * 60_000), "{kept}");
    Ok(())
}
