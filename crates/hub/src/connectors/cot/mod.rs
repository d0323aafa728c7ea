//! Field teams' telephones by Cursor-on-Target: their positions, words and emergencies in, and, only where the configuration
//! says `send = true`, the city's picture out ([`picture`]).
//!
//! As a client of a TAK server's plain port, or on a UDP port that events are sent to, multicast included. TLS and TAK's
//! protobuf are not spoken.

mod outgoing;

pub use outgoing::picture;

use super::{
    contract::{ConnectorConfig, Ear, KindError, Listener, Parts, Wire},
    outlook::Outlook,
};
use crate::{clock::wall_now, feeds::FeedError, realm::RealmKind};
use async_trait::async_trait;
use gulang_city::{AgencyId, PlatformId, Text, Timestamp};
use gulang_platforms::{
    Heard,
    cot::{AlertTo, Event, Events, Known, Streamed, kinds, read_event},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::{MissedTickBehavior, interval, timeout},
};

pub const KIND: &str = "cot";

const PING: Duration = Duration::from_secs(15);
const MAX_DATAGRAM: usize = 65_536;
/// A server that does not take what is said to it for so long has hung, and would hold up what it says itself.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// A picture is passed on no more often, s.
const MIN_EVERY_S: f64 = 1.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Team ids by the uid of their telephones.
    #[serde(default)]
    uids: BTreeMap<Text, Text>,
    /// A callsign that is a team's name is that team.
    #[serde(default = "yes")]
    by_callsign: bool,
    /// Whom emergencies go to; without it they are refused, and said to be.
    #[serde(default)]
    alert_agency: Option<AgencyId>,
    /// Show the city's picture to those at the other end.
    #[serde(default)]
    send: bool,
    #[serde(default = "ten")]
    send_every_s: f64,
    /// What was not heard again is stale after, s.
    #[serde(default = "sixty")]
    stale_s: i64,
}

fn yes() -> bool {
    true
}
fn ten() -> f64 {
    10.0
}
fn sixty() -> i64 {
    60
}

