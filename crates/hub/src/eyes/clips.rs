//! What is kept around an alarm or an order: fifteen seconds before until thirty after, of the feeds that play near it.
//!
//! A clip is a file in the realm's folder with a description beside it; neither is part of the log. It goes on over a
//! reconnect of its feed; its description says where pictures are missing.

use super::{Eyes, feed_key, house::Keeping, lock};
use crate::log::write_whole;
use gulang_city::{City, Event, Feed, Fixes, LonLat, Realm, Record, Timestamp};
use gulang_video_link::Gap;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// Seconds before and after.
const AROUND_S: (u32, u32) = (15, 30);
/// A camera sees no further.
const CAMERA_M: f64 = 800.0;
const DRONE_M: f64 = 2_000.0;
/// Of one alarm or order.
const MOST: usize = 4;

/// What is written beside a clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    /// The file, in the same folder.
    pub file: String,
    pub feed: Feed,
    /// Such as `告警 12`.
    pub cause: String,
    /// The number of the record it was kept for.
    pub seq: u64,
    /// That record's.
    pub at: Timestamp,
    pub realm: Realm,
    pub simulated: bool,
    pub secs: f32,
    /// Where nothing came; the picture stands still there.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// What else happened while it was kept.
    #[serde(default)]
    pub also: Vec<Also>,
}

/// Another alarm or order a clip has in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Also {
    pub cause: String,
    pub seq: u64,
    pub at: Timestamp,
}

/// Of a storm of alarms a clip names so many.
const MOST_ALSO: usize = 200;

/// Those that are being written.
#[derive(Debug, Default)]
pub struct Clips(Mutex<BTreeMap<u64, (PathBuf, Clip)>>);

impl Clips {
    fn add(&self, clip: u64, also: Also) {
        if let Some((_, clip)) = lock(&self.0).get_mut(&clip)
            && clip.also.len() < MOST_ALSO
        {
            clip.also.push(also);
        }
    }

    pub fn kept(&self, clip: u64, feed: &Feed, secs: f32, gaps: Vec<Gap>) {
        let Some((dir, clip)) = lock(&self.0).remove(&clip) else { return };
        let clip = Clip { secs, gaps, ..clip };
        let file = dir.join(&clip.file).with_extension("json");
        if let Err(why) = write_whole(&file, &serde_json::to_string(&clip).unwrap_or_default()) {
            tracing::error!(%why, ?feed, "a clip was kept without its description");
        }
    }

    pub fn not_kept(&self, clip: u64, feed: &Feed, why: &str) {
        lock(&self.0).remove(&clip);
        tracing::warn!(why, ?feed, "a clip was not kept");
    }
}

impl Eyes {
    pub(super) fn keep_around(self: &Arc<Self>, records: &[Record]) {
        let Some(core) = self.core() else { return };
        let dir = clips_dir(&core.dir);
        for record in records {
            let (cause, seq, at) = match &record.event {
                Event::AlarmRaised { alarm, .. } | Event::FenceBroken { alarm, .. } => {
                    (format!("告警 {alarm}"), record.seq, record.at)
                }
                Event::OrderDrafted { order, .. } => (format!("指令 {order}"), record.seq, record.at),
                _ => continue,
            };
            let playing = lock(&self.house).keepable(self.now());
            if playing.is_empty() {
                return;
            }
            let drones = core.lane().readings.drones.clone();
            let near = near(&core.city(), &drones, &record.event, &playing);
            if near.is_empty() {
                continue;
            }
            if let Err(why) = std::fs::create_dir_all(&dir) {
                tracing::error!(%why, "no clip can be kept");
                return;
            }
            for feed in near {
                let name = |clip: u64| format!("{seq}-{clip}-{}.mp4", feed_key(&feed).replace(':', "-"));
                let kept = self.with(|house, now| house.keep(&feed, |clip| dir.join(name(clip)), AROUND_S, now));
                let n = match kept {
                    Some(Keeping::New(n)) => n,
                    Some(Keeping::Beside(n)) => {
                        self.clips.add(n, Also { cause: cause.clone(), seq, at });
                        continue;
                    }
                    None => continue,
                };
                let clip = Clip {
                    file: name(n),
                    feed: feed.clone(),
                    cause: cause.clone(),
                    seq,
                    at,
                    realm: core.realm,
                    simulated: core.simulated,
                    secs: 0.0,
                    gaps: Vec::new(),
                    also: Vec::new(),
                };
                lock(&self.clips.0).insert(n, (dir.clone(), clip));
            }
        }
    }
}

