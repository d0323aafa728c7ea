//! The second signature (会签): the proposed switch to be read, with what was struck and added and why, and this seat's own
//! hold or its no. At the seat that proposed it, the wait.
//!
//! It is asked anew when the city changes. What can no longer be signed as it was proposed is told with what changed, and has
//! to be proposed again: nobody signs here what the first did not sign.

use super::kit::{Kit, exact, mmss};
use super::press::{self, Hold};
use super::review::Keep;
use super::sheet::{self, Sheet as Shown};
use super::signing::{self, REASON_H, Standing};
use super::{Model, PanelState, UiCommand, opens};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeMap;

/// The sheet of the second signature, as the officer left it.
pub(super) struct CoSign {
    number: u64,
    /// A new sheet is to take its place.
    pub wants_another: bool,
    /// Why it is declined.
    reason: String,
    hold_since: Option<f64>,
    scroll: f32,
    built: Option<Built>,
}

/// What the rules say of the proposal just now.
struct Built {
    seq: u64,
    minute: i64,
    /// On egui's clock, s.
    at: f64,
    /// With nothing struck, so that what was struck can be read; none for a return to peace, or where there is no sheet.
    full: Option<Sheet>,
    /// What would be sent.
    sheet: Option<Sheet>,
    /// Why this seat may not co-sign it now.
    refused: Option<Refusal>,
}

/// A busy city changes with every frame; the rules are asked anew at most this often, s.
const REBUILD_S: f64 = 1.0;
const HEAD_H: f32 = 26.0;
const LINE_H: f32 = 42.0;
const SEATS_H: f32 = 58.0;
const DECLINE_REASONS: [Tr; 3] = [tr::DECLINE_CHECK, tr::DECLINE_LEVEL, tr::DECLINE_ORDERS];

impl CoSign {
    pub fn new(proposal: &Proposal) -> Self {
        Self {
            number: proposal.number,
            wants_another: false,
            reason: String::new(),
            hold_since: None,
            scroll: 0.0,
            built: None,
        }
    }

    fn rebuild(&mut self, k: &Kit<'_>, proposal: &Proposal) {
        let (seq, minute) = (k.m.city.seq, k.now().0.div_euclid(60_000));
        let time = k.ui.input(|input| input.time);
        let is_good =
            self.built.as_ref().is_some_and(|it| (it.seq == seq && it.minute == minute) || time - it.at < REBUILD_S);
        if is_good {
            return;
        }
        let ask = match &proposal.switch {
            Switch::ToWar { ask, .. } => Some(ask),
            Switch::ToPeace { .. } => None,
        };
        let sheet_of = |ask: &SheetAsk| k.m.city.sheet(ask, k.now()).ok();
        let whole = ask.map(|ask| SheetAsk { struck: Vec::new(), ..ask.clone() });
        let source = Source::Seat(k.m.seat.clone());
        let sign = Command::CoSign { number: proposal.number };
        self.built = Some(Built {
            seq,
            minute,
            at: time,
            full: whole.as_ref().and_then(sheet_of),
            sheet: ask.and_then(sheet_of),
            refused: k.m.city.decide_from(&source, &sign, k.now()).err(),
        });
    }
}

/// One's own proposal opens once by itself: waiting is then the officer's business.
pub(super) fn follow(model: &Model<'_>, state: &mut PanelState) {
    let Some(proposal) = &model.city.proposal else { return };
    let this = Some((model.city.realm, proposal.number));
    if state.seen_proposal == this {
        return;
    }
    state.seen_proposal = this;
    if proposal.signed.seat == *model.seat && state.sheet.is_none() {
        state.sheet = Some(Shown::CoSign(Box::new(CoSign::new(proposal))));
    }
}

/// A seat and who sat there: `值班长 01（张三）`.
fn who(signed: &Signature) -> String {
    if *signed.officer == *signed.seat.as_str() {
        return signed.seat.to_string();
    }
    format!("{}（{}）", signed.seat, signed.officer)
}

