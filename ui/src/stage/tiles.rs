//! The base map by view: which tiles are wanted, fetched from the hub and made into meshes beside the frame loop, which of
//! them are drawn, and which are let go. No frame waits for any of it: until a tile is there, a coarser one stands in.

use super::{camera::StageCamera, gpu::map::Upload};
use crate::platform;
use gulang_city::LocalFrame;
use gulang_tiles::{Pyramid, TileId, TileLabel, TileMesh, mesh_from_mvt, zoom_for};
use serde::Deserialize;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, mpsc},
};

/// What the hub says of its tiles (`/tiles.json`).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TileSource {
    #[serde(flatten)]
    pub pyramid: Pyramid,
    #[serde(default)]
    pub attribution: String,
}

/// Where tiles come from: an address with a token, made by the hall's connection.
pub trait TileUrls {
    fn source(&self) -> String;
    fn tile(&self, id: TileId) -> String;
}

pub struct Tiles {
    frame: LocalFrame,
    source: SourceState,
    held: HashMap<TileId, Held>,
    n_fetching: usize,
    sender: mpsc::Sender<Came>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<Came>>,
    draws: Vec<TileId>,
    tick: u64,
    has_solids: bool,
}

enum SourceState {
    Unasked,
    Asked,
    Known(TileSource),
    /// Not there, and when it is asked for again (s).
    Missing {
        why: String,
        retry_at: f64,
    },
}

struct Held {
    state: HeldState,
    used: u64,
}

enum HeldState {
    Fetching,
    /// `labels` stay here; the mesh went to the GPU.
    Ready {
        labels: Arc<Vec<TileLabel>>,
        has_solids: bool,
    },
    /// It failed; asked for again after so many seconds of the app's clock.
    Failed {
        retry_at: f64,
    },
}

enum Came {
    Source(Result<TileSource, String>),
    Tile(TileId, Result<Box<TileMesh>, String>),
}

/// Fetches at once; the hub is near, and each runs on a thread of its own where there are threads.
const MOST_FETCHES: usize = 8;
/// Tiles kept beyond those drawn.
const MOST_HELD: usize = 320;
const RETRY_SECS: f64 = 10.0;

