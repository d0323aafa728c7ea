//! Rules for quakes: every report of one is kept, what is no news is refused, and what the city may feel is an alarm.

use super::*;

/// An older quake is history, not news.
const MAX_QUAKE_AGE_DAYS: i64 = 30;
/// So long after it broke a quake is an alarm.
const QUAKE_ALARM_HOURS: i64 = 24;
const MAX_QUAKE_ID_CHARS: usize = 64;

impl City {
    pub(super) fn report_quake(&self, report: &QuakeReport, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.check_quake(report, now)?;
        let report = QuakeReport {
            source: clipped(&report.source),
            place: clipped(&report.place),
            at: report.at.rounded(),
            ..report.clone()
        };
        let known = self.quake_of(&report);
        if let Some(known) = known {
            let own = known.reports.iter().rev().find(|it| it.source == report.source && it.id == report.id);
            if let Some(own) = own {
                let same = QuakeReport { reported_at: own.reported_at, ..report.clone() } == *own;
                changes(!same || known.cancelled)?;
                if (report.stage, report.revision) < (own.stage, own.revision) {
                    return Err(stale(format!("{}第 {} 报，已有第 {} 报", report.id, report.revision, own.revision)));
                }
                changes(!known.cancelled || report.revision > own.revision)?;
            }
        }
        let quake = known.map_or(QuakeId(self.quakes.len() as u64 + 1), |it| it.id);
        let lead = known.map_or(&report, |it| if report.stage >= it.lead.stage { &report } else { &it.lead }).clone();
        let mut events = vec![Event::QuakeReported { quake, report }];
        events.extend(self.quake_alarm(quake, &lead, now));
        Ok(events)
    }

    pub(super) fn cancel_quake(&self, source: &Text, id: &Text, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let known = self.quakes.values().rev().find(|it| it.is_of(source, id)).ok_or_else(|| unknown("地震", id))?;
        changes(!known.cancelled)?;
        // Another network still stands by it.
        if known.reports.iter().any(|it| it.source != *source) {
            return Err(stale(format!("{source}取消了它的第 {id} 号，别的台网仍有报告")));
        }
        let mut events = vec![Event::QuakeCancelled { quake: known.id, source: source.clone() }];
        events.extend(self.open_quake_alarm(known.id).map(|alarm| Event::FenceCleared { alarm: alarm.id, at: now }));
        Ok(events)
    }

    /// Alarms of quakes long over end.
    pub(super) fn tick_quakes(&self, now: Timestamp) -> Vec<Event> {
        let over = |it: &&Quake| now > it.lead.origin.plus_mins(QUAKE_ALARM_HOURS * 60);
        let alarms = self.quakes.values().filter(over).filter_map(|it| self.open_quake_alarm(it.id));
        alarms.map(|alarm| Event::FenceCleared { alarm: alarm.id, at: now }).collect()
    }

    fn check_quake(&self, report: &QuakeReport, now: Timestamp) -> Result<(), Refusal> {
        let is_id = !report.id.is_empty() && report.id.chars().count() <= MAX_QUAKE_ID_CHARS;
        if !is_id || report.source.is_empty() {
            return Err(absurd("地震要有编号（1–64 个字）和来源"));
        }
        match (report.drill, self.realm) {
            (true, Realm::Actual) => return Err(forbidden("演练地震不能进实战域")),
            (false, Realm::Exercise) => return Err(forbidden("实战地震不能进演练域")),
            _ => {}
        }
        check_past(report.origin, now, "发震时刻")?;
        check_past(report.reported_at, now, "发布时刻")?;
        if report.origin < now.plus_mins(-MAX_QUAKE_AGE_DAYS * 24 * 60) {
            return Err(stale(format!("{MAX_QUAKE_AGE_DAYS} 天以前的地震")));
        }
        if !report.at.is_sane() || report.at.distance_m(self.center) > MAX_QUAKE_DISTANCE_M {
            return Err(absurd(format!("震中 {}, {} 离本市太远", report.at.0, report.at.1)));
        }
        let depth = report.depth_km.unwrap_or_default();
        if !(-2.0..=10.0).contains(&report.magnitude) || !(0.0..=MAX_QUAKE_DEPTH_KM).contains(&depth) {
            return Err(absurd(format!("震级 {} 或深度 {depth} km 不合理", report.magnitude)));
        }
        Ok(())
    }

    fn open_quake_alarm(&self, quake: QuakeId) -> Option<&Alarm> {
        self.open_alarms.get(&Quake::alarm_key(quake)).and_then(|it| self.alarms.get(it))
    }

    /// What a report makes of the quake's alarm: raised, recoloured, ended, or nothing.
    fn quake_alarm(&self, quake: QuakeId, lead: &QuakeReport, now: Timestamp) -> Option<Event> {
        let worst = self.quake_arrivals(lead).into_iter().max_by(|a, b| a.intensity.total_cmp(&b.intensity))?;
        let is_news = now <= lead.origin.plus_mins(QUAKE_ALARM_HOURS * 60);
        let color = self.quake_rules.color_of(worst.intensity).filter(|_| is_news);
        let value = worst.intensity as f32;
        match (self.open_quake_alarm(quake), color) {
            (None, None) => None,
            (Some(alarm), None) => Some(Event::FenceCleared { alarm: alarm.id, at: now }),
            (Some(alarm), Some(color)) => (alarm.color != color).then(|| Event::AlarmRecoloured {
                alarm: alarm.id,
                color,
                value,
                rule: "".into(),
                why: lead.words().into(),
            }),
            (None, Some(color)) => {
                let drill = if lead.drill { "【演练】" } else { "" };
                let thing = AlarmThing {
                    register: "quake".into(),
                    thing: quake.to_string().into(),
                    rule: "".into(),
                    rule_name: format!("{drill}{}", lead.words()).into(),
                    breach: Breach::Quake,
                    place: lead.at,
                    district: worst.district,
                };
                let alarm = AlarmId(self.alarms.len() as u64 + 1);
                Some(Event::FenceBroken { alarm, thing, color, value, at: lead.origin })
            }
        }
    }
}
