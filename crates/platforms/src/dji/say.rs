//! What docks are told.

use gulang_city::{FlightTask, LonLat, Timestamp};
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
    #[error("大疆机场的航线要先做成航线文件（WPML）交它下载，这里不做；改用「飞往」")]
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

/// `video_quality` of the Cloud API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveQuality {
    Auto,
    Smooth,
    Standard,
    High,
    UltraHigh,
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

    pub fn live_start(&self, url: &str, video_id: &str, quality: LiveQuality) -> Message {
        // 1 RTMP, 3 GB28181, 4 WebRTC by WHIP; a media server takes the first.
        let url_type = if url.starts_with("http") { 4 } else { 1 };
        let data = json!({ "url_type": url_type, "url": url, "video_id": video_id, "video_quality": quality as u8 });
        self.service("live_start_push", self.key, data)
    }

    pub fn live_stop(&self, video_id: &str) -> Message {
        self.service("live_stop_push", self.key, json!({ "video_id": video_id }))
    }

    pub fn live_quality(&self, video_id: &str, quality: LiveQuality) -> Message {
        self.service("live_set_quality", self.key, json!({ "video_id": video_id, "video_quality": quality as u8 }))
    }

    /// `normal`, `wide`, `zoom` or `ir`.
    pub fn live_lens(&self, video_id: &str, lens: &str) -> Message {
        self.service("live_lens_change", self.key, json!({ "video_id": video_id, "video_type": lens }))
    }

    /// A route file by its address and MD5, flown now.
    pub fn prepare(&self, file_url: &str, md5: &str) -> Message {
        let data = json!({
            "flight_id": self.key, "execute_time": self.at.0, "task_type": 0, "wayline_type": 0,
            "file": { "url": file_url, "fingerprint": md5 },
            "rth_altitude": (self.return_height_m.round() as i64).clamp(20, 1500), "rth_mode": 1,
            "out_of_control_action": 0,
        });
        self.service("flighttask_prepare", self.key, data)
    }

    pub fn execute(&self) -> Message {
        self.service("flighttask_execute", self.key, json!({ "flight_id": self.key }))
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
