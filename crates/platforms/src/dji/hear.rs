//! What docks and aircraft say.

use super::{DjiError, MAX_BYTES, dock_mode_zh, mode_zh};
use crate::{
    Heard, News,
    value::{number_of, small_of},
};
use gulang_city::{
    Command, DockCover, DockState, DroneAlarm, DroneCamera, Fix, FlightId, FlightState, Gimbal, LonLat, Realm, Rtk,
    Telemetry, Text, Timestamp,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// All that one message meant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spoken {
    pub heard: Heard,
    /// Topic and payload to publish back.
    pub replies: Vec<(String, String)>,
    /// An answer on the direct channel, which names no flight.
    pub drc: Option<DrcAnswer>,
    /// What the dock waits for and no codec can give.
    pub wants: Option<Wants>,
    /// An answer about live pictures, which belong to no flight.
    pub live: Option<LiveAnswer>,
}

/// What a dock waits for of one of our flights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Where the route's file is (`flighttask_resource_get`).
    RouteFile(FileRequest),
    /// It took the task (`flighttask_prepare`): to be told that it may fly.
    GoAhead { gateway: Text, flight: FlightId },
}

/// A dock's question for a route's file; [`super::file_answer`] answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRequest {
    pub gateway: Text,
    pub flight: FlightId,
    pub(super) tid: String,
    pub(super) bid: String,
    pub(super) timestamp: i64,
}

/// What a dock answered to `live_start_push` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveAnswer {
    /// Of the question, as it was asked with.
    pub key: Text,
    pub method: Text,
    /// 0 is yes.
    pub result: i64,
    pub words: Text,
}

/// Of the keys of live pictures, so that none is taken for a flight's.
pub(super) const LIVE_KEY: &str = "gulang-live-";

/// A dock's answer to an emergency stop or a forced landing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrcAnswer {
    pub gateway: Text,
    pub method: Text,
    /// 0 is yes.
    pub result: i64,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    tid: String,
    #[serde(default)]
    bid: String,
    #[serde(default)]
    timestamp: i64,
    #[serde(default)]
    method: String,
    #[serde(default)]
    need_reply: u8,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    simulated: bool,
}

/// A flight's key on this wire; also [`gulang_city::Flight::idempotency_key`].
pub fn key_of(realm: Realm, flight: FlightId) -> String {
    let realm = if realm == Realm::Actual { "a" } else { "x" };
    format!("gulang-{realm}-f{flight}")
}

/// The flight a key names, if it is one of ours in this realm; anybody else's flights are none of our business.
pub fn flight_of_key(realm: Realm, key: &str) -> Option<FlightId> {
    let prefix = if realm == Realm::Actual { "gulang-a-f" } else { "gulang-x-f" };
    let number: u64 = key.strip_prefix(prefix)?.parse().ok()?;
    (key_of(realm, FlightId(number)) == key).then_some(FlightId(number))
}

