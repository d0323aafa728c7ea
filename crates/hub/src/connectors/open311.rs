//! Kind `open311`: a GeoReport v2 server, both ways.
//!
//! ```toml
//! [[connector]]
//! name = "city-311"
//! title = "市民热线"
//! kind = "open311"
//! url = "https://311.example.cn/v2"
//! every_s = 60
//! secrets = { api_key = "env:OPEN311_KEY" }          # only to report
//! [connector.options]
//! jurisdiction_id = "example.cn"
//! agency = "csgl"                                     # whose a service is that the table has not
//! first_days = 30                                     # how far back to begin
//! services = { "006" = { agency = "szyl", kind = "part" } }
//! ```
//! The standard knows no key that makes a repeat harmless: ours stands in the description, and before anything is sent it is
//! looked for there.

use super::{
    contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Wire},
    http::{self, HttpError},
    outlook::Outlook,
};
use crate::{
    feeds::{Cursors, FeedError},
    realm::{NewsDispatch, RealmKind, untold},
};
use async_trait::async_trait;
use gulang_city::{
    AgencyId, CaseKind, Command, DistrictId, FoundCase, LonLat, News, OwnCaseId, Pack, PlatformId, Timestamp,
};
use gulang_platforms::open311::{self as codec, Open311Error, Reading, Reported, Service, Target};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

pub const KIND: &str = "open311";
const ASK_LIMIT: Duration = Duration::from_secs(20);
/// Windows of one round; more wait for the next.
const WINDOWS_AT_ONCE: usize = 20;
/// A place farther from every township is not of this city, m.
const MAX_TOWNSHIP_M: f64 = 40_000.0;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    agency: String,
    #[serde(default)]
    jurisdiction_id: String,
    #[serde(default = "thirty")]
    first_days: i64,
    #[serde(default)]
    services: BTreeMap<String, ServiceOption>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceOption {
    agency: String,
    #[serde(default)]
    kind: Option<CaseKind>,
}

fn thirty() -> i64 {
    30
}

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Said(#[from] Open311Error),
}

impl From<AskError> for FeedError {
    fn from(error: AskError) -> Self {
        let remedy = match &error {
            AskError::Http(error) => error.remedy(),
            AskError::Said(error) => error.remedy(),
        };
        Self { what: error.to_string(), remedy }
    }
}

pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let options: Options = config.options_as()?;
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    if !reqwest::Url::parse(&config.url).is_ok_and(|it| matches!(it.scheme(), "http" | "https")) {
        return Err(fault("url", format!("{:?} 不是 http 地址", config.url), "写成 https://主机/v2 的样子"));
    }
    if config.max_per_s.is_some() {
        return Err(fault("max_per_s", "按页询问，丢一页就丢一批案件".into(), "删去 max_per_s，用 every_s 放慢"));
    }
    let agency_of = |key: &str, id: &str| -> Result<AgencyId, KindError> {
        let is_known = parts.pack.agencies.iter().any(|it| it.id.as_str() == id);
        is_known.then(|| id.into()).ok_or_else(|| fault(key, format!("没有部门 {id}"), "用 agencies.json 中的编号"))
    };
    let otherwise = agency_of("options.agency", &options.agency)?;
    let mut services = BTreeMap::new();
    for (code, it) in &options.services {
        let agency = agency_of("options.services", &it.agency)?;
        services.insert(code.clone(), Target { agency, kind: it.kind.unwrap_or(CaseKind::Event) });
    }
    Ok(Wire::Speaks(Box::new(GeoReport::<R> {
        platform: PlatformId::from(&*config.name),
        http: parts.http.clone(),
        base: config.url.trim_end_matches('/').to_owned(),
        jurisdiction: options.jurisdiction_id,
        api_key: parts.secrets.get("api_key").map(str::to_owned),
        every: Duration::from_secs_f64(config.every_s.clamp(1.0, 3600.0)),
        first_days: options.first_days,
        services,
        otherwise,
        cursors: parts.cursors.clone(),
        pack: parts.pack.clone(),
        offered: Vec::new(),
        realm: std::marker::PhantomData,
    })))
}

struct GeoReport<R: RealmKind> {
    platform: PlatformId,
    http: reqwest::Client,
    base: String,
    jurisdiction: String,
    api_key: Option<String>,
    every: Duration,
    first_days: i64,
    services: BTreeMap<String, Target>,
    otherwise: AgencyId,
    cursors: Arc<Cursors>,
    pack: Arc<Pack>,
    /// What may be reported, once it was asked.
    offered: Vec<Service>,
    realm: std::marker::PhantomData<R>,
}

impl<R: RealmKind> GeoReport<R> {
    async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Vec<u8>, AskError> {
        let url = format!("{}/{path}", self.base);
        let mut request = self.http.get(&url).query(query);
        if !self.jurisdiction.is_empty() {
            request = request.query(&[("jurisdiction_id", &self.jurisdiction)]);
        }
        Ok(http::exchange(request, &url, ASK_LIMIT).await?)
    }

