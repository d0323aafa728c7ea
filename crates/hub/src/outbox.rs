//! The outbox: one task per platform, so that a dead one delays no other. It keeps nothing: what is to be sent is what the
//! log has without a receipt, so a hub killed at any instant goes on where it was, with the same keys.

use crate::{
    connectors::city_platform::{CityPlatform, Patience, PlatformError, Told},
    core::Core,
    realm::{Dispatch, NewsDispatch, RealmKind, undelivered, untold},
};
use futures_util::{StreamExt, stream};
use gulang_city::{City, Command, News, PlatformId, Rung, Source, Text};
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

/// What goes to a platform: an order, or news beside the orders.
pub enum Letter<R: RealmKind> {
    Order(Dispatch<R>),
    News(NewsDispatch<R>),
}

impl<R: RealmKind> Letter<R> {
    /// Everything a platform has not acknowledged, orders first.
    pub fn waiting(city: &City, platform: &PlatformId) -> Vec<Self> {
        let orders = undelivered::<R>(city, platform).into_iter().map(Self::Order);
        orders.chain(untold::<R>(city, platform).into_iter().map(Self::News)).collect()
    }

    pub fn key(&self) -> &str {
        match self {
            Self::Order(it) => &it.key,
            Self::News(it) => &it.key,
        }
    }

    pub fn n_attempts(&self) -> u32 {
        match self {
            Self::Order(it) => it.n_attempts,
            Self::News(it) => it.telling.n_attempts,
        }
    }

    /// What must be in the log before it is on the wire. News is there already: the record that it tells.
    pub fn attempt(&self) -> Option<Command> {
        match self {
            Self::Order(it) => Some(Command::NoteAttempt { order: it.order }),
            Self::News(_) => None,
        }
    }

    pub async fn send(&self, platform: &CityPlatform<R>) -> Result<Told, PlatformError> {
        match self {
            Self::Order(it) => platform.deliver(it).await.map(|_| Told::default()),
            Self::News(it) => platform.tell(it).await,
        }
    }

    /// What the log is told of how it went. That an order's attempt failed for now is not news.
    pub fn report(&self, result: &Result<Told, PlatformError>) -> Option<Command> {
        let error = result.as_ref().err();
        let is_final = error.is_some_and(PlatformError::is_final);
        let words = error.map(|it| Text::from(it.to_string()));
        match self {
            Self::Order(_) if error.is_some() && !is_final => None,
            Self::Order(it) => Some(Command::ReportOrder {
                order: it.order,
                definition_version: it.definition_version,
                rung: if is_final { Rung::Failed } else { Rung::Delivered },
                note: words.unwrap_or_default(),
            }),
            Self::News(it) => Some(receipt(it, result).unwrap_or(Command::ReportTelling {
                telling: it.telling.number,
                error: words,
                is_final,
            })),
        }
    }
}

/// The receipt of a case found here is the number it has there.
fn receipt<R: RealmKind>(news: &NewsDispatch<R>, result: &Result<Told, PlatformError>) -> Option<Command> {
    let News::CaseFound { own, .. } = &news.telling.news else { return None };
    let taken = result.as_ref().ok()?.taken.as_ref()?;
    let (external, task) = (taken.rec_id.as_str().into(), taken.task.as_str().into());
    Some(Command::ReportOwnCase { own: *own, external, task })
}

/// Delivers what one platform is owed until dropped.
pub async fn run<R: RealmKind>(core: Arc<Core>, mut platform: CityPlatform<R>) {
    let mut records = core.records();
    let mut breaker = Breaker::default();
    let mut patience = Patience::new(platform.timeout);
    let mut next_try: HashMap<String, Instant> = HashMap::new();
    loop {
        let now = Instant::now();
        let mut due = Letter::<R>::waiting(&core.city(), &platform.platform);
        next_try.retain(|key, _| due.iter().any(|it| it.key() == key));
        due.retain(|it| next_try.get(it.key()).is_none_or(|at| *at <= now));
        due.truncate(breaker.allows(now).min(AT_ONCE));
        if due.is_empty() {
            // Woken by news, or to look at what waits.
            if let Ok(Err(RecvError::Closed)) = tokio::time::timeout(Duration::from_millis(500), records.recv()).await {
                return;
            }
            continue;
        }
        // First the log, then the wire.
        let attempts = due.iter().filter_map(Letter::attempt).map(|it| (Source::Hub, it)).collect();
        let mut noted = match core.submit_all(attempts).await {
            Ok(noted) => noted.into_iter(),
            Err(error) => {
                tracing::warn!(%error, "the outbox waits");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        due.retain(|it| it.attempt().is_none() || noted.next().is_some_and(|it| it.is_ok()));
        if due.is_empty() {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        platform.timeout = patience.limit();
        let mut sent = stream::iter(due)
            .map(|letter| {
                let platform = &platform;
                async move {
                    let asked = Instant::now();
                    let result = letter.send(platform).await;
                    (letter, result, asked.elapsed())
                }
            })
            .buffer_unordered(SIDE_BY_SIDE)
            .ready_chunks(AT_ONCE);
        // A receipt is recorded when it comes, not when the slowest of the batch has.
        while let Some(answers) = sent.next().await {
            let mut reports = Vec::new();
            for (letter, result, took) in answers {
                patience.learn(&result, took);
                take_result(&core, &platform.platform, &letter, &result, &mut breaker, &mut next_try);
                let source = Source::Platform(platform.platform.clone());
                reports.extend(letter.report(&result).map(|it| (source, it)));
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
    platform: &PlatformId,
    letter: &Letter<R>,
    result: &Result<Told, PlatformError>,
    breaker: &mut Breaker,
    next_try: &mut HashMap<String, Instant>,
) {
    let Err(error) = result else {
        breaker.succeeded();
        next_try.remove(letter.key());
        core.counters.n_delivered.fetch_add(1, Relaxed);
        return;
    };
    core.counters.n_delivery_failures.fetch_add(1, Relaxed);
    tracing::warn!(%platform, key = letter.key(), %error, "not delivered");
    // After a final no: it answered, so the breaker has nothing to say.
    if !error.is_final() {
        let now = Instant::now();
        breaker.failed(now);
        next_try.insert(letter.key().to_owned(), now + backoff(letter.n_attempts()));
        core.health().failed(platform.as_str(), &error.to_string());
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
