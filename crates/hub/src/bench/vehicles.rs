//! Vehicles' terminals, each telling where it is every ten seconds, over real loopback sockets into the registers.
//!
//! When each position was written travels in its latitude, so that the delay is from the terminal's socket to the column,
//! whatever lies between. Senders and hub share this process: its CPU time is both their own.

use super::{BenchError, Scratch, profile, quiet_hub};
use crate::{
    attend::AttendSink,
    connectors::{
        contract::{Ear, Listener, Sink},
        jt808::{Admission, Desk, Limits, Terminals},
    },
};
use async_trait::async_trait;
use gulang_city::{LonLat, Text, Timestamp};
use gulang_platforms::{
    Heard, News,
    jt808::{Edition, FromTerminal, Position, Status, seal},
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
};

/// No fence binds it.
const REGISTER: &str = "bench_vehicle";
const EVERY: Duration = Duration::from_secs(10);
/// Latitude the time of writing is counted from, in units of 1e-6 degrees a millisecond; it comes round after so many.
const LAT0: f64 = 24.4;
const ROUND_MS: u64 = 100_000;
/// One loopback address has some 28,000 ports to call from.
const SOCKETS_PER_ADDRESS: usize = 20_000;
/// Descriptors left for everything else.
const SPARE_FILES: usize = 600;

