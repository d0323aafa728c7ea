//! Kinds `typhoon-zj`, `typhoon-nmc`, `typhoon-jma`: typhoon feeds in the shapes of 浙江水利厅, 中央气象台台风网 and JMA.
//!
//! ```toml
//! kind = "typhoon-nmc"
//! url = "https://typhoon.nmc.cn/weatherservice/typhoon/jsons"   # or …/bosai/typhoon/data, or …slt.zj.gov.cn
//! ```
//! Several may run at once: the city knows one storm by its number or name, and keeps every agency's every issue.

use super::{
    contract::{ConnectorConfig, KindError, Parts, Wire},
    http::{HttpError, checked_url, exchange},
    names, refuse,
};
use crate::{
    clock::wall_now,
    feeds::{Also, Feed, FeedError},
    log::{Chain, sm3},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{Command, Text, Timestamp};
use gulang_platforms::typhoon::{self, jma, nmc, zhejiang};
use std::{collections::BTreeMap, time::Duration};

const ASK_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum TyphoonError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Garbage(#[from] typhoon::TyphoonError),
}

impl TyphoonError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Http(error) => error.remedy(),
            Self::Garbage(error) => error.remedy(),
        }
    }
}

/// Whose pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Zhejiang,
    Nmc,
    Jma,
}

/// A page as it last was.
struct Page {
    hash: Chain,
    bytes: Vec<u8>,
}

pub struct TyphoonFeed {
    name: Text,
    every: Duration,
    shape: Shape,
    http: reqwest::Client,
    base: String,
    timeout: Duration,
    now: Timestamp,
    /// What each typhoon's page last was, so that only news are decoded; kept while the source calls it active, and asked
    /// once more after.
    known: BTreeMap<String, Page>,
    fetched: Vec<(String, Page)>,
    ended: Vec<String>,
    raw: Vec<u8>,
}

impl TyphoonFeed {
    /// The address of `[actual]` and of the simulated city.
    pub fn built_in(http: reqwest::Client, base: String, timeout: Duration) -> Self {
        Self::new(names::TYPHOON.into(), Duration::from_secs(5), Shape::Zhejiang, (http, base, timeout))
    }

    fn new(
        name: Text,
        every: Duration,
        shape: Shape,
        (http, base, timeout): (reqwest::Client, String, Duration),
    ) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let (known, fetched, ended) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { name, every, shape, http, base, timeout, now: wall_now(), known, fetched, ended, raw: Vec::new() }
    }

    /// Those the source calls active.
    async fn active(&self) -> Result<Vec<String>, TyphoonError> {
        Ok(match self.shape {
            Shape::Zhejiang => zhejiang::decode_activity(&self.get("Api/TyhoonActivity").await?)?,
            Shape::Nmc => {
                let page = self.get(&format!("list_{}", self.now.beijing().year())).await?;
                nmc::decode_list(&page)?.into_iter().filter(|it| it.active).map(|it| it.dbid).collect()
            }
            Shape::Jma => jma::decode_targets(&self.get("targetTc.json").await?)?,
        })
    }

    async fn page(&self, id: &str) -> Result<Vec<u8>, TyphoonError> {
        self.get(&match self.shape {
            Shape::Zhejiang => format!("Api/TyphoonInfo/{id}"),
            Shape::Nmc => format!("view_{id}"),
            Shape::Jma => format!("{id}/specifications.json"),
        })
        .await
    }

    fn decode(&self, id: &str, bytes: &[u8], is_active: bool) -> Result<Command, typhoon::TyphoonError> {
        match self.shape {
            Shape::Zhejiang => zhejiang::decode_info(bytes),
            Shape::Nmc => nmc::decode_view(bytes),
            Shape::Jma => jma::decode_specifications(bytes, id, is_active),
        }
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, TyphoonError> {
        let url = format!("{}/{path}", self.base);
        let request = self.http.get(&url).header("Referer", format!("{}/", self.base));
        Ok(exchange(request, &url, self.timeout).await?)
    }

    async fn ask(&mut self) -> Result<Vec<Command>, TyphoonError> {
        (self.fetched, self.ended, self.raw) = (Vec::new(), Vec::new(), Vec::new());
        let active = self.active().await?;
        let mut commands = Vec::new();
        let gone: Vec<String> = self.known.keys().filter(|it| !active.contains(it)).cloned().collect();
        for id in active.iter().chain(&gone) {
            let is_active = active.contains(id);
            let is_last = !is_active && self.shape == Shape::Jma;
            let bytes = match self.known.get(id) {
                // Its page goes with it: what it said last is said again, ended.
                Some(page) if is_last => page.bytes.clone(),
                _ => self.page(id).await?,
            };
            let hash = sm3(&[&bytes]);
            if !is_last && self.known.get(id).is_some_and(|it| it.hash == hash) {
                continue;
            }
            commands.push(self.decode(id, &bytes, is_active).unwrap_or_else(|why| refuse(&self.name, id, why)));
            self.raw.clone_from(&bytes);
            if is_last {
                self.ended.push(id.clone());
            } else {
                // Only a page that goes away is needed again.
                let kept = if self.shape == Shape::Jma { bytes } else { Vec::new() };
                self.fetched.push((id.clone(), Page { hash, bytes: kept }));
            }
        }
        Ok(commands)
    }
}

#[async_trait]
impl Feed for TyphoonFeed {
    fn platform(&self) -> &str {
        &self.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    fn tell_time(&mut self, now: Timestamp) {
        self.now = now;
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        Ok((self.ask().await?, false))
    }

    fn recorded(&mut self) {
        self.known.extend(self.fetched.drain(..));
        for id in self.ended.drain(..) {
            self.known.remove(&id);
        }
    }

    fn also(&mut self) -> Option<Also> {
        let raw = std::mem::take(&mut self.raw);
        (!raw.is_empty()).then(|| Also { raw, heard: gulang_platforms::Heard::default() })
    }
}

pub fn open_zhejiang<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    open(config, parts, Shape::Zhejiang)
}

pub fn open_nmc<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    open(config, parts, Shape::Nmc)
}

pub fn open_jma<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    open(config, parts, Shape::Jma)
}

fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>, shape: Shape) -> Result<Wire, KindError> {
    let every = Duration::from_secs_f64(config.every_s);
    let wires = (parts.http.clone(), checked_url(&config.url)?, ASK_LIMIT);
    Ok(Wire::Asked(Box::new(TyphoonFeed::new(config.name.clone(), every, shape, wires))))
}
