//! The one numbering actor of a realm: command in → decide → append → apply → publish. Nothing else writes the log.
//!
//! The fold sees each record as the log will say it (read back from its JSON), so a later replay cannot differ by a digit.

use crate::log::{Log, LogError};
use gulang_city::{Applied, City, Command, Record, Refusal, Source, Timestamp};

/// What became of one command: the number of its last record, or why not.
pub type Outcome = Result<u64, Refusal>;

/// Decides, numbers, and appends. The actor thread owns one; a drill at full speed drives one directly.
#[derive(Debug)]
pub struct Numberer {
    log: Log,
}

/// One batch, in the order it was asked.
#[derive(Debug, Default)]
pub struct Numbered {
    pub outcomes: Vec<Outcome>,
    pub records: Vec<Record>,
    /// Refusals that were only repeats or stale news.
    pub n_repeats: u64,
}

impl Numberer {
    pub fn new(log: Log) -> Self {
        Self { log }
    }

    /// Decides every command against the city the ones before it made, and commits them together. If the log cannot take
    /// them, `city` is put back to what the log says and nothing has happened.
    pub fn number(
        &mut self,
        city: &mut City,
        batch: &[(Source, Command)],
        now: Timestamp,
    ) -> Result<Numbered, LogError> {
        let mut numbered = Numbered::default();
        let mut bodies = Vec::new();
        let at = Timestamp(now.0.max(city.at.0));
        for (source, command) in batch {
            let outcome = self.take(city, source, command, at, &mut numbered, &mut bodies);
            let outcome = match outcome {
                Err(refusal) if is_repeat(&refusal) => {
                    numbered.n_repeats += 1;
                    Err(refusal)
                }
                Err(refusal) => {
                    // What a platform said is never lost silently.
                    if let (Source::Platform(platform), false) =
                        (source, matches!(command, Command::RefuseMessage { .. }))
                    {
                        let what = serde_json::to_string(command).unwrap_or_default();
                        let what: String = what.chars().take(300).collect();
                        let note = Command::RefuseMessage {
                            platform: platform.clone(),
                            what: what.into(),
                            why: refusal.to_string().into(),
                        };
                        let _ = self.take(city, source, &note, at, &mut numbered, &mut bodies);
                    }
                    Err(refusal)
                }
                taken => taken,
            };
            numbered.outcomes.push(outcome);
        }
        let appended = self.log.append(&bodies).and_then(|()| self.log.snapshot_if_due(city));
        if let Err(error) = appended {
            if self.log.seq() >= city.seq {
                // The records are in; only the snapshot failed, and the next one will do.
                tracing::warn!(%error, "no snapshot could be taken");
                return Ok(numbered);
            }
            *city = self.log.load()?;
            return Err(error);
        }
        Ok(numbered)
    }

    fn take(
        &self,
        city: &mut City,
        source: &Source,
        command: &Command,
        at: Timestamp,
        numbered: &mut Numbered,
        bodies: &mut Vec<Vec<u8>>,
    ) -> Outcome {
        for event in city.decide_from(source, command, at)? {
            let record = Record { seq: city.seq + 1, at, source: source.clone(), event };
            let absurd = |why: serde_json::Error| Refusal::Absurd { why: why.to_string().into() };
            let body = serde_json::to_vec(&record).map_err(absurd)?;
            let record: Record = serde_json::from_slice(&body).map_err(absurd)?;
            let applied = city.apply(&record);
            debug_assert_eq!(applied, Applied::Advanced);
            bodies.push(body);
            numbered.records.push(record);
        }
        Ok(city.seq)
    }

    pub fn close(self, city: &City) -> Result<(), LogError> {
        self.log.close(city)
    }

    pub fn log(&self) -> &Log {
        &self.log
    }
}

/// News we already had; expected from every platform that delivers at least once.
fn is_repeat(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::NoChange | Refusal::Stale { .. })
}
