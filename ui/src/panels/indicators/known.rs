//! What this screen knows of 指标: definitions, figures, how they went, what full hours were. One store for the page, the
//! metrics wall and briefings; whoever draws says what it wants, and the hub is asked for that and no more.
//!
//! Must not know: what is drawn, or how the hub is reached. Of another realm it knows nothing: [`Known::follow`].

use crate::indicators::{IndicatorAsk, IndicatorNews};
use gulang_city::{
    IndicatorId, Realm, Timestamp,
    indicators::{Definition, Definitions, Field, Figure, FigureKey, Group},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Figures are asked for again after so long, s of egui's clock.
const AGAIN_SECS: f64 = 1.0;
/// The hub keeps a point of a trend every five minutes.
const TRENDS_SECS: f64 = 60.0;
/// It keeps a value at every full hour.
const HOURS_SECS: f64 = 300.0;
/// Names in one request: an address has its length.
const KEYS_AT_ONCE: usize = 100;

#[derive(Default)]
pub(in crate::panels) struct Known {
    realm: Option<Realm>,
    definitions: Option<Arc<Definitions>>,
    is_simulated: bool,
    epoch: u64,
    revision: u64,
    /// The clock the figures are at.
    now: Option<Timestamp>,
    n_figures: usize,
    faults: Vec<String>,
    figures: BTreeMap<FigureKey, Figure>,
    trends: BTreeMap<FigureKey, Past<f32>>,
    hours: BTreeMap<FigureKey, Past<f64>>,
    /// Counts what came into `trends` and `hours`.
    serial: u64,
    /// Why the hub did not answer, the last time it was asked.
    failed: Option<String>,
    /// On egui's clock, s; none asks at once.
    asked_at: Option<f64>,
    want_trends: Wanted,
    want_hours: Wanted,
}

/// How a figure was.
struct Past<T> {
    /// Another one where the points are others.
    serial: u64,
    points: Vec<(Timestamp, T)>,
}

/// Whose past somebody draws.
#[derive(Default)]
struct Wanted {
    /// Since the last asking.
    now: BTreeSet<FigureKey>,
    /// Of those asked for and wanted since.
    asked: BTreeSet<FigureKey>,
    all_asked_at: Option<f64>,
}

impl Wanted {
    /// What to ask for now: all after `secs`, in between what is new.
    fn due(&mut self, time: f64, secs: f64) -> Vec<FigureKey> {
        let now = std::mem::take(&mut self.now);
        let is_again = self.all_asked_at.is_none_or(|at| time - at >= secs);
        if is_again && !now.is_empty() {
            self.all_asked_at = Some(time);
        }
        let due = now.iter().filter(|it| is_again || !self.asked.contains(*it)).cloned().collect();
        self.asked = now;
        due
    }
}

impl Known {
    /// The realm these figures are of; what was known of another is forgotten.
    pub fn follow(&mut self, realm: Realm) {
        if self.realm.is_some_and(|it| it != realm) {
            *self = Self::default();
        }
        self.realm = Some(realm);
    }

    // ------------------------------------------------------------ what is known

    /// None before the hub told.
    pub fn definitions(&self) -> Option<&Arc<Definitions>> {
        self.definitions.as_ref()
    }

    pub fn definition(&self, id: &IndicatorId) -> Option<&Definition> {
        self.definitions.as_ref()?.get(id.as_str())
    }

    pub fn figure(&self, key: &FigureKey) -> Option<&Figure> {
        self.figures.get(key)
    }

    /// The whole city's.
    pub fn of_city(&self, definition: &Definition) -> Option<&Figure> {
        self.figures.get(&city_key(definition))
    }

    /// The groups of an indicator by one field, in the order of their ids.
    pub fn groups(&self, definition: &Definition, field: Field) -> Vec<&Figure> {
        let own = self.figures.range(city_key(definition)..).take_while(|(key, _)| key.indicator == definition.id);
        own.map(|it| it.1).filter(|it| matches!(&it.key.group, Group::Of { by, .. } if *by == field)).collect()
    }

    /// How it went over the last day, every five minutes, ascending; empty if nobody asked or nothing was kept.
    pub fn trend(&self, key: &FigureKey) -> &[(Timestamp, f32)] {
        self.trends.get(key).map_or(&[], |it| &it.points)
    }

    /// What it was at the full hours of the last two weeks, ascending; empty if nobody asked or nothing was kept.
    pub fn hours(&self, key: &FigureKey) -> &[(Timestamp, f64)] {
        self.hours.get(key).map_or(&[], |it| &it.points)
    }

    /// Stands for the points of [`Known::trend`] and [`Known::hours`]: the same where they are.
    pub fn serial_of(&self, key: &FigureKey) -> (u64, u64) {
        (self.trends.get(key).map_or(0, |it| it.serial), self.hours.get(key).map_or(0, |it| it.serial))
    }

    pub fn is_simulated(&self) -> bool {
        self.is_simulated
    }

    /// The clock the figures are at.
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }

    pub fn n_figures(&self) -> usize {
        self.n_figures
    }

    /// What is wrong with the definitions in the hub's file; the figures are then of those before.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Why the hub did not answer, the last time it was asked.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Definitions and figures came, and the past of everything wanted was asked for and answered as far as there is one.
    pub fn is_complete(&self) -> bool {
        let came = |wanted: &Wanted, n: usize| wanted.asked.is_empty() || n > 0;
        self.definitions.is_some()
            && !self.figures.is_empty()
            && came(&self.want_trends, self.trends.len())
            && came(&self.want_hours, self.hours.len())
    }

    // ------------------------------------------------------------ what is asked

    /// Whose past is drawn this frame: trends and hours.
    pub fn wants(&mut self, keys: impl IntoIterator<Item = FigureKey>) {
        for key in keys {
            self.want_hours.now.insert(key.clone());
            self.want_trends.now.insert(key);
        }
    }

    /// Whose last day alone.
    pub fn wants_trends(&mut self, keys: impl IntoIterator<Item = FigureKey>) {
        self.want_trends.now.extend(keys);
    }

    /// What the hub is to be asked now; once a frame, after everything that is wanted was said. `time` is egui's clock, s.
    pub fn asks(&mut self, time: f64) -> Vec<IndicatorAsk> {
        let mut asks = Vec::new();
        if self.asked_at.is_none_or(|at| time - at >= AGAIN_SECS) {
            self.asked_at = Some(time);
            if self.definitions.is_none() {
                asks.push(IndicatorAsk::Definitions);
            }
            asks.push(IndicatorAsk::Figures { epoch: self.epoch, since: self.revision });
        }
        let trends = self.want_trends.due(time, TRENDS_SECS);
        asks.extend(trends.chunks(KEYS_AT_ONCE).map(|it| IndicatorAsk::Trends(it.to_vec())));
        let hours = self.want_hours.due(time, HOURS_SECS);
        asks.extend(hours.chunks(KEYS_AT_ONCE).map(|it| IndicatorAsk::Hours(it.to_vec())));
        asks
    }

    /// Takes an answer in; what is not for this store comes back.
    pub fn take(&mut self, news: IndicatorNews) -> Option<IndicatorNews> {
        match news {
            IndicatorNews::Definitions(Ok(told)) => {
                self.is_simulated = told.simulated;
                self.definitions = told.definitions.map(Arc::new);
                self.asked_at = None;
            }
            IndicatorNews::Figures(Ok(told)) => {
                if told.epoch != self.epoch {
                    self.figures.clear();
                    self.definitions = None;
                }
                (self.epoch, self.revision, self.n_figures) = (told.epoch, told.revision, told.n_figures);
                (self.now, self.faults, self.failed) = (told.now_ms.map(Timestamp), told.faults, None);
                self.figures.extend(told.figures.into_iter().map(|it| (it.key.clone(), it)));
            }
            IndicatorNews::Trends(Ok(told)) => keep(&mut self.trends, told, &mut self.serial),
            IndicatorNews::Hours(Ok(told)) => keep(&mut self.hours, told, &mut self.serial),
            IndicatorNews::Definitions(Err(why))
            | IndicatorNews::Figures(Err(why))
            | IndicatorNews::Trends(Err(why))
            | IndicatorNews::Hours(Err(why))
            | IndicatorNews::Bulletins(Err(why))
            | IndicatorNews::Beneath(Err(why)) => self.failed = Some(why),
            other => return Some(other),
        }
        None
    }
}

