//! Case platforms, the upper platform and calls into the street against servers on loopback that do as the test says: a token
//! that ends, a no under HTTP 200, an answer that never comes, a page that is cut. What was asked once is done once, and no
//! secret comes out anywhere.

mod common {
    pub mod nosim;
}

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use common::nosim::NoSim;
use gulang_city::*;
use gulang_hub::{
    HubConfig, HubHandle, connectors::contract::ConnectorConfig, realm::Addresses, sim_host::SimScale, start,
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

/// Far more than anything here takes; only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(40);

// ---------------------------------------------------------------- platforms that do what the test says

#[derive(Default)]
struct Fake {
    /// The token that is good now; it changes whenever the test says so.
    token: String,
    n_tokens: usize,
    /// Answers so many reports with a no under 200.
    n_busy: usize,
    /// Takes reports and never answers.
    is_mute: bool,
    /// Cases made of reports, by the report's key.
    cases: BTreeMap<String, String>,
    n_reports: usize,
    medias: Vec<Value>,
    /// Pages of the exchange, by batch and number, and how often each came.
    pages: BTreeMap<(String, u64), usize>,
    items: BTreeSet<String>,
    /// The answer to so many pages is cut off in its middle.
    n_cut: usize,
    call_state: &'static str,
}

type Shared = Arc<Mutex<Fake>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Fake> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn open_fake(shared: Shared) -> Result<String, Error> {
    let app = Router::new()
        .route("/openapi", post(openapi))
        .route("/token", post(token))
        .route("/exchange", post(exchange))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

async fn token(State(shared): State<Shared>, Json(asked): Json<Value>) -> Response {
    let mut fake = lock(&shared);
    if asked["client_secret"] != secret() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    fake.n_tokens += 1;
    fake.token = format!("token-{}", fake.n_tokens);
    Json(json!({ "access_token": fake.token, "expires_in": 3600 })).into_response()
}

async fn openapi(
    State(shared): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
    Json(asked): Json<Value>,
) -> Response {
    let answer = {
        let mut fake = lock(&shared);
        let is_known = query.get("egova_openapi_token") == Some(&fake.token);
        if !is_known { Some(json!({ "code": 401, "msg": "token", "data": null })) } else { act(&mut fake, &asked) }
    };
    match answer {
        Some(answer) => Json(answer).into_response(),
        None => std::future::pending().await,
    }
}

/// `None` is an answer that never comes.
fn act(fake: &mut Fake, asked: &Value) -> Option<Value> {
    let ok = |data: Value| Some(json!({ "code": 0, "msg": "ok", "data": data }));
    let data = &asked["data"];
    match asked["action"].as_str().unwrap_or_default() {
        "REPORT" => {
            fake.n_reports += 1;
            if fake.n_busy > 0 {
                fake.n_busy -= 1;
                return Some(json!({ "code": 500, "msg": "系统繁忙", "data": null }));
            }
            let n = fake.cases.len() + 1;
            let key = data["newsId"].as_str().unwrap_or_default().to_owned();
            let rec_id = fake.cases.entry(key).or_insert_with(|| format!("R{n}")).clone();
            fake.medias = data["medias"].as_array().cloned().unwrap_or_default();
            if fake.is_mute {
                return None;
            }
            ok(json!({ "recId": rec_id, "taskNum": "T1" }))
        }
        "GET_REC_INFO" => ok(json!({ "medias": [] })),
        "GET_REC_PROCESS_INFO" => ok(json!({ "steps": [{ "actName": "派遣", "actTime": "2026-11-22 10:00:00" }] })),
        "VIDEO_CALL" => ok(json!({ "state": fake.call_state, "stream": { "url": "rtsp://127.0.0.1:1/x" } })),
        "VIDEO_CALL_END" => ok(json!({ "state": "ended" })),
        _ => ok(json!({ "items": [], "cursor": "c1", "more": false })),
    }
}

async fn exchange(State(shared): State<Shared>, body: Bytes) -> Response {
    let Ok(page) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let (batch, number) = (page["batch"].as_str().unwrap_or_default().to_owned(), page["page"].as_u64().unwrap_or(0));
    let mut fake = lock(&shared);
    let n = fake.pages.entry((batch.clone(), number)).or_default();
    *n += 1;
    if *n == 1 {
        let ids: Vec<String> = page["items"].as_array().into_iter().flatten().map(Value::to_string).collect();
        for id in ids {
            assert!(fake.items.insert(format!("{batch}{id}")), "an entry came on two pages");
        }
    }
    let whole = json!({ "code": 0, "batch": batch, "page": number }).to_string();
    if fake.n_cut > 0 {
        fake.n_cut -= 1;
        return whole[..whole.len() / 2].to_owned().into_response();
    }
    whole.into_response()
}

// ---------------------------------------------------------------- a hub with a configuration

/// What the connectors' secret is here: whatever it is, it is long and stands nowhere else.
fn secret() -> String {
    std::env::var("PATH").unwrap_or_default()
}

fn egova(base: &str) -> String {
    format!(
        "[[connector]]\nname = \"yunguanfu\"\ntitle = \"案件平台\"\nkind = \"egova\"\nurl = \"{base}/openapi\"\nevery_s = 0.2\n\
         secrets = {{ id = \"env:PATH\", secret = \"env:PATH\" }}\noptions = {{ token_url = \"{base}/token\" }}\n"
    )
}

fn province(base: &str) -> String {
    format!(
        "[[connector]]\nname = \"province\"\ntitle = \"省平台\"\nkind = \"province\"\nurl = \"{base}/exchange\"\nevery_s = 3600\n\
         options = {{ what = [\"geography\", \"cameras\"] }}\n"
    )
}

fn open(dir: &Path, connectors: &str) -> Result<HubHandle, Error> {
    let file = dir.join("gulang.toml");
    std::fs::write(&file, format!("[actual]\n\n{connectors}"))?;
    Ok(start(HubConfig {
        data: dir.join("data"),
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
        config_file: Some(file),
    })?)
}

async fn until(what: &str, is_so: impl Fn() -> bool) -> Check {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !is_so() {
        if tokio::time::Instant::now() > deadline {
            return Err(format!("{what} never came").into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// A case found in the city, with a picture if one is given.
fn found(hub: &HubHandle, media: Option<&str>) -> Command {
    let core = hub.hall().actual();
    let city = core.city();
    let (district, agency) = (city.districts.keys().next().cloned(), city.agencies.keys().next().cloned());
    Command::OpenOwnCase {
        detection: None,
        kind: CaseKind::Event,
        title: "道路积水".into(),
        address: "湖滨南路".into(),
        at: city.center,
        district: district.unwrap_or_else(|| "".into()),
        agency: agency.unwrap_or_else(|| "".into()),
        color: WarningColor::Yellow,
        media: media.map(Text::from),
    }
}

async fn submit(hub: &HubHandle, http: &reqwest::Client, command: Command) -> Check {
    let body = json!({ "seat": "值班长 01", "command": command });
    let url = format!("{}/api/command", hub.url);
    let answer = http.post(url).bearer_auth(&hub.token).json(&body).send().await?;
    let (status, text) = (answer.status(), answer.text().await?);
    if status.is_success() { Ok(()) } else { Err(text.into()) }
}

fn taken(hub: &HubHandle) -> Option<String> {
    let core = hub.hall().actual();
    let city = core.city();
    Some(city.own_cases.values().next()?.taken.as_ref()?.external.to_string())
}

fn http() -> Result<reqwest::Client, Error> {
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

// ---------------------------------------------------------------- tests

#[test]
fn a_token_that_ends_is_renewed_and_no_secret_is_shown() -> Check {
    let runtime = runtime()?;
    let shared = Shared::default();
    let base = runtime.block_on(open_fake(shared.clone()))?;
    let dir = tempfile::tempdir()?;
    let hub = open(dir.path(), &egova(&base))?;
    runtime.block_on(async {
        let http = http()?;
        until("a first token", || lock(&shared).n_tokens == 1).await?;
        // The platform forgets it: the next question renews it, once.
        lock(&shared).token = "another".into();
        until("a second token", || lock(&shared).n_tokens == 2).await?;
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert_eq!(lock(&shared).n_tokens, 2, "a good one is not renewed");
        let url = format!("{}/api/sources", hub.url);
        let told = http.get(url).bearer_auth(&hub.token).send().await?.text().await?;
        assert!(told.contains("yunguanfu"));
        assert!(!told.contains(&secret()) && !told.contains("token-2"), "a secret came out: {told}");
        Ok::<(), Error>(())
    })?;
    hub.stop()?;
    Ok(())
}

#[test]
fn a_report_is_owed_until_it_is_taken_whatever_is_answered() -> Check {
    let runtime = runtime()?;
    let shared = Shared::default();
    lock(&shared).n_busy = 2;
    let base = runtime.block_on(open_fake(shared.clone()))?;
    let dir = tempfile::tempdir()?;
    let hub = open(dir.path(), &egova(&base))?;
    runtime.block_on(async {
        let http = http()?;
        let jpeg = [&[0xff, 0xd8, 0xff, 0xe0][..], &[7; 100]].concat();
        let url = format!("{}/api/media", hub.url);
        let kept: Value = http.post(&url).bearer_auth(&hub.token).body(jpeg).send().await?.json().await?;
        let refused = http.post(&url).bearer_auth(&hub.token).body("no picture").send().await?.status();
        assert_eq!(refused, reqwest::StatusCode::UNPROCESSABLE_ENTITY);
        submit(&hub, &http, found(&hub, kept["name"].as_str())).await?;
        until("the case's number", || taken(&hub).is_some()).await?;
        assert_eq!(taken(&hub).as_deref(), Some("R1"));
        {
            let fake = lock(&shared);
            assert_eq!((fake.n_reports, fake.cases.len(), fake.medias.len()), (3, 1, 1));
            assert!(fake.medias[0]["content"].as_str().is_some_and(|it| it.starts_with("/9j/")), "JPEG in base64");
        }
        assert!(hub.hall().actual().city().untold.is_empty(), "its receipt is a record");
        Ok::<(), Error>(())
    })?;
    hub.stop()?;
    Ok(())
}

#[test]
fn a_hub_that_dies_between_report_and_receipt_reports_no_second_case() -> Check {
    let runtime = runtime()?;
    let shared = Shared::default();
    lock(&shared).is_mute = true;
    let base = runtime.block_on(open_fake(shared.clone()))?;
    let dir = tempfile::tempdir()?;
    let hub = open(dir.path(), &egova(&base))?;
    runtime.block_on(async {
        submit(&hub, &http()?, found(&hub, None)).await?;
        until("the report", || lock(&shared).cases.len() == 1).await
    })?;
    assert_eq!(taken(&hub), None);
    hub.stop()?;
    lock(&shared).is_mute = false;
    let hub = open(dir.path(), &egova(&base))?;
    runtime.block_on(until("the case's number", || taken(&hub).is_some()))?;
    assert_eq!(lock(&shared).cases.keys().map(String::as_str).collect::<Vec<_>>(), ["gulang-a-own-1-r1"]);
    assert!(lock(&shared).n_reports >= 2);
    hub.stop()?;
    Ok(())
}

#[test]
fn an_exchange_goes_on_with_the_page_that_was_cut() -> Check {
    let runtime = runtime()?;
    let shared = Shared::default();
    lock(&shared).n_cut = 2;
    let base = runtime.block_on(open_fake(shared.clone()))?;
    let dir = tempfile::tempdir()?;
    let n_expected = |hub: &HubHandle| {
        let core = hub.hall().actual();
        let city = core.city();
        city.districts.len() + city.townships.len() + city.grid.cells.len() + city.cameras.len()
    };
    let hub = open(dir.path(), &province(&base))?;
    runtime.block_on(until("a cut page", || lock(&shared).n_cut == 0))?;
    // Killed in the middle, it goes on where it was.
    hub.stop()?;
    let hub = open(dir.path(), &province(&base))?;
    let n = n_expected(&hub);
    runtime.block_on(until("everything", || lock(&shared).items.len() == n))?;
    {
        let fake = lock(&shared);
        let batches: BTreeSet<&String> = fake.pages.keys().map(|it| &it.0).collect();
        assert_eq!(batches.len(), 2, "one of geography, one of cameras: {:?}", fake.pages.keys());
        assert!(fake.pages.values().any(|n| *n > 1), "the cut one came again, under its own number");
    }
    hub.stop()?;
    Ok(())
}

#[test]
fn a_try_of_the_upper_platform_shows_what_would_go_and_sends_nothing() -> Check {
    #[derive(serde::Deserialize)]
    struct File {
        connector: Vec<ConnectorConfig>,
    }
    let runtime = runtime()?;
    let shared = Shared::default();
    let base = runtime.block_on(open_fake(shared.clone()))?;
    let config = toml::from_str::<File>(&province(&base))?.connector.pop().ok_or("no connector")?;
    let pack = Arc::new(tiny_pack());
    let trial = runtime.block_on(gulang_hub::trial::run(&config, pack, Duration::from_millis(300), |_| {}));
    assert!(trial.is_good(), "{trial:?}");
    let text = gulang_hub::trial::text_of(&trial);
    assert!(text.contains("地理：共") && text.contains("摄像头目录：共") && text.contains("/exchange"), "{text}");
    assert!(lock(&shared).pages.is_empty(), "nothing was sent");
    Ok(())
}

#[test]
fn somebody_in_the_street_is_rung_seen_and_hung_up_on() -> Check {
    let runtime = runtime()?;
    let shared = Shared::default();
    lock(&shared).call_state = "ringing";
    let base = runtime.block_on(open_fake(shared.clone()))?;
    let dir = tempfile::tempdir()?;
    let hub = open(dir.path(), &egova(&base))?;
    let core = hub.hall().actual().clone();
    let state = || core.city().street_calls.values().next().map(|it| it.state);
    runtime.block_on(async {
        let http = http()?;
        let person = core.city().grid.people.first().map(|it| it.id.clone()).ok_or("nobody in the grid")?;
        submit(&hub, &http, Command::AskCall { person, why: "看积水".into() }).await?;
        until("ringing", || state() == Some(StreetCallState::Ringing)).await?;
        let feed = Feed::Call("1".into());
        assert!(!core.eyes.openers.has(&feed).stream, "no picture before it is answered");
        lock(&shared).call_state = "answered";
        until("the answer", || state() == Some(StreetCallState::Answered)).await?;
        until("its picture", || core.eyes.openers.has(&feed).stream).await?;
        submit(&hub, &http, Command::EndStreetCall { call: StreetCallId(1) }).await?;
        until("the end", || state() == Some(StreetCallState::Ended)).await?;
        until("the picture's end", || !core.eyes.openers.has(&feed).stream).await
    })?;
    let log = core.city().street_calls.values().map(|it| format!("{it:?}")).collect::<String>();
    assert!(!log.contains("rtsp://"), "the stream's address is no record");
    hub.stop()?;
    Ok(())
}
