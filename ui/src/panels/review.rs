//! The 平转战 review sheet: six numbered parts read in order, all of them what [`City::sheet`] says would happen.
//!
//! It is asked anew when the officer changes it or the city changes; what changed by itself is marked and has to be seen
//! before it can be sent. Nothing here sends but the hold, and the command names the version that was seen.

use super::added::{self, AddForm, Done};
use super::kit::{Kit, exact, row_id};
use super::press::{self, Hold};
use super::signing::{self, REASON_H, Signing};
use super::{Model, UiCommand, advice, districts, drill, opens, sheet, topbar, typhoon};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, Shape, Stroke, pos2, vec2};
use gulang_city::*;
use gulang_wire::Drill;
use std::collections::{BTreeMap, BTreeSet};

/// The review sheet as the officer left it.
pub(super) struct Review {
    plan: Option<PlanId>,
    level: ResponseLevel,
    /// None of them is the whole city.
    pub(super) districts: BTreeSet<DistrictId>,
    pub(super) struck: BTreeSet<MeasureId>,
    /// Why each was struck.
    reasons: BTreeMap<MeasureId, String>,
    /// Orders put on it by hand.
    pub(super) added: Vec<AddedOrder>,
    /// One that is being written.
    pub(super) adding: Option<AddForm>,
    /// Whose text is shown.
    shown: usize,
    list: List,
    scroll: f32,
    forces_scroll: f32,
    opens_scroll: f32,
    signing: Signing,
    dry_run: bool,
    /// What a dry run found.
    told: Option<String>,
    built: Option<Built>,
    /// Why the rules give no sheet for what is asked.
    refused: Option<String>,
    /// What changed by itself since it was seen, in words, and the orders concerned.
    changed: Vec<String>,
    marked: BTreeMap<OrderKey, Tr>,
}

/// What part 3 lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Orders,
    People,
    Calls,
}

/// An order on a sheet, which has no number yet: to whom, and its measure or title.
type OrderKey = (AgencyId, Text);

/// What the rules said, and what it was asked for.
struct Built {
    ask: SheetAsk,
    seq: u64,
    minute: i64,
    /// On egui's clock, s.
    at: f64,
    /// With nothing struck: the lines that can be read and restored.
    full: Sheet,
    /// What would be sent.
    sheet: Sheet,
    /// Of the plan, for the city.
    advice: Option<Advice>,
    needs: Vec<Need>,
    forces: ForcePlan,
    feeds: SheetFeeds,
}

/// A busy city changes with every frame; the sheet is asked anew at most this often, s.
const REBUILD_S: f64 = 1.0;
const ORDER_H: f32 = 40.0;
const AGENCY_H: f32 = 26.0;
const TEXT_H: f32 = 122.0;
const STRIKE_REASONS: [Tr; 4] = [tr::STRIKE_DONE, tr::STRIKE_NOT_HERE, tr::STRIKE_OTHERS, tr::STRIKE_LATER];

impl Review {
    /// Filled in: the recommended plan and level, every measure ticked.
    pub fn new(model: &Model<'_>) -> Self {
        let city = model.city;
        let advice = city.recommendation.as_ref();
        let plan = advice.map(|it| it.plan.clone()).or(city.footing.plan.clone());
        let typhoon = || city.base_plans().find(|plan| plan.hazard == Hazard::Typhoon).or(city.base_plans().next());
        let plan = plan.filter(|it| city.plans.contains_key(it)).or_else(|| typhoon().map(|plan| plan.id.clone()));
        let level = advice.map(|it| it.level).or(city.footing.level).unwrap_or(ResponseLevel::IV);
        Self {
            plan,
            level,
            districts: BTreeSet::new(),
            struck: BTreeSet::new(),
            reasons: BTreeMap::new(),
            added: Vec::new(),
            adding: None,
            shown: 0,
            list: List::Orders,
            scroll: 0.0,
            forces_scroll: 0.0,
            opens_scroll: 0.0,
            signing: Signing::default(),
            dry_run: false,
            told: None,
            built: None,
            refused: None,
            changed: Vec::new(),
            marked: BTreeMap::new(),
        }
    }

    /// Back on the screen after the city refused it: what changed is to be looked at again.
    pub fn refused(mut self, why: String) -> Self {
        self.changed = vec![why];
        self.signing.hold_since = None;
        if let Some(built) = &mut self.built {
            built.at = f64::NEG_INFINITY;
            built.seq = u64::MAX;
        }
        self
    }

    fn ask(&self, city: &City, plan: &PlanId) -> SheetAsk {
        SheetAsk {
            plan: plan.clone(),
            level: self.level,
            districts: city.districts.keys().filter(|it| self.districts.contains(*it)).cloned().collect(),
            struck: self.struck.iter().cloned().collect(),
            added: self.added.clone(),
        }
    }

    /// Asks the rules again where the ask or the city changed, and marks what changed by itself.
    fn rebuild(&mut self, k: &Kit<'_>, plan: &PlanId) {
        let ask = self.ask(k.m.city, plan);
        let (seq, minute) = (k.m.city.seq, k.now().0.div_euclid(60_000));
        let time = k.ui.input(|input| input.time);
        let is_same_ask = self.built.as_ref().is_some_and(|it| it.ask == ask);
        let is_current = self.built.as_ref().is_some_and(|it| it.seq == seq && it.minute == minute);
        let is_young = self.built.as_ref().is_some_and(|it| time - it.at < REBUILD_S);
        if is_same_ask && (is_current || is_young) {
            return;
        }
        let city = k.m.city;
        let whole = SheetAsk { struck: Vec::new(), ..ask.clone() };
        let sheets = city.sheet(&whole, k.now()).and_then(|full| Ok((full, city.sheet(&ask, k.now())?)));
        let (full, sheet) = match sheets {
            Ok(sheets) => sheets,
            Err(why) => {
                self.refused = Some(why.to_string());
                self.built = None;
                return;
            }
        };
        self.refused = None;
        if !is_same_ask {
            // What was confirmed was another sheet.
            self.signing.hold_since = None;
        }
        if let Some(old) = self.built.as_ref().filter(|_| is_same_ask)
            && old.sheet.version != sheet.version
        {
            let (words, marked) = differences(k, &old.sheet, &sheet);
            self.changed.extend(words);
            self.marked.extend(marked);
            self.signing.hold_since = None;
        }
        // The city's own advice, unless one district alone is asked for.
        let only = self.districts.first().filter(|_| self.districts.len() == 1).cloned();
        let advice = city.advices(k.now()).into_iter().find(|it| it.plan == *plan && it.district == only);
        // Teams move and water rises little within a minute, and weighing them all is what costs.
        let old = self.built.take().filter(|it| it.minute == minute);
        let feeds = match &old {
            Some(old) if is_same_ask && old.sheet.version == sheet.version => old.feeds.clone(),
            _ => city.feeds_for(&ask, k.m.readings, k.now()),
        };
        let (needs, forces) = match old {
            Some(old) if old.sheet.forces == sheet.forces => (old.needs, old.forces),
            _ => {
                let needs = needs_of(k, &sheet.forces);
                let forces = who_goes(k, &needs);
                (needs, forces)
            }
        };
        self.built = Some(Built { ask, seq, minute, at: time, full, sheet, advice, needs, forces, feeds });
    }

