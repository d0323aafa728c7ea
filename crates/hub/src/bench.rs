//! `gulang-hub bench`: what the budgets ask, with the shape of the load in the answer. Tests never time.

use crate::{
    assets,
    connectors::mqtt::decode,
    hall::{HubConfig, HubError},
    realm::Addresses,
    run::{HubHandle, start},
    screen::{Screen, ScreenError},
    sim_host::{RunningSim, SimHost, SimRequest, SimScale},
};
use gulang_city::*;
use gulang_wire::{Body, Watch};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

mod indicators;
mod mqtt;
mod switch;
mod vehicles;
mod video;

pub use indicators::indicators;
pub use mqtt::{mqtt as over_mqtt, publish_over_mqtt, sensorthings};
pub use switch::switch;
pub use vehicles::jt808;
pub use video::video;

#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Screen(#[from] ScreenError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Load(String),
}

/// The review sheet of a typhoon plan with so many orders: every agency in turn, calls, people, forces, three groups and
/// a precondition on every tenth.
pub fn sheet(pack: &Pack, n_orders: u64) -> Result<Value, BenchError> {
    let mut pack = pack.clone();
    let (Some(district), Some(mut plan)) =
        (pack.districts.first().map(|it| it.id.clone()), pack.plans.iter().find(|it| it.is_base()).cloned())
    else {
        return Err(BenchError::Load("the pack has no district or plan".into()));
    };
    let Some(first) = plan.measures.first().cloned() else {
        return Err(BenchError::Load("the plan has no measure".into()));
    };
    plan.measures = (0..n_orders)
        .map(|n| Measure {
            id: format!("bench-{n}").into(),
            agency: pack.agencies[n as usize % pack.agencies.len()].id.clone(),
            from_level: ResponseLevel::IV,
            channel: if n % 2 == 0 { Channel::PlatformAndCall } else { Channel::Platform },
            group: (n % 3) as u8,
            precondition: n.is_multiple_of(10).then(|| "warning.typhoon >= red || flood.n27 >= 10".into()),
            evacuees: vec![EvacuationNeed {
                class: EvacueeClass::UrbanVillage,
                district: district.clone(),
                n_people: 100,
            }],
            ..first.clone()
        })
        .collect();
    let ask = SheetAsk {
        plan: plan.id.clone(),
        level: ResponseLevel::I,
        districts: Vec::new(),
        struck: Vec::new(),
        added: Vec::new(),
    };
    pack.plans.retain(|it| !it.is_base() || it.id != plan.id);
    pack.plans.push(plan);
    let city = City::found(&pack, Realm::Exercise);
    let now = Timestamp(1_690_423_200_000);
    let mut times_ms = Vec::new();
    let (mut n_shown, mut n_bytes) = (0, 0);
    for _ in 0..50 {
        let began = Instant::now();
        let sheet = city.sheet(&ask, now).map_err(|why| BenchError::Load(why.to_string()))?;
        times_ms.push(began.elapsed().as_secs_f64() * 1000.0);
        n_shown = sheet.n_orders;
        n_bytes = serde_json::to_vec(&sheet).map_or(0, |it| it.len());
    }
    let first_ms = times_ms[0];
    times_ms.sort_by(f64::total_cmp);
    let began = Instant::now();
    let n_advices = (0..50).map(|_| city.advices(now).len()).sum::<usize>() / 50;
    let advice_ms = began.elapsed().as_secs_f64() * 1000.0 / 50.0;
    Ok(json!({
        "bench": "sheet", "orders": n_shown, "json_bytes": n_bytes, "first_ms": first_ms,
        "median_ms": times_ms[times_ms.len() / 2], "worst_ms": times_ms[times_ms.len() - 1],
        "advices": n_advices, "advices_ms": advice_ms, "budget_ms": 100.0,
    }))
}

