//! One picture: where it is on its way, how old it is, who turns it. The same tile on the strip, on the camera wall, in the
//! drone view and on the hall's wall.
//!
//! A picture that stopped coming is taken away: what was last seen stays only as a small still that says so, with its time
//! and age. A tile that was drawn is wanted of the hub ([`Kit::wanted`]); no other is.

use super::kit::{Kit, fresh, mmss};
use super::{ConnectionState, Model};
use crate::hall::Shown;
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Color32, Id, Pos2, Rect, Response, Sense, Stroke, WidgetInfo, WidgetType, pos2, vec2};
use gulang_city::*;
use gulang_wire::{ClockKind, FeedState, FeedStatus};

/// A tile to be drawn.
pub(super) struct Tile<'a> {
    pub feed: &'a Feed,
    pub name: &'a str,
    /// What it is shown for, over the picture; empty for nothing.
    pub of: &'a str,
    /// Beside the name instead of how the feed does, with a lamp of its own.
    pub words: Option<(&'a str, Freshness)>,
    pub is_chosen: bool,
    /// Where the same picture may be twice.
    pub id: Id,
    /// Type and lines, as a multiple of the desk's.
    pub u: f32,
}

/// A tile as it was drawn.
pub(super) struct Drawn {
    /// Presses and drags on the whole tile.
    pub response: Response,
    /// Where the picture lies, or would.
    pub picture: Rect,
    /// A picture that lives is in it.
    pub is_live: bool,
}

/// What a tile may show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Face {
    /// It moves, or did within its budget; grey and aged where it is stale.
    Live { stale_secs: Option<i64> },
    /// A still, always with its age.
    Still { age_secs: i64, is_old: bool },
    /// On its way.
    Coming,
    /// It stopped.
    Gone,
    /// There never was one.
    Never,
}

/// The share of a dead tile its last still takes.
const STILL_PART: f32 = 0.3;
/// A label's height; doubled where two lines find room.
const LABEL_H: f32 = 30.0;
/// A tile this high tells in two lines, design px.
const TALL: f32 = 210.0;
/// A picture lower than this has no room for a mark beside its words; than that, for no second line over what it is shown
/// for.
const LOW: f32 = 130.0;
const LOWEST: f32 = 100.0;
/// Of a label's width the state may take so much; the name has the rest.
const STATE_PART: f32 = 0.62;

pub(super) fn tile_ui(k: &mut Kit<'_>, rect: Rect, tile: &Tile<'_>) -> Drawn {
    let px = tile.u * k.s;
    let status = k.m.pictures.status.get(tile.feed);
    let shown = k.m.pictures.shown.get(tile.feed);
    let face = face(k.m, status, shown);
    let is_tall = rect.height() >= TALL * px;
    let label_h = if is_tall { LABEL_H + 18.0 } else { LABEL_H };
    let label = Rect::from_min_max(pos2(rect.left(), rect.bottom() - label_h * px), rect.max);
    let picture = Rect::from_min_max(rect.min, pos2(rect.right(), label.top().max(rect.top())));
    if !k.m.is_replay() && picture.is_positive() && !is_in_dock(k.m, tile.feed) {
        k.wanted.push((tile.feed.clone(), picture.width() * k.ui.ctx().pixels_per_point()));
    }
    k.fill(rect, 2.0 * tile.u, APP);
    match (face, shown) {
        (Face::Live { stale_secs }, Some(shown)) => {
            let tint = if stale_secs.is_none() { Color32::WHITE } else { Color32::from_gray(130) };
            paint(k, picture, shown, tint);
        }
        (Face::Still { is_old, .. }, Some(shown)) => {
            paint(k, picture, shown, if is_old { Color32::from_gray(130) } else { Color32::WHITE });
        }
        _ => blank_ui(k, picture, tile, face, status, shown),
    }
    chips_ui(k, picture, tile, face, status, shown);
    k.outline(rect, 2.0 * tile.u, 1.0, HAIR);
    k.hline(label.left(), label.right(), label.top(), HAIR);
    label_ui(k, label, tile, face, status, shown, is_tall);
    let response = k.ui.interact(rect.intersect(k.ui.clip_rect()), tile.id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, tile.name));
    if tile.is_chosen || response.has_focus() {
        k.outline(rect, 2.0 * tile.u, 1.5, ACCENT);
    }
    Drawn { response, picture, is_live: matches!(face, Face::Live { stale_secs: None }) }
}

// ---------------------------------------------------------------- what it may show

