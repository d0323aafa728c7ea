//! What the city's gauges read: smooth noise of their own, and the weather.

use crate::{dice::Dice, weather::Weather};
use gulang_city::{BEIJING_OFFSET_MS, Sensor, SensorKind, Timestamp};

const MINUTE_MS: i64 = 60_000;

/// The reading of one sensor.
pub(crate) fn value(sensor: &Sensor, at: Timestamp, weather: &Weather, dice: Dice) -> f64 {
    let dice = dice.of_text(sensor.id.as_str());
    // Two characters of the place, and its restlessness.
    let (a, b) = (dice.of(1).unit(), dice.of(2).unit());
    let slow = dice.of(3).wave(at.0, 47 * MINUTE_MS);
    let fast = dice.of(4).wave(at.0, 6 * MINUTE_MS);
    let value = match sensor.kind {
        SensorKind::FloodDepth => {
            let deep = weather.flood_cm(0.6 + 0.7 * a, 13.0 + 24.0 * b, 0.5 + 1.8 * dice.of(5).unit().powi(2));
            deep + (0.25 + 0.25 * fast).max(0.0)
        }
        SensorKind::Tide => tide_m(at) + weather.surge * (0.8 + 0.4 * a) + 0.03 * fast,
        SensorKind::Rain => (weather.rain * (0.65 + 0.7 * a) * (1.0 + 0.15 * slow)).max(0.0),
        SensorKind::Wind => (weather.wind * (0.75 + 0.5 * a) * (1.0 + 0.10 * fast)).max(0.0),
        SensorKind::Noise => {
            let working = daylight(at);
            // Now and then a breaker or a pile driver.
            let hammer = ((dice.of(6).wave(at.0, 23 * MINUTE_MS) - 0.86) / 0.14).max(0.0);
            let ordinary = 48.0 + 4.0 * a + (9.0 + 5.0 * b) * working + 2.5 * slow + 2.5 * fast * (0.4 + working);
            ordinary + 18.0 * hammer * working
        }
        SensorKind::Tilt => (0.15 + 0.5 * a + 0.04 * slow + weather.wind.powi(2) * (0.0008 + 0.0030 * b.powi(4))).abs(),
        SensorKind::Air => (52.0 + 14.0 * (a - 0.5) + 12.0 * slow - 14.0 * (weather.rain / 30.0).min(1.0)).max(12.0),
        SensorKind::WaterQuality => 2.0 + (1.6 * a + 0.25 * slow).clamp(0.0, 2.0),
        SensorKind::Sound => 46.0 + 5.0 * a + 7.0 * daylight(at) + 2.0 * fast + (weather.wind - 8.0).max(0.0) * 0.5,
        SensorKind::Exhaust => (6.0 + 8.0 * a + 3.0 * slow + 3.0 * daylight(at)).max(0.0),
    };
    (value * 100.0).round() / 100.0
}

/// The astronomical tide over local datum: the four great constituents, with ranges like Xiamen's (about 4 m) and phases
/// of our own. Not a tide table.
fn tide_m(at: Timestamp) -> f64 {
    let hours = at.0 as f64 / 3_600_000.0;
    let of = |amplitude: f64, period_h: f64, phase_h: f64| {
        amplitude * (std::f64::consts::TAU * (hours - phase_h) / period_h).cos()
    };
    3.55 + of(1.85, 12.420_601, 5.3) + of(0.55, 12.0, 6.8) + of(0.34, 23.934_47, 11.0) + of(0.27, 25.819_34, 3.0)
}

/// 0 at night, 1 in working hours, with soft edges.
fn daylight(at: Timestamp) -> f64 {
    let hour = (at.0 + BEIJING_OFFSET_MS).rem_euclid(86_400_000) as f64 / 3_600_000.0;
    ((hour - 6.0).min(22.0 - hour) / 2.0).clamp(0.0, 1.0)
}
