//! Readings over a real broker: published one by one, into the columns, out to screens. Each says when it was published, so
//! the delay a screen sees is the whole way: broker, decoding, alarm rules, columns, WebSocket, a screen's own columns.

use super::{BenchError, Scratch, hub_at, profile};
use crate::{
    clock::wall_now,
    realm::Addresses,
    screen::Screen,
    sim_host::{ChildSim, RunningSim, SimHost, SimRequest, SimScale, SimSpeed},
};
use gulang_city::{Pack, Realm, SensorId};
use gulang_platforms::sensorthings::{Catalog, EntityId, StreamRules, decode_observations, decode_streams, write};
use gulang_wire::{Body, Watch};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Every sensor of the pack in turn, `per_sec` readings in all for so many seconds. With `broker` (`host:port`) somebody
/// else publishes there, and this only listens.
pub fn mqtt(
    pack_dir: &Path,
    n_screens: usize,
    secs: f64,
    per_sec: u64,
    broker: Option<&str>,
) -> Result<Value, BenchError> {
    let scratch = Scratch::new("mqtt")?;
    let own = if broker.is_none() { Some(Broker::start(pack_dir, &scratch.0.join("sim"))?) } else { None };
    let (address, name) = match (&own, broker) {
        (Some(own), _) => (own.address.clone(), own.name),
        (None, address) => (address.unwrap_or_default().to_owned(), "given"),
    };
    let hub = hub_at(pack_dir, &scratch, Addresses { mqtt: Some(address.clone()), ..Addresses::default() })?;
    let core = hub.hall().actual().clone();
    let sensors: Vec<SensorId> = core.city().sensors.keys().cloned().collect();
    let eyes = Eyes::open(&hub.url, &hub.token, n_screens);
    std::thread::sleep(Duration::from_millis(800));
    let began = Instant::now();
    let published = match &own {
        Some(_) => publish(&address, &sensors, per_sec, secs)?,
        None => {
            std::thread::sleep(Duration::from_secs_f64(secs));
            0
        }
    };
    let publishing_secs = began.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_millis(1500));
    let (n_taken, n_dropped) = {
        let lane = core.lane();
        (lane.n_taken, lane.readings.n_dropped)
    };
    let seen = eyes.close();
    hub.stop()?;
    let mut delays: Vec<f32> = seen.iter().flat_map(|it| it.delays_ms.iter().copied()).collect();
    delays.sort_by(f32::total_cmp);
    let at = |part: f64| delays.get(((delays.len() as f64 - 1.0) * part) as usize);
    Ok(json!({
        "bench": "mqtt",
        "load": format!("single JSON readings on sensors/ID/reading of {} sensors, QoS 0, alarm rules on, Parquet on, {n_screens} screens", sensors.len()),
        "broker": name, "published": published, "published_per_sec": published as f64 / publishing_secs,
        "taken": n_taken, "taken_per_sec": n_taken as f64 / publishing_secs, "superseded_or_dropped": n_dropped,
        "message_to_columns_ms": { "p50": at(0.5), "p95": at(0.95), "worst": delays.last(), "samples": delays.len() },
        "screens": seen.iter().map(|it| json!({ "columns": it.n_columns, "readings": it.delays_ms.len(), "error": it.error })).collect::<Vec<_>>(),
        "profile": profile(),
    }))
}

/// The load alone: every sensor of the pack in turn, for whoever listens at `broker` (`host:port`).
pub fn publish_over_mqtt(pack: &Pack, broker: &str, per_sec: u64, secs: f64) -> Result<Value, BenchError> {
    let sensors: Vec<SensorId> = pack.sensors.iter().map(|it| it.id.clone()).collect();
    let began = Instant::now();
    let published = publish(broker, &sensors, per_sec, secs)?;
    Ok(json!({ "published": published, "per_sec": published as f64 / began.elapsed().as_secs_f64() }))
}

