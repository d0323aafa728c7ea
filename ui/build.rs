//! Lists the files of `src/stage/overlays/` as modules, so that adding an overlay is adding its file.

use std::{env, fs, path::Path};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package lies");
    let folder = Path::new(&root).join("src/stage/overlays");
    println!("cargo::rerun-if-changed={}", folder.display());
    let entries = fs::read_dir(&folder).expect("the overlays' folder can be read");
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok()?.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| name != "mod")
        .collect();
    names.sort();
    let mut text = String::new();
    for name in &names {
        let path = folder.join(format!("{name}.rs"));
        text += &format!("#[path = {:?}]\nmod {name};\n", path.display().to_string());
    }
    let list: Vec<String> = names.iter().map(|name| format!("&{name}::OVERLAY")).collect();
    text += &format!("static ALL: &[&dyn Overlay] = &[{}];\n", list.join(", "));
    let out = env::var("OUT_DIR").expect("cargo gives a folder");
    fs::write(Path::new(&out).join("overlays.rs"), text).expect("the list can be written");
}
