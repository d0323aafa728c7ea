//! Pictures of the real programs, for the README and for the eye.

use crate::{
    Outcome, Size, app,
    display::{Display, check_picture, unlike},
    http::Hub,
    page, places, scratch,
    sh::{Guard, cargo, command, everything, run, start_until_ready, step},
};
use serde_json::json;
use std::{path::Path, time::Duration};

const DESK: Size = Size { width: 1920, height: 1080 };
const WALL: Size = Size { width: 3840, height: 1080 };
const MAP: Size = Size { width: 1600, height: 900 };

/// All pictures the README shows, into `docs/`.
pub fn all() -> Outcome {
    page::build()?;
    let building = step("every program", "25 minutes the first time, seconds after");
    run(&mut cargo(&everything(&["build", "--locked", "--all-targets"])))?;
    building.done();
    let docs = places::root().join("docs");
    std::fs::create_dir_all(&docs).map_err(|e| format!("cannot make {}: {e}", docs.display()))?;
    let dir = scratch("shots")?;

    let walls = step("the wall, peace and war", "3 minutes");
    let (_hub_process, hub) = serve(&dir.join("wall"))?;
    wall(&hub, "peace", WALL, &docs.join("wall-peace.png"))?;
    wall(&hub, "metrics", WALL, &docs.join("wall-metrics.png"))?;
    go_to_war(&hub, "II")?;
    wall(&hub, "war", WALL, &docs.join("wall-war.png"))?;
    wall(&hub, "metrics:war", WALL, &docs.join("wall-metrics-war.png"))?;
    put_briefing(&hub)?;
    wall(&hub, "brief:1:shots", DESK, &docs.join("wall-briefing.png"))?;
    map(&hub, &docs.join("map-pacific.png"), MAP, &["--scene", "war", "--view", "127,21,4300000"])?;
    // A wall of 7680 x 2160 seen from 8 m: this is the size of its words and symbols there.
    let near = ["--scene", "war", "--view", "118.12,24.49,15000", "--distance-m", "8", "--pitch-mm", "0.9"];
    map(&hub, &docs.join("map-eight-metres.png"), Size { width: 3840, height: 2160 }, &near)?;
    walls.done();

    let maps = step("the map, of two million simulated things", "2 minutes");
    let (_hub_process, hub) = serve_with(&dir.join("maps"), &["--scale", "city"])?;
    map(&hub, &docs.join("map-city.png"), MAP, &["--view", "118.11,24.56,62000"])?;
    map(&hub, &docs.join("map-city-light.png"), MAP, &["--view", "118.11,24.56,62000", "--theme", "light"])?;
    let many = ["--view", "118.12,24.49,17000", "--show", "manhole,camera_city,device,bike"];
    map(&hub, &docs.join("map-two-million.png"), MAP, &many)?;
    map(&hub, &docs.join("map-gulangyu.png"), MAP, &["--view", "118.0635,24.4462,1300,20,42"])?;
    let reach = json!({"put_marking": {"kind": {"reach_from": {"places": [[118.118, 24.479]]}}, "note": ""}});
    hub.post("/api/command", &json!({"seat": "值班长 01", "command": reach}))?;
    map(&hub, &docs.join("map-reach.png"), MAP, &["--view", "118.125,24.485,16000"])?;
    maps.done();

    let desks = step("the desk's window, peace and war", "4 minutes");
    let display = Display::open(DESK, true)?;
    let (_app, hub) = app::start(&display, DESK, Some(&dir.join("desk")))?;
    std::thread::sleep(Duration::from_secs(75));
    shoot(&display, &docs.join("desk-peace.png"))?;
    go_to_war(&hub, "II")?;
    std::thread::sleep(Duration::from_secs(45));
    shoot(&display, &docs.join("desk-war.png"))?;
    desks.done();
    Ok(())
}

/// A briefing of one page, `shots`.
pub fn put_briefing(hub: &Hub) -> Outcome {
    let of_city = |indicator: &str| json!({"indicator": indicator, "group": "city"});
    let figure = |key: &str, label: &str, note: &str| json!({"key": of_city(key), "label": label, "note": note});
    let page = json!({
        "headline": "应转移 {evac_expected}，已转移 {evac_rate}，还差 {evac_remaining}",
        "look": {"at": [118.12, 24.55], "metres": 46000.0, "bearing": 0.0, "tilt": 0.0, "layers": []},
        "figures": [
            figure("evac_rate", "转移完成率", "已转移 {evac_moved}"),
            figure("evac_remaining", "待转移", "拒不转移 {evac_refused}"),
            figure("shelter_use_rate", "避灾点使用率", "在点 {shelter_occupied}"),
        ],
        "chart": {"key": of_city("evac_remaining"), "kind": "groups", "title": "各区待转移"},
        "decision": {
            "question": "是否对待转移最多的区实施强制转移",
            "consequence": "到时限仍未转移的，逐户登记、专人看护",
            "until": "大风影响",
            "owner": "各区政府",
        },
        "notes": "",
    });
    let briefing = json!({"title": "台风会商", "host": "市防指", "pages": [page], "frozen": null});
    let put = json!({"put_briefing": {"id": "shots", "briefing": briefing}});
    hub.post("/api/command", &json!({"seat": "值班长 01", "command": put})).map(drop)
}

/// A hub of its own with a simulated city, on a fresh data folder.
pub fn serve(data: &Path) -> Outcome<(Guard, Hub)> {
    serve_with(data, &[])
}

