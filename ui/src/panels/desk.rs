//! The desk: columns fixed, the map takes what is left (DESIGN.md §2). Under 1600 wide the feeds go, under 1280 the left
//! column; the event list never does.

use super::kit::{Kit, RealmMark, realm_mark};
use super::{
    Drawer, Model, PanelState, Selection, UiCommand, advice, board, briefing, card, drawer, drones, events, forces,
    locator,
};
use super::{needs, orders, pages, sheet, street_call, today, tools, topbar, typhoon, war};
use crate::i18n::tr;
use crate::stage::tools::Tool;
use crate::theme::*;
use egui::{Align2, Key, Rect, pos2, vec2};
use gulang_city::*;

const GUTTER: f32 = 8.0;

pub(super) fn desk_ui(k: &mut Kit<'_>, state: &mut PanelState, window: Rect) {
    let is_war = k.m.city.footing.posture == Posture::War;
    let edge = realm_mark(k, RealmMark::Window(window));
    let mut rect = window.shrink(edge);
    if edge > 0.0 {
        let banner = Rect::from_min_size(rect.min, vec2(rect.width(), 34.0));
        topbar::banner_ui(k, banner, 15.0);
        rect.min.y += 34.0;
    }
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), 48.0));
    if topbar::topbar_ui(k, bar) {
        state.pages.toggle(pages::Page::Sources);
    }
    let mut body =
        Rect::from_min_max(pos2(rect.left(), bar.bottom() + if is_war { 3.0 } else { 0.0 }), rect.max).shrink(GUTTER);
    let banner_h = advice::override_banner_ui(k, body);
    if banner_h > 0.0 {
        body.min.y += banner_h + GUTTER;
    }
    let (banner_h, is_opened) = topbar::proposal_banner_ui(k, body);
    if banner_h > 0.0 {
        body.min.y += banner_h + GUTTER;
    }
    if is_opened {
        state.sheet = Some(sheet::Sheet::review(k.m));
    }
    if state.pages.shows(pages::Page::Briefings) {
        briefing::briefings_ui(k, state, body);
    } else {
        if is_war {
            war_ui(k, state, body);
        } else {
            peace_ui(k, state, body);
        }
        briefing::rest(k, state);
    }
    notices_ui(k, state, body);
}

fn peace_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let has_left = body.width() >= 1260.0;
    let has_bottom = body.width() >= 1580.0 && body.height() > 700.0;
    let (left, center, right) = columns(body, if has_left { 368.0 } else { 0.0 }, 384.0);
    let bottom_h = if has_bottom { 240.0 } else { 0.0 };
    let upper = |rect: Rect| {
        Rect::from_min_max(
            rect.min,
            pos2(rect.right(), rect.bottom() - bottom_h - if has_bottom { GUTTER } else { 0.0 }),
        )
    };
    if has_left {
        let [cases, running, sensing] = stack(upper(left), [235.0, 338.0, 178.0]);
        today::cases_ui(k, state, cases);
        today::running_ui(k, state, running);
        today::sensing_ui(k, state, sensing);
    }
    let right = upper(right);
    let switch = Rect::from_min_max(pos2(right.left(), right.bottom() - 110.0), right.max);
    let mut lists = Rect::from_min_max(right.min, pos2(right.right(), switch.top() - GUTTER));
    advised_ui(k, &mut lists);
    if lists.height() > 520.0 {
        let [list, flow] = stack(lists, [407.0, 236.0]);
        events::events_ui(k, state, list);
        today::flow_ui(k, state, flow);
    } else {
        events::events_ui(k, state, lists);
    }
    switch_card_ui(k, state, switch);
    if has_bottom {
        let y = body.bottom() - bottom_h;
        let strip = Rect::from_min_max(pos2(center.left(), y), body.max);
        forces::forces_ui(k, Rect::from_min_max(pos2(left.left(), y), pos2(left.right(), body.bottom())));
        drones::strip_ui(k, strip);
    }
    let map = upper(center);
    board::chips_ui(k, state, map, map.left() + tools::TOOLBAR_W + 14.0);
    map_ui(k, state, map);
}

