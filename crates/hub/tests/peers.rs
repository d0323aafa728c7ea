//! Every kind of connector against the simulated city's peer of it, each behind a door of its own. Killed, it is told as
//! lost with its address and what to do, and nothing of it is new any more, while every other goes on; back on the same port
//! it is heard again by itself, the gap is in the log, and nothing that it kept is lost or taken twice.
//!
//! Starts `gulang-sim`: `cargo xtask test` builds it first. Live pictures need `gulang-video` beside it; without it their rows
//! are left out, and that is said.

mod common {
    pub mod nosim;
    pub mod process;
}

use common::{
    nosim::NoSim,
    process::{Error, Running, sim_program},
};
use gulang_city::{Event, HealthState, Pack};
use gulang_hub::{HubConfig, HubHandle, assets::read_pack, log::Log, realm::Addresses, sim_host::SimScale, start};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

type Check = Result<(), Error>;

/// Far more than anything here takes; only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(240);
/// The peers fall in so many groups, one after the other.
const N_ROUNDS: usize = 4;
/// The platform whose cases the simulated city has.
const CASE_PLATFORM: &str = "yunguanfu";
/// As many cases in a page as it gives.
const PAGE: usize = 500;

/// More records than are made here.
const ALL: usize = 10_000_000;

/// One connector and who is behind it.
struct Row {
    /// In the configuration.
    name: &'static str,
    /// As `gulang-sim` calls it; none is this test itself.
    peer: Option<&'static str>,
    config: String,
    /// What must stand in its failure.
    address: String,
}

/// One of a kind, named like it.
fn row(kind: &'static str, url: &str, freshness_s: u32, more: &str) -> Row {
    let config = format!(
        "[[connector]]\nname = \"{kind}\"\ntitle = \"{kind}\"\nkind = \"{kind}\"\nurl = \"{url}\"\nevery_s = 1\n\
         freshness_s = {freshness_s}\n{more}\n\n"
    );
    Row { name: kind, peer: Some(kind), config, address: host_of(url) }
}

/// A shipped mapping, led to the simulated city.
fn mapped(name: &'static str, peer: &'static str, from: &str, url: &str) -> Result<Row, Error> {
    let text = std::fs::read_to_string(pack_dir().join(format!("mappings/{name}.toml")))?;
    let kept = text.lines().filter(|it| !it.starts_with("every_s") && !it.starts_with("freshness_s"));
    let config: Vec<String> = kept.map(|it| it.replace(from, url)).collect();
    let config = config.join("\n").replacen("kind = ", "every_s = 1\nfreshness_s = 60\nkind = ", 1) + "\n\n";
    Ok(Row { name, peer: Some(peer), config, address: host_of(url) })
}

fn host_of(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |it| it.1);
    host.split('/').next().unwrap_or(host).to_owned()
}

fn pack_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/cities/xiamen")
}

