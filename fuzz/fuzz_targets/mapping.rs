#![no_main]
//! Any mapping over any document, divided by a zero byte; without one, the shipped example over the bytes.

use gulang_city::Timestamp;
use gulang_fuzz::check;
use gulang_platforms::mapping::{About, Crs, MAX_ENTRIES, Mapping, topic_fits};
use libfuzzer_sys::fuzz_target;

const EXAMPLE: &str = r#"
items = "$.data.rows[*]"
to = "gauge"
where = { "$.type" = ["rain"] }
[fields]
sensor = { at = "$.deviceId", table = { "7" = "ylz-7" }, otherwise = "x" }
value = { at = "$.val", factor = 0.1, offset = 1.0 }
at = { at = "$.ts", time = "%Y/%m/%d %H:%M", zone = "+08:00" }
"#;

fuzz_target!(|data: &[u8]| {
    let (rules, document) = match data.iter().position(|it| *it == 0) {
        Some(at) => (std::str::from_utf8(&data[..at]).unwrap_or(EXAMPLE), &data[at + 1..]),
        None => (EXAMPLE, data),
    };
    let Ok(table) = rules.parse::<toml::Table>() else { return };
    match Mapping::parse(&table, Crs::Gcj02) {
        Ok(mapping) => {
            let about = About { platform: "p", topic: "a/b", received: Timestamp(1_790_000_000_000) };
            let heard = mapping.apply_bytes(document, about);
            check(&heard);
            let n_rules = table.get("rule").and_then(|it| it.as_array()).map_or(1, Vec::len);
            assert!(heard.news.len() + heard.commands.len() + heard.refused.len() <= n_rules * (MAX_ENTRIES + 2));
            mapping.topics().for_each(|it| _ = topic_fits(it, "a/b"));
        }
        Err(why) => assert!(!why.why.is_empty() && !why.todo.is_empty(), "{why:?}"),
    }
});
