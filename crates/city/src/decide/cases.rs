//! Rules for what officers do to a case: 退回, 转派, 延期, 作废. 督办 and 催办 need no more than an open case.

use super::*;

impl City {
    /// 退回: back to 派遣, to do again; to another agency if one is named.
    pub(super) fn return_case(
        &self,
        id: CaseId,
        to: Option<&AgencyId>,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let case = self.open_case(id)?;
        need_reason(reason, "退回")?;
        if case.stage < CaseStage::Dispatched {
            return Err(forbidden(format!("案件还在{}，没有派遣，谈不上退回", case.stage.name_zh())));
        }
        let mut events = vec![Event::CaseReturned { case: id, reason: clipped(reason), at: now }];
        if let Some(to) = to {
            events.push(self.transferred(case, to, reason, now)?);
        }
        Ok(events)
    }

    /// 转派: another agency handles it.
    pub(super) fn transfer_case(
        &self,
        id: CaseId,
        to: &AgencyId,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let case = self.open_case(id)?;
        need_reason(reason, "转派")?;
        Ok(vec![self.transferred(case, to, reason, now)?])
    }

    /// 延期: later than now and than it was due, so often and so far as the rules let.
    pub(super) fn postpone_case(
        &self,
        id: CaseId,
        due_at: Timestamp,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let case = self.open_case(id)?;
        need_reason(reason, "延期")?;
        let rules = &self.case_rules;
        if case.history.n_postponed >= rules.max_postponed {
            return Err(forbidden(format!("已延期 {} 次，不能再延", case.history.n_postponed)));
        }
        if due_at <= now || due_at <= case.report.due_at {
            return Err(absurd(format!("新期限要晚于现在和原期限 {}", case.report.due_at.to_beijing_text())));
        }
        let first = case.history.first_due_at.unwrap_or(case.report.due_at);
        // A case long overdue is counted from now.
        let latest = first.max(now).plus_mins(i64::from(rules.max_postponed_hours) * 60);
        if due_at > latest {
            return Err(absurd(format!("最迟延到 {}", latest.to_beijing_text())));
        }
        Ok(vec![Event::CasePostponed { case: id, due_at, reason: clipped(reason) }])
    }

    /// 作废.
    pub(super) fn cancel_case(&self, id: CaseId, reason: &Text, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.open_case(id)?;
        need_reason(reason, "作废")?;
        Ok(vec![Event::CaseCancelled { case: id, reason: clipped(reason), at: now }])
    }

    /// A platform's news of a case we know: another agency, a later stage, or nothing.
    pub(super) fn news_of_case(
        &self,
        case: &Case,
        report: &CaseReport,
        stage: CaseStage,
        stage_at: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if case.is_cancelled() {
            return Err(stale("案件已作废".into()));
        }
        let mut events = Vec::new();
        // An old page told again names the old agency; only what is newer than what we know is a transfer.
        let known_at = case.history.transfers.last().map_or(case.stage_at, |it| it.at.max(case.stage_at));
        if report.agency != case.report.agency && stage_at > known_at && stage >= case.stage && case.is_open() {
            events.push(self.transferred(case, &report.agency, &"平台转派".into(), stage_at)?);
        }
        if stage > case.stage {
            events.push(Event::CaseAdvanced { case: case.id, stage, at: stage_at });
        } else if stage < case.stage {
            return Err(stale(format!("案件已到{}，回报的是{}", case.stage.name_zh(), stage.name_zh())));
        }
        changes(!events.is_empty())?;
        Ok(events)
    }

    fn transferred(&self, case: &Case, to: &AgencyId, reason: &Text, at: Timestamp) -> Result<Event, Refusal> {
        if !self.agencies.contains_key(to) {
            return Err(unknown("部门", to));
        }
        changes(*to != case.report.agency)?;
        let from = case.report.agency.clone();
        Ok(Event::CaseTransferred {
            case: case.id,
            transfer: Transfer { from, to: to.clone(), at, reason: clipped(reason) },
        })
    }
}

fn need_reason(reason: &Text, what: &str) -> Result<(), Refusal> {
    if reason.trim().is_empty() {
        return Err(forbidden(format!("{what}要写明原因")));
    }
    Ok(())
}
