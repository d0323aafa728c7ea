use super::super::*;
use super::*;
use crate::News;
use gulang_city::{FlightTask, LiveQuality, RoutePoint};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_690_000_000_000);

/// The fields of the Cloud API's page on an aircraft's properties (dji-sdk/Cloud-API-Doc @4ec6b0c), with figures of our own.
const OSD: &str = r#"{"tid":"t","bid":"b","timestamp":1690000000000,"gateway":"G","data":{"mode_code":5,"longitude":118.1,
"latitude":24.5,"height":120.5,"elevation":100.0,"attitude_head":-90,"horizontal_speed":12.5,"vertical_speed":-1.5,
"wind_speed":42,"wind_direction":3,"home_distance":812.5,"control_source":"A","track_id":"k",
"battery":{"capacity_percent":77,"remain_flight_time":1480},"position_state":{"is_fixed":2,"rtk_number":28},
"53-0-0":{"gimbal_pitch":-45.0,"gimbal_roll":0,"gimbal_yaw":-90.0,"payload_index":"53-0-0"},
"cameras":[{"payload_index":"53-0-0","zoom_factor":7}]}}"#;

fn spoken(topic: &str, payload: &str) -> Spoken {
    hear(Realm::Actual, topic, payload.as_bytes()).expect("readable")
}

#[test]
fn osd_is_a_fix_and_telemetry() {
    let it = spoken("thing/product/SN1/osd", OSD).heard.news;
    let [News::Drone { drone, fix }, News::DroneSays { telemetry, .. }] = it.as_slice() else { panic!("{it:?}") };
    assert_eq!((&**drone, fix.heading, fix.battery, fix.mode, fix.height), ("SN1", 270.0, 77.0, 5, 100.0));
    assert_eq!(telemetry.mode.as_deref(), Some("航线飞行"));
    assert_eq!((telemetry.wind_mps, telemetry.wind_from_deg), (Some(4.2), Some(90.0)));
    assert_eq!((telemetry.height_ellipsoid_m, telemetry.home_m), (Some(120.5), Some(812.5)));
    assert_eq!(telemetry.gimbal, Some(Gimbal { pitch_deg: -45.0, yaw_deg: 270.0, zoom: Some(7.0) }));
    assert_eq!(telemetry.rtk, Some(Rtk { is_fixed: true, n_satellites: 28 }));
    assert!(hear(Realm::Actual, "thing/product/SN1/osd", br#"{"data":{}}"#).is_err());
}

#[test]
fn a_dock_tells_of_itself_and_who_hangs_on_it() {
    let osd = r#"{"timestamp":5,"data":{"mode_code":4,"cover_state":1,"drone_in_dock":0,"rainfall":2,"wind_speed":6.5,
        "emergency_stop_state":1,"alternate_land_point":{"is_configured":1}}}"#;
    let it = spoken("thing/product/D1/osd", osd).heard.news;
    let [News::Dock { gateway, state }] = it.as_slice() else { panic!("{it:?}") };
    assert_eq!((&**gateway, state.cover, state.is_drone_in), ("D1", Some(DockCover::Open), Some(false)));
    assert_eq!((state.rain, state.wind_mps, state.is_emergency_stopped), (Some(2), Some(6.5), true));
    let topo = r#"{"tid":"1","bid":"2","timestamp":6,"method":"update_topo","data":{"sub_devices":[{"sn":"SN1"}]}}"#;
    let it = spoken("sys/product/D1/status", topo);
    assert!(matches!(&it.heard.news[..], [News::Docked { drones, .. }] if drones.len() == 1 && &*drones[0] == "SN1"));
    assert_eq!(it.replies[0].0, "sys/product/D1/status_reply");
    let gone = r#"{"timestamp":7,"method":"update_topo","data":{"sub_devices":[]}}"#;
    let it = spoken("sys/product/D1/status", gone).heard.news;
    assert!(matches!(&it[..], [News::Docked { drones, .. }] if drones.is_empty()));
    let hms = r#"{"timestamp":8,"method":"hms","need_reply":0,"data":{"list":[{"code":"0x16100083","level":2}]}}"#;
    let it = spoken("thing/product/D1/events", hms).heard.news;
    assert!(matches!(&it[..], [News::DroneWarns { alarms, .. }] if alarms[0].level == 2));
}

