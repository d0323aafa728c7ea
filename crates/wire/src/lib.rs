//! How screens and the hub talk: binary WebSocket frames, one postcard value each.
//!
//! The first frame either way is the handshake; then the hub sends a snapshot and, after it, records and columns as they
//! come. Every frame to a screen carries the hub's clock and the realm, so no window can forget which it shows.
//!
//! **Invariant:** knows neither the hub's insides nor the screen's. No tokio, no bevy.

use gulang_city::{Command, DroneId, Fix, Realm, Record, Refusal, SeatId, Timestamp};
use serde::{Deserialize, Serialize};

/// Refused on mismatch: a screen and its hub are always of one release.
pub const VERSION: u32 = 1;
/// Larger frames are refused before decoding.
pub const MAX_FRAME_BYTES: usize = 64 * 1024 * 1024;

/// Which clock the hub runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClockKind { Live, Exercise { speed: f32, paused: bool }, Replay { speed: f32, paused: bool } }

/// The hub's clock at the moment a frame left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock { pub now: Timestamp, pub wall: Timestamp, pub kind: ClockKind }

/// Hub → screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToScreen { pub realm: Realm, pub clock: Clock, pub body: Body }

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Body {
    /// First, in answer to [`ToHub::Hello`]. `simulated`: everything below comes from the simulated city.
    Welcome { version: u32, simulated: bool, city_id: String },
    /// The whole city (`City::to_bytes`) and readings (postcard of `Readings`) as of now; also after a gap, after falling
    /// behind, and when the realm changes.
    Snapshot { city: Vec<u8>, readings: Vec<u8> },
    Records(Vec<Record>),
    Columns(Columns),
    /// An encoded still (JPEG) of a feed.
    Picture { drone: DroneId, at: Timestamp, simulated: bool, jpeg: Vec<u8> },
    /// The answer to one submitted command.
    Answer { ticket: u64, result: Result<u64, Refusal> },
    /// Clock and lamps alone, at least once a second.
    Beat,
}

/// What changed in the readings since the last frame: parallel arrays per lane.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    pub gauge_handles: Vec<u32>,
    pub gauge_values: Vec<f32>,
    pub gauge_at: Vec<Timestamp>,
    pub teams: Vec<(u32, Fix)>,
    pub drones: Vec<(u32, Fix)>,
    pub heard: Vec<(gulang_city::PlatformId, Timestamp)>,
    pub n_dropped: u64,
}

/// Screen → hub.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToHub {
    Hello { version: u32, seat: SeatId, watch: Watch },
    /// `ticket` comes back in the answer; the record comes back as everybody's.
    Submit { ticket: u64, command: Command },
    /// Starts or ends a drill: not a city command, as it makes or closes a realm.
    Drill(Drill),
    /// The screen saw a gap or cannot decode: send a snapshot.
    Resync,
}

/// Which realm a screen follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Watch { /** The exercise while one runs, else the actual city. */ Follow, Only(Realm) }

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Drill { Start { scenario: String, seed: u64, speed: f32 }, SetSpeed { speed: f32, paused: bool }, End }

#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error("a frame of {n_bytes} bytes is larger than {MAX_FRAME_BYTES}")]
    TooLarge { n_bytes: usize },
    #[error("an unreadable frame of {n_bytes} bytes; the other side may be of another release")]
    Unreadable { n_bytes: usize, source: postcard::Error },
}

pub fn encode<T: Serialize>(frame: &T) -> Result<Vec<u8>, WireError> {
    postcard::to_stdvec(frame).map_err(|source| WireError::Unreadable { n_bytes: 0, source })
}

pub fn decode<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, WireError> {
    if bytes.len() > MAX_FRAME_BYTES { return Err(WireError::TooLarge { n_bytes: bytes.len() }); }
    postcard::from_bytes(bytes).map_err(|source| WireError::Unreadable { n_bytes: bytes.len(), source })
}
