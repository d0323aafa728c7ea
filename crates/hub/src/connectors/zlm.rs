//! Kind `zlm`: streams and stills of a ZLMediaKit server whose streams are known by name.
//!
//! ```toml
//! [[connector]]
//! name = "zlm"
//! title = "流媒体服务"
//! kind = "zlm"
//! url = "http://10.0.0.5:80"
//! secrets = { secret = "env:ZLM_SECRET" }
//! [connector.options]
//! play = "rtsp://10.0.0.5:554"              # streams are {play}/{app}/{stream}
//! cameras = { c00001 = "live/c00001" }      # app/stream
//! drones = "live/{sn}"
//! ```

use crate::{
    connectors::{
        contract::{ConnectorConfig, KindError, Parts, Wire},
        http,
    },
    eyes::{Has, Opener, Registered, StreamAddress, WhyNot},
    feeds::{Feed as Polled, FeedError},
    realm::RealmKind,
    sources::Sample,
};
use async_trait::async_trait;
use gulang_city::{Command, Feed, Text};
use gulang_platforms::zlm::{self, Named, ZlmError};
use gulang_video_link::Transport;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const MAX_LIST_BYTES: usize = 16 * 1024 * 1024;
const ASK_LIMIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    play: String,
    #[serde(default)]
    cameras: BTreeMap<String, String>,
    #[serde(default)]
    drones: Option<String>,
    #[serde(default)]
    transport: Transport,
}

pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let options: Options = config.options_as()?;
    for (what, url) in [("url", &*config.url), ("options.play", options.play.as_str())] {
        if reqwest::Url::parse(url).is_err() {
            return Err(fault(what, format!("{url:?} 不是地址"), "写成 http://主机:端口、rtsp://主机:554 的样子"));
        }
    }
    let mut named = BTreeMap::new();
    for (camera, stream) in &options.cameras {
        let it = read_name(stream)
            .ok_or_else(|| fault("options.cameras", format!("{camera} 的流名读不懂"), "写成 app/stream"))?;
        named.insert(Feed::Camera(camera.as_str().into()), it);
    }
    let source = Arc::new(Zlm {
        name: config.name.clone(),
        http: parts.http.clone(),
        base: config.url.trim_end_matches('/').to_owned(),
        secret: parts.secrets.get("secret").unwrap_or_default().to_owned(),
        play: options.play.trim_end_matches('/').to_owned(),
        named,
        drones: options.drones,
        transport: options.transport,
    });
    let registered = parts.openers.put(source.clone());
    let every = Duration::from_secs_f64(config.every_s.clamp(1.0, 3600.0));
    Ok(Wire::Asked(Box::new(Server { source, every, listed: Vec::new(), _registered: registered })))
}

fn read_name(text: &str) -> Option<Named> {
    let is_plain = |it: &str| {
        !it.is_empty() && it.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.'))
    };
    let (app, stream) = text.split_once('/')?;
    (is_plain(app) && is_plain(stream)).then(|| Named { app: app.into(), stream: stream.into() })
}

struct Zlm {
    name: Text,
    http: reqwest::Client,
    base: String,
    secret: String,
    play: String,
    named: BTreeMap<Feed, Named>,
    /// A pattern with `{sn}`.
    drones: Option<String>,
    transport: Transport,
}

impl Zlm {
    fn of(&self, feed: &Feed) -> Option<Named> {
        match feed {
            Feed::Drone(sn) => read_name(&self.drones.as_deref()?.replace("{sn}", sn.as_str())),
            _ => self.named.get(feed).cloned(),
        }
    }

    fn play_url(&self, it: &Named) -> String {
        format!("{}/{}/{}", self.play, it.app, it.stream)
    }

