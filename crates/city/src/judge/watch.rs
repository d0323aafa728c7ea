//! One sensor under its rules: what is remembered of it, a few figures however long it speaks.

use super::rules::{AlarmRule, AlarmTest, MOVED_KEPT, RISE_PARTS};
use crate::{Text, Threshold, Timestamp, WarningColor};

/// What the rules now say of a sensor, when it is not what they said before.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// `None`: nothing is wrong any more.
    pub color: Option<WarningColor>,
    /// Which of the rules leads; `None` where the sensor's own thresholds do.
    pub rule: Option<u16>,
    /// In words, where a rule leads: `30 分钟涨 42 cm`.
    pub why: Text,
    pub value: f32,
    pub at: Timestamp,
}

/// Who of a kind changed of late, the latest last; each once.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    moved: [(u32, Timestamp); MOVED_KEPT],
}

/// One sensor's state. Readings come in the order of their times; what is older is passed over.
#[derive(Clone, Debug)]
pub struct Watch {
    /// How many of the thresholds are on.
    n_on: usize,
    rules: Vec<Ruled>,
    /// The figure all is judged by: the last one that differed by the deadband or more.
    kept: f32,
    /// Since when it is that.
    moved_at: Timestamp,
    last_at: Timestamp,
    said: Option<WarningColor>,
    /// What is said later is not of before: a delayed reading must not be refused as older than its alarm.
    said_at: Timestamp,
}

#[derive(Clone, Debug)]
struct Ruled {
    rule: u16,
    is_on: bool,
    /// Since when the figure has been beyond, for a hold; 0 while it is not.
    since: Timestamp,
    ring: Option<Box<Ring>>,
}

/// The lowest (for a rise) figures of the parts of a window.
#[derive(Clone, Debug)]
struct Ring {
    part: [i64; RISE_PARTS],
    lowest: [f32; RISE_PARTS],
}

impl Peers {
    pub(super) fn note(&mut self, handle: u32, at: Timestamp) {
        // Its own place, else the oldest's.
        let own = self.moved.iter().position(|it| it.0 == handle && it.1.0 != 0);
        let slot = own.or_else(|| (0..MOVED_KEPT).min_by_key(|i| self.moved[*i].1));
        if let Some(slot) = slot
            && (own.is_none() || self.moved[slot].1 < at)
        {
            self.moved[slot] = (handle, at);
        }
    }

    /// How many others changed after `since`.
    fn n_others(&self, handle: u32, since: Timestamp) -> usize {
        self.moved.iter().filter(|it| it.0 != handle && it.1 > since).count()
    }
}

impl Ring {
    fn new() -> Self {
        Self { part: [i64::MIN; RISE_PARTS], lowest: [0.0; RISE_PARTS] }
    }

    /// Takes a figure; how much it has grown within the window, and whether half of the window has been seen.
    fn grown(&mut self, value: f32, at: Timestamp, over_mins: u32) -> (f32, bool) {
        let part_ms = (i64::from(over_mins) * 60_000 / RISE_PARTS as i64).max(1);
        let part = at.0.div_euclid(part_ms);
        let slot = part.rem_euclid(RISE_PARTS as i64) as usize;
        if self.part[slot] != part {
            (self.part[slot], self.lowest[slot]) = (part, value);
        }
        self.lowest[slot] = self.lowest[slot].min(value);
        let recent = (0..RISE_PARTS).filter(|i| self.part[*i] <= part && self.part[*i] > part - RISE_PARTS as i64);
        let (lowest, oldest) =
            recent.fold((value, part), |(lowest, oldest), i| (lowest.min(self.lowest[i]), oldest.min(self.part[i])));
        (value - lowest, part - oldest >= RISE_PARTS as i64 / 2)
    }
}

/// What is the same for all of a kind, handed in with each reading.
#[derive(Clone, Copy)]
pub(super) struct Norm<'a> {
    pub(super) rules: &'a [AlarmRule],
    pub(super) thresholds: &'a [Threshold],
    pub(super) deadband: f32,
    pub(super) unit: &'a str,
}

impl Watch {
    pub(super) fn new(rules: Vec<u16>, all: &[AlarmRule]) -> Self {
        let ruled = |rule: u16| {
            let test = all.get(usize::from(rule)).map(|it| it.test);
            let has_ring = matches!(test, Some(AlarmTest::Rise { .. } | AlarmTest::Fall { .. }));
            Ruled { rule, is_on: false, since: Timestamp(0), ring: has_ring.then(|| Box::new(Ring::new())) }
        };
        Self {
            n_on: 0,
            rules: rules.into_iter().map(ruled).collect(),
            kept: f32::NAN,
            moved_at: Timestamp(0),
            last_at: Timestamp(0),
            said: None,
            said_at: Timestamp(0),
        }
    }

