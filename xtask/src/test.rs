//! Everything that must hold, in the order that finds a mistake soonest.

use crate::{
    Outcome, Size, app,
    display::{Display, check_picture},
    http::Hub,
    page, places, scratch, setup,
    sh::{cargo, command, everything, read, run, run_and_keep, step},
    shots,
};
use clap::Args;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

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
    overlays_are_formatted()?;
    formatting.done();

    // Before the programs: the desktop app carries the page inside it.
    if !args.quick {
        page::build()?;
    }

    // The tests in tests/ start the real programs; cargo builds only a package's own for its tests.
    let building = step("every program, warnings refused", "25 minutes the first time, 1 to 10 after");
    run(&mut clippy(&["build", "--locked", "-p", "xtask"])?)?;
    run(&mut clippy(&everything(&["build", "--locked", "--keep-going", "--all-targets"]))?)?;
    building.done();

    let testing = step("cargo test", "12 minutes");
    let (passed, lines) = run_and_keep(&mut clippy(&everything(&["test", "--locked", "--no-fail-fast"]))?)?;
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

/// The overlays are listed by `ui/build.rs`, where `cargo fmt` does not see them.
fn overlays_are_formatted() -> Outcome {
    let folder = places::root().join("ui/src/stage/overlays");
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let files =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|it| it.extension().is_some_and(|e| e == "rs"));
    let mut rustfmt = command("rustfmt", &["--check", "--edition", "2024"]);
    run(rustfmt.args(files).current_dir(places::root()))
        .map_err(|why| format!("{why}; `rustfmt --edition 2024 ui/src/stage/overlays/*.rs` mends it"))
}

/// Cargo with clippy's driver as the compiler of our own crates, warnings refused.
///
/// Not `cargo clippy`: that checks everything once more in a form no build can use, a quarter of an hour on two cores.
/// The driver compiles as it reads, and its programs are the ones that are tested; what it says comes first. Nothing is
/// kept for a next small change, which would be twenty gigabytes beside the programs.
fn clippy(args: &[&str]) -> Outcome<Command> {
    let sysroot = read(&mut command("rustc", &["--print", "sysroot"]))?;
    let driver = PathBuf::from(sysroot.trim()).join("bin/clippy-driver");
    if !driver.is_file() {
        return Err(format!("no clippy at {}; `rustup component add clippy` installs it", driver.display()));
    }
    let mut command = cargo(args);
    command.env("RUSTC_WORKSPACE_WRAPPER", driver);
    command.env("CARGO_INCREMENTAL", "0");
    command.env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
    Ok(command)
}

/// The wall, drawn without a window from a real hub, in peace and in war.
fn pictures() -> Outcome {
    let drawing = step("pictures of the wall: peace, war, metrics, a briefing, and maps", "2 minutes");
    let dir = scratch("test-shots")?;
    let size = Size { width: 1280, height: 720 };
    let (_hub_process, hub) = shots::serve(&dir.join("data"))?;
    shots::wall(&hub, "peace", size, &dir.join("wall-peace.png"))?;
    shots::wall(&hub, "metrics", size, &dir.join("wall-metrics.png"))?;
    shots::go_to_war(&hub, "IV")?;
    shots::wall(&hub, "war", size, &dir.join("wall-war.png"))?;
    shots::put_briefing(&hub)?;
    shots::wall(&hub, "brief:1:shots", size, &dir.join("wall-briefing.png"))?;
    shots::maps(&hub, &dir)?;
    drawing.done();
    Ok(())
}

/// The real window under Xvfb: its page draws the city; killed in the middle of a drill, it is where it was when it is
/// started again, and its platforms got every order once.
fn window() -> Outcome {
    let running = step("the desktop app's window, and kill -9 in a drill", "3 minutes");
    let data = scratch("test-window")?.join("data");
    let size = Size { width: 1280, height: 800 };
    let display = Display::open(size, true)?;
    let (app, hub) = app::start(&display, size, Some(&data))?;
    hub.get("/healthz")?;
    let file = data.with_file_name("window.png");
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

    shots::go_to_war(&hub, "IV")?;
    let before = drill_stands(&hub)?;
    drop(app);
    let (_app, hub) = app::start(&display, size, Some(&data))?;
    let after = drill_stands(&hub)?;
    if before != after {
        return Err(format!("killed at {before:?}, started again at {after:?}"));
    }
    let sent = keys_received(&data)?;
    let once: BTreeSet<&String> = sent.iter().collect();
    if sent.is_empty() || once.len() != sent.len() {
        return Err(format!("{} orders reached the platforms, {} of them different", sent.len(), once.len()));
    }
    println!("    killed and started again: {after:?}; {} orders received, each once", sent.len());
    running.done();
    Ok(())
}

/// Realm, posture and how many orders there are.
fn drill_stands(hub: &Hub) -> Outcome<(Value, Value, Value)> {
    let city: Value = serde_json::from_str(&hub.get("/api/city")?).map_err(|e| format!("/api/city: {e}"))?;
    Ok((city["realm"].clone(), city["footing"]["posture"].clone(), city["n_orders"].clone()))
}

/// The idempotency key of every order in the simulated platforms' own journal.
fn keys_received(data: &Path) -> Outcome<Vec<String>> {
    let file = data.join("exercise/sim/journal.jsonl");
    let journal = std::fs::read_to_string(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
    let lines = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let orders = lines.filter(|line| line["kind"] == "order");
    Ok(orders.map(|line| line["notice"]["noticeId"].to_string()).collect())
}
