//! The card of the selected thing, over the map and clear of its target.

use super::attach::{Attached, attach_ui};
use super::digest::{budget_of, district_name};
use super::event_list::alarm_value;
use super::kit::{Kit, RealmMark, exact, fresh, fresh_value, freshness_mark, mmss, realm_mark, row_id};
use super::pick::{AgencyPick, agency_ui};
use super::{PanelState, Selection, UiCommand, amend, case_more, events, press};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, Stroke, pos2, vec2};
use gulang_city::*;

/// What a card says.
#[derive(Default)]
struct Card {
    level: Option<(WarningColor, bool)>,
    title: String,
    lines: Vec<String>,
    /// What is wrong with it, under the lines.
    flags: Vec<String>,
    /// A reading with its age.
    reading: Option<(String, Budget, Timestamp)>,
    actions: Vec<(Tr, Does)>,
}

/// What a button of a card does.
enum Does {
    Submit(Command),
    /// Opens the form that asks for what the command needs beside the case.
    Ask(CaseId, CaseAct),
    /// Opens the form for other words in an order's place.
    Amend(OrderId),
    /// Opens the form that asks until when and why.
    Shelve(AlarmId),
    /// Asks the case's platform, or puts its answer away.
    Process(CaseId),
}

/// What an officer does to a case that takes a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaseAct {
    Return,
    Transfer,
    Postpone,
    Cancel,
    /// 处置反馈, and what a look on the spot found.
    Dispose,
    CheckPassed,
    CheckFailed,
}

/// The form of a [`CaseAct`], over its card.
pub(super) struct CaseForm {
    case: CaseId,
    act: CaseAct,
    /// Of [`CaseAct::reasons`].
    reason: usize,
    /// Instead of `reason`, if anything.
    typed: String,
    /// Of [`POSTPONE_HOURS`].
    later: usize,
    /// Whom a transfer goes to.
    to: AgencyPick,
}

const POSTPONE_HOURS: [i64; 3] = [4, 24, 72];
const FORM_ROW: f32 = 36.0;

impl CaseAct {
    fn name(self) -> Tr {
        match self {
            Self::Return => tr::CASE_RETURN,
            Self::Transfer => tr::CASE_TRANSFER,
            Self::Postpone => tr::CASE_POSTPONE,
            Self::Cancel => tr::CASE_CANCEL,
            Self::Dispose => tr::CASE_DISPOSE,
            Self::CheckPassed => tr::CASE_CHECK_PASSED,
            Self::CheckFailed => tr::CASE_CHECK_FAILED,
        }
    }

    /// What it is on the case, for those that are steps.
    fn step(self) -> Option<CaseStep> {
        match self {
            Self::Dispose => Some(CaseStep::Dispose),
            Self::CheckPassed => Some(CaseStep::Check { passed: true }),
            Self::CheckFailed => Some(CaseStep::Check { passed: false }),
            Self::Return | Self::Transfer | Self::Postpone | Self::Cancel => None,
        }
    }

    /// As roles name it.
    fn kind(self) -> &'static str {
        match self {
            Self::Return => "return_case",
            Self::Transfer => "transfer_case",
            Self::Postpone => "postpone_case",
            Self::Cancel => "cancel_case",
            Self::Dispose | Self::CheckPassed | Self::CheckFailed => "step_case",
        }
    }

    fn reasons(self) -> [Tr; 3] {
        match self {
            Self::Return => [tr::RETURN_UNDONE, tr::RETURN_WRONG, tr::RETURN_NO_PROOF],
            Self::Transfer => [tr::TRANSFER_DUTY, tr::TRANSFER_AREA, tr::TRANSFER_ABLE],
            Self::Postpone => [tr::POSTPONE_WEATHER, tr::POSTPONE_PARTS, tr::POSTPONE_JOINT],
            Self::Cancel => [tr::CANCEL_TWICE, tr::CANCEL_FALSE, tr::CANCEL_ELSEWHERE],
            Self::Dispose => [tr::DISPOSE_DONE, tr::DISPOSE_SECURED, tr::DISPOSE_HANDED],
            Self::CheckPassed => [tr::CHECK_CLEAN, tr::CHECK_REPAIRED, tr::CHECK_BY_PICTURE],
            Self::CheckFailed => [tr::RETURN_UNDONE, tr::RETURN_WRONG, tr::RETURN_NO_PROOF],
        }
    }
}

