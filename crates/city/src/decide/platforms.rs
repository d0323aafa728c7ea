//! Rules for what platforms report: cases, readings, warnings, typhoons, orders, evacuation, their own health.

use super::*;

/// Twelve times what the Chinese profile needs; other senders write longer ones.
const MAX_WARNING_ID_CHARS: usize = 400;

impl City {
    pub(super) fn report_case(
        &self,
        report: &CaseReport,
        stage: CaseStage,
        stage_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        check_past(report.reported_at, now, "上报时间")?;
        check_past(stage_at, now, "阶段时间")?;
        if let Some(id) = self.case_by_external.get(&external_key(&report.platform, &report.external)) {
            let case = self.cases.get(id).ok_or_else(|| unknown("案件", id))?;
            return self.news_of_case(case, report, stage, stage_at);
        }
        if report.external.is_empty() || report.external.chars().count() > 128 {
            return Err(absurd("案件号要有 1–128 个字"));
        }
        if !report.at.is_sane() || report.at.distance_m(self.center) > MAX_CASE_DISTANCE_M {
            return Err(absurd(format!("案件坐标 {}, {} 不在本市一带", report.at.0, report.at.1)));
        }
        check_ahead(report.due_at, now, "办结期限")?;
        if !self.districts.contains_key(&report.district) {
            return Err(unknown("区", &report.district));
        }
        if !self.agencies.contains_key(&report.agency) {
            return Err(unknown("部门", &report.agency));
        }
        let case = CaseId(self.cases.len() as u64 + 1);
        let report = CaseReport {
            title: clipped(&report.title),
            address: clipped(&report.address),
            at: report.at.rounded(),
            ..report.clone()
        };
        let mut events = vec![Event::CaseReported { case, report }];
        if stage > CaseStage::Collected {
            events.push(Event::CaseAdvanced { case, stage, at: stage_at });
        }
        Ok(events)
    }

    pub(super) fn judge_reading(
        &self,
        id: &SensorId,
        color: Option<WarningColor>,
        value: f32,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let sensor = self.sensors.get(id).ok_or_else(|| unknown("感知设备", id))?;
        check_past(at, now, "读数时间")?;
        if !value.is_finite() {
            return Err(absurd("读数不是数"));
        }
        if let Some(color) = color
            && !sensor.thresholds.iter().any(|it| it.color == color)
        {
            return Err(absurd(format!("{}没有{}色阈值", sensor.name, color.glyph())));
        }
        self.alarm_as(id, color, value, at, (&Text::default(), &Text::default()))
    }

    /// As [`City::judge_reading`], where a rule leads, with its words.
    pub(super) fn judge_by_rule(
        &self,
        id: &SensorId,
        (rule, why): (&Text, &Text),
        color: WarningColor,
        value: f32,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let sensor = self.sensors.get(id).ok_or_else(|| unknown("感知设备", id))?;
        check_past(at, now, "读数时间")?;
        if !value.is_finite() {
            return Err(absurd("读数不是数"));
        }
        let known = self.alarm_rules.get(rule).ok_or_else(|| unknown("告警规则", rule))?;
        if known.color != color {
            return Err(absurd(format!("规则{}是{}色，不是{}色", known.name, known.color.glyph(), color.glyph())));
        }
        let is_of = |i: &u16| self.alarm_rules.rules.get(usize::from(*i)).is_some_and(|it| it.id == known.id);
        if !self.alarm_rules.of(sensor.kind.id(), id.as_str()).iter().any(is_of) {
            return Err(absurd(format!("规则{}不管{}", known.name, sensor.name)));
        }
        self.alarm_as(id, Some(color), value, at, (rule, &clipped(why)))
    }

    fn alarm_as(
        &self,
        id: &SensorId,
        color: Option<WarningColor>,
        value: f32,
        at: Timestamp,
        (rule, why): (&Text, &Text),
    ) -> Result<Vec<Event>, Refusal> {
        let (rule, why) = (rule.clone(), why.clone());
        let open = self.open_alarms.get(id).and_then(|alarm| self.alarms.get(alarm));
        match (open, color) {
            (None, None) => Err(Refusal::NoChange),
            (None, Some(color)) => {
                let alarm = AlarmId(self.alarms.len() as u64 + 1);
                Ok(vec![Event::AlarmRaised { alarm, sensor: id.clone(), color, value, at, rule, why }])
            }
            (Some(alarm), _) if at < alarm.raised_at => Err(stale("读数早于告警".into())),
            (Some(alarm), None) => Ok(vec![Event::AlarmCleared { alarm: alarm.id, at }]),
            (Some(alarm), Some(color)) => {
                changes(alarm.color != color)?;
                Ok(vec![Event::AlarmRecoloured { alarm: alarm.id, color, value, rule, why }])
            }
        }
    }

