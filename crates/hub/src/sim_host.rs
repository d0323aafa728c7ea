//! Where the simulated city comes from: a child process here, in-process in the desktop app. The hub only sees addresses.

use crate::realm::Addresses;
use gulang_city::{Realm, Timestamp};
use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

/// What to simulate.
#[derive(Clone, Debug, PartialEq)]
pub struct SimRequest {
    pub pack_dir: PathBuf,
    pub scenario: Option<PathBuf>,
    pub seed: u64,
    pub realm: Realm,
    pub speed: SimSpeed,
    /// Where it keeps its journal.
    pub state_dir: PathBuf,
    pub start: Option<Timestamp>,
    pub scale: SimScale,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SimSpeed {
    Live,
    Times(f32),
    Lockstep,
}

/// How many manhole covers, cameras, devices and bikes it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SimScale {
    None,
    /// One in a hundred.
    #[default]
    Small,
    /// As many as the city counts.
    City,
}

impl SimScale {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Small => "small",
            Self::City => "city",
        }
    }
}

/// A simulated city that runs until dropped.
pub trait RunningSim: Send + Sync {
    fn addresses(&self) -> Addresses;
}

/// Starts simulated cities. Called off the async threads; may block until the city is ready.
pub trait SimHost: Send + Sync {
    fn start(&self, request: &SimRequest) -> Result<Box<dyn RunningSim>, String>;
}

/// Starts the sibling program `gulang-sim`, or the one `GULANG_SIM` names.
#[derive(Debug, Default)]
pub struct ChildSim;

impl SimHost for ChildSim {
    fn start(&self, request: &SimRequest) -> Result<Box<dyn RunningSim>, String> {
        let program = sim_program();
        let mut command = Command::new(&program);
        command.arg("--pack").arg(&request.pack_dir).args(["--seed", &request.seed.to_string(), "--stdin-guard"]);
        command.args(["--realm", if request.realm == Realm::Actual { "actual" } else { "exercise" }]);
        let speed = match request.speed {
            SimSpeed::Live => "live".to_owned(),
            SimSpeed::Times(times) => times.to_string(),
            SimSpeed::Lockstep => "lockstep".to_owned(),
        };
        command.args(["--speed", &speed, "--scale", request.scale.as_str()]).arg("--state").arg(&request.state_dir);
        if let Some(scenario) = &request.scenario {
            command.arg("--scenario").arg(scenario);
        }
        if request.speed != SimSpeed::Lockstep {
            command.arg("--video");
        }
        if let Some(start) = request.start {
            command.args(["--start", &start.to_beijing_text()]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let failed = |why: String| {
            format!("{}：无法启动模拟城市：{why}；先编译 gulang-sim，或用 GULANG_SIM 指明", program.display())
        };
        let mut child = command.spawn().map_err(|why| failed(why.to_string()))?;
        let Some(stdout) = child.stdout.take() else { return Err(failed("没有输出".into())) };
        let mut running = ChildCity { child, addresses: Addresses::default() };
        let mut lines = BufReader::new(stdout);
        let mut line = String::new();
        lines.read_line(&mut line).map_err(|why| failed(why.to_string()))?;
        running.addresses = addresses_from_line(&line).map_err(|why| failed(format!("{why}（{}）", line.trim())))?;
        // Whatever else it prints is read away, so that it never blocks on a full pipe.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Ok(Box::new(running))
    }
}

/// The one line the simulated city prints when ready.
pub fn addresses_from_line(line: &str) -> Result<Addresses, String> {
    let value: serde_json::Value = serde_json::from_str(line).map_err(|why| why.to_string())?;
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let addresses = Addresses {
        platform: text("platform"),
        cap: text("cap"),
        typhoon: text("typhoon"),
        quake: text("quake"),
        rain: text("rain"),
        mqtt: text("mqtt"),
        feeds: text("feeds"),
        wvp: text("wvp"),
        zlm: text("zlm"),
        rtsp: text("rtsp"),
        video_ai: text("video_ai"),
        inventory: text("inventory"),
        gateway: text("gateway"),
        gateways: Default::default(),
        mavlink: text("mavlink"),
        cot: text("cot"),
        open311: text("open311"),
        grid: text("grid"),
        control: text("control"),
        token: text("token"),
    };
    if addresses.platform.is_none() || addresses.mqtt.is_none() {
        return Err("没有 platform 或 mqtt".into());
    }
    Ok(addresses)
}

fn sim_program() -> PathBuf {
    if let Some(named) = std::env::var_os("GULANG_SIM") {
        return named.into();
    }
    let name = format!("gulang-sim{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().and_then(|it| it.parent().map(|dir| dir.join(&name)));
    // A test's own program lies one folder below the others.
    let above = beside.as_ref().and_then(|it| it.parent()?.parent().map(|dir| dir.join(&name)));
    beside.into_iter().chain(above).find(|it| it.is_file()).unwrap_or_else(|| name.into())
}

struct ChildCity {
    child: Child,
    addresses: Addresses,
}

impl RunningSim for ChildCity {
    fn addresses(&self) -> Addresses {
        self.addresses.clone()
    }
}

impl Drop for ChildCity {
    fn drop(&mut self) {
        // Its guard watches this pipe; the kill is for one that hangs.
        drop(self.child.stdin.take());
        for _ in 0..40 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
