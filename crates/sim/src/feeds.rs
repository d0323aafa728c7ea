//! What a drone's camera would show: a drawn still, grey and blue, that says of itself that it is drawn.
//!
//! Horizon, a strip of sea with the far shore beyond it, a town's blocks in perspective; rain and a dark sky when there is a storm. No photograph, no claim.

use crate::{dice::Dice, movers::DroneFix, weather::Weather};
use ab_glyph::{Font, FontVec, PxScale, ScaleFont};
use gulang_city::Timestamp;
use image::{ExtendedColorType, Rgb, RgbImage, codecs::jpeg::JpegEncoder};
use std::path::Path;

const WIDTH: u32 = 480;
const HEIGHT: u32 = 270;

pub(crate) struct Painter {
    /// Without a font the picture has no words on it but a hatched band instead.
    font: Option<FontVec>,
}

impl Painter {
    /// Takes the first TrueType font of `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut fonts: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "ttf" || e == "otf")).collect();
        fonts.sort();
        let font = fonts.iter().find_map(|path| FontVec::try_from_vec(std::fs::read(path).ok()?).ok());
        if font.is_none() {
            tracing::warn!("no font in {}: camera stills will carry no words", folder.display());
        }
        Self { font }
    }

    /// A JPEG of what the drone sees at `now`.
    pub(crate) fn still(&self, name: &str, fix: &DroneFix, weather: &Weather, now: Timestamp, dice: Dice) -> Vec<u8> {
        let mut picture = RgbImage::new(WIDTH, HEIGHT);
        let storm = (weather.rain / 30.0).clamp(0.0, 1.0).max(((weather.wind - 8.0) / 14.0).clamp(0.0, 1.0));
        let night = night(now);
        let light = (1.0 - 0.62 * night) * (1.0 - 0.38 * storm);
        let horizon = if fix.flight.is_some() { 96.0 } else { 150.0 } - fix.elevation * 0.12;
        self.draw_sky_and_sea(&mut picture, horizon, light, storm, now, dice);
        draw_blocks(&mut picture, horizon, light, night, fix, dice);
        if storm > 0.05 {
            draw_rain(&mut picture, storm, now, dice);
        }
        self.draw_words(&mut picture, name, fix, now);
        let mut jpeg = Vec::with_capacity(24 << 10);
        // Encoding into memory fails only for sizes JPEG cannot hold.
        let _ = JpegEncoder::new_with_quality(&mut jpeg, 72).encode(&picture, WIDTH, HEIGHT, ExtendedColorType::Rgb8);
        jpeg
    }

    /// A JPEG of a street in which something is seen, as recognition sends it: the thing in its box, or where it is a false
    /// alarm a shadow. It says of itself that it is drawn.
    pub(crate) fn sighting(&self, words: &str, within: [f32; 4], is_false: bool, at: Timestamp, dice: Dice) -> Vec<u8> {
        let mut picture = RgbImage::new(WIDTH, HEIGHT);
        let (width, height) = (f64::from(WIDTH), f64::from(HEIGHT));
        let light = 1.0 - 0.55 * night(at);
        let dim = |color: [f64; 3]| color.map(|c| c * light);
        fill(&mut picture, 0.0, 0.0, width, height * 0.34, dim([150.0, 164.0, 176.0]));
        for i in 0..9 {
            let house = dice.of(500 + i);
            let (left, top) = (i as f64 * 56.0 - 12.0, 20.0 + 50.0 * house.unit());
            let tone = 78.0 + 44.0 * house.of(1).unit();
            fill(&mut picture, left, top, 50.0, 150.0 - top, dim([tone, tone * 1.02, tone * 1.06]));
            for (f, w) in (0..5).flat_map(|f| (0..4).map(move |w| (f, w))) {
                let at = (left + 5.0 + 11.0 * f64::from(w), top + 8.0 + 18.0 * f64::from(f));
                fill(&mut picture, at.0, at.1, 6.0, 9.0, dim([tone * 0.7, tone * 0.76, tone * 0.84]));
            }
        }
        fill(&mut picture, 0.0, 150.0, width, 34.0, dim([128.0, 126.0, 122.0]));
        fill(&mut picture, 0.0, 184.0, width, height - 184.0, dim([74.0, 77.0, 82.0]));
        for i in 0..7 {
            fill(&mut picture, f64::from(i) * 74.0, 226.0, 40.0, 4.0, dim([186.0, 184.0, 172.0]));
        }
        let [x, y, w, h] = within.map(f64::from);
        let (x, y, w, h) = (x * width, y * height, w * width, h * height);
        if is_false {
            fill(&mut picture, x + w * 0.2, y + h * 0.4, w * 0.6, h * 0.4, dim([58.0, 60.0, 64.0]));
        } else {
            for i in 0..6 {
                let part = dice.of(600 + i);
                let (px, py) = (x + w * 0.6 * part.unit(), y + h * 0.6 * part.of(1).unit());
                let color = [
                    120.0 + 110.0 * part.of(2).unit(),
                    90.0 + 90.0 * part.of(3).unit(),
                    70.0 + 80.0 * part.of(4).unit(),
                ];
                fill(&mut picture, px, py, w * 0.38, h * 0.38, dim(color));
            }
        }
        fill(&mut picture, 0.0, 0.0, width, 24.0, [18.0, 24.0, 30.0]);
        self.write(&mut picture, 8.0, 18.0, 14.0, words, [236, 240, 243]);
        self.write(&mut picture, 8.0, HEIGHT as f32 - 8.0, 14.0, &at.to_beijing_text(), [230, 236, 240]);
        self.write(&mut picture, 372.0, HEIGHT as f32 - 8.0, 14.0, "SIMULATED", [222, 184, 110]);
        let mut jpeg = Vec::with_capacity(24 << 10);
        // Encoding into memory fails only for sizes JPEG cannot hold.
        let _ = JpegEncoder::new_with_quality(&mut jpeg, 78).encode(&picture, WIDTH, HEIGHT, ExtendedColorType::Rgb8);
        jpeg
    }

    fn draw_sky_and_sea(
        &self,
        picture: &mut RgbImage,
        horizon: f64,
        light: f64,
        storm: f64,
        now: Timestamp,
        dice: Dice,
    ) {
        let swell = now.0 as f64 / 900.0;
        for y in 0..HEIGHT {
            let up = (f64::from(y) / horizon).min(1.0);
            let down = ((f64::from(y) - horizon) / (f64::from(HEIGHT) - horizon)).max(0.0);
            for x in 0..WIDTH {
                let color = if f64::from(y) < horizon {
                    let cloud =
                        dice.of(90).wave(i64::from(x) * 9 + now.0 / 40, 700) * dice.of(91).wave(i64::from(y) * 31, 400);
                    [104.0 + 62.0 * up, 124.0 + 54.0 * up, 142.0 + 44.0 * up]
                        .map(|c| c + 9.0 * cloud - 24.0 * storm * (1.0 - up))
                } else if f64::from(y) > shore(x, horizon, dice) || f64::from(y) < horizon + 2.5 {
                    let plot = dice
                        .of(92)
                        .of(u64::from(x / 24) + 97 * ((f64::from(y) - horizon) / (3.0 + 20.0 * down)) as u64);
                    [84.0 - 14.0 * down, 94.0 - 14.0 * down, 96.0 - 16.0 * down].map(|c| c + 9.0 * (plot.unit() - 0.5))
                } else {
                    let wave = ((f64::from(x) / (3.0 + 26.0 * down)) + swell + f64::from(y) * 1.7).sin()
                        * ((f64::from(y) * (1.4 - down)) + swell * 0.4).sin();
                    let foam = (wave - 0.72).max(0.0) * (30.0 + 110.0 * storm);
                    [66.0 - 22.0 * down, 92.0 - 22.0 * down, 112.0 - 20.0 * down].map(|c| c + 5.0 * wave + foam)
                };
                picture.put_pixel(x, y, Rgb(color.map(|c| (c * light).clamp(0.0, 255.0) as u8)));
            }
        }
    }

    fn draw_words(&self, picture: &mut RgbImage, name: &str, fix: &DroneFix, now: Timestamp) {
        for (x, y) in (0..WIDTH).flat_map(|x| (0..26).chain(HEIGHT - 24..HEIGHT).map(move |y| (x, y))) {
            let Rgb(under) = *picture.get_pixel(x, y);
            let hatch = if self.font.is_none() && (x + y) % 12 < 2 { 120 } else { 0 };
            picture.put_pixel(x, y, Rgb(under.map(|c| ((f64::from(c) * 0.35) as u8).saturating_add(hatch))));
        }
        let line = match fix.flight {
            Some(_) => format!("高 {:.0} m  速 {:.0} m/s  电 {:.0}%", fix.elevation, fix.speed, fix.battery),
            None => format!("在库  电 {:.0}%", fix.battery),
        };
        self.write(picture, 8.0, 19.0, 16.0, &format!("{name}  仿真画面"), [236, 240, 243]);
        self.write(picture, 318.0, 19.0, 14.0, &now.to_beijing_text(), [210, 218, 224]);
        self.write(picture, 8.0, f32::from(HEIGHT as u16) - 7.0, 14.0, &line, [210, 218, 224]);
        self.write(picture, 372.0, f32::from(HEIGHT as u16) - 7.0, 14.0, "SIMULATED", [222, 184, 110]);
    }

    fn write(&self, picture: &mut RgbImage, x: f32, baseline: f32, size: f32, words: &str, color: [u8; 3]) {
        let Some(font) = &self.font else { return };
        let scaled = font.as_scaled(PxScale::from(size * 1.25));
        let mut pen = x;
        for c in words.chars() {
            let glyph = scaled.scaled_glyph(c);
            let (id, advance) = (glyph.id, scaled.h_advance(glyph.id));
            let glyph = id.with_scale_and_position(scaled.scale(), ab_glyph::point(pen, baseline));
            if let Some(outline) = font.outline_glyph(glyph) {
                let bounds = outline.px_bounds();
                outline.draw(|gx, gy, cover| {
                    let (px, py) = (bounds.min.x as i64 + i64::from(gx), bounds.min.y as i64 + i64::from(gy));
                    if (0..i64::from(WIDTH)).contains(&px) && (0..i64::from(HEIGHT)).contains(&py) {
                        let pixel = picture.get_pixel_mut(px as u32, py as u32);
                        for (under, over) in pixel.0.iter_mut().zip(color) {
                            *under = (f32::from(*under) * (1.0 - cover) + f32::from(over) * cover) as u8;
                        }
                    }
                });
            }
            pen += advance;
        }
    }
}

