//! Readings to Parquet segments, written as the hub runs: `readings-<first ms>.parquet` beside the log, one row per reading
//! (`lane` 0 sensor, 1 team, 2 drone; `handle` indexes the lists in `readings-handles.json`).
//!
//! A segment is closed after a million rows or ten minutes. A killed hub loses the segment it was writing, by design:
//! readings are the lossy lane.

use gulang_city::{City, Fix, Timestamp};
use parquet::{
    basic::Compression,
    data_type::{DoubleType, FloatType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

const SCHEMA: &str = "message readings {
    REQUIRED INT64 at (TIMESTAMP(MILLIS,true));
    REQUIRED INT32 lane;
    REQUIRED INT32 handle;
    REQUIRED FLOAT value;
    REQUIRED DOUBLE lon;
    REQUIRED DOUBLE lat;
    REQUIRED FLOAT height;
    REQUIRED FLOAT heading;
    REQUIRED FLOAT speed;
    REQUIRED FLOAT battery;
    REQUIRED INT32 mode;
}";
const ROWS_PER_GROUP: usize = 65_536;
const ROWS_PER_SEGMENT: usize = 1_000_000;
const SEGMENT_TIME: Duration = Duration::from_secs(600);

/// One reading as written. `value` is a gauge's; a fix has NaN there, a gauge has NaN for the rest and mode 0.
///
/// Segments written before `battery` and `mode` were recorded lack the two; they read as unknown and standby.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub(crate) at: i64,
    pub(crate) lane: i32,
    pub(crate) handle: i32,
    pub(crate) value: f32,
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    pub(crate) height: f32,
    pub(crate) heading: f32,
    pub(crate) speed: f32,
    pub(crate) battery: f32,
    pub(crate) mode: i32,
}

impl Row {
    pub fn gauge(handle: u32, value: f32, at: Timestamp) -> Self {
        let (lon, lat, nan) = (f64::NAN, f64::NAN, f32::NAN);
        let (handle, lane, mode) = (handle as i32, 0, 0);
        Self { at: at.0, lane, handle, value, lon, lat, height: nan, heading: nan, speed: nan, battery: nan, mode }
    }

    pub fn fix(lane: i32, handle: u32, fix: &Fix) -> Self {
        let &Fix { lon, lat, height, heading, speed, battery, mode, at } = fix;
        let (handle, value, mode) = (handle as i32, f32::NAN, i32::from(mode));
        Self { at: at.0, lane, handle, value, lon, lat, height, heading, speed, battery, mode }
    }
}

/// The writing thread; ends, and closes its segment, when every sender is gone.
#[derive(Debug)]
pub struct Recorder {
    pub sender: SyncSender<Vec<Row>>,
    pub thread: JoinHandle<()>,
}

/// Which id each handle is; written anew when a register grows, and then says the same of the handles before.
pub fn write_handles(dir: &Path, city: &City) -> std::io::Result<()> {
    let handles = serde_json::json!({
        "sensors": city.sensors.keys().map(|it| it.as_str()).collect::<Vec<_>>(),
        "teams": city.teams.keys().map(|it| it.as_str()).collect::<Vec<_>>(),
        "drones": city.drones.keys().map(|it| it.as_str()).collect::<Vec<_>>(),
    });
    std::fs::write(dir.join("readings-handles.json"), handles.to_string())
}

