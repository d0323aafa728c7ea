//! The event list: what a person must act on now. Unacknowledged first, then level, then age (DESIGN.md §3).
//!
//! Alarms of one cause, place and time are one row: a press opens it to its alarms, another acknowledges them all. What is
//! shelved, what the state suppresses and what cleared unseen lies folded below. A wall reads the same rows and opens none.

use super::event_list::{EventKey, EventRow, alarm_row};
use super::kit::{Kit, mmss, row_id};
use super::shelving::{self, ShelveForm};
use super::{Drawer, Model, PanelState, Selection, UiCommand, press};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};
use gulang_city::*;

/// What of the list is open, and the group chosen in place of a selection.
#[derive(Default)]
pub(super) struct Listing {
    opened: Vec<AlarmGroupKey>,
    is_shelved_open: bool,
    is_unseen_open: bool,
    is_suppressed_open: bool,
    pub chosen: Option<AlarmGroupKey>,
    pub form: Option<ShelveForm>,
}

/// A row's height, px.
const ROW_H: f32 = 47.0;
/// Of the key hints at the foot.
const FOOT_H: f32 = 36.0;

/// One line of the list.
enum Line<'a> {
    Row(&'a EventRow),
    /// An alarm of the group above it, of those that cleared unseen or of the suppressed; and whether it was the first of
    /// its group.
    Member(AlarmId, bool),
    Fold(Fold, usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fold {
    Shelved,
    Suppressed,
    Unseen,
}

/// What was pressed in the list.
enum Pressed {
    Row {
        key: EventKey,
        at: Option<LonLat>,
        /// A group's row in the list itself opens and closes.
        opens: bool,
    },
    Acknowledge(AlarmGroupKey),
    Fold(Fold),
}

pub(super) fn events_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let body = k.panel(rect, k.t(tr::EVENTS), k.t(tr::EVENTS_SUB));
    header_ui(k, state, rect, 32.0, 12.0, true);
    let footer = Rect::from_min_max(pos2(body.left(), body.bottom() - FOOT_H), body.max);
    let form_h =
        if state.listing.form.is_some() { shelving::FORM_H.min((body.height() - FOOT_H).max(0.0)) } else { 0.0 };
    let list = Rect::from_min_max(body.min, pos2(body.right(), footer.top() - form_h));
    rows_ui(k, state, list, ROW_H, false);
    state.digest.hold_events = k.ui.rect_contains_pointer(list);
    if let Some(form) = state.listing.form.take() {
        let at = Rect::from_min_max(pos2(body.left(), list.bottom()), footer.right_top());
        state.listing.form = shelving::form_ui(k, form, at);
    }
    footer_ui(k, state, footer);
}

/// Counts at the right of the header, in alarms: unacknowledged, in hand, shelved.
pub(super) fn header_ui(k: &Kit<'_>, state: &PanelState, rect: Rect, header: f32, size: f32, shelved: bool) {
    let alarms = &state.digest.alarms;
    let mut text = k.m.lang.fill(tr::IN_HAND, &[&alarms.n_in_hand.to_string()]);
    if shelved || alarms.n_shelved > 0 {
        text = format!("{text}・{}", k.m.lang.fill(tr::SHELVED_N, &[&alarms.n_shelved.to_string()]));
    }
    let at = k.header_right(rect, header, size, TERTIARY, &format!("・{text}"));
    let text = k.m.lang.fill(tr::UNACKNOWLEDGED_N, &[&alarms.n_new.to_string()]);
    k.bold(pos2(at.left(), at.center().y), Align2::RIGHT_CENTER, size, PRIMARY, &text);
}

/// Every line there is, from the top.
fn lines(state: &PanelState, is_reading: bool) -> impl Iterator<Item = Line<'_>> {
    let (digest, listing) = (&state.digest, &state.listing);
    let rows = digest.events.iter().flat_map(move |row| {
        let is_open = !is_reading && is_open(listing, row);
        let members: &[AlarmId] = if is_open { &row.members[..] } else { &[] };
        let first = row.first.as_ref().map(|it| it.0);
        let member = move |alarm: &AlarmId| Line::Member(*alarm, first == Some(*alarm));
        std::iter::once(Line::Row(row)).chain(members.iter().map(member))
    });
    let alarms = &digest.alarms;
    let fold = move |fold, n: usize| (n > 0 && !is_reading).then_some(Line::Fold(fold, n));
    let shelved: &[EventRow] = if listing.is_shelved_open && !is_reading { &alarms.shelved[..] } else { &[] };
    let suppressed: &[AlarmId] = if listing.is_suppressed_open && !is_reading { &alarms.suppressed[..] } else { &[] };
    let unseen: &[AlarmId] = if listing.is_unseen_open && !is_reading { &alarms.unseen[..] } else { &[] };
    rows.chain(fold(Fold::Unseen, alarms.unseen.len()))
        .chain(unseen.iter().map(|alarm| Line::Member(*alarm, false)))
        .chain(fold(Fold::Shelved, alarms.n_shelved))
        .chain(shelved.iter().map(Line::Row))
        .chain(fold(Fold::Suppressed, alarms.suppressed.len()))
        .chain(suppressed.iter().map(|alarm| Line::Member(*alarm, false)))
}

