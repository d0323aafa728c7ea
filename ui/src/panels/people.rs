//! The people board (人员转移): who is still to move, against which wind, into which shelters, and who may go home. People
//! still at risk are exact, never rounded (DESIGN.md §8).

use super::board::{Asked, Board, Boards, Form, Parts, Slot, scroll};
use super::kit::{Kit, exact, fresh, fresh_value, freshness_mark, mmss, percent, row_id};
use super::press::{guarded_ui, refused};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::*;

const HEAD_ROW_H: f32 = 30.0;
const DISTRICT_H: f32 = 50.0;
const TOWNSHIP_H: f32 = 44.0;

/// Where the columns of the list stand: right edges, and the bar between name and figures.
struct Columns {
    bar: (f32, f32),
    remaining: f32,
    circle7: f32,
    circle10: f32,
    pace: f32,
    state: f32,
}

impl Columns {
    fn of(list: Rect) -> Self {
        let right = list.right() - 14.0;
        let state = right;
        let pace = state - 126.0;
        let circle10 = pace - 118.0;
        let circle7 = circle10 - 84.0;
        let remaining = circle7 - 84.0;
        let left = (list.left() + 150.0).min(remaining - 90.0);
        Self { bar: (left, remaining - 84.0), remaining, circle7, circle10, pace, state }
    }
}

/// Whose forecast the race is run against.
pub(super) fn sub(k: &Kit<'_>, boards: &Boards) -> String {
    let districts = &boards.people.districts;
    let first = districts.iter().flat_map(|it| &it.line.arrivals).min_by_key(|it| (it.grade, it.at));
    let Some(first) = first else { return k.t(tr::PEOPLE_NO_FORECAST).to_owned() };
    k.m.lang.fill(tr::PEOPLE_FORECAST_BY, &[&first.agency, &k.m.lang.day_time(first.issued_at, k.now())])
}

pub(super) fn people_ui(k: &mut Kit<'_>, boards: &Boards, board: &mut Board, parts: &Parts) {
    let people = &boards.people;
    head_ui(k, people, parts.head);
    // Districts with people to move first, and of those the late ones; their townships likewise.
    let order = |it: &EvacuationLine| (it.tally.expected == 0, it.is_behind != Some(true));
    let mut lines: Vec<(&EvacuationLine, bool)> = Vec::new();
    let mut districts: Vec<&EvacuationDistrict> = people.districts.iter().collect();
    districts.sort_by_key(|it| order(&it.line));
    for district in districts {
        lines.push((&district.line, true));
        let mut townships: Vec<&EvacuationLine> = district.townships.iter().collect();
        townships.sort_by_key(|it| (order(it), std::cmp::Reverse(it.remaining)));
        lines.extend(townships.into_iter().map(|it| (it, false)));
    }
    let head = Rect::from_min_size(parts.list.min, vec2(parts.list.width(), HEAD_ROW_H));
    let list = Rect::from_min_max(pos2(head.left(), head.bottom().min(parts.list.bottom())), parts.list.max);
    let columns = Columns::of(list);
    columns_ui(k, head, &columns);
    let height = |is_district: bool| if is_district { DISTRICT_H } else { TOWNSHIP_H };
    let slots: Vec<Slot> =
        lines.iter().map(|(line, is)| Slot { key: Some(key_of(&line.place)), height: height(*is) }).collect();
    let first = scroll(k, board, list, &slots);
    let mut y = list.top();
    for (line, is_district) in lines.iter().skip(first) {
        let at = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), height(*is_district)));
        if at.bottom() > list.bottom() + 0.5 {
            break;
        }
        y = at.bottom();
        row_ui(k, board, at, &columns, line, *is_district);
    }
    let chosen = lines.iter().find(|it| Some(key_of(&it.0.place)) == board.chosen);
    if let Some((line, _)) = chosen {
        let elsewhere = people.districts.iter().find(|it| it.line.place == line.place).map(|it| it.elsewhere);
        detail_ui(k, board, parts.detail, line, elsewhere);
    }
}

