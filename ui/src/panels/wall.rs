//! The wall: situation | place | action, in native pixels of a 7680 × 2160 wall, scaled to what is there (DESIGN.md §2).
//! Never more than five rows: the wall is for shared awareness, the desk is for work. Where the hall's scene is a metrics wall, its
//! cards take the place of all three ([`super::metric_wall`]); a page of a briefing takes the whole wall ([`super::briefing`]).

use super::digest::budget_of;
use super::kit::{Kit, RealmMark, count, exact, fresh, fresh_value, freshness_mark, mmss, percent, realm_mark};
use super::{
    Model, PanelState, advice, briefing, cameras, drones, events, metric_wall, orders, today, topbar, typhoon, war,
};
use crate::charts;
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

const GUTTER: f32 = 24.0;
const HEADER: f32 = 112.0;
const TITLE: f32 = 60.0;
const SMALL: f32 = 48.0;

/// Screen pixels per native pixel of the reference wall.
pub(super) fn scale(rect: Rect) -> f32 {
    (rect.height() / 2160.0).min(rect.width() / 5400.0).max(0.05)
}

pub(super) fn wall_ui(k: &mut Kit<'_>, state: &mut PanelState, window: Rect) {
    let s = k.s;
    // The edge is doubled on the wall: four desk pixels to a native one, as strokes are.
    let edge = realm_mark(&Kit::new(k.ui, k.m, s * 4.0), RealmMark::Window(window));
    let mut rect = window.shrink(edge);
    if edge > 0.0 {
        let banner = Rect::from_min_size(rect.min, vec2(rect.width(), 140.0 * s));
        topbar::banner_ui(k, banner, 72.0);
        rect.min.y = banner.bottom();
    }
    let scene = state.own_scene.as_deref().unwrap_or(&k.m.city.scene);
    if let Some((id, page)) = briefing::shown(k.m.city, scene) {
        state.metric_wall.leave();
        return briefing::wall_ui(k, state, rect, &id, page);
    }
    let bar = Rect::from_min_size(rect.min, vec2(rect.width(), 184.0 * s));
    topbar::topbar_ui(k, bar);
    let is_war = k.m.city.footing.posture == Posture::War;
    let top = bar.bottom() + if is_war { 12.0 * s } else { 0.0 };
    let body = Rect::from_min_max(pos2(rect.left(), top), rect.max).shrink(GUTTER * s);
    if let Some(id) = metric_wall::on_wall(k.m.city, state.own_scene.as_deref()) {
        metric_wall::wall_ui(k, state, body, &id);
        return briefing::rest(k, state);
    }
    state.metric_wall.leave();
    if is_war {
        war_ui(k, state, body);
    } else {
        peace_ui(k, state, body);
    }
    briefing::rest(k, state);
}

/// `V` at a wall window: the camera wall of the next seat that has one, and after the last the hall's scene again.
pub(super) fn next_seat(model: &Model<'_>, state: &mut PanelState) {
    use std::ops::Bound::{Excluded, Unbounded};
    let walls = &model.city.camera_walls;
    let next = match &state.wall_seat {
        None => walls.keys().next(),
        Some(seat) => walls.range::<SeatId, _>((Excluded(seat), Unbounded)).next().map(|it| it.0),
    };
    state.wall_seat = next.cloned();
}

fn columns(k: &Kit<'_>, body: Rect, left: f32, right: f32) -> [Rect; 3] {
    let gap = GUTTER * k.s;
    let (a, b) = (body.left() + body.width() * left, body.right() - body.width() * right);
    [
        Rect::from_min_max(body.min, pos2(a, body.bottom())),
        Rect::from_min_max(pos2(a + gap, body.top()), pos2(b - gap, body.bottom())),
        Rect::from_min_max(pos2(b, body.top()), body.max),
    ]
}

/// Cuts a box in two, `part` of it above.
fn split(k: &Kit<'_>, rect: Rect, part: f32) -> [Rect; 2] {
    let gap = GUTTER * k.s;
    let y = rect.top() + (rect.height() - gap) * part;
    [Rect::from_min_max(rect.min, pos2(rect.right(), y)), Rect::from_min_max(pos2(rect.left(), y + gap), rect.max)]
}

fn panel(k: &Kit<'_>, rect: Rect, title: &str, sub: &str) -> Rect {
    k.panel_sized(rect, title, sub, HEADER, TITLE, SMALL)
}

