//! The outbox: one task per platform, so that a dead one delays no other. It keeps nothing: what is to be sent is what the
//! log has without a receipt, so a hub killed at any instant goes on where it was, with the same keys.

use crate::{
    connectors::{
        city_platform::{CityPlatform, Patience, PlatformError},
        names,
    },
    core::Core,
    realm::{Dispatch, RealmKind, undelivered},
};
use futures_util::{StreamExt, stream};
use gulang_city::{Command, Event, OrderId, Record, Rung, Source};
use rand::TryRngCore;
use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::sync::broadcast::error::RecvError;

/// Attempts recorded in one commit, and sent side by side.
const AT_ONCE: usize = 32;
const SIDE_BY_SIDE: usize = 8;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Doubling, with up to half of it taken off by chance, so that retries do not march in step.
pub fn backoff(n_failures: u32) -> Duration {
    let full = FIRST_WAIT.saturating_mul(1 << n_failures.min(10)).min(LONGEST_WAIT);
    full - full.mul_f64(0.5 * chance())
}

/// 0–1 from the system.
fn chance() -> f64 {
    rand::rngs::OsRng.try_next_u32().map_or(0.5, |it| f64::from(it) / f64::from(u32::MAX))
}

/// Stops asking a platform that keeps failing; then tries with one.
#[derive(Debug, Default)]
pub struct Breaker {
    n_failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    const TRIPS_AT: u32 = 5;

    /// How many may be sent now.
    pub fn allows(&self, now: Instant) -> usize {
        match self.open_until {
            Some(until) if now < until => 0,
            Some(_) => 1,
            None => usize::MAX,
        }
    }

    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// What fails while it is open was sent before and says nothing new: a whole batch lost in one blink is one failure more.
    pub fn failed(&mut self, now: Instant) {
        if self.open_until.is_some_and(|until| now < until) {
            return;
        }
        self.n_failures += 1;
        if self.n_failures >= Self::TRIPS_AT {
            self.open_until = Some(now + backoff(self.n_failures - Self::TRIPS_AT + 2));
        }
    }

    pub fn is_open(&self) -> bool {
        self.open_until.is_some()
    }
}

