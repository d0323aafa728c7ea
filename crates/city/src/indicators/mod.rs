//! 指标: figures of the city as data, kept true record by record.
//!
//! A city's `indicators.toml` says what is counted ([`Definitions`], read by [`Definitions::parse`] with every fault's line);
//! the [`Engine`] keeps every figure of it, for the whole city and for each group, and says what changed since a revision,
//! what lies beneath a figure and why there is none.
//!
//! The older `indicators.json` ([`crate::Indicator`]) is another, smaller mechanism beside it; neither knows the other.
//!
//! **Invariant:** no I/O, no clock, no thread that outlives a call; the figures after any records and readings in any order are those of
//! [`Engine::recompute`].

mod cold;
mod definition;
mod engine;
mod evaluate;
mod figure;
mod history;
mod parse;
mod parse_formula;
mod plan;
mod row;
mod rows;
mod table;
mod tally;
mod toml_tree;
mod touched;
mod window;
mod words;

pub use definition::*;
pub use engine::Engine;
pub use figure::*;
pub use history::{History, MAX_DAYS, MAX_SCORE, MIN_DAYS};
pub use row::RowId;
pub use table::{Field, FieldType, Table};
