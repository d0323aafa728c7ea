//! The chosen figure in full: what it means, whose it is, what it is held against, its groups, and the records beneath it.

use super::card::trend_ui;
use super::words::{as_of, beside, freshness, group_name, indicator_name, ink_of, number, source_name, value_text};
use super::{IndicatorsPage, Known};
use crate::i18n::{Tr, tr};
use crate::indicators::{BeneathRow, IndicatorAsk};
use crate::panels::kit::{Kit, row_id};
use crate::panels::{Selection, UiCommand};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::indicators::{Definition, Definitions, Field, Figure, FigureKey, Group, RowId};

const PAD: f32 = 16.0;
const LINE_H: f32 = 21.0;
const GROUP_H: f32 = 24.0;
const ROW_H: f32 = 36.0;
const TREND_H: f32 = 84.0;
/// Groups listed before the records begin, at most.
const MOST_GROUPS: usize = 9;

pub(super) fn detail_ui(
    k: &mut Kit<'_>,
    page: &mut IndicatorsPage,
    known: &Known,
    definitions: &Definitions,
    rect: Rect,
) {
    k.fill(rect, 0.0, PANEL);
    k.painter().vline(rect.left(), rect.y_range(), egui::Stroke::new(1.0, HAIR));
    let Some(key) = page.chosen.clone() else { return };
    let found = definitions.get(key.indicator.as_str()).zip(known.figure(&key));
    let Some((definition, figure)) = found else {
        k.fit_center(rect, 14.0, TERTIARY, k.t(tr::INDICATOR_GONE), false);
        return;
    };
    let inner = rect.shrink2(vec2(PAD, 12.0));
    let mut y = head_ui(k, page, known, definition, figure, inner);
    y = facts_ui(k, definition, figure, inner, y);
    let points = known.trend(&key);
    if points.len() > 1 {
        let rect = Rect::from_min_size(pos2(inner.left(), y), vec2(inner.width(), TREND_H));
        trend_ui(k, &mut page.drawing, definition, points, rect);
        y = rect.bottom() + 8.0;
    }
    y = groups_ui(k, page, known, definition, &key, inner, y);
    rows_ui(k, page, &key, Rect::from_min_max(pos2(inner.left(), y), inner.max));
}

fn head_ui(
    k: &mut Kit<'_>,
    page: &mut IndicatorsPage,
    known: &Known,
    definition: &Definition,
    figure: &Figure,
    inner: Rect,
) -> f32 {
    let close = Rect::from_center_size(pos2(inner.right() - 8.0, inner.top() + 12.0), vec2(28.0, 28.0));
    if k.hit(close, "indicator-close", k.t(tr::INDICATOR_CLOSE)).clicked() {
        page.chosen = None;
    }
    k.text(close.center(), Align2::CENTER_CENTER, 17.0, TERTIARY, "×");
    let group = group_name(k, known.definitions().map(|it| &**it), &figure.key.group);
    let name = format!("{}・{group}", indicator_name(k.m.lang, definition));
    let at = pos2(inner.left(), inner.top() + 12.0);
    let put = Rect::from_center_size(close.center() - vec2(66.0, 0.0), vec2(88.0, 26.0));
    let brief = put.translate(vec2(-94.0, 0.0));
    k.bold_fit(at, Align2::LEFT_CENTER, 16.0, PRIMARY, &name, brief.left() - inner.left() - 8.0);
    if k.button(brief, "indicator-brief", 12.0, k.t(tr::BRIEF_PUT), false) {
        page.put = Some(figure.key.clone());
    }
    if let Some(said) = page.layouts.put_ui(k, known, put, &figure.key) {
        page.said = Some(said);
    }
    let y = inner.top() + 46.0;
    let value = k.bold(pos2(inner.left(), y), Align2::LEFT_CENTER, 32.0, ink_of(figure), &value_text(k, figure));
    let unit =
        k.text(pos2(value.right() + 6.0, y + 7.0), Align2::LEFT_CENTER, 14.0, TERTIARY, k.m.lang.unit(definition));
    let mut x = unit.right() + 14.0;
    if let Some(color) = figure.band {
        k.level(pos2(x + 10.0, y + 2.0), 22.0, color, true);
        x += 30.0;
    }
    if let Some(why) = &figure.why_none {
        k.fit(pos2(x, y + 4.0), Align2::LEFT_CENTER, 14.0, STALE, &why.words(k.m.lang.paper()), inner.right() - x);
    }
    inner.top() + 74.0
}

