//! 事部件: how long a case may take, whose it was, and which reports are of one thing.
//!
//! The stages themselves are in `model`; the rules of the commands in `decide/cases`. Nothing here claims a standard: limits
//! are the pack's (`rules/cases.toml`), and the shipped ones are illustrative.
//!
//! **Grouping.** A new report joins the oldest group whose lead (its first case) is open, of the same kind, title and
//! district, within [`GroupRule::within_m`] of the lead's place and [`GroupRule::within_mins`] of the lead's time. Distance
//! and time are to the lead, never to a later member, so that a chain of reports cannot creep along a road. A group once
//! made stays made. The fold does it, from the records alone.

use crate::{ids::*, model::*, *};
use serde::{Deserialize, Serialize};

/// What happened to a case beside its stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseHistory {
    /// From agency to agency, in order.
    pub transfers: Vec<Transfer>,
    /// 退回 so far.
    pub n_returned: u32,
    /// 延期 so far, and when it was due at first; none if it was never postponed.
    pub n_postponed: u32,
    pub first_due_at: Option<Timestamp>,
    /// 作废: when and why.
    pub cancelled: Option<(Timestamp, Text)>,
    /// The last words of an officer about it.
    pub note: Text,
    /// The lead of its group; the lead names itself. None while it is alone.
    pub group: Option<CaseId>,
    /// When it was due before the last postponement, while that may still be denied.
    #[serde(default)]
    pub due_before: Option<Timestamp>,
    /// What seats here did on it, in order.
    #[serde(default)]
    pub steps: Vec<StepTaken>,
    /// What its platform answered to applications, in order.
    #[serde(default)]
    pub replies: Vec<CaseReply>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    pub from: AgencyId,
    pub to: AgencyId,
    pub at: Timestamp,
    pub reason: Text,
}

/// Reports of one thing; the lead is the first of `cases`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseGroup {
    pub lead: CaseId,
    /// In the order they came, the lead first.
    pub cases: Vec<CaseId>,
    /// When the last was reported.
    pub last_at: Timestamp,
}

/// What a city decides for itself about its cases (`rules/cases.toml`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaseRules {
    /// Where these figures come from, as screens show it.
    pub basis: Text,
    /// Nobody here has confirmed them.
    pub is_default: bool,
    pub group: GroupRule,
    /// 延期 at most so often, and so far beyond the first due time, hours.
    pub max_postponed: u32,
    pub max_postponed_hours: u32,
    /// The platform that cases found here are reported to.
    pub report_to: PlatformId,
    /// So many transfers make a bounce.
    pub bounce_at: usize,
    /// The first that fits a case counts.
    pub limits: Vec<CaseLimit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupRule {
    pub within_m: f64,
    pub within_mins: u32,
}

/// How long cases of a class may stand in each stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseLimit {
    /// What the class is called.
    pub class: Text,
    /// The title has one of these in it; empty means any title.
    #[serde(default)]
    pub words: Vec<Text>,
    /// None means both.
    #[serde(default)]
    pub kind: Option<CaseKind>,
    /// Minutes in 采集, 立案, 派遣, 处置, 反馈.
    pub mins: [u32; 5],
}

impl Default for CaseRules {
    fn default() -> Self {
        let limit = |class: &str, kind, mins| CaseLimit { class: class.into(), words: Vec::new(), kind, mins };
        Self {
            basis: "默认值，非规定".into(),
            is_default: true,
            group: GroupRule::default(),
            max_postponed: 2,
            max_postponed_hours: 7 * 24,
            report_to: "yunguanfu".into(),
            bounce_at: 3,
            limits: vec![
                limit("事件", Some(CaseKind::Event), [30, 30, 240, 60, 120]),
                limit("部件", Some(CaseKind::Part), [30, 30, 1440, 60, 240]),
            ],
        }
    }
}

impl Default for GroupRule {
    fn default() -> Self {
        Self { within_m: 100.0, within_mins: 60 }
    }
}

impl CaseRules {
    /// What is absurd in it, if anything.
    pub fn fault(&self) -> Option<String> {
        if !self.group.within_m.is_finite() || !(0.0..=5000.0).contains(&self.group.within_m) {
            return Some("group.within_m is not 0 to 5000".into());
        }
        if self.group.within_mins > 24 * 60 {
            return Some("group.within_mins is over a day".into());
        }
        if self.report_to.as_str().trim().is_empty() {
            return Some("report_to names no platform".into());
        }
        if self.bounce_at < 2 {
            return Some("bounce_at is below 2: every case would bounce".into());
        }
        let wrong = self.limits.iter().find(|it| it.mins.iter().any(|mins| !(1..=100_000).contains(mins)));
        wrong.map(|it| format!("a limit of {} is not 1 to 100000 minutes", it.class))
    }