    /// Lower than what is in force, or more than a step from it unadvised: it takes a reason.
    fn needs_reason(&self, k: &Kit<'_>, sheet: &Sheet) -> bool {
        sheet.skips_levels || sheet::level_in(k.m.city, &self.districts) > Some(self.level)
    }

    /// Struck lines nobody said why of.
    fn n_unexplained(&self) -> usize {
        let is_said = |id: &MeasureId| self.reasons.get(id).is_some_and(|it| !it.trim().is_empty());
        self.struck.iter().filter(|id| !is_said(id)).count()
    }

    /// Why it cannot be held now; none when it can.
    fn blocked(&self, k: &Kit<'_>, sheet: &Sheet) -> Option<String> {
        let kind = if self.dry_run { "dry_run" } else { "switch_to_war" };
        if let Some(why) = press::barred(k, kind) {
            return Some(why);
        }
        if !self.changed.is_empty() {
            return Some(k.t(tr::LOOK_AGAIN_FIRST).to_owned());
        }
        if sheet.changes.is_empty() && sheet.n_orders == 0 {
            return Some(k.t(tr::NOTHING_CHANGES).to_owned());
        }
        let n = self.n_unexplained();
        if n > 0 {
            return Some(k.m.lang.fill(tr::STRUCK_WITHOUT_REASON, &[&n.to_string()]));
        }
        if self.dry_run {
            return None;
        }
        if self.needs_reason(k, sheet) && !self.signing.has_reason() {
            return Some(k.t(tr::LEVEL_NEEDS_REASON).to_owned());
        }
        let level = Some(self.level).max(sheet::level_in_force(k.m.city));
        self.signing.blocked(k, sheet.n_seats, level)
    }

    /// The command the hold gives: what the sheet was asked for, and the version that was seen. Two people's is proposed.
    fn command(&self, k: &Kit<'_>, built: &Built) -> Command {
        let (ask, n_seats) = (built.ask.clone(), built.sheet.n_seats);
        let said = |id: &MeasureId| Some((id.clone(), Text::from(self.reasons.get(id)?.trim())));
        let switch = Switch::ToWar {
            reasons: ask.struck.iter().filter_map(said).collect(),
            ask,
            reason: self.signing.reason(k),
            sheet_version: Some(built.sheet.version.clone()),
        };
        self.signing.command(k, switch, n_seats)
    }

    fn toggle(&mut self, id: MeasureId) {
        if !self.struck.remove(&id) {
            self.struck.insert(id);
        }
    }
}

/// The sheet's forces as needs, so that they can be weighed together; numbered only here.
fn needs_of(k: &Kit<'_>, forces: &[ForceNeed]) -> Vec<Need> {
    let city = k.m.city;
    let need = |(n, it): (usize, &ForceNeed)| {
        let of_district = city.districts.get(&it.district).map(|it| it.center);
        Need {
            id: NeedId(n as u64 + 1),
            what: it.capability,
            how_many: it.n_teams,
            at: it.at.or(of_district).unwrap_or(city.center),
            why: it.place.clone(),
            from_order: None,
            by: k.m.seat.clone(),
            raised_at: k.now(),
            teams: Vec::new(),
            met_at: None,
            closed: None,
        }
    };
    forces.iter().enumerate().map(need).collect()
}

/// [`City::assign`] over needs nobody raised yet: a city of nothing but this one's teams and wind is asked.
fn who_goes(k: &Kit<'_>, needs: &[Need]) -> ForcePlan {
    let city = k.m.city;
    if needs.is_empty() {
        return ForcePlan::default();
    }
    let mut stand_in = City::found(&Pack::default(), city.realm);
    stand_in.teams = city.teams.clone();
    stand_in.sensors = city.sensors.clone();
    stand_in.assignments = city.assignments.clone();
    stand_in.n_outings = city.n_outings.clone();
    stand_in.force_rules = city.force_rules.clone();
    stand_in.needs = needs.iter().map(|it| (it.id, it.clone())).collect();
    let ids: Vec<NeedId> = needs.iter().map(|it| it.id).collect();
    stand_in.assign(&ids, k.m.readings, k.m.ground(), k.now())
}

fn key_of(text: &OrderText) -> OrderKey {
    let what = text.measure.as_ref().map_or_else(|| text.title.clone(), |it| it.0.clone());
    (text.agency.clone(), what)
}

/// What the newer sheet says otherwise, in words, and the orders to mark.
fn differences(k: &Kit<'_>, old: &Sheet, new: &Sheet) -> (Vec<String>, BTreeMap<OrderKey, Tr>) {
    let lang = k.m.lang;
    let orders = |sheet: &Sheet| -> BTreeMap<OrderKey, SheetOrder> {
        let all = sheet.agencies.iter().flat_map(|it| &it.orders);
        all.map(|it| (key_of(&it.text), it.clone())).collect()
    };
    let (before, after) = (orders(old), orders(new));
    let (mut words, mut marked) = (Vec::new(), BTreeMap::new());
    if old.changes != new.changes {
        words.push(k.t(tr::CHANGED_FOOTING).to_owned());
    }
    if old.plan_version != new.plan_version {
        words.push(k.t(tr::CHANGED_PLAN).to_owned());
    }
    for (key, order) in &after {
        let gist = |it: &SheetOrder| {
            let text = &it.text;
            (text.channel, text.group, text.clause.clone(), it.held.clone(), text.due_at.since_ms(text.ack_by))
        };
        match before.get(key) {
            None => {
                words.push(lang.fill(tr::CHANGED_NEW, &[&order.text.title]));
                marked.insert(key.clone(), tr::MARK_NEW);
            }
            Some(was) if gist(was) != gist(order) => {
                words.push(lang.fill(tr::CHANGED_OTHER, &[&order.text.title]));
                marked.insert(key.clone(), tr::MARK_CHANGED);
            }
            Some(_) => {}
        }
    }
    let gone = before.iter().filter(|(key, _)| !after.contains_key(*key));
    words.extend(gone.map(|(_, it)| lang.fill(tr::CHANGED_GONE, &[&it.text.title])));
    if old.n_people != new.n_people {
        let people = [exact(old.n_people as i64), exact(new.n_people as i64)];
        words.push(lang.fill(tr::CHANGED_PEOPLE, &[&people[0], &people[1]]));
    }
    if old.n_seats != new.n_seats {
        words.push(k.t(tr::CHANGED_SEATS).to_owned());
    }
    if words.is_empty() {
        words.push(k.t(tr::CHANGED_DETAIL).to_owned());
    }
    (words, marked)
}

// ---------------------------------------------------------------- the sheet

