//! Rules for 叫应: who is called, when silence calls the next one, whose word counts as an answer.
//!
//! Recorded, then sent: nothing here sends. The hub's gateways send what the log has without a receipt.

use super::*;

/// A second red warning of one hazard within this calls nobody again: warnings are issued anew every few hours.
const WARNING_AGAIN_MINS: i64 = 6 * 60;
/// A scheduled test whose minute passed longer ago than this waits for its next day.
const TEST_WINDOW_MINS: i64 = 30;
const DAY_MINS: i64 = 24 * 60;
/// More places than this are no call-out, but a slip.
const MAX_PLACES: usize = 5000;

impl City {
    /// By hand. `is_test` marks a 通联测试.
    pub(super) fn start_callout(
        &self,
        source: &Source,
        scope: &CallScope,
        text: &Text,
        ladder: &LadderId,
        is_test: bool,
    ) -> Result<Vec<Event>, Refusal> {
        let ladder = self.ladders.get(ladder).ok_or_else(|| unknown("叫应梯次", ladder))?;
        if !is_test && text.trim().is_empty() {
            return Err(forbidden("叫应要写明内容"));
        }
        let places = self.places_in(scope)?;
        if places.is_empty() {
            return Err(forbidden("范围内没有要叫应的单位：名册里没有镇街，或没有选部门"));
        }
        if places.len() > MAX_PLACES {
            return Err(absurd(format!("一次叫应不能多于 {MAX_PLACES} 处")));
        }
        let cause = if is_test { CallCause::Test { scheduled: false } } else { CallCause::ByHand };
        if let Some(same) = self.open_callouts().find(|it| {
            it.cause == cause && it.ladder == ladder.id && places.iter().eq(it.calls.iter().map(|it| &it.place))
        }) {
            return Err(forbidden(format!("同一范围的叫应 {} 正在进行", same.id)));
        }
        Ok(self.called(ladder, cause, text, seat_of(source), places, 0))
    }

    pub(super) fn end_callout(&self, callout: CalloutId, reason: &Text) -> Result<Vec<Event>, Refusal> {
        let known = self.callout(callout)?;
        changes(known.ended_at.is_none())?;
        if reason.trim().is_empty() {
            return Err(forbidden("停止叫应要写明原因"));
        }
        let mut events: Vec<Event> = Vec::new();
        for (call, _) in (0..).zip(&known.calls).filter(|(_, it)| it.end.is_none()) {
            events.push(Event::CallGivenUp { callout, call, why: clipped(reason) });
        }
        events.push(Event::CallOutEnded { callout, reason: clipped(reason) });
        Ok(events)
    }

    /// A gateway's word on one attempt. An answer after the call was given up still counts; a place reached stays so.
    pub(super) fn report_call(
        &self,
        source: &Source,
        callout: CalloutId,
        call: u32,
        attempt: u32,
        state: AttemptState,
        note: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        let known = self.call(callout, call)?;
        let tried = known.attempts.iter().find(|it| it.n == attempt);
        let tried = tried.ok_or_else(|| unknown("呼叫", format!("{callout}-{call}-{attempt}")))?;
        if let Source::Platform(platform) = source
            && tried.channel.gateway() != Some(platform.as_str())
        {
            return Err(forbidden(format!("这一呼叫不归网关 {platform}")));
        }
        changes(state != tried.state)?;
        if tried.state >= AttemptState::NoAnswer && state != AttemptState::Answered || state < tried.state {
            return Err(stale(format!("呼叫已是{}，回报的是{}", tried.state.name_zh(), state.name_zh())));
        }
        let mut events = vec![Event::CallProgressed { callout, call, attempt, state, note: clipped(note) }];
        if state == AttemptState::Answered && !known.is_reached() {
            let by = self
                .contacts
                .get(&tried.contact)
                .map_or_else(|| tried.contact.0.clone(), |it| format!("{} {}", it.post, it.name).into());
            events.push(Event::CallAnswered { callout, call, by, channel: tried.channel });
        }
        Ok(events)
    }

    /// By hand: the radio desk, a runner, somebody who rang back.
    pub(super) fn mark_reached(
        &self,
        callout: CalloutId,
        call: u32,
        channel: CallChannel,
        by: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        let known = self.call(callout, call)?;
        changes(!known.is_reached())?;
        if by.trim().is_empty() {
            return Err(forbidden("要写明是谁应答的"));
        }
        Ok(vec![Event::CallAnswered { callout, call, by: clipped(by), channel }])
    }

