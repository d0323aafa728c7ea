//! The director of the stage: follows the city into layers and drawings, looks through the camera, and says what is drawn.
//!
//! It owns everything of the map that is not on the GPU. Once per frame: [`Director::follow`] takes in what changed,
//! [`Director::frame`] makes the frame's list. It knows neither windows nor the network beyond tiles' addresses.

use super::{
    StageFrame,
    camera::StageCamera,
    city_layers::{CityLayer, CityLayers, LayerKey, Now},
    detail::Detail,
    fixed,
    gpu::map::{DrawList, MapView, Upload, flag, shape},
    overlays::{self, Overlay, Pace},
    paint,
    palette::{Palette, Theme},
    raster::{RASTER_PREFIX, Raster, RasterSource},
    scene::{Areas, Scene},
    sketch::{Anchor, Look as MarkLook, Sketch, Texts},
    style::{self, Style},
    things::{Census, Group, Look, StageClock},
    tiles::{TileUrls, Tiles},
};
use crate::{
    hall::{Changes, Hall},
    history::History,
    inventories::ThingsNews,
    panels::{Chosen, Selection},
};
use bevy::prelude::Resource;
use gulang_city::*;
use gulang_wire::ClockKind;
use std::collections::{BTreeMap, BTreeSet};

/// The stage follows readings at most this often, s of the screen's own time.
const FOLLOW_SECS: f64 = 0.25;
/// While the camera moves, overlays that follow it are drawn anew at most this often, s.
const ASKEW_SECS: f64 = 0.1;
const GROUPS: &str = "groups";
const SELECTION: &str = "selection";
const TOOLS: &str = "tools";
/// How many alarms carry their name.
const MOST_ALARM_LABELS: usize = 14;

/// Theme, detail, selection, place, and which of what comes again and again.
type DrawnFor = (Theme, Detail, Option<Selection>, Option<LonLat>, Chosen);

#[derive(Resource)]
pub struct Director {
    pub camera: StageCamera,
    pub theme: Theme,
    /// Layers and overlays that are off, by id.
    pub off: BTreeSet<String>,
    /// Switched on by name, or seen before: whoever comes with such an id keeps the switch it has.
    decided: BTreeSet<String>,
    /// What each chip switched off, to be switched on with it again.
    hidden_by_chip: BTreeMap<u8, Vec<String>>,
    /// The place last clicked on bare ground.
    pub place: Option<LonLat>,
    pub history: History,
    pub areas: Areas,
    pub land: Option<Land>,
    /// The city's roads, once they came.
    pub net: Option<RoadNet>,
    /// The same with what is closed now.
    roads: Option<Metric>,
    pub tiles: Option<Tiles>,
    /// Online maps there are, and the one that lies over the base map.
    rasters: Vec<RasterSource>,
    raster: Raster,
    /// Switched on, by id; it may not be known yet.
    raster_on: Option<String>,
    layers: CityLayers,
    clock: Option<StageClock>,
    sketches: BTreeMap<&'static str, Drawn>,
    alarm_texts: Vec<Texts>,
    groups: Vec<Group>,
    groups_drawn: Vec<(Group, LayerKey)>,
    censuses: Vec<(LayerKey, Census)>,
    followed_at: f64,
    uploads: Vec<Upload>,
    /// What the drawings were made for: theme, detail, selection, place.
    drawn_for: Option<DrawnFor>,
    /// The registers whose layers were on then.
    shown_registers: BTreeSet<String>,
    is_theme_due: bool,
}

struct Drawn {
    sketch: Sketch,
    at: f64,
    /// What it followed from, if its overlay says so.
    basis: Option<u64>,
    /// The camera's scale, bearing and tilt.
    lens: [f64; 3],
}

/// The map's part of a screen.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    /// Left, top, width, height in logical px.
    pub rect: [f64; 4],
    /// Physical px per logical px.
    pub ppp: f64,
    /// How much larger than at the desk everything is drawn.
    pub scale: f64,
}

impl Port {
    pub fn size(&self) -> (f64, f64) {
        (self.rect[2], self.rect[3])
    }
}

