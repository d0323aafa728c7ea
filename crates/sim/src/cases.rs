//! Cases of city management: an arrival process with a daily rhythm, and each case's own way through the seven stages.
//!
//! The minute is the unit: a minute's cases are drawn from the seed and the minute's number alone, and a case's delays
//! from its own, so the changes of any window can be made without what came before. Made minutes are kept, being asked
//! for again while their cases live.

use crate::{dice::Dice, figures::CaseFigures};
use gulang_city::{
    AgencyId, BEIJING_OFFSET_MS, CaseKind, CaseStage, DistrictId, LonLat, Pack, Timestamp, WarningColor,
    inject::{Inject, InjectKind},
};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

const MINUTE_MS: i64 = 60_000;
/// Longer than the longest way through the stages in `figures.toml`, minutes.
const LONGEST_LIFE_MINS: i64 = 32 * 60;
/// Minutes kept made; a drill's sixty hours fit.
const N_KEPT: usize = 6000;

/// Everything about one case that will ever happen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CaseLife {
    pub(crate) number: u64,
    pub(crate) kind: CaseKind,
    pub(crate) title: Cow<'static, str>,
    pub(crate) address: String,
    pub(crate) at: LonLat,
    pub(crate) district: DistrictId,
    pub(crate) agency: AgencyId,
    pub(crate) color: WarningColor,
    pub(crate) due_at: Timestamp,
    /// When it enters each stage.
    pub(crate) stages: [Timestamp; 7],
}

/// A step in a case's life; ordered as the feed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChangeKey {
    pub(crate) at: Timestamp,
    pub(crate) number: u64,
    /// 1–7.
    pub(crate) stage: u8,
}

/// A change, and whose: the minute's cases and the index among them.
pub(crate) type Change = (ChangeKey, Arc<Vec<CaseLife>>, usize);

pub(crate) struct Cases {
    dice: Dice,
    figures: CaseFigures,
    places: Vec<Place>,
    /// For each title, who handles it in each district (by district index), or anywhere.
    handlers: Vec<Vec<AgencyId>>,
    districts: Vec<DistrictId>,
    made: Mutex<HashMap<i64, Arc<Vec<CaseLife>>>>,
    /// What the scenario throws in, by minute.
    incidents: HashMap<i64, Vec<CaseLife>>,
}

/// A spot where something can be found wrong.
struct Place {
    name: String,
    at: LonLat,
    district: usize,
}

struct Title {
    words: &'static str,
    kind: CaseKind,
    /// Relative frequency on an ordinary day, and what a unit of storm (0–1) adds.
    weight: f64,
    storm_weight: f64,
    /// Hours to the deadline.
    due_h: i64,
    /// What the handler's name has in it; empty for the district.
    handler: &'static str,
}

const fn title(
    words: &'static str,
    kind: CaseKind,
    weight: f64,
    storm_weight: f64,
    due_h: i64,
    handler: &'static str,
) -> Title {
    Title { words, kind, weight, storm_weight, due_h, handler }
}

