//! What docks are told.

use super::hear::{FileRequest, LIVE_KEY};
use gulang_city::{FlightTask, LiveQuality, LonLat, Timestamp};
use serde_json::{Value, json};

/// One MQTT publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub topic: String,
    pub payload: String,
}

/// Why a task cannot be said to a dock.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unsayable {
    #[error("还没有收到飞机的椭球高，换算不出目标高度；等遥测恢复后再下令")]
    NoGround,
    #[error("目标换算成椭球高是 {0:.0} 米，大疆只收 2 到 1500 米；改高度")]
    Height(f64),
    #[error("大疆机场的航线要做成航线文件（WPML）由它下载：航线要用航线文件下达")]
    NoRouteFile,
    #[error("直接控制要给飞机一个它连得到的 MQTT 地址；在连接配置 options.drc 里写明")]
    NoBroker,
}

/// Where an aircraft connects for the direct channel; by the dock's own network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrcBroker {
    /// `host:port`.
    pub address: String,
    pub username: String,
    pub password: String,
    pub is_tls: bool,
}

/// What one dock is told about one flight.
#[derive(Clone, Debug)]
pub struct Orders<'a> {
    pub gateway: &'a str,
    /// The flight's key.
    pub key: &'a str,
    pub at: Timestamp,
    /// Above the ellipsoid at the place it takes off from, m; none before the aircraft was heard.
    pub ground_ellipsoid_m: Option<f64>,
    pub speed_mps: f32,
    /// Of the way home, m above the take-off point.
    pub return_height_m: f32,
    /// Fly in the dock's simulator, from this place.
    pub simulate_at: Option<LonLat>,
    pub drc: Option<&'a DrcBroker>,
}

/// Where a route's file is, and its MD5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteFile {
    pub url: String,
    pub fingerprint: String,
}

/// The answer to a dock that asked for a route's file; `None`: there is no such route any more.
pub fn file_answer(request: &FileRequest, file: Option<&RouteFile>) -> Message {
    let data = match file {
        Some(it) => {
            json!({ "result": 0, "output": { "file": { "url": it.url, "fingerprint": it.fingerprint } } })
        }
        None => json!({ "result": 1, "output": {} }),
    };
    let payload = json!({
        "tid": request.tid, "bid": request.bid, "timestamp": request.timestamp, "method": "flighttask_resource_get",
        "data": data,
    });
    Message { topic: format!("thing/product/{}/requests_reply", request.gateway), payload: payload.to_string() }
}

/// One camera's pictures, asked for of its dock.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    pub gateway: &'a str,
    /// `{sn}/{camera_index}/{video_index}`.
    pub video_id: &'a str,
    /// Counted by whoever asks, so that an answer finds its question.
    pub n: u64,
    pub at: Timestamp,
}

impl Live<'_> {
    /// What an answer to this names ([`super::LiveAnswer::key`]).
    pub fn key(&self) -> String {
        format!("{LIVE_KEY}{}", self.n)
    }

    /// Pushes to `url`: `rtmp://…`, `https://…` (WHIP), or the `serverIP=…&serverPort=…` of GB/T 28181.
    pub fn start(&self, url: &str, quality: LiveQuality) -> Message {
        let url_type = match url {
            it if it.starts_with("http") => 4,
            it if it.starts_with("rtmp") => 1,
            _ => 3,
        };
        let quality = quality as u8;
        let data = json!({ "url_type": url_type, "url": url, "video_id": self.video_id, "video_quality": quality });
        self.service("live_start_push", data)
    }

    pub fn stop(&self) -> Message {
        self.service("live_stop_push", json!({ "video_id": self.video_id }))
    }

    pub fn quality(&self, quality: LiveQuality) -> Message {
        self.service("live_set_quality", json!({ "video_id": self.video_id, "video_quality": quality as u8 }))
    }

    /// `normal`, `wide`, `zoom` or `ir`.
    pub fn lens(&self, lens: &str) -> Message {
        self.service("live_lens_change", json!({ "video_id": self.video_id, "video_type": lens }))
    }

    fn service(&self, method: &str, data: Value) -> Message {
        let key = self.key();
        let payload = json!({
            "tid": format!("{key}-{method}"), "bid": key, "timestamp": self.at.0, "gateway": self.gateway,
            "method": method, "data": data,
        });
        Message { topic: format!("thing/product/{}/services", self.gateway), payload: payload.to_string() }
    }
}