/// Definition, source, age, parts, comparisons: a line each; what does not apply is left out.
fn facts_ui(k: &Kit<'_>, definition: &Definition, figure: &Figure, inner: Rect, top: f32) -> f32 {
    let lang = k.m.lang;
    let mut lines: Vec<(Tr, String, egui::Color32)> = Vec::new();
    let owner =
        k.m.city.agencies.get(&definition.owner).map_or_else(|| definition.owner.to_string(), |it| it.name.to_string());
    lines.push((tr::INDICATOR_SOURCE, format!("{}・{owner}", source_name(k, definition)), SECONDARY));
    let budget = lang.fill(tr::SOURCE_BUDGET, &[&lang.elapsed(i64::from(definition.fresh_mins) * 60)]);
    let age = format!("{}・{budget}", as_of(k, definition, figure));
    lines.push((tr::INDICATOR_AGE, age, if figure.is_stale { STALE } else { SECONDARY }));
    if let (Some(part), Some(whole)) = (figure.numerator, figure.denominator) {
        lines.push((tr::INDICATOR_PARTS, format!("{} / {}", number(k, part), number(k, whole)), SECONDARY));
    }
    let held = beside(k, definition, figure).into_iter().map(|it| it.0).collect::<Vec<_>>().join("・");
    if !held.is_empty() {
        lines.push((tr::INDICATOR_HELD, held, SECONDARY));
    }
    if !definition.bands.is_empty() {
        let band = |(color, edge): &(gulang_city::WarningColor, f64)| format!("{} {}", color.glyph(), number(k, *edge));
        let bands = definition.bands.iter().map(band).collect::<Vec<_>>().join("・");
        lines.push((tr::INDICATOR_BANDS, bands, SECONDARY));
    }
    if figure.is_estimate {
        lines.push((tr::INDICATOR_ESTIMATE, k.t(tr::INDICATOR_ESTIMATE_WHY).to_owned(), STALE));
    }
    if let Some(anomaly) = &figure.anomaly {
        lines.push((tr::INDICATOR_UNUSUAL, anomaly.words(k.m.lang.paper()), STALE));
    }
    if let Some(at) = figure.corrected_at {
        lines.push((
            tr::INDICATOR_CORRECTED,
            lang.fill(tr::INDICATOR_CORRECTED_AT, &[&lang.day_time(at, k.now())]),
            ACCENT,
        ));
    }
    let means = lang.pick(&definition.means_zh, &definition.means_en);
    let used = k.wrap(Rect::from_min_size(pos2(inner.left(), top), vec2(inner.width(), 42.0)), 13.0, SECONDARY, means);
    let mut y = top + used + 6.0;
    for (i, (label, text, ink)) in lines.into_iter().enumerate() {
        let middle = y + LINE_H * 0.5;
        k.text(pos2(inner.left(), middle), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(label));
        let x = inner.left() + 64.0;
        if i == 1 {
            k.lamp(pos2(x - 8.0, middle), 3.5, freshness(figure));
        }
        k.fit(pos2(x, middle), Align2::LEFT_CENTER, 13.0, ink, &text, inner.right() - x);
        y += LINE_H;
    }
    y + 6.0
}

