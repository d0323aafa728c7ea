//! What the machine must have: system libraries, and a compiler that can make wasm.

use crate::{
    Outcome,
    sh::{command, read, run, step, which, works_within},
};
use std::{path::PathBuf, time::Duration};

/// Debian's and Ubuntu's names. webkit draws the desk; Xvfb, lavapipe and ImageMagick stand in for a display;
/// mosquitto is a broker to test against; GStreamer opens streams (libav: H.264 and H.265; ugly: the encoder of test pictures).
const PACKAGES: &[&str] = &[
    "build-essential",
    "pkg-config",
    "libssl-dev",
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
    "libxdo-dev",
    "libxkbcommon-x11-0",
    "libudev-dev",
    "libasound2-dev",
    "mesa-vulkan-drivers",
    "libgl1-mesa-dri",
    "xvfb",
    "imagemagick",
    "dbus",
    "mosquitto",
    "libgstreamer1.0-dev",
    "libgstreamer-plugins-base1.0-dev",
    "libgstrtspserver-1.0-dev",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-ugly",
    "gstreamer1.0-libav",
];

/// Debian's own wasm-capable compiler, for machines whose rustup cannot fetch the target.
const DISTRIBUTION_WASM: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];

pub fn all() -> Outcome {
    system_libraries()?;
    peers()?;
    let toolchain = wasm_toolchain()?;
    println!("    wasm: {}", toolchain.describe());
    Ok(())
}

/// Installs missing packages where apt is to be had; elsewhere the build's own messages must do.
pub fn system_libraries() -> Outcome {
    if which("dpkg-query").is_none() {
        println!("    not a Debian system: install webkit2gtk-4.1, ayatana-appindicator and librsvg by its own means");
        return Ok(());
    }
    let missing: Vec<&str> = PACKAGES.iter().copied().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        println!("    system libraries: all there");
        return Ok(());
    }
    apt_install(&missing, "2 minutes")
}

/// What tests talk to and Debian has no package of: a venv under the target folder with pymavlink, the other end of MAVLink.
fn peers() -> Outcome {
    let folder = crate::places::target_dir().join("peers");
    let python = folder.join("bin/python");
    let (python, folder) = (python.display().to_string(), folder.display().to_string());
    if works_within(&mut command(&python, &["-c", "import pymavlink"]), Duration::from_secs(20)) {
        println!("    pymavlink: there");
        return Ok(());
    }
    let installing = step("pip install pymavlink", "1 minute");
    let made = works_within(&mut command("python3", &["-m", "venv", &folder]), Duration::from_secs(60))
        && works_within(&mut command(&python, &["-m", "pip", "install", "-q", PYMAVLINK]), Duration::from_secs(300));
    if made {
        installing.done();
    } else {
        // Only the tests against it need it, and they say so when it is missing.
        println!("    no pymavlink: its tests will be skipped; install python3-venv and try again");
    }
    Ok(())
}

/// The version the fixtures were made with.
const PYMAVLINK: &str = "pymavlink==2.4.50";

/// Two ways to the same target. Which one a machine offers is found out, not configured.
pub enum WasmToolchain {
    /// rustup's compiler with the target's standard library added.
    Rustup,
    /// Debian's rustc, building the standard library itself and linking with rustup's linker.
    Distribution { rust_lld: PathBuf },
}

impl WasmToolchain {
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Rustup => "rustup's wasm32-unknown-unknown",
            Self::Distribution { .. } => "Debian's rustc, with the standard library built from source",
        }
    }
}

pub fn wasm_toolchain() -> Outcome<WasmToolchain> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let rustup_has_it =
        || read(&mut command("rustup", &["target", "list", "--installed"])).is_ok_and(|s| s.contains(TARGET));
    if which("rustup").is_some() {
        if rustup_has_it() {
            return Ok(WasmToolchain::Rustup);
        }
        let adding = step("rustup target add wasm32-unknown-unknown", "10 s; given up after 90");
        let added = works_within(&mut command("rustup", &["target", "add", TARGET]), Duration::from_secs(90));
        if added && rustup_has_it() {
            adding.done();
            return Ok(WasmToolchain::Rustup);
        }
        println!("    rustup cannot fetch it here; trying Debian's wasm compiler");
    }
    let missing: Vec<&str> = DISTRIBUTION_WASM.iter().copied().filter(|package| !is_installed(package)).collect();
    if !missing.is_empty() {
        apt_install(&missing, "1 minute")?;
    }
    let sysroot = read(&mut command("rustc", &["--print", "sysroot"]))?;
    let host_bin = PathBuf::from(sysroot.trim()).join("lib/rustlib").join(host()?).join("bin/rust-lld");
    if !host_bin.is_file() {
        return Err(format!("no linker for wasm: {} is missing; install rustup's toolchain", host_bin.display()));
    }
    Ok(WasmToolchain::Distribution { rust_lld: host_bin })
}

fn host() -> Outcome<String> {
    let about = read(&mut command("rustc", &["-vV"]))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "`rustc -vV` names no host".to_owned())
}

fn is_installed(package: &str) -> bool {
    works_within(&mut command("dpkg-query", &["-s", package]), Duration::from_secs(10))
}

fn apt_install(packages: &[&str], usual: &str) -> Outcome {
    let is_root = read(&mut command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    let sudo: &[&str] = if is_root { &[] } else { &["sudo"] };
    let installing = step(&format!("apt-get install {}", packages.join(" ")), usual);
    let apt = |args: &[&str]| {
        let words: Vec<&str> = sudo.iter().chain(&["apt-get"]).chain(args).copied().collect();
        run(command(words[0], &words[1..]).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install: Vec<&str> = ["install", "-y", "--no-install-recommends"].iter().chain(packages).copied().collect();
    // The lists may be fresh already; refreshing them is the slow half, so only when needed.
    if apt(&install).is_err() {
        apt(&["update"])?;
        apt(&install).map_err(|why| format!("{why}; install these packages by hand and try again"))?;
    }
    installing.done();
    Ok(())
}
