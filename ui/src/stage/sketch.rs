//! What an overlay draws into: areas, lines, columns, marks and words in local metres, made ready for the GPU as they come.
//!
//! Bad geometry (not a number, too few corners, absurdly far) is left out here, once, for every overlay.

use super::{
    camera::StageCamera,
    fixed::fixed,
    gpu::map::{ColorLine, ColorMark, ColorVertex},
};
use egui::Color32;

/// Local metres east and north of the city's centre.
pub type At = (f64, f64);

/// Farther from the city's centre nothing is drawn, m.
const FARTHEST_M: f64 = 1.5e7;

/// One overlay's drawing.
#[derive(Clone, Debug, Default)]
pub struct Sketch {
    /// Under roads and buildings, in the order they came.
    pub areas: Vec<ColorVertex>,
    pub area_indices: Vec<u32>,
    /// Over roads and buildings.
    pub lines: Vec<ColorLine>,
    pub marks: Vec<ColorMark>,
    pub texts: Vec<Texts>,
    pub legend: Vec<Legend>,
}

/// How a line looks, logical px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pen {
    pub color: Color32,
    pub width: f32,
    /// On, off; `[0, 0]` is solid. Forecast is dashed, observed is solid, everywhere.
    pub dash: [f32; 2],
}

impl Pen {
    pub const fn solid(color: Color32, width: f32) -> Self {
        Self { color, width, dash: [0.0, 0.0] }
    }
    pub const fn dashed(color: Color32, width: f32, dash: [f32; 2]) -> Self {
        Self { color, width, dash }
    }
}

/// A symbol of an overlay's own; sizes in logical px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// One of [`super::gpu::map::shape`].
    pub shape: u8,
    pub size: u8,
    pub color: Color32,
    /// Of [`super::gpu::map::flag`].
    pub flags: u8,
    /// One character of [`super::atlas`], or empty.
    pub glyph: &'static str,
}

/// A bar that stands on its place, logical px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    pub height_px: f32,
    pub width_px: f32,
    pub color: Color32,
    /// How high it could be: the trough behind the bar.
    pub frame_px: f32,
    pub frame: Color32,
    /// A mark across it at a height: the next threshold.
    pub tick_px: Option<f32>,
}

/// Words on the map. What has the higher priority is placed first; words that would cover others give way.
#[derive(Clone, Debug, PartialEq)]
pub struct Texts {
    pub at: At,
    pub text: String,
    /// Logical px at the desk.
    pub size: f32,
    pub color: Color32,
    pub anchor: Anchor,
    /// In a box of its own colour's outline, as the arrival lines' times are.
    pub boxed: bool,
    /// 0 gives way to everything; place names have 10, alarms 50.
    pub priority: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Center,
    /// Right of the place, clear of a symbol.
    Right,
    Above,
    Below,
}

/// A line of the map's legend.
#[derive(Clone, Debug, PartialEq)]
pub struct Legend {
    pub color: Color32,
    pub sign: Sign,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Area,
    Line,
    Dashed,
    Dot,
    Cross,
}

impl Sketch {
    /// The GPU would draw the same.
    pub fn looks_like(&self, other: &Self) -> bool {
        (&self.areas, &self.area_indices, &self.lines, &self.marks)
            == (&other.areas, &other.area_indices, &other.lines, &other.marks)
    }

    /// Fills a polygon: an outline and its holes. `alpha` is of sRGB, as in `tokens.toml`.
    pub fn area(&mut self, rings: &[Vec<At>], color: Color32, alpha: f32) {
        self.area_shaded(rings, |_| blend_alpha(color, alpha));
    }

    /// Fills a polygon with a colour of its own at each corner.
    pub fn area_shaded(&mut self, rings: &[Vec<At>], color: impl Fn(At) -> [u8; 4]) {
        let mut flat = Vec::new();
        let mut holes = Vec::new();
        for (i, ring) in rings.iter().enumerate() {
            let ring = if ring.len() > 1 && ring.first() == ring.last() { &ring[..ring.len() - 1] } else { ring };
            if ring.len() < 3 || !ring.iter().all(is_drawable) {
                if i == 0 {
                    return;
                }
                continue;
            }
            if i > 0 {
                holes.push(flat.len() / 2);
            }
            flat.extend(ring.iter().flat_map(|at| [at.0, at.1]));
        }
        let Ok(triangles) = earcutr::earcut(&flat, &holes, 2) else { return };
        let base = self.areas.len() as u32;
        let corners = flat.chunks_exact(2).map(|at| (at[0], at[1]));
        self.areas.extend(corners.map(|at| ColorVertex { at: fixed(at), color: color(at) }));
        self.area_indices.extend(triangles.into_iter().map(|i| base + i as u32));
    }

