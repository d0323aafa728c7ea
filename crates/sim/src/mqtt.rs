//! The broker the simulated devices publish through: rumqttd, inside this process.
//!
//! rumqttd writes with Nagle's algorithm on, which holds every small message back until the last was acknowledged, up to
//! 40 ms; a drill at full speed cannot pay that per step. So clients connect to a listener of ours, which passes bytes
//! on to the broker's own port and acknowledges at once.
//!
//! **Order:** rumqttd keeps one log per subscription filter. One filter sees messages in the order published; between
//! filters the order is nearly always that, but not promised. A client that must know it has everything of a step counts:
//! the barrier tells how many messages went before it.

use rumqttd::{
    ConnectionSettings, LinkType, Notification, Router, RouterConfig, Server, ServerSettings,
    local::{LinkBuilder, LinkError, LinkRx, LinkTx},
    protocol::v4::V4,
};
use serde_json::Value;
use std::{
    collections::HashSet,
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// A batch of every sensor of the city, with room to spare.
const MAX_PAYLOAD_BYTES: usize = 16 << 20;
/// What a filter's log keeps for slow clients: 4 × 4 MiB; older messages are dropped, readings being lossy by design.
const SEGMENT_BYTES: usize = 4 << 20;
const N_SEGMENTS: usize = 4;

/// Why the broker could not start.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error("cannot open a loopback port for MQTT: {0}")]
    Port(#[from] std::io::Error),
    #[error("the MQTT broker does not take our own link: {0}")]
    Link(Box<LinkError>),
    #[error("the MQTT broker did not begin to listen within five seconds")]
    Late,
}

impl From<LinkError> for BrokerError {
    fn from(error: LinkError) -> Self {
        // Large, and only ever shown.
        Self::Link(Box::new(error))
    }
}

pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    /// Nothing is ever received on it, but the router expects the other end to live.
    link: Mutex<(LinkTx, LinkRx)>,
    pub(crate) replies: Arc<Replies>,
}

/// Who answered what a dock asked; a dock whose `flight_areas_get` is not answered waits 40 s before take-off.
#[derive(Default)]
pub(crate) struct Replies {
    pub(crate) n_requests: AtomicU64,
    pub(crate) n_requests_answered: AtomicU64,
    pub(crate) n_events: AtomicU64,
    pub(crate) n_events_answered: AtomicU64,
    /// Transactions still open, by `tid`.
    open: Mutex<HashSet<String>>,
}

