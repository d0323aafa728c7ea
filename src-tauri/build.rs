//! Lets tauri read `tauri.conf.json` and the capabilities, which live with the shell's sources.
//!
//! The commands are named here so that tauri makes a permission for each: a page may call only what its capability lists.

use tauri_build::{AppManifest, Attributes};

fn main() {
    // The program carries the page inside it, and tauri does not look for a newer one by itself.
    println!("cargo:rerun-if-changed=ui/web");
    let commands = AppManifest::new().commands(&["hub_address", "displays", "open_wall"]);
    let attributes =
        Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*.json").app_manifest(commands);
    if let Err(why) = tauri_build::try_build(attributes) {
        panic!("tauri.conf.json or src-tauri/capabilities: {why:#}");
    }
}