/// Bytes of one topic. What we do not know means nothing and is no error.
pub fn hear(realm: Realm, topic: &str, payload: &[u8]) -> Result<Spoken, DjiError> {
    let mut spoken = Spoken::default();
    let words: Vec<&str> = topic.split('/').collect();
    let ["thing" | "sys", "product", sn, kind @ ..] = words.as_slice() else { return Ok(spoken) };
    let kind = kind.join("/");
    if !matches!(&*kind, "osd" | "state" | "events" | "requests" | "services_reply" | "drc/up" | "status") {
        return Ok(spoken);
    }
    if payload.len() > MAX_BYTES {
        return Err(DjiError::TooLarge(payload.len()));
    }
    let it: Envelope = serde_json::from_slice(payload).map_err(|why| DjiError::Garbage(why.to_string()))?;
    match &*kind {
        "osd" if is_dock(&it.data) => spoken.heard.news.push(dock(sn, &it)),
        "osd" => aircraft(sn, &it, &mut spoken.heard)?,
        "state" => spoken.heard.news.extend(cameras(&it)),
        "events" => {
            event(realm, sn, &it, &mut spoken.heard);
            if it.need_reply == 1 {
                spoken.replies.push((format!("thing/product/{sn}/events_reply"), reply(&it)));
            }
        }
        "requests" => match file_request(realm, sn, &it) {
            Some(request) => spoken.wants = Some(Wants::RouteFile(request)),
            None => spoken.replies.push((format!("thing/product/{sn}/requests_reply"), reply(&it))),
        },
        "services_reply" if it.bid.starts_with(LIVE_KEY) => spoken.live = live_answer(&it),
        "services_reply" => {
            let taken = (it.method == "flighttask_prepare" && it.data["result"].as_i64() == Some(0)).then_some(&it.bid);
            spoken.wants = taken
                .and_then(|key| flight_of_key(realm, key))
                .map(|flight| Wants::GoAhead { gateway: (*sn).into(), flight });
            spoken.heard.commands.extend(answer(realm, &it));
        }
        "drc/up" => {
            let result = it.data["result"].as_i64().or_else(|| it.data["result"]["code"].as_i64());
            if matches!(&*it.method, "drone_emergency_stop" | "drc_force_landing") {
                let (gateway, method) = ((*sn).into(), it.method.as_str().into());
                spoken.drc = Some(DrcAnswer { gateway, method, result: result.unwrap_or(-1) });
            }
        }
        "status" => {
            spoken.replies.push((format!("sys/product/{sn}/status_reply"), reply(&it)));
            if it.method == "update_topo" {
                let devices = it.data["sub_devices"].as_array().map_or(&[][..], Vec::as_slice);
                let drones = devices.iter().filter_map(|it| it["sn"].as_str().map(Text::from)).collect();
                spoken.heard.news.push(News::Docked { gateway: (*sn).into(), drones, at: Timestamp(it.timestamp) });
            }
        }
        _ => {}
    }
    Ok(spoken)
}

fn is_dock(data: &Value) -> bool {
    ["cover_state", "drone_in_dock", "network_state", "drone_charge_state", "sub_device", "job_number"]
        .iter()
        .any(|key| data.get(key).is_some())
}

fn number(data: &Value, key: &str) -> Option<f64> {
    number_of(&data[key])
}

fn small(data: &Value, key: &str) -> Option<f32> {
    small_of(&data[key])
}

/// Where it is, and the rest of what it says. A dock's osd comes in parts; an aircraft without a fix says nothing.
fn aircraft(sn: &str, it: &Envelope, heard: &mut Heard) -> Result<(), DjiError> {
    let data = &it.data;
    let at = Timestamp(it.timestamp);
    let (Some(lon), Some(lat)) = (number(data, "longitude"), number(data, "latitude")) else {
        return Err(DjiError::Garbage("没有经纬度".into()));
    };
    if !LonLat(lon, lat).is_sane() {
        return Err(DjiError::Garbage(format!("经纬度 {lon}, {lat} 不在地球上")));
    }
    let mode = number(data, "mode_code").map_or(0, |it| it.clamp(0.0, 255.0) as u64);
    let elevation = small(data, "elevation");
    let battery = small(&data["battery"], "capacity_percent");
    heard.news.push(News::Drone {
        drone: sn.into(),
        fix: Fix {
            lon,
            lat,
            // Above the take-off point; `height` is above the ellipsoid and would read wrong by the geoid.
            height: elevation.or_else(|| small(data, "height")).unwrap_or(0.0),
            heading: small(data, "attitude_head").map_or(f32::NAN, |it| it.rem_euclid(360.0)),
            speed: small(data, "horizontal_speed").unwrap_or(0.0),
            battery: battery.unwrap_or(f32::NAN),
            mode: mode as u8,
            at,
        },
    });
    let telemetry = Telemetry {
        at,
        is_online: Some(mode != 14),
        mode: Some(mode_zh(mode).into()),
        is_flying: Some(!matches!(mode, 0 | 1 | 2 | 13 | 14)),
        // In tenths of m/s.
        wind_mps: small(data, "wind_speed").map(|it| it / 10.0),
        // 1 north, 2 north-east, and round.
        wind_from_deg: number(data, "wind_direction")
            .filter(|it| (1.0..=8.0).contains(it))
            .map(|it| (it as f32 - 1.0) * 45.0),
        climb_mps: small(data, "vertical_speed"),
        height_ellipsoid_m: small(data, "height"),
        home_m: small(data, "home_distance"),
        remaining_s: number(&data["battery"], "remain_flight_time").filter(|it| *it >= 0.0).map(|it| it as u32),
        battery_percent: battery,
        rtk: rtk(&data["position_state"]),
        control_source: text(data, "control_source"),
        gimbal: gimbal(data),
        flight: text(data, "track_id"),
        is_simulated: it.simulated,
        ..Telemetry::default()
    };
    heard.news.push(News::DroneSays { drone: sn.into(), telemetry: Box::new(telemetry) });
    Ok(())
}

