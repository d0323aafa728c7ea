#![no_main]
//! CAP 1.2 alerts and the lists that name them.

use gulang_city::{LonLat, Realm};
use gulang_fuzz::check;
use gulang_platforms::cap::{Meaning, Zone, meaning, read_alert, read_index};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = read_index(data);
    let Ok(alert) = read_alert(data) else { return };
    let zones = [Zone { district: "350203".into(), places: vec![LonLat(118.08, 24.46)] }];
    for realm in [Realm::Actual, Realm::Exercise] {
        let heard = meaning(&alert, Meaning { realm, division: "350200", zones: &zones });
        assert!(!heard.is_empty(), "nothing goes by unseen");
        check(&heard);
    }
});