fn war_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let has_left = body.width() >= 1260.0;
    let has_bottom = body.width() >= 1580.0 && body.height() > 700.0;
    let (left, center, right) = columns(body, if has_left { 368.0 } else { 0.0 }, 488.0);
    if has_left {
        let [track, evacuation, water] = stack(left, [432.0, 262.0, 304.0]);
        typhoon::typhoon_ui(k, track);
        war::evacuation_ui(k, evacuation);
        let head = Rect::from_min_size(evacuation.min, vec2(evacuation.width(), 32.0));
        if k.hit(head, "people-board", k.t(tr::PEOPLE_BOARD)).clicked() {
            board::toggle(k.m, state, board::BoardKind::People);
        }
        war::water_ui(k, state, water);
    }
    let mut right = right;
    let footing = &k.m.city.footing;
    // What is already in force needs no arguing.
    if k.m.city.recommendation.as_ref().is_some_and(|it| Some(it.level) != footing.level) {
        advised_ui(k, &mut right);
    }
    let [board, teams] = stack(right, [614.0, 390.0]);
    orders::orders_ui(k, state, board);
    forces::nearest_ui(k, teams, 6);
    let mut map = center;
    if has_bottom {
        map.max.y -= 234.0 + GUTTER;
        drones::strip_ui(k, Rect::from_min_max(pos2(center.left(), map.bottom() + GUTTER), center.max));
    }
    map_ui(k, state, map);
    war_events_ui(k, state, map);
}

/// What the plans advise, at the foot of a column if the column can spare it.
fn advised_ui(k: &Kit<'_>, column: &mut Rect) {
    let height = advice::height(k.m.city);
    if height <= 0.0 || column.height() - height - GUTTER < 260.0 {
        return;
    }
    let at = Rect::from_min_max(pos2(column.left(), column.bottom() - height), column.max);
    advice::advice_ui(k, at);
    column.max.y = at.top() - GUTTER;
}

/// In war the columns are orders and water; the event list never drops, so it waits behind a count over the map.
fn war_events_ui(k: &mut Kit<'_>, state: &mut PanelState, map: Rect) {
    if map.width() < 240.0 || map.height() < 200.0 {
        return;
    }
    let count = k.m.lang.fill(tr::UNACKNOWLEDGED_N, &[&state.digest.alarms.n_new.to_string()]);
    let label = format!("{} {count}", k.t(tr::EVENTS));
    let chip =
        Rect::from_min_size(map.min + vec2(tools::TOOLBAR_W + 14.0, 54.0), vec2(k.width(14.0, &label) + 24.0, 30.0));
    if k.hit(chip, "war-events", &label).clicked() {
        state.events_open = !state.events_open;
    }
    k.fill(chip, 3.0, if state.events_open { SELECTED } else { PANEL });
    k.outline(chip, 3.0, 1.0, STRONG);
    k.fit_center(chip, 14.0, if state.digest.alarms.n_new > 0 { PRIMARY } else { TERTIARY }, &label, true);
    state.over_map.push(chip);
    board::chips_ui(k, state, map, chip.right() + 8.0);
    if state.events_open {
        let height = (map.height() - 230.0).clamp(110.0, 407.0);
        let list = Rect::from_min_size(
            chip.left_bottom() + vec2(0.0, 8.0),
            vec2(384.0f32.min(map.width() - tools::TOOLBAR_W - 26.0), height),
        );
        events::events_ui(k, state, list);
        state.over_map.push(list);
    }
}

/// Left, centre and right columns.
fn columns(body: Rect, left_w: f32, right_w: f32) -> (Rect, Rect, Rect) {
    let right_w = right_w.min(body.width() * 0.5);
    let left = Rect::from_min_max(body.min, pos2(body.left() + left_w, body.bottom()));
    let right = Rect::from_min_max(pos2(body.right() - right_w, body.top()), body.max);
    let x = if left_w > 0.0 { left.right() + GUTTER } else { body.left() };
    let center = Rect::from_min_max(pos2(x, body.top()), pos2((right.left() - GUTTER).max(x), body.bottom()));
    (left, center, right)
}

