//! Pictures without a window: one of a whole screen, or many maps of one city.
//!
//! The app draws into an image. Once what is wanted stands there whole ([`app`] says when), the image is read back from the GPU
//! and written as PNG, and the map turns to the next picture while that one is on its way. Must not know: what a screen shows,
//! or who wants the pictures.

use crate::{
    app::{self, MapState, Start, StartView},
    hall::Hall,
    stage::director::Director,
};
use bevy::{
    app::{AppExit, ScheduleRunnerPlugin},
    asset::RenderAssetUsages,
    camera::RenderTarget,
    prelude::*,
    render::{
        gpu_readback::{Readback, ReadbackComplete},
        render_resource::{TextureFormat, TextureUsages},
    },
    window::ExitCondition,
    winit::WinitPlugin,
};
use gulang_city::{LonLat, Posture};
use serde::Deserialize;
use std::{
    collections::VecDeque,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Pixels of a picture's side.
pub const SIZES: RangeInclusive<u32> = 64..=16384;
/// How long a wanted posture is waited for, once the city is there.
const SCENE_PATIENCE: Duration = Duration::from_secs(20);
/// From complete to a screen's picture: feeds' pictures come, movers have their second fix.
const REST: Duration = Duration::from_millis(2500);
/// The same of a map alone, which has no feeds.
const MAP_REST: Duration = Duration::from_millis(500);
/// Frames from turning the map until names, layers and tiles that are here are drawn.
const TURN_FRAMES: u32 = 2;
/// A map whose tiles do not come is taken without them, and says so in its corner.
const TILE_PATIENCE: Duration = Duration::from_secs(5);

/// One picture to be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Still {
    pub path: PathBuf,
    /// px.
    pub size: (u32, u32),
    /// None: where the map is.
    pub view: Option<StartView>,
    /// Layers and overlays to switch on, by id.
    pub show: Vec<String>,
}

/// What the screen must show before its picture is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    City,
    /// Waited for; if it does not come, the picture shows the one the city is in.
    Footing(Posture),
    /// A scene of its own, with its figures.
    Figures,
}

/// The pictures of one run.
pub struct Wanted {
    /// Not empty.
    pub stills: Vec<Still>,
    /// They are of the map alone, which is turned to each.
    pub is_maps: bool,
    pub wants: Wants,
    /// How long a complete city is waited for.
    pub patience: Duration,
}

/// As a file of `--stills` has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StillInFile {
    file: PathBuf,
    /// Longitude, latitude, metres, bearing, tilt, as [`StartView`].
    view: [f64; 5],
    size: (u32, u32),
    #[serde(default)]
    show: Vec<String>,
}

