//! What a file would do to a register: columns, rows, refusals, differences. Nothing is done.

use crate::{
    Crs, Field, IntakeError, Table, crs,
    header::{self, ColumnGuess, Headed},
    judge::{Found, Judge},
    tidy,
};
use gulang_city::{City, Land, RegisterDiff, RegisterKind, RegisterRows};
use serde::{Deserialize, Serialize};

/// Accepted rows that are shown.
const N_SHOWN: usize = 20;

/// What somebody wants of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub register: RegisterKind,
    /// Of points; the file's own name without it.
    #[serde(default)]
    pub layer: String,
    /// A sheet's name, or its number from 1; without it the one whose header fits best.
    #[serde(default)]
    pub sheet: Option<String>,
    /// What columns are, over what is guessed: none that a column is left out. A column is named by its header, or by its
    /// number, `#1` the first.
    #[serde(default)]
    pub map: Vec<(Option<Field>, String)>,
    /// What the coordinates are; over what the file says.
    #[serde(default)]
    pub crs: Option<Crs>,
}

impl Ask {
    pub fn of(register: RegisterKind) -> Self {
        Self { register, layer: String::new(), sheet: None, map: Vec::new(), crs: None }
    }
}

/// A row that is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// As the spreadsheet counts, from 1; of a map the feature's number.
    pub row: usize,
    /// The header concerned and what stands there, telephone numbers masked; empty if it is the whole row.
    pub cell: String,
    pub why: String,
    pub todo: String,
}

/// What whoever imports reads before it happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    pub register: RegisterKind,
    pub layer: String,
    pub file: String,
    pub sheet: Option<String>,
    /// From 1; 0 for a map, whose attributes have names.
    pub header_row: usize,
    pub columns: Vec<ColumnGuess>,
    /// What a column may be said to be.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Rows with anything in them.
    pub n_rows: usize,
    pub n_accepted: usize,
    pub n_refused: usize,
    /// What the coordinates are taken for.
    pub crs: Crs,
    /// Why they may be something else: then somebody has to say what they are before it can happen.
    pub crs_suspect: Option<String>,
    /// Headings of `shown`.
    pub shown_fields: Vec<String>,
    /// The first accepted rows as they are understood, telephone numbers masked.
    pub shown: Vec<Vec<String>>,
    pub refused: Vec<Refused>,
    pub warnings: Vec<String>,
    pub diff: RegisterDiff,
}

/// A preview with what it is a preview of.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    pub preview: Preview,
    pub rows: RegisterRows,
}

/// Takes a file's tables for a register of this city. `land` says which district a place is in; without it the nearest
/// district's centre does.
pub fn preview(
    city: &City,
    land: Option<&Land>,
    file: &str,
    tables: &[Table],
    ask: &Ask,
) -> Result<Intake, IntakeError> {
    let table = chosen(tables, ask)?;
    let headed = header::find(table, ask)?;
    let crs = ask.crs.or(table.crs).unwrap_or(Crs::Wgs84);
    let (rows, found) = Judge::new(city, land, &headed, ask, crs).take_all();
    let Found { refused, mut warnings, n_rows, shown, matched } = found;
    let crs_suspect = match ask.crs {
        Some(_) => None,
        None => suspect(table, &headed, crs, &matched),
    };
    warnings.splice(0..0, table.notes.iter().cloned());
    if tables.len() > 1 {
        let others = tables.iter().filter(|it| !std::ptr::eq(*it, table)).filter_map(|it| it.sheet.as_deref());
        warnings.push(format!("只读了一个工作表；没有读：{}", others.collect::<Vec<_>>().join("、")));
    }
    let left: Vec<&str> =
        headed.columns.iter().filter(|it| it.field.is_none() && !it.header.is_empty()).map(|it| &*it.header).collect();
    if !left.is_empty() {
        warnings.push(format!("这些列没有导入：{}", left.join("、")));
    }
    let layer = match ask.register {
        RegisterKind::Points if ask.layer.trim().is_empty() => file.rsplit_once('.').map_or(file, |it| it.0).to_owned(),
        RegisterKind::Points => ask.layer.trim().to_owned(),
        _ => String::new(),
    };
    let preview = Preview {
        register: ask.register,
        file: file.to_owned(),
        sheet: table.sheet.clone(),
        header_row: headed.row,
        n_rows,
        n_accepted: rows.len(),
        n_refused: refused.len(),
        crs,
        crs_suspect,
        shown_fields: headed.columns.iter().filter_map(|it| it.field).map(|it| it.name_zh().to_owned()).collect(),
        shown: shown_rows(&headed, &shown),
        diff: city.register_diff(&layer, &rows),
        columns: headed.columns,
        fields: headed.fields,
        layer,
        refused,
        warnings,
    };
    Ok(Intake { preview, rows })
}

fn chosen<'a>(tables: &'a [Table], ask: &Ask) -> Result<&'a Table, IntakeError> {
    if let Some(sheet) = &ask.sheet {
        let by_name = tables.iter().find(|it| it.sheet.as_deref() == Some(sheet));
        let by_number = || tables.get(sheet.parse::<usize>().ok()?.checked_sub(1)?);
        return by_name.or_else(by_number).ok_or_else(|| IntakeError::NoSheet(sheet.clone()));
    }
    // The first of equals.
    let best = tables.iter().rev().max_by(|a, b| header::best_score(a, ask).total_cmp(&header::best_score(b, ask)));
    best.ok_or(IntakeError::Empty)
}

fn suspect(
    table: &Table,
    headed: &Headed<'_>,
    crs: Crs,
    matched: &[(gulang_city::LonLat, gulang_city::LonLat)],
) -> Option<String> {
    let titles = headed.above.iter().flat_map(|it| it.cells.iter()).chain(&headed.header);
    let words = titles.chain(headed.body.first().into_iter().flat_map(|it| it.cells.iter()));
    let hinted = words
        .filter_map(|it| Some((Crs::hinted(it)?, it)))
        .find(|(it, _)| matches!(it, Crs::Gcj02 | Crs::Bd09) && *it != crs);
    if let Some((hint, words)) = hinted {
        let name = if hint == Crs::Bd09 { "百度坐标（BD-09）" } else { "火星坐标（GCJ-02）" };
        return Some(format!("文件里写着「{words}」，像是{name}；直接用会偏 300–600 米"));
    }
    let (n, of) = crs::looks_like_gcj02(matched)?;
    let name = table.sheet.as_deref().unwrap_or("文件");
    Some(format!("{name}里 {of} 个已有名称的点，{n} 个恰好按火星坐标（GCJ-02）的规律偏移"))
}

fn shown_rows(headed: &Headed<'_>, shown: &[usize]) -> Vec<Vec<String>> {
    let cell = |row: &crate::Row, guess: &ColumnGuess| {
        let field = guess.field?;
        let text = row.cells.get(guess.column).cloned().unwrap_or_default();
        Some(if field == Field::Phone { tidy::masked(&text) } else { text })
    };
    let rows = shown.iter().take(N_SHOWN).filter_map(|i| headed.body.get(*i));
    rows.map(|row| headed.columns.iter().filter_map(|it| cell(row, it)).collect()).collect()
}
