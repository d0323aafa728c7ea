//! Rules for the queue of video recognition: what is taken in, what an officer may say of it, what time does.

use super::*;
use crate::detections::message_key;

/// A place farther from its camera is another camera's.
const MAX_FROM_CAMERA_M: f64 = 3_000.0;
/// One record lets go of at most so many, and in a flood of at least one in so many waiting.
const FLOOD_SHARE: usize = 20;

impl City {
    /// A new thing, a repeat of one, or only a count where it is muted.
    pub(super) fn report_detection(
        &self,
        source: &Source,
        report: &DetectionReport,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let platform = match source {
            Source::Platform(platform) => platform.clone(),
            Source::Hub | Source::Seat(_) => "hub".into(),
        };
        if report.event.is_empty() || report.event.chars().count() > 128 {
            return Err(absurd("识别事件号要有 1–128 个字"));
        }
        changes(!self.detections.seen.contains(&message_key(&platform, &report.event)))?;
        let kind = self.violation(&report.kind).ok_or_else(|| unknown("识别种类", &report.kind))?;
        let camera = self.cameras.get(&report.camera).ok_or_else(|| unknown("摄像头", &report.camera))?;
        check_past(report.at, now, "识别时间")?;
        let oldest = now.plus_mins(-i64::from(self.detection_rules.oldest_hours) * 60);
        if report.at < oldest {
            return Err(absurd(format!("识别时间 {} 太早", report.at.to_beijing_text())));
        }
        if !report.confidence.is_finite() || !(0.0..=1.0).contains(&report.confidence) {
            return Err(absurd(format!("可信度 {} 不在 0 到 1 之间", report.confidence)));
        }
        if report.boxes.len() > MAX_BOXES || !report.boxes.iter().all(DetectionBox::is_sane) {
            return Err(absurd(format!("识别框多于 {MAX_BOXES} 个，或不在画面内")));
        }
        let at = report.place.unwrap_or(camera.at);
        if !at.is_sane() || at.distance_m(camera.at) > MAX_FROM_CAMERA_M {
            return Err(absurd(format!("位置 {}, {} 不在摄像头 {} 附近", at.0, at.1, camera.id)));
        }
        if self.mute_of(&camera.id, &kind.id, now).is_some() {
            let (camera, kind) = (camera.id.clone(), kind.id.clone());
            return Ok(vec![Event::DetectionHushed { platform, event: report.event.clone(), camera, kind }]);
        }
        let place = report.place.map(LonLat::rounded);
        let report = DetectionReport { model: clipped(&report.model), place, ..report.clone() };
        if let Some(known) = self.same_thing(kind, at, report.at) {
            return Ok(vec![Event::DetectionRepeated { detection: known.id, platform, report }]);
        }
        let mut events: Vec<Event> = self.let_go_in_flood().into_iter().collect();
        events.push(Event::DetectionMade {
            detection: DetectionId(self.detections.n_made + 1),
            platform,
            report,
            at: at.rounded(),
            district: camera.district.clone(),
        });
        Ok(events)
    }

    /// The latest one a sighting of this kind, here and then, is of.
    fn same_thing(&self, kind: &ViolationKind, at: LonLat, seen_at: Timestamp) -> Option<&Detection> {
        let window_ms = i64::from(kind.merge_mins) * 60_000;
        let fits = |it: &&Detection| {
            it.gap_ms(seen_at) <= window_ms
                && it.at.distance_m(at) <= kind.merge_m
                && match &it.state {
                    DetectionState::Waiting => true,
                    // One the platform has not told of yet is open.
                    DetectionState::Confirmed { .. } => self.case_of_detection(it).is_none_or(Case::is_open),
                    DetectionState::Duplicate { case } => self.cases.get(case).is_some_and(Case::is_open),
                    DetectionState::FalseAlarm { .. } => seen_at - it.state_at <= window_ms,
                    DetectionState::Ignored { .. } => false,
                }
        };
        let joinable = self.detections.joinable.get(&kind.id)?;
        joinable.iter().rev().filter_map(|id| self.detections.known.get(id)).find(fits)
    }

