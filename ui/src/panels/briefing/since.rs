//! 自上次会商以来: what was recorded since a briefing was last shown, with how many of each kind; as a page of its own, beside
//! whoever speaks, and as a page put into a briefing.

use super::{Briefings, HEADER_H, head_ui};
use crate::briefings::{BriefingAsk, SinceLine, SinceTold};
use crate::i18n::{Lang, tr};
use crate::panels::kit::{Kit, row_id};
use crate::theme::*;
use egui::{Align2, Rect, pos2, vec2};
use gulang_city::{BriefingPage, Timestamp};

/// The hub folds its whole log for it: asked for again after so long, s.
const AGAIN_SECS: f64 = 30.0;
const ROW_H: f32 = 46.0;
const SUM_H: f32 = 34.0;
/// What a page's sentence and notes may hold, characters.
const HEADLINE_MOST: usize = 120;
const NOTES_MOST: usize = 2000;

#[derive(Default)]
pub(super) struct Since {
    told: Option<Result<SinceTold, String>>,
    /// On egui's clock, s.
    asked_at: Option<f64>,
    is_open: bool,
    /// Somebody looks at it, on its page or beside a page.
    is_wanted: bool,
    /// A page of it is to be written as soon as the hub told.
    wants_page: bool,
    scroll: f32,
}

impl Since {
    pub fn open(&mut self) {
        (self.is_open, self.scroll, self.asked_at) = (true, 0.0, None);
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// `false` if it was not open.
    pub fn close(&mut self) -> bool {
        std::mem::take(&mut self.is_open)
    }

    pub fn take(&mut self, told: Result<SinceTold, String>) {
        self.told = Some(told);
    }

    /// A page of it is to be written once the hub told; what it told before is not new enough.
    pub fn ask_for_page(&mut self) {
        (self.told, self.asked_at, self.wants_page) = (None, None, true);
    }

    /// What that page is to say, once; or why there is nothing to say.
    pub fn page_asked(&mut self, k: &Kit<'_>) -> Option<Result<SinceTold, String>> {
        self.is_wanted |= self.wants_page;
        let told = self.told.as_ref().filter(|_| self.wants_page)?;
        let told = told.clone().map_err(|why| why_none(k, &why));
        self.wants_page = false;
        Some(told)
    }

    /// What the hub is to be asked now.
    pub fn due(&mut self, k: &Kit<'_>) -> Option<BriefingAsk> {
        let time = k.ui.input(|input| input.time);
        let is_due = self.asked_at.is_none_or(|at| time - at >= AGAIN_SECS);
        if !std::mem::take(&mut self.is_wanted) || !is_due || k.m.is_replay() {
            return None;
        }
        self.asked_at = Some(time);
        Some(BriefingAsk::Since)
    }

    pub fn told(&self) -> Option<&SinceTold> {
        self.told.as_ref().and_then(|it| it.as_ref().ok())
    }
}

/// Since when, and how many of each kind.
fn title_of(lang: Lang, told: &SinceTold) -> String {
    let at = super::slide::moment(lang, Timestamp(told.since_ms));
    match told.shown.is_empty() {
        true => lang.fill(tr::BRIEF_SINCE_AT, &[&at]),
        false => lang.fill(tr::BRIEF_SINCE_SHOWN, &[&told.shown, &at]),
    }
}

fn sums_of(told: &SinceTold) -> String {
    told.sums.iter().map(|it| format!("{} {}", it.kind, it.n)).collect::<Vec<_>>().join("、")
}

/// The page of its own, over the desk.
pub(super) fn page_ui(k: &mut Kit<'_>, it: &mut Briefings, body: Rect) {
    let sub = it.since.told().map_or_else(String::new, |told| title_of(k.m.lang, told));
    if head_ui(k, body, k.t(tr::BRIEF_SINCE), &sub, k.t(tr::BRIEF_BACK)) {
        it.since.close();
    }
    let below = Rect::from_min_max(pos2(body.left(), body.top() + HEADER_H), body.max).shrink(12.0);
    list_ui(k, &mut it.since, below);
}

/// Sums above, then line by line, the latest first.
pub(super) fn list_ui(k: &Kit<'_>, it: &mut Since, rect: Rect) {
    it.is_wanted = true;
    let none = |text: &str| k.fit_center(rect, 14.0, TERTIARY, text, false);
    let told = match &it.told {
        None => return none(k.t(tr::BRIEF_SINCE_ASKING)),
        Some(Err(why)) => return none(&why_none(k, why)),
        Some(Ok(told)) => told,
    };
    let y = rect.top() + SUM_H * 0.5;
    let sums = if told.sums.is_empty() { k.t(tr::BRIEF_SINCE_NOTHING).to_owned() } else { sums_of(told) };
    k.bold_fit(pos2(rect.left() + 4.0, y), Align2::LEFT_CENTER, 15.0, PRIMARY, &sums, rect.width() - 8.0);
    let list = Rect::from_min_max(pos2(rect.left(), rect.top() + SUM_H), rect.max);
    k.hline(list.left(), list.right(), list.top(), HAIR);
    if k.ui.rect_contains_pointer(list) {
        it.scroll -= k.ui.input(|input| input.smooth_scroll_delta().y);
    }
    it.scroll = it.scroll.clamp(0.0, (told.lines.len() as f32 * ROW_H - list.height()).max(0.0));
    let first = (it.scroll / ROW_H).round() as usize;
    for (slot, line) in told.lines.iter().rev().skip(first).enumerate() {
        let row = Rect::from_min_size(pos2(list.left(), list.top() + ROW_H * slot as f32), vec2(list.width(), ROW_H));
        if row.bottom() > list.bottom() + 0.5 {
            break;
        }
        row_ui(k, row, line, first + slot);
    }
}

fn why_none(k: &Kit<'_>, why: &str) -> String {
    match why {
        // The hub knows of no briefing that was shown before.
        "HTTP 404" => k.t(tr::BRIEF_SINCE_NEVER).to_owned(),
        why => k.m.lang.fill(tr::INDICATORS_FAILED, &[why]),
    }
}

fn row_ui(k: &Kit<'_>, row: Rect, line: &SinceLine, i: usize) {
    let (left, right) = (row.left() + 4.0, row.right() - 4.0);
    let (upper, lower) = (row.top() + 15.0, row.top() + 33.0);
    let at = k.m.lang.day_time(Timestamp(line.at_ms), k.now());
    let at = k.text(pos2(left, upper), Align2::LEFT_CENTER, 13.0, TERTIARY, &at);
    let kind = k.fit(pos2(left.max(at.right() + 10.0), upper), Align2::LEFT_CENTER, 13.0, SECONDARY, &line.kind, 90.0);
    let x = kind.right() + 10.0;
    k.fit(pos2(x, upper), Align2::LEFT_CENTER, 14.0, PRIMARY, &line.text, right - x);
    let mut facts = vec![line.who.clone()];
    facts.extend(records_of(k.m.lang, line));
    facts.retain(|it| !it.is_empty());
    k.fit(pos2(left, lower), Align2::LEFT_CENTER, 12.0, QUIET, &facts.join("・"), right - left);
    k.hline(row.left(), row.right(), row.bottom(), ROW);
    // For screen readers: a line that is not to be pressed is still to be read.
    let response = k.ui.interact(row, k.ui.id().with(row_id("since", i)), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, &line.text));
}