/// `N` boxes from top to bottom that share the height in the given proportion.
fn stack<const N: usize>(rect: Rect, heights: [f32; N]) -> [Rect; N] {
    let room = (rect.height() - GUTTER * (N as f32 - 1.0)).max(N as f32);
    let total: f32 = heights.iter().sum();
    let mut y = rect.top();
    heights.map(|height| {
        let height = height / total * room;
        let cell = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width(), height));
        y += height + GUTTER;
        cell
    })
}

/// What lies over the map: layer chips, the locator, the card of the selection. The map itself is the stage's.
fn map_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    state.map_rect = rect;
    k.outline(rect, 4.0, 1.0, HAIR);
    realm_mark(k, RealmMark::Watermark(rect));
    layer_chips_ui(k, state, rect);
    legend_ui(k, state, rect);
    lookups_ui(k, state, rect);
    tools::tools_ui(k, state, rect);
    let drawer = drawer::rect_on(state, rect);
    if !state.locator_hidden && drawer.is_none() && rect.width() > 640.0 && rect.height() > 420.0 {
        let at = Rect::from_min_size(
            pos2(rect.right() - 252.0, rect.top() + if rect.width() > 1010.0 { 12.0 } else { 54.0 }),
            vec2(240.0, 168.0),
        );
        locator::locator_ui(k, state, at);
        state.over_map.push(at);
    }
    if let Some(selection) = k.m.selection {
        if let Some(free) = pages::left_free(state, rect) {
            // Beside the drawer where there is room for a card.
            let right = drawer.map_or(free.right(), |it| it.left()).max(free.left() + 400.0).min(free.right());
            card::card_ui(k, state, Rect::from_min_max(free.min, pos2(right, free.bottom())), selection);
        }
    } else {
        state.case_form = None;
        state.amend = None;
    }
    street_call::calls_ui(k, state, rect);
    drawer::drawer_ui(k, state, rect);
    tools::draft_ui(k, state, rect);
}

fn layer_chips_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let mut at = rect.min + vec2(12.0, 14.0);
    for (n, name) in (1u8..).zip(tr::LAYERS) {
        let on = !state.layers_off.contains(&n);
        let label = k.t(name);
        let width = k.width(14.0, label) + 34.0;
        if at.x + width > rect.right() - 12.0 {
            break;
        }
        let chip = Rect::from_min_size(at, vec2(width, 30.0));
        if k.hit(chip, ("layer", n), label).clicked() {
            toggle_layer(state, n, &mut k.out);
        }
        k.fill(chip, 3.0, if on { SELECTED } else { PANEL });
        k.outline(chip, 3.0, 1.0, if on { STRONG } else { HAIR });
        let ink = if on { PRIMARY } else { TERTIARY };
        k.text(pos2(at.x + 10.0, chip.center().y), Align2::LEFT_CENTER, 14.0, ink, label);
        k.text(pos2(chip.right() - 9.0, chip.center().y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &n.to_string());
        state.over_map.push(chip);
        at.x += width + 8.0;
    }
}

