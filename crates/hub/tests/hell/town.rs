//! A hub with a configuration file, and what is asked of it.

use gulang_hub::{
    HubConfig, HubHandle,
    realm::Addresses,
    sim_host::{RunningSim, SimHost, SimRequest, SimScale},
    start,
};
use serde_json::Value;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{io::AsyncWriteExt, net::TcpStream};

pub type Error = Box<dyn std::error::Error>;
pub type Check = Result<(), Error>;

/// Of the shipped city.
pub const DRONE: &str = "GLUAV0001";
pub const CAMERA: &str = "c00001";

/// Far more than anything here takes; only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(100);

struct NoSim;

impl SimHost for NoSim {
    fn start(&self, _: &SimRequest) -> Result<Box<dyn RunningSim>, String> {
        Err("nothing is simulated here".into())
    }
}

pub struct Town {
    hub: HubHandle,
    http: reqwest::Client,
    _dir: tempfile::TempDir,
}

/// On a runtime of its own: the hub has another.
pub fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

impl Town {
    pub fn open(config: &str) -> Result<Self, Error> {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("gulang.toml");
        std::fs::write(&file, config)?;
        let hub = start(HubConfig {
            data: dir.path().join("data"),
            pack_dir: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/cities/xiamen"),
            scenarios_dir: None,
            listen: ([127, 0, 0, 1], 0).into(),
            page_dir: None,
            sim: Arc::new(NoSim),
            actual: Some(Addresses::default()),
            rasters: Vec::new(),
            seed: 1,
            scale: SimScale::None,
            sign_key: None,
            config_file: Some(file),
        })?;
        // A door that refuses a large body hangs up; no later request goes over that connection.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
        Ok(Self { hub, http, _dir: dir })
    }

    pub async fn sources(&self) -> Result<Value, Error> {
        let url = format!("{}/api/sources", self.hub.url);
        let answer = self.http.get(url).bearer_auth(&self.hub.token).send().await?.error_for_status()?;
        let sources: Value = serde_json::from_str(&answer.text().await?)?;
        match sources["fault"].as_str() {
            Some(fault) => Err(fault.into()),
            None => Ok(sources),
        }
    }

    /// Asks until the answer is so.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value, Error> {
        self.until_retrying(what, &[], is_so).await
    }

    /// The same, with these asked each time to try at once: no growing wait is waited for.
    pub async fn until_retrying(
        &self,
        what: &str,
        retried: &[&str],
        is_so: impl Fn(&Value) -> bool,
    ) -> Result<Value, Error> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let sources = self.sources().await?;
            if is_so(&sources) {
                return Ok(sources);
            }
            if tokio::time::Instant::now() > deadline {
                return Err(format!("{what} never came: {sources:#}").into());
            }
            for name in retried {
                let url = format!("{}/api/sources/{name}/retry", self.hub.url);
                self.http.post(url).bearer_auth(&self.hub.token).send().await?;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The same, with something said to a broker each time.
    pub async fn until_saying(
        &self,
        what: &str,
        speaker: &super::broker::Speaker,
        (topic, payload): (&str, &str),
        is_so: impl Fn(&Value) -> bool,
    ) -> Check {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !is_so(&self.sources().await?) {
            if tokio::time::Instant::now() > deadline {
                return Err(format!("{what} never came: {:#}", self.sources().await?).into());
            }
            speaker.say(topic, payload.as_bytes().to_vec()).await?;
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    pub async fn push(&self, name: &str, body: Vec<u8>) -> Result<u16, Error> {
        let url = format!("{}/hook/{name}", self.hub.url);
        let sent = self.http.post(url).header("X-Token", secret()).body(body).send().await?;
        Ok(sent.status().as_u16())
    }

    /// Pushes until that is the answer.
    pub async fn until_pushed(&self, name: &str, status: u16) -> Check {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.push(name, super::ROWS.into()).await? != status {
            if tokio::time::Instant::now() > deadline {
                return Err(format!("{name} never answered {status}").into());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// So many requests that say they will be long, and stop after a byte.
    pub async fn trickle_bodies(&self, name: &str, n: usize) -> Result<Vec<TcpStream>, Error> {
        let address = self.hub.url.trim_start_matches("http://").to_owned();
        let head = format!("POST /hook/{name} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000\r\n\r\n{{");
        let mut streams = Vec::new();
        for _ in 0..n {
            let mut stream = TcpStream::connect(&address).await?;
            stream.write_all(head.as_bytes()).await?;
            streams.push(stream);
        }
        Ok(streams)
    }

    pub fn close(self) -> Check {
        Ok(self.hub.stop()?)
    }
}

/// What the webhooks' secret is here: whatever it is, it is long.
fn secret() -> String {
    std::env::var("PATH").unwrap_or_default()
}

pub fn source<'a>(sources: &'a Value, name: &str) -> &'a Value {
    static NOTHING: Value = Value::Null;
    let found = sources["sources"].as_array().into_iter().flatten().find(|it| it["name"] == name);
    found.unwrap_or(&NOTHING)
}

pub fn n_of(sources: &Value, name: &str, figure: &str) -> u64 {
    source(sources, name)[figure].as_u64().unwrap_or_default()
}

pub fn text_of<'a>(sources: &'a Value, name: &str, what: &str) -> &'a str {
    source(sources, name)[what].as_str().unwrap_or_default()
}

pub fn is_up(sources: &Value, name: &str) -> bool {
    source(sources, name)["state"] == "healthy"
}

/// Its lamp says that it does not work.
pub fn is_down(sources: &Value, name: &str) -> bool {
    matches!(text_of(sources, name, "state"), "degraded" | "silent")
}
