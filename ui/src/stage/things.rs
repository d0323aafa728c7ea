//! The city's things on the stage: one mechanism for every kind. A layer keeps its marks in curve order, says what of it is
//! drawn at a view (each alone, in groups with exact counts, or as a density surface), and hands the GPU only what changed.
//!
//! **Invariant:** `n_single + n_grouped + n_outside + n_hidden + n_nowhere = n_total`, at every view ([`Census`]).

use super::{
    fixed::{self, PER_M},
    gpu::map::{AGELESS, Cell, LayerId, Mark, NEVER, ThingsDraw, Upload},
    pyramid::{Box64, Pyramid, Square},
    style::Style,
};
use crate::stage::detail::Detail;
use egui::Color32;
use gulang_city::Timestamp;
use std::ops::Range;

/// What a layer does when there is no room for each of its things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// Everything is drawn alone, always: few, or too urgent to be grouped.
    Alone,
    /// Groups with a count; for hundreds to thousands.
    Groups,
    /// A density surface with exact counts behind it; for many thousands.
    Density,
}

/// One layer of things.
pub struct ThingLayer {
    pub id: LayerId,
    pub crowd: Crowd,
    /// Farther away than this it is not drawn, only counted.
    pub from: Detail,
    /// Its things may be shown away from where they were sorted.
    pub moves: bool,
    /// By slot.
    marks: Vec<Mark>,
    pyramid: Pyramid,
    n_total: usize,
    /// Slots whose marks changed since the GPU got them.
    dirty: Vec<u32>,
    /// Slots that are drawn alone whatever the crowd does: alarms among many.
    urgent: Vec<u32>,
    plan: Option<Plan>,
    /// How many lay in the view looked at last: a screen at rest counts nothing again.
    counted: Option<(Box64, usize)>,
}

/// Where everything of a layer is, at one view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub n_total: usize,
    /// Drawn each by its own mark.
    pub n_single: usize,
    /// Inside a group or a square of the density surface that is drawn.
    pub n_grouped: usize,
    /// In view, but this layer is not drawn at this scale.
    pub n_hidden: usize,
    /// Not in view.
    pub n_outside: usize,
    /// Nobody knows where it is.
    pub n_nowhere: usize,
}

impl Census {
    pub fn n_in_view(&self) -> usize {
        self.n_single + self.n_grouped + self.n_hidden
    }
}

/// A group to be labelled with its count.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Local metres: the middle of its members.
    pub at: (f64, f64),
    pub n: usize,
    /// The highest [`Style`] among them: of levels, the worst.
    pub worst: u8,
}

/// What the view is like for a layer.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// West, south, east, north in local metres.
    pub ground: [f64; 4],
    /// Logical px per metre, and how much larger a wall draws.
    pub px_per_m: f64,
    pub scale: f64,
    pub detail: Detail,
    pub is_on: bool,
    /// Colour of the density surface.
    pub density: Color32,
}

/// The last answer, good until the view leaves what it was made for.
#[derive(Clone, Debug)]
struct Plan {
    shape: Shape,
    /// What the ranges and groups cover.
    covers: Box64,
    draw: ThingsDraw,
    groups: Vec<Group>,
    /// The slots whose marks the GPU has, ascending: those it draws, and no others. Of a million things it holds some thousands.
    held: Vec<u32>,
    /// Slots that are drawn by their own mark although the layer is grouped; ascending.
    alone: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Singles,
    Groups { level: u8 },
    Density { level: u8, color: Color32 },
}

impl Crowd {
    /// Logical px between things, on average, from which on each is drawn alone.
    fn room_px(self) -> f64 {
        match self {
            Self::Alone => 0.0,
            Self::Groups => 58.0,
            Self::Density => 14.0,
        }
    }
}

/// A group's square on the screen is at least this wide.
const GROUP_PX: f64 = 84.0;
const DENSITY_PX: f64 = 2.5;

impl ThingLayer {
    pub fn new(id: LayerId, crowd: Crowd, from: Detail, moves: bool) -> Self {
        Self {
            id,
            crowd,
            from,
            moves,
            marks: Vec::new(),
            pyramid: Pyramid::default(),
            n_total: 0,
            dirty: Vec::new(),
            urgent: Vec::new(),
            plan: None,
            counted: None,
        }
    }

