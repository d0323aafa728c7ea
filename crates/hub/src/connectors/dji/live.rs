//! A drone's live picture (`live_start_push`): the dock is asked to push to the city's media server, and the picture is
//! opened from there by the eyes like any other. Nobody watching any more, it is told to stop.
//!
//! What can be asked for is what the dock said of itself (`live_capacity`, `update_topo`); without that a drone has no
//! picture here. An answer finds its question by a key of its own, which no flight has.

use crate::{
    clock::wall_now,
    eyes::{Has, Opener, StreamAddress, WhyNot},
};
use async_trait::async_trait;
use gulang_city::{DroneCamera, DroneId, Feed, LiveQuality, Text};
use gulang_platforms::{
    News,
    dji::{Live, LiveAnswer, Message},
};
use gulang_video_link::Transport;
use gulang_wire::Adjustment;
use rumqttc::{AsyncClient, QoS};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::oneshot;

/// How long a dock may take to answer; it opens a connection of its own meanwhile.
const ANSWER_LIMIT: Duration = Duration::from_secs(12);

/// Where drones push to and others play from; `{sn}` is the drone's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// `rtmp://10.0.0.5/live/{sn}`, `https://…` (WHIP), or the parameters of GB/T 28181 as the Cloud API writes them.
    pub push: String,
    /// `rtsp://10.0.0.5:554/live/{sn}`.
    pub play: String,
    #[serde(default)]
    pub transport: Transport,
    #[serde(default)]
    pub quality: LiveQuality,
}

impl Media {
    /// A media server that pushes and plays under the same names, by its RTSP address.
    pub fn at(rtsp: &str) -> Self {
        let play = format!("{}/{{sn}}", rtsp.trim_end_matches('/'));
        let push = play.replacen("rtsp://", "rtmp://", 1);
        Self { push, play, transport: Transport::default(), quality: LiveQuality::default() }
    }
}

/// The drones of one broker as pictures.
pub struct DjiLive {
    name: String,
    client: AsyncClient,
    media: Media,
    known: Mutex<Known>,
    /// Who waits for which answer.
    waiting: Mutex<HashMap<String, oneshot::Sender<LiveAnswer>>>,
    n_asked: AtomicU64,
}

#[derive(Default)]
struct Known {
    gateways: BTreeMap<DroneId, Text>,
    cameras: BTreeMap<DroneId, Vec<DroneCamera>>,
    /// Asked to push and not told to stop.
    pushing: BTreeSet<DroneId>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One picture of one drone, as its dock knows it.
struct Wanted {
    gateway: Text,
    video_id: String,
    lenses: Vec<Text>,
}

impl DjiLive {
    pub fn new(name: impl Into<String>, client: AsyncClient, media: Media) -> Self {
        let (known, waiting) = (Mutex::default(), Mutex::default());
        // A dock knows a question it has had: those of the hub before this one are not asked again.
        let first = u64::try_from(wall_now().0).unwrap_or(1);
        Self { name: name.into(), client, media, known, waiting, n_asked: AtomicU64::new(first) }
    }

    /// What docks say of themselves, and their answers.
    pub fn heard(&self, news: &[News], answer: Option<&LiveAnswer>) {
        if let Some(answer) = answer
            && let Some(waits) = lock(&self.waiting).remove(&*answer.key)
        {
            let _ = waits.send(answer.clone());
        }
        let is_ours = |it: &&News| matches!(it, News::Docked { .. } | News::DroneSays { .. });
        for it in news.iter().filter(is_ours) {
            match it {
                News::Docked { gateway, drones, .. } => {
                    let mut known = lock(&self.known);
                    known.gateways.retain(|_, it| *it != *gateway);
                    known.gateways.extend(drones.iter().map(|it| (DroneId(it.clone()), gateway.clone())));
                }
                News::DroneSays { drone, telemetry } if !telemetry.cameras.is_empty() => {
                    lock(&self.known).cameras.insert(DroneId(drone.clone()), telemetry.cameras.clone());
                }
                _ => {}
            }
        }
    }

    fn wanted(&self, feed: &Feed) -> Option<(DroneId, Wanted)> {
        let Feed::Drone(sn) = feed else { return None };
        let known = lock(&self.known);
        let gateway = known.gateways.get(sn)?.clone();
        let camera = known.cameras.get(sn)?.first()?;
        let video_id = format!("{sn}/{}/{}", camera.index, camera.video);
        Some((sn.clone(), Wanted { gateway, video_id, lenses: camera.lenses.clone() }))
    }

    fn publish(&self, message: Message) -> Result<(), WhyNot> {
        // Once at most: a picture asked for an hour ago is wanted by nobody.
        let sent = self.client.try_publish(message.topic, QoS::AtMostOnce, false, message.payload);
        sent.map_err(|why| WhyNot::passing(format!("问不到机场：{why}"), "检查 MQTT 连接"))
    }

