//! Doors of the simulated city's platforms: one is shut and its port refuses, the others go on; it opens where it was.

use gulang_city::Realm;
use gulang_sim::{Doors, Scale, SimConfig, SimHandle, Speed, start};
use std::path::Path;
use tokio::net::TcpStream;

fn city(dir: &Path, shut: &[&str]) -> SimHandle {
    let config = SimConfig {
        pack: "../../assets/cities/xiamen".into(),
        scenario: None,
        seed: 1,
        realm: Realm::Actual,
        speed: Speed::Live,
        state: dir.join("state"),
        start: None,
        scale: Scale::None,
        jt808: None,
        video: false,
        doors: Doors { own: true, shut: shut.iter().map(|it| (*it).to_owned()).collect() },
    };
    start(config).unwrap()
}

async fn tell(city: &SimHandle, peer: &str, deed: &str) -> u16 {
    let url = format!("{}/peers/{peer}/{deed}", city.endpoints().control);
    reqwest::Client::new().post(url).send().await.unwrap().status().as_u16()
}

async fn status(url: &str) -> Option<u16> {
    // A client of its own: a connection kept from before would tell nothing of the port.
    Some(reqwest::Client::new().get(url).send().await.ok()?.status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shut_door_refuses_and_opens_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let city = city(dir.path(), &["quake"]);
    let endpoints = city.endpoints().clone();
    let cap = format!("{}/index.json", endpoints.cap);
    assert_eq!((status(&cap).await, status(&endpoints.quake).await), (Some(200), None));
    assert_eq!(tell(&city, "quake", "start").await, 200);
    assert_eq!(status(&endpoints.quake).await, Some(200));

    assert_eq!(tell(&city, "cap", "stop").await, 200);
    assert_eq!((status(&cap).await, status(&endpoints.quake).await), (None, Some(200)));
    assert!(TcpStream::connect(&endpoints.mqtt).await.is_ok(), "the broker stays");
    assert_eq!(tell(&city, "cap", "start").await, 200);
    assert_eq!(status(&cap).await, Some(200), "at the address it had");

    for (peer, deed) in [("nobody", "stop"), ("cap", "sing"), ("jt808", "drop-every-second")] {
        assert_eq!(tell(&city, peer, deed).await, 409, "{peer} {deed}");
    }
    tokio::task::block_in_place(|| city.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn open_connections_are_cut_when_a_door_is_shut() {
    use tokio::io::AsyncReadExt;
    let dir = tempfile::tempdir().unwrap();
    let city = city(dir.path(), &[]);
    let address = city.endpoints().cot.trim_start_matches("tcp://").to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let mut said = vec![0; 4096];
    assert!(stream.read(&mut said).await.unwrap() > 0);
    assert_eq!(tell(&city, "cot", "stop").await, 200);
    // What was on its way may still come; then it ends.
    while matches!(stream.read(&mut said).await, Ok(1..)) {}
    assert!(TcpStream::connect(&address).await.is_err());
    tokio::task::block_in_place(|| city.stop());
}
