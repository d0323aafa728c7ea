//! The sky over the city: what a typhoon of the real track would do to rain, wind and sea, plausibly, not a forecast.

use crate::{
    dice::Dice,
    scenario::{RainCurve, Storm},
};
use gulang_city::{LonLat, Timestamp};

const MINUTE_MS: i64 = 60_000;
/// Standing water answers to the rain of the last three hours, looked at every ten minutes.
const N_RAIN_STEPS: usize = 18;
const RAIN_STEP_MS: i64 = 10 * MINUTE_MS;

/// City-wide weather at one moment; a place adds its own deviation.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// Mean wind, m/s.
    pub(crate) wind: f64,
    /// Degrees it blows from.
    pub(crate) wind_from: f64,
    /// Rain in the last hour, mm.
    pub(crate) rain: f64,
    /// What the wind and the low pressure add to the tide, m.
    pub(crate) surge: f64,
    /// `rain` now and every ten minutes before, newest first.
    rain_past: [f64; N_RAIN_STEPS],
}

/// What weather is made from.
pub(crate) struct Sky<'a> {
    pub(crate) storm: Option<&'a Storm>,
    pub(crate) rain: Option<RainCurve>,
    pub(crate) center: LonLat,
    pub(crate) dice: Dice,
}

impl Sky<'_> {
    pub(crate) fn at(&self, at: Timestamp) -> Weather {
        let (wind, wind_from) = self.wind(at);
        let onshore = (wind / 32.0).powi(2);
        Weather {
            wind,
            wind_from,
            rain: self.rain(at),
            surge: 1.15 * onshore,
            rain_past: std::array::from_fn(|i| self.rain(at + -(i as i64) * RAIN_STEP_MS)),
        }
    }

    /// Mean wind and the direction it comes from.
    pub(crate) fn wind(&self, at: Timestamp) -> (f64, f64) {
        let breeze = 3.2 + 1.6 * self.dice.of(1).wave(at.0, 90 * MINUTE_MS);
        let breeze_from = 100.0 + 60.0 * self.dice.of(2).wave(at.0, 300 * MINUTE_MS);
        let Some(fix) = self.storm.and_then(|s| s.fix_at(at)) else { return (breeze, breeze_from) };
        let distance_km = fix.center.distance_m(self.center) / 1000.0;
        // A Rankine vortex with a soft tail; friction over the city takes a third.
        const CORE_KM: f64 = 45.0;
        let profile = if distance_km < CORE_KM { distance_km / CORE_KM } else { (CORE_KM / distance_km).powf(0.62) };
        let gusty = 1.0 + 0.12 * self.dice.of(3).wave(at.0, 7 * MINUTE_MS);
        let storm_wind = f64::from(fix.wind) * profile * 0.66 * gusty;
        // Anticlockwise round the centre, drawn inwards by 20°.
        let from = fix.center.bearing_to(self.center) + 90.0 + 20.0;
        if storm_wind > breeze { (storm_wind, from.rem_euclid(360.0)) } else { (breeze, breeze_from) }
    }

    /// Rain of the hour before `at`, mm.
    fn rain(&self, at: Timestamp) -> f64 {
        let pulse = 0.82 + 0.18 * self.dice.of(5).wave(at.0, 25 * MINUTE_MS);
        let scripted = self.rain.map(|curve| curve.at(at));
        let Some(fix) = self.storm.and_then(|s| s.fix_at(at)) else { return scripted.unwrap_or(0.0) * pulse };
        let distance_km = fix.center.distance_m(self.center) / 1000.0;
        // Outer bands pass by every couple of hours when the storm is within about 500 km.
        let bands = 9.0 * (-(distance_km / 420.0).powi(4)).exp() * self.dice.of(4).wave(at.0, 75 * MINUTE_MS).max(0.0);
        let near = || 45.0 * f64::from(fix.wind).min(40.0) / 40.0 * (-(distance_km / 190.0).powi(2)).exp();
        scripted.unwrap_or_else(near) * pulse + bands
    }
}

impl RainCurve {
    fn at(&self, at: Timestamp) -> f64 {
        let between = |from: Timestamp, to: Timestamp| ((at - from) as f64 / (to - from).max(1) as f64).clamp(0.0, 1.0);
        let nearness = between(self.starts_at, self.peak_at).min(1.0 - between(self.peak_at, self.ends_at));
        self.peak_mm_per_hour * nearness.powf(1.8)
    }
}

impl Weather {
    /// Standing water, cm, at a place that lets `drain` mm/h run off and is `bowl` times as hollow as the ordinary one.
    /// It lags the rain and outlasts it.
    pub(crate) fn flood_cm(&self, rain_factor: f64, drain: f64, bowl: f64) -> f64 {
        let excess: f64 = (0..N_RAIN_STEPS)
            .map(|i| (self.rain_past[i] * rain_factor - drain).max(0.0) * (-(i as f64) / 7.0).exp())
            .sum();
        // Deep water spreads rather than deepens.
        95.0 * (1.0 - (-excess * bowl / 230.0).exp())
    }
}
