//! Kind `egova`: a case platform in the shape of the eGova open interface, both ways; as many as a city has.
//!
//! ```toml
//! [[connector]]
//! name = "haicang-case"                     # also the platform's id: agencies and rules/cases.toml name it
//! title = "海沧案件平台"
//! kind = "egova"
//! url = "https://10.0.0.30/eurbanpro/openapi"
//! every_s = 2
//! secrets = { id = "env:EGOVA_ID", secret = "env:EGOVA_SECRET" }     # or token = "env:EGOVA_TOKEN"
//! [connector.options]
//! token_url = "https://10.0.0.30/oauth/token"                        # with id and secret
//! feeds = ["cases", "notices"]                                       # also evacuation, units
//! ```
//! What its agencies are ordered, what is done to its cases and what is reported to it goes out as long as the connector is
//! open; under `--try` nothing is sent.

use super::{
    access::Access,
    city_platform::CityPlatform,
    contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Wire},
};
use crate::{
    core::Core,
    feeds::{Cursors, FeedError},
    outbox,
    realm::RealmKind,
    street_calls,
};
use async_trait::async_trait;
use gulang_city::{Command, PlatformId};
use gulang_platforms::{Heard, Refused, egova::Page};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;

pub const KIND: &str = "egova";
const ASK_LIMIT: Duration = Duration::from_secs(20);
const PAGE: u32 = 500;
/// Pages of one feed before the others have their turn.
const PAGES_AT_ONCE: usize = 20;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    token_url: String,
    feeds: Vec<What>,
}

impl Default for Options {
    fn default() -> Self {
        Self { token_url: String::new(), feeds: vec![What::Cases, What::Notices] }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Cases,
    Notices,
    Evacuation,
    Units,
}

impl What {
    fn id(self) -> &'static str {
        match self {
            Self::Cases => "cases",
            Self::Notices => "notices",
            Self::Evacuation => "evacuation",
            Self::Units => "units",
        }
    }
}

pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let options: Options = config.options_as()?;
    let fault = |what: &str, why: &str, todo: &str| KindError { what: what.into(), why: why.into(), todo: todo.into() };
    let is_http = |url: &str| reqwest::Url::parse(url).is_ok_and(|it| matches!(it.scheme(), "http" | "https"));
    if !is_http(&config.url) || config.url.contains('?') {
        return Err(fault("url", "不是开放接口的 http 地址", "写成 https://主机/路径/openapi，不带问号和令牌"));
    }
    if config.max_per_s.is_some() {
        return Err(fault("max_per_s", "按页询问，丢一页就丢一批案件", "删去 max_per_s，用 every_s 放慢"));
    }
    let secret = |name: &str| parts.secrets.get(name).filter(|it| !it.is_empty());
    let access = match (secret("token"), secret("id"), secret("secret")) {
        (Some(token), None, None) => Access::fixed(token),
        (None, Some(id), Some(secret)) if is_http(&options.token_url) => {
            Access::fetched(options.token_url.clone(), id.to_owned(), secret.to_owned())
        }
        (None, Some(_), Some(_)) => {
            return Err(fault("options.token_url", "没有取令牌的地址", "写成 https://主机/路径"));
        }
        _ => {
            let todo = r#"写 secrets = { token = "env:名字" }，或 id 与 secret 两个"#;
            return Err(fault("secrets", "要有 token，或 id 和 secret，不能都有", todo));
        }
    };
    let name = PlatformId::from(&*config.name);
    let mut platform = CityPlatform::<R>::at(parts.http.clone(), config.url.to_string(), access, name);
    platform.timeout = ASK_LIMIT;
    Ok(Wire::Speaks(Box::new(Egova {
        platform,
        cursors: parts.cursors.clone(),
        every: Duration::from_secs_f64(config.every_s.clamp(0.1, 3600.0)),
        feeds: options.feeds,
        attached: None,
    })))
}

struct Egova<R: RealmKind> {
    platform: CityPlatform<R>,
    cursors: Arc<Cursors>,
    every: Duration,
    feeds: Vec<What>,
    attached: Option<Attached>,
}

/// What goes out, as long as the connector is open.
struct Attached {
    core: Arc<Core>,
    platform: PlatformId,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.core.desks.remove(&self.platform);
    }
}

impl<R: RealmKind> Egova<R> {
    fn attach(&mut self, core: Arc<Core>) -> Result<(), FeedError> {
        if self.attached.is_some() {
            return Ok(());
        }
        let name = self.platform.platform.clone();
        if core.realm != R::REALM || core.desks.has(&name) {
            let what = format!("平台 {name} 已由 [actual] 或仿真城市的内置接口连接");
            return Err(FeedError {
                what, remedy: "给这个连接器换一个名字，或把部门的 platform 改成它"
            });
        }
        let mut platform = self.platform.clone();
        platform.dir = Some(core.dir.clone());
        core.desks.put(name.clone(), Arc::new(platform.clone()));
        let tasks = vec![
            tokio::spawn(street_calls::run(core.clone(), platform.clone())),
            tokio::spawn(outbox::run(core.clone(), platform)),
        ];
        self.attached = Some(Attached { core, platform: name, tasks });
        Ok(())
    }

    /// All that is new in one feed; a page's cursor is kept once the page is in the log.
    async fn poll(&self, what: What, ear: &Ear) -> Result<(), FeedError> {
        let name = format!("{}/{}", self.platform.platform, what.id());
        for _ in 0..PAGES_AT_ONCE {
            let cursor = self.cursors.get(&name);
            let page = match what {
                What::Cases => self.platform.cases(&cursor, PAGE).await,
                What::Notices => self.platform.notices(&cursor, PAGE).await,
                What::Evacuation => self.platform.evacuation(&cursor, PAGE).await,
                What::Units => self.platform.units(&cursor, PAGE).await,
            };
            let Page { commands, cursor: next, more } = page?;
            let n = commands.len();
            let raw = format!("{}：{n} 条，游标 {next}", what.id());
            let unrecorded = |what| FeedError { what, remedy: "日志写不进去：检查磁盘" };
            ear.take(raw.as_bytes(), heard_of(commands)).await.map_err(unrecorded)?;
            self.cursors.set(&name, &next);
            if !more || n == 0 {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Refused lines apart, so that a flood of them becomes few records.
fn heard_of(commands: Vec<Command>) -> Heard {
    let mut heard = Heard::default();
    for command in commands {
        match command {
            Command::RefuseMessage { what, why, .. } => {
                heard.refused.push(Refused { what: what.to_string(), why: why.to_string() });
            }
            command => heard.commands.push(command),
        }
    }
    heard
}

#[async_trait]
impl<R: RealmKind> Listener for Egova<R> {
    fn platform(&self) -> &str {
        self.platform.platform.as_str()
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        if let Some(core) = ear.sink.core() {
            self.attach(core)?;
        }
        loop {
            for what in &self.feeds {
                self.poll(*what, ear).await?;
            }
            tokio::time::sleep(self.every).await;
        }
    }
}
