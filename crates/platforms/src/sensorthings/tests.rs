//! Honest pages mean what they say; dishonest ones cost only what is dishonest in them.

use super::*;
use crate::{Heard, News};
use gulang_city::{LonLat, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

const T0: Timestamp = Timestamp(1_795_353_300_000); // 2026-11-22T13:15:00Z

/// A Thing with four Datastreams, in the shape of FROST-Server's documentation (docs/sensorthingsapi @99b36f6), figures ours.
const STREAMS: &str = r#"{
  "@iot.count": 4,
  "@iot.nextLink": "http://frost/v1.1/Datastreams?$top=4&$skip=4",
  "value": [
    {"@iot.id": 1, "name": "积水深度", "unitOfMeasurement": {"name": "metre", "symbol": "m", "definition": "ucum:m"},
     "ObservedProperty": {"name": "water depth"},
     "Thing": {"@iot.id": 7, "name": "XM-NL-001", "properties": {"externalId": "fd001", "rank": 2, "nested": {"a": 1}},
       "Locations": [{"location": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [118.08, 24.46]}}}]}},
    {"@iot.id": "uuid-2", "name": "井下甲烷", "unitOfMeasurement": {"symbol": "%LEL"},
     "ObservedProperty": {"name": "methane"}, "Thing": {"@iot.id": 8, "name": "RQ-0002"}},
    {"@iot.id": 3, "name": "电量", "unitOfMeasurement": {"symbol": "%"}, "Thing": {"@iot.id": 7, "name": "XM-NL-001"}},
    {"name": "no id"}
  ]}"#;

fn rules() -> StreamRules {
    let rules = json!({
        "by": "thing_name",
        "table": { "XM-NL-001": "fd001" },
        "streams": [
            { "observed": "water depth", "to": "sensor", "unit": "cm" },
            { "observed": "methane", "to": "gas_methane", "unit": "%LEL", "words": { "超标": 100.0 } },
        ],
    });
    serde_json::from_value(rules).expect("rules are rules")
}

fn catalog() -> Catalog {
    let mut catalog = Catalog::new(rules());
    for stream in decode_streams(STREAMS.as_bytes()).expect("a page").streams {
        catalog.add(&stream).expect("units are known");
    }
    catalog
}

fn gauge(value: f32, at: Timestamp) -> News {
    News::Gauge { sensor: "fd001".into(), value, at }
}

fn methane(value: f32, at: Timestamp) -> News {
    News::Measured { register: "gas_methane".into(), thing: "RQ-0002".into(), value, at }
}

#[test]
fn streams_are_read_with_their_things_and_places() {
    let page = decode_streams(STREAMS.as_bytes()).expect("a page");
    assert_eq!((page.streams.len(), page.n_bad), (3, 1));
    assert_eq!(page.next.as_deref(), Some("http://frost/v1.1/Datastreams?$top=4&$skip=4"));
    let first = &page.streams[0];
    assert_eq!((&*first.thing, &*first.symbol, &*first.observed), ("XM-NL-001", "m", "water depth"));
    assert_eq!(first.place, Some(LonLat(118.08, 24.46)));
    let properties: Vec<_> = first.properties.iter().map(|(key, it)| (&**key, &**it)).collect();
    assert_eq!(properties, [("externalId", "fd001"), ("rank", "2")]);
    assert_eq!(page.streams[1].id, EntityId::Words("uuid-2".into()));
}

#[test]
fn a_catalog_names_by_what_it_is_told_and_refuses_units_it_does_not_know() {
    let page = decode_streams(STREAMS.as_bytes()).expect("a page");
    for (by, expected) in
        [(StreamNaming::ThingName, "fd001"), (StreamNaming::ThingId, "7"), (StreamNaming::StreamName, "积水深度")]
    {
        let mut catalog = Catalog::new(StreamRules { by, ..rules() });
        let target = catalog.add(&page.streams[0]).expect("known unit").expect("wanted");
        assert_eq!(target.to, To::Sensor(expected.into()));
    }
    let mut catalog =
        Catalog::new(StreamRules { by: StreamNaming::Property, property: "externalId".into(), ..rules() });
    assert_eq!(
        catalog.add(&page.streams[0]).map(|it| it.map(|it| it.to.clone())),
        Ok(Some(To::Sensor("fd001".into())))
    );
    assert!(catalog.add(&page.streams[1]).is_err(), "it has no such property");
    assert_eq!(catalog.add(&page.streams[2]), Ok(None));
    let odd = Stream { symbol: "chi".into(), ..page.streams[0].clone() };
    assert!(catalog.add(&odd).is_err());
    assert_eq!(catalog.len(), 1);

    assert_eq!(StreamRules::default().fault().map(|it| it.0), Some("options.streams"));
    assert_eq!(StreamRules { by: StreamNaming::Property, ..rules() }.fault().map(|it| it.0), Some("options.property"));
    assert_eq!(rules().fault(), None);
}

