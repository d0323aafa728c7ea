//! What a simulated camera sees: a shore with blocks that moves as the camera turns, a disc on its round, words, and the
//! strip ([`gulang_video_link::strip`]).

use super::font;
use gulang_video_link::{Look, SimCamera, strip::Stamp};

/// Beijing's hour.
const OFFSET_MS: i64 = 8 * 3_600_000;

/// Draws I420 pictures of one camera. What does not change between two of them is drawn once.
pub struct Painter {
    name: String,
    width: usize,
    height: usize,
    seed: u64,
    behind: Vec<u8>,
    look: Option<Look>,
}

impl Painter {
    pub fn new(camera: &SimCamera) -> Self {
        let even = |px: u16| usize::from(px.clamp(192, 3840)) & !3;
        let seed = camera.mount.bytes().fold(7u64, |seed, byte| seed.wrapping_mul(131).wrapping_add(byte.into()));
        let name = if camera.name.is_ascii() { camera.name.clone() } else { camera.mount.clone() };
        Self { name, width: even(camera.width), height: even(camera.height), seed, behind: Vec::new(), look: None }
    }

    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The `n`th picture, of this instant.
    pub fn paint(&mut self, n: u32, at_ms: i64, look: &Look) -> Vec<u8> {
        if self.look.as_ref() != Some(look) {
            self.paint_behind(look);
            self.look = Some(look.clone());
        }
        let mut picture = self.behind.clone();
        let (width, height) = (self.width, self.height);
        let Some(luma) = picture.get_mut(..width * height) else { return picture };
        let turn = f64::from(n) * 0.06;
        let (x, y) = (width as f64 * (0.5 + 0.35 * turn.cos()), height as f64 * (0.55 + 0.2 * turn.sin()));
        disc(luma, width, (x as usize, y as usize), height / 24);
        let size = (height / 180).max(1);
        let clock = clock(at_ms);
        // Below what a tile that fills its frame cuts off.
        let top = height / 7;
        write(luma, width, (4 * size, top), size * 2, &self.name);
        write(luma, width, (4 * size, top + 18 * size), size * 2, &format!("{clock}  N {n}"));
        let pose = format!("SIMULATED  PAN {:+.0} TILT {:+.0} ZOOM {:.1}", look.pan, look.tilt, look.zoom.max(1.0));
        write(luma, width, (4 * size, top + 36 * size), size, &pose);
        Stamp { n, at_ms: u64::try_from(at_ms).unwrap_or(0) }.draw(luma, width, height, width);
        picture
    }

    fn paint_behind(&mut self, look: &Look) {
        let (width, height) = (self.width, self.height);
        let mut picture = vec![128; width * height * 3 / 2];
        let zoom = f64::from(look.zoom.clamp(1.0, 20.0));
        let horizon = height as f64 * (0.45 + f64::from(look.tilt) * 0.01 * zoom);
        let (luma, chroma) = picture.split_at_mut(width * height);
        for (y, row) in luma.chunks_mut(width).enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                let away = (x as f64 / width as f64 - 0.5) * 60.0 / zoom + f64::from(look.pan);
                let block = (away / 3.0).floor() as i64;
                let dice = (self.seed ^ block.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                let roof = horizon - (dice % 64) as f64 * zoom.sqrt() * height as f64 / 500.0;
                *pixel = if (y as f64) < roof {
                    200 - (y * 60 / height) as u8
                } else if (y as f64) < horizon {
                    70 + (dice % 48) as u8
                } else {
                    90 + ((y as f64 - horizon) * 40.0 / height as f64) as u8 + u8::from((x / 16 + y / 8) % 2 == 0) * 6
                };
            }
        }
        let (blue, red) = chroma.split_at_mut(width * height / 4);
        blue.fill(132 + (self.seed % 12) as u8);
        red.fill(118 + (self.seed / 13 % 14) as u8);
        self.behind = picture;
    }
}

fn disc(luma: &mut [u8], width: usize, (x, y): (usize, usize), radius: usize) {
    for (row, line) in luma.chunks_mut(width).enumerate().skip(y.saturating_sub(radius)).take(radius * 2) {
        let away = row.abs_diff(y);
        let half = (radius * radius).saturating_sub(away * away).isqrt();
        if let Some(pixels) = line.get_mut(x.saturating_sub(half)..(x + half).min(width)) {
            pixels.fill(235);
        }
    }
}

fn write(luma: &mut [u8], width: usize, (left, top): (usize, usize), size: usize, words: &str) {
    for (i, letter) in words.chars().enumerate() {
        let x0 = left + i * (font::WIDTH + 1) * size;
        for (row, line) in luma.chunks_mut(width).enumerate().skip(top).take((font::HEIGHT + 1) * size) {
            let dot = (row - top) / size;
            for (column, bits) in font::columns(letter).into_iter().chain([0]).enumerate() {
                let from = x0 + column * size;
                if let Some(pixels) = line.get_mut(from..from + size) {
                    pixels.fill(if dot < font::HEIGHT && bits >> dot & 1 == 1 { 230 } else { 30 });
                }
            }
        }
    }
}

fn clock(at_ms: i64) -> String {
    let of_day = (at_ms + OFFSET_MS).rem_euclid(86_400_000);
    let (h, m, s) = (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1000 % 60);
    format!("{h:02}:{m:02}:{s:02}.{:03}", of_day % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> SimCamera {
        SimCamera {
            mount: "c1".into(),
            name: "Gate".into(),
            codec: Default::default(),
            width: 640,
            height: 360,
            fps: 10,
            login: None,
        }
    }

    #[test]
    fn a_picture_tells_its_number_and_time_and_turns_with_the_camera() {
        let mut painter = Painter::new(&camera());
        let ahead = painter.paint(7, 1_790_000_000_123, &Look::default());
        assert_eq!(ahead.len(), 640 * 360 * 3 / 2);
        let stamp = Stamp::read(&ahead, 640, 360, 640);
        assert_eq!(stamp, Some(Stamp { n: 7, at_ms: 1_790_000_000_123 }));
        let aside = painter.paint(7, 1_790_000_000_123, &Look { pan: 40.0, ..Look::default() });
        assert_ne!(ahead[640 * 150..640 * 200], aside[640 * 150..640 * 200]);
    }

    #[test]
    fn the_clock_is_beijings() {
        assert_eq!(clock(0), "08:00:00.000");
        assert_eq!(clock(1_690_423_200_456), "10:00:00.456");
    }
}
