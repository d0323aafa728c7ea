//! The exercise sheet (F10): what a drill is run on, what is thrown into it while it runs, and how it went ([`score`]).
//!
//! A drill is another realm: nothing here reaches a platform of the city.
//!
//! [`score`]: super::score

use super::kit::{Kit, RealmMark, realm_mark, row_id};
use super::press::{self, choice_ui};
use super::review::Keep;
use super::{PanelState, UiCommand, score, sheet};
use crate::drills::{DrillNews, DrillScore};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::inject::{DirectorMark, ScenarioCard};
use gulang_city::*;
use gulang_wire::{ClockKind, Drill};

/// The sheet as the officer left it.
pub(super) struct DrillSheet {
    /// What was turned to; at first what is at hand.
    page: Option<Page>,
    /// Into the list of scenarios.
    scenario: usize,
    speed: f32,
    seed: u64,
    has_asked: bool,
    /// A drill ran when the sheet was last drawn.
    was_running: bool,
    /// Rows; none keeps the next mark in sight.
    scroll: Option<f32>,
    score: score::Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Page {
    Setup,
    Director,
    Score,
}

/// What the hub said of drills.
#[derive(Default)]
pub(super) struct Drills {
    scenarios: Vec<ScenarioCard>,
    score: Option<Result<Box<DrillScore>, String>>,
}

/// A drill shipped with the product: its file under `assets/scenarios`, its name and what it is. Offered until the hub has
/// said what it has.
struct Shipped {
    id: &'static str,
    title: Tr,
    note: Tr,
}

const SHIPPED: [Shipped; 4] = [
    Shipped { id: "doksuri-2023", title: tr::SCENARIO_DOKSURI, note: tr::SCENARIO_DOKSURI_NOTE },
    Shipped { id: "doksuri-injects", title: tr::SCENARIO_INJECTS, note: tr::SCENARIO_INJECTS_NOTE },
    Shipped { id: "quake-drill", title: tr::SCENARIO_QUAKE, note: tr::SCENARIO_QUAKE_NOTE },
    Shipped { id: "rainstorm-demo", title: tr::SCENARIO_RAINSTORM, note: tr::SCENARIO_RAINSTORM_NOTE },
];

pub(super) const SIZE: egui::Vec2 = vec2(1120.0, 760.0);
const SPEEDS: [f32; 4] = [1.0, 10.0, 60.0, 300.0];
const ROW_H: f32 = 52.0;
const MARK_H: f32 = 34.0;

/// The scenario a drill starts with when none was chosen.
pub(super) fn first_scenario() -> &'static str {
    SHIPPED[0].id
}

impl DrillSheet {
    pub fn new() -> Self {
        Self {
            page: None,
            scenario: 0,
            speed: 60.0,
            seed: 1,
            has_asked: false,
            was_running: false,
            scroll: None,
            score: score::Reading::default(),
        }
    }
}

impl Drills {
    pub fn take(&mut self, news: DrillNews) {
        match news {
            DrillNews::Scenarios(Ok(scenarios)) => self.scenarios = scenarios,
            // The shipped ones stay on offer; a drill that cannot be started is refused with the reason.
            DrillNews::Scenarios(Err(why)) => tracing::warn!("the hub's scenarios: {why}"),
            DrillNews::Score(score) => self.score = Some(score),
        }
    }
}

