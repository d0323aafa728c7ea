//! `kind = "jt808"`: vehicles' terminals over TCP (JT/T 808-2013 and -2019), which call us.
//!
//! ```toml
//! [[connector]]
//! name = "muck-trucks"
//! title = "渣土车定位"
//! kind = "jt808"
//! url = "tcp://0.0.0.0:8808"             # where terminals call
//! secrets = { token = "env:GULANG_808" } # what tokens are made with; asked for where `auth` is a table
//!
//! [connector.options]
//! register = "muck_truck"                # the register its vehicles are in
//! by_plate = [{ ends_with = "应急", register = "emergency_vehicle" }]
//! auth = "any"                           # or a table of plate → terminal id: { "闽D12345" = "0000042" }
//! idle_s = 240                           # hang up on one without a whole frame so long
//! max_connections = 60000
//! max_frames_per_s = 50                  # of one terminal; a faster one is read more slowly
//! ```
//!
//! A terminal's token holds its plate, signed: 0x0102 does not carry one, and so it is known again after a restart of the
//! hub without a list of its own. Nothing is sent to a terminal but answers and the question where it is.

mod session;

use super::contract::{ConnectorConfig, Ear, KindError, Listener, Parts, SourceCrs, Wire};
use crate::{
    feeds::FeedError,
    log::{hex, sm3},
    realm::RealmKind,
};
use async_trait::async_trait;
use gulang_city::{LonLat, Text, wgs84_from_bd09, wgs84_from_gcj02};
use gulang_platforms::{
    News,
    jt808::{AlarmBit, Position, Registered},
};
use serde::Deserialize;
use session::{Known, Session};
use std::{
    collections::{BTreeMap, HashMap},
    io::ErrorKind,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep, timeout, timeout_at},
};

/// Read at once at most; a position is some 60 bytes.
const CHUNK_BYTES: usize = 2048;
/// A terminal that does not take its answers so long has hung.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// Terminals whose alarm bits are remembered; beyond it one that is forgotten begins anew.
const MAX_KNOWN: usize = 200_000;
/// Bytes of the mark in a token.
const MARK_BYTES: usize = 8;

/// `[connector.options]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    register: Text,
    #[serde(default)]
    by_plate: Vec<ByPlate>,
    #[serde(default)]
    auth: AuthOption,
    #[serde(default = "idle")]
    idle_s: u64,
    #[serde(default = "connections")]
    max_connections: usize,
    #[serde(default = "frames")]
    max_frames_per_s: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByPlate {
    ends_with: Text,
    register: Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum AuthOption {
    Word(Text),
    Listed(BTreeMap<Text, Text>),
}

impl Default for AuthOption {
    fn default() -> Self {
        Self::Word("any".into())
    }
}

fn idle() -> u64 {
    240
}
fn connections() -> usize {
    60_000
}
fn frames() -> u32 {
    50
}

/// Opens the kind; the port is opened when it is listened on.
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    let fault = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
    let options: Options = config
        .options
        .clone()
        .try_into()
        .map_err(|why: toml::de::Error| fault("options", why.message().to_owned(), "写 register，其余可省"))?;
    let address = config.url.strip_prefix("tcp://").and_then(|it| it.parse().ok());
    let address = address.ok_or_else(|| {
        fault("url", format!("{} 不是监听地址", config.url), "写成 tcp://0.0.0.0:8808 的样子（IP 和端口）")
    })?;
    let (admission, key) = match (options.auth, parts.secrets.get("token")) {
        (AuthOption::Word(word), key) if &*word == "any" => (Admission::Any, key.unwrap_or(&config.name)),
        (AuthOption::Word(word), _) => {
            return Err(fault("options.auth", format!("没有 {word} 这种"), "写 \"any\"，或车牌到终端号的表"));
        }
        (AuthOption::Listed(_), None) => {
            let why = "名单要配鉴权码的密钥，否则谁都能仿造".to_owned();
            return Err(fault("secrets", why, "写 secrets = { token = \"env:变量名\" }"));
        }
        (AuthOption::Listed(table), Some(key)) => (Admission::Listed(table), key),
    };
    let by_plate = options.by_plate.into_iter().map(|it| (it.ends_with, it.register)).collect();
    let desk = Desk::new(options.register, by_plate, admission, key);
    let limits = Limits {
        idle: Duration::from_secs(options.idle_s.clamp(10, 86_400)),
        max_connections: options.max_connections.clamp(1, 1_000_000),
        max_frames_per_s: options.max_frames_per_s.max(1),
    };
    Ok(Wire::Speaks(Box::new(Terminals::new(config.name.clone(), address, desk.in_crs(config.crs), limits))))
}

