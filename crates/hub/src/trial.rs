//! `gulang-hub connect NAME --try`: a connector opened as the hub would open it, for a moment, with an ear that only keeps
//! samples. What it heard, what that meant and what was refused are shown side by side; nothing is recorded.

#![allow(
    clippy::result_large_err,
    reason = "axum answers errors as whole responses; once a request, they may be large"
)]

use crate::{
    attend::{Failure, open},
    clock::wall_now,
    connectors::{
        contract::{ConnectorConfig, Door, Ear, Knock, Parts, Secrets, Sink, Wire, has_door},
        http,
    },
    realm::{Actual, Exercise, RealmKind},
    sources::Sample,
};
use async_trait::async_trait;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::HeaderMap,
    response::Response,
    routing::post,
};
use gulang_city::{Pack, Realm, Timestamp};
use gulang_platforms::Heard;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};

/// Messages kept whole; of the others only the count.
const SAMPLES: usize = 10;
/// Entries of a catalogue that are shown.
const LISTED: usize = 1000;
/// Between two questions of a try, at most: nobody waits an hour for the second.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// What came of a try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Trial {
    pub name: String,
    pub kind: String,
    /// Where a webhook may be called during the try.
    pub door: Option<String>,
    pub n_messages: u64,
    pub n_bytes: u64,
    pub n_news: u64,
    pub n_commands: u64,
    pub n_refused: u64,
    /// Answered, though it had nothing to say.
    pub was_alive: bool,
    /// Its own lines; of a kind that pushes, what would be sent.
    pub standing: Vec<String>,
    pub samples: Vec<Sample>,
    /// What may be opened there, where it brings pictures and no news.
    pub catalogue: Vec<Sample>,
    pub error: Option<String>,
    pub remedy: Option<String>,
}

impl Trial {
    /// Something came or would go, and nothing failed.
    pub fn is_good(&self) -> bool {
        let has_feed = self.catalogue.iter().any(|it| !it.mapped.is_empty());
        let has_news = self.n_news + self.n_commands > 0;
        self.error.is_none() && (has_feed || has_news || !self.standing.is_empty())
    }
}

/// Raw → mapped → refused, message by message, then the sums.
pub fn text_of(trial: &Trial) -> String {
    let mut text = String::new();
    for line in &trial.standing {
        let _ = writeln!(text, "试运行不发送 {line}");
    }
    for (i, Sample { raw, mapped, refused }) in trial.samples.iter().enumerate() {
        let _ = writeln!(text, "── {} ──\n收到 {raw}", i + 1);
        for (title, lines) in [("映射", mapped), ("拒收", refused)] {
            for line in lines.lines() {
                let _ = writeln!(text, "{title} {line}");
            }
        }
    }
    for Sample { raw, mapped, refused } in &trial.catalogue {
        let meant = if refused.is_empty() { format!("映射 {mapped}") } else { format!("拒收 {refused}") };
        let _ = writeln!(text, "收到 {raw} → {meant}");
    }
    if !trial.catalogue.is_empty() {
        let n_mapped = trial.catalogue.iter().filter(|it| !it.mapped.is_empty()).count();
        let _ = writeln!(text, "目录 {} 项，对上 {n_mapped} 项", trial.catalogue.len());
    }
    let Trial { name, kind, n_messages, n_bytes, n_news, n_commands, n_refused, .. } = trial;
    let _ = writeln!(
        text,
        "{name}（{kind}）：{n_messages} 条消息，{n_bytes} 字节 → 读数 {n_news}，命令 {n_commands}，拒收 {n_refused}"
    );
    text
}

/// Listens or asks for so long. `announce` is told where a webhook's door is, once there is one.
pub async fn run(
    config: &ConnectorConfig,
    pack: Arc<Pack>,
    lasting: Duration,
    announce: impl FnOnce(&str) + Send,
) -> Trial {
    match config.realm {
        Realm::Actual => run_in::<Actual>(config, pack, lasting, announce).await,
        Realm::Exercise => run_in::<Exercise>(config, pack, lasting, announce).await,
    }
}

