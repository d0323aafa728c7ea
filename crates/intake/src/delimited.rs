//! CSV and its like: which encoding and which delimiter is seen from the bytes.

use crate::{IntakeError, MAX_COLUMNS, MAX_ROWS, Row, Table, tidy::tidy};
use std::borrow::Cow;

/// Lines looked at for the delimiter.
const LINES_SEEN: usize = 20;

pub fn read(bytes: &[u8]) -> Result<Table, IntakeError> {
    let (text, encoding) = decode(bytes);
    let delimiter = delimiter(&text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut table =
        Table { notes: vec![format!("编码 {encoding}，分隔符 {}", shown(delimiter))], ..Table::default() };
    let mut record = csv::StringRecord::new();
    loop {
        let asked = reader.read_record(&mut record).map_err(|why| {
            let row = why.position().map_or(0, csv::Position::line);
            IntakeError::Csv { row, why: why.to_string() }
        })?;
        if !asked {
            return Ok(table);
        }
        if table.rows.len() == MAX_ROWS {
            return Err(IntakeError::TooManyRows);
        }
        let cells: Vec<String> = record.iter().take(MAX_COLUMNS).map(tidy).collect();
        table.rows.push(Row { number: line_of(&text, &record, table.rows.len()), cells, at: None });
    }
}

/// The reader's position is where it began to look: before the blank lines it skipped.
fn line_of(text: &str, record: &csv::StringRecord, n_before: usize) -> usize {
    record.position().map_or(n_before + 1, |it| {
        let rest = text.as_bytes().get(it.byte() as usize..).unwrap_or_default();
        let skipped = rest.iter().take_while(|it| matches!(it, b'\n' | b'\r')).filter(|it| **it == b'\n').count();
        it.line() as usize + skipped
    })
}

/// A byte order mark decides; else UTF-8 where it is valid; else GB 18030, which reads all GBK.
fn decode(bytes: &[u8]) -> (Cow<'_, str>, &'static str) {
    if let Some((encoding, n)) = encoding_rs::Encoding::for_bom(bytes) {
        return (encoding.decode_without_bom_handling(bytes.get(n..).unwrap_or_default()).0, encoding.name());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), "UTF-8"),
        Err(_) => (encoding_rs::GB18030.decode_without_bom_handling(bytes).0, "GBK"),
    }
}

/// The one that stands in most of the first lines, and as often in each as in the others.
fn delimiter(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|it| !it.trim().is_empty()).take(LINES_SEEN).collect();
    let score = |mark: &u8| {
        let mut counts: Vec<usize> = lines.iter().map(|it| it.bytes().filter(|it| it == mark).count()).collect();
        counts.sort_unstable();
        // The median, so that titles and a stray mark do not count; of equals the one that misses fewer lines.
        (counts.get(counts.len() / 2).copied().unwrap_or(0), counts.iter().filter(|it| **it > 0).count())
    };
    let best = [b',', b'\t', b';', b'|'].into_iter().rev().max_by_key(score);
    best.filter(|it| score(it).0 > 0).unwrap_or(b',')
}

fn shown(delimiter: u8) -> &'static str {
    match delimiter {
        b'\t' => "制表符",
        b';' => "分号",
        b'|' => "竖线",
        _ => "逗号",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_and_delimiter_are_seen_from_the_bytes() {
        let cells =
            |bytes: &[u8]| read(bytes).expect("a table").rows.into_iter().map(|it| it.cells).collect::<Vec<_>>();
        let gbk = encoding_rs::GBK.encode("名称;人数\n甲队;20\n").0.into_owned();
        assert_eq!(cells(&gbk), [["名称", "人数"], ["甲队", "20"]]);
        assert_eq!(cells("\u{feff}名称\t人数\r\n\r\n甲队\t2,0".as_bytes()), [["名称", "人数"], ["甲队", "2,0"]]);
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend("名称,人数\n甲队,20".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(cells(&utf16), [["名称", "人数"], ["甲队", "20"]]);
        assert_eq!(cells("队伍一览\n名称,人数\n甲队,20".as_bytes())[1], ["名称", "人数"]);
    }

    #[test]
    fn rows_are_counted_as_an_editor_counts_lines() {
        let table = read("名称,人数\n\n\n甲队,20\n\"乙\n队\",3\n丙队,4".as_bytes()).expect("a table");
        assert_eq!(table.rows.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 4, 5, 7]);
    }
}
