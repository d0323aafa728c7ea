//! What may be asked of the city: by a seat, by a platform's news, by the hub's own timers.

use crate::{
    AddedOrder, AlarmGroupKey, AttemptState, Briefing, CallChannel, CallScope, CameraWall, CaseReply, CaseStep,
    DetectionReport, EvacuationPlace, FenceReport, FlightAsk, FlightState, LonLat, MarkingKind, MetricWall,
    Observation, OpenFeed, Plan, Proof, QuakeReport, RegisterImport, RegisterRows, Roster, StreetCallState, Switch,
    Timestamp, ids::*, model::*,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// In the imperative. [`crate::City::decide`] answers with events or a [`Refusal`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
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
    /// What became of telling a platform: no error is its receipt. A seat may say so too, who told it by telephone.
    ReportTelling {
        /// Of [`crate::Telling`].
        telling: u64,
        #[serde(default)]
        error: Option<Text>,
        /// Asking again cannot help.
        #[serde(default)]
        is_final: bool,
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
    /// The sensors summed up, for plans to argue with: [`crate::City::observe`].
    NoteObservations {
        observations: Vec<Observation>,
    },
    /// The pack's plans, where the city still goes by other editions. A plan the pack no longer has stays.
    AdoptPlans {
        plans: Vec<Plan>,
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
    /// Every unacknowledged alarm of a row of [`crate::City::alarm_groups`].
    AcknowledgeGroup {
        group: AlarmGroupKey,
    },
    /// Every alarm of a row, until one time, with one reason.
    ShelveGroup {
        group: AlarmGroupKey,
        until: Timestamp,
        reason: Text,
    },
    SuperviseCase {
        case: CaseId,
    },
    PressCase {
        case: CaseId,
    },
    /// 退回 to 派遣, to do again; to another agency if one is named.
    ReturnCase {
        case: CaseId,
        #[serde(default)]
        to: Option<AgencyId>,
        reason: Text,
    },
    /// 转派.
    TransferCase {
        case: CaseId,
        to: AgencyId,
        reason: Text,
    },
    /// 延期.
    PostponeCase {
        case: CaseId,
        due_at: Timestamp,
        reason: Text,
    },
    /// 作废.
    CancelCase {
        case: CaseId,
        reason: Text,
    },
    /// 平转战 or a change of level by the seat that gives it, with the measures struck from the sheet. Ⅰ and Ⅱ take two
    /// people: [`Command::ProposeSwitch`], then [`Command::CoSign`] from another seat.
    SwitchToWar {
        plan: PlanId,
        level: ResponseLevel,
        /// Empty means the whole city.
        #[serde(default)]
        districts: Vec<DistrictId>,
        struck: Vec<MeasureId>,
        #[serde(default)]
        added: Vec<AddedOrder>,
        confirmed_by: Vec<SeatId>,
        reason: Text,
        /// Why each measure was struck; `reason` where it says nothing.
        #[serde(default)]
        reasons: BTreeMap<MeasureId, Text>,
        /// The version of the sheet that was shown; refused if it would say something else now. None asks nothing.
        #[serde(default)]
        sheet_version: Option<Text>,
        /// One person where two are needed; the role must allow it, and somebody else countersigns.
        #[serde(default)]
        overridden: bool,
    },
    /// The first of two signatures; nothing happens until another officer's seat co-signs.
    ProposeSwitch {
        switch: Switch,
    },
    /// 会签: the second signature. The switch happens now, or is refused if its sheet is no longer the one proposed.
    CoSign {
        /// Of [`crate::Proposal`].
        number: u64,
    },
    /// The second says no, and why.
    DeclineProposal {
        number: u64,
        reason: Text,
    },
    /// Whoever proposed it takes it back.
    WithdrawProposal {
        number: u64,
        #[serde(default)]
        reason: Text,
    },
    /// 试运行: recorded, and nothing else done.
    DryRun {
        ask: crate::SheetAsk,
    },
    /// 补签: another person signs what one did alone.
    Countersign {
        /// Of [`Override`].
        number: u64,
        note: Text,
    },
    /// Sends orders that wait for a group or a precondition, without waiting.
    ReleaseHeld {
        held: Vec<u64>,
        reason: Text,
    },
    /// 战转平 by the seat that gives it; leaving Ⅰ or Ⅱ is proposed and co-signed like the switch.
    StandDown {
        /// Empty means the whole city.
        #[serde(default)]
        districts: Vec<DistrictId>,
        confirmed_by: Vec<SeatId>,
        reason: Text,
        /// What stays open, named: all of [`crate::City::still_open`].
        #[serde(default)]
        accepted: Vec<OpenItem>,
        #[serde(default)]
        overridden: bool,
    },
    /// 升级叫应: call whom the ladder names next.
    EscalateOrder {
        order: OrderId,
    },
    CancelOrder {
        order: OrderId,
        reason: Text,
    },
    /// 更正: another order with these words takes this one's place, for the same agency.
    AmendOrder {
        order: OrderId,
        title: Text,
        body: Text,
        /// To be finished within, from now.
        within_mins: u32,
        reason: Text,
    },
    /// Tell a platform after all what was given up.
    RetryTelling {
        /// Of [`crate::Telling`].
        telling: u64,
    },
    AssignTeam {
        team: TeamId,
        order: Option<OrderId>,
        purpose: Text,
    },
    ReleaseTeam {
        team: TeamId,
    },
    /// Say that teams are needed somewhere.
    RaiseNeed {
        what: Capability,
        how_many: u32,
        at: LonLat,
        why: Text,
        #[serde(default)]
        from_order: Option<OrderId>,
    },
    /// Done with, or not needed after all; its teams go home.
    CloseNeed {
        need: NeedId,
        reason: Text,
    },
    /// Send these teams to these needs: all of them or none. A team that is not able goes only with a reason.
    AssignTeams {
        pairs: Vec<(TeamId, NeedId)>,
        reason: Text,
    },
    /// A team that is out has spoken.
    CheckIn {
        team: TeamId,
        note: Text,
    },
    ShowScene {
        scene: Text,
    },
    /// 画面上墙: what every wall shows first, instead of what it showed before; only at war.
    OpenFeeds {
        feeds: Vec<OpenFeed>,
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
    /// Tell a drone something; [`crate::City::may_fly`] says what stands against it.
    OrderFlight {
        ask: FlightAsk,
    },
    /// Before it is sent it is gone at once; after that its platform is asked.
    CancelFlight {
        flight: FlightId,
        reason: Text,
    },
    /// A platform's word about a flight: accepted, under way, or how it ended.
    ReportFlight {
        flight: FlightId,
        state: FlightState,
        #[serde(default)]
        note: Text,
    },
    /// A platform's answer to a cancelled flight: no error is its receipt.
    ReportFlightCancel {
        flight: FlightId,
        #[serde(default)]
        error: Option<Text>,
    },
    NoteFlightAttempt {
        flight: FlightId,
    },
    /// Flight and payload authority of a drone for this seat; from another's hand only by a higher role, with a reason.
    TakeControl {
        drone: DroneId,
        #[serde(default)]
        reason: Text,
    },
    GiveControl {
        drone: DroneId,
    },
    /// The first of two signatures under an emergency stop.
    ProposeEmergencyStop {
        drone: DroneId,
        reason: Text,
    },
    /// The second, at another seat by another officer, within the rules' window: the motors stop.
    CoSignEmergencyStop {
        /// Of [`crate::StopProposal`].
        number: u64,
    },
    /// From a platform's news, by the judge of fences or the thing itself.
    ReportFence {
        report: FenceReport,
    },
    /// A rule of [`crate::AlarmRules`] leads a sensor's colour, and why.
    JudgeByRule {
        sensor: SensorId,
        rule: Text,
        color: WarningColor,
        value: f32,
        at: Timestamp,
        why: Text,
    },
    /// A part of a register's file, unseen until its [`Command::ImportRegister`]; part 0 begins anew.
    StageImport {
        key: Text,
        /// From 0.
        part: u32,
        rows: RegisterRows,
    },
    /// Takes a register's file over: the parts staged under its key and, last, these rows.
    ImportRegister {
        import: RegisterImport,
        rows: RegisterRows,
    },
    /// A network's report of a quake: the first, a later revision, or another network's of the same one.
    ReportQuake {
        report: QuakeReport,
    },
    /// A network takes its reports of this number back.
    CancelQuake {
        source: Text,
        id: Text,
    },
    /// Video recognition saw something.
    ReportDetection {
        report: DetectionReport,
    },
    /// 立案: a case for the agency of its kind, or for this one.
    ConfirmDetection {
        detection: DetectionId,
        #[serde(default)]
        agency: Option<AgencyId>,
    },
    /// 误报, by a reason of [`crate::DetectionRules`].
    RejectDetection {
        detection: DetectionId,
        reason: Text,
        #[serde(default)]
        note: Text,
    },
    /// 重复: there is a case of it.
    DuplicateDetection {
        detection: DetectionId,
        case: CaseId,
    },
    /// 撤回 what was said of it.
    ReopenDetection {
        detection: DetectionId,
    },
    /// 静音: a camera's reports of a kind are only counted until then.
    MuteDetections {
        camera: CameraId,
        kind: Text,
        until: Timestamp,
        reason: Text,
    },
    UnmuteDetections {
        camera: CameraId,
        kind: Text,
    },
    /// A case found here, to be reported to the case platform.
    OpenOwnCase {
        /// The picture analysis that found it.
        #[serde(default)]
        detection: Option<u64>,
        kind: CaseKind,
        title: Text,
        address: Text,
        at: LonLat,
        district: DistrictId,
        agency: AgencyId,
        color: WarningColor,
        /// A picture the hub keeps.
        #[serde(default)]
        media: Option<Text>,
    },
    /// The platform took a case found here, under its own number.
    ReportOwnCase {
        own: OwnCaseId,
        external: Text,
        #[serde(default)]
        task: Text,
    },
    /// 签收、处置反馈、核查、评价.
    StepCase {
        case: CaseId,
        step: CaseStep,
        #[serde(default)]
        note: Text,
        /// Pictures the hub keeps.
        #[serde(default)]
        media: Vec<Text>,
    },
    /// A platform's answer to what was applied for.
    ReportCaseReply {
        platform: PlatformId,
        external: Text,
        reply: CaseReply,
    },
    /// 一对一视频.
    AskCall {
        person: PersonId,
        why: Text,
    },
    /// Hang up.
    EndStreetCall {
        call: StreetCallId,
    },
    ReportVideoCall {
        call: StreetCallId,
        state: StreetCallState,
        #[serde(default)]
        note: Text,
    },
    /// Who is on duty in the grid, whole.
    ReportRoster {
        roster: Roster,
    },
    /// 启用 or 停用 the language model. At war it answers only while switched on; switched off it answers never.
    SwitchAssistant {
        on: bool,
        /// On: until then, and no longer. Off: until then, or until somebody switches it on.
        #[serde(default)]
        until: Option<Timestamp>,
        reason: Text,
    },
    /// 视频墙: the seat's wall is this from now on.
    PutCameraWall {
        wall: CameraWall,
    },
    /// The seat's wall as it was before its last change.
    UndoCameraWall,
    /// 指标大屏: the layout is this from now on, on every wall that shows it.
    PutMetricWall {
        id: MetricWallId,
        wall: MetricWall,
    },
    /// The layout as it was before its last change.
    UndoMetricWall {
        id: MetricWallId,
    },
    /// 会商简报, new or changed.
    PutBriefing {
        id: BriefingId,
        briefing: Briefing,
    },
    UndoBriefing {
        id: BriefingId,
    },
    RemoveBriefing {
        id: BriefingId,
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
    #[error("Ⅰ、Ⅱ 级要两个人在两个席位上先后签名：先提议，再由另一席会签（现有 {have} 个签名）")]
    NeedsTwoSeats { have: u32 },
    #[error("不允许：{why}")]
    Forbidden { why: Text },
    #[error("审阅单已经不是您看到的那张：{what}。请重新看过再确认")]
    SheetChanged { what: Text },
}
