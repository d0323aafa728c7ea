//! How each kind of unit gets somewhere, and when it does not go: by road with its closures, over water, through the air.

use crate::{freshness::*, ids::*, model::*, *};
use serde::{Deserialize, Serialize};

/// A wind gauge farther away than this says nothing of a place, m.
const WIND_WITHIN_M: f64 = 20_000.0;

/// How units move (`[moves]` of the rules). Teams drive at once, at the speeds of the road network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Moves {
    pub vehicle: ByRoad,
    pub pump: ByRoad,
    pub boat: Straight,
    pub helicopter: Straight,
    pub drone: Straight,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByRoad {
    /// From the word to the start, minutes.
    pub ready_mins: f64,
    /// How much longer it takes than a car.
    pub factor: f64,
    /// Where these figures come from.
    pub basis: Text,
}

/// In a straight line, over water or through the air.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Straight {
    /// From the word to the start, minutes.
    pub ready_mins: f64,
    /// Over ground, in still air, km/h.
    pub speed_kmh: f64,
    /// How far out it goes and has enough to work and to come back, km.
    pub range_km: f64,
    /// In a mean wind above this it does not go, m/s.
    pub max_wind_mps: f64,
    /// Where these figures come from.
    pub basis: Text,
}

impl Default for Moves {
    fn default() -> Self {
        let basis = || Text::from("缺省，非规定");
        let straight = |ready_mins, speed_kmh, range_km, max_wind_mps| Straight {
            ready_mins,
            speed_kmh,
            range_km,
            max_wind_mps,
            basis: basis(),
        };
        Self {
            vehicle: ByRoad { ready_mins: 5.0, factor: 1.0, basis: basis() },
            pump: ByRoad { ready_mins: 10.0, factor: 1.3, basis: basis() },
            boat: straight(8.0, 30.0, 30.0, 13.8),
            helicopter: straight(10.0, 200.0, 180.0, 20.7),
            drone: straight(5.0, 45.0, 8.0, 12.0),
        }
    }
}

impl Moves {
    pub(super) fn fault(&self) -> Option<String> {
        let is_positive = |it: f64| it.is_finite() && it > 0.0;
        let is_wait = |it: f64| (0.0..=24.0 * 60.0).contains(&it);
        for (name, it) in [("vehicle", &self.vehicle), ("pump", &self.pump)] {
            if !is_wait(it.ready_mins) || !(0.1..=10.0).contains(&it.factor) {
                return Some(format!("moves.{name}: ready_mins must be 0 to 1440, factor 0.1 to 10"));
            }
        }
        for (name, it) in [("boat", &self.boat), ("helicopter", &self.helicopter), ("drone", &self.drone)] {
            if !is_wait(it.ready_mins) || ![it.speed_kmh, it.range_km, it.max_wind_mps].into_iter().all(is_positive) {
                return Some(format!("moves.{name}: ready_mins must be 0 to 1440, speed, range and wind above 0"));
            }
        }
        None
    }

    /// Of what goes straight; none of what goes by road.
    pub fn straight(&self, kind: UnitKind) -> Option<&Straight> {
        match kind {
            UnitKind::Boat => Some(&self.boat),
            UnitKind::Helicopter => Some(&self.helicopter),
            UnitKind::Drone => Some(&self.drone),
            UnitKind::Team | UnitKind::Vehicle | UnitKind::Pump => None,
        }
    }

    /// From the word to the start, minutes.
    pub fn ready_mins(&self, kind: UnitKind) -> f64 {
        match kind {
            UnitKind::Team => 0.0,
            UnitKind::Vehicle => self.vehicle.ready_mins,
            UnitKind::Pump => self.pump.ready_mins,
            UnitKind::Boat => self.boat.ready_mins,
            UnitKind::Helicopter => self.helicopter.ready_mins,
            UnitKind::Drone => self.drone.ready_mins,
        }
    }
}

impl Straight {
    /// There, from the word on, s.
    pub fn secs(&self, way_m: f64) -> f64 {
        self.ready_mins * 60.0 + way_m * 3.6 / self.speed_kmh
    }

    /// How far it gets in so long from the word on, and comes back, m.
    pub fn reach_m(&self, mins: f64) -> f64 {
        ((mins - self.ready_mins).max(0.0) / 60.0 * self.speed_kmh).min(self.range_km) * 1000.0
    }
}

/// What ways lead over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ground<'a> {
    /// The roads with what is closed; without them times by road are straight lines.
    pub roads: Option<&'a Metric>,
    /// Without it nobody knows where a boat floats, and none is sent.
    pub land: Option<&'a Land>,
}

impl<'a> From<&'a Metric> for Ground<'a> {
    fn from(roads: &'a Metric) -> Self {
        Self { roads: Some(roads), land: None }
    }
}

/// Why a unit does not go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// Mean wind at a gauge near its start or its goal, and the most it goes in, m/s.
    Wind { mps: f64, most_mps: f64 },
    /// Farther than it goes out, km.
    Range { km: f64, most_km: f64 },
    /// A boat, and no water near.
    Inland,
    /// A boat, and land on the straight way.
    LandBetween,
    /// A boat, and the coast is not known.
    NoCoast,
}

