//! Recorded readings read back: what every sensor, team and drone had last said by a moment, and what they said from there on.
//!
//! Segments are found by the first moment in their names and read a row group at a time, so that a year of them costs no more
//! than the minutes looked at. What was never written, the segment being written and what a kill took, is simply not there.

use crate::parquet::Row;
use gulang_city::{Fix, Readings, Timestamp};
use gulang_wire::Columns;
use parquet::{
    column::reader::ColumnReader,
    errors::ParquetError,
    file::{
        reader::{FileReader, RowGroupReader, SerializedFileReader},
        statistics::Statistics,
    },
};
use std::{
    collections::{BTreeSet, VecDeque},
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A segment's first row may be a little later than others in it.
const DISORDER_MS: i64 = 5 * 60_000;
/// Row groups kept decoded: four megabytes each.
const MAX_LOADED: usize = 4;

#[derive(Debug, Default)]
pub struct PastReadings {
    segments: Vec<Segment>,
    /// The one used last at the end.
    loaded: VecDeque<Loaded>,
}

/// A decoded row group, by segment and group.
type Loaded = ((usize, usize), Arc<[Row]>);

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    first_ms: i64,
    /// The first and last moment of each row group; none until it is looked into.
    groups: Option<Vec<(i64, i64)>>,
}

impl PastReadings {
    /// The segments in `dir`.
    pub fn of_log(dir: &Path) -> Self {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut segments: Vec<Segment> = entries
            .filter_map(|path| {
                let name = path.file_name()?.to_str()?;
                let first_ms = name.strip_prefix("readings-")?.strip_suffix(".parquet")?.parse().ok()?;
                Some(Segment { path, first_ms, groups: None })
            })
            .collect();
        segments.sort_by_key(|it| it.first_ms);
        Self { segments, loaded: VecDeque::new() }
    }

    /// Takes what was read after `after` and up to `to` into `readings`; what changed, if anything did.
    pub fn take(&mut self, after: Timestamp, to: Timestamp, readings: &mut Readings) -> Option<Columns> {
        let mut changed = Changed::default();
        for (segment, group) in self.groups_between(after, to) {
            let rows = match self.rows(segment, group) {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(%error, path = %self.segments[segment].path.display(), "past readings are left out");
                    continue;
                }
            };
            let from = rows.partition_point(|row| row.at <= after.0);
            for row in rows[from..].iter().take_while(|row| row.at <= to.0) {
                changed.put(row, readings);
            }
        }
        changed.into_columns(readings)
    }

    fn groups_between(&mut self, after: Timestamp, to: Timestamp) -> Vec<(usize, usize)> {
        // The one that was being filled when `after` came, and with disorder the one before it.
        let from = self.segments.partition_point(|it| it.first_ms <= after.0).saturating_sub(2);
        let until = self.segments.partition_point(|it| it.first_ms <= to.0.saturating_add(DISORDER_MS));
        let mut found = Vec::new();
        for n in from..until {
            let segment = &mut self.segments[n];
            let groups = segment.groups.get_or_insert_with(|| {
                spans(&segment.path).unwrap_or_else(|error| {
                    tracing::warn!(%error, path = %segment.path.display(), "past readings are left out");
                    Vec::new()
                })
            });
            let overlap = groups.iter().enumerate().filter(|(_, (first, last))| *first <= to.0 && *last > after.0);
            found.extend(overlap.map(|(group, _)| (n, group)));
        }
        found
    }

    /// One group's rows, oldest first.
    fn rows(&mut self, segment: usize, group: usize) -> Result<Arc<[Row]>, ParquetError> {
        let key = (segment, group);
        if let Some(at) = self.loaded.iter().position(|(it, _)| *it == key)
            && let Some(found) = self.loaded.remove(at)
        {
            let rows = found.1.clone();
            self.loaded.push_back(found);
            return Ok(rows);
        }
        let file = SerializedFileReader::new(File::open(&self.segments[segment].path)?)?;
        let mut rows = read_rows(file.get_row_group(group)?.as_ref())?;
        rows.sort_by_key(|row| row.at);
        let rows: Arc<[Row]> = rows.into();
        if self.loaded.len() >= MAX_LOADED {
            self.loaded.pop_front();
        }
        self.loaded.push_back((key, rows.clone()));
        Ok(rows)
    }
}

/// Handles that said something new.
#[derive(Default)]
struct Changed {
    gauges: BTreeSet<u32>,
    teams: BTreeSet<u32>,
    drones: BTreeSet<u32>,
}

impl Changed {
    fn put(&mut self, row: &Row, readings: &mut Readings) {
        let Ok(handle) = u32::try_from(row.handle) else { return };
        let at = Timestamp(row.at);
        if row.lane == 0 {
            if readings.gauges.put(handle, row.value, at) {
                self.gauges.insert(handle);
            }
            return;
        }
        let (fixes, changed) = match row.lane {
            1 => (&mut readings.teams, &mut self.teams),
            2 => (&mut readings.drones, &mut self.drones),
            _ => return,
        };
        let &Row { lon, lat, height, heading, speed, battery, mode, .. } = row;
        let mode = u8::try_from(mode).unwrap_or_default();
        if fixes.put(handle, Fix { lon, lat, height, heading, speed, battery, mode, at }) {
            changed.insert(handle);
        }
    }

