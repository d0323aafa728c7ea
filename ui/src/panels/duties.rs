//! 事项清单: what happened is typed, whose duty it is comes up. It looks up; nothing here sends anything.

use super::kit::{Kit, row_id};
use super::{PanelState, UiCommand, drawer, press};
use crate::duties::{Duty, DutyAnswer};
use crate::i18n::{Lang, Tr, tr};
use crate::theme::*;
use egui::{Align2, Key, Modifiers, Rect, pos2, vec2};

/// What was typed, and what the hub found for it.
#[derive(Default)]
pub(super) struct Duties {
    query: String,
    /// The line as of the last frame, and since when on egui's clock (s).
    seen: String,
    typed_at: f64,
    /// What was asked last; `None` asks anew.
    asked: Option<String>,
    /// Of what was asked last; other answers are passed over.
    ticket: u64,
    is_waiting: bool,
    found: Vec<Duty>,
    failed: Option<String>,
    chosen: usize,
    is_open: bool,
    /// The line wants the keyboard.
    wants_focus: bool,
}

/// Asked once nobody has typed for so long, s.
const DEBOUNCE_S: f64 = 0.15;
const LINE_H: f32 = 44.0;
const ROW_H: f32 = 52.0;
/// The chosen one opened: its words, who helps, the clause, whom to call.
const OPEN_H: f32 = 158.0;
const FOOT_H: f32 = 28.0;
const LABEL_W: f32 = 44.0;

impl Duties {
    /// The drawer was opened: typing starts at once, and the hub is asked anew.
    pub fn begin(&mut self) {
        self.wants_focus = true;
        self.asked = None;
    }

    pub fn take(&mut self, ticket: u64, answer: DutyAnswer) {
        if ticket != self.ticket {
            return;
        }
        self.is_waiting = false;
        self.chosen = 0;
        self.is_open = false;
        match answer {
            Ok(found) => (self.found, self.failed) = (found, None),
            // What an earlier query found would pass for the answer.
            Err(why) => (self.found, self.failed) = (Vec::new(), Some(why)),
        }
    }
}

pub(super) fn duties_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let is_example = state.duties.found.iter().any(|it| it.is_example);
    let sub = if is_example { tr::DUTIES_EXAMPLE } else { tr::DUTIES_SUB };
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::DUTIES), k.t(sub)) else { return };
    let mut duties = std::mem::take(&mut state.duties);
    body_ui(k, state, &mut duties, body);
    state.duties = duties;
}

fn body_ui(k: &mut Kit<'_>, state: &mut PanelState, duties: &mut Duties, body: Rect) {
    let line = Rect::from_min_size(body.min, vec2(body.width(), LINE_H)).shrink2(vec2(12.0, 7.0));
    // Taken before the line sees them: it would move its cursor.
    let (step, is_entered) = k.ui.input_mut(|input| {
        let down = input.consume_key(Modifiers::NONE, Key::ArrowDown);
        let up = input.consume_key(Modifiers::NONE, Key::ArrowUp);
        (i32::from(down) - i32::from(up), input.consume_key(Modifiers::NONE, Key::Enter))
    });
    press::line_ui(k, line, "duties-line", &mut duties.query, tr::DUTIES, tr::DUTIES_HINT, &mut duties.wants_focus);
    if is_entered && duties.failed.is_some() {
        duties.asked = None;
    } else if is_entered {
        duties.is_open = !duties.is_open;
    }
    ask(k, duties);
    let n = duties.found.len();
    duties.chosen = duties.chosen.saturating_add_signed(step as isize).min(n.saturating_sub(1));

    let list = Rect::from_min_max(pos2(body.left(), line.bottom() + 7.0), pos2(body.right(), body.bottom() - FOOT_H));
    let (chosen, is_open) = (duties.chosen, duties.is_open);
    let height = |i: usize| if is_open && i == chosen { ROW_H + OPEN_H } else { ROW_H };
    if step != 0 || is_entered {
        // The chosen row stays in sight.
        let top = chosen as f32 * ROW_H;
        let lowest = (top + height(chosen) - list.height()).max(0.0);
        state.drawer_scroll = state.drawer_scroll.clamp(((lowest / ROW_H).ceil() * ROW_H).min(top), top);
    }
    let first = drawer::scroll(k, state, list, (0..n).map(height));
    let mut pressed = None;
    let mut y = list.top();
    for (i, duty) in duties.found.iter().enumerate().skip(first) {
        let row = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), height(i)));
        if row.bottom() > list.bottom() + 0.5 {
            break;
        }
        y = row.bottom();
        if row_ui(k, row, i, duty, i == chosen) {
            pressed = Some(i);
        }
        if is_open && i == chosen {
            open_ui(k, Rect::from_min_max(pos2(row.left(), row.top() + ROW_H), row.max), duty);
        }
    }
    if let Some(i) = pressed {
        duties.is_open = !(duties.is_open && duties.chosen == i);
        duties.chosen = i;
    }
    let is_asked = duties.asked.as_deref() == Some(duties.query.trim()) && !duties.is_waiting;
    if let Some(why) = &duties.failed {
        let at = Rect::from_min_max(pos2(list.left() + 14.0, list.top() + 24.0), list.max - vec2(12.0, 0.0));
        k.wrap(at, 14.0, LATE, &failure(k.m.lang, why));
    } else if n == 0 && is_asked {
        k.fit_center(list, 13.0, TERTIARY, k.t(tr::DUTIES_NONE), false);
    }
    let foot = match (is_asked, n) {
        (false, _) => k.t(tr::DUTIES_ASKING).to_owned(),
        (true, 0) => String::new(),
        (true, n) => k.m.lang.fill(tr::FIND_N, &[&n.to_string()]),
    };
    let y = body.bottom() - FOOT_H * 0.5;
    let keys = k.text(pos2(body.right() - 12.0, y), Align2::RIGHT_CENTER, 12.0, QUIET, k.t(tr::DUTIES_KEYS));
    let room = keys.left() - body.left() - 20.0;
    k.fit(pos2(body.left() + 12.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &foot, room);
}

