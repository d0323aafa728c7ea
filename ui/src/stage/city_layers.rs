//! The city's registries, movers, cases and alarms, and the large registers, as layers of things.
//!
//! Freshness is not decided here: a mark carries when it was heard, its style carries the budget of [`gulang_city::Budget`],
//! and the GPU greys what is past it.

use super::{
    atlas,
    detail::Detail,
    fixed,
    gpu::map::{AGELESS, LayerId, Mark, flag},
    style::{Style, level_flags},
    things::{Crowd, StageClock, ThingLayer, follow, heading_steps, still},
};
use crate::panels::Selection;
use gulang_city::*;
use std::collections::BTreeMap;

/// A layer and what the layer panel calls it.
pub struct CityLayer {
    pub key: LayerKey,
    pub name: Text,
    /// The chip 1–8 it answers to.
    pub chip: Option<u8>,
    pub things: ThingLayer,
    /// Handle to what it is, where a handle is not a registry's index.
    kinds: Vec<Selection>,
    sorted_at: Timestamp,
    /// The platform of this register has been silent past its budget.
    pub is_stale: bool,
}

/// Which layer it is; large registers by their id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKey {
    Inventory(Text),
    Cameras,
    Sensors,
    FloodPoints,
    Shelters,
    Facilities,
    Teams,
    Drones,
    Cases,
    Alarms,
}

impl LayerKey {
    /// Stable, for settings.
    pub fn id(&self) -> &str {
        match self {
            Self::Inventory(id) => id,
            Self::Cameras => "cameras",
            Self::Sensors => "sensors",
            Self::FloodPoints => "flood_points",
            Self::Shelters => "shelters",
            Self::Facilities => "facilities",
            Self::Teams => "teams",
            Self::Drones => "drones",
            Self::Cases => "cases",
            Self::Alarms => "alarms",
        }
    }
}

/// Everything that is a layer, in drawing order.
#[derive(Default)]
pub struct CityLayers {
    layers: Vec<CityLayer>,
    next_id: LayerId,
}

/// What following the city reads.
pub struct Now<'a> {
    pub city: &'a City,
    pub readings: &'a Readings,
    pub frame: LocalFrame,
    pub clock: StageClock,
}

/// More open alarms than this are a flood.
const FLOOD: usize = 30;
/// Movers are sorted anew after so long.
const RESORT_MS: i64 = 5000;

impl CityLayers {
    /// The layers of a city just come; its registers follow.
    pub fn found(now: &Now) -> Self {
        use LayerKey::*;
        let mut all = Self::default();
        let registries: [(LayerKey, &str, Option<u8>, Crowd, Detail); 9] = [
            (Cameras, "摄像头", Some(6), Crowd::Density, Detail::District),
            (Sensors, "感知设备", Some(5), Crowd::Density, Detail::District),
            (FloodPoints, "内涝点", Some(5), Crowd::Groups, Detail::City),
            (Shelters, "避灾点", Some(4), Crowd::Groups, Detail::City),
            (Facilities, "设施", Some(4), Crowd::Groups, Detail::District),
            (Teams, "队伍", Some(2), Crowd::Alone, Detail::City),
            (Drones, "无人机", Some(3), Crowd::Alone, Detail::City),
            (Cases, "案件", Some(1), Crowd::Groups, Detail::City),
            (Alarms, "告警", Some(1), Crowd::Groups, Detail::City),
        ];
        for (key, name, chip, crowd, from) in registries {
            let moves = matches!(key, Teams | Drones);
            let layer = all.layer(key, name.into(), chip, (crowd, from, moves));
            all.layers.push(layer);
        }
        all.still(now);
        all.follow(now, true);
        all
    }