pub(super) fn drill_ui(k: &mut Kit<'_>, it: &mut DrillSheet, state: &mut PanelState, rect: Rect) -> Keep {
    let running = k.is_exercise() && k.m.city.exercise.as_ref().is_some_and(|it| !it.ended);
    if !std::mem::replace(&mut it.has_asked, true) {
        k.out.push(UiCommand::AskScenarios);
    }
    // It has just ended: how it went is what is asked next.
    if it.was_running && !running {
        turn_to(k, it, state, Page::Score);
    }
    it.was_running = running;
    sheet::header_ui(k, rect, k.t(tr::DRILL_SHEET), None, ResponseLevel::IV);
    let body = Rect::from_min_max(rect.min + vec2(24.0, 68.0), rect.max - vec2(24.0, 20.0));
    let at_hand = if running { Page::Director } else { Page::Setup };
    let page = it.page.filter(|page| *page == Page::Score).unwrap_or(at_hand);
    let names = [(at_hand, if running { tr::DIRECTOR } else { tr::NEW_EXERCISE }), (Page::Score, tr::SCORE)];
    for (i, (tab, name)) in names.into_iter().enumerate() {
        let at = Rect::from_min_size(body.min + vec2(128.0 * i as f32, 0.0), vec2(120.0, 32.0));
        if choice_ui(k, at, row_id("drill-page", i), k.t(name), page == tab) {
            turn_to(k, it, state, tab);
        }
    }
    let foot = Rect::from_min_max(pos2(body.left(), body.bottom() - 64.0), body.max);
    let main = Rect::from_min_max(body.min + vec2(0.0, 46.0), pos2(body.right(), foot.top() - 14.0));
    let cancel = Rect::from_min_size(foot.min, vec2(120.0, 64.0));
    let go = Rect::from_min_max(pos2(cancel.right() + 16.0, foot.top()), foot.max);
    let label = if page == Page::Setup { tr::CANCEL_ESC } else { tr::CLOSE_ESC };
    if k.button(cancel, "cancel", 16.0, k.t(label), false) {
        return Keep::Closed;
    }
    match page {
        Page::Setup => setup_ui(k, it, &state.drills, main, go),
        Page::Director => director_ui(k, it, &state.drills, main, go),
        Page::Score => {
            score::score_ui(k, &mut it.score, state.drills.score.as_ref(), main, go);
            Keep::Open
        }
    }
}

fn turn_to(k: &mut Kit<'_>, it: &mut DrillSheet, state: &mut PanelState, page: Page) {
    it.page = Some(page);
    if page == Page::Score {
        // What was counted before would pass for the answer.
        state.drills.score = None;
        it.score = score::Reading::default();
        k.out.push(UiCommand::AskScore);
    }
}

/// The violet button that starts or ends; grey with the reason where the seat's role may not.
fn go_ui(k: &Kit<'_>, rect: Rect, id: &str, label: &str, kind: &str) -> bool {
    if let Some(why) = press::barred(k, kind) {
        return press::guarded_ui(k, rect, id, 16.0, &format!("{label}・{why}"), true);
    }
    k.fill(rect, 4.0, EXERCISE_BG);
    k.outline(rect, 4.0, 2.0, EXERCISE_LINE);
    k.fit_center(rect, 20.0, EXERCISE_BANNER_TEXT, label, true);
    k.hit(rect, id, label).clicked()
}

// ---------------------------------------------------------------- before

/// A scenario on offer.
struct Offer<'a> {
    id: &'a str,
    title: String,
    note: String,
    /// The seed its makers tried it with.
    seed: Option<u64>,
}

fn offers<'a>(k: &Kit<'_>, drills: &'a Drills) -> Vec<Offer<'a>> {
    if drills.scenarios.is_empty() {
        let shipped = SHIPPED.iter().map(|it| Offer {
            id: it.id,
            title: k.t(it.title).to_owned(),
            note: k.t(it.note).to_owned(),
            seed: None,
        });
        return shipped.collect();
    }
    let told = drills.scenarios.iter().map(|it| {
        let day = |at: Timestamp| at.to_beijing_text().chars().take(16).collect::<String>();
        let n = [day(it.starts_at), day(it.ends_at), it.injects.len().to_string(), it.reference.len().to_string()];
        let note = k.m.lang.fill(tr::SCENARIO_TOLD, &[&n[0], &n[1], &n[2], &n[3]]);
        let note = if it.basis.is_empty() { note } else { format!("{note}・{}", it.basis) };
        Offer { id: &it.id, title: it.title.clone(), note, seed: Some(it.seed) }
    });
    told.collect()
}

