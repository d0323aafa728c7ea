//! What the screens ask. Nothing here changes the city; lists are sorted deterministically.

use crate::{ids::*, model::*, City, Command, LonLat, Order, OrderText, Readings, Timestamp};

/// A team that could go, nearest first.
#[derive(Clone, Debug, PartialEq)]
pub struct NearTeam<'a> {
    pub team: &'a Team,
    /// Where it was when last heard, or its station.
    pub at: LonLat,
    /// When it was last heard; 0 if it never was and `at` is its station.
    pub as_of: Timestamp,
    /// Straight line, m.
    pub distance_m: f64,
    /// Straight line × 1.4 at 30 km/h, s: an estimate, to be marked as one.
    pub eta_s: f64,
}

/// What lies in an area, as registry indices (which are handles into [`Readings`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    pub teams: Vec<u32>,
    pub sensors: Vec<u32>,
    pub cameras: Vec<u32>,
    pub shelters: Vec<u32>,
    pub depots: Vec<u32>,
    pub helipads: Vec<u32>,
    pub hospitals: Vec<u32>,
    pub docks: Vec<u32>,
    pub flood_points: Vec<u32>,
    /// Open ones only.
    pub cases: Vec<CaseId>,
}

/// When a wind circle reaches a place, by one agency's latest forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    pub typhoon: TyphoonId,
    pub grade: u8,
    /// Whose forecast, as the feed names it.
    pub agency: Text,
    pub issued_at: Timestamp,
    /// To the minute. If `inside`, the time of the fix that says so.
    pub at: Timestamp,
    /// By its latest fix the circle already covers the place.
    pub inside: bool,
}

/// An indicator's figure; `None` when nothing was heard that it could be made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IndicatorValue {
    pub value: Option<f64>,
    pub as_of: Timestamp,
}

/// People to move and moved, summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvacuationTotals {
    pub all: Tally,
    /// In the order of [`EvacueeClass::ALL`], every class present.
    pub by_class: Vec<(EvacueeClass, Tally)>,
    /// In the order of the city's districts, every district present.
    pub by_district: Vec<(DistrictId, Tally)>,
}

impl City {
    /// Unassigned teams (of one capability, if asked), nearest first, at most `n`.
    pub fn nearest_able(&self, _at: LonLat, _capability: Option<Capability>, _n: usize, _readings: &Readings) -> Vec<NearTeam<'_>> { Vec::new() }
    /// Open cases: overdue first, then by colour, then by due time.
    pub fn open_cases_by_urgency(&self, _now: Timestamp) -> Vec<&Case> { Vec::new() }
    /// Orders whose time to acknowledge or to finish has passed, longest overdue first.
    pub fn overdue_orders(&self, _now: Timestamp) -> Vec<&Order> { Vec::new() }
    /// What lies within a circle; teams by their stations.
    pub fn inside_circle(&self, _center: LonLat, _radius_m: f64) -> Inside { Inside::default() }
    /// What lies within a polygon (even-odd; open or closed ring); teams by their stations.
    pub fn inside_polygon(&self, _ring: &[LonLat]) -> Inside { Inside::default() }
    /// When the 7-, 10- or 12-grade circle reaches a place: by the national forecast (中国) where there is one, else by the
    /// earliest agency's.
    pub fn circle_arrival(&self, _grade: u8, _place: LonLat, _now: Timestamp) -> Option<Arrival> { None }
    /// The same, by every agency, earliest first.
    pub fn circle_arrivals(&self, _grade: u8, _place: LonLat, _now: Timestamp) -> Vec<Arrival> { Vec::new() }
    /// Exactly what [`Command::SwitchToWar`] would draft now.
    pub fn orders_for(&self, _plan: &PlanId, _level: ResponseLevel, _struck: &[MeasureId], _now: Timestamp) -> Vec<OrderText> { Vec::new() }
    pub fn indicator_value(&self, _indicator: &Indicator, _readings: &Readings, now: Timestamp) -> IndicatorValue { IndicatorValue { value: None, as_of: now } }
    /// Open alarms: shelved ones last, then by colour, unacknowledged first, oldest first.
    pub fn alarms_by_priority(&self) -> Vec<&Alarm> { Vec::new() }
    pub fn evacuation_totals(&self) -> EvacuationTotals { EvacuationTotals::default() }
}

/// Turns readings into [`Command::JudgeReading`], with each sensor's thresholds and hysteresis.
///
/// It remembers the colour each sensor is at; a new one takes it from the city's open alarms.
#[derive(Clone, Debug, Default)]
pub struct Judge {}

impl Judge {
    pub fn for_city(_city: &City) -> Self { Self {} }
    /// A command when the reading changes the sensor's colour. `handle` is the sensor's index in the registry.
    pub fn feed(&mut self, _handle: u32, _value: f32, _at: Timestamp) -> Option<Command> { None }
}
