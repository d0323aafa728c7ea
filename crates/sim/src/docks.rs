//! Docks that are told to fly: what they take, what they refuse, and where that brings their aircraft.
//!
//! A pure function of what the journal has and the moment, like [`crate::errands`]: each order is a chain of straight phases
//! flown from where the one before, or the drone's own round, had brought it. With the battery down to what the way home
//! takes, it flies home by itself. Result codes from 900001 are this simulation's own, not DJI's; `reason` says why.

use crate::{errands::Errands, movers::DroneFix, world::World};
use gulang_city::{LonLat, Realm, RoutePoint, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Flights that were ordered are numbered from here, out of the way of the drones' own rounds.
pub(crate) const ORDERED: i64 = 1 << 40;
/// After an ordered flight a drone stays in its dock so long before its own rounds go on, ms.
const REST_MS: i64 = 10 * 60_000;
/// m/s up and down, and falling. Assumed.
const CLIMB_MPS: f64 = 5.0;
const FALL_MPS: f64 = 20.0;
/// Percent a second: 35 minutes of air, and 40 of charging. Assumed.
const DRAIN: f64 = 100.0 / (35.0 * 60.0);
const CHARGE: f64 = 100.0 / (40.0 * 60.0);
/// It comes home with this, percent.
const LANDS_WITH: f64 = 15.0;
/// What their cameras have; the first is sent unless another was chosen.
pub(crate) const LENSES: [&str; 3] = ["wide", "zoom", "ir"];
/// Farther than this no dock takes a target, m.
const MAX_TARGET_M: f64 = 15_000.0;

/// One order as the journal has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DockOrder {
    pub(crate) at: Timestamp,
    pub(crate) gateway: String,
    pub(crate) method: String,
    /// `bid`, which names the flight.
    pub(crate) key: String,
    pub(crate) target: Option<LonLat>,
    /// Above the ellipsoid, m.
    pub(crate) height: Option<f64>,
    /// m/s.
    pub(crate) speed: Option<f64>,
    /// Of the way home, m above the take-off point.
    pub(crate) return_height: Option<f64>,
    /// In the dock's simulator.
    pub(crate) simulated: bool,
    /// A route's points as its file has them, above the take-off point.
    #[serde(default)]
    pub(crate) route: Vec<RoutePoint>,
    /// What a picture is pushed as.
    #[serde(default)]
    pub(crate) stream: Option<String>,
    /// The lens a picture is to be sent by.
    #[serde(default)]
    pub(crate) lens: Option<String>,
    /// What was answered; 0 is yes.
    pub(crate) result: i64,
    pub(crate) reason: String,
}

/// Every drone's ordered flights, by its place in the pack.
#[derive(Default)]
pub(crate) struct Flights {
    of: HashMap<usize, Vec<Stretch>>,
    /// What was answered to each `bid/method`, and how often it was asked.
    answers: HashMap<String, (i64, String)>,
    /// Routes that docks have and have not flown, by flight.
    prepared: HashMap<String, DockOrder>,
    /// Lenses chosen, by the drone's place in the pack.
    lenses: HashMap<usize, String>,
    n: i64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Pose {
    place: LonLat,
    /// Above the take-off point, m.
    up: f64,
}

#[derive(Clone, Debug)]
struct Phase {
    from: Pose,
    to: Pose,
    starts: Timestamp,
    ends: Timestamp,
    mode: u8,
}

/// What one order set going.
#[derive(Clone, Debug)]
struct Stretch {
    number: i64,
    order: DockOrder,
    battery: f64,
    phases: Vec<Phase>,
    /// When what was ordered is done; what follows it does by itself.
    arrives: Timestamp,
    rest_mode: u8,
    route: Option<Leg>,
}

/// A stretch of a route, or all of it.
#[derive(Clone, Debug)]
struct Leg {
    /// Of the flight that the route belongs to.
    key: String,
    /// The number of its first point, and how many the route has.
    first: usize,
    n_all: usize,
    points: Vec<RoutePoint>,
    /// When each point is reached.
    marks: Vec<Timestamp>,
    speed: f64,
    return_height: f64,
}

impl Leg {
    /// Points of the whole route that are behind it.
    fn n_reached(&self, at: Timestamp) -> usize {
        self.first + self.marks.iter().filter(|it| **it <= at).count()
    }
}

impl DockOrder {
    /// As it came on `services` or `drc/down`.
    pub(crate) fn read(gateway: &str, body: &Value, at: Timestamp) -> Self {
        let data = &body["data"];
        let number = |key: &str| data[key].as_f64().filter(|it| it.is_finite());
        let point = &data["points"][0];
        let pair = |a: Option<f64>, b: Option<f64>| Some(LonLat(a?, b?)).filter(|it| it.is_sane());
        let target = pair(number("target_longitude"), number("target_latitude"))
            .or_else(|| pair(point["longitude"].as_f64(), point["latitude"].as_f64()));
        Self {
            at,
            gateway: gateway.to_owned(),
            method: body["method"].as_str().unwrap_or_default().to_owned(),
            key: body["bid"].as_str().unwrap_or_default().to_owned(),
            target,
            height: number("target_height").or_else(|| point["height"].as_f64()),
            speed: number("max_speed"),
            return_height: number("rth_altitude"),
            simulated: data["simulate_mission"]["is_enable"] == 1,
            route: Vec::new(),
            stream: data["url"].as_str().and_then(stream_of),
            lens: data["video_type"].as_str().filter(|it| LENSES.contains(it)).map(str::to_owned),
            result: 0,
            reason: String::new(),
        }
    }

