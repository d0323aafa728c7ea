//! Rules for flights: who may tell a drone what, what its platform may say of it, and the stop that takes two.

use super::*;

/// A step of progress smaller than this is not a record, percent.
const PROGRESS_STEP: u8 = 10;

impl City {
    pub(super) fn order_flight(&self, source: &Source, ask: &FlightAsk, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let FlightAsk { drone, task, seen, reason, overrides } = ask;
        let known = self.drones.get(drone).ok_or_else(|| unknown("无人机", drone))?;
        if matches!(task, FlightTask::EmergencyStop) {
            return Err(forbidden("急停要两个人在两个席位上先后签名：先提议，再由另一席会签"));
        }
        if matches!(task, FlightTask::GrabControl) {
            return Err(forbidden("取得控制权用「取得控制权」，不是飞行指令"));
        }
        check_task(task)?;
        self.may_command(source, drone)?;
        if task.is_launch()
            && let Some(busy) = self.open_flights_of(drone).find(|it| it.task.is_movement())
        {
            let what = busy.task.name_zh();
            return Err(forbidden(format!("{}正在执行第 {} 号飞行（{what}），先返航或撤销", known.name, busy.id)));
        }
        let gates = self.may_fly(drone, task, seen, now).err().unwrap_or_default();
        if let Some(physical) = gates.iter().find(|it| it.is_physical) {
            return Err(forbidden(format!("{}不能{}：{}", known.name, task.name_zh(), physical.why)));
        }
        if !gates.is_empty() && (!*overrides || reason.trim().is_empty()) {
            let why = gates.iter().map(|it| &*it.why).collect::<Vec<_>>().join("；");
            let words = format!("{}不宜{}：{why}。确要飞行，写明原因后强行下令", known.name, task.name_zh());
            return Err(forbidden(words));
        }
        let mut flight = self.new_flight(drone, task, seat_of(source), reason, now);
        flight.overridden = gates;
        Ok(vec![Event::FlightOrdered { flight, seen: seen.clone() }])
    }

    pub(super) fn cancel_flight(&self, source: &Source, id: FlightId, reason: &Text) -> Result<Vec<Event>, Refusal> {
        let flight = self.flights.get(&id).ok_or_else(|| unknown("飞行", id))?;
        if flight.state.is_end() {
            return Err(forbidden(format!("第 {id} 号飞行{}", flight.state.name_zh())));
        }
        self.may_command(source, &flight.drone)?;
        if reason.trim().is_empty() {
            return Err(forbidden("撤销飞行要写明原因"));
        }
        let why = clipped(reason);
        match (&flight.state, &flight.task) {
            (FlightState::Ordered, _) => {
                Ok(vec![Event::FlightReported { flight: id, state: FlightState::Cancelled { why }, note: "".into() }])
            }
            (_, FlightTask::TakeoffTo { .. }) => Err(forbidden("已经起飞的不能撤销，改下「返航」")),
            (_, task) if task.is_movement() => {
                changes(flight.cancel.is_none())?;
                Ok(vec![Event::FlightCancelAsked { flight: id, reason: why }])
            }
            _ => Err(forbidden("已经发出，撤不回来")),
        }
    }

    /// A platform's word, or the hub's about the wire. Later states only; from [`FlightState::TimedOut`] any word counts.
    pub(super) fn report_flight(
        &self,
        source: &Source,
        id: FlightId,
        state: &FlightState,
        note: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        let flight = self.flights.get(&id).ok_or_else(|| unknown("飞行", id))?;
        if let Source::Platform(platform) = source
            && *platform != flight.platform
        {
            return Err(forbidden(format!("第 {id} 号飞行不归平台 {platform} 管")));
        }
        let was_lost = matches!(flight.state, FlightState::TimedOut { .. });
        if flight.state.is_end() && !was_lost {
            return Err(Refusal::NoChange);
        }
        if matches!(state, FlightState::Ordered | FlightState::Sent) {
            return Err(absurd("平台不能把飞行退回到未接受"));
        }
        if !was_lost && state.rung() < flight.state.rung() {
            return Err(stale(format!("第 {id} 号飞行已经{}", flight.state.name_zh())));
        }
        changes(flight.state != *state || flight.note != *note)?;
        if let (
            FlightState::InProgress { percent: was, step: at, waypoint: reached },
            FlightState::InProgress { percent, step, waypoint },
        ) = (&flight.state, state)
        {
            let is_further = percent.abs_diff(*was) >= PROGRESS_STEP || waypoint != reached;
            changes(at != step || is_further || flight.note != *note)?;
        }
        let mut events = Vec::new();
        // The platform flies one thing at a time: what it takes now ends what it flew.
        if flight.is_owed() && flight.task.is_movement() {
            let older = self.open_flights_of(&flight.drone).filter(|it| it.id < id && it.task.is_movement());
            events.extend(older.map(|it| ended(it.id, format!("第 {id} 号飞行取代了它"))));
        }
        let state = clipped_state(state);
        events.push(Event::FlightReported { flight: id, state, note: clipped(note) });
        Ok(events)
    }

