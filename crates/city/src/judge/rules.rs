//! 告警规则 as data (`rules/alarms.toml`): when a figure means something, beside the sensors' own thresholds.
//!
//! None of it claims a standard: figures are the pack's, and the shipped ones are illustrative.

use crate::{SensingKind, SensorId, Text, WarningColor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// More rules than this are a mistake: each costs every sensor of its kinds a little memory.
pub const MAX_ALARM_RULES: usize = 500;
/// The ring of a rise holds so many parts of its window; the figure is right to one part.
pub const RISE_PARTS: usize = 6;
/// So many others of a kind are remembered as having moved of late.
pub const MOVED_KEPT: usize = 4;

/// What a city watches for (`rules/alarms.toml`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmRules {
    /// Where these figures come from, as screens show it.
    pub basis: Text,
    /// Nobody here has confirmed them.
    pub is_default: bool,
    /// By kind of sensor: a figure that differs by less from the last one taken is the same figure, in the kind's unit.
    pub deadband: BTreeMap<Text, f32>,
    pub rules: Vec<AlarmRule>,
    /// What is kept back in which state; [`AlarmRules::suppress_faults`] tells what is absurd in it.
    pub suppress: Vec<crate::Suppression>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmRule {
    pub id: Text,
    /// On screens: `涨得快`.
    pub name: Text,
    /// Ids of kinds: of sensors ([`crate::SensorKind::id`]) or of the registers in `sensor_kinds.toml`.
    #[serde(default)]
    pub kinds: Vec<Text>,
    /// Only these sensors or things, whatever their kind.
    #[serde(default)]
    pub only: Vec<Text>,
    /// The rule whose place it takes where it is watched for.
    #[serde(default)]
    pub instead_of: Option<Text>,
    pub color: WarningColor,
    pub test: AlarmTest,
}

/// What a rule looks for. Figures are in the kind's unit; times are the readings' own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmTest {
    /// At or above `on` for `hold_s` seconds; off below `off`.
    Above {
        on: f32,
        off: f32,
        #[serde(default)]
        hold_s: u32,
    },
    /// At or below `on` for `hold_s` seconds; off above `off`.
    Below {
        on: f32,
        off: f32,
        #[serde(default)]
        hold_s: u32,
    },
    /// Grown by `on` or more within `over_mins`; off when grown by less than `off`.
    Rise { on: f32, off: f32, over_mins: u32 },
    /// Fallen by `on` or more within `over_mins`; off when fallen by less than `off`.
    Fall { on: f32, off: f32, over_mins: u32 },
    /// Unchanged for `for_mins` while it reads `above` or more and so many `others` of its kind changed in that time.
    Stuck {
        for_mins: u32,
        #[serde(default)]
        others: u32,
        #[serde(default = "any_figure")]
        above: f32,
    },
    /// Below `low` or above `high`: no such figure can be. It is judged by this alone.
    Outside { low: f32, high: f32 },
    /// Not heard for so long while at least half of its kind is.
    Silence { for_mins: u32 },
}

fn any_figure() -> f32 {
    f32::MIN
}

impl AlarmRules {
    /// What is absurd in it, if anything.
    pub fn fault(&self) -> Option<String> {
        if self.rules.len() > MAX_ALARM_RULES {
            return Some(format!("{} rules, more than {MAX_ALARM_RULES}", self.rules.len()));
        }
        if let Some((kind, width)) = self.deadband.iter().find(|(_, width)| !width.is_finite() || **width < 0.0) {
            return Some(format!("deadband {width} of {kind}"));
        }
        let mut seen = std::collections::BTreeSet::new();
        for it in &self.rules {
            if it.id.trim().is_empty() || it.name.trim().is_empty() {
                return Some("a rule without id or name".into());
            }
            if !seen.insert(&it.id) {
                return Some(format!("second rule {}", it.id));
            }
            if it.kinds.is_empty() && it.only.is_empty() {
                return Some(format!("rule {} watches nothing: give it kinds or only", it.id));
            }
            if let Some(other) = &it.instead_of
                && !self.rules.iter().any(|rule| rule.id == *other && rule.id != it.id)
            {
                return Some(format!("rule {} is instead of {other}, which there is not", it.id));
            }
            if let Some(why) = it.test.fault() {
                return Some(format!("rule {}: {why}", it.id));
            }
        }
        None
    }