fn is_open(listing: &Listing, row: &EventRow) -> bool {
    matches!(&row.key, EventKey::Group(key) if row.shelved_until.is_none() && listing.opened.contains(key))
}

/// Lines from the top while they fit; `design_h` is a line's height in design pixels. A wall is read, and nothing opens.
pub(super) fn rows_ui(k: &mut Kit<'_>, state: &mut PanelState, list: Rect, design_h: f32, is_reading: bool) {
    let height = design_h * k.s;
    let n_fit = (list.height() / height + 0.02).max(0.0) as usize;
    let n_lines = lines(state, is_reading).count();
    if n_lines == 0 {
        k.fit_center(list, design_h * 0.3, TERTIARY, k.t(tr::NO_EVENTS), false);
        return;
    }
    if k.ui.rect_contains_pointer(list) {
        state.events_scroll -= k.ui.input(|input| input.smooth_scroll_delta().y) / height;
    }
    state.events_scroll = state.events_scroll.clamp(0.0, n_lines.saturating_sub(n_fit) as f32);
    let first = state.events_scroll.round() as usize;
    let barred = press::barred(k, "acknowledge_group").is_some();
    let mut pressed = None;
    for (i, line) in lines(state, is_reading).skip(first).take(n_fit).enumerate() {
        let at = Rect::from_min_size(pos2(list.left(), list.top() + height * i as f32), vec2(list.width(), height));
        let shown = Shown { u: design_h / ROW_H, is_reading, barred };
        let hit = match line {
            Line::Row(row) => {
                let is_open = is_open(&state.listing, row);
                row_ui(k, at, &shown, row, is_chosen(k.m, state, &row.key), is_open)
            }
            Line::Member(alarm, is_first) => alarm_row(k.m, alarm).and_then(|row| {
                let row = EventRow { first: is_first.then(|| (alarm, String::new())), ..row };
                let at = Rect::from_min_max(at.min + vec2(14.0 * k.s, 0.0), at.max);
                row_ui(k, at, &shown, &row, is_chosen(k.m, state, &row.key), false)
            }),
            Line::Fold(fold, n) => fold_ui(k, at, state, fold, n),
        };
        k.hline(at.left(), at.right(), at.bottom(), ROW);
        pressed = hit.or(pressed);
    }
    match pressed {
        Some(Pressed::Row { key, at, opens }) => {
            if let EventKey::Group(group) = &key
                && opens
            {
                toggle(&mut state.listing.opened, group);
            }
            choose(state, &mut k.out, &key, at);
        }
        Some(Pressed::Acknowledge(group)) => k.out.push(UiCommand::Submit(Command::AcknowledgeGroup { group })),
        Some(Pressed::Fold(Fold::Shelved)) => state.listing.is_shelved_open = !state.listing.is_shelved_open,
        Some(Pressed::Fold(Fold::Suppressed)) => {
            state.listing.is_suppressed_open = !state.listing.is_suppressed_open;
        }
        Some(Pressed::Fold(Fold::Unseen)) => state.listing.is_unseen_open = !state.listing.is_unseen_open,
        None => {}
    }
}

fn toggle(opened: &mut Vec<AlarmGroupKey>, group: &AlarmGroupKey) {
    match opened.iter().position(|it| it == group) {
        Some(i) => drop(opened.swap_remove(i)),
        None => opened.push(group.clone()),
    }
}

/// Whether a row is what the keys act on.
pub(super) fn is_chosen(model: &Model<'_>, state: &PanelState, key: &EventKey) -> bool {
    match key {
        EventKey::One(selection) => model.selection == Some(selection),
        EventKey::Group(group) => model.selection.is_none() && state.listing.chosen.as_ref() == Some(group),
    }
}

