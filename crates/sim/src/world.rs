//! The simulated city as a pure function: of the pack, the scenario, the seed and the moment asked about.
//!
//! Nothing here remembers or counts. What the outside does to the city (orders) is in [`crate::journal`].

use crate::{
    cap::{self, Alert},
    cases::{Cases, Change, ChangeKey},
    dice::Dice,
    docks,
    errands::Errands,
    figures::Figures,
    movers::{DroneFix, GROUND_M, Movers, TeamFix},
    scenario::Scenario,
    sensors,
    weather::{Sky, Weather},
};
use gulang_city::{
    CaseKind, LonLat, Metric, Pack, Realm, SensorId, SensorKind, Team, Timestamp, UnitKind, WarningColor,
    inject::{Inject, InjectKind},
    straight_eta_s,
};
use serde_json::{Value, json};
use std::fmt::Write;

/// Kinds of chance, kept apart so that one kind's draws never shift another's.
mod part {
    pub(super) const CASES: u64 = 1;
    pub(super) const SENSORS: u64 = 2;
    pub(super) const MOVERS: u64 = 3;
    pub(super) const SKY: u64 = 4;
    pub(super) const FORECASTS: u64 = 5;
    pub(super) const WARNINGS: u64 = 6;
    pub(super) const ORDERS: u64 = 7;
    pub(super) const ENVELOPES: u64 = 8;
    pub(super) const THINGS: u64 = 9;
    pub(super) const UNITS: u64 = 10;
    pub(super) const FLEET: u64 = 21;
    pub(super) const LAYERS: u64 = 11;
    pub(super) const VIDEO_AI: u64 = 31;
}

pub(crate) struct World {
    pub(crate) pack: Pack,
    pub(crate) scenario: Option<Scenario>,
    pub(crate) realm: Realm,
    pub(crate) figures: Figures,
    pub(crate) cases: Cases,
    movers: Movers,
    /// Without them who goes by road goes straight.
    roads: Option<Metric>,
    /// Sensors of each kind, by index, so that a batch is one pass.
    of_kind: Vec<(SensorKind, Vec<usize>)>,
    dice: Dice,
}

/// One MQTT publication.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: String,
}

/// What to publish this time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Due {
    pub(crate) sensors: bool,
    pub(crate) teams: bool,
    pub(crate) drones: bool,
    pub(crate) docks: bool,
    /// A drone may speak MAVLink beside it, and then not this way too.
    pub(crate) mavlink: bool,
}

impl World {
    pub(crate) fn new(pack: Pack, scenario: Option<Scenario>, realm: Realm, seed: u64) -> Self {
        let (figures, dice) = (Figures::shipped(), Dice::new(seed));
        let indices = |kind| (0..pack.sensors.len()).filter(|&i| pack.sensors[i].kind == kind).collect::<Vec<_>>();
        let of_kind =
            SensorKind::ALL.iter().map(|&kind| (kind, indices(kind))).filter(|(_, of)| !of.is_empty()).collect();
        let injects = scenario.as_ref().map_or(&[][..], |it| &it.injects);
        Self {
            cases: Cases::new(&pack, figures.cases.clone(), dice.of(part::CASES)).with_incidents(injects),
            movers: Movers::new(&pack, figures.movers.clone(), dice.of(part::MOVERS)),
            roads: None,
            of_kind,
            pack,
            scenario,
            realm,
            figures,
            dice,
        }
    }

    /// Whether the last drone hangs on no dock of its own, but on MAVLink.
    pub(crate) fn has_mavlink_drone(&self) -> bool {
        self.pack.drones.len() > self.pack.docks.len()
    }

    pub(crate) fn with_roads(self, roads: Option<Metric>) -> Self {
        Self { roads, ..self }
    }

    /// What the scenario throws in.
    pub(crate) fn injects(&self) -> &[Inject] {
        self.scenario.as_ref().map_or(&[][..], |it| &it.injects)
    }

    fn is_dead(&self, sensor: &SensorId, now: Timestamp) -> bool {
        let dies = |it: &&Inject| matches!(&it.what, InjectKind::SensorDies { sensor: dead } if dead == sensor);
        self.injects().iter().filter(dies).any(|it| it.is_on(now))
    }