    pub(super) fn issue_warning(&self, warning: &Warning, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if warning.id.as_str().is_empty() {
            return Err(absurd("预警没有编号"));
        }
        if warning.exercise && self.realm == Realm::Actual {
            return Err(forbidden("演练预警不能进实战域"));
        }
        check_past(warning.sent_at, now, "预警发布时间")?;
        check_ahead(warning.expires_at, now, "预警失效时间")?;
        if warning.expires_at <= warning.sent_at {
            return Err(absurd("预警失效早于发布"));
        }
        for district in &warning.districts {
            if !self.districts.contains_key(district) {
                return Err(unknown("区", district));
            }
        }
        let warning = Warning {
            headline: clipped(&warning.headline),
            sender: clipped(&warning.sender),
            cancelled: false,
            ..warning.clone()
        };
        if let Some(known) = self.warnings.get(&warning.id) {
            changes(*known != Warning { cancelled: known.cancelled, ..warning.clone() })?;
            if warning.sent_at <= known.sent_at {
                return Err(stale("同号预警已有更新的一版".into()));
            }
        }
        if warning.expires_at <= now {
            return Err(stale("预警已经失效".into()));
        }
        if self.cancelled_unseen.contains(&warning.id) {
            return Err(stale("这条预警的解除先到了".into()));
        }
        Ok(vec![Event::WarningIssued { warning }])
    }

    /// A cancellation of something unheard of is kept, so that what comes after it stays cancelled, and told.
    pub(super) fn cancel_warning(&self, source: &Source, id: &WarningId) -> Result<Vec<Event>, Refusal> {
        if id.as_str().is_empty() || id.as_str().chars().count() > MAX_WARNING_ID_CHARS {
            return Err(absurd("解除没有指明哪一条预警"));
        }
        let cancelled = Event::WarningCancelled { warning: id.clone() };
        if let Some(known) = self.warnings.get(id) {
            changes(!known.cancelled)?;
            return Ok(vec![cancelled]);
        }
        changes(!self.cancelled_unseen.contains(id))?;
        let why = "没有收到过这条预警；解除已记住，它若后到也不再生效";
        let told = Event::MessageRefused {
            platform: platform_of(source),
            what: format!("解除预警 {id}").into(),
            why: why.into(),
        };
        Ok(vec![cancelled, told])
    }

