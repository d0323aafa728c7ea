//! Colours and sizes from `tokens.toml`, in one place.

/// The product's font, for every family. `bytes` is a TrueType file.
pub fn install_fonts(ctx: &egui::Context, bytes: Vec<u8>) {
    let mut fonts = egui::FontDefinitions::empty();
    fonts.font_data.insert("noto".into(), egui::FontData::from_owned(bytes).into());
    for family in [egui::FontFamily::Proportional, egui::FontFamily::Monospace] {
        fonts.families.insert(family, vec!["noto".into()]);
    }
    ctx.set_fonts(fonts);
}

/// Dark style; call once, and after the theme setting changes.
pub fn apply(_ctx: &egui::Context) {}