/// A shore with rows of blocks, nearer ones larger; the view turns with the heading and creeps with the way flown.
fn draw_blocks(picture: &mut RgbImage, horizon: f64, light: f64, night: f64, fix: &DroneFix, dice: Dice) {
    let creep = fix.flight.map_or(0.0, |(n, progress)| n as f64 * 13.0 + progress * 90.0);
    // Far rows first.
    for row in (0..7).rev() {
        let near = 1.0 - f64::from(row) / 7.0;
        // The farthest row stands on the other shore.
        let base = if row == 6 { horizon + 2.5 } else { horizon + 34.0 + 104.0 * near.powf(2.4) };
        let spacing = 14.0 + 46.0 * near;
        let shift = (fix.heading * 1.4 + creep * (0.4 + 2.6 * near)) / spacing;
        let first = shift.floor() as i64;
        for k in first - 1..first + (480.0 / spacing) as i64 + 2 {
            let block = dice.of(200 + row as u64).of(k as u64);
            if block.unit() < 0.34 {
                continue; // A gap: street, garden or water.
            }
            let left = (k as f64 - shift) * spacing;
            let width = spacing * (0.45 + 0.45 * block.of(1).unit());
            let height = (7.0 + 40.0 * block.of(2).unit().powi(3)) * (0.35 + 1.5 * near);
            let tone = (74.0 + 34.0 * block.of(3).unit() + 26.0 * (1.0 - near)) * light;
            let blue = [tone * 0.93, tone * 1.0, tone * 1.1];
            fill(picture, left, base - height, width * 0.72, height, blue);
            fill(
                picture,
                left + width * 0.72,
                base - height * 0.96,
                width * 0.28,
                height * 0.96,
                blue.map(|c| c * 0.72),
            );
            fill(picture, left, base - height, width * 0.72, (1.0 + 2.5 * near).min(height), blue.map(|c| c * 1.22));
            let floor = 3.0 + 4.0 * near;
            let n_floors = (height / floor) as i64;
            for (f, w) in (0..n_floors).flat_map(|f| (0..3).map(move |w| (f, w))) {
                let window = block.of(10 + (f * 3 + w) as u64).unit();
                let lit = window < 0.5 * night;
                let color = if lit { [196.0, 176.0, 128.0] } else { blue.map(|c| c * 0.82) };
                let (x, y) = (left + width * (0.08 + 0.2 * w as f64), base - height + floor * (f as f64 + 0.45));
                fill(picture, x, y, width * 0.11, floor * 0.42, color);
            }
        }
    }
}

