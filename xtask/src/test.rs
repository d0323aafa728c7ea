//! Everything that must hold, in the order that finds a mistake soonest.

use crate::{
    Outcome, Size, app,
    display::{Display, check_picture},
    page, places, scratch, setup,
    sh::{cargo, command, everything, read, run, run_and_keep, step},
    shots,
};
use clap::Args;
use std::{path::PathBuf, process::Command, time::Duration};

#[derive(Args)]
pub struct Test {
    /// Leave out the page's wasm, the pictures and the real window
    #[arg(long)]
    quick: bool,
}

pub fn all(args: &Test) -> Outcome {
    setup::system_libraries()?;

    let formatting = step("format", "2 s");
    run(&mut cargo(&["fmt", "--all", "--check"])).map_err(|why| format!("{why}; `cargo fmt --all` mends it"))?;
    formatting.done();

    lints()?;

    // Before the programs: the desktop app carries the page inside it.
    if !args.quick {
        page::build()?;
    }

    // The tests in tests/ start the real programs; cargo builds only a package's own for its tests.
    let building = step("every program", "5 minutes the first time, under a minute after");
    run(&mut cargo(&everything(&["build", "--locked", "--all-targets"])))?;
    building.done();

    let testing = step("cargo test", "10 minutes the first time, 3 after");
    let (passed, lines) = run_and_keep(&mut cargo(&everything(&["test", "--locked", "--no-fail-fast"])))?;
    testing.done();

    if !args.quick {
        pictures()?;
        window()?;
    }

    println!("==> the test runner's closing lines");
    for line in lines.iter().filter(|line| line.starts_with("test result:")) {
        println!("{line}");
    }
    if passed { Ok(()) } else { Err("some tests failed; they are named above".to_owned()) }
}

/// Clippy over every crate and target, warnings refused.
///
/// Not `cargo clippy`: that checks every dependency once more in a form no build can use, a quarter of an hour on two
/// cores. As a compiler's wrapper the same driver reads the dependencies that the build needs anyway.
fn lints() -> Outcome {
    let linting = step("clippy, warnings refused", "30 minutes the first time, as it builds what follows; 2 after");
    run(&mut clippy(&everything(&["build", "--locked", "--all-targets"]))?)?;
    linting.done();
    Ok(())
}

fn clippy(args: &[&str]) -> Outcome<Command> {
    let sysroot = read(&mut command("rustc", &["--print", "sysroot"]))?;
    let driver = PathBuf::from(sysroot.trim()).join("bin/clippy-driver");
    if !driver.is_file() {
        return Err(format!("no clippy at {}; `rustup component add clippy` installs it", driver.display()));
    }
    let mut command = cargo(args);
    command.env("RUSTC_WORKSPACE_WRAPPER", driver);
    command.env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
    Ok(command)
}

/// The wall, drawn without a window from a real hub, in peace and in war.
fn pictures() -> Outcome {
    let drawing = step("pictures of the wall, peace and war", "2 minutes");
    let dir = scratch("test-shots")?;
    let size = Size { width: 1280, height: 720 };
    let (_hub_process, hub) = shots::serve(&dir.join("data"))?;
    shots::wall(&hub, "peace", size, &dir.join("wall-peace.png"))?;
    shots::go_to_war(&hub, "IV")?;
    shots::wall(&hub, "war", size, &dir.join("wall-war.png"))?;
    drawing.done();
    Ok(())
}

/// The real window under Xvfb: it starts, its hub answers, its page draws something.
fn window() -> Outcome {
    let running = step("the desktop app's window", "1 minute");
    let dir = scratch("test-window")?;
    let size = Size { width: 1280, height: 800 };
    let display = Display::open(size, true)?;
    let (_app, hub) = app::start(&display, size, &dir.join("data"))?;
    hub.get("/healthz")?;
    let file = dir.join("window.png");
    let mut last = Err("no picture was taken".to_owned());
    // Software rendering takes as long as it takes; the page has a minute and a half to show a map.
    for _ in 0..9 {
        std::thread::sleep(Duration::from_secs(10));
        last = display.shoot(&file).and_then(|()| check_picture(&file, size));
        if last.is_ok() {
            break;
        }
    }
    last?;
    println!("    built in {}", places::target_dir().display());
    running.done();
    Ok(())
}
