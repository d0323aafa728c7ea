//! Registers made of what is heard: a vehicle is in one from its first word on, under its own name.
//!
//! They only grow, so handles stay what they are. Screens are told of growth as of another register, not at every newcomer
//! but after some flushes; what is already in is told by handle like everything else.

use super::{Kept, Things};
use crate::{connectors::names, readings::Dirty};
use gulang_city::{
    AlarmThing, Breach, Budget, City, Command, FenceJudge, FenceReport, Inventory, LonLat, MAX_NAME_BYTES, NO_HEADING,
    NOWHERE, Text, ThingState, Timestamp, heading_of_degrees, units_from_origin,
};
use gulang_platforms::News;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Things in one made register at most: terminals invented by somebody must not fill the memory.
pub const MAX_MADE: usize = 500_000;
/// Registers made at most.
const MAX_REGISTERS: usize = 64;
/// Flushes between two announcements of growth; at 0.6 s each, three seconds.
const GROWN_EVERY: u32 = 5;
/// Nothing heard was longer ago than this before the register's first word.
const DAY_SECS: i64 = 86_400;

/// Registers with a title of their own; any other is called by its id.
const KNOWN: [(&str, &str, &str); 9] = [
    ("muck_truck", "渣土车", names::VEHICLES),
    ("emergency_vehicle", "应急车辆", names::VEHICLES),
    ("sanitation_truck", "环卫车", names::VEHICLES),
    ("hazmat_truck", "危险品车", names::VEHICLES),
    ("bus", "公交车", names::VEHICLES),
    ("taxi", "出租车", names::VEHICLES),
    ("enforcement_car", "执法车", names::VEHICLES),
    ("cot", "外协终端", "cot"),
    (gulang_city::GRID_REGISTER, "网格人员", names::GRID),
];

/// What is kept beside the registers for those that are made.
#[derive(Debug, Default)]
pub(super) struct Making {
    origin: LonLat,
    simulated: bool,
    /// Kinds of sensing: what a register of each is called, and how soon its things are stale.
    sensing: BTreeMap<Text, (Text, Budget)>,
    pub(super) judge: FenceJudge,
    /// What things told of themselves before this hub started, still open; a word that all is well ends it.
    told: BTreeMap<(Text, Text), Vec<AlarmThing>>,
}

/// How a made register grows.
#[derive(Debug, Default)]
pub(super) struct Grown {
    handles: HashMap<Text, u32>,
    /// Things screens do not know of.
    n_new: usize,
    n_flushes: u32,
}

impl Making {
    pub(super) fn for_city(city: &City, simulated: bool) -> Self {
        let mut told: BTreeMap<(Text, Text), Vec<AlarmThing>> = BTreeMap::new();
        let open = city.open_alarms.values().filter_map(|id| city.alarms.get(id)?.thing.as_ref());
        for it in open.filter(|it| it.breach.is_told()) {
            told.entry((it.register.clone(), it.thing.clone())).or_default().push(it.clone());
        }
        let sensing = city.sensing_kinds.iter();
        let sensing = sensing.map(|it| (it.id.clone(), (it.zh.clone(), Budget::Mins(it.freshness_mins)))).collect();
        Self { origin: city.center, simulated, sensing, judge: FenceJudge::for_city(city), told }
    }
}

impl Grown {
    /// Whether it is time to tell screens that there are more.
    pub(super) fn is_due(&mut self) -> bool {
        self.n_flushes = self.n_flushes.saturating_add(1);
        if self.n_new == 0 || self.n_flushes < GROWN_EVERY {
            return false;
        }
        (self.n_new, self.n_flushes) = (0, 0);
        true
    }
}

impl Things {
    /// Takes what was heard of one thing; `false` if it makes no sense, came late, or there is no room.
    pub fn note(&mut self, news: &News) -> bool {
        let News::Thing { register, thing, place, heading, state, at } = news else { return false };
        if !is_name(thing) || !(0..1 << 47).contains(&at.0) {
            return false;
        }
        let Some(k) = self.register_of(register, *at) else { return false };
        let Some(kept) = self.kept.get_mut(k) else { return false };
        let Some(grown) = &mut kept.grown else {
            // Followed at its platform, and told of here: only what is in it already.
            let Some(handle) = kept.register.handle_of(thing) else { return false };
            let is_taken = put(Arc::make_mut(&mut kept.register), handle, *place, *heading, *state, *at);
            if is_taken && kept.dirty.insert(handle as u32) {
                self.n_taken += 1;
            }
            return is_taken;
        };
        let inventory = Arc::make_mut(&mut kept.register);
        let handle = match grown.handles.get(thing) {
            Some(handle) => *handle,
            None => {
                let handle = inventory.len();
                if handle >= MAX_MADE {
                    return false;
                }
                inventory.names.push(thing.clone());
                inventory.at.push(NOWHERE);
                inventory.heading.push(NO_HEADING);
                inventory.state.push(ThingState::Unknown as u8);
                inventory.seen.push(0);
                if !inventory.value.is_empty() {
                    inventory.value.push(f32::NAN);
                }
                kept.dirty.grow(handle + 1);
                grown.handles.insert(thing.clone(), handle as u32);
                grown.n_new += 1;
                handle as u32
            }
        };
        if !put(inventory, handle as usize, *place, *heading, *state, *at) {
            return false;
        }
        kept.dirty.insert(handle);
        self.n_taken += 1;
        true
    }