/// For [`super::contract::kinds`].
pub fn open<R: RealmKind>(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Wire, KindError> {
    Ok(Wire::Speaks(Box::new(Cot::<R>::new(config, parts)?)))
}

/// A link to field teams of one realm.
pub struct Cot<R: RealmKind> {
    platform: PlatformId,
    door: Door,
    known: Known,
    theirs: BTreeSet<Text>,
    send_every: Option<Duration>,
    stale_s: i64,
    _realm: PhantomData<R>,
}

enum Door {
    Server(String),
    /// Address, and the group to join.
    Datagrams(String, Option<Ipv4Addr>),
}

enum Link {
    Server(TcpStream, Events),
    Datagrams(UdpSocket),
}

impl<R: RealmKind> Cot<R> {
    pub fn new(config: &ConnectorConfig, parts: &Parts<R>) -> Result<Self, KindError> {
        let bad = |what: &str, why: String, todo: &str| KindError { what: what.into(), why, todo: todo.into() };
        let options: Options = config.options_as()?;
        if let Some(team) = options.uids.values().find(|it| !parts.pack.forces().any(|team| team.id.0 == **it)) {
            return Err(bad("options.uids", format!("没有队伍 {team}"), "用 teams.json 或 units.json 里的编号"));
        }
        if let Some(agency) = &options.alert_agency
            && !parts.pack.agencies.iter().any(|it| it.id == *agency)
        {
            return Err(bad("options.alert_agency", format!("没有部门 {agency}"), "用 agencies.json 里的编号"));
        }
        if !(options.send_every_s >= MIN_EVERY_S && options.send_every_s.is_finite()) {
            return Err(bad("options.send_every_s", options.send_every_s.to_string(), "至少 1 秒"));
        }
        let names = parts.pack.forces().filter(|_| options.by_callsign).map(|it| (it.name.clone(), it.id.0.clone()));
        let platform = PlatformId(config.name.clone());
        Ok(Self {
            door: Door::parse(&config.url)?,
            theirs: options.uids.values().cloned().collect(),
            known: Known {
                platform: platform.clone(),
                realm: R::REALM,
                by_callsign: names.collect(),
                by_uid: options.uids,
                alerts: options.alert_agency.map(|agency| AlertTo {
                    agency,
                    districts: parts.pack.districts.iter().map(|it| (it.id.clone(), it.center)).collect(),
                }),
            },
            platform,
            send_every: options.send.then(|| Duration::from_secs_f64(options.send_every_s)),
            stale_s: options.stale_s.max(1),
            _realm: PhantomData,
        })
    }

    /// `ahead_ms`: how far the telephones' clock is ahead of the realm's.
    async fn take(&self, link: &mut Link, found: Vec<Streamed>, ear: &Ear, ahead_ms: i64) -> Result<(), FeedError> {
        for streamed in found {
            let (raw, heard) = match streamed {
                Streamed::Event(event, _) if event.kind == kinds::PING => {
                    ear.alive();
                    link.say(&Event::pong(ear.now() + ahead_ms)).await?;
                    continue;
                }
                // Another hub of ours, or our own picture come back.
                Streamed::Event(event, _) if event.uid.starts_with("gulang-") => continue,
                Streamed::Event(event, raw) => (raw, self.known.meaning(&event.later_by(-ahead_ms), ear.now())),
                Streamed::Refused(why, raw) => {
                    let mut heard = Heard::default();
                    heard.refuse(&String::from_utf8_lossy(&raw), format!("{why}；{}", why.remedy()));
                    (raw, heard)
                }
            };
            if heard.is_empty() {
                ear.alive();
                continue;
            }
            // Nobody tells an emergency twice: without the log there is no going on, and the server is asked again.
            if let Err(why) = ear.take(&raw, heard).await {
                let remedy = "枢纽的日志恢复后会自己重连";
                return Err(FeedError { what: format!("外勤终端的消息没有记下：{why}"), remedy });
            }
        }
        Ok(())
    }

    async fn show(
        &self,
        link: &mut Link,
        outlook: &Outlook<R>,
        now: Timestamp,
        ahead_ms: i64,
    ) -> Result<(), FeedError> {
        for event in picture(outlook, &self.theirs, now, self.stale_s) {
            link.say(&event.later_by(ahead_ms)).await?;
        }
        Ok(())
    }
}

/// Telephones live by the wall's clock, an exercise by its own; a simulated server by ours.
fn ahead_ms<R: RealmKind>(outlook: Option<&Outlook<R>>, now: Timestamp) -> i64 {
    outlook.filter(|it| !it.is_simulated()).map_or(0, |_| wall_now().since_ms(now))
}

#[async_trait]
impl<R: RealmKind> Listener for Cot<R> {
    fn platform(&self) -> &str {
        self.platform.as_str()
    }

    async fn listen(&mut self, ear: &Ear) -> Result<(), FeedError> {
        let outlook = ear.outlook::<R>();
        let mut link = Link::open(&self.door).await?;
        let mut buffer = vec![0; MAX_DATAGRAM];
        let mut pings = interval(PING);
        let mut shows = interval(self.send_every.unwrap_or(PING));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        shows.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let our_uid = format!("{}hub", R::KEY_PREFIX);
        loop {
            let now = ear.now();
            let ahead_ms = ahead_ms(outlook.as_ref(), now);
            tokio::select! {
                found = link.receive(&mut buffer) => self.take(&mut link, found?, ear, ahead_ms).await?,
                _ = pings.tick() => link.say(&Event::ping(&our_uid, now + ahead_ms)).await?,
                _ = shows.tick() => if let (Some(outlook), Some(_)) = (&outlook, self.send_every) {
                    self.show(&mut link, outlook, ear.now(), ahead_ms).await?;
                },
            }
        }
    }
}

impl Door {
    fn parse(url: &str) -> Result<Self, KindError> {
        let bad = |why: &str| KindError {
            what: "url".into(),
            why: format!("{url:?} {why}"),
            todo: "写成 tcp://TAK服务器:8087，或 udp://0.0.0.0:端口、udp://239.2.3.1:6969（组播）".into(),
        };
        let (scheme, address) = url.split_once("://").ok_or_else(|| bad("没有协议名"))?;
        let (host, port) = address.trim_end_matches('/').rsplit_once(':').ok_or_else(|| bad("没有端口"))?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err(bad("不是 主机:端口"));
        }
        match scheme {
            "tcp" => Ok(Self::Server(format!("{host}:{port}"))),
            "udp" => match host.parse::<IpAddr>() {
                Ok(IpAddr::V4(group)) if group.is_multicast() => {
                    Ok(Self::Datagrams(format!("0.0.0.0:{port}"), Some(group)))
                }
                Ok(_) => Ok(Self::Datagrams(format!("{host}:{port}"), None)),
                Err(_) => Err(bad("UDP 要写本机或组播的 IP 地址")),
            },
            "ssl" | "tls" => Err(bad("要用 TLS，这里不支持：在 TAK 服务器上开一个只对本机的明文输入口")),
            _ => Err(bad("不是 CoT 走的协议")),
        }
    }
}

