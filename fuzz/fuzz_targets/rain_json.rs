#![no_main]
//! Rain fields in JSON: never more points than stated, and what is written again is read.

use gulang_platforms::grid_rain::{GridAbout, MAX_POINTS, read, write_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let about = GridAbout { source: "radar".into(), kind: None, simulated: true };
    let Ok((fields, _)) = read(data, &about) else { return };
    for field in &fields {
        let n = field.n.0 as usize * field.n.1 as usize;
        assert!(n == field.values.len() && n <= MAX_POINTS, "{:?}", field.n);
        assert!(field.values.iter().all(|it| it.is_finite()), "a figure that is none");
    }
    if data.first().is_some_and(|it| *it != b'G') {
        let text = write_json(&fields).to_string();
        let again = read(text.as_bytes(), &about);
        assert!(again.as_ref().is_ok_and(|it| it.0.len() == fields.len()), "{text} {again:?}");
    }
});
