//! Every rule: a command becomes events, or a refusal the operator can read.
//!
//! What comes from outside is bounded here (coordinates, times, figures), so that [`City::apply`] never has to ask.

use crate::{apply::external_key, ids::*, model::*, *};
use std::collections::{BTreeMap, BTreeSet};

mod alarm_groups;
mod assistant;
mod callout;
mod camera_wall;
mod cases;
mod detections;
mod evacuation;
mod feeds;
mod fences;
mod flights;
mod footing;
mod forces;
mod marking;
mod metric_walls;
mod orders;
mod own_cases;
mod plans;
mod platforms;
mod proposals;
mod quakes;
mod register;
mod street_calls;
mod tellings;

pub use footing::COUNTERSIGN_WITHIN_MINS;
pub(crate) use orders::Draft;

use footing::Signing;

/// Outside clocks may run ahead of ours by this much; later is refused.
pub const MAX_AHEAD_MINS: i64 = 5;
/// A case farther from the city's centre than this is a wrong coordinate, not news.
pub const MAX_CASE_DISTANCE_M: f64 = 300_000.0;
/// A due or expiry time farther ahead than this is refused.
const MAX_DUE_AHEAD_DAYS: i64 = 3660;
/// Words from outside are kept up to this length.
const MAX_CHARS: usize = 2000;
const MAX_FIXES: usize = 5000;
/// DESIGN.md §3.
const MAX_SHELVE_MINS: i64 = 2 * 60;
/// An order is to be finished within a week at most.
const MAX_ORDER_MINS: i64 = 7 * 24 * 60;
/// More drawn at once than this nobody can read.
pub const MAX_MARKINGS: usize = 200;
/// Corners of a ring.
pub const MAX_CORNERS: usize = 500;
/// Places of one [`MarkingKind::ReachFrom`].
pub const MAX_REACH_PLACES: usize = 20;
const MAX_CLOSURE_RADIUS_M: f32 = 20_000.0;
/// A place known less closely than this is no place, m.
const MAX_SPOT_ERROR_M: f32 = 2_000.0;
/// A quake is felt from farther than a case comes.
const MAX_QUAKE_DISTANCE_M: f64 = 1_500_000.0;
/// The deepest ever recorded were about 700 km down.
const MAX_QUAKE_DEPTH_KM: f32 = 800.0;

impl City {
    /// [`City::decide_from`] for the hub itself.
    pub fn decide(&self, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.decide_from(&Source::Hub, command, now)
    }

