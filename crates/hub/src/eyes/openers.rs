//! Who can give a picture of a camera or drone, and how it is asked.

use async_trait::async_trait;
use gulang_city::{Feed, Text};
use gulang_video_link::{Secret, Transport};
use gulang_wire::{Adjustment, Motion};
use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// Where a stream is, for the eyes.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamAddress {
    pub url: String,
    pub user: String,
    pub password: Secret,
    pub transport: Transport,
}

impl StreamAddress {
    /// An address with its credentials taken out of it, where a platform wrote them in.
    pub fn of(url: &str, transport: Transport) -> Self {
        let mut address = Self { url: url.to_owned(), user: String::new(), password: Secret::default(), transport };
        if let Ok(mut parsed) = reqwest::Url::parse(url)
            && !parsed.username().is_empty()
        {
            address.user = parsed.username().to_owned();
            address.password = Secret(parsed.password().unwrap_or_default().to_owned());
            if parsed.set_username("").is_ok() && parsed.set_password(None).is_ok() {
                address.url = parsed.to_string();
            }
        }
        address
    }
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}；{remedy}")]
pub struct WhyNot {
    pub what: String,
    pub remedy: String,
    /// Asking again soon may help.
    pub may_pass: bool,
}

impl WhyNot {
    pub fn passing(what: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { what: what.to_string(), remedy: remedy.into(), may_pass: true }
    }

    pub fn lasting(what: impl fmt::Display, remedy: impl Into<String>) -> Self {
        Self { what: what.to_string(), remedy: remedy.into(), may_pass: false }
    }
}

/// What a feed has at an opener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Has {
    pub stream: bool,
    pub still: bool,
    pub wheel: bool,
}

/// A platform that gives pictures. It never retries: the hub does.
#[async_trait]
pub trait Opener: Send + Sync {
    /// The connector's name.
    fn name(&self) -> &str;
    /// Nothing of all that: it does not know the feed.
    fn has(&self, feed: &Feed) -> Has;
    /// Asks for a stream.
    async fn open(&self, feed: &Feed) -> Result<StreamAddress, WhyNot>;
    /// Nobody watches any more.
    async fn close(&self, _: &Feed) {}
    /// One still, as JPEG.
    async fn still(&self, _: &Feed) -> Result<Vec<u8>, WhyNot> {
        Err(WhyNot::lasting("没有快照", "该来源只提供视频流"))
    }
    /// Another quality or lens, of the stream that is open.
    async fn adjust(&self, _: &Feed, _: &Adjustment) -> Result<(), WhyNot> {
        Err(WhyNot::lasting("不能调整清晰度和镜头", "该来源没有这项功能"))
    }
    /// Turns it; all 0 stops it.
    async fn steer(&self, _: &Feed, _: Motion) -> Result<(), WhyNot> {
        Err(WhyNot::lasting("不能转动", "该摄像机没有云台"))
    }
}

/// Every opener of a realm, in the order they came.
#[derive(Default)]
pub struct Openers(RwLock<Vec<Arc<dyn Opener>>>);

impl fmt::Debug for Openers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all().iter().map(|it| it.name().to_owned())).finish()
    }
}

impl Openers {
    pub fn all(&self) -> Vec<Arc<dyn Opener>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the place of an earlier one of the same name.
    pub fn put(self: &Arc<Self>, opener: Arc<dyn Opener>) -> Registered {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| it.name() != opener.name());
        all.push(opener.clone());
        Registered { openers: self.clone(), opener }
    }

    /// What a feed has at any of them.
    pub fn has(&self, feed: &Feed) -> Has {
        self.all().iter().map(|it| it.has(feed)).fold(Has::default(), |all, it| Has {
            stream: all.stream | it.stream,
            still: all.still | it.still,
            wheel: all.wheel | it.wheel,
        })
    }

    /// Those that have what is asked; after `n_failures` another one leads, if there is one.
    pub fn with(&self, feed: &Feed, n_failures: u32, what: impl Fn(Has) -> bool) -> Option<Arc<dyn Opener>> {
        let mut able: Vec<_> = self.all().into_iter().filter(|it| what(it.has(feed))).collect();
        let n = able.len().max(1);
        (!able.is_empty()).then(|| able.swap_remove(n_failures as usize % n))
    }
}

/// An opener that is there as long as this is kept: a connector keeps it, and takes it along when it is closed.
pub struct Registered {
    openers: Arc<Openers>,
    opener: Arc<dyn Opener>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut all = self.openers.0.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| !Arc::ptr_eq(it, &self.opener));
    }
}

/// How a feed is called in addresses and file names: `camera:c00001`.
pub fn feed_key(feed: &Feed) -> String {
    match feed {
        Feed::Camera(id) => format!("camera:{id}"),
        Feed::Drone(id) => format!("drone:{id}"),
        Feed::Call(id) => format!("call:{id}"),
    }
}

