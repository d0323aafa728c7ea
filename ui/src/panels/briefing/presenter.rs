//! Showing a briefing: the page the hall sees, the one after it, the notes and the time, for whoever speaks.
//!
//! The page is a record: every wall shows the same one, and another seat may turn it too. A remote of the hall sends the same
//! command over REST.

use super::slide::{Numbers, Slide, slide_ui};
use super::{Briefings, since, wants};
use crate::i18n::tr;
use crate::panels::indicators::Known;
use crate::panels::kit::{Kit, RealmMark, mmss, realm_mark, row_id};
use crate::panels::press;
use crate::theme::*;
use egui::{Align2, Color32, Key, Rect, pos2, vec2};
use gulang_city::*;

/// A page asked for whose record did not come within so long was not taken, s.
const HEARD_WITHIN_SECS: f64 = 3.0;
const SIDE_W: f32 = 560.0;
const BAR_H: f32 = 56.0;
const LIST_ROW_H: f32 = 30.0;

/// The briefing that is shown from this desk.
pub(super) struct Presenting {
    pub id: BriefingId,
    /// The page asked for last, from 1; 0 is black.
    wanted: usize,
    /// The last page that was not black.
    lit: usize,
    /// It was asked for then, and is not on the walls yet; on egui's clock, s.
    asked_at: Option<f64>,
    /// The page on the walls, and since when.
    page: usize,
    page_since: Timestamp,
    shows_since: bool,
}

impl Presenting {
    /// One that is on the walls already.
    pub fn taken(k: &Kit<'_>, id: BriefingId, page: usize) -> Self {
        let (asked_at, shows_since) = (None, false);
        Self { id, wanted: page, lit: page.max(1), asked_at, page, page_since: k.now(), shows_since }
    }
}

/// What ends it: the map again.
pub(super) fn ending(city: &City) -> Command {
    let scene = if city.footing.posture == Posture::War { "war" } else { "peace" };
    Command::ShowScene { scene: scene.into() }
}

/// 放映: the walls show it from now on, and this desk is whose it is.
pub(super) fn start(k: &mut Kit<'_>, it: &mut Briefings, id: &BriefingId, page: usize) {
    let on = super::shown(k.m.city, &k.m.city.scene).filter(|on| on.0 == *id);
    if let Some((id, page)) = on {
        it.presenting = Some(Presenting::taken(k, id, page));
        return;
    }
    let Some(scene) = briefing_scene(id, page) else { return };
    if it.ask(k, Command::ShowScene { scene }) {
        let asked_at = Some(k.ui.input(|input| input.time));
        it.presenting = Some(Presenting { asked_at, ..Presenting::taken(k, id.clone(), page) });
    }
}

/// Follows what is on the walls; once that is something else, it is over here too.
pub(super) fn follow(k: &Kit<'_>, it: &mut Briefings) {
    let Some(now) = &mut it.presenting else { return };
    let time = k.ui.input(|input| input.time);
    match super::shown(k.m.city, &k.m.city.scene).filter(|on| on.0 == now.id) {
        Some((_, page)) => {
            let was_asked = now.asked_at.take();
            if page != now.page || was_asked.is_some() {
                (now.page, now.page_since) = (page, k.now());
                // Turned elsewhere, or what was asked here.
                now.wanted = page;
            }
            if page > 0 {
                now.lit = page;
            }
        }
        None if now.asked_at.is_some_and(|at| time < at + HEARD_WITHIN_SECS) => {}
        None => {
            it.presenting = None;
            it.note = Some(k.t(tr::BRIEF_OVER).to_owned());
        }
    }
}

/// To a page, from 1; 0 is black. Beyond the last there is none.
fn turn(k: &mut Kit<'_>, it: &mut Briefings, to: usize) {
    let Some(now) = &it.presenting else { return };
    let id = now.id.clone();
    let n = it.of(k.m.city, &id).map_or(0, |it| it.pages.len());
    let page = now.wanted;
    let to = to.min(n);
    if to == page {
        return;
    }
    let Some(scene) = briefing_scene(&id, to) else { return };
    if it.ask(k, Command::ShowScene { scene })
        && let Some(now) = &mut it.presenting
    {
        now.wanted = to;
    }
}

