//! A package to install: a .deb through the tauri CLI, checked by unpacking it.

use crate::{
    Outcome, page, places, scratch,
    sh::{cargo, command, everything, read, run, step, works_within},
};
use clap::Args;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// What an installed Gulang cannot do without.
const MUST_HOLD: &[&str] = &[
    "/usr/bin/gulang\n",
    "/usr/bin/gulang-wall\n",
    "/usr/bin/gulang-hub\n",
    "/usr/bin/gulang-sim\n",
    "/usr/bin/gulang-video\n",
    "/usr/lib/gulang/assets/cities/xiamen/city.toml\n",
    "/usr/lib/gulang/assets/LICENSES.md\n",
    ".desktop\n",
];

/// Programs the app starts or a city runs beside it; the tauri CLI knows only the app.
const BESIDE: [&str; 4] = ["gulang-wall", "gulang-hub", "gulang-sim", "gulang-video"];

#[derive(Args)]
pub struct Dist {
    /// Pack the programs that `cargo xtask test` builds instead of optimised ones: to try the packing, not to hand out
    #[arg(long)]
    dev: bool,
}

pub fn deb(args: &Dist) -> Outcome {
    tauri_cli()?;
    let programs = if args.dev { places::target_dir().join("debug") } else { optimised()? };
    let bundling = step("the package", "1 minute");
    let beside = BESIDE.iter().map(|program| (format!("/usr/bin/{program}"), programs.join(program)));
    let files: BTreeMap<String, PathBuf> = beside.collect();
    let config = serde_json::json!({"bundle": {"linux": {"deb": {"files": files}}}}).to_string();
    let mut bundle = cargo(&["tauri", "bundle", "--bundles", "deb", "--config", &config]);
    if args.dev {
        bundle.arg("--debug");
    }
    run(&mut bundle)?;
    bundling.done();
    check(&newest_deb(&programs)?)
}

/// Every program as users run it, the page inside the app; returns their folder.
pub fn optimised() -> Outcome<PathBuf> {
    page::build()?;
    let building = step("every program, optimised", "40 minutes the first time");
    // What `tauri build` would ask for, in one selection with the programs beside the app.
    let build = everything(&["build", "--locked", "--release", "--bins", "--features", "gulang/packaged"]);
    run(&mut cargo(&build))?;
    building.done();
    Ok(places::target_dir().join("release"))
}

fn tauri_cli() -> Outcome {
    if works_within(&mut cargo(&["tauri", "--version"]), Duration::from_secs(10)) {
        return Ok(());
    }
    let installing = step("cargo install tauri-cli, version 2", "8 minutes, once");
    // Not optimised: it packs files once, and is built longer than it ever runs.
    run(&mut cargo(&["install", "tauri-cli", "--version", "^2", "--locked", "--debug"]))?;
    installing.done();
    Ok(())
}

fn newest_deb(programs: &Path) -> Outcome<PathBuf> {
    let dir = programs.join("bundle/deb");
    let files = std::fs::read_dir(&dir).map_err(|e| format!("cannot list {}: {e}", dir.display()))?;
    let debs = files.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "deb"));
    let newest = debs.max_by_key(|path| path.metadata().and_then(|m| m.modified()).ok());
    newest.ok_or_else(|| format!("the tauri CLI left no .deb in {}", dir.display()))
}

fn check(deb: &Path) -> Outcome {
    let root = scratch("dist-root")?;
    run(command("dpkg-deb", &["-x"]).arg(deb).arg(&root))?;
    let listing = read(command("find", &[]).arg(&root).args(["-type", "f"]))?;
    println!("{listing}");
    for part in MUST_HOLD {
        if !listing.contains(part) {
            return Err(format!("{} holds no {part}", deb.display()));
        }
    }
    println!("    {}", deb.display());
    Ok(())
}
