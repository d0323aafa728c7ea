//! The real `gulang-hub serve` and a dock behind a real mosquitto: a flight is said, said again after a kill with the same
//! id, and flown once.

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command as Process, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

const DRONE: &str = "GLUAV0001";
const DOCK: &str = "GLDOCK01";

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_mosquitto(dir: &Path) -> Result<(Running, String), Error> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let config = dir.join("mosquitto.conf");
    std::fs::write(&config, format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))?;
    // Debian keeps it where only root's PATH leads.
    let program = if Path::new("/usr/sbin/mosquitto").is_file() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    let started = Process::new(program).arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = started.map_err(|e| format!("{program}: {e}; `cargo xtask setup` installs it"))?;
    Ok((Running(child), format!("127.0.0.1:{port}")))
}

/// A dock with one aircraft: tells where it is, keeps what it is told, and answers once it may.
struct Dock {
    told: Arc<Mutex<Vec<Value>>>,
    answers: Arc<AtomicBool>,
}

impl Dock {
    async fn connect(address: &str) -> Result<Self, Error> {
        let (host, port) = address.rsplit_once(':').ok_or("no port")?;
        let (client, mut events) = rumqttc::AsyncClient::new(rumqttc::MqttOptions::new(DOCK, host, port.parse()?), 64);
        let dock = Self { told: Arc::default(), answers: Arc::default() };
        let (told, answers, speaker) = (dock.told.clone(), dock.answers.clone(), client.clone());
        let (listens, listening) = tokio::sync::oneshot::channel();
        let mut listens = Some(listens);
        tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(rumqttc::Event::Incoming(rumqttc::Packet::ConnAck(_))) => {
                        let topic = format!("thing/product/{DOCK}/services");
                        let _ = client.try_subscribe(topic, rumqttc::QoS::AtLeastOnce);
                    }
                    Ok(rumqttc::Event::Incoming(rumqttc::Packet::Publish(it))) => {
                        let body: Value = serde_json::from_slice(&it.payload).unwrap_or_default();
                        for (kind, message) in answers.load(Relaxed).then(|| answer(&body)).into_iter().flatten() {
                            let topic = format!("thing/product/{DOCK}/{kind}");
                            let _ = client.try_publish(topic, rumqttc::QoS::AtLeastOnce, false, message.to_string());
                        }
                        told.lock().unwrap_or_else(PoisonError::into_inner).push(body);
                    }
                    Ok(rumqttc::Event::Incoming(rumqttc::Packet::SubAck(_))) => {
                        if let Some(listens) = listens.take() {
                            let _ = listens.send(());
                        }
                    }
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
                }
            }
        });
        tokio::spawn(async move {
            loop {
                let osd = json!({ "timestamp": now_ms(), "gateway": DOCK, "data": {
                    "mode_code": 0, "longitude": 118.065, "latitude": 24.445, "height": 22.0, "elevation": 0.0,
                    "battery": { "capacity_percent": 95 }, "wind_speed": 30, "wind_direction": 1,
                } });
                let topic = format!("thing/product/{DRONE}/osd");
                if speaker.publish(topic, rumqttc::QoS::AtMostOnce, false, osd.to_string()).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        tokio::time::timeout(Duration::from_secs(20), listening).await??;
        Ok(dock)
    }

    /// What it was told by this method.
    fn told(&self, method: &str) -> Vec<Value> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|it| it["method"] == method).cloned().collect()
    }
}

/// Taken; and a take-off has arrived.
fn answer(body: &Value) -> Vec<(&'static str, Value)> {
    let yes = json!({
        "tid": body["tid"], "bid": body["bid"], "method": body["method"], "timestamp": now_ms(), "data": { "result": 0 },
    });
    let mut all = vec![("services_reply", yes)];
    if body["method"] == "takeoff_to_point" {
        let data = json!({ "flight_id": body["bid"], "status": "wayline_ok", "result": 0 });
        let event = json!({
            "tid": "e", "bid": "e", "timestamp": now_ms(), "method": "takeoff_to_point_progress", "need_reply": 1,
            "data": data,
        });
        all.push(("events", event));
    }
    all
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(0))
}

