//! Kinds of sensing by table (`sensor_kinds.toml`): a device of any of them reports without a line of code.
//!
//! The sensors the plans ask about are [`crate::SensorKind`]s of the pack's `sensors.json`. All the others are things of
//! registers, one register for each kind, whose id is the kind's; their figures are a column of it.

use crate::{Text, Threshold};
use serde::{Deserialize, Serialize};

/// One kind of device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensingKind {
    /// The register's id: lower-case letters, digits, `_`.
    pub id: Text,
    pub zh: Text,
    pub en: Text,
    /// Empty for counts and states.
    #[serde(default)]
    pub unit: Text,
    /// What can be read at all, in `unit`; anything else is refused as absurd.
    pub low: f32,
    pub high: f32,
    /// Past so many minutes unheard it is stale.
    pub freshness_mins: u32,
    /// Under which heading screens list it.
    pub group: Text,
    /// Ascending by `on`; empty means it is watched by rules alone, or not at all.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    /// Where the figures come from; what is invented begins with `示例`.
    pub basis: Text,
}

/// The file `sensor_kinds.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SensingKinds {
    pub kinds: Vec<SensingKind>,
}

impl SensingKinds {
    /// What is absurd in it, if anything.
    pub fn fault(&self) -> Option<String> {
        let is_name = |id: &str| {
            (1..=48).contains(&id.len())
                && id.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
        };
        let mut seen = std::collections::BTreeSet::new();
        for it in &self.kinds {
            let id = &it.id;
            if !is_name(id) {
                return Some(format!("{id:?} is no id: lower-case letters, digits and _"));
            }
            if !seen.insert(id) {
                return Some(format!("second kind {id}"));
            }
            if it.zh.trim().is_empty() || it.en.trim().is_empty() || it.group.trim().is_empty() {
                return Some(format!("{id} lacks zh, en or group"));
            }
            if !(it.low.is_finite() && it.high.is_finite() && it.low < it.high) {
                return Some(format!("{id}: low {} is not below high {}", it.low, it.high));
            }
            if it.freshness_mins == 0 {
                return Some(format!("{id}: freshness_mins is 0, so it would always be stale"));
            }
            if it.basis.trim().is_empty() {
                return Some(format!("{id} does not say where its figures come from"));
            }
            if let Some(why) = crate::pack::wrong_thresholds(&it.thresholds) {
                return Some(format!("{id}: {why}"));
            }
        }
        None
    }
}
