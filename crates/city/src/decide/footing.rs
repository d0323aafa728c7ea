//! Rules for the level and the footing: what time alone recommends, who may sign, 平转战, 战转平, countersigning. What two
//! people sign goes through `proposals`.

use super::*;
use crate::plan::what_changed;

/// An override not countersigned by then is told once: a default, not law.
pub const COUNTERSIGN_WITHIN_MINS: i64 = 30;

/// Who signed, and whether one person did what takes two.
pub(super) struct Signed {
    pub seats: Vec<SeatId>,
    pub overridden: bool,
}

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
            (Some(new), Some(old)) if Self::says_the_same(&new, old) => {}
            (Some(recommendation), _) => events.push(Event::LevelRecommended { recommendation }),
        }
        let late = |it: &&Override| {
            it.countersigned.is_none() && !it.is_overdue && now >= it.at.plus_mins(COUNTERSIGN_WITHIN_MINS)
        };
        events.extend(self.overrides.iter().filter(late).map(|it| Event::CountersignOverdue { number: it.number }));
        events.extend(self.expire_proposal(now));
        events.extend(self.release_held(now));
        events
    }

    // ---------------------------------------------------------------- signing

    /// The plan a sheet or a switch may name, with districts, measures and agencies that exist.
    pub(crate) fn switchable(&self, ask: &SheetAsk) -> Result<&Plan, Refusal> {
        let plan = self.plans.get(&ask.plan).ok_or_else(|| unknown("预案", &ask.plan))?;
        if let Some(base) = &plan.extends {
            return Err(forbidden(format!("「{}」是「{base}」的分层预案，随上层启动，不单独启动", plan.title)));
        }
        for district in &ask.districts {
            if !self.districts.contains_key(district) {
                return Err(unknown("区", district));
            }
        }
        if !ask.struck.is_empty() {
            let measures = self.effective_measures(plan);
            for id in &ask.struck {
                if !measures.iter().any(|it| it.measure.id == *id) {
                    return Err(unknown("措施", id));
                }
            }
        }
        for it in &ask.added {
            if !self.agencies.contains_key(&it.agency) {
                return Err(unknown("部门", &it.agency));
            }
            if let Some(district) = it.districts.iter().find(|id| !self.districts.contains_key(*id)) {
                return Err(unknown("区", district));
            }
            if it.title.trim().is_empty() || it.body.trim().is_empty() {
                return Err(forbidden("增列的指令要有标题和内容"));
            }
            if it.reason.trim().is_empty() {
                return Err(forbidden(format!("增列「{}」要写明原因", it.title)));
            }
            if it.within_mins == 0 || i64::from(it.within_mins) > MAX_ORDER_MINS {
                return Err(absurd(format!("增列「{}」的时限要在 1 分钟到 7 天之间", it.title)));
            }
        }
        Ok(plan)
    }

    /// Whether the city or any district is at war.
    pub fn is_any_war(&self) -> bool {
        self.footing.posture == Posture::War || self.footings.values().any(|it| it.posture == Posture::War)
    }

    /// The highest level in force where the ask applies.
    pub(super) fn present_level(&self, districts: &[DistrictId]) -> Option<ResponseLevel> {
        let of_districts = self.footings.iter().filter(|(id, _)| districts.is_empty() || districts.contains(id));
        let of_city = districts.is_empty().then_some(self.footing.level).flatten();
        of_districts.map(|(_, it)| it.level).chain([of_city]).max().flatten()
    }

    pub(crate) fn seats_needed(&self, ask: &SheetAsk) -> u8 {
        people_to_sign(self.present_level(&ask.districts).max(Some(ask.level)))
    }

    /// More than one level up or down, and not what is recommended.
    pub(crate) fn skips_levels(&self, ask: &SheetAsk) -> bool {
        let step = |it: Option<ResponseLevel>| it.map_or(0, |it| it as i32 + 1);
        let is_advised = self.recommendation.as_ref().is_some_and(|it| {
            let of_city = ask.districts.is_empty() && it.plan == ask.plan && it.level == ask.level;
            let advised = |district: &DistrictId| {
                it.advices.iter().any(|it| {
                    it.plan == ask.plan && it.level == Some(ask.level) && it.district.as_ref() == Some(district)
                })
            };
            of_city || (!ask.districts.is_empty() && ask.districts.iter().all(advised))
        });
        !is_advised && (step(self.present_level(&ask.districts)) - step(Some(ask.level))).abs() > 1
    }

    /// Who signs when one seat commands: that seat. Where two people are needed one alone is refused, unless it overrides
    /// with a reason and its role may. The hub, which sits at no seat, signs for one that it names.
    fn check_seats(
        &self,
        source: &Source,
        confirmed_by: &[SeatId],
        level: Option<ResponseLevel>,
        overriding: bool,
        reason: &Text,
    ) -> Result<Signed, Refusal> {
        let mut named = confirmed_by.iter().filter(|it| !it.as_str().trim().is_empty());
        let signs = match source {
            Source::Seat(seat) => Some(seat).filter(|it| !it.as_str().trim().is_empty()),
            Source::Hub | Source::Platform(_) => named.next(),
        };
        let Some(seat) = signs else { return Err(forbidden("要有席位确认")) };
        self.check_entitled(seat, level)?;
        let takes_two = people_to_sign(level) > 1;
        if takes_two && !overriding {
            return Err(Refusal::NeedsTwoSeats { have: 1 });
        }
        if let Some(other) = named.find(|it| *it != seat) {
            return Err(forbidden(format!("席位「{other}」没有在自己的席位上签名，不能代签")));
        }
        if !takes_two {
            return Ok(Signed { seats: vec![seat.clone()], overridden: false });
        }
        let role = self.roles.role_of(seat);
        if !role.overrides {
            return Err(forbidden(format!("角色「{}」不能一人越权启动，要两个人先后签名", role.name)));
        }
        if reason.trim().is_empty() {
            return Err(forbidden("一人越权启动要写明原因，并在事后补签"));
        }
        Ok(Signed { seats: vec![seat.clone()], overridden: true })
    }

    /// Whether a seat's role may sign a level.
    pub(super) fn check_entitled(&self, seat: &SeatId, level: Option<ResponseLevel>) -> Result<(), Refusal> {
        let role = self.roles.role_of(seat);
        if role.signs_up_to.is_none() || role.signs_up_to < level {
            let level = level.map_or("", ResponseLevel::roman);
            return Err(forbidden(format!("席位「{seat}」的角色「{}」不能签{level}级响应", role.name)));
        }
        Ok(())
    }

    // ---------------------------------------------------------------- 平转战

    pub(super) fn switch_to_war(
        &self,
        source: &Source,
        ask: &SheetAsk,
        signing: &Signing<'_>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        self.switchable(ask)?;
        let level = self.present_level(&ask.districts).max(Some(ask.level));
        let signed = self.check_seats(source, signing.confirmed_by, level, signing.overridden, signing.reason)?;
        let switched = self.begin_war(ask, signing, signed, now)?;
        Ok(self.overtake_proposal().into_iter().chain(switched).collect())
    }

    /// The records of a switch that is signed, or why there can be none.
    pub(super) fn begin_war(
        &self,
        ask: &SheetAsk,
        signing: &Signing<'_>,
        signed: Signed,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let plan = self.switchable(ask)?;
        let reason = signing.reason;
        for id in &ask.struck {
            let own = signing.reasons.get(id).map_or("", |it| it.trim());
            if own.is_empty() && reason.trim().is_empty() {
                return Err(forbidden(format!("划去措施 {id} 要写明原因")));
            }
        }
        let drafts = self.drafts(plan, ask, now);
        if let Some(shown) = signing.sheet_version {
            let current = self.sheet_version(&drafts, ask);
            if *shown != current {
                return Err(Refusal::SheetChanged { what: what_changed(shown, &current).into() });
            }
        }
        if self.skips_levels(ask) && reason.trim().is_empty() {
            return Err(forbidden("越级调整响应要写明原因"));
        }
        let is_at = |it: &Footing| {
            it.posture == Posture::War && it.level == Some(ask.level) && it.plan.as_ref() == Some(&ask.plan)
        };
        let is_asked = |id: &DistrictId| ask.districts.is_empty() || ask.districts.contains(id);
        let in_force = (!ask.districts.is_empty() || is_at(&self.footing))
            && self.footings.iter().all(|(id, it)| !is_asked(id) || is_at(it));
        changes(!in_force || !drafts.is_empty())?;

        let mut events = vec![Event::FootingChanged {
            posture: Posture::War,
            level: Some(ask.level),
            plan: Some(ask.plan.clone()),
            districts: ask.districts.clone(),
            confirmed_by: signed.seats,
            reason: clipped(reason),
            overridden: signed.overridden,
            struck: ask
                .struck
                .iter()
                .map(|it| (it.clone(), clipped(signing.reasons.get(it).unwrap_or(reason))))
                .collect(),
        }];
        let mut expected: BTreeMap<(EvacueeClass, &DistrictId), u32> = BTreeMap::new();
        let mut held = Vec::new();
        let mut number = self.orders.len() as u64;
        for draft in &drafts {
            if draft.held.is_some() {
                held.push(self.held_order(self.n_held + held.len() as u64 + 1, ask, draft));
            } else {
                number += 1;
                events.push(Event::OrderDrafted { order: OrderId(number), text: draft.text.clone() });
            }
            for need in &draft.evacuees {
                let total = expected.entry((need.class, &need.district)).or_default();
                *total = total.saturating_add(need.n_people);
            }
        }
        if !held.is_empty() {
            events.push(Event::OrdersHeld { held });
        }
        for ((class, district), n_people) in expected {
            // From peace the count of people begins anew; within a war it adds up.
            let before = match self.is_any_war() {
                false => 0,
                true => self.evacuation.get(&(class, district.clone())).map_or(0, |it| it.expected),
            };
            let n_people = before.saturating_add(n_people);
            events.push(Event::EvacuationExpected { class, district: district.clone(), n_people });
        }
        Ok(events)
    }

    /// 试运行: everything a switch checks but the signatures, and nothing done.
    pub(super) fn dry_run(&self, ask: &SheetAsk, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let sheet = self.sheet(ask, now)?;
        Ok(vec![Event::DryRunMade {
            plan: ask.plan.clone(),
            level: ask.level,
            districts: ask.districts.clone(),
            n_orders: sheet.n_orders,
            n_people: sheet.n_people,
            sheet_version: sheet.version,
        }])
    }

    pub(super) fn countersign(&self, source: &Source, number: u64, note: &Text) -> Result<Vec<Event>, Refusal> {
        let known = self.overrides.iter().find(|it| it.number == number);
        let known = known.ok_or_else(|| unknown("越权启动", number))?;
        changes(known.countersigned.is_none())?;
        let seat = seat_of(source);
        if seat == known.by || self.roles.officer_at(&seat) == self.roles.officer_at(&known.by) {
            return Err(forbidden("补签的要是另一个人"));
        }
        let role = self.roles.role_of(&seat);
        if role.signs_up_to < known.level {
            return Err(forbidden(format!("角色「{}」不能补签这一级响应", role.name)));
        }
        Ok(vec![Event::FootingCountersigned { number, seat, note: clipped(note) }])
    }

    // ---------------------------------------------------------------- 战转平

    /// What a return to peace leaves unfinished; the officer names it as accepted.
    pub fn still_open(&self, districts: &[DistrictId]) -> Vec<OpenItem> {
        let is_here = |it: Option<&DistrictId>| districts.is_empty() || it.is_some_and(|it| districts.contains(it));
        let of_agency = |it: &AgencyId| self.agencies.get(it).and_then(|it| it.district.as_ref());
        let mut open = Vec::new();
        let orders = self.orders.values().filter(|it| !it.rung.is_end() && is_here(of_agency(&it.text.agency)));
        open.extend(orders.map(|it| OpenItem::Order(it.id)));
        let held = self.held.iter().filter(|it| is_here(of_agency(&it.agency)));
        open.extend(held.map(|it| OpenItem::Held(it.number)));
        let out = self.assignments.keys().filter(|it| is_here(self.teams.get(*it).map(|it| &it.district)));
        open.extend(out.map(|it| OpenItem::Team(it.clone())));
        let away = self.evacuation.iter().filter(|((_, district), it)| it.away() > 0 && is_here(Some(district)));
        open.extend(away.map(|((class, district), _)| OpenItem::People(*class, district.clone())));
        if districts.is_empty() {
            let closures = self.markings.values().filter(|it| matches!(it.kind, MarkingKind::Closure { .. }));
            open.extend(closures.map(|it| OpenItem::Closure(it.id)));
            let unsigned = self.overrides.iter().filter(|it| it.countersigned.is_none());
            open.extend(unsigned.map(|it| OpenItem::Countersignature(it.number)));
        }
        open
    }

    /// An open item in the officer's words.
    pub fn open_item_text(&self, item: &OpenItem) -> String {
        match item {
            OpenItem::Order(id) => {
                let title = self.orders.get(id).map_or("", |it| &it.text.title);
                format!("指令 {id} {title} 未完成")
            }
            OpenItem::Held(number) => {
                let title = self.held.iter().find(|it| it.number == *number).map_or("", |it| &it.title);
                format!("待发指令 {title}")
            }
            OpenItem::Team(id) => {
                let name = self.teams.get(id).map_or(id.as_str(), |it| &it.name);
                format!("队伍 {name} 未归队")
            }
            OpenItem::People(class, district) => {
                let n = self.evacuation.get(&(*class, district.clone())).map_or(0, |it| it.away());
                let name = self.districts.get(district).map_or(district.as_str(), |it| &it.name);
                format!("{name}{} {n} 人未返回", class.name_zh())
            }
            OpenItem::Closure(id) => format!("管制 {id} 未解除"),
            OpenItem::Countersignature(number) => format!("第 {number} 次越权启动没有补签"),
        }
    }

    /// Known districts, and a war in one of them to end.
    fn check_at_war(&self, districts: &[DistrictId]) -> Result<(), Refusal> {
        for district in districts {
            if !self.districts.contains_key(district) {
                return Err(unknown("区", district));
            }
        }
        let is_asked = |id: &DistrictId| districts.is_empty() || districts.contains(id);
        let is_war = self.footings.iter().any(|(id, it)| is_asked(id) && it.posture == Posture::War)
            || (districts.is_empty() && self.footing.posture == Posture::War);
        changes(is_war)
    }

    /// Symmetrical to the switch: leaving Ⅰ or Ⅱ takes two people as well, and what is open is named.
    pub(super) fn stand_down(
        &self,
        source: &Source,
        districts: &[DistrictId],
        accepted: &[OpenItem],
        signing: &Signing<'_>,
    ) -> Result<Vec<Event>, Refusal> {
        self.check_at_war(districts)?;
        let level = self.present_level(districts);
        let signed = self.check_seats(source, signing.confirmed_by, level, signing.overridden, signing.reason)?;
        let switched = self.begin_peace(districts, accepted, signing, signed)?;
        Ok(self.overtake_proposal().into_iter().chain(switched).collect())
    }

    /// The records of a return to peace that is signed, or why there can be none.
    pub(super) fn begin_peace(
        &self,
        districts: &[DistrictId],
        accepted: &[OpenItem],
        signing: &Signing<'_>,
        signed: Signed,
    ) -> Result<Vec<Event>, Refusal> {
        self.check_at_war(districts)?;
        let level = self.present_level(districts);
        let reason = signing.reason;
        if level > Some(ResponseLevel::IV) && reason.trim().is_empty() {
            return Err(forbidden("由Ⅳ级以上直接转平时要写明原因"));
        }
        let accepted: BTreeSet<&OpenItem> = accepted.iter().collect();
        let left: Vec<OpenItem> = self.still_open(districts).into_iter().filter(|it| !accepted.contains(it)).collect();
        if !left.is_empty() {
            let words: Vec<String> = left.iter().take(5).map(|it| self.open_item_text(it)).collect();
            let more = if left.len() > 5 { "……" } else { "" };
            let words = words.join("；");
            return Err(forbidden(format!("还有 {} 件未了结，要逐件认可：{words}{more}", left.len())));
        }
        let reason = clipped(reason);
        let mut events = vec![Event::FootingChanged {
            posture: Posture::Peace,
            level: None,
            plan: None,
            districts: districts.to_vec(),
            confirmed_by: signed.seats,
            reason: reason.clone(),
            overridden: signed.overridden,
            struck: Vec::new(),
        }];
        let note: Text = if reason.is_empty() { "战转平".into() } else { reason };
        let is_here = |it: &Order| {
            districts.is_empty()
                || self
                    .agencies
                    .get(&it.text.agency)
                    .and_then(|it| it.district.as_ref())
                    .is_some_and(|it| districts.contains(it))
        };
        for order in self.orders.values().filter(|it| !it.rung.is_end() && is_here(it)) {
            events.extend(self.cancel(order, &note));
        }
        Ok(events)
    }
}

/// Ⅰ and Ⅱ take two people, to enter and to leave. `level` is the higher of what is left and what is entered.
pub(super) fn people_to_sign(level: Option<ResponseLevel>) -> u8 {
    if level >= Some(ResponseLevel::II) { 2 } else { 1 }
}

/// How a change of footing is signed: the fields of its command.
pub(super) struct Signing<'a> {
    pub confirmed_by: &'a [SeatId],
    pub reason: &'a Text,
    /// Why each measure was struck.
    pub reasons: &'a BTreeMap<MeasureId, Text>,
    pub overridden: bool,
    pub sheet_version: Option<&'a Text>,
}
