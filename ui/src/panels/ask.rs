//! 问城: a question answered in sentences that cite the city's own records, a report sorted to a duty, a draft to be edited.
//! Whose words they are is always told; a press on what a sentence cites shows it on the map. Nothing here sends anything out.

use super::kit::{Kit, row_id};
use super::pages::Page;
use super::{PanelState, Selection, UiCommand, drawer, press};
use crate::asking::{AskNews, By, SortAsk, Sorted, Standing, Worded};
use crate::i18n::{Tr, tr};
use crate::theme::*;
use egui::{Align2, Color32, FontId, Id, Key, Modifiers, Rect, ScrollArea, TextEdit, Ui, UiBuilder, pos2, vec2};
use gulang_city::Command;
use gulang_city::ask::{DraftKind, Fact, Link, verify::Sentence};

/// Which of the three jobs is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Job {
    #[default]
    Question,
    Report,
    Draft,
}

/// What the drawer remembers.
#[derive(Default)]
pub(super) struct Ask {
    job: Job,
    standing: Option<Box<Standing>>,
    /// How it stands is wanted of the hub in the next frame.
    wants_standing: bool,
    question: String,
    report: String,
    /// The last number something was asked with.
    n: u64,
    is_waiting: bool,
    failed: Option<String>,
    answer: Option<Box<Worded>>,
    draft: Option<Box<Worded>>,
    /// The draft as it is edited.
    text: String,
    sorted: Option<Box<Sorted>>,
    /// A model is to be asked of the report too, after the list's own answer.
    wants_model: bool,
    /// The sentence whose facts are open.
    open: Option<usize>,
    reason: String,
    wants_focus: bool,
    no_focus: bool,
}

const JOBS: [(Job, Tr); 3] =
    [(Job::Question, tr::ASK_QUESTION), (Job::Report, tr::ASK_SORT), (Job::Draft, tr::ASK_DRAFT)];
const DRAFTS: [(DraftKind, Tr); 3] = [
    (DraftKind::Situation, tr::ASK_SITUATION),
    (DraftKind::Flood, tr::ASK_FLOOD),
    (DraftKind::Overdue, tr::ASK_OVERDUE),
];
const PAD: f32 = 12.0;
const CHOICE_H: f32 = 28.0;
const LINE_H: f32 = 32.0;
const CHIP_H: f32 = 24.0;
/// Of a line of text at [`SIZE`].
const TEXT_H: f32 = 19.5;
const SIZE: f32 = 13.0;
const FOOT_H: f32 = 76.0;
const HIT_H: f32 = 52.0;
/// Metres across the map about what was pressed.
const NEAR_M: f64 = 3_000.0;
/// Switched on for so long, minutes.
const ON_MINS: i64 = 60;

impl Ask {
    /// The drawer was opened.
    pub fn begin(&mut self) {
        self.wants_focus = true;
        self.wants_standing = true;
    }

    pub fn take(&mut self, news: AskNews) {
        match news {
            AskNews::Standing(Ok(standing)) => self.standing = Some(standing),
            AskNews::Standing(Err(why)) => self.failed = Some(why),
            AskNews::Answered(n, answer) if n == self.n => self.settle(answer, |own, it| own.answer = Some(it)),
            AskNews::Drafted(n, answer) if n == self.n => self.settle(answer, |own, it| {
                own.text.clone_from(&it.text);
                own.draft = Some(it);
            }),
            AskNews::Sorted(n, answer) if n == self.n => {
                let is_first = self.sorted.is_none();
                self.settle(answer, |own, it| own.sorted = Some(it));
                let is_on = self.standing.as_ref().is_some_and(|it| it.is_on);
                self.wants_model = is_first && is_on && self.sorted.as_ref().is_some_and(|it| !it.hits.is_empty());
            }
            // Of something asked before.
            AskNews::Answered(..) | AskNews::Drafted(..) | AskNews::Sorted(..) => {}
        }
    }