    pub(crate) fn weather(&self, at: Timestamp) -> Weather {
        self.sky().at(at)
    }

    /// How much of a storm it is, 0–1, by the wind.
    pub(crate) fn storminess(&self, at: Timestamp) -> f64 {
        ((self.sky().wind(at).0 - 8.0) / 16.0).clamp(0.0, 1.0)
    }

    pub(crate) fn alerts(&self, now: Timestamp) -> Vec<Alert> {
        cap::alerts(self.scenario.as_ref(), now, &self.pack.name, self.dice.of(part::WARNINGS))
    }

    pub(crate) fn forecast_dice(&self) -> Dice {
        self.dice.of(part::FORECASTS)
    }

    /// Showers over the grid; the sky's own dice count to five.
    pub(crate) fn rain_dice(&self) -> Dice {
        self.dice.of(part::SKY).of(40)
    }

    pub(crate) fn typhoon_activity(&self, now: Timestamp) -> Value {
        let storm = self.scenario.as_ref().and_then(|s| s.storm.as_ref());
        json!(storm.and_then(|s| s.activity(now)).into_iter().collect::<Vec<_>>())
    }

    pub(crate) fn typhoon_info(&self, tfid: &str, now: Timestamp) -> Option<Value> {
        let storm = self.scenario.as_ref()?.storm.as_ref()?;
        (storm.id == tfid).then(|| storm.info(now, self.dice.of(part::FORECASTS)))
    }

    /// A page of the case feed: items and whether more follow, with the cursor to go on from.
    pub(crate) fn case_items(&self, after: ChangeKey, until: Timestamp, limit: usize) -> (Vec<Value>, ChangeKey, bool) {
        let (found, more) = self.cases.changes(after, until, limit, &|at| self.storminess(at));
        let next = found.last().map_or(after, |(key, ..)| *key);
        let item = |(key, lives, i): &Change| {
            let life = &lives[*i];
            let level = match life.color {
                WarningColor::Red => 1,
                WarningColor::Orange => 2,
                WarningColor::Yellow => 3,
                WarningColor::Blue => 4,
            };
            json!({
                "recId": life.number.to_string(),
                "taskNum": format!("{}{:02}", life.stages[0].beijing().strftime("%Y%m%d%H%M"), life.number % 100),
                "recType": if life.kind == CaseKind::Part { "part" } else { "event" },
                "title": life.title,
                "address": life.address,
                "districtId": life.district,
                "coordinatex": rounded(life.at.lon()),
                "coordinatey": rounded(life.at.lat()),
                "unitId": life.agency,
                "level": level,
                "stage": key.stage() as u8 + 1,
                "createTime": life.stages[0].to_beijing_text(),
                "actTime": key.at.to_beijing_text(),
                "deadline": life.due_at.to_beijing_text(),
                "simulated": true,
            })
        };
        (found.iter().map(item).collect(), next, more)
    }

    /// One case by its number.
    pub(crate) fn case_life(&self, number: u64) -> Option<crate::cases::CaseLife> {
        self.cases.life(number, &|at| self.storminess(at))
    }

    /// What the registers of many things are drawn from.
    pub(crate) fn things_dice(&self) -> Dice {
        self.dice.of(part::THINGS)
    }

    pub(crate) fn fleet_dice(&self) -> Dice {
        self.dice.of(part::FLEET)
    }

    /// What the special layers are drawn from.
    pub(crate) fn layers_dice(&self) -> Dice {
        self.dice.of(part::LAYERS)
    }

    /// What video recognition sees is drawn from this.
    pub(crate) fn video_ai_dice(&self) -> Dice {
        self.dice.of(part::VIDEO_AI)
    }

    /// What a sensor reads, by its place in the pack; none if it is dead.
    pub(crate) fn reading(&self, i: usize, at: Timestamp, weather: &Weather) -> Option<f64> {
        let sensor = self.pack.sensors.get(i).filter(|it| !self.is_dead(&it.id, at))?;
        Some(sensors::value(sensor, at, weather, self.dice.of(part::SENSORS)))
    }

