//! Readings into alarms: each sensor's own thresholds, and the pack's rules over them.
//!
//! A [`Judge`] stands beside the readings lane, outside the fold. It is fed with the readings' own times and keeps a few
//! figures for each sensor; the same readings give the same commands. What is worst of all that is on is the sensor's
//! colour, and only a change of colour is said, so that no alarm comes twice.

mod rules;
mod things;
mod watch;

pub use rules::*;
pub use things::ThingJudge;
pub use watch::{Verdict, figure_text};

use crate::{City, Command, SensorId, SensorKind, Threshold, Timestamp};
use watch::{Norm, Peers, Watch};

/// Turns readings into [`Command::JudgeReading`] and [`Command::JudgeByRule`].
///
/// It remembers the colour each sensor is at; a new one takes it from the city's open alarms, so a restart neither
/// repeats nor forgets an alarm.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    rules: AlarmRules,
    sensors: Vec<Judged>,
    /// By kind, in the order of [`SensorKind::ALL`].
    peers: Vec<Peers>,
    deadbands: Vec<f32>,
    /// When it began to wait for those never heard.
    began: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Judged {
    id: SensorId,
    kind: SensorKind,
    /// Ascending by `on`.
    thresholds: Vec<Threshold>,
    watch: Watch,
}

impl Judge {
    pub fn for_city(city: &City) -> Self {
        let rules = city.alarm_rules.clone();
        let judged = city.sensors.values().map(|sensor| {
            let thresholds = sensor.thresholds.clone();
            let mut watch = Watch::new(rules.of(sensor.kind.id(), sensor.id.as_str()), &rules.rules);
            if let Some(alarm) = city.open_alarms.get(&sensor.id).and_then(|it| city.alarms.get(it)) {
                let norm = Norm { rules: &rules.rules, thresholds: &thresholds, deadband: 0.0, unit: "" };
                watch.resume(norm, alarm.color, &alarm.rule, alarm.raised_at);
            }
            Judged { id: sensor.id.clone(), kind: sensor.kind, thresholds, watch }
        });
        let sensors = judged.collect();
        let deadbands = SensorKind::ALL.iter().map(|it| rules.deadband.get(it.id()).copied().unwrap_or(0.0)).collect();
        let peers = vec![Peers::default(); SensorKind::ALL.len()];
        Self { rules, sensors, peers, deadbands, began: None }
    }

    /// A command when the reading changes the sensor's colour. `handle` is the sensor's index in the registry. What is
    /// unknown, older than the last reading or not a number is ignored.
    pub fn feed(&mut self, handle: u32, value: f32, at: Timestamp) -> Option<Command> {
        let judged = self.sensors.get_mut(handle as usize)?;
        let kind = judged.kind as usize;
        let (peers, deadband) = (self.peers.get_mut(kind)?, self.deadbands.get(kind).copied().unwrap_or(0.0));
        let norm =
            Norm { rules: &self.rules.rules, thresholds: &judged.thresholds, deadband, unit: judged.kind.unit() };
        let verdict = judged.watch.feed(norm, (handle, peers), value, at)?;
        Some(command_of(&self.rules, &judged.id, verdict))
    }

    /// Those not heard for longer than their rule allows. A kind of which most are silent is not judged: that is the
    /// connector's failure, which its lamp tells.
    pub fn unheard(&mut self, now: Timestamp) -> Vec<Command> {
        let rules = &self.rules;
        if !rules.rules.iter().any(|it| matches!(it.test, AlarmTest::Silence { .. })) {
            return Vec::new();
        }
        // After the clock was set back the wait begins anew.
        let began = self.began.filter(|it| *it <= now).unwrap_or(now);
        self.began = Some(began);
        let is_late = |it: &Judged| {
            let mins = it.watch.silence_mins(&rules.rules)?;
            Some(now - it.watch.last_at().max(began) >= i64::from(mins) * 60_000)
        };
        let mut n_by_kind = [(0usize, 0usize); SensorKind::ALL.len()];
        let late: Vec<Option<bool>> = self.sensors.iter().map(is_late).collect();
        for (it, late) in self.sensors.iter().zip(&late) {
            if let (Some(late), Some(n)) = (late, n_by_kind.get_mut(it.kind as usize)) {
                n.0 += 1;
                n.1 += usize::from(*late);
            }
        }
        let mut commands = Vec::new();
        for (it, late) in self.sensors.iter_mut().zip(late) {
            let (n, n_late) = n_by_kind.get(it.kind as usize).copied().unwrap_or_default();
            if late == Some(true) && n_late * 2 <= n {
                let norm =
                    Norm { rules: &rules.rules, thresholds: &it.thresholds, deadband: 0.0, unit: it.kind.unit() };
                commands.extend(it.watch.unheard(norm, now).map(|verdict| command_of(rules, &it.id, verdict)));
            }
        }
        commands
    }
}

fn command_of(rules: &AlarmRules, sensor: &SensorId, it: Verdict) -> Command {
    let sensor = sensor.clone();
    let rule = it.rule.and_then(|i| rules.rules.get(usize::from(i)));
    match (rule, it.color) {
        (Some(rule), Some(color)) => {
            Command::JudgeByRule { sensor, rule: rule.id.clone(), color, value: it.value, at: it.at, why: it.why }
        }
        (_, color) => Command::JudgeReading { sensor, color, value: it.value, at: it.at },
    }
}
