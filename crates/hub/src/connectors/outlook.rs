//! What a connector that also sends may look at: its own realm's city and readings, and nothing of the other's.
//!
//! An [`Outlook`] of a realm can only be had from that realm's hub, so that what a connector sends was made from the city
//! it belongs to:
//!
//! ```compile_fail,E0308
//! use gulang_hub::connectors::outlook::Outlook;
//! use gulang_hub::realm::{Actual, Exercise};
//! fn leak(drill: Outlook<Exercise>) -> Outlook<Actual> {
//!     drill
//! }
//! ```

use crate::{
    core::{Core, SubmitError},
    realm::RealmKind,
};
use gulang_city::{City, Command, PlatformId, Readings, Source};
use std::{marker::PhantomData, sync::Arc};

/// A hub, looked at by a connector of its realm.
#[derive(Clone, Debug)]
pub struct Outlook<R: RealmKind> {
    core: Arc<Core>,
    _realm: PhantomData<R>,
}

impl<R: RealmKind> Outlook<R> {
    /// `None` if the hub is the other realm's.
    pub fn of(core: Arc<Core>) -> Option<Self> {
        (core.realm == R::REALM).then_some(Self { core, _realm: PhantomData })
    }

    /// Briefly: nobody else changes the readings meanwhile.
    pub fn look<T>(&self, look: impl FnOnce(&City, &Readings) -> T) -> T {
        let city = self.core.city();
        let lane = self.core.lane();
        look(&city, &lane.readings)
    }

    /// Everything behind this realm's wires is the simulated city.
    pub fn is_simulated(&self) -> bool {
        self.core.simulated
    }

    /// A platform's word, into the log; `Err` if it could not be recorded. What the city refuses it will refuse again.
    pub async fn report(&self, platform: &PlatformId, commands: Vec<Command>) -> Result<(), SubmitError> {
        let source = Source::Platform(platform.clone());
        let batch = commands.into_iter().map(|it| (source.clone(), it)).collect();
        self.core.submit_all(batch).await.map(drop)
    }
}
