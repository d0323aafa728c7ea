//! What may be asked of the city: by a seat, by a platform's news, by the hub's own timers.

use crate::{AttemptState, CallChannel, CallScope, EvacuationPlace, MarkingKind, Proof, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};

/// In the imperative. [`crate::City::decide`] answers with events or a [`Refusal`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    // -- from platforms
    /// A new case, or news of a known one (then only a later stage counts).
    ReportCase {
        report: CaseReport,
        stage: CaseStage,
        stage_at: Timestamp,
    },
    /// A reading crossed a threshold upwards (`color` is some) or fell below all of them (`None`).
    JudgeReading {
        sensor: SensorId,
        color: Option<WarningColor>,
        value: f32,
        at: Timestamp,
    },
    IssueWarning {
        warning: Warning,
    },
    CancelWarning {
        warning: WarningId,
    },
    UpdateTyphoon {
        typhoon: TyphoonId,
        name: Text,
        name_en: Text,
        active: bool,
        fixes: Vec<TyphoonFix>,
        forecasts: Vec<Forecast>,
    },
    /// A platform's answer about an order. `status_version` is the platform's own count, if it keeps one.
    ReportOrder {
        order: OrderId,
        definition_version: u32,
        rung: Rung,
        note: Text,
    },
    ReportMoved {
        class: EvacueeClass,
        district: DistrictId,
        n_people: u32,
    },
    /// Totals for a place with all that is in it.
    ReportEvacuation {
        class: EvacueeClass,
        place: EvacuationPlace,
        moved: u32,
        refused: u32,
        returned: u32,
        proof: Option<Proof>,
    },
    /// Totals since the first.
    ReportShelter {
        shelter: ShelterId,
        moved_in: u32,
        returned: u32,
    },
    /// A gateway's word about one call.
    ReportCall {
        callout: CalloutId,
        call: u32,
        attempt: u32,
        state: AttemptState,
        note: Text,
    },
    RefuseMessage {
        platform: PlatformId,
        what: Text,
        why: Text,
    },
    ReportHealth {
        health: ConnectorHealth,
    },
    // -- from the hub
    /// Recompute the recommendation, raise overdue orders, expire warnings: all that time alone changes.
    Tick,
    NoteAttempt {
        order: OrderId,
    },
    StartExercise {
        scenario: Text,
        title: Text,
        seed: u64,
        starts_at: Timestamp,
    },
    EndExercise,
    // -- from seats
    AcknowledgeAlarm {
        alarm: AlarmId,
    },
    ShelveAlarm {
        alarm: AlarmId,
        until: Timestamp,
        reason: Text,
    },
    SuperviseCase {
        case: CaseId,
    },
    PressCase {
        case: CaseId,
    },
    /// 平转战, with the measures struck from the sheet. Ⅰ and Ⅱ need two seats in `confirmed_by`.
    SwitchToWar {
        plan: PlanId,
        level: ResponseLevel,
        struck: Vec<MeasureId>,
        confirmed_by: Vec<SeatId>,
        reason: Text,
    },
    /// 战转平.
    StandDown {
        confirmed_by: Vec<SeatId>,
        reason: Text,
    },
    /// 升级叫应: call whom the ladder names next.
    EscalateOrder {
        order: OrderId,
    },
    CancelOrder {
        order: OrderId,
        reason: Text,
    },
    AssignTeam {
        team: TeamId,
        order: Option<OrderId>,
        purpose: Text,
    },
    ReleaseTeam {
        team: TeamId,
    },
    ShowScene {
        scene: Text,
    },
    /// 标绘: draw on everybody's map.
    PutMarking {
        kind: MarkingKind,
        note: Text,
    },
    RemoveMarking {
        marking: MarkingId,
    },
    /// 叫应 by hand; `is_test` makes it a 通联测试 (then the text may be empty).
    StartCallOut {
        scope: CallScope,
        text: Text,
        ladder: LadderId,
        is_test: bool,
    },
    EndCallOut {
        callout: CalloutId,
        reason: Text,
    },
    /// Somebody answered by radio, or rang back.
    MarkReached {
        callout: CalloutId,
        call: u32,
        channel: CallChannel,
        by: Text,
    },
    /// How many a place is to move, by hand.
    SetExpected {
        class: EvacueeClass,
        place: EvacuationPlace,
        n_people: u32,
        reason: Text,
    },
    /// 更正: figures by hand, flagged where they exceed what was expected.
    CorrectEvacuation {
        class: EvacueeClass,
        place: EvacuationPlace,
        moved: u32,
        refused: u32,
        returned: u32,
        reason: Text,
        proof: Option<Proof>,
    },
    /// 放行返回; refused at war at Ⅱ or Ⅰ in that district.
    AllowReturn {
        district: DistrictId,
        township: Option<TownshipId>,
        reason: Text,
    },
}

/// Why a command may not happen. The message is what the operator reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    #[error("没有这个{what}：{id}")]
    Unknown { what: Text, id: Text },
    #[error("已经是这个状态，没有变化")]
    NoChange,
    #[error("过时的回报：{why}")]
    Stale { why: Text },
    #[error("不合理的数据：{why}")]
    Absurd { why: Text },
    #[error("Ⅰ、Ⅱ 级需要两个席位确认，现有 {have} 个")]
    NeedsTwoSeats { have: u32 },
    #[error("不允许：{why}")]
    Forbidden { why: Text },
}