    pub(crate) fn orders_dice(&self) -> Dice {
        self.dice.of(part::ORDERS)
    }

    pub(crate) fn units_dice(&self) -> Dice {
        self.dice.of(part::UNITS)
    }

    /// Where a unit is, by its place in the pack's forces: on its errand, else on its own rounds.
    pub(crate) fn unit(&self, errands: &Errands, i: usize, at: Timestamp) -> TeamFix {
        let leg = errands.leg(i, at);
        let home_since = leg.and_then(|it| it.home_since(at));
        match leg {
            Some(leg) if home_since.is_none() => leg.fix(at),
            _ => {
                let sky = self.sky();
                self.movers.team(i, home_since, at, &|at| sky.wind(at).0)
            }
        }
    }

    /// How a unit gets from one place to another, told to at `at`: by its own way and speed, when the wind lets it. Who is
    /// called home needs no time to get ready and waits for no wind.
    pub(crate) fn journey(&self, team: &Team, from: LonLat, to: LonLat, at: Timestamp, is_home: bool) -> Journey {
        let moves = &self.pack.force_rules.moves;
        let ready_mins = if is_home { 0.0 } else { moves.ready_mins(team.kind) };
        let ready = at.plus_secs((ready_mins * 60.0) as i64);
        if let Some(straight) = moves.straight(team.kind) {
            let sky = self.sky();
            let may_leave = |it: &Timestamp| is_home || sky.wind(*it).0 <= straight.max_wind_mps;
            let mut leaves = (0..LONGEST_WAIT_MINS / WIND_EVERY_MINS).map(|k| ready.plus_mins(k * WIND_EVERY_MINS));
            let secs = from.distance_m(to) * 3.6 / straight.speed_kmh;
            return match leaves.find(may_leave) {
                Some(leaves) => Journey::new(vec![from, to], leaves, secs),
                None => Journey::stay(from, NEVER),
            };
        }
        let factor = match team.kind {
            UnitKind::Vehicle => moves.vehicle.factor,
            UnitKind::Pump => moves.pump.factor,
            _ => 1.0,
        };
        let (line, secs) = match self.roads.as_ref().and_then(|it| it.route(from, to)) {
            Some(route) => (route.line, route.secs),
            None => (vec![from, to], straight_eta_s(from.distance_m(to))),
        };
        Journey::new(line, ready, secs * factor)
    }

    /// Where a drone is: as it was told, else on its own round.
    pub(crate) fn drone(&self, errands: &Errands, i: usize, at: Timestamp) -> DroneFix {
        let sky = self.sky();
        docks::fix(self, &errands.flights, i, at).unwrap_or_else(|| self.movers.drone(i, at, &|at| sky.wind(at).0))
    }

    /// When a drone's round of this moment began, flown or not.
    pub(crate) fn launched(&self, i: usize, at: Timestamp) -> Timestamp {
        self.movers.launched(i, at)
    }

    pub(crate) fn home_of_drone(&self, i: usize) -> LonLat {
        let dock = self.pack.drones.get(i).and_then(|it| self.pack.docks.iter().find(|dock| dock.id == it.dock));
        dock.map_or(self.pack.center, |it| it.at)
    }

    /// Above the WGS-84 ellipsoid at every dock, m.
    pub(crate) fn ground_ellipsoid_m(&self) -> f64 {
        self.figures.movers.geoid_m.value + GROUND_M
    }

    /// A dock holds one aircraft: a second one the pack has at the same place hangs on a gateway of its own, `…-2`.
    pub(crate) fn gateway_of(&self, i: usize) -> String {
        let drones = &self.pack.drones;
        let dock = &drones[i].dock;
        match drones[..i].iter().filter(|it| it.dock == *dock).count() {
            0 => dock.to_string(),
            n => format!("{dock}-{}", n + 1),
        }
    }

    pub(crate) fn drone_at(&self, gateway: &str) -> Option<usize> {
        (0..self.pack.drones.len()).find(|i| self.gateway_of(*i) == gateway)
    }

