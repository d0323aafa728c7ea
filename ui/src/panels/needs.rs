//! Who is needed where, whom the city proposes to send and why, and who is out and when they must speak. The proposal is
//! changed by hand and goes out by one held button; until then nobody moves.

use super::kit::{Kit, exact, mmss, row_id};
use super::{Model, PanelState, Selection, UiCommand, drawer, press, tools};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeSet;

/// The drawer as the officer left it.
#[derive(Default)]
pub(super) struct Needs {
    /// What the proposal was made from; anything else makes another.
    basis: Option<Basis>,
    made_at: Timestamp,
    lines: Vec<Line>,
    shortfalls: Vec<Shortfall>,
    /// The line whose other teams are listed, and those.
    others: Option<(usize, Vec<Other>)>,
    closing: Option<NeedId>,
    form: Option<Form>,
    hold_since: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Basis {
    realm: Realm,
    short: Vec<(NeedId, u32)>,
    out: Vec<TeamId>,
}

/// One team to one need, as proposed or as changed.
struct Line {
    need: NeedId,
    proposed: TeamId,
    team: TeamId,
    eta_s: f64,
    by: EtaBy,
    why: String,
    is_ticked: bool,
}

/// Another team that could go.
struct Other {
    team: TeamId,
    fit: Fit,
    eta_s: f64,
    by: EtaBy,
    /// Why it cannot; then it is listed and not chosen.
    bar: Option<Bar>,
}

/// A need not yet raised.
struct Form {
    what: Capability,
    how_many: u32,
    why: String,
}

enum Row {
    Head(String),
    Form,
    Need(NeedId),
    Closing(NeedId),
    Line(usize),
    Other(usize),
    Short(String),
    Out(TeamId),
    Empty(Tr),
}

/// What a press on a row asks for; done after the rows are drawn.
enum Act {
    Toggle(usize),
    List(usize),
    Swap(usize),
    Closing(Option<NeedId>),
    Send(Command),
    /// Sends it, and puts the form away.
    Raise(Command),
    Fly(LonLat),
    Select(TeamId),
}

const TOP_H: f32 = 44.0;
const FOOT_H: f32 = 96.0;
const N_OTHERS: usize = 6;
const MAX_WANTED: u32 = 50;
/// A named place farther than this says nothing of where a need is, m.
const NEAR_M: f64 = 2_000.0;
const CLOSE_REASONS: [Tr; 2] = [tr::NEED_DONE, tr::NEED_NOT_WANTED];

impl Row {
    fn height(&self) -> f32 {
        match self {
            Self::Head(_) => 30.0,
            Self::Form => 232.0,
            Self::Need(_) => 58.0,
            Self::Closing(_) => 40.0,
            Self::Line(_) => 94.0,
            Self::Other(_) => 34.0,
            Self::Short(_) => 44.0,
            Self::Out(_) => 62.0,
            Self::Empty(_) => 40.0,
        }
    }
}

impl Needs {
    /// Esc: one thing put away; `false` if nothing was open.
    pub fn back(&mut self) -> bool {
        self.others.take().is_some() || self.closing.take().is_some() || self.form.take().is_some()
    }
}

/// Teams short in all, and teams that have not spoken in time.
pub(super) fn tally(m: &Model<'_>) -> (u32, usize) {
    (m.city.needs.values().map(Need::n_short).sum(), m.city.silent_teams(m.clock.now).len())
}

pub(super) fn needs_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let (n_short, n_silent) = tally(k.m);
    let sub = k.m.lang.fill(tr::NEEDS_SUB, &[&exact(n_short.into()), &exact(n_silent as i64)]);
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::NEEDS), &sub) else { return };
    let mut needs = std::mem::take(&mut state.needs);
    body_ui(k, state, &mut needs, body);
    state.needs = needs;
}

