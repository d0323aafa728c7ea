//! The gates before a drone takes off or turns to a new place, and their figures as data (`rules/flights.toml`).
//!
//! One place rules: the pictures a switch opens (`plan/feeds`) and every flight an officer orders go by the same reach,
//! reserve, wind and rain. A gate says what stands against a flight with its figures; what is only unwise can be overridden
//! with a reason, what cannot be done at all cannot.

use crate::{Area, City, FlightTask, LonLat, NamedRoute, Seen, SensorKind, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What no platform flies, m: DJI's `takeoff_to_point` takes 2 to 1500 (Cloud API, 指令飞行).
const LOWEST_M: f32 = 2.0;
const HIGHEST_M: f32 = 1500.0;
/// DJI's route files and any reasonable autopilot take more; nobody draws more by hand.
pub const MAX_ROUTE_POINTS: usize = 200;

/// What a city decides for itself about its drones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FlightRules {
    /// Where these figures come from, as screens show it.
    pub basis: Text,
    /// Nobody here has confirmed them.
    pub is_default: bool,
    /// A full battery's radius with the way back, down to the reserve, m.
    pub reach_m: f64,
    /// What it must land with, percent.
    pub reserve_percent: f32,
    /// It does not start above these: mean wind m/s, rain mm in an hour.
    pub max_wind_mps: f32,
    pub max_rain_mm: f32,
    /// The dock's own rain gauge, 0–3: from this on it does not start.
    pub max_dock_rain: u8,
    /// Weather older than this says nothing, minutes.
    pub weather_too_old_mins: i64,
    /// A picture is chosen by telemetry not older than this, minutes.
    pub feeds_too_old_mins: i64,
    /// An order is given by telemetry not older than this, s; in an exercise by the exercise's clock, which runs faster.
    pub telemetry_too_old_s: i64,
    pub exercise_telemetry_too_old_s: i64,
    /// Above ground, m: lower there are lines and trees, higher is controlled airspace.
    pub min_height_m: f32,
    pub max_height_m: f32,
    /// m/s between places; height of the way home, m above the take-off point.
    pub speed_mps: f32,
    pub return_height_m: f32,
    /// How long the second signature of an emergency stop is waited for, s.
    pub stop_window_s: i64,
    pub exercise_stop_window_s: i64,
    /// How long a platform may take to answer, s; then nobody knows, and it is not asked again.
    pub answer_s: i64,
    pub exercise_answer_s: i64,
    /// How long it may say nothing under way, s.
    pub silence_s: i64,
    pub exercise_silence_s: i64,
    /// Whose wire a drone hangs on unless `platforms` says otherwise.
    pub platform: PlatformId,
    pub platforms: BTreeMap<DroneId, PlatformId>,
    pub geoid: Geoid,
    /// 禁飞区 the city has named; none known where empty.
    pub no_fly: Vec<NoFly>,
    /// 航线 the city has drawn.
    pub routes: Vec<NamedRoute>,
}

/// Height of the sea (geoid) above the WGS-84 ellipsoid: platforms that fly by satellite say heights above the ellipsoid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Geoid {
    pub basis: Text,
    /// South-west corner and spacing, degrees.
    pub west: f64,
    pub south: f64,
    pub step_deg: f64,
    /// Rows from south to north, each from west to east, m.
    pub rows: Vec<Vec<f64>>,
}

/// A part of the map no drone flies over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFly {
    pub name: Text,
    pub area: Area,
    pub basis: Text,
}

/// What a gate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// 遥测过时.
    Telemetry,
    /// 气象过时.
    Weather,
    Wind,
    Rain,
    /// 返航电量.
    Reserve,
    /// 航程.
    Reach,
    Height,
    /// 禁飞区.
    NoFly,
    /// The platform's own warnings, the dock's button.
    Health,
    /// In the air, or on the ground, and the task wants the other.
    Place,
}

/// One thing that stands against a flight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    pub kind: GateKind,
    /// It cannot be done, whoever wants it.
    pub is_physical: bool,
    /// With the figures.
    pub why: Text,
}