/// The page with its map, its look, and everything about it. The map's place and the look are returned.
pub(super) fn presenter_ui(
    k: &mut Kit<'_>,
    it: &mut Briefings,
    known: &mut Known,
    body: Rect,
    is_covered: bool,
) -> Option<(Rect, Option<Look>)> {
    let now = it.presenting.as_ref()?;
    let (id, page, lit, page_since) = (now.id.clone(), now.page, now.lit, now.page_since);
    let briefing = it.of(k.m.city, &id)?.clone();
    if !is_covered {
        keys(k, it);
    }
    wants(known, &briefing);
    let side_w = SIDE_W.min(body.width() * 0.36);
    let bar = Rect::from_min_max(pos2(body.left(), body.bottom() - BAR_H), body.max);
    let side = Rect::from_min_max(pos2(body.right() - side_w, body.top()), pos2(body.right(), bar.top() - 8.0));
    let stage = Rect::from_min_max(body.min, pos2(side.left() - 8.0, bar.top() - 8.0));
    let main = sixteen_by_nine(stage);
    let numbers = Numbers::new(k, known, &briefing);
    let theme = it.theme();
    // What lies around the page hides the desk's ground, but not the map within.
    let mut map = None;
    if page == 0 {
        k.fill(stage, 0.0, APP);
        k.fill(main, 4.0, Color32::BLACK);
        k.fit_center(main, 22.0, QUIET, k.t(tr::BRIEF_BLACK_NOW), false);
    } else {
        let slide = Slide { briefing: &briefing, at: page - 1, theme, has_map: true };
        let [chart, _] = &mut it.charts;
        map = slide_ui(k, &numbers, &slide, chart, main);
        for around in around(stage, main) {
            k.fill(around, 0.0, APP);
        }
    }
    k.outline(main, 0.0, 1.0, STRONG);
    let next = Slide { briefing: &briefing, at: lit, theme, has_map: false };
    side_ui(k, it, &numbers, &next, side, page_since);
    bar_ui(k, it, &briefing, bar);
    let look = page.checked_sub(1).and_then(|at| briefing.pages.get(at)?.look.clone());
    map.map(|map| (map, look))
}

/// The largest of its shape within a box, at its top left.
pub(super) fn sixteen_by_nine(rect: Rect) -> Rect {
    let width = rect.width().min(rect.height() * 16.0 / 9.0).max(0.0);
    Rect::from_min_size(rect.min, vec2(width, width * 9.0 / 16.0))
}

/// What of `outer` is right of and below `inner`, which is at its top left.
pub(super) fn around(outer: Rect, inner: Rect) -> [Rect; 2] {
    [
        Rect::from_min_max(inner.right_top(), pos2(outer.right(), outer.bottom())),
        Rect::from_min_max(inner.left_bottom(), pos2(inner.right(), outer.bottom())),
    ]
}

