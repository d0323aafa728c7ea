//! 数据源: every source with its lamp, rates and last error; above them what the hall cannot see and since when; below them
//! the chosen one in full, with its last sample as it came and as it was read.
//!
//! The hub is asked every other second while the page is open. Until it has answered, and where it does not, the lamps of the
//! records stand in, and the page says so.

use super::kit::{Kit, exact, row_id};
use super::{PanelState, UiCommand};
use crate::i18n::{Tr, tr};
use crate::sources::{SourceNews, SourceRow, SourceState, SourceTable};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::*;
use std::cmp::Ordering;

/// Those of `[actual]` and the simulated city.
const BUILT_IN: &str = "built_in";

/// Asked again after so long, s.
const AGAIN_SECS: f64 = 2.0;
const ROW_H: f32 = 34.0;
const HEAD_H: f32 = 28.0;
const BLIND_H: f32 = 24.0;
const DETAIL_H: f32 = 232.0;
/// More of what cannot be seen than these is counted.
const MOST_BLIND: usize = 4;

/// What the table is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum By {
    #[default]
    State,
    Name,
    Rate,
    Lag,
    Lost,
    Heard,
}

#[derive(Default)]
pub(super) struct SourcesPage {
    /// As the hub last told them; `None` before it did.
    told: Option<SourceTable>,
    /// Why it did not, the last time it was asked.
    failed: Option<String>,
    /// On egui's clock, s; none asks at once.
    asked_at: Option<f64>,
    by: By,
    is_reversed: bool,
    chosen: Option<String>,
    scroll: f32,
}

impl SourcesPage {
    pub fn begin(&mut self) {
        self.asked_at = None;
    }

    /// Takes an answer in; a line for the officer, if it is one to somebody's press.
    pub fn take(&mut self, news: SourceNews, lang: crate::i18n::Lang) -> Option<String> {
        match news {
            SourceNews::All(Ok(told)) => {
                (self.told, self.failed) = (Some(told), None);
                None
            }
            SourceNews::All(Err(why)) => {
                self.failed = Some(why);
                None
            }
            SourceNews::Retried(name, Ok(())) => {
                self.asked_at = None;
                Some(lang.fill(tr::SOURCE_RETRIED, &[&name]))
            }
            SourceNews::Retried(name, Err(why)) => Some(lang.fill(tr::SOURCE_RETRY_FAILED, &[&name, &why])),
        }
    }

    /// The rows in the wished order.
    fn rows(&self, k: &Kit<'_>) -> Vec<SourceRow> {
        let mut rows = self.told.as_ref().map_or_else(|| by_records(k), |it| it.sources.clone());
        rows.sort_by(|a, b| {
            let order = compare(a, b, self.by);
            let order = if self.is_reversed { order.reverse() } else { order };
            order.then_with(|| a.name.cmp(&b.name))
        });
        rows
    }
}

/// The largest first where it is a figure; unknown figures last.
fn compare(a: &SourceRow, b: &SourceRow, by: By) -> Ordering {
    let figure = |a: f64, b: f64| match (a.is_nan(), b.is_nan()) {
        (false, false) => b.total_cmp(&a),
        (a, b) => a.cmp(&b),
    };
    match by {
        By::State => a.state.cmp(&b.state).then_with(|| a.since.cmp(&b.since)),
        By::Name => a.name.cmp(&b.name),
        By::Rate => figure(a.per_s, b.per_s),
        By::Lag => figure(a.lag_ms.unwrap_or(f64::NAN), b.lag_ms.unwrap_or(f64::NAN)),
        By::Lost => (b.n_dropped + b.n_refused).cmp(&(a.n_dropped + a.n_refused)),
        By::Heard => a.last_heard.cmp(&b.last_heard),
    }
}

