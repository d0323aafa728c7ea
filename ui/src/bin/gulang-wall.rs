//! The native wall: a window on a display, one picture without a window, or the bench.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use bevy::{
        app::{AppExit, ScheduleRunnerPlugin},
        asset::RenderAssetUsages,
        camera::RenderTarget,
        prelude::*,
        render::{
            gpu_readback::{Readback, ReadbackComplete},
            render_resource::{TextureFormat, TextureUsages},
        },
        window::{ExitCondition, MonitorSelection, WindowMode, WindowResolution},
        winit::WinitPlugin,
    };
    use clap::{Parser, Subcommand, ValueEnum};
    use gulang_city::Posture;
    use gulang_ui::{app, bench::PointsBench, hall::Hall, net::Address};
    use std::{
        path::PathBuf,
        process::ExitCode,
        time::{Duration, Instant},
    };

    /// The wall of a command hall. It shows what the hub says and sends no orders.
    #[derive(Parser)]
    #[command(
        version,
        after_help = "Examples:\n  \
        gulang-wall --hub http://127.0.0.1:8700 --token T --display 1\n  \
        gulang-wall --headless --hub http://127.0.0.1:8700 --token T --scene war --size 3840x1080 --shot wall.png\n  \
        gulang-wall bench points --n 1000000 --size 1920x1080 --mode static --frames 100 --json"
    )]
    struct Options {
        #[command(subcommand)]
        chore: Option<Chore>,
        /// The hub, as `gulang-hub serve` printed it.
        #[arg(long, default_value = "http://127.0.0.1:8700")]
        hub: String,
        #[arg(long, default_value = "")]
        token: String,
        /// The scene a picture waits for; the scene itself follows the city's footing.
        #[arg(long, value_enum)]
        scene: Option<SceneName>,
        /// Pixels; a window without it fills its display, with it and --display it has no frame.
        #[arg(long, value_parser = size_from_text)]
        size: Option<(u32, u32)>,
        /// The display to stand on, from 0.
        #[arg(long)]
        display: Option<usize>,
        /// Draws without a window; needs --shot.
        #[arg(long, requires = "shot")]
        headless: bool,
        /// Where the picture goes, once the city and its map are complete.
        #[arg(long)]
        shot: Option<PathBuf>,
        /// Draws the desk instead of the wall.
        #[arg(long)]
        desk: bool,
        /// Gives up after so many seconds without the city, --headless only.
        #[arg(long, default_value_t = 120)]
        patience: u64,
    }

    #[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
    enum SceneName {
        Peace,
        War,
    }

    #[derive(Subcommand)]
    enum Chore {
        /// Measures, and prints figures.
        Bench {
            #[command(subcommand)]
            bench: Bench,
        },
    }

    #[derive(Subcommand)]
    enum Bench {
        /// The peers' workload: many points, drawn off screen.
        Points {
            #[arg(long, default_value_t = 1_000_000)]
            n: usize,
            #[arg(long, value_parser = size_from_text, default_value = "1920x1080")]
            size: (u32, u32),
            #[arg(long, value_enum, default_value = "static")]
            mode: Mode,
            #[arg(long, default_value_t = 100)]
            frames: usize,
            /// One JSON object instead of words.
            #[arg(long)]
            json: bool,
            #[arg(long)]
            shot: Option<PathBuf>,
        },
    }

    #[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
    enum Mode {
        Static,
        Live,
    }

    pub fn main() -> ExitCode {
        let options = Options::parse();
        match &options.chore {
            Some(Chore::Bench { bench: Bench::Points { n, size, mode, frames, json, shot } }) => {
                let bench = PointsBench { n: *n, size: *size, is_live: *mode == Mode::Live, n_frames: *frames };
                match bench.run(shot.as_deref()) {
                    Ok(report) if *json => println!("{}", serde_json::to_string(&report).unwrap_or_default()),
                    Ok(report) => println!("{report:#?}"),
                    Err(error) => {
                        eprintln!("drawing {n} points: {error}");
                        return ExitCode::FAILURE;
                    }
                }
                ExitCode::SUCCESS
            }
            None => match run(options) {
                AppExit::Success => ExitCode::SUCCESS,
                AppExit::Error(_) => ExitCode::FAILURE,
            },
        }
    }

    fn run(options: Options) -> AppExit {
        let address = Address::new(&options.hub, &options.token, app::WALL_SEAT);
        let screen = if options.desk { app::Screen::Desk } else { app::Screen::Wall };
        let mut bevy_app = App::new();
        match options.shot.clone().filter(|_| options.headless) {
            Some(shot) => headless(&mut bevy_app, &options, shot),
            None => windowed(&mut bevy_app, &options),
        }
        app::plugin(&mut bevy_app, screen, address);
        bevy_app.run()
    }

    fn windowed(bevy_app: &mut App, options: &Options) {
        let monitor = options.display.map_or(MonitorSelection::Primary, MonitorSelection::Index);
        let mut window =
            Window { title: "鼓浪 大屏".to_owned(), position: WindowPosition::Centered(monitor), ..default() };
        match options.size {
            Some((width, height)) => {
                window.resolution = WindowResolution::new(width, height);
                // The shell gives both, the display's own size: a bare window fills it even where no window manager would
                // answer a wish for full screen.
                window.decorations = options.display.is_none();
            }
            None => window.mode = WindowMode::BorderlessFullscreen(monitor),
        }
        bevy_app
            .add_plugins(DefaultPlugins.set(WindowPlugin { primary_window: Some(window), ..default() }))
            .add_systems(Startup, |mut commands: Commands| {
                commands.spawn((Camera2d, Msaa::Off));
            });
    }

    /// What a headless run is doing.
    #[derive(Resource)]
    struct Shot {
        path: PathBuf,
        size: (u32, u32),
        wants: Option<Posture>,
        image: Handle<Image>,
        started: Instant,
        patience: Duration,
        settled: Option<Instant>,
        is_asked: bool,
    }

    /// How long a wanted posture is waited for, once the city is there.
    const SCENE_PATIENCE: Duration = Duration::from_secs(20);
    /// From complete to shot: pictures come, movers have their second fix.
    const REST: Duration = Duration::from_millis(2500);

    fn headless(bevy_app: &mut App, options: &Options, path: PathBuf) {
        let plugins = DefaultPlugins.build().disable::<WinitPlugin>().set(WindowPlugin {
            primary_window: None,
            exit_condition: ExitCondition::DontExit,
            ..default()
        });
        bevy_app.add_plugins((plugins, ScheduleRunnerPlugin::run_loop(Duration::from_millis(30))));
        let size = options.size.unwrap_or((1920, 1080));
        let mut image = Image::new_target_texture(size.0, size.1, TextureFormat::Rgba8UnormSrgb, None);
        image.texture_descriptor.usage |= TextureUsages::COPY_SRC;
        image.asset_usage = RenderAssetUsages::default();
        let image = bevy_app.world_mut().resource_mut::<Assets<Image>>().add(image);
        let wants = options.scene.map(|it| if it == SceneName::War { Posture::War } else { Posture::Peace });
        bevy_app
            .insert_resource(Shot {
                path,
                size,
                wants,
                image: image.clone(),
                started: Instant::now(),
                patience: Duration::from_secs(options.patience),
                settled: None,
                is_asked: false,
            })
            .add_systems(Startup, move |mut commands: Commands| {
                commands.spawn((Camera2d, Msaa::Off, RenderTarget::Image(image.clone().into())));
            })
            .add_systems(Last, take_shot);
    }

    fn take_shot(
        mut commands: Commands,
        mut shot: ResMut<Shot>,
        hall: Res<Hall>,
        fetches: Res<app::Fetches>,
        mut exit: MessageWriter<AppExit>,
    ) {
        if shot.is_asked {
            return;
        }
        let waited = shot.started.elapsed();
        if shot.settled.is_none() {
            let is_there = app::is_settled(&hall, &fetches, None);
            let is_scene = app::is_settled(&hall, &fetches, shot.wants);
            if is_scene || (is_there && waited > SCENE_PATIENCE) {
                if !is_scene {
                    eprintln!("the city is not in the wanted posture; the picture shows the one it is in");
                }
                eprintln!("the city and its map stood complete {:.1} s after the start", waited.as_secs_f32());
                shot.settled = Some(Instant::now());
            } else if waited > shot.patience {
                eprintln!("no complete city from the hub after {} s; is the address right?", waited.as_secs());
                exit.write(AppExit::error());
            }
            return;
        }
        if shot.settled.is_some_and(|at| at.elapsed() < REST) {
            return;
        }
        shot.is_asked = true;
        commands.spawn(Readback::texture(shot.image.clone())).observe(save);
    }

    fn save(done: On<ReadbackComplete>, shot: Res<Shot>, mut exit: MessageWriter<AppExit>) {
        let (width, height) = shot.size;
        let row = width as usize * 4;
        let stride = row.next_multiple_of(256);
        let pixels: Vec<u8> = if done.data.len() == row * height as usize {
            done.data.clone()
        } else {
            done.data
                .chunks(stride)
                .take(height as usize)
                .flat_map(|line| &line[..row.min(line.len())])
                .copied()
                .collect()
        };
        let opaque: Vec<u8> = pixels.chunks_exact(4).flat_map(|rgba| [rgba[0], rgba[1], rgba[2]]).collect();
        match image::save_buffer(&shot.path, &opaque, width, height, image::ColorType::Rgb8) {
            Ok(()) => exit.write(AppExit::Success),
            Err(error) => {
                eprintln!("saving {}: {error}", shot.path.display());
                exit.write(AppExit::error())
            }
        };
    }

    fn size_from_text(text: &str) -> Result<(u32, u32), String> {
        let parsed = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        parsed
            .filter(|(width, height)| (64..=16384).contains(width) && (64..=16384).contains(height))
            .ok_or_else(|| format!("{text} is not WIDTHxHEIGHT in pixels, such as 3840x1080"))
    }
}
