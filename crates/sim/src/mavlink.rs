//! One MAVLink vehicle, system 1, that speaks as PX4 does to every ground station that called it, and flies what it is told.
//! Its heartbeat says that it is simulated (`MAV_MODE_FLAG_HIL_ENABLED`).
//!
//! Where it is follows from what it was last told and the time; what it was told is not journalled, so after a restart it
//! stands at its dock.

use crate::{
    app::App,
    peers::{Conduct, FLOOD_REPEATS, MAVLINK},
};
use gulang_city::{LonLat, Timestamp};
use gulang_platforms::mavlink::{
    AUTOPILOT, Framed, Packet, encode,
    messages::{
        COMMAND_ACK_DATA, EXTENDED_SYS_STATE_DATA, GLOBAL_POSITION_INT_DATA, GPS_RAW_INT_DATA, GpsFixType,
        HEARTBEAT_DATA, HOME_POSITION_DATA, MISSION_ACK_DATA, MISSION_ITEM_REACHED_DATA, MISSION_REQUEST_INT_DATA,
        MavAutopilot, MavCmd, MavLandedState, MavMessage, MavMissionResult, MavModeFlag, MavResult, MavState, MavType,
        SYS_STATUS_DATA,
    },
    read_datagram,
};
use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::UdpSocket,
    time::{Instant, MissedTickBehavior, interval},
};

const SYSTEM: u8 = 1;
/// Above the sea, m.
const HOME_AMSL_M: f32 = 12.0;
/// m/s over ground, and up or down.
const CRUISE_MPS: f64 = 12.0;
const CLIMB_MPS: f64 = 4.0;
/// How far it comes home in the air before it lands, m.
const HOME_HEIGHT_M: f32 = 60.0;
/// Percent of battery a minute in the air.
const DRAIN: f64 = 2.5;
/// Ground stations unheard for so long are not told any more.
const LISTENS_FOR: Duration = Duration::from_secs(10);
const MAX_LISTENERS: usize = 32;
const MAX_ITEMS: u16 = 500;

/// A place and a height above home, m.
type Point = (LonLat, f32);

/// PX4's main and sub modes it knows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Hold,
    Takeoff,
    Mission,
    Return,
    Land,
}

/// The vehicle, as it was told.
struct Vehicle {
    home: LonLat,
    is_armed: bool,
    mode: Mode,
    /// Set out on the way at `since`; a way of one point is where it stands.
    since: Timestamp,
    way: Vec<Point>,
    coming: Option<Coming>,
    mission: Vec<Point>,
    /// The number of the mission's last item.
    last_item: u16,
    battery: f64,
    counted_at: Timestamp,
}

/// A mission being handed over.
struct Coming {
    n_items: u16,
    /// The item that is asked for.
    next: u16,
    points: Vec<Point>,
}

/// Flies until dropped.
pub(crate) async fn fly(app: Arc<App>, socket: UdpSocket) {
    let home = app.world.pack.docks.first().map_or(app.world.pack.center, |it| it.at);
    let mut vehicle = Vehicle::at(home, app.clock.now());
    let mut stations: HashMap<SocketAddr, Instant> = HashMap::new();
    let mut buffer = vec![0; 65_536];
    let mut fifths = interval(Duration::from_millis(200));
    fifths.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut n, mut sequence) = (0_u64, 0_u8);
    loop {
        let (says, to) = tokio::select! {
            read = socket.recv_from(&mut buffer) => {
                // A station that went away leaves an error behind; the next one is heard all the same.
                let Ok((n_bytes, from)) = read else { continue };
                if app.peers.is_shut(MAVLINK) {
                    continue;
                }
                let (now, mut says) = (app.clock.now(), Vec::new());
                for framed in read_datagram(buffer.get(..n_bytes).unwrap_or_default()) {
                    if let Framed::Packet(packet) = framed {
                        if stations.len() < MAX_LISTENERS || stations.contains_key(&from) {
                            stations.insert(from, Instant::now());
                        }
                        says.extend(vehicle.hear(&packet, now));
                    }
                }
                (says, vec![from])
            }
            _ = fifths.tick() => {
                n += 1;
                if app.peers.is_shut(MAVLINK) {
                    stations.clear();
                }
                stations.retain(|_, heard| heard.elapsed() < LISTENS_FOR);
                let now = app.clock.now();
                vehicle.go_on(now);
                let mut says = vehicle.position(now);
                if n.is_multiple_of(5) {
                    says.extend(vehicle.state(now));
                }
                (says, stations.keys().copied().collect())
            }
        };
        let n_times = if app.peers.conduct(MAVLINK) == Conduct::Floods { FLOOD_REPEATS } else { 1 };
        for message in says {
            let bytes = encode(SYSTEM, AUTOPILOT, sequence, &message);
            sequence = sequence.wrapping_add(1);
            for station in to.iter().flat_map(|it| std::iter::repeat_n(it, n_times)) {
                let _ = socket.send_to(&bytes, station).await;
            }
        }
    }
}