/// Ordinary matters of a 数字城管 platform; the violation names are of the public documents, the weights are assumed.
const TITLES: [Title; 28] = [
    title("占道经营", CaseKind::Event, 9.0, -7.0, 8, "执法"),
    title("跨店经营", CaseKind::Event, 8.0, -6.0, 8, "执法"),
    title("流动摊贩", CaseKind::Event, 7.0, -6.5, 4, "执法"),
    title("非机动车违停", CaseKind::Event, 10.0, -6.0, 8, "执法"),
    title("占道停车", CaseKind::Event, 7.0, -3.0, 8, "公安"),
    title("乱扔大件垃圾", CaseKind::Event, 6.0, -2.0, 12, ""),
    title("垃圾满溢", CaseKind::Event, 7.0, 0.0, 6, "市政园林"),
    title("打包垃圾暴露", CaseKind::Event, 5.0, 0.0, 8, ""),
    title("违规广告", CaseKind::Event, 4.0, 0.0, 48, "执法"),
    title("乱堆物料", CaseKind::Event, 5.0, 0.0, 12, ""),
    title("乱拉挂", CaseKind::Event, 4.0, 0.0, 12, ""),
    title("渣土车未覆盖", CaseKind::Event, 2.0, -1.5, 4, "执法"),
    title("工地夜间噪声", CaseKind::Event, 2.0, -1.5, 4, "生态环境"),
    title("工地扬尘", CaseKind::Event, 2.0, -1.8, 6, "住"),
    title("道路破损", CaseKind::Part, 4.0, 2.0, 72, "市政园林"),
    title("窨井盖异常移位", CaseKind::Part, 3.0, 4.0, 4, "市政园林"),
    title("雨水箅子堵塞", CaseKind::Part, 2.5, 8.0, 12, "市政园林"),
    title("路灯不亮", CaseKind::Part, 3.0, 1.0, 48, "市政园林"),
    title("交通护栏损坏", CaseKind::Part, 2.0, 2.0, 24, "公安"),
    title("信号灯故障", CaseKind::Part, 0.8, 2.0, 4, "公安"),
    title("消火栓漏水", CaseKind::Part, 0.5, 0.2, 12, "消防"),
    title("果皮箱破损", CaseKind::Part, 2.0, 0.5, 48, ""),
    title("行道树倾倒", CaseKind::Part, 0.8, 14.0, 6, "市政园林"),
    title("道路积水", CaseKind::Event, 0.5, 12.0, 3, "市政园林"),
    title("围挡倾斜", CaseKind::Event, 0.4, 6.0, 6, "住"),
    title("店招松动", CaseKind::Event, 0.6, 8.0, 6, "执法"),
    title("供电线路断落", CaseKind::Event, 0.15, 2.5, 2, "供电"),
    title("共享单车淤积", CaseKind::Event, 5.0, -4.0, 6, "执法"),
];

impl Cases {
    pub(crate) fn new(pack: &Pack, figures: CaseFigures, dice: Dice) -> Self {
        let districts: Vec<DistrictId> = pack.districts.iter().map(|d| d.id.clone()).collect();
        let index = |id: &DistrictId| districts.iter().position(|d| d == id).unwrap_or(0);
        let place =
            |name: &str, at: LonLat, district: &DistrictId| Place { name: name.into(), at, district: index(district) };
        let mut places: Vec<Place> = pack.cameras.iter().map(|c| place(&c.name, c.at, &c.district)).collect();
        places.extend(pack.flood_points.iter().map(|p| place(&p.name, p.at, &p.district)));
        places.extend(pack.shelters.iter().map(|p| place(&p.name, p.at, &p.district)));
        if places.is_empty() {
            places.extend(pack.districts.iter().map(|d| place(&d.name, d.center, &d.id)));
        }
        let handlers = TITLES.iter().map(|t| districts.iter().map(|d| handler(pack, t.handler, d)).collect()).collect();
        Self { dice, figures, places, handlers, districts, made: Mutex::default(), incidents: HashMap::new() }
    }

    /// The changes after `after` and up to `until`, in feed order, `limit` at most; whether there are more.
    pub(crate) fn changes(
        &self,
        after: ChangeKey,
        until: Timestamp,
        limit: usize,
        storm: &dyn Fn(Timestamp) -> f64,
    ) -> (Vec<Change>, bool) {
        let mut found = Vec::new();
        // Work through the window a quarter of an hour at a time, so that a far-behind cursor costs no more than its page.
        let mut from = after.at;
        while from <= until && found.len() <= limit {
            let to = Timestamp((from.0.div_euclid(15 * MINUTE_MS) + 1) * 15 * MINUTE_MS).min(until + 1);
            let mut part = Vec::new();
            let first = from.0.div_euclid(MINUTE_MS) - LONGEST_LIFE_MINS;
            for minute in first..=(to.0 - 1).div_euclid(MINUTE_MS) {
                let lives = self.minute(minute, storm);
                for (i, life) in lives.iter().enumerate() {
                    for (stage, &at) in life.stages.iter().enumerate() {
                        let key = ChangeKey { at, number: life.number, stage: stage as u8 + 1 };
                        if from <= at && at < to && key > after {
                            part.push((key, lives.clone(), i));
                        }
                    }
                }
            }
            part.sort_unstable_by_key(|(key, ..)| *key);
            found.append(&mut part);
            from = to;
        }
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }

