//! What a screen is shown: a realm at work, or the past of one. To the loop that serves a screen the two are alike, but that
//! nothing can be asked of the past.

use crate::{core::Core, past::Past};
use bytes::Bytes;
use gulang_wire::Body;
use std::sync::Arc;
use tokio::sync::broadcast;

#[derive(Clone)]
pub enum Shown {
    Live(Arc<Core>),
    Past(Arc<Past>),
}

impl Shown {
    /// The frames from now on, and everything as of now.
    pub fn join(&self) -> (broadcast::Receiver<Bytes>, Bytes) {
        match self {
            // Subscribed first, so that nothing falls between.
            Self::Live(core) => (core.frames(), core.snapshot()),
            Self::Past(past) => past.join(),
        }
    }

    /// A frame with this realm and clock on it.
    pub fn frame(&self, body: Body) -> Bytes {
        match self {
            Self::Live(core) => core.frame(body),
            Self::Past(past) => past.frame(body),
        }
    }

    /// What a screen that missed frames must fetch again.
    pub fn stale(&self) -> Vec<Body> {
        match self {
            Self::Live(core) => core.things().all_stale(),
            // The large registers have no past.
            Self::Past(_) => Vec::new(),
        }
    }

    /// All it shows comes from the simulated city.
    pub fn simulated(&self) -> bool {
        match self {
            Self::Live(core) => core.simulated,
            Self::Past(past) => past.simulated,
        }
    }

    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Live(a), Self::Live(b)) => Arc::ptr_eq(a, b),
            (Self::Past(a), Self::Past(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}