/// What is asked for, in few words: `台风Ⅰ级响应`, `战转平`.
pub(super) fn what(k: &Kit<'_>, switch: &Switch) -> String {
    match switch {
        Switch::ToWar { ask, .. } => {
            let hazard = k.m.city.plans.get(&ask.plan).map(|it| it.hazard);
            format!("{}{}", k.m.lang.hazard(hazard), k.m.lang.fill(tr::LEVEL_RESPONSE, &[ask.level.roman()]))
        }
        Switch::ToPeace { .. } => k.t(tr::STAND_DOWN).to_owned(),
    }
}

/// Who proposed it, when, and what.
pub(super) fn proposed_by(k: &Kit<'_>, proposal: &Proposal) -> String {
    let signed = &proposal.signed;
    k.m.lang.fill(tr::PROPOSED_BY, &[&who(signed), &signed.at.hm(), &what(k, &proposal.switch)])
}

/// The whole sheet, and what becomes of it.
pub(super) fn co_sign_ui(k: &mut Kit<'_>, it: &mut CoSign, rect: Rect) -> Keep {
    let city = k.m.city;
    let Some(proposal) = city.proposal.as_ref().filter(|proposal| proposal.number == it.number) else {
        return ended_ui(k, it, rect);
    };
    it.rebuild(k, proposal);
    // Out of the sheet while its parts change it.
    let Some(built) = it.built.take() else { return Keep::Open };
    let plan = match &proposal.switch {
        Switch::ToWar { ask, .. } => city.plans.get(&ask.plan),
        Switch::ToPeace { .. } => None,
    };
    let level = proposal.switch.level().unwrap_or(ResponseLevel::IV);
    sheet::header_ui(k, rect, k.t(tr::CO_SIGN_SHEET), plan, level);
    let (left, right) = (rect.left() + 24.0, rect.right() - 24.0);
    let footer = Rect::from_min_max(pos2(left, rect.bottom() - 84.0), pos2(right, rect.bottom() - 20.0));
    let seats = Rect::from_min_max(pos2(left, footer.top() - 14.0 - SEATS_H), pos2(right, footer.top() - 14.0));
    let head = Rect::from_min_max(pos2(left, rect.top() + 66.0), pos2(right, rect.top() + 134.0));
    head_ui(k, proposal, &built, head);
    let body = Rect::from_min_max(pos2(left, head.bottom() + 8.0), pos2(right, seats.top() - 12.0));
    let side_w = (body.width() * 0.3).max(220.0);
    let list = Rect::from_min_max(body.min, pos2(body.right() - side_w - 24.0, body.bottom()));
    match &proposal.switch {
        Switch::ToWar { ask, reasons, reason, .. } => {
            orders_ui(k, it, list, built.full.as_ref(), &Struck { ask, reasons, reason });
        }
        Switch::ToPeace { accepted, .. } => accepted_ui(k, it, list, accepted),
    }
    let side = Rect::from_min_max(pos2(list.right() + 24.0, body.top()), body.max);
    if let Some(sheet) = &built.sheet {
        totals_ui(k, side, sheet);
    }
    seats_ui(k, proposal, &built, seats);
    let keep = footer_ui(k, it, proposal, &built, footer);
    it.built = Some(built);
    keep
}

/// Who proposed what, why, how long it waits; below, what changed since.
fn head_ui(k: &Kit<'_>, proposal: &Proposal, built: &Built, rect: Rect) {
    let left_ms = proposal.expires_at.since_ms(k.now()).max(0);
    let left = k.m.lang.fill(tr::PROPOSAL_LEFT, &[&mmss(left_ms)]);
    let ink = if left_ms < 60_000 { LATE } else { PRIMARY };
    let clock = k.bold(pos2(rect.right(), rect.top() + 16.0), Align2::RIGHT_CENTER, 28.0, ink, &left);
    let rules = &k.m.city.signing_rules;
    if rules.is_default {
        k.fit(pos2(rect.right(), rect.top() + 40.0), Align2::RIGHT_CENTER, 12.0, TERTIARY, &rules.basis, 200.0);
    }
    let room = clock.left().min(rect.right() - 210.0) - rect.left() - 16.0;
    let title = proposed_by(k, proposal);
    k.bold_fit(pos2(rect.left(), rect.top() + 16.0), Align2::LEFT_CENTER, 19.0, PRIMARY, &title, room);
    let reason = k.m.lang.fill(tr::PROPOSAL_REASON, &[proposal.switch.reason()]);
    k.fit(pos2(rect.left(), rect.top() + 40.0), Align2::LEFT_CENTER, 14.0, SECONDARY, &reason, room);
    if let Some(Refusal::SheetChanged { what }) = &built.refused {
        let words = format!("{}：{what}", k.t(tr::PROPOSAL_IS_OTHER));
        k.fit(pos2(rect.left(), rect.top() + 60.0), Align2::LEFT_CENTER, 14.0, LATE, &words, rect.width());
    }
    k.hline(rect.left(), rect.right(), rect.bottom(), HAIR);
}