fn body_ui(k: &mut Kit<'_>, state: &mut PanelState, needs: &mut Needs, body: Rect) {
    refresh(k, needs);
    let top = Rect::from_min_size(body.min, vec2(body.width(), TOP_H));
    let raise = Rect::from_center_size(pos2(top.right() - 62.0, top.center().y), vec2(100.0, 30.0));
    let barred = press::barred(k, "raise_need");
    if press::guarded_ui(k, raise, "raise-need", 13.0, k.t(tr::RAISE_NEED), barred.is_some()) {
        needs.form = match needs.form {
            Some(_) => None,
            None => Some(Form { what: Capability::Drainage, how_many: 1, why: String::new() }),
        };
    }
    let note = barred.unwrap_or_else(|| k.t(tr::NEEDS_NOTE).to_owned());
    let at = Rect::from_min_max(pos2(top.left() + 12.0, top.top() + 5.0), pos2(raise.left() - 8.0, top.bottom()));
    k.wrap(at, 12.0, TERTIARY, &note);

    let foot_h = if needs.lines.is_empty() { 0.0 } else { FOOT_H };
    let list = Rect::from_min_max(pos2(body.left(), top.bottom()), pos2(body.right(), body.bottom() - foot_h));
    let rows = rows_of(k, needs);
    let first = drawer::scroll(k, state, list, rows.iter().map(Row::height));
    let place = state.place.or_else(|| k.m.selection.and_then(|it| k.m.place_of(it)));
    let from_order = match k.m.selection {
        Some(Selection::Order(order)) if state.place.is_none() => Some(*order),
        _ => None,
    };
    let mut act = None;
    let mut y = list.top();
    for (i, row) in rows.iter().enumerate().skip(first) {
        let at = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), row.height()));
        if at.bottom() > list.bottom() + 0.5 {
            break;
        }
        y = at.bottom();
        let asked = match row {
            Row::Head(text) => {
                k.fill(at, 0.0, RAISED);
                let c = pos2(at.left() + 12.0, at.center().y);
                k.bold_fit(c, Align2::LEFT_CENTER, 13.0, PRIMARY, text, at.width() - 24.0);
                None
            }
            Row::Empty(text) => {
                k.fit_center(at, 13.0, TERTIARY, k.t(*text), false);
                None
            }
            Row::Short(why) => {
                let at = Rect::from_min_max(pos2(at.left() + 40.0, at.top() + 4.0), at.max - vec2(12.0, 0.0));
                k.wrap(at, 12.0, LATE, why);
                None
            }
            Row::Form => needs.form.as_mut().and_then(|form| form_ui(k, at, form, place, from_order)),
            Row::Need(id) => k.m.city.needs.get(id).and_then(|need| need_ui(k, at, need)),
            Row::Closing(id) => closing_ui(k, at, *id),
            Row::Line(i) => needs.lines.get(*i).and_then(|line| {
                let is_listed = needs.others.as_ref().is_some_and(|(of, _)| of == i);
                line_ui(k, at, *i, line, is_listed)
            }),
            Row::Other(j) => needs.others.as_ref().and_then(|(_, others)| other_ui(k, at, *j, others.get(*j)?)),
            Row::Out(team) => out_ui(k, at, i, team),
        };
        act = act.or(asked);
    }
    if let Some(act) = act {
        obey(k, needs, act);
    }
    if foot_h > 0.0 {
        foot_ui(k, needs, Rect::from_min_max(pos2(body.left(), list.bottom()), body.max));
    }
}

/// Makes the proposal anew when the needs or the free teams are others; never under a held button.
fn refresh(k: &Kit<'_>, needs: &mut Needs) {
    if needs.hold_since.is_some() {
        return;
    }
    let city = k.m.city;
    let basis = Basis {
        realm: k.m.realm,
        short: city.open_needs().into_iter().map(|it| (it.id, it.n_short())).collect(),
        out: city.assignments.keys().cloned().collect(),
    };
    if needs.basis.as_ref() != Some(&basis) {
        propose(k, needs, basis);
    }
}

fn propose(k: &Kit<'_>, needs: &mut Needs, basis: Basis) {
    let ids: Vec<NeedId> = basis.short.iter().map(|(id, _)| *id).collect();
    let plan = k.m.city.assign(&ids, k.m.readings, k.m.ground(), k.now());
    // What was struck stays struck if it is proposed again.
    let struck: BTreeSet<(NeedId, TeamId)> =
        needs.lines.iter().filter(|it| !it.is_ticked).map(|it| (it.need, it.team.clone())).collect();
    let line = |it: Assignment| Line {
        is_ticked: !struck.contains(&(it.need, it.team.clone())),
        need: it.need,
        proposed: it.team.clone(),
        team: it.team,
        eta_s: it.eta_s,
        by: it.by,
        why: it.why.to_string(),
    };
    needs.lines = plan.assignments.into_iter().map(line).collect();
    needs.shortfalls = plan.shortfalls;
    needs.others = None;
    needs.made_at = k.now();
    needs.basis = Some(basis);
}