    pub(crate) fn id(&self) -> String {
        format!("{}/{}", self.key, self.method)
    }

    /// The flight that an order to end one is about.
    fn ended_key(&self) -> &str {
        self.key.strip_suffix("-c").unwrap_or(&self.key)
    }
}

/// The last part of a plain address.
fn stream_of(url: &str) -> Option<String> {
    let last = url.rsplit('/').next()?;
    let is_plain = !last.is_empty() && last.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'));
    is_plain.then(|| last.to_owned())
}

impl Flights {
    /// Of everything the journal has.
    pub(crate) fn of(orders: &[DockOrder], world: &World) -> Self {
        let mut errands = Errands::default();
        for order in orders {
            add(&mut errands, order, world);
        }
        errands.flights
    }

    /// What was answered to the same order before.
    pub(crate) fn answered(&self, order: &DockOrder) -> Option<(i64, String)> {
        self.answers.get(&order.id()).filter(|_| !order.key.is_empty()).cloned()
    }

    /// The lens a drone sends.
    pub(crate) fn lens(&self, i: usize) -> &str {
        self.lenses.get(&i).map_or(LENSES[0], String::as_str)
    }

    /// Flights begun by an order.
    pub(crate) fn n_begun(&self) -> i64 {
        self.n
    }

    /// The route that a drone was halted on, from the point it flew to.
    fn halted(&self, i: usize) -> Option<Leg> {
        let all = self.of.get(&i)?;
        let [.., before, last] = all.as_slice() else { return None };
        let leg = before.route.as_ref().filter(|_| last.order.method == "flighttask_pause")?;
        let n = leg.n_reached(last.order.at) - leg.first;
        let points: Vec<RoutePoint> = leg.points.iter().skip(n).copied().collect();
        (!points.is_empty()).then(|| Leg { first: leg.first + n, points, marks: Vec::new(), ..leg.clone() })
    }

