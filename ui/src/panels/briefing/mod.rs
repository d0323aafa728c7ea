//! 会商简报: pages a duty officer tells leaders by, written and shown.
//!
//! ```text
//! slide      one page at any size            look     the stage's camera, layers and colours while pages are shown
//! editor     a briefing being written        fields, picker   what its words and figures are written with
//! presenter  a briefing being shown          since    what is news since the last one
//! ```
//! On the desk it takes everything under the top bar, for the map of a page is the stage's own and shows through. A briefing is the
//! city's: every change and every page turned is a command, and what was told is shown until its record comes.

mod editor;
mod fields;
mod look;
mod picker;
mod presenter;
mod since;
mod slide;

use super::indicators::Known;
use super::kit::{Kit, RealmMark, realm_mark};
use super::{Model, PanelState, UiCommand, press};
use crate::briefings::{BriefingAsk, BriefingNews};
use crate::charts::Kept;
use crate::i18n::{Lang, tr};
use crate::stage::palette::Theme;
use crate::theme::*;
use egui::{Align2, Color32, Key, Rect, pos2, vec2};
use gulang_city::{indicators::FigureKey, *};

/// A change whose record did not come back within so long was not taken, s on egui's clock.
const HEARD_WITHIN_SECS: f64 = 3.0;
const HEADER_H: f32 = 44.0;
const ROW_H: f32 = 64.0;
const SIDE_W: f32 = 380.0;
/// How the clock of a black wall is drawn: to be found by who looks for it, and by nobody else.
const BLACK_CLOCK: Color32 = Color32::from_rgb(0x33, 0x3B, 0x42);

/// What this screen remembers of briefings.
#[derive(Default)]
pub(in crate::panels) struct Briefings {
    /// The one in hand; none is the list of all.
    chosen: Option<BriefingId>,
    /// The page in hand, from 0.
    page: usize,
    told: Option<Told>,
    /// Why the last change was not told, or that it was.
    note: Option<String>,
    hands: fields::Hands,
    picker: Option<picker::Picker>,
    /// A page of the strip in hand.
    dragged: Option<usize>,
    presenting: Option<presenter::Presenting>,
    since: since::Since,
    /// Pages are drawn, and saved, in the dark colours.
    is_dark: bool,
    /// A second press removes it; on egui's clock, s.
    removing: Option<(BriefingId, f64)>,
    scroll: f32,
    /// How far the words of a page are scrolled, and how far they can be.
    side_scroll: f32,
    side_most: f32,
    eye: look::Eye,
    /// A page was drawn on this wall in the last frame.
    is_on_wall: bool,
    /// Of the page, and of the one after it.
    charts: [Kept; 2],
}

/// What the city was told and has not answered yet.
struct Told {
    id: BriefingId,
    briefing: Briefing,
    /// On egui's clock, s; not a number until the clock is known.
    at: f64,
}

impl Briefings {
    /// One step back; `false` if the page itself is to be closed. A field lets go of the keyboard first.
    pub fn back(&mut self) -> bool {
        if self.hands.was_typing() || self.picker.take().is_some() {
            return true;
        }
        if self.since.close() {
            return true;
        }
        self.chosen.take().is_some()
    }

    /// This wall shows a page.
    pub fn is_on_wall(&self) -> bool {
        self.is_on_wall
    }

    /// The stage is looked through by a page: the rows of its layers are wanted.
    pub fn wants_layers(&self) -> bool {
        self.eye.is_open()
    }

    /// A page is being written: the map in it is moved by hand.
    pub fn lends_map(&self) -> bool {
        self.chosen.is_some() && self.presenting.is_none() && self.picker.is_none()
    }

    /// Takes an answer in; a line for the officer, if it is one to a press.
    pub fn take(&mut self, news: BriefingNews, lang: Lang) -> Option<String> {
        match news {
            BriefingNews::Since(told) => self.since.take(told),
            BriefingNews::Saved(Ok(path)) => return Some(lang.fill(tr::BRIEF_SAVED, &[&path])),
            BriefingNews::Saved(Err(why)) => return Some(lang.fill(tr::BRIEF_NOT_SAVED, &[&why])),
        }
        None
    }

