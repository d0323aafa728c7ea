//! The score sheet of a drill: what was counted, by level, agency and finding, beside the public timeline. Every figure says
//! which records it comes from while the pointer or the focus is on it.

use super::kit::{Kit, exact, row_id};
use crate::drills::DrillScore;
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::review::spans;
use gulang_city::score::{AgencyScore, Figure, Finding, LevelScore, ReferenceScore, ScoreSheet};
use gulang_city::*;

/// How far the sheet was read.
#[derive(Default)]
pub(super) struct Reading {
    /// Lines.
    scroll: f32,
}

const LINE_H: f32 = 30.0;
/// Where columns begin, as parts of the width.
const BY_LEVEL: &[f32] = &[0.0, 0.16, 0.34, 0.52, 0.70, 0.88];
const BY_FIGURE: &[f32] = &[0.0, 0.34];
const BY_AGENCY: &[f32] = &[0.0, 0.30, 0.40, 0.53, 0.65, 0.77, 0.85, 0.93];
const BY_FINDING: &[f32] = &[0.0, 0.16];
const BY_REFERENCE: &[f32] = &[0.0, 0.14, 0.58, 0.74];

/// One line; `records` is empty where it counts nothing.
struct Line<'a> {
    columns: &'static [f32],
    cells: Vec<String>,
    records: &'a [u64],
    is_head: bool,
}

/// The sheet, or that it is awaited, or why there is none; at the foot whose it is and the records of what is looked at.
pub(super) fn score_ui(
    k: &mut Kit<'_>,
    reading: &mut Reading,
    told: Option<&Result<Box<DrillScore>, String>>,
    rect: Rect,
    foot: Rect,
) {
    let told = match told {
        Some(Ok(told)) => told,
        Some(Err(why)) if why.contains("404") => {
            return k.fit_center(rect, 14.0, TERTIARY, k.t(tr::SCORE_NONE), false);
        }
        Some(Err(why)) => {
            return k.fit_center(rect, 14.0, LATE, &k.m.lang.fill(tr::SCORE_FAILED, &[why]), false);
        }
        None => return k.fit_center(rect, 14.0, TERTIARY, k.t(tr::SCORE_AWAITED), false),
    };
    let lines = lines(k, &told.score);
    let n_fit = (rect.height() / LINE_H).max(0.0) as usize;
    if k.ui.rect_contains_pointer(rect) {
        reading.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y) / LINE_H;
    }
    use egui::Key;
    reading.scroll += k.ui.input(|input| {
        let key = |key, by: f32| if input.key_pressed(key) { by } else { 0.0 };
        let page = n_fit as f32;
        key(Key::ArrowDown, 1.0) - key(Key::ArrowUp, 1.0) + key(Key::PageDown, page) - key(Key::PageUp, page)
    });
    reading.scroll = reading.scroll.clamp(0.0, lines.len().saturating_sub(n_fit) as f32);
    let first = reading.scroll.round() as usize;
    let mut looked_at = None;
    for (i, (n, line)) in lines.iter().enumerate().skip(first).take(n_fit).enumerate() {
        let row = Rect::from_min_size(rect.min + vec2(0.0, LINE_H * i as f32), vec2(rect.width(), LINE_H));
        if line_ui(k, row, n, line) {
            looked_at = Some(line);
        }
    }
    let whose = match &told.review.exercise {
        Some((title, seed)) => k.m.lang.fill(tr::SCORE_OF, &[title, &seed.to_string()]),
        None => k.t(tr::EXERCISE).to_owned(),
    };
    let times = [told.review.from.to_beijing_text(), told.review.to.to_beijing_text()];
    let whose = format!("{whose}・{} — {}", times[0], times[1]);
    k.bold_fit(pos2(foot.left(), foot.top() + 16.0), Align2::LEFT_CENTER, 14.0, EXERCISE_LINE, &whose, foot.width());
    let records = match looked_at {
        Some(line) => k.m.lang.fill(tr::SCORE_RECORDS, &[&spans(line.records)]),
        None => k.t(tr::SCORE_RECORDS_HINT).to_owned(),
    };
    let ink = if looked_at.is_some() { PRIMARY } else { TERTIARY };
    let at = pos2(foot.left(), foot.top() + 44.0);
    k.fit(at, Align2::LEFT_CENTER, 13.0, ink, &records, foot.width());
}

/// Whether it is looked at and has records to show.
fn line_ui(k: &Kit<'_>, row: Rect, n: usize, line: &Line<'_>) -> bool {
    let c = row.center().y;
    let mut is_looked_at = false;
    if !line.records.is_empty() {
        let response = k.hit(row, row_id("score", n), &line.cells.join(" "));
        is_looked_at = response.hovered() || response.has_focus();
        if is_looked_at {
            k.fill(row, 0.0, SELECTED);
        }
    }
    for (i, (cell, from)) in line.cells.iter().zip(line.columns).enumerate() {
        let until = line.columns.get(i + 1).copied().unwrap_or(1.0);
        let x = row.left() + row.width() * from;
        let (size, ink) = cell_style(line.is_head, i);
        k.fit(pos2(x, c), Align2::LEFT_CENTER, size, ink, cell, row.width() * (until - from) - 8.0);
    }
    k.hline(row.left(), row.right(), row.bottom(), if line.is_head { STRONG } else { ROW });
    is_looked_at
}

fn cell_style(is_head: bool, i: usize) -> (f32, Color32) {
    match (is_head, i) {
        (true, 0) => (15.0, PRIMARY),
        (true, _) => (12.0, TERTIARY),
        (false, 0) => (14.0, SECONDARY),
        (false, _) => (14.0, PRIMARY),
    }
}

