//! The fold: what each record does to the city.
//!
//! Total and deterministic: no I/O, no clock, no error. A record about something unknown changes nothing but the number.
//! Whether a thing may happen was settled before, in [`City::decide_from`].

use crate::{
    AlarmThing, Applied, AttemptState, Call, CallAttempt, CallEnd, Callout, CaseHistory, City, ClosedProposal, Event,
    Exercise, FlightState, HeldOrder, MAX_SHOWINGS, MAX_WALL_UNDO, Outing, Quake, Record, ShelterCount, Showing,
    StreetCallState, TakenCase, Timestamp, decide::platform_of, ids::*, key_of, model::*, scene_briefing,
};

impl City {
    /// Folds one record into the city.
    pub fn apply(&mut self, record: &Record) -> Applied {
        if record.seq <= self.seq {
            return Applied::Duplicate;
        }
        if record.seq != self.seq + 1 {
            return Applied::Gap { after: self.seq };
        }
        self.seq = record.seq;
        self.at = record.at;
        let telling = self.telling_of(record);
        if let Event::TyphoonUpdated { typhoon, fixes, .. } = &record.event
            && !fixes.is_empty()
        {
            self.lead_typhoon(typhoon, platform_of(&record.source));
        }
        self.fold(&record.event, record.at);
        if let Some(telling) = telling {
            self.owe(telling);
        }
        Applied::Advanced
    }

