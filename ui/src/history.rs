//! What readings and fixes were before: a short memory of this screen, for rise rates and trails. It is never asked what is
//! true now, and never sent anywhere.

use gulang_city::{City, Readings, Timestamp};
use std::collections::VecDeque;

/// So much is remembered of each gauge and mover.
const KEPT_MS: i64 = 3 * 3600 * 1000;
/// Readings nearer than this to the last kept one replace nothing and are not kept.
const STEP_MS: i64 = 20_000;

#[derive(Clone, Debug, Default)]
pub struct History {
    gauges: Vec<VecDeque<(Timestamp, f32)>>,
    teams: Vec<VecDeque<(Timestamp, f64, f64)>>,
    drones: Vec<VecDeque<(Timestamp, f64, f64)>>,
}

impl History {
    /// Takes in what the readings say now; call when they changed.
    pub fn take(&mut self, city: &City, readings: &Readings) {
        self.gauges.resize(city.sensors.len(), VecDeque::new());
        self.teams.resize(city.teams.len(), VecDeque::new());
        self.drones.resize(city.drones.len(), VecDeque::new());
        for (i, kept) in self.gauges.iter_mut().enumerate() {
            if let Some((value, at)) = readings.gauges.get(i) {
                keep(kept, at, |it| it.0, (at, value));
            }
        }
        for (fixes, all) in [(&readings.teams, &mut self.teams), (&readings.drones, &mut self.drones)] {
            for (i, kept) in all.iter_mut().enumerate() {
                if let Some(fix) = fixes.get(i) {
                    keep(kept, fix.at, |it| it.0, (fix.at, fix.lon, fix.lat));
                }
            }
        }
    }

    /// A gauge's readings, oldest first.
    pub fn gauge(&self, handle: usize) -> impl DoubleEndedIterator<Item = (Timestamp, f32)> + '_ {
        self.gauges.get(handle).into_iter().flatten().copied()
    }

    /// How fast a gauge rises, in its unit per hour, over the last half hour of its readings; `None` below two readings five
    /// minutes apart.
    pub fn rise_per_hour(&self, handle: usize) -> Option<f32> {
        let kept = self.gauges.get(handle)?;
        let &(at, value) = kept.back()?;
        let &(from, before) = kept.iter().find(|it| at.since_ms(it.0) <= 30 * 60_000)?;
        let hours = at.since_ms(from) as f32 / 3_600_000.0;
        (hours >= 5.0 / 60.0).then(|| (value - before) / hours)
    }

    /// Where a team was: time, longitude, latitude, oldest first.
    pub fn team(&self, index: usize) -> impl DoubleEndedIterator<Item = (Timestamp, f64, f64)> + '_ {
        self.teams.get(index).into_iter().flatten().copied()
    }

    pub fn drone(&self, index: usize) -> impl DoubleEndedIterator<Item = (Timestamp, f64, f64)> + '_ {
        self.drones.get(index).into_iter().flatten().copied()
    }
}

fn keep<T>(kept: &mut VecDeque<T>, at: Timestamp, time: impl Fn(&T) -> Timestamp, value: T) {
    if let Some(last) = kept.back() {
        let since = at.since_ms(time(last));
        if since < 0 {
            // Another clock altogether: a drill was founded, a replay jumped.
            kept.clear();
        } else if since < STEP_MS {
            return;
        }
    }
    kept.push_back(value);
    while kept.front().is_some_and(|first| at.since_ms(time(first)) > KEPT_MS) {
        kept.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::tiny_pack;

    fn minute(n: i64) -> Timestamp {
        Timestamp(1_700_000_000_000 + n * 60_000)
    }

    #[test]
    fn a_rising_gauge_tells_its_rate() {
        let city = City::found(&tiny_pack(), Default::default());
        let (mut readings, mut history) = (Readings::for_city(&city), History::default());
        for n in 0..=40 {
            readings.gauges.put(0, n as f32, minute(n));
            history.take(&city, &readings);
        }
        let rate = history.rise_per_hour(0).expect("forty minutes of readings");
        assert!((rate - 60.0).abs() < 0.5, "{rate}");
        assert_eq!(history.rise_per_hour(1), None);
    }

    #[test]
    fn another_clock_forgets_the_old_one() {
        let city = City::found(&tiny_pack(), Default::default());
        let mut readings = Readings::for_city(&city);
        let mut history = History::default();
        readings.gauges.put(0, 5.0, minute(100));
        history.take(&city, &readings);
        let mut readings = Readings::for_city(&city);
        readings.gauges.put(0, 1.0, minute(1));
        history.take(&city, &readings);
        assert_eq!(history.gauge(0).collect::<Vec<_>>(), [(minute(1), 1.0)]);
    }
}