/// The whole sheet, and what becomes of it.
pub(super) fn review_ui(k: &mut Kit<'_>, review: &mut Review, rect: Rect) -> Keep {
    let city = k.m.city;
    let plan = review.plan.as_ref().and_then(|id| city.plans.get(id));
    header_ui(k, review, rect, plan);
    let footer = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 112.0), rect.max);
    let body = Rect::from_min_max(pos2(rect.left(), rect.top() + 57.0), pos2(rect.right(), footer.top()));
    let Some(plan) = plan else {
        k.fit_center(body, 16.0, TERTIARY, k.t(tr::NO_PLAN), false);
        return match k.button(cancel_rect(footer), "cancel", 16.0, k.t(tr::CANCEL), false) {
            true => Keep::Closed,
            false => Keep::Open,
        };
    };
    review.rebuild(k, &plan.id);
    let mut body = body;
    if !review.changed.is_empty() {
        let bar = Rect::from_min_size(body.min, vec2(body.width(), 44.0));
        changed_ui(k, review, bar);
        body.min.y = bar.bottom();
    }
    let left_w = (body.width() * 0.2026).max(236.0);
    let right_w = (body.width() * 0.2795).max(300.0);
    let inner = body.shrink2(vec2(20.0, 12.0));
    let left = Rect::from_min_max(inner.min, pos2(inner.left() + left_w, inner.bottom()));
    let right = Rect::from_min_max(pos2(inner.right() - right_w, inner.top()), inner.max);
    let middle = Rect::from_min_max(pos2(left.right() + 24.0, inner.top()), pos2(right.left() - 24.0, inner.bottom()));
    // Out of the review while the parts change it; what they change is asked for in the next frame.
    let Some(built) = review.built.take() else {
        why_ui(k, review, left, plan, None);
        let why = review.refused.clone().unwrap_or_default();
        k.wrap(Rect::from_min_max(middle.min, right.max), 16.0, LATE, &why);
        return match k.button(cancel_rect(footer), "cancel", 16.0, k.t(tr::CANCEL_ESC), false) {
            true => Keep::Closed,
            false => Keep::Open,
        };
    };
    why_ui(k, review, left, plan, Some(&built));
    what_ui(k, review, middle, plan, &built);
    who_ui(k, review, right, &built);
    let keep = footer_ui(k, review, footer, &built);
    review.built = Some(built);
    keep
}

/// What becomes of a sheet after a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Open,
    Closed,
    /// Sent: kept aside until the city answers.
    Sent,
}

fn header_ui(k: &Kit<'_>, review: &Review, rect: Rect, plan: Option<&Plan>) {
    sheet::header_ui(k, rect, k.t(tr::REVIEW_SHEET), plan, review.level);
    if review.dry_run {
        // A frame and a word of its own: nothing of this is sent.
        let shapes = Shape::dashed_line(
            &[rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()],
            Stroke::new(2.0, SECONDARY),
            10.0,
            6.0,
        );
        k.painter().extend(shapes);
        let text = k.t(tr::DRY_RUN);
        let width = k.width(14.0, text) + 12.0;
        let y = rect.top() + 28.0;
        let note = k.width(13.0, k.t(tr::NOTHING_SENT_YET)) + 20.0;
        k.chip(pos2(rect.right() - note - width - 16.0, y), 14.0, text, Some(PANEL), SECONDARY, PRIMARY);
    }
}

/// What changed by itself, until it was looked at.
fn changed_ui(k: &Kit<'_>, review: &mut Review, rect: Rect) {
    k.fill(rect.shrink2(vec2(1.0, 0.0)), 0.0, SELECTED);
    k.hline(rect.left(), rect.right(), rect.bottom(), LATE);
    let y = rect.center().y;
    let button = Rect::from_min_max(pos2(rect.right() - 148.0, y - 15.0), pos2(rect.right() - 20.0, y + 15.0));
    let at = k.bold(pos2(rect.left() + 20.0, y), Align2::LEFT_CENTER, 15.0, LATE, k.t(tr::SHEET_CHANGED));
    let words = review.changed.join("；");
    k.fit(pos2(at.right() + 12.0, y), Align2::LEFT_CENTER, 14.0, PRIMARY, &words, button.left() - at.right() - 24.0);
    if k.button(button, "seen", 14.0, k.t(tr::SEEN_AGAIN), true) {
        review.changed.clear();
        review.marked.clear();
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

// ---------------------------------------------------------------- 1 why, 2 plan and level

fn why_ui(k: &Kit<'_>, review: &mut Review, rect: Rect, plan: &Plan, built: Option<&Built>) {
    let city = k.m.city;
    let in_rows = rect.height() > 640.0;
    let tabs = tab_rows(k, rect.width());
    let needs_reason = built.is_some_and(|it| review.needs_reason(k, &it.sheet)) || review.signing.overridden;
    let levels_h = if in_rows { 36.0 * 4.0 } else { 36.0 * 2.0 };
    // Room for the reason even when none is needed: rows must not jump under the pointer.
    let where_h = districts::height(k, rect.width());
    let part2_h = 34.0 + 8.0 + 30.0 * tabs as f32 + 38.0 + where_h + levels_h + 22.0 + REASON_H;
    let part2 = (rect.bottom() - part2_h).max(rect.top() + 60.0);

    let as_of = built.map_or(String::new(), |_| k.now().hm());
    let mut y = part_ui(k, rect, rect.top(), 1, k.t(tr::PART_TRIGGER), &as_of);
    if let Some(warning) = topbar::warnings_in_force(city, k.now()).first() {
        k.level(pos2(rect.left() + 16.0, y + 20.0), 30.0, warning.color, false);
        let x = rect.left() + 42.0;
        k.bold_fit(pos2(x, y + 12.0), Align2::LEFT_CENTER, 15.0, PRIMARY, &k.m.lang.warning(warning), rect.right() - x);
        let text = format!("{} {}", warning.sender, warning.sent_at.hm());
        k.fit(pos2(x, y + 31.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &text, rect.right() - x);
        y += 46.0;
    }
    let lines = built.and_then(|it| it.advice.as_ref()).map_or(0, advice::n_lines).max(1);
    let argued_h = advice::LINE_H * lines as f32 + 6.0;
    if let Some(it) = city.latest_typhoon()
        && plan.hazard == Hazard::Typhoon
    {
        let bottom = (part2 - argued_h).min(y + 390.0);
        if bottom - y > 80.0 {
            typhoon::map_ui(k, Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), bottom)), it, 0.8);
            y = bottom;
        }
    }
    let argued = Rect::from_min_max(pos2(rect.left(), y + 2.0), pos2(rect.right(), part2 - 4.0));
    match built.and_then(|it| it.advice.as_ref()) {
        Some(advice) => advice::argued_ui(k, argued, advice, 1.0),
        None => {
            let at = pos2(rect.left(), y + 12.0);
            k.fit(at, Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::NO_ADVICE), rect.width());
        }
    }
    plan_ui(k, review, Rect::from_min_max(pos2(rect.left(), part2), rect.max), plan, built, in_rows, needs_reason);
}

/// How many rows the plans' names take.
fn tab_rows(k: &Kit<'_>, width: f32) -> usize {
    let (mut x, mut rows) = (0.0, 1);
    for plan in k.m.city.base_plans() {
        let w = k.width(13.0, k.m.lang.hazard(Some(plan.hazard))) + 20.0;
        if x > 0.0 && x + w > width {
            (x, rows) = (0.0, rows + 1);
        }
        x += w + 6.0;
    }
    rows
}

