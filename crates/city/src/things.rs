//! The city's many things, as columns: manhole covers, cameras, sensing devices, shared bikes; a million and more.
//!
//! An [`Inventory`] is one register of one platform. A thing is its index in it, its *handle*; handles mean the same on the
//! platform, in the hub and on the screens until the register itself is replaced. What changes comes as a
//! [`ThingsChange`]: latest wins, and what is older than the register is ignored. Like [`crate::Readings`] none of this
//! enters the fold or the log.
//!
//! **Invariant:** after [`Inventory::from_bytes`] every column is as long as `at`, or empty where its doc allows it, so
//! that no index below [`Inventory::len`] can miss. Bytes of any kind are an inventory or an error, never a panic, and
//! never more memory than [`MAX_THINGS`] things take.

use crate::{Budget, Freshness, LonLat, PlatformId, Text, Timestamp, freshness};
use serde::{Deserialize, Serialize};

/// More than this in one register is refused.
pub const MAX_THINGS: usize = 4_000_000;
/// Places are whole units of 1e-6 degrees, about a decimetre.
pub const UNITS_PER_DEGREE: f64 = 1e6;
/// Farther than 3 degrees from its register's origin, a place is a mistake.
pub const MAX_REACH_UNITS: i32 = 3_000_000;
/// The place of a thing whose place is not known or was absurd.
pub const NOWHERE: [i32; 2] = [i32::MIN; 2];
/// Degrees in one step of a heading.
pub const HEADING_STEP_DEG: f32 = 1.5;
/// A longer name is refused, bytes.
pub const MAX_NAME_BYTES: usize = 120;
/// No heading.
pub const NO_HEADING: u8 = 255;

/// How a thing is, as its platform last said. In columns one byte: the number given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum ThingState {
    Normal = 0,
    /// Wants looking at, today or tomorrow.
    Attention = 1,
    Alarm = 2,
    Offline = 3,
    Unknown = 4,
}

/// One register: what it is, and its columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// `manhole`, `camera_city`, `device`, `bike`.
    pub id: Text,
    /// On screens: `窨井盖`.
    pub name: Text,
    pub platform: PlatformId,
    pub simulated: bool,
    /// Its things move; positions come with changes.
    pub moving: bool,
    pub budget: Budget,
    /// What a thing's own id begins with: `JG-`. See [`Inventory::id_of`].
    pub prefix: Text,
    /// Each thing's own id, such as a plate; empty: named by `prefix` and number.
    #[serde(with = "words")]
    pub names: Vec<Text>,
    /// When the platform last said anything about the register.
    pub as_of: Timestamp,
    /// What `at` counts from; WGS-84 degrees.
    pub origin: LonLat,
    /// East and north of `origin` in [`UNITS_PER_DEGREE`], or [`NOWHERE`].
    #[serde(with = "pairs")]
    pub at: Vec<[i32; 2]>,
    /// Clockwise from north in steps of [`HEADING_STEP_DEG`], [`NO_HEADING`] for none; empty if the kind has none.
    pub heading: Vec<u8>,
    /// [`ThingState`] as a number; any other number is [`ThingState::Unknown`].
    #[serde(with = "runs")]
    pub state: Vec<u8>,
    /// What each measures, in `unit`; NaN where it has not said. Empty if the kind measures nothing.
    pub value: Vec<f32>,
    pub unit: Text,
    /// What `seen` counts from.
    pub seen_from: Timestamp,
    /// When each was last heard, whole seconds after `seen_from`; empty: all were heard at `as_of`.
    pub seen: Vec<u32>,
}

/// What changed in one register. Every column is as long as `handles`, or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThingsChange {
    pub inventory: Text,
    /// The register is known to be right until here, also where nothing changed: `handles` may be empty.
    pub as_of: Timestamp,
    #[serde(with = "steps")]
    pub handles: Vec<u32>,
    /// As [`Inventory::at`]; empty: nothing moved.
    #[serde(with = "pairs")]
    pub at: Vec<[i32; 2]>,
    /// Empty: no heading changed.
    pub heading: Vec<u8>,
    /// Empty: no state changed.
    #[serde(with = "runs")]
    pub state: Vec<u8>,
    /// As [`Inventory::value`]; empty: no figure changed.
    pub value: Vec<f32>,
    /// Whole seconds before `as_of` each was heard; empty: all at `as_of`.
    pub age: Vec<u32>,
}

/// Why bytes are no inventory.
#[derive(Debug, thiserror::Error)]
pub enum ThingsError {
    #[error("unreadable inventory of {n_bytes} bytes; the other side may be of another release")]
    Unreadable { n_bytes: usize, source: postcard::Error },
    #[error("inventory {inventory}: column {column} holds {n}, not {expected}")]
    Columns { inventory: Text, column: &'static str, n: usize, expected: usize },
    #[error("inventory {inventory}: {what} makes no sense")]
    Absurd { inventory: Text, what: &'static str },
}

impl ThingState {
    pub const ALL: [Self; 5] = [Self::Normal, Self::Attention, Self::Alarm, Self::Offline, Self::Unknown];

    pub fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Unknown)
    }

