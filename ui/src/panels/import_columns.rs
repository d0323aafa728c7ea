//! What a file's columns are taken for, one under the other: a press on one offers what it may be instead, or that it is not
//! used. The hub then looks at the file again, and the preview follows.

use super::import::{CHOICE_H, cell};
use super::kit::Kit;
use super::{PanelState, drawer, press};
use crate::i18n::{Tr, tr};
use crate::imports::{ImportColumn, ImportPreview};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use std::collections::BTreeMap;

/// Below this a guess is marked as one.
pub(super) const SURE: f32 = 0.8;
const ROW_H: f32 = 28.0;
/// Choices side by side.
const N_ACROSS: usize = 6;
/// As the hub is told that a column is left out.
const LEFT_OUT: &str = "none";
/// The hub's fields by id.
const FIELDS: [(&str, Tr); 23] = [
    ("id", tr::FIELD_ID),
    ("name", tr::FIELD_NAME),
    ("person", tr::FIELD_PERSON),
    ("lon", tr::FIELD_LON),
    ("lat", tr::FIELD_LAT),
    ("coordinates", tr::FIELD_COORDINATES),
    ("district", tr::FIELD_DISTRICT),
    ("township", tr::FIELD_TOWNSHIP),
    ("village", tr::FIELD_VILLAGE),
    ("agency", tr::FIELD_AGENCY),
    ("people", tr::FIELD_PEOPLE),
    ("capability", tr::FIELD_CAPABILITY),
    ("tier", tr::FIELD_TIER),
    ("unit", tr::FIELD_UNIT),
    ("load", tr::FIELD_LOAD),
    ("stock", tr::FIELD_STOCK),
    ("capacity", tr::FIELD_CAPACITY),
    ("post", tr::FIELD_POST),
    ("rank", tr::FIELD_RANK),
    ("phone", tr::FIELD_PHONE),
    ("radio", tr::FIELD_RADIO),
    ("kind", tr::FIELD_KIND),
    ("note", tr::FIELD_NOTE),
];

/// What somebody said of one file's columns.
#[derive(Default)]
pub(super) struct Columns {
    /// They are shown instead of the rows.
    pub is_open: bool,
    /// Field by column, from 0; none: it is left out.
    said: BTreeMap<usize, Option<String>>,
    /// Whose choices are open.
    picked: Option<usize>,
}

impl Columns {
    /// As the hub reads it, by numbers from 1: two columns may have one name.
    pub fn said(&self) -> String {
        let line = |(column, field): (&usize, &Option<String>)| {
            format!("{}=#{}", field.as_deref().unwrap_or(LEFT_OUT), column + 1)
        };
        self.said.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// A field is one column's: another that was said to be it is guessed again.
    fn say(&mut self, column: usize, field: Option<String>) {
        self.said.retain(|_, it| it.is_none() || *it != field);
        self.said.insert(column, field);
        self.picked = None;
    }
}

fn field_name(k: &Kit<'_>, field: Option<&str>) -> String {
    match field {
        None => k.t(tr::IMPORT_LEFT_OUT).to_owned(),
        // A newer hub's field is called by its id.
        Some(id) => FIELDS.iter().find(|it| it.0 == id).map_or(id, |it| k.t(it.1)).to_owned(),
    }
}

/// `true` if a column was said to be something else.
pub(super) fn columns_ui(
    k: &Kit<'_>,
    state: &mut PanelState,
    preview: &ImportPreview,
    columns: &mut Columns,
    list: Rect,
) -> bool {
    let is_worth_showing = |it: &&ImportColumn| !it.header.is_empty() || it.field.is_some() || it.is_said;
    let shown: Vec<&ImportColumn> = preview.columns.iter().filter(is_worth_showing).collect();
    // Nothing, then the fields.
    let choices: Vec<Option<&str>> = std::iter::once(None).chain(preview.fields.iter().map(|it| Some(&**it))).collect();
    let choices_h = choices.len().div_ceil(N_ACROSS) as f32 * (CHOICE_H + 6.0) + 4.0;
    let height = |it: &&ImportColumn| if columns.picked == Some(it.column) { ROW_H + choices_h } else { ROW_H };
    let heights: Vec<f32> = shown.iter().map(height).collect();
    let first = drawer::scroll(k, state, list, heights.iter().copied());
    let mut y = list.top();
    let mut said = None;
    let mut pressed = None;
    for (it, height) in shown.into_iter().zip(heights).skip(first) {
        if y + height > list.bottom() + 0.5 {
            break;
        }
        let row = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), ROW_H));
        if column_ui(k, it, row) {
            pressed = Some(it.column);
        }
        if columns.picked == Some(it.column) {
            for (i, choice) in choices.iter().enumerate() {
                let y = row.bottom() + (i / N_ACROSS) as f32 * (CHOICE_H + 6.0);
                let at = cell(list, y, i % N_ACROSS, N_ACROSS);
                let is_on = it.field.as_deref() == *choice;
                // What is only guessed can be said to be so.
                if press::choice_ui(k, at, ("import-field", i), &field_name(k, *choice), is_on) {
                    said = Some((it.column, choice.map(str::to_owned)));
                }
            }
        }
        y += height;
        k.hline(list.left(), list.right(), y, ROW);
    }
    if let Some(column) = pressed {
        columns.picked = Some(column).filter(|it| columns.picked != Some(*it));
    }
    match said {
        Some((column, field)) => {
            columns.say(column, field);
            true
        }
        None => false,
    }
}

/// The header and what it is taken for; a guess that is not sure has a `?`. `true` if it was pressed.
fn column_ui(k: &Kit<'_>, column: &ImportColumn, row: Rect) -> bool {
    let header = match column.header.is_empty() {
        true => k.m.lang.fill(tr::IMPORT_NO_HEADER, &[&(column.column + 1).to_string()]),
        false => column.header.clone(),
    };
    let mut field = field_name(k, column.field.as_deref());
    if column.field.is_some() && column.confidence < SURE {
        field.push('?');
    }
    let (y, half) = (row.center().y, row.width() * 0.5);
    k.fit(pos2(row.left(), y), Align2::LEFT_CENTER, 13.0, SECONDARY, &header, half - 8.0);
    let ink = if column.field.is_some() { PRIMARY } else { TERTIARY };
    k.fit(pos2(row.left() + half, y), Align2::LEFT_CENTER, 13.0, ink, &field, half - 8.0);
    k.hit(row, ("import-column", column.column), &header).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_one_columns_and_what_is_left_out_stays_so() {
        let mut columns = Columns::default();
        columns.say(0, None);
        columns.say(1, Some("name".into()));
        columns.say(4, None);
        assert_eq!(columns.said(), "none=#1\nname=#2\nnone=#5");
        columns.say(2, Some("name".into()));
        assert_eq!(columns.said(), "none=#1\nname=#3\nnone=#5");
        columns.say(0, Some("id".into()));
        assert_eq!(columns.said(), "id=#1\nname=#3\nnone=#5");
    }
}
