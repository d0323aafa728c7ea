//! Files for the registers.

use crate::choice;
use gulang_city::{City, Realm, RegisterKind, tiny_pack};
use gulang_intake::{Ask, MAX_ROWS, preview};
use std::sync::LazyLock;

static CITY: LazyLock<City> = LazyLock::new(|| City::found(&tiny_pack(), Realm::Actual));

/// Reads a file and previews it for the register that the last byte chooses: the first says what kind of file it is.
pub fn read(name: &str, bytes: &[u8]) {
    let (which, _) = choice(bytes.get(bytes.len().saturating_sub(1)..).unwrap_or_default());
    let Ok(tables) = gulang_intake::read(name, bytes) else { return };
    let n_rows: usize = tables.iter().map(|it| it.rows.len()).sum();
    assert!(tables.iter().all(|it| it.rows.len() <= MAX_ROWS), "{n_rows} rows");
    let kind = RegisterKind::ALL[which % RegisterKind::ALL.len()];
    let Ok(intake) = preview(&CITY, None, name, &tables, &Ask::of(kind)) else { return };
    let it = intake.preview;
    assert_eq!(it.n_accepted + it.n_refused, it.n_rows, "a row is accepted or refused");
    assert!(it.refused.iter().all(|it| !it.why.is_empty() && !it.todo.is_empty()), "{:?}", it.refused);
    let text = serde_json::to_string(&intake.rows).expect("rows are JSON");
    let again: Result<gulang_city::RegisterRows, _> = serde_json::from_str(&text);
    assert!(again.is_ok(), "the log can hold it: {text} {again:?}");
}
