//! The sheets: 平转战 review, 战转平, drill. Nothing leaves the building without one that shows exactly what will be sent
//! to whom; a hold of three seconds sends it.

use super::kit::{EDGE, Kit, RealmMark, exact, realm_mark, row_id};
use super::{Model, PanelState, UiCommand, topbar, typhoon};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, Sense, Shape, Stroke, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::*;
use gulang_wire::Drill;
use std::collections::BTreeSet;

/// The one sheet that may be open.
pub(super) enum Sheet {
    Review(Review),
    StandDown { seats: Seats, hold_since: Option<f64> },
    Drill(DrillChoice),
}

/// The drill sheet as the officer left it.
pub(super) struct DrillChoice {
    /// Index into [`SCENARIOS`].
    scenario: usize,
    speed: f32,
    seed: u64,
}

/// The review sheet as the officer left it.
pub(super) struct Review {
    plan: Option<PlanId>,
    level: ResponseLevel,
    pub(super) struck: BTreeSet<MeasureId>,
    /// Whose text is shown.
    shown: usize,
    scroll: f32,
    seats: Seats,
    hold_since: Option<f64>,
    dry_run: bool,
    /// What a dry run found.
    told: Option<String>,
}

/// The height of the seats' boxes on the stand-down sheet.
const SEATS_H: f32 = 64.0;
/// The second seat that Ⅰ and Ⅱ need.
const SECOND_SEAT: &str = "带班领导 02";

/// A drill shipped with the product: its file under `assets/scenarios`, its name and what it is.
struct Scenario {
    id: &'static str,
    title: Tr,
    note: Tr,
}

const SCENARIOS: [Scenario; 2] = [
    Scenario { id: "doksuri-2023", title: tr::SCENARIO_DOKSURI, note: tr::SCENARIO_DOKSURI_NOTE },
    Scenario { id: "rainstorm-demo", title: tr::SCENARIO_RAINSTORM, note: tr::SCENARIO_RAINSTORM_NOTE },
];

/// Who has confirmed: when each of the two seats did, on egui's clock (s). A confirmation holds for
/// [`TWO_PERSON_WINDOW_S`].
#[derive(Default)]
pub(super) struct Seats([Option<f64>; 2]);

impl Seats {
    /// How many seats `level` needs.
    fn needed(level: Option<ResponseLevel>) -> usize {
        if level >= Some(ResponseLevel::II) { 2 } else { 1 }
    }

    /// One seat's own hold is its confirmation; two seats both press first.
    fn are_enough(&self, level: Option<ResponseLevel>) -> bool {
        Self::needed(level) == 1 || self.0.iter().all(Option::is_some)
    }

    fn confirmed_by(level: Option<ResponseLevel>, own: &SeatId) -> Vec<SeatId> {
        let second = (Self::needed(level) == 2).then(|| SECOND_SEAT.into());
        std::iter::once(own.clone()).chain(second).collect()
    }
}

impl Sheet {
    /// Filled in: the recommended plan and level, every measure ticked.
    pub fn review(model: &Model<'_>) -> Self {
        let city = model.city;
        let advice = city.recommendation.as_ref();
        let plan = advice.map(|it| it.plan.clone()).or(city.footing.plan.clone());
        let typhoon = || city.base_plans().find(|plan| plan.hazard == Hazard::Typhoon).or(city.base_plans().next());
        let plan = plan.filter(|it| city.plans.contains_key(it)).or_else(|| typhoon().map(|plan| plan.id.clone()));
        let level = advice.map(|it| it.level).or(city.footing.level).unwrap_or(ResponseLevel::IV);
        Self::Review(Review {
            plan,
            level,
            struck: BTreeSet::new(),
            shown: 0,
            scroll: 0.0,
            seats: Seats::default(),
            hold_since: None,
            dry_run: false,
            told: None,
        })
    }

    pub fn stand_down() -> Self {
        Self::StandDown { seats: Seats::default(), hold_since: None }
    }

    pub fn drill() -> Self {
        Self::Drill(DrillChoice { scenario: 0, speed: 60.0, seed: 1 })
    }
}

pub(super) fn sheet_ui(k: &mut Kit<'_>, state: &mut PanelState, window: Rect) {
    let Some(mut sheet) = state.sheet.take() else { return };
    // The scrim swallows presses meant for what lies under it.
    k.ui.interact(window, k.ui.id().with("scrim"), Sense::click_and_drag());
    k.fill(window, 0.0, SCRIM.gamma_multiply(SCRIM_ALPHA));
    let size = match sheet {
        Sheet::Review(_) => vec2(1560.0, 956.0),
        Sheet::StandDown { .. } => vec2(760.0, 440.0 + SEATS_H + 40.0),
        Sheet::Drill(_) => vec2(720.0, 470.0),
    };
    let room = window.shrink(if k.is_exercise() { EDGE * 2.0 + 4.0 } else { 12.0 });
    let size = vec2(size.x.min(room.width()), size.y.min(room.height()));
    let rect = Rect::from_center_size(room.center() + vec2(0.0, 20.0f32.min((room.height() - size.y) * 0.5)), size);
    realm_mark(k, RealmMark::Window(rect.expand(EDGE)));
    k.fill(rect, 6.0, PANEL);
    k.outline(rect, 6.0, 1.0, if k.is_exercise() { EXERCISE_LINE } else { STRONG });
    let keep = match &mut sheet {
        Sheet::Review(review) => review_ui(k, review, rect),
        Sheet::StandDown { seats, hold_since } => stand_down_ui(k, seats, hold_since, rect),
        Sheet::Drill(choice) => drill_ui(k, choice, rect),
    };
    if keep {
        state.sheet = Some(sheet);
    }
}