fn text(data: &Value, key: &str) -> Option<Text> {
    data[key].as_str().filter(|it| !it.is_empty()).map(|it| it.chars().take(80).collect::<String>().into())
}

fn rtk(state: &Value) -> Option<Rtk> {
    let is_fixed = number(state, "is_fixed")? == 2.0;
    let n_satellites = number(state, "rtk_number").or_else(|| number(state, "gps_number")).unwrap_or(0.0);
    Some(Rtk { is_fixed, n_satellites: n_satellites.clamp(0.0, 255.0) as u8 })
}

/// The first payload, whose key is its index: type, subtype, mount.
fn gimbal(data: &Value) -> Option<Gimbal> {
    let is_index = |key: &str| key.split('-').count() == 3 && key.split('-').all(|it| it.parse::<u32>().is_ok());
    let (index, payload) = data.as_object()?.iter().find(|(key, _)| is_index(key))?;
    let cameras = data["cameras"].as_array().map_or(&[][..], Vec::as_slice);
    let camera = cameras.iter().find(|it| it["payload_index"].as_str() == Some(index.as_str()));
    Some(Gimbal {
        pitch_deg: small(payload, "gimbal_pitch")?,
        yaw_deg: small(payload, "gimbal_yaw")?.rem_euclid(360.0),
        zoom: camera.and_then(|it| small(it, "zoom_factor")),
    })
}

fn dock(sn: &str, it: &Envelope) -> News {
    let data = &it.data;
    let code = |key| number(data, key).filter(|it| *it >= 0.0).map(|it| it as u64);
    let state = DockState {
        at: Timestamp(it.timestamp),
        mode: code("mode_code").map(|it| dock_mode_zh(it).into()),
        cover: code("cover_state").and_then(|it| match it {
            0 => Some(DockCover::Closed),
            1 => Some(DockCover::Open),
            2 => Some(DockCover::HalfOpen),
            3 => Some(DockCover::Faulty),
            _ => None,
        }),
        is_drone_in: code("drone_in_dock").map(|it| it == 1),
        rain: code("rainfall").map(|it| it.min(3) as u8),
        wind_mps: small(data, "wind_speed"),
        temperature_c: small(data, "temperature").or_else(|| small(data, "environment_temperature")),
        humidity_percent: small(data, "humidity"),
        is_emergency_stopped: code("emergency_stop_state") == Some(1),
        has_alternate: data["alternate_land_point"]
            .is_object()
            .then(|| number(&data["alternate_land_point"], "is_configured").is_none_or(|it| it == 1.0)),
    };
    News::Dock { gateway: sn.into(), state }
}