/// Which scenario, how fast, with which dice.
fn setup_ui(k: &mut Kit<'_>, it: &mut DrillSheet, drills: &Drills, rect: Rect, go: Rect) -> Keep {
    let offers = offers(k, drills);
    it.scenario = it.scenario.min(offers.len().saturating_sub(1));
    let (left, right) = (rect.left() + 96.0, rect.right());
    let list = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom() - 150.0));
    k.text(pos2(rect.left(), list.top() + 26.0), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::SCENARIO));
    let n_fit = (list.height() / (ROW_H + 8.0)).max(0.0) as usize;
    if k.ui.rect_contains_pointer(list) {
        let by = k.ui.input(|input| input.smooth_scroll_delta().y) / ROW_H;
        it.scroll = Some((it.scroll.unwrap_or(0.0) - by).clamp(0.0, offers.len().saturating_sub(n_fit) as f32));
    }
    let first = it.scroll.unwrap_or(0.0).round() as usize;
    for (row, (n, offer)) in offers.iter().enumerate().skip(first).take(n_fit).enumerate() {
        let at = pos2(left, list.top() + (ROW_H + 8.0) * row as f32);
        let at = Rect::from_min_size(at, vec2(right - left, ROW_H));
        let is_chosen = it.scenario == n;
        k.fill(at, 3.0, if is_chosen { SELECTED } else { PANEL });
        k.outline(at, 3.0, if is_chosen { 1.5 } else { 1.0 }, if is_chosen { PRIMARY } else { STRONG });
        let room = at.width() - 28.0;
        k.bold_fit(at.min + vec2(14.0, 17.0), Align2::LEFT_CENTER, 15.0, PRIMARY, &offer.title, room);
        k.fit(at.min + vec2(14.0, 37.0), Align2::LEFT_CENTER, 12.0, SECONDARY, &offer.note, room);
        if k.hit(at, row_id("scenario", n), &offer.title).clicked() {
            it.scenario = n;
        }
    }
    let y = rect.bottom() - 116.0;
    k.text(pos2(rect.left(), y), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::SPEED));
    for (i, speed) in SPEEDS.into_iter().enumerate() {
        let at = Rect::from_min_size(pos2(left + 84.0 * i as f32, y - 16.0), vec2(76.0, 32.0));
        if choice_ui(k, at, row_id("speed", i), &k.m.lang.fill(tr::TIMES, &[&format!("{speed:.0}")]), it.speed == speed)
        {
            it.speed = speed;
        }
    }
    let y = y + 48.0;
    k.text(pos2(rect.left(), y), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::SEED));
    for (x, label, by) in [(left, "-", -1i64), (left + 168.0, "+", 1)] {
        if k.button(Rect::from_min_size(pos2(x, y - 16.0), vec2(32.0, 32.0)), ("seed", by), 16.0, label, false) {
            it.seed = it.seed.saturating_add_signed(by).max(1);
        }
    }
    k.bold(pos2(left + 100.0, y), Align2::CENTER_CENTER, 16.0, PRIMARY, &it.seed.to_string());
    let chosen = offers.get(it.scenario);
    if let Some(seed) = chosen.and_then(|it| it.seed).filter(|seed| *seed != it.seed) {
        let label = k.m.lang.fill(tr::SEED_OF_SCENARIO, &[&seed.to_string()]);
        let at = Rect::from_min_size(pos2(left + 216.0, y - 16.0), vec2(k.width(13.0, &label) + 24.0, 32.0));
        if k.button(at, "seed-of-scenario", 13.0, &label, false) {
            it.seed = seed;
        }
    }
    let note = pos2(rect.left(), rect.bottom() - 16.0);
    k.fit(note, Align2::LEFT_CENTER, 13.0, EXERCISE_LINE, k.t(tr::DRILL_NOTE), rect.width());
    if let Some(offer) = chosen
        && go_ui(k, go, "drill-go", k.t(tr::START_EXERCISE), "start_exercise")
    {
        let start = Drill::Start { scenario: offer.id.to_owned(), seed: it.seed, speed: it.speed };
        k.out.push(UiCommand::Drill(start));
        return Keep::Closed;
    }
    Keep::Open
}

// ---------------------------------------------------------------- while it runs

