//! The pack's indicators over a year of cases, 100,000 sensors and a stream of both: a cold count, what a tick costs, what lies
//! beneath the largest figure, and ten million such rows as files.

use super::{BenchError, profile};
use crate::{
    duties::resident_mb,
    indicators::{
        FILE,
        beneath::{Beneath, describe},
        export::{Form, Portions, write},
    },
};
use gulang_city::{
    Applied, CaseId, CaseKind, CaseReport, CaseStage, City, Event, Pack, Readings, Realm, Record, Sensor, Source,
    Timestamp, WarningColor,
    indicators::{Definitions, Engine, Figure, RowId},
};
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    path::Path,
    time::Instant,
};

const N_SENSORS: usize = 100_000;
/// As the hub counts: twice a second.
const TICK_MS: i64 = 500;
const N_TICKS: usize = 60;
const RECORDS_A_TICK: usize = 50;
const YEAR_MINS: i64 = 365 * 24 * 60;
/// Rows of an exported file; those beneath the figure again and again.
const N_EXPORTED: usize = 10_000_000;
/// Of a year ago, how many cases are still open: one in so many.
const OPEN_ONE_IN: u64 = 50;

/// `n_cases` of the year before; 100 k readings and 100 records a second.
pub fn indicators(pack_dir: &Path, mut pack: Pack, n_cases: u64) -> Result<Value, BenchError> {
    let failed = |why: String| BenchError::Load(why);
    let text = std::fs::read_to_string(pack_dir.join(FILE))?;
    let definitions = Definitions::parse(FILE, &text)
        .map_err(|all| failed(all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let models: Vec<Sensor> = pack.sensors.clone();
    if models.is_empty() || pack.districts.is_empty() || pack.agencies.is_empty() {
        return Err(failed("the pack has no sensor, district or agency".into()));
    }
    let sensor = |n: usize| Sensor { id: format!("bench-{n}").into(), ..models[n % models.len()].clone() };
    pack.sensors.extend((0..N_SENSORS.saturating_sub(models.len())).map(sensor));
    let now = Timestamp(1_790_000_000_000);
    let mut city = City::found(&pack, Realm::Actual);
    let mut seq = 0;
    for n in 1..=n_cases {
        let reported_at = now.plus_mins(-(YEAR_MINS * (n_cases - n) as i64 / n_cases.max(1) as i64) - 1);
        report(&mut city, &pack, &mut seq, n, reported_at)?;
        if n % OPEN_ONE_IN != 0 {
            let closed_at = reported_at.plus_mins(30 + (n % 300) as i64).min(now);
            take(
                &mut city,
                &mut seq,
                closed_at,
                Event::CaseAdvanced { case: CaseId(n), stage: CaseStage::Closed, at: closed_at },
            )?;
        }
    }
    let mut readings = Readings::for_city(&city);
    let n_sensors = city.sensors.len();
    for handle in 0..n_sensors as u32 {
        readings.gauges.put(handle, (handle % 50) as f32, now);
    }

    let started = Instant::now();
    let mut engine = Engine::new(definitions.clone(), &city, &readings, now);
    let cold_s = started.elapsed().as_secs_f64();

    let (mut of_records, mut of_readings, mut of_time, mut ticks) = (0.0, 0.0, 0.0, Vec::new());
    let (mut n_records, mut n_changed) = (0u64, 0usize);
    let handles: Vec<u32> = (0..n_sensors as u32).collect();
    for tick in 1..=N_TICKS {
        let at = Timestamp(now.0 + TICK_MS * tick as i64);
        let mut records = Vec::new();
        for i in 0..RECORDS_A_TICK as u64 {
            let n = n_cases + 1 + (tick as u64 - 1) * RECORDS_A_TICK as u64 + i;
            records.push(report(&mut city, &pack, &mut seq, n, at)?);
        }
        // Half of the sensors each tick: 100,000 readings a second.
        let some = &handles[n_sensors / 2 * (tick % 2)..][..n_sensors / 2];
        for it in some {
            readings.gauges.put(*it, ((*it as usize + tick) % 50) as f32, at);
        }
        let revision = engine.changed_since(0).0;
        let begun = Instant::now();
        for it in &records {
            if engine.apply(it, &city, &readings) != Applied::Advanced {
                return Err(failed(format!("record {} was not counted", it.seq)));
            }
        }
        let records_s = begun.elapsed().as_secs_f64();
        engine.apply_readings(&city, &readings, some, at);
        let readings_s = begun.elapsed().as_secs_f64() - records_s;
        engine.advance(at);
        n_changed += engine.changed_since(revision).1.len();
        let all_s = begun.elapsed().as_secs_f64();
        n_records += records.len() as u64;
        of_records += records_s;
        of_readings += readings_s;
        of_time += all_s - records_s - readings_s;
        ticks.push(all_s * 1000.0);
    }
    ticks.sort_by(f64::total_cmp);
    let p99 = ticks[(ticks.len() * 99).div_ceil(100) - 1];
    let n_readings = (n_sensors / 2 * N_TICKS) as f64;
    // Nothing was lost on the way.
    let again = Engine::with_history(definitions, &city, &readings, engine.now(), engine.history().clone());
    let is_same = |key: &_| engine.figure(key).map(|it| it.value) == again.figure(key).map(|it| it.value);
    let n_other = again.figures().filter(|it| !is_same(&it.key)).count();
    drop(again);
    let exported = export(&engine, &city, &readings)?;
    Ok(json!({
        "bench": "indicators",
        "load": format!("{n_cases} cases of a year, {n_sensors} sensors; {} readings and {} records a second, counted every {TICK_MS} ms", n_sensors, RECORDS_A_TICK * 2),
        "definitions": engine.definitions().all.len(), "figures": engine.n_figures(),
        "cold_s": cold_s,
        "tick_ms": { "median": ticks[ticks.len() / 2], "p99": p99 },
        "age_ms_p99": TICK_MS as f64 + p99,
        "us_per_record": of_records * 1e6 / n_records as f64,
        "us_per_reading": of_readings * 1e6 / n_readings,
        "ms_per_tick_of_time": of_time * 1000.0 / N_TICKS as f64,
        "figures_changed_per_tick": n_changed as f64 / N_TICKS as f64,
        "figures_other_than_counted_anew": n_other,
        "export": exported,
        "budget": { "cold_s": 10.0, "age_ms_p99": 1000.0 },
        "profile": profile(),
    }))
}

/// The largest figure's rows: how long the engine is asked for them, and files of very many.
fn export(engine: &Engine, city: &City, readings: &Readings) -> Result<Value, BenchError> {
    let failed = |why: String| BenchError::Load(why);
    let n = |it: &Figure| it.n;
    let largest = engine.figures().max_by_key(n).ok_or_else(|| failed("there is no figure".into()))?;
    let begun = Instant::now();
    let ids = engine.beneath(&largest.key);
    let beneath_s = begun.elapsed().as_secs_f64();
    if ids.is_empty() {
        return Err(failed(format!("nothing is beneath {}", largest.key)));
    }
    let mut files = serde_json::Map::new();
    for (name, form) in [("csv", Form::Csv), ("parquet", Form::Parquet)] {
        let before = resident_mb().unwrap_or(0.0);
        let mut to = Discarded { n_bytes: 0, most_mb: before };
        let mut rows = Again { city, readings, ids: &ids, given: 0 };
        let begun = Instant::now();
        write(form, "bench", &mut rows, &mut to)?;
        let told = json!({
            "s": begun.elapsed().as_secs_f64(), "mb": to.n_bytes / 1_000_000, "rows": rows.given,
            "memory_mb_more_at_most": to.most_mb - before,
        });
        files.insert(name.into(), told);
    }
    Ok(json!({ "figure": largest.key.to_string(), "rows_beneath": ids.len(), "beneath_s": beneath_s, "files": files }))
}

/// The same rows over and over, up to [`N_EXPORTED`].
struct Again<'a> {
    city: &'a City,
    readings: &'a Readings,
    ids: &'a [RowId],
    given: usize,
}

impl Portions for Again<'_> {
    fn portion(&mut self, most: usize) -> Vec<Beneath> {
        let n = most.min(N_EXPORTED - self.given);
        let ids = self.ids.iter().cycle().skip(self.given % self.ids.len()).take(n);
        self.given += n;
        ids.map(|id| describe(self.city, self.readings, id.clone())).collect()
    }
}

