//! The call-out board (叫应): who was not reached stands first, with who is called now, who is next and when, and what
//! to dial by hand (DESIGN.md §4).

use super::UiCommand;
use super::board::{Asked, Board, Boards, Form, Parts, Slot, scroll};
use super::kit::{Kit, exact, mmss, percent, row_id};
use super::press::{barred, choice_ui, guarded_ui, line_ui, refused};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Color32, Key, Pos2, Rect, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeSet;

const HEAD_H: f32 = 34.0;
const ROW_H: f32 = 48.0;
const VILLAGE_H: f32 = 44.0;
/// The countdown and who is next.
const NEXT_W: f32 = 168.0;

/// A line of the list.
struct Line<'a> {
    /// None for a block's head.
    key: Option<CallPlace>,
    name: String,
    indent: f32,
    counts: CallCounts,
    row: Option<&'a CallRow>,
    /// The township whose villages fold, and how many it has.
    fold: Option<(&'a TownshipId, usize)>,
}

/// How urgent a place is to the officer; the unreached first.
fn rank(state: CallState) -> u8 {
    match state {
        CallState::GivenUp => 0,
        CallState::Late => 1,
        CallState::NobodyAssigned => 2,
        CallState::Calling => 3,
        CallState::Reached => 4,
    }
}

fn is_wanting(counts: CallCounts) -> bool {
    counts.not_reached + counts.nobody > 0
}

/// Blocks of districts, townships in them, villages where unfolded; whoever was not reached before who was.
fn lines<'a>(
    city: &City,
    lang: crate::i18n::Lang,
    shown: &'a CallBoard,
    unfolded: &BTreeSet<TownshipId>,
) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut districts: Vec<&CallDistrict> = shown.districts.iter().collect();
    districts.sort_by_key(|it| !is_wanting(it.counts));
    for district in districts {
        let name = district.name.to_string();
        lines.push(Line { key: None, name, indent: 0.0, counts: district.counts, row: None, fold: None });
        if let Some(row) = &district.row {
            let name = lang.fill(tr::CALLS_DISTRICT_ITSELF, &[&district.name]);
            let key = Some(CallPlace::District(district.id.clone()));
            lines.push(Line { key, name, indent: 12.0, counts: CallCounts::default(), row: Some(row), fold: None });
        }
        let worst = |it: &&CallTownship| {
            let rows = it.row.iter().chain(&it.villages);
            let own = it.row.as_ref().map_or(4, |row| rank(row.state));
            (own, rows.map(|row| rank(row.state)).min().unwrap_or(4))
        };
        let mut townships: Vec<&CallTownship> = district.townships.iter().collect();
        townships.sort_by_key(worst);
        for township in townships {
            let key = Some(CallPlace::Township(township.id.clone()));
            let n_villages = township.villages.len();
            let fold = (n_villages > 0).then_some((&township.id, n_villages));
            let name = township.name.to_string();
            let row = township.row.as_ref();
            lines.push(Line { key, name, indent: 12.0, counts: township.counts, row, fold });
            if unfolded.contains(&township.id) {
                let mut villages: Vec<&CallRow> = township.villages.iter().collect();
                villages.sort_by_key(|it| rank(it.state));
                lines.extend(villages.into_iter().map(|row| line_of(row, 40.0)));
            }
        }
    }
    if !shown.agencies.is_empty() {
        let mut counts = CallCounts::default();
        for row in &shown.agencies {
            counts.all += 1;
            match row.state {
                CallState::Reached => counts.reached += 1,
                CallState::NobodyAssigned => counts.nobody += 1,
                _ => counts.not_reached += 1,
            }
        }
        let name = lang.fill(tr::CALLS_AGENCIES, &[&city.name]);
        lines.push(Line { key: None, name, indent: 0.0, counts, row: None, fold: None });
        let mut agencies: Vec<&CallRow> = shown.agencies.iter().collect();
        agencies.sort_by_key(|it| rank(it.state));
        lines.extend(agencies.into_iter().map(|row| line_of(row, 12.0)));
    }
    lines
}