impl Default for FlightRules {
    fn default() -> Self {
        Self {
            basis: "默认值，非规定".into(),
            is_default: true,
            reach_m: 7000.0,
            reserve_percent: 30.0,
            max_wind_mps: 12.0,
            max_rain_mm: 16.0,
            max_dock_rain: 3,
            weather_too_old_mins: 30,
            feeds_too_old_mins: 30,
            telemetry_too_old_s: 60,
            exercise_telemetry_too_old_s: 3600,
            min_height_m: 20.0,
            max_height_m: 120.0,
            speed_mps: 12.0,
            return_height_m: 100.0,
            stop_window_s: 30,
            exercise_stop_window_s: 1800,
            answer_s: 90,
            exercise_answer_s: 5400,
            silence_s: 300,
            exercise_silence_s: 18_000,
            platform: "dji".into(),
            platforms: BTreeMap::new(),
            geoid: Geoid::default(),
            no_fly: Vec::new(),
            routes: Vec::new(),
        }
    }
}

impl FlightRules {
    /// What is absurd in it, if anything.
    pub fn fault(&self) -> Option<String> {
        let positive = [
            ("reach_m", self.reach_m),
            ("max_wind_mps", f64::from(self.max_wind_mps)),
            ("max_rain_mm", f64::from(self.max_rain_mm)),
            ("speed_mps", f64::from(self.speed_mps)),
            ("stop_window_s", self.stop_window_s as f64),
            ("exercise_stop_window_s", self.exercise_stop_window_s as f64),
            ("answer_s", self.answer_s as f64),
            ("exercise_answer_s", self.exercise_answer_s as f64),
            ("silence_s", self.silence_s as f64),
            ("exercise_silence_s", self.exercise_silence_s as f64),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, it)| !it.is_finite() || *it <= 0.0) {
            return Some(format!("{name} is not more than 0"));
        }
        if !(0.0..=90.0).contains(&self.reserve_percent) {
            return Some("reserve_percent is not 0 to 90".into());
        }
        if !(LOWEST_M..=HIGHEST_M).contains(&self.min_height_m)
            || !(self.min_height_m..=HIGHEST_M).contains(&self.max_height_m)
        {
            return Some("min_height_m and max_height_m are not within 2 to 1500, in this order".into());
        }
        if !(20.0..=HIGHEST_M).contains(&self.return_height_m) {
            return Some("return_height_m is not 20 to 1500".into());
        }
        if let Some(fault) = self.routes.iter().find_map(NamedRoute::fault) {
            return Some(fault);
        }
        let is_even = self.geoid.rows.windows(2).all(|it| it[0].len() == it[1].len());
        if !is_even || (!self.geoid.rows.is_empty() && self.geoid.step_deg <= 0.0) {
            return Some("geoid: rows are of different lengths, or step_deg is not more than 0".into());
        }
        None
    }

    pub fn telemetry_too_old_in(&self, realm: Realm) -> i64 {
        match realm {
            Realm::Actual => self.telemetry_too_old_s,
            Realm::Exercise => self.exercise_telemetry_too_old_s,
        }
    }

    /// How long a platform may take to answer, and how long it may be silent under way, s.
    pub fn patience_in(&self, realm: Realm) -> (i64, i64) {
        match realm {
            Realm::Actual => (self.answer_s, self.silence_s),
            Realm::Exercise => (self.exercise_answer_s, self.exercise_silence_s),
        }
    }

    pub fn stop_window_in(&self, realm: Realm) -> i64 {
        match realm {
            Realm::Actual => self.stop_window_s,
            Realm::Exercise => self.exercise_stop_window_s,
        }
    }

    /// How far a drone may go from its home with this battery, percent, and still land with the reserve, m.
    pub fn reach_with(&self, battery_percent: f32) -> f64 {
        let spare = f64::from(battery_percent - self.reserve_percent);
        (self.reach_m * (spare / f64::from(100.0 - self.reserve_percent)).min(1.0)).max(0.0)
    }
}