    /// What follows from a command, or why it may not happen.
    ///
    /// Changes nothing; the hub numbers the events, appends them to the log and applies them in this order. Only
    /// [`Command::Tick`] may answer with no events. A command that would change nothing is [`Refusal::NoChange`], so that
    /// a repeat from a platform costs nothing.
    pub fn decide_from(&self, source: &Source, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        check_source(source, command)?;
        self.may(source, command.kind())?;
        match command {
            Command::ReportCase { report, stage, stage_at } => self.report_case(report, *stage, *stage_at, now),
            Command::JudgeReading { sensor, color, value, at } => self.judge_reading(sensor, *color, *value, *at, now),
            Command::JudgeByRule { sensor, rule, color, value, at, why } => {
                self.judge_by_rule(sensor, (rule, why), *color, *value, *at, now)
            }
            Command::IssueWarning { warning } => self.issue_warning(warning, now),
            Command::CancelWarning { warning } => self.cancel_warning(source, warning),
            Command::UpdateTyphoon { typhoon, name, name_en, active, fixes, forecasts } => {
                self.update_typhoon_by(source, typhoon, name, name_en, *active, fixes, forecasts, now)
            }
            Command::ReportOrder { order, definition_version, rung, note } => {
                self.report_order(source, *order, *definition_version, *rung, note)
            }
            Command::ReportMoved { class, district, n_people } => self.report_moved(*class, district, *n_people),
            Command::ReportEvacuation { class, place, moved, refused, returned, proof } => {
                self.report_evacuation(*class, place, [*moved, *refused, *returned], proof.as_ref())
            }
            Command::ReportShelter { shelter, moved_in, returned } => {
                self.report_shelter(shelter, *moved_in, *returned)
            }
            Command::ReportCall { callout, call, attempt, state, note } => {
                self.report_call(source, *callout, *call, *attempt, *state, note)
            }
            Command::ReportTelling { telling, error, is_final } => {
                self.report_telling(source, *telling, error.as_ref(), *is_final)
            }
            Command::RefuseMessage { platform, what, why } => {
                Ok(vec![Event::MessageRefused { platform: platform.clone(), what: clipped(what), why: clipped(why) }])
            }
            Command::ReportHealth { health } => self.report_health(health, now),
            Command::Tick => {
                let mut events = self.tick(now);
                events.extend(self.tick_calls(now));
                events.extend(self.tick_flights(now));
                events.extend(self.tick_quakes(now));
                events.extend(self.tick_detections(now));
                events.extend(self.tick_street_calls(now));
                Ok(events)
            }
            Command::NoteObservations { observations } => {
                for it in observations {
                    check_past(it.as_of, now, "观测时间")?;
                    let is_finite = it.max.is_finite() && it.mean.is_finite() && it.trend.is_none_or(f32::is_finite);
                    if !is_finite {
                        return Err(absurd("观测值不是数"));
                    }
                }
                changes(!observations.is_empty())?;
                Ok(vec![Event::ObservationsNoted { observations: observations.clone() }])
            }
            Command::AdoptPlans { plans } => self.adopt_plans(plans),
            Command::NoteAttempt { order } => {
                let order = self.order(*order)?;
                changes(order.rung <= Rung::Sent)?;
                Ok(vec![Event::OrderAttempted {
                    order: order.id,
                    status_version: order.status_version,
                    n_attempts: order.n_attempts.saturating_add(1),
                }])
            }
            Command::StartExercise { scenario, title, seed, starts_at } => {
                if self.realm != Realm::Exercise {
                    return Err(forbidden("演练只能在演练域开始"));
                }
                if self.exercise.is_some() {
                    return Err(forbidden("这个演练域已经用过，新的演练要开新的域"));
                }
                Ok(vec![Event::ExerciseStarted {
                    scenario: scenario.clone(),
                    title: title.clone(),
                    seed: *seed,
                    starts_at: *starts_at,
                }])
            }
            Command::EndExercise => {
                changes(self.exercise.as_ref().is_some_and(|it| !it.ended))?;
                Ok(vec![Event::ExerciseEnded])
            }
            Command::AcknowledgeAlarm { alarm } => {
                let known = self.alarms.get(alarm).ok_or_else(|| unknown("告警", alarm))?;
                changes(known.acknowledged.is_none())?;
                Ok(vec![Event::AlarmAcknowledged { alarm: *alarm, seat: seat_of(source) }])
            }
            Command::ShelveAlarm { alarm, until, reason } => {
                let known = self.alarms.get(alarm).ok_or_else(|| unknown("告警", alarm))?;
                if known.cleared_at.is_some() {
                    return Err(forbidden("告警已经解除"));
                }
                alarm_groups::may_shelve(&[known], *until, reason, now)?;
                changes(known.shelved_until != Some(*until))?;
                Ok(vec![Event::AlarmShelved { alarm: *alarm, until: *until, reason: clipped(reason) }])
            }
            Command::AcknowledgeGroup { group } => self.acknowledge_group(source, group, now),
            Command::ShelveGroup { group, until, reason } => self.shelve_group(group, *until, reason, now),
            Command::SuperviseCase { case } => {
                self.open_case(*case)?;
                Ok(vec![Event::CaseSupervised { case: *case }])
            }
            Command::PressCase { case } => {
                self.open_case(*case)?;
                Ok(vec![Event::CasePressed { case: *case }])
            }
            Command::SwitchToWar {
                plan,
                level,
                districts,
                struck,
                added,
                confirmed_by,
                reason,
                reasons,
                sheet_version,
                overridden,
            } => {
                let ask = SheetAsk {
                    plan: plan.clone(),
                    level: *level,
                    districts: districts.clone(),
                    struck: struck.clone(),
                    added: added.clone(),
                };
                let sheet_version = sheet_version.as_ref();
                let signing = Signing { confirmed_by, reason, reasons, overridden: *overridden, sheet_version };
                self.switch_to_war(source, &ask, &signing, now)
            }
            Command::ProposeSwitch { switch } => self.propose(source, switch, now),
            Command::CoSign { number } => self.co_sign(source, *number, now),
            Command::DeclineProposal { number, reason } => self.decline(source, *number, reason, now),
            Command::WithdrawProposal { number, reason } => self.withdraw(source, *number, reason, now),
            Command::DryRun { ask } => self.dry_run(ask, now),
            Command::Countersign { number, note } => self.countersign(source, *number, note),
            Command::ReleaseHeld { held, reason } => self.release_by_hand(held, reason, now),
            Command::StandDown { districts, confirmed_by, reason, accepted, overridden } => {
                let reasons = &BTreeMap::new();
                let signing = Signing { confirmed_by, reason, reasons, overridden: *overridden, sheet_version: None };
                self.stand_down(source, districts, accepted, &signing)
            }
            Command::ReturnCase { case, to, reason } => self.return_case(*case, to.as_ref(), reason, now),
            Command::TransferCase { case, to, reason } => self.transfer_case(*case, to, reason, now),
            Command::PostponeCase { case, due_at, reason } => self.postpone_case(*case, *due_at, reason, now),
            Command::CancelCase { case, reason } => self.cancel_case(*case, reason, now),
            Command::EscalateOrder { order } => {
                let order = self.open_order(*order)?;
                let to = self.escalation_of(order).ok_or_else(|| forbidden("预案没有叫应名单"))?;
                Ok(vec![escalated(order, to)])
            }
            Command::CancelOrder { order, reason } => {
                let order = self.open_order(*order)?;
                Ok(self.cancel(order, &clipped(reason)))
            }
            Command::AmendOrder { order, title, body, within_mins, reason } => {
                self.amend(*order, [title, body, reason], *within_mins, now)
            }
            Command::RetryTelling { telling } => self.retry_telling(*telling),
            Command::AssignTeam { team, order, purpose } => {
                if !self.teams.contains_key(team) {
                    return Err(unknown("队伍", team));
                }
                if self.is_withdrawn(RegisterKind::Teams, team.as_str()) {
                    return Err(forbidden("队伍已撤除登记"));
                }
                if let Some(order) = order {
                    self.open_order(*order)?;
                }
                match self.assignments.get(team) {
                    Some((was, why)) if was == order && why == purpose => Err(Refusal::NoChange),
                    Some(_) => Err(forbidden("队伍已有任务，先归队再派")),
                    None => {
                        Ok(vec![Event::TeamAssigned { team: team.clone(), order: *order, purpose: clipped(purpose) }])
                    }
                }
            }
            Command::ReleaseTeam { team } => {
                if !self.teams.contains_key(team) {
                    return Err(unknown("队伍", team));
                }
                changes(self.assignments.contains_key(team))?;
                Ok(vec![Event::TeamReleased { team: team.clone() }])
            }
            Command::RaiseNeed { what, how_many, at, why, from_order } => {
                self.raise_need(source, *what, *how_many, *at, why, *from_order, now)
            }
            Command::CloseNeed { need, reason } => self.close_need(*need, reason),
            Command::AssignTeams { pairs, reason } => self.assign_teams(pairs, reason, now),
            Command::CheckIn { team, note } => self.check_in(source, team, note, now),
            Command::ShowScene { scene } => {
                match (scene_feeds(scene), scene_seat(scene)) {
                    (Some(feeds), _) => self.check_wall(&feeds)?,
                    (None, Some(seat)) if !self.camera_walls.contains_key(&seat) => {
                        return Err(unknown("视频墙", seat));
                    }
                    (None, _) if scene.is_empty() || scene.chars().count() > 64 => {
                        return Err(absurd("场景名要有 1–64 个字"));
                    }
                    (None, _) => self.check_scene(scene)?,
                }
                changes(self.scene != *scene)?;
                Ok(vec![Event::SceneChanged { scene: scene.clone() }])
            }
            Command::OpenFeeds { feeds } => self.open_feeds(feeds),
            Command::PutMarking { kind, note } => self.put_marking(source, kind, note, now),
            Command::RemoveMarking { marking } => {
                if !self.markings.contains_key(marking) {
                    return Err(unknown("标绘", marking));
                }
                Ok(vec![Event::MarkingRemoved { marking: *marking }])
            }
            Command::StartCallOut { scope, text, ladder, is_test } => {
                self.start_callout(source, scope, text, ladder, *is_test)
            }
            Command::EndCallOut { callout, reason } => self.end_callout(*callout, reason),
            Command::MarkReached { callout, call, channel, by } => self.mark_reached(*callout, *call, *channel, by),
            Command::SetExpected { class, place, n_people, reason } => {
                self.set_expected(*class, place, *n_people, reason)
            }
            Command::CorrectEvacuation { class, place, moved, refused, returned, reason, proof } => {
                self.correct_evacuation(*class, place, [*moved, *refused, *returned], reason, proof.as_ref())
            }
            Command::ReportFence { report } => self.report_fence(report, now),
            Command::ReportQuake { report } => self.report_quake(report, now),
            Command::CancelQuake { source, id } => self.cancel_quake(source, id, now),
            Command::AllowReturn { district, township, reason } => {
                self.allow_return(district, township.as_ref(), reason)
            }
            Command::OrderFlight { ask } => self.order_flight(source, ask, now),
            Command::CancelFlight { flight, reason } => self.cancel_flight(source, *flight, reason),
            Command::ReportFlight { flight, state, note } => self.report_flight(source, *flight, state, note),
            Command::ReportFlightCancel { flight, error } => self.report_flight_cancel(*flight, error.as_ref()),
            Command::NoteFlightAttempt { flight } => self.note_flight_attempt(*flight),
            Command::TakeControl { drone, reason } => self.take_control(source, drone, reason, now),
            Command::GiveControl { drone } => self.give_control(source, drone),
            Command::ProposeEmergencyStop { drone, reason } => self.propose_stop(source, drone, reason, now),
            Command::CoSignEmergencyStop { number } => self.co_sign_stop(source, *number, now),
            Command::StageImport { key, part, rows } => self.stage_part(source, key, *part, rows, now),
            Command::ImportRegister { import, rows } => self.import_by(source, import, rows),
            Command::ReportDetection { report } => self.report_detection(source, report, now),
            Command::ConfirmDetection { detection, agency } => {
                self.confirm_detection(source, *detection, agency.as_ref(), now)
            }
            Command::RejectDetection { detection, reason, note } => {
                self.reject_detection(source, *detection, reason, note)
            }
            Command::DuplicateDetection { detection, case } => self.duplicate_detection(source, *detection, *case),
            Command::ReopenDetection { detection } => self.reopen_detection(source, *detection, now),
            Command::MuteDetections { camera, kind, until, reason } => {
                self.mute_detections(source, camera, kind, *until, reason, now)
            }
            Command::UnmuteDetections { camera, kind } => self.unmute_detections(source, camera, kind),
            Command::OpenOwnCase { detection, kind, title, address, at, district, agency, color, media } => {
                let found = FoundCase {
                    detection: *detection,
                    kind: *kind,
                    title: title.clone(),
                    address: address.clone(),
                    at: *at,
                    district: district.clone(),
                    agency: agency.clone(),
                    color: *color,
                    media: media.iter().cloned().collect(),
                };
                self.open_own_case(source, found, now)
            }
            Command::ReportOwnCase { own, external, task } => self.report_own_case(source, *own, external, task),
            Command::StepCase { case, step, note, media } => self.step_case(source, *case, *step, note, media, now),
            Command::ReportCaseReply { platform, external, reply } => {
                self.report_case_reply(source, platform, external, reply, now)
            }
            Command::AskCall { person, why } => self.ask_call(source, person, why, now),
            Command::EndStreetCall { call } => self.end_street_call(*call),
            Command::ReportVideoCall { call, state, note } => self.report_video_call(source, *call, *state, note),
            Command::ReportRoster { roster } => self.report_roster(roster, now),
            Command::SwitchAssistant { on, until, reason } => self.switch_assistant(source, *on, *until, reason, now),
            Command::PutCameraWall { wall } => self.put_camera_wall(source, wall, now),
            Command::UndoCameraWall => self.undo_camera_wall(source),
            Command::PutMetricWall { id, wall } => self.put_metric_wall(id, wall),
            Command::UndoMetricWall { id } => self.undo_metric_wall(id),
            Command::PutBriefing { id, briefing } => self.put_briefing(id, briefing),
            Command::UndoBriefing { id } => self.undo_briefing(id),
            Command::RemoveBriefing { id } => self.remove_briefing(id),
        }
    }

