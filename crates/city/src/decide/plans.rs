//! Rules for a new edition of a plan. It may come at any time, also while a level is in force by the plan: what was ordered
//! stays as it was ordered, what waits waits by the new edition, and what comes next is drafted by it.

use super::*;
use crate::plan::layers_among;

impl City {
    pub(super) fn adopt_plans(&self, plans: &[Plan]) -> Result<Vec<Event>, Refusal> {
        let plans: Vec<Plan> = plans.iter().filter(|it| self.plans.get(&it.id) != Some(*it)).cloned().collect();
        changes(!plans.is_empty())?;
        // An order to nobody would be left out of the sheet without a word.
        for measure in plans.iter().flat_map(|it| &it.measures) {
            for agency in std::iter::once(&measure.agency).chain(&measure.supporting) {
                if !self.agencies.contains_key(agency) {
                    return Err(unknown("部门", agency));
                }
            }
            for need in &measure.evacuees {
                if !self.districts.contains_key(&need.district) {
                    return Err(unknown("区", &need.district));
                }
            }
        }
        let mut next = self.plans.clone();
        next.extend(plans.iter().map(|it| (it.id.clone(), it.clone())));
        let is_kept = |held: &HeldOrder| {
            let Some(measure) = &held.measure else { return true };
            let layers = layers_among(next.values(), &held.plan);
            let mut written = next.get(&held.plan).into_iter().chain(layers);
            written.any(|it| it.measures.iter().any(|it| it.id == *measure))
        };
        let withdrawn = self.held.iter().filter(|it| !is_kept(it)).map(|it| it.number).collect();
        Ok(vec![Event::PlansAdopted { plans, withdrawn }])
    }
}