/// Who is let in.
#[derive(Clone, Debug)]
pub enum Admission {
    Any,
    /// Plate → the terminal's own number.
    Listed(BTreeMap<Text, Text>),
}

/// What all connections of one port share.
#[derive(Debug)]
pub struct Desk {
    register: Text,
    /// How a plate ends, and the register it is then in.
    by_plate: Vec<(Text, Text)>,
    admission: Admission,
    key: String,
    crs: SourceCrs,
    known: Mutex<HashMap<Text, Known>>,
}

impl Desk {
    pub fn new(register: Text, by_plate: Vec<(Text, Text)>, admission: Admission, key: &str) -> Self {
        Self { register, by_plate, admission, key: key.to_owned(), crs: SourceCrs::Wgs84, known: Mutex::default() }
    }

    fn in_crs(self, crs: SourceCrs) -> Self {
        Self { crs, ..self }
    }

    /// Anybody may call, authenticated or not.
    fn is_open(&self) -> bool {
        matches!(self.admission, Admission::Any)
    }

    fn admits(&self, plate: &str, terminal: &str) -> Registered {
        match &self.admission {
            Admission::Any => Registered::Yes,
            Admission::Listed(table) => match table.get(plate) {
                None => Registered::NoVehicle,
                Some(it) if **it == *terminal => Registered::Yes,
                Some(_) => Registered::NoTerminal,
            },
        }
    }

    fn register_of(&self, plate: &str) -> Text {
        let found = self.by_plate.iter().find(|(end, _)| plate.ends_with(&**end));
        found.map_or(&self.register, |it| &it.1).clone()
    }

    fn token(&self, phone: &str, plate: &str) -> String {
        let mark = sm3(&[self.key.as_bytes(), b"\0", phone.as_bytes(), b"\0", plate.as_bytes()]);
        format!("{plate}|{}", hex(mark.get(..MARK_BYTES).unwrap_or_default()))
    }

    /// The plate a token holds; `None` if it is not ours, or no longer listed.
    fn plate_of(&self, phone: &Text, token: &str) -> Option<Text> {
        let (plate, _) = token.rsplit_once('|')?;
        let is_listed = match &self.admission {
            Admission::Any => true,
            Admission::Listed(table) => table.contains_key(plate),
        };
        (is_listed && self.token(phone, plate) == token).then(|| plate.into())
    }

    /// Which alarm bits changed with a position, and where it was then; none with one older than the last.
    fn changed_alarms(&self, phone: &Text, position: &Position) -> (u32, Option<LonLat>) {
        let of_city = AlarmBit::ALL.into_iter().filter(|it| it.breach().is_some()).fold(0, |sum, it| sum | it.mask());
        let alarms = position.alarms & of_city;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.get(phone).copied();
        if before.is_some_and(|it| position.time < it.at) {
            return (0, None);
        }
        if before.is_none() && known.len() >= MAX_KNOWN {
            known.clear();
        }
        let place = position.place().map(|it| self.wgs84(it)).or(before.and_then(|it| it.place));
        known.insert(phone.clone(), Known { alarms, at: position.time, place });
        (alarms ^ before.map_or(0, |it| it.alarms), place)
    }

    fn wgs84(&self, place: LonLat) -> LonLat {
        match self.crs {
            SourceCrs::Wgs84 => place,
            SourceCrs::Gcj02 => wgs84_from_gcj02(place),
            SourceCrs::Bd09 => wgs84_from_bd09(place),
        }
    }

    fn forget(&self, phone: &Text) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(phone);
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub idle: Duration,
    pub max_connections: usize,
    /// Of one connection.
    pub max_frames_per_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { idle: Duration::from_secs(idle()), max_connections: connections(), max_frames_per_s: frames() }
    }
}