    /// All that time alone does to call-outs: starts what the data says, calls again, escalates, gives up, ends.
    pub(super) fn tick_calls(&self, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        for callout in self.open_callouts() {
            self.tick_callout(callout, now, &mut events);
        }
        self.start_by_warning(now, &mut events);
        self.start_by_orders(&mut events);
        self.start_tests(now, &mut events);
        events
    }

    fn tick_callout(&self, callout: &Callout, now: Timestamp, events: &mut Vec<Event>) {
        let id = callout.id;
        let Some(ladder) = self.ladders.get(&callout.ladder) else {
            events
                .push(Event::CallOutEnded { callout: id, reason: "城市数据里已没有这一叫应梯次".into() });
            return;
        };
        let gives_up = now >= callout.started_at.plus_mins(i64::from(ladder.give_up_after_mins));
        let mut is_open = false;
        for (n, call) in (0..).zip(&callout.calls).filter(|(_, it)| it.end.is_none()) {
            if let Some(answer) = self.answered_by_platform(callout, n, call) {
                events.push(answer);
            } else if gives_up {
                let why = format!("{} 分钟内无人应答", ladder.give_up_after_mins);
                events.push(Event::CallGivenUp { callout: id, call: n, why: why.into() });
            } else {
                is_open = true;
                self.tick_call(callout, ladder, n, call, now, events);
            }
        }
        if !is_open {
            events.push(Event::CallOutEnded { callout: id, reason: "".into() });
        }
    }

    fn tick_call(
        &self,
        callout: &Callout,
        ladder: &Ladder,
        n: u32,
        call: &Call,
        now: Timestamp,
        events: &mut Vec<Event>,
    ) {
        let Some(step) = ladder.steps.get(call.step as usize) else { return };
        let here = || call.attempts.iter().filter(|it| it.step == call.step);
        let sent = || here().filter(|it| it.channel.gateway().is_some());
        // Nobody can be reached this way: waiting on would only lose minutes.
        let is_dead = sent().next().is_some() && here().count() == sent().count() && {
            let by_channel = |channel| sent().rfind(|it| it.channel == channel);
            step.channels.iter().filter_map(|it| by_channel(*it)).all(|it| it.state == AttemptState::Failed)
        };
        let is_over = now >= call.step_since.plus_mins(i64::from(step.escalate_after_mins));
        let next = if is_dead || is_over { self.step_from(ladder, &call.place, call.step as usize + 1) } else { None };
        let first = call.attempts.len() as u32 + 1;
        if let Some((at_step, step, contact)) = next {
            let contact = &contact.id;
            let (callout, call) = (callout.id, n);
            events.push(Event::CallEscalated { callout, call, step: at_step, contact: contact.clone() });
            events.extend(attempts(callout, call, first, at_step, step, contact, false));
            return;
        }
        let Some(last) = here().next_back() else { return };
        if now >= last.at.plus_mins(i64::from(step.again_every_mins.max(1)))
            && let Some(contact) = &call.contact
        {
            events.extend(attempts(callout.id, n, first, call.step, step, contact, true));
        }
    }

    /// An agency that signed its orders on the platform has been reached; one whose orders are all ended need not be.
    fn answered_by_platform(&self, callout: &Callout, n: u32, call: &Call) -> Option<Event> {
        let (CallCause::Orders(orders), CallPlace::Agency(agency)) = (&callout.cause, &call.place) else {
            return None;
        };
        let mut signed = false;
        for order in orders.iter().filter_map(|it| self.orders.get(it)).filter(|it| it.text.agency == *agency) {
            match order.rung {
                Rung::Drafted | Rung::Sent | Rung::Delivered => return None,
                Rung::Failed | Rung::Cancelled | Rung::Superseded => {}
                _ => signed = true,
            }
        }
        Some(if signed {
            let by = "协同平台签收".into();
            Event::CallAnswered { callout: callout.id, call: n, by, channel: CallChannel::Message }
        } else {
            Event::CallGivenUp { callout: callout.id, call: n, why: "指令已撤销或未能发出".into() }
        })
    }