fn map_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    state.map_rect = rect;
    k.outline(rect, 12.0, 4.0, HAIR);
    realm_mark(k, RealmMark::Watermark(rect));
    let city = k.m.city;
    let own = state.wall_seat.as_ref().and_then(|it| city.camera_walls.get_key_value(it));
    let cast = || scene_seat(&city.scene).and_then(|it| city.camera_walls.get_key_value(&it));
    if let Some((seat, kept)) = own.or_else(cast) {
        let title = k.m.lang.fill(tr::WALL_OF_SEAT, &[seat.as_str(), &kept.wall.n.to_string()]);
        let sub = if own.is_some() { k.t(tr::WALL_PICKED_HERE) } else { "" };
        let body = panel(k, rect, &title, sub);
        cameras::seat_ui(k, body.shrink(GUTTER * k.s), &kept.wall, 3.0);
    } else if let Some(feeds) = scene_feeds(&k.m.city.scene) {
        let body = panel(k, rect, k.t(tr::CAMERA_WALL), &k.m.lang.fill(tr::WALL_PICTURES, &[&feeds.len().to_string()]));
        cameras::scene_ui(k, body.shrink(GUTTER * k.s), &feeds, 3.0);
    }
}

// ---------------------------------------------------------------- peace

fn peace_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let [left, center, right] = columns(k, body, 0.268, 0.282);
    let [figures, tiles] = split(k, left, 0.462);
    figures_ui(k, state, figures);
    tiles_ui(k, state, tiles);
    map_ui(k, state, center);
    let [list, flow] = split(k, right, 0.645);
    let inner = panel(k, list, k.t(tr::EVENTS), k.t(tr::EVENTS_SUB));
    events::header_ui(k, state, list, HEADER, SMALL, false);
    let row = (inner.height() / k.s / 5.0).min(232.0);
    let five = Rect::from_min_size(inner.min, vec2(inner.width(), (row * 5.0 * k.s).min(inner.height())));
    events::rows_ui(k, state, five, row, true);
    // Before a switch the argument matters more than how cases flow.
    if advice::wall_height(k.m.city) > 0.0 {
        advice::wall_advice_ui(k, flow);
    } else {
        flow_ui(k, state, flow);
    }
}

/// The four figures everybody asks for.
fn figures_ui(k: &Kit<'_>, state: &PanelState, rect: Rect) {
    let digest = &state.digest;
    let lang = k.m.lang;
    let heard = k.m.readings.heard.values().copied().max().unwrap_or(k.m.city.at);
    let (live, all) = digest.sensors.values().fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let typical: f32 = today::typical_hours().iter().take(digest.hour_now + 1).sum();
    let rate = |part: f64, whole: f64| {
        if whole > 0.0 { format!("{:.1}", (part / whole * 1000.0).floor() / 10.0) } else { "—".into() }
    };
    let cells = [
        (
            tr::TODAY,
            exact(digest.n_today.into()),
            tr::UNIT_CASES,
            format!("{} {}", k.t(tr::TYPICAL_BY_NOW), exact(typical as i64)),
            heard,
        ),
        (
            tr::CLOSE_RATE,
            rate(digest.n_closed_today.into(), digest.n_today.into()),
            tr::UNIT_PERCENT,
            format!("{} {}", k.t(tr::OVERDUE_OPEN), exact(digest.n_overdue.into())),
            heard,
        ),
        (
            tr::SENSING,
            rate(live as f64, all as f64),
            tr::UNIT_PERCENT,
            format!("{} {} / {}", k.t(tr::SENSING_ALL), exact(live as i64), exact(all as i64)),
            digest.newest_reading,
        ),
        (
            tr::FORCES,
            exact(k.m.city.of_kind(UnitKind::Team).count() as i64),
            tr::UNIT_TEAMS,
            lang.fill(tr::ASSIGNED_N, &[&k.m.city.assignments.len().to_string()]),
            heard,
        ),
    ];
    let gap = GUTTER * k.s;
    let size = (rect.size() - vec2(gap, gap)) * 0.5;
    for (i, (title, value, unit, sub, as_of)) in cells.into_iter().enumerate() {
        let at = rect.min + vec2((size.x + gap) * (i % 2) as f32, (size.y + gap) * (i / 2) as f32);
        let cell = Rect::from_min_size(at, size);
        k.fill(cell, 12.0, PANEL);
        realm_mark(k, RealmMark::PanelLine(cell));
        let pad = 48.0 * k.s;
        let mark = freshness_mark(
            k,
            pos2(cell.right() - 36.0 * k.s, cell.top() + 0.17 * size.y),
            SMALL,
            Budget::Default,
            as_of,
        );
        let y = cell.top() + 0.17 * size.y;
        let x = cell.left() + pad + realm_mark(k, RealmMark::Chip(pos2(cell.left() + pad, y), SMALL));
        k.fit(pos2(x, y), Align2::LEFT_CENTER, 56.0, SECONDARY, k.t(title), mark - x);
        let (value, ink) = fresh_value(fresh(k.m, Budget::Default, as_of), value, PRIMARY);
        let hero = k.bold(pos2(cell.left() + pad, cell.top() + 0.51 * size.y), Align2::LEFT_CENTER, 160.0, ink, &value);
        k.text(
            pos2(hero.right() + 16.0 * k.s, hero.center().y + 34.0 * k.s),
            Align2::LEFT_CENTER,
            60.0,
            TERTIARY,
            k.t(unit),
        );
        k.fit(
            pos2(cell.left() + pad, cell.top() + 0.83 * size.y),
            Align2::LEFT_CENTER,
            SMALL,
            TERTIARY,
            &sub,
            size.x - 1.4 * pad,
        );
    }
}

