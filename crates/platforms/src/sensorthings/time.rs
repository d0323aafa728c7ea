//! Instants and intervals of ISO 8601 as SensorThings writes them.

use gulang_city::Timestamp;

/// An instant; of an interval `from/to` its end, which is when the figure was known.
pub(super) fn time_of(text: &str) -> Option<Timestamp> {
    let instant = text.rsplit('/').next().unwrap_or(text);
    utc_of(instant.as_bytes()).or_else(|| Timestamp::parse(instant))
}

/// `2026-11-22T13:15:00[.123…]Z`, what nearly every server writes; anything else is read the slow way.
fn utc_of(text: &[u8]) -> Option<Timestamp> {
    let (head, rest) = text.split_at_checked(19)?;
    let [y3, y2, y1, y0, b'-', o1, o0, b'-', d1, d0, b'T', h1, h0, b':', m1, m0, b':', s1, s0] = *head else {
        return None;
    };
    let digit = |it: u8| it.is_ascii_digit().then(|| i64::from(it - b'0'));
    let two = |high: u8, low: u8| Some(digit(high)? * 10 + digit(low)?);
    let (year, month, day) = (two(y3, y2)? * 100 + two(y1, y0)?, two(o1, o0)?, two(d1, d0)?);
    let (hour, minute, second) = (two(h1, h0)?, two(m1, m0)?, two(s1, s0)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let n_days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1970..=9000).contains(&year) || !(1..=n_days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let ms = match rest {
        b"Z" => 0,
        [b'.', fraction @ .., b'Z'] if (1..=9).contains(&fraction.len()) => {
            let mut ms = 0;
            for place in 0..fraction.len().max(3) {
                let it = fraction.get(place).map_or(Some(0), |it| digit(*it))?;
                if place < 3 {
                    ms = ms * 10 + it;
                }
            }
            ms
        }
        _ => return None,
    };
    // Days since 1970 of the civil date (H. Hinnant's days_from_civil, for years from 1970).
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(Timestamp((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn instants_and_intervals_are_read() {
        let at = Timestamp::parse("2026-11-22T13:15:00Z");
        for text in [
            "2026-11-22T13:15:00Z",
            "2026-11-22T13:15:00.000Z",
            "2026-11-22T21:15:00+08:00",
            "2026-11-22T12:15:00Z/2026-11-22T13:15:00Z",
            "2026-11-22T12:15:00.5Z/2026-11-22T21:15:00.0000+08:00",
        ] {
            assert_eq!(time_of(text), at, "{text}");
        }
        for text in ["", "/", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "昨天", "2026-11-22T13:15:00.Z"] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_and_the_long_way_agree(ms in 0i64..4_000_000_000_000) {
            let text = jiff::Timestamp::from_millisecond(ms).expect("in range").to_string();
            prop_assert_eq!(utc_of(text.as_bytes()), Some(Timestamp(ms)), "{}", text);
            prop_assert_eq!(Timestamp::parse(&text), Some(Timestamp(ms)));
        }

        #[test]
        fn garbage_has_no_time(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = utc_of(&bytes);
            let _ = time_of(&String::from_utf8_lossy(&bytes));
        }
    }
}
