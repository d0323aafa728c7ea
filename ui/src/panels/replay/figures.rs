//! 指令响应 and 计划与实际: the charts of the report, drawn by the same code, with their record numbers under the pointer.

use super::super::PanelState;
use super::super::kit::Kit;
use super::{Told, records, took};
use crate::charts::{FINE, screen_look};
use crate::i18n::tr;
use crate::playback::Story;
use crate::theme::*;
use egui::{Align2, Rect, Stroke, pos2, vec2};
use gulang_charts::{Deviations, Responses, deviations, responses};
use gulang_city::compare::{Answer, AnswerLimits, PlanRowKind, quantile};

/// What stands under a chart.
const FOOT: f32 = 44.0;
const PX: f64 = FINE as f64;

/// Every order a dot at the time its agency took to acknowledge it.
pub(super) fn responses_ui(k: &mut Kit<'_>, state: &mut PanelState, story: &Story, rect: Rect) {
    let answers = || story.answers.iter().flat_map(|it| &it.answers);
    let sub = k.m.lang.fill(tr::RESPONSES_SUB, &[&answers().count().to_string()]);
    let body = k.panel(rect, k.t(tr::RESPONSES), &sub);
    let n_late = answers().filter(|it| it.n_overdue > 0).count();
    let n_escalated: usize = answers().map(|it| it.n_escalations).sum();
    let text = k.m.lang.fill(tr::RESPONSES_LATE, &[&n_late.to_string(), &n_escalated.to_string()]);
    k.header_right(rect, 32.0, 12.0, SECONDARY, &text);
    let plot = Rect::from_min_max(body.min + vec2(12.0, 4.0), pos2(body.right() - 12.0, body.bottom() - FOOT));
    if story.answers.is_empty() || plot.width() < 160.0 || plot.height() < 60.0 {
        let why = if story.answers.is_empty() { tr::NO_ORDERS } else { tr::TOO_SMALL };
        k.fit_center(body, 14.0, TERTIARY, k.t(why), false);
        return;
    }
    // Where not all have room, the slowest have it.
    let n_fit = Responses::n_rows_in(f64::from(plot.height()) * PX, PX).max(1);
    let n_hidden = story.answers.len().saturating_sub(n_fit);
    let rows = &story.answers[n_hidden..];
    let limits = AnswerLimits::of(&story.review, k.m.city);
    let look = screen_look();
    // All that the drawing shows beside its place: the story's rows, and the plan's limits.
    let serial = story.serial ^ ((limits.call_secs as u64) << 24) ^ ((limits.escalate_secs as u64) << 44);
    state.replay.strip.paint(k.painter(), plot, serial, |area| {
        // Painting cannot fail: the backend's error has no values.
        let _ = responses(area, rows, limits, look);
    });
    let size = ((plot.width() * FINE).max(1.0) as u32, (plot.height() * FINE).max(1.0) as u32);
    let geometry = Responses::new(size, rows, limits, look);
    for (i, row) in rows.iter().enumerate() {
        for answer in &row.answers {
            let (x, y) = geometry.dot(i, answer);
            let at = plot.min + vec2(x as f32, y as f32) / FINE;
            let label = k.m.lang.fill(tr::ORDER_OF, &[&answer.order.to_string(), &row.name]);
            let dot = Rect::from_center_size(at, vec2(12.0, 12.0));
            let response = k.hit(dot, ("answer", answer.order), &label);
            if response.clicked() {
                state.replay.tell(Told::Order(answer.order));
            }
            if response.hovered() {
                state.replay.tip = Some((at, answer_lines(k, answer)));
            }
            if state.replay.told == Some(Told::Order(answer.order)) {
                k.painter().circle_stroke(at, 7.0, Stroke::new(1.5, ACCENT));
            }
        }
    }
    let foot = pos2(rect.left() + 12.0, rect.bottom() - FOOT * 0.5);
    let whole = |q: f64| quantile(answers(), q).map_or("—".to_owned(), |it| took(k.m.lang, it));
    let mut text = k.m.lang.fill(tr::RESPONSES_FOOT, &[&whole(0.5), &whole(0.9)]);
    let slowest = story.answers.iter().flat_map(|row| row.answers.iter().map(move |it| (row, it)));
    if let Some((row, it)) = slowest.max_by_key(|(_, it)| it.secs) {
        let secs = took(k.m.lang, it.secs);
        text += &k.m.lang.fill(tr::RESPONSES_SLOWEST, &[&row.name, &secs, &it.title]);
    }
    if n_hidden > 0 {
        text += &k.m.lang.fill(tr::RESPONSES_HIDDEN, &[&n_hidden.to_string()]);
    }
    k.fit(foot, Align2::LEFT_CENTER, 12.0, SECONDARY, &text, rect.width() - 24.0);
}