    /// Everything to publish for the moment `now`; `before` is the moment of the last publication, between which and now
    /// a flight may have begun or ended.
    pub(crate) fn messages(
        &self,
        before: Option<Timestamp>,
        now: Timestamp,
        due: Due,
        errands: &Errands,
    ) -> Vec<Message> {
        let weather = self.weather(now);
        let mut messages = Vec::new();
        if due.sensors {
            let batches = self.of_kind.iter().map(|(kind, of)| self.sensor_batch(*kind, of, now, &weather));
            messages.extend(batches);
        }
        if due.teams && self.pack.forces().next().is_some() {
            messages.push(self.team_batch(now, errands));
        }
        for i in 0..self.pack.drones.len() - usize::from(due.mavlink && self.has_mavlink_drone()) {
            self.drone_messages(i, (before, now), due, errands, &weather, &mut messages);
        }
        messages
    }

    fn sensor_batch(&self, kind: SensorKind, of: &[usize], now: Timestamp, weather: &Weather) -> Message {
        let dice = self.dice.of(part::SENSORS);
        let mut payload = String::with_capacity(64 + of.len() * 24);
        // Writing to a String cannot fail; ids are pack text and are escaped by the serialiser.
        let _ = write!(payload, r#"{{"t":{},"simulated":true,"r":["#, now.0);
        let living = of.iter().filter(|&&i| !self.is_dead(&self.pack.sensors[i].id, now));
        for (n, &i) in living.enumerate() {
            let sensor = &self.pack.sensors[i];
            let value = sensors::value(sensor, now, weather, dice);
            let _ = write!(payload, "{}[{},{value}]", if n == 0 { "" } else { "," }, quoted(sensor.id.as_str()));
        }
        payload.push_str("]}");
        Message { topic: format!("sensors/batch/{}", kind_name(kind)), payload }
    }

    fn team_batch(&self, now: Timestamp, errands: &Errands) -> Message {
        let mut payload = String::with_capacity(64 + (self.pack.teams.len() + self.pack.units.len()) * 60);
        let _ = write!(payload, r#"{{"t":{},"simulated":true,"r":["#, now.0);
        for (i, team) in self.pack.forces().enumerate() {
            let fix = self.unit(errands, i, now);
            let _ = write!(
                payload,
                "{}[{},{:.6},{:.6},{:.0},{:.1}]",
                if i == 0 { "" } else { "," },
                quoted(team.id.as_str()),
                fix.at.lon(),
                fix.at.lat(),
                fix.heading,
                fix.speed
            );
        }
        payload.push_str("]}");
        Message { topic: "teams/batch".into(), payload }
    }

    fn drone_messages(
        &self,
        i: usize,
        (before, now): (Option<Timestamp>, Timestamp),
        due: Due,
        errands: &Errands,
        weather: &Weather,
        messages: &mut Vec<Message>,
    ) {
        let drone = &self.pack.drones[i];
        let gateway = self.gateway_of(i);
        let (sn, dock_sn) = (drone.id.as_str(), gateway.as_str());
        let fix = self.drone(errands, i, now);
        let is_in_dock = fix.flight.is_none() && fix.home_m < 30.0;
        let envelope = |topic: String, method: Option<&str>, need_reply: Option<u8>, data: Value| {
            let id = self.dice.of(part::ENVELOPES).of_text(&topic).of(now.0 as u64).bits();
            let mut body = json!({
                "tid": format!("{id:016x}-t"), "bid": format!("{id:016x}-b"), "timestamp": now.0, "gateway": dock_sn,
                "simulated": true, "data": data,
            });
            if let Some(method) = method {
                body["method"] = method.into();
            }
            if let Some(need_reply) = need_reply {
                body["need_reply"] = need_reply.into();
            }
            Message { topic, payload: body.to_string() }
        };
        if due.docks {
            let sub_devices = json!([{ "sn": sn, "type": 91, "sub_type": 0, "index": "A", "thing_version": "1.2.0" }]);
            let data = json!({ "type": 3, "sub_type": 0, "thing_version": "1.2.0", "sub_devices": sub_devices });
            messages.push(envelope(format!("sys/product/{dock_sn}/status"), Some("update_topo"), None, data));
            let at = self.pack.docks.iter().find(|d| d.id == drone.dock).map_or(fix.at, |d| d.at);
            let data = json!({
                "mode_code": if fix.flight.is_some() { 4 } else { 0 },
                "cover_state": u8::from(fix.elevation < 40.0 && fix.flight.is_some()),
                "drone_in_dock": u8::from(is_in_dock),
                "rainfall": match weather.rain { r if r > 16.0 => 3, r if r > 4.0 => 2, r if r > 0.2 => 1, _ => 0 },
                "wind_speed": tenths(weather.wind),
                "temperature": 27.5, "humidity": 78, "emergency_stop_state": 0, "flighttask_step_code": if fix.flight.is_some() { 1 } else { 5 },
                "latitude": rounded(at.lat()), "longitude": rounded(at.lon()),
                "alternate_land_point": { "latitude": rounded(at.lat()), "longitude": rounded(at.lon()), "is_configured": 1 },
            });
            messages.push(envelope(format!("thing/product/{dock_sn}/osd"), None, None, data));
            let video = json!([{
                "video_index": "normal-0", "video_type": errands.flights.lens(i), "switchable_video_types": docks::LENSES,
            }]);
            let cameras = json!([{
                "camera_index": PAYLOAD, "available_video_number": 1, "coexist_video_number_max": 1, "video_list": video,
            }]);
            let data = json!({ "live_capacity": {
                "available_video_number": 1, "coexist_video_number_max": 1,
                "device_list": [{ "sn": sn, "available_video_number": 1, "coexist_video_number_max": 1, "camera_list": cameras }],
            } });
            messages.push(envelope(format!("thing/product/{dock_sn}/state"), None, None, data));
            let limit = self.figures.movers.drone_max_wind_mps.value;
            let is_windy = !is_in_dock && weather.wind > limit;
            let warning = json!({
                "code": "SIM-WIND", "level": 2, "module": 3, "in_the_sky": 1, "imminent": 1,
                "message": format!("风速 {:.0} 米/秒超过 {limit:.0}，尽快返航", weather.wind),
            });
            let list = if is_windy { vec![warning] } else { Vec::new() };
            messages.push(envelope(
                format!("thing/product/{dock_sn}/events"),
                Some("hms"),
                Some(0),
                json!({ "list": list }),
            ));
        }
        if due.drones {
            let data = json!({
                "mode_code": fix.mode,
                "latitude": rounded(fix.at.lat()), "longitude": rounded(fix.at.lon()),
                "height": tenths(fix.ellipsoid_height), "elevation": tenths(fix.elevation),
                "attitude_head": tenths(if fix.heading > 180.0 { fix.heading - 360.0 } else { fix.heading }),
                "attitude_pitch": if fix.speed > 0.0 { -6.0 } else { 0.0 }, "attitude_roll": 0.0,
                "horizontal_speed": tenths(fix.speed), "vertical_speed": tenths(fix.climb),
                "wind_speed": (weather.wind * 10.0).round(), "wind_direction": 1 + ((weather.wind_from / 45.0).round() as u8) % 8,
                "home_distance": tenths(fix.home_m),
                "battery": {
                    "capacity_percent": fix.battery, "remain_flight_time": fix.remain_s,
                    "return_home_power": 25, "landing_power": 12,
                },
                "position_state": { "is_fixed": 2, "gps_number": 24, "rtk_number": 28, "quality": 5 },
                "control_source": "A",
                PAYLOAD: {
                    "payload_index": PAYLOAD, "gimbal_pitch": if fix.elevation > 0.0 { -60.0 } else { 0.0 }, "gimbal_roll": 0.0,
                    "gimbal_yaw": tenths(if fix.heading > 180.0 { fix.heading - 360.0 } else { fix.heading }),
                },
                "cameras": [{ "payload_index": PAYLOAD, "zoom_factor": 1.0 }],
                "track_id": fix.flight.map_or(String::new(), |(n, _)| format!("{sn}-{n}")),
            });
            messages.push(envelope(format!("thing/product/{sn}/osd"), None, None, data));
        }
        if due.drones {
            for (method, wants_answer, data) in docks::events(self, &errands.flights, i, before, now) {
                let topic = format!("thing/product/{dock_sn}/events");
                messages.push(envelope(topic, Some(method), Some(u8::from(wants_answer)), data));
            }
        }
        let Some(before) = before.filter(|_| due.drones) else { return };
        let was = self.drone(errands, i, before).flight.map(|(n, _)| n);
        let is = fix.flight.map(|(n, _)| n);
        if was == is {
            return;
        }
        if is.is_some() {
            let topic = format!("thing/product/{dock_sn}/requests");
            messages.push(envelope(topic, Some("flight_areas_get"), None, json!({})));
        }
        let progress = |n: i64, status: &str, percent: u8| {
            let data = json!({
                "output": {
                    "status": status, "progress": { "current_step": if percent == 100 { 25 } else { 5 }, "percent": percent },
                    "ext": { "flight_id": format!("{sn}-{n}"), "current_waypoint_index": 0, "track_id": format!("{sn}-{n}") },
                },
                "result": 0,
            });
            envelope(format!("thing/product/{dock_sn}/events"), Some("flighttask_progress"), Some(1), data)
        };
        // Ordered flights tell of themselves.
        let own = |n: &i64| *n < docks::ORDERED;
        messages.extend(was.filter(own).map(|n| progress(n, "ok", 100)));
        messages.extend(is.filter(own).map(|n| progress(n, "in_progress", 1)));
    }

    fn sky(&self) -> Sky<'_> {
        let scenario = self.scenario.as_ref();
        Sky {
            storm: scenario.and_then(|s| s.storm.as_ref()),
            rain: scenario.and_then(|s| s.rain),
            center: self.pack.center,
            dice: self.dice.of(part::SKY),
        }
    }
}

/// The camera under every simulated aircraft, as DJI numbers payloads.
const PAYLOAD: &str = "53-0-0";

/// How long a unit waits for the wind, and how often it looks.
const LONGEST_WAIT_MINS: i64 = 48 * 60;
const WIND_EVERY_MINS: i64 = 10;
const NEVER: Timestamp = Timestamp(i64::MAX);

/// A way, gone once at one speed.
pub(crate) struct Journey {
    line: Vec<LonLat>,
    /// Metres from the start to each point.
    marks_m: Vec<f64>,
    pub(crate) leaves: Timestamp,
    pub(crate) arrives: Timestamp,
}

impl Journey {
    fn new(line: Vec<LonLat>, leaves: Timestamp, secs: f64) -> Self {
        let mut marks_m = vec![0.0];
        for ends in line.windows(2) {
            marks_m.push(marks_m[marks_m.len() - 1] + ends[0].distance_m(ends[1]));
        }
        Self { line, marks_m, leaves, arrives: leaves + (secs * 1000.0) as i64 }
    }

