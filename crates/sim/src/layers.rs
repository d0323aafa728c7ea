//! 特色图层: the special layers of the public record, each as a platform of its own would tell it.
//!
//! No two platforms write alike, so neither do these: each has its envelope, names, codes, times and coordinates. The shapes
//! are invented (示例) after what such interfaces commonly look like; the mappings in the pack's `mappings/` read them.
//! Things stand at the pack's cameras, which are on streets.
//!
//! **Invariant:** a pure function of pack, seed and time.

use crate::{app::App, dice::Dice, world::World};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use gulang_city::{LonLat, Timestamp, gcj02_from_wgs84};
use serde_json::{Value, json};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;

/// How many of each; those of the public record say so, the others are as many as a screen can show.
const LAYERS: [Layer; 13] = [
    Layer { name: "shared_bikes", n: 900, row: bike, whole: in_data_list },
    Layer { name: "bike_fences", n: 31, row: bike_fence, whole: in_data_list },
    Layer { name: "billboards", n: 200, row: billboard, whole: plain },
    Layer { name: "site_noise", n: 100, row: site_noise, whole: in_rows },
    Layer { name: "muck_trucks", n: 400, row: muck_truck, whole: in_result },
    Layer { name: "gas_points", n: 706, row: gas_point, whole: in_rows },
    Layer { name: "manholes", n: 500, row: manhole, whole: plain },
    Layer { name: "environment", n: 125, row: environment, whole: in_result },
    Layer { name: "tunnels", n: 12, row: tunnel, whole: in_rows },
    Layer { name: "stalls", n: 150, row: stall, whole: in_data_list },
    Layer { name: "fire_cameras", n: 142, row: fire_camera, whole: in_rows },
    Layer { name: "quake_stations", n: 54, row: quake_station, whole: plain },
    Layer { name: "quake_terminals", n: 180, row: quake_terminal, whole: in_result },
];

struct Layer {
    name: &'static str,
    n: usize,
    row: fn(&Spot) -> Value,
    whole: fn(Vec<Value>, Timestamp) -> Value,
}

/// One thing at one moment.
struct Spot {
    /// From 1.
    number: usize,
    /// WGS-84.
    at: LonLat,
    now: Timestamp,
    dice: Dice,
}

/// `GET {layers}`.
pub(crate) async fn list() -> Json<Value> {
    let names: Vec<Value> = LAYERS.iter().map(|it| json!({ "name": it.name, "n": it.n })).collect();
    Json(json!({ "layers": names, "simulated": true }))
}