    fn settle<T>(&mut self, answer: Result<T, String>, keep: impl FnOnce(&mut Self, T)) {
        self.is_waiting = false;
        self.wants_standing = true;
        match answer {
            Ok(it) => keep(self, it),
            Err(why) => self.failed = Some(why),
        }
    }

    /// A new number; what stood under the last is forgotten.
    fn next(&mut self) -> u64 {
        self.n += 1;
        (self.is_waiting, self.failed, self.open) = (true, None, None);
        self.n
    }
}

pub(super) fn ask_ui(k: &mut Kit<'_>, state: &mut PanelState, rect: Rect) {
    let Some(body) = drawer::frame_ui(k, state, rect, k.t(tr::ASK_CITY), k.t(tr::ASK_SUB)) else { return };
    let mut ask = std::mem::take(&mut state.ask);
    if std::mem::take(&mut ask.wants_standing) {
        k.out.push(UiCommand::AskStanding);
    }
    body_ui(k, state, &mut ask, body.shrink2(vec2(PAD, 8.0)));
    state.ask = ask;
}

fn body_ui(k: &mut Kit<'_>, state: &mut PanelState, ask: &mut Ask, body: Rect) {
    let mut y = body.top();
    for (i, (job, name)) in JOBS.into_iter().enumerate() {
        if press::choice_ui(k, cell(body, y, i, JOBS.len()), ("ask-job", i), k.t(name), ask.job == job) {
            (ask.job, ask.failed, ask.open) = (job, None, None);
            state.drawer_scroll = 0.0;
        }
    }
    y += CHOICE_H + 6.0;
    standing_line(k, ask, pos2(body.left(), y + 9.0), body.width());
    y += 22.0;
    let foot_h = if ask.standing.as_ref().is_some_and(|it| it.is_configured) { FOOT_H } else { 0.0 };
    let rest = Rect::from_min_max(pos2(body.left(), y), pos2(body.right(), body.bottom() - foot_h));
    match ask.job {
        Job::Question => question_ui(k, state, ask, rest),
        Job::Report => report_ui(k, state, ask, rest),
        Job::Draft => draft_ui(k, ask, rest),
    }
    if foot_h > 0.0 {
        switch_ui(k, ask, Rect::from_min_max(pos2(body.left(), rest.bottom()), body.max));
    }
}

/// One of `n` side by side.
fn cell(body: Rect, y: f32, i: usize, n: usize) -> Rect {
    let width = (body.width() - 6.0 * (n - 1) as f32) / n as f32;
    Rect::from_min_size(pos2(body.left() + (width + 6.0) * i as f32, y), vec2(width, CHOICE_H))
}

/// Whether a model words the answers, or why not.
fn standing_line(k: &Kit<'_>, ask: &Ask, at: egui::Pos2, width: f32) {
    let (text, ink) = match &ask.standing {
        None => (k.t(tr::ASK_STANDING_UNKNOWN).to_owned(), QUIET),
        Some(it) if it.is_on => {
            let (model, host) = (it.model.as_deref().unwrap_or("—"), it.host.as_deref().unwrap_or("—"));
            (k.m.lang.fill(tr::ASK_ON, &[model, host]), SECONDARY)
        }
        Some(it) => (k.m.lang.fill(tr::ASK_OFF, &[&it.why]), LATE),
    };
    k.fit(at, Align2::LEFT_CENTER, 12.0, ink, &text, width);
}

