//! What a card says beside the thing itself: of a case what was done on it here, what its platform answered and how it tells
//! its process; of a place whose cell it is, who is on duty there, and how long ago they were seen.

use super::UiCommand;
use super::kit::Kit;
use super::stills::{Picture, Pictures};
use crate::i18n::tr;
use crate::medias::MediaAsk;
use crate::processes::{Process, ProcessNews};
use crate::theme::*;
use egui::{Align2, ColorImage, Rect, pos2, vec2};
use gulang_city::*;

/// Of a process the last steps are shown.
const STEPS_SHOWN: usize = 5;
/// Of a picture on the card, with the room under it.
const PICTURE_H: f32 = 188.0;

/// The process of the case that was last asked about.
#[derive(Default)]
pub(super) struct Processes {
    /// Asked, and not answered yet while `told` is none.
    asked: Option<CaseId>,
    told: Option<Result<Process, String>>,
    /// Which of its pictures is shown; counts on, and begins again at the last.
    shown: usize,
    pictures: Pictures,
}

impl Processes {
    /// Asks about a case; the same again puts it away. `true` if the hub is to be asked.
    pub fn toggle(&mut self, case: CaseId) -> bool {
        let is_shown = self.asked == Some(case);
        *self = Self { asked: (!is_shown).then_some(case), ..Self::default() };
        !is_shown
    }

    pub fn take(&mut self, (case, told): ProcessNews) {
        if self.asked == Some(case) {
            self.told = Some(told);
        }
    }

    pub fn take_picture(&mut self, case: CaseId, nth: usize, picture: Result<ColorImage, String>) {
        self.pictures.take(picture_name(case, nth), picture);
    }

    fn n_pictures(&self, case: CaseId) -> usize {
        match &self.told {
            Some(Ok(process)) if self.asked == Some(case) => process.n_pictures,
            _ => 0,
        }
    }

    /// The room its pictures take on the card; none without any.
    pub fn picture_height(&self, case: CaseId) -> f32 {
        if self.n_pictures(case) > 0 { PICTURE_H } else { 0.0 }
    }

    /// One of the pictures the platform has; a press shows the next.
    pub fn picture_ui(&mut self, k: &mut Kit<'_>, case: CaseId, rect: Rect) {
        let n = self.n_pictures(case);
        let Some(nth) = self.shown.checked_rem(n) else { return };
        let name = picture_name(case, nth);
        if self.pictures.ask(&name) {
            k.out.push(UiCommand::Media(MediaAsk::Look { case, nth }));
        }
        k.fill(rect, 3.0, APP);
        k.outline(rect, 3.0, 1.0, HAIR);
        match self.pictures.get(k.ui.ctx(), &name) {
            Picture::Here(texture, size) => {
                let by = (rect.width() / size.x.max(1.0)).min(rect.height() / size.y.max(1.0));
                let shown = Rect::from_center_size(rect.center(), size * by);
                let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                k.painter().image(texture, shown, whole, egui::Color32::WHITE);
            }
            Picture::Coming => k.fit_center(rect, 13.0, TERTIARY, k.t(tr::DETECTION_PICTURE_COMING), false),
            Picture::Failed(why) => {
                let text = k.m.lang.fill(tr::DETECTION_PICTURE_FAILED, &[&why]);
                k.fit_center(rect, 13.0, STALE, &text, false);
            }
        }
        let count = format!("{}/{n}", nth + 1);
        k.text(rect.right_bottom() - vec2(6.0, 10.0), Align2::RIGHT_CENTER, 12.0, PRIMARY, &count);
        if k.hit(rect, "case-picture", k.t(tr::PROCESS_NEXT_PICTURE)).clicked() {
            self.shown += 1;
        }
    }