    fn start_by_warning(&self, now: Timestamp, events: &mut Vec<Event>) {
        let Some(ladder) = self.ladder_for(|it| *it == CallStart::RedWarning) else { return };
        let in_force = |it: &&Warning| !it.cancelled && it.expires_at > now && it.color == WarningColor::Red;
        let called = |of: &Warning| {
            self.calls.callouts.values().any(|it| match &it.cause {
                CallCause::RedWarning(id) if *id == of.id => true,
                CallCause::RedWarning(id) => {
                    now < it.started_at.plus_mins(WARNING_AGAIN_MINS)
                        && self.warnings.get(id).is_some_and(|was| {
                            was.hazard == of.hazard
                                && (was.districts.is_empty()
                                    || !of.districts.is_empty()
                                        && of.districts.iter().all(|it| was.districts.contains(it)))
                        })
                }
                _ => false,
            })
        };
        // One at a time: the next tick takes the next, knowing what this one called.
        let Some(warning) = self.warnings.values().filter(in_force).find(|it| !called(it)) else { return };
        let scope = CallScope { districts: warning.districts.clone(), down_to: ladder.down_to, ..CallScope::default() };
        let Ok(mut places) = self.places_in(&scope) else { return };
        places.retain(|it| !matches!(it, CallPlace::District(_)));
        if !places.is_empty() {
            let cause = CallCause::RedWarning(warning.id.clone());
            let text: Text = format!("{}。请立即到岗，按预案组织防范，收到请回复。", warning.headline).into();
            let number = started(events);
            events.extend(self.called(ladder, cause, &text, "hub".into(), places, number));
        }
    }