impl Vehicle {
    fn at(home: LonLat, now: Timestamp) -> Self {
        Self {
            home,
            is_armed: false,
            mode: Mode::Hold,
            since: now,
            way: vec![(home, 0.0)],
            coming: None,
            mission: Vec::new(),
            last_item: 0,
            battery: 100.0,
            counted_at: now,
        }
    }

    /// What it answers.
    fn hear(&mut self, packet: &Packet, now: Timestamp) -> Vec<MavMessage> {
        match &packet.message {
            MavMessage::COMMAND_LONG(it) if matches!(it.target_system, 0 | SYSTEM) => {
                let (at, height_m, _) = self.place(now);
                let target = match it.command {
                    MavCmd::MAV_CMD_NAV_TAKEOFF => (at, it.param7 - HOME_AMSL_M),
                    _ => (at, height_m),
                };
                let is_on = it.param1 > 0.5;
                vec![acknowledge(it.command, self.obey(it.command, is_on, target, now))]
            }
            MavMessage::COMMAND_INT(it) if it.target_system == SYSTEM => {
                let place = LonLat(f64::from(it.y) / 1e7, f64::from(it.x) / 1e7);
                vec![acknowledge(it.command, self.obey(it.command, true, (place, it.z - HOME_AMSL_M), now))]
            }
            MavMessage::MISSION_COUNT(it) if it.target_system == SYSTEM && it.count <= MAX_ITEMS => {
                self.coming = Some(Coming { n_items: it.count, next: 0, points: Vec::new() });
                vec![ask_for(packet, 0)]
            }
            MavMessage::MISSION_ITEM_INT(it) if it.target_system == SYSTEM => {
                let (here, _, _) = self.place(now);
                let Some(coming) = &mut self.coming else { return Vec::new() };
                // Doubled on its way: what is wanted is asked for again.
                if it.seq == coming.next {
                    coming.next += 1;
                    match it.command {
                        MavCmd::MAV_CMD_NAV_WAYPOINT => {
                            coming.points.push((LonLat(f64::from(it.y) / 1e7, f64::from(it.x) / 1e7), it.z));
                        }
                        MavCmd::MAV_CMD_NAV_TAKEOFF => coming.points.push((here, it.z)),
                        _ => {}
                    }
                }
                if coming.next < coming.n_items {
                    return vec![ask_for(packet, coming.next)];
                }
                self.last_item = coming.n_items.saturating_sub(1);
                self.mission = std::mem::take(&mut coming.points);
                self.coming = None;
                vec![MavMessage::MISSION_ACK(MISSION_ACK_DATA {
                    target_system: packet.system,
                    target_component: packet.component,
                    mavtype: MavMissionResult::MAV_MISSION_ACCEPTED,
                })]
            }
            _ => Vec::new(),
        }
    }

