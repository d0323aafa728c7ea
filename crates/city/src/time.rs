//! Instants and how they read in Beijing time. The crate never asks what time it is.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};

/// Milliseconds since 1970-01-01T00:00:00Z. Platforms say any number at all: arithmetic ends at the ends of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// China keeps one zone, eight hours ahead of UTC, without summer time.
pub const BEIJING_OFFSET_MS: i64 = 8 * 3_600_000;

impl Timestamp {
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }
    pub const fn ms(self) -> i64 {
        self.0
    }
    /// Milliseconds from `earlier` to `self`; negative if `self` is before it.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1000)))
    }
    pub const fn plus_mins(self, mins: i64) -> Self {
        self.plus_secs(mins.saturating_mul(60))
    }

    /// Parses `2023-07-27 10:00[:00]` or `2023-07-27T10:00:00` read as Beijing time, or RFC 3339 with an offset.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(Self(instant.as_millisecond()));
        }
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        let instant = civil.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).ok()?.timestamp();
        Some(Self(instant.as_millisecond()))
    }

    /// The last midnight in Beijing.
    pub const fn start_of_day(self) -> Self {
        const DAY_MS: i64 = 86_400_000;
        Self(self.0.saturating_sub(self.0.saturating_add(BEIJING_OFFSET_MS).rem_euclid(DAY_MS)))
    }

    /// The civil Beijing date and time, for formatting.
    pub fn beijing(self) -> jiff::civil::DateTime {
        let clamped = self.0.clamp(-60_000_000_000_000, 200_000_000_000_000);
        let instant = jiff::Timestamp::from_millisecond(clamped).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        jiff::tz::TimeZone::fixed(jiff::tz::offset(8)).to_datetime(instant)
    }

    /// `2023-07-27 10:00:00`, Beijing time.
    pub fn to_beijing_text(self) -> String {
        self.beijing().strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
    /// `10:00:00`, Beijing time.
    pub fn hms(self) -> String {
        self.beijing().strftime("%H:%M:%S").to_string()
    }
    /// `10:00`, Beijing time.
    pub fn hm(self) -> String {
        self.beijing().strftime("%H:%M").to_string()
    }
}

impl Add<i64> for Timestamp {
    type Output = Self;
    fn add(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}
impl Sub for Timestamp {
    type Output = i64;
    fn sub(self, earlier: Self) -> i64 {
        self.since_ms(earlier)
    }
}
