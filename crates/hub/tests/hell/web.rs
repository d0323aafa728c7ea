//! A web server that does at each path what the path says.

use super::{ROWS, town::Error};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// More than is ever taken of one answer, bytes.
pub const LARGE: u64 = 100 << 20;
/// A hundred thousand blanks and `{"rows":[]}`, in 149 bytes: to whoever unpacks it, honest JSON. By Python's gzip.
pub const GZIPPED: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x31\x0d\x00\x20\x0c\x00\x30\x2b\xcb\x64\x60\x85\xa0\x81\x84\x1d\
    \x1c\x04\xef\xd8\xe0\x68\x1b\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xfc\xea\xe4\x9a\xbb\xb2\xf5\x71\
    \x1f\x68\x94\x36\x01\xab\x86\x01\x00";

/// What a path is answered with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bad {
    /// Half a head, and hangs up.
    Drops,
    /// Goes on for [`LARGE`] bytes.
    Large,
    /// Packed, though nobody asked for it.
    Gzip,
    /// JSON in GB 18030.
    Latin,
    ToFile,
    ToOther,
    /// A byte now and then, for ever.
    Trickle,
}

pub const BAD: [Bad; 7] = [Bad::Drops, Bad::Large, Bad::Gzip, Bad::Latin, Bad::ToFile, Bad::ToOther, Bad::Trickle];

impl Bad {
    pub fn name(self) -> &'static str {
        match self {
            Self::Drops => "drops",
            Self::Large => "large",
            Self::Gzip => "gzip",
            Self::Latin => "latin",
            Self::ToFile => "to-file",
            Self::ToOther => "to-other",
            Self::Trickle => "trickle",
        }
    }
}

#[derive(Default)]
struct Seen {
    /// Bytes of the answer that went farthest.
    most_sent: AtomicU64,
    n_led_astray: AtomicU64,
    n_answers: AtomicU64,
}

pub struct Server {
    pub url: String,
    seen: Arc<Seen>,
}

impl Server {
    pub async fn open() -> Result<Self, Error> {
        let seen = Arc::new(Seen::default());
        let other = TcpListener::bind("127.0.0.1:0").await?;
        let elsewhere = format!("http://{}/taken", other.local_addr()?);
        let counts = seen.clone();
        tokio::spawn(async move {
            while other.accept().await.is_ok() {
                counts.n_led_astray.fetch_add(1, Relaxed);
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let counts = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (counts, elsewhere) = (counts.clone(), elsewhere.clone());
                // Whoever asked may hang up at any byte.
                tokio::spawn(async move { drop(answer(stream, &counts, &elsewhere).await) });
            }
        });
        Ok(Self { url, seen })
    }

    pub fn most_sent(&self) -> u64 {
        self.seen.most_sent.load(Relaxed)
    }

    /// How often somebody went where a redirect pointed.
    pub fn n_led_astray(&self) -> u64 {
        self.seen.n_led_astray.load(Relaxed)
    }
}

async fn answer(mut stream: TcpStream, seen: &Seen, elsewhere: &str) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|it| it == b"\r\n\r\n") {
        let mut piece = [0; 4096];
        let n = stream.read(&mut piece).await?;
        if n == 0 {
            return Ok(());
        }
        request.extend_from_slice(piece.get(..n).unwrap_or_default());
    }
    let line = String::from_utf8_lossy(&request).into_owned();
    let path = line.split_whitespace().nth(1).unwrap_or_default();
    let first = path.split(['/', '?']).nth(1).unwrap_or_default();
    let whole = |kind: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let to = |place: &str| {
        format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .into_bytes()
    };
    let Some(bad) = BAD.into_iter().find(|it| it.name() == first) else {
        let kind = if first == "mistyped" { "image/png" } else { "application/json" };
        let n = seen.n_answers.fetch_add(1, Relaxed) as usize;
        // Never twice the same: an answer that did not change is heard without news.
        return stream.write_all(&whole(kind, format!("{ROWS}{}", " ".repeat(n % 1000)).as_bytes())).await;
    };
    match bad {
        Bad::Drops => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").await,
        Bad::Large => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n").as_bytes()).await?;
            let (piece, mut n_sent) = (vec![b' '; 64 << 10], 0);
            while n_sent < LARGE {
                stream.write_all(&piece).await?;
                n_sent += piece.len() as u64;
                seen.most_sent.fetch_max(n_sent, Relaxed);
            }
            Ok(())
        }
        Bad::Gzip => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                GZIPPED.len()
            );
            stream.write_all(&[head.as_bytes(), GZIPPED].concat()).await
        }
        Bad::Latin => {
            stream.write_all(&whole("application/json", b"{\"rows\":[{\"id\":\"\xb9\xc4\"}],\"value\":[]}")).await
        }
        Bad::ToFile => stream.write_all(&to("file:///etc/passwd")).await,
        Bad::ToOther => stream.write_all(&to(elsewhere)).await,
        Bad::Trickle => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n").as_bytes()).await?;
            loop {
                stream.write_all(b" ").await?;
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        }
    }
}
