//! Connectors of a configuration against small servers on loopback that do as the test says: mapped, limited, refused, tried,
//! followed when the file changes. No secret may come out anywhere.

mod common {
    pub mod nosim;
}

use axum::{
    Router,
    extract::{Path as UrlPath, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use common::nosim::NoSim;
use gulang_hub::{
    HubConfig, HubHandle, connectors::contract::ConnectorConfig, realm::Addresses, sim_host::SimScale, start, trial,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

/// Far more than anything here takes; only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

// ---------------------------------------------------------------- a platform that does what the test says

#[derive(Clone, Copy, Default, PartialEq)]
enum Mode {
    #[default]
    Rows,
    Garbage,
    /// A hundred megabytes.
    Flood,
    Refuse,
    Panic,
}

#[derive(Default)]
struct Fake {
    mode: BTreeMap<String, Mode>,
    n_asked: BTreeMap<String, u64>,
    /// What the rows are about.
    sensor: String,
    /// The last bearer's words, told back in the rows.
    bearer: String,
}

type Shared = Arc<Mutex<Fake>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Fake> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn open_platform(shared: Shared) -> Result<String, Error> {
    let app = Router::new().route("/{name}", get(answer)).with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

async fn answer(State(shared): State<Shared>, UrlPath(name): UrlPath<String>, headers: HeaderMap) -> Response {
    let (mode, n, sensor, bearer) = {
        let mut fake = lock(&shared);
        let n = fake.n_asked.entry(name.clone()).or_default();
        *n += 1;
        let n = *n;
        if let Some(bearer) = headers.get("authorization").and_then(|it| it.to_str().ok()) {
            fake.bearer = bearer.to_owned();
        }
        (fake.mode.get(&name).copied().unwrap_or_default(), n, fake.sensor.clone(), fake.bearer.clone())
    };
    match mode {
        Mode::Rows => {
            let row = |id: &str, value: Value| json!({ "id": id, "mm": value, "note": bearer });
            let rows = [row(&sensor, json!(n)), row(&sensor, json!("—")), row("nowhere", json!(1))];
            axum::Json(json!({ "rows": rows })).into_response()
        }
        Mode::Garbage => format!("<html>{bearer}").into_response(),
        Mode::Flood => vec![b' '; 100 * 1024 * 1024].into_response(),
        Mode::Refuse => (StatusCode::UNAUTHORIZED, bearer).into_response(),
        Mode::Panic => panic!("as the test says"),
    }
}

// ---------------------------------------------------------------- a hub with a configuration

struct Town {
    hub: HubHandle,
    http: reqwest::Client,
    file: PathBuf,
    _dir: tempfile::TempDir,
}

const MAPPING: &str =
    "[connector.mapping]\nitems = \"$.rows[*]\"\nto = \"gauge\"\nfields = { sensor = \"$.id\", value = \"$.mm\" }\n";

fn rest(name: &str, title: &str, base: &str) -> String {
    format!(
        "[[connector]]\nname = \"{name}\"\ntitle = \"{title}\"\nkind = \"rest\"\nurl = \"{base}/{name}\"\nevery_s = 0.2\n{}{MAPPING}\n",
        "secrets = { token = \"env:PATH\" }\noptions = { headers = { Authorization = \"Bearer {{ secret.token }}\" } }\n"
    )
}

fn webhook(name: &str, max_per_s: u32) -> String {
    format!(
        "[[connector]]\nname = \"{name}\"\ntitle = \"推送\"\nkind = \"webhook\"\nmax_per_s = {max_per_s}\n{}{MAPPING}\n",
        "secrets = { token = \"env:PATH\" }\noptions = { header = \"X-Token\" }\n"
    )
}

/// What the connectors' secret is here: whatever it is, it is long and stands nowhere else.
fn secret() -> String {
    std::env::var("PATH").unwrap_or_default()
}

impl Town {
    fn open(config: &str) -> Result<Self, Error> {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("gulang.toml");
        std::fs::write(&file, config)?;
        let hub = start(HubConfig {
            data: dir.path().join("data"),
            pack_dir: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/cities/xiamen"),
            scenarios_dir: None,
            listen: ([127, 0, 0, 1], 0).into(),
            page_dir: None,
            sim: Arc::new(NoSim),
            actual: Some(Addresses::default()),
            rasters: Vec::new(),
            seed: 1,
            scale: SimScale::None,
            sign_key: None,
            config_file: Some(file.clone()),
        })?;
        // A door that refuses a large body hangs up; no later request goes over that connection.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
        Ok(Self { hub, http, file, _dir: dir })
    }

    async fn sources(&self) -> Result<Value, Error> {
        let url = format!("{}/api/sources", self.hub.url);
        let text = self.http.get(url).bearer_auth(&self.hub.token).send().await?.error_for_status()?.text().await?;
        assert!(!text.contains(&secret()), "a secret came out");
        Ok(serde_json::from_str(&text)?)
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
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn push(&self, name: &str, token: &str, body: String) -> Result<reqwest::StatusCode, Error> {
        let url = format!("{}/hook/{name}", self.hub.url);
        Ok(self.http.post(url).header("X-Token", token).body(body).send().await?.status())
    }
}

fn source<'a>(sources: &'a Value, name: &str) -> &'a Value {
    static NOTHING: Value = Value::Null;
    let found = sources["sources"].as_array().into_iter().flatten().find(|it| it["name"] == name);
    found.unwrap_or(&NOTHING)
}

fn n_of(sources: &Value, name: &str, figure: &str) -> u64 {
    source(sources, name)[figure].as_u64().unwrap_or_default()
}

/// On a runtime of its own: the hub has another.
fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

// ---------------------------------------------------------------- tests

#[test]
fn a_changed_file_touches_only_what_changed() -> Check {
    let runtime = runtime()?;
    let shared = Shared::default();
    let base = runtime.block_on(open_platform(shared.clone()))?;
    let town = Town::open(&format!("{}{}", rest("a", "甲", &base), rest("b", "乙", &base)))?;
    let sensor = town.hub.hall().actual().city().sensors.keys().next().ok_or("no sensor")?.to_string();
    lock(&shared).sensor = sensor.clone();
    runtime.block_on(async {
        let heard = |name: &'static str| {
            move |it: &Value| source(it, name)["state"] == "healthy" && n_of(it, name, "n_messages") > 4
        };
        // What it said first was before the platform knew which sensor there is.
        let shows = |it: &Value| {
            let mapped = source(it, "a")["sample"]["mapped"].as_str().unwrap_or_default();
            heard("a")(it) && mapped.contains(&sensor)
        };
        let sources = town.until("news of a", shows).await?;
        assert!(n_of(&sources, "a", "n_refused") > 0, "the row without a figure is refused");
        assert_eq!(source(&sources, "a")["simulated"], false);
        assert!(source(&sources, "a")["blind"].as_str().is_some_and(|it| !it.is_empty()));
        let value = {
            let core = town.hub.hall().actual();
            let readings = core.lane().readings.clone();
            readings.gauges.get(0)
        };
        assert!(value.is_some_and(|(value, _)| value >= 1.0), "the reading is in its column");

        // b has another title: it begins anew. a goes on where it was.
        let before = n_of(&town.sources().await?, "a", "n_messages");
        std::fs::write(&town.file, format!("{}{}", rest("a", "甲", &base), rest("b", "丙", &base)))?;
        let sources = town.until("the new b", |it| source(it, "b")["title"] == "丙").await?;
        assert!(n_of(&sources, "a", "n_messages") >= before, "a was touched: {sources:#}");

        // A faulty file changes nothing, and is told of.
        std::fs::write(&town.file, format!("{}[[connector]]\nname = \"c\"\n", rest("a", "丁", &base)))?;
        let sources = town.until("the fault", |it| it["fault"].is_string()).await?;
        assert!(sources["fault"].as_str().is_some_and(|it| it.contains("gulang.toml:")), "{sources:#}");
        assert_eq!((&source(&sources, "a")["title"], &source(&sources, "b")["title"]), (&json!("甲"), &json!("丙")));
        let n_asked = lock(&shared).n_asked.get("b").copied();
        town.until("b goes on", |_| lock(&shared).n_asked.get("b").copied() > n_asked).await?;

        // b is gone; its lamp says so.
        std::fs::write(&town.file, rest("a", "甲", &base))?;
        town.until("the end of b", |it| it["fault"].is_null() && source(it, "b").is_null()).await?;
        let gone = || town.hub.hall().actual().city().connectors.get("b").map(|it| it.last_error.to_string());
        town.until("b's last record", |_| gone().is_some_and(|it| it.contains("移除"))).await?;
        Ok::<(), Error>(())
    })?;
    town.hub.stop()?;
    Ok(())
}

#[test]
fn a_platform_that_misbehaves_costs_only_its_own_news() -> Check {
    let runtime = runtime()?;
    let shared = Shared::default();
    let base = runtime.block_on(open_platform(shared.clone()))?;
    for (name, mode) in [
        ("good", Mode::Rows),
        ("flood", Mode::Flood),
        ("html", Mode::Garbage),
        ("no", Mode::Refuse),
        ("drops", Mode::Panic),
    ] {
        lock(&shared).mode.insert(name.to_owned(), mode);
    }
    let config = ["good", "flood", "html", "no", "drops"].map(|it| rest(it, it, &base)).concat();
    let town = Town::open(&config)?;
    lock(&shared).sensor = town.hub.hall().actual().city().sensors.keys().next().ok_or("no sensor")?.to_string();
    runtime.block_on(async {
        let bad = ["flood", "html", "no", "drops"];
        let sources = town
            .until("every loss", |it| {
                bad.iter().all(|name| n_of(it, name, "n_losses") > 0 && source(it, name)["remedy"] != "")
                    && n_of(it, "good", "n_messages") > 5
            })
            .await?;
        assert!(source(&sources, "flood")["last_error"].as_str().is_some_and(|it| it.contains("超过")), "{sources:#}");
        assert_eq!(n_of(&sources, "good", "n_losses"), 0);

        // Mended, it is heard as soon as somebody asks for it.
        lock(&shared).mode.insert("html".into(), Mode::Rows);
        let url = format!("{}/api/sources/html/retry", town.hub.url);
        let status = town.http.post(url).bearer_auth(&town.hub.token).send().await?.status();
        assert!(status.is_success());
        town.until("the mended one", |it| n_of(it, "html", "n_messages") > 0 && source(it, "html")["last_error"] == "")
            .await?;
        Ok::<(), Error>(())
    })?;
    // What was refused may be in the log, a secret may not.
    for record in std::fs::read_dir(town.file.with_file_name("data").join("actual"))? {
        let bytes = std::fs::read(record?.path()).unwrap_or_default();
        let secret = secret();
        assert!(!bytes.windows(secret.len()).any(|it| it == secret.as_bytes()), "a secret in the log");
    }
    town.hub.stop()?;
    Ok(())
}

#[test]
fn webhooks_need_their_token_and_floods_are_counted() -> Check {
    let runtime = runtime()?;
    let town = Town::open(&format!("{}{}", webhook("push", 100_000), webhook("narrow", 5)))?;
    let sensor = town.hub.hall().actual().city().sensors.keys().next().ok_or("no sensor")?.to_string();
    runtime.block_on(async {
        town.until("the doors", |it| !source(it, "push").is_null() && !source(it, "narrow").is_null()).await?;
        let body = json!({ "rows": [{ "id": sensor, "mm": 7.5 }] }).to_string();
        assert_eq!(town.push("push", "guess", body.clone()).await?, 401);
        assert_eq!(town.push("nobody", &secret(), body.clone()).await?, 404);
        assert_eq!(town.push("push", &secret(), body.clone()).await?, 200);
        // It may hang up before all of it is sent.
        let large = town.push("push", &secret(), " ".repeat(5 * 1024 * 1024)).await;
        assert!(large.is_err() || large.is_ok_and(|it| it == 413));
        let sources = town.sources().await?;
        assert_eq!((n_of(&sources, "push", "n_messages"), n_of(&sources, "push", "n_dropped")), (1, 0));

        // Faster than five a second, whatever the machine: a thousand cannot take two hundred seconds.
        let mut n_sent_away = 0;
        for _ in 0..1000 {
            let status = town.push("narrow", &secret(), body.clone()).await?;
            assert!(matches!(status.as_u16(), 200 | 429), "{status}");
            n_sent_away += u64::from(status == 429);
        }
        let sources = town.sources().await?;
        assert_eq!(n_of(&sources, "narrow", "n_messages"), 1000);
        assert!(n_sent_away > 0, "{sources:#}");
        assert_eq!(n_of(&sources, "narrow", "n_dropped"), n_sent_away);
        Ok::<(), Error>(())
    })?;
    town.hub.stop()?;
    Ok(())
}

fn config_of(text: &str) -> Result<ConnectorConfig, Error> {
    #[derive(serde::Deserialize)]
    struct File {
        connector: Vec<ConnectorConfig>,
    }
    Ok(toml::from_str::<File>(text)?.connector.pop().ok_or("no connector")?)
}

#[test]
fn a_try_shows_what_came_and_what_it_meant() -> Check {
    runtime()?.block_on(async {
        let shared = Shared::default();
        lock(&shared).sensor = "ylz-1".into();
        let base = open_platform(shared.clone()).await?;
        let pack = Arc::new(gulang_city::tiny_pack());
        let lasting = Duration::from_secs(1);
        let config = config_of(&rest("rain", "雨量", &base))?;
        let trial = trial::run(&config, pack.clone(), lasting, |_| {}).await;
        assert!(trial.is_good(), "{trial:?}");
        let sample = trial.samples.first().ok_or("no sample")?;
        assert!(sample.raw.contains("ylz-1") && sample.mapped.contains("Gauge") && sample.refused.contains("value"));
        assert!(sample.raw.contains("Bearer ***"), "{}", sample.raw);

        for (mode, words) in [(Mode::Garbage, "不是 JSON"), (Mode::Refuse, "401"), (Mode::Flood, "超过")] {
            lock(&shared).mode.insert("rain".into(), mode);
            let trial = trial::run(&config, pack.clone(), Duration::from_secs(20), |_| {}).await;
            assert!(!trial.is_good() && trial.remedy.is_some());
            assert!(trial.error.as_deref().is_some_and(|it| it.contains(words)), "{trial:?}");
            let shown = format!("{}{trial:?}{}", trial::text_of(&trial), serde_json::to_string(&trial)?);
            assert!(!shown.contains(&secret()));
        }

        let mut unset = config.clone();
        unset.secrets = [("token".into(), "env:GULANG_TEST_UNSET".into())].into();
        let trial = trial::run(&unset, pack.clone(), lasting, |_| {}).await;
        assert!(trial.error.is_some_and(|it| it.contains("GULANG_TEST_UNSET")));

        let mut silent = config_of(&webhook("push", 10))?;
        silent.name = "push".into();
        let trial = trial::run(&silent, pack, lasting, |url| assert!(url.ends_with("/hook/push"))).await;
        assert!(!trial.is_good() && trial.n_messages == 0 && trial.door.is_some(), "{trial:?}");
        Ok::<(), Error>(())
    })
}
