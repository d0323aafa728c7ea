//! Starting and stopping a whole hub, on threads of its own: for `gulang-hub serve` and for the desktop app.

use crate::{
    core::Core,
    duties::DutyDesk,
    hall::{Hall, HubConfig, HubError},
    raster::Rasters,
    server::{App, new_token, router},
    tiles::BaseMap,
};
use gulang_city::{Realm, Record, SeatId, Source};
use gulang_wire::{Drill, Watch};
use std::sync::{Arc, mpsc};

/// A running hub. Dropping it ends it as a crash would; [`HubHandle::stop`] seals the logs.
pub struct HubHandle {
    /// Such as `http://127.0.0.1:41234`.
    pub url: String,
    /// This launch's own.
    pub token: String,
    hall: Arc<Hall>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// Starts a hub and returns when screens may connect.
pub fn start(mut config: HubConfig) -> Result<HubHandle, HubError> {
    if !config.listen.ip().is_loopback() {
        return Err(HubError::NotLoopback(config.listen));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("hub").enable_all().build()?;
    let token = new_token();
    let (hall, address) = runtime.block_on(async {
        let listen = |source| HubError::Listen { address: config.listen, source };
        let listener = tokio::net::TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        // Port 0 has become one: docks are told where route files are.
        config.listen = address;
        let hall = Hall::open(&config).await?;
        let page_dir = config.page_dir.clone().map(Into::into);
        let base_map = Arc::new(BaseMap::of_pack(&config.pack_dir));
        let rasters = Arc::new(Rasters::new(config.rasters.clone()));
        let duties = DutyDesk::open(&hall.pack_dir, &hall.pack);
        let (imports, maps) = (Arc::default(), Arc::default());
        let token = token.as_str().into();
        let app = App { hall: hall.clone(), token, page_dir, base_map, rasters, duties, imports, maps };
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router(app)).await {
                tracing::error!(%error, "the server ended");
            }
        });
        Ok::<_, HubError>((hall, address))
    })?;
    Ok(HubHandle { url: format!("http://{address}"), token, hall, runtime: Some(runtime) })
}

impl HubHandle {
    /// Ends everything and seals the logs; a running exercise is taken up at the next start.
    pub fn stop(mut self) -> Result<(), HubError> {
        let Some(runtime) = self.runtime.take() else { return Ok(()) };
        let closed = runtime.block_on(self.hall.close());
        runtime.shutdown_timeout(std::time::Duration::from_secs(2));
        closed
    }

    /// Every record of either realm as it becomes durable, from now on; for notifications.
    pub fn records(&self) -> mpsc::Receiver<(Realm, Record)> {
        let (sender, receiver) = mpsc::channel();
        let hall = self.hall.clone();
        if let Some(runtime) = &self.runtime {
            runtime.spawn(tell(hall.actual().clone(), sender.clone()));
            runtime.spawn(async move {
                let mut changes = hall.changes();
                loop {
                    let exercise = changes.borrow_and_update().clone();
                    if let Some(core) = exercise {
                        tokio::spawn(tell(core, sender.clone()));
                    }
                    if changes.changed().await.is_err() {
                        return;
                    }
                }
            });
        }
        receiver
    }

    /// A command of a seat, in the realm screens follow.
    pub fn submit(&self, seat: SeatId, command: gulang_city::Command) -> Result<u64, gulang_city::Refusal> {
        let closing = || gulang_city::Refusal::Forbidden { why: "枢纽正在关闭".into() };
        let runtime = self.runtime.as_ref().ok_or_else(closing)?;
        if self.hall.past().is_some() {
            return Err(crate::server::no_orders());
        }
        let core = self.hall.core_for(Watch::Follow).ok_or_else(closing)?;
        runtime.block_on(crate::api::submit_as(&core, Source::Seat(seat), command))
    }

    pub fn drill(&self, drill: Drill) -> Result<(), HubError> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(self.hall.drill(drill)),
            None => Err(HubError::Refused("枢纽正在关闭".into())),
        }
    }

    /// What runs, for whoever is in the same process.
    pub fn hall(&self) -> &Arc<Hall> {
        &self.hall
    }

    /// Runs until interrupted.
    pub fn wait_for_interrupt(&self) {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(async {
                #[cfg(unix)]
                if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                    tokio::select! {
                        _ = tokio::signal::ctrl_c() => {}
                        _ = terminate.recv() => {}
                    }
                    return;
                }
                let _ = tokio::signal::ctrl_c().await;
            });
        }
    }
}

impl Drop for HubHandle {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn tell(core: Arc<Core>, sender: mpsc::Sender<(Realm, Record)>) {
    let mut records = core.records();
    let realm = core.realm;
    // Its ending must not wait for this listener.
    drop(core);
    loop {
        match records.recv().await {
            Ok(some) => {
                for record in some.iter() {
                    if sender.send((realm, record.clone())).is_err() {
                        return;
                    }
                }
            }
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
        }
    }
}
