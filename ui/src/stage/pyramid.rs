//! Very many places, found and counted by where they are: sorted along a Z-order curve, so that every square of a quadtree
//! is one run of slots. Nothing is ever dropped from a count: what is drawn alone, drawn in a group, and left outside add up
//! to all.
//!
//! Pure: places are the GPU's whole 64ths of a metre ([`super::fixed`]). Slots are positions along the curve, and so in the
//! GPU's buffers; handles are the caller's own numbers.

use std::ops::Range;

/// Bits of a key along one axis; the quadtree has as many levels below its root.
const BITS: u32 = 16;
/// The finest level there is.
pub const MAX_LEVEL: u8 = BITS as u8;
const NO_SLOT: u32 = u32::MAX;

/// West, south, east, north in 64ths of a metre, all inclusive.
pub type Box64 = [i64; 4];

/// Places by where they are.
#[derive(Clone, Debug, Default)]
pub struct Pyramid {
    /// Ascending; one per slot.
    keys: Vec<u32>,
    /// Slot to handle.
    order: Vec<u32>,
    /// Handle to slot, [`NO_SLOT`] for a handle without a place.
    slots: Vec<u32>,
    origin: [i64; 2],
    /// The side of the finest cell is `1 << shift` 64ths.
    shift: u32,
}

/// One square of the quadtree that holds something: `slots.len()` things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Square {
    /// South-west corner.
    pub at: [i64; 2],
    /// 64ths of a metre.
    pub side: i64,
    pub slots: Range<u32>,
}

impl Pyramid {
    /// `places[handle]`; a handle without a place gets no slot.
    pub fn new(places: &[Option<[i32; 2]>]) -> Self {
        let known = || places.iter().flatten().map(|at| at.map(i64::from));
        let low = [0, 1].map(|axis| known().map(|at| at[axis]).min().unwrap_or(0));
        let high = [0, 1].map(|axis| known().map(|at| at[axis]).max().unwrap_or(0));
        let span = (high[0] - low[0]).max(high[1] - low[1]) as u64;
        let shift = (64 - span.leading_zeros()).saturating_sub(BITS);
        let key = |at: [i32; 2]| {
            let [x, y] = [0, 1].map(|axis| ((i64::from(at[axis]) - low[axis]) >> shift) as u32);
            spread(x) | spread(y) << 1
        };
        let mut keyed: Vec<(u32, u32)> =
            (0..).zip(places).filter_map(|(handle, at)| Some((key((*at)?), handle))).collect();
        keyed.sort_unstable();
        let mut slots = vec![NO_SLOT; places.len()];
        for (slot, (_, handle)) in (0..).zip(&keyed) {
            slots[*handle as usize] = slot;
        }
        let (keys, order) = keyed.into_iter().unzip();
        Self { keys, order, slots, origin: low, shift }
    }

    /// Things with a place.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Slot to handle, in slot order.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    pub fn slot(&self, handle: usize) -> Option<u32> {
        self.slots.get(handle).copied().filter(|slot| *slot != NO_SLOT)
    }

    /// The finest level whose squares are at least `side` 64ths wide.
    pub fn level_for(&self, side: f64) -> u8 {
        let finest = (1u64 << self.shift) as f64;
        let up = (side / finest).max(1.0).log2().ceil().min(f64::from(BITS)) as u8;
        MAX_LEVEL - up
    }

    /// The squares of `level` that touch `within` and hold something, in slot order.
    pub fn squares(&self, level: u8, within: Box64) -> Vec<Square> {
        let mut found = Vec::new();
        self.descend(self.root(), 0, within, level, &mut |square, _| found.push(square));
        found
    }

    /// Runs of slots that hold everything inside `within`, and little else; `fineness` squares across it at most.
    pub fn runs(&self, within: Box64, fineness: i64) -> Vec<Range<u32>> {
        let side = (within[2] - within[0]).max(within[3] - within[1]).max(1) / fineness.max(1);
        let mut runs: Vec<Range<u32>> = Vec::new();
        let level = self.level_for(side as f64);
        self.descend(self.root(), 0, within, level, &mut |square, _| match runs.last_mut() {
            Some(last) if last.end == square.slots.start => last.end = square.slots.end,
            _ => runs.push(square.slots),
        });
        runs
    }

    /// How many lie inside `within`: exact, `place` tells where a slot's thing is.
    pub fn count(&self, within: Box64, place: impl Fn(u32) -> [i32; 2]) -> usize {
        let mut n = 0;
        self.descend(self.root(), 0, within, MAX_LEVEL, &mut |square, is_whole| {
            n += if is_whole {
                square.slots.len()
            } else {
                square.slots.filter(|slot| contains(within, place(*slot).map(i64::from))).count()
            };
        });
        n
    }

    /// Slots within a square about `at`, `reach` 64ths either way.
    pub fn near(&self, at: [i32; 2], reach: i64) -> impl Iterator<Item = u32> + use<> {
        let [x, y] = at.map(i64::from);
        self.runs([x - reach, y - reach, x + reach, y + reach], 4).into_iter().flatten()
    }

    fn root(&self) -> Square {
        Square { at: self.origin, side: 1 << (self.shift + BITS), slots: 0..self.keys.len() as u32 }
    }

    /// Calls `found` for the squares down to `level` that touch `within`; ends early where a square lies wholly inside, if
    /// nothing finer was asked for than its slots.
    fn descend(&self, square: Square, level: u8, within: Box64, to: u8, found: &mut dyn FnMut(Square, bool)) {
        let (x, y, side) = (square.at[0], square.at[1], square.side);
        let is_outside = x > within[2] || y > within[3] || x + side <= within[0] || y + side <= within[1];
        if square.slots.is_empty() || is_outside {
            return;
        }
        let is_whole = x >= within[0] && y >= within[1] && x + side - 1 <= within[2] && y + side - 1 <= within[3];
        if level >= to || (to == MAX_LEVEL && is_whole) {
            found(square, is_whole);
            return;
        }
        // The four quarters in curve order; each is a run of this square's run.
        let half = side / 2;
        let shift = 2 * (BITS - u32::from(level) - 1);
        let mut start = square.slots.start;
        for quarter in 0..4u32 {
            let keys = &self.keys[start as usize..square.slots.end as usize];
            let end = start + keys.partition_point(|key| (key >> shift) & 3 <= quarter) as u32;
            let at = [x + half * i64::from(quarter & 1), y + half * i64::from(quarter >> 1)];
            self.descend(Square { at, side: half, slots: start..end }, level + 1, within, to, found);
            start = end;
        }
    }
}

