//! The socket under a MAVLink connector: datagrams waited for or called for, or one stream.

use crate::{connectors::contract::KindError, feeds::FeedError};
use gulang_platforms::mavlink::{Framed, Frames, read_datagram};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
    time::timeout,
};

/// The largest datagram there is.
const MAX_DATAGRAM: usize = 65_536;
/// Where vehicles called from; more are not kept.
const MAX_PEERS: usize = 256;
/// Whoever does not take what is said to it for so long has hung, and would hold up what it says itself.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// Where vehicles are met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// `udp://`: they call us, as they call any ground station.
    Listens(String),
    /// `udp-call://`: we call, and they answer.
    Calls(String),
    /// `tcp://`: a router or a simulator that listens.
    Connects(String),
}

impl Door {
    pub fn parse(url: &str) -> Result<Self, KindError> {
        let bad = |why: &str| KindError {
            what: "url".into(),
            why: format!("{url:?} {why}"),
            todo: "写成 udp://0.0.0.0:14550（等飞控来）、udp-call://主机:端口 或 tcp://主机:端口（去连）".into(),
        };
        let (scheme, address) = url.split_once("://").ok_or_else(|| bad("没有协议名"))?;
        let (host, port) = address.trim_end_matches('/').rsplit_once(':').ok_or_else(|| bad("没有端口"))?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err(bad("不是 主机:端口"));
        }
        let address = format!("{host}:{port}");
        match scheme {
            "udp" => Ok(Self::Listens(address)),
            "udp-call" => Ok(Self::Calls(address)),
            "tcp" => Ok(Self::Connects(address)),
            _ => Err(bad("不是 MAVLink 走的协议")),
        }
    }
}

/// A door opened.
pub enum Link {
    Datagrams {
        socket: UdpSocket,
        /// Who is spoken to when nobody in particular is: those who were heard, and the one we call.
        peers: Vec<SocketAddr>,
        buffer: Vec<u8>,
    },
    Stream {
        stream: TcpStream,
        frames: Frames,
        buffer: Vec<u8>,
    },
}

/// What came at once.
pub struct Arrived {
    pub raw: Vec<u8>,
    pub found: Vec<Framed>,
    /// None on a stream.
    pub from: Option<SocketAddr>,
}

impl Link {
    pub async fn open(door: &Door) -> Result<Self, FeedError> {
        let failed =
            |what: String, remedy| move |why: std::io::Error| FeedError { what: format!("{what}：{why}"), remedy };
        let buffer = vec![0; MAX_DATAGRAM];
        match door {
            Door::Listens(address) => {
                let busy =
                    failed(format!("在 {address} 等 MAVLink 飞控"), "端口可能被别的地面站占用：关掉它或换一个端口");
                let socket = UdpSocket::bind(address).await.map_err(busy)?;
                Ok(Self::Datagrams { socket, peers: Vec::new(), buffer })
            }
            Door::Calls(address) => {
                let unknown = failed(format!("连接 MAVLink 飞控 {address}"), "检查地址和网络");
                let peer = lookup_host(address).await.map_err(&unknown)?.next();
                let nobody =
                    || FeedError { what: format!("{address} 没有对应的地址"), remedy: "检查主机名" };
                let peer = peer.ok_or_else(nobody)?;
                let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any).await.map_err(unknown)?;
                Ok(Self::Datagrams { socket, peers: vec![peer], buffer })
            }
            Door::Connects(address) => {
                let refused =
                    failed(format!("连接 MAVLink 飞控 {address}"), "检查飞控或转发程序是否在运行；系统会自己重连");
                let stream = TcpStream::connect(address).await.map_err(refused)?;
                let _ = stream.set_nodelay(true);
                Ok(Self::Stream { stream, frames: Frames::default(), buffer })
            }
        }
    }

    /// Waits for the next bytes. Cancelled between calls it loses none.
    pub async fn receive(&mut self) -> Result<Arrived, FeedError> {
        let broken =
            |why: String| FeedError { what: format!("MAVLink 连接中断：{why}"), remedy: "系统会自己重连" };
        match self {
            Self::Datagrams { socket, peers, buffer } => {
                let (n, from) = socket.recv_from(buffer).await.map_err(|why| broken(why.to_string()))?;
                let raw = buffer.get(..n).unwrap_or_default().to_vec();
                let found = read_datagram(&raw);
                let is_vehicle = found.iter().any(|it| matches!(it, Framed::Packet(_)));
                if is_vehicle && !peers.contains(&from) && peers.len() < MAX_PEERS {
                    peers.push(from);
                }
                Ok(Arrived { raw, found, from: Some(from) })
            }
            Self::Stream { stream, frames, buffer } => {
                let n = stream.read(buffer).await.map_err(|why| broken(why.to_string()))?;
                if n == 0 {
                    return Err(broken("对方关闭了连接".into()));
                }
                let raw = buffer.get(..n).unwrap_or_default().to_vec();
                let found = frames.push(&raw);
                Ok(Arrived { raw, found, from: None })
            }
        }
    }

    /// To one vehicle where it was last heard, or to all. A datagram that cannot go is as good as lost on its way.
    pub async fn say(&mut self, bytes: &[u8], to: Option<SocketAddr>) -> Result<(), FeedError> {
        match self {
            Self::Datagrams { socket, peers, .. } => {
                match to {
                    Some(to) => drop(socket.send_to(bytes, to).await),
                    None => {
                        for peer in peers {
                            let _ = socket.send_to(bytes, *peer).await;
                        }
                    }
                }
                Ok(())
            }
            Self::Stream { stream, .. } => {
                let failed = |why: String| FeedError {
                    what: format!("向 MAVLink 飞控发送失败：{why}"),
                    remedy: "系统会自己重连",
                };
                match timeout(WRITE_LIMIT, stream.write_all(bytes)).await {
                    Ok(written) => written.map_err(|why| failed(why.to_string())),
                    Err(_) => Err(failed("对方不收".into())),
                }
            }
        }
    }
}
