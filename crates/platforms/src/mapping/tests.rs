use super::*;
use crate::News;
use gulang_city::{Command, ThingState, gcj02_from_wgs84};
use proptest::prelude::*;
use serde_json::json;

const RECEIVED: Timestamp = Timestamp(1_790_000_000_000);

fn about(topic: &str) -> About<'_> {
    About { platform: "yl", topic, received: RECEIVED }
}

fn mapping(text: &str) -> Result<Mapping, MappingError> {
    mapping_in(text, Crs::Wgs84)
}

fn mapping_in(text: &str, crs: Crs) -> Result<Mapping, MappingError> {
    Mapping::parse(&text.parse().expect("the test's TOML is good"), crs)
}

const RAIN: &str = r#"
items = "$.data.rows[*]"
to = "gauge"
where = { "$.type" = ["rain", 7] }
[fields]
sensor = { at = "$.deviceId", prefix = "yl-" }
value = { at = "$.val", factor = 0.1, offset = 1 }
at = { at = "$.ts", time = "%Y/%m/%d %H:%M", zone = "+09:00" }
"#;

#[test]
fn rows_become_readings_in_our_unit_and_time() -> Result<(), MappingError> {
    let document = json!({ "data": { "rows": [
        { "deviceId": 12, "val": "25", "ts": "2026/07/01 09:30", "type": "rain" },
        { "deviceId": "b", "val": 5, "ts": "2026/07/01 09:30", "type": 7 },
        { "deviceId": "c", "val": 5, "ts": "2026/07/01 09:30", "type": "wind" },
        { "deviceId": "d", "val": "—", "ts": "2026/07/01 09:30", "type": "rain" },
        { "deviceId": "e", "val": 1, "ts": "yesterday", "type": "rain" },
        { "val": 1, "ts": "2026/07/01 09:30", "type": "rain" },
    ] } });
    let heard = mapping(RAIN)?.apply(&document, about(""));
    let at = Timestamp::parse("2026-07-01T00:30:00Z").expect("a time");
    assert_eq!(
        heard.news,
        [News::Gauge { sensor: "yl-12".into(), value: 3.5, at }, News::Gauge { sensor: "yl-b".into(), value: 1.5, at }]
    );
    let why: Vec<&str> = heard.refused.iter().map(|it| it.why.as_str()).collect();
    assert_eq!(why.len(), 3, "{why:?}");
    assert!(why[0].starts_with("value：") && why[1].starts_with("at：") && why[2].contains("没有 sensor"), "{why:?}");
    assert!(heard.refused[0].what.contains("\"d\""));
    Ok(())
}

#[test]
fn codes_are_told_by_table_and_places_leave_their_frame() -> Result<(), MappingError> {
    let text = r#"
        to = "thing"
        [fields]
        register = "bike"
        thing = "$.no"
        lon = "$.x"
        lat = "$.y"
        state = { at = "$.s", table = { "0" = "normal", "true" = "alarm" }, otherwise = "unknown" }
    "#;
    let (wgs, mapping) = (LonLat(118.11, 24.5), mapping_in(text, Crs::Gcj02)?);
    let LonLat(x, y) = gcj02_from_wgs84(wgs);
    let state_of = |s: Value| {
        let heard = mapping.apply(&json!({ "no": "1", "x": x, "y": y.to_string(), "s": s }), about(""));
        match &heard.news[..] {
            [News::Thing { state, place: Some(place), at, .. }] => {
                assert!(place.distance_m(wgs) < 1.0, "{place:?}");
                assert_eq!(*at, RECEIVED);
                *state
            }
            other => panic!("{other:?}, {:?}", heard.refused),
        }
    };
    assert_eq!(state_of(json!(0)), ThingState::Normal);
    assert_eq!(state_of(json!(true)), ThingState::Alarm);
    assert_eq!(state_of(json!("壹")), ThingState::Unknown);
    let halved = mapping.apply(&json!({ "no": "1", "x": x }), about(""));
    assert_eq!((halved.news.len(), halved.refused.len()), (0, 1));
    let nowhere = mapping.apply(&json!({ "no": "1", "x": 0, "y": 0 }), about(""));
    assert_eq!((nowhere.news.len(), nowhere.refused.len()), (0, 1));
    Ok(())
}