impl Broker {
    /// Starts on the present tokio runtime, whose end is the broker's; what docks are told comes out of the receiver.
    pub(crate) async fn start() -> Result<(Self, mpsc::Receiver<Asked>), BrokerError> {
        let router = RouterConfig {
            max_connections: 64,
            max_outgoing_packet_count: 5000,
            max_segment_size: SEGMENT_BYTES,
            max_segment_count: N_SEGMENTS,
            ..RouterConfig::default()
        };
        let router_tx = Router::new(0, router).spawn();
        let inner = free_port()?;
        let settings = ServerSettings {
            name: "sim".into(),
            listen: inner,
            tls: None,
            next_connection_delay_ms: 1,
            connections: ConnectionSettings {
                connection_timeout_ms: 10_000,
                max_payload_size: MAX_PAYLOAD_BYTES,
                max_inflight_count: 1000,
                auth: None,
                external_auth: None,
                dynamic_filters: true,
            },
        };
        let mut server = Server::new(settings, router_tx.clone(), V4);
        tokio::spawn(async move {
            if let Err(e) = server.start(LinkType::Remote).await {
                tracing::error!("the MQTT broker stopped: {e}");
            }
        });
        let outer = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = outer.local_addr()?;
        wait_until_listening(inner).await?;
        tokio::spawn(pass_on(outer, inner));

        let (link, rest, _) = LinkBuilder::new("gulang-sim", router_tx.clone()).dynamic_filters(true).build()?;
        let replies = Arc::new(Replies::default());
        let (mut ear, mut heard, _) = LinkBuilder::new("gulang-sim-ear", router_tx).dynamic_filters(true).build()?;
        ear.subscribe("thing/product/+/requests_reply")?;
        ear.subscribe("thing/product/+/events_reply")?;
        ear.subscribe("thing/product/+/services")?;
        ear.subscribe("thing/product/+/drc/down")?;
        let (tell, asked) = mpsc::channel(1024);
        let noted = replies.clone();
        tokio::spawn(async move {
            // Kept: the router drops a link nobody holds.
            let _ear = ear;
            loop {
                match heard.next().await {
                    Ok(Some(Notification::Forward(forward))) => {
                        let topic = String::from_utf8_lossy(&forward.publish.topic).into_owned();
                        let payload = forward.publish.payload.to_vec();
                        if topic.ends_with("/requests_reply") {
                            noted.hear(&topic, &payload);
                        }
                        let is_route = topic.ends_with("/requests_reply") && crate::routes::is_file_answer(&payload);
                        if is_route || topic.ends_with("/services") || topic.ends_with("/drc/down") {
                            if tell.send(Asked { topic, payload }).await.is_err() {
                                return;
                            }
                        } else if !topic.ends_with("/requests_reply") {
                            noted.hear(&topic, &payload);
                        }
                    }
                    Ok(Some(Notification::Unschedule)) => {
                        let _ = heard.ready();
                    }
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        });
        Ok((Self { address, link: Mutex::new((link, rest)), replies }, asked))
    }

    /// Hands a message to the broker; blocks only while the broker is behind.
    pub(crate) fn publish(&self, topic: &str, payload: String) -> Result<(), BrokerError> {
        if topic.ends_with("/requests") || (topic.ends_with("/events") && payload.contains(r#""need_reply":1"#)) {
            self.replies.expect(topic, &payload);
        }
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.0.publish(topic.to_owned(), payload)?;
        Ok(())
    }
}

impl Replies {
    fn expect(&self, topic: &str, payload: &str) {
        let n = if topic.ends_with("/requests") { &self.n_requests } else { &self.n_events };
        n.fetch_add(1, Ordering::Relaxed);
        if let Some(tid) = serde_json::from_str::<Value>(payload).ok().as_ref().and_then(|v| v["tid"].as_str()) {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            if open.len() > 100_000 {
                open.clear();
            }
            open.insert(tid.to_owned());
        }
    }

    /// Counts a reply.
    fn hear(&self, topic: &str, payload: &[u8]) {
        let Ok(body) = serde_json::from_slice::<Value>(payload) else { return };
        let answered =
            if topic.ends_with("requests_reply") { &self.n_requests_answered } else { &self.n_events_answered };
        let Some(tid) = body["tid"].as_str() else { return };
        let known = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(tid);
        if known && body["data"]["result"] == 0 {
            answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Something a dock was told, by its topic.
pub(crate) struct Asked {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
}

/// A port free a moment ago; the broker wants a number, not a socket.
fn free_port() -> std::io::Result<SocketAddr> {
    StdListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

async fn wait_until_listening(inner: SocketAddr) -> Result<(), BrokerError> {
    for _ in 0..500 {
        if TcpStream::connect(inner).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(BrokerError::Late)
}

async fn pass_on(outer: TcpListener, inner: SocketAddr) {
    loop {
        let Ok((client, _)) = outer.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await; // Out of descriptors, most likely.
            continue;
        };
        tokio::spawn(async move {
            let Ok(broker) = TcpStream::connect(inner).await else { return };
            if client.set_nodelay(true).is_err() || broker.set_nodelay(true).is_err() {
                return;
            }
            // Either side's end is the end of both.
            let ((from_client, to_client), (from_broker, to_broker)) = (client.into_split(), broker.into_split());
            tokio::select! {
                () = pump(from_client, to_broker) => {}
                () = pump(from_broker, to_client) => {}
            }
        });
    }
}

async fn pump(from: tokio::net::tcp::OwnedReadHalf, mut to: tokio::net::tcp::OwnedWriteHalf) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut from, mut buffer) = (from, vec![0; 64 << 10]);
    loop {
        acknowledge_at_once(from.as_ref());
        match from.read(&mut buffer).await {
            Ok(n @ 1..) => {
                acknowledge_at_once(from.as_ref());
                if to.write_all(&buffer[..n]).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

/// Linux forgets the wish after a while, so it is said again around each read. Elsewhere the delay is borne.
fn acknowledge_at_once(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = stream.set_quickack(true);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}
