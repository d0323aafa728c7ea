//! How large the sheets of an .xls say they are, asked before its reader believes them.
//!
//! calamine 0.38 allocates the whole rectangle that a sheet's farthest cells span, and what the sheet says of its own
//! dimensions: 7 kB can ask for 170 GB, and an allocation that fails ends the process, which no error can be made of. So the
//! records are walked here first, as it will walk them and for their kinds and positions alone. Kinds and layouts: [MS-XLS] 2.4.

use crate::IntakeError;
use std::io::{Cursor, Read};

/// What the format can hold ([MS-XLS] 2.2.3): rows, columns.
const MAX_SHEET: (usize, usize) = (65_536, 256);
/// Cells of the rectangles of all sheets, some 40 bytes each in calamine.
const MAX_CELLS: usize = 10_000_000;
const MAX_SHEETS: usize = 1_000;

const END_OF_FILE: u16 = 0x000A;
const BOUND_SHEET: u16 = 0x0085;
const BEGIN_OF_FILE: u16 = 0x0809;
const DIMENSIONS: u16 = 0x0200;
const MULTIPLE_RK: u16 = 0x00BD;
/// Formula, LabelSst, RString, Number, Label, BoolErr, RK: a row and a column first.
const CELLS: [u16; 7] = [0x0006, 0x00FD, 0x00D6, 0x0203, 0x0204, 0x0205, 0x027E];

/// Refuses a workbook whose sheets span more than a register ever would.
pub fn check(bytes: &[u8]) -> Result<(), IntakeError> {
    let damaged = |why: std::io::Error| IntakeError::Workbook(format!("内容损坏（{why}）"));
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(damaged)?;
    let mut workbook = Vec::new();
    let mut stream = match file.open_stream("Workbook") {
        Ok(stream) => stream,
        Err(_) => file.open_stream("Book").map_err(damaged)?,
    };
    stream.read_to_end(&mut workbook).map_err(damaged)?;

    let of_workbook = records(&workbook).take_while(|it| it.kind != END_OF_FILE);
    let sheets: Vec<usize> = of_workbook.filter(|it| it.kind == BOUND_SHEET).filter_map(|it| it.u32_at(0)).collect();
    if sheets.len() > MAX_SHEETS {
        return Err(IntakeError::Workbook(format!("有 {} 个工作表", sheets.len())));
    }
    let mut n_cells = 0;
    for from in sheets {
        n_cells += n_cells_of(workbook.get(from..).unwrap_or_default())?;
        if n_cells > MAX_CELLS {
            return Err(IntakeError::Workbook("有单元格远在表格之外，范围太大".into()));
        }
    }
    Ok(())
}

/// Of the rectangle that a sheet's cells span.
fn n_cells_of(sheet: &[u8]) -> Result<usize, IntakeError> {
    // Charts in a sheet are substreams of their own, and not read.
    let (mut is_begun, mut depth) = (false, 0);
    let mut span: Option<[usize; 4]> = None;
    for record in records(sheet) {
        match record.kind {
            BEGIN_OF_FILE if is_begun => depth += 1,
            BEGIN_OF_FILE => is_begun = true,
            END_OF_FILE if depth == 0 => break,
            END_OF_FILE => depth -= 1,
            _ if depth > 0 => {}
            DIMENSIONS if !record.are_dimensions_sane() => {
                return Err(IntakeError::Workbook("内容损坏（工作表的大小不可能）".into()));
            }
            kind if kind == MULTIPLE_RK || CELLS.contains(&kind) => {
                let Some((row, column)) = record.u16_at(0).zip(record.u16_at(2)) else { continue };
                // So many figures of six bytes, between row and first column and the last column.
                let n = if kind == MULTIPLE_RK { record.data.len().saturating_sub(6) / 6 } else { 1 };
                let last = column + n.max(1) - 1;
                let [top, left, bottom, right] = span.unwrap_or([row, column, row, last]);
                span = Some([top.min(row), left.min(column), bottom.max(row), right.max(last)]);
            }
            _ => {}
        }
    }
    let Some([top, left, bottom, right]) = span else { return Ok(0) };
    if right >= MAX_SHEET.1 {
        return Err(IntakeError::Workbook("内容损坏（列号不可能）".into()));
    }
    Ok((bottom - top + 1) * (right - left + 1))
}

struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

fn records(mut stream: &[u8]) -> impl Iterator<Item = Record<'_>> {
    std::iter::from_fn(move || {
        let (head, rest) = stream.split_first_chunk::<4>()?;
        let (data, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([head[2], head[3]])))?;
        stream = rest;
        Some(Record { kind: u16::from_le_bytes([head[0], head[1]]), data })
    })
}

impl Record<'_> {
    fn u16_at(&self, at: usize) -> Option<usize> {
        let bytes = self.data.get(at..)?.first_chunk::<2>()?;
        Some(usize::from(u16::from_le_bytes(*bytes)))
    }

    fn u32_at(&self, at: usize) -> Option<usize> {
        let bytes = self.data.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes) as usize)
    }

    /// First row and column and the ones behind the last; rows are wider from BIFF8 on.
    fn are_dimensions_sane(&self) -> bool {
        let (first_row, end_row, end_column) = match self.data.len() {
            10 => (self.u16_at(0), self.u16_at(2), self.u16_at(6)),
            _ => (self.u32_at(0), self.u32_at(4), self.u16_at(10)),
        };
        let is_row_sane = first_row.zip(end_row).is_none_or(|(first, end)| first <= end && end <= MAX_SHEET.0);
        is_row_sane && end_column.is_none_or(|it| it <= MAX_SHEET.1)
    }
}