    /// Goes on from an alarm that is open: its colour, and the rule that leads it.
    pub(super) fn resume(&mut self, norm: Norm<'_>, color: WarningColor, rule: &str, raised_at: Timestamp) {
        (self.said, self.said_at) = (Some(color), raised_at);
        let known =
            self.rules.iter_mut().find(|it| norm.rules.get(usize::from(it.rule)).is_some_and(|it| *it.id == *rule));
        match known {
            Some(known) => known.is_on = true,
            None => self.n_on = norm.thresholds.iter().position(|it| it.color == color).map_or(0, |i| i + 1),
        }
    }

    pub(super) fn last_at(&self) -> Timestamp {
        self.last_at
    }

    /// The minutes of its silence rule, if it has one.
    pub(super) fn silence_mins(&self, rules: &[AlarmRule]) -> Option<u32> {
        self.rules.iter().find_map(|it| match rules.get(usize::from(it.rule))?.test {
            AlarmTest::Silence { for_mins } => Some(for_mins),
            _ => None,
        })
    }

    /// Judges one reading. What is no number, or not newer than the last, is passed over.
    pub(super) fn feed(
        &mut self,
        norm: Norm<'_>,
        (handle, peers): (u32, &mut Peers),
        value: f32,
        at: Timestamp,
    ) -> Option<Verdict> {
        if !value.is_finite() || at <= self.last_at {
            return None;
        }
        self.last_at = at;
        let mut is_possible = true;
        for it in &mut self.rules {
            match norm.rules.get(usize::from(it.rule)).map(|it| it.test) {
                Some(AlarmTest::Outside { low, high }) => {
                    it.is_on = !(low..=high).contains(&value);
                    is_possible &= !it.is_on;
                }
                Some(AlarmTest::Silence { .. }) => it.is_on = false,
                _ => {}
            }
        }
        if is_possible {
            self.take(norm, (handle, peers), value, at);
        }
        self.verdict(norm, value, at)
    }

    /// Not heard for longer than its rule allows: `now` is on the clock the readings' times are.
    pub(super) fn unheard(&mut self, norm: Norm<'_>, now: Timestamp) -> Option<Verdict> {
        for it in &mut self.rules {
            if let Some(AlarmTest::Silence { .. }) = norm.rules.get(usize::from(it.rule)).map(|it| it.test) {
                it.is_on = true;
            }
        }
        let value = if self.kept.is_nan() { 0.0 } else { self.kept };
        self.verdict(norm, value, now)
    }

    fn take(&mut self, norm: Norm<'_>, (handle, peers): (u32, &mut Peers), value: f32, at: Timestamp) {
        let is_first = self.kept.is_nan();
        if is_first || (value - self.kept).abs() >= norm.deadband.max(f32::MIN_POSITIVE) {
            if !is_first {
                peers.note(handle, at);
                for it in &mut self.rules {
                    if let Some(AlarmTest::Stuck { .. }) = norm.rules.get(usize::from(it.rule)).map(|it| it.test) {
                        it.is_on = false;
                    }
                }
            }
            (self.kept, self.moved_at) = (value, at);
        }
        let value = self.kept;
        while self.n_on > 0 && norm.thresholds.get(self.n_on - 1).is_none_or(|it| value < it.off) {
            self.n_on -= 1;
        }
        while norm.thresholds.get(self.n_on).is_some_and(|it| value >= it.on) {
            self.n_on += 1;
        }
        for it in &mut self.rules {
            let Some(rule) = norm.rules.get(usize::from(it.rule)) else { continue };
            match rule.test {
                AlarmTest::Above { on, off, hold_s } => it.hold(value, (on, off), hold_s, at),
                AlarmTest::Below { on, off, hold_s } => it.hold(-value, (-on, -off), hold_s, at),
                AlarmTest::Rise { on, off, over_mins } => it.grow(value, (on, off), over_mins, at),
                AlarmTest::Fall { on, off, over_mins } => it.grow(-value, (on, off), over_mins, at),
                AlarmTest::Stuck { for_mins, others, above } => {
                    let for_ms = i64::from(for_mins) * 60_000;
                    let is_still = at - self.moved_at >= for_ms && value >= above;
                    let n_others = peers.n_others(handle, at + -for_ms);
                    it.is_on |= is_still && n_others >= others as usize;
                }
                AlarmTest::Outside { .. } | AlarmTest::Silence { .. } => {}
            }
        }
    }

