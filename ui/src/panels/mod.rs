//! The panels: everything on a screen that is not the map. Pure egui: they borrow the city and return what the officer
//! asked for; they submit, select and move nothing themselves.
//!
//! ```text
//! screen_ui  desk: top bar, left and right columns, bottom strip, sheets; the map shows through PanelState::map_rect
//! wall_ui    wall: three columns, situation | place | action, at any size
//! ```
//! One file per panel; [`kit`] is what they are drawn with, [`digest`] what they would otherwise count every frame.

mod card;
mod desk;
mod digest;
mod drones;
mod events;
mod forces;
mod kit;
mod land;
mod locator;
mod metrics;
mod orders;
mod sheet;
mod today;
mod topbar;
mod typhoon;
mod wall;
mod war;

#[cfg(test)]
mod tests;

pub use digest::place_of;
pub use land::LocatorLand;

use crate::i18n::Lang;
use digest::Digest;
use egui::{Id, LayerId, Order as LayerOrder, Pos2, Rect, TextureHandle, Ui, UiBuilder};
use gulang_city::*;
use gulang_wire::{Clock, Drill};
use kit::Kit;
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
    Lost {
        since: Timestamp,
    },
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
    /// A map layer chip, 1–8; already noted in [`PanelState::layers_off`].
    ToggleLayer(u8),
}

/// What the panels remember between frames. Nothing here is the city's.
pub struct PanelState {
    /// Where the big map shows through; the panels leave it empty. Set by every frame.
    pub map_rect: Rect,
    /// Layer chips 1–8 that are off; all on at first.
    pub layers_off: BTreeSet<u8>,
    /// Where the selected thing stands on the screen, if the stage knows: the card keeps clear of it.
    pub selection_on_screen: Option<Pos2>,
    /// What lies above the map this frame: chips, cards, the locator.
    over_map: Vec<Rect>,
    sheet: Option<sheet::Sheet>,
    digest: Digest,
    metrics_open: bool,
    /// War: the event list over the map.
    events_open: bool,
    locator: walkers::MapMemory,
    locator_hidden: bool,
    notices: Vec<(f64, String)>,
    orders_scroll: f32,
    events_scroll: f32,
    metrics_scroll: f32,
}

impl Default for PanelState {
    fn default() -> Self {
        Self {
            map_rect: Rect::NOTHING,
            layers_off: BTreeSet::new(),
            selection_on_screen: None,
            over_map: Vec::new(),
            sheet: None,
            digest: Digest::default(),
            metrics_open: false,
            events_open: false,
            locator: walkers::MapMemory::default(),
            locator_hidden: false,
            notices: Vec::new(),
            orders_scroll: 0.0,
            events_scroll: 0.0,
            metrics_scroll: 0.0,
        }
    }
}

impl PanelState {
    /// `true` where a press belongs to the map: inside [`PanelState::map_rect`], and no sheet, card or chip above it.
    pub fn is_on_map(&self, at: Pos2) -> bool {
        self.sheet.is_none()
            && !self.metrics_open
            && self.map_rect.contains(at)
            && !self.over_map.iter().any(|rect| rect.contains(at))
    }

    /// `true` while a sheet covers the screen.
    pub fn is_sheet_open(&self) -> bool {
        self.sheet.is_some()
    }

    /// A line shown to the officer for ten seconds: a refusal, a failure.
    pub fn notify(&mut self, text: String) {
        self.notices.push((f64::NAN, text));
        let excess = self.notices.len().saturating_sub(4);
        self.notices.drain(..excess);
    }

    /// Opens the 平转战 review sheet as F9 does, for hosts with menus of their own.
    pub fn open_review(&mut self, model: &Model<'_>) {
        self.sheet = Some(sheet::Sheet::review(model));
    }

    /// Opens the drill sheet as F10 does.
    pub fn open_drill(&mut self) {
        self.sheet = Some(sheet::Sheet::drill());
    }
}

/// The desk: peace or war by the city's footing.
pub fn screen_ui(ctx: &egui::Context, model: &Model<'_>, state: &mut PanelState) -> Vec<UiCommand> {
    let rect = ctx.content_rect();
    let ui = layer_ui(ctx, "gulang-desk", LayerOrder::Background, rect);
    let mut kit = Kit::new(&ui, model, 1.0);
    state.begin(ctx, model);
    desk::desk_ui(&mut kit, state, rect);
    let mut out = kit.out;
    if state.sheet.is_some() {
        let ui = layer_ui(ctx, "gulang-sheet", LayerOrder::Foreground, rect);
        let mut kit = Kit::new(&ui, model, 1.0);
        sheet::sheet_ui(&mut kit, state, rect);
        out.append(&mut kit.out);
    }
    desk::keys(ctx, model, state, &mut out);
    ctx.request_repaint_after(std::time::Duration::from_millis(500));
    out
}

/// The wall: peace or war by the city's footing, scaled to the screen. It shows; it takes no orders.
pub fn wall_ui(ctx: &egui::Context, model: &Model<'_>, state: &mut PanelState) -> Vec<UiCommand> {
    let rect = ctx.content_rect();
    let ui = layer_ui(ctx, "gulang-wall", LayerOrder::Background, rect);
    state.begin(ctx, model);
    let mut kit = Kit::new(&ui, model, wall::scale(rect));
    wall::wall_ui(&mut kit, state, rect);
    ctx.request_repaint_after(std::time::Duration::from_millis(500));
    kit.out
}

impl PanelState {
    fn begin(&mut self, ctx: &egui::Context, model: &Model<'_>) {
        let time = ctx.input(|input| input.time);
        self.over_map.clear();
        self.digest.refresh(model, time);
        for notice in &mut self.notices {
            if notice.0.is_nan() {
                notice.0 = time;
            }
        }
        self.notices.retain(|(since, _)| time - since < 10.0);
    }
}

fn layer_ui(ctx: &egui::Context, name: &str, order: LayerOrder, rect: Rect) -> Ui {
    let id = Id::new(name);
    Ui::new(ctx.clone(), id, UiBuilder::new().max_rect(rect).layer_id(LayerId::new(order, id)))
}
