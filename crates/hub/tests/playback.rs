//! 复盘 through a running hub: the past is what the log says, nothing can be asked of it, and reality takes the hall back.

use gulang_city::{Applied, City, Command, Realm, Record, Refusal, ResponseLevel, Source, Timestamp, tiny_pack};
use gulang_hub::{
    HubConfig, HubHandle,
    actor::Numberer,
    log::{LOG_FILE, Log, LogOptions},
    realm::Addresses,
    screen::Screen,
    sim_host::{RunningSim, SimHost, SimRequest, SimScale},
    start,
    tape::{Tape, TapeError, stretch_of},
};
use gulang_wire::{Body, ClockKind, Drill, Playback, ToHub, Watch};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

const BEGAN: i64 = 1_690_000_000_000;
const LIMIT: Duration = Duration::from_secs(90);

// ---------------------------------------------------------------- a log, and what it says by itself

/// An exercise's log, closed: the start, then `n` scenes, `at_once` of them at each minute.
fn written(dir: &Path, n: u64, at_once: u64) -> Check {
    let found = || City::found(&tiny_pack(), Realm::Exercise);
    let (log, mut city) = Log::open(dir, LogOptions::default(), found)?;
    let mut numberer = Numberer::new(log);
    let start = Command::StartExercise {
        scenario: "doksuri-2023".into(),
        title: "台风演练".into(),
        seed: 7,
        starts_at: Timestamp(BEGAN),
    };
    numberer.number(&mut city, &[(Source::Hub, start)], Timestamp(BEGAN))?;
    for minute in 1..=n / at_once {
        let scene = |i: u64| Command::ShowScene { scene: format!("scene-{minute}-{i}").into() };
        let batch: Vec<_> = (0..at_once).map(|i| (Source::Seat("值班长 01".into()), scene(i))).collect();
        numberer.number(&mut city, &batch, minutes(minute as i64))?;
    }
    assert_eq!(city.seq, n + 1);
    Ok(numberer.close(&city)?)
}

fn minutes(n: i64) -> Timestamp {
    Timestamp(BEGAN).plus_mins(n)
}

/// The city the records up to a moment make, folded plainly.
fn plain_fold(records: &[Record], to: Timestamp) -> City {
    let mut city = City::found(&tiny_pack(), Realm::Exercise);
    for record in records.iter().take_while(|it| it.at <= to) {
        assert_eq!(city.apply(record), Applied::Advanced);
    }
    city
}

fn folded(dir: &Path, to: Timestamp) -> Result<City, Error> {
    Ok(plain_fold(&Log::read(dir, 1, 100_000)?, to))
}

// ---------------------------------------------------------------- a hub without platforms

/// A simulated city that says nothing.
struct Silent;

impl RunningSim for Silent {
    fn addresses(&self) -> Addresses {
        Addresses::default()
    }
}

impl SimHost for Silent {
    fn start(&self, _: &SimRequest) -> Result<Box<dyn RunningSim>, String> {
        Ok(Box::new(Silent))
    }
}

struct Hall {
    hub: HubHandle,
    http: reqwest::Client,
    data: PathBuf,
    _dir: tempfile::TempDir,
}