#[test]
fn a_page_of_observations_is_read() {
    let page = br#"{"@iot.nextLink":"http://frost/v1.1/Observations?$skip=9","value":[
      {"@iot.id":1,"phenomenonTime":"2026-11-22T13:15:00Z","resultTime":null,"result":0.42,"Datastream":{"@iot.id":1}},
      {"@iot.id":2,"phenomenonTime":"2026-11-22T13:10:00Z/2026-11-22T13:15:00Z","resultTime":"2026-11-22T13:15:01Z","result":"12.5","Datastream":{"@iot.id":"uuid-2"}},
      {"@iot.id":3,"phenomenonTime":"2026-11-22T13:15:00Z","result":"\u8d85\u6807","Datastream":{"@iot.id":"uuid-2"}},
      {"@iot.id":4,"resultTime":"2026-11-22T13:15:02Z","result":true,"Datastream":{"@iot.id":"uuid-2"}},
      {"@iot.id":5,"phenomenonTime":"2026-11-22T13:15:09Z","result":80,"Datastream":{"@iot.id":3}},
      {"@iot.id":6,"phenomenonTime":"2026-11-22T13:15:00Z","result":{"a":1},"Datastream":{"@iot.id":1}},
      {"@iot.id":7,"phenomenonTime":"yesterday","result":1,"Datastream":{"@iot.id":1}},
      {"@iot.id":8,"phenomenonTime":"2026-11-22T13:15:00Z","result":1},
      7]}"#;
    let (heard, end) = decode_observations(page, None, &catalog()).expect("a page");
    let expected = [gauge(42.0, T0), methane(12.5, T0), methane(100.0, T0), methane(1.0, T0.plus_secs(2))];
    assert_eq!(heard.news, expected);
    assert_eq!((heard.refused.len(), end.n_rows, end.n_left_out), (4, 9, 1));
    assert_eq!(end.newest, Some(T0.plus_secs(9)));
    assert_eq!(end.next.as_deref(), Some("http://frost/v1.1/Observations?$skip=9"));

    // The address says whose they are.
    let of = EntityId::Number(1);
    let page = br#"{"value":[{"phenomenonTime":"2026-11-22T13:15:00Z","result":0.1}]}"#;
    let (heard, _) = decode_observations(page, Some(&of), &catalog()).expect("a page");
    assert_eq!(heard.news, [gauge(10.0, T0)]);
}

