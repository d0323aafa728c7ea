//! 航线: the routes a drone can be given. Those the city has drawn stand in `rules/flights.toml`; the round of the flood
//! points around its dock is made from the register, so that a point that is added is flown to.

use crate::{City, DroneId, FlightRoute, FlightRules, LonLat, MAX_ROUTE_POINTS, RoutePoint, ids::*};
use serde::{Deserialize, Serialize};

/// How far from its dock a flood point may be to be on the round, m. An assumption, kept well inside the reach.
const ROUND_RADIUS_M: f64 = 3_000.0;
/// Points of one round; more are flown in another.
const ROUND_POINTS: usize = 8;
/// Of what a full battery is good for out and home, how much a round may take.
const ROUND_SHARE: f64 = 0.7;
/// Above the take-off place, m, where the rules' limits allow it. An assumption: over trees and street lamps.
const ROUND_HEIGHT_M: f32 = 60.0;

/// A route the city has drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedRoute {
    pub name: Text,
    /// From which docks it is flown; from any that reaches it where empty.
    #[serde(default)]
    pub docks: Vec<DockId>,
    /// m/s; the rules' own where it has none.
    #[serde(default)]
    pub speed_mps: Option<f32>,
    pub points: Vec<RoutePoint>,
    /// Who drew it, and by what.
    #[serde(default)]
    pub basis: Text,
}

impl NamedRoute {
    /// What is absurd in it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let name = &self.name;
        if name.trim().is_empty() {
            return Some("a route has no name".into());
        }
        if !(2..=MAX_ROUTE_POINTS).contains(&self.points.len()) {
            return Some(format!("route {name}: not 2 to {MAX_ROUTE_POINTS} points"));
        }
        if self.speed_mps.is_some_and(|it| !(1.0..=15.0).contains(&it)) {
            return Some(format!("route {name}: speed_mps is not 1 to 15"));
        }
        let is_bad = |it: &RoutePoint| !it.place.is_sane() || !it.height_m.is_finite();
        self.points.iter().any(is_bad).then(|| format!("route {name}: a point is no place with a height"))
    }
}

impl City {
    /// The routes a drone can be given, those of its own dock first. Whether it may fly one now is for the gates to say
    /// ([`City::may_fly`]).
    pub fn routes_of(&self, drone: &DroneId) -> Vec<FlightRoute> {
        let rules = &self.flight_rules;
        let (Some(known), Some(home)) = (self.drones.get(drone), self.home_of(drone)) else { return Vec::new() };
        let is_own = |it: &&NamedRoute| it.docks.contains(&known.dock);
        let is_near = |it: &&NamedRoute| it.docks.is_empty() && way_m(home, &it.points) <= 2.0 * rules.reach_m;
        let own = rules.routes.iter().filter(is_own);
        let near = rules.routes.iter().filter(is_near);
        let speed = rules.speed_mps.clamp(1.0, 15.0);
        let mut routes: Vec<FlightRoute> = own
            .chain(near)
            .map(|it| FlightRoute {
                name: it.name.clone(),
                speed_mps: it.speed_mps.unwrap_or(speed),
                points: it.points.clone(),
            })
            .collect();
        routes.extend(self.flood_round(home, rules, speed));
        routes
    }

    /// Each time to the nearest flood point that was not flown to, as long as the way home stays short enough.
    fn flood_round(&self, home: LonLat, rules: &FlightRules, speed_mps: f32) -> Option<FlightRoute> {
        let height_m = ROUND_HEIGHT_M.clamp(rules.min_height_m, rules.max_height_m.max(rules.min_height_m));
        let near = self.flood_points.values().map(|it| it.at).filter(|it| it.distance_m(home) <= ROUND_RADIUS_M);
        let mut left: Vec<LonLat> = near.collect();
        let mut points: Vec<RoutePoint> = Vec::new();
        let most_m = 2.0 * rules.reach_m * ROUND_SHARE;
        let mut here = home;
        while points.len() < ROUND_POINTS {
            let nearest = left.iter().enumerate().min_by(|a, b| {
                let m = |it: &LonLat| it.distance_m(here);
                m(a.1).total_cmp(&m(b.1))
            });
            let Some(place) = nearest.map(|(i, _)| i).map(|i| left.swap_remove(i)) else { break };
            points.push(RoutePoint { place, height_m });
            if way_m(home, &points) > most_m {
                points.pop();
                break;
            }
            here = place;
        }
        (points.len() >= 2).then(|| FlightRoute { name: "积水点巡查".into(), speed_mps, points })
    }
}

/// Out along the points and home, m.
fn way_m(home: LonLat, points: &[RoutePoint]) -> f64 {
    let places: Vec<LonLat> = [home].into_iter().chain(points.iter().map(|it| it.place)).chain([home]).collect();
    places.windows(2).map(|it| it[0].distance_m(it[1])).sum()
}

impl FlightRoute {
    /// Out along its points and home, m.
    pub fn way_m(&self, home: LonLat) -> f64 {
        way_m(home, &self.points)
    }
}
