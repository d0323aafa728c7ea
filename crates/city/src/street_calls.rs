//! 一对一视频调度: a picture asked for from one person in the street, through the platform that reaches them.
//!
//! Asking, every state and the end are records: who looked at whom and why can be told afterwards. The stream's address is
//! not; only the hub knows it, while the call lasts.

use crate::{City, Feed, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};

/// Nobody rings longer, s.
const RING_S: i64 = 90;
/// A call of which nothing was heard for so long is lost, s.
const SILENCE_S: i64 = 120;
/// An exercise's clock runs faster than the people and programs in it.
const EXERCISE_FACTOR: i64 = 60;

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreetCall {
    pub id: StreetCallId,
    pub realm: Realm,
    pub platform: PlatformId,
    pub person: PersonId,
    /// As screens name them.
    pub name: Text,
    pub why: Text,
    pub by: SeatId,
    pub asked_at: Timestamp,
    pub state: StreetCallState,
    pub state_at: Timestamp,
    /// The platform's words.
    pub note: Text,
    /// We hung up; the platform is still to be told.
    pub is_ending: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreetCallState {
    /// Recorded; the platform does not have it yet.
    Asked,
    Ringing,
    Answered,
    Ended,
    Refused,
    NoAnswer,
    Failed,
}

impl StreetCallState {
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Asked | Self::Ringing | Self::Answered)
    }

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Asked => "呼叫中",
            Self::Ringing => "振铃",
            Self::Answered => "已接通",
            Self::Ended => "已结束",
            Self::Refused => "对方拒接",
            Self::NoAnswer => "无人接听",
            Self::Failed => "失败",
        }
    }
}

impl StreetCall {
    /// Stable across restarts and retries.
    pub fn idempotency_key(&self) -> String {
        let realm = match self.realm {
            Realm::Actual => "a",
            Realm::Exercise => "x",
        };
        format!("gulang-{realm}-v{}", self.id)
    }

    pub fn feed(&self) -> Feed {
        Feed::Call(self.id.to_string().into())
    }

    /// Why it is over for want of an answer, if it is; in the clock of its realm.
    pub(crate) fn is_lost(&self, now: Timestamp) -> Option<(StreetCallState, String)> {
        let factor = if self.realm == Realm::Exercise { EXERCISE_FACTOR } else { 1 };
        let (waited_s, quiet_s) = (now.since_ms(self.asked_at) / 1000, now.since_ms(self.state_at) / 1000);
        match self.state {
            _ if self.is_ending && quiet_s > SILENCE_S * factor => {
                Some((StreetCallState::Ended, "平台没有回执，按已挂断处理".into()))
            }
            StreetCallState::Asked if waited_s > RING_S * factor => {
                Some((StreetCallState::Failed, format!("平台 {RING_S} 秒没有应答")))
            }
            StreetCallState::Ringing if waited_s > RING_S * factor => {
                Some((StreetCallState::NoAnswer, format!("{RING_S} 秒无人接听")))
            }
            _ => None,
        }
    }
}

impl City {
    /// Calls that are not over, oldest first. Where their streams are the hub knows.
    pub fn calls_open(&self) -> impl Iterator<Item = &StreetCall> {
        self.street_calls.values().filter(|it| !it.state.is_end())
    }

    /// The call a picture is of.
    pub fn call_of(&self, feed: &Feed) -> Option<&StreetCall> {
        let Feed::Call(id) = feed else { return None };
        self.street_calls.get(&StreetCallId(id.parse().ok()?))
    }
}
