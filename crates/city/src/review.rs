//! 复盘: what happened between two moments, told from the records: who knew what when, each order's climb against its
//! deadline, how agencies answered, and a score sheet. Every figure names the records it comes from.
//!
//! A [`Review`] is a second fold beside the city: [`Review::note`] takes each record with the city it made. It must not know
//! where records come from, nor any report's form, and it judges nothing that the records do not say.

use crate::{City, Event, MarkingKind, ProposalEnd, Record, Source, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Moments of one kind closer together than this are told as one.
const SAME_MOMENT_MS: i64 = 60_000;

/// Events are counted in steps of so many milliseconds; who draws them may add steps together.
pub const DENSITY_MS: i64 = 5 * 60_000;

/// A stretch of time and of records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Review {
    pub realm: Realm,
    pub city: String,
    /// The drill's title and seed, if it was one.
    pub exercise: Option<(String, u64)>,
    pub from: Timestamp,
    pub to: Timestamp,
    /// Numbers of the first and last record in it; 0 if there is none.
    pub first_record: u64,
    pub last_record: u64,
    /// Who knew what when, in order.
    pub moments: Vec<Moment>,
    pub orders: Vec<OrderStory>,
    pub levels: Vec<LevelStory>,
    pub recommendations: Vec<Advice>,
    /// People to move and moved, all classes and districts together.
    pub moved: Vec<MovedPoint>,
    /// Warnings from issue to end, in order of issue.
    #[serde(default)]
    pub warnings: Vec<WarningStory>,
    /// 交通管制, in order.
    #[serde(default)]
    pub closures: Vec<ClosureStory>,
    /// How many events came when; steps without any are left out.
    #[serde(default)]
    pub density: Vec<DensityStep>,
    pub platforms: Vec<PlatformStory>,
    pub alarms: AlarmCount,
    /// Measures of the highest level's plan that no order was drafted for, with their titles; filled by [`Review::end`].
    pub never_ordered: Vec<(MeasureId, String, ResponseLevel)>,
}

/// What a moment is about; decides its mark and what is grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MomentKind {
    Exercise,
    Warning,
    Typhoon,
    Alarm,
    Advice,
    Level,
    Order,
    Delivered,
    Acknowledged,
    Answered,
    Overdue,
    Escalated,
    People,
    Team,
    Platform,
    Refused,
}

impl MomentKind {
    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Exercise => "演练",
            Self::Warning => "预警",
            Self::Typhoon => "台风",
            Self::Alarm => "告警",
            Self::Advice => "研判",
            Self::Level => "等级",
            Self::Order => "下达",
            Self::Delivered => "送达",
            Self::Acknowledged => "签收",
            Self::Answered => "办理",
            Self::Overdue => "逾期",
            Self::Escalated => "叫应",
            Self::People => "转移",
            Self::Team => "队伍",
            Self::Platform => "平台",
            Self::Refused => "拒收",
        }
    }
}

/// One line of the timeline: something became known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    pub at: Timestamp,
    pub kind: MomentKind,
    /// How many records it tells.
    pub n: u32,
    pub text: String,
    /// Who knew, or said so: a seat, a platform, the hub, an agency.
    pub who: String,
    pub records: Vec<u64>,
}

/// A record's number and when it was numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub record: u64,
    pub at: Timestamp,
}

/// One order from draft to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderStory {
    pub order: OrderId,
    pub text: OrderText,
    pub agency: String,
    pub drafted: Mark,
    /// First put on the wire.
    pub sent: Option<Mark>,
    pub n_attempts: u32,
    /// Every rung it reached, in order, with the platform's words.
    pub climbs: Vec<(Rung, Mark, String)>,
    pub overdue: Vec<(Rung, Mark)>,
    /// Who was called, when.
    pub escalated: Vec<(String, Mark)>,
}

