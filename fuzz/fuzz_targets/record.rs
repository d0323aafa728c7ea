#![no_main]
//! Records and commands as the log and the wire hold them: any that can be read is applied or refused, and the city after it
//! can be written and read again.

use gulang_city::{City, Command, Realm, Record, Source, Timestamp, tiny_pack};
use gulang_fuzz::choice;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static CITY: LazyLock<City> = LazyLock::new(|| City::found(&tiny_pack(), Realm::Actual));
const NOW: Timestamp = Timestamp(1_790_000_000_000);

fuzz_target!(|data: &[u8]| {
    let (which, bytes) = choice(data);
    let mut city = CITY.clone();
    let events = match which % 4 {
        0 => serde_json::from_slice::<Record>(bytes).ok().map(|it| vec![it.event]),
        1 => postcard::from_bytes::<Record>(bytes).ok().map(|it| vec![it.event]),
        2 => serde_json::from_slice::<Command>(bytes).ok().and_then(|it| city.decide_from(&source(), &it, NOW).ok()),
        _ => postcard::from_bytes::<Command>(bytes).ok().and_then(|it| city.decide_from(&source(), &it, NOW).ok()),
    };
    let Some(events) = events else { return };
    for (seq, event) in (1..).zip(events) {
        let _ = city.apply(&Record { seq, at: NOW, source: source(), event });
    }
    let bytes = city.to_bytes().expect("a city is bytes");
    let again = City::from_bytes(&bytes).expect("and comes back");
    assert_eq!(again.to_bytes().ok(), Some(bytes));
});

fn source() -> Source {
    Source::Seat("A".into())
}