#[test]
fn requests_are_answered_and_what_we_have_not_is_not_invented() {
    let ask = |method: &str| {
        let text = format!(r#"{{"tid":"t9","bid":"b","method":"{method}","timestamp":3,"data":{{}}}}"#);
        spoken("thing/product/D1/requests", &text).replies.remove(0)
    };
    let (topic, payload) = ask("flight_areas_get");
    assert_eq!(topic, "thing/product/D1/requests_reply");
    assert!(payload.contains("\"result\":0") && payload.contains("t9"), "{payload}");
    assert!(ask("offline_map_get").1.contains("\"result\":0"));
    assert!(ask("flighttask_resource_get").1.contains("\"result\":1"));
    let quiet = spoken("thing/product/D1/events", r#"{"need_reply":0,"method":"x","data":{}}"#);
    assert_eq!(quiet, Spoken::default());
    let loud = spoken("thing/product/D1/events", r#"{"need_reply":1,"method":"x","data":{}}"#);
    assert_eq!(loud.replies[0].0, "thing/product/D1/events_reply");
}

/// What a message means for our flight 7; nothing for anybody else's or the other realm's.
#[track_caller]
fn check(kind: &str, body: &str, expected: Option<FlightState>) {
    let topic = format!("thing/product/D1/{kind}");
    let told = |key: &str| {
        let payload = body.replace("KEY", key);
        hear(Realm::Actual, &topic, payload.as_bytes()).expect("readable").heard.commands
    };
    let state = told("gulang-a-f7").into_iter().next().map(|it| match it {
        Command::ReportFlight { flight: FlightId(7), state, .. } => state,
        other => panic!("{other:?}"),
    });
    assert_eq!(state, expected, "{body}");
    for other in ["gulang-x-f7", "gulang-a-f07", "track-7", ""] {
        assert!(told(other).is_empty(), "{other}");
    }
}

#[test]
fn answers_and_progress_name_their_flight() {
    let answer =
        |method: &str, result: i64| format!(r#"{{"bid":"KEY","method":"{method}","data":{{"result":{result}}}}}"#);
    check("services_reply", &answer("takeoff_to_point", 0), Some(FlightState::Accepted));
    check("services_reply", &answer("payload_authority_grab", 0), Some(FlightState::Done));
    let failed = FlightState::Failed { why: "平台拒绝执行，代码 319005".into() };
    check("services_reply", &answer("fly_to_point", 319_005), Some(failed));
    let progress = |status: &str, result: i64| {
        format!(
            r#"{{"method":"fly_to_point_progress","data":{{"fly_to_id":"KEY","status":"{status}","result":{result},
            "remaining_distance":250,"planned_path_points":[{{"latitude":24.5,"longitude":118.1}},
            {{"latitude":24.509,"longitude":118.1}}]}}}}"#
        )
    };
    let under_way = FlightState::InProgress { percent: 75, step: "飞行中，剩 500 米内".into(), waypoint: None };
    check("events", &progress("wayline_progress", 0), Some(under_way));
    check("events", &progress("wayline_ok", 0), Some(FlightState::Done));
    check("events", &progress("wayline_cancel", 0), Some(FlightState::Cancelled { why: "平台取消".into() }));
    let failed = FlightState::Failed { why: "平台报告 wayline_failed，代码 9".into() };
    check("events", &progress("wayline_failed", 9), Some(failed));
    let cancelled = br#"{"bid":"gulang-a-f7-c","method":"fly_to_point_stop","data":{"result":0}}"#;
    let it = hear(Realm::Actual, "thing/product/D1/services_reply", cancelled).expect("readable").heard.commands;
    assert!(matches!(&it[..], [Command::ReportFlightCancel { flight: FlightId(7), error: None }]));
}

fn orders() -> Orders<'static> {
    Orders {
        gateway: "D1",
        key: "gulang-x-f3",
        at: NOW,
        ground_ellipsoid_m: Some(22.0),
        speed_mps: 12.0,
        return_height_m: 100.0,
        simulate_at: Some(LonLat(118.1, 24.5)),
        drc: None,
    }
}

