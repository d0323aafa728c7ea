//! The orders board: one stacked bar for all, then those that need a person, then the rest by deadline (DESIGN.md §4).

use super::kit::{Kit, exact, mmss, row_id};
use super::{PanelState, Selection, UiCommand, board, held, sheet, tellings};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::*;

/// The steps of the bar, as colour and word. Received is not accepted, and is drawn darker.
const STEPS: [(Tr, Color32); 6] = [
    (tr::STEP_DONE, SERIES_NEUTRAL),
    (tr::STEP_EXECUTING, SERIES[0]),
    (tr::STEP_ACCEPTED, Color32::from_rgb(0x5A, 0x8B, 0xB4)),
    (tr::STEP_ACKNOWLEDGED, Color32::from_rgb(0x3A, 0x5F, 0x80)),
    (tr::STEP_UNSIGNED, PRIMARY),
    (tr::STEP_ESCALATED, RED_STROKE),
];

/// Orders counted by step of the bar.
pub(super) fn steps(city: &City) -> [usize; 6] {
    let mut steps = [0; 6];
    for order in city.orders.values() {
        let step = match order.rung {
            Rung::Done => 0,
            Rung::Cancelled | Rung::Superseded => continue,
            _ if needs_person(order) => 5,
            Rung::Executing => 1,
            Rung::Accepted => 2,
            Rung::Acknowledged => 3,
            _ => 4,
        };
        steps[step] += 1;
    }
    steps
}

/// Silence past its time, a refusal, a failure.
pub(super) fn needs_person(order: &Order) -> bool {
    matches!(order.rung, Rung::Rejected | Rung::Failed) || order.overdue_since.is_some() && !order.rung.is_end()
}

/// How bad, for those that need a person.
fn severity(order: &Order) -> WarningColor {
    match order.rung {
        Rung::Rejected | Rung::Failed => WarningColor::Red,
        _ if order.n_escalations >= 2 => WarningColor::Red,
        _ if order.n_escalations == 1 => WarningColor::Orange,
        _ => WarningColor::Yellow,
    }
}

/// What it must meet next: to be acknowledged, then to be finished.
fn deadline(order: &Order) -> Timestamp {
    if order.rung < Rung::Acknowledged { order.text.ack_by } else { order.text.due_at }
}

/// Those that need a person, worst first, then open ones by deadline, then ended ones, newest first.
pub(super) fn sorted(city: &City) -> (Vec<&Order>, Vec<&Order>) {
    let (mut urgent, mut rest): (Vec<&Order>, Vec<&Order>) =
        city.orders.values().partition(|order| needs_person(order));
    urgent.sort_by_key(|order| (std::cmp::Reverse(severity(order)), deadline(order), order.id));
    rest.sort_by_key(|order| {
        let ended = order.rung.is_end();
        (ended, if ended { -order.rung_at.0 } else { deadline(order).0 }, order.id)
    });
    (urgent, rest)
}

pub(super) fn orders_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let city = k.m.city;
    let agencies: std::collections::BTreeSet<&AgencyId> =
        city.orders.values().map(|order| &order.text.agency).collect();
    let sub = k.m.lang.fill(tr::ORDERS_SUB, &[&city.orders.len().to_string(), &agencies.len().to_string()]);
    let body = k.panel(rect, k.t(tr::ORDERS), &sub);
    let newest = city.orders.values().map(|order| order.rung_at).max().unwrap_or(city.at);
    let heard = k.m.readings.heard.values().copied().max().unwrap_or(newest);
    k.header_fresh(rect, 32.0, 12.0, Budget::Orders, heard);
    let bar = Rect::from_min_size(body.min + vec2(12.0, 10.0), vec2(body.width() - 24.0, 10.0));
    stacked_ui(k, bar);
    legend_ui(k, pos2(bar.left(), bar.bottom() + 15.0), bar.right(), 12.0);
    let (urgent, rest) = sorted(city);
    let y = bar.bottom() + 44.0;
    k.fill(Rect::from_min_max(pos2(body.left() + 1.0, y - 14.0), pos2(body.right() - 1.0, y + 14.0)), 0.0, RAISED);
    let text = k.m.lang.fill(tr::NEEDS_PERSON_N, &[&(urgent.len() + tellings::n_given_up(city)).to_string()]);
    k.bold(pos2(body.left() + 12.0, y), Align2::LEFT_CENTER, 13.0, PRIMARY, &text);
    keys_ui(k, state, pos2(body.right() - 200.0, y));
    let footer_h = 34.0;
    let list = Rect::from_min_max(pos2(body.left(), y + 14.0), pos2(body.right(), body.bottom() - footer_h));
    let list = tellings::rows_ui(k, list);
    // Nothing waits any more: the orders come back.
    match state.held.take().filter(|_| !city.held.is_empty()) {
        Some(mut held) => {
            held::held_ui(k, &mut held, list);
            state.held = Some(held);
        }
        None => rows_ui(k, state, list, &urgent, &rest),
    }
    let y = body.bottom() - footer_h * 0.5;
    k.hline(body.left(), body.right(), body.bottom() - footer_h, HAIR);
    let n_shown = ((list.height() / 47.0) as usize).min(urgent.len() + rest.len());
    let text = k.m.lang.fill(tr::REST_BY_DEADLINE, &[&(urgent.len() + rest.len() - n_shown).to_string()]);
    k.text(pos2(body.left() + 12.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &text);
    let label = k.t(tr::STAND_DOWN);
    let button = Rect::from_center_size(pos2(body.right() - 62.0, y), vec2(100.0, 26.0));
    if k.button(button, "stand-down", 13.0, label, false) {
        state.sheet = Some(sheet::Sheet::stand_down());
    }
    if !city.held.is_empty() {
        let label = k.m.lang.fill(tr::HELD_ORDERS, &[&city.held.len().to_string()]);
        let button = Rect::from_center_size(pos2(button.left() - 58.0, y), vec2(100.0, 26.0));
        if k.button(button, "held-orders", 13.0, &label, state.held.is_some()) {
            state.held = if state.held.is_some() { None } else { Some(held::Held::default()) };
        }
    }
}