/// Those who are silent first, then the needs with whom to send, short ones first, then everybody else who is out.
fn rows_of(k: &Kit<'_>, needs: &Needs) -> Vec<Row> {
    let (city, lang) = (k.m.city, k.m.lang);
    let n = |n: usize| exact(n as i64);
    let mut rows = Vec::new();
    if needs.form.is_some() {
        rows.push(Row::Form);
    }
    let silent: Vec<TeamId> = city.silent_teams(k.now()).into_iter().map(|(team, _)| team.id.clone()).collect();
    if !silent.is_empty() {
        rows.push(Row::Head(lang.fill(tr::SILENT_N, &[&n(silent.len())])));
        rows.extend(silent.iter().cloned().map(Row::Out));
    }
    let mut open: Vec<&Need> = city.needs.values().filter(|it| it.is_open()).collect();
    open.sort_by_key(|it| (it.n_short() == 0, it.id));
    let n_short: u32 = open.iter().map(|it| it.n_short()).sum();
    rows.push(Row::Head(lang.fill(tr::NEEDS_N, &[&n(open.len()), &exact(n_short.into())])));
    if open.is_empty() {
        rows.push(Row::Empty(tr::NO_NEEDS));
    }
    for need in open {
        rows.push(Row::Need(need.id));
        if needs.closing == Some(need.id) {
            rows.push(Row::Closing(need.id));
        }
        for (i, _) in needs.lines.iter().enumerate().filter(|(_, it)| it.need == need.id) {
            rows.push(Row::Line(i));
            if let Some((_, others)) = needs.others.as_ref().filter(|(of, _)| *of == i) {
                rows.extend((0..others.len()).map(Row::Other));
                if others.is_empty() {
                    rows.push(Row::Empty(tr::NO_OTHERS));
                }
            }
        }
        for short in needs.shortfalls.iter().filter(|it| it.need == need.id) {
            rows.push(Row::Short(lang.fill(tr::STAYS_SHORT, &[&exact(short.n_short.into()), &short.why])));
        }
    }
    let mut out: Vec<(&TeamId, &Outing)> = city.outings.iter().filter(|(id, _)| !silent.contains(id)).collect();
    out.sort_by_key(|(id, it)| (it.check_in_by, *id));
    if !out.is_empty() {
        rows.push(Row::Head(lang.fill(tr::OUT_N, &[&n(out.len())])));
        rows.extend(out.into_iter().map(|(id, _)| Row::Out(id.clone())));
    }
    rows
}

fn need_ui(k: &Kit<'_>, rect: Rect, need: &Need) -> Option<Act> {
    let (left, right) = (rect.left() + 40.0, rect.right() - 12.0);
    let (upper, lower) = (rect.top() + 18.0, rect.top() + 41.0);
    let close = Rect::from_center_size(pos2(right - 26.0, lower), vec2(52.0, 28.0));
    let name = format!("{}・{}", k.m.lang.capability(need.what), need.why);
    let is_pressed = k.hit(rect, row_id("need", need.id), &name).clicked();
    k.team(pos2(rect.left() + 24.0, rect.center().y), 22.0, need.what.glyph(), SYMBOL_TEAM);
    let wanted = need.how_many.to_string();
    let (figure, ink) = match need.n_short() {
        0 => (k.m.lang.fill(tr::NEED_MET, &[&wanted]), TERTIARY),
        n => (k.m.lang.fill(tr::NEED_SHORT, &[&n.to_string(), &wanted]), PRIMARY),
    };
    let figure = k.bold(pos2(right, upper), Align2::RIGHT_CENTER, 15.0, ink, &figure);
    k.bold_fit(pos2(left, upper), Align2::LEFT_CENTER, 14.0, PRIMARY, &name, figure.left() - left - 8.0);
    let age =
        k.m.lang.fill(tr::RAISED_AGO, &[&k.m.lang.elapsed(k.now().since_ms(need.raised_at) / 1000), need.by.as_str()]);
    let from =
        need.from_order.map_or(String::new(), |it| format!("・{}", k.m.lang.fill(tr::FROM_ORDER, &[&it.to_string()])));
    let sub = format!("{}・{age}{from}", place_text(k, need.at));
    k.fit(pos2(left, lower), Align2::LEFT_CENTER, 12.0, TERTIARY, &sub, close.left() - left - 8.0);
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
    let is_barred = press::barred(k, "close_need").is_some();
    let label = k.t(tr::CLOSE_NEED);
    if press::guarded_ui(k, close, row_id("close-need", need.id), 12.0, label, is_barred) {
        return Some(Act::Closing(Some(need.id)));
    }
    is_pressed.then_some(Act::Fly(need.at))
}