/// What the records alone say of the sources: enough for a lamp.
fn by_records(k: &Kit<'_>) -> Vec<SourceRow> {
    let row = |it: &ConnectorHealth| SourceRow {
        name: it.platform.to_string(),
        title: it.name.to_string(),
        simulated: it.simulated,
        state: it.state.into(),
        since: it.since,
        per_s: f64::NAN,
        bytes_per_s: f64::NAN,
        last_error: it.last_error.to_string(),
        last_heard: k.m.readings.heard.get(&it.platform).copied().unwrap_or_default(),
        ..SourceRow::default()
    };
    k.m.city.connectors.values().map(row).collect()
}

fn is_bad(row: &SourceRow) -> bool {
    matches!(row.state, SourceState::Silent | SourceState::Degraded)
}

fn state_word(state: SourceState) -> Tr {
    match state {
        SourceState::Healthy => tr::SOURCE_HEALTHY,
        SourceState::Degraded => tr::SOURCE_DEGRADED,
        SourceState::Silent => tr::SOURCE_SILENT,
        SourceState::Unknown => tr::SOURCE_UNKNOWN,
    }
}

fn lamp_of(row: &SourceRow) -> Freshness {
    match row.state {
        SourceState::Healthy => Freshness::Fresh,
        SourceState::Degraded => Freshness::Stale { age_secs: 0 },
        SourceState::Silent => Freshness::Lost { age_secs: 0 },
        SourceState::Unknown => Freshness::NeverHeard,
    }
}

fn title_of(row: &SourceRow) -> &str {
    if row.title.is_empty() { &row.name } else { &row.title }
}

pub(super) fn sub(k: &Kit<'_>, page: &SourcesPage) -> String {
    let rows = page.rows(k);
    let n_well = rows.iter().filter(|it| it.state == SourceState::Healthy).count();
    let text = k.m.lang.fill(tr::CONNECTORS_OF, &[&n_well.to_string(), &rows.len().to_string()]);
    match (&page.failed, &page.told) {
        (Some(why), _) => format!("{text}・{}", k.m.lang.fill(tr::SOURCES_FAILED, &[why])),
        (None, None) => format!("{text}・{}", k.t(tr::SOURCES_BY_RECORDS)),
        (None, Some(told)) if !told.fault.is_empty() => {
            format!("{text}・{}", k.m.lang.fill(tr::SOURCES_FAULT, &[&told.fault]))
        }
        _ => text,
    }
}

pub(super) fn sources_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let mut page = std::mem::take(&mut state.pages.sources);
    let time = k.ui.input(|input| input.time);
    if page.asked_at.is_none_or(|at| time - at >= AGAIN_SECS) {
        page.asked_at = Some(time);
        k.out.push(UiCommand::AskSources);
    }
    let rows = page.rows(k);
    if page.chosen.as_ref().is_none_or(|it| !rows.iter().any(|row| row.name == *it)) {
        page.chosen = rows.first().map(|it| it.name.clone());
    }
    let top = blind_ui(k, &rows, body);
    let detail_h = if body.bottom() - top > 2.0 * DETAIL_H { DETAIL_H } else { 0.0 };
    let table = Rect::from_min_max(pos2(body.left(), top), pos2(body.right(), body.bottom() - detail_h));
    table_ui(k, &mut page, &rows, table);
    let chosen = rows.iter().find(|it| Some(&it.name) == page.chosen.as_ref());
    if let Some(row) = chosen.filter(|_| detail_h > 0.0) {
        detail_ui(k, row, Rect::from_min_max(pos2(body.left(), table.bottom()), body.max));
    }
    state.pages.sources = page;
}

// ---------------------------------------------------------------- what cannot be seen