/// Where the near shore lies, pixels from the top.
fn shore(x: u32, horizon: f64, dice: Dice) -> f64 {
    horizon + 24.0 + 7.0 * dice.of(93).wave(i64::from(x), 130) + 2.0 * dice.of(94).wave(i64::from(x), 31)
}

fn draw_rain(picture: &mut RgbImage, storm: f64, now: Timestamp, dice: Dice) {
    let n = (40.0 + 320.0 * storm) as u64;
    for k in 0..n {
        let drop = dice.of(300).of(now.0 as u64 / 200).of(k);
        let (x, y) = (drop.of(1).unit() * 520.0 - 20.0, drop.of(2).unit() * 290.0 - 20.0);
        let length = 8.0 + 18.0 * drop.of(3).unit();
        for s in 0..length as i64 {
            let (px, py) = (x - 0.35 * s as f64, y + s as f64);
            if (0.0..480.0).contains(&px) && (0.0..270.0).contains(&py) {
                let pixel = picture.get_pixel_mut(px as u32, py as u32);
                pixel.0 = pixel.0.map(|c| c.saturating_add(26));
            }
        }
    }
}

fn fill(picture: &mut RgbImage, x: f64, y: f64, width: f64, height: f64, color: [f64; 3]) {
    let span = |from: f64, length: f64, end: u32| {
        let clamped = |v: f64| v.clamp(0.0, f64::from(end)) as u32;
        clamped(from)..clamped(from + length)
    };
    for py in span(y, height, HEIGHT) {
        for px in span(x, width, WIDTH) {
            picture.put_pixel(px, py, Rgb(color.map(|c| c.clamp(0.0, 255.0) as u8)));
        }
    }
}

/// 0 by day, 1 by night.
fn night(now: Timestamp) -> f64 {
    let hour = (now.0 + gulang_city::BEIJING_OFFSET_MS).rem_euclid(86_400_000) as f64 / 3_600_000.0;
    1.0 - ((hour - 5.2).min(19.2 - hour) / 1.2).clamp(0.0, 1.0)
}