/// Why it is closed: a press sends it, and its teams go home.
fn closing_ui(k: &Kit<'_>, rect: Rect, need: NeedId) -> Option<Act> {
    let width = (rect.width() - 40.0 - 12.0 - 16.0) / 3.0;
    let cell = |i: usize| {
        let at = pos2(rect.left() + 40.0 + (width + 8.0) * i as f32, rect.top() + 5.0);
        Rect::from_min_size(at, vec2(width, 30.0))
    };
    for (i, reason) in CLOSE_REASONS.into_iter().enumerate() {
        let reason = k.t(reason);
        if k.button(cell(i), row_id("closing", i), 12.0, reason, false) {
            return Some(Act::Send(Command::CloseNeed { need, reason: reason.into() }));
        }
    }
    k.button(cell(2), "closing-not", 12.0, k.t(tr::CANCEL), false).then_some(Act::Closing(None))
}

/// One proposed team: a tick, who, how soon, why; another may be chosen.
fn line_ui(k: &Kit<'_>, rect: Rect, i: usize, line: &Line, is_listed: bool) -> Option<Act> {
    let (left, right) = (rect.left() + 40.0, rect.right() - 12.0);
    let y = rect.top() + 18.0;
    let team = k.m.city.teams.get(&line.team);
    let name = team.map_or(line.team.as_str(), |it| &it.name);
    let tick = Rect::from_center_size(pos2(rect.left() + 22.0, y), vec2(28.0, 28.0));
    let is_ticked = k.hit(tick, row_id("send", i), &k.m.lang.fill(tr::STRIKE, &[name])).clicked();
    let side = Rect::from_center_size(tick.center(), vec2(16.0, 16.0));
    k.outline(side, 2.0, 1.5, if line.is_ticked { PRIMARY } else { STRONG });
    if line.is_ticked {
        k.fill(side.shrink(4.0), 1.0, PRIMARY);
    }
    let swap = Rect::from_center_size(pos2(right - 24.0, y), vec2(48.0, 28.0));
    let label = k.m.lang.fill(tr::CHOOSE_OTHER_FOR, &[name]);
    let is_swapped = k.hit(swap, row_id("other", i), &label).clicked();
    k.outline(swap, 3.0, 1.0, if is_listed { ACCENT } else { STRONG });
    k.fit_center(swap, 12.0, if is_listed { PRIMARY } else { SECONDARY }, k.t(tr::CHOOSE_OTHER), false);
    let eta = k.m.lang.eta(line.eta_s, line.by);
    let ink = if line.is_ticked { PRIMARY } else { QUIET };
    let eta = k.bold(pos2(swap.left() - 10.0, y), Align2::RIGHT_CENTER, 13.0, ink, &eta);
    let shown = format!("{}{name}", team.map_or_else(String::new, |it| kind_prefix(k, it)));
    k.bold_fit(pos2(left, y), Align2::LEFT_CENTER, 14.0, ink, &shown, eta.left() - left - 8.0);
    let why = Rect::from_min_max(pos2(left, rect.top() + 34.0), pos2(right, rect.bottom() - 4.0));
    k.wrap(why, 12.0, if line.is_ticked { SECONDARY } else { QUIET }, &line.why);
    k.hline(left, rect.right(), rect.bottom(), ROW);
    match (is_ticked, is_swapped) {
        (true, _) => Some(Act::Toggle(i)),
        (_, true) => Some(Act::List(i)),
        _ => None,
    }
}

