//! What the sensors say in sum, as records: the digest of the readings lane that plans may argue with.
//!
//! Readings are many and outside the fold. Every [`OBSERVE_EVERY_MINS`] the hub asks [`City::observe`] and records the
//! answer, so that a level is argued from what the log knows, and a review sees the same.

use crate::{City, Freshness, Readings, SensorKind, Timestamp, freshness, ids::*};
use serde::{Deserialize, Serialize};

/// How often the sensors are summed up.
pub const OBSERVE_EVERY_MINS: i64 = 10;

/// Two observations nearer than this make no trend.
const TREND_OVER_MINS: f32 = 5.0;

/// The kinds plans argue with.
pub const OBSERVED: [SensorKind; 4] = [SensorKind::FloodDepth, SensorKind::Rain, SensorKind::Wind, SensorKind::Tide];

/// One kind of sensor in one place, in the kind's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub kind: SensorKind,
    /// `None` is the whole city.
    pub district: Option<DistrictId>,
    pub max: f32,
    pub mean: f32,
    /// Change of `max` per hour since the observation before; `None` for the first.
    pub trend: Option<f32>,
    /// Sensors with a reading that still counts, of all there are.
    pub n_heard: u32,
    pub n_known: u32,
    /// The newest reading in it.
    pub as_of: Timestamp,
}

impl City {
    /// Whether the sensors are to be summed up again.
    pub fn is_observation_due(&self, now: Timestamp) -> bool {
        let newest = self.observations.values().map(|it| it.as_of).max();
        newest.is_none_or(|at| now >= at.plus_mins(OBSERVE_EVERY_MINS))
    }

    /// The sensors summed up, for the city and each district; a kind with nothing new to say is left out.
    pub fn observe(&self, readings: &Readings, now: Timestamp) -> Vec<Observation> {
        let places: Vec<Option<&DistrictId>> = std::iter::once(None).chain(self.districts.keys().map(Some)).collect();
        OBSERVED
            .into_iter()
            .flat_map(|kind| places.iter().map(move |place| (kind, *place)))
            .filter_map(|(kind, place)| self.observe_one(kind, place, readings, now))
            .collect()
    }

    fn observe_one(
        &self,
        kind: SensorKind,
        place: Option<&DistrictId>,
        readings: &Readings,
        now: Timestamp,
    ) -> Option<Observation> {
        let (mut n_heard, mut n_known, mut sum, mut max, mut as_of) = (0u32, 0u32, 0.0f64, f32::MIN, Timestamp(0));
        for (i, sensor) in self.sensors.values().enumerate() {
            if sensor.kind != kind || place.is_some_and(|it| sensor.district != *it) {
                continue;
            }
            n_known += 1;
            let Some((value, at)) = readings.gauges.get(i) else { continue };
            if matches!(freshness(kind.budget(), at, now), Freshness::Lost { .. } | Freshness::NeverHeard) {
                continue;
            }
            n_heard += 1;
            sum += f64::from(value);
            max = max.max(value);
            as_of = as_of.max(at);
        }
        if n_heard == 0 {
            return None;
        }
        let as_of = as_of.min(now);
        let before = self.observations.get(&(kind, place.cloned()));
        if before.is_some_and(|it| it.as_of >= as_of) {
            return None; // Nothing new was read.
        }
        let trend = before.and_then(|it| {
            let mins = as_of.since_ms(it.as_of) as f32 / 60_000.0;
            if mins >= TREND_OVER_MINS { Some((max - it.max) * 60.0 / mins) } else { it.trend }
        });
        let mean = (sum / f64::from(n_heard)) as f32;
        Some(Observation { kind, district: place.cloned(), max, mean, trend, n_heard, n_known, as_of })
    }
}