    fn stretch(&self, i: usize, at: Timestamp) -> Option<&Stretch> {
        self.of.get(&i)?.iter().rev().find(|it| it.order.at <= at)
    }
}

/// What the dock answers to an order it has not had before: 0, or a code and why.
pub(crate) fn judge(world: &World, errands: &Errands, order: &DockOrder) -> (i64, String) {
    let no = |code: i64, why: &str| (code, why.to_owned());
    let Some(i) = world.drone_at(&order.gateway) else { return no(900_001, "没有这个机场") };
    let fix = world.drone(errands, i, order.at);
    let is_up = fix.elevation > 0.0;
    match &*order.method {
        "takeoff_to_point" | "fly_to_point" => {
            let (Some(target), Some(height)) = (order.target, order.height) else {
                return no(900_002, "缺目标位置或高度");
            };
            let up = height - world.ground_ellipsoid_m();
            if !(2.0..=1500.0).contains(&height) || up < 2.0 {
                return no(900_003, "目标高度不在 2 到 1500 米，或在地面以下");
            }
            if target.distance_m(world.home_of_drone(i)) > MAX_TARGET_M {
                return no(900_004, "目标超出 15 公里");
            }
            let takes_off = order.method == "takeoff_to_point";
            if takes_off && is_up {
                return no(900_005, "飞机已经在空中");
            }
            if !takes_off && !is_up {
                return no(900_006, "飞机还没有起飞");
            }
            if takes_off && world.realm == Realm::Exercise && !order.simulated {
                return no(900_007, "演练机场只收 simulate_mission 的起飞");
            }
            let wind = world.weather(order.at).wind;
            if takes_off && wind > world.figures.movers.drone_max_wind_mps.value {
                return no(900_008, "风速超限");
            }
            if takes_off && fix.battery < 2.0 * LANDS_WITH {
                return no(900_009, "电量不足");
            }
            (0, String::new())
        }
        "flighttask_prepare" => {
            if order.route.len() < 2 {
                return no(900_012, "航线文件里没有航线");
            }
            if order.route.iter().any(|it| it.place.distance_m(world.home_of_drone(i)) > MAX_TARGET_M) {
                return no(900_004, "目标超出 15 公里");
            }
            if order.route.iter().any(|it| !(2.0..=1500.0).contains(&it.height_m)) {
                return no(900_003, "航点高度不在 2 到 1500 米");
            }
            if world.realm == Realm::Exercise && !order.simulated {
                return no(900_007, "演练机场只收 simulate_mission 的航线");
            }
            (0, String::new())
        }
        "flighttask_execute" => {
            if !errands.flights.prepared.contains_key(&order.key) {
                return no(900_013, "机场没有这个航线任务");
            }
            if is_up {
                return no(900_005, "飞机已经在空中");
            }
            if world.weather(order.at).wind > world.figures.movers.drone_max_wind_mps.value {
                return no(900_008, "风速超限");
            }
            if fix.battery < 2.0 * LANDS_WITH {
                return no(900_009, "电量不足");
            }
            (0, String::new())
        }
        "flighttask_undo" if !errands.flights.prepared.contains_key(order.ended_key()) => {
            no(900_013, "机场没有这个航线任务")
        }
        "flighttask_undo" => (0, String::new()),
        "flighttask_recovery" if errands.flights.halted(i).is_none() => no(900_014, "没有暂停的航线"),
        "flighttask_pause" | "flighttask_recovery" | "flighttask_stop" if !is_up => no(900_006, "飞机还没有起飞"),
        "flighttask_pause" | "flighttask_recovery" | "flighttask_stop" => (0, String::new()),
        "return_home" | "fly_to_point_stop" | "return_home_cancel" | "drc_force_landing" | "drone_emergency_stop"
            if !is_up =>
        {
            no(900_006, "飞机还没有起飞")
        }
        "return_home" | "fly_to_point_stop" | "return_home_cancel" | "drc_force_landing" | "drone_emergency_stop" => {
            (0, String::new())
        }
        "flight_authority_grab" | "payload_authority_grab" | "drc_mode_enter" | "drc_mode_exit" => (0, String::new()),
        "live_lens_change" if order.lens.is_none() => no(900_017, "没有这个镜头"),
        "live_stop_push" | "live_set_quality" | "live_lens_change" | "gimbal_reset" | "camera_photo_take" => {
            (0, String::new())
        }
        "live_start_push" if !is_up => no(900_006, "飞机还没有起飞"),
        "live_start_push" if order.stream.is_none() => no(900_010, "推流地址读不懂"),
        "live_start_push" => (0, String::new()),
        _ => no(900_011, "仿真机场不会这个"),
    }
}

/// Takes an order that is in the journal; a refused one only has its answer kept.
pub(crate) fn add(errands: &mut Errands, order: &DockOrder, world: &World) {
    let stretch = world.drone_at(&order.gateway).filter(|_| order.result == 0).and_then(|i| {
        let number = ORDERED + errands.flights.n + 1;
        let (fix, home) = (world.drone(errands, i, order.at), world.home_of_drone(i));
        let leg = match &*order.method {
            "flighttask_execute" => errands.flights.prepared.get(&order.key).map(|it| Leg::whole(it, world)),
            "flighttask_recovery" => errands.flights.halted(i),
            _ => None,
        };
        Some((i, Stretch::begin(number, order, &fix, home, leg, world)?))
    });
    let flights = &mut errands.flights;
    match &*order.method {
        "flighttask_prepare" if order.result == 0 => drop(flights.prepared.insert(order.key.clone(), order.clone())),
        "flighttask_undo" | "flighttask_execute" if order.result == 0 => {
            drop(flights.prepared.remove(order.ended_key()));
        }
        "live_lens_change" if order.result == 0 => {
            flights.lenses.extend(world.drone_at(&order.gateway).zip(order.lens.clone()));
        }
        _ => {}
    }
    flights.answers.insert(order.id(), (order.result, order.reason.clone()));
    if let Some((i, stretch)) = stretch {
        flights.n += 1;
        flights.of.entry(i).or_default().push(stretch);
    }
}

impl Stretch {
    /// What sets something going; none for orders that move nothing.
    fn begin(
        number: i64,
        order: &DockOrder,
        fix: &DroneFix,
        home: LonLat,
        mut leg: Option<Leg>,
        world: &World,
    ) -> Option<Self> {
        let cruise = world.figures.movers.drone_speed_mps.value;
        let speed = order.speed.filter(|it| *it >= 1.0).unwrap_or(cruise).min(15.0);
        let mut way = Way { pose: Pose { place: fix.at, up: fix.elevation }, at: order.at, phases: Vec::new() };
        let mut rest_mode = 17;
        let rth = leg.as_ref().map_or(order.return_height.unwrap_or(100.0), |it| it.return_height).clamp(20.0, 1500.0);
        match &*order.method {
            "takeoff_to_point" => {
                let up = order.height? - world.ground_ellipsoid_m();
                way.rise(up.max(20.0), CLIMB_MPS, 4);
                way.go(order.target?, speed, 17);
                way.rise(up, CLIMB_MPS, 17);
            }
            "fly_to_point" => {
                let up = order.height? - world.ground_ellipsoid_m();
                way.rise(up.max(way.pose.up), CLIMB_MPS, 17);
                way.go(order.target?, speed, 17);
                way.rise(up, CLIMB_MPS, 17);
            }
            "return_home" => {
                way.home(home, rth, cruise);
                rest_mode = 0;
            }
            "flighttask_execute" | "flighttask_recovery" => {
                let leg = leg.as_mut()?;
                // Safely: up first, then across.
                let first = leg.points.first()?;
                way.rise(f64::from(first.height_m).max(way.pose.up), CLIMB_MPS, if way.pose.up > 0.0 { 5 } else { 4 });
                for point in &leg.points {
                    way.go(point.place, leg.speed, 5);
                    way.rise(f64::from(point.height_m), CLIMB_MPS, 5);
                    leg.marks.push(way.at);
                }
            }
            "fly_to_point_stop" | "return_home_cancel" | "flighttask_pause" | "flighttask_stop" => {}
            "drc_force_landing" => {
                way.rise(0.0, CLIMB_MPS, 11);
                rest_mode = 0;
            }
            "drone_emergency_stop" => {
                way.rise(0.0, FALL_MPS, 11);
                rest_mode = 0;
            }
            _ => return None,
        }
        let arrives = way.at;
        if leg.is_some() {
            // `finishAction` of our files.
            way.home(home, rth, cruise);
            rest_mode = 0;
        }
        if rest_mode != 0 {
            // Hovers until the way home is all the battery is good for.
            let mut back = Way { pose: way.pose, at: way.at, phases: Vec::new() };
            back.home(home, rth, cruise);
            let needs_s = (back.at - way.at) as f64 / 1000.0;
            let good_for_s = (fix.battery - LANDS_WITH) / DRAIN - (way.at - order.at) as f64 / 1000.0 - needs_s;
            way.wait(good_for_s.max(0.0), 17);
            way.home(home, rth, cruise);
            rest_mode = 0;
        }
        Some(Self {
            number,
            order: order.clone(),
            battery: fix.battery,
            phases: way.phases,
            arrives,
            rest_mode,
            route: leg,
        })
    }

