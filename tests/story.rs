//! The one story that must work, through the real processes: a drill, 平转战, `kill -9` in the middle, 战转平.
//!
//! The judges are not ours: the simulated platforms' own journals say what reached them, and how often.

mod common;

use common::{Hub, Running, assets, hub_command, json_of, platform_journal, program, run, until};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    time::Duration,
};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_drill_survives_kill_9_and_never_leaves_its_realm() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");

    // The actual city is a platform of its own, so that its journal outlives the hub.
    let actual = Running::start(
        Command::new(program("gulang-sim"))
            .arg("--pack")
            .arg(assets().join("cities/xiamen"))
            .args(["--realm", "actual", "--seed", "1", "--speed", "live", "--state"])
            .arg(dir.path().join("actual-city")),
    );
    let config = dir.path().join("hub.toml");
    fs::write(&config, configuration(&actual)).expect("a configuration");
    let config = config.to_str().expect("a plain path");

    // 1. Peace: cases arrive.
    let hub = Hub::serve(&data, &["--config", config]);
    let city = until("cases in peace", MINUTE, || so(hub.get("/api/city"), |city| city["n_cases"].as_u64() > Some(0)));
    assert_eq!(city["realm"], "actual");
    assert_eq!(city["footing"]["posture"], "peace");

    // 2. The drill: warnings come, a level is recommended with its evidence. From II on there are so many orders that some
    // agency stays silent, whatever the moment.
    hub.post("/api/drill", &json!({"Start": {"scenario": "doksuri-2023", "seed": 7, "speed": 1800.0}}));
    let city = until("a recommendation", 3 * MINUTE, || {
        so(hub.get("/api/city"), |city| {
            matches!(city["recommendation"]["level"].as_str(), Some("I" | "II")) && city["realm"] == "exercise"
        })
    });
    assert!(city["warnings"].as_array().is_some_and(|it| !it.is_empty()), "a warning came over CAP: {city}");
    assert!(city["recommendation"]["evidence"].as_array().is_some_and(|it| !it.is_empty()), "{city}");

    // 3. 平转战. The command's answer means that every order is in the log.
    hub.post("/api/drill", &json!({"SetSpeed": {"speed": 60.0, "paused": false}}));
    let advised = &city["recommendation"];
    let ask = json!({"plan": advised["plan"], "level": advised["level"]});
    sign(&hub, json!({"to_war": {"ask": ask, "reason": "按推荐启动"}}));

    // 4. kill -9, with orders on the wire.
    hub.process.kill();
    let at_the_kill = replay(&data);
    assert_eq!(at_the_kill["chain_ok"], true);
    let n_records_then = at_the_kill["records"].as_u64().expect("a count");

    let hub = Hub::serve(&data, &["--config", config]);
    let city = hub.get("/api/city");
    assert_eq!(city["realm"], "exercise", "the drill goes on");
    assert_eq!(city["footing"]["posture"], "war");
    assert!(city["n_orders"].as_u64() > Some(0));
    let orders = until("every order delivered", 2 * MINUTE, || {
        so(hub.get("/api/orders"), |it| orders_of(it).all(|order| !matches!(rung(order), "drafted" | "sent")))
    });

    // Acknowledgements climb; silence turns overdue.
    hub.post("/api/drill", &json!({"SetSpeed": {"speed": 600.0, "paused": false}}));
    until("an order accepted", 2 * MINUTE, || {
        so(hub.get("/api/orders"), |it| {
            orders_of(it).any(|order| matches!(rung(order), "accepted" | "executing" | "done"))
        })
    });
    let mut seen = 1;
    until("silence overdue", 10 * MINUTE, || {
        let page = hub.get(&format!("/api/records?from={seen}&limit=10000"));
        seen += page["records"].as_array().map_or(0, Vec::len);
        so(page, |it| events(it, "order_overdue").next().is_some())
    });

    // Nothing sent twice: every order is in the platform's journal once, and what the log knew to be delivered before the
    // kill was not even tried again.
    let journal = Journal::read(&data.join("exercise/sim/journal.jsonl"));
    for order in orders_of(&orders) {
        let key = format!("gulang-x-{}-{}", order["id"], order["definition_version"]);
        assert_eq!(journal.n_received.get(&key), Some(&1), "{key} in the platform's journal");
    }
    let log = hub.get(&format!("/api/records?from=1&limit={n_records_then}"));
    let delivered_then = events(&log, "order_climbed")
        .filter(|climbed| climbed["rung"] == "delivered")
        .map(|climbed| format!("gulang-x-{}-1", climbed["order"]));
    let again: Vec<String> = delivered_then.filter(|key| journal.repeated.contains(key)).collect();
    assert!(again.is_empty(), "sent again although the log had their receipts: {again:?}");

    // 5. 战转平, and the log says it all.
    // Slowly, so that nothing opens between the question and the second signature.
    hub.post("/api/drill", &json!({"SetSpeed": {"speed": 1.0, "paused": false}}));
    let open = hub.get("/api/open");
    sign(&hub, json!({"to_peace": {"reason": "解除", "accepted": open["items"]}}));
    until("peace again", MINUTE, || so(hub.get("/api/city"), |city| city["footing"]["posture"] == "peace"));
    hub.post("/api/drill", &json!("End"));
    assert_eq!(hub.get("/api/city")["realm"], "actual", "screens are back in the actual city");
    drop(hub);
    let (first, second) = (replay(&data), replay(&data));
    assert_eq!(first["chain_ok"], true);
    assert_eq!(first["state_hash"], second["state_hash"]);
    assert!(first["records"].as_u64() > Some(n_records_then));

    // 6. No exercise order reached the actual platform, nor tried to.
    let journal = platform_journal(actual.text("platform"));
    assert_eq!(journal["orders"], json!([]));
    assert_eq!(journal["refused"], json!([]));
}

