//! Rules for forces: needs raised and closed, teams sent to them, and those out who must speak.

use super::*;

/// Of one need.
const MAX_TEAMS_WANTED: u32 = 50;
/// More at once nobody can command.
const MAX_OPEN_NEEDS: usize = 500;

impl City {
    #[expect(clippy::too_many_arguments, reason = "the fields of one command")]
    pub(super) fn raise_need(
        &self,
        source: &Source,
        what: Capability,
        how_many: u32,
        at: LonLat,
        why: &Text,
        from_order: Option<OrderId>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if !(1..=MAX_TEAMS_WANTED).contains(&how_many) {
            return Err(absurd(format!("一处需求要 1–{MAX_TEAMS_WANTED} 支队伍，不是 {how_many}")));
        }
        if !at.is_sane() || at.distance_m(self.center) > MAX_CASE_DISTANCE_M {
            return Err(absurd(format!("需求坐标 {}, {} 不在本市一带", at.0, at.1)));
        }
        if why.trim().is_empty() {
            return Err(forbidden("需求要写明缘由"));
        }
        if let Some(order) = from_order {
            self.open_order(order)?;
        }
        if self.needs.values().filter(|it| it.is_open()).count() >= MAX_OPEN_NEEDS {
            return Err(forbidden(format!("未了结的需求已有 {MAX_OPEN_NEEDS} 处，先了结一些")));
        }
        let need = Need {
            id: NeedId(self.needs.len() as u64 + 1),
            what,
            how_many,
            at: at.rounded(),
            why: clipped(why),
            from_order,
            by: seat_of(source),
            raised_at: now,
            teams: Vec::new(),
            met_at: None,
            closed: None,
        };
        Ok(vec![Event::NeedRaised { need }])
    }

    /// Closing sends home whoever is out for it.
    pub(super) fn close_need(&self, id: NeedId, reason: &Text) -> Result<Vec<Event>, Refusal> {
        let need = self.open_need(id)?;
        if reason.trim().is_empty() {
            return Err(forbidden("了结需求要写明原因"));
        }
        let mut events: Vec<Event> = need.teams.iter().map(|team| Event::TeamReleased { team: team.clone() }).collect();
        events.push(Event::NeedClosed { need: id, reason: clipped(reason) });
        Ok(events)
    }

    /// What an ended order leaves of the needs it raised. Its teams are released with the order.
    pub(super) fn close_needs_of(&self, order: OrderId, note: &Text) -> impl Iterator<Item = Event> {
        let note = if note.trim().is_empty() { "指令已撤销".into() } else { note.clone() };
        let of_it = self.needs.values().filter(move |it| it.is_open() && it.from_order == Some(order));
        of_it.map(move |it| Event::NeedClosed { need: it.id, reason: note.clone() })
    }

    /// The whole list or none of it; the refusal names the pair.
    pub(super) fn assign_teams(
        &self,
        pairs: &[(TeamId, NeedId)],
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if pairs.is_empty() {
            return Err(Refusal::NoChange);
        }
        if pairs.len() > MAX_PLANNED {
            return Err(absurd(format!("一次最多派 {MAX_PLANNED} 支队伍，不是 {}", pairs.len())));
        }
        let mut events = Vec::new();
        let mut used: BTreeSet<&TeamId> = BTreeSet::new();
        let mut n_sent: BTreeMap<NeedId, u32> = BTreeMap::new();
        for (i, (id, need)) in pairs.iter().enumerate() {
            let refused = |why: String| forbidden(format!("第 {} 条（{id} → 需求 {need}）：{why}，整单未派", i + 1));
            let team = self.teams.get(id).ok_or_else(|| refused("没有这支队伍".into()))?;
            if self.is_withdrawn(RegisterKind::Teams, id.as_str()) {
                return Err(refused(format!("{}已撤除登记", team.name)));
            }
            let need = self.needs.get(need).ok_or_else(|| refused("没有这处需求".into()))?;
            if !need.is_open() {
                return Err(refused("需求已了结".into()));
            }
            if let Some((_, purpose)) = self.assignments.get(id) {
                return Err(refused(format!("{}已有任务「{purpose}」，先归队再派", team.name)));
            }
            if !used.insert(id) {
                return Err(refused(format!("{}在单上出现两次", team.name)));
            }
            let n = n_sent.entry(need.id).or_default();
            *n += 1;
            if *n > need.n_short() {
                return Err(refused(format!("这处需求只缺 {} 队", need.n_short())));
            }
            if team.fit(need.what).is_none() && reason.trim().is_empty() {
                let (have, want) = (team.what_zh(), need.what.name_zh());
                return Err(refused(format!("{}是{have}，需要{want}；坚持要派请写明理由", team.name)));
            }
            events.push(Event::TeamSent {
                team: id.clone(),
                need: need.id,
                order: need.from_order,
                purpose: need.why.clone(),
                reason: clipped(reason),
                check_in_by: self.next_check_in(now),
            });
        }
        let met = n_sent.iter().filter(|(id, n)| self.needs.get(*id).is_some_and(|it| it.n_short() == **n));
        events.extend(met.map(|(id, _)| Event::NeedMet { need: *id }));
        Ok(events)
    }

    pub(super) fn check_in(
        &self,
        source: &Source,
        team: &TeamId,
        note: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if !self.teams.contains_key(team) {
            return Err(unknown("队伍", team));
        }
        if !self.outings.contains_key(team) {
            // It was called home, and its platform did not know yet.
            if matches!(source, Source::Platform(_)) {
                return Err(stale("队伍已经收回".into()));
            }
            return Err(forbidden("队伍没有外出任务，不用报到"));
        }
        Ok(vec![Event::CheckedIn { team: team.clone(), note: clipped(note), next_by: self.next_check_in(now) }])
    }

    /// Part of the tick: whoever did not speak in time, once per interval.
    pub(super) fn missed_check_ins(&self, now: Timestamp) -> impl Iterator<Item = Event> {
        let late = self.outings.iter().filter(move |(_, it)| now > it.check_in_by);
        late.map(move |(team, it)| Event::CheckInMissed {
            team: team.clone(),
            due: it.check_in_by,
            n_missed: it.n_missed.saturating_add(1),
            next_by: self.next_check_in(now),
        })
    }

    fn next_check_in(&self, now: Timestamp) -> Timestamp {
        now.plus_mins(i64::from(self.force_rules.check_in_mins))
    }

    fn open_need(&self, id: NeedId) -> Result<&Need, Refusal> {
        let need = self.needs.get(&id).ok_or_else(|| unknown("需求", id))?;
        if !need.is_open() {
            return Err(forbidden("需求已经了结"));
        }
        Ok(need)
    }
}
