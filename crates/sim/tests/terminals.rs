//! The vehicles' terminals through a socket: they call where they are told, register, authenticate, and tell where they are.

use gulang_city::{Realm, Timestamp};
use gulang_platforms::jt808::{Edition, Frame, Framer, FromTerminal, Registered, Taken, ToTerminal, seal};
use gulang_sim::{Doors, Scale, SimConfig, Speed, start};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const LIMIT: Duration = Duration::from_secs(60);

fn config(dir: &Path, scale: Scale) -> SimConfig {
    SimConfig {
        pack: "../../assets/cities/xiamen".into(),
        scenario: None,
        seed: 1,
        realm: Realm::Actual,
        // Half a minute a second: positions fall due at every tick.
        speed: Speed::Scaled(30.0),
        state: dir.join("state"),
        start: Timestamp::parse("2026-11-17 10:00:00"),
        scale,
        jt808: None,
        video: false,
        doors: Doors::default(),
    }
}

async fn call(control: &str, to: &str, n: usize) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{control}/terminals")).json(&json!({ "jt808": to, "n": n }));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

struct Line {
    stream: TcpStream,
    framer: Framer,
    frames: Vec<Frame>,
    serial: u16,
}

impl Line {
    async fn next(&mut self) -> Frame {
        while self.frames.is_empty() {
            let mut chunk = [0; 2048];
            let n = timeout(LIMIT, self.stream.read(&mut chunk)).await.expect("it speaks").unwrap();
            assert!(n > 0, "it hung up");
            let frames = &mut self.frames;
            self.framer.feed(&chunk[..n], |it| frames.push(it.expect("its frames are whole")));
        }
        self.frames.remove(0)
    }

    async fn say(&mut self, to: &Frame, said: &ToTerminal) {
        let (id, body) = said.write(to.edition);
        let bytes = seal(id, to.edition, &to.phone, &mut self.serial, &body);
        self.stream.write_all(&bytes).await.unwrap();
    }

    async fn reply(&mut self, to: &Frame, taken: Taken) {
        self.say(to, &ToTerminal::Reply { serial: to.serial, id: to.id, taken }).await;
    }
}

/// Lets one in, and gives its plate, edition and first position's number of messages.
async fn let_in(stream: TcpStream) -> (String, Edition) {
    let mut line = Line { stream, framer: Framer::default(), frames: Vec::new(), serial: 0 };
    let frame = line.next().await;
    let Ok(FromTerminal::Register(register)) = FromTerminal::read(&frame) else { panic!("{frame:?}") };
    let token = format!("令牌-{}", register.plate);
    let yes = ToTerminal::Registered { serial: frame.serial, result: Registered::Yes, token: token.clone() };
    line.say(&frame, &yes).await;
    let frame = line.next().await;
    let Ok(FromTerminal::Auth(auth)) = FromTerminal::read(&frame) else { panic!("{frame:?}") };
    assert_eq!(auth.token, token);
    line.reply(&frame, Taken::Yes).await;
    line.say(&frame, &ToTerminal::AskPosition).await;
    let (mut n_told, mut was_asked) = (0, false);
    while n_told < 2 || !was_asked {
        let frame = line.next().await;
        match FromTerminal::read(&frame) {
            Ok(FromTerminal::Position(position)) => {
                let place = position.place().expect("it has a fix");
                assert!((117.8..118.6).contains(&place.0) && (24.3..25.0).contains(&place.1), "{place:?}");
                n_told += 1;
                line.reply(&frame, Taken::Yes).await;
            }
            Ok(FromTerminal::Located { .. }) => was_asked = true,
            Ok(FromTerminal::Heartbeat | FromTerminal::Batch { .. }) => line.reply(&frame, Taken::Yes).await,
            other => panic!("{other:?}"),
        }
    }
    (register.plate, frame.edition)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminals_call_where_they_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_owned();
    let city = tokio::task::spawn_blocking(move || start(config(&folder, Scale::Small)).unwrap()).await.unwrap();
    let control = city.endpoints().control.clone();
    assert_eq!(call(&control, "192.0.2.1:8808", 1).await.0, 400, "only to this machine");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    assert_eq!(call(&control, &address, 6).await.1["n"], 6);
    let mut lines = Vec::new();
    for _ in 0..4 {
        let (stream, _) = timeout(LIMIT, listener.accept()).await.expect("somebody calls").unwrap();
        lines.push(tokio::spawn(let_in(stream)));
    }
    let mut plates = BTreeSet::new();
    for line in lines {
        let (plate, _) = line.await.unwrap();
        assert!(plate.starts_with("闽D"), "{plate}");
        plates.insert(plate);
    }
    assert_eq!(plates.len(), 4, "each is another vehicle");
    tokio::task::spawn_blocking(move || city.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_without_things_has_nobody_to_call() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_owned();
    let city = tokio::task::spawn_blocking(move || start(config(&folder, Scale::None)).unwrap()).await.unwrap();
    let (status, answer) = call(&city.endpoints().control, "127.0.0.1:9", 6).await;
    assert_eq!((status, &answer["n"]), (200, &json!(0)));
    tokio::task::spawn_blocking(move || city.stop()).await.unwrap();
}
