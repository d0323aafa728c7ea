//! The judge of fences: fixes in, reports out, each once.

use super::{Breach, Fence, FenceReport, FenceRule, FenceRules, Offline, held_since};
use crate::{City, Command, LocalFrame, LonLat, Timestamp, ids::*, is_in_ring};
use std::collections::{BTreeMap, HashMap};

/// Fixes in a row that must say the same before it is believed.
const N_IN_A_ROW: u8 = 2;
/// A place so near to a fence's line is neither in nor out, m: fixes scatter.
const MARGIN_M: f64 = 15.0;
/// A speed is over only below this share of its limit.
const SPEED_OFF: f32 = 0.9;
/// Fixes nearer in time say nothing of speed, and farther ones too little.
const SPEED_SPAN_MS: std::ops::RangeInclusive<i64> = 4000..=120_000;
/// Faster is a jump of the fix, not of the vehicle, km/h.
const MAX_KMH: f32 = 200.0;
/// Things watched at most; what comes after is not judged.
pub const MAX_WATCHED: usize = 200_000;

/// Judges the things of the registers that fences name.
///
/// Deterministic, fed with the fixes' own times; a fix not newer than the last is passed over. It remembers what is
/// broken; a new one takes that from the city's open alarms, so that a restart neither repeats nor forgets.
///
/// A fix gives no speed: it is taken from the last two, straight. That is never more than was driven, so whoever is
/// found speeding was.
#[derive(Clone, Debug, Default)]
pub struct FenceJudge {
    frame: LocalFrame,
    fences: Vec<Walled>,
    offlines: Vec<Offline>,
    /// By register: which of `fences`, which of `offlines`.
    of_register: BTreeMap<Text, (Vec<usize>, Vec<usize>)>,
    things: BTreeMap<Text, HashMap<Text, Watched>>,
    n_watched: usize,
}

/// A fence in local metres, with the box around it.
#[derive(Clone, Debug)]
struct Walled {
    fence: Fence,
    ring: Vec<LonLat>,
    /// Least and greatest east and north, m.
    reach: [(f64, f64); 2],
}

#[derive(Clone, Debug)]
struct Watched {
    place: LonLat,
    at: Timestamp,
    /// One for each fence of its register, then one for each offline rule.
    rules: Vec<Held>,
}

/// How a thing stands to one rule.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    is_broken: bool,
    /// Fixes in a row that say otherwise.
    n_other: u8,
    /// When silence was told, by the hub's clock: what ends it is told no earlier.
    told_at: Timestamp,
}

/// What one fix says of one rule; `None`: nothing.
type Says = Option<(bool, f32)>;

impl FenceJudge {
    pub fn for_city(city: &City) -> Self {
        let mut judge = Self::new(&city.fence_rules, city.center);
        let open = city.open_alarms.values().filter_map(|id| city.alarms.get(id));
        for (alarm, thing) in open.filter_map(|it| Some((it, it.thing.as_ref()?))).filter(|(_, it)| !it.rule.is_empty())
        {
            judge.recall(&thing.register, &thing.thing, &thing.rule, thing.place, alarm.raised_at);
        }
        judge
    }

    pub fn new(rules: &FenceRules, center: LonLat) -> Self {
        let frame = LocalFrame::new(center);
        let fences: Vec<Walled> = rules.fences.iter().map(|it| Walled::of(it, &frame)).collect();
        let mut of_register: BTreeMap<Text, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (i, it) in fences.iter().enumerate() {
            for register in &it.fence.registers {
                of_register.entry(register.clone()).or_default().0.push(i);
            }
        }
        for (i, it) in rules.offlines.iter().enumerate() {
            for register in &it.registers {
                of_register.entry(register.clone()).or_default().1.push(i);
            }
        }
        let offlines = rules.offlines.clone();
        Self { frame, fences, offlines, of_register, things: BTreeMap::new(), n_watched: 0 }
    }