    fn into_columns(self, readings: &Readings) -> Option<Columns> {
        if self.gauges.is_empty() && self.teams.is_empty() && self.drones.is_empty() {
            return None;
        }
        let gauge = |handle: &u32| readings.gauges.get(*handle as usize).unwrap_or_default();
        Some(Columns {
            gauge_values: self.gauges.iter().map(|it| gauge(it).0).collect(),
            gauge_at: self.gauges.iter().map(|it| gauge(it).1).collect(),
            gauge_handles: self.gauges.into_iter().collect(),
            teams: self.teams.into_iter().filter_map(|it| Some((it, readings.teams.get(it as usize)?))).collect(),
            drones: self.drones.into_iter().filter_map(|it| Some((it, readings.drones.get(it as usize)?))).collect(),
            ..Columns::default()
        })
    }
}

/// The first and last moment of each row group of a segment.
fn spans(path: &Path) -> Result<Vec<(i64, i64)>, ParquetError> {
    let file = SerializedFileReader::new(File::open(path)?)?;
    let groups = file.metadata().row_groups().iter().map(|group| {
        let at = group.columns().iter().find(|it| it.column_descr().name() == "at");
        match at.and_then(|it| it.statistics()) {
            Some(Statistics::Int64(it)) => {
                (it.min_opt().copied().unwrap_or(i64::MIN), it.max_opt().copied().unwrap_or(i64::MAX))
            }
            // It must be looked through to know.
            _ => (i64::MIN, i64::MAX),
        }
    });
    Ok(groups.collect())
}

fn read_rows(group: &dyn RowGroupReader) -> Result<Vec<Row>, ParquetError> {
    let n_rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
    let names: Vec<String> = group.metadata().columns().iter().map(|it| it.column_descr().name().to_owned()).collect();
    // A column that is not there, or is of another kind, is empty.
    macro_rules! column {
        ($kind:ident, $name:literal) => {{
            let mut values = Vec::new();
            if let Some(n) = names.iter().position(|it| it == $name)
                && let ColumnReader::$kind(mut column) = group.get_column_reader(n)?
            {
                column.read_records(n_rows, None, None, &mut values)?;
            }
            values
        }};
    }
    let (at, lane) = (column!(Int64ColumnReader, "at"), column!(Int32ColumnReader, "lane"));
    let (handle, mode) = (column!(Int32ColumnReader, "handle"), column!(Int32ColumnReader, "mode"));
    let (lon, lat) = (column!(DoubleColumnReader, "lon"), column!(DoubleColumnReader, "lat"));
    let (value, height) = (column!(FloatColumnReader, "value"), column!(FloatColumnReader, "height"));
    let (heading, speed) = (column!(FloatColumnReader, "heading"), column!(FloatColumnReader, "speed"));
    let battery = column!(FloatColumnReader, "battery");
    let double = |column: &[f64], n: usize| column.get(n).copied().unwrap_or(f64::NAN);
    let float = |column: &[f32], n: usize| column.get(n).copied().unwrap_or(f32::NAN);
    let n_rows = at.len().min(lane.len()).min(handle.len());
    let row = |n: usize| Row {
        at: at[n],
        lane: lane[n],
        handle: handle[n],
        value: float(&value, n),
        lon: double(&lon, n),
        lat: double(&lat, n),
        height: float(&height, n),
        heading: float(&heading, n),
        speed: float(&speed, n),
        battery: float(&battery, n),
        mode: mode.get(n).copied().unwrap_or_default(),
    };
    Ok((0..n_rows).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parquet::record_into;
    use gulang_city::{City, Realm, tiny_pack};

    #[test]
    fn the_latest_before_a_moment_and_what_came_after_it() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let city = City::found(&tiny_pack(), Realm::Exercise);
        let recorder = record_into(dir.path(), &city)?;
        let fix = |at: i64| Fix {
            lon: 118.1,
            lat: 24.5,
            height: 80.0,
            heading: 90.0,
            speed: 9.0,
            battery: 71.0,
            mode: 5,
            at: Timestamp(at),
        };
        let rows = [
            Row::gauge(0, 1.0, Timestamp(10_000)),
            // Late on its way.
            Row::gauge(0, 3.0, Timestamp(30_000)),
            Row::gauge(0, 2.0, Timestamp(20_000)),
            Row::gauge(1, 9.0, Timestamp(21_000)),
            Row::fix(2, 0, &fix(25_000)),
        ];
        recorder.sender.send(rows.to_vec())?;
        drop(recorder.sender);
        recorder.thread.join().map_err(|_| "the recorder fell")?;

        let mut past = PastReadings::of_log(dir.path());
        let mut readings = Readings::for_city(&city);
        let _ = past.take(Timestamp(0), Timestamp(20_500), &mut readings);
        assert_eq!(readings.gauges.get(0), Some((2.0, Timestamp(20_000))));
        assert_eq!((readings.gauges.get(1), readings.drones.get(0)), (None, None), "not yet");

        let columns = past.take(Timestamp(20_500), Timestamp(60_000), &mut readings).ok_or("nothing changed")?;
        assert_eq!((columns.gauge_handles, columns.gauge_values), (vec![0, 1], vec![3.0, 9.0]));
        assert_eq!(columns.drones, [(0, fix(25_000))]);
        assert_eq!(past.take(Timestamp(60_000), Timestamp(90_000), &mut readings), None);
        Ok(())
    }
}
