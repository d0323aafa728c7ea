//! The frame of a board: a sheet over the desk with figures at its head, a list of places and one place told in full.
//! [`callout`] and [`people`] are drawn in it; [`Boards`] is what they are counted from.

use super::kit::{EDGE, Kit, RealmMark, exact, realm_mark};
use super::press::{self, Hold};
use super::{Model, PanelState, Selection, UiCommand, callout, drawer, people};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Key, Rect, Sense, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeSet;

/// The one board that may be open.
pub(super) struct Board {
    pub kind: BoardKind,
    /// The place told in full.
    pub chosen: Option<CallPlace>,
    /// Townships whose villages are listed.
    pub unfolded: BTreeSet<TownshipId>,
    /// What is about to be asked for.
    pub form: Option<Form>,
    /// Who answered, as the officer writes it, and for which place.
    pub answered: (Option<CallPlace>, String),
    /// The newest 通联测试 instead of those called in earnest.
    pub shows_test: bool,
    scroll: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BoardKind {
    /// 叫应.
    Calls,
    /// 人员转移.
    People,
}

/// Something that needs words and a hold before it is asked for.
pub(super) struct Form {
    pub asked: Asked,
    /// What everybody is told, or why.
    pub text: String,
    /// Empty is the whole city.
    pub districts: BTreeSet<DistrictId>,
    pub down_to: CallDepth,
    pub ladder: Option<LadderId>,
    hold_since: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    CallOut,
    Test,
    Stop(CalloutId),
    Return(DistrictId, Option<TownshipId>),
}

/// Where the parts of a board lie.
pub(super) struct Parts {
    pub head: Rect,
    pub list: Rect,
    pub detail: Rect,
}

/// One line of a list: what a press chooses, and how high it is.
pub(super) struct Slot {
    pub key: Option<CallPlace>,
    pub height: f32,
}

const HEADER: f32 = 48.0;
const FOOT_H: f32 = 30.0;
const HEAD_H: f32 = 88.0;
const FORM_H: f32 = 132.0;

// ---------------------------------------------------------------- what is counted

/// The boards as last counted: when records came or a second passed, and not each frame.
#[derive(Default)]
pub(super) struct Boards {
    key: Option<(u64, i64, Realm)>,
    made_at: f64,
    pub calls: CallBoard,
    pub people: EvacuationBoard,
    /// 通联测试, newest first; counted only while a board is open.
    pub tests: Vec<CallTestResult>,
    pub test_board: Option<CallBoard>,
    /// How many call-outs there were and were running when the tests were counted.
    tests_key: Option<(usize, usize)>,
}

impl Boards {
    pub fn refresh(&mut self, model: &Model<'_>, time: f64, open: Option<&Board>) {
        let (city, now) = (model.city, model.clock.now);
        let key = (city.seq, now.0.div_euclid(1000), model.realm);
        let is_same_city = self.key.is_some_and(|it| it.2 == key.2 && it.0 <= key.0);
        if !is_same_city {
            *self = Self::default();
        }
        let wants_test = open.is_some_and(|it| it.shows_test);
        let pace = if open.is_some() { 0.25 } else { 1.0 };
        let is_new = self.key != Some(key) || wants_test && self.test_board.is_none();
        if !is_new || is_same_city && (0.0..pace).contains(&(time - self.made_at)) {
            return;
        }
        (self.key, self.made_at) = (Some(key), time);
        self.calls = city.call_board(now);
        self.people = city.evacuation_board(now);
        let tests_key = (city.calls.callouts.len(), city.calls.open.len());
        let is_test_running = self.tests.first().is_some_and(|it| it.ended_at.is_none());
        if open.is_some() && (is_test_running || self.tests_key != Some(tests_key)) {
            self.tests_key = Some(tests_key);
            self.tests = city.call_test_results(now);
        }
        let newest = self.tests.first().filter(|_| wants_test).map(|it| it.callout);
        self.test_board = newest.and_then(|it| city.callout_board(it, now));
    }
}

// ---------------------------------------------------------------- the frame

impl Board {
    pub fn new(kind: BoardKind) -> Self {
        Self {
            kind,
            chosen: None,
            unfolded: BTreeSet::new(),
            form: None,
            answered: (None, String::new()),
            shows_test: false,
            scroll: 0.0,
        }
    }

    /// Open at a place.
    pub fn at(kind: BoardKind, place: CallPlace) -> Self {
        Self { chosen: Some(place), ..Self::new(kind) }
    }