fn other_ui(k: &Kit<'_>, rect: Rect, j: usize, other: &Other) -> Option<Act> {
    let c = rect.center().y;
    let (left, right) = (rect.left() + 56.0, rect.right() - 12.0);
    let team = k.m.city.teams.get(&other.team)?;
    let label = k.m.lang.fill(tr::SEND_INSTEAD, &[&team.name]);
    let row = Rect::from_min_max(pos2(left - 8.0, rect.top() + 2.0), pos2(right, rect.bottom() - 2.0));
    k.fill(row, 3.0, RAISED);
    let kind = kind_prefix(k, team);
    if let Some(bar) = other.bar {
        let words = format!("{kind}{}・{}", team.name, k.m.lang.fill(tr::CANNOT_GO, &[&bar.text()]));
        k.fit(pos2(left, c), Align2::LEFT_CENTER, 12.0, QUIET, &words, right - left - 8.0);
        return None;
    }
    let is_chosen = k.hit(row, row_id("instead", j), &label).clicked();
    let eta = k.text(pos2(right - 8.0, c), Align2::RIGHT_CENTER, 12.0, PRIMARY, &k.m.lang.eta(other.eta_s, other.by));
    let fit = if other.fit == Fit::Exact { String::new() } else { format!("・{}", k.t(tr::STANDS_IN)) };
    let name = format!("{kind}{}{fit}", team.name);
    k.fit(pos2(left, c), Align2::LEFT_CENTER, 13.0, SECONDARY, &name, eta.left() - left - 8.0);
    is_chosen.then_some(Act::Swap(j))
}

/// `直升机・`, so that what it is is read before its name; nothing for teams.
fn kind_prefix(k: &Kit<'_>, team: &Team) -> String {
    match team.kind {
        UnitKind::Team => String::new(),
        kind => format!("{}・", k.m.lang.unit_kind(kind)),
    }
}

/// A team that is out: when it must speak, or since when it has not.
fn out_ui(k: &Kit<'_>, rect: Rect, i: usize, id: &TeamId) -> Option<Act> {
    let (city, lang, now) = (k.m.city, k.m.lang, k.now());
    let (team, outing) = (city.teams.get(id)?, city.outings.get(id)?);
    let is_silent = outing.n_missed > 0 || now > outing.check_in_by;
    let (left, right) = (rect.left() + 40.0, rect.right() - 12.0);
    let (upper, lower) = (rect.top() + 18.0, rect.top() + 43.0);
    let is_pressed = k.hit(rect, row_id("out", i), &team.name).clicked();
    if is_silent {
        k.fill(Rect::from_min_size(rect.min, vec2(3.0, rect.height())), 0.0, RED_STROKE);
    }
    k.team(
        pos2(rect.left() + 24.0, rect.center().y),
        22.0,
        team.glyph(),
        if is_silent { OFFLINE } else { SYMBOL_TEAM },
    );
    let heard_at = outing.last_word.as_ref().map_or(outing.since, |(at, _)| *at);
    let (state, ink) = match is_silent {
        true => (lang.fill(tr::SILENT_FOR, &[&mmss(now.since_ms(heard_at))]), PRIMARY),
        false => (lang.fill(tr::CHECK_IN_LEFT, &[&mmss(outing.check_in_by.since_ms(now))]), SECONDARY),
    };
    let state = k.bold(pos2(right, upper), Align2::RIGHT_CENTER, 13.0, ink, &state);
    k.bold_fit(pos2(left, upper), Align2::LEFT_CENTER, 14.0, PRIMARY, &team.name, state.left() - left - 8.0);

    let home = Rect::from_center_size(pos2(right - 26.0, lower), vec2(52.0, 28.0));
    let spoke = home.translate(vec2(-60.0, 0.0));
    let purpose = city.assignments.get(id).map_or("—", |(_, purpose)| &**purpose);
    let word = match &outing.last_word {
        Some((at, note)) => format!("{} {note}", at.hm()),
        None => k.t(tr::NO_WORD).to_owned(),
    };
    let missed = match outing.n_missed {
        0 => String::new(),
        n => format!("{}・", lang.fill(tr::MISSED_N, &[&n.to_string()])),
    };
    let sub = format!("{missed}{word}・{purpose}");
    k.fit(pos2(left, lower), Align2::LEFT_CENTER, 12.0, TERTIARY, &sub, spoke.left() - left - 8.0);
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
    let check_in = Command::CheckIn { team: id.clone(), note: k.t(tr::CHECKED_BY_HAND).into() };
    let release = Command::ReleaseTeam { team: id.clone() };
    for (at, label, command) in [(spoke, tr::CHECK_IN, check_in), (home, tr::CALL_HOME, release)] {
        let label = k.t(label);
        let is_barred = press::refused(k, &command).is_some();
        if press::guarded_ui(k, at, row_id(label, i), 12.0, label, is_barred) {
            return Some(Act::Send(command));
        }
    }
    is_pressed.then(|| Act::Select(id.clone()))
}

