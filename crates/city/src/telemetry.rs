//! What a drone says of itself beyond where it is: in the readings lane, latest wins, never in the fold.
//!
//! A platform says it in parts, each with its own time; [`Telemetry::merge`] keeps the newest of each. What is `None` was
//! never said, and is not zero.

use crate::{DroneId, Readings, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// A platform's warnings stay on the screen so long after they are over, ms.
pub const ALARM_LATCH_MS: i64 = 10 * 60_000;
/// More of them at once nobody reads; the newest are kept.
const MAX_ALARMS: usize = 32;

/// One drone's state, as far as it was told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Telemetry {
    /// When the aircraft itself was last heard; 0 is never.
    pub at: Timestamp,
    /// Connected to its gateway, as the gateway says.
    pub is_online: Option<bool>,
    /// What it is doing, in words, such as `航线飞行`.
    pub mode: Option<Text>,
    pub is_flying: Option<bool>,
    /// m/s, and degrees clockwise from north it blows from.
    pub wind_mps: Option<f32>,
    pub wind_from_deg: Option<f32>,
    /// m/s, up is positive.
    pub climb_mps: Option<f32>,
    /// m above the sea (geoid): as told, or the ellipsoid's height less the undulation in `rules/flights.toml`.
    pub height_amsl_m: Option<f32>,
    /// m above the WGS-84 ellipsoid, from platforms that say that.
    pub height_ellipsoid_m: Option<f32>,
    /// m to the place it comes home to.
    pub home_m: Option<f32>,
    /// Flight time left, s.
    pub remaining_s: Option<u32>,
    pub battery_percent: Option<f32>,
    pub rtk: Option<Rtk>,
    /// Who has the sticks, in the platform's words: `A` is the dock or controller.
    pub control_source: Option<Text>,
    /// Of the camera that is looked through.
    pub gimbal: Option<Gimbal>,
    /// The cameras it carries, with what they can send.
    pub cameras: Vec<DroneCamera>,
    /// The platform's id of the flight, where it says one.
    pub flight: Option<Text>,
    pub dock: Option<DockState>,
    /// 健康告警, newest last; those that are over stay a while.
    pub alarms: Vec<DroneAlarm>,
    pub is_simulated: bool,
}

/// How well it knows where it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rtk {
    pub is_fixed: bool,
    pub n_satellites: u8,
}

/// Where the camera looks. Degrees; pitch −90 is straight down, yaw clockwise from north.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gimbal {
    pub pitch_deg: f32,
    pub yaw_deg: f32,
    /// Times; none where it was not told.
    pub zoom: Option<f32>,
}

/// A camera under a drone or at its dock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DroneCamera {
    /// DJI's `{type}-{subtype}-{gimbal}`.
    pub index: Text,
    /// DJI's `video_index`, such as `normal-0`.
    pub video: Text,
    /// The lens it sends, such as `wide`.
    pub lens: Text,
    /// Lenses it can be switched to.
    pub lenses: Vec<Text>,
}

/// How fine a drone's live picture is pushed. In the Cloud API's order, which numbers them from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LiveQuality {
    #[default]
    Auto,
    Smooth,
    Standard,
    High,
    UltraHigh,
}

impl LiveQuality {
    pub const ALL: [Self; 5] = [Self::Auto, Self::Smooth, Self::Standard, Self::High, Self::UltraHigh];

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Auto => "自适应",
            Self::Smooth => "流畅",
            Self::Standard => "标清",
            Self::High => "高清",
            Self::UltraHigh => "超清",
        }
    }
}

/// How a lens is called, by the Cloud API's word for it; a word that is new to us as it stands.
pub fn lens_name_zh(lens: &str) -> &str {
    match lens {
        "normal" => "标准",
        "wide" => "广角",
        "zoom" => "变焦",
        "ir" | "thermal" => "红外",
        other => other,
    }
}

/// A dock, as it says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DockState {
    pub at: Timestamp,
    /// In words, such as `空闲`.
    pub mode: Option<Text>,
    pub cover: Option<DockCover>,
    pub is_drone_in: Option<bool>,
    /// 0 none, 1 light, 2 moderate, 3 heavy.
    pub rain: Option<u8>,
    pub wind_mps: Option<f32>,
    pub temperature_c: Option<f32>,
    pub humidity_percent: Option<f32>,
    /// Its emergency button is pressed.
    pub is_emergency_stopped: bool,
    /// Where an aircraft goes that cannot come home is set.
    pub has_alternate: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DockCover {
    Closed,
    Open,
    HalfOpen,
    Faulty,
}

/// One of the platform's warnings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DroneAlarm {
    /// Such as `0x16100083`.
    pub code: Text,
    /// 0 told, 1 mind, 2 warned.
    pub level: u8,
    pub words: Text,
    pub since: Timestamp,
    pub over_at: Option<Timestamp>,
}