    pub fn set_theme(&mut self, theme: Theme) {
        self.is_dark = theme == Theme::Dark;
    }

    fn theme(&self) -> Theme {
        if self.is_dark { Theme::Dark } else { Theme::Light }
    }

    /// A briefing as it is, or as it will be once the record of the last change is here.
    fn of<'a>(&'a self, city: &'a City, id: &BriefingId) -> Option<&'a Briefing> {
        let told = self.told.as_ref().filter(|it| it.id == *id).map(|it| &it.briefing);
        told.or_else(|| city.briefings.get(id).map(|it| &it.briefing))
    }

    /// What was told is on its way for a few seconds, until its record comes.
    fn follow(&mut self, k: &Kit<'_>) {
        let time = k.ui.input(|input| input.time);
        if let Some(told) = &mut self.told {
            if told.at.is_nan() {
                told.at = time;
            }
            let is_heard = k.m.city.briefings.get(&told.id).is_some_and(|it| it.briefing == told.briefing);
            if is_heard || time > told.at + HEARD_WITHIN_SECS {
                self.told = None;
            }
        }
        self.removing = self.removing.take().filter(|it| time < it.1 + HEARD_WITHIN_SECS);
        let is_gone = |id: &BriefingId| self.of(k.m.city, id).is_none();
        if self.chosen.as_ref().is_some_and(is_gone) {
            self.chosen = None;
        }
    }

    /// Tells the city of a briefing as it is to be; what the rules refuse is not told, and the reason is noted.
    fn put(&mut self, k: &mut Kit<'_>, id: &BriefingId, briefing: Briefing) -> bool {
        if self.of(k.m.city, id) == Some(&briefing) {
            return true;
        }
        let command = Command::PutBriefing { id: id.clone(), briefing: briefing.clone() };
        self.note = press::refused(k, &command);
        if self.note.is_some() {
            return false;
        }
        self.told = Some(Told { id: id.clone(), briefing, at: k.ui.input(|input| input.time) });
        k.out.push(UiCommand::Submit(command));
        true
    }

    /// Asks for anything else of the city.
    fn ask(&mut self, k: &mut Kit<'_>, command: Command) -> bool {
        self.note = press::refused(k, &command);
        if self.note.is_none() {
            k.out.push(UiCommand::Submit(command));
        }
        self.note.is_none()
    }

    /// A new one, and it is in hand.
    fn begin(&mut self, k: &mut Kit<'_>, briefing: Briefing) {
        let mut n = k.m.city.seq + 1;
        let name = |n: u64| BriefingId::from(&*format!("b{n}"));
        while k.m.city.briefings.contains_key(&name(n)) {
            n += 1;
        }
        if self.put(k, &name(n), briefing) {
            (self.chosen, self.page) = (Some(name(n)), 0);
        }
    }

    /// Removes one at the second press.
    fn remove(&mut self, k: &mut Kit<'_>, id: &BriefingId) {
        if self.removing.take().is_some_and(|it| it.0 == *id) {
            if self.ask(k, Command::RemoveBriefing { id: id.clone() }) {
                self.told = None;
            }
            return;
        }
        self.removing = Some((id.clone(), k.ui.input(|input| input.time)));
    }
}

/// Which briefing the walls show, and which of its pages: from 1, 0 is black. A page that was taken away meanwhile is the last.
pub(super) fn shown(city: &City, scene: &str) -> Option<(BriefingId, usize)> {
    let (id, page) = scene_briefing(scene)?;
    let n = city.briefings.get(&id)?.briefing.pages.len();
    Some((id, page.min(n)))
}

