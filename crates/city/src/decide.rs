//! Every rule: a command becomes events, or a refusal the operator can read.
//!
//! What comes from outside is bounded here (coordinates, times, figures), so that [`City::apply`] never has to ask.

use crate::{apply::external_key, ids::*, model::*, *};
use std::collections::{BTreeMap, BTreeSet};

/// Outside clocks may run ahead of ours by this much; later is refused.
pub const MAX_AHEAD_MINS: i64 = 5;
/// A case farther from the city's centre than this is a wrong coordinate, not news.
pub const MAX_CASE_DISTANCE_M: f64 = 300_000.0;
/// A due or expiry time farther ahead than this is refused.
const MAX_DUE_AHEAD_DAYS: i64 = 3660;
/// Words from outside are kept up to this length.
const MAX_CHARS: usize = 2000;
const MAX_FIXES: usize = 5000;
const MAX_SHELVE_MINS: i64 = 24 * 60;
/// More drawn at once than this nobody can read.
pub const MAX_MARKINGS: usize = 200;
/// Corners of a ring.
pub const MAX_CORNERS: usize = 500;
/// Places of one [`MarkingKind::ReachFrom`].
pub const MAX_REACH_PLACES: usize = 20;
const MAX_CLOSURE_RADIUS_M: f32 = 20_000.0;
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
        match command {
            Command::ReportCase { report, stage, stage_at } => self.report_case(report, *stage, *stage_at, now),
            Command::JudgeReading { sensor, color, value, at } => self.judge_reading(sensor, *color, *value, *at, now),
            Command::IssueWarning { warning } => self.issue_warning(warning, now),
            Command::CancelWarning { warning } => {
                let known = self.warnings.get(warning).ok_or_else(|| unknown("预警", warning))?;
                changes(!known.cancelled)?;
                Ok(vec![Event::WarningCancelled { warning: warning.clone() }])
            }
            Command::UpdateTyphoon { typhoon, name, name_en, active, fixes, forecasts } => {
                self.update_typhoon_by(typhoon, name, name_en, *active, fixes, forecasts, now)
            }
            Command::ReportOrder { order, definition_version, rung, note } => {
                self.report_order(source, *order, *definition_version, *rung, note)
            }
            Command::ReportMoved { class, district, n_people } => self.report_moved(*class, district, *n_people),
            Command::RefuseMessage { platform, what, why } => {
                Ok(vec![Event::MessageRefused { platform: platform.clone(), what: clipped(what), why: clipped(why) }])
            }
            Command::ReportHealth { health } => self.report_health(health, now),
            Command::Tick => Ok(self.tick(now)),
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
                if reason.trim().is_empty() {
                    return Err(forbidden("搁置告警要写明原因"));
                }
                if *until <= now || *until > now.plus_mins(MAX_SHELVE_MINS) {
                    return Err(absurd("搁置到的时间要在 24 小时之内"));
                }
                changes(known.shelved_until != Some(*until))?;
                Ok(vec![Event::AlarmShelved { alarm: *alarm, until: *until, reason: clipped(reason) }])
            }
            Command::SuperviseCase { case } => {
                self.open_case(*case)?;
                Ok(vec![Event::CaseSupervised { case: *case }])
            }
            Command::PressCase { case } => {
                self.open_case(*case)?;
                Ok(vec![Event::CasePressed { case: *case }])
            }
            Command::SwitchToWar { plan, level, struck, confirmed_by, reason } => {
                self.switch_to_war(source, plan, *level, struck, confirmed_by, reason, now)
            }
            Command::StandDown { confirmed_by, reason } => self.stand_down(source, confirmed_by, reason),
            Command::EscalateOrder { order } => {
                let order = self.open_order(*order)?;
                let to = self.escalation_of(order).ok_or_else(|| forbidden("预案没有叫应名单"))?;
                Ok(vec![escalated(order, to)])
            }
            Command::CancelOrder { order, reason } => {
                let order = self.open_order(*order)?;
                Ok(self.cancel(order, &clipped(reason)))
            }
            Command::AssignTeam { team, order, purpose } => {
                if !self.teams.contains_key(team) {
                    return Err(unknown("队伍", team));
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
            Command::ShowScene { scene } => {
                if scene.is_empty() || scene.chars().count() > 64 {
                    return Err(absurd("场景名要有 1–64 个字"));
                }
                changes(self.scene != *scene)?;
                Ok(vec![Event::SceneChanged { scene: scene.clone() }])
            }
            Command::PutMarking { kind, note } => self.put_marking(source, kind, note, now),
            Command::RemoveMarking { marking } => {
                if !self.markings.contains_key(marking) {
                    return Err(unknown("标绘", marking));
                }
                Ok(vec![Event::MarkingRemoved { marking: *marking }])
            }
        }
    }

    // ---------------------------------------------------------------- from platforms

    fn report_case(
        &self,
        report: &CaseReport,
        stage: CaseStage,
        stage_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        check_past(report.reported_at, now, "上报时间")?;
        check_past(stage_at, now, "阶段时间")?;
        if let Some(id) = self.case_by_external.get(&external_key(&report.platform, &report.external)) {
            let case = self.cases.get(id).ok_or_else(|| unknown("案件", id))?;
            changes(stage != case.stage)?;
            if stage < case.stage {
                return Err(stale(format!("案件已到{}，回报的是{}", case.stage.name_zh(), stage.name_zh())));
            }
            return Ok(vec![Event::CaseAdvanced { case: *id, stage, at: stage_at }]);
        }
        if report.external.is_empty() || report.external.chars().count() > 128 {
            return Err(absurd("案件号要有 1–128 个字"));
        }
        if !report.at.is_sane() || report.at.distance_m(self.center) > MAX_CASE_DISTANCE_M {
            return Err(absurd(format!("案件坐标 {}, {} 不在本市一带", report.at.0, report.at.1)));
        }
        check_ahead(report.due_at, now, "办结期限")?;
        if !self.districts.contains_key(&report.district) {
            return Err(unknown("区", &report.district));
        }
        if !self.agencies.contains_key(&report.agency) {
            return Err(unknown("部门", &report.agency));
        }
        let case = CaseId(self.cases.len() as u64 + 1);
        let report = CaseReport {
            title: clipped(&report.title),
            address: clipped(&report.address),
            at: report.at.rounded(),
            ..report.clone()
        };
        let mut events = vec![Event::CaseReported { case, report }];
        if stage > CaseStage::Collected {
            events.push(Event::CaseAdvanced { case, stage, at: stage_at });
        }
        Ok(events)
    }

    fn judge_reading(
        &self,
        id: &SensorId,
        color: Option<WarningColor>,
        value: f32,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let sensor = self.sensors.get(id).ok_or_else(|| unknown("感知设备", id))?;
        check_past(at, now, "读数时间")?;
        if !value.is_finite() {
            return Err(absurd("读数不是数"));
        }
        if let Some(color) = color
            && !sensor.thresholds.iter().any(|it| it.color == color)
        {
            return Err(absurd(format!("{}没有{}色阈值", sensor.name, color.glyph())));
        }
        let open = self.open_alarms.get(id).and_then(|alarm| self.alarms.get(alarm));
        match (open, color) {
            (None, None) => Err(Refusal::NoChange),
            (None, Some(color)) => {
                let alarm = AlarmId(self.alarms.len() as u64 + 1);
                Ok(vec![Event::AlarmRaised { alarm, sensor: id.clone(), color, value, at }])
            }
            (Some(alarm), _) if at < alarm.raised_at => Err(stale("读数早于告警".into())),
            (Some(alarm), None) => Ok(vec![Event::AlarmCleared { alarm: alarm.id, at }]),
            (Some(alarm), Some(color)) => {
                changes(alarm.color != color)?;
                Ok(vec![Event::AlarmRecoloured { alarm: alarm.id, color, value }])
            }
        }
    }

    fn issue_warning(&self, warning: &Warning, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if warning.id.as_str().is_empty() {
            return Err(absurd("预警没有编号"));
        }
        if warning.exercise && self.realm == Realm::Actual {
            return Err(forbidden("演练预警不能进实战域"));
        }
        check_past(warning.sent_at, now, "预警发布时间")?;
        check_ahead(warning.expires_at, now, "预警失效时间")?;
        if warning.expires_at <= warning.sent_at {
            return Err(absurd("预警失效早于发布"));
        }
        for district in &warning.districts {
            if !self.districts.contains_key(district) {
                return Err(unknown("区", district));
            }
        }
        let warning = Warning {
            headline: clipped(&warning.headline),
            sender: clipped(&warning.sender),
            cancelled: false,
            ..warning.clone()
        };
        if let Some(known) = self.warnings.get(&warning.id) {
            changes(*known != Warning { cancelled: known.cancelled, ..warning.clone() })?;
            if warning.sent_at <= known.sent_at {
                return Err(stale("同号预警已有更新的一版".into()));
            }
        }
        if warning.expires_at <= now {
            return Err(stale("预警已经失效".into()));
        }
        Ok(vec![Event::WarningIssued { warning }])
    }

    /// A feed repeats its whole history every time; only what is new becomes an event.
    #[expect(clippy::too_many_arguments, reason = "the fields of one command")]
    fn update_typhoon_by(
        &self,
        id: &TyphoonId,
        name: &Text,
        name_en: &Text,
        active: bool,
        fixes: &[TyphoonFix],
        forecasts: &[Forecast],
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if id.as_str().is_empty() {
            return Err(absurd("台风没有编号"));
        }
        if fixes.len() > MAX_FIXES || forecasts.len() > MAX_FIXES || forecasts.iter().any(|it| it.points.len() > 500) {
            return Err(absurd("台风路径点过多"));
        }
        for fix in fixes {
            check_past(fix.at, now, "台风定位时间")?;
            check_fix(fix)?;
        }
        for forecast in forecasts {
            check_past(forecast.issued_at, now, "预报时间")?;
            for point in &forecast.points {
                check_ahead(point.at, now, "预报时效")?;
                check_place(point.center, point.wind, point.pressure)?;
            }
        }
        let known = self.typhoons.get(id);
        let last_at = known.and_then(|it| it.track.last()).map_or(Timestamp(0), |it| it.at);
        let mut new_fixes: Vec<TyphoonFix> = fixes.iter().filter(|it| it.at > last_at).cloned().collect();
        for fix in &mut new_fixes {
            fix.center = fix.center.rounded();
        }
        new_fixes.sort_by_key(|it| it.at);
        new_fixes.dedup_by_key(|it| it.at);
        let old: BTreeSet<(&str, Timestamp)> =
            known.map(|it| it.forecasts.iter().map(|it| (&*it.agency, it.issued_at)).collect()).unwrap_or_default();
        let mut seen = BTreeSet::new();
        let mut new_forecasts = Vec::new();
        for forecast in forecasts {
            let key = (&*forecast.agency, forecast.issued_at);
            if !forecast.points.is_empty() && !old.contains(&key) && seen.insert(key) {
                let mut forecast = forecast.clone();
                forecast.points.sort_by_key(|it| it.at);
                forecast.points.dedup_by_key(|it| it.at);
                for point in &mut forecast.points {
                    point.center = point.center.rounded();
                }
                new_forecasts.push(forecast);
            }
        }
        let same = known.is_some_and(|it| it.active == active && it.name == *name && it.name_en == *name_en);
        changes(!same || !new_fixes.is_empty() || !new_forecasts.is_empty())?;
        Ok(vec![Event::TyphoonUpdated {
            typhoon: id.clone(),
            name: clipped(name),
            name_en: clipped(name_en),
            active,
            fixes: new_fixes,
            forecasts: new_forecasts,
        }])
    }

    /// One answer may climb several rungs at once: platforms skip what they do not tell apart.
    fn report_order(
        &self,
        source: &Source,
        id: OrderId,
        definition_version: u32,
        rung: Rung,
        note: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        let order = self.order(id)?;
        if let Source::Platform(platform) = source
            && *platform != order.text.platform
        {
            return Err(forbidden(format!("指令 {id} 不归平台 {platform}")));
        }
        if matches!(rung, Rung::Drafted | Rung::Cancelled | Rung::Superseded) {
            return Err(forbidden(format!("平台不能回报{}", rung.name_zh())));
        }
        if definition_version < order.definition_version {
            return Err(stale(format!("回报的是第 {definition_version} 版，现为第 {} 版", order.definition_version)));
        }
        if definition_version > order.definition_version {
            return Err(absurd(format!("没有第 {definition_version} 版")));
        }
        changes(rung != order.rung)?;
        if order.rung.is_end() || rung < order.rung {
            return Err(stale(format!("指令已{}，回报的是{}", order.rung.name_zh(), rung.name_zh())));
        }
        Ok(vec![climbed(order, rung, clipped(note))])
    }

    fn report_moved(&self, class: EvacueeClass, district: &DistrictId, n_people: u32) -> Result<Vec<Event>, Refusal> {
        if !self.districts.contains_key(district) {
            return Err(unknown("区", district));
        }
        let tally = self.evacuation.get(&(class, district.clone())).copied().unwrap_or_default();
        if n_people > tally.expected {
            return Err(absurd(format!("{}已转移 {n_people} 人，应转移 {} 人", class.name_zh(), tally.expected)));
        }
        changes(n_people != tally.moved)?;
        Ok(vec![Event::EvacuationMoved { class, district: district.clone(), n_people }])
    }

    fn report_health(&self, health: &ConnectorHealth, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if health.since > now.plus_mins(MAX_AHEAD_MINS) {
            return Err(absurd("状态时间在未来"));
        }
        let health = ConnectorHealth { last_error: clipped(&health.last_error), ..health.clone() };
        if let Some(known) = self.connectors.get(&health.platform) {
            changes(*known != ConnectorHealth { since: known.since, ..health.clone() })?;
        }
        Ok(vec![Event::ConnectorChanged { health }])
    }

    // ---------------------------------------------------------------- time alone

    fn tick(&self, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        for warning in self.warnings.values() {
            if !warning.cancelled && warning.expires_at <= now {
                events.push(Event::WarningCancelled { warning: warning.id.clone() });
            }
        }
        for order in self.orders.values() {
            if order.rung.is_end() {
                continue;
            }
            match order.overdue_since {
                None if order.is_late(now) => events.push(Event::OrderOverdue { order: order.id, rung: order.rung }),
                None => {}
                Some(since) => {
                    let Some(plan) = order.text.plan.as_ref().and_then(|it| self.plans.get(it)) else { continue };
                    let n = order.n_escalations;
                    let wait_mins = i64::from(plan.escalate_after_mins) * (i64::from(n) + 1);
                    let Some(to) = plan.ladder.get(n as usize) else { continue };
                    if now >= since.plus_mins(wait_mins) {
                        events.push(escalated(order, to.clone()));
                    }
                }
            }
        }
        match (self.recommend(now), &self.recommendation) {
            (None, None) => {}
            (None, Some(_)) => events.push(Event::RecommendationWithdrawn),
            (Some(new), Some(old)) if says_the_same(&new, old) => {}
            (Some(recommendation), _) => events.push(Event::LevelRecommended { recommendation }),
        }
        events
    }

    /// The highest level any plan's triggers ask for, with everything that asks for it.
    fn recommend(&self, now: Timestamp) -> Option<Recommendation> {
        let mut best: Option<Recommendation> = None;
        for plan in self.plans.values() {
            for trigger in &plan.triggers {
                if best.as_ref().is_some_and(|it| it.level > trigger.level) {
                    continue;
                }
                let evidence: Vec<Evidence> =
                    trigger.any.iter().filter_map(|it| self.evidence_for(plan, it, now)).collect();
                if evidence.is_empty() {
                    continue;
                }
                match &mut best {
                    Some(it) if it.level == trigger.level && it.plan == plan.id => it.evidence.extend(evidence),
                    Some(it) if it.level == trigger.level => {}
                    _ => {
                        let (plan, level) = (plan.id.clone(), trigger.level);
                        best = Some(Recommendation { plan, level, evidence, made_at: now });
                    }
                }
            }
        }
        best
    }

    /// The words stay the same while the facts do, so that a tick repeats no record.
    fn evidence_for(&self, plan: &Plan, condition: &Condition, now: Timestamp) -> Option<Evidence> {
        match condition {
            Condition::Warning(color) => {
                let in_force = self.warnings.values().filter(|it| {
                    !it.cancelled && it.expires_at > now && it.hazard == plan.hazard && it.color >= *color
                });
                let warning = in_force.max_by_key(|it| (it.color, it.sent_at))?;
                let text = format!("{}色预警生效：{}", warning.color.glyph(), warning.headline);
                Some(Evidence { text: text.into(), as_of: warning.sent_at })
            }
            Condition::CircleWithin { grade, hours } => {
                let arrival = self.circle_arrival(*grade, self.center, now)?;
                if arrival.inside {
                    let text = format!("{grade} 级风圈已覆盖市中心");
                    return Some(Evidence { text: text.into(), as_of: arrival.at });
                }
                if arrival.at > now.plus_mins(i64::from(*hours) * 60) {
                    return None;
                }
                let at = arrival.at.beijing().strftime("%m-%d %H:%M");
                let text = format!("{}预报：{grade} 级风圈 {at} 前后到市中心（{hours} 小时内）", arrival.agency);
                Some(Evidence { text: text.into(), as_of: arrival.issued_at })
            }
            Condition::FloodPoints { at_least, cm } => {
                let cm_f32 = *cm as f32;
                let mut n = 0;
                let mut as_of = Timestamp(0);
                for point in self.flood_points.values() {
                    let Some(alarm) = self.open_alarms.get(&point.sensor).and_then(|it| self.alarms.get(it)) else {
                        continue;
                    };
                    let reached = self
                        .sensors
                        .get(&point.sensor)
                        .and_then(|it| it.thresholds.iter().find(|it| it.color == alarm.color))
                        .is_some_and(|it| it.on >= cm_f32);
                    if reached || alarm.value >= cm_f32 {
                        n += 1;
                        as_of = as_of.max(alarm.raised_at);
                    }
                }
                (n >= (*at_least).max(1))
                    .then(|| Evidence {
                        text: format!("内涝点积水 ≥ {cm} cm：不少于 {at_least} 处").into(), as_of
                    })
            }
        }
    }

    // ---------------------------------------------------------------- from seats

    #[expect(clippy::too_many_arguments, reason = "the fields of one command")]
    fn switch_to_war(
        &self,
        source: &Source,
        plan_id: &PlanId,
        level: ResponseLevel,
        struck: &[MeasureId],
        confirmed_by: &[SeatId],
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let plan = self.plans.get(plan_id).ok_or_else(|| unknown("预案", plan_id))?;
        for measure in struck {
            if !plan.measures.iter().any(|it| it.id == *measure) {
                return Err(unknown("措施", measure));
            }
        }
        let seats = check_seats(source, confirmed_by, Some(level))?;
        let texts = self.drafts_for(plan, level, struck, now);
        let in_force = self.footing.posture == Posture::War
            && self.footing.level == Some(level)
            && self.footing.plan.as_ref() == Some(plan_id)
            && self.footings.values().all(|it| it.posture == Posture::War && it.level == Some(level));
        changes(!in_force || !texts.is_empty())?;

        let mut events = vec![Event::FootingChanged {
            posture: Posture::War,
            level: Some(level),
            plan: Some(plan_id.clone()),
            districts: Vec::new(),
            confirmed_by: seats,
            reason: clipped(reason),
        }];
        let mut expected: BTreeMap<(EvacueeClass, &DistrictId), u32> = BTreeMap::new();
        let first = self.orders.len() as u64 + 1;
        for (number, (measure, text)) in (first..).zip(texts) {
            events.push(Event::OrderDrafted { order: OrderId(number), text });
            for need in &measure.evacuees {
                let total = expected.entry((need.class, &need.district)).or_default();
                *total = total.saturating_add(need.n_people);
            }
        }
        for ((class, district), n_people) in expected {
            // From peace the count of people begins anew; within a war it adds up.
            let before = match self.footing.posture {
                Posture::Peace => 0,
                Posture::War => self.evacuation.get(&(class, district.clone())).map_or(0, |it| it.expected),
            };
            let n_people = before.saturating_add(n_people);
            events.push(Event::EvacuationExpected { class, district: district.clone(), n_people });
        }
        Ok(events)
    }

    fn put_marking(
        &self,
        source: &Source,
        kind: &MarkingKind,
        note: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let kind = self.checked_marking(kind, now)?;
        changes(self.markings.values().all(|it| it.kind != kind))?;
        if self.markings.len() >= MAX_MARKINGS {
            return Err(forbidden(format!("标绘已有 {MAX_MARKINGS} 处，先清除不用的")));
        }
        let id = MarkingId(self.n_markings.saturating_add(1));
        let marking = Marking { id, kind, by: seat_of(source), at: now, note: clipped(note) };
        Ok(vec![Event::MarkingPut { marking }])
    }

    /// The marking as it is kept: places rounded, rings open, words cut.
    fn checked_marking(&self, kind: &MarkingKind, now: Timestamp) -> Result<MarkingKind, Refusal> {
        let near = |it: LonLat| self.place_within(it, MAX_CASE_DISTANCE_M);
        Ok(match kind {
            MarkingKind::Closure { area, reason } => {
                if reason.trim().is_empty() {
                    return Err(forbidden("交通管制要写明原因"));
                }
                let area = match area {
                    Area::Ring(ring) => Area::Ring(self.checked_ring(ring)?),
                    Area::Circle { center, radius_m } => {
                        if !(1.0..=MAX_CLOSURE_RADIUS_M).contains(radius_m) {
                            return Err(absurd("管制半径要在 1 米到 20 公里之间"));
                        }
                        Area::Circle { center: near(*center)?, radius_m: *radius_m }
                    }
                };
                MarkingKind::Closure { area, reason: clipped(reason) }
            }
            MarkingKind::Fence { name, ring } => {
                if name.trim().is_empty() || name.chars().count() > 64 {
                    return Err(absurd("围栏名要有 1–64 个字"));
                }
                MarkingKind::Fence { name: name.clone(), ring: self.checked_ring(ring)? }
            }
            MarkingKind::Quake { at, magnitude, depth_km, origin } => {
                if !(0.0..=10.0).contains(magnitude) {
                    return Err(absurd("震级要在 0–10 之间"));
                }
                if !(0.0..=MAX_QUAKE_DEPTH_KM).contains(depth_km) {
                    return Err(absurd("震源深度要在 0–800 公里之间"));
                }
                check_past(*origin, now, "发震时间")?;
                let at = self.place_within(*at, MAX_QUAKE_DISTANCE_M)?;
                MarkingKind::Quake { at, magnitude: *magnitude, depth_km: *depth_km, origin: *origin }
            }
            MarkingKind::Fire { at, started } => {
                check_past(*started, now, "起火时间")?;
                MarkingKind::Fire { at: near(*at)?, started: *started }
            }
            MarkingKind::ReachFrom { places } => {
                if places.is_empty() || places.len() > MAX_REACH_PLACES {
                    return Err(absurd(format!("到达圈要有 1–{MAX_REACH_PLACES} 个起点")));
                }
                MarkingKind::ReachFrom { places: places.iter().map(|it| near(*it)).collect::<Result<_, _>>()? }
            }
        })
    }

    /// The corners rounded, each once, the first not repeated at the end.
    fn checked_ring(&self, ring: &[LonLat]) -> Result<Vec<LonLat>, Refusal> {
        if ring.len() > MAX_CORNERS {
            return Err(absurd(format!("标绘的面不能多于 {MAX_CORNERS} 个角点")));
        }
        let mut corners =
            ring.iter().map(|it| self.place_within(*it, MAX_CASE_DISTANCE_M)).collect::<Result<Vec<_>, _>>()?;
        corners.dedup();
        if corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        if corners.len() < 3 {
            return Err(absurd("标绘的面至少要有 3 个不同的角点"));
        }
        Ok(corners)
    }

    /// The place as records keep it, if it is within this distance of the city's centre.
    fn place_within(&self, place: LonLat, distance_m: f64) -> Result<LonLat, Refusal> {
        if !place.is_sane() || place.distance_m(self.center) > distance_m {
            return Err(absurd(format!("标绘坐标 {}, {} 不在本市一带", place.0, place.1)));
        }
        Ok(place.rounded())
    }

    /// Symmetrical to the switch: leaving Ⅰ or Ⅱ needs two seats as well.
    fn stand_down(&self, source: &Source, confirmed_by: &[SeatId], reason: &Text) -> Result<Vec<Event>, Refusal> {
        changes(self.footing.posture == Posture::War)?;
        let seats = check_seats(source, confirmed_by, self.footing.level)?;
        let reason = clipped(reason);
        let mut events = vec![Event::FootingChanged {
            posture: Posture::Peace,
            level: None,
            plan: None,
            districts: Vec::new(),
            confirmed_by: seats,
            reason: reason.clone(),
        }];
        let note: Text = if reason.is_empty() { "战转平".into() } else { reason };
        for order in self.orders.values().filter(|it| !it.rung.is_end()) {
            events.extend(self.cancel(order, &note));
        }
        Ok(events)
    }

    /// Cancels an order and sends home whoever was out for it.
    fn cancel(&self, order: &Order, note: &Text) -> Vec<Event> {
        let mut events = vec![climbed(order, Rung::Cancelled, note.clone())];
        for (team, (on, _)) in &self.assignments {
            if *on == Some(order.id) {
                events.push(Event::TeamReleased { team: team.clone() });
            }
        }
        events
    }

    /// Whom the ladder names next; its last name is called again.
    fn escalation_of(&self, order: &Order) -> Option<Text> {
        let plan = self.plans.get(order.text.plan.as_ref()?)?;
        plan.ladder.get(order.n_escalations as usize).or(plan.ladder.last()).cloned()
    }

    /// The measures of a level not yet ordered in this war, with what each order says.
    pub(crate) fn drafts_for<'a>(
        &self,
        plan: &'a Plan,
        level: ResponseLevel,
        struck: &[MeasureId],
        now: Timestamp,
    ) -> Vec<(&'a Measure, OrderText)> {
        let mut ordered: BTreeSet<&MeasureId> = BTreeSet::new();
        if self.footing.posture == Posture::War {
            for order in self.orders.values().filter(|it| it.id >= self.war_first_order && it.rung != Rung::Failed) {
                if order.text.plan.as_ref() == Some(&plan.id)
                    && let Some(measure) = &order.text.measure
                {
                    ordered.insert(measure);
                }
            }
        }
        let wanted = plan.measures.iter().filter(|it| it.from_level <= level);
        wanted
            .filter(|it| !struck.contains(&it.id) && !ordered.contains(&it.id))
            .filter_map(|it| Some((it, self.order_text(plan, it, level, now)?)))
            .collect()
    }

    fn order_text(&self, plan: &Plan, measure: &Measure, level: ResponseLevel, now: Timestamp) -> Option<OrderText> {
        let agency = self.agencies.get(&measure.agency)?;
        let due_at = now.plus_mins(i64::from(measure.within_mins));
        let typhoon = self.typhoons.values().rev().find(|it| it.active);
        let typhoon = typhoon.map_or_else(|| "台风".to_owned(), |it| format!("台风“{}”", it.name));
        let mut body = measure
            .template
            .replace("{agency}", &agency.name)
            .replace("{level}", level.roman())
            .replace("{typhoon}", &typhoon)
            .replace("{due}", &due_at.beijing().strftime("%m月%d日 %H:%M").to_string());
        if self.realm == Realm::Exercise {
            body.insert_str(0, "【演练】");
        }
        Some(OrderText {
            plan: Some(plan.id.clone()),
            measure: Some(measure.id.clone()),
            level: Some(level),
            agency: agency.id.clone(),
            platform: agency.platform.clone(),
            channel: measure.channel,
            title: measure.title.clone(),
            body: body.into(),
            ack_by: now.plus_mins(i64::from(plan.ack_within_mins)),
            due_at,
        })
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
            | C::IssueWarning { .. }
            | C::CancelWarning { .. }
            | C::UpdateTyphoon { .. }
            | C::ReportOrder { .. }
            | C::ReportMoved { .. }
            | C::RefuseMessage { .. }
            | C::ReportHealth { .. }
    );
    let is_hub_only = matches!(command, C::Tick | C::NoteAttempt { .. });
    match source {
        Source::Hub => Ok(()),
        Source::Platform(_) if is_report => Ok(()),
        Source::Platform(_) => Err(forbidden("平台只能回报，不能下令")),
        Source::Seat(_) if is_report || is_hub_only => Err(forbidden("席位不能代平台回报")),
        Source::Seat(_) => Ok(()),
    }
}

