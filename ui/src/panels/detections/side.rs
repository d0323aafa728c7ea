//! What is known of the one shown: what it would become, which open cases are like it, how far this camera is to be trusted,
//! and what is muted.

use super::act::Act;
use super::{Review, camera_name, kind_name};
use crate::i18n::{Tr, tr};
use crate::panels::kit::{Kit, row_id};
use crate::panels::{Selection, UiCommand};
use crate::theme::*;
use egui::{Align2, Color32, Rect, pos2, vec2};
use gulang_city::*;

const LINE_H: f32 = 23.0;
const NAME_W: f32 = 70.0;

/// Lines from the top.
struct Lines {
    rect: Rect,
    y: f32,
}

impl Lines {
    fn new(rect: Rect) -> Self {
        Self { rect: rect.shrink2(vec2(12.0, 8.0)), y: rect.top() + 8.0 + LINE_H * 0.5 }
    }

    fn has_room(&self) -> bool {
        self.y + LINE_H * 0.5 <= self.rect.bottom()
    }

    fn head(&mut self, k: &Kit<'_>, name: &str) {
        if self.has_room() {
            k.bold_fit(pos2(self.rect.left(), self.y), Align2::LEFT_CENTER, 13.0, SECONDARY, name, self.rect.width());
            self.y += LINE_H;
        }
    }

    fn line(&mut self, k: &Kit<'_>, name: Tr, ink: Color32, text: &str) {
        if self.has_room() {
            k.fit(pos2(self.rect.left(), self.y), Align2::LEFT_CENTER, 12.0, TERTIARY, k.t(name), NAME_W);
            let at = pos2(self.rect.left() + NAME_W + 4.0, self.y);
            k.fit(at, Align2::LEFT_CENTER, 14.0, ink, text, self.rect.width() - NAME_W - 4.0);
            self.y += LINE_H;
        }
    }

    /// A button of a line's height at the right end; the rest of the line is free.
    fn button(&self, width: f32) -> Rect {
        Rect::from_min_size(pos2(self.rect.right() - width, self.y - 10.0), vec2(width, 20.0))
    }

    fn gap(&mut self, k: &Kit<'_>) {
        if self.has_room() {
            k.hline(self.rect.left(), self.rect.right(), self.y - 4.0, HAIR);
            self.y += 8.0;
        }
    }
}

pub(super) fn side_ui(k: &mut Kit<'_>, review: &mut Review, it: &Detection, rect: Rect) -> Option<Act> {
    k.fill(rect, 3.0, RAISED);
    let city = k.m.city;
    let mut lines = Lines::new(rect);
    let mut wish = None;
    lines.head(k, kind_name(k.m.lang, city, &it.kind));
    let place = city.districts.get(&it.district).map_or("", |it| &it.name);
    let to_map = lines.button(64.0);
    lines.line(k, tr::DETECTION_CAMERA, PRIMARY, &format!("{}・{place}", camera_name(city, &it.camera)));
    if lines.has_room() && k.button(to_map, "detection-map", 12.0, k.t(tr::DETECTION_MAP), false) {
        k.out.push(UiCommand::Select(Some(Selection::Camera(it.camera.clone()))));
        k.out.push(UiCommand::FlyTo(it.at, 1500.0));
    }
    let seen = match it.n {
        1 => k.m.lang.day_time(it.first_at, k.now()),
        n => k.m.lang.fill(tr::DETECTION_SEEN_N, &[&it.first_at.hm(), &it.last_at.hm(), &n.to_string()]),
    };
    lines.line(k, tr::DETECTION_SEEN, PRIMARY, &seen);
    let sure = format!("{:.0}%・{}", it.best.confidence * 100.0, it.best.model);
    lines.line(k, tr::DETECTION_SURE, SECONDARY, &sure);
    if let Some(draft) = city.draft_of(it) {
        let agency = city.agencies.get(&draft.agency).map_or(draft.agency.as_str(), |it| &it.name);
        lines.line(k, tr::DETECTION_AGENCY, PRIMARY, agency);
    }
    if let Some(kind) = city.violation(&it.kind) {
        let hours = k.m.lang.fill(tr::DETECTION_DUE, &[&kind.due_hours.to_string()]);
        lines.line(k, tr::DETECTION_DUTY, SECONDARY, &format!("{}・{hours}", kind.duty));
        lines.line(k, tr::DETECTION_BASIS, TERTIARY, &kind.basis);
    }
    lines.gap(k);
    lines.head(k, k.t(tr::DETECTION_LIKE));
    let like = review.cases_like(city, it).to_vec();
    if like.is_empty() {
        lines.line(k, tr::DETECTION_CASE, TERTIARY, "—");
    }
    for (case, away) in like {
        let Some(known) = city.cases.get(&case).filter(|_| lines.has_room()) else { continue };
        let button = lines.button(52.0);
        let label = k.m.lang.fill(tr::DETECTION_SAME_AS, &[&case.to_string()]);
        if k.hit(button, row_id("detection-same", case), &label).clicked() {
            wish = Some(Act::DuplicateOf(case));
        }
        k.outline(button, 3.0, 1.0, STRONG);
        k.fit_center(button, 12.0, SECONDARY, k.t(tr::DETECTION_SAME), false);
        let group = known.history.group.and_then(|it| city.case_groups.get(&it)).map_or(1, |it| it.cases.len());
        let n = if group > 1 { format!(" ×{group}") } else { String::new() };
        let text = format!("{case} {}{n}・{away:.0} m・{}", known.report.title, known.stage.name_zh());
        let at = pos2(lines.rect.left(), lines.y);
        k.fit(at, Align2::LEFT_CENTER, 13.0, SECONDARY, &text, button.left() - lines.rect.left() - 6.0);
        lines.y += LINE_H;
    }
    lines.gap(k);
    wish = wish.or(rate_ui(k, it, &mut lines));
    lines.gap(k);
    wish.or(muted_lines(k, &mut lines))
}

