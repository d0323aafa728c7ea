//! How each kind of thing looks: the style table the marks point into (DESIGN.md §9).
//!
//! Shape is kind, character is what, fill is an alarm nobody has acknowledged. Sizes are logical px from afar and near.

use super::{
    gpu::map::{N_STYLES, StyleRow, flag, shape},
    paint::linear,
    palette::Palette,
};
use crate::theme;
use egui::Color32;
use gulang_city::{Budget, ThingState, WarningColor};

/// A row of the style table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Style {
    Team,
    /// On its way, or at work for an order: as large from afar.
    TeamSent,
    Drone,
    Camera,
    Sensor,
    WeatherGauge,
    TideGauge,
    FloodPoint,
    Shelter,
    Facility,
    /// Cases and alarms, blue first.
    Case0,
    Case1,
    Case2,
    Case3,
    Alarm0,
    Alarm1,
    Alarm2,
    Alarm3,
    /// Blue and yellow alarms while there is a flood of them.
    Flood0,
    Flood1,
    /// Things of the large registers, by state.
    Thing,
    ThingAttention,
    ThingAlarm,
    ThingOffline,
    ThingMoving,
    /// Things with names of their own that move: their heading shows, and hollow is offline.
    Vehicle,
    VehicleAttention,
    VehicleAlarm,
    VehicleOffline,
    /// A group of things: double ring, the count is written into it.
    Group,
    Selected,
}

impl Style {
    const ALL: [Self; 31] = [
        Self::Team,
        Self::TeamSent,
        Self::Drone,
        Self::Camera,
        Self::Sensor,
        Self::WeatherGauge,
        Self::TideGauge,
        Self::FloodPoint,
        Self::Shelter,
        Self::Facility,
        Self::Case0,
        Self::Case1,
        Self::Case2,
        Self::Case3,
        Self::Alarm0,
        Self::Alarm1,
        Self::Alarm2,
        Self::Alarm3,
        Self::Flood0,
        Self::Flood1,
        Self::Thing,
        Self::ThingAttention,
        Self::ThingAlarm,
        Self::ThingOffline,
        Self::ThingMoving,
        Self::Vehicle,
        Self::VehicleAttention,
        Self::VehicleAlarm,
        Self::VehicleOffline,
        Self::Group,
        Self::Selected,
    ];

    pub fn case(color: WarningColor) -> Self {
        [Self::Case0, Self::Case1, Self::Case2, Self::Case3][color as usize]
    }

    /// In a flood of alarms blue and yellow keep their size only near.
    pub fn alarm(color: WarningColor, is_flood: bool) -> Self {
        match color {
            WarningColor::Blue if is_flood => Self::Flood0,
            WarningColor::Yellow if is_flood => Self::Flood1,
            _ => [Self::Alarm0, Self::Alarm1, Self::Alarm2, Self::Alarm3][color as usize],
        }
    }

    pub fn thing(state: ThingState, is_moving: bool) -> Self {
        match state {
            ThingState::Attention => Self::ThingAttention,
            ThingState::Alarm => Self::ThingAlarm,
            ThingState::Offline | ThingState::Unknown => Self::ThingOffline,
            ThingState::Normal if is_moving => Self::ThingMoving,
            ThingState::Normal => Self::Thing,
        }
    }

    pub fn vehicle(state: ThingState) -> Self {
        match state {
            ThingState::Attention => Self::VehicleAttention,
            ThingState::Alarm => Self::VehicleAlarm,
            ThingState::Offline | ThingState::Unknown => Self::VehicleOffline,
            ThingState::Normal => Self::Vehicle,
        }
    }