#[test]
fn topics_choose_rules_and_lend_their_levels() -> Result<(), MappingError> {
    let text = r#"
        [[rule]]
        topic = "dev/+/up"
        to = "gauge"
        fields = { sensor = { topic = 1 }, value = "$.v", at = { at = "$.t", time = "unix_s" } }
        [[rule]]
        topic = "batch/#"
        items = "$.rows[*]"
        to = "gauge"
        fields = { sensor = "$[0]", value = "$[1]", at = { at = "$.t", root = true } }
    "#;
    let mapping = mapping(text)?;
    assert_eq!(mapping.topics().collect::<Vec<_>>(), ["dev/+/up", "batch/#"]);
    let one = mapping.apply_bytes(br#"{"v":1.5,"t":"5"}"#, about("dev/w7/up"));
    assert_eq!(one.news, [News::Gauge { sensor: "w7".into(), value: 1.5, at: Timestamp(5000) }]);
    let rows = mapping.apply_bytes(br#"{"t":9,"rows":[["a",1],["b"]]}"#, about("batch/x/y"));
    assert_eq!(rows.news, [News::Gauge { sensor: "a".into(), value: 1.0, at: Timestamp(9) }]);
    assert_eq!(rows.refused.len(), 1);
    assert!(mapping.apply_bytes(b"{}", about("elsewhere")).is_empty());
    assert_eq!(mapping.apply_bytes(b"{", about("dev/w7/up")).refused.len(), 1);
    Ok(())
}

#[test]
fn a_case_comes_whole_or_not() -> Result<(), MappingError> {
    let text = r#"
        to = "case"
        [fields]
        external = "$.id"
        title = "$.t"
        lon = 118.1
        lat = 24.5
        district = "350203"
        agency = { at = "$.dept", table = { "01" = "执法局" } }
        reported_at = "$.at"
        due_at = "$.due"
        stage = { at = "$.s", table = { "办结" = "closed" }, otherwise = "collected" }
    "#;
    let mapping = mapping(text)?;
    let case =
        json!({ "id": 7, "t": "占道", "dept": "01", "at": "2026-07-01 08:00", "due": "2026-07-02 08:00", "s": "办结" });
    let heard = mapping.apply(&case, about(""));
    let [Command::ReportCase { report, stage, .. }] = &heard.commands[..] else { panic!("{heard:?}") };
    assert_eq!((&*report.external, report.platform.as_str(), report.agency.as_str()), ("7", "yl", "执法局"));
    assert_eq!(*stage, gulang_city::CaseStage::Closed);
    let mut unknown = case.clone();
    unknown["dept"] = json!("02");
    let heard = mapping.apply(&unknown, about(""));
    assert!(heard.commands.is_empty() && heard.refused[0].why.contains("02"), "{heard:?}");
    Ok(())
}

#[test]
fn faults_name_their_key() {
    let key = |text: &str| mapping(text).err().map(|it| it.key).unwrap_or_default();
    assert_eq!(key(RAIN), "");
    assert_eq!(key("to = 'gauge'"), "fields");
    assert_eq!(key("to = 'gauges'"), "to");
    assert_eq!(key("fields = {}"), "to");
    assert_eq!(key("itmes = '$'\nto = 'gauge'"), "itmes");
    assert_eq!(key("items = '$['\nto = 'gauge'"), "items");
    assert_eq!(key("to = 'gauge'\nwhere = 'x'"), "where");
    assert_eq!(key("to = 'gauge'\nfields = { sensor = '$.a', value = '$.b', colour = 1 }"), "fields.colour");
    assert_eq!(
        key("to = 'gauge'\nfields = { sensor = '$.a', value = { at = '$.b', factr = 2 } }"),
        "fields.value.factr"
    );
    assert_eq!(key("to = 'gauge'\nfields = { sensor = '$.a', value = { factor = 2 } }"), "fields.value");
    let time =
        |it: &str| format!("to = 'gauge'\nfields = {{ sensor = '$.a', value = 1, at = {{ at = '$.t', {it} }} }}");
    assert_eq!(key(&time("time = '%m-%d'")), "fields.at.time");
    assert_eq!(key(&time("time = '%Y-%m-%d', zone = 'Mars'")), "fields.at.zone");
    assert_eq!(key(&time("time = 'unix_s', zone = '+08:00'")), "fields.at.zone");
    assert_eq!(key(&time("time = '%Y%m%d%H%M%S'")), "");
    assert_eq!(key("[[rule]]\nto = 'gauge'\nfields = { sensor = 'a', value = 1 }\n[[rule]]\nto = 'x'"), "rule.1.to");
    assert_eq!(key("to = 'gauge'\nrule = []"), "to");
}

proptest! {
    #[test]
    fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mapping = mapping(RAIN).expect("it is good");
        let heard = mapping.apply_bytes(&bytes, about("a/b"));
        prop_assert!(heard.news.is_empty());
    }

    /// Every entry that is meant is news or refused: none is lost without a word, whatever stands in it.
    #[test]
    fn no_entry_is_lost_silently(rows in proptest::collection::vec((any::<Option<u32>>(), any::<f64>(), ".{0,12}"), 0..30)) {
        let rows: Vec<Value> = rows
            .into_iter()
            .map(|(id, value, at)| json!({ "deviceId": id, "val": value, "ts": at, "type": "rain" }))
            .collect();
        let n = rows.len();
        let heard = mapping(RAIN).expect("it is good").apply(&json!({ "data": { "rows": rows } }), about(""));
        prop_assert_eq!(heard.news.len() + heard.refused.len(), n);
    }

    /// Honest bytes cut anywhere, doubled, or in GB 18030 never make a reading that was not said.
    #[test]
    fn honest_bytes_damaged_make_nothing_up(cut in 0usize..120, doubled in any::<bool>()) {
        let honest = r#"{"data":{"rows":[{"deviceId":"雨量一","val":25,"ts":"2026/07/01 09:30","type":"rain"}]}}"#;
        let mapping = mapping(RAIN).expect("it is good");
        let whole = mapping.apply_bytes(honest.as_bytes(), about(""));
        prop_assert_eq!(whole.news.len(), 1);
        let mut bytes = honest.as_bytes().to_vec();
        if doubled {
            bytes.extend_from_slice(honest.as_bytes());
        } else {
            bytes.truncate(cut.min(honest.len() - 1));
        }
        prop_assert!(mapping.apply_bytes(&bytes, about("")).news.is_empty());
        let (foreign, _, _) = encoding_rs::GB18030.encode(honest);
        prop_assert!(mapping.apply_bytes(&foreign, about("")).news.is_empty());
    }

    #[test]
    fn scaling_is_exact_enough(value in -1.0e6f64..1.0e6) {
        let rows = json!({ "data": { "rows": [{ "deviceId": 1, "val": value, "ts": "2026/07/01 09:30", "type": "rain" }] } });
        let heard = mapping(RAIN).expect("it is good").apply(&rows, about(""));
        let is_close = matches!(&heard.news[..], [News::Gauge { value: got, .. }] if (f64::from(*got) - (value * 0.1 + 1.0)).abs() < 0.02);
        prop_assert!(is_close, "{:?}", heard);
    }

    #[test]
    fn topics_fit_themselves(levels in proptest::collection::vec("[a-z]{1,3}", 1..5), i in 0usize..5) {
        let topic = levels.join("/");
        prop_assert!(topic_fits(&topic, &topic) && topic_fits("#", &topic));
        let mut wild = levels.clone();
        if let Some(level) = wild.get_mut(i) {
            *level = "+".into();
        }
        prop_assert!(topic_fits(&wild.join("/"), &topic));
        let longer = format!("{topic}/x");
        prop_assert!(!topic_fits(&topic, &longer));
    }
}