pub fn contains(within: Box64, [x, y]: [i64; 2]) -> bool {
    (within[0]..=within[2]).contains(&x) && (within[1]..=within[3]).contains(&y)
}

/// The bits of a 16-bit number on every second place.
fn spread(value: u32) -> u32 {
    let mut v = value & 0xffff;
    v = (v | v << 8) & 0x00ff_00ff;
    v = (v | v << 4) & 0x0f0f_0f0f;
    v = (v | v << 2) & 0x3333_3333;
    (v | v << 1) & 0x5555_5555
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed scatter: clumps, a line, and many things on one spot.
    fn places(n: i32) -> Vec<Option<[i32; 2]>> {
        (0..n)
            .map(|i| match i % 7 {
                0 => None,
                1 => Some([5000, -300]),
                2 => Some([i * 13, i * 13]),
                _ => Some([(i.wrapping_mul(7919) % 640_000) - 200_000, (i.wrapping_mul(104_729) % 480_000) - 100_000]),
            })
            .collect()
    }

    fn within_of(k: i64) -> Box64 {
        [-200_000 + k * 9_001, -100_000 + k * 5_003, -50_000 + k * 20_011, 40_000 + k * 11_003]
    }

    #[test]
    fn every_square_cut_adds_up_to_all() {
        let places = places(5000);
        let pyramid = Pyramid::new(&places);
        assert_eq!(pyramid.len(), places.iter().flatten().count());
        for level in 0..=MAX_LEVEL {
            let squares = pyramid.squares(level, [i64::MIN / 4, i64::MIN / 4, i64::MAX / 4, i64::MAX / 4]);
            assert_eq!(squares.iter().map(|it| it.slots.len()).sum::<usize>(), pyramid.len(), "level {level}");
            assert!(squares.windows(2).all(|it| it[0].slots.end == it[1].slots.start), "level {level}");
        }
    }

    #[test]
    fn counts_and_runs_agree_with_looking_at_each() {
        let places = places(5000);
        let pyramid = Pyramid::new(&places);
        let place = |slot: u32| places[pyramid.order()[slot as usize] as usize].expect("a slot has a place");
        for k in 0..20 {
            let within = within_of(k);
            let inside: Vec<usize> = (0..places.len())
                .filter(|&handle| places[handle].is_some_and(|at| contains(within, at.map(i64::from))))
                .collect();
            assert_eq!(pyramid.count(within, place), inside.len());
            let runs = pyramid.runs(within, 8);
            for handle in inside {
                let slot = pyramid.slot(handle).expect("a place");
                assert!(runs.iter().any(|run| run.contains(&slot)), "{handle} is in no run");
            }
        }
    }

    #[test]
    fn near_finds_what_is_near() {
        let places = places(2000);
        let pyramid = Pyramid::new(&places);
        let found: Vec<u32> = pyramid.near([5000, -300], 10).collect();
        for (handle, at) in places.iter().enumerate() {
            if *at == Some([5000, -300]) {
                assert!(found.contains(&pyramid.slot(handle).expect("a place")));
            }
        }
    }

    #[test]
    fn a_million_on_one_spot_is_one_square() {
        let pyramid = Pyramid::new(&vec![Some([7, 7]); 1_000_000]);
        for level in [0, 8, MAX_LEVEL] {
            assert_eq!(pyramid.squares(level, [0, 0, 10, 10]).len(), 1);
        }
        assert_eq!(pyramid.count([0, 0, 10, 10], |_| [7, 7]), 1_000_000);
    }

    #[test]
    fn nothing_and_the_ends_of_the_world() {
        let none = Pyramid::new(&[None, None]);
        assert!(none.is_empty() && none.squares(3, [0, 0, 1, 1]).is_empty() && none.slot(0).is_none());
        let far = Pyramid::new(&[Some([i32::MIN; 2]), Some([i32::MAX; 2])]);
        assert_eq!(
            far.count([i64::from(i32::MAX) - 1, 0, i64::from(i32::MAX), i64::from(i32::MAX)], |s| {
                if s == 1 { [i32::MAX; 2] } else { [i32::MIN; 2] }
            }),
            1
        );
    }
}