fn answer_lines(k: &Kit<'_>, answer: &Answer) -> Vec<String> {
    let lang = k.m.lang;
    let state = match answer.is_acknowledged {
        true => lang.fill(tr::ACKNOWLEDGED_AFTER, &[&took(lang, answer.secs)]),
        false => lang.fill(tr::UNSIGNED_FOR, &[&took(lang, answer.secs)]),
    };
    vec![format!("#{} {}", answer.order, answer.title), state, records(lang, &answer.records)]
}

/// Early and late bars from a line that is the plan, the scenario's public timeline under them.
pub(super) fn plan_ui(k: &mut Kit<'_>, state: &mut PanelState, story: &Story, rect: Rect) {
    let rows = &story.plan;
    let lang = k.m.lang;
    let n_ordered = rows.iter().filter(|it| it.kind != PlanRowKind::Reference).count();
    let body = k.panel(rect, k.t(tr::PLAN_ACTUAL), &lang.fill(tr::PLAN_ACTUAL_SUB, &[&n_ordered.to_string()]));
    let n_good = rows.iter().filter(|it| it.kind == PlanRowKind::Done && it.late_secs < 60).count();
    let text = lang.fill(tr::PLAN_IN_TIME, &[&n_good.to_string(), &n_ordered.to_string()]);
    k.header_right(rect, 32.0, 12.0, SECONDARY, &text);
    let foot = Rect::from_min_max(pos2(rect.left() + 12.0, rect.bottom() - 66.0), rect.max - vec2(12.0, 6.0));
    let list = Rect::from_min_max(body.min + vec2(12.0, 2.0), pos2(body.right() - 12.0, foot.top() - 4.0));
    foot_ui(k, state, story, foot);
    let n_fit = Deviations::n_rows_in(f64::from(list.height()) * PX, PX);
    if rows.is_empty() || n_fit == 0 || list.width() < 200.0 {
        let why = if rows.is_empty() { tr::NO_PLAN_RAN } else { tr::TOO_SMALL };
        k.fit_center(list, 14.0, TERTIARY, k.t(why), false);
        return;
    }
    if k.ui.rect_contains_pointer(list) {
        state.replay.plan_scroll -= k.ui.input(|input| input.smooth_scroll_delta().y) / 38.0;
    }
    state.replay.plan_scroll = state.replay.plan_scroll.clamp(0.0, rows.len().saturating_sub(n_fit) as f32);
    let first = state.replay.plan_scroll.round() as usize;
    let shown = &rows[first..(first + n_fit).min(rows.len())];
    state.replay.plan.paint(k.painter(), list, story.serial ^ ((first as u64) << 40), |area| {
        let _ = deviations(area, shown, screen_look());
    });
    for (i, row) in shown.iter().enumerate() {
        let [top, bottom] = [i, i + 1].map(|i| list.top() + (Deviations::height_of(i, PX) / PX) as f32);
        let at = Rect::from_min_max(pos2(list.left(), top), pos2(list.right(), bottom));
        let response = k.hit(at, ("plan", first + i), &row.title);
        if response.clicked() {
            // The last of its orders to be done is the one that made it late.
            let slowest = story.review.orders.iter().filter(|it| row.orders.contains(&it.order));
            let slowest = slowest.max_by_key(|it| it.climbs.last().map(|(_, mark, _)| mark.at));
            state.replay.tell(slowest.map_or(Told::Moments, |it| Told::Order(it.order)));
        }
        if let Some(pointer) = response.hover_pos() {
            state.replay.tip = Some((pointer, vec![row.title.clone(), records(lang, &row.records)]));
        }
    }
}

/// What counts as a deviation, which they are, and the way to who knew what when.
fn foot_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, foot: Rect) {
    let label = k.t(tr::WHO_KNEW);
    let button = Rect::from_min_size(
        pos2(foot.right() - k.width(13.0, label) - 24.0, foot.top() + 2.0),
        vec2(k.width(13.0, label) + 24.0, 26.0),
    );
    if k.button(button, "who-knew", 13.0, label, false) {
        state.replay.tell(Told::Moments);
    }
    let at = pos2(foot.left(), foot.top() + 14.0);
    k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::PLAN_NOTE), button.left() - at.x - 8.0);
    let late: Vec<&str> = story.plan.iter().filter(|it| it.is_deviation()).map(|it| it.title.as_str()).collect();
    let text = match late.len() {
        0 => k.t(tr::NO_DEVIATIONS).to_owned(),
        n => k.m.lang.fill(tr::DEVIATIONS, &[&n.to_string(), &late.join("、")]),
    };
    let ink = if late.is_empty() { TERTIARY } else { LATE };
    k.fit(pos2(foot.left(), foot.top() + 42.0), Align2::LEFT_CENTER, 12.0, ink, &text, foot.width());
}