    pub fn name_zh(self) -> &'static str {
        match self {
            Self::Normal => "正常",
            Self::Attention => "关注",
            Self::Alarm => "告警",
            Self::Offline => "离线",
            Self::Unknown => "未知",
        }
    }
}

impl Inventory {
    pub fn len(&self) -> usize {
        self.at.len()
    }

    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// Reads and checks; with it comes how many places were absurd and are now [`NOWHERE`].
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, usize), ThingsError> {
        let mut inventory: Self =
            postcard::from_bytes(bytes).map_err(|source| ThingsError::Unreadable { n_bytes: bytes.len(), source })?;
        let n_absurd = inventory.validate()?;
        Ok((inventory, n_absurd))
    }

    /// Checks what cannot be put right; makes absurd places [`NOWHERE`] and counts them. Things keep their handles.
    pub fn validate(&mut self) -> Result<usize, ThingsError> {
        let n = self.at.len();
        let columns = [("state", self.state.len(), false), ("heading", self.heading.len(), true)];
        check_columns(&self.id, n, &columns)?;
        check_columns(&self.id, n, &[("seen", self.seen.len(), true), ("names", self.names.len(), true)])?;
        check_columns(&self.id, n, &[("value", self.value.len(), true)])?;
        let absurd = |what| Err(ThingsError::Absurd { inventory: self.id.clone(), what });
        if self.id.is_empty() {
            return absurd("an empty id");
        }
        if !self.origin.is_sane() {
            return absurd("the origin");
        }
        if !is_sane_time(self.as_of) || !is_sane_time(self.seen_from) {
            return absurd("a time");
        }
        let mut n_absurd = 0;
        for at in self.at.iter_mut().filter(|at| **at != NOWHERE && !is_sane_place(**at)) {
            *at = NOWHERE;
            n_absurd += 1;
        }
        Ok(n_absurd)
    }

    /// WGS-84 degrees; `None` if nobody knows.
    pub fn place(&self, handle: usize) -> Option<LonLat> {
        let at = *self.at.get(handle)?;
        (at != NOWHERE).then(|| {
            let degrees = |units: i32| f64::from(units) / UNITS_PER_DEGREE;
            LonLat(self.origin.0 + degrees(at[0]), self.origin.1 + degrees(at[1]))
        })
    }

    pub fn state_of(&self, handle: usize) -> ThingState {
        self.state.get(handle).map_or(ThingState::Unknown, |it| ThingState::from_number(*it))
    }

    /// What it measures, in `unit`; `None` if it has not said.
    pub fn value_of(&self, handle: usize) -> Option<f32> {
        self.value.get(handle).copied().filter(|it| it.is_finite())
    }

    /// Degrees clockwise from north.
    pub fn heading_of(&self, handle: usize) -> Option<f32> {
        self.heading.get(handle).copied().and_then(degrees_of_heading)
    }

    /// When it was last heard.
    pub fn seen_at(&self, handle: usize) -> Timestamp {
        self.seen.get(handle).map_or(self.as_of, |secs| self.seen_from.plus_secs(i64::from(*secs)))
    }

    pub fn freshness(&self, handle: usize, now: Timestamp) -> Freshness {
        freshness(self.budget, self.seen_at(handle), now)
    }

    /// What the thing is called: its name if the register has names, else `JG-0000123`, counted from 1.
    pub fn id_of(&self, handle: usize) -> String {
        match self.names.get(handle) {
            Some(name) => name.to_string(),
            None => format!("{}{:07}", self.prefix, handle + 1),
        }
    }

    /// The inverse of [`Inventory::id_of`]; among names the first of them, found one by one.
    pub fn handle_of(&self, id: &str) -> Option<usize> {
        if !self.names.is_empty() {
            return self.names.iter().position(|it| **it == *id);
        }
        let number: usize = id.strip_prefix(&*self.prefix)?.parse().ok()?;
        number.checked_sub(1).filter(|handle| *handle < self.len())
    }

    /// How many are in each state, in the order of [`ThingState::ALL`].
    pub fn n_by_state(&self) -> [usize; 5] {
        let mut n = [0; 5];
        for state in &self.state {
            n[ThingState::from_number(*state) as usize] += 1;
        }
        n
    }

    /// Takes a change and says which handles to look at again; a handle may come twice.
    ///
    /// A change of another register, older than this one, or with columns that do not fit does nothing. Unknown handles
    /// and absurd places are passed over.
    pub fn apply(&mut self, change: &ThingsChange) -> Vec<u32> {
        if change.inventory != self.id || change.as_of < self.as_of || change.validate().is_err() {
            return Vec::new();
        }
        self.as_of = change.as_of;
        let mut dirty = Vec::with_capacity(change.handles.len());
        for (k, &handle) in change.handles.iter().enumerate() {
            let i = handle as usize;
            if i >= self.len() {
                continue;
            }
            if let Some(&at) = change.at.get(k).filter(|at| is_sane_place(**at)) {
                self.at[i] = at;
            }
            if let (Some(slot), Some(&heading)) = (self.heading.get_mut(i), change.heading.get(k)) {
                *slot = heading;
            }
            if let Some(&state) = change.state.get(k) {
                self.state[i] = state;
            }
            if let (Some(slot), Some(&value)) = (self.value.get_mut(i), change.value.get(k)) {
                *slot = value;
            }
            if let Some(slot) = self.seen.get_mut(i) {
                let age_secs = i64::from(change.age.get(k).copied().unwrap_or(0));
                let secs = change.as_of.since_ms(self.seen_from).div_euclid(1000) - age_secs;
                *slot = (*slot).max(u32::try_from(secs.max(0)).unwrap_or(u32::MAX));
            }
            dirty.push(handle);
        }
        dirty
    }

    /// These things as they are now, for whoever has the register and not the latest; unknown handles are left out.
    pub fn change_of(&self, handles: &[u32]) -> ThingsChange {
        let handles: Vec<u32> = handles.iter().copied().filter(|it| (*it as usize) < self.len()).collect();
        let each = || handles.iter().map(|it| *it as usize);
        let age = |i| u32::try_from(self.as_of.since_ms(self.seen_at(i)).max(0) / 1000).unwrap_or(u32::MAX);
        ThingsChange {
            inventory: self.id.clone(),
            as_of: self.as_of,
            at: if self.moving { each().map(|i| self.at[i]).collect() } else { Vec::new() },
            heading: if self.moving && !self.heading.is_empty() {
                each().map(|i| self.heading[i]).collect()
            } else {
                Vec::new()
            },
            state: each().map(|i| self.state[i]).collect(),
            value: if self.value.is_empty() { Vec::new() } else { each().map(|i| self.value[i]).collect() },
            age: if self.seen.is_empty() { Vec::new() } else { each().map(age).collect() },
            handles,
        }
    }
}

