//! Rules for a row of alarms: acknowledged or shelved together, each alarm with its own record.

use super::*;

/// Alarms are shelved with a reason and for two hours at most, and never a red one.
pub(super) fn may_shelve(alarms: &[&Alarm], until: Timestamp, reason: &Text, now: Timestamp) -> Result<(), Refusal> {
    if alarms.iter().any(|it| it.color == WarningColor::Red) {
        return Err(forbidden("红色告警不能搁置：处置它，或请上级降级"));
    }
    if reason.trim().is_empty() {
        return Err(forbidden("搁置告警要写明原因"));
    }
    if until <= now || until > now.plus_mins(MAX_SHELVE_MINS) {
        return Err(absurd("搁置到的时间要在 2 小时之内"));
    }
    Ok(())
}

impl City {
    /// What the state keeps back is not in the row that was pressed: nobody saw it, so nobody acknowledges it so.
    pub(super) fn acknowledge_group(
        &self,
        source: &Source,
        key: &AlarmGroupKey,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let open = self.shown_in(key, now).into_iter().filter(|it| it.acknowledged.is_none());
        let events: Vec<Event> =
            open.map(|it| Event::AlarmAcknowledged { alarm: it.id, seat: seat_of(source) }).collect();
        changes(!events.is_empty())?;
        Ok(events)
    }

    pub(super) fn shelve_group(
        &self,
        key: &AlarmGroupKey,
        until: Timestamp,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let open = self.shown_in(key, now);
        may_shelve(&open, until, reason, now)?;
        let open = open.into_iter().filter(|it| it.shelved_until != Some(until));
        let events: Vec<Event> =
            open.map(|it| Event::AlarmShelved { alarm: it.id, until, reason: clipped(reason) }).collect();
        changes(!events.is_empty())?;
        Ok(events)
    }

    fn shown_in(&self, key: &AlarmGroupKey, now: Timestamp) -> Vec<&Alarm> {
        let mut open = self.alarms_in(key);
        open.retain(|it| self.suppression_of(it, now).is_none());
        open
    }
}
