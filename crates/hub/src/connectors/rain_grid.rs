//! Kind `rain-grid`: rain over a grid, GRIB2 or JSON, as radars, nowcasts and models give it.
//!
//! ```toml
//! url = "https://met.example/nowcast/latest.grib2"
//! every_s = 120
//! options = { title = "雷达临近", kind = "nowcast", half_deg = 1.0, header = "X-Token" }
//! ```
//! Of a larger grid only what lies within `half_deg` of the city is kept, thinned to what a screen can draw. The fields are
//! kept beside the readings, not in the log. GRIB2: grids of longitudes and latitudes, simple and complex packing.

use super::{
    contract::{ConnectorConfig, KindError, Parts, Wire},
    http::{HttpError, checked_url, exchange_up_to, token_header},
    names,
};
use crate::{
    feeds::{Also, Feed, FeedError},
    log::{Chain, sm3},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{Command, LonLat, RainKind, Realm, Text};
use gulang_platforms::{
    Heard, News,
    grid_rain::{self, GridAbout, GridError, MAX_GRID_BYTES},
};
use serde::Deserialize;
use std::time::Duration;

const ASK_LIMIT: Duration = Duration::from_secs(60);
/// Of a binary document, kept as a sample.
const SAMPLE_BYTES: usize = 64;

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Grid(#[from] GridError),
    #[error("读格点时出错：{0}")]
    Reader(String),
}

impl From<AskError> for FeedError {
    fn from(error: AskError) -> Self {
        let remedy = match &error {
            AskError::Http(error) => error.remedy(),
            AskError::Grid(error) => error.remedy(),
            AskError::Reader(_) => "重启枢纽；再有则报告",
        };
        Self { what: error.to_string(), remedy }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    title: Option<String>,
    kind: Option<RainKind>,
    half_deg: f64,
    header: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { title: None, kind: None, half_deg: 1.0, header: None }
    }
}

pub struct RainFeed {
    name: Text,
    every: Duration,
    http: reqwest::Client,
    url: String,
    header: Option<(String, String)>,
    about: GridAbout,
    center: LonLat,
    half_deg: f64,
    known: Option<Chain>,
    fetched: Option<Chain>,
    also: Option<Also>,
}

impl RainFeed {
    /// The address of the simulated city.
    pub fn built_in(http: reqwest::Client, url: String, center: LonLat) -> Self {
        Self {
            name: names::RAIN.into(),
            every: Duration::from_secs(10),
            http,
            url,
            header: None,
            about: GridAbout { source: names::title_zh(names::RAIN).into(), kind: None, simulated: true },
            center,
            half_deg: 1.0,
            known: None,
            fetched: None,
            also: None,
        }
    }

    async fn ask(&mut self) -> Result<(), AskError> {
        (self.fetched, self.also) = (None, None);
        let mut request = self.http.get(&self.url);
        if let Some((name, value)) = &self.header {
            request = request.header(name.as_str(), value.as_str());
        }
        let bytes = exchange_up_to(MAX_GRID_BYTES, request, &self.url, ASK_LIMIT).await?;
        let hash = sm3(&[&bytes]);
        if self.known.as_ref() == Some(&hash) {
            return Ok(());
        }
        let (about, center, half_deg) = (self.about.clone(), self.center, self.half_deg);
        // A large grid takes a while to unpack.
        let read = tokio::task::spawn_blocking(move || {
            let (fields, refused) = grid_rain::read(&bytes, &about)?;
            let (near, far): (Vec<_>, Vec<_>) =
                fields.into_iter().map(|it| it.about(center, half_deg)).partition(Option::is_some);
            let mut heard = Heard::default();
            heard.news.extend(near.into_iter().flatten().map(News::Rain));
            for why in refused {
                heard.refuse(&about.source, why);
            }
            if !far.is_empty() {
                heard.refuse(&about.source, format!("{} 个格点场不含本市", far.len()));
            }
            let sample = if bytes.starts_with(b"GRIB") { bytes.len().min(SAMPLE_BYTES) } else { bytes.len() };
            let mut raw = bytes;
            raw.truncate(sample);
            Ok::<_, GridError>((heard, raw))
        });
        let (heard, raw) = read.await.map_err(|why| AskError::Reader(why.to_string()))??;
        self.fetched = Some(hash);
        self.also = Some(Also { raw, heard });
        Ok(())
    }
}

#[async_trait]
impl Feed for RainFeed {
    fn platform(&self) -> &str {
        &self.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        self.ask().await?;
        Ok((Vec::new(), false))
    }

    fn recorded(&mut self) {
        if let Some(hash) = self.fetched.take() {
            self.known = Some(hash);
        }
    }

    fn also(&mut self) -> Option<Also> {
        self.also.take()
    }
}

/// Opens the connector. Nothing is asked yet.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let options: Options = config.options_as()?;
    if !(0.05..=5.0).contains(&options.half_deg) {
        let why = format!("{} 不在 0.05–5 之内", options.half_deg);
        return Err(KindError { what: "options.half_deg".into(), why, todo: "写保留范围的半宽，度".into() });
    }
    let source: Text = options.title.as_deref().unwrap_or(&config.title).into();
    Ok(Wire::Asked(Box::new(RainFeed {
        name: config.name.clone(),
        every: Duration::from_secs_f64(config.every_s),
        http: parts.http.clone(),
        url: checked_url(&config.url)?,
        header: token_header(options.header, parts)?,
        about: GridAbout { source, kind: options.kind, simulated: R::REALM == Realm::Exercise },
        center: parts.pack.center,
        half_deg: options.half_deg,
        known: None,
        fetched: None,
        also: None,
    })))
}