/// The director's desk: the clock at the left, what is thrown in and what publicly happened at the right.
fn director_ui(k: &mut Kit<'_>, it: &mut DrillSheet, drills: &Drills, rect: Rect, go: Rect) -> Keep {
    let city = k.m.city;
    let Some(exercise) = &city.exercise else { return Keep::Open };
    let card = drills.scenarios.iter().find(|card| *card.id == *exercise.scenario);
    let marks = card.map(ScenarioCard::marks).unwrap_or_default();
    let clock = Rect::from_min_max(rect.min, pos2(rect.left() + 340.0, rect.bottom()));
    clock_ui(k, clock, exercise, &marks, card.map(|it| it.ends_at));
    let list = Rect::from_min_max(pos2(clock.right() + 24.0, rect.top()), rect.max);
    match card {
        Some(_) => marks_ui(k, it, list, &marks),
        None => k.fit_center(list, 14.0, TERTIARY, k.t(tr::NO_SCRIPT), false),
    }
    // The sheet stays: the score is the next thing asked for.
    if go_ui(k, go, "drill-go", k.t(tr::END_AND_SCORE), "end_exercise") {
        k.out.push(UiCommand::Drill(Drill::End));
    }
    Keep::Open
}

/// Title and clock; pause, speed, ahead.
fn clock_ui(k: &mut Kit<'_>, rect: Rect, exercise: &Exercise, marks: &[DirectorMark], ends_at: Option<Timestamp>) {
    let (x, now) = (rect.left(), k.now());
    let chip = realm_mark(k, RealmMark::Chip(pos2(x, rect.top() + 14.0), 13.0));
    let title = pos2(x + chip, rect.top() + 14.0);
    k.bold_fit(title, Align2::LEFT_CENTER, 17.0, PRIMARY, &exercise.title, rect.width() - chip);
    k.bold(pos2(x, rect.top() + 52.0), Align2::LEFT_CENTER, 24.0, EXERCISE_LINE, &now.to_beijing_text());
    let seed = k.m.lang.fill(tr::SEED_IS, &[&exercise.seed.to_string()]);
    k.text(pos2(x, rect.top() + 80.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &seed);
    let (speed, paused) = match k.m.clock.kind {
        ClockKind::Exercise { speed, paused } => (speed, paused),
        _ => (1.0, false),
    };
    let why = press::barred(k, "start_exercise");
    let barred = why.is_some();
    let mut y = rect.top() + 104.0;
    let label = k.t(if paused { tr::DRILL_RESUME } else { tr::DRILL_PAUSE });
    let at = Rect::from_min_size(pos2(x, y), vec2(rect.width(), 40.0));
    if press::guarded_ui(k, at, "drill-pause", 15.0, label, barred) {
        k.out.push(UiCommand::Drill(Drill::SetSpeed { speed, paused: !paused }));
    }
    y += 50.0;
    let width = (rect.width() - 24.0) / 4.0;
    for (i, option) in SPEEDS.into_iter().enumerate() {
        let at = Rect::from_min_size(pos2(x + (width + 8.0) * i as f32, y), vec2(width, 32.0));
        let label = k.m.lang.fill(tr::TIMES, &[&format!("{option:.0}")]);
        let is_pressed = match barred {
            true => press::guarded_ui(k, at, ("drill-speed", i), 13.0, &label, true),
            false => choice_ui(k, at, row_id("drill-speed", i), &label, speed == option),
        };
        if is_pressed {
            k.out.push(UiCommand::Drill(Drill::SetSpeed { speed: option, paused }));
        }
    }
    y += 54.0;
    k.text(pos2(x, y), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::JUMP_AHEAD));
    y += 16.0;
    let next = |is_inject: bool| marks.iter().find(|it| it.is_inject == is_inject && it.at > now).map(|it| it.at);
    let by = |mins: i64| Some(now.plus_mins(mins)).filter(|to| ends_at.is_none_or(|end| *to <= end));
    let jumps =
        [(tr::JUMP_10, by(10)), (tr::JUMP_60, by(60)), (tr::JUMP_INJECT, next(true)), (tr::JUMP_PUBLIC, next(false))];
    for (i, (words, to)) in jumps.into_iter().enumerate() {
        let told = to.map_or_else(|| k.t(tr::JUMP_NONE).to_owned(), |to| k.m.lang.day_time(to, now));
        let at = Rect::from_min_size(pos2(x, y + 40.0 * i as f32), vec2(rect.width(), 34.0));
        let label = k.m.lang.fill(words, &[&told]);
        if press::guarded_ui(k, at, ("drill-jump", i), 14.0, &label, barred || to.is_none())
            && let Some(to) = to
        {
            k.out.push(UiCommand::Drill(Drill::Jump { to }));
        }
    }
    y += 40.0 * jumps.len() as f32;
    let under = Rect::from_min_max(pos2(x, y), rect.max);
    if let Some(why) = why {
        k.wrap(under, 12.0, TERTIARY, &why);
    } else if under.height() > 40.0 {
        k.wrap(under, 12.0, TERTIARY, k.t(tr::JUMP_NOTE));
    }
}

