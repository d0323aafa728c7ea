//! The city's things as symbols: shape is kind, character is what, fill is an alarm nobody has acknowledged.
//!
//! Freshness comes from [`freshness`] alone: what is past its budget is drawn at 45 % or hollow, never as live.

use super::{
    atlas,
    gpu::map::{LayerKey, NO_HEADING, Symbol, Upload, flag, shape},
};
use crate::{
    panels::{Selection, place_of},
    theme,
};
use egui::Color32;
use gulang_city::*;
use std::collections::BTreeMap;

/// How close the stage looks; decides what is worth drawing and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    Region,
    City,
    District,
    Street,
}

impl Detail {
    pub fn at(px_per_m: f64) -> Self {
        match px_per_m {
            v if v < 0.008 => Self::Region,
            v if v < 0.075 => Self::City,
            v if v < 0.25 => Self::District,
            _ => Self::Street,
        }
    }

    /// What would only be noise at this distance.
    pub fn hides(self, key: LayerKey) -> bool {
        use LayerKey::*;
        match key {
            RoadMinor | Buildings => self < Self::District,
            RoadMiddle | Rail | Green | FloodPoints | Teams | Drones | Cases | Water => self < Self::City,
            DistrictEdges | RoadMain => self == Self::Region,
            Cameras => self < Self::Street,
            Sensors | Shelters | Facilities => self < Self::District,
            _ => false,
        }
    }
}

/// Which chip (1–8) a layer answers to.
pub fn chip_of(key: LayerKey) -> Option<u8> {
    Some(match key {
        LayerKey::Cases | LayerKey::Alarms => 1,
        LayerKey::Teams => 2,
        LayerKey::Drones => 3,
        LayerKey::Shelters | LayerKey::Facilities => 4,
        LayerKey::FloodPoints | LayerKey::Sensors => 5,
        LayerKey::Cameras => 6,
        LayerKey::DistrictEdges => 7,
        LayerKey::TyphoonAreas | LayerKey::TyphoonLines | LayerKey::Typhoon => 8,
        _ => return None,
    })
}

/// Where movers are shown between their fixes, seconds on the stage's clock.
#[derive(Default)]
pub struct Glides {
    teams: Vec<Glide>,
    drones: Vec<Glide>,
}

#[derive(Clone, Copy, Default)]
struct Glide {
    from: (f64, f64),
    to: (f64, f64),
    start: f64,
    secs: f64,
    fix_at: Timestamp,
}

impl Glide {
    fn shown_at(&self, time: f64) -> (f64, f64) {
        let t = ((time - self.start) / self.secs.max(0.001)).clamp(0.0, 1.0);
        (self.from.0 + (self.to.0 - self.from.0) * t, self.from.1 + (self.to.1 - self.from.1) * t)
    }

    /// A first fix, or one too far to have been flown, is jumped to.
    fn follow(&mut self, to: (f64, f64), fix_at: Timestamp, time: f64) {
        if self.fix_at == fix_at {
            return;
        }
        let from = self.shown_at(time);
        let is_jump = self.fix_at.0 == 0 || (to.0 - from.0).hypot(to.1 - from.1) > 3000.0;
        let secs = (time - self.start).clamp(0.3, 3.0);
        *self = Self { from: if is_jump { to } else { from }, to, start: time, secs, fix_at };
    }
}

/// Everything [`uploads`] reads.
pub struct Scene<'a> {
    pub city: &'a City,
    pub readings: &'a Readings,
    pub frame: LocalFrame,
    /// The hub's clock.
    pub now: Timestamp,
    /// The stage's clock, s.
    pub time: f64,
    pub detail: Detail,
}

