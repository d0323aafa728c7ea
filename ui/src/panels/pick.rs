//! Choosing an agency: by a piece of its name, its short name or its id, then by a press.

use super::kit::{Kit, row_id};
use super::press;
use crate::i18n::tr;
use egui::{Rect, pos2, vec2};
use gulang_city::*;

/// An agency as far as it is chosen.
#[derive(Default)]
pub(super) struct AgencyPick {
    query: String,
    pub chosen: Option<AgencyId>,
    wants_focus: bool,
}

const CHIP_H: f32 = 28.0;

impl AgencyPick {
    /// Its line takes the keyboard.
    pub fn focused() -> Self {
        Self { wants_focus: true, ..Self::default() }
    }

    fn is_meant(&self, agency: &Agency) -> bool {
        let query = self.query.trim().to_lowercase();
        query.is_empty()
            || [&*agency.name, &*agency.short, agency.id.as_str()].iter().any(|it| it.to_lowercase().contains(&query))
    }
}

/// The line to type into, and in `names` as many of those meant as there is room for, the chosen one first. `id` tells
/// the lines apart.
pub(super) fn agency_ui(k: &Kit<'_>, line: Rect, names: Rect, id: &'static str, pick: &mut AgencyPick) {
    press::line_ui(k, line, id, &mut pick.query, tr::PICK_AGENCY, tr::PICK_AGENCY_HINT, &mut pick.wants_focus);
    let chosen = pick.chosen.as_ref().and_then(|it| k.m.city.agencies.get(it));
    let others = k.m.city.agencies.values().filter(|it| pick.chosen.as_ref() != Some(&it.id) && pick.is_meant(it));
    let mut at = names.min;
    let mut pressed = None;
    for agency in chosen.into_iter().chain(others) {
        let width = (k.width(13.0, &agency.name) + 20.0).min(names.width());
        if at.x > names.left() && at.x + width > names.right() + 0.5 {
            at = pos2(names.left(), at.y + CHIP_H + 4.0);
        }
        let chip = Rect::from_min_size(at, vec2(width, CHIP_H));
        if chip.bottom() > names.bottom() + 0.5 {
            break;
        }
        at.x = chip.right() + 4.0;
        let is_chosen = pick.chosen.as_ref() == Some(&agency.id);
        if press::choice_ui(k, chip, row_id(id, &agency.id), &agency.name, is_chosen) {
            pressed = Some(agency.id.clone());
        }
    }
    if pressed.is_some() {
        pick.chosen = pressed;
    }
}
