//! Which connectors speak, and since when not. Only changes become records; who was last heard when travels with the
//! readings.

use crate::connectors::names;
use gulang_city::{Command, ConnectorHealth, HealthState, PlatformId, Text, Timestamp};
use std::collections::BTreeMap;

/// So many failures in a row make a connector silent.
const SILENT_AFTER_FAILURES: u32 = 3;
const QUIET: &str = "没有消息";

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
    /// Of `[[connector]]`.
    watched: Option<Watched>,
    heard_ms: i64,
    n_failures: u32,
    error: String,
    reported: Option<HealthState>,
}

/// What a connector says of itself that the built-in ones share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    pub title: Text,
    pub simulated: bool,
    /// Unheard so long it is silent, however it is heard, ms.
    pub silent_after_ms: i64,
    /// What is said of its silence.
    quiet: Text,
    /// It is gone from the configuration: said once, then forgotten.
    is_gone: bool,
    was_heard: bool,
}

impl Watched {
    pub fn new(title: Text, simulated: bool, freshness_s: f64) -> Self {
        let silent_after_ms = (freshness_s * 1000.0).clamp(1000.0, 1.0e10) as i64;
        Self { title, simulated, silent_after_ms, quiet: QUIET.into(), is_gone: false, was_heard: false }
    }

    /// Its silence is told with its address.
    pub fn at(self, address: &str) -> Self {
        let quiet = if address.is_empty() { QUIET.to_owned() } else { format!("{QUIET}（{address}）") };
        Self { quiet: quiet.into(), ..self }
    }
}

impl HealthBook {
    /// `polled` connectors are asked by us, `pushing` ones speak when they like.
    pub fn new(polled: &[String], pushing: &[String], simulated: bool, silent_after_ms: i64, now_ms: i64) -> Self {
        let entry = |pushes| Entry {
            pushes,
            watched: None,
            heard_ms: now_ms,
            n_failures: 0,
            error: String::new(),
            reported: None,
        };
        let polled = polled.iter().map(|it| (it.clone(), entry(false)));
        let entries = polled.chain(pushing.iter().map(|it| (it.clone(), entry(true)))).collect();
        Self { simulated, silent_after_ms, entries }
    }

    /// A connector that was not there when the hub started, or is another now; it has its own budget.
    pub fn watch(&mut self, platform: &str, watched: Watched, now_ms: i64) {
        let (error, watched) = (String::new(), Some(watched));
        let entry = Entry { pushes: true, watched, heard_ms: now_ms, n_failures: 0, error, reported: None };
        self.entries.insert(platform.to_owned(), entry);
    }

    /// Its lamp goes out at the next look.
    pub fn forget(&mut self, platform: &str) {
        if let Some(watched) = self.entries.get_mut(platform).and_then(|it| it.watched.as_mut()) {
            watched.is_gone = true;
        }
    }

    pub fn heard(&mut self, platform: &str, now_ms: i64) {
        if let Some(entry) = self.entries.get_mut(platform) {
            (entry.heard_ms, entry.n_failures) = (now_ms, 0);
            if let Some(watched) = &mut entry.watched {
                watched.was_heard = true;
            }
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
            let watched = entry.watched.as_ref();
            let silent_after_ms = watched.map_or(self.silent_after_ms, |it| it.silent_after_ms);
            let is_gone = watched.is_some_and(|it| it.is_gone);
            let is_quiet = !is_gone && entry.pushes && now_ms - entry.heard_ms > silent_after_ms;
            let state = match entry.n_failures {
                _ if is_gone => HealthState::Unknown,
                _ if is_quiet => HealthState::Silent,
                0 if watched.is_some_and(|it| !it.was_heard) => HealthState::Unknown,
                0 if entry.pushes && entry.heard_ms == 0 => HealthState::Unknown,
                0 => HealthState::Healthy,
                n if n < SILENT_AFTER_FAILURES => HealthState::Degraded,
                _ => HealthState::Silent,
            };
            if entry.reported == Some(state) && !is_gone {
                continue;
            }
            entry.reported = Some(state);
            let last_error: Text = match entry.error.as_str() {
                _ if is_gone => "已从配置中移除".into(),
                "" if is_quiet => watched.map_or_else(|| QUIET.into(), |it| it.quiet.clone()),
                error => error.into(),
            };
            let platform = PlatformId::from(name.as_str());
            let health = ConnectorHealth {
                platform: platform.clone(),
                name: watched.map_or_else(|| names::title_zh(name).into(), |it| it.title.clone()),
                state,
                since: now,
                last_error,
                simulated: watched.map_or(self.simulated, |it| it.simulated),
            };
            commands.push((platform, Command::ReportHealth { health }));
        }
        self.entries.retain(|_, it| it.watched.as_ref().is_none_or(|it| !it.is_gone));
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
    fn a_watched_connector_has_its_own_budget_and_its_end_is_told_once() {
        let mut book = HealthBook::new(&[], &[], true, 1_000_000, 1);
        book.watch("rain", Watched::new("雨量".into(), false, 5.0), 1000);
        let state = |book: &mut HealthBook, now_ms| {
            let changes = book.changes(now_ms, Timestamp(1));
            changes.into_iter().find_map(|(_, it)| match it {
                Command::ReportHealth { health } => Some((health.state, health.simulated, health.name)),
                _ => None,
            })
        };
        let told = |state| Some((state, false, Text::from("雨量")));
        assert_eq!(state(&mut book, 1000), told(HealthState::Unknown), "not heard yet");
        book.heard("rain", 2000);
        assert_eq!(state(&mut book, 2000), told(HealthState::Healthy));
        assert_eq!(state(&mut book, 7001), told(HealthState::Silent));
        book.forget("rain");
        assert_eq!(state(&mut book, 7002), told(HealthState::Unknown));
        assert_eq!(state(&mut book, 7003), None);
    }

    #[test]
    fn silence_is_told_with_its_address() {
        let mut book = HealthBook::new(&[], &[], true, 1_000_000, 1);
        book.watch("trucks", Watched::new("车辆".into(), false, 5.0).at("tcp://0.0.0.0:8808"), 1000);
        book.heard("trucks", 2000);
        let told = book.changes(9000, Timestamp(1));
        assert!(
            matches!(&told[..], [(_, Command::ReportHealth { health })] if &*health.last_error == "没有消息（tcp://0.0.0.0:8808）"),
            "{told:?}"
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
