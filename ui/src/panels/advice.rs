//! What the plans advise, argued: per hazard the level, what speaks for it, against more, and what is missing. And the
//! banner of a level one person signed alone.
//!
//! It advises; only the sheet changes a level.

use super::UiCommand;
use super::kit::{Kit, row_id};
use super::press;
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::*;

/// A line of argument.
pub(super) const LINE_H: f32 = 21.0;
/// One hazard's block: its level and three lines.
const BLOCK_H: f32 = 24.0 + 3.0 * 18.0 + 6.0;
const HEADER_H: f32 = 32.0;
const BANNER_H: f32 = 44.0;

/// How many lines [`argued_ui`] would draw.
pub(super) fn n_lines(advice: &Advice) -> usize {
    advice.evidence.len().max(1) + advice.against.len() + advice.missing.len()
}

/// One line of it: the word, its ink, the fact, as of when.
type Argument<'a> = (Tr, Color32, &'a str, Timestamp);

/// One advice in full, as many lines as there is room for: for, missing, against, each with its age. Text is `u` times the
/// desk's.
pub(super) fn argued_ui(k: &Kit<'_>, rect: Rect, advice: &Advice, u: f32) {
    let mut speaks: Vec<Argument<'_>> =
        advice.evidence.iter().map(|it| (tr::SPEAKS_FOR, PRIMARY, &*it.text, it.as_of)).collect();
    if speaks.is_empty() {
        speaks.push((tr::SPEAKS_FOR, TERTIARY, k.t(tr::NO_TRIGGER_HOLDS), Timestamp(0)));
    }
    // What is missing before what is against: it is what somebody can still find out.
    let missing = advice.missing.iter().map(|it| (tr::IS_MISSING, LATE, &*it.text, it.as_of)).collect();
    let against = advice.against.iter().map(|it| (tr::SPEAKS_AGAINST, SECONDARY, &*it.text, it.as_of)).collect();
    let sorts = [speaks, missing, against];
    let n: usize = sorts.iter().map(Vec::len).sum();
    let line_h = LINE_H * u * k.s;
    let n_fit = (rect.height() / line_h).max(0.0) as usize;
    let n_shown = if n > n_fit { n_fit.saturating_sub(1) } else { n };
    let mut y = rect.top() + line_h * 0.5;
    for line in shared_out(&sorts, n_shown) {
        argument_ui(k, rect, y, u, line);
        y += line_h;
    }
    if n > n_fit && n_fit > 0 {
        let more = k.m.lang.fill(tr::N_MORE_ARGUMENTS, &[&(n - n_shown).to_string()]);
        k.fit(pos2(rect.left(), y), Align2::LEFT_CENTER, 12.0 * u, TERTIARY, &more, rect.width());
    }
}

/// `n` lines, of every sort as many as of the others while it has any: what is missing never hides behind much that is for it.
fn shared_out<'a>(sorts: &[Vec<Argument<'a>>; 3], n: usize) -> Vec<Argument<'a>> {
    let (mut shares, mut left) = ([0; 3], n);
    loop {
        let before = left;
        for (share, sort) in shares.iter_mut().zip(sorts) {
            if left > 0 && *share < sort.len() {
                *share += 1;
                left -= 1;
            }
        }
        if left == before {
            return sorts.iter().zip(shares).flat_map(|(sort, share)| sort.iter().take(share)).copied().collect();
        }
    }
}

/// The word, the fact, how old it is.
fn argument_ui(k: &Kit<'_>, rect: Rect, y: f32, u: f32, line: Argument<'_>) {
    let (word, ink, text, as_of) = line;
    let px = u * k.s;
    let at = k.text(pos2(rect.left(), y), Align2::LEFT_CENTER, 12.0 * u, TERTIARY, k.t(word));
    let x = rect.left() + (42.0 * px).max(at.width() + 8.0 * px);
    let mut right = rect.right();
    if as_of.0 != 0 {
        let age = k.m.lang.elapsed(k.now().since_ms(as_of) / 1000);
        right = k.text(pos2(right, y), Align2::RIGHT_CENTER, 12.0 * u, TERTIARY, &age).left() - 8.0 * px;
    }
    k.fit(pos2(x, y), Align2::LEFT_CENTER, 13.0 * u, ink, text, right - x);
}

// ---------------------------------------------------------------- the block on the desk

/// The advices for the whole city, highest first: one hazard each.
fn of_the_city(city: &City) -> Vec<&Advice> {
    let all = city.recommendation.iter().flat_map(|it| &it.advices);
    let mut advices: Vec<&Advice> = all.filter(|it| it.district.is_none() && it.level.is_some()).collect();
    advices.sort_by_key(|it| std::cmp::Reverse(it.level));
    advices
}

/// What the block wants in height; 0 when nothing is advised.
pub(super) fn height(city: &City) -> f32 {
    match of_the_city(city).len() {
        0 => 0.0,
        n => HEADER_H + BLOCK_H * n.min(2) as f32,
    }
}