    // ---------------------------------------------------------------- looking up

    fn order(&self, id: OrderId) -> Result<&Order, Refusal> {
        self.orders.get(&id).ok_or_else(|| unknown("指令", id))
    }

    fn open_order(&self, id: OrderId) -> Result<&Order, Refusal> {
        let order = self.order(id)?;
        if order.rung.is_end() {
            return Err(forbidden(format!("指令{}", order.rung.name_zh())));
        }
        Ok(order)
    }

    fn open_case(&self, id: CaseId) -> Result<&Case, Refusal> {
        let case = self.cases.get(&id).ok_or_else(|| unknown("案件", id))?;
        if case.stage >= CaseStage::Closed {
            return Err(forbidden("案件已经结案"));
        }
        if case.is_cancelled() {
            return Err(forbidden("案件已经作废"));
        }
        Ok(case)
    }
}

impl Order {
    /// Past its time to be acknowledged, or acknowledged and past its time to be finished.
    pub fn is_late(&self, now: Timestamp) -> bool {
        !self.rung.is_end() && now > self.deadline()
    }

    /// What it is due for next: the acknowledgement, then the finish.
    pub fn deadline(&self) -> Timestamp {
        if self.rung < Rung::Acknowledged { self.text.ack_by } else { self.text.due_at }
    }
}

