//! Kind `video-ai`: what cameras' video recognition reports, asked for page by page or pushed to the hub's door; pictures are
//! fetched and kept ([`pictures`]), verdicts told back ([`Verdict`]).
//!
//! ```toml
//! [[connector]]
//! name = "ai-1"
//! title = "视频智能识别"
//! kind = "video-ai"
//! url = "https://10.0.0.30/ai/events"                    # asked with ?cursor=…&limit=…; empty: pushed to POST /hook/ai-1
//! secrets = { token = "env:AI_TOKEN" }                   # sent as a bearer token; pushed: what the caller must show
//! [connector.options]
//! header = "X-Token"                                     # pushed: carries the token, or with hmac = "hex" a signature
//! kinds = { "0103" = "zhandao_jingying" }                # their code to ours (violations.toml)
//! cameras = { "35020001" = "c00001" }
//! pictures = ["https://10.0.0.31"]                       # other hosts whose pictures may be fetched
//! feedback = "https://10.0.0.30/ai/feedback"             # where verdicts go; without it they stay here
//! ```
//! The token goes to the host of `url` (and of `feedback`) and nowhere else. An event whose picture cannot be had is taken
//! without it, and that is said.

mod pictures;

use super::{
    contract::{ConnectorConfig, Door, Ear, KindError, Knock, KnockRefusal, Listener, Parts, Wire},
    http::{HttpError, MAX_BODY_BYTES, exchange_up_to},
    names,
    outlook::Outlook,
    webhook::{Form, Guard, GuardOptions},
};
use crate::{
    clock::wall_now,
    core::Core,
    detections::{self, PictureStore},
    feeds::{Also, Cursors, Feed, FeedError},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{Command, PlatformId, Realm, Text};
use gulang_platforms::{
    Heard,
    video_ai::{AiPage, Codes, Verdict, VideoAiError, decode, write_verdicts},
};
use pictures::Hosts;
use reqwest::Url;
use serde::Deserialize;
use std::{collections::BTreeMap, marker::PhantomData, sync::Arc, time::Duration};

const ASK_LIMIT: Duration = Duration::from_secs(20);
/// Events of a page; with a picture each, a page takes some seconds.
const PAGE: usize = 100;
/// Verdicts told at once, and how often they are looked for where events are pushed.
const VERDICTS: usize = 200;
const TELL_EVERY: Duration = Duration::from_secs(5);
/// Old pictures are looked for so often.
const SWEEP_EVERY_MS: i64 = 600_000;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    header: String,
    hmac: Option<Form>,
    prefix: String,
    kinds: BTreeMap<String, Text>,
    cameras: BTreeMap<String, Text>,
    pictures: Vec<String>,
    feedback: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Decode(#[from] VideoAiError),
}

impl From<AskError> for FeedError {
    fn from(error: AskError) -> Self {
        let remedy = match &error {
            AskError::Http(error) => error.remedy(),
            AskError::Decode(error) => error.remedy(),
        };
        Self { what: error.to_string(), remedy }
    }
}

/// Opens the connector. Nothing is asked yet.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let options: Options = config.options_as()?;
    let web = |what: &str, text: &str| {
        let url = Url::parse(text).ok().filter(|it| matches!(it.scheme(), "http" | "https") && it.has_host());
        url.ok_or_else(|| fault(what, format!("{text:?} 不是 http 地址"), "写成 http://主机:端口/… 的样子"))
    };
    let token = parts.secrets.get("token").filter(|it| !it.is_empty()).map(str::to_owned);
    let events = if config.url.is_empty() { None } else { Some(web("url", &config.url)?) };
    let seal = match (&events, &token) {
        (Some(_), _) => None,
        (None, None) => {
            let todo = r#"写 url，按时询问；或写 secrets = { token = "env:名字" }，等平台来推"#;
            return Err(fault("secrets", "没有 url，也没有 token：谁都能推".into(), todo));
        }
        (None, Some(_)) if options.header.is_empty() => {
            return Err(fault("options", "没有 header".into(), r#"写 options.header，如 "X-Token""#));
        }
        (None, Some(_)) => {
            let Options { header, hmac, prefix, .. } = &options;
            let proof = GuardOptions { header: header.clone(), hmac: *hmac, prefix: prefix.clone() };
            Some(Guard::of(proof, &parts.secrets)?)
        }
    };
    for (theirs, ours) in &options.kinds {
        if !parts.pack.violations.iter().any(|it| it.id == *ours) {
            let why = format!("{theirs} 对应的 {ours} 不在城市包的 violations.toml 中");
            return Err(fault("options.kinds", why, "用 violations.toml 里的 id"));
        }
    }
    for (theirs, ours) in &options.cameras {
        if !parts.pack.cameras.iter().any(|it| *it.id.as_str() == **ours) {
            let why = format!("{theirs} 对应的摄像头 {ours} 不在城市包中");
            return Err(fault("options.cameras", why, "用 cameras.json 里的 id"));
        }
    }
    let mut hosts = Hosts::new(parts.http.clone(), events.as_ref(), token.as_deref());
    for text in &options.pictures {
        hosts.also(&web("options.pictures", text)?);
    }
    let feedback = options.feedback.as_deref().map(|it| web("options.feedback", it)).transpose()?;
    Ok(Wire::Speaks(Box::new(VideoAi::<R> {
        name: config.name.clone(),
        http: parts.http.clone(),
        events,
        feedback,
        token,
        seal,
        codes: Codes { kinds: options.kinds, cameras: options.cameras },
        hosts,
        cursors: parts.cursors.clone(),
        every: Duration::from_secs_f64(config.every_s.clamp(0.2, 86_400.0)),
        swept_ms: 0,
        is_telling: true,
        realm: PhantomData,
    })))
}

/// One recognition platform of a realm.
pub struct VideoAi<R: RealmKind> {
    name: Text,
    http: reqwest::Client,
    /// None where events are pushed.
    events: Option<Url>,
    feedback: Option<Url>,
    token: Option<String>,
    seal: Option<Guard>,
    codes: Codes,
    hosts: Hosts,
    cursors: Arc<Cursors>,
    every: Duration,
    /// When old pictures were last looked for.
    swept_ms: i64,
    /// The last verdicts could be told.
    is_telling: bool,
    realm: PhantomData<R>,
}

impl<R: RealmKind> VideoAi<R> {
    /// The simulated city's, which goes by our own names.
    pub fn simulated(http: reqwest::Client, base: &str, cursors: Arc<Cursors>) -> Self {
        let at = |what: &str| Url::parse(&format!("{base}/{what}")).ok();
        let events = at("events");
        Self {
            name: names::VIDEO_AI.into(),
            hosts: Hosts::new(http.clone(), events.as_ref(), None),
            http,
            events,
            feedback: at("feedback"),
            token: None,
            seal: None,
            codes: Codes::default(),
            cursors,
            every: Duration::from_secs(2),
            swept_ms: 0,
            is_telling: true,
            realm: PhantomData,
        }
    }

    /// The same as a feed of the hub's own.
    pub fn asked(self, core: Arc<Core>) -> AskedVideoAi<R> {
        AskedVideoAi { source: self, core, next: None, also: None }
    }

    fn cursor_name(&self) -> String {
        format!("video-ai/{}", self.name)
    }

    fn verdict_name(&self) -> String {
        format!("video-ai/{}/verdicts", self.name)
    }

    /// The next page, and the bytes it came in.
    async fn page(&self) -> Result<(Vec<u8>, AiPage), AskError> {
        let Some(url) = &self.events else { return Ok((Vec::new(), AiPage::default())) };
        let cursor = self.cursors.get(&self.cursor_name());
        let mut request = self.http.get(url.clone()).query(&[("limit", PAGE.to_string())]);
        if !cursor.is_empty() {
            request = request.query(&[("cursor", cursor)]);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let bytes = exchange_up_to(MAX_BODY_BYTES, request, url.as_str(), ASK_LIMIT).await?;
        let page = decode(&bytes, &self.codes)?;
        Ok((bytes, page))
    }

    /// What a page means, its pictures fetched and kept; without a hub they are looked at and let go.
    async fn heard(&mut self, page: AiPage, core: Option<&Arc<Core>>) -> Heard {
        let store = core.map(|it| PictureStore::of(&it.dir));
        if let Some(core) = core
            && wall_now().0 - self.swept_ms > SWEEP_EVERY_MS
        {
            self.swept_ms = wall_now().0;
            let core = core.clone();
            drop(tokio::task::spawn_blocking(move || detections::sweep(&core)));
        }
        let mut heard = Heard { refused: page.refused, ..Heard::default() };
        for (report, failure) in self.hosts.fetch_all(page.events, store.as_ref()).await {
            if let Some(why) = failure {
                heard.refuse(&format!("{} 的图片", report.event), format!("{why}；事件照收，没有图片"));
            }
            heard.commands.push(Command::ReportDetection { report });
        }
        heard
    }

    /// Tells the platform what officers said since the last time; why it could not, once.
    async fn tell(&mut self, outlook: &Outlook<R>) -> Option<String> {
        loop {
            let url = self.feedback.as_ref()?;
            let after: u64 = self.cursors.get(&self.verdict_name()).parse().unwrap_or(0);
            let platform = PlatformId::from(&*self.name);
            let (verdicts, last) = outlook.look(|city, _| {
                let all = city.verdicts_after(&platform, after, VERDICTS);
                let last = all.last().map(|it| it.verdict_no);
                (all.into_iter().filter_map(|it| Verdict::of(city, it)).collect::<Vec<_>>(), last)
            });
            let last = last?;
            let mut request = self.http.post(url.clone()).json(&write_verdicts(&verdicts, R::REALM == Realm::Exercise));
            if let Some(token) = &self.token {
                request = request.bearer_auth(token);
            }
            if let Err(why) = exchange_up_to(MAX_BODY_BYTES, request, url.as_str(), ASK_LIMIT).await {
                // Asked again at the next turn; said once until it works.
                return std::mem::replace(&mut self.is_telling, false).then(|| why.to_string());
            }
            self.is_telling = true;
            self.cursors.set(&self.verdict_name(), &last.to_string());
        }
    }

    async fn tell_from(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let Some(outlook) = ear.outlook::<R>() else { return Ok(()) };
        let Some(why) = self.tell(&outlook).await else { return Ok(()) };
        let mut heard = Heard::default();
        heard.refuse("判定回送", why);
        ear.take(&[], heard).await.map_err(not_recorded)
    }

    async fn ask(&mut self, ear: &Ear) -> Result<(), FeedError> {
        loop {
            let (bytes, page) = self.page().await?;
            let (cursor, n_events) = (page.cursor.clone(), page.events.len() + page.refused.len());
            let more = page.more && n_events > 0;
            let core = ear.sink.core();
            let heard = self.heard(page, core.as_ref()).await;
            if n_events > 0 {
                ear.take(&bytes, heard).await.map_err(not_recorded)?;
            } else {
                ear.alive();
            }
            if let Some(cursor) = cursor {
                self.cursors.set(&self.cursor_name(), &cursor);
            }
            self.tell_from(ear).await?;
            if !more {
                tokio::time::sleep(self.every).await;
            }
        }
    }

    async fn hear(&mut self, ear: &Ear, door: Door) -> Result<(), FeedError> {
        let mut knocks = door.lock().await;
        let mut turns = tokio::time::interval(TELL_EVERY);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                knock = knocks.recv() => {
                    let Some(knock) = knock else { return Ok(()) };
                    self.let_in(ear, knock).await;
                }
                _ = turns.tick() => self.tell_from(ear).await?,
            }
        }
    }

    async fn let_in(&mut self, ear: &Ear, knock: Knock) {
        let is_let_in = self.seal.as_ref().is_some_and(|it| it.admits(&knock));
        // Before its pictures are fetched.
        let answer = if is_let_in && ear.sink.turns_away(knock.body.len()) {
            Err(KnockRefusal::TooFast)
        } else if is_let_in {
            let core = ear.sink.core();
            let heard = match decode(&knock.body, &self.codes) {
                Ok(page) => self.heard(page, core.as_ref()).await,
                Err(why) => {
                    let mut heard = Heard::default();
                    heard.refuse(&String::from_utf8_lossy(&knock.body), why);
                    heard
                }
            };
            ear.take_knock(&knock.body, heard).await
        } else {
            Err(KnockRefusal::Unauthorized)
        };
        // Whoever asked may be gone.
        let _ = knock.answer.send(answer);
    }
}

fn not_recorded(what: String) -> FeedError {
    FeedError { what, remedy: "日志写不进去：检查磁盘" }
}

#[async_trait]
impl<R: RealmKind> Listener for VideoAi<R> {
    fn platform(&self) -> &str {
        &self.name
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        if self.seal.is_none() {
            return self.ask(ear).await;
        }
        let closed = FeedError { what: "枢纽没有为它开门".into(), remedy: "重启枢纽" };
        self.hear(ear, ear.door().ok_or(closed)?).await
    }
}

/// [`VideoAi`] among the feeds of a simulated city.
pub struct AskedVideoAi<R: RealmKind> {
    source: VideoAi<R>,
    core: Arc<Core>,
    /// Where the next page begins, once this one is in the log.
    next: Option<String>,
    also: Option<Also>,
}

#[async_trait]
impl<R: RealmKind> Feed for AskedVideoAi<R> {
    fn platform(&self) -> &str {
        &self.source.name
    }

    fn every(&self) -> Duration {
        self.source.every
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        let mut untold = None;
        if let Some(outlook) = Outlook::<R>::of(self.core.clone()) {
            untold = self.source.tell(&outlook).await;
        }
        let (raw, page) = self.source.page().await?;
        self.next = page.cursor.clone();
        let more = page.more && !page.events.is_empty();
        let mut heard = self.source.heard(page, Some(&self.core)).await;
        if let Some(why) = untold {
            heard.refuse("判定回送", why);
        }
        let platform = PlatformId::from(&*self.source.name);
        let mut commands = std::mem::take(&mut heard.commands);
        commands.extend(std::mem::take(&mut heard.refused).into_iter().map(|it| it.into_command(&platform)));
        self.also = Some(Also { raw, heard });
        Ok((commands, more))
    }

    fn recorded(&mut self) {
        if let Some(cursor) = self.next.take() {
            self.source.cursors.set(&self.source.cursor_name(), &cursor);
        }
    }

    fn also(&mut self) -> Option<Also> {
        self.also.take()
    }
}
