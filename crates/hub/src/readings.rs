//! The readings lane: decoded news into columns, latest wins; what changed goes out as one [`Columns`] about five times a
//! second, so a flood of readings costs screens no more than a trickle. What was overwritten before any screen saw it, came
//! late, from nowhere or from the future is dropped and counted.

use crate::{connectors::News, parquet::Row};
use gulang_city::{
    City, Command, Fix, Fixes, Geoid, Judge, LonLat, PlatformId, Readings, Telemetry, Text, Timestamp, ask::GaugePast,
};
use gulang_wire::Columns;
use std::{
    collections::{BTreeMap, HashMap},
    sync::mpsc::SyncSender,
};

/// One realm's present readings, with who must still be told.
#[derive(Debug)]
pub struct Lane {
    pub readings: Readings,
    /// What gauges read in the last two hours.
    pub past: GaugePast,
    judge: Judge,
    sensors: HashMap<Text, u32>,
    teams: HashMap<Text, u32>,
    drones: HashMap<Text, u32>,
    dirty_gauges: Dirty,
    dirty_teams: Dirty,
    dirty_drones: Dirty,
    dirty_telemetry: Dirty,
    /// Which drones hang on which gateway.
    gateways: BTreeMap<Text, Vec<u32>>,
    geoid: Geoid,
    heard: Vec<PlatformId>,
    recorder: Option<SyncSender<Vec<Row>>>,
    rows: Vec<Row>,
    /// Readings taken since the start.
    pub n_taken: u64,
    /// Refused as absurd since the last look: an example of each, for one record.
    pub n_absurd: u64,
}

/// A set of handles with an order, cleared in the time it takes to list it.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    is_in: Vec<bool>,
    list: Vec<u32>,
}

impl Dirty {
    pub(crate) fn sized(n: usize) -> Self {
        Self { is_in: vec![false; n], list: Vec::new() }
    }

    /// Room for `n` handles, if there is not.
    pub(crate) fn grow(&mut self, n: usize) {
        if n > self.is_in.len() {
            self.is_in.resize(n, false);
        }
    }

    /// `false` if it was in already.
    pub(crate) fn insert(&mut self, handle: u32) -> bool {
        let Some(is_in) = self.is_in.get_mut(handle as usize) else { return false };
        if std::mem::replace(is_in, true) {
            return false;
        }
        self.list.push(handle);
        true
    }

    pub(crate) fn take(&mut self) -> Vec<u32> {
        self.take_some(usize::MAX)
    }

    /// The first in, at most so many; the others stay.
    pub(crate) fn take_some(&mut self, at_most: usize) -> Vec<u32> {
        let rest = self.list.split_off(at_most.min(self.list.len()));
        let taken = std::mem::replace(&mut self.list, rest);
        for &handle in &taken {
            self.is_in[handle as usize] = false;
        }
        taken
    }
}

impl Lane {
    pub fn for_city(city: &City, recorder: Option<SyncSender<Vec<Row>>>) -> Self {
        let numbered = |ids: Vec<Text>| ids.into_iter().enumerate().map(|(i, id)| (id, i as u32)).collect();
        Self {
            readings: Readings::for_city(city),
            past: GaugePast::default(),
            judge: Judge::for_city(city),
            sensors: numbered(city.sensors.keys().map(|it| it.0.clone()).collect()),
            teams: numbered(city.teams.keys().map(|it| it.0.clone()).collect()),
            drones: numbered(city.drones.keys().map(|it| it.0.clone()).collect()),
            dirty_gauges: Dirty::sized(city.sensors.len()),
            dirty_teams: Dirty::sized(city.teams.len()),
            dirty_drones: Dirty::sized(city.drones.len()),
            dirty_telemetry: Dirty::sized(city.drones.len()),
            gateways: docks_of(city),
            geoid: city.flight_rules.geoid.clone(),
            heard: Vec::new(),
            recorder,
            rows: Vec::new(),
            n_taken: 0,
            n_absurd: 0,
        }
    }

    /// Room for what a register brought in; handles known before stay.
    pub fn grow_to(&mut self, city: &City) {
        self.readings.grow_to(city);
        for (i, id) in city.teams.keys().enumerate().skip(self.teams.len()) {
            self.teams.insert(id.0.clone(), i as u32);
        }
        self.dirty_teams.grow(city.teams.len());
    }