    /// What it means for the record lane.
    pub fn judge(&mut self, news: &News) -> Vec<Command> {
        let News::Thing { register, thing, place, state, at, .. } = news else { return Vec::new() };
        let mut commands = self.making.judge.feed(register, thing, *place, *at);
        if let Some(told) = self.making.told.remove(&(register.clone(), thing.clone()))
            && *state != ThingState::Alarm
        {
            commands.extend(told.into_iter().map(|it| over(it, *at)));
        }
        commands
    }

    /// Time alone: who fell silent is drawn as offline, and reported where a rule asks for it.
    pub fn sweep(&mut self, now: Timestamp) -> Vec<Command> {
        for kept in self.kept.iter_mut().filter(|it| it.grown.is_some()) {
            let (_, lost_secs) = kept.register.budget.secs();
            let is_lost = |handle: &usize| {
                let register = &kept.register;
                register.state_of(*handle) != ThingState::Offline
                    && now.since_ms(register.seen_at(*handle)) > lost_secs * 1000
            };
            let lost: Vec<usize> = (0..kept.register.len()).filter(is_lost).collect();
            if lost.is_empty() {
                continue;
            }
            let inventory = Arc::make_mut(&mut kept.register);
            for handle in lost {
                if let Some(state) = inventory.state.get_mut(handle) {
                    *state = ThingState::Offline as u8;
                }
                kept.dirty.insert(handle as u32);
            }
        }
        self.making.judge.silent(now)
    }

    /// The place of a register, made if it is new and there is room.
    fn register_of(&mut self, id: &Text, at: Timestamp) -> Option<usize> {
        if let Some(k) = self.kept.iter().position(|it| it.register.id == *id) {
            return Some(k);
        }
        let n_made = self.kept.iter().filter(|it| it.grown.is_some()).count();
        // As in a path: it is asked for by its id.
        let is_id =
            (1..=64).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it));
        if !is_id || n_made >= MAX_REGISTERS {
            return None;
        }
        let known = KNOWN.iter().find(|it| it.0 == &**id);
        let sensing = self.making.sensing.get(id).cloned();
        let named = sensing.as_ref().map(|it| it.0.clone()).or_else(|| known.map(|it| it.1.into()));
        let register = Inventory {
            id: id.clone(),
            name: named.unwrap_or_else(|| id.clone()),
            platform: known.map_or("", |it| it.2).into(),
            simulated: self.making.simulated,
            moving: sensing.is_none(),
            budget: sensing.map_or(Budget::Position, |it| it.1),
            prefix: "".into(),
            names: Vec::new(),
            as_of: at,
            origin: self.making.origin,
            at: Vec::new(),
            heading: Vec::new(),
            state: Vec::new(),
            seen_from: Timestamp((at.0 - DAY_SECS * 1000).max(0)),
            seen: Vec::new(),
            value: Vec::new(),
            unit: "".into(),
        };
        self.kept.push(Kept {
            told: register.as_of,
            register: Arc::new(register),
            version: 1,
            dirty: Dirty::default(),
            is_new: true,
            grown: Some(Grown::default()),
        });
        Some(self.kept.len() - 1)
    }
}

/// Writes one thing's row; `false` if it is older than what is there.
fn put(it: &mut Inventory, i: usize, place: Option<LonLat>, heading: f32, state: ThingState, at: Timestamp) -> bool {
    let secs = at.since_ms(it.seen_from).div_euclid(1000);
    let Ok(secs) = u32::try_from(secs) else { return false };
    if it.seen.get(i).is_some_and(|seen| *seen > secs) {
        return false;
    }
    if let Some(seen) = it.seen.get_mut(i) {
        *seen = secs;
    }
    let units = place.and_then(|place| units_from_origin(it.origin, place));
    if let (Some(slot), Some(units)) = (it.at.get_mut(i), units) {
        *slot = units;
    }
    if let Some(slot) = it.heading.get_mut(i) {
        *slot = heading_of_degrees(heading);
    }
    if let Some(slot) = it.state.get_mut(i) {
        *slot = state as u8;
    }
    it.as_of = it.as_of.max(at);
    true
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.chars().any(char::is_control)
}