fn legend_ui(k: &Kit<'_>, state: &mut PanelState, rect: Rect) {
    if rect.width() < 500.0 || rect.height() < 300.0 {
        return;
    }
    let at = Rect::from_min_size(pos2(rect.left() + 12.0, rect.bottom() - 116.0), vec2(204.0, 76.0));
    k.fill(at, 4.0, PANEL);
    k.outline(at, 4.0, 1.0, HAIR);
    let p = k.painter();
    let cell = |i: usize| at.min + vec2(18.0 + 98.0 * (i % 2) as f32, 15.0 + 23.0 * (i / 2) as f32);
    let stroke = |color| egui::Stroke::new(1.4, color);
    k.outline(Rect::from_center_size(cell(0), vec2(12.0, 12.0)), 1.5, 1.4, SYMBOL_TEAM);
    let c = cell(1);
    let triangle = vec![c + vec2(0.0, -6.0), c + vec2(6.0, 5.0), c + vec2(-6.0, 5.0)];
    p.add(egui::Shape::closed_line(triangle, stroke(SYMBOL_MOBILE)));
    p.circle_stroke(cell(2), 5.5, stroke(SYMBOL_SHELTER));
    p.circle_stroke(cell(3), 5.5, stroke(SYMBOL_FACILITY));
    let c = cell(4);
    p.line_segment([c - vec2(5.0, 0.0), c + vec2(5.0, 0.0)], stroke(SYMBOL_FACILITY));
    p.line_segment([c - vec2(0.0, 5.0), c + vec2(0.0, 5.0)], stroke(SYMBOL_FACILITY));
    p.circle_filled(cell(5), 2.0, SYMBOL_FACILITY);
    let words = [
        tr::LEGEND_TEAM,
        tr::LEGEND_DRONE,
        tr::LEGEND_SHELTER,
        tr::LEGEND_FACILITY,
        tr::LEGEND_FLOOD,
        tr::LEGEND_CAMERA,
    ];
    for (i, word) in words.into_iter().enumerate() {
        k.fit(cell(i) + vec2(13.0, 0.0), Align2::LEFT_CENTER, 12.0, SECONDARY, k.t(word), 74.0);
    }
    state.over_map.push(at);
}

/// Whose duty it is and who is needed where: two drawers, beside the legend, with what waits in them.
fn lookups_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    if rect.width() < 240.0 || rect.height() < 240.0 {
        return;
    }
    let has_legend = rect.width() >= 500.0 && rect.height() >= 300.0;
    let mut at = pos2(rect.left() + if has_legend { 228.0 } else { 12.0 }, rect.bottom() - 116.0);
    let mut label = k.t(tr::NEEDS).to_owned();
    let (n_short, n_silent) = needs::tally(k.m);
    for (word, n) in [(tr::SHORT_BY, n_short as usize), (tr::SILENT_SHORT, n_silent)] {
        if n > 0 {
            label += &format!(" {}", k.m.lang.fill(word, &[&n.to_string()]));
        }
    }
    let mut beside = at;
    for (drawer, label, key) in [(Drawer::Duties, k.t(tr::DUTIES), "D"), (Drawer::Needs, &*label, "Shift N")] {
        let chip = Rect::from_min_size(at, vec2(k.width(14.0, label) + k.width(12.0, key) + 30.0, 30.0));
        let is_on = state.drawer == Some(drawer);
        k.fill(chip, 3.0, if is_on { SELECTED } else { PANEL });
        k.outline(chip, 3.0, 1.0, if is_on { ACCENT } else { STRONG });
        k.text(pos2(chip.left() + 10.0, chip.center().y), Align2::LEFT_CENTER, 14.0, PRIMARY, label);
        k.text(pos2(chip.right() - 9.0, chip.center().y), Align2::RIGHT_CENTER, 12.0, TERTIARY, key);
        if k.hit(chip, ("lookup", key), label).clicked() {
            state.toggle_drawer(drawer);
        }
        state.over_map.push(chip);
        beside = if beside == at { chip.right_top() + vec2(8.0, 0.0) } else { beside };
        at.y += 38.0;
    }
    let label = k.t(tr::REPLAY);
    let chip = Rect::from_min_size(beside, vec2(k.width(14.0, label) + k.width(12.0, "F8") + 30.0, 30.0));
    if chip.right() > rect.right() - 12.0 {
        return;
    }
    k.fill(chip, 3.0, PANEL);
    k.outline(chip, 3.0, 1.0, STRONG);
    k.text(pos2(chip.left() + 10.0, chip.center().y), Align2::LEFT_CENTER, 14.0, PRIMARY, label);
    k.text(pos2(chip.right() - 9.0, chip.center().y), Align2::RIGHT_CENTER, 12.0, TERTIARY, "F8");
    if k.hit(chip, "f8", k.t(tr::REPLAY_OPEN)).clicked() {
        state.replay.pick(&mut k.out);
    }
    state.over_map.push(chip);
    let (label, at) = (k.t(tr::ASK_CITY), chip.right_top() + vec2(8.0, 0.0));
    let chip = Rect::from_min_size(at, vec2(k.width(14.0, label) + k.width(12.0, "Q") + 30.0, 30.0));
    if chip.right() > rect.right() - 12.0 {
        return;
    }
    let is_on = state.drawer == Some(Drawer::Ask);
    k.fill(chip, 3.0, if is_on { SELECTED } else { PANEL });
    k.outline(chip, 3.0, 1.0, if is_on { ACCENT } else { STRONG });
    k.text(pos2(chip.left() + 10.0, chip.center().y), Align2::LEFT_CENTER, 14.0, PRIMARY, label);
    k.text(pos2(chip.right() - 9.0, chip.center().y), Align2::RIGHT_CENTER, 12.0, TERTIARY, "Q");
    if k.hit(chip, "ask-city", label).clicked() {
        state.toggle_drawer(Drawer::Ask);
    }
    state.over_map.push(chip);
}

