//! Pages over the map: the camera wall, a drone, the sources, the queue of video recognition, the indicators, briefings. One at a time, over the map alone or over the whole desk; a
//! drone's leaves a part of the map free, where its track and view are drawn.

use super::kit::{EDGE, Kit, RealmMark, realm_mark};
use super::{Model, PanelState, Selection, UiCommand, cameras, detections, drone_view, indicators, sources};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Key, Rect, Sense, pos2, vec2};
use gulang_city::*;
use gulang_wire::Motion;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// 视频墙.
    Cameras,
    /// 无人机画面.
    Drone,
    /// 数据源.
    Sources,
    /// 视频识别.
    Detections,
    /// 指标墙.
    Indicators,
    /// 会商简报: it draws itself with the desk, for the map shows through it.
    Briefings,
}

/// What the pages remember between frames.
#[derive(Default)]
pub(super) struct Pages {
    open: Option<Page>,
    /// Over everything under the top bar.
    is_full: bool,
    pub cameras: cameras::Wall,
    pub drone: drone_view::DroneView,
    pub sources: sources::SourcesPage,
    pub detections: detections::Review,
    pub indicators: indicators::IndicatorsPage,
    /// The camera in hand this frame, and how it is to turn.
    pub wish: Option<(Feed, Motion)>,
}

const HEADER: f32 = 44.0;
/// The least a drone's page leaves of the map.
const LEAST_MAP_W: f32 = 240.0;

impl Page {
    pub fn name(self) -> Tr {
        match self {
            Self::Cameras => tr::CAMERA_WALL,
            Self::Drone => tr::DRONE_VIEW,
            Self::Sources => tr::SOURCES,
            Self::Detections => tr::DETECTIONS,
            Self::Indicators => tr::INDICATORS,
            Self::Briefings => tr::BRIEFINGS,
        }
    }

    pub fn key_name(self) -> &'static str {
        match self {
            Self::Cameras => "V",
            Self::Drone => "U",
            Self::Sources => "J",
            Self::Detections => "Y",
            Self::Indicators => "F2",
            Self::Briefings => "F6",
        }
    }
}

impl Pages {
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    pub fn shows(&self, page: Page) -> bool {
        self.open == Some(page)
    }

    /// The map's keys and its hands are not the map's now.
    pub fn cover_map(&self) -> bool {
        self.open.is_some_and(|it| it != Page::Drone || self.is_full)
    }

    /// The letters are those of what is arranged on a page.
    pub fn has_letters(&self) -> bool {
        self.shows(Page::Indicators) && self.indicators.arranges() || self.shows(Page::Briefings)
    }

    pub fn toggle(&mut self, page: Page) {
        match self.shows(page) {
            true => self.close(),
            false => self.show(page),
        }
    }

    pub fn close(&mut self) {
        self.cameras.leave();
        self.open = None;
    }

    /// One step back; `false` if the page itself is to be closed.
    pub fn back(&mut self) -> bool {
        match self.open {
            Some(Page::Cameras) => self.cameras.back(),
            Some(Page::Drone) => self.drone.back(),
            Some(Page::Detections) => self.detections.back(),
            Some(Page::Indicators) => self.indicators.back(),
            Some(Page::Sources | Page::Briefings) | None => false,
        }
    }

    pub fn open_drone(&mut self, drone: DroneId) {
        self.drone.look_at(drone);
        self.show(Page::Drone);
    }

    pub fn open_camera(&mut self, feed: Feed) {
        self.cameras.bring(feed);
        self.show(Page::Cameras);
    }

    fn show(&mut self, page: Page) {
        if self.open != Some(page) {
            self.cameras.leave();
            self.is_full = false;
        }
        if page == Page::Sources {
            self.sources.begin();
        }
        self.open = Some(page);
    }
}

/// `V`, `U`, `J` and `Y` open and close; with a picture chosen `V` sends it to the hall's wall. The queue of video recognition
/// has every other key to itself.
pub(super) fn keys(pressed: &dyn Fn(Key) -> bool, model: &Model<'_>, state: &mut PanelState, out: &mut Vec<UiCommand>) {
    if state.pages.shows(Page::Briefings) {
        return;
    }
    if pressed(Key::Y) {
        state.pages.toggle(Page::Detections);
        return;
    }
    if state.pages.shows(Page::Detections) {
        return;
    }
    if pressed(Key::V) {
        let chosen = state.pages.cameras.chosen_feed(model);
        match (state.pages.shows(Page::Cameras), chosen, selected_feed(model)) {
            (true, Some(feed), _) => cameras::send_one(model, state, out, feed),
            (true, None, _) => state.pages.close(),
            (false, _, Some(feed)) => state.pages.open_camera(feed),
            (false, _, None) => state.pages.show(Page::Cameras),
        }
    }
    if pressed(Key::U) {
        if let (false, Some(Feed::Drone(drone))) = (state.pages.shows(Page::Drone), selected_feed(model)) {
            state.pages.open_drone(drone);
        } else {
            state.pages.toggle(Page::Drone);
        }
    }
    if pressed(Key::J) {
        state.pages.toggle(Page::Sources);
    }
    if state.pages.shows(Page::Indicators) {
        indicators::keys(pressed, &state.known, &mut state.pages.indicators);
    }
    if state.pages.shows(Page::Cameras) {
        cameras::keys(pressed, model, state, out);
    }
}

/// The picture of what is selected, if it has one.
fn selected_feed(model: &Model<'_>) -> Option<Feed> {
    match model.selection? {
        Selection::Camera(id) => Some(Feed::Camera(id.clone())),
        Selection::Drone(id) => Some(Feed::Drone(id.clone())),
        _ => None,
    }
}

