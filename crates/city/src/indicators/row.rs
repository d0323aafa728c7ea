//! One row of a table, as figures see it: what the city says of one entity, flat.
//!
//! A row is a value: it holds no clock and asks none. What depends on the time of day (overdue, fresh, of today) is kept as
//! times, so that `window` can say beforehand when it will change.
//!
//! **Known limit:** a case remembers when it entered its present stage only. Once it is 评价, `closed_at` is when it was
//! evaluated, and the row says that it is an estimate.

use super::{
    table::{Field, Table},
    words::*,
};
use crate::{DistrictId, LonLat, RegisterKind, Text, Timestamp, TownshipId, ids::*, model::*};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowId {
    Case(CaseId),
    Order(OrderId),
    Sensor(SensorId),
    Team(TeamId),
    Shelter(ShelterId),
    Depot(DepotId),
    Hospital(HospitalId),
    Camera(CameraId),
    Helipad(HelipadId),
    Dock(DockId),
    Drone(DroneId),
    Evacuation(EvacueeClass, crate::EvacuationPlace),
    Alarm(AlarmId),
    Detection(DetectionId),
    Platform(PlatformId),
    /// A register's things in one state, as [`crate::ThingState`] numbers them.
    Register(Text, u8),
}

impl RowId {
    pub fn table(&self) -> Table {
        match self {
            Self::Case(_) => Table::Cases,
            Self::Order(_) => Table::Orders,
            Self::Sensor(_) => Table::Sensors,
            Self::Team(_) => Table::Teams,
            Self::Shelter(_)
            | Self::Depot(_)
            | Self::Hospital(_)
            | Self::Camera(_)
            | Self::Helipad(_)
            | Self::Dock(_)
            | Self::Drone(_) => Table::Resources,
            Self::Evacuation(..) => Table::Evacuations,
            Self::Alarm(_) => Table::Alarms,
            Self::Detection(_) => Table::Detections,
            Self::Platform(_) => Table::Platforms,
            Self::Register(..) => Table::Registers,
        }
    }
}

/// What stands in one field of one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Word(&'static str),
    Text(Text),
    Number(f64),
    Bool(bool),
    Time(Timestamp),
}

impl Cell {
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Word(it) => Some(it),
            Self::Text(it) => Some(it),
            _ => None,
        }
    }
    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(it) => Some(*it),
            _ => None,
        }
    }
    pub(crate) fn as_time(&self) -> Option<Timestamp> {
        match self {
            Self::Time(it) => Some(*it),
            _ => None,
        }
    }
}

/// A field that is not there was not said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) table: Table,
    /// A bit for each field that was said; their cells are in the order of the bits. A city has millions of rows, and each is
    /// asked for dozens of fields.
    said: u64,
    cells: Vec<Cell>,
    /// Where it is, by which its township was found.
    at: Option<LonLat>,
    /// As of when, where rows are heard one by one; else 0.
    pub(crate) as_of: Timestamp,
    /// Something in it is reckoned, not said.
    pub(crate) is_estimate: bool,
}

impl Row {
    pub(crate) fn get(&self, field: Field) -> Option<&Cell> {
        let (bit, place) = self.place_of(field);
        if self.said & bit == 0 { None } else { self.cells.get(place) }
    }

    /// Its bit, and where its cell is or would be.
    fn place_of(&self, field: Field) -> (u64, usize) {
        const { assert!(Field::VARIANTS.len() <= 64, "a field has a bit") };
        let bit = 1 << field as u32;
        (bit, (self.said & (bit - 1)).count_ones() as usize)
    }

    fn put(&mut self, field: Field, cell: Cell) {
        let (bit, place) = self.place_of(field);
        if self.said & bit == 0 {
            self.said |= bit;
            self.cells.insert(place, cell);
        }
    }

    /// The day it came to be, of those that say when.
    pub(crate) fn day_of_birth(&self) -> Option<Timestamp> {
        let born = self.table.birth().and_then(|it| self.get(it)).and_then(Cell::as_time);
        born.map(Timestamp::start_of_day)
    }

    pub(super) fn new(table: Table) -> Self {
        Self {
            table,
            said: 0,
            cells: Vec::with_capacity(table.fields().len()),
            at: None,
            as_of: Timestamp(0),
            is_estimate: false,
        }
    }

    fn word(&mut self, field: Field, word: &'static str) {
        self.put(field, Cell::Word(word));
    }
    fn text(&mut self, field: Field, text: &Text) {
        self.put(field, Cell::Text(text.clone()));
    }
    /// What is no number was not said.
    fn number(&mut self, field: Field, number: impl Into<f64>) {
        let number = number.into();
        if number.is_finite() {
            self.put(field, Cell::Number(number));
        }
    }
    fn flag(&mut self, field: Field, flag: bool) {
        self.put(field, Cell::Bool(flag));
    }
    fn time(&mut self, field: Field, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.put(field, Cell::Time(at));
        }
    }
}