fn plan_ui(
    k: &Kit<'_>,
    review: &mut Review,
    rect: Rect,
    plan: &Plan,
    built: Option<&Built>,
    in_rows: bool,
    needs_reason: bool,
) {
    let mut y = part_ui(k, rect, rect.top(), 2, k.t(tr::PART_PLAN), k.t(tr::MAY_SKIP_LEVELS)) + 4.0;
    let mut x = rect.left();
    for other in k.m.city.base_plans() {
        let label = k.m.lang.hazard(Some(other.hazard));
        let w = k.width(13.0, label) + 20.0;
        if x > rect.left() && x + w > rect.right() + 0.5 {
            (x, y) = (rect.left(), y + 30.0);
        }
        let tab = Rect::from_min_size(pos2(x, y), vec2(w, 28.0));
        x = tab.right() + 6.0;
        let chosen = other.id == plan.id;
        k.fill(tab, 3.0, if chosen { SELECTED } else { PANEL });
        k.outline(tab, 3.0, 1.0, if chosen { STRONG } else { HAIR });
        k.fit_center(tab, 13.0, if chosen { PRIMARY } else { TERTIARY }, label, false);
        if k.hit(tab, row_id("plan", &other.id), &other.title).clicked() && !chosen {
            review.plan = Some(other.id.clone());
            review.struck.clear();
            review.reasons.clear();
            review.signing = Signing::default();
            (review.shown, review.scroll, review.forces_scroll, review.opens_scroll) = (0, 0.0, 0.0, 0.0);
        }
    }
    y += 38.0;
    let title =
        if plan.version.is_empty() { plan.title.to_string() } else { format!("{} {}", plan.title, plan.version) };
    k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 12.0, SECONDARY, &title, rect.width());
    y += 18.0;
    let change = built.map_or(String::new(), |it| change_text(k, &it.sheet));
    k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 12.0, SECONDARY, &change, rect.width());
    y += 12.0;
    let places = Rect::from_min_max(pos2(rect.left(), y), rect.max);
    if districts::chips_ui(k, places, "switch-district", tr::SWITCH_IN, &mut review.districts) {
        (review.shown, review.scroll, review.forces_scroll, review.opens_scroll) = (0, 0.0, 0.0, 0.0);
    }
    y += districts::height(k, rect.width());
    let width = if in_rows { rect.width() } else { (rect.width() - 6.0) * 0.5 };
    let advised = k.m.city.recommendation.as_ref().filter(|it| it.plan == plan.id).map(|it| it.level);
    let advised = built.and_then(|it| it.advice.as_ref()).map_or(advised, |it| it.level);
    for (n, level) in ResponseLevel::ALL.into_iter().enumerate() {
        let (column, line) = if in_rows { (0, n) } else { (n % 2, n / 2) };
        let at = pos2(rect.left() + (width + 6.0) * column as f32, y + 36.0 * line as f32);
        let row = Rect::from_min_size(at, vec2(width, 31.0));
        if level_ui(k, row, level, level == review.level, advised == Some(level)) {
            review.level = level;
            review.signing.hold_since = None;
        }
    }
    y += if in_rows { 36.0 * 4.0 } else { 36.0 * 2.0 };
    if needs_reason {
        let is_lower = sheet::level_in(k.m.city, &review.districts) > Some(review.level);
        let word = if review.signing.overridden {
            tr::WHY_OVERRIDE
        } else if is_lower {
            tr::WHY_LOWER
        } else {
            tr::WHY_SKIP
        };
        k.fit(pos2(rect.left(), y + 8.0), Align2::LEFT_CENTER, 12.0, LATE, k.t(word), rect.width());
        let at = Rect::from_min_max(pos2(rect.left(), y + 20.0), rect.max);
        signing::reason_ui(k, at, "level-reason", &signing::LEVEL_REASONS, &mut review.signing.reason);
    }
}

/// What changes from now: the city and how many districts.
fn change_text(k: &Kit<'_>, sheet: &Sheet) -> String {
    let Some(change) = sheet.changes.first() else { return k.t(tr::LEVEL_STAYS).to_owned() };
    let level = |it: Option<ResponseLevel>| {
        it.map_or_else(|| k.t(tr::PEACETIME).to_owned(), |it| k.m.lang.fill(tr::LEVEL_N, &[it.roman()]))
    };
    let n = sheet.changes.iter().filter(|it| it.district.is_some()).count().to_string();
    k.m.lang.fill(tr::LEVEL_CHANGES, &[&change.name, &level(change.from), &level(Some(change.to)), &n])
}

fn level_ui(k: &Kit<'_>, row: Rect, level: ResponseLevel, chosen: bool, advised: bool) -> bool {
    k.fill(row, 3.0, if chosen { SELECTED } else { PANEL });
    k.outline(row, 3.0, if chosen { 1.5 } else { 1.0 }, if chosen { PRIMARY } else { HAIR });
    let dot = pos2(row.left() + 18.0, row.center().y);
    k.painter().circle_stroke(dot, 6.5, Stroke::new(1.4, if chosen { PRIMARY } else { TERTIARY }));
    if chosen {
        k.painter().circle_filled(dot, 3.4, PRIMARY);
    }
    let label = k.m.lang.fill(tr::LEVEL_N, &[level.roman()]);
    let at = k.bold(
        pos2(row.left() + 36.0, dot.y),
        Align2::LEFT_CENTER,
        14.0,
        if chosen { PRIMARY } else { SECONDARY },
        &label,
    );
    let note = match (advised, level >= ResponseLevel::II) {
        (true, _) => tr::ADVISED,
        (false, true) => tr::TWO_PERSON,
        (false, false) => tr::ONE_PERSON,
    };
    let ink = if advised { OK } else { TERTIARY };
    let room = row.right() - at.right() - 14.0;
    k.fit(pos2(row.right() - 8.0, dot.y), Align2::RIGHT_CENTER, 12.0, ink, k.t(note), room);
    k.hit(row, row_id("level", level), &label).clicked()
}

// ---------------------------------------------------------------- 3 what is sent

