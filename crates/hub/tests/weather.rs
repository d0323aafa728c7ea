//! Warnings, typhoons, quakes and rain grids through their kinds, against a server that changes its mind.

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use gulang_city::{Command, LonLat, RainField, RainKind, Timestamp, tiny_pack};
use gulang_hub::{
    connectors::contract::{ConnectorConfig, Parts, Wire, kinds},
    feeds::Feed,
    realm::{Actual, RealmKind},
};
use gulang_platforms::{News, grid_rain};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

type Error = Box<dyn std::error::Error>;
/// Answers by path; what is not there is 404.
type Pages = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

async fn page(State(pages): State<Pages>, uri: axum::http::Uri) -> axum::response::Response {
    let pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
    match pages.get(uri.path()) {
        Some(body) => body.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

struct Site {
    url: String,
    pages: Pages,
    task: tokio::task::JoinHandle<()>,
}

impl Site {
    async fn open() -> Result<Self, Error> {
        let pages = Pages::default();
        let router = Router::new().fallback(get(page)).with_state(pages.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { url, pages, task })
    }

    fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into(), body.into());
    }

    fn take(&self, path: &str) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn feed<R: RealmKind>(kind: &str, url: &str, options: &str) -> Result<Box<dyn Feed>, Error> {
    let text = format!("name = \"x\"\ntitle = \"试\"\nkind = \"{kind}\"\nurl = \"{url}\"\n[options]\n{options}");
    let config: ConnectorConfig = toml::from_str(&text)?;
    let kind = kinds::<R>().into_iter().find(|it| it.name == kind).ok_or("no such kind")?;
    match (kind.open)(&config, &Parts::<R>::apart(Arc::new(tiny_pack())))? {
        Wire::Asked(feed) => Ok(feed),
        Wire::Speaks(_) => Err("it speaks".into()),
    }
}

/// One poll, taken into the log: what it brought.
async fn poll(feed: &mut Box<dyn Feed>) -> Result<(Vec<Command>, Vec<News>, usize), Error> {
    let (commands, _) = feed.poll().await?;
    let heard = feed.also().unwrap_or_default().heard;
    feed.recorded();
    Ok((commands, heard.news, heard.refused.len()))
}

fn alert(id: &str, kind: &str, references: &str) -> String {
    format!(
        r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{id}</identifier><sender>s</sender>
        <sent>2023-07-27T10:00:00+08:00</sent><status>Actual</status><msgType>{kind}</msgType><scope>Public</scope>
        <references>{references}</references><info><language>zh-CN</language><event>暴雨</event><severity>Severe</severity>
        <headline>暴雨橙色预警</headline><area><areaDesc>x</areaDesc><geocode><valueName>x</valueName><value>350203</value></geocode></area>
        </info></alert>"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_alert_comes_once_and_one_that_is_missing_keeps_no_other() -> Result<(), Error> {
    let site = Site::open().await?;
    let entry = |id: &str| format!(r#"<entry><id>{id}</id><link href="/{id}.xml"/></entry>"#);
    let atom = |ids: &[&str]| {
        let entries: String = ids.iter().map(|it| entry(it)).collect();
        format!(r#"<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>"#)
    };
    site.put("/atom.xml", atom(&["a", "b"]));
    site.put("/a.xml", alert("a", "Alert", ""));
    let mut feed = feed::<Actual>("cap", &format!("{}/atom.xml", site.url), "")?;
    let (commands, ..) = poll(&mut feed).await?;
    assert!(matches!(&commands[..], [Command::IssueWarning { warning }] if warning.id.as_str() == "a"), "{commands:?}");
    // What could not be had is asked for again.
    site.put("/b.xml", alert("b", "Update", "s,a,2023-07-27T10:00:00+08:00"));
    let (commands, ..) = poll(&mut feed).await?;
    assert!(
        matches!(&commands[..], [Command::IssueWarning { .. }, Command::CancelWarning { warning }] if warning.as_str() == "a")
    );
    assert!(poll(&mut feed).await?.0.is_empty());
    site.put("/atom.xml", atom(&["a", "b", "c"]));
    site.put("/c.xml", alert("c", "Alert", "").replace("Actual", "Exercise"));
    let (commands, _, n_refused) = poll(&mut feed).await?;
    assert!(commands.is_empty() && n_refused == 1, "an exercise's alert stays outside");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cyclone_that_leaves_the_list_is_ended_with_what_was_said_last() -> Result<(), Error> {
    let site = Site::open().await?;
    site.put("/targetTc.json", r#"[{"tropicalCyclone":"TC2306"}]"#);
    let spec = r#"[{"part":"title","issue":{"UTC":"2023-07-26T00:45:00Z"},"typhoonNumber":"2305","name":{"en":"Doksuri"}},
        {"advancedHours":0,"validtime":{"UTC":"2023-07-26T00:00:00Z"},"position":{"deg":[19.5,119.9]},"pressure":"940"}]"#;
    site.put("/TC2306/specifications.json", spec);
    let mut feed = feed::<Actual>("typhoon-jma", &site.url, "")?;
    let is_active = |it: &[Command]| match it {
        [Command::UpdateTyphoon { active, typhoon, .. }] if typhoon.as_str() == "202305" => Some(*active),
        _ => None,
    };
    assert_eq!(is_active(&poll(&mut feed).await?.0), Some(true));
    assert!(poll(&mut feed).await?.0.is_empty(), "nothing new");
    site.put("/targetTc.json", "[]");
    site.take("/TC2306/specifications.json");
    assert_eq!(is_active(&poll(&mut feed).await?.0), Some(false));
    assert!(poll(&mut feed).await?.0.is_empty(), "and that once");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn far_and_small_quakes_are_passed_over_and_the_rest_comes_once() -> Result<(), Error> {
    let site = Site::open().await?;
    let eew = |magnitude: f32, lat: f64| {
        format!(
            r#"{{"EventID":"e","ReportNum":1,"OriginTime":"2023-07-27 10:00:00","HypoCenter":"x","Latitude":{lat},"Longitude":118.1,"Magunitude":{magnitude}}}"#
        )
    };
    site.put("/eew.json", eew(5.0, 24.0));
    let mut feed = feed::<Actual>(
        "quake",
        &format!("{}/eew.json", site.url),
        "preset = \"eew\"\nwithin_km = 300\nmin_magnitude = 3",
    )?;
    let (commands, ..) = poll(&mut feed).await?;
    assert!(matches!(&commands[..], [Command::ReportQuake { .. }]), "{commands:?}");
    assert!(poll(&mut feed).await?.0.is_empty());
    for (magnitude, lat) in [(2.0, 24.0), (7.0, 40.0)] {
        site.put("/eew.json", eew(magnitude, lat));
        assert!(poll(&mut feed).await?.0.is_empty());
    }
    site.put("/eew.json", "not JSON");
    assert!(feed.poll().await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grid_is_cut_to_the_city() -> Result<(), Error> {
    let center = tiny_pack().center;
    let field = |origin: LonLat| RainField {
        source: "".into(),
        kind: RainKind::Observed,
        valid_at: Timestamp(1_690_423_200_000),
        issued_at: Timestamp(1_690_423_200_000),
        origin,
        step: (0.1, 0.1),
        n: (60, 60),
        values: vec![3.0; 3600].into(),
        simulated: false,
    };
    let site = Site::open().await?;
    let here = field(LonLat(center.0 - 3.0, center.1 - 3.0));
    let bytes = [grid_rain::write_grib2(&here), grid_rain::write_grib2(&field(LonLat(60.0, 10.0)))].concat();
    site.put("/rain.grib2", bytes);
    let mut feed = feed::<Actual>("rain-grid", &format!("{}/rain.grib2", site.url), "half_deg = 0.5")?;
    let (_, news, n_refused) = poll(&mut feed).await?;
    let [News::Rain(cut)] = &news[..] else { return Err(format!("{news:?}").into()) };
    assert!(cut.n.0 <= 11 && cut.at(center).is_some_and(|it| (it - 3.0).abs() < 0.01), "{cut:?}");
    assert_eq!(n_refused, 1, "the other is not here, and told");
    assert!(poll(&mut feed).await?.1.is_empty());
    Ok(())
}