    /// One call-out for all orders of a moment, each agency called once, however many orders it has.
    fn start_by_orders(&self, events: &mut Vec<Event>) {
        if self.footing.posture != Posture::War {
            return;
        }
        let after = self.calls.orders_called.max(OrderId(self.war_first_order.0.saturating_sub(1)));
        for (start, channel) in
            [(CallStart::OrderCall, Channel::PlatformAndCall), (CallStart::OrderSms, Channel::PlatformAndSms)]
        {
            let Some(ladder) = self.ladder_for(|it| *it == start) else { continue };
            let mut orders: Vec<OrderId> = Vec::new();
            let mut places: Vec<CallPlace> = Vec::new();
            let mut titles: Vec<&str> = Vec::new();
            // Orders are numbered in order, so the new ones are at the end.
            for order in self.orders.values().rev().take_while(|it| it.id > after) {
                if order.text.channel != channel || order.rung >= Rung::Acknowledged {
                    continue;
                }
                orders.push(order.id);
                titles.push(&order.text.title);
                let place = CallPlace::Agency(order.text.agency.clone());
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            if orders.is_empty() {
                continue;
            }
            orders.reverse();
            places.reverse();
            let what = match titles.as_slice() {
                [one] => format!("指令「{one}」"),
                many => format!("{} 项指令", many.len()),
            };
            let text: Text = format!("平台已下达{what}，请立即签收办理。").into();
            let number = started(events);
            events.extend(self.called(ladder, CallCause::Orders(orders), &text, "hub".into(), places, number));
        }
    }

    fn start_tests(&self, now: Timestamp, events: &mut Vec<Event>) {
        if self.footing.posture != Posture::Peace || self.realm != Realm::Actual {
            return; // Nobody is tested while they are called in earnest, or asked to play.
        }
        let midnight = now.start_of_day();
        let day = (midnight.0 + BEIJING_OFFSET_MS).div_euclid(DAY_MINS * 60_000);
        for ladder in self.ladders.values() {
            for start in &ladder.starts {
                let CallStart::Test { every_days, at_minute } = *start else { continue };
                let due = midnight.plus_mins(i64::from(at_minute));
                let is_due =
                    day % i64::from(every_days.max(1)) == 0 && (due..due.plus_mins(TEST_WINDOW_MINS)).contains(&now);
                let has_run = || {
                    self.calls.callouts.values().rev().any(|it| {
                        it.ladder == ladder.id
                            && it.cause == CallCause::Test { scheduled: true }
                            && it.started_at >= due
                    })
                };
                if !is_due || has_run() {
                    continue;
                }
                let scope = CallScope { down_to: ladder.down_to, ..CallScope::default() };
                let Ok(places) = self.places_in(&scope) else { continue };
                if !places.is_empty() {
                    let cause = CallCause::Test { scheduled: true };
                    let number = started(events);
                    events.extend(self.called(ladder, cause, &"".into(), "hub".into(), places, number));
                }
            }
        }
    }

    // ---------------------------------------------------------------- looking up

    fn open_callouts(&self) -> impl Iterator<Item = &Callout> {
        self.calls.open.iter().filter_map(|it| self.calls.callouts.get(it))
    }

    fn callout(&self, id: CalloutId) -> Result<&Callout, Refusal> {
        self.calls.callouts.get(&id).ok_or_else(|| unknown("叫应", id))
    }

    fn call(&self, callout: CalloutId, call: u32) -> Result<&Call, Refusal> {
        let calls = &self.callout(callout)?.calls;
        calls.get(call as usize).ok_or_else(|| unknown("叫应单位", format!("{callout}-{call}")))
    }

    fn ladder_for(&self, starts: impl Fn(&CallStart) -> bool) -> Option<&Ladder> {
        self.ladders.values().find(|it| it.starts.iter().any(&starts))
    }

    /// The places of a scope, each once: agencies, then by district, township, village.
    fn places_in(&self, scope: &CallScope) -> Result<Vec<CallPlace>, Refusal> {
        for id in &scope.agencies {
            self.agencies.get(id).ok_or_else(|| unknown("部门", id))?;
        }
        for id in &scope.districts {
            self.districts.get(id).ok_or_else(|| unknown("区", id))?;
        }
        for id in &scope.townships {
            self.townships.get(id).ok_or_else(|| unknown("镇街", id))?;
        }
        let is_all = scope.agencies.is_empty() && scope.districts.is_empty() && scope.townships.is_empty();
        let mut places: Vec<CallPlace> = Vec::new();
        for id in &scope.agencies {
            let place = CallPlace::Agency(id.clone());
            if !places.contains(&place) {
                places.push(place);
            }
        }
        for district in self.districts.keys() {
            let whole = is_all || scope.districts.contains(district);
            if whole {
                places.push(CallPlace::District(district.clone()));
            }
            for township in self.townships.values().filter(|it| it.district == *district) {
                let by_name = scope.townships.contains(&township.id);
                if !(by_name || whole && scope.down_to >= CallDepth::Township) {
                    continue;
                }
                places.push(CallPlace::Township(township.id.clone()));
                if scope.down_to == CallDepth::Village {
                    places.extend(township.villages.iter().map(|it| CallPlace::Village(it.id.clone())));
                }
            }
        }
        Ok(places)
    }

    /// The start and its first calls. `n_before` call-outs start in the same breath before it.
    fn called(
        &self,
        ladder: &Ladder,
        cause: CallCause,
        text: &Text,
        by: SeatId,
        places: Vec<CallPlace>,
        n_before: u64,
    ) -> Vec<Event> {
        let callout = CalloutId(self.calls.callouts.len() as u64 + 1 + n_before);
        let mut body = match &cause {
            CallCause::Test { .. } if text.trim().is_empty() => "【通联测试】请回复收到。".to_owned(),
            CallCause::Test { .. } => format!("【通联测试】{}", clipped(text)),
            _ => clipped(text).to_string(),
        };
        if self.realm == Realm::Exercise {
            body.insert_str(0, "【演练】");
        }
        let mut first_calls = Vec::new();
        for (call, place) in (0..).zip(&places) {
            if self.contacts_in_force().any(|it| it.place == *place)
                && let Some((at_step, step, contact)) = self.step_from(ladder, place, 0)
            {
                first_calls.extend(attempts(callout, call, 1, at_step, step, &contact.id, false));
            }
        }
        let ladder = ladder.id.clone();
        let mut events = vec![Event::CallOutStarted { callout, ladder, cause, text: body.into(), by, places }];
        events.extend(first_calls);
        events
    }
}

/// How many call-outs start in these events.
fn started(events: &[Event]) -> u64 {
    events.iter().filter(|it| matches!(it, Event::CallOutStarted { .. })).count() as u64
}

/// One per channel, side by side. The radio desk is asked once a step: it is people.
fn attempts(
    callout: CalloutId,
    call: u32,
    first: u32,
    at_step: u8,
    step: &LadderStep,
    contact: &ContactId,
    is_again: bool,
) -> Vec<Event> {
    let channels = step.channels.iter().filter(|it| !(is_again && **it == CallChannel::Radio));
    (first..)
        .zip(channels)
        .map(|(attempt, channel)| Event::CalledOut {
            callout,
            call,
            attempt,
            step: at_step,
            contact: contact.clone(),
            channel: *channel,
        })
        .collect()
}
