//! Turns the desk's `.wasm` into what a page can load: `gulang-bindgen IN.wasm OUT_DIR`.
//!
//! A program of its own so that the other chores do not wait for a WebAssembly toolkit to be built. It is a library call
//! instead of the `wasm-bindgen` program so that Cargo.lock, and nothing installed by hand, says which version runs.

use std::{env, process::ExitCode};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [input, out_dir] = args.as_slice() else {
        eprintln!("usage: gulang-bindgen IN.wasm OUT_DIR");
        return ExitCode::from(2);
    };
    match bind(input, out_dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("gulang-bindgen: cannot make the page's module from {input}: {why}");
            ExitCode::FAILURE
        }
    }
}

fn bind(input: &str, out_dir: &str) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(input).out_name("gulang-desk").typescript(false).keep_debug(false).remove_name_section(true);
    bindgen.web(true).map_err(|e| e.to_string())?;
    bindgen.generate(out_dir).map_err(|e| format!("{e:#}"))
}
