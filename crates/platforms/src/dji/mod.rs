//! DJI Cloud API over MQTT: what docks and their aircraft say ([`hear`]), and what they are told ([`Orders`]).
//!
//! Fields follow dji-sdk/Cloud-API-Doc @4ec6b0c (2024-11-07), as summed up in the project's protocol notes; where that page
//! has no field table we read leniently and claim nothing. Everything we ask carries the flight's own key as `bid` and
//! `flight_id`, so that an answer names its flight and a repeat is known to the dock: no table of open requests is kept.
//!
//! Heights are WGS-84 ellipsoid on this wire. Telemetry hands on both; whoever knows the geoid makes metres above the sea.

mod hear;
mod say;

pub use hear::{DrcAnswer, FileRequest, LiveAnswer, Spoken, Wants, flight_of_key, hear, key_of};
pub use say::{DrcBroker, Live, Message, Orders, RouteFile, Unsayable, file_answer};

/// What a dock's broker is asked for.
pub const TOPICS: [&str; 7] = [
    "thing/product/+/osd",
    "thing/product/+/state",
    "thing/product/+/events",
    "thing/product/+/requests",
    "thing/product/+/services_reply",
    "thing/product/+/drc/up",
    "sys/product/+/status",
];

/// Larger messages are refused unread: the largest honest one lists a fleet's cameras.
pub const MAX_BYTES: usize = 1 << 20;

/// Why a message could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DjiError {
    #[error("读不懂大疆上云报文：{0}")]
    Garbage(String),
    #[error("大疆上云报文有 {0} 字节，超过 1 MiB")]
    TooLarge(usize),
}

impl DjiError {
    pub fn remedy(&self) -> &'static str {
        "核对机场固件版本与上云 API 版本，联系厂商"
    }
}

/// What the aircraft is doing, by `mode_code`.
pub fn mode_zh(code: u64) -> &'static str {
    match code {
        0 => "待机",
        1 => "起飞准备",
        2 => "起飞准备完毕",
        3 => "手动飞行",
        4 => "自动起飞",
        5 => "航线飞行",
        6 => "全景拍照",
        7 => "智能跟随",
        8 => "ADS-B 躲避",
        9 => "自动返航",
        10 => "自动降落",
        11 => "强制降落",
        12 => "三桨叶降落",
        13 => "升级中",
        14 => "未连接",
        15 => "APAS",
        16 => "虚拟摇杆",
        17 => "指令飞行",
        _ => "未知模式",
    }
}

/// What the dock is doing, by its `mode_code`.
pub fn dock_mode_zh(code: u64) -> &'static str {
    match code {
        0 => "空闲",
        1 => "现场调试",
        2 => "远程调试",
        3 => "固件升级",
        4 => "作业中",
        _ => "未知模式",
    }
}