async fn run_in<R: RealmKind>(
    config: &ConnectorConfig,
    pack: Arc<Pack>,
    lasting: Duration,
    announce: impl FnOnce(&str) + Send,
) -> Trial {
    // Cursors of its own: a try must not move the hub's.
    let mut parts = Parts::<R>::apart(pack);
    let mut trial = Trial { name: config.name.to_string(), kind: config.kind.to_string(), ..Trial::default() };
    let until = Instant::now() + lasting;
    let opened = open(config, &mut parts).await;
    let mut failure = None;
    let mut kept = Kept::default();
    match opened {
        Err(error) => failure = Some(error),
        Ok(wire) => {
            let (door, serving) = match own_door(config).await {
                Ok(Some(OwnDoor { url, door, serving })) => {
                    announce(&url);
                    trial.door = Some(url);
                    (Some(door), Some(serving))
                }
                Ok(None) => (None, None),
                Err(why) => {
                    failure = Some(Failure {
                        what: format!("不能开门：{why}"),
                        remedy: "关掉占用端口的程序再试".into(),
                    });
                    (None, None)
                }
            };
            let sink = Arc::new(Sampling { kept: Mutex::default(), door, secrets: parts.secrets.clone() });
            if failure.is_none() {
                failure = listen(wire, config, &sink, until).await;
            }
            if let Some(serving) = serving {
                serving.abort();
            }
            kept = std::mem::take(&mut *sink.lock());
        }
    }
    trial.was_alive = kept.was_alive;
    (trial.n_messages, trial.n_bytes) = (kept.n_messages, kept.n_bytes);
    (trial.n_news, trial.n_commands, trial.n_refused) = (kept.n_news, kept.n_commands, kept.n_refused);
    trial.samples = kept.samples;
    trial.catalogue = kept.catalogue.into_values().collect();
    trial.standing = kept.standing.iter().map(|it| parts.secrets.redact(it)).collect();
    if failure.is_none() && trial.n_messages == 0 && trial.standing.is_empty() {
        let what = if trial.was_alive { "连上了，但没有消息" } else { "没有任何消息" };
        failure = Some(Failure {
            what: what.into(), remedy: "加长 --secs，核对主题、地址与对方是否在发".into()
        });
    } else if failure.is_none() && !trial.is_good() && !trial.catalogue.is_empty() {
        let remedy = "按上面拒收的原因改 options：编号写错、平台未同步目录，或设备没有上线";
        failure = Some(Failure {
            what: "目录里没有一路对得上城市的摄像头或无人机".into(), remedy: remedy.into()
        });
    } else if failure.is_none() && !trial.is_good() {
        let remedy = "对照 raw 与拒收的原因改 mapping：items 选中了什么、where 是否太严、字段路径对不对";
        failure = Some(Failure { what: "有消息，但一条也没有映射成".into(), remedy: remedy.into() });
    }
    trial.error = failure.as_ref().map(|it| parts.secrets.redact(&it.what));
    trial.remedy = failure.map(|it| it.remedy);
    trial
}

/// Until the time is over, or it fails.
async fn listen(wire: Wire, config: &ConnectorConfig, sink: &Arc<Sampling>, until: Instant) -> Option<Failure> {
    match wire {
        Wire::Speaks(mut listener) => {
            let ear = Ear { platform: (&*config.name).into(), sink: sink.clone() };
            match timeout_at(until, listener.listen(&ear)).await {
                Err(_) => None,
                Ok(Ok(())) if sink.lock().n_messages > 0 => None,
                Ok(Ok(())) => Some(Failure {
                    what: "对方断开了连接".into(), remedy: "核对地址与对方的日志".into()
                }),
                Ok(Err(error)) => Some(error.into()),
            }
        }
        Wire::Asked(mut feed) => loop {
            feed.tell_time(wall_now());
            match timeout_at(until, feed.poll()).await {
                Err(_) if sink.lock().n_messages == 0 => {
                    let remedy = "平台过慢或挂起：加长 --secs，或联系平台值守";
                    return Some(Failure { what: "到时没有应答".into(), remedy: remedy.into() });
                }
                Err(_) => return None,
                Ok(Err(error)) => {
                    sink.list(feed.catalogue());
                    return Some(error.into());
                }
                Ok(Ok((commands, more))) => {
                    let is_listed = sink.list(feed.catalogue());
                    let mut also = feed.also().unwrap_or_default();
                    also.heard.commands.extend(commands);
                    feed.recorded();
                    let has_raw = !also.raw.is_empty() || !also.heard.is_empty();
                    if has_raw {
                        sink.keep(&also.raw, &also.heard);
                    } else if !is_listed {
                        sink.alive();
                    }
                    let wait = if more { Duration::ZERO } else { feed.every().min(ASK_EVERY) };
                    if Instant::now() + wait >= until {
                        return None;
                    }
                    sleep(wait).await;
                }
            }
        },
    }
}

