//! One order, from its first command to its end.
//!
//! A command goes out, and again with a growing `confirmation` until it is acknowledged; so an order may be taken twice and
//! every command here is one that a second time changes nothing. After IN_PROGRESS nobody knows how long it takes, so
//! nothing is repeated and nothing times out: whoever owns the flight judges by its silence. What no acknowledgement ends
//! (to be at a place, to be on the ground) is judged by what the vehicle says of itself.

use super::{
    AUTOPILOT, MavlinkError, Order, Packet, Vehicle,
    messages::{MISSION_ACK_DATA, MISSION_COUNT_DATA, MavCmd, MavMessage, MavMissionResult, MavResult},
    orders::{Goal, Step, is_ours},
};
use gulang_city::{LonLat, Timestamp};
use std::collections::VecDeque;

/// What mavlink.io recommends for missions, taken for commands too.
const ANSWER_MS: i64 = 1_500;
const MAX_SENDS: u8 = 6;
/// Nearer than this it is there, m: PX4's `NAV_ACC_RAD` is 10 m, ArduCopter's `WPNAV_RADIUS` 2 m.
const THERE_M: f64 = 10.0;
const AT_HEIGHT_M: f32 = 3.0;
/// Climbed so much of the height, it may be sent on.
const CLIMBED: f32 = 0.9;
/// A step of progress smaller than this is not said, percent.
const PROGRESS_STEP: u8 = 5;

/// What became of the order since the last turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The vehicle took the first command.
    Accepted,
    UnderWay {
        /// 0–100.
        percent: u8,
        step: &'static str,
        /// The point of a route that was last reached, from 0.
        waypoint: Option<u16>,
    },
    Done,
    Failed {
        why: String,
    },
    /// Sent as often as may be, and never answered.
    TimedOut {
        why: String,
    },
}

/// What to send now, and what to say of the order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    pub send: Vec<MavMessage>,
    pub words: Vec<Word>,
}

