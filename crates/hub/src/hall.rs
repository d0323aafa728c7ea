//! A hall: the actual city always, an exercise while one is on, and the screens that follow one or the other.

use crate::{
    assets::{AssetError, read_pack, read_scenario},
    assistant::Assistant,
    clock::{Anchor, HubClock},
    config_watch,
    connectors::contract::ConnectorConfig,
    core::{Core, SubmitError},
    drill::{DrillError, set_aside},
    live::{LiveError, Opened, RealmHub, open_log},
    log::{LOG_FILE, LogError, write_whole},
    logs::Logs,
    past::Past,
    raster::RasterSource,
    realm::{Actual, Addresses, Endpoints, Exercise, RealmKind},
    shown::Shown,
    sim_host::{SimHost, SimRequest, SimScale, SimSpeed},
};
use gulang_city::{City, Command, Pack, Realm, Refusal, Source};
use gulang_wire::{Drill, Watch};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::{Mutex, watch};

/// What a hub needs to start.
pub struct HubConfig {
    /// Holds `actual/` and `exercise/`.
    pub data: PathBuf,
    pub pack_dir: PathBuf,
    /// Where drills are named from.
    pub scenarios_dir: Option<PathBuf>,
    /// Only loopback is accepted.
    pub listen: std::net::SocketAddr,
    /// The built `ui/web`, if there is one.
    pub page_dir: Option<PathBuf>,
    /// Starts exercises' cities, and the actual one when `actual` is none.
    pub sim: Arc<dyn SimHost>,
    /// The city's real platforms; none means the simulated city.
    pub actual: Option<Addresses>,
    /// Online maps the screens may lie over the pack's.
    pub rasters: Vec<RasterSource>,
    /// Of the simulated actual city.
    pub seed: u64,
    /// Of every simulated city.
    pub scale: SimScale,
    /// Signs both logs: an SM2 secret key, PKCS#8 PEM. None leaves them unsigned.
    pub sign_key: Option<PathBuf>,
    /// Where `[[connector]]`s stand; read again when it changes. None: there are none.
    pub config_file: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error(transparent)]
    Assets(#[from] AssetError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Drill(#[from] DrillError),
    #[error("{0}")]
    Sim(String),
    #[error("只监听本机（127.0.0.1），不是 {0}；对外开放需要另行配置")]
    NotLoopback(std::net::SocketAddr),
    #[error("不能监听 {address}：{source}")]
    Listen { address: std::net::SocketAddr, source: std::io::Error },
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("日志签名用不了：{0}")]
    Signing(String),
    #[error("{0}")]
    Refused(String),
}

pub struct Hall {
    pub pack: Arc<Pack>,
    pub pack_dir: PathBuf,
    scenarios_dir: Option<PathBuf>,
    data: PathBuf,
    sim: Arc<dyn SimHost>,
    scale: SimScale,
    /// Where it listens.
    pub(crate) url: String,
    sign_key: Option<PathBuf>,
    pub(crate) actual: Mutex<Option<RealmHub>>,
    /// As the configuration has them now, of either realm.
    pub(crate) connectors: std::sync::Mutex<Vec<ConnectorConfig>>,
    actual_core: Arc<Core>,
    pub(crate) exercise: Mutex<Option<RealmHub>>,
    /// The exercise screens may follow.
    exercise_core: watch::Sender<Option<Arc<Core>>>,
    /// What may be looked back at.
    pub logs: Arc<Logs>,
    /// The language model, whether there is one or not.
    pub assistant: Arc<Assistant>,
    /// 复盘, while one is open; before anything else for screens that follow.
    pub(crate) past: watch::Sender<Option<Arc<Past>>>,
    /// One is opened at a time.
    pub(crate) opening: Mutex<()>,
}

/// Kept beside an exercise's log, so that it can be taken up again.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct DrillParts {
    scenario: PathBuf,
    seed: u64,
}