pub(super) fn face(model: &Model<'_>, status: Option<&FeedStatus>, shown: Option<&Shown>) -> Face {
    let as_of = shown.map_or(Timestamp(0), |it| it.at);
    let by_age = || match fresh(model, Budget::Video, as_of) {
        Freshness::Fresh => Face::Live { stale_secs: None },
        Freshness::Stale { age_secs } => Face::Live { stale_secs: Some(age_secs) },
        Freshness::Lost { .. } => Face::Gone,
        Freshness::NeverHeard => Face::Never,
    };
    match status.map(|it| it.state) {
        None | Some(FeedState::Playing) => by_age(),
        Some(FeedState::Calling | FeedState::Inviting | FeedState::FirstPacket) => Face::Coming,
        Some(FeedState::Stalled | FeedState::Failed) => Face::Gone,
        Some(FeedState::Closed) => match by_age() {
            Face::Live { .. } => by_age(),
            _ => Face::Never,
        },
        // Its age is printed however young it is, so that it may be older than a picture that moves.
        Some(FeedState::Snapshot) => match fresh(model, Budget::Position, as_of) {
            Freshness::Fresh => Face::Still { age_secs: real_secs(model, as_of), is_old: false },
            Freshness::Stale { age_secs } => Face::Still { age_secs, is_old: true },
            Freshness::Lost { .. } => Face::Gone,
            Freshness::NeverHeard => Face::Never,
        },
    }
}

/// How a feed's state is called.
pub(super) fn state_word(state: FeedState) -> Tr {
    match state {
        FeedState::Calling => tr::FEED_CALLING,
        FeedState::Inviting => tr::FEED_INVITING,
        FeedState::FirstPacket => tr::FEED_FIRST_PACKET,
        FeedState::Playing => tr::FEED_PLAYING,
        FeedState::Stalled => tr::FEED_STALLED,
        FeedState::Snapshot => tr::FEED_SNAPSHOT,
        FeedState::Failed => tr::FEED_FAILED,
        FeedState::Closed => tr::FEED_CLOSED,
    }
}

/// How a feed is called: the city's name of what it comes from.
pub(super) fn name_of<'a>(city: &'a City, feed: &'a Feed) -> &'a str {
    let known = match feed {
        Feed::Camera(id) => city.cameras.get(id).map(|it| &*it.name),
        Feed::Drone(id) => city.drones.get(id).map(|it| &*it.name),
        Feed::Call(_) => city.call_of(feed).map(|it| &*it.name),
    };
    known.unwrap_or(feed.id())
}

/// A drone that says it is in its dock has no picture to be asked for; of one that says nothing it is asked.
fn is_in_dock(model: &Model<'_>, feed: &Feed) -> bool {
    let Feed::Drone(id) = feed else { return false };
    let fix = model.city.drones.get_index_of(id).and_then(|i| model.readings.drones.get(i));
    fix.is_some_and(|it| it.mode == 0)
}

/// Seconds of the hall's own day since a time of a clock that may run faster.
fn real_secs(model: &Model<'_>, since: Timestamp) -> i64 {
    real_ms(model, since) / 1000
}

fn real_ms(model: &Model<'_>, since: Timestamp) -> i64 {
    (model.clock.now.since_ms(since).max(0) as f64 / f64::from(speed(model))) as i64
}

/// How much faster the clock shown runs than the hall's own day; slower counts as the same.
pub(super) fn speed(model: &Model<'_>) -> f32 {
    match model.clock.kind {
        ClockKind::Live => 1.0,
        ClockKind::Exercise { speed, .. } | ClockKind::Replay { speed, .. } => speed.max(1.0),
    }
}

// ---------------------------------------------------------------- the picture

fn paint(k: &Kit<'_>, rect: Rect, shown: &Shown, tint: Color32) {
    k.painter().image(shown.texture.id(), rect, cover(shown.texture.size_vec2(), rect), tint);
}

/// The part of an image that fills `rect` without stretching.
pub(super) fn cover(image: egui::Vec2, rect: Rect) -> Rect {
    let (a, b) = (image.x / image.y.max(1.0), rect.width() / rect.height().max(1.0));
    let keep = if a > b { vec2(b / a, 1.0) } else { vec2(1.0, a / b) };
    Rect::from_center_size(pos2(0.5, 0.5), keep)
}

