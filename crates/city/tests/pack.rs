//! A broken pack is refused with file, line and reason.

use gulang_city::*;
use std::collections::BTreeMap;

/// A whole small pack as files.
fn files() -> BTreeMap<&'static str, String> {
    let place = |id: &str| {
        format!("[\n  {{\"id\": \"{id}\", \"name\": \"n\", \"at\": [118.1, 24.5], \"district\": \"350203\"}}\n]")
    };
    BTreeMap::from([
        ("city.toml", "id = \"xiamen\"\nname = \"厦门市\"\ncenter = [118.11, 24.50]\n".to_owned()),
        ("districts.json", "[\n  {\"id\": \"350203\", \"name\": \"思明区\", \"center\": [118.1, 24.45]}\n]".to_owned()),
        (
            "agencies.json",
            "[\n  {\"id\": \"ag\", \"name\": \"局\", \"short\": \"局\", \"district\": null, \"phone\": \"\", \"platform\": \"yunguanfu\"}\n]".to_owned(),
        ),
        ("teams.json", "[]".to_owned()),
        ("depots.json", "[]".to_owned()),
        ("shelters.json", "[]".to_owned()),
        ("helipads.json", place("pad")),
        ("hospitals.json", "[]".to_owned()),
        ("cameras.json", place("cam")),
        ("docks.json", place("dock")),
        ("drones.json", "[{\"id\": \"dr\", \"name\": \"n\", \"dock\": \"dock\"}]".to_owned()),
        (
            "sensors.json",
            "[\n  {\"id\": \"s\", \"name\": \"n\", \"kind\": \"flood_depth\", \"at\": [118.1, 24.5], \"district\": \"350203\",\n   \"thresholds\": [{\"color\": \"blue\", \"on\": 15.0, \"off\": 10.0}, {\"color\": \"red\", \"on\": 60.0, \"off\": 50.0}]}\n]".to_owned(),
        ),
        (
            "flood_points.json",
            "[\n  {\"id\": \"fp\", \"name\": \"n\", \"at\": [118.1, 24.5], \"district\": \"350203\", \"sensor\": \"s\"}\n]".to_owned(),
        ),
        ("indicators.json", "[]".to_owned()),
        ("townships.json", "[]".to_owned()),
        ("contacts.json", "[]".to_owned()),
        ("ladders.json", "[]".to_owned()),
        (
            "roles.json",
            "{\"default\": \"officer\", \"roles\": [\n  {\"id\": \"officer\", \"name\": \"值班员\", \"may\": [\"switch_to_war\"], \"signs_up_to\": \"I\"}],\n \"seats\": [\n  {\"seat\": \"A\", \"role\": \"officer\"}]}".to_owned(),
        ),
        (
            "plans/typhoon.json",
            "{\"id\": \"typhoon\", \"title\": \"t\", \"hazard\": \"typhoon\", \"basis\": \"b\", \"ack_within_mins\": 5, \"escalate_after_mins\": 10,\n \"ladder\": [\"a\"], \"triggers\": [{\"level\": \"I\", \"when\": \"warning.typhoon >= red || circle.hours10 <= 12\"}],\n \"measures\": [\n  {\"id\": \"m\", \"title\": \"t\", \"clause\": \"1\", \"from_level\": \"IV\", \"agency\": \"ag\", \"channel\": \"platform\", \"within_mins\": 60, \"template\": \"{agency} {due}\"}\n ]}".to_owned(),
        ),
    ])
}

