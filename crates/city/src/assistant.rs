//! The language model as the city's rules see it: a help that may be switched off, and at war is off unless an officer
//! switched it on. It acts on nothing, so there is nothing else to rule.

use crate::{City, Timestamp, ids::*};
use serde::{Deserialize, Serialize};

/// Nobody switches it on for longer at a time, minutes.
pub const MAX_ASSISTANT_MINS: i64 = 24 * 60;

/// The last word on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssistantSwitch {
    pub on: bool,
    /// When it no longer counts; none: when the next is said.
    #[serde(default)]
    pub until: Option<Timestamp>,
    pub by: SeatId,
    pub at: Timestamp,
    pub reason: Text,
}

/// Why it is not asked now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssistantOff {
    #[error("「{by}」停用了大模型：{reason}")]
    SwitchedOff { by: SeatId, reason: Text },
    #[error("战时停用大模型；需要时由值班员启用，写明原因")]
    War,
}

impl City {
    /// Whether the language model may be asked now; `in_war` is what the configuration allows by itself.
    pub fn may_ask_assistant(&self, in_war: bool, now: Timestamp) -> Result<(), AssistantOff> {
        let counts = |it: &&AssistantSwitch| it.until.is_none_or(|until| now < until);
        match self.assistant.as_ref().filter(counts) {
            Some(it) if !it.on => Err(AssistantOff::SwitchedOff { by: it.by.clone(), reason: it.reason.clone() }),
            Some(_) => Ok(()),
            None if in_war || !self.is_any_war() => Ok(()),
            None => Err(AssistantOff::War),
        }
    }
}
