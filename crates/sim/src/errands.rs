//! Units sent out: on their way to where they are needed, there, and home again; and what they say meanwhile.
//!
//! A pure function of the errands in the journal, the seed and the moment, like everything here: where a unit sets out from
//! is where its errands before, or its rounds, had brought it.

use crate::{
    dice::Dice,
    figures::UnitFigures,
    movers::TeamFix,
    world::{Journey, World},
};
use gulang_city::{LonLat, TeamId, Timestamp};
use std::collections::HashMap;

/// What a unit was told, as the journal has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Errand {
    pub(crate) at: Timestamp,
    pub(crate) unit: TeamId,
    /// `None` stands by where it is.
    pub(crate) to: Option<LonLat>,
    /// It is called home.
    pub(crate) is_home: bool,
}

/// The errands of every unit, by its place in the pack's forces.
#[derive(Default)]
pub(crate) struct Errands {
    legs: HashMap<usize, Vec<Leg>>,
    n: usize,
    /// What drones in docks were told.
    pub(crate) flights: crate::docks::Flights,
}

/// One errand as it is carried out.
pub(crate) struct Leg {
    /// Which errand it is, counted over all units.
    number: usize,
    at: Timestamp,
    journey: Journey,
    pub(crate) is_home: bool,
}

/// What a unit said (报到), and where that stands in the feed.
pub(crate) struct Word {
    pub(crate) key: [i64; 3],
    pub(crate) unit: usize,
    pub(crate) note: &'static str,
}

impl Errands {
    /// Of everything the journal has.
    pub(crate) fn of(errands: &[Errand], world: &World) -> Self {
        let mut all = Self::default();
        for errand in errands {
            all.add(errand, world);
        }
        all
    }

    /// The next one; of a unit the pack does not have, nothing comes.
    pub(crate) fn add(&mut self, errand: &Errand, world: &World) {
        self.n += 1;
        let Some((unit, team)) = world.pack.forces().enumerate().find(|(_, it)| it.id == errand.unit) else { return };
        let from = world.unit(self, unit, errand.at).at;
        let to = if errand.is_home { Some(team.home) } else { errand.to };
        let journey = match to {
            Some(to) => world.journey(team, from, to, errand.at, errand.is_home),
            None => Journey::stay(from, errand.at),
        };
        let leg = Leg { number: self.n, at: errand.at, journey, is_home: errand.is_home };
        self.legs.entry(unit).or_default().push(leg);
    }

    /// What a unit is about at a moment.
    pub(crate) fn leg(&self, unit: usize, at: Timestamp) -> Option<&Leg> {
        self.legs.get(&unit)?.iter().rev().find(|it| it.at <= at)
    }

    /// All that was said up to a moment, oldest first.
    pub(crate) fn said(&self, world: &World, until: Timestamp) -> Vec<Word> {
        let mut said = Vec::new();
        for (unit, team) in world.pack.forces().enumerate() {
            let legs = self.legs.get(&unit).map_or(&[][..], Vec::as_slice);
            let dice = world.units_dice().of_text(team.id.as_str());
            for (i, leg) in legs.iter().enumerate().filter(|(_, it)| !it.is_home) {
                let ends = legs.get(i + 1).map_or(until, |next| until.min(next.at + -1));
                said.extend(
                    leg.words(&world.figures.units, dice.of(leg.number as u64), ends).map(|(k, at, note)| Word {
                        key: [at.0, leg.number as i64, k],
                        unit,
                        note,
                    }),
                );
            }
        }
        said.sort_by_key(|it| it.key);
        said
    }
}

impl Leg {
    /// Home again, and back on its own rounds since then.
    pub(crate) fn home_since(&self, at: Timestamp) -> Option<Timestamp> {
        (self.is_home && at >= self.journey.arrives).then_some(self.journey.arrives)
    }

    pub(crate) fn fix(&self, at: Timestamp) -> TeamFix {
        self.journey.fix(at)
    }

