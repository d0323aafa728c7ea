//! Message signing of MAVLink 2 (mavlink.io/en/guide/message_signing.html): six bytes of SHA-256 over key and packet, and a
//! time that never goes back.
//!
//! The time is handed in, unlike in the `mavlink` crate's own keeper of signatures; the arithmetic is the crate's. Keys are
//! set on an autopilot by its maker's tools over a cable; SETUP_SIGNING is never sent from here.

use super::{MavlinkError, Packet, messages::MavMessage};
use ::mavlink::{MAVLinkV2MessageRaw, MavHeader, consts};
use gulang_city::Timestamp;
use std::{collections::HashMap, fmt};

/// 2015-01-01 00:00 UTC, from which signatures count in tens of microseconds.
const EPOCH_MS: i64 = 1_420_070_400_000;
const PER_MS: u64 = 100;
/// 48 bits.
const LAST: u64 = (1 << 48) - 1;
/// A stream never heard may begin so much in our past, as the guide has it.
const NEW_STREAM_MS: u64 = 60_000;
/// Systems, components and links that are told apart; more are refused as strangers.
const MAX_STREAMS: usize = 1_024;

/// What both ends know. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey([u8; 32]);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// What was given is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("签名密钥要写成 64 个十六进制数字（32 字节）")]
pub struct KeyError;

impl SigningKey {
    /// 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let digits: Vec<u8> = text
            .trim()
            .chars()
            .map(|it| it.to_digit(16).map(|it| it as u8).ok_or(KeyError))
            .collect::<Result<_, _>>()?;
        // Half a byte at the end is no byte.
        if !digits.len().is_multiple_of(2) {
            return Err(KeyError);
        }
        let bytes: Vec<u8> = digits.chunks(2).map(|it| it.iter().fold(0, |sum, it| sum << 4 | it)).collect();
        bytes.try_into().map(Self).map_err(|_| KeyError)
    }
}

/// Signs what a link says and checks what it hears.
#[derive(Clone, Debug)]
pub struct Signer {
    key: SigningKey,
    link: u8,
    /// The last time that was signed or believed.
    last: u64,
    /// By link, system and component: the last time each signed.
    heard: HashMap<(u8, u8, u8), u64>,
}

impl Signer {
    /// `link` tells the links of one ground station apart.
    pub fn new(key: SigningKey, link: u8) -> Self {
        Self { key, link, last: 0, heard: HashMap::new() }
    }

    /// One signed packet.
    pub fn encode(&mut self, from: (u8, u8), sequence: u8, message: &MavMessage, now: Timestamp) -> Vec<u8> {
        let (system, component) = from;
        let mut raw = MAVLinkV2MessageRaw::new();
        let header = MavHeader { system_id: system.into(), component_id: component, sequence };
        raw.serialize_message_for_signing(header, message);
        self.last = (self.last + 1).max(ticks(now)).min(LAST);
        for (to, byte) in raw.signature_timestamp_bytes_mut().iter_mut().zip(self.last.to_le_bytes()) {
            *to = byte;
        }
        *raw.signature_link_id_mut() = self.link;
        let mut value = [0; consts::v2::SIGNATURE_VALUE_SIZE];
        raw.calculate_signature(&self.key.0, &mut value);
        raw.signature_value_mut().copy_from_slice(&value);
        raw.raw_bytes().to_vec()
    }

    /// Whether a packet comes from somebody with the key, and for the first time.
    pub fn check(&mut self, packet: &Packet, now: Timestamp) -> Result<(), MavlinkError> {
        let system = packet.system;
        if !packet.is_signed {
            return Err(MavlinkError::Unsigned { system });
        }
        let mut whole = [0; consts::MAX_FRAME_SIZE];
        let frame = whole.get_mut(..packet.signed_frame.len()).ok_or(MavlinkError::Forged { system })?;
        frame.copy_from_slice(&packet.signed_frame);
        let raw = MAVLinkV2MessageRaw::from_bytes_unparsed(whole);
        let mut value = [0; consts::v2::SIGNATURE_VALUE_SIZE];
        raw.calculate_signature(&self.key.0, &mut value);
        let differs = value.iter().zip(raw.signature_value()).fold(0, |sum, (a, b)| sum | (a ^ b));
        if differs != 0 {
            return Err(MavlinkError::Forged { system });
        }
        let stream = (raw.signature_link_id(), system, packet.component);
        let at = raw.signature_timestamp();
        let is_late = match self.heard.get(&stream) {
            Some(last) => at <= *last,
            None => {
                let newest = self.last.max(ticks(now));
                self.heard.len() >= MAX_STREAMS || at.saturating_add(NEW_STREAM_MS * PER_MS) < newest
            }
        };
        if is_late {
            return Err(MavlinkError::Replayed { system });
        }
        self.heard.insert(stream, at);
        self.last = self.last.max(at);
        Ok(())
    }
}

fn ticks(now: Timestamp) -> u64 {
    u64::try_from(now.0 - EPOCH_MS).unwrap_or(0).saturating_mul(PER_MS)
}
