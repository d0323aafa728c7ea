//! 一对一视频 on its way: one task per platform asks for calls, hears how they stand, hangs up. Like the outbox it keeps
//! nothing of them: what is to be asked is what the log has open, with the same key however often.
//!
//! Only where a stream is, is known here and nowhere else: an [`Opener`] gives it to the eyes while the call is answered.

use crate::{
    connectors::city_platform::CityPlatform,
    core::Core,
    eyes::{Has, Opener, StreamAddress, WhyNot},
    realm::{CallVideo, RealmKind, open_calls},
};
use async_trait::async_trait;
use gulang_city::{Command, Feed, Source, StreetCallId, StreetCallState};
use gulang_platforms::egova::CallWord;
use gulang_video_link::Transport;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::broadcast::error::RecvError;

/// How a call stands is asked so often.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// A platform that failed is left alone for so long.
const AFTER_FAILURE: Duration = Duration::from_secs(3);

/// Where the pictures of answered calls are.
#[derive(Default)]
struct Streams {
    name: String,
    known: Mutex<BTreeMap<StreetCallId, StreamAddress>>,
}

impl Streams {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<StreetCallId, StreamAddress>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, feed: &Feed) -> Option<StreamAddress> {
        let Feed::Call(id) = feed else { return None };
        self.lock().get(&StreetCallId(id.parse().ok()?)).cloned()
    }
}

#[async_trait]
impl Opener for Streams {
    fn name(&self) -> &str {
        &self.name
    }

    fn has(&self, feed: &Feed) -> Has {
        Has { stream: self.of(feed).is_some(), ..Has::default() }
    }

    async fn open(&self, feed: &Feed) -> Result<StreamAddress, WhyNot> {
        self.of(feed).ok_or_else(|| {
            WhyNot::passing("通话还没有接通，或平台没有给出画面地址", "等对方接听；接通后仍无画面则联系平台")
        })
    }
}

/// Carries one platform's calls until dropped.
pub async fn run<R: RealmKind>(core: Arc<Core>, platform: CityPlatform<R>) {
    let mut records = core.records();
    let streams = Arc::new(Streams { name: format!("calls/{}", platform.platform), known: Mutex::default() });
    let _registered = core.eyes.openers.put(streams.clone());
    let mut not_before: HashMap<StreetCallId, Instant> = HashMap::new();
    loop {
        let open = open_calls::<R>(&core.city(), &platform.platform);
        streams.lock().retain(|id, _| open.iter().any(|it| it.call == *id && !it.is_ending));
        not_before.retain(|id, _| open.iter().any(|it| it.call == *id));
        for call in &open {
            if not_before.get(&call.call).is_some_and(|at| *at > Instant::now()) {
                continue;
            }
            let wait = step(&core, &platform, &streams, call).await;
            not_before.insert(call.call, Instant::now() + wait);
        }
        let wait = if open.is_empty() { Duration::from_secs(30) } else { Duration::from_millis(300) };
        if let Ok(Err(RecvError::Closed)) = tokio::time::timeout(wait, records.recv()).await {
            return;
        }
    }
}

/// Asks once; how long until it is asked again.
async fn step<R: RealmKind>(
    core: &Core,
    platform: &CityPlatform<R>,
    streams: &Streams,
    call: &CallVideo<R>,
) -> Duration {
    let said = if call.is_ending { platform.hang_up(call).await } else { platform.call(call).await };
    let (state, note) = match said {
        Ok(CallWord { state, note, stream }) => {
            if let Some(url) = stream.filter(|_| state == StreetCallState::Answered && !call.is_ending) {
                streams.lock().insert(call.call, StreamAddress::of(&url, Transport::default()));
            }
            (state, note)
        }
        Err(error) if error.is_final() => (StreetCallState::Failed, format!("{error}；{}", error.remedy()).into()),
        Err(error) => {
            tracing::warn!(platform = %platform.platform, call = call.key, %error, "a call is asked again");
            return AFTER_FAILURE;
        }
    };
    let report = Command::ReportVideoCall { call: call.call, state, note };
    if let Err(error) = core.submit(Source::Platform(platform.platform.clone()), report).await {
        tracing::trace!(%error, call = call.key, "no news of a call");
    }
    ASK_EVERY
}