    fn lands(&self) -> Timestamp {
        self.phases.last().map_or(self.order.at, |it| it.ends)
    }
}

impl Leg {
    /// As the dock was given it.
    fn whole(order: &DockOrder, world: &World) -> Self {
        let cruise = world.figures.movers.drone_speed_mps.value;
        Self {
            key: order.key.clone(),
            first: 0,
            n_all: order.route.len(),
            points: order.route.clone(),
            marks: Vec::new(),
            speed: order.speed.filter(|it| *it >= 1.0).unwrap_or(cruise).min(15.0),
            return_height: order.return_height.unwrap_or(100.0),
        }
    }
}

/// A chain of phases as it grows.
struct Way {
    pose: Pose,
    at: Timestamp,
    phases: Vec<Phase>,
}

impl Way {
    fn to(&mut self, to: Pose, secs: f64, mode: u8) {
        let ends = Timestamp(self.at.0 + (secs * 1000.0) as i64);
        self.phases.push(Phase { from: self.pose, to, starts: self.at, ends, mode });
        (self.pose, self.at) = (to, ends);
    }

    fn rise(&mut self, up: f64, mps: f64, mode: u8) {
        let secs = (up - self.pose.up).abs() / mps;
        self.to(Pose { up, ..self.pose }, secs, mode);
    }