/// Every line can be struck, every text read; beside it whom it moves and whom it calls.
fn what_ui(k: &Kit<'_>, review: &mut Review, rect: Rect, plan: &Plan, built: &Built) {
    let sheet = &built.sheet;
    let note = k.m.lang.fill(tr::LINES_N, &[&sheet.n_orders.to_string(), &built.full.n_orders.to_string()]);
    let mut y = part_ui(k, rect, rect.top(), 3, k.t(tr::PART_ORDERS), &note) + 4.0;
    let tabs = [
        (List::Orders, k.m.lang.fill(tr::TAB_ORDERS, &[&sheet.n_orders.to_string()])),
        (List::People, k.m.lang.fill(tr::TAB_PEOPLE, &[&exact(sheet.n_people as i64)])),
        (List::Calls, k.m.lang.fill(tr::TAB_CALLS, &[&sheet.calls.len().to_string()])),
    ];
    let mut x = rect.left();
    for (n, (list, label)) in tabs.into_iter().enumerate() {
        let tab = Rect::from_min_size(pos2(x, y), vec2(k.width(13.0, &label) + 20.0, 28.0));
        x = tab.right() + 6.0;
        let chosen = review.list == list;
        k.fill(tab, 3.0, if chosen { SELECTED } else { PANEL });
        k.outline(tab, 3.0, 1.0, if chosen { STRONG } else { HAIR });
        k.fit_center(tab.expand2(vec2(4.0, 0.0)), 13.0, if chosen { PRIMARY } else { TERTIARY }, &label, false);
        if k.hit(tab, row_id("sheet-list", n), &label).clicked() && !chosen {
            (review.list, review.scroll) = (list, 0.0);
        }
    }
    let label = k.t(tr::ADD_ORDER);
    let add = Rect::from_min_max(pos2(rect.right() - k.width(13.0, label) - 20.0, y), pos2(rect.right(), y + 28.0));
    if add.left() > x && k.button(add, "add-order", 13.0, label, review.adding.is_some()) {
        review.adding = if review.adding.is_some() { None } else { Some(AddForm::new()) };
    }
    if sheet.n_held > 0 {
        let held = k.m.lang.fill(tr::HELD_N, &[&sheet.n_held.to_string()]);
        let right = add.left() - 10.0;
        k.fit(pos2(right, y + 14.0), Align2::RIGHT_CENTER, 12.0, LATE, &held, right - x - 8.0);
    }
    y += 34.0;
    let text_h = if review.adding.is_some() { added::height(k, rect.width()) } else { TEXT_H };
    let list = Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), (rect.bottom() - text_h - 46.0).max(y)));
    match review.list {
        List::Orders => orders_ui(k, review, list, built),
        List::People => people_ui(k, review, list, sheet),
        List::Calls => calls_ui(k, review, list, sheet),
    }
    let (mut y, ladder) = (list.bottom() + 14.0, plan.ladder.iter().map(|it| &**it).collect::<Vec<_>>().join(" → "));
    let mins = [plan.ack_within_mins.to_string(), (plan.ack_within_mins + plan.escalate_after_mins).to_string()];
    let rule = k.m.lang.fill(tr::LADDER_RULE, &[&mins[0], &mins[1], &ladder]);
    k.fit(pos2(rect.left() + 8.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &rule, rect.width() - 16.0);
    y += 18.0;
    k.fit(pos2(rect.left() + 8.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &plan.basis, rect.width() - 16.0);
    let text = Rect::from_min_max(pos2(rect.left(), rect.bottom() - text_h), rect.max);
    match review.adding.take() {
        Some(form) => adding_ui(k, review, form, text, built),
        None => preview_ui(k, review, text, built),
    }
}

/// The form in place of the text; what it ends in goes on the sheet if the rules admit it there.
fn adding_ui(k: &Kit<'_>, review: &mut Review, mut form: AddForm, rect: Rect, built: &Built) {
    match added::form_ui(k, &mut form, rect) {
        Done::Open => review.adding = Some(form),
        Done::Away => {}
        Done::Add(order) => {
            let mut ask = built.ask.clone();
            ask.added.push(order.clone());
            match k.m.city.sheet(&ask, k.now()) {
                Ok(_) => review.added.push(order),
                Err(why) => {
                    form.refused = Some((order, why.to_string()));
                    review.adding = Some(form);
                }
            }
        }
    }
}

/// Which of the orders added by hand a line of the sheet is: within an agency they keep their order.
fn added_at(review: &Review, sheet: &Sheet, (a, o): (usize, usize)) -> Option<usize> {
    let agency = sheet.agencies.get(a)?;
    agency.orders.get(o).filter(|it| it.added)?;
    let n_before = agency.orders[..o].iter().filter(|it| it.added).count();
    let mut own = review.added.iter().enumerate().filter(|(_, it)| it.agency == agency.agency);
    own.nth(n_before).map(|(i, _)| i)
}

/// The wheel over a list of rows, whole rows at a time; the first to draw is returned.
pub(super) fn first_row(k: &Kit<'_>, scroll: &mut f32, list: Rect, heights: &[f32]) -> usize {
    if k.ui.rect_contains_pointer(list) {
        *scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    let excess = (heights.iter().sum::<f32>() - list.height()).max(0.0);
    *scroll = scroll.clamp(0.0, excess);
    let mut above = 0.0;
    heights
        .iter()
        .take_while(|height| {
            let is_above = above + 0.5 < *scroll;
            above += **height;
            is_above
        })
        .count()
}

/// The orders by agency, as flat places in the sheet.
fn flat(sheet: &Sheet) -> Vec<(usize, usize)> {
    let of_agency = |(a, it): (usize, &SheetAgency)| (0..it.orders.len()).map(move |o| (a, o)).collect::<Vec<_>>();
    sheet.agencies.iter().enumerate().flat_map(of_agency).collect()
}

fn orders_ui(k: &Kit<'_>, review: &mut Review, list: Rect, built: &Built) {
    let full = &built.full;
    let orders = flat(full);
    // A row of an agency stands before its first order.
    let rows: Vec<(f32, Option<usize>, usize)> = orders
        .iter()
        .enumerate()
        .flat_map(|(n, (a, o))| {
            let head = (*o == 0).then_some((AGENCY_H, None, *a));
            head.into_iter().chain([(ORDER_H, Some(n), *a)])
        })
        .collect();
    let heights: Vec<f32> = rows.iter().map(|it| it.0).collect();
    keys_ui(k, review, list, &rows, &orders, full);
    let first = first_row(k, &mut review.scroll, list, &heights);
    let columns = [list.left() + 36.0, list.right() - 162.0, list.right()];
    let (mut y, mut removed) = (list.top(), None);
    for (height, n, a) in rows.iter().skip(first) {
        let row = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), *height));
        if row.bottom() > list.bottom() + 0.5 {
            break;
        }
        y += height;
        let agency = &full.agencies[*a];
        match n {
            None => agency_ui(k, row, agency, columns),
            Some(n) => {
                let own = added_at(review, full, orders[*n]);
                if line_ui(k, review, row, columns, *n, &agency.orders[orders[*n].1])
                    && let Some(i) = own
                {
                    removed = Some(i);
                }
            }
        }
    }
    if let Some(i) = removed {
        review.added.remove(i);
    }
    if orders.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::NO_ORDERS_HERE), false);
    }
}

/// ↑↓ choose the order whose text is shown, X strikes or restores it, pages turn. Not while somebody types.
fn keys_ui(
    k: &Kit<'_>,
    review: &mut Review,
    list: Rect,
    rows: &[(f32, Option<usize>, usize)],
    orders: &[(usize, usize)],
    full: &Sheet,
) {
    if k.ui.ctx().text_edit_focused() || orders.is_empty() {
        return;
    }
    let (steps, pages, strikes) = k.ui.input(|input| {
        use egui::Key;
        let key = |key| i32::from(input.key_pressed(key));
        (key(Key::ArrowDown) - key(Key::ArrowUp), key(Key::PageDown) - key(Key::PageUp), input.key_pressed(Key::X))
    });
    review.shown = review.shown.min(orders.len() - 1);
    if steps != 0 {
        review.shown = review.shown.saturating_add_signed(steps as isize).min(orders.len() - 1);
        // The chosen row stays in sight.
        let mut top = 0.0;
        for (height, n, _) in rows {
            if *n == Some(review.shown) {
                break;
            }
            top += height;
        }
        let lowest = (top + ORDER_H * 2.0 - list.height()).max(0.0);
        let highest = (top - AGENCY_H).max(0.0);
        review.scroll = review.scroll.clamp(lowest.min(highest), highest.max(lowest));
    }
    review.scroll += pages as f32 * (list.height() - ORDER_H);
    if strikes {
        let (a, o) = orders[review.shown];
        if let Some(id) = full.agencies[a].orders[o].text.measure.clone() {
            review.toggle(id);
        } else if let Some(i) = added_at(review, full, (a, o)) {
            review.added.remove(i);
        }
    }
}