impl CaseForm {
    fn height(&self) -> f32 {
        let n_rows = match self.act {
            CaseAct::Transfer => 5.0,
            CaseAct::Postpone | CaseAct::Dispose | CaseAct::CheckPassed | CaseAct::CheckFailed => 4.0,
            CaseAct::Return | CaseAct::Cancel => 3.0,
        };
        FORM_ROW * n_rows + REASON_H
    }

    /// Whether pictures may go with it.
    pub fn takes_pictures(&self) -> bool {
        self.act.step().is_some()
    }

    /// Later than now and than it was due.
    fn new_due(&self, k: &Kit<'_>, case: &Case) -> Timestamp {
        k.now().max(case.report.due_at).plus_mins(POSTPONE_HOURS[self.later] * 60)
    }

    /// None while nobody is chosen to transfer to.
    fn command(&self, k: &Kit<'_>, case: &Case, media: Vec<Text>) -> Option<Command> {
        let typed = self.typed.trim();
        let reason: Text = if typed.is_empty() { k.t(self.act.reasons()[self.reason]).into() } else { typed.into() };
        Some(match self.act {
            CaseAct::Return => Command::ReturnCase { case: case.id, to: None, reason },
            CaseAct::Transfer => Command::TransferCase { case: case.id, to: self.to.chosen.clone()?, reason },
            CaseAct::Postpone => Command::PostponeCase { case: case.id, due_at: self.new_due(k, case), reason },
            CaseAct::Cancel => Command::CancelCase { case: case.id, reason },
            CaseAct::Dispose | CaseAct::CheckPassed | CaseAct::CheckFailed => {
                Command::StepCase { case: case.id, step: self.act.step()?, note: reason, media }
            }
        })
    }
}

/// Two lines of why something may not be done.
const REASON_H: f32 = 38.0;

