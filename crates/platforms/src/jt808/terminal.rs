//! What a terminal says.

use super::{Edition, Fields, Frame, Jt808Error, Position, gbk_of, id, position, put_text, text_of};

#[derive(Clone, Debug, PartialEq)]
pub enum FromTerminal {
    /// 0x0001: to the message `serial` of number `id`; 0 is yes.
    Reply {
        serial: u16,
        id: u16,
        result: u8,
    },
    Heartbeat,
    /// 0x0003: it gives its registration back.
    Logout,
    Register(Register),
    Auth(Auth),
    Position(Box<Position>),
    /// 0x0201: asked by the message `serial`.
    Located {
        serial: u16,
        position: Box<Position>,
    },
    /// 0x0704. `fills_gap`: from a time it was out of reach.
    Batch {
        fills_gap: bool,
        positions: Vec<Position>,
        n_bad: usize,
    },
    /// 0x0801: a picture or sound; only that there is one.
    Media {
        number: u32,
        n_bytes: usize,
    },
    /// What is answered and means nothing here.
    Other {
        id: u16,
        n_bytes: usize,
    },
}

/// 0x0100.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// By GB/T 2260, without the province.
    pub province: u16,
    pub city: u16,
    pub maker: String,
    pub model: String,
    /// The terminal's own number, given by its maker.
    pub terminal: String,
    /// 1 blue, 2 yellow, 3 black, 4 white, 9 other; 0: not yet licensed, and `plate` is its frame number.
    pub plate_color: u8,
    pub plate: String,
}

/// 0x0102.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Auth {
    /// What [`super::ToTerminal::Registered`] gave it.
    pub token: String,
    /// Edition 2019 only, else empty.
    pub imei: String,
    pub software: String,
}

/// Widths of maker, model, terminal [G]; edition 2011 has a model of 8 bytes, told by its shorter body.
const WIDTHS_2013: [usize; 3] = [5, 20, 7];
const WIDTHS_2011: [usize; 3] = [5, 8, 7];
const WIDTHS_2019: [usize; 3] = [11, 30, 30];
/// Province, city and colour.
const REGISTER_FIXED: usize = 5;

impl FromTerminal {
    /// Reads a whole message; put parts together first ([`super::Packs`]).
    pub fn read(frame: &Frame) -> Result<Self, Jt808Error> {
        let (id, body) = (frame.id, &frame.body[..]);
        let mut fields = Fields::of(id, body);
        Ok(match id {
            id::TERMINAL_REPLY => Self::Reply { serial: fields.u16()?, id: fields.u16()?, result: fields.u8()? },
            id::HEARTBEAT => Self::Heartbeat,
            id::LOGOUT => Self::Logout,
            id::REGISTER => Self::Register(Register::read(frame)?),
            id::AUTH => Self::Auth(Auth::read(frame)?),
            id::POSITION => Self::Position(Box::new(Position::read(id, body)?)),
            id::LOCATED => {
                let serial = fields.u16()?;
                Self::Located { serial, position: Box::new(Position::read(id, fields.rest())?) }
            }
            id::BATCH => {
                let (fills_gap, positions, n_bad) = position::read_batch(body)?;
                Self::Batch { fills_gap, positions, n_bad }
            }
            id::MEDIA => Self::Media { number: fields.u32()?, n_bytes: body.len() },
            id => Self::Other { id, n_bytes: body.len() },
        })
    }

    /// Its number and body; what could only be noted has none.
    pub fn write(&self, edition: Edition) -> Option<(u16, Vec<u8>)> {
        let mut body = Vec::new();
        let id = match self {
            Self::Reply { serial, id, result } => {
                body.extend_from_slice(&serial.to_be_bytes());
                body.extend_from_slice(&id.to_be_bytes());
                body.push(*result);
                id::TERMINAL_REPLY
            }
            Self::Heartbeat => id::HEARTBEAT,
            Self::Logout => id::LOGOUT,
            Self::Register(register) => {
                register.put(&mut body, edition);
                id::REGISTER
            }
            Self::Auth(auth) => {
                auth.put(&mut body, edition);
                id::AUTH
            }
            Self::Position(position) => {
                position.put(&mut body);
                id::POSITION
            }
            Self::Located { serial, position } => {
                body.extend_from_slice(&serial.to_be_bytes());
                position.put(&mut body);
                id::LOCATED
            }
            Self::Batch { fills_gap, positions, .. } => {
                position::put_batch(&mut body, *fills_gap, positions);
                id::BATCH
            }
            Self::Media { .. } | Self::Other { .. } => return None,
        };
        Some((id, body))
    }
}

impl Register {
    fn read(frame: &Frame) -> Result<Self, Jt808Error> {
        let mut fields = Fields::of(frame.id, &frame.body);
        let (province, city) = (fields.u16()?, fields.u16()?);
        let [maker, model, terminal] = match frame.edition {
            Edition::V2019(_) => WIDTHS_2019,
            Edition::V2013 if frame.body.len() >= REGISTER_FIXED + WIDTHS_2013.iter().sum::<usize>() => WIDTHS_2013,
            Edition::V2013 => WIDTHS_2011,
        };
        Ok(Self {
            province,
            city,
            maker: fields.text(maker)?,
            model: fields.text(model)?,
            terminal: fields.text(terminal)?,
            plate_color: fields.u8()?,
            plate: text_of(fields.rest()),
        })
    }

    fn put(&self, to: &mut Vec<u8>, edition: Edition) {
        let [maker, model, terminal] = match edition {
            Edition::V2019(_) => WIDTHS_2019,
            Edition::V2013 => WIDTHS_2013,
        };
        to.extend_from_slice(&self.province.to_be_bytes());
        to.extend_from_slice(&self.city.to_be_bytes());
        put_text(to, &self.maker, maker);
        put_text(to, &self.model, model);
        put_text(to, &self.terminal, terminal);
        to.push(self.plate_color);
        to.extend_from_slice(&gbk_of(&self.plate));
    }
}

impl Auth {
    fn read(frame: &Frame) -> Result<Self, Jt808Error> {
        let mut fields = Fields::of(frame.id, &frame.body);
        if frame.edition == Edition::V2013 {
            return Ok(Self { token: text_of(fields.rest()), ..Self::default() });
        }
        let n = fields.u8()?;
        Ok(Self { token: fields.text(n.into())?, imei: fields.text(15)?, software: text_of(fields.rest()) })
    }

    fn put(&self, to: &mut Vec<u8>, edition: Edition) {
        let token = gbk_of(&self.token);
        if edition == Edition::V2013 {
            to.extend_from_slice(&token);
            return;
        }
        let token = token.get(..token.len().min(255)).unwrap_or_default();
        to.push(token.len() as u8);
        to.extend_from_slice(token);
        put_text(to, &self.imei, 15);
        put_text(to, &self.software, 20);
    }
}