    fn layer(
        &mut self,
        key: LayerKey,
        name: Text,
        chip: Option<u8>,
        (crowd, from, moves): (Crowd, Detail, bool),
    ) -> CityLayer {
        self.next_id += 1;
        let things = ThingLayer::new(self.next_id, crowd, from, moves);
        CityLayer { key, name, chip, things, kinds: Vec::new(), sorted_at: Timestamp(0), is_stale: false }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &CityLayer> {
        self.layers.iter()
    }

    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut CityLayer> {
        self.layers.iter_mut()
    }

    fn get(&mut self, key: &LayerKey) -> Option<&mut CityLayer> {
        self.layers.iter_mut().find(|it| it.key == *key)
    }

    /// A register that came, or came anew; drawn under everything else.
    pub fn put_inventory(&mut self, now: &Now, inventory: &Inventory) {
        let key = LayerKey::Inventory(inventory.id.clone());
        if self.get(&key).is_none() {
            let how = (Crowd::Density, Detail::City, inventory.moving);
            let layer = self.layer(key.clone(), inventory.name.clone(), None, how);
            let n_inventories = self.layers.iter().filter(|it| matches!(it.key, LayerKey::Inventory(_))).count();
            self.layers.insert(n_inventories, layer);
        }
        if let Some(layer) = self.get(&key) {
            let marks: Vec<_> =
                (0..inventory.len()).map(|handle| inventory_mark(now, inventory, handle, None)).collect();
            layer.things.replace(&marks);
            layer.sorted_at = now.clock.now;
        }
    }

    /// What changed in a register.
    pub fn follow_inventory(&mut self, now: &Now, inventory: &Inventory, handles: &[u32]) {
        let Some(layer) = self.get(&LayerKey::Inventory(inventory.id.clone())) else { return };
        for &handle in handles {
            let handle = handle as usize;
            let before = layer.things.mark(handle).copied();
            if let Some(mark) = inventory_mark(now, inventory, handle, before.as_ref()) {
                layer.things.update(handle, mark);
            }
        }
        if inventory.moving && now.clock.now.since_ms(layer.sorted_at).abs() > RESORT_MS {
            layer.sorted_at = now.clock.now;
            layer.things.resort();
        }
    }

    /// Registers do not age thing by thing while their platform speaks; when it falls silent, or speaks again, all of one does.
    pub fn age_inventories(&mut self, now: &Now, inventories: &BTreeMap<Text, Inventory>) {
        for inventory in inventories.values() {
            let is_silent = is_silent(inventory, now);
            let layer = self.get(&LayerKey::Inventory(inventory.id.clone()));
            if layer.is_some_and(|it| it.is_stale != is_silent) {
                self.put_inventory(now, inventory);
            }
        }
    }

    /// The registries whose things stay where they are and are not heard from.
    fn still(&mut self, now: &Now) {
        let City { cameras, shelters, helipads, hospitals, depots, docks, .. } = now.city;
        let at = |place: LonLat, style, glyph: &str| {
            let mark = still(now.frame.local_from_geo(place), style, AGELESS);
            place.is_sane().then_some(Mark { glyph: atlas::cell(glyph) as u8, ..mark })
        };
        // What its register withdrew keeps its handle and is not drawn.
        let is_in_force = |kind, id: &str| !now.city.is_withdrawn(kind, id);
        let camera = |it: &Camera| {
            is_in_force(RegisterKind::Cameras, it.id.as_str()).then(|| at(it.at, Style::Camera, "")).flatten()
        };
        let shelter = |it: &Shelter| {
            is_in_force(RegisterKind::Shelters, it.id.as_str()).then(|| at(it.at, Style::Shelter, "避")).flatten()
        };
        let depot = |it: &Depot| {
            is_in_force(RegisterKind::Depots, it.id.as_str()).then(|| at(it.at, Style::Facility, "仓")).flatten()
        };
        let cameras: Vec<_> = cameras.values().map(camera).collect();
        let shelters: Vec<_> = shelters.values().map(shelter).collect();
        let facilities: Vec<(Selection, Option<Mark>)> = (helipads.values())
            .map(|it| (Selection::Helipad(it.id.clone()), at(it.at, Style::Facility, "场")))
            .chain(hospitals.values().map(|it| (Selection::Hospital(it.id.clone()), at(it.at, Style::Facility, "院"))))
            .chain(depots.values().map(|it| (Selection::Depot(it.id.clone()), depot(it))))
            .chain(docks.values().map(|it| (Selection::Dock(it.id.clone()), at(it.at, Style::Facility, "巢"))))
            .collect();
        for (key, marks) in [(LayerKey::Cameras, cameras), (LayerKey::Shelters, shelters)] {
            if let Some(layer) = self.get(&key) {
                layer.things.replace(&marks);
            }
        }
        if let Some(layer) = self.get(&LayerKey::Facilities) {
            let (kinds, marks): (Vec<_>, Vec<_>) = facilities.into_iter().unzip();
            layer.kinds = kinds;
            layer.things.replace(&marks);
        }
    }

    /// What follows records and readings; `records` says whether records came since the last time.
    pub fn follow(&mut self, now: &Now, records: bool) {
        self.gauges(now);
        self.movers(now);
        if records {
            self.cases(now);
            self.alarms(now);
        }
    }

    fn gauges(&mut self, now: &Now) {
        let heard = |i: usize| now.clock.fix_ds(now.readings.gauges.get(i).map(|it| it.1));
        let sensor = |(i, sensor): (usize, &Sensor)| {
            let style = match sensor.kind {
                SensorKind::Rain | SensorKind::Wind => Style::WeatherGauge,
                SensorKind::Tide => Style::TideGauge,
                _ => Style::Sensor,
            };
            let is_drawn = sensor.at.is_sane() && sensor.kind != SensorKind::FloodDepth;
            is_drawn.then(|| still(now.frame.local_from_geo(sensor.at), style, heard(i)))
        };
        let sensors: Vec<_> = now.city.sensors.values().enumerate().map(sensor).collect();
        let flood = |point: &FloodPoint| {
            let fix = now.city.sensors.get_index_of(&point.sensor).map_or(0, heard);
            point.at.is_sane().then(|| still(now.frame.local_from_geo(point.at), Style::FloodPoint, fix))
        };
        let floods: Vec<_> = now.city.flood_points.values().map(flood).collect();
        for (key, marks) in [(LayerKey::Sensors, sensors), (LayerKey::FloodPoints, floods)] {
            if let Some(layer) = self.get(&key) {
                put(layer, &marks);
            }
        }
    }

    fn movers(&mut self, now: &Now) {
        let City { teams, drones, assignments, .. } = now.city;
        if let Some(layer) = self.get(&LayerKey::Teams) {
            let marks: Vec<_> = (teams.values().enumerate())
                .map(|(i, team)| {
                    if now.city.is_withdrawn(RegisterKind::Teams, team.id.as_str()) {
                        return None;
                    }
                    let style = if assignments.contains_key(&team.id) { Style::TeamSent } else { Style::Team };
                    let glyph = atlas::cell(team.glyph()) as u8;
                    let look = |mark| Mark { style: style as u8, glyph, ..mark };
                    match now.readings.teams.get(i) {
                        // A team that never reported stands at its station, which is known.
                        None => team
                            .home
                            .is_sane()
                            .then(|| look(still(now.frame.local_from_geo(team.home), style, AGELESS))),
                        Some(fix) => mover(now, layer.things.mark(i), &fix).map(look),
                    }
                })
                .collect();
            put_mover(layer, &marks, now);
        }
        if let Some(layer) = self.get(&LayerKey::Drones) {
            let marks: Vec<_> = (0..drones.len())
                .map(|i| {
                    let fix = now.readings.drones.get(i)?;
                    let glyph = atlas::cell(&((i + 1) % 10).to_string()) as u8;
                    mover(now, layer.things.mark(i), &fix).map(|mark| Mark {
                        style: Style::Drone as u8,
                        glyph,
                        heading: heading_steps(fix.heading),
                        ..mark
                    })
                })
                .collect();
            put_mover(layer, &marks, now);
        }
    }

    /// Every open case; the lower levels go into groups where there is no room.
    fn cases(&mut self, now: &Now) {
        let open: Vec<&Case> = now.city.open_cases_by_urgency(now.clock.now);
        let marks: Vec<_> = (open.iter())
            .map(|case| {
                let color = case.report.color;
                let is_new = case.stage <= CaseStage::Filed && color >= WarningColor::Orange;
                let mark = still(now.frame.local_from_geo(case.report.at), Style::case(color), AGELESS);
                let glyph = atlas::cell(color.glyph()) as u8;
                (case.report.at.is_sane()).then_some(Mark { flags: level_flags(color, is_new), glyph, ..mark })
            })
            .collect();
        if let Some(layer) = self.get(&LayerKey::Cases) {
            layer.kinds = open.iter().map(|case| Selection::Case(case.id)).collect();
            layer.things.replace(&marks);
        }
    }

    fn alarms(&mut self, now: &Now) {
        let City { open_alarms, alarms, .. } = now.city;
        let mut open: Vec<&Alarm> = (open_alarms.values().filter_map(|id| alarms.get(id)))
            .filter(|alarm| alarm.shelved_until.is_none_or(|until| until <= now.clock.now))
            .filter(|alarm| now.city.suppression_of(alarm, now.clock.now).is_none())
            .collect();
        open.sort_by_key(|alarm| (alarm.color, alarm.acknowledged.is_none(), alarm.id));
        let is_flood = open.len() > FLOOD;
        let marks: Vec<_> = (open.iter())
            .map(|alarm| {
                let at = now.city.subject_of(alarm)?.place();
                let is_new = alarm.acknowledged.is_none();
                let style = Style::alarm(alarm.color, is_flood);
                let is_loud = is_new && !matches!(style, Style::Flood0 | Style::Flood1);
                let flags = level_flags(alarm.color, is_new) | if is_loud { flag::HALO } else { 0 };
                let mark = still(now.frame.local_from_geo(at), style, AGELESS);
                at.is_sane().then_some(Mark { flags, glyph: atlas::cell(alarm.color.glyph()) as u8, ..mark })
            })
            .collect();
        if let Some(layer) = self.get(&LayerKey::Alarms) {
            layer.kinds = open.iter().map(|alarm| Selection::Alarm(alarm.id)).collect();
            layer.things.replace(&marks);
        }
    }

    /// What lies nearest to a press, within `reach_m`, among the layers that are shown: alarms first, then cases, movers,
    /// flood points, facilities; the rest only where nothing else is.
    pub fn pick(
        &self,
        city: &City,
        at: (f64, f64),
        reach_m: f64,
        clock: &StageClock,
        is_shown: impl Fn(&CityLayer) -> bool,
    ) -> Option<Selection> {
        self.layers.iter().rev().filter(|it| is_shown(it)).find_map(|layer| {
            let found = layer.things.near(at, reach_m, clock);
            found.first().and_then(|(handle, _)| layer.selection(city, *handle as usize))
        })
    }
}

impl CityLayer {
    fn selection(&self, city: &City, handle: usize) -> Option<Selection> {
        use LayerKey::*;
        match &self.key {
            Inventory(id) => Some(Selection::Thing { inventory: id.clone(), handle: handle as u32 }),
            Cameras => city.cameras.get_index(handle).map(|it| Selection::Camera(it.0.clone())),
            Sensors => city.sensors.get_index(handle).map(|it| Selection::Sensor(it.0.clone())),
            FloodPoints => city.flood_points.get_index(handle).map(|it| Selection::FloodPoint(it.0.clone())),
            Shelters => city.shelters.get_index(handle).map(|it| Selection::Shelter(it.0.clone())),
            Teams => city.teams.get_index(handle).map(|it| Selection::Team(it.0.clone())),
            Drones => city.drones.get_index(handle).map(|it| Selection::Drone(it.0.clone())),
            Facilities | Cases | Alarms => self.kinds.get(handle).cloned(),
        }
    }
}

/// Marks in registry order: what changed is written where it stands, unless something got or lost its place.
fn put(layer: &mut CityLayer, marks: &[Option<Mark>]) {
    let is_same = |it: (usize, &Option<Mark>)| layer.things.mark(it.0).map(|mark| mark.at) == it.1.map(|mark| mark.at);
    if layer.things.len() == marks.len() && marks.iter().enumerate().all(is_same) {
        for (handle, mark) in marks.iter().enumerate() {
            if let Some(mark) = mark {
                layer.things.update(handle, *mark);
            }
        }
    } else {
        layer.things.replace(marks);
    }
}

fn put_mover(layer: &mut CityLayer, marks: &[Option<Mark>], now: &Now) {
    let is_same = |it: (usize, &Option<Mark>)| layer.things.mark(it.0).is_some() == it.1.is_some();
    let is_due = now.clock.now.since_ms(layer.sorted_at).abs() > RESORT_MS;
    if is_due || layer.things.len() != marks.len() || !marks.iter().enumerate().all(is_same) {
        layer.sorted_at = now.clock.now;
        layer.things.replace(marks);
        return;
    }
    for (handle, mark) in marks.iter().enumerate() {
        if let Some(mark) = mark {
            layer.things.update(handle, *mark);
        }
    }
}

/// The mark of a mover by its latest fix; the one it has while the fix is the same.
fn mover(now: &Now, before: Option<&Mark>, fix: &Fix) -> Option<Mark> {
    let place = LonLat(fix.lon, fix.lat);
    if !place.is_sane() {
        return before.copied();
    }
    let at = fixed::fixed(now.frame.local_from_geo(place));
    if let Some(before) = before.filter(|it| it.fix_ds == now.clock.ds(fix.at) && it.at == at) {
        return Some(*before);
    }
    let is_moving = fix.speed > 0.5 && fix.heading.is_finite();
    let (sin, cos) = f64::from(fix.heading).to_radians().sin_cos();
    let speed = f64::from(fix.speed).min(300.0);
    let pace = if is_moving { (speed * sin, speed * cos) } else { (0.0, 0.0) };
    let mark = follow(before, at, fix.at, pace, &now.clock);
    Some(if is_moving { Mark { heading: heading_steps(fix.heading), ..mark } } else { mark })
}

/// The character in a vehicle's symbol.
fn vehicle_glyph(register: &str) -> &'static str {
    match register {
        "muck_truck" => "渣",
        "emergency_vehicle" => "急",
        _ => "车",
    }
}