impl ThingsChange {
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ThingsError> {
        let change: Self =
            postcard::from_bytes(bytes).map_err(|source| ThingsError::Unreadable { n_bytes: bytes.len(), source })?;
        change.validate()?;
        Ok(change)
    }

    pub fn validate(&self) -> Result<(), ThingsError> {
        let columns = [
            ("at", self.at.len(), true),
            ("heading", self.heading.len(), true),
            ("state", self.state.len(), true),
            ("value", self.value.len(), true),
            ("age", self.age.len(), true),
        ];
        check_columns(&self.inventory, self.handles.len(), &columns)?;
        if !is_sane_time(self.as_of) {
            return Err(ThingsError::Absurd { inventory: self.inventory.clone(), what: "a time" });
        }
        Ok(())
    }
}

/// A place as `at` keeps it; `None` if it is not on Earth or too far from the origin.
pub fn units_from_origin(origin: LonLat, place: LonLat) -> Option<[i32; 2]> {
    // A cast of NaN or of a far value lands outside the reach or at 0; sanity is asked of the degrees first.
    let units = |degrees: f64| (degrees * UNITS_PER_DEGREE).round() as i32;
    let at = [units(place.0 - origin.0), units(place.1 - origin.1)];
    (place.is_sane() && is_sane_place(at)).then_some(at)
}

/// The step a heading falls on; [`NO_HEADING`] for NaN.
pub fn heading_of_degrees(degrees: f32) -> u8 {
    if !degrees.is_finite() {
        return NO_HEADING;
    }
    ((degrees.rem_euclid(360.0) / HEADING_STEP_DEG).round() as u16 % 240) as u8
}

pub fn degrees_of_heading(step: u8) -> Option<f32> {
    (step < 240).then(|| f32::from(step) * HEADING_STEP_DEG)
}

fn is_sane_place(at: [i32; 2]) -> bool {
    at.iter().all(|it| (-MAX_REACH_UNITS..=MAX_REACH_UNITS).contains(it))
}

/// From 1970 to the year 6429: sums of these cannot overflow.
fn is_sane_time(at: Timestamp) -> bool {
    (0..1 << 47).contains(&at.0)
}