    fn obey(&mut self, command: MavCmd, is_on: bool, to: Point, now: Timestamp) -> MavResult {
        let (at, height_m, _) = self.place(now);
        let here: Point = (at, height_m);
        let is_up = height_m > 0.5;
        let denied = MavResult::MAV_RESULT_DENIED;
        let (mode, way) = match command {
            MavCmd::MAV_CMD_COMPONENT_ARM_DISARM => {
                self.is_armed = is_on;
                if !is_on {
                    // Without motors it falls.
                    self.set_out(Mode::Hold, vec![(here.0, 0.0)], now);
                }
                return MavResult::MAV_RESULT_ACCEPTED;
            }
            MavCmd::MAV_CMD_NAV_TAKEOFF if !self.is_armed => return MavResult::MAV_RESULT_TEMPORARILY_REJECTED,
            MavCmd::MAV_CMD_NAV_TAKEOFF if !(2.0..=1500.0).contains(&to.1) => return denied,
            MavCmd::MAV_CMD_NAV_TAKEOFF => (Mode::Takeoff, vec![here, (here.0, to.1)]),
            MavCmd::MAV_CMD_DO_REPOSITION if !is_up || !to.0.is_sane() || !to.1.is_finite() => return denied,
            MavCmd::MAV_CMD_DO_REPOSITION => (Mode::Hold, vec![here, (to.0, to.1.max(2.0))]),
            MavCmd::MAV_CMD_NAV_RETURN_TO_LAUNCH if !is_up => return denied,
            MavCmd::MAV_CMD_NAV_RETURN_TO_LAUNCH => {
                let high = here.1.max(HOME_HEIGHT_M);
                (Mode::Return, vec![here, (here.0, high), (self.home, high), (self.home, 0.0)])
            }
            MavCmd::MAV_CMD_NAV_LAND => (Mode::Land, vec![here, (here.0, 0.0)]),
            MavCmd::MAV_CMD_DO_PAUSE_CONTINUE if !is_on => (Mode::Hold, vec![here]),
            MavCmd::MAV_CMD_DO_PAUSE_CONTINUE | MavCmd::MAV_CMD_MISSION_START
                if !self.is_armed || self.mission.is_empty() =>
            {
                return denied;
            }
            MavCmd::MAV_CMD_DO_PAUSE_CONTINUE | MavCmd::MAV_CMD_MISSION_START => {
                (Mode::Mission, [vec![here], self.mission.clone()].concat())
            }
            MavCmd::MAV_CMD_VIDEO_START_STREAMING | MavCmd::MAV_CMD_VIDEO_STOP_STREAMING => {
                return MavResult::MAV_RESULT_ACCEPTED;
            }
            _ => return MavResult::MAV_RESULT_UNSUPPORTED,
        };
        self.set_out(mode, way, now);
        MavResult::MAV_RESULT_ACCEPTED
    }

    fn set_out(&mut self, mode: Mode, way: Vec<Point>, now: Timestamp) {
        (self.mode, self.way, self.since) = (mode, way, now);
    }

    /// Spends the battery; on the ground again the motors stop.
    fn go_on(&mut self, now: Timestamp) {
        let mins = now.since_ms(self.counted_at).max(0) as f64 / 60_000.0;
        self.counted_at = now;
        let (_, height_m, is_there) = self.place(now);
        if height_m > 0.5 {
            self.battery = (self.battery - mins * DRAIN).max(0.0);
        } else if matches!(self.mode, Mode::Return | Mode::Land) && is_there {
            self.is_armed = false;
            self.mode = Mode::Hold;
            self.battery = 100.0;
        }
    }

    /// Where it is, how high above home (m), and whether it came to the end of its way.
    fn place(&self, now: Timestamp) -> (LonLat, f32, bool) {
        let mut left_s = now.since_ms(self.since).max(0) as f64 / 1000.0;
        for ends in self.way.windows(2) {
            let &[(a, from_m), (b, to_m)] = ends else { break };
            let secs = (a.distance_m(b) / CRUISE_MPS).max(f64::from((to_m - from_m).abs()) / CLIMB_MPS);
            if left_s < secs {
                let f = left_s / secs;
                let at = LonLat(a.0 + (b.0 - a.0) * f, a.1 + (b.1 - a.1) * f);
                return (at, from_m + (to_m - from_m) * f as f32, false);
            }
            left_s -= secs;
        }
        let (at, height_m) = self.way.last().copied().unwrap_or((self.home, 0.0));
        (at, height_m, true)
    }