    /// An upright rectangle, `west, south, east, north`; cheaper than [`Self::area`], for grids.
    pub fn cell(&mut self, [west, south, east, north]: [f64; 4], color: Color32, alpha: f32) {
        let corners = [(west, south), (east, south), (east, north), (west, north)];
        if !corners.iter().all(is_drawable) {
            return;
        }
        let base = self.areas.len() as u32;
        let color = blend_alpha(color, alpha);
        self.areas.extend(corners.map(|at| ColorVertex { at: fixed(at), color }));
        self.area_indices.extend([0, 1, 2, 0, 2, 3].map(|i| base + i));
    }

    /// A line through `points`; a place that cannot be drawn breaks it.
    pub fn line(&mut self, points: &[At], pen: Pen) {
        let mut start = 0.0;
        for pair in points.windows(2) {
            let [a, b] = [pair[0], pair[1]];
            if !is_drawable(&a) || !is_drawable(&b) {
                continue;
            }
            let color = pen.color.to_srgba_unmultiplied();
            let (a_fixed, b_fixed) = (fixed(a), fixed(b));
            let line = ColorLine {
                a: a_fixed,
                b: b_fixed,
                color,
                width_px: pen.width,
                start_m: start as f32,
                dash_px: pen.dash,
            };
            self.lines.push(line);
            start += (b.0 - a.0).hypot(b.1 - a.1);
        }
    }

    /// The outline of a ring, closed.
    pub fn ring(&mut self, ring: &[At], pen: Pen) {
        let mut closed = ring.to_vec();
        closed.extend(ring.first());
        self.line(&closed, pen);
    }

    pub fn circle(&mut self, center: At, radius_m: f64, pen: Pen) {
        self.ring(&circle(center, radius_m), pen);
    }

    pub fn mark(&mut self, at: At, look: Look) {
        if is_drawable(&at) {
            self.marks.push(ColorMark {
                at: fixed(at),
                color: look.color.to_srgba_unmultiplied(),
                shape: look.shape,
                size_px: look.size,
                flags: look.flags,
                glyph: super::atlas::cell(look.glyph) as u8,
            });
        }
    }

    /// An upright bar on its place, as tall on the screen whether the ground is tilted or not: what stands on the ground
    /// rises up the screen. Given in px of the camera it was drawn for, so its overlay says [`Overlay::follows_camera`].
    /// Returns its top.
    ///
    /// [`Overlay::follows_camera`]: super::overlays::Overlay::follows_camera
    pub fn column(&mut self, at: At, camera: &StageCamera, column: Column) -> At {
        let from = camera.view_from_local(at);
        let above = |px: f32| camera.local_from_view((from.0, from.1 - f64::from(px)));
        let width = column.width_px;
        self.line(&[at, above(column.frame_px.max(column.height_px) + 1.0)], Pen::solid(column.frame, width + 2.0));
        self.line(&[at, above(column.height_px)], Pen::solid(column.color, width));
        if let Some(px) = column.tick_px {
            self.line(&[above(px), above(px + 1.5)], Pen::solid(column.color, width + 6.0));
        }
        above(column.height_px.max(column.frame_px))
    }

    pub fn text(&mut self, text: Texts) {
        if is_drawable(&text.at) && !text.text.is_empty() {
            self.texts.push(text);
        }
    }

    pub fn legend(&mut self, sign: Sign, color: Color32, text: impl Into<String>) {
        self.legend.push(Legend { color, sign, text: text.into() });
    }
}

/// A circle's outline of 72 corners.
pub fn circle(center: At, radius_m: f64) -> Vec<At> {
    (0..72)
        .map(|i| {
            let (sin, cos) = (f64::from(i) * std::f64::consts::TAU / 72.0).sin_cos();
            (center.0 + radius_m * sin, center.1 + radius_m * cos)
        })
        .collect()
}