/// 放进简报: a figure beside the map of the page in hand.
pub(super) fn add_figure(state: &mut PanelState, model: &Model<'_>, key: FigureKey, out: &mut Vec<UiCommand>) {
    let it = &mut state.briefing;
    let in_hand = it.chosen.clone().and_then(|id| Some((it.of(model.city, &id)?.clone(), id)));
    let said = in_hand.map_or_else(
        || model.lang.t(tr::BRIEF_NONE_IN_HAND).to_owned(),
        |(mut briefing, id)| {
            let n = it.page + 1;
            let Some(page) = briefing.pages.get_mut(it.page) else { return String::new() };
            if page.figures.len() >= MAX_PAGE_FIGURES {
                return model.lang.fill(tr::BRIEF_PAGE_FULL, &[&n.to_string()]);
            }
            page.figures.push(PageFigure { key, label: "".into(), note: "".into() });
            let title = briefing.title.clone();
            let command = Command::PutBriefing { id: id.clone(), briefing: briefing.clone() };
            match model.city.decide_from(&Source::Seat(model.seat.clone()), &command, model.clock.now) {
                Ok(_) => {
                    it.told = Some(Told { id, briefing, at: f64::NAN });
                    out.push(UiCommand::Submit(command));
                    model.lang.fill(tr::BRIEF_PUT_ON, &[&title, &n.to_string()])
                }
                Err(why) => why.to_string(),
            }
        },
    );
    state.notify(said);
}

/// Esc where a briefing is being shown from here: it ends. `false` where none is.
pub(super) fn escape(model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>) -> bool {
    if state.briefing.presenting.take().is_none() {
        return false;
    }
    out.push(UiCommand::Submit(presenter::ending(model.city)));
    true
}

// ---------------------------------------------------------------- on a wall

/// A page over the whole wall, under the banner of an exercise. `D` there: the other colours, on this wall alone.
pub(super) fn wall_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect, id: &BriefingId, page: usize) {
    state.map_rect = Rect::NOTHING;
    let Some(kept) = k.m.city.briefings.get(id) else { return };
    let mut it = std::mem::take(&mut state.briefing);
    let mut known = std::mem::take(&mut state.known);
    it.is_on_wall = true;
    if k.ui.input(|input| input.key_pressed(Key::D) && !input.modifiers.any()) {
        it.is_dark = !it.is_dark;
    }
    wants(&mut known, &kept.briefing);
    match page.checked_sub(1) {
        None => {
            it.eye.blink();
            black_ui(k, rect);
        }
        Some(at) => {
            let slide = slide::Slide { briefing: &kept.briefing, at, theme: it.theme(), has_map: true };
            let numbers = slide::Numbers::new(k, &known, &kept.briefing);
            let map = slide::slide_ui(k, &numbers, &slide, &mut it.charts[0], rect);
            state.map_rect = map.unwrap_or(Rect::NOTHING);
            let look = kept.briefing.pages.get(at).and_then(|it| it.look.as_ref());
            it.eye.see(k, state.map_rect, look, slide.theme);
        }
    }
    ask_for_figures(k, &mut known);
    (state.briefing, state.known) = (it, known);
}

/// Nothing, and what time it is.
fn black_ui(k: &Kit<'_>, rect: Rect) {
    k.fill(rect, 0.0, Color32::BLACK);
    let at = rect.max - vec2(60.0, 50.0) * k.s;
    k.text(at, Align2::RIGHT_BOTTOM, 48.0, BLACK_CLOCK, &k.now().hm());
}

/// No page is shown: the map goes back to where it was. `map_rect` is this frame's.
pub(super) fn rest(k: &mut Kit<'_>, state: &mut PanelState) {
    let map = state.map_rect;
    state.briefing.is_on_wall = false;
    state.briefing.eye.rest(k, map);
}

/// Whose past the pages draw: their charts', and no others'.
fn wants(known: &mut Known, briefing: &Briefing) {
    if briefing.frozen.is_none() {
        let charts = briefing.pages.iter().filter_map(|it| it.chart.as_ref());
        known.wants_trends(charts.filter(|it| it.kind == PageChartKind::Trend).map(|it| it.key.clone()));
    }
}

fn ask_for_figures(k: &mut Kit<'_>, known: &mut Known) {
    if k.m.is_replay() {
        return;
    }
    let time = k.ui.input(|input| input.time);
    k.out.extend(known.asks(time).into_iter().map(UiCommand::AskIndicators));
}

// ---------------------------------------------------------------- on the desk

