//! The project's chores: `cargo xtask run | test | setup | ui | shots | bench | dist`.
//!
//! Each step says what it does and how long it usually takes on two cores, because the first build is long and silence
//! looks like a hang. Steps that find their work done take seconds.

mod app;
mod bench;
mod browser;
mod display;
mod dist;
mod http;
mod page;
mod places;
mod setup;
mod sh;
mod shots;
mod test;

use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// Why a chore stopped: what was being done, to what, and what to do next.
type Outcome<T = ()> = Result<T, String>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "鼓浪's chores", version)]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Installs what the machine lacks: system libraries (Debian, Ubuntu) and the wasm target
    Setup,
    /// Builds the page and the desktop app, and starts it; on a machine without a display, under Xvfb
    Run(app::Run),
    /// Everything that must hold: format, lints, tests, the wasm build, pictures of the wall, a run of the real window
    Test(test::Test),
    /// Builds the page's wasm into ui/web/pkg
    Ui,
    /// Takes the pictures the README shows, into docs/
    Shots,
    /// Runs the benches and prints their figures; never part of a test
    Bench(bench::Bench),
    /// Opens the page in Chromium with a camera wall, and proves that its pictures live there
    Browser(browser::Browser),
    /// Makes a .deb through the tauri CLI, and checks it by unpacking it into a scratch root
    Dist(dist::Dist),
    /// Where things are built and kept
    Where,
}

fn main() -> ExitCode {
    let outcome = match Args::parse().chore {
        Chore::Setup => setup::all(),
        Chore::Run(run) => app::run(&run),
        Chore::Test(test) => test::all(&test),
        Chore::Ui => page::build().map(drop),
        Chore::Shots => shots::all(),
        Chore::Bench(bench) => bench::all(&bench),
        Chore::Browser(browser) => browser::run(&browser),
        Chore::Dist(dist) => dist::deb(&dist),
        Chore::Where => {
            places::print();
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A picture's size in pixels, written `1920x1080`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    width: u32,
    height: u32,
}

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
        match parts {
            Some((width @ 16..=16384, height @ 16..=16384)) => Ok(Self { width, height }),
            _ => Err(format!("{text:?} is not a size; write it as 1920x1080")),
        }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A fresh folder under the target folder, for what one chore makes and nobody keeps.
fn scratch(name: &str) -> Outcome<PathBuf> {
    let dir = places::target_dir().join("xtask").join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).map_err(|e| format!("cannot empty {}: {e}", dir.display()))?;
    }
    std::fs::create_dir_all(&dir).map_err(|e| format!("cannot make {}: {e}", dir.display()))?;
    Ok(dir)
}
