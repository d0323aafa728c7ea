//! Spreadsheets: every sheet as a table, merged cells filled in, serial dates as dates.

use crate::{IntakeError, MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED_BYTES, Row, Table, tidy::tidy, xls_extent};
use calamine::{Cell, Data, DataRef, Dimensions, Reader, Sheets};
use std::{
    fmt::Display,
    io::{Cursor, Write},
};

/// Cells a merged range may fill: more is somebody's formatting of whole columns.
const MAX_MERGED_CELLS: u64 = 200_000;

pub fn read(bytes: &[u8]) -> Result<Vec<Table>, IntakeError> {
    let merges = if bytes.starts_with(b"PK") {
        check_unpacked(bytes)?
    } else {
        xls_extent::check(bytes)?;
        true
    };
    // calamine 0.38 indexes by what a damaged .xls says of itself. It holds nothing but these bytes, so nothing is left
    // half-done; and a damaged file must not end whoever reads it.
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sheets(bytes, merges)));
    read.unwrap_or_else(|_| Err(IntakeError::Workbook("内容损坏".into())))
}

/// `merges`: some sheet may have merged cells; asking for them reads a whole sheet again.
fn sheets(bytes: &[u8], merges: bool) -> Result<Vec<Table>, IntakeError> {
    let failed = |why: calamine::Error| IntakeError::Workbook(why.to_string());
    let mut book = calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(failed)?;
    let mut tables = Vec::new();
    for name in book.sheet_names() {
        let (mut rows, merged) = match &mut book {
            // Cell by cell: a range would be as large as its two farthest cells say.
            Sheets::Xlsx(book) => {
                let merged = if merges { book.merge_cells_by_sheet_name(&name) } else { Ok(Vec::new()) };
                let mut reader = book.worksheet_cells_reader(&name).map_err(|why| failed(why.into()))?;
                (streamed(|| reader.next_cell())?, merged.unwrap_or_default())
            }
            Sheets::Xlsb(book) => {
                let mut reader = book.worksheet_cells_reader(&name).map_err(|why| failed(why.into()))?;
                (streamed(|| reader.next_cell())?, Vec::new())
            }
            other => {
                let merged = match other {
                    Sheets::Xls(book) => book.merge_cells_by_sheet_name(&name).unwrap_or_default(),
                    _ => Vec::new(),
                };
                let range = other.worksheet_range(&name).map_err(failed)?;
                (of_range(&range)?, merged)
            }
        };
        fill_merged(&mut rows, &merged);
        rows.retain(|row| row.cells.iter().any(|it| !it.is_empty()));
        if !rows.is_empty() {
            tables.push(Table { sheet: Some(name), rows, ..Table::default() });
        }
    }
    Ok(tables)
}

/// What the archive really unpacks to, whatever it says; and whether some sheet in it may have merged cells.
fn check_unpacked(bytes: &[u8]) -> Result<bool, IntakeError> {
    let failed = |why: String| IntakeError::Workbook(why);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|why| failed(why.to_string()))?;
    let (mut n_bytes, mut sought) = (0, Sought::default());
    for i in 0..archive.len() {
        let file = archive.by_index(i).map_err(|why| failed(why.to_string()))?;
        let mut limited = std::io::Read::take(file, MAX_UNPACKED_BYTES);
        n_bytes += std::io::copy(&mut limited, &mut sought).map_err(|why| failed(why.to_string()))?;
        if n_bytes >= MAX_UNPACKED_BYTES {
            return Err(IntakeError::Bomb);
        }
    }
    Ok(sought.is_found)
}

/// Looks for `mergeCell` in what is written to it, and keeps nothing but the end of the last piece.
#[derive(Default)]
struct Sought {
    is_found: bool,
    /// What the next piece may complete.
    tail: Vec<u8>,
}

impl Sought {
    const BEFORE: &[u8] = b"merge";

    fn holds(bytes: &[u8]) -> bool {
        bytes.iter().enumerate().any(|(i, it)| *it == b'C' && bytes[..i].ends_with(Self::BEFORE))
    }
}

