//! MAVLink and Cursor-on-Target against peers: pymavlink as the vehicle, a TAK server that drops, floods and lies. Needs
//! Python with pymavlink for the first (`cargo xtask setup` puts them into a venv; `GULANG_PEERS_PYTHON` names another);
//! without it those tests say so and pass.

use async_trait::async_trait;
use gulang_city::{Command, DroneId, Flight, FlightId, FlightState, FlightTask, LonLat, Pack, Realm, Text, Timestamp};
use gulang_hub::{
    connectors::{
        contract::{ConnectorConfig, Ear, Listener, Parts, Sink, kinds},
        cot::Cot,
        mavlink::Mavlink,
    },
    flights::{Aircraft, FlightLink},
    realm::{Actual, Exercise, FlightDispatch, RealmKind},
};
use gulang_platforms::{Heard, News, cot};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
};

type Error = Box<dyn std::error::Error>;

/// Nothing here takes so long; a test that waits longer has failed.
const LIMIT: Duration = Duration::from_secs(60);

/// Keeps what is heard.
#[derive(Default)]
struct Kept(Mutex<Heard>);

#[async_trait]
impl Sink for Kept {
    async fn take(&self, _: &[u8], heard: Heard) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(heard);
        Ok(())
    }
    fn alive(&self) {}
    fn now(&self) -> Timestamp {
        gulang_hub::clock::wall_now()
    }
}

