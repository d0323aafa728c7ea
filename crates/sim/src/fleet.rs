//! The city's vehicles with terminals: muck trucks to and fro on their routes, and emergency vehicles, mostly waiting. Trucks
//! keep to routes no fence closes to them and to the limits on their way; a few are driven by somebody who does neither.
//!
//! **Invariant:** a pure function of pack, seed, scale and time, like the other registers. Where terminals call and what they
//! are answered is in [`crate::terminals`].

use crate::{
    dice::Dice,
    figures::FleetFigures,
    streets::{Route, Spot, Streets, aside},
    things::{Scale, Things},
};
use gulang_city::{FenceRule, FenceRules, LonLat, Timestamp, is_in_ring};
use gulang_platforms::jt808::{AlarmBit, Edition, Extra, Position, Register, Status};
use std::sync::Arc;

pub(crate) struct Fleet {
    things: Arc<Things>,
    ways: Vec<Way>,
    /// Of `ways`, those a truck that minds fences may take, and those that lead through one.
    open: Vec<usize>,
    closed: Vec<usize>,
    n_heedless: usize,
    dice: Dice,
    figures: FleetFigures,
    n_trucks: usize,
    n_emergency: usize,
}

/// A route, and what the fences say of it.
struct Way {
    route: Route,
    /// The lowest limit on it.
    limit_mps: f64,
}

/// A time a terminal is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) begins: Timestamp,
    pub(crate) ends: Timestamp,
    /// Switched off: what was on the way meanwhile is not told afterwards.
    pub(crate) is_off: bool,
}

/// Spans in which a terminal is out of reach at most once.
const GAP_SLOT_MS: i64 = 3 * 3_600_000;
const ALARM_SLOT_MS: i64 = 3_600_000;
const ALARM_MS: f64 = 300_000.0;
/// One route for so many vehicles, within bounds.
const VEHICLES_ON_ROUTE: usize = 3;
const SHORTEST_ROUTE_M: f32 = 600.0;
/// With fewer routes to choose from none might lead through a fence, or all.
const FEWEST_ROUTES: usize = 90;
/// The register of a truck, which fences name.
const TRUCKS: &str = "muck_truck";
/// How far apart a route is looked at for fences, m.
const LOOK_EVERY_M: f32 = 20.0;
/// A driver who minds a limit drives at most this share of it.
const BELOW_LIMIT: f64 = 0.9;
/// To the right of the street's middle, m.
const LANE_M: f32 = 3.0;
/// An emergency vehicle is driving for about this share of its time.
const EMERGENCY_DRIVES: f64 = 0.15;

impl Fleet {
    /// Walks the streets for routes, which takes a while; `None` where there are none.
    pub(crate) fn new(things: Arc<Things>, figures: FleetFigures, fences: &FenceRules, dice: Dice) -> Option<Self> {
        // Fewer in a hundred would be no fleet to look at.
        let of = |whole: f64| match things.scale() {
            Scale::None => 0,
            Scale::Small => (whole / 10.0).round() as usize,
            Scale::City => whole as usize,
        };
        let (n_trucks, n_emergency) = (of(figures.trucks.value), of(figures.emergency_vehicles.value));
        if n_trucks + n_emergency == 0 {
            return None;
        }
        let wanted = ((n_trucks + n_emergency) / VEHICLES_ON_ROUTE).max(FEWEST_ROUTES);
        let streets = things.streets()?;
        let mut routes = streets.routes(wanted, dice.of(0));
        routes.retain(|it| it.length_m() >= SHORTEST_ROUTE_M);
        let (mut ways, mut open, mut closed) = (Vec::new(), Vec::new(), Vec::new());
        for route in routes {
            let (is_open, limit_mps) = judged(&route, streets, fences);
            let side = if is_open { &mut open } else { &mut closed };
            side.push(ways.len());
            ways.push(Way { route, limit_mps });
        }
        let n_heedless = (figures.heedless_trucks.value.round() as usize).min(n_trucks);
        let is_any = !ways.is_empty();
        is_any.then_some(Self { things, ways, open, closed, n_heedless, dice, figures, n_trucks, n_emergency })
    }

    /// Drives through fences and over limits.
    fn is_heedless(&self, i: usize) -> bool {
        self.is_truck(i) && (i + self.dice.of(2).below(self.n_trucks)) % self.n_trucks < self.n_heedless
    }

