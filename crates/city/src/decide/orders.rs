//! Rules for orders: what a measure says, which go out at once and which wait, who is called next, what a cancelled order
//! leaves behind.

use super::*;
use crate::plan::{Effective, held_words};

/// Every order of an exercise begins with it.
const EXERCISE_MARK: &str = "【演练】";

/// One order a switch would give.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub text: OrderText,
    pub from_level: ResponseLevel,
    pub within_mins: u32,
    pub evacuees: Vec<EvacuationNeed>,
    pub forces: Vec<ForceNeed>,
    pub added: Option<AddedOrder>,
    pub tightened_by: Option<PlanId>,
    pub has_precondition: bool,
    /// Why it waits; `None` goes out at once.
    pub held: Option<Text>,
}

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

    /// 更正: the old order ends as superseded, another with the new words goes the usual way. Teams and needs stay with it.
    pub(super) fn amend(
        &self,
        id: OrderId,
        [title, body, reason]: [&Text; 3],
        within_mins: u32,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let order = self.open_order(id)?;
        if title.trim().is_empty() || body.trim().is_empty() {
            return Err(forbidden("更正后的指令要有标题和内容"));
        }
        if reason.trim().is_empty() {
            return Err(forbidden("更正指令要写明原因"));
        }
        if within_mins == 0 || i64::from(within_mins) > MAX_ORDER_MINS {
            return Err(absurd("更正后的时限要在 1 分钟到 7 天之间"));
        }
        let old = &order.text;
        let is_marked = self.realm == Realm::Actual || body.starts_with(EXERCISE_MARK);
        let plan = old.plan.as_ref().and_then(|it| self.plans.get(it));
        // As long as the old one had, where its plan is gone.
        let ack_ms = old.ack_by.since_ms(order.drafted_at);
        let text = OrderText {
            title: clipped(title),
            body: if is_marked { clipped(body) } else { self.marked(clipped(body).to_string()) },
            supersedes: Some(id),
            ack_by: plan.map_or(now + ack_ms, |it| now.plus_mins(i64::from(it.ack_within_mins))),
            due_at: now.plus_mins(i64::from(within_mins)),
            ..old.clone()
        };
        let by = OrderId(self.orders.len() as u64 + 1);
        Ok(vec![climbed(order, Rung::Superseded, clipped(reason)), Event::OrderDrafted { order: by, text }])
    }

    /// Whom the ladder names next; its last name is called again.
    pub(super) fn escalation_of(&self, order: &Order) -> Option<Text> {
        let plan = self.plans.get(order.text.plan.as_ref()?)?;
        plan.ladder.get(order.n_escalations as usize).or(plan.ladder.last()).cloned()
    }

    /// The measures of a level not yet ordered in this war and what was added, with what each order says.
    pub(crate) fn drafts(&self, plan: &Plan, ask: &SheetAsk, now: Timestamp) -> Vec<Draft> {
        let ordered = self.ordered_measures(&plan.id);
        let inputs = std::cell::OnceCell::new();
        let mut drafts: Vec<Draft> = Vec::new();
        for it in self.effective_measures(plan) {
            let measure = &*it.measure;
            if measure.from_level > ask.level || ask.struck.contains(&measure.id) {
                continue;
            }
            let ordered = ordered.get(&measure.id).map(Vec::as_slice);
            let Some(districts) = self.wanted_in(&it, &ask.districts, ordered) else { continue };
            let Some(text) = self.order_text(plan, &it, ask.level, &districts, now) else { continue };
            let is_here = |it: &DistrictId| districts.is_empty() || districts.contains(it);
            let truth = measure.precondition.as_ref().map(|condition| {
                let inputs: &Inputs = inputs.get_or_init(|| self.inputs(None, now));
                inputs.truth(condition)
            });
            drafts.push(Draft {
                text,
                from_level: measure.from_level,
                within_mins: measure.within_mins,
                evacuees: measure.evacuees.iter().filter(|it| is_here(&it.district)).cloned().collect(),
                forces: measure.forces.iter().filter(|it| is_here(&it.district)).cloned().collect(),
                added: None,
                tightened_by: it.tightened_by.map(|it| it.id.clone()),
                has_precondition: measure.precondition.is_some(),
                held: held_words(truth, false),
            });
        }
        drafts.extend(ask.added.iter().filter_map(|it| self.added_draft(plan, it, ask.level, now)));
        self.hold_later_groups(&plan.id, ask.level, &mut drafts);
        drafts
    }

    /// What is already ordered in this war, or waits to be, and for which districts; none of them is all.
    fn ordered_measures(&self, plan: &PlanId) -> BTreeMap<&MeasureId, Vec<DistrictId>> {
        let mut ordered: BTreeMap<&MeasureId, Vec<DistrictId>> = BTreeMap::new();
        if !self.is_any_war() {
            return ordered;
        }
        // What failed is to be given again; what was superseded stands in the order that took its place.
        let is_given = |it: &&Order| !matches!(it.rung, Rung::Failed | Rung::Superseded);
        let given = self.orders_of_this_war(plan).filter(is_given);
        let given = given.filter_map(|it| Some((it.text.measure.as_ref()?, &it.text.districts)));
        let held = self.held.iter().filter(|it| it.plan == *plan);
        let held = held.filter_map(|it| Some((it.measure.as_ref()?, &it.districts)));
        for (measure, districts) in given.chain(held) {
            match ordered.get_mut(measure) {
                None => {
                    ordered.insert(measure, districts.clone());
                }
                Some(known) if known.is_empty() || districts.is_empty() => known.clear(),
                Some(known) => known.extend(districts.iter().cloned()),
            }
        }
        ordered
    }

    fn orders_of_this_war(&self, plan: &PlanId) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(move |it| it.id >= self.war_first_order && it.text.plan.as_ref() == Some(plan))
    }

    /// The districts a measure is yet to be ordered for: an empty list is wherever it applies, `None` is nowhere.
    fn wanted_in(
        &self,
        it: &Effective<'_>,
        asked: &[DistrictId],
        ordered: Option<&[DistrictId]>,
    ) -> Option<Vec<DistrictId>> {
        match ordered {
            None if asked.is_empty() => return Some(Vec::new()),
            Some([]) => return None,
            _ => {}
        }
        let is_new = |id: &DistrictId| !ordered.is_some_and(|it| it.contains(id));
        let is_wanted = |id: &&DistrictId| match asked.is_empty() {
            true => self.is_in(it, id, true) && is_new(id),
            false => asked.contains(id) && self.is_in(it, id, false) && is_new(id),
        };
        let wanted: Vec<DistrictId> = self.districts.keys().filter(is_wanted).cloned().collect();
        if wanted.is_empty() {
            return None;
        }
        // What is done in these districts only, needs no limit.
        let is_all = self.districts.keys().all(|id| wanted.contains(id) || !self.is_in(it, id, true));
        Some(if is_all { Vec::new() } else { wanted })
    }

    /// Whether a measure is carried out in a district. One of the whole city is, when the whole city is asked for; a
    /// district alone asks it only for its own people and places.
    pub(crate) fn is_in(&self, it: &Effective<'_>, district: &DistrictId, is_city_asked: bool) -> bool {
        let measure = &*it.measure;
        let of_agency = self.agencies.get(&measure.agency).and_then(|it| it.district.as_ref());
        let own = of_agency.or(it.plan.district.as_ref());
        let is_scope = match &measure.scope {
            Scope::Districts(all) => all.contains(district),
            Scope::Townships(all) => {
                self.townships.values().any(|it| it.district == *district && all.contains(&it.name))
            }
            Scope::City | Scope::Places(_) => is_city_asked && own.is_none(),
        };
        is_scope
            || own == Some(district)
            || measure.evacuees.iter().any(|it| it.district == *district)
            || measure.forces.iter().any(|it| it.district == *district)
    }

    fn order_text(
        &self,
        plan: &Plan,
        it: &Effective<'_>,
        level: ResponseLevel,
        districts: &[DistrictId],
        now: Timestamp,
    ) -> Option<OrderText> {
        let measure = &*it.measure;
        let agency = self.agencies.get(&measure.agency)?;
        let due_at = now.plus_mins(i64::from(measure.within_mins));
        let typhoon = self.typhoons.values().rev().find(|it| it.active);
        let typhoon = typhoon.map_or_else(|| "台风".to_owned(), |it| format!("台风“{}”", it.name));
        let body = measure
            .template
            .replace("{agency}", &agency.name)
            .replace("{level}", level.roman())
            .replace("{typhoon}", &typhoon)
            .replace("{due}", &due_at.beijing().strftime("%m月%d日 %H:%M").to_string());
        let plan_version = match it.plan.id == plan.id {
            true => plan.version.clone(),
            false => format!("{}（{} {}）", plan.version, it.plan.title, it.plan.version).into(),
        };
        Some(OrderText {
            plan: Some(plan.id.clone()),
            measure: Some(measure.id.clone()),
            level: Some(level),
            agency: agency.id.clone(),
            platform: agency.platform.clone(),
            channel: measure.channel,
            title: measure.title.clone(),
            body: self.marked(self.limited(body, districts)),
            clause: measure.clause.clone(),
            plan_version,
            supporting: measure.supporting.clone(),
            group: measure.group,
            districts: districts.to_vec(),
            supersedes: None,
            ack_by: now.plus_mins(i64::from(plan.ack_within_mins)),
            due_at,
        })
    }

    fn added_draft(&self, plan: &Plan, it: &AddedOrder, level: ResponseLevel, now: Timestamp) -> Option<Draft> {
        let agency = self.agencies.get(&it.agency)?;
        let text = OrderText {
            plan: Some(plan.id.clone()),
            measure: None,
            level: Some(level),
            agency: agency.id.clone(),
            platform: agency.platform.clone(),
            channel: it.channel,
            title: clipped(&it.title),
            body: self.marked(self.limited(clipped(&it.body).to_string(), &it.districts)),
            clause: format!("审阅时增列：{}", clipped(&it.reason)).into(),
            plan_version: plan.version.clone(),
            supporting: Vec::new(),
            group: 0,
            districts: it.districts.clone(),
            supersedes: None,
            ack_by: now.plus_mins(i64::from(plan.ack_within_mins)),
            due_at: now.plus_mins(i64::from(it.within_mins)),
        };
        Some(Draft {
            text,
            from_level: ResponseLevel::IV,
            within_mins: it.within_mins,
            evacuees: Vec::new(),
            forces: Vec::new(),
            added: Some(it.clone()),
            tightened_by: None,
            has_precondition: false,
            held: None,
        })
    }

    /// The words, with the districts they are limited to.
    fn limited(&self, mut body: String, districts: &[DistrictId]) -> String {
        if !districts.is_empty() {
            let name = |id: &DistrictId| self.districts.get(id).map_or(id.as_str(), |it| &it.name).to_owned();
            let names: Vec<String> = districts.iter().map(name).collect();
            body.push_str(&format!("（范围：{}）", names.join("、")));
        }
        body
    }

    fn marked(&self, mut body: String) -> Text {
        if self.realm == Realm::Exercise {
            body.insert_str(0, EXERCISE_MARK);
        }
        body.into()
    }

    // ---------------------------------------------------------------- groups

    /// A draft waits while an order of an earlier group is unacknowledged, or goes out with it.
    fn hold_later_groups(&self, plan: &PlanId, level: ResponseLevel, drafts: &mut [Draft]) {
        let unanswered = self.first_unanswered_group(plan, level);
        let first = drafts.iter().filter(|it| it.held.is_none()).map(|it| it.text.group).min();
        let first = first.into_iter().chain(unanswered).min();
        for draft in drafts.iter_mut().filter(|it| it.held.is_none()) {
            draft.held = held_words(None, first.is_some_and(|first| draft.text.group > first));
        }
    }

    /// The earliest group, among the orders this level gave, that somebody has not answered yet. One rejected was answered;
    /// one that could not be sent was not, and holds the rest until it is cancelled or they are released by hand.
    fn first_unanswered_group(&self, plan: &PlanId, level: ResponseLevel) -> Option<u8> {
        let of_level = self.orders_of_this_war(plan).filter(|it| it.text.level == Some(level));
        let open = of_level.filter(|it| it.rung < Rung::Acknowledged || it.rung == Rung::Failed);
        open.map(|it| it.text.group).min()
    }

    /// Orders whose wait is over: their group's turn has come and their precondition holds.
    pub(super) fn release_held(&self, now: Timestamp) -> Vec<Event> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let inputs = std::cell::OnceCell::new();
        let ready: Vec<&HeldOrder> = self.held.iter().filter(|it| self.is_ready(it, &inputs, now)).collect();
        self.released(&ready, "前一组已全部签收，前提成立".into(), now)
    }

    fn is_ready(&self, held: &HeldOrder, inputs: &std::cell::OnceCell<Inputs>, now: Timestamp) -> bool {
        let earlier = |it: &HeldOrder| {
            it.plan == held.plan && it.level == held.level && it.group < held.group && !it.has_precondition
        };
        if self.first_unanswered_group(&held.plan, held.level).is_some_and(|it| it < held.group)
            || self.held.iter().any(earlier)
        {
            return false;
        }
        let condition = held.measure.as_ref().and_then(|id| self.measure_of(&held.plan, id));
        let condition = condition.and_then(|it| it.measure.precondition.clone());
        condition.is_none_or(|it| inputs.get_or_init(|| self.inputs(None, now)).truth(&it) == Truth::Holds)
    }

    fn measure_of(&self, plan: &PlanId, id: &MeasureId) -> Option<Effective<'_>> {
        self.effective_measures(self.plans.get(plan)?).into_iter().find(|it| it.measure.id == *id)
    }

    /// By hand: the officer will not wait.
    pub(super) fn release_by_hand(&self, held: &[u64], reason: &Text, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if reason.trim().is_empty() {
            return Err(forbidden("提前发出待发指令要写明原因"));
        }
        let find =
            |number: &u64| self.held.iter().find(|it| it.number == *number).ok_or_else(|| unknown("待发指令", number));
        let held = held.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        changes(!held.is_empty())?;
        Ok(self.released(&held, clipped(reason), now))
    }

    /// The text is made now: deadlines count from when an order goes out.
    fn released(&self, held: &[&HeldOrder], reason: Text, now: Timestamp) -> Vec<Event> {
        if held.is_empty() {
            return Vec::new();
        }
        let mut events = vec![Event::OrdersReleased { held: held.iter().map(|it| it.number).collect(), reason }];
        let texts = held.iter().filter_map(|it| {
            let plan = self.plans.get(&it.plan)?;
            match (&it.measure, &it.added) {
                (Some(id), _) => self.order_text(plan, &self.measure_of(&it.plan, id)?, it.level, &it.districts, now),
                (None, Some(added)) => Some(self.added_draft(plan, added, it.level, now)?.text),
                (None, None) => None,
            }
        });
        let first = self.orders.len() as u64 + 1;
        events.extend((first..).zip(texts).map(|(n, text)| Event::OrderDrafted { order: OrderId(n), text }));
        events
    }

    /// What a switch holds back, as it is remembered.
    pub(super) fn held_order(&self, number: u64, ask: &SheetAsk, draft: &Draft) -> HeldOrder {
        HeldOrder {
            number,
            plan: ask.plan.clone(),
            level: ask.level,
            from_level: draft.from_level,
            group: draft.text.group,
            measure: draft.text.measure.clone(),
            added: draft.added.clone(),
            agency: draft.text.agency.clone(),
            title: draft.text.title.clone(),
            districts: draft.text.districts.clone(),
            has_precondition: draft.has_precondition,
        }
    }
}
