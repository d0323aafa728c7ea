//! Kind `province`: pushes cases, geography and the directory of cameras to an upper platform, on schedule, page by page.
//!
//! ```toml
//! [[connector]]
//! name = "province"
//! title = "省运管服平台"
//! kind = "province"
//! url = "https://10.9.0.1/exchange"
//! every_s = 600                                        # cases that changed since the last batch
//! secrets = { token = "env:PROVINCE_TOKEN" }           # sent as a bearer
//! [connector.options]
//! directories_every_h = 24                             # geography and cameras, whole
//! what = ["cases", "geography", "cameras"]
//! ```
//! Where it was is kept beside the log: a hub killed or a line cut goes on with the page that was not acknowledged, under the
//! same batch and number ([`gulang_platforms::exchange`]).
//!
//! **Invariant:** only the actual city is pushed. An exercise opens no such connector, and a city that is simulated is pushed
//! to this machine alone.

use super::{
    contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Wire},
    http,
    outlook::Outlook,
};
use crate::{
    feeds::{Cursors, FeedError},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{City, Pack, Realm, Text, Timestamp};
use gulang_platforms::{
    Heard,
    exchange::{self, Progress, What},
};
use serde::Deserialize;
use std::{collections::BTreeMap, marker::PhantomData, sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::Instant};

pub const KIND: &str = "province";
const SEND_LIMIT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Between pushes it is looked whether it can be reached: its lamp tells of now, not of the last batch.
const REACH_EVERY: Duration = Duration::from_secs(5);
const REACH_LIMIT: Duration = Duration::from_secs(4);
/// Of an entry, shown by a try.
const SHOWN_CHARS: usize = 200;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    directories_every_h: f64,
    what: Vec<What>,
}

impl Default for Options {
    fn default() -> Self {
        Self { directories_every_h: 24.0, what: What::ALL.to_vec() }
    }
}

pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let options: Options = config.options_as()?;
    let fault = |what: &str, why: &str, todo: &str| KindError { what: what.into(), why: why.into(), todo: todo.into() };
    if R::REALM == Realm::Exercise {
        return Err(fault("realm", "演练数据不推送上级平台", "写 realm = \"actual\"，或删去这个连接器"));
    }
    let url = reqwest::Url::parse(&config.url).ok().filter(|it| matches!(it.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| fault("url", "不是 http 地址", "写成 https://主机/路径 的样子"))?;
    let host = url.host_str().unwrap_or_default();
    let is_here = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback());
    if !(0.01..=24.0 * 366.0).contains(&options.directories_every_h) {
        return Err(fault("options.directories_every_h", "不在 0.01 到 8784 小时之间", "写多少小时推一次目录"));
    }
    Ok(Wire::Speaks(Box::new(Province::<R> {
        name: config.name.clone(),
        http: parts.http.clone(),
        url: config.url.to_string(),
        is_here,
        reached_at: (host.trim_matches(['[', ']']).to_owned(), url.port_or_known_default().unwrap_or(443)),
        token: parts.secrets.get("token").map(str::to_owned),
        pack: parts.pack.clone(),
        answered: BTreeMap::new(),
        cases_every_ms: (config.every_s * 1000.0) as i64,
        directories_every_ms: (options.directories_every_h * 3_600_000.0) as i64,
        what: options.what,
        cursors: parts.cursors.clone(),
        realm: PhantomData,
    })))
}

struct Province<R: RealmKind> {
    name: Text,
    http: reqwest::Client,
    url: String,
    /// On this very machine.
    is_here: bool,
    /// Host and port.
    reached_at: (String, u16),
    token: Option<String>,
    pack: Arc<Pack>,
    /// What was said to the last page of each, since this was opened.
    answered: BTreeMap<What, String>,
    cases_every_ms: i64,
    directories_every_ms: i64,
    what: Vec<What>,
    cursors: Arc<Cursors>,
    realm: PhantomData<R>,
}