fn key_of(place: &EvacuationPlace) -> CallPlace {
    match &place.township {
        Some(township) => CallPlace::Township(township.clone()),
        None => CallPlace::District(place.district.clone()),
    }
}

// ---------------------------------------------------------------- the head

fn head_ui(k: &Kit<'_>, people: &EvacuationBoard, rect: Rect) {
    let (left, right) = (rect.left() + 20.0, rect.right() - 20.0);
    let total = people.total;
    let is_known = total.expected > 0;
    let figure = |n: i64| if is_known { exact(n) } else { "—".to_owned() };
    let y = rect.top() + 32.0;
    let word = k.text(pos2(left, y + 6.0), Align2::LEFT_CENTER, 14.0, SECONDARY, k.t(tr::PEOPLE_REMAINING));
    let ink = if is_known { PRIMARY } else { QUIET };
    let hero = figure(people.remaining.into());
    let hero = k.bold(pos2(word.right() + 8.0, y), Align2::LEFT_CENTER, 36.0, ink, &hero);
    let unit = k.text(pos2(hero.right() + 6.0, y + 6.0), Align2::LEFT_CENTER, 14.0, TERTIARY, k.t(tr::UNIT_PEOPLE));
    let mut x = unit.right() + 26.0;
    for (word, n) in [
        (tr::PEOPLE_EXPECTED, total.expected),
        (tr::PEOPLE_DONE, total.moved),
        (tr::PEOPLE_REFUSED, total.refused),
        (tr::PEOPLE_RETURNED, total.returned),
    ] {
        let word = k.text(pos2(x, y + 6.0), Align2::LEFT_CENTER, 14.0, SECONDARY, k.t(word));
        let at = pos2(word.right() + 7.0, y + 4.0);
        x = k.bold(at, Align2::LEFT_CENTER, 20.0, ink, &figure(n.into())).right() + 22.0;
    }
    let shelters = people.shelters;
    let words = [i64::from(shelters.headcount), i64::from(shelters.capacity), shelters.headroom].map(exact);
    let text = k.m.lang.fill(tr::PEOPLE_SHELTERS, &words.each_ref().map(String::as_str));
    k.fit(pos2(right, y - 6.0), Align2::RIGHT_CENTER, 14.0, SECONDARY, &text, right - x);
    let words = [people.n_behind, people.n_flagged, shelters.n_overfull].map(|it| it.to_string());
    let text = k.m.lang.fill(tr::PEOPLE_TROUBLE, &words.each_ref().map(String::as_str));
    let is_trouble = people.n_behind + people.n_flagged + shelters.n_overfull > 0;
    let ink = if is_trouble { PRIMARY } else { TERTIARY };
    k.fit(pos2(right, y + 15.0), Align2::RIGHT_CENTER, 13.0, ink, &text, right - x);
    let bar = Rect::from_min_size(pos2(left, rect.bottom() - 18.0), vec2(right - left, 8.0));
    k.bar(bar, total.moved as f32 / total.expected.max(1) as f32, SERIES_NEUTRAL);
}