    fn fold(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::CaseReported { case, report } => self.add_case(*case, report),
            Event::CaseAdvanced { case, stage, at } => self.advance_case(*case, *stage, *at),
            Event::CaseSupervised { case } => {
                if let Some(it) = self.cases.get_mut(case) {
                    it.n_supervised = it.n_supervised.saturating_add(1);
                }
            }
            Event::CasePressed { case } => {
                if let Some(it) = self.cases.get_mut(case) {
                    it.n_pressed = it.n_pressed.saturating_add(1);
                }
            }
            Event::CaseReturned { case, reason, at } => {
                self.advance_case(*case, CaseStage::Dispatched, *at);
                if let Some(it) = self.cases.get_mut(case) {
                    it.history.n_returned = it.history.n_returned.saturating_add(1);
                    it.history.note = reason.clone();
                }
            }
            Event::CaseTransferred { case, transfer } => {
                if let Some(it) = self.cases.get_mut(case) {
                    it.report.agency = transfer.to.clone();
                    it.history.transfers.push(transfer.clone());
                }
            }
            Event::CasePostponed { case, due_at, reason } => {
                if let Some(it) = self.cases.get_mut(case) {
                    it.history.first_due_at.get_or_insert(it.report.due_at);
                    it.history.n_postponed = it.history.n_postponed.saturating_add(1);
                    it.history.due_before = Some(it.report.due_at);
                    it.history.note = reason.clone();
                    it.report.due_at = *due_at;
                }
            }
            Event::CaseCancelled { case, reason, at } => self.cancel_case_at(*case, reason, *at),
            Event::AlarmRaised { alarm, sensor, color, value, at, rule, why } => {
                self.raise_alarm(*alarm, sensor, *color, *value, *at);
                if let Some(it) = self.alarms.get_mut(alarm) {
                    (it.rule, it.why) = (rule.clone(), why.clone());
                }
            }
            Event::AlarmRecoloured { alarm, color, value, rule, why } => {
                if let Some(it) = self.alarms.get_mut(alarm) {
                    it.color = *color;
                    it.value = *value;
                    // Red is never out of sight.
                    if *color == WarningColor::Red {
                        it.shelved_until = None;
                    }
                    (it.rule, it.why) = (rule.clone(), why.clone());
                }
            }
            Event::AlarmCleared { alarm, at } => self.clear_alarm(*alarm, *at),
            Event::FenceBroken { alarm, thing, color, value, at } => {
                self.raise_thing(*alarm, thing, *color, *value, *at);
            }
            Event::FenceCleared { alarm, at } => self.clear_alarm(*alarm, *at),
            Event::AlarmAcknowledged { alarm, seat } => {
                if let Some(it) = self.alarms.get_mut(alarm) {
                    it.acknowledged = Some((seat.clone(), now));
                }
            }
            Event::AlarmShelved { alarm, until, .. } => {
                if let Some(it) = self.alarms.get_mut(alarm) {
                    it.shelved_until = Some(*until);
                }
            }
            Event::WarningIssued { warning } => {
                self.warnings.insert(warning.id.clone(), warning.clone());
            }
            Event::WarningCancelled { warning } => match self.warnings.get_mut(warning) {
                Some(it) => it.cancelled = true,
                None => drop(self.cancelled_unseen.insert(warning.clone())),
            },
            Event::TyphoonUpdated { typhoon, name, name_en, active, fixes, forecasts } => {
                self.update_typhoon(typhoon, name, name_en, *active, fixes, forecasts);
            }
            Event::TyphoonSighted { typhoon, source, fixes } => self.see_typhoon(typhoon, source, fixes),
            Event::QuakeReported { quake, report } => {
                let first =
                    || Quake { id: *quake, lead: report.clone(), reports: Vec::new(), heard_at: now, cancelled: false };
                self.quakes.entry(*quake).or_insert_with(first).take(report);
            }
            Event::QuakeCancelled { quake, .. } => {
                if let Some(it) = self.quakes.get_mut(quake) {
                    it.cancelled = true;
                }
            }
            Event::LevelRecommended { recommendation } => self.recommendation = Some(recommendation.clone()),
            Event::RecommendationWithdrawn => self.recommendation = None,
            Event::FootingChanged { posture, level, plan, districts, confirmed_by, reason, overridden, .. } => {
                let footing = Footing { posture: *posture, level: *level, plan: plan.clone(), since: now };
                self.change_footing(footing, districts);
                self.relock_returns();
                if *overridden {
                    self.note_override(confirmed_by, *level, reason, now);
                }
            }
            Event::FootingCountersigned { number, seat, .. } => {
                if let Some(it) = self.overrides.iter_mut().find(|it| it.number == *number) {
                    it.countersigned = Some((seat.clone(), now));
                }
            }
            Event::CountersignOverdue { number } => {
                if let Some(it) = self.overrides.iter_mut().find(|it| it.number == *number) {
                    it.is_overdue = true;
                }
            }
            Event::DryRunMade { .. } => {}
            Event::OrdersHeld { held } => {
                self.n_held = held.iter().map(|it| it.number).fold(self.n_held, u64::max);
                self.held.extend(held.iter().cloned());
            }
            Event::OrdersReleased { held, .. } => self.held.retain(|it| !held.contains(&it.number)),
            Event::ObservationsNoted { observations } => {
                for it in observations {
                    self.observations.insert((it.kind, it.district.clone()), it.clone());
                }
            }
            Event::OrderDrafted { order, text } => self.draft_order(*order, text, now),
            Event::OrderAttempted { order, n_attempts, .. } => {
                if let Some(it) = self.orders.get_mut(order) {
                    it.n_attempts = it.n_attempts.max(*n_attempts);
                }
            }
            Event::OrderClimbed { order, rung, status_version, note } => {
                self.climb_order(*order, *rung, *status_version, note, now);
            }
            Event::OrderOverdue { order, .. } => {
                if let Some(it) = self.orders.get_mut(order) {
                    it.overdue_since = Some(now);
                }
            }
            Event::OrderEscalated { order, n_escalations, .. } => {
                if let Some(it) = self.orders.get_mut(order) {
                    it.n_escalations = it.n_escalations.max(*n_escalations);
                }
            }
            Event::PlatformTold { telling } => {
                self.untold.remove(telling);
            }
            Event::TellingFailed { telling, n_attempts, error, given_up } => {
                if let Some(it) = self.untold.get_mut(telling) {
                    it.n_attempts = *n_attempts;
                    it.last_error = error.clone();
                    it.given_up = *given_up;
                }
            }
            Event::TellingRetried { telling } => {
                if let Some(it) = self.untold.get_mut(telling) {
                    it.n_attempts = 0;
                    it.given_up = false;
                }
            }
            Event::EvacuationExpected { class, district, n_people } => {
                self.expect_in_district(*class, district, *n_people, now);
            }
            Event::EvacuationPlaceExpected { class, place, n_people, .. } => {
                self.expect_at(*class, place, *n_people, now);
            }
            Event::EvacuationCounted { class, place, moved, refused, returned, flags, reason, proof } => {
                let totals = [*moved, *refused, *returned];
                self.count_evacuees(*class, place, totals, flags, reason, proof.as_ref(), now);
            }
            Event::ShelterCounted { shelter, moved_in, returned } => {
                let count = ShelterCount { moved_in: *moved_in, returned: *returned, as_of: now };
                self.evacuees.shelters.insert(shelter.clone(), count);
            }
            Event::ReturnAllowed { district, township, .. } => {
                self.evacuees.returns_allowed.insert((district.clone(), township.clone()));
            }
            Event::CallOutStarted { callout, ladder, cause, text, by, places } => {
                let call = |place: &crate::CallPlace| Call {
                    place: place.clone(),
                    step: 0,
                    step_since: now,
                    contact: None,
                    attempts: Vec::new(),
                    end: (!self.contacts_in_force().any(|it| it.place == *place)).then_some(CallEnd::NobodyAssigned),
                };
                self.calls.start(Callout {
                    id: *callout,
                    realm: self.realm,
                    ladder: ladder.clone(),
                    cause: cause.clone(),
                    text: text.clone(),
                    by: by.clone(),
                    started_at: now,
                    calls: places.iter().map(call).collect(),
                    ended_at: None,
                });
            }
            Event::CalledOut { callout, call, attempt, step, contact, channel } => {
                let attempt = CallAttempt {
                    n: *attempt,
                    step: *step,
                    contact: contact.clone(),
                    channel: *channel,
                    at: now,
                    state: AttemptState::Recorded,
                    state_at: now,
                    note: "".into(),
                };
                self.calls.attempt(*callout, *call, attempt);
            }
            Event::CallProgressed { callout, call, attempt, state, note } => {
                self.calls.progress(*callout, *call, *attempt, *state, note, now);
            }
            Event::CallAnswered { callout, call, by, channel } => {
                let end = CallEnd::Reached { at: now, by: by.clone(), channel: *channel };
                self.calls.end_call(*callout, *call, end);
            }
            Event::CallEscalated { callout, call, step, contact } => {
                self.calls.escalate(*callout, *call, *step, contact, now);
            }
            Event::CallGivenUp { callout, call, why } => {
                self.calls.end_call(*callout, *call, CallEnd::GivenUp { at: now, why: why.clone() });
            }
            Event::CallOutEnded { callout, .. } => self.calls.end(*callout, now),
            Event::TeamAssigned { team, order, purpose } => {
                self.assignments.insert(team.clone(), (*order, purpose.clone()));
                let check_in_by = now.plus_mins(i64::from(self.force_rules.check_in_mins));
                self.start_outing(team, None, check_in_by, now);
            }
            Event::TeamReleased { team } => {
                self.assignments.remove(team);
                self.end_outing(team);
            }
            Event::NeedRaised { need } => {
                self.needs.insert(need.id, need.clone());
            }
            Event::NeedMet { need } => {
                if let Some(it) = self.needs.get_mut(need) {
                    it.met_at = Some(now);
                }
            }
            Event::NeedClosed { need, reason } => {
                if let Some(it) = self.needs.get_mut(need) {
                    it.closed = Some((now, reason.clone()));
                }
            }
            Event::TeamSent { team, need, order, purpose, check_in_by, .. } => {
                self.end_outing(team);
                self.assignments.insert(team.clone(), (*order, purpose.clone()));
                self.start_outing(team, Some(*need), *check_in_by, now);
                if let Some(it) = self.needs.get_mut(need) {
                    it.teams.push(team.clone());
                }
            }
            Event::CheckedIn { team, note, next_by } => {
                if let Some(it) = self.outings.get_mut(team) {
                    it.last_word = Some((now, note.clone()));
                    it.check_in_by = *next_by;
                    it.n_missed = 0;
                }
            }
            Event::CheckInMissed { team, n_missed, next_by, .. } => {
                if let Some(it) = self.outings.get_mut(team) {
                    it.check_in_by = *next_by;
                    it.n_missed = *n_missed;
                }
            }
            Event::ConnectorChanged { health } => {
                self.connectors.insert(health.platform.clone(), health.clone());
            }
            Event::MessageRefused { .. } => self.n_refused_messages = self.n_refused_messages.saturating_add(1),
            Event::ExerciseStarted { scenario, title, seed, starts_at } => {
                self.exercise = Some(Exercise {
                    scenario: scenario.clone(),
                    title: title.clone(),
                    seed: *seed,
                    starts_at: *starts_at,
                    ended: false,
                });
            }
            Event::ExerciseEnded => {
                if let Some(it) = &mut self.exercise {
                    it.ended = true;
                }
            }
            Event::SceneChanged { scene } => self.show_scene(scene, now),
            Event::FeedsOpened { feeds } => self.feeds = feeds.clone(),
            Event::MarkingPut { marking } => {
                self.n_markings = self.n_markings.max(marking.id.0);
                self.markings.insert(marking.id, marking.clone());
            }
            Event::MarkingRemoved { marking } => {
                self.markings.shift_remove(marking);
            }
            Event::PlansAdopted { plans, withdrawn } => {
                self.plans.extend(plans.iter().map(|it| (it.id.clone(), it.clone())));
                self.held.retain(|it| !withdrawn.contains(&it.number));
            }
            Event::SwitchProposed { proposal } => {
                self.n_proposals = self.n_proposals.max(proposal.number);
                self.proposal = Some(proposal.clone());
            }
            Event::ImportStaged { key, by, part, rows } => self.stage_import(key, by, *part, rows, now),
            Event::RegisterImported { import, by, change, rows } => {
                self.import_register(import, by, *change, rows, now);
            }
            Event::ProposalClosed { number, how, by, reason } => {
                if let Some(it) = self.proposal.take_if(|it| it.number == *number) {
                    let (signed, by, reason) = (it.signed, by.clone(), reason.clone());
                    self.last_proposal =
                        Some(ClosedProposal { number: *number, signed, how: *how, by, at: now, reason });
                }
            }
            Event::FlightOrdered { flight, .. } => {
                self.open_flights.insert(flight.id);
                self.flights.insert(flight.id, flight.clone());
            }
            Event::FlightAttempted { flight, n_attempts } => {
                if let Some(it) = self.flights.get_mut(flight) {
                    it.n_attempts = it.n_attempts.max(*n_attempts);
                    if it.state == FlightState::Ordered {
                        it.state = FlightState::Sent;
                        it.state_at = now;
                    }
                }
            }
            Event::FlightReported { flight, state, note } => self.report_flight_state(*flight, state, note, now),
            Event::FlightCancelAsked { flight, reason } => {
                if let Some(it) = self.flights.get_mut(flight) {
                    it.cancel = Some(reason.clone());
                }
            }
            Event::FlightCancelRefused { flight, why } => {
                if let Some(it) = self.flights.get_mut(flight) {
                    it.cancel = None;
                    it.note = why.clone();
                }
            }
            Event::ControlTaken { drone, control } => {
                self.controls.insert(drone.clone(), control.clone());
            }
            Event::ControlGiven { drone } => {
                self.controls.remove(drone);
            }
            Event::EmergencyStopProposed { proposal } => {
                self.n_stop_proposals = self.n_stop_proposals.max(proposal.number);
                self.stop_proposals.insert(proposal.drone.clone(), proposal.clone());
            }
            Event::EmergencyStopCoSigned { number, .. } => {
                self.stop_proposals.retain(|_, it| it.number != *number);
            }
            Event::DetectionMade { .. }
            | Event::DetectionRepeated { .. }
            | Event::DetectionHushed { .. }
            | Event::DetectionConfirmed { .. }
            | Event::DetectionFiled { .. }
            | Event::DetectionRejected { .. }
            | Event::DetectionDuplicated { .. }
            | Event::DetectionReopened { .. }
            | Event::DetectionsExpired { .. }
            | Event::DetectionsMuted { .. }
            | Event::DetectionsUnmuted { .. } => self.fold_detection(event, now),
            Event::OwnCaseOpened { own } => {
                self.own_cases.insert(own.id, (**own).clone());
            }
            Event::OwnCaseTaken { own, external, task } => {
                if let Some(it) = self.own_cases.get_mut(own) {
                    it.taken = Some(TakenCase { external: external.clone(), task: task.clone(), at: now });
                }
            }
            Event::CaseStepTaken { case, taken } => {
                if let Some(it) = self.cases.get_mut(case) {
                    it.history.steps.push(taken.clone());
                }
            }
            Event::CaseReplied { case, reply } => self.take_reply(*case, reply),
            Event::StreetCallAsked { call } => {
                self.street_calls.insert(call.id, call.clone());
            }
            Event::StreetCallEnding { call } => {
                if let Some(it) = self.street_calls.get_mut(call) {
                    it.is_ending = true;
                    it.state_at = now;
                    // Nobody was called yet.
                    if it.state == StreetCallState::Asked {
                        it.state = StreetCallState::Ended;
                    }
                }
            }
            Event::StreetCallReported { call, state, note } => {
                if let Some(it) = self.street_calls.get_mut(call) {
                    (it.state, it.state_at, it.note) = (*state, now, note.clone());
                }
            }
            Event::RosterTold { roster } => self.roster = Some(roster.clone()),
            Event::AssistantSwitched { switch } => self.assistant = Some(switch.clone()),
            Event::CameraWallPut { seat, wall } => {
                let kept = self.camera_walls.entry(seat.clone()).or_default();
                remember(&mut kept.before, std::mem::replace(&mut kept.wall, wall.clone()));
            }
            Event::MetricWallPut { id, wall } => {
                let kept = self.metric_walls.entry(id.clone()).or_default();
                if kept.wall.columns > 0 {
                    remember(&mut kept.before, std::mem::replace(&mut kept.wall, wall.clone()));
                } else {
                    kept.wall = wall.clone();
                }
            }
            Event::MetricWallUndone { id } => {
                if let Some(kept) = self.metric_walls.get_mut(id)
                    && let Some(wall) = kept.before.pop()
                {
                    kept.wall = wall;
                }
            }
            Event::BriefingPut { id, briefing } => {
                let kept = self.briefings.entry(id.clone()).or_default();
                if !kept.briefing.pages.is_empty() {
                    remember(&mut kept.before, std::mem::take(&mut kept.briefing));
                }
                (kept.briefing, kept.seq, kept.at) = (briefing.clone(), self.seq, now);
            }
            Event::BriefingUndone { id } => {
                if let Some(kept) = self.briefings.get_mut(id)
                    && let Some(briefing) = kept.before.pop()
                {
                    (kept.briefing, kept.seq, kept.at) = (briefing, self.seq, now);
                }
            }
            Event::BriefingRemoved { id } => drop(self.briefings.remove(id)),
            Event::CameraWallUndone { seat } => {
                if let Some(kept) = self.camera_walls.get_mut(seat)
                    && let Some(wall) = kept.before.pop()
                {
                    kept.wall = wall;
                }
            }
        }
    }

    /// A briefing that begins on the walls is remembered: what came since is what the next one tells.
    fn show_scene(&mut self, scene: &Text, now: Timestamp) {
        let before = scene_briefing(&self.scene).map(|it| it.0);
        self.scene = scene.clone();
        let Some((id, _)) = scene_briefing(scene).filter(|it| before.as_ref() != Some(&it.0)) else { return };
        let title = self.briefings.get(&id).map_or_else(|| id.0.clone(), |it| it.briefing.title.clone());
        self.showings.push(Showing { briefing: id, title, at: now, seq: self.seq });
        if self.showings.len() > MAX_SHOWINGS {
            self.showings.remove(0);
        }
    }

    fn report_flight_state(&mut self, id: FlightId, state: &FlightState, note: &Text, now: Timestamp) {
        let Some(it) = self.flights.get_mut(&id) else { return };
        it.state = state.clone();
        it.state_at = now;
        it.note = note.clone();
        if state.is_end() {
            it.cancel = None;
            self.open_flights.remove(&id);
        } else {
            self.open_flights.insert(id);
        }
    }

    fn add_case(&mut self, id: CaseId, report: &CaseReport) {
        let stage = CaseStage::Collected;
        let case = Case {
            id,
            report: report.clone(),
            stage,
            stage_at: report.reported_at,
            n_supervised: 0,
            n_pressed: 0,
            history: CaseHistory::default(),
        };
        self.case_by_external.insert(external_key(&report.platform, &report.external), id);
        if let Some(replaced) = self.cases.insert(id, case) {
            if replaced.is_cancelled() {
                self.n_cases_cancelled = self.n_cases_cancelled.saturating_sub(1);
            } else {
                self.count_case(replaced.stage, -1);
            }
        }
        self.count_case(stage, 1);
        self.group_case(id);
    }

    /// A cancelled case keeps the stage it had and is counted apart.
    fn cancel_case_at(&mut self, id: CaseId, reason: &Text, at: Timestamp) {
        let Some(case) = self.cases.get_mut(&id).filter(|it| !it.is_cancelled()) else { return };
        case.history.cancelled = Some((at, reason.clone()));
        let stage = case.stage;
        self.count_case(stage, -1);
        self.n_cases_cancelled = self.n_cases_cancelled.saturating_add(1);
    }

    fn start_outing(&mut self, team: &TeamId, need: Option<NeedId>, check_in_by: Timestamp, now: Timestamp) {
        let outing = Outing { need, since: now, last_word: None, check_in_by, n_missed: 0 };
        self.outings.insert(team.clone(), outing);
        let n = self.n_outings.entry(team.clone()).or_default();
        *n = n.saturating_add(1);
    }

    /// The need it was out for wants another, if it is still open; a closed one remembers who came.
    fn end_outing(&mut self, team: &TeamId) {
        let need = self.outings.remove(team).and_then(|it| it.need);
        if let Some(need) = need.and_then(|it| self.needs.get_mut(&it)).filter(|it| it.is_open()) {
            need.teams.retain(|it| it != team);
            need.met_at = None;
        }
    }

    fn advance_case(&mut self, id: CaseId, stage: CaseStage, at: Timestamp) {
        let Some(case) = self.cases.get_mut(&id) else { return };
        if case.is_cancelled() {
            return;
        }
        let was = std::mem::replace(&mut case.stage, stage);
        case.stage_at = at;
        self.count_case(was, -1);
        self.count_case(stage, 1);
    }

    fn count_case(&mut self, stage: CaseStage, by: i64) {
        let n = &mut self.n_cases_by_stage[stage as usize];
        *n = n.saturating_add_signed(by);
    }

    fn raise_alarm(&mut self, id: AlarmId, sensor: &SensorId, color: WarningColor, value: f32, at: Timestamp) {
        let alarm = Alarm {
            id,
            sensor: sensor.clone(),
            color,
            value,
            raised_at: at,
            acknowledged: None,
            cleared_at: None,
            shelved_until: None,
            thing: None,
            rule: Text::default(),
            why: Text::default(),
        };
        self.alarms.insert(id, alarm);
        self.open_alarms.insert(sensor.clone(), id);
    }

    fn raise_thing(&mut self, id: AlarmId, thing: &AlarmThing, color: WarningColor, value: f32, at: Timestamp) {
        let key = key_of(&thing.register, &thing.rule, thing.breach, &thing.thing);
        self.raise_alarm(id, &key, color, value, at);
        if let Some(alarm) = self.alarms.get_mut(&id) {
            alarm.thing = Some(thing.clone());
        }
    }

    fn clear_alarm(&mut self, id: AlarmId, at: Timestamp) {
        let Some(alarm) = self.alarms.get_mut(&id) else { return };
        alarm.cleared_at = Some(at);
        if self.open_alarms.get(&alarm.sensor) == Some(&id) {
            self.open_alarms.remove(&alarm.sensor);
        }
    }

    /// The event carries only what is new; older fixes than the last known are ignored.
    fn update_typhoon(
        &mut self,
        id: &TyphoonId,
        name: &Text,
        name_en: &Text,
        active: bool,
        fixes: &[TyphoonFix],
        forecasts: &[Forecast],
    ) {
        let typhoon = self.typhoons.entry(id.clone()).or_insert_with(|| Typhoon {
            id: id.clone(),
            name: name.clone(),
            name_en: name_en.clone(),
            active,
            track: Vec::new(),
            forecasts: Vec::new(),
        });
        typhoon.name = name.clone();
        typhoon.name_en = name_en.clone();
        typhoon.active = active;
        for fix in fixes {
            if typhoon.track.last().is_none_or(|last| last.at < fix.at) {
                typhoon.track.push(fix.clone());
            }
        }
        typhoon.forecasts.extend(forecasts.iter().cloned());
    }

    /// From peace to war a new count of measures and people begins.
    fn change_footing(&mut self, footing: Footing, districts: &[DistrictId]) {
        if footing.posture == Posture::War && !self.is_any_war() {
            self.war_first_order = OrderId(self.orders.len() as u64 + 1);
            self.begin_evacuation();
            self.n_outings.clear();
        }
        for (id, it) in &mut self.footings {
            if districts.is_empty() || districts.contains(id) {
                *it = footing.clone();
            }
        }
        if districts.is_empty() {
            // What waits for a level that is no longer in force is not wanted any more.
            self.held.retain(|it| Some(it.from_level) <= footing.level);
            self.footing = footing.clone();
        }
        if !self.is_any_war() {
            self.held.clear();
            self.feeds.clear();
        } else if footing.posture == Posture::Peace {
            let district_of = |it: &HeldOrder| self.agencies.get(&it.agency).and_then(|it| it.district.clone());
            self.held.retain(|it| district_of(it).is_none_or(|it| !districts.contains(&it)));
        }
    }

    fn note_override(&mut self, by: &[SeatId], level: Option<ResponseLevel>, reason: &Text, now: Timestamp) {
        let Some(by) = by.first().cloned() else { return };
        let number = self.overrides.len() as u64 + 1;
        let reason = reason.clone();
        self.overrides.push(Override { number, by, at: now, level, reason, countersigned: None, is_overdue: false });
    }

    /// One that takes another's place counts its versions on, and what hung on the old one hangs on it.
    fn draft_order(&mut self, id: OrderId, text: &OrderText, now: Timestamp) {
        let old = text.supersedes.and_then(|it| self.orders.get_mut(&it));
        let old = old.map(|it| {
            it.superseded_by = Some(id);
            (it.id, it.definition_version)
        });
        if let Some((old, _)) = old {
            for (on, _) in self.assignments.values_mut().filter(|(on, _)| *on == Some(old)) {
                *on = Some(id);
            }
            for need in self.needs.values_mut().filter(|it| it.from_order == Some(old)) {
                need.from_order = Some(id);
            }
        }
        let order = Order {
            id,
            realm: self.realm,
            text: text.clone(),
            rung: Rung::Drafted,
            rung_at: now,
            drafted_at: now,
            definition_version: old.map_or(1, |(_, version)| version.saturating_add(1)),
            status_version: 0,
            overdue_since: None,
            n_escalations: 0,
            note: "".into(),
            n_attempts: 0,
            superseded_by: None,
        };
        self.orders.insert(id, order);
    }

    fn climb_order(&mut self, id: OrderId, rung: Rung, status_version: u32, note: &Text, now: Timestamp) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        if status_version <= order.status_version {
            return;
        }
        order.rung = rung;
        order.rung_at = now;
        order.status_version = status_version;
        order.overdue_since = None;
        order.note = note.clone();
    }
}

/// How a platform's case is known outside: `platform/external`.
pub(crate) fn external_key(platform: &PlatformId, external: &str) -> Text {
    let mut key = String::with_capacity(platform.as_str().len() + 1 + external.len());
    key.push_str(platform.as_str());
    key.push('/');
    key.push_str(external);
    key.into()
}

/// What can be taken back to; no more than [`MAX_WALL_UNDO`].
fn remember<T>(before: &mut Vec<T>, last: T) {
    before.push(last);
    if before.len() > MAX_WALL_UNDO {
        before.remove(0);
    }
}