    /// Replaces everything; a handle without a place is `None`.
    pub fn replace(&mut self, marks: &[Option<Mark>]) {
        let places: Vec<_> = marks.iter().map(|it| it.map(|mark| mark.at)).collect();
        self.pyramid = Pyramid::new(&places);
        self.marks = self.pyramid.order().iter().filter_map(|handle| marks[*handle as usize]).collect();
        self.n_total = marks.len();
        self.urgent = (0..).zip(&self.marks).filter(|(_, mark)| is_urgent(mark)).map(|(slot, _)| slot).collect();
        self.plan = None;
        self.counted = None;
    }

    pub fn mark(&self, handle: usize) -> Option<&Mark> {
        self.marks.get(self.pyramid.slot(handle)? as usize)
    }

    /// Changes one thing; it keeps its slot, so a mover that went far is found by [`Self::resort`] alone.
    pub fn update(&mut self, handle: usize, mark: Mark) {
        let Some(slot) = self.pyramid.slot(handle) else { return };
        let there = &mut self.marks[slot as usize];
        if *there == mark {
            return;
        }
        if is_urgent(there) != is_urgent(&mark) {
            if is_urgent(&mark) {
                self.urgent.push(slot);
            } else {
                self.urgent.retain(|it| *it != slot);
            }
            self.plan = None;
        }
        if there.at != mark.at {
            self.counted = None;
        }
        *there = mark;
        match &self.plan {
            Some(plan) if plan.held.binary_search(&slot).is_ok() => self.dirty.push(slot),
            _ => return,
        }
        // Nobody looks for a while: one whole write is less.
        if self.dirty.len() > self.marks.len() {
            self.plan = None;
        }
    }

    /// Sorts again by where things are now; for layers that move, now and then.
    pub fn resort(&mut self) {
        let mut by_handle: Vec<Option<Mark>> = vec![None; self.n_total];
        for (slot, handle) in self.pyramid.order().iter().enumerate() {
            by_handle[*handle as usize] = Some(self.marks[slot]);
        }
        self.replace(&by_handle);
    }

    /// Brings what the GPU has of them up to date.
    fn refresh(&mut self, uploads: &mut Vec<Upload>) {
        let Some(plan) = &self.plan else { return };
        let mut changed: Vec<u32> =
            self.dirty.drain(..).filter_map(|slot| Some(plan.held.binary_search(&slot).ok()? as u32)).collect();
        changed.sort_unstable();
        changed.dedup();
        // One write costs more than a few marks.
        for run in runs_of(&changed, 3) {
            let slots = &plan.held[run.start as usize..run.end as usize];
            uploads.push(Upload::MarkRange(self.id, run.start, self.marks_of(slots)));
        }
    }

    fn marks_of(&self, slots: &[u32]) -> Vec<Mark> {
        slots.iter().map(|slot| self.marks[*slot as usize]).collect()
    }

    /// What is drawn of it, the uploads that takes, and where everything is.
    pub fn plan(&mut self, look: &Look, uploads: &mut Vec<Upload>) -> (ThingsDraw, Census, &[Group]) {
        let view = box_of(look.ground);
        let place = |slot: u32| self.marks[slot as usize].at;
        let n_in_view = match self.counted {
            Some((counted, n)) if counted == view => n,
            _ => self.pyramid.count(view, place),
        };
        self.counted = Some((view, n_in_view));
        let nowhere = self.n_total - self.pyramid.len();
        let mut census = Census {
            n_total: self.n_total,
            n_outside: self.pyramid.len() - n_in_view,
            n_nowhere: nowhere,
            ..Census::default()
        };
        if !look.is_on || look.detail < self.from {
            census.n_hidden = n_in_view;
            return (ThingsDraw { layer: self.id, ..ThingsDraw::default() }, census, &[]);
        }
        let shape = self.shape(look, n_in_view);
        let is_good = self.plan.as_ref().is_some_and(|it| it.shape == shape && holds(it.covers, view));
        if is_good {
            self.refresh(uploads);
        } else {
            let plan = self.make_plan(shape, view, uploads);
            self.plan = Some(plan);
            self.dirty.clear();
        }
        let Some(plan) = &self.plan else { return (ThingsDraw::default(), census, &[]) };
        census.n_single = match shape {
            Shape::Singles => n_in_view,
            _ => plan.alone.iter().filter(|slot| is_in(view, self.marks[**slot as usize].at)).count(),
        };
        census.n_grouped = n_in_view - census.n_single;
        (plan.draw.clone(), census, &plan.groups)
    }

