//! A theme's rows for the base map: what every [`Paint`] looks like, in colour, width and dash.

use super::{
    gpu::map::N_PAINTS,
    palette::{Palette, Theme},
};
use bytemuck::{Pod, Zeroable};
use egui::{Color32, Rgba};
use gulang_tiles::{Paint, RoadClass};

/// One paint as the GPU has it; as `Paint` in `map.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct PaintRow {
    /// Linear, with alpha.
    pub color: [f32; 4],
    /// Least logical px, metres on the ground, logical px more than both (for casings); one unused.
    pub width: [f32; 4],
    /// Dash on, off in logical px; two unused.
    pub dash: [f32; 4],
}

/// The rows after the paints' own: what symbols are filled with, and what is past its budget.
/// What an online map is multiplied with, and in alpha how far it is greyed.
pub const RASTER_ROW: usize = 61;
pub const SYMBOL_FILL_ROW: usize = 62;
pub const STALE_ROW: usize = 63;

/// Every row of one theme.
pub fn rows(palette: &Palette) -> [PaintRow; N_PAINTS] {
    let mut rows = [PaintRow::default(); N_PAINTS];
    for paint in Paint::ALL {
        rows[paint.index() as usize] = row(palette, paint);
    }
    rows[RASTER_ROW].color = match palette.theme {
        Theme::Dark => [0.10, 0.115, 0.13, 0.6],
        Theme::Light => [1.0, 1.0, 1.0, 0.15],
    };
    rows[SYMBOL_FILL_ROW] = fill(palette.symbol_fill);
    rows[STALE_ROW] = fill(palette.stale);
    rows
}

fn row(palette: &Palette, paint: Paint) -> PaintRow {
    let p = palette;
    for class in RoadClass::ALL {
        if paint == class.core() {
            return road(p, class, 0.0);
        }
        if paint == class.casing() || paint == class.bridge_casing() {
            let more = if paint == class.casing() { 1.2 } else { 2.0 };
            return PaintRow { color: linear(p.road_casing), ..road(p, class, more) };
        }
        if paint == class.tunnel() {
            return PaintRow { dash: [5.0, 4.0, 0.0, 0.0], ..road(p, class, 0.0) };
        }
    }
    match paint {
        Paint::Sea | Paint::Water => fill(p.sea),
        Paint::Depth200 => fill(p.depths[0]),
        Paint::Depth1000 => fill(p.depths[1]),
        Paint::Depth3000 => fill(p.depths[2]),
        Paint::LandOutside => fill(p.land_outside),
        Paint::Land => fill(p.land_city),
        Paint::Green => fill(p.green),
        Paint::AirportGround | Paint::Building => fill(p.building),
        Paint::Waterway => line(p.sea, 0.8, 0.0, [0.0, 0.0]),
        Paint::BoundaryDistrict => line(p.boundary_district, 1.0, 0.0, [5.0, 4.0]),
        Paint::BoundaryCity => line(p.boundary_city, 1.2, 0.0, [10.0, 3.0]),
        Paint::Coast => line(p.coast, 0.9, 0.0, [0.0, 0.0]),
        Paint::Taxiway => line(p.road_minor, 0.8, 20.0, [0.0, 0.0]),
        Paint::Runway => line(p.road_trunk, 1.6, 45.0, [0.0, 0.0]),
        Paint::Rail => line(p.rail, 1.0, 0.0, [8.0, 3.0]),
        Paint::RailConstruction => line(p.rail, 0.8, 0.0, [3.0, 4.0]),
        Paint::Metro => line(p.rail, 1.2, 0.0, [8.0, 3.0]),
        Paint::MetroConstruction => line(p.rail, 0.9, 0.0, [3.0, 4.0]),
        _ => fill(p.land_city),
    }
}

/// `stroke.map` gives the least widths; on the ground a road is about as wide as its class usually is here.
fn road(p: &Palette, class: RoadClass, more: f32) -> PaintRow {
    let (color, least_px, metres) = match class {
        RoadClass::Motorway => (p.road_motorway, 2.2, 15.0),
        RoadClass::Trunk => (p.road_trunk, 1.6, 14.0),
        RoadClass::Primary => (p.road_trunk, 1.4, 12.0),
        RoadClass::Secondary => (p.road_trunk, 1.0, 9.0),
        RoadClass::Minor => (p.road_minor, 0.8, 6.0),
        RoadClass::Path => (p.road_minor, 0.5, 2.5),
    };
    let mut row = line(color, least_px, metres, [0.0, 0.0]);
    row.width[2] = more;
    row
}

fn fill(color: Color32) -> PaintRow {
    PaintRow { color: linear(color), ..PaintRow::default() }
}

fn line(color: Color32, least_px: f32, metres: f32, dash: [f32; 2]) -> PaintRow {
    PaintRow { color: linear(color), width: [least_px, metres, 0.0, 0.0], dash: [dash[0], dash[1], 0.0, 0.0] }
}

/// Linear and unmultiplied, as the pipelines blend.
pub fn linear(color: Color32) -> [f32; 4] {
    let alpha = f32::from(color.a()) / 255.0;
    let it = Rgba::from(color);
    if alpha == 0.0 { [0.0; 4] } else { [it.r() / alpha, it.g() / alpha, it.b() / alpha, alpha] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::palette::Theme;

    #[test]
    fn every_paint_has_a_colour_in_both_themes() {
        for theme in [Theme::Dark, Theme::Light] {
            let rows = rows(theme.palette());
            for paint in Paint::ALL {
                assert!(rows[paint.index() as usize].color[3] > 0.0, "{theme:?} {paint:?}");
            }
        }
    }

    #[test]
    fn a_casing_is_wider_than_its_road() {
        let rows = rows(Theme::Dark.palette());
        for class in RoadClass::ALL {
            let [core, casing] = [class.core(), class.casing()].map(|it| rows[it.index() as usize].width);
            assert!(core[0] == casing[0] && core[1] == casing[1] && casing[2] > 0.0, "{class:?}");
        }
    }
}
