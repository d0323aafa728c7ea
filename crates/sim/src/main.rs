//! `gulang-sim`: the simulated city as a program.

use clap::{Parser, ValueEnum, builder::PossibleValuesParser};
use gulang_city::{Realm, Timestamp};
use gulang_sim::{Doors, Scale, SimConfig, Speed};
use std::{io::Read, path::PathBuf, process::ExitCode};

/// A simulated coastal city and its platforms, on loopback sockets.
///
/// Prints one line of JSON with its addresses when ready, then runs until it is stopped. Everything it says is marked
/// simulated. With the same pack, scenario, seed and time it always says the same.
#[derive(Parser)]
#[command(
    name = "gulang-sim",
    version,
    after_help = "Example:\n  gulang-sim --pack assets/cities/xiamen --state /tmp/sim\n  gulang-sim --pack assets/cities/xiamen --scenario assets/scenarios/doksuri-2023.toml --realm exercise --speed 60 --state /tmp/drill\n  gulang-sim --pack assets/cities/xiamen --state /tmp/sim --only cap mqtt"
)]
struct Options {
    /// The city pack's folder.
    #[arg(long)]
    pack: PathBuf,
    /// A drill's script; without one the city has an ordinary day.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// What chance is drawn from; the scenario's own seed, or 1, if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Which realm's orders the platforms take; the other's are refused with code 403.
    #[arg(long, value_enum, default_value_t = RealmName::Actual)]
    realm: RealmName,
    /// How time passes: `live`, `lockstep`, or so many times as fast.
    #[arg(long, default_value = "live", value_parser = parse_speed)]
    speed: Speed,
    /// Where the journal of orders is kept; made if missing.
    #[arg(long)]
    state: PathBuf,
    /// When a scaled or lockstep clock begins, Beijing time, such as "2023-07-26 08:00:00".
    #[arg(long, value_parser = parse_time)]
    start: Option<Timestamp>,
    /// Manhole covers, cameras, devices and bikes: none, one in a hundred, or as many as the city counts.
    #[arg(long, value_enum, default_value_t = ScaleName::Small)]
    scale: ScaleName,
    /// HOST:PORT of a JT/T 808 platform the vehicles' terminals call; a hub says where by itself
    #[arg(long)]
    jt808: Option<String>,
    /// Live pictures of cameras and of drones in flight, by `gulang-video` beside this program or named by GULANG_VIDEO.
    #[arg(long)]
    video: bool,
    /// Give every platform a door of its own, which `POST {control}/peers/{peer}/stop|start|flood|drop-every-second` moves.
    #[arg(long)]
    doors: bool,
    /// Begin with these peers alone; the others' doors are shut. Implies --doors.
    #[arg(long, value_name = "PEER", num_args = 1.., value_parser = PossibleValuesParser::new(gulang_sim::PEERS), conflicts_with = "without")]
    only: Vec<String>,
    /// Begin with these peers' doors shut. Implies --doors.
    #[arg(long, value_name = "PEER", num_args = 1.., value_parser = PossibleValuesParser::new(gulang_sim::PEERS))]
    without: Vec<String>,
    /// End when standard input closes, so that a child never outlives its parent.
    #[arg(long)]
    stdin_guard: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum RealmName {
    Actual,
    Exercise,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScaleName {
    None,
    Small,
    City,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,rumqttd=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let options = Options::parse();
    let seed_of_scenario = |path: &PathBuf| gulang_sim::Scenario::load(path).ok()?.seed;
    let config = SimConfig {
        seed: options.seed.or_else(|| options.scenario.as_ref().and_then(seed_of_scenario)).unwrap_or(1),
        pack: options.pack,
        scenario: options.scenario,
        realm: match options.realm {
            RealmName::Actual => Realm::Actual,
            RealmName::Exercise => Realm::Exercise,
        },
        speed: options.speed,
        state: options.state,
        start: options.start,
        scale: match options.scale {
            ScaleName::None => Scale::None,
            ScaleName::Small => Scale::Small,
            ScaleName::City => Scale::City,
        },
        jt808: options.jt808,
        video: options.video,
        doors: doors(options.doors, &options.only, options.without),
    };
    let city = match gulang_sim::start(config) {
        Ok(city) => city,
        Err(e) => {
            eprintln!("gulang-sim: {e}");
            return ExitCode::FAILURE;
        }
    };
    match serde_json::to_string(city.endpoints()) {
        Ok(line) => println!("{line}"),
        Err(e) => {
            eprintln!("gulang-sim: cannot print the addresses: {e}");
            return ExitCode::FAILURE;
        }
    }
    if options.stdin_guard {
        let mut ignored = [0; 256];
        while matches!(std::io::stdin().read(&mut ignored), Ok(1..)) {}
    } else {
        loop {
            std::thread::park();
        }
    }
    city.stop();
    ExitCode::SUCCESS
}

fn doors(own: bool, only: &[String], without: Vec<String>) -> Doors {
    let own = own || !only.is_empty() || !without.is_empty();
    let shut = match only {
        [] => without,
        _ => gulang_sim::PEERS.iter().map(|it| (*it).to_owned()).filter(|it| !only.contains(it)).collect(),
    };
    Doors { own, shut }
}

fn parse_speed(text: &str) -> Result<Speed, String> {
    match text {
        "live" => Ok(Speed::Live),
        "lockstep" => Ok(Speed::Lockstep),
        _ => match text.parse::<f64>() {
            Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(Speed::Scaled(speed)),
            _ => Err("use live, lockstep or a number above 0".into()),
        },
    }
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "not a time such as 2023-07-26 08:00:00".into())
}