#[derive(Debug, Default)]
struct Kept {
    n_messages: u64,
    n_bytes: u64,
    n_news: u64,
    n_commands: u64,
    n_refused: u64,
    was_alive: bool,
    standing: Vec<String>,
    samples: Vec<Sample>,
    /// By what the platform says; asked again, what it says last.
    catalogue: BTreeMap<String, Sample>,
}

/// An ear that records nothing.
struct Sampling {
    kept: Mutex<Kept>,
    door: Option<Door>,
    secrets: Secrets,
}

impl Sampling {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a catalogue as one message; `false` if there is none.
    fn list(&self, catalogue: Vec<Sample>) -> bool {
        if catalogue.is_empty() {
            return false;
        }
        let redact = |it: String| self.secrets.redact(&it);
        let mut kept = self.lock();
        kept.n_messages += 1;
        for Sample { raw, mapped, refused } in catalogue {
            let it = Sample { raw: redact(raw), mapped: redact(mapped), refused: redact(refused) };
            if kept.catalogue.len() < LISTED || kept.catalogue.contains_key(&it.raw) {
                kept.catalogue.insert(it.raw.clone(), it);
            }
        }
        true
    }

    fn keep(&self, raw: &[u8], heard: &Heard) {
        let mut kept = self.lock();
        kept.n_messages += 1;
        kept.n_bytes += raw.len() as u64;
        kept.n_news += heard.news.len() as u64;
        kept.n_commands += heard.commands.len() as u64;
        kept.n_refused += heard.refused.len() as u64;
        if kept.samples.len() < SAMPLES {
            kept.samples.push(Sample::of(raw, heard, &self.secrets));
        }
    }
}

#[async_trait]
impl Sink for Sampling {
    async fn take(&self, raw: &[u8], heard: Heard) -> Result<(), String> {
        self.keep(raw, &heard);
        Ok(())
    }

    fn alive(&self) {
        self.lock().was_alive = true;
    }

    fn stands(&self, lines: Vec<String>) {
        self.lock().standing = lines;
    }

    fn now(&self) -> Timestamp {
        wall_now()
    }

    fn door(&self) -> Option<Door> {
        self.door.clone()
    }
}

/// A server of the try's own, for webhooks.
struct OwnDoor {
    url: String,
    door: Door,
    serving: tokio::task::JoinHandle<()>,
}

async fn own_door(config: &ConnectorConfig) -> std::io::Result<Option<OwnDoor>> {
    if !has_door(config) {
        return Ok(None);
    }
    let (sender, receiver) = mpsc::channel::<Knock>(SAMPLES);
    let path = format!("/hook/{}", config.name);
    let app =
        Router::new().route(&path, post(hook)).layer(DefaultBodyLimit::max(http::MAX_BODY_BYTES)).with_state(sender);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}{path}", listener.local_addr()?);
    let serving = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "the try's door closed");
        }
    });
    Ok(Some(OwnDoor { url, door: Arc::new(tokio::sync::Mutex::new(receiver)), serving }))
}

async fn hook(
    State(door): State<mpsc::Sender<Knock>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<serde_json::Value>, Response> {
    let taken = crate::sources_api::knock(&door, &headers, body, || {}).await?;
    Ok(Json(serde_json::json!({ "code": 0, "read": taken.n_read, "refused": taken.n_refused })))
}
