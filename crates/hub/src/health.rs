//! Which connectors speak, and since when not. Only changes become records; who was last heard when travels with the
//! readings.

use crate::connectors::names;
use gulang_city::{Command, ConnectorHealth, HealthState, PlatformId, Timestamp};
use std::collections::BTreeMap;

/// So many failures in a row make a connector silent.
const SILENT_AFTER_FAILURES: u32 = 3;

#[derive(Debug)]
pub struct HealthBook {
    simulated: bool,
    /// A connector that pushes is silent when unheard so long, ms.
    silent_after_ms: i64,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    pushes: bool,
    heard_ms: i64,
    n_failures: u32,
    error: String,
    reported: Option<HealthState>,
}

impl HealthBook {
    /// `polled` connectors are asked by us, `pushing` ones speak when they like.
    pub fn new(polled: &[String], pushing: &[String], simulated: bool, silent_after_ms: i64, now_ms: i64) -> Self {
        let entry = |pushes| Entry { pushes, heard_ms: now_ms, n_failures: 0, error: String::new(), reported: None };
        let polled = polled.iter().map(|it| (it.clone(), entry(false)));
        let entries = polled.chain(pushing.iter().map(|it| (it.clone(), entry(true)))).collect();
        Self { simulated, silent_after_ms, entries }
    }

    /// One more connector, that speaks when it likes; known already, it stays as it is.
    pub fn learn(&mut self, platform: &str, now_ms: i64) {
        let entry = || Entry { pushes: true, heard_ms: now_ms, n_failures: 0, error: String::new(), reported: None };
        self.entries.entry(platform.to_owned()).or_insert_with(entry);
    }

    pub fn heard(&mut self, platform: &str, now_ms: i64) {
        if let Some(entry) = self.entries.get_mut(platform) {
            (entry.heard_ms, entry.n_failures) = (now_ms, 0);
            entry.error.clear();
        }
    }

    pub fn failed(&mut self, platform: &str, error: &str) {
        if let Some(entry) = self.entries.get_mut(platform) {
            entry.n_failures += 1;
            entry.error = error.chars().take(160).collect();
        }
    }

    /// Commands for what changed since the last call. `now_ms` is on the clock [`HealthBook::heard`] was told, `now` the
    /// realm's.
    pub fn changes(&mut self, now_ms: i64, now: Timestamp) -> Vec<(PlatformId, Command)> {
        let mut commands = Vec::new();
        for (name, entry) in &mut self.entries {
            // Heard in the future: the clock went back. Silence counts from here, or it would not be seen until then.
            entry.heard_ms = entry.heard_ms.min(now_ms);
            let is_quiet = entry.pushes && now_ms - entry.heard_ms > self.silent_after_ms;
            let state = match entry.n_failures {
                _ if is_quiet => HealthState::Silent,
                0 if entry.pushes && entry.heard_ms == 0 => HealthState::Unknown,
                0 => HealthState::Healthy,
                n if n < SILENT_AFTER_FAILURES => HealthState::Degraded,
                _ => HealthState::Silent,
            };
            if entry.reported == Some(state) {
                continue;
            }
            entry.reported = Some(state);
            let last_error =
                if is_quiet && entry.error.is_empty() { "没有消息".into() } else { entry.error.as_str().into() };
            let platform = PlatformId::from(name.as_str());
            let health = ConnectorHealth {
                platform: platform.clone(),
                name: names::title_zh(name).into(),
                state,
                since: now,
                last_error,
                simulated: self.simulated,
            };
            commands.push((platform, Command::ReportHealth { health }));
        }
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_seen_though_the_clock_went_back() {
        let mut book = HealthBook::new(&[], &["sensors".to_owned()], true, 1000, 5_000_000);
        assert_eq!(book.changes(5_000_000, Timestamp(1)).len(), 1);
        assert_eq!(book.changes(1_000_000, Timestamp(1)).len(), 0, "an hour back");
        assert!(
            matches!(&book.changes(1_001_001, Timestamp(1))[..], [(_, Command::ReportHealth { health })] if health.state == HealthState::Silent)
        );
    }

    #[test]
    fn only_changes_are_reported() {
        let mut book = HealthBook::new(&["cap".to_owned()], &["sensors".to_owned()], true, 1000, 1);
        assert_eq!(book.changes(10, Timestamp(1)).len(), 2);
        assert_eq!(book.changes(20, Timestamp(1)).len(), 0);
        book.failed("cap", "down");
        assert!(
            matches!(&book.changes(30, Timestamp(1))[..], [(_, Command::ReportHealth { health })] if health.state == HealthState::Degraded)
        );
        book.failed("cap", "down");
        book.failed("cap", "down");
        assert_eq!(book.changes(40, Timestamp(1)).len(), 1);
        book.heard("cap", 50);
        assert!(
            matches!(&book.changes(2000, Timestamp(1))[..], [(cap, _), (sensors, _)] if cap.as_str() == "cap" && sensors.as_str() == "sensors")
        );
    }
}
