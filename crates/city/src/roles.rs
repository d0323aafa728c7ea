//! Roles as data: which seat may do what. Rules ask [`City::may`]; screens ask it too, to grey out with the reason.
//!
//! A pack's `roles.json` names roles and seats; a seat it does not name has the default role. It knows nothing of passwords:
//! who sits at a seat is the hall's business.

use crate::{City, Command, Refusal, Source, ids::*, model::*};
use serde::{Deserialize, Serialize};
use strum::VariantNames;

/// The seats of a pack that names none.
const DESK_SEAT: &str = "值班长 01";
/// The role whose first seat is a desk's.
const OFFICER: &str = "officer";

/// What somebody is in the hall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub id: Text,
    pub name: Text,
    /// Commands by their names in JSON, such as `switch_to_war`; `*` is every one. Who may not `switch_to_war` (or
    /// `stand_down`) may neither propose nor co-sign it; at Ⅰ and Ⅱ it also takes `propose_switch`, `co_sign`,
    /// `decline_proposal` and `withdraw_proposal`.
    pub may: Vec<Text>,
    /// Taken out of `may`.
    #[serde(default)]
    pub may_not: Vec<Text>,
    /// The highest level whose switch it may sign; `None` signs nothing.
    #[serde(default)]
    pub signs_up_to: Option<ResponseLevel>,
    /// May do alone, with a reason, what takes two.
    #[serde(default)]
    pub overrides: bool,
}

/// A place in the hall with its role, and who sits there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatEntry {
    pub seat: SeatId,
    pub role: Text,
    /// Two seats of one officer are one signature: they do not co-sign each other.
    #[serde(default)]
    pub officer: Option<Text>,
}

/// `roles.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// The role of seats not named.
    pub default: Text,
    pub roles: Vec<Role>,
    #[serde(default)]
    pub seats: Vec<SeatEntry>,
}

/// A role that may nothing, for a default that does not exist; the pack's check refuses such a file.
static NOBODY: std::sync::LazyLock<Role> = std::sync::LazyLock::new(|| Role {
    id: "nobody".into(),
    name: "无角色".into(),
    may: Vec::new(),
    may_not: Vec::new(),
    signs_up_to: None,
    overrides: false,
});

impl Default for Roles {
    /// Five roles and no seats: every seat is an officer's.
    fn default() -> Self {
        let role = |id: &str, name: &str, may: &[&str], may_not: &[&str], signs_up_to, overrides| Role {
            id: id.into(),
            name: name.into(),
            may: may.iter().map(|it| Text::from(*it)).collect(),
            may_not: may_not.iter().map(|it| Text::from(*it)).collect(),
            signs_up_to,
            overrides,
        };
        let at_seat = [
            "acknowledge_alarm",
            "acknowledge_group",
            "press_case",
            "put_marking",
            "remove_marking",
            "dry_run",
            "put_camera_wall",
            "undo_camera_wall",
        ];
        Self {
            default: "officer".into(),
            roles: vec![
                role("seat", "席位", &at_seat, &[], None, false),
                role("officer", "值班员", &["*"], &[], Some(ResponseLevel::I), false),
                role("commander", "指挥长", &["*"], &[], Some(ResponseLevel::I), true),
                role("leader", "领导（只读）", &[], &[], None, false),
                role("administrator", "管理员", &["show_scene", "start_exercise", "end_exercise"], &[], None, false),
            ],
            seats: Vec::new(),
        }
    }
}

impl Roles {
    pub fn role_of(&self, seat: &SeatId) -> &Role {
        let named = self.seats.iter().find(|it| it.seat == *seat).map_or(&self.default, |it| &it.role);
        self.roles.iter().find(|it| it.id == *named).unwrap_or(&NOBODY)
    }

    /// Who sits there: the officer named, else the seat itself.
    pub fn officer_at<'a>(&'a self, seat: &'a SeatId) -> &'a str {
        let entry = self.seats.iter().find(|it| it.seat == *seat);
        entry.and_then(|it| it.officer.as_deref()).unwrap_or(seat.as_str())
    }

