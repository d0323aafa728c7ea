//! What talks: connectors, log, outbox, clock, recordings, server.
//!
//! [`start`] runs a hub: the actual city always, and beside it an exercise while one is on, each with its own log,
//! numbering actor and connectors. Everything that enters passes [`actor`]; everything a screen sees leaves [`server`].
//!
//! **Invariant:** no bevy, no egui, no tauri; and never `gulang-sim`: the simulated city is reached only over the same
//! sockets as a real one.

pub mod actor;
pub mod api;
pub mod assets;
pub mod assistant;
pub mod attend;
pub mod bench;
pub mod blind;
pub mod bookmarks;
pub mod briefings;
pub mod bulletins;
pub mod callouts;
pub mod case_desks;
pub mod clock;
pub mod config;
pub mod config_watch;
pub mod connectors;
pub mod core;
pub mod detections;
pub mod drill;
pub mod duties;
pub mod evidence;
pub mod eyes;
pub mod feeds;
pub mod flights;
pub mod hall;
pub mod health;
pub mod indicators;
pub mod live;
pub mod log;
pub mod logs;
pub mod media;
pub mod outbox;
pub mod parquet;
pub mod past;
pub mod past_readings;
pub mod plans_api;
pub mod playback;
pub mod playback_api;
pub mod raster;
pub mod readings;
pub mod realm;
pub mod registers;
pub mod review;
pub mod run;
pub mod scenarios;
pub mod screen;
pub mod secrets;
pub mod server;
pub mod shown;
pub mod sim_host;
mod simulated;
pub mod sources;
pub mod sources_api;
pub mod street_calls;
pub mod tape;
pub mod terminals;
pub mod things;
pub mod tiles;
pub mod trial;
pub mod waylines;

pub use hall::{HubConfig, HubError};
pub use run::{HubHandle, start};
