//! 视频识别: the queue of what cameras' video recognition saw, worked at keyboard speed. The queue at the left, the picture
//! with its box in the middle, at the right what is known of it, what it would become, and how far this camera is to be
//! trusted.
//!
//! A key acts on the one shown and goes on to the next at once; what was sent leaves the queue until the city has said what
//! became of it. Nothing here happens while somebody types, or outside this page.

mod act;
mod queue;
mod side;

use super::kit::Kit;
use super::pick::AgencyPick;
use super::stills::{Picture, Pictures};
use super::{PanelState, UiCommand};
use crate::i18n::{Lang, tr};
use crate::theme::*;
use egui::{Align2, Rect, Stroke, StrokeKind, pos2, vec2};
use gulang_city::*;
use std::collections::BTreeMap;

const LIST_W: f32 = 270.0;
const SIDE_W: f32 = 330.0;
const ACTIONS_H: f32 = 96.0;
const GAP: f32 = 8.0;
/// What was sent and never heard of again comes back after so long, s.
const FORGOTTEN_SECS: f64 = 5.0;
/// Pictures fetched ahead of the one shown.
const N_AHEAD: usize = 3;
/// Verdicts that may be taken back with a key.
const MOST_UNDO: usize = 20;

/// What the keys mean now.
#[derive(Default)]
enum Mode {
    #[default]
    Queue,
    /// Which reason it is a false alarm for.
    Reasons,
    /// Another agency is chosen.
    Agency(AgencyPick),
}

/// Cases and how far each is, metres.
type Likes = Vec<(CaseId, f64)>;

#[derive(Default)]
pub(super) struct Review {
    chosen: Option<DetectionId>,
    mode: Mode,
    /// Sent and not heard of yet: when, on egui's clock, s.
    sent: BTreeMap<DetectionId, f64>,
    /// Taken back: shown as soon as it waits again.
    awaited: Option<DetectionId>,
    /// What was judged here, the last at the end.
    judged: Vec<DetectionId>,
    /// Why the last wish came to nothing.
    note: String,
    pictures: Pictures,
    /// Cases like the one shown, as of a record's number.
    like: Option<(DetectionId, u64, Likes)>,
}

impl Review {
    /// One step back; `false` if there is none.
    pub fn back(&mut self) -> bool {
        !matches!(std::mem::take(&mut self.mode), Mode::Queue)
    }

    /// The hub's answer to [`UiCommand::AskDetectionPicture`].
    pub fn take_picture(&mut self, (hash, got): crate::detections::DetectionPicture) {
        self.pictures.take(hash, got);
    }

    /// What waits and was not answered here just now.
    fn queue<'a>(&mut self, city: &'a City, time: f64) -> Vec<&'a Detection> {
        self.sent.retain(|id, at| city.detections.waiting.contains(id) && time - *at < FORGOTTEN_SECS);
        let mut queue = city.detection_queue();
        queue.retain(|it| !self.sent.contains_key(&it.id));
        queue
    }

    /// Where the one shown is in the queue; the first is shown where none is, or its turn is over.
    fn place(&mut self, queue: &[&Detection]) -> Option<usize> {
        if let Some(back) = self.awaited.take_if(|id| queue.iter().any(|it| it.id == *id)) {
            self.chosen = Some(back);
        }
        let at = queue.iter().position(|it| Some(it.id) == self.chosen);
        if at.is_none() {
            self.chosen = queue.first().map(|it| it.id);
            self.mode = Mode::Queue;
        }
        at.or((!queue.is_empty()).then_some(0))
    }

    /// Open cases of the same thing, perhaps.
    fn cases_like(&mut self, city: &City, detection: &Detection) -> &[(CaseId, f64)] {
        let is_known = self.like.as_ref().is_some_and(|it| it.0 == detection.id && it.1 == city.seq);
        if !is_known {
            let like = city.cases_like(detection, 3).into_iter().map(|(case, away)| (case.id, away)).collect();
            self.like = Some((detection.id, city.seq, like));
        }
        self.like.as_ref().map_or(&[][..], |it| &it.2)
    }
}

/// What a kind is called.
fn kind_name<'a>(lang: Lang, city: &'a City, kind: &'a str) -> &'a str {
    city.violation(kind).map_or(kind, |it| if lang == Lang::Zh { &*it.zh } else { &*it.en })
}

/// What a camera is called.
fn camera_name<'a>(city: &'a City, camera: &'a CameraId) -> &'a str {
    city.cameras.get(camera).map_or(camera.as_str(), |it| &it.name)
}

/// How many wait, how many come and are judged in this hour, how long the last ones waited.
pub(super) fn sub(k: &Kit<'_>) -> String {
    let all = &k.m.city.detections;
    let hour = all.hour(k.now());
    let wait = all.median_wait_s().map_or("—".to_owned(), |it| k.m.lang.elapsed(i64::from(it)));
    let n = |it: u32| it.to_string();
    let counts = [all.waiting.len().to_string(), n(hour.n_reports), n(hour.n_shown), n(hour.n_judged), wait];
    k.m.lang.fill(tr::DETECTIONS_SUB, &counts.each_ref().map(String::as_str))
}

