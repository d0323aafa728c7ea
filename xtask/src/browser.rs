//! `browser`: the page as the hub serves it, in Chromium, with a camera wall of live pictures; what the browser shows is
//! proven by what the hub says of its feeds and by a picture of the window.

use crate::{
    Outcome, Size,
    display::{Display, check_picture},
    page, scratch,
    sh::{Guard, cargo, command, everything, run as run_command, step, which},
    shots,
};
use clap::Args;
use serde_json::{Value, json};
use std::{path::PathBuf, process::Stdio, time::Duration};

/// As the page names it where nobody does.
const SEAT: &str = "值班长 01";
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

#[derive(Args)]
pub struct Browser {
    /// Take the picture into FILE
    #[arg(long, value_name = "FILE")]
    shot: Option<PathBuf>,
    /// The window's size
    #[arg(long, default_value = "1920x1080")]
    size: Size,
    /// Pictures on the wall: 1, 4, 9 or 16
    #[arg(long, default_value_t = 16)]
    feeds: usize,
    /// How long the page may take until it wants its pictures, seconds; a software rasteriser is slow
    #[arg(long, default_value_t = 180)]
    within: u64,
}

pub fn run(args: &Browser) -> Outcome {
    let browser = BROWSERS
        .iter()
        .find_map(|it| which(it))
        .ok_or_else(|| format!("none of {} is installed; install Debian's chromium", BROWSERS.join(", ")))?;
    page::build()?;
    let building = step("every program", "25 minutes the first time, seconds after");
    run_command(&mut cargo(&everything(&["build", "--locked", "--all-targets"])))?;
    building.done();

    let dir = scratch("browser")?;
    let (_hub_process, hub) = shots::serve(&dir.join("hub"))?;
    let cameras: Value = serde_json::from_str(&hub.get("/pack/cameras.json")?)
        .map_err(|e| format!("cannot read the pack's cameras: {e}"))?;
    let ids = cameras.as_array().into_iter().flatten().filter_map(|it| it["id"].as_str());
    let places: Vec<Value> = ids.take(args.feeds).map(|id| json!({"feed": {"camera": id}, "note": ""})).collect();
    let wall = json!({"put_camera_wall": {"wall": {"n": args.feeds, "places": places}}});
    hub.post("/api/command", &json!({"seat": SEAT, "command": wall}))?;

    let showing = step("the page in a browser", "2 minutes without a graphics card");
    let display = Display::open(args.size, true)?;
    let seat: String = SEAT.bytes().map(|it| format!("%{it:02X}")).collect();
    let address = format!("{}/?token={}&seat={seat}", hub.url.trim_end_matches('/'), hub.token);
    let mut window = command(&browser, &["--no-sandbox", "--no-first-run", "--kiosk", "--enable-unsafe-swiftshader"]);
    // Without a window manager a window stands where it likes, and nobody is there to answer an offer to translate.
    window.args(["--window-position=0,0", "--disable-features=Translate"]);
    window.arg(format!("--user-data-dir={}", dir.join("profile").display()));
    window.arg(format!("--window-size={},{}", args.size.width, args.size.height)).arg(address);
    window.env("DISPLAY", &display.name).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _window = Guard(window.spawn().map_err(|e| format!("cannot start {}: {e}", browser.display()))?);

    // The page opens its camera wall by a key, once it listens to keys: then the hub hears which pictures it wants.
    let limit = Duration::from_secs(args.within);
    let began = std::time::Instant::now();
    loop {
        std::thread::sleep(Duration::from_secs(5));
        if n_in(&hub.get("/api/feeds")?, |it| it["n_watchers"].as_u64() > Some(0)) >= args.feeds {
            break;
        }
        if began.elapsed() > limit {
            display.shoot(&dir.join("never.png"))?;
            let shown = dir.join("never.png");
            return Err(format!(
                "the page wanted no {} pictures within {} s; it showed {}",
                args.feeds,
                args.within,
                shown.display()
            ));
        }
        run_command(command("xdotool", &["key", "--clearmodifiers", "v"]).env("DISPLAY", &display.name))?;
        std::thread::sleep(Duration::from_secs(5));
    }
    hub.until("/api/feeds", Duration::from_secs(60), |it| {
        (n_in(&it.to_string(), |it| it["state"] == "Playing") >= args.feeds).then_some(())
    })?;
    // A page drawn in software is some frames behind.
    std::thread::sleep(Duration::from_secs(30));
    let file = args.shot.clone().unwrap_or_else(|| dir.join("browser.png"));
    display.shoot(&file)?;
    check_picture(&file, args.size)?;
    showing.done();
    for it in serde_json::from_str::<Value>(&hub.get("/api/feeds")?).unwrap_or_default()["feeds"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let status = &it["status"];
        println!("    {}: {}, {} fps, delay {} ms", it["id"], status["state"], status["fps"], status["delay_ms"]);
    }
    Ok(())
}

/// How many of the hub's feeds are so.
fn n_in(answer: &str, is_so: impl Fn(&Value) -> bool) -> usize {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    answer["feeds"].as_array().into_iter().flatten().filter(|it| is_so(&it["status"])).count()
}
