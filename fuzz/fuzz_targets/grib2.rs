#![no_main]
//! Rain fields in GRIB2: never more points than stated, and what is written again is read.

use gulang_platforms::grid_rain::{GridAbout, MAX_POINTS, read_grib2, write_grib2};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let about = GridAbout { source: "radar".into(), kind: None, simulated: true };
    let Ok((fields, _)) = read_grib2(data, &about) else { return };
    for field in fields {
        let n = field.n.0 as usize * field.n.1 as usize;
        assert!(n == field.values.len() && n <= MAX_POINTS, "{:?}", field.n);
        assert!(field.values.iter().all(|it| it.is_finite()), "a figure that is none");
        if n < 10_000 {
            let again = read_grib2(&write_grib2(&field), &about);
            assert!(again.as_ref().is_ok_and(|it| it.0.len() == 1 && it.0[0].n == field.n), "{field:?} {again:?}");
        }
    }
});