// ---------------------------------------------------------------- what is proposed

/// What the first struck, and why.
struct Struck<'a> {
    ask: &'a SheetAsk,
    reasons: &'a BTreeMap<MeasureId, Text>,
    /// Where a measure has none of its own.
    reason: &'a Text,
}

/// A row of what is proposed.
enum Row<'a> {
    Agency(&'a SheetAgency),
    Order(&'a SheetOrder),
}

/// Every order by agency, what was struck lined through with its reason, what was added marked with its own.
fn orders_ui(k: &Kit<'_>, it: &mut CoSign, rect: Rect, full: Option<&Sheet>, struck: &Struck<'_>) {
    title_ui(k, rect, k.t(tr::PROPOSAL_ORDERS));
    let list = Rect::from_min_max(pos2(rect.left(), rect.top() + 34.0), rect.max);
    let agencies: &[SheetAgency] = full.map_or(&[], |it| it.agencies.as_slice());
    let rows: Vec<Row<'_>> = agencies
        .iter()
        .flat_map(|agency| std::iter::once(Row::Agency(agency)).chain(agency.orders.iter().map(Row::Order)))
        .collect();
    let height = |row: &Row<'_>| if matches!(row, Row::Agency(_)) { HEAD_H } else { LINE_H };
    let heights: Vec<f32> = rows.iter().map(height).collect();
    let first = first_row(k, it, list, &heights);
    let mut y = list.top();
    for row in rows.iter().skip(first) {
        let at = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), height(row)));
        if at.bottom() > list.bottom() + 0.5 {
            break;
        }
        y = at.bottom();
        match row {
            Row::Agency(agency) => {
                let n = k.m.lang.fill(tr::N_LINES, &[&agency.orders.len().to_string()]);
                let c = at.center().y + 2.0;
                let n = k.text(pos2(at.right(), c), Align2::RIGHT_CENTER, 12.0, TERTIARY, &n);
                let room = n.left() - at.left() - 12.0;
                k.bold_fit(pos2(at.left(), c), Align2::LEFT_CENTER, 13.0, SECONDARY, &agency.name, room);
            }
            Row::Order(order) => order_ui(k, at, order, struck),
        }
        k.hline(at.left(), at.right(), at.bottom(), ROW);
    }
    if rows.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::NO_ORDERS_HERE), false);
    }
}

fn order_ui(k: &Kit<'_>, row: Rect, order: &SheetOrder, struck: &Struck<'_>) {
    let text = &order.text;
    let measure = text.measure.as_ref().filter(|id| struck.ask.struck.contains(id));
    let (c, below) = (row.top() + 14.0, row.top() + 31.0);
    let ink = if measure.is_some() { QUIET } else { PRIMARY };
    let due = k.m.lang.day_time(text.due_at, k.now());
    let due = k.bold(pos2(row.right(), c), Align2::RIGHT_CENTER, 14.0, ink, &due);
    let x = row.left() + 16.0;
    let title = k.bold_fit(pos2(x, c), Align2::LEFT_CENTER, 14.0, ink, &text.title, due.left() - x - 12.0);
    let (note, ink) = match (measure, order.added, &order.held) {
        (Some(id), ..) => {
            k.hline(x, title.right(), c, QUIET);
            let own = struck.reasons.get(id).filter(|it| !it.trim().is_empty()).unwrap_or(struck.reason);
            (k.m.lang.fill(tr::STRUCK_BECAUSE, &[own]), LATE)
        }
        (None, true, _) => {
            let added = struck.ask.added.iter().find(|it| it.title == text.title && it.agency == text.agency);
            (k.m.lang.fill(tr::PROPOSAL_ADDED, &[added.map_or("", |it| &it.reason)]), LATE)
        }
        (None, false, Some(held)) => (k.m.lang.fill(tr::HELD_BECAUSE, &[held]), TERTIARY),
        (None, false, None) => (text.body.to_string(), TERTIARY),
    };
    k.fit(pos2(x, below), Align2::LEFT_CENTER, 12.0, ink, &note, row.right() - x);
}