fn is_silent(inventory: &Inventory, now: &Now) -> bool {
    freshness(inventory.budget, inventory.as_of, now.clock.now) != Freshness::Fresh
}

fn inventory_mark(now: &Now, inventory: &Inventory, handle: usize, before: Option<&Mark>) -> Option<Mark> {
    let place = inventory.place(handle)?;
    let at = fixed::fixed(now.frame.local_from_geo(place));
    let heard = inventory.seen_at(handle);
    let state = inventory.state_of(handle);
    // What has a name of its own is a vehicle, and looked at one by one.
    let is_vehicle = inventory.moving && !inventory.names.is_empty();
    let style = if is_vehicle { Style::vehicle(state) } else { Style::thing(state, inventory.moving) } as u8;
    let glyph = if is_vehicle { atlas::cell(vehicle_glyph(&inventory.id)) as u8 } else { 0 };
    let heading = inventory.heading_of(handle).map_or(super::gpu::map::NO_HEADING, heading_steps);
    let mark = match before {
        Some(before) if inventory.moving && before.fix_ds != now.clock.ds(heard) => {
            // The register gives no speed: as it went between its last two fixes.
            let secs = f64::from(now.clock.ds(heard).saturating_sub(before.fix_ds)) / 10.0;
            let (a, b) = (fixed::local(before.at), fixed::local(at));
            let pace = |from: f64, to: f64| if (0.5..60.0).contains(&secs) { (to - from) / secs } else { 0.0 };
            let (east, north) = (pace(a.0, b.0), pace(a.1, b.1));
            let is_sane = east.hypot(north) < 40.0;
            follow(Some(before), at, heard, if is_sane { (east, north) } else { (0.0, 0.0) }, &now.clock)
        }
        _ => Mark { at, ..still((0.0, 0.0), Style::Thing, now.clock.fix_ds(Some(heard))) },
    };
    // A mover ages by its own fixes. Of what stands still, one that went silent before its register did is stale.
    let was_silent = freshness(inventory.budget, heard, inventory.as_of) != Freshness::Fresh;
    let (fix_ds, flags) = match inventory.moving {
        true => (mark.fix_ds, 0),
        false => (AGELESS, if was_silent || is_silent(inventory, now) { flag::STALE } else { 0 }),
    };
    Some(Mark { style, heading, fix_ds, flags, glyph, ..mark })
}