    /// Nowhere, from a moment on.
    pub(crate) fn stay(at: LonLat, since: Timestamp) -> Self {
        Self { line: vec![at], marks_m: vec![0.0], leaves: since, arrives: since }
    }

    pub(crate) fn fix(&self, at: Timestamp) -> TeamFix {
        let last = self.line.len() - 1;
        if at < self.leaves || last == 0 {
            return TeamFix { at: self.line[0], heading: 0.0, speed: 0.0 };
        }
        if at >= self.arrives {
            return TeamFix { at: self.line[last], heading: 0.0, speed: 0.0 };
        }
        let ms = (self.arrives - self.leaves) as f64;
        let way_m = self.marks_m[last] * (at - self.leaves) as f64 / ms;
        let leg = (self.marks_m.partition_point(|it| *it <= way_m)).clamp(1, last);
        let (a, b) = (self.line[leg - 1], self.line[leg]);
        let f = (way_m - self.marks_m[leg - 1]) / (self.marks_m[leg] - self.marks_m[leg - 1]).max(0.01);
        let place = LonLat(a.0 + (b.0 - a.0) * f, a.1 + (b.1 - a.1) * f);
        TeamFix { at: place, heading: a.bearing_to(b), speed: self.marks_m[last] / ms * 1000.0 }
    }
}

/// The kind's name in a topic: its serde form.
fn kind_name(kind: SensorKind) -> &'static str {
    match kind {
        SensorKind::FloodDepth => "flood_depth",
        SensorKind::Tide => "tide",
        SensorKind::Rain => "rain",
        SensorKind::Wind => "wind",
        SensorKind::Noise => "noise",
        SensorKind::Tilt => "tilt",
        SensorKind::Air => "air",
        SensorKind::WaterQuality => "water_quality",
        SensorKind::Sound => "sound",
        SensorKind::Exhaust => "exhaust",
    }
}

