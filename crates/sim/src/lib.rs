//! The simulated city: what Gulang talks to when there is no real city, and what it is tested against.
//!
//! It speaks the platforms' own protocols on loopback sockets: an eGova-style REST interface, MQTT for sensors, teams and
//! DJI docks, CAP 1.2 warnings, a typhoon feed in 浙江水利's shape, JPEG stills, WVP over RTSP for live pictures, a MAVLink
//! vehicle, field teams' telephones in Cursor-on-Target; its vehicles call by JT/T 808; and a language model that is none.
//! Everything it says is marked
//! `simulated`. [`start`] runs it inside a program; `gulang-sim` is the same as a program of its own.
//!
//! **Invariant:** the city is a pure function of pack, scenario, seed and time; only what it was told is remembered, in
//! a journal that is synced before an answer is given. Two runs of one seed say the same bytes.
//! **Invariant:** this crate never depends on the hub. It knows the domain's types and nothing of who listens.

mod agencies;
mod app;
mod assistant;
mod cap;
mod case_desk;
mod cases;
mod clock;
mod cot;
mod dice;
mod docks;
mod errands;
mod evacuation;
mod feeds;
mod figures;
mod fleet;
mod gateway;
mod gateway_form;
mod journal;
mod layers;
mod mavlink;
mod movers;
mod mqtt;
mod open311;
mod peers;
mod platform;
mod routes;
mod scenario;
mod sensors;
mod sensorthings;
mod server;
mod street;
mod streets;
mod terminals;
#[cfg(test)]
mod testing;
mod things;
mod typhoon;
mod upper;
mod video;
mod videoai;
mod weather;
mod weather_feeds;
mod world;

pub use clock::Speed;
pub use figures::{Figure, Figures};
pub use journal::JournalError;
pub use mqtt::BrokerError;
pub use peers::{Doors, PEERS};
pub use scenario::{RainCurve, Scenario, ScenarioError, ScriptedQuake, ScriptedWarning, Storm};
pub use streets::MapError;
pub use things::Scale;

use app::{App, Desk, Progress};
use axum::serve::ListenerExt;
use clock::Clock;
use gulang_city::{Closures, Metric, Pack, Realm, RoadNet, Timestamp};
use journal::Journal;
use peers::{Peers, Speech};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// What city to simulate, and how.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// The city pack's folder.
    pub pack: PathBuf,
    /// A drill's script; without one the city has an ordinary day.
    pub scenario: Option<PathBuf>,
    pub seed: u64,
    pub realm: Realm,
    pub speed: Speed,
    /// Where the journal is kept.
    pub state: PathBuf,
    /// When a scaled or lockstep clock begins; the scenario's start if not given.
    pub start: Option<Timestamp>,
    /// How many manhole covers, cameras, devices, bikes and vehicles.
    pub scale: Scale,
    /// `host:port` of the JT/T 808 platform the vehicles' terminals call from the start; else they wait to be told.
    pub jt808: Option<String>,
    /// Live pictures of cameras and of drones in flight, by `gulang-video`; without that program there are only stills.
    pub video: bool,
    /// A door of its own for every platform, so that each can be stopped alone.
    pub doors: Doors,
}

/// Where the city can be reached; all on 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Endpoints {
    pub platform: String,
    pub cap: String,
    pub typhoon: String,
    /// The same storm in NMC's and JMA's shapes: `url`s of connectors `typhoon-nmc` and `typhoon-jma`.
    pub typhoon_nmc: String,
    pub typhoon_jma: String,
    /// Quakes of the scenario, in the preset `gulang`.
    pub quake: String,
    /// Rain fields as JSON; `grid.grib2` beside it is the same as GRIB2.
    pub rain: String,
    /// `host:port`.
    pub mqtt: String,
    pub feeds: String,
    pub inventory: String,
    /// `{gateway}/{message|sms|voice}/send`.
    pub gateway: String,
    /// A vehicle to be called: `udp-call://host:port`, system 1.
    pub mavlink: String,
    /// Field teams' telephones: `tcp://host:port`.
    pub cot: String,
    /// WVP's REST interface for the cameras, where there are live pictures.
    pub wvp: Option<String>,
    /// ZLMediaKit's.
    pub zlm: Option<String>,
    /// Video recognition: `{video_ai}/events`, `{video_ai}/feedback`.
    pub video_ai: String,
    /// `{layers}` lists the special layers, `{layers}/{name}` is one.
    pub layers: String,
    /// OGC SensorThings 1.1, up to `/v1.1`; its topics are on `mqtt`.
    pub sensorthings: String,
    /// Who is on duty in the grid, and where.
    pub grid: String,
    /// GeoReport v2, up to `services.json`.
    pub open311: String,
    /// The upper platform's exchange.
    pub upper: String,
    /// A language model that is none, in OpenAI's shape: `{assistant}/chat/completions`.
    pub assistant: String,
    /// `rtsp://host:port` of the cameras' own server, where there are live pictures: the pack's first cameras are there
    /// always, others once they were invited, a drone, under its own name, while its dock pushes.
    pub rtsp: Option<String>,
    pub control: String,
    /// `host:port` of every peer that has a door of its own, by its name in [`PEERS`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub peers: BTreeMap<&'static str, String>,
}