impl OrderStory {
    /// When it first stood at this rung or a later one of the climb (not an end such as a refusal).
    pub fn reached(&self, rung: Rung) -> Option<Mark> {
        let on_the_way = |it: Rung| it >= rung && it <= Rung::Done;
        self.climbs.iter().find(|(it, ..)| on_the_way(*it)).map(|(_, mark, _)| *mark)
    }

    pub fn ended_as(&self, rung: Rung) -> Option<Mark> {
        self.climbs.iter().find(|(it, ..)| *it == rung).map(|(_, mark, _)| *mark)
    }

    pub fn rung(&self) -> Rung {
        self.climbs.last().map_or(Rung::Drafted, |(rung, ..)| *rung)
    }

    /// Finished after its time, or at `to` unfinished past it.
    pub fn is_late(&self, to: Timestamp) -> bool {
        match self.ended_as(Rung::Done) {
            Some(done) => done.at > self.text.due_at,
            None => !self.rung().is_end() && to > self.text.due_at,
        }
    }
}

/// A change of footing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelStory {
    pub mark: Mark,
    pub from: Option<ResponseLevel>,
    pub to: Option<ResponseLevel>,
    pub plan: Option<PlanId>,
    /// Empty means the whole city.
    pub districts: Vec<DistrictId>,
    pub confirmed_by: Vec<String>,
    pub reason: String,
}

/// What was recommended; `None` when it was withdrawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    pub mark: Mark,
    pub level: Option<ResponseLevel>,
    pub evidence: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedPoint {
    pub mark: Mark,
    pub expected: u64,
    pub moved: u64,
}

/// A warning from issue to cancellation or expiry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarningStory {
    pub mark: Mark,
    pub id: WarningId,
    pub hazard: Hazard,
    pub color: WarningColor,
    pub headline: String,
    /// When it ends or ended.
    pub until: Timestamp,
}

/// A closure from its drawing to its lifting; `None` while it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClosureStory {
    pub marking: MarkingId,
    pub mark: Mark,
    pub lifted: Option<Mark>,
    pub reason: String,
}

/// Alarms, warnings and cases that came within [`DENSITY_MS`] from `at`, by colour from blue to red.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DensityStep {
    pub at: Timestamp,
    pub n: [u32; 4],
}

/// A platform's bad times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlatformStory {
    pub platform: PlatformId,
    pub name: String,
    pub changes: Vec<(Mark, HealthState, String)>,
    /// Messages it sent that could not be accepted.
    pub refused: Vec<u64>,
}