impl Hall {
    /// Opens the actual city, and an exercise that was on.
    pub async fn open(config: &HubConfig) -> Result<Arc<Self>, HubError> {
        let pack = Arc::new(read_pack(&config.pack_dir)?);
        let dir = config.data.join(Actual::FOLDER);
        let opened = open_log(&dir, || City::found(&pack, Realm::Actual))?
            .signed_with(config.sign_key.as_deref())
            .map_err(|why| HubError::Signing(why.to_string()))?;
        let (addresses, running) = match &config.actual {
            Some(addresses) => (addresses.clone(), None),
            None => {
                let request = SimRequest {
                    pack_dir: config.pack_dir.clone(),
                    scenario: None,
                    seed: config.seed,
                    realm: Realm::Actual,
                    speed: SimSpeed::Live,
                    state_dir: dir.join("sim"),
                    start: None,
                    scale: config.scale,
                };
                let running = start_sim(&config.sim, request).await?;
                (running.addresses(), Some(running))
            }
        };
        let endpoints = Endpoints::<Actual>::new(addresses, running.is_some());
        let clock = HubClock::live_after(opened.city.at);
        let mut actual = RealmHub::connect(opened, clock, endpoints, running)?;
        actual.count(&config.pack_dir);
        let url = format!("http://{}", config.listen);
        actual.core.waylines.stand_at(&url);
        adopt_plans(&actual.core, &pack).await;
        actual.attend_to(&pack, &[]).await;
        let logs = Arc::new(Logs::new(&config.data, &pack.name));
        let hall = Arc::new(Self {
            pack,
            pack_dir: config.pack_dir.clone(),
            scenarios_dir: config.scenarios_dir.clone(),
            data: config.data.clone(),
            sim: config.sim.clone(),
            scale: config.scale,
            url,
            sign_key: config.sign_key.clone(),
            actual_core: actual.core.clone(),
            actual: Mutex::new(Some(actual)),
            connectors: std::sync::Mutex::default(),
            exercise: Mutex::new(None),
            exercise_core: watch::Sender::new(None),
            logs,
            assistant: Assistant::new(config.pack_dir.clone()),
            past: watch::Sender::new(None),
            opening: Mutex::new(()),
        });
        if let Err(error) = hall.resume().await {
            tracing::error!(%error, "the exercise could not be taken up again; the actual city is not touched by it");
        }
        if let Some(file) = &config.config_file {
            config_watch::begin(&hall, file.clone()).await;
        }
        Ok(hall)
    }

