//! Sends what call-outs recorded: one task per gateway, so that a dead one delays no other. Like the outbox it keeps
//! nothing: what is to be sent is what the log has without a receipt, with the same key however often.

use crate::{
    connectors::gateway::{CallNews, Gateway, GatewayError},
    core::Core,
    feeds::{Cursors, Feed, FeedError},
    outbox::{Breaker, backoff},
    realm::{CallDispatch, RealmKind, unsent_calls},
};
use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use gulang_city::{AttemptState, Command, PlatformId, Source};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::sync::broadcast::error::RecvError;

/// Calls handed over in one round, and side by side.
const AT_ONCE: usize = 64;
const SIDE_BY_SIDE: usize = 8;

/// What a receipt, or its failure, says about a call; none if it is to be tried again.
pub fn receipt_of<R: RealmKind>(call: &CallDispatch<R>, result: &Result<(), GatewayError>) -> Option<Command> {
    let (state, note) = match result {
        Ok(()) => (AttemptState::Accepted, String::new()),
        Err(error) if error.is_final() => (AttemptState::Failed, error.to_string()),
        Err(_) => return None,
    };
    let (callout, attempt) = (call.callout, call.attempt);
    Some(Command::ReportCall { callout, call: call.call, attempt, state, note: note.into() })
}

/// Hands one gateway its calls until dropped.
pub async fn run<R: RealmKind>(core: Arc<Core>, gateway: Gateway<R>) {
    let source = Source::Platform(PlatformId::from(gateway.name));
    let mut records = core.records();
    let mut breaker = Breaker::default();
    let mut tried: HashMap<String, (u32, Instant)> = HashMap::new();
    loop {
        let now = Instant::now();
        let mut due = unsent_calls::<R>(&core.city(), gateway.channel);
        tried.retain(|key, _| due.iter().any(|it| it.key == *key));
        due.retain(|it| tried.get(&it.key).is_none_or(|(_, at)| *at <= now));
        due.truncate(breaker.allows(now).min(AT_ONCE).min(gateway.at_once()));
        if due.is_empty() {
            // Woken by news, or to look at what waits.
            match tokio::time::timeout(Duration::from_millis(500), records.recv()).await {
                Ok(Err(RecvError::Closed)) => return,
                Ok(Ok(_) | Err(RecvError::Lagged(_))) | Err(_) => {}
            }
            continue;
        }
        let n_due = due.len();
        let mut sent = stream::iter(due)
            .map(|call| {
                let gateway = &gateway;
                async move {
                    let result = gateway.send(&call).await;
                    (call, result)
                }
            })
            .buffer_unordered(SIDE_BY_SIDE);
        let mut reports = Vec::new();
        while let Some((call, result)) = sent.next().await {
            if let Some(report) = receipt_of(&call, &result) {
                reports.push((source.clone(), report));
            }
            match result {
                Ok(()) => {
                    breaker.succeeded();
                    core.counters.n_delivered.fetch_add(1, Relaxed);
                }
                Err(error) => {
                    core.counters.n_delivery_failures.fetch_add(1, Relaxed);
                    tracing::warn!(gateway = gateway.name, key = call.key, %error, "not called");
                    if !error.is_final() {
                        let at = Instant::now();
                        breaker.failed(at);
                        let n_failures = tried.get(&call.key).map_or(0, |it| it.0);
                        tried.insert(call.key, (n_failures + 1, at + backoff(n_failures)));
                        core.health().failed(gateway.name, &error.to_string());
                    }
                }
            }
        }
        drop(sent);
        // A receipt that could not be recorded is asked for again, with the same key.
        if let Err(error) = core.submit_all(reports).await {
            tracing::warn!(%error, "receipts of calls could not be recorded");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::sleep_until((now + gateway.pace(n_due)).into()).await;
    }
}

/// Asks a gateway what became of calls.
pub struct GatewayFeed<R: RealmKind> {
    gateway: Gateway<R>,
    cursors: Arc<Cursors>,
    next: Option<String>,
}

impl<R: RealmKind> GatewayFeed<R> {
    /// `None` for a gateway that calls back instead.
    pub fn new(gateway: Gateway<R>, cursors: Arc<Cursors>) -> Option<Self> {
        gateway.is_polled().then_some(Self { gateway, cursors, next: None })
    }
}

#[async_trait]
impl<R: RealmKind> Feed for GatewayFeed<R> {
    fn platform(&self) -> &str {
        self.gateway.name
    }

    fn every(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        let cursor = self.cursors.get(self.gateway.name);
        let CallNews { commands, cursor, more } = self.gateway.news(&cursor).await?;
        self.next = Some(cursor);
        let more = more && !commands.is_empty();
        Ok((commands, more))
    }

    fn recorded(&mut self) {
        if let Some(cursor) = self.next.take() {
            self.cursors.set(self.gateway.name, &cursor);
        }
    }
}

/// Turns a called-back document into commands, if the secret is right.
type Door = Box<dyn Fn(&str, &[u8]) -> Option<Vec<Command>> + Send + Sync>;

/// Where a realm's gateways may call back.
#[derive(Default)]
pub struct Doors(Mutex<BTreeMap<&'static str, Door>>);

impl std::fmt::Debug for Doors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Doors")
    }
}

impl Doors {
    pub fn open<R: RealmKind>(&self, gateway: &Gateway<R>) {
        if gateway.callback_secret().is_some() {
            let (name, gateway) = (gateway.name, gateway.clone());
            let door: Door = Box::new(move |secret, body| gateway.called_back(secret, body));
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name, door);
        }
    }

    /// `None` if nobody may come in this way.
    pub fn take(&self, channel: &str, secret: &str, body: &[u8]) -> Option<Vec<Command>> {
        let doors = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        doors.get(channel)?(secret, body)
    }
}
