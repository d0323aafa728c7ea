#![no_main]
//! `gulang.toml`: any text is a configuration, or faults that each name their line.

use gulang_hub::config::read_config_for;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|data: &[u8]| {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("gulang.toml");
    std::fs::write(&path, data).expect("written");
    let n_lines = data.split(|it| *it == b'\n').count();
    if let Err(errors) = read_config_for(&path, || Arc::new(gulang_city::tiny_pack())) {
        assert!(!errors.0.is_empty());
        assert!(errors.0.iter().all(|it| it.line <= n_lines + 1 && !it.why.is_empty()), "{errors}");
    }
});
