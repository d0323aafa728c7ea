//! The simulated city seen from outside: through its sockets, as the hub and any other client sees it.

use gulang_city::*;
use gulang_sim::{Doors, Scale, SimConfig, SimHandle, Speed, start_with};
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, QoS};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

const START: &str = "2023-07-27 09:00:00";

fn pack() -> Pack {
    let west: DistrictId = "350203".into();
    let at = |i: usize| LonLat(118.08 + 0.002 * i as f64, 24.45 + 0.001 * i as f64);
    let kinds = [SensorKind::FloodDepth, SensorKind::Tide, SensorKind::Rain, SensorKind::Wind];
    let need = EvacuationNeed { class: EvacueeClass::Visitors, district: west.clone(), n_people: 1000 };
    let measure = Measure {
        id: "m1".into(),
        title: "转移外来游客".into(),
        clause: "7.5".into(),
        from_level: ResponseLevel::III,
        agency: "wl".into(),
        supporting: vec![],
        scope: Scope::City,
        channel: Channel::Platform,
        within_mins: 240,
        template: "{agency}".into(),
        precondition: None,
        group: 0,
        evacuees: vec![need],
        forces: vec![],
    };
    Pack {
        id: "tiny".into(),
        name: "小城市".into(),
        center: LonLat(118.11, 24.50),
        districts: vec![District { id: west.clone(), name: "西区".into(), center: at(0) }],
        agencies: vec![Agency {
            id: "wl".into(),
            name: "市文旅局".into(),
            short: "文旅局".into(),
            district: None,
            phone: "000".into(),
            platform: "yunguanfu".into(),
        }],
        teams: (0..10)
            .map(|i| Team {
                id: format!("t{i}").into(),
                name: format!("{i}队").into(),
                tier: TeamTier::Local,
                capability: Capability::Rescue,
                n_people: 20,
                home: at(i),
                district: west.clone(),
                kind: UnitKind::Team,
                also: Vec::new(),
                load: "".into(),
                base: None,
            })
            .collect(),
        docks: vec![Dock { id: "DOCK1".into(), name: "机场".into(), at: at(0), district: west.clone() }],
        drones: vec![Drone { id: "DRONE1".into(), name: "鹭航 01".into(), dock: "DOCK1".into() }],
        sensors: (0..40)
            .map(|i| Sensor {
                id: format!("g{i}").into(),
                name: format!("{i}").into(),
                kind: kinds[i % kinds.len()],
                at: at(i % 10),
                district: west.clone(),
                thresholds: Vec::new(),
            })
            .collect(),
        plans: vec![Plan {
            id: "typhoon".into(),
            title: "台风".into(),
            hazard: Hazard::Typhoon,
            version: "1".into(),
            basis: "示例".into(),
            extends: None,
            district: None,
            township: None,
            ack_within_mins: 5,
            escalate_after_mins: 10,
            ladder: Vec::new(),
            triggers: Vec::new(),
            measures: vec![measure],
        }],
        ..Pack::default()
    }
}

/// A drill of one storm passing the city, written where the sim reads it.
fn scenario(dir: &Path) -> std::path::PathBuf {
    let begin = Timestamp::parse("2023-07-25 08:00:00").unwrap();
    let track: Vec<TyphoonFix> = (0..40)
        .map(|i| TyphoonFix {
            at: begin.plus_mins(i * 180),
            center: LonLat(122.0 - 0.13 * i as f64, 19.0 + 0.25 * i as f64),
            wind: 42.0,
            pressure: 945.0,
            move_speed: 18.0,
            move_towards: 330.0,
            radius7: WindRadii([300.0; 4]),
            radius10: WindRadii([120.0; 4]),
            radius12: WindRadii([60.0; 4]),
        })
        .collect();
    std::fs::write(dir.join("track.json"), serde_json::to_string(&track).unwrap()).unwrap();
    let toml = r#"
id = "test"
title = "演练"
starts_at = "2023-07-27 09:00:00"
ends_at = "2023-07-28 20:00:00"
typhoon_id = "202305"
name = "杜苏芮"
name_en = "DOKSURI"
track = "track.json"
[officer]
seats = ["值班长 01"]
[[warning]]
at = "2023-07-27 09:10:00"
expires_at = "2023-07-28 15:00:00"
hazard = "typhoon"
color = "red"
headline = "台风红色预警"
identifier = "35020041600100_20230727091000_1"
"#;
    let path = dir.join("test.toml");
    std::fs::write(&path, toml).unwrap();
    path
}

