//! The review sheet (审阅单): what a switch would do, before anything is done.
//!
//! [`City::sheet`] asks the rules that [`crate::Command::SwitchToWar`] obeys, so that what is shown is what is sent. Its
//! `version` is a hash of what was shown, free of record numbers and clocks: two officers with different sheets before them
//! cannot both be obeyed unawares.

use super::{ForceNeed, Truth};
use crate::{City, Draft, Refusal, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};
use sm3::Digest;
use std::collections::BTreeMap;

/// What a sheet is asked for; the same fields travel in the command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetAsk {
    pub plan: PlanId,
    pub level: ResponseLevel,
    /// Empty means the whole city.
    #[serde(default)]
    pub districts: Vec<DistrictId>,
    #[serde(default)]
    pub struck: Vec<MeasureId>,
    #[serde(default)]
    pub added: Vec<AddedOrder>,
}

/// An order the plan does not have, put on the sheet by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AddedOrder {
    pub agency: AgencyId,
    pub title: Text,
    pub body: Text,
    /// Finish within, minutes.
    pub within_mins: u32,
    pub channel: Channel,
    /// The districts it is limited to; empty is the whole city.
    #[serde(default)]
    pub districts: Vec<DistrictId>,
    /// Why it is needed; it stands where a measure has its clause.
    pub reason: Text,
}

