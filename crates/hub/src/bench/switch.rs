//! 平转战 at full width: from the click to the log and to the wire, while one platform is dead and one takes half a minute.

use super::{BenchError, Scratch, ms_since, profile};
use crate::{
    assets,
    clock::HubClock,
    connectors::names,
    live::{RealmHub, open_log},
    realm::{Actual, Addresses, Endpoints},
};
use axum::{
    Json, Router,
    extract::{Path as UrlPath, State},
    routing::post,
};
use gulang_city::*;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

const N_AGENCIES: usize = 84;
const ORDERS_EACH: usize = 6;
/// Takes what it is sent and never answers.
const DEAD: &str = "bench-dead";
/// Answers, after [`SLOW_FOR`].
const SLOW: &str = "bench-slow";
const SLOW_FOR: Duration = Duration::from_secs(30);
/// A dozen agencies on each.
const PLATFORMS: [&str; 7] = [names::CASES, names::EMERGENCY, "bench-3", "bench-4", "bench-5", DEAD, SLOW];
const GIVE_UP: Duration = Duration::from_secs(30);

/// 84 agencies with six orders each, `n_rounds` times, each on a log of its own; ms from the click, median and worst.
pub fn switch(pack_dir: &Path, n_rounds: u64) -> Result<Value, BenchError> {
    let pack = wide(assets::read_pack(pack_dir).map_err(failed)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut rounds = Vec::new();
    for n in 0..n_rounds.max(1) {
        rounds.push(runtime.block_on(round(&pack, n))?);
    }
    runtime.shutdown_background();
    let figure = |of: fn(&Round) -> f64| {
        let mut all: Vec<f64> = rounds.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        json!({ "median": all[all.len() / 2], "worst": all[all.len() - 1] })
    };
    let n_orders = N_AGENCIES * ORDERS_EACH;
    Ok(json!({
        "bench": "switch",
        "load": format!("{N_AGENCIES} agencies × {ORDERS_EACH} orders over {} platforms on loopback, one never answers, one after {} s", PLATFORMS.len(), SLOW_FOR.as_secs()),
        "rounds": rounds.len(), "n_orders": n_orders, "n_living": rounds[0].n_living,
        "durable_ms": figure(|it| it.durable_ms),
        "first_on_wire_ms": figure(|it| it.first_ms),
        "last_on_wire_ms": figure(|it| it.last_ms),
        "last_receipt_durable_ms": figure(|it| it.received_ms),
        "budget_ms": { "first_on_wire": 300.0, "durable": 1000.0, "last_on_wire": 1000.0 },
        "profile": profile(),
    }))
}

/// The pack with so many agencies over these platforms, and one plan that orders each so often.
fn wide(mut pack: Pack) -> Result<Pack, BenchError> {
    let plan = pack.plans.iter().find(|it| it.is_base() && !it.measures.is_empty()).cloned();
    let Some((mut plan, model)) = plan.zip(pack.agencies.first().cloned()) else {
        return Err(failed("the pack has no agency, or no plan with a measure"));
    };
    let first = plan.measures[0].clone();
    let agency = |n: usize| Agency {
        id: format!("bench-{n}").into(),
        platform: PLATFORMS[n % PLATFORMS.len()].into(),
        district: None,
        ..model.clone()
    };
    pack.agencies.extend((0..N_AGENCIES).map(agency));
    let measure = |n: usize| Measure {
        id: format!("bench-{n}").into(),
        agency: format!("bench-{}", n % N_AGENCIES).into(),
        supporting: Vec::new(),
        from_level: ResponseLevel::IV,
        channel: Channel::Platform,
        group: 0,
        precondition: None,
        evacuees: Vec::new(),
        forces: Vec::new(),
        ..first.clone()
    };
    plan.measures = (0..N_AGENCIES * ORDERS_EACH).map(measure).collect();
    pack.plans = vec![plan];
    Ok(pack)
}

struct Round {
    durable_ms: f64,
    first_ms: f64,
    last_ms: f64,
    received_ms: f64,
    n_living: usize,
}

async fn round(pack: &Pack, n: u64) -> Result<Round, BenchError> {
    let scratch = Scratch::new(&format!("switch-{n}"))?;
    let wires = Wires::default();
    let server = open_platforms(wires.clone()).await?;
    let opened = open_log(&scratch.0, || City::found(pack, Realm::Actual)).map_err(failed)?;
    let addresses = Addresses { platform: Some(server.url.clone()), ..Addresses::default() };
    let endpoints = Endpoints::<Actual>::new(addresses, false);
    let hub = RealmHub::connect(opened, HubClock::live(), endpoints, None).map_err(failed)?;
    // What a start costs is another figure.
    tokio::time::sleep(Duration::from_millis(500)).await;

    let (plan, level) = (pack.plans[0].id.clone(), ResponseLevel::I);
    let ask = SheetAsk { plan, level, districts: Vec::new(), struck: Vec::new(), added: Vec::new() };
    let switch = Switch::ToWar { ask, reasons: BTreeMap::new(), reason: "bench".into(), sheet_version: None };
    let seat = |id: &str| Source::Seat(id.into());
    hub.core.submit(seat("值班长 01"), Command::ProposeSwitch { switch }).await.map_err(failed)?;
    let clicked = Instant::now();
    hub.core.submit(seat("带班领导 02"), Command::CoSign { number: 1 }).await.map_err(failed)?;
    let durable_ms = ms_since(clicked);
    let (n_orders, living) = {
        let city = hub.core.city();
        let is_living = |it: &&Order| ![DEAD, SLOW].contains(&it.text.platform.as_str());
        (city.orders.len(), city.orders.values().filter(is_living).map(|it| it.id).collect::<Vec<OrderId>>())
    };
    if n_orders != N_AGENCIES * ORDERS_EACH {
        return Err(failed(format!("{n_orders} orders were drafted")));
    }
    let has_receipt = |id: &OrderId| hub.core.city().orders.get(id).is_some_and(|it| it.rung >= Rung::Delivered);
    while !living.iter().all(has_receipt) {
        if clicked.elapsed() > GIVE_UP {
            return Err(failed(format!("not every living platform has its orders after {} s", GIVE_UP.as_secs())));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let received_ms = ms_since(clicked);
    let arrivals: Vec<f64> = {
        let arrived = wires.lock().unwrap_or_else(PoisonError::into_inner);
        let of_living = arrived.values().filter(|(platform, _)| ![DEAD, SLOW].contains(&platform.as_str()));
        of_living.map(|(_, at)| at.saturating_duration_since(clicked).as_secs_f64() * 1000.0).collect()
    };
    hub.stop().await.map_err(failed)?;
    server.task.abort();
    Ok(Round {
        durable_ms,
        first_ms: arrivals.iter().copied().fold(f64::INFINITY, f64::min),
        last_ms: arrivals.iter().copied().fold(0.0, f64::max),
        received_ms,
        n_living: living.len(),
    })
}

fn failed(why: impl std::fmt::Display) -> BenchError {
    BenchError::Load(why.to_string())
}

/// When each order first arrived, by its key, and where.
type Wires = Arc<Mutex<HashMap<String, (String, Instant)>>>;

struct Server {
    url: String,
    task: tokio::task::JoinHandle<()>,
}

async fn open_platforms(wires: Wires) -> Result<Server, BenchError> {
    let app = Router::new().route("/{platform}/openapi", post(answer)).with_state(wires);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "the bench's platforms ended");
        }
    });
    Ok(Server { url, task })
}

async fn answer(
    State(wires): State<Wires>,
    UrlPath(platform): UrlPath<String>,
    Json(body): Json<Value>,
) -> Json<Value> {
    let arrived = Instant::now();
    let key = body["data"]["noticeId"].as_str().unwrap_or_default().to_owned();
    let data = if body["action"] == "NOTIFY" {
        let mut wires = wires.lock().unwrap_or_else(PoisonError::into_inner);
        wires.entry(key.clone()).or_insert_with(|| (platform.clone(), arrived));
        json!({ "receiptId": key })
    } else {
        json!({ "items": [], "cursor": "", "more": false })
    };
    match platform.as_str() {
        DEAD => std::future::pending::<()>().await,
        SLOW => tokio::time::sleep(SLOW_FOR).await,
        _ => {}
    }
    Json(json!({ "code": 0, "msg": "ok", "data": data }))
}
