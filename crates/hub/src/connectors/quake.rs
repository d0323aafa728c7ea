//! Kind `quake`: earthquake early warnings and quick reports in JSON, by a preset or a mapping of one's own.
//!
//! ```toml
//! url = "https://relay.example/fj_eew.json"       # asked; or no url: the platform pushes to POST /hook/{name}
//! every_s = 1
//! options = { preset = "eew", source = "福建省地震局", within_km = 800, min_magnitude = 3.0 }
//! [connector.options.fields]                      # over the preset; RFC 9535
//! magnitude = ["$.Mag"]
//! ```
//! Presets: `eew`, `cenc_list`, `usgs`, `gulang`. Pushed reports are authenticated as a webhook's are
//! (`options.hook = { header = "X-Token" }`, `secrets.token`).

use super::{
    contract::{ConnectorConfig, Ear, KindError, KnockRefusal, Listener, Parts, Wire},
    http::{HttpError, checked_url, exchange, token_header},
    names,
    webhook::{Guard, GuardOptions},
};
use crate::{
    clock::wall_now,
    feeds::{Also, Feed, FeedError},
    log::{Chain, sm3},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{Command, LonLat, PlatformId, Realm, Text, Timestamp};
use gulang_platforms::{
    Heard,
    quake::{QuakeError, QuakeFields, QuakeShape, preset},
};
use serde::Deserialize;
use std::time::Duration;

const ASK_LIMIT: Duration = Duration::from_secs(15);

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Quake(#[from] QuakeError),
}

impl From<AskError> for FeedError {
    fn from(error: AskError) -> Self {
        let remedy = match &error {
            AskError::Http(error) => error.remedy(),
            AskError::Quake(error) => error.remedy(),
        };
        Self { what: error.to_string(), remedy }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    preset: String,
    source: Option<String>,
    within_km: f64,
    min_magnitude: f32,
    header: Option<String>,
    hook: Option<GuardOptions>,
    fields: QuakeFields,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            preset: "eew".into(),
            source: None,
            within_km: 1000.0,
            min_magnitude: 0.0,
            header: None,
            hook: None,
            fields: QuakeFields::default(),
        }
    }
}

/// Which reports are the city's business.
#[derive(Clone, Debug)]
struct Sieve {
    shape: QuakeShape,
    center: LonLat,
    within_km: f64,
    min_magnitude: f32,
    realm: Realm,
}

impl Sieve {
    /// Far and small quakes are passed over: lists of the whole country hold little else.
    fn read(&self, bytes: &[u8], now: Timestamp) -> Result<Heard, QuakeError> {
        let mut heard = self.shape.read(bytes, now)?;
        heard.commands.retain(|it| match it {
            Command::ReportQuake { report } => {
                let is_near = report.at.distance_m(self.center) <= self.within_km * 1000.0;
                is_near && report.magnitude >= self.min_magnitude
            }
            _ => true,
        });
        let is_other = |it: &Command| matches!(it, Command::ReportQuake { report } if report.drill != (self.realm == Realm::Exercise));
        let (others, ours) = heard.commands.into_iter().partition(is_other);
        heard.commands = ours;
        for it in others {
            if let Command::ReportQuake { report } = it {
                let what =
                    if report.drill { "演练地震，不进入实战" } else { "实战地震，不进入演练" };
                heard.refuse(&report.id, what);
            }
        }
        Ok(heard)
    }
}

/// Asked again and again.
pub struct QuakeFeed {
    name: Text,
    every: Duration,
    http: reqwest::Client,
    url: String,
    header: Option<(String, String)>,
    sieve: Sieve,
    is_built_in: bool,
    now: Timestamp,
    known: Option<Chain>,
    fetched: Option<Chain>,
    also: Option<Also>,
}

impl QuakeFeed {
    /// The address of the simulated city; `None` if its own preset cannot be read, which a test of the codec rules out.
    pub fn built_in(http: reqwest::Client, url: String, realm: Realm, center: LonLat) -> Option<Self> {
        let shape = preset("gulang").and_then(|it| it.shape()).ok()?;
        Some(Self {
            name: names::QUAKE.into(),
            every: Duration::from_secs(1),
            http,
            url,
            header: None,
            sieve: Sieve { shape, center, within_km: 1000.0, min_magnitude: 0.0, realm },
            is_built_in: true,
            now: wall_now(),
            known: None,
            fetched: None,
            also: None,
        })
    }

