use super::{
    session::{Failure, hear},
    sink::AttendSink,
};
use crate::{
    actor::Numberer,
    clock::{HubClock, wall_now},
    connectors::contract::{Ear, Listener},
    core::{Core, CoreParts},
    feeds::FeedError,
    health::{HealthBook, Watched},
    log::{Log, LogOptions},
    readings::Lane,
    sources::{About, REFUSED_RECORDS_A_MINUTE},
};
use async_trait::async_trait;
use gulang_city::{City, Event, Realm, tiny_pack};
use gulang_platforms::{Heard, News};
use std::{path::Path, sync::Arc, time::Duration};

type Error = Box<dyn std::error::Error>;

/// Far more than anything here takes; only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

fn bare_core(dir: &Path) -> Result<Arc<Core>, Error> {
    let (log, city) = Log::open(dir, LogOptions::default(), || City::found(&tiny_pack(), Realm::Actual))?;
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

fn sink_of(core: &Arc<Core>, max_per_s: Option<u32>) -> Arc<AttendSink> {
    let entry = core.sources.enter(About {
        name: "rain".into(),
        title: "雨量".into(),
        kind: "mqtt".into(),
        address: Default::default(),
        simulated: false,
        freshness_s: 60.0,
    });
    core.health().watch("rain", Watched::new("雨量".into(), false, 60.0), wall_now().0);
    Arc::new(AttendSink::new(core.clone(), entry, max_per_s, None))
}

/// Says so many things, with so many refused entries in each, and hangs up.
struct Peer {
    n_messages: u32,
    n_refused: usize,
    sensor: gulang_city::Text,
}

#[async_trait]
impl Listener for Peer {
    fn platform(&self) -> &str {
        "rain"
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        for _ in 0..self.n_messages {
            let mut heard = Heard::default();
            let sensor = self.sensor.clone();
            heard.news.push(News::Gauge { sensor, value: 1.0, at: ear.now() });
            (0..self.n_refused).for_each(|i| heard.refuse(&i.to_string(), "不是数"));
            ear.take(b"a message", heard).await.map_err(|what| FeedError { what, remedy: "检查磁盘" })?;
        }
        Err(FeedError { what: "连接断了".into(), remedy: "检查网络" })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_drops_again_and_again_is_heard_and_its_losses_are_counted() -> Result<(), Error> {
    let dir = tempfile::tempdir()?;
    let core = bare_core(dir.path())?;
    let sensor = core.city().sensors.keys().next().ok_or("no sensor")?.0.clone();
    let sink = sink_of(&core, None);
    let entry = sink.entry.clone();
    let task = tokio::spawn(async move { hear(Box::new(Peer { n_messages: 1, n_refused: 5, sensor }), &sink).await });
    let lost = async {
        while entry.figures(0).n_losses < 4 {
            // Asked to try at once each time, so that no wait is waited for.
            entry.retry.notify_one();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, lost).await?;
    task.abort();
    let _ = task.await;
    let figures = entry.figures(0);
    assert!(figures.n_messages >= 4 && figures.n_refused == 5 * figures.n_messages, "{figures:?}");
    assert_eq!((figures.last_error.as_str(), figures.remedy.as_str()), ("连接断了", "检查网络"));
    let changes = core.health().changes(wall_now().0, core.clock.now());
    let is_lit = |it: &gulang_city::Command| matches!(it, gulang_city::Command::ReportHealth { health } if health.state == gulang_city::HealthState::Healthy);
    assert!(changes.iter().any(|(_, it)| is_lit(it)), "its lamp does not flicker: {changes:?}");
    core.close().await?;
    let records = Log::read(dir.path(), 0, 10_000)?;
    let n_refused = records.iter().filter(|it| matches!(it.event, Event::MessageRefused { .. })).count();
    assert!((1..=2 * REFUSED_RECORDS_A_MINUTE as usize).contains(&n_refused), "{n_refused} records");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_dropped_over_its_limit_and_counted() -> Result<(), Error> {
    let dir = tempfile::tempdir()?;
    let core = bare_core(dir.path())?;
    let sensor = core.city().sensors.keys().next().ok_or("no sensor")?.0.clone();
    let sink = sink_of(&core, Some(1));
    let ear = ear_of(&sink);
    let ended = Peer { n_messages: 200_000, n_refused: 0, sensor }.listen(&ear).await;
    assert!(ended.is_err());
    let figures = sink.entry.figures(0);
    assert_eq!(figures.n_messages, 200_000);
    let n_taken = figures.n_messages - figures.n_dropped;
    assert!(n_taken >= 1 && figures.n_dropped > 100_000, "{figures:?}");
    core.close().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_news_ends_a_failure_and_one_that_cannot_be_read_does_not() -> Result<(), Error> {
    let dir = tempfile::tempdir()?;
    let core = bare_core(dir.path())?;
    let sink = sink_of(&core, None);
    let failure = Failure { what: "连接断了".into(), remedy: "检查网络".into() };
    let error = || sink.entry.figures(0).last_error;
    sink.failed(&failure);
    let mut garbage = Heard::default();
    garbage.refuse("<html>", "不是 JSON");
    sink.note(b"<html>", garbage).await?;
    assert_eq!(error(), "连接断了");
    sink.note(b"[]", Heard::default()).await?;
    assert_eq!(error(), "");
    sink.failed(&failure);
    ear_of(&sink).alive();
    assert_eq!(error(), "");
    core.close().await?;
    Ok(())
}

fn ear_of(sink: &Arc<AttendSink>) -> Ear {
    Ear { platform: "rain".into(), sink: sink.clone() }
}