/// Starts recording a city's readings into `dir`.
pub fn record_into(dir: &Path, city: &City) -> std::io::Result<Recorder> {
    write_handles(dir, city)?;
    remove_unfinished(dir)?;
    let dir = dir.to_owned();
    let (sender, receiver) = sync_channel::<Vec<Row>>(256);
    let thread = std::thread::Builder::new().name("readings".into()).spawn(move || {
        let mut rows: Vec<Row> = Vec::new();
        let mut segment: Option<Segment> = None;
        loop {
            let received = receiver.recv_timeout(Duration::from_secs(5));
            let is_over = matches!(received, Err(RecvTimeoutError::Disconnected));
            rows.extend(received.unwrap_or_default());
            let is_old = segment.as_ref().is_some_and(Segment::is_full);
            if rows.len() >= ROWS_PER_GROUP || ((is_over || is_old) && !rows.is_empty()) {
                if let Err(error) = write(&dir, &mut segment, &rows) {
                    tracing::warn!(%error, "readings could not be recorded");
                    segment = None;
                }
                rows.clear();
            }
            if (is_over || segment.as_ref().is_some_and(Segment::is_full))
                && let Some(Err(error)) = segment.take().map(Segment::close)
            {
                tracing::warn!(%error, "a segment of readings could not be closed");
            }
            if is_over {
                return;
            }
        }
    })?;
    Ok(Recorder { sender, thread })
}

/// A segment that a kill cut short has no footer; nothing can read it, and it would only fill the disk.
fn remove_unfinished(dir: &Path) -> std::io::Result<()> {
    for path in std::fs::read_dir(dir)?.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|it| it == "part") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

struct Segment {
    writer: SerializedFileWriter<File>,
    n_rows: usize,
    since: Instant,
    /// Named `.part` until it is whole.
    part: PathBuf,
    whole: PathBuf,
}

impl Segment {
    fn create(dir: &Path, first_ms: i64) -> Result<Self, ParquetError> {
        let whole = dir.join(format!("readings-{first_ms}.parquet"));
        let part = whole.with_extension("part");
        let schema = Arc::new(parse_message_type(SCHEMA)?);
        let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
        let writer = SerializedFileWriter::new(File::create(&part)?, schema, properties)?;
        Ok(Self { writer, n_rows: 0, since: Instant::now(), part, whole })
    }

    fn is_full(&self) -> bool {
        self.n_rows >= ROWS_PER_SEGMENT || self.since.elapsed() >= SEGMENT_TIME
    }

    fn close(self) -> Result<(), ParquetError> {
        self.writer.close()?;
        Ok(std::fs::rename(&self.part, &self.whole)?)
    }
}

fn write(dir: &Path, segment: &mut Option<Segment>, rows: &[Row]) -> Result<(), ParquetError> {
    let segment = match segment {
        Some(segment) => segment,
        none => none.insert(Segment::create(dir, rows.first().map_or(0, |row| row.at))?),
    };
    let mut group = segment.writer.next_row_group()?;
    macro_rules! column {
        ($kind:ty, $field:ident) => {
            if let Some(mut column) = group.next_column()? {
                let values: Vec<_> = rows.iter().map(|row| row.$field).collect();
                column.typed::<$kind>().write_batch(&values, None, None)?;
                column.close()?;
            }
        };
    }
    column!(Int64Type, at);
    column!(Int32Type, lane);
    column!(Int32Type, handle);
    column!(FloatType, value);
    column!(DoubleType, lon);
    column!(DoubleType, lat);
    column!(FloatType, height);
    column!(FloatType, heading);
    column!(FloatType, speed);
    column!(FloatType, battery);
    column!(Int32Type, mode);
    group.close()?;
    segment.n_rows += rows.len();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::{Realm, tiny_pack};
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn readings_can_be_read_back_and_what_a_kill_left_is_gone() -> Result<(), Box<dyn std::error::Error>> {
        let dir = tempfile::tempdir()?;
        let left = dir.path().join("readings-7.part");
        std::fs::write(&left, b"PAR1 and no end")?;
        let recorder = record_into(dir.path(), &City::found(&tiny_pack(), Realm::Actual))?;
        assert!(!left.exists());
        recorder.sender.send((0..5).map(|n| Row::gauge(n, 0.5, Timestamp(1_000 + i64::from(n)))).collect())?;
        drop(recorder.sender);
        recorder.thread.join().map_err(|_| "the recorder fell")?;

        let segment = SerializedFileReader::new(File::open(dir.path().join("readings-1000.parquet"))?)?;
        assert_eq!(segment.metadata().file_metadata().num_rows(), 5);
        Ok(())
    }
}
