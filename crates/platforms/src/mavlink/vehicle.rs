//! What is known of one vehicle from what it says.

use super::{
    AUTOPILOT, MavlinkError, Packet,
    messages::{GpsFixType, MavAutopilot, MavLandedState, MavMessage, MavModeFlag, MavType},
};
use gulang_city::{Fix, LonLat, Timestamp};
use std::collections::BTreeMap;

/// A position that the autopilot worked out itself is better than its bare receiver's, if it is not older than this, ms.
const OWN_POSITION_LASTS_MS: i64 = 5_000;
/// Streams and cameras one vehicle may announce.
const MAX_STREAMS: usize = 16;

/// Whose modes its `custom_mode` numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Autopilot {
    #[default]
    Other,
    Px4,
    ArduPilot,
}

/// A video stream it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    pub name: String,
    /// `rtsp://…`, `udp://…`, or only a port, as MAVLink lets it.
    pub uri: String,
    pub is_running: bool,
    /// Pixels.
    pub width: u16,
    pub height: u16,
}

/// One vehicle, folded from its packets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vehicle {
    pub system: u8,
    /// When it was last heard; 0 is never.
    pub heard_at: Timestamp,
    pub autopilot: Autopilot,
    pub is_armed: bool,
    /// It says that its motors are blocked and its surroundings computed (`MAV_MODE_FLAG_HIL_ENABLED`).
    pub is_simulated: bool,
    pub custom_mode: u32,
    pub landed: Option<bool>,
    /// Percent.
    pub battery: Option<f32>,
    pub fix: Option<Fix>,
    pub home: Option<LonLat>,
    /// The place it took off from, m above the sea.
    pub home_amsl_m: Option<f32>,
    /// The mission item it flies to, and the last it reached.
    pub item: Option<u16>,
    pub reached: Option<u16>,
    pub streams: BTreeMap<u8, Stream>,
    pub camera: Option<String>,
    /// The component that answers for it; none while none told.
    pub camera_component: Option<u8>,
    /// The last it said in words, and how bad: 0 emergency … 7 debug.
    pub words: Option<(u8, String)>,
    has_fix: Option<bool>,
    /// Degrees clockwise from north.
    yaw: Option<f32>,
    positioned_at: Timestamp,
}

impl Vehicle {
    pub fn new(system: u8) -> Self {
        Self { system, ..Self::default() }
    }

    /// Takes one packet of this system. A fix if it says where the vehicle is; it carries `now`, since MAVLink's positions
    /// only count from the vehicle's start.
    pub fn hear(&mut self, packet: &Packet, now: Timestamp) -> Option<Fix> {
        self.heard_at = now;
        match &packet.message {
            MavMessage::HEARTBEAT(it) if packet.component == AUTOPILOT || it.autopilot != NO_AUTOPILOT => {
                if it.mavtype == MavType::MAV_TYPE_GCS {
                    return None;
                }
                self.autopilot = match it.autopilot {
                    MavAutopilot::MAV_AUTOPILOT_PX4 => Autopilot::Px4,
                    MavAutopilot::MAV_AUTOPILOT_ARDUPILOTMEGA => Autopilot::ArduPilot,
                    _ => Autopilot::Other,
                };
                self.is_armed = it.base_mode.contains(MavModeFlag::MAV_MODE_FLAG_SAFETY_ARMED);
                self.is_simulated = it.base_mode.contains(MavModeFlag::MAV_MODE_FLAG_HIL_ENABLED);
                self.custom_mode = it.custom_mode;
            }
            MavMessage::EXTENDED_SYS_STATE(it) => {
                self.landed = match it.landed_state {
                    MavLandedState::MAV_LANDED_STATE_ON_GROUND => Some(true),
                    MavLandedState::MAV_LANDED_STATE_UNDEFINED => None,
                    _ => Some(false),
                };
            }
            MavMessage::SYS_STATUS(it) => self.charge(it.battery_remaining),
            // Others than the first drive a payload or a winch.
            MavMessage::BATTERY_STATUS(it) if it.id == 0 => self.charge(it.battery_remaining),
            MavMessage::ATTITUDE(it) if it.yaw.is_finite() => {
                self.yaw = Some(it.yaw.to_degrees().rem_euclid(360.0));
            }
            MavMessage::HOME_POSITION(it) => {
                self.home = place(it.latitude, it.longitude);
                self.home_amsl_m = Some(it.altitude as f32 / 1000.0);
            }
            MavMessage::MISSION_CURRENT(it) => self.item = Some(it.seq),
            MavMessage::MISSION_ITEM_REACHED(it) => self.reached = Some(it.seq),
            MavMessage::VIDEO_STREAM_INFORMATION(it)
                if self.streams.len() < MAX_STREAMS || self.streams.contains_key(&it.stream_id) =>
            {
                let stream = Stream {
                    name: printable(it.name.as_slice()),
                    uri: printable(it.uri.as_slice()),
                    is_running: it.flags.bits() & 1 != 0,
                    width: it.resolution_h,
                    height: it.resolution_v,
                };
                self.streams.insert(it.stream_id, stream);
            }
            MavMessage::CAMERA_INFORMATION(it) => {
                let name = format!("{} {}", printable(&it.vendor_name), printable(&it.model_name));
                self.camera = Some(name.trim().to_owned()).filter(|it| !it.is_empty());
                self.camera_component = Some(packet.component);
            }
            MavMessage::STATUSTEXT(it) => self.words = Some((it.severity as u8, printable(it.text.as_slice()))),
            MavMessage::GPS_RAW_INT(it) => {
                let no_fix = matches!(it.fix_type, GpsFixType::GPS_FIX_TYPE_NO_GPS | GpsFixType::GPS_FIX_TYPE_NO_FIX);
                self.has_fix = Some(!no_fix);
                if now.since_ms(self.positioned_at) > OWN_POSITION_LASTS_MS && !no_fix {
                    let at = place(it.lat, it.lon)?;
                    let amsl_m = it.alt as f32 / 1000.0;
                    let height = self.home_amsl_m.map_or(0.0, |home| amsl_m - home);
                    let course = (it.cog != u16::MAX).then(|| f32::from(it.cog) / 100.0);
                    let speed = if it.vel == u16::MAX { 0.0 } else { f32::from(it.vel) / 100.0 };
                    return Some(self.moved(at, height, course, speed, now));
                }
            }
            MavMessage::GLOBAL_POSITION_INT(it) => {
                let at = place(it.lat, it.lon).filter(|_| self.has_fix != Some(false))?;
                self.positioned_at = now;
                let relative_m = it.relative_alt as f32 / 1000.0;
                self.home_amsl_m = Some(it.alt as f32 / 1000.0 - relative_m);
                let (north, east) = (f32::from(it.vx) / 100.0, f32::from(it.vy) / 100.0);
                let speed = north.hypot(east);
                let course = (speed > 1.0).then(|| east.atan2(north).to_degrees().rem_euclid(360.0));
                let heading = if it.hdg == u16::MAX { self.yaw.or(course) } else { Some(f32::from(it.hdg) / 100.0) };
                return Some(self.moved(at, relative_m, heading, speed, now));
            }
            _ => {}
        }
        None
    }

