//! The app of a screen: bevy's plugins, the systems of a frame and their order.
//!
//! ```text
//! Update          hear the hub · take in fetched layers · hand the stage its changes
//! egui pass       panels · what the officer asked for · the map's pointer · names over the map
//! render world    the stage under, egui over
//! ```

use crate::{
    asking::AskMail,
    briefings::BriefingMail,
    detections::DetectionMail,
    drills::DrillMail,
    duties::DutyMail,
    feeds::Watching,
    hall::{Errand, Hall, Pictures},
    i18n::{Lang, tr},
    imports::ImportMail,
    indicators::IndicatorMail,
    medias::MediaMail,
    net::{Address, Net},
    panels::{
        ConnectionState, LayerRow, LocatorLand, LocatorTiles, Model, PanelState, Selection, UiCommand, screen_ui,
        wall_ui,
    },
    platform,
    playback::{PlaybackMail, PlaybackNews},
    processes::ProcessMail,
    search::{Names, named_from_layer},
    sources::SourceMail,
    stage,
    stage::{
        StageFrame, atlas,
        camera::StageCamera,
        city_layers::LayerKey,
        director::{Director, Port},
        gpu::map::Upload,
        helm::Helm,
        labels, overlays,
        palette::Theme,
        raster::RasterCrs,
        scene::Areas,
        tiles::TileUrls,
    },
    theme,
};
use bevy::{
    asset::AssetEventSystems,
    ecs::message::{MessageCursor, Messages},
    log::{DEFAULT_FILTER, LogPlugin},
    prelude::*,
    window::{FileDragAndDrop, PrimaryWindow, WindowOccluded},
    winit::{EventLoopProxyWrapper, UpdateMode, WinitSettings, WinitUserEvent},
};
use bevy_egui::{EguiContexts, EguiPlugin, EguiPostUpdateSet, EguiPrimaryContextPass};
use gulang_city::{Budget, City, Land, LocalFrame, LonLat, Posture, RoadNet, Timestamp};
use gulang_tiles::TileId;
use gulang_wire::Playback;
use std::{
    collections::BTreeMap,
    sync::{Mutex, mpsc},
    time::Duration,
};

/// Where a desk sits that was told nothing: the pack's first officer seat.
pub const DESK_SEAT: &str = "";
pub const WALL_SEAT: &str = "大屏";
/// The CJK subset every program carries.
pub(crate) const FONT: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Regular-gb2312.ttf");
/// Metres across the map at first: the island and the four bays' shores; a wall's map is flatter and stands nearer.
const FIRST_VIEW_M: f64 = 30_000.0;
const WALL_VIEW_M: f64 = 22_000.0;
/// The pack's shapes and roads that panels and overlays draw with, and names to be found; the base map comes as tiles.
const SHAPE_FILES: [&str; 7] = [LAND, DISTRICTS, REGION_LAND, ROADS, PLACES, STATIONS, STREETS];
const LAND: &str = "map/land.geojson";
const DISTRICTS: &str = "map/districts.geojson";
const REGION_LAND: &str = "map/region_land.geojson";
const ROADS: &str = "roads.json";
const PLACES: &str = "map/places.geojson";
const STATIONS: &str = "map/stations.geojson";
const STREETS: &str = "map/roads.geojson";
/// Not of the pack: which online maps the hub can fetch.
const RASTERS: &str = "raster.json";

/// Which of the two screens this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Resource)]
pub enum Screen {
    Desk,
    Wall,
}

/// What a screen is told when it starts.
#[derive(Clone, Debug, Resource)]
pub struct Start {
    pub view: Option<StartView>,
    pub theme: Theme,
    /// Of a briefing's pages; D there switches it.
    pub page_theme: Theme,
    /// Layers and overlays to switch on, by id.
    pub show: Vec<String>,
    /// The place arrival times are told for.
    pub place: Option<LonLat>,
    /// What is selected at first, by id.
    pub select: Option<String>,
    /// The map alone, without panels.
    pub is_map_only: bool,
    /// Of the screen at first; F7 switches it.
    pub lang: Lang,
    /// The scene this wall shows, whatever the hall's is: `metrics`, `metrics:` and a layout's name, or a page of a briefing.
    pub scene: Option<String>,
    /// How much larger everything on the map is for a far seat (`type.wall.scale_setting`, 1.0–1.6).
    pub size_factor: f32,
}

