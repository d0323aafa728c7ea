//! The city's many things: manhole covers, cameras, sensing devices, shared bikes, as registers of columns.
//!
//! How many there are is published ([`crate::figures`]); where each stands, and how it is, is made up along the pack's
//! streets. What stands still falls into trouble now and then. A bike rides to and fro on a route of its own, at most one
//! ride in a period; its tracker tells more often on the way than locked, and some fall silent.
//!
//! **Invariant:** a pure function of pack, seed, scale and time. Registers are made when first asked for and kept.

use crate::{
    dice::Dice,
    figures::ThingFigures,
    streets::{Class, Piece, Route, Spot, Streets, aside},
};
use gulang_city::{
    Budget, Inventory, LonLat, NO_HEADING, NOWHERE, ThingState, ThingsChange, Timestamp, heading_of_degrees,
    units_from_origin,
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::OnceLock};

/// How many things the city has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// None.
    None,
    /// One in a hundred.
    #[default]
    Small,
    /// As many as the city counts.
    City,
}

pub(crate) struct Things {
    scale: Scale,
    figures: ThingFigures,
    origin: LonLat,
    streets: Option<Streets>,
    dice: Dice,
    pieces: OnceLock<Vec<Piece>>,
    standing: [OnceLock<Standing>; 3],
    routes: OnceLock<Vec<Route>>,
}

/// A register in the list of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Listed {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) n: usize,
    pub(crate) moving: bool,
    pub(crate) simulated: bool,
    /// Another version: other things, or other handles.
    pub(crate) version: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Manhole = 0,
    Camera = 1,
    Device = 2,
    Bike = 3,
}

/// Where the things of a kind that does not move stand.
struct Standing {
    at: Vec<[i32; 2]>,
    heading: Vec<u8>,
}

/// To be counted up when the same seed shall mean other places.
const RULES: u64 = 1;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: f64 = 3_600_000.0;
const DAY_SECS: i64 = 86_400;
/// One route for so many bikes, within bounds.
const BIKES_ON_ROUTE: usize = 40;
/// A shorter route is no ride.
const SHORTEST_ROUTE_M: f32 = 600.0;

impl Things {
    /// `streets`: none only where there is nothing to stand along them.
    pub(crate) fn new(
        scale: Scale,
        figures: ThingFigures,
        origin: LonLat,
        streets: Option<Streets>,
        dice: Dice,
    ) -> Self {
        let (pieces, standing, routes) = (OnceLock::new(), [const { OnceLock::new() }; 3], OnceLock::new());
        Self { scale, figures, origin, streets, dice, pieces, standing, routes }
    }

    pub(crate) fn scale(&self) -> Scale {
        self.scale
    }

    pub(crate) fn streets(&self) -> Option<&Streets> {
        self.streets.as_ref()
    }

    pub(crate) fn list(&self) -> Vec<Listed> {
        let kinds = if self.scale == Scale::None { &[][..] } else { &Kind::ALL };
        let version = self.dice.of(RULES).of(self.scale as u64).bits();
        let listed = kinds.iter().map(|kind| Listed {
            id: kind.id(),
            name: kind.name_zh(),
            n: self.n(*kind),
            moving: *kind == Kind::Bike,
            simulated: true,
            version,
        });
        listed.collect()
    }

