//! The registers of many things a realm keeps, beside the readings and like them outside log and fold: fetched once, then
//! followed change by change, and passed on to the screens about twice a second, each thing at most once. Others are made
//! of what is heard ([`made`]).

mod measured;

pub use measured::Measured;

use crate::{
    connectors::{
        inventory::{InventoryError, InventorySource, Listed},
        names,
    },
    core::Core,
    feeds::{Feed, FeedError},
    readings::Dirty,
};
use async_trait::async_trait;
use gulang_city::{City, Command, Inventory, Text, Timestamp};
use gulang_wire::Body;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

pub mod made;

use made::{Grown, Making};

/// Things in one frame at most, some 200 kB; what is over goes with the next.
pub const MAX_CHANGES: usize = 20_000;
/// The list is asked for again after so many polls.
const LIST_EVERY: u64 = 10;
/// Registers of what does not move are asked for changes every so many polls.
const STILL_EVERY: u64 = 3;
/// A register that failed while another did not is left alone for so many polls.
const LEFT_ALONE_FOR: u64 = 30;
/// A platform whose clock was set back by more has its register fetched again.
const SET_BACK_MS: i64 = 5000;

/// One realm's registers, in the platform's order.
#[derive(Debug, Default)]
pub struct Things {
    kept: Vec<Kept>,
    /// Changes taken since the start.
    pub n_taken: u64,
    making: Making,
    sensing: measured::Sensing,
}

#[derive(Debug)]
struct Kept {
    /// Shared with whoever is sending it; copied only if it changes meanwhile.
    register: Arc<Inventory>,
    version: u64,
    dirty: Dirty,
    /// Until when screens know it.
    told: Timestamp,
    /// Replaced since screens were told.
    is_new: bool,
    /// Only of one made of what is heard.
    grown: Option<Grown>,
}

impl Things {
    /// None yet; what is heard is judged by the city's fences.
    pub fn for_city(city: &City, simulated: bool) -> Self {
        let (making, sensing) = (Making::for_city(city, simulated), measured::Sensing::for_city(city));
        Self { making, sensing, ..Self::default() }
    }

    pub fn registers(&self) -> impl Iterator<Item = (&Arc<Inventory>, u64)> {
        self.kept.iter().map(|it| (&it.register, it.version))
    }

    pub fn get(&self, id: &str) -> Option<Arc<Inventory>> {
        self.kept.iter().find(|it| &*it.register.id == id).map(|it| it.register.clone())
    }

    /// Which version is kept, and until when it is known.
    pub fn known(&self, id: &str) -> Option<(u64, Timestamp)> {
        self.kept.iter().find(|it| &*it.register.id == id).map(|it| (it.version, it.register.as_of))
    }

    pub fn replace(&mut self, register: Inventory, version: u64) {
        let (n, told) = (register.len(), register.as_of);
        let new =
            Kept { register: Arc::new(register), version, dirty: Dirty::sized(n), told, is_new: true, grown: None };
        match self.kept.iter_mut().find(|it| it.register.id == new.register.id) {
            Some(slot) => *slot = new,
            None => self.kept.push(new),
        }
    }

    pub fn apply(&mut self, change: &gulang_city::ThingsChange) {
        let Some(kept) = self.kept.iter_mut().find(|it| it.register.id == change.inventory) else { return };
        for handle in Arc::make_mut(&mut kept.register).apply(change) {
            kept.dirty.insert(handle);
            self.n_taken += 1;
        }
    }

    /// What screens must be told, at most one body for each register.
    pub fn flush(&mut self) -> Vec<Body> {
        let mut bodies = Vec::new();
        for kept in &mut self.kept {
            if std::mem::take(&mut kept.is_new) {
                kept.dirty.take();
                kept.told = kept.register.as_of;
                bodies.push(Body::ThingsStale { inventory: kept.register.id.clone() });
                continue;
            }
            if kept.grown.as_mut().is_some_and(Grown::is_due) {
                kept.version += 1;
                kept.dirty.take();
                kept.told = kept.register.as_of;
                bodies.push(Body::ThingsStale { inventory: kept.register.id.clone() });
                continue;
            }
            let mut handles = kept.dirty.take_some(MAX_CHANGES);
            if handles.is_empty() && kept.told == kept.register.as_of {
                continue;
            }
            handles.sort_unstable();
            kept.told = kept.register.as_of;
            bodies.push(Body::Things(kept.register.change_of(&handles)));
        }
        bodies
    }

    /// For a screen that missed frames.
    pub fn all_stale(&self) -> Vec<Body> {
        self.kept.iter().map(|it| Body::ThingsStale { inventory: it.register.id.clone() }).collect()
    }
}

/// The registers' platform, asked every second.
pub struct ThingsFeed {
    source: InventorySource,
    core: Arc<Core>,
    listed: Vec<Listed>,
    /// Registers that failed, and the poll they are asked at again.
    left_alone: BTreeMap<Text, u64>,
    n_polls: u64,
}

impl ThingsFeed {
    pub fn new(source: InventorySource, core: Arc<Core>) -> Self {
        Self { source, core, listed: Vec::new(), left_alone: BTreeMap::new(), n_polls: 0 }
    }