    /// Where a desk sits that was told no seat: the first one named with the officer's role, else the first that signs.
    pub fn desk_seat(&self) -> SeatId {
        let is_officers = |it: &&SeatEntry| &*it.role == OFFICER;
        let named = self.seats.iter().find(is_officers).or_else(|| self.signing().next());
        named.map_or_else(|| DESK_SEAT.into(), |it| it.seat.clone())
    }

    /// The seats named whose role signs.
    fn signing(&self) -> impl Iterator<Item = &SeatEntry> {
        self.seats.iter().filter(|it| self.role_of(&it.seat).signs_up_to.is_some())
    }

    /// What is wrong with it: the name concerned, and why.
    pub(crate) fn faults(&self) -> Vec<(Text, String)> {
        let mut faults = Vec::new();
        let exists = |id: &Text| self.roles.iter().any(|it| it.id == *id);
        if !exists(&self.default) {
            faults.push((self.default.clone(), format!("there is no role {}", self.default)));
        }
        for role in &self.roles {
            for it in role.may.iter().chain(&role.may_not) {
                if &**it != "*" && !Command::VARIANTS.contains(&&**it) {
                    faults.push((role.id.clone(), format!("there is no command {it}")));
                }
            }
            if self.roles.iter().filter(|it| it.id == role.id).count() > 1 {
                faults.push((role.id.clone(), "another role has this id".to_owned()));
            }
        }
        for it in self.seats.iter().filter(|it| !exists(&it.role)) {
            faults.push((it.seat.0.clone(), format!("there is no role {}", it.role)));
        }
        faults
    }
}

impl Role {
    pub fn may(&self, kind: &str) -> bool {
        let is_in = |list: &[Text], all: bool| list.iter().any(|it| &**it == kind || (all && &**it == "*"));
        is_in(&self.may, true) && !is_in(&self.may_not, false)
    }
}

impl Command {
    /// Its name in JSON, such as `switch_to_war`; what roles are written in.
    pub fn kind(&self) -> &'static str {
        self.into()
    }

    /// Every kind there is.
    pub fn kinds() -> &'static [&'static str] {
        Self::VARIANTS
    }
}

impl City {
    /// Whether a source may give a kind of command at all, or why not: what a screen shows on what it greys.
    pub fn may(&self, source: &Source, kind: &str) -> Result<(), Refusal> {
        let Source::Seat(seat) = source else { return Ok(()) };
        let role = self.roles.role_of(seat);
        if role.may(kind) {
            return Ok(());
        }
        // A kind that is no command is refused like one.
        let what = command_zh(kind).unwrap_or("做这件事");
        let why = format!("席位「{seat}」的角色是「{}」，不能{what}", role.name);
        Err(Refusal::Forbidden { why: why.into() })
    }
}