    pub(super) fn report_flight_cancel(&self, id: FlightId, error: Option<&Text>) -> Result<Vec<Event>, Refusal> {
        let flight = self.flights.get(&id).ok_or_else(|| unknown("飞行", id))?;
        let reason = flight.cancel.as_ref().ok_or(Refusal::NoChange)?;
        changes(!flight.state.is_end())?;
        Ok(vec![match error {
            None => ended(id, reason.to_string()),
            Some(why) => Event::FlightCancelRefused { flight: id, why: clipped(why) },
        }])
    }

    pub(super) fn note_flight_attempt(&self, id: FlightId) -> Result<Vec<Event>, Refusal> {
        let flight = self.flights.get(&id).ok_or_else(|| unknown("飞行", id))?;
        changes(flight.is_owed())?;
        Ok(vec![Event::FlightAttempted { flight: id, n_attempts: flight.n_attempts.saturating_add(1) }])
    }

    // ---------------------------------------------------------------- who holds it

    pub(super) fn take_control(
        &self,
        source: &Source,
        drone: &DroneId,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if !self.drones.contains_key(drone) {
            return Err(unknown("无人机", drone));
        }
        let signed = self.signature(source, now)?;
        if let Some(held) = self.controls.get(drone) {
            changes(held.seat != signed.seat)?;
            self.may_command(source, drone)?;
            if reason.trim().is_empty() {
                return Err(forbidden(format!("控制权在「{}」手里，接管要写明原因", held.seat)));
            }
        }
        let flight = self.new_flight(drone, &FlightTask::GrabControl, signed.seat.clone(), reason, now);
        let control = Control {
            seat: signed.seat,
            officer: signed.officer,
            since: now,
            reason: clipped(reason),
            flight: flight.id,
        };
        let seen = Seen::default();
        Ok(vec![Event::ControlTaken { drone: drone.clone(), control }, Event::FlightOrdered { flight, seen }])
    }

    pub(super) fn give_control(&self, source: &Source, drone: &DroneId) -> Result<Vec<Event>, Refusal> {
        changes(self.controls.contains_key(drone))?;
        self.may_command(source, drone)?;
        Ok(vec![Event::ControlGiven { drone: drone.clone() }])
    }

    /// The one who holds it, or an officer of a higher role; anybody where nobody does.
    pub fn may_command(&self, source: &Source, drone: &DroneId) -> Result<(), Refusal> {
        let (Source::Seat(seat), Some(held)) = (source, self.controls.get(drone)) else { return Ok(()) };
        if held.seat == *seat || self.roles.officer_at(seat) == &*held.officer || self.outranks(seat, &held.seat) {
            return Ok(());
        }
        Err(forbidden(format!("控制权在「{}」（{}）手里，由他操作、交出，或由更高角色接管", held.seat, held.officer)))
    }

    // ---------------------------------------------------------------- the stop that takes two

    pub(super) fn propose_stop(
        &self,
        source: &Source,
        drone: &DroneId,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if !self.drones.contains_key(drone) {
            return Err(unknown("无人机", drone));
        }
        let signed = self.signature(source, now)?;
        if reason.trim().is_empty() {
            return Err(forbidden("急停要写明原因：电机停转，飞机会坠落"));
        }
        if let Some(open) = self.stop_proposal_of(drone, now) {
            let words = format!("「{}」已经提议急停（第 {} 号），等另一席会签", open.signed.seat, open.number);
            return Err(forbidden(words));
        }
        let expires_at = now.plus_secs(self.flight_rules.stop_window_in(self.realm));
        let (number, drone, reason) = (self.n_stop_proposals + 1, drone.clone(), clipped(reason));
        Ok(vec![Event::EmergencyStopProposed { proposal: StopProposal { number, drone, signed, reason, expires_at } }])
    }