/// Whose seat it was; the hub's own doing is signed `hub`.
fn seat_of(source: &Source) -> SeatId {
    match source {
        Source::Seat(seat) => seat.clone(),
        Source::Hub | Source::Platform(_) => "hub".into(),
    }
}

/// Who confirms: those named and the seat that commands, each once. Ⅰ and Ⅱ need two.
fn check_seats(source: &Source, confirmed_by: &[SeatId], level: Option<ResponseLevel>) -> Result<Vec<SeatId>, Refusal> {
    let mut seats: Vec<SeatId> = Vec::new();
    let commanding = match source {
        Source::Seat(seat) => Some(seat),
        Source::Hub | Source::Platform(_) => None,
    };
    for seat in commanding.into_iter().chain(confirmed_by) {
        if !seat.as_str().trim().is_empty() && !seats.contains(seat) {
            seats.push(seat.clone());
        }
    }
    if level >= Some(ResponseLevel::II) && seats.len() < 2 {
        return Err(Refusal::NeedsTwoSeats { have: seats.len() as u32 });
    }
    if seats.is_empty() {
        return Err(forbidden("要有席位确认"));
    }
    Ok(seats)
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

fn says_the_same(a: &Recommendation, b: &Recommendation) -> bool {
    a.plan == b.plan
        && a.level == b.level
        && a.evidence.iter().map(|it| &it.text).eq(b.evidence.iter().map(|it| &it.text))
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
