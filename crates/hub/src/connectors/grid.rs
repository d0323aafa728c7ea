//! Kind `grid`: the grid platform's duties and positions, in the shape [`gulang_platforms::grid`] documents. A platform of
//! another shape gives its positions by kind `rest` and a mapping to `thing`, register `grid_worker`.
//!
//! ```toml
//! [[connector]]
//! name = "grid"
//! title = "网格平台"
//! kind = "grid"
//! url = "https://10.0.0.40/grid/status"
//! every_s = 15
//! crs = "gcj02"
//! secrets = { token = "env:GRID_TOKEN" }              # sent as a bearer; may be left out
//! ```
//! Cells and people are the pack's (`grid.json`); who is not in it is passed over. No name and no telephone number is read.

use super::{
    contract::{ConnectorConfig, KindError, Parts, Wire},
    http,
};
use crate::{
    feeds::{Also, Feed, FeedError},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{Command, Text};
use gulang_platforms::{grid, mapping::Crs};
use serde::Deserialize;
use std::time::Duration;

pub const KIND: &str = "grid";
const ASK_LIMIT: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let Options {} = config.options_as()?;
    if !reqwest::Url::parse(&config.url).is_ok_and(|it| matches!(it.scheme(), "http" | "https")) {
        let (why, todo) = (format!("{:?} 不是 http 地址", config.url), "写成 https://主机/路径 的样子".to_owned());
        return Err(KindError { what: "url".into(), why, todo });
    }
    Ok(Wire::Asked(Box::new(GridFeed {
        name: config.name.clone(),
        http: parts.http.clone(),
        url: config.url.to_string(),
        token: parts.secrets.get("token").map(str::to_owned),
        crs: config.crs.into(),
        every: Duration::from_secs_f64(config.every_s.clamp(1.0, 3600.0)),
        also: None,
    })))
}

/// The grid platform, asked again and again.
pub struct GridFeed {
    name: Text,
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    crs: Crs,
    every: Duration,
    also: Option<Also>,
}

impl GridFeed {
    /// The simulated city's.
    pub fn simulated(http: reqwest::Client, url: String) -> Self {
        let name = super::names::GRID.into();
        Self { name, http, url, token: None, crs: Crs::Wgs84, every: Duration::from_secs(5), also: None }
    }
}

#[async_trait]
impl Feed for GridFeed {
    fn platform(&self) -> &str {
        &self.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        let mut request = self.http.get(&self.url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let asked = http::exchange(request, &self.url, ASK_LIMIT).await;
        let bytes = asked.map_err(|why| FeedError { what: why.to_string(), remedy: why.remedy() })?;
        let read = grid::read(&bytes, self.crs);
        let mut heard = read.map_err(|why| FeedError { what: why.to_string(), remedy: why.remedy() })?;
        let commands = std::mem::take(&mut heard.commands);
        // The answer itself may have people's names in it, and is shown to nobody.
        let raw = format!("{} 字节，{} 个位置", bytes.len(), heard.news.len()).into_bytes();
        self.also = Some(Also { raw, heard });
        Ok((commands, false))
    }

    fn recorded(&mut self) {}

    fn also(&mut self) -> Option<Also> {
        self.also.take()
    }
}
