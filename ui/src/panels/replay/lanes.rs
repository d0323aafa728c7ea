//! The lanes of the timeline: how much came when, warnings, levels, closures, people moved, and the moments one looks for.
//! What was played is solid, the rest pale; every figure has its record numbers under the pointer.

use super::super::PanelState;
use super::super::kit::{Kit, count};
use super::timeline::{LABELS_W, Scale};
use super::{Told, records, seek, transport};
use crate::i18n::tr;
use crate::playback::{Bookmark, Story};
use crate::theme::*;
use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};
use gulang_city::{
    ResponseLevel, Timestamp, WarningColor,
    review::{DENSITY_MS, MomentKind},
};

/// Minutes of one bar of the density.
const BAR_MINS: [i64; 6] = [5, 10, 30, 60, 120, 360];
const MAX_BARS: i64 = 100;
/// What is left of a colour that was not yet played.
const PALE: f32 = 0.4;

pub(super) fn density_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    let span_mins = scale.span_ms() / 60_000;
    let mins = BAR_MINS.into_iter().find(|it| span_mins / it <= MAX_BARS).unwrap_or(span_mins / MAX_BARS + 1);
    lane_name(k, lane, k.t(tr::DENSITY), &k.m.lang.fill(tr::DENSITY_SUB, &[&mins.to_string()]));
    let bar_ms = (mins * 60_000).max(DENSITY_MS);
    let mut bars: Vec<(Timestamp, [u32; 4])> = Vec::new();
    for step in &story.review.density {
        let at = Timestamp(step.at.0 - step.at.0.rem_euclid(bar_ms));
        if bars.last().is_none_or(|it| it.0 < at) {
            bars.push((at, [0; 4]));
        }
        if let Some((_, n)) = bars.last_mut() {
            n.iter_mut().zip(step.n).for_each(|(sum, n)| *sum += n);
        }
    }
    let most = full_height(bars.iter().map(|it| it.1.iter().sum()).collect());
    let pointer = k.ui.input(|input| input.pointer.hover_pos()).filter(|it| lane.contains(*it));
    for (at, n) in bars {
        let (left, right) = (scale.x(at), scale.x(at + bar_ms));
        let mut y = lane.bottom();
        let all: u32 = n.iter().sum();
        // A bar too tall for the scale is pressed together, and says how many it is.
        let one = lane.height() / most.max(all as f32);
        for (n, color) in n.into_iter().zip(WarningColor::ALL) {
            let height = one * n as f32;
            let bar = Rect::from_min_max(pos2(left, y - height), pos2((right - 1.0).max(left + 1.0), y));
            k.fill(bar, 0.0, ink(level_line(color), at <= scale.now));
            y -= height;
        }
        if all as f32 > most {
            let at = pos2(right + 4.0, lane.top() + 8.0);
            k.text(at, Align2::LEFT_CENTER, 12.0, SECONDARY, &format!("↑ {all}"));
        }
        if let Some(pointer) = pointer.filter(|it| (left..right).contains(&it.x)) {
            let of = |i: usize| n[i].to_string();
            let text = k.m.lang.fill(tr::DENSITY_OF, &[&of(0), &of(1), &of(2), &of(3)]);
            state.replay.tip = Some((pointer, vec![k.m.lang.day_time(at, scale.now), text]));
        }
    }
    k.hline(scale.left, scale.right, lane.bottom(), HAIR);
}

/// How many records reach the lane's top: all of the busiest bar, unless one or two dwarf all the others, as the first minutes
/// of a city that takes in its registers do.
fn full_height(mut totals: Vec<u32>) -> f32 {
    totals.sort_unstable();
    let busiest = totals.last().copied().unwrap_or(0);
    let usual = totals.get(totals.len().saturating_sub(1) * 19 / 20).copied().unwrap_or(0);
    let most = if busiest > usual.saturating_mul(4) && usual > 0 { usual * 2 } else { busiest };
    most.max(1) as f32
}

/// A stretch with its words; the part not yet played is pale.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    from: Timestamp,
    to: Timestamp,
    color: Color32,
    ink: Color32,
    text: &'a str,
    records: &'a [u64],
}

fn stretch_ui(k: &Kit<'_>, state: &mut PanelState, scale: &Scale, lane: Rect, it: Stretch<'_>) {
    let (left, right) = (scale.x(it.from), scale.x(it.to));
    if right - left < 1.0 {
        return;
    }
    let rect = Rect::from_min_max(pos2(left, lane.top()), pos2(right - 1.0, lane.bottom()));
    let played = scale.x(scale.now).clamp(rect.left(), rect.right());
    let opaque = |color: Color32| color.lerp_to_gamma(PANEL, 1.0 - PALE);
    k.fill(Rect::from_min_max(rect.min, pos2(played, rect.bottom())), 0.0, it.color);
    k.fill(Rect::from_min_max(pos2(played, rect.top()), rect.max), 0.0, opaque(it.color));
    if rect.width() > 24.0 {
        let at = pos2(rect.left() + 7.0, rect.center().y);
        k.fit(at, Align2::LEFT_CENTER, 12.0, it.ink, it.text, rect.width() - 10.0);
    }
    if let Some(pointer) = k.ui.input(|input| input.pointer.hover_pos()).filter(|at| rect.contains(*at)) {
        state.replay.tip = Some((pointer, vec![it.text.to_owned(), records(k.m.lang, it.records)]));
    }
}