/// `false` once it is done with.
fn review_ui(k: &mut Kit<'_>, review: &mut Review, rect: Rect) -> bool {
    let city = k.m.city;
    let plan = review.plan.as_ref().and_then(|id| city.plans.get(id));
    header_ui(k, rect, k.t(tr::REVIEW_SHEET), plan, review.level);
    let footer = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 112.0), rect.max);
    let body = Rect::from_min_max(pos2(rect.left(), rect.top() + 57.0), pos2(rect.right(), footer.top()));
    let Some(plan) = plan else {
        k.fit_center(body, 16.0, TERTIARY, k.t(tr::NO_PLAN), false);
        return !k.button(cancel_rect(footer), "cancel", 16.0, k.t(tr::CANCEL), false);
    };
    let left_w = (body.width() * 0.2026).max(220.0);
    let right_w = (body.width() * 0.2795).max(260.0);
    let inner = body.shrink2(vec2(20.0, 12.0));
    let left = Rect::from_min_max(inner.min, pos2(inner.left() + left_w, inner.bottom()));
    let right = Rect::from_min_max(pos2(inner.right() - right_w, inner.top()), inner.max);
    let middle = Rect::from_min_max(pos2(left.right() + 24.0, inner.top()), pos2(right.left() - 24.0, inner.bottom()));
    why_ui(k, review, left, plan);
    let orders = city.orders_for(&plan.id, review.level, &[], k.now());
    let sent: Vec<&OrderText> =
        orders.iter().filter(|it| it.measure.as_ref().is_none_or(|id| !review.struck.contains(id))).collect();
    what_ui(k, review, middle, plan, &orders);
    who_ui(k, review, right);
    footer_ui(k, review, footer, plan, &sent)
}

fn header_ui(k: &Kit<'_>, rect: Rect, title: &str, plan: Option<&Plan>, level: ResponseLevel) {
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), 56.0));
    k.fill(head.shrink(1.0), 6.0, RAISED);
    k.hline(head.left(), head.right(), head.bottom(), HAIR);
    let y = head.center().y;
    let x = rect.left() + 20.0 + realm_mark(k, RealmMark::Chip(pos2(rect.left() + 20.0, y), 14.0));
    let at = k.bold(pos2(x, y), Align2::LEFT_CENTER, 22.0, PRIMARY, title);
    let note = k.text(pos2(rect.right() - 20.0, y), Align2::RIGHT_CENTER, 13.0, SECONDARY, k.t(tr::NOTHING_SENT_YET));
    if let Some(plan) = plan {
        let text =
            format!("{}・{}", k.m.lang.hazard(Some(plan.hazard)), k.m.lang.fill(tr::LEVEL_EMERGENCY, &[level.roman()]));
        k.fit(pos2(at.right() + 18.0, y), Align2::LEFT_CENTER, 15.0, SECONDARY, &text, note.left() - at.right() - 30.0);
    }
}

/// A numbered part's head; the y below it is returned.
fn part_ui(k: &Kit<'_>, rect: Rect, y: f32, n: u8, title: &str, note: &str) -> f32 {
    let c = y + 14.0;
    let number = Rect::from_min_size(pos2(rect.left(), c - 10.0), vec2(20.0, 20.0));
    k.fill(number, 2.0, SELECTED);
    k.fit_center(number.expand(4.0), 13.0, PRIMARY, &n.to_string(), true);
    let at = k.bold(pos2(rect.left() + 30.0, c), Align2::LEFT_CENTER, 15.0, PRIMARY, title);
    k.fit(pos2(rect.right(), c), Align2::RIGHT_CENTER, 12.0, TERTIARY, note, rect.right() - at.right() - 8.0);
    k.hline(rect.left(), rect.right(), y + 30.0, HAIR);
    y + 34.0
}