impl Default for Start {
    fn default() -> Self {
        let (view, place, select, scene) = (None, None, None, None);
        let (theme, lang) = (Theme::Dark, Lang::Zh);
        let page_theme = Theme::Light;
        Self {
            view,
            theme,
            page_theme,
            show: Vec::new(),
            place,
            select,
            is_map_only: false,
            lang,
            scene,
            size_factor: 1.0,
        }
    }
}

/// Where the map looks at first: `metres` across its narrower side, up and laid back in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StartView {
    pub at: LonLat,
    pub metres: f64,
    pub bearing: f64,
    pub tilt: f64,
}

/// bevy's log, less what would put an address with this launch's token in it.
pub fn log() -> LogPlugin {
    LogPlugin { filter: format!("{DEFAULT_FILTER},walkers=off"), ..LogPlugin::default() }
}

/// Everything a screen needs beside bevy's own plugins, which the host chooses.
pub fn plugin(app: &mut App, screen: Screen, address: Address, start: Start) {
    let (sender, receiver) = mpsc::channel();
    app.add_plugins((EguiPlugin::default(), stage::plugin))
        // Text and pictures that are new this frame are on the GPU when this frame is drawn. Left to chance, they came one
        // late, and a figure lacked a digit until then.
        .configure_sets(PostUpdate, EguiPostUpdateSet::PostProcessOutput.before(AssetEventSystems))
        .insert_resource(ClearColor(Color::srgb_u8(0x0B, 0x11, 0x17)))
        .insert_resource(screen)
        .insert_resource(Hall::new(address.seat.clone()))
        .insert_resource(Fetches { sender, receiver: Mutex::new(receiver), asked: false, got: BTreeMap::new() })
        .insert_resource(start)
        .init_resource::<MapState>()
        .init_resource::<Director>()
        .init_resource::<Panels>()
        .insert_non_send(Net::new(address))
        .add_message::<FileDragAndDrop>()
        .add_systems(Update, (hear, watch, take_files, fetch_shapes, follow).chain())
        .add_systems(EguiPrimaryContextPass, draw)
        .add_systems(Startup, learn_to_wake)
        .add_systems(Last, pace);
}

/// What arrives beside the loop wakes it.
fn learn_to_wake(proxy: Option<Res<EventLoopProxyWrapper>>) {
    if let Some(proxy) = proxy {
        let proxy = (**proxy).clone();
        // A loop that has ended needs no waking.
        platform::set_wake(move || {
            let _ = proxy.send_event(WinitUserEvent::WakeUp);
        });
    }
}

/// A screen on which nothing changes is drawn twice a second, for its clocks; one on which something moves, as often as a step
/// of [`STEP_PX`] asks for.
const IDLE: Duration = Duration::from_millis(500);
const SMOOTH: Duration = Duration::from_millis(33);
const STEP_PX: f64 = 0.7;

/// The hub has kept a bookmark after so long, s; the story is asked for again.
const BOOKMARK_SECS: f64 = 0.5;

/// How long the loop may sleep before the next frame.
fn pace(
    director: Res<Director>,
    hall: Res<Hall>,
    time: Res<Time<Real>>,
    map: Res<MapState>,
    panels: Res<Panels>,
    settings: Option<ResMut<WinitSettings>>,
) {
    let Some(mut settings) = settings else { return };
    let px_per_sec = director.px_per_sec(&hall, time.elapsed_secs_f64());
    let wait = if map.helm.pilot.is_flying() || panels.watching.is_settling() {
        SMOOTH
    } else {
        Duration::from_secs_f64((STEP_PX / px_per_sec.max(0.01)).min(1.0)).clamp(SMOOTH, IDLE)
    };
    let mode = UpdateMode::reactive(wait);
    if settings.focused_mode != mode {
        settings.focused_mode = mode;
        settings.unfocused_mode = mode;
    }
}