/// One line of bars for each hazard that was warned of.
pub(super) fn warnings_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::WARNINGS), "");
    let warnings = &story.review.warnings;
    let mut hazards: Vec<_> = warnings.iter().map(|it| it.hazard).collect();
    hazards.sort_unstable();
    hazards.dedup();
    let height = lane.height() / hazards.len().max(1) as f32;
    for (i, hazard) in hazards.iter().enumerate() {
        let top = lane.top() + height * i as f32;
        let line = Rect::from_min_max(pos2(lane.left(), top), pos2(lane.right(), top + (height - 1.0).max(1.0)));
        let of_hazard: Vec<_> = warnings.iter().filter(|it| it.hazard == *hazard).collect();
        for (n, it) in of_hazard.iter().enumerate() {
            // The next of its kind takes its place.
            let next = of_hazard.get(n + 1).map_or(it.until, |next| next.mark.at.min(it.until));
            let what = k.m.lang.hazard(Some(it.hazard));
            let text = if hazards.len() > 2 { String::new() } else { format!("{what} {}", it.mark.at.hm()) };
            stretch_ui(
                k,
                state,
                scale,
                line,
                Stretch {
                    from: it.mark.at,
                    to: next,
                    color: level_fill(it.color),
                    ink: level_on_fill(it.color),
                    text: if height > 10.0 { &text } else { "" },
                    records: &[it.mark.record],
                },
            );
        }
    }
}

pub(super) fn levels_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::LEVELS), "");
    let levels: Vec<_> = story.review.levels.iter().filter(|it| it.districts.is_empty()).collect();
    for (i, it) in levels.iter().enumerate() {
        let to = levels.get(i + 1).map_or(scale.to, |next| next.mark.at);
        let (color, ink) = match it.to {
            Some(ResponseLevel::I) => (INVERSE_BG, INVERSE_TEXT),
            Some(ResponseLevel::II) => (SECONDARY, INVERSE_TEXT),
            Some(ResponseLevel::III) => (STRONG, PRIMARY),
            Some(ResponseLevel::IV) => (SELECTED, PRIMARY),
            None => (ROW, TERTIARY),
        };
        let level = it.to.map_or(k.t(tr::PEACETIME).to_owned(), |it| k.m.lang.fill(tr::LEVEL_N, &[it.roman()]));
        let text = format!("{level} {}", it.mark.at.hm());
        let stretch = Stretch { from: it.mark.at, to, color, ink, text: &text, records: &[it.mark.record] };
        stretch_ui(k, state, scale, lane, stretch);
    }
}

pub(super) fn closures_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::CLOSURES), "");
    for it in &story.review.closures {
        let mut numbers = vec![it.mark.record];
        numbers.extend(it.lifted.map(|mark| mark.record));
        let until = it.lifted.map_or(String::new(), |mark| mark.at.hm());
        let text = format!("{} {} – {until}", it.reason, it.mark.at.hm());
        stretch_ui(
            k,
            state,
            scale,
            lane,
            Stretch {
                from: it.mark.at,
                to: it.lifted.map_or(scale.to, |mark| mark.at),
                color: HOLD_FILL,
                ink: PRIMARY,
                text: &text,
                records: &numbers,
            },
        );
    }
}

/// People moved of those to be moved: a step at every count, against the most that were ever expected.
pub(super) fn people_ui(k: &Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::EVACUATION), "");
    let moved = &story.review.moved;
    let most = moved.iter().map(|it| it.expected.max(it.moved)).max().unwrap_or(0).max(1) as f32;
    let y = |n: u64| lane.bottom() - (lane.height() - 4.0) * n as f32 / most;
    let pointer = k.ui.input(|input| input.pointer.hover_pos()).filter(|at| lane.contains(*at));
    for (i, it) in moved.iter().enumerate() {
        let until = moved.get(i + 1).map_or(scale.to, |next| next.mark.at);
        let (left, right) = (scale.x(it.mark.at), scale.x(until));
        let color = ink(OK, it.mark.at <= scale.now);
        let top = y(it.moved);
        let under = Rect::from_min_max(pos2(left, top), pos2(right, lane.bottom()));
        k.fill(under, 0.0, color.gamma_multiply(0.25));
        k.painter().hline(left..=right, top, Stroke::new(1.5, color));
        let before = i.checked_sub(1).map_or(lane.bottom(), |i| y(moved[i].moved));
        k.painter().vline(left, top.min(before)..=top.max(before), Stroke::new(1.5, color));
        if let Some(pointer) = pointer.filter(|at| (left..right).contains(&at.x)) {
            let counts = [it.moved, it.expected].map(|n| count(k.m.lang, n as f64));
            let text = k.m.lang.fill(tr::MOVED_OF, &[&counts[0], &counts[1]]);
            let lines = vec![text, records(k.m.lang, &[it.mark.record])];
            state.replay.tip = Some((pointer, lines));
        }
    }
    k.hline(scale.left, scale.right, lane.bottom(), ROW);
    // When the most that were ever moved had been moved.
    let peak = moved.iter().map(|it| it.moved).max().unwrap_or(0);
    if let Some(it) = moved.iter().find(|it| it.moved == peak && peak > 0) {
        let text = k.m.lang.fill(tr::MOVED_BY, &[&it.mark.at.hm(), &count(k.m.lang, peak as f64)]);
        let x = scale.x(it.mark.at).min(scale.right - k.width(12.0, &text) - 4.0);
        k.text(pos2(x + 4.0, lane.bottom() - 10.0), Align2::LEFT_CENTER, 12.0, PRIMARY, &text);
    }
}