/// One line for each that is not well: what is not seen, since when, which decision is weaker for it. Its lower edge is
/// returned.
fn blind_ui(k: &Kit<'_>, rows: &[SourceRow], body: Rect) -> f32 {
    let bad: Vec<&SourceRow> = rows.iter().filter(|it| is_bad(it)).collect();
    let n = bad.len().min(MOST_BLIND);
    let n_lines = n.max(1) + usize::from(bad.len() > n);
    let rect = Rect::from_min_size(body.min, vec2(body.width(), n_lines as f32 * BLIND_H + 12.0));
    k.fill(rect, 0.0, RAISED);
    k.hline(rect.left(), rect.right(), rect.bottom(), HAIR);
    let at = |i: usize| pos2(rect.left() + 16.0, rect.top() + 6.0 + BLIND_H * (i as f32 + 0.5));
    let room = rect.width() - 32.0;
    if bad.is_empty() {
        k.fit(at(0), Align2::LEFT_CENTER, 14.0, SECONDARY, k.t(tr::SOURCES_ALL_SEEN), room);
    }
    for (i, row) in bad.iter().take(n).enumerate() {
        let what = if row.blind.is_empty() { title_of(row) } else { &row.blind };
        let mut text = match row.since.0 {
            0 => k.m.lang.fill(tr::SOURCES_BLIND_EVER, &[what]),
            _ => {
                let since = k.m.lang.day_time(row.since, k.now());
                let elapsed = k.m.lang.elapsed(k.now().since_ms(row.since) / 1000);
                k.m.lang.fill(tr::SOURCES_BLIND, &[what, &since, &elapsed])
            }
        };
        if !row.weakens.is_empty() {
            text += &k.m.lang.fill(tr::SOURCES_WEAKENS, &[&row.weakens]);
        }
        let ink = if row.state == SourceState::Silent { PRIMARY } else { STALE };
        let lamp = at(i);
        k.lamp(lamp + vec2(4.0, 0.0), 4.0, lamp_of(row));
        k.fit(lamp + vec2(18.0, 0.0), Align2::LEFT_CENTER, 14.0, ink, &text, room - 18.0);
    }
    if bad.len() > n {
        let text = k.m.lang.fill(tr::SOURCES_MORE_BLIND, &[&(bad.len() - n).to_string()]);
        k.fit(at(n), Align2::LEFT_CENTER, 13.0, TERTIARY, &text, room);
    }
    rect.bottom()
}

// ---------------------------------------------------------------- the table

/// The columns: what they are sorted by, their title and their share of the width.
const COLUMNS: [(By, Tr, f32); 6] = [
    (By::Name, tr::SOURCE_NAME, 0.24),
    (By::State, tr::SOURCE_STATE, 0.17),
    (By::Rate, tr::SOURCE_RATE, 0.13),
    (By::Lag, tr::SOURCE_LAG, 0.10),
    (By::Lost, tr::SOURCE_LOST, 0.12),
    (By::Heard, tr::SOURCE_HEARD, 0.24),
];