/// Per hazard the level, and a line each of what is for it, against more, and missing. It sends nothing.
pub(super) fn advice_ui(k: &Kit<'_>, rect: Rect) {
    let city = k.m.city;
    let advices = of_the_city(city);
    let body = k.panel(rect, k.t(tr::ADVICE), k.t(tr::ADVICE_SUB));
    if let Some(it) = &city.recommendation {
        let age = k.m.lang.elapsed(k.now().since_ms(it.made_at) / 1000);
        k.header_right(rect, HEADER_H, 12.0, TERTIARY, &age);
    }
    let n_fit = ((body.height() + 1.0) / BLOCK_H) as usize;
    for (i, advice) in advices.iter().take(n_fit).enumerate() {
        let top = body.top() + BLOCK_H * i as f32;
        let block = Rect::from_min_max(pos2(body.left() + 12.0, top), pos2(body.right() - 12.0, top + BLOCK_H));
        block_ui(k, block, advice);
    }
}

fn block_ui(k: &Kit<'_>, rect: Rect, advice: &Advice) {
    let level = advice.level.map_or("—", ResponseLevel::roman);
    let title = k.m.lang.fill(tr::HAZARD_ADVISED, &[k.m.lang.hazard(Some(advice.hazard)), level]);
    let y = rect.top() + 13.0;
    let at = k.bold(pos2(rect.left(), y), Align2::LEFT_CENTER, 14.0, PRIMARY, &title);
    let note = match advice.possible().filter(|it| Some(*it) > advice.level) {
        Some(level) => k.m.lang.fill(tr::MAY_BE_HIGHER, &[level.roman()]),
        None => higher_districts(k, advice),
    };
    k.fit(pos2(rect.right(), y), Align2::RIGHT_CENTER, 12.0, LATE, &note, rect.right() - at.right() - 10.0);
    let none = |word: Tr| (word, TERTIARY, "—", Timestamp(0));
    let told = |word: Tr, it: &Evidence, ink| (word, ink, it.text.clone(), it.as_of);
    let lines = [
        advice.evidence.first().map(|it| told(tr::SPEAKS_FOR, it, PRIMARY)),
        advice.against.first().map(|it| told(tr::SPEAKS_AGAINST, it, SECONDARY)),
        advice.missing.first().map(|it| (tr::IS_MISSING, LATE, it.text.clone(), it.as_of)),
    ];
    let words = [tr::SPEAKS_FOR, tr::SPEAKS_AGAINST, tr::IS_MISSING];
    for (i, (line, word)) in lines.iter().zip(words).enumerate() {
        let y = rect.top() + 24.0 + 18.0 * i as f32 + 9.0;
        match line {
            Some((word, ink, text, as_of)) => argument_ui(k, rect, y, 1.0, (*word, *ink, &**text, *as_of)),
            None => argument_ui(k, rect, y, 1.0, none(word)),
        }
    }
    k.hline(rect.left(), rect.right(), rect.bottom(), ROW);
}

// ---------------------------------------------------------------- the block on the wall

/// Desk to wall: 12 px become 48, the least a hall reads from its last row.
const WALL_U: f32 = 4.0;
/// Header, the first hazard with five lines, and the other hazards' levels, in native px.
const WALL_H: f32 = 112.0 + 124.0 + 5.0 * LINE_H * WALL_U + 40.0;

/// What the wall's block wants in native px: 0 where nothing is advised, or where it is in force already.
pub(super) fn wall_height(city: &City) -> f32 {
    let is_at_war = city.footing.posture == Posture::War;
    let is_news = city.recommendation.as_ref().is_some_and(|it| !is_at_war || Some(it.level) != city.footing.level);
    if is_news && !of_the_city(city).is_empty() { WALL_H } else { 0.0 }
}

/// The highest level advised, argued; the other hazards by their level alone.
pub(super) fn wall_advice_ui(k: &Kit<'_>, rect: Rect) {
    let advices = of_the_city(k.m.city);
    let Some((&first, others)) = advices.split_first() else { return };
    let body = k.panel_sized(rect, k.t(tr::ADVICE), k.t(tr::ADVICE_SUB), 112.0, 60.0, 48.0);
    if let Some(it) = &k.m.city.recommendation {
        let age = k.m.lang.elapsed(k.now().since_ms(it.made_at) / 1000);
        k.header_right(rect, 112.0, 48.0, TERTIARY, &age);
    }
    let body = body.shrink2(vec2(48.0, 0.0) * k.s);
    let y = body.top() + 66.0 * k.s;
    let words = |advice: &Advice| {
        let level = advice.level.map_or("—", ResponseLevel::roman);
        k.m.lang.fill(tr::HAZARD_ADVISED, &[k.m.lang.hazard(Some(advice.hazard)), level])
    };
    let at = k.bold(pos2(body.left(), y), Align2::LEFT_CENTER, 72.0, PRIMARY, &words(first));
    let mut notes: Vec<String> = others.iter().copied().map(words).collect();
    if let Some(level) = first.possible().filter(|it| Some(*it) > first.level) {
        notes.insert(0, k.m.lang.fill(tr::MAY_BE_HIGHER, &[level.roman()]));
    }
    let room = body.right() - at.right() - 40.0 * k.s;
    k.fit(pos2(body.right(), y), Align2::RIGHT_CENTER, 48.0, LATE, &notes.join("・"), room);
    let lines = Rect::from_min_max(pos2(body.left(), body.top() + 124.0 * k.s), body.max);
    argued_ui(k, lines, first, WALL_U);
}