fn agency_ui(k: &Kit<'_>, row: Rect, agency: &SheetAgency, columns: [f32; 3]) {
    let c = row.center().y + 2.0;
    let n = k.m.lang.fill(tr::N_LINES, &[&agency.orders.len().to_string()]);
    let n = k.text(pos2(columns[2], c), Align2::RIGHT_CENTER, 12.0, TERTIARY, &n);
    let phone = k.text(pos2(n.left() - 12.0, c), Align2::RIGHT_CENTER, 12.0, TERTIARY, &agency.phone);
    let room = phone.left() - row.left() - 12.0;
    k.bold_fit(pos2(row.left() + 8.0, c), Align2::LEFT_CENTER, 13.0, SECONDARY, &agency.name, room);
    k.hline(row.left(), row.right(), row.bottom(), HAIR);
}

/// One order; `true` where one added by hand is to go again.
fn line_ui(k: &Kit<'_>, review: &mut Review, row: Rect, columns: [f32; 3], n: usize, order: &SheetOrder) -> bool {
    let text = &order.text;
    let (c, below) = (row.top() + 13.0, row.top() + 30.0);
    let struck = text.measure.as_ref().is_some_and(|id| review.struck.contains(id));
    if n == review.shown {
        k.fill(row, 0.0, RAISED);
    }
    let tick = Rect::from_center_size(pos2(row.left() + 16.0, row.center().y), vec2(16.0, 16.0));
    tick_ui(k, tick, !struck);
    let (strong, weak) = if struck { (QUIET, QUIET) } else { (PRIMARY, SECONDARY) };
    let mut x = columns[0];
    if let Some(mark) = review.marked.get(&key_of(text)) {
        x = k.chip(pos2(x, c), 12.0, k.t(*mark), None, LATE, LATE).right() + 6.0;
    }
    if order.added {
        x = k.chip(pos2(x, c), 12.0, k.t(tr::ADDED_MARK), None, ACCENT, ACCENT).right() + 6.0;
    }
    let title = k.bold_fit(pos2(x, c), Align2::LEFT_CENTER, 14.0, strong, &text.title, columns[1] - x - 8.0);
    if struck {
        k.hline(x, title.right(), c, QUIET);
    }
    k.fit(pos2(columns[1], c), Align2::LEFT_CENTER, 13.0, weak, k.m.lang.channel(text.channel), 92.0);
    k.bold(pos2(columns[2], c), Align2::RIGHT_CENTER, 14.0, strong, &k.m.lang.day_time(text.due_at, k.now()));
    let (note, ink) = note_of(k, review, order, struck);
    k.fit(pos2(columns[0], below), Align2::LEFT_CENTER, 12.0, ink, &note, columns[2] - columns[0]);
    k.hline(row.left(), row.right(), row.bottom(), ROW);
    let label = k.m.lang.fill(if order.added { tr::ADDED_REMOVE } else { tr::STRIKE }, &[&text.title]);
    let box_hit = Rect::from_min_max(row.min, pos2(columns[0] - 4.0, row.bottom()));
    let is_ticked = k.hit(box_hit, row_id("tick", n), &label).clicked();
    if is_ticked && let Some(id) = text.measure.clone() {
        review.toggle(id);
        review.shown = n;
    }
    if k.hit(Rect::from_min_max(pos2(columns[0] - 4.0, row.top()), row.max), row_id("line", n), &text.title).clicked() {
        review.shown = n;
    }
    is_ticked && order.added
}

fn tick_ui(k: &Kit<'_>, tick: Rect, on: bool) {
    k.outline(tick, 2.0, 1.5, if on { ACCENT } else { TERTIARY });
    if on {
        let mark = [tick.min + vec2(3.5, 8.5), tick.min + vec2(7.0, 12.0), tick.min + vec2(12.8, 4.6)];
        k.painter().add(Shape::line(mark.to_vec(), Stroke::new(1.8, ACCENT)));
    }
}

/// An order's second line: why it was struck or waits, its group and clause.
fn note_of(k: &Kit<'_>, review: &Review, order: &SheetOrder, struck: bool) -> (String, egui::Color32) {
    let text = &order.text;
    if struck {
        let why = text.measure.as_ref().and_then(|id| review.reasons.get(id)).map_or("", |it| it.trim());
        return match why {
            "" => (k.t(tr::STRUCK_NO_REASON).to_owned(), LATE),
            why => (k.m.lang.fill(tr::STRUCK_BECAUSE, &[why]), TERTIARY),
        };
    }
    let mut parts = Vec::new();
    if let Some(held) = &order.held {
        parts.push(k.m.lang.fill(tr::HELD_BECAUSE, &[held]));
    }
    if text.group > 0 {
        parts.push(k.m.lang.fill(tr::GROUP_N, &[&(text.group + 1).to_string()]));
    }
    if !text.clause.is_empty() {
        parts.push(k.m.lang.fill(tr::CLAUSE, &[&text.clause]));
    }
    let short = |id: &AgencyId| k.m.city.agencies.get(id).map_or_else(|| id.0.clone(), |it| it.short.clone());
    if !text.supporting.is_empty() {
        let names: Vec<Text> = text.supporting.iter().map(short).collect();
        parts.push(k.m.lang.fill(tr::SUPPORTED_BY, &[&names.join("、")]));
    }
    if let Some(plan) = order.tightened_by.as_ref().and_then(|it| k.m.city.plans.get(it)) {
        parts.push(k.m.lang.fill(tr::TIGHTENED_BY, &[&plan.title]));
    }
    (parts.join("・"), if order.held.is_some() { LATE } else { TERTIARY })
}

