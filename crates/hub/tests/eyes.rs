//! A hub's feeds against a WVP that does what the test says. Everything listens on 127.0.0.1:0.

mod common {
    pub mod nosim;
}

use axum::{Json, Router, extract::Path as UrlPath, http::header, response::IntoResponse, routing::get};
use common::nosim::NoSim;
use gulang_city::Feed;
use gulang_hub::{HubConfig, HubHandle, realm::Addresses, screen::Screen, sim_host::SimScale};
use gulang_platforms::wvp::{self, Channel, Device, Ptz};
use gulang_wire::{Body, FeedState, FeedStatus, Motion, ToHub, Wanted, Watch};
use serde_json::Value;
use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

type Error = Box<dyn std::error::Error>;
type Check = Result<(), Error>;

/// Longer than anything takes, on the slowest machine; nothing is timed by it.
const PATIENCE: Duration = Duration::from_secs(60);
const DEVICE: &str = "34020000001110000001";
const CAMERA: &str = "c00001";
const STILL: [u8; 6] = [0xff, 0xd8, 0xff, 0xe0, 0xff, 0xd9];

/// Commands a camera was given.
type Told = Arc<Mutex<Vec<String>>>;

/// A platform whose cameras do not answer (486), that has stills of them and turns them.
async fn open_wvp(told: Told) -> Result<String, Error> {
    let devices = || async {
        let device = Device { id: DEVICE.into(), name: "枪机".into(), online: true };
        Json(wvp::write_devices(1, &[device]))
    };
    let channels = || async {
        let channel = Channel {
            device: DEVICE.into(),
            id: CAMERA.into(),
            name: "路口".into(),
            online: true,
            can_turn: true,
            at: None,
        };
        Json(wvp::write_channels(1, &[channel]))
    };
    let ptz = move |axum::extract::RawQuery(query): axum::extract::RawQuery| {
        let told = told.clone();
        async move {
            let query = query.unwrap_or_default();
            let command = query.split('&').find_map(|it| it.strip_prefix("command=")).unwrap_or_default();
            told.lock().expect("nobody panicked").push(command.to_owned());
            Json(wvp::write_code(0, "成功"))
        }
    };
    let play = |UrlPath(_): UrlPath<(String, String)>| async { Json::<Value>(wvp::write_code(486, "设备无应答")) };
    let snap = || async { ([(header::CONTENT_TYPE, "image/jpeg")], STILL).into_response() };
    let app = Router::new()
        .route("/api/device/query/devices", get(devices))
        .route("/api/device/query/devices/{device}/channels", get(channels))
        .route("/api/device/query/snap/{device}/{channel}", get(snap))
        .route("/api/play/start/{device}/{channel}", get(play))
        .route("/api/front-end/ptz/{device}/{channel}", get(ptz));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

fn open_hub(data: &Path, wvp: String) -> Result<HubHandle, Error> {
    Ok(gulang_hub::start(HubConfig {
        data: data.to_owned(),
        pack_dir: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/cities/xiamen"),
        scenarios_dir: None,
        listen: ([127, 0, 0, 1], 0).into(),
        page_dir: None,
        sim: Arc::new(NoSim),
        actual: Some(Addresses { wvp: Some(wvp), ..Addresses::default() }),
        rasters: Vec::new(),
        seed: 1,
        scale: SimScale::None,
        sign_key: None,
        config_file: None,
    })?)
}

async fn until<T>(screen: &mut Screen, mut is_it: impl FnMut(Body) -> Option<T>) -> Result<T, Error> {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let frame = screen.next().await?;
            if let Some(it) = is_it(frame.body) {
                return Ok::<T, Error>(it);
            }
        }
    });
    waited.await.map_err(|_| "what was awaited did not come")?
}

async fn status(screen: &mut Screen, is_it: impl Fn(&FeedStatus) -> bool) -> Result<FeedStatus, Error> {
    until(screen, |body| match body {
        Body::Feeds(all) => all.into_iter().find(|it| is_it(it)),
        _ => None,
    })
    .await
}

#[test]
fn a_camera_that_does_not_answer_says_so_shows_stills_and_is_turned_by_one_hand() -> Check {
    let runtime = tokio::runtime::Runtime::new()?;
    let told = Told::default();
    let url = runtime.block_on(open_wvp(told.clone()))?;
    let data = tempfile::tempdir()?;
    let hub = open_hub(data.path(), url)?;
    let camera = Feed::Camera(CAMERA.into());
    let checked: Check = runtime.block_on(async {
        let mut first = Screen::connect(&hub.url, &hub.token, "值班长 01", Watch::Follow).await?;
        let wanted = vec![Wanted { feed: camera.clone(), width: 480, fps: 10 }];
        first.tell(&ToHub::WatchFeeds(wanted.clone())).await?;
        let refused = status(&mut first, |it| it.why.contains("486")).await?;
        assert_eq!(refused.state, FeedState::Snapshot);
        assert!(refused.why.contains("秒后再试") && refused.can_steer, "{refused:?}");
        let picture = until(&mut first, |body| match body {
            Body::Picture(picture) => Some(picture),
            _ => None,
        });
        let picture = picture.await?;
        assert_eq!((picture.feed, picture.jpeg), (camera.clone(), STILL.to_vec()));

        let mut second = Screen::connect(&hub.url, &hub.token, "值班长 02", Watch::Follow).await?;
        second.tell(&ToHub::WatchFeeds(wanted)).await?;
        status(&mut second, |it| it.n_watchers == 2).await?;
        let left = Motion { pan: -1.0, tilt: 0.0, zoom: 0.0 };
        first.tell(&ToHub::Steer { feed: camera.clone(), motion: left }).await?;
        status(&mut second, |it| it.wheel.as_ref().is_some_and(|it| it.0.as_str() == "值班长 01")).await?;
        second.tell(&ToHub::Steer { feed: camera.clone(), motion: left }).await?;
        let answer = until(&mut second, |body| match body {
            Body::Answer { result: Err(refusal), .. } => Some(refusal.to_string()),
            _ => None,
        });
        assert!(answer.await?.contains("值班长 01"));
        // The hand is not heard of again: the hub stops the camera by itself.
        status(&mut second, |it| it.wheel.is_some()).await?;
        for _ in 0..600 {
            if told.lock().expect("nobody panicked").last().is_some_and(|it| it == "stop") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(*told.lock().expect("nobody panicked"), [Ptz::of(-1.0, 0.0, 0.0).command, "stop"]);
        Ok(())
    });
    checked?;
    hub.stop()?;
    Ok(())
}
