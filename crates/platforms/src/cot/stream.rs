//! Events back to back on a stream, as TAK servers send them: each may have its own XML declaration, none has a length.

use super::{CotError, Event, MAX_EVENT_BYTES, read_event};

const OPEN: &[u8] = b"<event";
const CLOSE: &[u8] = b"</event>";
/// Bytes looked at before what was found is handed on.
const CHUNK: usize = 4096;

/// What was found on a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Streamed {
    /// The event, and its bytes.
    Event(Box<Event>, Vec<u8>),
    Refused(CotError, Vec<u8>),
}

/// The framing of one stream.
#[derive(Clone, Debug, Default)]
pub struct Events {
    buffer: Vec<u8>,
    /// How far the buffer was searched for an end, so that an event in many pieces is searched once.
    searched: usize,
    /// An event that grew too large was refused; its rest is passed over.
    is_skipping: bool,
}

impl Events {
    /// Every event whole up to now. Never keeps more than [`MAX_EVENT_BYTES`] and one chunk.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Streamed> {
        let mut found = Vec::new();
        for chunk in bytes.chunks(CHUNK) {
            self.buffer.extend_from_slice(chunk);
            while self.take(&mut found) {}
        }
        found
    }

    /// Takes one event off the front; `false` if there is no whole one.
    fn take(&mut self, found: &mut Vec<Streamed>) -> bool {
        if self.is_skipping {
            let Some(end) = find(&self.buffer, CLOSE, 0) else {
                // The end may be cut in two.
                let keep = self.buffer.len().min(CLOSE.len() - 1);
                self.buffer.drain(..self.buffer.len() - keep);
                return false;
            };
            self.is_skipping = false;
            self.drop_front(end + CLOSE.len());
            return true;
        }
        let Some(begin) = find(&self.buffer, OPEN, 0) else {
            // What is no event, but for the beginning of one cut in two.
            let n_idle = self.buffer.len().saturating_sub(MAX_IDLE);
            if n_idle > 0 || self.buffer.first().is_some_and(|it| *it == PROTOBUF) {
                let why = if self.buffer.first() == Some(&PROTOBUF) {
                    CotError::Protobuf
                } else {
                    CotError::Xml("字节里没有 <event".into())
                };
                let idle = self.buffer.split_off(self.buffer.len() - self.buffer.len().min(OPEN.len() - 1));
                found.push(Streamed::Refused(why, std::mem::replace(&mut self.buffer, idle)));
                self.searched = 0;
            }
            return false;
        };
        match end_of_event(&self.buffer, begin, self.searched) {
            Some(end) if end <= MAX_EVENT_BYTES => {
                let mut bytes: Vec<u8> = self.buffer.drain(..end).collect();
                self.searched = 0;
                // What is left of an event that began before we listened is nobody's; a document type is looked at.
                if find(&bytes[..begin], b"<!DOCTYPE", 0).is_none() {
                    bytes.drain(..begin);
                }
                found.push(match read_event(&bytes) {
                    Ok(event) => Streamed::Event(Box::new(event), bytes),
                    Err(why) => Streamed::Refused(why, bytes),
                });
                true
            }
            None if self.buffer.len() <= MAX_EVENT_BYTES => {
                self.searched = self.buffer.len();
                false
            }
            _ => {
                let bytes = std::mem::take(&mut self.buffer);
                let beginning = bytes.get(..200).unwrap_or_default().to_vec();
                found.push(Streamed::Refused(CotError::TooLarge, beginning));
                self.buffer = bytes;
                self.is_skipping = true;
                self.searched = 0;
                true
            }
        }
    }

    fn drop_front(&mut self, n: usize) {
        self.buffer.drain(..n);
        self.searched = 0;
    }
}

/// Declarations, blanks and comments between events; more than this is no CoT.
const MAX_IDLE: usize = 4096;
/// The first byte of TAK's protobuf framing.
const PROTOBUF: u8 = 0xBF;

/// One past the end of the event that begins at `begin`: its end tag, or its own `/>` where it has no content. `searched`
/// bytes are known to hold no end tag.
fn end_of_event(bytes: &[u8], begin: usize, searched: usize) -> Option<usize> {
    let of_tag = end_of_tag(bytes, begin).filter(|it| it.checked_sub(2).and_then(|it| bytes.get(it)) == Some(&b'/'));
    let from = searched.saturating_sub(CLOSE.len()).max(begin);
    let of_event = find(bytes, CLOSE, from).map(|it| it + CLOSE.len());
    // A spoilt quote may put the end of the tag into another event.
    [of_tag, of_event].into_iter().flatten().min()
}

/// One past the `>` of the tag at `begin`; a `>` in quotes does not count.
fn end_of_tag(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut quote = None;
    for (i, byte) in bytes.iter().enumerate().skip(begin) {
        match (quote, *byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), it) if it == open => quote = None,
            (None, b'>') => return Some(i + 1),
            _ => {}
        }
    }
    None
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(what.len()).position(|it| it == what).map(|it| it + from)
}