fn columns_ui(k: &Kit<'_>, rect: Rect, columns: &Columns) {
    let y = rect.center().y;
    k.fill(rect, 0.0, RAISED);
    let put = |right: f32, word: Tr| {
        k.fit(pos2(right, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, k.t(word), 116.0);
    };
    let room = columns.bar.1 - rect.left() - 20.0;
    k.fit(pos2(rect.left() + 20.0, y), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(tr::PEOPLE_MOVED_OF), room);
    put(columns.remaining, tr::PEOPLE_REMAINING);
    put(columns.circle7, tr::CIRCLE7);
    put(columns.circle10, tr::CIRCLE10);
    put(columns.pace, tr::PEOPLE_PACE);
    put(columns.state, tr::PEOPLE_STATE);
}

// ---------------------------------------------------------------- rows

/// `03:25` until the wind, `已触及`, or `—` where none is forecast.
fn circle_text(k: &Kit<'_>, line: &EvacuationLine, grade: u8) -> (String, Color32) {
    match line.arrivals.iter().find(|it| it.grade == grade) {
        None => ("—".to_owned(), QUIET),
        Some(it) if it.inside => (k.t(tr::CIRCLE_HERE).to_owned(), PRIMARY),
        Some(it) => (mmss(it.at.since_ms(k.now()).max(0)), PRIMARY),
    }
}

fn pace_text(k: &Kit<'_>, pace: Option<f64>) -> String {
    pace.map_or("—".to_owned(), |it| k.m.lang.fill(tr::PEOPLE_PER_HOUR, &[&exact(it.ceil() as i64)]))
}

/// What is the matter, in words; the lock last.
fn state_words(k: &Kit<'_>, line: &EvacuationLine) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    if line.is_behind == Some(true) {
        words.push(k.t(tr::PEOPLE_BEHIND).to_owned());
    }
    if line.shelters.n_overfull > 0 {
        words.push(k.t(tr::PEOPLE_OVERFULL).to_owned());
    }
    words.extend(line.flags.iter().map(|it| k.m.lang.tally_flag(*it).to_owned()));
    if !line.is_locked {
        words.push(k.t(tr::PEOPLE_MAY_RETURN).to_owned());
    }
    words
}

fn row_ui(k: &mut Kit<'_>, board: &mut Board, rect: Rect, columns: &Columns, line: &EvacuationLine, is_district: bool) {
    let key = key_of(&line.place);
    let is_chosen = board.chosen.as_ref() == Some(&key);
    if is_chosen || is_district {
        k.fill(rect, 0.0, if is_chosen { SELECTED } else { RAISED });
    }
    if k.hit(rect, row_id("people", &key), &line.name).clicked() {
        board.chosen = Some(key);
    }
    let is_behind = line.is_behind == Some(true);
    if is_behind {
        k.fill(Rect::from_min_size(rect.min, vec2(3.0, rect.height())), 0.0, RED_STROKE);
    }
    let c = rect.center().y;
    let (top, bottom) = (c - 10.0, c + 11.0);
    let left = rect.left() + if is_district { 20.0 } else { 34.0 };
    let freshness = fresh(k.m, Budget::Default, line.as_of);
    let is_live = freshness == Freshness::Fresh;
    k.bold_fit(pos2(left, top), Align2::LEFT_CENTER, 15.0, PRIMARY, &line.name, columns.bar.0 - left - 8.0);
    freshness_mark(k, pos2(columns.bar.0 - 12.0, bottom), 11.0, Budget::Default, line.as_of);
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
    if line.tally.expected == 0 && line.tally.moved == 0 {
        k.fit(
            pos2(columns.bar.0, c),
            Align2::LEFT_CENTER,
            13.0,
            QUIET,
            k.t(tr::PEOPLE_NONE_HERE),
            columns.remaining - columns.bar.0,
        );
    } else {
        let (moved, expected) = (line.tally.moved, line.tally.expected);
        let (text, ink) = fresh_value(freshness, exact(moved.into()), PRIMARY);
        let width = columns.bar.1 - columns.bar.0;
        let share = k.text(
            pos2(columns.bar.1, top),
            Align2::RIGHT_CENTER,
            13.0,
            SECONDARY,
            &percent(moved.into(), expected.into()),
        );
        let text = format!("{text} / {}", exact(expected.into()));
        let room = share.left() - columns.bar.0 - 8.0;
        k.fit(pos2(columns.bar.0, top), Align2::LEFT_CENTER, 13.0, ink, &text, room);
        let bar = Rect::from_min_size(pos2(columns.bar.0, bottom - 2.0), vec2(width.max(1.0), 5.0));
        k.bar(bar, moved as f32 / expected.max(1) as f32, if is_behind { LATE } else { SERIES_NEUTRAL });
        // A stale count is not taken for what is left: the figure stays, in grey, with its age beside the name.
        let ink = if is_live { PRIMARY } else { TERTIARY };
        let size = if is_district { 18.0 } else { 16.0 };
        k.bold(pos2(columns.remaining, c), Align2::RIGHT_CENTER, size, ink, &exact(line.remaining.into()));
        let needed = k.m.lang.fill(tr::PEOPLE_NEEDED, &[&pace_text(k, line.pace_needed)]);
        let so_far = k.m.lang.fill(tr::PEOPLE_SO_FAR, &[&pace_text(k, line.pace_so_far)]);
        let ink = if is_behind { PRIMARY } else { SECONDARY };
        k.fit(pos2(columns.pace, top), Align2::RIGHT_CENTER, 12.0, ink, &needed, 112.0);
        k.fit(pos2(columns.pace, bottom), Align2::RIGHT_CENTER, 12.0, TERTIARY, &so_far, 112.0);
    }
    for (right, grade) in [(columns.circle7, 7), (columns.circle10, 10)] {
        let (text, ink) = circle_text(k, line, grade);
        k.fit(pos2(right, c), Align2::RIGHT_CENTER, 14.0, ink, &text, 80.0);
    }
    let words = state_words(k, line);
    let mut words = words.iter();
    if let Some(first) = words.next() {
        k.bold_fit(pos2(columns.state, top), Align2::RIGHT_CENTER, 13.0, PRIMARY, first, 120.0);
    }
    let rest = words.map(String::as_str).collect::<Vec<_>>().join("・");
    k.fit(pos2(columns.state, bottom), Align2::RIGHT_CENTER, 12.0, SECONDARY, &rest, 120.0);
}

