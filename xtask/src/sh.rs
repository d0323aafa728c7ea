//! Running other programs, and saying so.

use crate::{Outcome, places};
use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Says what begins and how long it usually takes on two cores; returns what ends it.
pub fn step(what: &str, usual: &str) -> Step {
    println!("==> {what} (usually {usual})");
    let _ = std::io::stdout().flush();
    Step { what: what.to_owned(), began: Instant::now() }
}

pub struct Step {
    what: String,
    began: Instant,
}

impl Step {
    pub fn done(self) {
        println!("    done in {:.0} s: {}", self.began.elapsed().as_secs_f32(), self.what);
    }
}

/// A command in the repository's root.
pub fn command(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(places::root());
    command
}

/// Cargo as the caller runs it, into the agreed target folder.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args);
    command.env("CARGO_TARGET_DIR", places::target_dir());
    command
}

/// `verb` over every native program and library: one selection for every chore, because another selection means other
/// features of what the crates share, and everything built twice.
pub fn everything(verb: &[&'static str]) -> Vec<&'static str> {
    const PACKAGES: [&str; 14] = [
        "gulang-charts",
        "gulang-city",
        "gulang-report",
        "gulang-wire",
        "gulang-tiles",
        "gulang-duties",
        "gulang-platforms",
        "gulang-intake",
        "gulang-video",
        "gulang-video-link",
        "gulang-hub",
        "gulang-sim",
        "gulang-ui",
        "gulang",
    ];
    verb.iter().copied().chain(PACKAGES.into_iter().flat_map(|package| ["-p", package])).collect()
}

/// Runs to the end, its output straight through.
pub fn run(command: &mut Command) -> Outcome {
    let shown = show(command);
    let status = command.status().map_err(|e| format!("cannot start `{shown}`: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` ended with {status}")) }
}

/// Runs to the end and returns what it printed; its error output goes straight through.
pub fn read(command: &mut Command) -> Outcome<String> {
    let shown = show(command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| format!("cannot start `{shown}`: {e}"))?;
    if !output.status.success() {
        return Err(format!("`{shown}` ended with {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs to the end within `limit`, quietly; false when it failed, could not start or took longer.
pub fn works_within(command: &mut Command, limit: Duration) -> bool {
    let Ok(child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        return false;
    };
    let mut guard = Guard(child);
    let began = Instant::now();
    while began.elapsed() < limit {
        match guard.0.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(_) => return false,
        }
    }
    false
}

/// Runs to the end, its output passed on line by line and also kept.
pub fn run_and_keep(command: &mut Command) -> Outcome<(bool, Vec<String>)> {
    let shown = show(command);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| format!("cannot start `{shown}`: {e}"))?;
    let mut lines = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            println!("{line}");
            lines.push(line);
        }
    }
    let status = child.wait().map_err(|e| format!("lost `{shown}`: {e}"))?;
    Ok((status.success(), lines))
}

/// Starts a program that prints one JSON line when it is ready, and waits for that line.
pub fn start_until_ready(command: &mut Command, limit: Duration) -> Outcome<(Guard, serde_json::Value)> {
    let shown = show(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start `{shown}`: {e}"))?;
    let stdout = child.stdout.take();
    let guard = Guard(child);
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        // Reads on after the line it wants, so that the program never blocks on a full pipe.
        for line in stdout.into_iter().flat_map(|out| BufReader::new(out).lines().map_while(Result::ok)) {
            match serde_json::from_str(&line) {
                Ok(value @ serde_json::Value::Object(_)) => drop(tell.try_send(value)),
                _ => println!("{line}"),
            }
        }
    });
    let ready = told.recv_timeout(limit).map_err(|_| {
        format!("`{shown}` did not say that it is ready within {} s; its messages are above", limit.as_secs())
    })?;
    Ok((guard, ready))
}

/// Ends its program when dropped, so that no chore leaves one behind.
pub struct Guard(pub Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where a program is, if it is installed.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

fn show(command: &Command) -> String {
    let mut shown = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        shown.push(' ');
        shown.push_str(&arg.to_string_lossy());
    }
    shown
}
