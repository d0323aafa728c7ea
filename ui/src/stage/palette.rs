//! The map's colours in its two themes (`tokens.toml [map.dark]`, `[map.light]`): dark for the hall at night, light for
//! briefings. What is drawn names a role; only this file knows the colour.

use crate::theme;
use egui::Color32;
use gulang_city::WarningColor;

/// Which of the two the map wears; switchable while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    #[default]
    Dark,
    Light,
}

impl Theme {
    pub fn palette(self) -> &'static Palette {
        match self {
            Self::Dark => &DARK,
            Self::Light => &LIGHT,
        }
    }

    pub fn other(self) -> Self {
        if self == Self::Dark { Self::Light } else { Self::Dark }
    }
}

/// Every colour drawn on the map.
#[derive(Clone, Debug)]
pub struct Palette {
    pub theme: Theme,
    pub sea: Color32,
    /// Sea bed shallower than 200, 1000, 3000 m and deeper, from light to dark water.
    pub depths: [Color32; 3],
    pub land_outside: Color32,
    pub land_city: Color32,
    pub green: Color32,
    pub building: Color32,
    pub coast: Color32,
    pub road_motorway: Color32,
    pub road_trunk: Color32,
    pub road_minor: Color32,
    pub road_casing: Color32,
    pub rail: Color32,
    pub boundary_city: Color32,
    pub boundary_district: Color32,
    pub label: Color32,
    pub label_outside: Color32,
    pub label_sea: Color32,
    pub label_halo: Color32,
    /// Text of alarms and overlays: the strongest on this ground.
    pub ink: Color32,
    /// Text of second rank, scale bar.
    pub ink_second: Color32,
    /// Inside of an outlined symbol.
    pub symbol_fill: Color32,
    pub team: Color32,
    pub mobile: Color32,
    pub facility: Color32,
    pub shelter: Color32,
    pub selection: Color32,
    /// What is past its budget.
    pub stale: Color32,
    pub wind7: Color32,
    pub wind10: Color32,
    pub wind12: Color32,
    pub cone: Color32,
    pub track: Color32,
    /// Fields, densities and shares: one quiet blue, more of it for more. Never an alarm.
    pub field: Color32,
    pub graticule: Color32,
}

impl Palette {
    /// Lines and text of a level.
    pub fn level_line(&self, color: WarningColor) -> Color32 {
        match (self.theme, color) {
            (Theme::Dark, _) => theme::level_line(color),
            (Theme::Light, WarningColor::Blue) => theme::LIGHT_BLUE,
            (Theme::Light, WarningColor::Yellow) => theme::LIGHT_YELLOW_TEXT,
            (Theme::Light, WarningColor::Orange) => theme::LIGHT_ORANGE,
            (Theme::Light, WarningColor::Red) => theme::LIGHT_RED,
        }
    }

    /// A typhoon point by its wind, m/s; the same in both themes, for it is a published scale.
    pub fn typhoon(&self, wind: f32) -> Color32 {
        theme::typhoon_color(wind)
    }
}

const DARK: Palette = Palette {
    theme: Theme::Dark,
    sea: theme::SEA,
    // Not in the tokens: the sea's own colour, a little darker with each step down.
    depths: [
        Color32::from_rgb(0x0B, 0x19, 0x25),
        Color32::from_rgb(0x0B, 0x18, 0x24),
        Color32::from_rgb(0x0B, 0x17, 0x22),
    ],
    land_outside: theme::LAND_OUTSIDE,
    land_city: theme::LAND_CITY,
    green: theme::GREEN,
    building: theme::BUILDING,
    coast: theme::COAST,
    road_motorway: theme::ROAD_MOTORWAY,
    road_trunk: theme::ROAD_TRUNK,
    road_minor: theme::ROAD_MINOR,
    road_casing: theme::LABEL_HALO,
    rail: theme::ROAD_TRUNK,
    boundary_city: theme::BOUNDARY_CITY,
    boundary_district: theme::BOUNDARY_DISTRICT,
    label: theme::LABEL,
    label_outside: theme::LABEL_OUTSIDE,
    label_sea: theme::LABEL_SEA,
    label_halo: theme::LABEL_HALO,
    ink: theme::PRIMARY,
    ink_second: theme::SECONDARY,
    symbol_fill: theme::SYMBOL_FILL,
    team: theme::SYMBOL_TEAM,
    mobile: theme::SYMBOL_MOBILE,
    facility: theme::SYMBOL_FACILITY,
    shelter: theme::SYMBOL_SHELTER,
    selection: theme::PRIMARY,
    stale: theme::TERTIARY,
    wind7: theme::WIND7,
    wind10: theme::WIND10,
    wind12: theme::WIND12,
    cone: Color32::WHITE,
    track: theme::TRACK,
    field: theme::SERIES[0],
    graticule: theme::GRATICULE,
};

const LIGHT: Palette = Palette {
    theme: Theme::Light,
    sea: theme::LIGHT_SEA,
    depths: [
        Color32::from_rgb(0xDA, 0xE5, 0xEC),
        Color32::from_rgb(0xD8, 0xE3, 0xEB),
        Color32::from_rgb(0xD5, 0xE2, 0xEA),
    ],
    land_outside: theme::LIGHT_LAND_OUTSIDE,
    land_city: theme::LIGHT_LAND_CITY,
    green: theme::LIGHT_GREEN,
    building: theme::LIGHT_BUILDING,
    coast: theme::LIGHT_COAST,
    road_motorway: theme::LIGHT_ROAD_MOTORWAY,
    road_trunk: theme::LIGHT_ROAD_TRUNK,
    road_minor: theme::LIGHT_ROAD_MINOR,
    road_casing: theme::LIGHT_LABEL_HALO,
    rail: theme::LIGHT_ROAD_TRUNK,
    boundary_city: theme::LIGHT_BOUNDARY_CITY,
    boundary_district: theme::LIGHT_BOUNDARY_DISTRICT,
    label: theme::LIGHT_LABEL,
    label_outside: theme::LIGHT_TERTIARY,
    label_sea: theme::LIGHT_LABEL_SEA,
    label_halo: theme::LIGHT_LABEL_HALO,
    ink: theme::LIGHT_PRIMARY,
    ink_second: theme::LIGHT_SECONDARY,
    symbol_fill: theme::LIGHT_CARD,
    team: theme::LIGHT_ACCENT,
    // Darker than the dark theme's own, for 3:1 on light land.
    mobile: Color32::from_rgb(0x1F, 0x7A, 0x6C),
    facility: theme::LIGHT_TERTIARY,
    shelter: Color32::from_rgb(0x2F, 0x7A, 0x58),
    selection: theme::LIGHT_PRIMARY,
    stale: theme::LIGHT_TERTIARY,
    wind7: theme::LIGHT_YELLOW_TEXT,
    wind10: theme::LIGHT_ORANGE,
    wind12: theme::LIGHT_RED,
    cone: theme::LIGHT_PRIMARY,
    track: theme::LIGHT_SECONDARY,
    field: theme::LIGHT_ACCENT,
    graticule: theme::LIGHT_ROAD_MINOR,
};