/// The layers that never change after the snapshot.
pub fn still_uploads(scene: &Scene) -> Vec<Upload> {
    let City { cameras, shelters, helipads, hospitals, depots, docks, .. } = scene.city;
    let dots = |at: LonLat, color: Color32, size| symbol(scene.frame.local_from_geo(at), color, shape::DOT, size);
    let cameras = cameras.values().map(|it| dots(it.at, theme::SYMBOL_FACILITY.gamma_multiply(0.8), 4)).collect();
    let circle = |at: LonLat, color, glyph: &str| Symbol {
        glyph: atlas::cell(glyph),
        ..symbol(scene.frame.local_from_geo(at), color, shape::CIRCLE, 18)
    };
    let shelters = shelters.values().map(|it| circle(it.at, theme::SYMBOL_SHELTER, "避")).collect();
    let facilities = (helipads.values().map(|it| circle(it.at, theme::SYMBOL_FACILITY, "场")))
        .chain(hospitals.values().map(|it| circle(it.at, theme::SYMBOL_FACILITY, "院")))
        .chain(depots.values().map(|it| circle(it.at, theme::SYMBOL_FACILITY, "仓")))
        .chain(docks.values().map(|it| circle(it.at, theme::SYMBOL_FACILITY, "巢")))
        .collect();
    vec![
        Upload::Symbols(LayerKey::Cameras, cameras),
        Upload::Symbols(LayerKey::Shelters, shelters),
        Upload::Symbols(LayerKey::Facilities, facilities),
    ]
}

/// The layers that follow records and readings.
pub fn live_uploads(scene: &Scene, glides: &mut Glides) -> Vec<Upload> {
    vec![
        Upload::Symbols(LayerKey::Sensors, sensors(scene)),
        Upload::Symbols(LayerKey::FloodPoints, flood_points(scene)),
        Upload::Symbols(LayerKey::Teams, teams(scene, &mut glides.teams)),
        Upload::Symbols(LayerKey::Drones, drones(scene, &mut glides.drones)),
        Upload::Symbols(LayerKey::Cases, cases(scene)),
        Upload::Symbols(LayerKey::Alarms, alarms(scene)),
    ]
}

pub fn selection_upload(scene: &Scene, selection: Option<&Selection>) -> Upload {
    let at = selection.and_then(|it| place_of(scene.city, scene.readings, it));
    let ring = at.map(|at| {
        let color = theme::PRIMARY;
        Symbol { flags: flag::HALO, ..symbol(scene.frame.local_from_geo(at), color, shape::DOT, 3) }
    });
    Upload::Symbols(LayerKey::Selection, ring.into_iter().collect())
}

