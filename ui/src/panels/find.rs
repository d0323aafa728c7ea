//! Finding: one line to type into, what it may mean below, arrows and Enter.

use super::kit::{Kit, row_id};
use super::{PanelState, UiCommand, drawer};
use crate::i18n::{Tr, tr};
use crate::search::{Hit, Index, Kind, MAX_HITS, thing_by_id};
use crate::theme::*;
use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, FontId, Id, Key, Modifiers, Rect, TextEdit, Ui, UiBuilder, pos2, vec2};

/// What was typed, and what was found.
#[derive(Default)]
pub(super) struct Find {
    query: String,
    /// What `hits` answer; another query, or another number of names, asks anew.
    asked: (String, usize),
    hits: Vec<Hit>,
    chosen: usize,
    index: Index,
    /// The line wants the keyboard.
    pub wants_focus: bool,
}

const LINE_H: f32 = 44.0;
const ROW_H: f32 = 44.0;
const FOOT_H: f32 = 28.0;

pub(super) fn find_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::FIND), k.t(tr::FIND_SUB)) else { return };
    let line = Rect::from_min_size(body.min, vec2(body.width(), LINE_H)).shrink2(vec2(12.0, 7.0));
    // Taken before the line sees them: it would move its cursor.
    let (step, is_entered) = k.ui.input_mut(|input| {
        let down = input.consume_key(Modifiers::NONE, Key::ArrowDown);
        let up = input.consume_key(Modifiers::NONE, Key::ArrowUp);
        (i32::from(down) - i32::from(up), input.consume_key(Modifiers::NONE, Key::Enter))
    });
    line_ui(k, &mut state.find, line);
    ask(k, &mut state.find, &mut state.drawer_scroll);
    let n = state.find.hits.len();
    state.find.chosen = state.find.chosen.saturating_add_signed(step as isize).min(n.saturating_sub(1));

    let list = Rect::from_min_max(pos2(body.left(), line.bottom() + 7.0), pos2(body.right(), body.bottom() - FOOT_H));
    if step != 0 {
        // The chosen row stays in sight.
        let top = state.find.chosen as f32 * ROW_H;
        let lowest = (top + ROW_H - list.height()).max(0.0);
        state.drawer_scroll = state.drawer_scroll.clamp((lowest / ROW_H).ceil() * ROW_H, top.max(lowest));
    }
    let first = drawer::scroll(k, state, list, std::iter::repeat_n(ROW_H, n));
    let mut picked = is_entered.then_some(state.find.chosen);
    let mut y = list.top();
    for (i, hit) in state.find.hits.iter().enumerate().skip(first) {
        let row = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), ROW_H));
        if row.bottom() > list.bottom() + 0.5 {
            break;
        }
        y += ROW_H;
        if row_ui(k, row, i, hit, i == state.find.chosen) {
            picked = Some(i);
        }
    }
    if n == 0 && !state.find.query.trim().is_empty() {
        k.fit_center(list, 13.0, TERTIARY, k.t(tr::FIND_NONE), false);
    }
    let foot = match n {
        0 => String::new(),
        MAX_HITS => k.m.lang.fill(tr::FIND_MOST, &[&n.to_string()]),
        _ => k.m.lang.fill(tr::FIND_N, &[&n.to_string()]),
    };
    let y = body.bottom() - FOOT_H * 0.5;
    let keys = k.text(pos2(body.right() - 12.0, y), Align2::RIGHT_CENTER, 12.0, QUIET, k.t(tr::FIND_KEYS));
    let room = keys.left() - body.left() - 20.0;
    k.fit(pos2(body.left() + 12.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &foot, room);
    if let Some(i) = picked {
        state.find.chosen = i;
        go(k, state.find.hits.get(i));
    }
}

/// Flies there and selects it.
fn go(k: &mut Kit<'_>, hit: Option<&Hit>) {
    let Some(hit) = hit else { return };
    let here = hit.selection.as_ref().and_then(|it| k.m.place_of(it)).or(hit.at);
    if let Some(at) = here {
        k.out.push(UiCommand::FlyTo(at, metres_across(hit.kind)));
    }
    if hit.selection.is_some() {
        k.out.push(UiCommand::Select(hit.selection.clone()));
    }
}

fn metres_across(kind: Kind) -> f64 {
    match kind {
        Kind::District | Kind::Agency => 16_000.0,
        Kind::Place => 4_000.0,
        Kind::Road => 2_500.0,
        _ => 1_500.0,
    }
}