impl Kept {
    fn heard(&self) -> Heard {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until something was heard.
    async fn until(&self, what: &str, is_it: impl Fn(&Heard) -> bool) -> Result<Heard, Error> {
        let waits = async {
            loop {
                let heard = self.heard();
                if is_it(&heard) {
                    return heard;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LIMIT, waits).await.map_err(|_| format!("{what}: only {:?}", self.heard()).into())
    }

    async fn state(&self, what: &str, is_it: impl Fn(&FlightState) -> bool) -> Result<FlightState, Error> {
        let of = |heard: &Heard| {
            heard.commands.iter().find_map(|it| match it {
                Command::ReportFlight { state, .. } if is_it(state) => Some(state.clone()),
                _ => None,
            })
        };
        let heard = self.until(what, |it| of(it).is_some()).await?;
        Ok(of(&heard).ok_or("a state")?)
    }
}

fn ear(kept: &Arc<Kept>) -> Ear {
    Ear { platform: "peer".into(), sink: kept.clone() }
}

fn pack() -> Pack {
    gulang_city::tiny_pack()
}

fn parts<R: RealmKind>() -> Parts<R> {
    Parts::apart(Arc::new(pack()))
}

fn config(kind: &str, url: &str, options: &str) -> Result<ConnectorConfig, Error> {
    let text = format!("name = 'peer'\ntitle = '外勤'\nkind = '{kind}'\nurl = '{url}'\n[options]\n{options}");
    Ok(toml::from_str(&text)?)
}

// ---------------------------------------------------------------- MAVLink

/// Python with pymavlink, if there is one.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("GULANG_PEERS_PYTHON").map(PathBuf::from);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let found =
        [named, Some(target.join("peers/bin/python")), Some("python3".into())].into_iter().flatten().find(|it| {
            let asks = Process::new(it).args(["-c", "import pymavlink"]).stderr(Stdio::null()).status();
            asks.is_ok_and(|it| it.success())
        });
    if found.is_none() {
        eprintln!("!!! SKIPPED: no Python with pymavlink here; `cargo xtask setup`, or pip install pymavlink");
    }
    found
}

/// The vehicle's process; ends with the test.
struct Peer {
    child: Child,
    received: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Peer {
    fn start(python: &Path, port: u16, args: &[&str]) -> Result<Self, Error> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/mavlink_vehicle.py");
        let mut child = Process::new(python)
            .arg(script)
            .arg(port.to_string())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().ok_or("its words")?;
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = received.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                if let Ok(command) = serde_json::from_str(&line) {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(command);
                }
            }
        });
        Ok(Self { child, received })
    }

    fn commands(&self) -> Vec<(u64, u64)> {
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received
            .iter()
            .map(|it| (it["command"].as_u64().unwrap_or(0), it["confirmation"].as_u64().unwrap_or(0)))
            .collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn free_port() -> Result<u16, Error> {
    Ok(UdpSocket::bind("127.0.0.1:0").await?.local_addr()?.port())
}

fn flight(realm: Realm, drone: &DroneId, id: u64, task: FlightTask) -> Flight {
    Flight {
        id: FlightId(id),
        realm,
        drone: drone.clone(),
        platform: "peer".into(),
        task,
        by: "值班长 01".into(),
        co_signed_by: None,
        reason: "".into(),
        overridden: Vec::new(),
        ordered_at: Timestamp(1),
        state: FlightState::Ordered,
        state_at: Timestamp(1),
        n_attempts: 0,
        cancel: None,
        note: "".into(),
    }
}

/// Hands a flight over until the link has a vehicle to give it to.
async fn hand_over<R: RealmKind>(link: &dyn FlightLink<R>, flight: &Flight) -> Result<(), Error> {
    let waits = async {
        while !link.is_up() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, waits).await?;
    let dispatch = FlightDispatch::<R>::from_flight(flight, false).ok_or("of this realm")?;
    Ok(link.send(&dispatch, &Aircraft::default()).await?)
}

/// A connector listening for the peer on a port of its own.
async fn vehicle_link<R: RealmKind>(port: u16) -> Result<(Arc<dyn FlightLink<R>>, Arc<Kept>, DroneId), Error> {
    let drone = pack().drones.first().ok_or("a drone")?.id.clone();
    let config = config("mavlink", &format!("udp://127.0.0.1:{port}"), &format!("vehicles = {{ 1 = '{drone}' }}"))?;
    let (mut mavlink, link) = Mavlink::<R>::new(&config, &parts())?;
    let kept = Arc::new(Kept::default());
    let ear = ear(&kept);
    tokio::spawn(async move { while mavlink.listen(&ear).await.is_ok() {} });
    let link: Arc<dyn FlightLink<R>> = Arc::new(link);
    Ok((link, kept, drone))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vehicle_is_heard_and_flies_though_an_acknowledgement_is_lost() -> Result<(), Error> {
    let Some(python) = python() else { return Ok(()) };
    let port = free_port().await?;
    let (link, kept, drone) = vehicle_link::<Actual>(port).await?;
    let peer = Peer::start(&python, port, &["--lose", "1", "--real"])?;
    let heard = kept.until("its position", |it| it.news.iter().any(|it| matches!(it, News::Drone { .. }))).await?;
    let fix = heard.news.iter().find_map(|it| if let News::Drone { fix, .. } = it { Some(*fix) } else { None });
    let fix = fix.ok_or("a fix")?;
    assert!(LonLat(fix.lon, fix.lat).distance_m(LonLat(118.07, 24.45)) < 1.0);
    let task = FlightTask::TakeoffTo { place: LonLat(118.072, 24.451), height_m: 60.0 };
    hand_over(&*link, &flight(Realm::Actual, &drone, 1, task)).await?;
    kept.state("accepted", |it| *it == FlightState::Accepted).await?;
    kept.state("under way", |it| matches!(it, FlightState::InProgress { .. })).await?;
    kept.state("done", |it| *it == FlightState::Done).await?;
    let commands = peer.commands();
    assert_eq!(commands.first(), Some(&(400, 0)));
    assert_eq!(commands.get(1), Some(&(400, 1)), "again, counted, since the first answer was lost");
    assert_eq!(commands.iter().map(|it| it.0).skip(2).collect::<Vec<_>>(), [22, 192]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_said_and_an_exercise_moves_no_real_vehicle() -> Result<(), Error> {
    let Some(python) = python() else { return Ok(()) };
    let port = free_port().await?;
    let (link, kept, drone) = vehicle_link::<Actual>(port).await?;
    let _peer = Peer::start(&python, port, &["--deny", "21"])?;
    hand_over(&*link, &flight(Realm::Actual, &drone, 1, FlightTask::Land)).await?;
    let failed = kept.state("refused", |it| matches!(it, FlightState::Failed { .. })).await?;
    assert!(failed.why().contains("拒绝"), "{failed:?}");

    let port = free_port().await?;
    let (link, kept, drone) = vehicle_link::<Exercise>(port).await?;
    let real = Peer::start(&python, port, &["--real"])?;
    hand_over(&*link, &flight(Realm::Exercise, &drone, 1, FlightTask::ReturnHome)).await?;
    let failed = kept.state("barred", |it| matches!(it, FlightState::Failed { .. })).await?;
    assert!(failed.why().contains("演练"), "{failed:?}");
    assert!(real.commands().is_empty(), "nothing reached it");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_mavlink_1_are_refused_once() -> Result<(), Error> {
    use gulang_platforms::mavlink::{encode, heartbeat};
    let port = free_port().await?;
    let (_link, kept, _) = vehicle_link::<Actual>(port).await?;
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    // HEARTBEAT of system 1 in MAVLink 1, by pymavlink 2.4.50.
    let old = [0xfe, 9, 0, 1, 1, 0, 0, 0, 4, 5, 2, 0x0c, 0xd1, 4, 3, 0x92, 0x7c];
    for _ in 0..20 {
        for bytes in [encode(77, 1, 0, &heartbeat()), old.to_vec(), b"GET / HTTP/1.1".to_vec()] {
            let _ = socket.send_to(&bytes, ("127.0.0.1", port)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let heard = kept.until("three refusals", |it| it.refused.len() >= 3).await?;
    assert_eq!(heard.refused.len(), 3, "{:?}", heard.refused);
    assert!(heard.refused.iter().any(|it| it.why.contains("MAVLink 1")));
    Ok(())
}

// ---------------------------------------------------------------- Cursor-on-Target

fn team_event(callsign: &str) -> String {
    let now = gulang_hub::clock::wall_now();
    let event = cot::Event {
        uid: "PHONE-1".into(),
        kind: cot::kinds::TEAM.into(),
        time: now,
        start: now,
        stale: now.plus_secs(60),
        place: Some(LonLat(118.09, 24.46)),
        callsign: Some(callsign.into()),
        ..cot::Event::default()
    };
    event.to_xml()
}

async fn field_link<R: RealmKind>(url: &str, options: &str) -> Result<Arc<Kept>, Error> {
    let mut link = Cot::<R>::new(&config("cot", url, options)?, &parts())?;
    let kept = Arc::new(Kept::default());
    let ear = ear(&kept);
    tokio::spawn(async move {
        loop {
            let _ = link.listen(&ear).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    Ok(kept)
}

fn n_teams(heard: &Heard) -> usize {
    heard.news.iter().filter(|it| matches!(it, News::Team { .. })).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tak_server_that_drops_floods_and_lies_costs_only_that() -> Result<(), Error> {
    let server = TcpListener::bind("127.0.0.1:0").await?;
    let team = pack().teams.first().ok_or("a team")?.clone();
    let url = format!("tcp://{}", server.local_addr()?);
    let kept = field_link::<Actual>(&url, &format!("uids = {{ 'PHONE-1' = '{}' }}", team.id)).await?;
    // It drops the connection in the middle of an event, twice.
    for _ in 0..2 {
        let (mut stream, _) = server.accept().await?;
        // Its ping: a connection closed on unread bytes is reset, and takes what it said with it.
        let _ = stream.read(&mut [0; 4096]).await?;
        let event = team_event("一号");
        stream.write_all(event.as_bytes()).await?;
        stream.write_all(&event.as_bytes()[..100]).await?;
    }
    let (mut stream, _) = server.accept().await?;
    kept.until("a fix before each drop", |it| n_teams(it) >= 2).await?;
    // 100 MB in one event, bytes in another encoding, a bomb; then an honest one.
    stream.write_all(b"<event uid=\"").await?;
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        stream.write_all(&piece).await?;
    }
    stream.write_all(b"\"></event><event uid=\"\xB9\xC4\"></event>").await?;
    stream.write_all(b"<!DOCTYPE e [<!ENTITY a \"b\">]><event uid=\"&a;\"></event>").await?;
    let before = n_teams(&kept.heard());
    stream.write_all(team_event("一号").as_bytes()).await?;
    let heard = kept.until("the honest one after", |it| n_teams(it) > before).await?;
    for why in ["KB", "UTF-8", "实体"] {
        assert_eq!(heard.refused.iter().filter(|it| it.why.contains(why)).count(), 1, "{why}: {:?}", heard.refused);
    }
    // A ping is answered, and nothing else is said to a server that is only listened to.
    let mut answer = vec![0; 4096];
    stream.write_all(cot::Event::ping("server", Timestamp(1_700_000_000_000)).to_xml().as_bytes()).await?;
    let mut said = String::new();
    let waits = async {
        while !said.contains(cot::kinds::PONG) {
            let n = stream.read(&mut answer).await?;
            said.push_str(&String::from_utf8_lossy(answer.get(..n).unwrap_or_default()));
        }
        Ok::<_, std::io::Error>(())
    };
    tokio::time::timeout(LIMIT, waits).await??;
    assert!(!said.contains("a-f-"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_by_udp_are_heard_and_an_exercise_stays_outside() -> Result<(), Error> {
    let port = free_port().await?;
    let team = pack().teams.first().ok_or("a team")?.clone();
    let kept = field_link::<Actual>(&format!("udp://127.0.0.1:{port}"), "").await?;
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let drill = team_event(&team.name).replace("version=\"2.0\"", "version=\"2.0\" opex=\"e-演习\"");
    let waits = async {
        while kept.heard().news.is_empty() || kept.heard().refused.is_empty() {
            for event in [&drill, &team_event(&team.name)] {
                let _ = socket.send_to(event.as_bytes(), ("127.0.0.1", port)).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, waits).await?;
    let heard = kept.heard();
    assert!(heard.refused.iter().all(|it| it.why.contains("演练")), "{:?}", heard.refused);
    assert!(matches!(heard.news.first(), Some(News::Team { team: id, .. }) if *id == team.id.0), "by its callsign");
    Ok(())
}

// ---------------------------------------------------------------- configuration

#[test]
fn what_is_wrong_in_the_configuration_is_named_by_its_key() -> Result<(), Error> {
    let kinds: BTreeMap<&str, _> = kinds::<Actual>().into_iter().map(|it| (it.name, it.open)).collect();
    let drone: Text = pack().drones.first().ok_or("a drone")?.id.0.clone();
    let vehicles = format!("vehicles = {{ 1 = '{drone}' }}");
    for (kind, url, options, what) in [
        ("mavlink", "udp://0.0.0.0", vehicles.as_str(), "url"),
        ("mavlink", "serial:///dev/ttyUSB0:57600", vehicles.as_str(), "url"),
        ("mavlink", "udp://0.0.0.0:14550", "vehicles = { 1 = 'nobody' }", "options.vehicles"),
        ("mavlink", "udp://0.0.0.0:14550", "vehicles = { 255 = 'x' }", "options.vehicles"),
        ("mavlink", "udp://0.0.0.0:14550", "", "options"),
        ("cot", "ssl://tak:8089", "", "url"),
        ("cot", "tcp://tak:8087", "uids = { a = 'nobody' }", "options.uids"),
        ("cot", "tcp://tak:8087", "alert_agency = 'nobody'", "options.alert_agency"),
        ("cot", "tcp://tak:8087", "send_every_s = 0.0", "options.send_every_s"),
    ] {
        let open = kinds.get(kind).ok_or("the kind")?;
        match open(&config(kind, url, options)?, &parts()) {
            Err(why) => assert_eq!(why.what, what, "{kind} {url} {options}: {why}"),
            Ok(_) => return Err(format!("{kind} {url} {options} was taken").into()),
        }
    }
    Ok(())
}
