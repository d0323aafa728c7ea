//! Files people have, made into a city's registers: spreadsheets and maps, headers guessed, every refused row named.
//!
//! [`read`] turns a file's bytes into [`Table`]s, whatever kind of file it is: a map's features are rows with a place.
//! [`preview`] takes one table as a [`gulang_city::RegisterKind`] and says what each column is taken for, which rows are
//! accepted and as what, which are refused and why, and what would change; [`Intake::rows`] is then what
//! `Command::ImportRegister` takes over.
//!
//! Spreadsheets are read by `calamine`, CSV by `csv`, encodings by `encoding_rs`, GeoJSON by `geojson`, FlatGeobuf by
//! `flatgeobuf`, archives by `zip`. A shapefile's two files are read here: of a shape only one place is wanted, and bytes that
//! lie about their lengths must not allocate what they claim.
//!
//! **Invariant:** a file is read whole or not at all; nothing here writes. No network, no clock, no log.
//! **Invariant:** coordinates are never converted unless somebody said from what: a file that looks like GCJ-02 is flagged.

mod crs;
mod delimited;
mod features;
mod fields;
mod header;
mod judge;
pub mod made;
mod preview;
mod shp;
mod tidy;
mod workbook;
mod xls_extent;

pub use crs::Crs;
pub use fields::{Field, LEFT_OUT, fields_of};
pub use header::ColumnGuess;
pub use preview::{Ask, Intake, Preview, Refused, preview};

use gulang_city::LonLat;

/// Larger files are refused before anything is read, bytes.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// An archive (a spreadsheet is one too) may unpack to so much, bytes.
pub const MAX_UNPACKED_BYTES: u64 = 1024 * 1024 * 1024;
/// Rows of a table.
pub const MAX_ROWS: usize = 400_000;
/// Columns beyond this are not looked at.
pub const MAX_COLUMNS: usize = 200;
/// Characters of a cell; what is longer is cut.
pub(crate) const MAX_CELL_CHARS: usize = 2_000;

/// A table of a file: a sheet, a CSV, or a map's features.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The sheet's name, or the layer's.
    pub sheet: Option<String>,
    /// Known for certain, as a map's attributes are; else a row is it, and is looked for.
    pub header: Option<Vec<String>>,
    pub rows: Vec<Row>,
    /// What the file itself says of its coordinates.
    pub crs: Option<Crs>,
    /// What whoever imports it should know: encoding, what was left out.
    pub notes: Vec<String>,
}

/// A row, cells tidied ([`tidy`]): half width, no blanks at the ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// As the spreadsheet counts, from 1; of a map the feature's number.
    pub number: usize,
    pub cells: Vec<String>,
    /// A feature's place, in the file's own coordinates.
    pub at: Option<LonLat>,
}

/// Why nothing of a file could be read.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("文件有 {0} MB，最多 64 MB；请分成几个文件")]
    TooLarge(usize),
    #[error("不认识的文件类型「{0}」；要 .xlsx .xls .ods .csv .tsv .geojson .fgb 或 shapefile 的 .zip")]
    Kind(String),
    #[error("打不开这个表格：{0}；用表格软件打开后另存为 .xlsx 再试")]
    Workbook(String),
    #[error("读不懂这个 CSV 的第 {row} 行：{why}；检查引号是否成对")]
    Csv { row: u64, why: String },
    #[error("读不懂这个 GeoJSON：{0}；要一个 FeatureCollection")]
    GeoJson(String),
    #[error("读不懂这个 FlatGeobuf：{0}；重新导出，或改用 GeoJSON")]
    FlatGeobuf(String),
    #[error("读不懂这个压缩包：{0}；shapefile 的 .shp 与 .dbf 要放在同一个 .zip 里")]
    Archive(String),
    #[error("坐标系用不了：{0}；请先转为 CGCS2000 或 WGS-84 经纬度再导入")]
    Projected(String),
    #[error("文件解开后超过 1 GB，不像是登记册；没有读")]
    Bomb,
    #[error("超过 {MAX_ROWS} 行；请分成几个文件")]
    TooManyRows,
    #[error("文件里没有一行数据")]
    Empty,
    #[error("没有工作表「{0}」")]
    NoSheet(String),
    #[error("没有找到表头：前 {rows} 行里没有一行像「{wanted}」这样的列名；用 --map 指定，或改表头")]
    NoHeader { rows: usize, wanted: &'static str },
    #[error("没有这一列：{0}；--map 要写成 字段=表头，或 字段=#列号")]
    NoColumn(String),
}

/// Everything in a file. `name` tells what kind it is.
pub fn read(name: &str, bytes: &[u8]) -> Result<Vec<Table>, IntakeError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(IntakeError::TooLarge(bytes.len() / 1024 / 1024));
    }
    let ending = name.rsplit_once('.').map_or("", |it| it.1).to_lowercase();
    let tables = match ending.as_str() {
        "xlsx" | "xlsm" | "xls" | "et" | "xlsb" | "ods" => workbook::read(bytes)?,
        "csv" | "tsv" | "txt" => vec![delimited::read(bytes)?],
        "geojson" | "json" => vec![features::read_geojson(bytes)?],
        "fgb" => vec![features::read_flatgeobuf(bytes)?],
        "zip" | "shz" => shp::read_zip(bytes)?,
        _ => return Err(IntakeError::Kind(ending)),
    };
    if tables.iter().all(|it| it.rows.is_empty()) {
        return Err(IntakeError::Empty);
    }
    Ok(tables)
}