    /// The whole register; the first call makes it, which takes a while.
    pub(crate) fn inventory(&self, id: &str, now: Timestamp) -> Option<Inventory> {
        let (kind, streets) = self.found(id)?;
        let n = self.n(kind);
        let mut it = Inventory {
            id: kind.id().into(),
            name: kind.name_zh().into(),
            platform: "things".into(),
            simulated: true,
            moving: kind == Kind::Bike,
            budget: Budget::Default,
            prefix: kind.prefix().into(),
            names: Vec::new(),
            as_of: now,
            origin: self.origin,
            at: Vec::new(),
            heading: Vec::new(),
            state: vec![ThingState::Normal as u8; n],
            value: Vec::new(),
            unit: "".into(),
            seen_from: now.plus_secs(-DAY_SECS),
            seen: Vec::new(),
        };
        if kind == Kind::Bike {
            it.at.reserve(n);
            for i in 0..n {
                let told = self.bike(streets, i, now)?;
                it.at.push(told.at);
                it.heading.push(told.heading);
                it.state[i] = told.state;
                it.seen.push(u32::try_from(told.when.since_ms(it.seen_from) / 1000).unwrap_or(0));
            }
        } else {
            let standing = self.standing(kind, streets);
            (it.at, it.heading) = (standing.at.clone(), standing.heading.clone());
            for (handle, state) in self.troubles(kind, now) {
                it.state[handle as usize] = state;
            }
        }
        Some(it)
    }

    /// What the platform was told after `since`, until `now`.
    pub(crate) fn changes(&self, id: &str, since: Timestamp, now: Timestamp) -> Option<ThingsChange> {
        let (kind, streets) = self.found(id)?;
        let mut change = ThingsChange { inventory: kind.id().into(), as_of: now, ..ThingsChange::default() };
        if kind == Kind::Bike {
            for i in 0..self.n(kind) {
                let when = self.bike_when(i, now)?;
                if when <= since {
                    continue;
                }
                let told = self.bike_told(streets, i, when)?;
                change.handles.push(i as u32);
                change.at.push(told.at);
                change.heading.push(told.heading);
                change.state.push(told.state);
                change.age.push(u32::try_from(now.since_ms(told.when) / 1000).unwrap_or(0));
            }
            return Some(change);
        }
        let before = self.troubles(kind, Timestamp(since.0.clamp(0, now.0.max(0))));
        let mut after = self.troubles(kind, now);
        for handle in before.keys() {
            after.entry(*handle).or_insert(ThingState::Normal as u8);
        }
        for (handle, state) in after {
            if before.get(&handle).copied().unwrap_or(ThingState::Normal as u8) != state {
                change.handles.push(handle);
                change.state.push(state);
            }
        }
        Some(change)
    }

    fn found(&self, id: &str) -> Option<(Kind, &Streets)> {
        let kind = Kind::ALL.into_iter().find(|it| it.id() == id).filter(|_| self.scale != Scale::None)?;
        Some((kind, self.streets.as_ref()?))
    }

    fn n(&self, kind: Kind) -> usize {
        let it = &self.figures;
        let whole = match kind {
            Kind::Manhole => it.manholes.value,
            Kind::Camera => it.cameras.value,
            Kind::Device => it.devices.value,
            Kind::Bike => it.bikes.value,
        };
        match self.scale {
            Scale::None => 0,
            Scale::Small => (whole / 100.0).round() as usize,
            Scale::City => whole as usize,
        }
    }

    fn dice(&self, kind: Kind) -> Dice {
        self.dice.of(kind as u64)
    }
}

impl Kind {
    const ALL: [Self; 4] = [Self::Manhole, Self::Camera, Self::Device, Self::Bike];

    fn id(self) -> &'static str {
        ["manhole", "camera_city", "device", "bike"][self as usize]
    }

    fn name_zh(self) -> &'static str {
        ["窨井盖", "公共视频", "感知设备", "共享单车"][self as usize]
    }

    fn prefix(self) -> &'static str {
        ["JG-", "SP-", "GZ-", "DC-"][self as usize]
    }

    /// How many stand along a metre of one class of street, against one of another.
    fn per_metre(self, class: Class) -> f64 {
        let densities = match self {
            Self::Manhole => [0.15, 0.9, 1.3, 1.1, 1.0],
            Self::Camera => [0.6, 1.2, 1.4, 1.1, 0.9],
            _ => [0.5, 1.0, 1.2, 1.0, 0.9],
        };
        densities[class as usize]
    }
}

// ---------------------------------------------------------------- what stands still