pub(super) fn card_ui(k: &mut Kit<'_>, state: &mut PanelState, map: Rect, selection: &Selection) {
    let Some(mut card) = card_of(k, selection) else { return };
    if let Selection::Case(id) = selection {
        card.lines.extend(state.processes.lines(k, *id));
    }
    let form = state.case_form.take().filter(|it| *selection == Selection::Case(it.case));
    let amend = state.amend.take().filter(|it| *selection == Selection::Order(it.order));
    let n_lines = card.lines.len() + card.flags.len() + usize::from(card.reading.is_some());
    let barred: Vec<Option<String>> = card.actions.iter().map(|(_, does)| barred(k, does)).collect();
    let reason = barred.iter().flatten().next().filter(|_| form.is_none() && amend.is_none());
    let width = 340.0f32.min(map.width() - 16.0);
    let buttons = button_places(k, &card.actions, width - 24.0);
    let buttons_h = buttons.last().map_or(0.0, |it| it.bottom() + 10.0);
    let actions_h = if buttons.is_empty() { 6.0 } else { buttons_h + 4.0 };
    let under_h = match (&form, &amend) {
        (Some(form), _) => form.height(),
        (None, Some(_)) => amend::HEIGHT,
        (None, None) => reason.map_or(0.0, |_| REASON_H),
    };
    let picture_h = match selection {
        Selection::Case(id) => state.processes.picture_height(*id),
        _ => 0.0,
    };
    let height = 44.0 + 20.0 * n_lines as f32 + picture_h + actions_h + under_h;
    let size = vec2(width, height);
    let at = match state.selection_on_screen {
        Some(target) if map.contains(target) => beside(map, target, size),
        _ => pos2((map.right() - size.x - 12.0).max(map.left()), map.bottom() - size.y - 44.0),
    };
    let rect = Rect::from_min_size(at, size);
    if let Some(target) = state.selection_on_screen.filter(|it| map.contains(*it)) {
        let from = rect.clamp(target);
        k.painter().line_segment([from, target], Stroke::new(1.0, STRONG));
    }
    state.over_map.push(rect);
    k.fill(rect, 4.0, PANEL);
    k.outline(rect, 4.0, 1.0, STRONG);
    let mut x = rect.left() + 12.0;
    let y = rect.top() + 21.0;
    if let Some((color, acknowledged)) = card.level {
        k.level(pos2(x + 10.0, y), 20.0, color, acknowledged);
        x += 28.0;
    }
    x += realm_mark(k, RealmMark::Chip(pos2(x, y), 12.0));
    k.bold_fit(pos2(x, y), Align2::LEFT_CENTER, 15.0, PRIMARY, &card.title, rect.right() - x - 36.0);
    let close = Rect::from_center_size(pos2(rect.right() - 18.0, y), vec2(28.0, 28.0));
    if k.hit(close, "card-close", k.t(tr::CLOSE)).clicked() {
        k.out.push(UiCommand::Select(None));
    }
    k.text(close.center(), Align2::CENTER_CENTER, 14.0, TERTIARY, "×");
    let mut y = rect.top() + 48.0;
    if let Some((text, budget, as_of)) = &card.reading {
        let (text, ink) = fresh_value(fresh(k.m, *budget, *as_of), text.clone(), PRIMARY);
        k.bold(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 16.0, ink, &text);
        freshness_mark(k, pos2(rect.right() - 12.0, y), 12.0, *budget, *as_of);
        y += 20.0;
    }
    for line in &card.lines {
        k.fit(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 13.0, SECONDARY, line, size.x - 24.0);
        y += 20.0;
    }
    for flag in &card.flags {
        k.bold_fit(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 13.0, LATE, flag, size.x - 24.0);
        y += 20.0;
    }
    if let Selection::Case(id) = selection
        && picture_h > 0.0
    {
        let at = Rect::from_min_size(pos2(rect.left() + 12.0, y - 10.0), vec2(size.x - 24.0, picture_h - 8.0));
        state.processes.picture_ui(k, *id, at);
    }
    let under = Rect::from_min_max(pos2(rect.left() + 12.0, rect.bottom() - under_h), rect.max - vec2(12.0, 0.0));
    let first = vec2(rect.left() + 12.0, under.top() - buttons_h);
    let (mut asked, mut amended) = (None, None);
    let mut process = None;
    for (((label, does), barred), button) in card.actions.into_iter().zip(&barred).zip(buttons) {
        let label = k.t(label);
        let button = button.translate(first);
        if press::guarded_ui(k, button, ("card", label), 13.0, label, barred.is_some()) {
            match does {
                Does::Submit(command) => k.out.push(UiCommand::Submit(command)),
                Does::Ask(case, act) => asked = Some((case, act)),
                Does::Amend(order) => amended = Some(order),
                Does::Process(case) => process = Some(case),
                Does::Shelve(alarm) => events::shelve(k.m, state, events::Target::Alarm(alarm)),
            }
        }
    }
    if let Some(case) = process.filter(|it| state.processes.toggle(*it)) {
        k.out.push(UiCommand::AskProcess(case));
    }
    if let Some(reason) = reason {
        k.wrap(under, 12.0, TERTIARY, reason);
    }
    if asked.is_some() {
        state.attached.clear();
    }
    let form = match (asked, form) {
        // The same button again puts its form away.
        (Some((_, act)), Some(form)) if form.act == act => None,
        (Some((case, act)), _) => {
            let to = if act == CaseAct::Transfer { AgencyPick::focused() } else { AgencyPick::default() };
            Some(CaseForm { case, act, reason: 0, typed: String::new(), later: 0, to })
        }
        (None, form) => form,
    };
    let attached = &mut state.attached;
    state.case_form = form.and_then(|form| form_ui(k, attached, form, under));
    if state.case_form.is_none() {
        state.attached.clear();
    }
    let amend = match (amended, amend) {
        // The same button again puts its form away.
        (Some(_), Some(_)) => None,
        (Some(order), None) => k.m.city.orders.get(&order).map(|it| amend::AmendForm::of(it, k.now())),
        (None, amend) => amend,
    };
    state.amend = amend.and_then(|it| amend::form_ui(k, it, under));
}