impl Write for Sought {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        if !self.is_found {
            let (first, rest) = piece.split_at(piece.len().min(Self::BEFORE.len() + 1));
            self.tail.extend(first);
            self.is_found = Self::holds(&self.tail) || Self::holds(piece);
            self.tail.extend(&rest[rest.len().saturating_sub(Self::BEFORE.len())..]);
            self.tail.drain(..self.tail.len().saturating_sub(Self::BEFORE.len()));
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn streamed<'a, E: Display>(
    mut next: impl FnMut() -> Result<Option<Cell<DataRef<'a>>>, E>,
) -> Result<Vec<Row>, IntakeError> {
    let mut rows: Vec<Row> = Vec::new();
    while let Some(cell) = next().map_err(|why| IntakeError::Workbook(why.to_string()))? {
        let (row, column) = cell.get_position();
        let column = column as usize;
        let number = row as usize + 1;
        if column >= MAX_COLUMNS {
            continue;
        }
        let text = match cell.get_value() {
            DataRef::String(text) => tidy(text),
            DataRef::SharedString(text) => tidy(text),
            other => text_of(&Data::from(other.clone())),
        };
        if text.is_empty() {
            continue;
        }
        if rows.last().is_none_or(|it| it.number != number) {
            if rows.len() == MAX_ROWS {
                return Err(IntakeError::TooManyRows);
            }
            let width = rows.last().map_or(0, |it| it.cells.len());
            rows.push(Row { number, cells: Vec::with_capacity(width), at: None });
        }
        if let Some(row) = rows.last_mut() {
            if row.cells.len() <= column {
                row.cells.resize(column + 1, String::new());
            }
            row.cells[column] = text;
        }
    }
    Ok(rows)
}

fn of_range(range: &calamine::Range<Data>) -> Result<Vec<Row>, IntakeError> {
    let (top, left) = range.start().map_or((0, 0), |(row, column)| (row as usize, column as usize));
    if range.height() > MAX_ROWS {
        return Err(IntakeError::TooManyRows);
    }
    let rows = range.rows().enumerate().map(|(i, cells)| {
        let mut texts = vec![String::new(); left.min(MAX_COLUMNS)];
        texts.extend(cells.iter().take(MAX_COLUMNS - texts.len()).map(text_of));
        Row { number: top + i + 1, cells: texts, at: None }
    });
    Ok(rows.collect())
}

/// The words of a merged range stand in each of its cells, downwards only: side by side they are a title.
fn fill_merged(rows: &mut [Row], merged: &[Dimensions]) {
    for it in merged.iter().filter(|it| it.end.0 > it.start.0 && it.len() <= MAX_MERGED_CELLS) {
        let column = it.start.1 as usize;
        let place = |rows: &[Row], number: u32| rows.binary_search_by_key(&(number as usize + 1), |row| row.number);
        let Ok(first) = place(rows, it.start.0) else { continue };
        let Some(text) = rows[first].cells.get(column).filter(|it| !it.is_empty()).cloned() else { continue };
        for number in it.start.0 + 1..=it.end.0 {
            // A row that holds nothing else stays empty: nothing is listed there.
            let Ok(i) = place(rows, number) else { continue };
            let cells = &mut rows[i].cells;
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            if cells[column].is_empty() {
                cells[column].clone_from(&text);
            }
        }
    }
}

fn text_of(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        // Spreadsheets keep 12 as 12.0.
        Data::Float(it) if it.fract() == 0.0 && it.abs() < 1e15 => format!("{it:.0}"),
        Data::Bool(it) => if *it { "是" } else { "否" }.to_owned(),
        Data::DateTime(it) if it.is_datetime() => {
            let (y, m, d, h, min, ..) = it.to_ymd_hms_milli();
            let day = format!("{y:04}-{m:02}-{d:02}");
            if it.as_f64().fract() == 0.0 { day } else { format!("{day} {h:02}:{min:02}") }
        }
        Data::String(text) => tidy(text),
        Data::Int(_) | Data::Float(_) => cell.to_string(),
        other => tidy(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_cells_are_noticed_however_the_bytes_come() {
        let has = |text: &str, n: usize| {
            let mut sought = Sought::default();
            for piece in text.as_bytes().chunks(n) {
                assert_eq!(sought.write(piece).expect("taken"), piece.len());
            }
            sought.is_found
        };
        for n in 1..40 {
            assert!(has(r#"</sheetData><x:mergeCells count="1"><x:mergeCell ref="A1:C1"/>"#, n), "in pieces of {n}");
            assert!(!has(r#"<c r="C1"/></sheetData><merge Cells="1"/>merg"#, n), "in pieces of {n}");
        }
    }
}
