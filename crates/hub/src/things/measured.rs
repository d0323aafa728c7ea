//! Figures of the things of a register: judged by the rules of their kind, kept as a column, told to screens as states.
//!
//! A register whose id is a kind of `sensor_kinds.toml` measures. An alarm of a thing is its state, not a record: a hundred
//! thousand of them change all day, and the log is for what people decide by.

use super::Things;
use gulang_city::{Budget, City, Text, ThingJudge, ThingState, Timestamp};
use gulang_platforms::News;
use std::{collections::HashMap, sync::Arc};

/// What became of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    Taken,
    /// Not newer than what is kept.
    Late,
    /// There is no such register, or no such thing in it yet.
    Unknown,
    /// No kind of the table, or nothing that kind could read.
    Absurd,
}

/// The judges by register, and where its things are.
#[derive(Debug, Default)]
pub(super) struct Sensing {
    judges: HashMap<Text, ThingJudge>,
    /// Handles once found; checked before they are believed, since a register may be replaced.
    handles: HashMap<Text, HashMap<Text, u32>>,
}

impl Sensing {
    /// With the kinds and rules of this city.
    pub(super) fn for_city(city: &City) -> Self {
        let judge = |it: &gulang_city::SensingKind| (it.id.clone(), ThingJudge::new(it.clone(), &city.alarm_rules));
        Self { judges: city.sensing_kinds.iter().map(judge).collect(), handles: HashMap::new() }
    }
}

impl Things {
    /// What a thing measures. `false` if that makes no sense, or comes from after `latest`.
    pub fn take(&mut self, news: &News, latest: Timestamp) -> bool {
        let News::Measured { register, thing, value, at } = news else { return false };
        if *at > latest {
            return false;
        }
        let mut measured = self.measure(register, thing, *value, *at);
        if measured == Measured::Unknown {
            // A device may measure before anybody said where it stands.
            self.note(&News::Thing {
                register: register.clone(),
                thing: thing.clone(),
                place: None,
                heading: f32::NAN,
                state: ThingState::Normal,
                at: *at,
            });
            measured = self.measure(register, thing, *value, *at);
        }
        matches!(measured, Measured::Taken | Measured::Late)
    }

    /// Takes a figure of one thing.
    pub fn measure(&mut self, register: &str, thing: &str, value: f32, at: Timestamp) -> Measured {
        let Some(judge) = self.sensing.judges.get_mut(register) else { return Measured::Absurd };
        if !judge.is_possible(value) || at.0 <= 0 {
            return Measured::Absurd;
        }
        let Some(kept) = self.kept.iter_mut().find(|it| &*it.register.id == register) else { return Measured::Unknown };
        let handles = self.sensing.handles.entry(kept.register.id.clone()).or_default();
        let known = handles.get(thing).copied().filter(|it| kept.register.id_of(*it as usize) == thing);
        let Some(handle) = known.or_else(|| kept.register.handle_of(thing).and_then(|it| u32::try_from(it).ok()))
        else {
            return Measured::Unknown;
        };
        if known.is_none() {
            handles.insert(thing.into(), handle);
        }
        let i = handle as usize;
        let register = Arc::make_mut(&mut kept.register);
        if register.value.len() != register.len() {
            // Screens have the register without the column: they are told to fetch it again.
            register.value.resize(register.len(), f32::NAN);
            register.unit = judge.kind().unit.clone();
            register.budget = Budget::Mins(judge.kind().freshness_mins);
            kept.is_new = true;
        }
        if register.seen.len() != register.len() {
            let secs = |it: Timestamp| u32::try_from(it.since_ms(register.seen_from).div_euclid(1000)).unwrap_or(0);
            register.seen = vec![secs(register.as_of); register.len()];
        }
        let secs = u32::try_from(at.since_ms(register.seen_from).div_euclid(1000)).unwrap_or(0);
        let state = judge.feed(handle, thing, value, at);
        let (Some(slot), Some(seen)) = (register.value.get_mut(i), register.seen.get_mut(i)) else {
            return Measured::Unknown;
        };
        if slot.is_finite() && secs < *seen {
            return Measured::Late;
        }
        *slot = value;
        *seen = (*seen).max(secs);
        if let Some(it) = register.state.get_mut(i)
            && state != ThingState::Unknown
        {
            *it = state as u8;
        }
        register.as_of = register.as_of.max(at);
        kept.dirty.insert(handle);
        self.n_taken += 1;
        Measured::Taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Inventory, LonLat, Realm, SensingKind, Threshold, WarningColor, tiny_pack};
    use gulang_wire::Body;

