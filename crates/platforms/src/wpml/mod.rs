//! DJI's route files (航线文件): a KMZ of `wpmz/template.kml`, which an officer's planner opens, and `wpmz/waylines.wpml`, which
//! the aircraft flies.
//!
//! Elements follow the WPML pages of dji-sdk/Cloud-API-Doc @57907a4 (`20.template-kml.md`, `30.waylines-wpml.md`), as those of
//! the waypoint template; mapping templates and actions at a waypoint are neither written nor read. Not tried against a
//! dock's firmware: claim no more than that.
//!
//! The same route gives the same bytes, so its fingerprint can be told before anybody fetches the file.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::read_kmz;
pub use write::{fingerprint, write_kmz};

use gulang_city::{LonLat, RoutePoint, Timestamp};

/// A larger file is refused unread: one of a thousand waypoints is some hundred kilobytes, most of it blanks.
pub const MAX_BYTES: usize = 4 << 20;
/// Unpacked, each part.
const MAX_PART_BYTES: u64 = 16 << 20;
/// More waypoints than anybody draws; DJI's index goes to 65535.
pub const MAX_POINTS: usize = 2_000;

/// What the heights in a file count from (`executeHeightMode`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Heights {
    /// `relativeToStartPoint`: the place it takes off from, as our own routes have it.
    AboveTakeoff,
    /// `WGS84`: the ellipsoid. The take-off place's own height above it, m.
    AboveEllipsoid { ground_m: f64 },
}

/// A model by DJI's numbers, as [`Wayline::aircraft`] and [`Wayline::payload`] name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    pub kind: u16,
    pub sub_kind: u16,
}

/// What a route file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Wayline {
    pub points: Vec<RoutePoint>,
    /// What the file counts from; [`Self::points`] are above the take-off place all the same.
    pub heights: Heights,
    /// m/s.
    pub speed_mps: f32,
    /// It climbs to this before it sets out, m above the take-off place.
    pub takeoff_height_m: f32,
    /// `droneInfo` and `payloadInfo`, where the city has said what it flies.
    pub aircraft: Option<Model>,
    pub payload: Option<Model>,
    pub made_at: Timestamp,
}

/// Why a route file cannot be made or read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WpmlError {
    #[error("航线文件有 {0} 字节，超过 4 MiB")]
    TooLarge(usize),
    #[error("不是航线文件（KMZ）：{0}")]
    Archive(String),
    #[error("航线文件里的 {0} 读不懂：{1}")]
    Xml(&'static str, String),
    #[error("航线的高度按「{0}」算，这里只懂 relativeToStartPoint 和 WGS84")]
    Heights(String),
    #[error("航线按椭球高写成，而起飞点的椭球高不知道")]
    NoGround,
    #[error("航线有 {0} 个航点，应有 2 到 2000 个")]
    Points(usize),
    #[error("第 {0} 个航点缺位置或高度，或不是地面上的位置")]
    Point(usize),
}

impl WpmlError {
    /// What the operator can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge(_) | Self::Points(_) => "把航线分成几段",
            Self::Archive(_) | Self::Xml(..) => "重新生成或重新导出航线文件",
            Self::Heights(_) => "把航线的高度模式改为相对起飞点",
            Self::NoGround => "等遥测恢复后再下令",
            Self::Point(_) => "核对航线的航点",
        }
    }
}

fn is_sane(it: &RoutePoint) -> bool {
    let LonLat(lon, lat) = it.place;
    lon.is_finite() && lat.is_finite() && it.place.is_sane() && it.height_m.is_finite()
}
