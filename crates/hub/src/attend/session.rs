//! One connector from its opening to its end: asked at its cadence or listened to, with waits that grow while it fails.

use super::sink::AttendSink;
use crate::{
    connectors::contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Sink, Wire, kinds},
    feeds::{Feed, FeedError},
    outbox::backoff,
    realm::RealmKind,
    secrets::{self, SecretError},
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// A question that takes longer is given up: its own limits are shorter.
const POLL_LIMIT: Duration = Duration::from_secs(180);
/// Between the pages of one answer.
const BETWEEN_PAGES: Duration = Duration::from_millis(20);

/// Why a connector does not work now, for its lamp and for whoever mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub what: String,
    pub remedy: String,
}

impl From<FeedError> for Failure {
    fn from(error: FeedError) -> Self {
        Self { what: error.what, remedy: error.remedy.to_owned() }
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        Self { what: error.to_string(), remedy: error.remedy().to_owned() }
    }
}

impl From<KindError> for Failure {
    fn from(KindError { what, why, todo }: KindError) -> Self {
        Self { what: format!("{what}：{why}"), remedy: todo }
    }
}

/// Opens a connector with its secrets at hand. They are in `parts` afterwards.
pub async fn open<R: RealmKind>(config: &ConnectorConfig, parts: &mut Parts<R>) -> Result<Wire, Failure> {
    let places = config.secrets.clone();
    // A keyring may have to be unlocked by a person.
    let resolved = tokio::task::spawn_blocking(move || secrets::resolve(&places)).await;
    parts.secrets = resolved
        .map_err(|why| Failure {
            what: format!("取密钥时出错：{why}"), remedy: "重启枢纽；再有则报告".into()
        })??;
    let kind = kinds::<R>().into_iter().find(|it| *it.name == *config.kind);
    let kind = kind.ok_or_else(|| Failure {
        what: format!("没有 {:?} 这种连接器", config.kind),
        remedy: "gulang-hub connect --kinds 列出全部种类".into(),
    })?;
    Ok((kind.open)(config, parts)?)
}

/// Until aborted.
pub(super) async fn attend<R: RealmKind>(config: ConnectorConfig, mut parts: Parts<R>, sink: Arc<AttendSink>) {
    let mut n_failures = 0;
    loop {
        let opened = open(&config, &mut parts).await;
        sink.entry.know(parts.secrets.clone());
        let failure = match opened {
            Ok(wire) => {
                n_failures = 0;
                let serving = async {
                    match wire {
                        Wire::Asked(feed) => ask(feed, &sink).await,
                        Wire::Speaks(listener) => hear(listener, &sink).await,
                    }
                };
                // Serving ends only so; it is opened anew, for what it held may be half done.
                let _ = AssertUnwindSafe(serving).catch_unwind().await;
                Failure {
                    what: "连接器内部出错，已重新打开".into(), remedy: "把枢纽的日志交给厂商".into()
                }
            }
            Err(failure) => failure,
        };
        sink.failed(&failure);
        n_failures += 1;
        sink.pause(backoff(n_failures)).await;
    }
}

/// Asked at its cadence for ever; a failing one ever more seldom.
pub(crate) async fn ask(mut feed: Box<dyn Feed>, sink: &Arc<AttendSink>) {
    let mut n_failures = 0;
    loop {
        feed.tell_time(sink.now());
        let polled = match tokio::time::timeout(POLL_LIMIT, feed.poll()).await {
            Ok(polled) => polled,
            Err(_) => Err(FeedError {
                what: format!("询问 {} 秒没有结果", POLL_LIMIT.as_secs()),
                remedy: "平台过慢或挂起：联系平台值守，系统会继续重试",
            }),
        };
        let wait = match polled {
            Ok((commands, more)) => {
                n_failures = 0;
                let mut also = feed.also().unwrap_or_default();
                also.heard.commands.extend(commands);
                sink.entry.list(&feed.catalogue());
                match sink.note(&also.raw, also.heard).await {
                    Ok(()) => {
                        feed.recorded();
                        if more { BETWEEN_PAGES } else { feed.every() }
                    }
                    Err(error) => {
                        tracing::error!(
                            error,
                            platform = &*sink.entry.about.name,
                            "news could not be recorded; it is asked for again"
                        );
                        Duration::from_secs(2)
                    }
                }
            }
            Err(error) => {
                sink.failed(&error.into());
                n_failures += 1;
                backoff(n_failures).max(feed.every())
            }
        };
        sink.pause(wait).await;
    }
}

/// Listened to for ever; called again when it ends.
pub(crate) async fn hear(mut listener: Box<dyn Listener>, sink: &Arc<AttendSink>) {
    let ear = Ear { platform: (&*sink.entry.about.name).into(), sink: sink.clone() };
    let mut n_failures = 0;
    loop {
        let n_before = sink.entry.n_messages();
        let ended = listener.listen(&ear).await;
        let failure = match ended {
            Ok(()) => Failure {
                what: "对方断开了连接".into(),
                remedy: "系统会自己重连；反复断开则联系对方值守".into(),
            },
            Err(error) => error.into(),
        };
        // One that speaks and drops, again and again, is heard; its lamp does not flicker for it, its losses are counted.
        if sink.entry.n_messages() > n_before {
            n_failures = 0;
            sink.lost(&failure);
        } else {
            n_failures += 1;
            sink.failed(&failure);
        }
        sink.pause(backoff(n_failures)).await;
    }
}