/// Switching the model on and off: with a reason, and recorded.
fn switch_ui(k: &mut Kit<'_>, ask: &mut Ask, rect: Rect) {
    k.hline(rect.left(), rect.right(), rect.top() + 4.0, HAIR);
    let line = Rect::from_min_size(pos2(rect.left(), rect.top() + 12.0), vec2(rect.width() - 230.0, LINE_H));
    let mut focus = std::mem::take(&mut ask.no_focus);
    press::line_ui(k, line, "ask-reason", &mut ask.reason, tr::ASK_REASON, tr::ASK_REASON_HINT, &mut focus);
    let now = k.now();
    let reason: gulang_city::Text = ask.reason.trim().into();
    let on = Command::SwitchAssistant { on: true, until: Some(now.plus_mins(ON_MINS)), reason: reason.clone() };
    let off = Command::SwitchAssistant { on: false, until: None, reason };
    let mut why_not = None;
    for (i, (command, name)) in [(on, tr::ASK_SWITCH_ON), (off, tr::ASK_SWITCH_OFF)].into_iter().enumerate() {
        let button =
            Rect::from_min_size(pos2(rect.right() - 222.0 + 114.0 * i as f32, line.top()), vec2(108.0, LINE_H));
        let barred = press::refused(k, &command);
        if press::guarded_ui(k, button, ("ask-switch", i), 13.0, k.t(name), barred.is_some()) {
            k.out.push(UiCommand::Submit(command));
            ask.reason.clear();
            ask.wants_standing = true;
        }
        why_not = why_not.or(barred);
    }
    if let Some(why) = why_not {
        let at = pos2(rect.left(), line.bottom() + 14.0);
        k.fit(at, Align2::LEFT_CENTER, 12.0, TERTIARY, &why, rect.width());
    }
}

/// The line to type into with its button: `true` when what stands there is to be asked.
fn asked_ui(
    k: &Kit<'_>,
    rect: Rect,
    id: &'static str,
    text: &mut String,
    (name, hint): (Tr, Tr),
    ask: (&mut bool, bool),
) -> bool {
    let (focus, is_waiting) = ask;
    let line = Rect::from_min_size(rect.min, vec2(rect.width() - 84.0, LINE_H));
    let button = Rect::from_min_size(pos2(rect.right() - 76.0, rect.top()), vec2(76.0, LINE_H));
    // Taken before the line sees it: it would let go of the keyboard.
    let has_focus = k.ui.ctx().memory(|it| it.has_focus(Id::new(id)));
    let is_entered = has_focus && k.ui.input_mut(|it| it.consume_key(Modifiers::NONE, Key::Enter));
    press::line_ui(k, line, id, text, name, hint, focus);
    let is_barred = is_waiting || text.trim().is_empty();
    let is_pressed = press::guarded_ui(k, button, (id, "go"), 13.0, k.t(tr::ASK_GO), is_barred);
    (is_pressed || is_entered) && !is_barred
}

fn question_ui(k: &mut Kit<'_>, state: &mut PanelState, ask: &mut Ask, rect: Rect) {
    let words = (tr::ASK_HINT, tr::ASK_HINT);
    let mut question = std::mem::take(&mut ask.question);
    let is_asked = asked_ui(k, rect, "ask-line", &mut question, words, (&mut ask.wants_focus, ask.is_waiting));
    ask.question = question;
    if is_asked {
        let n = ask.next();
        ask.answer = None;
        state.drawer_scroll = 0.0;
        k.out.push(UiCommand::AskCity { n, question: ask.question.trim().to_owned() });
    }
    let rest = Rect::from_min_max(pos2(rect.left(), rect.top() + LINE_H + 10.0), rect.max);
    if told_instead(k, ask, rest) {
        return;
    }
    let Some(answer) = ask.answer.take() else {
        k.wrap(rest, 12.0, TERTIARY, k.t(tr::ASK_EXAMPLES));
        return;
    };
    let top = badge_ui(k, &answer, rest);
    sentences_ui(k, state, ask, &answer, Rect::from_min_max(pos2(rest.left(), top), rest.max));
    ask.answer = Some(answer);
}

/// What stands in place of an answer that is not there.
fn told_instead(k: &Kit<'_>, ask: &Ask, rect: Rect) -> bool {
    if let Some(why) = &ask.failed {
        k.wrap(rect, SIZE, LATE, &k.m.lang.fill(tr::ASK_FAILED, &[why]));
        return true;
    }
    if ask.is_waiting {
        k.text(rect.min, Align2::LEFT_TOP, SIZE, TERTIARY, k.t(tr::ASK_WAITING));
    }
    ask.is_waiting
}