impl<R: RealmKind> Province<R> {
    /// Sends all that is due of one kind.
    async fn push(&mut self, what: What, now: Timestamp, outlook: &Outlook<R>, ear: &Ear) -> Result<(), FeedError> {
        let name = format!("{}/{}", self.name, what.id());
        let mut progress = Progress::parse(&self.cursors.get(&name));
        let every_ms = if what == What::Cases { self.cases_every_ms } else { self.directories_every_ms };
        if !progress.is_under_way() {
            if now.0 - progress.since < every_ms {
                return Ok(());
            }
            progress.begin(now);
            self.cursors.set(&name, &progress.to_text());
            self.show(ear);
        }
        while progress.is_under_way() {
            let page = outlook.look(|city, _| exchange::next_page(city, &self.pack.id, what, &progress));
            // A batch with nothing in it is over without a word.
            if !(page.last && page.page == 1 && page.items.is_empty()) {
                let mut request = self.http.post(&self.url).json(&page);
                if let Some(token) = &self.token {
                    request = request.bearer_auth(token);
                }
                let about = format!("{} 第 {} 页，{} 条", page.batch, page.page, page.items.len());
                let acked = match http::exchange(request, &self.url, SEND_LIMIT).await {
                    Ok(bytes) => exchange::read_ack(&bytes, &page)
                        .map_err(|why| FeedError { what: why.to_string(), remedy: why.remedy() }),
                    Err(why) => Err(FeedError { what: why.to_string(), remedy: why.remedy() }),
                };
                let answer = acked.as_ref().map_or_else(|why| why.what.clone(), |_| "收下".to_owned());
                self.answered.insert(what, format!("{} {about}：{answer}", now.to_beijing_text()));
                self.show(ear);
                acked?;
                let raw = about;
                let _ = ear.take(raw.as_bytes(), Heard::default()).await;
            }
            progress.acked(&page);
            self.cursors.set(&name, &progress.to_text());
            self.show(ear);
        }
        Ok(())
    }

    async fn reach(&self) -> Result<(), FeedError> {
        let (host, port) = &self.reached_at;
        let failed = |why: String| FeedError {
            what: format!("连不上上级平台 {host}:{port}：{why}"),
            remedy: "检查到上级平台的网络；没有应答的那一页会接着推",
        };
        match tokio::time::timeout(REACH_LIMIT, TcpStream::connect((host.as_str(), *port))).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(why)) => Err(failed(why.to_string())),
            Err(_) => Err(failed(format!("{} 秒内没有应答", REACH_LIMIT.as_secs()))),
        }
    }

    /// What was pushed, how far, what was answered last.
    fn show(&self, ear: &Ear) {
        let mut lines = Vec::new();
        for what in &self.what {
            let progress = Progress::parse(&self.cursors.get(&format!("{}/{}", self.name, what.id())));
            lines.push(exchange::standing(*what, &progress));
            lines.extend(self.answered.get(what).map(|it| format!("上次应答：{it}")));
        }
        ear.stands(lines);
    }

    /// The first page of each kind, as it would go out now; nothing is sent.
    fn show_unsent(&self, ear: &Ear) {
        let city = City::found(&self.pack, R::REALM);
        let mut lines = Vec::new();
        for what in &self.what {
            if *what == What::Cases {
                lines.push("案件：由运行中的枢纽推送，试运行没有案件".to_owned());
                continue;
            }
            let mut progress = Progress::default();
            progress.begin(ear.now());
            let n_all = exchange::entries(&city, *what, &progress).len();
            let page = exchange::next_page(&city, &self.pack.id, *what, &progress);
            let first = page.items.first().map(ToString::to_string).unwrap_or_default();
            lines.push(format!(
                "{}：共 {n_all} 条，每页至多 {} 条；第 1 页 {} 条，发往 {}，批号 {}；首条 {}",
                what.name_zh(),
                exchange::PAGE,
                page.items.len(),
                self.url,
                page.batch,
                first.chars().take(SHOWN_CHARS).collect::<String>(),
            ));
        }
        ear.stands(lines);
    }
}

#[async_trait]
impl<R: RealmKind> Listener for Province<R> {
    fn platform(&self) -> &str {
        &self.name
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        // Only tried: what would go is shown, and nothing is sent.
        let Some(outlook) = ear.outlook::<R>() else {
            self.show_unsent(ear);
            ear.alive();
            return std::future::pending().await;
        };
        if outlook.is_simulated() && !self.is_here {
            let what = "本市数据来自仿真，不推送到别的机器".to_owned();
            return Err(FeedError { what, remedy: "接上实战平台后再推送" });
        }
        self.show(ear);
        self.reach().await?;
        let mut reached = Instant::now();
        loop {
            for what in self.what.clone() {
                self.push(what, ear.now(), &outlook, ear).await?;
            }
            if reached.elapsed() >= REACH_EVERY {
                self.reach().await?;
                reached = Instant::now();
            }
            ear.alive();
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