    /// `false` if it was not its turn.
    async fn follow(&self, listed: &Listed, latest: Timestamp) -> Result<bool, InventoryError> {
        let known = self.core.things().known(&listed.id).filter(|(version, _)| *version == listed.version);
        if let Some((_, as_of)) = known {
            // While one fails, the others' answers say whether the platform lives.
            if !listed.moving && !self.n_polls.is_multiple_of(STILL_EVERY) && self.left_alone.is_empty() {
                return Ok(false);
            }
            let change = self.source.changes(&listed.id, as_of).await?;
            check_time(&listed.id, change.as_of, latest)?;
            if change.as_of.0 + SET_BACK_MS >= as_of.0 {
                self.core.things().apply(&change);
                return Ok(true);
            }
        }
        let (mut register, n_absurd) = self.source.fetch(&listed.id).await?;
        check_time(&listed.id, register.as_of, latest)?;
        if n_absurd > 0 {
            tracing::warn!(id = &*listed.id, n_absurd, "things without a place that makes sense");
        }
        // Its lamp is this connector's, whatever the platform calls itself; and simulated is what the realm says.
        register.platform = names::THINGS.into();
        register.simulated |= self.core.simulated;
        self.core.things().replace(register, listed.version);
        Ok(true)
    }
}

#[async_trait]
impl Feed for ThingsFeed {
    fn platform(&self) -> &str {
        names::THINGS
    }

    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Brings no commands: the registers are changed in place. One register's failure costs only that register, whose age
    /// shows; the platform has failed when none of them could be had.
    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        if self.n_polls.is_multiple_of(LIST_EVERY) {
            self.listed = self.source.list().await?;
        }
        self.n_polls += 1;
        let latest = crate::live::latest(&self.core);
        let n_polls = self.n_polls;
        self.left_alone.retain(|_, until| *until > n_polls);
        let (mut n_had, mut failed) = (0, Vec::new());
        for listed in self.listed.iter().filter(|it| !self.left_alone.contains_key(&it.id)) {
            match self.follow(listed, latest).await {
                Ok(was_asked) => n_had += u64::from(was_asked),
                Err(error) => {
                    tracing::warn!(id = &*listed.id, %error, "a register could not be had");
                    failed.push((listed.id.clone(), error));
                }
            }
        }
        if n_had > 0 {
            self.left_alone.extend(failed.into_iter().map(|(id, _)| (id, n_polls + LEFT_ALONE_FOR)));
            return Ok((Vec::new(), false));
        }
        match failed.into_iter().next() {
            Some((_, error)) => {
                self.left_alone.clear();
                Err(error.into())
            }
            None => Ok((Vec::new(), false)),
        }
    }

    fn recorded(&mut self) {}
}

/// A register from the future would keep every later change out.
fn check_time(id: &Text, as_of: Timestamp, latest: Timestamp) -> Result<(), InventoryError> {
    if as_of > latest {
        return Err(InventoryError::FromTheFuture { id: id.clone(), as_of });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Budget, LonLat, NO_HEADING, ThingState, ThingsChange};

    pub(super) fn bikes(n: usize) -> Inventory {
        Inventory {
            id: "bike".into(),
            name: "共享单车".into(),
            platform: "things".into(),
            simulated: true,
            moving: true,
            budget: Budget::Default,
            prefix: "DC-".into(),
            names: Vec::new(),
            as_of: Timestamp(1_790_000_000_000),
            origin: LonLat(118.11, 24.5),
            at: vec![[0, 0]; n],
            heading: vec![NO_HEADING; n],
            state: vec![ThingState::Normal as u8; n],
            value: Vec::new(),
            unit: "".into(),
            seen_from: Timestamp(1_789_999_000_000),
            seen: vec![1000; n],
        }
    }

    fn moved(register: &Inventory, secs: i64, handles: Vec<u32>) -> ThingsChange {
        let n = handles.len();
        ThingsChange {
            inventory: "bike".into(),
            as_of: register.as_of.plus_secs(secs),
            at: vec![[secs as i32, 7]; n],
            handles,
            ..ThingsChange::default()
        }
    }

    #[test]
    fn screens_are_told_each_thing_once_and_in_parts() {
        let register = bikes(MAX_CHANGES + 10);
        let mut things = Things::default();
        things.replace(register.clone(), 1);
        assert!(matches!(&things.flush()[..], [Body::ThingsStale { inventory }] if &**inventory == "bike"));
        assert_eq!(things.flush(), []);

        // Twice the same thing before anybody looked: the later place alone.
        things.apply(&moved(&register, 1, vec![3]));
        things.apply(&moved(&register, 2, vec![3, 5]));
        let bodies = things.flush();
        let [Body::Things(change)] = &bodies[..] else { panic!("{bodies:?}") };
        assert_eq!((&change.handles[..], &change.at[..]), (&[3, 5][..], &[[2, 7], [2, 7]][..]));

        // Nothing changed, but the platform spoke.
        things.apply(&moved(&register, 3, vec![]));
        let bodies = things.flush();
        assert!(
            matches!(&bodies[..], [Body::Things(it)] if it.handles.is_empty() && it.as_of == register.as_of.plus_secs(3))
        );

        let mut screen = Arc::unwrap_or_clone(kept(&things));
        things.apply(&moved(&register, 4, (0..register.len() as u32).collect()));
        let mut n_frames = 0;
        loop {
            let bodies = things.flush();
            let [Body::Things(change)] = &bodies[..] else { break };
            assert!(change.handles.len() <= MAX_CHANGES);
            screen.apply(change);
            n_frames += 1;
        }
        assert_eq!((n_frames, &screen), (2, &*kept(&things)));
        assert_eq!(things.all_stale().len(), 1);
    }

    fn kept(things: &Things) -> Arc<Inventory> {
        things.get("bike").expect("the register is kept")
    }
}