    /// Room for one more: where the queue is full, a share of it goes in one record.
    fn let_go_in_flood(&self) -> Option<Event> {
        let rules = &self.detection_rules;
        if self.detections.waiting.len() < rules.max_waiting {
            return None;
        }
        let n_over = self.detections.waiting.len() + 1 - rules.max_waiting;
        let n = n_over.max(rules.max_waiting / FLOOD_SHARE);
        let waiting = self.detections.waiting.iter().filter_map(|id| self.detections.known.get(id));
        let mut waiting: Vec<&Detection> = waiting.collect();
        waiting.sort_by_key(|it| (it.best.confidence >= rules.low_confidence, it.last_at, it.id));
        let detections = waiting.into_iter().take(n).map(|it| it.id).collect();
        Some(Event::DetectionsExpired { detections, why: ExpiryWhy::Flood })
    }

    /// 立案, after the grace: the case goes to the agency of the kind in that district, or to the one the officer names.
    pub(super) fn confirm_detection(
        &self,
        source: &Source,
        id: DetectionId,
        agency: Option<&AgencyId>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let detection = self.waiting_detection(id)?;
        let kind = self.violation(&detection.kind).ok_or_else(|| unknown("识别种类", &detection.kind))?;
        let mut draft = self.draft_of(detection).ok_or_else(|| unknown("识别种类", &detection.kind))?;
        if let Some(agency) = agency {
            draft.agency = agency.clone();
        }
        if !self.agencies.contains_key(&draft.agency) {
            return Err(unknown("部门", &draft.agency));
        }
        let file_at = now.plus_secs(i64::from(self.detection_rules.grace_secs));
        let (duty, seat) = (kind.duty.clone(), seat_of(source));
        Ok(vec![Event::DetectionConfirmed { detection: id, found: Box::new(draft), duty, file_at, seat }])
    }

    /// 误报.
    pub(super) fn reject_detection(
        &self,
        source: &Source,
        id: DetectionId,
        reason: &Text,
        note: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        self.waiting_detection(id)?;
        if !self.detection_rules.false_reasons.iter().any(|it| it.id == *reason) {
            return Err(unknown("误报原因", reason));
        }
        let (reason, note, seat) = (reason.clone(), clipped(note), seat_of(source));
        Ok(vec![Event::DetectionRejected { detection: id, reason, note, seat }])
    }

    /// 重复: of an open case.
    pub(super) fn duplicate_detection(
        &self,
        source: &Source,
        id: DetectionId,
        case: CaseId,
    ) -> Result<Vec<Event>, Refusal> {
        self.waiting_detection(id)?;
        self.open_case(case)?;
        Ok(vec![Event::DetectionDuplicated { detection: id, case, seat: seat_of(source) }])
    }

    /// 撤回: within the rules' minutes; a case made of it is cancelled, unless somebody took it up.
    pub(super) fn reopen_detection(
        &self,
        source: &Source,
        id: DetectionId,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let detection = self.detections.known.get(&id).ok_or_else(|| unknown("识别事件", id))?;
        changes(!detection.is_waiting())?;
        let mins = i64::from(self.detection_rules.undo_mins);
        if now > detection.state_at.plus_mins(mins) {
            return Err(forbidden(format!("判定已过 {mins} 分钟，不能撤回；已立的案走作废")));
        }
        let mut events = Vec::new();
        if let DetectionState::Confirmed { own: Some(own), .. } = &detection.state {
            let case = self.case_of_detection(detection);
            let case = case.ok_or_else(|| forbidden(format!("自报案件 {own} 正在上报，等平台给号以后再撤回")))?;
            if !case.is_cancelled() {
                if case.stage > CaseStage::Collected {
                    let stage = case.stage.name_zh();
                    return Err(forbidden(format!("案件 {} 已到{stage}，不能撤回；走作废", case.id)));
                }
                let reason = "撤回视频识别的判定".into();
                events.push(Event::CaseCancelled { case: case.id, reason, at: now });
            }
        }
        events.push(Event::DetectionReopened { detection: id, seat: seat_of(source) });
        Ok(events)
    }

