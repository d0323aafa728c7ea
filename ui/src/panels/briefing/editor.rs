//! A briefing being written: its pages at the left, the page in hand as it will be shown, its words and figures at the right.
//!
//! The map in the page is the stage's and is moved by hand; 取景 keeps what it shows. Every change is told at once, is on the record
//! and can be taken back. Must not know: how a page is drawn ([`super::slide`]), or how words are typed ([`super::fields`]).

use super::fields::Field;
use super::picker::{For, Picked, Picker, picker_ui};
use super::presenter::{around, sixteen_by_nine};
use super::slide::{Numbers, Slide, moment, name_of, slide_ui};
use super::{Briefings, HEADER_H, files_ui, head_ui, look, presenter, since, wants};
use crate::i18n::{Tr, tr};
use crate::panels::indicators::Known;
use crate::panels::kit::{Kit, RealmMark, realm_mark, row_id};
use crate::panels::press;
use crate::stage::palette::Theme;
use crate::theme::*;
use egui::{Align2, Key, Modifiers, Rect, Sense, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::{indicators::Group, *};

const GAP: f32 = 8.0;
const BAR_H: f32 = 52.0;
const STRIP_W: f32 = 208.0;
const SIDE_W: f32 = 420.0;
const PAGE_H: f32 = 62.0;
const LINE_H: f32 = 30.0;
const TOOLS_H: f32 = 76.0;

/// What the officer did in this frame.
enum Act {
    Put(Box<Briefing>),
    /// The page of this place comes into hand with it.
    PutAt(Box<Briefing>, usize),
    /// The page of what is news is to be written.
    AddSince,
    Pick(For),
    Show,
    Undo,
    Remove,
    Back,
}

impl Act {
    fn put(briefing: Briefing) -> Self {
        Self::Put(Box::new(briefing))
    }

    fn put_at(briefing: Briefing, page: usize) -> Self {
        Self::PutAt(Box::new(briefing), page)
    }
}

/// The whole page; where the map shows through is returned, and what it is to show.
pub(super) fn editor_ui(
    k: &mut Kit<'_>,
    it: &mut Briefings,
    known: &mut Known,
    body: Rect,
    is_covered: bool,
) -> Option<(Rect, Option<Look>)> {
    let id = it.chosen.clone()?;
    let briefing = it.of(k.m.city, &id)?.clone();
    it.page = it.page.min(briefing.pages.len().saturating_sub(1));
    wants(known, &briefing);
    let numbers = Numbers::new(k, known, &briefing);
    let (top, bottom) = (body.top() + HEADER_H + GAP, body.bottom() - BAR_H - GAP);
    let side_w = SIDE_W.min(body.width() * 0.34);
    let strip_w = STRIP_W.min(body.width() * 0.16);
    let strip = Rect::from_min_max(pos2(body.left(), top), pos2(body.left() + strip_w, bottom));
    let side = Rect::from_min_max(pos2(body.right() - side_w, top), pos2(body.right(), bottom));
    let centre = Rect::from_min_max(pos2(strip.right() + GAP, top), pos2(side.left() - GAP, bottom));
    let bar = Rect::from_min_max(pos2(body.left(), bottom + GAP), body.max);

    let mut act = head_ui(k, body, &briefing.title, &told_of(k, &briefing), k.t(tr::BRIEF_BACK)).then_some(Act::Back);
    act = strip_ui(k, it, &numbers, &briefing, strip).or(act);
    let (map, more) = centre_ui(k, it, &numbers, &briefing, centre);
    act = more.or(act);
    k.fill(side, 4.0, PANEL);
    realm_mark(k, RealmMark::PanelLine(side));
    if let Some(picker) = &mut it.picker {
        match picker_ui(k, picker, known, side.shrink(6.0)) {
            Some(Picked::Closed) => it.picker = None,
            Some(Picked::Figure(key)) => {
                let what = picker.what;
                it.picker = None;
                act = put_figure(k, it, &id, &briefing, what, key);
            }
            None => {}
        }
    } else {
        act = side_ui(k, it, known, &id, &briefing, side.shrink(12.0)).or(act);
    }
    act = bar_ui(k, it, &numbers, &id, &briefing, bar).or(act);
    if !is_covered {
        act = keys(k, it, &briefing).or(act);
    }
    add_since(k, it, &id, &briefing);
    let look = briefing.pages.get(it.page).and_then(|page| page.look.clone());
    if let Some(act) = act {
        obey(k, it, &id, act);
    }
    map.map(|map| (map, look))
}

fn obey(k: &mut Kit<'_>, it: &mut Briefings, id: &BriefingId, act: Act) {
    match act {
        Act::Put(briefing) => drop(it.put(k, id, *briefing)),
        Act::PutAt(briefing, page) => {
            if it.put(k, id, *briefing) {
                it.page = page;
            }
        }
        Act::AddSince => it.since.ask_for_page(),
        Act::Pick(what) => it.picker = Some(Picker::new(what)),
        Act::Show => {
            let page = it.page + 1;
            presenter::start(k, it, id, page);
        }
        Act::Undo => {
            if it.ask(k, Command::UndoBriefing { id: id.clone() }) {
                it.told = None;
            }
        }
        Act::Remove => it.remove(k, id),
        Act::Back => {
            it.chosen = None;
        }
    }
}

/// Live or frozen, and how many pages.
fn told_of(k: &Kit<'_>, briefing: &Briefing) -> String {
    let n = k.m.lang.fill(tr::BRIEF_N_PAGES, &[&briefing.pages.len().to_string()]);
    let of = match &briefing.frozen {
        Some(frozen) => k.m.lang.fill(tr::BRIEF_FROZEN_AT, &[&moment(k.m.lang, frozen.at)]),
        None => k.t(tr::BRIEF_LIVE).to_owned(),
    };
    format!("{n}・{of}")
}

// ---------------------------------------------------------------- the pages

fn strip_ui(k: &Kit<'_>, it: &mut Briefings, numbers: &Numbers<'_>, briefing: &Briefing, rect: Rect) -> Option<Act> {
    k.fill(rect, 4.0, PANEL);
    realm_mark(k, RealmMark::PanelLine(rect));
    let inner = rect.shrink(8.0);
    let is_barred = press::barred(k, "put_briefing").is_some();
    let n = briefing.pages.len();
    let button = |i: f32| {
        Rect::from_min_size(
            pos2(inner.left(), inner.bottom() - (LINE_H + 6.0) * (4.0 - i) + 6.0),
            vec2(inner.width(), LINE_H),
        )
    };
    let mut act = None;
    let is_full = is_barred || n >= MAX_PAGES;
    if press::guarded_ui(k, button(0.0), "page-new", 13.0, k.t(tr::BRIEF_PAGE_NEW), is_full) {
        let page = BriefingPage { headline: k.t(tr::BRIEF_FIRST_HEADLINE).into(), ..BriefingPage::default() };
        act = Some(with_page(briefing, it.page + 1, page));
    }
    if press::guarded_ui(k, button(1.0), "page-since", 13.0, k.t(tr::BRIEF_PAGE_SINCE), is_full) {
        act = Some(Act::AddSince);
    }
    if press::guarded_ui(k, button(2.0), "page-copy", 13.0, k.t(tr::BRIEF_PAGE_COPY), is_full) {
        act = briefing.pages.get(it.page).map(|page| with_page(briefing, it.page + 1, page.clone()));
    }
    if press::guarded_ui(k, button(3.0), "page-remove", 13.0, k.t(tr::BRIEF_PAGE_REMOVE), is_barred || n <= 1) {
        let mut briefing = briefing.clone();
        briefing.pages.remove(it.page);
        act = Some(Act::put_at(briefing, it.page.saturating_sub(1)));
    }
    let list = Rect::from_min_max(inner.min, pos2(inner.right(), button(0.0).top() - 8.0));
    let n_fitting = (list.height() / PAGE_H).floor().max(1.0) as usize;
    // The page in hand stays in sight.
    let first = (it.page + 1).saturating_sub(n_fitting.div_ceil(2)).min(n.saturating_sub(n_fitting));
    let row_of = |slot: usize| {
        Rect::from_min_size(pos2(list.left(), list.top() + PAGE_H * slot as f32), vec2(list.width(), PAGE_H - 6.0))
    };
    let pointer = k.ui.input(|input| input.pointer.interact_pos());
    let under = pointer
        .map(|at| (first + ((at.y - list.top()) / PAGE_H).clamp(0.0, n as f32) as usize).min(n.saturating_sub(1)));
    for (slot, (i, page)) in briefing.pages.iter().enumerate().skip(first).take(n_fitting).enumerate() {
        let row = row_of(slot);
        let headline = numbers.fill(k, &page.headline);
        let name = format!("{}  {headline}", i + 1);
        let response = k.ui.interact(row, k.ui.id().with(row_id("brief-page", i)), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &name));
        let is_chosen = it.page == i;
        k.fill(row, 3.0, if is_chosen || response.hovered() { SELECTED } else { RAISED });
        let line = if is_chosen || response.has_focus() { ACCENT } else { HAIR };
        k.outline(row, 3.0, if is_chosen { 1.5 } else { 1.0 }, line);
        k.bold(pos2(row.left() + 10.0, row.top() + 16.0), Align2::LEFT_CENTER, 13.0, TERTIARY, &(i + 1).to_string());
        let words = Rect::from_min_max(pos2(row.left() + 34.0, row.top() + 6.0), row.max - vec2(6.0, 2.0));
        k.wrap(words, 13.0, if is_chosen { PRIMARY } else { SECONDARY }, &headline);
        if response.clicked() {
            it.page = i;
        }
        if response.drag_started() && !is_barred {
            it.dragged = Some(i);
        }
    }
    let Some(from) = it.dragged else { return act };
    if let Some(to) = under.filter(|to| *to != from) {
        let row = row_of(to.saturating_sub(first));
        let y = if to > from { row.bottom() + 3.0 } else { row.top() - 3.0 };
        k.fill(Rect::from_min_max(pos2(row.left(), y - 1.5), pos2(row.right(), y + 1.5)), 0.0, ACCENT);
    }
    if k.ui.input(|input| input.pointer.any_released() || !input.pointer.any_down()) {
        it.dragged = None;
        act = under.and_then(|to| moved(briefing, from, to)).or(act);
    }
    act
}

