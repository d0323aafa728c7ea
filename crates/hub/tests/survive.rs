//! 平转战 against platforms that are down for an hour, slow, lying, confused; two officers at one instant; a plan edited under a
//! level in force. The hub runs in this process, the platforms are on 127.0.0.1:0.

mod common {
    pub mod nosim;
}

use axum::{
    Json, Router,
    extract::{Path as UrlPath, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use common::nosim::NoSim;
use gulang_city::*;
use gulang_hub::{
    actor::Numberer,
    clock::{Anchor, HubClock},
    connectors::{city_platform::CityPlatform, http},
    core::{Core, CoreParts, SubmitError},
    hall::HubConfig,
    health::HealthBook,
    live::{RealmHub, open_log},
    log::{Log, LogOptions},
    outbox,
    readings::Lane,
    realm::{Actual, Addresses, Endpoints, Exercise},
    sim_host::SimScale,
    start,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

const T0: Timestamp = Timestamp(1_690_423_200_000); // 2023-07-27 10:00:00 Beijing

// ---------------------------------------------------------------- platforms

#[derive(Clone, Copy, Default, PartialEq)]
enum Mode {
    #[default]
    Up,
    Down,
    /// Does what it is told and says that it failed: HTTP 200, code 500.
    Lies,
    /// Does what it is told at once, and says so after this long.
    Slow(Duration),
}

#[derive(Default)]
struct Fake {
    modes: BTreeMap<String, Mode>,
    /// How often each key was taken, by any platform.
    taken: BTreeMap<String, u32>,
    /// What the first platform says of orders, page by page.
    notices: Vec<Value>,
    /// News beside the orders that was done, in order: action and key. A key comes once, however often it is told.
    news: Vec<(String, String)>,
    /// How often any news was told.
    n_told: usize,
}

type Shared = Arc<Mutex<Fake>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Fake> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn open_platforms(shared: Shared) -> Result<Addresses, Error> {
    let app = Router::new().route("/{platform}/openapi", post(answer)).with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(Addresses { platform: Some(url), ..Addresses::default() })
}

async fn answer(State(shared): State<Shared>, UrlPath(platform): UrlPath<String>, Json(body): Json<Value>) -> Response {
    let mode = lock(&shared).modes.get(&platform).copied().unwrap_or_default();
    if mode == Mode::Down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let (Some(action), Some(key)) = (body["action"].as_str(), body["data"]["newsId"].as_str()) {
        let mut fake = lock(&shared);
        fake.n_told += 1;
        if !fake.news.iter().any(|(_, known)| known == key) {
            fake.news.push((action.to_owned(), key.to_owned()));
        }
    }
    let data = match body["action"].as_str() {
        Some("NOTIFY") => {
            let key = body["data"]["noticeId"].as_str().unwrap_or_default().to_owned();
            let mut fake = lock(&shared);
            let times = fake.taken.entry(key).or_default();
            *times += 1;
            json!({ "receiptId": "r", "duplicate": *times > 1 })
        }
        Some("GET_NOTICE_INFO") if platform == "yunguanfu" => {
            let fake = lock(&shared);
            let from: usize = body["data"]["cursor"].as_str().and_then(|it| it.parse().ok()).unwrap_or(0);
            let items: Vec<Value> = fake.notices.iter().skip(from).cloned().collect();
            json!({ "cursor": (from + items.len()).to_string(), "items": items, "more": false })
        }
        _ => json!({ "items": [], "cursor": "", "more": false }),
    };
    match mode {
        Mode::Lies => return Json(json!({ "code": 500, "msg": "系统繁忙", "data": data })).into_response(),
        Mode::Slow(wait) => tokio::time::sleep(wait).await,
        Mode::Up | Mode::Down => {}
    }
    Json(json!({ "code": 0, "msg": "ok", "data": data })).into_response()
}

// ---------------------------------------------------------------- the hub

/// The tiny city with many orders for the second platform.
fn pack() -> Pack {
    let mut pack = tiny_pack();
    let sea = pack.plans[0].measures[1].clone();
    for n in 0..20 {
        let id: MeasureId = format!("m-more-{n}").into();
        pack.plans[0].measures.push(Measure { id, evacuees: Vec::new(), ..sea.clone() });
    }
    pack
}

fn connect_actual(dir: &Path, addresses: Addresses) -> Result<RealmHub, Error> {
    let opened = open_log(dir, || City::found(&pack(), Realm::Actual))?;
    Ok(RealmHub::connect(opened, HubClock::live(), Endpoints::<Actual>::new(addresses, false), None)?)
}

/// A realm without wires.
fn bare_core(dir: &Path) -> Result<Arc<Core>, Error> {
    let (log, city) = Log::open(dir, LogOptions::default(), || City::found(&pack(), Realm::Actual))?;
    Ok(Core::start(CoreParts {
        dir: dir.to_owned(),
        clock: HubClock::live(),
        simulated: false,
        lane: Lane::for_city(&city, None),
        city,
        health: HealthBook::new(&[], &[], false, 1000, 0),
        numberer: Numberer::new(log),
    })?)
}

fn seat(id: &str) -> Source {
    Source::Seat(id.into())
}

fn to_war(ask: &SheetAsk, sheet_version: Option<Text>) -> Switch {
    Switch::ToWar { ask: ask.clone(), reasons: BTreeMap::new(), reason: "测试".into(), sheet_version }
}

/// One seat's switch.
fn alone(by: &str, ask: &SheetAsk) -> Command {
    to_war(ask, None).by_one(&by.into(), false)
}

fn ask(level: ResponseLevel) -> SheetAsk {
    SheetAsk { plan: "typhoon".into(), level, districts: vec![], struck: vec![], added: vec![] }
}

/// Waits until the city is so; says what it waited for if it never is.
async fn until(core: &Core, what: &str, is_so: impl Fn(&City) -> bool) -> Check {
    for _ in 0..600 {
        if is_so(&core.city()) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let rungs: Vec<String> = core.city().orders.values().map(|it| format!("{} {:?}", it.id, it.rung)).collect();
    Err(format!("not so: {what}; {rungs:?}").into())
}

/// Whether every order for a platform is delivered, and there are some.
fn is_delivered(city: &City, platform: &str) -> bool {
    let mut of_it = city.orders.values().filter(|it| it.text.platform.as_str() == platform).peekable();
    of_it.peek().is_some() && of_it.all(|it| it.rung >= Rung::Delivered && it.rung != Rung::Failed)
}

/// Every order was taken under its own key and no other: executed once, however often it was sent.
fn check_executed_once(city: &City, shared: &Shared) {
    let mut wanted: Vec<String> = city.orders.values().map(Order::idempotency_key).collect();
    let mut taken: Vec<String> = lock(shared).taken.keys().cloned().collect();
    wanted.sort();
    taken.sort();
    assert_eq!(taken, wanted);
}

// ---------------------------------------------------------------- tests

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_down_for_an_hour_has_every_order_once_when_it_is_back() -> Check {
    let shared = Shared::default();
    lock(&shared).modes.insert("yingji".into(), Mode::Down);
    let addresses = open_platforms(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let opened = open_log(dir.path(), || City::found(&pack(), Realm::Exercise))?;
    let clock = HubClock::exercise(Anchor { now: T0, speed: 1800.0, paused: false }, None, T0);
    let hub = RealmHub::connect(opened, clock, Endpoints::<Exercise>::new(addresses, true), None)?;
    hub.core.submit(seat("A"), alone("A", &ask(ResponseLevel::III))).await?;
    let sent_at = hub.core.city().at;
    until(&hub.core, "the other platform is not kept waiting", |city| is_delivered(city, "yunguanfu")).await?;
    let is_due = |it: &Order| it.overdue_since.is_some() && it.n_attempts > 0;
    until(&hub.core, "an hour of silence, told and tried", |city| {
        hub.core.clock.now() >= sent_at.plus_mins(60)
            && city.orders.values().filter(|it| it.text.platform.as_str() == "yingji").any(is_due)
    })
    .await?;
    {
        let city = hub.core.city();
        let mut waiting = city.orders.values().filter(|it| it.text.platform.as_str() == "yingji");
        assert!(waiting.all(|it| it.rung < Rung::Delivered), "nothing is said to be there that is not");
    }
    lock(&shared).modes.clear();
    until(&hub.core, "all is delivered", |city| is_delivered(city, "yingji")).await?;
    check_executed_once(&hub.core.city(), &shared);
    assert!(lock(&shared).taken.values().all(|times| *times == 1), "{:?}", lock(&shared).taken);
    hub.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_obeys_and_says_it_failed_executes_nothing_twice() -> Check {
    let shared = Shared::default();
    lock(&shared).modes.insert("yingji".into(), Mode::Lies);
    let addresses = open_platforms(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let hub = connect_actual(dir.path(), addresses)?;
    hub.core.submit(seat("A"), alone("A", &ask(ResponseLevel::III))).await?;
    until(&hub.core, "the other platform has its orders", |city| is_delivered(city, "yunguanfu")).await?;
    let has_tried = |city: &City| city.orders.values().any(|it| it.n_attempts > 1);
    until(&hub.core, "it is tried again", has_tried).await?;
    {
        let city = hub.core.city();
        let mut lied_about = city.orders.values().filter(|it| it.text.platform.as_str() == "yingji");
        assert!(lied_about.all(|it| it.rung < Rung::Delivered), "HTTP 200 is not success");
    }
    lock(&shared).modes.clear();
    until(&hub.core, "all is delivered", |city| is_delivered(city, "yingji")).await?;
    check_executed_once(&hub.core.city(), &shared);
    assert!(lock(&shared).taken.values().any(|times| *times > 1), "it was sent again, under the same key");
    hub.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_slower_than_it_is_waited_for_is_heard_at_last() -> Check {
    let shared = Shared::default();
    let (first, slow) = (Duration::from_millis(200), Duration::from_millis(500));
    lock(&shared).modes.insert("yingji".into(), Mode::Slow(slow));
    let endpoints = Endpoints::<Actual>::new(open_platforms(shared.clone()).await?, false);
    let dir = tempfile::tempdir()?;
    let core = bare_core(dir.path())?;
    let mut tasks = Vec::new();
    for name in ["yunguanfu", "yingji"] {
        let mut platform = CityPlatform::new(http::client(), &endpoints, name).ok_or("no platform")?;
        platform.timeout = first;
        tasks.push(tokio::spawn(outbox::run(core.clone(), platform)));
    }
    core.submit(seat("A"), alone("A", &ask(ResponseLevel::III))).await?;
    until(&core, "the quick one has its orders", |city| is_delivered(city, "yunguanfu")).await?;
    until(&core, "the slow one has them too", |city| is_delivered(city, "yingji")).await?;
    check_executed_once(&core.city(), &shared);
    for task in tasks {
        task.abort();
    }
    core.close().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confused_platform_climbs_nothing_and_what_it_said_is_kept() -> Check {
    let shared = Shared::default();
    let addresses = open_platforms(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let hub = connect_actual(dir.path(), addresses)?;
    hub.core.submit(seat("A"), Command::ProposeSwitch { switch: to_war(&ask(ResponseLevel::II), None) }).await?;
    hub.core.submit(seat("B"), Command::CoSign { number: 1 }).await?;
    until(&hub.core, "all is delivered", |city| is_delivered(city, "yunguanfu") && is_delivered(city, "yingji"))
        .await?;
    let of = |measure: &str| {
        let city = hub.core.city();
        let found = city.orders.values().find(|it| it.text.measure.as_ref().is_some_and(|it| it.as_str() == measure));
        found.cloned().ok_or_else(|| format!("no order for {measure}"))
    };
    let (patrol, gates, foreign) = (of("m-patrol")?, of("m-gates")?, of("m-sea")?);
    hub.core.submit(seat("A"), Command::CancelOrder { order: gates.id, reason: "误发".into() }).await?;
    let n_refused = hub.core.city().n_refused_messages;

    let says = |key: String, status: &str| json!({ "noticeId": key, "status": status, "note": "" });
    let key = |it: &Order, version: u32| format!("gulang-a-{}-{version}", it.id);
    let with = |mut item: Value, name: &str, value: Value| {
        item[name] = value;
        item
    };
    let signed = || says(key(&patrol, 1), "signed");
    lock(&shared).notices = vec![
        // Refused and kept: an order nobody gave, an edition there is not, another realm's, another platform's, no
        // status, and two that contradict themselves.
        says("gulang-a-900-1".into(), "done"),
        says(key(&patrol, 7), "done"),
        says(format!("gulang-x-{}-1", patrol.id), "done"),
        says(key(&foreign, 1), "done"),
        says(key(&patrol, 1), "finished"),
        with(says(key(&patrol, 1), "done"), "orderId", json!(900_000_000)),
        with(says(key(&patrol, 1), "done"), "definitionVersion", json!(0)),
        // Old news: an old version, a withdrawn order.
        says(key(&patrol, 0), "done"),
        says(key(&gates, 1), "signed"),
        says(key(&gates, 1), "done"),
        // The truth twice, and then what was before it.
        signed(),
        signed(),
        says(key(&patrol, 1), "delivered"),
    ];
    let rung = |city: &City, order: &Order| city.orders.get(&order.id).map(|it| (it.rung, it.status_version));
    until(&hub.core, "the truth is heard", |city| {
        rung(city, &patrol).is_some_and(|(rung, _)| rung >= Rung::Acknowledged)
    })
    .await?;
    let city = hub.core.city().clone();
    assert_eq!(rung(&city, &patrol), Some((Rung::Acknowledged, patrol.status_version + 1)), "one step, once");
    assert_eq!(rung(&city, &gates), Some((Rung::Cancelled, gates.status_version + 1)));
    assert_eq!(rung(&city, &foreign), Some((Rung::Delivered, foreign.status_version)));
    assert_eq!(city.n_refused_messages - n_refused, 7, "what cannot be is in the log");
    hub.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_officers_at_one_instant_one_is_obeyed_and_one_is_told() -> Check {
    for n in 0..20 {
        let dir = tempfile::tempdir()?;
        let core = bare_core(dir.path())?;
        let (a, b) = (ask(ResponseLevel::III), SheetAsk { struck: vec!["m-patrol".into()], ..ask(ResponseLevel::III) });
        let (sheet_a, sheet_b) = {
            let city = core.city();
            (city.sheet(&a, core.clock.now())?, city.sheet(&b, core.clock.now())?)
        };
        let press = |source: &str, ask: &SheetAsk, sheet: &Sheet| {
            let command = to_war(ask, Some(sheet.version.clone())).by_one(&source.into(), false);
            let (core, source) = (core.clone(), seat(source));
            tokio::spawn(async move { core.submit(source, command).await })
        };
        // Whoever is first, in turn and as the threads will.
        let (first, second) = match n % 2 {
            0 => (press("A", &a, &sheet_a), press("B", &b, &sheet_b)),
            _ => (press("B", &b, &sheet_b), press("A", &a, &sheet_a)),
        };
        let answers = [first.await?, second.await?];
        let n_obeyed = answers.iter().filter(|it| it.is_ok()).count();
        assert_eq!(n_obeyed, 1, "{answers:?}");
        let is_told =
            |it: &Result<u64, SubmitError>| matches!(it, Err(SubmitError::Refused(Refusal::SheetChanged { .. })));
        assert!(answers.iter().any(is_told), "{answers:?}");
        let city = core.city().clone();
        let patrols = |it: &Order| it.text.measure.as_ref().is_some_and(|it| it.as_str() == "m-patrol");
        let shown = if city.orders.values().any(patrols) { &sheet_a } else { &sheet_b };
        assert_eq!(city.orders.len() + city.held.len(), shown.n_orders as usize, "one sheet's orders, whole");
        core.close().await?;
    }
    Ok(())
}

// ---------------------------------------------------------------- news beside the orders

/// One order of the lowest level, by the seat that gives it.
fn small_war() -> Command {
    alone("A", &ask(ResponseLevel::IV))
}

/// A case, done something to; the first order withdrawn; a team sent and called home.
async fn make_news(core: &Core) -> Check {
    let now = core.clock.now();
    let report = CaseReport {
        external: "c1".into(),
        platform: "yunguanfu".into(),
        kind: CaseKind::Event,
        title: "积水".into(),
        address: "".into(),
        at: core.city().center,
        district: "350203".into(),
        agency: "ag-city".into(),
        color: WarningColor::Yellow,
        reported_at: now,
        due_at: now.plus_mins(120),
    };
    let stage = CaseStage::Dispatched;
    core.submit(Source::Hub, Command::ReportCase { report, stage, stage_at: now }).await?;
    let (case, order, team) = (CaseId(1), OrderId(1), TeamId::from("team-1"));
    for command in [
        Command::SuperviseCase { case },
        Command::PostponeCase { case, due_at: now.plus_mins(180), reason: "等水退".into() },
        Command::CancelCase { case, reason: "误报".into() },
        Command::CancelOrder { order, reason: "误发".into() },
        Command::AssignTeam { team: team.clone(), order: None, purpose: "待命".into() },
        Command::ReleaseTeam { team },
    ] {
        core.submit(seat("A"), command).await?;
    }
    Ok(())
}

/// Every piece of news was done once, and of one subject in the order it was made.
fn check_told(shared: &Shared, realm: &str) {
    let fake = lock(shared);
    let of = |subject: &str| -> Vec<&str> {
        let prefix = format!("gulang-{realm}-{subject}-r");
        fake.news.iter().filter(|(_, key)| key.starts_with(&prefix)).map(|(action, _)| action.as_str()).collect()
    };
    assert_eq!(of("case-c1"), ["SUPERVISE", "APPLY_POSTPONE", "APPLY_CANCEL"], "{:?}", fake.news);
    assert_eq!(of("order-1"), ["APPLY_CANCEL"], "{:?}", fake.news);
    assert_eq!(of("team-team-1"), ["DISPATCH", "RECALL"], "{:?}", fake.news);
    assert_eq!(fake.news.len(), 6, "{:?}", fake.news);
}

#[tokio::test(flavor = "multi_thread")]
async fn platforms_down_for_an_hour_are_told_everything_once_when_they_are_back() -> Check {
    let shared = Shared::default();
    let addresses = open_platforms(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let opened = open_log(dir.path(), || City::found(&pack(), Realm::Exercise))?;
    let clock = HubClock::exercise(Anchor { now: T0, speed: 1800.0, paused: false }, None, T0);
    let hub = RealmHub::connect(opened, clock, Endpoints::<Exercise>::new(addresses, true), None)?;
    hub.core.submit(seat("A"), small_war()).await?;
    until(&hub.core, "the order is there", |city| is_delivered(city, "yunguanfu")).await?;
    for platform in ["yunguanfu", "yingji"] {
        lock(&shared).modes.insert(platform.into(), Mode::Down);
    }
    make_news(&hub.core).await?;
    let made_at = hub.core.city().at;
    until(&hub.core, "an hour of trying", |city| {
        hub.core.clock.now() >= made_at.plus_mins(60) && city.untold.values().any(|it| it.n_attempts > 1)
    })
    .await?;
    assert_eq!(hub.core.city().untold.len(), 6, "nothing is said to be told that is not");
    assert!(lock(&shared).news.is_empty());
    lock(&shared).modes.clear();
    until(&hub.core, "all is told", |city| city.untold.is_empty()).await?;
    check_told(&shared, "x");
    hub.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_between_news_and_receipt_tells_it_again_under_the_same_key() -> Check {
    let shared = Shared::default();
    let endpoints = Endpoints::<Actual>::new(open_platforms(shared.clone()).await?, false);
    let dir = tempfile::tempdir()?;
    let run = |core: &Arc<Core>| -> Result<Vec<tokio::task::JoinHandle<()>>, Error> {
        let mut tasks = Vec::new();
        for name in ["yunguanfu", "yingji"] {
            let platform = CityPlatform::new(http::client(), &endpoints, name).ok_or("no platform")?;
            tasks.push(tokio::spawn(outbox::run(core.clone(), platform)));
        }
        Ok(tasks)
    };
    {
        let core = bare_core(dir.path())?;
        let tasks = run(&core)?;
        core.submit(seat("A"), small_war()).await?;
        until(&core, "the order is there", |city| is_delivered(city, "yunguanfu")).await?;
        // They do what they are told, and the hub never hears of it.
        for platform in ["yunguanfu", "yingji"] {
            lock(&shared).modes.insert(platform.into(), Mode::Lies);
        }
        make_news(&core).await?;
        until(&core, "it was told and not acknowledged", |city| city.untold.values().any(|it| it.n_attempts > 0))
            .await?;
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        core.close().await?;
    }
    let n_told = lock(&shared).n_told;
    assert!(n_told > 0);
    lock(&shared).modes.clear();
    let core = bare_core(dir.path())?;
    assert_eq!(core.city().untold.len(), 6, "what is owed is in the log");
    let tasks = run(&core)?;
    until(&core, "all is told", |city| city.untold.is_empty()).await?;
    check_told(&shared, "a");
    assert!(lock(&shared).n_told > n_told, "told again, done once");
    for task in tasks {
        task.abort();
    }
    core.close().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amended_order_goes_out_with_its_predecessors_key_and_the_old_answer_is_kept() -> Check {
    let shared = Shared::default();
    let addresses = open_platforms(shared.clone()).await?;
    let dir = tempfile::tempdir()?;
    let hub = connect_actual(dir.path(), addresses)?;
    hub.core.submit(seat("A"), small_war()).await?;
    until(&hub.core, "the order is there", |city| is_delivered(city, "yunguanfu")).await?;
    let amend = Command::AmendOrder {
        order: OrderId(1),
        title: "巡查（更正）".into(),
        body: "改在今晚".into(),
        within_mins: 30,
        reason: "时限改早".into(),
    };
    hub.core.submit(seat("A"), amend).await?;
    until(&hub.core, "the new order is there and the old one taken back", |city| {
        let is_there = city.orders.get(&OrderId(2)).is_some_and(|it| it.rung == Rung::Delivered);
        is_there && city.untold.is_empty()
    })
    .await?;
    {
        let fake = lock(&shared);
        assert_eq!(fake.taken.keys().collect::<Vec<_>>(), ["gulang-a-1-1", "gulang-a-2-2"]);
        let [(action, key)] = fake.news.as_slice() else { panic!("{:?}", fake.news) };
        assert!(action == "APPLY_CANCEL" && key.starts_with("gulang-a-order-1-r"), "{key}");
    }
    let n_refused = hub.core.city().n_refused_messages;
    lock(&shared).notices = vec![
        json!({ "noticeId": "gulang-a-1-1", "status": "signed", "note": "" }),
        json!({ "noticeId": "gulang-a-2-2", "status": "signed", "note": "" }),
    ];
    until(&hub.core, "the new words are signed", |city| {
        city.orders.get(&OrderId(2)).is_some_and(|it| it.rung == Rung::Acknowledged)
    })
    .await?;
    let city = hub.core.city().clone();
    assert_eq!(city.orders.get(&OrderId(1)).map(|it| it.rung), Some(Rung::Superseded));
    assert_eq!(city.n_refused_messages - n_refused, 1, "who signed the old words is in the log");
    hub.stop().await?;
    Ok(())
}

// ---------------------------------------------------------------- a plan edited while its level is active

/// Xiamen's pack without its map, to be written in.
fn own_pack(dir: &Path) -> Result<PathBuf, Error> {
    let (from, copy) = (PathBuf::from("../../assets/cities/xiamen"), dir.join("pack"));
    for folder in ["", "plans", "rules"] {
        std::fs::create_dir_all(copy.join(folder))?;
        for entry in std::fs::read_dir(from.join(folder))? {
            let file = entry?.path();
            if file.is_file() {
                std::fs::copy(&file, copy.join(folder).join(file.file_name().unwrap_or_default()))?;
            }
        }
    }
    Ok(copy)
}

fn config(data: &Path, pack_dir: &Path) -> HubConfig {
    HubConfig {
        data: data.to_owned(),
        pack_dir: pack_dir.to_owned(),
        scenarios_dir: None,
        listen: ([127, 0, 0, 1], 0).into(),
        page_dir: None,
        sim: Arc::new(NoSim),
        actual: Some(Addresses::default()),
        rasters: Vec::new(),
        seed: 1,
        scale: SimScale::None,
        sign_key: None,
        config_file: None,
    }
}

#[test]
fn a_plan_edited_while_its_level_is_active_comes_in_with_the_next_start() -> Check {
    let dir = tempfile::tempdir()?;
    let (data, pack_dir) = (dir.path().join("data"), own_pack(dir.path())?);
    let hub = start(config(&data, &pack_dir))?;
    let duty: SeatId = "值班长 01".into();
    let ask = ask(ResponseLevel::IV);
    hub.submit(duty.clone(), alone(duty.as_str(), &ask)).map_err(|it| it.to_string())?;
    let before = hub.hall().actual().city().clone();
    assert!(!before.orders.is_empty());
    hub.stop()?;

    let file = pack_dir.join("plans/typhoon.json");
    let mut plan: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    plan["version"] = json!("另一版");
    let measures = plan["measures"].as_array_mut().ok_or("no measures")?;
    for measure in measures.iter_mut() {
        measure["clause"] = json!("另一条");
    }
    std::fs::write(&file, plan.to_string())?;

    let n_adopted = |hub: &gulang_hub::HubHandle| -> Result<usize, Error> {
        let dir = hub.hall().actual().dir.clone();
        let records = Log::read(&dir, 1, 100_000)?;
        Ok(records.iter().filter(|it| matches!(it.event, Event::PlansAdopted { .. })).count())
    };
    // Started twice: it comes in once.
    for _ in 0..2 {
        let hub = start(config(&data, &pack_dir))?;
        assert_eq!(n_adopted(&hub)?, 1);
        let city = hub.hall().actual().city().clone();
        assert_eq!(&*city.plans["typhoon"].version, "另一版");
        assert_eq!(city.footing, before.footing, "the level stays in force");
        for (id, order) in &before.orders {
            assert_eq!(city.orders.get(id).map(|it| &it.text), Some(&order.text), "order {id} says what it said");
        }
        let sheet = city.sheet(&ask, city.at)?;
        assert_eq!((&*sheet.plan_version, sheet.n_orders), ("另一版", 0), "nothing is ordered again");
        hub.stop()?;
    }
    let again = gulang_hub::log::replay(&data.join("actual"))?;
    assert!(again.chain_ok, "{:?}", again.problem);
    // What is open is named for peace, whatever edition it is of.
    let hub = start(config(&data, &pack_dir))?;
    let accepted = hub.hall().actual().city().still_open(&[]);
    assert!(accepted.len() >= before.orders.len());
    let peace = |accepted: Vec<OpenItem>| Command::StandDown {
        districts: vec![],
        confirmed_by: vec![duty.clone()],
        reason: "解除".into(),
        accepted,
        overridden: false,
    };
    assert!(hub.submit(duty.clone(), peace(Vec::new())).is_err());
    hub.submit(duty.clone(), peace(accepted)).map_err(|it| it.to_string())?;
    hub.stop()?;
    Ok(())
}

// ---------------------------------------------------------------- a storm of alarms

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_alarms_at_once_are_all_in_the_log_and_in_few_rows() -> Check {
    let mut pack = tiny_pack();
    let model = pack.sensors[0].clone();
    pack.sensors = (0..10_000)
        .map(|i| Sensor { id: format!("s-{i}").into(), kind: SensorKind::ALL[i % 10], ..model.clone() })
        .collect();
    let dir = tempfile::tempdir()?;
    let (log, city) = Log::open(dir.path(), LogOptions::default(), || City::found(&pack, Realm::Actual))?;
    let core = Core::start(CoreParts {
        dir: dir.path().to_owned(),
        clock: HubClock::live(),
        simulated: false,
        lane: Lane::for_city(&city, None),
        city,
        health: HealthBook::new(&[], &[], false, 1000, 0),
        numberer: Numberer::new(log),
    })?;
    let at = core.clock.now();
    let n_refused = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for part in 0..10 {
        let (core, n_refused) = (core.clone(), n_refused.clone());
        tasks.push(tokio::spawn(async move {
            let judge = |i: usize| {
                let sensor = format!("s-{i}").into();
                let command = Command::JudgeReading { sensor, color: Some(WarningColor::Red), value: 70.0, at };
                (Source::Platform("sensors".into()), command)
            };
            // Each said twice, as a broker may.
            let batch = (part * 1000..part * 1000 + 1000).flat_map(|i| [judge(i), judge(i)]).collect();
            let outcomes = core.submit_all(batch).await?;
            n_refused.fetch_add(outcomes.iter().filter(|it| it.is_err()).count() as u64, Relaxed);
            Ok::<_, SubmitError>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    assert_eq!(n_refused.load(Relaxed), 10_000, "the repeats and nothing else");
    let row = {
        let city = core.city();
        let rows = city.alarm_groups(city.at);
        assert!(rows.len() <= MAX_ALARM_ROWS, "{}", rows.len());
        assert_eq!(rows.iter().map(|it| it.n).sum::<u32>(), 10_000);
        rows[0].clone()
    };
    core.submit(seat("A"), Command::AcknowledgeGroup { group: row.key.clone() }).await?;
    let n_taken = core.city().alarms.values().filter(|it| it.acknowledged.is_some()).count();
    assert_eq!(n_taken, row.n as usize);
    core.close().await?;
    let again = gulang_hub::log::replay(dir.path())?;
    assert!(again.chain_ok && again.state_hash == core.city().state_hash(), "{:?}", again.problem);
    Ok(())
}
