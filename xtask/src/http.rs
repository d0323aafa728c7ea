//! A hub's answers, asked for over a bare socket: enough for a chore, and nothing to build.

use crate::Outcome;
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// A hub that said it is ready: `{"url": …, "token": …}`.
pub struct Hub {
    pub url: String,
    pub token: String,
}

impl Hub {
    pub fn from_ready_line(line: &Value) -> Outcome<Self> {
        let text = |key: &str| line.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        match (text("url"), text("token")) {
            (Some(url), Some(token)) => Ok(Self { url, token }),
            _ => Err(format!("the hub's ready line has no url and token: {line}")),
        }
    }

    pub fn get(&self, path: &str) -> Outcome<String> {
        self.ask("GET", path, "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Outcome<String> {
        self.ask("POST", path, &body.to_string())
    }

    /// Asks until the answer holds what is looked for.
    pub fn until<T>(&self, path: &str, limit: Duration, found: impl Fn(&Value) -> Option<T>) -> Outcome<T> {
        let began = Instant::now();
        loop {
            let answer = self.get(path)?;
            if let Some(found) = serde_json::from_str(&answer).ok().as_ref().and_then(&found) {
                return Ok(found);
            }
            if began.elapsed() > limit {
                let start: String = answer.chars().take(600).collect();
                return Err(format!("{path} did not say what was waited for within {} s: {start}", limit.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Outcome<String> {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        let doing = |e: std::io::Error| format!("cannot {method} {path} at {address}: {e}");
        let mut stream = TcpStream::connect(address).map_err(doing)?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).map_err(doing)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        )
        .map_err(doing)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(doing)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split_whitespace().nth(1).unwrap_or("?");
        if status.starts_with('2') {
            Ok(body.to_owned())
        } else {
            Err(format!("{method} {path} answered {status}: {body}"))
        }
    }
}