/// The last line of defence: an actual platform refuses an exercise's order that somebody hands it all the same.
#[test]
fn an_actual_platform_refuses_an_exercise_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let actual = Running::start(
        Command::new(program("gulang-sim"))
            .arg("--pack")
            .arg(assets().join("cities/xiamen"))
            .args(["--realm", "actual", "--seed", "1", "--speed", "live", "--state"])
            .arg(dir.path()),
    );
    let body = json!({"uid": "x", "action": "NOTIFY", "senderCode": "gulang", "data": {
        "noticeId": "gulang-x-1-1", "orderId": 1, "definitionVersion": 1, "unitId": "x", "title": "演练", "content": "演练",
        "ackBy": "2023-07-26 09:00:00", "deadline": "2023-07-26 10:00:00", "channel": "platform", "exercise": true
    }});
    let url = format!("{}/yunguanfu/openapi?egova_openapi_token=test", actual.text("platform"));
    let answer = common::ask("POST", &url, "", &body.to_string()).expect("an answer");
    assert_eq!(answer["code"], 403, "{answer}");
    let journal = platform_journal(actual.text("platform"));
    assert_eq!(journal["orders"], json!([]));
    assert_eq!(journal["refused"].as_array().map(Vec::len), Some(1), "{journal}");
}

/// Signed at as many seats as it takes: one alone is refused where two are needed, then one proposes and another co-signs.
fn sign(hub: &Hub, switch: Value) {
    let by = |seat: &str, command: Value| hub.try_post("/api/command", &json!({"seat": seat, "command": command}));
    if by("值班长 01", json!({"propose_switch": {"switch": switch}})).is_err() {
        by("值班长 01", by_one(&switch)).unwrap_or_else(|why| panic!("{why}"));
        return;
    }
    let waiting = hub.get("/api/proposal");
    let number = &waiting["proposal"]["number"];
    assert!(by("值班长 01", json!({"co_sign": {"number": number}})).is_err(), "the same seat cannot sign twice");
    by("带班领导 02", json!({"co_sign": {"number": number}})).unwrap_or_else(|why| panic!("{why}"));
}

/// The command one seat gives alone.
fn by_one(switch: &Value) -> Value {
    let confirmed_by = json!(["值班长 01"]);
    match switch.get("to_war") {
        Some(war) => json!({"switch_to_war": {
            "plan": war["ask"]["plan"], "level": war["ask"]["level"], "struck": [],
            "confirmed_by": confirmed_by, "reason": war["reason"]
        }}),
        None => json!({"stand_down": {
            "confirmed_by": confirmed_by, "reason": switch["to_peace"]["reason"],
            "accepted": switch["to_peace"]["accepted"]
        }}),
    }
}

fn configuration(city: &Running) -> String {
    let line = |key: &str| format!("{key} = {:?}\n", city.text(key));
    let lines: String = ["platform", "cap", "typhoon", "mqtt", "feeds"].iter().map(|key| line(key)).collect();
    format!("[actual]\n{lines}token = \"test\"\n")
}

fn replay(data: &Path) -> Value {
    json_of(&run(hub_command(&["replay", "--json"]).arg(data.join("exercise"))))
}

fn so(answer: Value, is_so: impl Fn(&Value) -> bool) -> Result<Value, String> {
    if is_so(&answer) { Ok(answer) } else { Err(answer.to_string().chars().take(800).collect()) }
}

fn orders_of(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["orders"].as_array().into_iter().flatten()
}

fn rung(order: &Value) -> &str {
    order["rung"].as_str().unwrap_or_default()
}

/// Events of one kind in a page of the log.
fn events<'a>(log: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let records = log["records"].as_array().into_iter().flatten();
    records.filter_map(move |record| record["event"].get(kind))
}

/// What a platform wrote down, by idempotency key.
struct Journal {
    n_received: BTreeMap<String, usize>,
    repeated: BTreeSet<String>,
}

impl Journal {
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        let (mut n_received, mut repeated) = (BTreeMap::new(), BTreeSet::new());
        for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let key = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            match line["kind"].as_str() {
                Some("order") => *n_received.entry(key(&line["notice"]["noticeId"])).or_insert(0) += 1,
                Some("repeat") => drop(repeated.insert(key(&line["notice_id"]))),
                _ => {}
            }
        }
        Self { n_received, repeated }
    }
}