    pub fn lines(&self, k: &Kit<'_>, case: CaseId) -> Vec<String> {
        if self.asked != Some(case) {
            return Vec::new();
        }
        match &self.told {
            None => vec![k.t(tr::PROCESS_ASKING).to_owned()],
            Some(Err(why)) => vec![k.m.lang.fill(tr::PROCESS_FAILED, &[why])],
            Some(Ok(process)) => {
                let first = process.steps.len().saturating_sub(STEPS_SHOWN);
                let step = |it: &crate::processes::ProcessStep| {
                    let words = [&it.what, &it.by, &it.note].map(|it| it.trim());
                    let words: Vec<&str> = words.into_iter().filter(|it| !it.is_empty()).collect();
                    format!("{} {}", it.at, words.join("・"))
                };
                let mut lines: Vec<String> = process.steps.iter().skip(first).map(step).collect();
                if lines.is_empty() {
                    lines.push(k.t(tr::PROCESS_EMPTY).to_owned());
                }
                if process.n_pictures > 0 {
                    lines.push(k.m.lang.fill(tr::PROCESS_PICTURES, &[&process.n_pictures.to_string()]));
                }
                lines
            }
        }
    }
}

fn picture_name(case: CaseId, nth: usize) -> Text {
    format!("case-{case}-{nth}").into()
}

/// Whether it was found here, what seats did last, what the platform answered last: lines, and what is wrong.
pub(super) fn case_lines(k: &Kit<'_>, case: &Case) -> (Vec<String>, Vec<String>) {
    let (city, lang) = (k.m.city, k.m.lang);
    let (mut lines, mut flags) = (Vec::new(), Vec::new());
    if let Some(own) = city.own_of_case(case) {
        lines.push(lang.fill(tr::CASE_OWN, &[&own.id.to_string(), own.by.as_str()]));
    }
    if let Some(last) = case.history.steps.last() {
        lines.push(lang.fill(tr::CASE_STEP, &[lang.t(step_name(last.step)), last.by.as_str(), &last.at.hm()]));
    }
    if let Some(last) = case.history.replies.last() {
        let what = lang.t(ask_name(last.ask));
        match last.allowed {
            true => lines.push(lang.fill(tr::CASE_ALLOWED, &[what, &last.at.hm()])),
            false => flags.push(lang.fill(tr::CASE_DENIED, &[what, &last.reason])),
        }
    }
    (lines, flags)
}

fn step_name(step: CaseStep) -> crate::i18n::Tr {
    match step {
        CaseStep::Sign => tr::CASE_SIGN,
        CaseStep::Dispose => tr::CASE_DISPOSE,
        CaseStep::Check { passed: true } => tr::CASE_CHECK_PASSED,
        CaseStep::Check { passed: false } => tr::CASE_CHECK_FAILED,
        CaseStep::Evaluate { .. } => tr::CASE_EVALUATE,
    }
}

fn ask_name(ask: CaseAsk) -> crate::i18n::Tr {
    match ask {
        CaseAsk::Rollback => tr::CASE_RETURN,
        CaseAsk::Postpone => tr::CASE_POSTPONE,
        CaseAsk::Cancel => tr::CASE_CANCEL,
    }
}

/// The cell of a place: a line, and who can be called there.
pub(super) fn cell_line(k: &Kit<'_>, at: LonLat) -> Option<(String, Option<PersonId>)> {
    let (city, lang) = (k.m.city, k.m.lang);
    let cell = city.grid.cell_at(at)?;
    let on = city.grid.on_duty(&cell.id, city.roster.as_ref(), k.now());
    let Some(first) = on.first() else { return Some((lang.fill(tr::GRID_NOBODY, &[&cell.name]), None)) };
    let mut line = lang.fill(tr::GRID_ON_DUTY, &[&cell.name, &first.person.shown(), &first.until.hm()]);
    if !first.is_told {
        line += k.t(tr::GRID_PLANNED);
    }
    let register = k.m.inventories.get(GRID_REGISTER);
    let seen = register.and_then(|it| Some(it.seen_at(it.handle_of(first.person.id.as_str())?)));
    line += &match seen.filter(|it| it.0 > 0) {
        Some(seen) => lang.fill(tr::GRID_SEEN, &[&lang.elapsed(k.now().since_ms(seen).max(0) / 1000)]),
        None => k.t(tr::GRID_UNSEEN).to_owned(),
    };
    Some((line, Some(first.person.id.clone())))
}
