#![no_main]
//! Open311 GeoReport v2: lists of services and requests, the answer to a report.

use gulang_fuzz::{check, check_command};
use gulang_platforms::open311::{Reading, find_key, read_reported, read_requests, read_services};
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeMap;

fuzz_target!(|data: &[u8]| {
    let _ = (read_services(data), read_reported(data), find_key(data, "gulang-a-1"));
    let (platform, services, otherwise) = ("o311".into(), BTreeMap::new(), "chengguan".into());
    let district_of = |_| Some("350203".into());
    let with = Reading { platform: &platform, services: &services, otherwise: &otherwise, district_of: &district_of };
    if let Ok(requests) = read_requests(data, &with) {
        check(&requests.heard);
        requests.heard.commands.iter().for_each(check_command);
        assert_eq!(requests.heard.commands.len() + requests.heard.refused.len(), requests.n, "none is lost silently");
    }
});
