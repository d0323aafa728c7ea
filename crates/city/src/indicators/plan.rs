//! Definitions and a city laid out for counting: which figures there are, which rows feed which of them.
//!
//! Every aggregate is counted once, however many indicators ask for it. A *leaf* is one aggregate; a leaf has a *view* for
//! now and one for each past it is compared with; a view has a tally for each group asked of it.
//!
//! **Invariant:** made once for a city; a figure's place in [`Plan::figures`] and a tally's number never change.

use super::{
    definition::{
        Aggregate, Compare, Definition, Definitions, Empty, FigureSource, Formula, Function, MissingPart, Window,
    },
    figure::{FigureKey, Group},
    row::{Cell, Row},
    table::{Field, Table},
    tally::Share,
    window::interval_of,
    words,
};
use crate::{City, PlatformId, Text, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

pub(crate) struct Plan {
    leaves: Vec<Leaf>,
    leaves_of: FxHashMap<Table, Vec<usize>>,
    /// Of each tally: its leaf, the past it is of, its group.
    tallies: Vec<(usize, Option<Compare>, Group)>,
    pub(crate) figures: Vec<FigurePlan>,
    pub(crate) by_key: FxHashMap<FigureKey, usize>,
    /// Of each tally: the figures made of it.
    pub(crate) readers: Vec<Vec<usize>>,
}

pub(crate) struct FigurePlan {
    pub(crate) key: FigureKey,
    /// Index into the definitions.
    pub(crate) definition: usize,
    pub(crate) node: Node,
    /// None: it is compared with what was kept.
    pub(crate) pasts: Vec<(Compare, Option<Node>)>,
    /// The tables its past is counted of, whose rows say since when they are: before the first row nothing is known.
    pub(crate) dated: Vec<Table>,
    pub(crate) origins: Vec<Origin>,
    /// Its full hours are kept.
    pub(crate) is_kept: bool,
}

/// Whose silence makes a figure stale, and after how many minutes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Origin {
    pub(crate) of: OriginOf,
    pub(crate) fresh_mins: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OriginOf {
    Hub,
    /// The tally of every row there is of the kind.
    Devices(usize),
    Platform(PlatformId),
}

/// A formula over tallies.
pub(crate) enum Node {
    Over {
        function: Function,
        empty: Empty,
        tally: usize,
        known_by: KnownBy,
    },
    Ratio {
        of: Box<Node>,
        to: Box<Node>,
        scale: f64,
    },
    Scaled {
        of: Box<Node>,
        factor: f64,
    },
    Weighted {
        parts: Vec<WeightedNode>,
        missing: MissingPart,
    },
    /// A circle of references; the parser refuses them.
    Broken,
}

pub(crate) struct WeightedNode {
    pub(crate) of: Node,
    pub(crate) weight: f64,
    /// As in [`super::Part`].
    pub(crate) score: Option<(f64, f64)>,
}

/// What tells "none" from "nobody said".
pub(crate) enum KnownBy {
    Always,
    /// Some row of this tally was heard within so many minutes, if they say so.
    Devices {
        all: usize,
        within_mins: Option<u32>,
    },
    Platform(PlatformId),
}

struct Leaf {
    aggregate: Aggregate,
    /// It only keeps when its rows were heard.
    is_roll_call: bool,
    views: Vec<View>,
}

#[derive(Default)]
struct View {
    past: Option<Compare>,
    city: Option<usize>,
    by: Vec<(Field, FxHashMap<Text, usize>)>,
}

impl Plan {
    pub(crate) fn new(definitions: &Definitions, city: &City) -> Self {
        let mut maker = Maker { definitions, plan: Self::empty(), depth: 0 };
        for (i, definition) in definitions.all.iter().enumerate() {
            for group in groups_of(definition, definitions, city) {
                maker.figure(i, definition, group);
            }
        }
        let mut plan = maker.plan;
        plan.readers = vec![Vec::new(); plan.tallies.len()];
        for (i, figure) in plan.figures.iter().enumerate() {
            let mut read = FxHashSet::default();
            figure.node.read(&mut read);
            for (_, node) in &figure.pasts {
                if let Some(node) = node {
                    node.read(&mut read);
                }
            }
            for tally in read {
                if let Some(readers) = plan.readers.get_mut(tally) {
                    readers.push(i);
                }
            }
        }
        plan
    }

    fn empty() -> Self {
        Self {
            leaves: Vec::new(),
            leaves_of: FxHashMap::default(),
            tallies: Vec::new(),
            figures: Vec::new(),
            by_key: FxHashMap::default(),
            readers: Vec::new(),
        }
    }

    pub(crate) fn n_tallies(&self) -> usize {
        self.tallies.len()
    }

    /// The tally is of a time that is over: a record that changes it came late or corrects.
    pub(crate) fn is_of_the_past(&self, tally: usize) -> bool {
        self.tallies.get(tally).is_some_and(|(leaf, past, _)| {
            let is_over = |it: &Leaf| matches!(it.aggregate.window, Window::Yesterday(_));
            past.is_some() || self.leaves.get(*leaf).is_some_and(is_over)
        })
    }

    /// What a row adds to which tallies at `now`, ascending by tally, and when that will next be otherwise.
    pub(crate) fn shares(&self, row: &Row, now: Timestamp) -> (Vec<(usize, Share)>, Option<Timestamp>) {
        let mut shares = Vec::new();
        let next = self.each_share(row, now, |tally, share| shares.push((tally, share)));
        shares.sort_unstable_by_key(|it| it.0);
        (shares, next)
    }

    /// The same in no order; when it will next be otherwise.
    pub(crate) fn each_share(
        &self,
        row: &Row,
        now: Timestamp,
        mut visit: impl FnMut(usize, Share),
    ) -> Option<Timestamp> {
        let mut next: Option<Timestamp> = None;
        for leaf in self.leaves_of.get(&row.table).into_iter().flatten().filter_map(|it| self.leaves.get(*it)) {
            let Some(share) = leaf.share(row) else { continue };
            let Some(interval) = interval_of(row, &leaf.aggregate) else { continue };
            for view in &leaf.views {
                let interval = view.past.map_or(interval, |it| interval.seen_from(it));
                if let Some(edge) = interval.next_edge(now) {
                    next = Some(next.map_or(edge, |it| it.min(edge)));
                }
                if interval.holds(now) {
                    view.each_tally(row, |tally| visit(tally, share));
                }
            }
        }
        next
    }

    /// The table a tally counts, if it counts rows at all.
    pub(crate) fn table_of(&self, tally: usize) -> Option<Table> {
        let leaf = self.tallies.get(tally).and_then(|it| self.leaves.get(it.0))?;
        (!leaf.is_roll_call).then_some(leaf.aggregate.table)
    }

    /// Whether the row counts in that tally.
    pub(crate) fn counts_in(&self, row: &Row, tally: usize, now: Timestamp) -> bool {
        let Some((leaf, past, group)) = self.tallies.get(tally) else { return false };
        let Some(leaf) = self.leaves.get(*leaf) else { return false };
        let is_in_group = match group {
            Group::City => true,
            Group::Of { by, id } => row.get(*by).and_then(Cell::as_text) == Some(id),
        };
        is_in_group
            && leaf.share(row).is_some()
            && interval_of(row, &leaf.aggregate).is_some_and(|it| past.map_or(it, |past| it.seen_from(past)).holds(now))
    }
}

impl Leaf {
    fn share(&self, row: &Row) -> Option<Share> {
        let millionths = match self.aggregate.field {
            Some(field) => Share::millionths(row.get(field).and_then(Cell::as_number)?)?,
            None => 0,
        };
        let heard = (self.is_roll_call && row.as_of.0 != 0).then_some(row.as_of);
        let is_ranked = matches!(self.aggregate.function, Function::Min | Function::Max | Function::Quantile(_));
        Some(Share { millionths, is_estimate: row.is_estimate, heard, is_ranked })
    }
}

impl View {
    fn each_tally(&self, row: &Row, mut visit: impl FnMut(usize)) {
        if let Some(tally) = self.city {
            visit(tally);
        }
        for (field, tallies) in &self.by {
            if let Some(tally) = row.get(*field).and_then(Cell::as_text).and_then(|it| tallies.get(it)) {
                visit(*tally);
            }
        }
    }
}

impl Node {
    /// Every tally in it.
    pub(crate) fn read(&self, into: &mut FxHashSet<usize>) {
        match self {
            Self::Over { tally, known_by, .. } => {
                into.insert(*tally);
                if let KnownBy::Devices { all, .. } = known_by {
                    into.insert(*all);
                }
            }
            Self::Ratio { of, to, .. } => {
                of.read(into);
                to.read(into);
            }
            Self::Scaled { of, .. } => of.read(into),
            Self::Weighted { parts, .. } => parts.iter().for_each(|it| it.of.read(into)),
            Self::Broken => {}
        }
    }
}

/// The whole city, then each group of each field.
fn groups_of(definition: &Definition, definitions: &Definitions, city: &City) -> Vec<Group> {
    let mut groups = vec![Group::City];
    let table = first_table(&definition.formula, definitions, 0);
    for by in &definition.group_by {
        let ids = table.map(|it| words::groups(it, *by, city, &definitions.areas)).unwrap_or_default();
        groups.extend(ids.into_iter().map(|id| Group::Of { by: *by, id }));
    }
    groups
}

/// References nest no deeper: the parser refuses what does.
pub(super) const MAX_DEPTH: u32 = 32;

/// Every table a formula counts, following other indicators.
pub(super) fn tables(formula: &Formula, definitions: &Definitions, depth: u32) -> Vec<Table> {
    let mut found: Vec<Table> = formula.aggregates().into_iter().map(|it| it.table).collect();
    for id in formula.references() {
        if let Some(named) = definitions.get(id.as_str()).filter(|_| depth < MAX_DEPTH) {
            found.extend(tables(&named.formula, definitions, depth + 1));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The table whose groups a formula has.
pub(super) fn first_table(formula: &Formula, definitions: &Definitions, depth: u32) -> Option<Table> {
    if let Some(first) = formula.aggregates().first() {
        return Some(first.table);
    }
    let referred = formula.references();
    let definition = referred.first().and_then(|it| definitions.get(it.as_str()))?;
    (depth < MAX_DEPTH).then(|| first_table(&definition.formula, definitions, depth + 1)).flatten()
}

struct Maker<'a> {
    definitions: &'a Definitions,
    plan: Plan,
    depth: u32,
}

impl Maker<'_> {
    fn figure(&mut self, i: usize, definition: &Definition, group: Group) {
        let mut origins = Vec::new();
        let node = self.node(&definition.formula, definition, &group, None, &mut origins);
        let pasts: Vec<(Compare, Option<Node>)> = definition
            .compare
            .iter()
            .map(|past| {
                // Which stage a case was in then no row says.
                let is_fixed = matches!(group, Group::City) || matches!(&group, Group::Of { by, .. } if by.is_fixed());
                let can = is_fixed && can_count_past(&definition.formula, self.definitions, 0);
                let node =
                    can.then(|| self.node(&definition.formula, definition, &group, Some(*past), &mut Vec::new()));
                (*past, node)
            })
            .collect();
        let mut tallies = FxHashSet::default();
        pasts.iter().filter_map(|it| it.1.as_ref()).for_each(|it| it.read(&mut tallies));
        let dated: BTreeSet<Table> =
            tallies.into_iter().filter_map(|it| self.plan.table_of(it)).filter(|it| it.birth().is_some()).collect();
        let is_kept = definition.anomaly_floor.is_some() || pasts.iter().any(|it| it.1.is_none());
        let key = FigureKey { indicator: definition.id.clone(), group };
        self.plan.by_key.insert(key.clone(), self.plan.figures.len());
        self.plan.figures.push(FigurePlan {
            key,
            definition: i,
            node,
            pasts,
            dated: dated.into_iter().collect(),
            origins,
            is_kept,
        });
    }

    fn node(
        &mut self,
        formula: &Formula,
        of: &Definition,
        group: &Group,
        past: Option<Compare>,
        origins: &mut Vec<Origin>,
    ) -> Node {
        match formula {
            Formula::Over(aggregate) => self.over(aggregate, of, group, past, origins),
            Formula::Rate { of: aggregate, per_mins } => {
                let Window::LastMins(mins, _) = aggregate.window else { return Node::Broken };
                let inner = self.over(aggregate, of, group, past, origins);
                Node::Scaled { of: Box::new(inner), factor: f64::from(*per_mins) / f64::from(mins.max(1)) }
            }
            Formula::Ratio { of: above, to, scale } => Node::Ratio {
                of: Box::new(self.node(above, of, group, past, origins)),
                to: Box::new(self.node(to, of, group, past, origins)),
                scale: *scale,
            },
            Formula::Weighted { parts, missing } => {
                let mut made = Vec::with_capacity(parts.len());
                for part in parts {
                    let node = self.node(&part.of, of, group, past, origins);
                    made.push(WeightedNode { of: node, weight: part.weight, score: part.score });
                }
                Node::Weighted { parts: made, missing: *missing }
            }
            Formula::Figure(id) => {
                let Some(definition) = self.definitions.get(id.as_str()).filter(|_| self.depth < MAX_DEPTH) else {
                    return Node::Broken;
                };
                self.depth += 1;
                let node = self.node(&definition.formula, definition, group, past, origins);
                self.depth -= 1;
                node
            }
        }
    }

    fn over(
        &mut self,
        aggregate: &Aggregate,
        of: &Definition,
        group: &Group,
        past: Option<Compare>,
        origins: &mut Vec<Origin>,
    ) -> Node {
        // A table without such groups is the same for all of them.
        let group = match group {
            Group::Of { by, .. } if !words::can_group(aggregate.table, *by) => &Group::City,
            it => it,
        };
        let tally = self.tally(aggregate, false, past, group);
        let (known_by, origin) = if aggregate.table.is_heard_by_row() {
            let all = self.tally(&roll_call(aggregate), true, None, group);
            let within_mins = match aggregate.window {
                Window::LastMins(mins, _) => Some(mins),
                _ => None,
            };
            (KnownBy::Devices { all, within_mins }, OriginOf::Devices(all))
        } else {
            match &of.source {
                FigureSource::Platform(id) => (KnownBy::Platform(id.clone()), OriginOf::Platform(id.clone())),
                FigureSource::Hub | FigureSource::Devices => (KnownBy::Always, OriginOf::Hub),
            }
        };
        let origin = Origin { of: origin, fresh_mins: of.fresh_mins };
        if !origins.contains(&origin) {
            origins.push(origin);
        }
        Node::Over { function: aggregate.function, empty: aggregate.empty, tally, known_by }
    }

    fn tally(&mut self, aggregate: &Aggregate, is_roll_call: bool, past: Option<Compare>, group: &Group) -> usize {
        let plan = &mut self.plan;
        // What no rows are made into is the figure's affair, not the counting's.
        let counted = Aggregate { empty: Empty::Zero, ..aggregate.clone() };
        let known = plan.leaves.iter().position(|it| it.is_roll_call == is_roll_call && it.aggregate == counted);
        let at = known.unwrap_or(plan.leaves.len());
        if known.is_none() {
            plan.leaves_of.entry(counted.table).or_default().push(at);
            plan.leaves.push(Leaf { aggregate: counted, is_roll_call, views: Vec::new() });
        }
        let next = plan.tallies.len();
        let Some(leaf) = plan.leaves.get_mut(at) else { return next };
        let view = match leaf.views.iter().position(|it| it.past == past) {
            Some(i) => i,
            None => {
                leaf.views.push(View { past, ..View::default() });
                leaf.views.len() - 1
            }
        };
        let Some(view) = leaf.views.get_mut(view) else { return next };
        let tally = match group {
            Group::City => *view.city.get_or_insert(next),
            Group::Of { by, id } => {
                let i = match view.by.iter().position(|it| it.0 == *by) {
                    Some(i) => i,
                    None => {
                        view.by.push((*by, FxHashMap::default()));
                        view.by.len() - 1
                    }
                };
                view.by.get_mut(i).map_or(next, |it| *it.1.entry(id.clone()).or_insert(next))
            }
        };
        if tally == next {
            plan.tallies.push((at, past, group.clone()));
        }
        tally
    }
}

/// The same rows whatever their state and time: who there is to be heard.
fn roll_call(aggregate: &Aggregate) -> Aggregate {
    let fixed = aggregate.filters.iter().filter(|(field, _)| field.is_fixed());
    Aggregate {
        function: Function::Count,
        table: aggregate.table,
        field: None,
        filters: fixed.cloned().collect(),
        window: Window::Always,
        empty: Empty::Zero,
    }
}

/// Every aggregate in it, and in what it names, can be counted for a past moment.
pub(super) fn can_count_past(formula: &Formula, definitions: &Definitions, depth: u32) -> bool {
    let can_named = |id: &crate::IndicatorId| {
        let named = definitions.get(id.as_str());
        named.is_some_and(|it| depth < MAX_DEPTH && can_count_past(&it.formula, definitions, depth + 1))
    };
    formula.aggregates().into_iter().all(Aggregate::is_countable_for_the_past)
        && formula.references().into_iter().all(can_named)
}
