//! Emergency resources: what there is in peace, who is nearest in war. Arrival times are straight lines and say so.

use super::kit::{Kit, count, exact, fresh, row_id};
use super::{Selection, UiCommand};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

pub(super) fn forces_ui(k: &mut Kit<'_>, rect: Rect) {
    if k.m.selection.is_some_and(|selection| k.m.place_of(selection).is_some()) {
        return nearest_ui(k, rect, 4);
    }
    let body = k.panel(rect, k.t(tr::FORCES), k.t(tr::FORCES_SUB));
    k.header_fresh(rect, 32.0, 12.0, Budget::Position, newest_fix(k));
    let city = k.m.city;
    let teams = || city.of_kind(UnitKind::Team);
    let of = |tier| teams().filter(|team| team.tier == tier).count() as f64;
    let people: u32 = teams().map(|team| team.n_people).sum();
    let capacity: u64 = city.shelters_in_force().map(|it| u64::from(it.capacity)).sum();
    let cells = [
        (tr::TIER_NATIONAL, of(TeamTier::National), tr::UNIT_TEAMS),
        (tr::TIER_TRADE, of(TeamTier::Trade), tr::UNIT_TEAMS),
        (tr::TIER_SOCIAL, of(TeamTier::Social), tr::UNIT_TEAMS),
        (tr::TEAMS_ALL, teams().count() as f64, tr::UNIT_TEAMS),
        (tr::TEAM_PEOPLE, f64::from(people), tr::UNIT_PEOPLE),
        (tr::DEPOTS, city.depots_in_force().count() as f64, tr::UNIT_PLACES),
        (tr::HELIPADS, city.helipads.len() as f64, tr::UNIT_PLACES),
        (tr::HOSPITALS, city.hospitals.len() as f64, tr::UNIT_PLACES),
        (tr::SHELTERS, city.shelters_in_force().count() as f64, tr::UNIT_PLACES),
        (tr::SHELTER_CAPACITY, capacity as f64, tr::UNIT_PEOPLE),
    ];
    let height = ((body.height() - 30.0) / 5.0).min(34.0);
    let width = (body.width() - 24.0) / 2.0;
    for (i, (label, n, unit)) in cells.into_iter().enumerate() {
        let left = body.left() + 12.0 + (width + 8.0) * (i % 2) as f32;
        let right = left + width - 8.0;
        let y = body.top() + 4.0 + height * ((i / 2) as f32 + 0.5);
        k.fit(pos2(left, y), Align2::LEFT_CENTER, 13.0, SECONDARY, k.t(label), 84.0);
        k.text(pos2(right - 30.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(unit));
        k.bold(pos2(right - 36.0, y), Align2::RIGHT_CENTER, 18.0, PRIMARY, &count(k.m.lang, n));
        k.hline(left, right, body.top() + 4.0 + height * ((i / 2) as f32 + 1.0), ROW);
    }
    k.fit(
        pos2(body.left() + 12.0, body.bottom() - 14.0),
        Align2::LEFT_CENTER,
        12.0,
        TERTIARY,
        &units_note(k).unwrap_or_else(|| k.t(tr::FORCES_NOTE).to_owned()),
        body.width() - 24.0,
    );
}

/// What there is beside the teams, such as `另有 车辆 9・泵车 7`; none if there is nothing.
fn units_note(k: &Kit<'_>) -> Option<String> {
    let count = |kind: UnitKind| (kind, k.m.city.of_kind(kind).count());
    let counts = UnitKind::ALL.into_iter().filter(|it| *it != UnitKind::Team).map(count).filter(|it| it.1 > 0);
    let words: Vec<String> = counts.map(|(kind, n)| format!("{} {n}", k.m.lang.unit_kind(kind))).collect();
    (!words.is_empty()).then(|| k.m.lang.fill(tr::UNITS_N, &[&words.join("・")]))
}

fn newest_fix(k: &Kit<'_>) -> Timestamp {
    k.m.readings.teams.at.iter().copied().max().unwrap_or_default().min(k.now())
}

/// Teams on a task first, then the nearest able to the selected thing, or to the city's centre.
pub(super) fn nearest_ui(k: &mut Kit<'_>, rect: Rect, n_rows: usize) {
    let city = k.m.city;
    let place = k.m.selection.and_then(|selection| k.m.place_of(selection));
    let n_assigned = city.assignments.len();
    let sub = k.m.lang.fill(tr::ASSIGNED_N, &[&n_assigned.to_string()]);
    let body = k.panel(rect, k.t(tr::NEAREST), &sub);
    k.header_fresh(rect, 32.0, 12.0, Budget::Position, newest_fix(k));
    let footer = 30.0;
    let rows = Rect::from_min_max(body.min, pos2(body.right(), body.bottom() - footer));
    let height = (rows.height() / n_rows as f32).clamp(36.0, 56.0);
    let n_rows = (rows.height() / height) as usize;
    let mut y = rows.top();
    let mut clicked = None;
    let mut row_ui = |k: &Kit<'_>, team: &Team, as_of: Timestamp, middle: &str, right: &str, tasked: bool| {
        let at = Rect::from_min_size(pos2(rows.left(), y), vec2(rows.width(), height));
        y += height;
        let c = at.center().y;
        let freshness = if as_of.0 == 0 { Freshness::Fresh } else { fresh(k.m, Budget::Position, as_of) };
        let live = matches!(freshness, Freshness::Fresh);
        k.team(pos2(at.left() + 26.0, c), 24.0, team.glyph(), if live { SYMBOL_TEAM } else { OFFLINE });
        let right_box = k.bold(pos2(at.right() - 12.0, c), Align2::RIGHT_CENTER, 18.0, PRIMARY, right);
        let middle = k.text(pos2(right_box.left() - 16.0, c), Align2::RIGHT_CENTER, 14.0, SECONDARY, middle);
        let room = middle.left() - at.left() - 58.0;
        k.bold_fit(
            pos2(at.left() + 48.0, c - 9.0),
            Align2::LEFT_CENTER,
            14.0,
            if tasked { PRIMARY } else { SECONDARY },
            &team.name,
            room,
        );
        let people = k.m.lang.fill(tr::N_PEOPLE, &[&exact(team.n_people.into())]);
        let home = if as_of.0 == 0 {
            k.t(tr::AT_STATION).to_owned()
        } else {
            k.m.lang.elapsed(k.now().since_ms(as_of) / 1000)
        };
        k.fit(
            pos2(at.left() + 48.0, c + 10.0),
            Align2::LEFT_CENTER,
            12.0,
            TERTIARY,
            &format!("{people}・{home}"),
            room,
        );
        k.hline(at.left(), at.right(), at.bottom(), ROW);
        if k.hit(at, row_id("team", &team.id), &team.name).clicked() {
            clicked = Some(team.id.clone());
        }
    };
    let mut n = 0;
    if place.is_none() {
        for (id, (_, purpose)) in city.assignments.iter().take(n_rows / 2 + 1) {
            let Some((i, _, team)) = city.teams.get_full(id) else { continue };
            let as_of = k.m.readings.teams.get(i).map_or(Timestamp(0), |fix| fix.at);
            row_ui(k, team, as_of, purpose, k.t(tr::ON_TASK), true);
            n += 1;
        }
    }
    let from = place.unwrap_or(city.center);
    let nearest = city.nearest_able(from, None, n_rows.saturating_sub(n), k.m.readings, k.m.ground(), k.now());
    for near in nearest.into_iter().filter(|it| it.bar.is_none()) {
        let km = format!("{:.1} km", near.distance_m / 1000.0);
        let eta = k.m.lang.eta(near.eta_s, near.by);
        row_ui(k, near.team, near.as_of, &km, &eta, false);
        n += 1;
    }
    if n == 0 {
        k.fit_center(rows, 14.0, TERTIARY, k.t(tr::NO_TEAMS), false);
    }
    let target = k.t(if place.is_some() { tr::TO_SELECTION } else { tr::TO_CENTER });
    let note = format!("{target}・{}", k.t(tr::ETA_BASIS));
    k.fit(
        pos2(body.left() + 12.0, body.bottom() - footer * 0.5),
        Align2::LEFT_CENTER,
        12.0,
        TERTIARY,
        &note,
        body.width() - 24.0,
    );
    if let Some(team) = clicked {
        k.out.push(UiCommand::Select(Some(Selection::Team(team))));
    }
}
