//! `run`: the desktop app, built and started as a duty officer would have it.

use crate::{
    Outcome, Size,
    display::{Display, check_picture},
    http::Hub,
    page, places, scratch, setup,
    sh::{Guard, cargo, command, everything, run as run_command, start_until_ready, step},
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
    let data = match (&args.data, &args.shot) {
        (Some(dir), _) => Some(dir.clone()),
        (None, Some(_)) => Some(scratch("run-shot")?),
        (None, None) => None,
    };
    if args.shot.is_none() && !display.is_own() {
        println!("==> 鼓浪; close the window, or press Ctrl-C here, to end");
        return run_command(&mut gulang(&display, args.size, data.as_deref()));
    }
    // Nobody sees this screen: a picture says what is on it.
    let file = match &args.shot {
        Some(file) => file.clone(),
        None => scratch("run")?.join("desk.png"),
    };
    let (mut app, _hub) = start(&display, args.size, data.as_deref())?;
    println!("    started; the picture follows in {} s", args.after);
    std::thread::sleep(Duration::from_secs(args.after));
    display.shoot(&file)?;
    check_picture(&file, args.size)?;
    if args.shot.is_none() {
        println!("==> 鼓浪 runs on {}; press Ctrl-C here to end", display.name);
        app.0.wait().map_err(|e| format!("cannot wait for the app: {e}"))?;
    }
    Ok(())
}

/// Starts the built app on `display` and waits until its hub is ready.
pub fn start(display: &Display, size: Size, data: Option<&Path>) -> Outcome<(Guard, Hub)> {
    let (app, ready) = start_until_ready(&mut gulang(display, size, data), Duration::from_secs(90))?;
    Ok((app, Hub::from_ready_line(&ready)?))
}

fn gulang(display: &Display, size: Size, data: Option<&Path>) -> Command {
    let mut command = command(places::program("gulang"), &[]);
    if let Some(bus) = &display.bus {
        command.env("DBUS_SESSION_BUS_ADDRESS", bus);
    }
    if let Some(data) = data {
        command.env("GULANG_DATA", data);
    }
    command.args(["--size", &size.to_string()]).env("DISPLAY", &display.name);
    command
}