/// No picture: what is being done about it, or since when there is none; and the last still, small and marked as one.
fn blank_ui(k: &Kit<'_>, rect: Rect, tile: &Tile<'_>, face: Face, status: Option<&FeedStatus>, shown: Option<&Shown>) {
    let (head, sub) = match (face, status) {
        (Face::Coming, Some(status)) => {
            let elapsed = mmss(real_ms(k.m, status.since));
            (format!("{} {elapsed}", k.t(state_word(status.state))), status.why.to_string())
        }
        (Face::Gone, _) => {
            let since = shown.map(|it| it.at).or(status.map(|it| it.since)).unwrap_or_default();
            let head = k.m.lang.fill(tr::PICTURE_LOST, &[&mmss(real_ms(k.m, since))]);
            let why = status.filter(|it| it.state != FeedState::Playing).map_or("", |it| &*it.why);
            let last = shown.map_or(String::new(), |it| k.m.lang.fill(tr::LAST_FRAME, &[&it.at.hms()]));
            (head, if why.is_empty() { last } else { why.to_owned() })
        }
        (_, Some(status)) if !status.why.is_empty() => (k.t(tr::NO_PICTURE).to_owned(), status.why.to_string()),
        _ => (k.t(tr::NO_PICTURE).to_owned(), String::new()),
    };
    let (u, px) = (tile.u, tile.u * k.s);
    let width = rect.width() - 16.0 * k.s;
    let high = rect.height() / px;
    if high < LOW {
        let has_sub = !sub.is_empty() && (high >= LOWEST || tile.of.is_empty() && high >= 0.7 * LOWEST);
        let y = rect.center().y + if has_sub { -4.0 * px } else { 4.0 * px };
        k.fit(pos2(rect.center().x, y), Align2::CENTER_CENTER, 13.0 * u, SECONDARY, &head, width);
        if has_sub {
            k.fit(pos2(rect.center().x, y + 17.0 * px), Align2::CENTER_CENTER, 11.0 * u, TERTIARY, &sub, width);
        }
        return;
    }
    let c = rect.center() - vec2(0.0, 18.0 * px);
    match face {
        Face::Coming => waiting_mark(k, c, 13.0 * px),
        _ => {
            let r = 14.0 * px;
            let stroke = Stroke::new(2.0 * px, OFFLINE);
            k.painter().line_segment([c + vec2(-r, -r), c + vec2(r, r)], stroke);
            k.painter().line_segment([c + vec2(-r, r), c + vec2(r, -r)], stroke);
        }
    }
    k.fit(pos2(rect.center().x, c.y + 34.0 * px), Align2::CENTER_CENTER, 14.0 * u, SECONDARY, &head, width);
    k.fit(pos2(rect.center().x, c.y + 55.0 * px), Align2::CENTER_CENTER, 12.0 * u, TERTIARY, &sub, width);
    if let (Face::Gone | Face::Coming, Some(shown)) = (face, shown) {
        last_still_ui(k, rect, u, shown);
    }
}

/// A ring with a gap: something is being done. It does not turn, as nothing that moves may mean nothing.
fn waiting_mark(k: &Kit<'_>, c: Pos2, r: f32) {
    let arc = (0..=20).map(|i| {
        let angle = std::f32::consts::TAU * 0.8 * i as f32 / 20.0;
        c + vec2(angle.cos(), angle.sin()) * r
    });
    k.painter().add(egui::Shape::line(arc.collect(), Stroke::new(2.0 * k.s, TERTIARY)));
}

/// The last frame, small, grey and dashed about, with its time and age: not a picture of now.
fn last_still_ui(k: &Kit<'_>, rect: Rect, u: f32, shown: &Shown) {
    let px = u * k.s;
    let size = vec2(rect.width() * STILL_PART, rect.width() * STILL_PART * 9.0 / 16.0);
    if rect.height() < size.y + 130.0 * px {
        return;
    }
    let at = Rect::from_min_size(pos2(rect.left() + 8.0 * px, rect.bottom() - size.y - 8.0 * px), size);
    paint(k, at, shown, Color32::from_gray(90));
    let corners = [at.left_top(), at.right_top(), at.right_bottom(), at.left_bottom(), at.left_top()];
    let stroke = Stroke::new(px.max(1.0), STALE);
    k.painter().extend(egui::Shape::dashed_line(&corners, stroke, 5.0 * px, 4.0 * px));
    let age = k.m.lang.elapsed(real_secs(k.m, shown.at));
    let text = k.m.lang.fill(tr::STILL_OF, &[&shown.at.hms(), &age]);
    let line = pos2(at.right() + 8.0 * px, at.bottom() - 8.0 * px);
    k.fit(line, Align2::LEFT_CENTER, 12.0 * u, STALE, &text, rect.right() - line.x - 8.0 * px);
}

// ---------------------------------------------------------------- what is said over and under it

