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

/// The machine's display and session bus, or ones of our own that end with us.
pub struct Display {
    pub name: String,
    /// The tray and the notifications speak over it.
    pub bus: Option<String>,
    own_programs: Vec<Guard>,
}

impl Display {
    /// The machine's own display where there is one; pictures of a given size are always taken on our own.
    pub fn open(size: Size, own: bool) -> Outcome<Self> {
        let mut own_programs = Vec::new();
        let name = match env::var("DISPLAY") {
            Ok(name) if !own => name,
            _ => {
                println!(
                    "    no display of this machine is used: starting Xvfb at {size}; the window is real, the screen is not"
                );
                let screen = format!("{size}x24");
                let args = ["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp"];
                let (xvfb, number) = start_and_hear("Xvfb", &args)?;
                own_programs.push(xvfb);
                format!(":{number}")
            }
        };
        let bus = match env::var("DBUS_SESSION_BUS_ADDRESS") {
            Ok(_) => None,
            Err(_) => {
                let args = ["--session", "--nofork", "--nopidfile", "--print-address=1"];
                let (daemon, address) = start_and_hear("dbus-daemon", &args)?;
                own_programs.push(daemon);
                Some(address)
            }
        };
        Ok(Self { name, bus, own_programs })
    }

    /// `true` where no person looks.
    pub fn is_own(&self) -> bool {
        !self.own_programs.is_empty() && env::var("DISPLAY").as_deref() != Ok(&self.name)
    }

    /// The whole screen, as a PNG.
    pub fn shoot(&self, file: &Path) -> Outcome {
        let file = file.to_string_lossy();
        run(&mut command("import", &["-display", &self.name, "-window", "root", &file]))
    }
}

/// Starts a program that prints one line about itself, and returns both.
fn start_and_hear(program: &str, args: &[&str]) -> Outcome<(Guard, String)> {
    let mut child = command(program, args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("cannot start {program}: {e}; `cargo xtask setup` installs it"))?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        let _ = BufReader::new(stdout).read_line(&mut line);
    }
    let guard = Guard(child);
    match line.trim() {
        "" => Err(format!("{program} ended before it said where it is")),
        said => Ok((guard, said.to_owned())),
    }
}

/// A map with its panels has thousands of colours; a notice on an empty page has some two hundred.
const MIN_COLORS: u32 = 1000;

/// The share of points in which two pictures of one size differ visibly.
pub fn unlike(one: &Path, other: &Path) -> Outcome<f64> {
    let mut compare = command("convert", &[]);
    compare.arg(one).arg(other);
    compare.args([
        "-compose",
        "difference",
        "-composite",
        "-colorspace",
        "gray",
        "-threshold",
        "10%",
        "-format",
        "%[fx:mean]",
        "info:",
    ]);
    let said = read(&mut compare)?;
    said.trim().parse().map_err(|_| format!("comparing {} with {}: {said}", one.display(), other.display()))
}

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