/// Delivers one platform's orders until dropped.
pub async fn run<R: RealmKind>(core: Arc<Core>, mut platform: CityPlatform<R>) {
    let mut records = core.records();
    let mut breaker = Breaker::default();
    let mut patience = Patience::new(platform.timeout);
    let mut next_try: HashMap<OrderId, Instant> = HashMap::new();
    loop {
        let now = Instant::now();
        let mut due = undelivered::<R>(&core.city(), &platform.platform);
        next_try.retain(|id, _| due.iter().any(|it| it.order == *id));
        due.retain(|it| next_try.get(&it.order).is_none_or(|at| *at <= now));
        due.truncate(breaker.allows(now).min(AT_ONCE));
        if due.is_empty() {
            // Woken by news, or to look at what waits.
            match tokio::time::timeout(Duration::from_millis(500), records.recv()).await {
                Ok(Ok(records)) => courtesies(&core, &platform, &records),
                Ok(Err(RecvError::Closed)) => return,
                Ok(Err(RecvError::Lagged(_))) | Err(_) => {}
            }
            continue;
        }
        // First the log, then the wire.
        let attempts = due.iter().map(|it| (Source::Hub, Command::NoteAttempt { order: it.order })).collect();
        let noted = match core.submit_all(attempts).await {
            Ok(noted) => noted,
            Err(error) => {
                tracing::warn!(%error, "the outbox waits");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let wanted: Vec<Dispatch<R>> =
            due.into_iter().zip(noted).filter(|(_, noted)| noted.is_ok()).map(|(it, _)| it).collect();
        if wanted.is_empty() {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        platform.timeout = patience.limit();
        let mut sent = stream::iter(wanted)
            .map(|dispatch| {
                let platform = &platform;
                async move {
                    let asked = Instant::now();
                    let result = platform.deliver(&dispatch).await;
                    (dispatch, result, asked.elapsed())
                }
            })
            .buffer_unordered(SIDE_BY_SIDE)
            .ready_chunks(AT_ONCE);
        // A receipt is recorded when it comes, not when the slowest of the batch has.
        while let Some(answers) = sent.next().await {
            let mut reports = Vec::new();
            for (dispatch, result, took) in answers {
                patience.learn(&result, took);
                take_result(&core, &platform, &dispatch, result, &mut breaker, &mut next_try, &mut reports);
            }
            // One that could not be recorded is asked for again, with the same key.
            if let Err(error) = core.submit_all(reports).await {
                tracing::warn!(%error, "receipts could not be recorded");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn take_result<R: RealmKind>(
    core: &Core,
    platform: &CityPlatform<R>,
    dispatch: &Dispatch<R>,
    result: Result<crate::connectors::city_platform::Receipt, PlatformError>,
    breaker: &mut Breaker,
    next_try: &mut HashMap<OrderId, Instant>,
    reports: &mut Vec<(Source, Command)>,
) {
    let now = Instant::now();
    let mut report = |rung, note: String| {
        let command = Command::ReportOrder {
            order: dispatch.order,
            definition_version: dispatch.definition_version,
            rung,
            note: note.into(),
        };
        reports.push((Source::Platform(platform.platform.clone()), command));
    };
    match result {
        Ok(_) => {
            breaker.succeeded();
            next_try.remove(&dispatch.order);
            core.counters.n_delivered.fetch_add(1, Relaxed);
            report(Rung::Delivered, String::new());
        }
        Err(error) => {
            core.counters.n_delivery_failures.fetch_add(1, Relaxed);
            tracing::warn!(platform = %platform.platform, order = dispatch.order.0, %error, "not delivered");
            if error.is_final() {
                // It answered, so the breaker has nothing to say.
                report(Rung::Failed, error.to_string());
                return;
            }
            breaker.failed(now);
            next_try.insert(dispatch.order, now + backoff(dispatch.n_attempts));
            core.health().failed(platform.platform.as_str(), &error.to_string());
        }
    }
}

/// Urging, withdrawing and letting people home are told once, with three tries; they are not orders, and the record stands without them.
fn courtesies<R: RealmKind>(core: &Arc<Core>, platform: &CityPlatform<R>, records: &[Record]) {
    for record in records {
        let city = core.city();
        let external = |id| {
            city.cases.get(id).filter(|it| it.report.platform == platform.platform).map(|it| it.report.external.clone())
        };
        match &record.event {
            Event::CaseSupervised { case } => urge(platform, "SUPERVISE", external(case)),
            Event::CasePressed { case } => urge(platform, "PRESS", external(case)),
            // What the platform itself said is not told back to it.
            Event::CaseReturned { case, reason, .. } if !is_from_platform(record) => {
                if let Some(external) = external(case) {
                    let (platform, reason) = (platform.clone(), reason.clone());
                    tokio::spawn(async move { thrice(|| platform.return_case(&external, None, &reason)).await });
                }
            }
            Event::CaseTransferred { case, transfer } if !is_from_platform(record) => {
                if let Some(external) = external(case) {
                    let (platform, it) = (platform.clone(), transfer.clone());
                    tokio::spawn(async move {
                        thrice(|| platform.return_case(&external, Some(it.to.as_str()), &it.reason)).await;
                    });
                }
            }
            Event::CasePostponed { case, due_at, reason } => {
                if let Some(external) = external(case) {
                    let (platform, due_at, reason) = (platform.clone(), *due_at, reason.clone());
                    tokio::spawn(async move { thrice(|| platform.postpone_case(&external, due_at, &reason)).await });
                }
            }
            Event::CaseCancelled { case, reason, .. } => {
                if let Some(external) = external(case) {
                    let (platform, reason) = (platform.clone(), reason.clone());
                    tokio::spawn(async move { thrice(|| platform.cancel_case(&external, &reason)).await });
                }
            }
            // The platform that counts people is told when they may go home.
            Event::ReturnAllowed { district, township, reason } if platform.platform.as_str() == names::EMERGENCY => {
                let platform = platform.clone();
                let (district, township, reason) = (district.clone(), township.clone(), reason.clone());
                tokio::spawn(async move {
                    let township = township.as_ref().map(|it| it.as_str());
                    thrice(|| platform.allow_return(district.as_str(), township, &reason)).await;
                });
            }
            Event::OrderClimbed { order, rung: Rung::Cancelled, note, .. } => {
                let order =
                    city.orders.get(order).filter(|it| it.text.platform == platform.platform && it.n_attempts > 0);
                if let Some(dispatch) = order.and_then(Dispatch::<R>::from_order) {
                    let (platform, note) = (platform.clone(), note.clone());
                    tokio::spawn(async move { thrice(|| platform.cancel(&dispatch, &note)).await });
                }
            }
            _ => {}
        }
    }
}

fn is_from_platform(record: &Record) -> bool {
    matches!(record.source, Source::Platform(_))
}

fn urge<R: RealmKind>(platform: &CityPlatform<R>, action: &'static str, external: Option<gulang_city::Text>) {
    if let Some(external) = external {
        let platform = platform.clone();
        tokio::spawn(async move { thrice(|| platform.urge(action, &external)).await });
    }
}

async fn thrice<F: Future<Output = Result<(), PlatformError>>>(mut ask: impl FnMut() -> F) {
    for n in 0..3 {
        match ask().await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, "a courtesy was not delivered");
                tokio::time::sleep(backoff(n)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest [`backoff`] there is after so many failures.
    fn backoff_limit(n_failures: u32) -> Duration {
        FIRST_WAIT * (1 << n_failures)
    }

    #[test]
    fn a_breaker_opens_then_lets_one_through() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..Breaker::TRIPS_AT {
            assert_eq!(breaker.allows(now), usize::MAX);
            breaker.failed(now);
        }
        assert_eq!(breaker.allows(now), 0);
        // The rest of the batch: still but a few seconds, not a minute.
        for _ in 0..30 {
            breaker.failed(now);
        }
        assert_eq!(breaker.allows(now + backoff_limit(2)), 1);
        assert_eq!(breaker.allows(now + LONGEST_WAIT), 1);
        breaker.succeeded();
        assert_eq!(breaker.allows(now), usize::MAX);
    }

    #[test]
    fn backoff_grows_and_is_bounded() {
        assert!(backoff(0) <= FIRST_WAIT);
        assert!(backoff(3) >= FIRST_WAIT.mul_f64(4.0) && backoff(3) <= FIRST_WAIT * 8);
        assert!(backoff(40) <= LONGEST_WAIT);
    }
}