    /// Which way it takes, for good: trucks by whether they mind fences, the others any.
    fn way(&self, i: usize) -> Option<&Way> {
        let chance = self.dice(i).of(0);
        let among = match self.is_truck(i) {
            true if self.is_heedless(i) => &self.closed,
            true => &self.open,
            false => return self.ways.get(chance.below(self.ways.len())),
        };
        match among.get(chance.below(among.len())) {
            Some(k) => self.ways.get(*k),
            // A city all fenced, or without fences.
            None => self.ways.get(chance.below(self.ways.len())),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.n_trucks + self.n_emergency
    }

    fn is_truck(&self, i: usize) -> bool {
        i < self.n_trucks
    }

    /// `闽D` and five, as trucks have; emergency vehicles' end in 应急. Made up, like the numbers.
    pub(crate) fn plate(&self, i: usize) -> String {
        match self.is_truck(i) {
            true => format!("闽D{:05}", 10_000 + i),
            false => format!("闽D{:04}应急", 1000 + i - self.n_trucks),
        }
    }

    pub(crate) fn phone(&self, i: usize) -> String {
        format!("138{:08}", 59_000_000 + i)
    }

    /// Both are on the road: two in three terminals are of 2013.
    pub(crate) fn edition(&self, i: usize) -> Edition {
        if i % 3 == 2 { Edition::V2019(1) } else { Edition::V2013 }
    }

    pub(crate) fn register(&self, i: usize) -> Register {
        Register {
            province: 35,
            city: 203,
            maker: "GLSIM".into(),
            model: "模拟终端".into(),
            terminal: format!("{i:07}"),
            plate_color: if self.is_truck(i) { 2 } else { 4 },
            plate: self.plate(i),
        }
    }

    /// Ms between two positions.
    pub(crate) fn every_ms(&self, i: usize, at: Timestamp) -> i64 {
        let secs = if self.speed_mps(i, at) > 0.0 {
            &self.figures.driving_every_secs
        } else {
            &self.figures.parked_every_secs
        };
        (secs.value * 1000.0) as i64
    }

    /// When it is out of reach, if it is. A gap ends in its own slot.
    pub(crate) fn gap(&self, i: usize, at: Timestamp) -> Option<Gap> {
        let slot = at.0.div_euclid(GAP_SLOT_MS);
        let chance = self.dice(i).of(10).of(slot as u64);
        if chance.unit() >= self.figures.gap_share.value {
            return None;
        }
        let is_off = chance.of(2).unit() < self.figures.off_share.value;
        let room_ms = GAP_SLOT_MS as f64;
        let length_ms = (chance.of(1).spread(self.figures.gap_mins.value) * 60_000.0).min(room_ms * 0.6);
        let begins = slot * GAP_SLOT_MS + (chance.of(0).unit() * (room_ms - length_ms)) as i64;
        let ends = if is_off { (slot + 1) * GAP_SLOT_MS } else { begins + length_ms as i64 };
        (begins..ends).contains(&at.0).then_some(Gap { begins: Timestamp(begins), ends: Timestamp(ends), is_off })
    }

    pub(crate) fn position(&self, i: usize, at: Timestamp) -> Option<Position> {
        let (place, heading) = self.place(i, at)?;
        let speed = self.speed_mps(i, at);
        let alarms = if self.presses_button(i, at) { AlarmBit::Emergency.mask() } else { 0 };
        let running = if speed > 0.0 { Status::ACC_ON } else { 0 };
        let load = if self.is_truck(i) && self.is_outward(i, at) { Status::FULL } else { 0 };
        let km = 20_000.0 + self.dice(i).of(20).unit() * 90_000.0;
        Some(Position {
            alarms,
            status: Status(Status::LOCATED | running | load),
            at: place,
            altitude_m: 10,
            speed_kmh: (speed * 3.6) as f32,
            heading_deg: heading,
            // A terminal's clock has whole seconds.
            time: Timestamp(at.0.div_euclid(1000) * 1000),
            extras: vec![
                Extra::Mileage((km * 10.0).round() / 10.0),
                Extra::Signal(20 + (i % 10) as u8),
                Extra::Satellites(8 + (i % 6) as u8),
            ],
        })
    }

    fn dice(&self, i: usize) -> Dice {
        self.dice.of(1).of(i as u64)
    }

    fn presses_button(&self, i: usize, at: Timestamp) -> bool {
        let slot = at.0.div_euclid(ALARM_SLOT_MS);
        let chance = self.dice(i).of(11).of(slot as u64);
        let begins = slot * ALARM_SLOT_MS + (chance.of(0).unit() * (ALARM_SLOT_MS as f64 - ALARM_MS)) as i64;
        chance.unit() < self.figures.button_share.value && (begins..begins + ALARM_MS as i64).contains(&at.0)
    }

    /// Its route, its pace and how long it stands at either end, ms.
    fn habit(&self, i: usize) -> Option<(&Route, f64, f64)> {
        let dice = self.dice(i);
        let Way { route, limit_mps } = self.way(i)?;
        let pace = dice.of(1).spread(self.figures.driving_mps.value);
        let minds_limits = self.is_truck(i) && !self.is_heedless(i);
        let mps = if minds_limits { pace.min(limit_mps * BELOW_LIMIT) } else { pace };
        let drive_ms = f64::from(route.length_m()) / mps * 1000.0;
        let loading_ms = dice.of(2).spread(self.figures.loading_mins.value) * 60_000.0;
        let stand_ms = match self.is_truck(i) {
            // Nobody dares it all day long.
            true if self.is_heedless(i) => loading_ms * self.figures.heedless_rest.value,
            true => loading_ms,
            false => drive_ms * (1.0 - EMERGENCY_DRIVES) / EMERGENCY_DRIVES,
        };
        Some((route, mps, stand_ms))
    }

    /// How far along its round it is: (share of the way from the beginning, there or back, driving).
    fn round(&self, i: usize, at: Timestamp) -> Option<(f64, bool, bool)> {
        let (route, mps, stand_ms) = self.habit(i)?;
        let drive_ms = f64::from(route.length_m()) / mps * 1000.0;
        let half_ms = drive_ms + stand_ms;
        let phase = self.dice(i).of(3).unit() * 2.0 * half_ms;
        let t = (at.0 as f64 + phase).rem_euclid(2.0 * half_ms);
        let (is_outward, t) = if t < half_ms { (true, t) } else { (false, t - half_ms) };
        let share = (t / drive_ms).min(1.0);
        Some((if is_outward { share } else { 1.0 - share }, is_outward, t < drive_ms))
    }

    fn is_outward(&self, i: usize, at: Timestamp) -> bool {
        self.round(i, at).is_some_and(|it| it.1)
    }

    fn speed_mps(&self, i: usize, at: Timestamp) -> f64 {
        match (self.round(i, at), self.habit(i)) {
            (Some((_, _, true)), Some((_, mps, _))) => mps,
            _ => 0.0,
        }
    }

    /// WGS-84, and degrees clockwise from north.
    fn place(&self, i: usize, at: Timestamp) -> Option<(LonLat, u16)> {
        let streets: &Streets = self.things.streets()?;
        let (share, is_outward, _) = self.round(i, at)?;
        let (route, ..) = self.habit(i)?;
        let (spot, ahead) = route.at((share * f64::from(route.length_m())) as f32);
        let ahead: Spot = if is_outward { ahead } else { ahead.map(|it| -it) };
        let beside = Some(aside(spot, ahead, LANE_M)).filter(|it| streets.is_land(*it)).unwrap_or(spot);
        let heading = ahead[0].atan2(ahead[1]).to_degrees().rem_euclid(360.0) as u16;
        Some((streets.place(beside), heading % 360))
    }
}

/// Whether a truck may take the route at any hour, and the lowest limit on it, m/s.
fn judged(route: &Route, streets: &Streets, fences: &FenceRules) -> (bool, f64) {
    let n = (route.length_m() / LOOK_EVERY_M).ceil().max(1.0) as usize;
    let places: Vec<LonLat> =
        (0..=n).map(|k| streets.place(route.at(route.length_m() * k as f32 / n as f32).0)).collect();
    let (mut is_open, mut limit_mps) = (true, f64::INFINITY);
    for fence in fences.fences.iter().filter(|it| it.registers.iter().any(|it| &**it == TRUCKS)) {
        let mut inside = places.iter().map(|it| is_in_ring(*it, &fence.ring));
        match fence.rule {
            FenceRule::Forbid => is_open &= !inside.any(|it| it),
            FenceRule::KeepIn => is_open &= inside.all(|it| it),
            FenceRule::Speed if inside.any(|it| it) => limit_mps = limit_mps.min(f64::from(fence.limit_kmh) / 3.6),
            FenceRule::Speed => {}
        }
    }
    (is_open, limit_mps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figures;
    use std::path::Path;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn xiamen(scale: Scale, seed: u64) -> Option<Fleet> {
        let folder = Path::new("../../assets/cities/xiamen");
        let pack = crate::load_pack(folder).unwrap();
        let streets = Streets::read(folder, &pack).unwrap();
        let figures = Figures::shipped();
        let things = Things::new(scale, figures.things, pack.center, Some(streets), Dice::new(seed));
        Fleet::new(Arc::new(things), figures.fleet, &pack.fence_rules, Dice::new(seed))
    }

    /// EEMUA 191: ten alarms in ten minutes are what one operator can answer; peace must stay below that.
    #[test]
    fn a_day_has_breaches_and_never_a_flood_of_them() {
        const CEILING: usize = 10;
        let pack = crate::load_pack(Path::new("../../assets/cities/xiamen")).unwrap();
        for seed in [1, 3] {
            let fleet = xiamen(Scale::Small, seed).unwrap();
            assert!(!fleet.closed.is_empty() && fleet.open.len() > fleet.closed.len());
            let mut judge = gulang_city::FenceJudge::new(&pack.fence_rules, pack.center);
            let (mut raised, mut n_broken) = (Vec::new(), 0);
            for minute in 0..24 * 60 {
                let at = NOW.start_of_day().plus_mins(minute);
                let mut said = Vec::new();
                for i in (0..fleet.len()).filter(|i| fleet.gap(*i, at).is_none()) {
                    let register = if fleet.is_truck(i) { TRUCKS } else { "emergency_vehicle" };
                    let place = fleet.position(i, at).unwrap().at;
                    said.extend(judge.feed(&register.into(), &fleet.plate(i).into(), Some(place), at));
                }
                said.extend(judge.silent(at));
                for it in said {
                    let gulang_city::Command::ReportFence { report } = it else { continue };
                    if report.is_on {
                        raised.push(at);
                        n_broken += usize::from(report.breach != gulang_city::Breach::Silent);
                    }
                }
            }
            assert!(n_broken > 0, "seed {seed}: nobody breaks a fence all day");
            let most = raised
                .iter()
                .map(|from| raised.iter().filter(|it| **it >= *from && it.since_ms(*from) < 600_000).count());
            assert!(most.max() <= Some(CEILING), "seed {seed}: {} in the day", raised.len());
        }
    }

    #[test]
    fn there_are_as_many_as_the_city_counts() {
        assert!(xiamen(Scale::None, 1).is_none());
        let fleet = xiamen(Scale::Small, 1).unwrap();
        assert_eq!((fleet.n_trucks, fleet.len() - fleet.n_trucks), (81, 6));
        let plates: std::collections::BTreeSet<String> = (0..fleet.len()).map(|i| fleet.plate(i)).collect();
        assert_eq!(plates.len(), fleet.len());
        assert!(plates.iter().any(|it| it.ends_with("应急")));
    }

    #[test]
    fn they_drive_no_faster_than_they_say() {
        let fleet = xiamen(Scale::Small, 3).unwrap();
        let mut n_driving = 0;
        for i in 0..fleet.len() {
            for step in 0..30 {
                let (a, b) = (NOW.plus_secs(step * 10), NOW.plus_secs(step * 10 + 10));
                let [from, to] = [a, b].map(|at| fleet.position(i, at).unwrap());
                let metres = from.at.distance_m(to.at);
                // Across the street at a turn.
                assert!(metres <= 10.0 * 20.0 + 20.0, "{} went {metres} m", fleet.plate(i));
                assert_eq!(from.place(), Some(from.at));
                n_driving += usize::from(metres > 20.0);
            }
        }
        assert!(n_driving > 400, "{n_driving}");
    }

    #[test]
    fn some_are_out_of_reach_for_a_while_and_one_seed_says_one_thing() {
        let (fleet, again) = (xiamen(Scale::Small, 3).unwrap(), xiamen(Scale::Small, 3).unwrap());
        let (mut n_gaps, mut n_off) = (0, 0);
        for hour in 0..24 {
            let at = NOW.plus_secs(hour * 3600);
            for i in 0..fleet.len() {
                assert_eq!(fleet.position(i, at), again.position(i, at));
                if let Some(gap) = fleet.gap(i, at) {
                    assert!(gap.begins <= at && at < gap.ends);
                    (n_gaps, n_off) = (n_gaps + 1, n_off + usize::from(gap.is_off));
                }
            }
        }
        assert!((10..600).contains(&n_gaps) && n_off > 0 && n_off < n_gaps, "{n_gaps}, {n_off} off");
    }
}
