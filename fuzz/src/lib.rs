//! What must hold of whatever a decoder made of any bytes, beside that it came back.

use gulang_city::Command;
use gulang_platforms::{Heard, News};

/// Longer texts of refusals are no texts: they go into the log.
const MAX_WHAT_CHARS: usize = 200;

/// Bounded refusals with a reason, readings that are figures, commands that the log can hold.
#[track_caller]
pub fn check(heard: &Heard) {
    for refused in &heard.refused {
        assert!(!refused.why.is_empty(), "refused without a reason: {refused:?}");
        assert!(refused.what.chars().count() <= MAX_WHAT_CHARS, "{} characters", refused.what.chars().count());
        assert!(!refused.what.chars().any(char::is_control), "control characters: {refused:?}");
    }
    for news in &heard.news {
        match news {
            News::Gauge { value, .. } | News::Measured { value, .. } => assert!(value.is_finite(), "{news:?}"),
            News::Thing { place: Some(place), .. } => assert!(place.is_sane(), "{news:?}"),
            News::Team { fix, .. } | News::Drone { fix, .. } => {
                assert!(gulang_city::LonLat(fix.lon, fix.lat).is_sane(), "{news:?}");
            }
            _ => {}
        }
    }
    heard.commands.iter().for_each(check_command);
}

/// The log is JSON: what it cannot hold, such as a figure that is none, would be a log that cannot be read again.
#[track_caller]
pub fn check_command(command: &Command) {
    let text = serde_json::to_string(command).expect("a command is JSON");
    let again: Result<Command, _> = serde_json::from_str(&text);
    // Not equal to the last digit, which JSON does not promise.
    assert!(again.is_ok(), "{text} {again:?}");
}

/// Splits off the first byte, for what else is chosen beside the bytes.
pub fn choice(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}

/// The bytes in two pieces, cut where the first byte says.
pub fn pieces(at: usize, bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(at.min(bytes.len()))
}

pub mod intake;
