//! Frames on the pipe: one byte of kind, four of length (little endian), then a JSON value or a picture.

use crate::Picture;
use serde::{Serialize, de::DeserializeOwned};

/// A longer frame is refused before it is read.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

const HEAD: usize = 5;
const LINE: u8 = b'J';
const PICTURE: u8 = b'P';
/// Of a picture, before its JPEG: id, wanted, width, height, n, captured, received.
const PICTURE_HEAD: usize = 8 + 2 + 2 + 2 + 8 + 8 + 8;
/// Captured when nobody said.
const NEVER: i64 = i64::MIN;

#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// A JSON value, not yet read.
    Line(Vec<u8>),
    Picture(Picture),
}

/// After any of these the pipe cannot be trusted any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("a frame of {n_bytes} bytes is larger than {MAX_FRAME_BYTES}")]
    TooLarge { n_bytes: usize },
    #[error("no frame begins with {kind:#04x}")]
    Kind { kind: u8 },
    #[error("a picture of {n_bytes} bytes is no picture")]
    Short { n_bytes: usize },
    #[error("an unreadable message: {why}")]
    Line { why: String },
}

impl Frame {
    /// A line's value.
    pub fn value<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
        serde_json::from_slice(bytes).map_err(|why| FrameError::Line { why: why.to_string() })
    }
}

/// A message as a frame; one that cannot be written is an empty line, which its reader refuses.
pub fn line_frame<T: Serialize>(message: &T) -> Vec<u8> {
    let body = serde_json::to_vec(message).unwrap_or_default();
    let mut frame = head(LINE, body.len());
    frame.extend_from_slice(&body);
    frame
}

pub fn picture_frame(picture: &Picture) -> Vec<u8> {
    let mut frame = head(PICTURE, PICTURE_HEAD + picture.jpeg.len());
    frame.extend_from_slice(&picture.id.to_le_bytes());
    frame.extend_from_slice(&picture.wanted.to_le_bytes());
    frame.extend_from_slice(&picture.width.to_le_bytes());
    frame.extend_from_slice(&picture.height.to_le_bytes());
    frame.extend_from_slice(&picture.n.to_le_bytes());
    frame.extend_from_slice(&picture.captured_ms.unwrap_or(NEVER).to_le_bytes());
    frame.extend_from_slice(&picture.received_ms.to_le_bytes());
    frame.extend_from_slice(&picture.jpeg);
    frame
}

fn head(kind: u8, n_bytes: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEAD + n_bytes);
    frame.push(kind);
    frame.extend_from_slice(&u32::try_from(n_bytes).unwrap_or(u32::MAX).to_le_bytes());
    frame
}

/// Frames out of bytes as they come.
#[derive(Debug, Default)]
pub struct Deframer {
    bytes: Vec<u8>,
    from: usize,
}