/// Districts the same plan advises more for than for the city.
fn higher_districts(k: &Kit<'_>, advice: &Advice) -> String {
    let city = k.m.city;
    let all = city.recommendation.iter().flat_map(|it| &it.advices);
    let higher = all.filter(|it| it.plan == advice.plan && it.level > advice.level).filter_map(|it| {
        let district = city.districts.get(it.district.as_ref()?)?;
        Some(format!("{}{}", district.name, k.m.lang.fill(tr::LEVEL_N, &[it.level?.roman()])))
    });
    higher.collect::<Vec<_>>().join("、")
}

// ---------------------------------------------------------------- one person signed

/// Over the desk while a level stands that one person signed where two are needed; the height used is returned.
pub(super) fn override_banner_ui(k: &mut Kit<'_>, body: Rect) -> f32 {
    let city = k.m.city;
    let waiting: Vec<&Override> = city.overrides.iter().filter(|it| it.countersigned.is_none()).collect();
    // The one that waits longest; the others are counted.
    let Some(it) = waiting.first() else { return 0.0 };
    let rect = Rect::from_min_max(body.min, pos2(body.right(), body.top() + BANNER_H));
    k.fill(rect, 4.0, SELECTED);
    k.outline(rect, 4.0, 2.0, if it.is_overdue { RED_STROKE } else { LATE });
    if it.is_overdue {
        k.fill(Rect::from_min_max(rect.min, pos2(rect.left() + 6.0, rect.bottom())), 0.0, RED_STROKE);
    }
    let y = rect.center().y;
    let word = k.t(if it.is_overdue { tr::COUNTERSIGN_LATE } else { tr::COUNTERSIGN_WAITS });
    let word = k.bold(pos2(rect.left() + 16.0, y), Align2::LEFT_CENTER, 16.0, PRIMARY, word);
    let since = k.m.lang.elapsed(k.now().since_ms(it.at) / 1000);
    let what = it
        .level
        .map_or_else(|| k.t(tr::STAND_DOWN).to_owned(), |level| k.m.lang.fill(tr::LEVEL_RESPONSE, &[level.roman()]));
    let mut text = k.m.lang.fill(tr::OVERRIDE_TOLD, &[it.by.as_str(), &it.at.hm(), &what, &since, &it.reason]);
    if waiting.len() > 1 {
        text = format!("{text}・{}", k.m.lang.fill(tr::OVERRIDES_MORE, &[&(waiting.len() - 1).to_string()]));
    }
    let button = Rect::from_min_max(pos2(rect.right() - 120.0, y - 15.0), pos2(rect.right() - 10.0, y + 15.0));
    let label = k.t(tr::COUNTERSIGN);
    let mut right = button.left() - 12.0;
    match why_not(k, it) {
        Some(why) => {
            k.outline(button, 4.0, 1.0, HAIR);
            k.fit_center(button, 14.0, QUIET, label, false);
            let room = rect.width() * 0.3;
            right = k.fit(pos2(right, y), Align2::RIGHT_CENTER, 12.0, TERTIARY, &why, room).left() - 12.0;
        }
        None => {
            if k.button(button, row_id("countersign", it.number), 14.0, label, true) {
                let note = k.t(tr::COUNTERSIGN_NOTE).into();
                k.out.push(UiCommand::Submit(Command::Countersign { number: it.number, note }));
            }
        }
    }
    k.fit(pos2(word.right() + 14.0, y), Align2::LEFT_CENTER, 14.0, PRIMARY, &text, right - word.right() - 14.0);
    BANNER_H
}

/// Why this seat may not countersign: its role, or because it is the same person.
fn why_not(k: &Kit<'_>, it: &Override) -> Option<String> {
    let roles = &k.m.city.roles;
    if let Some(why) = press::barred(k, "countersign") {
        return Some(why);
    }
    if *k.m.seat == it.by || roles.officer_at(k.m.seat) == roles.officer_at(&it.by) {
        return Some(k.t(tr::ANOTHER_MUST_SIGN).to_owned());
    }
    let role = roles.role_of(k.m.seat);
    let too_low = role.signs_up_to.is_none() || role.signs_up_to < it.level;
    too_low.then(|| k.m.lang.fill(tr::ROLE_CANNOT_SIGN, &[&role.name]))
}
