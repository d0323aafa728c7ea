//! The figures the city is sized by, each with its source, from `data/figures.toml`.

use serde::Deserialize;

const FIGURES: &str = include_str!("../data/figures.toml");

/// A number and where it comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure<T> {
    pub value: T,
    /// The document, or `assumed`.
    pub source: String,
    pub year: u16,
}

/// Shortest, typical, longest.
type Spread = Figure<[f64; 3]>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    pub cases: CaseFigures,
    pub orders: OrderFigures,
    pub calls: CallFigures,
    pub movers: MoverFigures,
    pub units: UnitFigures,
    pub things: ThingFigures,
    pub fleet: FleetFigures,
    pub video_ai: VideoAiFigures,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFigures {
    pub per_day: Figure<f64>,
    pub rhythm: Figure<[f64; 24]>,
    pub filed_mins: Spread,
    pub dispatched_mins: Spread,
    pub handled_mins: Spread,
    pub fedback_mins: Spread,
    pub closed_mins: Spread,
    pub evaluated_mins: Spread,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFigures {
    pub signed_secs: Spread,
    pub accepted_secs: Spread,
    pub executing_secs: Spread,
    pub done_share: Spread,
    pub done_mins: Spread,
    pub rejected_share: Figure<f64>,
    pub silent_share: Figure<f64>,
    pub late_share: Figure<f64>,
    pub late_secs: Spread,
    pub evacuees_found: Spread,
    pub return_hours: Figure<f64>,
}

/// How people are about being called: shares of all.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFigures {
    pub never_share: Figure<f64>,
    pub wrong_number_share: Figure<f64>,
    pub late_share: Figure<f64>,
    pub second_ring_share: Figure<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoverFigures {
    pub patrol_share: Figure<f64>,
    pub patrol_speed_mps: Figure<f64>,
    pub drone_speed_mps: Figure<f64>,
    pub drone_height_m: Figure<f64>,
    pub drone_max_wind_mps: Figure<f64>,
    pub unit_flight_share: Figure<f64>,
    pub geoid_m: Figure<f64>,
}

/// How units that are out speak.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitFigures {
    pub check_in_mins: Spread,
    pub silent_share: Figure<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThingFigures {
    pub manholes: Figure<f64>,
    pub cameras: Figure<f64>,
    pub devices: Figure<f64>,
    pub bikes: Figure<f64>,
    pub manhole_trouble: Figure<f64>,
    pub camera_trouble: Figure<f64>,
    pub device_trouble: Figure<f64>,
    pub trouble_hours: Spread,
    pub riding_share: Figure<f64>,
    pub riding_mps: Spread,
    pub riding_every_secs: Figure<f64>,
    pub parked_every_secs: Figure<f64>,
    pub silent_share: Figure<f64>,
    pub silent_hours: Spread,
    pub faulty_share: Figure<f64>,
}

/// Vehicles with terminals of their own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetFigures {
    pub trucks: Figure<f64>,
    pub emergency_vehicles: Figure<f64>,
    pub driving_mps: Spread,
    pub loading_mins: Spread,
    pub driving_every_secs: Figure<f64>,
    pub parked_every_secs: Figure<f64>,
    pub gap_share: Figure<f64>,
    pub gap_mins: Spread,
    pub off_share: Figure<f64>,
    pub button_share: Figure<f64>,
    pub heedless_trucks: Figure<f64>,
    pub heedless_rest: Figure<f64>,
}

/// What cameras' video recognition reports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VideoAiFigures {
    pub per_day: Figure<f64>,
    pub drill_factor: Figure<f64>,
    pub watched_cameras: Figure<f64>,
    pub false_share: Figure<f64>,
    pub bad_camera_share: Figure<f64>,
    pub bad_camera_false_share: Figure<f64>,
    pub repeats: Spread,
    pub repeat_mins: Spread,
}

impl Figures {
    /// The shipped figures; a test reads them, so they cannot be broken in a build that passed.
    pub fn shipped() -> Self {
        toml::from_str(FIGURES).expect("data/figures.toml is checked by a test")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_figures_are_read_and_name_their_source() {
        let figures = Figures::shipped();
        assert_eq!(figures.cases.per_day.value, 5500.0);
        assert_eq!(figures.cases.per_day.source, "000, 001");
        assert!(figures.movers.geoid_m.year > 2000);
    }
}