    /// The class a case belongs to.
    pub fn limit_of(&self, report: &CaseReport) -> Option<&CaseLimit> {
        self.limits.iter().find(|it| {
            it.kind.is_none_or(|kind| kind == report.kind)
                && (it.words.is_empty() || it.words.iter().any(|word| report.title.contains(&**word)))
        })
    }
}

impl Case {
    /// 作废.
    pub fn is_cancelled(&self) -> bool {
        self.history.cancelled.is_some()
    }

    /// Passed on too often, or back to one who had it (推诿).
    pub fn is_bouncing(&self, rules: &CaseRules) -> bool {
        let transfers = &self.history.transfers;
        let mut had: Vec<&AgencyId> = Vec::new();
        transfers.len() >= rules.bounce_at
            || transfers.iter().any(|it| {
                had.push(&it.from);
                had.contains(&&it.to)
            })
    }
}

/// A case and the time its stage allows.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseClock<'a> {
    pub case: &'a Case,
    pub class: Text,
    /// When its stage should be over.
    pub stage_due: Timestamp,
}

impl City {
    /// Until when a case may stay in its stage; none once it is closed or cancelled, or where no class fits.
    pub fn case_clock<'a>(&'a self, case: &'a Case) -> Option<CaseClock<'a>> {
        if !case.is_open() {
            return None;
        }
        let limit = self.case_rules.limit_of(&case.report)?;
        let mins = *limit.mins.get(case.stage as usize)?;
        Some(CaseClock { case, class: limit.class.clone(), stage_due: case.stage_at.plus_mins(i64::from(mins)) })
    }

    /// Open cases that stand in their stage for too long, the longest first.
    pub fn late_in_stage(&self, now: Timestamp) -> Vec<CaseClock<'_>> {
        let clocks = self.cases.values().filter_map(|it| self.case_clock(it));
        let mut late: Vec<CaseClock<'_>> = clocks.filter(|it| now > it.stage_due).collect();
        late.sort_by_key(|it| (it.stage_due, it.case.id));
        late
    }

    /// Open cases handed round, the most often first.
    pub fn bouncing_cases(&self) -> Vec<&Case> {
        let mut bouncing: Vec<&Case> =
            self.cases.values().filter(|it| it.is_open() && it.is_bouncing(&self.case_rules)).collect();
        bouncing.sort_by_key(|it| (std::cmp::Reverse(it.history.transfers.len()), it.id));
        bouncing
    }

    /// Groups with an open case, the largest first. A case is in one group at most, so that group sizes and the cases
    /// alone sum to all cases.
    pub fn case_groups(&self) -> Vec<&CaseGroup> {
        let is_open = |id: &CaseId| self.cases.get(id).is_some_and(Case::is_open);
        let mut groups: Vec<&CaseGroup> = self.case_groups.values().filter(|it| it.cases.iter().any(is_open)).collect();
        groups.sort_by_key(|it| (std::cmp::Reverse(it.cases.len()), it.lead));
        groups
    }

    /// Part of the fold: the new case joins a group, or waits to lead one.
    pub(crate) fn group_case(&mut self, id: CaseId) {
        // So many kinds and places are watched before the forgotten ones are swept out.
        const MAX_WATCHED: usize = 4096;
        let Some(case) = self.cases.get(&id) else { return };
        let rule = self.case_rules.group;
        let window_ms = i64::from(rule.within_mins) * 60_000;
        let report = &case.report;
        let (at, reported_at) = (report.at, report.reported_at);
        let key = (report.district.clone(), report.kind, report.title.clone());
        let cases = &self.cases;
        // What came long before cannot be met any more, give or take a platform that tells late.
        let oldest = self.at.0 - 2 * window_ms;
        let still_counts =
            |lead: &CaseId| cases.get(lead).is_some_and(|it| it.report.reported_at.0 >= oldest && it.is_open());
        if self.case_leads.len() >= MAX_WATCHED {
            self.case_leads.retain(|_, leads| leads.iter().any(still_counts));
        }
        let leads = self.case_leads.entry(key).or_default();
        leads.retain(still_counts);
        let fits = |lead: &&CaseId| {
            cases.get(*lead).is_some_and(|it| {
                (it.report.reported_at.0 - reported_at.0).abs() <= window_ms
                    && it.report.at.distance_m(at) <= rule.within_m
            })
        };
        let Some(lead) = leads.iter().find(fits).copied() else {
            leads.push(id);
            return;
        };
        let group =
            self.case_groups.entry(lead).or_insert_with(|| CaseGroup { lead, cases: vec![lead], last_at: reported_at });
        group.cases.push(id);
        group.last_at = group.last_at.max(reported_at);
        for member in [lead, id] {
            if let Some(it) = self.cases.get_mut(&member) {
                it.history.group = Some(lead);
            }
        }
    }
}