/// A port terminals call.
pub struct Terminals {
    name: Text,
    address: SocketAddr,
    bound: Option<TcpListener>,
    desk: Arc<Desk>,
    limits: Limits,
}

impl Terminals {
    pub fn new(name: Text, address: SocketAddr, desk: Desk, limits: Limits) -> Self {
        Self { name, address, bound: None, desk: Arc::new(desk), limits }
    }

    /// Opens the port before it is listened on, for whoever must know which it is.
    pub async fn bind(&mut self) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind(self.address).await?;
        // Port 0 became one; a later listening is to be on the same.
        self.address = listener.local_addr()?;
        self.bound = Some(listener);
        Ok(self.address)
    }
}

#[async_trait]
impl Listener for Terminals {
    fn platform(&self) -> &str {
        &self.name
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let failed = |why: std::io::Error, address: SocketAddr| FeedError {
            what: format!("不能监听 {address}：{why}"),
            remedy: "端口被占用或无权使用：换一个端口，或停掉占用它的程序",
        };
        if self.bound.is_none() {
            self.bind().await.map_err(|why| failed(why, self.address))?;
        }
        let Some(listener) = self.bound.take() else { return Ok(()) };
        ear.alive();
        let room = Arc::new(Semaphore::new(self.limits.max_connections));
        // Ends them all when this is cancelled.
        let mut conversations = JoinSet::new();
        loop {
            while conversations.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((stream, _)) => {
                    // One too many is hung up on; it calls again.
                    let Ok(place) = room.clone().try_acquire_owned() else { continue };
                    let (desk, ear, limits) = (self.desk.clone(), ear.clone(), self.limits);
                    conversations.spawn(async move {
                        converse(&desk, &ear, stream, limits).await;
                        drop(place);
                    });
                }
                Err(why) => {
                    // Out of descriptors, most likely: those that talk go on.
                    tracing::warn!(%why, "a terminal could not be taken in");
                    sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

/// Until it hangs up, falls silent or makes no sense. Between its words a connection holds no buffer.
async fn converse(desk: &Desk, ear: &Ear, mut stream: TcpStream, limits: Limits) {
    let _ = stream.set_nodelay(true);
    let mut session = Session::default();
    let (mut second, mut n_frames) = (Instant::now(), 0);
    let mut spoke = Instant::now();
    loop {
        // Since its last whole frame: bytes that trickle in hold no place.
        if !matches!(timeout_at(spoke + limits.idle, stream.readable()).await, Ok(Ok(()))) {
            return;
        }
        let chunk = {
            let mut chunk = [0; CHUNK_BYTES];
            match stream.try_read(&mut chunk) {
                Ok(0) => return,
                Ok(n) => chunk.get(..n).unwrap_or_default().to_vec(),
                Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
                Err(_) => return,
            }
        };
        let mut turn = session.hear(desk, &chunk);
        for news in &mut turn.heard.news {
            if let News::Thing { place: Some(place), .. } = news {
                *place = desk.wgs84(*place);
            }
        }
        if turn.n_frames > 0 {
            spoke = Instant::now();
        }
        if turn.heard.is_empty() {
            // Nor do they light the lamp.
            if turn.n_frames > 0 {
                ear.alive();
            }
        } else if ear.take(&chunk, turn.heard).await.is_err() {
            // Unanswered it is sent again, on another connection.
            return;
        }
        if !turn.answers.is_empty() {
            let written = timeout(WRITE_LIMIT, stream.write_all(&turn.answers)).await;
            if !matches!(written, Ok(Ok(()))) {
                return;
            }
        }
        if turn.is_over {
            return;
        }
        n_frames += turn.n_frames;
        if second.elapsed() >= Duration::from_secs(1) {
            (second, n_frames) = (Instant::now(), 0);
        } else if n_frames >= limits.max_frames_per_s {
            // What it sends meanwhile waits in its own socket, and nobody else's.
            sleep(Duration::from_secs(1).saturating_sub(second.elapsed())).await;
        }
    }
}

#[cfg(test)]
mod tests;
