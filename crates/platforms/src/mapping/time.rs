//! When a platform says something was, in whatever way it says it.

use super::MappingError;
use crate::value::{number_of, text_of, time_of};
use gulang_city::{BEIJING_OFFSET_MS, Timestamp};
use jiff::{fmt::strtime, tz::Offset};
use serde_json::Value;

#[derive(Clone, Debug, Default)]
pub(super) enum TimeForm {
    /// What [`Timestamp::parse`] reads, or milliseconds.
    #[default]
    Beijing,
    UnixSecs,
    UnixMs,
    /// strftime; in this offset from UTC if the text says none itself.
    Format {
        format: String,
        zone: Offset,
    },
}

impl TimeForm {
    pub(super) fn parse(form: Option<&str>, zone: Option<&str>, key: &str) -> Result<Self, MappingError> {
        let zone_of = |text: &str| {
            let bad = || MappingError::new(format!("{key}.zone"), format!("{text:?} 不是时差"), "写成 +08:00 的样子");
            offset_of(text).ok_or_else(bad)
        };
        let zone = zone.map(zone_of).transpose()?;
        match form {
            None | Some("beijing" | "unix_s" | "unix_ms") if zone.is_some() => {
                Err(MappingError::new(format!("{key}.zone"), "时间格式里没有用处", "zone 与 strftime 格式一起用"))
            }
            None | Some("beijing") => Ok(Self::Beijing),
            Some("unix_s") => Ok(Self::UnixSecs),
            Some("unix_ms") => Ok(Self::UnixMs),
            Some(format) => {
                let bad = || {
                    let todo = "写成 %Y-%m-%d %H:%M:%S 的样子，要有年月日时；或 beijing、unix_s、unix_ms";
                    MappingError::new(format!("{key}.time"), format!("{format:?} 不是时间格式"), todo)
                };
                let beijing = Offset::from_seconds((BEIJING_OFFSET_MS / 1000) as i32).map_err(|_| bad())?;
                let form = Self::Format { format: format.to_owned(), zone: zone.unwrap_or(beijing) };
                // A format is good if it reads what it writes.
                let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::fixed(beijing));
                let written = strtime::format(format, &sample).map_err(|_| bad())?;
                form.read(&Value::String(written)).ok_or_else(bad)?;
                Ok(form)
            }
        }
    }

    pub(super) fn read(&self, value: &Value) -> Option<Timestamp> {
        match self {
            Self::Beijing => time_of(value),
            Self::UnixSecs => millis(number_of(value)? * 1000.0),
            Self::UnixMs => millis(number_of(value)?),
            Self::Format { format, zone } => {
                let parsed = strtime::parse(format, text_of(value)?.trim()).ok()?;
                if parsed.offset().is_some() {
                    return Some(Timestamp(parsed.to_timestamp().ok()?.as_millisecond()));
                }
                let civil = parsed.to_datetime().or_else(|_| parsed.to_date().map(|it| it.at(0, 0, 0, 0))).ok()?;
                Some(Timestamp(zone.to_timestamp(civil).ok()?.as_millisecond()))
            }
        }
    }

    pub(super) fn words(&self) -> String {
        match self {
            Self::Beijing => "北京时间或毫秒数".into(),
            Self::UnixSecs => "秒数".into(),
            Self::UnixMs => "毫秒数".into(),
            Self::Format { format, .. } => format!(" {format} 的时间"),
        }
    }
}

/// `+08:00`, `-03:30`, `Z`.
fn offset_of(text: &str) -> Option<Offset> {
    if matches!(text, "Z" | "UTC") {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let is_offset = (0..=14).contains(&hours) && (0..60).contains(&minutes);
    is_offset.then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()).flatten()
}

/// Whole milliseconds between 1970 and 2300; anything else is another unit.
fn millis(ms: f64) -> Option<Timestamp> {
    (0.0..1.05e13).contains(&ms).then_some(Timestamp(ms as i64))
}
