//! The hub and the simulated city, started in this process: the one file that knows how.

use gulang_city::{Realm, Record};
use gulang_hub::{
    HubConfig, HubError, HubHandle,
    assets::assets_dir,
    config::{Config, read_config},
    realm::Addresses,
    sim_host::{RunningSim, SimHost, SimRequest, SimScale, SimSpeed},
};
use gulang_sim::{Doors, Scale, SimConfig, SimHandle, Speed};
use serde::Serialize;
use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
};
use tauri::{AppHandle, Manager};

/// The simulated city's dice; the same city every day.
const SEED: u64 = 1;

/// Where the page and the walls find the hub; the token is this launch's own.
#[derive(Clone, Debug, Serialize)]
pub struct Address {
    pub url: String,
    pub token: String,
}

impl Address {
    /// One JSON line, as `gulang-hub serve` prints it, for whoever started this program and waits.
    pub fn print_ready_line(&self) {
        if let Ok(line) = serde_json::to_string(self) {
            println!("{line}");
        }
    }
}

/// The hub of this process.
pub struct Hub {
    address: Address,
    handle: Mutex<Option<HubHandle>>,
}

impl Hub {
    /// Opens the log in `data`, or in the user's data folder, and starts what keeps it; `config` says where platforms are.
    pub fn start(app: &AppHandle, data: Option<&Path>, config: Option<&Path>) -> Result<Self, Box<dyn Error>> {
        let data = match data {
            Some(dir) => std::path::absolute(dir)?,
            None => app.path().app_data_dir()?,
        };
        let assets = packaged_assets(app).map_or_else(assets_dir, Ok)?;
        let config_file = config.map(Path::to_owned);
        let Config { actual, raster, connectors: _, assistant: _ } =
            config.map(read_config).transpose()?.unwrap_or_default();
        let config = HubConfig {
            pack_dir: assets.join("cities/xiamen"),
            scenarios_dir: Some(assets.join("scenarios")),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            // Walls and this window need no page from the hub; a browser does, and there is one in a source tree.
            page_dir: Some(assets.join("../ui/web")).filter(|dir| dir.join("index.html").is_file()),
            sim: Arc::new(InProcessSim),
            actual,
            rasters: raster,
            seed: SEED,
            scale: SimScale::default(),
            sign_key: std::env::var_os("GULANG_SIGN_KEY").map(Into::into),
            config_file,
            data,
        };
        let handle = gulang_hub::start(config)?;
        let address = Address { url: handle.url.clone(), token: handle.token.clone() };
        Ok(Self { address, handle: Mutex::new(Some(handle)) })
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Every record of either realm, from now on; none once the hub has stopped.
    pub fn records(&self) -> Option<mpsc::Receiver<(Realm, Record)>> {
        self.lock().as_ref().map(HubHandle::records)
    }

    /// Seals the logs. A running exercise is taken up at the next start.
    pub fn stop(&self) -> Result<(), HubError> {
        let handle = self.lock().take();
        handle.map_or(Ok(()), HubHandle::stop)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<HubHandle>> {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The assets that came with the package; none in a source tree.
fn packaged_assets(app: &AppHandle) -> Option<PathBuf> {
    let dir = app.path().resource_dir().ok()?.join("assets");
    dir.join("cities").is_dir().then_some(dir)
}

/// The simulated city on threads of this process. The hub still meets it only on sockets.
struct InProcessSim;

struct RunningCity(SimHandle);

impl SimHost for InProcessSim {
    fn start(&self, request: &SimRequest) -> Result<Box<dyn RunningSim>, String> {
        let config = SimConfig {
            pack: request.pack_dir.clone(),
            scenario: request.scenario.clone(),
            seed: request.seed,
            realm: request.realm,
            speed: match request.speed {
                SimSpeed::Live => Speed::Live,
                SimSpeed::Times(times) => Speed::Scaled(times.into()),
                SimSpeed::Lockstep => Speed::Lockstep,
            },
            state: request.state_dir.clone(),
            start: request.start,
            scale: match request.scale {
                SimScale::None => Scale::None,
                SimScale::Small => Scale::Small,
                SimScale::City => Scale::City,
            },
            jt808: None,
            video: true,
            doors: Doors::default(),
        };
        let handle = gulang_sim::start(config).map_err(|why| why.to_string())?;
        Ok(Box::new(RunningCity(handle)))
    }
}

impl RunningSim for RunningCity {
    fn addresses(&self) -> Addresses {
        let endpoints = self.0.endpoints();
        Addresses {
            platform: Some(endpoints.platform.clone()),
            cap: Some(endpoints.cap.clone()),
            quake: Some(endpoints.quake.clone()),
            rain: Some(endpoints.rain.clone()),
            typhoon: Some(endpoints.typhoon.clone()),
            mqtt: Some(endpoints.mqtt.clone()),
            feeds: Some(endpoints.feeds.clone()),
            wvp: endpoints.wvp.clone(),
            zlm: endpoints.zlm.clone(),
            rtsp: endpoints.rtsp.clone(),
            video_ai: Some(endpoints.video_ai.clone()),
            inventory: Some(endpoints.inventory.clone()),
            gateway: Some(endpoints.gateway.clone()),
            gateways: Default::default(),
            mavlink: Some(endpoints.mavlink.clone()),
            cot: Some(endpoints.cot.clone()),
            open311: Some(endpoints.open311.clone()),
            grid: Some(endpoints.grid.clone()),
            control: Some(endpoints.control.clone()),
            token: None,
        }
    }
}