/// 1 why, 2 plan and level.
fn why_ui(k: &mut Kit<'_>, review: &mut Review, rect: Rect, plan: &Plan) {
    let city = k.m.city;
    let advice = city.recommendation.as_ref().filter(|it| it.plan == plan.id);
    let as_of = advice.map_or(String::new(), |it| k.m.lang.elapsed(k.now().since_ms(it.made_at) / 1000));
    let mut y = part_ui(k, rect, rect.top(), 1, k.t(tr::PART_TRIGGER), &as_of);
    if let Some(warning) = topbar::warnings_in_force(city, k.now()).first() {
        k.level(pos2(rect.left() + 16.0, y + 20.0), 30.0, warning.color, false);
        let x = rect.left() + 42.0;
        k.bold_fit(pos2(x, y + 12.0), Align2::LEFT_CENTER, 15.0, PRIMARY, &k.m.lang.warning(warning), rect.right() - x);
        let text = format!("{} {}", warning.sender, warning.sent_at.hm());
        k.fit(pos2(x, y + 31.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &text, rect.right() - x);
        y += 46.0;
    }
    let levels_h = 258.0;
    let evidence_h = 22.0 * advice.map_or(1, |it| it.evidence.len().min(5)) as f32 + 8.0;
    if let Some(it) = typhoon::current(city)
        && plan.hazard == Hazard::Typhoon
    {
        let bottom = (rect.bottom() - levels_h - evidence_h).min(y + 390.0);
        if bottom - y > 80.0 {
            let map = Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), bottom));
            typhoon::map_ui(k, map, it, 0.8);
            y = bottom;
        }
    }
    y += 12.0;
    match advice {
        Some(advice) => {
            for evidence in advice.evidence.iter().take(5) {
                let at = k.text(pos2(rect.right(), y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &evidence.as_of.hm());
                k.fit(
                    pos2(rect.left(), y),
                    Align2::LEFT_CENTER,
                    13.0,
                    PRIMARY,
                    &evidence.text,
                    at.left() - rect.left() - 8.0,
                );
                y += 22.0;
            }
        }
        None => {
            k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::NO_ADVICE), rect.width());
            y += 22.0;
        }
    }
    y = part_ui(k, rect, y, 2, k.t(tr::PART_PLAN), k.t(tr::MAY_SKIP_LEVELS)) + 8.0;
    let mut x = rect.left();
    for other in city.base_plans() {
        let label = k.m.lang.hazard(Some(other.hazard)).to_owned();
        let tab = Rect::from_min_size(pos2(x, y - 6.0), vec2(k.width(13.0, &label) + 20.0, 24.0));
        let chosen = other.id == plan.id;
        k.fill(tab, 3.0, if chosen { SELECTED } else { PANEL });
        k.outline(tab, 3.0, 1.0, if chosen { STRONG } else { HAIR });
        k.fit_center(tab, 13.0, if chosen { PRIMARY } else { TERTIARY }, &label, false);
        if k.hit(tab, row_id("plan", &other.id), &other.title).clicked() && !chosen {
            review.plan = Some(other.id.clone());
            review.struck.clear();
            (review.shown, review.scroll) = (0, 0.0);
        }
        x = tab.right() + 6.0;
    }
    y += 32.0;
    k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 12.0, SECONDARY, &plan.title, rect.width());
    y += 12.0;
    for level in ResponseLevel::ALL {
        let row = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width(), 31.0));
        y += 36.0;
        let chosen = level == review.level;
        k.fill(row, 3.0, if chosen { SELECTED } else { PANEL });
        k.outline(row, 3.0, if chosen { 1.5 } else { 1.0 }, if chosen { PRIMARY } else { HAIR });
        let dot = pos2(row.left() + 18.0, row.center().y);
        k.painter().circle_stroke(dot, 6.5, Stroke::new(1.4, if chosen { PRIMARY } else { TERTIARY }));
        if chosen {
            k.painter().circle_filled(dot, 3.4, PRIMARY);
        }
        let label = k.m.lang.fill(tr::LEVEL_N, &[level.roman()]);
        let ink = if chosen { PRIMARY } else { SECONDARY };
        k.bold(pos2(row.left() + 36.0, dot.y), Align2::LEFT_CENTER, 14.0, ink, &label);
        let advised = advice.is_some_and(|it| it.level == level);
        let note = match (advised, level >= ResponseLevel::II) {
            (true, _) => tr::ADVISED,
            (false, true) => tr::TWO_PERSON,
            (false, false) => tr::ONE_PERSON,
        };
        k.text(
            pos2(row.right() - 8.0, dot.y),
            Align2::RIGHT_CENTER,
            12.0,
            if advised { OK } else { TERTIARY },
            k.t(note),
        );
        if k.hit(row, row_id("level", level), &label).clicked() {
            review.level = level;
            review.seats = Seats::default();
        }
    }
}

