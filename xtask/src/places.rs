//! Where things are built and kept. One place, so that every chore agrees.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Native builds: `CARGO_TARGET_DIR`, or `target/` in the repository.
pub fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Wasm builds live beside the native ones: another compiler may make them, and the two must not evict each other.
pub fn wasm_target_dir() -> PathBuf {
    let native = target_dir();
    let name = native.file_name().map_or_else(|| "target".into(), |name| name.to_string_lossy().into_owned());
    native.with_file_name(format!("{name}-wasm"))
}

/// A built program.
pub fn program(name: &str) -> PathBuf {
    target_dir().join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// The page's folder and, inside it, the built module.
pub fn web() -> PathBuf {
    root().join("ui/web")
}

/// The scenario the bench plays.
pub fn scenario() -> PathBuf {
    root().join("assets/scenarios/doksuri-2023.toml")
}

pub fn print() {
    println!("repository   {}", root().display());
    println!("native       {}", target_dir().display());
    println!("wasm         {}", wasm_target_dir().display());
    println!("page         {}", web().display());
}
