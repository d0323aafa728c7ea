//! What vehicles' cameras show, and a hand on them: a stream that a vehicle told of is begun and opened from where it says,
//! gimbal and zoom follow the hand. All of it goes by the connector's own wire, so an exercise turns no actual camera.

use super::barred;
use crate::{
    eyes::{Has, Opener, StreamAddress, WhyNot},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{Feed, Text};
use gulang_platforms::mavlink::{Order, Vehicle};
use gulang_video_link::Transport;
use gulang_wire::Motion;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::mpsc;

/// Degrees a second with the stick all the way over.
const FULL_STICK_DEG_S: f32 = 30.0;
/// Words to cameras that may wait; a newer one is as good as those that find no room.
const WAITING: usize = 32;

/// The cameras of one link.
pub struct Pictures {
    name: String,
    /// By drone: the stream's number and where it is.
    streams: Mutex<BTreeMap<Text, (u8, String)>>,
    words: mpsc::Sender<Word>,
}

/// What a camera is to do, by drone.
pub(super) type Word = (Text, Order);

impl Pictures {
    pub(super) fn new(name: &str) -> (Self, mpsc::Receiver<Word>) {
        let (words, heard) = mpsc::channel(WAITING);
        (Self { name: name.to_owned(), streams: Mutex::default(), words }, heard)
    }

    /// What a vehicle told of its streams; none of a vehicle that an order of this realm may not reach.
    pub(super) fn note<R: RealmKind>(&self, drone: &Text, vehicle: &Vehicle) {
        let is_url =
            |it: &str| ["rtsp://", "rtmp://", "http://", "https://"].iter().any(|scheme| it.starts_with(scheme));
        let stream = vehicle.streams.iter().find(|(_, it)| is_url(&it.uri));
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        match stream.filter(|_| barred::<R>(vehicle).is_none()) {
            Some((n, it)) => drop(streams.insert(drone.clone(), (*n, it.uri.clone()))),
            None => drop(streams.remove(drone)),
        }
    }

    fn of(&self, feed: &Feed) -> Option<(Text, u8, String)> {
        let Feed::Drone(id) = feed else { return None };
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let (n, uri) = streams.get(&id.0)?;
        Some((id.0.clone(), *n, uri.clone()))
    }

    fn tell(&self, drone: Text, order: Order) -> Result<(), WhyNot> {
        let busy = |_| WhyNot::passing("MAVLink 连接正忙或已断开", "检查飞控链路");
        self.words.try_send((drone, order)).map_err(busy)
    }
}

#[async_trait]
impl Opener for Pictures {
    fn name(&self) -> &str {
        &self.name
    }

    fn has(&self, feed: &Feed) -> Has {
        let known = self.of(feed).is_some();
        Has { stream: known, still: false, wheel: known }
    }

    async fn open(&self, feed: &Feed) -> Result<StreamAddress, WhyNot> {
        let unknown = || WhyNot::passing("飞控没有报过可以打开的视频流", "检查机载相机的视频流设置");
        let (drone, stream, uri) = self.of(feed).ok_or_else(unknown)?;
        self.tell(drone, Order::StartVideo { stream })?;
        Ok(StreamAddress::of(&uri, Transport::default()))
    }

    async fn close(&self, feed: &Feed) {
        if let Some((drone, stream, _)) = self.of(feed)
            && let Err(why) = self.tell(drone, Order::StopVideo { stream })
        {
            tracing::debug!(%why, "a camera was not told to stop");
        }
    }

    async fn steer(&self, feed: &Feed, motion: Motion) -> Result<(), WhyNot> {
        let (drone, ..) = self.of(feed).ok_or_else(|| WhyNot::passing("飞控没有在线", "检查飞控链路"))?;
        let (pitch_deg_s, yaw_deg_s) = (motion.tilt * FULL_STICK_DEG_S, motion.pan * FULL_STICK_DEG_S);
        self.tell(drone.clone(), Order::TurnGimbal { pitch_deg_s, yaw_deg_s })?;
        self.tell(drone, Order::Zoom { rate: motion.zoom })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::{Actual, Exercise};
    use gulang_platforms::mavlink::Stream;

    #[tokio::test]
    async fn a_stream_is_begun_where_it_was_told_and_never_of_a_real_vehicle_in_an_exercise() {
        let (pictures, mut words) = Pictures::new("mavlink");
        let mut vehicle = Vehicle::new(1);
        let stream = Stream {
            name: "front".into(),
            uri: "rtsp://10.0.0.9:8554/front".into(),
            is_running: false,
            width: 1280,
            height: 720,
        };
        vehicle.streams.insert(1, stream);
        let (drone, feed) = (Text::from("MAV-01"), Feed::Drone("MAV-01".into()));
        pictures.note::<Exercise>(&drone, &vehicle);
        assert_eq!(pictures.has(&feed), Has::default());
        pictures.note::<Actual>(&drone, &vehicle);
        let opened = pictures.open(&feed).await.map(|it| it.url);
        assert_eq!(opened, Ok("rtsp://10.0.0.9:8554/front".into()));
        assert_eq!(words.try_recv(), Ok((drone.clone(), Order::StartVideo { stream: 1 })));
        assert_eq!(pictures.steer(&feed, Motion { pan: 0.5, tilt: -1.0, zoom: 0.0 }).await, Ok(()));
        let turned = Order::TurnGimbal { pitch_deg_s: -30.0, yaw_deg_s: 15.0 };
        assert_eq!(words.try_recv(), Ok((drone.clone(), turned)));
        assert_eq!(words.try_recv(), Ok((drone, Order::Zoom { rate: 0.0 })));
        // A port alone, as MAVLink lets it, is nothing to open.
        vehicle.streams.values_mut().for_each(|it| it.uri = "5600".into());
        pictures.note::<Actual>(&Text::from("MAV-01"), &vehicle);
        assert!(pictures.open(&feed).await.is_err());
    }
}
