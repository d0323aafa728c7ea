//! What platforms put on the wire: bytes ⇄ commands, readings and plain values. One module per protocol, each able to read
//! what its platform says and to write what we say to it, so that the hub and the simulated city share one codec.
//!
//! **Invariant:** no socket, no clock, no state beyond one message or one stream's framing. Whoever has the bytes and the
//! time hands them in. Bytes of any kind are a value or an error, never a panic, and never more memory than a stated limit.
//! **Invariant:** each protocol has its own error type with a `remedy()` for the operator.

pub mod cap;
pub mod cot;
pub mod dji;
pub mod egova;
pub mod exchange;
pub mod grid;
pub mod grid_rain;
mod heard;
pub mod jt808;
pub mod mapping;
pub mod mavlink;
pub mod open311;
pub mod quake;
pub mod sensorthings;
pub mod typhoon;
pub mod value;
pub mod video_ai;
pub mod wpml;
pub mod wvp;
pub mod zlm;

pub use heard::{Heard, News, Refused};
