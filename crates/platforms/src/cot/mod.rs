//! Cursor on Target 2.0 as XML, as TAK servers and the telephones of field teams speak it: [`Event`]s out of a stream or a
//! datagram, what they mean for the city ([`Known::meaning`]), and into bytes ([`Event::to_xml`]).
//!
//! Element and attribute names are those of MITRE's public Event schema (13-June-2003, clarified 26 Feb 07) and of what ATAK
//! sends; the details nobody here needs are passed over. TAK's protobuf framing and TLS are not spoken.
//!
//! **Invariant:** an event is at most [`MAX_EVENT_BYTES`]; entities and document types are refused before any is read.

mod meaning;
mod read;
mod stream;
#[cfg(test)]
mod tests;
mod write;

pub use self::{
    meaning::{AlertTo, Known},
    read::read_event,
    stream::{Events, Streamed},
};
use gulang_city::{LonLat, Timestamp};

/// Larger is refused unread. ATAK's own events are about 1 kB; a long route is some tens.
pub const MAX_EVENT_BYTES: usize = 64 * 1024;

/// Types the city speaks of (CoT type tree; `b-…` and `t-…` as ATAK uses them).
pub mod kinds {
    /// A friendly unit on the ground.
    pub const TEAM: &str = "a-f-G-U-C";
    /// A friendly civil-type drone in the air.
    pub const DRONE: &str = "a-f-A-M-F-Q";
    /// A point somebody marked on the map.
    pub const SPOT: &str = "b-m-p-s-m";
    /// 紧急求助, and its end.
    pub const ALERT: &str = "b-a-o-tbl";
    pub const ALERT_CANCELLED: &str = "b-a-o-can";
    pub const CHAT: &str = "b-t-f";
    pub const PING: &str = "t-x-c-t";
    pub const PONG: &str = "t-x-c-t-r";
}

/// One event: something somewhere, until it is stale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// Who or what it is about, the same in every event about it.
    pub uid: String,
    /// `type`: hyphenated, from general to special.
    pub kind: String,
    /// How the place is known: `m-g` by GPS, `h-e` estimated by a person.
    pub how: String,
    pub time: Timestamp,
    pub start: Timestamp,
    pub stale: Timestamp,
    pub opex: Opex,
    /// WGS-84; none where it is 0, 0 or not on Earth.
    pub place: Option<LonLat>,
    /// m above the WGS-84 ellipsoid; CoT writes 9999999 for unknown.
    pub hae_m: Option<f64>,
    /// Circular and linear error, m.
    pub ce_m: Option<f64>,
    pub le_m: Option<f64>,
    pub callsign: Option<String>,
    pub track: Option<Track>,
    /// Percent.
    pub battery: Option<f32>,
    pub remarks: String,
    /// Of a chat: who says it, and to whom.
    pub chat: Option<Chat>,
    /// Of an alert: taken back.
    pub is_cancelled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Track {
    /// Degrees clockwise from true north.
    pub course: f32,
    /// m/s.
    pub speed: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chat {
    pub sender: String,
    pub sender_uid: String,
    pub room: String,
}

/// `opex`: a live operation, an exercise or a simulation. The schema calls it optional and absent in most events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Opex {
    #[default]
    Unsaid,
    Operation,
    Exercise,
    Simulation,
}

impl Event {
    /// The same on another clock, `ms` later: an exercise's differs from the telephones'.
    pub fn later_by(self, ms: i64) -> Self {
        Self { time: self.time + ms, start: self.start + ms, stale: self.stale + ms, ..self }
    }
}

/// Why bytes are no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CotError {
    #[error("一条事件超过 {} KB，没有读", MAX_EVENT_BYTES / 1024)]
    TooLarge,
    #[error("事件不是 UTF-8（从第 {at} 字节起）")]
    Encoding { at: usize },
    #[error("事件里有文档类型或实体定义，出于安全不读")]
    Entities,
    #[error("收到的是 TAK 的 protobuf 格式，这里只读 XML")]
    Protobuf,
    #[error("不是 CoT 事件：{0}")]
    Xml(String),
    #[error("事件缺少或写错了 {0}")]
    Field(&'static str),
}

impl CotError {
    /// What the operator can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::Entities => "查明是谁发来的；正常的终端不会这样发",
            Self::Encoding { .. } | Self::Xml(_) | Self::Field(_) => "检查发送终端或转发程序",
            Self::Protobuf => "在 TAK 服务器上给本连接一个 XML（stcp）输入口，一般是 8087",
        }
    }
}