/// Where the buttons lie from the first one's corner, in rows no wider than the card.
fn button_places(k: &Kit<'_>, actions: &[(Tr, Does)], width: f32) -> Vec<Rect> {
    let mut at = pos2(0.0, 0.0);
    let place = |(label, _): &(Tr, Does)| {
        let size = vec2(k.width(13.0, k.t(*label)) + 24.0, 30.0);
        if at.x > 0.0 && at.x + size.x > width {
            at = pos2(0.0, at.y + 36.0);
        }
        let button = Rect::from_min_size(at, size);
        at.x = button.right() + 8.0;
        button
    };
    actions.iter().map(place).collect()
}

/// Why a button may not be pressed: the seat's role, or for what needs nothing more, the rules themselves.
fn barred(k: &Kit<'_>, does: &Does) -> Option<String> {
    match does {
        Does::Ask(_, act) => press::barred(k, act.kind()),
        Does::Amend(_) => press::barred(k, "amend_order"),
        Does::Shelve(_) => press::barred(k, "shelve_alarm"),
        // To look is everybody's; a review has nobody to ask.
        Does::Process(_) => k.m.is_replay().then(|| k.t(tr::REPLAY_NO_ORDERS).to_owned()),
        Does::Submit(
            command @ (Command::SuperviseCase { .. }
            | Command::PressCase { .. }
            | Command::StepCase { .. }
            | Command::AskCall { .. }),
        ) => press::refused(k, command),
        Does::Submit(command) => press::barred(k, command.kind()),
    }
}

/// A reason from three or typed, for a postponement how long, and the button that sends it. `None` once it was sent or
/// put away.
fn form_ui(k: &mut Kit<'_>, attached: &mut Attached, mut form: CaseForm, rect: Rect) -> Option<CaseForm> {
    // A form just opened has its room from the next frame on.
    if rect.height() + 0.5 < form.height() {
        return Some(form);
    }
    let case = k.m.city.cases.get(&form.case)?;
    let width = (rect.width() - 16.0) / 3.0;
    let cell = |row: usize, i: usize| {
        let at = rect.min + vec2((width + 8.0) * i as f32, FORM_ROW * row as f32);
        Rect::from_min_size(at, vec2(width, 30.0))
    };
    for (i, reason) in form.act.reasons().into_iter().enumerate() {
        let is_chosen = form.reason == i && form.typed.trim().is_empty();
        if press::choice_ui(k, cell(0, i), row_id("case-reason", i), k.t(reason), is_chosen) {
            form.reason = i;
            form.typed.clear();
        }
    }
    let line = Rect::from_min_size(cell(1, 0).min, vec2(rect.width(), 30.0));
    press::line_ui(k, line, "case-why", &mut form.typed, tr::CASE_WHY, tr::CASE_WHY_HINT, &mut false);
    let mut row = 2;
    let name = k.t(form.act.name());
    let mut label = k.m.lang.fill(tr::CASE_CONFIRM, &[name]);
    if form.act == CaseAct::Postpone {
        for (i, hours) in POSTPONE_HOURS.into_iter().enumerate() {
            let text = match hours {
                hours if hours % 24 == 0 => k.m.lang.fill(tr::PLUS_DAYS, &[&(hours / 24).to_string()]),
                hours => k.m.lang.fill(tr::PLUS_HOURS, &[&hours.to_string()]),
            };
            if press::choice_ui(k, cell(row, i), row_id("case-later", i), &text, form.later == i) {
                form.later = i;
            }
        }
        row += 1;
        let due = k.m.lang.day_time(form.new_due(k, case), k.now());
        label = format!("{label}・{}", k.m.lang.fill(tr::CASE_NEW_DUE, &[&due]));
    }
    if form.act == CaseAct::Transfer {
        let line = Rect::from_min_size(cell(row, 0).min, vec2(rect.width(), 30.0));
        let names = Rect::from_min_size(cell(row + 1, 0).min, vec2(rect.width(), 30.0));
        agency_ui(k, line, names, "case-to", &mut form.to);
        row += 2;
        if let Some(agency) = form.to.chosen.as_ref().and_then(|it| k.m.city.agencies.get(it)) {
            label = k.m.lang.fill(tr::CASE_TRANSFER_TO, &[&agency.name]);
        }
    }
    if form.takes_pictures() {
        attach_ui(k, attached, [cell(row, 0), cell(row, 1), cell(row, 2)], case.report.at);
        row += 1;
    }
    let command = form.command(k, case, attached.names());
    let refused = match &command {
        Some(_) if attached.is_busy() => Some(k.t(tr::CASE_PICTURES_WAIT).to_owned()),
        Some(command) => press::refused(k, command),
        None => Some(k.t(tr::CASE_TRANSFER_WHOM).to_owned()),
    };
    let confirm = Rect::from_min_max(cell(row, 0).min, pos2(cell(row, 1).right(), cell(row, 1).bottom()));
    let left_out = attached.refused().map(|why| k.m.lang.fill(tr::CASE_PICTURE_REFUSED, &[why]));
    if let Some(why) = refused.as_ref().or(left_out.as_ref()) {
        let at = Rect::from_min_size(pos2(rect.left(), confirm.bottom() + 1.0), vec2(rect.width(), REASON_H));
        k.wrap(at, 12.0, TERTIARY, why);
    }
    if press::guarded_ui(k, confirm, "case-confirm", 13.0, &label, refused.is_some()) {
        k.out.extend(command.map(UiCommand::Submit));
        return None;
    }
    (!k.button(cell(row, 2), "case-not", 13.0, k.t(tr::CANCEL), false)).then_some(form)
}