impl Default for Director {
    fn default() -> Self {
        let off = overlays::all().iter().filter(|it| !it.starts_on()).map(|it| it.id().to_owned()).collect();
        Self {
            camera: StageCamera::default(),
            theme: Theme::Dark,
            off,
            decided: BTreeSet::new(),
            hidden_by_chip: BTreeMap::new(),
            place: None,
            history: History::default(),
            areas: Areas::default(),
            land: None,
            net: None,
            roads: None,
            tiles: None,
            rasters: Vec::new(),
            raster: Raster::default(),
            raster_on: None,
            layers: CityLayers::default(),
            clock: None,
            sketches: BTreeMap::new(),
            alarm_texts: Vec::new(),
            groups: Vec::new(),
            groups_drawn: Vec::new(),
            censuses: Vec::new(),
            followed_at: f64::NEG_INFINITY,
            uploads: Vec::new(),
            drawn_for: None,
            shown_registers: BTreeSet::new(),
            is_theme_due: true,
        }
    }
}

impl Director {
    pub fn palette(&self) -> &'static Palette {
        self.theme.palette()
    }

    pub fn set_theme(&mut self, theme: Theme) {
        self.is_theme_due |= self.theme != theme;
        self.theme = theme;
    }

    /// Takes in what the hall heard, at most as often as [`FOLLOW_SECS`]; `time` is the screen's own, s.
    pub fn follow(&mut self, hall: &mut Hall, time: f64) {
        let changes = hall.changes;
        let is_due = time - self.followed_at >= FOLLOW_SECS;
        if !(changes.city || is_due && (changes != Changes::default() || !hall.things_news.is_empty())) {
            return;
        }
        let clock = self.stage_clock(hall, time);
        self.clock.get_or_insert(clock);
        let Some(city) = &hall.city else { return };
        hall.changes = Changes::default();
        self.followed_at = time;
        let frame = LocalFrame::new(city.center);
        if changes.city {
            self.history = History::default();
            // Another city may live in another year.
            let clock = StageClock { epoch: StageClock::starting(clock.now).epoch, ..clock };
            self.clock = Some(clock);
            let now = Now { city, readings: &hall.readings, frame, clock };
            self.layers = CityLayers::found(&now);
            self.sketches.clear();
            self.drawn_for = None;
        }
        let now = Now {
            city,
            readings: &hall.readings,
            frame,
            clock: self.clock.map_or(clock, |it| StageClock { epoch: it.epoch, ..clock }),
        };
        self.history.take(city, &hall.readings);
        self.layers.follow(&now, changes.records);
        for news in hall.things_news.drain(..) {
            match news {
                ThingsNews::Whole(id) => {
                    if let Some(inventory) = hall.inventories.held().get(&id) {
                        self.layers.put_inventory(&now, inventory);
                        // Registers are quiet until asked for: a million dots are not what anybody looks for first.
                        if self.decided.insert(id.to_string()) {
                            self.off.insert(id.to_string());
                        }
                    }
                }
                ThingsNews::Changed(id, handles) => {
                    if let Some(inventory) = hall.inventories.held().get(&id) {
                        self.layers.follow_inventory(&now, inventory, &handles);
                    }
                }
            }
        }
        self.layers.age_inventories(&now, hall.inventories.held());
        if changes.records {
            self.alarm_texts = alarm_texts(city, &frame, self.palette());
        }
        self.follow_roads(city, &hall.readings, hall.clock(time).now);
        for (pace, is_changed) in
            [(Pace::Records, changes.records), (Pace::Readings, changes.records || changes.readings)]
        {
            if is_changed {
                let scene = self.scene(hall, city, time, self.drawn_detail());
                let is_due = |it: &&dyn Overlay| {
                    let basis = it.basis(&scene);
                    it.pace() == pace
                        && (basis.is_none() || self.sketches.get(it.id()).is_none_or(|it| it.basis != basis))
                };
                let due: Vec<&dyn Overlay> = self.overlays_on().filter(is_due).collect();
                due.into_iter().for_each(|it| self.draw_overlay(it, hall, time));
            }
        }
    }

    /// One frame: what is drawn where. `hall` must hold a city.
    pub fn frame(&mut self, hall: &Hall, time: f64, port: &Port, urls: &dyn TileUrls, out: &mut StageFrame) {
        let Some(city) = &hall.city else {
            out.rect = None;
            return;
        };
        let clock = self.stage_clock(hall, time);
        let frame = LocalFrame::new(city.center);
        let detail = self.detail(port);
        if std::mem::take(&mut self.is_theme_due) {
            let palette = self.palette();
            self.uploads.push(Upload::Theme(Box::new((paint::rows(palette), style::rows(palette)))));
            self.alarm_texts = alarm_texts(city, &frame, palette);
        }
        self.redraw_overlays(hall, time, detail);

        let tiles = self.tiles.get_or_insert_with(|| Tiles::new(frame));
        out.uploads.append(&mut self.uploads);
        out.uploads.extend(tiles.update(&self.camera, port.size(), port.scale, urls, time));
        let view = (port.size(), port.scale);
        out.uploads.extend(self.raster.update(&self.camera, view, frame, urls, time));
        let mut list = DrawList {
            tiles: tiles.draws().to_vec(),
            rasters: self.raster.draws().to_vec(),
            has_solids: tiles.has_solids() && detail >= Detail::District,
            ..DrawList::default()
        };
        self.plan_layers(port, detail, &mut list, &mut out.uploads);
        self.draw_groups(&mut out.uploads);
        self.draw_selection(hall, &clock, &frame, &mut out.uploads);
        let drawn = overlays::all().iter().map(|it| it.id()).filter(|id| self.sketches.contains_key(id));
        list.sketches = drawn.filter(|id| !self.off.contains(*id)).collect();
        list.top_sketches = vec![GROUPS, SELECTION, TOOLS];

        let (camera, ppp) = (&self.camera, port.ppp);
        let px = |points: f64| (points * ppp).round().max(0.0) as u32;
        let [left, top, width, height] = port.rect;
        let (left_px, top_px) = (px(left), px(top));
        let size_px = (px(left + width).saturating_sub(left_px), px(top + height).saturating_sub(top_px));
        out.rect = (size_px.0 > 0 && size_px.1 > 0).then_some([left_px, top_px, size_px.0, size_px.1]);
        out.view = view_of(camera, &clock, time, size_px, ppp, port.scale, detail_near(camera, port));
        out.list = list;
    }

    /// Switches layers and overlays on by id; remembered for those still to come.
    pub fn show(&mut self, ids: &[String]) {
        for id in ids {
            match id.strip_prefix(RASTER_PREFIX) {
                Some(raster) => self.lay_raster(Some(raster.to_owned())),
                None => {
                    self.off.remove(id);
                    self.decided.insert(id.clone());
                }
            }
        }
    }

    /// As [`Self::show`]; the answer is those that were not on before.
    pub fn light(&mut self, ids: &[String]) -> Vec<String> {
        let is_on = |id: &str| match id.strip_prefix(RASTER_PREFIX) {
            Some(raster) => self.raster_on.as_deref() == Some(raster),
            // What is not here yet will be off when it comes.
            None => {
                let is_here =
                    self.layers.iter().any(|it| it.key.id() == id) || overlays::all().iter().any(|it| it.id() == id);
                is_here && !self.off.contains(id)
            }
        };
        let lit = ids.iter().filter(|id| !is_on(id)).cloned().collect();
        self.show(ids);
        lit
    }

    /// A row of the layer panel was switched.
    pub fn switch(&mut self, id: &str, on: bool) {
        match id.strip_prefix(RASTER_PREFIX) {
            Some(raster) => self.lay_raster(on.then(|| raster.to_owned())),
            None if on => drop(self.off.remove(id)),
            None => drop(self.off.insert(id.to_owned())),
        }
    }

    /// The hub told which online maps it can fetch.
    pub fn know_rasters(&mut self, sources: Vec<RasterSource>) {
        self.rasters = sources;
        self.lay_raster(self.raster_on.clone());
    }

    pub fn rasters(&self) -> &[RasterSource] {
        &self.rasters
    }

    /// The online map that is on.
    pub fn raster(&self) -> &Raster {
        &self.raster
    }

    /// One online map at a time; none is the pack's own alone.
    fn lay_raster(&mut self, id: Option<String>) {
        let source = self.rasters.iter().find(|it| Some(&*it.id) == id.as_deref()).cloned();
        self.raster.choose(source, &mut self.uploads);
        self.raster_on = id;
    }

    /// What the officer's tools have drawn, over everything else.
    pub fn draw_tools(&mut self, sketch: Sketch) {
        let mut uploads = std::mem::take(&mut self.uploads);
        self.upload_own(TOOLS, sketch, &mut uploads);
        self.uploads = uploads;
    }

    /// A layer chip 1–8 was pressed: what answers to it and is on goes off, and the same comes back with it. What was off by
    /// itself stays off.
    pub fn toggle_chip(&mut self, chip: u8, chips_off: &BTreeSet<u8>) {
        if !chips_off.contains(&chip) {
            for id in self.hidden_by_chip.remove(&chip).unwrap_or_default() {
                self.off.remove(&id);
            }
            return;
        }
        let layers = self.layers.iter().filter(|it| it.chip == Some(chip)).map(|it| it.key.id());
        let overlays = overlays::all().iter().filter(|it| it.chip() == Some(chip)).map(|it| it.id());
        let hidden: Vec<String> =
            layers.chain(overlays).filter(|id| !self.off.contains(*id)).map(str::to_owned).collect();
        self.off.extend(hidden.iter().cloned());
        self.hidden_by_chip.insert(chip, hidden);
    }

    /// The city's roads with what is closed now.
    pub fn roads(&self) -> Option<&Metric> {
        self.roads.as_ref()
    }

    pub fn detail(&self, port: &Port) -> Detail {
        Detail::at(self.camera.px_per_m / port.scale)
    }

    /// What a press at `at` (local metres) means: a thing within reach.
    pub fn pick(&self, hall: &Hall, time: f64, at: (f64, f64), port: &Port) -> Option<Selection> {
        /// `target.map_pick_radius`, logical px.
        const REACH_PX: f64 = 22.0;
        let city = hall.city.as_ref()?;
        let detail = self.detail(port);
        let clock = self.stage_clock(hall, time);
        let is_shown = |layer: &CityLayer| self.is_on(layer) && detail >= layer.things.from;
        self.layers.pick(city, at, REACH_PX * port.scale / self.camera.px_per_m, &clock, is_shown)
    }

    /// Every layer with what of it is where, bottom to top.
    pub fn layers(&self) -> impl Iterator<Item = (&CityLayer, Census)> {
        self.layers.iter().map(|layer| {
            let census = self.censuses.iter().find(|it| it.0 == layer.key).map(|it| it.1);
            (layer, census.unwrap_or_default())
        })
    }

    pub fn is_on(&self, layer: &CityLayer) -> bool {
        !self.off.contains(layer.key.id())
    }

    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What overlays and alarms want written.
    pub fn texts(&self) -> impl Iterator<Item = &Texts> {
        let sketches = self.sketches.iter().filter(|(id, _)| !self.off.contains(**id));
        let is_wide = self.drawn_for.as_ref().is_some_and(|it| it.1 == Detail::Region);
        let alarms = (!is_wide && !self.off.contains(LayerKey::Alarms.id())).then_some(&self.alarm_texts);
        sketches.flat_map(|(_, drawn)| &drawn.sketch.texts).chain(alarms.into_iter().flatten())
    }

    pub fn sketches(&self) -> impl Iterator<Item = (&'static str, &Sketch)> {
        self.sketches.iter().map(|(id, drawn)| (*id, &drawn.sketch))
    }

    /// How fast the fastest thing shown goes over the screen, logical px a second: how soon another frame is worth drawing.
    pub fn px_per_sec(&self, hall: &Hall, time: f64) -> f64 {
        let clock = self.stage_clock(hall, time);
        let moves = |it: &&CityLayer| it.things.moves && self.is_on(it);
        let fastest = self.layers.iter().filter(moves).map(|it| it.things.fastest(&clock)).fold(0.0, f64::max);
        fastest * self.camera.px_per_m
    }

    fn stage_clock(&self, hall: &Hall, time: f64) -> StageClock {
        let clock = hall.clock(time);
        let speed = match clock.kind {
            ClockKind::Live => 1.0,
            ClockKind::Exercise { speed, .. } | ClockKind::Replay { speed, .. } => f64::from(speed),
        };
        let epoch = self.clock.map(|it| it.epoch);
        let started = StageClock::starting(clock.now);
        StageClock { epoch: epoch.unwrap_or(started.epoch), now: clock.now, speed }
    }

    fn overlays_on(&self) -> impl Iterator<Item = &'static dyn Overlay> + use<> {
        let off = self.off.clone();
        overlays::all().iter().copied().filter(move |it| !off.contains(it.id()))
    }

    fn scene<'a>(&'a self, hall: &'a Hall, city: &'a City, time: f64, detail: Detail) -> Scene<'a> {
        Scene {
            city,
            readings: &hall.readings,
            history: &self.history,
            areas: &self.areas,
            land: self.land.as_ref(),
            frame: LocalFrame::new(city.center),
            now: hall.clock(time).now,
            camera: self.camera,
            detail,
            palette: self.palette(),
            selection: hall.selection.as_ref(),
            place: self.place,
            chosen: hall.chosen,
            inventories: hall.inventories.held(),
            shown_registers: &self.shown_registers,
            roads: self.roads.as_ref(),
        }
    }

    /// Those that count by the clock, and all of them when what they were drawn for changed.
    fn redraw_overlays(&mut self, hall: &Hall, time: f64, detail: Detail) {
        let drawn_for = (self.theme, detail, hall.selection.clone(), self.place, hall.chosen);
        let registers = self.layers.iter().filter(|it| matches!(it.key, LayerKey::Inventory(_)) && self.is_on(it));
        let shown_registers: BTreeSet<String> = registers.map(|it| it.key.id().to_owned()).collect();
        let is_other = self.drawn_for.as_ref() != Some(&drawn_for) || self.shown_registers != shown_registers;
        (self.drawn_for, self.shown_registers) = (Some(drawn_for), shown_registers);
        let lens = lens_of(&self.camera);
        let is_due = |it: &&dyn Overlay| {
            let is_late = |drawn: &Drawn| {
                let is_counting = it.pace() == Pace::Clock && time - drawn.at >= 1.0;
                let is_askew = it.follows_camera() && drawn.lens != lens && time - drawn.at >= ASKEW_SECS;
                is_counting || is_askew
            };
            is_other || self.sketches.get(it.id()).is_none_or(is_late)
        };
        let due: Vec<&dyn Overlay> = self.overlays_on().filter(is_due).collect();
        due.into_iter().for_each(|it| self.draw_overlay(it, hall, time));
    }

    fn drawn_detail(&self) -> Detail {
        self.drawn_for.as_ref().map_or(Detail::City, |it| it.1)
    }

    /// Which roads are closed, by the city's own rule; whoever draws them is drawn anew when that changed.
    fn follow_roads(&mut self, city: &City, readings: &Readings, now: Timestamp) {
        let Some(net) = &self.net else { return };
        let closures = city.closed_links(net, readings, now);
        if self.roads.as_ref().is_none_or(|it| *it.closures() != closures) {
            self.roads = Some(net.with_closures(&closures));
            self.drawn_for = None;
        }
    }

    fn draw_overlay(&mut self, overlay: &'static dyn Overlay, hall: &Hall, time: f64) {
        let Some(city) = &hall.city else { return };
        let detail = self.drawn_detail();
        let scene = self.scene(hall, city, time, detail);
        let basis = overlay.basis(&scene);
        let sketch = overlays::draw(overlay, &scene);
        let drawn = self.sketches.get(overlay.id());
        if drawn.is_none_or(|drawn| !drawn.sketch.looks_like(&sketch)) {
            self.uploads.push(Upload::Sketch(overlay.id(), Box::new(sketch.clone())));
        }
        let lens = lens_of(&self.camera);
        self.sketches.insert(overlay.id(), Drawn { sketch, at: time, basis, lens });
    }

    fn plan_layers(&mut self, port: &Port, detail: Detail, list: &mut DrawList, uploads: &mut Vec<Upload>) {
        let ground = self.camera.ground_box(port.size());
        let palette = self.palette();
        self.censuses.clear();
        let mut groups = Vec::new();
        for layer in self.layers.iter_mut() {
            let is_on = !self.off.contains(layer.key.id());
            let (px_per_m, scale) = (self.camera.px_per_m, port.scale);
            let density = if layer.is_stale { palette.stale } else { palette.ink_second };
            let look = Look { ground, px_per_m, scale, detail, is_on, density };
            let (draw, census, grouped) = layer.things.plan(&look, uploads);
            groups.extend(grouped.iter().map(|it| (it.clone(), layer.key.clone())));
            self.censuses.push((layer.key.clone(), census));
            list.things.push(draw);
        }
        let reach_m = GROUP_REACH_PX * port.scale / self.camera.px_per_m;
        keep_apart(&mut groups, reach_m);
        self.groups = groups.iter().map(|it| it.0.clone()).collect();
        if groups != self.groups_drawn {
            self.groups_drawn = groups;
            self.sketches.remove(GROUPS);
        }
    }

    fn draw_groups(&mut self, uploads: &mut Vec<Upload>) {
        let p = self.palette();
        let mut sketch = Sketch::default();
        for (group, key) in &self.groups_drawn {
            let (shape, color) = match key {
                LayerKey::Shelters => (shape::CIRCLE, p.shelter),
                LayerKey::Cases | LayerKey::Alarms => {
                    let is_yellow =
                        [Style::Case1, Style::Alarm1, Style::Flood1].iter().any(|it| *it as u8 == group.worst);
                    (shape::CIRCLE, p.level_line(if is_yellow { WarningColor::Yellow } else { WarningColor::Blue }))
                }
                _ => (shape::CIRCLE, p.facility),
            };
            sketch.mark(group.at, MarkLook { shape, size: 24, color, flags: flag::DOUBLE_RING, glyph: "" });
        }
        self.upload_own(GROUPS, sketch, uploads);
    }

    fn draw_selection(&mut self, hall: &Hall, clock: &StageClock, frame: &LocalFrame, uploads: &mut Vec<Upload>) {
        let mut sketch = Sketch::default();
        if let Some(at) = hall.selection.as_ref().and_then(|it| self.shown_place(hall, it, clock, frame)) {
            let color = self.palette().selection;
            sketch.mark(at, MarkLook { shape: shape::CIRCLE, size: 34, color, flags: flag::LOST, glyph: "" });
        }
        self.upload_own(SELECTION, sketch, uploads);
    }

    /// Where a thing is drawn this instant, local metres: movers glide between their fixes.
    pub fn shown_place(
        &self,
        hall: &Hall,
        it: &Selection,
        clock: &StageClock,
        frame: &LocalFrame,
    ) -> Option<(f64, f64)> {
        let city = hall.city.as_ref()?;
        let (key, handle) = match it {
            Selection::Team(id) => (LayerKey::Teams, city.teams.get_index_of(id)?),
            Selection::Drone(id) => (LayerKey::Drones, city.drones.get_index_of(id)?),
            Selection::Thing { inventory, handle } => (LayerKey::Inventory(inventory.clone()), *handle as usize),
            _ => return hall.place_of(it).map(|at| frame.local_from_geo(at)),
        };
        let mark = self.layers.iter().find(|layer| layer.key == key).and_then(|layer| layer.things.mark(handle));
        match mark {
            Some(mark) => Some(super::things::shown_at(mark, clock)),
            None => hall.place_of(it).map(|at| frame.local_from_geo(at)),
        }
    }

    /// The same by the screen's own time, for what follows it.
    pub fn where_shown(&self, hall: &Hall, it: &Selection, time: f64) -> Option<(f64, f64)> {
        let frame = LocalFrame::new(hall.city.as_ref()?.center);
        self.shown_place(hall, it, &self.stage_clock(hall, time), &frame)
    }

    fn upload_own(&mut self, id: &'static str, sketch: Sketch, uploads: &mut Vec<Upload>) {
        if self.sketches.get(id).is_none_or(|drawn| !drawn.sketch.looks_like(&sketch)) {
            uploads.push(Upload::Sketch(id, Box::new(sketch.clone())));
            self.sketches.insert(id, Drawn { sketch, at: 0.0, basis: None, lens: [0.0; 3] });
        }
    }
}