/// The whole city's figure of an indicator.
pub(in crate::panels) fn city_key(definition: &Definition) -> FigureKey {
    FigureKey { indicator: definition.id.clone(), group: Group::City }
}

fn keep<T: PartialEq>(
    kept: &mut BTreeMap<FigureKey, Past<T>>,
    told: BTreeMap<String, Vec<(i64, T)>>,
    serial: &mut u64,
) {
    for (key, points) in told {
        let Ok(key) = key.parse::<FigureKey>() else { continue };
        let points: Vec<(Timestamp, T)> = points.into_iter().map(|(ms, it)| (Timestamp(ms), it)).collect();
        if kept.get(&key).is_none_or(|it| it.points != points) {
            *serial += 1;
            kept.insert(key, Past { serial: *serial, points });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicators::FiguresTold;

    fn key(words: &str) -> FigureKey {
        words.parse().expect("a key")
    }

    fn keys(asks: &[IndicatorAsk]) -> Vec<&FigureKey> {
        asks.iter().filter_map(|it| if let IndicatorAsk::Trends(it) = it { Some(it) } else { None }).flatten().collect()
    }

    #[test]
    fn what_is_new_is_asked_for_at_once_and_all_of_it_now_and_then() {
        let (a, b) = (key("a@city"), key("b@district:1"));
        let mut known = Known::default();
        known.wants_trends([a.clone()]);
        assert_eq!(keys(&known.asks(0.0)), [&a]);
        known.wants_trends([a.clone(), b.clone()]);
        assert_eq!(keys(&known.asks(0.1)), [&b]);
        known.wants_trends([a.clone(), b.clone()]);
        assert!(keys(&known.asks(0.2)).is_empty());
        known.wants_trends([a.clone(), b.clone()]);
        assert_eq!(keys(&known.asks(TRENDS_SECS)).len(), 2);
        known.wants([a.clone()]);
        assert!(known.asks(61.0).contains(&IndicatorAsk::Hours(vec![a])));
    }

    #[test]
    fn another_realm_s_figures_are_forgotten() {
        let mut known = Known::default();
        known.follow(Realm::Actual);
        let told = FiguresTold {
            epoch: 3,
            revision: 9,
            now_ms: Some(1),
            n_figures: 0,
            faults: Vec::new(),
            figures: Vec::new(),
        };
        assert_eq!(known.take(IndicatorNews::Figures(Ok(told))), None);
        known.follow(Realm::Actual);
        assert!(known.asks(0.0).contains(&IndicatorAsk::Figures { epoch: 3, since: 9 }));
        known.follow(Realm::Exercise);
        assert!(known.asks(0.0).contains(&IndicatorAsk::Figures { epoch: 0, since: 0 }));
    }

    #[test]
    fn the_same_points_keep_their_serial() {
        let mut known = Known::default();
        let told = |value: f32| IndicatorNews::Trends(Ok([("a@city".to_owned(), vec![(1, value)])].into()));
        known.take(told(1.0));
        let before = known.serial_of(&key("a@city"));
        known.take(told(1.0));
        assert_eq!(known.serial_of(&key("a@city")), before);
        known.take(told(2.0));
        assert_ne!(known.serial_of(&key("a@city")), before);
        assert_eq!(known.trend(&key("a@city")), [(Timestamp(1), 2.0)]);
    }
}
