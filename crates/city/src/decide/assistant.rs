//! Rules for switching the language model.

use super::*;

impl City {
    pub(super) fn switch_assistant(
        &self,
        source: &Source,
        on: bool,
        until: Option<Timestamp>,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if reason.trim().is_empty() {
            return Err(forbidden("启停大模型要写明原因"));
        }
        match until {
            None if on => return Err(forbidden("启用大模型要写明到几时")),
            Some(until) if until <= now => return Err(absurd("启停大模型的时限已经过了")),
            Some(until) if on && until > now.plus_mins(MAX_ASSISTANT_MINS) => {
                return Err(forbidden(format!("大模型一次最多启用 {} 小时", MAX_ASSISTANT_MINS / 60)));
            }
            Some(until) => check_ahead(until, now, "启停大模型的时限")?,
            None => {}
        }
        let (by, reason) = (seat_of(source), clipped(reason));
        let same = |it: &AssistantSwitch| it.on == on && it.until == until;
        changes(!self.assistant.as_ref().is_some_and(same))?;
        Ok(vec![Event::AssistantSwitched { switch: AssistantSwitch { on, until, by, at: now, reason } }])
    }
}