/// Everything under the desk's top bar.
pub(super) fn briefings_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let mut it = std::mem::take(&mut state.briefing);
    let mut known = std::mem::take(&mut state.known);
    it.follow(k);
    // The map shows where a page leaves room for it, and nowhere else.
    state.map_rect = Rect::NOTHING;
    let is_covered = state.sheet.is_some() || state.board.is_some() || state.replay.is_picking();
    presenter::follow(k, &mut it);
    it.hands.begin();
    let foot = if state.notices.is_empty() { 0.0 } else { 30.0 };
    let body = Rect::from_min_max(body.min, body.max - vec2(0.0, foot));
    let mut is_closed = false;
    let map = if it.presenting.is_some() {
        presenter::presenter_ui(k, &mut it, &mut known, body, is_covered)
    } else if it.since.is_open() {
        frame_ui(k, body);
        since::page_ui(k, &mut it, body);
        None
    } else if it.chosen.is_some() {
        editor::editor_ui(k, &mut it, &mut known, body, is_covered)
    } else {
        frame_ui(k, body);
        is_closed = list_ui(k, &mut it, body);
        None
    };
    it.commit(k);
    match map {
        Some((map, look)) => {
            state.map_rect = map;
            let theme = it.theme();
            it.eye.see(k, map, look.as_ref(), theme);
        }
        None => it.eye.blink(),
    }
    ask_for_figures(k, &mut known);
    if let Some(ask) = it.since.due(k) {
        k.out.push(UiCommand::AskBriefings(ask));
    }
    (state.briefing, state.known) = (it, known);
    if is_closed {
        state.pages.close();
    }
}

fn frame_ui(k: &Kit<'_>, body: Rect) {
    k.fill(body, 4.0, PANEL);
    realm_mark(k, RealmMark::PanelLine(body));
}

/// Title and what is beside it, with a way back or out; `true` once that was pressed.
fn head_ui(k: &Kit<'_>, body: Rect, title: &str, sub: &str, way: &str) -> bool {
    let head = Rect::from_min_size(body.min, vec2(body.width(), HEADER_H));
    k.fill(head.shrink(1.0), 4.0, RAISED);
    k.hline(head.left(), head.right(), head.bottom(), HAIR);
    let y = head.center().y;
    let x = head.left() + 16.0 + realm_mark(k, RealmMark::Chip(pos2(head.left() + 16.0, y), 13.0));
    let width = k.width(13.0, way) + 24.0;
    let button = Rect::from_min_max(pos2(head.right() - width - 10.0, y - 15.0), pos2(head.right() - 10.0, y + 15.0));
    let title = k.bold_fit(pos2(x, y), Align2::LEFT_CENTER, 17.0, PRIMARY, title, button.left() - x - 8.0);
    let x = title.right() + 14.0;
    k.fit(pos2(x, y + 1.0), Align2::LEFT_CENTER, 13.0, SECONDARY, sub, button.left() - x - 10.0);
    k.button(button, "briefing-way", 13.0, way, false)
}

/// Every briefing with when it was shown, what one can begin with, and what is on the walls. `true` once it is to be closed.
fn list_ui(k: &mut Kit<'_>, it: &mut Briefings, body: Rect) -> bool {
    let sub = k.m.lang.fill(tr::BRIEF_SUB, &[&k.m.city.briefings.len().to_string()]);
    let is_closed = head_ui(k, body, k.t(tr::BRIEFINGS), &sub, k.t(tr::PAGE_CLOSE));
    let below = Rect::from_min_max(pos2(body.left(), body.top() + HEADER_H), body.max);
    let side_w = SIDE_W.min(below.width() * 0.4);
    let side = Rect::from_min_max(pos2(below.right() - side_w, below.top()), below.max);
    let mut list = Rect::from_min_max(below.min, pos2(side.left(), below.bottom())).shrink(12.0);
    if let Some((id, page)) = shown(k.m.city, &k.m.city.scene) {
        let at = Rect::from_min_size(list.min, vec2(list.width(), 48.0));
        on_ui(k, it, at, &id, page);
        list.min.y = at.bottom() + 10.0;
    }
    rows_ui(k, it, list);
    side_ui(k, it, side.shrink(14.0));
    is_closed
}