/// 平转战: the control opens the sheet, it sends nothing.
fn switch_card_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    k.fill(rect, 4.0, RAISED);
    realm_mark(k, RealmMark::PanelLine(rect));
    let height = 64.0f32.min(rect.height() - 16.0);
    let button = Rect::from_min_size(pos2(rect.left() + 14.0, rect.center().y - height * 0.5), vec2(152.0, height));
    if k.button(button, "switch-to-war", 24.0, k.t(tr::SWITCH_TO_WAR), true) {
        state.sheet = Some(sheet::Sheet::review(k.m));
    }
    let x = button.right() + 14.0;
    let width = rect.right() - x - 8.0;
    k.fit(pos2(x, rect.center().y - 30.0), Align2::LEFT_CENTER, 14.0, PRIMARY, k.t(tr::OPENS_SHEET), width);
    let advice = match &k.m.city.recommendation {
        Some(advice) => k.m.lang.fill(tr::ADVISED_LEVEL, &[advice.level.roman()]),
        None => k.t(tr::TWO_PERSON_RULE).to_owned(),
    };
    let ink = if k.m.city.recommendation.is_some() { LATE } else { TERTIARY };
    k.fit(pos2(x, rect.center().y - 6.0), Align2::LEFT_CENTER, 13.0, ink, &advice, width);
    let y = rect.center().y + 24.0;
    let chip = |k: &Kit<'_>, x: f32, key: &str, label: &str| {
        let key = k.key(pos2(x, y), key);
        let text = k.text(pos2(key.right() + 6.0, y), Align2::LEFT_CENTER, 13.0, SECONDARY, label);
        key.union(text).expand(4.0)
    };
    let war = chip(k, x, "F9", k.t(tr::WARTIME));
    let drill = chip(k, war.right() + 12.0, "F10", k.t(tr::EXERCISE));
    if k.hit(war, "f9", k.t(tr::REVIEW_SHEET)).clicked() {
        state.sheet = Some(sheet::Sheet::review(k.m));
    }
    if k.hit(drill, "f10", k.t(tr::DRILL_SHEET)).clicked() {
        state.sheet = Some(sheet::Sheet::drill());
    }
}

/// Refusals and failures, above the map's lower edge.
pub(super) fn notices_ui(k: &Kit<'_>, state: &PanelState, body: Rect) {
    let mut y = body.bottom() - 20.0;
    for (_, text) in state.notices.iter().rev() {
        let width = (k.width(14.0, text) + 32.0).min(body.width() * 0.6);
        let at = Rect::from_center_size(pos2(body.center().x, y), vec2(width, 34.0));
        k.fill(at, 4.0, SELECTED);
        k.outline(at, 4.0, 1.5, STALE);
        k.fit(at.center(), Align2::CENTER_CENTER, 14.0, PRIMARY, text, width - 16.0);
        y -= 40.0;
    }
}