/// Two groups' rings stand at least this far apart, logical px.
const GROUP_REACH_PX: f64 = 34.0;

/// Groups of different layers over the same streets: the later one steps aside, by no more than its own ring.
fn keep_apart(groups: &mut [(Group, LayerKey)], reach_m: f64) {
    for i in 1..groups.len() {
        let (placed, rest) = groups.split_at_mut(i);
        let at = &mut rest[0].0.at;
        for _ in 0..3 {
            let gap = |other: (f64, f64)| (at.0 - other.0).hypot(at.1 - other.1);
            let Some(near) = placed.iter().map(|it| it.0.at).find(|other| gap(*other) < reach_m) else { break };
            let (dx, dy) = (at.0 - near.0, at.1 - near.1);
            let length = dx.hypot(dy);
            let (dx, dy) = if length > reach_m * 0.05 { (dx / length, dy / length) } else { (1.0, 0.0) };
            *at = (near.0 + dx * reach_m * 1.01, near.1 + dy * reach_m * 1.01);
        }
    }
}

/// 0 where the whole city is in view, 1 from a district on: symbols grow between.
fn detail_near(camera: &StageCamera, port: &Port) -> f32 {
    let (far, near) = (0.03f64, 0.09f64);
    let at = (camera.px_per_m / port.scale / far).ln() / (near / far).ln();
    at.clamp(0.0, 1.0) as f32
}