impl Hall {
    /// A hub with the log of an exercise of `n` scenes, two a minute, and the runtime its screens live on.
    fn with_log(n: u64) -> Result<(Self, tokio::runtime::Runtime), Error> {
        let dir = tempfile::tempdir()?;
        let data = dir.path().join("data");
        if n > 0 {
            written(&data.join("exercise"), n, 2)?;
        }
        let hub = start(HubConfig {
            data: data.clone(),
            pack_dir: PathBuf::from("../../assets/cities/xiamen"),
            scenarios_dir: Some(PathBuf::from("../../assets/scenarios")),
            listen: ([127, 0, 0, 1], 0).into(),
            page_dir: None,
            sim: Arc::new(Silent),
            actual: Some(Addresses::default()),
            rasters: Vec::new(),
            seed: 1,
            scale: SimScale::None,
            sign_key: None,
            config_file: None,
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok((Self { hub, http, data, _dir: dir }, runtime))
    }

    fn log(&self) -> PathBuf {
        self.data.join("exercise")
    }

    async fn screen(&self, seat: &str, watch: Watch) -> Result<Screen, Error> {
        let mut screen = Screen::connect(&self.hub.url, &self.hub.token, seat, watch).await?;
        until(&mut screen, |it| it.city.is_some()).await?;
        Ok(screen)
    }

    /// What is at a path; none where there is nothing.
    async fn get(&self, path: &str) -> Result<Option<Value>, Error> {
        let answer = self.http.get(format!("{}{path}", self.hub.url)).bearer_auth(&self.hub.token).send().await?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(answer.error_for_status()?.json().await?))
    }
}

/// Follows the frames until it is so.
async fn until(screen: &mut Screen, is_so: impl Fn(&Screen) -> bool) -> Check {
    let waited = tokio::time::timeout(LIMIT, async {
        while !is_so(screen) {
            screen.next().await?;
        }
        Ok::<_, Error>(())
    });
    waited.await.map_err(|_| "it was not so in time")?
}

/// The refusal that comes back for this.
async fn refusal(screen: &mut Screen, asked: &ToHub) -> Result<String, Error> {
    screen.tell(asked).await?;
    let answered = async {
        loop {
            if let Body::Answer { result, .. } = screen.next().await?.body {
                return Ok::<_, Error>(result);
            }
        }
    };
    let result = tokio::time::timeout(LIMIT, answered).await.map_err(|_| "no answer")??;
    match result {
        Err(Refusal::Forbidden { why }) => Ok(why.to_string()),
        other => Err(format!("{other:?} is not a refusal").into()),
    }
}

fn open(log: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> ToHub {
    ToHub::Playback(Playback::Open { log: log.to_owned(), from, to })
}

fn is_replay(screen: &Screen) -> bool {
    screen.clock.is_some_and(|it| matches!(it.kind, ClockKind::Replay { .. }))
}

fn is_live(screen: &Screen) -> bool {
    let is_actual = screen.city.as_ref().is_some_and(|it| it.realm == Realm::Actual);
    is_actual && screen.clock.is_some_and(|it| it.kind == ClockKind::Live)
}

/// It stands at this moment, and shows it.
fn stands_at(screen: &Screen, at: Timestamp) -> bool {
    let clock = screen.clock;
    clock.is_some_and(|it| it.now == at && matches!(it.kind, ClockKind::Replay { paused: true, .. }))
}

fn hash(screen: &Screen) -> String {
    screen.city.as_ref().map(City::state_hash).unwrap_or_default()
}

/// Seeks, and waits for the city as it was.
async fn seek(screen: &mut Screen, to: Timestamp, lands_on: Timestamp) -> Check {
    let n_snapshots = screen.n_snapshots;
    screen.tell(&ToHub::Playback(Playback::Seek { to })).await?;
    until(screen, |it| it.n_snapshots > n_snapshots && stands_at(it, lands_on)).await
}

// ---------------------------------------------------------------- tests

#[test]
fn the_hall_sees_the_past_as_it_was_and_comes_home() -> Check {
    let (hall, runtime) = Hall::with_log(60)?;
    runtime.block_on(async {
        let mut screen = hall.screen("值班长 01", Watch::Follow).await?;
        let mut live = hall.screen("值班长 01", Watch::Only(Realm::Actual)).await?;
        let logs = hall.get("/api/logs").await?.unwrap_or_default();
        let exercise =
            &logs.as_array().and_then(|it| it.iter().find(|it| it["id"] == "exercise")).ok_or("not listed")?;
        assert_eq!((&exercise["title"], &exercise["realm"]), (&"台风演练".into(), &"exercise".into()));
        assert_eq!((&exercise["n_records"], &exercise["is_open"]), (&61.into(), &false.into()));
        assert_eq!((&exercise["from_ms"], &exercise["to_ms"]), (&BEGAN.into(), &minutes(30).0.into()));
        assert_eq!(hall.get("/api/playback").await?, None);

        screen.tell(&open("exercise", None, None)).await?;
        until(&mut screen, is_replay).await?;
        assert!(stands_at(&screen, minutes(0)));
        assert_eq!(hash(&screen), folded(&hall.log(), minutes(0))?.state_hash());

        // Ahead, back, between two records, and before the beginning.
        let between = minutes(7) + 30_000;
        for (to, lands_on) in
            [(minutes(20), minutes(20)), (minutes(5), minutes(5)), (between, between), (minutes(-9), minutes(0))]
        {
            seek(&mut screen, to, lands_on).await?;
            assert_eq!(hash(&screen), folded(&hall.log(), lands_on)?.state_hash(), "at {lands_on:?}");
        }

        // It plays to the end and stands there.
        let (n_snapshots, n_records) = (screen.n_snapshots, screen.n_records);
        screen.tell(&ToHub::Playback(Playback::SetSpeed { speed: 3600.0, paused: false })).await?;
        until(&mut screen, |it| stands_at(it, minutes(30))).await?;
        assert_eq!(hash(&screen), folded(&hall.log(), minutes(30))?.state_hash());
        assert_eq!((screen.n_snapshots, screen.n_records - n_records), (n_snapshots, 60), "as records, not snapshots");

        // One that comes later sees the same.
        let late = hall.screen("席位 09", Watch::Follow).await?;
        assert_eq!((is_replay(&late), hash(&late)), (true, hash(&screen)));

        // Nothing is ordered in the past, and who watches the actual city never left it.
        let order = ToHub::Submit { ticket: 9, command: Command::ShowScene { scene: "war".into() } };
        assert!(refusal(&mut screen, &order).await?.contains("复盘中不能下令"));
        live.submit(1, Command::ShowScene { scene: "live".into() }).await?;
        until(&mut live, |it| it.city.as_ref().is_some_and(|it| &*it.scene == "live")).await?;
        assert!(is_live(&live));

        screen.tell(&ToHub::Playback(Playback::Close)).await?;
        until(&mut screen, is_live).await?;
        assert_eq!(screen.city.as_ref().map(|it| &*it.scene), Some("live"));
        assert_eq!(hall.get("/api/playback").await?, None);
        assert!(refusal(&mut screen, &ToHub::Playback(Playback::Close)).await?.contains("没有打开的复盘"));
        Ok(())
    })
}

#[test]
fn bookmarks_stay_beside_the_log_and_the_story_is_of_the_stretch() -> Check {
    let (hall, runtime) = Hall::with_log(60)?;
    runtime.block_on(async {
        let mut screen = hall.screen("值班长 01", Watch::Follow).await?;
        let bookmark = |at, text: &str| ToHub::Playback(Playback::Bookmark { at, text: text.to_owned() });
        screen.tell(&open("exercise", Some(minutes(10)), Some(minutes(20)))).await?;
        until(&mut screen, is_replay).await?;
        for (at, text) in [(12, "叫应晚了"), (15, "误点"), (15, "")] {
            screen.tell(&bookmark(minutes(at), text)).await?;
        }
        // Held within the stretch, and answered after what was asked before it.
        seek(&mut screen, minutes(99), minutes(20)).await?;
        let told = hall.get("/api/playback").await?.ok_or("nothing is open")?;
        assert_eq!((&told["log"], &told["chain_ok"]), (&"exercise".into(), &true.into()));
        assert_eq!((&told["from_ms"], &told["to_ms"]), (&minutes(10).0.into(), &minutes(20).0.into()));
        assert_eq!(told["n_records"], 22, "two at each of eleven minutes");
        let review = hall.get("/api/review?log=exercise").await?.ok_or("no review")?;
        assert_eq!((&told["review"], &told["score"]), (&review["review"], &review["score"]));

        screen.tell(&open("exercise", None, None)).await?;
        until(&mut screen, |it| stands_at(it, minutes(0))).await?;
        let told = hall.get("/api/playback").await?.ok_or("nothing is open")?;
        let kept = &told["bookmarks"];
        assert_eq!(kept.as_array().map(Vec::len), Some(1), "{kept}");
        assert_eq!((&kept[0]["at_ms"], &kept[0]["text"]), (&minutes(12).0.into(), &"叫应晚了".into()));
        assert_eq!(kept[0]["by"], "值班长 01");
        Ok(())
    })
}

#[test]
fn what_cannot_be_looked_back_at_is_refused_in_words() -> Check {
    let (hall, runtime) = Hall::with_log(60)?;
    runtime.block_on(async {
        let mut screen = hall.screen("值班长 01", Watch::Follow).await?;
        for (asked, why) in [
            (open("../exercise", None, None), "没有这份日志"),
            (open("exercise-7", None, None), "没有这份日志"),
            (open("exercise", Some(minutes(9)), Some(minutes(3))), "晚于"),
            (open("exercise", Some(minutes(31)), None), "没有这段时间"),
            (open("exercise", None, Some(minutes(-1))), "没有这段时间"),
            (ToHub::Playback(Playback::Seek { to: minutes(3) }), "没有打开的复盘"),
        ] {
            let said = refusal(&mut screen, &asked).await?;
            assert!(said.contains(why), "{asked:?}: {said}");
        }
        assert!(is_live(&screen));
        let mut observer = hall.screen("观摩席", Watch::Follow).await?;
        assert!(refusal(&mut observer, &open("exercise", None, None)).await?.contains("领导（只读）"));
        Ok(())
    })
}

#[test]
fn a_broken_log_is_shown_up_to_the_break() -> Check {
    let (hall, runtime) = Hall::with_log(60)?;
    let db = rusqlite::Connection::open(hall.log().join(LOG_FILE))?;
    // Record 17 is the second scene of the eighth minute.
    db.execute("UPDATE records SET body = CAST(replace(body, 'scene', 'score') AS BLOB) WHERE seq = 17", [])?;
    drop(db);
    runtime.block_on(async {
        let mut screen = hall.screen("值班长 01", Watch::Follow).await?;
        screen.tell(&open("exercise", None, None)).await?;
        until(&mut screen, is_replay).await?;
        let told = hall.get("/api/playback").await?.ok_or("nothing is open")?;
        assert_eq!((&told["chain_ok"], &told["to_ms"]), (&false.into(), &minutes(8).0.into()));
        assert!(told["problem"].as_str().is_some_and(|it| it.contains("第 17 条")), "{}", told["problem"]);
        seek(&mut screen, minutes(30), minutes(8)).await?;
        assert_eq!(screen.city.as_ref().map(|it| it.seq), Some(16));
        Ok(())
    })
}

#[test]
fn an_order_of_the_actual_city_takes_the_hall_back() -> Check {
    let (hall, runtime) = Hall::with_log(60)?;
    runtime.block_on(async {
        let mut screen = hall.screen("值班长 01", Watch::Follow).await?;
        let mut live = hall.screen("值班长 01", Watch::Only(Realm::Actual)).await?;
        screen.tell(&open("exercise", None, None)).await?;
        until(&mut screen, is_replay).await?;
        let to_war = Command::SwitchToWar {
            plan: "typhoon".into(),
            level: ResponseLevel::IV,
            districts: Vec::new(),
            struck: Vec::new(),
            added: Vec::new(),
            confirmed_by: vec!["值班长 01".into()],
            reason: "测试".into(),
            reasons: Default::default(),
            sheet_version: None,
            overridden: false,
        };
        live.submit(1, to_war).await?;
        until(&mut screen, is_live).await?;
        assert!(refusal(&mut screen, &open("exercise", None, None)).await?.contains("战时"));
        Ok(())
    })
}

#[test]
fn an_exercise_takes_the_hall_and_its_log_moves_aside() -> Check {
    let (hall, runtime) = Hall::with_log(60)?;
    runtime.block_on(async {
        let mut screen = hall.screen("值班长 01", Watch::Follow).await?;
        screen.tell(&open("exercise", None, None)).await?;
        until(&mut screen, is_replay).await?;
        let start = Drill::Start { scenario: "doksuri-2023".to_owned(), seed: 1, speed: 1.0 };
        screen.tell(&ToHub::Drill(start)).await?;
        until(&mut screen, |it| it.clock.is_some_and(|it| matches!(it.kind, ClockKind::Exercise { .. }))).await?;
        assert!(refusal(&mut screen, &open("exercise-1", None, None)).await?.contains("演练进行中"));
        screen.tell(&ToHub::Drill(Drill::End)).await?;
        until(&mut screen, is_live).await?;

        let logs = hall.get("/api/logs").await?.unwrap_or_default();
        let listed: Vec<_> = logs.as_array().into_iter().flatten().filter_map(|it| it["id"].as_str()).collect();
        assert!(listed.ends_with(&["exercise", "exercise-1"]), "{logs}");
        screen.tell(&open("exercise-1", None, None)).await?;
        until(&mut screen, is_replay).await?;
        assert_eq!(hash(&screen), folded(&hall.data.join("exercise-1"), minutes(0))?.state_hash());
        Ok(())
    })
}

/// Enough records for several kept cities.
#[test]
fn any_seek_in_any_order_and_playing_on_from_it_is_the_plain_fold() -> Check {
    let dir = tempfile::tempdir()?;
    written(dir.path(), 1200, 6)?;
    let stretch = stretch_of(dir.path(), Some(minutes(20)), None)?;
    let (tape, last) = Tape::wind(dir.path(), stretch, &mut |_, _| {})?;
    let records = Log::read(dir.path(), 1, 100_000)?;
    assert_eq!(last.state_hash(), plain_fold(&records, minutes(200)).state_hash());
    let moments = prop::collection::vec((20 * 60_000..=200 * 60_000_i64, 0..40 * 60_000_i64), 1..6);
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() });
    runner.run(&moments, |moments| {
        for (to, then) in moments {
            let (to, then) = (Timestamp(BEGAN + to), Timestamp(BEGAN + to + then));
            let (mut city, mut cursor) = tape.seek(to).map_err(|why| TestCaseError::fail(why.to_string()))?;
            prop_assert_eq!(city.state_hash(), plain_fold(&records, to).state_hash());
            loop {
                let some = tape.next(&mut cursor, then, 7).map_err(|why| TestCaseError::fail(why.to_string()))?;
                if some.is_empty() {
                    break;
                }
                for record in &some {
                    prop_assert_eq!(city.apply(record), Applied::Advanced);
                }
            }
            prop_assert_eq!(city.state_hash(), plain_fold(&records, then).state_hash());
        }
        Ok(())
    })?;
    Ok(())
}

#[test]
fn a_log_without_records_has_no_past() -> Check {
    let dir = tempfile::tempdir()?;
    let found = || City::found(&tiny_pack(), Realm::Exercise);
    let (log, city) = Log::open(dir.path(), LogOptions::default(), found)?;
    assert!(matches!(stretch_of(dir.path(), None, None), Err(TapeError::Empty)), "also while it is being written");
    Ok(log.close(&city)?)
}
