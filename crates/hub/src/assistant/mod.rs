//! 大模型: any OpenAI-compatible endpoint, for three jobs: sorting a report to a duty, asking the city, drafting a report.
//!
//! Off unless `[assistant]` names one, off at war unless an officer switched it on, off in an exercise unless the
//! configuration says otherwise. Without it, and whenever it fails, the same facts are told by template, so no job waits on it.
//!
//! **Invariant:** it acts on nothing. Nothing here submits a command; what a model asks for is one of the city's own closed
//! queries, which read. Only [`audit`] is written.
//! **Invariant:** what is shown is borne out by what it cites ([`gulang_city::ask::verify`]); the rest is dropped and counted.
//! **Invariant:** what is sent has passed [`gulang_city::ask::redact`].

pub mod api;
pub mod audit;
pub mod config;
mod draft;
pub mod endpoint;
mod limits;
mod question;
mod sort;

pub use draft::Drafted;
pub use question::Answer;
pub use sort::Sorted;

use crate::{clock::wall_now, connectors::names, core::Core, secrets, sources::About};
use config::AssistantConfig;
use endpoint::{Endpoint, EndpointError};
use gulang_city::{
    Ground, Land, Realm, RoadNet, SeatId, Text,
    ask::{Around, AskError, Fact, Query},
};
use limits::{Breaker, Pace};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::Semaphore;

/// Exchanges at once, of all seats: a model is dear and slow.
const AT_ONCE: usize = 2;

/// The model's side of a hub, whether there is one or not.
pub struct Assistant {
    pack_dir: PathBuf,
    http: reqwest::Client,
    config: Mutex<Option<AssistantConfig>>,
    breaker: Mutex<Breaker>,
    pace: Mutex<Pace>,
    busy: Semaphore,
    ways: OnceLock<Ways>,
    audit: audit::Audit,
    n_exchanges: AtomicU64,
}

/// What ways lead over; read once, when first asked for.
struct Ways {
    roads: Option<RoadNet>,
    land: Option<Land>,
}

/// How it stands, for a screen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    pub is_configured: bool,
    pub is_on: bool,
    pub model: Option<Text>,
    /// Where it is; the host alone.
    pub host: Option<String>,
    /// Why it is not asked, in words; empty if it is.
    pub why: String,
    pub switch: Option<gulang_city::AssistantSwitch>,
    pub in_war: bool,
}

/// An exchange that may begin.
struct Leave {
    endpoint: Endpoint,
    limit: Duration,
}

