//! What is known: the domain of a coastal city's command screen.
//!
//! Everything that happens is a [`Record`]. The [`City`] is the fold of its records: [`City::apply`] is total and
//! deterministic. Every rule lives in [`City::decide`], which turns a [`Command`] into events or a [`Refusal`].
//! [`Readings`] are the other lane: many, latest wins, never part of the fold; so are the registers of [`Inventory`].
//!
//! **Invariant:** no I/O, no clock, no randomness. Time comes in as a [`Timestamp`], files come in as text.
//! **Invariant:** this crate knows no tokio, reqwest, bevy, egui or tauri; a test over `cargo metadata` holds it.
//!
//! Coordinates are WGS-84 degrees ([`LonLat`]) unless a name says otherwise.

mod alarm_groups;
mod apply;
mod callout;
mod cases;
mod city;
mod command;
pub mod compare;
mod decide;
mod evacuation;
mod fences;
mod flight_rules;
mod flights;
mod footprint;
mod forces;
mod freshness;
mod geo;
mod ids;
pub mod inject;
mod judge;
mod marking;
mod model;
mod pack;
mod plan;
mod query;
mod readings;
mod record;
mod register;
pub mod review;
mod roads;
mod roles;
mod scene;
pub mod score;
mod sensing;
mod sight;
mod signing;
mod telemetry;
mod tellings;
mod things;
mod time;
mod tiny;

pub use alarm_groups::*;
pub use callout::*;
pub use cases::*;
pub use city::*;
pub use command::*;
pub use decide::*;
pub use evacuation::*;
pub use fences::*;
pub use flight_rules::*;
pub use flights::*;
pub use footprint::*;
pub use forces::*;
pub use freshness::*;
pub use geo::*;
pub use ids::*;
pub use judge::*;
pub use marking::*;
pub use model::*;
pub use pack::*;
pub use plan::*;
pub use query::*;
pub use readings::*;
pub use record::*;
pub use register::*;
pub use roads::*;
pub use roles::*;
pub use scene::*;
pub use sensing::*;
pub use sight::*;
pub use signing::*;
pub use telemetry::*;
pub use tellings::*;
pub use things::*;
pub use time::*;
pub use tiny::*;
