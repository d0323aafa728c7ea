//! The figures of one city, kept true as records and readings come.
//!
//! What the engine holds is, for every row, what that row adds to which tallies at `now`: a pure function of both. When a
//! row changes, what it added is taken away and what it adds now is added; when time passes, the same is done to the rows
//! whose windows open or close in between, found in one ordered queue. So nothing is ever counted anew, and the figures
//! are at any moment those of [`Engine::recompute`]. Counting from nothing, as a hub does when it starts, is `cold`'s.
//!
//! **The clock.** It is handed in. A step back of up to five minutes is waited out: figures stay at the later time. A
//! longer one is believed, and the rows kept here are added up again; what was kept of full hours stays.
//!
//! **Known limits:** a row is kept for every case there ever was, some hundred bytes each, as the city keeps the case. A
//! taken-over register looks at its whole table again.

use super::{
    cold::{self, Counted},
    definition::{Definition, Definitions},
    evaluate::{Evaluated, Ground},
    figure::{Figure, FigureKey},
    history::{History, hour_of, time_of_hour},
    plan::{Origin, OriginOf, Plan},
    row::{Places, Row, RowId, RowMaker, register},
    rows::rows_of,
    table::Table,
    tally::{Share, Tally},
    touched::{Touched, touched_by},
};
use crate::{Applied, City, PlatformId, Readings, Record, Registry, Source, Text, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use strum::VariantArray;

/// A step back of the clock this long is waited out.
const MAX_WAITED_MS: i64 = 300_000;
/// After a longer silence nobody knows what the full hours within it would have shown.
const MAX_UNWATCHED_MS: i64 = 2 * 3_600_000;

/// See the module.
pub struct Engine {
    definitions: Definitions,
    plan: Plan,
    places: Places,
    now: Timestamp,
    /// Of the last record.
    seq: u64,
    rows: Registry<RowId, Kept>,
    of_table: FxHashMap<Table, Vec<usize>>,
    /// When each row will next count otherwise, and which it is.
    edges: BTreeSet<(Timestamp, usize)>,
    tallies: Vec<Tally>,
    /// Tallies of the past that were corrected today.
    corrected: BTreeSet<usize>,
    heard: BTreeMap<PlatformId, Timestamp>,
    history: History,
    /// The day of the first row of each table, of those whose rows say since when they are.
    began: BTreeMap<Table, Timestamp>,
    figures: Vec<Shown>,
    dirty: BTreeSet<usize>,
    /// When each figure will next look otherwise by itself.
    wakes: BTreeSet<(Timestamp, usize)>,
    revision: u64,
}

#[derive(Default)]
struct Kept {
    /// None: there was such a thing.
    row: Option<Row>,
    edge: Option<Timestamp>,
}

struct Shown {
    figure: Figure,
    revision: u64,
    wake: Option<Timestamp>,
}

impl Engine {
    /// All figures of a city as it is at `now`.
    pub fn new(definitions: Definitions, city: &City, readings: &Readings, now: Timestamp) -> Self {
        Self::with_history(definitions, city, readings, now, History::default())
    }

    /// The same, knowing what was kept before (of this city, by another engine).
    pub fn with_history(
        definitions: Definitions,
        city: &City,
        readings: &Readings,
        now: Timestamp,
        history: History,
    ) -> Self {
        let plan = Plan::new(&definitions, city);
        let mut engine = Self {
            tallies: vec![Tally::default(); plan.n_tallies()],
            definitions,
            plan,
            places: Places::new(city),
            now,
            seq: city.seq,
            rows: Registry::default(),
            of_table: FxHashMap::default(),
            edges: BTreeSet::new(),
            corrected: BTreeSet::new(),
            heard: readings.heard.clone(),
            history,
            began: BTreeMap::new(),
            figures: Vec::new(),
            dirty: BTreeSet::new(),
            wakes: BTreeSet::new(),
            revision: 0,
        };
        for table in Table::VARIANTS {
            engine.count_table(*table, city, readings);
        }
        engine.evaluate_all();
        engine
    }

    /// A new engine from the city alone, with what only this one knows: heard platforms, large registers, kept hours, first days. Its
    /// figures are the same.
    pub fn recompute(&self, city: &City, readings: &Readings) -> Self {
        let mut engine = Self::with_history(self.definitions.clone(), city, readings, self.now, self.history.clone());
        engine.heard = self.heard.clone();
        engine.began = self.began.clone();
        for slot in self.of_table.get(&Table::Registers).into_iter().flatten() {
            if let Some((id, kept)) = self.rows.get_index(*slot) {
                engine.set_row(id.clone(), kept.row.clone(), false);
            }
        }
        engine.evaluate_all();
        engine
    }

    // ------------------------------------------------------------ what comes in

    /// One record, and the city after it.
    ///
    /// A gap changes nothing: rows of the records between are unknown, and the caller recomputes.
    pub fn apply(&mut self, record: &Record, city: &City, readings: &Readings) -> Applied {
        if record.seq <= self.seq {
            return Applied::Duplicate;
        }
        if record.seq != self.seq + 1 {
            return Applied::Gap { after: self.seq };
        }
        self.seq = record.seq;
        self.pass_time(record.at);
        if let Source::Platform(platform) = &record.source {
            self.hear(platform, record.at);
        }
        for touched in touched_by(&record.event) {
            let ids = match touched {
                Touched::Row(id) => vec![id],
                Touched::Evacuees(class, district) => {
                    let is_meant = |it: &RowId| matches!(it, RowId::Evacuation(c, place) if *c == class && place.district == district);
                    let ids = rows_of(city, Table::Evacuations).into_iter().chain(self.ids(Table::Evacuations));
                    ids.filter(is_meant).collect()
                }
                Touched::Table(table) => rows_of(city, table).into_iter().chain(self.ids(table)).collect(),
            };
            self.look_again(ids, city, readings, true);
        }
        self.settle();
        Applied::Advanced
    }

    /// New readings of these sensors (handles of [`City::sensors`]), already in `readings`.
    pub fn apply_readings(&mut self, city: &City, readings: &Readings, handles: &[u32], now: Timestamp) {
        self.pass_time(now);
        for (platform, at) in &readings.heard {
            self.hear(platform, *at);
        }
        let id = |handle: &u32| city.sensors.get_index(*handle as usize).map(|it| RowId::Sensor(it.0.clone()));
        self.look_again(handles.iter().filter_map(id).collect(), city, readings, true);
        self.settle();
    }

    /// How many things of a large register are in each state, as [`crate::Inventory::n_by_state`] counts them.
    pub fn note_register(&mut self, id: &Text, n_by_state: [usize; 5], as_of: Timestamp, now: Timestamp) {
        self.pass_time(now);
        for (state, n) in (0u8..).zip(n_by_state) {
            self.set_row(RowId::Register(id.clone(), state), Some(register(id, state, n, as_of)), true);
        }
        self.settle();
    }

    /// A platform spoke, though perhaps it said nothing new.
    pub fn note_heard(&mut self, platform: &PlatformId, at: Timestamp) {
        self.hear(platform, at);
        self.settle();
    }

    /// It is that late now. Windows move, hours are kept, what was not heard of grows stale.
    pub fn advance(&mut self, now: Timestamp) {
        self.pass_time(now);
        self.settle();
    }

    // ------------------------------------------------------------ what is asked

    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// The clock figures are at.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How many figures there are: indicators times their groups.
    pub fn n_figures(&self) -> usize {
        self.figures.len()
    }

    pub fn figure(&self, key: &FigureKey) -> Option<Figure> {
        self.shown(*self.plan.by_key.get(key)?)
    }

    /// All of them, in the order of the definitions, the whole city before its groups.
    pub fn figures(&self) -> impl Iterator<Item = Figure> {
        (0..self.figures.len()).filter_map(|i| self.shown(i))
    }

    /// The figures that look otherwise than at `revision`, and the present revision. Revision 0 is before the first figure.
    ///
    /// A newer `as_of` alone is no change: every message of a platform would be one for all its figures.
    pub fn changed_since(&self, revision: u64) -> (u64, Vec<Figure>) {
        let changed = (0..).zip(&self.figures).filter(|(_, it)| it.revision > revision);
        (self.revision, changed.filter_map(|(i, _)| self.shown(i)).collect())
    }

    /// The rows a figure is made of, sorted; of a ratio, those of both parts.
    pub fn beneath(&self, key: &FigureKey) -> Vec<RowId> {
        let Some(plan) = self.plan.by_key.get(key).and_then(|it| self.plan.figures.get(*it)) else { return Vec::new() };
        let mut tallies = FxHashSet::default();
        plan.node.read(&mut tallies);
        let mut of_tables: BTreeMap<Table, Vec<usize>> = BTreeMap::new();
        for tally in tallies {
            if let Some(table) = self.plan.table_of(tally) {
                of_tables.entry(table).or_default().push(tally);
            }
        }
        let mut ids = Vec::new();
        for (table, tallies) in of_tables {
            for slot in self.of_table.get(&table).into_iter().flatten() {
                let Some((id, Kept { row: Some(row), .. })) = self.rows.get_index(*slot) else { continue };
                if tallies.iter().any(|it| self.plan.counts_in(row, *it, self.now)) {
                    ids.push(id.clone());
                }
            }
        }
        // They were mostly first seen in their order.
        ids.sort();
        ids
    }

    /// What is to be kept over a restart, for [`Engine::with_history`].
    pub fn history(&self) -> &History {
        &self.history
    }

    // ------------------------------------------------------------ rows

    /// The rows of a table none of which is here yet; whoever calls it evaluates all figures.
    fn count_table(&mut self, table: Table, city: &City, readings: &Readings) {
        let ids = rows_of(city, table);
        let maker = RowMaker { city, readings, areas: &self.definitions.areas, places: &self.places };
        let (plan, now) = (&self.plan, self.now);
        let parts = cold::in_parts(&ids, |ids| {
            let mut rows: Vec<(RowId, Row)> = Vec::with_capacity(ids.len());
            rows.extend(ids.iter().filter_map(|id| Some((id.clone(), maker.row(id, None)?))));
            let born = rows.iter().filter_map(|(_, row)| row.day_of_birth()).min();
            let counted = Counted::of(plan, rows.iter().map(|it| Some(&it.1)), now);
            (rows, born, counted)
        });
        let slots = self.of_table.entry(table).or_default();
        let mut edges = Vec::with_capacity(ids.len());
        self.rows.reserve(ids.len());
        slots.reserve(ids.len());
        for (rows, born, mut counted) in parts {
            counted.add_to(&mut self.tallies);
            for ((id, row), edge) in rows.into_iter().zip(counted.edges) {
                let (slot, _) = self.rows.insert_full(id, Kept { row: Some(row), edge });
                slots.push(slot);
                edges.extend(edge.map(|it| (it, slot)));
            }
            if let Some(born) = born {
                let began = self.began.entry(table).or_insert(born);
                *began = born.min(*began);
            }
        }
        // At once: a set made of a list is made faster than one that grows.
        self.edges.append(&mut edges.into_iter().collect());
    }

    fn ids(&self, table: Table) -> Vec<RowId> {
        let slots = self.of_table.get(&table).into_iter().flatten();
        slots.filter_map(|it| self.rows.get_index(*it)).map(|it| it.0.clone()).collect()
    }

    fn look_again(&mut self, ids: Vec<RowId>, city: &City, readings: &Readings, is_news: bool) {
        for id in ids {
            let maker = RowMaker { city, readings, areas: &self.definitions.areas, places: &self.places };
            let row = maker.row(&id, self.rows.get(&id).and_then(|it| it.row.as_ref()));
            self.set_row(id, row, is_news);
        }
    }

    /// The one place where a row changes: what it added is taken away, what it adds now is added.
    fn set_row(&mut self, id: RowId, row: Option<Row>, is_news: bool) {
        let table = id.table();
        let (slot, before) = match self.rows.get_full_mut(&id) {
            Some((slot, _, kept)) => (slot, std::mem::take(kept)),
            None if row.is_none() => return,
            None => (self.rows.insert_full(id, Kept::default()).0, Kept::default()),
        };
        let slots = self.of_table.entry(table).or_default();
        if slots.last().is_none_or(|last| *last < slot) {
            slots.push(slot);
        }
        if before.row == row {
            self.keep(slot, before);
            return;
        }
        if let Some(row) = &row {
            self.note_birth(row);
        }
        let added = before.row.as_ref().map(|it| self.plan.shares(it, self.now).0).unwrap_or_default();
        let (adds, edge) = row.as_ref().map(|it| self.plan.shares(it, self.now)).unwrap_or_default();
        self.exchange(&added, &adds, is_news);
        self.move_edge(slot, before.edge, edge);
        self.keep(slot, Kept { row, edge });
    }

    /// By the day, so that a platform that tells its oldest last makes few figures anew.
    fn note_birth(&mut self, row: &Row) {
        let Some(day) = row.day_of_birth() else { return };
        if self.began.get(&row.table).is_some_and(|it| *it <= day) {
            return;
        }
        self.began.insert(row.table, day);
        let of_it = |it: &super::plan::FigurePlan| it.dated.contains(&row.table);
        self.dirty.extend((0..self.figures.len()).filter(|i| self.plan.figures.get(*i).is_some_and(of_it)));
    }

    fn keep(&mut self, slot: usize, kept: Kept) {
        if let Some((_, place)) = self.rows.get_index_mut(slot) {
            *place = kept;
        }
    }

    fn move_edge(&mut self, slot: usize, before: Option<Timestamp>, edge: Option<Timestamp>) {
        if let Some(before) = before {
            self.edges.remove(&(before, slot));
        }
        if let Some(edge) = edge {
            self.edges.insert((edge, slot));
        }
    }

    /// Both ascend by tally, and no tally is twice in either.
    fn exchange(&mut self, before: &[(usize, Share)], after: &[(usize, Share)], is_news: bool) {
        let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
        loop {
            let tally = match (before.peek(), after.peek()) {
                (Some((a, _)), Some((b, _))) => *a.min(b),
                (Some((it, _)), None) | (None, Some((it, _))) => *it,
                (None, None) => break,
            };
            let was = before.next_if(|it| it.0 == tally).map(|it| it.1);
            let is = after.next_if(|it| it.0 == tally).map(|it| it.1);
            if was == is {
                continue;
            }
            let corrects = is_news && self.plan.is_of_the_past(tally);
            let Some(it) = self.tallies.get_mut(tally) else { continue };
            if let Some(share) = was {
                it.take(share);
            }
            if let Some(share) = is {
                it.add(share);
            }
            if corrects {
                it.corrected_at = Some(self.now);
                self.corrected.insert(tally);
            }
            self.dirty.extend(self.plan.readers.get(tally).into_iter().flatten());
        }
    }

    // ------------------------------------------------------------ time

    fn pass_time(&mut self, now: Timestamp) {
        if now < self.now {
            if self.now.since_ms(now) > MAX_WAITED_MS {
                self.step_back(now);
            }
            return;
        }
        let (from, to) = (hour_of(self.now), hour_of(now));
        if now.since_ms(self.now) <= MAX_UNWATCHED_MS {
            for hour in from + 1..=to {
                self.run_to(time_of_hour(hour));
                self.settle();
                self.keep_hour(hour);
            }
        }
        self.run_to(now);
        if from != to {
            // What was kept is held against another hour now.
            self.dirty.extend(0..self.figures.len());
        }
    }

    fn run_to(&mut self, now: Timestamp) {
        let was = self.now;
        while let Some((_, slot)) = self.edges.first().copied().filter(|it| it.0 <= now) {
            self.edges.pop_first();
            let Some((_, kept)) = self.rows.get_index(slot) else { continue };
            let Some(row) = &kept.row else { continue };
            let (added, _) = self.plan.shares(row, was);
            let (adds, edge) = self.plan.shares(row, now);
            self.exchange(&added, &adds, false);
            if let Some((_, kept)) = self.rows.get_index_mut(slot) {
                kept.edge = edge;
            }
            if let Some(edge) = edge {
                self.edges.insert((edge, slot));
            }
        }
        self.now = now;
        if was.start_of_day() != now.start_of_day() {
            self.forget_corrections();
        }
        while let Some((_, i)) = self.wakes.first().copied().filter(|it| it.0 <= now) {
            self.wakes.pop_first();
            self.dirty.insert(i);
        }
    }

    fn forget_corrections(&mut self) {
        for tally in std::mem::take(&mut self.corrected) {
            if let Some(it) = self.tallies.get_mut(tally) {
                it.corrected_at = None;
            }
            self.dirty.extend(self.plan.readers.get(tally).into_iter().flatten());
        }
    }

    /// The clock was wrong, or is now: every kept row is added up as of then.
    fn step_back(&mut self, now: Timestamp) {
        self.now = now;
        self.tallies.iter_mut().for_each(|it| *it = Tally::default());
        self.corrected.clear();
        let kept: Vec<&Kept> = self.rows.values().collect();
        let parts = cold::in_parts(&kept, |kept| Counted::of(&self.plan, kept.iter().map(|it| it.row.as_ref()), now));
        let mut edges = Vec::with_capacity(self.rows.len());
        for mut counted in parts {
            edges.append(&mut counted.edges);
            counted.add_to(&mut self.tallies);
        }
        for (kept, edge) in self.rows.values_mut().zip(&edges) {
            kept.edge = *edge;
        }
        self.edges = edges.into_iter().enumerate().filter_map(|(slot, edge)| Some((edge?, slot))).collect();
        self.dirty.extend(0..self.figures.len());
    }

    fn keep_hour(&mut self, hour: i64) {
        for (plan, shown) in self.plan.figures.iter().zip(&self.figures).filter(|it| it.0.is_kept) {
            // What is stale says nothing of this hour.
            if let Some(value) = shown.figure.value.filter(|_| !shown.figure.is_stale) {
                self.history.keep(&plan.key, hour, value);
            }
        }
    }

    // ------------------------------------------------------------ figures

    fn hear(&mut self, platform: &PlatformId, at: Timestamp) {
        if self.heard.get(platform).is_some_and(|it| *it >= at) {
            return;
        }
        self.heard.insert(platform.clone(), at);
        // Those that lived merely live longer; their wake finds out.
        let is_of_it = |it: &Origin| matches!(&it.of, OriginOf::Platform(id) if id == platform);
        let both = self.plan.figures.iter().zip(&self.figures);
        let woken = (0..).zip(both).filter(|(_, (plan, it))| it.figure.is_stale && plan.origins.iter().any(is_of_it));
        self.dirty.extend(woken.map(|it: (usize, _)| it.0));
    }

    fn ground(&self) -> Ground<'_> {
        Ground { tallies: &self.tallies, heard: &self.heard, history: &self.history, began: &self.began, now: self.now }
    }

    fn definition_of(&self, i: usize) -> Option<(&super::plan::FigurePlan, &Definition)> {
        let plan = self.plan.figures.get(i)?;
        Some((plan, self.definitions.all.get(plan.definition)?))
    }

    fn evaluate(&self, i: usize) -> Option<Evaluated> {
        let (plan, definition) = self.definition_of(i)?;
        Some(self.ground().figure(plan, definition))
    }

    fn evaluate_all(&mut self) {
        self.revision += 1;
        self.dirty.clear();
        self.wakes.clear();
        let all: Vec<Evaluated> = (0..self.plan.figures.len()).filter_map(|i| self.evaluate(i)).collect();
        let wakes = (0..).zip(&all).filter_map(|(i, it)| Some((it.wake?, i)));
        self.wakes = wakes.collect();
        let revision = self.revision;
        self.figures = all.into_iter().map(|it| Shown { figure: it.figure, revision, wake: it.wake }).collect();
    }

    /// Makes the figures anew that something beneath changed for.
    fn settle(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        let next = self.revision + 1;
        for i in dirty {
            let Some(mut evaluated) = self.evaluate(i) else { continue };
            let Some(shown) = self.figures.get_mut(i) else { continue };
            if shown.wake != evaluated.wake {
                if let Some(wake) = shown.wake {
                    self.wakes.remove(&(wake, i));
                }
                shown.wake = evaluated.wake;
            }
            if let Some(wake) = evaluated.wake {
                self.wakes.insert((wake, i));
            }
            // A newer time alone is no news: every message of a platform moves it.
            let as_of = std::mem::replace(&mut evaluated.figure.as_of, shown.figure.as_of);
            if shown.figure != evaluated.figure {
                shown.revision = next;
                self.revision = next;
            }
            evaluated.figure.as_of = as_of;
            shown.figure = evaluated.figure;
        }
    }

    /// With its age as of now: hearing of a platform does not make its figures anew.
    fn shown(&self, i: usize) -> Option<Figure> {
        let mut figure = self.figures.get(i)?.figure.clone();
        let (plan, _) = self.definition_of(i)?;
        figure.as_of = self.ground().age(plan, &mut None).as_of;
        Some(figure)
    }
}
