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
    sources::Sample,
};
use async_trait::async_trait;
use futures_util::future::join_all;
use gulang_city::{CameraId, Command, Feed, Text};
use gulang_video_link::{Secret, Transport};
use serde::Deserialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

const CONNECT_LIMIT: Duration = Duration::from_secs(4);
/// Streams asked about each time.
const AT_ONCE: usize = 8;
const MAX_ANSWER_BYTES: usize = 64 * 1024;
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
    let options: Options = config.options_as()?;
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
    let streams = table.urls.iter().map(|(id, url)| (id.clone(), url.clone())).collect();
    let mut registered = vec![parts.openers.put(Arc::new(table))];
    if let Some(Media { push, play }) = options.media {
        let name = format!("{}/media", config.name);
        registered.push(parts.openers.put(Arc::new(MediaServer { name, push, play, transport })));
    }
    let every = Duration::from_secs_f64(config.every_s.clamp(1.0, 3600.0));
    Ok(Wire::Asked(Box::new(Servers {
        name: config.name.clone(),
        every,
        streams,
        next: 0,
        listed: Vec::new(),
        _registered: registered,
    })))
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

/// `host:port` of a stream's server.
fn host_of(url: &reqwest::Url) -> Option<String> {
    let usual = match url.scheme() {
        "rtmp" | "rtmps" => 1935,
        "rtsps" => 322,
        _ => 554,
    };
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default().unwrap_or(usual)))
}

/// As it may be shown: no login, and no query, which may hold a token.
fn bare(url: &reqwest::Url) -> String {
    let host = host_of(url).unwrap_or_default();
    format!("{}://{host}{}", url.scheme(), url.path())
}

/// What a server told of a stream, or why it did not. `None`: the answer is not whole yet.
fn described(answer: &str) -> Option<Result<String, String>> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.lines().next().unwrap_or_default();
    let Some(said) = status.strip_prefix("RTSP/1.0 ") else { return Some(Err("不是 RTSP 的应答".into())) };
    match said.split(' ').next() {
        Some("200") => {}
        Some("401") => return Some(Err(format!("{said}：要登录；取流时用 secrets 中的 user 与 password"))),
        _ => return Some(Err(said.to_owned())),
    }
    let length = head.lines().filter_map(|it| it.split_once(':'));
    let length = length.filter(|(key, _)| key.eq_ignore_ascii_case("content-length"));
    let n_bytes: usize = length.filter_map(|(_, it)| it.trim().parse().ok()).next().unwrap_or(0);
    if body.len() < n_bytes {
        return None;
    }
    // `a=rtpmap:96 H264/90000`
    let formats = body.lines().filter_map(|it| it.strip_prefix("a=rtpmap:")?.split_once(' '));
    let formats: Vec<&str> = formats.map(|(_, it)| it.trim()).collect();
    Some(Ok(formats.join("、")))
}

/// Asks a server to describe a stream, without a login. `Err`: it cannot be reached; inside: what it answered.
async fn describe(url: &reqwest::Url) -> Result<Result<String, String>, String> {
    let host = host_of(url).ok_or("地址里没有主机")?;
    let mut stream = tokio::net::TcpStream::connect(host.as_str()).await.map_err(|why| why.to_string())?;
    if url.scheme() != "rtsp" {
        return Ok(Ok(String::new()));
    }
    let asked = format!("DESCRIBE {} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n", bare(url));
    let told = async {
        stream.write_all(asked.as_bytes()).await.map_err(|why| why.to_string())?;
        let (mut answer, mut chunk) = (Vec::new(), [0; 4096]);
        while answer.len() < MAX_ANSWER_BYTES {
            match stream.read(&mut chunk).await {
                Ok(0) => return Err("没有说完就挂断了".to_owned()),
                Ok(n) => answer.extend_from_slice(chunk.get(..n).unwrap_or_default()),
                Err(why) => return Err(why.to_string()),
            }
            if let Some(told) = described(&String::from_utf8_lossy(&answer)) {
                return told;
            }
        }
        Err("应答太长".to_owned())
    };
    Ok(tokio::time::timeout(CONNECT_LIMIT, told).await.unwrap_or_else(|_| Err("DESCRIBE 没有应答".into())))
}

/// Whether the servers can be reached and have the streams: some of them each time, in turn.
struct Servers {
    name: Text,
    every: Duration,
    streams: Vec<(CameraId, String)>,
    next: usize,
    listed: Vec<Sample>,
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
        let n = self.streams.len().min(AT_ONCE);
        let asked: Vec<(CameraId, reqwest::Url)> = (0..n)
            .filter_map(|k| self.streams.get((self.next + k) % self.streams.len()))
            .filter_map(|(id, url)| Some((id.clone(), reqwest::Url::parse(url).ok()?)))
            .collect();
        self.next = self.next.wrapping_add(n);
        let asking: Vec<_> = asked.iter().map(|(_, url)| timeout(2 * CONNECT_LIMIT, describe(url))).collect();
        let answers = join_all(asking).await;
        let (mut n_reached, mut failed) = (0, None);
        for ((id, url), answer) in asked.iter().zip(answers) {
            let answer = answer.unwrap_or_else(|_| Err("没有应答".to_owned()));
            let mut it = Sample { raw: bare(url), ..Sample::default() };
            n_reached += usize::from(answer.is_ok());
            match answer {
                Ok(Ok(formats)) => it.mapped = format!("摄像头 {id} {formats}"),
                Ok(Err(why)) => it.refused = format!("摄像头 {id}：{why}"),
                Err(why) => {
                    it.refused = format!("摄像头 {id}：连不上：{why}");
                    failed = Some(format!("连不上 {}：{why}", host_of(url).unwrap_or_default()));
                }
            }
            self.listed.push(it);
        }
        match failed {
            Some(what) if n_reached == 0 => {
                Err(FeedError { what, remedy: "检查摄像机或流媒体服务的电源与网络" })
            }
            _ => Ok((Vec::new(), false)),
        }
    }

    fn catalogue(&mut self) -> Vec<Sample> {
        std::mem::take(&mut self.listed)
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
        let hosts: Vec<String> = table.urls.values().filter_map(|it| host_of(&reqwest::Url::parse(it).ok()?)).collect();
        assert_eq!(hosts, ["10.0.0.1:554", "10.0.0.2:8554"]);
        assert!(table.has(&Feed::Camera("c00001".into())).stream && !table.has(&Feed::Camera("c9".into())).stream);
    }

    #[test]
    fn a_description_is_read_when_it_is_whole() {
        let sdp = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
        let answer = format!("RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
        assert_eq!(described(&answer), Some(Ok("H264/90000".into())));
        assert_eq!(described(answer.get(..answer.len() - 1).unwrap_or_default()), None);
        let is_refused = |answer: &str, why: &str| matches!(described(answer), Some(Err(it)) if it.contains(why));
        assert!(is_refused("RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n", "要登录"));
        assert!(is_refused("RTSP/1.0 404 Not Found\r\n\r\n", "404") && is_refused("HTTP/1.1 200 OK\r\n\r\n", "RTSP"));
        let url = reqwest::Url::parse("rtsp://u:hunter2@10.0.0.1/a?token=hunter2").expect("an address");
        assert_eq!(bare(&url), "rtsp://10.0.0.1:554/a");
    }
}