    fn shape(&self, look: &Look, n_in_view: usize) -> Shape {
        let px = |logical: f64| logical * look.scale / look.px_per_m * PER_M;
        let [west, south, east, north] = look.ground;
        let area_px = (east - west) * (north - south) * look.px_per_m * look.px_per_m / (look.scale * look.scale);
        let was_single = self.plan.as_ref().is_some_and(|it| it.shape == Shape::Singles);
        // A little slack, so that it does not change back and forth at the edge.
        let slack = if was_single { 1.25 } else { 1.0 };
        if n_in_view as f64 * self.crowd.room_px().powi(2) <= area_px * slack {
            return Shape::Singles;
        }
        match self.crowd {
            Crowd::Groups => Shape::Groups { level: self.pyramid.level_for(px(GROUP_PX)) },
            _ => Shape::Density { level: self.pyramid.level_for(px(DENSITY_PX)), color: look.density },
        }
    }

    fn make_plan(&self, shape: Shape, view: Box64, uploads: &mut Vec<Upload>) -> Plan {
        // A view's width more on every side, so that panning a little makes nothing anew.
        let (w, h) = (view[2] - view[0], view[3] - view[1]);
        let covers = [view[0] - w / 2, view[1] - h / 2, view[2] + w / 2, view[3] + h / 2];
        let mut draw = ThingsDraw { layer: self.id, ..ThingsDraw::default() };
        let mut groups = Vec::new();
        let mut alone = self.urgent.clone();
        let mut held = Vec::new();
        match shape {
            Shape::Singles => held = self.pyramid.runs(covers, 16).into_iter().flatten().collect(),
            Shape::Groups { level } => {
                for square in self.pyramid.squares(level, covers) {
                    let calm: Vec<u32> = square.slots.filter(|slot| !is_urgent(&self.marks[*slot as usize])).collect();
                    match calm.as_slice() {
                        [] => {}
                        [slot] => alone.push(*slot),
                        slots => groups.push(self.group(slots)),
                    }
                }
            }
            Shape::Density { level, color } => {
                let cells = density(&self.pyramid.squares(level, covers), color);
                draw.cells.push(0..cells.len() as u32);
                uploads.push(Upload::Cells(self.id, cells));
            }
        }
        if shape == Shape::Singles {
            alone.clear();
        } else {
            alone.sort_unstable();
            held.clone_from(&alone);
        }
        uploads.push(Upload::Marks(self.id, self.marks_of(&held)));
        draw.marks.push(0..held.len() as u32);
        Plan { shape, covers, draw, groups, held, alone }
    }

    fn group(&self, slots: &[u32]) -> Group {
        let marks = || slots.iter().map(|slot| &self.marks[*slot as usize]);
        let sum = marks().map(|it| fixed::local(it.at)).fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
        let n = slots.len() as f64;
        let worst = marks().map(|it| it.style).max().unwrap_or(0);
        Group { at: (sum.0 / n, sum.1 / n), n: slots.len(), worst }
    }