/// Whose words it is, what was left out and why; where the rest begins is returned.
fn badge_ui(k: &Kit<'_>, it: &Worded, rect: Rect) -> f32 {
    let by = match it.by {
        By::Model => tr::ASK_BY_MODEL,
        By::Template => tr::ASK_BY_TEMPLATE,
    };
    let chip = k.chip(pos2(rect.left(), rect.top() + 9.0), 12.0, k.t(by), None, STRONG, SECONDARY);
    let beside = pos2(chip.right() + 10.0, rect.top() + 9.0);
    let mut text = k.m.lang.fill(tr::ASK_AS_OF, &[&it.now.hm(), &it.seq.to_string()]);
    if it.n_dropped > 0 {
        text = format!("{}・{text}", k.m.lang.fill(tr::ASK_DROPPED, &[&it.n_dropped.to_string()]));
    }
    let ink = if it.n_dropped > 0 { LATE } else { TERTIARY };
    k.fit(beside, Align2::LEFT_CENTER, 12.0, ink, &text, rect.right() - beside.x);
    let mut y = rect.top() + 24.0;
    if !it.note.is_empty() {
        let lines = Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), y + 54.0));
        y += k.wrap(lines, 12.0, TERTIARY, &it.note) + 4.0;
    }
    y + 4.0
}

/// Each sentence with chips of what it cites; a press on the sentence opens the facts themselves.
fn sentences_ui(k: &mut Kit<'_>, state: &mut PanelState, ask: &mut Ask, answer: &Worded, list: Rect) {
    if answer.sentences.is_empty() {
        k.text(list.min, Align2::LEFT_TOP, SIZE, TERTIARY, k.t(tr::ASK_NOTHING));
        return;
    }
    let width = list.width() - 8.0;
    let cited = |it: &Sentence| -> Vec<&Fact> {
        it.cites.iter().filter_map(|id| answer.facts.iter().find(|fact| fact.id == *id)).collect()
    };
    let heights: Vec<f32> = answer
        .sentences
        .iter()
        .enumerate()
        .map(|(i, it)| {
            let facts: f32 = if ask.open == Some(i) {
                cited(it).iter().map(|fact| lines_h(k, &fact_line(fact), width - 12.0)).sum()
            } else {
                0.0
            };
            lines_h(k, &it.text, width) + CHIP_H + 10.0 + facts
        })
        .collect();
    let first = drawer::scroll(k, state, list, heights.iter().copied());
    let mut y = list.top();
    for (i, (sentence, height)) in answer.sentences.iter().zip(&heights).enumerate().skip(first) {
        if y + height > list.bottom() + 0.5 && i > first {
            break;
        }
        let row = Rect::from_min_size(pos2(list.left(), y), vec2(list.width(), *height));
        let text_h = lines_h(k, &sentence.text, width);
        let text = Rect::from_min_size(row.min + vec2(4.0, 4.0), vec2(width, text_h));
        if k.hit(text, row_id("ask-sentence", i), &sentence.text).clicked() {
            ask.open = if ask.open == Some(i) { None } else { Some(i) };
        }
        k.wrap(text, SIZE, PRIMARY, &sentence.text);
        let facts = cited(sentence);
        let mut x = row.left() + 4.0;
        for (j, fact) in facts.iter().enumerate() {
            let label = chip_label(fact);
            let at = pos2(x, text.bottom() + CHIP_H * 0.5);
            let chip_w = k.width(12.0, &label) + 12.0;
            if x + chip_w > row.right() {
                break;
            }
            let target = fact.link.as_ref().and_then(target_of);
            let ink = if target.is_some() { ACCENT } else { TERTIARY };
            let chip = k.chip(at, 12.0, &label, None, STRONG, ink);
            if k.hit(chip, row_id("ask-cite", (i, j)), &label).clicked() {
                go(k, state, target, || ask.open = Some(i));
            }
            x = chip.right() + 6.0;
        }
        if ask.open == Some(i) {
            let mut at = text.bottom() + CHIP_H;
            for fact in facts {
                let line = fact_line(fact);
                let height = lines_h(k, &line, width - 12.0);
                let lines = Rect::from_min_size(pos2(row.left() + 16.0, at), vec2(width - 12.0, height));
                k.wrap(lines, SIZE, SECONDARY, &line);
                at += height;
            }
        }
        y += height;
        k.hline(list.left(), list.right(), y - 3.0, ROW);
    }
}