impl Geoid {
    /// Undulation at a place, m, between the table's points; at the table's edge where the place is outside, 0 without one.
    pub fn at(&self, place: LonLat) -> f64 {
        let n_columns = self.rows.first().map_or(0, Vec::len);
        if n_columns == 0 || self.step_deg <= 0.0 {
            return 0.0;
        }
        let cell = |value: f64, from: f64, n: usize| {
            let at = ((value - from) / self.step_deg).clamp(0.0, (n - 1) as f64);
            let low = (at.floor() as usize).min(n.saturating_sub(2));
            (low, (low + 1).min(n - 1), at - low as f64)
        };
        let (x0, x1, fx) = cell(place.lon(), self.west, n_columns);
        let (y0, y1, fy) = cell(place.lat(), self.south, self.rows.len());
        let m = |y: usize, x: usize| self.rows.get(y).and_then(|it| it.get(x)).copied().unwrap_or(0.0);
        let south = m(y0, x0) + (m(y0, x1) - m(y0, x0)) * fx;
        let north = m(y1, x0) + (m(y1, x1) - m(y1, x0)) * fx;
        south + (north - south) * fy
    }
}

impl City {
    /// Whether a drone may be told this as the city and the drone stand: all that stands against it.
    ///
    /// Coming home, landing, pausing and stopping are never gated: they make things safer.
    pub fn may_fly(&self, drone: &DroneId, task: &FlightTask, seen: &Seen, now: Timestamp) -> Result<(), Vec<Gate>> {
        let mut gates = Vec::new();
        let targets = task.targets();
        if targets.is_empty() {
            return Ok(());
        }
        self.telemetry_gates(task, seen, now, &mut gates);
        let rules = &self.flight_rules;
        for it in &targets {
            let h = it.height_m;
            if !(LOWEST_M..=HIGHEST_M).contains(&h) {
                gates.push(gate(GateKind::Height, true, format!("离地高 {h:.0} 米，飞行器只能飞 2 到 1500 米")));
            } else if !(rules.min_height_m..=rules.max_height_m).contains(&h) {
                let limits = format!("{:.0} 到 {:.0} 米", rules.min_height_m, rules.max_height_m);
                gates.push(gate(GateKind::Height, false, format!("离地高 {h:.0} 米，限 {limits}")));
            }
            if let Some(zone) = rules.no_fly.iter().find(|zone| zone.area.contains(it.place)) {
                gates.push(gate(GateKind::NoFly, false, format!("在禁飞区「{}」内（{}）", zone.name, zone.basis)));
            }
        }
        self.way_gates(drone, seen, &targets, &mut gates);
        if let Some(last) = targets.last() {
            self.weather_gates(last.place, seen, now, &mut gates);
        }
        gates.dedup();
        if gates.is_empty() { Ok(()) } else { Err(gates) }
    }

    fn telemetry_gates(&self, task: &FlightTask, seen: &Seen, now: Timestamp, gates: &mut Vec<Gate>) {
        let limit_s = self.flight_rules.telemetry_too_old_in(self.realm);
        let age_s = now.since_ms(seen.at) / 1000;
        if seen.at.0 == 0 {
            gates.push(gate(GateKind::Telemetry, true, "从未收到这架无人机的遥测".into()));
            return;
        }
        if age_s > limit_s {
            gates.push(gate(GateKind::Telemetry, false, format!("遥测是 {age_s} 秒前的，超过 {limit_s} 秒")));
        }
        match task {
            FlightTask::TakeoffTo { .. } if seen.is_flying => {
                gates.push(gate(GateKind::Place, true, "已经在空中：改下「飞往」".into()));
            }
            FlightTask::RunRoute { .. } if seen.is_flying => {
                gates.push(gate(GateKind::Place, false, "已经在空中：机场的航线要从机场起飞，先返航".into()));
            }
            FlightTask::FlyTo { .. } if !seen.is_flying => {
                gates.push(gate(GateKind::Place, true, "还没有起飞：先下「起飞并飞到」".into()));
            }
            _ => {}
        }
        if seen.is_dock_stopped && task.is_launch() {
            gates.push(gate(GateKind::Health, true, "机场急停按钮已按下，要到现场复位".into()));
        }
        if let Some(words) = seen.warning.as_ref().filter(|_| task.is_launch()) {
            gates.push(gate(GateKind::Health, false, format!("平台告警：{words}")));
        }
    }

