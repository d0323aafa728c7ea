//! A door of its own for every platform, so that one can fall, come back, flood or drop its callers while the others stay.
//!
//! Where doors are asked for ([`Doors::own`]) each platform is reached through a port that passes bytes on to the shared
//! server or broker behind it. A door that is shut is closed: callers are refused, and connections that were open are cut.
//! It opens again on the same port. The vehicle (UDP) and the vehicles' terminals (which call us) have no port to close:
//! they fall silent instead.
//!
//! | control | what |
//! | --- | --- |
//! | `GET /sim/peers` | every peer's address and how it behaves |
//! | `POST /sim/peers/{peer}/{deed}` | `stop`, `start`, `flood`, `drop-every-second`; answered when it is so, 409 where it cannot be |
//!
//! What a flood is depends on who speaks: 100 MB in answer to any question, 200,000 readings a second over MQTT, every
//! event a thousand times.

use crate::app::App;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

/// Every peer, by the kind of connector that speaks with it; `feeds`, `inventory`, `gateway` and `assistant` have none.
pub const PEERS: [&str; 25] = [
    "assistant",
    "cap",
    "cot",
    "dji",
    "egova",
    "feeds",
    "gateway",
    "grid",
    "inventory",
    "jt808",
    "mavlink",
    "mqtt",
    "open311",
    "province",
    "quake",
    "rain-grid",
    "rest",
    "rtsp",
    "sensorthings",
    "typhoon-jma",
    "typhoon-nmc",
    "typhoon-zj",
    "video-ai",
    "wvp",
    "zlm",
];
pub(crate) const MAVLINK: &str = "mavlink";
pub(crate) const JT808: &str = "jt808";
pub(crate) const MQTT: &str = "mqtt";

/// Longer than any listener takes to close or to open.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);
const FLOOD_BYTES: usize = 100 << 20;
const FLOOD_READINGS_PER_S: usize = 200_000;
const FLOOD_EVERY: Duration = Duration::from_millis(10);
/// How often one thing is said in a flood of it.
pub(crate) const FLOOD_REPEATS: usize = 1000;

/// Whether platforms have doors of their own, and which are shut at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doors {
    pub own: bool,
    /// Of [`PEERS`].
    pub shut: Vec<String>,
}

/// How a peer behaves at its door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Conduct {
    #[default]
    Open,
    Shut,
    Floods,
    DropsEverySecond,
}

/// What passes through a door, and so what a flood of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    Http,
    /// The broker itself floods.
    Mqtt,
    /// Events over plain TCP.
    Events,
    /// Nothing to flood with.
    Rtsp,
    /// No port to close.
    Portless,
}

/// The doors there are.
#[derive(Default)]
pub(crate) struct Peers {
    asked: Doors,
    doors: BTreeMap<&'static str, Door>,
}

struct Door {
    address: Option<SocketAddr>,
    speech: Speech,
    told: watch::Sender<Conduct>,
    /// What has come to pass.
    settled: watch::Receiver<Conduct>,
}

impl Peers {
    pub(crate) fn new(asked: Doors) -> Self {
        Self { asked, doors: BTreeMap::new() }
    }

    /// Where a peer is reached: at a door of its own, or where it is anyway.
    pub(crate) async fn door(
        &mut self,
        peer: &'static str,
        speech: Speech,
        behind: SocketAddr,
    ) -> std::io::Result<SocketAddr> {
        if !self.asked.own {
            return Ok(behind);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (told, hears) = watch::channel(self.first_conduct(peer));
        let (settles, settled) = watch::channel(Conduct::Open);
        self.doors.insert(peer, Door { address: Some(address), speech, told, settled });
        tokio::spawn(Hinge { address, behind, speech, told: hears, settles }.turn(listener));
        Ok(address)
    }

    /// A peer without a port of its own, which looks itself how it behaves.
    pub(crate) fn portless(&mut self, peer: &'static str) {
        if self.asked.own {
            let (told, settled) = watch::channel(self.first_conduct(peer));
            self.doors.insert(peer, Door { address: None, speech: Speech::Portless, told, settled });
        }
    }

    fn first_conduct(&self, peer: &str) -> Conduct {
        if self.asked.shut.iter().any(|it| it == peer) { Conduct::Shut } else { Conduct::Open }
    }

    pub(crate) fn conduct(&self, peer: &str) -> Conduct {
        self.doors.get(peer).map_or(Conduct::Open, |it| *it.told.borrow())
    }

    pub(crate) fn is_shut(&self, peer: &str) -> bool {
        self.conduct(peer) == Conduct::Shut
    }

    /// Returns when it is so; why not, in words.
    pub(crate) async fn tell(&self, peer: &str, deed: &str) -> Result<(), String> {
        let door = self.doors.get(peer);
        let door = door.ok_or_else(|| format!("{peer:?} has no door of its own here; start with --doors"))?;
        let conduct = match (deed, door.speech) {
            ("stop", _) => Conduct::Shut,
            ("start", _) => Conduct::Open,
            ("flood", Speech::Http | Speech::Mqtt | Speech::Events) if peer != "dji" => Conduct::Floods,
            ("flood", Speech::Portless) if peer == MAVLINK => Conduct::Floods,
            ("drop-every-second", Speech::Http | Speech::Mqtt | Speech::Events | Speech::Rtsp) => {
                Conduct::DropsEverySecond
            }
            ("flood" | "drop-every-second", _) => return Err(format!("{peer} cannot {deed}")),
            _ => return Err(format!("unknown deed {deed:?}; use stop, start, flood or drop-every-second")),
        };
        door.told.send_replace(conduct);
        let mut settled = door.settled.clone();
        match timeout(SETTLED_WITHIN, settled.wait_for(|it| *it == conduct)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(format!("{peer} did not {deed}: its port may be taken by another program")),
        }
    }

    pub(crate) fn list(&self) -> Value {
        let peers = self.doors.iter().map(|(name, it)| {
            json!({ "peer": name, "address": it.address.map(|it| it.to_string()), "conduct": *it.told.borrow() })
        });
        json!({ "peers": peers.collect::<Vec<_>>(), "simulated": true })
    }

    /// `host:port` of every peer that has a door.
    pub(crate) fn addresses(&self) -> BTreeMap<&'static str, String> {
        let doors = self.doors.iter();
        doors.filter_map(|(name, it)| Some((*name, it.address?.to_string()))).collect()
    }
}

