//! 谁何时知道: every moment up to the cursor with who knew it and which records say so, and one order's climb.

use super::super::PanelState;
use super::super::kit::{Kit, row_id};
use super::{Told, records, seek};
use crate::i18n::tr;
use crate::playback::Story;
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::{
    Rung, Timestamp,
    review::{Mark, Moment, OrderStory},
};

const ROW: f32 = 40.0;
const RUNG_H: f32 = 22.0;

pub(super) fn story_ui(k: &mut Kit<'_>, state: &mut PanelState, story: &Story, told: Told, rect: Rect) {
    let now = state.replay.cursor.at(k.now());
    let sub = k.m.lang.fill(tr::UP_TO, &[&now.hms()]);
    let mut body = k.panel(rect, k.t(tr::WHO_KNEW), &sub);
    let close = Rect::from_center_size(pos2(rect.right() - 18.0, rect.top() + 16.0), vec2(28.0, 28.0));
    k.text(close.center(), Align2::CENTER_CENTER, 16.0, SECONDARY, "×");
    if k.hit(close, "story-close", k.t(tr::CLOSE)).clicked() {
        state.replay.told = None;
    }
    let order = match told {
        Told::Order(id) => story.review.orders.iter().find(|it| it.order == id),
        Told::Moments => None,
    };
    if let Some(order) = order {
        body.min.y += climb_ui(k, state, order, now, body);
        k.hline(body.left(), body.right(), body.top(), HAIR);
    }
    moments_ui(k, state, story, order, now, body);
}

/// One rung: what, when, by when, in whose words.
struct Step {
    name: String,
    mark: Option<Mark>,
    due: Option<Timestamp>,
    note: String,
}

