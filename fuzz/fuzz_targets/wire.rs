#![no_main]
//! Frames between screens and the hub: what is read is written and read again the same, and takes no more than its bytes.

use gulang_fuzz::choice;
use gulang_wire::{ToHub, ToScreen, decode, encode};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fn check<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(frame) = decode::<T>(bytes) else { return };
    let once = encode(&frame).expect("what was read can be written");
    let again: T = decode(&once).expect("what was written can be read");
    // Bytes, since figures may be NaN.
    assert_eq!(encode(&again).ok(), Some(once));
}

fuzz_target!(|data: &[u8]| {
    match choice(data) {
        (0, bytes) => check::<ToHub>(bytes),
        (_, bytes) => check::<ToScreen>(bytes),
    }
});
