//! Records: everything that happened, numbered without gaps by the hub.

use crate::{
    AlarmThing, AssistantSwitch, AttemptState, Briefing, CallCause, CallChannel, CallPlace, CameraWall, CaseReply,
    Control, DetectionReport, EvacuationPlace, ExpiryWhy, Flight, FlightState, FoundCase, HeldOrder, LonLat, Marking,
    MetricWall, Need, Observation, OpenFeed, OwnCase, Plan, Proof, Proposal, ProposalEnd, QuakeReport, RegisterChange,
    RegisterImport, RegisterRows, Roster, Seen, Signature, StepTaken, StopProposal, StreetCall, StreetCallState,
    TallyFlag, Timestamp, Transfer, ids::*, model::*,
};
use serde::{Deserialize, Serialize};

/// One thing that happened. `seq` starts at 1 and has no gaps within a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub seq: u64,
    /// The hub's clock when it was numbered.
    pub at: Timestamp,
    pub source: Source,
    pub event: Event,
}

/// Who said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Hub,
    Seat(SeatId),
    Platform(PlatformId),
}

/// In the past tense; values only. Externally tagged, so that JSON (the log) and postcard (the wire) both carry it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    CaseReported {
        case: CaseId,
        report: CaseReport,
    },
    CaseAdvanced {
        case: CaseId,
        stage: CaseStage,
        at: Timestamp,
    },
    CaseSupervised {
        case: CaseId,
    },
    CasePressed {
        case: CaseId,
    },
    /// 退回: back to 派遣.
    CaseReturned {
        case: CaseId,
        reason: Text,
        at: Timestamp,
    },
    /// 转派, by a seat or by the platform.
    CaseTransferred {
        case: CaseId,
        transfer: Transfer,
    },
    /// 延期.
    CasePostponed {
        case: CaseId,
        due_at: Timestamp,
        reason: Text,
    },
    /// 作废.
    CaseCancelled {
        case: CaseId,
        reason: Text,
        at: Timestamp,
    },
    AlarmRaised {
        alarm: AlarmId,
        sensor: SensorId,
        color: WarningColor,
        value: f32,
        at: Timestamp,
        /// As in [`Alarm`].
        #[serde(default)]
        rule: Text,
        #[serde(default)]
        why: Text,
    },
    AlarmRecoloured {
        alarm: AlarmId,
        color: WarningColor,
        value: f32,
        #[serde(default)]
        rule: Text,
        #[serde(default)]
        why: Text,
    },
    AlarmCleared {
        alarm: AlarmId,
        at: Timestamp,
    },
    AlarmAcknowledged {
        alarm: AlarmId,
        seat: SeatId,
    },
    AlarmShelved {
        alarm: AlarmId,
        until: Timestamp,
        reason: Text,
    },
    WarningIssued {
        warning: Warning,
    },
    WarningCancelled {
        warning: WarningId,
    },
    TyphoonUpdated {
        typhoon: TyphoonId,
        name: Text,
        name_en: Text,
        active: bool,
        fixes: Vec<TyphoonFix>,
        forecasts: Vec<Forecast>,
    },
    LevelRecommended {
        recommendation: Recommendation,
    },
    RecommendationWithdrawn,
    /// 平转战 or a change of level. `districts` empty means all.
    FootingChanged {
        posture: Posture,
        level: Option<ResponseLevel>,
        plan: Option<PlanId>,
        districts: Vec<DistrictId>,
        confirmed_by: Vec<SeatId>,
        reason: Text,
        /// One person did what takes two; somebody else must countersign.
        #[serde(default)]
        overridden: bool,
        /// Measures struck from the sheet, each with why.
        #[serde(default)]
        struck: Vec<(MeasureId, Text)>,
    },
    FootingCountersigned {
        /// Of [`Override`].
        number: u64,
        seat: SeatId,
        note: Text,
    },
    CountersignOverdue {
        number: u64,
    },
    /// Nothing happened but that somebody looked at what would.
    DryRunMade {
        plan: PlanId,
        level: ResponseLevel,
        districts: Vec<DistrictId>,
        n_orders: u32,
        n_people: u64,
        sheet_version: Text,
    },
    /// Orders of the switch that wait for the group before them, or for a precondition.
    OrdersHeld {
        held: Vec<HeldOrder>,
    },
    /// Their wait is over; the drafted orders follow.
    OrdersReleased {
        held: Vec<u64>,
        reason: Text,
    },
    ObservationsNoted {
        observations: Vec<Observation>,
    },
    OrderDrafted {
        order: OrderId,
        text: OrderText,
    },
    /// The outbox put it on the wire, or tried: `n_attempts` counts.
    OrderAttempted {
        order: OrderId,
        status_version: u32,
        n_attempts: u32,
    },
    OrderClimbed {
        order: OrderId,
        rung: Rung,
        status_version: u32,
        note: Text,
    },
    OrderOverdue {
        order: OrderId,
        rung: Rung,
    },
    OrderEscalated {
        order: OrderId,
        to: Text,
        n_escalations: u32,
    },
    /// A platform has the news of the record `telling`: its receipt, or a seat that told it by telephone.
    PlatformTold {
        telling: u64,
    },
    /// It could not be told. Given up, it is a person's to see to.
    TellingFailed {
        telling: u64,
        n_attempts: u32,
        error: Text,
        given_up: bool,
    },
    /// One given up is to be told after all.
    TellingRetried {
        telling: u64,
    },
    EvacuationExpected {
        class: EvacueeClass,
        district: DistrictId,
        n_people: u32,
    },
    /// Set by hand for one place; with what is below it.
    EvacuationPlaceExpected {
        class: EvacueeClass,
        place: EvacuationPlace,
        n_people: u32,
        reason: Text,
    },
    /// Totals for the place and all in it, not increments: latest wins. More than expected only with its flag.
    EvacuationCounted {
        class: EvacueeClass,
        place: EvacuationPlace,
        moved: u32,
        refused: u32,
        returned: u32,
        flags: Vec<TallyFlag>,
        reason: Text,
        proof: Option<Proof>,
    },
    /// Totals since the first.
    ShelterCounted {
        shelter: ShelterId,
        moved_in: u32,
        returned: u32,
    },
    /// 放行返回: a whole district, or one township of it.
    ReturnAllowed {
        district: DistrictId,
        township: Option<TownshipId>,
        reason: Text,
    },
    CallOutStarted {
        callout: CalloutId,
        ladder: LadderId,
        cause: CallCause,
        text: Text,
        by: SeatId,
        places: Vec<CallPlace>,
    },
    /// One message or call to one person. The gateways send what has no receipt; the radio desk calls by hand.
    CalledOut {
        callout: CalloutId,
        /// Which place's call, from 0.
        call: u32,
        /// From 1 within the call.
        attempt: u32,
        step: u8,
        contact: ContactId,
        channel: CallChannel,
    },
    CallProgressed {
        callout: CalloutId,
        call: u32,
        attempt: u32,
        state: AttemptState,
        note: Text,
    },
    CallAnswered {
        callout: CalloutId,
        call: u32,
        by: Text,
        channel: CallChannel,
    },
    CallEscalated {
        callout: CalloutId,
        call: u32,
        step: u8,
        contact: ContactId,
    },
    CallGivenUp {
        callout: CalloutId,
        call: u32,
        why: Text,
    },
    CallOutEnded {
        callout: CalloutId,
        reason: Text,
    },
    TeamAssigned {
        team: TeamId,
        order: Option<OrderId>,
        purpose: Text,
    },
    TeamReleased {
        team: TeamId,
    },
    NeedRaised {
        need: Need,
    },
    /// As many teams as wanted are out for it.
    NeedMet {
        need: NeedId,
    },
    NeedClosed {
        need: NeedId,
        reason: Text,
    },
    /// A team was assigned to a need; it must speak by then.
    TeamSent {
        team: TeamId,
        need: NeedId,
        order: Option<OrderId>,
        purpose: Text,
        reason: Text,
        check_in_by: Timestamp,
    },
    CheckedIn {
        team: TeamId,
        note: Text,
        next_by: Timestamp,
    },
    /// Those out did not speak by `due`; they are awaited again by `next_by`.
    CheckInMissed {
        team: TeamId,
        due: Timestamp,
        n_missed: u32,
        next_by: Timestamp,
    },
    ConnectorChanged {
        health: ConnectorHealth,
    },
    /// A message a connector could not accept, kept so that nothing is lost silently.
    MessageRefused {
        platform: PlatformId,
        what: Text,
        why: Text,
    },
    ExerciseStarted {
        scenario: Text,
        title: Text,
        seed: u64,
        starts_at: Timestamp,
    },
    ExerciseEnded,
    /// The scene every wall shows.
    SceneChanged {
        scene: Text,
    },
    /// The pictures every wall shows first, instead of those before.
    FeedsOpened {
        feeds: Vec<OpenFeed>,
    },
    MarkingPut {
        marking: Marking,
    },
    MarkingRemoved {
        marking: MarkingId,
    },
    /// New editions of plans are in force from here on; orders given before keep theirs.
    PlansAdopted {
        plans: Vec<Plan>,
        /// Held orders whose measure the new edition no longer has: they are not given any more.
        withdrawn: Vec<u64>,
    },
    /// One of two signatures was given; it waits for the other.
    SwitchProposed {
        proposal: Proposal,
    },
    /// The proposal waits no more. Where it was co-signed, the records of the switch follow.
    ProposalClosed {
        number: u64,
        how: ProposalEnd,
        /// None if time or a change of footing did it.
        by: Option<Signature>,
        reason: Text,
    },
    /// With what the hub saw of the drone, by which the gates were judged.
    FlightOrdered {
        flight: Flight,
        seen: Seen,
    },
    /// The hub put it on the wire, or tried: `n_attempts` counts.
    FlightAttempted {
        flight: FlightId,
        n_attempts: u32,
    },
    FlightReported {
        flight: FlightId,
        state: FlightState,
        note: Text,
    },
    /// Its platform is owed a cancellation.
    FlightCancelAsked {
        flight: FlightId,
        reason: Text,
    },
    FlightCancelRefused {
        flight: FlightId,
        why: Text,
    },
    ControlTaken {
        drone: DroneId,
        control: Control,
    },
    ControlGiven {
        drone: DroneId,
    },
    EmergencyStopProposed {
        proposal: StopProposal,
    },
    /// The flight follows.
    EmergencyStopCoSigned {
        number: u64,
        by: Signature,
    },
    /// A thing of a register broke a rule, or told of itself: an alarm, as [`Event::AlarmRaised`] is a sensor's.
    FenceBroken {
        alarm: AlarmId,
        thing: AlarmThing,
        color: WarningColor,
        value: f32,
        at: Timestamp,
    },
    FenceCleared {
        alarm: AlarmId,
        at: Timestamp,
    },
    /// A part of a register's file; it changes nothing yet.
    ImportStaged {
        key: Text,
        by: SeatId,
        part: u32,
        rows: RegisterRows,
    },
    /// A register's file was taken over: the parts staged under its key, then these rows.
    RegisterImported {
        import: RegisterImport,
        by: SeatId,
        /// What it changed, for whoever reads the log.
        change: RegisterChange,
        rows: RegisterRows,
    },
    QuakeReported {
        quake: QuakeId,
        report: QuakeReport,
    },
    QuakeCancelled {
        quake: QuakeId,
        source: Text,
    },
    /// What a feed that does not lead saw of a typhoon.
    TyphoonSighted {
        typhoon: TyphoonId,
        source: PlatformId,
        fixes: Vec<TyphoonFix>,
    },
    /// Video recognition saw something new.
    DetectionMade {
        detection: DetectionId,
        platform: PlatformId,
        report: DetectionReport,
        at: LonLat,
        district: DistrictId,
    },
    /// It saw it again.
    DetectionRepeated {
        detection: DetectionId,
        platform: PlatformId,
        report: DetectionReport,
    },
    /// A report of what is muted: counted, not shown.
    DetectionHushed {
        platform: PlatformId,
        event: Text,
        camera: CameraId,
        kind: Text,
    },
    /// It is to be filed as a case at that time, unless somebody takes it back before.
    DetectionConfirmed {
        detection: DetectionId,
        found: Box<FoundCase>,
        /// Of the list of duties.
        duty: Text,
        file_at: Timestamp,
        seat: SeatId,
    },
    /// It was filed: the record before this one.
    DetectionFiled {
        detection: DetectionId,
        own: OwnCaseId,
    },
    DetectionRejected {
        detection: DetectionId,
        reason: Text,
        note: Text,
        seat: SeatId,
    },
    DetectionDuplicated {
        detection: DetectionId,
        case: CaseId,
        seat: SeatId,
    },
    /// What was said of it is withdrawn; it waits again.
    DetectionReopened {
        detection: DetectionId,
        seat: SeatId,
    },
    /// Nobody looked at these, and nobody will.
    DetectionsExpired {
        detections: Vec<DetectionId>,
        why: ExpiryWhy,
    },
    DetectionsMuted {
        camera: CameraId,
        kind: Text,
        until: Timestamp,
        reason: Text,
        seat: SeatId,
    },
    DetectionsUnmuted {
        camera: CameraId,
        kind: Text,
        seat: SeatId,
    },
    OwnCaseOpened {
        own: Box<OwnCase>,
    },
    OwnCaseTaken {
        own: OwnCaseId,
        external: Text,
        task: Text,
    },
    CaseStepTaken {
        case: CaseId,
        taken: StepTaken,
    },
    CaseReplied {
        case: CaseId,
        reply: CaseReply,
    },
    StreetCallAsked {
        call: StreetCall,
    },
    /// A seat hung up; its platform is still to be told.
    StreetCallEnding {
        call: StreetCallId,
    },
    StreetCallReported {
        call: StreetCallId,
        state: StreetCallState,
        note: Text,
    },
    RosterTold {
        roster: Roster,
    },
    AssistantSwitched {
        switch: AssistantSwitch,
    },
    CameraWallPut {
        seat: SeatId,
        wall: CameraWall,
    },
    CameraWallUndone {
        seat: SeatId,
    },
    MetricWallPut {
        id: MetricWallId,
        wall: MetricWall,
    },
    MetricWallUndone {
        id: MetricWallId,
    },
    BriefingPut {
        id: BriefingId,
        briefing: Briefing,
    },
    BriefingUndone {
        id: BriefingId,
    },
    BriefingRemoved {
        id: BriefingId,
    },
}