/// Makes rows of the city as it is now. Where a place lies is asked once: the row before knows it.
pub(crate) struct RowMaker<'a> {
    pub(crate) city: &'a crate::City,
    pub(crate) readings: &'a crate::Readings,
    pub(crate) areas: &'a [super::definition::Area],
    pub(crate) places: &'a Places,
}

impl RowMaker<'_> {
    /// `None` if the city has no such thing (any more).
    pub(crate) fn row(&self, id: &RowId, before: Option<&Row>) -> Option<Row> {
        let mut row = match id {
            RowId::Case(id) => self.case(self.city.cases.get(id)?, before),
            RowId::Order(id) => self.order(self.city.orders.get(id)?),
            RowId::Sensor(id) => {
                let (handle, _, sensor) = self.city.sensors.get_full(id)?;
                self.sensor(handle, sensor, before)
            }
            RowId::Team(id) => {
                let team = self.city.teams.get(id).filter(|_| self.is_in_force(RegisterKind::Teams, id.as_str()))?;
                self.team(team, before)
            }
            RowId::Shelter(id) => {
                let it =
                    self.city.shelters.get(id).filter(|_| self.is_in_force(RegisterKind::Shelters, id.as_str()))?;
                let mut row = self.resource("shelter", &it.district, it.at, before);
                row.number(Field::Amount, it.capacity);
                if let Some(count) = self.city.evacuees.shelters.get(id) {
                    row.number(Field::Occupied, count.headcount());
                }
                row
            }
            RowId::Depot(id) => {
                let it = self.city.depots.get(id).filter(|_| self.is_in_force(RegisterKind::Depots, id.as_str()))?;
                self.resource("depot", &it.district, it.at, before)
            }
            RowId::Hospital(id) => {
                let it = self.city.hospitals.get(id)?;
                let mut row = self.resource("hospital", &it.district, it.at, before);
                row.number(Field::Amount, it.n_beds);
                row
            }
            RowId::Camera(id) => {
                let it = self.city.cameras.get(id).filter(|_| self.is_in_force(RegisterKind::Cameras, id.as_str()))?;
                self.resource("camera", &it.district, it.at, before)
            }
            RowId::Helipad(id) => {
                let it = self.city.helipads.get(id)?;
                self.resource("helipad", &it.district, it.at, before)
            }
            RowId::Dock(id) => {
                let it = self.city.docks.get(id)?;
                self.resource("dock", &it.district, it.at, before)
            }
            RowId::Drone(id) => {
                let dock = self.city.docks.get(&self.city.drones.get(id)?.dock)?;
                self.resource("drone", &dock.district, dock.at, before)
            }
            RowId::Evacuation(class, place) => {
                let it = self.city.evacuees.rows.get(&(*class, place.clone()))?;
                evacuation(*class, place, it)
            }
            RowId::Alarm(id) => self.alarm(self.city.alarms.get(id)?),
            RowId::Detection(id) => self.detection(id, before)?,
            RowId::Platform(id) => platform(self.city.connectors.get(id)?),
            // Registers are outside the city: the engine keeps what it was told.
            RowId::Register(..) => return before.cloned(),
        };
        row.cells.shrink_to_fit();
        Some(row)
    }

    fn is_in_force(&self, kind: RegisterKind, id: &str) -> bool {
        !self.city.is_withdrawn(kind, id)
    }

    fn place(&self, row: &mut Row, district: &DistrictId, at: LonLat, before: Option<&Row>) {
        row.text(Field::District, &district.0);
        row.at = Some(at);
        let known = before.filter(|it| it.at == Some(at) && it.get(Field::District) == row.get(Field::District));
        match known {
            Some(known) => {
                if let Some(Cell::Text(township)) = known.get(Field::Township) {
                    row.text(Field::Township, township);
                }
            }
            None => {
                if let Some(township) = self.places.township(district, at) {
                    row.text(Field::Township, &township.0);
                }
            }
        }
    }

    fn case(&self, case: &Case, before: Option<&Row>) -> Row {
        let (report, history) = (&case.report, &case.history);
        let mut row = Row::new(Table::Cases);
        self.place(&mut row, &report.district, report.at, before);
        row.text(Field::Agency, &report.agency.0);
        row.text(Field::Platform, &report.platform.0);
        row.word(Field::Kind, case_kind_word(report.kind));
        row.text(Field::Title, &report.title);
        if let Some(area) = self.areas.iter().find(|it| it.words.iter().any(|word| report.title.contains(&**word))) {
            row.text(Field::Area, &area.id);
        }
        if let Some(limit) = self.city.case_rules.limit_of(report) {
            row.text(Field::Class, &limit.class);
        }
        row.word(Field::Stage, stage_word(case.stage));
        row.word(Field::Color, color_word(report.color));
        row.number(Field::NTransfers, history.transfers.len() as u32);
        row.number(Field::NReturns, history.n_returned);
        row.number(Field::NPostponed, history.n_postponed);
        row.number(Field::NSupervised, case.n_supervised);
        row.number(Field::NPressed, case.n_pressed);
        row.flag(Field::IsBouncing, case.is_bouncing(&self.city.case_rules));
        let closed_at = (case.stage >= CaseStage::Closed && !case.is_cancelled()).then_some(case.stage_at);
        let cancelled_at = history.cancelled.as_ref().map(|it| it.0);
        row.is_estimate = closed_at.is_some() && case.stage > CaseStage::Closed;
        if let Some(closed_at) = closed_at {
            row.number(Field::ClosingMins, closed_at.since_ms(report.reported_at) as f64 / 60_000.0);
            row.flag(Field::ClosedInTime, closed_at <= report.due_at);
        }
        row.time(Field::ReportedAt, Some(report.reported_at));
        row.time(Field::DueAt, Some(report.due_at));
        row.time(Field::ClosedAt, closed_at);
        row.time(Field::CancelledAt, cancelled_at);
        row.time(Field::EndedAt, cancelled_at.or(closed_at));
        row.time(Field::StageAt, Some(case.stage_at));
        row.time(Field::StageDueAt, self.city.case_clock(case).map(|it| it.stage_due));
        row
    }

    fn order(&self, order: &Order) -> Row {
        let text = &order.text;
        let mut row = Row::new(Table::Orders);
        let of_agency = self.city.agencies.get(&text.agency).and_then(|it| it.district.as_ref());
        // An order to a city bureau belongs to a district only where it is limited to one.
        let only = if let [one] = text.districts.as_slice() { Some(one) } else { None };
        if let Some(district) = of_agency.or(only) {
            row.text(Field::District, &district.0);
        }
        row.text(Field::Agency, &text.agency.0);
        row.text(Field::Platform, &text.platform.0);
        row.word(Field::Rung, rung_word(order.rung));
        row.number(Field::NEscalations, order.n_escalations);
        let is_done = order.rung == Rung::Done;
        row.flag(Field::IsAcknowledged, (Rung::Acknowledged..=Rung::Done).contains(&order.rung));
        row.flag(Field::IsDone, is_done);
        let done_at = is_done.then_some(order.rung_at);
        if let Some(done_at) = done_at {
            row.flag(Field::ClosedInTime, done_at <= text.due_at);
            row.number(Field::ClosingMins, done_at.since_ms(order.drafted_at) as f64 / 60_000.0);
        }
        row.time(Field::DraftedAt, Some(order.drafted_at));
        row.time(Field::DueAt, Some(text.due_at));
        row.time(Field::ClosedAt, done_at);
        row.time(Field::EndedAt, order.rung.is_end().then_some(order.rung_at));
        row.time(Field::DeadlineAt, (!order.rung.is_end()).then(|| order.deadline()));
        row
    }

    fn sensor(&self, handle: usize, sensor: &Sensor, before: Option<&Row>) -> Row {
        let mut row = Row::new(Table::Sensors);
        self.place(&mut row, &sensor.district, sensor.at, before);
        row.word(Field::Kind, sensor.kind.id());
        let Some((value, at)) = self.readings.gauges.get(handle).filter(|it| it.0.is_finite()) else { return row };
        let reached = sensor.thresholds.iter().rev().find(|it| value >= it.on);
        row.number(Field::Value, value);
        row.flag(Field::IsOver, reached.is_some());
        if let Some(threshold) = reached {
            row.word(Field::Color, color_word(threshold.color));
        }
        row.time(Field::ReadAt, Some(at));
        row.as_of = at;
        row
    }

    fn team(&self, team: &Team, before: Option<&Row>) -> Row {
        let mut row = Row::new(Table::Teams);
        self.place(&mut row, &team.district, team.home, before);
        row.word(Field::Kind, unit_word(team.kind));
        row.word(Field::Tier, tier_word(team.tier));
        row.word(Field::Capability, capability_word(team.capability));
        row.number(Field::People, team.n_people);
        row.flag(Field::IsAssigned, self.city.assignments.contains_key(&team.id));
        let outing = self.city.outings.get(&team.id);
        row.number(Field::NMissed, outing.map_or(0, |it| it.n_missed));
        row.number(Field::NOutings, self.city.n_outings.get(&team.id).copied().unwrap_or(0));
        row.time(Field::CheckInBy, outing.map(|it| it.check_in_by));
        row
    }

    fn resource(&self, kind: &'static str, district: &DistrictId, at: LonLat, before: Option<&Row>) -> Row {
        let mut row = Row::new(Table::Resources);
        self.place(&mut row, district, at, before);
        row.word(Field::Kind, kind);
        row
    }

    /// Judged ones are forgotten by the city sooner or later, so only those that wait are rows.
    fn detection(&self, id: &DetectionId, before: Option<&Row>) -> Option<Row> {
        let detections = &self.city.detections;
        let it = detections.known.get(id).filter(|_| detections.waiting.contains(id))?;
        let mut row = Row::new(Table::Detections);
        self.place(&mut row, &it.district, it.at, before);
        row.text(Field::Kind, &it.kind);
        row.text(Field::Platform, &it.platform.0);
        row.word(Field::Color, color_word(it.color));
        row.number(Field::Amount, it.n);
        row.time(Field::RaisedAt, Some(it.since));
        Some(row)
    }

    fn alarm(&self, alarm: &Alarm) -> Row {
        let mut row = Row::new(Table::Alarms);
        if let Some(sensor) = self.city.sensors.get(&alarm.sensor) {
            row.text(Field::District, &sensor.district.0);
            row.word(Field::Kind, sensor.kind.id());
        }
        row.word(Field::Color, color_word(alarm.color));
        row.flag(Field::IsAcknowledged, alarm.acknowledged.is_some());
        row.number(Field::Value, alarm.value);
        row.time(Field::RaisedAt, Some(alarm.raised_at));
        row.time(Field::EndedAt, alarm.cleared_at);
        row
    }
}

