//! 指标 of one realm: the engine of [`gulang_city::indicators`] at work beside the numbering thread.
//!
//! Twice a second what was recorded and read since is handed to the engine, on a thread that may take its time. The
//! definitions are the pack's `indicators.toml`, read again when it changes: a file with faults changes nothing, and its
//! faults are told beside the figures. What no record can tell again (full hours, trends) is kept in a file beside the log.
//!
//! **Invariant:** figures are derived: nothing here writes a record, and a lost file costs comparisons, never a figure.
//! **Invariant:** of the realm's locks the city's is taken last, and for the time of counting what is new; a recount is made
//! of a copy, so that numbering never waits for it.

pub mod api;
pub(crate) mod beneath;
pub(crate) mod export;
mod trends;
mod walls;

pub use trends::{MAX_POINTS, STEP_MS, Trends};

use crate::{
    core::Core,
    log::{LogError, write_whole},
};
use gulang_city::{
    Applied, City, Gauges, Pack, PackError, Realm, Record, Text, Timestamp,
    indicators::{Definitions, Engine, Figure, FigureKey, History, RowId},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::broadcast::{self, error::TryRecvError};

/// A pack's definitions.
pub const FILE: &str = "indicators.toml";
/// What is kept beside the log.
const KEPT_FILE: &str = "indicators.json";
const EVERY: Duration = Duration::from_millis(500);
/// The file of definitions is looked at every so many steps: two seconds.
const LOOK_EVERY: u64 = 4;
const KEEP_EVERY: Duration = Duration::from_secs(300);
/// After a failure of the engine itself.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The figures of a realm, for whoever asks.
#[derive(Default)]
pub struct Indicators {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    engine: Option<Engine>,
    trends: Trends,
    /// Counts engines: revisions of another one say nothing of this one's.
    epoch: u64,
    /// What is wrong with the definitions as they are in the file now, or with the engine.
    faults: Vec<String>,
}

/// As it is in the file.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    history: History,
    trends: Trends,
}

/// What changed since a screen last asked.
#[derive(Serialize)]
pub struct Changes {
    pub epoch: u64,
    pub revision: u64,
    /// The clock the figures are at; none before the first count.
    pub now_ms: Option<i64>,
    pub n_figures: usize,
    pub faults: Vec<String>,
    pub figures: Vec<Figure>,
}

impl std::fmt::Debug for Indicators {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Indicators").field("epoch", &self.lock().epoch).finish_non_exhaustive()
    }
}

impl Indicators {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The definitions figures are made by now, and what is wrong with those in the file.
    pub fn definitions(&self) -> (u64, Option<Definitions>, Vec<String>) {
        let inner = self.lock();
        (inner.epoch, inner.engine.as_ref().map(|it| it.definitions().clone()), inner.faults.clone())
    }

    /// Every figure and the definitions it is made by, at one moment; none before the first count.
    pub fn all(&self) -> Option<(Definitions, Vec<Figure>, Timestamp)> {
        let inner = self.lock();
        let engine = inner.engine.as_ref()?;
        Some((engine.definitions().clone(), engine.figures().collect(), engine.now()))
    }

    /// How these went, of those that were seen.
    pub fn trends(&self, keys: &[FigureKey]) -> HashMap<FigureKey, Vec<(Timestamp, f32)>> {
        let inner = self.lock();
        keys.iter().map(|it| (it.clone(), inner.trends.of(it))).filter(|it| !it.1.is_empty()).collect()
    }

    /// What was kept of these at full hours, two weeks back.
    fn hours(&self, keys: impl Iterator<Item = FigureKey>) -> BTreeMap<String, Vec<(i64, f64)>> {
        let inner = self.lock();
        let points = |key: &FigureKey| {
            let kept = inner.engine.as_ref().map(|it| it.history().of(key)).unwrap_or_default();
            kept.into_iter().map(|(at, value)| (at.0, value)).collect()
        };
        keys.map(|key| (key.to_string(), points(&key))).collect()
    }

    /// What a figure is made of; nothing before the first count.
    pub fn beneath(&self, key: &FigureKey) -> Vec<RowId> {
        self.lock().engine.as_ref().map(|it| it.beneath(key)).unwrap_or_default()
    }

    /// The figures that look otherwise than at `revision` of `epoch`; of another epoch, all.
    pub fn changes(&self, epoch: u64, revision: u64) -> Changes {
        let inner = self.lock();
        let since = if epoch == inner.epoch { revision } else { 0 };
        let (revision, figures) = inner.engine.as_ref().map(|it| it.changed_since(since)).unwrap_or_default();
        Changes {
            epoch: inner.epoch,
            revision,
            now_ms: inner.engine.as_ref().map(|it| it.now().0),
            n_figures: inner.engine.as_ref().map_or(0, Engine::n_figures),
            faults: inner.faults.clone(),
            figures,
        }
    }

