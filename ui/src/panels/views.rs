//! Views by name: nine places to return to, by press or by key.

use super::kit::{Kit, row_id};
use super::{PanelState, UiCommand, drawer};
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};

const ROW_H: f32 = 40.0;

pub(super) fn views_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::VIEWS), k.t(tr::VIEWS_SUB)) else { return };
    let first = drawer::scroll(k, state, body, std::iter::repeat_n(ROW_H, state.bookmarks.0.len()));
    let mut y = body.top();
    for (n, bookmark) in (1u8..).zip(&state.bookmarks.0).skip(first) {
        let row = Rect::from_min_size(pos2(body.left(), y), vec2(body.width(), ROW_H));
        if row.bottom() > body.bottom() + 0.5 {
            break;
        }
        y += ROW_H;
        let c = row.center().y;
        k.key(pos2(row.left() + 12.0, c), &n.to_string());
        let label = k.m.lang.fill(tr::VIEW_STORE, &[&n.to_string()]);
        let store = Rect::from_center_size(pos2(row.right() - 48.0, c), vec2(76.0, 28.0));
        if k.button(store, row_id("view-store", n), 12.0, &label, false) {
            k.out.push(UiCommand::StoreView(n));
        }
        let go = Rect::from_min_max(row.min, pos2(store.left() - 6.0, row.bottom()));
        let name = bookmark.as_ref().map_or(k.t(tr::VIEW_FREE), |it| &it.name);
        let ink = if bookmark.is_some() { PRIMARY } else { QUIET };
        if bookmark.is_some() && k.hit(go, row_id("view", n), name).clicked() {
            k.out.push(UiCommand::RecallView(n));
        }
        k.fit(pos2(row.left() + 44.0, c), Align2::LEFT_CENTER, 14.0, ink, name, go.right() - row.left() - 48.0);
        k.hline(row.left(), row.right(), row.bottom(), ROW);
    }
}