    const T0: Timestamp = Timestamp(1_790_000_000_000);

    fn things() -> Things {
        let kind = SensingKind {
            id: "gas_methane".into(),
            zh: "燃气浓度".into(),
            en: "Methane".into(),
            unit: "%LEL".into(),
            low: 0.0,
            high: 100.0,
            freshness_mins: 10,
            group: "燃气".into(),
            thresholds: vec![Threshold { color: WarningColor::Red, on: 20.0, off: 16.0 }],
            basis: "示例".into(),
        };
        let pack = gulang_city::Pack { sensing_kinds: vec![kind], ..tiny_pack() };
        let mut things = Things::for_city(&City::found(&pack, Realm::Actual), true);
        let mut register = Inventory {
            id: "gas_methane".into(),
            name: "燃气浓度".into(),
            prefix: "RQ-".into(),
            as_of: T0,
            seen_from: T0,
            ..super::super::tests::bikes(3)
        };
        register.origin = LonLat(118.11, 24.5);
        register.seen = Vec::new();
        register.moving = false;
        register.heading = Vec::new();
        things.replace(register, 1);
        things.flush();
        things
    }

    #[test]
    fn a_figure_is_kept_judged_and_told_and_nonsense_is_not() {
        let mut things = things();
        assert_eq!(things.measure("gas_methane", "RQ-0000002", 5.0, T0.plus_secs(10)), Measured::Taken);
        // The column is new to screens.
        assert!(matches!(&things.flush()[..], [Body::ThingsStale { .. }]));
        assert_eq!(things.measure("gas_methane", "RQ-0000002", 30.0, T0.plus_secs(20)), Measured::Taken);
        let bodies = things.flush();
        let [Body::Things(change)] = &bodies[..] else { panic!("{bodies:?}") };
        assert_eq!((&change.handles[..], &change.value[..]), (&[1][..], &[30.0][..]));
        assert_eq!(change.state, [ThingState::Alarm as u8]);
        let it = things.get("gas_methane").expect("kept");
        assert_eq!((it.value_of(1), it.value_of(0), &*it.unit), (Some(30.0), None, "%LEL"));
        assert_eq!((it.seen_at(1), it.budget), (T0.plus_secs(20), Budget::Mins(10)));

        for (register, thing, value, secs, expected) in [
            ("gas_methane", "RQ-0000002", 1.0, 5, Measured::Late),
            ("gas_methane", "RQ-0000009", 1.0, 30, Measured::Unknown),
            ("gas_methane", "RQ-0000001", 101.0, 30, Measured::Absurd),
            ("gas_methane", "RQ-0000001", f32::NAN, 30, Measured::Absurd),
            ("bike", "DC-0000001", 1.0, 30, Measured::Absurd),
        ] {
            assert_eq!(things.measure(register, thing, value, T0.plus_secs(secs)), expected, "{thing} {value}");
        }
        assert_eq!(things.get("gas_methane").and_then(|it| it.value_of(1)), Some(30.0));
        assert_eq!(things.flush(), []);

        let news = |secs| News::Measured {
            register: "gas_methane".into(),
            thing: "RQ-0000001".into(),
            value: 2.0,
            at: T0.plus_secs(secs),
        };
        assert!(!things.take(&news(90), T0.plus_secs(60)), "from the future");
        assert!(things.take(&news(50), T0.plus_secs(60)));
        assert_eq!(things.get("gas_methane").and_then(|it| it.value_of(0)), Some(2.0));
    }
}
