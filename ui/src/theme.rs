//! Colours and sizes from `tokens.toml`, in one place; a test holds the two together.
//!
//! Rule zero: saturated colour belongs to alarms. Everything normal is grey-blue and quiet.

use egui::Color32;
use gulang_city::WarningColor;

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

macro_rules! tokens {
    ($($name:ident = $hex:literal $path:literal;)*) => {
        $(#[doc = concat!("`", $path, "`")] pub const $name: Color32 = rgb($hex);)*
        /// Every colour with its path in `tokens.toml`.
        #[cfg(test)]
        const TOKENS: &[(&str, Color32)] = &[$(($path, $name)),*];
    };
}

tokens! {
    APP = 0x0B1117 "dark.background.app";
    PANEL = 0x121A22 "dark.background.panel";
    RAISED = 0x19232D "dark.background.raised";
    SELECTED = 0x22303C "dark.background.selected";
    HAIR = 0x293744 "dark.line.hair";
    STRONG = 0x415262 "dark.line.strong";
    ROW = 0x1B2630 "dark.line.row";
    PRIMARY = 0xEAF0F5 "dark.text.primary";
    SECONDARY = 0xB9C5D0 "dark.text.secondary";
    TERTIARY = 0x8D9BA9 "dark.text.tertiary";
    QUIET = 0x778593 "dark.text.quiet";
    ON_LIGHT = 0x0B1117 "dark.text.on_light";
    ON_RED = 0xFFFFFF "dark.text.on_red";
    ACCENT = 0x9CC9E6 "dark.interaction.accent";
    INVERSE_BG = 0xEAF0F5 "dark.interaction.inverse_bg";
    INVERSE_TEXT = 0x0B1117 "dark.interaction.inverse_text";
    HOLD_FILL = 0x34485A "dark.interaction.hold_fill";
    SCRIM = 0x05080B "dark.interaction.scrim";
    BLUE_FILL = 0x5B9BFF "alarm.blue.fill";
    YELLOW_FILL = 0xF3D03E "alarm.yellow.fill";
    ORANGE_FILL = 0xF58A1F "alarm.orange.fill";
    RED_FILL = 0xC9271E "alarm.red.fill";
    RED_STROKE = 0xFF5247 "alarm.red.stroke";
    OK = 0x62B594 "status.ok";
    STALE = 0xB39B6A "status.stale";
    OFFLINE = 0x7C8894 "status.offline";
    LATE = 0xCDB074 "status.late";
    EXERCISE_LINE = 0xBFA2FF "exercise.line";
    EXERCISE_BG = 0x2C2147 "exercise.background";
    EXERCISE_PANEL_LINE = 0x6B559C "exercise.panel_line";
    EXERCISE_CHIP_TEXT = 0x1A1030 "exercise.chip_text";
    EXERCISE_BANNER_TEXT = 0xF1EAFF "exercise.banner_text";
    REPLAY_LINE = 0xCDB074 "replay.line";
    SERIES_NEUTRAL = 0x93A3B3 "series.neutral";
    SERIES_REFERENCE = 0xB9C5D0 "series.reference";
    TYPHOON_TD = 0x62B594 "typhoon.td";
    TYPHOON_TS = 0x5B9BFF "typhoon.ts";
    TYPHOON_STS = 0xF3D03E "typhoon.sts";
    TYPHOON_TY = 0xF58A1F "typhoon.ty";
    TYPHOON_STY = 0xFF5247 "typhoon.sty";
    TYPHOON_SUPER = 0xE66BC0 "typhoon.super_ty";
    WIND7 = 0xF3D03E "typhoon.wind7.line";
    WIND10 = 0xF58A1F "typhoon.wind10.line";
    WIND12 = 0xFF5247 "typhoon.wind12.line";
    TRACK = 0xB9C5D0 "typhoon.observed_track.line";
    SEA = 0x0C1A26 "map.dark.sea";
    LAND_OUTSIDE = 0x161D24 "map.dark.land_outside";
    LAND_CITY = 0x1F2831 "map.dark.land_city";
    COAST = 0x4A5C6C "map.dark.coast";
    BOUNDARY_CITY = 0x7C8FA1 "map.dark.boundary_city";
    BOUNDARY_DISTRICT = 0x4D5E6E "map.dark.boundary_district";
    LABEL = 0xAEBBC7 "map.dark.label";
    LABEL_OUTSIDE = 0x778593 "map.dark.label_outside";
    LABEL_SEA = 0x6F93AB "map.dark.label_sea";
    LABEL_HALO = 0x10171E "map.dark.label_halo";
    SYMBOL_FILL = 0x10181F "map.dark.symbol_fill";
    SYMBOL_TEAM = 0x9CC9E6 "map.dark.symbol_team";
    SYMBOL_MOBILE = 0x56B8A8 "map.dark.symbol_mobile";
    SYMBOL_FACILITY = 0x93A3B3 "map.dark.symbol_facility";
    SYMBOL_SHELTER = 0x62B594 "map.dark.symbol_shelter";
    GRATICULE = 0x152534 "map.dark.graticule";
    GREEN = 0x1C2B2A "map.dark.green";
    BUILDING = 0x2A3540 "map.dark.building";
    ROAD_MOTORWAY = 0x566675 "map.dark.road_motorway";
    ROAD_TRUNK = 0x414E5B "map.dark.road_trunk";
    ROAD_MINOR = 0x323D48 "map.dark.road_minor";
    LIGHT_SEA = 0xDCE6ED "map.light.sea";
    LIGHT_LAND_OUTSIDE = 0xEDEFEF "map.light.land_outside";
    LIGHT_LAND_CITY = 0xFAFAF7 "map.light.land_city";
    LIGHT_GREEN = 0xE3EAE0 "map.light.green";
    LIGHT_BUILDING = 0xE6E3DC "map.light.building";
    LIGHT_COAST = 0x9FB2BF "map.light.coast";
    LIGHT_ROAD_MOTORWAY = 0xB9B3A6 "map.light.road_motorway";
    LIGHT_ROAD_TRUNK = 0xCFCBC1 "map.light.road_trunk";
    LIGHT_ROAD_MINOR = 0xE0DDD6 "map.light.road_minor";
    LIGHT_BOUNDARY_CITY = 0x6F7C87 "map.light.boundary_city";
    LIGHT_BOUNDARY_DISTRICT = 0xA9B3BB "map.light.boundary_district";
    LIGHT_LABEL = 0x33404B "map.light.label";
    LIGHT_LABEL_SEA = 0x7995A8 "map.light.label_sea";
    LIGHT_LABEL_HALO = 0xFAFAF7 "map.light.label_halo";
    LIGHT_BACKGROUND = 0xF6F5F0 "light.background";
    LIGHT_LINE = 0xD5D6D1 "light.line";
    LIGHT_DECISION_BAR = 0x16202A "light.decision_bar";
    LIGHT_DECISION_TEXT = 0xFFFFFF "light.decision_text";
    LIGHT_CARD = 0xFFFFFF "light.card";
    LIGHT_PRIMARY = 0x16202A "light.text_primary";
    LIGHT_SECONDARY = 0x46535F "light.text_secondary";
    LIGHT_TERTIARY = 0x66727D "light.text_tertiary";
    LIGHT_ACCENT = 0x1D5C86 "light.accent";
    LIGHT_RED = 0xB3261E "light.red";
    LIGHT_ORANGE = 0xA85200 "light.orange";
    LIGHT_YELLOW_TEXT = 0x7A5B12 "light.yellow_text";
    LIGHT_BLUE = 0x1F5FBF "light.blue";
}

/// `series.order`.
pub const SERIES: [Color32; 6] =
    [rgb(0x7FB4DE), rgb(0x56B8A8), rgb(0xCDB074), rgb(0xB596D0), rgb(0xE3D9BC), rgb(0x93A3B3)];
/// `dark.interaction.scrim_alpha`.
pub const SCRIM_ALPHA: f32 = 0.78;
/// `exercise.watermark_alpha`.
pub const WATERMARK_ALPHA: f32 = 0.20;
/// `target.hold_confirm_ms`.
pub const HOLD_CONFIRM_MS: f64 = 3000.0;
/// `target.two_person_window_s`.
pub const TWO_PERSON_WINDOW_S: f64 = 120.0;
/// `motion.alarm_pulse_period`, ms.
pub const PULSE_MS: f64 = 1200.0;
/// `motion.alarm_pulse_stop`, ms.
pub const PULSE_STOP_MS: i64 = 30_000;
/// `alarm_policy.max_per_10min`.
pub const MAX_ALARMS_PER_10MIN: usize = 10;

/// Lines, halos and text of a level.
pub const fn level_line(color: WarningColor) -> Color32 {
    match color {
        WarningColor::Blue => BLUE_FILL,
        WarningColor::Yellow => YELLOW_FILL,
        WarningColor::Orange => ORANGE_FILL,
        WarningColor::Red => RED_STROKE,
    }
}

/// The body of a level's symbol.
pub const fn level_fill(color: WarningColor) -> Color32 {
    match color {
        WarningColor::Red => RED_FILL,
        other => level_line(other),
    }
}

/// The character inside a filled symbol of a level.
pub const fn level_on_fill(color: WarningColor) -> Color32 {
    match color {
        WarningColor::Red => ON_RED,
        _ => ON_LIGHT,
    }
}

/// A typhoon point by its wind, m/s (GB/T 19201).
pub fn typhoon_color(wind: f32) -> Color32 {
    match wind {
        w if w >= 51.0 => TYPHOON_SUPER,
        w if w >= 41.5 => TYPHOON_STY,
        w if w >= 32.7 => TYPHOON_TY,
        w if w >= 24.5 => TYPHOON_STS,
        w if w >= 17.2 => TYPHOON_TS,
        _ => TYPHOON_TD,
    }
}

/// Makes `bytes`, a TrueType file, the font of every family.
pub fn install_fonts(ctx: &egui::Context, bytes: Vec<u8>) {
    let mut fonts = egui::FontDefinitions::empty();
    fonts.font_data.insert("noto".into(), egui::FontData::from_owned(bytes).into());
    for family in [egui::FontFamily::Proportional, egui::FontFamily::Monospace] {
        fonts.families.insert(family, vec!["noto".into()]);
    }
    ctx.set_fonts(fonts);
}

/// The dark style; call once. The panels paint themselves, so this sets only what egui's own widgets and menus need.
pub fn apply(ctx: &egui::Context) {
    ctx.set_theme(egui::Theme::Dark);
    ctx.all_styles_mut(|style| {
        let visuals = &mut style.visuals;
        *visuals = egui::Visuals::dark();
        visuals.panel_fill = PANEL;
        visuals.window_fill = PANEL;
        visuals.extreme_bg_color = APP;
        visuals.faint_bg_color = RAISED;
        visuals.override_text_color = Some(PRIMARY);
        visuals.selection.bg_fill = SELECTED;
        visuals.selection.stroke = egui::Stroke::new(1.5, ACCENT);
        visuals.window_stroke = egui::Stroke::new(1.0, HAIR);
        visuals.window_shadow = egui::Shadow::NONE;
        visuals.popup_shadow = egui::Shadow::NONE;
        style.animation_time = 0.0;
        style.interaction.selectable_labels = false;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_the_tokens() {
        let tokens: toml::Table = include_str!("../tokens.toml").parse().expect("tokens.toml is TOML");
        let hex = |value: &toml::Value| {
            let text = value.as_str().unwrap_or_default().trim_start_matches('#').to_owned();
            rgb(u32::from_str_radix(&text, 16).expect("a colour"))
        };
        for (path, color) in TOKENS {
            let mut value = &toml::Value::Table(tokens.clone());
            for step in path.split('.') {
                value = value.get(step).unwrap_or_else(|| panic!("{path} is not in tokens.toml"));
            }
            assert_eq!(*color, hex(value), "{path}");
        }
        let order = tokens["series"]["order"].as_array().expect("an array");
        assert_eq!(SERIES.to_vec(), order.iter().map(hex).collect::<Vec<_>>());
        assert_eq!(tokens["target"]["hold_confirm_ms"].as_integer(), Some(HOLD_CONFIRM_MS as i64));
        assert_eq!(tokens["target"]["two_person_window_s"].as_integer(), Some(TWO_PERSON_WINDOW_S as i64));
    }
}
