//! A real mosquitto with somebody who says too much, and brokers that are none.

use super::town::Error;
use rumqttc::{AsyncClient, MqttOptions, QoS};
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// In the shape of DJI's Cloud API, figures ours.
pub const OSD: &str = r#"{"tid":"t","bid":"b","timestamp":1690000000000,"gateway":"G","data":{"mode_code":5,"longitude":118.1,"latitude":24.5,"height":120.5,"elevation":100.0,"attitude_head":-90,"horizontal_speed":12.5,"vertical_speed":-1.5,"battery":{"capacity_percent":77}}}"#;

/// Ends with the test.
pub struct Mosquitto {
    child: Child,
    pub address: String,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Debian's, on a port of its own.
pub fn start_mosquitto(dir: &Path) -> Result<Mosquitto, Error> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let config = dir.join("mosquitto.conf");
    std::fs::write(&config, format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))?;
    // Debian keeps it where only root's PATH leads.
    let program = if Path::new("/usr/sbin/mosquitto").is_file() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    let started = Command::new(program).arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = started.map_err(|why| format!("{program}: {why}; `cargo xtask setup` installs it"))?;
    Ok(Mosquitto { child, address: format!("127.0.0.1:{port}") })
}

/// Says things to a broker.
#[derive(Clone)]
pub struct Speaker(AsyncClient);

impl Speaker {
    pub async fn connect(address: &str) -> Result<Self, Error> {
        let (host, port) = address.rsplit_once(':').ok_or("no port")?;
        let mut options = MqttOptions::new("speaker", host, port.parse()?);
        options.set_max_packet_size(8 << 20, 8 << 20);
        let (client, mut events) = AsyncClient::new(options, 64);
        tokio::spawn(async move {
            loop {
                // The broker may not be up yet.
                if events.poll().await.is_err() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        });
        Ok(Self(client))
    }

    pub async fn say(&self, topic: &str, payload: Vec<u8>) -> Result<(), Error> {
        Ok(self.0.publish(topic, QoS::AtMostOnce, false, payload).await?)
    }

    /// Positions, garbage and another encoding, as fast as they go.
    pub fn flood(&self) -> JoinHandle<()> {
        let speaker = self.clone();
        tokio::spawn(async move {
            loop {
                for payload in [OSD.as_bytes(), b"{", b"{\"data\":\"\xb9\xc4\"}", OSD.as_bytes()] {
                    let _ = speaker.say("thing/product/SN1/osd", payload.to_vec()).await;
                }
            }
        })
    }
}

#[derive(Clone, Copy)]
enum Liar {
    /// Speaks another protocol.
    Garbage,
    /// Hangs up at once, every time.
    Drops,
    /// Never greets.
    Mute,
    /// Greets, and announces a message of 256 MB.
    Long,
}

/// Peers at a broker's address that are no brokers.
pub struct Liars(Vec<(&'static str, String)>);

impl Liars {
    pub async fn open() -> Result<Self, Error> {
        let mut addresses = Vec::new();
        for (name, liar) in
            [("garbage", Liar::Garbage), ("drops", Liar::Drops), ("mute", Liar::Mute), ("long", Liar::Long)]
        {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            addresses.push((name, listener.local_addr()?.to_string()));
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    // Whoever called may hang up at any byte.
                    tokio::spawn(async move { drop(lie(stream, liar).await) });
                }
            });
        }
        Ok(Self(addresses))
    }

    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, address)| (*name, address.as_str()))
    }
}

async fn lie(mut stream: TcpStream, liar: Liar) -> std::io::Result<()> {
    let mut said = [0; 4096];
    match liar {
        Liar::Drops => return Ok(()),
        Liar::Garbage => stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await?,
        Liar::Mute => {}
        Liar::Long => {
            let _ = stream.read(&mut said).await?;
            // CONNACK, then the head of a PUBLISH whose length is the largest there is (MQTT 3.1.1, 2.2.3).
            stream.write_all(&[0x20, 2, 0, 0, 0x30, 0xff, 0xff, 0xff, 0x7f]).await?;
        }
    }
    while stream.read(&mut said).await? > 0 {}
    Ok(())
}