fn view_of(
    camera: &StageCamera,
    clock: &StageClock,
    time: f64,
    (width, height): (u32, u32),
    ppp: f64,
    scale: f64,
    near: f32,
) -> MapView {
    let (center, rest) = fixed::center(camera);
    let (east, north) = camera.axes();
    let px = |(x, y): (f64, f64)| [(x * ppp) as f32, (y * ppp) as f32];
    let px_per_m = camera.px_per_m * ppp;
    let (sin, cos) = camera.tilt.to_radians().sin_cos();
    // Depth reaches as far as the view does, and a kilometre beyond for what is tall.
    let reach_m = f64::from(width + height) / px_per_m + 1000.0;
    MapView {
        center,
        rest,
        east: px(east),
        north: px(north),
        size: [width as f32, height as f32],
        scale: (ppp * scale) as f32,
        rise: (camera.rise_px_per_m() * ppp) as f32,
        px_per_m: px_per_m as f32,
        time: (time % 86_400.0) as f32,
        near,
        pulse: 1.0,
        now_ds: clock.ds(clock.now),
        now_rest: clock.rest(),
        blend_ds: clock.blend_ds(),
        reckon_ds: clock.reckon_ds(),
        look: [sin as f32, cos as f32, (0.5 / reach_m) as f32, 0.0],
    }
}

