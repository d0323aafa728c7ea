//! The vehicles' terminals as they call a platform: JT/T 808 over TCP, one connection each, in both editions.
//!
//! A terminal registers once and keeps its token; it authenticates at each connection, beats, tells where it is, answers
//! what it is asked. Out of reach it hangs up; back again it tells in one batch where it was meanwhile. Where they call is
//! said by `POST {control}/terminals {"jt808":"127.0.0.1:port"}` or `--jt808`: here the platform is the one that listens.

use crate::{app::App, dice::Dice, fleet::Fleet, peers::JT808};
use gulang_city::Timestamp;
use gulang_platforms::jt808::{Auth, Edition, Framer, FromTerminal, Position, Registered, Taken, ToTerminal, seal};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{sleep, timeout},
};

/// Who is calling; with another platform the calls to the one before end.
#[derive(Default)]
pub(crate) struct Calls {
    fleet: tokio::sync::OnceCell<Option<Arc<Fleet>>>,
    calling: Mutex<JoinSet<()>>,
}

/// A terminal beats so often when it has nothing to tell.
const BEAT_EVERY: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_secs(1);
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Positions kept for a batch, and how far apart, s.
const MAX_KEPT: usize = 60;
const KEPT_EVERY_SECS: i64 = 60;

impl Calls {
    /// Lets up to `n` terminals call there; how many do.
    pub(crate) async fn call(&self, app: &Arc<App>, platform: String, n: Option<usize>) -> usize {
        let made = self.fleet.get_or_init(|| async {
            let (things, figures, dice) = (app.things.clone(), app.world.figures.fleet.clone(), app.world.fleet_dice());
            let fences = app.world.pack.fence_rules.clone();
            // Routes are walked: not on the threads that answer.
            let made = tokio::task::spawn_blocking(move || Fleet::new(things, figures, &fences, dice)).await;
            made.ok().flatten().map(Arc::new)
        });
        let Some(fleet) = made.await.clone() else { return 0 };
        let n = n.unwrap_or(usize::MAX).min(fleet.len());
        let mut calling = self.calling.lock().unwrap_or_else(PoisonError::into_inner);
        calling.abort_all();
        *calling = JoinSet::new();
        for i in 0..n {
            let terminal = Terminal { app: app.clone(), fleet: fleet.clone(), i, token: None, serial: 0 };
            calling.spawn(terminal.run(platform.clone()));
        }
        n
    }
}

struct Terminal {
    app: Arc<App>,
    fleet: Arc<Fleet>,
    i: usize,
    /// Kept from one connection to the next.
    token: Option<String>,
    serial: u16,
}

/// A connection, and what came over it that was not yet looked at.
struct Line {
    stream: TcpStream,
    framer: Framer,
    /// With the serial number each came under.
    heard: Vec<(u16, ToTerminal)>,
}

impl Terminal {
    /// Calls again whenever the line is gone, each at its own pace so that they do not come all at once.
    async fn run(mut self, platform: String) {
        let dice = Dice::new(self.i as u64);
        // When it was last told where it is.
        let mut told = Timestamp(0);
        sleep(Duration::from_millis((dice.unit() * 3000.0) as u64)).await;
        for n in 0u64.. {
            if !self.is_out_of_reach() {
                let _ = self.converse(&platform, &mut told).await;
            }
            sleep(Duration::from_millis(2000 + (dice.of(n).unit() * 5000.0) as u64)).await;
        }
    }

    fn is_out_of_reach(&self) -> bool {
        self.app.peers.is_shut(JT808) || self.fleet.gap(self.i, self.app.clock.now()).is_some()
    }

    /// One connection, until it breaks, is refused, or the terminal is out of reach.
    async fn converse(&mut self, platform: &str, told: &mut Timestamp) -> std::io::Result<()> {
        let stream = TcpStream::connect(platform).await?;
        stream.set_nodelay(true)?;
        let mut line = Line { stream, framer: Framer::default(), heard: Vec::new() };
        if !self.enter(&mut line).await? {
            // Not wanted: it tries again later than after a broken line.
            sleep(Duration::from_secs(20)).await;
            return Ok(());
        }
        let missed = self.missed(*told);
        if !missed.is_empty() {
            self.say(&mut line, &FromTerminal::Batch { fills_gap: true, positions: missed, n_bad: 0 }).await?;
        }
        let mut beat = tokio::time::Instant::now();
        while !self.is_out_of_reach() {
            let (now, is_paused) = (self.app.clock.now(), self.app.clock.read().paused);
            // The clock may have been set back.
            let is_due = !is_paused && (now.0 - told.0).abs() >= self.fleet.every_ms(self.i, now);
            if is_due && let Some(position) = self.fleet.position(self.i, now) {
                self.say(&mut line, &FromTerminal::Position(Box::new(position))).await?;
                (*told, beat) = (now, tokio::time::Instant::now());
            } else if beat.elapsed() >= BEAT_EVERY {
                self.say(&mut line, &FromTerminal::Heartbeat).await?;
                beat = tokio::time::Instant::now();
            }
            if let Ok(read) = timeout(TICK, line.hear()).await {
                read?;
                self.answer(&mut line).await?;
                sleep(TICK / 4).await;
            }
        }
        Ok(())
    }

