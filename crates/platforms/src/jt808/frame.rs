//! Frames: `7E`, header, body, one byte of exclusive-or, `7E`; inside, `7E` is `7D 02` and `7D` is `7D 01`.

use super::Jt808Error;
use gulang_city::Text;

/// What a header's ten bits can say.
pub const MAX_BODY_BYTES: usize = 1023;
/// Between two `7E`, unescaped; the longest header is 21 bytes, the checksum one. What is longer is dropped.
pub const MAX_FRAME_BYTES: usize = MAX_BODY_BYTES + 22;

/// Which edition a terminal speaks, by bit 14 of its header's properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edition {
    /// 2011 and 2013; the phone number has 12 digits.
    V2013,
    /// The protocol's own version byte; the phone number has 20 digits.
    V2019(u8),
}

/// One message, or one part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub id: u16,
    pub edition: Edition,
    /// The terminal's phone number, which is who it is: digits without leading zeros, `0` if there are none.
    pub phone: Text,
    /// Counts a terminal's frames, and wraps.
    pub serial: u16,
    /// Which part of how many, from 1.
    pub part: Option<(u16, u16)>,
    pub body: Vec<u8>,
}

/// Cuts a stream into frames, however it is cut up. Holds at most [`MAX_FRAME_BYTES`].
#[derive(Clone, Debug, Default)]
pub struct Framer {
    /// Unescaped so far.
    held: Vec<u8>,
    is_escape: bool,
    /// Why everything up to the next `7E` is dropped.
    fault: Option<Jt808Error>,
}

impl Framer {
    /// Takes the next bytes, and hands out what was completed. A `7E` may end one frame and begin the next.
    pub fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(Result<Frame, Jt808Error>)) {
        for &byte in bytes {
            if byte == 0x7e {
                if std::mem::take(&mut self.is_escape) {
                    self.fault.get_or_insert(Jt808Error::Escape(byte));
                }
                match self.fault.take() {
                    Some(fault) => take(Err(fault)),
                    None if self.held.is_empty() => {}
                    None => take(read(&self.held)),
                }
                self.held.clear();
                continue;
            }
            if self.fault.is_some() {
                continue;
            }
            let byte = match (std::mem::take(&mut self.is_escape), byte) {
                (false, 0x7d) => {
                    self.is_escape = true;
                    continue;
                }
                (false, byte) => byte,
                (true, 0x01) => 0x7d,
                (true, 0x02) => 0x7e,
                (true, other) => {
                    self.fault = Some(Jt808Error::Escape(other));
                    continue;
                }
            };
            if self.held.len() == MAX_FRAME_BYTES {
                self.fault = Some(Jt808Error::TooLong);
                continue;
            }
            self.held.push(byte);
        }
    }
}

/// What stood between two `7E`.
fn read(bytes: &[u8]) -> Result<Frame, Jt808Error> {
    let short = || Jt808Error::Short(bytes.len());
    let (&found, rest) = bytes.split_last().ok_or_else(short)?;
    let expected = exclusive_or(rest);
    if found != expected {
        return Err(Jt808Error::Checksum { found, expected });
    }
    let (id, rest) = split_u16(rest).ok_or_else(short)?;
    let (properties, rest) = split_u16(rest).ok_or_else(short)?;
    let (edition, phone, rest) = if properties & 0x4000 == 0 {
        let (phone, rest) = rest.split_at_checked(6).ok_or_else(short)?;
        (Edition::V2013, phone, rest)
    } else {
        let (version, rest) = rest.split_first().ok_or_else(short)?;
        let (phone, rest) = rest.split_at_checked(10).ok_or_else(short)?;
        (Edition::V2019(*version), phone, rest)
    };
    let phone = digits_of(phone).ok_or(Jt808Error::Phone)?;
    let (serial, mut rest) = split_u16(rest).ok_or_else(short)?;
    let mut part = None;
    if properties & 0x2000 != 0 {
        let (total, after) = split_u16(rest).ok_or_else(short)?;
        let (index, after) = split_u16(after).ok_or_else(short)?;
        (part, rest) = (Some((index, total)), after);
    }
    let encryption = ((properties >> 10) & 0x7) as u8;
    if encryption != 0 {
        return Err(Jt808Error::Encrypted(encryption));
    }
    let said = usize::from(properties & 0x03ff);
    if said != rest.len() {
        return Err(Jt808Error::Length { said, have: rest.len() });
    }
    Ok(Frame { id, edition, phone, serial, part, body: rest.to_vec() })
}