/// What is needed, how many, why, and where: the place last pressed on the map, else the selected thing's.
fn form_ui(
    k: &Kit<'_>,
    rect: Rect,
    form: &mut Form,
    place: Option<LonLat>,
    from_order: Option<OrderId>,
) -> Option<Act> {
    k.fill(rect, 0.0, RAISED);
    let area = rect.shrink2(vec2(12.0, 10.0));
    let width = (area.width() - 24.0) / 4.0;
    for (i, what) in Capability::ALL.into_iter().enumerate() {
        let at = area.min + vec2((width + 8.0) * (i % 4) as f32, 34.0 * (i / 4) as f32);
        let chip = Rect::from_min_size(at, vec2(width, 28.0));
        if press::choice_ui(k, chip, row_id("need-what", i), k.m.lang.capability(what), form.what == what) {
            form.what = what;
        }
    }
    let y = area.top() + 72.0;
    let figure = k.m.lang.fill(tr::N_TEAMS, &[&form.how_many.to_string()]);
    let by = tools::stepper_ui(k, pos2(area.left(), y), area.width(), tr::HOW_MANY, &figure);
    form.how_many = form.how_many.saturating_add_signed(by as i32).clamp(1, MAX_WANTED);
    let line = Rect::from_min_size(pos2(area.left(), y + 36.0), vec2(area.width(), 32.0));
    press::line_ui(k, line, "need-why", &mut form.why, tr::NEED_WHY, tr::NEED_WHY_HINT, &mut false);
    let place_line = match place {
        Some(at) => k.m.lang.fill(tr::NEED_AT, &[&place_text(k, at)]),
        None => k.t(tr::NEED_NO_PLACE).to_owned(),
    };
    let ink = if place.is_some() { SECONDARY } else { LATE };
    k.fit(pos2(area.left(), y + 84.0), Align2::LEFT_CENTER, 12.0, ink, &place_line, area.width());
    let at = place?;
    let typed = form.why.trim();
    let why: Text = if typed.is_empty() { k.t(usual_reason(form.what)).into() } else { typed.into() };
    let command = Command::RaiseNeed { what: form.what, how_many: form.how_many, at, why, from_order };
    let refused = press::refused(k, &command);
    let button = Rect::from_min_size(pos2(area.left(), y + 100.0), vec2(120.0, 32.0));
    if let Some(why) = &refused {
        let at = Rect::from_min_max(pos2(button.right() + 8.0, button.top() - 2.0), pos2(area.right(), area.bottom()));
        k.wrap(at, 11.0, TERTIARY, why);
    }
    press::guarded_ui(k, button, "need-put", 13.0, k.t(tr::PUT_NEED), refused.is_some()).then_some(Act::Raise(command))
}

fn usual_reason(what: Capability) -> Tr {
    match what {
        Capability::Rescue => tr::WHY_RESCUE,
        Capability::Fire => tr::WHY_FIRE,
        Capability::Water => tr::WHY_WATER,
        Capability::Drainage => tr::WHY_DRAINAGE,
        Capability::Power => tr::WHY_POWER,
        Capability::Medical => tr::WHY_MEDICAL,
        Capability::City => tr::WHY_CITY,
        Capability::Look => tr::WHY_LOOK,
    }
}

