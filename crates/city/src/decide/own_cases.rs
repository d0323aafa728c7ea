//! Rules for cases found here, for steps on a platform's case, and for what the platform answers.

use super::*;

impl City {
    /// Reports a case found here to the city's case platform.
    pub(super) fn open_own_case(
        &self,
        source: &Source,
        found: FoundCase,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if found.title.trim().is_empty() {
            return Err(absurd("案件要有标题"));
        }
        if !found.at.is_sane() || found.at.distance_m(self.center) > MAX_CASE_DISTANCE_M {
            return Err(absurd(format!("案件坐标 {}, {} 不在本市一带", found.at.0, found.at.1)));
        }
        if !self.districts.contains_key(&found.district) {
            return Err(unknown("区", &found.district));
        }
        if !self.agencies.contains_key(&found.agency) {
            return Err(unknown("部门", &found.agency));
        }
        check_media(&found.media)?;
        if let Some(detection) = found.detection
            && let Some(known) = self.own_cases.values().find(|it| it.found.detection == Some(detection))
        {
            return Err(forbidden(format!("识别 {detection} 已经上报为自报案件 {}", known.id)));
        }
        let found = FoundCase {
            title: clipped(&found.title),
            address: clipped(&found.address),
            at: found.at.rounded(),
            ..found
        };
        let own = OwnCase {
            id: OwnCaseId(self.own_cases.len() as u64 + 1),
            realm: self.realm,
            platform: self.case_rules.report_to.clone(),
            found,
            by: seat_of(source),
            opened_at: now,
            taken: None,
        };
        Ok(vec![Event::OwnCaseOpened { own: Box::new(own) }])
    }

    /// The platform's receipt for it: its number, and that it was told.
    pub(super) fn report_own_case(
        &self,
        source: &Source,
        id: OwnCaseId,
        external: &Text,
        task: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        let own = self.own_cases.get(&id).ok_or_else(|| unknown("自报案件", id))?;
        if let Source::Platform(platform) = source
            && *platform != own.platform
        {
            return Err(forbidden(format!("自报案件 {id} 不归平台 {platform}")));
        }
        changes(own.taken.is_none())?;
        if external.is_empty() || external.chars().count() > 128 {
            return Err(absurd("案件号要有 1–128 个字"));
        }
        let mut events = vec![Event::OwnCaseTaken { own: id, external: external.clone(), task: clipped(task) }];
        let owed = self.untold.values().find(|it| matches!(&it.news, News::CaseFound { own, .. } if *own == id));
        events.extend(owed.map(|it| Event::PlatformTold { telling: it.number }));
        Ok(events)
    }

    /// 签收、处置反馈、核查、评价 by a seat, for the platform to be told.
    pub(super) fn step_case(
        &self,
        source: &Source,
        id: CaseId,
        step: CaseStep,
        note: &Text,
        media: &[Text],
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let case = self.cases.get(&id).ok_or_else(|| unknown("案件", id))?;
        if case.is_cancelled() {
            return Err(forbidden("案件已经作废"));
        }
        if !step.fits(case.stage) {
            return Err(forbidden(format!("案件在{}，不能{}", case.stage.name_zh(), step.name_zh())));
        }
        let needs_words = matches!(step, CaseStep::Dispose | CaseStep::Check { .. });
        if needs_words && note.trim().is_empty() {
            return Err(forbidden(format!("{}要写明情况", step.name_zh())));
        }
        if let CaseStep::Evaluate { score } = step
            && !(1..=5).contains(&score)
        {
            return Err(absurd("评价要在 1 到 5 分之间"));
        }
        check_media(media)?;
        let is_signed = case.history.steps.iter().any(|it| it.step == CaseStep::Sign && it.at >= case.stage_at);
        changes(step != CaseStep::Sign || !is_signed)?;
        let taken = StepTaken { step, by: seat_of(source), at: now, note: clipped(note), media: media.to_vec() };
        Ok(vec![Event::CaseStepTaken { case: id, taken }])
    }

    /// Allowed, or denied: then what was applied for did not happen.
    pub(super) fn report_case_reply(
        &self,
        source: &Source,
        platform: &PlatformId,
        external: &Text,
        reply: &CaseReply,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if let Source::Platform(own) = source
            && own != platform
        {
            return Err(forbidden(format!("平台 {own} 不能代 {platform} 答复")));
        }
        check_past(reply.at, now, "答复时间")?;
        let id =
            self.case_by_external.get(&external_key(platform, external)).ok_or_else(|| unknown("案件", external))?;
        let case = self.cases.get(id).ok_or_else(|| unknown("案件", id))?;
        let is_known = |it: &CaseReply| it.ask == reply.ask && it.at == reply.at;
        changes(!case.history.replies.iter().any(is_known))?;
        let newest = case.history.replies.iter().filter(|it| it.ask == reply.ask).map(|it| it.at).max();
        if newest.is_some_and(|it| it > reply.at) {
            return Err(stale(format!("{}已有更晚的答复", reply.ask.name_zh())));
        }
        let reply = CaseReply { reason: clipped(&reply.reason), ..reply.clone() };
        Ok(vec![Event::CaseReplied { case: case.id, reply }])
    }
}

fn check_media(media: &[Text]) -> Result<(), Refusal> {
    if media.len() > MAX_CASE_MEDIA {
        return Err(absurd(format!("一次最多附 {MAX_CASE_MEDIA} 张图片")));
    }
    let is_name = |it: &Text| {
        (1..=80).contains(&it.len())
            && !it.starts_with('.')
            && it.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'.'))
    };
    match media.iter().find(|it| !is_name(it)) {
        Some(bad) => Err(absurd(format!("{bad:?} 不是枢纽保存的图片名"))),
        None => Ok(()),
    }
}
