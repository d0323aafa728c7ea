//! The locator: where the big map's subject lies in the city. walkers over the pack's own shapes, so that it is never blank;
//! with the online map between them, where one is on. A press flies the big map there.

use super::kit::{Kit, RealmMark, realm_mark};
use super::land::LocatorLand;
use super::{PanelState, UiCommand};
use crate::theme::*;
use egui::{Align2, Color32, FontId, Rect, Response, Stroke, Ui, UiBuilder, vec2};
use gulang_city::{City, LonLat, Text};
use walkers::{
    HttpTiles, Map, MapMemory, Plugin, Projector, TileId, lon_lat,
    sources::{Attribution, TileSource},
};

/// How strongly the online map shows: what lies over it must stay legible.
const ONLINE_SHARE: f32 = 0.5;

/// The pictures of the online map that is on, as the hub serves them.
pub struct LocatorTiles {
    source: Text,
    tiles: HttpTiles,
}

/// `{hub}/raster/{source}/z/x/y`, which walkers fetches and keeps.
struct HubRaster {
    url: Box<dyn Fn(u8, u32, u32) -> String + Send + Sync>,
    max_zoom: u8,
}

impl TileSource for HubRaster {
    fn tile_url(&self, id: TileId) -> String {
        (self.url)(id.zoom, id.x, id.y)
    }
    fn attribution(&self) -> Attribution {
        // The map's note names whose it is, under both maps.
        Attribution { text: "", url: "", logo_light: None, logo_dark: None }
    }
    fn max_zoom(&self) -> u8 {
        self.max_zoom
    }
}

impl LocatorTiles {
    pub fn new(
        ctx: &egui::Context,
        source: Text,
        max_zoom: u8,
        url: impl Fn(u8, u32, u32) -> String + Send + Sync + 'static,
    ) -> Self {
        Self { source, tiles: HttpTiles::new(HubRaster { url: Box::new(url), max_zoom }, ctx.clone()) }
    }

    pub fn source(&self) -> &str {
        &self.source
    }
}

pub(super) fn locator_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    k.fill(rect, 4.0, SEA);
    if state.locator.detached().is_none() {
        // About 60 km across the box.
        let _ = state.locator.set_zoom(8.75);
    }
    let mut ui = Ui::new(
        k.ui.ctx().clone(),
        k.ui.id().with("locator"),
        UiBuilder::new().max_rect(rect.shrink(1.0)).layer_id(k.ui.layer_id()),
    );
    ui.set_clip_rect(rect.shrink(1.0));
    let center = middle(k.m.city);
    let PanelState { locator, locator_tiles, .. } = state;
    let mark = k.m.selection.and_then(|it| k.m.place_of(it));
    let layer = Shapes { land: k.m.locator_land, city: k.m.city, mark, has_picture: locator_tiles.is_some() };
    let mut map = Map::new(None, locator, lon_lat(center.0, center.1)).zoom_with_ctrl(false);
    if let Some(it) = locator_tiles {
        map = map.with_layer(&mut it.tiles, ONLINE_SHARE);
    }
    let map = map.with_plugin(layer);
    let shown = map.show(&mut ui, |_, response, projector, _| {
        let at = response.interact_pointer_pos().filter(|_| response.clicked())?;
        Some(projector.unproject(at.to_vec2()))
    });
    if let Some(at) = shown.inner {
        k.out.push(UiCommand::FlyTo(LonLat(at.x(), at.y()), 8000.0));
    }
    realm_mark(k, RealmMark::PanelLine(rect));
    realm_mark(k, RealmMark::Chip(rect.left_top() + vec2(8.0, 14.0), 11.0));
}

/// Amid the districts, or the city's centre if it has none.
fn middle(city: &City) -> LonLat {
    let n = city.districts.len() as f64;
    if n == 0.0 {
        return city.center;
    }
    let sum = city.districts.values().fold((0.0, 0.0), |sum, it| (sum.0 + it.center.0, sum.1 + it.center.1));
    LonLat(sum.0 / n, sum.1 / n)
}

/// Land, districts, district names, and the selected place.
struct Shapes<'a> {
    land: &'a LocatorLand,
    city: &'a City,
    mark: Option<LonLat>,
    /// A picture of the ground lies under it.
    has_picture: bool,
}

impl Plugin for Shapes<'_> {
    fn run(self: Box<Self>, ui: &mut Ui, response: &Response, projector: &Projector, _memory: &MapMemory) {
        let painter = ui.painter().with_clip_rect(response.rect);
        let project = |at: LonLat| projector.project(lon_lat(at.0, at.1)).to_pos2();
        for shape in &self.land.land {
            let fill = if self.has_picture { Color32::TRANSPARENT } else { LAND_OUTSIDE };
            shape.paint(&painter, &project, fill, Stroke::new(0.8, COAST));
        }
        for shape in &self.land.districts {
            let fill = if self.has_picture { Color32::TRANSPARENT } else { LAND_CITY };
            shape.paint(&painter, &project, fill, Stroke::new(0.8, BOUNDARY_DISTRICT));
        }
        for district in self.city.districts.values() {
            let at = project(district.center);
            if self.land.districts.is_empty() {
                painter.circle_filled(at - vec2(0.0, 10.0), 2.0, BOUNDARY_CITY);
            }
            painter.text(at, Align2::CENTER_CENTER, &district.name, FontId::proportional(11.0), LABEL);
        }
        if let Some(at) = self.mark.map(project) {
            painter.circle(at, 5.0, Color32::TRANSPARENT, Stroke::new(1.5, ACCENT));
            painter.hline((at.x - 9.0)..=(at.x + 9.0), at.y, Stroke::new(1.0, ACCENT));
            painter.vline(at.x, (at.y - 9.0)..=(at.y + 9.0), Stroke::new(1.0, ACCENT));
        }
    }
}
