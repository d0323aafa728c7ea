//! CAP 1.2 warnings with the habits of the Chinese 12379 profile: an alert from its XML ([`read_alert`]), what it means for
//! a city of a realm ([`meaning`]), and the lists sources keep of their alerts ([`read_index`]).
//!
//! The document is that of the OASIS standard CAP-V1.2. Of the Chinese profile only what `PROTOCOLS.md` §5 cites is read as
//! such: the identifier ([`Identifier`]); the table of event codes is from memory of public lists and marked so. No
//! conformity to GB/T 35965 or DB12/T 1128 is claimed.

mod event_types;
mod identifier;
mod index;
mod meaning;
mod read;
#[cfg(test)]
mod tests;

pub use event_types::{EventType, event_type};
pub use identifier::{Identifier, IdentifierFault};
pub use index::{Listed, read_index};
pub use meaning::{Meaning, Zone, meaning};
pub use read::read_alert;

use gulang_city::{LonLat, Timestamp};

/// Longer documents are refused unread; honest ones are some kilobytes.
pub const MAX_ALERT_BYTES: usize = 1024 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapError {
    #[error("文件 {n_bytes} 字节，超过 {MAX_ALERT_BYTES}")]
    TooLarge { n_bytes: usize },
    #[error("不是 {0} 编码的文字")]
    Encoding(String),
    #[error("含有 DOCTYPE 或实体声明，不予解析")]
    Entities,
    #[error("XML 有错：{0}")]
    Xml(String),
    #[error("不是 CAP 1.2")]
    NotCap,
    #[error("缺少或不合理：{0}")]
    Field(&'static str),
    #[error("目录读不懂：{0}")]
    Index(String),
}

impl CapError {
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::Entities => "这不是正常的预警文件：联系发布方，确认源的地址",
            Self::Encoding(_) => "联系发布方：文件声明的编码与内容不符",
            Self::Xml(_) | Self::NotCap | Self::Field(_) => "源的格式有误：对照 CAP 1.2 联系发布方",
            Self::Index(_) => "核对源的地址：应为 Atom、RSS、JSON 目录或 .xml 文件列表",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Actual,
    Exercise,
    System,
    Test,
    Draft,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MsgType {
    Alert,
    Update,
    Cancel,
    Ack,
    Error,
}

/// An alert as it stands in its document. Resources (attachments) are passed over.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub identifier: String,
    pub sender: String,
    pub sent: Timestamp,
    pub status: Status,
    pub msg_type: MsgType,
    pub note: String,
    /// Identifiers of the alerts it updates or cancels, from `sender,identifier,sent` triples.
    pub references: Vec<String>,
    /// One per language, in the document's order.
    pub infos: Vec<Info>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    /// `zh-CN`; the standard's default where it is not told is `en-US`.
    pub language: String,
    pub event: String,
    /// `eventCode` values, whatever their names.
    pub event_codes: Vec<String>,
    pub severity: String,
    pub effective: Option<Timestamp>,
    pub onset: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    pub sender_name: String,
    pub headline: String,
    pub description: String,
    pub instruction: String,
    pub parameters: Vec<(String, String)>,
    pub areas: Vec<Area>,
}

/// A place it speaks of, WGS-84. The standard means the union of all its shapes and codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Area {
    pub description: String,
    /// Open rings: the last corner is not the first again.
    pub polygons: Vec<Vec<LonLat>>,
    /// Centre and radius, km.
    pub circles: Vec<(LonLat, f64)>,
    /// Name and value; the name is often `GB/T 2260` or nothing known.
    pub geocodes: Vec<(String, String)>,
}

impl Alert {
    /// The block to show: Chinese if there is one, else the first.
    pub fn info(&self) -> Option<&Info> {
        self.infos.iter().find(|it| it.language.to_ascii_lowercase().starts_with("zh")).or(self.infos.first())
    }
}
