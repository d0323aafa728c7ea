#![no_main]
//! A file of this kind, read and taken for each register: every row accepted or refused.
//!
//! calamine panics on damaged workbooks and `gulang_intake` makes an error of that, so a panic ends this run only where it
//! was not caught.

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: std::panic::set_hook(Box::new(|_| ())), |data: &[u8]| gulang_fuzz::intake::read("file.xls", data));
