//! 鼓浪, the desktop app: a shell around the hub and the page, and nothing else.
//!
//! It starts the hub and the simulated city in this process, opens the desk window on the page, and does what only a
//! desktop program can: tray, notifications, a wall on another display, one instance, windows where they were left. What
//! is known lives in `gulang-city`, what talks in `gulang-hub`, what is drawn in `gulang-ui`.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod alerts;
mod commands;
mod desk;
mod hub;
mod tray;
mod wall;

use clap::Parser;
use std::{error::Error, path::PathBuf, process::ExitCode, str::FromStr};
use tauri::{AppHandle, Manager};

/// 鼓浪: the screen a coastal city commands from. With no configuration it shows the simulated Xiamen.
#[derive(Clone, Debug, Parser)]
#[command(name = "gulang", version)]
pub struct Args {
    /// Where the log and the recordings are kept [default: this user's application data folder]
    #[arg(long, env = "GULANG_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the city's platforms and online maps are [default: the simulated city, the pack's own map]
    #[arg(long, env = "GULANG_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Who sits at this desk, as the city's roles.json names it [default: its first officer's seat]
    #[arg(long, env = "GULANG_SEAT", value_name = "SEAT")]
    seat: Option<String>,
    /// The desk window's size, such as 1920x1080 [default: as it was left]
    #[arg(long, value_name = "WxH")]
    size: Option<WindowSize>,
}

/// In logical pixels.
#[derive(Clone, Copy, Debug)]
pub struct WindowSize {
    width: f64,
    height: f64,
}

impl FromStr for WindowSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once('x').and_then(|(w, h)| Some((w.parse::<u16>().ok()?, h.parse::<u16>().ok()?)));
        let (width, height) = sides.ok_or_else(|| format!("{text:?} is not a size; write it as 1920x1080"))?;
        Ok(Self { width: width.into(), height: height.into() })
    }
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,rumqttd=off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let args = Args::parse();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("gulang: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let size = args.size;
    let builder = tauri::Builder::default()
        // First, so that a second start ends before it touches the log.
        .plugin(tauri_plugin_single_instance::init(|app, _args, _folder| desk::come_forward(app)))
        .plugin(tauri_plugin_notification::init())
        .invoke_handler(tauri::generate_handler![commands::hub_address, commands::displays, commands::open_wall]);
    // A size that was asked for is kept; otherwise the window stands where it was left.
    let builder = match size {
        Some(_) => builder,
        None => builder.plugin(tauri_plugin_window_state::Builder::new().build()),
    };
    let app = builder
        .setup(move |app| {
            // A failure here would be tauri's panic; the person at the desk gets its reason instead.
            start(app.handle(), &args).inspect_err(|why| fail(why.as_ref()))
        })
        .build(context())?;
    app.run(|app, event| {
        if let tauri::RunEvent::Exit = event {
            stop(app);
        }
    });
    Ok(())
}

/// The configuration, the permissions and the page, compiled in.
#[cfg(not(test))]
#[expect(clippy::disallowed_methods, reason = "tauri's own macro; it exits only where the page was not embedded")]
fn context() -> tauri::Context {
    tauri::generate_context!()
}

/// The unit tests' build has none: cargo builds it at the same time, and of two macros that compress the page into the same
/// file one embeds the half that the other has written.
#[cfg(test)]
fn context() -> tauri::Context {
    unreachable!("no unit test opens a window")
}

fn start(app: &AppHandle, args: &Args) -> Result<(), Box<dyn Error>> {
    let hub = hub::Hub::start(app, args.data.as_deref(), args.config.as_deref())?;
    let address = hub.address().clone();
    alerts::watch(app, &hub);
    // Before the window: its page may ask for them at once.
    app.manage(hub);
    app.manage(wall::Walls::new(address.clone()));
    desk::open(app, &address, args.seat.as_deref(), args.size)?;
    address.print_ready_line();
    if let Err(why) = tray::build(app) {
        // A desktop without a tray is still a desktop: the page can open walls too.
        tracing::warn!(%why, "no tray");
    }
    Ok(())
}

fn stop(app: &AppHandle) {
    if let Some(walls) = app.try_state::<wall::Walls>() {
        walls.close_all();
    }
    if let Some(Err(why)) = app.try_state::<hub::Hub>().map(|hub| hub.stop()) {
        tracing::error!(%why, "the log was not sealed; the next start reads it to its end instead");
    }
}

#[expect(clippy::disallowed_methods, reason = "inside tauri's loop there is no main to return to, and nothing is open")]
fn fail(why: &dyn Error) {
    eprintln!("gulang: {why}");
    std::process::exit(1);
}