    fn go(&mut self, place: LonLat, mps: f64, mode: u8) {
        let secs = self.pose.place.distance_m(place) / mps;
        self.to(Pose { place, ..self.pose }, secs, mode);
    }

    fn wait(&mut self, secs: f64, mode: u8) {
        self.to(self.pose, secs, mode);
    }

    fn home(&mut self, home: LonLat, rth: f64, mps: f64) {
        self.rise(self.pose.up.max(rth), CLIMB_MPS, 9);
        self.go(home, mps, 9);
        self.rise(0.0, CLIMB_MPS, 10);
    }
}

/// Where an ordered drone is; none while its own rounds say so.
pub(crate) fn fix(world: &World, flights: &Flights, i: usize, at: Timestamp) -> Option<DroneFix> {
    let it = flights.stretch(i, at)?;
    let home = world.home_of_drone(i);
    let last = it.phases.last().map(|it| it.to);
    let is_down = at >= it.lands();
    let is_docked = is_down && last.is_some_and(|it| it.place.distance_m(home) < 30.0);
    if is_docked && world.launched(i, at) >= Timestamp(it.lands().0 + REST_MS) {
        return None;
    }
    let phase = it.phases.iter().find(|it| at < it.ends);
    let (pose, mode) = match (phase, last) {
        (Some(phase), _) => (phase.pose(at), phase.mode),
        (None, Some(last)) => (last, it.rest_mode),
        (None, None) => (Pose { place: home, up: 0.0 }, it.rest_mode),
    };
    let air_s = (at.min(it.lands()) - it.order.at) as f64 / 1000.0;
    let rest_s = if is_docked { (at - it.lands()) as f64 / 1000.0 } else { 0.0 };
    let battery = (it.battery - air_s * DRAIN + rest_s * CHARGE).clamp(0.0, 100.0).round();
    let (speed, climb, heading) = phase.map_or((0.0, 0.0, 0.0), Phase::motion);
    Some(DroneFix {
        at: pose.place,
        elevation: pose.up,
        ellipsoid_height: world.ground_ellipsoid_m() + pose.up,
        heading,
        speed,
        climb,
        battery,
        mode,
        remain_s: ((battery - LANDS_WITH) / DRAIN).max(0.0) as i64,
        home_m: pose.place.distance_m(home),
        flight: (!is_down).then(|| (it.number, air_s * 1000.0 / ((it.lands() - it.order.at) as f64).max(1.0))),
    })
}

impl Phase {
    fn pose(&self, at: Timestamp) -> Pose {
        let ms = (self.ends - self.starts).max(1) as f64;
        let f = ((at - self.starts) as f64 / ms).clamp(0.0, 1.0);
        let (a, b) = (self.from, self.to);
        let between = |a: f64, b: f64| a + (b - a) * f;
        let place = LonLat(between(a.place.0, b.place.0), between(a.place.1, b.place.1));
        Pose { place, up: between(a.up, b.up) }
    }

