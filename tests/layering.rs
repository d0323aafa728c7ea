//! The blueprint's arrows, held over `cargo metadata`: which crate may know which.
//!
//! Tested and not remembered, because a wrong `use` compiles as well as a right one.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// What each crate must not reach, however many steps away.
const MUST_NOT_REACH: &[(&str, &[&str])] = &[
    ("gulang-city", &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-wire", "gulang-hub"]),
    ("gulang-wire", &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-hub", "gulang-ui"]),
    ("gulang-tiles", &["reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-hub", "gulang-ui"]),
    ("gulang-duties", &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-hub", "gulang-ui"]),
    ("gulang-platforms", &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-hub", "gulang-ui"]),
    ("gulang-intake", &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-hub", "gulang-ui"]),
    ("gulang-video", &["bevy", "egui", "tauri", "axum", "rusqlite", "gulang-city", "gulang-hub", "gulang-ui"]),
    ("gulang-video-link", &["tokio", "bevy", "egui", "tauri", "gulang-city", "gulang-hub", "gulang-ui"]),
    (
        "gulang-charts",
        &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "typst", "gulang-hub", "gulang-ui"],
    ),
    ("gulang-report", &["tokio", "reqwest", "bevy", "egui", "tauri", "axum", "rusqlite", "gulang-hub", "gulang-ui"]),
    ("gulang-hub", &["bevy", "bevy_app", "egui", "tauri", "gulang-ui", "gulang-sim"]),
    ("gulang-sim", &["bevy", "egui", "tauri", "gulang-hub", "gulang-ui", "gulang-wire"]),
    ("gulang-ui", &["tauri", "gulang-duties", "gulang-hub", "gulang-sim"]),
    ("gulang", &["bevy", "egui", "gulang-ui"]),
];

/// What a crate must not name itself, though something it uses may bring it in.
const MUST_NOT_NAME: &[(&str, &[&str])] = &[("gulang-ui", &["tokio", "reqwest"])];

/// The only arrows between our own crates.
const ARROWS: &[(&str, &[&str])] = &[
    ("gulang-charts", &["gulang-city"]),
    ("gulang-city", &[]),
    ("gulang-report", &["gulang-charts", "gulang-city"]),
    ("gulang-wire", &["gulang-city"]),
    ("gulang-tiles", &["gulang-city"]),
    ("gulang-duties", &[]),
    ("gulang-platforms", &["gulang-city"]),
    ("gulang-intake", &["gulang-city"]),
    ("gulang-video", &["gulang-video-link"]),
    ("gulang-video-link", &[]),
    (
        "gulang-hub",
        &[
            "gulang-city",
            "gulang-duties",
            "gulang-intake",
            "gulang-platforms",
            "gulang-report",
            "gulang-tiles",
            "gulang-video-link",
            "gulang-wire",
        ],
    ),
    ("gulang-sim", &["gulang-city", "gulang-platforms", "gulang-video-link"]),
    ("gulang-ui", &["gulang-charts", "gulang-city", "gulang-tiles", "gulang-wire"]),
    ("gulang", &["gulang-city", "gulang-hub", "gulang-sim"]),
    ("xtask", &[]),
    ("gulang-bindgen", &[]),
];

#[test]
fn no_crate_reaches_what_it_must_not_know() {
    let graph = Graph::read();
    for (name, forbidden) in MUST_NOT_REACH {
        let reached = graph.reached_from(name);
        let broken: Vec<&&str> = forbidden.iter().filter(|name| reached.contains(**name)).collect();
        assert!(broken.is_empty(), "{name} must not reach {broken:?}; `cargo tree -p {name} -i …` shows how it does");
    }
}

#[test]
fn no_crate_names_what_it_must_not_use() {
    let graph = Graph::read();
    for (name, forbidden) in MUST_NOT_NAME {
        let named = graph.named_by(name);
        let broken: Vec<&&str> = forbidden.iter().filter(|name| named.contains(**name)).collect();
        assert!(broken.is_empty(), "{name} must not depend on {broken:?}");
    }
}

#[test]
fn arrows_between_our_crates_run_one_way() {
    let graph = Graph::read();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(graph.ours(), drawn, "a crate came or went: draw its arrows here and in ARCHITECTURE.md");
    for (name, allowed) in ARROWS {
        let named = graph.named_by(name);
        let broken: Vec<&&str> =
            named.iter().filter(|dep| drawn.contains(**dep)).filter(|dep| !allowed.contains(dep)).collect();
        assert!(broken.is_empty(), "{name} must not depend on {broken:?}");
    }
}

/// What `cargo metadata` says, as it says it.
struct Graph(Value);

impl Graph {
    fn read() -> Self {
        // The graph of the machine the tests run on; other platforms' parts are not even downloaded.
        let args = ["metadata", "--format-version=1", "--locked", "--filter-platform"];
        let output = Command::new(env!("CARGO")).args(args).arg(host()).output().expect("cargo metadata");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    fn packages(&self) -> impl Iterator<Item = &Value> {
        self.0["packages"].as_array().into_iter().flatten()
    }

    fn ours(&self) -> BTreeSet<&str> {
        let members: Vec<&str> = texts(&self.0["workspace_members"]).collect();
        self.packages().filter(|p| members.contains(&text(&p["id"]))).map(|p| text(&p["name"])).collect()
    }

    fn package(&self, name: &str) -> &Value {
        let ours = |p: &&Value| text(&p["name"]) == name && p["source"].is_null();
        self.packages().find(ours).unwrap_or_else(|| panic!("no crate {name} here"))
    }

    /// Names of a crate's own normal dependencies.
    fn named_by(&self, name: &str) -> BTreeSet<&str> {
        let dependencies = self.package(name)["dependencies"].as_array().into_iter().flatten();
        dependencies.filter(|dep| dep["kind"].is_null()).map(|dep| text(&dep["name"])).collect()
    }

    /// Names of all crates some normal dependency leads to.
    fn reached_from(&self, name: &str) -> BTreeSet<&str> {
        let names: BTreeMap<&str, &str> = self.packages().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
        let nodes = self.0["resolve"]["nodes"].as_array().into_iter().flatten();
        let nodes: BTreeMap<&str, &Value> = nodes.map(|node| (text(&node["id"]), node)).collect();
        let root = text(&self.package(name)["id"]);
        let (mut seen, mut next) = (BTreeSet::new(), vec![root]);
        while let Some(id) = next.pop() {
            if !seen.insert(id) {
                continue;
            }
            let is_normal =
                |dep: &&Value| dep["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null());
            let deps = nodes[id]["deps"].as_array().into_iter().flatten();
            next.extend(deps.filter(is_normal).map(|dep| text(&dep["pkg"])));
        }
        seen.remove(root);
        seen.iter().map(|id| names[id]).collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().map(text)
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc -vV");
    let about = String::from_utf8(output.stdout).expect("text");
    about.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host line").to_owned()
}