/// The case's stage against its time, how it was handed about, and what it is one of.
fn case_lines(k: &Kit<'_>, card: &mut Card, case: &Case) {
    let (city, lang, now) = (k.m.city, k.m.lang, k.now());
    if let Some(clock) = city.case_clock(case) {
        let left = clock.stage_due.since_ms(now);
        let (text, ms) = if left < 0 { (tr::CASE_STAGE_OVER, -left) } else { (tr::CASE_STAGE_LEFT, left) };
        let line = lang.fill(text, &[lang.stage(case.stage), &mmss(ms), &clock.class]);
        if left < 0 {
            card.flags.push(line)
        } else {
            card.lines.push(line)
        }
        if city.case_rules.is_default {
            card.lines.push(lang.fill(tr::CASE_BASIS, &[&city.case_rules.basis]));
        }
    }
    let history = &case.history;
    let mut changes = Vec::new();
    if history.n_returned > 0 {
        changes.push(lang.fill(tr::CASE_RETURNED_N, &[&history.n_returned.to_string()]));
    }
    if history.n_postponed > 0 {
        let first = history.first_due_at.map_or("—".to_owned(), |it| lang.day_time(it, now));
        changes.push(lang.fill(tr::CASE_POSTPONED_N, &[&history.n_postponed.to_string(), &first]));
    }
    if !changes.is_empty() {
        card.lines.push(changes.join("・"));
    }
    if let Some(group) = history.group.and_then(|lead| city.case_groups.get(&lead)) {
        let first = city.cases.get(&group.lead).map_or("—", |it| &*it.report.external);
        card.lines.push(lang.fill(tr::CASE_GROUP, &[&exact(group.cases.len() as i64), first]));
    }
    if case.is_bouncing(&city.case_rules) {
        let short = |id: &AgencyId| city.agencies.get(id).map_or(id.to_string(), |it| it.short.to_string());
        let mut way: Vec<String> = history.transfers.first().map(|it| short(&it.from)).into_iter().collect();
        way.extend(history.transfers.iter().map(|it| short(&it.to)));
        card.flags.push(lang.fill(tr::CASE_BOUNCING, &[&history.transfers.len().to_string(), &way.join("→")]));
    }
    if let Some((at, why)) = &history.cancelled {
        card.flags.push(lang.fill(tr::CASE_CANCELLED, &[&lang.day_time(*at, now), why]));
    }
}