    /// A feed repeats its whole history every time; only what is new becomes an event.
    #[expect(clippy::too_many_arguments, reason = "the fields of one command")]
    pub(super) fn update_typhoon_by(
        &self,
        source: &Source,
        id: &TyphoonId,
        name: &Text,
        name_en: &Text,
        active: bool,
        fixes: &[TyphoonFix],
        forecasts: &[Forecast],
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if id.as_str().is_empty() {
            return Err(absurd("台风没有编号"));
        }
        if fixes.len() > MAX_FIXES || forecasts.len() > MAX_FIXES || forecasts.iter().any(|it| it.points.len() > 500) {
            return Err(absurd("台风路径点过多"));
        }
        for fix in fixes {
            check_past(fix.at, now, "台风定位时间")?;
            check_fix(fix)?;
        }
        for forecast in forecasts {
            check_past(forecast.issued_at, now, "预报时间")?;
            for point in &forecast.points {
                check_ahead(point.at, now, "预报时效")?;
                check_place(point.center, point.wind, point.pressure)?;
            }
        }
        let by = platform_of(source);
        let id = &self.typhoon_meant(id, name_en, fixes);
        let leads = self.leads_typhoon(id, &by, fixes);
        let known = self.typhoons.get(id);
        let seen = self.typhoon_sources.get(id).and_then(|it| it.seen.get(&by));
        let before = if leads { known.and_then(|it| it.track.last()) } else { seen.and_then(|it| it.last()) };
        let last_at = before.map_or(Timestamp(0), |it| it.at);
        let mut new_fixes: Vec<TyphoonFix> = fixes.iter().filter(|it| it.at > last_at).cloned().collect();
        for fix in &mut new_fixes {
            fix.center = fix.center.rounded();
        }
        new_fixes.sort_by_key(|it| it.at);
        new_fixes.dedup_by_key(|it| it.at);
        let old: BTreeSet<(&str, Timestamp)> =
            known.map(|it| it.forecasts.iter().map(|it| (&*it.agency, it.issued_at)).collect()).unwrap_or_default();
        let mut seen = BTreeSet::new();
        let mut new_forecasts = Vec::new();
        for forecast in forecasts {
            let key = (&*forecast.agency, forecast.issued_at);
            if !forecast.points.is_empty() && !old.contains(&key) && seen.insert(key) {
                let mut forecast = forecast.clone();
                forecast.points.sort_by_key(|it| it.at);
                forecast.points.dedup_by_key(|it| it.at);
                for point in &mut forecast.points {
                    point.center = point.center.rounded();
                }
                new_forecasts.push(forecast);
            }
        }
        let mut events = Vec::new();
        // Who does not lead neither names nor ends it, or two feeds would do both by turns for ever.
        let (name, name_en, active) = match known.filter(|_| !leads) {
            Some(known) => (known.name.clone(), known.name_en.clone(), known.active),
            None => (clipped(name), clipped(name_en), active),
        };
        let sighted = if leads { Vec::new() } else { std::mem::take(&mut new_fixes) };
        let same = known.is_some_and(|it| it.active == active && it.name == name && it.name_en == name_en);
        if !same || !new_fixes.is_empty() || !new_forecasts.is_empty() {
            events.push(Event::TyphoonUpdated {
                typhoon: id.clone(),
                name,
                name_en,
                active,
                fixes: new_fixes,
                forecasts: new_forecasts,
            });
        }
        if !sighted.is_empty() {
            events.push(Event::TyphoonSighted { typhoon: id.clone(), source: by, fixes: sighted });
        }
        changes(!events.is_empty())?;
        Ok(events)
    }

    /// One answer may climb several rungs at once: platforms skip what they do not tell apart.
    pub(super) fn report_order(
        &self,
        source: &Source,
        id: OrderId,
        definition_version: u32,
        rung: Rung,
        note: &Text,
    ) -> Result<Vec<Event>, Refusal> {
        let order = self.order(id)?;
        if let Source::Platform(platform) = source
            && *platform != order.text.platform
        {
            return Err(forbidden(format!("指令 {id} 不归平台 {platform}")));
        }
        if matches!(rung, Rung::Drafted | Rung::Cancelled | Rung::Superseded) {
            return Err(forbidden(format!("平台不能回报{}", rung.name_zh())));
        }
        if definition_version < order.definition_version {
            return Err(stale(format!("回报的是第 {definition_version} 版，现为第 {} 版", order.definition_version)));
        }
        if definition_version > order.definition_version {
            return Err(absurd(format!("没有第 {definition_version} 版")));
        }
        // Somebody answers words that are no longer the order: that is kept, not taken for old news.
        if let Some(by) = order.superseded_by {
            return Err(forbidden(format!("指令 {id} 已由指令 {by} 更正，回报的是{}", rung.name_zh())));
        }
        changes(rung != order.rung)?;
        if order.rung.is_end() || rung < order.rung {
            return Err(stale(format!("指令已{}，回报的是{}", order.rung.name_zh(), rung.name_zh())));
        }
        Ok(vec![climbed(order, rung, clipped(note))])
    }

    pub(super) fn report_health(&self, health: &ConnectorHealth, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if health.since > now.plus_mins(MAX_AHEAD_MINS) {
            return Err(absurd("状态时间在未来"));
        }
        let health = ConnectorHealth { last_error: clipped(&health.last_error), ..health.clone() };
        if let Some(known) = self.connectors.get(&health.platform) {
            changes(*known != ConnectorHealth { since: known.since, ..health.clone() })?;
        }
        Ok(vec![Event::ConnectorChanged { health }])
    }
}
