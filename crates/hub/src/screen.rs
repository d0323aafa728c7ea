//! A screen without pixels: greets a hub, follows its frames, submits commands. For the bench and the tests.

use gulang_city::{Applied, City, Command, Readings, SeatId};
use gulang_wire::{Body, Clock, ToHub, ToScreen, VERSION, Watch, decode, encode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Screen {
    socket: TcpStream,
    pub city: Option<City>,
    pub readings: Readings,
    /// As the last frame said.
    pub clock: Option<Clock>,
    pub n_snapshots: u64,
    pub n_records: u64,
    pub n_columns: u64,
    pub n_bytes: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Wire(#[from] gulang_wire::WireError),
    #[error("the hub answered {0:?}")]
    NotAHub(String),
    #[error("the hub closed the connection")]
    Closed,
    #[error("records are missing after {after}")]
    Gap { after: u64 },
}

impl Screen {
    /// `url` as the hub printed it.
    pub async fn connect(url: &str, token: &str, seat: &str, watch: Watch) -> Result<Self, ScreenError> {
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        let mut socket = TcpStream::connect(host).await?;
        socket.set_nodelay(true)?;
        let request = format!(
            "GET /ws?token={token} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await?);
            if head.len() > 4096 {
                break;
            }
        }
        let head = String::from_utf8_lossy(&head);
        if !head.starts_with("HTTP/1.1 101") {
            return Err(ScreenError::NotAHub(head.lines().next().unwrap_or_default().to_owned()));
        }
        let mut screen = Self {
            socket,
            city: None,
            readings: Readings::default(),
            clock: None,
            n_snapshots: 0,
            n_records: 0,
            n_columns: 0,
            n_bytes: 0,
        };
        screen.tell(&ToHub::Hello { version: VERSION, seat: SeatId::from(seat), watch }).await?;
        Ok(screen)
    }

    pub async fn submit(&mut self, ticket: u64, command: Command) -> Result<(), ScreenError> {
        self.tell(&ToHub::Submit { ticket, command }).await
    }

    pub async fn tell(&mut self, frame: &ToHub) -> Result<(), ScreenError> {
        let body = encode(frame)?;
        self.tell_bytes(&body).await
    }

    /// Any bytes as one binary message, masked with zeros.
    pub async fn tell_bytes(&mut self, body: &[u8]) -> Result<(), ScreenError> {
        let mut message = vec![0x82];
        match body.len() {
            n @ 0..=125 => message.push(0x80 | n as u8),
            n @ 126..=65_535 => {
                message.push(0x80 | 126);
                message.extend_from_slice(&(n as u16).to_be_bytes());
            }
            n => {
                message.push(0x80 | 127);
                message.extend_from_slice(&(n as u64).to_be_bytes());
            }
        }
        message.extend_from_slice(&[0; 4]);
        message.extend_from_slice(body);
        Ok(self.socket.write_all(&message).await?)
    }

    /// The next frame, already taken into the city and the readings.
    pub async fn next(&mut self) -> Result<ToScreen, ScreenError> {
        loop {
            let (kind, body) = self.message().await?;
            self.n_bytes += body.len() as u64;
            match kind {
                2 => {
                    let frame: ToScreen = decode(&body)?;
                    self.clock = Some(frame.clock);
                    self.take(&frame.body)?;
                    return Ok(frame);
                }
                8 => return Err(ScreenError::Closed),
                _ => {}
            }
        }
    }

    async fn message(&mut self) -> Result<(u8, Vec<u8>), ScreenError> {
        let (mut whole, mut kind) = (Vec::new(), 0);
        loop {
            let (first, second) = (self.socket.read_u8().await?, self.socket.read_u8().await?);
            let n = match second & 0x7f {
                126 => u64::from(self.socket.read_u16().await?),
                127 => self.socket.read_u64().await?,
                n => u64::from(n),
            };
            if n as usize > gulang_wire::MAX_FRAME_BYTES {
                return Err(gulang_wire::WireError::TooLarge { n_bytes: n as usize }.into());
            }
            let from = whole.len();
            whole.resize(from + n as usize, 0);
            self.socket.read_exact(&mut whole[from..]).await?;
            if first & 0x0f != 0 {
                kind = first & 0x0f;
            }
            if first & 0x80 != 0 {
                return Ok((kind, whole));
            }
        }
    }

    fn take(&mut self, body: &Body) -> Result<(), ScreenError> {
        match body {
            Body::Snapshot { city, readings } => {
                self.n_snapshots += 1;
                self.city = City::from_bytes(city).ok();
                self.readings = decode(readings)?;
            }
            Body::Records(records) => {
                self.n_records += records.len() as u64;
                for record in records {
                    if let Some(city) = &mut self.city
                        && let Applied::Gap { after } = city.apply(record)
                    {
                        return Err(ScreenError::Gap { after });
                    }
                }
            }
            Body::Columns(columns) => {
                self.n_columns += 1;
                for ((handle, value), at) in
                    columns.gauge_handles.iter().zip(&columns.gauge_values).zip(&columns.gauge_at)
                {
                    self.readings.gauges.put(*handle, *value, *at);
                }
                for (handle, fix) in &columns.teams {
                    self.readings.teams.put(*handle, *fix);
                }
                for (handle, fix) in &columns.drones {
                    self.readings.drones.put(*handle, *fix);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
