//! What a new edition of a plan changes, in words for whoever approves it.

use super::{Measure, Plan, Scope};
use crate::ids::*;
use std::collections::BTreeMap;

/// The differences, one sentence each; none means that the same would be ordered.
pub fn plan_diff(old: &Plan, new: &Plan) -> Vec<String> {
    let mut words = Vec::new();
    let mut changed = |what: &str, old: String, new: String| {
        if old != new {
            words.push(format!("{what}：{old} → {new}"));
        }
    };
    changed("名称", old.title.to_string(), new.title.to_string());
    changed("版本", old.version.to_string(), new.version.to_string());
    changed("灾种", old.hazard.name_zh().into(), new.hazard.name_zh().into());
    changed("依据", old.basis.to_string(), new.basis.to_string());
    changed("签收时限（分）", old.ack_within_mins.to_string(), new.ack_within_mins.to_string());
    changed("升级间隔（分）", old.escalate_after_mins.to_string(), new.escalate_after_mins.to_string());
    changed("叫应名单", old.ladder.join("、"), new.ladder.join("、"));
    let by_level = |plan: &Plan| {
        let mut by_level: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for it in &plan.triggers {
            by_level.entry(it.level).or_default().push(it.when.source().to_owned());
        }
        by_level
    };
    let (before, after) = (by_level(old), by_level(new));
    for level in crate::ResponseLevel::ALL {
        let text = |it: &BTreeMap<_, Vec<String>>| it.get(&level).map(|it| it.join("；"));
        match (text(&before), text(&after)) {
            (None, Some(it)) => words.push(format!("新增{}级启动条件：{it}", level.roman())),
            (Some(it), None) => words.push(format!("删去{}级启动条件：{it}", level.roman())),
            (Some(a), Some(b)) if a != b => words.push(format!("{}级启动条件：{a} → {b}", level.roman())),
            _ => {}
        }
    }
    for it in &old.measures {
        match new.measures.iter().find(|other| other.id == it.id) {
            None => {
                words.push(format!("删去措施 {} {}（{}级，{}）", it.id, it.title, it.from_level.roman(), it.agency))
            }
            Some(other) => words.extend(measure_diff(it, other)),
        }
    }
    for it in new.measures.iter().filter(|it| !old.measures.iter().any(|other| other.id == it.id)) {
        let (level, agency, mins) = (it.from_level.roman(), &it.agency, it.within_mins);
        words.push(format!("新增措施 {} {}（{level}级，{agency}，{mins} 分，{}）", it.id, it.title, it.clause));
    }
    words
}

fn measure_diff(old: &Measure, new: &Measure) -> Option<String> {
    let mut parts = Vec::new();
    let mut changed = |what: &str, old: String, new: String| {
        if old != new {
            parts.push(format!("{what} {} → {}", quoted(&old), quoted(&new)));
        }
    };
    changed("名称", old.title.to_string(), new.title.to_string());
    changed("条款", old.clause.to_string(), new.clause.to_string());
    changed("起始级别", old.from_level.roman().into(), new.from_level.roman().into());
    changed("牵头", old.agency.to_string(), new.agency.to_string());
    changed("配合", joined(&old.supporting), joined(&new.supporting));
    changed("范围", scope_zh(&old.scope), scope_zh(&new.scope));
    changed("渠道", old.channel.name_zh().into(), new.channel.name_zh().into());
    changed("时限", format!("{} 分", old.within_mins), format!("{} 分", new.within_mins));
    changed("批次", old.group.to_string(), new.group.to_string());
    let condition = |it: &Measure| it.precondition.as_ref().map_or(String::new(), |it| it.source().to_owned());
    changed("前提", condition(old), condition(new));
    changed("文字", old.template.to_string(), new.template.to_string());
    let people = |it: &Measure| {
        let all = it.evacuees.iter().map(|it| format!("{}{} {} 人", it.district, it.class.name_zh(), it.n_people));
        all.collect::<Vec<_>>().join("、")
    };
    changed("转移", people(old), people(new));
    let forces = |it: &Measure| {
        let all = it.forces.iter().map(|it| format!("{}{} {} 支", it.place, it.capability.glyph(), it.n_teams));
        all.collect::<Vec<_>>().join("、")
    };
    changed("力量", forces(old), forces(new));
    (!parts.is_empty()).then(|| format!("改动措施 {} {}：{}", new.id, new.title, parts.join("；")))
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "（无）".to_owned() } else { format!("「{text}」") }
}

fn joined(ids: &[AgencyId]) -> String {
    ids.iter().map(AgencyId::as_str).collect::<Vec<_>>().join("、")
}

impl Scope {
    /// The places in words.
    pub fn name_zh(&self) -> String {
        scope_zh(self)
    }
}

fn scope_zh(scope: &Scope) -> String {
    match scope {
        Scope::City => "全市".to_owned(),
        Scope::Districts(all) => all.iter().map(DistrictId::as_str).collect::<Vec<_>>().join("、"),
        Scope::Townships(all) | Scope::Places(all) => all.join("、"),
    }
}
