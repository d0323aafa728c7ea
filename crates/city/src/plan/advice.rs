//! The level is argued: what each plan advises where, what speaks for it, against more, and what is missing.
//!
//! Nothing here signs anything; a [`Recommendation`] is what the city as a whole is advised, with all the advices in it.

use super::{Inputs, Plan, Truth, Worth};
use crate::{City, Timestamp, ids::*, model::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An input that is missing or uncertain, and so a trigger that cannot be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    /// Its name in expressions.
    pub input: Text,
    /// What is missing and for how long, as of `made_at`.
    pub text: Text,
    /// Last heard; 0 if never.
    pub as_of: Timestamp,
}

/// One trigger, as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerState {
    pub level: ResponseLevel,
    pub truth: Truth,
    pub when: Text,
}

/// What one plan advises at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    pub hazard: Hazard,
    /// The base plan.
    pub plan: PlanId,
    /// `None` is the whole city.
    pub district: Option<DistrictId>,
    /// The highest level of a trigger that holds.
    pub level: Option<ResponseLevel>,
    pub triggers: Vec<TriggerState>,
    /// What makes that trigger hold.
    pub evidence: Vec<Evidence>,
    /// What higher triggers ask for and is not so.
    pub against: Vec<Evidence>,
    /// What cannot be told of higher triggers.
    pub missing: Vec<Missing>,
}

impl Advice {
    /// The highest level that cannot be ruled out: above `level` only where something is missing.
    pub fn possible(&self) -> Option<ResponseLevel> {
        let open = self.triggers.iter().filter(|it| it.truth != Truth::DoesNot);
        open.map(|it| it.level).max()
    }

    /// What of it is the same while the facts are; ages and counts left out.
    fn gist(&self) -> (&PlanId, &Option<DistrictId>, Option<ResponseLevel>, Vec<&Text>, Vec<&Text>) {
        let keys = self.evidence.iter().map(|it| &it.key).collect();
        (&self.plan, &self.district, self.level, keys, self.missing.iter().map(|it| &it.input).collect())
    }
}

impl City {
    /// What every base plan advises, for the city and each district, as of now.
    pub fn advices(&self, now: Timestamp) -> Vec<Advice> {
        let places = std::iter::once(None).chain(self.districts.keys().map(Some));
        let by_place: Vec<(Option<&DistrictId>, Inputs)> = places.map(|it| (it, self.inputs(it, now))).collect();
        let mut advices = Vec::new();
        for plan in self.base_plans() {
            let layers = self.layers_of(&plan.id);
            for (place, inputs) in &by_place {
                let here = layers.iter().filter(|it| it.district.is_some() && it.district.as_ref() == *place);
                advices.push(advise(plan, here.copied(), *place, inputs));
            }
        }
        advices
    }

    /// What the city is advised: the highest level of any plan, with every place's advice that says something.
    pub(crate) fn recommend(&self, now: Timestamp) -> Option<Recommendation> {
        let advices = self.advices(now);
        let mut best: Option<&Advice> = None;
        for it in advices.iter().filter(|it| it.district.is_none() && it.level.is_some()) {
            if best.is_none_or(|best| it.level > best.level) {
                best = Some(it);
            }
        }
        let (best, level) = (best?, best?.level?);
        Some(Recommendation {
            plan: best.plan.clone(),
            level,
            evidence: best.evidence.clone(),
            made_at: now,
            advices: advices.iter().filter(|it| it.level.is_some()).cloned().collect(),
        })
    }

    /// Whether two recommendations say the same, so that time alone repeats no record.
    pub(crate) fn says_the_same(a: &Recommendation, b: &Recommendation) -> bool {
        a.plan == b.plan
            && a.level == b.level
            && a.advices.iter().map(Advice::gist).eq(b.advices.iter().map(Advice::gist))
    }
}

fn advise<'a>(
    plan: &'a Plan,
    layers: impl Iterator<Item = &'a Plan>,
    place: Option<&DistrictId>,
    inputs: &Inputs,
) -> Advice {
    let triggers: Vec<_> = std::iter::once(plan)
        .chain(layers)
        .flat_map(|it| &it.triggers)
        .map(|it| (it, inputs.truth(&it.when)))
        .collect();
    let level = triggers.iter().filter(|(_, truth)| *truth == Truth::Holds).map(|(it, _)| it.level).max();
    let mut evidence = Facts::default();
    let mut against = Facts::default();
    let mut missing: BTreeMap<Text, Missing> = BTreeMap::new();
    for (trigger, _) in &triggers {
        let is_higher = Some(trigger.level) > level;
        if !is_higher && Some(trigger.level) != level {
            continue;
        }
        for part in trigger.when.parts().unwrap_or_default() {
            match inputs.truth_of_part(part) {
                Truth::Holds if !is_higher => evidence.add(&part.names, &part.source, inputs),
                Truth::DoesNot if is_higher => against.add(&part.names, &part.source, inputs),
                Truth::CannotTell if is_higher => {
                    for input in part.names.iter().filter_map(|it| inputs.get(it)) {
                        if !matches!(input.worth, Worth::Known(_)) {
                            missing.entry(input.name.into()).or_insert_with(|| Missing {
                                input: input.name.into(),
                                text: input.words.clone(),
                                as_of: input.as_of,
                            });
                        }
                    }
                }
                _ => {}
            }
        }
    }
    Advice {
        hazard: plan.hazard,
        plan: plan.id.clone(),
        district: place.cloned(),
        level,
        triggers: triggers
            .iter()
            .map(|(it, truth)| TriggerState { level: it.level, truth: *truth, when: it.when.source().into() })
            .collect(),
        evidence: evidence.0,
        against: against.0,
        missing: missing.into_values().collect(),
    }
}

/// Facts, each once, in the order they were met.
#[derive(Default)]
struct Facts(Vec<Evidence>);

impl Facts {
    fn add(&mut self, names: &[Text], part: &Text, inputs: &Inputs) {
        for input in names.iter().filter_map(|it| inputs.get(it)) {
            if self.0.iter().any(|it| it.text == input.words) {
                continue;
            }
            let key = format!("{part}@{}", input.key);
            self.0.push(Evidence {
                text: input.words.clone(),
                as_of: input.as_of,
                condition: part.clone(),
                key: key.into(),
            });
        }
    }
}