/// How often this camera was right about this kind; where it seldom is, muting is suggested.
fn rate_ui(k: &Kit<'_>, it: &Detection, lines: &mut Lines) -> Option<Act> {
    let city = k.m.city;
    let rate = city.detection_rate(&it.camera, &it.kind);
    lines.head(k, k.t(tr::DETECTION_TRUST));
    let n = |it: u32| it.to_string();
    let counts = [n(rate.n_shown), n(rate.n_confirmed), n(rate.n_false), n(rate.n_duplicate)];
    let text = k.m.lang.fill(tr::DETECTION_COUNTS, &counts.each_ref().map(String::as_str));
    lines.line(k, tr::DETECTION_SO_FAR, SECONDARY, &text);
    let should = city.should_mute(&it.camera, &it.kind);
    let share = rate.false_rate().map_or("—".to_owned(), |it| format!("{:.0}%", it * 100.0));
    let text = match should {
        true => k.m.lang.fill(tr::DETECTION_SUGGEST_MUTE, &[&share]),
        false => share,
    };
    let button = lines.button(64.0);
    let has_room = lines.has_room();
    lines.line(k, tr::DETECTION_FALSE_RATE, if should { STALE } else { SECONDARY }, &text);
    let is_pressed = has_room && k.button(button, "detection-mute", 12.0, k.t(tr::DETECTION_MUTE), false);
    is_pressed.then(|| Act::Mute(it.camera.clone(), it.kind.clone()))
}

/// What is muted now, until when and why; each can be heard again.
fn muted_lines(k: &Kit<'_>, lines: &mut Lines) -> Option<Act> {
    let city = k.m.city;
    let mutes: Vec<_> = city.detections.mutes.iter().filter(|(_, it)| it.until > k.now()).collect();
    lines.head(k, &k.m.lang.fill(tr::DETECTION_MUTED, &[&mutes.len().to_string()]));
    let mut wish = None;
    for ((camera, kind), mute) in mutes {
        if !lines.has_room() {
            break;
        }
        let button = lines.button(52.0);
        let name = format!("{}・{}", camera_name(city, camera), kind_name(k.m.lang, city, kind));
        let label = k.m.lang.fill(tr::DETECTION_UNMUTE_OF, &[&name]);
        if k.hit(button, row_id("detection-unmute", (camera, kind)), &label).clicked() {
            wish = Some(Act::Unmute(camera.clone(), kind.clone()));
        }
        k.outline(button, 3.0, 1.0, STRONG);
        k.fit_center(button, 12.0, SECONDARY, k.t(tr::DETECTION_UNMUTE), false);
        let n = city.detection_rate(camera, kind).n_muted;
        let until = k.m.lang.day_time(mute.until, k.now());
        let text = k.m.lang.fill(tr::DETECTION_MUTED_ROW, &[&name, &until, &n.to_string(), &mute.reason]);
        let at = pos2(lines.rect.left(), lines.y);
        k.fit(at, Align2::LEFT_CENTER, 12.0, SECONDARY, &text, button.left() - lines.rect.left() - 6.0);
        lines.y += LINE_H;
    }
    wish
}

/// With an empty queue only this is told.
pub(super) fn muted_ui(k: &Kit<'_>, rect: Rect) -> Option<Act> {
    k.fill(rect, 3.0, RAISED);
    muted_lines(k, &mut Lines::new(rect))
}