    /// Takes one piece of news; what it means for the record lane comes back as commands. A reading stamped after
    /// `latest` is refused: latest wins, so one from the future would freeze its column.
    pub fn take(&mut self, news: News, latest: Timestamp, commands: &mut Vec<Command>) {
        match news {
            News::Gauge { sensor, value, at } => self.gauge(&sensor, value, at, latest, commands),
            News::Team { team, fix } => self.fix(true, &team, fix, latest),
            News::Drone { drone, fix } => self.fix(false, &drone, fix, latest),
            // Registers of many things are kept beside the lane; what comes here found no place in one.
            // So are rain fields.
            News::Thing { .. } | News::Measured { .. } | News::Rain(_) => self.drop_absurd(),
            News::DroneSays { drone, telemetry } => self.telemetry(&drone, *telemetry, latest),
            News::Dock { gateway, state } if state.at > latest => self.drop_late(&gateway),
            News::Dock { gateway, state } => {
                self.at_gateway(&gateway, |telemetry| telemetry.merge_dock(state.clone()));
            }
            News::DroneWarns { gateway, alarms, at } => {
                self.at_gateway(&gateway, |telemetry| telemetry.warn(alarms.clone(), at));
            }
            News::Docked { gateway, drones, at } => self.docked(gateway, &drones, at),
        }
    }

    /// What the rules say of sensors not heard for too long; called about once a second.
    pub fn unheard(&mut self, now: Timestamp) -> Vec<Command> {
        self.judge.unheard(now)
    }

    /// A platform was heard, whatever it said.
    pub fn heard(&mut self, platform: &PlatformId, at: Timestamp) {
        let known = self.readings.heard.entry(platform.clone()).or_insert(Timestamp(0));
        if at > *known {
            *known = at;
            if !self.heard.contains(platform) {
                self.heard.push(platform.clone());
            }
        }
    }

    fn gauge(&mut self, sensor: &str, value: f32, at: Timestamp, latest: Timestamp, commands: &mut Vec<Command>) {
        if !value.is_finite() || value.abs() > 1.0e6 || at.0 <= 0 || at > latest {
            return self.drop_absurd();
        }
        let Some(&handle) = self.sensors.get(sensor) else { return self.drop_absurd() };
        if !self.readings.gauges.put(handle, value, at) {
            self.readings.n_dropped += 1;
            return;
        }
        self.past.note(handle, value, at);
        self.n_taken += 1;
        if !self.dirty_gauges.insert(handle) {
            self.readings.n_dropped += 1;
        }
        self.rows.push(Row::gauge(handle, value, at));
        commands.extend(self.judge.feed(handle, value, at));
    }

    fn fix(&mut self, is_team: bool, id: &str, fix: Fix, latest: Timestamp) {
        let is_sane =
            LonLat(fix.lon, fix.lat).is_sane() && (fix.lon, fix.lat) != (0.0, 0.0) && fix.height.abs() < 20_000.0;
        if !is_sane || fix.at.0 <= 0 || fix.at > latest {
            return self.drop_absurd();
        }
        let (ids, fixes, dirty) = if is_team {
            (&self.teams, &mut self.readings.teams, &mut self.dirty_teams)
        } else {
            (&self.drones, &mut self.readings.drones, &mut self.dirty_drones)
        };
        let Some(&handle) = ids.get(id) else { return self.drop_absurd() };
        if !fixes.put(handle, fix) {
            self.readings.n_dropped += 1;
            return;
        }
        self.n_taken += 1;
        if !dirty.insert(handle) {
            self.readings.n_dropped += 1;
        }
        self.rows.push(Row::fix(if is_team { 1 } else { 2 }, handle, &fix));
    }

    /// A drone's own words; the geoid makes metres above the sea of metres above the ellipsoid.
    fn telemetry(&mut self, drone: &str, mut part: Telemetry, latest: Timestamp) {
        if part.at > latest {
            return self.drop_absurd();
        }
        let Some(&handle) = self.drones.get(drone) else { return self.drop_absurd() };
        let place = self.readings.drones.get(handle as usize).map(|it| LonLat(it.lon, it.lat));
        if let (Some(height), None, Some(place)) = (part.height_ellipsoid_m, part.height_amsl_m, place) {
            part.height_amsl_m = Some(height - self.geoid.at(place) as f32);
        }
        let Some(known) = self.readings.telemetry.get_mut(handle as usize) else { return };
        known.merge(part);
        self.dirty_telemetry.insert(handle);
    }

