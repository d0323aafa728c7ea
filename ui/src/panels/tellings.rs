//! What platforms could not be told (未告知), over the orders: what, why not, whom to ring; tried again or told by telephone.

use super::UiCommand;
use super::kit::Kit;
use super::press;
use crate::i18n::tr;
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::*;

const ROW_H: f32 = 64.0;
/// More are counted on one line.
const MAX_ROWS: usize = 3;
const MORE_H: f32 = 22.0;
const BUTTON_W: f32 = 84.0;
/// What is told within this is not worth a row, ms.
const SOON_MS: i64 = 60_000;

/// What needs a person first, then what is late, oldest first.
fn shown(city: &City, now: Timestamp) -> Vec<&Telling> {
    let is_late = |it: &&Telling| it.given_up || !it.last_error.is_empty() || now.since_ms(it.since) > SOON_MS;
    let mut shown: Vec<&Telling> = city.untold.values().filter(is_late).collect();
    shown.sort_by_key(|it| (!it.given_up, it.number));
    shown
}

/// How many are tried no more.
pub(super) fn n_given_up(city: &City) -> usize {
    city.untold.values().filter(|it| it.given_up).count()
}

/// Draws the rows at the top of the list; what is left of it is the orders'.
pub(super) fn rows_ui(k: &mut Kit<'_>, list: Rect) -> Rect {
    let city = k.m.city;
    let tellings = shown(city, k.now());
    let mut top = list.top();
    for telling in tellings.iter().take(MAX_ROWS) {
        row_ui(k, Rect::from_min_size(pos2(list.left(), top), vec2(list.width(), ROW_H)), telling);
        top += ROW_H;
    }
    if tellings.len() > MAX_ROWS {
        let text = k.m.lang.fill(tr::TELLING_MORE, &[&(tellings.len() - MAX_ROWS).to_string()]);
        k.text(pos2(list.left() + 46.0, top + MORE_H * 0.5), Align2::LEFT_CENTER, 12.0, TERTIARY, &text);
        top += MORE_H;
    }
    Rect::from_min_max(pos2(list.left(), top.min(list.bottom())), list.max)
}

fn row_ui(k: &mut Kit<'_>, at: Rect, telling: &Telling) {
    let (city, c) = (k.m.city, at.center().y);
    k.fill(at, 0.0, RAISED);
    if telling.given_up {
        k.fill(Rect::from_min_size(at.min, vec2(3.0, at.height())), 0.0, RED_STROKE);
    }
    let color = if telling.given_up { WarningColor::Red } else { WarningColor::Yellow };
    k.level(pos2(at.left() + 25.0, c), 24.0, color, false);
    let number = telling.number;
    let by_phone = Command::ReportTelling { telling: number, error: None, is_final: false };
    let buttons = Rect::from_min_max(pos2(at.right() - 12.0 - BUTTON_W, c - 28.0), pos2(at.right() - 12.0, c - 3.0));
    let mut barred = None;
    let asked = [
        (tr::TELLING_BY_PHONE, Some(by_phone)),
        (tr::TELLING_RETRY, telling.given_up.then_some(Command::RetryTelling { telling: number })),
    ];
    for (i, (label, command)) in asked.into_iter().enumerate() {
        let Some(command) = command else { continue };
        let label = k.t(label);
        let button = buttons.translate(vec2(0.0, 31.0 * i as f32));
        let why = press::barred(k, command.kind());
        if press::guarded_ui(k, button, ("telling", label, number), 12.0, label, why.is_some()) {
            k.out.push(UiCommand::Submit(command));
        }
        barred = barred.or(why);
    }
    let left = at.left() + 46.0;
    let room = buttons.left() - left - 6.0;
    let platform = city.connectors.get(&telling.platform).map_or(telling.platform.as_str(), |it| &it.name);
    let state = match telling.given_up {
        true => k.m.lang.fill(tr::TELLING_GIVEN_UP, &[platform]),
        false => k.m.lang.fill(tr::TELLING_TRYING, &[platform, &telling.n_attempts.to_string()]),
    };
    k.bold_fit(pos2(left, c - 19.0), Align2::LEFT_CENTER, 14.0, PRIMARY, &city.telling_text(telling), room);
    let said: Vec<&str> = [&*state, &*telling.last_error].into_iter().filter(|it| !it.is_empty()).collect();
    k.fit(pos2(left, c), Align2::LEFT_CENTER, 12.0, SECONDARY, &said.join("・"), room);
    // Whom to ring; to who may not press, why not.
    let phone = city.telling_phone(telling).map(|it| k.m.lang.fill(tr::TELLING_PHONE, &[&it.name, &it.phone]));
    k.fit(pos2(left, c + 19.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &barred.or(phone).unwrap_or_default(), room);
    k.hline(at.left(), at.right(), at.bottom(), ROW);
}