fn toggle_layer(state: &mut PanelState, n: u8, out: &mut Vec<UiCommand>) {
    if !state.layers_off.remove(&n) {
        state.layers_off.insert(n);
    }
    out.push(UiCommand::ToggleLayer(n));
}

/// The keyboard of DESIGN.md §11. No letter key sends an order; `A`, `S`, `E` and a case's `C` act on the one selected thing,
/// `C` and `P` open the boards.
pub(super) fn keys(ctx: &egui::Context, model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>) {
    let pressed = |key: Key| ctx.input(|input| input.key_pressed(key) && !input.modifiers.any());
    let with = |key: Key, wanted: egui::Modifiers| {
        ctx.input(|input| input.key_pressed(key) && input.modifiers.matches_exact(wanted))
    };
    // Before a letter can mean a key: somebody may be typing. Esc has already taken the line's focus away.
    let is_typing = ctx.text_edit_focused();
    if pressed(Key::Escape) {
        if let Some(sheet) = &mut state.sheet {
            if !sheet.back() {
                state.sheet = None;
            }
        } else if let Some(board) = &mut state.board {
            if !board.back() {
                state.board = None;
            }
        } else if state.pages.is_open() {
            if state.pages.shows(pages::Page::Briefings) {
                if !briefing::escape(model, state, out) && !state.briefing.back() {
                    state.pages.close();
                }
            } else if !state.pages.back() {
                state.pages.close();
            }
        } else if state.draft.take().is_some()
            || state.tools.escape()
            || state.case_form.take().is_some()
            || state.amend.take().is_some()
            || state.listing.form.take().is_some()
            || state.held.take().is_some()
            || state.drawer == Some(Drawer::Needs) && state.needs.back()
        {
        } else if state.drawer.is_some() {
            state.close_drawer();
        } else if state.events_open {
            state.events_open = false;
        } else if model.selection.is_some() {
            out.push(UiCommand::Select(None));
        }
    }
    if pressed(Key::F8) && state.sheet.is_none() {
        state.replay.pick(out);
    }
    if pressed(Key::F9) {
        state.sheet = Some(sheet::Sheet::review(model));
    }
    if pressed(Key::F10) {
        state.sheet = Some(sheet::Sheet::drill());
    }
    if pressed(Key::F6) {
        state.pages.toggle(pages::Page::Briefings);
    }
    let has_letters = is_typing || state.pages.shows(pages::Page::Briefings);
    if pressed(Key::F2) || pressed(Key::M) && !has_letters {
        state.pages.toggle(pages::Page::Indicators);
    }
    if state.sheet.is_some() || state.replay.is_picking() || is_typing {
        return;
    }
    // The key that closes a board means nothing else.
    let had_board = state.board.is_some();
    if !state.pages.has_letters() {
        board::keys(&pressed, model, state);
    }
    if had_board || state.board.is_some() {
        return;
    }
    // A page over the map has the keys of the map to itself.
    let had_page = state.pages.cover_map();
    pages::keys(&pressed, model, state, out);
    if had_page || state.pages.cover_map() {
        return;
    }
    map_keys(&pressed, &with, model, state, out);
    if pressed(Key::F11) {
        // The wall: situation, place and action, or the metrics in their place.
        let map = if model.city.footing.posture == Posture::War { "war" } else { "peace" };
        let shows_metrics = scene_metrics(&model.city.scene, model.city.footing.posture).is_some();
        let scene = if shows_metrics { map } else { "metrics" };
        out.push(UiCommand::Submit(Command::ShowScene { scene: scene.into() }));
    }
    if pressed(Key::OpenBracket) {
        step(model, state, out, -1);
    }
    if pressed(Key::CloseBracket) {
        step(model, state, out, 1);
    }
    let is_free = ctx.memory(|memory| memory.focused().is_none());
    if (pressed(Key::G) || is_free && pressed(Key::Space))
        && let Some(at) = model.selection.and_then(|selection| model.place_of(selection))
    {
        out.push(UiCommand::FlyTo(at, 2500.0));
    }
    for (key, name) in [(Key::A, "A"), (Key::S, "S")] {
        if pressed(key) {
            events::act(model, state, out, name);
        }
    }
    match model.selection {
        Some(Selection::Order(order)) if pressed(Key::E) => {
            out.push(UiCommand::Submit(Command::EscalateOrder { order: *order }));
        }
        Some(Selection::Case(case)) => {
            if pressed(Key::C) {
                out.push(UiCommand::Submit(Command::PressCase { case: *case }));
            }
            if pressed(Key::E) {
                out.push(UiCommand::Submit(Command::SuperviseCase { case: *case }));
            }
        }
        _ => {}
    }
}