/// The exact words that will be sent; of a struck line, why.
fn preview_ui(k: &Kit<'_>, review: &mut Review, rect: Rect, built: &Built) {
    k.fill(rect, 4.0, RAISED);
    k.outline(rect, 4.0, 1.0, HAIR);
    let orders = flat(&built.full);
    let Some((a, o)) = orders.get(review.shown.min(orders.len().saturating_sub(1))).copied() else { return };
    let agency = &built.full.agencies[a];
    let text = &agency.orders[o].text;
    let y = rect.top() + 16.0;
    let struck = text.measure.clone().filter(|id| review.struck.contains(id));
    let title = if struck.is_some() { tr::WHY_STRUCK } else { tr::EXACT_TEXT };
    let at = k.bold(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, 14.0, PRIMARY, k.t(title));
    let n = [(review.shown + 1).to_string(), orders.len().to_string()];
    let which = k.m.lang.fill(tr::NTH_OF, &[&agency.name, &n[0], &n[1]]);
    let keys = k.text(pos2(rect.right() - 12.0, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, k.t(tr::PREVIEW_KEYS));
    k.fit(pos2(at.right() + 12.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &which, keys.left() - at.right() - 24.0);
    let words = Rect::from_min_max(pos2(rect.left() + 12.0, rect.top() + 32.0), rect.max - vec2(12.0, 6.0));
    match struck {
        Some(id) => {
            let reason = review.reasons.entry(id).or_default();
            signing::reason_ui(k, words, "strike-reason", &STRIKE_REASONS, reason);
        }
        None => {
            k.wrap(words, 14.0, SECONDARY, &text.body);
        }
    }
}

/// Whom it moves: by class and district, exact.
fn people_ui(k: &Kit<'_>, review: &mut Review, list: Rect, sheet: &Sheet) {
    let heights = vec![34.0; sheet.people.len()];
    let first = first_row(k, &mut review.scroll, list, &heights);
    let rows = sheet.people.iter().skip(first).take((list.height() / 34.0) as usize);
    for (i, people) in rows.enumerate() {
        let c = list.top() + 34.0 * i as f32 + 17.0;
        let district = k.m.city.districts.get(&people.district).map_or(people.district.as_str(), |it| &it.name);
        k.bold_fit(pos2(list.left() + 8.0, c), Align2::LEFT_CENTER, 14.0, PRIMARY, district, 120.0);
        let n = k.m.lang.fill(tr::N_PEOPLE, &[&exact(people.n_people.into())]);
        let n = k.bold(pos2(list.right(), c), Align2::RIGHT_CENTER, 15.0, PRIMARY, &n);
        let mut right = n.left() - 12.0;
        if people.n_before > 0 {
            let before = k.m.lang.fill(tr::PEOPLE_BEFORE, &[&exact(people.n_before.into())]);
            right = k.text(pos2(right, c), Align2::RIGHT_CENTER, 12.0, TERTIARY, &before).left() - 12.0;
        }
        let x = list.left() + 136.0;
        k.fit(pos2(x, c), Align2::LEFT_CENTER, 14.0, SECONDARY, k.m.lang.class(people.class), right - x);
        k.hline(list.left(), list.right(), c + 17.0, ROW);
    }
    if sheet.people.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::NOBODY_TO_MOVE), false);
    }
}

/// Whom it calls: the agencies whose orders say so, with the ladder in turn.
fn calls_ui(k: &Kit<'_>, review: &mut Review, list: Rect, sheet: &Sheet) {
    let heights = vec![ORDER_H; sheet.calls.len()];
    let first = first_row(k, &mut review.scroll, list, &heights);
    let rows = sheet.calls.iter().skip(first).take((list.height() / ORDER_H) as usize);
    for (i, call) in rows.enumerate() {
        let top = list.top() + ORDER_H * i as f32;
        let phone = if call.phone.is_empty() { "—" } else { &*call.phone };
        let phone = k.bold(pos2(list.right(), top + 13.0), Align2::RIGHT_CENTER, 14.0, PRIMARY, phone);
        let n = k.m.lang.fill(tr::N_LINES, &[&call.n_orders.to_string()]);
        let n = k.text(pos2(phone.left() - 12.0, top + 13.0), Align2::RIGHT_CENTER, 12.0, TERTIARY, &n);
        let x = list.left() + 8.0;
        k.bold_fit(pos2(x, top + 13.0), Align2::LEFT_CENTER, 14.0, PRIMARY, &call.name, n.left() - x - 12.0);
        let ladder = call.ladder.iter().map(|it| &**it).collect::<Vec<_>>().join(" → ");
        k.fit(pos2(x, top + 30.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &ladder, list.right() - x);
        k.hline(list.left(), list.right(), top + ORDER_H, ROW);
    }
    if sheet.calls.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::NOBODY_TO_CALL), false);
    }
}

// ---------------------------------------------------------------- 4 who goes, 5 what opens, 6 who confirms

fn who_ui(k: &Kit<'_>, review: &mut Review, rect: Rect, built: &Built) {
    let city = k.m.city;
    let confirm_h = 34.0 + if built.sheet.n_seats > 1 { 104.0 } else { 66.0 };
    // What opens has the lesser half of what the signatures leave.
    let pictures_h = ((rect.height() - confirm_h) * 0.46).max(58.0);
    let confirm = Rect::from_min_max(pos2(rect.left(), rect.bottom() - confirm_h), rect.max);
    let pictures_top = confirm.top() - pictures_h - 10.0;
    let y = part_ui(k, rect, rect.top(), 4, k.t(tr::PART_FORCES), k.t(tr::ETA_BASIS)) + 2.0;
    let list = Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), pictures_top - 8.0));
    if built.needs.is_empty() {
        nearest_ui(k, list);
    } else {
        forces_ui(k, review, list, built);
    }

    let y = part_ui(k, rect, pictures_top, 5, k.t(tr::PART_PICTURES), k.t(tr::LAYOUT_WAR));
    let pictures = Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), confirm.top() - 8.0));
    let barred = press::barred(k, "open_feeds");
    opens::opens_ui(k, pictures, &mut review.opens_scroll, &built.sheet, &built.feeds, barred.as_deref());

    let n_seats = built.sheet.n_seats;
    let note = k.t(if n_seats > 1 { tr::TWO_PERSON } else { tr::ONE_PERSON });
    let y = part_ui(k, rect, confirm.top(), 6, k.t(tr::PART_CONFIRM), note) + 4.0;
    let level = Some(review.level).max(sheet::level_in(city, &review.districts));
    let seats = Rect::from_min_max(pos2(rect.left(), y), rect.max);
    signing::seats_ui(k, &mut review.signing, seats, level, n_seats);
}

