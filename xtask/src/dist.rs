//! A package to install: a .deb through the tauri CLI, checked by unpacking it.

use crate::{
    Outcome, page, places, scratch,
    sh::{cargo, command, read, run, step, works_within},
};
use std::{path::PathBuf, time::Duration};

/// What an installed Gulang cannot do without.
const MUST_HOLD: &[&str] = &["usr/bin/gulang", "usr/bin/gulang-wall", "cities/xiamen/city.toml", ".desktop"];

pub fn deb() -> Outcome {
    tauri_cli()?;
    page::build()?;
    let building = step("the programs, optimised", "60 minutes the first time");
    run(&mut cargo(&["build", "--locked", "--release", "-p", "gulang-ui", "--bin", "gulang-wall"]))?;
    building.done();
    let bundling = step("the package", "20 minutes the first time");
    run(&mut cargo(&["tauri", "build", "--bundles", "deb"]))?;
    bundling.done();
    check(&newest_deb()?)
}

fn tauri_cli() -> Outcome {
    if works_within(&mut cargo(&["tauri", "--version"]), Duration::from_secs(10)) {
        return Ok(());
    }
    let installing = step("cargo install tauri-cli, version 2", "20 minutes, once");
    run(&mut cargo(&["install", "tauri-cli", "--version", "^2", "--locked"]))?;
    installing.done();
    Ok(())
}

fn newest_deb() -> Outcome<PathBuf> {
    let dir = places::target_dir().join("release/bundle/deb");
    let files = std::fs::read_dir(&dir).map_err(|e| format!("cannot list {}: {e}", dir.display()))?;
    let debs = files.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "deb"));
    let newest = debs.max_by_key(|path| path.metadata().and_then(|m| m.modified()).ok());
    newest.ok_or_else(|| format!("the tauri CLI left no .deb in {}", dir.display()))
}

fn check(deb: &std::path::Path) -> Outcome {
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