    /// In the air, as far as it said.
    pub fn is_flying(&self) -> Option<bool> {
        match self.landed {
            Some(landed) => Some(!landed && self.is_armed),
            None if self.heard_at.0 == 0 => None,
            None => Some(self.is_armed),
        }
    }

    /// DJI's `mode_code` for what it does, as [`Fix::mode`] wants it: 0 on the ground, 3 by hand, 4 taking off, 5 a mission,
    /// 9 coming home, 10 landing, 17 sent to a place. By PX4's `px4_custom_mode.h` and ArduCopter's `mode.h`.
    pub fn mode(&self) -> u8 {
        const BY_HAND: u8 = 3;
        if self.is_flying() != Some(true) {
            return 0;
        }
        match self.autopilot {
            Autopilot::Px4 => match ((self.custom_mode >> 16) as u8, (self.custom_mode >> 24) as u8) {
                (4, 2) => 4,
                (4, 4) => 5,
                (4, 5) => 9,
                (4, 6 | 9) => 10,
                (4, 3) | (6, _) => 17,
                _ => BY_HAND,
            },
            Autopilot::ArduPilot => match self.custom_mode {
                3 => 5,
                6 | 21 => 9,
                9 => 10,
                4 => 17,
                _ => BY_HAND,
            },
            Autopilot::Other => BY_HAND,
        }
    }

    /// Where it is, or why no order to a place can be made.
    pub(super) fn place(&self, what: &'static str) -> Result<LonLat, MavlinkError> {
        let fix = self.fix.ok_or(MavlinkError::NoPosition { system: self.system, what })?;
        Ok(LonLat(fix.lon, fix.lat))
    }

    fn charge(&mut self, percent: i8) {
        if (0..=100).contains(&percent) {
            self.battery = Some(f32::from(percent));
        }
    }

    fn moved(&mut self, at: LonLat, height: f32, heading: Option<f32>, speed: f32, now: Timestamp) -> Fix {
        let fix = Fix {
            lon: at.0,
            lat: at.1,
            height,
            heading: heading.map_or(f32::NAN, |it| it.rem_euclid(360.0)),
            speed,
            battery: self.battery.unwrap_or(f32::NAN),
            mode: self.mode(),
            at: now,
        };
        self.fix = Some(fix);
        fix
    }
}

const NO_AUTOPILOT: MavAutopilot = MavAutopilot::MAV_AUTOPILOT_INVALID;

/// 1e-7 degrees; 0, 0 is what a vehicle says that does not know.
fn place(lat: i32, lon: i32) -> Option<LonLat> {
    let at = LonLat(f64::from(lon) / 1e7, f64::from(lat) / 1e7);
    ((lat, lon) != (0, 0) && at.is_sane()).then_some(at)
}

/// Up to the first NUL, what can be shown of it.
fn printable(bytes: &[u8]) -> String {
    let text = bytes.split(|it| *it == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).chars().filter(|it| !it.is_control()).collect()
}
