//! The one contract every connector of `[[connector]]` obeys, whatever it speaks.
//!
//! A connector decodes. It never retries, numbers, keeps time or decides when it is asked: the hub does (`attend`). What it
//! hears goes through its [`Ear`], which counts, limits and attributes it; so a connector looks the same at work and under
//! `gulang-hub connect NAME --try`, where the ear only keeps samples.

use crate::feeds::{Cursors, Feed, FeedError};
use crate::flights::Links;
use crate::realm::RealmKind;
use async_trait::async_trait;
use gulang_city::{Pack, PlatformId, Text, Timestamp};
use gulang_platforms::Heard;
use serde::Deserialize;
use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

/// One `[[connector]]` of `gulang.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorConfig {
    /// Its lamp's id: lower-case letters, digits, `-`.
    pub name: Text,
    /// On screens.
    pub title: Text,
    /// One of [`kinds`].
    pub kind: Text,
    /// `actual` or `exercise`; an exercise never hears an actual connector.
    #[serde(default = "actual")]
    pub realm: gulang_city::Realm,
    /// `http://…`, `mqtt://host:port`, `tcp://0.0.0.0:port` for one that is called, as the kind says.
    #[serde(default)]
    pub url: Text,
    /// How often a polled one is asked, s.
    #[serde(default = "ten")]
    pub every_s: f64,
    /// Past this, what it says is stale, s.
    #[serde(default = "two_minutes")]
    pub freshness_s: f64,
    /// Messages taken a second at most; what is over is dropped and counted. None: no limit.
    #[serde(default)]
    pub max_per_s: Option<u32>,
    /// What its coordinates are in.
    #[serde(default)]
    pub crs: SourceCrs,
    /// Secrets by name, never the secret itself: `env:NAME` or `keyring:SERVICE/USER`.
    #[serde(default)]
    pub secrets: BTreeMap<Text, Text>,
    /// What else the kind wants to know; each kind reads its own type from it.
    #[serde(default)]
    pub options: toml::Table,
    /// From the platform's fields to ours, where it speaks no standard (`gulang_platforms::mapping`).
    #[serde(default)]
    pub mapping: toml::Table,
}

/// What a source's coordinates are in; converted at the edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceCrs {
    #[default]
    Wgs84,
    Gcj02,
    Bd09,
}

fn actual() -> gulang_city::Realm {
    gulang_city::Realm::Actual
}
fn ten() -> f64 {
    10.0
}
fn two_minutes() -> f64 {
    120.0
}

/// Why a connector cannot be opened; found by `gulang-hub check` too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}：{why}；{todo}")]
pub struct KindError {
    /// The key at fault, such as `options.topics`, for the line number.
    pub what: String,
    pub why: String,
    pub todo: String,
}

/// What a kind gets to open a connector with. Nothing is sent while opening.
#[derive(Clone)]
pub struct Parts<R: RealmKind> {
    pub http: reqwest::Client,
    pub cursors: Arc<Cursors>,
    pub pack: Arc<Pack>,
    /// The resolved secrets; never printed.
    pub secrets: Secrets,
    /// Where a kind that flies drones leaves its link.
    pub flights: Links<R>,
    pub realm: PhantomData<R>,
}

/// Resolved secrets by name. `Debug` shows the names only.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<Text, String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// An opened connector, by who begins to speak.
pub enum Wire {
    /// We ask.
    Asked(Box<dyn Feed>),
    /// It speaks: a subscription, a port that is called, a stream.
    Speaks(Box<dyn Listener>),
}

/// A source that speaks when it likes.
#[async_trait]
pub trait Listener: Send {
    /// The connector's name, whose lamp it moves.
    fn platform(&self) -> &str;
    /// Hears until the connection ends; the hub calls again, with backoff. Cancelled at any await.
    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError>;
}

/// Where what is heard goes.
#[derive(Clone)]
pub struct Ear {
    pub platform: PlatformId,
    pub sink: Arc<dyn Sink>,
}

/// The hub's side of an [`Ear`].
#[async_trait]
pub trait Sink: Send + Sync {
    /// Takes what one message meant; `raw` is the message, for counts and samples. Returns when commands are in the log
    /// (at once if there are none), `Err` if they could not be recorded and should be offered again.
    async fn take(&self, raw: &[u8], heard: Heard) -> Result<(), String>;
    /// Connected, or heard without news: the lamp stays lit.
    fn alive(&self);
    /// The realm's clock.
    fn now(&self) -> Timestamp;
}

impl Ear {
    pub async fn take(&self, raw: &[u8], heard: Heard) -> Result<(), String> {
        self.sink.take(raw, heard).await
    }

    pub fn alive(&self) {
        self.sink.alive();
    }

    pub fn now(&self) -> Timestamp {
        self.sink.now()
    }
}

/// A kind of connector: what `kind = "…"` may name.
pub struct Kind<R: RealmKind> {
    pub name: &'static str,
    /// For `gulang-hub connect --kinds`, one line.
    pub about: &'static str,
    pub open: fn(&ConnectorConfig, &Parts<R>) -> Result<Wire, KindError>,
}

/// Every kind there is, by name.
pub fn kinds<R: RealmKind>() -> Vec<Kind<R>> {
    vec![Kind { name: "dji", about: "大疆机场和无人机（上云 API，MQTT）", open: super::dji::open }]
}