    /// Keeps over a restart what cannot be counted again.
    pub fn keep(&self, dir: &Path) -> Result<(), LogError> {
        let text = {
            let inner = self.lock();
            let Some(engine) = &inner.engine else { return Ok(()) };
            serde_json::to_string(&Kept { history: engine.history().clone(), trends: inner.trends.clone() })
        };
        write_whole(&dir.join(KEPT_FILE), &text.unwrap_or_default())
    }

    fn fail(&self, faults: Vec<String>) {
        self.lock().faults = faults;
    }
}

/// What is wrong with a pack's definitions, each fault with its line; a pack may have none.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Faults(pub Vec<String>);

/// Reads a pack's definitions and holds the names in them against the pack's; then the templates that speak of them, and the
/// layouts of the metrics walls.
pub fn check(pack_dir: &Path, pack: &Pack) -> Result<(), Faults> {
    let file = pack_dir.join(FILE);
    let text = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return walls::check(pack_dir, pack, &Definitions::default());
        }
        read => read.map_err(|error| Faults(vec![format!("{}：{error}", file.display())]))?,
    };
    let told = |all: Vec<PackError>| Faults(all.iter().map(ToString::to_string).collect());
    let definitions = Definitions::parse(FILE, &text).map_err(told)?;
    let unknown = definitions.unknown_names(FILE, &City::found(pack, Realm::Actual));
    if !unknown.is_empty() {
        return Err(told(unknown));
    }
    crate::bulletins::check(pack_dir, &definitions).map_err(|why| Faults(vec![why.to_string()]))?;
    walls::check(pack_dir, pack, &definitions)
}

/// Counts for ever.
pub async fn run(core: Arc<Core>, pack_dir: PathBuf) {
    let mut counting = Counting::new(&core, &pack_dir);
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        every.tick().await;
        let own = core.clone();
        let step = tokio::task::spawn_blocking(move || {
            counting.step(&own);
            counting
        });
        counting = match step.await {
            Ok(counting) => counting,
            Err(error) => {
                tracing::error!(%error, "the figures could not be counted; they are counted anew");
                core.indicators.fail(vec!["指标引擎出错，正在重新计算；请把日志交给维护人员".to_owned()]);
                tokio::time::sleep(AGAIN_AFTER).await;
                Counting::new(&core, &pack_dir)
            }
        };
    }
}

/// What the engine has been told, so that it is told the rest.
struct Counting {
    file: PathBuf,
    /// When the file was last written, as of the last look; none before the first, or if there is no file.
    written: Option<SystemTime>,
    n_steps: u64,
    records: broadcast::Receiver<Arc<Vec<Record>>>,
    gauges: Gauges,
    /// The large registers, and until when they were counted.
    registers: BTreeMap<Text, Timestamp>,
    kept_at: Instant,
}

impl Counting {
    fn new(core: &Core, pack_dir: &Path) -> Self {
        Self {
            file: pack_dir.join(FILE),
            written: None,
            n_steps: 0,
            records: core.records(),
            gauges: Gauges::default(),
            registers: BTreeMap::new(),
            kept_at: Instant::now(),
        }
    }

    fn step(&mut self, core: &Core) {
        if self.n_steps.is_multiple_of(LOOK_EVERY) {
            self.look_at_file(core);
        }
        self.n_steps += 1;
        let (records, is_behind) = self.new_records();
        if is_behind {
            self.count_same_anew(core);
        }
        let readings = core.lane().readings.clone();
        let registers = self.new_registers(core);
        let mut inner = core.indicators.lock();
        let Inner { engine: Some(engine), trends, .. } = &mut *inner else { return };
        let mut is_gap = false;
        {
            let city = core.city();
            for record in records.iter().flat_map(|it| it.iter()) {
                // What was counted already is passed over by its number.
                is_gap |= matches!(engine.apply(record, &city, &readings), Applied::Gap { .. });
            }
            let handles = changed(&self.gauges, &readings.gauges);
            engine.apply_readings(&city, &readings, &handles, core.clock.now());
        }
        for (id, n_by_state, as_of) in registers {
            engine.note_register(&id, n_by_state, as_of, core.clock.now());
        }
        trends.sample(engine);
        drop(inner);
        self.gauges = readings.gauges;
        if is_gap {
            self.count_same_anew(core);
        }
        if self.kept_at.elapsed() >= KEEP_EVERY {
            self.kept_at = Instant::now();
            if let Err(error) = core.indicators.keep(&core.dir) {
                tracing::warn!(%error, "the past of the figures could not be kept");
            }
        }
    }

