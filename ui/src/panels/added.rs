//! An order put on the review sheet by hand: to whom, what, where, by when, and why the plan does not suffice.

use super::kit::{Kit, row_id};
use super::pick::{AgencyPick, agency_ui};
use super::{districts, press};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeSet;

/// The form as far as it is filled in.
pub(super) struct AddForm {
    agency: AgencyPick,
    title: String,
    body: String,
    /// Minutes, as typed.
    within: String,
    channel: Channel,
    districts: BTreeSet<DistrictId>,
    reason: String,
    /// What the rules said to this order; another may fare better.
    pub refused: Option<(AddedOrder, String)>,
}

/// What becomes of the form after a frame.
pub(super) enum Done {
    Open,
    Away,
    Add(AddedOrder),
}

const ROW: f32 = 34.0;
const LINE_H: f32 = 28.0;
const CHANNELS: [Channel; 3] = [Channel::Platform, Channel::PlatformAndCall, Channel::PlatformAndSms];

/// How high the form is at a width.
pub(super) fn height(k: &Kit<'_>, width: f32) -> f32 {
    24.0 + ROW * 5.0 + districts::height(k, width - 24.0)
}

impl AddForm {
    pub fn new() -> Self {
        Self {
            agency: AgencyPick::focused(),
            title: String::new(),
            body: String::new(),
            within: "60".to_owned(),
            channel: Channel::Platform,
            districts: BTreeSet::new(),
            reason: String::new(),
            refused: None,
        }
    }

    /// The order, or what is still missing of it.
    fn order(&self, city: &City) -> Result<AddedOrder, Tr> {
        let words = |text: &str| Some(Text::from(text.trim())).filter(|it| !it.is_empty());
        let within_mins = self.within.trim().parse::<u32>().ok().filter(|it| *it > 0);
        Ok(AddedOrder {
            agency: self.agency.chosen.clone().ok_or(tr::ADDED_NEEDS_AGENCY)?,
            title: words(&self.title).ok_or(tr::ADDED_NEEDS_WORDS)?,
            body: words(&self.body).ok_or(tr::ADDED_NEEDS_WORDS)?,
            within_mins: within_mins.ok_or(tr::ADDED_NEEDS_TIME)?,
            channel: self.channel,
            districts: city.districts.keys().filter(|it| self.districts.contains(*it)).cloned().collect(),
            reason: words(&self.reason).ok_or(tr::ADDED_NEEDS_REASON)?,
        })
    }
}

pub(super) fn form_ui(k: &Kit<'_>, form: &mut AddForm, rect: Rect) -> Done {
    k.fill(rect, 4.0, RAISED);
    k.outline(rect, 4.0, 1.0, HAIR);
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    let width = right - left;
    let row = |n: f32, from: f32, to: f32| {
        let top = rect.top() + 8.0 + ROW * n;
        Rect::from_min_max(pos2(left + width * from, top), pos2(left + width * to, top + LINE_H))
    };
    let gap = 8.0 / width.max(1.0);
    agency_ui(k, row(0.0, 0.0, 0.3), row(0.0, 0.3 + gap, 1.0), "added-agency", &mut form.agency);
    let title = row(1.0, 0.0, 0.42);
    press::line_ui(k, title, "added-title", &mut form.title, tr::ADDED_TITLE, tr::ADDED_TITLE, &mut false);
    let within = row(1.0, 0.42 + gap, 0.54);
    press::line_ui(k, within, "added-within", &mut form.within, tr::ADDED_WITHIN, tr::ADDED_WITHIN, &mut false);
    let unit = pos2(within.right() + 4.0, within.center().y);
    let mut x = k.text(unit, Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::ADDED_MINS)).right() + 8.0;
    for (n, channel) in CHANNELS.into_iter().enumerate() {
        let label = k.m.lang.channel(channel);
        let chip = Rect::from_min_size(pos2(x, within.top()), vec2(k.width(13.0, label) + 16.0, LINE_H));
        if chip.right() > right + 0.5 {
            break;
        }
        x = chip.right() + 4.0;
        if press::choice_ui(k, chip, row_id("added-channel", n), label, form.channel == channel) {
            form.channel = channel;
        }
    }
    let body = row(2.0, 0.0, 1.0);
    press::line_ui(k, body, "added-body", &mut form.body, tr::ADDED_BODY, tr::ADDED_BODY, &mut false);
    let scope = Rect::from_min_max(pos2(left, rect.top() + 8.0 + ROW * 3.0), pos2(right, rect.bottom()));
    districts::chips_ui(k, scope, "added-district", tr::ADDED_IN, &mut form.districts);
    let reason = Rect::from_min_size(pos2(left, rect.bottom() - 8.0 - ROW * 2.0 + 6.0), vec2(width, LINE_H));
    press::line_ui(k, reason, "added-reason", &mut form.reason, tr::ADDED_REASON, tr::ADDED_REASON, &mut false);

    let foot = rect.bottom() - 8.0 - LINE_H;
    let add = Rect::from_min_max(pos2(right - 120.0, foot), pos2(right, foot + LINE_H));
    let not = Rect::from_min_max(pos2(add.left() - 88.0, foot), pos2(add.left() - 8.0, foot + LINE_H));
    let order = form.order(k.m.city);
    let refused = form.refused.as_ref().filter(|it| order.as_ref() == Ok(&it.0));
    let (said, ink) = match (refused, &order) {
        (Some((_, why)), _) => (why.as_str(), LATE),
        (None, Err(missing)) => (k.t(*missing), TERTIARY),
        (None, Ok(_)) => (k.t(tr::ADDED_NOTE), TERTIARY),
    };
    k.fit(pos2(left, add.center().y), Align2::LEFT_CENTER, 12.0, ink, said, not.left() - left - 8.0);
    if k.button(not, "added-not", 13.0, k.t(tr::ADDED_AWAY), false) {
        return Done::Away;
    }
    match (press::guarded_ui(k, add, "added-add", 13.0, k.t(tr::ADDED_ADD), order.is_err()), order) {
        (true, Ok(order)) => Done::Add(order),
        _ => Done::Open,
    }
}
