//! Field teams' telephones behind a TAK server's plain port: every client is told where some teams are, and pings are
//! answered. In an exercise the events say `opex="e"`; all of them say 模拟.

use crate::app::App;
use gulang_city::{Realm, Timestamp};
use gulang_platforms::cot::{Event, Events, Opex, Streamed, Track, kinds};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{MissedTickBehavior, interval},
};

/// Teams with such telephones: the first of the pack.
const N_TELEPHONES: usize = 8;
/// A telephone that was not heard for so long is stale, s.
const STALE_S: i64 = 60;

/// Serves every client until dropped.
pub(crate) async fn serve(app: Arc<App>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(talk(app.clone(), stream))),
            Err(why) => {
                tracing::warn!("a telephone's connection failed: {why}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One client, until it goes.
async fn talk(app: Arc<App>, mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let (mut events, mut buffer) = (Events::default(), vec![0; 16 * 1024]);
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let now = app.clock.now();
        let says = tokio::select! {
            read = stream.read(&mut buffer) => match read {
                Ok(n) if n > 0 => {
                    let found = events.push(buffer.get(..n).unwrap_or_default());
                    let is_ping = |it: &&Streamed| matches!(it, Streamed::Event(event, _) if event.kind == kinds::PING);
                    found.iter().filter(is_ping).map(|_| Event::pong(now).to_xml()).collect::<Vec<_>>()
                }
                _ => return,
            },
            _ = seconds.tick() => positions(&app, now),
        };
        if stream.write_all(says.concat().as_bytes()).await.is_err() {
            return;
        }
    }
}

fn positions(app: &App, now: Timestamp) -> Vec<String> {
    let desk = app.desk();
    let teams = app.world.pack.forces().enumerate().take(N_TELEPHONES);
    let says = teams.map(|(i, team)| {
        let fix = app.world.unit(&desk.errands, i, now);
        let event = Event {
            uid: format!("SIM-TAK-{}", team.id),
            kind: kinds::TEAM.into(),
            how: "m-g".into(),
            time: now,
            start: now,
            stale: now.plus_secs(STALE_S),
            opex: if app.world.realm == Realm::Exercise { Opex::Exercise } else { Opex::Unsaid },
            place: Some(fix.at),
            callsign: Some(team.name.to_string()),
            track: Some(Track { course: fix.heading as f32, speed: fix.speed as f32 }),
            remarks: "模拟".into(),
            ..Event::default()
        };
        event.to_xml()
    });
    says.collect()
}