impl DockCover {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Closed => "舱盖关",
            Self::Open => "舱盖开",
            Self::HalfOpen => "舱盖半开",
            Self::Faulty => "舱盖异常",
        }
    }
}

impl Telemetry {
    /// Takes what is newer: what `part` says replaces, what it leaves open stays.
    pub fn merge(&mut self, part: Self) {
        macro_rules! newer {
            ($($field:ident)*) => {$(
                if part.$field.is_some() {
                    self.$field = part.$field;
                }
            )*};
        }
        if part.at >= self.at {
            newer! {
                is_online mode is_flying wind_mps wind_from_deg climb_mps height_amsl_m height_ellipsoid_m home_m remaining_s
                battery_percent rtk control_source gimbal flight
            }
            self.at = part.at;
        }
        if !part.cameras.is_empty() {
            self.cameras = part.cameras;
        }
        if let Some(dock) = part.dock {
            self.merge_dock(dock);
        }
        self.is_simulated |= part.is_simulated;
    }

    pub fn merge_dock(&mut self, part: DockState) {
        let known = self.dock.get_or_insert_default();
        if part.at < known.at {
            return;
        }
        let was = std::mem::replace(known, part);
        known.mode = known.mode.take().or(was.mode);
        known.cover = known.cover.or(was.cover);
        known.is_drone_in = known.is_drone_in.or(was.is_drone_in);
        known.rain = known.rain.or(was.rain);
        known.wind_mps = known.wind_mps.or(was.wind_mps);
        known.temperature_c = known.temperature_c.or(was.temperature_c);
        known.humidity_percent = known.humidity_percent.or(was.humidity_percent);
        known.has_alternate = known.has_alternate.or(was.has_alternate);
    }

    /// All that is warned of now: what is not in it any more is over, and stays a while.
    pub fn warn(&mut self, alarms: Vec<DroneAlarm>, now: Timestamp) {
        for it in &mut self.alarms {
            if it.over_at.is_none() && !alarms.iter().any(|new| new.code == it.code) {
                it.over_at = Some(now);
            }
        }
        for new in alarms {
            match self.alarms.iter_mut().find(|it| it.code == new.code && it.over_at.is_none()) {
                Some(known) => *known = DroneAlarm { since: known.since, ..new },
                None => self.alarms.push(new),
            }
        }
        self.alarms.retain(|it| it.over_at.is_none_or(|at| now.since_ms(at) < ALARM_LATCH_MS));
        let n_over = self.alarms.len().saturating_sub(MAX_ALARMS);
        self.alarms.drain(..n_over);
    }
}

impl Readings {
    /// A drone's telemetry; none before it was heard.
    pub fn telemetry_of(&self, city: &crate::City, drone: &DroneId) -> Option<&Telemetry> {
        self.telemetry.get(city.drones.get_index_of(drone)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_replaces_only_what_it_says_and_never_with_older() {
        let mut known = Telemetry { at: Timestamp(5), wind_mps: Some(3.0), ..Telemetry::default() };
        known.merge(Telemetry { at: Timestamp(7), home_m: Some(90.0), ..Telemetry::default() });
        assert_eq!((known.wind_mps, known.home_m, known.at), (Some(3.0), Some(90.0), Timestamp(7)));
        known.merge(Telemetry { at: Timestamp(6), home_m: Some(10.0), ..Telemetry::default() });
        assert_eq!(known.home_m, Some(90.0));
        let dock = |at, rain| DockState { at: Timestamp(at), rain, ..DockState::default() };
        known.merge_dock(dock(8, Some(2)));
        known.merge_dock(dock(9, None));
        known.merge_dock(dock(7, Some(0)));
        assert_eq!(known.dock.as_ref().map(|it| (it.at, it.rain)), Some((Timestamp(9), Some(2))));
    }

    #[test]
    fn a_warning_that_is_over_stays_a_while() {
        let alarm = |code: &str| DroneAlarm {
            code: code.into(),
            level: 2,
            words: "电机堵转".into(),
            since: Timestamp(1),
            over_at: None,
        };
        let mut it = Telemetry::default();
        it.warn(vec![alarm("a"), alarm("b")], Timestamp(1));
        it.warn(vec![alarm("b")], Timestamp(2));
        assert_eq!(it.alarms.iter().map(|it| it.over_at).collect::<Vec<_>>(), [Some(Timestamp(2)), None]);
        assert!(it.worst_warning().is_some_and(|it| &*it.code == "b"));
        it.warn(vec![], Timestamp(3 + ALARM_LATCH_MS));
        assert_eq!(it.alarms.len(), 1, "the older went, the newer is just over");
        assert!(it.worst_warning().is_none());
    }
}