// ---------------------------------------------------------------- one place

fn detail_ui(k: &mut Kit<'_>, board: &mut Board, rect: Rect, line: &EvacuationLine, elsewhere: Option<Tally>) {
    let (left, right) = (rect.left() + 18.0, rect.right() - 20.0);
    let room = right - left;
    let bottom = rect.bottom() - 92.0;
    let mut y = rect.top() + 26.0;
    let mark = freshness_mark(k, pos2(right, y), 12.0, Budget::Default, line.as_of);
    k.bold_fit(pos2(left, y), Align2::LEFT_CENTER, 18.0, PRIMARY, &line.name, mark - left - 8.0);
    y += 30.0;
    let words = [line.tally.refused, line.tally.returned].map(|it| exact(it.into()));
    let text = k.m.lang.fill(tr::PEOPLE_REFUSED_RETURNED, &words.each_ref().map(String::as_str));
    k.fit(pos2(left, y), Align2::LEFT_CENTER, 13.0, SECONDARY, &text, room);
    y += 24.0;
    let shelters = line.shelters;
    let words = [i64::from(shelters.headcount), i64::from(shelters.capacity), shelters.headroom].map(exact);
    let text = match shelters.n_shelters {
        0 => k.t(tr::PEOPLE_NO_SHELTER).to_owned(),
        _ => k.m.lang.fill(tr::PEOPLE_SHELTERS, &words.each_ref().map(String::as_str)),
    };
    k.fit(pos2(left, y), Align2::LEFT_CENTER, 13.0, SECONDARY, &text, room);
    y += 24.0;
    for it in &line.arrivals {
        let when = match it.inside {
            true => k.t(tr::CIRCLE_HERE).to_owned(),
            false => k.m.lang.fill(tr::PEOPLE_MINS_LEFT, &[&exact(it.mins_left)]),
        };
        let at = k.bold(pos2(right, y), Align2::RIGHT_CENTER, 14.0, PRIMARY, &when);
        let issued = k.m.lang.day_time(it.issued_at, k.now());
        let arrives = k.m.lang.day_time(it.at, k.now());
        let text = k.m.lang.fill(tr::PEOPLE_CIRCLE, &[&it.grade.to_string(), &arrives, &it.agency, &issued]);
        k.fit(pos2(left, y), Align2::LEFT_CENTER, 12.0, SECONDARY, &text, at.left() - left - 8.0);
        y += 22.0;
    }
    y += 6.0;
    k.hline(left, right, y - 10.0, HAIR);
    for (class, tally) in &line.by_class {
        if y + 30.0 > bottom {
            break;
        }
        if tally.expected == 0 && tally.moved == 0 {
            continue;
        }
        let text = format!("{} / {}", exact(tally.moved.into()), exact(tally.expected.into()));
        let at = k.text(pos2(right, y + 4.0), Align2::RIGHT_CENTER, 13.0, PRIMARY, &text);
        let name = k.m.lang.class(*class);
        k.fit(pos2(left, y + 4.0), Align2::LEFT_CENTER, 13.0, SECONDARY, name, at.left() - left - 8.0);
        let bar = Rect::from_min_size(pos2(left, y + 16.0), vec2(room.max(1.0), 4.0));
        k.bar(bar, tally.moved as f32 / tally.expected.max(1) as f32, SERIES_NEUTRAL);
        y += 32.0;
    }
    if let Some(elsewhere) = elsewhere.filter(|it| it.expected + it.moved > 0)
        && y + 16.0 < bottom
    {
        let words = [elsewhere.moved, elsewhere.expected].map(|it| exact(it.into()));
        let text = k.m.lang.fill(tr::PEOPLE_ELSEWHERE, &words.each_ref().map(String::as_str));
        k.fit(pos2(left, y + 4.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &text, room);
    }
    return_ui(k, board, line, Rect::from_min_max(pos2(left, bottom), pos2(right, rect.bottom() - 8.0)));
}

/// 允许返回: grey with the rule's own reason while it is locked.
fn return_ui(k: &Kit<'_>, board: &mut Board, line: &EvacuationLine, rect: Rect) {
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let place = &line.place;
    let command = Command::AllowReturn {
        district: place.district.clone(),
        township: place.township.clone(),
        reason: k.t(tr::PEOPLE_RETURN_TEXT).into(),
    };
    let why = if line.is_locked { refused(k, &command) } else { Some(k.t(tr::PEOPLE_RETURN_DONE).to_owned()) };
    let button = Rect::from_min_size(rect.min + vec2(0.0, 10.0), vec2(120.0, 34.0));
    if guarded_ui(k, button, "people-return", 14.0, k.t(tr::PEOPLE_RETURN), why.is_some()) {
        let asked = Asked::Return(place.district.clone(), place.township.clone());
        board.form = Some(Form::new(asked, k.t(tr::PEOPLE_RETURN_TEXT)));
    }
    let word = if line.is_locked { tr::PEOPLE_LOCKED } else { tr::PEOPLE_MAY_RETURN };
    let at = pos2(button.right() + 12.0, button.center().y);
    k.bold_fit(at, Align2::LEFT_CENTER, 14.0, PRIMARY, k.t(word), rect.right() - at.x);
    if let Some(why) = &why {
        let words = Rect::from_min_max(pos2(rect.left(), button.bottom() + 4.0), rect.max);
        k.wrap(words, 12.0, STALE, why);
    }
}

/// Title, what it will do, and the hold's words.
pub(super) fn return_words(
    k: &Kit<'_>,
    district: &DistrictId,
    township: Option<&TownshipId>,
) -> (String, String, String) {
    let city = k.m.city;
    let place = match township {
        Some(township) => CallPlace::Township(township.clone()),
        None => CallPlace::District(district.clone()),
    };
    let name = city.place_name(&place);
    let title = format!("{}・{name}", k.t(tr::PEOPLE_RETURN));
    (title, k.t(tr::PEOPLE_RETURN_NOTE).to_owned(), k.m.lang.fill(tr::PEOPLE_HOLD_RETURN, &[&name]))
}