    pub(super) fn co_sign_stop(&self, source: &Source, number: u64, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let signed = self.signature(source, now)?;
        let open = self.stop_proposals.values().find(|it| it.number == number);
        let open = open.ok_or_else(|| unknown("急停提议", number))?;
        if now >= open.expires_at {
            return Err(forbidden("急停提议已经过时，要重新提议"));
        }
        self.may(&Source::Seat(open.signed.seat.clone()), "propose_emergency_stop")?;
        if signed.seat == open.signed.seat {
            return Err(forbidden("会签要在另一个席位上做，这是提议的席位"));
        }
        let officer = self.roles.officer_at(&signed.seat);
        if officer == &*open.signed.officer || officer == self.roles.officer_at(&open.signed.seat) {
            return Err(forbidden(format!("会签的要是另一个人，两个席位都是「{officer}」")));
        }
        let first = open.signed.seat.clone();
        let mut flight = self.new_flight(&open.drone, &FlightTask::EmergencyStop, first, &open.reason, now);
        flight.co_signed_by = Some(signed.seat.clone());
        let mut events = vec![Event::EmergencyStopCoSigned { number, by: signed }];
        let not_sent = self.open_flights_of(&open.drone).filter(|it| it.state == FlightState::Ordered);
        events.extend(not_sent.map(|it| ended(it.id, "急停".into())));
        events.push(Event::FlightOrdered { flight, seen: Seen::default() });
        Ok(events)
    }

    // ---------------------------------------------------------------- time

    /// Whoever was not heard of in time is said to be lost.
    pub(super) fn tick_flights(&self, now: Timestamp) -> Vec<Event> {
        let (answer_s, silence_s) = self.flight_rules.patience_in(self.realm);
        let late = self.open_flights.iter().filter_map(|it| self.flights.get(it)).filter_map(|it| {
            let quiet_s = now.since_ms(it.state_at) / 1000;
            let waited_s = now.since_ms(it.ordered_at) / 1000;
            let why = if it.is_owed() && waited_s > answer_s {
                format!("{answer_s} 秒没有回音，不再发送")
            } else if !it.is_owed() && quiet_s > silence_s {
                format!("{silence_s} 秒没有进展回报")
            } else {
                return None;
            };
            let (state, note) = (FlightState::TimedOut { why: why.into() }, it.note.clone());
            Some(Event::FlightReported { flight: it.id, state, note })
        });
        late.collect()
    }

    fn new_flight(&self, drone: &DroneId, task: &FlightTask, by: SeatId, reason: &Text, now: Timestamp) -> Flight {
        let last = self.flights.last().map_or(0, |(id, _)| id.0);
        Flight {
            id: FlightId(last + 1),
            realm: self.realm,
            drone: drone.clone(),
            platform: self.platform_of_drone(drone),
            task: task.rounded(),
            by,
            co_signed_by: None,
            reason: clipped(reason),
            overridden: Vec::new(),
            ordered_at: now,
            state: FlightState::Ordered,
            state_at: now,
            n_attempts: 0,
            cancel: None,
            note: "".into(),
        }
    }
}

fn ended(flight: FlightId, why: String) -> Event {
    Event::FlightReported { flight, state: FlightState::Cancelled { why: why.into() }, note: "".into() }
}

fn check_task(task: &FlightTask) -> Result<(), Refusal> {
    if let FlightTask::RunRoute { route } = task {
        if !(2..=MAX_ROUTE_POINTS).contains(&route.points.len()) {
            return Err(absurd(format!("航线要有 2 到 {MAX_ROUTE_POINTS} 个点")));
        }
        if !(1.0..=15.0).contains(&route.speed_mps) {
            return Err(absurd("航线速度要在 1 到 15 米/秒之间"));
        }
    }
    let is_bad = |it: &RoutePoint| !it.place.is_sane() || !it.height_m.is_finite();
    if task.targets().iter().any(is_bad) {
        return Err(absurd("飞行的目标不是地面上的一个位置和高度"));
    }
    Ok(())
}

fn clipped_state(state: &FlightState) -> FlightState {
    match state {
        FlightState::InProgress { percent, step, waypoint } => {
            FlightState::InProgress { percent: (*percent).min(100), step: clipped(step), waypoint: *waypoint }
        }
        FlightState::Failed { why } => FlightState::Failed { why: clipped(why) },
        FlightState::Cancelled { why } => FlightState::Cancelled { why: clipped(why) },
        FlightState::TimedOut { why } => FlightState::TimedOut { why: clipped(why) },
        other => other.clone(),
    }
}