/// The pack's shapes, asked for once the city is known.
#[derive(Resource)]
pub struct Fetches {
    sender: mpsc::Sender<(&'static str, platform::Fetched)>,
    receiver: Mutex<mpsc::Receiver<(&'static str, platform::Fetched)>>,
    asked: bool,
    /// Text of each layer that came; `None` if it failed.
    got: BTreeMap<&'static str, Option<String>>,
}

impl Fetches {
    pub fn are_done(&self) -> bool {
        self.got.len() == SHAPE_FILES.len() + 1
    }
}

/// The hand on the map.
#[derive(Resource, Default)]
pub struct MapState {
    helm: Helm,
    has_looked: bool,
    has_atlas: bool,
}

impl MapState {
    /// With the next frame the map is turned to the start's view, and shows its layers, once more.
    pub fn look_again(&mut self) {
        self.has_looked = false;
    }
}

/// The panels with what they remember, and the mail they wait for.
#[derive(Resource, Default)]
pub struct Panels {
    state: PanelState,
    pictures: Pictures,
    /// Places and roads by name, for finding.
    names: Names,
    /// Came before egui could hold them.
    errands: Vec<Errand>,
    /// The list of duties, as asked and answered.
    duties: DutyMail,
    /// Scenarios and scores, the same way.
    drills: DrillMail,
    /// Files on their way into registers, the same way.
    imports: ImportMail,
    /// What is looked back at.
    playback: PlaybackMail,
    /// How the sources do.
    sources: SourceMail,
    /// The figures.
    indicators: IndicatorMail,
    /// 会商简报: what is news, and files.
    briefings: BriefingMail,
    /// What platforms tell of one case.
    processes: ProcessMail,
    /// Pictures of cases.
    medias: MediaMail,
    /// What video recognition saw.
    detections: DetectionMail,
    /// Questions to the city, and their answers.
    asking: AskMail,
    /// The pictures wanted of the hub.
    watching: Watching,
    n_frames: u32,
}

impl Panels {
    /// How large the map was in the last frame, px of a screen whose points are pixels.
    pub fn map_px(&self) -> (u32, u32) {
        let size = self.state.map_rect.size().max(egui::Vec2::ZERO);
        (size.x.round() as u32, size.y.round() as u32)
    }
}

fn hear(time: Res<Time<Real>>, mut hall: ResMut<Hall>, mut net: NonSendMut<Net>, mut panels: ResMut<Panels>) {
    let errands = hall.hear(&mut net, time.elapsed_secs_f64());
    panels.errands.extend(errands);
}

/// Tells the hub which pictures this screen shows: those the last frame drew, and none while nobody can see the window.
fn watch(
    time: Res<Time<Real>>,
    occlusions: Option<Res<Messages<WindowOccluded>>>,
    mut cursor: Local<MessageCursor<WindowOccluded>>,
    mut is_hidden: Local<bool>,
    mut net: NonSendMut<Net>,
    mut panels: ResMut<Panels>,
) {
    // A program without a window has no such messages.
    if let Some(occlusions) = &occlusions
        && let Some(last) = cursor.read(occlusions).last()
    {
        *is_hidden = last.occluded;
    }
    let wanted = if *is_hidden { Vec::new() } else { panels.state.wanted() };
    if let Some(wanted) = panels.watching.step(net.opened(), wanted, time.elapsed_secs_f64()) {
        net.watch_feeds(wanted);
    }
}

/// Files dropped on the window, or chosen on the page: a desk looks at them.
fn take_files(mut dropped: MessageReader<FileDragAndDrop>, screen: Res<Screen>, mut panels: ResMut<Panels>) {
    let mut files: Vec<Result<(String, Vec<u8>), String>> = platform::take_files().into_iter().map(Ok).collect();
    files.extend(dropped.read().filter_map(|it| match it {
        FileDragAndDrop::DroppedFile { path_buf, .. } => Some(platform::read_dropped(path_buf)),
        _ => None,
    }));
    if *screen != Screen::Desk {
        return;
    }
    for file in files {
        match file {
            Ok((name, bytes)) => panels.state.take_file(name, bytes),
            Err(why) => {
                let text = panels.state.lang.fill(tr::IMPORT_UNREADABLE, &[&why]);
                panels.state.notify(text);
            }
        }
    }
}

fn fetch_shapes(
    mut fetches: ResMut<Fetches>,
    mut hall: ResMut<Hall>,
    net: NonSend<Net>,
    mut director: ResMut<Director>,
    mut panels: ResMut<Panels>,
) {
    if hall.city.is_none() {
        return;
    }
    if !fetches.asked {
        fetches.asked = true;
        let address = net.address();
        let asked = SHAPE_FILES.map(|file| (file, address.pack_url(file)));
        for (file, url) in asked.into_iter().chain([(RASTERS, address.rasters_url())]) {
            let sender = fetches.sender.clone();
            platform::fetch(url, move |got| {
                // The app is gone if nobody listens.
                let _ = sender.send((file, got));
            });
        }
    }
    let came: Vec<_> = fetches.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default();
    if came.is_empty() {
        return;
    }
    for (file, got) in came {
        let text = got.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
        if let Err(why) = &text {
            tracing::warn!("shapes {file}: {why}; the screen goes without them");
        }
        fetches.got.insert(file, text.ok());
    }
    if fetches.are_done() {
        let text = |file: &str| fetches.got.get(file).and_then(Option::as_deref).unwrap_or_default();
        hall.locator_land = LocatorLand::from_geojson(text(LAND), text(DISTRICTS), text(REGION_LAND));
        director.areas = Areas::from_geojson(text(DISTRICTS));
        let with_coast = |it: Land| if text(LAND).is_empty() { Ok(it) } else { it.with_coast(text(LAND)) };
        match Land::from_geojson(text(DISTRICTS)).and_then(with_coast) {
            Ok(land) => director.land = Some(land),
            Err(why) => tracing::warn!("{DISTRICTS}, {LAND}: {why}; no boat is proposed and no air circle is counted"),
        }
        // A pack may have none; its arrival times are straight lines then.
        if !text(ROADS).is_empty() {
            match RoadNet::from_json(text(ROADS)) {
                Ok(net) => director.net = Some(net),
                Err(why) => tracing::warn!("{ROADS}: {why}; the map goes without closed roads and reach"),
            }
        }
        match serde_json::from_str(text(RASTERS)) {
            Ok(sources) => director.know_rasters(sources),
            Err(why) => tracing::warn!("{RASTERS}: {why}; the screen goes without online maps"),
        }
        let mut places = named_from_layer(text(PLACES));
        places.extend(named_from_layer(text(STATIONS)));
        panels.names = Names { places, roads: named_from_layer(text(STREETS)) };
        fetches.got.values_mut().for_each(|text| *text = None);
    }
}

/// Hands the stage what changed.
fn follow(time: Res<Time<Real>>, mut hall: ResMut<Hall>, mut director: ResMut<Director>) {
    director.follow(&mut hall, time.elapsed_secs_f64());
}

struct HubTiles<'a>(&'a Address);

impl TileUrls for HubTiles<'_> {
    fn source(&self) -> String {
        self.0.tile_source_url()
    }
    fn tile(&self, id: TileId) -> String {
        self.0.tile_url(id.z, id.x, id.y)
    }
    fn raster(&self, source: &str, id: TileId) -> String {
        self.0.raster_url(source, id.z, id.x, id.y)
    }
}