pub fn clips_dir(realm_dir: &Path) -> PathBuf {
    realm_dir.join("clips")
}

/// Of the feeds that play, the nearest to where something happened; of an order, those in its districts, and of one to the
/// whole city those every wall shows first.
fn near(city: &City, drones: &Fixes, event: &Event, playing: &[Feed]) -> Vec<Feed> {
    let place = match event {
        Event::AlarmRaised { sensor, .. } => city.sensors.get(sensor).map(|it| it.at),
        Event::FenceBroken { thing, .. } => Some(thing.place),
        _ => None,
    };
    let districts = match event {
        Event::OrderDrafted { text, .. } => &text.districts[..],
        _ => &[],
    };
    let is_citywide = matches!(event, Event::OrderDrafted { text, .. } if text.districts.is_empty());
    let mut near: Vec<(f64, Feed)> = Vec::new();
    for feed in playing {
        let is_first = is_citywide && city.feeds.iter().any(|it| it.feed == *feed);
        let (at, sees_m, is_in) = match feed {
            Feed::Camera(id) => match city.cameras.get(id) {
                Some(it) => (Some(it.at), CAMERA_M, districts.contains(&it.district)),
                None => continue,
            },
            Feed::Drone(id) => {
                let i = city.drones.keys().position(|it| it == id);
                let fix = i.and_then(|i| drones.get(i));
                (fix.map(|it| LonLat(it.lon, it.lat)), DRONE_M, false)
            }
            Feed::Call(_) => continue,
        };
        let away_m = at.zip(place).map(|(at, place)| at.distance_m(place)).filter(|it| *it <= sees_m);
        if let Some(away_m) = away_m.or((is_in || is_first).then_some(0.0)) {
            near.push((away_m, feed.clone()));
        }
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.into_iter().take(MOST).map(|(_, feed)| feed).collect()
}

/// Every clip described in a realm's folder, newest first; what cannot be read is passed over.
pub fn listed(realm_dir: &Path) -> Vec<Clip> {
    let entries = std::fs::read_dir(clips_dir(realm_dir)).into_iter().flatten().flatten();
    let described = entries.map(|it| it.path()).filter(|it| it.extension().is_some_and(|it| it == "json"));
    let mut clips: Vec<Clip> = described
        .filter_map(|it| std::fs::read(it).ok())
        .filter_map(|it| serde_json::from_slice::<Clip>(&it).ok())
        .collect();
    clips.sort_by(|a, b| (b.at, &b.file).cmp(&(a.at, &a.file)));
    clips
}

/// A clip's file by the name in the list; no path leads elsewhere.
pub fn file_of(realm_dir: &Path, name: &str) -> Option<PathBuf> {
    let is_plain = name.ends_with(".mp4") && !name.contains(['/', '\\']) && !name.starts_with('.');
    is_plain.then(|| clips_dir(realm_dir).join(name)).filter(|it| it.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{AlarmId, Text, WarningColor, tiny_pack};

    #[test]
    fn an_alarm_keeps_the_feeds_around_it() {
        let mut pack = tiny_pack();
        let Some(sensor) = pack.sensors.first().cloned() else { return };
        let Some(mut camera) = pack.cameras.first().cloned() else { return };
        let mut put = |id: &str, at: LonLat| {
            camera.id = id.into();
            camera.at = at;
            pack.cameras.push(camera.clone());
            Feed::Camera(id.into())
        };
        let here = put("here", sensor.at);
        let close = put("close", LonLat(sensor.at.0 + 0.004, sensor.at.1));
        let far = put("far", LonLat(sensor.at.0 + 0.2, sensor.at.1));
        let city = City::found(&pack, Realm::Exercise);
        let event = Event::AlarmRaised {
            alarm: AlarmId(1),
            sensor: sensor.id.clone(),
            color: WarningColor::Red,
            value: 1.0,
            at: Timestamp(0),
            rule: Text::default(),
            why: Text::default(),
        };
        let playing = [far, close.clone(), here.clone(), Feed::Call(Text::from("1"))];
        assert_eq!(near(&city, &Fixes::default(), &event, &playing), [here, close]);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let dir = std::env::temp_dir();
        for name in ["../x.mp4", "/etc/passwd", ".hidden.mp4", "a\\b.mp4", "x.json"] {
            assert_eq!(file_of(&dir, name), None, "{name}");
        }
    }
}