fn chips_ui(k: &Kit<'_>, rect: Rect, tile: &Tile<'_>, face: Face, status: Option<&FeedStatus>, shown: Option<&Shown>) {
    let (u, px) = (tile.u, tile.u * k.s);
    let mut x = rect.left() + 8.0 * px;
    let y = rect.top() + 16.0 * px;
    let mut chip = |k: &Kit<'_>, text: &str, line: Color32, ink: Color32| {
        if x + k.width(12.0 * u, text) + 12.0 * px < rect.right() {
            x = k.chip(pos2(x, y), 12.0 * u, text, Some(PANEL), line, ink).right() + 6.0 * px;
        }
    };
    if k.is_exercise() {
        chip(k, k.t(tr::EXERCISE), EXERCISE_LINE, EXERCISE_LINE);
    }
    match face {
        Face::Live { stale_secs: Some(secs) } => chip(k, &k.m.lang.elapsed(secs), STALE, STALE),
        Face::Still { age_secs, is_old } => {
            let text = k.m.lang.fill(tr::STILL_AGE, &[&k.m.lang.elapsed(age_secs)]);
            chip(k, &text, STALE, if is_old { STALE } else { SECONDARY });
        }
        _ => {}
    }
    if let Some((seat, until)) = status.and_then(|it| it.wheel.as_ref()).filter(|it| k.now() < it.1) {
        let whose = if seat == k.m.seat { k.t(tr::WHEEL_OWN) } else { seat.as_str() };
        let left = mmss(until.since_ms(k.now()));
        chip(k, &k.m.lang.fill(tr::WHEEL_OF, &[whose, &left]), STRONG, PRIMARY);
    }
    if status.is_some_and(|it| it.is_kept) {
        chip(k, k.t(tr::FEED_KEPT), STRONG, SECONDARY);
    }
    let is_simulated = shown.map_or(k.m.simulated, |it| it.simulated || k.m.simulated);
    if is_simulated && matches!(face, Face::Live { .. } | Face::Still { .. }) {
        chip(k, k.t(tr::SIMULATED_PICTURE), STRONG, SECONDARY);
    }
    if !tile.of.is_empty() && rect.height() > 60.0 * px {
        let width = (k.width(12.0 * u, tile.of) + 12.0 * px).min(rect.width() - 16.0 * px);
        let at = Rect::from_min_size(rect.left_bottom() + vec2(8.0, -25.0) * px, vec2(width, 18.0 * px));
        k.fill(at, 3.0, PANEL);
        k.outline(at, 3.0, 1.0, STRONG);
        k.fit_center(at, 12.0 * u, PRIMARY, tile.of, false);
    }
}

fn label_ui(
    k: &Kit<'_>,
    label: Rect,
    tile: &Tile<'_>,
    face: Face,
    status: Option<&FeedStatus>,
    shown: Option<&Shown>,
    is_tall: bool,
) {
    let (u, px) = (tile.u, tile.u * k.s);
    let y = label.top() + 0.5 * LABEL_H * px;
    let lamp = match (tile.words, face) {
        (Some((_, freshness)), _) => freshness,
        (None, Face::Live { stale_secs: None }) => Freshness::Fresh,
        (None, Face::Live { stale_secs: Some(age_secs) } | Face::Still { age_secs, .. }) => {
            Freshness::Stale { age_secs }
        }
        (None, Face::Coming) => Freshness::Stale { age_secs: 0 },
        (None, Face::Gone | Face::Never) => Freshness::NeverHeard,
    };
    k.lamp(pos2(label.left() + 14.0 * px, y), 3.6 * u, lamp);
    let (state, how) = (state_text(k, status), how_text(k, status, shown));
    let room = label.width() * STATE_PART;
    let right = match tile.words {
        Some((words, _)) => words.to_owned(),
        None => fitting(k, 12.0 * u, room, state_forms(k, status, &state, &how, is_tall)),
    };
    let at = pos2(label.right() - 10.0 * px, y);
    let right = k.fit(at, Align2::RIGHT_CENTER, 12.0 * u, TERTIARY, &right, room);
    let room = right.left() - label.left() - 34.0 * px;
    k.bold_fit(pos2(label.left() + 26.0 * px, y), Align2::LEFT_CENTER, 13.0 * u, PRIMARY, tile.name, room);
    if is_tall {
        let room = label.width() - 24.0 * px;
        let line = match tile.words {
            Some(_) if how.is_empty() => state,
            Some(_) => format!("{state}  {how}"),
            None => fitting(k, 12.0 * u, room, how_forms(k, status, shown)),
        };
        let at = pos2(label.left() + 12.0 * px, label.bottom() - 12.0 * px);
        k.fit(at, Align2::LEFT_CENTER, 12.0 * u, QUIET, &line, room);
    }
}