/// What is on the walls now, whoever shows it.
fn on_ui(k: &mut Kit<'_>, it: &mut Briefings, rect: Rect, id: &BriefingId, page: usize) {
    k.fill(rect, 4.0, INVERSE_BG);
    let title = k.m.city.briefings.get(id).map_or("", |it| &*it.briefing.title);
    let text = on_words(k, title, page);
    let (take, end) = (k.t(tr::BRIEF_TAKE_OVER), k.t(tr::BRIEF_END));
    let mut x = rect.right() - 10.0;
    let mut next = |k: &Kit<'_>, word: &str| {
        let width = k.width(13.0, word) + 24.0;
        let at = Rect::from_min_max(pos2(x - width, rect.center().y - 15.0), pos2(x, rect.center().y + 15.0));
        x = at.left() - 8.0;
        at
    };
    let is_barred = press::barred(k, "show_scene").is_some();
    if press::guarded_ui(k, next(k, end), "briefing-end", 13.0, end, is_barred) {
        it.ask(k, presenter::ending(k.m.city));
    }
    if press::guarded_ui(k, next(k, take), "briefing-take", 13.0, take, is_barred) {
        it.presenting = Some(presenter::Presenting::taken(k, id.clone(), page));
    }
    k.bold_fit(
        pos2(rect.left() + 16.0, rect.center().y),
        Align2::LEFT_CENTER,
        15.0,
        INVERSE_TEXT,
        &text,
        x - rect.left() - 26.0,
    );
}

/// `大屏正在放映：台风会商 第 2 页`.
pub(super) fn on_words(k: &Kit<'_>, title: &str, page: usize) -> String {
    match page {
        0 => k.m.lang.fill(tr::BRIEF_ON_BLACK, &[title]),
        page => k.m.lang.fill(tr::BRIEF_ON, &[title, &page.to_string()]),
    }
}

