//! The app of a screen: bevy's plugins, the systems of a frame and their order.
//!
//! ```text
//! Update          hear the hub · take in fetched layers · hand the stage its changes
//! egui pass       panels · what the officer asked for · the map's pointer · names over the map
//! render world    the stage under, egui over
//! ```

use crate::{
    hall::{Changes, Errand, Hall, Pictures},
    net::{Address, Net},
    panels::{ConnectionState, LocatorLand, Model, PanelState, UiCommand, screen_ui, wall_ui},
    platform, stage,
    stage::{
        StageFrame, atlas,
        base::{Fills, LAYER_FILES, Place, places_from_layer, uploads_from_layer},
        camera::StageCamera,
        gpu::map::{LayerKey, MapView, Upload},
        labels,
        symbols::{self, Detail, Glides, Scene},
        weather,
    },
    theme,
};
use bevy::{asset::AssetEventSystems, prelude::*, window::PrimaryWindow};
use bevy_egui::{EguiContexts, EguiPlugin, EguiPostUpdateSet, EguiPrimaryContextPass};
use gulang_city::{City, LocalFrame, Posture};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, mpsc},
};

pub const DESK_SEAT: &str = "值班席 01";
pub const WALL_SEAT: &str = "大屏";
/// The CJK subset every program carries.
const FONT: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Regular-gb2312.ttf");
/// Metres across the map at first: the island and the four bays' shores; a wall's map is flatter and stands nearer.
const FIRST_VIEW_M: f64 = 30_000.0;
const WALL_VIEW_M: f64 = 22_000.0;
/// The stage follows readings at most this often, s.
const FOLLOW_SECS: f64 = 0.25;
/// And looks at ages this often even when nothing came.
const AGE_SECS: f64 = 5.0;

/// Which of the two screens this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Resource)]
pub enum Screen {
    Desk,
    Wall,
}

/// Everything a screen needs beside bevy's own plugins, which the host chooses.
pub fn plugin(app: &mut App, screen: Screen, address: Address) {
    let (sender, receiver) = mpsc::channel();
    app.add_plugins((EguiPlugin::default(), stage::plugin))
        // Text and pictures that are new this frame are on the GPU when this frame is drawn. Left to chance, they came one
        // late, and a figure lacked a digit until then.
        .configure_sets(PostUpdate, EguiPostUpdateSet::PostProcessOutput.before(AssetEventSystems))
        .insert_resource(ClearColor(Color::srgb_u8(0x0B, 0x11, 0x17)))
        .insert_resource(screen)
        .insert_resource(Hall::new(address.seat.clone()))
        .insert_resource(Fetches { sender, receiver: Mutex::new(receiver), asked: false, got: BTreeMap::new() })
        .init_resource::<MapState>()
        .init_resource::<Panels>()
        .insert_non_send(Net::new(address))
        .add_systems(Update, (hear, fetch_layers, follow).chain())
        .add_systems(EguiPrimaryContextPass, draw);
}

/// The pack's map layers, asked for once the city is known.
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
        self.got.len() == LAYER_FILES.len()
    }
}

/// The camera and what the stage has been told.
#[derive(Resource)]
pub struct MapState {
    camera: StageCamera,
    fly_to: Option<StageCamera>,
    has_looked: bool,
    places: Vec<Place>,
    glides: Glides,
    followed_at: f64,
    detail: Detail,
    /// Where a press on the map began, points; `None` while the map is not held.
    pressed_at: Option<egui::Pos2>,
    has_dragged: bool,
    has_atlas: bool,
}

impl Default for MapState {
    fn default() -> Self {
        Self {
            camera: StageCamera { center: (0.0, 0.0), px_per_m: 0.02 },
            fly_to: None,
            has_looked: false,
            places: Vec::new(),
            glides: Glides::default(),
            followed_at: f64::NEG_INFINITY,
            detail: Detail::City,
            pressed_at: None,
            has_dragged: false,
            has_atlas: false,
        }
    }
}

#[derive(Resource, Default)]
struct Panels {
    state: PanelState,
    pictures: Pictures,
    /// Came before egui could hold them.
    errands: Vec<Errand>,
    n_frames: u32,
}

fn hear(time: Res<Time<Real>>, mut hall: ResMut<Hall>, mut net: NonSendMut<Net>, mut panels: ResMut<Panels>) {
    let errands = hall.hear(&mut net, time.elapsed_secs_f64());
    panels.errands.extend(errands);
}