impl Things {
    fn standing(&self, kind: Kind, streets: &Streets) -> &Standing {
        self.standing[kind as usize].get_or_init(|| self.stand(kind, streets))
    }

    /// Evenly along all streets, by their classes' densities: exactly as many as there are, in the streets' order.
    fn stand(&self, kind: Kind, streets: &Streets) -> Standing {
        let pieces = self.pieces.get_or_init(|| streets.pieces());
        let (n, dice) = (self.n(kind), self.dice(kind).of(0));
        let weight = |piece: &Piece| f64::from(piece.length_m()) * kind.per_metre(piece.class);
        let whole: f64 = pieces.iter().map(weight).sum();
        let mut it = Standing { at: Vec::with_capacity(n), heading: Vec::new() };
        let mut begin = 0.0;
        for (i, piece) in pieces.iter().enumerate() {
            let end = begin + weight(piece);
            while it.at.len() < n && (it.at.len() as f64 + 0.5) / n as f64 * whole < end {
                let k = it.at.len();
                let share = ((k as f64 + 0.5) / n as f64 * whole - begin) / (end - begin);
                let (spot, heading) = kind.stand(streets, piece, i, share as f32, k, dice.of(k as u64));
                it.at.push(units_from_origin(self.origin, streets.place(spot)).unwrap_or(NOWHERE));
                it.heading.extend(heading);
            }
            begin = end;
        }
        // Without a street there is no place; with one this adds nothing.
        it.at.resize(n, NOWHERE);
        it.heading.resize(if kind == Kind::Camera { n } else { 0 }, NO_HEADING);
        it
    }

    /// Who is in what trouble at an instant; what is not named is well.
    fn troubles(&self, kind: Kind, at: Timestamp) -> BTreeMap<u32, u8> {
        let figures = &self.figures;
        let (each, states) = match kind {
            Kind::Manhole => (&figures.manhole_trouble, [(ThingState::Alarm, 0.2), (ThingState::Attention, 0.8)]),
            Kind::Camera => (&figures.camera_trouble, [(ThingState::Attention, 0.1), (ThingState::Offline, 0.9)]),
            _ => (&figures.device_trouble, [(ThingState::Alarm, 0.06), (ThingState::Offline, 0.8)]),
        };
        let (n, dice) = (self.n(kind), self.dice(kind).of(1));
        let per_minute = each.value * n as f64;
        let [_, _, longest] = figures.trouble_hours.value;
        let minute = at.0.div_euclid(MINUTE_MS);
        let mut troubles = BTreeMap::new();
        for slot in minute - (longest * 60.0).ceil() as i64..=minute {
            let dice = dice.of(slot as u64);
            let n_begin = per_minute as u64 + u64::from(dice.unit() < per_minute.fract());
            for k in 0..n_begin {
                let dice = dice.of(k);
                let begins = slot * MINUTE_MS + (dice.of(0).unit() * MINUTE_MS as f64) as i64;
                let ends = begins + (dice.of(1).spread(figures.trouble_hours.value) * HOUR_MS) as i64;
                if !(begins..ends).contains(&at.0) {
                    continue;
                }
                let mut chance = dice.of(2).unit();
                let drawn = states.iter().find(|(_, share)| {
                    chance -= share;
                    chance < 0.0
                });
                let state = drawn.map_or(ThingState::Attention, |it| it.0);
                troubles.insert(dice.of(3).below(n) as u32, state as u8);
            }
        }
        troubles
    }
}