    /// The things nearest to a place within `reach_m`, nearest first, as handles with their distance in metres: by where they
    /// are shown `now`, so that a mover is picked where it is seen.
    pub fn near(&self, at: (f64, f64), reach_m: f64, clock: &StageClock) -> Vec<(u32, f64)> {
        let wide = if self.moves { reach_m + STRAY_M } else { reach_m };
        let mut found: Vec<(u32, f64)> = self
            .pyramid
            .near(fixed::fixed(at), (wide * PER_M) as i64 + 1)
            .filter_map(|slot| {
                let shown = shown_at(&self.marks[slot as usize], clock);
                let distance = (shown.0 - at.0).hypot(shown.1 - at.1);
                (distance <= reach_m).then(|| (self.pyramid.order()[slot as usize], distance))
            })
            .collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1));
        found
    }

    /// How fast the fastest of its things goes over the screen now, m/s of the screen's own time: 0 if all stand.
    pub fn fastest(&self, clock: &StageClock) -> f64 {
        let now = clock.ds(clock.now);
        let speed = |mark: &Mark| {
            if mark.fix_ds == AGELESS || mark.fix_ds == NEVER {
                return 0.0;
            }
            let [east, north] = mark.pace.map(|it| f64::from(it) / PER_M);
            let runs = now.saturating_sub(mark.fix_ds) as f32 <= clock.reckon_ds();
            let blends = now.saturating_sub(mark.seen_ds) as f32 <= clock.blend_ds();
            let [slip_east, slip_north] = mark.slip.map(|it| f64::from(it) / 4.0 / BLEND_SECS);
            let run = if runs { east.hypot(north) * clock.speed } else { 0.0 };
            run + if blends { slip_east.hypot(slip_north) } else { 0.0 }
        };
        self.marks.iter().map(speed).fold(0.0, f64::max)
    }

    /// Everything it knows of, with or without a place.
    pub fn len(&self) -> usize {
        self.n_total
    }

    pub fn is_empty(&self) -> bool {
        self.n_total == 0
    }
}

/// The stage's clock: the hub's, in tenths of a second since an epoch long before the first reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StageClock {
    pub epoch: Timestamp,
    pub now: Timestamp,
    /// How fast the hub's clock runs.
    pub speed: f64,
}

/// A correction is blended in over so many seconds of the screen's own time.
const BLEND_SECS: f64 = 0.8;
/// A mover runs on so long after its last fix, s of the hub's clock; then it stands, and later greys.
const RECKON_SECS: f64 = 15.0;
/// So far from where it was sorted a mover is looked for, m: what it runs and slips between two sortings.
const STRAY_M: f64 = 400.0;
/// A jump farther than this was not driven, m.
const JUMP_M: f64 = 3000.0;

impl StageClock {
    /// Readings may be this much older than the moment the stage first looked.
    const BEFORE_MS: i64 = 400 * 86_400_000;

    pub fn starting(now: Timestamp) -> Self {
        Self { epoch: Timestamp(now.0 - Self::BEFORE_MS), now, speed: 1.0 }
    }

    pub fn ds(&self, at: Timestamp) -> u32 {
        (at.since_ms(self.epoch) / 100).clamp(1, i64::from(u32::MAX) - 1) as u32
    }

    /// Of a reading's time: never heard is [`NEVER`].
    pub fn fix_ds(&self, at: Option<Timestamp>) -> u32 {
        at.filter(|it| it.0 != 0).map_or(NEVER, |it| self.ds(it))
    }

    pub fn rest(&self) -> f32 {
        self.now.since_ms(self.epoch).rem_euclid(100) as f32 / 100.0
    }

    /// Tenths of a second of the hub's clock.
    pub fn blend_ds(&self) -> f32 {
        (BLEND_SECS * self.speed.max(0.05) * 10.0) as f32
    }

    pub fn reckon_ds(&self) -> f32 {
        (RECKON_SECS * 10.0) as f32
    }
}

/// Where a mark is drawn now, local metres; the same sum as `mark_vertex` in `map.wgsl`.
pub fn shown_at(mark: &Mark, clock: &StageClock) -> (f64, f64) {
    let at = fixed::local(mark.at);
    if mark.fix_ds == AGELESS || mark.fix_ds == NEVER {
        return at;
    }
    let now = f64::from(clock.ds(clock.now)) + f64::from(clock.rest());
    let age = (now - f64::from(mark.fix_ds)).max(0.0).min(f64::from(clock.reckon_ds())) * 0.1;
    let t = ((now - f64::from(mark.seen_ds)).max(0.0) / f64::from(clock.blend_ds())).clamp(0.0, 1.0);
    let left = 1.0 - t * t * (3.0 - 2.0 * t);
    let along = |axis: usize| f64::from(mark.pace[axis]) / PER_M * age + f64::from(mark.slip[axis]) / 4.0 * left;
    (at.0 + along(0), at.1 + along(1))
}

