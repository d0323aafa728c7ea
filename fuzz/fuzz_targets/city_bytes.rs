#![no_main]
//! Snapshots and registers of things: any bytes are a city or an error, and a register's columns agree, also after a change.

use gulang_city::{Budget, City, Inventory, LonLat, ThingsChange, Timestamp};
use gulang_fuzz::choice;
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fuzz_target!(|data: &[u8]| {
    match choice(data) {
        (0, bytes) => drop(City::from_bytes(bytes)),
        (1, bytes) => {
            if let Ok((inventory, _)) = Inventory::from_bytes(bytes) {
                check(&inventory);
            }
        }
        (_, bytes) => {
            if let Ok(change) = ThingsChange::from_bytes(bytes) {
                assert!(ThingsChange::from_bytes(&change.to_bytes().expect("bytes")).is_ok());
                // Of our register whatever the bytes call it, or nearly none would be tried.
                let mut inventory = bikes();
                let change = ThingsChange { inventory: inventory.id.clone(), ..change };
                inventory.apply(&change);
                check(&inventory);
            }
        }
    }
});

fn check(inventory: &Inventory) {
    let (_, n_absurd) = Inventory::from_bytes(&inventory.to_bytes().expect("bytes")).expect("comes back");
    assert_eq!(n_absurd, 0, "what was absurd is mended");
}

fn bikes() -> Inventory {
    let n = 9;
    Inventory {
        id: "bike".into(),
        name: "共享单车".into(),
        platform: "bikes".into(),
        simulated: true,
        moving: true,
        budget: Budget::Mins(5),
        prefix: "DC-".into(),
        names: Vec::new(),
        as_of: NOW,
        origin: LonLat(118.1, 24.5),
        at: vec![[0, 0]; n],
        heading: vec![0; n],
        state: vec![0; n],
        value: vec![0.0; n],
        unit: "".into(),
        seen_from: NOW,
        seen: vec![0; n],
    }
}
