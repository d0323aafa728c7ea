//! A program of ours as a child: the hub, the simulated city.

use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A program that prints one JSON line when it is ready; killed when dropped.
pub struct Running {
    child: Child,
    pub ready: Value,
}

impl Running {
    pub fn start(command: &mut Command) -> Result<Self, Error> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let mut running = Self { child, ready: Value::Null };
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        while running.ready.is_null() {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Err(format!("{command:?} ended before it was ready").into());
            }
            running.ready = serde_json::from_str(&line).unwrap_or_default();
        }
        Ok(running)
    }

    pub fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The simulated city beside the hub's own program; `cargo xtask test` builds it first.
pub fn sim_program() -> PathBuf {
    let beside = Path::new(env!("CARGO_BIN_EXE_gulang-hub"))
        .with_file_name(format!("gulang-sim{}", std::env::consts::EXE_SUFFIX));
    let program = std::env::var_os("GULANG_SIM").map_or(beside, PathBuf::from);
    assert!(program.is_file(), "{} is not built: `cargo build -p gulang-sim` first", program.display());
    program
}