fn city(dir: &Path, realm: Realm, speed: Speed) -> SimHandle {
    let scenario = Some(scenario(dir));
    let (pack_dir, state, scale) = (dir.into(), dir.join("state"), Scale::Small);
    let config = SimConfig {
        pack: pack_dir,
        scenario,
        seed: 11,
        realm,
        speed,
        state,
        start: None,
        scale,
        jt808: None,
        video: false,
        doors: Doors::default(),
    };
    start_with(pack(), config).unwrap()
}

struct Client {
    http: reqwest::Client,
    city: gulang_sim::Endpoints,
}

impl Client {
    fn of(city: &SimHandle) -> Self {
        Self { http: reqwest::Client::new(), city: city.endpoints().clone() }
    }

    async fn act(&self, platform: &str, action: &str, data: Value) -> Value {
        let body = json!({ "uid": "gulang", "action": action, "senderCode": "gulang", "data": data });
        let url = format!("{}/{platform}/openapi?egova_openapi_token=t", self.city.platform);
        self.http.post(url).json(&body).send().await.unwrap().json().await.unwrap()
    }

    async fn get(&self, url: String) -> Value {
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    async fn advance(&self, to: Timestamp) -> Value {
        let url = format!("{}/advance", self.city.control);
        self.http.post(url).json(&json!({ "to_ms": to.0 })).send().await.unwrap().json().await.unwrap()
    }

    async fn notify(&self, id: &str, exercise: bool) -> Value {
        let notice = json!({
            "noticeId": id, "orderId": 1, "definitionVersion": 1, "unitId": "wl", "title": "转移外来游客",
            "content": "立即转移", "ackBy": "2023-07-27 09:35:00", "deadline": "2023-07-27 13:30:00",
            "channel": "platform", "exercise": exercise,
        });
        self.act("yunguanfu", "NOTIFY", notice).await
    }
}

async fn listen(address: &str, filter: &str) -> (AsyncClient, EventLoop) {
    let (host, port) = address.split_once(':').unwrap();
    let mut options = MqttOptions::new("test", host, port.parse().unwrap());
    options.set_keep_alive(Duration::from_secs(30)).set_max_packet_size(16 << 20, 16 << 20);
    let (client, mut events) = AsyncClient::new(options, 64);
    client.subscribe(filter, QoS::AtMostOnce).await.unwrap();
    while !matches!(next(&mut events).await, Event::Incoming(Incoming::SubAck(_))) {}
    (client, events)
}

async fn next(events: &mut EventLoop) -> Event {
    tokio::time::timeout(Duration::from_secs(20), events.poll()).await.expect("the broker is silent").unwrap()
}

/// Everything up to the barrier, which tells how many went before.
async fn until_barrier(events: &mut EventLoop) -> Vec<(String, String)> {
    let (mut got, mut expected) = (Vec::new(), None);
    loop {
        if let Event::Incoming(Incoming::Publish(p)) = next(events).await {
            let payload = String::from_utf8(p.payload.to_vec()).unwrap();
            if p.topic == "sim/barrier" {
                expected = serde_json::from_str::<Value>(&payload).unwrap()["messages"].as_u64();
            } else if !p.topic.ends_with("_reply") {
                // Our own answers come back to us; they are not the city's.
                got.push((p.topic, payload));
            }
        }
        if expected == Some(got.len() as u64) {
            return got;
        }
    }
}

/// Two hours of a drill: all that MQTT, cases, warnings and the typhoon feed say.
async fn two_hours(dir: &Path) -> (Vec<(String, String)>, Vec<Value>) {
    let sim = city(dir, Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    let (mqtt, mut events) = listen(&client.city.mqtt, "#").await;
    let (mut said, mut answers) = (Vec::new(), Vec::new());
    let start = Timestamp::parse(START).unwrap();
    let (mut cases, mut notices, mut people) = (json!(""), json!(""), json!(""));
    for step in 1..=120 {
        let done = client.advance(start.plus_mins(step)).await;
        assert_eq!(done["at_ms"], start.plus_mins(step).0);
        let heard = until_barrier(&mut events).await;
        assert_eq!(done["mqtt_messages"], heard.len());
        for (topic, payload) in &heard {
            if let Some(dock) = topic.strip_suffix("/requests") {
                let tid = serde_json::from_str::<Value>(payload).unwrap()["tid"].clone();
                let reply = json!({ "tid": tid, "data": { "result": 0 } }).to_string();
                mqtt.publish(format!("{dock}/requests_reply"), QoS::AtMostOnce, false, reply).await.unwrap();
            }
        }
        said.extend(heard);
        let page = client.act("yunguanfu", "ITEM_INST_SYNC", json!({ "cursor": cases, "limit": 2000 })).await;
        cases = page["data"]["cursor"].clone();
        answers.push(page);
        if step == 5 {
            answers.push(client.notify("gulang-x-1-1", true).await);
            answers.push(client.notify("gulang-x-2-1", true).await);
        }
        let page = client.act("yunguanfu", "GET_NOTICE_INFO", json!({ "cursor": notices, "limit": 50 })).await;
        notices = page["data"]["cursor"].clone();
        answers.push(page);
        let page = client.act("yingji", "GET_EVACUATION_INFO", json!({ "cursor": people, "limit": 50 })).await;
        people = page["data"]["cursor"].clone();
        answers.push(page);
    }
    answers.push(client.get(format!("{}/index.json", client.city.cap)).await);
    answers.push(client.get(format!("{}/Api/TyphoonInfo/202305", client.city.typhoon)).await);
    answers.push(client.get(format!("{}/journal", client.city.platform)).await);
    sim.stop();
    (said, answers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_of_one_seed_say_the_same_bytes() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ((said_a, answers_a), (said_b, answers_b)) = (two_hours(a.path()).await, two_hours(b.path()).await);
    assert_eq!(said_a, said_b);
    assert_eq!(answers_a, answers_b);
    assert!(said_a.iter().any(|(topic, _)| topic == "thing/product/DRONE1/osd"));
    assert!(said_a.iter().any(|(topic, _)| topic == "sensors/batch/flood_depth"));
    let n_cases: usize = answers_a.iter().filter_map(|a| a["data"]["items"].as_array()).map(Vec::len).sum();
    assert!(n_cases > 500, "{n_cases}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_city_knows_its_orders() {
    let dir = tempfile::tempdir().unwrap();
    let start = Timestamp::parse(START).unwrap();
    let sim = city(dir.path(), Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    client.advance(start.plus_mins(5)).await;
    let first = client.notify("gulang-x-7-1", true).await;
    assert_eq!((first["code"].as_i64(), first["data"]["duplicate"].as_bool()), (Some(0), Some(false)), "{first}");
    sim.stop();

    let sim = city(dir.path(), Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    let again = client.notify("gulang-x-7-1", true).await;
    assert_eq!(again["data"]["duplicate"], true);
    assert_eq!(again["data"]["receiptId"], first["data"]["receiptId"]);
    let journal = client.get(format!("{}/journal", client.city.platform)).await;
    assert_eq!(journal["orders"].as_array().unwrap().len(), 1);
    assert_eq!(journal["orders"][0]["times"], 2);
    assert_eq!(journal["orders"][0]["received_at"], start.plus_mins(5).0);
    client.advance(start.plus_mins(400)).await;
    let told = client.act("yunguanfu", "GET_NOTICE_INFO", json!({ "cursor": "", "limit": 50 })).await;
    assert_eq!(told["data"]["items"][0]["status"], "delivered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_actual_city_refuses_exercise_orders_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let sim = city(dir.path(), Realm::Actual, Speed::Lockstep);
    let client = Client::of(&sim);
    let answer = client.notify("gulang-x-1-1", true).await;
    assert_eq!(answer["code"], 403);
    assert_eq!(client.notify("gulang-a-1-1", false).await["code"], 0);
    let journal = client.get(format!("{}/journal", client.city.platform)).await;
    assert_eq!(journal["realm"], "actual");
    assert_eq!(journal["orders"].as_array().unwrap().len(), 1);
    assert_eq!(journal["refused"][0]["notice_id"], "gulang-x-1-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_of_a_case_shows_in_its_news() {
    let dir = tempfile::tempdir().unwrap();
    let sim = city(dir.path(), Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    // From the first page: whatever case is in it.
    let page = client.act("yunguanfu", "ITEM_INST_SYNC", json!({ "cursor": "", "limit": 2000 })).await;
    let items = page["data"]["items"].as_array().unwrap();
    assert!(items.len() > 3, "{page}");
    let [first, last] = [&items[0], &items[items.len() - 1]].map(|it| it["recId"].as_str().unwrap().to_owned());
    let postponed = json!({ "recId": first, "deadline": "2023-08-01 12:00:00", "reason": "等水退" });
    assert_eq!(client.act("yunguanfu", "APPLY_POSTPONE", postponed).await["code"], 0);
    let moved = json!({ "recId": first, "unitId": "wl", "reason": "归文旅" });
    assert_eq!(client.act("yunguanfu", "APPLY_ROLLBACK", moved).await["code"], 0);
    assert_eq!(client.act("yunguanfu", "APPLY_CANCEL", json!({ "recId": last, "reason": "误报" })).await["code"], 0);
    let again = client.act("yunguanfu", "ITEM_INST_SYNC", json!({ "cursor": "", "limit": 2000 })).await;
    let bent = &again["data"]["items"][0];
    assert_eq!((bent["unitId"].as_str(), bent["deadline"].as_str()), (Some("wl"), Some("2023-08-01 12:00:00")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_are_sent_once_say_that_they_arrived_and_a_restart_forgets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let start = Timestamp::parse(START).unwrap();
    let sim = city(dir.path(), Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    client.advance(start.plus_mins(5)).await;
    let sent = |unit: &str, n: u32| {
        json!({
            "unitId": unit, "coordinatex": 118.09, "coordinatey": 24.455, "crs": "WGS84", "purpose": "塌方",
            "newsId": format!("gulang-x-team-{unit}-r{n}"), "exercise": true,
        })
    };
    let code = |answer: &Value| answer["code"].as_i64();
    for unit in ["t1", "t2", "t3"] {
        let answer = client.act("yingji", "DISPATCH", sent(unit, 1)).await;
        assert_eq!((code(&answer), answer["data"]["duplicate"].as_bool()), (Some(0), Some(false)), "{answer}");
        let again = client.act("yingji", "DISPATCH", sent(unit, 1)).await;
        assert_eq!(again["data"]["duplicate"], true);
    }
    let mut wrong = sent("t4", 2);
    wrong["exercise"] = json!(false);
    assert_eq!(code(&client.act("yingji", "DISPATCH", wrong.clone()).await), Some(403));
    (wrong["exercise"], wrong["crs"]) = (json!(true), json!("GCJ02"));
    assert_eq!(code(&client.act("yingji", "DISPATCH", wrong).await), Some(400));
    assert_eq!(code(&client.act("yingji", "DISPATCH", sent("nobody", 3)).await), Some(400));
    assert_eq!(code(&client.act("yunguanfu", "DISPATCH", sent("t4", 4)).await), Some(404));
    sim.stop();

    let sim = city(dir.path(), Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    let again = client.act("yingji", "DISPATCH", sent("t1", 1)).await;
    assert_eq!(again["data"]["duplicate"], true, "it is not sent anew");
    client.advance(start.plus_mins(120)).await;
    let said = client.act("yingji", "GET_UNIT_INFO", json!({ "cursor": "", "limit": 500 })).await;
    let items = said["data"]["items"].as_array().unwrap();
    assert!(items.iter().any(|it| it["note"] == "已到达"), "{said}");
    assert!(items.iter().all(|it| ["t1", "t2", "t3"].iter().any(|unit| it["unitId"] == *unit)), "{said}");
    for unit in ["t1", "t2", "t3"] {
        let home = json!({ "unitId": unit, "newsId": format!("gulang-x-team-{unit}-r9"), "exercise": true });
        assert_eq!(code(&client.act("yingji", "RECALL", home).await), Some(0));
    }
    client.advance(start.plus_mins(400)).await;
    let cursor = &said["data"]["cursor"];
    let after = client.act("yingji", "GET_UNIT_INFO", json!({ "cursor": cursor, "limit": 500 })).await;
    assert_eq!(after["data"]["items"], json!([]), "at home nobody reports");
    let journal = client.get(format!("{}/journal", client.city.platform)).await;
    assert_eq!(
        (&journal["news"]["gulang-x-team-t1-r1"], &journal["news"]["gulang-x-team-t1-r9"]),
        (&json!(3), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn platforms_answer_bad_requests_and_break_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let sim = city(dir.path(), Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    let code = |answer: Value| answer["code"].as_i64();
    assert_eq!(code(client.act("yunguanfu", "NOTIFY", json!({ "noticeId": 3 })).await), Some(400));
    assert_eq!(code(client.act("yunguanfu", "REPORT", json!({})).await), Some(400));
    assert_eq!(code(client.act("yingji", "ITEM_INST_SYNC", json!({})).await), Some(404));
    assert_eq!(code(client.act("yunguanfu", "GET_NOTICE_INFO", json!({ "cursor": "x" })).await), Some(400));
    assert_eq!(code(client.act("yunguanfu", "APPLY_CANCEL", json!({ "noticeId": "no" })).await), Some(0));
    assert_eq!(code(client.act("yunguanfu", "PRESS", json!({ "recId": "1" })).await), Some(0));
    assert_eq!(code(client.act("yunguanfu", "APPLY_POSTPONE", json!({ "recId": "1" })).await), Some(400));
    assert_eq!(code(client.act("yingji", "APPLY_CANCEL", json!({ "recId": "1" })).await), Some(404));
    let unit = json!({ "recId": "1", "unitId": "nobody" });
    assert_eq!(code(client.act("yunguanfu", "APPLY_ROLLBACK", unit).await), Some(400));

    let fault = async |mode: &str| {
        let url = format!("{}/fault", client.city.control);
        let body = json!({ "platform": "yunguanfu", "mode": mode });
        client.http.post(url).json(&body).send().await.unwrap().status()
    };
    assert_eq!(fault("sulk").await, 400);
    assert_eq!(fault("error_code").await, 200);
    assert_eq!(code(client.notify("gulang-x-1-1", true).await), Some(500));
    // The other platform is another platform.
    assert_eq!(code(client.act("yingji", "GET_NOTICE_INFO", json!({})).await), Some(0));
    fault("slow_ms:150").await;
    let asked = std::time::Instant::now();
    assert_eq!(code(client.notify("gulang-x-1-1", true).await), Some(0));
    assert!(asked.elapsed() >= Duration::from_millis(150));
    fault("ok").await;
    assert_eq!(client.notify("gulang-x-1-1", true).await["data"]["duplicate"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn warnings_typhoon_and_pictures_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let sim = city(dir.path(), Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    let index = || client.get(format!("{}/index.json", client.city.cap));
    assert_eq!(index().await["alerts"].as_array().unwrap().len(), 0);
    client.advance(Timestamp::parse("2023-07-27 09:11:00").unwrap()).await;
    let alerts = index().await;
    let id = alerts["alerts"][0]["identifier"].as_str().unwrap();
    let xml = client.http.get(format!("{}/{id}.xml", client.city.cap)).send().await.unwrap().text().await.unwrap();
    assert!(xml.contains("<status>Exercise</status>") && xml.contains("11B01"), "{xml}");

    let active = client.get(format!("{}/Api/TyhoonActivity", client.city.typhoon)).await;
    assert_eq!(active[0]["tfid"], "202305");
    let url = format!("{}/Api/TyphoonInfo/202305", client.city.typhoon);
    let answer = client.http.get(&url).send().await.unwrap();
    let etag = answer.headers()["etag"].clone();
    let info: Value = answer.json().await.unwrap();
    let agencies: Vec<&str> = info["points"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|p| p["forecast"].as_array().unwrap())
        .filter_map(|f| f["tm"].as_str())
        .collect();
    assert!(["中国", "日本", "美国", "中国台湾", "中国香港"].iter().all(|a| agencies.contains(a)), "{agencies:?}");
    assert_eq!(client.http.get(&url).header("if-none-match", etag).send().await.unwrap().status(), 304);

    let jpeg =
        client.http.get(format!("{}/DRONE1.jpg", client.city.feeds)).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(jpeg[..3], [0xff, 0xd8, 0xff]);
    assert_eq!(client.http.get(format!("{}/NO.jpg", client.city.feeds)).send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scaled_clock_runs_and_can_be_set() {
    let dir = tempfile::tempdir().unwrap();
    let sim = city(dir.path(), Realm::Exercise, Speed::Scaled(60.0));
    let client = Client::of(&sim);
    let (_mqtt, mut events) = listen(&client.city.mqtt, "thing/product/+/osd").await;
    while !matches!(next(&mut events).await, Event::Incoming(Incoming::Publish(_))) {}
    let to = Timestamp::parse("2023-07-28 06:00:00").unwrap();
    let url = format!("{}/clock", client.city.control);
    let set = client.http.post(&url).json(&json!({ "now_ms": to.0, "paused": true })).send().await.unwrap();
    assert_eq!(set.json::<Value>().await.unwrap()["now_ms"], to.0);
    assert_eq!(client.get(url).await["now_ms"], to.0);
    let url = format!("{}/advance", client.city.control);
    assert_eq!(client.http.post(url).json(&json!({ "to_ms": 0 })).send().await.unwrap().status(), 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registers_are_listed_fetched_and_followed_on_the_citys_own_clock() {
    let dir = tempfile::tempdir().unwrap();
    let sim = city(dir.path(), Realm::Exercise, Speed::Lockstep);
    let client = Client::of(&sim);
    client.advance(Timestamp::parse("2023-07-27 09:00:00").unwrap()).await;
    let base = client.city.inventory.clone();
    let list = client.get(base.clone()).await;
    let listed: Vec<_> = list["inventories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["id"].as_str().unwrap(), it["n"].as_u64().unwrap()))
        .collect();
    assert_eq!(listed, [("manhole", 13_500), ("camera_city", 2000), ("device", 1000), ("bike", 900)]);
    assert!(list["inventories"].as_array().unwrap().iter().all(|it| it["simulated"] == true && it["version"].is_u64()));

    let bytes = async |url: String| {
        let response = client.http.get(&url).send().await.unwrap().error_for_status()?;
        Ok::<_, reqwest::Error>(response.bytes().await.unwrap())
    };
    let (mut bikes, n_absurd) = Inventory::from_bytes(&bytes(format!("{base}/bike")).await.unwrap()).unwrap();
    assert_eq!((bikes.len(), n_absurd, bikes.moving, bikes.simulated), (900, 0, true, true));
    assert_eq!(bikes.as_of, Timestamp::parse("2023-07-27 09:00:00").unwrap());
    assert!(bytes(format!("{base}/tree")).await.is_err());

    let changes = |since: Timestamp| format!("{base}/bike/changes?since={}", since.0);
    let none = ThingsChange::from_bytes(&bytes(changes(bikes.as_of)).await.unwrap()).unwrap();
    assert_eq!((none.handles.len(), none.as_of), (0, bikes.as_of));
    client.advance(bikes.as_of.plus_secs(20)).await;
    let some = ThingsChange::from_bytes(&bytes(changes(bikes.as_of)).await.unwrap()).unwrap();
    assert!(bikes.apply(&some).len() > 30);
    let (whole, _) = Inventory::from_bytes(&bytes(format!("{base}/bike")).await.unwrap()).unwrap();
    assert_eq!((&bikes.at, &bikes.state, bikes.as_of), (&whole.at, &whole.state, whole.as_of));
    for nonsense in ["", "?since=", "?since=x", "?since=99999999999999999999"] {
        assert!(bytes(format!("{base}/bike/changes{nonsense}")).await.is_err(), "{nonsense}");
    }
    for extreme in [i64::MIN, 0, i64::MAX] {
        for id in ["bike", "device"] {
            let answer = bytes(format!("{base}/{id}/changes?since={extreme}")).await.unwrap();
            assert!(ThingsChange::from_bytes(&answer).is_ok(), "{id} {extreme}");
        }
    }
    let fault = json!({ "platform": "inventory", "mode": "http500" });
    client.http.post(format!("{}/fault", client.city.control)).json(&fault).send().await.unwrap();
    assert!(bytes(format!("{base}/bike")).await.is_err());
}

/// Writes pictures to look at: `GULANG_SIM_STILLS=DIR cargo test -p gulang-sim -- --ignored stills`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes pictures for a person to look at"]
async fn stills() {
    let Ok(out) = std::env::var("GULANG_SIM_STILLS") else { return };
    let dir = tempfile::tempdir().unwrap();
    let fonts = "../../assets/cities/xiamen".into();
    let scenario = Some(scenario(dir.path()));
    let (realm, speed, state) = (Realm::Exercise, Speed::Lockstep, dir.path().join("state"));
    let scale = Scale::None;
    let config = SimConfig {
        pack: fonts,
        scenario,
        seed: 1,
        realm,
        speed,
        state,
        start: None,
        scale,
        jt808: None,
        video: false,
        doors: Doors::default(),
    };
    let sim = start_with(pack(), config).unwrap();
    let client = Client::of(&sim);
    for (i, at) in ["2023-07-27 09:20:00", "2023-07-27 22:30:00", "2023-07-28 10:00:00"].iter().enumerate() {
        client.advance(Timestamp::parse(at).unwrap()).await;
        let jpeg = client.http.get(format!("{}/DRONE1.jpg", client.city.feeds)).send().await.unwrap();
        std::fs::write(Path::new(&out).join(format!("{i}.jpg")), jpeg.bytes().await.unwrap()).unwrap();
    }
}
