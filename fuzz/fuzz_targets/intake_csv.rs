#![no_main]
//! A file of this kind, read and taken for each register: every row accepted or refused.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| gulang_fuzz::intake::read("file.csv", data));
