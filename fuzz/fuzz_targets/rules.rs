#![no_main]
//! The city pack's rules: any TOML is rules, with or without a fault that is said, or an error.

use gulang_city::{CaseRules, FenceRules, FlightRules, ForceRules, SigningRules, TellingRules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let faults = [
        toml::from_str::<ForceRules>(text).ok().and_then(|it| it.fault()),
        toml::from_str::<CaseRules>(text).ok().and_then(|it| it.fault()),
        toml::from_str::<SigningRules>(text).ok().and_then(|it| it.fault()),
        toml::from_str::<TellingRules>(text).ok().and_then(|it| it.fault()),
        toml::from_str::<FlightRules>(text).ok().and_then(|it| it.fault()),
        toml::from_str::<FenceRules>(text).ok().and_then(|it| it.fault()),
    ];
    assert!(faults.iter().flatten().all(|it| !it.is_empty()));
});