/// Clock and elapsed time, the next page, the notes or what is news, the pages.
fn side_ui(
    k: &mut Kit<'_>,
    it: &mut Briefings,
    numbers: &Numbers<'_>,
    next: &Slide<'_>,
    side: Rect,
    page_since: Timestamp,
) {
    k.fill(side, 4.0, PANEL);
    realm_mark(k, RealmMark::PanelLine(side));
    let inner = side.shrink(14.0);
    let Some(now) = &it.presenting else { return };
    let (id, page, lit) = (now.id.clone(), now.page, now.lit);
    let begun = k.m.city.showings.iter().rev().find(|it| it.briefing == id).map_or(page_since, |it| it.at);
    let y = inner.top() + 16.0;
    k.bold(pos2(inner.left(), y), Align2::LEFT_CENTER, 26.0, PRIMARY, &k.now().hms());
    let total = k.m.lang.fill(tr::BRIEF_SO_LONG, &[&mmss(k.now().since_ms(begun).max(0))]);
    let total = k.bold(pos2(inner.right(), y), Align2::RIGHT_CENTER, 20.0, PRIMARY, &total);
    let own = k.m.lang.fill(tr::BRIEF_PAGE_SO_LONG, &[&mmss(k.now().since_ms(page_since).max(0))]);
    k.fit(pos2(total.left() - 18.0, y), Align2::RIGHT_CENTER, 15.0, SECONDARY, &own, inner.width() * 0.4);

    let y = inner.top() + 44.0;
    k.fit(pos2(inner.left(), y), Align2::LEFT_CENTER, 13.0, TERTIARY, k.t(tr::BRIEF_NEXT_PAGE), inner.width());
    let high = (inner.width() * 0.74 * 9.0 / 16.0).min(inner.height() * 0.3);
    let small = sixteen_by_nine(Rect::from_min_size(pos2(inner.left(), y + 12.0), vec2(inner.width(), high)));
    let [_, chart] = &mut it.charts;
    if next.at < next.briefing.pages.len() {
        slide_ui(k, numbers, next, chart, small);
    } else {
        k.fill(small, 0.0, APP);
        k.fit_center(small, 14.0, TERTIARY, k.t(tr::BRIEF_LAST_PAGE), false);
    }
    k.outline(small, 0.0, 1.0, HAIR);

    let pages = &next.briefing.pages;
    let rest = inner.bottom() - small.bottom() - 12.0;
    let list_h = (pages.len() as f32 * LIST_ROW_H).min(rest * 0.45);
    let list = Rect::from_min_max(pos2(inner.left(), inner.bottom() - list_h), inner.max);
    let notes = Rect::from_min_max(pos2(inner.left(), small.bottom() + 12.0), pos2(inner.right(), list.top() - 8.0));
    notes_ui(k, it, numbers, next.briefing, notes);
    // The page in hand stays in sight.
    let n_fitting = (list.height() / LIST_ROW_H).floor().max(1.0) as usize;
    let first = lit.saturating_sub(n_fitting.div_ceil(2)).min(pages.len().saturating_sub(n_fitting));
    let mut chosen = None;
    for (slot, (i, it)) in pages.iter().enumerate().skip(first).take(n_fitting).enumerate() {
        let row = Rect::from_min_size(
            pos2(list.left(), list.top() + LIST_ROW_H * slot as f32),
            vec2(list.width(), LIST_ROW_H - 2.0),
        );
        let name = format!("{}  {}", i + 1, numbers.fill(k, &it.headline));
        let response = k.hit(row, row_id("presenter-page", i), &name);
        let is_shown = page == i + 1;
        if is_shown || response.hovered() {
            k.fill(row, 3.0, SELECTED);
        }
        let ink = if is_shown { PRIMARY } else { SECONDARY };
        k.fit(pos2(row.left() + 8.0, row.center().y), Align2::LEFT_CENTER, 13.0, ink, &name, row.width() - 16.0);
        if response.clicked() {
            chosen = Some(i + 1);
        }
    }
    if let Some(to) = chosen {
        turn(k, it, to);
    }
}

/// The notes of the page, or what is news since the last time.
fn notes_ui(k: &Kit<'_>, it: &mut Briefings, numbers: &Numbers<'_>, briefing: &Briefing, rect: Rect) {
    let Some(now) = &mut it.presenting else { return };
    if rect.height() < 60.0 {
        return;
    }
    k.hline(rect.left(), rect.right(), rect.top(), HAIR);
    let tabs = [(tr::BRIEF_NOTES, false), (tr::BRIEF_SINCE, true)];
    for (i, (word, shows_since)) in tabs.into_iter().enumerate() {
        let size = vec2(rect.width() * 0.5 - 4.0, 28.0);
        let at = Rect::from_min_size(pos2(rect.left() + (size.x + 8.0) * i as f32, rect.top() + 8.0), size);
        if press::choice_ui(k, at, ("presenter-tab", i), k.t(word), now.shows_since == shows_since) {
            now.shows_since = shows_since;
        }
    }
    let below = Rect::from_min_max(pos2(rect.left(), rect.top() + 44.0), rect.max);
    if now.shows_since {
        since::list_ui(k, &mut it.since, below);
        return;
    }
    let notes = briefing.pages.get(now.lit - 1).map_or("", |it| &*it.notes);
    match notes.is_empty() {
        true => k.fit_center(below, 14.0, QUIET, k.t(tr::BRIEF_NO_NOTES), false),
        false => drop(k.wrap(below, 18.0, PRIMARY, &numbers.fill(k, notes))),
    }
}

