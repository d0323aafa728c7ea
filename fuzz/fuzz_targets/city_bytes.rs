#![no_main]
//! Snapshots and registers of things: any bytes are a city or an error, and a register's columns agree.

use gulang_city::{City, Inventory, ThingsChange};
use gulang_fuzz::choice;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match choice(data) {
        (0, bytes) => drop(City::from_bytes(bytes)),
        (1, bytes) => {
            if let Ok((mut inventory, _)) = Inventory::from_bytes(bytes) {
                let (_, n_absurd) = Inventory::from_bytes(&inventory.to_bytes().expect("bytes")).expect("comes back");
                assert_eq!(n_absurd, 0, "what was absurd is mended");
                inventory.apply(&ThingsChange::default());
            }
        }
        (_, bytes) => {
            if let Ok(change) = ThingsChange::from_bytes(bytes) {
                assert!(ThingsChange::from_bytes(&change.to_bytes().expect("bytes")).is_ok());
                Inventory::default().apply(&change);
            }
        }
    }
});
