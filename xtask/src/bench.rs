//! Figures, each with the shape of its load. Measured on a machine that does nothing else, or not worth keeping.

use crate::{
    Outcome, places, scratch,
    sh::{cargo, command, run, step},
};

/// Benches run what users run: optimised programs.
pub fn all() -> Outcome {
    let building = step("optimised programs", "40 minutes the first time");
    run(&mut cargo(&[
        "build",
        "--locked",
        "--release",
        "-p",
        "gulang-hub",
        "-p",
        "gulang-sim",
        "-p",
        "gulang-ui",
        "--bins",
    ]))?;
    building.done();
    let release = places::target_dir().join("release");

    for kind in ["fold", "ingest", "fanout"] {
        let measuring = step(&format!("hub: {kind}"), "1 minute");
        run(&mut command(release.join("gulang-hub"), &["bench", kind, "--json"]))?;
        measuring.done();
    }

    let measuring = step("hub: a whole drill at full speed", "2 minutes");
    let data = scratch("bench-drill")?;
    let mut drill = command(release.join("gulang-hub"), &["drill", "run"]);
    drill.arg(places::scenario()).args(["--seed", "7", "--speed", "max", "--json", "--data"]).arg(data);
    run(&mut drill)?;
    measuring.done();

    let dir = scratch("bench-points")?;
    for mode in ["static", "live"] {
        let measuring = step(&format!("wall: a million points, {mode}"), "2 minutes on a software rasteriser");
        let mut points = command(release.join("gulang-wall"), &["bench", "points", "--n", "1000000"]);
        points.args(["--size", "1920x1080", "--mode", mode, "--frames", "20", "--json", "--shot"]);
        points.arg(dir.join(format!("points-{mode}.png")));
        run(&mut points)?;
        measuring.done();
    }
    Ok(())
}