    fn position(&self, now: Timestamp) -> Vec<MavMessage> {
        let (at, height_m, is_there) = self.place(now);
        let (before, _, _) = self.place(now + -1000);
        let moved_m = before.distance_m(at);
        let bearing = before.bearing_to(at);
        let cm = |part: f64| (part * moved_m * 100.0).clamp(-30_000.0, 30_000.0) as i16;
        let e7 = |degrees: f64| (degrees * 1e7).round() as i32;
        let mm = |m: f32| (m * 1000.0) as i32;
        let mut says = vec![MavMessage::GLOBAL_POSITION_INT(GLOBAL_POSITION_INT_DATA {
            time_boot_ms: (now.0 & 0x7FFF_FFFF) as u32,
            lat: e7(at.lat()),
            lon: e7(at.lon()),
            alt: mm(height_m + HOME_AMSL_M),
            relative_alt: mm(height_m),
            vx: cm(bearing.to_radians().cos()),
            vy: cm(bearing.to_radians().sin()),
            vz: 0,
            hdg: if moved_m > 0.5 { (bearing * 100.0) as u16 } else { u16::MAX },
        })];
        if is_there && self.mode == Mode::Mission {
            says.push(MavMessage::MISSION_ITEM_REACHED(MISSION_ITEM_REACHED_DATA { seq: self.last_item }));
        }
        says
    }

    fn state(&self, now: Timestamp) -> Vec<MavMessage> {
        let (at, height_m, is_there) = self.place(now);
        let mut flags = MavModeFlag::MAV_MODE_FLAG_HIL_ENABLED | MavModeFlag::MAV_MODE_FLAG_CUSTOM_MODE_ENABLED;
        if self.is_armed {
            flags |= MavModeFlag::MAV_MODE_FLAG_SAFETY_ARMED;
        }
        let sub = match self.mode {
            Mode::Takeoff if !is_there => 2,
            Mode::Takeoff | Mode::Hold => 3,
            Mode::Mission => 4,
            Mode::Return => 5,
            Mode::Land => 6,
        };
        let landed_state = match height_m {
            it if it < 0.5 => MavLandedState::MAV_LANDED_STATE_ON_GROUND,
            _ if self.mode == Mode::Takeoff && !is_there => MavLandedState::MAV_LANDED_STATE_TAKEOFF,
            _ if self.mode == Mode::Land => MavLandedState::MAV_LANDED_STATE_LANDING,
            _ => MavLandedState::MAV_LANDED_STATE_IN_AIR,
        };
        let e7 = |degrees: f64| (degrees * 1e7).round() as i32;
        vec![
            MavMessage::HEARTBEAT(HEARTBEAT_DATA {
                custom_mode: (4 << 16) | (sub << 24),
                mavtype: MavType::MAV_TYPE_QUADROTOR,
                autopilot: MavAutopilot::MAV_AUTOPILOT_PX4,
                base_mode: flags,
                system_status: if self.is_armed { MavState::MAV_STATE_ACTIVE } else { MavState::MAV_STATE_STANDBY },
                mavlink_version: 3,
            }),
            MavMessage::EXTENDED_SYS_STATE(EXTENDED_SYS_STATE_DATA { landed_state, ..Default::default() }),
            MavMessage::SYS_STATUS(SYS_STATUS_DATA { battery_remaining: self.battery as i8, ..Default::default() }),
            MavMessage::GPS_RAW_INT(GPS_RAW_INT_DATA {
                lat: e7(at.lat()),
                lon: e7(at.lon()),
                alt: ((height_m + HOME_AMSL_M) * 1000.0) as i32,
                fix_type: GpsFixType::GPS_FIX_TYPE_3D_FIX,
                satellites_visible: 18,
                ..Default::default()
            }),
            MavMessage::HOME_POSITION(HOME_POSITION_DATA {
                latitude: e7(self.home.lat()),
                longitude: e7(self.home.lon()),
                altitude: (HOME_AMSL_M * 1000.0) as i32,
                ..Default::default()
            }),
        ]
    }
}

