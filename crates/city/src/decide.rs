//! Every rule: a command becomes events, or a refusal the operator can read.

use crate::{City, Command, Event, Refusal, Source, Timestamp};

impl City {
    /// [`City::decide_from`] for the hub itself.
    pub fn decide(&self, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.decide_from(&Source::Hub, command, now)
    }

    /// What follows from a command, or why it may not happen. Changes nothing; the hub numbers the events, appends them to
    /// the log and applies them in this order. Only [`Command::Tick`] may answer with no events.
    pub fn decide_from(&self, _source: &Source, _command: &Command, _now: Timestamp) -> Result<Vec<Event>, Refusal> {
        Err(Refusal::NoChange)
    }
}