impl Kind {
    /// A spot on land and, for a camera, where it looks. What would stand in the water stands across the street, or on it.
    fn stand(
        self,
        streets: &Streets,
        piece: &Piece,
        i_piece: usize,
        share: f32,
        k: usize,
        dice: Dice,
    ) -> (Spot, Option<u8>) {
        let half = piece.class.half_width_m();
        let [a, b, c] = [0, 1, 2].map(|part| dice.of(part).unit() as f32);
        let side = if k.is_multiple_of(2) { 1.0 } else { -1.0 };
        let (share, right) = match self {
            // Lanes off the street, which the map does not have: one for a piece, on one side.
            Self::Manhole if a < 0.4 => {
                let side = if i_piece.is_multiple_of(2) { 1.0 } else { -1.0 };
                (0.5 + (c - 0.5) * 3.0 / piece.length_m().max(3.0), side * (half + 12.0 + b * 100.0))
            }
            // Rows in the road and at its kerbs.
            Self::Manhole => {
                (share, half * ([-1.3, -0.9, -0.55, -0.2, 0.2, 0.55, 0.9, 1.3][k * 3 % 8] + (c - 0.5) * 0.1))
            }
            // In the blocks behind, thinning out.
            Self::Camera if a < 0.45 => (share, side * (half + 8.0 + b * b * 140.0)),
            Self::Device if a < 0.6 => (share, side * (half + 6.0 + b * b * 140.0)),
            _ => (share, side * (half + 1.5)),
        };
        let tries = [right, -right].map(|right| piece.beside(share, right));
        let spot = tries.into_iter().find(|spot| streets.is_land(*spot)).unwrap_or_else(|| piece.beside(share, 0.0));
        let heading = (self == Self::Camera).then(|| {
            let turned = if a < 0.45 { c * 360.0 } else { side.min(0.0) * 180.0 + (c - 0.5) * 40.0 };
            heading_of_degrees(degrees(piece.ahead()) + turned)
        });
        (spot, heading)
    }
}

fn degrees(ahead: Spot) -> f32 {
    ahead[0].atan2(ahead[1]).to_degrees()
}

// ---------------------------------------------------------------- what rides

/// What a tracker last told, and when.
struct Told {
    when: Timestamp,
    at: [i32; 2],
    heading: u8,
    state: u8,
}

/// A bike's ride in one of its periods; before it stands at `from`, after it at `to`.
struct Ride {
    /// Number of the period.
    period: i64,
    from_m: f32,
    to_m: f32,
    starts_ms: i64,
    ends_ms: i64,
}

impl Things {
    fn bike(&self, streets: &Streets, i: usize, now: Timestamp) -> Option<Told> {
        self.bike_told(streets, i, self.bike_when(i, now)?)
    }

    /// When its tracker last told anything.
    fn bike_when(&self, i: usize, now: Timestamp) -> Option<Timestamp> {
        const SLOT_MS: i64 = 6 * 3_600_000;
        let dice = self.dice(Kind::Bike).of(i as u64);
        let slot = now.0.div_euclid(SLOT_MS);
        let chance = dice.of(10).of(slot as u64);
        if chance.unit() >= self.figures.silent_share.value {
            return self.bike_due(i, now);
        }
        let begins = slot * SLOT_MS + (chance.of(0).unit() * 3.0 * HOUR_MS) as i64;
        let ends = begins + (chance.of(1).spread(self.figures.silent_hours.value) * HOUR_MS) as i64;
        match now.0 {
            t if t < begins => self.bike_due(i, now),
            t if t < ends => self.bike_due(i, Timestamp(begins)),
            // It speaks again as soon as it can.
            _ => Some(self.bike_due(i, now)?.max(Timestamp(ends))),
        }
    }

    /// When its tracker would last have told something, were it never silent.
    fn bike_due(&self, i: usize, now: Timestamp) -> Option<Timestamp> {
        let ms = |secs: &crate::Figure<f64>| (secs.value * 1000.0) as i64;
        let (riding_ms, parked_ms) = (ms(&self.figures.riding_every_secs), ms(&self.figures.parked_every_secs));
        let offset = (self.dice(Kind::Bike).of(i as u64).of(11).unit() * parked_ms as f64) as i64;
        let last = |every_ms: i64| now.0 - (now.0 - offset).rem_euclid(every_ms);
        let ride = self.ride(i, now.0)?;
        Some(Timestamp(if now.0 >= ride.ends_ms {
            last(parked_ms).max(ride.ends_ms)
        } else if now.0 >= ride.starts_ms {
            last(riding_ms).max(ride.starts_ms)
        } else {
            last(parked_ms).max(self.ride_of(i, ride.period - 1)?.ends_ms)
        }))
    }

