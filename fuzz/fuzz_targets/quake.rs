#![no_main]
//! Earthquake warnings and quick reports, every preset.

use gulang_city::Timestamp;
use gulang_fuzz::{check, choice};
use gulang_platforms::quake::{QuakeShape, preset};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static SHAPES: LazyLock<Vec<QuakeShape>> = LazyLock::new(|| {
    let names = ["eew", "cenc_list", "usgs", "gulang"];
    let shapes: Vec<_> = names.iter().filter_map(|it| preset(it).ok()?.shape().ok()).collect();
    assert_eq!(shapes.len(), names.len());
    shapes
});

fuzz_target!(|data: &[u8]| {
    let (which, bytes) = choice(data);
    let shape = &SHAPES[which % SHAPES.len()];
    if let Ok(heard) = shape.read(bytes, Timestamp(1_790_000_000_000)) {
        check(&heard);
    }
});
