//! 违规事项: what video recognition may find, by table (`violations.toml`): a kind is added without a line of code.

use crate::{ids::*, model::WarningColor};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One kind of violation, who handles it, and when two sightings are of one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViolationKind {
    /// Lower-case letters, digits, `_`.
    pub id: Text,
    pub zh: Text,
    pub en: Text,
    /// Under which heading screens list it.
    pub group: Text,
    pub color: WarningColor,
    /// Of the list of duties (`duties.json`).
    pub duty: Text,
    pub agency: AgencyId,
    /// Where a district has another handle it.
    #[serde(default)]
    pub agencies: BTreeMap<DistrictId, AgencyId>,
    /// One thing: this near to where it was seen first, m, and this soon before or after, minutes.
    pub merge_m: f64,
    pub merge_mins: u32,
    /// A case of it is to be closed within so many hours.
    pub due_hours: u32,
    /// Where the figures come from; what is invented begins with `示例` or says so.
    pub basis: Text,
}

/// The file `violations.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Violations {
    pub kinds: Vec<ViolationKind>,
}

impl ViolationKind {
    /// Who handles it in a district.
    pub fn agency_in(&self, district: &DistrictId) -> &AgencyId {
        self.agencies.get(district).unwrap_or(&self.agency)
    }

    /// What is absurd in it, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let is_name = |id: &str| {
            (1..=48).contains(&id.len())
                && id.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
        };
        if !is_name(&self.id) {
            return Some(format!("{:?} is no id: lower-case letters, digits and _", self.id));
        }
        if [&self.zh, &self.en, &self.group, &self.duty, &self.basis].iter().any(|it| it.trim().is_empty()) {
            return Some(format!("{} lacks zh, en, group, duty or basis", self.id));
        }
        if !self.merge_m.is_finite() || !(0.0..=2000.0).contains(&self.merge_m) {
            return Some(format!("{}: merge_m {} is not 0 to 2000", self.id, self.merge_m));
        }
        if self.merge_mins > 24 * 60 {
            return Some(format!("{}: merge_mins {} is over a day", self.id, self.merge_mins));
        }
        if !(1..=24 * 90).contains(&self.due_hours) {
            return Some(format!("{}: due_hours {} is not 1 hour to 90 days", self.id, self.due_hours));
        }
        None
    }
}

impl Violations {
    /// What is wrong with the table: the kind concerned, and why. `is_agency`, `is_district` and `is_duty` say what there is.
    pub(crate) fn faults(
        kinds: &[ViolationKind],
        is_agency: &dyn Fn(&str) -> bool,
        is_district: &dyn Fn(&str) -> bool,
        is_duty: &dyn Fn(&str) -> bool,
    ) -> Vec<(Text, String)> {
        let mut faults = Vec::new();
        let mut seen = BTreeSet::new();
        for it in kinds {
            let id = it.id.clone();
            faults.extend(it.fault().map(|why| (id.clone(), why)));
            if !seen.insert(&it.id) {
                faults.push((id.clone(), format!("second kind {id}")));
            }
            for agency in [&it.agency].into_iter().chain(it.agencies.values()) {
                if !is_agency(agency.as_str()) {
                    faults.push((id.clone(), format!("{id}: there is no agency {agency}")));
                }
            }
            for district in it.agencies.keys().filter(|district| !is_district(district.as_str())) {
                faults.push((id.clone(), format!("{id}: there is no district {district}")));
            }
            if !is_duty(&it.duty) {
                faults.push((id.clone(), format!("{id}: there is no duty {}", it.duty)));
            }
        }
        faults
    }
}