fn bar_ui(k: &mut Kit<'_>, it: &mut Briefings, briefing: &Briefing, bar: Rect) {
    k.fill(bar, 4.0, RAISED);
    realm_mark(k, RealmMark::PanelLine(bar));
    let Some(now) = &it.presenting else { return };
    let (id, page, lit, wanted) = (now.id.clone(), now.page, now.lit, now.wanted);
    let (n, y) = (briefing.pages.len(), bar.center().y);
    let mut x = bar.left() + 10.0;
    let mut next = |k: &Kit<'_>, word: &str| {
        let at = Rect::from_min_size(pos2(x, y - 18.0), vec2(k.width(15.0, word) + 32.0, 36.0));
        x = at.right() + 8.0;
        at
    };
    let is_barred = press::barred(k, "show_scene").is_some();
    let mut to = None;
    let back = k.t(tr::BRIEF_PREVIOUS);
    if press::guarded_ui(k, next(k, back), "brief-back", 15.0, back, is_barred || lit <= 1) {
        to = Some(before(wanted, lit));
    }
    let forth = k.t(tr::BRIEF_NEXT);
    if press::guarded_ui(k, next(k, forth), "brief-forth", 15.0, forth, is_barred || lit >= n) {
        to = Some(after(wanted, lit));
    }
    let black = k.t(if page == 0 { tr::BRIEF_LIGHT } else { tr::BRIEF_BLACK });
    if press::guarded_ui(k, next(k, black), "brief-black", 15.0, black, is_barred) {
        to = Some(if wanted == 0 { lit } else { 0 });
    }
    let theme = k.t(if it.is_dark { tr::BRIEF_LIGHT_THEME } else { tr::BRIEF_DARK_THEME });
    if k.button(next(k, theme), "brief-theme", 15.0, theme, false) {
        it.is_dark = !it.is_dark;
    }
    let end = k.t(tr::BRIEF_END);
    let ends = press::guarded_ui(k, next(k, end), "brief-end", 15.0, end, is_barred);
    let theme = it.theme();
    let right = super::files_ui(k, &id, theme, pos2(bar.right() - 10.0, y));
    let text = match &it.note {
        Some(note) => note.clone(),
        None => super::on_words(k, &briefing.title, page) + "　" + k.t(tr::BRIEF_KEYS),
    };
    let ink = if it.note.is_some() { STALE } else { TERTIARY };
    k.fit(pos2(x + 8.0, y), Align2::LEFT_CENTER, 13.0, ink, &text, right - x - 20.0);
    if let Some(to) = to {
        turn(k, it, to);
    }
    if ends && it.ask(k, ending(k.m.city)) {
        it.presenting = None;
    }
}

/// The page before; from black back to the page that was.
fn before(wanted: usize, lit: usize) -> usize {
    if wanted == 0 { lit } else { wanted.saturating_sub(1).max(1) }
}

fn after(wanted: usize, lit: usize) -> usize {
    if wanted == 0 { lit } else { wanted + 1 }
}

/// What the keyboard and the remotes of speakers send: arrows, pages, Space; B and the full stop are black.
fn keys(k: &mut Kit<'_>, it: &mut Briefings) {
    let Some(now) = &it.presenting else { return };
    let (wanted, lit) = (now.wanted, now.lit);
    let (has_typist, has_focus) = (k.ui.ctx().text_edit_focused(), k.ui.memory(|it| it.focused().is_some()));
    if has_typist {
        return;
    }
    let is_one =
        |all: &[Key]| k.ui.input(|input| !input.modifiers.any() && all.iter().any(|it| input.key_pressed(*it)));
    let to = if is_one(&[Key::ArrowRight, Key::PageDown]) || !has_focus && is_one(&[Key::Space]) {
        after(wanted, lit)
    } else if is_one(&[Key::ArrowLeft, Key::PageUp]) {
        before(wanted, lit)
    } else if is_one(&[Key::B, Key::Period]) {
        if wanted == 0 { lit } else { 0 }
    } else if is_one(&[Key::Home]) {
        1
    } else if is_one(&[Key::End]) {
        usize::MAX
    } else {
        return;
    };
    turn(k, it, to);
}
