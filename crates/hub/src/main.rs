//! `gulang-hub`: the hub without windows, and its tools.

use clap::{Parser, Subcommand};
use gulang_hub::{
    assets, bench, config,
    connectors::contract::kinds,
    drill, duties, evidence, indicators, log, registers,
    sim_host::{ChildSim, SimScale},
    tiles, trial,
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The hub of Gulang: numbers what happens in a city, keeps it, delivers orders, and serves the screens.
///
/// Exit status: 0 done, 1 failed, 2 wrong usage. RUST_LOG=info shows what it does on standard error.
#[derive(Parser)]
#[command(name = "gulang-hub", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "made once, from the command line")]
enum Task {
    /// Run the hub: connect to the city, keep its log, serve screens
    ///
    /// Prints one JSON line {"url":…,"token":…} when ready and runs until interrupted. Without --config it starts the
    /// simulated city (gulang-sim, beside this program or named by GULANG_SIM).
    ///
    /// Example: gulang-hub serve --data ~/gulang
    Serve {
        /// The city's log; made if it is not there. One hub per directory
        #[arg(long)]
        data: PathBuf,
        /// Where the city's real platforms are (TOML: [actual] platform, cap, typhoon, mqtt, feeds, inventory, token)
        #[arg(long)]
        config: Option<PathBuf>,
        /// Loopback only; port 0 takes a free one
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: std::net::SocketAddr,
        /// The city pack; by default assets/cities/xiamen
        #[arg(long)]
        pack: Option<PathBuf>,
        /// The built page for browsers
        #[arg(long)]
        page: Option<PathBuf>,
        /// Seed of the simulated actual city
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Manhole covers, cameras, devices and bikes of simulated cities: none, one in a hundred, or as many as are counted
        #[arg(long, value_enum, default_value_t = Scale::Small)]
        scale: Scale,
        /// Sign the logs with this SM2 key (`gulang-hub key new`), so that `gulang-hub verify` can prove them
        #[arg(long, env = "GULANG_SIGN_KEY", value_name = "KEY.pem")]
        sign_key: Option<PathBuf>,
        /// End when standard input closes, so that the hub does not outlive who started it
        #[arg(long)]
        stdin_guard: bool,
    },
    /// Run a drill to its end
    #[command(subcommand)]
    Drill(DrillTask),
    /// Fold a log again from its founding and check every byte of it
    ///
    /// DIR is a realm's folder, or the data directory (then the exercise is preferred). Exit 1 if anything in the log was
    /// changed; `problem` then names the record.
    Replay {
        dir: PathBuf,
        /// Print one JSON object: records, state_hash, chain_ok, secs
        #[arg(long)]
        json: bool,
    },
    /// Make or show keys that sign logs (SM2, PEM)
    #[command(subcommand)]
    Key(KeyTask),
    /// Prove a signed log with the public key alone
    ///
    /// LOG is a realm's folder, its log.sqlite, or the data directory (then the exercise is preferred). Says the first record
    /// that cannot be trusted, records that are missing, and how many at the end nobody signed. Exit 0 only if everything is
    /// signed and intact.
    ///
    /// Nothing in a log can show that its newest segments were cut off together with their records. Keep the last line of
    /// segments.jsonl elsewhere, and give it as --receipt.
    ///
    /// Example: gulang-hub verify ~/gulang/actual --key sign.pub.pem --receipt last-week.json
    Verify {
        log: PathBuf,
        /// The public key (SPKI PEM)
        #[arg(long)]
        key: PathBuf,
        /// A file with one line of segments.jsonl, kept elsewhere
        #[arg(long)]
        receipt: Option<PathBuf>,
        /// The log is in use: records after the last segment are no fault
        #[arg(long)]
        allow_unsigned_tail: bool,
        /// Print one JSON object: intact, records, segments, signed_to, unsigned_tail, bad_record, missing, problems, key
        #[arg(long)]
        json: bool,
    },
    /// Write a report
    #[command(subcommand)]
    Report(ReportTask),
    /// Measure what the budgets ask; figures and the shape of the load
    Bench {
        #[arg(value_enum)]
        what: Bench,
        /// Screens that follow (ingest, fanout, mqtt), or that show the feeds (video)
        #[arg(long, default_value_t = 4)]
        screens: usize,
        /// Cases (fold), commands (fanout), feeds (video), readings a second (mqtt, publish), or repetitions (route, switch)
        #[arg(long)]
        n: Option<u64>,
        /// How long (ingest, mqtt, publish, video)
        #[arg(long, default_value_t = 5.0)]
        secs: f64,
        /// A broker's HOST:PORT: to listen to, where somebody else publishes (mqtt), or to publish to (publish)
        #[arg(long)]
        broker: Option<String>,
        #[arg(long)]
        pack: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Make a base map of a city's layers; with --as, take a file over into a register
    ///
    /// With --as REGISTER, FILE (.xlsx .xls .ods .csv .tsv .geojson .fgb, or a zipped shapefile) becomes a register's rows:
    /// headers are guessed, every row that cannot be used is named with its number, cell and remedy, and all accepted rows are
    /// taken over at once or not at all. REGISTER is teams, depots, shelters, cameras, contacts, points, or duties (as
    /// import-duties into the pack). --data imports into a log nobody is using, --hub into a running hub; --dry-run only
    /// shows. A file whose coordinates look like GCJ-02 is not taken over before --crs says what they are.
    ///
    /// Example: gulang-hub import 队伍.xlsx --as teams --data ~/gulang --reason 年度更新 --dry-run
    ///
    /// Without --as it makes a base map (PMTiles, vector tiles):
    ///
    /// INPUT are layer files (GeoJSON, FlatGeobuf) or folders of them. What becomes which layer is said by a spec: --spec, or
    /// the import.toml in an input folder. Without any, each file becomes a layer of its own name.
    ///
    /// A spec is TOML: name; zooms = [first, last]; simplify_px (how far lines may stray, 0.5); [detail] from_zoom and
    /// bounds = [west, south, east, north] (deeper tiles only there); then one [[layer]] per file, painted in their order:
    ///
    ///   file = "roads.geojson"          layer = "transportation"
    ///   crs = "gcj02"                   wgs84 (default), gcj02, bd09: turned into WGS-84
    ///   attribution = "© …"             who is to be named on screens
    ///   zooms = [7, 14]                 where it is shown
    ///   keep = { class = "kind" }       attributes: name in the tiles = name in the file; without it all are kept
    ///   keep_from = { name = 12 }       attributes that begin later
    ///   set = { class = "outside" }     the same on every feature
    ///   only.kind = ["park", "wood"]    features with one of these values
    ///   min_zoom_by.class = { trunk = 8, minor = 12 }
    ///   outside = [w, s, e, n]          without what lies in this box
    ///   merge = true                    touching areas of equal attributes become one
    ///   smallest_px = 1.0               smaller areas and lines are left out
    ///   [layer.edges]                   areas become their edges: inner, outer = { attributes }, not_along = [files]
    ///
    /// Layers that are drawn: ocean_depth (depth), land (class city or outside, coast), landcover, park, water, waterway,
    /// transportation (class, brunnel, name), rail (kind, state, line), aeroway (class), building (render_height), boundary
    /// (admin_level), place (name, kind, rank), poi (name, class). The same input always makes the same file.
    ///
    /// Example: gulang-hub import assets/cities/xiamen/map --out assets/cities/xiamen/map/base.pmtiles
    #[command(verbatim_doc_comment)]
    Import {
        #[arg(required = true)]
        input: Vec<PathBuf>,
        /// The base map to make; replaced as a whole
        #[arg(long, required_unless_present = "register", conflicts_with = "register")]
        out: Option<PathBuf>,
        /// What becomes which layer
        #[arg(long, conflicts_with = "register")]
        spec: Option<PathBuf>,
        #[command(flatten)]
        register: RegisterArgs,
        /// Print one JSON object: bytes, n_features, n_tiles, bounds, zooms, by_zoom, layers; of a register: preview, seq,
        /// refused
        #[arg(long)]
        json: bool,
    },
    /// Make a pack's duties.json of the city's own list of duties (事项清单), a spreadsheet or CSV
    ///
    /// Titles above the table, merged cells, blank rows, full-width characters and the usual names of columns are understood;
    /// CSV may be UTF-8 or GBK. A row that cannot be used is named with its number and why; the others are kept. Exit 1 if
    /// no row was kept.
    ///
    /// Example: gulang-hub import-duties 事项清单.xlsx --out assets/cities/xiamen/duties.json
    ImportDuties {
        /// .xlsx, .xls, .xlsb, .ods or .csv
        file: PathBuf,
        /// The file to make; replaced as a whole
        #[arg(long)]
        out: PathBuf,
        /// The city pack whose agencies lead; by default assets/cities/xiamen
        #[arg(long)]
        pack: Option<PathBuf>,
        /// Print one JSON object: n_kept, n_rows, header_row, columns, refused
        #[arg(long)]
        json: bool,
    },
    /// List the connectors of a configuration, the kinds there are, or try one
    ///
    /// With --try, opens the connector as the hub would, listens or asks for --secs, and shows what came as raw → mapped →
    /// refused. Nothing is recorded, no cursor moves. Exit 1 if nothing came, nothing could be mapped, or it failed. Secrets
    /// are struck out of everything shown.
    ///
    /// Example: gulang-hub connect rain --config gulang.toml --try --secs 10
    Connect {
        /// Its name in the configuration; without one all are listed
        name: Option<String>,
        /// The configuration file
        #[arg(long, required_unless_present = "kinds")]
        config: Option<PathBuf>,
        /// Listen or ask for a moment and show what comes
        #[arg(long = "try", requires = "name")]
        tries: bool,
        #[arg(long, default_value_t = 5.0, value_parser = secs)]
        secs: f64,
        /// List the kinds of connectors
        #[arg(long)]
        kinds: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Check a configuration file, a scenario, or a city pack
    ///
    /// Each fault is one line, `file:line: what, why, what to do`; exit 1 if there is any.
    ///
    /// Example: gulang-hub check --diff old/plans/typhoon.json new/plans/typhoon.json
    Check {
        #[arg(required_unless_present_any = ["diff", "inputs"])]
        path: Option<PathBuf>,
        /// Say in words what the second edition of a plan (a file, or a pack's folder) changes in the first
        #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
        diff: Option<Vec<PathBuf>>,
        /// List the inputs that conditions of plans may name
        #[arg(long)]
        inputs: bool,
    },
}

/// How a file becomes a register.
#[derive(clap::Args)]
struct RegisterArgs {
    /// The register: teams, depots, shelters, cameras, contacts, points, duties
    #[arg(long = "as", value_name = "REGISTER")]
    register: Option<String>,
    /// The data directory of a hub that is not running
    #[arg(long, requires = "register", conflicts_with = "hub")]
    data: Option<PathBuf>,
    /// A running hub, as its first line says
    #[arg(long, requires = "register", value_name = "URL")]
    hub: Option<String>,
    /// The running hub's token
    #[arg(long, env = "GULANG_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// A column said instead of guessed, field=header or field=#number: id, name, person, lon, lat, coordinates, district,
    /// …; none=header leaves one out
    #[arg(long, requires = "register", value_name = "FIELD=HEADER")]
    map: Vec<String>,
    /// What the coordinates are: wgs84, cgcs2000, gcj02, bd09; the last two are converted
    #[arg(long, requires = "register")]
    crs: Option<String>,
    /// The sheet, by name or number from 1
    #[arg(long, requires = "register")]
    sheet: Option<String>,
    /// The layer's name, of points; the file's without it
    #[arg(long, requires = "register", default_value = "")]
    layer: String,
    /// Withdraw what the file does not name; without it those stay
    #[arg(long, requires = "register")]
    replace: bool,
    /// Why, for the record
    #[arg(long, requires = "register", default_value = "命令行导入")]
    reason: String,
    /// Who imports; by default the pack's first officer seat (--data)
    #[arg(long, requires = "register")]
    seat: Option<String>,
    /// Only show what would happen
    #[arg(long, requires = "register")]
    dry_run: bool,
    /// The city pack; by default assets/cities/xiamen
    #[arg(long, requires = "register")]
    pack: Option<PathBuf>,
    /// Sign the log with this SM2 key (--data)
    #[arg(long, requires = "data", value_name = "KEY.pem")]
    sign_key: Option<PathBuf>,
}

#[derive(Subcommand)]
enum KeyTask {
    /// Make a key pair; the secret key is never overwritten and only its owner may read it
    New {
        /// Where the secret key goes; the public one lies beside it as ….pub.pem
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the public key of a secret one
    Public {
        key: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
enum ReportTask {
    /// 复盘: who knew what when, orders against deadlines, agencies, the score sheet; each figure with its record numbers
    ///
    /// --from and --to are Beijing time (2023-07-27 10:00); without them the whole log is told. The form follows --out:
    /// .pdf, .docx, .json.
    ///
    /// Example: gulang-hub report review --data ~/gulang --from "2023-07-27 08:00" --to "2023-07-28 20:00" --out review.pdf
    Review {
        /// A realm's folder, or the data directory (then the exercise is preferred)
        #[arg(long)]
        data: PathBuf,
        #[arg(long, value_parser = beijing)]
        from: Option<gulang_city::Timestamp>,
        #[arg(long, value_parser = beijing)]
        to: Option<gulang_city::Timestamp>,
        #[arg(long)]
        out: PathBuf,
    },
}

fn secs(text: &str) -> Result<f64, String> {
    let secs = text.parse().ok().filter(|it| (0.1..=3600.0).contains(it));
    secs.ok_or_else(|| "写 0.1 到 3600 之间的秒数".to_owned())
}

fn beijing(text: &str) -> Result<gulang_city::Timestamp, String> {
    gulang_city::Timestamp::parse(text).ok_or_else(|| "写成 2023-07-27 10:00 这样的北京时间".to_owned())
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Scale {
    None,
    Small,
    City,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Bench {
    /// Records a second through the fold
    Fold,
    /// Readings a second into the columns and out to screens
    Ingest,
    /// Readings one by one over a real broker into the columns and out to screens: readings a second, delay
    Mqtt,
    /// The load of `mqtt` alone, published to --broker for whoever listens
    Publish,
    /// Pages of SensorThings Observations into readings: MB a second
    Sensorthings,
    /// The pack's indicators over --n cases of a year (2,000,000), 100,000 sensors: a cold count, the cost of a tick
    Indicators,
    /// Commands a second, durable and on every screen
    Fanout,
    /// 平转战: 84 agencies × 6 orders, one platform dead, one answering in 30 s: ms to the log and to the wire
    Switch,
    /// The base map's tiles into meshes, MB a second, beside plain decoding
    Tiles,
    /// Nearest teams by road, a reach-time surface of the city, a closure: median ms of each
    Route,
    /// The review sheet of a plan made to order --n orders (500): median and worst ms
    Sheet,
    /// 200 needs given teams, with arrival times and sentences: median ms
    Assign,
    /// The list of duties: index built, bytes held, a query's median and worst ms
    Duties,
    /// --n cameras (200,000) from CSV and from xlsx into a durable register: seconds
    Import,
    /// Vehicles' terminals (JT/T 808), --n of them (50000), one position each in ten seconds, over loopback sockets
    Jt808,
    /// --n feeds (16) of 720p at 25 fps from lens to screen: pictures a second, delay, processor; one feed on ten screens
    Video,
}

#[derive(Subcommand)]
enum DrillTask {
    /// Play a scenario without any window, the simulated city included
    ///
    /// Hub and city move in lockstep on the exercise clock; the officer's part is the scenario's script. The same seed
    /// and scenario always end in the same state_hash.
    ///
    /// Example: gulang-hub drill run assets/scenarios/doksuri-2023.toml --seed 7 --speed max --data /tmp/drill --json
    Run {
        /// A scenario file, or the name of one in assets/scenarios
        scenario: String,
        /// Everything random in the simulated city follows from it; by default the scenario's
        #[arg(long)]
        seed: Option<u64>,
        /// Only `max`: as fast as the machine allows. For a watched drill, start one from a screen
        #[arg(long, default_value = "max", value_parser = ["max"])]
        speed: String,
        /// Sign its log with this SM2 key (`gulang-hub key new`)
        #[arg(long, env = "GULANG_SIGN_KEY", value_name = "KEY.pem")]
        sign_key: Option<PathBuf>,
        /// Its log goes to DATA/exercise; an earlier one there is moved aside
        #[arg(long)]
        data: PathBuf,
        /// The city pack; by default assets/cities/xiamen
        #[arg(long)]
        pack: Option<PathBuf>,
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gulang-hub: {error}");
            ExitCode::FAILURE
        }
    }
}

type Error = Box<dyn std::error::Error>;

fn run(task: Task) -> Result<ExitCode, Error> {
    match task {
        Task::Serve { data, config, listen, pack, page, seed, scale, sign_key, stdin_guard } => {
            let scale = match scale {
                Scale::None => SimScale::None,
                Scale::Small => SimScale::Small,
                Scale::City => SimScale::City,
            };
            serve(data, config, listen, pack, page, (seed, scale), sign_key, stdin_guard)
        }
        Task::Drill(DrillTask::Run { scenario, seed, data, pack, json, sign_key, .. }) => {
            run_drill(&scenario, seed, data, pack, sign_key.as_deref(), json)
        }
        Task::Key(KeyTask::New { out }) => {
            let (public, fingerprint) = evidence::new_key(&out)?;
            println!(
                "私钥 {}（只留在签名的机器上）\n公钥 {}（交给核验的人）\n指纹 {fingerprint}",
                out.display(),
                public.display()
            );
            Ok(ExitCode::SUCCESS)
        }
        Task::Key(KeyTask::Public { key, out }) => {
            let fingerprint = evidence::export_public(&key, &out)?;
            println!("公钥 {}\n指纹 {fingerprint}", out.display());
            Ok(ExitCode::SUCCESS)
        }
        Task::Verify { log, key, receipt, allow_unsigned_tail, json } => {
            verify(&log, &key, receipt.as_deref(), allow_unsigned_tail, json)
        }
        Task::Report(ReportTask::Review { data, from, to, out }) => report_review(&data, from, to, &out),
        Task::Replay { dir, json } => replay(dir, json),
        Task::Bench { what, screens, n, secs, broker, pack, json } => {
            let pack_dir = pack_dir(pack)?;
            let figures = match what {
                Bench::Fold => bench::fold(&assets::read_pack(&pack_dir)?, n.unwrap_or(150_000))?,
                Bench::Ingest => bench::ingest(&pack_dir, screens, secs)?,
                Bench::Mqtt => bench::over_mqtt(&pack_dir, screens, secs, n.unwrap_or(100_000), broker.as_deref())?,
                Bench::Publish => {
                    let broker = broker.ok_or("--broker HOST:PORT names where to publish")?;
                    bench::publish_over_mqtt(&assets::read_pack(&pack_dir)?, &broker, n.unwrap_or(100_000), secs)?
                }
                Bench::Sensorthings => bench::sensorthings(n.unwrap_or(10_000))?,
                Bench::Indicators => {
                    bench::indicators(&pack_dir, assets::read_pack(&pack_dir)?, n.unwrap_or(2_000_000))?
                }
                Bench::Tiles => tiles::bench(&pack_dir, assets::read_pack(&pack_dir)?.center)?,
                Bench::Fanout => bench::fanout(&pack_dir, screens, n.unwrap_or(20_000))?,
                Bench::Switch => bench::switch(&pack_dir, n.unwrap_or(5))?,
                Bench::Route => bench::route(&pack_dir, n.unwrap_or(200))?,
                Bench::Sheet => bench::sheet(&assets::read_pack(&pack_dir)?, n.unwrap_or(500))?,
                Bench::Assign => bench::assign(&pack_dir, n.unwrap_or(20))?,
                Bench::Jt808 => bench::jt808(&pack_dir, n.unwrap_or(50_000), secs)?,
                Bench::Duties => duties::bench(&pack_dir, n.unwrap_or(500))?,
                Bench::Import => registers::bench::import(&pack_dir, n.unwrap_or(200_000))?,
                Bench::Video => bench::video(&pack_dir, n.unwrap_or(16), screens, secs)?,
            };
            println!("{}", if json { figures.to_string() } else { serde_json::to_string_pretty(&figures)? });
            Ok(ExitCode::SUCCESS)
        }
        Task::Import { input, out: Some(out), spec, json, .. } => import(&input, &out, spec.as_deref(), json),
        Task::Import { input, register, json, .. } => import_register(&input, register, json),
        Task::Check { diff: Some(pair), .. } => match pair.as_slice() {
            [old, new] => diff(old, new),
            _ => Err("--diff takes two plans".into()),
        },
        Task::Check { inputs: true, .. } => {
            for it in gulang_city::INPUTS {
                println!("{:<20} {:<8} {}", it.name, it.unit, it.meaning);
            }
            Ok(ExitCode::SUCCESS)
        }
        Task::Connect { kinds: true, json, .. } => list_kinds(json),
        Task::Connect { name, config, tries, secs, json, .. } => {
            let path = config.ok_or("--config gulang.toml 写明配置文件")?;
            connect(&path, name.as_deref(), tries.then_some(secs), json)
        }
        Task::Check { path, .. } => check(path.unwrap_or_else(|| PathBuf::from("."))),
        Task::ImportDuties { file, out, pack, json } => import_duties(&file, &out, pack, json),
    }
}

fn pack_dir(named: Option<PathBuf>) -> Result<PathBuf, Error> {
    match named {
        Some(dir) => Ok(dir),
        None => Ok(assets::assets_dir()?.join("cities/xiamen")),
    }
}

/// What connectors may ask about; a faulty pack is told of by whoever needs it whole.
fn pack_of(dir: &Path) -> std::sync::Arc<gulang_city::Pack> {
    std::sync::Arc::new(assets::read_pack(dir).unwrap_or_else(|_| gulang_city::tiny_pack()))
}

#[expect(clippy::too_many_arguments, reason = "the arguments of one command line")]
fn serve(
    data: PathBuf,
    config: Option<PathBuf>,
    listen: std::net::SocketAddr,
    pack: Option<PathBuf>,
    page: Option<PathBuf>,
    (seed, scale): (u64, SimScale),
    sign_key: Option<PathBuf>,
    stdin_guard: bool,
) -> Result<ExitCode, Error> {
    let pack_dir = std::path::absolute(pack_dir(pack)?)?;
    let config_file = config.map(std::path::absolute).transpose()?;
    let config::Config { actual, raster, connectors: _, assistant: _ } = config_file
        .as_deref()
        .map(|path| config::read_config_for(path, || pack_of(&pack_dir)))
        .transpose()?
        .unwrap_or_default();
    let hub = gulang_hub::start(gulang_hub::HubConfig {
        data: std::path::absolute(data)?,
        pack_dir,
        scenarios_dir: assets::assets_dir().ok().map(|it| it.join("scenarios")),
        listen,
        page_dir: page.or_else(|| {
            assets::assets_dir().ok().map(|it| it.join("../ui/web")).filter(|it| it.join("index.html").is_file())
        }),
        sim: std::sync::Arc::new(ChildSim),
        actual,
        rasters: raster,
        seed,
        scale,
        sign_key,
        config_file,
    })?;
    println!("{}", serde_json::json!({ "url": hub.url, "token": hub.token }));
    if stdin_guard {
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    } else {
        hub.wait_for_interrupt();
    }
    hub.stop()?;
    Ok(ExitCode::SUCCESS)
}

fn run_drill(
    scenario: &str,
    seed: Option<u64>,
    data: PathBuf,
    pack: Option<PathBuf>,
    sign_key: Option<&Path>,
    json: bool,
) -> Result<ExitCode, Error> {
    let scenarios = assets::assets_dir().ok().map(|it| it.join("scenarios"));
    let scenario = assets::read_scenario(scenario, scenarios.as_deref())?;
    let pack_dir = std::path::absolute(pack_dir(pack)?)?;
    let pack = assets::read_pack(&pack_dir)?;
    let seed = seed.unwrap_or(scenario.seed);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let plan = drill::DrillPlan {
        scenario,
        seed,
        data: &std::path::absolute(data)?,
        pack: &pack,
        pack_dir: &pack_dir,
        sim: &ChildSim,
        sign_key,
    };
    let report = runtime.block_on(drill::run(plan))?;
    if json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(ExitCode::SUCCESS);
    }
    let orders = &report.orders;
    println!(
        "{} 种子 {}：{} 条记录，{:.1} 秒（{:.0} 倍实时）",
        report.scenario, report.seed, report.records, report.wall_secs, report.times_real_time
    );
    for change in &report.levels {
        let level = |it: Option<gulang_city::ResponseLevel>| it.map_or("平时", |it| it.roman());
        println!("  {} {} {} → {}", change.at, change.district, level(change.from), level(change.to));
    }
    println!(
        "  指令 {}：送达 {}，签收 {}，领受 {}，完成 {}，退回 {}，曾逾期 {}",
        orders.issued,
        orders.delivered,
        orders.acknowledged,
        orders.accepted,
        orders.done,
        orders.rejected,
        orders.overdue
    );
    println!("  转移 {} / {}", report.evacuees.moved, report.evacuees.expected);
    println!("  {}", report.state_hash);
    print!("{}", gulang_hub::review::score_text(&report.score));
    Ok(ExitCode::SUCCESS)
}

fn verify(
    log: &Path,
    key: &Path,
    receipt: Option<&Path>,
    allow_unsigned_tail: bool,
    json: bool,
) -> Result<ExitCode, Error> {
    let found =
        log::find_log_dir(log).ok_or_else(|| format!("{}：这里没有日志；给出 --data 用过的目录", log.display()))?;
    let receipt = receipt.map(|it| std::fs::read_to_string(it).map_err(|why| format!("{}：{why}", it.display())));
    let receipt = receipt.transpose()?;
    let verdict = evidence::verify(&found, &evidence::Verifier::read(key)?, receipt.as_deref())?;
    if json {
        println!("{}", serde_json::to_string(&verdict)?);
    } else {
        println!(
            "{}：{} 条记录，{} 段签名到第 {} 条，公钥指纹 {}",
            found.display(),
            verdict.records,
            verdict.segments,
            verdict.signed_to,
            verdict.key
        );
    }
    for problem in &verdict.problems {
        eprintln!("gulang-hub: {problem}");
    }
    if verdict.unsigned_tail > 0 {
        let (from, n) = (verdict.signed_to + 1, verdict.unsigned_tail);
        eprintln!("gulang-hub: 第 {from} 条起有 {n} 条记录没有签名，不能作证");
    }
    let is_good = verdict.intact && (verdict.unsigned_tail == 0 || allow_unsigned_tail);
    if is_good && !json {
        println!("完好：签名之后没有被改、被删、被换过次序");
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report_review(
    data: &Path,
    from: Option<gulang_city::Timestamp>,
    to: Option<gulang_city::Timestamp>,
    out: &Path,
) -> Result<ExitCode, Error> {
    let started = std::time::Instant::now();
    let dir =
        log::find_log_dir(data).ok_or_else(|| format!("{}：这里没有日志；给出 --data 用过的目录", data.display()))?;
    let assets = assets::assets_dir().ok();
    let scenarios = assets.as_ref().map(|it| it.join("scenarios"));
    let told = gulang_hub::review::review(&dir, from, to, scenarios.as_deref())?;
    if told.review.last_record == 0 {
        return Err("这段时间里没有记录；放宽 --from 与 --to".into());
    }
    let form = out.extension().and_then(|it| it.to_str()).unwrap_or_default();
    let bytes = match form {
        "json" => serde_json::to_vec_pretty(&told)?,
        "pdf" | "docx" => gulang_hub::review::document(&told, form, assets.as_deref())?,
        _ => return Err(format!("{}：只会写 .pdf、.docx、.json", out.display()).into()),
    };
    std::fs::write(out, &bytes).map_err(|why| format!("{}：{why}", out.display()))?;
    println!(
        "{}：记录 {}–{}，{} KB，{:.1} 秒",
        out.display(),
        told.review.first_record,
        told.review.last_record,
        bytes.len() / 1024,
        started.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

fn replay(dir: PathBuf, json: bool) -> Result<ExitCode, Error> {
    let found =
        log::find_log_dir(&dir).ok_or_else(|| format!("{}：这里没有日志；给出 --data 用过的目录", dir.display()))?;
    let replay = log::replay(&found)?;
    if json {
        println!("{}", serde_json::to_string(&replay)?);
    } else {
        println!("{} 条记录，{:.2} 秒\n{}", replay.records, replay.secs, replay.state_hash);
    }
    if let Some(problem) = &replay.problem {
        eprintln!("gulang-hub: {problem}");
    }
    Ok(if replay.chain_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn import(input: &[PathBuf], out: &Path, spec: Option<&Path>, json: bool) -> Result<ExitCode, Error> {
    let summary = tiles::import(input, spec, out)?.summary;
    if json {
        println!("{}", serde_json::to_string(&summary)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{}：{} 个要素，{} 个瓦片，{:.2} MB，图层 {}",
        out.display(),
        summary.n_features,
        summary.n_tiles,
        summary.bytes as f64 / 1e6,
        summary.layers.join("、")
    );
    for (zoom, n, bytes, largest) in summary.by_zoom {
        println!("  {zoom:>2} 级 {n:>5} 个，未压缩 {bytes:>8} 字节，最大 {largest} 字节");
    }
    Ok(ExitCode::SUCCESS)
}

/// One file into one register.
fn import_register(input: &[PathBuf], args: RegisterArgs, json: bool) -> Result<ExitCode, Error> {
    let ([file], Some(register)) = (input, args.register) else {
        return Err("--as 一次只导入一个文件".into());
    };
    if register == "duties" {
        let out = pack_dir(args.pack.clone())?.join(duties::DUTIES_FILE);
        return import_duties(file, &out, args.pack, json);
    }
    registers::cli::run(&registers::cli::Args {
        file: file.clone(),
        register,
        data: args.data,
        hub: args.hub,
        token: args.token,
        map: args.map,
        crs: args.crs,
        sheet: args.sheet,
        layer: args.layer,
        replace: args.replace,
        reason: args.reason,
        seat: args.seat,
        dry_run: args.dry_run,
        json,
        pack_dir: pack_dir(args.pack)?,
        sign_key: args.sign_key,
    })
}

/// Plans of one id are compared; those only one side has are named.
fn diff(old: &Path, new: &Path) -> Result<ExitCode, Error> {
    let (old, new) = (assets::read_plans(old)?, assets::read_plans(new)?);
    // Two files are two editions of one plan, whatever their ids.
    let is_pair = old.len() == 1 && new.len() == 1;
    let mut n_changes = 0;
    let mut say = |title: &str, words: Vec<String>| {
        n_changes += words.len();
        if !words.is_empty() {
            println!("{title}");
        }
        for it in words {
            println!("  {it}");
        }
    };
    for it in &old {
        match new.iter().find(|other| other.id == it.id || is_pair) {
            Some(other) => {
                say(&format!("{}（{} → {}）", it.title, it.version, other.version), gulang_city::plan_diff(it, other))
            }
            None => say(&it.title, vec!["整个删去".to_owned()]),
        }
    }
    for it in new.iter().filter(|it| !is_pair && !old.iter().any(|other| other.id == it.id)) {
        say(&it.title, vec![format!("新增，措施 {} 条", it.measures.len())]);
    }
    if n_changes == 0 {
        println!("没有不同");
    }
    Ok(ExitCode::SUCCESS)
}

fn import_duties(file: &Path, out: &Path, pack: Option<PathBuf>, json: bool) -> Result<ExitCode, Error> {
    let imported = duties::import(file, out, &assets::read_pack(&pack_dir(pack)?)?)?;
    if json {
        println!("{}", serde_json::to_string(&imported)?);
    } else {
        println!(
            "{}：{} 行，收 {} 项，拒 {} 行（表头在第 {} 行）",
            out.display(),
            imported.n_rows,
            imported.n_kept,
            imported.refused.len(),
            imported.header_row
        );
    }
    for row in &imported.refused {
        eprintln!("{}:{}: {}", file.display(), row.row, row.why);
    }
    Ok(if imported.n_kept > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list_kinds(json: bool) -> Result<ExitCode, Error> {
    let kinds = kinds::<gulang_hub::realm::Actual>();
    if json {
        let kinds: Vec<_> = kinds.iter().map(|it| serde_json::json!({ "name": it.name, "about": it.about })).collect();
        println!("{}", serde_json::json!({ "kinds": kinds }));
    } else {
        kinds.iter().for_each(|it| println!("{:<12} {}", it.name, it.about));
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists connectors, or tries one for so many seconds.
fn connect(path: &Path, name: Option<&str>, secs: Option<f64>, json: bool) -> Result<ExitCode, Error> {
    let connectors = config::read_config(path)?.connectors;
    let named = connectors.iter().filter(|it| name.is_none_or(|name| *it.name == *name));
    let named: Vec<_> = named.collect();
    if let (Some(name), true) = (name, named.is_empty()) {
        let known: Vec<&str> = connectors.iter().map(|it| &*it.name).collect();
        return Err(format!("{}：没有连接器 {name}；有 {}", path.display(), known.join("、")).into());
    }
    let (Some(secs), [config]) = (secs, named.as_slice()) else {
        if json {
            let listed = named.iter().map(|it| {
                serde_json::json!({
                    "name": it.name, "title": it.title, "kind": it.kind, "realm": it.realm, "every_s": it.every_s,
                    "freshness_s": it.freshness_s, "max_per_s": it.max_per_s,
                })
            });
            println!("{}", serde_json::json!({ "connectors": listed.collect::<Vec<_>>() }));
        } else {
            for it in &named {
                let realm = if it.realm == gulang_city::Realm::Actual { "实战" } else { "演练" };
                println!(
                    "{:<20} {:<12} {realm} {} 每 {} 秒，{} 秒无消息即断",
                    it.name, it.kind, it.title, it.every_s, it.freshness_s
                );
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    let pack = pack_of(&pack_dir(None)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let lasting = std::time::Duration::from_secs_f64(secs);
    let trial = runtime.block_on(trial::run(config, pack, lasting, |url| eprintln!("推到 {url}，{secs} 秒内")));
    runtime.shutdown_background();
    if json {
        println!("{}", serde_json::to_string(&trial)?);
    } else {
        print!("{}", trial::text_of(&trial));
    }
    if let (Some(error), Some(remedy)) = (&trial.error, &trial.remedy) {
        eprintln!("gulang-hub: {}：{error}；{remedy}", trial.name);
    }
    Ok(if trial.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(path: PathBuf) -> Result<ExitCode, Error> {
    if path.is_dir() {
        let pack = assets::read_pack(&path)?;
        tiles::check(&path)?;
        assets::read_roads(&path)?;
        duties::check(&path, &pack)?;
        indicators::check(&path, &pack)?;
    } else if std::fs::read_to_string(&path)
        .is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("starts_at")))
    {
        assets::read_scenario(&path.to_string_lossy(), None)?;
        // Injects name things of a pack; the shipped one is the reference city's.
        let text = std::fs::read_to_string(&path)?;
        let pack = assets::read_pack(&pack_dir(None)?)?;
        if let Err(errors) = gulang_city::inject::parse_injects(&text, &pack) {
            let lines: Vec<String> = errors.iter().map(|it| format!("{}:{it}", path.display())).collect();
            return Err(lines.join("\n").into());
        }
    } else {
        config::read_config(&path)?;
    }
    println!("{}：没有问题", path.display());
    Ok(ExitCode::SUCCESS)
}
