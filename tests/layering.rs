//! The blueprint's arrows, held over `cargo metadata`: which crate may know which.
//!
//! Tested and not remembered, because a wrong `use` compiles as well as a right one.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::{BTreeSet, HashMap};

/// What each crate must not reach, however many steps away.
const MUST_NOT_REACH: &[(&str, &[&str])] = &[
    ("gulang-city", &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-wire", "gulang-hub"]),
    ("gulang-wire", &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-hub", "gulang-ui"]),
    ("gulang-hub", &["bevy", "bevy_app", "egui", "tauri", "gulang-ui", "gulang-sim"]),
    ("gulang-sim", &["bevy", "egui", "tauri", "gulang-hub", "gulang-ui", "gulang-wire"]),
    ("gulang-ui", &["tauri", "gulang-hub", "gulang-sim"]),
    ("gulang", &["bevy", "egui", "gulang-ui"]),
];

/// What a crate must not name itself, though something it uses may bring it in.
const MUST_NOT_NAME: &[(&str, &[&str])] = &[("gulang-ui", &["tokio", "reqwest"])];

/// The only arrows between our own crates.
const ARROWS: &[(&str, &[&str])] = &[
    ("gulang-city", &[]),
    ("gulang-wire", &["gulang-city"]),
    ("gulang-hub", &["gulang-city", "gulang-wire"]),
    ("gulang-sim", &["gulang-city"]),
    ("gulang-ui", &["gulang-city", "gulang-wire"]),
    ("gulang", &["gulang-city", "gulang-hub", "gulang-sim"]),
    ("xtask", &[]),
    ("gulang-bindgen", &[]),
];

#[test]
fn no_crate_reaches_what_it_must_not_know() {
    let metadata = metadata();
    for (name, forbidden) in MUST_NOT_REACH {
        let reached = reached_from(&metadata, name);
        let broken: Vec<&&str> = forbidden.iter().filter(|name| reached.contains(**name)).collect();
        assert!(broken.is_empty(), "{name} must not reach {broken:?}; `cargo tree -p {name} -i …` shows by what way it does");
    }
}

#[test]
fn no_crate_names_what_it_must_not_use() {
    let metadata = metadata();
    for (name, forbidden) in MUST_NOT_NAME {
        let named = named_by(&metadata, name);
        let broken: Vec<&&str> = forbidden.iter().filter(|name| named.contains(**name)).collect();
        assert!(broken.is_empty(), "{name} must not depend on {broken:?}");
    }
}

#[test]
fn arrows_between_our_crates_run_one_way() {
    let metadata = metadata();
    let ours: BTreeSet<String> = metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let drawn: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours, drawn, "a crate came or went: draw its arrows here and in ARCHITECTURE.md");
    for (name, allowed) in ARROWS {
        let named: Vec<String> = named_by(&metadata, name).into_iter().filter(|dep| ours.contains(dep)).collect();
        let broken: Vec<&String> = named.iter().filter(|dep| !allowed.contains(&dep.as_str())).collect();
        assert!(broken.is_empty(), "{name} must not depend on {broken:?}");
    }
}

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    // The graph of the machine the tests run on; other platforms' parts are not even downloaded.
    command.other_options(["--locked".into(), "--filter-platform".into(), host()]);
    command.exec().expect("cargo metadata")
}

fn host() -> String {
    let output = std::process::Command::new("rustc").arg("-vV").output().expect("rustc -vV");
    let about = String::from_utf8(output.stdout).expect("text");
    about.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host line").to_owned()
}

/// Names of all crates some normal dependency leads to.
fn reached_from(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let nodes: HashMap<&PackageId, _> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| (&node.id, node)).collect();
    let root = &metadata.packages.iter().find(|package| package.name == name).expect("a workspace crate").id;
    let (mut seen, mut next) = (BTreeSet::new(), vec![root]);
    while let Some(id) = next.pop() {
        if !seen.insert(id) {
            continue;
        }
        let normal = nodes[id].deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        next.extend(normal.map(|dep| &dep.pkg));
    }
    seen.iter().filter(|id| **id != root).map(|id| metadata[id].name.to_string()).collect()
}

/// Names of a crate's own normal dependencies.
fn named_by(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let package = metadata.packages.iter().find(|package| package.name == name).expect("a workspace crate");
    let normal = package.dependencies.iter().filter(|dep| dep.kind == DependencyKind::Normal);
    normal.map(|dep| dep.name.clone()).collect()
}