    pub(super) fn mute_detections(
        &self,
        source: &Source,
        camera: &CameraId,
        kind: &Text,
        until: Timestamp,
        reason: &Text,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if !self.cameras.contains_key(camera) {
            return Err(unknown("摄像头", camera));
        }
        self.violation(kind).ok_or_else(|| unknown("识别种类", kind))?;
        if reason.trim().is_empty() {
            return Err(forbidden("静音要写明原因"));
        }
        let hours = i64::from(self.detection_rules.max_mute_hours);
        if until <= now || until > now.plus_mins(hours * 60) {
            return Err(forbidden(format!("静音要有结束时间，最长 {hours} 小时")));
        }
        changes(self.mute_of(camera, kind, now).is_none_or(|it| it.until != until))?;
        let (camera, kind, seat) = (camera.clone(), kind.clone(), seat_of(source));
        Ok(vec![Event::DetectionsMuted { camera, kind, until, reason: clipped(reason), seat }])
    }

    pub(super) fn unmute_detections(
        &self,
        source: &Source,
        camera: &CameraId,
        kind: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        changes(self.detections.mutes.contains_key(&(camera.clone(), kind.clone())))?;
        Ok(vec![Event::DetectionsUnmuted { camera: camera.clone(), kind: kind.clone(), seat: seat_of(source) }])
    }

    /// What is confirmed and past its grace becomes a case found here; what the rules no longer admit waits again.
    fn file_detections(&self, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        let mut n_opened = 0;
        for id in &self.detections.unfiled {
            let Some(it) = self.detections.known.get(id) else { continue };
            let DetectionState::Confirmed { found, file_at, own: None } = &it.state else { continue };
            if *file_at > now {
                continue;
            }
            let seat = it.by.clone().unwrap_or_else(|| "hub".into());
            let mut found = FoundCase::clone(found);
            // Confirmed again after its first case was taken back.
            if self.own_cases.values().any(|it| it.found.detection == found.detection) {
                found.detection = None;
            }
            match self.open_own_case(&Source::Seat(seat), found, now) {
                Ok(opened) => {
                    for mut event in opened {
                        let filed = match &mut event {
                            Event::OwnCaseOpened { own } => {
                                own.id.0 += n_opened;
                                Some(own.id)
                            }
                            _ => None,
                        };
                        events.push(event);
                        if let Some(own) = filed {
                            n_opened += 1;
                            events.push(Event::DetectionFiled { detection: *id, own });
                        }
                    }
                }
                Err(_) => events.push(Event::DetectionReopened { detection: *id, seat: "hub".into() }),
            }
        }
        events
    }

    /// What time alone does: cases are filed, what waited too long goes, mutes end.
    pub(super) fn tick_detections(&self, now: Timestamp) -> Vec<Event> {
        let oldest = now.plus_mins(-i64::from(self.detection_rules.ignore_after_mins));
        let waiting = self.detections.waiting.iter().filter_map(|id| self.detections.known.get(id));
        let old: Vec<DetectionId> = waiting.filter(|it| it.since <= oldest).map(|it| it.id).collect();
        let mut events = self.file_detections(now);
        if !old.is_empty() {
            events.push(Event::DetectionsExpired { detections: old, why: ExpiryWhy::Age });
        }
        let ended = self.detections.mutes.iter().filter(|(_, it)| it.until <= now);
        events.extend(ended.map(|((camera, kind), _)| {
            let (camera, kind, seat) = (camera.clone(), kind.clone(), "hub".into());
            Event::DetectionsUnmuted { camera, kind, seat }
        }));
        events
    }

    fn waiting_detection(&self, id: DetectionId) -> Result<&Detection, Refusal> {
        let detection = self.detections.known.get(&id).ok_or_else(|| unknown("识别事件", id))?;
        if !detection.is_waiting() {
            let by = detection.by.as_ref().map_or("系统", SeatId::as_str);
            return Err(forbidden(format!("识别事件 {id} 已由{by}判定")));
        }
        Ok(detection)
    }
}