impl Link {
    async fn open(door: &Door) -> Result<Self, FeedError> {
        match door {
            Door::Server(address) => {
                let stream = TcpStream::connect(address).await.map_err(|why| FeedError {
                    what: format!("连接 TAK 服务器 {address}：{why}"),
                    remedy: "检查服务器是否在运行、端口是否是明文输入口；系统会自己重连",
                })?;
                let _ = stream.set_nodelay(true);
                Ok(Self::Server(stream, Events::default()))
            }
            Door::Datagrams(address, group) => {
                let failed = |why: std::io::Error| FeedError {
                    what: format!("在 {address} 等 CoT 事件：{why}"),
                    remedy: "端口可能被别的程序占用，或网卡不允许组播",
                };
                let socket = UdpSocket::bind(address).await.map_err(failed)?;
                if let Some(group) = group {
                    socket.join_multicast_v4(*group, Ipv4Addr::UNSPECIFIED).map_err(failed)?;
                }
                Ok(Self::Datagrams(socket))
            }
        }
    }

    /// Waits for the next events. Cancelled between calls it loses none.
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<Vec<Streamed>, FeedError> {
        let broken =
            |why: String| FeedError { what: format!("CoT 连接中断：{why}"), remedy: "系统会自己重连" };
        match self {
            Self::Server(stream, events) => {
                let n = stream.read(buffer).await.map_err(|why| broken(why.to_string()))?;
                if n == 0 {
                    return Err(broken("服务器关闭了连接".into()));
                }
                Ok(events.push(buffer.get(..n).unwrap_or_default()))
            }
            Self::Datagrams(socket) => {
                let (n, _) = socket.recv_from(buffer).await.map_err(|why| broken(why.to_string()))?;
                let raw = buffer.get(..n).unwrap_or_default().to_vec();
                Ok(vec![match read_event(&raw) {
                    Ok(event) => Streamed::Event(Box::new(event), raw),
                    Err(why) => Streamed::Refused(why, raw),
                }])
            }
        }
    }

    /// To the server; to nobody on a port that only listens.
    async fn say(&mut self, event: &Event) -> Result<(), FeedError> {
        let Self::Server(stream, _) = self else { return Ok(()) };
        let failed = |why: String| FeedError {
            what: format!("向 TAK 服务器发送失败：{why}"),
            remedy: "系统会自己重连",
        };
        match timeout(WRITE_LIMIT, stream.write_all(event.to_xml().as_bytes())).await {
            Ok(written) => written.map_err(|why| failed(why.to_string())),
            Err(_) => Err(failed("对方不收".into())),
        }
    }
}