    /// A word now and then, and one on arrival; some fall silent after a few.
    fn words(
        &self,
        f: &UnitFigures,
        dice: Dice,
        ends: Timestamp,
    ) -> impl Iterator<Item = (i64, Timestamp, &'static str)> {
        let falls_silent = dice.of(0).unit() < f.silent_share.value;
        let n_words = if falls_silent { dice.of(1).below(3) } else { usize::MAX };
        let (leaves, arrives) = (self.journey.leaves, self.journey.arrives);
        let spread = f.check_in_mins.value;
        let mut last = self.at;
        (0..).take(n_words).map_while(move |k: i64| {
            let next = last.plus_secs((dice.of(2).of(k as u64).spread(spread) * 60.0) as i64);
            let is_arrival = (last.0 + 1..=next.0).contains(&arrives.0);
            last = if is_arrival { arrives } else { next };
            let note = match last {
                _ if is_arrival => "已到达",
                at if at < leaves => "尚未出发",
                at if at < arrives => "在途中",
                _ => "在现场",
            };
            (last <= ends).then_some((k, last, note))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{testing::tiny_pack, world::Due};
    use gulang_city::{Realm, UnitKind};

    const NOON: Timestamp = Timestamp(1_690_430_400_000);

    fn world(seed: u64) -> World {
        let mut pack = tiny_pack();
        let unit = |kind| gulang_city::Team { id: format!("{kind:?}").into(), kind, ..pack.teams[0].clone() };
        pack.units = vec![unit(UnitKind::Helicopter), unit(UnitKind::Pump)];
        World::new(pack, None, Realm::Exercise, seed)
    }

    fn sent(unit: &str, mins: i64, to: LonLat) -> Errand {
        Errand { at: NOON.plus_mins(mins), unit: unit.into(), to: Some(to), is_home: false }
    }

    fn recalled(unit: &str, mins: i64) -> Errand {
        Errand { at: NOON.plus_mins(mins), unit: unit.into(), to: None, is_home: true }
    }

    #[test]
    fn who_is_sent_goes_there_without_a_jump_says_so_and_comes_home() {
        let world = world(4);
        let place = LonLat(118.10, 24.47);
        let n_teams = world.pack.teams.len();
        for (name, i) in [("t3", 3), ("Helicopter", n_teams), ("Pump", n_teams + 1)] {
            let errands = Errands::of(&[sent(name, 0, place), recalled(name, 120)], &world);
            let at = |secs: i64| world.unit(&errands, i, NOON.plus_secs(secs));
            let most = if name == "Helicopter" { 120.0 } else { 40.0 };
            for secs in -600..4 * 3600 {
                let step = at(secs).at.distance_m(at(secs + 1).at);
                assert!(step < most, "{name} at {secs}: {step} m");
            }
            assert!(at(115 * 60).at.distance_m(place) < 1.0, "{name} is there");
            let arrived = errands.legs[&i][0].journey.arrives;
            let home = errands.legs[&i][1].journey.arrives;
            assert!(world.unit(&errands, i, home).at.distance_m(world.pack.forces().nth(i).unwrap().home) < 1.0);
            let said = errands.said(&world, NOON.plus_mins(600));
            assert!(said.iter().all(|it| it.unit == i && it.key[0] < NOON.plus_mins(120).0), "silent once called home");
            if let Some(word) = said.iter().find(|it| it.note == "已到达") {
                assert_eq!(word.key[0], arrived.0);
            }
        }
    }

    #[test]
    fn most_say_that_they_arrived_and_go_on_some_fall_silent() {
        let world = world(4);
        let errands: Vec<Errand> = (0..12)
            .flat_map(|round| (0..12).map(move |i| (round, i)))
            .map(|(round, i)| sent(&format!("t{i}"), round * 240, LonLat(118.10 + 0.001 * i as f64, 24.47)))
            .collect();
        let errands = Errands::of(&errands, &world);
        let said = errands.said(&world, NOON.plus_mins(12 * 240));
        let n_of = |number: i64| said.iter().filter(|it| it.key[1] == number).count();
        let n_silent = (1..=144).filter(|n| n_of(*n) < 3).count();
        assert!((1..30).contains(&n_silent), "{n_silent} of 144");
        assert!((1..=144).filter(|n| n_of(*n) >= 7).count() > 110, "the others speak every half hour at the latest");
        for pair in said.windows(2) {
            assert!(pair[0].key < pair[1].key);
        }
        // A page read in two halves is the same page.
        let half = NOON.plus_mins(1000);
        let early: Vec<_> = said.iter().map(|it| it.key).filter(|it| it[0] <= half.0).collect();
        assert_eq!(early, errands.said(&world, half).iter().map(|it| it.key).collect::<Vec<_>>());
    }

    #[test]
    fn one_seed_says_the_same_bytes_whether_restarted_or_not() {
        let told = [sent("t1", 0, LonLat(118.10, 24.47)), sent("t2", 3, LonLat(118.09, 24.46)), recalled("t1", 30)];
        let due = Due { teams: true, ..Due::default() };
        let bytes = |seed: u64, is_restarted: bool| {
            let world = world(seed);
            let mut errands = Errands::default();
            let mut said = Vec::new();
            for min in 0..90 {
                let now = NOON.plus_mins(min);
                for errand in told.iter().filter(|it| it.at == now) {
                    errands.add(errand, &world);
                }
                let known: Vec<Errand> = told.iter().filter(|it| it.at <= now).cloned().collect();
                let again = Errands::of(&known, &world);
                said.extend(world.messages(None, now, due, if is_restarted { &again } else { &errands }));
            }
            said
        };
        assert_eq!(bytes(7, false), bytes(7, true));
        assert_ne!(bytes(7, false), bytes(8, false));
    }
}