    /// One case by its number, whatever became of it.
    pub(crate) fn life(&self, number: u64, storm: &dyn Fn(Timestamp) -> f64) -> Option<CaseLife> {
        let lives = self.minute((number / 100) as i64, storm);
        lives.iter().find(|it| it.number == number).cloned()
    }

    fn minute(&self, minute: i64, storm: &dyn Fn(Timestamp) -> f64) -> Arc<Vec<CaseLife>> {
        if let Some(lives) = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&minute) {
            return lives.clone();
        }
        let lives = Arc::new(self.make_minute(minute, storm(Timestamp(minute * MINUTE_MS))));
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= N_KEPT {
            made.retain(|&m, _| m > minute - N_KEPT as i64 * 3 / 4);
        }
        made.insert(minute, lives.clone());
        lives
    }

    fn make_minute(&self, minute: i64, storm: f64) -> Vec<CaseLife> {
        let dice = self.dice.of(minute as u64);
        let hour = ((minute * MINUTE_MS + BEIJING_OFFSET_MS).div_euclid(3_600_000)).rem_euclid(24) as usize;
        let rhythm = &self.figures.rhythm.value;
        let mut expected = self.figures.per_day.value * rhythm[hour] / rhythm.iter().sum::<f64>() / 60.0;
        // People and patrols stay in, but what breaks is reported.
        expected *= 1.0 - 0.35 * storm;
        let n = poisson(expected, dice.of(0));
        let ordinary = (0..n).map(|k| self.make_case(minute, k, storm, dice.of(1 + k)));
        ordinary.chain(self.incidents.get(&minute).into_iter().flatten().cloned()).collect()
    }

    /// Scripted cases beside the ordinary ones; they change none of them.
    pub(crate) fn with_incidents(mut self, injects: &[Inject]) -> Self {
        for inject in injects {
            let InjectKind::Incident { title, address, place, district, agency, color } = &inject.what else {
                continue;
            };
            let minute = inject.at.0.div_euclid(MINUTE_MS);
            let of_minute = self.incidents.entry(minute).or_default();
            let after = |mins| inject.at.plus_mins(mins);
            of_minute.push(CaseLife {
                // Ordinary cases of a minute are numbered from 0, and never reach 90.
                number: minute as u64 * 100 + 90 + of_minute.len() as u64,
                kind: CaseKind::Event,
                title: title.to_string().into(),
                address: address.to_string(),
                at: *place,
                district: district.clone(),
                agency: agency.clone(),
                color: *color,
                due_at: after(120),
                stages: [inject.at, after(1), after(3), after(90), after(100), after(130), after(300)],
            });
        }
        self
    }

    fn make_case(&self, minute: i64, k: u64, storm: f64, dice: Dice) -> CaseLife {
        let weight = |t: &Title| (t.weight + t.storm_weight * storm).max(0.05);
        let mut pick = dice.of(1).unit() * TITLES.iter().map(weight).sum::<f64>();
        let i_title = TITLES
            .iter()
            .position(|t| {
                pick -= weight(t);
                pick < 0.0
            })
            .unwrap_or(0);
        let title = &TITLES[i_title];
        let place = &self.places[dice.of(2).below(self.places.len())];
        let at = crate::typhoon::shifted(place.at, 0.04 * dice.of(3).normal(), 0.04 * dice.of(4).normal());
        let color = match dice.of(5).unit() + 0.004 * storm {
            u if u > 0.997 => WarningColor::Red,
            u if u > 0.97 => WarningColor::Orange,
            u if u > 0.85 => WarningColor::Yellow,
            _ => WarningColor::Blue,
        };
        let reported_at = Timestamp(minute * MINUTE_MS + dice.of(6).below(60) as i64 * 1000);
        let f = &self.figures;
        let mut entered = reported_at;
        let mut i_delay = 10;
        let mut after = |spread: &[f64; 3]| {
            i_delay += 1;
            entered = entered.plus_secs((dice.of(i_delay).spread(*spread) * 60.0) as i64);
            entered
        };
        let stages = [
            reported_at,
            after(&f.filed_mins.value),
            after(&f.dispatched_mins.value),
            after(&f.handled_mins.value),
            after(&f.fedback_mins.value),
            after(&f.closed_mins.value),
            after(&f.evaluated_mins.value),
        ];
        CaseLife {
            number: minute as u64 * 100 + k,
            kind: title.kind,
            title: title.words.into(),
            address: format!("{}附近", place.name),
            at,
            district: self.districts.get(place.district).cloned().unwrap_or_else(|| "".into()),
            agency: self.handlers[i_title].get(place.district).cloned().unwrap_or_else(|| "".into()),
            color,
            due_at: reported_at.plus_mins(title.due_h * 60),
            stages,
        }
    }
}

