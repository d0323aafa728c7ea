//! What is drawn: one crate for the desk (wasm in a webview or browser) and the wall (native, or headless).
//!
//! The app in [`app`] hears the hub through [`net`], keeps the city in [`hall`], and draws it twice over: the [`stage`]
//! (bevy's render world, our own pipelines) and the [`panels`] (egui). Platform differences live in [`platform`] alone.
//!
//! **Invariant:** knows the wire and the city, never the hub. No tokio, no HTTP library, no tauri.

pub mod app;
pub mod asking;
#[cfg(not(target_arch = "wasm32"))]
pub mod bench;
pub mod briefings;
pub mod charts;
pub mod detections;
pub mod drills;
pub mod duties;
pub mod feeds;
pub mod hall;
pub mod history;
pub mod i18n;
pub mod imports;
pub mod indicators;
pub mod inventories;
pub mod medias;
pub mod net;
pub mod panels;
pub mod platform;
pub mod playback;
pub mod processes;
pub mod search;
pub mod sources;
pub mod stage;
#[cfg(not(target_arch = "wasm32"))]
pub mod stills;
pub mod theme;
