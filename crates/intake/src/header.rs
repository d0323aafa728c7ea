//! Which row is the header, and which column is what.

use crate::{
    Ask, IntakeError, Row, Table,
    fields::{Field, LEFT_OUT, fields_of, wanted},
    tidy,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The header is sought in so many rows.
const MAX_ROWS_ABOVE: usize = 30;
/// Rows whose cells are looked at where a header says nothing.
const N_SAMPLES: usize = 50;
/// Below this a guess is none.
const LEAST: f32 = 0.5;

/// What a column is taken for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnGuess {
    /// From 0.
    pub column: usize,
    /// As written, in one line.
    pub header: String,
    /// None: it is not taken over.
    pub field: Option<Field>,
    /// 0–1; 1 if the header says it or somebody did.
    pub confidence: f32,
    /// Somebody said so.
    pub is_said: bool,
}

/// A table with its columns known.
pub(crate) struct Headed<'a> {
    /// Of the spreadsheet, from 1; 0 for a map.
    pub row: usize,
    pub header: Vec<String>,
    pub columns: Vec<ColumnGuess>,
    /// What a column may be.
    pub fields: Vec<Field>,
    pub body: &'a [Row],
    /// What stands above the header.
    pub above: &'a [Row],
}

/// The header where it makes the most columns known; two rows of it (坐标 over 经度, 纬度) count as one.
pub(crate) fn find<'a>(table: &'a Table, ask: &Ask) -> Result<Headed<'a>, IntakeError> {
    let fields = fields_of(ask.register);
    if let Some(header) = &table.header {
        let has_places = table.rows.iter().any(|it| it.at.is_some());
        // A feature has its place already.
        let fields: Vec<Field> = fields.iter().filter(|it| !has_places || !it.is_place()).copied().collect();
        let columns = guess(header, &table.rows, &fields, ask)?;
        return Ok(Headed { row: 0, header: header.clone(), columns, fields, body: &table.rows, above: &[] });
    }
    let mut best: Option<(f32, usize, usize, Vec<String>)> = None;
    for i in 0..table.rows.len().min(MAX_ROWS_ABOVE) {
        let one = cells(&table.rows[i]);
        let two = table.rows.get(i + 1).map(|below| joined(&one, &cells(below)));
        for (n_rows, header) in [(1, Some(one)), (2, two)] {
            let Some(header) = header else { continue };
            let score = score(&header, fields, ask);
            // A second row must earn its place: it would be a row of data otherwise.
            let needed = if n_rows == 2 { 0.9 } else { 0.0 };
            if score > best.as_ref().map_or(0.0, |it| it.0) + needed {
                best = Some((score, i, n_rows, header));
            }
        }
    }
    let no_header = || IntakeError::NoHeader { rows: MAX_ROWS_ABOVE, wanted: wanted(ask.register) };
    let (score, i, n_rows, header) = best.ok_or_else(no_header)?;
    if score < 1.0 {
        return Err(no_header());
    }
    let body = &table.rows[i + n_rows..];
    let columns = guess(&header, body, fields, ask)?;
    let (row, above) = (table.rows[i + n_rows - 1].number, &table.rows[..i + n_rows]);
    Ok(Headed { row, header, columns, fields: fields.to_vec(), body, above })
}

/// How well a row is a header, for choosing between sheets.
pub(crate) fn best_score(table: &Table, ask: &Ask) -> f32 {
    let fields = fields_of(ask.register);
    let headers = table.header.iter().cloned().chain(table.rows.iter().take(MAX_ROWS_ABOVE).map(cells));
    headers.map(|it| score(&it, fields, ask)).fold(0.0, f32::max)
}

/// Whether a row of the body is the header again, on a new page.
pub(crate) fn is_header_again(headed: &Headed<'_>, row: &Row) -> bool {
    let known = headed.columns.iter().filter(|it| it.field.is_some());
    let (mut n, mut n_same) = (0, 0);
    for it in known {
        n += 1;
        n_same += usize::from(row.cells.get(it.column) == headed.header.get(it.column));
    }
    n > 0 && n_same == n
}