fn fetch_layers(
    mut fetches: ResMut<Fetches>,
    mut hall: ResMut<Hall>,
    net: NonSend<Net>,
    mut map: ResMut<MapState>,
    mut frame: ResMut<StageFrame>,
) {
    let Some(city) = &hall.city else { return };
    if !fetches.asked {
        fetches.asked = true;
        frame.uploads.push(sea());
        for file in LAYER_FILES {
            let sender = fetches.sender.clone();
            platform::fetch(net.address().pack_url(&format!("map/{file}")), move |got| {
                // The app is gone if nobody listens.
                let _ = sender.send((file, got));
            });
        }
    }
    let local = LocalFrame::new(city.center);
    let came: Vec<_> = fetches.receiver.lock().map(|it| it.try_iter().collect()).unwrap_or_default();
    if came.is_empty() {
        return;
    }
    for (file, got) in came {
        let text = got.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
        match &text {
            Ok(text) if file == "places.geojson" => map.places = places_from_layer(text, &local),
            Ok(text) => frame.uploads.extend(uploads_from_layer(file, text, &local)),
            Err(why) => tracing::warn!("map layer {file}: {why}; the map shows what is left"),
        }
        fetches.got.insert(file, text.ok());
    }
    if fetches.are_done() {
        let text = |file: &str| fetches.got.get(file).and_then(Option::as_deref).unwrap_or_default();
        hall.locator_land =
            LocatorLand::from_geojson(text("land.geojson"), text("districts.geojson"), text("region_land.geojson"));
        fetches.got.values_mut().for_each(|text| *text = None);
    }
}

/// One great square under everything: what is not land is sea.
fn sea() -> Upload {
    const HALF_M: f64 = 8.0e6;
    let mut fills = Fills::default();
    let square = vec![(-HALF_M, -HALF_M), (HALF_M, -HALF_M), (HALF_M, HALF_M), (-HALF_M, HALF_M)];
    fills.add(&[square], theme::SEA.to_array(), 0.0);
    Upload::Fills(LayerKey::Sea, fills.vertices, fills.indices)
}

/// Hands the stage what changed, at most as often as [`FOLLOW_SECS`].
fn follow(time: Res<Time<Real>>, mut hall: ResMut<Hall>, mut map: ResMut<MapState>, mut frame: ResMut<StageFrame>) {
    let time = time.elapsed_secs_f64();
    let changes = hall.changes;
    let is_due = changes != Changes::default() && time - map.followed_at >= FOLLOW_SECS;
    if !(is_due || changes.city || time - map.followed_at >= AGE_SECS) {
        return;
    }
    let hall = &mut *hall;
    let Some(city) = &hall.city else { return };
    hall.changes = Changes::default();
    map.followed_at = time;
    let now = hall.clock(time).now;
    if changes.city {
        map.glides = Glides::default();
    }
    let scene = scene(city, hall, now, time, map.detail);
    if changes.city {
        frame.uploads.extend(symbols::still_uploads(&scene));
    }
    if changes.records {
        frame.uploads.extend(weather::uploads_from_typhoons(city, &scene.frame, now));
    }
    frame.uploads.extend(symbols::live_uploads(&scene, &mut map.glides));
    frame.uploads.push(symbols::selection_upload(&scene, hall.selection.as_ref()));
}

fn scene<'a>(city: &'a City, hall: &'a Hall, now: gulang_city::Timestamp, time: f64, detail: Detail) -> Scene<'a> {
    Scene { city, readings: &hall.readings, frame: LocalFrame::new(city.center), now, time, detail }
}