    /// One step back; `false` if the board itself is to be closed.
    pub fn back(&mut self) -> bool {
        self.form.take().is_some()
    }
}

impl Form {
    pub fn new(asked: Asked, text: &str) -> Self {
        let (districts, down_to) = (BTreeSet::new(), CallDepth::default());
        Self { asked, text: text.to_owned(), districts, down_to, ladder: None, hold_since: None }
    }
}

/// `C` and `P` open and close; they send nothing. With a case selected `C` is the case's.
pub(super) fn keys(pressed: &dyn Fn(Key) -> bool, model: &Model<'_>, state: &mut PanelState) {
    let is_case = matches!(model.selection, Some(Selection::Case(_)));
    if pressed(Key::C) && (state.board.is_some() || !is_case) {
        toggle(model, state, BoardKind::Calls);
    }
    if pressed(Key::P) {
        toggle(model, state, BoardKind::People);
    }
}

/// Opens a board, at the selected order's agency if it can; closes it if it is open.
pub(super) fn toggle(model: &Model<'_>, state: &mut PanelState, kind: BoardKind) {
    if state.board.as_ref().is_some_and(|it| it.kind == kind) {
        state.board = None;
        return;
    }
    let place = match (kind, model.selection) {
        (BoardKind::Calls, Some(Selection::Order(order))) => {
            model.city.orders.get(order).map(|it| CallPlace::Agency(it.text.agency.clone()))
        }
        (_, Some(Selection::District(district))) => Some(CallPlace::District(district.clone())),
        _ => None,
    };
    state.board = Some(match place {
        Some(place) => Board::at(kind, place),
        None => Board::new(kind),
    });
}

/// The two boards' doors over the map, from `x` on; each says its number that matters. What finds no room has its key.
pub(super) fn chips_ui(k: &Kit<'_>, state: &mut PanelState, map: Rect, x: f32) {
    let has_locator = !state.locator_hidden && map.width() > 640.0;
    let edge = map.right() - if has_locator { 264.0 } else { 12.0 };
    let right = drawer::rect_on(state, map).map_or(edge, |it| it.left() - 8.0);
    let counts = state.boards.calls.counts;
    let n_silent = counts.not_reached + counts.nobody;
    let calls = match counts.all {
        0 => k.t(tr::CALL_OUT).to_owned(),
        _ => k.m.lang.fill(tr::CALLS_CHIP, &[&n_silent.to_string(), &counts.all.to_string()]),
    };
    let people = match state.boards.people.total.expected {
        0 => k.t(tr::PEOPLE_MOVED).to_owned(),
        _ => k.m.lang.fill(tr::PEOPLE_CHIP, &[&exact(state.boards.people.remaining.into())]),
    };
    let mut x = x;
    for (kind, label, key, is_pressing) in [
        (BoardKind::Calls, calls, "C", n_silent > 0),
        (BoardKind::People, people, "P", state.boards.people.remaining > 0),
    ] {
        let width = k.width(14.0, &label) + 44.0;
        if x + width > right || map.height() < 200.0 {
            return;
        }
        let chip = Rect::from_min_size(pos2(x, map.top() + 54.0), vec2(width, 30.0));
        x = chip.right() + 8.0;
        if k.hit(chip, ("board-chip", key), &label).clicked() {
            toggle(k.m, state, kind);
        }
        k.fill(chip, 3.0, PANEL);
        k.outline(chip, 3.0, 1.0, STRONG);
        let ink = if is_pressing { PRIMARY } else { TERTIARY };
        k.text(pos2(chip.left() + 10.0, chip.center().y), Align2::LEFT_CENTER, 14.0, ink, &label);
        k.text(pos2(chip.right() - 9.0, chip.center().y), Align2::RIGHT_CENTER, 12.0, TERTIARY, key);
        state.over_map.push(chip);
    }
}

pub(super) fn board_ui(k: &mut Kit<'_>, state: &mut PanelState, window: Rect) {
    let Some(mut board) = state.board.take() else { return };
    // The scrim swallows presses meant for what lies under it.
    k.ui.interact(window, k.ui.id().with("board-scrim"), Sense::click_and_drag());
    k.fill(window, 0.0, SCRIM.gamma_multiply(SCRIM_ALPHA));
    let mut room = window.shrink(if k.is_exercise() { EDGE * 2.0 + 4.0 } else { 12.0 });
    room.min.y += 48.0;
    let size = vec2(room.width().clamp(1.0, 1560.0), room.height().clamp(1.0, 956.0));
    let rect = Rect::from_center_size(room.center(), size);
    realm_mark(k, RealmMark::Window(rect.expand(EDGE)));
    k.fill(rect, 6.0, PANEL);
    k.outline(rect, 6.0, 1.0, if k.is_exercise() { EXERCISE_LINE } else { STRONG });
    let (title, sub) = match board.kind {
        BoardKind::Calls => (tr::CALLS_BOARD, callout::sub(k, &state.boards, &board)),
        BoardKind::People => (tr::PEOPLE_BOARD, people::sub(k, &state.boards)),
    };
    let is_closed = header_ui(k, rect, title, &sub);
    foot_ui(k, state, Rect::from_min_max(pos2(rect.left(), rect.bottom() - FOOT_H), rect.max));
    let body = Rect::from_min_max(
        pos2(rect.left(), rect.top() + HEADER),
        pos2(rect.right(), (rect.bottom() - FOOT_H).max(rect.top() + HEADER)),
    );
    let head = Rect::from_min_size(body.min, vec2(body.width(), HEAD_H));
    let mut top = head.bottom();
    if board.form.is_some() {
        let form = Rect::from_min_size(pos2(body.left(), top), vec2(body.width(), FORM_H));
        form_ui(k, &mut board, form);
        top = form.bottom();
    }
    let top = top.min(body.bottom());
    let detail_w = (body.width() * 0.3).clamp(250.0, 420.0);
    let split = (body.right() - detail_w).max(body.left());
    let list = Rect::from_min_max(pos2(body.left(), top), pos2(split, body.bottom()));
    let detail = Rect::from_min_max(pos2(split, top), body.max);
    k.hline(body.left(), body.right(), top, HAIR);
    k.fill(Rect::from_min_size(detail.min, vec2(1.0, detail.height())), 0.0, HAIR);
    let parts = Parts { head, list, detail };
    match board.kind {
        BoardKind::Calls => callout::calls_ui(k, &state.boards, &mut board, &parts),
        BoardKind::People => people::people_ui(k, &state.boards, &mut board, &parts),
    }
    if !is_closed {
        state.board = Some(board);
    }
}

/// `true` once × was pressed.
fn header_ui(k: &Kit<'_>, rect: Rect, title: Tr, sub: &str) -> bool {
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER));
    k.fill(head.shrink(1.0), 6.0, RAISED);
    k.hline(head.left(), head.right(), head.bottom(), HAIR);
    let y = head.center().y;
    let x = rect.left() + 20.0 + realm_mark(k, RealmMark::Chip(pos2(rect.left() + 20.0, y), 14.0));
    let close = Rect::from_center_size(pos2(rect.right() - 26.0, y), vec2(32.0, 32.0));
    let key = k.key(pos2(close.left() - 42.0, y), "Esc");
    let at = k.bold_fit(pos2(x, y), Align2::LEFT_CENTER, 20.0, PRIMARY, k.t(title), key.left() - x - 8.0);
    let x = at.right() + 16.0;
    k.fit(pos2(x, y + 1.0), Align2::LEFT_CENTER, 13.0, SECONDARY, sub, key.left() - x - 12.0);
    let is_closed = k.hit(close, "board-close", k.t(tr::CLOSE)).clicked();
    k.text(close.center(), Align2::CENTER_CENTER, 18.0, TERTIARY, "×");
    is_closed
}