fn cells(row: &Row) -> Vec<String> {
    row.cells.clone()
}

fn joined(above: &[String], below: &[String]) -> Vec<String> {
    let n = above.len().max(below.len());
    let at = |row: &[String], i: usize| row.get(i).cloned().unwrap_or_default();
    (0..n).map(|i| Some(at(below, i)).filter(|it| !it.is_empty()).unwrap_or_else(|| at(above, i))).collect()
}

fn score(header: &[String], fields: &[Field], ask: &Ask) -> f32 {
    // A number stands in every row that is long enough: it tells nothing of which is the header.
    let names = ask.map.iter().filter(|(_, name)| column_number(name).is_none());
    let said = names.filter(|(_, name)| column_of(header, name).is_some()).count();
    said as f32 + assign(header, fields, |_, _| 0.0).iter().map(|it| it.1).sum::<f32>()
}

/// `#3` is the third column.
fn column_number(name: &str) -> Option<usize> {
    name.trim().strip_prefix('#')?.parse().ok()
}

/// By number, else the first of that name.
fn column_of(header: &[String], name: &str) -> Option<usize> {
    match column_number(name) {
        Some(number) => number.checked_sub(1).filter(|it| *it < header.len()),
        None => header.iter().position(|it| plain(it) == plain(name)),
    }
}

fn guess(header: &[String], body: &[Row], fields: &[Field], ask: &Ask) -> Result<Vec<ColumnGuess>, IntakeError> {
    let mut said: BTreeMap<usize, Option<Field>> = BTreeMap::new();
    for (field, name) in &ask.map {
        let asked = || format!("{}={name}", field.map_or(LEFT_OUT, Field::id));
        said.insert(column_of(header, name).ok_or_else(|| IntakeError::NoColumn(asked()))?, *field);
    }
    let open: Vec<Field> = fields.iter().filter(|it| !said.values().any(|said| *said == Some(**it))).copied().collect();
    let seen = |column: usize, field: Field| by_content(body, column, field);
    let guessed: BTreeMap<usize, (Field, f32)> = assign(header, &open, seen)
        .into_iter()
        .zip(&open)
        .filter_map(|((column, confidence), field)| Some((column?, (*field, confidence))))
        .filter(|(column, _)| !said.contains_key(column))
        .collect();
    let columns = header.iter().enumerate().map(|(column, name)| {
        let (field, confidence) = match (said.get(&column), guessed.get(&column)) {
            (Some(field), _) => (*field, 1.0),
            (None, Some((field, confidence))) => (Some(*field), *confidence),
            (None, None) => (None, 0.0),
        };
        ColumnGuess { column, header: name.clone(), field, confidence, is_said: said.contains_key(&column) }
    });
    Ok(columns.collect())
}

/// For each field its column and how sure; the surest pairs first, each column once.
fn assign(header: &[String], fields: &[Field], seen: impl Fn(usize, Field) -> f32) -> Vec<(Option<usize>, f32)> {
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    for (column, name) in header.iter().enumerate() {
        for (i, field) in fields.iter().enumerate() {
            let confidence = by_name(name, *field).max(seen(column, *field));
            if confidence >= LEAST {
                pairs.push((confidence, i, column));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.2, a.1).cmp(&(b.2, b.1))));
    let mut found = vec![(None, 0.0); fields.len()];
    let mut used: Vec<usize> = Vec::new();
    for (confidence, i, column) in pairs {
        if found[i].0.is_none() && !used.contains(&column) {
            found[i] = (Some(column), confidence);
            used.push(column);
        }
    }
    // Both in one cell and each in its own: the two win.
    let at = |field: Field| fields.iter().position(|it| *it == field);
    if let (Some(lon), Some(lat), Some(both)) = (at(Field::Lon), at(Field::Lat), at(Field::Coordinates))
        && found[lon].0.is_some()
        && found[lat].0.is_some()
    {
        found[both] = (None, 0.0);
    }
    found
}

