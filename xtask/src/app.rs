//! `run`: the desktop app, built and started as a duty officer would have it.

use crate::{
    Outcome, Size,
    display::{Display, check_picture},
    http::Hub,
    page, places, scratch, setup,
    sh::{Guard, cargo, command, everything, run as run_command, start_until_ready, step, which},
};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

#[derive(Args)]
pub struct Run {
    /// Take a picture of the screen into FILE, then end; without it the app runs until it is closed
    #[arg(long, value_name = "FILE")]
    shot: Option<PathBuf>,
    /// How long after the start the picture is taken
    #[arg(long, value_name = "SECS", default_value_t = 45)]
    after: u64,
    /// The window's size
    #[arg(long, default_value = "1920x1080")]
    size: Size,
    /// Also build the native wall, so that the app can open one on another display
    #[arg(long)]
    wall: bool,
    /// Where the app keeps its log; by default the platform's data folder, and a fresh one for a picture
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub fn run(args: &Run) -> Outcome {
    setup::system_libraries()?;
    page::build()?;
    let building = step("the desktop app", "8 to 12 minutes the first time, 25 with --wall, seconds after");
    run_command(&mut match args.wall {
        // The selection of `cargo xtask test`, which then finds its work done.
        true => cargo(&everything(&["build", "--locked", "--all-targets"])),
        false => cargo(&["build", "--locked", "-p", "gulang", "--bin", "gulang"]),
    })?;
    building.done();

    let display = Display::open(args.size, args.shot.is_some())?;
    match &args.shot {
        None => {
            println!("==> 鼓浪; close the window, or press Ctrl-C here, to end");
            let mut command = gulang(&display, args.size);
            if let Some(data) = &args.data {
                command.env("GULANG_DATA", data);
            }
            run_command(&mut command)
        }
        Some(file) => {
            let data = args.data.clone().map_or_else(|| scratch("run-shot"), Ok)?;
            let (_app, _hub) = start(&display, args.size, &data)?;
            println!("    started; the picture follows in {} s", args.after);
            std::thread::sleep(Duration::from_secs(args.after));
            display.shoot(file)?;
            check_picture(file, args.size)
        }
    }
}

/// Starts the built app on `display` and waits until its hub is ready.
pub fn start(display: &Display, size: Size, data: &Path) -> Outcome<(Guard, Hub)> {
    let mut command = gulang(display, size);
    command.env("GULANG_DATA", data);
    let (app, ready) = start_until_ready(&mut command, Duration::from_secs(90))?;
    Ok((app, Hub::from_ready_line(&ready)?))
}

fn gulang(display: &Display, size: Size) -> Command {
    let program = places::program("gulang");
    // A session bus of its own where there is none: the tray and the notifications speak over it.
    let mut command = match (std::env::var_os("DBUS_SESSION_BUS_ADDRESS"), which("dbus-run-session")) {
        (None, Some(session)) => {
            let mut command = command(session, &["--"]);
            command.arg(program);
            command
        }
        _ => command(program, &[]),
    };
    command.args(["--size", &size.to_string()]).env("DISPLAY", &display.name);
    command
}
