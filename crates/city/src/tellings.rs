//! 告知: what platforms are told beside their orders: what officers did to a case, that an order is withdrawn or replaced,
//! whom to send where, that people may go home.
//!
//! A telling is made by the record it tells and by nothing else ([`City::telling_of`]); it stays in [`City::untold`] until
//! its platform's receipt is a record too. The outbox keeps nothing: what it is to say is what the log says.

use crate::{CaseStep, City, Event, FoundCase, LonLat, Record, Source, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};

/// News a platform is owed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Telling {
    /// Of the record that made it.
    pub number: u64,
    pub realm: Realm,
    pub platform: PlatformId,
    pub news: News,
    pub since: Timestamp,
    /// Failures since it was made, or since somebody asked for it again.
    pub n_attempts: u32,
    /// Why the last one failed; empty before the first.
    pub last_error: Text,
    /// It is tried no more until somebody asks for it.
    pub given_up: bool,
}

/// What is told. Cases go by their platform's own numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// 督办.
    CaseSupervised { external: Text },
    /// 催办.
    CasePressed { external: Text },
    /// 退回, or 转派 where another agency is named.
    CaseReturned { external: Text, to: Option<AgencyId>, reason: Text },
    /// 延期.
    CasePostponed { external: Text, due_at: Timestamp, reason: Text },
    /// 作废.
    CaseCancelled { external: Text, reason: Text },
    /// 撤销, by the order's idempotency key; 更正 where another order takes its place.
    OrderWithdrawn { order: OrderId, key: Text, by: Option<Text>, reason: Text },
    /// 放行返回.
    ReturnAllowed { district: DistrictId, township: Option<TownshipId>, reason: Text },
    /// 派出: to a place, or to stand by where it is.
    TeamSent { team: TeamId, to: Option<LonLat>, need: Option<NeedId>, purpose: Text },
    /// 收回.
    TeamRecalled { team: TeamId },
    /// 上报: a case found here. Its receipt is the platform's own number.
    CaseFound { own: OwnCaseId, found: Box<FoundCase>, at: Timestamp },
    /// 签收、处置反馈、核查、评价.
    CaseStepped { external: Text, step: CaseStep, note: Text, media: Vec<Text> },
}

/// What a city decides for itself about tellings (`rules/tellings.toml`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TellingRules {
    /// Where these figures come from, as screens show it.
    pub basis: Text,
    /// Nobody here has confirmed them.
    pub is_default: bool,
    /// After so many failures it is left to people. With the outbox's waits 200 are about two hours and a half.
    pub max_attempts: u32,
    /// Who is told of teams and of people going home.
    pub emergency: PlatformId,
}

impl Default for TellingRules {
    fn default() -> Self {
        Self { basis: "默认值，非规定".into(), is_default: true, max_attempts: 200, emergency: "yingji".into() }
    }
}

impl TellingRules {
    /// What is absurd in it, if anything.
    pub fn fault(&self) -> Option<String> {
        if self.max_attempts == 0 {
            return Some("max_attempts is 0: nothing would ever be told".into());
        }
        self.emergency.as_str().trim().is_empty().then(|| "emergency names no platform".into())
    }
}

impl Telling {
    /// Stable across restarts and retries: realm, what it is about, and the record's number.
    pub fn idempotency_key(&self) -> String {
        let realm = match self.realm {
            Realm::Actual => "a",
            Realm::Exercise => "x",
        };
        format!("gulang-{realm}-{}-r{}", self.news.subject(), self.number)
    }
}

impl News {
    /// What it is about. News of one subject are told one after another, in the order they were made.
    pub fn subject(&self) -> String {
        match self {
            Self::CaseSupervised { external }
            | Self::CasePressed { external }
            | Self::CaseReturned { external, .. }
            | Self::CasePostponed { external, .. }
            | Self::CaseCancelled { external, .. }
            | Self::CaseStepped { external, .. } => format!("case-{external}"),
            Self::CaseFound { own, .. } => format!("own-{own}"),
            Self::OrderWithdrawn { order, .. } => format!("order-{order}"),
            Self::ReturnAllowed { district, township, .. } => {
                format!("return-{}", township.as_ref().map_or(district.as_str(), TownshipId::as_str))
            }
            Self::TeamSent { team, .. } | Self::TeamRecalled { team } => format!("team-{team}"),
        }
    }

    pub fn name_zh(&self) -> &'static str {
        match self {
            Self::CaseSupervised { .. } => "督办",
            Self::CasePressed { .. } => "催办",
            Self::CaseReturned { to: None, .. } => "退回案件",
            Self::CaseReturned { .. } => "转派案件",
            Self::CasePostponed { .. } => "案件延期",
            Self::CaseCancelled { .. } => "作废案件",
            Self::OrderWithdrawn { by: None, .. } => "撤销指令",
            Self::OrderWithdrawn { .. } => "更正指令",
            Self::ReturnAllowed { .. } => "放行返回",
            Self::TeamSent { .. } => "派出",
            Self::TeamRecalled { .. } => "收回",
            Self::CaseFound { .. } => "上报案件",
            Self::CaseStepped { step, .. } => step.name_zh(),
        }
    }
}