#[expect(clippy::too_many_arguments, reason = "a bevy system names what it touches")]
fn draw(
    mut contexts: EguiContexts,
    screen: Res<Screen>,
    time: Res<Time<Real>>,
    mut hall: ResMut<Hall>,
    mut net: NonSendMut<Net>,
    mut panels: ResMut<Panels>,
    mut map: ResMut<MapState>,
    mut frame: ResMut<StageFrame>,
    window: Query<&mut Window, With<PrimaryWindow>>,
) -> Result {
    let ctx = contexts.ctx_mut()?.clone();
    let time = time.elapsed_secs_f64();
    let panels = &mut *panels;
    let hall = &mut *hall;
    panels.n_frames += 1;
    if panels.n_frames == 1 {
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
    for errand in panels.errands.drain(..) {
        match errand {
            Errand::Picture { drone, at, jpeg } => panels.pictures.take(&ctx, drone, at, &jpeg),
            Errand::Notice(text) => panels.state.notify(text),
        }
    }
    let Some(city) = &hall.city else {
        frame.rect = None;
        waiting_ui(&ctx, net.address(), hall.connected);
        return Ok(());
    };
    let clock = hall.clock(time);
    // The map first, with the rect the panels left last frame: names must lie under this frame's chips and cards.
    let rect = panels.state.map_rect;
    let is_shown = rect.is_finite() && rect.width() > 1.0 && rect.height() > 1.0;
    let scale = match *screen {
        Screen::Desk => 1.0,
        Screen::Wall => (ctx.content_rect().height() / 540.0).max(1.0),
    };
    let local = LocalFrame::new(city.center);
    let size = (f64::from(rect.width()), f64::from(rect.height()));
    if is_shown && !map.has_looked {
        map.has_looked = true;
        let metres = if *screen == Screen::Wall { WALL_VIEW_M } else { FIRST_VIEW_M };
        map.camera = StageCamera::looking_at((0.0, 0.0), metres, size);
    }
    fly(&ctx, &mut map);
    let press = if *screen == Screen::Desk { map_pointer(&ctx, &panels.state, &mut map, rect) } else { None };
    let detail = Detail::at(map.camera.px_per_m / f64::from(scale));
    if detail != map.detail {
        map.detail = detail;
        hall.changes.readings = true;
    }
    let hidden: BTreeSet<LayerKey> = hidden_layers(detail, &panels.state.layers_off);
    let mut selected = press.map(|at| {
        let radius_m = 22.0 / map.camera.px_per_m;
        symbols::pick(&scene(city, hall, clock.now, time, detail), at, radius_m, |key| !hidden.contains(&key))
    });
    panels.state.selection_on_screen = (hall.selection.as_ref())
        .and_then(|it| crate::panels::place_of(city, &hall.readings, it))
        .map(|at| {
            let (x, y) = map.camera.view_from_geo(&local, at);
            rect.center() + egui::vec2(x as f32, y as f32)
        })
        .filter(|at| rect.contains(*at));
    if is_shown {
        let layer = match *screen {
            Screen::Desk => "gulang-desk",
            Screen::Wall => "gulang-wall",
        };
        let painter = ctx.layer_painter(egui::LayerId::new(egui::Order::Background, egui::Id::new(layer)));
        let (camera, places) = (map.camera, &map.places);
        labels::paint(&painter, rect, &labels::Labels { city, frame: local, camera, places, scale, realm: hall.realm });
    }

    let model = Model {
        city,
        readings: &hall.readings,
        clock,
        realm: hall.realm,
        simulated: hall.simulated,
        connected: hall.connected,
        pictures: &panels.pictures.shown,
        selection: hall.selection.as_ref(),
        lang: crate::i18n::Lang::Zh,
        locator_land: &hall.locator_land,
        seat: &hall.seat,
    };
    let commands = match *screen {
        Screen::Desk => screen_ui(&ctx, &model, &mut panels.state),
        Screen::Wall => wall_ui(&ctx, &model, &mut panels.state),
    };
    let title = match hall.realm {
        gulang_city::Realm::Actual => format!("鼓浪 · {}", city.name),
        gulang_city::Realm::Exercise => format!("【演练】鼓浪 · {}", city.name),
    };
    for mut window in window {
        if window.title != title {
            window.title.clone_from(&title);
        }
    }

    for command in commands {
        match command {
            UiCommand::Submit(command) => net.submit(command),
            UiCommand::Drill(drill) => net.drill(drill),
            UiCommand::Select(selection) => selected = Some(selection),
            UiCommand::FlyTo(at, metres) => {
                map.fly_to = Some(StageCamera::looking_at(local.local_from_geo(at), metres, size));
            }
            UiCommand::ToggleLayer(_) => {}
        }
    }
    if let Some(selection) = selected {
        hall.selection = selection;
        hall.changes.readings = true;
        map.followed_at = f64::NEG_INFINITY;
    }
    show_map(&mut frame, &map.camera, panels.state.map_rect, ctx.pixels_per_point(), scale, time, hidden);
    Ok(())
}

/// One step towards where the camera was sent.
fn fly(ctx: &egui::Context, map: &mut MapState) {
    const SHARE: f64 = 0.2;
    let Some(target) = map.fly_to else { return };
    let camera = &mut map.camera;
    camera.center.0 += (target.center.0 - camera.center.0) * SHARE;
    camera.center.1 += (target.center.1 - camera.center.1) * SHARE;
    camera.px_per_m *= (target.px_per_m / camera.px_per_m).powf(SHARE);
    let left_px = (target.center.0 - camera.center.0).hypot(target.center.1 - camera.center.1) * target.px_per_m;
    if left_px < 0.5 && (target.px_per_m / camera.px_per_m).ln().abs() < 0.002 {
        map.camera = target;
        map.fly_to = None;
    }
    ctx.request_repaint();
}

/// Drags, zooms and presses on the map; returns where a press fell, local metres.
fn map_pointer(ctx: &egui::Context, state: &PanelState, map: &mut MapState, rect: egui::Rect) -> Option<(f64, f64)> {
    let input = ctx.input(|input| {
        let pointer = &input.pointer;
        (
            pointer.latest_pos(),
            pointer.primary_pressed(),
            pointer.primary_down(),
            pointer.primary_released(),
            pointer.delta(),
            input.smooth_scroll_delta().y,
            input.zoom_delta(),
        )
    });
    let (Some(at), is_pressed, is_down, is_released, delta, scroll, pinch) = input else { return None };
    let from_center = |at: egui::Pos2| {
        let d = at - rect.center();
        (f64::from(d.x), f64::from(d.y))
    };
    if state.is_on_map(at) && (scroll != 0.0 || pinch != 1.0) {
        map.fly_to = None;
        let factor = f64::from(scroll / 240.0).exp2() * f64::from(pinch);
        map.camera.zoom_at(from_center(at), factor);
    }
    if is_pressed && state.is_on_map(at) {
        map.pressed_at = Some(at);
        map.has_dragged = false;
    }
    let pressed_at = map.pressed_at?;
    if is_down && (map.has_dragged || pressed_at.distance(at) > 4.0) {
        // What moved before it counted as a drag is made up for, so that the ground stays under the hand.
        let delta = if map.has_dragged { delta } else { at - pressed_at };
        map.has_dragged = true;
        map.fly_to = None;
        map.camera.pan((f64::from(delta.x), f64::from(delta.y)));
    }
    if is_released || !is_down {
        map.pressed_at = None;
        if is_released && !map.has_dragged {
            return Some(map.camera.local_from_view(from_center(at)));
        }
    }
    None
}

fn hidden_layers(detail: Detail, chips_off: &BTreeSet<u8>) -> BTreeSet<LayerKey> {
    let is_off = |key: &LayerKey| symbols::chip_of(*key).is_some_and(|chip| chips_off.contains(&chip));
    LayerKey::ALL.into_iter().filter(|key| is_off(key) || detail.hides(*key)).collect()
}

fn show_map(
    frame: &mut StageFrame,
    camera: &StageCamera,
    rect: egui::Rect,
    ppp: f32,
    scale: f32,
    time: f64,
    hidden: BTreeSet<LayerKey>,
) {
    frame.hidden = hidden;
    if !rect.is_finite() || rect.width() < 1.0 || rect.height() < 1.0 {
        frame.rect = None;
        return;
    }
    let px = |points: f32| (points * ppp).round().max(0.0) as u32;
    let (left, top) = (px(rect.left()), px(rect.top()));
    let (width, height) = (px(rect.right()) - left, px(rect.bottom()) - top);
    frame.rect = Some([left, top, width, height]);
    frame.view = MapView {
        center: [camera.center.0 as f32, camera.center.1 as f32],
        px_per_m: (camera.px_per_m * f64::from(ppp)) as f32,
        time: time as f32,
        size: [width as f32, height as f32],
        scale: ppp * scale,
        pulse: 1.0,
    };
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

/// What a headless run waits for.
pub fn is_settled(hall: &Hall, fetches: &Fetches, wants: Option<Posture>) -> bool {
    let Some(city) = &hall.city else { return false };
    fetches.are_done() && wants.is_none_or(|posture| city.footing.posture == posture)
}
