//! The characters inside map symbols, taken from the font egui has already rasterised.

use super::gpu::map::{ATLAS_CELL, ATLAS_SIZE};
use egui::{Color32, Context, FontId};

/// Everything a symbol may carry; its place here is its cell.
const GLYPHS: &str = " 救消水排电医城察车泵艇直翼场仓避院巢机蓝黄橙红事部潮雨风噪倾气声尾清0123456789渣急";

/// The atlas cell of `glyph`; 0, the empty cell, for one that is not in the atlas.
pub fn cell(glyph: &str) -> u16 {
    let wanted = glyph.chars().next();
    GLYPHS.chars().position(|it| Some(it) == wanted).unwrap_or(0) as u16
}

/// The coverage of every cell, or `None` before egui has its fonts.
pub fn coverage(ctx: &Context) -> Option<Vec<u8>> {
    const GLYPH_PX: f32 = 46.0;
    let ppp = ctx.pixels_per_point();
    let galley = ctx.fonts_mut(|fonts| {
        fonts.layout_no_wrap(GLYPHS.to_owned(), FontId::proportional(GLYPH_PX / ppp), Color32::WHITE)
    });
    let image = ctx.fonts(|fonts| fonts.image());
    let mut atlas = vec![0; (ATLAS_SIZE * ATLAS_SIZE) as usize];
    let glyphs = galley.rows.iter().flat_map(|row| &row.glyphs);
    let mut n_inked = 0;
    for (i, glyph) in GLYPHS.chars().zip(glyphs).map(|(_, glyph)| glyph).enumerate() {
        let uv = glyph.uv_rect;
        let (width, height) = (u32::from(uv.max[0] - uv.min[0]), u32::from(uv.max[1] - uv.min[1]));
        if uv.is_nothing() || width > ATLAS_CELL || height > ATLAS_CELL {
            continue;
        }
        n_inked += 1;
        let cells_per_row = ATLAS_SIZE / ATLAS_CELL;
        let left = (i as u32 % cells_per_row) * ATLAS_CELL + (ATLAS_CELL - width) / 2;
        let top = (i as u32 / cells_per_row) * ATLAS_CELL + (ATLAS_CELL - height) / 2;
        for y in 0..height {
            for x in 0..width {
                let from = [u32::from(uv.min[0]) + x, u32::from(uv.min[1]) + y].map(|it| it as usize);
                if from[0] < image.width() && from[1] < image.height() {
                    atlas[((top + y) * ATLAS_SIZE + left + x) as usize] = image[(from[0], from[1])].a();
                }
            }
        }
    }
    (n_inked > 0).then_some(atlas)
}