    /// Takes a fix of a thing; a place not known still says that it lives.
    pub fn feed(&mut self, register: &Text, thing: &Text, place: Option<LonLat>, at: Timestamp) -> Vec<Command> {
        let mut commands = Vec::new();
        let Some((fences, offlines)) = self.of_register.get(register) else { return commands };
        let n_rules = fences.len() + offlines.len();
        let things = self.things.entry(register.clone()).or_default();
        let (watched, is_new) = match things.get_mut(thing) {
            Some(watched) => (watched, false),
            None => {
                if self.n_watched >= MAX_WATCHED || place.is_none_or(|it| !it.is_sane()) {
                    return commands;
                }
                self.n_watched += 1;
                let new = Watched { place: place.unwrap_or_default(), at, rules: vec![Held::default(); n_rules] };
                (things.entry(thing.clone()).or_insert(new), true)
            }
        };
        if !is_new && at <= watched.at {
            return commands;
        }
        let before = (watched.place, watched.at);
        let place = place.filter(|it| it.is_sane());
        let here = place.unwrap_or(watched.place);
        let report = |rule: &Text, breach, is_on, value| Command::ReportFence {
            report: FenceReport {
                register: register.clone(),
                thing: thing.clone(),
                rule: rule.clone(),
                breach,
                is_on,
                value,
                place: here,
                at,
            },
        };
        for (slot, &i) in watched.rules.iter_mut().zip(fences) {
            let Some(walled) = self.fences.get(i) else { continue };
            let says = match place {
                Some(place) => walled.says(&self.frame, place, at, (!is_new).then_some(before), slot.is_broken),
                None => None,
            };
            if let Some(value) = slot.hear(says) {
                commands.push(report(&walled.fence.id, walled.fence.rule.breach(), slot.is_broken, value));
            }
        }
        for (slot, &i) in watched.rules.iter_mut().skip(fences.len()).zip(offlines) {
            // It speaks again: that needs no second fix.
            if let Some(offline) = self.offlines.get(i)
                && std::mem::take(&mut slot.is_broken)
            {
                let report = FenceReport {
                    register: register.clone(),
                    thing: thing.clone(),
                    rule: offline.id.clone(),
                    breach: Breach::Silent,
                    is_on: false,
                    value: 0.0,
                    place: here,
                    at: at.max(slot.told_at),
                };
                commands.push(Command::ReportFence { report });
            }
        }
        (watched.place, watched.at) = (here, at);
        commands
    }

    /// Who has been unheard for too long while it should be working. Silence ends only with a fix, so that nobody is told
    /// every evening that the trucks are back.
    pub fn silent(&mut self, now: Timestamp) -> Vec<Command> {
        let mut commands = Vec::new();
        for (register, things) in &mut self.things {
            let Some((fences, offlines)) = self.of_register.get(register) else { continue };
            for (k, offline) in offlines.iter().enumerate().filter_map(|(k, i)| Some((k, self.offlines.get(*i)?))) {
                let Some(since) = held_since(&offline.hours, now) else { continue };
                let allowed_ms = i64::from(offline.after_mins) * 60_000;
                for (thing, watched) in things.iter_mut() {
                    let Some(slot) = watched.rules.get_mut(fences.len() + k) else { continue };
                    let quiet_ms = now.since_ms(watched.at.max(since));
                    if slot.is_broken || quiet_ms <= allowed_ms {
                        continue;
                    }
                    (slot.is_broken, slot.told_at) = (true, now);
                    let report = FenceReport {
                        register: register.clone(),
                        thing: thing.clone(),
                        rule: offline.id.clone(),
                        breach: Breach::Silent,
                        is_on: true,
                        value: (now.since_ms(watched.at) / 60_000) as f32,
                        place: watched.place,
                        at: now,
                    };
                    commands.push(Command::ReportFence { report });
                }
            }
        }
        // The things are hashed: their order must not depend on it.
        commands.sort_by(|a, b| thing_of(a).cmp(&thing_of(b)));
        commands
    }

    fn recall(&mut self, register: &Text, thing: &Text, rule: &Text, place: LonLat, at: Timestamp) {
        let Some((fences, offlines)) = self.of_register.get(register) else { return };
        let of_fence = fences.iter().position(|i| self.fences.get(*i).is_some_and(|it| it.fence.id == *rule));
        let of_offline = offlines.iter().position(|i| self.offlines.get(*i).is_some_and(|it| it.id == *rule));
        let Some(slot) = of_fence.or(of_offline.map(|k| k + fences.len())) else { return };
        let n_rules = fences.len() + offlines.len();
        let things = self.things.entry(register.clone()).or_default();
        if !things.contains_key(thing) {
            if self.n_watched >= MAX_WATCHED {
                return;
            }
            self.n_watched += 1;
        }
        let new = || Watched { place, at, rules: vec![Held::default(); n_rules] };
        let watched = things.entry(thing.clone()).or_insert_with(new);
        watched.at = watched.at.max(at);
        if let Some(held) = watched.rules.get_mut(slot) {
            (held.is_broken, held.told_at) = (true, at);
        }
    }
}