    /// What was recorded since, and whether some of it was missed.
    fn new_records(&mut self) -> (Vec<Arc<Vec<Record>>>, bool) {
        let (mut records, mut is_gap) = (Vec::new(), false);
        loop {
            match self.records.try_recv() {
                Ok(some) => records.push(some),
                Err(TryRecvError::Lagged(_)) => is_gap = true,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return (records, is_gap),
            }
        }
    }

    fn new_registers(&mut self, core: &Core) -> Vec<(Text, [usize; 5], Timestamp)> {
        // Counted outside the lock.
        let registers: Vec<_> = core.things().registers().map(|it| it.0.clone()).collect();
        let known = &mut self.registers;
        let new = registers.iter().filter(|it| known.insert(it.id.clone(), it.as_of) != Some(it.as_of));
        new.map(|it| (it.id.clone(), it.n_by_state(), it.as_of)).collect()
    }

    /// Takes up definitions that are new, if they are without a fault.
    fn look_at_file(&mut self, core: &Core) {
        let written = std::fs::metadata(&self.file).and_then(|it| it.modified()).ok();
        if self.n_steps > 0 && written == self.written {
            return;
        }
        self.written = written;
        let parsed: Result<Definitions, Vec<String>> = match std::fs::read_to_string(&self.file) {
            Ok(text) => Definitions::parse(FILE, &text).map_err(|all| all.iter().map(ToString::to_string).collect()),
            Err(error) => Err(vec![format!("读不了城市包的 {FILE}：{error}")]),
        };
        match parsed {
            Ok(definitions) => {
                for it in definitions.unknown_names(FILE, &core.city()) {
                    tracing::warn!("{it}");
                }
                self.count_anew(core, definitions);
            }
            Err(faults) => {
                tracing::error!(n = faults.len(), first = faults.first(), "the indicators' definitions have faults");
                core.indicators.fail(faults);
            }
        }
    }

    /// By the definitions there are, as records were missed.
    fn count_same_anew(&mut self, core: &Core) {
        let definitions = core.indicators.lock().engine.as_ref().map(|it| it.definitions().clone());
        if let Some(definitions) = definitions {
            self.count_anew(core, definitions);
        }
    }

    /// Every figure from the city as it is, with what was kept of the past.
    fn count_anew(&mut self, core: &Core, definitions: Definitions) {
        let kept = {
            let inner = core.indicators.lock();
            inner.engine.as_ref().map(|it| Kept { history: it.history().clone(), trends: inner.trends.clone() })
        };
        let kept = kept.unwrap_or_else(|| read_kept(&core.dir));
        let readings = core.lane().readings.clone();
        let city = core.city().clone();
        let mut engine = Engine::with_history(definitions, &city, &readings, core.clock.now(), kept.history);
        self.registers.clear();
        for (id, n_by_state, as_of) in self.new_registers(core) {
            engine.note_register(&id, n_by_state, as_of, core.clock.now());
        }
        self.gauges = readings.gauges;
        let mut inner = core.indicators.lock();
        inner.engine = Some(engine);
        inner.trends = kept.trends;
        inner.epoch += 1;
        inner.faults.clear();
    }
}

/// Handles whose reading is another than it was.
fn changed(before: &Gauges, now: &Gauges) -> Vec<u32> {
    let is_same = |i: usize, at: &Timestamp| before.at.get(i) == Some(at) && before.value.get(i) == now.value.get(i);
    now.at.iter().enumerate().filter(|(i, at)| !is_same(*i, at)).map(|(i, _)| i as u32).collect()
}

/// Nothing, if there is nothing or it cannot be read: then there are no comparisons for a while.
fn read_kept(dir: &Path) -> Kept {
    let file = dir.join(KEPT_FILE);
    let Ok(text) = std::fs::read_to_string(&file) else { return Kept::default() };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        tracing::warn!(file = %file.display(), %error, "the past of the figures is unreadable; it begins anew");
        Kept::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_that_came_again_are_no_news() {
        let at = |secs: i64| Timestamp(1_790_000_000_000).plus_secs(secs);
        let before = Gauges { value: vec![1.0, 2.0, 3.0], at: vec![at(0), at(0), at(0)] };
        let now = Gauges { value: vec![1.0, 2.5, 3.0, 0.0], at: vec![at(0), at(0), at(5), at(1)] };
        assert_eq!(changed(&before, &now), [1, 2, 3]);
        assert_eq!(changed(&now, &now), [0u32; 0]);
    }
}