fn over(it: AlarmThing, at: Timestamp) -> Command {
    let AlarmThing { register, thing, rule, breach, place, .. } = it;
    Command::ReportFence { report: FenceReport { register, thing, rule, breach, is_on: false, value: 0.0, place, at } }
}

/// Breaches a thing tells of itself, while they hold; for connectors that hear them.
pub(crate) fn told(
    register: &Text,
    thing: &Text,
    breach: Breach,
    is_on: bool,
    place: LonLat,
    at: Timestamp,
) -> Command {
    let report = FenceReport {
        register: register.clone(),
        thing: thing.clone(),
        rule: "".into(),
        breach,
        is_on,
        value: 0.0,
        place,
        at,
    };
    Command::ReportFence { report }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Realm, tiny_pack};
    use gulang_wire::Body;

    const START: Timestamp = Timestamp(1_790_000_000_000);

    fn things() -> Things {
        Things::for_city(&City::found(&tiny_pack(), Realm::Actual), true)
    }

    fn news(plate: &str, secs: i64, east: f64) -> News {
        let center = tiny_pack().center;
        News::Thing {
            register: "muck_truck".into(),
            thing: plate.into(),
            place: Some(LonLat(center.0 + east, center.1)),
            heading: 90.0,
            state: ThingState::Normal,
            at: START.plus_secs(secs),
        }
    }

    #[test]
    fn a_register_grows_and_screens_hear_of_it_in_good_time() {
        let mut things = things();
        assert!(things.note(&news("闽D1", 0, 0.0)) && things.note(&news("闽D2", 1, 0.001)));
        assert!(matches!(&things.flush()[..], [Body::ThingsStale { inventory }] if &**inventory == "muck_truck"));
        let register = things.get("muck_truck").expect("it was made");
        assert_eq!((register.len(), &*register.name, register.id_of(1)), (2, "渣土车", "闽D2".to_owned()));
        assert_eq!(Inventory::from_bytes(&register.to_bytes().expect("bytes")).map(|it| it.1).ok(), Some(0));
        // Known things by handle at once; the newcomer after some flushes.
        assert!(things.note(&news("闽D1", 10, 0.002)) && things.note(&news("闽D3", 10, 0.0)));
        let mut n_stale = 0;
        let mut handles = Vec::new();
        for _ in 0..2 * GROWN_EVERY {
            for body in things.flush() {
                match body {
                    Body::ThingsStale { .. } => n_stale += 1,
                    Body::Things(change) => handles.extend(change.handles),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!((n_stale, &handles[..]), (1, &[0, 2][..]));
        assert_eq!(things.known("muck_truck").map(|it| it.0), Some(2));
    }

    #[test]
    fn what_is_late_or_makes_no_sense_is_not_taken() {
        let mut things = things();
        assert!(things.note(&news("闽D1", 100, 0.0)));
        assert!(!things.note(&news("闽D1", 50, 0.5)), "late");
        assert!(!things.note(&news("", 100, 0.0)));
        assert!(!things.note(&news("闽\u{7}", 100, 0.0)));
        assert!(!things.note(&news(&"长".repeat(100), 100, 0.0)));
        let News::Thing { thing, place, heading, state, at, .. } = news("闽D1", 100, 0.0) else { panic!("a thing") };
        assert!(!things.note(&News::Thing { register: "../x".into(), thing, place, heading, state, at }));
        assert_eq!(things.registers().count(), 1);
        for i in 0..100 {
            let News::Thing { thing, place, heading, state, at, .. } = news("x", 100, 0.0) else { panic!("a thing") };
            things.note(&News::Thing { register: format!("r{i}").into(), thing, place, heading, state, at });
        }
        assert_eq!(things.registers().count(), MAX_REGISTERS);
    }

    #[test]
    fn who_falls_silent_is_drawn_offline_until_it_speaks() {
        let mut things = things();
        assert!(things.note(&news("闽D1", 0, 0.0)) && things.note(&news("闽D2", 590, 0.0)));
        things.sweep(START.plus_secs(605));
        let state = |things: &Things, i| things.get("muck_truck").map(|it| it.state_of(i));
        assert_eq!((state(&things, 0), state(&things, 1)), (Some(ThingState::Offline), Some(ThingState::Normal)));
        assert!(things.note(&news("闽D1", 610, 0.0)));
        assert_eq!(state(&things, 0), Some(ThingState::Normal));
    }
}