pub(super) fn detections_ui(k: &mut Kit<'_>, state: &mut PanelState, body: Rect) {
    let mut review = std::mem::take(&mut state.pages.detections);
    let city = k.m.city;
    let time = k.ui.input(|input| input.time);
    let queue = review.queue(city, time);
    let at = review.place(&queue);
    ask_ahead(k, &mut review, &queue, at);
    let inner = body.shrink(GAP);
    let has_side = inner.width() >= LIST_W + SIDE_W + 240.0;
    let list = Rect::from_min_size(inner.min, vec2(LIST_W.min(inner.width() * 0.34), inner.height()));
    let side_left = if has_side { inner.right() - SIDE_W } else { inner.right() + GAP };
    let middle = Rect::from_min_max(pos2(list.right() + GAP, inner.top()), pos2(side_left - GAP, inner.bottom()));
    let mut wish = act::keyed(k, &review);
    let pressed = queue::queue_ui(k, &queue, at, list);
    wish = wish.or(pressed);
    match at.and_then(|at| queue.get(at).copied()) {
        Some(detection) => {
            let actions = Rect::from_min_max(pos2(middle.left(), middle.bottom() - ACTIONS_H), middle.max);
            let picture = Rect::from_min_max(middle.min, pos2(middle.right(), actions.top() - GAP));
            picture_ui(k, &mut review, detection, picture);
            wish = wish.or(act::actions_ui(k, &mut review, detection, actions));
            if has_side {
                let side = Rect::from_min_max(pos2(side_left, inner.top()), inner.max);
                wish = wish.or(side::side_ui(k, &mut review, detection, side));
            }
        }
        None => {
            k.fit_center(middle, 15.0, TERTIARY, k.t(tr::DETECTIONS_NONE), false);
            if has_side {
                let side = Rect::from_min_max(pos2(side_left, inner.top()), inner.max);
                wish = wish.or(side::muted_ui(k, side));
            }
        }
    }
    if let Some(wish) = wish {
        act::act(k, &mut review, &queue, at, wish);
    }
    state.pages.detections = review;
}

/// The picture shown and the next ones are asked for, each once.
fn ask_ahead(k: &mut Kit<'_>, review: &mut Review, queue: &[&Detection], at: Option<usize>) {
    if k.m.is_replay() {
        return;
    }
    for detection in queue.iter().skip(at.unwrap_or(0)).take(1 + N_AHEAD) {
        if let Some(hash) = &detection.best.picture
            && review.pictures.ask(hash)
        {
            k.out.push(UiCommand::AskDetectionPicture(detection.id, hash.clone()));
        }
    }
}

/// The picture as large as it fits, its boxes over it; or why there is none.
fn picture_ui(k: &Kit<'_>, review: &mut Review, detection: &Detection, rect: Rect) {
    if !rect.is_positive() {
        return;
    }
    k.fill(rect, 3.0, APP);
    k.outline(rect, 3.0, 1.0, HAIR);
    let Some(hash) = &detection.best.picture else {
        k.fit_center(rect, 14.0, TERTIARY, k.t(tr::DETECTION_NO_PICTURE), false);
        return;
    };
    let (texture, size) = match review.pictures.get(k.ui.ctx(), hash) {
        Picture::Here(texture, size) => (texture, size),
        Picture::Coming => {
            k.fit_center(rect, 14.0, TERTIARY, k.t(tr::DETECTION_PICTURE_COMING), false);
            return;
        }
        Picture::Failed(why) => {
            let text = k.m.lang.fill(tr::DETECTION_PICTURE_FAILED, &[&why]);
            k.fit_center(rect, 14.0, STALE, &text, false);
            return;
        }
    };
    let by = (rect.width() / size.x.max(1.0)).min(rect.height() / size.y.max(1.0));
    let shown = Rect::from_center_size(rect.center(), size * by);
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    k.painter().image(texture, shown, whole, egui::Color32::WHITE);
    for it in &detection.best.boxes {
        let at = shown.min + vec2(it.x, it.y) * shown.size();
        let marked = Rect::from_min_size(at, vec2(it.w, it.h) * shown.size());
        // Dark under bright: seen on any picture.
        k.painter().rect_stroke(marked, 0.0, Stroke::new(4.0, APP), StrokeKind::Middle);
        k.painter().rect_stroke(marked, 0.0, Stroke::new(2.0, level_line(detection.color)), StrokeKind::Middle);
    }
    if k.m.simulated {
        let at = pos2(shown.left() + 8.0, shown.top() + 14.0);
        k.chip(at, 12.0, k.t(tr::SIMULATED_PICTURE), Some(PANEL), STRONG, SECONDARY);
    }
    let percent = format!("{:.0}%", detection.best.confidence * 100.0);
    let at = pos2(shown.right() - 10.0, shown.top() + 16.0);
    let width = k.width(14.0, &percent) + 10.0;
    k.fill(Rect::from_min_size(pos2(at.x - width + 5.0, at.y - 11.0), vec2(width, 22.0)), 2.0, APP);
    k.text(at, Align2::RIGHT_CENTER, 14.0, PRIMARY, &percent);
}
