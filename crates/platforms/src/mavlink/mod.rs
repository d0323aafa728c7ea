//! MAVLink 2, as autopilots speak it: bytes ⇄ messages ([`Frames`], [`encode`]), messages → what is known of a vehicle
//! ([`Vehicle`]), and one order from its first command to its end ([`Dialogue`]). Message layouts come from the `mavlink`
//! crate's `common` dialect; which command an autopilot wants is from mavlink.io and from PX4's and ArduPilot's own mode
//! tables, not tried against every firmware: claim no more than that.
//!
//! MAVLink 1 is refused by name. Packets are signed and signatures checked by [`Signer`], where a link has a key.
//!
//! **Invariant:** pure. Time is handed in, bytes are handed out; who sends them is not here.

mod dialogue;
mod frames;
mod orders;
mod signing;
#[cfg(test)]
mod tests;
mod vehicle;

pub use self::{
    dialogue::{Dialogue, Turn, Word},
    frames::{Framed, Frames, Packet, encode, read_datagram},
    orders::{Order, Waypoint, heartbeat, request_message},
    signing::{KeyError, Signer, SigningKey},
    vehicle::{Autopilot, Stream, Vehicle},
};
pub use ::mavlink::dialects::common as messages;

/// Who a ground station is in MAVLink: system 255 by custom, component 190 (`MAV_COMP_ID_MISSIONPLANNER`).
pub const OUR_SYSTEM: u8 = 255;
pub const OUR_COMPONENT: u8 = 190;
/// The component every autopilot is.
pub const AUTOPILOT: u8 = 1;

/// Why bytes or a wish are nothing in MAVLink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MavlinkError {
    #[error("系统 {system} 说的是 MAVLink 1")]
    Version1 { system: u8 },
    #[error("收到的字节不是 MAVLink 2：{n_bytes} 字节里没有一帧完整")]
    Noise { n_bytes: usize },
    #[error("系统 {system} 的第 {id} 号消息读不懂：{why}")]
    Unreadable { system: u8, id: u32, why: String },
    #[error("系统 {system} 还没有报过位置，不能下{what}")]
    NoPosition { system: u8, what: &'static str },
    #[error("航线有 {n} 个点，飞控一次收不下")]
    Route { n: usize },
    #[error("系统 {system} 的消息没有签名，而这条连接要求签名")]
    Unsigned { system: u8 },
    #[error("系统 {system} 的签名不对")]
    Forged { system: u8 },
    #[error("系统 {system} 的签名时间倒退或过旧，像是重放")]
    Replayed { system: u8 },
}

impl MavlinkError {
    /// What the operator can do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Version1 { .. } => {
                "把飞控的串口协议改为 MAVLink 2（PX4：MAV_PROTO_VER，ArduPilot：SERIALx_PROTOCOL=2）"
            }
            Self::Noise { .. } => "检查端口是否接错、波特率是否一致",
            Self::Unreadable { .. } => "飞控固件与 common 方言不一致：联系飞控厂商",
            Self::NoPosition { .. } => "等卫星定位正常后再下令",
            Self::Route { .. } => "把航线分成几段",
            Self::Unsigned { .. } | Self::Forged { .. } => "在飞控上设置与本连接相同的签名密钥",
            Self::Replayed { .. } => "校准飞控和地面站的时钟；仍然出现时查是谁在发",
        }
    }
}
