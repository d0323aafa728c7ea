//! What panels would otherwise count every frame: the day's cases by hour, the case flow, the event list
//! ([`super::event_list`]), indicators and their short history. Recounted at most four times a second, and only when the
//! city or the clock moved.

use super::event_list::{AlarmRows, EventRow};
use super::{Model, Selection, kit};
use gulang_city::*;
use std::collections::{BTreeMap, VecDeque};

/// One stage of today's cases.
#[derive(Clone, Copy, Debug, Default)]
pub struct FlowRow {
    /// Came this far or farther.
    pub n_reached: u32,
    /// Are here now.
    pub n_here: u32,
    pub n_overdue: u32,
}

#[derive(Default)]
pub struct Digest {
    key: (u64, i64, Option<Realm>),
    made_at: f64,
    pub hours: [u32; 24],
    pub hour_now: usize,
    pub n_today: u32,
    pub n_closed_today: u32,
    pub n_overdue: u32,
    pub flow: [FlowRow; 7],
    pub events: Vec<EventRow>,
    /// New rows held back while the list is being used.
    pub n_waiting: usize,
    pub hold_events: bool,
    pub alarms: AlarmRows,
    pub alarms_in_10min: usize,
    pub indicators: Vec<IndicatorValue>,
    /// Per kind: fresh, known, open alarms' worst level.
    pub sensors: BTreeMap<SensorKind, (usize, usize, Option<WarningColor>)>,
    pub newest_reading: Timestamp,
    history: BTreeMap<String, VecDeque<f32>>,
    sampled_at: Timestamp,
}

const HISTORY: usize = 48;

impl Digest {
    pub fn refresh(&mut self, model: &Model<'_>, time: f64) {
        let now = model.clock.now;
        let key = (model.city.seq, now.0 / 250, Some(model.realm));
        let same_city = self.key.2 == key.2 && self.key.0 <= key.0;
        if self.key == key || (same_city && self.key.0 != 0 && (0.0..0.25).contains(&(time - self.made_at))) {
            return;
        }
        if !same_city {
            *self = Self::default();
        }
        (self.key, self.made_at) = (key, time);
        self.count_cases(model);
        self.count_sensors(model);
        self.indicators =
            model.city.indicators.values().map(|it| model.city.indicator_value(it, model.readings, now)).collect();
        self.sample(model);
        self.list_events(model);
    }

    /// The last values under `key`, oldest first.
    pub fn history(&self, key: &str) -> Vec<f32> {
        self.history.get(key).map(|values| values.iter().copied().collect()).unwrap_or_default()
    }

    fn count_cases(&mut self, model: &Model<'_>) {
        let now = model.clock.now;
        let day = day_start(now);
        self.hours = [0; 24];
        self.flow = Default::default();
        (self.n_today, self.n_closed_today, self.n_overdue) = (0, 0, 0);
        self.hour_now = (now.since_ms(day) / 3_600_000).clamp(0, 23) as usize;
        for case in model.city.cases.values() {
            let open = case.is_open();
            let overdue = open && case.report.due_at < now;
            self.n_overdue += u32::from(overdue);
            let since = case.report.reported_at.since_ms(day);
            if since < 0 {
                continue;
            }
            // Of today's cases only: with yesterday's the share would pass 100 %.
            self.n_closed_today += u32::from(case.stage >= CaseStage::Closed);
            self.n_today += 1;
            if let Some(hour) = self.hours.get_mut((since / 3_600_000) as usize) {
                *hour += 1;
            }
            for (i, row) in self.flow.iter_mut().enumerate() {
                row.n_reached += u32::from(i <= case.stage as usize);
            }
            let here = &mut self.flow[case.stage as usize];
            here.n_here += 1;
            here.n_overdue += u32::from(overdue);
        }
    }