/// Makes a row what the keys act on, and goes there.
pub(super) fn choose(state: &mut PanelState, out: &mut Vec<UiCommand>, key: &EventKey, at: Option<LonLat>) {
    let (selection, chosen, metres) = match key {
        EventKey::One(selection) => (Some(selection.clone()), None, 6000.0),
        EventKey::Group(group) => (None, Some(group.clone()), 12_000.0),
    };
    state.listing.chosen = chosen;
    out.push(UiCommand::Select(selection));
    if let Some(at) = at {
        out.push(UiCommand::FlyTo(at, metres));
    }
}

/// How rows are shown.
struct Shown {
    /// Of the design's size.
    u: f32,
    is_reading: bool,
    /// This seat acknowledges no group.
    barred: bool,
}

/// One row; what was pressed of it.
fn row_ui(k: &Kit<'_>, at: Rect, shown: &Shown, row: &EventRow, chosen: bool, is_open: bool) -> Option<Pressed> {
    let u = shown.u;
    if chosen {
        k.fill(at, 0.0, SELECTED);
        k.fill(Rect::from_min_size(at.min, vec2(3.0 * k.s * u, at.height())), 0.0, ACCENT);
    } else if !row.is_quiet() {
        k.fill(at, 0.0, RAISED);
    }
    let symbol = pos2(at.left() + 25.0 * u * k.s, at.center().y);
    let is_quiet = row.is_quiet();
    if !is_quiet {
        pulse(k, symbol, 14.0 * u, row.color, row.last);
    }
    k.level(symbol, 21.0 * u, row.color, is_quiet);
    let group = match &row.key {
        EventKey::Group(group) => Some(group),
        EventKey::One(_) => None,
    };
    if group.is_some() && !shown.is_reading && row.shelved_until.is_none() {
        chevron(k, pos2(at.left() + 8.0 * u * k.s, at.center().y), is_open);
    }
    let is_pressed = k.hit(at, row_id("event", (&row.key, row.shelved_until)), &row.title).clicked();
    let has_button = row.n_new > 0 && !shown.is_reading && row.shelved_until.is_none();
    let button = row_text_ui(k, at, u, row, has_button);
    if let (Some(rect), Some(group)) = (button, group) {
        let ink = if shown.barred { QUIET } else { PRIMARY };
        k.fill(rect, 3.0, PANEL);
        k.outline(rect, 3.0, 1.0, if shown.barred { HAIR } else { STRONG });
        k.fit_center(rect, 12.0 * u, ink, &k.m.lang.fill(tr::ACKNOWLEDGE_N, &[&row.n_new.to_string()]), false);
        let label = k.m.lang.fill(tr::ACKNOWLEDGE_ALL, &[&row.title]);
        if !shown.barred && k.hit(rect, row_id("acknowledge-group", group), &label).clicked() {
            return Some(Pressed::Acknowledge(group.clone()));
        }
    }
    is_pressed.then(|| Pressed::Row { key: row.key.clone(), at: row.at, opens: row.shelved_until.is_none() })
}

/// The words of a row. Where there is a button its box takes the place of the state, and is returned.
fn row_text_ui(k: &Kit<'_>, at: Rect, u: f32, row: &EventRow, has_button: bool) -> Option<Rect> {
    let px = u * k.s;
    let is_quiet = row.is_quiet();
    let ink = if is_quiet { SECONDARY } else { PRIMARY };
    let (left, right) = (at.left() + 46.0 * px, at.right() - 12.0 * px);
    let waited = k.now().since_ms(row.since);
    let age = if is_quiet || waited >= 3_600_000 { k.m.lang.elapsed(waited / 1000) } else { mmss(waited.max(0)) };
    let (top, bottom) = (at.center().y - 9.0 * px, at.center().y + 10.0 * px);
    let (state, button) = if has_button {
        // As high as a finger, over both lines.
        let size = vec2(k.width(12.0 * u, &k.m.lang.fill(tr::ACKNOWLEDGE_N, &["99999"])) + 4.0 * px, 28.0 * px);
        let rect = Rect::from_min_size(pos2(right - size.x, at.center().y - size.y * 0.5), size);
        (rect, Some(rect))
    } else {
        let ink = if is_quiet { TERTIARY } else { PRIMARY };
        (k.text(pos2(right, bottom), Align2::RIGHT_CENTER, 12.0 * u, ink, &row.state), None)
    };
    let age_right = button.map_or(right, |it| it.left() - 8.0 * px);
    let age = k.bold(pos2(age_right, top), Align2::RIGHT_CENTER, 14.0 * u, ink, &age);
    let room = age.left() - left - 8.0 * px;
    if is_quiet {
        k.fit(pos2(left, top), Align2::LEFT_CENTER, 15.0 * u, ink, &row.title, room);
    } else {
        k.bold_fit(pos2(left, top), Align2::LEFT_CENTER, 15.0 * u, ink, &row.title, room);
    }
    let edge = state.left() - 8.0 * px;
    let sub = k.fit(pos2(left, bottom), Align2::LEFT_CENTER, 12.0 * u, TERTIARY, &row.sub, edge - left);
    if let Some((_, of)) = &row.first {
        first_out_ui(k, pos2(sub.right() + 8.0 * px, bottom), u, of, edge);
    }
    button
}