    fn bike_told(&self, streets: &Streets, i: usize, when: Timestamp) -> Option<Told> {
        let dice = self.dice(Kind::Bike).of(i as u64);
        let ride = self.ride(i, when.0)?;
        let route = self.route(i)?;
        let is_riding = (ride.starts_ms..ride.ends_ms).contains(&when.0);
        let (spot, heading) = if is_riding {
            let share = (when.0 - ride.starts_ms) as f32 / (ride.ends_ms - ride.starts_ms) as f32;
            let (spot, ahead) = route.at(ride.from_m + (ride.to_m - ride.from_m) * share);
            let ahead = if ride.to_m < ride.from_m { ahead.map(|it| -it) } else { ahead };
            (
                Some(aside(spot, ahead, 3.0)).filter(|it| streets.is_land(*it)).unwrap_or(spot),
                heading_of_degrees(degrees(ahead)),
            )
        } else {
            let after = when.0 >= ride.ends_ms;
            let (spot, ahead) = route.at(if after { ride.to_m } else { ride.from_m });
            let chance = dice.of(12).of((ride.period + i64::from(after)) as u64);
            let right = (4.0 + chance.of(0).unit() as f32 * 4.0) * if chance.unit() < 0.5 { 1.0 } else { -1.0 };
            let tries = [right, -right].map(|right| aside(spot, ahead, right));
            (tries.into_iter().find(|it| streets.is_land(*it)).unwrap_or(spot), NO_HEADING)
        };
        let is_faulty = dice.of(13).unit() < self.figures.faulty_share.value;
        Some(Told {
            when,
            at: units_from_origin(self.origin, streets.place(spot)).unwrap_or(NOWHERE),
            heading,
            state: if is_faulty { ThingState::Attention } else { ThingState::Normal } as u8,
        })
    }

    fn route(&self, i: usize) -> Option<&Route> {
        let routes = self.routes.get_or_init(|| {
            let n = (self.n(Kind::Bike) / BIKES_ON_ROUTE).clamp(20, 2500);
            let all = self.streets.as_ref().map(|it| it.routes(n, self.dice(Kind::Bike).of(14))).unwrap_or_default();
            let long: Vec<Route> = all.iter().filter(|it| it.length_m() >= SHORTEST_ROUTE_M).cloned().collect();
            if long.is_empty() { all } else { long }
        });
        routes.get(i * routes.len() / self.n(Kind::Bike).max(1))
    }

    /// The ride of the period an instant falls in.
    fn ride(&self, i: usize, at_ms: i64) -> Option<Ride> {
        let (period_ms, phase_ms, _) = self.habit(i)?;
        self.ride_of(i, (at_ms - phase_ms).div_euclid(period_ms))
    }

    fn ride_of(&self, i: usize, period: i64) -> Option<Ride> {
        let (period_ms, phase_ms, mps) = self.habit(i)?;
        let dice = self.dice(Kind::Bike).of(i as u64).of(15);
        let length = self.route(i)?.length_m();
        let [from_m, to_m] = [period, period + 1].map(|it| dice.of(it as u64).unit() as f32 * length);
        let lasts_ms = (f64::from((to_m - from_m).abs()) / mps * 1000.0).max(1000.0) as i64;
        let spare_ms = (period_ms - lasts_ms).max(0) as f64;
        let starts_ms = period * period_ms + phase_ms + (dice.of(period as u64).of(1).unit() * spare_ms) as i64;
        Some(Ride { period, from_m, to_m, starts_ms, ends_ms: starts_ms + lasts_ms })
    }