    /// Which rules hold for one sensor or thing, by their index.
    pub fn of(&self, kind: &str, id: &str) -> Vec<u16> {
        let fits = |it: &AlarmRule| {
            if it.only.is_empty() {
                it.kinds.iter().any(|it| **it == *kind)
            } else {
                it.only.iter().any(|it| **it == *id)
            }
        };
        let fitting: Vec<usize> =
            (0..self.rules.len().min(MAX_ALARM_RULES)).filter(|i| fits(&self.rules[*i])).collect();
        let is_replaced = |i: &usize| {
            let id = &self.rules[*i].id;
            fitting.iter().any(|other| self.rules[*other].instead_of.as_ref() == Some(id))
        };
        fitting.iter().filter(|i| !is_replaced(i)).map(|i| *i as u16).collect()
    }

    pub fn get(&self, id: &str) -> Option<&AlarmRule> {
        self.rules.iter().find(|it| *it.id == *id)
    }

    /// Kinds and sensors that are named and that there are not.
    pub fn unknown_names<'a>(
        &'a self,
        sensors: &'a std::collections::HashSet<&str>,
        kinds: &'a [SensingKind],
    ) -> impl Iterator<Item = &'a Text> {
        let is_kind = |it: &&Text| {
            crate::SensorKind::ALL.iter().any(|kind| kind.id() == &***it) || kinds.iter().any(|kind| kind.id == **it)
        };
        let named = self.rules.iter().flat_map(|it| &it.kinds).chain(self.deadband.keys());
        // A thing of a register may be named too, and registers are not known here: then its kind must be.
        let only = self.rules.iter().filter(|it| it.kinds.is_empty()).flat_map(|it| &it.only);
        named.filter(move |it| !is_kind(it)).chain(only.filter(|it| !sensors.contains(&***it)))
    }
}

impl AlarmTest {
    fn fault(&self) -> Option<String> {
        let finite = |figures: &[f32]| figures.iter().all(|it| it.is_finite());
        match *self {
            Self::Above { on, off, .. } if !finite(&[on, off]) || off >= on => {
                Some(format!("off {off} is not below on {on}"))
            }
            Self::Below { on, off, .. } if !finite(&[on, off]) || off <= on => {
                Some(format!("off {off} is not above on {on}"))
            }
            Self::Rise { on, off, over_mins } | Self::Fall { on, off, over_mins } => {
                if !finite(&[on, off]) || on <= 0.0 || off >= on || off < 0.0 {
                    return Some(format!("on {on} and off {off} are no change and a smaller one"));
                }
                (!(1..=10_080).contains(&over_mins)).then(|| format!("over_mins {over_mins} is not 1 to 10080"))
            }
            Self::Stuck { for_mins, others, above } => {
                if others as usize >= MOVED_KEPT {
                    return Some(format!("others {others} is not below {MOVED_KEPT}"));
                }
                (for_mins == 0 || above.is_nan()).then(|| "for_mins is 0, or above is no number".to_owned())
            }
            Self::Outside { low, high } => {
                (!finite(&[low, high]) || low >= high).then(|| format!("low {low} is not below high {high}"))
            }
            Self::Silence { for_mins } => (for_mins == 0).then(|| "for_mins is 0".to_owned()),
            Self::Above { .. } | Self::Below { .. } => None,
        }
    }
}

impl crate::City {
    /// The unit a sensor's figures are in.
    pub fn unit_of(&self, sensor: &SensorId) -> &'static str {
        self.sensors.get(sensor).map_or("", |it| it.kind.unit())
    }
}
