//! TAK servers, terminals and vehicles that misbehave, and the honest ones beside them.

use super::town::Error;
use gulang_city::{LonLat, Timestamp};
use gulang_platforms::{
    cot,
    jt808::{Edition, FromTerminal, Position, Status, seal},
    mavlink,
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinHandle,
};

/// A hundred megabytes, in so many pieces of one.
const PIECES: usize = 100;
const NOW_AND_THEN: Duration = Duration::from_millis(50);
const PHONE: &str = "13900000001";

// ---------------------------------------------------------------- TAK servers, which are called

#[derive(Clone, Copy)]
enum Tak {
    Good,
    Drops,
    Flood,
    /// One event of a hundred megabytes between two honest ones.
    Large,
    /// One event in GB 18030 between two honest ones.
    Latin,
    Trickle,
    /// Asks without end and takes no answer.
    Deaf,
}

const TAKS: [(&str, Tak, &str); 7] = [
    ("good", Tak::Good, ""),
    ("drops", Tak::Drops, ""),
    ("flood", Tak::Flood, "max_per_s = 100\n"),
    ("large", Tak::Large, ""),
    ("latin", Tak::Latin, ""),
    ("trickle", Tak::Trickle, "freshness_s = 1\n"),
    ("deaf", Tak::Deaf, ""),
];

pub struct Servers {
    config: String,
}

impl Servers {
    pub async fn open() -> Result<Self, Error> {
        let mut config = String::new();
        for (name, tak, more) in TAKS {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            config += &format!(
                "[[connector]]\nname = \"cot-{name}\"\ntitle = \"{name}\"\nkind = \"cot\"\nurl = \"tcp://{address}\"\n{more}\n"
            );
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    // The hub may hang up at any byte.
                    tokio::spawn(async move { drop(serve(stream, tak).await) });
                }
            });
        }
        Ok(Self { config })
    }

    pub fn config(&self) -> String {
        self.config.clone()
    }
}

async fn serve(mut stream: TcpStream, tak: Tak) -> std::io::Result<()> {
    match tak {
        Tak::Good => loop {
            stream.write_all(event().as_bytes()).await?;
            tokio::time::sleep(NOW_AND_THEN).await;
        },
        Tak::Drops => {
            // Its ping: a connection closed on unread bytes is reset, and takes what it said with it.
            let _ = stream.read(&mut [0; 4096]).await?;
            stream.write_all(event().as_bytes()).await
        }
        Tak::Flood => {
            let many = event().repeat(500);
            loop {
                stream.write_all(many.as_bytes()).await?;
            }
        }
        Tak::Large => {
            stream.write_all(event().as_bytes()).await?;
            stream.write_all(b"<event uid=\"").await?;
            for _ in 0..PIECES {
                stream.write_all(&vec![b'x'; 1 << 20]).await?;
            }
            stream.write_all(b"\"></event>").await?;
            hold(stream).await
        }
        Tak::Latin => {
            stream.write_all(event().as_bytes()).await?;
            stream.write_all(b"<event uid=\"\xB9\xC4\"></event>").await?;
            hold(stream).await
        }
        Tak::Trickle => {
            stream.write_all(b"<event uid=\"").await?;
            loop {
                stream.write_all(b"x").await?;
                tokio::time::sleep(NOW_AND_THEN).await;
            }
        }
        Tak::Deaf => {
            let many = cot::Event::ping("server", Timestamp(1_700_000_000_000)).to_xml().repeat(500);
            loop {
                stream.write_all(many.as_bytes()).await?;
            }
        }
    }
}

/// One more honest event, and then a connection that stays.
async fn hold(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(event().as_bytes()).await?;
    let mut said = [0; 4096];
    while stream.read(&mut said).await? > 0 {}
    Ok(())
}

fn event() -> String {
    let now = gulang_hub::clock::wall_now();
    let event = cot::Event {
        uid: "PHONE-1".into(),
        kind: cot::kinds::TEAM.into(),
        time: now,
        start: now,
        stale: now.plus_secs(60),
        place: Some(LonLat(118.09, 24.46)),
        callsign: Some("一号".into()),
        ..cot::Event::default()
    };
    event.to_xml()
}

// ---------------------------------------------------------------- terminals and vehicles, which call

/// Ports nobody listens on.
pub struct Ports {
    pub bad: u16,
    pub good: u16,
}

impl Ports {
    pub fn free() -> Result<Self, Error> {
        // Both are held until both are known.
        let sockets = [std::net::TcpListener::bind("127.0.0.1:0")?, std::net::TcpListener::bind("127.0.0.1:0")?];
        let [bad, good] = sockets.map(|it| it.local_addr().map(|it| it.port()));
        Ok(Self { bad: bad?, good: good? })
    }