/// Twelve tiles of safety.
fn tiles_ui(k: &Kit<'_>, state: &PanelState, rect: Rect) {
    let digest = &state.digest;
    let n_alarmed = digest.sensors.values().filter(|it| it.2.is_some()).count();
    let body = panel(k, rect, k.t(tr::RUNNING), k.t(tr::RUNNING_SUB));
    k.header_right(rect, HEADER, SMALL, TERTIARY, &k.m.lang.fill(tr::WATCH_N, &[&n_alarmed.to_string()]));
    let body = body.shrink(16.0 * k.s);
    let gap = 16.0 * k.s;
    let size = vec2((body.width() - gap * 2.0) / 3.0, (body.height() - gap * 3.0) / 4.0);
    for (n, i) in today::watched(k.m.city).into_iter().enumerate() {
        let (Some((_, indicator)), Some(value)) = (k.m.city.indicators.get_index(i), digest.indicators.get(i)) else {
            continue;
        };
        let at = body.min + vec2((size.x + gap) * (n % 3) as f32, (size.y + gap) * (n / 3) as f32);
        let tile = Rect::from_min_size(at, size);
        let kind = today::kind_of(&indicator.formula);
        let worst = kind.and_then(|kind| digest.sensors.get(&kind)).and_then(|it| it.2);
        k.fill(tile, 8.0, if worst.is_some() { SELECTED } else { RAISED });
        k.outline(tile, 8.0, 3.0, if worst.is_some() { STRONG } else { HAIR });
        let budget = kind.map_or(Budget::Default, budget_of);
        let freshness = fresh(k.m, budget, value.as_of);
        let pad = 26.0 * k.s;
        let mut right = tile.right() - pad;
        let y = tile.top() + 0.29 * size.y;
        if let Some(color) = worst {
            k.level(pos2(right - 36.0 * k.s, y), 72.0, color, true);
            right -= 90.0 * k.s;
        }
        if !matches!(freshness, Freshness::Fresh) {
            right = freshness_mark(k, pos2(right, y), 44.0, budget, value.as_of);
        }
        k.fit(
            pos2(tile.left() + pad, y),
            Align2::LEFT_CENTER,
            SMALL,
            SECONDARY,
            &indicator.name,
            right - tile.left() - pad,
        );
        let (text, ink) = fresh_value(freshness, today::indicator_text(k, indicator, value.value), PRIMARY);
        let y = tile.top() + 0.70 * size.y;
        let at = k.bold(pos2(tile.left() + pad, y), Align2::LEFT_CENTER, 68.0, ink, &text);
        k.text(pos2(at.right() + 12.0 * k.s, y + 6.0 * k.s), Align2::LEFT_CENTER, SMALL, TERTIARY, &indicator.unit);
        let spark = Rect::from_min_max(
            pos2(tile.right() - 180.0 * k.s, y - 30.0 * k.s),
            pos2(tile.right() - pad, y + 30.0 * k.s),
        );
        if at.right() + 120.0 * k.s < spark.left() {
            let history = digest.history(indicator.id.as_str());
            charts::spark_ui(k.painter(), spark, &history, None, SERIES_NEUTRAL, 4.0 * k.s);
        }
    }
}