/// The worst alarms carry their name and value.
fn alarm_texts(city: &City, frame: &LocalFrame, palette: &Palette) -> Vec<Texts> {
    let by_sensor: BTreeMap<&SensorId, &FloodPoint> = city.flood_points.values().map(|it| (&it.sensor, it)).collect();
    let open = city.open_alarms.values().filter_map(|id| city.alarms.get(id));
    let mut open: Vec<&Alarm> = open.filter(|it| city.suppression_of(it, city.at).is_none()).collect();
    open.sort_by_key(|it| (std::cmp::Reverse(it.color), it.id));
    (open.into_iter())
        .filter_map(|alarm| {
            let subject = city.subject_of(alarm)?;
            let text = match (subject, by_sensor.get(&alarm.sensor)) {
                (AlarmSubject::Thing(thing), _) => format!("{} {}", thing.thing, thing.breach.name_zh()),
                (_, Some(point)) => format!("{} {:.0} {}", point.name, alarm.value, subject.unit()),
                (_, None) => format!("{} {:.0} {}", subject.name(), alarm.value, subject.unit()),
            };
            Some(Texts {
                at: frame.local_from_geo(subject.place()),
                text,
                size: 13.0,
                color: palette.ink,
                anchor: Anchor::Right,
                boxed: false,
                priority: 50 + alarm.color as u8,
            })
        })
        .take(MOST_ALARM_LABELS)
        .collect()
}

/// What of the camera lengths in px hang on.
fn lens_of(camera: &StageCamera) -> [f64; 3] {
    [camera.px_per_m, camera.bearing, camera.tilt]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_brings_back_only_what_it_hid() {
        let mut director = Director::default();
        assert!(director.off.contains("heat") && !director.off.contains("typhoon"));
        for (chip, id) in [(1, "heat"), (8, "typhoon")] {
            let was_off = director.off.contains(id);
            director.toggle_chip(chip, &BTreeSet::from([chip]));
            assert!(director.off.contains(id), "{id}");
            director.toggle_chip(chip, &BTreeSet::new());
            assert_eq!(director.off.contains(id), was_off, "{id}");
        }
    }

    #[test]
    fn groups_over_each_other_step_aside() {
        let group = |at| (Group { at, n: 5, worst: 0 }, LayerKey::Cases);
        let mut groups = vec![group((0.0, 0.0)), group((0.0, 0.0)), group((500.0, 0.0))];
        keep_apart(&mut groups, 100.0);
        assert_eq!(groups[2].0.at, (500.0, 0.0));
        assert!(groups[1].0.at.0.hypot(groups[1].0.at.1) >= 100.0);
    }
}