/// The first of several forms, longest first, that finds room; else the last.
fn fitting(k: &Kit<'_>, size: f32, room: f32, mut forms: Vec<String>) -> String {
    let last = forms.pop().unwrap_or_default();
    forms.into_iter().find(|it| k.width(size, it) <= room).unwrap_or(last)
}

/// How a feed does in ever fewer words; of one that plays, its delay is given up last.
fn state_forms(k: &Kit<'_>, status: Option<&FeedStatus>, state: &str, how: &str, is_tall: bool) -> Vec<String> {
    let Some(status) = status else { return vec![state.to_owned()] };
    let word = k.t(state_word(status.state));
    let timed = format!("{word} {}", mmss(real_ms(k.m, status.since)));
    let mut forms = Vec::new();
    if !is_tall && !how.is_empty() {
        forms.push(format!("{state}  {how}"));
        if let Some(delay) = delay_text(k, status) {
            let short = k.m.lang.fill(tr::MILLISECONDS, &[&status.delay_ms[0].to_string()]);
            forms.extend([format!("{timed}  {delay}"), format!("{word} {short}"), short]);
            return forms;
        }
    }
    forms.extend([state.to_owned(), timed, word.to_owned()]);
    forms
}

/// Everything measured, in ever fewer words.
fn how_forms(k: &Kit<'_>, status: Option<&FeedStatus>, shown: Option<&Shown>) -> Vec<String> {
    let parts = how_parts(k, status, shown);
    let form = |most: u8| {
        let kept: Vec<&str> = parts.iter().filter(|it| it.0 <= most).map(|it| &*it.1).collect();
        kept.join("・")
    };
    (0..=FORM).rev().map(form).collect()
}

/// Of what plays and whose hub is there.
fn delay_text(k: &Kit<'_>, status: &FeedStatus) -> Option<String> {
    let is_measured = status.state == FeedState::Playing && k.m.connected == ConnectionState::Live;
    let [median, p95] = status.delay_ms.map(|it| it.to_string());
    is_measured.then(|| k.m.lang.fill(tr::FEED_DELAY, &[&median, &p95]))
}

/// `播放 03:25`; nothing of a feed the hub says nothing of.
fn state_text(k: &Kit<'_>, status: Option<&FeedStatus>) -> String {
    let Some(status) = status else { return String::new() };
    let word = k.t(state_word(status.state));
    let mut text = format!("{word} {}", mmss(real_ms(k.m, status.since)));
    if status.n_retries > 0 && status.state != FeedState::Playing {
        text += &format!("  {}", k.m.lang.fill(tr::FEED_RETRIES, &[&status.n_retries.to_string()]));
    }
    text
}

/// What is given up where there is no room, the greatest first; the delay is kept.
const FORM: u8 = 3;
const RATE: u8 = 2;
const TROUBLE: u8 = 1;
const DELAY: u8 = 0;

fn how_text(k: &Kit<'_>, status: Option<&FeedStatus>, shown: Option<&Shown>) -> String {
    let parts: Vec<String> = how_parts(k, status, shown).into_iter().map(|it| it.1).collect();
    parts.join("・")
}

/// Rate, delay, form, who watches; only of what plays or stands still.
fn how_parts(k: &Kit<'_>, status: Option<&FeedStatus>, shown: Option<&Shown>) -> Vec<(u8, String)> {
    let lang = k.m.lang;
    // A hub that is lost measures nothing.
    let Some(status) = status.filter(|_| k.m.connected == ConnectionState::Live) else { return Vec::new() };
    let mut parts = Vec::new();
    if status.state == FeedState::Playing {
        parts.push((RATE, format!("{:.0} fps", status.fps)));
        parts.extend(delay_text(k, status).map(|it| (DELAY, it)));
    } else if let Some(shown) = shown.filter(|_| status.state == FeedState::Snapshot) {
        parts.push((DELAY, lang.fill(tr::FEED_DELAY_ONE, &[&shown.delay_ms.to_string()])));
    }
    if !status.form.is_empty() && matches!(status.state, FeedState::Playing | FeedState::Snapshot) {
        parts.push((FORM, status.form.to_string()));
    }
    if status.n_lost > 0 {
        parts.push((TROUBLE, lang.fill(tr::FEED_LOST_N, &[&status.n_lost.to_string()])));
    }
    if status.n_watchers > 1 {
        parts.push((RATE, lang.fill(tr::FEED_WATCHERS, &[&status.n_watchers.to_string()])));
    }
    if status.n_retries > 0 && status.state == FeedState::Playing {
        parts.push((TROUBLE, lang.fill(tr::FEED_RETRIES, &[&status.n_retries.to_string()])));
    }
    parts
}