    async fn ask(&mut self) -> Result<(Heard, Vec<u8>), AskError> {
        self.fetched = None;
        let mut request = self.http.get(&self.url);
        if let Some((name, value)) = &self.header {
            request = request.header(name.as_str(), value.as_str());
        }
        let bytes = exchange(request, &self.url, ASK_LIMIT).await?;
        let hash = sm3(&[&bytes]);
        if self.known.as_ref() == Some(&hash) {
            return Ok((Heard::default(), Vec::new()));
        }
        let heard = self.sieve.read(&bytes, self.now)?;
        self.fetched = Some(hash);
        Ok((heard, bytes))
    }
}

#[async_trait]
impl Feed for QuakeFeed {
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
        self.also = None;
        let (mut heard, raw) = self.ask().await?;
        let mut commands = std::mem::take(&mut heard.commands);
        if self.is_built_in {
            let platform = PlatformId::from(&*self.name);
            commands.extend(heard.refused.into_iter().map(|it| it.into_command(&platform)));
        } else if !raw.is_empty() {
            self.also = Some(Also { raw, heard });
        }
        Ok((commands, false))
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

/// Pushed to the hub's own door.
struct QuakeHook {
    name: Text,
    guard: Guard,
    sieve: Sieve,
}

#[async_trait]
impl Listener for QuakeHook {
    fn platform(&self) -> &str {
        &self.name
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let closed = FeedError { what: "枢纽没有为它开门".into(), remedy: "重启枢纽" };
        let door = ear.door().ok_or(closed)?;
        let mut knocks = door.lock().await;
        while let Some(knock) = knocks.recv().await {
            let answer = if self.guard.admits(&knock) {
                let heard = self.sieve.read(&knock.body, ear.now()).unwrap_or_else(|why| {
                    let mut heard = Heard::default();
                    heard.refuse(&String::from_utf8_lossy(&knock.body), why);
                    heard
                });
                ear.take_knock(&knock.body, heard).await
            } else {
                Err(KnockRefusal::Unauthorized)
            };
            // Whoever asked may be gone.
            let _ = knock.answer.send(answer);
        }
        Ok(())
    }
}

/// Opens the connector. Nothing is asked yet.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let options: Options = config.options_as()?;
    let fault = |key: &str, error: QuakeError| KindError {
        what: key.to_owned(),
        why: error.to_string(),
        todo: error.remedy().to_owned(),
    };
    let base = preset(&options.preset).map_err(|why| fault("options.preset", why))?;
    let mut fields = options.fields.over(base);
    fields.source = options.source.or(fields.source);
    let shape = fields.shape().map_err(|why| fault("options.fields", why))?;
    if !(1.0..=1500.0).contains(&options.within_km) {
        let why = format!("{} 不在 1–1500 之内", options.within_km);
        return Err(KindError {
            what: "options.within_km".into(), why, todo: "写震中到市中心的最远距离，km".into()
        });
    }
    let (within_km, min_magnitude) = (options.within_km, options.min_magnitude);
    let sieve = Sieve { shape, center: parts.pack.center, within_km, min_magnitude, realm: R::REALM };
    let name = config.name.clone();
    if config.url.is_empty() {
        let Some(hook) = options.hook else {
            let (why, todo) = ("既没有 url，也没有 options.hook", "写 url，或写 hook = { header = \"X-Token\" }");
            return Err(KindError { what: "url".into(), why: why.into(), todo: todo.into() });
        };
        let guard = Guard::of(hook, &parts.secrets)?;
        return Ok(Wire::Speaks(Box::new(QuakeHook { name, guard, sieve })));
    }
    Ok(Wire::Asked(Box::new(QuakeFeed {
        name,
        every: Duration::from_secs_f64(config.every_s),
        http: parts.http.clone(),
        url: checked_url(&config.url)?,
        header: token_header(options.header, parts)?,
        sieve,
        is_built_in: false,
        now: wall_now(),
        known: None,
        fetched: None,
        also: None,
    })))
}