impl Bar {
    pub fn text(self) -> String {
        match self {
            Self::Wind { mps, most_mps } => format!("风 {mps:.1} m/s 超过限值 {most_mps:.1}"),
            Self::Range { km, most_km } => format!("{km:.1} km 超出活动半径 {most_km:.0} km"),
            Self::Inland => "不靠水，船到不了".into(),
            Self::LandBetween => "直线水路被陆地隔断".into(),
            Self::NoCoast => "没有岸线数据，船不派".into(),
        }
    }

    /// It might go another day: worth telling.
    pub(super) fn passes(self) -> bool {
        matches!(self, Self::Wind { .. })
    }
}

/// A unit's way to a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passage {
    /// From the word on.
    pub eta: Eta,
    pub bar: Option<Bar>,
    /// The strongest mean wind at its start and its goal, m/s; of what heeds wind, where a gauge near was heard.
    pub wind_mps: Option<f64>,
}

/// Everybody's ways, at one moment.
pub(crate) struct Passages<'a> {
    moves: &'a Moves,
    land: Option<&'a Land>,
    /// Wind gauges that were heard, m/s.
    winds: Vec<(LonLat, f64)>,
}

/// Where somebody is to go.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    at: LonLat,
    /// None if the coast is not known.
    is_afloat: Option<bool>,
    wind_mps: Option<f64>,
}

impl<'a> Passages<'a> {
    pub(crate) fn new(city: &'a City, readings: &Readings, land: Option<&'a Land>, now: Timestamp) -> Self {
        let gauges = city.sensors.values().enumerate().filter(|(_, it)| it.kind == SensorKind::Wind);
        let winds = gauges
            .filter_map(|(i, sensor)| {
                let (value, at) = readings.gauges.get(i)?;
                let age = freshness(sensor.kind.budget(), at, now);
                let is_known = matches!(age, Freshness::Fresh | Freshness::Stale { .. });
                (is_known && value.is_finite()).then(|| (sensor.at, f64::from(value)))
            })
            .collect();
        Self { moves: &city.force_rules.moves, land, winds }
    }

    pub(crate) fn goal(&self, at: LonLat) -> Goal {
        Goal { at, is_afloat: self.land.map(|it| it.is_afloat(at)), wind_mps: self.wind_at(at) }
    }

    /// A team's way from where it is; `road` is a car's.
    pub(crate) fn of(&self, team: &Team, from: LonLat, goal: &Goal, road: Eta) -> Passage {
        let by_road = |it: &ByRoad| {
            let secs = it.ready_mins * 60.0 + road.secs * it.factor;
            Passage { eta: Eta { secs, ..road }, bar: None, wind_mps: None }
        };
        let (straight, by) = match team.kind {
            UnitKind::Team => return Passage { eta: road, bar: None, wind_mps: None },
            UnitKind::Vehicle => return by_road(&self.moves.vehicle),
            UnitKind::Pump => return by_road(&self.moves.pump),
            UnitKind::Boat => (&self.moves.boat, EtaBy::Water),
            UnitKind::Helicopter => (&self.moves.helicopter, EtaBy::Air),
            UnitKind::Drone => (&self.moves.drone, EtaBy::Air),
        };
        let way_m = from.distance_m(goal.at);
        let wind_mps = match (self.wind_at(from), goal.wind_mps) {
            (Some(here), Some(there)) => Some(here.max(there)),
            (here, there) => here.or(there),
        };
        let wind = self.wind_bar(team.kind, wind_mps);
        let range = Bar::Range { km: way_m / 1000.0, most_km: straight.range_km };
        let water = (team.kind == UnitKind::Boat).then(|| self.water_bar(from, goal)).flatten();
        let bar = wind.or((way_m > straight.range_km * 1000.0).then_some(range)).or(water);
        Passage { eta: Eta { secs: straight.secs(way_m), by }, bar, wind_mps }
    }

    /// Whether it is too windy where it stands.
    pub(crate) fn wind_bar_at(&self, kind: UnitKind, at: LonLat) -> Option<Bar> {
        self.wind_bar(kind, self.wind_at(at))
    }

    fn wind_bar(&self, kind: UnitKind, wind_mps: Option<f64>) -> Option<Bar> {
        let most_mps = self.moves.straight(kind)?.max_wind_mps;
        wind_mps.filter(|it| *it > most_mps).map(|mps| Bar::Wind { mps, most_mps })
    }

    fn water_bar(&self, from: LonLat, goal: &Goal) -> Option<Bar> {
        let (Some(land), Some(is_afloat)) = (self.land, goal.is_afloat) else { return Some(Bar::NoCoast) };
        if !is_afloat {
            return Some(Bar::Inland);
        }
        land.is_between(from, goal.at).then_some(Bar::LandBetween)
    }

    fn wind_at(&self, at: LonLat) -> Option<f64> {
        let near = self.winds.iter().map(|(place, mps)| (place.distance_m(at), *mps));
        near.filter(|it| it.0 <= WIND_WITHIN_M).min_by(|a, b| a.0.total_cmp(&b.0)).map(|it| it.1)
    }
}
