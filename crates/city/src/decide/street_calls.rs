//! Rules for one-to-one video, and for who is on duty in the grid.

use super::*;

/// More at once nobody in the hall can talk to.
const MAX_OPEN_CALLS: usize = 16;
const MAX_DUTIES: usize = 50_000;

impl City {
    pub(super) fn ask_call(
        &self,
        source: &Source,
        person: &PersonId,
        why: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let known = self.grid.person(person).ok_or_else(|| unknown("网格人员", person))?;
        if self.grid.platform.is_empty() {
            return Err(forbidden("没有配置一对一视频的平台（grid.json 的 platform）"));
        }
        if why.trim().is_empty() {
            return Err(forbidden("一对一视频要写明事由"));
        }
        if let Some(open) = self.calls_open().find(|it| it.person == *person) {
            return Err(forbidden(format!("{}的通话{}，先挂断", open.name, open.state.name_zh())));
        }
        if self.calls_open().count() >= MAX_OPEN_CALLS {
            return Err(forbidden(format!("同时最多 {MAX_OPEN_CALLS} 路一对一视频")));
        }
        let call = StreetCall {
            id: StreetCallId(self.street_calls.len() as u64 + 1),
            realm: self.realm,
            platform: PlatformId(self.grid.platform.clone()),
            person: person.clone(),
            name: known.shown().into(),
            why: clipped(why),
            by: seat_of(source),
            asked_at: now,
            state: StreetCallState::Asked,
            state_at: now,
            note: "".into(),
            is_ending: false,
        };
        Ok(vec![Event::StreetCallAsked { call }])
    }

    /// Hangs up. Before the platform has it, it is over at once.
    pub(super) fn end_street_call(&self, id: StreetCallId) -> Result<Vec<Event>, Refusal> {
        let call = self.street_calls.get(&id).ok_or_else(|| unknown("通话", id))?;
        if call.state.is_end() {
            return Err(forbidden(format!("通话{}", call.state.name_zh())));
        }
        changes(!call.is_ending)?;
        Ok(vec![Event::StreetCallEnding { call: id }])
    }

    /// The platform's word. A call only goes forwards, and what is over stays over.
    pub(super) fn report_video_call(
        &self,
        source: &Source,
        id: StreetCallId,
        state: StreetCallState,
        note: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        let call = self.street_calls.get(&id).ok_or_else(|| unknown("通话", id))?;
        if let Source::Platform(platform) = source
            && *platform != call.platform
        {
            return Err(forbidden(format!("通话 {id} 不归平台 {platform}")));
        }
        changes(!call.state.is_end())?;
        if state == StreetCallState::Asked || state < call.state {
            return Err(stale(format!("通话{}，回报的是{}", call.state.name_zh(), state.name_zh())));
        }
        changes(call.state != state)?;
        Ok(vec![Event::StreetCallReported { call: id, state, note: clipped(note) }])
    }

    pub(super) fn tick_street_calls(&self, now: Timestamp) -> Vec<Event> {
        let lost = self.calls_open().filter_map(|it| {
            let (state, note) = it.is_lost(now)?;
            Some(Event::StreetCallReported { call: it.id, state, note: note.into() })
        });
        lost.collect()
    }

    /// Who is on duty, whole. The same again is no news, however often the platform says it.
    pub(super) fn report_roster(&self, roster: &Roster, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        check_past(roster.as_of, now, "值班表时间")?;
        if roster.duties.len() > MAX_DUTIES {
            return Err(absurd(format!("值班表超过 {MAX_DUTIES} 行")));
        }
        let mut roster = roster.clone();
        roster.duties.retain(|it| {
            it.from < it.until && self.grid.cell(&it.cell).is_some() && self.grid.person(&it.person).is_some()
        });
        roster.duties.sort();
        roster.duties.dedup();
        if let Some(known) = &self.roster {
            if roster.as_of < known.as_of {
                return Err(stale("已有更晚的值班表".into()));
            }
            // An unchanged one is told again now and then, so that it does not look old.
            changes(known.duties != roster.duties || roster.as_of.since_ms(known.as_of) > 6 * 3_600_000)?;
        }
        Ok(vec![Event::RosterTold { roster }])
    }
}
