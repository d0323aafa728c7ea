//! Kind `rtsp`: cameras by a table of addresses, and drones that push to a media server.
//!
//! ```toml
//! [[connector]]
//! name = "lukou"
//! title = "路口直连摄像机"
//! kind = "rtsp"
//! secrets = { user = "env:CAMERA_USER", password = "env:CAMERA_PASSWORD" }
//! [connector.options]
//! transport = "tcp"                        # tcp (default), udp, auto
//! table = "cameras.csv"                    # lines of: camera,url
//! cameras = { c00001 = "rtsp://10.1.0.7:554/stream1" }
//! media = { push = "rtmp://10.0.0.5/live/{sn}", play = "rtsp://10.0.0.5:554/live/{sn}" }
//! ```

use crate::{
    connectors::contract::{ConnectorConfig, KindError, Parts, Wire},
    eyes::{Has, MediaServer, Opener, Registered, StreamAddress, WhyNot},
    feeds::{Feed as Polled, FeedError},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{CameraId, Command, Feed, Text};
use gulang_video_link::{Secret, Transport};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

const CONNECT_LIMIT: Duration = Duration::from_secs(4);
const SCHEMES: [&str; 6] = ["rtsp", "rtsps", "rtmp", "rtmps", "http", "https"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default)]
    transport: Transport,
    #[serde(default)]
    cameras: BTreeMap<String, String>,
    #[serde(default)]
    table: Option<String>,
    #[serde(default)]
    media: Option<Media>,
}

/// Where drones push to, and where others play from; `{sn}` is the drone's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    push: String,
    play: String,
}

pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let options: Options = config
        .options
        .clone()
        .try_into()
        .map_err(|why| fault("options", format!("{why}"), "键有 transport、cameras、table、media"))?;
    let mut urls = options.cameras;
    if let Some(file) = &options.table {
        let text = std::fs::read_to_string(file).map_err(|why| {
            fault("options.table", format!("{file}：{why}"), "检查路径，写成一行一个：摄像头编号,流地址")
        })?;
        let listed = read_table(&text).map_err(|why| fault("options.table", why, "一行一个：摄像头编号,流地址"))?;
        urls.extend(listed);
    }
    for (camera, url) in &urls {
        if reqwest::Url::parse(url).map_or(true, |it| !SCHEMES.contains(&it.scheme())) {
            let why = format!("{camera} 的地址不是流地址");
            return Err(fault("options.cameras", why, "写成 rtsp://主机:端口/路径 的样子"));
        }
        if !parts.pack.cameras.iter().any(|it| it.id.as_str() == camera) {
            let why = format!("城市包里没有摄像头 {camera}");
            return Err(fault("options.cameras", why, "用 cameras.json 中的编号，或先导入该摄像头"));
        }
    }
    let secret = |name: &str| parts.secrets.get(name).unwrap_or_default().to_owned();
    let login = (secret("user"), Secret(secret("password")));
    let transport = options.transport;
    let table = RtspTable::new(&config.name, urls.into_iter().map(|(id, url)| (CameraId::from(id), url)), transport)
        .with_login(login);
    let hosts = table.hosts();
    let mut registered = vec![parts.openers.put(Arc::new(table))];
    if let Some(Media { push, play }) = options.media {
        let name = format!("{}/media", config.name);
        registered.push(parts.openers.put(Arc::new(MediaServer { name, push, play, transport })));
    }
    let every = Duration::from_secs_f64(config.every_s.clamp(1.0, 3600.0));
    Ok(Wire::Asked(Box::new(Servers { name: config.name.clone(), every, hosts, next: 0, _registered: registered })))
}

/// `camera,url` line by line; a heading, empty lines and lines that begin with `#` are passed over.
fn read_table(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut urls = BTreeMap::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.split_once(',') {
            Some((id, url)) if url.contains("://") => {
                urls.insert(id.trim().trim_matches('"').to_owned(), url.trim().trim_matches('"').to_owned());
            }
            Some(_) if n == 0 => {}
            _ => return Err(format!("第 {} 行读不懂", n + 1)),
        }
    }
    Ok(urls)
}