impl Orders<'_> {
    /// The messages of a task, in the order they go out. The same flight gives the same ids, however often.
    pub fn messages(&self, task: &FlightTask) -> Result<Vec<Message>, Unsayable> {
        let service = |method: &str, data: Value| self.service(method, self.key, data);
        Ok(match task {
            FlightTask::TakeoffTo { place, height_m } => {
                let height = self.ellipsoid(*height_m)?;
                let rth = self.return_height_m.round() as i64;
                let home = self.simulate_at.unwrap_or_default();
                let simulate = json!({
                    "is_enable": i32::from(self.simulate_at.is_some()), "latitude": home.lat(), "longitude": home.lon(),
                });
                vec![service(
                    "takeoff_to_point",
                    json!({
                        "flight_id": self.key, "target_latitude": place.lat(), "target_longitude": place.lon(),
                        "target_height": height, "security_takeoff_height": rth.clamp(20, 1500),
                        "rth_mode": 1, "rth_altitude": rth.clamp(20, 1500),
                        // Home when the controller or the cloud is lost.
                        "rc_lost_action": 2, "commander_mode_lost_action": 1,
                        "commander_flight_mode": 1, "commander_flight_height": rth.clamp(20, 1500),
                        "max_speed": self.speed_mps.clamp(1.0, 15.0).round() as i64,
                        "simulate_mission": simulate,
                    }),
                )]
            }
            FlightTask::FlyTo { place, height_m } => {
                let height = self.ellipsoid(*height_m)?;
                let points = json!([{ "latitude": place.lat(), "longitude": place.lon(), "height": height }]);
                let speed = self.speed_mps.clamp(0.0, 15.0).round() as i64;
                vec![service("fly_to_point", json!({ "fly_to_id": self.key, "max_speed": speed, "points": points }))]
            }
            FlightTask::ReturnHome => vec![service("return_home", Value::Null)],
            FlightTask::Pause => vec![service("flighttask_pause", Value::Null)],
            FlightTask::Resume => vec![service("flighttask_recovery", Value::Null)],
            FlightTask::Hover => vec![service("fly_to_point_stop", Value::Null)],
            FlightTask::GrabControl => vec![
                service("flight_authority_grab", Value::Null),
                service("payload_authority_grab", json!({ "payload_index": "0-0-0" })),
            ],
            FlightTask::Land => self.direct("drc_force_landing")?,
            FlightTask::EmergencyStop => self.direct("drone_emergency_stop")?,
            FlightTask::RunRoute { .. } => return Err(Unsayable::NoRouteFile),
        })
    }

    /// What ends a flight that is under way.
    pub fn cancel(&self, task: &FlightTask) -> Option<Message> {
        let (method, data) = match task {
            FlightTask::FlyTo { .. } => ("fly_to_point_stop", Value::Null),
            FlightTask::ReturnHome => ("return_home_cancel", Value::Null),
            FlightTask::RunRoute { .. } => ("flighttask_stop", json!({ "flight_id": self.key })),
            _ => return None,
        };
        Some(self.service(method, &format!("{}-c", self.key), data))
    }

    /// A route by its file, to be flown when the dock has it and is told so ([`Self::execute`]).
    ///
    /// `simulate_mission` is in the pages of Dock 2 and later (`dock2/50.wayline.md`), not in those of the first: a dock
    /// that does not know it would fly.
    pub fn prepare(&self, file: &RouteFile) -> Message {
        let mut data = json!({
            "flight_id": self.key, "execute_time": self.at.0, "task_type": 0, "wayline_type": 0,
            "file": { "url": file.url, "fingerprint": file.fingerprint },
            "rth_altitude": (self.return_height_m.round() as i64).clamp(20, 1500), "rth_mode": 1,
            // Home when it is lost, as the file has it too.
            "out_of_control_action": 0, "exit_wayline_when_rc_lost": 1, "wayline_precision_type": 0,
        });
        if let Some(home) = self.simulate_at {
            data["simulate_mission"] = json!({ "is_enable": 1, "latitude": home.lat(), "longitude": home.lon() });
        }
        self.service("flighttask_prepare", self.key, data)
    }

    pub fn execute(&self) -> Message {
        self.service("flighttask_execute", self.key, json!({ "flight_id": self.key }))
    }

    /// What ends a route that the dock has and does not fly yet.
    pub fn undo(&self) -> Message {
        self.service("flighttask_undo", &format!("{}-c", self.key), json!({ "flight_ids": [self.key] }))
    }

    /// Where the gimbal looks: 0 centre, 1 down.
    pub fn gimbal_reset(&self, payload: &str, mode: u8) -> Message {
        let data = json!({ "payload_index": payload, "reset_mode": mode });
        self.service("gimbal_reset", self.key, data)
    }

    pub fn take_photo(&self, payload: &str) -> Message {
        self.service("camera_photo_take", self.key, json!({ "payload_index": payload }))
    }

    /// Through the direct channel, which is opened first.
    fn direct(&self, method: &str) -> Result<Vec<Message>, Unsayable> {
        let broker = self.drc.ok_or(Unsayable::NoBroker)?;
        let enter = json!({
            "mqtt_broker": {
                "address": broker.address, "client_id": format!("{}-{}", self.gateway, self.key),
                "username": broker.username, "password": broker.password,
                "expire_time": self.at.0 / 1000 + 3600, "enable_tls": broker.is_tls,
            },
            "osd_frequency": 10, "hsi_frequency": 1,
        });
        let now = Message {
            topic: format!("thing/product/{}/drc/down", self.gateway),
            payload: json!({
                "tid": format!("{}-{method}", self.key), "bid": self.key, "timestamp": self.at.0, "method": method,
                "data": {},
            })
            .to_string(),
        };
        Ok(vec![self.service("drc_mode_enter", self.key, enter), now])
    }

    /// Above the ellipsoid: the ground's height there, and ours above it.
    fn ellipsoid(&self, height_m: f32) -> Result<f64, Unsayable> {
        let height = self.ground_ellipsoid_m.ok_or(Unsayable::NoGround)? + f64::from(height_m);
        let height = (height * 10.0).round() / 10.0;
        if (2.0..=1500.0).contains(&height) { Ok(height) } else { Err(Unsayable::Height(height)) }
    }

    fn service(&self, method: &str, bid: &str, data: Value) -> Message {
        let tid = format!("{bid}-{method}");
        let payload = json!({
            "tid": tid, "bid": bid, "timestamp": self.at.0, "gateway": self.gateway, "method": method,
            "data": if data.is_null() { json!({}) } else { data },
        });
        Message { topic: format!("thing/product/{}/services", self.gateway), payload: payload.to_string() }
    }
}