#[test]
fn a_take_off_in_an_exercise_is_simulated_and_its_height_is_the_ellipsoids() {
    let task = FlightTask::TakeoffTo { place: LonLat(118.11, 24.51), height_m: 80.0 };
    let one = orders().messages(&task).expect("sayable");
    assert_eq!(one, orders().messages(&task).expect("sayable"), "a repeat is the same message");
    let body: Value = serde_json::from_str(&one[0].payload).expect("JSON");
    assert_eq!(one[0].topic, "thing/product/D1/services");
    assert_eq!(body["data"]["target_height"], 102.0);
    assert_eq!(body["data"]["simulate_mission"]["is_enable"], 1);
    assert_eq!((&body["bid"], &body["data"]["flight_id"]), (&json!("gulang-x-f3"), &json!("gulang-x-f3")));
    let real = Orders { simulate_at: None, ..orders() }.messages(&task).expect("sayable");
    let body: Value = serde_json::from_str(&real[0].payload).expect("JSON");
    assert_eq!(body["data"]["simulate_mission"]["is_enable"], 0);
    let blind = Orders { ground_ellipsoid_m: None, ..orders() };
    assert_eq!(blind.messages(&task), Err(Unsayable::NoGround));
    assert_eq!(orders().messages(&FlightTask::EmergencyStop), Err(Unsayable::NoBroker));
    let route = gulang_city::FlightRoute {
        name: "一".into(),
        speed_mps: 10.0,
        points: vec![RoutePoint { place: LonLat(118.1, 24.5), height_m: 80.0 }],
    };
    assert_eq!(orders().messages(&FlightTask::RunRoute { route }), Err(Unsayable::NoRouteFile));
}

#[test]
fn a_route_is_prepared_by_its_file_and_goes_ahead_when_the_dock_has_it() {
    let file = RouteFile { url: "http://10.0.0.2/waylines/x.kmz".into(), fingerprint: "abc".into() };
    let body: Value = serde_json::from_str(&orders().prepare(&file).payload).expect("JSON");
    assert_eq!((&body["method"], &body["bid"]), (&json!("flighttask_prepare"), &json!("gulang-x-f3")));
    assert_eq!(body["data"]["file"], json!({ "url": file.url, "fingerprint": file.fingerprint }));
    assert_eq!(body["data"]["simulate_mission"]["is_enable"], 1);
    let real = Orders { simulate_at: None, ..orders() }.prepare(&file);
    assert!(!real.payload.contains("simulate_mission"));
    let undo: Value = serde_json::from_str(&orders().undo().payload).expect("JSON");
    assert_eq!((&undo["bid"], &undo["data"]["flight_ids"]), (&json!("gulang-x-f3-c"), &json!(["gulang-x-f3"])));

    let ask = r#"{"tid":"t9","bid":"b9","timestamp":3,"method":"flighttask_resource_get","data":{"flight_id":"KEY"}}"#;
    let heard = |key: &str| spoken("thing/product/D1/requests", &ask.replace("KEY", key));
    let Some(Wants::RouteFile(request)) = heard("gulang-a-f7").wants else { panic!("not asked for") };
    assert_eq!((&*request.gateway, request.flight), ("D1", FlightId(7)));
    let answer = file_answer(&request, Some(&file));
    assert_eq!(answer.topic, "thing/product/D1/requests_reply");
    let body: Value = serde_json::from_str(&answer.payload).expect("JSON");
    assert_eq!((&body["tid"], &body["data"]["output"]["file"]["fingerprint"]), (&json!("t9"), &json!("abc")));
    assert!(file_answer(&request, None).payload.contains("\"result\":1"));
    // The other realm's and anybody else's are answered with no, at once.
    for other in ["gulang-x-f7", "SN1-5"] {
        let it = heard(other);
        assert!(it.wants.is_none() && it.replies[0].1.contains("\"result\":1"), "{other}");
    }

    let taken = |key: &str, result: i64| {
        let body = format!(r#"{{"bid":"{key}","method":"flighttask_prepare","data":{{"result":{result}}}}}"#);
        spoken("thing/product/D1/services_reply", &body)
    };
    let it = taken("gulang-a-f7", 0);
    assert_eq!(it.wants, Some(Wants::GoAhead { gateway: "D1".into(), flight: FlightId(7) }));
    assert!(it.heard.commands.is_empty(), "taken is not flying");
    let it = taken("gulang-a-f7", 319_000);
    assert!(it.wants.is_none() && matches!(&it.heard.commands[..], [Command::ReportFlight { .. }]));
    assert_eq!(taken("gulang-x-f7", 0), Spoken::default());
}

/// The example of `dock2/50.wayline.md` (dji-sdk/Cloud-API-Doc @0339cbf), with our flight and a state on its way.
const PROGRESS: &str = r#"{"bid":"b","tid":"t","timestamp":1654070968655,"method":"flighttask_progress","data":{"result":0,
"output":{"ext":{"break_point":{"attitude_head":30,"break_reason":1,"height":100.23,"index":1,"latitude":23.4,
"longitude":113.99,"progress":0.34,"state":0,"wayline_id":0},"current_waypoint_index":3,"flight_id":"KEY","media_count":6,
"track_id":"track_id","wayline_id":0,"wayline_mission_state":6},"progress":{"current_step":21,"percent":40},
"status":"in_progress"}}}"#;

