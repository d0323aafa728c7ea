//! The drawer at the map's right edge: one thing at a time in it. Finding, layers, an area, views, duties, needs, a file, a question,
//! how many alarms there are.

use super::kit::{Kit, RealmMark, realm_mark};
use super::{PanelState, alarm_load, area, ask, duties, find, import, layers, needs, views};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawer {
    Find,
    Layers,
    Area,
    Views,
    Duties,
    Needs,
    Import,
    Ask,
    AlarmLoad,
}

const WIDTH: f32 = 330.0;
/// Where the map leaves the toolbar its room.
const WIDE: f32 = 400.0;
/// A file's rows side by side.
const WIDEST: f32 = 560.0;
const TOOLS_W: f32 = 84.0;
pub(super) const HEADER: f32 = 36.0;

/// Where the drawer lies over a map, if one is open and there is room.
pub(super) fn rect_on(state: &PanelState, map: Rect) -> Option<Rect> {
    let wanted = match state.drawer? {
        Drawer::Duties | Drawer::Needs => WIDE.min(map.width() - TOOLS_W).max(WIDTH),
        Drawer::Import | Drawer::Ask | Drawer::AlarmLoad => WIDEST.min(map.width() - TOOLS_W).max(WIDTH),
        _ => WIDTH,
    };
    let width = wanted.min(map.width() - 24.0);
    let rect = Rect::from_min_max(
        pos2(map.right() - 12.0 - width, map.top() + 54.0),
        pos2(map.right() - 12.0, map.bottom() - 40.0),
    );
    (width > 160.0 && rect.height() > 120.0).then_some(rect)
}

pub(super) fn drawer_ui(k: &mut Kit<'_>, state: &mut PanelState, map: Rect) {
    let Some(rect) = rect_on(state, map) else { return };
    state.over_map.push(rect);
    match state.drawer {
        Some(Drawer::Find) => find::find_ui(k, state, rect),
        Some(Drawer::Layers) => layers::layers_ui(k, state, rect),
        Some(Drawer::Area) => area::area_ui(k, state, rect),
        Some(Drawer::Views) => views::views_ui(k, state, rect),
        Some(Drawer::Duties) => duties::duties_ui(k, state, rect),
        Some(Drawer::Needs) => needs::needs_ui(k, state, rect),
        Some(Drawer::Import) => import::import_ui(k, state, rect),
        Some(Drawer::AlarmLoad) => alarm_load::load_ui(k, state, rect),
        Some(Drawer::Ask) => ask::ask_ui(k, state, rect),
        None => {}
    }
}

/// The frame, header and × of what lies in the drawer; its body is returned, or `None` once it was closed.
pub(super) fn frame_ui(k: &Kit<'_>, state: &mut PanelState, rect: Rect, title: &str, sub: &str) -> Option<Rect> {
    k.fill(rect, 4.0, PANEL);
    realm_mark(k, RealmMark::PanelLine(rect));
    let y = rect.top() + HEADER * 0.5;
    let mut x = rect.left() + 12.0;
    x += realm_mark(k, RealmMark::Chip(pos2(x, y), 12.0));
    let close = Rect::from_center_size(pos2(rect.right() - 20.0, y), vec2(28.0, 28.0));
    let title = k.bold_fit(pos2(x, y), Align2::LEFT_CENTER, 14.0, PRIMARY, title, close.left() - x - 8.0);
    let x = title.right() + 10.0;
    k.fit(pos2(x, y + 1.0), Align2::LEFT_CENTER, 12.0, TERTIARY, sub, close.left() - x - 8.0);
    k.hline(rect.left(), rect.right(), rect.top() + HEADER, HAIR);
    if k.hit(close, "drawer-close", k.t(tr::CLOSE)).clicked() {
        state.close_drawer();
        return None;
    }
    k.text(close.center(), Align2::CENTER_CENTER, 16.0, TERTIARY, "×");
    Some(Rect::from_min_max(pos2(rect.left(), rect.top() + HEADER), rect.max))
}

/// Moves the drawer's list by the wheel, whole rows at a time; the first row to show is returned.
pub(super) fn scroll(k: &Kit<'_>, state: &mut PanelState, list: Rect, heights: impl Iterator<Item = f32>) -> usize {
    let heights: Vec<f32> = heights.collect();
    if k.ui.rect_contains_pointer(list) {
        state.drawer_scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    let excess = (heights.iter().sum::<f32>() - list.height()).max(0.0);
    state.drawer_scroll = state.drawer_scroll.clamp(0.0, excess);
    let mut above = 0.0;
    heights
        .iter()
        .take_while(|height| {
            let is_above = above + 0.5 < state.drawer_scroll;
            above += **height;
            is_above
        })
        .count()
}