/// Injects and the public timeline: done, on, to come.
fn marks_ui(k: &Kit<'_>, it: &mut DrillSheet, rect: Rect, marks: &[DirectorMark]) {
    let now = k.now();
    let n_done = marks.iter().filter(|it| it.at <= now).count();
    let n = [n_done.to_string(), (marks.len() - n_done).to_string()];
    let head = k.m.lang.fill(tr::MARKS_N, &[&n[0], &n[1]]);
    k.bold(pos2(rect.left(), rect.top() + 14.0), Align2::LEFT_CENTER, 15.0, PRIMARY, &head);
    k.hline(rect.left(), rect.right(), rect.top() + 32.0, HAIR);
    let list = Rect::from_min_max(rect.min + vec2(0.0, 34.0), rect.max);
    let n_fit = (list.height() / MARK_H).max(0.0) as usize;
    let most = marks.len().saturating_sub(n_fit) as f32;
    // Two that are over stay in sight above the next.
    let follow = (n_done as f32 - 2.0).clamp(0.0, most);
    if k.ui.rect_contains_pointer(list) {
        let by = k.ui.input(|input| input.smooth_scroll_delta().y) / MARK_H;
        if by != 0.0 {
            it.scroll = Some((it.scroll.unwrap_or(follow) - by).clamp(0.0, most));
        }
    }
    let first = it.scroll.unwrap_or(follow).round() as usize;
    for (i, mark) in marks.iter().skip(first).take(n_fit).enumerate() {
        let row = Rect::from_min_size(list.min + vec2(0.0, MARK_H * i as f32), vec2(list.width(), MARK_H));
        mark_ui(k, row, mark);
    }
    if marks.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::NO_MARKS), false);
    }
}

fn mark_ui(k: &Kit<'_>, row: Rect, mark: &DirectorMark) {
    let (now, c) = (k.now(), row.center().y);
    let is_on = mark.is_inject && mark.at <= now && mark.until.is_none_or(|until| now < until);
    let (state, ink) = if mark.at > now {
        (k.m.lang.fill(tr::MARK_IN, &[&k.m.lang.elapsed(mark.at.since_ms(now) / 1000)]), PRIMARY)
    } else if is_on {
        (k.t(tr::MARK_ON).to_owned(), LATE)
    } else {
        (k.t(tr::MARK_OVER).to_owned(), TERTIARY)
    };
    k.text(pos2(row.left(), c), Align2::LEFT_CENTER, 13.0, ink, &k.m.lang.day_time(mark.at, now));
    let word = k.t(if mark.is_inject { tr::MARK_INJECT } else { tr::MARK_PUBLIC });
    let line = if mark.is_inject { EXERCISE_LINE } else { STRONG };
    let chip = k.chip(pos2(row.left() + 104.0, c), 12.0, word, None, line, SECONDARY);
    let state = k.text(pos2(row.right(), c), Align2::RIGHT_CENTER, 12.0, ink, &state);
    let room = state.left() - chip.right() - 24.0;
    k.fit(pos2(chip.right() + 12.0, c), Align2::LEFT_CENTER, 14.0, ink, &mark.words, room);
    k.hline(row.left(), row.right(), row.bottom(), ROW);
}