#[expect(clippy::too_many_arguments, reason = "a bevy system names what it touches")]
fn draw(
    mut contexts: EguiContexts,
    (screen, start): (Res<Screen>, Res<Start>),
    time: Res<Time<Real>>,
    mut hall: ResMut<Hall>,
    mut net: NonSendMut<Net>,
    mut panels: ResMut<Panels>,
    mut map: ResMut<MapState>,
    mut director: ResMut<Director>,
    mut frame: ResMut<StageFrame>,
    window: Query<&mut Window, With<PrimaryWindow>>,
) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let time = time.elapsed_secs_f64();
    let panels = &mut *panels;
    let hall = &mut *hall;
    panels.n_frames += 1;
    if panels.n_frames == 1 {
        panels.state.own_scene = start.scene.as_deref().map(Into::into);
        panels.state.lang = start.lang;
        panels.state.set_page_theme(start.page_theme);
        theme::install_fonts(&ctx, FONT.to_vec());
        theme::apply(&ctx);
        return Ok(());
    }
    if !map.has_atlas
        && panels.n_frames >= 3
        && let Some(coverage) = atlas::coverage(&ctx)
    {
        frame.uploads.push(Upload::Atlas(coverage));
        map.has_atlas = true;
    }
    // Of several pictures of one feed only the newest is worth decoding.
    let mut newest = BTreeMap::new();
    for errand in panels.errands.drain(..) {
        match errand {
            Errand::Picture(picture) => {
                newest.insert(picture.feed.clone(), picture);
            }
            Errand::Feeds(feeds) => {
                panels.pictures.status = feeds.into_iter().map(|it| (it.feed.clone(), it)).collect()
            }
            Errand::Notice(text) => panels.state.notify(text),
            Errand::Refused(refusal) => panels.state.refused(&refusal),
        }
    }
    for picture in newest.into_values() {
        panels.pictures.take(&ctx, picture);
    }
    for news in panels.processes.poll() {
        panels.state.take_process(news);
    }
    for news in panels.medias.poll() {
        panels.state.take_media(news);
    }
    for news in panels.sources.poll() {
        panels.state.take_sources(news);
    }
    for news in panels.indicators.poll() {
        panels.state.take_indicators(news);
    }
    for news in panels.briefings.poll() {
        panels.state.take_briefings(news);
    }
    for picture in panels.detections.poll() {
        panels.state.take_detection(picture);
    }
    for news in panels.asking.poll() {
        panels.state.take_asking(news);
    }
    for (ticket, answer) in panels.duties.poll() {
        panels.state.take_duties(ticket, answer);
    }
    for news in panels.drills.poll() {
        panels.state.take_drills(news);
    }
    for news in panels.imports.poll() {
        panels.state.take_import(news);
    }
    for news in panels.playback.poll(time) {
        match news {
            PlaybackNews::Logs(answer) => panels.state.take_logs(answer),
            PlaybackNews::Report(saved) => panels.state.notify(report_note(saved)),
        }
    }
    let Some(city) = &hall.city else {
        frame.rect = None;
        waiting_ui(&ctx, net.address(), hall.connected);
        return Ok(());
    };
    let mut clock = hall.clock(time);
    panels.playback.follow(net.address(), hall.realm, &clock, time);
    if let Some(story) = panels.playback.story() {
        clock.now = story.within(clock.now);
    }
    // The map first, with the rect the panels left last frame: names must lie under this frame's chips and cards.
    let rect = panels.state.map_rect;
    let is_shown = rect.is_finite() && rect.width() > 1.0 && rect.height() > 1.0;
    let scale = match *screen {
        Screen::Desk => 1.0,
        Screen::Wall => (ctx.content_rect().height() / 540.0).max(1.0) * start.size_factor,
    };
    let local = LocalFrame::new(city.center);
    let [left, top] = [rect.left(), rect.top()].map(f64::from);
    let [width, height] = [rect.width(), rect.height()].map(f64::from);
    let ppp = f64::from(ctx.pixels_per_point());
    let port = Port { rect: [left, top, width, height], ppp, scale: f64::from(scale) };
    if is_shown && !map.has_looked {
        map.has_looked = true;
        let metres = if *screen == Screen::Wall { WALL_VIEW_M } else { FIRST_VIEW_M };
        let camera = match start.view {
            Some(StartView { at, metres, bearing, tilt }) => {
                let camera = StageCamera::looking_at(local.local_from_geo(at), metres, port.size());
                StageCamera { bearing, tilt, ..camera }.clamped()
            }
            None => StageCamera::looking_at((0.0, 0.0), metres, port.size()),
        };
        director.set_theme(start.theme);
        director.place = start.place;
        hall.selection = start.select.as_deref().and_then(|id| selection_by_id(city, id));
        director.show(&start.show);
        map.helm.pilot.look(camera);
    }
    let followed = (hall.selection.as_ref())
        .filter(|it| matches!(it, Selection::Team(_) | Selection::Drone(_) | Selection::Thing { .. }))
        .and_then(|it| director.where_shown(hall, it, time));
    let press = map.helm.steer(&ctx, rect, &mut panels.state, &local, followed, *screen == Screen::Desk);
    director.camera = map.helm.pilot.camera;
    let tools = Helm::sketch(&panels.state, &local, director.palette(), panels.state.lang);
    director.draw_tools(tools);
    let mut selected = press.map(|at| {
        let found = director.pick(hall, time, at, &port);
        director.place = found.is_none().then(|| local.geo_from_local(at));
        found
    });
    panels.state.place = director.place;
    panels.state.selection_on_screen = (hall.selection.as_ref())
        .and_then(|it| director.where_shown(hall, it, time))
        .map(|at| {
            let (x, y) = director.camera.view_from_local(at);
            rect.center() + egui::vec2(x as f32, y as f32)
        })
        .filter(|at| rect.contains(*at));
    if is_shown {
        let layer = match *screen {
            Screen::Desk => "gulang-desk",
            Screen::Wall => "gulang-wall",
        };
        director.frame(hall, time, &port, &HubTiles(net.address()), &mut frame);
        let painter = ctx.layer_painter(egui::LayerId::new(egui::Order::Background, egui::Id::new(layer)));
        let note = map_note(&director);
        let raster = director.raster();
        let has_words = !raster.draws().is_empty() && raster.source().is_some_and(|it| it.has_words);
        let labels = labels::Labels {
            camera: director.camera,
            detail: director.detail(&port),
            palette: director.palette(),
            scale,
            tiles: director.tiles.iter().filter(|_| !has_words).flat_map(|it| it.labels()).collect(),
            texts: director.texts().collect(),
            groups: director.groups().iter().collect(),
            city: &city.name,
            note: &note,
        };
        labels::paint(&painter, rect, &labels);
    } else {
        frame.rect = None;
    }

    let layers = if panels.state.shows_layers() { layer_rows(&director, hall) } else { Vec::new() };
    let model = Model {
        city,
        readings: &hall.readings,
        clock,
        realm: hall.realm,
        simulated: hall.simulated,
        connected: hall.connected,
        pictures: &panels.pictures,
        selection: hall.selection.as_ref(),
        lang: panels.state.lang,
        locator_land: &hall.locator_land,
        seat: &hall.seat,
        inventories: hall.inventories.held(),
        roads: director.roads(),
        land: director.land.as_ref(),
        layers: &layers,
        names: &panels.names,
        view: crate::panels::View { chosen: hall.chosen, ..map.helm.view(director.theme, &local, port.size()) },
        story: panels.playback.story(),
        story_failure: panels.playback.failure(),
    };
    let is_replay = model.is_replay();
    let commands = match *screen {
        _ if start.is_map_only => {
            panels.state.map_rect = ctx.content_rect();
            Vec::new()
        }
        Screen::Desk => screen_ui(&ctx, &model, &mut panels.state),
        Screen::Wall => wall_ui(&ctx, &model, &mut panels.state),
    };
    // A map in another frame, or one that does not come, is not for the locator: the pack's shapes are.
    let online =
        director.raster().source().filter(|it| it.crs == RasterCrs::Wgs84 && director.raster().failed().is_none());
    if panels.state.locator_tiles.as_ref().map(LocatorTiles::source) != online.map(|it| &*it.id) {
        panels.state.locator_tiles = online.map(|it| {
            let (address, id) = (net.address().clone(), it.id.clone());
            LocatorTiles::new(&ctx, it.id.clone(), it.max_zoom, move |z, x, y| address.raster_url(&id, z, x, y))
        });
    }
    let title = match hall.realm {
        gulang_city::Realm::Actual => format!("鼓浪 · {}", city.name),
        gulang_city::Realm::Exercise => format!("【演练】鼓浪 · {}", city.name),
    };
    // Neither can be taken for the live city, nor for the other.
    let title = if is_replay { format!("【复盘】{title}") } else { title };
    for mut window in window {
        if window.title != title {
            window.title.clone_from(&title);
        }
    }

    let now = ctx.input(|input| input.time);
    for command in commands {
        if map.helm.obey(&command, &mut panels.state, &local, port.size(), now) {
            continue;
        }
        match command {
            UiCommand::Submit(command) => net.submit(command),
            UiCommand::Drill(drill) => net.drill(drill),
            UiCommand::Playback(playback) => {
                if matches!(playback, Playback::Bookmark { .. }) {
                    panels.playback.ask_again(time + BOOKMARK_SECS);
                }
                net.playback(playback);
            }
            UiCommand::AskLogs => panels.playback.ask_logs(net.address()),
            UiCommand::SaveReport(form) => panels.playback.save_report(net.address(), form),
            UiCommand::Select(selection) => selected = Some(selection),
            UiCommand::ToggleLayer(chip) => director.toggle_chip(chip, &panels.state.layers_off),
            UiCommand::ToggleLayerId(id, on) => director.switch(&id, on),
            UiCommand::SetTheme(theme) => director.set_theme(theme),
            UiCommand::Choose(chosen) => hall.chosen = chosen,
            UiCommand::FindDuties { ticket, query } => panels.duties.ask(net.address(), ticket, &query),
            UiCommand::ChooseFile if !platform::choose_file() => {
                let text = panels.state.lang.t(tr::IMPORT_DROP_HERE).to_owned();
                panels.state.notify(text);
            }
            UiCommand::PreviewImport(ask) => panels.imports.preview(net.address(), hall.realm, ask),
            UiCommand::CommitImport(wish) => panels.imports.commit(net.address(), &hall.seat, &wish),
            UiCommand::AskScenarios => panels.drills.ask_scenarios(net.address()),
            UiCommand::AskScore => panels.drills.ask_score(net.address()),
            UiCommand::AskProcess(case) => panels.processes.ask(net.address(), hall.realm, case),
            UiCommand::Media(asked) => panels.medias.ask(net.address(), hall.realm, asked),
            UiCommand::Steer(feed, motion) => net.steer(feed, motion),
            UiCommand::LetGo(feed) => net.let_go(feed),
            UiCommand::Adjust(feed, to) => net.adjust(feed, to),
            UiCommand::AskIndicators(ask) => panels.indicators.ask(net.address(), hall.realm, &ask),
            UiCommand::AskBriefings(ask) => panels.briefings.ask(net.address(), hall.realm, &ask),
            UiCommand::AskSources => panels.sources.ask(net.address(), hall.realm),
            UiCommand::AskDetectionPicture(detection, hash) => {
                panels.detections.ask(net.address(), hall.realm, detection, hash);
            }
            UiCommand::RetrySource(name) => panels.sources.retry(net.address(), hall.realm, &name),
            UiCommand::AskStanding => panels.asking.standing(net.address(), hall.realm),
            UiCommand::AskCity { n, question } => {
                panels.asking.ask(net.address(), hall.realm, &hall.seat, n, &question);
            }
            UiCommand::SortReport(asked) => panels.asking.sort(net.address(), hall.realm, &hall.seat, &asked),
            UiCommand::DraftReport { n, kind } => {
                panels.asking.draft(net.address(), hall.realm, &hall.seat, n, kind);
            }
            // The helm's, and done.
            _ => {}
        }
    }
    if let Some(selection) = selected {
        if hall.selection != selection {
            map.helm.pilot.let_go();
        }
        hall.selection = selection;
    }
    Ok(())
}