impl Deframer {
    pub fn push(&mut self, bytes: &[u8]) {
        if self.from > 0 {
            self.bytes.drain(..self.from);
            self.from = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame; `None`: more bytes are needed.
    #[expect(clippy::should_implement_trait, reason = "it goes on after a None, when more bytes came")]
    pub fn next(&mut self) -> Option<Result<Frame, FrameError>> {
        let rest = self.bytes.get(self.from..)?;
        let (&[kind, a, b, c, d], body) = rest.split_first_chunk::<HEAD>()?;
        let n_bytes = u32::from_le_bytes([a, b, c, d]) as usize;
        if kind != LINE && kind != PICTURE {
            return Some(Err(FrameError::Kind { kind }));
        }
        if n_bytes > MAX_FRAME_BYTES {
            return Some(Err(FrameError::TooLarge { n_bytes }));
        }
        let body = body.get(..n_bytes)?;
        let frame = if kind == LINE {
            Ok(Frame::Line(body.to_vec()))
        } else {
            picture(body).map(Frame::Picture).ok_or(FrameError::Short { n_bytes })
        };
        self.from += HEAD + n_bytes;
        Some(frame)
    }
}

fn picture(body: &[u8]) -> Option<Picture> {
    let mut rest = body;
    let id = u64::from_le_bytes(take(&mut rest)?);
    let wanted = u16::from_le_bytes(take(&mut rest)?);
    let width = u16::from_le_bytes(take(&mut rest)?);
    let height = u16::from_le_bytes(take(&mut rest)?);
    let n = u64::from_le_bytes(take(&mut rest)?);
    let captured = i64::from_le_bytes(take(&mut rest)?);
    let received_ms = i64::from_le_bytes(take(&mut rest)?);
    let captured_ms = (captured != NEVER).then_some(captured);
    Some(Picture { id, wanted, width, height, n, captured_ms, received_ms, jpeg: rest.to_vec() })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Failure, FromEyes, Looking, Secret, Size, ToEyes, Transport};
    use proptest::prelude::*;

    fn shown() -> Picture {
        Picture {
            id: 7,
            wanted: 480,
            width: 480,
            height: 270,
            n: 3,
            captured_ms: Some(1_790_000_000_000),
            received_ms: 1_790_000_000_080,
            jpeg: vec![0xff, 0xd8, 1, 2, 3],
        }
    }

    fn all(bytes: &[u8], at_once: usize) -> Vec<Result<Frame, FrameError>> {
        let (mut deframer, mut frames) = (Deframer::default(), Vec::new());
        for some in bytes.chunks(at_once.max(1)) {
            deframer.push(some);
            while let Some(frame) = deframer.next() {
                let ends = frame.is_err();
                frames.push(frame);
                if ends {
                    return frames;
                }
            }
        }
        frames
    }

    #[test]
    fn messages_come_back_however_the_pipe_cuts_them() {
        let open = ToEyes::Open {
            id: 7,
            feed: 3,
            url: "rtsp://10.0.0.9/c1".into(),
            user: "u".into(),
            password: Secret("geheim".into()),
            transport: Transport::Udp,
            sizes: vec![Size { width: 480, fps: 10 }],
        };
        assert!(!format!("{open:?}").contains("geheim"), "a password is never printed");
        let failed =
            FromEyes::State { id: 7, looking: Looking::Failed { kind: Failure::Unauthorized, why: "401".into() } };
        let bytes = [line_frame(&open), picture_frame(&shown()), line_frame(&failed)].concat();
        for at_once in [1, 2, 5, 7, 64, 4096] {
            let frames = all(&bytes, at_once);
            let [Ok(Frame::Line(first)), Ok(Frame::Picture(second)), Ok(Frame::Line(third))] = &frames[..] else {
                panic!("{frames:?}");
            };
            assert_eq!(Frame::value::<ToEyes>(first), Ok(open.clone()));
            assert_eq!(*second, shown());
            assert_eq!(Frame::value::<FromEyes>(third), Ok(failed.clone()));
        }
    }

    #[test]
    fn a_picture_nobody_dated_stays_undated() {
        let undated = Picture { captured_ms: None, ..shown() };
        assert_eq!(all(&picture_frame(&undated), 3), [Ok(Frame::Picture(undated))]);
    }

    #[test]
    fn what_is_too_long_or_of_no_kind_is_refused_before_it_is_kept() {
        let mut long = vec![LINE];
        long.extend_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(all(&long, 5), [Err(FrameError::TooLarge { n_bytes: u32::MAX as usize })]);
        assert_eq!(all(b"HTTP/1.1 200", 4), [Err(FrameError::Kind { kind: b'H' })]);
        assert_eq!(all(&[PICTURE, 1, 0, 0, 0, 9], 6), [Err(FrameError::Short { n_bytes: 1 })]);
    }

    proptest! {
        #[test]
        fn garbage_is_an_error_or_a_wait(bytes in proptest::collection::vec(any::<u8>(), 0..300), at_once in 1usize..40) {
            for frame in all(&bytes, at_once).into_iter().flatten() {
                if let Frame::Line(line) = frame {
                    let _ = Frame::value::<ToEyes>(&line);
                    let _ = Frame::value::<FromEyes>(&line);
                }
            }
        }

        /// Cut, doubled or exchanged, honest bytes are still frames, a wait or an error.
        #[test]
        fn honest_bytes_in_disorder(cut in 0usize..120, twice in 0usize..120, swap in 0usize..119) {
            let mut bytes = [line_frame(&ToEyes::Close { id: 9 }), picture_frame(&shown())].concat();
            let n = bytes.len();
            bytes.swap(swap % (n - 1), (swap + 1) % n);
            let doubled: Vec<u8> = bytes.iter().enumerate().flat_map(|(i, it)| std::iter::repeat_n(*it, 1 + usize::from(i == twice))).collect();
            let _ = all(&doubled[..doubled.len().saturating_sub(cut)], 11);
        }
    }
}
