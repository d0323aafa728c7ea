//! Rules for orders: what a measure says, who is called next, what a cancelled order leaves behind.

use super::*;

impl City {
    /// Cancels an order and sends home whoever was out for it.
    pub(super) fn cancel(&self, order: &Order, note: &Text) -> Vec<Event> {
        let mut events = vec![climbed(order, Rung::Cancelled, note.clone())];
        for (team, (on, _)) in &self.assignments {
            if *on == Some(order.id) {
                events.push(Event::TeamReleased { team: team.clone() });
            }
        }
        events.extend(self.close_needs_of(order.id, note));
        events
    }

    /// Whom the ladder names next; its last name is called again.
    pub(super) fn escalation_of(&self, order: &Order) -> Option<Text> {
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

    pub(super) fn order_text(
        &self,
        plan: &Plan,
        measure: &Measure,
        level: ResponseLevel,
        now: Timestamp,
    ) -> Option<OrderText> {
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
}
