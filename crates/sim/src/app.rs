//! What every endpoint shares, and the one place that moves the city on and publishes.

use crate::{
    clock::{Clock, Speed},
    docks::{self, DockOrder},
    errands::Errands,
    feeds::Painter,
    journal::{Entry, Journal},
    layers,
    mqtt::{Asked, Broker},
    routes, sensorthings,
    terminals::Calls,
    things::Things,
    world::{Due, World},
};
use gulang_city::{
    BEIJING_OFFSET_MS, Timestamp,
    inject::{InjectKind, PlatformFault},
};
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) struct App {
    pub(crate) world: World,
    pub(crate) recognition: crate::videoai::Recognition,
    pub(crate) things: Arc<Things>,
    pub(crate) calls: Calls,
    pub(crate) clock: Clock,
    pub(crate) broker: Broker,
    pub(crate) desk: Mutex<Desk>,
    pub(crate) faults: Mutex<HashMap<String, Fault>>,
    pub(crate) painter: Painter,
    /// Where a case feed without a cursor begins.
    pub(crate) feed_from: Timestamp,
    /// The typhoon feed's last answer, by what it depends on.
    pub(crate) typhoon: Mutex<HashMap<String, Arc<str>>>,
    /// Stills already drawn this second, by drone.
    pub(crate) stills: Mutex<HashMap<usize, Still>>,
    /// Live pictures, if asked for and to be had.
    pub(crate) video: Option<crate::video::Video>,
    /// Route files on their way to docks.
    pub(crate) routes: crate::routes::RouteDesk,
    pub(crate) progress: Mutex<Progress>,
    pub(crate) peers: crate::peers::Peers,
}

/// The second it was drawn for, and its JPEG.
pub(crate) type Still = (i64, Arc<[u8]>);

/// The platforms' front desk: the journal, and the latest instant anyone was told about.
///
/// A feed told up to an instant must never gain something before it; so an order is never received earlier than that.
pub(crate) struct Desk {
    pub(crate) journal: Journal,
    /// The journal's, as they are carried out.
    pub(crate) errands: Errands,
    pub(crate) told_until: Timestamp,
}

/// How far publishing has come.
#[derive(Default)]
pub(crate) struct Progress {
    last: Option<Timestamp>,
    n_steps: u64,
}

/// How a platform misbehaves, on request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// Answers 200 with a code that says no.
    ErrorCode,
    Http500,
    /// Takes the connection and never answers.
    Hang,
    /// Does what it was asked, then answers late.
    Slow(Duration),
    /// Answers 200 with something that is not JSON.
    Garbage,
    /// Answers 503.
    Down,
    /// Tells every answer about an order twice.
    Twice,
    /// Also answers about orders nobody gave, and about versions that never were.
    Confused,
}

impl From<PlatformFault> for Fault {
    fn from(fault: PlatformFault) -> Self {
        match fault {
            PlatformFault::Down => Self::Down,
            PlatformFault::Slow { ms } => Self::Slow(Duration::from_millis(ms)),
            PlatformFault::Lies => Self::ErrorCode,
            PlatformFault::Twice => Self::Twice,
            PlatformFault::Confused => Self::Confused,
        }
    }
}