/// Every kind there is. Those whose failure no connection tells fall silent soon; the others have a minute.
fn rows(sim: &Running, pack: &Pack, jt808: SocketAddr) -> Result<Vec<Row>, Error> {
    let at = |key: &str| sim.text(key).to_owned();
    let peer = |name: &str| sim.ready["peers"][name].as_str().unwrap_or_default().to_owned();
    let agency = &pack.agencies.first().ok_or("no agency in the pack")?.id;
    let drone = &pack.drones.first().ok_or("no drone in the pack")?.id;
    let hook = "[[connector]]\nname = \"push\"\ntitle = \"推送\"\nkind = \"webhook\"\nfreshness_s = 6\n\
                secrets = { token = \"env:PATH\" }\noptions = { header = \"X-Token\" }\n[connector.mapping]\n\
                items = \"$.rows[*]\"\nto = \"gauge\"\nfields = { sensor = \"$.id\", value = \"$.mm\" }\n\n";
    let egova = format!(
        "[[connector]]\nname = \"{CASE_PLATFORM}\"\ntitle = \"案件平台\"\nkind = \"egova\"\n\
         url = \"{}/{CASE_PLATFORM}/openapi\"\nevery_s = 1\nfreshness_s = 60\nsecrets = {{ token = \"env:PATH\" }}\n\n",
        at("platform")
    );
    let streams = "options = { by = \"property\", property = \"externalId\", \
                   streams = [{ observed = \"flood_depth\", to = \"sensor\", unit = \"cm\" }] }";
    let mut rows = vec![
        mapped("tunnels", "rest", "http://127.0.0.1:8080/layers", &at("layers"))?,
        mapped("billboards", "mqtt", "mqtt://127.0.0.1:1883", &format!("mqtt://{}", at("mqtt")))?,
        Row { name: "push", peer: None, config: hook.to_owned(), address: "/hook/push".into() },
        Row { name: CASE_PLATFORM, peer: Some("egova"), config: egova, address: host_of(&at("platform")) },
        row("dji", &format!("mqtt://{}", peer("dji")), 60, ""),
        row("mavlink", &at("mavlink"), 6, &format!("options = {{ vehicles = {{ 1 = \"{drone}\" }} }}")),
        row("jt808", &format!("tcp://{jt808}"), 25, "options = { register = \"muck_truck\" }"),
        row("cot", &at("cot"), 60, ""),
        row("sensorthings", &at("sensorthings"), 60, streams),
        row("video-ai", &format!("{}/events", at("video_ai")), 60, ""),
        row("cap", &format!("{}/index.json", at("cap")), 60, ""),
        row("typhoon-zj", &at("typhoon"), 60, ""),
        row("typhoon-nmc", &at("typhoon_nmc"), 60, ""),
        row("typhoon-jma", &at("typhoon_jma"), 60, ""),
        row("quake", &at("quake"), 60, "options = { preset = \"gulang\" }"),
        row("rain-grid", &at("rain"), 60, ""),
        row("open311", &at("open311"), 60, &format!("options = {{ agency = \"{agency}\" }}")),
        row("grid", &at("grid"), 60, ""),
        row("province", &at("upper"), 60, ""),
    ];
    if sim.ready["wvp"].is_string() {
        let camera = &pack.cameras.first().ok_or("no camera in the pack")?.id;
        let rtsp = at("rtsp");
        let table = format!("options = {{ cameras = {{ {camera} = \"{rtsp}/live/{camera}\" }} }}");
        rows.push(Row { address: host_of(&rtsp), ..row("rtsp", "", 60, &table) });
        rows.push(row("wvp", &at("wvp"), 60, ""));
        let table = format!("options = {{ play = \"{rtsp}\", cameras = {{ {camera} = \"live/{camera}\" }} }}");
        rows.push(row("zlm", &at("zlm"), 60, &table));
    } else {
        eprintln!("!!! SKIPPED rtsp, wvp, zlm: no live pictures here; `cargo build -p gulang-video` first");
    }
    Ok(rows)
}

/// A hub with every connector, and the city behind them.
struct Town {
    hub: HubHandle,
    http: reqwest::Client,
    sim: Running,
    is_pushing: Arc<AtomicBool>,
    _dir: tempfile::TempDir,
}

impl Town {
    async fn sources(&self) -> Result<Value, Error> {
        let asked = self.http.get(format!("{}/api/sources", self.hub.url)).bearer_auth(&self.hub.token);
        Ok(asked.send().await?.error_for_status()?.json().await?)
    }

    /// Asks until the answer is so.
    async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value, Error> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let sources = self.sources().await?;
            if is_so(&sources) {
                return Ok(sources);
            }
            if tokio::time::Instant::now() > deadline {
                return Err(format!("{what} never came: {sources:#}").into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// A deed of the peer's door: `stop`, `start` and so on. It is so when this returns.
    async fn tell(&self, row: &Row, deed: &str) -> Check {
        let Some(peer) = row.peer else {
            self.is_pushing.store(deed == "start", Relaxed);
            return Ok(());
        };
        let url = format!("{}/peers/{peer}/{deed}", self.sim.text("control"));
        let answer = self.http.post(url).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if status.is_success() { Ok(()) } else { Err(text.into()) }
    }

    /// How a connector's health changed, as the log has it.
    fn changes(&self, name: &str, from: u64) -> Result<Vec<HealthState>, Error> {
        let records = Log::read(&self.hub.hall().actual().dir, from, ALL)?;
        let states = records.into_iter().filter_map(|it| match it.event {
            Event::ConnectorChanged { health } if health.platform.as_str() == name => Some(health.state),
            _ => None,
        });
        Ok(states.collect())
    }

    /// The platform's own list of cases, from its beginning.
    async fn cases(&self) -> Result<BTreeSet<String>, Error> {
        let (mut cases, mut cursor) = (BTreeSet::new(), String::new());
        let url = format!("{}/{CASE_PLATFORM}/openapi?egova_openapi_token=t", self.sim.text("platform"));
        loop {
            let data = json!({ "cursor": cursor, "limit": PAGE });
            let body = json!({ "uid": "test", "action": "ITEM_INST_SYNC", "senderCode": "test", "data": data });
            let answer: Value = self.http.post(&url).json(&body).send().await?.error_for_status()?.json().await?;
            let page = &answer["data"];
            let ids = page["items"].as_array().into_iter().flatten().filter_map(|it| it["recId"].as_str());
            cases.extend(ids.map(str::to_owned));
            cursor = page["cursor"].as_str().ok_or_else(|| format!("no cursor: {answer}"))?.to_owned();
            if page["more"] != true {
                return Ok(cases);
            }
        }
    }
}

fn source<'a>(sources: &'a Value, name: &str) -> &'a Value {
    static NOTHING: Value = Value::Null;
    let found = sources["sources"].as_array().into_iter().flatten().find(|it| it["name"] == name);
    found.unwrap_or(&NOTHING)
}