/// Who is proposed for each place, and the sentence why; what stays short.
fn forces_ui(k: &Kit<'_>, review: &mut Review, list: Rect, built: &Built) {
    const TEAM_H: f32 = 60.0;
    const SHORT_H: f32 = 42.0;
    enum Row<'a> {
        Team(&'a Assignment),
        Short(&'a Shortfall),
    }
    // What is short first: it is the one the officer must act on.
    let rows: Vec<Row<'_>> = (built.forces.shortfalls.iter().map(Row::Short))
        .chain(built.forces.assignments.iter().map(Row::Team))
        .collect();
    let heights: Vec<f32> = rows.iter().map(|it| if matches!(it, Row::Team(_)) { TEAM_H } else { SHORT_H }).collect();
    let first = first_row(k, &mut review.forces_scroll, list, &heights);
    let place = |id: NeedId| built.needs.iter().find(|it| it.id == id);
    let mut y = list.top();
    for (row, height) in rows.iter().zip(&heights).skip(first) {
        if y + height > list.bottom() + 0.5 {
            break;
        }
        let c = y + 13.0;
        match row {
            Row::Team(it) => {
                let Some(team) = k.m.city.teams.get(&it.team) else { continue };
                k.team(pos2(list.left() + 12.0, c), 20.0, team.glyph(), SYMBOL_TEAM);
                let eta = k.m.lang.eta(it.eta_s, it.by);
                let at = k.bold(pos2(list.right(), c), Align2::RIGHT_CENTER, 14.0, PRIMARY, &eta);
                let to = place(it.need).map_or("", |it| &it.why);
                let name = format!("{} → {to}", team.name);
                let x = list.left() + 30.0;
                k.bold_fit(pos2(x, c), Align2::LEFT_CENTER, 14.0, PRIMARY, &name, at.left() - x - 8.0);
                let why = Rect::from_min_max(pos2(x, y + 23.0), pos2(list.right(), y + height - 1.0));
                k.wrap(why, 12.0, TERTIARY, &it.why);
            }
            Row::Short(it) => {
                let need = place(it.need);
                let what = need.map_or("", |it| it.what.glyph());
                k.team(pos2(list.left() + 12.0, c), 20.0, what, LATE);
                let to = need.map_or("", |it| &it.why);
                let words = k.m.lang.fill(tr::FORCE_SHORT, &[to, &it.n_short.to_string()]);
                let x = list.left() + 30.0;
                k.bold_fit(pos2(x, c), Align2::LEFT_CENTER, 14.0, LATE, &words, list.right() - x);
                k.fit(pos2(x, y + 31.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &it.why, list.right() - x);
            }
        }
        y += height;
        k.hline(list.left(), list.right(), y, ROW);
    }
}

/// The plan places nobody: who could go soonest, one of each kind.
fn nearest_ui(k: &Kit<'_>, list: Rect) {
    let place = k.m.selection.and_then(|it| k.m.place_of(it)).unwrap_or(k.m.city.center);
    let mut rows: Vec<NearTeam<'_>> = Vec::new();
    for capability in Capability::ALL {
        let nearest = k.m.city.nearest_able(place, Some(capability), 1, k.m.readings, k.m.ground(), k.now());
        rows.extend(nearest.into_iter().filter(|it| it.bar.is_none()));
    }
    let mut y = list.top();
    for near in rows.iter().take((list.height().max(0.0) / 38.0) as usize) {
        let c = y + 18.0;
        k.team(pos2(list.left() + 14.0, c), 22.0, near.team.glyph(), SYMBOL_TEAM);
        let eta = k.m.lang.eta(near.eta_s, near.by);
        let at = k.bold(pos2(list.right(), c), Align2::RIGHT_CENTER, 15.0, PRIMARY, &eta);
        let people = k.m.lang.fill(tr::N_PEOPLE, &[&exact(near.team.n_people.into())]);
        let at = pos2(at.left().min(list.right() - 56.0) - 8.0, c);
        let at = k.text(at, Align2::RIGHT_CENTER, 13.0, SECONDARY, &people);
        let x = list.left() + 34.0;
        k.fit(pos2(x, c), Align2::LEFT_CENTER, 14.0, PRIMARY, &near.team.name, at.left() - x - 8.0);
        y += 38.0;
        k.hline(list.left(), list.right(), y, ROW);
    }
}

// ---------------------------------------------------------------- how it is sent

fn cancel_rect(footer: Rect) -> Rect {
    Rect::from_min_size(pos2(footer.right() - 484.0, footer.center().y - 32.0), vec2(104.0, 64.0))
}

/// How it is sent, how much, and the hold.
fn footer_ui(k: &mut Kit<'_>, review: &mut Review, rect: Rect, built: &Built) -> Keep {
    let sheet = &built.sheet;
    k.fill(rect.shrink(1.0), 6.0, RAISED);
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let c = rect.center().y;
    k.text(pos2(rect.left() + 20.0, c - 26.0), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::HOW_SENT));
    let (x, to_drill) = modes_ui(k, review, pos2(rect.left() + 20.0, c - 14.0));
    let left = x + 24.0;
    k.painter().vline(left - 12.0, (c - 30.0)..=(c + 30.0), Stroke::new(1.0, HAIR));
    let room = cancel_rect(rect).left() - left - 12.0;
    let n = [sheet.n_orders.to_string(), sheet.agencies.len().to_string(), exact(sheet.n_people as i64)];
    let totals = k.m.lang.fill(tr::TOTALS, &[&n[0], &n[1], &n[2]]);
    k.bold_fit(pos2(left, c - 10.0), Align2::LEFT_CENTER, 19.0, PRIMARY, &totals, room);
    let told = review.told.clone().unwrap_or_else(|| connectors_text(k));
    let ink = if review.told.is_some() { PRIMARY } else { TERTIARY };
    k.wrap(Rect::from_min_size(pos2(left, c + 7.0), vec2(room, 38.0)), 12.0, ink, &told);
    if k.button(cancel_rect(rect), "cancel", 16.0, k.t(tr::CANCEL_ESC), false) {
        return Keep::Closed;
    }
    if to_drill {
        k.out.push(UiCommand::Drill(Drill::Start { scenario: drill::first_scenario().into(), seed: 1, speed: 60.0 }));
        return Keep::Closed;
    }
    let hold = Rect::from_min_max(pos2(rect.right() - 368.0, c - 32.0), pos2(rect.right() - 20.0, c + 32.0));
    let blocked = review.blocked(k, sheet);
    let realm = k.t(if review.dry_run {
        tr::DRY_RUN
    } else if k.is_exercise() {
        tr::EXERCISE
    } else {
        tr::REALM_ACTUAL
    });
    let is_override = review.signing.overridden && sheet.n_seats > 1 && !review.dry_run;
    let words = if is_override {
        tr::HOLD_TO_OVERRIDE
    } else if sheet.n_seats > 1 && !review.dry_run {
        tr::HOLD_TO_PROPOSE
    } else {
        tr::HOLD_TO_START
    };
    let label = k.m.lang.fill(words, &[review.level.roman(), realm]);
    let held =
        Hold { id: "hold-war", label: &label, why_not: blocked.as_deref(), ms: HOLD_CONFIRM_MS, is_default: true };
    if !press::hold_ui(k, hold, &held, &mut review.signing.hold_since) {
        return Keep::Open;
    }
    if review.dry_run {
        let n = [&n[0], &n[1], &n[2], &sheet.n_held.to_string(), &built.forces.assignments.len().to_string()];
        review.told = Some(k.m.lang.fill(tr::DRY_RUN_DONE, &n.map(|it| it.as_str())));
        k.out.push(UiCommand::Submit(Command::DryRun { ask: built.ask.clone() }));
        return Keep::Open;
    }
    let command = review.command(k, built);
    k.out.push(UiCommand::Submit(command));
    // Two people's switch is carried out, and its pictures opened, by the second.
    if sheet.n_seats < 2 || review.signing.overridden {
        opens::open(k, built.feeds.all());
    }
    Keep::Sent
}

/// 实战 / 演练 / 试运行. The right edge is returned, and whether a drill is asked for from the actual realm.
fn modes_ui(k: &Kit<'_>, review: &mut Review, at: egui::Pos2) -> (f32, bool) {
    let (mut x, mut to_drill) = (at.x, false);
    let modes = [(tr::SEND_ACTUAL, !k.is_exercise()), (tr::EXERCISE, k.is_exercise()), (tr::DRY_RUN, true)];
    for (n, (word, possible)) in modes.into_iter().enumerate() {
        let label = k.t(word);
        let at = Rect::from_min_size(pos2(x, at.y), vec2(k.width(15.0, label) + 34.0, 42.0));
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
    (x, to_drill)
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