fn line_of(row: &CallRow, indent: f32) -> Line<'_> {
    let (key, name) = (Some(row.place.clone()), row.name.to_string());
    Line { key, name, indent, counts: CallCounts::default(), row: Some(row), fold: None }
}

fn height_of(line: &Line<'_>) -> f32 {
    match &line.key {
        None => HEAD_H,
        Some(CallPlace::Village(_)) => VILLAGE_H,
        Some(_) => ROW_H,
    }
}

/// What is on the board, and why people are called.
pub(super) fn sub(k: &Kit<'_>, boards: &Boards, board: &Board) -> String {
    let shown = if board.shows_test { boards.test_board.as_ref() } else { Some(&boards.calls) };
    let Some(callout) = shown.and_then(|it| it.callouts.last()).and_then(|it| k.m.city.calls.callouts.get(it)) else {
        return k.t(tr::CALLS_NONE).to_owned();
    };
    let cause = match &callout.cause {
        CallCause::ByHand => k.t(tr::CALLS_BY_HAND).to_owned(),
        CallCause::RedWarning(id) => {
            k.m.city.warnings.get(id).map_or_else(|| k.t(tr::CALLS_BY_WARNING).to_owned(), |it| k.m.lang.warning(it))
        }
        CallCause::Orders(orders) => k.m.lang.fill(tr::CALLS_BY_ORDERS, &[&orders.len().to_string()]),
        CallCause::Test { .. } => k.t(tr::CALLS_TEST).to_owned(),
    };
    let started = k.m.lang.day_time(callout.started_at, k.now());
    let ended = callout.ended_at.map_or_else(
        || k.t(tr::CALLING).to_owned(),
        |at| k.m.lang.fill(tr::CALLS_ENDED, &[&k.m.lang.day_time(at, k.now())]),
    );
    k.m.lang.fill(tr::CALLS_SUB, &[&cause, &started, &ended])
}

pub(super) fn calls_ui(k: &mut Kit<'_>, boards: &Boards, board: &mut Board, parts: &Parts) {
    let shown = match (&boards.test_board, board.shows_test) {
        (Some(test), true) => test,
        _ => &boards.calls,
    };
    let lines = lines(k.m.city, k.m.lang, shown, &board.unfolded);
    head_ui(k, boards, board, shown, parts.head);
    let last = Rect::from_min_max(pos2(parts.list.left(), parts.list.bottom() - 30.0), parts.list.max);
    let list = Rect::from_min_max(parts.list.min, pos2(parts.list.right(), last.top().max(parts.list.top())));
    last_test_ui(k, boards, last);
    if lines.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::CALLS_NOBODY_CALLED), false);
    }
    let slots: Vec<Slot> = lines.iter().map(|it| Slot { key: it.key.clone(), height: height_of(it) }).collect();
    let first = scroll(k, board, list, &slots);
    fold_keys(k, board);
    let mut y = list.top();
    for line in lines.iter().skip(first) {
        let at = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), height_of(line)));
        if at.bottom() > list.bottom() + 0.5 {
            break;
        }
        y = at.bottom();
        line_row_ui(k, board, at, line);
    }
    let chosen = lines.iter().find(|it| it.key.is_some() && it.key == board.chosen);
    detail_ui(k, board, parts.detail, chosen);
}

/// → and ← unfold and fold the chosen township.
fn fold_keys(k: &Kit<'_>, board: &mut Board) {
    if k.ui.ctx().text_edit_focused() {
        return;
    }
    let Some(CallPlace::Township(township)) = &board.chosen else { return };
    let (unfolds, folds) = k.ui.input(|input| (input.key_pressed(Key::ArrowRight), input.key_pressed(Key::ArrowLeft)));
    if unfolds {
        board.unfolded.insert(township.clone());
    }
    if folds {
        board.unfolded.remove(township);
    }
}

