#![no_main]
//! DJI Cloud API: any payload on any topic; answers are JSON on the topic of an answer.

use gulang_city::Realm;
use gulang_fuzz::{check, choice};
use gulang_platforms::dji::{TOPICS, hear};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (which, payload) = choice(data);
    let topic = TOPICS[which % TOPICS.len()].replace('+', "SN1");
    for realm in [Realm::Actual, Realm::Exercise] {
        let Ok(spoken) = hear(realm, &topic, payload) else { continue };
        check(&spoken.heard);
        for (topic, payload) in spoken.replies {
            assert!(topic.ends_with("_reply") && topic.contains("/SN1/"), "{topic}");
            assert!(serde_json::from_str::<serde_json::Value>(&payload).is_ok(), "{payload}");
        }
    }
    if let Ok(topic) = std::str::from_utf8(payload) {
        let _ = hear(Realm::Actual, topic, b"{}");
    }
});