/// Cameras whose addresses are known.
pub struct RtspTable {
    name: Text,
    urls: BTreeMap<CameraId, String>,
    transport: Transport,
    login: (String, Secret),
}

impl RtspTable {
    pub fn new(name: &str, urls: impl IntoIterator<Item = (CameraId, String)>, transport: Transport) -> Self {
        Self { name: name.into(), urls: urls.into_iter().collect(), transport, login: Default::default() }
    }

    /// For the addresses that carry none.
    pub fn with_login(self, login: (String, Secret)) -> Self {
        Self { login, ..self }
    }

    /// The servers behind the addresses, as `host:port`.
    fn hosts(&self) -> Vec<String> {
        let hosts: BTreeSet<String> = self
            .urls
            .values()
            .filter_map(|it| reqwest::Url::parse(it).ok())
            .filter_map(|it| {
                let usual = match it.scheme() {
                    "rtmp" | "rtmps" => 1935,
                    "rtsps" => 322,
                    _ => 554,
                };
                Some(format!("{}:{}", it.host_str()?, it.port_or_known_default().unwrap_or(usual)))
            })
            .collect();
        hosts.into_iter().collect()
    }
}

#[async_trait]
impl Opener for RtspTable {
    fn name(&self) -> &str {
        &self.name
    }

    fn has(&self, feed: &Feed) -> Has {
        Has { stream: matches!(feed, Feed::Camera(id) if self.urls.contains_key(id)), ..Has::default() }
    }

    async fn open(&self, feed: &Feed) -> Result<StreamAddress, WhyNot> {
        let Feed::Camera(id) = feed else { return Err(WhyNot::lasting("不是摄像头", "")) };
        let url =
            self.urls.get(id).ok_or_else(|| WhyNot::lasting("表中没有这个摄像头", "在 options.cameras 中写上"))?;
        let mut address = StreamAddress::of(url, self.transport);
        if address.user.is_empty() {
            (address.user, address.password) = self.login.clone();
        }
        Ok(address)
    }
}

/// Whether the servers can be reached: one of them each time, in turn.
struct Servers {
    name: Text,
    every: Duration,
    hosts: Vec<String>,
    next: usize,
    _registered: Vec<Registered>,
}

#[async_trait]
impl Polled for Servers {
    fn platform(&self) -> &str {
        &self.name
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn poll(&mut self) -> Result<(Vec<Command>, bool), FeedError> {
        let Some(host) = self.hosts.get(self.next % self.hosts.len().max(1)) else { return Ok((Vec::new(), false)) };
        self.next += 1;
        let failed = |why: String| FeedError {
            what: format!("连不上 {host}：{why}"),
            remedy: "检查摄像机或流媒体服务的电源与网络",
        };
        match tokio::time::timeout(CONNECT_LIMIT, tokio::net::TcpStream::connect(host.as_str())).await {
            Ok(Ok(_)) => Ok((Vec::new(), false)),
            Ok(Err(why)) => Err(failed(why.to_string())),
            Err(_) => Err(failed("没有应答".into())),
        }
    }

    fn recorded(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_its_fault_named_by_line() {
        let urls =
            read_table("\u{feff}摄像头,地址\nc00001,rtsp://10.0.0.1/a\n\n# 停用\n\"c2\",\"rtsp://10.0.0.2:8554/b\"\n");
        let urls = urls.expect("a table");
        assert_eq!(urls.get("c2").map(String::as_str), Some("rtsp://10.0.0.2:8554/b"));
        assert_eq!(read_table("c1,rtsp://h/a\nc2 rtsp://h/b").expect_err("a fault"), "第 2 行读不懂");
        let table = RtspTable::new("t", urls.into_iter().map(|(id, url)| (CameraId::from(id), url)), Transport::Tcp);
        assert_eq!(table.hosts(), ["10.0.0.1:554", "10.0.0.2:8554"]);
        assert!(table.has(&Feed::Camera("c00001".into())).stream && !table.has(&Feed::Camera("c9".into())).stream);
    }
}