/// Counts that sum, and what can be begun.
fn head_ui(k: &mut Kit<'_>, boards: &Boards, board: &mut Board, shown: &CallBoard, rect: Rect) {
    let (left, right) = (rect.left() + 20.0, rect.right() - 20.0);
    let counts = shown.counts;
    let y = rect.top() + 32.0;
    let mut x = left;
    let none = counts.all == 0;
    for (i, (word, n)) in [
        (tr::CALLS_NOT_REACHED, counts.not_reached),
        (tr::CALLS_NOBODY, counts.nobody),
        (tr::CALLS_REACHED, counts.reached),
        (tr::CALLS_ALL, counts.all),
    ]
    .into_iter()
    .enumerate()
    {
        let word = k.text(pos2(x, y + 6.0), Align2::LEFT_CENTER, 14.0, SECONDARY, k.t(word));
        let (size, dy) = if i == 0 { (36.0, 0.0) } else { (20.0, 4.0) };
        let figure = if none { "—".to_owned() } else { exact(n.into()) };
        let ink = if none { QUIET } else { PRIMARY };
        x = k.bold(pos2(word.right() + 8.0, y + dy), Align2::LEFT_CENTER, size, ink, &figure).right() + 24.0;
    }
    let bar = Rect::from_min_size(pos2(left, rect.bottom() - 18.0), vec2(right - left, 8.0));
    k.fill(bar, 0.0, SELECTED);
    let mut at = bar.left();
    for (n, color) in [(counts.reached, SERIES_NEUTRAL), (counts.not_reached, LATE), (counts.nobody, PRIMARY)] {
        let width = bar.width() * n as f32 / counts.all.max(1) as f32;
        k.fill(Rect::from_min_size(pos2(at, bar.top()), vec2((width - 2.0).max(0.0), bar.height())), 0.0, color);
        at += width;
    }
    buttons_ui(k, boards, board, shown, pos2(right, y), x);
}

/// From the right: begin, test, stop, and the other board. What has no room is left out from the end.
fn buttons_ui(k: &mut Kit<'_>, boards: &Boards, board: &mut Board, shown: &CallBoard, at: Pos2, left: f32) {
    let starts = barred(k, "start_call_out");
    let open = shown.callouts.iter().rev().find(|it| k.m.city.calls.open.contains(*it)).copied();
    let mut right = at.x;
    let mut place = |k: &Kit<'_>, label: &str| {
        let rect = Rect::from_min_max(pos2(right - k.width(14.0, label) - 28.0, at.y - 17.0), pos2(right, at.y + 17.0));
        right = rect.left() - 8.0;
        (rect.left() > left).then_some(rect)
    };
    let label = k.t(tr::CALLS_START);
    if let Some(rect) = place(k, label)
        && guarded_ui(k, rect, "calls-start", 14.0, label, starts.is_some())
    {
        board.form = Some(Form::new(Asked::CallOut, k.t(tr::CALLS_START_TEXT)));
    }
    let label = k.t(tr::CALLS_TEST);
    if let Some(rect) = place(k, label)
        && guarded_ui(k, rect, "calls-test", 14.0, label, starts.is_some())
    {
        board.form = Some(Form::new(Asked::Test, k.t(tr::CALLS_TEST_TEXT)));
    }
    if let Some(open) = open {
        let label = k.t(tr::CALLS_STOP);
        let stops = barred(k, "end_call_out");
        if let Some(rect) = place(k, label)
            && guarded_ui(k, rect, "calls-stop", 14.0, label, stops.is_some())
        {
            board.form = Some(Form::new(Asked::Stop(open), k.t(tr::CALLS_STOP_TEXT)));
        }
    }
    if !boards.tests.is_empty() {
        let label = k.t(if board.shows_test { tr::CALLS_SHOW_REAL } else { tr::CALLS_SHOW_TEST });
        if let Some(rect) = place(k, label)
            && choice_ui(k, rect, "calls-shown", label, board.shows_test)
        {
            board.shows_test = !board.shows_test;
        }
    }
    // The role's reason, once, under what it greys.
    if let Some(why) = &starts {
        let under = pos2(at.x, at.y + 26.0);
        k.fit(under, Align2::RIGHT_CENTER, 12.0, STALE, why, at.x - left);
    }
}

