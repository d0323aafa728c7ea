//! What a vehicle may be told, as the commands that say it.

use super::{
    Autopilot, MavlinkError, OUR_SYSTEM, Vehicle,
    messages::{
        COMMAND_INT_DATA, COMMAND_LONG_DATA, HEARTBEAT_DATA, MISSION_ITEM_INT_DATA, MavAutopilot, MavCmd, MavFrame,
        MavMessage, MavModeFlag, MavState, MavType,
    },
};
use gulang_city::LonLat;
use std::collections::VecDeque;

/// Items of one mission; PX4 keeps 500 and more, small ArduPilot boards about 700 (their parameter pages).
const MAX_ITEMS: usize = 500;
/// ArduCopter's GUIDED, without which it takes no flight to a place.
const ARDUCOPTER_GUIDED: f32 = 4.0;
/// `param2` of arming that stops the motors in the air too (mavlink.io, `MAV_CMD_COMPONENT_ARM_DISARM`).
const FORCE: f32 = 21196.0;

/// An order. Heights are metres above the place it took off from.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    TakeoffTo {
        place: LonLat,
        height_m: f32,
    },
    FlyTo {
        place: LonLat,
        height_m: f32,
    },
    ReturnHome,
    Land,
    Pause,
    Resume,
    Mission {
        points: Vec<Waypoint>,
        speed_mps: f32,
    },
    /// The motors stop, wherever it is.
    StopMotors,
    /// 0 is every stream.
    StartVideo {
        stream: u8,
    },
    StopVideo {
        stream: u8,
    },
    /// One still, kept by the camera.
    TakePhoto,
    /// Recorded by the camera; shows nobody anything.
    StartRecording,
    StopRecording,
    /// −1 … 1, all the while until 0 stops it; in is positive.
    Zoom {
        rate: f32,
    },
    /// Degrees a second until the next order; up and right are positive.
    TurnGimbal {
        pitch_deg_s: f32,
        yaw_deg_s: f32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waypoint {
    pub place: LonLat,
    pub height_m: f32,
}

/// One thing to bring about; an order is a row of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Command(Saying),
    Upload(Vec<MISSION_ITEM_INT_DATA>),
    Until(Goal),
}

/// A command without its addressee.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Saying {
    Long {
        command: MavCmd,
        params: [f32; 7],
    },
    /// Where a place must be exact.
    Int {
        command: MavCmd,
        params: [f32; 4],
        place: LonLat,
        frame: MavFrame,
        z: f32,
    },
}

/// When a step is over that no acknowledgement ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    Height(f32),
    Place {
        place: LonLat,
        height_m: f32,
    },
    OnGround,
    /// The last item of a mission reached; from the first on they are the route's points.
    Item {
        first: u16,
        last: u16,
    },
}

