//! The panels: everything on a screen that is not the map. Pure egui: they borrow the city and return what the officer
//! asked for; they submit, select and move nothing themselves.

use crate::i18n::Lang;
use egui::{Rect, TextureHandle};
use gulang_city::*;
use gulang_wire::{Clock, Drill};
use std::collections::{BTreeMap, BTreeSet};

/// Everything a frame of panels reads.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    pub city: &'a City,
    pub readings: &'a Readings,
    pub clock: Clock,
    pub realm: Realm,
    /// Everything shown comes from the simulated city.
    pub simulated: bool,
    pub connected: ConnectionState,
    pub pictures: &'a BTreeMap<DroneId, (Timestamp, TextureHandle)>,
    pub selection: Option<&'a Selection>,
    pub lang: Lang,
    pub locator_land: &'a LocatorLand,
    /// Who sits here; signs the confirmation of the review sheet.
    pub seat: &'a SeatId,
}

/// Whether the hub is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    Connecting,
    Live,
    /// Lost; the time is the hub's clock when it was last heard.
    Lost { since: Timestamp },
}

/// The one thing the officer looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    Case(CaseId),
    Alarm(AlarmId),
    Order(OrderId),
    Team(TeamId),
    Sensor(SensorId),
    FloodPoint(FloodPointId),
    Drone(DroneId),
    Dock(DockId),
    Camera(CameraId),
    Shelter(ShelterId),
    Depot(DepotId),
    Helipad(HelipadId),
    Hospital(HospitalId),
    District(DistrictId),
}

/// What the officer asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum UiCommand {
    Submit(Command),
    Drill(Drill),
    Select(Option<Selection>),
    /// Move the big map: to where, metres across the view.
    FlyTo(LonLat, f64),
    /// A map layer chip, 1–8.
    ToggleLayer(u8),
}

/// What the panels remember between frames. Nothing here is the city's.
pub struct PanelState {
    /// Where the big map shows through; the panels leave it empty.
    pub map_rect: Rect,
    /// Chips 1–8; all on at first.
    pub layers_off: BTreeSet<u8>,
}


impl Default for PanelState {
    fn default() -> Self {
        Self { map_rect: Rect::NOTHING, layers_off: BTreeSet::new() }
    }
}

/// Land and districts as plain shapes, for the small maps.
#[derive(Clone, Debug, Default)]
pub struct LocatorLand {}

impl LocatorLand {
    /// From the pack's `map/land.geojson`, `map/districts.geojson` and `map/region_land.geojson`; a text that cannot be
    /// read leaves its shapes out.
    pub fn from_geojson(_land: &str, _districts: &str, _region: &str) -> Self {
        Self {}
    }
}

/// The desk: peace or war by the city's footing.
pub fn screen_ui(_ctx: &egui::Context, _model: &Model<'_>, _state: &mut PanelState) -> Vec<UiCommand> {
    Vec::new()
}

/// The wall: peace or war, scaled to the screen.
pub fn wall_ui(_ctx: &egui::Context, _model: &Model<'_>, _state: &mut PanelState) -> Vec<UiCommand> {
    Vec::new()
}

impl PanelState {
    /// `true` where a press belongs to the map: inside [`PanelState::map_rect`], and no sheet, card or chip above it.
    pub fn is_on_map(&self, at: egui::Pos2) -> bool {
        self.map_rect.contains(at)
    }
    /// A line shown to the officer for ten seconds: a refusal, a failure.
    pub fn notify(&mut self, _text: String) {}
}