/// What a chip leads to.
enum Target {
    Thing(Selection),
    Sources,
}

fn target_of(link: &Link) -> Option<Target> {
    Some(match link {
        Link::Case(id) => Target::Thing(Selection::Case(*id)),
        Link::Alarm(id) => Target::Thing(Selection::Alarm(*id)),
        Link::Order(id) => Target::Thing(Selection::Order(*id)),
        Link::Team(id) => Target::Thing(Selection::Team(id.clone())),
        Link::Sensor(id) => Target::Thing(Selection::Sensor(id.clone())),
        Link::FloodPoint(id) => Target::Thing(Selection::FloodPoint(id.clone())),
        Link::District(id) => Target::Thing(Selection::District(id.clone())),
        Link::Source(_) => Target::Sources,
        // Warnings have no card; the fact itself is shown.
        Link::Warning(_) => return None,
    })
}

/// Selects it and moves the map there; what is nowhere is opened in place.
fn go(k: &mut Kit<'_>, state: &mut PanelState, target: Option<Target>, open: impl FnOnce()) {
    match target {
        Some(Target::Thing(selection)) => {
            if let Some(at) = k.m.place_of(&selection) {
                k.out.push(UiCommand::FlyTo(at, NEAR_M));
            }
            k.out.push(UiCommand::Select(Some(selection)));
        }
        Some(Target::Sources) if !state.pages.shows(Page::Sources) => state.pages.toggle(Page::Sources),
        Some(Target::Sources) => {}
        None => open(),
    }
}

fn chip_label(fact: &Fact) -> String {
    match fact.names.first() {
        Some(name) => format!("{} {}", fact.id, name.chars().take(16).collect::<String>()),
        None => fact.id.clone(),
    }
}

fn fact_line(fact: &Fact) -> String {
    format!("{} {}", fact.id, fact.text)
}

/// As high as a text of [`SIZE`] is when it is wrapped.
fn lines_h(k: &Kit<'_>, text: &str, width: f32) -> f32 {
    let galley = k.painter().layout(text.to_owned(), FontId::proportional(SIZE * k.s), Color32::WHITE, width);
    // Characters of other widths may need a line more where the words are broken anywhere.
    galley.rows.len().max(1) as f32 * TEXT_H * k.s + 2.0
}

