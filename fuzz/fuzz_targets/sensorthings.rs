#![no_main]
//! SensorThings: Datastreams, Observations, MQTT messages; every row is a reading, left out, or refused with its reason.

use gulang_city::Timestamp;
use gulang_fuzz::{check, choice};
use gulang_platforms::sensorthings::{Catalog, decode_message, decode_observations, decode_streams};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const STREAMS: &str = r#"{"value": [
    {"@iot.id": 1, "name": "积水深度", "unitOfMeasurement": {"symbol": "m"}, "ObservedProperty": {"name": "water depth"}, "Thing": {"name": "XM-NL-001"}},
    {"@iot.id": "uuid-2", "name": "甲烷", "unitOfMeasurement": {"symbol": "%LEL"}, "ObservedProperty": {"name": "methane"}, "Thing": {"name": "RQ-0002"}}]}"#;

static KNOWN: LazyLock<Catalog> = LazyLock::new(|| {
    let mut catalog = empty();
    let page = decode_streams(STREAMS.as_bytes()).expect("a page");
    page.streams.iter().for_each(|it| assert!(catalog.add(it).expect("known units").is_some()));
    catalog
});

fn empty() -> Catalog {
    let rules = serde_json::json!({ "by": "thing_name", "table": { "XM-NL-001": "fd001" }, "streams": [
        { "observed": "water depth", "to": "sensor", "unit": "cm" },
        { "observed": "methane", "to": "gas_methane", "unit": "%LEL", "words": { "超标": 100.0 } },
    ] });
    Catalog::new(serde_json::from_value(rules).expect("rules are rules"))
}

fuzz_target!(|data: &[u8]| {
    let (which, bytes) = choice(data);
    match which % 3 {
        0 => {
            let Ok(page) = decode_streams(bytes) else { return };
            let mut catalog = empty();
            let n_taken = page.streams.iter().filter(|it| catalog.add(it).is_ok_and(|it| it.is_some())).count();
            assert!(catalog.len() <= n_taken);
        }
        1 => {
            let Ok((heard, end)) = decode_observations(bytes, None, &KNOWN) else { return };
            check(&heard);
            assert!(heard.news.len() + heard.refused.len() + end.n_left_out >= end.n_rows || heard.refused.len() > 20);
            assert!(heard.news.len() + end.n_left_out <= end.n_rows);
        }
        _ => {
            let now = Timestamp(1_795_353_300_000);
            if let Ok(heard) = decode_message("v1.1/Datastreams(1)/Observations", bytes, &KNOWN, now) {
                check(&heard);
            }
            let _ = decode_message(&String::from_utf8_lossy(bytes), b"{\"result\":1}", &KNOWN, now);
        }
    }
});