/// Every rung with its time against its deadline; the height used is returned.
fn climb_ui(k: &Kit<'_>, state: &mut PanelState, order: &OrderStory, now: Timestamp, body: Rect) -> f32 {
    let (left, right) = (body.left() + 12.0, body.right() - 12.0);
    let title = format!("#{} {}", order.order, order.text.title);
    let y = body.top() + 18.0;
    k.bold_fit(pos2(left, y), Align2::LEFT_CENTER, 14.0, PRIMARY, &title, right - left);
    k.fit(pos2(left, y + 20.0), Align2::LEFT_CENTER, 12.0, SECONDARY, &order.agency, right - left);
    let mut y = y + 44.0;
    // The list keeps at least a third.
    let bottom = body.top() + body.height() * 0.62;
    for step in steps(k, order) {
        if y + RUNG_H * 0.5 > bottom {
            break;
        }
        let is_late = match (step.mark, step.due) {
            (Some(mark), Some(due)) => mark.at > due,
            (None, Some(due)) => now > due,
            _ => false,
        };
        let ink = match step.mark {
            _ if is_late => LATE,
            Some(mark) if mark.at <= now => PRIMARY,
            _ => QUIET,
        };
        k.text(pos2(left, y), Align2::LEFT_CENTER, 13.0, ink, &step.name);
        let at = step.mark.map_or("—".to_owned(), |mark| k.m.lang.day_time(mark.at, order.drafted.at));
        let at = k.text(pos2(left + 150.0, y), Align2::RIGHT_CENTER, 13.0, ink, &at);
        let words = match step.due {
            Some(due) => k.m.lang.fill(tr::BY_TIME, &[&k.m.lang.day_time(due, order.drafted.at)]),
            None => step.note,
        };
        let number = step.mark.map(|mark| format!("#{}", mark.record)).unwrap_or_default();
        let number = k.text(pos2(right, y), Align2::RIGHT_CENTER, 11.0, TERTIARY, &number);
        let x = at.right() + 14.0;
        k.fit(pos2(x, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &words, number.left() - x - 8.0);
        let row = Rect::from_min_max(pos2(left, y - RUNG_H * 0.5), pos2(right, y + RUNG_H * 0.5));
        let pointer = k.ui.input(|input| input.pointer.hover_pos()).filter(|at| row.contains(*at));
        if let (Some(pointer), Some(mark)) = (pointer, step.mark) {
            let said = format!("{} {}", step.name, mark.at.to_beijing_text());
            state.replay.tip = Some((pointer, vec![said, records(k.m.lang, &[mark.record])]));
        }
        y += RUNG_H;
    }
    y - body.top()
}

/// In order of time; acknowledgement and completion stand there, unreached, as long as they are missing.
fn steps(k: &Kit<'_>, order: &OrderStory) -> Vec<Step> {
    let lang = k.m.lang;
    let plain = |name: String, mark: Mark| Step { name, mark: Some(mark), due: None, note: String::new() };
    let mut steps = vec![plain(lang.rung(Rung::Drafted).to_owned(), order.drafted)];
    steps.extend(order.sent.map(|mark| plain(lang.t(tr::SENT_OUT).to_owned(), mark)));
    let due = |rung: Rung| match rung {
        Rung::Acknowledged => Some(order.text.ack_by),
        Rung::Done => Some(order.text.due_at),
        _ => None,
    };
    steps.extend(order.climbs.iter().map(|(rung, mark, note)| Step {
        name: lang.rung(*rung).to_owned(),
        mark: Some(*mark),
        due: due(*rung),
        note: note.clone(),
    }));
    steps.extend(order.overdue.iter().map(|(_, mark)| plain(lang.t(tr::OVERDUE).to_owned(), *mark)));
    steps.extend(
        order
            .escalated
            .iter()
            .map(|(to, mark)| Step { note: to.clone(), ..plain(lang.t(tr::ESCALATED).to_owned(), *mark) }),
    );
    steps.sort_by_key(|it| it.mark.map(|mark| mark.record));
    // An order that ended otherwise is waited for no more.
    let has_ended = order.rung().is_end();
    for rung in [Rung::Acknowledged, Rung::Done] {
        if order.reached(rung).is_none() && !has_ended {
            let name = lang.rung(rung).to_owned();
            steps.push(Step { name, mark: None, due: due(rung), note: String::new() });
        }
    }
    steps
}

/// The latest at the foot, as it was learnt; what a press does is to go there.
fn moments_ui(
    k: &mut Kit<'_>,
    state: &mut PanelState,
    story: &Story,
    order: Option<&OrderStory>,
    now: Timestamp,
    body: Rect,
) {
    let list = Rect::from_min_max(body.min + vec2(8.0, 6.0), body.max - vec2(8.0, 6.0));
    let n_fit = (list.height() / ROW).max(0.0) as usize;
    let known: Vec<&Moment> = story.review.moments.iter().filter(|it| it.at <= now).collect();
    if known.is_empty() || n_fit == 0 {
        k.fit_center(list, 13.0, TERTIARY, k.t(tr::NOTHING_KNOWN), false);
        return;
    }
    // Counted back from the cursor.
    if k.ui.rect_contains_pointer(list) {
        state.replay.story_scroll += k.ui.input(|input| input.smooth_scroll_delta().y) / ROW;
    }
    state.replay.story_scroll = state.replay.story_scroll.clamp(0.0, known.len().saturating_sub(n_fit) as f32);
    let end = known.len() - state.replay.story_scroll.round() as usize;
    let first = end.saturating_sub(n_fit);
    for (i, it) in known[first..end].iter().enumerate() {
        let at = pos2(list.left(), list.top() + ROW * i as f32);
        let row = Rect::from_min_size(at, vec2(list.width(), ROW));
        let is_own = order.is_some_and(|order| tells_of(it, order));
        if is_own || first + i + 1 == known.len() {
            k.fill(row.shrink(1.0), 3.0, SELECTED);
        }
        let ink: Color32 = if is_own { ACCENT } else { PRIMARY };
        let (top, under) = (row.top() + 13.0, row.top() + 29.0);
        let stamp = k.text(pos2(row.left() + 6.0, top), Align2::LEFT_CENTER, 12.0, REPLAY_LINE, &it.at.hms());
        let kind = k.text(pos2(stamp.right() + 8.0, top), Align2::LEFT_CENTER, 12.0, TERTIARY, it.kind.name_zh());
        let x = kind.right() + 8.0;
        k.fit(pos2(x, top), Align2::LEFT_CENTER, 13.0, ink, &it.text, row.right() - x - 6.0);
        let numbers = records(k.m.lang, &it.records);
        let numbers_w = k.width(11.0, &numbers).min(row.width() * 0.5);
        let at = pos2(row.right() - 6.0, under);
        k.fit(at, Align2::RIGHT_CENTER, 11.0, TERTIARY, &numbers, numbers_w + 1.0);
        let who_w = row.width() - numbers_w - 24.0;
        k.fit(pos2(row.left() + 6.0, under), Align2::LEFT_CENTER, 12.0, SECONDARY, &it.who, who_w);
        if k.hit(row, row_id("moment", first + i), &it.text).clicked() {
            seek(state, it.at, &mut k.out);
        }
    }
}

/// Whether a moment has one of the order's own records in it.
fn tells_of(moment: &Moment, order: &OrderStory) -> bool {
    let climbs = order.climbs.iter().map(|(_, mark, _)| mark.record);
    let others = order.overdue.iter().map(|(_, mark)| mark.record);
    let called = order.escalated.iter().map(|(_, mark)| mark.record);
    let mut own = climbs.chain(others).chain(called).chain([order.drafted.record]);
    own.any(|it| moment.records.contains(&it))
}