/// Where a report lies, or why there is none.
fn report_note(saved: Result<String, String>) -> String {
    let (text, with) = match &saved {
        Ok(at) => (tr::REPORT_SAVED, at),
        Err(why) => (tr::REPORT_FAILED, why),
    };
    Lang::Zh.fill(text, &[with])
}

/// The thing of this id, whatever it is.
fn selection_by_id(city: &City, id: &str) -> Option<Selection> {
    None.or_else(|| city.flood_points.get(id).map(|it| Selection::FloodPoint(it.id.clone())))
        .or_else(|| city.sensors.get(id).map(|it| Selection::Sensor(it.id.clone())))
        .or_else(|| city.teams.get(id).map(|it| Selection::Team(it.id.clone())))
        .or_else(|| city.drones.get(id).map(|it| Selection::Drone(it.id.clone())))
        .or_else(|| city.shelters.get(id).map(|it| Selection::Shelter(it.id.clone())))
}

/// Where the map comes from and in which frame; or that it is missing, and why.
fn map_note(director: &Director) -> String {
    let tiles = director.tiles.as_ref();
    match tiles.and_then(|it| it.missing()) {
        Some(why) => format!("底图暂缺（{why}），正在重试・WGS-84"),
        None if let Some(source) = director.raster().source() => match director.raster().failed() {
            Some(_) => format!("在线底图 {} 暂缺，以本地底图代替，正在重试・WGS-84", source.name),
            None => source.note(),
        },
        None => "WGS-84・底图 © OpenStreetMap、Natural Earth・界线仅为示意".to_owned(),
    }
}