/// What an advance did.
pub(crate) struct Advanced {
    pub(crate) at: Timestamp,
    pub(crate) barrier: u64,
    /// Without the barrier.
    pub(crate) n_messages: usize,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AdvanceError {
    #[error("this city's clock is not in lockstep; start it with --speed lockstep")]
    NotLockstep,
    #[error("cannot go back: it is already {now}", now = .0.to_beijing_text())]
    Back(Timestamp),
    #[error("the MQTT broker is gone: {0}")]
    Broker(#[from] crate::mqtt::BrokerError),
}

impl App {
    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the platform misbehaves now: as it was told to, or as the scenario says.
    pub(crate) fn fault(&self, platform: &str) -> Option<Fault> {
        let told = self.faults.lock().unwrap_or_else(PoisonError::into_inner).get(platform).copied();
        let now = self.clock.now();
        told.or_else(|| {
            self.world.injects().iter().filter(|it| it.is_on(now)).find_map(|it| match &it.what {
                InjectKind::Platform { platform: it, fault } if it.as_str() == platform => Some((*fault).into()),
                _ => None,
            })
        })
    }

    /// Moves a lockstep clock and publishes everything up to then, the barrier last.
    pub(crate) fn advance(&self, to: Timestamp) -> Result<Advanced, AdvanceError> {
        if self.clock.kind != Speed::Lockstep {
            return Err(AdvanceError::NotLockstep);
        }
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        if to < now {
            return Err(AdvanceError::Back(now));
        }
        let at = self.clock.advance(to);
        let due = Due {
            sensors: true,
            teams: true,
            drones: true,
            docks: progress.n_steps.is_multiple_of(10),
            mavlink: false,
        };
        let n_messages = self.publish(&mut progress, at, due)?;
        let barrier = progress.n_steps;
        let payload = json!({ "n": barrier, "t": at.0, "messages": n_messages, "simulated": true });
        self.broker.publish("sim/barrier", payload.to_string())?;
        Ok(Advanced { at, barrier, n_messages })
    }

    /// Publishes as time passes: drones every second, teams every two, sensors every five, docks twice a minute.
    pub(crate) async fn publish_for_ever(self: Arc<Self>) {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        for n in 0_u64.. {
            seconds.tick().await;
            if self.clock.read().paused {
                continue;
            }
            let every = |secs| n.is_multiple_of(secs);
            let due =
                Due { sensors: every(5), teams: every(2), drones: true, docks: every(30) || n == 4, mavlink: true };
            let app = self.clone();
            let published = tokio::task::spawn_blocking(move || {
                let mut progress = app.progress.lock().unwrap_or_else(PoisonError::into_inner);
                let now = app.clock.now();
                app.publish(&mut progress, now, due)?;
                // Platforms of their own, beside the city's: a drill in lockstep does without them.
                let asides = if due.sensors { sensorthings::messages(&app.world, now) } else { Vec::new() };
                let layers = if due.sensors { layers::messages(&app.world, now) } else { Vec::new() };
                asides.into_iter().chain(layers).try_for_each(|(topic, payload)| app.broker.publish(&topic, payload))
            });
            match published.await {
                Ok(Ok(())) => {}
                Ok(Err(e)) => return tracing::error!("nothing is published any more: the broker is gone: {e}"),
                Err(e) => tracing::error!("a publication failed: {e}"),
            }
        }
    }

    /// Answers what docks are told, for ever. A repeat is answered as before and flies nobody twice.
    pub(crate) async fn answer_docks(self: Arc<Self>, mut asked: tokio::sync::mpsc::Receiver<Asked>) {
        while let Some(Asked { topic, payload }) = asked.recv().await {
            let app = self.clone();
            if topic.ends_with("/requests_reply") {
                app.routes.hear(&payload);
                continue;
            }
            if routes::is_prepare(&payload) {
                // It waits for answers that come in here.
                tokio::spawn(routes::prepare(app, topic, payload));
                continue;
            }
            let answered = tokio::task::spawn_blocking(move || app.answer_dock(&topic, &payload)).await;
            match answered {
                Ok(Ok(())) => {}
                Ok(Err(e)) => return tracing::error!("docks answer no more: the broker is gone: {e}"),
                Err(e) => tracing::error!("a dock's answer failed: {e}"),
            }
        }
    }

    fn answer_dock(&self, topic: &str, payload: &[u8]) -> Result<(), crate::mqtt::BrokerError> {
        let words: Vec<&str> = topic.split('/').collect();
        let ["thing", "product", gateway, kind @ ..] = words.as_slice() else { return Ok(()) };
        let Ok(body) = serde_json::from_slice::<serde_json::Value>(payload) else { return Ok(()) };
        if self.is_dock_deaf() {
            return Ok(());
        }
        let order = DockOrder::read(gateway, &body, self.clock.now());
        self.settle(order, &body, kind == ["services"])
    }

    pub(crate) fn is_dock_deaf(&self) -> bool {
        self.fault("dji") == Some(Fault::Down) || self.fault("dji") == Some(Fault::Hang)
    }

    /// Judges an order, keeps it, carries it out and answers it; one that has a result already is only kept and answered.
    pub(crate) fn settle(
        &self,
        mut order: DockOrder,
        body: &serde_json::Value,
        is_service: bool,
    ) -> Result<(), crate::mqtt::BrokerError> {
        let (now, gateway) = (order.at, order.gateway.clone());
        let (result, reason) = {
            let mut desk = self.desk();
            match desk.errands.flights.answered(&order) {
                Some(before) => before,
                None => {
                    if order.result == 0 {
                        (order.result, order.reason) = docks::judge(&self.world, &desk.errands, &order);
                    }
                    let entry = Entry::Dock { at: now, order: Box::new(order.clone()) };
                    if let Err(e) = desk.journal.append(entry) {
                        tracing::error!("a dock's order could not be kept, so it is not answered: {e}");
                        return Ok(());
                    }
                    docks::add(&mut desk.errands, &order, &self.world);
                    (order.result, order.reason.clone())
                }
            }
        };
        if result == 0 {
            self.push_picture(&order);
        }
        let reply = json!({
            "tid": body["tid"], "bid": body["bid"], "method": body["method"], "timestamp": now.0, "gateway": gateway,
            "data": { "result": result, "output": { "status": if result == 0 { "ok" } else { "failed" }, "reason": reason } },
            "simulated": true,
        });
        let to = if is_service { "services_reply" } else { "drc/up" };
        self.broker.publish(&format!("thing/product/{gateway}/{to}"), reply.to_string())
    }

    /// The test picture on the media server, under the last part of the address it is pushed to.
    fn push_picture(&self, order: &DockOrder) {
        let (Some(video), Some(stream)) = (&self.video, &order.stream) else { return };
        if order.method == "live_start_push" {
            let drone = self.world.drone_at(&order.gateway).and_then(|i| self.world.pack.drones.get(i));
            video.invite(stream, drone.map_or("", |it| &it.name));
        }
    }

    fn publish(&self, progress: &mut Progress, now: Timestamp, due: Due) -> Result<usize, crate::mqtt::BrokerError> {
        // After the clock was set back or far ahead there is no flight to have seen begin.
        let last = progress.last.filter(|&last| last <= now && now - last < 3_600_000);
        let messages = self.world.messages(last, now, due, &self.desk().errands);
        let n = messages.len();
        for message in messages {
            self.broker.publish(&message.topic, message.payload)?;
        }
        progress.last = Some(now);
        progress.n_steps += 1;
        Ok(n)
    }
}

/// The Beijing midnight before.
pub(crate) fn midnight_before(at: Timestamp) -> Timestamp {
    const DAY_MS: i64 = 86_400_000;
    Timestamp((at.0 + BEIJING_OFFSET_MS).div_euclid(DAY_MS) * DAY_MS - BEIJING_OFFSET_MS)
}

impl Fault {
    /// `ok` is `None`; an unknown word is refused.
    pub(crate) fn parse(mode: &str) -> Result<Option<Self>, String> {
        Ok(Some(match mode {
            "ok" => return Ok(None),
            "error_code" => Self::ErrorCode,
            "http500" => Self::Http500,
            "hang" => Self::Hang,
            "garbage" => Self::Garbage,
            "down" => Self::Down,
            "twice" => Self::Twice,
            "confused" => Self::Confused,
            _ => match mode.strip_prefix("slow_ms:").and_then(|ms| ms.parse().ok()) {
                Some(ms) => Self::Slow(Duration::from_millis(ms)),
                None => {
                    return Err(format!(
                        "unknown mode {mode:?}; use ok, error_code, http500, hang, slow_ms:N, garbage, down, twice or confused"
                    ));
                }
            },
        }))
    }
}

#[derive(Deserialize)]
pub(crate) struct FaultRequest {
    pub(crate) platform: String,
    pub(crate) mode: String,
}