fn evacuation(class: EvacueeClass, place: &crate::EvacuationPlace, it: &crate::EvacuationRow) -> Row {
    let mut row = Row::new(Table::Evacuations);
    row.text(Field::District, &place.district.0);
    if let Some(township) = &place.township {
        row.text(Field::Township, &township.0);
    }
    row.word(Field::Class, evacuee_word(class));
    row.number(Field::Expected, it.tally.expected);
    row.number(Field::Moved, it.tally.moved);
    row.number(Field::Refused, it.tally.refused);
    row.number(Field::Returned, it.tally.returned);
    row.time(Field::CountedAt, (it.as_of.0 != 0).then_some(it.as_of));
    row
}

fn platform(it: &ConnectorHealth) -> Row {
    let mut row = Row::new(Table::Platforms);
    row.text(Field::Platform, &it.platform.0);
    row.word(Field::State, health_word(it.state));
    row.flag(Field::IsSimulated, it.simulated);
    row
}

/// So many things of a register are in one state.
pub(super) fn register(id: &Text, state: u8, n: usize, as_of: Timestamp) -> Row {
    let mut row = Row::new(Table::Registers);
    row.text(Field::Register, id);
    row.word(Field::State, thing_word(crate::ThingState::from_number(state)));
    row.number(Field::Amount, n as f64);
    row.time(Field::CountedAt, Some(as_of));
    row.as_of = as_of;
    row
}

