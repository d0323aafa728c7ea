//! Runs the connectors of `[[connector]]`: each its own task, opened, asked or listened to, waited for when it fails, counted
//! always. A connector that hangs, floods, lies or panics costs only its own news. The hub's own sources (`live`,
//! `terminals`) are asked, heard, counted and waited for by the same `ask`, `hear` and `AttendSink`.
//!
//! [`Attendants`] have a realm as a type, and are given only connectors of it: an exercise never opens an actual one.
//!
//! ```compile_fail,E0308
//! use gulang_hub::attend::{Attendants, OfRealm};
//! use gulang_hub::realm::{Actual, Exercise};
//! async fn leak(exercise: Attendants<Exercise>, pack: std::sync::Arc<gulang_city::Pack>, actual: OfRealm<Actual>) {
//!     exercise.attend_to(&pack, actual).await;
//! }
//! ```

mod session;
mod sink;

pub use session::{Failure, open};
pub(crate) use session::{ask, hear};
pub(crate) use sink::AttendSink;

use crate::{
    clock::wall_now,
    connectors::contract::{ConnectorConfig, Knock, Parts, Secrets, has_door},
    core::Core,
    feeds::Cursors,
    flights::Links,
    health::Watched,
    realm::RealmKind,
    sources::About,
};
use async_trait::async_trait;
use gulang_city::{Pack, Realm, Text};
use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinHandle,
};

/// Requests to a webhook that may wait; more are sent away.
const KNOCKS_WAITING: usize = 64;

/// Connectors of one realm; nothing makes one of the other's.
#[derive(Clone, Debug)]
pub struct OfRealm<R: RealmKind> {
    configs: Vec<ConnectorConfig>,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> OfRealm<R> {
    /// Those of `all` that belong to the realm.
    pub fn of(all: &[ConnectorConfig]) -> Self {
        let configs = all.iter().filter(|it| it.realm == R::REALM).cloned().collect();
        Self { configs, _realm: PhantomData }
    }

    pub fn configs(&self) -> &[ConnectorConfig] {
        &self.configs
    }
}

/// [`Attendants`] of either realm, for whoever has the whole configuration.
#[async_trait]
pub trait Attending: Send + Sync {
    /// From now on these, of the realm's own; what did not change is not touched.
    async fn follow(&self, pack: &Arc<Pack>, all: &[ConnectorConfig]);
    async fn stop(&self);
}

/// The running connectors of one realm.
pub struct Attendants<R: RealmKind> {
    core: Arc<Core>,
    http: reqwest::Client,
    cursors: Arc<Cursors>,
    flights: Links<R>,
    running: Mutex<BTreeMap<Text, Running>>,
}

struct Running {
    config: ConnectorConfig,
    task: JoinHandle<()>,
}

impl<R: RealmKind> Attendants<R> {
    /// `flights` is where those that fly drones leave their links.
    pub fn new(core: Arc<Core>, http: reqwest::Client, cursors: Arc<Cursors>, flights: Links<R>) -> Self {
        Self { core, http, cursors, flights, running: Mutex::default() }
    }

    /// Stops what is gone or changed, starts what is new or changed, leaves the rest as it runs.
    pub async fn attend_to(&self, pack: &Arc<Pack>, wanted: OfRealm<R>) {
        let mut running = self.running.lock().await;
        let kept = |name: &Text, it: &Running| {
            let same = wanted.configs.iter().find(|config| config.name == *name);
            same.is_some_and(|config| *config == it.config)
        };
        let ended: Vec<Text> =
            running.iter().filter(|(name, it)| !kept(name, it)).map(|(name, _)| name.clone()).collect();
        for name in ended {
            if let Some(Running { task, .. }) = running.remove(&name) {
                end(task).await;
            }
            // Its readings stay where they are, and age.
            if !wanted.configs.iter().any(|it| it.name == name) {
                self.core.health().forget(&name);
                self.core.sources.remove(&name);
            }
        }
        for config in wanted.configs {
            if !running.contains_key(&config.name) {
                let task = self.start(pack, config.clone());
                running.insert(config.name.clone(), Running { config, task });
            }
        }
    }

    fn start(&self, pack: &Arc<Pack>, config: ConnectorConfig) -> JoinHandle<()> {
        let simulated = config.simulated || R::REALM == Realm::Exercise;
        let address: Text = match config.url.is_empty() && has_door(&config) {
            true => format!("POST /hook/{}", config.name).into(),
            false => config.url.clone(),
        };
        let entry = self.core.sources.enter(About {
            name: config.name.clone(),
            title: config.title.clone(),
            kind: config.kind.clone(),
            address: address.clone(),
            simulated,
            freshness_s: config.freshness_s,
        });
        let watched = Watched::new(config.title.clone(), simulated, config.freshness_s).at(&address);
        self.core.health().watch(&config.name, watched, wall_now().0);
        let door = has_door(&config).then(|| {
            let (sender, receiver) = mpsc::channel::<Knock>(KNOCKS_WAITING);
            entry.open_door(sender);
            Arc::new(Mutex::new(receiver))
        });
        let sink = Arc::new(AttendSink::new(self.core.clone(), entry, config.max_per_s, door));
        let parts = Parts {
            http: self.http.clone(),
            cursors: self.cursors.clone(),
            pack: pack.clone(),
            secrets: Secrets::default(),
            flights: self.flights.clone(),
            openers: self.core.eyes.openers.clone(),
            waylines: self.core.waylines.clone(),
            realm: PhantomData,
        };
        tokio::spawn(session::attend(config, parts, sink))
    }
}

#[async_trait]
impl<R: RealmKind> Attending for Attendants<R> {
    async fn follow(&self, pack: &Arc<Pack>, all: &[ConnectorConfig]) {
        self.attend_to(pack, OfRealm::of(all)).await;
    }

    async fn stop(&self) {
        for (_, Running { task, .. }) in std::mem::take(&mut *self.running.lock().await) {
            end(task).await;
        }
    }
}

/// Waits until it is gone: its port is free then, and may be opened again.
async fn end(task: JoinHandle<()>) {
    task.abort();
    let _ = task.await;
}

#[cfg(test)]
mod tests;