    /// What is there, and what of the city each stream is; what was named and is not there is refused.
    async fn listed(&self) -> Vec<Sample> {
        let url = format!("{}/index/api/getMediaList", self.base);
        let request = self.http.get(&url).query(&zlm::list_query(&self.secret));
        let asked = http::exchange_up_to(MAX_LIST_BYTES, request, &url, ASK_LIMIT).await.map_err(|it| it.to_string());
        let refused = |raw: String, why: String| Sample { raw, refused: why, ..Sample::default() };
        let there = match asked.and_then(|bytes| zlm::read_list(&bytes).map_err(|it| it.to_string())) {
            Ok(there) => there,
            Err(why) => return vec![refused("getMediaList".into(), why)],
        };
        let mut all = Vec::new();
        for it in &there {
            let raw = format!("{}/{}", it.app, it.stream);
            let named = self.named.iter().find(|(_, named)| *named == it);
            all.push(match named {
                Some((Feed::Camera(id), _)) => Sample { raw, mapped: format!("摄像头 {id}"), ..Sample::default() },
                _ => refused(raw, "不在 options.cameras 中；无人机的流按 drones 的样子另找".into()),
            });
        }
        for it in self.named.values().filter(|it| !there.contains(it)) {
            all.push(refused(format!("{}/{}", it.app, it.stream), "没有在推流".into()));
        }
        all
    }

    async fn is_online(&self, it: &Named) -> Result<bool, WhyNot> {
        let url = format!("{}/index/api/isMediaOnline", self.base);
        let request = self.http.get(&url).query(&zlm::online_query(&self.secret, it));
        let bytes =
            http::exchange(request, &url, ASK_LIMIT).await.map_err(|why| WhyNot::passing(&why, why.remedy()))?;
        zlm::read_online(&bytes).map_err(|why| why_not(&why))
    }
}

fn why_not(why: &ZlmError) -> WhyNot {
    WhyNot::passing(why, why.remedy())
}

#[async_trait]
impl Opener for Zlm {
    fn name(&self) -> &str {
        &self.name
    }

    fn has(&self, feed: &Feed) -> Has {
        let known = self.of(feed).is_some();
        Has { stream: known, still: known, wheel: false }
    }

    async fn open(&self, feed: &Feed) -> Result<StreamAddress, WhyNot> {
        let it = self.of(feed).ok_or_else(|| WhyNot::lasting("没有这路流", "在 options.cameras 中写上"))?;
        if !self.is_online(&it).await? {
            return Err(WhyNot::passing(format!("{}/{} 没有在推流", it.app, it.stream), "检查推流端是否开机"));
        }
        Ok(StreamAddress::of(&self.play_url(&it), self.transport))
    }

    async fn still(&self, feed: &Feed) -> Result<Vec<u8>, WhyNot> {
        let it = self.of(feed).ok_or_else(|| WhyNot::lasting("没有这路流", "在 options.cameras 中写上"))?;
        let url = format!("{}/index/api/getSnap", self.base);
        let request = self.http.get(&url).query(&zlm::snap_query(&self.secret, &self.play_url(&it)));
        let bytes =
            http::exchange(request, &url, ASK_LIMIT).await.map_err(|why| WhyNot::passing(&why, why.remedy()))?;
        zlm::read_snap(&bytes).map(<[u8]>::to_vec).map_err(|why| why_not(&why))
    }
}

/// Whether the server answers, asked of the first stream it is to have.
struct Server {
    source: Arc<Zlm>,
    every: Duration,
    listed: Vec<Sample>,
    _registered: Registered,
}

#[async_trait]
impl Polled for Server {
    fn platform(&self) -> &str {
        &self.source.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        let any = Named { app: "live".into(), stream: "gulang".into() };
        let asked = self.source.named.values().next().unwrap_or(&any);
        match self.source.is_online(asked).await {
            Ok(_) => {
                self.listed = self.source.listed().await;
                Ok((Vec::new(), false))
            }
            Err(why) => {
                Err(FeedError { what: why.what, remedy: "检查 ZLMediaKit 是否在运行、secret 是否正确" })
            }
        }
    }

    fn recorded(&mut self) {}

    fn catalogue(&mut self) -> Vec<Sample> {
        std::mem::take(&mut self.listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_named_plainly_or_not_at_all() {
        assert_eq!(read_name("live/c1"), Some(Named { app: "live".into(), stream: "c1".into() }));
        for wrong in ["live", "live/", "live/../x", "a b/c", "live/c?x=1"] {
            assert_eq!(read_name(wrong), None, "{wrong}");
        }
    }
}