fn rows_ui(k: &mut Kit<'_>, it: &mut Briefings, list: Rect) {
    let city = k.m.city;
    if city.briefings.is_empty() {
        k.fit_center(list, 15.0, TERTIARY, k.t(tr::BRIEF_NONE), false);
        return;
    }
    if k.ui.rect_contains_pointer(list) {
        it.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    it.scroll = it.scroll.clamp(0.0, (city.briefings.len() as f32 * ROW_H - list.height()).max(0.0));
    let first = (it.scroll / ROW_H).round() as usize;
    // The one changed last comes first.
    let mut all: Vec<(&BriefingId, &KeptBriefing)> = city.briefings.iter().collect();
    all.sort_by_key(|it| std::cmp::Reverse(it.1.seq));
    for (slot, (id, kept)) in all.into_iter().skip(first).enumerate() {
        let row =
            Rect::from_min_size(pos2(list.left(), list.top() + ROW_H * slot as f32), vec2(list.width(), ROW_H - 6.0));
        if row.bottom() > list.bottom() + 0.5 {
            break;
        }
        row_ui(k, it, row, id, kept);
    }
}

fn row_ui(k: &mut Kit<'_>, it: &mut Briefings, row: Rect, id: &BriefingId, kept: &KeptBriefing) {
    let (lang, briefing) = (k.m.lang, &kept.briefing);
    let name = lang.fill(tr::BRIEF_OPEN, &[&briefing.title]);
    let response = k.hit(row, ("briefing-row", id.as_str()), &name);
    k.fill(row, 4.0, if response.hovered() { SELECTED } else { RAISED });
    let label = k.t(tr::BRIEF_SHOW);
    let width = k.width(13.0, label) + 28.0;
    let show = Rect::from_min_max(
        pos2(row.right() - width - 10.0, row.center().y - 16.0),
        pos2(row.right() - 10.0, row.center().y + 16.0),
    );
    let mut facts = vec![lang.fill(tr::BRIEF_N_PAGES, &[&briefing.pages.len().to_string()])];
    if !briefing.host.is_empty() {
        facts.insert(0, briefing.host.to_string());
    }
    if let Some(frozen) = &briefing.frozen {
        facts.push(lang.fill(tr::BRIEF_FROZEN_AT, &[&slide::moment(lang, frozen.at)]));
    }
    let last = k.m.city.showings.iter().rev().find(|it| it.briefing == *id);
    facts.push(match last {
        Some(last) => lang.fill(tr::BRIEF_SHOWN_AT, &[&slide::moment(lang, last.at)]),
        None => k.t(tr::BRIEF_NEVER_SHOWN).to_owned(),
    });
    let room = show.left() - row.left() - 28.0;
    k.bold_fit(pos2(row.left() + 16.0, row.top() + 19.0), Align2::LEFT_CENTER, 16.0, PRIMARY, &briefing.title, room);
    let at = pos2(row.left() + 16.0, row.top() + 41.0);
    k.fit(at, Align2::LEFT_CENTER, 13.0, TERTIARY, &facts.join("・"), room);
    let is_barred = press::barred(k, "show_scene").is_some();
    if press::guarded_ui(k, show, ("briefing-show", id.as_str()), 13.0, label, is_barred) {
        presenter::start(k, it, id, 1);
    } else if response.clicked() {
        (it.chosen, it.page, it.note) = (Some(id.clone()), 0, None);
    }
}

/// What one can begin with, and what is news.
fn side_ui(k: &mut Kit<'_>, it: &mut Briefings, rect: Rect) {
    let mut y = rect.top();
    let mut next = || {
        let at = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width(), 34.0));
        y = at.bottom() + 8.0;
        at
    };
    let caption = |k: &Kit<'_>, at: Rect, word: &str| {
        k.fit(pos2(at.left(), at.center().y + 4.0), Align2::LEFT_CENTER, 13.0, TERTIARY, word, at.width());
    };
    caption(k, next(), k.t(tr::BRIEF_NEW));
    let is_barred = press::barred(k, "put_briefing");
    let mut begun = None;
    let templates = k.m.city.briefing_templates.iter().filter(|it| it.lang == k.m.lang.paper());
    for (i, template) in templates.enumerate() {
        let label = k.m.lang.fill(tr::BRIEF_FROM, &[&template.briefing.title]);
        if press::guarded_ui(k, next(), ("briefing-template", i), 14.0, &label, is_barred.is_some()) {
            begun = Some(template.briefing.clone());
        }
    }
    if press::guarded_ui(k, next(), "briefing-empty", 14.0, k.t(tr::BRIEF_EMPTY), is_barred.is_some()) {
        let title = k.m.lang.fill(tr::BRIEF_NEW_TITLE, &[&slide::moment(k.m.lang, k.now())]);
        let page = BriefingPage { headline: k.t(tr::BRIEF_FIRST_HEADLINE).into(), ..BriefingPage::default() };
        begun = Some(Briefing { title: title.into(), pages: vec![page], ..Briefing::default() });
    }
    caption(k, next(), k.t(tr::BRIEF_SINCE));
    if k.button(next(), "briefing-since", 14.0, k.t(tr::BRIEF_SINCE_OPEN), false) {
        it.since.open();
    }
    if let Some(note) = is_barred.as_ref().or(it.note.as_ref()) {
        let at = next();
        k.wrap(Rect::from_min_max(at.min, pos2(at.right(), rect.bottom())), 13.0, STALE, note);
    }
    if let Some(briefing) = begun {
        it.begin(k, briefing);
    }
}

/// A briefing as a file, a button for each form; the left edge is returned.
fn files_ui(k: &mut Kit<'_>, id: &BriefingId, theme: Theme, right: egui::Pos2) -> f32 {
    let mut x = right.x;
    for (form, word) in crate::briefings::FORMS.into_iter().rev() {
        let width = k.width(12.0, word) + 16.0;
        let at = Rect::from_min_max(pos2(x - width, right.y - 15.0), pos2(x, right.y + 15.0));
        x = at.left() - 4.0;
        // Named for what it saves; the word on it is the form alone.
        let response = k.hit(at, ("briefing-save", form), &k.m.lang.fill(tr::BRIEF_SAVE_AS, &[word]));
        k.fill(at, 4.0, if response.hovered() { SELECTED } else { PANEL });
        k.outline(at, 4.0, 1.0, STRONG);
        k.fit_center(at, 12.0, PRIMARY, word, false);
        if response.clicked() {
            let ask = BriefingAsk::Save { id: id.clone(), form, lang: k.m.lang, theme };
            k.out.push(UiCommand::AskBriefings(ask));
        }
    }
    x
}
