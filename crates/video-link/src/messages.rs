//! The messages, by who says them.

use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};

/// Told by the eyes first; hub and eyes are always of one release.
pub const VERSION: u32 = 2;

/// Hub → eyes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ToEyes {
    /// Opens a stream; it is decoded once, whatever the sizes. `id` is the hub's and is not used again.
    Open {
        id: u64,
        /// The hub's number of the source. A stream opened after another of the same source goes on with its past: clips
        /// run over both.
        feed: u64,
        /// `rtsp://`, `rtsps://`, `rtmp://`, `http(s)://` (FLV, MPEG-TS, HLS); without credentials.
        url: String,
        #[serde(default)]
        user: String,
        #[serde(default)]
        password: Secret,
        transport: Transport,
        sizes: Vec<Size>,
    },
    /// Other sizes of an open stream, from now on.
    Resize {
        id: u64,
        sizes: Vec<Size>,
    },
    Close {
        id: u64,
    },
    /// Writes what was seen of a source `back_s` seconds ago until `ahead_s` seconds from now, as MP4, whichever streams it
    /// comes from.
    Keep {
        feed: u64,
        clip: u64,
        back_s: u32,
        ahead_s: u32,
        file: PathBuf,
    },
}

/// How RTP comes; other protocols do not ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// UDP, and TCP where no packet came within two seconds.
    Auto,
    /// Within the RTSP connection: passes every firewall the connection passed.
    #[default]
    Tcp,
    Udp,
}

/// Pictures as somebody wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Px; a narrower source is not made wider.
    pub width: u16,
    /// No more pictures a second than this.
    pub fps: u8,
}

/// What must never be printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "…" })
    }
}

/// Eyes → hub, beside pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromEyes {
    /// First of all.
    Ready {
        version: u32,
        /// GStreamer's own words for its version.
        gstreamer: String,
    },
    State {
        id: u64,
        #[serde(flatten)]
        looking: Looking,
    },
    /// Once a second for every stream that plays.
    Stats {
        id: u64,
        /// Pictures decoded a second.
        fps: f32,
        /// Packets counted by the sender that never came.
        n_lost: u64,
        jitter_ms: f32,
        /// Pictures decoded since it was opened: one feed seen by many screens decodes no more of them.
        n_decoded: u64,
    },
    Kept {
        clip: u64,
        file: PathBuf,
        /// As written.
        secs: f32,
        /// Where nothing came, in order; the last picture before one stands still in it.
        gaps: Vec<Gap>,
    },
    NotKept {
        clip: u64,
        why: String,
    },
}

/// A stretch of a clip without pictures; at the clip's end it lies behind the last one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// From the clip's first picture, seconds.
    pub at_s: f32,
    pub secs: f32,
}

/// Where a stream is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Looking {
    Inviting,
    FirstPacket,
    Playing {
        /// Such as `H.264`.
        codec: String,
        width: u16,
        height: u16,
        /// Such as `RTSP/TCP`.
        transport: String,
    },
    /// Nothing came for this long; the stream stays open.
    Stalled {
        secs: u32,
    },
    /// It is closed.
    Failed {
        kind: Failure,
        /// GStreamer's words.
        why: String,
    },
    /// The source ended it; it is closed.
    Ended,
}

/// Why a stream failed, as far as somebody can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Wrong name or password.
    Unauthorized,
    NotFound,
    Unreachable,
    /// An address, protocol or codec nothing here can open.
    Unsupported,
    /// What came is no stream.
    Garbled,
}

/// One picture of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub id: u64,
    /// Which of the wanted widths it was made for, px.
    pub wanted: u16,
    pub width: u16,
    pub height: u16,
    /// Counted from 1 per stream and size.
    pub n: u64,
    /// When it left the lens, ms since 1970 by the camera's clock, if RTCP said so.
    pub captured_ms: Option<i64>,
    /// When its first byte came, ms since 1970 by this machine's clock.
    pub received_ms: i64,
    pub jpeg: Vec<u8>,
}

/// A camera `gulang-video sim` shows: one entry of its `--cameras` file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimCamera {
    /// Its mount point, without the slash.
    pub mount: String,
    /// Written into the picture; ASCII is drawn, the rest is left out.
    pub name: String,
    #[serde(default)]
    pub codec: SimCodec,
    #[serde(default = "wide")]
    pub width: u16,
    #[serde(default = "high")]
    pub height: u16,
    #[serde(default = "usual")]
    pub fps: u8,
    /// `user:password`; asked for by digest.
    #[serde(default)]
    pub login: Option<String>,
}

fn wide() -> u16 {
    1280
}
fn high() -> u16 {
    720
}
fn usual() -> u8 {
    25
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SimCodec {
    #[default]
    H264,
    H265,
}

/// A JSON line on the standard input of `gulang-video sim`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ToSim {
    Turn(Look),
    /// One more camera; one that is there stays as it is.
    Add(SimCamera),
}

/// Where a simulated camera looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Look {
    pub mount: String,
    /// Degrees, right is positive.
    pub pan: f32,
    /// Degrees, up is positive.
    pub tilt: f32,
    /// 1 is the widest.
    pub zoom: f32,
}