/// What lies nearest to a press, within `radius_m`, among the layers that are shown. Alarms win over everything, then
/// cases, movers, flood points, facilities; the rest only where nothing else is.
pub fn pick(scene: &Scene, at: (f64, f64), radius_m: f64, is_shown: impl Fn(LayerKey) -> bool) -> Option<Selection> {
    let City { alarms, cases, teams, drones, flood_points, .. } = scene.city;
    let mut best: Option<(u8, f64, Selection)> = None;
    let mut offer = |rank: u8, place: LonLat, make: &dyn Fn() -> Selection| {
        let local = scene.frame.local_from_geo(place);
        let distance = (local.0 - at.0).hypot(local.1 - at.1);
        if distance <= radius_m && best.as_ref().is_none_or(|(r, d, _)| (rank, distance) < (*r, *d)) {
            best = Some((rank, distance, make()));
        }
    };
    let fix_of = |fixes: &Fixes, index| fixes.get(index).map(|fix| LonLat(fix.lon, fix.lat));
    if is_shown(LayerKey::Alarms) {
        for alarm in scene.city.open_alarms.values().filter_map(|id| alarms.get(id)) {
            if let Some(sensor) = scene.city.sensors.get(&alarm.sensor) {
                offer(0, sensor.at, &|| Selection::Alarm(alarm.id));
            }
        }
    }
    if is_shown(LayerKey::Cases) {
        for case in cases.values().filter(|it| it.stage < CaseStage::Closed) {
            offer(1, case.report.at, &|| Selection::Case(case.id));
        }
    }
    if is_shown(LayerKey::Teams) {
        for (i, team) in teams.values().enumerate() {
            offer(2, fix_of(&scene.readings.teams, i).unwrap_or(team.home), &|| Selection::Team(team.id.clone()));
        }
    }
    if is_shown(LayerKey::Drones) {
        for (i, drone) in drones.values().enumerate() {
            if let Some(place) = fix_of(&scene.readings.drones, i) {
                offer(2, place, &|| Selection::Drone(drone.id.clone()));
            }
        }
    }
    if is_shown(LayerKey::FloodPoints) {
        flood_points.values().for_each(|it| offer(3, it.at, &|| Selection::FloodPoint(it.id.clone())));
    }
    if is_shown(LayerKey::Facilities) {
        scene.city.helipads.values().for_each(|it| offer(4, it.at, &|| Selection::Helipad(it.id.clone())));
        scene.city.hospitals.values().for_each(|it| offer(4, it.at, &|| Selection::Hospital(it.id.clone())));
        scene.city.depots.values().for_each(|it| offer(4, it.at, &|| Selection::Depot(it.id.clone())));
        scene.city.docks.values().for_each(|it| offer(4, it.at, &|| Selection::Dock(it.id.clone())));
    }
    if is_shown(LayerKey::Shelters) {
        scene.city.shelters.values().for_each(|it| offer(4, it.at, &|| Selection::Shelter(it.id.clone())));
    }
    if is_shown(LayerKey::Sensors) {
        scene.city.sensors.values().for_each(|it| offer(5, it.at, &|| Selection::Sensor(it.id.clone())));
    }
    if is_shown(LayerKey::Cameras) {
        scene.city.cameras.values().for_each(|it| offer(6, it.at, &|| Selection::Camera(it.id.clone())));
    }
    best.map(|(_, _, selection)| selection)
}

fn sensors(scene: &Scene) -> Vec<Symbol> {
    scene
        .city
        .sensors
        .values()
        .enumerate()
        .filter(|(_, sensor)| sensor.kind != SensorKind::FloodDepth)
        .map(|(i, sensor)| {
            let budget = match sensor.kind {
                SensorKind::Rain | SensorKind::Wind => Budget::Weather,
                SensorKind::Tide => Budget::Water,
                _ => Budget::Default,
            };
            let dot = symbol(scene.frame.local_from_geo(sensor.at), theme::SYMBOL_FACILITY, shape::DOT, 5);
            Symbol { flags: stale_flag(budget, scene.readings.gauges.get(i).map(|it| it.1), scene.now), ..dot }
        })
        .collect()
}

fn flood_points(scene: &Scene) -> Vec<Symbol> {
    (scene.city.flood_points.values())
        .map(|point| {
            let reading = scene.city.sensors.get_index_of(&point.sensor).and_then(|i| scene.readings.gauges.get(i));
            let cross = symbol(scene.frame.local_from_geo(point.at), theme::TERTIARY, shape::CROSS, 13);
            Symbol { flags: stale_flag(Budget::Water, reading.map(|it| it.1), scene.now), ..cross }
        })
        .collect()
}

fn teams(scene: &Scene, glides: &mut Vec<Glide>) -> Vec<Symbol> {
    glides.resize(scene.city.teams.len(), Glide::default());
    let mut symbols: Vec<(bool, Symbol)> = (scene.city.teams.values().enumerate().zip(glides))
        .map(|((i, team), glide)| {
            let is_assigned = scene.city.assignments.contains_key(&team.id);
            let is_small = scene.detail <= Detail::City && !is_assigned;
            let fix = scene.readings.teams.get(i);
            let place = fix.map_or(team.home, |fix| LonLat(fix.lon, fix.lat));
            glide.follow(scene.frame.local_from_geo(place), fix.map_or(Timestamp(1), |fix| fix.at), scene.time);
            let (size, glyph) = if is_small { (6, 0) } else { (20, atlas::cell(team.capability.glyph())) };
            // A team that never reported stands at its station, which is known.
            let flags = fix.map_or(0, |fix| stale_flag(Budget::Position, Some(fix.at), scene.now));
            let heading = fix.filter(|fix| fix.speed > 0.5 && !is_small).map_or(NO_HEADING, |fix| heading(fix.heading));
            let color =
                if is_assigned || !is_small { theme::SYMBOL_TEAM } else { theme::SYMBOL_TEAM.gamma_multiply(0.55) };
            (is_assigned, Symbol { glyph, flags, heading, ..gliding(glide, color, shape::SQUARE, size) })
        })
        .collect();
    symbols.sort_by_key(|(is_assigned, _)| *is_assigned);
    symbols.into_iter().map(|(_, symbol)| symbol).collect()
}