/// What a return to peace leaves open and was accepted by name.
fn accepted_ui(k: &Kit<'_>, it: &mut CoSign, rect: Rect, accepted: &[OpenItem]) {
    title_ui(k, rect, &k.m.lang.fill(tr::PROPOSAL_ACCEPTS, &[&accepted.len().to_string()]));
    let list = Rect::from_min_max(pos2(rect.left(), rect.top() + 34.0), rect.max);
    let heights = vec![HEAD_H; accepted.len()];
    let first = first_row(k, it, list, &heights);
    let n_fit = (list.height() / HEAD_H).max(0.0) as usize;
    for (i, item) in accepted.iter().skip(first).take(n_fit).enumerate() {
        let c = list.top() + HEAD_H * (i as f32 + 0.5);
        let text = k.m.city.open_item_text(item);
        k.fit(pos2(list.left(), c), Align2::LEFT_CENTER, 14.0, SECONDARY, &text, list.width());
        k.hline(list.left(), list.right(), c + HEAD_H * 0.5, ROW);
    }
    if accepted.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::NOTHING_OPEN), false);
    }
}

fn title_ui(k: &Kit<'_>, rect: Rect, title: &str) {
    let c = rect.top() + 14.0;
    k.bold_fit(pos2(rect.left(), c), Align2::LEFT_CENTER, 15.0, PRIMARY, title, rect.width());
    k.hline(rect.left(), rect.right(), rect.top() + 32.0, HAIR);
}

/// The wheel and the keys over the list, whole rows at a time; the first to draw is returned.
fn first_row(k: &Kit<'_>, it: &mut CoSign, list: Rect, heights: &[f32]) -> usize {
    use egui::Key;
    if k.ui.rect_contains_pointer(list) {
        it.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    if !k.ui.ctx().text_edit_focused() {
        it.scroll += k.ui.input(|input| {
            let key = |key, by: f32| if input.key_pressed(key) { by } else { 0.0 };
            let page = list.height().max(0.0);
            key(Key::ArrowDown, LINE_H) - key(Key::ArrowUp, LINE_H) + key(Key::PageDown, page) - key(Key::PageUp, page)
        });
    }
    let excess = (heights.iter().sum::<f32>() - list.height()).max(0.0);
    it.scroll = it.scroll.clamp(0.0, excess);
    let mut above = 0.0;
    heights
        .iter()
        .take_while(|height| {
            let is_above = above + 0.5 < it.scroll;
            above += **height;
            is_above
        })
        .count()
}

/// What changes, how much is sent, whom it moves.
fn totals_ui(k: &Kit<'_>, rect: Rect, sheet: &Sheet) {
    let lang = k.m.lang;
    let level = |it: Option<ResponseLevel>| {
        it.map_or_else(|| k.t(tr::PEACETIME).to_owned(), |it| lang.fill(tr::LEVEL_N, &[it.roman()]))
    };
    let change = sheet.changes.first().map_or_else(
        || k.t(tr::LEVEL_STAYS).to_owned(),
        |it| {
            let n = sheet.changes.iter().filter(|it| it.district.is_some()).count().to_string();
            lang.fill(tr::LEVEL_CHANGES, &[&it.name, &level(it.from), &level(Some(it.to)), &n])
        },
    );
    let n = [sheet.n_orders.to_string(), sheet.agencies.len().to_string(), exact(sheet.n_people as i64)];
    let totals = lang.fill(tr::TOTALS, &[&n[0], &n[1], &n[2]]);
    title_ui(k, rect, &change);
    let mut y = rect.top() + 50.0;
    k.bold_fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 15.0, PRIMARY, &totals, rect.width());
    if sheet.n_held > 0 {
        y += 24.0;
        let held = lang.fill(tr::HELD_N, &[&sheet.n_held.to_string()]);
        k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 13.0, LATE, &held, rect.width());
    }
    y += 18.0;
    for people in &sheet.people {
        if y + 28.0 > rect.bottom() {
            break;
        }
        let c = y + 14.0;
        let district = k.m.city.districts.get(&people.district).map_or(people.district.as_str(), |it| &it.name);
        let n = lang.fill(tr::N_PEOPLE, &[&exact(people.n_people.into())]);
        let n = k.bold(pos2(rect.right(), c), Align2::RIGHT_CENTER, 14.0, PRIMARY, &n);
        let text = format!("{district} {}", lang.class(people.class));
        let room = n.left() - rect.left() - 10.0;
        k.fit(pos2(rect.left(), c), Align2::LEFT_CENTER, 13.0, SECONDARY, &text, room);
        y += 28.0;
        k.hline(rect.left(), rect.right(), y, ROW);
    }
}