    /// Registers where it has no token, then authenticates; `false` if it is not let in.
    async fn enter(&mut self, line: &mut Line) -> std::io::Result<bool> {
        if self.token.is_none() {
            self.say(line, &FromTerminal::Register(self.fleet.register(self.i))).await?;
            let answer = line.wait_for(|it| matches!(it, ToTerminal::Registered { .. })).await?;
            match answer {
                Some(ToTerminal::Registered { result: Registered::Yes, token, .. }) => self.token = Some(token),
                _ => return Ok(false),
            }
        }
        let Some(token) = self.token.clone() else { return Ok(false) };
        let auth = match self.edition() {
            Edition::V2013 => Auth { token, ..Auth::default() },
            Edition::V2019(_) => Auth { token, imei: format!("86000000{:07}", self.i), software: "gulang-sim".into() },
        };
        self.say(line, &FromTerminal::Auth(auth)).await?;
        let answer = line.wait_for(|it| matches!(it, ToTerminal::Reply { .. })).await?;
        let is_in = matches!(answer, Some(ToTerminal::Reply { taken: Taken::Yes, .. }));
        if !is_in {
            self.token = None;
        }
        Ok(is_in)
    }

    /// Where it was since it last told, if that was out of reach and not switched off.
    fn missed(&self, told: Timestamp) -> Vec<Position> {
        let now = self.app.clock.now();
        if told.0 == 0 || now.since_ms(told) < KEPT_EVERY_SECS * 2000 {
            return Vec::new();
        }
        let was_off = self.fleet.gap(self.i, told + KEPT_EVERY_SECS * 1000).is_some_and(|it| it.is_off);
        if was_off {
            return Vec::new();
        }
        let step = (now.since_ms(told) / 1000 / MAX_KEPT as i64).max(KEPT_EVERY_SECS);
        let times = (1..).map(|k| told.plus_secs(k * step)).take_while(|at| *at < now).take(MAX_KEPT);
        times.filter_map(|at| self.fleet.position(self.i, at)).collect()
    }

    async fn answer(&mut self, line: &mut Line) -> std::io::Result<()> {
        for (serial, said) in std::mem::take(&mut line.heard) {
            match said {
                ToTerminal::AskPosition => {
                    if let Some(position) = self.fleet.position(self.i, self.app.clock.now()) {
                        self.say(line, &FromTerminal::Located { serial, position: Box::new(position) }).await?;
                    }
                }
                ToTerminal::Text { .. } => {
                    let id = gulang_platforms::jt808::id::TEXT;
                    self.say(line, &FromTerminal::Reply { serial, id, result: 0 }).await?;
                }
                ToTerminal::Reply { .. } | ToTerminal::Registered { .. } | ToTerminal::MediaTaken { .. } => {}
            }
        }
        Ok(())
    }

    async fn say(&mut self, line: &mut Line, said: &FromTerminal) -> std::io::Result<()> {
        let edition = self.edition();
        let Some((id, body)) = said.write(edition) else { return Ok(()) };
        let bytes = seal(id, edition, &self.fleet.phone(self.i), &mut self.serial, &body);
        line.stream.write_all(&bytes).await
    }

    fn edition(&self) -> Edition {
        self.fleet.edition(self.i)
    }
}

impl Line {
    /// Takes in what comes next; an end is an error. Cancelled, nothing is lost.
    async fn hear(&mut self) -> std::io::Result<()> {
        let mut chunk = [0; 512];
        let n = self.stream.read(&mut chunk).await?;
        if n == 0 {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        let heard = &mut self.heard;
        self.framer.feed(chunk.get(..n).unwrap_or_default(), |frame| {
            let Ok(frame) = frame else { return };
            if let Ok(Some(said)) = ToTerminal::read(&frame) {
                heard.push((frame.serial, said));
            }
        });
        Ok(())
    }

    /// The first such answer; what came before it is passed over. `None`: none came in time.
    async fn wait_for(&mut self, is_it: impl Fn(&ToTerminal) -> bool) -> std::io::Result<Option<ToTerminal>> {
        match timeout(ANSWER_LIMIT, self.first(is_it)).await {
            Ok(found) => found.map(Some),
            Err(_) => Ok(None),
        }
    }

    async fn first(&mut self, is_it: impl Fn(&ToTerminal) -> bool) -> std::io::Result<ToTerminal> {
        loop {
            if let Some(k) = self.heard.iter().position(|(_, said)| is_it(said)) {
                self.heard.drain(..k);
                return Ok(self.heard.remove(0).1);
            }
            self.hear().await?;
        }
    }
}