/// A reader that takes everything, and looks at the memory held meanwhile.
struct Discarded {
    n_bytes: u64,
    most_mb: f64,
}

impl Write for Discarded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        const LOOK_EVERY: u64 = 16_000_000;
        if self.n_bytes / LOOK_EVERY != (self.n_bytes + bytes.len() as u64) / LOOK_EVERY {
            self.most_mb = self.most_mb.max(resident_mb().unwrap_or(0.0));
        }
        self.n_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn report(city: &mut City, pack: &Pack, seq: &mut u64, n: u64, at: Timestamp) -> Result<Record, BenchError> {
    const TITLES: [&str; 6] = ["道路积水", "占道堆物", "暴露垃圾", "井盖破损", "路灯不亮", "夜间噪音"];
    let report = CaseReport {
        external: n.to_string().into(),
        platform: "yunguanfu".into(),
        kind: if n.is_multiple_of(3) { CaseKind::Part } else { CaseKind::Event },
        title: TITLES[n as usize % TITLES.len()].into(),
        address: "湖滨南路".into(),
        at: pack.districts[n as usize % pack.districts.len()].center,
        district: pack.districts[n as usize % pack.districts.len()].id.clone(),
        agency: pack.agencies[n as usize % pack.agencies.len()].id.clone(),
        color: WarningColor::ALL[n as usize % 4],
        reported_at: at,
        due_at: at.plus_mins(240),
    };
    take(city, seq, at, Event::CaseReported { case: CaseId(n), report })
}

fn take(city: &mut City, seq: &mut u64, at: Timestamp, event: Event) -> Result<Record, BenchError> {
    *seq += 1;
    let record = Record { seq: *seq, at, source: Source::Hub, event };
    match city.apply(&record) {
        Applied::Advanced => Ok(record),
        other => Err(BenchError::Load(format!("record {seq} was not applied: {other:?}"))),
    }
}