/// `GET {layers}/{name}`.
pub(crate) async fn layer(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    if let Some(instead) = crate::server::misbehave(&app, "layers").await {
        return instead;
    }
    match document(&app.world, &name, app.clock.now()) {
        Some(whole) => Json(whole).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What a layer's platform answers.
pub(crate) fn document(world: &World, name: &str, now: Timestamp) -> Option<Value> {
    let layer = LAYERS.iter().find(|it| it.name == name)?;
    Some((layer.whole)(rows(world, layer, now), now))
}

/// What the two platforms that speak by themselves publish: billboards and sites.
pub(crate) fn messages(world: &World, now: Timestamp) -> Vec<(String, String)> {
    let of = |name: &str, prefix: &str, key: &str| -> Vec<(String, String)> {
        let Some(layer) = LAYERS.iter().find(|it| it.name == name) else { return Vec::new() };
        let message =
            |row: Value| (format!("{prefix}/{}/data", row[key].as_str().unwrap_or_default()), row.to_string());
        rows(world, layer, now).into_iter().map(message).collect()
    };
    [of("billboards", "city/billboard", "deviceCode"), of("site_noise", "city/noise", "mn")].concat()
}

fn rows(world: &World, layer: &Layer, now: Timestamp) -> Vec<Value> {
    let dice = world.layers_dice().of_text(layer.name);
    let cameras = &world.pack.cameras;
    let spot = |i: usize| {
        let dice = dice.of(i as u64);
        let stands = cameras.get(dice.of(0).below(cameras.len())).map_or(world.pack.center, |it| it.at);
        let aside = |part: u64| (dice.of(part).unit() - 0.5) * 0.002;
        let at = LonLat(stands.lon() + aside(1), stands.lat() + aside(2)).rounded();
        (layer.row)(&Spot { number: i + 1, at, now, dice })
    };
    (0..layer.n).map(spot).collect()
}

impl Spot {
    /// Whether it is in trouble: `share` of all, in stretches of some hours.
    fn is_troubled(&self, share: f64) -> bool {
        let stretch = self.now.0.div_euclid(240 * MINUTE_MS);
        self.dice.of(3).of(stretch as u64).unit() < share
    }

    /// Between `low` and `high`, turning about once in so many minutes.
    fn figure(&self, low: f64, high: f64, every_mins: i64) -> f64 {
        let it = low + (high - low) * (self.dice.of(4).wave(self.now.0, every_mins * MINUTE_MS) + 1.0) / 2.0;
        (it * 100.0).round() / 100.0
    }

    /// When it last spoke, seconds ago at most.
    fn told(&self, within_s: i64) -> Timestamp {
        let at = self.now.plus_secs(-(self.dice.of(5).below(within_s.max(1) as usize) as i64));
        Timestamp(at.0 - at.0.rem_euclid(1000))
    }

    fn gcj02(&self) -> LonLat {
        gcj02_from_wgs84(self.at).rounded()
    }
}

// ---------------------------------------------------------------- envelopes

fn in_data_list(rows: Vec<Value>, now: Timestamp) -> Value {
    json!({ "code": 0, "msg": "success", "data": { "total": rows.len(), "list": rows }, "timestamp": now.0, "simulated": true })
}

fn in_rows(rows: Vec<Value>, _: Timestamp) -> Value {
    json!({ "code": 200, "msg": "查询成功", "total": rows.len(), "rows": rows, "simulated": true })
}

fn in_result(rows: Vec<Value>, now: Timestamp) -> Value {
    json!({ "success": true, "result": { "records": rows, "time": now.to_beijing_text() }, "simulated": true })
}

fn plain(rows: Vec<Value>, _: Timestamp) -> Value {
    Value::Array(rows)
}

// ---------------------------------------------------------------- rows

/// GCJ-02, milliseconds, codes of the operator.
fn bike(it: &Spot) -> Value {
    let LonLat(lng, lat) = it.gcj02();
    let status = if it.is_troubled(0.02) {
        9
    } else if it.dice.of(6).unit() < 0.2 {
        1
    } else {
        0
    };
    json!({ "bikeNo": format!("35020{:06}", it.number), "lng": lng, "lat": lat, "bikeStatus": status,
        "locateTime": it.told(600).0, "company": (["A", "B", "C"][it.number % 3]), "simulated": true })
}

/// The crowded spots, with how many bikes stand in each.
fn bike_fence(it: &Spot) -> Value {
    let LonLat(lng, lat) = it.gcj02();
    let capacity = 60 + it.dice.of(6).below(8) * 20;
    let parked = (it.figure(0.2, 1.3, 90) * capacity as f64) as usize;
    json!({ "fenceId": format!("WL{:03}", it.number), "fenceName": format!("停放区 {}", it.number), "lng": lng, "lat": lat,
        "capacity": capacity, "parked": parked, "level": if parked > capacity { "OVER" } else { "OK" },
        "statTime": it.told(60).0, "simulated": true })
}

fn billboard(it: &Spot) -> Value {
    let tilt = if it.is_troubled(0.01) { it.figure(3.0, 6.0, 30) } else { it.figure(0.1, 1.2, 30) };
    json!({ "deviceCode": format!("GG{:05}", it.number), "lon": it.at.lon(), "lat": it.at.lat(), "tilt": tilt,
        "battery": it.figure(40.0, 100.0, 1440), "online": if it.is_troubled(0.02) { "0" } else { "1" },
        "time": it.told(300).to_beijing_text(), "simulated": true })
}

/// Figures in text, as monitors of the environment's protocol often give them.
fn site_noise(it: &Spot) -> Value {
    json!({ "mn": format!("3502ZS{:04}", it.number), "siteName": format!("{} 号工地", it.number),
        "longitude": it.at.lon().to_string(), "latitude": it.at.lat().to_string(), "leq": format!("{:.1}", it.figure(48.0, 82.0, 40)),
        "dataTime": it.told(60).beijing().strftime("%Y%m%d%H%M%S").to_string(), "simulated": true })
}

fn muck_truck(it: &Spot) -> Value {
    let LonLat(lng, lat) = it.gcj02();
    let state = if it.is_troubled(0.03) {
        "离线"
    } else if it.is_troubled(0.05) {
        "报警"
    } else {
        "在线"
    };
    json!({ "plateNo": format!("闽D{:05}", 10_000 + it.number), "x": lng, "y": lat, "dir": it.dice.of(6).below(360),
        "speed": it.figure(0.0, 60.0, 15), "vehState": state, "gpsTime": it.told(30).to_beijing_text(),
        "alarmType": if state == "报警" { "驶入禁行围栏" } else { "" }, "simulated": true })
}

fn gas_point(it: &Spot) -> Value {
    let is_pressure = it.number.is_multiple_of(2);
    let value = match (is_pressure, it.is_troubled(0.005)) {
        (true, _) => it.figure(180.0, 220.0, 60),
        (false, true) => it.figure(8.0, 24.0, 20),
        (false, false) => it.figure(0.0, 1.5, 20),
    };
    json!({ "pointId": format!("RQ{:05}", it.number), "pointType": if is_pressure { "YL" } else { "ND" },
        "jd": it.at.lon(), "wd": it.at.lat(), "value": value, "unit": if is_pressure { "kPa" } else { "%LEL" },
        "collectTime": it.told(120).to_beijing_text(), "simulated": true })
}

fn manhole(it: &Spot) -> Value {
    let cover = if it.is_troubled(0.01) { "OPEN" } else { "CLOSED" };
    json!({ "imei": format!("8691{:011}", it.number), "assetNo": format!("JG-{:06}", it.number),
        "position": { "lon": it.at.lon(), "lat": it.at.lat() }, "cover": cover, "angle": if cover == "OPEN" { 35 } else { 1 },
        "ts": it.told(3600).0 / 1000, "simulated": true })
}

/// 46 air, 43 surface water, 6 sea, 20 sound, 10 exhaust: the published 125 points.
fn environment(it: &Spot) -> Value {
    let (kind, item, value) = match it.number {
        ..47 => ("air", "PM2.5", it.figure(12.0, 70.0, 180)),
        47..90 => ("water", "水质类别", it.figure(1.6, 4.4, 1440).round()),
        90..96 => ("sea", "水质类别", it.figure(1.0, 3.0, 1440).round()),
        96..116 => ("sound", "Leq", it.figure(45.0, 68.0, 30)),
        _ => ("exhaust", "不透光度", it.figure(4.0, 28.0, 20)),
    };
    json!({ "stationCode": format!("HJ{:04}", it.number), "stationName": format!("环境监测点 {}", it.number), "stationType": kind,
        "lon": it.at.lon(), "lat": it.at.lat(), "monitorItem": item, "monitorValue": value.to_string(),
        "monitorTime": it.told(300).to_beijing_text(), "simulated": true })
}

/// Three figures in one row.
fn tunnel(it: &Spot) -> Value {
    json!({ "tunnelId": format!("SD{:02}", it.number), "tunnelName": format!("{} 号隧道", it.number), "lon": it.at.lon(), "lat": it.at.lat(),
        "co": it.figure(5.0, 60.0, 30), "vi": it.figure(70.0, 99.0, 30), "waterDepth": if it.is_troubled(0.02) { 12.0 } else { 0.0 },
        "trafficState": (["畅通", "缓行", "拥堵"][it.dice.of(7).of((it.now.0 / (15 * MINUTE_MS)) as u64).below(3)]),
        "updateTime": it.told(60).to_beijing_text(), "simulated": true })
}

/// 摊规点: 150 licensed spots.
fn stall(it: &Spot) -> Value {
    json!({ "id": it.number, "spotName": format!("摊规点 {}", it.number), "lng": it.at.lon(), "lat": it.at.lat(),
        "stallTotal": 20 + it.dice.of(6).below(60), "openFlag": (it.now.beijing().hour() >= 6) as u8,
        "overFlag": it.is_troubled(0.04) as u8, "checkTime": it.told(3600).0, "simulated": true })
}

fn fire_camera(it: &Spot) -> Value {
    json!({ "cameraCode": format!("350200000013{:08}", it.number), "cameraName": format!("高点 {}", it.number), "lon": it.at.lon(), "lat": it.at.lat(),
        "pan": it.figure(0.0, 359.0, 12), "status": if it.is_troubled(0.02) { "OFFLINE" } else { "ONLINE" },
        "fireAlarm": it.is_troubled(0.002), "lastTime": it.told(30).to_beijing_text(), "simulated": true })
}

/// 4 strong-motion and 50 ordinary stations.
fn quake_station(it: &Spot) -> Value {
    json!({ "sta": format!("XM{:02}", it.number), "class": if it.number <= 4 { "基准站" } else { "一般站" }, "coordinates": [it.at.lon(), it.at.lat()],
        "pga": it.figure(0.1, 1.2, 3), "unit": "gal", "online": !it.is_troubled(0.03),
        "utc": gulang_platforms::sensorthings::write::instant(it.told(10)), "simulated": true })
}

fn quake_terminal(it: &Spot) -> Value {
    json!({ "terminalNo": format!("ZD{:05}", it.number), "lon": it.at.lon(), "lat": it.at.lat(), "place": format!("终端点位 {}", it.number),
        "onlineState": if it.is_troubled(0.03) { 0 } else { 1 }, "heartbeat": it.told(900).to_beijing_text(), "simulated": true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny_pack;
    use gulang_city::Realm;

    /// The keys of the first entry, wherever the envelope keeps it.
    fn keys(whole: &Value) -> Vec<String> {
        let rows = [whole, &whole["data"]["list"], &whole["rows"], &whole["result"]["records"]];
        let first = rows.iter().find_map(|it| it.as_array()?.first()?.as_object());
        let mut keys: Vec<String> = first.map(|it| it.keys().cloned().collect()).unwrap_or_default();
        keys.sort();
        keys
    }

    #[test]
    fn every_layer_has_the_shape_of_its_sample() {
        let world = World::new(tiny_pack(), None, Realm::Exercise, 3);
        let now = Timestamp::parse("2026-11-20 09:00:00").expect("a time");
        for layer in &LAYERS {
            let said = document(&world, layer.name, now).expect("it is listed");
            assert_eq!(said, document(&world, layer.name, now).expect("again"), "{}", layer.name);
            let file = format!("../../assets/cities/xiamen/mappings/{}.sample.json", layer.name);
            let sample: Value = serde_json::from_str(&std::fs::read_to_string(&file).expect(&file)).expect(&file);
            assert!(!keys(&said).is_empty());
            assert_eq!(keys(&said), keys(&sample), "{}", layer.name);
        }
        assert_eq!(messages(&world, now).len(), 300);
        assert_eq!(document(&world, "nothing", now), None);
    }
}
