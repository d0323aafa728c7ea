//! Many rows counted from nothing, on every core: each counts a part by itself, and what the parts came to is added up.
//! Sums are whole numbers, so the figures are to the last bit those of counting row by row.
//!
//! Must not know: what a row is about, or how it was made.

use super::{plan::Plan, row::Row, tally::Tally};
use crate::Timestamp;

/// Fewer are counted sooner than threads are begun.
const MIN_PART: usize = 4096;
/// More threads would wait for memory, and for one another when they are added up.
const MAX_PARTS: usize = 16;

/// What some rows came to.
pub(super) struct Counted {
    tallies: Vec<Tally>,
    /// Of each row: when it will next count otherwise.
    pub(super) edges: Vec<Option<Timestamp>>,
}

impl Counted {
    /// There may have been a row where there is none.
    pub(super) fn of<'a>(plan: &Plan, rows: impl Iterator<Item = Option<&'a Row>>, now: Timestamp) -> Self {
        let mut tallies = vec![Tally::default(); plan.n_tallies()];
        let mut add = |tally: usize, share| {
            if let Some(it) = tallies.get_mut(tally) {
                it.add(share);
            }
        };
        let edges = rows.map(|row| plan.each_share(row?, now, &mut add)).collect();
        Self { tallies, edges }
    }

    pub(super) fn add_to(&mut self, whole: &mut [Tally]) {
        whole.iter_mut().zip(self.tallies.drain(..)).for_each(|(whole, part)| whole.merge(part));
    }
}

/// What `of` makes of each part, in the order of the parts; where there are no threads, of the whole.
pub(super) fn in_parts<I: Sync, O: Send>(items: &[I], of: impl Fn(&[I]) -> O + Sync) -> Vec<O> {
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let n_parts = n_cores.min(MAX_PARTS).min(items.len() / MIN_PART);
    if n_parts < 2 {
        return vec![of(items)];
    }
    let of = &of;
    std::thread::scope(|scope| {
        let begun: Vec<_> =
            items.chunks(items.len().div_ceil(n_parts)).map(|part| scope.spawn(move || of(part))).collect();
        let ended = begun.into_iter().map(|it| it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ended.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole_in_its_order() {
        for n in [0, 1, MIN_PART, 3 * MIN_PART + 1] {
            let items: Vec<usize> = (0..n).collect();
            let parts = in_parts(&items, <[usize]>::to_vec);
            assert_eq!(parts.concat(), items);
        }
    }
}