/// Records a second through [`City::apply`]: cases reported and advanced through their seven stages.
pub fn fold(pack: &Pack, n_cases: u64) -> Result<Value, BenchError> {
    let mut city = City::found(pack, Realm::Actual);
    let (district, agency) = match (pack.districts.first(), pack.agencies.first()) {
        (Some(district), Some(agency)) => (district, agency),
        _ => return Err(BenchError::Load("the pack has no district or agency".into())),
    };
    let at = Timestamp(1_700_000_000_000);
    let mut records = Vec::new();
    let mut push = |event| records.push(Record { seq: records.len() as u64 + 1, at, source: Source::Hub, event });
    for n in 1..=n_cases {
        let report = CaseReport {
            external: n.to_string().into(),
            platform: "yunguanfu".into(),
            kind: CaseKind::Event,
            title: "道路积水".into(),
            address: "湖滨南路".into(),
            at: district.center,
            district: district.id.clone(),
            agency: agency.id.clone(),
            color: WarningColor::Yellow,
            reported_at: at,
            due_at: at.plus_mins(240),
        };
        push(Event::CaseReported { case: CaseId(n), report });
        for stage in &CaseStage::ALL[1..] {
            push(Event::CaseAdvanced { case: CaseId(n), stage: *stage, at });
        }
    }
    let started = Instant::now();
    for record in &records {
        if city.apply(record) != Applied::Advanced {
            return Err(BenchError::Load(format!("record {} was not applied", record.seq)));
        }
    }
    let secs = started.elapsed().as_secs_f64();
    let n = records.len();
    Ok(
        json!({ "bench": "fold", "load": "1 report + 6 advances per case, in memory", "records": n, "secs": secs, "records_per_sec": n as f64 / secs, "profile": profile() }),
    )
}

/// Readings a second from MQTT payloads through decoding, columns and alarm rules, out to screens over WebSocket.
pub fn ingest(pack_dir: &Path, n_screens: usize, secs: f64) -> Result<Value, BenchError> {
    let scratch = Scratch::new("ingest")?;
    let hub = quiet_hub(pack_dir, &scratch)?;
    let core = hub.hall().actual().clone();
    let sensors: Vec<SensorId> = core.city().sensors.keys().cloned().collect();
    let screens = run_screens(&hub, n_screens);
    let start_ms = core.clock.now().0 - 3_600_000;
    let started = Instant::now();
    let (mut n, mut n_messages, mut t) = (0u64, 0u64, start_ms);
    while started.elapsed().as_secs_f64() < secs {
        t += 1;
        for batch in sensors.chunks(500) {
            let rows: Vec<_> = batch
                .iter()
                .enumerate()
                .map(|(i, id)| json!([id.as_str(), ((t as usize + i) % 10) as f64 * 0.1]))
                .collect();
            let payload = json!({ "t": t, "r": rows }).to_string();
            let decoded =
                decode("sensors/batch/any", payload.as_bytes()).map_err(|why| BenchError::Load(why.to_string()))?;
            let mut commands = Vec::new();
            let mut lane = core.lane();
            n += decoded.news.len() as u64;
            n_messages += 1;
            for news in decoded.news {
                lane.take(news, Timestamp(i64::MAX), &mut commands);
            }
        }
    }
    let secs = started.elapsed().as_secs_f64();
    std::thread::sleep(Duration::from_millis(600));
    let lane_dropped = core.lane().readings.n_dropped;
    let heard = screens.end();
    hub.stop()?;
    Ok(json!({
        "bench": "ingest", "load": format!("{} sensors in batches of 500 as JSON (made in the same loop), alarm rules on, Parquet on, columns to {n_screens} screens at 5 Hz", sensors.len()),
        "readings": n, "messages": n_messages, "secs": secs, "readings_per_sec": n as f64 / secs,
        "superseded_before_sent": lane_dropped, "screens": heard, "profile": profile(),
    }))
}

