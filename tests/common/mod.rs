//! What the whole-system tests share: the built programs, and a hub to ask.

#![allow(dead_code, reason = "each test program uses its own part")]

use serde_json::Value;
use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
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
    PathBuf::from("assets")
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
        running.ready =
            told.recv_timeout(Duration::from_secs(120)).unwrap_or_else(|why| panic!("{shown} is not ready: {why}"));
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
}

impl Hub {
    pub fn serve(data: &Path, more: &[&str]) -> Self {
        let mut command = hub_command(&["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(data).args(more);
        Self { process: Running::start(&mut command) }
    }

    pub fn get(&self, path: &str) -> Value {
        self.answer("GET", path, "").unwrap_or_else(|why| panic!("{why}"))
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, body).unwrap_or_else(|why| panic!("{why}"))
    }

    pub fn try_post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.answer("POST", path, &body.to_string())
    }

    fn answer(&self, method: &str, path: &str, body: &str) -> Result<Value, String> {
        ask(method, &format!("{}{path}", self.process.text("url")), self.process.text("token"), body)
    }
}

/// One request over a bare socket; an HTTP client here would build tauri's a second time with other features.
pub fn ask(method: &str, url: &str, token: &str, body: &str) -> Result<Value, String> {
    let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url} is not http"))?;
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let failed = |why: std::io::Error| format!("{method} {url}: {why}");
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(failed)?;
    let n_bytes = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {n_bytes}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(failed)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split_whitespace().nth(1) {
        Some(status) if status.starts_with('2') => {
            Ok(serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())))
        }
        _ => Err(format!("{method} {url}: {} {body}", head.lines().next().unwrap_or_default())),
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
    ask("GET", &format!("{platform}/journal"), "", "").unwrap_or_else(|why| panic!("{why}"))
}