fn flow_ui(k: &Kit<'_>, state: &PanelState, rect: Rect) {
    let body = panel(k, rect, k.t(tr::FLOW), k.t(tr::TODAY_SHORT));
    let late: u32 = state.digest.flow.iter().map(|row| row.n_overdue).sum();
    k.header_right(rect, HEADER, SMALL, TERTIARY, &format!("{} {}", k.t(tr::OVERDUE), exact(late.into())));
    let width = body.width() / 7.0;
    let most = state.digest.flow[0].n_reached.max(1) as f32;
    let (top, bottom) = (body.top() + 110.0 * k.s, body.bottom() - 96.0 * k.s);
    for (i, (stage, row)) in CaseStage::ALL.into_iter().zip(state.digest.flow).enumerate() {
        let x = body.left() + width * (i as f32 + 0.5);
        let height = ((bottom - top) * row.n_reached as f32 / most).max(3.0 * k.s);
        let bar = Rect::from_min_max(pos2(x - width * 0.4, bottom - height), pos2(x + width * 0.4, bottom));
        k.fill(bar, 0.0, SERIES[0]);
        k.text(pos2(x, bar.top() - 40.0 * k.s), Align2::CENTER_CENTER, 54.0, PRIMARY, &exact(row.n_reached.into()));
        k.text(pos2(x, bottom + 48.0 * k.s), Align2::CENTER_CENTER, SMALL, SECONDARY, k.m.lang.stage(stage));
    }
}

// ---------------------------------------------------------------- war

fn war_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let [left, center, right] = columns(k, body, 0.262, 0.32);
    // What is in force already needs no arguing.
    let wanted = advice::wall_height(k.m.city) * k.s;
    if wanted > 0.0 && left.height() > 2.0 * wanted {
        let [track, argued] = split(k, left, 1.0 - wanted / left.height());
        track_ui(k, track);
        advice::wall_advice_ui(k, argued);
    } else {
        track_ui(k, left);
    }
    let [map, feeds] = split(k, center, 0.725);
    map_ui(k, state, map);
    drones::tiles_ui(k, feeds, 3, 3.4);
    let [evacuation, board] = split(k, right, 0.47);
    evacuation_ui(k, evacuation);
    board_ui(k, board);
}

/// How bad, how long: the track, then the countdown.
fn track_ui(k: &Kit<'_>, rect: Rect) {
    let Some(it) = k.m.city.latest_typhoon() else {
        let body = panel(k, rect, k.t(tr::TYPHOON), "");
        k.fit_center(body, TITLE, TERTIARY, k.t(tr::NO_TYPHOON), false);
        return;
    };
    let grade = it.track.last().map_or("", |fix| k.m.lang.typhoon_grade(fix.wind));
    let body = panel(k, rect, &typhoon::title(k, it), grade);
    let as_of = typhoon::heard(k, it);
    k.header_fresh(rect, HEADER, SMALL, Budget::Weather, as_of);
    let facts_h = 400.0 * k.s;
    let map = Rect::from_min_max(body.min, pos2(body.right(), body.bottom() - facts_h));
    typhoon::map_ui(k, map, it, 4.0);
    let pad = 56.0 * k.s;
    k.hline(body.left(), body.right(), map.bottom(), HAIR);
    let city = k.m.city;
    let arrival =
        [10u8, 7].into_iter().find_map(|grade| city.circle_arrival(grade, city.center, k.now()).map(|it| (grade, it)));
    let (label, value) = match &arrival {
        Some((grade, it)) if it.inside => {
            (k.m.lang.fill(tr::WIND_HERE, &[&grade.to_string()]), k.t(tr::CIRCLE_HERE).to_owned())
        }
        Some((grade, it)) => (k.m.lang.fill(tr::UNTIL_WIND, &[&grade.to_string()]), mmss_long(it.at.since_ms(k.now()))),
        None => (k.t(tr::UNTIL_NONE).to_owned(), "—".to_owned()),
    };
    k.text(pos2(body.left() + pad, map.bottom() + 76.0 * k.s), Align2::LEFT_CENTER, 54.0, SECONDARY, &label);
    let (value, ink) = fresh_value(fresh(k.m, Budget::Weather, as_of), value, PRIMARY);
    k.bold(pos2(body.left() + pad, map.bottom() + 236.0 * k.s), Align2::LEFT_CENTER, 200.0, ink, &value);
    for (i, (label, value)) in typhoon::facts(k, it).into_iter().take(4).enumerate() {
        let y = map.bottom() + (62.0 + 92.0 * i as f32) * k.s;
        let (value, ink) = fresh_value(fresh(k.m, Budget::Weather, as_of), value, PRIMARY);
        let at = k.bold(pos2(body.right() - pad, y), Align2::RIGHT_CENTER, 56.0, ink, &value);
        k.text(
            pos2((body.right() - 640.0 * k.s).min(at.left() - 200.0 * k.s), y),
            Align2::LEFT_CENTER,
            52.0,
            TERTIARY,
            &label,
        );
    }
}

