#![no_main]
//! What a city writes for its figures: `indicators.toml`, `metric_walls.toml`, `briefings/*.toml`. Any text is read or refused;
//! what is read is sound.

use gulang_city::{figures_in, filled, indicators::Definitions, parse_briefing, parse_metric_walls};
use gulang_fuzz::choice;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (which, bytes) = choice(data);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match which {
        0 => {
            if let Ok(definitions) = Definitions::parse("indicators.toml", text) {
                assert!(definitions.all.iter().all(|it| definitions.get(it.id.as_str()).is_some()));
            }
        }
        1 => {
            for (_, wall) in parse_metric_walls(text).unwrap_or_default() {
                assert_eq!(wall.check(), Ok(()));
            }
        }
        2 => {
            if let Ok(briefing) = parse_briefing("any", text) {
                assert_eq!(briefing.check(), Ok(()));
                let _ = briefing.keys();
            }
        }
        _ => {
            let filled = filled(text, "12:00", |_| "7 件".to_owned());
            assert!(figures_in(text).is_ok() || filled == text, "uneven braces stay as they are");
        }
    }
});
