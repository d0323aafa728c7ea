//! The port over real sockets.

use super::super::contract::Sink;
use super::*;
use gulang_city::Timestamp;
use gulang_platforms::{
    Heard,
    jt808::{Edition, FromTerminal, Register, Status, seal},
};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::io::AsyncReadExt;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// Counts what it is told.
#[derive(Default)]
struct Counting {
    n_news: AtomicU64,
    n_refused: AtomicU64,
    of_quiet: AtomicU64,
}

#[async_trait]
impl Sink for Counting {
    async fn take(&self, _raw: &[u8], heard: Heard) -> Result<(), String> {
        self.n_news.fetch_add(heard.news.len() as u64, Relaxed);
        self.n_refused.fetch_add(heard.refused.len() as u64, Relaxed);
        let is_quiet = |it: &&News| matches!(it, News::Thing { thing, .. } if &**thing == "1");
        self.of_quiet.fetch_add(heard.news.iter().filter(is_quiet).count() as u64, Relaxed);
        Ok(())
    }
    fn alive(&self) {}
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn position(secs: i64) -> FromTerminal {
    FromTerminal::Position(Box::new(Position {
        alarms: 0,
        status: Status(Status::LOCATED),
        at: LonLat(118.1, 24.5),
        altitude_m: 0,
        speed_kmh: 0.0,
        heading_deg: 0,
        time: NOW.plus_secs(secs),
        extras: Vec::new(),
    }))
}

fn bytes_of(said: &FromTerminal, phone: &str) -> Vec<u8> {
    let (id, body) = said.write(Edition::V2019(1)).expect("it can be said");
    seal(id, Edition::V2019(1), phone, &mut 0, &body)
}

/// The port, its ear, and the task that listens.
async fn port(limits: Limits) -> (SocketAddr, Arc<Counting>, tokio::task::JoinHandle<()>) {
    let desk = Desk::new("muck_truck".into(), Vec::new(), Admission::Any, "k");
    let mut terminals = Terminals::new("t".into(), ([127, 0, 0, 1], 0).into(), desk, limits);
    let address = terminals.bind().await.expect("a port");
    let heard = Arc::new(Counting::default());
    let ear = Ear { platform: "t".into(), sink: heard.clone() };
    let task = tokio::spawn(async move {
        let _ = terminals.listen(&ear).await;
    });
    (address, heard, task)
}

/// Waits until it is so; the test's own limit is the runner's.
async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_terminal_is_heard_and_answered_however_its_bytes_come() {
    let (address, heard, task) = port(Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.expect("the port is open");
    let register = Register { plate: "闽D12345".into(), ..Register::default() };
    stream.write_all(&bytes_of(&FromTerminal::Register(register), "1")).await.expect("sent");
    let mut answer = [0; 64];
    let n = stream.read(&mut answer).await.expect("answered");
    assert!(n > 16 && answer[0] == 0x7e && answer[1..3] == [0x81, 0x00], "{answer:?}");
    for byte in bytes_of(&position(0), "1") {
        stream.write_all(&[byte]).await.expect("sent");
    }
    until(|| heard.n_news.load(Relaxed) == 1).await;
    task.abort();
}

#[tokio::test]
async fn one_that_floods_starves_nobody() {
    let (address, heard, task) = port(Limits { max_frames_per_s: 20, ..Limits::default() }).await;
    let flood = tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.expect("the port is open");
        let many = bytes_of(&position(0), "2").repeat(1000);
        while stream.write_all(&many).await.is_ok() {}
    });
    let mut quiet = TcpStream::connect(address).await.expect("the port is open");
    for secs in 0..5 {
        quiet.write_all(&bytes_of(&position(secs), "1")).await.expect("sent");
        let expected = secs as u64 + 1;
        until(|| heard.of_quiet.load(Relaxed) == expected).await;
    }
    flood.abort();
    task.abort();
}

#[tokio::test]
async fn garbage_is_hung_up_on() {
    let (address, heard, task) = port(Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.expect("the port is open");
    let _ = stream.write_all(&[0x7e, 9, 9, 9].repeat(200)).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty() && heard.n_refused.load(Relaxed) >= 1);
    task.abort();
}

#[test]
fn faults_of_the_configuration_name_their_key() {
    #[track_caller]
    fn check(url: &str, options: &str, what: &str) {
        let text = format!("name = \"t\"\ntitle = \"t\"\nkind = \"jt808\"\nurl = \"{url}\"\n[options]\n{options}");
        let config: ConnectorConfig = toml::from_str(&text).expect("a connector");
        let parts = Parts::<crate::realm::Actual>::apart(Arc::new(gulang_city::tiny_pack()));
        let opened = open(&config, &parts);
        assert_eq!(opened.as_ref().err().map(|it| it.what.as_str()), (!what.is_empty()).then_some(what), "{options}");
    }
    check("tcp://127.0.0.1:0", "register = \"bus\"", "");
    check("http://127.0.0.1:0", "register = \"bus\"", "url");
    check("tcp://127.0.0.1:0", "", "options");
    check("tcp://127.0.0.1:0", "register = \"bus\"\nauth = \"none\"", "options.auth");
    check("tcp://127.0.0.1:0", "register = \"bus\"\nauth = { \"闽D1\" = \"7\" }", "secrets");
}