#[test]
fn a_routes_progress_tells_the_waypoint() {
    let under_way = FlightState::InProgress { percent: 40, step: "航线飞行".into(), waypoint: Some(3) };
    check("events", PROGRESS, Some(under_way));
    let paused = FlightState::InProgress { percent: 40, step: "已暂停".into(), waypoint: Some(3) };
    check("events", &PROGRESS.replace("in_progress", "paused"), Some(paused));
    check("events", &PROGRESS.replace("in_progress", "ok"), Some(FlightState::Done));
}

#[test]
fn live_pictures_are_asked_for_and_their_answers_belong_to_no_flight() {
    let live = Live { gateway: "D1", video_id: "SN1/52-0-0/normal-0", n: 4, at: NOW };
    for (url, kind) in [("rtmp://h/live/SN1", 1), ("https://h/whip", 4), ("serverIP=10.0.0.5&serverPort=8160", 3)] {
        let body: Value = serde_json::from_str(&live.start(url, LiveQuality::High).payload).expect("JSON");
        assert_eq!((&body["data"]["url_type"], &body["data"]["video_quality"]), (&json!(kind), &json!(3)));
    }
    let answer = format!(r#"{{"bid":"{}","method":"live_start_push","data":{{"result":513003}}}}"#, live.key());
    let it = spoken("thing/product/D1/services_reply", &answer);
    assert!(it.heard.commands.is_empty());
    assert_eq!(it.live.map(|it| (it.key.to_string(), it.result)), Some((live.key(), 513_003)));
}

#[test]
fn a_stop_goes_through_the_direct_channel() {
    let broker =
        DrcBroker { address: "10.0.0.8:1883".into(), username: "u".into(), password: "p".into(), is_tls: false };
    let said = Orders { drc: Some(&broker), ..orders() }.messages(&FlightTask::EmergencyStop).expect("sayable");
    let topics: Vec<&str> = said.iter().map(|it| it.topic.as_str()).collect();
    assert_eq!(topics, ["thing/product/D1/services", "thing/product/D1/drc/down"]);
    let up = spoken("thing/product/D1/drc/up", r#"{"method":"drone_emergency_stop","data":{"result":0}}"#);
    assert_eq!(up.drc.map(|it| (it.gateway, it.result)), Some(("D1".into(), 0)));
}

proptest! {
    #[test]
    fn garbage_is_refused_not_feared(kind in 0..TOPICS.len(), bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = hear(Realm::Exercise, &TOPICS[kind].replace('+', "SN1"), &bytes);
    }

    /// Honest bytes cut, doubled, with a stretch moved, or in the wrong encoding.
    #[test]
    fn damaged_honesty_is_survived(
        kind in 0..TOPICS.len(), cut in 0..OSD.len(), from in 0..OSD.len(), flip in any::<u8>(),
    ) {
        let topic = TOPICS[kind].replace('+', "SN1");
        let bytes = OSD.as_bytes();
        let doubled = [bytes, bytes].concat();
        let moved = [&bytes[from.max(cut)..], &bytes[..from.min(cut)]].concat();
        let mut flipped = bytes.to_vec();
        flipped[cut] ^= flip;
        let (utf16, _, _) = encoding_rs::GBK.encode(OSD);
        for it in [&bytes[..cut], &doubled, &moved, &flipped, &utf16] {
            if let Ok(spoken) = hear(Realm::Exercise, &topic, it) {
                for (topic, payload) in spoken.replies {
                    prop_assert!(topic.ends_with("_reply") && serde_json::from_str::<Value>(&payload).is_ok());
                }
            }
        }
    }
}
