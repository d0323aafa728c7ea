//! Where things are built and kept. One place, so that every chore agrees.

use std::{
    env,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The repository's root. Asked of cargo as it runs: two clones may share a target folder, and with it this program.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        Path::new(&package).parent().unwrap_or(Path::new(".")).to_path_buf()
    });
    &ROOT
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