/// `live_capacity`: what each aircraft and dock can send.
fn cameras(it: &Envelope) -> Vec<News> {
    let devices = it.data["live_capacity"]["device_list"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |device: &Value| {
        let drone = text(device, "sn")?;
        let mut cameras = Vec::new();
        for camera in device["camera_list"].as_array().into_iter().flatten().take(16) {
            for video in camera["video_list"].as_array().into_iter().flatten().take(8) {
                let lenses = video["switchable_video_types"].as_array().into_iter().flatten();
                cameras.push(DroneCamera {
                    index: text(camera, "camera_index").unwrap_or_default(),
                    video: text(video, "video_index").unwrap_or_default(),
                    lens: text(video, "video_type").unwrap_or_default(),
                    lenses: lenses.filter_map(|it| it.as_str().map(Text::from)).take(8).collect(),
                });
            }
        }
        let is_simulated = it.simulated;
        let telemetry = Telemetry { cameras, is_simulated, ..Telemetry::default() };
        Some(News::DroneSays { drone, telemetry: Box::new(telemetry) })
    };
    devices.iter().take(64).filter_map(of).collect()
}

fn event(realm: Realm, sn: &str, it: &Envelope, heard: &mut Heard) {
    let data = &it.data;
    match &*it.method {
        "hms" => heard.news.push(hms(sn, it)),
        "flighttask_progress" => {
            let output = &data["output"];
            let key = output["ext"]["flight_id"].as_str().or_else(|| data["flight_id"].as_str()).unwrap_or(&it.bid);
            let percent = number(&output["progress"], "percent").unwrap_or(0.0);
            let status = output["status"].as_str().unwrap_or_default();
            let ext = &output["ext"];
            let waypoint = number(ext, "current_waypoint_index").filter(|it| (0.0..=65_535.0).contains(it));
            let step = wayline_step(number(ext, "wayline_mission_state"));
            let said = progress(realm, key, status, percent, step, data);
            heard.commands.extend(said.map(|it| at_waypoint(it, waypoint.map(|it| it as u16))));
        }
        "takeoff_to_point_progress" => {
            let key = data["flight_id"].as_str().unwrap_or(&it.bid);
            let status = data["status"].as_str().unwrap_or_default();
            heard.commands.extend(progress(realm, key, status, way_done(data), step(data), data));
        }
        "fly_to_point_progress" => {
            let key = data["fly_to_id"].as_str().unwrap_or(&it.bid);
            let status = data["status"].as_str().unwrap_or_default();
            heard.commands.extend(progress(realm, key, status, way_done(data), step(data), data));
        }
        "return_home_info" => {
            let key = data["flight_id"].as_str().unwrap_or(&it.bid);
            heard.commands.extend(progress(realm, key, "wayline_progress", way_done(data), "返航中".into(), data));
        }
        _ => {}
    }
}

/// How much of the planned way is behind it, percent; 0 where the plan was not told.
fn way_done(data: &Value) -> f64 {
    let place = |it: &Value| Some(LonLat(number(it, "longitude")?, number(it, "latitude")?));
    let points: Vec<LonLat> =
        data["planned_path_points"].as_array().into_iter().flatten().take(500).filter_map(place).collect();
    let whole: f64 = points.windows(2).map(|it| it[0].distance_m(it[1])).sum();
    let Some(remaining) = number(data, "remaining_distance").filter(|_| whole > 0.0) else { return 0.0 };
    ((1.0 - remaining / whole) * 100.0).clamp(0.0, 99.0)
}

fn step(data: &Value) -> Text {
    match number(data, "remaining_distance").filter(|it| (0.0..1.0e6).contains(it)) {
        // To the next hundred metres: finer would make a record of every message.
        Some(m) => format!("飞行中，剩 {:.0} 米内", (m / 500.0).ceil() * 500.0).into(),
        None => "飞行中".into(),
    }
}

fn progress(realm: Realm, key: &str, status: &str, percent: f64, step: Text, data: &Value) -> Option<Command> {
    let flight = flight_of_key(realm, key)?;
    let result = data["result"].as_i64().unwrap_or(0);
    let why = || format!("平台报告 {status}，代码 {result}").into();
    let state = match status {
        "sent" | "task_ready" => FlightState::Accepted,
        "in_progress" | "wayline_progress" => {
            FlightState::InProgress { percent: percent.clamp(0.0, 100.0) as u8, step, waypoint: None }
        }
        "paused" => {
            FlightState::InProgress {
                percent: percent.clamp(0.0, 100.0) as u8, step: "已暂停".into(), waypoint: None
            }
        }
        "ok" | "wayline_ok" | "task_finish" if result == 0 => FlightState::Done,
        "canceled" | "cancel" | "wayline_cancel" => FlightState::Cancelled { why: "平台取消".into() },
        "timeout" => FlightState::TimedOut { why: why() },
        "failed" | "wayline_failed" | "rejected" | "partially_done" | "ok" | "wayline_ok" | "task_finish" => {
            FlightState::Failed { why: why() }
        }
        _ => return None,
    };
    Some(Command::ReportFlight { flight, state, note: "".into() })
}

/// `wayline_mission_state`; the others are of before it set out.
fn wayline_step(state: Option<f64>) -> Text {
    match state.map(|it| it as i64) {
        Some(5) => "飞向首航点".into(),
        Some(7) => "航线中断".into(),
        Some(8) => "航线恢复".into(),
        Some(0..=4) => "航线准备".into(),
        _ => "航线飞行".into(),
    }
}

fn at_waypoint(mut said: Command, reached: Option<u16>) -> Command {
    if let Command::ReportFlight { state: FlightState::InProgress { waypoint, .. }, .. } = &mut said {
        *waypoint = reached;
    }
    said
}

/// For a file of one of our flights; anybody else's routes are none of our business.
fn file_request(realm: Realm, sn: &str, it: &Envelope) -> Option<FileRequest> {
    let key = it.data["flight_id"].as_str().filter(|_| it.method == "flighttask_resource_get")?;
    let flight = flight_of_key(realm, key)?;
    Some(FileRequest { gateway: sn.into(), flight, tid: it.tid.clone(), bid: it.bid.clone(), timestamp: it.timestamp })
}

fn live_answer(it: &Envelope) -> Option<LiveAnswer> {
    let result = it.data["result"].as_i64()?;
    let said = it.data["output"]["reason"].as_str().or_else(|| it.data["output"]["msg"].as_str());
    let words: String = said.unwrap_or_default().chars().take(120).collect();
    Some(LiveAnswer { key: it.bid.as_str().into(), method: it.method.as_str().into(), result, words: words.into() })
}

/// An answer to what we asked: taken, done, or refused with its code.
fn answer(realm: Realm, it: &Envelope) -> Option<Command> {
    let result = it.data["result"].as_i64()?;
    let output = it.data["output"]["reason"].as_str().or_else(|| it.data["output"]["msg"].as_str());
    let words = |what: &str| -> Text {
        let more: String = output.unwrap_or_default().chars().take(120).collect();
        format!("平台拒绝{what}，代码 {result} {more}").trim_end().into()
    };
    if let Some(key) = it.bid.strip_suffix("-c") {
        let flight = flight_of_key(realm, key)?;
        return Some(Command::ReportFlightCancel { flight, error: (result != 0).then(|| words("撤销")) });
    }
    let flight = flight_of_key(realm, &it.bid)?;
    let state = match &*it.method {
        _ if result != 0 => FlightState::Failed { why: words("执行") },
        "takeoff_to_point" | "fly_to_point" | "return_home" | "flighttask_execute" => FlightState::Accepted,
        // Half of the answer; the other half follows.
        "flight_authority_grab" | "drc_mode_enter" => FlightState::Accepted,
        "payload_authority_grab" | "flighttask_pause" | "flighttask_recovery" | "fly_to_point_stop" => {
            FlightState::Done
        }
        _ => return None,
    };
    Some(Command::ReportFlight { flight, state, note: "".into() })
}

fn hms(sn: &str, it: &Envelope) -> News {
    let at = Timestamp(it.timestamp);
    let alarms = it.data["list"].as_array().into_iter().flatten().take(64).filter_map(|alarm| {
        let code = text(alarm, "code")?;
        let level = number(alarm, "level").unwrap_or(0.0).clamp(0.0, 2.0) as u8;
        // The words are in a table of DJI's; the simulated city sends its own.
        let words = text(alarm, "message").unwrap_or_else(|| format!("大疆健康告警 {code}").into());
        Some(DroneAlarm { code, level, words, since: at, over_at: None })
    });
    News::DroneWarns { gateway: sn.into(), alarms: alarms.collect(), at }
}

/// Every request is answered: a dock whose `flight_areas_get` is not waits about 40 s before take-off.
fn reply(it: &Envelope) -> String {
    let data = match &*it.method {
        "flight_areas_get" | "offline_map_get" => json!({ "result": 0, "output": { "files": [] } }),
        // Licences, storage and routes of others are nothing we have: said so, not invented.
        "config" | "storage_config_get" | "flighttask_resource_get" => json!({ "result": 1, "output": {} }),
        _ => json!({ "result": 0, "output": {} }),
    };
    json!({ "tid": it.tid, "bid": it.bid, "timestamp": it.timestamp, "method": it.method, "data": data }).to_string()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
