//! Tiles on their way: asked for as views want them, made ready beside the frame loop, kept while they may be wanted again.
//! It knows nothing of what a tile holds. No frame waits for one: until it is there, a coarser one stands in.

use super::gpu::map::Upload;
use crate::platform;
use gulang_tiles::TileId;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, mpsc},
};

/// Tiles of one source; `T` is what of each stays here, the rest goes to the GPU.
pub struct Streamed<T> {
    held: HashMap<TileId, Held<T>>,
    n_fetching: usize,
    sender: mpsc::Sender<Came<T>>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<Came<T>>>,
    draws: Vec<TileId>,
    tick: u64,
    /// Why the last one to fail did, until one comes.
    failed: Option<String>,
}

struct Held<T> {
    state: HeldState<T>,
    used: u64,
}

enum HeldState<T> {
    Fetching,
    Ready(T),
    /// It failed; asked for again after so many seconds of the app's clock.
    Failed {
        retry_at: f64,
    },
}

type Came<T> = (TileId, Result<(T, Upload), String>);

/// Fetches at once; the hub is near, and each runs on a thread of its own where there are threads.
const MOST_FETCHES: usize = 8;
/// Tiles kept beyond those drawn.
const MOST_HELD: usize = 320;
pub const RETRY_SECS: f64 = 10.0;

impl<T> Default for Streamed<T> {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel();
        Self {
            held: HashMap::new(),
            n_fetching: 0,
            sender,
            receiver: Mutex::new(receiver),
            draws: Vec::new(),
            tick: 0,
            failed: None,
        }
    }
}