    /// How long its periods are and where they begin, ms, and how fast it is ridden, m/s. Two random points of a line are
    /// a third of it apart on average, so the share of time on the way comes out as given.
    fn habit(&self, i: usize) -> Option<(i64, i64, f64)> {
        let dice = self.dice(Kind::Bike).of(i as u64);
        let mps = dice.of(16).spread(self.figures.riding_mps.value);
        let ride_secs = f64::from(self.route(i)?.length_m()) / 3.0 / mps;
        let period_ms = ((ride_secs / self.figures.riding_share.value).max(600.0) * 1000.0) as i64;
        Some((period_ms, (dice.of(17).unit() * period_ms as f64) as i64, mps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{figures::Figures, testing::tiny_pack};
    use gulang_city::{Freshness, ThingsError};
    use std::path::Path;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const IDS: [&str; 4] = ["manhole", "camera_city", "device", "bike"];

    fn xiamen(scale: Scale, seed: u64) -> Things {
        let folder = Path::new("../../assets/cities/xiamen");
        let pack = crate::load_pack(folder).unwrap();
        let streets = Streets::read(folder, &pack).unwrap();
        Things::new(scale, Figures::shipped().things, pack.center, Some(streets), Dice::new(seed))
    }

    fn is_near_a_street(things: &Things, it: &Inventory, handle: usize, reach_m: f32) -> bool {
        let streets = things.streets.as_ref().unwrap();
        let (east, north) = streets.frame.local_from_geo(it.place(handle).unwrap());
        let spot = [east as f32, north as f32];
        streets.streets.iter().flat_map(|street| street.line.windows(2)).any(|ends| {
            let d = [ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]];
            let to = [spot[0] - ends[0][0], spot[1] - ends[0][1]];
            let share = ((to[0] * d[0] + to[1] * d[1]) / (d[0] * d[0] + d[1] * d[1]).max(1e-6)).clamp(0.0, 1.0);
            (to[0] - d[0] * share).hypot(to[1] - d[1] * share) <= reach_m
        })
    }

    #[test]
    fn there_are_as_many_as_the_city_counts() {
        #[track_caller]
        fn check(scale: Scale, expected: [usize; 4]) {
            let list = xiamen(scale, 1).list();
            assert_eq!(
                list.iter().map(|it| (it.id, it.n)).collect::<Vec<_>>(),
                IDS.into_iter().zip(expected).collect::<Vec<_>>()
            );
        }
        check(Scale::City, [1_350_000, 200_000, 100_000, 90_000]);
        check(Scale::Small, [13_500, 2_000, 1_000, 900]);
        assert_eq!(xiamen(Scale::None, 1).list(), []);
        assert!(xiamen(Scale::None, 1).inventory("bike", NOW).is_none());
        assert!(xiamen(Scale::Small, 1).inventory("tree", NOW).is_none());
    }

    #[test]
    fn everything_stands_on_land_by_a_street_and_one_seed_says_one_thing() -> Result<(), ThingsError> {
        let (things, again, other) = (xiamen(Scale::Small, 7), xiamen(Scale::Small, 7), xiamen(Scale::Small, 8));
        let streets = things.streets.as_ref().unwrap();
        for listed in things.list() {
            let it = things.inventory(listed.id, NOW).unwrap();
            let bytes = it.to_bytes().unwrap();
            let (read, n_absurd) = Inventory::from_bytes(&bytes)?;
            assert_eq!((read.len(), n_absurd), (listed.n, 0));
            assert_eq!(bytes, again.inventory(listed.id, NOW).unwrap().to_bytes().unwrap());
            assert_ne!(it.at, other.inventory(listed.id, NOW).unwrap().at);
            let n_at_sea = (0..it.len())
                .filter(|i| {
                    let (east, north) = streets.frame.local_from_geo(it.place(*i).unwrap());
                    !streets.is_land([east as f32, north as f32])
                })
                .count();
            // A unit of rounding at the shore.
            assert!(n_at_sea <= it.len() / 500, "{n_at_sea} of {} {} stand in the sea", it.len(), listed.id);
            for i in (0..it.len()).step_by(it.len() / 40) {
                assert!(is_near_a_street(&things, &it, i, 165.0), "{}", it.id_of(i));
            }
        }
        Ok(())
    }

    #[test]
    fn a_tenth_of_the_bikes_ride_and_stay_by_the_street() {
        let things = xiamen(Scale::Small, 3);
        let mut n_riding = 0;
        for hour in 0..10 {
            let it = things.inventory("bike", NOW.plus_secs(hour * 3600)).unwrap();
            n_riding += it.heading.iter().filter(|it| **it != NO_HEADING).count();
        }
        assert!((600..1200).contains(&n_riding), "{n_riding} of 9000");
        let (before, after) =
            (things.inventory("bike", NOW).unwrap(), things.inventory("bike", NOW.plus_secs(30)).unwrap());
        let mut n_moved = 0;
        for i in 0..before.len() {
            let [a, b] = [&before, &after].map(|it| it.place(i).unwrap());
            assert!(a.distance_m(b) < 30.0 * 5.5 + 40.0, "{} flew {} m", before.id_of(i), a.distance_m(b));
            n_moved += usize::from(a.distance_m(b) > 20.0);
        }
        assert!(n_moved > 40, "{n_moved}");
        for i in (0..after.len()).step_by(9) {
            assert!(is_near_a_street(&things, &after, i, 12.0), "{}", after.id_of(i));
        }
    }

    #[test]
    fn some_trackers_fall_silent_and_their_bikes_grow_old() {
        let things = xiamen(Scale::Small, 3);
        let (mut n_silent, mut n_spoke_again) = (0, 0);
        let mut was_silent = vec![false; 900];
        for hour in 0..12 {
            let now = NOW.plus_secs(hour * 3600);
            let it = things.inventory("bike", now).unwrap();
            for (i, was) in was_silent.iter_mut().enumerate() {
                let is = it.freshness(i, now) != Freshness::Fresh;
                n_silent += usize::from(is);
                n_spoke_again += usize::from(*was && !is);
                *was = is;
            }
        }
        assert!((10..300).contains(&n_silent), "{n_silent} of 10800");
        assert!(n_spoke_again > 3, "{n_spoke_again}");
    }

    /// Who takes every change has at the end what who asks for everything gets.
    #[test]
    fn changes_lead_from_one_register_to_the_next() {
        for things in [xiamen(Scale::Small, 5), tiny()] {
            for id in IDS {
                let mut it = things.inventory(id, NOW).unwrap();
                let mut n = 0;
                for step in 1..40 {
                    let now = NOW.plus_secs(step * 97);
                    n += it.apply(&things.changes(id, it.as_of, now).unwrap()).len();
                    let whole = things.inventory(id, now).unwrap();
                    assert_eq!((&it.at, &it.heading, &it.state), (&whole.at, &whole.heading, &whole.state), "{id}");
                    for i in 0..it.len() {
                        assert!((it.seen_at(i) - whole.seen_at(i)).abs() <= 1000, "{id} {i}");
                    }
                }
                assert!(n > 0 || things.scale == Scale::Small && id == "manhole", "{id} never changes");
            }
        }
    }

    #[test]
    fn some_of_the_citys_covers_are_displaced_at_any_time() {
        let things = xiamen(Scale::City, 1);
        for hour in 0..5 {
            let troubles = things.troubles(Kind::Manhole, NOW.plus_secs(hour * 7200));
            let n_alarms = troubles.values().filter(|it| **it == ThingState::Alarm as u8).count();
            assert!((10..80).contains(&n_alarms), "{n_alarms}");
        }
    }

    fn tiny() -> Things {
        let (dir, pack) = (tempfile::tempdir().unwrap(), tiny_pack());
        let streets = Streets::read(dir.path(), &pack).unwrap();
        Things::new(Scale::Small, Figures::shipped().things, pack.center, Some(streets), Dice::new(1))
    }
}