/// A mover's new fix: goes on from where it is shown, at the pace given (m/s east and north).
pub fn follow(before: Option<&Mark>, fixed_at: [i32; 2], fix: Timestamp, pace: (f64, f64), clock: &StageClock) -> Mark {
    let whole = |value: f64, most: f64| value.clamp(-most, most) as i16;
    let mut mark = Mark {
        at: fixed_at,
        pace: [whole(pace.0 * PER_M, 32_000.0), whole(pace.1 * PER_M, 32_000.0)],
        slip: [0, 0],
        fix_ds: clock.ds(fix),
        seen_ds: clock.ds(clock.now),
        style: 0,
        flags: 0,
        heading: super::gpu::map::NO_HEADING,
        glyph: 0,
    };
    if let Some(before) = before.filter(|it| it.fix_ds != NEVER && it.fix_ds != AGELESS) {
        let (shown, expected) = (shown_at(before, clock), shown_at(&mark, clock));
        let slip = (shown.0 - expected.0, shown.1 - expected.1);
        if slip.0.hypot(slip.1) < JUMP_M {
            mark.slip = [whole(slip.0 * 4.0, 32_000.0), whole(slip.1 * 4.0, 32_000.0)];
        }
    }
    mark
}

/// A thing that stays where it is.
pub fn still(at: (f64, f64), style: Style, fix_ds: u32) -> Mark {
    Mark {
        at: fixed::fixed(at),
        pace: [0, 0],
        slip: [0, 0],
        fix_ds,
        seen_ds: 1,
        style: style as u8,
        flags: 0,
        heading: super::gpu::map::NO_HEADING,
        glyph: 0,
    }
}

/// Steps of 1.5 degrees; what is not a number is no heading.
pub fn heading_steps(degrees: f32) -> u8 {
    if degrees.is_finite() { (degrees.rem_euclid(360.0) / 1.5) as u8 % 240 } else { super::gpu::map::NO_HEADING }
}

/// Red never goes into a group, nor does orange, nor an alarm among many calm things.
fn is_urgent(mark: &Mark) -> bool {
    use Style::*;
    [ThingAlarm, Case2, Case3, Alarm2, Alarm3].iter().any(|it| *it as u8 == mark.style)
}

/// Brighter where there are more, by the logarithm of the count per square: one thing is still seen.
fn density(squares: &[Square], color: Color32) -> Vec<Cell> {
    let most = squares.iter().map(|it| it.slots.len()).max().unwrap_or(1) as f64;
    let [r, g, b, _] = color.to_srgba_unmultiplied();
    let strength = |n: usize| {
        let share = (n as f64).ln_1p() / most.max(2.0).ln_1p();
        (6.0 + 84.0 * share.powf(2.2)) as u8
    };
    squares
        .iter()
        .filter(|it| i32::try_from(it.at[0]).is_ok() && i32::try_from(it.at[1]).is_ok())
        .map(|it| Cell {
            at: [it.at[0] as i32, it.at[1] as i32],
            side: u32::try_from(it.side).unwrap_or(u32::MAX),
            color: [r, g, b, strength(it.slots.len())],
        })
        .collect()
}

/// Ascending numbers as runs; gaps of up to `gap` numbers are taken along.
fn runs_of(slots: &[u32], gap: u32) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for &slot in slots {
        match runs.last_mut() {
            Some(run) if slot <= run.end + gap => run.end = run.end.max(slot + 1),
            _ => runs.push(slot..slot + 1),
        }
    }
    runs
}

fn box_of([west, south, east, north]: [f64; 4]) -> Box64 {
    [west, south, east, north].map(|m| (m * PER_M) as i64)
}

fn holds(outer: Box64, inner: Box64) -> bool {
    outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3]
}