/// What the layer panel lists: the city's layers, then the overlays.
fn layer_rows(director: &Director, hall: &Hall) -> Vec<LayerRow> {
    let readings = &hall.readings;
    let newest = |at: &[Timestamp]| at.iter().copied().max().unwrap_or_default();
    let aged = |key: &LayerKey| match key {
        LayerKey::Inventory(id) => hall.inventories.held().get(id).map(|it| (it.budget, it.as_of)),
        LayerKey::Sensors | LayerKey::Alarms => Some((Budget::Default, newest(&readings.gauges.at))),
        LayerKey::FloodPoints => Some((Budget::Water, newest(&readings.gauges.at))),
        LayerKey::Teams => Some((Budget::Position, newest(&readings.teams.at))),
        LayerKey::Drones => Some((Budget::Position, newest(&readings.drones.at))),
        LayerKey::Cases => {
            let platform = hall.city.as_ref().and_then(|it| it.cases.last()).map(|(_, it)| &it.report.platform);
            platform.and_then(|it| readings.heard.get(it)).map(|at| (Budget::Default, *at))
        }
        LayerKey::Cameras | LayerKey::Shelters | LayerKey::Facilities => None,
    };
    let mut rows: Vec<LayerRow> = director
        .layers()
        .map(|(layer, census)| {
            let aged = aged(&layer.key);
            let simulated = match &layer.key {
                LayerKey::Inventory(id) => hall.inventories.held().get(id).is_some_and(|it| it.simulated),
                _ => hall.simulated && aged.is_some(),
            };
            LayerRow {
                id: layer.key.id().into(),
                name: layer.name.clone(),
                chip: layer.chip,
                is_overlay: false,
                on: director.is_on(layer),
                n_total: census.n_total,
                n_in_view: census.n_in_view(),
                n_shown_single: census.n_single,
                n_in_clusters: census.n_grouped,
                n_hidden: census.n_hidden,
                as_of: aged.map_or(Timestamp(0), |it| it.1),
                budget: aged.map(|it| it.0),
                simulated,
                legend: Vec::new(),
            }
        })
        .collect();
    // The uppermost layer first, as one looks at it.
    rows.reverse();
    rows.extend(overlays::all().iter().map(|it| LayerRow {
        id: it.id().into(),
        name: it.name().into(),
        chip: it.chip(),
        is_overlay: true,
        on: !director.off.contains(it.id()),
        legend:
            director.sketches().find(|(id, _)| *id == it.id()).map_or(Vec::new(), |(_, sketch)| sketch.legend.clone()),
        ..LayerRow::default()
    }));
    // Online maps last: what lies lowest.
    rows.extend(director.rasters().iter().map(|it| LayerRow {
        id: it.layer_id().into(),
        name: it.name.clone(),
        is_overlay: true,
        on: director.raster().source() == Some(it),
        ..LayerRow::default()
    }));
    rows
}

