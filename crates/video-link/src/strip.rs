//! A strip of black and white cells along a picture's lower edge: the picture's number and the time it was made, readable
//! after encoding, scaling and JPEG. With it delay and loss are measured from lens to screen, whatever lies between.

/// Cells side by side: eight of a fixed pattern, 32 of the number, 48 of the time, eight of a checksum.
pub const N_CELLS: usize = 96;
/// The strip's height is the picture's, divided by this.
pub const HEIGHT_PART: usize = 18;

const PATTERN: u8 = 0b1011_0010;

/// What a strip says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub n: u32,
    /// Ms since 1970; below 2⁴⁸.
    pub at_ms: u64,
}

impl Stamp {
    /// White cells are `true`, from left to right.
    pub fn cells(self) -> [bool; N_CELLS] {
        let bytes = self.bytes();
        std::array::from_fn(|i| bytes.get(i / 8).is_some_and(|byte| byte >> (7 - i % 8) & 1 == 1))
    }

    fn bytes(self) -> [u8; 12] {
        let [a, b, c, d] = self.n.to_be_bytes();
        let [_, _, e, f, g, h, i, j] = self.at_ms.to_be_bytes();
        let said = [a, b, c, d, e, f, g, h, i, j];
        [PATTERN, a, b, c, d, e, f, g, h, i, j, checksum(&said)]
    }

    /// `None`: no strip, or one that cannot be trusted.
    pub fn from_cells(cells: &[bool; N_CELLS]) -> Option<Self> {
        let mut bytes = [0u8; 12];
        for (i, cell) in cells.iter().enumerate() {
            if let Some(byte) = bytes.get_mut(i / 8) {
                *byte |= u8::from(*cell) << (7 - i % 8);
            }
        }
        let [_, a, b, c, d, e, f, g, h, i, j, _] = bytes;
        let stamp = Self { n: u32::from_be_bytes([a, b, c, d]), at_ms: u64::from_be_bytes([0, 0, e, f, g, h, i, j]) };
        (stamp.bytes() == bytes).then_some(stamp)
    }

    /// Draws it into the brightness of a picture, row by row of `stride` bytes.
    pub fn draw(self, luma: &mut [u8], width: usize, height: usize, stride: usize) {
        let cells = self.cells();
        let top = height - height / HEIGHT_PART;
        for row in luma.chunks_mut(stride.max(1)).take(height).skip(top) {
            for (x, pixel) in row.iter_mut().take(width).enumerate() {
                let cell = x * N_CELLS / width.max(1);
                *pixel = if cells.get(cell).copied().unwrap_or(false) { 235 } else { 16 };
            }
        }
    }

    /// Reads it from the brightness of a picture.
    pub fn read(luma: &[u8], width: usize, height: usize, stride: usize) -> Option<Self> {
        let strip = height / HEIGHT_PART;
        if width < N_CELLS * 2 || strip == 0 {
            return None;
        }
        // The middle rows, away from the picture above and the edge below.
        let (first, last) = (height - strip + strip / 3, height - strip / 4);
        let mut cells = [false; N_CELLS];
        for (i, cell) in cells.iter_mut().enumerate() {
            let (left, right) = (i * width / N_CELLS, (i + 1) * width / N_CELLS);
            let margin = (right - left) / 4;
            let (mut sum, mut n) = (0u32, 0u32);
            for y in first..last.max(first + 1) {
                let pixels = luma.get(y * stride + left + margin..y * stride + right - margin)?;
                sum += pixels.iter().map(|it| u32::from(*it)).sum::<u32>();
                n += pixels.len() as u32;
            }
            *cell = sum > n * 126;
        }
        Self::from_cells(&cells)
    }
}

/// CRC-8, polynomial 0x07.
fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0x5a, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 != 0 { crc << 1 ^ 0x07 } else { crc << 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_strip_is_read_as_drawn_through_noise(n: u32, at_ms in 0u64..1 << 48, width in 320usize..1400, noise in 0u8..40) {
            let height = width * 9 / 16;
            let mut luma = vec![90; width * height];
            let stamp = Stamp { n, at_ms };
            stamp.draw(&mut luma, width, height, width);
            for (i, pixel) in luma.iter_mut().enumerate() {
                *pixel = if i % 2 == 0 { pixel.saturating_add(noise) } else { pixel.saturating_sub(noise) };
            }
            prop_assert_eq!(Stamp::read(&luma, width, height, width), Some(stamp));
        }

        #[test]
        fn a_wrong_cell_is_noticed(n: u32, at_ms in 0u64..1 << 48, wrong in 0usize..N_CELLS) {
            let mut cells = Stamp { n, at_ms }.cells();
            cells[wrong] ^= true;
            prop_assert_eq!(Stamp::from_cells(&cells), None);
        }

        #[test]
        fn any_picture_is_read_or_not(luma in proptest::collection::vec(any::<u8>(), 0..5000), width in 0usize..300, height in 0usize..60) {
            let _ = Stamp::read(&luma, width, height, width);
        }
    }
}
