//! The polled connectors under one trait. A feed remembers where it was; it moves its cursor only when the hub says that
//! what it brought is in the log, so nothing is lost between the wire and the disk, and a repeat is harmless.

use crate::{
    callouts::GatewayFeed,
    connectors::{
        cap::{CapFeed, Places},
        city_platform::{CityPlatform, Page, Patience, PlatformError},
        gateway::{Gateway, GatewayError},
        names,
        quake::QuakeFeed,
        typhoon::TyphoonFeed,
    },
    log::write_whole,
    realm::{Endpoints, RealmKind},
    sources::Sample,
};
use async_trait::async_trait;
use gulang_city::{City, Command, Timestamp};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Why a poll brought nothing, for the lamp and the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}；{remedy}")]
pub struct FeedError {
    pub what: String,
    pub remedy: &'static str,
}

macro_rules! feed_error_from {
    ($($kind:ty),*) => {$(
        impl From<$kind> for FeedError {
            fn from(error: $kind) -> Self { Self { what: error.to_string(), remedy: error.remedy() } }
        }
    )*};
}
feed_error_from!(
    PlatformError,
    GatewayError,
    crate::connectors::cap::CapError,
    crate::connectors::inventory::InventoryError,
    crate::connectors::mqtt::MqttError,
    crate::connectors::typhoon::TyphoonError
);

/// A source asked again and again. The hub owns when.
#[async_trait]
pub trait Feed: Send {
    /// The connector's name, whose lamp it moves.
    fn platform(&self) -> &str;
    /// How often at real time.
    fn every(&self) -> Duration;
    /// The realm's time, told before each poll, for news that say no time of their own.
    fn tell_time(&mut self, _now: Timestamp) {}
    /// What is new since the last [`Feed::recorded`], and whether there is more at once.
    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError>;
    /// What the last poll brought is in the log.
    fn recorded(&mut self);
    /// What the last poll brought beside its commands, once. Most feeds bring nothing but commands.
    fn also(&mut self) -> Option<Also> {
        None
    }
    /// What the last poll found that may be opened, once: as the platform names it, what of the city it is, or why it is
    /// nothing. For platforms that bring pictures and no news.
    fn catalogue(&mut self) -> Vec<Sample> {
        Vec::new()
    }
}

/// Readings and refusals of one poll, with the answer itself for counts and samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Also {
    pub raw: Vec<u8>,
    /// Without commands: those are the poll's own.
    pub heard: gulang_platforms::Heard,
}

/// Where each feed was, kept beside the log.
#[derive(Debug, Default)]
pub struct Cursors {
    file: Option<PathBuf>,
    known: Mutex<BTreeMap<String, String>>,
}

impl Cursors {
    pub fn in_file(file: PathBuf) -> Self {
        let known = std::fs::read(&file).ok().and_then(|it| serde_json::from_slice(&it).ok()).unwrap_or_default();
        Self { file: Some(file), known: Mutex::new(known) }
    }

    pub(crate) fn get(&self, name: &str) -> String {
        let known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(name).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&self, name: &str, cursor: &str) {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.insert(name.to_owned(), cursor.to_owned()).as_deref() == Some(cursor) {
            return;
        }
        if let Some(file) = &self.file {
            // Only a hint: without it the platform tells its news again, and the city knows them already.
            let _ = write_whole(file, &serde_json::to_string(&*known).unwrap_or_default());
        }
    }
}

/// Every polled feed a realm's endpoints name, in the fixed order a drill polls them.
pub fn all_feeds<R: RealmKind>(
    http: &reqwest::Client,
    endpoints: &Endpoints<R>,
    cursors: &Arc<Cursors>,
    city: &City,
    timeout: Duration,
) -> Vec<Box<dyn Feed>> {
    let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
    let platform = |name| {
        CityPlatform::<R>::new(http.clone(), endpoints, name).map(|mut it| {
            it.timeout = timeout;
            it
        })
    };
    let parts = [
        (names::CASES, What::Cases),
        (names::CASES, What::Notices),
        (names::EMERGENCY, What::Notices),
        (names::EMERGENCY, What::Evacuation),
        (names::EMERGENCY, What::Units),
    ];
    for (name, what) in parts {
        if let Some(platform) = platform(name) {
            let patience = Patience::new(timeout);
            feeds.push(Box::new(PlatformFeed { platform, name, what, cursors: cursors.clone(), next: None, patience }));
        }
    }
    for mut gateway in Gateway::all(http, endpoints) {
        gateway.timeout = timeout;
        if let Some(feed) = GatewayFeed::new(gateway, cursors.clone()) {
            feeds.push(Box::new(feed));
        }
    }
    let addresses = &endpoints.addresses;
    if let Some(base) = &addresses.cap {
        let places = Places::of_city(city);
        feeds.push(Box::new(CapFeed::built_in(http.clone(), base, timeout, R::REALM, places)));
    }
    if let Some(base) = addresses.typhoon.clone() {
        feeds.push(Box::new(TyphoonFeed::built_in(http.clone(), base, timeout)));
    }
    if let Some(url) = addresses.quake.clone()
        && let Some(feed) = QuakeFeed::built_in(http.clone(), url, R::REALM, city.center)
    {
        feeds.push(Box::new(feed));
    }
    feeds
}

#[derive(Clone, Copy)]
enum What {
    Cases,
    Notices,
    Evacuation,
    Units,
}

struct PlatformFeed<R: RealmKind> {
    platform: CityPlatform<R>,
    name: &'static str,
    what: What,
    cursors: Arc<Cursors>,
    next: Option<String>,
    patience: Patience,
}

impl<R: RealmKind> PlatformFeed<R> {
    fn cursor_name(&self) -> String {
        let what = match self.what {
            What::Cases => "cases",
            What::Notices => "notices",
            What::Evacuation => "evacuation",
            What::Units => "units",
        };
        format!("{}/{what}", self.name)
    }
}

#[async_trait]
impl<R: RealmKind> Feed for PlatformFeed<R> {
    fn platform(&self) -> &str {
        self.name
    }

    fn every(&self) -> Duration {
        match self.what {
            What::Cases | What::Notices => Duration::from_secs(1),
            What::Evacuation | What::Units => Duration::from_secs(2),
        }
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        let cursor = self.cursors.get(&self.cursor_name());
        self.platform.timeout = self.patience.limit();
        let asked = Instant::now();
        let page = match self.what {
            What::Cases => self.platform.cases(&cursor, 500).await,
            What::Notices => self.platform.notices(&cursor, 500).await,
            What::Evacuation => self.platform.evacuation(&cursor, 500).await,
            What::Units => self.platform.units(&cursor, 500).await,
        };
        self.patience.learn(&page, asked.elapsed());
        let Page { commands, cursor, more } = page?;
        // A platform that always has more but brings nothing would keep us forever.
        let more = more && !commands.is_empty();
        self.next = Some(cursor);
        Ok((commands, more))
    }

    fn recorded(&mut self) {
        if let Some(cursor) = self.next.take() {
            self.cursors.set(&self.cursor_name(), &cursor);
        }
    }
}
