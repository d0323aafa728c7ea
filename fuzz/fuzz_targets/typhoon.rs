#![no_main]
//! Typhoon tracks in three shapes, and their lists.

use gulang_fuzz::check_command;
use gulang_platforms::typhoon::{jma, nmc, zhejiang};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = (zhejiang::decode_activity(data), nmc::decode_list(data), jma::decode_targets(data));
    let tracks = [zhejiang::decode_info(data), nmc::decode_view(data), jma::decode_specifications(data, "T", true)];
    tracks.iter().flatten().for_each(check_command);
});