    /// Speed over ground, climb, heading.
    fn motion(&self) -> (f64, f64, f64) {
        let secs = ((self.ends - self.starts) as f64 / 1000.0).max(0.001);
        let way_m = self.from.place.distance_m(self.to.place);
        let heading = if way_m > 1.0 { self.from.place.bearing_to(self.to.place) } else { 0.0 };
        (way_m / secs, (self.to.up - self.from.up) / secs, heading)
    }
}

/// What the dock tells of a drone's ordered flight: method, whether it wants an answer, data. `before` is the moment of the
/// last publication; without one, as after a restart, how the last flight ended is told again.
pub(crate) fn events(
    world: &World,
    flights: &Flights,
    i: usize,
    before: Option<Timestamp>,
    now: Timestamp,
) -> Vec<(&'static str, bool, Value)> {
    let Some(all) = flights.of.get(&i) else { return Vec::new() };
    let mut said = Vec::new();
    for (n, it) in all.iter().enumerate().filter(|(_, it)| it.order.at <= now) {
        if let Some(leg) = &it.route {
            let next = all.get(n + 1).filter(|next| next.order.at <= now);
            said.extend(route_event(it, leg, next, before, now));
            continue;
        }
        let (method, id) = match &*it.order.method {
            "takeoff_to_point" => ("takeoff_to_point_progress", "flight_id"),
            "fly_to_point" => ("fly_to_point_progress", "fly_to_id"),
            "return_home" => ("return_home_info", "flight_id"),
            _ => continue,
        };
        let next = all.get(n + 1).map(|it| it.order.at).filter(|next| *next <= now);
        let is_new = |at: Timestamp| at <= now && before.is_none_or(|before| before < at);
        let (status, is_final) = match next {
            Some(next) if next < it.arrives && is_new(next) => ("wayline_cancel", true),
            Some(_) if !is_new(it.arrives) => continue,
            _ if now < it.arrives && next.is_none() => ("wayline_progress", false),
            _ if is_new(it.arrives) && next.is_none_or(|next| next >= it.arrives) => ("wayline_ok", true),
            _ => continue,
        };
        if method == "return_home_info" && is_final {
            continue;
        }
        let here = fix(world, flights, i, now).map_or(it.phases[0].from.place, |it| it.at);
        let start = it.phases[0].from.place;
        let target = it.order.target.unwrap_or_else(|| world.home_of_drone(i));
        let remaining = if is_final { 0.0 } else { here.distance_m(target) };
        let point = |at: LonLat| json!({ "longitude": at.lon(), "latitude": at.lat(), "height": it.order.height });
        said.push((method, is_final, json!({
            id: it.order.key, "status": status, "result": 0, "way_point_index": 0,
            "remaining_distance": remaining.round(), "remaining_time": ((it.arrives - now) as f64 / 1000.0).max(0.0).round(),
            "planned_path_points": [point(start), point(target)],
        })));
    }
    said
}

/// How far a route has come: under way at every publication, halted and ended once.
fn route_event(
    it: &Stretch,
    leg: &Leg,
    next: Option<&Stretch>,
    before: Option<Timestamp>,
    now: Timestamp,
) -> Option<(&'static str, bool, Value)> {
    let is_new = |at: Timestamp| at <= now && before.is_none_or(|before| before < at);
    let left = next.map(|it| it.order.at).filter(|at| *at < it.arrives);
    let (status, state, at) = match (left, next) {
        (Some(at), Some(next)) if is_new(at) && next.order.method == "flighttask_pause" => ("paused", 7, at),
        (Some(at), _) if is_new(at) => ("canceled", 7, at),
        (Some(_), _) => return None,
        (None, _) if is_new(it.arrives) => ("ok", 9, it.arrives),
        (None, _) if now >= it.arrives => return None,
        (None, _) if leg.n_reached(now) == 0 => ("in_progress", 5, now),
        (None, _) => ("in_progress", 6, now),
    };
    let n_reached = leg.n_reached(at);
    let percent = if status == "ok" { 100 } else { (100 * n_reached / leg.n_all.max(1)).min(99) };
    let mut ext = json!({ "flight_id": leg.key, "track_id": leg.key, "wayline_id": 0, "wayline_mission_state": state });
    // Before its first point it is at none.
    if let Some(last) = n_reached.checked_sub(1) {
        ext["current_waypoint_index"] = json!(last);
    }
    let data = json!({
        "output": { "status": status, "progress": { "current_step": 21, "percent": percent }, "ext": ext }, "result": 0,
    });
    Some(("flighttask_progress", status != "in_progress", data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny_pack;

    fn order(world: &World, at: Timestamp, method: &str, key: &str, m_north: f64) -> DockOrder {
        let gateway = world.gateway_of(0);
        let home = world.home_of_drone(0);
        let to = gulang_city::LocalFrame::new(home).geo_from_local((0.0, m_north));
        let height = world.ground_ellipsoid_m() + 80.0;
        let body = json!({
            "bid": key, "method": method,
            "data": {
                "target_longitude": to.lon(), "target_latitude": to.lat(), "target_height": height,
                "points": [{ "longitude": to.lon(), "latitude": to.lat(), "height": height }],
                "simulate_mission": { "is_enable": 1 },
            },
        });
        DockOrder::read(&gateway, &body, at)
    }

    /// A moment at which drone 0 is in its dock with a good battery.
    fn docked(world: &World, errands: &Errands) -> Timestamp {
        let start = Timestamp::parse("2024-06-03 09:00:00").unwrap();
        let mut minutes = (0..120).map(|m| start.plus_mins(m));
        let rests = |at: &Timestamp| {
            let fix = world.drone(errands, 0, *at);
            fix.elevation == 0.0 && fix.battery > 80.0
        };
        minutes.find(rests).unwrap()
    }

    fn take(world: &World, errands: &mut Errands, mut order: DockOrder) -> i64 {
        (order.result, order.reason) = judge(world, errands, &order);
        add(errands, &order, world);
        order.result
    }

    #[test]
    fn a_take_off_flies_there_never_jumps_and_comes_home() {
        let world = World::new(tiny_pack(), None, Realm::Exercise, 9);
        let mut errands = Errands::default();
        let at = docked(&world, &errands);
        assert_eq!(take(&world, &mut errands, order(&world, at, "fly_to_point", "f0", 900.0)), 900_006);
        let real = DockOrder { simulated: false, ..order(&world, at, "takeoff_to_point", "f1", 1200.0) };
        assert_eq!(judge(&world, &errands, &real).0, 900_007, "an exercise's dock flies in its simulator only");
        let far = order(&world, at, "takeoff_to_point", "f2", 20_000.0);
        assert_eq!(judge(&world, &errands, &far).0, 900_004);
        let go = order(&world, at, "takeoff_to_point", "f3", 1200.0);
        assert_eq!(take(&world, &mut errands, go.clone()), 0);
        assert_eq!(errands.flights.answered(&go), Some((0, String::new())));
        let again = order(&world, at.plus_secs(3), "takeoff_to_point", "f4", 100.0);
        assert_eq!(take(&world, &mut errands, again), 900_005);
        let (mut was, mut highest, mut farthest) = (world.drone(&errands, 0, at), 0.0f64, 0.0f64);
        let mut statuses: Vec<String> = Vec::new();
        for s in 1..1900 {
            let now = at.plus_secs(s);
            let is = world.drone(&errands, 0, now);
            assert!(
                is.at.distance_m(was.at) < 20.0 && (is.elevation - was.elevation).abs() < 6.0,
                "{s}: {was:?} {is:?}"
            );
            (highest, farthest) = (highest.max(is.elevation), farthest.max(is.home_m));
            for (_, _, data) in events(&world, &errands.flights, 0, Some(at.plus_secs(s - 1)), now) {
                let status = data["status"].as_str().unwrap().to_owned();
                if statuses.last() != Some(&status) {
                    statuses.push(status);
                }
            }
            was = is;
        }
        assert!((1190.0..1210.0).contains(&farthest) && (79.0..=101.0).contains(&highest), "{farthest} {highest}");
        assert_eq!(statuses, ["wayline_progress", "wayline_ok"]);
        assert!(was.elevation == 0.0 && was.home_m < 30.0, "home by itself before the battery was empty: {was:?}");
        assert_eq!(errands.flights.n_begun(), 1);
    }

    #[test]
    fn a_restart_flies_on_and_a_stop_falls() {
        let world = World::new(tiny_pack(), None, Realm::Exercise, 9);
        let mut errands = Errands::default();
        let at = docked(&world, &errands);
        let orders = [
            order(&world, at, "takeoff_to_point", "f1", 1200.0),
            order(&world, at.plus_secs(60), "return_home", "f2", 0.0),
            order(&world, at.plus_secs(75), "drone_emergency_stop", "f3", 0.0),
        ];
        for it in &orders {
            assert_eq!(take(&world, &mut errands, it.clone()), 0, "{it:?}");
        }
        let mut again = Errands::default();
        again.flights = Flights::of(&orders, &world);
        for s in 0..200 {
            let now = at.plus_secs(s);
            assert_eq!(world.drone(&errands, 0, now), world.drone(&again, 0, now));
        }
        let down = world.drone(&errands, 0, at.plus_secs(120));
        assert!(down.mode == 0 && down.elevation == 0.0 && down.home_m > 100.0, "{down:?}");
    }

    /// A route of three points, 400 m apart, northward.
    fn prepare(world: &World, at: Timestamp, key: &str) -> DockOrder {
        let frame = gulang_city::LocalFrame::new(world.home_of_drone(0));
        let points = [400.0, 800.0, 1200.0];
        let route = points.map(|m| RoutePoint { place: frame.geo_from_local((0.0, m)), height_m: 60.0 }).to_vec();
        DockOrder { route, speed: Some(10.0), ..order(world, at, "flighttask_prepare", key, 0.0) }
    }

    fn statuses(world: &World, errands: &Errands, from: Timestamp, secs: std::ops::Range<i64>) -> Vec<(String, Value)> {
        let mut said: Vec<(String, Value)> = Vec::new();
        for s in secs {
            let (before, now) = (from.plus_secs(s - 1), from.plus_secs(s));
            for (method, _, data) in events(world, &errands.flights, 0, Some(before), now) {
                assert_eq!(method, "flighttask_progress");
                let (output, ext) = (&data["output"], &data["output"]["ext"]);
                assert_eq!(ext["flight_id"], "f1");
                let is = (output["status"].as_str().unwrap().to_owned(), ext["current_waypoint_index"].clone());
                if said.last() != Some(&is) {
                    said.push(is);
                }
            }
        }
        said
    }

    #[test]
    fn a_route_is_flown_point_by_point_halted_gone_on_with_and_comes_home() {
        let world = World::new(tiny_pack(), None, Realm::Exercise, 9);
        let mut errands = Errands::default();
        let at = docked(&world, &errands);
        let service = |at: Timestamp, method: &str, key: &str| order(&world, at, method, key, 0.0);
        assert_eq!(take(&world, &mut errands, service(at, "flighttask_execute", "f1")), 900_013);
        let real = DockOrder { simulated: false, ..prepare(&world, at, "f0") };
        assert_eq!(judge(&world, &errands, &real).0, 900_007);
        let empty = DockOrder { route: Vec::new(), ..prepare(&world, at, "f0") };
        assert_eq!(judge(&world, &errands, &empty).0, 900_012);
        let go = |errands: &mut Errands| {
            let all = vec![
                prepare(&world, at, "f1"),
                service(at, "flighttask_execute", "f1"),
                service(at.plus_secs(70), "flighttask_pause", "f2"),
                service(at.plus_secs(100), "flighttask_recovery", "f3"),
            ];
            for it in &all {
                assert_eq!(take(&world, errands, it.clone()), 0, "{}", it.method);
            }
            all
        };
        let orders = go(&mut errands);
        let said = statuses(&world, &errands, at, 1..400);
        let (none, [zero, one, two]) = (Value::Null, [0, 1, 2].map(|it| json!(it)));
        let word = |status: &str, index: &Value| (status.to_owned(), index.clone());
        let expected = [
            word("in_progress", &none),
            word("in_progress", &zero),
            word("paused", &zero),
            word("in_progress", &zero),
            word("in_progress", &one),
            word("ok", &two),
        ];
        assert_eq!(said, expected);
        let hovers = [75, 95].map(|s| world.drone(&errands, 0, at.plus_secs(s)).at);
        assert!(hovers[0].distance_m(hovers[1]) < 1.0);
        let home = world.drone(&errands, 0, at.plus_secs(600));
        assert!(home.elevation == 0.0 && home.home_m < 30.0, "{home:?}");
        // After a restart the journal flies the same way.
        let mut again = Errands::default();
        again.flights = Flights::of(&orders, &world);
        for s in 0..300 {
            let now = at.plus_secs(s);
            assert_eq!(world.drone(&errands, 0, now), world.drone(&again, 0, now));
        }
    }

    #[test]
    fn a_route_that_is_undone_is_not_flown() {
        let world = World::new(tiny_pack(), None, Realm::Exercise, 9);
        let mut errands = Errands::default();
        let at = docked(&world, &errands);
        assert_eq!(take(&world, &mut errands, prepare(&world, at, "f1")), 0);
        assert_eq!(take(&world, &mut errands, order(&world, at, "flighttask_undo", "f1-c", 0.0)), 0);
        assert_eq!(take(&world, &mut errands, order(&world, at, "flighttask_execute", "f1", 0.0)), 900_013);
    }

    #[test]
    fn a_lens_is_sent_once_it_was_chosen_and_after_a_restart() {
        let world = World::new(tiny_pack(), None, Realm::Exercise, 9);
        let mut errands = Errands::default();
        let at = docked(&world, &errands);
        let change = |lens: &str| {
            let body = json!({ "bid": lens, "method": "live_lens_change", "data": { "video_type": lens } });
            DockOrder::read(&world.gateway_of(0), &body, at)
        };
        assert_eq!(take(&world, &mut errands, change("fisheye")), 900_017);
        assert_eq!(errands.flights.lens(0), "wide");
        assert_eq!(take(&world, &mut errands, change("ir")), 0);
        assert_eq!((errands.flights.lens(0), Flights::of(&[change("ir")], &world).lens(0)), ("ir", "ir"));
    }
}
