//! The queries themselves. The first fact of an answer is its sum, so that a count can be cited too; where there is nothing,
//! it says so.

use super::*;
use crate::{
    AlarmId, Budget, City, EtaBy, EvacueeClass, Freshness, HealthState, LonLat, NearTeam, Rung, Sensor, Tally,
    elapsed_text, freshness,
};
use std::collections::BTreeMap;

/// Less is the gauge's own trembling, in the gauge's unit (cm).
const LEAST_RISE: f32 = 0.5;

impl City {
    /// Answers one query.
    pub fn find_out(&self, query: &Query, around: &Around<'_>) -> Result<Vec<Fact>, AskError> {
        match query {
            Query::FloodRising(asked) => self.flood_rising(asked, around),
            Query::Alarms(asked) => self.alarms_asked(asked),
            Query::Orders(asked) => self.orders_asked(asked, around.now),
            Query::Cases(asked) => self.cases_asked(asked, around.now),
            Query::TeamsNear(asked) => self.teams_asked(asked, around),
            Query::Evacuation(asked) => self.evacuation_asked(asked, around.now),
            Query::Warnings => Ok(self.warnings_asked(around.now)),
            Query::Sources => Ok(self.sources_asked(around.now)),
            Query::Readings(asked) => self.readings_asked(asked, around),
        }
    }

