#![no_main]
//! 网格 rosters, the upper platform's acknowledgements, values of JSON as text, number and time.

use gulang_fuzz::check;
use gulang_platforms::{exchange::Progress, grid, mapping::Crs, value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(heard) = grid::read(data, Crs::Bd09) {
        check(&heard);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let progress = Progress::parse(text);
        assert_eq!(Progress::parse(&progress.to_text()).to_text(), progress.to_text());
    }
    if let Ok(it) = serde_json::from_slice(data) {
        assert!(value::number_of(&it).is_none_or(f64::is_finite));
        let _ = (value::text_of(&it), value::time_of(&it));
    }
});