fn drones(scene: &Scene, glides: &mut Vec<Glide>) -> Vec<Symbol> {
    glides.resize(scene.city.drones.len(), Glide::default());
    (0..scene.city.drones.len())
        .zip(glides)
        .filter_map(|(i, glide)| {
            let fix = scene.readings.drones.get(i)?;
            glide.follow(scene.frame.local_from_geo(LonLat(fix.lon, fix.lat)), fix.at, scene.time);
            let flags = stale_flag(Budget::Position, Some(fix.at), scene.now);
            let number = ((i + 1) % 10).to_string();
            let drawn = gliding(glide, theme::SYMBOL_MOBILE, shape::TRIANGLE, 24);
            Some(Symbol { flags, glyph: atlas::cell(&number), heading: heading(fix.heading), ..drawn })
        })
        .collect()
}

/// The most urgent cases; from afar few, and the lower levels without their character. The list has them all.
fn cases(scene: &Scene) -> Vec<Symbol> {
    let is_far = scene.detail <= Detail::City;
    let most = if is_far { 60 } else { 400 };
    let open = scene.city.open_cases_by_urgency(scene.now);
    let mut symbols: Vec<Symbol> = (open.into_iter().take(most))
        .map(|case| {
            let color = case.report.color;
            let is_new = case.stage <= CaseStage::Filed && color >= WarningColor::Orange;
            let size = match color {
                WarningColor::Blue if is_far => 10,
                WarningColor::Yellow if is_far => 15,
                _ => alarm_size(color) - 4,
            };
            level_symbol(scene.frame.local_from_geo(case.report.at), color, is_new, size)
        })
        .collect();
    // The most urgent on top.
    symbols.reverse();
    symbols
}

fn alarms(scene: &Scene) -> Vec<Symbol> {
    let City { open_alarms, alarms, sensors, .. } = scene.city;
    let mut open: Vec<&Alarm> = (open_alarms.values().filter_map(|id| alarms.get(id)))
        .filter(|alarm| alarm.shelved_until.is_none_or(|until| until <= scene.now))
        .collect();
    open.sort_by_key(|alarm| (alarm.color, alarm.acknowledged.is_none()));
    // In a flood of alarms, red and orange alone keep their size and ring from afar.
    let least_shown_whole = if open.len() > FLOOD { WarningColor::Orange } else { WarningColor::Yellow };
    open.into_iter()
        .filter_map(|alarm| {
            let at = scene.frame.local_from_geo(sensors.get(&alarm.sensor)?.at);
            let is_new = alarm.acknowledged.is_none();
            let is_minor = alarm.color < least_shown_whole && scene.detail <= Detail::City;
            let drawn = level_symbol(at, alarm.color, is_new, if is_minor { 14 } else { alarm_size(alarm.color) });
            Some(Symbol { flags: drawn.flags | if is_new && !is_minor { flag::HALO } else { 0 }, ..drawn })
        })
        .collect()
}

/// More open alarms than this are a flood.
const FLOOD: usize = 30;