/// `n` terminals for so many seconds after all are connected.
pub fn jt808(pack_dir: &Path, n: u64, secs: f64) -> Result<Value, BenchError> {
    let n = usize::try_from(n).unwrap_or(usize::MAX).clamp(1, 1_000_000);
    let scratch = Scratch::new("jt808")?;
    let hub = quiet_hub(pack_dir, &scratch)?;
    let core = hub.hall().actual().clone();
    let base = Instant::now();
    let taken = Arc::new(Measuring {
        inner: AttendSink::new(core.clone(), core.sources.enter_built_in("bench", true, 60.0), None, None),
        base,
        n_news: AtomicU64::new(0),
        is_counting: AtomicBool::new(false),
        delays_ms: Mutex::default(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let limits = Limits { max_frames_per_s: u32::MAX, max_connections: n, ..Limits::default() };
    let desk = Desk::new(REGISTER.into(), Vec::new(), Admission::Any, "bench");
    let mut terminals = Terminals::new("bench".into(), ([127, 0, 0, 1], 0).into(), desk, limits);
    let address = runtime.block_on(terminals.bind())?;
    let ear = Ear { platform: "bench".into(), sink: taken.clone() };
    runtime.spawn(async move {
        if let Err(error) = terminals.listen(&ear).await {
            tracing::error!(%error, "the bench's port closed");
        }
    });

    let n_sockets = n.min(most_sockets());
    let sending = Arc::new(Sending { base, n_sent: AtomicU64::new(0), is_on: AtomicBool::new(false) });
    let connected = runtime.block_on(connect(address, n_sockets))?;
    for (k, stream) in connected.into_iter().enumerate() {
        let phones: Vec<Text> = (k..n).step_by(n_sockets).map(|i| format!("139{i:08}").into()).collect();
        runtime.spawn(speak(stream, phones, sending.clone()));
    }
    sending.is_on.store(true, Relaxed);
    // One round, so that every terminal is in the register and its growth is behind.
    std::thread::sleep(EVERY + Duration::from_secs(1));
    let (cpu_before, n_sent, n_news) = (cpu_secs(), sending.n_sent.load(Relaxed), taken.n_news.load(Relaxed));
    taken.is_counting.store(true, Relaxed);
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs_f64(secs.clamp(1.0, 600.0)));
    taken.is_counting.store(false, Relaxed);
    let (secs, cpu) = (began.elapsed().as_secs_f64(), cpu_secs().zip(cpu_before).map(|(after, before)| after - before));
    let n_in_window = taken.n_news.load(Relaxed) - n_news;
    let n_sent_in_window = sending.n_sent.load(Relaxed) - n_sent;
    sending.is_on.store(false, Relaxed);
    std::thread::sleep(Duration::from_secs(2));
    let n_lost = sending.n_sent.load(Relaxed) as i64 - taken.n_news.load(Relaxed) as i64;
    let n_known = core.things().get(REGISTER).map_or(0, |it| it.len());
    let mut delays = std::mem::take(&mut *taken.delays_ms.lock().unwrap_or_else(PoisonError::into_inner));
    delays.sort_unstable();
    let at = |share: f64| delays.get((delays.len() as f64 * share) as usize).copied();
    runtime.shutdown_background();
    hub.stop()?;
    Ok(json!({
        "bench": "jt808",
        "load": format!("{n} terminals on {n_sockets} loopback sockets, a 0x0200 every 10 s each, every one answered; senders in this process"),
        "terminals": n, "sockets": n_sockets, "multiplexed": n_sockets < n, "in_register": n_known, "secs": secs,
        "sent_per_s": n_sent_in_window as f64 / secs, "taken_per_s": n_in_window as f64 / secs, "lost": n_lost,
        "socket_to_column_ms": { "p50": at(0.5), "p95": at(0.95), "worst": delays.last() },
        "cpu_s": cpu, "profile": profile(),
    }))
}

/// The hub's own sink, with a stopwatch.
struct Measuring {
    inner: AttendSink,
    base: Instant,
    n_news: AtomicU64,
    is_counting: AtomicBool,
    delays_ms: Mutex<Vec<u32>>,
}

#[async_trait]
impl Sink for Measuring {
    async fn take(&self, raw: &[u8], heard: Heard) -> Result<(), String> {
        let sent: Vec<u64> = heard.news.iter().filter_map(sent_ms).collect();
        let n = heard.news.len() as u64;
        self.inner.take(raw, heard).await?;
        self.n_news.fetch_add(n, Relaxed);
        if self.is_counting.load(Relaxed) {
            let now = self.base.elapsed().as_millis() as u64 % ROUND_MS;
            let delays = sent.into_iter().map(|it| ((now + ROUND_MS - it) % ROUND_MS) as u32);
            self.delays_ms.lock().unwrap_or_else(PoisonError::into_inner).extend(delays);
        }
        Ok(())
    }

    fn alive(&self) {
        self.inner.alive();
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }
}

fn sent_ms(news: &News) -> Option<u64> {
    match news {
        News::Thing { place: Some(place), .. } => Some(((place.1 - LAT0) * 1e6).round().max(0.0) as u64 % ROUND_MS),
        _ => None,
    }
}

struct Sending {
    base: Instant,
    n_sent: AtomicU64,
    is_on: AtomicBool,
}

async fn connect(address: SocketAddr, n: usize) -> std::io::Result<Vec<TcpStream>> {
    let mut streams = Vec::with_capacity(n);
    for i in 0..n {
        let socket = TcpSocket::new_v4()?;
        // Only Linux has all of 127/8; elsewhere one address must do.
        if cfg!(target_os = "linux") {
            let host = 1 + (i / SOCKETS_PER_ADDRESS).min(250) as u8;
            socket.bind(([127, 0, 0, host], 0).into())?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    Ok(streams)
}

/// Its terminals one after another, evenly over ten seconds, for ever.
async fn speak(mut stream: TcpStream, phones: Vec<Text>, sending: Arc<Sending>) {
    let step = EVERY / phones.len().max(1) as u32;
    let mut chunk = [0; 256];
    let mut serial = 0;
    // Not all sockets at the same instant.
    let first = phones.first().map_or(0, |it| it.bytes().fold(0u64, |sum, byte| sum * 31 % 9973 + u64::from(byte)));
    tokio::time::sleep(EVERY.mul_f64((first % 9973) as f64 / 9973.0).min(EVERY)).await;
    let mut ticks = tokio::time::interval(step);
    for phone in phones.iter().cycle() {
        ticks.tick().await;
        while !sending.is_on.load(Relaxed) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        // Answers are read away.
        while matches!(stream.try_read(&mut chunk), Ok(1..)) {}
        let sent = sending.base.elapsed().as_millis() as u64 % ROUND_MS;
        let position = Position {
            alarms: 0,
            status: Status(Status::LOCATED | Status::ACC_ON),
            at: LonLat(118.1, LAT0 + sent as f64 * 1e-6),
            altitude_m: 10,
            speed_kmh: 36.0,
            heading_deg: 90,
            time: Timestamp(crate::clock::wall_now().0 / 1000 * 1000),
            extras: Vec::new(),
        };
        let Some((id, body)) = FromTerminal::Position(Box::new(position)).write(Edition::V2013) else { return };
        let bytes = seal(id, Edition::V2013, phone, &mut serial, &body);
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
        sending.n_sent.fetch_add(1, Relaxed);
    }
}

/// As the process may have files open; both ends of a socket are here.
fn most_sockets() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|it| it.strip_prefix("Max open files"));
    let soft = line.and_then(|it| it.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(1024);
    (soft.saturating_sub(SPARE_FILES) / 2).clamp(50, 60_000)
}

/// Of the whole process, in s; Linux counts it in hundredths. `None` elsewhere.
fn cpu_secs() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name may hold blanks; what follows its bracket does not.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<f64>().ok()?, fields.next()?.parse::<f64>().ok()?);
    Some((user + system) / 100.0)
}