fn acknowledge(command: MavCmd, result: MavResult) -> MavMessage {
    MavMessage::COMMAND_ACK(COMMAND_ACK_DATA { command, result })
}

fn ask_for(packet: &Packet, seq: u16) -> MavMessage {
    MavMessage::MISSION_REQUEST_INT(MISSION_REQUEST_INT_DATA {
        seq,
        target_system: packet.system,
        target_component: packet.component,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_platforms::mavlink::{Dialogue, OUR_COMPONENT, OUR_SYSTEM, Order, Waypoint, Word, heartbeat};

    const HOME: LonLat = LonLat(118.1, 24.48);
    const NOON: Timestamp = Timestamp(1_690_430_400_000);

    fn packet(system: u8, message: &MavMessage) -> Packet {
        match read_datagram(&encode(system, OUR_COMPONENT, 0, message)).pop() {
            Some(Framed::Packet(packet)) => *packet,
            other => panic!("{other:?}"),
        }
    }

    /// Our side and its side talking until the order is over.
    fn carried_out(vehicle: &mut Vehicle, order: &Order, mut now: Timestamp) -> (Vec<Word>, Timestamp) {
        let mut known = gulang_platforms::mavlink::Vehicle::new(SYSTEM);
        for message in vehicle.state(now).into_iter().chain(vehicle.position(now)) {
            known.hear(&packet(SYSTEM, &message), now);
        }
        assert!(known.is_simulated);
        let (mut talk, turn) = Dialogue::begin(order, &known, now).unwrap();
        let (mut words, mut sent) = (turn.words, turn.send);
        for _ in 0..10_000 {
            let mut says: Vec<MavMessage> = Vec::new();
            for message in sent.drain(..) {
                says.extend(vehicle.hear(&packet(OUR_SYSTEM, &message), now));
            }
            if says.is_empty() {
                now = now + 1000;
                vehicle.go_on(now);
                says = [vehicle.state(now), vehicle.position(now)].concat();
            }
            for message in says {
                let packet = packet(SYSTEM, &message);
                known.hear(&packet, now);
                let turn = talk.hear(&packet, &known, now);
                words.extend(turn.words);
                sent.extend(turn.send);
            }
            if talk.is_over() {
                return (words, now);
            }
        }
        panic!("still flying: {words:?}");
    }

    #[test]
    fn it_takes_off_flies_there_and_comes_home_as_it_is_told() {
        let mut vehicle = Vehicle::at(HOME, NOON);
        assert!(vehicle.hear(&packet(OUR_SYSTEM, &heartbeat()), NOON).is_empty());
        let place = LonLat(118.11, 24.48);
        let order = Order::TakeoffTo { place, height_m: 80.0 };
        let (words, there) = carried_out(&mut vehicle, &order, NOON);
        assert_eq!((words.first(), words.last()), (Some(&Word::Accepted), Some(&Word::Done)), "{words:?}");
        let (at, height_m, _) = vehicle.place(there);
        assert!(at.distance_m(place) < 11.0 && (height_m - 80.0).abs() < 3.1, "{at:?} {height_m}");
        let (words, home) = carried_out(&mut vehicle, &Order::ReturnHome, there);
        assert_eq!(words.last(), Some(&Word::Done));
        assert!(vehicle.place(home).0.distance_m(HOME) < 1.0 && !vehicle.is_armed);
        let (words, _) = carried_out(&mut vehicle, &Order::FlyTo { place, height_m: 80.0 }, home);
        assert!(matches!(words.last(), Some(Word::Failed { .. })), "not from the ground");
    }

    #[test]
    fn it_takes_a_mission_and_tells_its_end() {
        let mut vehicle = Vehicle::at(HOME, NOON);
        let points = [0.004, 0.008].map(|it| Waypoint { place: LonLat(118.1 + it, 24.48), height_m: 60.0 }).to_vec();
        let (words, then) = carried_out(&mut vehicle, &Order::Mission { points, speed_mps: 10.0 }, NOON);
        assert_eq!(words.last(), Some(&Word::Done), "{words:?}");
        assert!(vehicle.place(then).0.distance_m(LonLat(118.108, 24.48)) < 1.0);
    }
}