pub fn feed_of(key: &str) -> Option<Feed> {
    let (kind, id) = key.split_once(':').filter(|(_, id)| !id.is_empty())?;
    Some(match kind {
        "camera" => Feed::Camera(id.into()),
        "drone" => Feed::Drone(id.into()),
        "call" => Feed::Call(Text::from(id)),
        _ => return None,
    })
}

/// The stills a drones' platform serves beside everything else: `{base}/{sn}.jpg`.
pub struct DroneStills {
    pub http: reqwest::Client,
    pub base: String,
}

#[async_trait]
impl Opener for DroneStills {
    fn name(&self) -> &str {
        "drone-stills"
    }

    fn has(&self, feed: &Feed) -> Has {
        Has { still: matches!(feed, Feed::Drone(_)), ..Has::default() }
    }

    async fn open(&self, _: &Feed) -> Result<StreamAddress, WhyNot> {
        Err(WhyNot::lasting("这架无人机没有视频流", "在配置中为无人机指明流媒体地址"))
    }

    async fn still(&self, feed: &Feed) -> Result<Vec<u8>, WhyNot> {
        let Feed::Drone(sn) = feed else { return Err(WhyNot::lasting("不是无人机", "")) };
        let url = format!("{}/{sn}.jpg", self.base.trim_end_matches('/'));
        let asked = crate::connectors::http::exchange(self.http.get(&url), &url, std::time::Duration::from_secs(2));
        asked.await.map_err(|why| WhyNot::passing(&why, why.remedy()))
    }
}

/// Drones that push to a media server: where one pushes to is where others play from. `{sn}` and `{id}` stand for the feed's
/// own id in both.
pub struct MediaServer {
    pub name: String,
    /// Such as `rtmp://10.0.0.5/live/{sn}`: what a drone is told.
    pub push: String,
    /// Such as `rtsp://10.0.0.5:554/live/{sn}`.
    pub play: String,
    pub transport: Transport,
}

impl MediaServer {
    pub fn push_url(&self, feed: &Feed) -> Option<String> {
        filled(&self.push, feed)
    }
}

fn filled(template: &str, feed: &Feed) -> Option<String> {
    let Feed::Drone(sn) = feed else { return None };
    let is_plain = sn.as_str().bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    is_plain.then(|| template.replace("{sn}", sn.as_str()).replace("{id}", sn.as_str()))
}

#[async_trait]
impl Opener for MediaServer {
    fn name(&self) -> &str {
        &self.name
    }

    fn has(&self, feed: &Feed) -> Has {
        Has { stream: filled(&self.play, feed).is_some(), ..Has::default() }
    }

    async fn open(&self, feed: &Feed) -> Result<StreamAddress, WhyNot> {
        let url =
            filled(&self.play, feed).ok_or_else(|| WhyNot::lasting("无人机编号不能用作流名", "核对无人机编号"))?;
        Ok(StreamAddress::of(&url, self.transport))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(name: &str) -> Arc<MediaServer> {
        let (push, play) = ("rtmp://h/live/{sn}".to_owned(), "rtsp://u:p@h/live/{sn}".to_owned());
        Arc::new(MediaServer { name: name.into(), push, play, transport: Transport::Tcp })
    }

    #[test]
    fn an_opener_is_there_as_long_as_its_connector() {
        let openers = Arc::new(Openers::default());
        let drone = Feed::Drone("SN1".into());
        let first = openers.put(media("a"));
        let second = openers.put(media("b"));
        assert_eq!(openers.with(&drone, 0, |it| it.stream).map(|it| it.name().to_owned()), Some("a".into()));
        assert_eq!(openers.with(&drone, 1, |it| it.stream).map(|it| it.name().to_owned()), Some("b".into()));
        drop(first);
        assert_eq!(openers.all().len(), 1);
        drop(second);
        assert!(openers.with(&drone, 0, |it| it.stream).is_none());
        assert_eq!(openers.has(&drone), Has::default());
    }

    #[test]
    fn credentials_leave_the_address() {
        let address = StreamAddress::of("rtsp://admin:geheim@10.0.0.9:554/s1", Transport::Tcp);
        assert_eq!((address.user.as_str(), address.password.0.as_str()), ("admin", "geheim"));
        assert!(!address.url.contains("geheim") && address.url.ends_with("10.0.0.9:554/s1"), "{}", address.url);
        assert!(!format!("{address:?}").contains("geheim"));
    }

    #[test]
    fn a_feed_has_one_name_in_addresses() {
        for feed in [Feed::Camera("c00001".into()), Feed::Drone("SN".into()), Feed::Call("7".into())] {
            assert_eq!(feed_of(&feed_key(&feed)), Some(feed));
        }
        assert_eq!(feed_of("camera:"), None);
        assert_eq!(feed_of("boat:1"), None);
        let strange = Feed::Drone("../x".into());
        assert_eq!(media("a").push_url(&strange), None);
    }
}
