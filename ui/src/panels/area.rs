//! What lies in an area the officer drew: how many and how much of each kind, then each thing by itself, to be pressed.
//!
//! A team counts where it is while its fix is fresh, and at its station otherwise; the list says which.

use super::digest::district_name;
use super::kit::{Kit, exact, fresh, row_id};
use super::{Model, PanelState, Selection, UiCommand, drawer};
use crate::i18n::{Tr, tr};
use crate::stage::tools::{Region, area_text, length_text};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::*;

/// An area and what was in it when last counted.
pub(super) struct Area {
    pub region: Region,
    /// The hub's clock at the last count.
    counted_at: Option<Timestamp>,
    rows: Vec<Row>,
}

enum Row {
    /// A kind, and its sums.
    Head(Tr, String),
    Thing {
        name: String,
        sub: String,
        mark: Mark,
        selection: Selection,
        at: LonLat,
    },
    More(usize),
}

#[derive(Clone, Copy)]
enum Mark {
    Level(WarningColor, bool),
    Team { glyph: &'static str, is_live: bool },
    None,
}

/// Of a kind at most so many are listed; all are counted.
const MAX_PER_KIND: usize = 60;
/// Counted anew this often by the hub's clock, ms.
const COUNT_MS: i64 = 2_000;
const HEAD_H: f32 = 32.0;
const ROW_H: f32 = 42.0;

impl Area {
    pub fn new(region: Region) -> Self {
        Self { region, counted_at: None, rows: Vec::new() }
    }
}

pub(super) fn area_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let Some(mut area) = state.area.take() else {
        state.drawer = None;
        return;
    };
    let now = k.now();
    if area.counted_at.is_none_or(|at| now.since_ms(at).abs() >= COUNT_MS) {
        area.counted_at = Some(now);
        area.rows = rows_of(k.m, &area.region);
    }
    let size = area_text(area.region.area_m2());
    let sub = match &area.region {
        Region::Ring(ring) => k.m.lang.fill(tr::AREA_RING, &[&ring.len().to_string(), &size]),
        Region::Circle { radius_m, .. } => k.m.lang.fill(tr::AREA_CIRCLE, &[&length_text(*radius_m), &size]),
        Region::Point(_) => String::new(),
    };
    // Closing takes the area away, and so it is put back only if the drawer stays.
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::AREA), &sub) else { return };
    if area.rows.is_empty() {
        k.fit_center(body, 13.0, TERTIARY, k.t(tr::AREA_EMPTY), false);
    }
    let height = |row: &Row| if matches!(row, Row::Thing { .. }) { ROW_H } else { HEAD_H };
    let first = drawer::scroll(k, state, body, area.rows.iter().map(height));
    let mut y = body.top();
    for (i, row) in area.rows.iter().enumerate().skip(first) {
        let at = Rect::from_min_size(pos2(body.left(), y), vec2(body.width(), height(row)));
        if at.bottom() > body.bottom() + 0.5 {
            break;
        }
        y = at.bottom();
        row_ui(k, at, i, row);
    }
    state.area = Some(area);
}

fn row_ui(k: &mut Kit<'_>, rect: Rect, i: usize, row: &Row) {
    let (left, right, c) = (rect.left() + 12.0, rect.right() - 12.0, rect.center().y);
    match row {
        Row::Head(kind, sums) => {
            k.fill(rect, 0.0, RAISED);
            let kind = k.bold(pos2(left, c), Align2::LEFT_CENTER, 13.0, PRIMARY, k.t(*kind));
            k.fit(pos2(right, c), Align2::RIGHT_CENTER, 12.0, SECONDARY, sums, right - kind.right() - 10.0);
        }
        Row::More(n) => {
            let text = k.m.lang.fill(tr::AREA_MORE, &[&exact(*n as i64)]);
            k.text(pos2(left, c), Align2::LEFT_CENTER, 12.0, TERTIARY, &text);
        }
        Row::Thing { name, sub, mark, selection, at } => {
            let is_selected = k.m.selection == Some(selection);
            if is_selected {
                k.fill(rect, 0.0, SELECTED);
            }
            if k.hit(rect, row_id("area", i), name).clicked() {
                k.out.push(UiCommand::Select(Some(selection.clone())));
                k.out.push(UiCommand::FlyTo(*at, 1_500.0));
            }
            let mut x = left;
            match mark {
                Mark::Level(color, acknowledged) => {
                    k.level(pos2(x + 9.0, c), 18.0, *color, *acknowledged);
                    x += 28.0;
                }
                Mark::Team { glyph, is_live } => {
                    k.team(pos2(x + 10.0, c), 20.0, glyph, if *is_live { SYMBOL_TEAM } else { OFFLINE });
                    x += 28.0;
                }
                Mark::None => {}
            }
            let ink: Color32 = if is_selected { PRIMARY } else { SECONDARY };
            k.fit(pos2(x, c - 8.0), Align2::LEFT_CENTER, 13.0, ink, name, right - x);
            k.fit(pos2(x, c + 10.0), Align2::LEFT_CENTER, 12.0, TERTIARY, sub, right - x);
            k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
        }
    }
}