/// `C` opens the call-out board, at the selected order's agency; `E` raises the selected order.
fn keys_ui(k: &mut Kit<'_>, state: &mut PanelState, mut at: egui::Pos2) {
    for (key, label) in [("C", tr::CALL_OUT), ("E", tr::ESCALATE)] {
        let chip = k.key(at, key);
        let text = k.text(pos2(chip.right() + 5.0, at.y), Align2::LEFT_CENTER, 12.0, SECONDARY, k.t(label));
        let hit = chip.union(text).expand2(vec2(2.0, 5.0));
        if k.hit(hit, ("order-key", key), k.t(label)).clicked() {
            match k.m.selection {
                _ if key == "C" => board::toggle(k.m, state, board::BoardKind::Calls),
                Some(Selection::Order(order)) => {
                    k.out.push(UiCommand::Submit(Command::EscalateOrder { order: *order }));
                }
                _ => {}
            }
        }
        at.x = hit.right() + 14.0;
    }
}

/// All orders as one bar.
pub(super) fn stacked_ui(k: &Kit<'_>, bar: Rect) {
    k.fill(bar, 0.0, SELECTED);
    let steps = steps(k.m.city);
    let total = steps.iter().sum::<usize>().max(1) as f32;
    let gap = 2.0 * k.s;
    let mut x = bar.left();
    for (n, (_, color)) in steps.into_iter().zip(STEPS) {
        if n == 0 {
            continue;
        }
        let width = (bar.width() * n as f32 / total).max(3.0 * k.s);
        k.fill(Rect::from_min_size(pos2(x, bar.top()), vec2((width - gap).max(1.0), bar.height())), 0.0, color);
        x += width;
    }
}

/// The bar's words and counts, on one line.
pub(super) fn legend_ui(k: &Kit<'_>, mut at: egui::Pos2, right: f32, size: f32) {
    for (n, (word, color)) in steps(k.m.city).into_iter().zip(STEPS) {
        let label = k.t(word);
        let side = size * 0.7 * k.s;
        if at.x + k.width(size, label) + side * 5.0 > right {
            break;
        }
        k.fill(Rect::from_center_size(pos2(at.x + side * 0.5, at.y), vec2(side, side)), 0.0, color);
        let text = k.text(pos2(at.x + side * 1.6, at.y), Align2::LEFT_CENTER, size, SECONDARY, label);
        let n =
            k.bold(pos2(text.right() + size * 0.35 * k.s, at.y), Align2::LEFT_CENTER, size, PRIMARY, &exact(n as i64));
        at.x = n.right() + size * k.s;
    }
}

fn rows_ui(k: &mut Kit<'_>, state: &mut PanelState, list: Rect, urgent: &[&Order], rest: &[&Order]) {
    let height = 47.0;
    let n = urgent.len() + rest.len();
    if n == 0 {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::NO_ORDERS), false);
        return;
    }
    let fit = (list.height() / height) as usize;
    if k.ui.rect_contains_pointer(list) {
        state.orders_scroll -= k.ui.input(|input| input.smooth_scroll_delta.y) / height;
    }
    let page = k.ui.input(|input| {
        i32::from(input.key_pressed(egui::Key::PageDown)) - i32::from(input.key_pressed(egui::Key::PageUp))
    });
    state.orders_scroll = (state.orders_scroll + page as f32 * fit as f32).clamp(0.0, n.saturating_sub(fit) as f32);
    let first = state.orders_scroll.round() as usize;
    for (i, order) in urgent.iter().chain(rest).skip(first).take(fit).enumerate() {
        let at = Rect::from_min_size(pos2(list.left(), list.top() + height * i as f32), vec2(list.width(), height));
        row_ui(k, at, order, 1.0);
        if k.hit(at, row_id("order", order.id), &order.text.title).clicked() {
            k.out.push(UiCommand::Select(Some(Selection::Order(order.id))));
        }
    }
}