impl City {
    /// What a platform must be told because of this record, judged by the city before it is folded in. What the platform
    /// itself said is not told back to it.
    pub(crate) fn telling_of(&self, record: &Record) -> Option<Telling> {
        let of_case = |id: &CaseId, news: &dyn Fn(Text) -> News| {
            let report = &self.cases.get(id)?.report;
            let is_theirs = matches!(&record.source, Source::Platform(it) if *it == report.platform);
            (!is_theirs).then(|| (report.platform.clone(), news(report.external.clone())))
        };
        let emergency = |news| Some((self.telling_rules.emergency.clone(), news));
        let (platform, news) = match &record.event {
            Event::CaseSupervised { case } => of_case(case, &|external| News::CaseSupervised { external }),
            Event::CasePressed { case } => of_case(case, &|external| News::CasePressed { external }),
            Event::CaseReturned { case, reason, .. } => {
                of_case(case, &|external| News::CaseReturned { external, to: None, reason: reason.clone() })
            }
            Event::CaseTransferred { case, transfer } => of_case(case, &|external| {
                let (to, reason) = (Some(transfer.to.clone()), transfer.reason.clone());
                News::CaseReturned { external, to, reason }
            }),
            Event::CasePostponed { case, due_at, reason } => of_case(case, &|external| {
                let (due_at, reason) = (*due_at, reason.clone());
                News::CasePostponed { external, due_at, reason }
            }),
            Event::CaseCancelled { case, reason, .. } => {
                of_case(case, &|external| News::CaseCancelled { external, reason: reason.clone() })
            }
            Event::OrderClimbed { order, rung: Rung::Cancelled, note, .. } => {
                self.withdrawal_of(self.orders.get(order)?, None, note)
            }
            Event::OrderDrafted { order, text } => {
                let old = self.orders.get(&text.supersedes?)?;
                let by = Order::key_of(self.realm, *order, old.definition_version.saturating_add(1));
                self.withdrawal_of(old, Some(by.into()), &old.note)
            }
            Event::ReturnAllowed { district, township, reason } => {
                let (district, township, reason) = (district.clone(), township.clone(), reason.clone());
                emergency(News::ReturnAllowed { district, township, reason })
            }
            Event::TeamAssigned { team, purpose, .. } => {
                emergency(News::TeamSent { team: team.clone(), to: None, need: None, purpose: purpose.clone() })
            }
            Event::TeamSent { team, need, purpose, .. } => {
                let (team, to, purpose) = (team.clone(), self.needs.get(need).map(|it| it.at), purpose.clone());
                emergency(News::TeamSent { team, to, need: Some(*need), purpose })
            }
            Event::TeamReleased { team } => emergency(News::TeamRecalled { team: team.clone() }),
            Event::OwnCaseOpened { own } => {
                let found = Box::new(own.found.clone());
                Some((own.platform.clone(), News::CaseFound { own: own.id, found, at: own.opened_at }))
            }
            Event::CaseStepTaken { case, taken } => of_case(case, &|external| News::CaseStepped {
                external,
                step: taken.step,
                note: taken.note.clone(),
                media: taken.media.clone(),
            }),
            _ => None,
        }?;
        Some(Telling {
            number: record.seq,
            realm: self.realm,
            platform,
            news,
            since: record.at,
            n_attempts: 0,
            last_error: "".into(),
            given_up: false,
        })
    }

    /// An order that was never put on the wire leaves nothing to withdraw.
    fn withdrawal_of(&self, order: &Order, by: Option<Text>, reason: &Text) -> Option<(PlatformId, News)> {
        let (key, reason) = (order.idempotency_key().into(), reason.clone());
        let news = News::OrderWithdrawn { order: order.id, key, by, reason };
        (order.n_attempts > 0).then(|| (order.text.platform.clone(), news))
    }

    pub(crate) fn owe(&mut self, telling: Telling) {
        // Where a team goes now makes what could not be told of it before wrong.
        if matches!(telling.news, News::TeamSent { .. } | News::TeamRecalled { .. }) {
            let subject = telling.news.subject();
            self.untold.retain(|_, it| !(it.given_up && it.news.subject() == subject));
        }
        self.untold.insert(telling.number, telling);
    }

    /// A telling in the officer's words, such as `撤销指令：关闭跨海通道`.
    pub fn telling_text(&self, telling: &Telling) -> String {
        let team = |id: &TeamId| self.teams.get(id).map_or_else(|| id.to_string(), |it| it.name.to_string());
        let what = match &telling.news {
            News::CaseSupervised { external }
            | News::CasePressed { external }
            | News::CaseReturned { external, .. }
            | News::CasePostponed { external, .. }
            | News::CaseCancelled { external, .. }
            | News::CaseStepped { external, .. } => external.to_string(),
            News::CaseFound { found, .. } => format!("{} {}", found.address, found.title),
            News::OrderWithdrawn { order, .. } => {
                self.orders.get(order).map_or_else(|| order.to_string(), |it| it.text.title.to_string())
            }
            News::ReturnAllowed { district, township, .. } => {
                let district = self.districts.get(district).map_or(district.as_str(), |it| &it.name);
                let township = township.as_ref().map(|id| self.townships.get(id).map_or(id.as_str(), |it| &it.name));
                format!("{district}{}", township.unwrap_or_default())
            }
            News::TeamSent { team: id, .. } | News::TeamRecalled { team: id } => team(id),
        };
        format!("{}：{what}", telling.news.name_zh())
    }

    /// Who is rung when a platform cannot be told: the agency the telling concerns, else the first on that platform.
    pub fn telling_phone(&self, telling: &Telling) -> Option<&Agency> {
        let named = match &telling.news {
            News::CaseReturned { to: Some(agency), .. } => Some(agency),
            News::CaseFound { found, .. } => Some(&found.agency),
            News::OrderWithdrawn { order, .. } => self.orders.get(order).map(|it| &it.text.agency),
            _ => None,
        };
        let first = || self.agencies.values().find(|it| it.platform == telling.platform);
        named.and_then(|id| self.agencies.get(id)).or_else(first)
    }
}
