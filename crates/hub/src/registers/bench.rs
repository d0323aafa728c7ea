//! `gulang-hub bench import`: a city's cameras from a file to a durable register.

use super::{commands, into_log, look};
use crate::{
    actor::Numberer,
    assets,
    bench::BenchError,
    clock::wall_now,
    log::{Log, LogOptions},
};
use gulang_city::{City, ImportMode, Realm, RegisterKind};
use gulang_intake::{Ask, made};
use serde_json::{Value, json};
use std::{path::Path, time::Instant};

/// So many rows from a CSV and from a workbook: seconds until they are read and judged, and until they are in the log.
pub fn import(pack_dir: &Path, n: u64) -> Result<Value, BenchError> {
    let fault = |why: String| BenchError::Load(why);
    let pack = assets::read_pack(pack_dir).map_err(|why| fault(why.to_string()))?;
    let land = assets::read_land(pack_dir).map_err(|why| fault(why.to_string()))?;
    let (n, around) = (n as usize, pack.center);
    let xlsx = made::cameras_xlsx(n, around).map_err(|why| fault(why.to_string()))?;
    let files = [("cameras.csv", made::cameras_csv(n, around)), ("cameras.xlsx", xlsx)];
    let mut figures = serde_json::Map::new();
    for (name, bytes) in files {
        let dir = std::env::temp_dir().join(format!("gulang-bench-import-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let found = || City::found(&pack, Realm::Actual);
        let (log, mut city) = Log::open(&dir, LogOptions::default(), found).map_err(|why| fault(why.to_string()))?;
        let mut numberer = Numberer::new(log);
        let started = Instant::now();
        let ask = Ask::of(RegisterKind::Cameras);
        let held = look(&city, land.as_ref(), name, &bytes, &ask).map_err(|why| fault(why.to_string()))?;
        let judged_s = started.elapsed().as_secs_f64();
        let (n_accepted, n_refused) = (held.intake.preview.n_accepted, held.intake.preview.n_refused);
        let seat = city.roles.desk_seat();
        let commands = commands(held, "bench", ImportMode::Merge, "测量");
        let taken = into_log(&mut numberer, &mut city, &seat, commands, wall_now());
        taken.map_err(|why| fault(why.to_string()))?.map_err(|refusal| fault(refusal.to_string()))?;
        let total_s = started.elapsed().as_secs_f64();
        let records = Log::read(&dir, 1, n.max(1)).map_err(|why| fault(why.to_string()))?;
        let sizes = records.iter().map(|it| serde_json::to_vec(it).map_or(0, |it| it.len()));
        let (n_records, largest) = (records.len(), sizes.max().unwrap_or(0));
        numberer.close(&city).map_err(|why| fault(why.to_string()))?;
        let _ = std::fs::remove_dir_all(&dir);
        figures.insert(
            name.to_owned(),
            json!({
                "file_mb": bytes.len() as f64 / 1e6,
                "n_accepted": n_accepted,
                "n_refused": n_refused,
                "read_and_judged_s": judged_s,
                "in_the_log_s": total_s,
                "n_records": n_records,
                "largest_record_bytes": largest,
                "cameras_after": city.cameras.len(),
            }),
        );
    }
    Ok(json!({ "load": format!("{n} cameras, CSV and xlsx, into a durable log"), "budget_s": 5.0, "files": figures }))
}
