//! What records do to the queue.

use super::*;
use crate::Event;

/// Messages of late by which a repeat is known.
const SEEN: usize = 20_000;
/// Of one kind, those a report may join.
const JOINABLE: usize = 512;
/// The median is of so many.
const WAITS: usize = 200;

impl City {
    /// Part of the fold: every record of a detection.
    pub(crate) fn fold_detection(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::DetectionMade { detection, platform, report, at, district } => {
                self.make_detection(*detection, platform, report, (*at, district), now);
            }
            Event::DetectionRepeated { detection, platform, report } => {
                self.detections.note(platform, &report.event, now);
                if let Some(it) = self.detections.known.get_mut(detection) {
                    it.see(report);
                }
            }
            Event::DetectionHushed { platform, event, camera, kind } => {
                self.detections.note(platform, event, now);
                let n = &mut self.detections.rate(camera, kind).n_muted;
                *n = n.saturating_add(1);
            }
            Event::DetectionConfirmed { detection, found, file_at, seat, .. } => {
                let state = DetectionState::Confirmed { found: found.clone(), file_at: *file_at, own: None };
                self.detections.judge(*detection, state, Some(seat), now);
                self.detections.unfiled.insert(*detection);
            }
            Event::DetectionFiled { detection, own: filed } => {
                self.detections.unfiled.remove(detection);
                if let Some(Detection { state: DetectionState::Confirmed { own, .. }, .. }) =
                    self.detections.known.get_mut(detection)
                {
                    *own = Some(*filed);
                }
            }
            Event::DetectionRejected { detection, reason, note, seat } => {
                let state = DetectionState::FalseAlarm { reason: reason.clone(), note: note.clone() };
                self.detections.judge(*detection, state, Some(seat), now);
            }
            Event::DetectionDuplicated { detection, case, seat } => {
                self.detections.judge(*detection, DetectionState::Duplicate { case: *case }, Some(seat), now);
            }
            Event::DetectionReopened { detection, seat } => self.detections.reopen(*detection, seat, now),
            Event::DetectionsExpired { detections, why } => {
                for id in detections {
                    self.detections.judge(*id, DetectionState::Ignored { why: *why }, None, now);
                }
            }
            Event::DetectionsMuted { camera, kind, until, reason, seat } => {
                let mute = DetectionMute { until: *until, since: now, reason: reason.clone(), by: seat.clone() };
                self.detections.mutes.insert((camera.clone(), kind.clone()), mute);
            }
            Event::DetectionsUnmuted { camera, kind, .. } => {
                self.detections.mutes.remove(&(camera.clone(), kind.clone()));
            }
            _ => {}
        }
        let keep = self.detection_rules.keep_judged;
        self.detections.forget(keep);
    }

    fn make_detection(
        &mut self,
        id: DetectionId,
        platform: &PlatformId,
        report: &DetectionReport,
        (at, district): (LonLat, &DistrictId),
        now: Timestamp,
    ) {
        let color = self.violation(&report.kind).map_or(WarningColor::Blue, |it| it.color);
        let all = &mut self.detections;
        all.note(platform, &report.event, now);
        all.n_made = all.n_made.max(id.0);
        let rate = all.rate(&report.camera, &report.kind);
        rate.n_shown = rate.n_shown.saturating_add(1);
        let hour = all.hours.entry(hour_of(now)).or_default();
        hour.n_shown = hour.n_shown.saturating_add(1);
        let detection = Detection {
            id,
            platform: platform.clone(),
            kind: report.kind.clone(),
            camera: report.camera.clone(),
            at,
            district: district.clone(),
            color,
            first_at: report.at,
            last_at: report.at,
            since: now,
            n: 1,
            best: report.clone(),
            state: DetectionState::Waiting,
            state_at: now,
            by: None,
            verdict_no: 0,
        };
        all.known.insert(id, detection);
        all.waiting.insert(id);
        let joinable = all.joinable.entry(report.kind.clone()).or_default();
        joinable.push(id);
        if joinable.len() > JOINABLE {
            let known = &all.known;
            let may_be_joined =
                |id: &DetectionId| known.get(id).is_some_and(|it| !matches!(it.state, DetectionState::Ignored { .. }));
            joinable.retain(may_be_joined);
            let n_over = joinable.len().saturating_sub(JOINABLE);
            joinable.drain(..n_over);
        }
    }
}