/// `09:18` in hours and minutes.
fn mmss_long(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    if minutes >= 60 { format!("{:02}:{:02}", minutes / 60, minutes % 60) } else { mmss(ms.max(0)) }
}

fn evacuation_ui(k: &Kit<'_>, rect: Rect) {
    let due = war::evacuation_due(k.m.city)
        .map_or(String::new(), |due| k.m.lang.fill(tr::BY_TIME, &[&k.m.lang.day_time(due, k.now())]));
    let body = panel(k, rect, k.t(tr::EVACUATION), &due);
    let heard = k.m.readings.heard.values().copied().max().unwrap_or(k.m.city.at);
    k.header_fresh(rect, HEADER, SMALL, Budget::Default, heard);
    let totals = k.m.city.evacuation_totals();
    let (moved, expected) = (totals.all.moved, totals.all.expected);
    let pad = 60.0 * k.s;
    let share = percent(moved.into(), expected.into());
    let hero = k.bold(
        pos2(body.left() + pad, body.top() + body.height() * 0.38),
        Align2::LEFT_CENTER,
        280.0,
        PRIMARY,
        share.trim_end_matches('%'),
    );
    if share.ends_with('%') {
        k.text(pos2(hero.right() + 20.0 * k.s, hero.center().y + 60.0 * k.s), Align2::LEFT_CENTER, 112.0, PRIMARY, "%");
    }
    let y = body.top() + body.height() * 0.70;
    let at = k.bold(pos2(body.left() + pad, y), Align2::LEFT_CENTER, 72.0, PRIMARY, &count(k.m.lang, moved.into()));
    let of = format!("/ {} {}", count(k.m.lang, expected.into()), k.t(tr::UNIT_PEOPLE));
    k.text(pos2(at.right() + 20.0 * k.s, y), Align2::LEFT_CENTER, 60.0, TERTIARY, &of);
    let left = k.m.lang.fill(tr::STILL, &[&exact(i64::from(expected.saturating_sub(moved)))]);
    k.text(pos2(body.left() + pad, y + 92.0 * k.s), Align2::LEFT_CENTER, 60.0, SECONDARY, &left);
    let rows = Rect::from_min_max(
        pos2(body.left() + body.width() * 0.40, body.top() + 40.0 * k.s),
        pos2(body.right() - pad, body.bottom() - 40.0 * k.s),
    );
    war::class_rows_ui(k, rows, &totals, 60.0, false);
}

fn board_ui(k: &Kit<'_>, rect: Rect) {
    let city = k.m.city;
    let (urgent, rest) = orders::sorted(city);
    let agencies: std::collections::BTreeSet<&AgencyId> = city.orders.values().map(|it| &it.text.agency).collect();
    let sub = k.m.lang.fill(tr::ORDERS_SUB, &[&city.orders.len().to_string(), &agencies.len().to_string()]);
    let body = panel(k, rect, k.t(tr::ORDERS), &sub);
    let text = k.m.lang.fill(tr::NEEDS_PERSON_N, &[&urgent.len().to_string()]);
    k.bold(
        pos2(rect.right() - 48.0 * k.s, rect.top() + HEADER * 0.5 * k.s),
        Align2::RIGHT_CENTER,
        TITLE,
        PRIMARY,
        &text,
    );
    let bar = Rect::from_min_size(body.min + vec2(48.0, 36.0) * k.s, vec2(body.width() - 96.0 * k.s, 36.0 * k.s));
    orders::stacked_ui(k, bar);
    orders::legend_ui(k, pos2(bar.left(), bar.bottom() + 52.0 * k.s), bar.right(), SMALL);
    let list = Rect::from_min_max(pos2(body.left(), bar.bottom() + 100.0 * k.s), body.max);
    let height = (list.height() / 3.0).min(240.0 * k.s);
    for (i, order) in urgent.iter().chain(&rest).take(3).enumerate() {
        let at = Rect::from_min_size(pos2(list.left(), list.top() + height * i as f32), vec2(list.width(), height));
        orders::row_ui(k, at, order, 4.3);
    }
    if city.orders.is_empty() {
        k.fit_center(list, TITLE, TERTIARY, k.t(tr::NO_ORDERS), false);
    }
}
