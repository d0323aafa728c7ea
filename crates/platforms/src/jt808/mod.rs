//! JT/T 808: vehicles' terminals over TCP, editions 2013 and 2019.
//!
//! [`Framer`] cuts a stream into [`Frame`]s, [`Packs`] puts sub-packages together, [`FromTerminal`] is what a terminal
//! says and [`ToTerminal`] what the platform says to it. Both directions are read and written, so that the hub and the
//! simulated city share them.
//!
//! Where facts come from: message numbers and the fields of 0x0200 are seen in public sources ([S]: the jt1078 package of
//! WVP-GB28181-pro; the sample of SmallChi/JT808's README, a fixture of the tests). The widths of 0x0100 and 0x0102 in the
//! two editions, BCD time being Beijing's, and the meaning of the rarer bits are general knowledge ([G]) and were not
//! checked against the standard's text; no conformity is claimed.

mod bits;
mod frame;
mod packs;
mod platform;
mod position;
mod terminal;

pub use bits::{AlarmBit, Status};
pub use frame::{Edition, Frame, Framer, MAX_BODY_BYTES, MAX_FRAME_BYTES, seal};
pub use packs::{MAX_PARTS, Packs};
pub use platform::{Registered, Taken, ToTerminal};
pub use position::{Extra, MAX_BATCH, Position};
pub use terminal::{Auth, FromTerminal, Register};

/// Message numbers.
pub mod id {
    pub const TERMINAL_REPLY: u16 = 0x0001;
    pub const HEARTBEAT: u16 = 0x0002;
    pub const LOGOUT: u16 = 0x0003;
    pub const REGISTER: u16 = 0x0100;
    pub const AUTH: u16 = 0x0102;
    pub const POSITION: u16 = 0x0200;
    pub const LOCATED: u16 = 0x0201;
    pub const BATCH: u16 = 0x0704;
    pub const MEDIA: u16 = 0x0801;
    pub const PLATFORM_REPLY: u16 = 0x8001;
    pub const REGISTERED: u16 = 0x8100;
    pub const ASK_POSITION: u16 = 0x8201;
    pub const TEXT: u16 = 0x8300;
    pub const MEDIA_TAKEN: u16 = 0x8800;
}

/// Why bytes of a terminal could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Jt808Error {
    #[error("一帧超过 {n} 字节，丢弃到下一个 7E", n = MAX_FRAME_BYTES)]
    TooLong,
    #[error("转义 7D {0:02X} 不存在")]
    Escape(u8),
    #[error("{0} 字节不够一个消息头")]
    Short(usize),
    #[error("校验码是 {found:02X}，应为 {expected:02X}")]
    Checksum { found: u8, expected: u8 },
    #[error("终端手机号不是 BCD 码")]
    Phone,
    #[error("消息体加密（方式 {0}），没有密钥")]
    Encrypted(u8),
    #[error("消息头说消息体 {said} 字节，实有 {have} 字节")]
    Length { said: usize, have: usize },
    #[error("分包 {index}/{total} 不合理")]
    Parts { index: u16, total: u16 },
    #[error("消息 {id:04X} 在第 {at} 字节处不够长")]
    Truncated { id: u16, at: usize },
    #[error("消息 {id:04X} 的{what}不合理")]
    Absurd { id: u16, what: &'static str },
}

impl Jt808Error {
    /// For the operator.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Encrypted(_) => "请车载终端厂商关闭消息体加密",
            Self::TooLong | Self::Escape(_) | Self::Short(_) | Self::Checksum { .. } | Self::Length { .. } => {
                "线路上有错字节，或对方不是 JT/T 808 终端：核对端口与终端协议"
            }
            Self::Phone | Self::Parts { .. } | Self::Truncated { .. } | Self::Absurd { .. } => {
                "终端固件的报文有误：联系车载终端厂商"
            }
        }
    }
}

/// Reads fields one after another; running out is an error that says where.
struct Fields<'a> {
    id: u16,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    fn of(id: u16, bytes: &'a [u8]) -> Self {
        Self { id, bytes, at: 0 }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], Jt808Error> {
        let (id, at) = (self.id, self.at);
        let taken = self.bytes.get(at..at.saturating_add(n)).ok_or(Jt808Error::Truncated { id, at })?;
        self.at += n;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Jt808Error> {
        let (id, at) = (self.id, self.at);
        self.take(N)?.try_into().map_err(|_| Jt808Error::Truncated { id, at })
    }

    fn u8(&mut self) -> Result<u8, Jt808Error> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    fn u16(&mut self) -> Result<u16, Jt808Error> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    fn u32(&mut self) -> Result<u32, Jt808Error> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at = self.bytes.len();
        rest
    }

    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// A field of fixed width, filled up with zeros or blanks.
    fn text(&mut self, n: usize) -> Result<String, Jt808Error> {
        Ok(text_of(self.take(n)?))
    }
}

/// GBK, up to the first zero; what is none shows as U+FFFD. Without control characters and blanks around it.
fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.split(|it| *it == 0).find(|it| !it.is_empty()).unwrap_or_default();
    let (text, _) = encoding_rs::GBK.decode_without_bom_handling(bytes);
    text.chars().filter(|it| !it.is_control()).collect::<String>().trim().to_owned()
}

/// GBK; a character it has not becomes `?`.
fn gbk_of(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut utf8 = [0; 4];
    for it in text.chars() {
        let (one, _, is_lost) = encoding_rs::GBK.encode(it.encode_utf8(&mut utf8));
        // Lossy encoding writes an HTML reference, which no terminal reads.
        if is_lost { bytes.push(b'?') } else { bytes.extend_from_slice(&one) }
    }
    bytes
}

/// A field of fixed width: cut, or filled up with zeros.
fn put_text(to: &mut Vec<u8>, text: &str, n: usize) {
    let mut bytes = gbk_of(text);
    bytes.resize(n, 0);
    to.append(&mut bytes);
}