// ---------------------------------------------------------------- what is said

fn lines<'a>(k: &Kit<'_>, score: &'a ScoreSheet) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let by_level = [
        tr::SCORE_LEVELS,
        tr::SCORE_LEVEL,
        tr::SCORE_TO_LEVEL,
        tr::SCORE_TO_FIRST,
        tr::SCORE_TO_ALL,
        tr::SCORE_N_ORDERS,
    ];
    section(k, &mut lines, BY_LEVEL, &by_level, score.levels.iter().map(|it| (level_cells(k, it), &it.records[..])));
    let figures = score.totals.iter().map(|it| (figure_cells(it), &it.records[..]));
    section(k, &mut lines, BY_FIGURE, &[tr::SCORE_TOTALS, tr::SCORE_VALUE], figures);
    let by_agency = [
        tr::SCORE_AGENCIES,
        tr::SCORE_N_ORDERS,
        tr::SCORE_SIGNED,
        tr::SCORE_MEDIAN,
        tr::SCORE_WORST,
        tr::SCORE_REJECTED,
        tr::SCORE_OVERDUE,
        tr::SCORE_ESCALATED,
    ];
    let agencies = score.agencies.iter().map(|it| (agency_cells(k, it), &it.records[..]));
    section(k, &mut lines, BY_AGENCY, &by_agency, agencies);
    for (name, findings) in [(tr::SCORE_MISSED, &score.missed), (tr::SCORE_UNNECESSARY, &score.unnecessary)] {
        let told = findings.iter().map(|it| (finding_cells(it), &it.records[..]));
        section(k, &mut lines, BY_FINDING, &[name], told);
    }
    let by_reference = [tr::SCORE_REFERENCE, tr::SCORE_PUBLIC, tr::SCORE_DRILL_DID, tr::SCORE_DIFFERENCE];
    let reference = score.reference.iter().map(|it| (reference_cells(k, it), &it.records[..]));
    section(k, &mut lines, BY_REFERENCE, &by_reference, reference);
    lines
}

/// A head and its lines; a section without any says so.
fn section<'a>(
    k: &Kit<'_>,
    lines: &mut Vec<Line<'a>>,
    columns: &'static [f32],
    names: &[Tr],
    told: impl Iterator<Item = (Vec<String>, &'a [u64])>,
) {
    let cells = names.iter().map(|it| k.t(*it).to_owned()).collect();
    lines.push(Line { columns, cells, records: &[], is_head: true });
    let n = lines.len();
    lines.extend(told.map(|(cells, records)| Line { columns, cells, records, is_head: false }));
    if lines.len() == n {
        lines.push(Line { columns, cells: vec![k.t(tr::SCORE_NOTHING).to_owned()], records: &[], is_head: false });
    }
}

/// `3时20分`, or that it never was.
fn secs_text(k: &Kit<'_>, secs: Option<i64>) -> String {
    secs.map_or("—".to_owned(), |secs| k.m.lang.elapsed(secs))
}

fn level_cells(k: &Kit<'_>, it: &LevelScore) -> Vec<String> {
    let level = |it: Option<ResponseLevel>| match it {
        Some(level) => k.m.lang.fill(tr::LEVEL_N, &[level.roman()]),
        None => k.t(tr::PEACETIME).to_owned(),
    };
    vec![
        it.at.to_beijing_text().chars().skip(5).take(11).collect(),
        format!("{} → {}", level(it.from), level(it.to)),
        secs_text(k, it.secs_to_level),
        secs_text(k, it.secs_to_first_order),
        secs_text(k, it.secs_to_all_delivered),
        it.n_orders.to_string(),
    ]
}

fn figure_cells(it: &Figure) -> Vec<String> {
    let value = match it.value {
        Some(value) if value.fract().abs() < 0.05 => exact(value.round() as i64),
        Some(value) => format!("{value:.1}"),
        None => "—".to_owned(),
    };
    vec![it.name.clone(), format!("{value} {}", it.unit)]
}

fn agency_cells(k: &Kit<'_>, it: &AgencyScore) -> Vec<String> {
    let signed = [it.n_acknowledged.to_string(), it.n_acknowledged_in_time.to_string()];
    vec![
        it.name.clone(),
        it.n_orders.to_string(),
        k.m.lang.fill(tr::SCORE_SIGNED_IN_TIME, &[&signed[0], &signed[1]]),
        secs_text(k, it.ack_median_secs),
        secs_text(k, it.ack_worst_secs),
        it.n_rejected.to_string(),
        it.n_overdue.to_string(),
        it.n_escalations.to_string(),
    ]
}

fn finding_cells(it: &Finding) -> Vec<String> {
    vec![it.kind.name_zh().to_owned(), it.text.clone()]
}

fn reference_cells(k: &Kit<'_>, it: &ReferenceScore) -> Vec<String> {
    let difference = match it.secs_later {
        Some(0) => k.t(tr::SCORE_SAME).to_owned(),
        Some(secs) if secs > 0 => k.m.lang.fill(tr::SCORE_LATER, &[&k.m.lang.elapsed(secs)]),
        Some(secs) => k.m.lang.fill(tr::SCORE_EARLIER, &[&k.m.lang.elapsed(-secs)]),
        None => "—".to_owned(),
    };
    let did = it.at.map_or_else(|| k.t(tr::SCORE_NOT_DONE).to_owned(), |at| at.hm());
    vec![
        it.reference.at.to_beijing_text().chars().skip(5).take(11).collect(),
        it.reference.text.clone(),
        did,
        difference,
    ]
}