impl Assistant {
    pub fn new(pack_dir: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            pack_dir,
            http: crate::connectors::http::client(),
            config: Mutex::default(),
            breaker: Mutex::default(),
            pace: Mutex::default(),
            busy: Semaphore::new(AT_ONCE),
            ways: OnceLock::new(),
            audit: audit::Audit::default(),
            n_exchanges: AtomicU64::new(0),
        })
    }

    /// From now on goes by this; none switches it off.
    pub fn follow(&self, config: Option<AssistantConfig>) {
        let mut known = lock(&self.config);
        if *known != config {
            *known = config;
            *lock(&self.breaker) = Breaker::default();
        }
    }

    fn config(&self) -> Option<AssistantConfig> {
        lock(&self.config).clone()
    }

    /// A failing endpoint is asked again at once.
    pub fn try_again(&self) {
        *lock(&self.breaker) = Breaker::default();
    }

    /// `false` if a seat asks too often.
    fn admits(&self, seat: &SeatId) -> bool {
        lock(&self.pace).admits(seat, wall_now().0)
    }

    pub fn standing(&self, core: &Core) -> Standing {
        let config = self.config();
        self.light(core, config.as_ref());
        let why = self.why_not(core, config.as_ref()).unwrap_or_default();
        let (switch, in_war) = {
            let city = core.city();
            (city.assistant.clone(), city.is_any_war())
        };
        Standing {
            is_configured: config.is_some(),
            is_on: why.is_empty(),
            model: config.as_ref().map(|it| it.model.clone()),
            host: config.as_ref().and_then(AssistantConfig::host),
            why,
            switch,
            in_war,
        }
    }

    /// Why it is not asked now.
    fn why_not(&self, core: &Core, config: Option<&AssistantConfig>) -> Option<String> {
        let Some(config) = config else { return Some("没有配置大模型（gulang.toml 的 [assistant]）".into()) };
        if core.realm == Realm::Exercise && !config.in_exercise {
            return Some("演练中不用大模型（[assistant] 的 in_exercise）".into());
        }
        if let Err(off) = core.city().may_ask_assistant(config.allow_in_war, core.clock.now()) {
            return Some(off.to_string());
        }
        lock(&self.breaker).why_not(wall_now().0)
    }

    /// Its lamp among the sources, while there is one.
    fn light(&self, core: &Core, config: Option<&AssistantConfig>) {
        let is_lit = core.sources.get(names::ASSISTANT).is_some();
        match config {
            Some(_) if !is_lit => {
                let (name, title) = (names::ASSISTANT.into(), names::title_zh(names::ASSISTANT).into());
                let kind = names::ASSISTANT.into();
                let address = Text::default();
                core.sources.enter(About { name, title, kind, address, simulated: false, freshness_s: 0.0 });
            }
            None if is_lit => core.sources.remove(names::ASSISTANT),
            _ => {}
        }
    }

    /// Leave to ask the endpoint, or why it is not asked.
    async fn leave(&self, core: &Core) -> Result<Leave, String> {
        let config = self.config();
        self.light(core, config.as_ref());
        if let Some(why) = self.why_not(core, config.as_ref()) {
            return Err(why);
        }
        let Some(config) = config else { return Err(String::new()) };
        let places = config.secrets.clone();
        let secrets = tokio::task::spawn_blocking(move || secrets::resolve(&places)).await;
        let secrets = secrets.map_err(|why| why.to_string())?.map_err(|why| format!("{why}；{}", why.remedy()))?;
        let limit = Duration::from_secs_f64(config.timeout_s.clamp(1.0, config::MAX_TIMEOUT_S));
        Ok(Leave { endpoint: Endpoint::new(self.http.clone(), &config, &secrets), limit })
    }

    /// Runs one exchange: kept before it is sent and after it is answered, its failures counted.
    async fn exchange<T>(
        &self,
        core: &Core,
        about: Value,
        job: impl Future<Output = (Result<T, EndpointError>, Value)>,
    ) -> Result<T, String> {
        let Ok(_turn) = self.busy.try_acquire() else { return Err("大模型正忙".into()) };
        let id = format!("{}-{}", wall_now().0, self.n_exchanges.fetch_add(1, Relaxed) + 1);
        let mut asked = json!({ "exchange": id, "step": "asked", "at": core.clock.now(), "wall": wall_now() });
        merge(&mut asked, about);
        let unkept = |why: std::io::Error| format!("交互记录写不下（{why}），没有问大模型");
        self.audit.append(&core.dir, &asked).await.map_err(unkept)?;
        let (done, told) = job.await;
        let mut answered = json!({ "exchange": id, "step": "answered", "at": core.clock.now(), "wall": wall_now() });
        merge(&mut answered, told);
        let result = match done {
            Ok(result) => {
                lock(&self.breaker).succeeded();
                core.sources.heard(names::ASSISTANT, 0, wall_now().0);
                core.sources.recovered(names::ASSISTANT);
                Ok(result)
            }
            Err(error) => {
                merge(&mut answered, json!({ "error": error.to_string() }));
                lock(&self.breaker).failed(wall_now().0);
                core.sources.failed(names::ASSISTANT, &error.to_string(), error.remedy());
                Err(format!("大模型没有答成：{error}"))
            }
        };
        let unkept = |why: std::io::Error| format!("交互记录写不下（{why}），不显示大模型的话");
        self.audit.append(&core.dir, &answered).await.map_err(unkept)?;
        result
    }

    /// One of the city's own queries, off the async threads: a way through the city takes a moment.
    async fn find_out(self: &Arc<Self>, core: &Arc<Core>, query: Query) -> Result<Vec<Fact>, AskError> {
        let (own, core) = (self.clone(), core.clone());
        let needs_ways = matches!(query, Query::TeamsNear(_));
        let found = tokio::task::spawn_blocking(move || {
            own.look(&core, needs_ways, |city, around| city.find_out(&query, around))
        });
        found.await.unwrap_or_else(|why| Err(AskError::Arguments { tool: "city".into(), why: why.to_string() }))
    }

    /// The city with what the queries read beside it. The readings are copied, so that no two locks are held at once.
    /// The ways, which take a pass over the road network, only where they are needed.
    fn look<T>(&self, core: &Core, needs_ways: bool, see: impl FnOnce(&gulang_city::City, &Around<'_>) -> T) -> T {
        let ways = needs_ways.then(|| {
            self.ways.get_or_init(|| Ways {
                roads: crate::assets::read_roads(&self.pack_dir).ok().flatten(),
                land: crate::assets::read_land(&self.pack_dir).ok().flatten(),
            })
        });
        let (readings, past) = {
            let lane = core.lane();
            (lane.readings.clone(), lane.past.clone())
        };
        let (city, now) = (core.city(), core.clock.now());
        let roads = ways.and_then(|it| it.roads.as_ref());
        let open = roads.map(|net| net.with_closures(&city.closed_links(net, &readings, now)));
        let ground = Ground { roads: open.as_ref(), land: ways.and_then(|it| it.land.as_ref()) };
        see(&city, &Around { readings: &readings, past: &past, ground, now })
    }
}

/// What `more` says too.
fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