/// What the last 通联测试 found.
fn last_test_ui(k: &Kit<'_>, boards: &Boards, rect: Rect) {
    k.fill(rect, 0.0, RAISED);
    let text = match boards.tests.first() {
        None => k.t(tr::CALLS_NO_TEST).to_owned(),
        Some(it) => {
            let elapsed = |secs: i64| k.m.lang.elapsed(secs);
            let slowest =
                it.slowest.first().map_or("—".to_owned(), |(name, secs)| format!("{name} {}", elapsed(*secs)));
            let state = match it.ended_at {
                Some(_) => String::new(),
                None => format!("（{}）", k.t(tr::CALLS_TEST_RUNNING)),
            };
            let words = [
                format!("{}{state}", k.m.lang.day_time(it.started_at, k.now())),
                percent(it.counts.reached.into(), it.counts.all.into()),
                exact(it.counts.reached.into()),
                exact(it.counts.all.into()),
                it.median_secs.map_or("—".to_owned(), elapsed),
                slowest,
            ];
            k.m.lang.fill(tr::CALLS_LAST_TEST, &words.each_ref().map(String::as_str))
        }
    };
    let room = rect.width() - 40.0;
    k.fit(pos2(rect.left() + 20.0, rect.center().y), Align2::LEFT_CENTER, 13.0, SECONDARY, &text, room);
}

// ---------------------------------------------------------------- rows

fn counts_text(k: &Kit<'_>, counts: CallCounts) -> String {
    let words = [counts.not_reached, counts.nobody, counts.reached].map(|it| it.to_string());
    k.m.lang.fill(tr::CALLS_COUNTS, &words.each_ref().map(String::as_str))
}

fn state_ink(state: CallState) -> (Color32, Color32) {
    match state {
        CallState::Reached => (STRONG, TERTIARY),
        CallState::Calling => (STRONG, SECONDARY),
        CallState::Late | CallState::GivenUp | CallState::NobodyAssigned => (SECONDARY, PRIMARY),
    }
}

fn line_row_ui(k: &mut Kit<'_>, board: &mut Board, rect: Rect, line: &Line<'_>) {
    let left = rect.left() + 20.0 + line.indent;
    let right = rect.right() - 14.0;
    let c = rect.center().y;
    let Some(key) = &line.key else {
        k.fill(rect, 0.0, RAISED);
        let name = k.bold_fit(pos2(left, c), Align2::LEFT_CENTER, 15.0, PRIMARY, &line.name, (right - left) * 0.5);
        let text = counts_text(k, line.counts);
        k.fit(pos2(right, c), Align2::RIGHT_CENTER, 13.0, SECONDARY, &text, right - name.right() - 16.0);
        return;
    };
    let is_chosen = board.chosen.as_ref() == Some(key);
    if is_chosen {
        k.fill(rect, 0.0, SELECTED);
    }
    if k.hit(rect, row_id("call", key), &line.name).clicked() {
        board.chosen = Some(key.clone());
    }
    let is_over =
        line.row.is_some_and(|it| matches!(it.state, CallState::Late | CallState::GivenUp | CallState::NobodyAssigned));
    if is_over {
        k.fill(Rect::from_min_size(rect.min, vec2(3.0, rect.height())), 0.0, RED_STROKE);
    }
    let (top, bottom) = (c - 10.0, c + 11.0);
    let mut edge = right - NEXT_W;
    if let Some((township, n)) = line.fold {
        edge = fold_ui(k, board, township, n, line, pos2(edge - 8.0, top));
    }
    let name_w = ((edge - left) * 0.4).max(40.0);
    let name = k.bold_fit(pos2(left, top), Align2::LEFT_CENTER, 15.0, PRIMARY, &line.name, name_w);
    match line.row {
        Some(row) => told_ui(k, row, name, Rect::from_min_max(pos2(left, top), pos2(edge, bottom)), right),
        None => {
            let text = counts_text(k, line.counts);
            k.fit(pos2(left, bottom), Align2::LEFT_CENTER, 12.0, TERTIARY, &text, edge - left);
        }
    }
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
}

