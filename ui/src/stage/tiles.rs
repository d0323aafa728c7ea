//! The base map by view: which of the hub's vector tiles are wanted, made into meshes, drawn. What is on its way is
//! [`Streamed`]'s.

use super::{
    camera::StageCamera,
    gpu::map::Upload,
    streamed::{RETRY_SECS, Streamed},
};
use crate::platform;
use gulang_city::LocalFrame;
use gulang_tiles::{Pyramid, TileId, TileLabel, mesh_from_mvt, zoom_for};
use serde::Deserialize;
use std::sync::{Arc, Mutex, mpsc};

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
    /// A tile of an online map.
    fn raster(&self, source: &str, id: TileId) -> String;
}

pub struct Tiles {
    frame: LocalFrame,
    source: SourceState,
    sender: mpsc::Sender<Result<TileSource, String>>,
    /// Bevy's resources must be shareable; only the main thread listens.
    receiver: Mutex<mpsc::Receiver<Result<TileSource, String>>>,
    streamed: Streamed<Kept>,
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

/// What stays here of a tile whose mesh went to the GPU.
struct Kept {
    labels: Arc<Vec<TileLabel>>,
    has_solids: bool,
}

impl Tiles {
    pub fn new(frame: LocalFrame) -> Self {
        let (sender, receiver) = mpsc::channel();
        let receiver = Mutex::new(receiver);
        Self { frame, source: SourceState::Unasked, sender, receiver, streamed: Streamed::default() }
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
        let mut uploads = Vec::new();
        self.streamed.take(now, &mut uploads);
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
            let (id, frame) = (*id, self.frame);
            self.streamed.want(
                id,
                now,
                || urls.tile(id),
                move |bytes| {
                    // No bytes are open sea.
                    let mut mesh = mesh_from_mvt(id, bytes, &frame).map_err(|error| error.to_string())?;
                    let labels = Arc::new(std::mem::take(&mut mesh.labels));
                    let kept = Kept { labels, has_solids: !mesh.solid_indices.is_empty() };
                    Ok((kept, Upload::Tile(id, Arc::new(mesh))))
                },
            );
        }
        self.streamed.choose(&wanted, pyramid.minzoom);
        self.streamed.let_go(Upload::DropTile, &mut uploads);
        uploads
    }

    pub fn draws(&self) -> &[TileId] {
        self.streamed.draws()
    }

    /// Something drawn stands up.
    pub fn has_solids(&self) -> bool {
        self.streamed.drawn().any(|it| it.has_solids)
    }

    pub fn labels(&self) -> impl Iterator<Item = &TileLabel> {
        self.streamed.drawn().flat_map(|it| it.labels.iter())
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
            SourceState::Known(_) => self.streamed.is_settled(),
            SourceState::Missing { .. } => true,
            SourceState::Unasked | SourceState::Asked => false,
        }
    }

    fn ask_source(&mut self, urls: &dyn TileUrls, now: f64) {
        let came: Vec<_> = self.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default();
        for it in came {
            self.source = match it {
                Ok(source) => SourceState::Known(source),
                Err(why) => {
                    tracing::warn!("the base map's tiles: {why}");
                    SourceState::Missing { why, retry_at: now + RETRY_SECS }
                }
            };
        }
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
                let _ = sender.send(source);
            });
        }
    }
}