fn serve_with(data: &Path, more: &[&str]) -> Outcome<(Guard, Hub)> {
    let mut command = command(places::program("gulang-hub"), &["serve", "--data"]);
    command.arg(data).args(more);
    let (process, ready) = start_until_ready(&mut command, Duration::from_secs(90))?;
    // Long enough for the first cases and readings to arrive.
    std::thread::sleep(Duration::from_secs(10));
    Ok((process, Hub::from_ready_line(&ready)?))
}

/// The typhoon drill, played quickly until `level` is recommended, then 平转战 as recommended, then slowed to be seen.
pub fn go_to_war(hub: &Hub, level: &str) -> Outcome {
    hub.post("/api/drill", &json!({"Start": {"scenario": "doksuri-2023", "seed": 7, "speed": 1800.0}}))?;
    let recommendation = hub.until("/api/city", Duration::from_secs(180), |city| {
        let recommended = &city["recommendation"];
        (recommended["level"] == level).then(|| recommended["plan"].clone())
    });
    hub.post("/api/drill", &json!({"SetSpeed": {"speed": 60.0, "paused": false}}))?;
    let plan = recommendation?;
    let plan = plan.as_str().ok_or("the recommendation names no plan")?;
    switch_to_war(hub, plan, level)?;
    hub.until("/api/city", Duration::from_secs(30), |city| (city["footing"]["posture"] == "war").then_some(()))?;
    // A while for acknowledgements to climb and silence to show.
    std::thread::sleep(Duration::from_secs(20));
    Ok(())
}

/// 平转战 with every measure of `plan` up to `level`: by one seat, or proposed by it and co-signed by another.
pub fn switch_to_war(hub: &Hub, plan: &str, level: &str) -> Outcome {
    let by =
        |seat: &str, command: serde_json::Value| hub.post("/api/command", &json!({"seat": seat, "command": command}));
    if !matches!(level, "I" | "II") {
        let alone =
            json!({"plan": plan, "level": level, "struck": [], "confirmed_by": ["值班长 01"], "reason": "按推荐启动"});
        return by("值班长 01", json!({"switch_to_war": alone})).map(drop);
    }
    let switch = json!({"to_war": {"ask": {"plan": plan, "level": level}, "reason": "按推荐启动"}});
    by("值班长 01", json!({"propose_switch": {"switch": switch}}))?;
    let number = hub.until("/api/proposal", Duration::from_secs(10), |it| it["proposal"]["number"].as_u64())?;
    by("带班领导 02", json!({"co_sign": {"number": number}})).map(drop)
}

/// One picture of the wall, checked to show something.
pub fn wall(hub: &Hub, scene: &str, size: Size, file: &Path) -> Outcome {
    let mut wall = command(places::program("gulang-wall"), &["--headless", "--hub", &hub.url, "--token", &hub.token]);
    wall.args(["--scene", scene, "--size", &size.to_string(), "--shot"]).arg(file);
    run(&mut wall)?;
    check_picture(file, size)
}

/// The map alone.
fn map(hub: &Hub, file: &Path, size: Size, more: &[&str]) -> Outcome {
    let mut wall = command(places::program("gulang-wall"), &["--headless", "--map", "--hub", &hub.url]);
    wall.args(["--token", &hub.token, "--size", &size.to_string()]).args(more).arg("--shot").arg(file);
    run(&mut wall)?;
    check_picture(file, size)
}

/// The share of points by which a map may differ from the same map a moment later: things move.
const MAX_MOVED: f64 = 0.05;

/// Maps of one city by one wall program, as files of a briefing have them. What one was turned to, or had switched on, must
/// not show on another.
pub fn maps(hub: &Hub, dir: &Path) -> Outcome {
    let (small, large) = (Size { width: 640, height: 360 }, Size { width: 960, height: 540 });
    let island = json!([118.1, 24.48, 24000, 0, 0]);
    let map = |name: &str, size: Size, view: &serde_json::Value, show: &[&str]| json!({"file": dir.join(name), "size": [size.width, size.height], "view": view, "show": show});
    let wanted = json!([
        // The first of the list is not the first to be drawn.
        map("map-1.png", large, &json!([118.12, 24.55, 46000, 30, 40]), &["rain"]),
        map("map-0.png", small, &island, &[]),
        map("map-2.png", small, &json!([118.12, 24.55, 46000, 30, 40]), &["rain", "typhoon", "manhole"]),
        map("map-3.png", small, &island, &[]),
    ]);
    let list = dir.join("maps.json");
    std::fs::write(&list, wanted.to_string()).map_err(|why| format!("writing {}: {why}", list.display()))?;
    let mut wall = command(places::program("gulang-wall"), &["--headless", "--theme", "light", "--hub", &hub.url]);
    wall.env("GULANG_TOKEN", &hub.token).arg("--stills").arg(&list);
    run(&mut wall)?;
    for (name, size) in [("map-0.png", small), ("map-1.png", large), ("map-2.png", small), ("map-3.png", small)] {
        check_picture(&dir.join(name), size)?;
    }
    let (first, again) = (dir.join("map-0.png"), dir.join("map-3.png"));
    let moved = unlike(&first, &again)?;
    if moved > MAX_MOVED {
        return Err(format!("{} and {} differ by {:.0} %", first.display(), again.display(), moved * 100.0));
    }
    let other = unlike(&first, &dir.join("map-2.png"))?;
    if other < MAX_MOVED { Err("maps of other places are the same".to_owned()) } else { Ok(()) }
}

fn shoot(display: &Display, file: &Path) -> Outcome {
    display.shoot(file)?;
    check_picture(file, DESK)
}