fn groups_ui(
    k: &Kit<'_>,
    page: &mut IndicatorsPage,
    known: &Known,
    definition: &Definition,
    key: &FigureKey,
    inner: Rect,
    top: f32,
) -> f32 {
    let Some(by) = page.by.or(definition.group_by.first().copied()) else { return top };
    k.hline(inner.left(), inner.right(), top, HAIR);
    let mut x = inner.left();
    let y = top + 15.0;
    let mut all = definition.group_by.clone();
    all.truncate(5);
    for field in all {
        let word = k.t(field_word(field));
        let width = k.width(13.0, word) + 16.0;
        let at = Rect::from_center_size(pos2(x + width * 0.5, y), vec2(width, 24.0));
        if k.hit(at, ("indicator-by", field.name()), word).clicked() {
            page.by = Some(field);
        }
        k.text(at.center(), Align2::CENTER_CENTER, 13.0, if field == by { PRIMARY } else { TERTIARY }, word);
        if field == by {
            k.hline(at.left() + 6.0, at.right() - 6.0, at.bottom(), ACCENT);
        }
        x = at.right();
    }
    let is_city = key.group == Group::City;
    let city = Rect::from_min_max(pos2(inner.right() - 64.0, y - 12.0), pos2(inner.right(), y + 12.0));
    if !is_city && k.button(city, "indicator-city", 12.0, k.t(tr::WHOLE_CITY), false) {
        choose(page, FigureKey { indicator: definition.id.clone(), group: Group::City });
    }
    let mut groups: Vec<&Figure> = known.groups(definition, by);
    // The largest first; what is missing last.
    groups.sort_by(|a, b| b.value.partial_cmp(&a.value).unwrap_or(std::cmp::Ordering::Equal));
    let most = groups.iter().filter_map(|it| it.value).fold(0f64, f64::max).max(1e-9);
    let n_more = groups.len().saturating_sub(MOST_GROUPS);
    let mut top = y + 16.0;
    for it in groups.iter().take(MOST_GROUPS) {
        let at = Rect::from_min_size(pos2(inner.left(), top), vec2(inner.width(), GROUP_H));
        let name = group_name(k, known.definitions().map(|it| &**it), &it.key.group);
        if it.key == *key {
            k.fill(at, 2.0, SELECTED);
        }
        if k.hit(at, row_id("indicator-group", it.key.to_string()), &name).clicked() {
            choose(page, it.key.clone());
        }
        let y = at.center().y;
        k.fit(pos2(at.left() + 4.0, y), Align2::LEFT_CENTER, 13.0, SECONDARY, &name, 112.0);
        let trough = Rect::from_min_max(pos2(at.left() + 122.0, y - 4.0), pos2(at.right() - 104.0, y + 4.0));
        let ink = it.band.map_or(SERIES[0], level_fill);
        k.bar(trough, (it.value.unwrap_or(0.0) / most) as f32, ink);
        if let Some(color) = it.band {
            k.level(pos2(at.right() - 12.0, y), 15.0, color, true);
        }
        k.fit(pos2(at.right() - 26.0, y), Align2::RIGHT_CENTER, 13.0, ink_of(it), &value_text(k, it), 74.0);
        top += GROUP_H;
    }
    if n_more > 0 {
        let text = k.m.lang.fill(tr::INDICATOR_MORE_GROUPS, &[&n_more.to_string()]);
        k.text(pos2(inner.left() + 4.0, top + 9.0), Align2::LEFT_CENTER, 12.0, TERTIARY, &text);
        top += 20.0;
    }
    top + 6.0
}

/// What the rows beneath a figure can be saved as: the file's ending, and what the button says.
const SAVED_AS: [(&str, &str); 2] = [("csv", "CSV"), ("parquet", "Parquet")];

fn choose(page: &mut IndicatorsPage, key: FigureKey) {
    (page.chosen, page.rows_scroll) = (Some(key), 0.0);
}