/// Which township a place lies in: that of its cell, else the one in its district whose centre is nearest.
pub(crate) struct Places {
    cells: Vec<(TownshipId, Vec<LonLat>, [f64; 4])>,
    centers: Vec<(DistrictId, TownshipId, LonLat)>,
}

impl Places {
    pub(crate) fn new(city: &crate::City) -> Self {
        let cells = city.grid.cells.iter().map(|it| (it.township.clone(), it.ring.clone(), bounds(&it.ring)));
        let centers = city.townships.values().map(|it| (it.district.clone(), it.id.clone(), it.center));
        Self { cells: cells.collect(), centers: centers.collect() }
    }

    fn township(&self, district: &DistrictId, at: LonLat) -> Option<&TownshipId> {
        let is_inside =
            |[west, south, east, north]: [f64; 4]| (west..=east).contains(&at.0) && (south..=north).contains(&at.1);
        let cell = self.cells.iter().find(|(_, ring, bounds)| is_inside(*bounds) && crate::is_in_ring(at, ring));
        if let Some((township, ..)) = cell {
            return Some(township);
        }
        let near = self.centers.iter().filter(|it| it.0 == *district);
        near.min_by(|a, b| at.distance_m(a.2).total_cmp(&at.distance_m(b.2))).map(|it| &it.1)
    }
}

fn bounds(ring: &[LonLat]) -> [f64; 4] {
    let whole = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    ring.iter().fold(whole, |[west, south, east, north], it| {
        [west.min(it.0), south.min(it.1), east.max(it.0), north.max(it.1)]
    })
}