    /// From the cursor to now, in the standard's windows.
    async fn poll(&self, ear: &Ear) -> Result<(), FeedError> {
        let name = format!("{}/updated", self.platform);
        for _ in 0..WINDOWS_AT_ONCE {
            let now = ear.now();
            let cursor = self.cursors.get(&name).parse().ok().map(Timestamp);
            let (from, to) = codec::window(cursor, now, self.first_days);
            let span = [("start_date", codec::w3c(from)), ("end_date", codec::w3c(to.plus_secs(1)))];
            let bytes = self.get("requests.json", &span).await?;
            let requests = {
                let with = Reading {
                    platform: &self.platform,
                    services: &self.services,
                    otherwise: &self.otherwise,
                    district_of: &|at| district_of(&self.pack, at),
                };
                codec::read_requests(&bytes, &with).map_err(AskError::from)?
            };
            let unrecorded = |what| FeedError { what, remedy: "日志写不进去：检查磁盘" };
            ear.take(&bytes, requests.heard).await.map_err(unrecorded)?;
            // The newest change that was told; without any, what lies behind is done with, but for an hour of lateness.
            let quiet = to + -3_600_000;
            let next = requests.newest.map_or(quiet, |it| it.max(quiet)).max(from).min(now);
            self.cursors.set(&name, &next.0.to_string());
            if to >= now {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What the log owes this platform: cases found here. Everything else the standard has no words for.
    async fn tell(&mut self, outlook: &Outlook<R>) -> Result<(), FeedError> {
        for news in outlook.look(|city, _| untold::<R>(city, &self.platform)) {
            let telling = news.telling.number;
            let report = match &news.telling.news {
                News::CaseFound { own, found, at } => match self.send(&news, *own, found, *at).await {
                    Ok(Some(report)) => report,
                    Ok(None) => continue,
                    Err(why) => {
                        let error = Some(why.to_string().into());
                        let report = Command::ReportTelling { telling, error, is_final: false };
                        let _ = outlook.report(&self.platform, vec![report]).await;
                        return Err(why.into());
                    }
                },
                other => {
                    let why = format!("Open311 没有「{}」，请电话联系该平台", other.name_zh());
                    Command::ReportTelling { telling, error: Some(why.into()), is_final: true }
                }
            };
            let told = outlook.report(&self.platform, vec![report]).await;
            told.map_err(|why| FeedError { what: why.to_string(), remedy: "日志写不进去：检查磁盘" })?;
        }
        Ok(())
    }

    /// `None` while its number is still to come.
    async fn send(
        &mut self,
        news: &NewsDispatch<R>,
        own: OwnCaseId,
        found: &FoundCase,
        opened: Timestamp,
    ) -> Result<Option<Command>, AskError> {
        let taken = |id: String| Command::ReportOwnCase { own, external: id.into(), task: "".into() };
        let kept = format!("{}/token/{}", self.platform, news.key);
        let token = self.cursors.get(&kept);
        if !token.is_empty() {
            let bytes = self.get(&format!("tokens/{token}.json"), &[]).await?;
            return Ok(match codec::read_reported(&bytes)? {
                Reported::Id(id) => Some(taken(id)),
                Reported::Token(_) => None,
            });
        }
        // Whether it got there before, its answer lost.
        let span = [("start_date", codec::w3c(opened.plus_mins(-60)))];
        if let Some(id) = codec::find_key(&self.get("requests.json", &span).await?, &news.key)? {
            return Ok(Some(taken(id)));
        }
        if self.offered.is_empty() {
            self.offered = codec::read_services(&self.get("services.json", &[]).await?)?;
        }
        let none = || Open311Error::Garbage { why: "services.json 里没有一种服务".into() };
        let service = codec::service_for(&self.offered, &found.title).ok_or_else(none)?;
        let mut pairs = codec::report(found, &service.code, &news.key);
        pairs.extend(self.api_key.clone().map(|it| ("api_key", it)));
        if !self.jurisdiction.is_empty() {
            pairs.push(("jurisdiction_id", self.jurisdiction.clone()));
        }
        let url = format!("{}/requests.json", self.base);
        let form = reqwest::Url::parse_with_params("http://form/", &pairs).ok();
        let body = form.as_ref().and_then(|it| it.query()).unwrap_or_default().to_owned();
        let request = self.http.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body);
        let bytes = http::exchange(request, &url, ASK_LIMIT).await?;
        Ok(match codec::read_reported(&bytes)? {
            Reported::Id(id) => Some(taken(id)),
            Reported::Token(token) => {
                self.cursors.set(&kept, &token);
                None
            }
        })
    }
}

/// The district of the nearest township, else of the nearest district's centre.
fn district_of(pack: &Pack, at: LonLat) -> Option<DistrictId> {
    let townships = pack.townships.iter().map(|it| (it.center.distance_m(at), &it.district));
    let districts = pack.districts.iter().map(|it| (it.center.distance_m(at), &it.id));
    let nearest = townships.chain(districts).min_by(|a, b| a.0.total_cmp(&b.0))?;
    (nearest.0 <= MAX_TOWNSHIP_M).then(|| nearest.1.clone())
}

#[async_trait]
impl<R: RealmKind> Listener for GeoReport<R> {
    fn platform(&self) -> &str {
        self.platform.as_str()
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        loop {
            self.poll(ear).await?;
            if let Some(outlook) = ear.outlook::<R>() {
                self.tell(&outlook).await?;
            }
            tokio::time::sleep(self.every).await;
        }
    }
}