fn is_in(within: Box64, at: [i32; 2]) -> bool {
    super::pyramid::contains(within, at.map(i64::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock_at(secs: i64) -> StageClock {
        let start = StageClock::starting(Timestamp(1_700_000_000_000));
        StageClock { now: start.now.plus_secs(secs), ..start }
    }

    fn scattered(n: usize) -> Vec<Option<Mark>> {
        (0..n)
            .map(|i| {
                let at = ((i * 7919 % 60_000) as f64 - 30_000.0, (i * 104_729 % 50_000) as f64 - 25_000.0);
                let style = if i % 500 == 3 { Style::ThingAlarm } else { Style::Thing };
                (i % 11 != 0).then(|| still(at, style, AGELESS))
            })
            .collect()
    }

    fn look(half_m: f64, px: f64, detail: Detail) -> Look {
        let ground = [-half_m, -half_m * 0.6, half_m, half_m * 0.6];
        Look { ground, px_per_m: px / (2.0 * half_m), scale: 1.0, detail, is_on: true, density: Color32::WHITE }
    }

    #[track_caller]
    fn check_census(layer: &mut ThingLayer, look: &Look) -> Census {
        let (draw, census, groups) = layer.plan(look, &mut Vec::new());
        let sum = census.n_single + census.n_grouped + census.n_hidden + census.n_outside + census.n_nowhere;
        assert_eq!(sum, census.n_total, "{census:?}");
        assert!(groups.iter().all(|it| it.n > 1));
        assert!(draw.marks.iter().all(|it| it.end as usize <= layer.marks.len()));
        census
    }

    #[test]
    fn shown_and_hidden_are_all_at_every_view() {
        for crowd in [Crowd::Alone, Crowd::Groups, Crowd::Density] {
            let mut layer = ThingLayer::new(1, crowd, Detail::City, false);
            layer.replace(&scattered(20_000));
            for half_m in [100.0, 700.0, 4000.0, 12_000.0, 40_000.0, 3e6] {
                check_census(&mut layer, &look(half_m, 1200.0, Detail::City));
            }
            let hidden = check_census(&mut layer, &look(40_000.0, 1200.0, Detail::Region));
            assert_eq!((hidden.n_single, hidden.n_grouped), (0, 0));
        }
    }

    #[test]
    fn groups_count_exactly_what_they_hold() {
        let mut layer = ThingLayer::new(1, Crowd::Groups, Detail::Region, false);
        layer.replace(&scattered(20_000));
        // All of it in view, with room around: what the plan covers is everything.
        let look = look(100_000.0, 1200.0, Detail::City);
        let n_urgent = layer.urgent.len();
        let (draw, census, groups) = layer.plan(&look, &mut Vec::new());
        let alone: usize = draw.marks.iter().map(|it| it.len()).sum();
        let grouped: usize = groups.iter().map(|it| it.n).sum();
        assert_eq!((alone, grouped), (census.n_single, census.n_grouped));
        assert_eq!(alone + grouped, census.n_total - census.n_nowhere, "none is drawn both alone and in a group");
        assert!(alone >= n_urgent && n_urgent > 0);
    }

    #[test]
    fn close_up_each_is_drawn_alone() {
        let mut layer = ThingLayer::new(1, Crowd::Density, Detail::City, false);
        layer.replace(&scattered(20_000));
        let census = check_census(&mut layer, &look(1500.0, 1200.0, Detail::Street));
        assert_eq!(census.n_grouped, 0);
        assert_eq!(census.n_single, census.n_in_view());
    }

    #[test]
    fn an_update_is_one_small_write() {
        let mut layer = ThingLayer::new(1, Crowd::Density, Detail::City, false);
        layer.replace(&scattered(5000));
        let look = look(3000.0, 1200.0, Detail::Street);
        let planned = |layer: &mut ThingLayer| {
            let mut uploads = Vec::new();
            let _ = layer.plan(&look, &mut uploads);
            uploads
        };
        let first = planned(&mut layer);
        assert!(
            matches!(&first[..], [Upload::Marks(1, marks)] if marks.len() < layer.pyramid.len()),
            "what is in view"
        );
        assert!(planned(&mut layer).is_empty());
        let held = layer.plan.as_ref().expect("a plan").held.clone();
        let handle_of = |layer: &ThingLayer, i: usize| layer.pyramid.order()[held[i] as usize] as usize;
        let (near, next) = (handle_of(&layer, 5), handle_of(&layer, 6));
        let mut changed = *layer.mark(near).expect("a place");
        changed.style = Style::ThingOffline as u8;
        layer.update(near, changed);
        layer.update(next, changed);
        let unseen = (0..5000).find(|it| layer.pyramid.slot(*it).is_some_and(|slot| !held.contains(&slot)));
        layer.update(unseen.expect("one out of view"), changed);
        assert!(
            matches!(&planned(&mut layer)[..], [Upload::MarkRange(1, 5, marks)] if marks.as_slice() == [changed; 2])
        );
    }

    #[test]
    fn an_alarm_among_many_is_drawn_alone() {
        let mut layer = ThingLayer::new(1, Crowd::Density, Detail::City, false);
        layer.replace(&scattered(20_000));
        let slot = layer.pyramid.slot(17).expect("a place");
        let mut changed = *layer.mark(17).expect("a place");
        changed.style = Style::ThingAlarm as u8;
        layer.update(17, changed);
        let (draw, ..) = layer.plan(&look(40_000.0, 1200.0, Detail::City), &mut Vec::new());
        assert!(!draw.marks[0].is_empty() && layer.plan.as_ref().is_some_and(|it| it.held.contains(&slot)));
    }

    #[test]
    fn a_mover_runs_on_and_a_correction_is_blended() {
        let clock = clock_at(100);
        let mark = follow(None, fixed::fixed((0.0, 0.0)), clock.now, (10.0, 0.0), &clock);
        let later = StageClock { now: clock.now.plus_secs(3), ..clock };
        assert!((shown_at(&mark, &later).0 - 30.0).abs() < 0.2);
        // The fix says it only came to 24 m: it is still shown where it was, then slides there.
        let next = follow(Some(&mark), fixed::fixed((24.0, 0.0)), later.now, (8.0, 0.0), &later);
        assert!((shown_at(&next, &later).0 - 30.0).abs() < 0.3);
        let blended = StageClock { now: later.now.plus_secs(1), ..later };
        assert!((shown_at(&next, &blended).0 - 32.0).abs() < 0.3);
    }

    #[test]
    fn a_mover_without_fixes_stands_still() {
        let clock = clock_at(100);
        let mark = follow(None, fixed::fixed((0.0, 0.0)), clock.now, (10.0, 0.0), &clock);
        let [a, b] = [20, 4000].map(|secs| shown_at(&mark, &StageClock { now: clock.now.plus_secs(secs), ..clock }));
        assert_eq!(a, b);
        assert!((a.0 - RECKON_SECS * 10.0).abs() < 0.5);
    }

    #[test]
    fn a_layer_tells_how_fast_it_moves_and_when_it_stands() {
        let clock = clock_at(100);
        let mut layer = ThingLayer::new(1, Crowd::Alone, Detail::City, true);
        layer.replace(&[Some(follow(None, fixed::fixed((0.0, 0.0)), clock.now, (3.0, 4.0), &clock))]);
        assert!((layer.fastest(&clock) - 5.0).abs() < 0.1);
        assert_eq!(layer.fastest(&StageClock { now: clock.now.plus_secs(60), ..clock }), 0.0);
    }

    #[test]
    fn what_teleports_is_jumped_to() {
        let clock = clock_at(100);
        let mark = follow(None, fixed::fixed((0.0, 0.0)), clock.now, (0.0, 0.0), &clock);
        let next = follow(Some(&mark), fixed::fixed((90_000.0, 0.0)), clock.now.plus_secs(1), (0.0, 0.0), &clock);
        assert_eq!(next.slip, [0, 0]);
    }

    #[test]
    fn picking_finds_a_mover_where_it_is_shown() {
        let clock = clock_at(100);
        let mut layer = ThingLayer::new(1, Crowd::Alone, Detail::City, true);
        layer.replace(&[Some(follow(None, fixed::fixed((0.0, 0.0)), clock.now, (20.0, 0.0), &clock)), None]);
        let later = StageClock { now: clock.now.plus_secs(10), ..clock };
        assert_eq!(layer.near((200.0, 0.0), 10.0, &later).first().map(|it| it.0), Some(0));
        assert!(layer.near((0.0, 0.0), 10.0, &later).is_empty());
    }
}