/// 1 for a usual name, a little less for a later one, less where it is only part of the header.
fn by_name(header: &str, field: Field) -> f32 {
    let header = plain(header);
    if header.is_empty() || header.chars().count() > 20 {
        return 0.0;
    }
    let words = field.words();
    if let Some(i) = words.iter().position(|it| header == *it) {
        return 1.0 - 0.002 * i as f32;
    }
    // Longer headers hold the word: 队员人数合计, 高德经度. Words of one letter or character are in too many.
    let longest = words
        .iter()
        .filter(|it| it.chars().count() >= 2 && !it.is_ascii() && header.contains(**it))
        .map(|it| it.len())
        .max();
    longest.map_or(0.0, |n| 0.6 + 0.3 * n as f32 / header.len() as f32)
}

/// What the cells themselves look like.
fn by_content(body: &[Row], column: usize, field: Field) -> f32 {
    let cells: Vec<&str> = (body.iter().take(N_SAMPLES))
        .filter_map(|it| it.cells.get(column))
        .map(String::as_str)
        .filter(|it| !it.is_empty())
        .collect();
    if cells.len() < 2 {
        return 0.0;
    }
    let share = |is: &dyn Fn(&str) -> bool| cells.iter().filter(|it| is(it)).count() as f32 / cells.len() as f32;
    let within = |low: f64, high: f64| {
        // A count may lie there too; a place has decimals.
        share(&|it| tidy::degrees(it).is_some_and(|it| (low..=high).contains(&it) && it.fract() != 0.0))
    };
    match field {
        Field::Lon => 0.6 * within(73.0, 136.0),
        Field::Lat => 0.6 * within(3.0, 54.0),
        Field::Coordinates => 0.65 * share(&|it| tidy::pair(it).is_some()),
        Field::Phone => {
            0.55 * share(&|it| it.len() == 11 && it.starts_with('1') && it.bytes().all(|it| it.is_ascii_digit()))
        }
        _ => 0.0,
    }
}

/// In lower case, without blanks, without what stands in brackets or after `/`: units.
fn plain(header: &str) -> String {
    let lower: String = header.chars().filter(|it| !it.is_whitespace()).collect::<String>().to_lowercase();
    let cut = lower.split(['(', '[', '【', '（', '/', '*', ':']).find(|it| !it.is_empty()).unwrap_or_default();
    cut.trim_matches(['_', '-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gulang_city::RegisterKind;

    #[test]
    fn headers_are_known_by_their_usual_names_and_their_longer_ones() {
        assert!(by_name("队伍 名称（全称）", Field::Name) > 0.98);
        assert!(by_name("Longitude", Field::Lon) > 0.98);
        assert!(by_name("高德经度", Field::Lon) > 0.6);
        assert_eq!(by_name("max", Field::Lon), 0.0, "one letter in a word is no X");
        assert_eq!(by_name("", Field::Id), 0.0);
    }

    #[test]
    fn two_rows_of_a_header_count_as_one() {
        let row = |number: usize, cells: &[&str]| Row {
            number,
            cells: cells.iter().map(|it| (*it).to_owned()).collect(),
            at: None,
        };
        let rows = vec![
            row(1, &["全市物资库一览表"]),
            row(2, &["名称", "坐标", ""]),
            row(3, &["", "经度", "纬度"]),
            row(4, &["一号库", "118.1", "24.5"]),
        ];
        let table = Table { rows, ..Table::default() };
        let found = find(&table, &Ask::of(RegisterKind::Depots)).expect("a header");
        let column = |field| found.columns.iter().find(|it| it.field == Some(field)).map(|it| it.column);
        assert_eq!((found.row, found.body.len()), (3, 1));
        assert_eq!([Field::Name, Field::Lon, Field::Lat].map(column), [Some(0), Some(1), Some(2)]);
    }
}