fn with_page(briefing: &Briefing, at: usize, page: BriefingPage) -> Act {
    let mut briefing = briefing.clone();
    let at = at.min(briefing.pages.len());
    briefing.pages.insert(at, page);
    Act::put_at(briefing, at)
}

/// A page at another place; `None` if it is there already.
fn moved(briefing: &Briefing, from: usize, to: usize) -> Option<Act> {
    if from == to || from.max(to) >= briefing.pages.len() {
        return None;
    }
    let mut briefing = briefing.clone();
    let page = briefing.pages.remove(from);
    briefing.pages.insert(to, page);
    Some(Act::put_at(briefing, to))
}

/// The page that was asked for, once the hub told what is news.
fn add_since(k: &mut Kit<'_>, it: &mut Briefings, id: &BriefingId, briefing: &Briefing) {
    let Some(told) = it.since.page_asked(k) else { return };
    match told {
        Ok(told) => {
            let page = since::page_of(k.m.lang, &told, k.now());
            obey(k, it, id, with_page(briefing, it.page + 1, page));
        }
        Err(why) => it.note = Some(why),
    }
}

// ---------------------------------------------------------------- the page in hand

/// The page as it will be shown, and below it what its map shows. The map's place is returned.
fn centre_ui(
    k: &Kit<'_>,
    it: &mut Briefings,
    numbers: &Numbers<'_>,
    briefing: &Briefing,
    rect: Rect,
) -> (Option<Rect>, Option<Act>) {
    let above = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - TOOLS_H));
    let slide_rect = sixteen_by_nine(above);
    let slide = Slide { briefing, at: it.page, theme: it.theme(), has_map: true };
    let map = slide_ui(k, numbers, &slide, &mut it.charts[0], slide_rect);
    for part in around(rect, slide_rect) {
        k.fill(part, 0.0, APP);
    }
    k.outline(slide_rect, 0.0, 1.0, STRONG);
    let tools = Rect::from_min_max(pos2(rect.left(), slide_rect.bottom() + GAP), pos2(rect.right(), rect.bottom()));
    (map, tools_ui(k, it, briefing, tools))
}