fn table_ui(k: &Kit<'_>, page: &mut SourcesPage, rows: &[SourceRow], table: Rect) {
    let inner = table.shrink2(vec2(12.0, 0.0));
    let mut x = inner.left();
    let mut edges = Vec::new();
    for (by, title, part) in COLUMNS {
        let at = Rect::from_min_size(pos2(x, table.top()), vec2(inner.width() * part, HEAD_H));
        x = at.right();
        edges.push(at);
        let sign = match (page.by == by, page.is_reversed) {
            (true, false) => " ↓",
            (true, true) => " ↑",
            _ => "",
        };
        let ink = if page.by == by { SECONDARY } else { TERTIARY };
        let text = format!("{}{sign}", k.t(title));
        k.fit(at.left_center() + vec2(16.0, 0.0), Align2::LEFT_CENTER, 12.0, ink, &text, at.width() - 18.0);
        if k.hit(at, ("source-by", k.t(title)), &k.m.lang.fill(tr::SOURCE_SORT, &[k.t(title)])).clicked() {
            page.is_reversed = page.by == by && !page.is_reversed;
            page.by = by;
        }
    }
    k.hline(table.left(), table.right(), table.top() + HEAD_H, HAIR);
    let list = Rect::from_min_max(pos2(table.left(), table.top() + HEAD_H), table.max);
    if k.ui.rect_contains_pointer(list) {
        page.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    page.scroll = page.scroll.clamp(0.0, (rows.len() as f32 * ROW_H - list.height()).max(0.0));
    let first = (page.scroll / ROW_H).round() as usize;
    for (slot, row) in rows.iter().skip(first).enumerate() {
        let at = Rect::from_min_size(pos2(list.left(), list.top() + ROW_H * slot as f32), vec2(list.width(), ROW_H));
        if at.bottom() > list.bottom() + 0.5 {
            break;
        }
        let is_chosen = page.chosen.as_ref() == Some(&row.name);
        if is_chosen {
            k.fill(at, 0.0, SELECTED);
        }
        if k.hit(at, row_id("source", &row.name), title_of(row)).clicked() {
            page.chosen = Some(row.name.clone());
        }
        row_ui(k, at, row, &edges);
    }
    if rows.is_empty() {
        k.fit_center(list, 14.0, TERTIARY, k.t(tr::SOURCES_NONE), false);
    }
}

fn row_ui(k: &Kit<'_>, at: Rect, row: &SourceRow, edges: &[Rect]) {
    let y = at.center().y;
    if row.state == SourceState::Silent {
        k.fill(Rect::from_min_size(at.min, vec2(3.0, at.height())), 0.0, OFFLINE);
    }
    let elapsed = match row.since.0 {
        0 => String::new(),
        _ => k.m.lang.elapsed(k.now().since_ms(row.since) / 1000),
    };
    let state = format!("{} {elapsed}", k.t(state_word(row.state)));
    let heard = match row.last_heard.0 {
        0 => k.t(tr::NO_WORD).to_owned(),
        _ => k.m.lang.elapsed(k.now().since_ms(row.last_heard) / 1000),
    };
    let heard = if row.last_error.is_empty() { heard } else { format!("{heard}・{}", row.last_error) };
    let name = match (row.kind.is_empty() || row.kind == BUILT_IN, row.simulated) {
        (true, false) => title_of(row).to_owned(),
        (false, false) => format!("{}  {}", title_of(row), row.kind),
        (true, true) => format!("{}  {}", title_of(row), k.t(tr::SIMULATED)),
        (false, true) => format!("{}  {}・{}", title_of(row), row.kind, k.t(tr::SIMULATED)),
    };
    let lost = format!("{} / {}", exact(row.n_dropped as i64), exact(row.n_refused as i64));
    let rate = format!("{}  {}", per_second(row.per_s), bytes(row.bytes_per_s));
    let bad: Color32 = if is_bad(row) { STALE } else { SECONDARY };
    let lost_ink = if row.n_dropped + row.n_refused > 0 { STALE } else { TERTIARY };
    let cells =
        [(name, PRIMARY), (state, bad), (rate, SECONDARY), (lag(row), SECONDARY), (lost, lost_ink), (heard, bad)];
    for (i, ((text, ink), edge)) in cells.iter().zip(edges).enumerate() {
        let x = edge.left() + 16.0;
        if i == 0 {
            k.lamp(pos2(edge.left() + 5.0, y), 4.0, lamp_of(row));
        }
        k.fit(pos2(x, y), Align2::LEFT_CENTER, 13.0, *ink, text, edge.width() - 20.0);
    }
    k.hline(at.left(), at.right(), at.bottom(), ROW);
}

/// `12.3/s`; `—` where nobody counted.
fn per_second(value: f64) -> String {
    match value {
        it if !it.is_finite() => "—".to_owned(),
        it if it < 100.0 => format!("{it:.1}/s"),
        it => format!("{}/s", exact(it as i64)),
    }
}

fn bytes(per_s: f64) -> String {
    match per_s {
        // A source that is asked counts answers, not bytes.
        it if !it.is_finite() || it <= 0.0 => String::new(),
        it if it >= 1e6 => format!("{:.1} MB/s", it / 1e6),
        it if it >= 1e3 => format!("{:.1} kB/s", it / 1e3),
        it => format!("{it:.0} B/s"),
    }
}

fn lag(row: &SourceRow) -> String {
    match row.lag_ms {
        Some(ms) if ms.is_finite() && ms < 10_000.0 => format!("{ms:.0} ms"),
        Some(ms) if ms.is_finite() => format!("{:.0} s", ms / 1000.0),
        _ => "—".to_owned(),
    }
}

// ---------------------------------------------------------------- one in full

fn detail_ui(k: &mut Kit<'_>, row: &SourceRow, rect: Rect) {
    k.fill(rect, 0.0, RAISED);
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let inner = rect.shrink2(vec2(16.0, 8.0));
    let y = inner.top() + 14.0;
    let label = k.t(tr::SOURCE_RETRY);
    let button = Rect::from_min_size(pos2(inner.right() - 92.0, inner.top()), vec2(92.0, 30.0));
    if k.button(button, "source-retry", 14.0, label, false) {
        k.out.push(UiCommand::RetrySource(row.name.clone()));
    }
    let title =
        k.bold_fit(inner.left_top() + vec2(0.0, 14.0), Align2::LEFT_CENTER, 16.0, PRIMARY, title_of(row), 320.0);
    let realm = if row.realm.is_empty() { String::new() } else { format!("・{}", row.realm) };
    let budget = match row.freshness_s {
        Some(secs) => k.m.lang.fill(tr::SOURCE_BUDGET, &[&k.m.lang.elapsed(secs as i64)]),
        None => String::new(),
    };
    let sub = format!("{}{realm}  {budget}", row.name);
    let x = title.right() + 12.0;
    k.fit(pos2(x, y), Align2::LEFT_CENTER, 12.0, TERTIARY, &sub, button.left() - x - 12.0);
    let half = inner.width() * 0.44;
    let lines = [
        (tr::SOURCE_ERROR, &row.last_error),
        (tr::SOURCE_REMEDY, &row.remedy),
        (tr::SOURCE_BLIND, &row.blind),
        (tr::SOURCE_WEAKENS, &row.weakens),
    ];
    for (i, (name, text)) in lines.into_iter().enumerate() {
        let top = inner.top() + 38.0 + 44.0 * i as f32;
        k.text(pos2(inner.left(), top + 9.0), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(name));
        let at = Rect::from_min_size(pos2(inner.left() + 84.0, top), vec2(half - 96.0, 40.0));
        k.wrap(at, 13.0, if text.is_empty() { QUIET } else { SECONDARY }, if text.is_empty() { "—" } else { text });
    }
    let sample = row.sample.clone().unwrap_or_default();
    let right = Rect::from_min_max(pos2(inner.left() + half, inner.top() + 38.0), inner.max);
    let part = (right.height() - 8.0) / 2.0;
    let read = match sample.refused.is_empty() {
        true => sample.mapped.clone(),
        false => format!("{}\n{}", sample.mapped, k.m.lang.fill(tr::SOURCE_REFUSED, &[&sample.refused])),
    };
    // One that pushes has more to say of how far it is than of what it last sent.
    let boxes = match row.standing.is_empty() {
        true => [(tr::SOURCE_RAW, &sample.raw), (tr::SOURCE_MAPPED, &read)],
        false => [(tr::SOURCE_STANDING, &row.standing), (tr::SOURCE_RAW, &sample.raw)],
    };
    for (i, (name, text)) in boxes.into_iter().enumerate() {
        let at =
            Rect::from_min_size(pos2(right.left(), right.top() + (part + 8.0) * i as f32), vec2(right.width(), part));
        k.fill(at, 3.0, APP);
        k.text(at.left_top() + vec2(8.0, 11.0), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(name));
        let words = Rect::from_min_max(at.min + vec2(8.0, 20.0), at.max - vec2(8.0, 4.0));
        let text = if text.is_empty() { k.t(tr::SOURCE_NO_SAMPLE) } else { text.as_str() };
        k.wrap(words, 12.0, SECONDARY, text);
    }
}
