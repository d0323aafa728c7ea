//! The card of the selected thing, over the map and clear of its target.

use super::digest::{budget_of, district_name};
use super::kit::{Kit, RealmMark, exact, fresh, fresh_value, freshness_mark, realm_mark};
use super::{PanelState, Selection, UiCommand, desk};
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
    /// A reading with its age.
    reading: Option<(String, Budget, Timestamp)>,
    actions: Vec<(Tr, Command)>,
}

pub(super) fn card_ui(k: &mut Kit<'_>, state: &mut PanelState, map: Rect, selection: &Selection) {
    let Some(card) = card_of(k, selection) else { return };
    let n_lines = card.lines.len() + usize::from(card.reading.is_some());
    let height = 44.0 + 20.0 * n_lines as f32 + if card.actions.is_empty() { 6.0 } else { 44.0 };
    let size = vec2(340.0f32.min(map.width() - 16.0), height);
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
    let mut x = rect.left() + 12.0;
    for (label, command) in card.actions {
        let label = k.t(label);
        let button = Rect::from_min_size(pos2(x, rect.bottom() - 40.0), vec2(k.width(13.0, label) + 24.0, 30.0));
        if k.button(button, ("card", label), 13.0, label, false) {
            k.out.push(UiCommand::Submit(command));
        }
        x = button.right() + 8.0;
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
            let (i, _, sensor) = city.sensors.get_full(&alarm.sensor)?;
            card.level = Some((alarm.color, alarm.acknowledged.is_some()));
            card.title = format!("{} {}", sensor.name, lang.sensor(sensor.kind));
            sensor_reading(k, &mut card, i, sensor);
            let raised = lang.value(f64::from(alarm.value), sensor.kind.unit());
            card.lines.push(lang.fill(tr::RAISED_AT, &[&alarm.raised_at.hm(), &raised]));
            if let Some((seat, at)) = &alarm.acknowledged {
                card.lines.push(lang.fill(tr::ACKNOWLEDGED_BY, &[seat.as_str(), &at.hm()]));
            }
            card.lines.push(district(&sensor.district));
            if alarm.acknowledged.is_none() {
                card.actions.push((tr::ACKNOWLEDGE, Command::AcknowledgeAlarm { alarm: *id }));
            }
            if alarm.color != WarningColor::Red && alarm.cleared_at.is_none() {
                card.actions.push((tr::SHELVE, desk::shelve(k.m, *id)));
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
            card.actions.push((tr::SUPERVISE, Command::SuperviseCase { case: *id }));
            card.actions.push((tr::PRESS, Command::PressCase { case: *id }));
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
            if !order.rung.is_end() {
                card.actions.push((tr::CALL_OUT, Command::EscalateOrder { order: *id }));
                let reason = k.t(tr::CANCEL_REASON).into();
                card.actions.push((tr::CANCEL_ORDER, Command::CancelOrder { order: *id, reason }));
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
                    card.actions.push((tr::RELEASE_TEAM, Command::ReleaseTeam { team: id.clone() }));
                }
                None => {
                    let purpose = k.t(tr::STAND_BY_PURPOSE).into();
                    card.actions
                        .push((tr::ASSIGN_TEAM, Command::AssignTeam { team: id.clone(), order: None, purpose }));
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
            let state = inventory.state_of(handle).name_zh().to_owned();
            card.reading = Some((state, inventory.budget, inventory.seen_at(handle)));
            let platform = city.connectors.get(&inventory.platform).map_or("", |_| inventory.platform.as_str());
            let source = if inventory.simulated { k.t(tr::SIMULATED) } else { platform };
            card.lines.push(source.to_owned());
        }
    }
    let nearest = k.m.place_of(selection).filter(|_| !matches!(selection, Selection::Team(_) | Selection::Drone(_)));
    if let Some(near) =
        nearest.and_then(|at| city.nearest_able(at, None, 1, k.m.readings, k.m.roads).into_iter().next())
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
