//! The whole city, or some of its districts: a row of chips that wraps.

use super::kit::{Kit, row_id};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Rect, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeSet;

const CHIP_H: f32 = 26.0;
const PITCH: f32 = 30.0;

/// A chip: the district, or the whole city; its word and where it lies.
type Chip = (Option<DistrictId>, String, Rect);

/// How high the chips are at a width; nothing where there is no choice.
pub(super) fn height(k: &Kit<'_>, width: f32) -> f32 {
    let room = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, f32::INFINITY));
    chips(k, room).last().map_or(0.0, |it| it.2.top() + PITCH)
}

/// The chips from the top left of `rect`; `says` is what a press does, of a place. Every district is the whole city, which
/// is none of them. `true` if the choice changed.
pub(super) fn chips_ui(
    k: &Kit<'_>,
    rect: Rect,
    name: &'static str,
    says: Tr,
    chosen: &mut BTreeSet<DistrictId>,
) -> bool {
    let before = chosen.clone();
    for (n, (district, word, at)) in chips(k, rect).into_iter().enumerate() {
        let is_on = district.as_ref().map_or(before.is_empty(), |it| before.contains(it));
        k.fill(at, 3.0, if is_on { SELECTED } else { PANEL });
        k.outline(at, 3.0, 1.0, if is_on { PRIMARY } else { HAIR });
        k.fit_center(at.expand2(vec2(4.0, 0.0)), 12.0, if is_on { PRIMARY } else { SECONDARY }, &word, false);
        if !k.hit(at, row_id(name, n), &k.m.lang.fill(says, &[&word])).clicked() {
            continue;
        }
        match district {
            None => chosen.clear(),
            Some(it) => {
                if !chosen.remove(&it) {
                    chosen.insert(it);
                }
            }
        }
    }
    if chosen.len() == k.m.city.districts.len() {
        chosen.clear();
    }
    *chosen != before
}

fn chips(k: &Kit<'_>, rect: Rect) -> Vec<Chip> {
    let districts = &k.m.city.districts;
    if districts.len() < 2 {
        return Vec::new();
    }
    let whole = (None, k.t(tr::CALLS_WHOLE_CITY).to_owned());
    let each = districts.values().map(|it| (Some(it.id.clone()), it.name.trim_end_matches('区').to_owned()));
    let mut at = rect.min;
    let place = |(district, word): (Option<DistrictId>, String)| {
        let width = k.width(12.0, &word) + 14.0;
        if at.x > rect.left() && at.x + width > rect.right() + 0.5 {
            at = pos2(rect.left(), at.y + PITCH);
        }
        let chip = Rect::from_min_size(at, vec2(width, CHIP_H));
        at.x = chip.right() + 4.0;
        (district, word, chip)
    };
    std::iter::once(whole).chain(each).map(place).collect()
}