/// Seats command, platforms report, the hub does both; nobody does the other's part.
fn check_source(source: &Source, command: &Command) -> Result<(), Refusal> {
    use Command as C;
    let is_report = matches!(
        command,
        C::ReportCase { .. }
            | C::JudgeReading { .. }
            | C::JudgeByRule { .. }
            | C::IssueWarning { .. }
            | C::CancelWarning { .. }
            | C::UpdateTyphoon { .. }
            | C::ReportOrder { .. }
            | C::ReportMoved { .. }
            | C::ReportEvacuation { .. }
            | C::ReportShelter { .. }
            | C::ReportCall { .. }
            | C::RefuseMessage { .. }
            | C::ReportHealth { .. }
            | C::ReportFlight { .. }
            | C::ReportFlightCancel { .. }
            | C::ReportFence { .. }
            | C::ReportQuake { .. }
            | C::CancelQuake { .. }
            | C::ReportDetection { .. }
            | C::ReportOwnCase { .. }
            | C::ReportCaseReply { .. }
            | C::ReportVideoCall { .. }
            | C::ReportRoster { .. }
    );
    let is_hub_only = matches!(
        command,
        C::Tick
            | C::NoteAttempt { .. }
            | C::NoteFlightAttempt { .. }
            | C::NoteObservations { .. }
            | C::AdoptPlans { .. }
    );
    // Teams speak by radio or through their platform; a platform is told by its interface or by telephone.
    let is_anybodys = matches!(command, C::CheckIn { .. } | C::ReportTelling { .. });
    match source {
        Source::Hub => Ok(()),
        _ if is_anybodys => Ok(()),
        Source::Platform(_) if is_report => Ok(()),
        Source::Platform(_) => Err(forbidden("平台只能回报，不能下令")),
        Source::Seat(_) if is_report || is_hub_only => Err(forbidden("席位不能代平台回报")),
        Source::Seat(_) => Ok(()),
    }
}