// ---------------------------------------------------------------- who signs

fn is_own(k: &Kit<'_>, proposal: &Proposal) -> bool {
    proposal.signed.seat == *k.m.seat
}

/// The first has signed; the second is this seat, or is waited for.
fn seats_ui(k: &Kit<'_>, proposal: &Proposal, built: &Built, rect: Rect) {
    let size = vec2((rect.width() - 10.0) * 0.5, rect.height());
    let first = Rect::from_min_size(rect.min, size);
    let signed = k.m.lang.fill(tr::SIGNED_AT, &[&proposal.signed.at.hm()]);
    signing::seat_ui(k, first, &who(&proposal.signed), &signed, Standing::Signed);
    let second = first.translate(vec2(size.x + 10.0, 0.0));
    match &built.refused {
        _ if is_own(k, proposal) => {
            signing::seat_ui(k, second, k.t(tr::SECOND_SEAT), k.t(tr::WAITS_FOR_SECOND), Standing::Waits);
        }
        Some(why) => signing::seat_ui(k, second, k.m.seat.as_str(), &why.to_string(), Standing::Barred),
        None => signing::seat_ui(k, second, k.m.seat.as_str(), k.t(tr::SECOND_IS_HERE), Standing::Signs),
    }
}

fn footer_ui(k: &mut Kit<'_>, it: &mut CoSign, proposal: &Proposal, built: &Built, rect: Rect) -> Keep {
    let cancel = Rect::from_min_size(rect.min, vec2(112.0, rect.height()));
    if k.button(cancel, "cancel", 16.0, k.t(tr::CANCEL_ESC), false) {
        return Keep::Closed;
    }
    let another = Rect::from_min_size(pos2(cancel.right() + 10.0, rect.top()), vec2(112.0, rect.height()));
    let may_not = press::barred(k, "propose_switch").is_some();
    if press::guarded_ui(k, another, "another", 15.0, k.t(tr::DRAW_ANOTHER), may_not) {
        it.wants_another = true;
        return Keep::Closed;
    }
    let room = Rect::from_min_max(pos2(another.right() + 16.0, rect.top()), rect.max);
    if is_own(k, proposal) {
        waiting_ui(k, proposal, room)
    } else {
        second_ui(k, it, proposal, built, room)
    }
    Keep::Open
}

/// At the seat that proposed: the wait, and the way back.
fn waiting_ui(k: &mut Kit<'_>, proposal: &Proposal, rect: Rect) {
    let withdraw = Rect::from_min_max(pos2(rect.right() - 160.0, rect.top()), rect.max);
    let wait = Rect::from_min_max(rect.min, pos2(withdraw.left() - 12.0, rect.bottom()));
    k.fill(wait, 4.0, APP);
    k.outline(wait, 4.0, 2.0, LATE);
    let left = mmss(proposal.expires_at.since_ms(k.now()).max(0));
    let words = format!("{}・{}", k.t(tr::WAITS_FOR_SECOND), k.m.lang.fill(tr::PROPOSAL_LEFT, &[&left]));
    k.fit_center(wait, 20.0, PRIMARY, &words, true);
    let command = Command::WithdrawProposal { number: proposal.number, reason: "".into() };
    let is_barred = press::barred(k, "withdraw_proposal").is_some();
    if press::guarded_ui(k, withdraw, "withdraw", 16.0, k.t(tr::WITHDRAW), is_barred) {
        k.out.push(UiCommand::Submit(command));
    }
}