fn report_ui(k: &mut Kit<'_>, state: &mut PanelState, ask: &mut Ask, rect: Rect) {
    let words = (tr::ASK_SORT_HINT, tr::ASK_SORT_HINT);
    let mut report = std::mem::take(&mut ask.report);
    let is_asked = asked_ui(k, rect, "ask-report", &mut report, words, (&mut ask.wants_focus, ask.is_waiting));
    ask.report = report;
    let text = ask.report.trim().to_owned();
    if is_asked {
        let n = ask.next();
        ask.sorted = None;
        k.out.push(UiCommand::SortReport(SortAsk { n, text, model: false }));
    } else if std::mem::take(&mut ask.wants_model) {
        // The list's own answer stays where it is meanwhile.
        let n = ask.next();
        ask.is_waiting = false;
        k.out.push(UiCommand::SortReport(SortAsk { n, text, model: true }));
    }
    let rest = Rect::from_min_max(pos2(rect.left(), rect.top() + LINE_H + 10.0), rect.max);
    if told_instead(k, ask, rest) {
        return;
    }
    let Some(sorted) = &ask.sorted else { return };
    let list = Rect::from_min_max(rest.min, pos2(rest.right(), rest.bottom() - 22.0));
    let first = drawer::scroll(k, state, list, sorted.hits.iter().map(|_| HIT_H));
    let mut y = list.top();
    for (i, hit) in sorted.hits.iter().enumerate().skip(first) {
        if y + HIT_H > list.bottom() + 0.5 {
            break;
        }
        let pointed = sorted.suggestion.as_ref().filter(|it| it.id == hit.id);
        if pointed.is_some() {
            k.fill(Rect::from_min_size(pos2(list.left(), y), vec2(3.0, HIT_H)), 0.0, ACCENT);
        }
        let title = format!("{}  {}", i + 1, hit.title);
        k.bold_fit(pos2(list.left() + 10.0, y + 16.0), Align2::LEFT_CENTER, 14.0, PRIMARY, &title, list.width() * 0.6);
        let lead: &str = if hit.lead_name.is_empty() { "—" } else { &hit.lead_name };
        let right = list.width() * 0.4 - 14.0;
        k.fit(pos2(list.right(), y + 16.0), Align2::RIGHT_CENTER, SIZE, SECONDARY, lead, right);
        let (text, ink) = match pointed {
            Some(it) if it.quote.is_empty() => (k.m.lang.fill(tr::ASK_POINTED, &[&it.model]), ACCENT),
            Some(it) => (k.m.lang.fill(tr::ASK_POINTED_AT, &[&it.model, &it.quote]), ACCENT),
            None => (format!("{}・{}", hit.area, hit.snippet), TERTIARY),
        };
        k.fit(pos2(list.left() + 10.0, y + 36.0), Align2::LEFT_CENTER, 12.0, ink, &text, list.width() - 12.0);
        y += HIT_H;
        k.hline(list.left(), list.right(), y, ROW);
    }
    let note: &str = if sorted.note.is_empty() { k.t(tr::ASK_SORT_NOTE) } else { &sorted.note };
    k.fit(pos2(rest.left(), rest.bottom() - 10.0), Align2::LEFT_CENTER, 12.0, TERTIARY, note, rest.width());
}

fn draft_ui(k: &mut Kit<'_>, ask: &mut Ask, rect: Rect) {
    for (i, (kind, name)) in DRAFTS.into_iter().enumerate() {
        let button = cell(rect, rect.top(), i, DRAFTS.len());
        if press::guarded_ui(k, button, ("ask-draft", i), 13.0, k.t(name), ask.is_waiting) {
            let n = ask.next();
            ask.draft = None;
            k.out.push(UiCommand::DraftReport { n, kind });
        }
    }
    let rest = Rect::from_min_max(pos2(rect.left(), rect.top() + CHOICE_H + 10.0), rect.max);
    if told_instead(k, ask, rest) {
        return;
    }
    let Some(draft) = &ask.draft else {
        k.wrap(rest, 12.0, TERTIARY, k.t(tr::ASK_DRAFT_HINT));
        return;
    };
    let top = badge_ui(k, draft, rest);
    let button = Rect::from_min_size(pos2(rest.right() - 110.0, rest.bottom() - CHOICE_H), vec2(110.0, CHOICE_H));
    let text = Rect::from_min_max(pos2(rest.left(), top), pos2(rest.right(), button.top() - 8.0));
    k.fill(text, 3.0, APP);
    k.outline(text, 3.0, 1.0, STRONG);
    let builder = UiBuilder::new().max_rect(text.shrink(6.0)).layer_id(k.ui.layer_id());
    let mut ui = Ui::new(k.ui.ctx().clone(), k.ui.id().with("ask-text"), builder);
    ScrollArea::vertical().id_salt("ask-text-scroll").max_height((text.height() - 12.0).max(1.0)).show(&mut ui, |ui| {
        let edit = TextEdit::multiline(&mut ask.text)
            .id(Id::new("ask-text-edit"))
            .frame(egui::Frame::NONE)
            .font(FontId::proportional(SIZE))
            .desired_width((text.width() - 16.0).max(1.0));
        ui.add(edit);
    });
    if k.button(button, "ask-copy", 13.0, k.t(tr::ASK_COPY), false) {
        k.ui.ctx().copy_text(ask.text.clone());
    }
}
