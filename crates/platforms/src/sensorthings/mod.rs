//! OGC SensorThings API 1.1: pages of Things, Datastreams and Observations, and Observations over MQTT.
//!
//! Read: [`decode_streams`] a page of Datastreams (with `$expand=Thing,ObservedProperty`), [`decode_observations`] a page of
//! Observations (with `$expand=Datastream($select=id)`, or all of one Datastream), [`decode_message`] one MQTT message on
//! `v1.1/Datastreams(ID)/Observations`. Written by [`write`], for the simulated city and the tests.
//!
//! What a Datastream is to us is said by [`StreamRules`] and kept in a [`Catalog`]: which of our sensors or things it is, and
//! by what its figures are turned into our unit. A unit nobody knows is refused, never guessed.
//!
//! Shapes: OGC 18-088 as FROST-Server's documentation shows them (`@99b36f6`). No conformity is claimed: of the standard's
//! parts only the reading of these entities is here. `$expand` and `$select` are asked for and not relied on.

mod catalog;
mod observations;
mod scalar;
mod streams;
mod time;
mod units;
pub mod write;

#[cfg(test)]
mod tests;

pub use catalog::{Catalog, StreamNaming, StreamRule, StreamRules, Target, To};
pub use observations::{PageEnd, decode_message, decode_observations, decode_one};
pub use scalar::EntityId;
pub use streams::{Stream, StreamsPage, decode_streams};
pub use units::{Conversion, conversion};

/// A page of more bytes is refused before decoding.
pub const MAX_PAGE_BYTES: usize = 32 * 1024 * 1024;
/// Datastreams in one catalog at most: twice what the largest city counts, times four figures each.
pub const MAX_STREAMS: usize = 1_000_000;

#[derive(Debug, thiserror::Error)]
pub enum SensorThingsError {
    #[error("读 SensorThings {what}：{why}")]
    Garbage { what: &'static str, why: String },
    #[error("读 SensorThings {what}：{n_bytes} 字节，超过一页的上限 {MAX_PAGE_BYTES} 字节")]
    TooLarge { what: &'static str, n_bytes: usize },
    #[error("主题 {0:?} 不是 v1.1/Datastreams(编号)/Observations 的样子")]
    Topic(String),
}

impl SensorThingsError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Garbage { .. } => "核对地址是否到 /v1.1 为止，服务是否为 SensorThings 1.1",
            Self::TooLarge { .. } => "把 options.top 改小",
            Self::Topic(_) => "核对 options.topics",
        }
    }
}

/// The size is asked before anything is read.
fn checked<'a>(what: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], SensorThingsError> {
    if bytes.len() > MAX_PAGE_BYTES {
        return Err(SensorThingsError::TooLarge { what, n_bytes: bytes.len() });
    }
    Ok(bytes)
}