    /// Asks, and waits for the dock's answer.
    async fn ask(&self, it: &Wanted, make: impl FnOnce(&Live<'_>) -> Message) -> Result<(), WhyNot> {
        let (n, at) = (self.n_asked.fetch_add(1, Relaxed), wall_now());
        let live = Live { gateway: &it.gateway, video_id: &it.video_id, n, at };
        let (key, message) = (live.key(), make(&live));
        let (sender, answer) = oneshot::channel();
        lock(&self.waiting).insert(key.clone(), sender);
        let asked = match self.publish(message) {
            Ok(()) => tokio::time::timeout(ANSWER_LIMIT, answer).await,
            Err(why) => {
                lock(&self.waiting).remove(&key);
                return Err(why);
            }
        };
        lock(&self.waiting).remove(&key);
        match asked {
            Ok(Ok(answer)) if answer.result == 0 => Ok(()),
            Ok(Ok(answer)) => {
                let what = format!("机场拒绝 {}，代码 {} {}", answer.method, answer.result, answer.words);
                Err(WhyNot::passing(what.trim_end(), "确认飞机在线、摄像头可用、没有别人在推流"))
            }
            _ => Err(WhyNot::passing(format!("机场 {} 没有应答", it.gateway), "检查机场是否在线")),
        }
    }

    fn unknown() -> WhyNot {
        WhyNot::passing("机场没有报过这架无人机的摄像头", "等机场上线并报告直播能力")
    }
}

fn filled(template: &str, sn: &DroneId) -> Result<String, WhyNot> {
    let is_plain = sn.as_str().bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'));
    let why = || WhyNot::lasting(format!("无人机编号 {sn} 不能用作流名"), "核对无人机编号");
    is_plain.then(|| template.replace("{sn}", sn.as_str())).ok_or_else(why)
}

#[async_trait]
impl Opener for DjiLive {
    fn name(&self) -> &str {
        &self.name
    }

    fn has(&self, feed: &Feed) -> Has {
        Has { stream: self.wanted(feed).is_some(), ..Has::default() }
    }

    async fn open(&self, feed: &Feed) -> Result<StreamAddress, WhyNot> {
        let (sn, wanted) = self.wanted(feed).ok_or_else(Self::unknown)?;
        let (push, play) = (filled(&self.media.push, &sn)?, filled(&self.media.play, &sn)?);
        // Asked before and never stopped, as when the picture broke: a dock that still pushes takes no second start.
        let was_pushing = lock(&self.known).pushing.contains(&sn);
        if was_pushing {
            let _ = self.ask(&wanted, |it| it.stop()).await;
        }
        let quality = self.media.quality;
        self.ask(&wanted, |it| it.start(&push, quality)).await?;
        lock(&self.known).pushing.insert(sn);
        Ok(StreamAddress::of(&play, self.media.transport))
    }

    async fn close(&self, feed: &Feed) {
        let Some((sn, wanted)) = self.wanted(feed) else { return };
        let was_pushing = lock(&self.known).pushing.remove(&sn);
        if was_pushing && let Err(why) = self.ask(&wanted, |it| it.stop()).await {
            tracing::warn!(%why, drone = %sn, "a drone may go on pushing its picture to nobody");
        }
    }

    async fn adjust(&self, feed: &Feed, to: &Adjustment) -> Result<(), WhyNot> {
        let (_, wanted) = self.wanted(feed).ok_or_else(Self::unknown)?;
        match to {
            Adjustment::Quality(quality) => self.ask(&wanted, |it| it.quality(*quality)).await,
            Adjustment::Lens(lens) if wanted.lenses.contains(lens) => self.ask(&wanted, |it| it.lens(lens)).await,
            Adjustment::Lens(lens) => {
                let all = wanted.lenses.iter().map(|it| &**it).collect::<Vec<_>>().join("、");
                Err(WhyNot::lasting(format!("这台相机没有镜头 {lens}"), format!("可选：{all}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Telemetry, Timestamp};

    fn live() -> (DjiLive, rumqttc::EventLoop) {
        let (client, events) = AsyncClient::new(rumqttc::MqttOptions::new("t", "127.0.0.1", 1), 8);
        let media = Media {
            push: "rtmp://h/live/{sn}".into(),
            play: "rtsp://h/live/{sn}".into(),
            transport: Transport::Tcp,
            quality: LiveQuality::Auto,
        };
        (DjiLive::new("drone-live", client, media), events)
    }

    #[tokio::test]
    async fn a_drone_has_a_picture_once_its_dock_said_so_and_an_answer_finds_its_question() {
        let (live, _events) = live();
        let feed = Feed::Drone("SN1".into());
        assert_eq!(live.has(&feed), Has::default());
        assert!(live.open(&feed).await.is_err());
        let cameras = vec![DroneCamera {
            index: "52-0-0".into(),
            video: "normal-0".into(),
            lens: "normal".into(),
            lenses: vec!["normal".into(), "ir".into()],
        }];
        let telemetry = Box::new(Telemetry { cameras, ..Telemetry::default() });
        let docked = News::Docked { gateway: "D1".into(), drones: vec!["SN1".into()], at: Timestamp(1) };
        live.heard(&[docked, News::DroneSays { drone: "SN1".into(), telemetry }], None);
        assert!(live.has(&feed).stream);
        let answered = async {
            let key = loop {
                let asked = lock(&live.waiting).keys().next().cloned();
                match asked {
                    Some(key) => break key,
                    None => tokio::task::yield_now().await,
                }
            };
            let (key, method) = (key.as_str().into(), "live_start_push".into());
            live.heard(&[], Some(&LiveAnswer { key, method, result: 0, words: "".into() }));
        };
        let (opened, ()) = tokio::join!(live.open(&feed), answered);
        assert_eq!(opened.map(|it| it.url), Ok("rtsp://h/live/SN1".into()));
        let refused = live.adjust(&feed, &Adjustment::Lens("zoom".into())).await;
        assert!(refused.is_err_and(|it| it.remedy.contains("ir")));
    }
}