fn thing_of(command: &Command) -> Option<(&Text, &Text, &Text)> {
    match command {
        Command::ReportFence { report } => Some((&report.register, &report.thing, &report.rule)),
        _ => None,
    }
}

impl Held {
    /// The value, when it changes.
    fn hear(&mut self, says: Says) -> Option<f32> {
        let (is_broken, value) = says?;
        if is_broken == self.is_broken {
            self.n_other = 0;
            return None;
        }
        self.n_other += 1;
        if self.n_other < N_IN_A_ROW {
            return None;
        }
        (self.is_broken, self.n_other) = (is_broken, 0);
        Some(value)
    }
}

impl Walled {
    fn of(fence: &Fence, frame: &LocalFrame) -> Self {
        let ring: Vec<LonLat> = fence.ring.iter().map(|it| local(frame, *it)).collect();
        let span = |of: fn(&LonLat) -> f64| {
            ring.iter().map(of).fold((f64::MAX, f64::MIN), |(least, most), it| (least.min(it), most.max(it)))
        };
        let reach = [span(|it| it.0), span(|it| it.1)];
        Self { fence: fence.clone(), ring, reach }
    }

    /// Whether a fix breaks the fence, and by how much. Outside its hours it is broken by nothing.
    fn says(
        &self,
        frame: &LocalFrame,
        place: LonLat,
        at: Timestamp,
        before: Option<(LonLat, Timestamp)>,
        is_broken: bool,
    ) -> Says {
        if held_since(&self.fence.hours, at).is_none() {
            return Some((false, 0.0));
        }
        let is_in = self.is_in(local(frame, place));
        match self.fence.rule {
            FenceRule::Forbid => Some((is_in?, 0.0)),
            FenceRule::KeepIn => Some((!is_in?, 0.0)),
            FenceRule::Speed => {
                if !is_in? {
                    return Some((false, 0.0));
                }
                let (from, since) = before?;
                let span_ms = at.since_ms(since);
                if !SPEED_SPAN_MS.contains(&span_ms) {
                    return None;
                }
                let kmh = (from.distance_m(place) / span_ms as f64 * 3600.0) as f32;
                let limit = self.fence.limit_kmh * if is_broken { SPEED_OFF } else { 1.0 };
                (kmh <= MAX_KMH).then_some((kmh > limit, kmh))
            }
        }
    }

    /// `None` on the line, or nearly.
    fn is_in(&self, at: LonLat) -> Option<bool> {
        let is_far = |of: f64, (least, most): (f64, f64)| of < least - MARGIN_M || of > most + MARGIN_M;
        if is_far(at.0, self.reach[0]) || is_far(at.1, self.reach[1]) {
            return Some(false);
        }
        let mut last = *self.ring.last()?;
        for &corner in &self.ring {
            if distance_to(at, last, corner) < MARGIN_M {
                return None;
            }
            last = corner;
        }
        Some(is_in_ring(at, &self.ring))
    }
}

/// East and north, m, as a pair.
fn local(frame: &LocalFrame, place: LonLat) -> LonLat {
    let (east, north) = frame.local_from_geo(place);
    LonLat(east, north)
}

/// From a point to a stretch, m.
fn distance_to(at: LonLat, a: LonLat, b: LonLat) -> f64 {
    let (along, to) = ((b.0 - a.0, b.1 - a.1), (at.0 - a.0, at.1 - a.1));
    let length = along.0 * along.0 + along.1 * along.1;
    let share = if length > 0.0 { ((to.0 * along.0 + to.1 * along.1) / length).clamp(0.0, 1.0) } else { 0.0 };
    (to.0 - along.0 * share).hypot(to.1 - along.1 * share)
}