/// The villages' switch, its right centre at `at`; its left edge is returned.
fn fold_ui(k: &Kit<'_>, board: &mut Board, township: &TownshipId, n: usize, line: &Line<'_>, at: Pos2) -> f32 {
    let own = line.row.map_or(0, |it| u32::from(!matches!(it.state, CallState::Reached)));
    let n_silent = (line.counts.not_reached + line.counts.nobody).saturating_sub(own);
    let is_open = board.unfolded.contains(township);
    let sign = if is_open { "－" } else { "＋" };
    let words = k.m.lang.fill(tr::CALLS_VILLAGES, &[&n.to_string(), &n_silent.to_string()]);
    let text = format!("{sign} {words}");
    let chip = Rect::from_min_max(pos2(at.x - k.width(12.0, &text) - 16.0, at.y - 12.0), pos2(at.x, at.y + 16.0));
    let label = k.m.lang.fill(tr::CALLS_FOLD, &[&line.name]);
    if k.hit(chip, row_id("call-fold", township), &label).clicked() {
        if !is_open {
            board.unfolded.insert(township.clone());
        } else {
            board.unfolded.remove(township);
        }
    }
    k.outline(chip, 3.0, 1.0, STRONG);
    k.fit_center(chip.expand2(vec2(4.0, 0.0)), 12.0, if n_silent > 0 { PRIMARY } else { TERTIARY }, &text, false);
    chip.left() - 8.0
}

/// State and who, channels and how often; to the right who is next and when. `rect` spans the two lines' centres.
fn told_ui(k: &Kit<'_>, row: &CallRow, name: Rect, rect: Rect, right: f32) {
    let (line, ink) = state_ink(row.state);
    let chip = k.chip(pos2(name.right() + 10.0, rect.top()), 12.0, k.m.lang.call_state(row.state), None, line, ink);
    let x = chip.right() + 10.0;
    k.fit(pos2(x, rect.top()), Align2::LEFT_CENTER, 13.0, SECONDARY, &row.who, rect.right() - x);
    let mut parts: Vec<String> = Vec::new();
    if row.state == CallState::NobodyAssigned {
        parts.push(k.t(tr::CALLS_NOBODY_NOTE).to_owned());
    }
    if row.n_attempts > 0 {
        parts.push(k.m.lang.fill(tr::CALLS_STEP, &[&row.step.to_string(), &row.n_attempts.to_string()]));
        parts.push(row.channels.to_string());
    }
    if !row.phone.is_empty() && row.state != CallState::Reached {
        parts.push(row.phone.to_string());
    }
    if !row.radio.is_empty() {
        parts.push(k.m.lang.fill(tr::CALLS_RADIO, &[&row.radio]));
    }
    let at = pos2(rect.left(), rect.bottom());
    k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, &parts.join("・"), rect.width());
    let (upper, lower, ink) = next_text(k, row);
    k.fit(pos2(right, rect.top()), Align2::RIGHT_CENTER, 14.0, ink, &upper, NEXT_W);
    k.fit(pos2(right, rect.bottom()), Align2::RIGHT_CENTER, 12.0, TERTIARY, &lower, NEXT_W);
}

