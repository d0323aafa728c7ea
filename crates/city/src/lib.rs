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
pub mod alarm_load;
mod apply;
pub mod ask;
mod assistant;
mod briefing;
mod callout;
mod camera_wall;
mod cases;
mod city;
mod command;
pub mod compare;
mod decide;
mod detections;
mod evacuation;
mod fences;
mod flight_routes;
mod flight_rules;
mod flights;
mod footprint;
mod forces;
mod freshness;
mod geo;
mod grid;
mod ids;
pub mod indicators;
pub mod inject;
mod judge;
mod lang;
mod marking;
mod metric_wall;
mod model;
mod own_cases;
mod pack;
mod plan;
mod quakes;
mod query;
mod rain;
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
mod street_calls;
mod suppression;
mod telemetry;
mod tellings;
mod things;
mod time;
mod tiny;
mod typhoon_sources;
mod violations;

pub use alarm_groups::*;
pub use alarm_load::{AlarmLoad, AlarmRating, LoadRatings};
pub use assistant::*;
pub use briefing::*;
pub use callout::*;
pub use camera_wall::*;
pub use cases::*;
pub use city::*;
pub use command::*;
pub use decide::*;
pub use detections::*;
pub use evacuation::*;
pub use fences::*;
pub use flight_routes::*;
pub use flight_rules::*;
pub use flights::*;
pub use footprint::*;
pub use forces::*;
pub use freshness::*;
pub use geo::*;
pub use grid::*;
pub use ids::*;
pub use judge::*;
pub use lang::*;
pub use marking::*;
pub use metric_wall::*;
pub use model::*;
pub use own_cases::*;
pub use pack::*;
pub use plan::*;
pub use quakes::*;
pub use query::*;
pub use rain::*;
pub use readings::*;
pub use record::*;
pub use register::*;
pub use roads::*;
pub use roles::*;
pub use scene::*;
pub use sensing::*;
pub use sight::*;
pub use signing::*;
pub use street_calls::*;
pub use suppression::*;
pub use telemetry::*;
pub use tellings::*;
pub use things::*;
pub use time::*;
pub use tiny::*;
pub use typhoon_sources::*;
pub use violations::*;
