//! Nothing stale looks live: the one place where an age becomes fresh, stale or lost (DESIGN.md §6).

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// What a value is; each has its budget (`tokens.toml [staleness]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Budget {
    Default,
    Position,
    Video,
    Weather,
    Orders,
    Water,
    /// Stale past so many minutes, lost past six times as many: a kind of sensing says for itself.
    Mins(u32),
}

impl Budget {
    /// Seconds until stale, seconds until lost.
    pub const fn secs(self) -> (i64, i64) {
        match self {
            Self::Default => (300, 1800),
            Self::Position => (60, 600),
            Self::Video => (3, 10),
            Self::Weather => (600, 3600),
            Self::Orders => (15, 120),
            Self::Water => (300, 1200),
            Self::Mins(mins) => (mins as i64 * 60, mins as i64 * 360),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    Fresh,
    Stale { age_secs: i64 },
    Lost { age_secs: i64 },
    NeverHeard,
}

/// How fresh a value read at `as_of` is at `now`. A time from the future counts as age 0.
pub fn freshness(budget: Budget, as_of: Timestamp, now: Timestamp) -> Freshness {
    if as_of.0 == 0 {
        return Freshness::NeverHeard;
    }
    let age_secs = (now.since_ms(as_of) / 1000).max(0);
    let (warn, drop) = budget.secs();
    if age_secs > drop {
        Freshness::Lost { age_secs }
    } else if age_secs > warn {
        Freshness::Stale { age_secs }
    } else {
        Freshness::Fresh
    }
}

/// `42秒`, `11分`, `1时08分` (DESIGN.md §8).
pub fn elapsed_text(secs: i64) -> String {
    let secs = secs.max(0);
    if secs < 60 {
        format!("{secs}秒")
    } else if secs < 3600 {
        format!("{}分", secs / 60)
    } else {
        format!("{}时{:02}分", secs / 3600, secs / 60 % 60)
    }
}