impl PlatformStory {
    /// Milliseconds it was silent or degraded, up to `to`.
    pub fn bad_ms(&self, to: Timestamp) -> i64 {
        let ends = self.changes.iter().skip(1).map(|(mark, ..)| mark.at).chain([to]);
        let spans = self.changes.iter().zip(ends);
        spans
            .filter(|((_, state, _), _)| matches!(state, HealthState::Silent | HealthState::Degraded))
            .map(|((mark, ..), end)| end.since_ms(mark.at).max(0))
            .sum()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmCount {
    pub raised: Vec<u64>,
    /// Raised and not yet acknowledged, with the record that raised it.
    pub unacknowledged: BTreeMap<u64, u64>,
    pub shelved: Vec<u64>,
}

impl Review {
    /// Records outside `from..=to` only build up the city; give them all the same.
    pub fn begin(city: &City, from: Timestamp, to: Timestamp) -> Self {
        Self { realm: city.realm, city: city.name.to_string(), from, to, ..Self::default() }
    }

    /// Takes one record and the city after it.
    pub fn note(&mut self, record: &Record, city: &City) {
        if record.at < self.from || record.at > self.to {
            return;
        }
        if self.first_record == 0 {
            self.first_record = record.seq;
        }
        self.last_record = record.seq;
        self.note_people(record, city);
        self.note_spans(record);
        self.note_event(record, city);
    }

    /// Fills in what only the whole stretch says. `city` is the city at its end.
    pub fn end(&mut self, city: &City) {
        let highest = self.levels.iter().filter_map(|it| Some((it.to?, it.plan.clone()?))).max_by_key(|it| it.0);
        let Some((level, plan)) = highest else { return };
        let Some(plan) = city.plans.get(&plan) else { return };
        let ordered: BTreeSet<&MeasureId> = self.orders.iter().filter_map(|it| it.text.measure.as_ref()).collect();
        let missed = plan.measures.iter().filter(|it| it.from_level <= level && !ordered.contains(&it.id));
        self.never_ordered = missed.map(|it| (it.id.clone(), it.title.to_string(), it.from_level)).collect();
    }

    fn note_event(&mut self, record: &Record, city: &City) {
        let (seq, at) = (record.seq, record.at);
        let mark = Mark { record: seq, at };
        let who = said_by(&record.source, city);
        match &record.event {
            Event::ExerciseStarted { title, seed, .. } => {
                self.exercise = Some((title.to_string(), *seed));
                self.tell(mark, MomentKind::Exercise, format!("演练开始：{title}，种子 {seed}"), who);
            }
            Event::ExerciseEnded => self.tell(mark, MomentKind::Exercise, "演练结束".into(), who),
            Event::WarningIssued { warning } => {
                let text = format!("{}色预警：{}", warning.color.glyph(), warning.headline);
                self.tell(mark, MomentKind::Warning, text, warning.sender.to_string());
            }
            Event::TyphoonUpdated { name, fixes, .. } => {
                if let Some(fix) = fixes.last() {
                    let text = format!("台风{name}新定位，最大风速 {:.0} m/s", fix.wind);
                    self.group(mark, MomentKind::Typhoon, 6 * 60, who, |n| {
                        if n == 1 { text.clone() } else { format!("台风{name}定位 {n} 次") }
                    });
                }
            }
            Event::QuakeReported { report, .. } => {
                let text = format!("地震{}：{}", report.stage.name_zh(), report.words());
                self.tell(mark, MomentKind::Warning, text, report.source.to_string());
            }
            Event::QuakeCancelled { source, .. } => {
                self.tell(mark, MomentKind::Warning, "地震报告取消".into(), source.to_string());
            }
            Event::AlarmRaised { alarm, .. } | Event::FenceBroken { alarm, .. } => {
                self.alarms.raised.push(seq);
                self.alarms.unacknowledged.insert(alarm.0, seq);
                self.group(mark, MomentKind::Alarm, 60, "感知".into(), |n| format!("感知告警 {n} 起"));
            }
            Event::AlarmAcknowledged { alarm, .. } => drop(self.alarms.unacknowledged.remove(&alarm.0)),
            Event::AlarmShelved { .. } => self.alarms.shelved.push(seq),
            Event::LevelRecommended { recommendation } => {
                let evidence: Vec<String> = recommendation.evidence.iter().map(|it| it.text.to_string()).collect();
                let rose = self.recommendations.last().is_none_or(|it| it.level != Some(recommendation.level));
                if rose {
                    let first = evidence.first().map(|it| format!("：{it}")).unwrap_or_default();
                    let text = format!("建议{}级响应{first}", recommendation.level.roman());
                    self.tell(mark, MomentKind::Advice, text, who);
                }
                self.recommendations.push(Advice { mark, level: Some(recommendation.level), evidence });
            }
            Event::RecommendationWithdrawn => {
                self.tell(mark, MomentKind::Advice, "建议撤回：依据已不成立".into(), who);
                self.recommendations.push(Advice { mark, level: None, evidence: Vec::new() });
            }
            Event::FootingChanged { level, plan, districts, confirmed_by, reason, .. } => {
                let from = self.levels.last().and_then(|it| it.to);
                let words =
                    |it: Option<ResponseLevel>| it.map_or("平时".to_owned(), |it| format!("{}级", it.roman()));
                let confirmed_by: Vec<String> = confirmed_by.iter().map(ToString::to_string).collect();
                let reason_words = if reason.is_empty() { String::new() } else { format!("（{reason}）") };
                let text = format!("{} → {}{reason_words}", words(from), words(*level));
                self.tell(mark, MomentKind::Level, text, confirmed_by.join("、"));
                self.levels.push(LevelStory {
                    mark,
                    from,
                    to: *level,
                    plan: plan.clone(),
                    districts: districts.clone(),
                    confirmed_by,
                    reason: reason.to_string(),
                });
            }
            Event::SwitchProposed { proposal } => {
                let text = format!("提议{}，待第二席会签", proposal.switch.name_zh());
                self.tell(mark, MomentKind::Level, text, who);
            }
            Event::FlightOrdered { flight, .. } => {
                let text = format!("无人机 {}：{}", flight.drone, flight.task.name_zh());
                self.tell(mark, MomentKind::Order, text, who);
            }
            Event::FlightReported { flight, state, .. } if state.is_end() => {
                let text = format!("第 {flight} 号飞行{} {}", state.name_zh(), state.why());
                self.tell(mark, MomentKind::Platform, text.trim_end().into(), who);
            }
            Event::StreetCallAsked { call } => {
                let text = format!("一对一视频 {}：{}", call.name, call.why);
                self.tell(mark, MomentKind::Order, text, who);
            }
            Event::StreetCallReported { call, state, note } if state.is_end() => {
                let text = format!("第 {call} 路一对一视频{} {note}", state.name_zh());
                self.tell(mark, MomentKind::Platform, text.trim_end().into(), who);
            }
            Event::OwnCaseOpened { own } => {
                let text = format!("自报案件 {} {}", own.found.address, own.found.title);
                self.tell(mark, MomentKind::Order, text, who);
            }
            Event::ControlTaken { drone, control } => {
                let text = format!("无人机 {drone} 的控制权归「{}」", control.seat);
                self.tell(mark, MomentKind::Order, text, who);
            }
            Event::EmergencyStopProposed { proposal } => {
                let text = format!("提议急停无人机 {}：{}", proposal.drone, proposal.reason);
                self.tell(mark, MomentKind::Order, text, who);
            }
            Event::ProposalClosed { number, how, reason, .. } if *how != ProposalEnd::CoSigned => {
                let reason = if reason.is_empty() { String::new() } else { format!("（{reason}）") };
                self.tell(mark, MomentKind::Level, format!("第 {number} 号提议{}{reason}", how.name_zh()), who);
            }
            Event::OrderDrafted { order, text } => {
                let agency = city.agencies.get(&text.agency).map_or(text.agency.to_string(), |it| it.name.to_string());
                self.group(mark, MomentKind::Order, 0, who, |n| format!("指令 {n} 条入账"));
                self.orders.push(OrderStory {
                    order: *order,
                    text: text.clone(),
                    agency,
                    drafted: mark,
                    sent: None,
                    n_attempts: 0,
                    climbs: Vec::new(),
                    overdue: Vec::new(),
                    escalated: Vec::new(),
                });
            }
            Event::OrderAttempted { order, n_attempts, .. } => {
                if let Some(story) = self.story(*order) {
                    story.sent.get_or_insert(mark);
                    story.n_attempts = *n_attempts;
                }
            }
            Event::OrderClimbed { order, rung, note, .. } => {
                let Some(story) = self.story(*order) else { return };
                story.climbs.push((*rung, mark, note.to_string()));
                let (agency, title) = (story.agency.clone(), story.text.title.clone());
                match rung {
                    Rung::Delivered => self.group(mark, MomentKind::Delivered, 0, who, |n| format!("{n} 条系统送达")),
                    Rung::Acknowledged => {
                        self.group(mark, MomentKind::Acknowledged, 10, who, |n| format!("{n} 条签收"));
                    }
                    Rung::Rejected | Rung::Failed => {
                        let text = format!("{agency}：{title} {}，{note}", rung.name_zh());
                        self.tell(mark, MomentKind::Answered, text, agency);
                    }
                    Rung::Cancelled | Rung::Superseded => {
                        let what = rung.name_zh();
                        self.group(mark, MomentKind::Answered, 0, who, |n| format!("{n} 条{what}"));
                    }
                    _ => {}
                }
            }
            Event::OrderOverdue { order, rung } => {
                let Some(story) = self.story(*order) else { return };
                story.overdue.push((*rung, mark));
                self.group(mark, MomentKind::Overdue, 5, who, |n| format!("{n} 条逾期"));
            }
            Event::OrderEscalated { order, to, .. } => {
                let Some(story) = self.story(*order) else { return };
                story.escalated.push((to.to_string(), mark));
                let text = format!("叫应 {to}：{} · {}", story.agency, story.text.title);
                let one = self.moments.last().is_none_or(|it| it.kind != MomentKind::Escalated);
                self.group(mark, MomentKind::Escalated, 5, who, |n| {
                    if one && n == 1 { text.clone() } else { format!("升级叫应 {n} 次") }
                });
            }
            Event::TellingFailed { telling, given_up: true, error, .. } => {
                let what = city.untold.get(telling).map_or_else(|| telling.to_string(), |it| city.telling_text(it));
                self.tell(mark, MomentKind::Answered, format!("没能告知 {what}：{error}"), who);
            }
            Event::TeamAssigned { team, purpose, .. } => {
                let name = city.teams.get(team).map_or(team.to_string(), |it| it.name.to_string());
                self.tell(mark, MomentKind::Team, format!("派出{name}：{purpose}"), who);
            }
            Event::ConnectorChanged { health } => {
                let story = platform(&mut self.platforms, &health.platform, &health.name);
                // The first word of a healthy platform is no news.
                let is_news = !story.changes.is_empty() || health.state != HealthState::Healthy;
                story.changes.push((mark, health.state, health.last_error.to_string()));
                if is_news {
                    let text = format!("{}{}", health.name, state_zh(health.state));
                    self.tell(mark, MomentKind::Platform, text, "枢纽".into());
                }
            }
            Event::MessageRefused { platform: id, .. } => {
                platform(&mut self.platforms, id, id.as_str()).refused.push(seq);
                self.group(mark, MomentKind::Refused, 60, id.to_string(), |n| format!("拒收消息 {n} 条"));
            }
            _ => {}
        }
    }

    /// What lasts, and how much came when.
    fn note_spans(&mut self, record: &Record) {
        let mark = Mark { record: record.seq, at: record.at };
        match &record.event {
            Event::WarningIssued { warning } => {
                self.count(record.at, warning.color);
                self.warnings.retain(|it| it.id != warning.id);
                self.warnings.push(WarningStory {
                    mark,
                    id: warning.id.clone(),
                    hazard: warning.hazard,
                    color: warning.color,
                    headline: warning.headline.to_string(),
                    until: warning.expires_at,
                });
            }
            Event::WarningCancelled { warning } => {
                if let Some(story) = self.warnings.iter_mut().find(|it| it.id == *warning) {
                    story.until = story.until.min(record.at);
                }
            }
            Event::MarkingPut { marking } => {
                if let MarkingKind::Closure { reason, .. } = &marking.kind {
                    let reason = reason.to_string();
                    self.closures.push(ClosureStory { marking: marking.id, mark, lifted: None, reason });
                }
            }
            Event::MarkingRemoved { marking } => {
                if let Some(story) = self.closures.iter_mut().find(|it| it.marking == *marking) {
                    story.lifted = Some(mark);
                }
            }
            Event::AlarmRaised { color, .. } | Event::FenceBroken { color, .. } => self.count(record.at, *color),
            Event::CaseReported { report, .. } => self.count(record.at, report.color),
            _ => {}
        }
    }

    fn count(&mut self, at: Timestamp, color: WarningColor) {
        let step = Timestamp(at.0 - at.0.rem_euclid(DENSITY_MS));
        if self.density.last().is_none_or(|it| it.at < step) {
            self.density.push(DensityStep { at: step, n: [0; 4] });
        }
        // A clock that was set back counts into the last step.
        if let Some(last) = self.density.last_mut() {
            last.n[color as usize] += 1;
        }
    }

    fn note_people(&mut self, record: &Record, city: &City) {
        let is_count = matches!(
            record.event,
            Event::EvacuationExpected { .. } | Event::EvacuationPlaceExpected { .. } | Event::EvacuationCounted { .. }
        );
        if !is_count {
            return;
        }
        let sum = |it: fn(&Tally) -> u32| city.evacuation.values().map(|tally| u64::from(it(tally))).sum::<u64>();
        let point = MovedPoint {
            mark: Mark { record: record.seq, at: record.at },
            expected: sum(|it| it.expected),
            moved: sum(|it| it.moved),
        };
        let quarter = |it: &MovedPoint| it.moved * 4 / it.expected.max(1);
        let (before, mark) = (self.moved.last().copied(), point.mark);
        if point.moved > 0 && before.is_some_and(|it| it.expected == point.expected && quarter(&it) < quarter(&point)) {
            let text = format!("人员转移过 {} %：{} / {} 人", quarter(&point) * 25, point.moved, point.expected);
            self.tell(mark, MomentKind::People, text, "应急平台".into());
        }
        match self.moved.last_mut() {
            Some(last) if last.mark.at == point.mark.at => *last = point,
            _ => self.moved.push(point),
        }
    }

    fn story(&mut self, id: OrderId) -> Option<&mut OrderStory> {
        self.orders.iter_mut().rev().find(|it| it.order == id)
    }

    fn tell(&mut self, mark: Mark, kind: MomentKind, text: String, who: String) {
        self.moments.push(Moment { at: mark.at, kind, n: 1, text, who, records: vec![mark.record] });
    }

    /// Told together with the last moment of its kind, if that began no more than `mins` (and one minute) ago and nothing
    /// of weight came between.
    fn group(&mut self, mark: Mark, kind: MomentKind, mins: i64, who: String, text: impl Fn(u32) -> String) {
        let near = |it: &&mut Moment| mark.at.since_ms(it.at) <= mins * 60_000 + SAME_MOMENT_MS;
        let known = self.moments.iter_mut().rev().take(40).find(|it| it.kind == kind).filter(near);
        match known {
            Some(known) => {
                known.n += 1;
                known.records.push(mark.record);
                known.text = text(known.n);
            }
            None => self.tell(mark, kind, text(1), who),
        }
    }
}

fn platform<'a>(platforms: &'a mut Vec<PlatformStory>, id: &PlatformId, name: &str) -> &'a mut PlatformStory {
    let known = platforms.iter().position(|it| it.platform == *id);
    let at = known.unwrap_or_else(|| {
        platforms.push(PlatformStory {
            platform: id.clone(),
            name: name.to_owned(),
            changes: Vec::new(),
            refused: Vec::new(),
        });
        platforms.len() - 1
    });
    &mut platforms[at]
}

fn said_by(source: &Source, city: &City) -> String {
    match source {
        Source::Hub => "枢纽".to_owned(),
        Source::Seat(seat) => seat.to_string(),
        Source::Platform(id) => city.connectors.get(id).map_or(id.to_string(), |it| it.name.to_string()),
    }
}

pub fn state_zh(state: HealthState) -> &'static str {
    match state {
        HealthState::Unknown => "未知",
        HealthState::Healthy => "正常",
        HealthState::Degraded => "时断时续",
        HealthState::Silent => "失联",
    }
}

/// Record numbers as people write them: `12–95、101`.
pub fn spans(records: &[u64]) -> String {
    let mut sorted = records.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for it in sorted {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == it => *last = it,
            _ => runs.push((it, it)),
        }
    }
    let words = |(a, b): &(u64, u64)| if a == b { a.to_string() } else { format!("{a}–{b}") };
    let n = runs.len();
    if n <= 4 {
        return runs.iter().map(words).collect::<Vec<_>>().join("、");
    }
    format!("{}、…、{}（共 {} 条）", words(&runs[0]), words(&runs[n - 1]), records.len())
}