    /// A port for terminals that misbehave, and one for an honest one.
    pub fn config(&self) -> String {
        let port = |name: &str, port: u16, more: &str| {
            format!(
                "[[connector]]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"jt808\"\nurl = \"tcp://127.0.0.1:{port}\"\n{more}options = {{ register = \"muck_truck\", max_frames_per_s = 1000000 }}\n\n"
            )
        };
        port("trucks", self.bad, "max_per_s = 100\nfreshness_s = 1\n") + &port("buses", self.good, "")
    }
}

pub struct Peers(Vec<JoinHandle<()>>);

impl Peers {
    pub async fn end(self) {
        for peer in self.0 {
            peer.abort();
            let _ = peer.await;
        }
    }
}

/// A flood that takes its answers, garbage, a frame of a hundred megabytes, one that drops again and again.
pub fn bad_terminals(port: u16) -> Peers {
    let flood = tokio::spawn(async move {
        let (mut answers, mut stream) = connect(port).await.into_split();
        let many = position().repeat(1000);
        let mut taken = vec![0; 64 << 10];
        tokio::select! {
            () = async { while answers.read(&mut taken).await.is_ok_and(|n| n > 0) {} } => {}
            () = async { while stream.write_all(&many).await.is_ok() {} } => {}
        }
    });
    let garbage = tokio::spawn(async move {
        loop {
            let mut stream = connect(port).await;
            let _ = stream.write_all(&[0x7e, 9, 9, 9].repeat(200)).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
            tokio::time::sleep(NOW_AND_THEN).await;
        }
    });
    let large = tokio::spawn(async move {
        let mut stream = connect(port).await;
        let _ = stream.write_all(&[0x7e]).await;
        for _ in 0..PIECES {
            let _ = stream.write_all(&vec![b'x'; 1 << 20]).await;
        }
        let _ = stream.write_all(&[0x7e]).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let drops = tokio::spawn(async move {
        loop {
            let mut stream = connect(port).await;
            let whole = position();
            let _ = stream.write_all(whole.get(..whole.len() / 2).unwrap_or_default()).await;
            drop(stream);
            tokio::time::sleep(NOW_AND_THEN).await;
        }
    });
    Peers(vec![flood, garbage, large, drops])
}

/// So many positions, each after the answer to the one before.
pub async fn honest_terminal(port: u16, n: usize) -> Result<(), Error> {
    let mut stream = connect(port).await;
    let mut answer = vec![0; 4096];
    for _ in 0..n {
        stream.write_all(&position()).await?;
        if stream.read(&mut answer).await? == 0 {
            return Err("hung up on".into());
        }
    }
    Ok(())
}

/// Bytes now and then that never make a frame.
pub async fn trickle(port: u16) {
    let mut stream = connect(port).await;
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(NOW_AND_THEN).await;
    }
}

/// The hub opens its ports a moment after its door.
async fn connect(port: u16) -> TcpStream {
    loop {
        match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(stream) => return stream,
            Err(_) => tokio::time::sleep(NOW_AND_THEN).await,
        }
    }
}

fn position() -> Vec<u8> {
    let said = FromTerminal::Position(Box::new(Position {
        alarms: 0,
        status: Status(Status::LOCATED),
        at: LonLat(118.1, 24.5),
        altitude_m: 0,
        speed_kmh: 0.0,
        heading_deg: 0,
        time: gulang_hub::clock::wall_now(),
        extras: Vec::new(),
    }));
    let edition = Edition::V2019(1);
    let (id, body) = said.write(edition).unwrap_or_default();
    seal(id, edition, PHONE, &mut 0, &body)
}

/// Datagrams that are no MAVLink, without end.
pub async fn noise(port: u16) {
    let Ok(socket) = UdpSocket::bind("127.0.0.1:0").await else { return };
    loop {
        let _ = socket.send_to(b"GET / HTTP/1.1", ("127.0.0.1", port)).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A vehicle that cannot stop telling that it is there.
pub async fn heartbeats(port: u16) {
    let Ok(socket) = UdpSocket::bind("127.0.0.1:0").await else { return };
    for sequence in (0..=u8::MAX).cycle() {
        let bytes = mavlink::encode(1, 1, sequence, &mavlink::heartbeat());
        let _ = socket.send_to(&bytes, ("127.0.0.1", port)).await;
        if sequence == 0 {
            tokio::task::yield_now().await;
        }
    }
}