/// Each column: its name, its length, and whether it may be empty.
fn check_columns(
    inventory: &Text,
    expected: usize,
    columns: &[(&'static str, usize, bool)],
) -> Result<(), ThingsError> {
    let wrong = columns.iter().find(|(_, n, may_be_empty)| *n != expected && !(*may_be_empty && *n == 0));
    match wrong {
        Some(&(column, n, _)) => Err(ThingsError::Columns { inventory: inventory.clone(), column, n, expected }),
        None => Ok(()),
    }
}

// ---------------------------------------------------------------- columns on the wire

/// Places as differences from the one before: along a street they are small, and a small number is few bytes.
mod pairs {
    use super::MAX_THINGS;
    use serde::{Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(column: &[[i32; 2]], to: S) -> Result<S::Ok, S::Error> {
        let mut before = [0i32; 2];
        super::sequence(to, column.len() * 2, |put| {
            for at in column {
                for k in 0..2 {
                    put(&at[k].wrapping_sub(before[k]))?;
                }
                before = *at;
            }
            Ok(())
        })
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<[i32; 2]>, D::Error> {
        let (mut column, mut before, mut east) = (Vec::new(), [0i32; 2], None);
        super::each(from, MAX_THINGS * 2, |step: i32| match east.take() {
            None => east = Some(step),
            Some(east) => {
                before = [before[0].wrapping_add(east), before[1].wrapping_add(step)];
                column.push(before);
            }
        })?;
        match east {
            Some(_) => Err(D::Error::custom("a place of one number")),
            None => Ok(column),
        }
    }
}

/// Handles as differences from the one before.
mod steps {
    use super::MAX_THINGS;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(column: &[u32], to: S) -> Result<S::Ok, S::Error> {
        let mut before = 0u32;
        super::sequence(to, column.len(), |put| {
            for handle in column {
                put(&handle.wrapping_sub(before).cast_signed())?;
                before = *handle;
            }
            Ok(())
        })
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u32>, D::Error> {
        let (mut column, mut before) = (Vec::new(), 0u32);
        super::each(from, MAX_THINGS, |step: i32| {
            before = before.wrapping_add_signed(step);
            column.push(before);
        })?;
        Ok(column)
    }
}

/// States as (how many, which): nearly all are alike.
mod runs {
    use super::MAX_THINGS;
    use serde::{Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(column: &[u8], to: S) -> Result<S::Ok, S::Error> {
        let runs: Vec<(u32, u8)> = column.chunk_by(|a, b| a == b).map(|run| (run.len() as u32, run[0])).collect();
        super::sequence(to, runs.len(), |put| runs.iter().try_for_each(put))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let (mut column, mut is_too_long) = (Vec::new(), false);
        super::each(from, MAX_THINGS, |(n, state): (u32, u8)| {
            // A few bytes must not ask for gigabytes.
            match column.len() + n as usize {
                whole if whole <= MAX_THINGS => column.resize(whole, state),
                _ => is_too_long = true,
            }
        })?;
        if is_too_long {
            return Err(D::Error::custom("a column longer than any register"));
        }
        Ok(column)
    }
}

/// Names as they are; one that is too long is no name.
mod words {
    use super::{MAX_NAME_BYTES, MAX_THINGS};
    use crate::Text;
    use serde::{Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(column: &[Text], to: S) -> Result<S::Ok, S::Error> {
        super::sequence(to, column.len(), |put| column.iter().try_for_each(put))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Text>, D::Error> {
        let (mut column, mut is_too_long) = (Vec::new(), false);
        super::each(from, MAX_THINGS, |name: Text| {
            is_too_long |= name.len() > MAX_NAME_BYTES;
            column.push(name);
        })?;
        if is_too_long {
            return Err(D::Error::custom("a name longer than any thing's"));
        }
        Ok(column)
    }
}

/// Puts numbers one by one, so that no second copy of a column is made.
fn sequence<S: serde::Serializer, T: Serialize>(
    to: S,
    n: usize,
    fill: impl FnOnce(&mut dyn FnMut(&T) -> Result<(), S::Error>) -> Result<(), S::Error>,
) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeSeq;
    let mut sequence = to.serialize_seq(Some(n))?;
    fill(&mut |it| sequence.serialize_element(it))?;
    sequence.end()
}

/// Takes numbers one by one; more than `at_most` is an error.
fn each<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
    at_most: usize,
    take: impl FnMut(T),
) -> Result<(), D::Error> {
    struct Each<T, F>(usize, F, std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>, F: FnMut(T)> serde::de::Visitor<'de> for Each<T, F> {
        type Value = ();
        fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(to, "a column of at most {} numbers", self.0)
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(mut self, mut numbers: A) -> Result<(), A::Error> {
            let mut n = 0;
            while let Some(number) = numbers.next_element()? {
                n += 1;
                if n > self.0 {
                    return Err(serde::de::Error::custom("a column longer than any register"));
                }
                (self.1)(number);
            }
            Ok(())
        }
    }
    from.deserialize_seq(Each(at_most, take, std::marker::PhantomData))
}