fn n_of(sources: &Value, name: &str, figure: &str) -> i64 {
    source(sources, name)[figure].as_i64().unwrap_or_default()
}

/// Heard, and nothing is wrong with it.
fn is_well(sources: &Value, name: &str) -> bool {
    let it = source(sources, name);
    it["state"] == "healthy"
        && it["last_error"] == ""
        && n_of(sources, name, "n_messages") + n_of(sources, name, "last_heard") > 0
}

/// Something other than the simulated city pushes: this test.
async fn push(http: reqwest::Client, url: String, sensor: String, is_pushing: Arc<AtomicBool>) {
    let token = std::env::var("PATH").unwrap_or_default();
    let body = json!({ "rows": [{ "id": sensor, "mm": 1.0 }] }).to_string();
    loop {
        if is_pushing.load(Relaxed) {
            let _ = http.post(&url).header("X-Token", &token).body(body.clone()).send().await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Some peers fall and come back, all others stay.
async fn check(town: &Town, all: &[Row], round: usize) -> Check {
    let falls = |i: usize| i % N_ROUNDS == round;
    let (mut down, mut others) = (Vec::new(), Vec::new());
    for (i, row) in all.iter().enumerate() {
        if falls(i) { down.push(row) } else { others.push(row) }
    }
    let before = town.until("news of everyone", |it| all.iter().all(|row| is_well(it, row.name))).await?;
    let n_records = town.hub.hall().actual().city().seq;
    for row in &down {
        town.tell(row, "stop").await?;
    }
    let is_silent = |it: &Value, row: &Row| source(it, row.name)["state"] == "silent";
    let lost = town.until("the loss", |it| down.iter().all(|row| is_silent(it, row))).await?;
    for row in &down {
        let it = source(&lost, row.name);
        let (error, remedy) =
            (it["last_error"].as_str().unwrap_or_default(), it["remedy"].as_str().unwrap_or_default());
        assert!(error.contains(&row.address), "{} does not say {}: {it:#}", row.name, row.address);
        assert!(!remedy.is_empty() && it["blind"] != "", "{}: {it:#}", row.name);
    }
    // Nothing of it becomes new again, however often one looks.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let later = town.sources().await?;
    for row in &down {
        assert_eq!(n_of(&later, row.name, "last_heard"), n_of(&lost, row.name, "last_heard"), "{}", row.name);
        assert!(is_silent(&later, row), "{}: {:#}", row.name, source(&later, row.name));
        let city = town.hub.hall().actual().city();
        assert_eq!(city.connectors.get(row.name).map(|it| it.state), Some(HealthState::Silent), "{}", row.name);
    }
    for row in &others {
        assert!(is_well(&later, row.name), "{} was touched: {:#}", row.name, source(&later, row.name));
        assert_eq!(n_of(&later, row.name, "n_losses"), n_of(&before, row.name, "n_losses"), "{}", row.name);
    }
    for row in &down {
        town.tell(row, "start").await?;
    }
    let heard_again = |it: &Value, row: &Row| {
        is_well(it, row.name) && n_of(it, row.name, "last_heard") > n_of(&lost, row.name, "last_heard")
    };
    town.until("their return", |it| down.iter().all(|row| heard_again(it, row))).await?;
    for row in &down {
        let changes = town.changes(row.name, n_records + 1)?;
        assert!(changes.contains(&HealthState::Silent), "the gap of {} is in the log: {changes:?}", row.name);
        assert_eq!(changes.last(), Some(&HealthState::Healthy), "{}: {changes:?}", row.name);
    }
    Ok(())
}

/// One answers with 100 MB, one hangs up every second: the first is told, the second is heard between its losses.
async fn a_flood_and_a_line_that_drops_cost_only_themselves(town: &Town, all: &[Row]) -> Check {
    let of = |name: &str| all.iter().find(|it| it.name == name).ok_or_else(|| format!("no row {name}"));
    let (floods, drops) = (of("cap")?, of("cot")?);
    let before = town.until("news of everyone", |it| all.iter().all(|row| is_well(it, row.name))).await?;
    town.tell(floods, "flood").await?;
    town.tell(drops, "drop-every-second").await?;
    let n_before = |row: &Row, figure: &str| n_of(&before, row.name, figure);
    let has_come = |it: &Value| {
        let n_losses = n_of(it, drops.name, "n_losses") - n_before(drops, "n_losses");
        let n_messages = n_of(it, drops.name, "n_messages") - n_before(drops, "n_messages");
        source(it, floods.name)["state"] == "silent" && n_losses > 2 && n_messages > 2
    };
    let during = town.until("the flood and the losses", has_come).await?;
    let error = source(&during, floods.name)["last_error"].as_str().unwrap_or_default();
    assert!(error.contains("超过") && error.contains(&floods.address), "{error}");
    assert_eq!(source(&during, drops.name)["state"], "healthy", "its lamp does not flicker");
    for row in all.iter().filter(|it| it.name != floods.name && it.name != drops.name) {
        assert!(is_well(&during, row.name), "{} was touched: {:#}", row.name, source(&during, row.name));
        assert_eq!(n_of(&during, row.name, "n_losses"), n_before(row, "n_losses"), "{}", row.name);
    }
    town.tell(floods, "start").await?;
    town.tell(drops, "start").await?;
    town.until("their return", |it| all.iter().all(|row| is_well(it, row.name))).await?;
    Ok(())
}

/// Every case of the platform is in the city, and came into the log once.
async fn nothing_is_lost_or_doubled(town: &Town) -> Check {
    let theirs = town.cases().await?;
    assert!(!theirs.is_empty(), "it has cases");
    let missing = || -> Vec<String> {
        let core = town.hub.hall().actual();
        let city = core.city();
        let ours: BTreeSet<&str> = city.cases.values().map(|it| &*it.report.external).collect();
        theirs.iter().filter(|it| !ours.contains(it.as_str())).cloned().collect()
    };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !missing().is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "never came: {:?}", missing());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for record in Log::read(&town.hub.hall().actual().dir, 1, ALL)? {
        if let Event::CaseReported { report, .. } = record.event {
            *times.entry(format!("{}/{}", report.platform, report.external)).or_default() += 1;
        }
    }
    let doubled: Vec<_> = times.iter().filter(|(_, n)| **n > 1).collect();
    assert!(doubled.is_empty(), "taken twice: {doubled:?}");
    Ok(())
}

fn start_sim(dir: &Path, jt808: SocketAddr) -> Result<Running, Error> {
    let mut command = Command::new(sim_program());
    command.arg("--pack").arg(pack_dir()).arg("--state").arg(dir.join("sim"));
    command.args(["--realm", "actual", "--seed", "1", "--scale", "small", "--doors", "--video", "--stdin-guard"]);
    Running::start(command.args(["--jt808", &jt808.to_string()]))
}

fn start_hub(dir: &Path, rows: &[Row]) -> Result<HubHandle, Error> {
    let file = dir.join("gulang.toml");
    let connectors: String = rows.iter().map(|it| it.config.as_str()).collect();
    // A city of its own, so that no name is one of the simulated city's.
    std::fs::write(&file, format!("[actual]\n\n{connectors}"))?;
    Ok(start(HubConfig {
        data: dir.join("data"),
        pack_dir: pack_dir(),
        scenarios_dir: None,
        listen: ([127, 0, 0, 1], 0).into(),
        page_dir: None,
        sim: Arc::new(NoSim),
        actual: Some(Addresses::default()),
        rasters: Vec::new(),
        seed: 1,
        scale: SimScale::None,
        sign_key: None,
        config_file: Some(file),
    })?)
}

#[test]
fn a_peer_that_falls_is_told_as_lost_costs_no_other_and_comes_back_whole() -> Check {
    let dir = tempfile::tempdir()?;
    // Here we are the one that is called: free a moment ago.
    let jt808 = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let sim = start_sim(dir.path(), jt808)?;
    let pack = read_pack(&pack_dir())?;
    let rows = rows(&sim, &pack, jt808)?;
    let hub = start_hub(dir.path(), &rows)?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let is_pushing = Arc::new(AtomicBool::new(true));
    // On a runtime of its own: the hub has another.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let sensor = pack.sensors.first().map(|it| it.id.to_string()).unwrap_or_default();
    runtime.spawn(push(http.clone(), format!("{}/hook/push", hub.url), sensor, is_pushing.clone()));
    let town = Town { hub, http, sim, is_pushing, _dir: dir };
    runtime.block_on(async {
        for round in 0..N_ROUNDS {
            check(&town, &rows, round).await?;
        }
        a_flood_and_a_line_that_drops_cost_only_themselves(&town, &rows).await?;
        nothing_is_lost_or_doubled(&town).await
    })?;
    town.hub.stop()?;
    Ok(())
}
