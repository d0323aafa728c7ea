//! Messages that came in parts, put together again within limits.

use super::{Frame, Jt808Error};

/// Parts of one message at most: some 64 kB. A picture (0x0801) may be longer, and is refused.
pub const MAX_PARTS: u16 = 64;
/// Messages on their way at once, of one terminal; with another the oldest is given up.
const MAX_OPEN: usize = 2;

/// One terminal's messages on their way.
#[derive(Clone, Debug, Default)]
pub struct Packs {
    open: Vec<Open>,
}

#[derive(Clone, Debug)]
struct Open {
    id: u16,
    /// The serial number its first part has.
    first: u16,
    parts: Vec<Option<Vec<u8>>>,
}

impl Packs {
    /// A whole message comes back at once, and one in parts with the last of them to come, in whatever order; its serial
    /// number is then the first part's. A part that came twice counts once.
    pub fn take(&mut self, frame: Frame) -> Result<Option<Frame>, Jt808Error> {
        let Some((index, total)) = frame.part else { return Ok(Some(frame)) };
        if index == 0 || index > total || total > MAX_PARTS {
            return Err(Jt808Error::Parts { index, total });
        }
        let first = frame.serial.wrapping_sub(index - 1);
        let is_it = |it: &Open| it.id == frame.id && it.first == first && it.parts.len() == usize::from(total);
        let k = match self.open.iter().position(is_it) {
            Some(k) => k,
            None => {
                if self.open.len() == MAX_OPEN {
                    self.open.remove(0);
                }
                self.open.push(Open { id: frame.id, first, parts: vec![None; usize::from(total)] });
                self.open.len() - 1
            }
        };
        let Some(open) = self.open.get_mut(k) else { return Ok(None) };
        if let Some(slot) = open.parts.get_mut(usize::from(index - 1)) {
            slot.get_or_insert(frame.body);
        }
        if open.parts.iter().any(Option::is_none) {
            return Ok(None);
        }
        let whole = self.open.remove(k);
        let body = whole.parts.into_iter().flatten().flatten().collect();
        Ok(Some(Frame { serial: first, part: None, body, ..frame_head(frame.id, frame.edition, frame.phone) }))
    }

    /// Parts held, in bytes.
    pub fn n_bytes(&self) -> usize {
        self.open.iter().flat_map(|it| &it.parts).flatten().map(Vec::len).sum()
    }
}

fn frame_head(id: u16, edition: super::Edition, phone: gulang_city::Text) -> Frame {
    Frame { id, edition, phone, serial: 0, part: None, body: Vec::new() }
}