/// What opens and shuts one door.
struct Hinge {
    address: SocketAddr,
    behind: SocketAddr,
    speech: Speech,
    told: watch::Receiver<Conduct>,
    settles: watch::Sender<Conduct>,
}

impl Hinge {
    /// Until nobody can tell it anything any more.
    async fn turn(mut self, listener: TcpListener) {
        let mut open = Some(listener);
        loop {
            let conduct = *self.told.borrow_and_update();
            if conduct == Conduct::Shut {
                drop(open.take());
                self.settles.send_replace(conduct);
                if self.told.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let listener = match open.take() {
                Some(it) => it,
                None => match TcpListener::bind(self.address).await {
                    Ok(it) => it,
                    Err(why) => {
                        tracing::warn!("a door does not open at {}: {why}", self.address);
                        sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
            };
            self.settles.send_replace(conduct);
            if !self.attend(&listener, conduct).await {
                return;
            }
            open = Some(listener);
        }
    }

    /// Until it is told otherwise: connections end with it. `false`: nobody will tell.
    async fn attend(&mut self, listener: &TcpListener, conduct: Conduct) -> bool {
        let mut lines = JoinSet::new();
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                changed = self.told.changed() => return changed.is_ok(),
                accepted = listener.accept() => match accepted {
                    Ok((client, _)) => drop(lines.spawn(pass(client, self.behind, self.speech, conduct))),
                    // Out of descriptors, most likely.
                    Err(_) => sleep(Duration::from_millis(50)).await,
                },
                _ = seconds.tick() => {
                    if conduct == Conduct::DropsEverySecond {
                        lines.abort_all();
                    }
                    while lines.try_join_next().is_some() {}
                }
            }
        }
    }
}

/// One connection, until either side ends it.
async fn pass(mut client: TcpStream, behind: SocketAddr, speech: Speech, conduct: Conduct) {
    let _ = client.set_nodelay(true);
    if conduct == Conduct::Floods && speech == Speech::Http {
        let _ = flood_http(&mut client).await;
        return;
    }
    let Ok(peer) = TcpStream::connect(behind).await else { return };
    let _ = peer.set_nodelay(true);
    let n_times = if conduct == Conduct::Floods && speech == Speech::Events { FLOOD_REPEATS } else { 1 };
    let ((from_client, to_client), (from_peer, to_peer)) = (client.into_split(), peer.into_split());
    tokio::select! {
        () = pump(from_client, to_peer, 1) => {}
        () = pump(from_peer, to_client, n_times) => {}
    }
}

async fn pump(mut from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf, n_times: usize) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let said = buffer.get(..n).unwrap_or_default();
        for _ in 0..n_times {
            if to.write_all(said).await.is_err() {
                return;
            }
        }
    }
}

/// An honest head, and a body that does not end for a long time.
async fn flood_http(client: &mut TcpStream) -> std::io::Result<()> {
    let mut asked = vec![0; 16 << 10];
    let _ = client.read(&mut asked).await?;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {FLOOD_BYTES}\r\n\r\n");
    client.write_all(head.as_bytes()).await?;
    let piece = vec![b' '; 1 << 20];
    for _ in 0..FLOOD_BYTES >> 20 {
        client.write_all(&piece).await?;
    }
    Ok(())
}

/// While the broker is told to flood: the city's own readings, again and again.
pub(crate) async fn flood_broker(app: Arc<App>) {
    let Some(mut told) = app.peers.doors.get(MQTT).map(|it| it.told.subscribe()) else { return };
    while told.wait_for(|it| *it == Conduct::Floods).await.is_ok() {
        let mut every = interval(FLOOD_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut first = 0;
        while *told.borrow() == Conduct::Floods {
            every.tick().await;
            let n = FLOOD_READINGS_PER_S * FLOOD_EVERY.as_millis() as usize / 1000;
            let speaker = app.clone();
            let said = tokio::task::spawn_blocking(move || readings(&speaker, first, n));
            if !matches!(said.await, Ok(Ok(()))) {
                return;
            }
            first = first.wrapping_add(n);
        }
    }
}

fn readings(app: &App, first: usize, n: usize) -> Result<(), crate::mqtt::BrokerError> {
    let (world, now) = (&app.world, app.clock.now());
    let (weather, sensors) = (world.weather(now), &world.pack.sensors);
    for (i, sensor) in sensors.iter().enumerate().cycle().skip(first % sensors.len().max(1)).take(n) {
        if let Some(value) = world.reading(i, now, &weather) {
            let payload = json!({ "v": value, "t": now.0, "simulated": true });
            app.broker.publish(&format!("sensors/{}/reading", sensor.id), payload.to_string())?;
        }
    }
    Ok(())
}