/// One order: level or ladder, what and who, state, and the time left. `u` scales the type.
pub(super) fn row_ui(k: &Kit<'_>, at: Rect, order: &Order, u: f32) {
    let px = u * k.s;
    let urgent = needs_person(order);
    let selected = k.m.selection == Some(&Selection::Order(order.id));
    let now = k.now();
    let late = !order.rung.is_end() && now > deadline(order);
    if selected || urgent {
        k.fill(at, 0.0, if selected { SELECTED } else { RAISED });
    }
    if urgent && late {
        k.fill(Rect::from_min_size(at.min, vec2(3.0 * px, at.height())), 0.0, RED_STROKE);
    }
    let c = at.center().y;
    if urgent {
        k.level(pos2(at.left() + 25.0 * px, c), 24.0 * u, severity(order), false);
    } else {
        ladder_ui(k, pos2(at.left() + 25.0 * px, c), u, order.rung);
    }
    let (top, bottom) = (c - 10.0 * px, c + 10.0 * px);
    let right = at.right() - 12.0 * px;
    let chip_text = if urgent && order.n_escalations > 0 && !order.rung.is_end() {
        k.t(tr::CALLING)
    } else {
        k.m.lang.rung(order.rung)
    };
    let width = k.width(12.0 * u, chip_text) + 12.0 * px;
    let (line, ink) = if urgent { (SECONDARY, PRIMARY) } else { (STRONG, TERTIARY) };
    k.chip(pos2(right - width, top), 12.0 * u, chip_text, None, line, ink);
    let (time, time_ink) = time_text(k, order);
    let time = k.text(pos2(right, bottom), Align2::RIGHT_CENTER, 13.0 * u, time_ink, &time);
    let left = at.left() + 46.0 * px;
    let agency = k.m.city.agencies.get(&order.text.agency).map_or(order.text.agency.as_str(), |agency| &agency.name);
    let ended = order.rung.is_end() && !urgent;
    let ink = if ended { SECONDARY } else { PRIMARY };
    k.bold_fit(pos2(left, top), Align2::LEFT_CENTER, 15.0 * u, ink, &order.text.title, right - width - left - 8.0 * px);
    let sub = format!("{agency}{}", trail(k, order));
    k.fit(pos2(left, bottom), Align2::LEFT_CENTER, 12.0 * u, TERTIARY, &sub, time.left() - left - 8.0 * px);
    k.hline(at.left(), at.right(), at.bottom(), ROW);
}

/// Who is being called and how often, or what the platform said.
fn trail(k: &Kit<'_>, order: &Order) -> String {
    if order.n_escalations > 0 && !order.rung.is_end() {
        let plan = order.text.plan.as_ref().and_then(|plan| k.m.city.plans.get(plan));
        let to = plan.and_then(|plan| plan.ladder.get(order.n_escalations as usize - 1).or(plan.ladder.last()));
        return format!(
            "・{}",
            k.m.lang.fill(tr::CALLED_N, &[&order.n_escalations.to_string(), to.map_or("—", |to| to)])
        );
    }
    if order.note.is_empty() {
        format!("・{}", k.m.lang.channel(order.text.channel))
    } else {
        format!("・{}", order.note)
    }
}

/// `余 03:25`, `超时 04:18`, `时限 18:00`, `完成 16:20`.
pub(super) fn time_text(k: &Kit<'_>, order: &Order) -> (String, Color32) {
    if order.rung.is_end() {
        return (format!("{} {}", k.m.lang.rung(order.rung), order.rung_at.hm()), TERTIARY);
    }
    let left = deadline(order).since_ms(k.now());
    if left < 0 {
        return (k.m.lang.fill(tr::OVER_BY, &[&mmss(-left)]), PRIMARY);
    }
    if left < 3_600_000 {
        return (k.m.lang.fill(tr::TIME_LEFT, &[&mmss(left)]), PRIMARY);
    }
    (k.m.lang.fill(tr::DUE_AT, &[&deadline(order).hm()]), TERTIARY)
}

/// Six pips, filled as far as the order climbed.
fn ladder_ui(k: &Kit<'_>, center: egui::Pos2, u: f32, rung: Rung) {
    let px = u * k.s;
    let climbed = match rung {
        Rung::Drafted => 0,
        Rung::Sent => 1,
        Rung::Delivered => 2,
        Rung::Acknowledged => 3,
        Rung::Accepted => 4,
        Rung::Executing => 5,
        Rung::Done => 6,
        _ => 0,
    };
    for i in 0..6 {
        let height = (6.0 + 2.4 * i as f32) * px;
        let x = center.x + (i as f32 - 2.5) * 4.6 * px;
        let pip = Rect::from_min_max(
            pos2(x - 1.5 * px, center.y + 9.0 * px - height),
            pos2(x + 1.5 * px, center.y + 9.0 * px),
        );
        let color = if rung == Rung::Done { SERIES_NEUTRAL } else { SERIES[0] };
        k.fill(pip, 0.0, if i < climbed { color } else { SELECTED });
    }
}
