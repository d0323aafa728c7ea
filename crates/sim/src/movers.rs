//! Teams on patrol, other units and drones on their rounds: where each is at any moment, without having followed it there.
//!
//! Boats and aircraft wait where they are kept; now and then one makes a round in straight lines, at its own speed, and none
//! leaves in more wind than it may.

use crate::{dice::Dice, figures::MoverFigures};
use gulang_city::{DistrictId, LocalFrame, LonLat, Pack, Straight, Timestamp, UnitKind};

/// Farther than this a patrol does not go from its station, m.
const PATROL_REACH_M: f64 = 2_600.0;
const DRONE_REACH_M: f64 = 5_000.0;
/// A flight and the charging after it.
const DRONE_CYCLE_MS: i64 = 52 * 60_000;
const CLIMB_MS: i64 = 40_000;
/// Ground near a dock, m above the sea; assumed alike everywhere.
pub(crate) const GROUND_M: f64 = 12.0;

/// Boats and aircraft may leave this often.
const UNIT_CYCLE_MS: i64 = 60 * 60_000;
/// Farther than this none goes on its round, m; a boat stays this near to its berth.
const FLIGHT_REACH_M: f64 = 9_000.0;
const BOAT_BEAT_M: f64 = 1_500.0;
/// What stands nearer than this to a berth tells where the land is, m.
const LAND_WITHIN_M: f64 = 4_000.0;