/// `记录 17–19`.
fn records_of(lang: Lang, line: &SinceLine) -> Option<String> {
    let (first, last) = (line.records.first()?, line.records.last()?);
    let words = if first == last { first.to_string() } else { format!("{first}–{last}") };
    Some(lang.fill(tr::BRIEF_RECORDS, &[&words]))
}

/// A page that says it: the sums as its sentence, the lines for whoever speaks.
pub(super) fn page_of(lang: Lang, told: &SinceTold, now: Timestamp) -> BriefingPage {
    let sums = if told.sums.is_empty() { lang.t(tr::BRIEF_SINCE_NOTHING).to_owned() } else { sums_of(told) };
    let headline = format!("{}：{sums}", title_of(lang, told));
    let line = |it: &SinceLine| format!("{} {} {}", lang.day_time(Timestamp(it.at_ms), now), it.kind, it.text);
    let lines: Vec<String> = told.lines.iter().rev().map(line).collect();
    BriefingPage {
        headline: within(&headline, HEADLINE_MOST).into(),
        notes: within(&lines.join("\n"), NOTES_MOST).into(),
        ..BriefingPage::default()
    }
}

/// As much of it as fits; braces would name figures.
fn within(text: &str, most: usize) -> String {
    let plain = text.replace('{', "（").replace('}', "）");
    match plain.chars().count() > most {
        true => plain.chars().take(most - 1).chain(['…']).collect(),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::briefings::SinceSum;
    use gulang_city::Briefing;

    #[test]
    fn what_is_news_makes_a_page_the_rules_admit() {
        let line = SinceLine { text: "花括号 {x".into(), kind: "告警".into(), ..SinceLine::default() };
        let told = SinceTold {
            shown: "台风会商".into(),
            sums: (0..40).map(|n| SinceSum { kind: format!("第 {n} 类"), n }).collect(),
            lines: vec![line; 400],
            ..SinceTold::default()
        };
        for told in [&told, &SinceTold::default()] {
            let page = page_of(Lang::Zh, told, Timestamp(0));
            let briefing = Briefing { title: "t".into(), pages: vec![page], ..Briefing::default() };
            assert_eq!(briefing.check(), Ok(()));
        }
        assert!(page_of(Lang::Zh, &told, Timestamp(0)).headline.contains("第 0 类 0"));
    }
}