/// At every other seat: no with its reason, or the hold.
fn second_ui(k: &mut Kit<'_>, it: &mut CoSign, proposal: &Proposal, built: &Built, rect: Rect) {
    let hold = Rect::from_min_max(pos2(rect.right() - 368.0f32.min(rect.width() * 0.45), rect.top()), rect.max);
    let decline = Rect::from_min_max(pos2(hold.left() - 112.0, rect.top()), pos2(hold.left() - 12.0, rect.bottom()));
    let reason = Rect::from_min_size(rect.min, vec2(decline.left() - rect.left() - 10.0, REASON_H));
    if reason.width() > 120.0 {
        signing::reason_ui(k, reason, "decline-reason", &DECLINE_REASONS, &mut it.reason);
    }
    let words = Text::from(it.reason.trim());
    // Who may not sign may not decline either; a sheet that changed may still be declined.
    let may_not =
        k.m.city.why_not_second(k.m.seat, proposal).is_err() || press::barred(k, "decline_proposal").is_some();
    if press::guarded_ui(k, decline, "decline", 16.0, k.t(tr::DECLINE), may_not || words.is_empty()) {
        k.out.push(UiCommand::Submit(Command::DeclineProposal { number: proposal.number, reason: words }));
    }
    let realm = k.t(if k.is_exercise() { tr::EXERCISE } else { tr::REALM_ACTUAL });
    let label = k.m.lang.fill(tr::HOLD_TO_CO_SIGN, &[&what(k, &proposal.switch), realm]);
    let blocked = built.refused.as_ref().map(ToString::to_string);
    let held =
        Hold { id: "hold-co-sign", label: &label, why_not: blocked.as_deref(), ms: HOLD_CONFIRM_MS, is_default: true };
    if press::hold_ui(k, hold, &held, &mut it.hold_since) {
        k.out.push(UiCommand::Submit(Command::CoSign { number: proposal.number }));
        if let Switch::ToWar { ask, .. } = &proposal.switch {
            let feeds = k.m.city.feeds_for(ask, k.m.readings, k.now()).all();
            opens::open(k, feeds);
        }
    }
}

/// It waits no more: how it ended and why. What was co-signed needs no words, the city is at war.
fn ended_ui(k: &Kit<'_>, it: &mut CoSign, rect: Rect) -> Keep {
    let ended = k.m.city.last_proposal.as_ref().filter(|ended| ended.number == it.number);
    // Another realm's, or older than the last.
    let Some(ended) = ended.filter(|it| it.how != ProposalEnd::CoSigned) else { return Keep::Closed };
    sheet::header_ui(k, rect, k.t(tr::CO_SIGN_SHEET), None, ResponseLevel::IV);
    let c = rect.center();
    let title = k.m.lang.fill(tr::PROPOSAL_ENDED, &[&ended.number.to_string(), k.m.lang.proposal_end(ended.how)]);
    k.bold(c - vec2(0.0, 40.0), Align2::CENTER_CENTER, 24.0, PRIMARY, &title);
    let by = ended.by.as_ref().map_or_else(String::new, |by| format!("{} {}  ", who(by), by.at.hm()));
    let words = format!("{by}{}", ended.reason);
    k.fit(c, Align2::CENTER_CENTER, 16.0, SECONDARY, &words, rect.width() - 48.0);
    let close = Rect::from_center_size(c + vec2(-74.0, 60.0), vec2(136.0, 48.0));
    let another = close.translate(vec2(148.0, 0.0));
    it.wants_another = k.button(another, "another", 16.0, k.t(tr::DRAW_ANOTHER), false);
    let is_closed = k.button(close, "close", 16.0, k.t(tr::CLOSE), true);
    if is_closed || it.wants_another { Keep::Closed } else { Keep::Open }
}