fn waiting_ui(ctx: &egui::Context, address: &Address, connected: ConnectionState) {
    let painter = ctx.layer_painter(egui::LayerId::background());
    let at = ctx.content_rect().center();
    let text = match connected {
        ConnectionState::Lost { .. } => format!("与中枢失去联系，正在重连 {}", address.url),
        _ => format!("正在连接中枢 {}", address.url),
    };
    painter.text(at, egui::Align2::CENTER_CENTER, text, egui::FontId::proportional(18.0), theme::SECONDARY);
    ctx.request_repaint_after(std::time::Duration::from_millis(200));
}

/// What a headless run waits for where a metrics wall or a briefing is wanted: its figures, and its map if it has one.
pub fn are_figures_there(hall: &Hall, fetches: &Fetches, director: &Director, panels: &Panels) -> bool {
    let is_map_there = !panels.state.map_rect.is_positive() || is_settled(hall, fetches, director, None);
    hall.city.is_some() && fetches.are_done() && panels.state.shows_figures() && is_map_there
}

/// What a headless run waits for.
pub fn is_settled(hall: &Hall, fetches: &Fetches, director: &Director, wants: Option<Posture>) -> bool {
    let Some(city) = &hall.city else { return false };
    let has_map = director.tiles.as_ref().is_some_and(stage::tiles::Tiles::is_settled);
    fetches.are_done()
        && has_map
        && director.raster().is_settled()
        && hall.inventories.is_settled()
        && wants.is_none_or(|posture| city.footing.posture == posture)
}