impl<T: Send + 'static> Streamed<T> {
    /// Begins a frame: takes in what came.
    pub fn take(&mut self, now: f64, uploads: &mut Vec<Upload>) {
        self.tick += 1;
        let came: Vec<Came<T>> = self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default();
        for (id, made) in came {
            self.n_fetching = self.n_fetching.saturating_sub(1);
            let state = match made {
                Ok((kept, upload)) => {
                    uploads.push(upload);
                    self.failed = None;
                    HeldState::Ready(kept)
                }
                Err(why) => {
                    // Where one fails the next will too: told once.
                    if self.failed.is_none() {
                        tracing::warn!("tile {id}: {why}; a coarser one stands in");
                    }
                    self.failed = Some(why);
                    HeldState::Failed { retry_at: now + RETRY_SECS }
                }
            };
            self.held.insert(id, Held { state, used: self.tick });
        }
    }

    /// Asks for a tile that is not here; `make` runs where it arrives: on the fetching thread natively, between frames in the
    /// page.
    pub fn want(
        &mut self,
        id: TileId,
        now: f64,
        url: impl FnOnce() -> String,
        make: impl FnOnce(&[u8]) -> Result<(T, Upload), String> + Send + 'static,
    ) {
        if let Some(held) = self.held.get_mut(&id) {
            held.used = self.tick;
            if !matches!(held.state, HeldState::Failed { retry_at } if now >= retry_at) {
                return;
            }
        }
        if self.n_fetching >= MOST_FETCHES {
            return;
        }
        self.n_fetching += 1;
        self.held.insert(id, Held { state: HeldState::Fetching, used: self.tick });
        let sender = self.sender.clone();
        platform::fetch(url(), move |got| {
            // The app is gone if nobody listens.
            let _ = sender.send((id, got.and_then(|bytes| make(&bytes))));
        });
    }

    /// What of the wanted tiles is drawn: each itself, or its four quarters where it just left them, or the nearest coarser one;
    /// never two over each other.
    pub fn choose(&mut self, wanted: &[TileId], min: u8) {
        let mut chosen: BTreeSet<TileId> = BTreeSet::new();
        for &id in wanted {
            if self.is_ready(id) {
                chosen.insert(id);
                continue;
            }
            let quarters = id.children().filter(|all| all.iter().all(|it| self.is_ready(*it)));
            if let Some(quarters) = quarters {
                chosen.extend(quarters);
                continue;
            }
            let coarser = (min..id.z).rev().filter_map(|zoom| id.ancestor(zoom)).find(|it| self.is_ready(*it));
            chosen.extend(coarser);
        }
        // What stands in for a missing tile covers its neighbours too; what was asked for lies under finer ones on purpose.
        let is_covered = |id: &TileId| {
            let mut above = (min..id.z).filter_map(|zoom| id.ancestor(zoom));
            above.any(|it| chosen.contains(&it) && !wanted.contains(&it))
        };
        // Coarser first, as they are painted.
        let draws: Vec<TileId> = chosen.iter().filter(|id| !is_covered(id)).copied().collect();
        for id in &draws {
            if let Some(held) = self.held.get_mut(id) {
                held.used = self.tick;
            }
        }
        self.draws = draws;
    }

    /// Lets the longest unused go; `drop` frees them on the GPU.
    pub fn let_go(&mut self, drop: fn(TileId) -> Upload, uploads: &mut Vec<Upload>) {
        if self.held.len() <= MOST_HELD {
            return;
        }
        let mut by_use: Vec<(u64, TileId)> = (self.held.iter())
            .filter(|(_, it)| !matches!(it.state, HeldState::Fetching) && it.used < self.tick)
            .map(|(id, it)| (it.used, *id))
            .collect();
        by_use.sort_unstable();
        let n_over = self.held.len() - MOST_HELD;
        for (_, id) in by_use.into_iter().take(n_over) {
            self.held.remove(&id);
            uploads.push(drop(id));
        }
    }

    /// Everything goes: another source is wanted.
    pub fn clear(&mut self, drop: fn(TileId) -> Upload, uploads: &mut Vec<Upload>) {
        let held = std::mem::take(self).held;
        uploads
            .extend(held.into_iter().filter(|(_, it)| matches!(it.state, HeldState::Ready(_))).map(|(id, _)| drop(id)));
    }

    /// Coarser first, as they are painted.
    pub fn draws(&self) -> &[TileId] {
        &self.draws
    }

    /// What was kept of those drawn.
    pub fn drawn(&self) -> impl Iterator<Item = &T> {
        self.draws.iter().filter_map(|id| match &self.held.get(id)?.state {
            HeldState::Ready(kept) => Some(kept),
            _ => None,
        })
    }

    pub fn is_settled(&self) -> bool {
        self.n_fetching == 0
    }

    /// Why tiles do not come, if the last that was asked for did not.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    fn is_ready(&self, id: TileId) -> bool {
        self.held.get(&id).is_some_and(|it| matches!(it.state, HeldState::Ready(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(z: u8, x: u32, y: u32) -> TileId {
        TileId::new(z, x, y).expect("a tile")
    }

    fn ready(tiles: &mut Streamed<()>, id: TileId) {
        let state = HeldState::Ready(());
        tiles.held.insert(id, Held { state, used: 0 });
    }

    #[test]
    fn a_coarser_tile_stands_in_and_nothing_lies_over_another() {
        let mut tiles = Streamed::default();
        let [a, b, ..] = id(10, 848, 439).children().expect("children");
        ready(&mut tiles, id(10, 848, 439));
        ready(&mut tiles, a);
        tiles.choose(&[a, b], 0);
        assert_eq!(tiles.draws, [id(10, 848, 439)], "b is not there: the parent stands in for both");
        ready(&mut tiles, b);
        tiles.choose(&[a, b], 0);
        assert_eq!(tiles.draws, [a, b]);
    }

    #[test]
    fn pulling_back_shows_the_finer_ones_until_the_coarser_is_there() {
        let mut tiles = Streamed::default();
        let parent = id(10, 848, 439);
        parent.children().expect("children").into_iter().for_each(|it| ready(&mut tiles, it));
        tiles.choose(&[parent], 0);
        assert_eq!(tiles.draws.len(), 4);
    }

    #[test]
    fn what_is_long_unused_is_let_go() {
        let mut tiles = Streamed::default();
        for x in 0..(MOST_HELD as u32 + 40) {
            ready(&mut tiles, id(14, x, 5));
        }
        tiles.tick = 2;
        let mut uploads = Vec::new();
        tiles.let_go(Upload::DropTile, &mut uploads);
        assert_eq!((tiles.held.len(), uploads.len()), (MOST_HELD, 40));
    }
}