/// Which platform said so; the hub's own doing is signed `hub`.
pub(crate) fn platform_of(source: &Source) -> PlatformId {
    match source {
        Source::Platform(platform) => platform.clone(),
        Source::Hub | Source::Seat(_) => "hub".into(),
    }
}

/// Whose seat it was; the hub's own doing is signed `hub`.
fn seat_of(source: &Source) -> SeatId {
    match source {
        Source::Seat(seat) => seat.clone(),
        Source::Hub | Source::Platform(_) => "hub".into(),
    }
}

fn check_past(at: Timestamp, now: Timestamp, what: &str) -> Result<(), Refusal> {
    if at.0 <= 0 {
        return Err(absurd(format!("{what}缺失")));
    }
    if at > now.plus_mins(MAX_AHEAD_MINS) {
        return Err(absurd(format!("{what}在未来：{}", at.to_beijing_text())));
    }
    Ok(())
}

fn check_ahead(at: Timestamp, now: Timestamp, what: &str) -> Result<(), Refusal> {
    if at.0 <= 0 || at > now.plus_mins(MAX_DUE_AHEAD_DAYS * 24 * 60) {
        return Err(absurd(format!("{what}不合理")));
    }
    Ok(())
}

fn check_fix(fix: &TyphoonFix) -> Result<(), Refusal> {
    check_place(fix.center, fix.wind, fix.pressure)?;
    let radii = [&fix.radius7, &fix.radius10, &fix.radius12];
    if !radii.iter().flat_map(|it| it.0).all(|it| (0.0..=2000.0).contains(&it)) {
        return Err(absurd("台风风圈半径不合理"));
    }
    if !(0.0..=300.0).contains(&fix.move_speed) || !(-360.0..=360.0).contains(&fix.move_towards) {
        return Err(absurd("台风移速移向不合理"));
    }
    Ok(())
}