#[test]
fn a_message_is_read_by_its_topic() {
    let body = write::post_observation(0.42, T0).to_string();
    for (topic, expected) in [
        ("v1.1/Datastreams(1)/Observations", Some(gauge(42.0, T0))),
        ("frost/v1.1/Datastreams(1)/Observations", Some(gauge(42.0, T0))),
        ("v1.1/Datastreams('uuid-2')/Observations", Some(methane(0.42, T0))),
        ("v1.1/Datastreams(1)/Observations?$select=result,phenomenonTime", Some(gauge(42.0, T0))),
        ("v1.1/Datastreams(99)/Observations", None),
    ] {
        let heard = decode_message(topic, body.as_bytes(), &catalog(), T0).expect(topic);
        assert_eq!(heard.news, expected.into_iter().collect::<Vec<_>>(), "{topic}");
    }
    for topic in ["v1.1/Datastreams()/Observations", "v1.1/MultiDatastreams(1)/Observations", "x", "Datastreams(1)"] {
        assert!(decode_message(topic, body.as_bytes(), &catalog(), T0).is_err(), "{topic}");
    }
    // Without a time it is of the present.
    let heard = decode_message("v1.1/Datastreams(1)/Observations", br#"{"result":0.01}"#, &catalog(), T0);
    assert_eq!(heard.expect("a message").news, [gauge(1.0, T0)]);
}

#[test]
fn many_faults_are_told_in_few_words() {
    let rows = vec![json!({ "result": 1 }); 500];
    let (heard, _) =
        decode_observations(write::page(rows, None).to_string().as_bytes(), None, &catalog()).expect("a page");
    assert_eq!((heard.news.len(), heard.refused.len()), (0, 21));
    assert!(heard.refused.last().is_some_and(|it| it.why.contains("480")));
}

/// What was written is read as it was meant.
fn page_of(figures: &[(bool, i32, i64)]) -> (String, Vec<News>) {
    let (mut rows, mut meant) = (Vec::new(), Vec::new());
    for (n, &(is_depth, tenths, secs)) in figures.iter().enumerate() {
        let (value, at) = (f64::from(tenths) / 10.0, T0.plus_secs(secs));
        let id = if is_depth { EntityId::Number(1) } else { EntityId::Words("uuid-2".into()) };
        rows.push(write::observation(n as i64, &id, value, at));
        meant.push(if is_depth { gauge((value * 100.0) as f32, at) } else { methane(value as f32, at) });
    }
    (write::page(rows, None).to_string(), meant)
}

fn figures() -> impl Strategy<Value = Vec<(bool, i32, i64)>> {
    proptest::collection::vec((any::<bool>(), -5000i32..5000, -90_000i64..90_000), 0..40)
}

proptest! {
    #[test]
    fn what_is_written_is_read(figures in figures()) {
        let (page, meant) = page_of(&figures);
        let (heard, end) = decode_observations(page.as_bytes(), None, &catalog()).expect("honest");
        prop_assert_eq!(heard, Heard { news: meant, ..Heard::default() });
        prop_assert_eq!(end.newest, figures.iter().map(|it| T0.plus_secs(it.2)).max());
    }

    #[test]
    fn a_written_stream_is_read(number in any::<i64>(), words in "[a-z']{1,8}", lon in 110.0..120.0f64, lat in 20.0..30.0f64) {
        let text = write::StreamText {
            id: EntityId::Words(words.as_str().into()), name: "n", observed: "water depth", symbol: "mm",
            thing_id: EntityId::Number(number), thing: &words, properties: json!({ "k": "v" }), place: LonLat(lon, lat),
        };
        let page = write::page(vec![write::stream("http://x/v1.1", &text)], None).to_string();
        let read = decode_streams(page.as_bytes()).expect("honest");
        prop_assert_eq!(&read.streams[0].id, &text.id);
        // JSON numbers are read to within a last digit.
        let read_at = read.streams[0].place.expect("a place");
        prop_assert!((read_at.0 - lon).abs() < 1e-9 && (read_at.1 - lat).abs() < 1e-9);
        let mut catalog = Catalog::new(rules());
        catalog.add(&read.streams[0]).expect("mm is known");
        let heard = decode_message(&write::topic(&text.id), br#"{"result":10}"#, &catalog, T0).expect("honest");
        prop_assert_eq!(heard.news, vec![News::Gauge { sensor: words.as_str().into(), value: 1.0, at: T0 }]);
    }

    /// Cut, doubled, two pieces swapped, or read as GBK: a page or an error, and never a reading that was not sent.
    #[test]
    fn damaged_pages_bring_nothing_new(figures in figures(), how in 0..4, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let (page, meant) = page_of(&figures);
        let bytes = page.as_bytes();
        let (i, j) = (a.index(bytes.len()), b.index(bytes.len()));
        let (i, j) = (i.min(j), i.max(j));
        let damaged = match how {
            0 => bytes[..i].to_vec(),
            1 => [bytes, bytes].concat(),
            2 => [&bytes[i..j], &bytes[..i], &bytes[j..]].concat(),
            _ => encoding_rs::GBK.decode(bytes).0.as_bytes().to_vec(),
        };
        if let Ok((heard, _)) = decode_observations(&damaged, None, &catalog()) {
            for it in &heard.news {
                prop_assert!(meant.contains(it) || how == 2, "{:?}", it);
            }
        }
        let _ = decode_streams(&damaged);
        let _ = decode_message("v1.1/Datastreams(1)/Observations", &damaged, &catalog(), T0);
    }

    #[test]
    fn garbage_is_refused_not_feared(bytes in proptest::collection::vec(any::<u8>(), 0..300), topic in ".{0,60}") {
        let _ = decode_observations(&bytes, None, &catalog());
        let _ = decode_streams(&bytes);
        let _ = decode_message(&topic, &bytes, &catalog(), T0);
    }

    #[test]
    fn any_json_is_a_page_or_an_error(value in json_value()) {
        let text = value.to_string();
        let _ = decode_observations(text.as_bytes(), None, &catalog());
        let _ = decode_streams(text.as_bytes());
        let rows = json!({ "value": [value.clone(), { "result": value, "Datastream": { "@iot.id": 1 } }] }).to_string();
        let _ = decode_observations(rows.as_bytes(), None, &catalog());
        let _ = decode_streams(rows.as_bytes());
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key =
            prop_oneof![Just("value".to_owned()), Just("@iot.id".to_owned()), Just("result".to_owned()), ".{0,4}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..4).prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}