    /// The whole way out and home against what is in the battery.
    fn way_gates(&self, drone: &DroneId, seen: &Seen, targets: &[crate::RoutePoint], gates: &mut Vec<Gate>) {
        let rules = &self.flight_rules;
        let Some(battery) = seen.battery_percent else {
            if seen.at.0 != 0 {
                gates.push(gate(GateKind::Reserve, false, "电量不明".into()));
            }
            return;
        };
        if battery <= rules.reserve_percent {
            let words = format!("电量 {battery:.0}%，不多于返航必需的 {:.0}%", rules.reserve_percent);
            gates.push(gate(GateKind::Reserve, false, words));
        }
        let home = self.home_of(drone).unwrap_or(seen.place);
        let mut way_m = 0.0;
        let mut from = if seen.at.0 == 0 { home } else { seen.place };
        for it in targets {
            way_m += from.distance_m(it.place);
            from = it.place;
        }
        way_m += from.distance_m(home);
        // With nothing kept back; farther than that it does not come home at all.
        let most_m = 2.0 * rules.reach_m * f64::from(battery) / f64::from(100.0 - rules.reserve_percent);
        let wise_m = 2.0 * rules.reach_with(battery);
        let [way, wise, most] = [way_m, wise_m, most_m].map(|it| it / 1000.0);
        if way_m > most_m {
            let words = format!("往返 {way:.1} 公里，电量 {battery:.0}% 最多飞 {most:.1} 公里，回不来");
            gates.push(gate(GateKind::Reach, true, words));
        } else if way_m > wise_m && battery > rules.reserve_percent {
            let reserve = rules.reserve_percent;
            let words = format!("往返 {way:.1} 公里，电量 {battery:.0}% 留足 {reserve:.0}% 只够 {wise:.1} 公里");
            gates.push(gate(GateKind::Reach, false, words));
        }
    }

    fn weather_gates(&self, place: LonLat, seen: &Seen, now: Timestamp, gates: &mut Vec<Gate>) {
        let rules = &self.flight_rules;
        let distance = |it: &&District| it.center.distance_m(place);
        let nearest = self.districts.values().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let observed = |kind| self.fresh_weather(kind, nearest.map(|it| &it.id), now);
        let wind = [observed(SensorKind::Wind), seen.wind_mps].into_iter().flatten().reduce(f32::max);
        match wind {
            Some(wind) if wind > rules.max_wind_mps => {
                let words = format!("风速 {wind:.1} 米/秒，超过 {:.1}", rules.max_wind_mps);
                gates.push(gate(GateKind::Wind, false, words));
            }
            Some(_) => {}
            None => {
                let words = format!("没有 {} 分钟内的风速", rules.weather_too_old_mins);
                gates.push(gate(GateKind::Weather, false, words));
            }
        }
        if let Some(rain) = observed(SensorKind::Rain).filter(|it| *it > rules.max_rain_mm) {
            let words = format!("雨强 {rain:.1} 毫米/时，超过 {:.1}", rules.max_rain_mm);
            gates.push(gate(GateKind::Rain, false, words));
        }
        if let Some(rain) = seen.dock_rain.filter(|it| *it >= rules.max_dock_rain && !seen.is_flying) {
            gates.push(gate(GateKind::Rain, false, format!("机场雨量 {rain} 级（0–3 级）")));
        }
    }

    /// The most a district's sensors read of late, else the city's; none where nobody observed.
    pub(crate) fn fresh_weather(&self, kind: SensorKind, district: Option<&DistrictId>, now: Timestamp) -> Option<f32> {
        let own = district.and_then(|it| self.observations.get(&(kind, Some(it.clone()))));
        let any = own.or_else(|| self.observations.get(&(kind, None)));
        any.filter(|it| now < it.as_of.plus_mins(self.flight_rules.weather_too_old_mins)).map(|it| it.max)
    }
}

impl Area {
    /// Whether a place is in it; rings even-odd, as drawn.
    pub fn contains(&self, place: LonLat) -> bool {
        match self {
            Self::Circle { center, radius_m } => center.distance_m(place) <= f64::from(*radius_m),
            Self::Ring(corners) => {
                let mut is_in = false;
                for (i, a) in corners.iter().enumerate() {
                    let b = corners[(i + 1) % corners.len()];
                    let crosses = (a.1 > place.1) != (b.1 > place.1);
                    if crosses && place.0 < (b.0 - a.0) * (place.1 - a.1) / (b.1 - a.1) + a.0 {
                        is_in = !is_in;
                    }
                }
                is_in
            }
        }
    }
}

fn gate(kind: GateKind, is_physical: bool, why: String) -> Gate {
    Gate { kind, is_physical, why: why.into() }
}
