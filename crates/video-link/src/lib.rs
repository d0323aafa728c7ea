//! What the hub and the eyes (`gulang-video eyes`) say to each other over a pipe, and the strip by which a test picture
//! tells its own number and age.
//!
//! The eyes are a process of their own: a hostile stream takes down no hub, and no hub links GStreamer.
//!
//! **Invariant:** bytes and plain values only; no pipe, no clock, no GStreamer. Whatever the bytes, a value or an error comes
//! of them, within [`MAX_FRAME_BYTES`].

mod frame;
mod messages;
pub mod strip;

pub use frame::{Deframer, Frame, FrameError, MAX_FRAME_BYTES, line_frame, picture_frame};
pub use messages::{
    Failure, FromEyes, Gap, Look, Looking, Picture, Secret, SimCamera, SimCodec, Size, ToEyes, ToSim, Transport,
    VERSION,
};