impl Tiles {
    pub fn new(frame: LocalFrame) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self {
            frame,
            source: SourceState::Unasked,
            held: HashMap::new(),
            n_fetching: 0,
            sender,
            receiver: Mutex::new(receiver),
            draws: Vec::new(),
            tick: 0,
            has_solids: false,
        }
    }

    /// Takes in what came, asks for what the view wants, and decides what is drawn.
    pub fn update(
        &mut self,
        camera: &StageCamera,
        size: (f64, f64),
        scale: f64,
        urls: &dyn TileUrls,
        now: f64,
    ) -> Vec<Upload> {
        self.tick += 1;
        let mut uploads = Vec::new();
        self.take(now, &mut uploads);
        self.ask_source(urls, now);
        let SourceState::Known(source) = &self.source else { return uploads };
        let pyramid = source.pyramid;
        let view = camera.ground(size);
        // A wall's px are larger to the eye; its tiles may be as coarse.
        let zoom = zoom_for(camera.px_per_m / scale, self.frame.center().1);
        let wanted = pyramid.cover(view, zoom, &self.frame);
        // Coarser ones too, for when the hand pulls back or moves on.
        let coarser = [2, 5].into_iter().filter_map(|up| zoom.min(pyramid.maxzoom).checked_sub(up));
        let also: Vec<TileId> = coarser.flat_map(|zoom| pyramid.cover(view, zoom, &self.frame)).collect();
        for id in wanted.iter().chain(&also) {
            self.want(*id, urls, now);
        }
        self.choose(&wanted, pyramid.minzoom);
        self.let_go(&mut uploads);
        uploads
    }

    pub fn draws(&self) -> &[TileId] {
        &self.draws
    }

    /// Something drawn stands up.
    pub fn has_solids(&self) -> bool {
        self.has_solids
    }

    pub fn labels(&self) -> impl Iterator<Item = &TileLabel> {
        self.draws
            .iter()
            .filter_map(|id| match &self.held.get(id)?.state {
                HeldState::Ready { labels, .. } => Some(labels.iter()),
                _ => None,
            })
            .flatten()
    }

    pub fn attribution(&self) -> Option<&str> {
        match &self.source {
            SourceState::Known(source) => Some(&source.attribution),
            _ => None,
        }
    }

    /// Why there is no base map, if there is none.
    pub fn missing(&self) -> Option<&str> {
        match &self.source {
            SourceState::Missing { why, .. } => Some(why),
            _ => None,
        }
    }

    /// Nothing is on its way that the present view wants.
    pub fn is_settled(&self) -> bool {
        match self.source {
            SourceState::Known(_) => self.n_fetching == 0,
            SourceState::Missing { .. } => true,
            SourceState::Unasked | SourceState::Asked => false,
        }
    }

    fn take(&mut self, now: f64, uploads: &mut Vec<Upload>) {
        let came: Vec<Came> = self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default();
        for it in came {
            match it {
                Came::Source(Ok(source)) => self.source = SourceState::Known(source),
                Came::Source(Err(why)) => {
                    tracing::warn!("the base map's tiles: {why}");
                    self.source = SourceState::Missing { why, retry_at: now + RETRY_SECS };
                }
                Came::Tile(id, mesh) => {
                    self.n_fetching = self.n_fetching.saturating_sub(1);
                    let state = match mesh {
                        Ok(mut mesh) => {
                            let labels = Arc::new(std::mem::take(&mut mesh.labels));
                            let has_solids = !mesh.solid_indices.is_empty();
                            uploads.push(Upload::Tile(id, Arc::from(mesh)));
                            HeldState::Ready { labels, has_solids }
                        }
                        Err(why) => {
                            tracing::warn!("tile {id}: {why}; a coarser one stands in");
                            HeldState::Failed { retry_at: now + RETRY_SECS }
                        }
                    };
                    self.held.insert(id, Held { state, used: self.tick });
                }
            }
        }
    }

    fn ask_source(&mut self, urls: &dyn TileUrls, now: f64) {
        let is_due = match &self.source {
            SourceState::Unasked => true,
            SourceState::Missing { retry_at, .. } => now >= *retry_at,
            SourceState::Asked | SourceState::Known(_) => false,
        };
        if is_due {
            self.source = SourceState::Asked;
            let sender = self.sender.clone();
            platform::fetch(urls.source(), move |got| {
                let source = got.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
                // The app is gone if nobody listens.
                let _ = sender.send(Came::Source(source));
            });
        }
    }

    fn want(&mut self, id: TileId, urls: &dyn TileUrls, now: f64) {
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
        let (sender, frame) = (self.sender.clone(), self.frame);
        // Meshed where it arrives: on the fetching thread natively, between frames in the page.
        platform::fetch(urls.tile(id), move |got| {
            // No bytes are open sea.
            let mesh = got.and_then(|bytes| mesh_from_mvt(id, &bytes, &frame).map_err(|error| error.to_string()));
            let mesh = mesh.map(Box::new);
            let _ = sender.send(Came::Tile(id, mesh));
        });
    }

    fn is_ready(&self, id: TileId) -> bool {
        self.held.get(&id).is_some_and(|it| matches!(it.state, HeldState::Ready { .. }))
    }

    /// Each wanted tile itself, or its four quarters where it just left them, or the nearest coarser one; never two over each
    /// other.
    fn choose(&mut self, wanted: &[TileId], min: u8) {
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
        self.has_solids = draws.iter().any(|id| {
            self.held.get(id).is_some_and(|it| matches!(it.state, HeldState::Ready { has_solids: true, .. }))
        });
        for id in &draws {
            if let Some(held) = self.held.get_mut(id) {
                held.used = self.tick;
            }
        }
        self.draws = draws;
    }

    fn let_go(&mut self, uploads: &mut Vec<Upload>) {
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
            uploads.push(Upload::DropTile(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::LonLat;

    fn tiles() -> Tiles {
        Tiles::new(LocalFrame::new(LonLat(118.11, 24.50)))
    }

    fn id(z: u8, x: u32, y: u32) -> TileId {
        TileId::new(z, x, y).expect("a tile")
    }

    fn ready(tiles: &mut Tiles, id: TileId) {
        let state = HeldState::Ready { labels: Arc::default(), has_solids: false };
        tiles.held.insert(id, Held { state, used: 0 });
    }

    #[test]
    fn a_coarser_tile_stands_in_and_nothing_lies_over_another() {
        let mut tiles = tiles();
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
        let mut tiles = tiles();
        let parent = id(10, 848, 439);
        parent.children().expect("children").into_iter().for_each(|it| ready(&mut tiles, it));
        tiles.choose(&[parent], 0);
        assert_eq!(tiles.draws.len(), 4);
    }

    #[test]
    fn what_is_long_unused_is_let_go() {
        let mut tiles = tiles();
        for x in 0..(MOST_HELD as u32 + 40) {
            ready(&mut tiles, id(14, x, 5));
        }
        tiles.tick = 2;
        let mut uploads = Vec::new();
        tiles.let_go(&mut uploads);
        assert_eq!((tiles.held.len(), uploads.len()), (MOST_HELD, 40));
    }
}
