//! What the whole-system tests share: the built programs, and a hub to ask.

#![allow(dead_code, reason = "each test program uses its own part")]

use serde_json::Value;
use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// The drill every test plays.
pub fn scenario() -> PathBuf {
    assets().join("scenarios/doksuri-2023.toml")
}

pub fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets")
}

/// A built program. Cargo builds only a package's own programs for its tests; `cargo xtask test` builds all first.
pub fn program(name: &str) -> PathBuf {
    let exe = env::current_exe().expect("this test's own path");
    let dir = exe.parent().and_then(Path::parent).expect("a target folder");
    let program = dir.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(program.is_file(), "{} is not built: `cargo build --workspace --bins` first", program.display());
    program
}

pub fn hub_command(args: &[&str]) -> Command {
    let mut command = Command::new(program("gulang-hub"));
    command.args(args).env("GULANG_ASSETS", assets()).stdin(Stdio::null());
    command
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"))
}

/// What a program printed, as JSON; fails with its messages when it printed none.
pub fn json_of(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.trim()).unwrap_or_else(|why| {
        panic!("not JSON ({why}), {}:\n{text}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
    })
}

/// A program that printed one JSON line when it was ready; killed when dropped.
pub struct Running {
    child: Child,
    pub ready: Value,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let shown = format!("{command:?}");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap_or_else(|why| panic!("{shown}: {why}"));
        let stdout = child.stdout.take().expect("a pipe");
        let (tell, told) = mpsc::sync_channel(1);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Ok(value @ Value::Object(_)) = serde_json::from_str(&line) {
                    // Only the first is waited for.
                    let _ = tell.try_send(value);
                }
            }
        });
        // Made first, so that a program that never gets ready is still killed.
        let mut running = Self { child, ready: Value::Null };
        running.ready = told.recv_timeout(Duration::from_secs(120)).unwrap_or_else(|why| panic!("{shown} is not ready: {why}"));
        running
    }

    /// `kill -9`: no goodbye, no flush.
    pub fn kill(mut self) {
        self.child.kill().expect("to kill it");
        self.child.wait().expect("to bury it");
    }

    pub fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_else(|| panic!("no {key} in {}", self.ready))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running hub's REST side.
pub struct Hub {
    pub process: Running,
    http: reqwest::blocking::Client,
}

impl Hub {
    pub fn serve(data: &Path, more: &[&str]) -> Self {
        let mut command = hub_command(&["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(data).args(more);
        let http = reqwest::blocking::Client::builder().timeout(Duration::from_secs(60)).build().expect("a client");
        Self { process: Running::start(&mut command), http }
    }

    pub fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.process.text("url"));
        self.answer(self.http.get(url), path)
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.process.text("url"));
        self.answer(self.http.post(url).json(body), path)
    }

    fn answer(&self, request: reqwest::blocking::RequestBuilder, path: &str) -> Value {
        let answer = request.bearer_auth(self.process.text("token")).send().unwrap_or_else(|why| panic!("{path}: {why}"));
        let status = answer.status();
        let text = answer.text().unwrap_or_default();
        assert!(status.is_success(), "{path} answered {status}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    }
}

/// Asks until it is so, or fails with the last answer. Waits for events, never for an amount of time.
pub fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match ask() {
            Ok(so) => return so,
            Err(last) if began.elapsed() > limit => panic!("{what}: not within {} s; last: {last}", limit.as_secs()),
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// What the platforms of a simulated city received, by their own journal: the judge.
pub fn platform_journal(platform: &str) -> Value {
    let answer = reqwest::blocking::get(format!("{platform}/journal")).expect("the platform's journal");
    answer.json().expect("JSON")
}