/// A closed way with stops, walked at one speed.
struct Round {
    stops: Vec<LonLat>,
    /// Metres from the start to each stop, and round to the start again.
    marks_m: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TeamFix {
    pub(crate) at: LonLat,
    pub(crate) heading: f64,
    pub(crate) speed: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DroneFix {
    pub(crate) at: LonLat,
    /// Above the place it took off from, m.
    pub(crate) elevation: f64,
    /// Above the WGS-84 ellipsoid, m: what DJI calls `height`.
    pub(crate) ellipsoid_height: f64,
    pub(crate) heading: f64,
    pub(crate) speed: f64,
    pub(crate) climb: f64,
    pub(crate) battery: f64,
    /// DJI `mode_code`.
    pub(crate) mode: u8,
    /// Seconds of flight left.
    pub(crate) remain_s: i64,
    pub(crate) home_m: f64,
    /// Which flight of this drone it is, and how far through it, 0–1; `None` in the dock.
    pub(crate) flight: Option<(i64, f64)>,
}

pub(crate) struct Movers {
    figures: MoverFigures,
    teams: Vec<TeamPlan>,
    drones: Vec<DronePlan>,
}

struct TeamPlan {
    home: LonLat,
    /// `None`: stands at its station.
    round: Option<Round>,
    /// Where on its round it is at the epoch, m.
    head_start_m: f64,
    speed_mps: f64,
    /// Of boats and aircraft: when it makes its round.
    trips: Option<Trips>,
}

/// Rounds made now and then.
struct Trips {
    dice: Dice,
    offset_ms: i64,
    max_wind_mps: f64,
}

struct DronePlan {
    dock: LonLat,
    round: Round,
    offset_ms: i64,
}

impl Movers {
    pub(crate) fn new(pack: &Pack, figures: MoverFigures, dice: Dice) -> Self {
        let spots: Vec<(LonLat, &DistrictId)> = (pack.flood_points.iter().map(|p| (p.at, &p.district)))
            .chain(pack.shelters.iter().map(|p| (p.at, &p.district)))
            .chain(pack.depots.iter().map(|p| (p.at, &p.district)))
            .chain(pack.hospitals.iter().map(|p| (p.at, &p.district)))
            .chain(pack.teams.iter().map(|p| (p.home, &p.district)))
            .collect();
        let around = |home: LonLat, district: &DistrictId, reach_m: f64, n: usize, dice: Dice| {
            let mut near: Vec<(u64, LonLat)> = spots
                .iter()
                .enumerate()
                .filter(|(_, (at, d))| *d == district && (30.0..reach_m).contains(&at.distance_m(home)))
                .map(|(i, (at, _))| (dice.of(i as u64).bits(), *at))
                .collect();
            near.sort_unstable_by_key(|(order, _)| *order);
            near.truncate(n);
            // Clockwise round the station, so that the way does not cross itself.
            near.sort_by(|(_, a), (_, b)| home.bearing_to(*a).total_cmp(&home.bearing_to(*b)));
            std::iter::once(home).chain(near.into_iter().map(|(_, at)| at)).collect::<Vec<_>>()
        };
        // Away from what stands on land is out to sea.
        let out_to_sea = |home: LonLat| {
            let frame = LocalFrame::new(home);
            let near =
                spots.iter().map(|(at, _)| *at).filter(|at| (30.0..LAND_WITHIN_M).contains(&at.distance_m(home)));
            let (east, north) = near
                .map(|at| frame.local_from_geo(at))
                .fold((0.0, 0.0), |sum: (f64, f64), it| (sum.0 - it.0, sum.1 - it.1));
            let way = east.hypot(north).max(1.0);
            frame.geo_from_local((east / way * BOAT_BEAT_M, north / way * BOAT_BEAT_M))
        };
        let unit = |team: &gulang_city::Team, straight: &Straight, dice: Dice| {
            let stops = match team.kind {
                UnitKind::Boat => vec![team.home, out_to_sea(team.home)],
                _ => around(team.home, &team.district, FLIGHT_REACH_M.min(straight.range_km * 300.0), 3, dice.of(1)),
            };
            TeamPlan {
                home: team.home,
                round: (stops.len() > 1).then(|| Round::new(stops)),
                head_start_m: 0.0,
                speed_mps: straight.speed_kmh / 3.6,
                trips: Some(Trips {
                    dice: dice.of(2),
                    offset_ms: (dice.of(3).unit() * UNIT_CYCLE_MS as f64) as i64,
                    max_wind_mps: straight.max_wind_mps,
                }),
            }
        };
        let team = |team: &gulang_city::Team| {
            let dice = dice.of_text(team.id.as_str());
            if let Some(straight) = pack.force_rules.moves.straight(team.kind) {
                return unit(team, straight, dice);
            }
            let stops = around(team.home, &team.district, PATROL_REACH_M, 3, dice.of(1));
            let goes_out = dice.of(2).unit() < figures.patrol_share.value && stops.len() > 1;
            TeamPlan {
                home: team.home,
                round: goes_out.then(|| Round::new(stops)),
                head_start_m: dice.of(3).unit() * 10_000.0,
                speed_mps: figures.patrol_speed_mps.value * (0.6 + 0.8 * dice.of(4).unit()),
                trips: None,
            }
        };
        let drone = |(i, drone): (usize, &gulang_city::Drone)| {
            let dice = dice.of_text(drone.id.as_str());
            let dock = pack.docks.iter().find(|d| d.id == drone.dock);
            let (at, district) = dock.map_or((pack.center, DistrictId::from("")), |d| (d.at, d.district.clone()));
            let stops = around(at, &district, DRONE_REACH_M, 5, dice.of(1));
            let stops = if stops.len() > 1 { stops } else { vec![at, LonLat(at.0 + 0.012, at.1 + 0.008)] };
            let spacing = DRONE_CYCLE_MS / pack.drones.len().max(1) as i64;
            DronePlan { dock: at, round: Round::new(stops), offset_ms: i as i64 * spacing }
        };
        Self {
            teams: pack.forces().map(team).collect(),
            drones: pack.drones.iter().enumerate().map(drone).collect(),
            figures,
        }
    }

    /// On its own rounds, taken up at its station at `since` if it came home then. `wind` as for [`Self::drone`]; teams go
    /// in any.
    pub(crate) fn team(
        &self,
        i: usize,
        since: Option<Timestamp>,
        at: Timestamp,
        wind: &dyn Fn(Timestamp) -> f64,
    ) -> TeamFix {
        let plan = &self.teams[i];
        let waits = TeamFix { at: plan.home, heading: 0.0, speed: 0.0 };
        let Some(round) = &plan.round else { return waits };
        if let Some(trips) = &plan.trips {
            let shifted = at.0 + trips.offset_ms;
            let (cycle, into_ms) = (shifted.div_euclid(UNIT_CYCLE_MS), shifted.rem_euclid(UNIT_CYCLE_MS));
            let way_m = into_ms as f64 / 1000.0 * plan.speed_mps;
            let goes = trips.dice.of(cycle as u64).unit() < self.figures.unit_flight_share.value;
            let trip_ms = (round.length_m() / plan.speed_mps * 1000.0) as i64;
            if way_m >= round.length_m() || !goes {
                return waits;
            }
            let left = Timestamp(at.0 - into_ms);
            if since.is_some_and(|since| left < since) {
                return waits;
            }
            if [left, left + trip_ms].into_iter().any(|it| wind(it) > trips.max_wind_mps) {
                return waits;
            }
            let (place, heading) = round.at_m(way_m);
            return TeamFix { at: place, heading, speed: plan.speed_mps };
        }
        let (head_start_m, ms) = since.map_or((plan.head_start_m, at.0), |since| (0.0, at - since));
        let (place, heading) = round.at_m(head_start_m + ms as f64 / 1000.0 * plan.speed_mps);
        TeamFix { at: place, heading, speed: plan.speed_mps }
    }

    /// When the drone's round of this moment began, flown or not.
    pub(crate) fn launched(&self, i: usize, at: Timestamp) -> Timestamp {
        let shifted = at.0 + self.drones[i].offset_ms;
        Timestamp(at.0 - shifted.rem_euclid(DRONE_CYCLE_MS))
    }

    /// `wind` tells the mean wind at a moment: in too much of it a drone stays in, or never left.
    pub(crate) fn drone(&self, i: usize, at: Timestamp, wind: &dyn Fn(Timestamp) -> f64) -> DroneFix {
        let plan = &self.drones[i];
        let f = &self.figures;
        let shifted = at.0 + plan.offset_ms;
        let (cycle, into_ms) = (shifted.div_euclid(DRONE_CYCLE_MS), shifted.rem_euclid(DRONE_CYCLE_MS));
        let speed = f.drone_speed_mps.value;
        // Twenty-four minutes of air at most: it turns back where the battery says so.
        let way_m = plan.round.length_m().min(24.0 * 60.0 * speed);
        let cruise_ms = (way_m / speed * 1000.0) as i64;
        let air_ms = cruise_ms + 2 * CLIMB_MS;
        let launched = Timestamp(at.0 - into_ms);
        let flies = [launched, launched + air_ms].iter().all(|&t| wind(t) <= f.drone_max_wind_mps.value);
        let height = f.drone_height_m.value;
        let docked = |battery: f64| DroneFix {
            at: plan.dock,
            elevation: 0.0,
            ellipsoid_height: f.geoid_m.value + GROUND_M,
            heading: 0.0,
            speed: 0.0,
            climb: 0.0,
            battery,
            mode: 0,
            remain_s: (battery / 100.0 * 2200.0) as i64,
            home_m: 0.0,
            flight: None,
        };
        let spent = 62.0 * air_ms as f64 / (26.0 * 60_000.0);
        if !flies {
            return docked(100.0);
        }
        if into_ms >= air_ms {
            let charged = (into_ms - air_ms) as f64 / (DRONE_CYCLE_MS - air_ms).max(1) as f64;
            return docked((100.0 - spent * (1.0 - charged)).round());
        }
        let progress = into_ms as f64 / air_ms as f64;
        let (elevation, climb, way, mode) = match into_ms {
            t if t < CLIMB_MS => (height * t as f64 / CLIMB_MS as f64, height * 1000.0 / CLIMB_MS as f64, 0.0, 4),
            t if t < CLIMB_MS + cruise_ms => {
                let way = (t - CLIMB_MS) as f64 / 1000.0 * speed;
                (height, 0.0, way, if way > way_m * 0.8 { 9 } else { 5 })
            }
            t => (height * (air_ms - t) as f64 / CLIMB_MS as f64, -height * 1000.0 / CLIMB_MS as f64, way_m, 10),
        };
        // A way cut short by the battery is flown out and back.
        let full = plan.round.length_m();
        let along = if way_m < full && way > way_m / 2.0 { way_m - way } else { way };
        let (place, heading) = if way >= way_m { (plan.dock, 0.0) } else { plan.round.at_m(along) };
        let heading = if way_m < full && way > way_m / 2.0 { (heading + 180.0) % 360.0 } else { heading };
        let battery = (100.0 - spent * progress).round();
        DroneFix {
            at: place,
            elevation,
            ellipsoid_height: f.geoid_m.value + GROUND_M + elevation,
            heading,
            speed: if climb == 0.0 { speed } else { 0.0 },
            climb,
            battery,
            mode,
            remain_s: ((battery - 15.0) / 100.0 * 2200.0).max(0.0) as i64,
            home_m: place.distance_m(plan.dock),
            flight: Some((cycle, progress)),
        }
    }
}

impl Round {
    fn new(stops: Vec<LonLat>) -> Self {
        let mut marks_m = vec![0.0];
        for i in 0..stops.len() {
            let leg = stops[i].distance_m(stops[(i + 1) % stops.len()]);
            marks_m.push(marks_m[i] + leg.max(1.0));
        }
        Self { stops, marks_m }
    }

    fn length_m(&self) -> f64 {
        self.marks_m[self.stops.len()]
    }

    /// The place so many metres along, round and round, and the way it is heading.
    fn at_m(&self, way_m: f64) -> (LonLat, f64) {
        let way = way_m.rem_euclid(self.length_m());
        let leg = (self.marks_m.partition_point(|&m| m <= way) - 1).min(self.stops.len() - 1);
        let (a, b) = (self.stops[leg], self.stops[(leg + 1) % self.stops.len()]);
        let f = (way - self.marks_m[leg]) / (self.marks_m[leg + 1] - self.marks_m[leg]);
        (LonLat(a.0 + (b.0 - a.0) * f, a.1 + (b.1 - a.1) * f), a.bearing_to(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{figures::Figures, testing::tiny_pack};

    #[test]
    fn movers_never_jump() {
        let movers = Movers::new(&tiny_pack(), Figures::shipped().movers, Dice::new(5));
        let start = Timestamp(1_690_000_000_000);
        let (mut flew, mut patrolled) = (false, false);
        for s in 0..7200 {
            let (a, b) = (start.plus_secs(s), start.plus_secs(s + 1));
            for i in 0..2 {
                let [a, b] = [a, b].map(|t| movers.drone(i, t, &|_| 3.0));
                flew |= a.mode == 5;
                assert!(a.at.distance_m(b.at) < 40.0, "drone {i} at {s}: {a:?} {b:?}");
                assert!((0.0..=100.0).contains(&a.battery));
            }
            for i in 0..12 {
                let [a, b] = [a, b].map(|t| movers.team(i, None, t, &|_| 3.0));
                patrolled |= a.speed > 0.0;
                assert!(a.at.distance_m(b.at) < 20.0, "team {i}");
            }
        }
        assert!(flew && patrolled);
        assert_eq!(movers.drone(0, start.plus_mins(5), &|_| 25.0).mode, 0);
    }

    #[test]
    fn boats_and_aircraft_go_straight_at_their_speed_and_stay_in_too_much_wind() {
        let mut pack = tiny_pack();
        let kinds = [UnitKind::Boat, UnitKind::Helicopter, UnitKind::Drone];
        pack.units = kinds
            .into_iter()
            .map(|kind| gulang_city::Team { id: format!("{kind:?}").into(), kind, ..pack.teams[0].clone() })
            .collect();
        let movers = Movers::new(&pack, Figures::shipped().movers, Dice::new(5));
        let start = Timestamp(1_690_000_000_000);
        let n_teams = pack.teams.len();
        for (n, kind) in kinds.into_iter().enumerate() {
            let i = n_teams + n;
            let most = pack.force_rules.moves.straight(kind).unwrap().speed_kmh / 3.6;
            let (mut n_out, mut n_waiting) = (0, 0);
            for s in 0..24 * 360 {
                let at = start.plus_secs(s * 10);
                let [a, b] = [at, at.plus_secs(1)].map(|t| movers.team(i, None, t, &|_| 3.0));
                assert!(a.at.distance_m(b.at) < most * 1.5 + 1.0, "{kind:?} at {s}: {a:?} {b:?}");
                n_out += usize::from(a.speed > 0.0);
                n_waiting += usize::from(a.at == pack.units[n].home);
                assert_eq!(movers.team(i, None, at, &|_| 40.0).at, pack.units[n].home);
            }
            assert!(n_out > 0 && n_waiting > n_out, "{kind:?}: out {n_out}, waiting {n_waiting}");
        }
    }
}