fn rows_ui(k: &mut Kit<'_>, page: &mut IndicatorsPage, key: &FigureKey, rect: Rect) {
    if rect.height() < ROW_H * 1.5 {
        return;
    }
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let told = page.beneath.as_ref().filter(|it| it.key == *key);
    let n = told.map(|it| it.n);
    let title = n
        .map_or_else(|| k.t(tr::INDICATOR_ROWS).to_owned(), |n| k.m.lang.fill(tr::INDICATOR_N_ROWS, &[&n.to_string()]));
    let y = rect.top() + 17.0;
    k.bold(pos2(rect.left(), y), Align2::LEFT_CENTER, 13.0, SECONDARY, &title);
    let forms = if n.is_some_and(|it| it > 0) { &SAVED_AS[..] } else { &[] };
    for (i, (form, word)) in forms.iter().enumerate() {
        let right = rect.right() - 110.0 * i as f32;
        let save = Rect::from_min_max(pos2(right - 104.0, y - 13.0), pos2(right, y + 13.0));
        let label = k.m.lang.fill(tr::INDICATOR_SAVE, &[word]);
        if k.button(save, ("indicator-save", *form), 12.0, &label, false) {
            k.out.push(UiCommand::AskIndicators(IndicatorAsk::Save(key.clone(), form)));
        }
    }
    let list = Rect::from_min_max(pos2(rect.left(), y + 17.0), rect.max);
    let rows: Vec<BeneathRow> = told.map(|it| it.rows.clone()).unwrap_or_default();
    if k.ui.rect_contains_pointer(list) {
        page.rows_scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    page.rows_scroll = page.rows_scroll.clamp(0.0, (rows.len() as f32 * ROW_H - list.height()).max(0.0));
    let first = (page.rows_scroll / ROW_H).round() as usize;
    for (slot, row) in rows.iter().skip(first).enumerate() {
        let at = Rect::from_min_size(pos2(list.left(), list.top() + ROW_H * slot as f32), vec2(list.width(), ROW_H));
        if at.bottom() > list.bottom() + 0.5 {
            break;
        }
        row_ui(k, at, row, first + slot);
    }
}

fn row_ui(k: &mut Kit<'_>, at: Rect, row: &BeneathRow, i: usize) {
    let when = row.at_ms.map(|ms| k.m.lang.day_time(gulang_city::Timestamp(ms), k.now())).unwrap_or_default();
    let right = k.text(pos2(at.right(), at.top() + 10.0), Align2::RIGHT_CENTER, 11.0, TERTIARY, &when).left();
    let name = if row.name.is_empty() { &row.number } else { &row.name };
    let title = format!("{} {name}", row.kind);
    if let Some(selection) = selection_of(&row.id) {
        let response = k.hit(at, row_id("indicator-row", i), &title);
        if response.hovered() {
            k.fill(at, 2.0, SELECTED);
        }
        if response.clicked() {
            k.out.push(UiCommand::Select(Some(selection)));
        }
    }
    k.fit(
        pos2(at.left() + 4.0, at.top() + 10.0),
        Align2::LEFT_CENTER,
        13.0,
        SECONDARY,
        &title,
        right - at.left() - 10.0,
    );
    k.fit(pos2(at.left() + 4.0, at.top() + 26.0), Align2::LEFT_CENTER, 11.0, TERTIARY, &row.words, at.width() - 8.0);
    k.hline(at.left(), at.right(), at.bottom(), ROW);
}

/// What of it the map and the card can show.
fn selection_of(id: &RowId) -> Option<Selection> {
    Some(match id {
        RowId::Case(it) => Selection::Case(*it),
        RowId::Order(it) => Selection::Order(*it),
        RowId::Alarm(it) => Selection::Alarm(*it),
        RowId::Sensor(it) => Selection::Sensor(it.clone()),
        RowId::Team(it) => Selection::Team(it.clone()),
        RowId::Shelter(it) => Selection::Shelter(it.clone()),
        RowId::Depot(it) => Selection::Depot(it.clone()),
        RowId::Hospital(it) => Selection::Hospital(it.clone()),
        RowId::Camera(it) => Selection::Camera(it.clone()),
        RowId::Helipad(it) => Selection::Helipad(it.clone()),
        RowId::Dock(it) => Selection::Dock(it.clone()),
        RowId::Drone(it) => Selection::Drone(it.clone()),
        RowId::Evacuation(..) | RowId::Detection(_) | RowId::Platform(_) | RowId::Register(..) => return None,
    })
}

fn field_word(field: Field) -> Tr {
    match field {
        Field::District => tr::BY_DISTRICT,
        Field::Township => tr::BY_TOWNSHIP,
        Field::Agency => tr::BY_AGENCY,
        Field::Platform => tr::BY_PLATFORM,
        Field::Stage => tr::BY_STAGE,
        Field::Area => tr::BY_AREA,
        Field::Color => tr::BY_COLOR,
        _ => tr::BY_KIND,
    }
}
