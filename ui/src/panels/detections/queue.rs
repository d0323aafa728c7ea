//! The queue: the worst first, then the oldest; a window of it around the one shown.

use super::act::Act;
use super::{camera_name, kind_name};
use crate::i18n::tr;
use crate::panels::kit::{Kit, row_id};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

const ROW_H: f32 = 46.0;

/// A row that was pressed.
pub(super) fn queue_ui(k: &Kit<'_>, queue: &[&Detection], at: Option<usize>, rect: Rect) -> Option<Act> {
    k.fill(rect, 3.0, RAISED);
    let n_rows = (rect.height() / ROW_H).floor().max(1.0) as usize;
    let chosen = at.unwrap_or(0);
    let first = chosen.saturating_sub(n_rows / 2).min(queue.len().saturating_sub(n_rows));
    let mut pressed = None;
    for (slot, (i, it)) in queue.iter().enumerate().skip(first).take(n_rows).enumerate() {
        let row = Rect::from_min_size(rect.min + vec2(0.0, ROW_H * slot as f32), vec2(rect.width(), ROW_H));
        if i == chosen {
            k.fill(row, 3.0, SELECTED);
            k.fill(Rect::from_min_size(row.min, vec2(3.0, ROW_H)), 0.0, ACCENT);
        }
        k.level(pos2(row.left() + 20.0, row.center().y), 18.0, it.color, false);
        let x = row.left() + 38.0;
        let right = row.right() - 10.0;
        let waited = k.m.lang.elapsed(k.now().since_ms(it.since) / 1000);
        let waited = k.text(pos2(right, row.top() + 15.0), Align2::RIGHT_CENTER, 12.0, TERTIARY, &waited);
        let name = kind_name(k.m.lang, k.m.city, &it.kind);
        let title = if it.n > 1 { format!("{name} ×{}", it.n) } else { name.to_owned() };
        k.fit(pos2(x, row.top() + 15.0), Align2::LEFT_CENTER, 14.0, PRIMARY, &title, waited.left() - x - 6.0);
        let percent = format!("{:.0}%", it.best.confidence * 100.0);
        let percent = k.text(pos2(right, row.top() + 33.0), Align2::RIGHT_CENTER, 12.0, SECONDARY, &percent);
        let camera = camera_name(k.m.city, &it.camera);
        k.fit(pos2(x, row.top() + 33.0), Align2::LEFT_CENTER, 12.0, SECONDARY, camera, percent.left() - x - 6.0);
        k.hline(row.left(), row.right(), row.bottom(), ROW);
        let label = k.m.lang.fill(tr::DETECTION_ROW, &[&it.id.to_string(), &title, camera]);
        if k.hit(row, row_id("detection", it.id), &label).clicked() {
            pressed = Some(Act::Choose(it.id));
        }
    }
    pressed
}