impl Order {
    /// What a screen calls it.
    pub fn name_zh(&self) -> &'static str {
        match self {
            Self::TakeoffTo { .. } => "起飞并飞到",
            Self::FlyTo { .. } => "飞往",
            Self::ReturnHome => "返航",
            Self::Land => "就地降落",
            Self::Pause => "暂停",
            Self::Resume => "继续",
            Self::Mission { .. } => "航线飞行",
            Self::StopMotors => "急停",
            Self::StartVideo { .. } => "开始推流",
            Self::StopVideo { .. } => "停止推流",
            Self::TakePhoto => "拍照",
            Self::StartRecording => "开始录像",
            Self::StopRecording => "停止录像",
            Self::Zoom { .. } => "变焦",
            Self::TurnGimbal { .. } => "转动云台",
        }
    }

    /// Whether the camera is to do it, where it answers for itself.
    pub(super) fn is_for_camera(&self) -> bool {
        matches!(
            self,
            Self::StartVideo { .. }
                | Self::StopVideo { .. }
                | Self::TakePhoto
                | Self::StartRecording
                | Self::StopRecording
                | Self::Zoom { .. }
        )
    }

    /// The steps it takes for this vehicle, as it is now.
    pub(super) fn steps(&self, vehicle: &Vehicle) -> Result<VecDeque<Step>, MavlinkError> {
        let mut steps = VecDeque::new();
        match self {
            Self::TakeoffTo { place, height_m } => {
                vehicle.place(self.name_zh())?;
                ready(vehicle, &mut steps);
                let (_, z) = altitude(vehicle, *height_m);
                // NaN: where it stands, as it looks.
                let params = [0.0, 0.0, 0.0, f32::NAN, f32::NAN, f32::NAN, z];
                steps.push_back(long(MavCmd::MAV_CMD_NAV_TAKEOFF, params));
                steps.push_back(Step::Until(Goal::Height(*height_m)));
                reposition(vehicle, *place, *height_m, &mut steps);
            }
            Self::FlyTo { place, height_m } => {
                vehicle.place(self.name_zh())?;
                reposition(vehicle, *place, *height_m, &mut steps);
            }
            Self::ReturnHome => {
                steps.push_back(long(MavCmd::MAV_CMD_NAV_RETURN_TO_LAUNCH, [0.0; 7]));
                steps.push_back(Step::Until(Goal::OnGround));
            }
            Self::Land => {
                let params = [0.0, 0.0, 0.0, f32::NAN, f32::NAN, f32::NAN, 0.0];
                steps.push_back(long(MavCmd::MAV_CMD_NAV_LAND, params));
                steps.push_back(Step::Until(Goal::OnGround));
            }
            Self::Pause => steps.push_back(long(MavCmd::MAV_CMD_DO_PAUSE_CONTINUE, [0.0; 7])),
            Self::Resume => {
                steps.push_back(long(MavCmd::MAV_CMD_DO_PAUSE_CONTINUE, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
            }
            Self::Mission { points, speed_mps } => {
                let items = mission(vehicle, points, *speed_mps)?;
                let last = items.last().map_or(0, |it| it.seq);
                // Before the route's points stand home, take-off and speed, as the autopilot wants them.
                let first = u16::try_from(items.len().saturating_sub(points.len())).unwrap_or(0);
                steps.push_back(Step::Upload(items));
                ready(vehicle, &mut steps);
                steps.push_back(long(MavCmd::MAV_CMD_MISSION_START, [0.0; 7]));
                steps.push_back(Step::Until(Goal::Item { first, last }));
            }
            Self::StopMotors => {
                let params = [0.0, FORCE, 0.0, 0.0, 0.0, 0.0, 0.0];
                steps.push_back(long(MavCmd::MAV_CMD_COMPONENT_ARM_DISARM, params));
            }
            // 2502 and 2503.
            Self::StartVideo { stream } => {
                let params = [f32::from(*stream), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
                steps.push_back(long(MavCmd::MAV_CMD_VIDEO_START_STREAMING, params));
            }
            Self::StopVideo { stream } => {
                let params = [f32::from(*stream), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
                steps.push_back(long(MavCmd::MAV_CMD_VIDEO_STOP_STREAMING, params));
            }
            // 2000: every camera, at once, one picture, the first of its row.
            Self::TakePhoto => {
                let params = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0];
                steps.push_back(long(MavCmd::MAV_CMD_IMAGE_START_CAPTURE, params));
            }
            // 2500 and 2501: every stream; its state is not told by itself.
            Self::StartRecording => steps.push_back(long(MavCmd::MAV_CMD_VIDEO_START_CAPTURE, [0.0; 7])),
            Self::StopRecording => steps.push_back(long(MavCmd::MAV_CMD_VIDEO_STOP_CAPTURE, [0.0; 7])),
            // 531, ZOOM_TYPE_CONTINUOUS.
            Self::Zoom { rate } => {
                let params = [1.0, rate.clamp(-1.0, 1.0), 0.0, 0.0, 0.0, 0.0, 0.0];
                steps.push_back(long(MavCmd::MAV_CMD_SET_CAMERA_ZOOM, params));
            }
            // 1000: by rates alone, every gimbal; angles that are no number are left as they are.
            Self::TurnGimbal { pitch_deg_s, yaw_deg_s } => {
                let params = [f32::NAN, f32::NAN, *pitch_deg_s, *yaw_deg_s, 0.0, 0.0, 0.0];
                steps.push_back(long(MavCmd::MAV_CMD_DO_GIMBAL_MANAGER_PITCHYAW, params));
            }
        }
        Ok(steps)
    }
}

impl Saying {
    pub(super) fn command(&self) -> MavCmd {
        match self {
            Self::Long { command, .. } | Self::Int { command, .. } => *command,
        }
    }

    /// `n_before` times it was sent already: COMMAND_LONG counts them in `confirmation`; COMMAND_INT has no such field.
    pub(super) fn to(&self, system: u8, component: u8, n_before: u8) -> MavMessage {
        match self {
            Self::Long { command, params: [param1, param2, param3, param4, param5, param6, param7] } => {
                MavMessage::COMMAND_LONG(COMMAND_LONG_DATA {
                    param1: *param1,
                    param2: *param2,
                    param3: *param3,
                    param4: *param4,
                    param5: *param5,
                    param6: *param6,
                    param7: *param7,
                    command: *command,
                    target_system: system,
                    target_component: component,
                    confirmation: n_before,
                })
            }
            Self::Int { command, params: [param1, param2, param3, param4], place, frame, z } => {
                MavMessage::COMMAND_INT(COMMAND_INT_DATA {
                    param1: *param1,
                    param2: *param2,
                    param3: *param3,
                    param4: *param4,
                    x: e7(place.lat()),
                    y: e7(place.lon()),
                    z: *z,
                    command: *command,
                    target_system: system,
                    target_component: component,
                    frame: *frame,
                    current: 0,
                    autocontinue: 0,
                })
            }
        }
    }
}

/// What a ground station says once a second, so that vehicles know that somebody listens.
pub fn heartbeat() -> MavMessage {
    MavMessage::HEARTBEAT(HEARTBEAT_DATA {
        custom_mode: 0,
        mavtype: MavType::MAV_TYPE_GCS,
        autopilot: MavAutopilot::MAV_AUTOPILOT_INVALID,
        base_mode: MavModeFlag::empty(),
        system_status: MavState::MAV_STATE_ACTIVE,
        mavlink_version: 3,
    })
}

/// Asks a system once for a message by its number, such as 269 (VIDEO_STREAM_INFORMATION).
pub fn request_message(system: u8, id: u32) -> MavMessage {
    let params = [id as f32, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    // Component 0 is all of them: a camera answers for itself.
    Saying::Long { command: MavCmd::MAV_CMD_REQUEST_MESSAGE, params }.to(system, 0, 0)
}

fn long(command: MavCmd, params: [f32; 7]) -> Step {
    Step::Command(Saying::Long { command, params })
}

/// Into a mode that takes orders, and armed.
fn ready(vehicle: &Vehicle, steps: &mut VecDeque<Step>) {
    guided(vehicle, steps);
    if !vehicle.is_armed {
        steps.push_back(long(MavCmd::MAV_CMD_COMPONENT_ARM_DISARM, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
    }
}

fn guided(vehicle: &Vehicle, steps: &mut VecDeque<Step>) {
    if vehicle.autopilot == Autopilot::ArduPilot && vehicle.custom_mode != ARDUCOPTER_GUIDED as u32 {
        let params = [1.0, ARDUCOPTER_GUIDED, 0.0, 0.0, 0.0, 0.0, 0.0];
        steps.push_back(long(MavCmd::MAV_CMD_DO_SET_MODE, params));
    }
}

fn reposition(vehicle: &Vehicle, place: LonLat, height_m: f32, steps: &mut VecDeque<Step>) {
    let (frame, z) = altitude(vehicle, height_m);
    steps.push_back(Step::Command(Saying::Int {
        command: MavCmd::MAV_CMD_DO_REPOSITION,
        // At its own speed; into the mode for it (MAV_DO_REPOSITION_FLAGS_CHANGE_MODE); facing where it likes.
        params: [-1.0, 1.0, 0.0, f32::NAN],
        place,
        frame,
        z,
    }));
    steps.push_back(Step::Until(Goal::Place { place, height_m }));
}

/// PX4 reads heights in commands above the sea, whatever the frame says; the others above home.
fn altitude(vehicle: &Vehicle, height_m: f32) -> (MavFrame, f32) {
    match (vehicle.autopilot, vehicle.home_amsl_m) {
        (Autopilot::Px4, Some(home_m)) => (MavFrame::MAV_FRAME_GLOBAL, home_m + height_m),
        _ => (MavFrame::MAV_FRAME_GLOBAL_RELATIVE_ALT, height_m),
    }
}

fn mission(vehicle: &Vehicle, points: &[Waypoint], speed_mps: f32) -> Result<Vec<MISSION_ITEM_INT_DATA>, MavlinkError> {
    let here = vehicle.place("航线飞行")?;
    let mut items = Vec::new();
    let mut item = |command: MavCmd, params: [f32; 4], place: Option<LonLat>, z: f32| {
        items.push(MISSION_ITEM_INT_DATA {
            param1: params[0],
            param2: params[1],
            param3: params[2],
            param4: params[3],
            x: place.map_or(0, |it| e7(it.lat())),
            y: place.map_or(0, |it| e7(it.lon())),
            z,
            seq: items.len() as u16,
            command,
            target_system: vehicle.system,
            target_component: super::AUTOPILOT,
            frame: if place.is_some() { MavFrame::MAV_FRAME_GLOBAL_RELATIVE_ALT } else { MavFrame::MAV_FRAME_MISSION },
            current: u8::from(items.is_empty()),
            autocontinue: 1,
        });
    };
    // ArduPilot takes the first item for its home and does not fly it.
    if vehicle.autopilot == Autopilot::ArduPilot {
        item(MavCmd::MAV_CMD_NAV_WAYPOINT, [0.0; 4], Some(vehicle.home.unwrap_or(here)), 0.0);
    }
    let first_m = points.first().map_or(0.0, |it| it.height_m);
    if vehicle.is_flying() != Some(true) {
        item(MavCmd::MAV_CMD_NAV_TAKEOFF, [0.0, 0.0, 0.0, f32::NAN], Some(here), first_m);
    }
    item(MavCmd::MAV_CMD_DO_CHANGE_SPEED, [1.0, speed_mps, -1.0, 0.0], None, 0.0);
    for point in points {
        item(MavCmd::MAV_CMD_NAV_WAYPOINT, [0.0, 0.0, 0.0, f32::NAN], Some(point.place), point.height_m);
    }
    if points.is_empty() || items.len() > MAX_ITEMS {
        return Err(MavlinkError::Route { n: points.len() });
    }
    Ok(items)
}

/// 1e-7 degrees.
fn e7(degrees: f64) -> i32 {
    (degrees * 1e7).round() as i32
}

/// Whether a message is meant for us.
pub(super) fn is_ours(target_system: u8) -> bool {
    matches!(target_system, 0 | OUR_SYSTEM)
}