/// 3 what is sent: every line can be struck, every text read.
fn what_ui(k: &mut Kit<'_>, review: &mut Review, rect: Rect, plan: &Plan, orders: &[OrderText]) {
    let n_sent = orders.iter().filter(|it| it.measure.as_ref().is_none_or(|id| !review.struck.contains(id))).count();
    let note = k.m.lang.fill(tr::LINES_N, &[&n_sent.to_string(), &orders.len().to_string()]);
    let y = part_ui(k, rect, rect.top(), 3, k.t(tr::PART_ORDERS), &note);
    let columns = [rect.left() + 36.0, rect.left() + 170.0, rect.right() - 162.0, rect.right()];
    let c = y + 9.0;
    for (x, word) in columns.into_iter().zip([tr::AGENCY, tr::CONTENT, tr::CHANNEL]) {
        k.text(pos2(x, c), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(word));
    }
    k.text(pos2(columns[3], c), Align2::RIGHT_CENTER, 12.0, TERTIARY, k.t(tr::DEADLINE));
    let text_h = 118.0;
    let list = Rect::from_min_max(pos2(rect.left(), y + 22.0), pos2(rect.right(), rect.bottom() - text_h - 56.0));
    let height = 34.0;
    let fit = (list.height() / height).max(0.0) as usize;
    if k.ui.rect_contains_pointer(list) {
        review.scroll -= k.ui.input(|input| input.smooth_scroll_delta.y) / height;
    }
    let (steps, pages, space) = k.ui.input(|input| {
        use egui::Key;
        let key = |key| i32::from(input.key_pressed(key));
        (key(Key::ArrowDown) - key(Key::ArrowUp), key(Key::PageDown) - key(Key::PageUp), input.key_pressed(Key::X))
    });
    if steps != 0 {
        review.shown = (review.shown as i32 + steps).clamp(0, orders.len() as i32 - 1).max(0) as usize;
        let shown = review.shown as f32;
        review.scroll = review.scroll.clamp((shown - fit as f32 + 1.0).max(0.0), shown);
    }
    review.scroll = (review.scroll + pages as f32 * fit as f32).clamp(0.0, orders.len().saturating_sub(fit) as f32);
    if space && let Some(id) = orders.get(review.shown).and_then(|it| it.measure.clone()) {
        toggle(&mut review.struck, id);
    }
    let first = review.scroll.round() as usize;
    for (n, order) in orders.iter().enumerate().skip(first).take(fit) {
        let row = Rect::from_min_size(
            pos2(list.left(), list.top() + height * (n - first) as f32),
            vec2(list.width(), height),
        );
        line_ui(k, review, row, columns, n, order);
    }
    let (mut y, ladder) = (list.bottom() + 16.0, plan.ladder.iter().map(|it| &**it).collect::<Vec<_>>().join(" → "));
    let mins = [plan.ack_within_mins.to_string(), (plan.ack_within_mins + plan.escalate_after_mins).to_string()];
    let rule = k.m.lang.fill(tr::LADDER_RULE, &[&mins[0], &mins[1], &ladder]);
    k.fit(pos2(rect.left() + 8.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &rule, rect.width() - 16.0);
    y += 18.0;
    k.fit(pos2(rect.left() + 8.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &plan.basis, rect.width() - 16.0);
    let text = Rect::from_min_max(pos2(rect.left(), rect.bottom() - text_h), rect.max);
    preview_ui(k, review, text, orders);
}

fn line_ui(k: &mut Kit<'_>, review: &mut Review, row: Rect, columns: [f32; 4], n: usize, order: &OrderText) {
    let c = row.center().y;
    let struck = order.measure.as_ref().is_some_and(|id| review.struck.contains(id));
    if n == review.shown {
        k.fill(row, 0.0, RAISED);
    }
    let tick = Rect::from_center_size(pos2(row.left() + 16.0, c), vec2(16.0, 16.0));
    k.outline(tick, 2.0, 1.5, if struck { TERTIARY } else { ACCENT });
    if !struck {
        let mark = [tick.min + vec2(3.5, 8.5), tick.min + vec2(7.0, 12.0), tick.min + vec2(12.8, 4.6)];
        k.painter().add(Shape::line(mark.to_vec(), Stroke::new(1.8, ACCENT)));
    }
    let agency = k.m.city.agencies.get(&order.agency).map_or(order.agency.as_str(), |it| &it.short);
    let (strong, weak) = if struck { (QUIET, QUIET) } else { (PRIMARY, SECONDARY) };
    k.bold_fit(pos2(columns[0], c), Align2::LEFT_CENTER, 14.0, strong, agency, columns[1] - columns[0] - 8.0);
    let title =
        k.fit(pos2(columns[1], c), Align2::LEFT_CENTER, 14.0, weak, &order.title, columns[2] - columns[1] - 8.0);
    if struck {
        k.hline(columns[0], title.right(), c, QUIET);
    }
    k.fit(pos2(columns[2], c), Align2::LEFT_CENTER, 13.0, weak, k.m.lang.channel(order.channel), 92.0);
    k.bold(pos2(columns[3], c), Align2::RIGHT_CENTER, 14.0, strong, &k.m.lang.day_time(order.due_at, k.now()));
    k.hline(row.left(), row.right(), row.bottom(), ROW);
    let label = k.m.lang.fill(tr::STRIKE, &[&order.title]);
    let box_hit = Rect::from_min_max(row.min, pos2(columns[0] - 4.0, row.bottom()));
    if k.hit(box_hit, row_id("tick", n), &label).clicked()
        && let Some(id) = order.measure.clone()
    {
        toggle(&mut review.struck, id);
    }
    if k.hit(Rect::from_min_max(pos2(columns[0] - 4.0, row.top()), row.max), row_id("line", n), &order.title).clicked()
    {
        review.shown = n;
    }
}

fn toggle(struck: &mut BTreeSet<MeasureId>, id: MeasureId) {
    if !struck.remove(&id) {
        struck.insert(id);
    }
}

/// The exact words that will be sent.
fn preview_ui(k: &Kit<'_>, review: &Review, rect: Rect, orders: &[OrderText]) {
    k.fill(rect, 4.0, RAISED);
    k.outline(rect, 4.0, 1.0, HAIR);
    let Some(order) = orders.get(review.shown.min(orders.len().saturating_sub(1))) else { return };
    let agency = k.m.city.agencies.get(&order.agency).map_or(order.agency.as_str(), |it| &it.name);
    let y = rect.top() + 16.0;
    let at = k.bold(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 14.0, PRIMARY, k.t(tr::EXACT_TEXT));
    let which = k.m.lang.fill(tr::NTH_OF, &[agency, &(review.shown + 1).to_string(), &orders.len().to_string()]);
    let keys = k.text(pos2(rect.right() - 12.0, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, k.t(tr::PREVIEW_KEYS));
    k.fit(pos2(at.right() + 12.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &which, keys.left() - at.right() - 24.0);
    let words = Rect::from_min_max(pos2(rect.left() + 12.0, rect.top() + 32.0), rect.max - vec2(12.0, 6.0));
    k.wrap(words, 14.0, SECONDARY, &order.body);
}

/// 4 who goes, 5 what opens, 6 who confirms.
fn who_ui(k: &mut Kit<'_>, review: &mut Review, rect: Rect) {
    let city = k.m.city;
    let mut y = part_ui(k, rect, rect.top(), 4, k.t(tr::PART_FORCES), k.t(tr::ETA_BASIS)) + 4.0;
    let place = k.m.selection.and_then(|it| k.m.place_of(it)).unwrap_or(city.center);
    let mut rows: Vec<NearTeam<'_>> = Vec::new();
    for capability in Capability::ALL {
        rows.extend(city.nearest_able(place, Some(capability), 1, k.m.readings, k.m.roads));
    }
    let room = (rect.height() - 34.0 * 3.0 - 5.0 * 38.0 - 116.0).max(0.0);
    for near in rows.iter().take((room / 38.0) as usize) {
        let c = y + 18.0;
        k.team(pos2(rect.left() + 14.0, c), 22.0, near.team.capability.glyph(), SYMBOL_TEAM);
        let eta = k.m.lang.eta(near.eta_s, near.by);
        let at = k.bold(pos2(rect.right(), c), Align2::RIGHT_CENTER, 15.0, PRIMARY, &eta);
        let people = k.m.lang.fill(tr::N_PEOPLE, &[&exact(near.team.n_people.into())]);
        let at =
            k.text(pos2(at.left().min(rect.right() - 56.0) - 8.0, c), Align2::RIGHT_CENTER, 13.0, SECONDARY, &people);
        k.fit(
            pos2(rect.left() + 34.0, c),
            Align2::LEFT_CENTER,
            14.0,
            PRIMARY,
            &near.team.name,
            at.left() - rect.left() - 42.0,
        );
        y += 38.0;
        k.hline(rect.left(), rect.right(), y, ROW);
    }
    y = part_ui(k, rect, y + 14.0, 5, k.t(tr::PART_PICTURES), k.t(tr::LAYOUT_WAR)) + 2.0;
    let drones = format!("{} / {}", k.m.pictures.len(), city.drones.len());
    let pictures = [
        (tr::SENSING_DRONES, drones),
        (tr::SENSING_CAMERAS, exact(city.cameras.len() as i64)),
        (tr::FLOOD_POINTS, exact(city.flood_points.len() as i64)),
    ];
    for (label, value) in pictures {
        let c = y + 15.0;
        k.text(pos2(rect.left(), c), Align2::LEFT_CENTER, 14.0, PRIMARY, k.t(label));
        k.text(pos2(rect.right(), c), Align2::RIGHT_CENTER, 13.0, SECONDARY, &value);
        y += 30.0;
        k.hline(rect.left(), rect.right(), y, ROW);
    }
    let level = Some(review.level);
    let note = k.t(if Seats::needed(level) == 2 { tr::TWO_PERSON } else { tr::ONE_PERSON });
    y = part_ui(
        k,
        rect,
        (y + 14.0).max(rect.bottom() - 130.0).min(rect.bottom() - 120.0),
        6,
        k.t(tr::PART_CONFIRM),
        note,
    ) + 4.0;
    seats_ui(k, &mut review.seats, Rect::from_min_max(pos2(rect.left(), y), rect.max), level);
}

/// The seats that confirm, side by side.
fn seats_ui(k: &mut Kit<'_>, seats: &mut Seats, rect: Rect, level: Option<ResponseLevel>) {
    let time = k.ui.input(|input| input.time);
    let size = vec2((rect.width() - 10.0) * 0.5, rect.height());
    for slot in 0..2 {
        let at = Rect::from_min_size(pos2(rect.left() + (size.x + 10.0) * slot as f32, rect.top()), size);
        seat_ui(k, &mut seats.0[slot], at, slot, slot >= Seats::needed(level), time);
    }
}

fn seat_ui(k: &mut Kit<'_>, confirmed_at: &mut Option<f64>, rect: Rect, slot: usize, idle: bool, time: f64) {
    let seat = if slot == 0 { k.m.seat.as_str() } else { SECOND_SEAT };
    let left = confirmed_at.map(|at| TWO_PERSON_WINDOW_S - (time - at));
    if left.is_some_and(|left| left <= 0.0) {
        *confirmed_at = None;
    }
    let confirmed = confirmed_at.is_some();
    let line = if confirmed {
        OK
    } else if idle {
        HAIR
    } else {
        INVERSE_BG
    };
    k.fill(rect, 4.0, if confirmed || idle { PANEL } else { RAISED });
    k.outline(rect, 4.0, if confirmed || idle { 1.0 } else { 2.0 }, line);
    let c = pos2(rect.left() + 16.0, rect.top() + 18.0);
    if confirmed {
        k.painter().circle_filled(c, 4.5, OK);
    } else {
        k.painter().circle_stroke(c, 4.5, Stroke::new(1.5, if idle { QUIET } else { PRIMARY }));
    }
    let width = rect.width() - 36.0;
    k.bold_fit(
        pos2(rect.left() + 28.0, c.y),
        Align2::LEFT_CENTER,
        14.0,
        if idle { QUIET } else { PRIMARY },
        seat,
        width,
    );
    let word = match (confirmed, idle) {
        (_, true) => k.t(tr::NOT_NEEDED).to_owned(),
        (true, _) => k.m.lang.fill(tr::CONFIRMED_FOR, &[&super::kit::mmss((left.unwrap_or(0.0) * 1000.0) as i64)]),
        _ => k.t(tr::PRESS_TO_CONFIRM).to_owned(),
    };
    k.fit(
        pos2(rect.left() + 12.0, c.y + 24.0),
        Align2::LEFT_CENTER,
        13.0,
        if idle { QUIET } else { SECONDARY },
        &word,
        rect.width() - 20.0,
    );
    let label = k.m.lang.fill(tr::CONFIRM_AS, &[seat]);
    if !idle && k.hit(rect, row_id("seat", slot), &label).clicked() {
        *confirmed_at = if confirmed { None } else { Some(time) };
    }
}

fn cancel_rect(footer: Rect) -> Rect {
    Rect::from_min_size(pos2(footer.right() - 484.0, footer.center().y - 32.0), vec2(104.0, 64.0))
}

/// How it is sent, how much, and the hold. `false` once sent or cancelled.
fn footer_ui(k: &mut Kit<'_>, review: &mut Review, rect: Rect, plan: &Plan, sent: &[&OrderText]) -> bool {
    k.fill(rect.shrink(1.0), 6.0, RAISED);
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let c = rect.center().y;
    k.text(pos2(rect.left() + 20.0, c - 26.0), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::HOW_SENT));
    let mut x = rect.left() + 20.0;
    let mut to_drill = false;
    let modes = [(tr::SEND_ACTUAL, !k.is_exercise()), (tr::EXERCISE, k.is_exercise()), (tr::DRY_RUN, true)];
    for (n, (word, possible)) in modes.into_iter().enumerate() {
        let label = k.t(word);
        let at = Rect::from_min_size(pos2(x, c - 14.0), vec2(k.width(15.0, label) + 34.0, 42.0));
        x = at.right() - 1.0;
        let chosen = if n == 2 { review.dry_run } else { !review.dry_run && possible };
        let (fill, ink) = match (chosen, n) {
            (true, 1) => (EXERCISE_LINE, EXERCISE_CHIP_TEXT),
            (true, _) => (INVERSE_BG, INVERSE_TEXT),
            (false, 1) => (PANEL, EXERCISE_LINE),
            (false, _) => (PANEL, if possible { SECONDARY } else { QUIET }),
        };
        k.fill(at, 3.0, fill);
        k.outline(at, 3.0, 1.0, STRONG);
        k.fit_center(at, 15.0, ink, label, chosen);
        if k.hit(at, row_id("mode", n), label).clicked() {
            match n {
                2 => review.dry_run = true,
                _ if possible => review.dry_run = false,
                1 => to_drill = true,
                _ => {}
            }
            review.told = None;
        }
    }
    let agencies: BTreeSet<&AgencyId> = sent.iter().map(|it| &it.agency).collect();
    let measures = k.m.city.effective_measures(plan);
    let people: u64 = measures
        .iter()
        .map(|it| &it.measure)
        .filter(|it| it.from_level <= review.level && !review.struck.contains(&it.id))
        .flat_map(|it| &it.evacuees)
        .map(|it| u64::from(it.n_people))
        .sum();
    let left = x + 24.0;
    k.painter().vline(left - 12.0, (c - 30.0)..=(c + 30.0), Stroke::new(1.0, HAIR));
    let room = cancel_rect(rect).left() - left - 12.0;
    let totals = k.m.lang.fill(
        tr::TOTALS,
        &[&sent.len().to_string(), &agencies.len().to_string(), &super::kit::count(k.m.lang, people as f64)],
    );
    k.bold_fit(pos2(left, c - 10.0), Align2::LEFT_CENTER, 19.0, PRIMARY, &totals, room);
    let told = review.told.clone().unwrap_or_else(|| connectors_text(k));
    k.fit(pos2(left, c + 18.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &told, room);
    if k.button(cancel_rect(rect), "cancel", 16.0, k.t(tr::CANCEL_ESC), false) {
        return false;
    }
    if to_drill {
        k.out.push(UiCommand::Drill(Drill::Start { scenario: SCENARIOS[0].id.into(), seed: 1, speed: 60.0 }));
        return false;
    }
    let hold = Rect::from_min_max(pos2(rect.right() - 368.0, c - 32.0), pos2(rect.right() - 20.0, c + 32.0));
    let ready = review.dry_run || review.seats.are_enough(Some(review.level));
    let realm = k.t(if review.dry_run {
        tr::DRY_RUN
    } else if k.is_exercise() {
        tr::EXERCISE
    } else {
        tr::REALM_ACTUAL
    });
    let label = k.m.lang.fill(tr::HOLD_TO_START, &[review.level.roman(), realm]);
    if !hold_ui(k, hold, "hold-war", &label, ready, &mut review.hold_since) {
        return true;
    }
    if review.dry_run {
        review.told = Some(k.m.lang.fill(tr::DRY_RUN_DONE, &[&sent.len().to_string()]));
        return true;
    }
    k.out.push(UiCommand::Submit(Command::SwitchToWar {
        plan: plan.id.clone(),
        level: review.level,
        districts: Vec::new(),
        struck: review.struck.iter().cloned().collect(),
        added: Vec::new(),
        confirmed_by: Seats::confirmed_by(Some(review.level), k.m.seat),
        reason: k.t(tr::CONFIRMED_ON_SHEET).into(),
        reasons: Default::default(),
        sheet_version: None,
        overridden: false,
    }));
    false
}

/// Which platforms carry the orders, and how well; a degraded one is named.
fn connectors_text(k: &Kit<'_>) -> String {
    let connectors = &k.m.city.connectors;
    let healthy = connectors.values().filter(|it| it.state == HealthState::Healthy).count();
    let bad = connectors.values().filter(|it| matches!(it.state, HealthState::Degraded | HealthState::Silent));
    let bad: Vec<&str> = bad.map(|it| &*it.name).collect();
    let text = k.m.lang.fill(tr::CONNECTORS_OF, &[&healthy.to_string(), &connectors.len().to_string()]);
    if bad.is_empty() { text } else { format!("{text}・{}", k.m.lang.fill(tr::DEGRADED_ARE, &[&bad.join("、")])) }
}

/// The hold-to-confirm button: `true` in the frame the three seconds are full. Enter holds it too.
fn hold_ui(k: &Kit<'_>, rect: Rect, id: &str, label: &str, ready: bool, since: &mut Option<f64>) -> bool {
    let response = k.ui.interact(rect, k.ui.id().with(id), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, ready, label));
    let (time, enter) = k.ui.input(|input| (input.time, input.key_down(egui::Key::Enter)));
    let held = ready && (response.is_pointer_button_down_on() || enter);
    *since = if held { since.or(Some(time)) } else { None };
    let ms = since.map_or(0.0, |since| (time - since) * 1000.0);
    k.fill(rect, 4.0, APP);
    let part = (ms / HOLD_CONFIRM_MS).clamp(0.0, 1.0) as f32;
    k.fill(Rect::from_min_size(rect.min, vec2(rect.width() * part, rect.height())), 4.0, HOLD_FILL);
    let line = if !ready {
        HAIR
    } else if k.is_exercise() {
        EXERCISE_LINE
    } else {
        INVERSE_BG
    };
    k.outline(rect, 4.0, 2.0, line);
    let ink = if ready { PRIMARY } else { QUIET };
    let up = if held || !ready { vec2(0.0, -9.0) } else { vec2(0.0, 0.0) };
    k.fit_center(rect.translate(up), 20.0, ink, label, true);
    if held {
        let left = k.m.lang.fill(tr::STILL_SECS, &[&format!("{:.1}", ((HOLD_CONFIRM_MS - ms) / 1000.0).max(0.0))]);
        k.fit_center(rect.translate(vec2(0.0, 17.0)), 13.0, PRIMARY, &left, false);
        k.ui.ctx().request_repaint();
    } else if !ready {
        k.fit_center(rect.translate(vec2(0.0, 17.0)), 13.0, TERTIARY, k.t(tr::NEEDS_TWO), false);
    }
    if ms < HOLD_CONFIRM_MS {
        return false;
    }
    *since = None;
    true
}

/// 战转平, symmetrical: what stands open, then the hold.
fn stand_down_ui(k: &mut Kit<'_>, seats: &mut Seats, hold_since: &mut Option<f64>, rect: Rect) -> bool {
    let city = k.m.city;
    header_ui(k, rect, k.t(tr::STAND_DOWN), None, ResponseLevel::IV);
    let open = city.orders.values().filter(|it| !it.rung.is_end()).count();
    let totals = city.evacuation_totals().all;
    let level = city.footing.level.map_or("—".to_owned(), |it| k.m.lang.fill(tr::LEVEL_N, &[it.roman()]));
    let since = k.m.lang.elapsed(k.now().since_ms(city.footing.since) / 1000);
    let lines = [
        (tr::PRESENT_RESPONSE, format!("{level}・{since}")),
        (tr::ORDERS_STILL_OPEN, exact(open as i64)),
        (tr::PEOPLE_STILL, exact(i64::from(totals.expected.saturating_sub(totals.moved)))),
        (tr::WARNINGS_IN_FORCE, topbar::warnings_in_force(city, k.now()).len().to_string()),
    ];
    let mut y = rect.top() + 92.0;
    for (label, value) in lines {
        k.text(pos2(rect.left() + 24.0, y), Align2::LEFT_CENTER, 15.0, SECONDARY, k.t(label));
        k.bold(pos2(rect.right() - 24.0, y), Align2::RIGHT_CENTER, 18.0, PRIMARY, &value);
        k.hline(rect.left() + 24.0, rect.right() - 24.0, y + 22.0, ROW);
        y += 48.0;
    }
    k.fit(
        pos2(rect.left() + 24.0, y),
        Align2::LEFT_CENTER,
        13.0,
        TERTIARY,
        k.t(tr::STAND_DOWN_NOTE),
        rect.width() - 48.0,
    );
    let c = rect.bottom() - 52.0;
    let level = city.footing.level;
    let confirm = Rect::from_min_max(pos2(rect.left() + 24.0, c - 48.0 - SEATS_H), pos2(rect.right() - 24.0, c - 48.0));
    let note = k.t(if Seats::needed(level) == 2 { tr::TWO_PERSON } else { tr::ONE_PERSON });
    k.fit(confirm.left_top() - vec2(0.0, 16.0), Align2::LEFT_CENTER, 13.0, TERTIARY, note, confirm.width());
    seats_ui(k, seats, confirm, level);
    let cancel = Rect::from_min_size(pos2(rect.left() + 24.0, c - 32.0), vec2(120.0, 64.0));
    if k.button(cancel, "cancel", 16.0, k.t(tr::CANCEL_ESC), false) {
        return false;
    }
    let realm = k.t(if k.is_exercise() { tr::EXERCISE } else { tr::REALM_ACTUAL });
    let label = k.m.lang.fill(tr::HOLD_TO_STAND_DOWN, &[realm]);
    let hold = Rect::from_min_max(pos2(cancel.right() + 16.0, c - 32.0), pos2(rect.right() - 24.0, c + 32.0));
    let ready = city.footing.posture == Posture::War && seats.are_enough(level);
    if !hold_ui(k, hold, "hold-peace", &label, ready, hold_since) {
        return true;
    }
    let confirmed_by = Seats::confirmed_by(level, k.m.seat);
    k.out.push(UiCommand::Submit(Command::StandDown {
        districts: Vec::new(),
        confirmed_by,
        reason: k.t(tr::CONFIRMED_ON_SHEET).into(),
        accepted: city.still_open(&[]),
        overridden: false,
    }));
    false
}

/// Starts or ends a drill: its own realm, its own log, nothing sent outside.
fn drill_ui(k: &mut Kit<'_>, choice: &mut DrillChoice, rect: Rect) -> bool {
    header_ui(k, rect, k.t(tr::DRILL_SHEET), None, ResponseLevel::IV);
    let (left, right) = (rect.left() + 24.0, rect.right() - 24.0);
    let mut y = rect.top() + 92.0;
    k.text(pos2(left, y), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::SCENARIO));
    let mut x = left + 120.0;
    for (n, scenario) in SCENARIOS.iter().enumerate() {
        let label = k.t(scenario.title);
        let at = Rect::from_min_size(pos2(x, y - 18.0), vec2(k.width(16.0, label) + 36.0, 36.0));
        x = at.right() + 8.0;
        if choice_ui(k, at, row_id("scenario", n), label, choice.scenario == n) {
            choice.scenario = n;
        }
    }
    y += 36.0;
    let scenario = &SCENARIOS[choice.scenario.min(SCENARIOS.len() - 1)];
    k.fit(pos2(left + 120.0, y), Align2::LEFT_CENTER, 13.0, SECONDARY, k.t(scenario.note), right - left - 120.0);
    y += 50.0;
    k.text(pos2(left, y), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::SPEED));
    let mut x = left + 120.0;
    for option in [1.0f32, 10.0, 60.0, 300.0] {
        let label = format!("{option:.0}×");
        let at = Rect::from_min_size(pos2(x, y - 18.0), vec2(76.0, 36.0));
        x = at.right() + 8.0;
        if choice_ui(k, at, row_id("speed", option as u32), &label, choice.speed == option) {
            choice.speed = option;
        }
    }
    y += 52.0;
    k.text(pos2(left, y), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::SEED));
    for (dx, label, by) in [(120.0, "-", -1i64), (204.0, "+", 1)] {
        if k.button(Rect::from_min_size(pos2(left + dx, y - 16.0), vec2(32.0, 32.0)), ("seed", by), 16.0, label, false)
        {
            choice.seed = choice.seed.saturating_add_signed(by).max(1);
        }
    }
    k.bold(pos2(left + 178.0, y), Align2::CENTER_CENTER, 16.0, PRIMARY, &choice.seed.to_string());
    y += 46.0;
    k.fit(pos2(left, y), Align2::LEFT_CENTER, 13.0, EXERCISE_LINE, k.t(tr::DRILL_NOTE), right - left);
    let c = rect.bottom() - 52.0;
    let cancel = Rect::from_min_size(pos2(left, c - 32.0), vec2(120.0, 64.0));
    if k.button(cancel, "cancel", 16.0, k.t(tr::CANCEL_ESC), false) {
        return false;
    }
    let go = Rect::from_min_max(pos2(cancel.right() + 16.0, c - 32.0), pos2(right, c + 32.0));
    let running = k.is_exercise() && k.m.city.exercise.as_ref().is_some_and(|it| !it.ended);
    let label = k.t(if running { tr::END_EXERCISE } else { tr::START_EXERCISE });
    k.fill(go, 4.0, EXERCISE_BG);
    k.outline(go, 4.0, 2.0, EXERCISE_LINE);
    k.fit_center(go, 20.0, EXERCISE_BANNER_TEXT, label, true);
    if !k.hit(go, "drill-go", label).clicked() {
        return true;
    }
    let start = Drill::Start { scenario: scenario.id.into(), seed: choice.seed, speed: choice.speed };
    k.out.push(UiCommand::Drill(if running { Drill::End } else { start }));
    false
}

/// One of several: a press chooses it.
fn choice_ui(k: &mut Kit<'_>, rect: Rect, id: egui::Id, label: &str, chosen: bool) -> bool {
    k.fill(rect, 3.0, if chosen { SELECTED } else { PANEL });
    k.outline(rect, 3.0, if chosen { 1.5 } else { 1.0 }, if chosen { PRIMARY } else { STRONG });
    k.fit_center(rect, 15.0, if chosen { PRIMARY } else { SECONDARY }, label, chosen);
    k.hit(rect, id, label).clicked()
}
