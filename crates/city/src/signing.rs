//! 会签: what two people at two seats sign, one after the other.
//!
//! A switch at Ⅰ or Ⅱ is proposed by the seat that signs first and waits, whole, in the city: what was asked, why, and the
//! version of the sheet that was seen. It happens when another officer co-signs it at another seat, and not before. There is
//! one proposal at a time; a newer one takes the older's place. The rules are in `decide/proposals`.

use crate::{Command, OpenItem, SheetAsk, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A change of footing as it is asked for: all that [`Command::SwitchToWar`] or [`Command::StandDown`] carry but who signs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// 平转战 or a change of level.
    ToWar {
        ask: SheetAsk,
        reason: Text,
        /// Why each measure was struck; `reason` where it says nothing.
        #[serde(default)]
        reasons: BTreeMap<MeasureId, Text>,
        /// The version of the sheet that was seen; none is the sheet as it is when it is proposed.
        #[serde(default)]
        sheet_version: Option<Text>,
    },
    /// 战转平.
    ToPeace {
        /// Empty means the whole city.
        #[serde(default)]
        districts: Vec<DistrictId>,
        reason: Text,
        /// What stays open, named.
        #[serde(default)]
        accepted: Vec<OpenItem>,
    },
}

impl Switch {
    /// The command of the change itself, by its name in JSON: a role that may not give it may not sign for it either.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ToWar { .. } => "switch_to_war",
            Self::ToPeace { .. } => "stand_down",
        }
    }

    /// The level switched to; `None` is the return to peace.
    pub fn level(&self) -> Option<ResponseLevel> {
        match self {
            Self::ToWar { ask, .. } => Some(ask.level),
            Self::ToPeace { .. } => None,
        }
    }

    /// Empty means the whole city.
    pub fn districts(&self) -> &[DistrictId] {
        match self {
            Self::ToWar { ask, .. } => &ask.districts,
            Self::ToPeace { districts, .. } => districts,
        }
    }

    pub fn reason(&self) -> &Text {
        match self {
            Self::ToWar { reason, .. } | Self::ToPeace { reason, .. } => reason,
        }
    }

    /// In few words: `Ⅰ级响应`, `战转平`.
    pub fn name_zh(&self) -> String {
        self.level().map_or_else(|| "战转平".to_owned(), |level| format!("{}级响应", level.roman()))
    }

    /// The command one seat gives alone: at Ⅲ and Ⅳ, or as an override.
    pub fn by_one(self, seat: &SeatId, overridden: bool) -> Command {
        let confirmed_by = vec![seat.clone()];
        match self {
            Self::ToWar { ask, reason, reasons, sheet_version } => Command::SwitchToWar {
                plan: ask.plan,
                level: ask.level,
                districts: ask.districts,
                struck: ask.struck,
                added: ask.added,
                confirmed_by,
                reason,
                reasons,
                sheet_version,
                overridden,
            },
            Self::ToPeace { districts, reason, accepted } => {
                Command::StandDown { districts, confirmed_by, reason, accepted, overridden }
            }
        }
    }
}

/// Who signed, where and when. The officer's name is the roles' at that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub seat: SeatId,
    pub officer: Text,
    pub at: Timestamp,
}

/// A switch that one seat signed and that waits for another's signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Counted from 1 in this city's log.
    pub number: u64,
    pub signed: Signature,
    /// From then on it cannot be co-signed any more.
    pub expires_at: Timestamp,
    pub switch: Switch,
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalEnd {
    /// The records of the switch follow.
    CoSigned,
    Declined,
    Withdrawn,
    /// A newer proposal took its place, or the footing was changed without it.
    Superseded,
    Expired,
}

impl ProposalEnd {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::CoSigned => "已会签",
            Self::Declined => "不同意",
            Self::Withdrawn => "已撤回",
            Self::Superseded => "已被取代",
            Self::Expired => "已过期",
        }
    }
}

/// The last proposal that waits no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosedProposal {
    pub number: u64,
    /// Who had proposed it.
    pub signed: Signature,
    pub how: ProposalEnd,
    /// Who ended it; none if time or a change of footing did.
    pub by: Option<Signature>,
    pub at: Timestamp,
    pub reason: Text,
}

/// What a city decides for itself about signing (`rules/signing.toml`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SigningRules {
    /// Where these figures come from, as screens show it.
    pub basis: Text,
    /// Nobody here has confirmed them.
    pub is_default: bool,
    /// How long a proposal waits for the second signature, minutes.
    pub proposal_mins: u32,
    /// The same in an exercise, by the exercise's clock: it runs faster than people walk to another seat.
    pub exercise_proposal_mins: u32,
}

impl Default for SigningRules {
    fn default() -> Self {
        Self { basis: "默认值，非规定".into(), is_default: true, proposal_mins: 10, exercise_proposal_mins: 600 }
    }
}

impl SigningRules {
    /// What is absurd in it, if anything.
    pub fn fault(&self) -> Option<String> {
        if !(1..=24 * 60).contains(&self.proposal_mins) {
            return Some("proposal_mins is not 1 to 1440".into());
        }
        if !(1..=7 * 24 * 60).contains(&self.exercise_proposal_mins) {
            return Some("exercise_proposal_mins is not 1 to 10080".into());
        }
        None
    }

    /// How long a proposal waits in a realm, minutes.
    pub fn mins_in(&self, realm: Realm) -> u32 {
        match realm {
            Realm::Actual => self.proposal_mins,
            Realm::Exercise => self.exercise_proposal_mins,
        }
    }
}