/// Everything inside, kind by kind: what needs acting on first, then who can act, then places.
fn rows_of(m: &Model<'_>, region: &Region) -> Vec<Row> {
    let (city, lang) = (m.city, m.lang);
    let inside = match region {
        Region::Point(_) => Inside::default(),
        Region::Circle { center, radius_m } => city.inside_circle(*center, *radius_m),
        Region::Ring(ring) => city.inside_polygon(ring),
    };
    let n = |n: usize| exact(n as i64);
    let district = |id: &DistrictId| district_name(city, id).to_owned();
    let mut rows = Vec::new();

    let mut cases: Vec<&Case> = inside.cases.iter().filter_map(|id| city.cases.get(id)).collect();
    cases.sort_by_key(|it| (!it.is_overdue(m.clock.now), std::cmp::Reverse(it.report.color), it.report.due_at, it.id));
    let of = |color| n(cases.iter().filter(|it| it.report.color == color).count());
    let [blue, yellow, orange, red] = WarningColor::ALL.map(of);
    let sums = lang.fill(tr::AREA_CASES_SUM, &[&n(cases.len()), &red, &orange, &yellow, &blue]);
    push(
        &mut rows,
        tr::KIND_CASE,
        sums,
        cases.len(),
        cases.iter().map(|it| Row::Thing {
            name: it.report.title.to_string(),
            sub: format!("{}・{}", it.report.address, lang.stage(it.stage)),
            mark: Mark::Level(it.report.color, it.stage >= CaseStage::Dispatched),
            selection: Selection::Case(it.id),
            at: it.report.at,
        }),
    );

    let teams: Vec<(&Team, LonLat, Option<Timestamp>)> = teams_inside(m, region);
    let people: i64 = teams.iter().map(|it| i64::from(it.0.n_people)).sum();
    let n_live = teams.iter().filter(|it| it.2.is_some()).count();
    let sums = [n(teams.len()), exact(people), n(n_live), n(teams.len() - n_live)];
    let sums = lang.fill(tr::AREA_TEAMS_SUM, &[&sums[0], &sums[1], &sums[2], &sums[3]]);
    push(
        &mut rows,
        tr::AREA_TEAMS,
        sums,
        teams.len(),
        teams.iter().map(|(team, at, live)| {
            let people = lang.fill(tr::N_PEOPLE, &[&exact(team.n_people.into())]);
            let place = match live {
                Some(as_of) => lang.fill(tr::AREA_LIVE, &[&lang.elapsed(m.clock.now.since_ms(*as_of) / 1000)]),
                None => lang.t(tr::AT_STATION).to_owned(),
            };
            let task = city.assignments.get(&team.id).map_or(String::new(), |(_, purpose)| format!("・{purpose}"));
            Row::Thing {
                name: team.name.to_string(),
                sub: format!("{people}・{place}{task}"),
                mark: Mark::Team { glyph: team.glyph(), is_live: live.is_some() },
                selection: Selection::Team(team.id.clone()),
                at: *at,
            }
        }),
    );

    let is_inside = |cell: &&Cell| cell.ring.iter().any(|at| region.holds(*at));
    let cells: Vec<&Cell> = city.grid.cells.iter().filter(is_inside).collect();
    if !cells.is_empty() {
        let on = cells.iter().flat_map(|it| city.grid.on_duty(&it.id, city.roster.as_ref(), m.clock.now));
        let people: std::collections::BTreeSet<&PersonId> = on.map(|it| &it.person.id).collect();
        rows.push(Row::Head(tr::AREA_CELLS, lang.fill(tr::AREA_CELLS_SUM, &[&n(cells.len()), &n(people.len())])));
    }

    macro_rules! places {
        ($registry:ident, $kind:ident, $head:expr, $sums:expr, $sub:expr) => {{
            let found: Vec<_> = inside.$registry.iter().filter_map(|i| city.$registry.get_index(*i as usize)).collect();
            let sums: String = $sums(&found);
            push(
                &mut rows,
                $head,
                sums,
                found.len(),
                found.iter().map(|(id, it)| Row::Thing {
                    name: it.name.to_string(),
                    sub: $sub(it),
                    mark: Mark::None,
                    selection: Selection::$kind((*id).clone()),
                    at: it.at,
                }),
            );
        }};
    }
    let sites = |n_found: usize| lang.fill(tr::AREA_SITES, &[&n(n_found)]);
    places!(flood_points, FloodPoint, tr::KIND_FLOOD_POINT, |it: &Vec<_>| sites(it.len()), |it: &FloodPoint| {
        let read = city.sensors.get_index_of(&it.sensor).and_then(|i| m.readings.gauges.get(i));
        let read = read.filter(|(_, at)| matches!(fresh(m, Budget::Water, *at), Freshness::Fresh));
        let depth = read.map_or("—".into(), |(value, _)| lang.value(f64::from(value), "cm"));
        format!("{}・{depth}", district(&it.district))
    });
    places!(
        shelters,
        Shelter,
        tr::KIND_SHELTER,
        |it: &Vec<(&ShelterId, &Shelter)>| {
            let capacity: i64 = it.iter().map(|it| i64::from(it.1.capacity)).sum();
            lang.fill(tr::AREA_SHELTERS_SUM, &[&n(it.len()), &exact(capacity)])
        },
        |it: &Shelter| format!(
            "{}・{}",
            district(&it.district),
            lang.fill(tr::N_PEOPLE, &[&exact(it.capacity.into())])
        )
    );
    places!(depots, Depot, tr::KIND_DEPOT, |it: &Vec<_>| sites(it.len()), |it: &Depot| it.stock.to_string());
    places!(
        hospitals,
        Hospital,
        tr::KIND_HOSPITAL,
        |it: &Vec<(&HospitalId, &Hospital)>| {
            let beds: i64 = it.iter().map(|it| i64::from(it.1.n_beds)).sum();
            lang.fill(tr::AREA_HOSPITALS_SUM, &[&n(it.len()), &exact(beds)])
        },
        |it: &Hospital| district(&it.district)
    );
    places!(helipads, Helipad, tr::KIND_HELIPAD, |it: &Vec<_>| sites(it.len()), |it: &Helipad| district(&it.district));
    places!(docks, Dock, tr::KIND_DOCK, |it: &Vec<_>| sites(it.len()), |it: &Dock| district(&it.district));
    places!(sensors, Sensor, tr::KIND_SENSOR, |it: &Vec<_>| sites(it.len()), |it: &Sensor| format!(
        "{}・{}",
        district(&it.district),
        lang.sensor(it.kind)
    ));
    places!(cameras, Camera, tr::KIND_CAMERA, |it: &Vec<_>| sites(it.len()), |it: &Camera| it.id.to_string());
    rows
}

fn push(rows: &mut Vec<Row>, kind: Tr, sums: String, n: usize, things: impl Iterator<Item = Row>) {
    if n == 0 {
        return;
    }
    rows.push(Row::Head(kind, sums));
    rows.extend(things.take(MAX_PER_KIND));
    if n > MAX_PER_KIND {
        rows.push(Row::More(n - MAX_PER_KIND));
    }
}

/// Each team inside, where it counts, and when it was heard there if that is live; live ones first.
fn teams_inside<'a>(m: &Model<'a>, region: &Region) -> Vec<(&'a Team, LonLat, Option<Timestamp>)> {
    let readings = m.readings;
    let mut teams: Vec<_> = (m.city.teams.values().enumerate())
        .map(|(i, team)| {
            let fix = readings.teams.get(i).filter(|it| matches!(fresh(m, Budget::Position, it.at), Freshness::Fresh));
            match fix {
                Some(fix) => (team, LonLat(fix.lon, fix.lat), Some(fix.at)),
                None => (team, team.home, None),
            }
        })
        .filter(|(_, at, _)| region.holds(*at))
        .collect();
    teams.sort_by_key(|(_, _, live)| live.is_none());
    teams
}
