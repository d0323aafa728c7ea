//! All rows beneath a figure as a file: CSV for office programs, Parquet for analysts.
//!
//! Written as it is fetched, some thousand rows at a time: a file of millions never lies whole in memory, the city is held for
//! one portion only, and a reader who goes away ends it. The rows are those of the moment it was asked for; how each stands is
//! of the moment it is written. Must not know: any route.

use super::beneath::{Beneath, describe};
use crate::core::Core;
use axum::body::{Body, Bytes};
use futures_util::stream;
use gulang_city::{
    Timestamp,
    indicators::{FigureKey, RowId},
};
use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, Int64Type},
    errors::ParquetError,
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use std::{
    io::{self, Write},
    sync::Arc,
};
use tokio::sync::mpsc;

/// Rows described while the city is held.
const PORTION: usize = 2_000;
/// Rows of a group of Parquet.
const GROUP: usize = 65_536;
/// Bytes sent at once, about.
const PIECE: usize = 64 * 1024;
/// Pieces on the way to a slow reader.
const WAITING: usize = 4;

const SCHEMA: &str = "message rows {
    REQUIRED BYTE_ARRAY kind (STRING);
    REQUIRED BYTE_ARRAY number (STRING);
    REQUIRED BYTE_ARRAY name (STRING);
    REQUIRED BYTE_ARRAY words (STRING);
    OPTIONAL INT64 at (TIMESTAMP(MILLIS,true));
}";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Csv,
    Parquet,
}

impl Form {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// The file as a body that is written while it is read. `title` says of what it is.
pub fn body(core: Arc<Core>, key: FigureKey, title: String, form: Form, limit: usize) -> Body {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut rows = Rows::of(core, &key, limit);
        let mut to = Pieces { sender, piece: Vec::with_capacity(PIECE) };
        // The reader has gone, or is told why there is no more.
        if let Err(why) = write(form, &title, &mut rows, &mut to).and_then(|()| to.flush()) {
            let _ = to.sender.blocking_send(Err(why));
        }
    });
    Body::from_stream(stream::unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) }))
}

/// Where rows come from.
pub(crate) trait Portions {
    /// So many at most; none at the end.
    fn portion(&mut self, most: usize) -> Vec<Beneath>;
}

/// A whole file.
pub(crate) fn write(form: Form, title: &str, rows: &mut impl Portions, to: &mut (impl Write + Send)) -> io::Result<()> {
    match form {
        Form::Csv => write_csv(title, rows, to),
        Form::Parquet => write_parquet(title, rows, to),
    }
}

/// What is beneath a figure, a portion at a time.
struct Rows {
    core: Arc<Core>,
    ids: std::vec::IntoIter<RowId>,
}

impl Rows {
    fn of(core: Arc<Core>, key: &FigureKey, limit: usize) -> Self {
        let mut ids = core.indicators.beneath(key);
        ids.truncate(limit);
        Self { core, ids: ids.into_iter() }
    }
}

impl Portions for Rows {
    fn portion(&mut self, most: usize) -> Vec<Beneath> {
        let ids: Vec<RowId> = self.ids.by_ref().take(most).collect();
        if ids.is_empty() {
            return Vec::new();
        }
        let readings = self.core.lane().readings.clone();
        let city = self.core.city();
        ids.into_iter().map(|id| describe(&city, &readings, id)).collect()
    }
}

/// Bytes on their way to the reader.
struct Pieces {
    sender: mpsc::Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.sender.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

fn write_csv(title: &str, rows: &mut impl Portions, to: &mut impl Write) -> io::Result<()> {
    // Without the mark office programs take it for GBK.
    to.write_all(b"\xEF\xBB\xBF")?;
    let mut csv = csv::WriterBuilder::new().flexible(true).from_writer(to);
    csv.write_record([title])?;
    csv.write_record(["类别", "编号", "名称", "情况", "时间"])?;
    loop {
        let portion = rows.portion(PORTION);
        if portion.is_empty() {
            return csv.flush();
        }
        for it in portion {
            let at = it.at_ms.map(|ms| Timestamp(ms).to_beijing_text()).unwrap_or_default();
            csv.write_record([it.kind, &it.number, &it.name, &it.words, &at])?;
        }
    }
}

fn write_parquet(title: &str, rows: &mut impl Portions, to: &mut (impl Write + Send)) -> io::Result<()> {
    fn failed(why: ParquetError) -> io::Error {
        io::Error::other(why)
    }
    let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
    let of = vec![KeyValue::new("title".to_owned(), title.to_owned())];
    let properties =
        WriterProperties::builder().set_compression(Compression::SNAPPY).set_key_value_metadata(Some(of)).build();
    let mut writer = SerializedFileWriter::new(to, schema, Arc::new(properties)).map_err(failed)?;
    loop {
        let mut group: Vec<Beneath> = Vec::new();
        while group.len() < GROUP {
            let portion = rows.portion(PORTION);
            if portion.is_empty() {
                break;
            }
            group.extend(portion);
        }
        if group.is_empty() {
            return writer.close().map(drop).map_err(failed);
        }
        write_group(&mut writer, &group).map_err(failed)?;
    }
}

fn write_group<W: Write + Send>(writer: &mut SerializedFileWriter<W>, rows: &[Beneath]) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    let texts: [&dyn Fn(&Beneath) -> ByteArray; 4] =
        [&|it| it.kind.into(), &|it| it.number.as_str().into(), &|it| (&*it.name).into(), &|it| {
            it.words.as_str().into()
        }];
    for of in texts {
        if let Some(mut column) = group.next_column()? {
            let values: Vec<ByteArray> = rows.iter().map(of).collect();
            column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            column.close()?;
        }
    }
    if let Some(mut column) = group.next_column()? {
        let values: Vec<i64> = rows.iter().filter_map(|it| it.at_ms).collect();
        let is_there: Vec<i16> = rows.iter().map(|it| i16::from(it.at_ms.is_some())).collect();
        column.typed::<Int64Type>().write_batch(&values, Some(&is_there), None)?;
        column.close()?;
    }
    group.close().map(drop)
}