fn check_place(center: LonLat, wind: f32, pressure: f32) -> Result<(), Refusal> {
    if !center.is_sane() || !(0.0..=150.0).contains(&wind) || !(0.0..=1100.0).contains(&pressure) {
        return Err(absurd("台风位置或强度不合理"));
    }
    Ok(())
}

fn climbed(order: &Order, rung: Rung, note: Text) -> Event {
    Event::OrderClimbed { order: order.id, rung, status_version: order.status_version.saturating_add(1), note }
}

fn escalated(order: &Order, to: Text) -> Event {
    Event::OrderEscalated { order: order.id, to, n_escalations: order.n_escalations.saturating_add(1) }
}

fn changes(it_does: bool) -> Result<(), Refusal> {
    if it_does { Ok(()) } else { Err(Refusal::NoChange) }
}

/// Words from outside, cut to a length the screens and the log can bear.
fn clipped(text: &Text) -> Text {
    if text.len() <= MAX_CHARS {
        return text.clone();
    }
    text.chars().take(MAX_CHARS).collect::<String>().into()
}

fn unknown(what: &str, id: impl std::fmt::Display) -> Refusal {
    Refusal::Unknown { what: what.into(), id: id.to_string().into() }
}

fn forbidden(why: impl Into<String>) -> Refusal {
    Refusal::Forbidden { why: why.into().into() }
}

fn absurd(why: impl Into<String>) -> Refusal {
    Refusal::Absurd { why: why.into().into() }
}

fn stale(why: String) -> Refusal {
    Refusal::Stale { why: why.into() }
}