/// One of 重要时刻.
struct KeyMoment<'a> {
    at: Timestamp,
    text: String,
    color: Color32,
    records: Vec<u64>,
    bookmark: Option<&'a Bookmark>,
}

/// Changes of level, red warnings, who was called about silence, and what somebody remarked.
fn key_moments(story: &Story) -> Vec<KeyMoment<'_>> {
    let mut found: Vec<KeyMoment<'_>> = Vec::new();
    for it in &story.review.moments {
        let color = match it.kind {
            MomentKind::Level | MomentKind::Exercise => PRIMARY,
            MomentKind::Escalated => ORANGE_FILL,
            _ => continue,
        };
        let (text, records) = (it.text.clone(), it.records.clone());
        found.push(KeyMoment { at: it.at, text, color, records, bookmark: None });
    }
    for it in story.review.warnings.iter().filter(|it| it.color == WarningColor::Red) {
        let (text, records) = (it.headline.clone(), vec![it.mark.record]);
        found.push(KeyMoment { at: it.mark.at, text, color: RED_STROKE, records, bookmark: None });
    }
    for it in &story.bookmarks {
        let text = if it.by.is_empty() { it.text.clone() } else { format!("{}（{}）", it.text, it.by) };
        let (at, records) = (Timestamp(it.at_ms), Vec::new());
        found.push(KeyMoment { at, text, color: REPLAY_LINE, records, bookmark: Some(it) });
    }
    found.sort_by_key(|it| it.at);
    found
}

pub(super) fn marks_ui(k: &mut Kit<'_>, state: &mut PanelState, story: &Story, scale: &Scale, lane: Rect) {
    lane_name(k, lane, k.t(tr::KEY_MOMENTS), "");
    let moments = key_moments(story);
    let mut free_from = scale.left;
    for (i, it) in moments.iter().enumerate() {
        let center = pos2(scale.x(it.at), lane.center().y);
        let color = ink(it.color, it.at <= scale.now);
        diamond(k, center, 6.0, color);
        // Words where they fit before the next mark; all have them under the pointer.
        let next = moments.get(i + 1).map_or(scale.right, |next| scale.x(next.at));
        let room = next - center.x - 20.0;
        if room > 44.0 && center.x >= free_from {
            let at = pos2(center.x + 11.0, center.y);
            free_from = k.fit(at, Align2::LEFT_CENTER, 12.0, color, &it.text, room.min(190.0)).right() + 6.0;
        }
        let response = k.hit(Rect::from_center_size(center, vec2(16.0, 20.0)), ("key-moment", i), &it.text);
        if response.clicked() {
            seek(state, it.at, &mut k.out);
            match it.bookmark {
                Some(bookmark) => state.replay.remark = Some(transport::Remark::of(bookmark)),
                None => state.replay.tell(Told::Moments),
            }
        }
        if response.hovered() {
            let mut lines = vec![format!("{} {}", k.m.lang.day_time(it.at, scale.now), it.text)];
            if !it.records.is_empty() {
                lines.push(records(k.m.lang, &it.records));
            }
            state.replay.tip = Some((center, lines));
        }
    }
}

fn diamond(k: &Kit<'_>, c: Pos2, r: f32, color: Color32) {
    let points = vec![c + vec2(0.0, -r), c + vec2(r, 0.0), c + vec2(0.0, r), c + vec2(-r, 0.0)];
    k.painter().add(Shape::convex_polygon(points, color, Stroke::NONE));
}

fn lane_name(k: &Kit<'_>, lane: Rect, name: &str, sub: &str) {
    let y = if sub.is_empty() { lane.center().y } else { lane.center().y - 8.0 };
    k.fit(pos2(lane.left(), y), Align2::LEFT_CENTER, 13.0, SECONDARY, name, LABELS_W - 8.0);
    if !sub.is_empty() {
        k.fit(pos2(lane.left(), y + 17.0), Align2::LEFT_CENTER, 11.0, TERTIARY, sub, LABELS_W - 8.0);
    }
}

/// Played is solid, the rest pale.
fn ink(color: Color32, is_played: bool) -> Color32 {
    if is_played { color } else { color.gamma_multiply(PALE) }
}