/// An order that waits: for the group before it, or for its precondition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOrder {
    /// Counted from 1 in this city's log.
    pub number: u64,
    pub plan: PlanId,
    pub level: ResponseLevel,
    pub from_level: ResponseLevel,
    pub group: u8,
    /// A measure of the plan or its layers, or an added order.
    pub measure: Option<MeasureId>,
    pub added: Option<AddedOrder>,
    pub agency: AgencyId,
    pub title: Text,
    /// As in [`OrderText::districts`].
    #[serde(default)]
    pub districts: Vec<DistrictId>,
    /// Whether it has a condition of its own, besides its group.
    pub has_precondition: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub ask: SheetAsk,
    pub realm: Realm,
    pub title: Text,
    pub plan_version: Text,
    /// The footing of the city (`district` none) and of each district that changes.
    pub changes: Vec<SheetChange>,
    /// Orders by who receives them, in the plan's order.
    pub agencies: Vec<SheetAgency>,
    /// Whom to call: the agencies whose orders say so.
    pub calls: Vec<SheetCall>,
    pub people: Vec<SheetPeople>,
    /// Forces wanted in place; who goes is another question.
    pub forces: Vec<ForceNeed>,
    pub n_orders: u32,
    /// Of them, those that wait for a group or a precondition.
    pub n_held: u32,
    pub n_people: u64,
    /// Seats that must sign.
    pub n_seats: u8,
    /// It goes up or down by more than one level, unadvised: a reason is needed.
    pub skips_levels: bool,
    /// Hash of what is shown; hand it back in the command.
    pub version: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetChange {
    pub district: Option<DistrictId>,
    pub name: Text,
    pub posture: Posture,
    pub from: Option<ResponseLevel>,
    pub to: ResponseLevel,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetAgency {
    pub agency: AgencyId,
    pub name: Text,
    pub phone: Text,
    pub orders: Vec<SheetOrder>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetOrder {
    pub text: OrderText,
    /// Added by hand.
    pub added: bool,
    /// The layer that brought a tighter deadline.
    pub tightened_by: Option<PlanId>,
    /// Why it does not go out at once.
    pub held: Option<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetCall {
    pub agency: AgencyId,
    pub name: Text,
    pub phone: Text,
    pub n_orders: u32,
    /// The plan's ladder, in turn.
    pub ladder: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SheetPeople {
    pub class: EvacueeClass,
    pub district: DistrictId,
    /// Asked for by this sheet.
    pub n_people: u32,
    /// Asked for before, in this war.
    pub n_before: u32,
}

impl City {
    /// What [`crate::Command::SwitchToWar`] would do now, or why it may not be asked.
    pub fn sheet(&self, ask: &SheetAsk, now: Timestamp) -> Result<Sheet, Refusal> {
        let plan = self.switchable(ask)?;
        let drafts = self.drafts(plan, ask, now);
        let mut agencies: Vec<SheetAgency> = Vec::new();
        let mut calls: Vec<SheetCall> = Vec::new();
        let mut people: BTreeMap<(EvacueeClass, DistrictId), u32> = BTreeMap::new();
        let mut forces = Vec::new();
        let mut by_agency: BTreeMap<&AgencyId, usize> = BTreeMap::new();
        for draft in &drafts {
            let id = &draft.text.agency;
            let known = self.agencies.get(id);
            let name = known.map_or_else(|| id.0.clone(), |it| it.name.clone());
            let phone: Text = known.map_or_else(|| "".into(), |it| it.phone.clone());
            let at = *by_agency.entry(id).or_insert_with(|| {
                let (agency, name, phone) = (id.clone(), name.clone(), phone.clone());
                agencies.push(SheetAgency { agency, name, phone, orders: Vec::new() });
                agencies.len() - 1
            });
            if draft.text.channel == Channel::PlatformAndCall {
                match calls.iter_mut().find(|it| it.agency == *id) {
                    Some(call) => call.n_orders += 1,
                    None => calls.push(SheetCall {
                        agency: id.clone(),
                        name,
                        phone,
                        n_orders: 1,
                        ladder: plan.ladder.clone(),
                    }),
                }
            }
            for need in &draft.evacuees {
                let n = people.entry((need.class, need.district.clone())).or_default();
                *n = n.saturating_add(need.n_people);
            }
            forces.extend(draft.forces.iter().cloned());
            agencies[at].orders.push(SheetOrder {
                text: draft.text.clone(),
                added: draft.added.is_some(),
                tightened_by: draft.tightened_by.clone(),
                held: draft.held.clone(),
            });
        }
        let is_war = self.is_any_war();
        let people = people
            .into_iter()
            .map(|((class, district), n_people)| {
                let before = self.evacuation.get(&(class, district.clone())).filter(|_| is_war);
                SheetPeople { class, n_people, n_before: before.map_or(0, |it| it.expected), district }
            })
            .collect::<Vec<_>>();
        let changes = self.footing_changes(ask);
        Ok(Sheet {
            realm: self.realm,
            title: plan.title.clone(),
            plan_version: plan.version.clone(),
            n_orders: drafts.len() as u32,
            n_held: drafts.iter().filter(|it| it.held.is_some()).count() as u32,
            n_people: people.iter().map(|it| u64::from(it.n_people)).sum(),
            n_seats: self.seats_needed(ask),
            skips_levels: self.skips_levels(ask),
            version: self.sheet_version(&drafts, ask),
            ask: ask.clone(),
            changes,
            agencies,
            calls,
            people,
            forces,
        })
    }

    fn footing_changes(&self, ask: &SheetAsk) -> Vec<SheetChange> {
        let change = |district: Option<&DistrictId>, name: &Text, footing: &Footing| SheetChange {
            district: district.cloned(),
            name: name.clone(),
            posture: footing.posture,
            from: footing.level,
            to: ask.level,
        };
        let mut changes = Vec::new();
        if ask.districts.is_empty() && self.footing.level != Some(ask.level) {
            changes.push(change(None, &self.name, &self.footing));
        }
        for (id, footing) in &self.footings {
            let is_asked = ask.districts.is_empty() || ask.districts.contains(id);
            if let Some(district) = self.districts.get(id).filter(|_| is_asked && footing.level != Some(ask.level)) {
                changes.push(change(Some(id), &district.name, footing));
            }
        }
        changes
    }

    /// Four hashes, so that a mismatch can say which part changed: footing, plan, orders, people.
    pub(crate) fn sheet_version(&self, drafts: &[Draft], ask: &SheetAsk) -> Text {
        let mut footing = Hash::default();
        for it in std::iter::once(&self.footing).chain(self.footings.values()) {
            footing.add(&format!("{:?}{:?}{:?}", it.posture, it.level, it.plan));
        }
        let mut plan = Hash::default();
        if let Some(base) = self.plans.get(&ask.plan) {
            plan.add(&base.version);
            for it in self.effective_measures(base) {
                let within = it.measure.within_mins.to_string();
                for words in [it.measure.id.as_str(), &it.measure.clause, &it.measure.template, &within] {
                    plan.add(words);
                }
            }
        }
        let (mut orders, mut people, mut n_people) = (Hash::default(), Hash::default(), 0u64);
        for draft in drafts {
            let text = &draft.text;
            let measure = text.measure.as_ref().map_or(text.title.as_ref(), |it| it.as_str());
            orders.add(measure);
            orders.add(text.agency.as_str());
            orders.add(&format!("{:?}{}{}{}", text.channel, draft.within_mins, text.group, draft.held.is_some()));
            orders.add(&format!("{:?}", text.districts));
            for need in &draft.evacuees {
                n_people = n_people.saturating_add(u64::from(need.n_people));
                people.add(&format!("{:?}{}{}", need.class, need.district, need.n_people));
            }
        }
        let n = drafts.len();
        format!("{}-{}-{n}.{}-{n_people}.{}", footing.end(), plan.end(), orders.end(), people.end()).into()
    }
}

/// What of a sheet changed, in words: the two versions differ in one part or more.
pub(crate) fn what_changed(shown: &str, now: &str) -> String {
    let names = ["响应级别已经变动", "预案已经更换", "要发的指令", "要转移的人数"];
    let (shown, now): (Vec<&str>, Vec<&str>) = (shown.split('-').collect(), now.split('-').collect());
    if shown.len() != names.len() || now.len() != names.len() {
        return "审阅单的版本号读不懂".to_owned();
    }
    let count = |it: &str| it.split('.').next().unwrap_or_default().to_owned();
    let mut words = Vec::new();
    for (i, name) in names.into_iter().enumerate().filter(|(i, _)| shown[*i] != now[*i]) {
        words.push(match i {
            2 | 3 if count(shown[i]) != count(now[i]) => {
                format!("{name}由 {} 变为 {}", count(shown[i]), count(now[i]))
            }
            2 | 3 => format!("{name}有变"),
            _ => name.to_owned(),
        });
    }
    words.join("；")
}

/// Why a draft does not go out at once.
pub(crate) fn held_words(precondition: Option<Truth>, waits_for_group: bool) -> Option<Text> {
    match precondition {
        Some(Truth::DoesNot) => Some("前提还不成立".into()),
        Some(Truth::CannotTell) => Some("前提无法判断".into()),
        Some(Truth::Holds) | None => waits_for_group.then(|| "等前一组全部签收".into()),
    }
}

#[derive(Default)]
struct Hash(sm3::Sm3);

impl Hash {
    fn add(&mut self, text: &str) {
        self.0.update(text.as_bytes());
        self.0.update([0]);
    }
    fn end(self) -> String {
        self.0.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