/// An order under way with one vehicle.
#[derive(Clone, Debug)]
pub struct Dialogue {
    system: u8,
    name: &'static str,
    steps: VecDeque<Step>,
    wait: Wait,
    is_accepted: bool,
    /// The last progress told, of which step, and at which point.
    said: Option<(u8, &'static str, Option<u16>)>,
    /// Who is addressed.
    component: u8,
    /// The last mission item reached since this one was begun: what the vehicle reached before was of another.
    reached: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wait {
    /// For the answer to the first step, sent so many times, last at.
    Answer {
        n_sent: u8,
        at: Timestamp,
    },
    /// The vehicle asked for mission items up to this one, the last it was sent.
    Items {
        seq: u16,
        n_sent: u8,
        at: Timestamp,
    },
    /// It works on it.
    InProgress,
    /// For a goal, so far away at first, m.
    Goal {
        from_m: f64,
    },
    Nothing,
}

impl Dialogue {
    /// Begins an order: its first message is in the turn.
    pub fn begin(order: &Order, vehicle: &Vehicle, now: Timestamp) -> Result<(Self, Turn), MavlinkError> {
        let mut dialogue = Self {
            system: vehicle.system,
            name: order.name_zh(),
            steps: order.steps(vehicle)?,
            wait: Wait::Nothing,
            is_accepted: false,
            said: None,
            component: vehicle.camera_component.filter(|_| order.is_for_camera()).unwrap_or(AUTOPILOT),
            reached: None,
        };
        let mut turn = Turn::default();
        dialogue.enter(vehicle, now, &mut turn);
        Ok((dialogue, turn))
    }

    /// Nothing more will be said.
    pub fn is_over(&self) -> bool {
        self.steps.is_empty()
    }

    /// A packet of its vehicle, which `vehicle` has taken already.
    #[expect(deprecated, reason = "autopilots before 2020 ask for mission items by MISSION_REQUEST")]
    pub fn hear(&mut self, packet: &Packet, vehicle: &Vehicle, now: Timestamp) -> Turn {
        let mut turn = Turn::default();
        if packet.system != self.system {
            return turn;
        }
        match &packet.message {
            MavMessage::COMMAND_ACK(ack) if is_for_us(packet) => {
                self.acknowledged(ack.command, ack.result, progress(packet), vehicle, now, &mut turn);
            }
            MavMessage::MISSION_REQUEST_INT(it) if is_ours(it.target_system) => self.asked_for(it.seq, now, &mut turn),
            MavMessage::MISSION_REQUEST(it) if is_ours(it.target_system) => self.asked_for(it.seq, now, &mut turn),
            MavMessage::MISSION_ACK(it) if is_ours(it.target_system) => self.uploaded(it, vehicle, now, &mut turn),
            MavMessage::MISSION_ITEM_REACHED(it) => {
                if matches!(self.wait, Wait::Goal { .. }) {
                    self.reached = Some(it.seq);
                }
                self.look(vehicle, now, &mut turn);
            }
            _ => self.look(vehicle, now, &mut turn),
        }
        turn
    }

    /// Time went by.
    pub fn tick(&mut self, vehicle: &Vehicle, now: Timestamp) -> Turn {
        let mut turn = Turn::default();
        match self.wait {
            Wait::Answer { n_sent, at } if now.since_ms(at) >= ANSWER_MS => {
                if n_sent >= MAX_SENDS {
                    self.lost(n_sent, &mut turn);
                } else if let Some(message) = self.opening(n_sent) {
                    self.wait = Wait::Answer { n_sent: n_sent + 1, at: now };
                    turn.send.push(message);
                }
            }
            Wait::Items { seq, n_sent, at } if now.since_ms(at) >= ANSWER_MS => {
                if n_sent >= MAX_SENDS {
                    self.lost(n_sent, &mut turn);
                } else if let Some(item) = self.item(seq) {
                    self.wait = Wait::Items { seq, n_sent: n_sent + 1, at: now };
                    turn.send.push(item);
                }
            }
            _ => self.look(vehicle, now, &mut turn),
        }
        turn
    }

    fn acknowledged(
        &mut self,
        command: MavCmd,
        result: MavResult,
        percent: Option<u8>,
        vehicle: &Vehicle,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let Some(Step::Command(saying)) = self.steps.front() else { return };
        // An answer doubled on its way, or one to somebody else's command.
        if saying.command() != command || !matches!(self.wait, Wait::Answer { .. } | Wait::InProgress) {
            return;
        }
        match result {
            MavResult::MAV_RESULT_ACCEPTED => {
                self.accept(turn);
                self.next(vehicle, now, turn);
            }
            MavResult::MAV_RESULT_IN_PROGRESS => {
                self.accept(turn);
                self.wait = Wait::InProgress;
                self.say(percent.unwrap_or(0), "飞控执行中", turn);
            }
            // It may take it the next time; the sends are counted all the same.
            MavResult::MAV_RESULT_TEMPORARILY_REJECTED => {
                if let Wait::Answer { n_sent, .. } = self.wait
                    && n_sent >= MAX_SENDS
                {
                    self.fail(refusal_zh(result).to_owned(), turn);
                }
            }
            other => self.fail(refusal_zh(other).to_owned(), turn),
        }
    }

    fn asked_for(&mut self, seq: u16, now: Timestamp, turn: &mut Turn) {
        if !matches!(self.steps.front(), Some(Step::Upload(_))) {
            return;
        }
        match self.item(seq) {
            Some(item) => {
                self.accept(turn);
                self.wait = Wait::Items { seq, n_sent: 1, at: now };
                turn.send.push(item);
            }
            None => self.fail(format!("飞控要第 {seq} 个航点，航线里没有"), turn),
        }
    }

    fn uploaded(&mut self, ack: &MISSION_ACK_DATA, vehicle: &Vehicle, now: Timestamp, turn: &mut Turn) {
        let Some(Step::Upload(items)) = self.steps.front() else { return };
        if ack.mavtype != MavMissionResult::MAV_MISSION_ACCEPTED {
            return self.fail(format!("飞控不收航线（MAV_MISSION_RESULT {}）", ack.mavtype as u8), turn);
        }
        // A late answer to an upload before this one.
        let is_whole = matches!(self.wait, Wait::Items { seq, .. } if usize::from(seq) + 1 == items.len());
        if is_whole {
            self.next(vehicle, now, turn);
        }
    }

    /// Compares the goal with where the vehicle is.
    fn look(&mut self, vehicle: &Vehicle, now: Timestamp, turn: &mut Turn) {
        let (Some(Step::Until(goal)), Wait::Goal { from_m }) = (self.steps.front(), self.wait) else { return };
        let goal = *goal;
        if self.is_reached(goal, vehicle) {
            return self.next(vehicle, now, turn);
        }
        let to_go_m = self.to_go_m(goal, vehicle);
        let percent = if from_m > 0.0 { (100.0 * (1.0 - to_go_m / from_m)).clamp(0.0, 99.0) as u8 } else { 0 };
        let waypoint = match goal {
            Goal::Item { first, .. } => self.reached.and_then(|it| it.checked_sub(first)),
            _ => None,
        };
        self.say_at(percent, step_zh(goal), waypoint, turn);
    }

    fn is_reached(&self, goal: Goal, vehicle: &Vehicle) -> bool {
        match goal {
            Goal::Height(height_m) => vehicle.fix.is_some_and(|it| it.height >= height_m * CLIMBED),
            Goal::Place { place, height_m } => vehicle.fix.is_some_and(|it| {
                LonLat(it.lon, it.lat).distance_m(place) <= THERE_M && (it.height - height_m).abs() <= AT_HEIGHT_M
            }),
            Goal::OnGround => vehicle.is_flying() == Some(false),
            Goal::Item { last, .. } => self.reached.is_some_and(|it| it >= last),
        }
    }

    fn to_go_m(&self, goal: Goal, vehicle: &Vehicle) -> f64 {
        let Some(fix) = vehicle.fix else { return 0.0 };
        let here = LonLat(fix.lon, fix.lat);
        match goal {
            Goal::Height(height_m) => f64::from(height_m - fix.height).max(0.0),
            Goal::Place { place, .. } => here.distance_m(place),
            Goal::OnGround => vehicle.home.map_or(0.0, |it| it.distance_m(here)) + f64::from(fix.height.max(0.0)),
            // Items stand for metres.
            Goal::Item { last, .. } => f64::from(last.saturating_sub(self.reached.unwrap_or(0))),
        }
    }

    fn next(&mut self, vehicle: &Vehicle, now: Timestamp, turn: &mut Turn) {
        self.steps.pop_front();
        self.enter(vehicle, now, turn);
    }

    fn enter(&mut self, vehicle: &Vehicle, now: Timestamp, turn: &mut Turn) {
        self.wait = match self.steps.front() {
            None => {
                turn.words.push(Word::Done);
                Wait::Nothing
            }
            Some(Step::Until(goal)) => Wait::Goal { from_m: self.to_go_m(*goal, vehicle) },
            Some(Step::Command(_) | Step::Upload(_)) => {
                turn.send.extend(self.opening(0));
                Wait::Answer { n_sent: 1, at: now }
            }
        };
    }

    /// What the step at hand begins with.
    fn opening(&self, n_before: u8) -> Option<MavMessage> {
        match self.steps.front()? {
            Step::Command(saying) => Some(saying.to(self.system, self.component, n_before)),
            Step::Upload(items) => Some(MavMessage::MISSION_COUNT(MISSION_COUNT_DATA {
                count: u16::try_from(items.len()).ok()?,
                target_system: self.system,
                target_component: AUTOPILOT,
            })),
            Step::Until(_) => None,
        }
    }

    fn item(&self, seq: u16) -> Option<MavMessage> {
        let Some(Step::Upload(items)) = self.steps.front() else { return None };
        items.get(usize::from(seq)).cloned().map(MavMessage::MISSION_ITEM_INT)
    }

    fn accept(&mut self, turn: &mut Turn) {
        if !self.is_accepted {
            self.is_accepted = true;
            turn.words.push(Word::Accepted);
        }
    }

    fn say(&mut self, percent: u8, step: &'static str, turn: &mut Turn) {
        self.say_at(percent, step, None, turn);
    }

    fn say_at(&mut self, percent: u8, step: &'static str, waypoint: Option<u16>, turn: &mut Turn) {
        let percent = percent.min(100);
        let is_news = self
            .said
            .is_none_or(|(said, of, at)| of != step || at != waypoint || percent.abs_diff(said) >= PROGRESS_STEP);
        if is_news {
            self.said = Some((percent, step, waypoint));
            turn.words.push(Word::UnderWay { percent, step, waypoint });
        }
    }

    fn fail(&mut self, why: String, turn: &mut Turn) {
        turn.words.push(Word::Failed { why: format!("{}：{why}", self.name) });
        self.end();
    }

    fn lost(&mut self, n_sent: u8, turn: &mut Turn) {
        turn.words.push(Word::TimedOut { why: format!("{}：发了 {n_sent} 次，飞控没有应答", self.name) });
        self.end();
    }

    fn end(&mut self) {
        self.steps.clear();
        self.wait = Wait::Nothing;
    }
}

/// COMMAND_ACK's extensions: progress at byte 3, the addressee at byte 8. Zeros at the end are not sent.
fn progress(packet: &Packet) -> Option<u8> {
    packet.payload.get(3).copied().filter(|it| *it <= 100)
}

fn is_for_us(packet: &Packet) -> bool {
    is_ours(packet.payload.get(8).copied().unwrap_or(0))
}

fn step_zh(goal: Goal) -> &'static str {
    match goal {
        Goal::Height(_) => "起飞爬升",
        Goal::Place { .. } => "飞往目标",
        Goal::OnGround => "返回降落",
        Goal::Item { .. } => "航线飞行",
    }
}

fn refusal_zh(result: MavResult) -> &'static str {
    match result {
        MavResult::MAV_RESULT_TEMPORARILY_REJECTED => "飞控此刻不能执行（状态不满足），请检查定位、自检和模式后再下令",
        MavResult::MAV_RESULT_DENIED => "飞控拒绝（参数不合要求）",
        MavResult::MAV_RESULT_UNSUPPORTED => "飞控不支持这条指令",
        MavResult::MAV_RESULT_FAILED => "飞控执行失败",
        MavResult::MAV_RESULT_CANCELLED => "飞控已取消",
        MavResult::MAV_RESULT_COMMAND_LONG_ONLY | MavResult::MAV_RESULT_COMMAND_INT_ONLY => "飞控只认另一种指令格式",
        MavResult::MAV_RESULT_COMMAND_UNSUPPORTED_MAV_FRAME => "飞控不认这种高度基准",
        MavResult::MAV_RESULT_NOT_IN_CONTROL => "控制权不在本站",
        MavResult::MAV_RESULT_ACCEPTED | MavResult::MAV_RESULT_IN_PROGRESS => "",
    }
}
