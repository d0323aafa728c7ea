//! What cards show that no indicator counts: where open cases lie, alarms as they began and ended, the load of alarms.
//! Counted of the city when it changed, and not more often than every few seconds.

use crate::i18n::{Lang, tr};
use crate::panels::Model;
use crate::panels::indicators::words::level_ink;
use gulang_charts::{Link, Span};
use gulang_city::{
    Alarm, AlarmLoad, CardShows, City, MetricWall, Realm, Timestamp, WarningColor, indicators::Definitions,
};
use std::collections::{BTreeMap, HashMap};

const EVERY_SECS: f64 = 5.0;
/// How far back alarms are drawn.
const ALARM_HOURS: i64 = 12;
/// Alarms of one kind and level that follow each other so closely are one bar.
const JOIN_MS: i64 = 60_000;

/// From when, and until when if it is over.
type Stretch = (Timestamp, Option<Timestamp>);

#[derive(Default)]
pub(in crate::panels) struct Counted {
    made_of: Option<MadeOf>,
    /// On egui's clock, s.
    made_at: f64,
    /// Another one after each counting that was news.
    pub serial: u64,
    /// Source → area → agency of open cases.
    pub flow: Vec<Link>,
    pub n_open: usize,
    pub spans: Vec<Span>,
    pub n_alarms: usize,
    /// The stretch the alarms are of.
    pub from: Timestamp,
    pub to: Timestamp,
    pub load: Option<AlarmLoad>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct MadeOf {
    realm: Realm,
    seq: u64,
    minute: i64,
    lang: Lang,
    has_areas: bool,
    wants: Wants,
}

/// Which of it the cards of a layout show.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Wants {
    flow: bool,
    alarms: bool,
    load: bool,
}

impl Counted {
    pub fn refresh(&mut self, model: &Model<'_>, definitions: Option<&Definitions>, wall: &MetricWall, time: f64) {
        let wants = wants_of(wall);
        let now = model.clock.now;
        let of = MadeOf {
            realm: model.realm,
            seq: model.city.seq,
            minute: now.0.div_euclid(60_000),
            lang: model.lang,
            has_areas: definitions.is_some(),
            wants,
        };
        let is_soon = (0.0..EVERY_SECS).contains(&(time - self.made_at));
        let kind = |it: MadeOf| (it.realm, it.lang, it.has_areas, it.wants);
        let is_alike = self.made_of.is_some_and(|it| kind(it) == kind(of));
        if self.made_of == Some(of) || is_alike && is_soon {
            return;
        }
        (self.made_of, self.made_at) = (Some(of), time);
        self.serial += 1;
        if wants.flow {
            self.count_flow(model.city, definitions, model.lang);
        }
        if wants.alarms {
            self.list_alarms(model.city, now, model.lang);
        }
        self.load = wants.load.then(|| AlarmLoad::of(model.city, now));
    }

    fn count_flow(&mut self, city: &City, definitions: Option<&Definitions>, lang: Lang) {
        let areas = definitions.map(|it| it.areas.as_slice()).unwrap_or_default();
        // Titles repeat by the hundred.
        let mut area_of: HashMap<&str, String> = HashMap::new();
        let mut sums: BTreeMap<(usize, String, String), f64> = BTreeMap::new();
        self.n_open = 0;
        for case in city.cases.values().filter(|it| it.is_open()) {
            let report = &case.report;
            let area = area_of.entry(&report.title).or_insert_with(|| {
                let area = areas.iter().find(|it| it.words.iter().any(|word| report.title.contains(&**word)));
                area.map_or_else(|| lang.t(tr::METRIC_OTHER).to_owned(), |it| lang.pick(&it.zh, &it.en).to_owned())
            });
            let source = city.connectors.get(&report.platform);
            let source = source.map_or_else(|| report.platform.to_string(), |it| it.name.to_string());
            let agency = city.agencies.get(&report.agency);
            let agency = agency.map_or_else(|| lang.t(tr::METRIC_OTHER).to_owned(), |it| it.short.to_string());
            *sums.entry((0, source, area.clone())).or_default() += 1.0;
            *sums.entry((1, area.clone(), agency)).or_default() += 1.0;
            self.n_open += 1;
        }
        self.flow = sums.into_iter().map(|((column, from, to), n)| Link { column, from, to, n }).collect();
    }

    fn list_alarms(&mut self, city: &City, now: Timestamp, lang: Lang) {
        let from = now.plus_mins(-ALARM_HOURS * 60);
        (self.from, self.to) = (from, now);
        // Numbered as they were raised: what is older is of interest only while it is open.
        let recent = city.alarms.values().rev().take_while(|it| it.raised_at >= from);
        let older = city.open_alarms.values().filter_map(|it| city.alarms.get(it)).filter(|it| it.raised_at < from);
        let mut lanes: BTreeMap<String, BTreeMap<WarningColor, Vec<Stretch>>> = BTreeMap::new();
        self.n_alarms = 0;
        for alarm in recent.chain(older) {
            self.n_alarms += 1;
            let lane = lanes.entry(kind_of(city, alarm, lang)).or_default();
            lane.entry(alarm.color).or_default().push((alarm.raised_at, alarm.cleared_at));
        }
        let mut lanes: Vec<_> = lanes.into_iter().collect();
        let n_of = |it: &BTreeMap<WarningColor, Vec<_>>| it.values().map(Vec::len).sum::<usize>();
        lanes.sort_by_key(|(_, it)| std::cmp::Reverse((it.keys().next_back().copied(), n_of(it))));
        self.spans.clear();
        for (lane, by_color) in lanes {
            // The graver over the milder.
            for (color, spans) in by_color {
                let ink = level_ink(color);
                let joined = joined(spans).into_iter();
                self.spans.extend(joined.map(|(from, to)| Span { lane: lane.clone(), from, to, color: ink }));
            }
        }
    }
}

fn wants_of(wall: &MetricWall) -> Wants {
    let has = |wanted: &CardShows| wall.cards.iter().any(|it| it.shows == *wanted);
    Wants { flow: has(&CardShows::CaseFlow), alarms: has(&CardShows::AlarmTimeline), load: has(&CardShows::AlarmLoad) }
}

/// What an alarm comes of, in words.
fn kind_of(city: &City, alarm: &Alarm, lang: Lang) -> String {
    let word = city.subject_of(alarm).map(|it| lang.cause(it.cause())).filter(|it| !it.is_empty());
    word.unwrap_or(lang.t(tr::METRIC_OTHER)).to_owned()
}

/// Stretches that overlap or all but touch as one; open is what has no end.
fn joined(mut spans: Vec<Stretch>) -> Vec<Stretch> {
    spans.sort_unstable();
    let mut out: Vec<Stretch> = Vec::new();
    for (from, to) in spans {
        match out.last_mut() {
            Some((_, last @ Some(_))) if last.is_some_and(|it| from.since_ms(it) <= JOIN_MS) => {
                *last = to.map(|it| last.map_or(it, |before| before.max(it)));
            }
            // What never ended holds all that came after.
            Some((_, None)) => {}
            _ => out.push((from, to)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_that_all_but_touch_are_one_bar_and_an_open_one_holds_the_rest() {
        let at = |mins: i64| Timestamp(1_790_000_000_000).plus_mins(mins);
        let spans = vec![
            (at(30), Some(at(40))),
            (at(0), Some(at(10))),
            (at(5), Some(at(8))),
            (at(11), Some(at(20))),
            (at(60), None),
            (at(70), Some(at(80))),
        ];
        assert_eq!(joined(spans), [(at(0), Some(at(20))), (at(30), Some(at(40))), (at(60), None)]);
    }
}