fn obey(k: &mut Kit<'_>, needs: &mut Needs, act: Act) {
    match act {
        Act::Toggle(i) => {
            if let Some(line) = needs.lines.get_mut(i) {
                line.is_ticked = !line.is_ticked;
            }
        }
        Act::List(i) => {
            let is_listed = needs.others.as_ref().is_some_and(|(of, _)| *of == i);
            needs.others = if is_listed { None } else { Some((i, others_for(k, needs, i))) };
        }
        Act::Swap(j) => {
            let Some((i, others)) = needs.others.take() else { return };
            let (Some(line), Some(other)) = (needs.lines.get_mut(i), others.into_iter().nth(j)) else { return };
            let name = |id: &TeamId| k.m.city.teams.get(id).map_or(id.to_string(), |it| it.name.to_string());
            line.why = k.m.lang.fill(tr::CHANGED_BY_HAND, &[&name(&line.proposed)]);
            line.team = other.team;
            (line.eta_s, line.by, line.is_ticked) = (other.eta_s, other.by, true);
        }
        Act::Closing(need) => needs.closing = need,
        Act::Send(command) => {
            needs.closing = None;
            k.out.push(UiCommand::Submit(command));
        }
        Act::Raise(command) => {
            needs.form = None;
            k.out.push(UiCommand::Submit(command));
        }
        Act::Fly(at) => k.out.push(UiCommand::FlyTo(at, 2_500.0)),
        Act::Select(team) => {
            let selection = Selection::Team(team);
            if let Some(at) = k.m.place_of(&selection) {
                k.out.push(UiCommand::FlyTo(at, 2_500.0));
            }
            k.out.push(UiCommand::Select(Some(selection)));
        }
    }
}

/// The nearest free teams that can do it and are on no line.
fn others_for(k: &Kit<'_>, needs: &Needs, i: usize) -> Vec<Other> {
    let city = k.m.city;
    let Some(need) = needs.lines.get(i).and_then(|it| city.needs.get(&it.need)) else { return Vec::new() };
    let taken: BTreeSet<&TeamId> = needs.lines.iter().map(|it| &it.team).collect();
    city.nearest_able(need.at, None, city.teams.len(), k.m.readings, k.m.ground(), k.now())
        .into_iter()
        .filter(|near| !taken.contains(&near.team.id))
        .filter_map(|near| {
            let fit = near.team.fit(need.what)?;
            Some(Other { team: near.team.id.clone(), fit, eta_s: near.eta_s, by: near.by, bar: near.bar })
        })
        .take(N_OTHERS)
        .collect()
}

/// As of when, and the one button that sends.
fn foot_ui(k: &mut Kit<'_>, needs: &mut Needs, rect: Rect) {
    k.fill(rect, 0.0, PANEL);
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    let again = Rect::from_min_size(pos2(right - 60.0, rect.top() + 5.0), vec2(60.0, 28.0));
    let note = k.m.lang.fill(tr::PROPOSED_AT, &[&needs.made_at.hms(), k.t(tr::ETA_BASIS)]);
    let at = pos2(left, again.center().y);
    k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, &note, again.left() - left - 8.0);
    if k.button(again, "propose-again", 12.0, k.t(tr::PROPOSE_AGAIN), false)
        && let Some(basis) = needs.basis.take()
    {
        propose(k, needs, basis);
    }
    let ticked: Vec<&Line> = needs.lines.iter().filter(|it| it.is_ticked).collect();
    let pairs: Vec<(TeamId, NeedId)> = ticked.iter().map(|it| (it.team.clone(), it.need)).collect();
    let n_changed = ticked.iter().filter(|it| it.team != it.proposed).count();
    let reason = match n_changed {
        0 => k.t(tr::SENT_AS_PROPOSED).to_owned(),
        n => k.m.lang.fill(tr::SENT_AS_CHANGED, &[&n.to_string()]),
    };
    let label = k.m.lang.fill(tr::SEND_N, &[&pairs.len().to_string()]);
    let is_empty = pairs.is_empty();
    let command = Command::AssignTeams { pairs, reason: reason.into() };
    let why_not = if is_empty { Some(k.t(tr::NOTHING_TICKED).to_owned()) } else { press::refused(k, &command) };
    let hold = Rect::from_min_max(pos2(left, rect.top() + 38.0), pos2(right, rect.bottom() - 8.0));
    let held = press::Hold {
        id: "hold-send",
        label: &label,
        why_not: why_not.as_deref(),
        ms: press::HOLD_SEND_MS,
        is_default: false,
    };
    if press::hold_ui(k, hold, &held, &mut needs.hold_since) {
        k.out.push(UiCommand::Submit(command));
    }
}

/// `近五缘湾`, or the degrees where no name is near.
fn place_text(k: &Kit<'_>, at: LonLat) -> String {
    let near = k.m.names.places.iter().map(|it| (it.at.distance_m(at), &it.name));
    match near.filter(|(m, _)| *m <= NEAR_M).min_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, name)) => k.m.lang.fill(tr::NEAR_PLACE, &[name]),
        None => format!("{:.4}, {:.4}", at.0, at.1),
    }
}
