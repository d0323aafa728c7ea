//! 自报案件与办理: cases found here and reported to the case platform, what officers do on a platform's case beside handing
//! it round, and the platform's answers to what was applied for.
//!
//! A case found here is a record first and owed to the platform until it gave a number of its own ([`crate::Telling`]); then
//! it comes back with all other cases and is known by that number ([`City::case_of_own`]).

use crate::{apply::external_key, ids::*, model::*, *};
use serde::{Deserialize, Serialize};

/// Pictures with one report or step, at most.
pub const MAX_CASE_MEDIA: usize = 9;

/// What was found, before any platform knows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundCase {
    /// The picture analysis that found it, by its own number.
    #[serde(default)]
    pub detection: Option<u64>,
    pub kind: CaseKind,
    pub title: Text,
    pub address: Text,
    /// WGS-84.
    pub at: LonLat,
    pub district: DistrictId,
    /// Who should handle it, as proposed to the platform.
    pub agency: AgencyId,
    pub color: WarningColor,
    /// Names of pictures the hub keeps.
    #[serde(default)]
    pub media: Vec<Text>,
}

/// A case found here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnCase {
    pub id: OwnCaseId,
    pub realm: Realm,
    /// Whom it is reported to.
    pub platform: PlatformId,
    pub found: FoundCase,
    pub by: SeatId,
    pub opened_at: Timestamp,
    /// The platform's number and task number, and when it took the case.
    pub taken: Option<TakenCase>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenCase {
    pub external: Text,
    /// Empty where the platform gives none.
    pub task: Text,
    pub at: Timestamp,
}

/// What is done on a platform's case, as that platform is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseStep {
    /// 签收.
    Sign,
    /// 处置反馈.
    Dispose,
    /// 核查反馈: it was looked at on the spot.
    Check { passed: bool },
    /// 评价, 1–5.
    Evaluate { score: u8 },
}

impl CaseStep {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Sign => "签收",
            Self::Dispose => "处置反馈",
            Self::Check { passed: true } => "核查通过",
            Self::Check { passed: false } => "核查不通过",
            Self::Evaluate { .. } => "评价",
        }
    }

    /// The stages in which it makes sense.
    pub fn fits(self, stage: CaseStage) -> bool {
        match self {
            Self::Sign => stage == CaseStage::Dispatched,
            Self::Dispose => matches!(stage, CaseStage::Dispatched | CaseStage::Handled),
            Self::Check { .. } => matches!(stage, CaseStage::Handled | CaseStage::Fedback),
            Self::Evaluate { .. } => matches!(stage, CaseStage::Closed | CaseStage::Evaluated),
        }
    }
}

/// A step as it was taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTaken {
    pub step: CaseStep,
    pub by: SeatId,
    pub at: Timestamp,
    pub note: Text,
    pub media: Vec<Text>,
}

/// What was applied for, and may be denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseAsk {
    /// 退回, and 转派 which goes with it.
    Rollback,
    /// 延期.
    Postpone,
    /// 作废.
    Cancel,
}

impl CaseAsk {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Rollback => "退回",
            Self::Postpone => "延期",
            Self::Cancel => "作废",
        }
    }
}

/// The platform's answer to an application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseReply {
    pub ask: CaseAsk,
    pub allowed: bool,
    pub reason: Text,
    /// By the platform's clock.
    pub at: Timestamp,
}

impl City {
    /// The case a platform made of one found here; none before it was taken and told back.
    pub fn case_of_own(&self, own: &OwnCase) -> Option<&Case> {
        let key = external_key(&own.platform, &own.taken.as_ref()?.external);
        self.cases.get(self.case_by_external.get(&key)?)
    }

    /// The report a platform's case began as, if it was found here.
    pub fn own_of_case(&self, case: &Case) -> Option<&OwnCase> {
        let is_of = |it: &&OwnCase| {
            it.platform == case.report.platform
                && it.taken.as_ref().is_some_and(|taken| taken.external == case.report.external)
        };
        self.own_cases.values().rev().find(is_of)
    }

    /// Reported by nobody yet, oldest first.
    pub fn own_cases_waiting(&self) -> impl Iterator<Item = &OwnCase> {
        self.own_cases.values().filter(|it| it.taken.is_none())
    }

    /// Part of the fold: what was denied is taken back here too.
    pub(crate) fn take_reply(&mut self, id: CaseId, reply: &CaseReply) {
        let Some(case) = self.cases.get_mut(&id) else { return };
        case.history.replies.push(reply.clone());
        if reply.allowed {
            return;
        }
        match reply.ask {
            // Where it stands the platform itself says.
            CaseAsk::Rollback => {}
            CaseAsk::Postpone => {
                if let Some(due_at) = case.history.due_before.take() {
                    case.report.due_at = due_at;
                    case.history.n_postponed = case.history.n_postponed.saturating_sub(1);
                }
            }
            CaseAsk::Cancel => {
                if case.history.cancelled.take().is_some() {
                    let stage = case.stage;
                    self.n_cases_cancelled = self.n_cases_cancelled.saturating_sub(1);
                    let n = &mut self.n_cases_by_stage[stage as usize];
                    *n = n.saturating_add(1);
                }
            }
        }
    }
}
