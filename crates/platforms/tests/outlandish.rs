//! Figures that no reading can hold, times at the ends of time, places nowhere: refused or left out, never in the log, where
//! JSON would make them `null` and the log unreadable.

use gulang_city::{Command, Realm, Timestamp};
use gulang_platforms::{
    Heard, News, dji, egova, grid,
    grid_rain::{self, GridAbout},
    mapping::{About, Crs, Mapping},
    open311, quake,
    sensorthings::{Catalog, decode_one, decode_streams},
    typhoon::{jma, nmc, zhejiang},
    value, video_ai,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// The log can hold it.
#[track_caller]
fn check(command: &Command) {
    let text = serde_json::to_string(command).expect("a command is JSON");
    assert!(serde_json::from_str::<Command>(&text).is_ok(), "{text}");
}

#[track_caller]
fn check_heard(heard: &Heard) {
    heard.commands.iter().for_each(check);
    for news in &heard.news {
        if let News::Gauge { value, .. } | News::Measured { value, .. } = news {
            assert!(value.is_finite(), "{news:?}");
        }
        if let News::Drone { fix, .. } | News::Team { fix, .. } = news {
            assert!(gulang_city::LonLat(fix.lon, fix.lat).is_sane() && fix.height.is_finite(), "{news:?}");
        }
    }
}

#[test]
fn times_at_the_ends_of_time_are_survived() {
    for at in [i64::MAX, i64::MIN, 0, -1] {
        let case = json!({ "recId": "1", "title": "积水", "coordinatex": 118.1, "coordinatey": 24.5, "level": 1, "stage": 1,
            "createTime": at, "actTime": at, "districtId": "350203", "unitId": "u" });
        check(&egova::read_case(&case, &"p".into()).expect("a case"));
        let eew = json!({ "EventID": "e", "OriginTime": at, "Latitude": 24.0, "Longitude": 118.0, "Magunitude": 5.0 });
        let shape = quake::preset("eew").and_then(|it| it.shape()).expect("a shape");
        check_heard(&shape.read(eew.to_string().as_bytes(), Timestamp(at)).expect("JSON"));
        let osd = json!({ "timestamp": at, "data": { "longitude": 118.1, "latitude": 24.5 } });
        let heard = dji::hear(Realm::Actual, "thing/product/S/osd", osd.to_string().as_bytes()).expect("a fix").heard;
        // What the hub does with it first: how late it is.
        let lags: Vec<i64> = heard.news.iter().map(|it| NOW.since_ms(it.at())).collect();
        assert_eq!(lags.len(), 2);
        let roster =
            json!({ "asOf": at, "duties": [{ "cellId": "c", "personId": "p", "from": i64::MIN, "until": at }] });
        let _ = grid::read(roster.to_string().as_bytes(), Crs::Wgs84);
    }
}

#[test]
fn a_reading_too_large_for_one_is_refused() {
    let rules = "to = 'gauge'\nfields = { sensor = 's', value = '$.v' }".parse().expect("TOML");
    let mapping = Mapping::parse(&rules, Crs::Wgs84).expect("a mapping");
    let about = About { platform: "p", topic: "", received: NOW };
    let heard = mapping.apply(&json!({ "v": 1e300 }), about);
    assert!(heard.news.is_empty() && heard.refused[0].why.contains("太大"), "{heard:?}");

    let page =
        r#"{"value": [{"@iot.id": 1, "name": "深度", "unitOfMeasurement": {"symbol": "m"}, "Thing": {"name": "t"}}]}"#;
    let rules = json!({ "streams": [{ "to": "sensor", "unit": "cm" }] });
    let mut catalog = Catalog::new(serde_json::from_value(rules).expect("rules"));
    decode_streams(page.as_bytes()).expect("a page").streams.iter().for_each(|it| drop(catalog.add(it)));
    let id = catalog.ids().next().expect("a stream");
    for result in ["1e300", "1e308", "-1e300"] {
        let heard = decode_one(&id, format!("{{\"result\":{result}}}").as_bytes(), &catalog, NOW).expect("JSON");
        assert!(heard.news.is_empty() && heard.refused.len() == 1, "{heard:?}");
    }

    for place in [(1e300, 24.5), (118.1, 90.5), (-181.0, 0.0)] {
        let osd = json!({ "data": { "longitude": place.0, "latitude": place.1 } });
        assert!(dji::hear(Realm::Actual, "thing/product/S/osd", osd.to_string().as_bytes()).is_err(), "{place:?}");
    }
}

#[test]
fn more_quakes_than_are_taken_are_told() {
    let shape = quake::preset("usgs").and_then(|it| it.shape()).expect("a shape");
    let list = json!({ "features": vec![json!({}); 700] });
    let heard = shape.read(list.to_string().as_bytes(), NOW).expect("JSON");
    assert_eq!(heard.refused.len(), 501);
    assert!(heard.refused.iter().any(|it| it.what.contains("200")), "{:?}", heard.refused.first());
}

/// A number of JSON, the outlandish among them.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            json!(1e300),
            json!(-1e300),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!("1e999"),
            json!("NaN"),
            json!("inf")
        ]),
        any::<f64>().prop_map(|it| json!(it)),
        any::<i64>().prop_map(|it| json!(it)),
        (-400.0..400.0f64).prop_map(|it| json!(it)),
        Just(json!("2026-07-01 09:30:00")),
        Just(json!(1)),
    ]
}