/// `余 03:25` and whom; when it was answered; or that nobody is called any more.
fn next_text(k: &Kit<'_>, row: &CallRow) -> (String, String, Color32) {
    match (&row.state, &row.next) {
        (CallState::Reached, _) => {
            (k.m.lang.fill(tr::CALLS_ANSWERED_AT, &[&k.m.lang.day_time(row.since, k.now())]), String::new(), TERTIARY)
        }
        (_, Some(next)) => {
            let left = next.at.since_ms(k.now()).max(0);
            let whom = k.m.lang.fill(tr::CALLS_NEXT, &[&next.who]);
            (k.m.lang.fill(tr::TIME_LEFT, &[&mmss(left)]), whom, PRIMARY)
        }
        (_, None) => (k.t(tr::CALLS_NO_NEXT).to_owned(), k.t(tr::CALLS_NO_NEXT_NOTE).to_owned(), SECONDARY),
    }
}

// ---------------------------------------------------------------- one place

fn detail_ui(k: &mut Kit<'_>, board: &mut Board, rect: Rect, line: Option<&Line<'_>>) {
    let (left, right) = (rect.left() + 18.0, rect.right() - 20.0);
    let room = right - left;
    let Some(line) = line else { return };
    let mut y = rect.top() + 26.0;
    let name = k.bold_fit(pos2(left, y), Align2::LEFT_CENTER, 18.0, PRIMARY, &line.name, room * 0.6);
    let Some(row) = line.row else {
        let text = counts_text(k, line.counts);
        k.fit(pos2(left, y + 28.0), Align2::LEFT_CENTER, 13.0, SECONDARY, &text, room);
        return;
    };
    let (chip_line, ink) = state_ink(row.state);
    k.chip(pos2(name.right() + 10.0, y), 12.0, k.m.lang.call_state(row.state), None, chip_line, ink);
    y += 30.0;
    let (when, next, ink) = next_text(k, row);
    k.bold_fit(pos2(left, y), Align2::LEFT_CENTER, 20.0, ink, &when, room * 0.5);
    k.fit(pos2(right, y), Align2::RIGHT_CENTER, 13.0, SECONDARY, &next, room * 0.48);
    y += 30.0;
    let or_dash = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    for (label, value) in [
        (tr::CALLS_WHO, or_dash(&row.who)),
        (tr::CALLS_PHONE, or_dash(&row.phone)),
        (tr::CALLS_BY_RADIO, or_dash(&row.radio)),
    ] {
        k.text(pos2(left, y), Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(label));
        k.bold_fit(pos2(right, y), Align2::RIGHT_CENTER, 16.0, PRIMARY, &value, room - 90.0);
        y += 26.0;
    }
    let buttons_h = 170.0;
    let list = Rect::from_min_max(pos2(left, y + 4.0), pos2(right, (rect.bottom() - buttons_h).max(y + 4.0)));
    attempts_ui(k, row, list);
    let buttons = Rect::from_min_max(pos2(left, rect.bottom() - buttons_h), pos2(right, rect.bottom() - 8.0));
    reached_ui(k, board, row, buttons);
}

/// The newest first.
fn attempts_ui(k: &Kit<'_>, row: &CallRow, rect: Rect) {
    let city = k.m.city;
    let call = city.calls.callouts.get(&row.callout).and_then(|it| it.calls.get(row.call as usize));
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let mut y = rect.top() + 14.0;
    for attempt in call.iter().flat_map(|it| it.attempts.iter().rev()) {
        if y + 12.0 > rect.bottom() {
            break;
        }
        let whom = city.contacts.get(&attempt.contact).map_or("—", |it| &it.name);
        let state = k.m.lang.attempt_state(attempt.state);
        let state = k.text(pos2(rect.right(), y), Align2::RIGHT_CENTER, 12.0, SECONDARY, state);
        let channel = k.m.lang.call_channel(attempt.channel);
        let text = format!("{}　{channel}　{whom}", attempt.at.hms());
        let room = state.left() - rect.left() - 8.0;
        k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 12.0, TERTIARY, &text, room);
        y += 20.0;
    }
}