/// Commands a second, each durable, until every screen has applied its record; and the latency of one alone.
pub fn fanout(pack_dir: &Path, n_screens: usize, n_commands: u64) -> Result<Value, BenchError> {
    let scratch = Scratch::new("fanout")?;
    let hub = quiet_hub(pack_dir, &scratch)?;
    let core = hub.hall().actual().clone();
    let screens = run_screens(&hub, n_screens);
    let command = |n: u64| Command::ShowScene { scene: format!("bench-{n}").into() };
    let mut latencies: Vec<f64> = (0..50)
        .map(|n| {
            let started = Instant::now();
            let _ = hub.submit("bench".into(), command(n));
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    latencies.sort_by(f64::total_cmp);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let started = Instant::now();
    let last = runtime.block_on(async {
        let mut last = 0;
        for chunk in 0..n_commands.div_ceil(100) {
            let batch = (0..100).map(|n| (Source::Seat("bench".into()), command(1000 + chunk * 100 + n))).collect();
            let outcomes = core.submit_all(batch).await.map_err(|why| BenchError::Load(why.to_string()))?;
            last = outcomes.into_iter().flatten().max().unwrap_or(last);
        }
        Ok::<_, BenchError>(last)
    })?;
    let durable_secs = started.elapsed().as_secs_f64();
    let all_secs = screens.wait_for(last, started);
    let heard = screens.end();
    hub.stop()?;
    Ok(json!({
        "bench": "fanout", "load": format!("{n_commands} commands in commits of 100 to {n_screens} screens over WebSocket"),
        "records": last, "durable_secs": durable_secs, "on_every_screen_secs": all_secs,
        "records_per_sec": n_commands as f64 / all_secs.max(durable_secs),
        "one_durable_ms": { "median": latencies[25], "p95": latencies[47] }, "screens": heard, "profile": profile(),
    }))
}

/// What a screen asks of the roads, each `n` times: the nearest 20 of 500 teams, the reach of the city, a closure.
pub fn route(pack_dir: &Path, n: u64) -> Result<Value, BenchError> {
    const CELL_M: f64 = 100.0;
    let mut pack = assets::read_pack(pack_dir).map_err(|why| BenchError::Load(why.to_string()))?;
    let roads = pack_dir.join("roads.json");
    let started = Instant::now();
    let net = assets::read_roads(pack_dir).map_err(|why| BenchError::Load(why.to_string()))?;
    let load_ms = ms_since(started);
    let net = net.filter(|it| it.n_links() > 0);
    let net = net.ok_or_else(|| BenchError::Load(format!("{} is missing or empty", roads.display())))?;
    pack.teams.truncate(500);
    pack.units.clear();
    let city = City::found(&pack, Realm::Actual);
    let readings = Readings::for_city(&city);
    let now = Timestamp(1_700_000_000_000);
    // The teams stand where the pack puts them, and once more all of them on roads, which is the most work.
    let mut on_roads = readings.clone();
    let links: Vec<Link<'_>> = net.links().collect();
    let place = |k: usize| links[k * 7919 % links.len()].line[0];
    for i in 0..city.teams.len() {
        let LonLat(lon, lat) = place(i);
        let fix = Fix { lon, lat, height: 0.0, heading: 0.0, speed: 0.0, battery: 0.0, mode: 0, at: now };
        on_roads.teams.put(i as u32, fix);
    }
    let open = net.with_closures(&Closures::default());
    let n = n.max(1) as usize;
    let [nearest, nearest_on_roads] = [&readings, &on_roads].map(|readings| {
        let mut n_by_road = 0;
        let ms = median_ms(n, |k| {
            let near = city.nearest_able(place(k + 31), None, 20, readings, Ground::from(&open), now);
            n_by_road += near.iter().filter(|it| it.by == EtaBy::Road).count();
        });
        json!({ "ms": ms, "by_road_mean": n_by_road as f64 / n as f64 })
    });
    let origins = |k: usize| [place(k), place(k + 1), place(k + 2)];
    let reach = median_ms(n, |k| {
        std::hint::black_box(open.reach(&origins(k)).links().count());
    });
    let mut samples = (0, 0);
    let grid = median_ms(n, |k| {
        let grid = open.reach(&origins(k)).grid(CELL_M);
        samples = (grid.nx, grid.ny);
    });
    // A circle of 500 m somewhere: its links found, then the metric with them closed.
    let mut n_closed = 0;
    let closure = median_ms(n, |k| {
        let closed: Closures = net.links_near(place(k), 500.0).into_iter().collect();
        n_closed += closed.len();
        drop(net.with_closures(&closed));
    });
    let way = median_ms(n, |k| drop(open.route(place(k), place(k + 13))));
    Ok(json!({
        "bench": "route",
        "load": format!("{} teams, medians of {n} each; reach from 3 origins, grid every {CELL_M} m; a closure of 500 m radius", city.teams.len()),
        "graph": { "nodes": net.n_nodes(), "links": net.n_links(), "arcs": net.n_arcs(), "load_ms": load_ms },
        "nearest_20": nearest, "nearest_20_all_on_roads": nearest_on_roads,
        "reach_links_ms": reach, "reach_with_grid_ms": grid, "grid_samples": [samples.0, samples.1],
        "closure_ms": closure, "links_closed_mean": n_closed as f64 / n as f64, "way_ms": way, "profile": profile(),
    }))
}

/// 200 needs to the pack's teams and other units: arrival times of all to all by road with closures, then the assignment
/// with its sentences, each unit by its own way.
pub fn assign(pack_dir: &Path, n: u64) -> Result<Value, BenchError> {
    const N_NEEDS: usize = 200;
    let pack = assets::read_pack(pack_dir).map_err(|why| BenchError::Load(why.to_string()))?;
    let net = assets::read_roads(pack_dir).map_err(|why| BenchError::Load(why.to_string()))?;
    let net = net.filter(|it| it.n_links() > 0);
    let net = net.ok_or_else(|| BenchError::Load(format!("{} has no roads", pack_dir.display())))?;
    let links: Vec<Link<'_>> = net.links().collect();
    let place = |k: usize| links[k * 7919 % links.len()].line[0];
    let now = Timestamp(1_700_000_000_000);
    let mut city = City::found(&pack, Realm::Actual);
    let mut readings = Readings::for_city(&city);
    for i in 0..city.teams.len() {
        let LonLat(lon, lat) = place(i);
        let fix = Fix { lon, lat, height: 0.0, heading: 0.0, speed: 0.0, battery: 0.0, mode: 0, at: now };
        readings.teams.put(i as u32, fix);
    }
    // As the teams are: what is wanted often is what there is much of.
    for k in 0..N_NEEDS {
        let what = city.teams[k * 31 % city.teams.len()].capability;
        let at = place(k * 13 + 5);
        let command = Command::RaiseNeed { what, how_many: 1, at, why: format!("需求 {k}").into(), from_order: None };
        let events = city.decide(&command, now).map_err(|why| BenchError::Load(why.to_string()))?;
        for event in events {
            let record = Record { seq: city.seq + 1, at: now, source: Source::Hub, event };
            if city.apply(&record) != Applied::Advanced {
                return Err(BenchError::Load("a need was not applied".into()));
            }
        }
    }
    let needs: Vec<NeedId> = city.needs.keys().copied().collect();
    let closed: Closures = net.links_near(place(99), 500.0).into_iter().collect();
    let metric = net.with_closures(&closed);
    let origins: Vec<LonLat> = (0..city.teams.len()).map(place).collect();
    let places: Vec<LonLat> = city.needs.values().map(|it| it.at).collect();
    let land = assets::read_land(pack_dir).map_err(|why| BenchError::Load(why.to_string()))?;
    let ground = Ground { roads: Some(&metric), land: land.as_ref() };
    let n = n.max(1) as usize;
    let times_ms = median_ms(n, |_| drop(metric.etas_between(&origins, &places)));
    let mut plan = ForcePlan::default();
    let all_ms = median_ms(n, |_| plan = city.assign(&needs, &readings, ground, now));
    let by_road = plan.assignments.iter().filter(|it| it.by == EtaBy::Road).count();
    Ok(json!({
        "bench": "assign",
        "load": format!("{N_NEEDS} needs, {} teams and {} other units all on roads, {} links closed, medians of {n}", pack.teams.len(), pack.units.len(), closed.len()),
        "times_ms": times_ms, "all_ms": all_ms, "assigned": plan.assignments.len(), "short": plan.shortfalls.len(),
        "by_road": by_road, "mean_eta_mins": plan.assignments.iter().map(|it| it.eta_s).sum::<f64>() / 60.0 / plan.assignments.len().max(1) as f64,
        "example": plan.assignments.first().map(|it| it.why.to_string()), "profile": profile(),
    }))
}

/// The median of `n` runs, each told which it is.
fn median_ms(n: usize, mut run: impl FnMut(usize)) -> f64 {
    let mut all: Vec<f64> = (0..n)
        .map(|k| {
            let started = Instant::now();
            run(k);
            ms_since(started)
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all[n / 2]
}

fn ms_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1000.0
}

fn profile() -> &'static str {
    if cfg!(debug_assertions) { "dev" } else { "release" }
}

/// A hub with the pack's city and no wires.
fn quiet_hub(pack_dir: &Path, scratch: &Scratch) -> Result<HubHandle, HubError> {
    hub_at(pack_dir, scratch, Addresses::default())
}

/// The same with these wires.
fn hub_at(pack_dir: &Path, scratch: &Scratch, actual: Addresses) -> Result<HubHandle, HubError> {
    start(HubConfig {
        data: scratch.0.clone(),
        pack_dir: pack_dir.to_owned(),
        scenarios_dir: None,
        listen: ([127, 0, 0, 1], 0).into(),
        page_dir: None,
        sim: Arc::new(NoSim),
        actual: Some(actual),
        rasters: Vec::new(),
        seed: 1,
        scale: SimScale::None,
        sign_key: None,
        config_file: None,
    })
}

struct NoSim;

impl SimHost for NoSim {
    fn start(&self, _: &SimRequest) -> Result<Box<dyn RunningSim>, String> {
        Err("the bench simulates nothing".into())
    }
}

/// A folder that goes with its bench.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> std::io::Result<Self> {
        let dir = std::env::temp_dir().join(format!("gulang-bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Screens on a thread of their own.
struct Screens {
    stop: tokio::sync::watch::Sender<bool>,
    seen: Vec<tokio::sync::watch::Receiver<u64>>,
    thread: std::thread::JoinHandle<Vec<Value>>,
}

fn run_screens(hub: &HubHandle, n: usize) -> Screens {
    let (url, token) = (hub.url.clone(), hub.token.clone());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (senders, seen): (Vec<_>, Vec<_>) = (0..n).map(|_| tokio::sync::watch::channel(0u64)).unzip();
    let thread = std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
        runtime.block_on(async {
            let screens = senders.into_iter().enumerate().map(|(i, seen)| {
                let (url, token, mut stopped) = (url.clone(), token.clone(), stopped.clone());
                async move {
                    let mut screen = match Screen::connect(&url, &token, &format!("bench {i}"), Watch::Follow).await {
                        Ok(screen) => screen,
                        Err(error) => return json!({ "error": error.to_string() }),
                    };
                    let mut error = None;
                    loop {
                        tokio::select! {
                            frame = screen.next() => match frame {
                                Ok(frame) => {
                                    if matches!(frame.body, Body::Records(_) | Body::Snapshot { .. }) {
                                        seen.send_replace(screen.city.as_ref().map_or(0, |it| it.seq));
                                    }
                                }
                                Err(why) => { error = Some(why.to_string()); break; }
                            },
                            _ = stopped.changed() => break,
                        }
                    }
                    json!({ "columns": screen.n_columns, "records": screen.n_records, "snapshots": screen.n_snapshots, "bytes": screen.n_bytes, "error": error })
                }
            });
            futures_util::future::join_all(screens).await
        })
    });
    let screens = Screens { stop, seen, thread };
    std::thread::sleep(Duration::from_millis(500));
    screens
}

impl Screens {
    /// Seconds until every screen has applied `seq`, or thirty.
    fn wait_for(&self, seq: u64, started: Instant) -> f64 {
        while started.elapsed() < Duration::from_secs(30) && self.seen.iter().any(|it| *it.borrow() < seq) {
            std::thread::sleep(Duration::from_millis(1));
        }
        started.elapsed().as_secs_f64()
    }

    fn end(self) -> Vec<Value> {
        self.stop.send_replace(true);
        self.thread.join().unwrap_or_default()
    }
}
