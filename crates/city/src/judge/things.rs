//! The same rules for the things of a register, whose alarms are their states: a hundred thousand of them make no records.

use super::{
    AlarmRules,
    watch::{Norm, Peers, Watch},
};
use crate::{SensingKind, ThingState, Timestamp, WarningColor};

/// Judges the figures of one register's things by the rules of their kind.
#[derive(Clone, Debug)]
pub struct ThingJudge {
    rules: AlarmRules,
    kind: SensingKind,
    peers: Peers,
    /// By handle.
    things: Vec<Option<Box<Watched>>>,
}

#[derive(Clone, Debug)]
struct Watched {
    watch: Watch,
    state: ThingState,
}

impl ThingJudge {
    pub fn new(kind: SensingKind, rules: &AlarmRules) -> Self {
        Self { rules: rules.clone(), kind, peers: Peers::default(), things: Vec::new() }
    }

    pub fn kind(&self) -> &SensingKind {
        &self.kind
    }

    /// Whether such a figure can be at all.
    pub fn is_possible(&self, value: f32) -> bool {
        value.is_finite() && self.kind.low <= value && value <= self.kind.high
    }

    /// The state the thing is in after this figure. `id` is asked only when the handle is met first.
    pub fn feed(&mut self, handle: u32, id: &str, value: f32, at: Timestamp) -> ThingState {
        let i = handle as usize;
        if i >= crate::MAX_THINGS {
            return ThingState::Unknown;
        }
        if self.things.len() <= i {
            self.things.resize_with(i + 1, || None);
        }
        let all = &self.rules.rules;
        let of = || self.rules.of(&self.kind.id, id);
        let watched = self.things[i]
            .get_or_insert_with(|| Box::new(Watched { watch: Watch::new(of(), all), state: ThingState::Normal }));
        let deadband = self.rules.deadband.get(&self.kind.id).copied().unwrap_or(0.0);
        let norm = Norm { rules: all, thresholds: &self.kind.thresholds, deadband, unit: &self.kind.unit };
        if let Some(verdict) = watched.watch.feed(norm, (handle, &mut self.peers), value, at) {
            watched.state = match verdict.color {
                None => ThingState::Normal,
                Some(WarningColor::Blue | WarningColor::Yellow) => ThingState::Attention,
                Some(WarningColor::Orange | WarningColor::Red) => ThingState::Alarm,
            };
        }
        watched.state
    }
}
