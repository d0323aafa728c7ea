//! The simulated city's vehicles: a JT/T 808 port of ours on loopback, which the city is told of, so that a fresh start shows
//! them arriving over the real protocol.
//!
//! Here the platform listens, so the address cannot be the city's to give: the hub opens the port and says where it is.
//! Actual vehicles call the port of a `[[connector]]` of kind `jt808`.

use crate::{
    clock::wall_now,
    connectors::{
        contract::{Ear, Listener, Sink},
        http,
        jt808::{Admission, Desk, Limits, Terminals},
        names,
    },
    core::Core,
    live::latest,
    outbox,
};
use async_trait::async_trait;
use gulang_city::{PlatformId, Source, Timestamp};
use gulang_platforms::Heard;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Unheard so long, vehicles are silent.
const FRESHNESS_S: f64 = 180.0;
const ASK_LIMIT: Duration = Duration::from_secs(30);
/// At most one refusal in so long enters the log; the others are counted.
const REFUSAL_EVERY_MS: i64 = 60_000;
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
    let ear = Ear { platform: names::VEHICLES.into(), sink: Arc::new(Following::new(core.clone())) };
    tokio::select! {
        () = listen_for_ever(&core, &mut terminals, &ear) => {}
        () = nobody(called, &core) => {}
    }
}

async fn listen_for_ever(core: &Core, terminals: &mut Terminals, ear: &Ear) {
    let mut n_failures = 0;
    loop {
        if let Err(error) = terminals.listen(ear).await {
            core.health().failed(names::VEHICLES, &error.to_string());
        }
        n_failures += 1;
        tokio::time::sleep(outbox::backoff(n_failures)).await;
    }
}

/// Returns only if no vehicle will call; else the lamp is lit and it waits for ever.
async fn nobody(called: tokio::task::JoinHandle<Option<u64>>, core: &Core) {
    match called.await {
        Ok(Some(1..)) => {
            core.health().learn(names::VEHICLES, wall_now().0);
            core.sources.enter_built_in(names::VEHICLES, true, FRESHNESS_S);
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

/// What is heard goes into one realm's core.
pub struct Following {
    core: Arc<Core>,
    platform: PlatformId,
    refused_at: AtomicI64,
}

impl Following {
    pub fn new(core: Arc<Core>) -> Self {
        Self { core, platform: names::VEHICLES.into(), refused_at: AtomicI64::new(0) }
    }
}

#[async_trait]
impl Sink for Following {
    async fn take(&self, raw: &[u8], heard: Heard) -> Result<(), String> {
        self.alive();
        self.core.sources.heard(names::VEHICLES, raw.len(), wall_now().0);
        let mut commands = heard.commands;
        self.core.take_news(heard.news, latest(&self.core), &mut commands);
        let n_refused = heard.refused.len() as u64;
        if let Some(first) = heard.refused.into_iter().next() {
            let now = wall_now().0;
            let is_due = now - self.refused_at.load(Relaxed) > REFUSAL_EVERY_MS;
            let mut n_dropped = n_refused;
            if is_due {
                self.refused_at.store(now, Relaxed);
                commands.push(first.into_command(&self.platform));
                n_dropped -= 1;
            }
            self.core.lane().readings.n_dropped += n_dropped;
        }
        let source = Source::Platform(self.platform.clone());
        let batch = commands.into_iter().map(|it| (source.clone(), it)).collect();
        self.core.submit_all(batch).await.map(drop).map_err(|why| why.to_string())
    }

    fn alive(&self) {
        self.core.health().heard(self.platform.as_str(), wall_now().0);
        self.core.lane().heard(&self.platform, self.core.clock.now());
    }

    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }
}
