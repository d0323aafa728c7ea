//! Reading loosely typed JSON: platforms write numbers as text and text as numbers.

use gulang_city::Timestamp;
use serde_json::Value;

/// Text, or a number as text.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A finite number, or a text that is one.
pub fn number_of(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|it| it.is_finite())
}

/// A number that a reading can be: finite as one too.
pub fn small_of(value: &Value) -> Option<f32> {
    number_of(value).and_then(small)
}

/// As a reading has it, if it can be one.
pub(crate) fn small(number: f64) -> Option<f32> {
    Some(number as f32).filter(|it| it.is_finite())
}

/// Beijing wording or ISO 8601 (see [`Timestamp::parse`]), or milliseconds since 1970.
pub fn time_of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => Timestamp::parse(text),
        Value::Number(ms) => ms.as_i64().map(Timestamp),
        _ => None,
    }
}