    /// The worst of what is on, if it is of another colour than was said; of several the thresholds lead, then the first rule.
    fn verdict(&mut self, norm: Norm<'_>, value: f32, at: Timestamp) -> Option<Verdict> {
        let own = self.n_on.checked_sub(1).and_then(|i| norm.thresholds.get(i)).map(|it| it.color);
        let mut leading = (own, None);
        for it in self.rules.iter().filter(|it| it.is_on) {
            let color = norm.rules.get(usize::from(it.rule)).map(|it| it.color);
            if color > leading.0 {
                leading = (color, Some(it.rule));
            }
        }
        let (color, rule) = leading;
        if color == self.said {
            return None;
        }
        (self.said, self.said_at) = (color, at.max(self.said_at));
        let why = rule.and_then(|rule| self.why(norm, rule, value, at)).unwrap_or_default();
        Some(Verdict { color, rule, why: why.into(), value, at: self.said_at })
    }

    fn why(&self, norm: Norm<'_>, rule: u16, value: f32, at: Timestamp) -> Option<String> {
        let ruled = self.rules.iter().find(|it| it.rule == rule)?;
        let rule = norm.rules.get(usize::from(rule))?;
        let with_unit = |value: f32| figure_text(value, norm.unit);
        let minutes = |mins: u32| span_text(i64::from(mins) * 60);
        let held =
            |secs: u32| if secs == 0 { String::new() } else { format!("，已持续 {}", span_text(i64::from(secs))) };
        let still = || span_text((at - self.moved_at) / 1000);
        let grown = |over_mins: u32| {
            let ring = ruled.ring.as_ref();
            ring.map_or(0.0, |it| it.clone().grown(if is_fall(rule) { -self.kept } else { self.kept }, at, over_mins).0)
        };
        Some(match rule.test {
            AlarmTest::Above { on, hold_s, .. } => format!("不低于 {}{}", with_unit(on), held(hold_s)),
            AlarmTest::Below { on, hold_s, .. } => format!("不高于 {}{}", with_unit(on), held(hold_s)),
            AlarmTest::Rise { over_mins, .. } => format!("{}涨 {}", minutes(over_mins), with_unit(grown(over_mins))),
            AlarmTest::Fall { over_mins, .. } => format!("{}降 {}", minutes(over_mins), with_unit(grown(over_mins))),
            AlarmTest::Stuck { others: 0, .. } => format!("{}没有变化", still()),
            AlarmTest::Stuck { .. } => format!("{}没有变化，同类在变", still()),
            AlarmTest::Outside { low, high } => {
                format!("{} 不在 {} 到 {} 之间，读数不可信", with_unit(value), with_unit(low), with_unit(high))
            }
            AlarmTest::Silence { for_mins } => format!("{}没有读数", minutes(for_mins)),
        })
    }
}

impl Ruled {
    fn hold(&mut self, value: f32, (on, off): (f32, f32), hold_s: u32, at: Timestamp) {
        if value < on {
            self.since = Timestamp(0);
            self.is_on &= value >= off;
            return;
        }
        if self.since.0 == 0 {
            self.since = at;
        }
        self.is_on |= at - self.since >= i64::from(hold_s) * 1000;
    }

    fn grow(&mut self, value: f32, (on, off): (f32, f32), over_mins: u32, at: Timestamp) {
        let Some(ring) = &mut self.ring else { return };
        let (grown, is_known) = ring.grown(value, at, over_mins);
        if grown >= on {
            self.is_on = true;
        } else if grown < off && is_known {
            // After a restart nothing is known of before: an alarm is not cleared for that.
            self.is_on = false;
        }
    }
}

fn is_fall(rule: &AlarmRule) -> bool {
    matches!(rule.test, AlarmTest::Fall { .. })
}

/// `45 秒`, `30 分钟`, `2 小时`, `1 小时 30 分钟`.
fn span_text(secs: i64) -> String {
    match secs.max(0) {
        secs if secs < 60 => format!("{secs} 秒"),
        secs if secs < 3600 => format!("{} 分钟", secs / 60),
        secs if secs % 3600 < 60 => format!("{} 小时", secs / 3600),
        secs => format!("{} 小时 {} 分钟", secs / 3600, secs / 60 % 60),
    }
}

/// `42 cm`, `0.35 °`: no more places than say something.
pub fn figure_text(value: f32, unit: &str) -> String {
    let text = match value.abs() {
        v if v >= 100.0 || v.fract() == 0.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    if unit.is_empty() { text } else { format!("{text} {unit}") }
}
