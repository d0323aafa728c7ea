//! Connectors: bytes of the outside world ⇄ commands and readings. Each decodes, none retries, numbers or keeps time;
//! cadence, backoff and health are the hub's ([`crate::poll`], [`crate::outbox`], [`crate::health`]). Each has its own
//! error type with a `remedy()` for the operator.
//!
//! What cannot be decoded becomes [`Command::RefuseMessage`], so that nothing is lost silently.

pub mod access;
pub mod cap;
pub mod city_platform;
pub mod contract;
pub mod cot;
pub mod dji;
pub mod egova;
pub mod gateway;
pub mod grid;
pub mod http;
pub mod inventory;
pub mod jt808;
pub mod mavlink;
pub mod mqtt;
pub mod mqtt_json;
pub mod open311;
pub mod outlook;
pub mod province;
pub mod quake;
pub mod rain_grid;
pub mod rest;
pub mod rtsp;
pub mod sensorthings;
pub mod typhoon;
pub mod video_ai;
pub mod webhook;
pub mod wvp;
pub mod zlm;

use gulang_city::{Command, PlatformId};
pub use gulang_platforms::News;

/// The connectors by the names health and the screens know them by.
pub mod names {
    pub const SENSORS: &str = "sensors";
    pub const TEAMS: &str = "teams";
    pub const DRONES: &str = "dji";
    pub const CAP: &str = "cap";
    pub const TYPHOON: &str = "typhoon";
    pub const QUAKE: &str = "quake";
    pub const RAIN: &str = "rain";
    /// Registers of manhole covers, cameras, devices, bikes.
    pub const THINGS: &str = "things";
    /// Vehicles' terminals (JT/T 808) of the simulated city; a real one's connector has its own name.
    pub const VEHICLES: &str = "jt808";
    /// The simulated city's video platform.
    pub const VIDEO: &str = "video";
    /// The simulated city's video recognition.
    pub const VIDEO_AI: &str = "video-ai";
    /// 运管服: cases, notices.
    pub const CASES: &str = "yunguanfu";
    /// The simulated city's grid platform.
    pub const GRID: &str = "grid";
    /// 应急: notices, evacuation.
    pub const EMERGENCY: &str = "yingji";

    /// Gateways of call-outs.
    pub const MESSAGE: &str = "message";
    pub const SMS: &str = "sms";
    pub const VOICE: &str = "voice";
    /// 大模型; the endpoint of `[assistant]`.
    pub const ASSISTANT: &str = "assistant";

    pub fn title_zh(platform: &str) -> &str {
        match platform {
            SENSORS => "物联感知",
            TEAMS => "队伍定位",
            DRONES => "无人机",
            CAP => "气象预警",
            TYPHOON => "台风路径",
            QUAKE => "地震预警与速报",
            RAIN => "雨量格点",
            THINGS => "城市部件",
            VEHICLES => "车辆定位",
            VIDEO => "视频平台",
            VIDEO_AI => "视频识别",
            CASES => "运管服平台",
            EMERGENCY => "应急指挥平台",
            GRID => "网格平台",
            MESSAGE => "消息网关",
            SMS => "短信网关",
            VOICE => "语音网关",
            ASSISTANT => "大模型",
            other => other,
        }
    }
}

/// Keeps a message we could not use, cut to a readable length.
pub fn refuse(platform: &str, what: &str, why: impl std::fmt::Display) -> Command {
    let what: String = what.chars().filter(|it| !it.is_control()).take(200).collect();
    Command::RefuseMessage { platform: PlatformId::from(platform), what: what.into(), why: why.to_string().into() }
}