/// Beside the target, on the side with room, never over it.
fn beside(map: Rect, target: egui::Pos2, size: egui::Vec2) -> egui::Pos2 {
    let x = if target.x + 60.0 + size.x < map.right() { target.x + 60.0 } else { target.x - 60.0 - size.x };
    let y = (target.y + 24.0).min(map.bottom() - size.y - 12.0);
    pos2(x.max(map.left() + 4.0), y.max(map.top() + 48.0))
}

fn card_of(k: &Kit<'_>, selection: &Selection) -> Option<Card> {
    let (city, lang) = (k.m.city, k.m.lang);
    let mut card = Card::default();
    let district = |id: &DistrictId| district_name(city, id).to_owned();
    match selection {
        Selection::Alarm(id) => {
            let alarm = city.alarms.get(id)?;
            let subject = city.subject_of(alarm)?;
            card.level = Some((alarm.color, alarm.acknowledged.is_some()));
            card.title = format!("{} {}", subject.name(), lang.cause(subject.cause()));
            if let Some((i, _, sensor)) = city.sensors.get_full(&alarm.sensor) {
                sensor_reading(k, &mut card, i, sensor);
            }
            let raised = alarm_value(lang, alarm, &subject).unwrap_or_default();
            card.lines.push(lang.fill(tr::RAISED_AT, &[&alarm.raised_at.hm(), &raised]));
            if !alarm.why.is_empty() {
                card.lines.push(alarm.why.to_string());
            }
            if let Some((seat, at)) = &alarm.acknowledged {
                card.lines.push(lang.fill(tr::ACKNOWLEDGED_BY, &[seat.as_str(), &at.hm()]));
            }
            card.lines.push(district(subject.district()));
            if alarm.acknowledged.is_none() {
                card.actions.push((tr::ACKNOWLEDGE, Does::Submit(Command::AcknowledgeAlarm { alarm: *id })));
            }
            if alarm.color != WarningColor::Red && alarm.cleared_at.is_none() {
                card.actions.push((tr::SHELVE, Does::Shelve(*id)));
            }
        }
        Selection::Case(id) => {
            let case = city.cases.get(id)?;
            card.level = Some((case.report.color, case.stage >= CaseStage::Dispatched));
            card.title = format!("{}・{}", case.report.address, case.report.title);
            let agency = city.agencies.get(&case.report.agency).map_or("", |agency| &agency.name);
            card.lines.push(format!("{}・{agency}", district(&case.report.district)));
            let since = lang.elapsed(k.now().since_ms(case.stage_at) / 1000);
            card.lines.push(format!(
                "{} {since}・{}",
                lang.stage(case.stage),
                lang.fill(tr::DUE_AT, &[&case.report.due_at.hm()])
            ));
            card.lines.push(lang.fill(tr::PRESSED_N, &[&case.n_supervised.to_string(), &case.n_pressed.to_string()]));
            case_lines(k, &mut card, case);
            let (lines, flags) = case_more::case_lines(k, case);
            card.lines.extend(lines);
            card.flags.extend(flags);
            card.actions.push((tr::SUPERVISE, Does::Submit(Command::SuperviseCase { case: *id })));
            card.actions.push((tr::PRESS, Does::Submit(Command::PressCase { case: *id })));
            for act in [CaseAct::Return, CaseAct::Transfer, CaseAct::Postpone, CaseAct::Cancel] {
                card.actions.push((act.name(), Does::Ask(*id, act)));
            }
            if CaseStep::Sign.fits(case.stage) {
                let (note, media) = ("".into(), Vec::new());
                let sign = Command::StepCase { case: *id, step: CaseStep::Sign, note, media };
                card.actions.push((tr::CASE_SIGN, Does::Submit(sign)));
            }
            for act in [CaseAct::Dispose, CaseAct::CheckPassed, CaseAct::CheckFailed] {
                if act.step().is_some_and(|it| it.fits(case.stage)) {
                    card.actions.push((act.name(), Does::Ask(*id, act)));
                }
            }
            card.actions.push((tr::CASE_PROCESS, Does::Process(*id)));
        }
        Selection::Order(id) => {
            let order = city.orders.get(id)?;
            card.title = order.text.title.to_string();
            let agency = city.agencies.get(&order.text.agency);
            card.lines.push(format!("{}・{}", agency.map_or("", |it| &it.name), lang.channel(order.text.channel)));
            card.lines.push(order.text.body.to_string());
            card.lines.push(format!(
                "{} {}・{}",
                lang.rung(order.rung),
                order.rung_at.hm(),
                lang.fill(tr::DUE_AT, &[&order.text.due_at.hm()])
            ));
            card.lines
                .push(lang.fill(tr::ATTEMPTS_N, &[&order.n_attempts.to_string(), agency.map_or("—", |it| &it.phone)]));
            if !order.note.is_empty() {
                card.lines.push(order.note.to_string());
            }
            if let Some(old) = order.text.supersedes {
                card.lines.push(lang.fill(tr::ORDER_AMENDS, &[&old.to_string()]));
            }
            if let Some(by) = order.superseded_by {
                card.lines.push(lang.fill(tr::ORDER_AMENDED_BY, &[&by.to_string()]));
            }
            if !order.rung.is_end() {
                card.actions.push((tr::CALL_OUT, Does::Submit(Command::EscalateOrder { order: *id })));
                let reason = k.t(tr::CANCEL_REASON).into();
                card.actions.push((tr::AMEND_ORDER, Does::Amend(*id)));
                card.actions.push((tr::CANCEL_ORDER, Does::Submit(Command::CancelOrder { order: *id, reason })));
            }
        }
        Selection::Team(id) => {
            let (i, _, team) = city.teams.get_full(id)?;
            card.title = team.name.to_string();
            card.lines.push(format!(
                "{}・{}",
                district(&team.district),
                lang.fill(tr::N_PEOPLE, &[&exact(team.n_people.into())])
            ));
            match k.m.readings.teams.get(i) {
                Some(fix) => card.reading = Some((format!("{:.0} km/h", fix.speed * 3.6), Budget::Position, fix.at)),
                None => card.lines.push(k.t(tr::AT_STATION).into()),
            }
            match city.assignments.get(id) {
                Some((_, purpose)) => {
                    card.lines.push(format!("{} {purpose}", k.t(tr::ON_TASK)));
                    card.actions.push((tr::RELEASE_TEAM, Does::Submit(Command::ReleaseTeam { team: id.clone() })));
                }
                None => {
                    let purpose = k.t(tr::STAND_BY_PURPOSE).into();
                    let assign = Command::AssignTeam { team: id.clone(), order: None, purpose };
                    card.actions.push((tr::ASSIGN_TEAM, Does::Submit(assign)));
                }
            }
        }
        Selection::Sensor(id) => {
            let (i, _, sensor) = city.sensors.get_full(id)?;
            card.title = format!("{} {}", sensor.name, lang.sensor(sensor.kind));
            sensor_reading(k, &mut card, i, sensor);
            card.lines.push(district(&sensor.district));
            let limits =
                sensor.thresholds.iter().map(|it| format!("{} {}", it.color.glyph(), it.on)).collect::<Vec<_>>();
            card.lines.push(format!("{} {}", limits.join("  "), sensor.kind.unit()));
        }
        Selection::FloodPoint(id) => {
            let point = city.flood_points.get(id)?;
            let (i, _, sensor) = city.sensors.get_full(&point.sensor)?;
            card.title = point.name.to_string();
            sensor_reading(k, &mut card, i, sensor);
            card.lines.push(district(&point.district));
        }
        Selection::Drone(id) => {
            let (i, _, drone) = city.drones.get_full(id)?;
            card.title = drone.name.to_string();
            if let Some(fix) = k.m.readings.drones.get(i) {
                card.reading = Some((format!("{:.0} m  {:.1} m/s", fix.height, fix.speed), Budget::Position, fix.at));
                if fix.battery.is_finite() {
                    card.lines.push(lang.fill(tr::BATTERY, &[&format!("{:.0}", fix.battery)]));
                }
            }
            card.lines.push(city.docks.get(&drone.dock).map_or(String::new(), |dock| dock.name.to_string()));
        }
        Selection::Dock(id) => simple(&mut card, &city.docks.get(id)?.name, district(&city.docks.get(id)?.district)),
        Selection::Camera(id) => {
            simple(&mut card, &city.cameras.get(id)?.name, district(&city.cameras.get(id)?.district))
        }
        Selection::Shelter(id) => {
            let it = city.shelters.get(id)?;
            simple(&mut card, &it.name, district(&it.district));
            card.lines.push(lang.fill(tr::CAPACITY_N, &[&exact(it.capacity.into())]));
        }
        Selection::Depot(id) => {
            let it = city.depots.get(id)?;
            simple(&mut card, &it.name, district(&it.district));
            card.lines.push(it.stock.to_string());
        }
        Selection::Helipad(id) => {
            simple(&mut card, &city.helipads.get(id)?.name, district(&city.helipads.get(id)?.district))
        }
        Selection::Hospital(id) => {
            let it = city.hospitals.get(id)?;
            simple(&mut card, &it.name, district(&it.district));
            card.lines.push(lang.fill(tr::BEDS_N, &[&exact(it.n_beds.into())]));
        }
        Selection::District(id) => {
            let it = city.districts.get(id)?;
            let footing = city.footings.get(id).cloned().unwrap_or_default();
            let posture = k.t(if footing.posture == Posture::War { tr::WARTIME } else { tr::PEACETIME });
            simple(&mut card, &it.name, posture.to_owned());
        }
        Selection::Thing { inventory, handle } => {
            let inventory = k.m.inventories.get(inventory)?;
            let handle = *handle as usize;
            simple(&mut card, &inventory.name, inventory.id_of(handle));
            let state = inventory.state_of(handle).name_zh();
            let state = match inventory.value_of(handle) {
                Some(value) => format!("{}・{state}", lang.value(f64::from(value), &inventory.unit)),
                None => state.to_owned(),
            };
            card.reading = Some((state, inventory.budget, inventory.seen_at(handle)));
            let platform = city.connectors.get(&inventory.platform).map_or("", |_| inventory.platform.as_str());
            let source = if inventory.simulated { k.t(tr::SIMULATED) } else { platform };
            card.lines.push(source.to_owned());
        }
    }
    let stands =
        !matches!(selection, Selection::Team(_) | Selection::Drone(_) | Selection::District(_) | Selection::Order(_));
    let cell = k.m.place_of(selection).filter(|_| stands).and_then(|at| case_more::cell_line(k, at));
    if let Some((line, person)) = cell {
        card.lines.push(line);
        let why = card.title.as_str().into();
        let call = person.map(|person| (tr::STREET_CALL, Does::Submit(Command::AskCall { person, why })));
        card.actions.extend(call);
    }
    let nearest = k.m.place_of(selection).filter(|_| !matches!(selection, Selection::Team(_) | Selection::Drone(_)));
    if let Some(near) =
        nearest.and_then(|at| city.nearest_able(at, None, 1, k.m.readings, k.m.ground(), k.now()).into_iter().next())
        && near.bar.is_none()
    {
        let (km, eta) = (format!("{:.1}", near.distance_m / 1000.0), lang.eta(near.eta_s, near.by));
        card.lines.push(lang.fill(tr::NEAREST_TEAM, &[&near.team.name, &km, &eta]));
    }
    Some(card)
}

fn simple(card: &mut Card, name: &str, line: String) {
    card.title = name.to_owned();
    card.lines.push(line);
}

fn sensor_reading(k: &Kit<'_>, card: &mut Card, i: usize, sensor: &Sensor) {
    let (value, as_of) = k.m.readings.gauges.get(i).unwrap_or((f32::NAN, Timestamp(0)));
    let text = k.m.lang.value(f64::from(value), sensor.kind.unit());
    card.reading = Some((text, budget_of(sensor.kind), as_of));
}
