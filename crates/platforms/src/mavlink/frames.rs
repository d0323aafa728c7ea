//! Packets out of a stream or a datagram, and into bytes.

use super::{MavlinkError, messages::MavMessage};
use ::mavlink::{
    MAV_STX, MAV_STX_V2, MAVLinkV2MessageRaw, MavHeader, MavlinkVersion, Message, calculate_crc,
    consts::{
        CHECKSUM_SIZE, STX_SIZE, v1,
        v2::{IFLAG_SIGNED, MIN_HEADER_SIZE, SIGNATURE_SIZE},
    },
};

/// Bytes looked at before what was found is handed on, so that one large read costs little memory.
const CHUNK: usize = 4096;

/// One message and who said it.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    pub system: u8,
    pub component: u8,
    pub sequence: u8,
    pub message: MavMessage,
    /// As sent, with the extension fields that the generated types leave out.
    pub payload: Vec<u8>,
    /// It carries a signature, which [`super::Signer::check`] checks, and nobody before.
    pub is_signed: bool,
    /// The whole frame of a signed packet, for that.
    pub signed_frame: Vec<u8>,
}

/// What was found among bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Framed {
    Packet(Box<Packet>),
    Refused(MavlinkError),
}

/// The framing of one stream. What is cut waits for the rest; what is no packet is passed over byte by byte, so that the
/// next honest packet is found.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
    /// Bytes that belonged to no packet of the `common` dialect so far.
    pub n_noise: u64,
}

enum Step {
    /// The rest has not come yet.
    Short,
    /// No packet begins here.
    Not,
    Found(usize, Framed),
}

impl Frames {
    /// Everything whole up to now. Never keeps more than one packet's length.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Framed> {
        let mut found = Vec::new();
        for chunk in bytes.chunks(CHUNK) {
            self.buffer.extend_from_slice(chunk);
            self.take(&mut found);
        }
        found
    }

    fn take(&mut self, found: &mut Vec<Framed>) {
        let mut at = 0;
        while let Some(rest) = self.buffer.get(at..).filter(|it| !it.is_empty()) {
            let Some(skip) = rest.iter().position(|it| matches!(*it, MAV_STX | MAV_STX_V2)) else {
                self.n_noise += rest.len() as u64;
                at = self.buffer.len();
                break;
            };
            self.n_noise += skip as u64;
            at += skip;
            match self.buffer.get(at..).map_or(Step::Short, frame_at) {
                Step::Short => break,
                Step::Not => {
                    self.n_noise += 1;
                    at += 1;
                }
                Step::Found(len, framed) => {
                    found.push(framed);
                    at += len;
                }
            }
        }
        self.buffer.drain(..at);
    }
}

/// A datagram is whole or nothing: what is cut at its end is not waited for. One with a packet of another dialect is no
/// error and means nothing.
pub fn read_datagram(bytes: &[u8]) -> Vec<Framed> {
    let found = Frames::default().push(bytes);
    let is_foreign = || {
        let [MAV_STX_V2, len, flags, ..] = *bytes else { return false };
        bytes.len() == frame_len(len, flags)
    };
    if found.is_empty() && !is_foreign() {
        return vec![Framed::Refused(MavlinkError::Noise { n_bytes: bytes.len() })];
    }
    found
}

/// One MAVLink 2 packet, unsigned.
pub fn encode(system: u8, component: u8, sequence: u8, message: &MavMessage) -> Vec<u8> {
    let mut raw = MAVLinkV2MessageRaw::new();
    raw.serialize_message(MavHeader { system_id: system.into(), component_id: component, sequence }, message);
    raw.raw_bytes().to_vec()
}

fn frame_len(payload: u8, flags: u8) -> usize {
    let signature = if flags & IFLAG_SIGNED == 0 { 0 } else { SIGNATURE_SIZE };
    STX_SIZE + MIN_HEADER_SIZE + usize::from(payload) + CHECKSUM_SIZE + signature
}

/// `bytes` begins with a marker.
fn frame_at(bytes: &[u8]) -> Step {
    match *bytes {
        [MAV_STX_V2, len, flags, ..] => {
            // Any other flag says that a reader who does not know it must not read on; system ids above 255 are among them.
            if flags & !IFLAG_SIGNED != 0 {
                return Step::Not;
            }
            let whole = frame_len(len, flags);
            let Some(frame) = bytes.get(..whole) else { return Step::Short };
            let &[_, _, _, _, sequence, system, component, a, b, c, ..] = frame else { return Step::Not };
            let id = u32::from_le_bytes([a, b, c, 0]);
            let header = STX_SIZE + MIN_HEADER_SIZE;
            let Some(payload) = checked(frame, header, len.into(), id) else { return Step::Not };
            let framed = match MavMessage::parse(MavlinkVersion::V2, id, payload) {
                Ok(message) => Framed::Packet(Box::new(Packet {
                    system,
                    component,
                    sequence,
                    message,
                    payload: payload.to_vec(),
                    is_signed: flags & IFLAG_SIGNED != 0,
                    signed_frame: if flags & IFLAG_SIGNED == 0 { Vec::new() } else { frame.to_vec() },
                })),
                Err(why) => Framed::Refused(MavlinkError::Unreadable { system, id, why: why.to_string() }),
            };
            Step::Found(whole, framed)
        }
        [MAV_STX, len, ..] => {
            let whole = STX_SIZE + v1::HEADER_SIZE + usize::from(len) + CHECKSUM_SIZE;
            let Some(frame) = bytes.get(..whole) else { return Step::Short };
            let &[_, _, _, system, _, id, ..] = frame else { return Step::Not };
            match checked(frame, STX_SIZE + v1::HEADER_SIZE, len.into(), id.into()) {
                Some(_) => Step::Found(whole, Framed::Refused(MavlinkError::Version1 { system })),
                None => Step::Not,
            }
        }
        _ => Step::Short,
    }
}

/// The payload, if the checksum says it is one of a message of this dialect.
fn checked(frame: &[u8], header: usize, len: usize, id: u32) -> Option<&[u8]> {
    // 0 stands for a message that the dialect does not have.
    let extra = Some(MavMessage::extra_crc(id)).filter(|it| *it != 0)?;
    let end = header + len;
    let &[low, high] = frame.get(end..end + CHECKSUM_SIZE)? else { return None };
    let crc = calculate_crc(frame.get(STX_SIZE..end)?, extra);
    (crc == u16::from_le_bytes([low, high])).then(|| frame.get(header..end))?
}
