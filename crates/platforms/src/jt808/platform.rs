//! What the platform says to a terminal.

use super::{Edition, Fields, Frame, Jt808Error, gbk_of, id, text_of};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToTerminal {
    /// 0x8001: to the terminal's message `serial` of number `id`.
    Reply { serial: u16, id: u16, taken: Taken },
    /// 0x8100: to the registration `serial`; the token comes only with a yes.
    Registered { serial: u16, result: Registered, token: String },
    /// 0x8201.
    AskPosition,
    /// 0x8300: words for the driver, shown and read out.
    Text { is_urgent: bool, text: String },
    /// 0x8800: a picture was taken note of and is not asked for again.
    MediaTaken { number: u32 },
}

/// The result of 0x8001.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Taken {
    Yes = 0,
    Failed = 1,
    Wrong = 2,
    Unsupported = 3,
}

/// The result of 0x8100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Registered {
    Yes = 0,
    VehicleTaken = 1,
    NoVehicle = 2,
    TerminalTaken = 3,
    NoTerminal = 4,
}

/// Flags of 0x8300: urgent; shown; read out.
const URGENT: u8 = 1;
const SHOWN: u8 = 1 << 2;
const READ_OUT: u8 = 1 << 3;

impl ToTerminal {
    /// Its number and body.
    pub fn write(&self, edition: Edition) -> (u16, Vec<u8>) {
        let mut body = Vec::new();
        let id = match self {
            Self::Reply { serial, id, taken } => {
                body.extend_from_slice(&serial.to_be_bytes());
                body.extend_from_slice(&id.to_be_bytes());
                body.push(*taken as u8);
                id::PLATFORM_REPLY
            }
            Self::Registered { serial, result, token } => {
                body.extend_from_slice(&serial.to_be_bytes());
                body.push(*result as u8);
                if *result == Registered::Yes {
                    body.extend_from_slice(&gbk_of(token));
                }
                id::REGISTERED
            }
            Self::AskPosition => id::ASK_POSITION,
            Self::Text { is_urgent, text } => {
                body.push(SHOWN | READ_OUT | (u8::from(*is_urgent) * URGENT));
                // Edition 2019 names a kind; 1 is a notice [G].
                if edition != Edition::V2013 {
                    body.push(1);
                }
                body.extend_from_slice(&gbk_of(text));
                id::TEXT
            }
            Self::MediaTaken { number } => {
                body.extend_from_slice(&number.to_be_bytes());
                id::MEDIA_TAKEN
            }
        };
        (id, body)
    }

    /// `None`: a message this does not know.
    pub fn read(frame: &Frame) -> Result<Option<Self>, Jt808Error> {
        let mut fields = Fields::of(frame.id, &frame.body);
        Ok(Some(match frame.id {
            id::PLATFORM_REPLY => {
                let (serial, id, result) = (fields.u16()?, fields.u16()?, fields.u8()?);
                // 4 confirms an alarm: it was taken.
                let taken = match result {
                    0 | 4 => Taken::Yes,
                    2 => Taken::Wrong,
                    3 => Taken::Unsupported,
                    _ => Taken::Failed,
                };
                Self::Reply { serial, id, taken }
            }
            id::REGISTERED => {
                let (serial, result) = (fields.u16()?, fields.u8()?);
                let result = match result {
                    0 => Registered::Yes,
                    1 => Registered::VehicleTaken,
                    2 => Registered::NoVehicle,
                    3 => Registered::TerminalTaken,
                    4 => Registered::NoTerminal,
                    _ => return Err(Jt808Error::Absurd { id: frame.id, what: "结果" }),
                };
                Self::Registered { serial, result, token: text_of(fields.rest()) }
            }
            id::ASK_POSITION => Self::AskPosition,
            id::TEXT => {
                let flags = fields.u8()?;
                if frame.edition != Edition::V2013 {
                    fields.u8()?;
                }
                Self::Text { is_urgent: flags & URGENT != 0, text: text_of(fields.rest()) }
            }
            id::MEDIA_TAKEN => Self::MediaTaken { number: fields.u32()? },
            _ => return Ok(None),
        }))
    }
}
