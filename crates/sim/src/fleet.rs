//! The city's vehicles with terminals: muck trucks to and fro on their routes, and emergency vehicles, mostly waiting.
//!
//! **Invariant:** a pure function of pack, seed, scale and time, like the other registers. Where terminals call and what they
//! are answered is in [`crate::terminals`].

use crate::{
    dice::Dice,
    figures::FleetFigures,
    streets::{Route, Spot, Streets, aside},
    things::{Scale, Things},
};
use gulang_city::{LonLat, Timestamp};
use gulang_platforms::jt808::{AlarmBit, Edition, Extra, Position, Register, Status};
use std::sync::Arc;

pub(crate) struct Fleet {
    things: Arc<Things>,
    routes: Vec<Route>,
    dice: Dice,
    figures: FleetFigures,
    n_trucks: usize,
    n_emergency: usize,
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
/// To the right of the street's middle, m.
const LANE_M: f32 = 3.0;
/// An emergency vehicle is driving for about this share of its time.
const EMERGENCY_DRIVES: f64 = 0.15;

impl Fleet {
    /// Walks the streets for routes, which takes a while; `None` where there are none.
    pub(crate) fn new(things: Arc<Things>, figures: FleetFigures, dice: Dice) -> Option<Self> {
        // Fewer in a hundred would be no fleet to look at.
        let of = |whole: f64| match things.scale() {
            Scale::None => 0,
            Scale::Small => (whole / 10.0).round() as usize,
            Scale::City => whole as usize,
        };
        let (n_trucks, n_emergency) = (of(figures.trucks.value), of(figures.emergency_vehicles.value));
        let wanted = ((n_trucks + n_emergency) / VEHICLES_ON_ROUTE).max(8);
        let mut routes = things.streets()?.routes(wanted, dice.of(0));
        routes.retain(|it| it.length_m() >= SHORTEST_ROUTE_M);
        let is_any = n_trucks + n_emergency > 0 && !routes.is_empty();
        is_any.then_some(Self { things, routes, dice, figures, n_trucks, n_emergency })
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
        let route = self.routes.get(dice.of(0).below(self.routes.len()))?;
        let mps = dice.of(1).spread(self.figures.driving_mps.value);
        let drive_ms = f64::from(route.length_m()) / mps * 1000.0;
        let stand_ms = match self.is_truck(i) {
            true => dice.of(2).spread(self.figures.loading_mins.value) * 60_000.0,
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
        Fleet::new(Arc::new(things), figures.fleet, Dice::new(seed))
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
