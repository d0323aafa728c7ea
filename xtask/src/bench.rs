//! Figures, each with the shape of its load. Measured on a machine that does nothing else, or not worth keeping.

use crate::{
    Outcome, dist, places, scratch,
    sh::{command, read, run, start_until_ready, step},
    shots,
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Args)]
pub struct Bench {
    /// Measure the programs that `cargo xtask test` builds instead of optimised ones: sooner, and slower
    #[arg(long)]
    dev: bool,
    /// A folder with the peers' harness (`deckgl.mjs`, its packages installed): deck.gl is measured beside ours
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,
}

/// The points bench: how many, how large, how many frames.
const POINTS: [(&str, &str); 3] = [("--n", "1000000"), ("--size", "1920x1080"), ("--frames", "20")];

pub fn all(args: &Bench) -> Outcome {
    let programs = build(args.dev)?;
    let program = |name: &str| programs.join(name);

    for kind in ["fold", "ingest", "mqtt", "sensorthings", "fanout", "route", "tiles"] {
        let measuring = step(&format!("hub: {kind}"), "1 minute");
        run(&mut command(program("gulang-hub"), &["bench", kind, "--json"]))?;
        measuring.done();
    }

    let measuring = step("hub: a whole drill at full speed", "2 minutes");
    let mut drill = command(program("gulang-hub"), &["drill", "run"]);
    drill.arg(places::scenario()).args(["--seed", "7", "--speed", "max", "--json", "--data"]);
    run(drill.arg(scratch("bench-drill")?))?;
    measuring.done();

    let measuring = step("hub and wall: first order on the wire, a wall's start", "1 minute");
    first_order_and_wall(&programs)?;
    measuring.done();

    let measuring = step("wall: the war scene of the whole city, 2 million things, 7680x2160", "3 minutes");
    let mut scene = command(program("gulang-wall"), &["bench", "scene", "--scene", "war", "--scale", "city"]);
    scene.args(["--size", "7680x2160", "--frames", "40", "--show", "manhole,camera_city,device,bike", "--json"]);
    run(&mut scene)?;
    measuring.done();

    for mode in ["static", "live"] {
        let measuring = step(&format!("wall: a million points, {mode}"), "2 minutes on a software rasteriser");
        let ours = points(&program("gulang-wall"), mode)?;
        println!("{ours}");
        if let Some(harness) = &args.peers {
            let theirs = deck_gl(harness, mode)?;
            println!("{theirs}");
            let frame = |figures: &Value| figures["frame_ms_median"].as_f64().unwrap_or(f64::NAN);
            println!("    deck.gl takes {:.1} times our frame", frame(&theirs) / frame(&ours));
        }
        measuring.done();
    }
    Ok(())
}

/// Benches run what users run, optimised programs, unless asked otherwise; returns their folder.
fn build(dev: bool) -> Outcome<PathBuf> {
    if dev {
        println!("    the programs of the last `cargo xtask test`, not optimised");
        return Ok(places::target_dir().join("debug"));
    }
    dist::optimised()
}

/// 平转战 at level Ⅳ in the live city: the hub's own records say when the command was numbered, when the first order was
/// about to go out, and when its platform had it.
fn first_order_and_wall(programs: &Path) -> Outcome {
    let dir = scratch("bench-orders")?;
    let mut serve = command(programs.join("gulang-hub"), &["serve", "--data"]);
    let (_process, ready) = start_until_ready(serve.arg(dir.join("data")), Duration::from_secs(90))?;
    let hub = crate::http::Hub::from_ready_line(&ready)?;
    std::thread::sleep(Duration::from_secs(10));

    let mut wall = command(programs.join("gulang-wall"), &["--headless", "--hub", &hub.url, "--token", &hub.token]);
    run(wall.args(["--size", "1920x1080", "--shot"]).arg(dir.join("wall.png")))?;

    let city: Value = serde_json::from_str(&hub.get("/api/city")?).map_err(|e| format!("/api/city: {e}"))?;
    let before = city["seq"].as_u64().unwrap_or(0);
    shots::switch_to_war(&hub, "typhoon", "IV")?;
    std::thread::sleep(Duration::from_secs(5));
    let records = hub.get(&format!("/api/records?from={}&limit=10000", before + 1))?;
    let records: Value = serde_json::from_str(&records).map_err(|e| format!("/api/records: {e}"))?;
    let all = records["records"].as_array().cloned().unwrap_or_default();
    let first =
        |is_it: &dyn Fn(&Value) -> bool| all.iter().find(|it| is_it(&it["event"])).and_then(|it| it["at"].as_i64());
    let commanded = first(&|event| !event["footing_changed"].is_null());
    let attempted = first(&|event| !event["order_attempted"].is_null());
    let delivered = first(&|event| event["order_climbed"]["rung"] == "delivered");
    let (Some(commanded), Some(attempted), Some(delivered)) = (commanded, attempted, delivered) else {
        return Err("the records hold no command, no attempt or no delivery within 5 s of 平转战".to_owned());
    };
    let figures = json!({
        "first_order_at_the_wire_ms": attempted - commanded,
        "first_order_delivered_ms": delivered - commanded,
        "orders": all.iter().filter(|it| !it["event"]["order_drafted"].is_null()).count(),
    });
    println!("{figures}");
    Ok(())
}

fn points(wall: &Path, mode: &str) -> Outcome<Value> {
    let mut points = command(wall, &["bench", "points", "--json", "--mode", mode]);
    for (name, value) in POINTS {
        points.args([name, value]);
    }
    points.arg("--shot").arg(scratch("bench-points")?.join(format!("{mode}.png")));
    figures(&read(&mut points)?)
}

/// deck.gl on the same workload, the same rasteriser, the same number of frames.
fn deck_gl(harness: &Path, mode: &str) -> Outcome<Value> {
    let harness = std::path::absolute(harness).map_err(|e| format!("{}: {e}", harness.display()))?;
    if !harness.join("data/1000000.bin").is_file() {
        std::fs::create_dir_all(harness.join("data")).map_err(|e| format!("{}/data: {e}", harness.display()))?;
        run(command("python3", &["gen.py", "1000000", "data/1000000.bin"]).current_dir(&harness))?;
    }
    let mut node = command("node", &["deckgl.mjs", "--mode", mode, "--backend", "gl"]);
    for (name, value) in POINTS {
        node.args([name, value]);
    }
    figures(&read(node.current_dir(harness))?)
}

/// The last line that is a JSON object.
fn figures(output: &str) -> Outcome<Value> {
    let object =
        output.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok().filter(Value::is_object));
    object.ok_or_else(|| format!("no figures in what was printed: {output}"))
}