fn load(files: &BTreeMap<&'static str, String>) -> Result<Pack, Vec<String>> {
    let read = |path: &str| files.get(path).cloned().ok_or_else(|| "no such file".to_owned());
    let list = |folder: &str| {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        files.keys().filter_map(|it| it.strip_prefix(&*prefix)).map(str::to_owned).collect()
    };
    load_pack(&read, &list).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// With `from` replaced by `to` in `file`, the pack is refused, first for what starts with `expected`.
#[track_caller]
fn check(file: &'static str, from: &str, to: &str, expected: &str) {
    let mut files = files();
    let text = files.get_mut(file).expect("a file of the pack");
    assert!(text.contains(from), "{from} is not in {file}");
    *text = text.replacen(from, to, 1);
    let errors = load(&files).expect_err("refused");
    assert!(errors[0].starts_with(expected), "{errors:#?}");
}

#[test]
fn a_good_pack_loads() {
    let pack = load(&files()).expect("good");
    assert_eq!((&*pack.id, &*pack.name, pack.center), ("xiamen", "厦门市", LonLat(118.11, 24.50)));
    assert_eq!((pack.plans.len(), pack.sensors.len(), pack.cameras.len()), (1, 1, 1));
    let city = City::found(&pack, Realm::Actual);
    assert_eq!(city.footings.len(), 1);
}

#[test]
fn a_suppression_that_may_not_be_says_where_and_why() {
    let told = |body: &str| {
        let mut files = files();
        let head = "basis = \"b\"\n\n[[rules]]\nid = \"gas\"\nname = \"n\"\nkinds = [\"flood_depth\"]\ncolor = \"red\"\n\
                    test = { above = { on = 8, off = 2 } }\n\n";
        files.insert("rules/alarms.toml", format!("{head}[[suppress]]\nid = \"gas-peace\"\nwhy = \"w\"\n{body}"));
        load(&files).map(|pack| pack.alarm_rules.suppress.len()).map_err(|errors| errors.join("；"))
    };
    let check = |body: &str, expected: [&str; 2]| {
        let errors = told(body).expect_err(body);
        assert!(expected.iter().all(|it| errors.contains(it)), "{body}: {errors}");
    };
    assert_eq!(told("kinds = [\"flood_depth\"]\nwhen = \"peace\""), Ok(1));
    check("kinds = [\"flood_depth\"]\nup_to = \"red\"\nwhen = \"peace\"", ["alarms.toml:11:", "红色告警从不抑制"]);
    check("kinds = [\"flood_depth\"]\nrules = [\"gas\"]\nwhen = \"peace\"", ["alarms.toml:11:", "红色告警从不抑制"]);
    check("kinds = [\"site_noise\"]\nwhen = \"peace\"", ["alarms.toml:11:", "site_noise"]);
    check("kinds = [\"flood_depth\"]\nwhen = \"holiday\"", ["alarms.toml:14:", "看不懂"]);
    check("kinds = [\"flood_depth\"]\nwhen = \"00:00-24:00\"", ["alarms.toml:14:", "全天"]);
    check("kinds = [\"flood_depth\"]\n", ["alarms.toml:10:", "when"]);
}

#[test]
fn a_broken_pack_says_where_and_why() {
    check("city.toml", "name", "nmae", "city.toml:2: unreadable city.toml, unknown field `nmae`");
    check("city.toml", "[118.11, 24.50]", "[0.0, 0.0]", "city.toml:3: bad center");
    check("districts.json", "[\n", "", "districts.json:1: unreadable JSON");
    check(
        "agencies.json",
        "\"platform\": ",
        "\"plattform\": ",
        "agencies.json:2: unreadable JSON, missing field `platform`",
    );
    check("cameras.json", "118.1", "18.1", "cameras.json:2: bad place of cam, 18.1, 24.5 is not near the city");
    check("cameras.json", "350203", "350299", "cameras.json:2: bad district of cam, there is no district 350299");
    check("drones.json", "\"dock\"}", "\"duck\"}", "drones.json:1: bad dock of dr");
    check("flood_points.json", "\"s\"", "\"t\"", "flood_points.json:2: bad sensor of fp, there is no sensor t");
    check(
        "sensors.json",
        "\"off\": 10.0",
        "\"off\": 15.0",
        "sensors.json:2: bad thresholds of s, 蓝: off 15 is not below on 15",
    );
    check("sensors.json", "\"on\": 60.0", "\"on\": 12.0", "sensors.json:2: bad thresholds of s");
    check(
        "plans/typhoon.json",
        "\"agency\": \"ag\"",
        "\"agency\": \"x\"",
        "plans/typhoon.json:4: bad agency of measure m, there is no agency x",
    );
    check(
        "plans/typhoon.json",
        "{due}",
        "{deu}",
        "plans/typhoon.json:4: bad template of measure m, it does not know {deu}",
    );
    let trigger = "warning.typhoon >= red || circle.hours10 <= 12";
    let wrong = |to: &str, expected: &str| check("plans/typhoon.json", trigger, to, expected);
    wrong("warning.typhoon >= crimson", "plans/typhoon.json:2: bad condition of trigger Ⅰ, it does not know crimson");
    wrong("warning.typhoon >=", "plans/typhoon.json:2: bad condition of trigger Ⅰ, column");
    wrong("warning.typhoon", "plans/typhoon.json:2: bad condition of trigger Ⅰ, warning.typhoon: it is Float");
    wrong("1 > 2", "plans/typhoon.json:2: bad condition of trigger Ⅰ, 1 > 2 is never true");
    wrong("red > orange", "plans/typhoon.json:2: bad condition of trigger Ⅰ, red > orange is always true");
    wrong("warning.typhoon > 4 && circle.hours7 < -1", "plans/typhoon.json:2: unreachable trigger Ⅰ");
    let measure = |to: &str, expected: &str| {
        check("plans/typhoon.json", "\"within_mins\": 60", to, &format!("plans/typhoon.json:4: {expected}"));
    };
    measure("\"within_mins\": 3", "bad deadline of measure m, done within 3 min, acknowledged within 5");
    measure("\"within_mins\": 60, \"supporting\": [\"y\"]", "bad supporting of measure m, there is no agency y");
    measure("\"within_mins\": 60, \"scope\": {\"districts\": [\"9\"]}", "bad scope of measure m");
    measure("\"within_mins\": 60, \"precondition\": \"flood.n99 > 1\"", "bad condition of measure m, it does not know");
    check("plans/typhoon.json", "\"agency\": \"ag\"", "\"agency\": \"\"", "plans/typhoon.json:4: no lead of measure m");
    check(
        "roles.json",
        "\"may\": [\"switch",
        "\"may\": [\"twitch",
        "roles.json:2: bad role or seat officer, there is no command twitch_to_war",
    );
    check(
        "roles.json",
        "\"seat\": \"A\", \"role\": \"officer\"",
        "\"seat\": \"A\", \"role\": \"king\"",
        "roles.json:4: bad role or seat A",
    );
    check("teams.json", "[]", " \n", "teams.json:1: empty file");
    let pad = "{\"id\": \"pad\", \"name\": \"n\", \"at\": [118.1, 24.5], \"district\": \"350203\"}";
    check("helipads.json", pad, &format!("{pad},\n  {pad}"), "helipads.json:3: second pad");
}

#[test]
fn a_missing_file_is_named() {
    let mut files = files();
    files.remove("sensors.json");
    assert_eq!(
        load(&files).expect_err("refused"),
        ["sensors.json:1: cannot read the file, no such file, add it to the pack, with [] if the city has none"]
    );
}

#[test]
fn the_tiny_pack_obeys_the_same_rules() {
    let pack = tiny_pack();
    let json = |it: serde_json::Result<String>| it.expect("serialisable");
    let mut files = files();
    files.insert("districts.json", json(serde_json::to_string(&pack.districts)));
    files.insert("agencies.json", json(serde_json::to_string(&pack.agencies)));
    files.insert("teams.json", json(serde_json::to_string(&pack.teams)));
    files.insert("depots.json", json(serde_json::to_string(&pack.depots)));
    files.insert("shelters.json", json(serde_json::to_string(&pack.shelters)));
    files.insert("helipads.json", json(serde_json::to_string(&pack.helipads)));
    files.insert("hospitals.json", json(serde_json::to_string(&pack.hospitals)));
    files.insert("cameras.json", json(serde_json::to_string(&pack.cameras)));
    files.insert("docks.json", json(serde_json::to_string(&pack.docks)));
    files.insert("drones.json", json(serde_json::to_string(&pack.drones)));
    files.insert("sensors.json", json(serde_json::to_string(&pack.sensors)));
    files.insert("flood_points.json", json(serde_json::to_string(&pack.flood_points)));
    files.insert("indicators.json", json(serde_json::to_string(&pack.indicators)));
    files.insert("roles.json", json(serde_json::to_string(&pack.roles)));
    files.insert("plans/typhoon.json", json(serde_json::to_string(&pack.plans[0])));
    let loaded = load(&files).expect("good");
    assert_eq!(loaded.plans, pack.plans);
    assert_eq!(loaded.indicators, pack.indicators);
}

#[test]
fn a_kind_of_violation_goes_to_somebody_there_is_and_is_named_with_its_line() {
    let kind = |id: &str, agency: &str, duty: &str| {
        format!(
            "[[kinds]]\nid = \"{id}\"\nzh = \"z\"\nen = \"e\"\ngroup = \"g\"\ncolor = \"red\"\nduty = \"{duty}\"\nagency = \"{agency}\"\nmerge_m = 30.0\nmerge_mins = 30\ndue_hours = 4\nbasis = \"示例\"\n"
        )
    };
    let told = |text: String| {
        let mut files = files();
        files.insert("violations.toml", text);
        files.insert("duties.json", "{\"basis\": \"\", \"duties\": [{\"id\": \"D-1\"}]}".to_owned());
        load(&files)
    };
    assert_eq!(told(kind("a", "ag", "D-1")).map(|it| it.violations.len()), Ok(1));
    for (second, expected) in [
        (kind("b", "nobody", "D-1"), "violations.toml:14: bad kind b, b: there is no agency nobody"),
        (kind("b", "ag", "D-2"), "violations.toml:14: bad kind b, b: there is no duty D-2"),
        (kind("B", "ag", "D-1"), "violations.toml:14: bad kind B, \"B\" is no id"),
    ] {
        let errors = told(kind("a", "ag", "D-1") + &second).expect_err("it is wrong");
        assert!(errors[0].starts_with(expected), "{errors:?}");
    }
    let errors = told(kind("a", "ag", "D-1").replace("30.0", "thirty")).expect_err("it is wrong");
    assert!(errors[0].starts_with("violations.toml:9: unreadable rules"), "{errors:?}");
}