/// A sector from `bearing - half_angle` to `bearing + half_angle`, degrees clockwise from north; the apex first.
pub fn sector(apex: At, bearing: f64, half_angle: f64, radius_m: f64) -> Vec<At> {
    let n = (half_angle / 4.0).ceil().clamp(2.0, 48.0) as i32;
    let arc = (-n..=n).map(|i| {
        let angle = (bearing + half_angle * f64::from(i) / f64::from(n)).to_radians();
        (apex.0 + radius_m * angle.sin(), apex.1 + radius_m * angle.cos())
    });
    std::iter::once(apex).chain(arc).collect()
}

fn is_drawable(at: &At) -> bool {
    at.0.abs() < FARTHEST_M && at.1.abs() < FARTHEST_M
}

/// The target blends linear light, the tokens' alphas are of sRGB: over a dark ground a small one must be much smaller.
fn blend_alpha(color: Color32, alpha: f32) -> [u8; 4] {
    let [r, g, b, _] = color.to_srgba_unmultiplied();
    let alpha = alpha.clamp(0.0, 1.0);
    // Between sRGB's curve (right over black) and the straight line (right for white over white).
    let linear = alpha.powf(1.55);
    [r, g, b, (linear * 255.0).round().max(if alpha > 0.0 { 1.0 } else { 0.0 }) as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [At; 4] = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)];

    #[test]
    fn a_square_is_two_triangles_and_a_hole_is_cut() {
        let mut sketch = Sketch::default();
        sketch.area(&[SQUARE.to_vec()], Color32::WHITE, 0.5);
        assert_eq!((sketch.areas.len(), sketch.area_indices.len()), (4, 6));
        let hole = SQUARE.map(|at| (at.0 / 2.0 + 2.0, at.1 / 2.0 + 2.0)).to_vec();
        let mut sketch = Sketch::default();
        sketch.area(&[SQUARE.to_vec(), hole], Color32::WHITE, 0.5);
        assert_eq!((sketch.areas.len(), sketch.area_indices.len()), (8, 24));
    }

    #[test]
    fn what_cannot_be_drawn_is_left_out() {
        let mut sketch = Sketch::default();
        sketch.area(&[vec![(0.0, 0.0), (f64::NAN, 0.0), (1.0, 1.0)]], Color32::WHITE, 1.0);
        sketch.area(&[vec![(0.0, 0.0), (1.0, 0.0)]], Color32::WHITE, 1.0);
        sketch.line(&[(0.0, 0.0), (f64::INFINITY, 0.0), (5.0, 5.0), (6.0, 6.0)], Pen::solid(Color32::WHITE, 1.0));
        sketch.cell([0.0, 0.0, f64::NAN, 1.0], Color32::WHITE, 1.0);
        assert_eq!((sketch.areas.len(), sketch.lines.len()), (0, 1));
    }

    #[test]
    fn a_column_stands_up_on_the_screen_however_the_camera_lies() {
        for (bearing, tilt) in [(0.0, 0.0), (70.0, 0.0), (200.0, 40.0)] {
            let camera = StageCamera { px_per_m: 0.05, bearing, tilt, ..StageCamera::default() };
            let column = Column {
                height_px: 20.0,
                width_px: 6.0,
                color: Color32::WHITE,
                frame_px: 50.0,
                frame: Color32::BLACK,
                tick_px: Some(30.0),
            };
            let mut sketch = Sketch::default();
            let top = camera.view_from_local(sketch.column((300.0, -200.0), &camera, column));
            let foot = camera.view_from_local((300.0, -200.0));
            assert!((top.0 - foot.0).abs() < 1e-6 && (foot.1 - top.1 - 50.0).abs() < 1e-6);
            assert_eq!(sketch.lines.len(), 3);
        }
    }

    #[test]
    fn a_sector_opens_towards_its_bearing() {
        let sector = sector((0.0, 0.0), 90.0, 30.0, 100.0);
        assert!(sector[1..].iter().all(|at| at.0 > 80.0 && at.1.abs() < 51.0));
    }
}