/// The chip 首发 and, of a group, what its first alarm is of, as far as there is room up to `edge`.
fn first_out_ui(k: &Kit<'_>, at: Pos2, u: f32, of: &str, edge: f32) {
    let word = k.t(tr::FIRST_OUT);
    if at.x + k.width(12.0 * u, word) + 12.0 * k.s > edge {
        return;
    }
    let chip = k.chip(at, 12.0 * u, word, None, STRONG, SECONDARY);
    let x = chip.right() + 5.0 * u * k.s;
    k.fit(pos2(x, at.y), Align2::LEFT_CENTER, 12.0 * u, SECONDARY, of, edge - x);
}

/// The head of what is folded away: how many, and when the next of them comes back.
fn fold_ui(k: &Kit<'_>, at: Rect, state: &PanelState, fold: Fold, n: usize) -> Option<Pressed> {
    let (word, is_open) = match fold {
        Fold::Shelved => (tr::SHELVED_N, state.listing.is_shelved_open),
        Fold::Suppressed => (tr::SUPPRESSED_N, state.listing.is_suppressed_open),
        Fold::Unseen => (tr::UNSEEN_N, state.listing.is_unseen_open),
    };
    let label = k.m.lang.fill(word, &[&n.to_string()]);
    k.fill(at, 0.0, PANEL);
    chevron(k, pos2(at.left() + 25.0, at.center().y), is_open);
    let word = k.text(pos2(at.left() + 46.0, at.center().y), Align2::LEFT_CENTER, 13.0, SECONDARY, &label);
    let note = match (fold, state.digest.alarms.shelved.first().and_then(|it| it.shelved_until)) {
        (Fold::Shelved, Some(until)) => k.m.lang.fill(tr::NEXT_BACK_AT, &[&k.m.lang.day_time(until, k.now())]),
        (Fold::Shelved, None) => String::new(),
        (Fold::Suppressed, _) => k.t(tr::SUPPRESSED_NOTE).to_owned(),
        (Fold::Unseen, _) => k.t(tr::UNSEEN_NOTE).to_owned(),
    };
    let right = at.right() - 12.0;
    k.fit(pos2(right, at.center().y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &note, right - word.right() - 12.0);
    k.hit(at, row_id("event-fold", fold), &label).clicked().then_some(Pressed::Fold(fold))
}

/// Points right, or down where something is open.
fn chevron(k: &Kit<'_>, c: Pos2, is_open: bool) {
    let r = 3.5 * k.s;
    let points = match is_open {
        true => vec![c + vec2(-r, -r * 0.6), c + vec2(r, -r * 0.6), c + vec2(0.0, r * 0.8)],
        false => vec![c + vec2(-r * 0.6, -r), c + vec2(r * 0.8, 0.0), c + vec2(-r * 0.6, r)],
    };
    k.painter().add(Shape::convex_polygon(points, TERTIARY, Stroke::NONE));
}

/// The halo: it breathes for half a minute, then stands still until somebody acknowledges.
fn pulse(k: &Kit<'_>, center: Pos2, r: f32, color: WarningColor, since: Timestamp) {
    let young = k.m.clock.wall.since_ms(since).min(k.now().since_ms(since)) < PULSE_STOP_MS;
    let phase = k.ui.input(|input| input.time) * 1000.0 / PULSE_MS;
    let alpha = if young { 0.675 + 0.325 * (phase * std::f64::consts::TAU).cos() as f32 } else { 1.0 };
    let line: Color32 = level_line(color).gamma_multiply(alpha);
    k.painter().circle_stroke(center, r * k.s, Stroke::new(1.4 * k.s, line));
    if young {
        k.ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
    }
}

fn footer_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    k.fill(Rect::from_min_max(rect.min + vec2(1.0, 0.0), rect.max - vec2(1.0, 1.0)), 0.0, PANEL);
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let y = rect.center().y;
    let keys = [("A", tr::ACKNOWLEDGE), ("S", tr::SHELVE)];
    let keys_w: f32 = keys.iter().map(|it| k.width(12.0, k.t(it.1)) + 35.0).sum();
    let keys_left = rect.right() - keys_w;
    let target = target(k.m, state);
    let why = target.as_ref().and_then(|it| press::barred(k, it.kind()));
    if let Some(why) = &why {
        k.fit(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, why, keys_left - rect.left() - 20.0);
    } else {
        rate_ui(k, state, Rect::from_min_max(rect.min, pos2(keys_left - 8.0, rect.bottom())));
    }
    let mut x = keys_left;
    for (key, label) in keys {
        let chip = k.key(pos2(x, y), key);
        let ink = if target.is_some() && why.is_none() { PRIMARY } else { TERTIARY };
        let text = k.text(pos2(chip.right() + 5.0, y), Align2::LEFT_CENTER, 12.0, ink, k.t(label));
        let hit = chip.union(text).expand2(vec2(2.0, 6.0));
        if k.hit(hit, key, k.t(label)).clicked() && why.is_none() {
            act(k.m, state, &mut k.out, key);
        }
        x = hit.right() + 8.0;
    }
}

