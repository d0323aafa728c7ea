//! Rules for the level and the footing: what time alone recommends, 平转战, 战转平.

use super::*;

impl City {
    pub(super) fn tick(&self, now: Timestamp) -> Vec<Event> {
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
        events.extend(self.missed_check_ins(now));
        match (self.recommend(now), &self.recommendation) {
            (None, None) => {}
            (None, Some(_)) => events.push(Event::RecommendationWithdrawn),
            (Some(new), Some(old)) if says_the_same(&new, old) => {}
            (Some(recommendation), _) => events.push(Event::LevelRecommended { recommendation }),
        }
        events
    }

    /// The highest level any plan's triggers ask for, with everything that asks for it.
    pub(super) fn recommend(&self, now: Timestamp) -> Option<Recommendation> {
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
    pub(super) fn evidence_for(&self, plan: &Plan, condition: &Condition, now: Timestamp) -> Option<Evidence> {
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

    #[expect(clippy::too_many_arguments, reason = "the fields of one command")]
    pub(super) fn switch_to_war(
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

    /// Symmetrical to the switch: leaving Ⅰ or Ⅱ needs two seats as well.
    pub(super) fn stand_down(
        &self,
        source: &Source,
        confirmed_by: &[SeatId],
        reason: &Text,
    ) -> Result<Vec<Event>, Refusal> {
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
}
