//! The page: the desk's wasm and its glue in `ui/web/pkg`, which is built, never committed.

use crate::{
    Outcome, places,
    setup::{self, WasmToolchain},
    sh::{cargo, run, step},
};
use std::path::{Path, PathBuf};

/// Builds the wasm and binds it; returns the module's path.
pub fn build() -> Outcome<PathBuf> {
    let toolchain = setup::wasm_toolchain()?;
    let wasm = compile(&toolchain)?;
    bind(&wasm)
}

fn compile(toolchain: &WasmToolchain) -> Outcome<PathBuf> {
    let building = step(
        &format!("the desk's wasm, with {}", toolchain.describe()),
        "15 to 20 minutes the first time, under a minute after",
    );
    const ARGS: [&str; 9] = [
        "build",
        "--locked",
        "-p",
        "gulang-ui",
        "--bin",
        "gulang-desk",
        "--target=wasm32-unknown-unknown",
        "--profile",
        "wasm-ci",
    ];
    let mut command = match toolchain {
        WasmToolchain::Rustup => cargo(&ARGS),
        WasmToolchain::Distribution { rust_lld } => {
            let mut command = crate::sh::command("/usr/bin/cargo", &ARGS);
            command.arg("-Zbuild-std=std,panic_abort");
            command.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", rust_lld);
            command
        }
    };
    // A browser's own randomness: the crate asks for this to be said once, by whoever makes the final module.
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", r#"--cfg getrandom_backend="wasm_js""#);
    command.env("CARGO_TARGET_DIR", places::wasm_target_dir());
    for inherited in ["RUSTUP_TOOLCHAIN", "RUSTC_WORKSPACE_WRAPPER", "CLIPPY_ARGS"] {
        if !matches!((toolchain, inherited), (WasmToolchain::Rustup, "RUSTUP_TOOLCHAIN")) {
            command.env_remove(inherited);
        }
    }
    run(&mut command)?;
    building.done();
    Ok(places::wasm_target_dir().join("wasm32-unknown-unknown/wasm-ci/gulang-desk.wasm"))
}

fn bind(wasm: &Path) -> Outcome<PathBuf> {
    let pkg = places::web().join("pkg");
    let module = pkg.join("gulang-desk_bg.wasm");
    if is_newer(&module, wasm) {
        println!("    the page's module is up to date");
        return Ok(module);
    }
    let binding = step("the page's module, ui/web/pkg", "2 minutes the first time, 15 s after");
    run(&mut cargo(&["build", "-q", "--locked", "-p", "gulang-bindgen"]))?;
    std::fs::create_dir_all(&pkg).map_err(|e| format!("cannot make {}: {e}", pkg.display()))?;
    run(crate::sh::command(places::program("gulang-bindgen"), &[]).arg(wasm).arg(&pkg))?;
    binding.done();
    Ok(module)
}

fn is_newer(made: &Path, from: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    matches!((changed(made), changed(from)), (Some(made), Some(from)) if made > from)
}