/// 取景 and the layers that are shown only where somebody asks for them.
fn tools_ui(k: &Kit<'_>, it: &Briefings, briefing: &Briefing, rect: Rect) -> Option<Act> {
    let page = briefing.pages.get(it.page)?;
    let is_barred = press::barred(k, "put_briefing").is_some();
    let (mut x, mut y) = (rect.left(), rect.top());
    let mut next = |k: &Kit<'_>, word: &str| {
        let width = k.width(13.0, word) + 24.0;
        if x + width > rect.right() && x > rect.left() {
            (x, y) = (rect.left(), y + LINE_H + 6.0);
        }
        let at = Rect::from_min_size(pos2(x, y), vec2(width, LINE_H));
        x = at.right() + 6.0;
        (at.bottom() <= rect.bottom() + 0.5).then_some(at)
    };
    let with = |look: Option<Look>| {
        let mut briefing = briefing.clone();
        if let Some(page) = briefing.pages.get_mut(it.page) {
            page.look = look;
        }
        Act::put(briefing)
    };
    let mut act = None;
    let Some(look) = &page.look else {
        let word = k.t(tr::BRIEF_MAP_ADD);
        if press::guarded_ui(k, next(k, word)?, "look-add", 13.0, word, is_barred) {
            // The map is not to be seen now: what it showed last is taken, to be moved once it is here.
            act = Some(with(Some(it.eye.home().unwrap_or_else(|| look::here(k, Vec::new())))));
        }
        return act;
    };
    let word = k.t(tr::BRIEF_MAP_TAKE);
    if press::guarded_ui(k, next(k, word)?, "look-take", 13.0, word, is_barred) {
        act = Some(with(Some(look::here(k, look.layers.clone()))));
    }
    let word = k.t(tr::BRIEF_MAP_REMOVE);
    if press::guarded_ui(k, next(k, word)?, "look-remove", 13.0, word, is_barred) {
        act = Some(with(None));
    }
    for (id, name) in look::unusual(k) {
        let is_on = look.layers.contains(id);
        let Some(at) = next(k, name) else { break };
        let label = k.m.lang.fill(tr::BRIEF_LAYER, &[name]);
        k.fill(at, 3.0, if is_on { SELECTED } else { PANEL });
        k.outline(at, 3.0, 1.0, if is_on { ACCENT } else { HAIR });
        k.fit_center(at, 13.0, if is_on { PRIMARY } else { TERTIARY }, name, false);
        if k.hit(at, row_id("look-layer", id), &label).clicked() && !is_barred {
            let mut look = look.clone();
            match is_on {
                true => look.layers.retain(|it| it != id),
                false => look.layers.push(id.clone()),
            }
            act = Some(with(Some(look)));
        }
    }
    act
}