/// Colour, shape and character of a level; filled while nobody has acknowledged it.
fn level_symbol(at: (f64, f64), color: WarningColor, is_filled: bool, size: u8) -> Symbol {
    let (shape, ink) = match color {
        WarningColor::Blue => (shape::CIRCLE, flag::DARK_GLYPH),
        WarningColor::Yellow => (shape::TRIANGLE, flag::DARK_GLYPH),
        WarningColor::Orange => (shape::DIAMOND, flag::DARK_GLYPH),
        WarningColor::Red => (shape::OCTAGON, flag::WHITE_GLYPH),
    };
    let paint = if is_filled { theme::level_fill(color) } else { theme::level_line(color) };
    let glyph = if size < 12 { 0 } else { atlas::cell(color.glyph()) };
    Symbol { glyph, flags: if is_filled { flag::FILLED | ink } else { 0 }, ..symbol(at, paint, shape, size) }
}

fn alarm_size(color: WarningColor) -> u8 {
    match color {
        WarningColor::Blue | WarningColor::Yellow => 20,
        WarningColor::Orange => 24,
        WarningColor::Red => 28,
    }
}

fn stale_flag(budget: Budget, as_of: Option<Timestamp>, now: Timestamp) -> u8 {
    match freshness(budget, as_of.unwrap_or_default(), now) {
        Freshness::Fresh => 0,
        Freshness::Stale { .. } | Freshness::Lost { .. } | Freshness::NeverHeard => flag::STALE,
    }
}

fn heading(degrees: f32) -> u16 {
    if degrees.is_finite() { degrees.rem_euclid(360.0) as u16 } else { NO_HEADING }
}

fn symbol(at: (f64, f64), color: Color32, shape: u8, size_px: u8) -> Symbol {
    let at = [at.0 as f32, at.1 as f32];
    let color = color.to_srgba_unmultiplied();
    Symbol { from: at, to: at, start: 0.0, color, shape, size_px, flags: 0, glide: 0, glyph: 0, heading: NO_HEADING }
}

fn gliding(glide: &Glide, color: Color32, shape: u8, size_px: u8) -> Symbol {
    Symbol {
        from: [glide.from.0 as f32, glide.from.1 as f32],
        start: glide.start as f32,
        glide: (glide.secs * 10.0).round().clamp(1.0, 255.0) as u8,
        ..symbol(glide.to, color, shape, size_px)
    }
}

/// Alarms by sensor worth a name on the map: the worst first.
pub fn alarm_labels(city: &City) -> Vec<(LonLat, String, WarningColor)> {
    let by_sensor: BTreeMap<&SensorId, &FloodPoint> = city.flood_points.values().map(|it| (&it.sensor, it)).collect();
    let mut labels: Vec<_> = (city.open_alarms.values().filter_map(|id| city.alarms.get(id)))
        .filter_map(|alarm| {
            let sensor = city.sensors.get(&alarm.sensor)?;
            let name = by_sensor.get(&alarm.sensor).map_or(&sensor.name, |it| &it.name);
            let unit = sensor.kind.unit();
            Some((sensor.at, format!("{name} {:.0} {unit}", alarm.value), alarm.color))
        })
        .collect();
    labels.sort_by_key(|label| std::cmp::Reverse(label.2));
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mover_glides_from_where_it_is_shown() {
        let mut glide = Glide::default();
        glide.follow((0.0, 0.0), Timestamp(1), 10.0);
        assert_eq!(glide.shown_at(10.0), (0.0, 0.0));
        glide.follow((100.0, 0.0), Timestamp(2), 11.0);
        assert_eq!(glide.shown_at(11.5), (50.0, 0.0));
        glide.follow((100.0, 0.0), Timestamp(2), 11.5);
        assert_eq!(glide.shown_at(12.0), (100.0, 0.0));
        glide.follow((90_000.0, 0.0), Timestamp(3), 13.0);
        assert_eq!(glide.shown_at(13.0), (90_000.0, 0.0), "too far to have been driven");
    }

    #[test]
    fn no_heading_is_not_north() {
        assert_eq!(heading(f32::NAN), NO_HEADING);
        assert_eq!(heading(-90.0), 270);
    }
}
