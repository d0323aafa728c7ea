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
        app::AppExit,
        prelude::*,
        render::{
            error_handler::{RenderError, RenderErrorHandler, RenderErrorPolicy},
            renderer::RenderDevice,
        },
        window::{MonitorSelection, WindowMode, WindowResolution},
    };
    use clap::{Parser, Subcommand, ValueEnum};
    use gulang_city::{LonLat, Posture};
    use gulang_ui::{
        app::{self, Start, StartView},
        bench::{PointsBench, metrics::MetricsBench, scene::SceneBench},
        i18n::Lang,
        net::Address,
        stage::palette::Theme,
        stills::{self, Still, Wanted, Wants},
    };
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
        #[arg(long, env = "GULANG_TOKEN", hide_env_values = true, default_value = "")]
        token: String,
        /// Who sits here, as the city's roles.json names it [default: 大屏; with --desk its first officer's seat]
        #[arg(long)]
        seat: Option<String>,
        /// peace, war: the footing a picture waits for, which is the city's to choose. metrics, metrics:LAYOUT, brief:PAGE:ID: what
        /// this wall shows, whatever the hall's scene is; a picture waits for the figures.
        #[arg(long, value_parser = scene_from_text)]
        scene: Option<Scene>,
        /// Pixels; a window without it fills its display, with it and --display it has no frame.
        #[arg(long, value_parser = size_from_text)]
        size: Option<(u32, u32)>,
        /// The display to stand on, from 0.
        #[arg(long)]
        display: Option<usize>,
        /// Draws without a window; needs --shot or --stills.
        #[arg(long, requires = "picture")]
        headless: bool,
        /// Where the picture goes, once the city and its map are complete.
        #[arg(long, group = "picture")]
        shot: Option<PathBuf>,
        /// Many maps of one city instead of one picture, with --headless: a JSON file of [{"file": "a.png", "view":
        /// [LON, LAT, METRES, BEARING, TILT], "size": [WIDTH, HEIGHT], "show": ["rain"]}]
        #[arg(long, group = "picture", requires = "headless")]
        stills: Option<PathBuf>,
        /// Draws the desk instead of the wall.
        #[arg(long)]
        desk: bool,
        /// Draws the map alone, without panels.
        #[arg(long)]
        map: bool,
        /// Where the map looks at first: LON,LAT,METRES[,BEARING,TILT]
        #[arg(long, value_parser = view_from_text, allow_hyphen_values = true)]
        view: Option<StartView>,
        /// The colours of the map and of a briefing's pages [default: a dark map, light pages]
        #[arg(long, value_enum)]
        theme: Option<ThemeName>,
        /// Of the screen at first; F7 there switches it.
        #[arg(long, value_enum, default_value = "zh")]
        lang: LangName,
        /// Layers and overlays to switch on, by id, such as manhole,bike,rain
        #[arg(long, value_delimiter = ',')]
        show: Vec<String>,
        /// What is selected at first, by id: a flood point, sensor, team, drone, shelter
        #[arg(long)]
        select: Option<String>,
        /// A place to tell arrival times for: LON,LAT
        #[arg(long, value_parser = place_from_text, allow_hyphen_values = true)]
        place: Option<LonLat>,
        /// How far the nearest seat is from the wall, m; with --pitch-mm it chooses how large words and symbols are.
        #[arg(long)]
        distance_m: Option<f32>,
        /// The size of one pixel of the wall, mm.
        #[arg(long, requires = "distance_m")]
        pitch_mm: Option<f32>,
        /// Destroys the GPU device after so many seconds, as a driver that hangs does; for tests.
        #[arg(long, hide = true)]
        lose_device_after: Option<f32>,
        /// Gives up after so many seconds without the city, --headless only.
        #[arg(long, default_value_t = 120)]
        patience: u64,
    }

    #[derive(Clone, PartialEq, Eq)]
    enum Scene {
        Footing(Posture),
        /// As the hall's scenes are written.
        Own(String),
    }

    #[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
    enum SceneName {
        Peace,
        War,
    }

    #[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
    enum ThemeName {
        Dark,
        Light,
    }

    #[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
    enum LangName {
        Zh,
        En,
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
        /// The whole screen with a city behind it, drawn off screen. Starts `gulang-hub serve` from its own folder, unless
        /// --hub names one.
        Scene {
            #[arg(long, value_enum, default_value = "war")]
            scene: SceneName,
            /// Many things in the simulated city: none, small, city
            #[arg(long, default_value = "small")]
            scale: String,
            #[arg(long, value_parser = size_from_text, default_value = "1920x1080")]
            size: (u32, u32),
            #[arg(long, default_value_t = 60)]
            frames: usize,
            /// Layers to switch on, by id
            #[arg(long, value_delimiter = ',')]
            show: Vec<String>,
            /// One JSON object instead of words.
            #[arg(long)]
            json: bool,
        },
        /// A metrics wall of 40 cards: what a frame costs the CPU while nothing changes, and while every figure does.
        Metrics {
            #[arg(long, value_parser = size_from_text, default_value = "7680x2160")]
            size: (u32, u32),
            #[arg(long, default_value_t = 120)]
            frames: usize,
            /// One JSON object instead of words.
            #[arg(long)]
            json: bool,
        },
    }

    #[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
    enum Mode {
        Static,
        Live,
    }

    /// Large pieces go back to the system when they are freed: a wall runs for weeks, and every drill brings a second city. Left
    /// alone, glibc keeps pieces of up to 32 MB for later, and a wall at city scale holds 400 MB more.
    #[cfg(target_env = "gnu")]
    fn give_memory_back() {
        const LARGE_BYTES: i32 = 256 * 1024;
        // SAFETY: mallopt changes two numbers of the allocator; no thread but this one runs yet.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BYTES);
            libc::mallopt(libc::M_TRIM_THRESHOLD, LARGE_BYTES * 4);
        }
    }

    #[cfg(not(target_env = "gnu"))]
    fn give_memory_back() {}

    pub fn main() -> ExitCode {
        give_memory_back();
        let started = Instant::now();
        let options = Options::parse();
        let is_headless = options.headless;
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
            Some(Chore::Bench { bench: Bench::Metrics { size, frames, json } }) => {
                let report = MetricsBench { size: *size, n_frames: *frames }.run();
                if *json {
                    println!("{}", serde_json::to_string(&report).unwrap_or_default());
                } else {
                    println!("{report:#?}");
                }
                ExitCode::SUCCESS
            }
            Some(Chore::Bench { bench: Bench::Scene { scene, scale, size, frames, show, json } }) => {
                let bench = SceneBench {
                    is_war: *scene == SceneName::War,
                    size: *size,
                    n_frames: *frames,
                    json: *json,
                    scale: scale.clone(),
                };
                match bench_scene(bench, show.clone()) {
                    Ok(AppExit::Success) => ExitCode::SUCCESS,
                    Ok(AppExit::Error(_)) => ExitCode::FAILURE,
                    Err(why) => {
                        eprintln!("measuring the scene: {why}");
                        ExitCode::FAILURE
                    }
                }
            }
            None => {
                begin_again_on_panic(started, is_headless);
                match run(options) {
                    AppExit::Success => ExitCode::SUCCESS,
                    AppExit::Error(code) if code.get() == DEVICE_LOST => begin_again(started, is_headless),
                    AppExit::Error(_) => ExitCode::FAILURE,
                }
            }
        }
    }

    fn run(options: Options) -> AppExit {
        let usual = if options.desk { app::DESK_SEAT } else { app::WALL_SEAT };
        let address = Address::new(&options.hub, &options.token, options.seat.as_deref().unwrap_or(usual));
        let screen = if options.desk { app::Screen::Desk } else { app::Screen::Wall };
        let mut bevy_app = App::new();
        let stills = match stills_of(&options) {
            Ok(stills) => stills,
            Err(why) => {
                eprintln!("{why}");
                return AppExit::error();
            }
        };
        let is_map_only = options.map || options.stills.is_some();
        let first_view = stills.first().and_then(|it| it.view);
        match stills.is_empty() {
            false => {
                let wants = match &options.scene {
                    Some(Scene::Own(_)) => Wants::Figures,
                    Some(Scene::Footing(posture)) => Wants::Footing(*posture),
                    None => Wants::City,
                };
                stills::plugin(
                    &mut bevy_app,
                    Wanted {
                        stills,
                        is_maps: options.stills.is_some(),
                        wants,
                        patience: Duration::from_secs(options.patience),
                    },
                );
            }
            true => windowed(&mut bevy_app, &options),
        }
        let theme = options.theme.map(|it| if it == ThemeName::Light { Theme::Light } else { Theme::Dark });
        let size_factor = options.distance_m.map_or(1.0, |distance| {
            // `type.wall`: px of an angle at a distance; the factor is against 8 m on 0.9 mm.
            (distance / options.pitch_mm.unwrap_or(0.9) / (8.0 / 0.9)).clamp(1.0, 1.6)
        });
        let start = Start {
            view: first_view.or(options.view),
            theme: theme.unwrap_or(Theme::Dark),
            page_theme: theme.unwrap_or(Theme::Light),
            lang: if options.lang == LangName::En { Lang::En } else { Lang::Zh },
            // Each still has its own.
            show: if options.stills.is_some() { Vec::new() } else { options.show },
            place: options.place,
            select: options.select,
            is_map_only,
            scene: match options.scene {
                Some(Scene::Own(scene)) => Some(scene),
                Some(Scene::Footing(_)) | None => None,
            },
            size_factor,
        };
        app::plugin(&mut bevy_app, screen, address, start);
        bevy_app.insert_resource(RenderErrorHandler(on_render_error));
        if let Some(secs) = options.lose_device_after.filter(|_| std::env::var_os(FELL).is_none()) {
            bevy_app.add_systems(Last, move |time: Res<Time<Real>>, device: Res<RenderDevice>| {
                if time.elapsed_secs() > secs {
                    device.wgpu_device().destroy();
                }
            });
        }
        bevy_app.run()
    }

    /// The GPU is gone, or will not do what it is told: this process ends and a new one draws in its place. A wall has nothing to
    /// lose; all it shows is the hub's.
    fn on_render_error(error: &RenderError, main: &mut World, _render: &mut World) -> RenderErrorPolicy {
        eprintln!("gulang-wall: {:?}: {}", error.ty, error.description);
        main.write_message(AppExit::from_code(DEVICE_LOST));
        RenderErrorPolicy::StopRendering
    }

    /// The exit that asks for another start.
    const DEVICE_LOST: u8 = 75;
    /// In the environment of a wall that was started again: how often.
    const FELL: &str = "GULANG_WALL_FELL";
    /// A wall that falls sooner than this after its start waits as long before the next.
    const SHORT_LIFE: Duration = Duration::from_secs(5);

    /// A lost device is told to the error handler, or makes whatever touches it next panic; unwinding through a lost device may
    /// panic again, and that would be the end.
    fn begin_again_on_panic(started: Instant, is_headless: bool) {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            tell(panic);
            // Comes back only where it cannot: then the panic takes its course.
            begin_again(started, is_headless);
        }));
    }

    /// The same program with the same arguments, in this process's place.
    fn begin_again(started: Instant, is_headless: bool) -> ExitCode {
        let n_falls = std::env::var(FELL).ok().and_then(|it| it.parse().ok()).unwrap_or(0_u32) + 1;
        eprintln!("gulang-wall: the GPU failed; starting again");
        // Somebody waits for a picture; nobody waits for a wall to give up.
        if is_headless && n_falls > 3 {
            return ExitCode::FAILURE;
        }
        std::thread::sleep(SHORT_LIFE.saturating_sub(started.elapsed()));
        let Ok(program) = std::env::current_exe() else { return ExitCode::FAILURE };
        let mut again = std::process::Command::new(program);
        again.args(std::env::args_os().skip(1)).env(FELL, n_falls.to_string());
        #[cfg(unix)]
        let error = std::os::unix::process::CommandExt::exec(&mut again);
        #[cfg(not(unix))]
        let error = match again.status() {
            Ok(status) => return status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8)),
            Err(error) => error,
        };
        eprintln!("gulang-wall: starting again: {error}");
        ExitCode::FAILURE
    }

    /// A hub of the bench's own; gone with it.
    struct OwnHub(std::process::Child);

    impl Drop for OwnHub {
        fn drop(&mut self) {
            // It may have ended by itself.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn bench_scene(bench: SceneBench, show: Vec<String>) -> Result<AppExit, String> {
        let program = std::env::current_exe().map_err(|e| format!("finding my own folder: {e}"))?;
        let hub = program.with_file_name("gulang-hub");
        let data = std::env::temp_dir().join(format!("gulang-bench-scene-{}", std::process::id()));
        let mut child = std::process::Command::new(&hub)
            .args(["serve", "--stdin-guard", "--scale", &bench.scale, "--data"])
            .arg(&data)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .map(OwnHub)
            .map_err(|e| format!("starting {}: {e}; build it beside me", hub.display()))?;
        let stdout = child.0.stdout.take().ok_or("the hub has no output")?;
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).map_err(|e| e.to_string())?;
        let ready: serde_json::Value =
            serde_json::from_str(&line).map_err(|e| format!("the hub said {line:?}: {e}"))?;
        let text = |key: &str| ready.get(key).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
        let address = Address::new(&text("url"), &text("token"), gulang_ui::bench::scene::SEAT);
        let mut bevy_app = App::new();
        stills::off_screen(&mut bevy_app, bench.size, Duration::ZERO);
        app::plugin(&mut bevy_app, app::Screen::Wall, address, Start { show, ..Start::default() });
        gulang_ui::bench::scene::plugin(&mut bevy_app, bench);
        let exit = bevy_app.run();
        drop(child);
        // A folder of the system's temporary ones; a leftover harms nobody.
        let _ = std::fs::remove_dir_all(data);
        Ok(exit)
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
            .add_plugins(DefaultPlugins.set(app::log()).set(WindowPlugin { primary_window: Some(window), ..default() }))
            .add_systems(Startup, |mut commands: Commands| {
                commands.spawn((Camera2d, Msaa::Off));
            });
    }

    /// The pictures wanted; none where there is a window.
    fn stills_of(options: &Options) -> Result<Vec<Still>, String> {
        match (&options.shot, &options.stills) {
            (_, Some(list)) => stills::read_list(list),
            (Some(path), None) if options.headless => {
                let (path, size) = (path.clone(), options.size.unwrap_or((1920, 1080)));
                Ok(vec![Still { path, size, view: options.view, show: options.show.clone() }])
            }
            _ => Ok(Vec::new()),
        }
    }

    fn place_from_text(text: &str) -> Result<LonLat, String> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|it| it.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[lon, lat]) if LonLat(lon, lat).is_sane() => Ok(LonLat(lon, lat)),
            _ => Err(format!("{text} is not LON,LAT in degrees, such as 118.11,24.48")),
        }
    }

    fn view_from_text(text: &str) -> Result<StartView, String> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|it| it.trim().parse().ok()).collect();
        let numbers = numbers.unwrap_or_default();
        let turn = |i: usize| numbers.get(i).copied().unwrap_or(0.0);
        match numbers.as_slice() {
            [lon, lat, metres, ..] if LonLat(*lon, *lat).is_sane() && *metres > 0.0 && numbers.len() <= 5 => {
                Ok(StartView { at: LonLat(*lon, *lat), metres: *metres, bearing: turn(3), tilt: turn(4) })
            }
            _ => Err(format!("{text} is not LON,LAT,METRES[,BEARING,TILT], such as 118.065,24.447,1500,0,40")),
        }
    }

    fn scene_from_text(text: &str) -> Result<Scene, String> {
        match text {
            "peace" => Ok(Scene::Footing(Posture::Peace)),
            "war" => Ok(Scene::Footing(Posture::War)),
            _ if gulang_city::scene_metrics(text, Posture::Peace).is_some() => Ok(Scene::Own(text.to_owned())),
            _ if gulang_city::scene_briefing(text).is_some() => Ok(Scene::Own(text.to_owned())),
            _ => Err(format!("{text} is not peace, war, metrics, metrics:LAYOUT or brief:PAGE:ID")),
        }
    }

    fn size_from_text(text: &str) -> Result<(u32, u32), String> {
        let parsed = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        parsed
            .filter(|(width, height)| stills::SIZES.contains(width) && stills::SIZES.contains(height))
            .ok_or_else(|| format!("{text} is not WIDTHxHEIGHT in pixels, such as 3840x1080"))
    }
}