// ---------------------------------------------------------------- words and figures

/// Rows from top to bottom, those that are scrolled out left out.
struct Column {
    rect: Rect,
    /// Below the rows so far, from the first one's top.
    y: f32,
    scroll: f32,
}

impl Column {
    fn next(&mut self, height: f32) -> Option<Rect> {
        let at = Rect::from_min_size(
            pos2(self.rect.left(), self.rect.top() + self.y - self.scroll),
            vec2(self.rect.width(), height),
        );
        self.y += height + 6.0;
        (at.top() >= self.rect.top() - 0.5 && at.bottom() <= self.rect.bottom() + 0.5).then_some(at)
    }
}

/// A row with words at its left and up to two buttons at its right.
fn caption_ui(
    k: &Kit<'_>,
    column: &mut Column,
    words: &str,
    buttons: &[(Tr, (&'static str, usize), bool)],
) -> Option<usize> {
    let row = column.next(28.0)?;
    let mut right = row.right();
    let mut pressed = None;
    for (i, (label, id, is_barred)) in buttons.iter().enumerate().rev() {
        let word = k.t(*label);
        let at =
            Rect::from_min_max(pos2(right - k.width(12.0, word) - 18.0, row.top() + 2.0), pos2(right, row.bottom()));
        if press::guarded_ui(k, at, *id, 12.0, word, *is_barred) {
            pressed = Some(i);
        }
        right = at.left() - 6.0;
    }
    k.fit(pos2(row.left(), row.center().y + 2.0), Align2::LEFT_CENTER, 13.0, TERTIARY, words, right - row.left() - 6.0);
    pressed
}

fn side_ui(
    k: &mut Kit<'_>,
    it: &mut Briefings,
    known: &Known,
    id: &BriefingId,
    briefing: &Briefing,
    rect: Rect,
) -> Option<Act> {
    let page = briefing.pages.get(it.page)?;
    let is_barred = press::barred(k, "put_briefing").is_some();
    if k.ui.rect_contains_pointer(rect) && !k.ui.ctx().text_edit_focused() {
        it.side_scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    it.side_scroll = it.side_scroll.clamp(0.0, it.side_most);
    let mut column = Column { rect, y: 0.0, scroll: it.side_scroll };
    let changed = |change: &dyn Fn(&mut BriefingPage)| {
        let mut briefing = briefing.clone();
        if let Some(page) = briefing.pages.get_mut(it.page) {
            change(page);
        }
        Act::put(briefing)
    };
    let mut act = None;
    let mut fields = Vec::new();
    let mut field =
        |column: &mut Column, what: Field, height: f32| fields.extend(column.next(height).map(|at| (what, at)));

    field(&mut column, Field::Title, LINE_H);
    field(&mut column, Field::Host, LINE_H);
    let words = k.m.lang.fill(tr::BRIEF_HEADLINE_OF, &[&(it.page + 1).to_string()]);
    let insert = [(tr::BRIEF_INSERT, ("insert", 0), is_barred)];
    if caption_ui(k, &mut column, &words, &insert).is_some() {
        act = Some(Act::Pick(For::Words));
    }
    field(&mut column, Field::Headline, 76.0);

    let n = page.figures.len();
    let add = [(tr::BRIEF_ADD, ("figure-add", 0), is_barred || n >= MAX_PAGE_FIGURES)];
    if caption_ui(k, &mut column, k.t(tr::BRIEF_FIGURES), &add).is_some() {
        act = Some(Act::Pick(For::NewFigure));
    }
    for (i, figure) in page.figures.iter().enumerate() {
        let buttons = [
            (tr::BRIEF_CHANGE, ("figure-change", i), is_barred),
            (tr::BRIEF_TAKE_OUT, ("figure-remove", i), is_barred),
        ];
        match caption_ui(k, &mut column, &name_of(k, known, &figure.key), &buttons) {
            Some(0) => act = Some(Act::Pick(For::Figure(i))),
            Some(_) => act = Some(changed(&|page| drop(page.figures.remove(i)))),
            None => {}
        }
        field(&mut column, Field::Label(i), LINE_H);
        field(&mut column, Field::Note(i), LINE_H);
    }

    match &page.chart {
        None => {
            if caption_ui(k, &mut column, k.t(tr::BRIEF_CHART), &[(tr::BRIEF_ADD, ("chart-add", 0), is_barred)])
                .is_some()
            {
                act = Some(Act::Pick(For::Chart));
            }
        }
        Some(chart) => {
            let (kind, other) = match chart.kind {
                PageChartKind::Trend => (tr::BRIEF_CHART_GROUPS, PageChartKind::Groups),
                PageChartKind::Groups => (tr::BRIEF_CHART_TREND, PageChartKind::Trend),
            };
            let words = format!("{}：{}", k.t(tr::BRIEF_CHART), name_of(k, known, &chart.key));
            let buttons = [
                (kind, ("chart-kind", 0), is_barred),
                (tr::BRIEF_CHANGE, ("chart-change", 0), is_barred),
                (tr::BRIEF_TAKE_OUT, ("chart-remove", 0), is_barred),
            ];
            match caption_ui(k, &mut column, &words, &buttons) {
                Some(0) => {
                    let with = |page: &mut BriefingPage| page.chart.iter_mut().for_each(|it| it.kind = other);
                    act = Some(changed(&with));
                }
                Some(1) => act = Some(Act::Pick(For::Chart)),
                Some(_) => act = Some(changed(&|page| page.chart = None)),
                None => {}
            }
            field(&mut column, Field::ChartTitle, LINE_H);
        }
    }

    match &page.decision {
        None => {
            let add = [(tr::BRIEF_ADD, ("decision-add", 0), is_barred)];
            if caption_ui(k, &mut column, k.t(tr::BRIEF_DECISION), &add).is_some() {
                let question: Text = k.t(tr::BRIEF_FIRST_QUESTION).into();
                let with = |page: &mut BriefingPage| {
                    page.decision = Some(Decision { question: question.clone(), ..Decision::default() });
                };
                act = Some(changed(&with));
            }
        }
        Some(_) => {
            let out = [(tr::BRIEF_TAKE_OUT, ("decision-remove", 0), is_barred)];
            if caption_ui(k, &mut column, k.t(tr::BRIEF_DECISION), &out).is_some() {
                act = Some(changed(&|page| page.decision = None));
            }
            field(&mut column, Field::Question, LINE_H);
            field(&mut column, Field::Consequence, 48.0);
            field(&mut column, Field::Until, LINE_H);
            field(&mut column, Field::Owner, LINE_H);
        }
    }
    caption_ui(k, &mut column, k.t(tr::BRIEF_NOTES_OF), &[]);
    let notes_h = (rect.height() - column.y).clamp(96.0, 220.0);
    field(&mut column, Field::Notes, notes_h);
    it.side_most = (column.y - 6.0 - rect.height()).max(0.0);
    for (what, at) in fields {
        it.field_ui(k, id, briefing, what, at);
    }
    act
}

/// What was picked goes where it was picked for.
fn put_figure(
    k: &mut Kit<'_>,
    it: &mut Briefings,
    id: &BriefingId,
    briefing: &Briefing,
    what: For,
    key: indicators::FigureKey,
) -> Option<Act> {
    let mut briefing = briefing.clone();
    let page = briefing.pages.get_mut(it.page)?;
    match what {
        For::Words => {
            let word = match key.group {
                Group::City => key.indicator.to_string(),
                Group::Of { .. } => key.to_string(),
            };
            it.insert(k, id, &format!("{{{word}}}"));
            return None;
        }
        For::NewFigure => page.figures.push(PageFigure { key, label: "".into(), note: "".into() }),
        For::Figure(i) => page.figures.get_mut(i)?.key = key,
        For::Chart => match &mut page.chart {
            Some(chart) => chart.key = key,
            none => *none = Some(PageChart { key, kind: PageChartKind::default(), title: "".into() }),
        },
    }
    Some(Act::put(briefing))
}

// ---------------------------------------------------------------- the bar

fn bar_ui(
    k: &mut Kit<'_>,
    it: &mut Briefings,
    numbers: &Numbers<'_>,
    id: &BriefingId,
    briefing: &Briefing,
    bar: Rect,
) -> Option<Act> {
    k.fill(bar, 4.0, RAISED);
    realm_mark(k, RealmMark::PanelLine(bar));
    let y = bar.center().y;
    let mut x = bar.left() + 10.0;
    let mut next = |k: &Kit<'_>, word: &str| {
        let at = Rect::from_min_size(pos2(x, y - 17.0), vec2(k.width(14.0, word) + 28.0, 34.0));
        x = at.right() + 8.0;
        at
    };
    let mut act = None;
    let word = k.t(tr::BRIEF_SHOW);
    if press::guarded_ui(k, next(k, word), "brief-show", 14.0, word, press::barred(k, "show_scene").is_some()) {
        act = Some(Act::Show);
    }
    let put_barred = press::barred(k, "put_briefing").is_some();
    let word = k.t(if briefing.frozen.is_some() { tr::BRIEF_THAW } else { tr::BRIEF_FREEZE });
    if press::guarded_ui(k, next(k, word), "brief-freeze", 14.0, word, put_barred) {
        let frozen = match briefing.frozen {
            Some(_) => None,
            None => Some(numbers.frozen(k, briefing)),
        };
        act = Some(Act::put(Briefing { frozen, ..briefing.clone() }));
    }
    let word = k.t(tr::BRIEF_UNDO);
    let has_before = k.m.city.briefings.get(id).is_some_and(|it| !it.before.is_empty());
    let is_barred = !has_before || press::barred(k, "undo_briefing").is_some();
    if press::guarded_ui(k, next(k, word), "brief-undo", 14.0, word, is_barred) {
        act = Some(Act::Undo);
    }
    let is_light = it.theme() == Theme::Light;
    let word = k.t(if is_light { tr::BRIEF_DARK_THEME } else { tr::BRIEF_LIGHT_THEME });
    if k.button(next(k, word), "brief-theme", 14.0, word, false) {
        it.is_dark = is_light;
    }
    let is_asked = it.removing.as_ref().is_some_and(|it| it.0 == *id);
    let word = k.t(if is_asked { tr::BRIEF_REMOVE_SURE } else { tr::BRIEF_REMOVE });
    let is_barred = press::barred(k, "remove_briefing").is_some();
    if press::guarded_ui(k, next(k, word), "brief-remove", 14.0, word, is_barred) {
        act = Some(Act::Remove);
    }
    let right = files_ui(k, id, it.theme(), pos2(bar.right() - 10.0, y));
    let (text, ink) = match (&it.note, press::barred(k, "put_briefing")) {
        (Some(note), _) => (note.clone(), STALE),
        (None, Some(why)) => (why, STALE),
        (None, None) => (k.t(tr::BRIEF_EDIT_KEYS).to_owned(), TERTIARY),
    };
    k.fit(pos2(x + 8.0, y), Align2::LEFT_CENTER, 13.0, ink, &text, right - x - 20.0);
    act
}

/// `PageUp` and `PageDown`, with Shift they carry the page; F5 shows it.
fn keys(k: &Kit<'_>, it: &mut Briefings, briefing: &Briefing) -> Option<Act> {
    if k.ui.ctx().text_edit_focused() || it.picker.is_some() {
        return None;
    }
    let pressed =
        |key: Key, with: Modifiers| k.ui.input(|input| input.key_pressed(key) && input.modifiers.matches_exact(with));
    let last = briefing.pages.len().saturating_sub(1);
    let is_barred = press::barred(k, "put_briefing").is_some();
    for (key, to) in [(Key::PageUp, it.page.saturating_sub(1)), (Key::PageDown, (it.page + 1).min(last))] {
        if pressed(key, Modifiers::NONE) {
            it.page = to;
        }
        if pressed(key, Modifiers::SHIFT) && !is_barred {
            return moved(briefing, it.page, to);
        }
    }
    let may_show = press::barred(k, "show_scene").is_none();
    (pressed(Key::F5, Modifiers::NONE) && may_show).then_some(Act::Show)
}