/// A page of Observations read again and again, beside the same page read as plain JSON.
pub fn sensorthings(n_rows: u64) -> Result<Value, BenchError> {
    const N_STREAMS: u64 = 1000;
    let load = |why: String| BenchError::Load(why);
    let rules = json!({ "streams": [{ "to": "sensor", "unit": "cm" }] });
    let rules: StreamRules = serde_json::from_value(rules).map_err(|why| load(why.to_string()))?;
    let mut catalog = Catalog::new(rules);
    let id = |n: u64| EntityId::Number((n % N_STREAMS) as i64 + 1);
    let streams = (0..N_STREAMS).map(|n| {
        let name = format!("thing-{n}");
        let text = write::StreamText {
            id: id(n),
            name: &name,
            observed: "water depth",
            symbol: "m",
            thing_id: id(n),
            thing: &name,
            properties: json!({}),
            place: gulang_city::LonLat(118.1, 24.5),
        };
        write::stream("http://bench/v1.1", &text)
    });
    let page = write::page(streams.collect(), None).to_string();
    for it in &decode_streams(page.as_bytes()).map_err(|why| load(why.to_string()))?.streams {
        catalog.add(it).map_err(load)?;
    }
    let at = gulang_city::Timestamp(1_795_138_200_000);
    let rows = (0..n_rows).map(|n| write::observation(n as i64, &id(n), n as f64 * 0.001, at + n as i64));
    let page = write::page(rows.collect(), None).to_string();
    let (ours, ours_mb) = read_for_a_while(page.len(), || {
        decode_observations(page.as_bytes(), None, &catalog).map_or(0, |(heard, _)| heard.news.len())
    });
    let (plain, plain_mb) = read_for_a_while(page.len(), || {
        serde_json::from_str::<Value>(&page).map_or(0, |it| it["value"].as_array().map_or(0, Vec::len))
    });
    Ok(json!({
        "bench": "sensorthings", "load": format!("one page of {n_rows} Observations of {N_STREAMS} Datastreams, {} bytes", page.len()),
        "into_readings": ours, "into_plain_json": plain, "ratio": ours_mb / plain_mb.max(1e-9), "profile": profile(),
    }))
}

/// Reads the same bytes for two seconds; the figures, and MB a second.
fn read_for_a_while(n_bytes: usize, mut read: impl FnMut() -> usize) -> (Value, f64) {
    let (began, mut n_times, mut n_rows) = (Instant::now(), 0u64, 0);
    while began.elapsed() < Duration::from_secs(2) {
        n_rows = std::hint::black_box(read());
        n_times += 1;
    }
    let secs = began.elapsed().as_secs_f64();
    let mb_per_sec = (n_bytes as u64 * n_times) as f64 / 1e6 / secs;
    let figures = json!({ "mb_per_sec": mb_per_sec, "observations_per_sec": (n_rows as u64 * n_times) as f64 / secs });
    (figures, mb_per_sec)
}

/// A broker of the bench's own: mosquitto if it is installed, else the simulated city's.
struct Broker {
    address: String,
    name: &'static str,
    child: Option<Child>,
    /// Runs until dropped.
    _sim: Option<Box<dyn RunningSim>>,
}