    /// Both realms' connectors, as the configuration has them now.
    pub fn connectors(&self) -> Vec<ConnectorConfig> {
        self.connectors.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub fn actual(&self) -> &Arc<Core> {
        &self.actual_core
    }

    /// Where drills are named from.
    pub fn scenarios_dir(&self) -> Option<&std::path::Path> {
        self.scenarios_dir.as_deref()
    }

    /// Where the log of the last exercise lies, running or ended; none before the first.
    pub fn last_exercise_dir(&self) -> Option<PathBuf> {
        let dir = self.data.join(Exercise::FOLDER);
        dir.join(LOG_FILE).exists().then_some(dir)
    }

    /// The realm at work for a screen; none while it waits for an exercise.
    pub fn core_for(&self, watch: Watch) -> Option<Arc<Core>> {
        let exercise = self.exercise_core.borrow().clone();
        match watch {
            Watch::Follow => Some(exercise.unwrap_or_else(|| self.actual_core.clone())),
            Watch::Only(Realm::Actual) => Some(self.actual_core.clone()),
            Watch::Only(Realm::Exercise) => exercise,
        }
    }

    /// What a screen is shown; none while it waits for an exercise.
    pub fn shown(&self, watch: Watch) -> Option<Shown> {
        match (watch, self.past()) {
            (Watch::Follow, Some(past)) => Some(Shown::Past(past)),
            _ => self.core_for(watch).map(Shown::Live),
        }
    }

    /// Fires when an exercise starts or ends.
    pub fn changes(&self) -> watch::Receiver<Option<Arc<Core>>> {
        self.exercise_core.subscribe()
    }

    pub async fn drill(&self, drill: Drill) -> Result<(), HubError> {
        match drill {
            Drill::Start { scenario, seed, speed } => self.start_drill(&scenario, seed, speed).await,
            Drill::SetSpeed { speed, paused } => match self.exercise.lock().await.as_ref() {
                Some(exercise) => {
                    exercise.set_speed(speed, paused).await;
                    Ok(())
                }
                None => Err(HubError::Refused("没有进行中的演练".into())),
            },
            Drill::Jump { to } => match self.exercise.lock().await.as_ref() {
                Some(exercise) => {
                    let now = exercise.core.clock.now();
                    if to <= now {
                        let now = now.to_beijing_text();
                        return Err(HubError::Refused(format!("演练时钟只能向前跳，现在是 {now}")));
                    }
                    exercise.jump(to).await;
                    Ok(())
                }
                None => Err(HubError::Refused("没有进行中的演练".into())),
            },
            Drill::End => self.end_drill().await,
        }
    }

    async fn start_drill(&self, named: &str, seed: u64, speed: f32) -> Result<(), HubError> {
        let mut exercise = self.exercise.lock().await;
        if exercise.is_some() {
            return Err(HubError::Refused("已有一场演练在进行".into()));
        }
        if named.contains(['/', '\\']) || named.contains("..") {
            return Err(HubError::Refused(format!("剧本用名字指定，不用路径：{named}")));
        }
        let scenario = read_scenario(named, self.scenarios_dir.as_deref())?;
        self.close_past("演练开始").await;
        let dir = self.data.join(Exercise::FOLDER);
        set_aside(&dir)?;
        let opened = open_log(&dir, || City::found(&self.pack, Realm::Exercise))?
            .signed_with(self.sign_key.as_deref())
            .map_err(|why| HubError::Signing(why.to_string()))?;
        let parts = DrillParts { scenario: scenario.file.clone(), seed };
        write_whole(&dir.join("drill.json"), &serde_json::to_string(&parts).unwrap_or_default())?;
        let speed = if speed.is_finite() { speed.clamp(0.1, 3600.0) } else { 1.0 };
        let anchor = Anchor { now: scenario.starts_at, speed, paused: false };
        let started = self.connect_exercise(opened, parts, anchor).await?;
        let command = Command::StartExercise {
            scenario: scenario.id.as_str().into(),
            title: scenario.title.as_str().into(),
            seed,
            starts_at: scenario.starts_at,
        };
        if let Err(why) = started.core.submit(Source::Hub, command).await {
            let _ = started.stop().await;
            return Err(HubError::Refused(why.to_string()));
        }
        self.exercise_core.send_replace(Some(started.core.clone()));
        *exercise = Some(started);
        Ok(())
    }

    async fn end_drill(&self) -> Result<(), HubError> {
        // Held until the log is sealed: nobody looks back at it before.
        let mut exercise = self.exercise.lock().await;
        let Some(ended) = exercise.take() else { return Err(HubError::Refused("没有进行中的演练".into())) };
        let noted = ended.core.submit(Source::Hub, Command::EndExercise).await;
        self.exercise_core.send_replace(None);
        ended.stop().await.map_err(HubError::Refused)?;
        noted.map(drop).map_err(|why| HubError::Refused(why.to_string()))
    }

    /// Takes up an exercise that was on when the hub stopped.
    async fn resume(&self) -> Result<(), HubError> {
        let dir = self.data.join(Exercise::FOLDER);
        let parts =
            std::fs::read(dir.join("drill.json")).ok().and_then(|it| serde_json::from_slice::<DrillParts>(&it).ok());
        let Some(parts) = parts.filter(|_| dir.join(LOG_FILE).exists()) else { return Ok(()) };
        let opened = open_log(&dir, || City::found(&self.pack, Realm::Exercise))?
            .signed_with(self.sign_key.as_deref())
            .map_err(|why| HubError::Signing(why.to_string()))?;
        let Some(exercise) = opened.city.exercise.clone().filter(|it| !it.ended) else { return Ok(()) };
        let anchor = Anchor { now: exercise.starts_at, speed: 1.0, paused: false };
        let resumed = self.connect_exercise(opened, parts, anchor).await?;
        adopt_plans(&resumed.core, &self.pack).await;
        self.exercise_core.send_replace(Some(resumed.core.clone()));
        *self.exercise.lock().await = Some(resumed);
        Ok(())
    }

    async fn connect_exercise(&self, opened: Opened, parts: DrillParts, anchor: Anchor) -> Result<RealmHub, HubError> {
        let dir = self.data.join(Exercise::FOLDER);
        let clock = HubClock::exercise(anchor, Some(dir.join("clock.json")), opened.city.at);
        let anchor = clock.anchor().unwrap_or(anchor);
        let request = SimRequest {
            pack_dir: self.pack_dir.clone(),
            scenario: Some(parts.scenario),
            seed: parts.seed,
            realm: Realm::Exercise,
            speed: SimSpeed::Times(anchor.speed),
            state_dir: dir.join("sim"),
            start: Some(anchor.now),
            scale: self.scale,
        };
        let running = start_sim(&self.sim, request).await?;
        let endpoints = Endpoints::<Exercise>::new(running.addresses(), true);
        let mut hub = RealmHub::connect(opened, clock, endpoints, Some(running))?;
        hub.count(&self.pack_dir);
        hub.core.waylines.stand_at(&self.url);
        // Its city took a moment to start; the two clocks agree from here.
        hub.set_speed(anchor.speed, anchor.paused).await;
        let connectors = self.connectors();
        hub.attend_to(&self.pack, &connectors).await;
        Ok(hub)
    }

    /// Seals both logs. A running exercise stays on for the next start.
    pub async fn close(&self) -> Result<(), HubError> {
        self.close_past("枢纽正在关闭").await;
        let exercise = self.exercise.lock().await.take();
        let actual = self.actual.lock().await.take();
        for hub in exercise.into_iter().chain(actual) {
            hub.stop().await.map_err(HubError::Refused)?;
        }
        Ok(())
    }
}

/// Brings in the pack's editions of the plans where the log still goes by others.
async fn adopt_plans(core: &Core, pack: &Pack) {
    match core.submit(Source::Hub, Command::AdoptPlans { plans: pack.plans.clone() }).await {
        Ok(_) | Err(SubmitError::Refused(Refusal::NoChange)) => {}
        Err(error) => tracing::error!(%error, "the pack's plans could not be adopted; those in the log stay in force"),
    }
}

async fn start_sim(
    sim: &Arc<dyn SimHost>,
    request: SimRequest,
) -> Result<Box<dyn crate::sim_host::RunningSim>, HubError> {
    let sim = sim.clone();
    let started = tokio::task::spawn_blocking(move || sim.start(&request)).await;
    started.map_err(|why| HubError::Sim(why.to_string()))?.map_err(HubError::Sim)
}