pub(super) fn page_ui(k: &mut Kit<'_>, state: &mut PanelState, window: Rect) {
    let Some(page) = state.pages.open.filter(|it| *it != Page::Briefings) else { return };
    let rect = rect_of(k, state, window, page);
    if !rect.is_positive() {
        return;
    }
    // Swallows presses meant for what lies under it.
    k.ui.interact(rect, k.ui.id().with("page-ground"), Sense::click_and_drag());
    state.over_map.push(rect);
    k.fill(rect, 4.0, PANEL);
    realm_mark(k, RealmMark::PanelLine(rect));
    let sub = match page {
        Page::Cameras => cameras::sub(k, state),
        Page::Drone => drone_view::sub(k, state),
        Page::Sources => sources::sub(k, &state.pages.sources),
        Page::Detections => detections::sub(k),
        Page::Indicators => indicators::sub(k, &state.known),
        Page::Briefings => String::new(),
    };
    if !header_ui(k, state, rect, page, &sub) {
        return;
    }
    let foot = state.notices.last().map(|it| it.1.clone());
    let foot_h = if foot.is_some() { 30.0 } else { 0.0 };
    let body = Rect::from_min_max(
        pos2(rect.left(), rect.top() + HEADER),
        pos2(rect.right(), (rect.bottom() - foot_h).max(rect.top() + HEADER)),
    );
    match page {
        Page::Cameras => cameras::cameras_ui(k, state, body),
        Page::Drone => drone_view::drone_ui(k, state, body),
        Page::Sources => sources::sources_ui(k, state, body),
        Page::Detections => detections::detections_ui(k, state, body),
        Page::Indicators => indicators::indicators_ui(k, state, body),
        Page::Briefings => {}
    }
    // A refusal, which the page would hide.
    if let Some(text) = foot {
        let at = pos2(rect.left() + 16.0, rect.bottom() - 15.0);
        k.hline(rect.left(), rect.right(), body.bottom(), HAIR);
        k.fit(at, Align2::LEFT_CENTER, 13.0, STALE, &text, rect.width() - 32.0);
    }
}

/// Where the page lies. A drone's takes the desk's left and leaves the map's right, which the stage then draws in.
fn rect_of(k: &Kit<'_>, state: &mut PanelState, window: Rect, page: Page) -> Rect {
    let edge = if k.is_exercise() { EDGE } else { 0.0 };
    let top = window.top() + edge + if k.is_exercise() { 34.0 } else { 0.0 } + 48.0;
    let whole = Rect::from_min_max(
        pos2(window.left() + edge + 8.0, top + 8.0),
        pos2(window.right() - edge - 8.0, window.bottom() - edge - 8.0),
    );
    let map = state.map_rect;
    // A map too small for a page lends it the whole desk.
    if state.pages.is_full || !map.is_positive() || map.width() < 640.0 || map.height() < 420.0 {
        return whole;
    }
    match page {
        Page::Cameras | Page::Sources | Page::Detections => map,
        // Themes, cards and the one in full want room.
        Page::Indicators | Page::Briefings => whole,
        Page::Drone => {
            let right = right_of_drone(map);
            let rect = Rect::from_min_max(pos2(whole.left(), map.top()), pos2(right, map.bottom()));
            state.map_rect.min.x = right + 8.0;
            rect
        }
    }
}

/// Where a drone's page ends on this map.
fn right_of_drone(map: Rect) -> f32 {
    (map.left() + map.width() * 0.56).min(map.right() - LEAST_MAP_W)
}

/// What an open page leaves of the map for a card; nothing if it lies over all of it.
pub(super) fn left_free(state: &PanelState, map: Rect) -> Option<Rect> {
    match state.pages.open {
        None => Some(map),
        Some(Page::Drone) if !state.pages.is_full => {
            Some(Rect::from_min_max(pos2(right_of_drone(map) + 8.0, map.top()), map.max))
        }
        Some(_) => None,
    }
}

/// `false` once × was pressed.
fn header_ui(k: &Kit<'_>, state: &mut PanelState, rect: Rect, page: Page, sub: &str) -> bool {
    let head = Rect::from_min_size(rect.min, vec2(rect.width(), HEADER));
    k.fill(head.shrink(1.0), 4.0, RAISED);
    k.hline(head.left(), head.right(), head.bottom(), HAIR);
    let y = head.center().y;
    let x = rect.left() + 16.0 + realm_mark(k, RealmMark::Chip(pos2(rect.left() + 16.0, y), 13.0));
    let close = Rect::from_center_size(pos2(rect.right() - 24.0, y), vec2(32.0, 32.0));
    let whole = Rect::from_center_size(close.center() - vec2(44.0, 0.0), vec2(44.0, 28.0));
    let title = k.bold_fit(pos2(x, y), Align2::LEFT_CENTER, 17.0, PRIMARY, k.t(page.name()), whole.left() - x - 8.0);
    let x = title.right() + 14.0;
    k.fit(pos2(x, y + 1.0), Align2::LEFT_CENTER, 13.0, SECONDARY, sub, whole.left() - x - 10.0);
    let label = k.t(if state.pages.is_full { tr::PAGE_SMALL } else { tr::PAGE_FULL });
    if k.button(whole, "page-full", 12.0, label, false) {
        state.pages.is_full = !state.pages.is_full;
    }
    let is_closed = k.hit(close, "page-close", k.t(tr::PAGE_CLOSE)).clicked();
    k.text(close.center(), Align2::CENTER_CENTER, 18.0, TERTIARY, "×");
    if is_closed {
        state.pages.close();
    }
    !is_closed
}