    fn flood_rising(&self, asked: &FloodAsked, around: &Around<'_>) -> Result<Vec<Fact>, AskError> {
        let within = self.within(asked.district.as_ref())?;
        let window = asked.window_mins.unwrap_or(60).clamp(10, 120);
        let (mut rises, mut n_unknown, mut newest) = (Vec::new(), 0, Timestamp(0));
        for point in self.flood_points.values().filter(|it| within.holds(&it.district)) {
            let read = self.sensors.get_index_of(&point.sensor).and_then(|handle| {
                let (value, at) = around.readings.gauges.get(handle)?;
                let is_lost = matches!(freshness(Budget::Water, at, around.now), Freshness::Lost { .. });
                (!is_lost).then_some(())?;
                let (before, then) = around.past.before(handle, at, window)?;
                Some((value - before, value, at, at.since_ms(then) / 60_000))
            });
            match read {
                Some(read) => {
                    newest = newest.max(read.2);
                    rises.push((point, read));
                }
                None => n_unknown += 1,
            }
        }
        rises.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then_with(|| a.0.id.cmp(&b.0.id)));
        let (n_known, place) = (rises.len(), &within.name);
        rises.retain(|it| it.1.0 >= LEAST_RISE);
        let mut text = match rises.len() {
            0 => format!("近 {window} 分钟{place}没有内涝点上涨，有读数可比的 {n_known} 处"),
            n => format!("近 {window} 分钟{place}有读数可比的内涝点 {n_known} 处，其中积水上涨 {n} 处"),
        };
        if n_unknown > 0 {
            text += &format!("，另有 {n_unknown} 处没有读数可比");
        }
        let mut facts = vec![Fact::new(text).with(&[], newest)];
        for (point, (rise, value, at, mins)) in rises.into_iter().take(rows(asked.limit)) {
            let (rise, value) = (f64::from(rise), f64::from(value));
            let text = format!(
                "{}（{}）{mins} 分钟积水上涨 {} cm，现为 {} cm，读数 {}",
                point.name,
                self.district_name(&point.district),
                figure(rise),
                figure(value),
                at.hm()
            );
            let fact = Fact::new(text).about(Link::FloodPoint(point.id.clone()), &[&point.name]);
            facts.push(fact.with(&[rise, value], at));
        }
        Ok(facts)
    }

    fn alarms_asked(&self, asked: &AlarmsAsked) -> Result<Vec<Fact>, AskError> {
        let within = self.within(asked.district.as_ref())?;
        let fits = |alarm: &&crate::Alarm| {
            let Some(subject) = self.subject_of(alarm) else { return false };
            within.holds(subject.district())
                && asked.kind.is_none_or(|it| subject.cause().kind() == Some(it))
                && asked.at_least.is_none_or(|it| alarm.color >= it)
                && !(asked.only_unacknowledged && alarm.acknowledged.is_some())
        };
        let open: Vec<&crate::Alarm> = self.alarms_by_priority().into_iter().filter(fits).collect();
        let kind = asked.kind.map_or("", SensorKind::name_zh);
        let place = &within.name;
        let text = if open.is_empty() {
            format!("{place}没有符合的未解除{kind}告警")
        } else {
            let by_color = WarningColor::ALL.iter().rev().filter_map(|color| {
                let n = open.iter().filter(|it| it.color == *color).count();
                (n > 0).then(|| format!("{}色 {n} 条", color.glyph()))
            });
            let n_new = open.iter().filter(|it| it.acknowledged.is_none()).count();
            let by_color: Vec<String> = by_color.collect();
            format!("{place}未解除的{kind}告警 {} 条：{}，未确认 {n_new} 条", open.len(), by_color.join("，"))
        };
        let mut facts = vec![Fact::new(text)];
        for alarm in open.into_iter().take(rows(asked.limit)) {
            let Some(subject) = self.subject_of(alarm) else { continue };
            let AlarmId(number) = alarm.id;
            let (name, value) = (subject.name(), f64::from(alarm.value));
            let cause = match (subject.cause().kind(), subject.cause().breach()) {
                (Some(kind), _) => kind.name_zh(),
                (_, Some(breach)) => breach.name_zh(),
                _ => "",
            };
            let read = if subject.unit().is_empty() {
                String::new()
            } else {
                format!(" {} {}", figure(value), subject.unit())
            };
            let state = if alarm.acknowledged.is_some() { "已确认" } else { "未确认" };
            let kept_back = self.suppression_of(alarm, self.at).map(|it| format!("，按状态抑制（{}）", it.why));
            let place = self.district_name(subject.district());
            let (color, since) = (alarm.color.glyph(), alarm.raised_at.hm());
            // What a thing is called is its platform's word.
            let shown = if alarm.thing.is_some() { quoted(&name) } else { name.clone() };
            let kept_back = kept_back.unwrap_or_default();
            let text =
                format!("告警 {number}：{shown}（{place}）{cause}{color}色{read}，{since} 起，{state}{kept_back}");
            let fact = Fact::new(text).about(Link::Alarm(alarm.id), &[&name, &format!("告警 {number}")]);
            facts.push(fact.with(&[value], alarm.raised_at));
        }
        Ok(facts)
    }

    fn orders_asked(&self, asked: &OrdersAsked, now: Timestamp) -> Result<Vec<Fact>, AskError> {
        if let Some(agency) = asked.agency.as_ref().filter(|it| !self.agencies.contains_key(*it)) {
            return Err(AskError::Unknown { what: "部门", name: agency.to_string() });
        }
        let fits = |it: &&crate::Order| {
            let is_which = match asked.which {
                WhichOrders::Unsigned => it.rung < Rung::Acknowledged,
                WhichOrders::Overdue => it.is_late(now),
                WhichOrders::Open => !it.rung.is_end(),
            };
            is_which && asked.agency.as_ref().is_none_or(|agency| *agency == it.text.agency)
        };
        let mut found: Vec<&crate::Order> = self.orders.values().filter(fits).collect();
        found.sort_by_key(|it| (it.deadline(), it.id));
        let which = match asked.which {
            WhichOrders::Unsigned => "未签收",
            WhichOrders::Overdue => "超期",
            WhichOrders::Open => "未完成",
        };
        let mut by_agency: BTreeMap<&AgencyId, usize> = BTreeMap::new();
        for order in &found {
            *by_agency.entry(&order.text.agency).or_default() += 1;
        }
        let text = match found.len() {
            0 => format!("没有{which}的指令"),
            n => format!("{which}的指令 {n} 条，涉及部门 {} 个", by_agency.len()),
        };
        let mut facts = vec![Fact::new(text)];
        let mut agencies: Vec<(&AgencyId, usize)> = by_agency.into_iter().collect();
        agencies.sort_by_key(|(id, n)| (std::cmp::Reverse(*n), (*id).clone()));
        for (agency, n) in agencies.into_iter().take(MAX_ROWS) {
            let (name, short) = self.agency_names(agency);
            let mut fact = Fact::new(format!("{name}{which}的指令 {n} 条"));
            fact.names = vec![name, short];
            facts.push(fact);
        }
        for order in found.into_iter().take(rows(asked.limit)) {
            let (name, _) = self.agency_names(&order.text.agency);
            let (due, late) = (order.deadline(), now.since_ms(order.deadline()) / 1000);
            let what = if order.rung < Rung::Acknowledged { "签收" } else { "完成" };
            let mut text = format!(
                "指令 {}（{name}）{}{}，限 {} {what}",
                order.id,
                quoted(&order.text.title),
                if order.rung < Rung::Acknowledged { "未签收" } else { order.rung.name_zh() },
                moment(due, now)
            );
            if late > 0 {
                text += &format!("，超期 {}", elapsed_text(late));
            }
            let number = format!("指令 {}", order.id);
            facts.push(Fact::new(text).about(Link::Order(order.id), &[&number]).with(&[], order.rung_at));
        }
        Ok(facts)
    }

    fn cases_asked(&self, asked: &CasesAsked, now: Timestamp) -> Result<Vec<Fact>, AskError> {
        let within = self.within(asked.district.as_ref())?;
        let word = asked.word.as_deref().map(str::trim).filter(|it| !it.is_empty());
        let midnight = now.start_of_day();
        let fits = |it: &&crate::Case| {
            let is_which = match asked.which {
                WhichCases::Open => it.is_open(),
                WhichCases::Overdue => it.is_overdue(now),
                WhichCases::Today => it.report.reported_at >= midnight,
            };
            is_which && within.holds(&it.report.district) && word.is_none_or(|word| it.report.title.contains(word))
        };
        let mut found: Vec<&crate::Case> = self.cases.values().filter(fits).collect();
        found.sort_by_key(|it| {
            let report = &it.report;
            (!it.is_overdue(now), std::cmp::Reverse(report.color), report.due_at, it.id)
        });
        let which = match asked.which {
            WhichCases::Open => "未结",
            WhichCases::Overdue => "超期未结",
            WhichCases::Today => "今日受理",
        };
        let (place, n_late) = (&within.name, found.iter().filter(|it| it.is_overdue(now)).count());
        let of_word = word.map_or(String::new(), quoted);
        let text = match found.len() {
            0 => format!("{place}没有{which}的{of_word}案件"),
            n if asked.which == WhichCases::Overdue => format!("{place}{which}的{of_word}案件 {n} 件"),
            n => format!("{place}{which}的{of_word}案件 {n} 件，其中超期 {n_late} 件"),
        };
        let mut facts = vec![Fact::new(text)];
        for case in found.into_iter().take(rows(asked.limit)) {
            let report = &case.report;
            let (agency, _) = self.agency_names(&report.agency);
            let late = now.since_ms(report.due_at) / 1000;
            let mut text = format!(
                "案件 {}{}在{}（{}），{}阶段，{agency}承办，限 {}",
                case.id,
                quoted(&report.title),
                quoted(&report.address),
                self.district_name(&report.district),
                case.stage.name_zh(),
                moment(report.due_at, now)
            );
            if case.is_overdue(now) {
                text += &format!("，超期 {}", elapsed_text(late));
            }
            let number = format!("案件 {}", case.id);
            facts.push(Fact::new(text).about(Link::Case(case.id), &[&number]).with(&[], case.stage_at));
        }
        Ok(facts)
    }

    fn teams_asked(&self, asked: &TeamsAsked, around: &Around<'_>) -> Result<Vec<Fact>, AskError> {
        let unknown = || AskError::Unknown { what: "地点", name: asked.near.chars().take(40).collect() };
        let (place, at) = self.place_named(&asked.near).ok_or_else(unknown)?;
        let n = rows(asked.limit);
        let near = self.nearest_able(at, asked.capability, n * 2, around.readings, around.ground, around.now);
        let near: Vec<NearTeam<'_>> = near.into_iter().filter(|it| it.bar.is_none()).take(n).collect();
        let what = asked.capability.map_or("", capability_zh);
        let text = match near.len() {
            0 => format!("没有能去{place}的空闲{what}队伍"),
            n => format!("离{place}最近、能去的空闲{what}队伍 {n} 支"),
        };
        let mut facts = vec![Fact::new(text)];
        for it in near {
            let (km, mins) = (it.distance_m / 1000.0, (it.eta_s / 60.0).ceil());
            let by = match it.by {
                EtaBy::Road => "按道路估算",
                EtaBy::StraightLine => "按直线估算",
                EtaBy::Water => "按水路估算",
                EtaBy::Air => "按飞行估算",
            };
            let seen = if it.as_of.0 == 0 { "按驻地".to_owned() } else { format!("定位 {}", it.as_of.hm()) };
            let text = format!(
                "{}（{}，{} 人）距{place} {} km，{mins:.0} 分钟到，{by}，{seen}",
                it.team.name,
                capability_zh(it.team.capability),
                it.team.n_people,
                figure(km)
            );
            let fact = Fact::new(text).about(Link::Team(it.team.id.clone()), &[&it.team.name]);
            facts.push(fact.with(&[km, mins], it.as_of));
        }
        Ok(facts)
    }

    fn evacuation_asked(&self, asked: &PlaceAsked, now: Timestamp) -> Result<Vec<Fact>, AskError> {
        let within = self.within(asked.district.as_ref())?;
        let totals = self.evacuation_totals();
        let told = |name: &str, it: &Tally| {
            let at_risk = it.expected.saturating_sub(it.moved);
            format!(
                "{name}应转移 {} 人，已转移 {} 人，尚需 {at_risk} 人，拒绝 {} 人，已返回 {} 人",
                it.expected, it.moved, it.refused, it.returned
            )
        };
        let named = |(id, it): &(DistrictId, Tally)| {
            let name = self.district_name(id);
            let fact = Fact::new(told(&name, it)).about(Link::District(id.clone()), &[&name]);
            fact.with(&[], now)
        };
        if let Some(district) = &within.district {
            let own = totals.by_district.iter().filter(|it| it.0 == *district);
            return Ok(own.map(named).collect());
        }
        if totals.all == Tally::default() {
            return Ok(vec![Fact::new(format!("{}没有转移任务", within.name)).with(&[], now)]);
        }
        let mut facts = vec![Fact::new(told("全市", &totals.all)).with(&[], now)];
        facts.extend(totals.by_district.iter().filter(|it| it.1 != Tally::default()).map(named));
        let by_class = totals.by_class.iter().filter(|it| it.1 != Tally::default());
        facts.extend(by_class.map(|(class, it): &(EvacueeClass, Tally)| {
            let mut fact = Fact::new(told(class.name_zh(), it)).with(&[], now);
            fact.names = vec![class.name_zh().to_owned()];
            fact
        }));
        Ok(facts)
    }

    fn warnings_asked(&self, now: Timestamp) -> Vec<Fact> {
        let mut standing: Vec<&crate::Warning> =
            self.warnings.values().filter(|it| !it.cancelled && it.expires_at > now).collect();
        standing.sort_by_key(|it| (std::cmp::Reverse(it.color), it.sent_at, it.id.clone()));
        let text = match standing.len() {
            0 => "没有生效中的预警".to_owned(),
            n => format!("生效中的预警 {n} 条"),
        };
        let mut facts = vec![Fact::new(text)];
        for it in standing.into_iter().take(MAX_ROWS) {
            let kind = format!("{}{}色预警", it.hazard.name_zh(), it.color.glyph());
            let exercise = if it.exercise { "（演练）" } else { "" };
            let text = format!(
                "{kind}{exercise}{}，{}于 {} 发布，{} 止",
                quoted(&it.headline),
                quoted(&it.sender),
                moment(it.sent_at, now),
                moment(it.expires_at, now)
            );
            facts.push(Fact::new(text).about(Link::Warning(it.id.clone()), &[&kind]).with(&[], it.sent_at));
        }
        facts
    }

    fn sources_asked(&self, now: Timestamp) -> Vec<Fact> {
        let of = |state| self.connectors.values().filter(move |it| it.state == state);
        let (n_silent, n_degraded) = (of(HealthState::Silent).count(), of(HealthState::Degraded).count());
        let n = self.connectors.len();
        let text = match n_silent + n_degraded {
            0 => format!("数据源 {n} 个，没有失联或异常的"),
            _ => format!("数据源 {n} 个，其中失联 {n_silent} 个，异常 {n_degraded} 个"),
        };
        let mut facts = vec![Fact::new(text).with(&[], now)];
        for it in of(HealthState::Silent).chain(of(HealthState::Degraded)).take(MAX_ROWS) {
            let state = if it.state == HealthState::Silent { "失联" } else { "异常" };
            let since = moment(it.since, now);
            let text = format!("{} {state}，自 {since} 起 {}", it.name, elapsed_text(now.since_ms(it.since) / 1000));
            facts.push(Fact::new(text).about(Link::Source(it.platform.clone()), &[&it.name]).with(&[], it.since));
        }
        facts
    }

    fn readings_asked(&self, asked: &ReadingsAsked, around: &Around<'_>) -> Result<Vec<Fact>, AskError> {
        let within = self.within(asked.district.as_ref())?;
        let window = asked.window_mins.unwrap_or(60).clamp(10, 120);
        let told = |handle: usize, sensor: &Sensor| {
            let (value, at) = around.readings.gauges.get(handle)?;
            let is_lost = matches!(freshness(sensor.kind.budget(), at, around.now), Freshness::Lost { .. });
            let (unit, now_value) = (sensor.kind.unit(), f64::from(value));
            let mut figures = vec![now_value];
            let mut text = format!(
                "{} {} {} {unit}，读数 {}",
                sensor.name,
                sensor.kind.name_zh(),
                figure(now_value),
                moment(at, around.now)
            );
            if is_lost {
                text += "，已过时";
            } else if let Some((before, then)) = around.past.before(handle, at, window) {
                let before = f64::from(before);
                figures.push(before);
                text += &format!("；{} 分钟前为 {} {unit}", at.since_ms(then) / 60_000, figure(before));
            }
            let fact = Fact::new(text).about(Link::Sensor(sensor.id.clone()), &[&sensor.name]);
            (!is_lost || asked.sensor.is_some()).then(|| (value, fact.with(&figures, at)))
        };
        if let Some(named) = &asked.sensor {
            let unknown = || AskError::Unknown { what: "感知设备", name: named.chars().take(40).collect() };
            let is_named = |it: &&Sensor| it.id.as_str() == named || *it.name == **named;
            let sensor = self.sensors.values().find(is_named).ok_or_else(unknown)?;
            let handle = self.sensors.get_index_of(&sensor.id).ok_or_else(unknown)?;
            let never = || {
                Fact::new(format!("{}没有读数", sensor.name)).about(Link::Sensor(sensor.id.clone()), &[&sensor.name])
            };
            return Ok(vec![told(handle, sensor).map_or_else(never, |it| it.1)]);
        }
        let kind = asked.kind.unwrap_or(SensorKind::Rain);
        let of_kind = self.sensors.values().enumerate();
        let of_kind = of_kind.filter(|(_, it)| it.kind == kind && within.holds(&it.district));
        let mut heard: Vec<(f32, Fact)> = of_kind.filter_map(|(handle, it)| told(handle, it)).collect();
        heard.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.text.cmp(&b.1.text)));
        let (place, name) = (&within.name, kind.name_zh());
        let text = match heard.len() {
            0 => format!("{place}没有{name}的有效读数"),
            n => format!("{place}有{name}读数的感知设备 {n} 个，以下由高到低"),
        };
        let mut facts = vec![Fact::new(text)];
        facts.extend(heard.into_iter().take(rows(asked.limit)).map(|it| it.1));
        Ok(facts)
    }

    // ---------------------------------------------------------------- names

    /// A place of the city by its id or name, or the only one whose name holds the words.
    pub fn place_named(&self, words: &str) -> Option<(String, LonLat)> {
        let words = words.trim();
        if words.is_empty() {
            return None;
        }
        let places = self.places();
        let exact = places.iter().find(|(id, name, _)| *id == words || *name == words);
        let mut within = places.iter().filter(|(_, name, _)| words.chars().count() > 1 && name.contains(words));
        let only = || within.next().filter(|_| within.next().is_none());
        exact.or_else(only).map(|(_, name, at)| ((*name).to_owned(), *at))
    }

    /// Everything that stands somewhere and has a name: id, name, place.
    pub(crate) fn places(&self) -> Vec<(&str, &str, LonLat)> {
        let mut all: Vec<(&str, &str, LonLat)> = Vec::new();
        all.extend(self.flood_points.values().map(|it| (it.id.as_str(), &*it.name, it.at)));
        all.extend(self.shelters_in_force().map(|it| (it.id.as_str(), &*it.name, it.at)));
        all.extend(self.hospitals.values().map(|it| (it.id.as_str(), &*it.name, it.at)));
        all.extend(self.helipads.values().map(|it| (it.id.as_str(), &*it.name, it.at)));
        all.extend(self.depots_in_force().map(|it| (it.id.as_str(), &*it.name, it.at)));
        all.extend(self.townships.values().map(|it| (it.id.as_str(), &*it.name, it.center)));
        all.extend(self.districts.values().map(|it| (it.id.as_str(), &*it.name, it.center)));
        all
    }

    fn district_name(&self, id: &DistrictId) -> String {
        self.districts.get(id).map_or_else(|| id.to_string(), |it| it.name.to_string())
    }

    fn agency_names(&self, id: &AgencyId) -> (String, String) {
        let known = self.agencies.get(id);
        known.map_or_else(|| (id.to_string(), String::new()), |it| (it.name.to_string(), it.short.to_string()))
    }

    fn within(&self, district: Option<&DistrictId>) -> Result<Within, AskError> {
        let Some(id) = district else { return Ok(Within { district: None, name: "全市".into() }) };
        let known = self.districts.get(id).or_else(|| {
            let is_named = |it: &&crate::District| *it.name == *id.0 || it.name.trim_end_matches('区') == &*id.0;
            self.districts.values().find(is_named)
        });
        let known = known.ok_or_else(|| AskError::Unknown { what: "区", name: id.to_string() })?;
        Ok(Within { district: Some(known.id.clone()), name: known.name.to_string() })
    }
}

/// Where is asked about.
struct Within {
    district: Option<DistrictId>,
    name: String,
}

impl Within {
    fn holds(&self, district: &DistrictId) -> bool {
        self.district.as_ref().is_none_or(|it| it == district)
    }
}

fn rows(asked: Option<usize>) -> usize {
    asked.unwrap_or(DEFAULT_ROWS).clamp(1, MAX_ROWS)
}

pub(super) fn capability_zh(capability: Capability) -> &'static str {
    match capability {
        Capability::Rescue => "救援",
        Capability::Fire => "消防",
        Capability::Water => "水上",
        Capability::Drainage => "排涝",
        Capability::Power => "电力",
        Capability::Medical => "医疗",
        Capability::City => "市政",
        Capability::Look => "侦察",
    }
}

/// `10:05`, or with its day where that is another.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    if at.start_of_day() == now.start_of_day() {
        return at.hm();
    }
    let day = at.beijing();
    format!("{}月{}日 {}", day.month(), day.day(), at.hm())
}