/// What a command is called on screens, by its name in JSON; every command has one.
pub fn command_zh(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "report_case" => "上报案件",
        "judge_reading" => "研判读数",
        "report_fence" => "上报围栏告警",
        "judge_by_rule" => "按规则研判读数",
        "report_quake" => "上报地震",
        "cancel_quake" => "取消地震",
        "issue_warning" => "发布预警",
        "cancel_warning" => "解除预警",
        "update_typhoon" => "更新台风",
        "report_order" => "回报指令",
        "report_moved" => "回报转移人数",
        "report_evacuation" => "回报转移情况",
        "report_shelter" => "回报避灾点人数",
        "report_call" => "回报叫应",
        "report_telling" => "登记告知",
        "refuse_message" => "拒收报文",
        "report_health" => "回报接口状态",
        "tick" => "推进时钟",
        "note_attempt" => "登记投递",
        "note_observations" => "登记观测",
        "start_exercise" => "开始演练",
        "end_exercise" => "结束演练",
        "acknowledge_alarm" => "确认告警",
        "shelve_alarm" => "搁置告警",
        "acknowledge_group" => "成组确认告警",
        "shelve_group" => "成组搁置告警",
        "supervise_case" => "督办",
        "press_case" => "催办",
        "return_case" => "退回案件",
        "transfer_case" => "转派案件",
        "postpone_case" => "案件延期",
        "cancel_case" => "作废案件",
        "switch_to_war" => "平转战",
        "dry_run" => "试运行",
        "countersign" => "补签",
        "propose_switch" => "提请会签",
        "co_sign" => "会签",
        "decline_proposal" => "对提议表示不同意",
        "withdraw_proposal" => "撤回提议",
        "adopt_plans" => "换用新版预案",
        "release_held" => "提前发出待发指令",
        "stand_down" => "战转平",
        "escalate_order" => "升级叫应",
        "cancel_order" => "撤销指令",
        "amend_order" => "更正指令",
        "retry_telling" => "重新告知",
        "assign_team" => "派出队伍",
        "release_team" => "收回队伍",
        "raise_need" => "提出力量需求",
        "close_need" => "了结力量需求",
        "assign_teams" => "成批派出队伍",
        "check_in" => "登记队伍报到",
        "show_scene" => "切换大屏场景",
        "open_feeds" => "打开画面",
        "put_marking" => "标绘",
        "remove_marking" => "撤除标绘",
        "start_call_out" => "发起叫应",
        "end_call_out" => "结束叫应",
        "mark_reached" => "登记叫应答复",
        "set_expected" => "设定应转移人数",
        "correct_evacuation" => "更正转移人数",
        "allow_return" => "放行返回",
        "order_flight" => "指挥无人机",
        "cancel_flight" => "撤销飞行",
        "report_flight" => "回报飞行",
        "report_flight_cancel" => "回报撤销飞行",
        "note_flight_attempt" => "登记飞行投递",
        "take_control" => "取得无人机控制权",
        "give_control" => "交出无人机控制权",
        "propose_emergency_stop" => "提议急停",
        "co_sign_emergency_stop" => "会签急停",
        "stage_import" => "分批导入登记",
        "import_register" => "导入登记",
        "report_detection" => "上报视频识别",
        "confirm_detection" => "识别立案",
        "reject_detection" => "判为误报",
        "duplicate_detection" => "判为重复",
        "reopen_detection" => "撤回识别判定",
        "mute_detections" => "静音识别",
        "unmute_detections" => "解除识别静音",
        "open_own_case" => "自报案件",
        "report_own_case" => "登记自报案件",
        "step_case" => "办理案件",
        "report_case_reply" => "回报案件答复",
        "ask_call" => "发起一对一视频",
        "end_street_call" => "挂断一对一视频",
        "report_video_call" => "回报一对一视频",
        "report_roster" => "回报网格值班",
        "switch_assistant" => "启停大模型",
        "put_camera_wall" => "摆放视频墙",
        "undo_camera_wall" => "撤回视频墙改动",
        "put_metric_wall" => "编排指标大屏",
        "undo_metric_wall" => "撤回指标大屏改动",
        "put_briefing" => "编写会商简报",
        "undo_briefing" => "撤回简报改动",
        "remove_briefing" => "删除会商简报",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_command_has_a_chinese_name_of_its_own() {
        let mut names = BTreeSet::new();
        for kind in Command::kinds() {
            let name = command_zh(kind).unwrap_or_else(|| panic!("{kind} has no name"));
            assert!(!name.is_ascii() && names.insert(name), "{kind} is called {name:?}");
        }
        assert_eq!(command_zh("make_tea"), None);
    }

    #[test]
    fn a_refusal_names_what_was_asked_and_never_in_code() {
        let mut city = City::found(&crate::tiny_pack(), Realm::Actual);
        city.roles.default = "leader".into();
        for kind in Command::kinds().iter().chain(&["make_tea"]) {
            let why = city.may(&Source::Seat("某席".into()), kind).expect_err("a leader only reads").to_string();
            assert!(!why.contains(kind), "{why}");
        }
    }

    #[test]
    fn a_desk_sits_at_the_first_officers_seat() {
        let seat = |seat: &str, role: &str, officer: Option<&str>| SeatEntry {
            seat: seat.into(),
            role: role.into(),
            officer: officer.map(Text::from),
        };
        let seats = vec![
            seat("观摩席", "leader", None),
            seat("指挥长席", "commander", None),
            seat("甲席", "officer", Some("张三")),
            seat("甲席副屏", "officer", Some("张三")),
        ];
        let roles = Roles { seats, ..Roles::default() };
        assert_eq!(roles.desk_seat().as_str(), "甲席");
        assert_eq!(Roles::default().desk_seat().as_str(), DESK_SEAT);
    }
}