struct Hub {
    _child: Running,
    url: String,
    token: String,
    http: reqwest::Client,
}

impl Hub {
    fn spawn(data: &Path, mqtt: &str) -> Result<Self, Error> {
        let config = data.with_extension("toml");
        std::fs::write(&config, format!("[actual]\nmqtt = \"{mqtt}\"\n"))?;
        let mut child = Process::new(env!("CARGO_BIN_EXE_gulang-hub"))
            .args(["serve", "--stdin-guard", "--data"])
            .arg(data)
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let text = |key: &str| ready[key].as_str().unwrap_or_default().to_owned();
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { url: text("url"), token: text("token"), _child: Running(child), http })
    }

    async fn command(&self, seat: &str, command: Value) -> Result<(u16, Value), Error> {
        let body = json!({ "seat": seat, "command": command });
        let asked = self.http.post(format!("{}/api/command", self.url)).bearer_auth(&self.token).json(&body);
        let response = asked.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// What is recorded of flights, each as its event.
    async fn flights(&self) -> Result<Vec<Value>, Error> {
        let url = format!("{}/api/records?limit=10000", self.url);
        let records: Value = self.http.get(url).bearer_auth(&self.token).send().await?.json().await?;
        let events = records["records"].as_array().into_iter().flatten().map(|it| it["event"].clone());
        Ok(events
            .filter(|it| it.as_object().is_some_and(|it| it.keys().any(|key| key.starts_with("flight_"))))
            .collect())
    }

    /// Waits until a flight is reported in this state.
    async fn reported(&self, flight: u64, is_so: impl Fn(&Value) -> bool) -> Check {
        for _ in 0..300 {
            let reports = self.flights().await?;
            let mut reports = reports.iter().map(|it| &it["flight_reported"]);
            if reports.any(|it| it["flight"] == flight && is_so(&it["state"])) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("flight {flight}: {:?}", self.flights().await?).into())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_answer_it_says_the_same_flight_again() -> Check {
    let dir = tempfile::tempdir()?;
    let (_broker, address) = start_mosquitto(dir.path())?;
    let dock = Dock::connect(&address).await?;
    let data = dir.path().join("data");
    let hub = Hub::spawn(&data, &address)?;
    let order = |overrides: bool| {
        json!({ "order_flight": { "ask": {
            "drone": DRONE, "reason": "看一眼积水", "overrides": overrides,
            "task": { "takeoff_to": { "place": [118.07, 24.45], "height_m": 80.0 } },
            // The hub goes by what it sees itself.
            "seen": { "at": 1, "place": [0.0, 0.0], "height_m": 0.0, "is_dock_stopped": true, "is_flying": true },
        } } })
    };
    let mut answer = (0, Value::Null);
    for _ in 0..150 {
        answer = hub.command("值班长 01", order(true)).await?;
        if answer.0 == 200 {
            break;
        }
        // Not heard of yet.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(answer.0, 200, "{}", answer.1);
    for _ in 0..150 {
        if !dock.told("takeoff_to_point").is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!dock.told("takeoff_to_point").is_empty(), "{:?}", hub.flights().await?);
    drop(hub); // Killed.

    dock.answers.store(true, Relaxed);
    let hub = Hub::spawn(&data, &address)?;
    hub.reported(1, |state| state == "done").await?;
    let told = dock.told("takeoff_to_point");
    assert!(told.len() >= 2, "said again: {told:?}");
    for it in &told {
        assert_eq!(it["bid"], "gulang-a-f1");
        assert_eq!(it["data"]["flight_id"], "gulang-a-f1");
        assert_eq!(it["data"]["simulate_mission"]["is_enable"], 0);
        assert_eq!(it["data"]["target_height"], 102.0, "22 m of ground above the ellipsoid and 80 m above it");
    }
    let ordered = hub.flights().await?.into_iter().filter(|it| !it["flight_ordered"].is_null()).count();
    assert_eq!(ordered, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grab_is_answered_and_a_stop_without_a_direct_channel_says_so() -> Check {
    let dir = tempfile::tempdir()?;
    let (_broker, address) = start_mosquitto(dir.path())?;
    let dock = Dock::connect(&address).await?;
    dock.answers.store(true, Relaxed);
    let hub = Hub::spawn(&dir.path().join("data"), &address)?;
    let (status, answer) = hub.command("值班长 01", json!({ "take_control": { "drone": DRONE } })).await?;
    assert_eq!(status, 200, "{answer}");
    hub.reported(1, |state| state == "done").await?;
    for grab in ["flight_authority_grab", "payload_authority_grab"] {
        assert!(!dock.told(grab).is_empty(), "{grab}: {:?}", dock.told.lock().map(|it| it.clone()));
    }
    let propose = json!({ "propose_emergency_stop": { "drone": DRONE, "reason": "冲向人群" } });
    assert_eq!(hub.command("值班长 01", propose).await?.0, 200);
    let sign = || json!({ "co_sign_emergency_stop": { "number": 1 } });
    assert_eq!(hub.command("值班长 01", sign()).await?.0, 409);
    assert_eq!(hub.command("带班领导 02", sign()).await?.0, 200);
    let why = |state: &Value| state["failed"]["why"].as_str().is_some_and(|it| it.contains("options.drc"));
    hub.reported(2, why).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_is_fetched_once_by_its_fingerprint_and_then_told_to_fly() -> Check {
    let dir = tempfile::tempdir()?;
    let (_broker, address) = start_mosquitto(dir.path())?;
    let dock = Dock::connect(&address).await?;
    dock.answers.store(true, Relaxed);
    let hub = Hub::spawn(&dir.path().join("data"), &address)?;
    let points = json!([
        { "place": [118.066, 24.446], "height_m": 60.0 }, { "place": [118.068, 24.447], "height_m": 80.0 },
    ]);
    let order = json!({ "order_flight": { "ask": {
        "drone": DRONE, "reason": "海岸巡查", "overrides": true,
        "task": { "run_route": { "route": { "name": "海岸巡查", "speed_mps": 10.0, "points": points } } },
    } } });
    let mut answer = (0, Value::Null);
    for _ in 0..150 {
        answer = hub.command("值班长 01", order.clone()).await?;
        if answer.0 == 200 {
            break;
        }
        // Not heard of yet.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(answer.0, 200, "{}", answer.1);
    hub.reported(1, |state| state == "accepted").await?;
    let prepared = dock.told("flighttask_prepare");
    let told = prepared.last().ok_or("never prepared")?;
    assert_eq!((&told["bid"], &told["data"]["flight_id"]), (&json!("gulang-a-f1"), &json!("gulang-a-f1")));
    assert!(told["data"]["simulate_mission"].is_null(), "an actual route is flown");
    let file = &told["data"]["file"];
    let url = file["url"].as_str().ok_or("no address")?;
    // No token: the path is the secret.
    let fetched = hub.http.get(url).send().await?;
    assert_eq!(fetched.status().as_u16(), 200);
    let bytes = fetched.bytes().await?;
    assert_eq!(gulang_platforms::wpml::fingerprint(&bytes), file["fingerprint"].as_str().unwrap_or_default());
    let wayline = gulang_platforms::wpml::read_kmz(&bytes, None)?;
    let heights: Vec<f32> = wayline.points.iter().map(|it| it.height_m).collect();
    assert_eq!(heights, [60.0, 80.0]);
    assert_eq!(hub.http.get(url).send().await?.status().as_u16(), 404, "only once");
    let told = dock.told("flighttask_execute");
    assert!(told.iter().all(|it| it["data"]["flight_id"] == "gulang-a-f1") && !told.is_empty(), "{told:?}");
    Ok(())
}