    fn row(self, p: &Palette) -> StyleRow {
        use Style::*;
        let level = |i: u8| WarningColor::ALL[usize::from(i)];
        let default = Budget::Default;
        match self {
            Team => row(shape::SQUARE, p.team, (6.0, 20.0), 0, Budget::Position),
            TeamSent => row(shape::SQUARE, p.team, (20.0, 22.0), 0, Budget::Position),
            Drone => row(shape::TRIANGLE, p.mobile, (22.0, 24.0), 0, Budget::Position),
            Camera => row(shape::DOT, p.facility, (3.0, 6.0), 0, default),
            Sensor => row(shape::DOT, p.facility, (3.0, 6.0), 0, default),
            WeatherGauge => row(shape::DOT, p.facility, (3.0, 7.0), 0, Budget::Weather),
            TideGauge => row(shape::DOT, p.facility, (4.0, 7.0), 0, Budget::Water),
            FloodPoint => row(shape::CROSS, p.stale, (9.0, 14.0), 0, Budget::Water),
            Shelter => row(shape::CIRCLE, p.shelter, (14.0, 18.0), 0, default),
            Facility => row(shape::CIRCLE, p.facility, (14.0, 18.0), 0, default),
            Case0 | Case1 | Case2 | Case3 => {
                let color = level(self as u8 - Case0 as u8);
                let (far, near) = [(10.0, 16.0), (14.0, 16.0), (20.0, 20.0), (24.0, 24.0)][color as usize];
                alarm_row(p, color, (far, near))
            }
            Alarm0 | Alarm1 | Alarm2 | Alarm3 => {
                let color = level(self as u8 - Alarm0 as u8);
                let size = [20.0, 20.0, 24.0, 28.0][color as usize];
                alarm_row(p, color, (size, size))
            }
            Flood0 | Flood1 => alarm_row(p, level(self as u8 - Flood0 as u8), (13.0, 20.0)),
            Thing => row(shape::DOT, p.facility, (2.0, 5.0), 0, default),
            ThingAttention => row(shape::DOT, p.ink_second, (3.0, 7.0), 0, default),
            ThingAlarm => alarm_row(p, WarningColor::Yellow, (8.0, 14.0)),
            ThingOffline => row(shape::CROSS, p.stale, (3.0, 9.0), 0, default),
            ThingMoving => row(shape::DOT, p.mobile, (2.0, 6.0), 0, Budget::Position),
            Vehicle => row(shape::CIRCLE, p.mobile, (4.0, 16.0), 0, Budget::Position),
            VehicleAttention => row(shape::CIRCLE, p.ink_second, (5.0, 16.0), 0, Budget::Position),
            VehicleAlarm => StyleRow {
                kind: row(shape::DIAMOND, p.mobile, (0.0, 0.0), 0, Budget::Position).kind,
                ..alarm_row(p, WarningColor::Orange, (10.0, 20.0))
            },
            VehicleOffline => row(shape::CIRCLE, p.stale, (4.0, 14.0), flag::STALE | flag::LOST, Budget::Position),
            Group => row(shape::CIRCLE, p.facility, (26.0, 26.0), flag::DOUBLE_RING, default),
            Selected => row(shape::DOT, p.selection, (3.0, 3.0), flag::HALO, default),
        }
    }
}

/// The whole table in one theme.
pub fn rows(palette: &Palette) -> [StyleRow; N_STYLES] {
    let mut rows = [StyleRow::default(); N_STYLES];
    for style in Style::ALL {
        rows[style as usize] = style.row(palette);
    }
    rows
}

/// Flags of a level's mark: filled with its character's ink while nobody has acknowledged it.
pub fn level_flags(color: WarningColor, is_filled: bool) -> u8 {
    match (is_filled, color) {
        (false, _) => 0,
        (true, WarningColor::Red) => flag::FILLED | flag::WHITE_GLYPH,
        (true, _) => flag::FILLED | flag::DARK_GLYPH,
    }
}

/// The shape of a level; colour, shape and character go together.
pub fn level_shape(color: WarningColor) -> u8 {
    match color {
        WarningColor::Blue => shape::CIRCLE,
        WarningColor::Yellow => shape::TRIANGLE,
        WarningColor::Orange => shape::DIAMOND,
        WarningColor::Red => shape::OCTAGON,
    }
}

fn alarm_row(p: &Palette, color: WarningColor, size: (f32, f32)) -> StyleRow {
    // A record's place does not age; the budget is never asked.
    let outlined = row(level_shape(color), p.level_line(color), size, 0, Budget::Default);
    StyleRow { color: linear(theme::level_fill(color)), ..outlined }
}

fn row(shape: u8, color: Color32, size: (f32, f32), flags: u8, budget: Budget) -> StyleRow {
    let (warn, drop) = budget.secs();
    StyleRow {
        color: linear(color),
        line: linear(color),
        size: [size.0, size.1, 0.0, 0.0],
        kind: [u32::from(shape), u32::from(flags), warn as u32 * 10, drop as u32 * 10],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::palette::Theme;

    #[test]
    fn every_style_has_its_row() {
        for theme in [Theme::Dark, Theme::Light] {
            let rows = rows(theme.palette());
            for (i, style) in Style::ALL.into_iter().enumerate() {
                assert_eq!(style as usize, i);
                assert!(rows[i].color[3] > 0.0 && rows[i].size[1] >= rows[i].size[0], "{style:?}");
            }
        }
    }

    #[test]
    fn levels_keep_their_shape_and_budgets_their_tokens() {
        let rows = rows(Theme::Dark.palette());
        for color in WarningColor::ALL {
            for style in [Style::case(color), Style::alarm(color, false), Style::alarm(color, true)] {
                assert_eq!(rows[style as usize].kind[0], u32::from(level_shape(color)), "{style:?}");
            }
        }
        assert_eq!(rows[Style::Team as usize].kind[2..], [600, 6000]);
    }
}