impl ChangeKey {
    pub(crate) fn stage(self) -> CaseStage {
        CaseStage::ALL[usize::from(self.stage.clamp(1, 7)) - 1]
    }

    /// Before everything at or after `at`.
    pub(crate) fn before(at: Timestamp) -> Self {
        Self { at, number: 0, stage: 0 }
    }
}

/// The agency whose name has `words` in it: the city's department first, then the district's own headquarters.
fn handler(pack: &Pack, words: &str, district: &DistrictId) -> AgencyId {
    let of_district = || pack.agencies.iter().find(|a| a.district.as_ref() == Some(district));
    let department =
        || pack.agencies.iter().find(|a| !words.is_empty() && a.district.is_none() && a.name.contains(words));
    department().or_else(of_district).or(pack.agencies.first()).map_or_else(|| "".into(), |a| a.id.clone())
}

/// Knuth's method; the means here are below ten.
fn poisson(mean: f64, dice: Dice) -> u64 {
    let (limit, mut product, mut k) = ((-mean).exp(), 1.0, 0);
    loop {
        product *= dice.of(k).unit();
        if product <= limit || k >= 99 {
            return k;
        }
        k += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{figures::Figures, testing::tiny_pack};

    const CALM: &dyn Fn(Timestamp) -> f64 = &|_| 0.0;

    fn cases() -> Cases {
        Cases::new(&tiny_pack(), Figures::shipped().cases, Dice::new(42))
    }

    fn all(from: Timestamp, to: Timestamp, page: usize) -> Vec<(ChangeKey, CaseLife)> {
        let (cases, mut after, mut out) = (cases(), ChangeKey::before(from), Vec::new());
        loop {
            let (found, more) = cases.changes(after, to, page, CALM);
            after = found.last().map_or(after, |(key, ..)| *key);
            out.extend(found.into_iter().map(|(key, lives, i)| (key, lives[i].clone())));
            if !more {
                return out;
            }
        }
    }

    #[test]
    fn a_day_has_about_5500_cases() {
        let start = Timestamp::parse("2024-06-03 00:00:00").unwrap();
        let n = all(start, start.plus_mins(1440), 5000).iter().filter(|(key, _)| key.stage == 1).count();
        assert!((5200..5800).contains(&n), "{n}");
    }

    #[test]
    fn any_window_equals_its_part_of_the_whole() {
        let start = Timestamp::parse("2024-06-03 09:00:00").unwrap();
        let whole = all(start, start.plus_mins(240), 100_000);
        let mut parts = all(start, start.plus_mins(100), 37);
        let cut = start.plus_mins(100);
        parts.extend(all(cut + 1, start.plus_mins(240), 1000));
        assert_eq!(whole, parts);
        assert!(whole.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn a_life_ends_within_the_window_looked_back_over() {
        let start = Timestamp::parse("2024-06-03 09:00:00").unwrap();
        for (_, life) in all(start, start.plus_mins(600), 100_000) {
            assert!(life.stages.windows(2).all(|w| w[0] <= w[1]));
            assert!(life.stages[6] - life.stages[0] < (LONGEST_LIFE_MINS - 1) * MINUTE_MS);
        }
    }
}