/// The maps wanted in a JSON file, those of a size together: a new size takes some frames.
pub fn read_list(path: &Path) -> Result<Vec<Still>, String> {
    let failed = |why: String| format!("reading the maps wanted in {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|why| failed(why.to_string()))?;
    stills_from_text(&text).map_err(failed)
}

fn stills_from_text(text: &str) -> Result<Vec<Still>, String> {
    let told: Vec<StillInFile> = serde_json::from_str(text).map_err(|why| why.to_string())?;
    if told.is_empty() {
        return Err("there is none; write one".into());
    }
    let mut stills: Vec<Still> = told.into_iter().map(still).collect::<Result<_, _>>()?;
    stills.sort_by_key(|it| it.size);
    Ok(stills)
}

fn still(it: StillInFile) -> Result<Still, String> {
    let [lon, lat, metres, bearing, tilt] = it.view;
    let (at, size) = (LonLat(lon, lat), it.size);
    if !at.is_sane() || metres <= 0.0 || it.view.iter().any(|it| !it.is_finite()) {
        return Err(format!("{}: a view is [LON, LAT, METRES, BEARING, TILT]", it.file.display()));
    }
    if !SIZES.contains(&size.0) || !SIZES.contains(&size.1) {
        return Err(format!("{}: a side has {} to {} pixels", it.file.display(), SIZES.start(), SIZES.end()));
    }
    Ok(Still { path: it.file, size, view: Some(StartView { at, metres, bearing, tilt }), show: it.show })
}

/// Takes the pictures and ends: with success if all were written.
pub fn plugin(app: &mut App, wanted: Wanted) {
    let Wanted { stills, is_maps, wants, patience } = wanted;
    let size = stills.first().map_or((1920, 1080), |it| it.size);
    let image = off_screen(app, size, Duration::from_millis(30));
    let now = Instant::now();
    app.insert_resource(Shots {
        is_maps,
        stills: stills.into(),
        wants,
        image,
        size,
        started: now,
        patience,
        settled: None,
        lit: Vec::new(),
        turned: now,
        n_frames: 0,
        stage: Stage::Waiting,
        n_asked: 0,
        saving: Vec::new(),
    })
    .add_systems(First, turn_to_next)
    .add_systems(Last, (settle, take).chain());
}

/// The app's plugins without a window, drawing into an image of `size`, a frame every `wait` at most; returns the image.
pub fn off_screen(app: &mut App, size: (u32, u32), wait: Duration) -> Handle<Image> {
    let plugins = DefaultPlugins.build().disable::<WinitPlugin>().set(app::log()).set(WindowPlugin {
        primary_window: None,
        exit_condition: ExitCondition::DontExit,
        ..default()
    });
    app.add_plugins((plugins, ScheduleRunnerPlugin::run_loop(wait)));
    let image = app.world_mut().resource_mut::<Assets<Image>>().add(target_of(size));
    let target = image.clone();
    app.add_systems(Startup, move |mut commands: Commands| {
        commands.spawn((Camera2d, Msaa::Off, RenderTarget::Image(target.clone().into())));
    });
    image
}

/// An image that can be drawn into and read back.
fn target_of(size: (u32, u32)) -> Image {
    let mut image = Image::new_target_texture(size.0, size.1, TextureFormat::Rgba8UnormSrgb, None);
    image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
    image.asset_usage = RenderAssetUsages::default();
    image
}

#[derive(Resource)]
struct Shots {
    /// Those not asked for yet; the first is being drawn.
    stills: VecDeque<Still>,
    wants: Wants,
    image: Handle<Image>,
    size: (u32, u32),
    started: Instant,
    patience: Duration,
    is_maps: bool,
    /// When the city stood complete.
    settled: Option<Instant>,
    /// What the map that is drawn has switched on.
    lit: Vec<String>,
    /// When the map was turned to this picture, and frames since.
    turned: Instant,
    n_frames: u32,
    stage: Stage,
    /// On their way from the GPU.
    n_asked: usize,
    saving: Vec<JoinHandle<Result<(), String>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// For the city.
    Waiting,
    Drawing,
    /// This frame is read back; with the next one the map turns.
    Asked,
    /// Until the map has the next picture's size.
    Resizing,
    Ended,
}

/// Waits for the city, once.
fn settle(
    mut shots: ResMut<Shots>,
    hall: Res<Hall>,
    fetches: Res<app::Fetches>,
    mut director: ResMut<Director>,
    panels: Res<app::Panels>,
    mut exit: MessageWriter<AppExit>,
) {
    if shots.stage != Stage::Waiting {
        return;
    }
    let waited = shots.started.elapsed();
    let is_settled = |posture| app::is_settled(&hall, &fetches, &director, posture);
    let (is_there, is_scene) = match shots.wants {
        Wants::Figures => {
            let is_there = app::are_figures_there(&hall, &fetches, &director, &panels);
            // Nothing else is worth a picture of it.
            (is_there, is_there)
        }
        Wants::Footing(posture) => (is_settled(None), is_settled(Some(posture))),
        Wants::City => (is_settled(None), is_settled(None)),
    };
    if is_scene || (is_there && waited > SCENE_PATIENCE) {
        if !is_scene {
            eprintln!("the city is not in the wanted posture; the picture shows the one it is in");
        }
        eprintln!("the city and its map stood complete {:.1} s after the start", waited.as_secs_f32());
        let first = shots.stills.front().map_or(Vec::new(), |it| it.show.clone());
        shots.lit = director.light(&first);
        let now = Instant::now();
        (shots.settled, shots.turned, shots.stage) = (Some(now), now, Stage::Drawing);
    } else if waited > shots.patience {
        eprintln!("no complete city from the hub after {} s; is the address right?", waited.as_secs());
        shots.stage = Stage::Ended;
        exit.write(AppExit::error());
    }
}

/// Reads the frame back that shows what is wanted.
fn take(
    mut commands: Commands,
    mut shots: ResMut<Shots>,
    hall: Res<Hall>,
    fetches: Res<app::Fetches>,
    director: Res<Director>,
) {
    if shots.stage != Stage::Drawing {
        return;
    }
    shots.n_frames += 1;
    let is_whole = app::is_settled(&hall, &fetches, &director, None) || shots.turned.elapsed() > TILE_PATIENCE;
    // A whole screen may have no map to wait for.
    let (rest, is_drawn) = if shots.is_maps { (MAP_REST, is_whole) } else { (REST, true) };
    let is_rested = shots.settled.is_some_and(|at| at.elapsed() >= rest);
    if !is_rested || !is_drawn || shots.n_frames < TURN_FRAMES {
        return;
    }
    let Some(Still { path, size, .. }) = shots.stills.pop_front() else { return };
    shots.n_asked += 1;
    shots.stage = Stage::Asked;
    let keep = move |done: On<ReadbackComplete>, mut commands: Commands, mut shots: ResMut<Shots>| {
        // It would come again with every frame.
        commands.entity(done.entity).despawn();
        shots.n_asked -= 1;
        let (pixels, path) = (done.data.clone(), path.clone());
        shots.saving.push(std::thread::spawn(move || {
            write_png(&pixels, size, &path).map_err(|why| format!("saving {}: {why}", path.display()))
        }));
    };
    commands.spawn(Readback::texture(shots.image.clone())).observe(keep);
}

/// To the next picture: its size, its view, its layers; after the last one, to the end.
fn turn_to_next(
    mut shots: ResMut<Shots>,
    mut start: ResMut<Start>,
    (mut map, panels): (ResMut<MapState>, Res<app::Panels>),
    mut director: ResMut<Director>,
    mut images: ResMut<Assets<Image>>,
    mut cameras: Query<(&mut RenderTarget, &mut Projection)>,
    mut exit: MessageWriter<AppExit>,
) {
    if !matches!(shots.stage, Stage::Asked | Stage::Resizing) {
        return;
    }
    let shots = &mut *shots;
    let Some(next) = shots.stills.front() else {
        if shots.n_asked > 0 {
            return;
        }
        let written =
            shots.saving.drain(..).map(|it| it.join().unwrap_or_else(|_| Err("writing a picture failed".into())));
        let n_failed = written.filter_map(Result::err).inspect(|why| eprintln!("{why}")).count();
        shots.stage = Stage::Ended;
        exit.write(if n_failed == 0 { AppExit::Success } else { AppExit::error() });
        return;
    };
    if next.size != shots.size {
        shots.size = next.size;
        shots.image = images.add(target_of(next.size));
        shots.stage = Stage::Resizing;
        for (mut target, mut projection) in &mut cameras {
            *target = RenderTarget::Image(shots.image.clone().into());
            // Of another target alone bevy 0.19 takes no notice.
            projection.set_changed();
        }
    }
    // A view is so many metres across the map as it is.
    if panels.map_px() != shots.size {
        return;
    }
    for id in shots.lit.drain(..) {
        director.switch(&id, false);
    }
    shots.lit = director.light(&next.show);
    start.view = next.view;
    map.look_again();
    (shots.turned, shots.n_frames, shots.stage) = (Instant::now(), 0, Stage::Drawing);
}

/// Without its padding (rows come padded to 256 bytes) and its alpha.
fn write_png(data: &[u8], (width, height): (u32, u32), path: &Path) -> image::ImageResult<()> {
    let row = width as usize * 4;
    let stride = if data.len() == row * height as usize { row } else { row.next_multiple_of(256) };
    let rows = data.chunks(stride).take(height as usize).map(|line| &line[..row.min(line.len())]);
    let opaque: Vec<u8> = rows.flat_map(|line| line.chunks_exact(4)).flat_map(|it| [it[0], it[1], it[2]]).collect();
    image::save_buffer(path, &opaque, width, height, image::ColorType::Rgb8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        r#"[{"file": "a.png", "view": [118.1, 24.5, 40000, 0, 30], "size": [640, 360], "show": ["rain"]}]"#;

    #[test]
    fn a_list_of_maps_is_read() {
        let stills = stills_from_text(GOOD).expect("good");
        let view = StartView { at: LonLat(118.1, 24.5), metres: 40_000.0, bearing: 0.0, tilt: 30.0 };
        let wanted = Still { path: "a.png".into(), size: (640, 360), view: Some(view), show: vec!["rain".into()] };
        assert_eq!(stills, [wanted]);
    }

    #[test]
    fn maps_of_a_size_are_drawn_together() {
        let one =
            |file: &str, side: u32| GOOD[1..GOOD.len() - 1].replace("a.png", file).replace("640", &side.to_string());
        let text = format!("[{},{},{}]", one("a", 900), one("b", 640), one("c", 900));
        let stills = stills_from_text(&text).expect("good");
        assert_eq!(stills.iter().map(|it| it.path.to_string_lossy()).collect::<Vec<_>>(), ["b", "a", "c"]);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        for (from, to, why) in [
            ("118.1", "318.1", "a.png: a view"),
            ("40000", "0", "a.png: a view"),
            ("640", "63", "64 to 16384"),
            ("show", "shwo", "shwo"),
            (GOOD, "[]", "none"),
            (GOOD, "{", "a sequence"),
        ] {
            let refused = stills_from_text(&GOOD.replace(from, to)).expect_err(to);
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_picture_loses_its_padding_and_its_alpha() -> image::ImageResult<()> {
        let dir = std::env::temp_dir().join(format!("gulang-stills-{}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let path = dir.join("a.png");
        // 65 px are 260 bytes, and come as 512.
        let mut data = vec![9; 512 * 64];
        for line in data.chunks_mut(512) {
            line[..260].fill(77);
        }
        write_png(&data, (65, 64), &path)?;
        let read = image::open(&path)?.into_rgb8();
        assert!(read.dimensions() == (65, 64) && read.pixels().all(|it| it.0 == [77; 3]));
        std::fs::remove_dir_all(dir)?;
        Ok(())
    }
}