impl Broker {
    fn start(pack_dir: &Path, state_dir: &Path) -> Result<Self, BenchError> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        for program in ["mosquitto", "/usr/sbin/mosquitto"] {
            let mut command = Command::new(program);
            command.args(["-p", &port.to_string()]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let Ok(child) = command.spawn() else { continue };
            let broker =
                Self { address: format!("127.0.0.1:{port}"), name: "mosquitto", child: Some(child), _sim: None };
            for _ in 0..250 {
                if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                    return Ok(broker);
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            return Err(BenchError::Load(format!("{program} does not listen on port {port}")));
        }
        let request = SimRequest {
            pack_dir: pack_dir.to_owned(),
            scenario: None,
            seed: 1,
            realm: Realm::Exercise,
            speed: SimSpeed::Lockstep,
            state_dir: state_dir.to_owned(),
            start: None,
            scale: SimScale::None,
        };
        let sim = ChildSim.start(&request).map_err(BenchError::Load)?;
        let address =
            sim.addresses().mqtt.ok_or_else(|| BenchError::Load("the simulated city has no broker".into()))?;
        Ok(Self { address, name: "rumqttd of gulang-sim", child: None, _sim: Some(sim) })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Publishes at an even rate over one connection, QoS 0; how many were sent.
fn publish(address: &str, sensors: &[SensorId], per_sec: u64, secs: f64) -> Result<u64, BenchError> {
    if sensors.is_empty() {
        return Err(BenchError::Load("the pack has no sensors".into()));
    }
    let mut socket = TcpStream::connect(address)?;
    socket.set_nodelay(true)?;
    socket.write_all(&packet(0x10, b"\0\x04MQTT\x04\x02\0\0\0\x05bench"))?;
    let mut answer = [0; 4];
    socket.read_exact(&mut answer)?;
    if answer != [0x20, 2, 0, 0] {
        return Err(BenchError::Load(format!("the broker at {address} refused the publisher: {answer:?}")));
    }
    let (began, mut n, mut bytes) = (Instant::now(), 0u64, Vec::new());
    while began.elapsed().as_secs_f64() < secs {
        let due = (began.elapsed().as_secs_f64() * per_sec as f64) as u64;
        let now = wall_now().0;
        bytes.clear();
        while n < due {
            let sensor = &sensors[(n % sensors.len() as u64) as usize];
            let topic = format!("sensors/{sensor}/reading");
            let payload = format!(r#"{{"v":{}.{},"t":{now}}}"#, n % 8, n % 10);
            let length = (topic.len() as u16).to_be_bytes();
            bytes.extend_from_slice(&packet(0x30, &[&length[..], topic.as_bytes(), payload.as_bytes()].concat()));
            n += 1;
        }
        socket.write_all(&bytes)?;
        std::thread::sleep(Duration::from_millis(5));
    }
    socket.write_all(&[0xe0, 0])?;
    Ok(n)
}

/// An MQTT 3.1.1 control packet: kind, remaining length, the rest.
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut left = body.len();
    loop {
        let low = (left % 128) as u8;
        left /= 128;
        packet.push(if left > 0 { low | 0x80 } else { low });
        if left == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

/// What one screen saw.
#[derive(Default)]
struct Seen {
    n_columns: u64,
    /// From the reading's own time until it stood in the screen's columns.
    delays_ms: Vec<f32>,
    error: Option<String>,
}

/// Screens on a thread of their own, which look at the time of every reading.
struct Eyes {
    stop: tokio::sync::watch::Sender<bool>,
    thread: std::thread::JoinHandle<Vec<Seen>>,
}

impl Eyes {
    fn open(url: &str, token: &str, n: usize) -> Self {
        let (url, token) = (url.to_owned(), token.to_owned());
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let thread = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
                return Vec::new();
            };
            let screens = (0..n).map(|i| look(url.clone(), token.clone(), i, stopped.clone()));
            runtime.block_on(futures_util::future::join_all(screens))
        });
        Self { stop, thread }
    }

    fn close(self) -> Vec<Seen> {
        self.stop.send_replace(true);
        self.thread.join().unwrap_or_default()
    }
}

async fn look(url: String, token: String, i: usize, mut stopped: tokio::sync::watch::Receiver<bool>) -> Seen {
    let mut seen = Seen::default();
    let mut screen = match Screen::connect(&url, &token, &format!("bench {i}"), Watch::Follow).await {
        Ok(screen) => screen,
        Err(error) => return Seen { error: Some(error.to_string()), ..seen },
    };
    loop {
        tokio::select! {
            frame = screen.next() => match frame {
                Ok(frame) => if let Body::Columns(columns) = &frame.body {
                    let now = wall_now().0;
                    seen.n_columns += 1;
                    seen.delays_ms.extend(columns.gauge_at.iter().map(|it| (now - it.0) as f32));
                },
                Err(why) => {
                    seen.error = Some(why.to_string());
                    return seen;
                }
            },
            _ = stopped.changed() => return seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::packet;

    #[test]
    fn lengths_are_written_as_mqtt_writes_them() {
        assert_eq!(packet(0x30, &[7; 3]), [0x30, 3, 7, 7, 7]);
        let long = packet(0x30, &[0; 321]);
        assert_eq!((&long[..3], long.len()), (&[0x30, 0xc1, 0x02][..], 324));
    }
}