impl Detection {
    /// Another report of it.
    fn see(&mut self, report: &DetectionReport) {
        self.n = self.n.saturating_add(1);
        self.first_at = self.first_at.min(report.at);
        self.last_at = self.last_at.max(report.at);
        let worth = |it: &DetectionReport| (it.picture.is_some(), it.confidence);
        if worth(report) > worth(&self.best) {
            self.best = report.clone();
        }
    }
}

impl Detections {
    /// A message came: its number is known from now on.
    fn note(&mut self, platform: &PlatformId, event: &str, now: Timestamp) {
        let key = message_key(platform, event);
        if self.seen.insert(key.clone()) {
            self.told.push_back(key);
        }
        while self.told.len() > SEEN {
            if let Some(old) = self.told.pop_front() {
                self.seen.remove(&old);
            }
        }
        let hour = self.hours.entry(hour_of(now)).or_default();
        hour.n_reports = hour.n_reports.saturating_add(1);
        while self.hours.len() > KEPT_HOURS {
            self.hours.pop_first();
        }
    }

    fn rate(&mut self, camera: &CameraId, kind: &Text) -> &mut DetectionRate {
        self.rates.entry((camera.clone(), kind.clone())).or_default()
    }

    /// It waits no more.
    fn judge(&mut self, id: DetectionId, state: DetectionState, by: Option<&SeatId>, now: Timestamp) {
        let Some(it) = self.known.get_mut(&id) else { return };
        if !self.waiting.remove(&id) {
            return;
        }
        let (camera, kind, since) = (it.camera.clone(), it.kind.clone(), it.since);
        it.state = state;
        it.state_at = now;
        it.by = by.cloned();
        if by.is_some() {
            self.n_verdicts = self.n_verdicts.saturating_add(1);
            it.verdict_no = self.n_verdicts;
        }
        let state = it.state.clone();
        self.count(&camera, &kind, &state, 1);
        let hour = self.hours.entry(hour_of(now)).or_default();
        if by.is_some() {
            hour.n_judged = hour.n_judged.saturating_add(1);
            self.waits.push_back(u32::try_from((now - since).max(0) / 1000).unwrap_or(u32::MAX));
            if self.waits.len() > WAITS {
                self.waits.pop_front();
            }
        } else {
            hour.n_ignored = hour.n_ignored.saturating_add(1);
        }
        self.judged.push_back(id);
    }

    /// Its verdict is withdrawn: it waits again.
    fn reopen(&mut self, id: DetectionId, seat: &SeatId, now: Timestamp) {
        let Some(it) = self.known.get_mut(&id) else { return };
        if !self.waiting.insert(id) {
            return;
        }
        self.unfiled.remove(&id);
        let (camera, kind) = (it.camera.clone(), it.kind.clone());
        let was = std::mem::replace(&mut it.state, DetectionState::Waiting);
        it.state_at = now;
        it.since = now;
        it.by = Some(seat.clone());
        if it.verdict_no > 0 {
            self.n_verdicts = self.n_verdicts.saturating_add(1);
            it.verdict_no = self.n_verdicts;
        }
        self.count(&camera, &kind, &was, -1);
        self.judged.retain(|other| *other != id);
    }

    fn count(&mut self, camera: &CameraId, kind: &Text, state: &DetectionState, by: i32) {
        let rate = self.rate(camera, kind);
        let n = match state {
            DetectionState::Waiting => return,
            DetectionState::Confirmed { .. } => &mut rate.n_confirmed,
            DetectionState::FalseAlarm { .. } => &mut rate.n_false,
            DetectionState::Duplicate { .. } => &mut rate.n_duplicate,
            DetectionState::Ignored { .. } => &mut rate.n_ignored,
        };
        *n = n.saturating_add_signed(by);
    }

    /// Keeps so many judged ones at hand; the oldest go.
    fn forget(&mut self, keep: usize) {
        while self.judged.len() > keep {
            let Some(id) = self.judged.pop_front() else { return };
            if let Some(it) = self.known.remove(&id)
                && let Some(joinable) = self.joinable.get_mut(&it.kind)
            {
                joinable.retain(|other| *other != id);
            }
        }
    }
}

/// How a platform's message is known: `platform/event`.
pub(crate) fn message_key(platform: &PlatformId, event: &str) -> Text {
    format!("{platform}/{event}").into()
}
