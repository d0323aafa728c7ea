//! Files taken over into the registers: looked at first, kept for ten minutes, taken over by a seat with a reason.
//!
//! What a file says is `gulang-intake`'s to judge, whether it may happen the city's. Here is what lies between: the bytes'
//! hash, the preview somebody is reading, and the parts a large file is staged in. They go to the log a few at a time, so that
//! nobody waits behind them; nothing of them is seen before the last. Where the hub ends in between, nothing was imported.

pub mod api;
pub mod bench;
pub mod cli;

use crate::{
    actor::Numberer,
    core::{Core, SubmitError},
    log::LogError,
};
use gulang_city::{
    City, Command, ImportMode, Land, MAX_ROWS_PER_PART, Realm, Refusal, RegisterImport, SeatId, Source, Text, Timestamp,
};
use gulang_intake::{Ask, Intake, IntakeError, Table};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A preview is kept so long.
pub const KEPT_FOR: Duration = Duration::from_secs(600);
/// Previews kept at once; the oldest goes first.
const MAX_KEPT: usize = 4;
/// Parts of one commit: enough that waiting for the disk costs little, few enough that others get their turn.
const PARTS_AT_ONCE: usize = 8;

/// A file as it was read, and what it would do.
#[derive(Clone, Debug)]
pub struct Held {
    pub file: String,
    /// SM3 of its bytes, hexadecimal.
    pub sm3: String,
    pub tables: Arc<Vec<Table>>,
    pub realm: Realm,
    pub intake: Intake,
    since: Instant,
}

/// The previews somebody is reading, by their tickets.
#[derive(Debug, Default)]
pub struct ImportDesk {
    held: Mutex<HashMap<String, Held>>,
}

impl ImportDesk {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, it| it.since.elapsed() < KEPT_FOR);
        held
    }

    /// Keeps a preview; its ticket.
    pub fn keep(&self, held: Held) -> String {
        let ticket = crate::server::new_token().chars().take(32).collect::<String>();
        let mut all = self.lock();
        if all.len() >= MAX_KEPT {
            let oldest = all.iter().min_by_key(|it| it.1.since).map(|it| it.0.clone());
            oldest.and_then(|it| all.remove(&it));
        }
        all.insert(ticket.clone(), held);
        ticket
    }

    pub fn get(&self, ticket: &str) -> Option<Held> {
        self.lock().get(ticket).cloned()
    }

    /// Its preview is done with.
    pub fn take(&self, ticket: &str) -> Option<Held> {
        self.lock().remove(ticket)
    }
}

/// Reads and judges a file's bytes.
pub fn look(city: &City, land: Option<&Land>, file: &str, bytes: &[u8], ask: &Ask) -> Result<Held, IntakeError> {
    let tables = Arc::new(gulang_intake::read(file, bytes)?);
    let sm3 = crate::log::hex(&crate::log::sm3(&[bytes]));
    let intake = gulang_intake::preview(city, land, file, &tables, ask)?;
    Ok(Held { file: file.to_owned(), sm3, tables, realm: city.realm, intake, since: Instant::now() })
}

/// Judges again what was read before, under other wishes.
pub fn look_again(city: &City, land: Option<&Land>, held: &Held, ask: &Ask) -> Result<Held, IntakeError> {
    let intake = gulang_intake::preview(city, land, &held.file, &held.tables, ask)?;
    Ok(Held { intake, since: Instant::now(), ..held.clone() })
}

/// What takes a file over: its parts, then the one that brings them in. No accepted row is no command.
pub fn commands(held: Held, key: &str, mode: ImportMode, reason: &str) -> Vec<Command> {
    let Intake { preview, rows } = held.intake;
    let (register, n_rows) = (rows.kind(), rows.len() as u32);
    let mut parts = rows.into_parts();
    let Some(last) = parts.pop() else { return Vec::new() };
    debug_assert!(last.len() <= MAX_ROWS_PER_PART);
    let key: Text = key.into();
    let import = RegisterImport {
        key: key.clone(),
        register,
        layer: preview.layer.into(),
        file: held.file.into(),
        sm3: held.sm3.into(),
        crs: preview.crs.id().into(),
        mode,
        n_staged: parts.len() as u32,
        n_rows,
        reason: reason.into(),
    };
    let staged = (0..).zip(parts).map(|(part, rows)| Command::StageImport { key: key.clone(), part, rows });
    staged.chain([Command::ImportRegister { import, rows: last }]).collect()
}

/// The commands as they are numbered together, each from the seat.
fn batches(seat: &SeatId, commands: Vec<Command>) -> impl Iterator<Item = Vec<(Source, Command)>> {
    let n_batches = commands.len().div_ceil(PARTS_AT_ONCE);
    let mut commands = commands.into_iter().map(move |it| (Source::Seat(seat.clone()), it));
    (0..n_batches).map(move |_| commands.by_ref().take(PARTS_AT_ONCE).collect())
}

/// Takes a file over into a log nobody else is using; the number of the record that brought it in, or the city's refusal.
pub fn into_log(
    numberer: &mut Numberer,
    city: &mut City,
    seat: &SeatId,
    commands: Vec<Command>,
    now: Timestamp,
) -> Result<Result<u64, Refusal>, LogError> {
    let mut taken = Err(Refusal::NoChange);
    for batch in batches(seat, commands) {
        for outcome in numberer.number(city, &batch, now)?.outcomes {
            taken = outcome;
            if taken.is_err() {
                return Ok(taken);
            }
        }
    }
    Ok(taken)
}

/// Takes a file over in a realm at work; the number of the record that brought it in.
pub async fn take_over(core: &Core, seat: &SeatId, commands: Vec<Command>) -> Result<u64, SubmitError> {
    let mut seq = 0;
    for some in batches(seat, commands) {
        for outcome in core.submit_all(some).await? {
            seq = outcome?;
        }
    }
    match seq {
        0 => Err(SubmitError::Refused(Refusal::NoChange)),
        seq => Ok(seq),
    }
}

/// Why a preview that raised a doubt about its coordinates is not taken over yet.
pub fn doubt(held: &Held) -> Option<String> {
    let why = held.intake.preview.crs_suspect.as_ref()?;
    Some(format!("{why}。先说明坐标系：gcj02 会换算，wgs84 照原样导入"))
}