    fn at_gateway(&mut self, gateway: &str, change: impl Fn(&mut Telemetry)) {
        let handles = self.drones_at(gateway);
        if handles.is_empty() {
            return self.drop_absurd();
        }
        for handle in handles {
            if let Some(known) = self.readings.telemetry.get_mut(handle as usize) {
                change(known);
                self.dirty_telemetry.insert(handle);
            }
        }
    }

    /// Who hangs on a gateway now; who did and does not any more is offline.
    fn docked(&mut self, gateway: Text, drones: &[Text], at: Timestamp) {
        let now: Vec<u32> = drones.iter().filter_map(|it| self.drones.get(it).copied()).collect();
        let before = self.drones_at(&gateway);
        for &handle in before.iter().chain(&now) {
            let Some(known) = self.readings.telemetry.get_mut(handle as usize) else { continue };
            let is_online = Some(now.contains(&handle));
            if at >= known.at && known.is_online != is_online {
                known.is_online = is_online;
                self.dirty_telemetry.insert(handle);
            }
        }
        if !now.is_empty() {
            for handles in self.gateways.values_mut() {
                handles.retain(|it| !now.contains(it));
            }
            self.gateways.insert(gateway, now);
        }
    }

    /// The drones of a gateway: as it last said, else as the pack has them.
    pub fn drones_at(&self, gateway: &str) -> Vec<u32> {
        self.gateways.get(gateway).cloned().unwrap_or_default()
    }

    /// The gateway of a drone.
    pub fn gateway_of(&self, handle: usize) -> Option<Text> {
        self.gateways.iter().find(|(_, it)| it.contains(&(handle as u32))).map(|(gateway, _)| gateway.clone())
    }

    /// The telemetry that changed since the last call.
    pub fn flush_telemetry(&mut self) -> Vec<(u32, Telemetry)> {
        let handles = self.dirty_telemetry.take();
        handles.into_iter().filter_map(|it| Some((it, self.readings.telemetry.get(it as usize)?.clone()))).collect()
    }

    fn drop_late(&mut self, gateway: &str) {
        tracing::debug!(gateway, "a dock from the future");
        self.drop_absurd();
    }

    fn drop_absurd(&mut self) {
        self.n_absurd += 1;
        self.readings.n_dropped += 1;
    }

    /// Lets the recorder close its segment.
    pub fn end_recording(&mut self) {
        self.recorder = None;
    }

    /// What changed since the last call, if anything; and hands the recorder what it should write.
    pub fn flush(&mut self) -> Option<Columns> {
        if let Some(recorder) = &self.recorder
            && !self.rows.is_empty()
        {
            let rows = std::mem::take(&mut self.rows);
            let n_rows = rows.len() as u64;
            if recorder.try_send(rows).is_err() {
                self.readings.n_dropped += n_rows;
            }
        }
        self.rows.clear();
        let gauge_handles = self.dirty_gauges.take();
        let fixes = |fixes: &Fixes, handles: Vec<u32>| -> Vec<(u32, Fix)> {
            handles.into_iter().filter_map(|handle| Some((handle, fixes.get(handle as usize)?))).collect()
        };
        let teams = fixes(&self.readings.teams, self.dirty_teams.take());
        let drones = fixes(&self.readings.drones, self.dirty_drones.take());
        if gauge_handles.is_empty() && teams.is_empty() && drones.is_empty() && self.heard.is_empty() {
            return None;
        }
        let heard = std::mem::take(&mut self.heard);
        let heard = heard
            .into_iter()
            .map(|it| (it.clone(), self.readings.heard.get(&it).copied().unwrap_or_default()))
            .collect();
        Some(Columns {
            gauge_values: gauge_handles.iter().map(|&it| self.readings.gauges.value[it as usize]).collect(),
            gauge_at: gauge_handles.iter().map(|&it| self.readings.gauges.at[it as usize]).collect(),
            gauge_handles,
            teams,
            drones,
            heard,
            n_dropped: self.readings.n_dropped,
        })
    }
}

/// Until a gateway speaks: each dock of the pack with its drones.
fn docks_of(city: &City) -> BTreeMap<Text, Vec<u32>> {
    let mut docks: BTreeMap<Text, Vec<u32>> = BTreeMap::new();
    for (handle, drone) in (0..).zip(city.drones.values()) {
        docks.entry(drone.dock.0.clone()).or_default().push(handle);
    }
    docks
}
