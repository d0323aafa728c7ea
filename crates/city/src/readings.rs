//! The readings lane: columns, latest wins. Handles are registry indices of the [`crate::City`].

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Sensor values, structs of arrays. `at[i] == 0` means never heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gauges {
    pub value: Vec<f32>,
    pub at: Vec<Timestamp>,
}

/// Positions of movers (teams, drones), structs of arrays. `at[i] == 0` means never heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fixes {
    /// WGS-84 degrees.
    pub lon: Vec<f64>,
    pub lat: Vec<f64>,
    /// Metres above ground.
    pub height: Vec<f32>,
    /// Degrees clockwise from north; NaN means no heading.
    pub heading: Vec<f32>,
    /// m/s over ground.
    pub speed: Vec<f32>,
    /// Percent; NaN means unknown.
    pub battery: Vec<f32>,
    /// The platform's mode code (DJI `mode_code`); 0 standby.
    pub mode: Vec<u8>,
    pub at: Vec<Timestamp>,
}

/// One fix of one mover.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    pub lon: f64,
    pub lat: f64,
    pub height: f32,
    pub heading: f32,
    pub speed: f32,
    pub battery: f32,
    pub mode: u8,
    pub at: Timestamp,
}

/// The city's present readings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Readings {
    pub gauges: Gauges,
    pub teams: Fixes,
    pub drones: Fixes,
    /// When each connector was last heard, by `City::connectors` key.
    pub heard: std::collections::BTreeMap<crate::PlatformId, Timestamp>,
    /// Readings dropped under overload since the hub started.
    pub n_dropped: u64,
    /// Of the drones, by the same handle; what was never told is none.
    #[serde(default)]
    pub telemetry: Vec<crate::Telemetry>,
    /// Rain fields about the city, ascending by the time they are for: [`Readings::put_rain`].
    #[serde(default)]
    pub rain: Vec<crate::RainField>,
}

impl Readings {
    /// Empty columns sized for a city's registries.
    pub fn for_city(city: &crate::City) -> Self {
        let mut readings = Self::default();
        readings.gauges.resize(city.sensors.len());
        readings.teams.resize(city.teams.len());
        readings.drones.resize(city.drones.len());
        readings.telemetry.resize(city.drones.len(), crate::Telemetry::default());
        readings
    }
}

impl Readings {
    /// Longer columns where a register grew; nothing known is lost, as handles never change.
    pub fn grow_to(&mut self, city: &crate::City) {
        self.gauges.resize(city.sensors.len().max(self.gauges.at.len()));
        self.teams.resize(city.teams.len().max(self.teams.at.len()));
        self.drones.resize(city.drones.len().max(self.drones.at.len()));
    }
}

impl Gauges {
    pub fn resize(&mut self, n: usize) {
        self.value.resize(n, 0.0);
        self.at.resize(n, Timestamp(0));
    }

    /// Keeps the newer; `false` if the handle is unknown or the reading is not newer.
    pub fn put(&mut self, handle: u32, value: f32, at: Timestamp) -> bool {
        let i = handle as usize;
        if i >= self.at.len() || at <= self.at[i] {
            return false;
        }
        self.value[i] = value;
        self.at[i] = at;
        true
    }

    /// The value and when it was read; `None` if never heard.
    pub fn get(&self, handle: usize) -> Option<(f32, Timestamp)> {
        let at = *self.at.get(handle)?;
        (at.0 != 0).then(|| (self.value[handle], at))
    }
}

impl Fixes {
    pub fn resize(&mut self, n: usize) {
        self.lon.resize(n, 0.0);
        self.lat.resize(n, 0.0);
        self.height.resize(n, 0.0);
        self.heading.resize(n, f32::NAN);
        self.speed.resize(n, 0.0);
        self.battery.resize(n, f32::NAN);
        self.mode.resize(n, 0);
        self.at.resize(n, Timestamp(0));
    }

    /// Keeps the newer; `false` if the handle is unknown or the fix is not newer.
    pub fn put(&mut self, handle: u32, fix: Fix) -> bool {
        let i = handle as usize;
        if i >= self.at.len() || fix.at <= self.at[i] {
            return false;
        }
        self.lon[i] = fix.lon;
        self.lat[i] = fix.lat;
        self.height[i] = fix.height;
        self.heading[i] = fix.heading;
        self.speed[i] = fix.speed;
        self.battery[i] = fix.battery;
        self.mode[i] = fix.mode;
        self.at[i] = fix.at;
        true
    }

    pub fn get(&self, i: usize) -> Option<Fix> {
        let at = *self.at.get(i)?;
        (at.0 != 0).then(|| Fix {
            lon: self.lon[i],
            lat: self.lat[i],
            height: self.height[i],
            heading: self.heading[i],
            speed: self.speed[i],
            battery: self.battery[i],
            mode: self.mode[i],
            at,
        })
    }
}