    fn count_sensors(&mut self, model: &Model<'_>) {
        self.sensors.clear();
        self.newest_reading = Timestamp(0);
        for (i, sensor) in model.city.sensors.values().enumerate() {
            let entry = self.sensors.entry(sensor.kind).or_default();
            entry.1 += 1;
            if let Some((_, at)) = model.readings.gauges.get(i) {
                self.newest_reading = self.newest_reading.max(at.min(model.clock.now));
                let lost = matches!(kit::fresh(model, budget_of(sensor.kind), at), Freshness::Lost { .. });
                entry.0 += usize::from(!lost);
            }
        }
        for alarm in model.city.open_alarms.values().filter_map(|id| model.city.alarms.get(id)) {
            if let Some(sensor) = model.city.sensors.get(&alarm.sensor) {
                let worst = &mut self.sensors.entry(sensor.kind).or_default().2;
                *worst = (*worst).max(Some(alarm.color));
            }
        }
    }

    /// A point of history a minute of the hub's clock.
    fn sample(&mut self, model: &Model<'_>) {
        let now = model.clock.now;
        if now.since_ms(self.sampled_at).abs() < 60_000 {
            return;
        }
        self.sampled_at = now;
        let mut put = |key: String, value: f64| {
            let values = self.history.entry(key).or_default();
            values.push_back(value as f32);
            if values.len() > HISTORY {
                values.pop_front();
            }
        };
        for (indicator, value) in model.city.indicators.values().zip(&self.indicators) {
            if let Some(value) = value.value {
                put(indicator.id.to_string(), value);
            }
        }
        for (i, sensor) in model.city.sensors.values().enumerate() {
            if matches!(sensor.kind, SensorKind::Tide | SensorKind::FloodDepth)
                && let Some((value, _)) = model.readings.gauges.get(i)
            {
                put(sensor.id.to_string(), f64::from(value));
            }
        }
    }
}

/// Midnight in Beijing.
pub fn day_start(now: Timestamp) -> Timestamp {
    let day = 86_400_000;
    Timestamp((now.0 + BEIJING_OFFSET_MS).div_euclid(day) * day - BEIJING_OFFSET_MS)
}

pub fn budget_of(kind: SensorKind) -> Budget {
    match kind {
        SensorKind::FloodDepth | SensorKind::Tide => Budget::Water,
        SensorKind::Rain | SensorKind::Wind => Budget::Weather,
        _ => Budget::Default,
    }
}

pub fn district_name<'a>(city: &'a City, id: &DistrictId) -> &'a str {
    city.districts.get(id).map_or("", |district| &district.name)
}

/// Where a thing of the city's registries or records is now; of a large register only [`Model::place_of`] knows.
pub fn place_of(city: &City, readings: &Readings, selection: &Selection) -> Option<LonLat> {
    match selection {
        Selection::Case(id) => city.cases.get(id).map(|it| it.report.at),
        Selection::Alarm(id) => city.alarms.get(id).and_then(|it| city.subject_of(it)).map(|it| it.place()),
        Selection::Order(_) | Selection::Thing { .. } => None,
        Selection::Team(id) => city
            .teams
            .get_full(id)
            .map(|(i, _, team)| readings.teams.get(i).map_or(team.home, |fix| LonLat(fix.lon, fix.lat))),
        Selection::Sensor(id) => city.sensors.get(id).map(|it| it.at),
        Selection::FloodPoint(id) => city.flood_points.get(id).map(|it| it.at),
        Selection::Drone(id) => city.drones.get_full(id).and_then(|(i, _, drone)| {
            let fix = readings.drones.get(i).map(|fix| LonLat(fix.lon, fix.lat));
            fix.or_else(|| city.docks.get(&drone.dock).map(|dock| dock.at))
        }),
        Selection::Dock(id) => city.docks.get(id).map(|it| it.at),
        Selection::Camera(id) => city.cameras.get(id).map(|it| it.at),
        Selection::Shelter(id) => city.shelters.get(id).map(|it| it.at),
        Selection::Depot(id) => city.depots.get(id).map(|it| it.at),
        Selection::Helipad(id) => city.helipads.get(id).map(|it| it.at),
        Selection::Hospital(id) => city.hospitals.get(id).map(|it| it.at),
        Selection::District(id) => city.districts.get(id).map(|it| it.center),
    }
}