/// 已联系上: who answered, and how. Where the silence is about an order, that order is raised from here too.
fn reached_ui(k: &mut Kit<'_>, board: &mut Board, row: &CallRow, rect: Rect) {
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    if row.state == CallState::Reached {
        return;
    }
    if board.answered.0.as_ref() != Some(&row.place) {
        board.answered = (Some(row.place.clone()), row.who.to_string());
    }
    let y = rect.top() + 20.0;
    let label = k.text(pos2(rect.left(), y), Align2::LEFT_CENTER, 13.0, SECONDARY, k.t(tr::CALLS_WHO_ANSWERED));
    let line = Rect::from_min_max(pos2(label.right() + 10.0, y - 14.0), pos2(rect.right(), y + 14.0));
    let who = tr::CALLS_WHO_ANSWERED;
    line_ui(k, line, "call-answered-line", &mut board.answered.1, who, who, &mut false);
    let by: Text = board.answered.1.trim().into();
    let channels = [CallChannel::Voice, CallChannel::Radio, CallChannel::Sms, CallChannel::Message];
    let width = (rect.width() - 8.0) / 2.0;
    let mut reason = None;
    for (i, channel) in channels.into_iter().enumerate() {
        let at = rect.left_top() + vec2((width + 8.0) * (i % 2) as f32, 42.0 + 38.0 * (i / 2) as f32);
        let button = Rect::from_min_size(at, vec2(width, 32.0));
        let label = k.m.lang.fill(tr::CALLS_REACHED_BY, &[k.m.lang.call_channel(channel)]);
        let command = Command::MarkReached { callout: row.callout, call: row.call, channel, by: by.clone() };
        let why = refused(k, &command);
        if guarded_ui(k, button, ("call-reached", i), 14.0, &label, why.is_some()) {
            k.out.push(UiCommand::Submit(command));
        }
        reason = reason.or(why);
    }
    let y = y + 110.0;
    let mut right = rect.right();
    if let Some(order) = silent_order(k.m.city, row) {
        let label = k.t(tr::ESCALATE);
        let button = Rect::from_center_size(pos2(rect.right() - 46.0, y), vec2(92.0, 28.0));
        right = button.left() - 10.0;
        let command = Command::EscalateOrder { order };
        let why = refused(k, &command);
        if guarded_ui(k, button, "call-escalate", 14.0, label, why.is_some()) {
            k.out.push(UiCommand::Submit(command));
        }
    }
    let (text, ink) = match &reason {
        Some(why) => (why.as_str(), STALE),
        None => (k.t(tr::CALLS_REACHED_NOTE), TERTIARY),
    };
    k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 12.0, ink, text, right - rect.left());
}

/// The first open order an agency is called about.
fn silent_order(city: &City, row: &CallRow) -> Option<OrderId> {
    let CallPlace::Agency(agency) = &row.place else { return None };
    let CallCause::Orders(orders) = &city.calls.callouts.get(&row.callout)?.cause else { return None };
    let mut open = orders.iter().filter_map(|it| city.orders.get(it));
    open.find(|it| it.text.agency == *agency && !it.rung.is_end()).map(|it| it.id)
}

// ---------------------------------------------------------------- beginning a call-out

pub(super) fn scope_of(form: &Form) -> CallScope {
    let districts = form.districts.iter().cloned().collect();
    CallScope { districts, down_to: form.down_to, ..CallScope::default() }
}

/// The chosen ladder; else one that only a hand or a test starts; else the first.
pub(super) fn ladder_of<'a>(city: &'a City, form: &Form) -> Option<&'a Ladder> {
    let is_test = form.asked == Asked::Test;
    let tests = |it: &&Ladder| is_test && it.starts.iter().any(|it| matches!(it, CallStart::Test { .. }));
    let by_hand = |it: &&Ladder| it.starts.is_empty();
    let chosen = form.ladder.as_ref().and_then(|it| city.ladders.get(it));
    let ladders = || city.ladders.values();
    chosen.or(ladders().find(tests)).or(ladders().find(by_hand)).or(ladders().next())
}