/// A running city. Dropping it stops it.
pub struct SimHandle {
    endpoints: Endpoints,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why the city could not start.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error("the city pack {path} is refused:\n{words}")]
    Pack { path: PathBuf, words: String },
    #[error("the scenario is refused: {0}")]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Map(#[from] MapError),
    #[error("the roads {path} are refused: {why}; correct them or take the file away")]
    Roads { path: PathBuf, why: String },
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error("cannot start the simulated city's server: {0}")]
    Io(#[from] std::io::Error),
    #[error("the simulated city's thread ended while starting")]
    Died,
}

/// Starts the city on threads of its own and returns when every endpoint answers.
pub fn start(config: SimConfig) -> Result<SimHandle, SimError> {
    let pack = load_pack(&config.pack)?;
    start_with(pack, config)
}

/// As [`start`], with a pack already read; `config.pack` then only says where to look for a font and for the map's layers.
pub fn start_with(pack: Pack, config: SimConfig) -> Result<SimHandle, SimError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("sim").enable_all().build()?;
    let (ready, started) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new().name("sim-main".into()).spawn(move || {
        runtime.block_on(async {
            match open(pack, config).await {
                Ok((endpoints, server)) => {
                    let _ = ready.send(Ok(endpoints));
                    tokio::select! {
                        _ = stopped => {}
                        () = server => {}
                    }
                }
                Err(e) => drop(ready.send(Err(e))),
            }
        });
        runtime.shutdown_background();
    })?;
    let endpoints = started.recv().map_err(|_| SimError::Died)??;
    Ok(SimHandle { endpoints, stop: Some(stop), thread: Some(thread) })
}

