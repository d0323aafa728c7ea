//! Where a connector's news enters the hub: counted, limited, attributed, recorded.

use super::session::Failure;
use crate::{
    clock::wall_now,
    connectors::contract::{Door, Sink},
    core::Core,
    live::latest,
    sources::SourceEntry,
};
use async_trait::async_trait;
use gulang_city::{PlatformId, Source, Timestamp};
use gulang_platforms::Heard;
use std::{sync::Arc, time::Duration};

/// One source's.
pub(crate) struct AttendSink {
    core: Arc<Core>,
    pub(super) entry: Arc<SourceEntry>,
    platform: PlatformId,
    max_per_s: Option<u32>,
    door: Option<Door>,
}

impl AttendSink {
    pub(crate) fn new(core: Arc<Core>, entry: Arc<SourceEntry>, max_per_s: Option<u32>, door: Option<Door>) -> Self {
        let platform = PlatformId::from(&*entry.about.name);
        Self { core, entry, platform, max_per_s, door }
    }

    /// What an answer meant: our own cadence limits these, so none is dropped.
    pub(super) async fn note(&self, raw: &[u8], heard: Heard) -> Result<(), String> {
        self.entry.admit(raw.len(), wall_now().0, None);
        self.record(raw, heard).await
    }

    async fn record(&self, raw: &[u8], heard: Heard) -> Result<(), String> {
        let (wall_ms, now) = (wall_now().0, self.core.clock.now());
        self.core.health().heard(self.platform.as_str(), wall_ms);
        self.core.lane().heard(&self.platform, now);
        // An answer without news ends a failure too; one that could not be read does not.
        if heard.refused.is_empty() {
            self.entry.recovered();
        }
        let n_records = self.entry.learn(raw, &heard, wall_ms, now);
        let Heard { mut commands, news, refused } = heard;
        commands.extend(refused.into_iter().take(n_records).map(|mut it| {
            it.what = self.entry.redact(&it.what);
            it.why = self.entry.redact(&it.why);
            it.into_command(&self.platform)
        }));
        if !news.is_empty() {
            self.core.take_news(news, latest(&self.core), &mut commands);
        }
        let source = Source::Platform(self.platform.clone());
        let batch = commands.into_iter().map(|it| (source.clone(), it)).collect();
        self.core.submit_all(batch).await.map(drop).map_err(|why| {
            let why = why.to_string();
            self.entry.failed(&why, "日志写不进去：检查磁盘");
            why
        })
    }

    /// It does not work now.
    pub(super) fn failed(&self, failure: &Failure) {
        self.lost(failure);
        let what = self.entry.named(&failure.what);
        self.core.health().failed(self.platform.as_str(), &what);
    }

    /// Its connection ended, and it was heard until then.
    pub(super) fn lost(&self, failure: &Failure) {
        let what = self.entry.named(&failure.what);
        self.entry.failed(&what, &failure.remedy);
        tracing::warn!(platform = self.platform.as_str(), what, "a connector waits");
    }

    /// Until it is time again, or somebody asks for it at once.
    pub(super) async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.entry.retry.notified() => {}
        }
    }
}

#[async_trait]
impl Sink for AttendSink {
    fn core(&self) -> Option<Arc<Core>> {
        Some(self.core.clone())
    }

    async fn take(&self, raw: &[u8], heard: Heard) -> Result<(), String> {
        if !self.entry.admit(raw.len(), wall_now().0, self.max_per_s) {
            return Ok(());
        }
        self.record(raw, heard).await
    }

    fn turns_away(&self, n_bytes: usize) -> bool {
        self.entry.turns_away(n_bytes, wall_now().0, self.max_per_s)
    }

    fn stands(&self, lines: Vec<String>) {
        self.entry.stands(lines);
    }

    async fn take_many(&self, n_messages: u64, raw: &[u8], heard: Heard) -> Result<(), String> {
        // Of their lengths only one is known.
        let n_bytes = raw.len().saturating_mul(usize::try_from(n_messages).unwrap_or(usize::MAX));
        if !self.entry.admit_many(n_messages, n_bytes, wall_now().0, self.max_per_s) {
            return Ok(());
        }
        self.record(raw, heard).await
    }

    fn alive(&self) {
        self.entry.recovered();
        self.core.health().heard(self.platform.as_str(), wall_now().0);
        self.core.lane().heard(&self.platform, self.core.clock.now());
    }

    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    fn door(&self) -> Option<Door> {
        self.door.clone()
    }
}