fn line_ui(k: &Kit<'_>, find: &mut Find, rect: Rect) {
    k.fill(rect, 3.0, APP);
    let id = Id::new("find-line");
    let builder = UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 4.0))).layer_id(k.ui.layer_id());
    let mut ui = Ui::new(k.ui.ctx().clone(), k.ui.id().with("find"), builder);
    let edit = TextEdit::singleline(&mut find.query)
        .id(id)
        .frame(egui::Frame::NONE)
        .font(FontId::proportional(15.0))
        .hint_text(k.t(tr::FIND_HINT))
        .char_limit(64)
        .desired_width(rect.width() - 16.0);
    let response = ui.add(edit);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, true, k.t(tr::FIND)));
    if std::mem::take(&mut find.wants_focus) {
        response.request_focus();
    }
    k.outline(rect, 3.0, 1.0, if response.has_focus() { ACCENT } else { STRONG });
}

fn ask(k: &Kit<'_>, find: &mut Find, scroll: &mut f32) {
    find.index.refresh(k.m.city, k.m.names);
    let n = find.index.len();
    if find.asked.0 != find.query || find.asked.1 != n {
        let is_other = find.asked.0 != find.query;
        find.asked = (find.query.clone(), n);
        find.hits = find.index.search(&find.query, k.m.city, k.m.names);
        if let Some(thing) = thing_by_id(&find.query, k.m.inventories) {
            find.hits.insert(0, thing);
            find.hits.truncate(MAX_HITS);
        }
        if is_other {
            find.chosen = 0;
            *scroll = 0.0;
        }
    }
}

fn row_ui(k: &Kit<'_>, rect: Rect, i: usize, hit: &Hit, is_chosen: bool) -> bool {
    if is_chosen {
        k.fill(rect, 0.0, SELECTED);
        k.fill(Rect::from_min_size(rect.min, vec2(3.0, rect.height())), 0.0, ACCENT);
    }
    let response = k.hit(rect, row_id("find", i), &hit.name);
    let (left, right) = (rect.left() + 14.0, rect.right() - 12.0);
    let kind = k.t(kind_name(hit.kind));
    let kind = k.text(pos2(right, rect.top() + 14.0), Align2::RIGHT_CENTER, 12.0, TERTIARY, kind);
    let room = kind.left() - left - 8.0;
    let name = marked(hit, room);
    let galley = k.painter().layout_job(name);
    k.painter().galley(pos2(left, rect.top() + 14.0 - galley.size().y * 0.5), galley, PRIMARY);
    let y = rect.top() + 32.0;
    let district = k.text(pos2(right, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &hit.district);
    k.fit(pos2(left, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &hit.sub, district.left() - left - 8.0);
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
    response.clicked()
}

/// The name, what was asked for in it standing out.
fn marked(hit: &Hit, max_width: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    let format = |color| TextFormat { font_id: FontId::proportional(14.0), color, ..Default::default() };
    for (i, ch) in hit.name.chars().enumerate() {
        let color = if hit.span.contains(&i) { ACCENT } else { PRIMARY };
        job.append(ch.encode_utf8(&mut [0; 4]), 0.0, format(color));
    }
    job.wrap =
        egui::text::TextWrapping { max_width, max_rows: 1, break_anywhere: true, overflow_character: Some('…') };
    job
}

fn kind_name(kind: Kind) -> Tr {
    match kind {
        Kind::District => tr::KIND_DISTRICT,
        Kind::Place => tr::KIND_PLACE,
        Kind::FloodPoint => tr::KIND_FLOOD_POINT,
        Kind::Team => tr::KIND_TEAM,
        Kind::Shelter => tr::KIND_SHELTER,
        Kind::Depot => tr::KIND_DEPOT,
        Kind::Hospital => tr::KIND_HOSPITAL,
        Kind::Helipad => tr::KIND_HELIPAD,
        Kind::Dock => tr::KIND_DOCK,
        Kind::Drone => tr::KIND_DRONE,
        Kind::Agency => tr::KIND_AGENCY,
        Kind::Sensor => tr::KIND_SENSOR,
        Kind::Road => tr::KIND_ROAD,
        Kind::Case => tr::KIND_CASE,
        Kind::Camera => tr::KIND_CAMERA,
        Kind::Thing => tr::KIND_THING,
    }
}