/// How many places a scope names.
fn n_places(city: &City, form: &Form) -> usize {
    let is_in = |it: &DistrictId| form.districts.is_empty() || form.districts.contains(it);
    let n_districts = city.districts.keys().filter(|it| is_in(it)).count();
    let townships = city.townships.values().filter(|it| is_in(&it.district));
    match form.down_to {
        CallDepth::District => n_districts,
        CallDepth::Township => n_districts + townships.count(),
        CallDepth::Village => n_districts + townships.map(|it| 1 + it.villages.len()).sum::<usize>(),
    }
}

/// Title, what it will do, and the hold's words.
pub(super) fn form_words(k: &Kit<'_>, form: &Form) -> (String, String, String) {
    let city = k.m.city;
    let channels = ladder_of(city, form).and_then(|it| it.steps.first()).map_or("—".to_owned(), |step| {
        step.channels.iter().map(|it| k.m.lang.call_channel(*it)).collect::<Vec<_>>().join(" · ")
    });
    let n = n_places(city, form).to_string();
    let note = k.m.lang.fill(tr::CALLS_WILL_CALL, &[&n, &channels]);
    let (title, hold) = match form.asked {
        Asked::Test => (tr::CALLS_TEST, tr::CALLS_HOLD_TEST),
        _ => (tr::CALLS_START, tr::CALLS_HOLD_START),
    };
    (k.t(title).to_owned(), note, k.m.lang.fill(hold, &[&n]))
}

pub(super) fn stop_words(k: &Kit<'_>, callout: CalloutId) -> (String, String, String) {
    let calls = k.m.city.calls.callouts.get(&callout).map(|it| &it.calls);
    let n = calls.map_or(0, |it| it.iter().filter(|it| it.end.is_none()).count()).to_string();
    let note = k.m.lang.fill(tr::CALLS_STOP_NOTE, &[&n]);
    (k.t(tr::CALLS_STOP).to_owned(), note, k.t(tr::CALLS_HOLD_STOP).to_owned())
}

/// Where, how deep, and by which ladder.
pub(super) fn choices_ui(k: &Kit<'_>, form: &mut Form, rect: Rect) {
    let city = k.m.city;
    let mut x = rect.left();
    let mut place = |k: &Kit<'_>, label: &str| {
        let chip = Rect::from_min_size(pos2(x, rect.top()), vec2(k.width(13.0, label) + 20.0, 28.0));
        x = chip.right() + 6.0;
        (chip.right() <= rect.right()).then_some(chip)
    };
    let all = k.t(tr::CALLS_WHOLE_CITY);
    if let Some(chip) = place(k, all)
        && choice_ui(k, chip, "calls-all", all, form.districts.is_empty())
    {
        form.districts.clear();
    }
    for district in city.districts.values() {
        let Some(chip) = place(k, &district.name) else { break };
        let is_in = form.districts.contains(&district.id);
        if choice_ui(k, chip, row_id("calls-scope", &district.id), &district.name, is_in)
            && !form.districts.remove(&district.id)
        {
            form.districts.insert(district.id.clone());
        }
    }
    for (depth, word) in [
        (CallDepth::District, tr::CALLS_TO_DISTRICT),
        (CallDepth::Township, tr::CALLS_TO_TOWNSHIP),
        (CallDepth::Village, tr::CALLS_TO_VILLAGE),
    ] {
        let label = k.t(word);
        let Some(chip) = place(k, label) else { break };
        if choice_ui(k, chip, row_id("calls-depth", depth as u8), label, form.down_to == depth) {
            form.down_to = depth;
        }
    }
    let chosen = ladder_of(city, form).map(|it| it.id.clone());
    for ladder in city.ladders.values() {
        let Some(chip) = place(k, &ladder.name) else { break };
        if choice_ui(k, chip, row_id("calls-ladder", &ladder.id), &ladder.name, chosen.as_ref() == Some(&ladder.id)) {
            form.ladder = Some(ladder.id.clone());
        }
    }
}