/// Text as a JSON string; ids are nearly always plain, which is then cheap.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Degrees to about a decimetre.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

fn tenths(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny_pack;

    const ALL: Due = Due { sensors: true, teams: true, drones: true, docks: true, mavlink: false };

    #[test]
    fn two_worlds_of_one_seed_say_the_same_bytes() {
        let world = |seed| World::new(tiny_pack(), None, Realm::Exercise, seed);
        let start = Timestamp::parse("2024-06-03 09:00:00").unwrap();
        let whole_day = |w: &World| -> Vec<Message> {
            let at = |m| start.plus_mins(m);
            (0..600).flat_map(|m| w.messages(Some(at(m - 1)), at(m), ALL, &Errands::default())).collect()
        };
        assert_eq!(whole_day(&world(9)), whole_day(&world(9)));
        assert_ne!(whole_day(&world(9)), whole_day(&world(10)));
        let methods: Vec<_> = whole_day(&world(9)).iter().filter(|m| m.topic.ends_with("/requests")).cloned().collect();
        assert!(methods.len() > 10, "{}", methods.len());
    }

    /// How many of a kind read `at_least` or more.
    fn n_at_least(world: &World, kind: SensorKind, at: &str, at_least: f64) -> usize {
        let at = Timestamp::parse(at).unwrap();
        let (weather, dice) = (world.weather(at), world.dice.of(part::SENSORS));
        let of_kind = world.pack.sensors.iter().filter(|s| s.kind == kind);
        of_kind.filter(|s| sensors::value(s, at, &weather, dice) >= at_least).count()
    }

    #[test]
    fn the_shipped_drill_floods_some_roads_and_an_ordinary_day_none() {
        let assets = std::path::PathBuf::from("../../assets");
        let pack = crate::load_pack(&assets.join("cities/xiamen")).unwrap();
        let scenario = Scenario::load(&assets.join("scenarios/doksuri-2023.toml")).unwrap();
        let drill = World::new(pack.clone(), Some(scenario), Realm::Exercise, 1);
        let flooded = |at, cm| n_at_least(&drill, SensorKind::FloodDepth, at, cm);
        assert_eq!(flooded("2023-07-26 10:00:00", 10.0), 0);
        let peak = [10.0, 15.0, 27.0, 40.0].map(|cm| flooded("2023-07-28 09:30:00", cm));
        assert!((30..130).contains(&peak[0]) && (8..80).contains(&peak[2]), "{peak:?}");
        assert_eq!(flooded("2023-07-28 19:50:00", 10.0), 0);
        let gales = n_at_least(&drill, SensorKind::Wind, "2023-07-28 06:00:00", 17.2);
        assert!((4..24).contains(&gales), "{gales}");

        let quiet = World::new(pack, None, Realm::Actual, 1);
        let mut n_alarming = 0;
        for hour in 0..24 {
            let at = Timestamp::parse(&format!("2026-11-20 {hour:02}:00:00")).unwrap();
            let (weather, dice) = (quiet.weather(at), quiet.dice.of(part::SENSORS));
            let value = |s: &gulang_city::Sensor| sensors::value(s, at, &weather, dice);
            let over = |s: &&gulang_city::Sensor| s.thresholds.iter().any(|t| value(s) >= f64::from(t.on));
            let alarming: Vec<_> = quiet.pack.sensors.iter().filter(over).map(|s| s.kind).collect();
            assert!(alarming.len() < 40, "{hour}: {alarming:?}");
            n_alarming += alarming.len();
        }
        assert!(n_alarming > 0);
    }

    #[test]
    fn kind_names_are_the_serde_names() {
        for kind in SensorKind::ALL {
            assert_eq!(json!(kind), kind_name(kind));
        }
    }
}