impl SimHandle {
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Stops and waits until the ports are closed.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for SimHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Opens everything; the future returned serves until it is dropped.
async fn open(pack: Pack, config: SimConfig) -> Result<(Endpoints, impl Future<Output = ()>), SimError> {
    let scenario = config.scenario.as_deref().map(|it| Scenario::load_for(it, &pack)).transpose()?;
    let journal = Journal::open(&config.state)?;
    let start = match config.speed {
        Speed::Live => clock::wall(),
        // A city that was stopped goes on no earlier than what it has already answered for.
        _ => {
            let begins = config.start.or(scenario.as_ref().map(|s| s.starts_at)).unwrap_or_else(clock::wall);
            begins.max(journal.last_at.unwrap_or(begins))
        }
    };
    let first = config.start.or(scenario.as_ref().map(|s| s.starts_at)).unwrap_or(start);
    let (broker, asked) = mqtt::Broker::start().await?;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let vehicle = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let telephones = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    // In lockstep no time passes that a picture could show.
    let mut video = if config.video && config.speed != Speed::Lockstep { video::Video::start().await } else { None };
    let mut peers = Peers::new(config.doors);
    let server = listener.local_addr()?;
    if let Some(video) = &mut video
        && let Some(behind) = video.address()
    {
        video.reached_at(peers.door("rtsp", Speech::Rtsp, behind).await?);
    }
    peers.portless(peers::MAVLINK);
    peers.portless(peers::JT808);
    let mqtt = peers.door(peers::MQTT, Speech::Mqtt, broker.address).await?;
    // The docks' broker is the sensors', through a door of its own.
    peers.door("dji", Speech::Mqtt, broker.address).await?;
    let cot = peers.door("cot", Speech::Events, telephones.local_addr()?).await?;
    let endpoints = Endpoints {
        platform: web(&mut peers, "egova", server).await?,
        cap: format!("{}/cap", web(&mut peers, "cap", server).await?),
        typhoon: format!("{}/typhoon", web(&mut peers, "typhoon-zj", server).await?),
        typhoon_nmc: format!("{}/nmc", web(&mut peers, "typhoon-nmc", server).await?),
        typhoon_jma: format!("{}/jma", web(&mut peers, "typhoon-jma", server).await?),
        quake: format!("{}/quake/quakes.json", web(&mut peers, "quake", server).await?),
        rain: format!("{}/rain/grid.json", web(&mut peers, "rain-grid", server).await?),
        mqtt: mqtt.to_string(),
        feeds: format!("{}/feeds", web(&mut peers, "feeds", server).await?),
        inventory: format!("{}/inventory", web(&mut peers, "inventory", server).await?),
        gateway: format!("{}/gateway", web(&mut peers, "gateway", server).await?),
        mavlink: format!("udp-call://{}", vehicle.local_addr()?),
        cot: format!("tcp://{cot}"),
        wvp: if video.is_some() { Some(format!("{}/wvp", web(&mut peers, "wvp", server).await?)) } else { None },
        zlm: if video.is_some() { Some(format!("{}/zlm", web(&mut peers, "zlm", server).await?)) } else { None },
        video_ai: format!("{}/videoai", web(&mut peers, "video-ai", server).await?),
        layers: format!("{}/layers", web(&mut peers, "rest", server).await?),
        sensorthings: format!("{}/sensorthings/v1.1", web(&mut peers, "sensorthings", server).await?),
        grid: format!("{}/grid/status", web(&mut peers, "grid", server).await?),
        open311: format!("{}/open311", web(&mut peers, "open311", server).await?),
        upper: format!("{}/upper", web(&mut peers, "province", server).await?),
        assistant: format!("{}/assistant", web(&mut peers, "assistant", server).await?),
        rtsp: video.as_ref().map(|it| it.rtsp().to_owned()),
        control: format!("http://{server}/sim"),
        peers: peers.addresses(),
    };
    let fonts = config.pack.join("../../fonts");
    let streets = match config.scale {
        Scale::None => None,
        Scale::Small | Scale::City => Some(streets::Streets::read(&config.pack, &pack)?),
    };
    let center = pack.center;
    let roads = read_roads(&config.pack)?;
    let world = world::World::new(pack, scenario, config.realm, config.seed).with_roads(roads);
    let mut errands = errands::Errands::of(&journal.errands, &world);
    errands.flights = docks::Flights::of(&journal.docks, &world);
    let figures = world.figures.things.clone();
    let things = things::Things::new(config.scale, figures, center, streets, world.things_dice());
    let recognition = videoai::Recognition::new(config.scale, &world);
    let app = Arc::new(App {
        world,
        recognition,
        things: Arc::new(things),
        calls: terminals::Calls::default(),
        clock: Clock::new(config.speed, start),
        broker,
        desk: Mutex::new(Desk { journal, errands, told_until: Timestamp(0) }),
        faults: Mutex::default(),
        painter: feeds::Painter::new(&fonts),
        feed_from: app::midnight_before(first),
        typhoon: Mutex::default(),
        stills: Mutex::default(),
        video,
        routes: routes::RouteDesk::default(),
        progress: Mutex::new(Progress::default()),
        peers,
    });
    tokio::spawn(app.clone().answer_docks(asked));
    if config.speed != Speed::Lockstep {
        tokio::spawn(app.clone().publish_for_ever());
    }
    if let Some(platform) = config.jt808 {
        let app = app.clone();
        tokio::spawn(async move { app.calls.call(&app, platform, None).await });
    }
    tokio::spawn(peers::flood_broker(app.clone()));
    tokio::spawn(mavlink::fly(app.clone(), vehicle));
    tokio::spawn(cot::serve(app.clone(), telephones));
    if let Some(video) = &app.video {
        for camera in app.world.pack.cameras.iter().take(video::REACHED_DIRECTLY) {
            video.invite(camera.id.as_str(), &camera.name);
        }
        tokio::spawn(video::turn_for_ever(app.clone()));
    }
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let serve = async move {
        if let Err(e) = axum::serve(listener, server::router(app)).await {
            tracing::error!("the simulated city's server stopped: {e}");
        }
    };
    Ok((endpoints, serve))
}

/// Base address of a platform of the shared server, at its own door where it has one.
async fn web(peers: &mut Peers, peer: &'static str, server: SocketAddr) -> std::io::Result<String> {
    Ok(format!("http://{}", peers.door(peer, Speech::Http, server).await?))
}

/// The pack's roads, all open; a pack may have none, and then units go in straight lines.
fn read_roads(folder: &Path) -> Result<Option<Metric>, SimError> {
    let path = folder.join("roads.json");
    let refused = |why: String| SimError::Roads { path: path.clone(), why };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(refused(why.to_string())),
    };
    let net = RoadNet::from_json(&text).map_err(|why| refused(why.to_string()))?;
    Ok(Some(net.with_closures(&Closures::default())))
}

/// Reads a pack's folder; every fault found is told, one per line.
fn load_pack(folder: &Path) -> Result<Pack, SimError> {
    let refused = |words: String| SimError::Pack { path: folder.into(), words };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    let list = |name: &str| {
        let entries = std::fs::read_dir(folder.join(name)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
        names.sort();
        names
    };
    gulang_city::load_pack(&read, &list)
        .map_err(|errors| refused(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}
