//! 搁置: until when and why, for one alarm or a row of them. Red is never shelved, and nothing longer than two hours
//! (DESIGN.md §3).

use super::UiCommand;
use super::events::Target;
use super::kit::{Kit, row_id};
use super::press;
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

/// What the form takes up of the event list, px.
pub(super) const FORM_H: f32 = 178.0;
const ROW_H: f32 = 34.0;
const MINUTES: [i64; 4] = [15, 30, 60, 120];
const REASONS: [Tr; 4] = [tr::SHELVE_KNOWN, tr::SHELVE_WORKS, tr::SHELVE_FAULT, tr::SHELVE_TWICE];

pub(super) struct ShelveForm {
    target: Target,
    /// Of [`MINUTES`].
    minutes: usize,
    /// Of [`REASONS`].
    reason: usize,
    /// Instead of `reason`, if anything.
    typed: String,
}

impl ShelveForm {
    pub fn new(target: Target) -> Self {
        Self { target, minutes: 1, reason: 0, typed: String::new() }
    }

    fn until(&self, k: &Kit<'_>) -> Timestamp {
        k.now().plus_mins(MINUTES[self.minutes])
    }

    fn command(&self, k: &Kit<'_>) -> Command {
        let typed = self.typed.trim();
        let reason: Text = if typed.is_empty() { k.t(REASONS[self.reason]).into() } else { typed.into() };
        let until = self.until(k);
        match &self.target {
            Target::Alarm(alarm) => Command::ShelveAlarm { alarm: *alarm, until, reason },
            Target::Group(group) => Command::ShelveGroup { group: group.clone(), until, reason },
        }
    }
}

/// What is to be shelved: its name and worst level; `None` once it is over.
fn subject(k: &Kit<'_>, target: &Target) -> Option<(String, WarningColor)> {
    let city = k.m.city;
    match target {
        Target::Alarm(alarm) => {
            let alarm = city.alarms.get(alarm).filter(|it| it.cleared_at.is_none())?;
            let subject = city.subject_of(alarm)?;
            Some((format!("{} {}", subject.name(), k.m.lang.cause(subject.cause())), alarm.color))
        }
        Target::Group(group) => {
            let place = group.district.as_ref().and_then(|it| city.districts.get(it));
            let place = place.map_or(k.t(tr::CALLS_WHOLE_CITY), |it| &*it.name);
            let open = city.open_alarms.values().filter_map(|id| city.alarms.get(id));
            let is_in = |alarm: &&Alarm| {
                let is_of = |it: AlarmSubject<'_>| {
                    it.cause() == group.kind && group.district.as_ref().is_none_or(|d| d == it.district())
                };
                (group.from..group.until).contains(&alarm.raised_at) && city.subject_of(alarm).is_some_and(is_of)
            };
            let worst = open.filter(is_in).map(|it| it.color).max()?;
            Some((format!("{place} {}", k.m.lang.cause(group.kind)), worst))
        }
    }
}

/// Four ends, four reasons or one typed, and the button. `None` once it was sent, put away or has nothing left to shelve.
pub(super) fn form_ui(k: &mut Kit<'_>, mut form: ShelveForm, rect: Rect) -> Option<ShelveForm> {
    let (name, worst) = subject(k, &form.target)?;
    k.fill(rect, 0.0, RAISED);
    k.hline(rect.left(), rect.right(), rect.top(), STRONG);
    if rect.height() + 0.5 < FORM_H {
        return Some(form);
    }
    let body = rect.shrink2(vec2(12.0, 0.0));
    let title = k.m.lang.fill(tr::SHELVE_WHAT, &[&name]);
    k.bold_fit(pos2(body.left(), body.top() + 19.0), Align2::LEFT_CENTER, 14.0, PRIMARY, &title, body.width());
    let width = (body.width() - 24.0) / 4.0;
    let cell = |row: usize, i: usize| {
        let at = pos2(body.left() + (width + 8.0) * i as f32, body.top() + 36.0 + ROW_H * row as f32);
        Rect::from_min_size(at, vec2(width, 28.0))
    };
    for (i, minutes) in MINUTES.into_iter().enumerate() {
        let label = match minutes {
            60.. => k.m.lang.fill(tr::N_HOURS, &[&(minutes / 60).to_string()]),
            _ => k.m.lang.fill(tr::N_MINUTES, &[&minutes.to_string()]),
        };
        if press::choice_ui(k, cell(0, i), row_id("shelve-minutes", i), &label, form.minutes == i) {
            form.minutes = i;
        }
    }
    for (i, reason) in REASONS.into_iter().enumerate() {
        let is_chosen = form.reason == i && form.typed.trim().is_empty();
        if press::choice_ui(k, cell(1, i), row_id("shelve-reason", i), k.t(reason), is_chosen) {
            form.reason = i;
            form.typed.clear();
        }
    }
    let line = Rect::from_min_size(cell(2, 0).min, vec2(body.width(), 28.0));
    press::line_ui(k, line, "shelve-why", &mut form.typed, tr::REASON, tr::CASE_WHY_HINT, &mut false);
    let kind = match &form.target {
        Target::Alarm(_) => "shelve_alarm",
        Target::Group(_) => "shelve_group",
    };
    let why = press::barred(k, kind);
    let why = why.or_else(|| (worst == WarningColor::Red).then(|| k.t(tr::NEVER_SHELVE_RED).to_owned()));
    let cancel = cell(3, 0);
    let send = Rect::from_min_max(cell(3, 1).min, cell(3, 3).max);
    let label = match &why {
        Some(why) => why.clone(),
        None => k.m.lang.fill(tr::SHELVE_UNTIL, &[&k.m.lang.day_time(form.until(k), k.now())]),
    };
    if press::guarded_ui(k, send, "shelve-send", 13.0, &label, why.is_some()) {
        let command = form.command(k);
        k.out.push(UiCommand::Submit(command));
        return None;
    }
    let is_cancelled = k.button(cancel, "shelve-cancel", 13.0, k.t(tr::CANCEL), false);
    (!is_cancelled).then_some(form)
}