/// What [`view_keys`] are, the tools, and what may be asked of the city.
fn map_keys(
    pressed: &dyn Fn(Key) -> bool,
    with: &dyn Fn(Key, egui::Modifiers) -> bool,
    model: &Model<'_>,
    state: &mut PanelState,
    out: &mut Vec<UiCommand>,
) {
    use egui::Modifiers as M;
    view_keys(pressed, with, model, state, out);
    if pressed(Key::D) {
        state.toggle_drawer(Drawer::Duties);
    }
    if pressed(Key::I) {
        state.toggle_drawer(Drawer::Import);
    }
    if pressed(Key::Q) {
        state.toggle_drawer(Drawer::Ask);
    }
    if pressed(Key::F4) {
        state.toggle_drawer(Drawer::AlarmLoad);
    }
    // Without Shift it turns the map to the north.
    if with(Key::N, M::SHIFT) {
        state.toggle_drawer(Drawer::Needs);
    }
    for tool in Tool::ALL {
        if with(tool.key(), M::SHIFT) {
            state.tools.toggle(tool);
        }
    }
}

/// Layers, finding and views. Digits are the chips'; with Ctrl they keep a view, with Alt they go to it.
pub(super) fn view_keys(
    pressed: &dyn Fn(Key) -> bool,
    with: &dyn Fn(Key, egui::Modifiers) -> bool,
    model: &Model<'_>,
    state: &mut PanelState,
    out: &mut Vec<UiCommand>,
) {
    use egui::Modifiers as M;
    const DIGITS: [Key; 9] =
        [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
    for (n, key) in (1u8..).zip(DIGITS) {
        if n <= 8 && pressed(key) {
            toggle_layer(state, n, out);
        }
        if with(key, M::CTRL) || with(key, M::COMMAND) {
            out.push(UiCommand::StoreView(n));
        }
        if with(key, M::ALT) {
            out.push(UiCommand::RecallView(n));
        }
    }
    if pressed(Key::Slash) || with(Key::F, M::CTRL) || with(Key::F, M::COMMAND) {
        state.toggle_drawer(Drawer::Find);
    }
    if pressed(Key::L) {
        state.toggle_drawer(Drawer::Layers);
    }
    if with(Key::V, M::SHIFT) {
        state.toggle_drawer(Drawer::Views);
    }
    if pressed(Key::O) {
        state.locator_hidden = !state.locator_hidden;
    }
    if pressed(Key::F) && (model.view.is_following || model.selection.is_some_and(tools::is_mover)) {
        out.push(UiCommand::Follow(!model.view.is_following));
    }
}

/// Chooses the row of the event list before or after the chosen one.
fn step(model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>, by: i64) {
    let rows = &state.digest.events;
    let here = rows.iter().position(|row| events::is_chosen(model, state, &row.key));
    let next = here.map_or(0, |i| (i as i64 + by).clamp(0, rows.len() as i64 - 1) as usize);
    let Some((key, at)) = rows.get(next).map(|row| (row.key.clone(), row.at)) else { return };
    events::choose(state, out, &key, at);
}