/// The keys; and the last refusal, which the scrim would hide.
fn foot_ui(k: &Kit<'_>, state: &PanelState, rect: Rect) {
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let y = rect.center().y;
    let keys = k.text(pos2(rect.right() - 20.0, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, k.t(tr::BOARD_KEYS));
    if let Some((_, text)) = state.notices.last() {
        let x = rect.left() + 20.0;
        k.fit(pos2(x, y), Align2::LEFT_CENTER, 13.0, STALE, text, keys.left() - x - 16.0);
    }
}

// ---------------------------------------------------------------- the list

/// Moves the list by the wheel, the choice by keys, and keeps the chosen line in sight; the first line to draw is
/// returned. Without a choice the first line is chosen.
pub(super) fn scroll(k: &Kit<'_>, board: &mut Board, list: Rect, slots: &[Slot]) -> usize {
    let keyed: Vec<usize> = (0..slots.len()).filter(|i| slots[*i].key.is_some()).collect();
    let top_of = |i: usize| slots[..i].iter().map(|it| it.height).sum::<f32>();
    if k.ui.rect_contains_pointer(list) {
        board.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    let here = keyed.iter().position(|i| slots[*i].key == board.chosen);
    if here.is_none() {
        board.chosen = keyed.first().and_then(|i| slots[*i].key.clone());
    }
    let by = if k.ui.ctx().text_edit_focused() {
        0
    } else {
        k.ui.input(|input| {
            let key = |key| i64::from(input.key_pressed(key));
            key(Key::ArrowDown) - key(Key::ArrowUp) + 10 * (key(Key::PageDown) - key(Key::PageUp))
        })
    };
    if by != 0 && !keyed.is_empty() {
        let next = (here.unwrap_or(0) as i64 + by).clamp(0, keyed.len() as i64 - 1) as usize;
        let i = keyed[next];
        board.chosen = slots[i].key.clone();
        let top = top_of(i);
        board.scroll = board.scroll.min(top).max(top + slots[i].height - list.height());
    }
    board.scroll = board.scroll.clamp(0.0, (top_of(slots.len()) - list.height()).max(0.0));
    let mut above = 0.0;
    slots
        .iter()
        .take_while(|slot| {
            let is_above = above + 0.5 < board.scroll;
            above += slot.height;
            is_above
        })
        .count()
}

// ---------------------------------------------------------------- asking

/// What is about to be asked for: its words, and the hold that asks. Esc puts it away.
fn form_ui(k: &mut Kit<'_>, board: &mut Board, rect: Rect) {
    let Some(mut form) = board.form.take() else { return };
    k.fill(rect, 0.0, RAISED);
    let (left, right) = (rect.left() + 20.0, rect.right() - 20.0);
    let (title, note, label) = match &form.asked {
        Asked::CallOut | Asked::Test => callout::form_words(k, &form),
        Asked::Stop(callout) => callout::stop_words(k, *callout),
        Asked::Return(district, township) => people::return_words(k, district, township.as_ref()),
    };
    let y = rect.top() + 20.0;
    let at = k.bold(pos2(left, y), Align2::LEFT_CENTER, 16.0, PRIMARY, &title);
    k.fit(pos2(at.right() + 14.0, y), Align2::LEFT_CENTER, 13.0, SECONDARY, &note, right - at.right() - 14.0);
    let middle = Rect::from_min_max(pos2(left, rect.top() + 38.0), pos2(right, rect.top() + 68.0));
    match form.asked {
        Asked::CallOut | Asked::Test => callout::choices_ui(k, &mut form, middle),
        _ => {
            let at = middle.left_center();
            k.fit(at, Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::BOARD_REASON_ASKED), middle.width());
        }
    }
    let bottom = Rect::from_min_max(pos2(left, rect.top() + 76.0), pos2(right, rect.bottom() - 8.0));
    let hold = Rect::from_min_max(pos2(bottom.right() - 260.0, bottom.top()), bottom.max);
    let cancel = Rect::from_min_max(pos2(hold.left() - 104.0, bottom.top()), pos2(hold.left() - 8.0, bottom.bottom()));
    let line = Rect::from_min_max(bottom.min, pos2((cancel.left() - 12.0).max(left), bottom.top() + 28.0));
    let label_of_line = match form.asked {
        Asked::CallOut | Asked::Test => tr::EXACT_TEXT,
        _ => tr::REASON,
    };
    press::line_ui(k, line, "board-form-line", &mut form.text, label_of_line, label_of_line, &mut false);
    let command = command_of(k, &form);
    let why = match &command {
        None => Some(k.t(tr::CALLS_NO_LADDER).to_owned()),
        Some(Command::StartCallOut { .. }) => press::barred(k, "start_call_out"),
        Some(command) => press::refused(k, command),
    };
    let why = match form.text.trim().is_empty() && form.asked != Asked::Test {
        true => Some(k.t(tr::BOARD_NEEDS_WORDS).to_owned()),
        false => why,
    };
    let y = bottom.bottom() - 9.0;
    let realm = k.t(if k.is_exercise() { tr::EXERCISE } else { tr::REALM_ACTUAL });
    let said = why.clone().unwrap_or_else(|| k.m.lang.fill(tr::BOARD_RECORDED, &[realm]));
    let ink = if why.is_some() { STALE } else { TERTIARY };
    k.fit(pos2(left, y), Align2::LEFT_CENTER, 12.0, ink, &said, line.width());
    if k.button(cancel, "board-form-cancel", 14.0, k.t(tr::CANCEL_ESC), false) {
        return;
    }
    let held = Hold { id: "board-hold", label: &label, why_not: why.as_deref(), ms: HOLD_CONFIRM_MS, is_default: true };
    if press::hold_ui(k, hold, &held, &mut form.hold_since) {
        k.out.extend(command.map(UiCommand::Submit));
        return;
    }
    board.form = Some(form);
}

/// None where the city data has no ladder to call by.
fn command_of(k: &Kit<'_>, form: &Form) -> Option<Command> {
    let text: Text = form.text.trim().into();
    Some(match &form.asked {
        Asked::CallOut | Asked::Test => Command::StartCallOut {
            scope: callout::scope_of(form),
            text,
            ladder: callout::ladder_of(k.m.city, form)?.id.clone(),
            is_test: form.asked == Asked::Test,
        },
        Asked::Stop(callout) => Command::EndCallOut { callout: *callout, reason: text },
        Asked::Return(district, township) => {
            Command::AllowReturn { district: district.clone(), township: township.clone(), reason: text }
        }
    })
}
