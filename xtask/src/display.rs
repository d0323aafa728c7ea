//! A display to draw on, and pictures of it.

use crate::{
    Outcome, Size,
    sh::{Guard, command, read, run},
};
use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

/// The machine's display, or one of our own that ends with us.
pub struct Display {
    pub name: String,
    _xvfb: Option<Guard>,
}

impl Display {
    /// The machine's own display where there is one; pictures of a given size are always taken on our own.
    pub fn open(size: Size, own: bool) -> Outcome<Self> {
        if let (Ok(name), false) = (env::var("DISPLAY"), own) {
            return Ok(Self { name, _xvfb: None });
        }
        println!(
            "    no display of this machine is used: starting Xvfb at {size}; the window is real, the screen is not"
        );
        let screen = format!("{size}x24");
        let mut xvfb = command("Xvfb", &["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start Xvfb: {e}; `cargo xtask setup` installs it"))?;
        let mut number = String::new();
        if let Some(stdout) = xvfb.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut number);
        }
        let guard = Guard(xvfb);
        if number.trim().is_empty() {
            return Err("Xvfb ended before it named its display".to_owned());
        }
        Ok(Self { name: format!(":{}", number.trim()), _xvfb: Some(guard) })
    }

    /// The whole screen, as a PNG.
    pub fn shoot(&self, file: &Path) -> Outcome {
        let file = file.to_string_lossy();
        run(&mut command("import", &["-display", &self.name, "-window", "root", &file]))
    }
}

/// A map with its panels has thousands of colours; a notice on an empty page has some two hundred.
const MIN_COLORS: u32 = 1000;

/// Refuses a picture that shows nothing: wrong in size, or of too few colours.
pub fn check_picture(file: &Path, size: Size) -> Outcome {
    let about = read(command("identify", &["-format", "%w %h %k"]).arg(file))?;
    let mut numbers = about.split_whitespace().map(|n| n.parse::<u32>().unwrap_or(0));
    let (width, height, n_colors) =
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (width, height) != (size.width, size.height) {
        return Err(format!("{} is {width}x{height}, not {size}", file.display()));
    }
    if n_colors < MIN_COLORS {
        return Err(format!("{} shows nothing: only {n_colors} colours", file.display()));
    }
    println!("    {}: {width}x{height}, {n_colors} colours", file.display());
    Ok(())
}