/// Asks the hub once the line has stood still for a moment.
fn ask(k: &mut Kit<'_>, duties: &mut Duties) {
    let time = k.ui.input(|input| input.time);
    if duties.seen != duties.query {
        duties.seen.clone_from(&duties.query);
        duties.typed_at = time;
    }
    let query = duties.query.trim();
    if duties.asked.as_deref() == Some(query) {
        return;
    }
    let wait = DEBOUNCE_S - (time - duties.typed_at);
    if wait > 0.0 && duties.asked.is_some() {
        k.ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(wait));
        return;
    }
    duties.ticket += 1;
    duties.is_waiting = true;
    duties.asked = Some(query.to_owned());
    k.out.push(UiCommand::FindDuties { ticket: duties.ticket, query: query.to_owned() });
}

/// What the officer reads when the hub does not answer.
fn failure(lang: Lang, why: &str) -> String {
    let text = match why {
        why if why.contains("HTTP 404") => lang.t(tr::DUTIES_NO_LIST).to_owned(),
        why if why.contains("HTTP 503") => lang.t(tr::DUTIES_BUILDING).to_owned(),
        why => lang.fill(tr::DUTIES_FAILED, &[why]),
    };
    format!("{text}。{}", lang.t(tr::DUTIES_AGAIN))
}

fn row_ui(k: &Kit<'_>, rect: Rect, i: usize, duty: &Duty, is_chosen: bool) -> bool {
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), ROW_H));
    if is_chosen {
        k.fill(head, 0.0, SELECTED);
        k.fill(Rect::from_min_size(rect.min, vec2(3.0, rect.height())), 0.0, ACCENT);
    }
    let response = k.hit(head, row_id("duty", i), &duty.title);
    let (left, right) = (head.left() + 14.0, head.right() - 12.0);
    let y = head.top() + 17.0;
    let within = within(k.m.lang, duty.respond_mins);
    let time = k.text(pos2(right, y), Align2::RIGHT_CENTER, 13.0, SECONDARY, &within);
    k.bold_fit(pos2(left, y), Align2::LEFT_CENTER, 14.0, PRIMARY, &duty.title, time.left() - left - 10.0);
    let y = head.top() + 37.0;
    let mut end = right;
    if duty.is_example {
        let label = k.t(tr::EXAMPLE);
        end -= k.width(11.0, label) + 12.0;
        k.chip(pos2(end, y), 11.0, label, None, STRONG, TERTIARY);
        end -= 8.0;
    }
    let sub = format!("{}・{}", duty.area, or_dash(&duty.lead_name));
    k.fit(pos2(left, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &sub, end - left);
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
    response.clicked()
}

/// The whole of one duty, under its row.
fn open_ui(k: &Kit<'_>, rect: Rect, duty: &Duty) {
    let (left, right) = (rect.left() + 14.0, rect.right() - 12.0);
    let lines =
        |top: f32, left: f32| Rect::from_min_max(pos2(left, rect.top() + top), pos2(right, rect.top() + top + 36.0));
    k.wrap(lines(6.0, left), 12.0, SECONDARY, &duty.snippet);
    let label = |y: f32, name: Tr| {
        k.text(pos2(left, rect.top() + y), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(name));
    };
    let x = left + LABEL_W;
    let supporting =
        if duty.supporting_names.is_empty() { "—".to_owned() } else { duty.supporting_names.join("、") };
    label(56.0, tr::DUTY_SUPPORTING);
    k.wrap(lines(47.0, x), 12.0, SECONDARY, &supporting);
    label(96.0, tr::DUTY_CLAUSE);
    k.fit(pos2(x, rect.top() + 96.0), Align2::LEFT_CENTER, 12.0, SECONDARY, or_dash(&duty.clause), right - x);
    label(117.0, tr::DUTY_CONTACT);
    k.fit(pos2(x, rect.top() + 117.0), Align2::LEFT_CENTER, 12.0, SECONDARY, or_dash(&duty.contact), right - x);
    label(140.0, tr::DUTY_PHONE);
    k.bold_fit(pos2(x, rect.top() + 140.0), Align2::LEFT_CENTER, 16.0, PRIMARY, or_dash(&duty.phone), right - x);
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "—" } else { text }
}

/// How soon it is to be answered.
fn within(lang: Lang, mins: Option<u32>) -> String {
    match mins {
        None => "—".to_owned(),
        Some(mins) if mins >= 2880 && mins.is_multiple_of(1440) => {
            lang.fill(tr::WITHIN_DAYS, &[&(mins / 1440).to_string()])
        }
        Some(mins) if mins >= 120 && mins.is_multiple_of(60) => {
            lang.fill(tr::WITHIN_HOURS, &[&(mins / 60).to_string()])
        }
        Some(mins) => lang.fill(tr::WITHIN_MINS, &[&mins.to_string()]),
    }
}