/// How many alarms came of late against the ceiling (a press tells all of it), and how many rows wait.
fn rate_ui(k: &Kit<'_>, state: &mut PanelState, rect: Rect) {
    let y = rect.center().y;
    let digest = &mut state.digest;
    let rate = k.m.lang.fill(tr::RATE_10MIN, &[&digest.alarms_in_10min.to_string()]);
    let ink = if digest.alarms_in_10min > MAX_ALARMS_PER_10MIN { LATE } else { SECONDARY };
    let from = k.text(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 12.0, ink, &rate);
    let limit = k.m.lang.fill(tr::RATE_LIMIT, &[&MAX_ALARMS_PER_10MIN.to_string()]);
    let mut at = k.text(pos2(from.right() + 10.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &limit);
    if digest.n_waiting == 0 && at.right() + 40.0 < rect.right() {
        at = k.key(pos2(at.right() + 8.0, y), "F4");
    }
    let is_pressed = k.hit(from.union(at).expand2(vec2(2.0, 6.0)), "alarm-load", k.t(tr::ALARM_LOAD)).clicked();
    if digest.n_waiting > 0 {
        let text = k.m.lang.fill(tr::WAITING_N, &[&digest.n_waiting.to_string()]);
        let chip = k.chip(pos2(at.right() + 10.0, y), 12.0, &text, Some(SELECTED), STRONG, PRIMARY);
        if k.hit(chip, "waiting", &text).clicked() {
            digest.hold_events = false;
            digest.events.clear();
        }
    }
    if is_pressed {
        state.toggle_drawer(Drawer::AlarmLoad);
    }
}

// ---------------------------------------------------------------- what the keys act on

/// An alarm or a row of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Alarm(AlarmId),
    Group(AlarmGroupKey),
}

impl Target {
    /// What acknowledging it is called by roles.
    fn kind(&self) -> &'static str {
        match self {
            Self::Alarm(_) => "acknowledge_alarm",
            Self::Group(_) => "acknowledge_group",
        }
    }
}

fn target(model: &Model<'_>, state: &PanelState) -> Option<Target> {
    match model.selection {
        Some(Selection::Alarm(alarm)) => Some(Target::Alarm(*alarm)),
        Some(_) => None,
        None => state.listing.chosen.clone().map(Target::Group),
    }
}

/// What `A` and `S` do: acknowledge at once, or open the form that shelves.
pub(super) fn act(model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>, key: &str) {
    let Some(target) = target(model, state) else { return };
    match (key, target) {
        ("A", Target::Alarm(alarm)) => out.push(UiCommand::Submit(Command::AcknowledgeAlarm { alarm })),
        ("A", Target::Group(group)) => out.push(UiCommand::Submit(Command::AcknowledgeGroup { group })),
        (_, target) => shelve(model, state, target),
    }
}

/// Opens the form that shelves, and with it the list it lies in.
pub(super) fn shelve(model: &Model<'_>, state: &mut PanelState, target: Target) {
    state.listing.form = Some(ShelveForm::new(target));
    state.events_open |= model.city.footing.posture == Posture::War;
}

impl Listing {
    /// Forgets what is no longer there: rows that are over, a choice something else was selected after.
    pub fn keep(&mut self, model: &Model<'_>, rows: &[EventRow]) {
        let is_there = |group: &AlarmGroupKey| rows.iter().any(|row| row.key == EventKey::Group(group.clone()));
        self.opened.retain(is_there);
        if model.selection.is_some() {
            self.chosen = None;
        }
        self.chosen.take_if(|group| !is_there(group));
    }
}
