//! The simulated city's vehicles: a JT/T 808 port of ours on loopback, which the city is told of, so that a fresh start shows
//! them arriving over the real protocol.
//!
//! Here the platform listens, so the address cannot be the city's to give: the hub opens the port and says where it is.
//! Actual vehicles call the port of a `[[connector]]` of kind `jt808`.

use crate::{
    attend::{self, AttendSink},
    clock::wall_now,
    connectors::{
        http,
        jt808::{Admission, Desk, Limits, Terminals},
        names,
    },
    core::Core,
    health::Watched,
    outbox,
};
use std::{sync::Arc, time::Duration};

/// Unheard so long, vehicles are silent.
const FRESHNESS_S: f64 = 180.0;
const ASK_LIMIT: Duration = Duration::from_secs(30);
/// How an emergency vehicle's plate ends.
const EMERGENCY_PLATE: &str = "应急";

/// Listens for the simulated vehicles for ever; ends at once where the city has none.
pub(crate) async fn run(core: Arc<Core>, client: reqwest::Client, control: String) {
    let by_plate = vec![(EMERGENCY_PLATE.into(), "emergency_vehicle".into())];
    let desk = Desk::new("muck_truck".into(), by_plate, Admission::Any, names::VEHICLES);
    let mut terminals = Terminals::new(names::VEHICLES.into(), ([127, 0, 0, 1], 0).into(), desk, Limits::default());
    let address = match terminals.bind().await {
        Ok(address) => address,
        Err(error) => {
            tracing::error!(%error, "no port on loopback for the simulated vehicles; they are not shown");
            return;
        }
    };
    let called = tokio::spawn(tell(client, control, address));
    let entry = core.sources.enter_built_in(names::VEHICLES, true, FRESHNESS_S);
    let sink = Arc::new(AttendSink::new(core.clone(), entry, None, None));
    tokio::select! {
        () = attend::hear(Box::new(terminals), &sink) => {}
        () = nobody(called, &core) => core.sources.remove(names::VEHICLES),
    }
}

/// Returns only if no vehicle will call; else the lamp is lit and it waits for ever.
async fn nobody(called: tokio::task::JoinHandle<Option<u64>>, core: &Core) {
    match called.await {
        Ok(Some(1..)) => {
            let watched = Watched::new(names::title_zh(names::VEHICLES).into(), true, FRESHNESS_S);
            core.health().watch(names::VEHICLES, watched, wall_now().0);
            std::future::pending::<()>().await
        }
        _ => tracing::info!("the simulated city has no vehicles that call"),
    }
}

/// Tells the city where to call, until it is heard; how many will. `None`: it knows of no such thing.
async fn tell(client: reqwest::Client, control: String, address: std::net::SocketAddr) -> Option<u64> {
    let url = format!("{control}/terminals");
    let body = serde_json::json!({ "jt808": address.to_string() });
    for n_failures in 1..=5 {
        match http::exchange(client.post(&url).json(&body), &url, ASK_LIMIT).await {
            Ok(answer) => return serde_json::from_slice::<serde_json::Value>(&answer).ok()?["n"].as_u64(),
            Err(error) => tracing::warn!(%error, "the simulated city was not told where its vehicles call"),
        }
        tokio::time::sleep(outbox::backoff(n_failures)).await;
    }
    None
}
