//! The simulated city: what Gulang talks to when there is no real city, and what it is tested against.
//!
//! It speaks the platforms' own protocols on loopback sockets: an eGova-style REST interface, MQTT for sensors, teams and
//! DJI docks, CAP 1.2 warnings, a typhoon feed in 浙江水利's shape, JPEG stills. Everything it says is marked
//! `simulated`. [`start`] runs it inside a program; `gulang-sim` is the same as a program of its own.
//!
//! **Invariant:** the city is a pure function of pack, scenario, seed and time; only what it was told is remembered, in
//! a journal that is synced before an answer is given. Two runs of one seed say the same bytes.
//! **Invariant:** this crate never depends on the hub. It knows the domain's types and nothing of who listens.

mod agencies;
mod app;
mod cap;
mod cases;
mod clock;
mod dice;
mod docks;
mod errands;
mod evacuation;
mod feeds;
mod figures;
mod gateway;
mod journal;
mod movers;
mod mqtt;
mod platform;
mod scenario;
mod sensors;
mod server;
mod streets;
#[cfg(test)]
mod testing;
mod things;
mod typhoon;
mod weather;
mod world;

pub use clock::Speed;
pub use figures::{Figure, Figures};
pub use journal::JournalError;
pub use mqtt::BrokerError;
pub use scenario::{RainCurve, Scenario, ScenarioError, ScriptedWarning, Storm};
pub use streets::MapError;
pub use things::Scale;

use app::{App, Desk, Progress};
use axum::serve::ListenerExt;
use clock::Clock;
use gulang_city::{Closures, Metric, Pack, Realm, RoadNet, Timestamp};
use journal::Journal;
use serde::Serialize;
use std::{
    net::Ipv4Addr,
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
    /// How many manhole covers, cameras, devices and bikes.
    pub scale: Scale,
}

/// Where the city can be reached; all on 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Endpoints {
    pub platform: String,
    pub cap: String,
    pub typhoon: String,
    /// `host:port`.
    pub mqtt: String,
    pub feeds: String,
    pub inventory: String,
    /// `{gateway}/{message|sms|voice}/send`.
    pub gateway: String,
    pub control: String,
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
    let base = format!("http://{}", listener.local_addr()?);
    let endpoints = Endpoints {
        platform: base.clone(),
        cap: format!("{base}/cap"),
        typhoon: format!("{base}/typhoon"),
        mqtt: broker.address.to_string(),
        feeds: format!("{base}/feeds"),
        inventory: format!("{base}/inventory"),
        gateway: format!("{base}/gateway"),
        control: format!("{base}/sim"),
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
    let app = Arc::new(App {
        world,
        things,
        clock: Clock::new(config.speed, start),
        broker,
        desk: Mutex::new(Desk { journal, errands, told_until: Timestamp(0) }),
        faults: Mutex::default(),
        painter: feeds::Painter::new(&fonts),
        feed_from: app::midnight_before(first),
        typhoon: Mutex::default(),
        stills: Mutex::default(),
        progress: Mutex::new(Progress::default()),
    });
    tokio::spawn(app.clone().answer_docks(asked));
    if config.speed != Speed::Lockstep {
        tokio::spawn(app.clone().publish_for_ever());
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
