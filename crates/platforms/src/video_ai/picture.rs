//! Whether bytes are a picture, looked at without decoding it: its magic, its size, and that it is whole.

use std::ops::RangeInclusive;

/// A larger picture is refused, bytes.
pub const MAX_PICTURE_BYTES: usize = 2 * 1024 * 1024;
/// The longest side, px; and all pixels, so that no small file becomes a large picture.
pub const MAX_SIDE: u32 = 8192;
pub const MAX_PIXELS: u64 = 24_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    Jpeg,
    Png,
}

impl PictureKind {
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// What a picture says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSize {
    pub kind: PictureKind,
    pub width: u32,
    pub height: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    #[error("图片 {n_bytes} 字节，超过 {MAX_PICTURE_BYTES}")]
    TooLarge { n_bytes: usize },
    #[error("不是 JPEG 或 PNG 图片")]
    NoPicture,
    #[error("图片不完整")]
    Cut,
    #[error("图片 {width}×{height}，太大或为空")]
    Size { width: u32, height: u32 },
}

/// Looks at the head and the end of a picture.
pub fn look_at(bytes: &[u8]) -> Result<PictureSize, PictureError> {
    if bytes.len() > MAX_PICTURE_BYTES {
        return Err(PictureError::TooLarge { n_bytes: bytes.len() });
    }
    let size = if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        let (width, height) = jpeg_size(bytes)?;
        PictureSize { kind: PictureKind::Jpeg, width, height }
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let (width, height) = png_size(bytes)?;
        PictureSize { kind: PictureKind::Png, width, height }
    } else {
        return Err(PictureError::NoPicture);
    };
    const SIDES: RangeInclusive<u32> = 1..=MAX_SIDE;
    let PictureSize { width, height, .. } = size;
    let is_sane =
        SIDES.contains(&width) && SIDES.contains(&height) && u64::from(width) * u64::from(height) <= MAX_PIXELS;
    if is_sane { Ok(size) } else { Err(PictureError::Size { width, height }) }
}

/// ISO/IEC 10918-1 annex B: segments up to the frame's header, and an end marker at the end; a few bytes of padding after
/// it are common.
fn jpeg_size(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    const PADDING: usize = 64;
    let tail = &bytes[bytes.len().saturating_sub(PADDING)..];
    if !tail.windows(2).any(|it| it == [0xff, 0xd9]) {
        return Err(PictureError::Cut);
    }
    let mut at = 2;
    loop {
        let [0xff, marker] = pair(bytes, at)? else { return Err(PictureError::NoPicture) };
        match marker {
            // Fill bytes, and markers that stand alone.
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            // A picture without a frame, or whose data begin before one.
            0xd9 | 0xda => return Err(PictureError::NoPicture),
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let [height, width] = [pair(bytes, at + 5)?, pair(bytes, at + 7)?];
                return Ok((u32::from(u16::from_be_bytes(width)), u32::from(u16::from_be_bytes(height))));
            }
            _ => {
                let length = usize::from(u16::from_be_bytes(pair(bytes, at + 2)?));
                if length < 2 {
                    return Err(PictureError::NoPicture);
                }
                at += 2 + length;
            }
        }
    }
}

/// PNG, third edition, §11: the header comes first, the end chunk last.
fn png_size(bytes: &[u8]) -> Result<(u32, u32), PictureError> {
    const END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";
    if bytes.get(12..16) != Some(b"IHDR") {
        return Err(PictureError::NoPicture);
    }
    if !bytes.ends_with(END) {
        return Err(PictureError::Cut);
    }
    let side = |at: usize| -> Result<u32, PictureError> {
        let four: [u8; 4] = bytes.get(at..at + 4).and_then(|it| it.try_into().ok()).ok_or(PictureError::Cut)?;
        Ok(u32::from_be_bytes(four))
    };
    Ok((side(16)?, side(20)?))
}

fn pair(bytes: &[u8], at: usize) -> Result<[u8; 2], PictureError> {
    bytes.get(at..at + 2).and_then(|it| it.try_into().ok()).ok_or(PictureError::Cut)
}