/// One message as bytes, in as many parts as it needs; `serial` is counted on for each.
///
/// A message of more than 65,535 parts cannot be said and comes out cut; none of ours is near it.
pub fn seal(id: u16, edition: Edition, phone: &str, serial: &mut u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() + 32);
    if body.len() <= MAX_BODY_BYTES {
        put_frame(&mut bytes, id, edition, phone, *serial, None, body);
        *serial = serial.wrapping_add(1);
        return bytes;
    }
    let total = u16::try_from(body.len().div_ceil(MAX_BODY_BYTES)).unwrap_or(u16::MAX);
    for (index, part) in (1..=total).zip(body.chunks(MAX_BODY_BYTES)) {
        put_frame(&mut bytes, id, edition, phone, *serial, Some((index, total)), part);
        *serial = serial.wrapping_add(1);
    }
    bytes
}

fn put_frame(
    to: &mut Vec<u8>,
    id: u16,
    edition: Edition,
    phone: &str,
    serial: u16,
    part: Option<(u16, u16)>,
    body: &[u8],
) {
    let mut plain = Vec::with_capacity(body.len() + 24);
    let mut properties = (body.len() & 0x03ff) as u16;
    if part.is_some() {
        properties |= 0x2000;
    }
    if let Edition::V2019(_) = edition {
        properties |= 0x4000;
    }
    plain.extend_from_slice(&id.to_be_bytes());
    plain.extend_from_slice(&properties.to_be_bytes());
    match edition {
        Edition::V2013 => put_digits(&mut plain, phone, 6),
        Edition::V2019(version) => {
            plain.push(version);
            put_digits(&mut plain, phone, 10);
        }
    }
    plain.extend_from_slice(&serial.to_be_bytes());
    if let Some((index, total)) = part {
        plain.extend_from_slice(&total.to_be_bytes());
        plain.extend_from_slice(&index.to_be_bytes());
    }
    plain.extend_from_slice(body);
    plain.push(exclusive_or(&plain));
    to.push(0x7e);
    for byte in plain {
        match byte {
            0x7e => to.extend_from_slice(&[0x7d, 0x02]),
            0x7d => to.extend_from_slice(&[0x7d, 0x01]),
            byte => to.push(byte),
        }
    }
    to.push(0x7e);
}

fn exclusive_or(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

fn split_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (two, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*two), rest))
}

/// BCD without leading zeros; `None` if a half byte is no digit.
fn digits_of(bcd: &[u8]) -> Option<Text> {
    let mut digits = String::with_capacity(bcd.len() * 2);
    for half in bcd.iter().flat_map(|byte| [byte >> 4, byte & 0xf]) {
        digits.push(char::from_digit(half.into(), 10)?);
    }
    let trimmed = digits.trim_start_matches('0');
    Some(if trimmed.is_empty() { "0" } else { trimmed }.into())
}

/// The last digits that fit, filled up with zeros in front; what is no digit counts as 0.
fn put_digits(to: &mut Vec<u8>, digits: &str, n_bytes: usize) {
    let mut halves: Vec<u8> =
        digits.bytes().rev().map(|it| if it.is_ascii_digit() { it - b'0' } else { 0 }).take(n_bytes * 2).collect();
    halves.resize(n_bytes * 2, 0);
    halves.reverse();
    to.extend(halves.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, half| (byte << 4) | half)));
}