proptest! {
    #[test]
    fn numbers_are_finite_or_none(it in number()) {
        prop_assert!(value::number_of(&it).is_none_or(f64::is_finite));
        prop_assert!(value::small_of(&it).is_none_or(f32::is_finite));
        let _ = value::time_of(&it).map(|it| (it.plus_mins(1), it.since_ms(NOW), it.start_of_day(), it.to_beijing_text()));
    }

    /// Whatever numbers stand where a platform puts numbers.
    #[test]
    fn whatever_figures_a_platform_sends_the_log_can_hold_what_came_of_them(n in prop::collection::vec(number(), 12)) {
        let at = |i: usize| n[i].clone();
        let case = json!({ "recId": at(0), "title": "积水", "coordinatex": at(1), "coordinatey": at(2), "level": at(3), "stage": at(4),
            "createTime": at(5), "actTime": at(6), "deadline": at(7), "districtId": "350203", "unitId": "u" });
        egova::read_case(&case, &"p".into()).iter().for_each(check);
        let moved = json!({ "class": "fishers", "districtId": "350203", "moved": at(0), "townshipId": "t", "refused": at(1), "returned": at(2) });
        egova::read_evacuation(&moved).iter().for_each(check);
        let eew = json!({ "EventID": at(0), "ReportNum": at(1), "OriginTime": at(2), "Latitude": at(3), "Longitude": at(4),
            "Magunitude": at(5), "Depth": at(6) });
        let shape = quake::preset("eew").and_then(|it| it.shape()).expect("a shape");
        check_heard(&shape.read(eew.to_string().as_bytes(), NOW).expect("JSON"));
        let point = json!({ "time": "2026-07-01 09:30:00", "lng": 118.0, "lat": at(0), "speed": at(1), "pressure": at(2), "movespeed": at(3),
            "movedirection": at(4), "radius7": at(5), "forecast": [{ "tm": "中国", "forecastpoints": [
                { "time": "2026-07-02 09:30:00", "lng": 119.0, "lat": 24.0, "speed": at(6), "pressure": at(7) }] }] });
        zhejiang::decode_info(json!({ "tfid": "202601", "points": [point] }).to_string().as_bytes()).iter().for_each(check);
        let view = json!([at(0), "A", "甲", at(1), null, null, null, "start",
            [[0, "202607010930", 0, "TY", 118.0, 24.0, at(2), at(3), at(4), at(5), [["30KTS", at(6), at(7), at(8), at(9)]],
              { "BABJ": [[at(10), "202607010930", 119.0, 24.0, at(11), at(0)]] }]]]);
        nmc::decode_view(view.to_string().as_bytes()).iter().for_each(check);
        let part = |hours: Value| json!({ "advancedHours": hours, "validtime": { "UTC": "2026-07-01T09:30:00Z" }, "position": { "deg": [24.0, 118.0] },
            "pressure": at(0), "speed": { "km/h": at(1) }, "maximumWind": { "sustained": { "m/s": at(2) } },
            "galeWarning": [{ "area": { "jp": "北" }, "range": { "km": at(3) } }] });
        let spec = json!([part(json!(0)), part(at(4))]);
        jma::decode_specifications(spec.to_string().as_bytes(), "T", true).iter().for_each(check);
        let osd = json!({ "timestamp": 1, "data": { "longitude": at(0), "latitude": at(1), "height": at(2), "elevation": at(3), "mode_code": at(4),
            "attitude_head": at(5), "wind_speed": at(6), "wind_direction": at(7), "battery": { "capacity_percent": at(8), "remain_flight_time": at(9) },
            "position_state": { "is_fixed": at(10), "rtk_number": at(11) } } });
        if let Ok(spoken) = dji::hear(Realm::Actual, "thing/product/S/osd", osd.to_string().as_bytes()) {
            check_heard(&spoken.heard);
        }
        let progress = json!({ "bid": "gulang-a-f1", "method": "fly_to_point_progress", "data": { "status": "wayline_progress",
            "remaining_distance": at(0), "planned_path_points": [{ "longitude": at(1), "latitude": at(2) }, { "longitude": at(3), "latitude": at(4) }] } });
        if let Ok(spoken) = dji::hear(Realm::Actual, "thing/product/S/events", progress.to_string().as_bytes()) {
            check_heard(&spoken.heard);
        }
        let found = json!([{ "service_request_id": at(0), "service_name": "n", "status": "open", "lat": at(1), "long": at(2),
            "requested_datetime": "2026-07-01T09:30:00Z", "updated_datetime": at(3) }]);
        let (platform, services, otherwise) = ("o".into(), Default::default(), "a".into());
        let with = open311::Reading { platform: &platform, services: &services, otherwise: &otherwise, district_of: &|_| Some("350203".into()) };
        if let Ok(requests) = open311::read_requests(found.to_string().as_bytes(), &with) {
            check_heard(&requests.heard);
        }
        let event = json!({ "id": "1", "type": "stall", "cameraId": "c", "time": at(0), "confidence": at(1), "lon": at(2), "lat": at(3),
            "boxes": [[at(4), at(5), at(6), at(7)]] });
        if let Ok(page) = video_ai::decode(event.to_string().as_bytes(), &video_ai::Codes::default()) {
            page.events.into_iter().for_each(|it| check(&Command::ReportDetection { report: it.report }));
        }
        let field = json!({ "valid": "2026-07-01 09:30:00", "issued": at(0), "nx": 2, "ny": 2, "dx": at(1), "dy": at(2), "west": at(3), "south": at(4),
            "values": [at(5), at(6), at(7), at(8)] });
        let about = GridAbout { source: "r".into(), kind: None, simulated: true };
        if let Ok((fields, _)) = grid_rain::read(field.to_string().as_bytes(), &about) {
            prop_assert!(fields.iter().flat_map(|it| it.values.iter()).all(|it| it.is_finite()), "{fields:?}");
        }
    }
}
