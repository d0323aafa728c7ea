//! Plans (预案) as data: triggers, levels, measures, and layers (district, township, village) that add and tighten.
//!
//! [`Expression`] is a condition in CEL over the [`INPUTS`]; [`Advice`] argues a level; [`Sheet`] shows what a switch would
//! do and [`SheetFeeds`] the pictures it opens; [`lint`] finds what cannot work. Rules are not here (`decide`), nor files (`pack`).
//!
//! Templates know `{agency}`, `{level}`, `{typhoon}`, `{due}`.

use crate::{City, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

mod advice;
mod diff;
mod expression;
mod feeds;
mod inputs;
pub(crate) mod lint;
mod observation;
mod sheet;

pub use advice::*;
pub use diff::*;
pub use expression::*;
pub use feeds::*;
pub use inputs::*;
pub use observation::*;
pub use sheet::*;

/// Minutes to acknowledge and to escalate where a plan does not say: defaults of this program, not law.
const DEFAULT_ACK_MINS: u32 = 5;
const DEFAULT_ESCALATE_MINS: u32 = 10;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub id: PlanId,
    pub title: Text,
    pub hazard: Hazard,
    /// Which edition of the plan this is; travels with every order.
    #[serde(default)]
    pub version: Text,
    /// Where it was written from; shipped plans say that they are illustrative.
    pub basis: Text,
    /// The plan this one is a layer of: a district's of the city's, a village's of its district's.
    #[serde(default)]
    pub extends: Option<PlanId>,
    /// Whose layer it is; the city's own plans have neither.
    #[serde(default)]
    pub district: Option<DistrictId>,
    #[serde(default)]
    pub township: Option<Text>,
    /// Minutes to acknowledge before an order is overdue, and to escalate after that (defaults, not law).
    #[serde(default = "default_ack")]
    pub ack_within_mins: u32,
    #[serde(default = "default_escalate")]
    pub escalate_after_mins: u32,
    /// Who is called when an order stays silent, in turn. A layer's may be empty: then its base's.
    #[serde(default)]
    pub ladder: Vec<Text>,
    #[serde(default)]
    pub triggers: Vec<Trigger>,
    /// In a layer: what is added, and, under an id of the base, what is tightened.
    pub measures: Vec<Measure>,
}

/// Recommends `level` when its condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    pub level: ResponseLevel,
    pub when: Expression,
}

/// Where a measure is to be carried out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    City,
    Districts(Vec<DistrictId>),
    /// 镇街, by name.
    Townships(Vec<Text>),
    /// Named places: a bridge, a square, a reservoir.
    Places(Vec<Text>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    pub id: MeasureId,
    pub title: Text,
    /// The clause of the plan it comes from.
    pub clause: Text,
    /// From this level up.
    pub from_level: ResponseLevel,
    /// 牵头部门: who receives the order.
    pub agency: AgencyId,
    /// 配合部门.
    #[serde(default)]
    pub supporting: Vec<AgencyId>,
    #[serde(default)]
    pub scope: Scope,
    pub channel: Channel,
    /// Finish within, minutes.
    pub within_mins: u32,
    pub template: Text,
    /// Ordered only once this holds.
    #[serde(default)]
    pub precondition: Option<Expression>,
    /// A later group is ordered only when the orders of the earlier are all acknowledged.
    #[serde(default)]
    pub group: u8,
    /// People it must move, by class and district.
    #[serde(default)]
    pub evacuees: Vec<EvacuationNeed>,
    /// Forces it wants in place beforehand.
    #[serde(default)]
    pub forces: Vec<ForceNeed>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvacuationNeed {
    pub class: EvacueeClass,
    pub district: DistrictId,
    pub n_people: u32,
}

/// Teams of one capability, wanted at a place before it is needed (力量预置). Who goes is decided elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForceNeed {
    pub capability: Capability,
    pub n_teams: u32,
    /// The place in words.
    pub place: Text,
    pub district: DistrictId,
    /// The place itself, if it is known more closely than by its district.
    #[serde(default)]
    pub at: Option<crate::LonLat>,
}

/// A measure as it stands once the layers had their say.
#[derive(Clone, Debug)]
pub struct Effective<'a> {
    pub measure: Cow<'a, Measure>,
    /// The plan or layer it is written in.
    pub plan: &'a Plan,
    /// The layer that tightened it.
    pub tightened_by: Option<&'a Plan>,
}

fn default_ack() -> u32 {
    DEFAULT_ACK_MINS
}
fn default_escalate() -> u32 {
    DEFAULT_ESCALATE_MINS
}

impl Plan {
    /// The city's own, of which others are layers.
    pub fn is_base(&self) -> bool {
        self.extends.is_none()
    }
}

impl City {
    /// The plans that are no layers of others: what a switch may name.
    pub fn base_plans(&self) -> impl Iterator<Item = &Plan> {
        self.plans.values().filter(|it| it.is_base())
    }

    /// The layers of a plan, and theirs, in the pack's order.
    pub fn layers_of(&self, plan: &PlanId) -> Vec<&Plan> {
        layers_among(self.plans.values(), plan)
    }

    /// What a plan asks for with all its layers: measures added by lower ones, deadlines tightened, nothing dropped.
    pub fn effective_measures<'a>(&'a self, plan: &'a Plan) -> Vec<Effective<'a>> {
        let layers = self.layers_of(&plan.id);
        let mut measures: Vec<Effective<'a>> = Vec::with_capacity(plan.measures.len());
        for written in std::iter::once(plan).chain(layers) {
            for measure in &written.measures {
                match measures.iter_mut().find(|it| it.measure.id == measure.id) {
                    Some(known) if self.may_tighten(written, &known.measure) => {
                        let mut tighter = known.measure.clone().into_owned();
                        tighter.within_mins = tighter.within_mins.min(measure.within_mins);
                        tighter.from_level = tighter.from_level.min(measure.from_level);
                        tighter.group = tighter.group.min(measure.group);
                        tighter.clause = format!("{}；{}{}", tighter.clause, written.title, measure.clause).into();
                        known.measure = Cow::Owned(tighter);
                        known.tightened_by = Some(written);
                    }
                    Some(_) => {}
                    None => {
                        measures.push(Effective { measure: Cow::Borrowed(measure), plan: written, tightened_by: None });
                    }
                }
            }
        }
        measures
    }

    /// A layer tightens what is done in its own district.
    fn may_tighten(&self, layer: &Plan, measure: &Measure) -> bool {
        let district_of_agency = self.agencies.get(&measure.agency).and_then(|it| it.district.as_ref());
        is_of_district(layer, measure, district_of_agency)
    }
}

pub(crate) fn is_of_district(layer: &Plan, measure: &Measure, district_of_agency: Option<&DistrictId>) -> bool {
    let Some(own) = &layer.district else { return false };
    let is_scope = matches!(&measure.scope, Scope::Districts(all) if all.len() == 1 && all.contains(own));
    is_scope || district_of_agency == Some(own)
}

pub(crate) fn layers_among<'a>(plans: impl Iterator<Item = &'a Plan> + Clone, base: &PlanId) -> Vec<&'a Plan> {
    let mut found: Vec<&Plan> = Vec::new();
    let mut wanted = vec![base];
    while let Some(of) = wanted.pop() {
        for layer in plans.clone().filter(|it| it.extends.as_ref() == Some(of)) {
            // A ring of plans extending each other is the linter's to tell; here it only must end.
            if layer.id != *base && !found.iter().any(|it| it.id == layer.id) {
                found.push(layer);
                wanted.push(&layer.id);
            }
        }
    }
    found
}
